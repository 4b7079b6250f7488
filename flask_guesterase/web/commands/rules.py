"""Commands about the rulebook: the schedule, what waits, signatures and periods of the house."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click
from flask.cli import AppGroup

from ...core.errors import InputError
from ...core.period import Period, period
from ...core.rule import EVENTS
from ...store.deciding.amendments import House
from ...store.lawbook.schedule import Entry, Kept
from ..current import current
from ..wording import terms
from ..wording.language import LANGUAGES, Language
from .acting import by as _by
from .acting import code as _code
from .acting import trying
from .console import Answer, Existing, Whole, fields, guesterase_cli, listing, verb
from .law import jurisdiction_cli

policy_cli = AppGroup("policy", help="Show what is kept how long, and change it lawfully.")
guesterase_cli.add_command(policy_cli)

_id = click.argument("id_", metavar="ID", type=Whole())
_property = click.option(
    "--property", "property_", metavar="CODE", required=True, help="The property's code."
)


@verb(policy_cli, "show")
@click.option("--property", "property_", metavar="CODE", help="Only of this property.")
@click.option("--lang", type=click.Choice(sorted(LANGUAGES)), default="en", help="Language.")
def show(property_: str | None, lang: str) -> Answer:
    """Print the retention schedule: what, from when, how long, under which article, what then."""
    codes = [property_] if property_ else sorted(current.settings.properties)
    with current.begin(write=False) as office:
        found = {code: office.schedule(code) for code in codes}
        stays = office.declared_kept()
    tongue = Language(lang)
    text = "\n\n".join(_printed(tongue, code, entries) for code, entries in found.items())
    said = [entry.as_dict() for entries in found.values() for entry in entries]
    said += [
        Entry("", item.table, item.columns, "", until="declared").as_dict()
        | {"reason": item.reason} for item in stays
    ]  # fmt: skip
    return Answer(said, "\n".join([text, *_staying(tongue, stays)]))


def _staying(tongue: Language, stays: Sequence[Kept]) -> list[str]:
    """Return what never goes as lines; none where there is nothing."""
    lines = [
        f"  {item.table}{tongue.colon}{', '.join(item.columns)} – {item.reason}" for item in stays
    ]
    return ["", tongue.gettext(terms.STAYS), *lines] if lines else []


def _printed(tongue: Language, code: str, entries: Sequence[Entry]) -> str:
    hotel = current.settings.property(code)
    lines = [f"{hotel.name} ({code}), {hotel.controller}"]
    for entry in entries:
        lines += ["", terms.heading(tongue, entry)]
        for kind, span, basis in terms.lines(tongue, entry):
            lines.append(f"  {kind}{tongue.colon}{span}" + (f" [{basis}]" if basis else ""))
        lines.append(f"  {terms.after(tongue, entry)}")
    return "\n".join(lines)


@verb(policy_cli, "waiting")
def waiting() -> Answer:
    """List shortenings and proposals that wait for people, with how many kept rows each touches."""
    with current.begin() as office:
        found = [line.as_dict() for line in office.rules_waiting()]
    columns = (
        "id", "property", "kind", "name", "state", "says", "rows", "proposed_by", "confirmed_by",
        "acts_on",
    )  # fmt: skip
    return Answer(found, listing(found, columns) or "Nothing waits.")


@verb(policy_cli, "propose")
@_id
@_by
@_code
def propose(id_: int, by: str, code: str) -> Answer:
    """Propose that a shortening may act, or that a period of the house may end."""
    who = trying(by)
    with current.begin() as office:
        office.use_code(who, code)
        office.propose_change(id_, who)
    note = "Now take a checkpoint, keep it outside, and let another person confirm with it."
    return Answer({"id": id_}, str(id_), note)


@verb(policy_cli, "confirm")
@_id
@_by
@_code
@click.option(
    "--checkpoint",
    type=Existing(exists=True, dir_okay=False, path_type=Path),
    help="File with one signed checkpoint made after the proposal and kept outside; not needed "
    "where a place outside took one.",
)
def confirm(id_: int, by: str, code: str, checkpoint: Path | None) -> Answer:
    """Let a shortening act thirty days from today, as a second person."""
    try:
        text = "" if checkpoint is None else checkpoint.read_bytes().decode("utf-8")
    except (OSError, UnicodeDecodeError) as problem:
        raise InputError(
            f"The checkpoint cannot be read ({type(problem).__name__}).", "Name another file."
        ) from None
    who = trying(by)
    with current.begin() as office:
        office.use_code(who, code)
        day = office.confirm_change(id_, who, text)
    return Answer({"id": id_, "acts_on": day}, day)


@verb(policy_cli, "house")
@click.argument("category")
@_property
@click.option("--floor", metavar="PERIOD", help="Keep at least so long, for example P3Y.")
@click.option("--ceiling", metavar="PERIOD", help="Keep at most so long.")
@click.option(
    "--clock",
    required=True,
    multiple=True,
    type=click.Choice(sorted(EVENTS)),
    help="What starts it; may be repeated, then the latest counts.",
)
@click.option("--source", required=True, help="Where it was decided, and by what.")
@_by
@_code
def house(
    category: str,
    property_: str,
    floor: str | None,
    ceiling: str | None,
    clock: Sequence[str],
    source: str,
    by: str,
    code: str,
) -> Answer:
    """Propose a period of the house where the law gives no number; print its number."""
    wanted = House(category, tuple(clock), source, _period(floor), _period(ceiling))
    who = trying(by)
    with current.begin() as office:
        office.use_code(who, code)
        number = office.house_period(property_, wanted, who)
    note = f"Another person must confirm it: policy house-confirm {number}."
    return Answer({"id": number}, str(number), note)


def _period(text: str | None) -> Period | None:
    return None if text is None else period(text)


@verb(policy_cli, "house-confirm")
@_id
@_by
@_code
def house_confirm(id_: int, by: str, code: str) -> Answer:
    """Set a period of the house that another person proposed."""
    who = trying(by)
    with current.begin() as office:
        office.use_code(who, code)
        office.confirm_house(id_, who)
        waits = any(line.id == id_ for line in office.rules_waiting())
    note = (
        "It waits: nothing goes by it before a second person lets it act, with a checkpoint made "
        "after the proposal: policy confirm."
    )
    return Answer({"id": id_}, fields({"id": id_}), note if waits else "")


@verb(jurisdiction_cli, "sign")
@click.argument("pack")
@_by
@_code
def sign(pack: str, by: str, code: str) -> Answer:
    """Sign the text of a pack as it is now; what changes in it later is a draft again."""
    who = trying(by)
    with current.begin() as office:
        office.use_code(who, code)
        office.sign_pack(pack, who)
    return Answer({"code": pack}, f"{pack} is signed.")
