"""The guest's pages for a copy of what is held: prove, open once, read, save."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from flask import Response, make_response, redirect, request, session, url_for
from werkzeug.wrappers import Response as AnyResponse

from ...core.copying import Copy, Part, Term, as_files, zipped
from ...core.document import legible
from ...core.errors import TokenError
from ...core.lifecycle import State
from ...store.access.tokens import plain
from ...store.office import Office
from ...store.requests.views import CaseView
from ...store.settings import Property
from ..current import current
from ..forms import fresh, pressing
from ..forms.untaken import outcome
from ..wording import lawwords
from ..wording.answers import what
from ..wording.language import N_, Language
from ..wording.reader import language
from ..wording.rendering import render_template
from ..wording.words import told, word
from .guestdesk import CASE, TICKET, confirmed, guest_pages, keep, leave_others, moved, opened


@guest_pages.get("/copy/link/<token>")
def copy_link(token: str) -> str:
    """Show a button; a mail scanner that opens the link has used nothing up."""
    with current.begin(write=False) as office:
        case = office.open_copy_link(token)
    if case.state is not State.RECEIVED:
        return moved(case)
    pressing.ready()
    hotel = current.settings.home(case.property)
    language(zone=hotel.zone)
    return render_template(
        "guesterase/guest/copylink.html",
        hotel=hotel.name,
        received=case.received_at,
        lapses=case.lapses,
    )


@guest_pages.post("/copy/link/<token>")
def confirm_copy(token: str) -> str:
    """Take the proof, once, and show the case code, once."""

    def proved(office: Office, code: str) -> str:
        return office.confirm_copy_link(token, code)

    code, case = confirmed(token, proved, "link")
    keep(code)
    page = "guesterase/guest/confirmed.html"
    return render_template(page, code=code, case=case, due_on=case.due_on)


@guest_pages.post("/case/copy")
def send_copy() -> AnyResponse:
    """Send the contact on file a link that opens the copy."""
    with current.begin() as office:
        code = session.get(CASE, "")
        pressing.once(office, lambda: office.send_copy_link(code), code, pressing.MOMENT)
    return redirect(url_for(".copy_sent"), 303)


@guest_pages.get("/case/copy")
@outcome
def copy_sent() -> AnyResponse:
    """Say that the link is on its way, to a browser that holds a case; others are asked for it."""
    if CASE not in session:
        return redirect(url_for(".case"), 303)
    return make_response(render_template("guesterase/guest/copysent.html"))


@guest_pages.get("/copy/open/<token>")
def open_copy(token: str) -> str:
    """Show a button; opening is the button's."""
    with current.begin(write=False) as office:
        case = office.open_copy(token)
    pressing.ready()
    return render_template(
        "guesterase/guest/copyopen.html", until=case.copy_until, followed=case.followed
    )


@guest_pages.post("/copy/open/<token>")
def fetch_copy(token: str) -> AnyResponse:
    """Use the link up, and let this browser read the copy for half an hour."""
    return _fetch(token, "link")


@guest_pages.get("/copy")
def copy() -> str:
    """Show the opened copy, or ask for the code from the desk."""
    if TICKET not in session:
        pressing.ready()
        return _code_form({})
    case, held, hotel = _opened()
    tongue = language(zone=hotel.zone)
    return render_template(
        "guesterase/guest/copy.html",
        copy=held,
        case=case,
        hotel=hotel,
        # A guest looks for who they are said to be first, not for a log.
        parts=[_shown(tongue, part) for part in sorted(held.parts, key=_is_besides)],
        timed=any(_WRITTEN.fullmatch(text) for text in _texts(held)),
        complaint=lawwords.complaint(tongue, hotel),
        recalled=lawwords.cannot_recall(tongue, hotel),
    )


@guest_pages.post("/copy")
def type_copy() -> AnyResponse:
    """Open the copy by the code that was printed at the desk."""
    try:
        return _fetch(request.form.get("code", "")[:80], "case")
    except TokenError:
        # The same for every code that opens nothing.
        return make_response(_code_form({"code": [_NO_COPY]}), 410)


_NO_COPY = N_(
    "No copy opens with this code. Look at each sign again; it works once and for a while: the "
    "reception gives you another one."
)


def _code_form(problems: dict[str, list[str]]) -> str:
    return render_template("guesterase/guest/copycode.html", problems=problems)


@guest_pages.get("/copy.json")
def copy_json() -> Response:
    """Hand out the opened copy as the file that a program reads."""
    case, held, _ = _opened()
    return _file(held.to_json().encode(), f"copy-{case.number}.json", "application/json")


@guest_pages.get("/copy.zip")
def copy_zip() -> Response:
    """Hand out the opened copy as tables for a spreadsheet, one file each, in one archive."""
    case, held, hotel = _opened()
    tongue = language(zone=hotel.zone)
    files = as_files(held, _about(tongue, held), _missing(tongue, held))
    return _file(zipped(files), f"copy-{case.number}.zip", "application/zip")


