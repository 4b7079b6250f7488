"""Staff pages that are not about one request: journal, letters, one's own code."""

from __future__ import annotations

from functools import partial

from flask import Response, redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from ...core.errors import ForbiddenError, UnknownError
from ...core.log import slug
from ...core.permissions import Permission
from ...store.journaling.ledger import newest
from ..current import current
from ..pages import row_id
from ..staffpages import persons
from ..staffpages.desk import CODED, may, me, must, staff_pages
from ..wording import letters
from ..wording.reader import language
from ..wording.rendering import render_template
from ..wording.words import counted, grounded

PAGE = 50
"""Entries of the journal, or letters, on one page."""


@staff_pages.get("/journal")
def journal() -> str:
    """Show the newest entries of the journal."""
    return _journal(None)


@staff_pages.post("/journal/verify")
def verify() -> str:
    """Re-derive the whole journal and say whether it proves itself."""
    # What is about all of the house names no controller, and is everybody's who may look.
    mine = {"", *(slug(hotel.controller) for hotel in must(Permission.AUDIT))}
    with current.begin(write=False) as office:
        problems = [p.message for p in office.verify() if p.controller in mine]
    return _journal(problems)


def _journal(problems: list[str] | None) -> str:
    hotels = must(Permission.AUDIT)
    codes = {hotel.code: hotel for hotel in hotels}
    hotel = codes.get(request.args.get("property", ""), hotels[0])
    before = request.args.get("before", type=row_id)
    with current.begin(write=False) as office:
        entries = newest(office.work, hotel.controller, before, PAGE, _entitled(hotel.controller))
    tongue = language(zone=hotel.zone)
    return render_template(
        "guesterase/staff/journal.html",
        hotels=hotels,
        hotel=hotel,
        entries=entries,
        older=entries[-1].position if len(entries) == PAGE and entries[-1].position else None,
        verified=problems,
        counted=partial(counted, tongue),
        grounded=partial(grounded, tongue),
    )


def _entitled(controller: str) -> bool:
    """Return whether the reader may hold at every property whose journal this is."""
    hotels = current.settings.properties.values()
    mine = [hotel.code for hotel in hotels if hotel.controller == controller]
    return all(may(Permission.HOLD, code) for code in mine)


@staff_pages.get("/outbox")
def outbox() -> str:
    """Show the letters to print, and what could not be sent, the newest first."""
    must(Permission.VERIFY)
    before = request.args.get("before", type=row_id)
    with current.begin(write=False) as office:
        found = office.letters(me(), before=before, most=PAGE + 1)
        shown = [letters.letter(item) for item in found[:PAGE]]
    older = shown[-1]["id"] if len(found) > PAGE else None
    every = current.settings.mail == "page"
    return render_template(
        "guesterase/staff/outbox.html", messages=shown, older=older, every=every
    )


@staff_pages.post("/outbox/<int:letter>")
def deal(letter: int) -> AnyResponse:
    """Record that a letter was printed, or that what failed was dealt with."""
    with current.begin() as office:
        office.printed(letter, me())
    return redirect(url_for(".outbox"), 303)


@staff_pages.get("/code")
def code() -> str:
    """Offer a one-time code, with which one proves at a console who one is."""
    _coded()
    return render_template("guesterase/staff/code.html", code="", who=me())


@staff_pages.post("/code")
def new_code() -> str:
    """Make a one-time code and show it once."""
    _coded()
    with current.begin() as office:
        secret = office.code(me())
    return render_template("guesterase/staff/code.html", code=secret, who=me())


def _coded() -> None:
    """Go on only where a code may be made: at a shared login a PIN would buy what it may not."""
    must(*CODED)
    if persons.shared():
        raise ForbiddenError(
            "Several people share this login, so it has no code.", "Make it in your own login."
        )


@staff_pages.get("/checkpoint/<code>")
def checkpoint(code: str) -> Response:
    """Hand out a signed checkpoint of the journal of whoever answers for this hotel."""
    hotel = current.settings.properties.get(code)
    if hotel is None:
        # Somebody typed it: nothing of a hotel that the settings named once waits under it.
        raise UnknownError("There is no such property.")
    if not may(Permission.AUDIT, code):
        raise ForbiddenError("This needs the permission 'audit' at this property.")
    with current.begin(write=False) as office:
        text = office.checkpoint(hotel.controller)
    return Response(text, mimetype="text/plain")
