"""The commands, ``flask guesterase VERB``: thin doors to the office."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

import click

from ...core.asking import Asker, Delay, Seen
from ...core.lifecycle import Ground, State
from ...core.log import canonical
from ...core.reasons import Reason
from ...core.wish import Wish
from ...store.worker import carry_out
from ..current import current
from ..housepages import restoring
from ..wording.words import CHANNELS, HOWS
from . import (
    casecli,
    chronicle,
    counting,
    depth,
    disclosing,
    freezing,
    keeping,
    law,
    monitoring,
    operate,
    ours,
    programs,
    retaining,
    returned,
    rules,
    searching,
    sweeping,
    telling,
    witnessing,
    xraying,
)
from .acting import by as _by
from .acting import code as _code
from .acting import trying
from .console import Answer, Day, fields, guesterase_cli, listing, out, verb, written
from .xraying import pairs

__all__ = [
    "casecli", "chronicle", "counting", "depth", "disclosing", "freezing", "guesterase_cli",
    "keeping", "law", "monitoring", "operate", "ours", "programs", "restoring", "retaining",
    "returned", "rules", "searching", "sweeping", "telling", "witnessing", "xraying",
]  # fmt: skip

_number = click.argument("number")


@verb(guesterase_cli, "list")
@click.option("--property", "property_", metavar="CODE", help="Only of this property.")
@click.option("--state", metavar="STATE", help="Only in this state, 'open', or 'overdue'.")
def list_(property_: str | None, state: str | None) -> Answer:
    """List requests, the most urgent first."""
    with current.begin(write=False) as office:
        found = office.list(property_, state)
    columns = (
        "number", "property", "state", "channel", "received_at", "due_on", "late", "receipt_late",
    )  # fmt: skip
    return Answer(list(found), listing(found, columns))


@verb(guesterase_cli)
@click.option(
    "--match",
    "given",
    metavar="KEY=VALUE",
    multiple=True,
    required=True,
    help="May be repeated; '-' reads lines from the input, which other accounts cannot see.",
)
@click.option("--property", "property_", metavar="CODE", default="", help="The property's code.")
@click.option("--channel", type=click.Choice(sorted({*CHANNELS} - {"form"})), default="cli")
@click.option(
    "--received",
    type=Day(),
    metavar="DAY",
    help="Day it reached the property, YYYY-MM-DD; today by default.",
)
@click.option("--lang", default="", help="Language of the guest; the property's by default.")
@click.option("--by", metavar="WHO", help="Who files it: their id at the host; nobody by default.")
@click.option("--code", metavar="CODE", help="Their one-time code, from their own login.")
@click.option(
    "--asked-by",
    type=click.Choice([who.value for who in Asker]),
    default=Asker.GUEST.value,
    help="Who asks, when it is not the guest.",
)
@click.option(
    "--reason", type=click.Choice([why.value for why in Reason]), help="Why; none is needed."
)
@click.option(
    "--wish", type=click.Choice([each.value for each in Wish]), default=Wish.ERASE.value,
    help="What is asked for; copy-first makes two requests, and prints the copy's number.",
)  # fmt: skip
def request(
    given: Sequence[str],
    property_: str,
    channel: str,
    received: datetime | None,
    lang: str,
    by: str | None,
    code: str | None,
    asked_by: str,
    reason: str | None,
    wish: str,
) -> Answer:
    """Record a request that reached the hotel; print its number."""
    if bool(by) != bool(code):
        raise click.UsageError("--by and --code go together.")
    match = dict(pairs(given))
    who = trying(by) if by else None
    with current.begin() as office:
        if who and code:
            office.use_code(who, code)
        number = office.request(
            match,
            property=property_,
            channel=channel,
            received=received.date() if received else None,
            by=who,
            lang=lang,
            asked_by=asked_by,
            reason=reason or "",
            wish=wish,
        )
    return Answer({"number": number}, number)


@verb(guesterase_cli)
@_number
@_by
@_code
@click.option("--how", type=click.Choice(sorted({*HOWS} - {"link", "claim"})), default="desk")
@click.option(
    "--seen",
    type=click.Choice([paper.value for paper in Seen]),
    default=None,
    help="The paper that was seen, of who asks in a guest's place; never a copy.",
)
def confirm(number: str, by: str, code: str, how: str, seen: str | None) -> Answer:
    """Record that and how the guest showed who they are; print the code of the case, once."""
    who = trying(by)
    with current.begin() as office:
        office.use_code(who, code)
        opens = office.confirm(number, who, how, seen or "")
    return Answer(
        {"number": number, "case_code": opens}, opens, "The guest opens their case with this code."
    )


@verb(guesterase_cli)
@_number
def preview(number: str) -> Answer:
    """Show what would go, what stays and what is in the way, with the digest to approve."""
    with current.begin() as office:
        plan = office.preview(number).as_dict()
    columns = (
        "id", "table", "rows", "outcome", "category", "basis", "until", "open", "grade", "why",
        "reason", "detail", "columns", "column", "spans", "whole",
    )  # fmt: skip
    moved = {name: ", ".join(plan[name]) for name in ("since", "differences") if plan[name]}
    parts = [fields({"number": plan["number"], "digest": plan["digest"], **moved})]
    for name in ("erase", "later", "mentions", "retain", "kept", "shared", "perhaps", "blocked"):
        if plan[name]:
            parts.append(f"{name}\n{listing(plan[name], columns)}")
    return Answer(plan, "\n\n".join(parts))


@verb(guesterase_cli)
@_number
@_by
@_code
@click.option("--digest", required=True, help="The digest that preview printed.")
def approve(number: str, by: str, code: str, digest: str) -> Answer:
    """Approve the plan that was read, as a second person."""
    who = trying(by)
    with current.begin() as office:
        office.use_code(who, code)
        office.approve(number, who, digest)
    return _stands(number)


@verb(guesterase_cli)
@_number
@_by
@_code
@click.option("--ground", required=True, type=click.Choice([ground.value for ground in Ground]))
def refuse(number: str, by: str, code: str, ground: str) -> Answer:
    """Refuse a request on a named ground."""
    who = trying(by)
    with current.begin() as office:
        office.use_code(who, code)
        office.refuse(number, who, ground)
    return _stands(number)


@verb(guesterase_cli)
@_number
@_by
@_code
@click.option("--reason", required=True, type=click.Choice([delay.value for delay in Delay]))
def extend(number: str, by: str, code: str, reason: str) -> Answer:
    """Lengthen the time for an answer once, before its day; the guest is told why."""
    who = trying(by)
    with current.begin() as office:
        office.use_code(who, code)
        until = office.extend(number, who, reason)
    return Answer({"number": number, "due_on": until}, until.isoformat())


@verb(guesterase_cli)
@_number
def withdraw(number: str) -> Answer:
    """Take a request back, until it is carried out."""
    with current.begin() as office:
        office.withdraw(number)
    return _stands(number)


@verb(guesterase_cli)
@_number
def erase(number: str) -> Answer:
    """Carry out an approved erasure, look for everything again, and certify."""
    carry_out(current.run, number)
    return _stands(number)


def _stands(number: str) -> Answer:
    with current.begin(write=False) as office:
        case = office.show(number)
    told = {name: case[name] for name in ("number", "state", "word", "waiting_until", "left")}
    return Answer(told, fields(told), fine=case["state"] != State.PARTIAL)


@verb(guesterase_cli)
@_number
def show(number: str) -> Answer:
    """Show where a request stands: numbers, days and words, nobody's data."""
    with current.begin(write=False) as office:
        case = office.show(number)
    return Answer(case, fields(case))


@verb(guesterase_cli)
@click.argument("table")
@click.argument("key")
def why(table: str, key: str) -> Answer:
    """Explain what happens, or happened, to one row; parts of a key are divided by '|'."""
    with current.begin(write=False) as office:
        text = office.why(table, key)
    return Answer({"table": table, "key": key, "why": text}, text)


@verb(guesterase_cli)
@_number
@out
def certificate(number: str, out: Path) -> Answer:
    """Write the newest certificate of a request to a file."""
    with current.begin(write=False) as office:
        body = office.certificate(number)
    written(out, canonical(body).decode())
    return Answer({"number": number, "file": str(out)}, str(out))
