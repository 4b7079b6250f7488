"""After a restore of the database: the alarm on staff pages, the page that helps, the command."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import Any

import click
from flask import redirect, request, url_for
from sqlalchemy.exc import SQLAlchemyError
from werkzeug.wrappers import Response as AnyResponse

from ...core.errors import GuesteraseError, SetupError
from ...core.permissions import Permission
from ...core.returning import ASKED_ANEW
from ...store.remembrance.remembering import RESTORED, forgetful, notice
from ...store.returning.replay import DOOR, Survey
from ...store.settings import Property
from ..commands.acting import trying
from ..commands.console import Answer, Existing, fields, guesterase_cli, notes_of, verb
from ..current import current
from ..forms import schemas
from ..forms.untaken import on_page
from ..joining.rights import logged_in
from ..staffpages.desk import deed, granted, me, must, once, staff_pages
from ..staffpages.holding import plain
from ..wording.reader import language
from ..wording.rendering import render_template
from ..wording.trouble import ROLES
from .returns import said

_HELPING = (Permission.VERIFY, Permission.ERASE, Permission.HOLD, Permission.LAW)


@staff_pages.context_processor
def _alarm() -> dict[str, Any]:
    """Tell every staff page whether the database was restored; a page is shown all the same."""
    return once("alarm", _alarmed)


def _alarmed() -> dict[str, Any]:
    if logged_in() is None:
        return {"alarm": ""}
    try:
        with current.begin(write=False) as office:
            alarm = office.alarm()
            new = alarm == RESTORED and not forgetful(office.work)
    except (GuesteraseError, SQLAlchemyError):
        return {"alarm": ""}
    if new and request.method == "GET":
        # Before the reader presses anything: what happens from here on waits behind what the
        # journal has lost, which could not be put back otherwise.
        with suppress(GuesteraseError, SQLAlchemyError):
            current.run(lambda office: notice(office.work))
    return {"alarm": alarm}


@staff_pages.get("/restored")
def restored() -> str:
    """Show what happened to the database, whom to call, what to do, and what is blocked."""
    must(*_HELPING)
    found, lost = None, ""
    with current.begin(write=False) as office:
        asked = [
            {**row, "key": plain(row["key"]), "anew": row["why"] in ASKED_ANEW, **said(row)}
            for row in office.returns(me(), DOOR)
        ]
        if granted(Permission.ERASE, Permission.HOLD):
            try:
                found = office.survey(me())
            except SetupError as problem:
                lost = str(problem)
    hotels = granted(*_HELPING)
    return render_template(
        "guesterase/staff/restored.html",
        asked=asked,
        found=found,
        holds=_holds(found),
        lost=lost,
        hotels=hotels,
        calls={hotel.code: _calls(hotel) for hotel in hotels},
        may_replay=bool(granted(Permission.ERASE)),
        may_hold=bool(granted(Permission.HOLD)),
    )


def _calls(hotel: Property) -> list[tuple[str, str]]:
    """Return whom to call at a hotel, those of its emergency plan too; the page is printed."""
    named = {"officer": hotel.officer, "deputy": hotel.deputy, **dict(hotel.calls)}
    return [(language().gettext(ROLES[role]), how or "–") for role, how in named.items()]


def _holds(found: Survey | None) -> list[tuple[str, str]]:
    """Return the forgotten holds of hotels at which the reader may hold: one may be silent."""
    mine = {hotel.code for hotel in granted(Permission.HOLD)}
    return [each for each in (found.holds if found is not None else ()) if each[1] in mine]


@staff_pages.post("/restored/replay")
def replay() -> AnyResponse:
    """Carry out again what the database has forgotten."""
    must(Permission.ERASE)
    current.replay()
    return redirect(url_for(".restored"), 303)


@staff_pages.post("/restored/<int:row>")
@on_page("restored")
def settle_restored(row: int) -> AnyResponse:
    """Say of a row whether it is the erased person's."""
    must(Permission.VERIFY)
    form = schemas.read(schemas.Whose(), request.form)
    deed(lambda office: office.settle_return(row, me(), form["theirs"] == "yes"))
    return redirect(url_for(".restored"), 303)


@staff_pages.post("/restored/holds")
def holds_placed() -> AnyResponse:
    """Confirm that the forgotten holds are placed again."""
    must(Permission.HOLD)
    deed(lambda office: office.holds_placed(me()))
    return redirect(url_for(".restored"), 303)


@verb(guesterase_cli, "replay")
@click.option("--yes", is_flag=True, help="Do it; without this it is only shown.")
@click.option("--anew", is_flag=True, help="Begin another register: the old one is lost for good.")
@click.option(
    "--checkpoint",
    "brought",
    multiple=True,
    type=Existing(exists=True, dir_okay=False, path_type=Path),
    help="File with checkpoints that were kept outside; may be repeated.",
)
@click.option("--by", metavar="WHO", help="With --anew: who decides it, their id at the host.")
@click.option("--code", metavar="CODE", help="Their one-time code, from their own login.")
def replay_command(
    yes: bool, anew: bool, brought: tuple[Path, ...], by: str | None, code: str | None
) -> Answer:
    """After a restore: erase again what the database has forgotten; first only show it."""
    if anew:
        return _anew(by, code)
    if not yes:
        with current.begin(write=False) as office:
            seen = office.survey()
        note = "\n".join([*seen.problems, *([_NEXT] if seen.restored else [])])
        return Answer(seen.as_dict(), _told(seen), note)
    done = current.replay(notes_of(brought))
    with current.begin(write=False) as office:
        left = office.alarm()
    told = {**done.as_dict(), "alarm": left}
    note = "\n".join([*done.problems, *filter(None, [_LEFT.get(left)])])
    return Answer(told, _told(done), note, fine=not left)


def _anew(by: str | None, code: str | None) -> Answer:
    if not (by and code):
        raise click.UsageError("--anew needs --by and --code.")
    who = trying(by)
    with current.begin() as office:
        office.use_code(who, code)
        office.begin_register(who)
    return Answer({"begun": True}, "The next erasure begins another register.", _FORGETS)


def _told(found: Survey) -> str:
    if not (found.restored or found.counts or found.undone):
        return "This database has forgotten nothing."
    return fields({
        **{word: str(count) for word, count in found.counts.items()},
        "forgotten requests": ", ".join(found.unknown) or "none",
        "taken back since": ", ".join(found.undone) or "none",
        "broken lines": str(found.broken),
        "months without a key": ", ".join(found.keyless) or "none",
        "known to the journal alone": ", ".join(found.lost) or "none",
    })  # fmt: skip


_NEXT = "Nothing was done. Run it again with --yes; until then nothing is erased or sent."
_FORGETS = "What was erased before is not in it: a copy of the database from before brings it back."
_LEFT = {
    "restored": "Not everything could be done. See to what stands in the way, then run it again.",
    "unfinished": "The privacy officer must finish it, on the page 'After a restore'.",
    "asking": "Rows wait for a person, on the page 'After a restore'.",
    "missing": "The register is not where it was; mount its folder.",
}
