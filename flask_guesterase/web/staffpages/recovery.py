"""An erasure taken back by two people: on the page of its request, and at a console."""

from __future__ import annotations

from typing import Any

import click
from flask import redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from ...core.permissions import Permission
from ...core.restoring import Report, RestoreGround
from ...store.depth import refresh
from ..commands.acting import Two, two_people
from ..commands.console import Answer, guesterase_cli, listing, verb
from ..current import current
from ..forms import pressing, schemas
from ..forms.untaken import on_page
from ..wording.language import N_
from .desk import deed, me, must, staff_pages

CHOICES = {
    RestoreGround.PERSON: N_("The wrong person was erased"),
    RestoreGround.PLAN: N_("The wrong things were erased"),
    RestoreGround.WISH: N_("The guest wishes it"),
    RestoreGround.ORDER: N_("An order binds the hotel"),
}
"""What staff choose from; the guest is told less of an order."""

_COLUMNS = ("table", "restored", "already", "refused", "gone")


@staff_pages.post("/<number>/restore")
@on_page("show")
def propose_restore(number: str) -> AnyResponse:
    """Propose to take an erasure back, as the first person."""
    must(Permission.RESTORE)
    form = schemas.read(schemas.Restore(), request.form)
    with current.begin() as office:
        pressing.once(
            office, lambda: office.propose_restore(number, me(), form["ground"]), me(),
            pressing.MOMENT,
        )  # fmt: skip
    return redirect(url_for(".show", number=number), 303)


@staff_pages.post("/<number>/restore/confirm")
def confirm_restore(number: str) -> AnyResponse:
    """Take an erasure back that somebody else proposed to."""
    must(Permission.RESTORE)
    form = schemas.read(schemas.TakeBack(), request.form)
    deed(lambda office: office.restore(number, me(), form["proposal"]))
    refresh.taken_back(current.run, number)
    return redirect(url_for(".show", number=number), 303)


@verb(guesterase_cli, "restore")
@click.argument("number", metavar="NUMBER")
@two_people
@click.option(
    "--ground", required=True, type=click.Choice([cause.value for cause in RestoreGround]),
    help="Why it is taken back.",
)  # fmt: skip
def restore_command(number: str, ground: str, two: Two) -> Answer:
    """Take an erasure back inside its recovery window, with the word of two people."""
    with two.begin() as (office, first, other):
        office.propose_restore(number, first, ground)
        report = office.restore(number, other)
    refresh.taken_back(current.run, number)
    return Answer(report.as_dict(), _told(report), _note(report), fine=report.restored)


def _told(report: Report) -> str:
    rows: list[dict[str, Any]] = [
        {
            "table": name, "restored": each.restored, "already": each.already,
            "refused": ", ".join(f"{why} {n}" for why, n in each.refused.items()),
            "gone": ", ".join(each.gone),
        }
        for name, each in report.tables.items()
    ]  # fmt: skip
    return listing(rows, _COLUMNS)


def _note(report: Report) -> str:
    if not report.restored:
        return "Nothing came back, so nothing else was changed: the erasure stands."
    notes = []
    if report.files.get("back"):
        notes.append(f"The worker puts {report.files['back']} files back.")
    if report.unfound:
        notes.append(
            f"{report.unfound} files that rows name again are missing. If their folder is there, "
            "they have gone, perhaps with another guest's erasure, or with this one before the "
            "database was put back from a copy: enter them anew."
        )
    if report.uncopied:
        parts = (f"{name} ({', '.join(each)})" for name, each in report.uncopied.items())
        notes.append(f"There was no safety copy of {', '.join(parts)}.")
    if report.recipients:
        notes.append(f"Tell them that it was taken back: {', '.join(report.recipients)}.")
    if lost := [f"{name} ({', '.join(t.gone)})" for name, t in report.tables.items() if t.gone]:
        notes.append(
            f"There is no column of these names any more: {', '.join(lost)}. What stood in "
            "them did not come back, and no second try brings anything back into rows that did."
        )
    if report.counts["refused"]:
        notes.append("What did not come back can be tried again until the window ends.")
    return " ".join(notes)