@guest_pages.post("/copy/close")
def close_copy() -> AnyResponse:
    """Forget the ticket in this browser; others may use the device."""
    session.pop(TICKET, None)
    pressing.drop()
    return redirect(url_for(".index"), 303)


def _fetch(secret: str, action: str) -> AnyResponse:
    ticket = pressing.code(plain(secret))

    def fetched(office: Office) -> str:
        return office.read_copy(office.fetch_copy(secret, ticket))[0].number

    number = opened(action, fetched, lambda office: office.read_copy(ticket)[0].number)
    leave_others(number)
    fresh.renew()
    session[TICKET] = ticket
    return redirect(url_for(".copy"), 303)


def _opened() -> tuple[CaseView, Copy, Property]:
    """Return the copy that this browser has a ticket for; a ticket that ended is forgotten.

    :raises TokenError: there is none, or its half hour is over.
    """
    try:
        with current.begin(write=False) as office:
            case, held = office.read_copy(session.get(TICKET, ""))
    except TokenError:
        session.pop(TICKET, None)
        raise
    return case, held, current.settings.home(case.property)


def _file(content: bytes, name: str, kind: str) -> Response:
    response = Response(content, mimetype=kind)
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def _texts(held: Copy) -> Iterator[str]:
    for part in held.parts:
        for record in part.records:
            yield from filter(None, record.values.values())


def _is_besides(part: Part) -> bool:
    """Return whether a table is no profile."""
    return part.table not in current.datamap.subjects


def _shown(tongue: Language, part: Part) -> dict[str, object]:
    """Return one table for the page: its rows with values that are there, and why they are kept."""
    declared = current.datamap.tables.get(part.table)
    zone = declared.policy.zone if declared is not None else ""
    return {
        "table": part.table,
        "what": what(tongue, part.table),
        "source": part.source or tongue.gettext(_SOURCE),
        "records": [
            {
                "values": [
                    (name, readable(tongue, text, zone))
                    for name, text in sorted(record.values.items()) if text
                ],
                "boxed": record.boxed,
                "shared": record.shared,
            }
            for record in part.records
        ],
        "terms": list(dict.fromkeys(_said(tongue, t) for r in part.records for t in r.terms)),
    }


_WRITTEN = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(\.\d+)?(?P<zone>[+-]\d\d(:?\d\d)?)?")
"""A moment as databases write it."""


def readable(tongue: Language, text: str, zone: str = "") -> str:
    """Return a value as people read it: a moment in words, letters instead of their escapes.

    :param tongue: the reader's language, in the hotel's zone.
    :param text: the value.
    :param zone: time zone of moments that name none; where it is empty, such a moment is told as
        it is written, and that nobody knows its zone.
    """
    written = _WRITTEN.fullmatch(text)
    if written is None:
        return legible(text)
    try:
        if written["zone"]:
            return tongue.moment(text)
        if zone:
            return tongue.moment(datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)))
        as_written = replace(tongue, zone="UTC").moment(text)
        return as_written + tongue.aside(tongue.gettext(_UNZONED))
    except (ValueError, OverflowError, ZoneInfoNotFoundError):
        return text


_UNZONED = N_("time zone not on record")

_SOURCE = N_("From you, from whoever booked for you, or from your stay.")


def _said(tongue: Language, term: Term) -> tuple[str, str, str, str]:
    """Return the columns of a term, its purpose, until when, and by which article."""
    purpose = word(tongue, term.category) if term.category else tongue.gettext(_USE)
    if term.until:
        until = tongue.day(term.until)
    elif term.open:
        until = tongue.gettext(N_("until it is known how long it must be"))
    else:
        until = tongue.gettext(N_("as long as the hotel needs it, or until you have it erased"))
    return ", ".join(term.columns), purpose, until, told(tongue, term.article)


_USE = N_("your stay and what belongs to it")


def _about(tongue: Language, held: Copy) -> Iterator[tuple[str, str, str, str, str]]:
    seen: dict[tuple[str, str, str, str, str], None] = {}
    for part in held.parts:
        for record in part.records:
            for term in record.terms:
                seen[part.table, *_said(tongue, term)] = None
    yield from seen


def _missing(tongue: Language, held: Copy) -> Iterator[tuple[str, str, str, str]]:
    """Yield what the page lists as not in the copy: table, columns, how many, and why."""
    for each in held.withheld:
        why = word(tongue, "copy-unopened" if each.why == "unopened" else each.why)
        yield each.table, ", ".join(each.columns), str(each.rows or ""), why
    if held.masked:
        yield "", "", str(held.masked), tongue.ngettext(
            "One mention of another person was struck out of a text.",
            "%(num)s mentions of other people were struck out of texts.", held.masked,
        )  # fmt: skip
