"""The guest's pages: ask, confirm, follow, certificate; nobody needs an account."""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

from flask import (
    Response,
    current_app,
    make_response,
    redirect,
    request,
    session,
    url_for,
)
from werkzeug.wrappers import Response as AnyResponse

from ...core.answer import Answer
from ...core.asking import Asker
from ...core.errors import InputError, SetupError, TokenError
from ...core.lifecycle import State
from ...store.office import Office
from ...store.requests.views import CaseView
from ..current import current
from ..forms import pressing
from ..forms.schemas import LookUp, read
from ..pages import certificate_mark, json_file, no_fields
from ..wording import ending, extras, letters
from ..wording.casewords import OTHERS_STEP
from ..wording.language import N_, Language, choose
from ..wording.reader import language
from ..wording.rendering import render_template
from ..wording.words import GUEST_WORDS, STEPS
from . import adverts, asking, claimed, copied, dated, grievance, laternotice, rescanning
from .guestdesk import CASE, confirmed, every_hotel, forget, guest_pages, held, keep, moved
from .guestdesk import count as _count

__all__ = ["adverts", "asking", "claimed", "copied", "grievance", "guest_pages", "laternotice",
           "rescanning"]  # fmt: skip

_UNDONE = frozenset({State.WITHDRAWN, State.EXPIRED, State.REFUSED})
"""States in which a request ended though nothing was done."""


@guest_pages.context_processor
def _guest_context() -> dict[str, Any]:
    tongue = language()
    return {
        "hotels": every_hotel(),
        "held": held(),
        "guest_steps": _steps(tongue),
    }


def _steps(tongue: Language, asked_by: str = Asker.GUEST) -> list[tuple[str, str]]:
    words = GUEST_WORDS | ({} if asked_by == Asker.GUEST else {"identity": OTHERS_STEP})
    return [(step, tongue.gettext(words[step])) for step in STEPS]


@guest_pages.get("/")
def index() -> str:
    """Say what this is, what it is not, and what to do first."""
    return render_template(
        "guesterase/guest/index.html",
        recovery_days=current.settings.recovery_days,
        scans_stay=ending.scans_stay(),
        age=url_for("guesterase_age.age") if "guesterase_age" in current_app.blueprints else "",
    )


@guest_pages.get("/link/<token>")
def link(token: str) -> str:
    """Show a button; a mail scanner that opens the link has used nothing up."""
    with current.begin(write=False) as office:
        case = office.open_link(token)
    if case.state is not State.RECEIVED:
        return moved(case)
    pressing.ready()
    hotel = current.settings.home(case.property)
    return render_template(
        "guesterase/guest/link.html",
        hotel=hotel.name,
        received=case.received_at,
        lapses=case.lapses,
        ends=ending.told(language(zone=hotel.zone)),
    )


@guest_pages.post("/link/<token>")
def confirm(token: str) -> str:
    """Take the proof, once, and show the case code, once."""
    code, case = confirmed(token, lambda office, code: office.confirm_link(token, code), "link")
    keep(code)
    return render_template(
        "guesterase/guest/confirmed.html",
        code=code,
        case=case,
        due_on=case.due_on,
        qr=extras.qr(_address(code)),
    )


@guest_pages.get("/case/<code>")
def remember(code: str) -> AnyResponse:
    """Put a case code from a message out of the address bar, where others read it."""
    return _keep(code)


@guest_pages.get("/case")
def case() -> str:
    """Show the case whose code this browser holds, or ask for the code."""
    code = session.get(CASE)
    if not code:
        return _lookup({}, {})
    with current.begin(write=False) as office:
        view = _seen(office)
        scan = office.scan(code)
        found, now = office.milestones(code), office.work.now
        rated = not office.feedback_asked(code)
        complaints = office.heard(code)
        later = office.later(code)
    hotel = current.settings.property(view.property)
    tongue = language(zone=hotel.zone)
    # That it waits is an answer too, of which the guest may complain.
    told = view.answer or (Answer(view.state) if view.reasons else None)
    today = now.astimezone(ZoneInfo(hotel.zone)).date()
    return render_template(
        "guesterase/guest/case.html",
        case=view,
        guest_steps=_steps(tongue, view.asked_by),
        late=view.due_on < today.isoformat(),
        # What was expected to be over by now may be: nobody has looked since.
        until=max(view.waiting_until or "", today.isoformat()) == view.waiting_until,
        answer=None if told is None else letters.sentences(tongue, hotel, told),
        hotel=hotel,
        scan=scan,
        rated=rated,
        later=later,
        contested=next((each for each in complaints if each.answered_at is None), None),
        complaints=[(each, Language(choose([each.lang])).tag) for each in complaints],
        step=dated.reached(found) if view.state in _UNDONE else STEPS.index(view.word),
        undone=view.state in _UNDONE,
        taken_back=dated.taken_back(found),
        days=[(each, dated.said(tongue, each)) for each in found],
        ahead=dated.to_come(found, today),
    )


@guest_pages.post("/case")
def look_up() -> AnyResponse:
    """Open a case by its code."""
    try:
        form = read(LookUp(), request.form)
    except InputError as problem:
        return make_response(_lookup(request.form, no_fields(problem)), 422)
    try:
        return _keep(form["code"])
    except TokenError:
        # The same for every code that opens nothing; what was typed stays to be corrected.
        return make_response(_lookup(request.form, {"code": [_NO_CASE]}), 410)


_NO_CASE = N_("No case has this code. Look at each sign again, or ask at the reception.")


def _lookup(values: Any, problems: dict[str, list[str]]) -> str:
    return render_template("guesterase/guest/lookup.html", values=values, problems=problems)


@guest_pages.get("/case/withdraw")
def ask_to_withdraw() -> AnyResponse:
    """Ask once more before a request is taken back."""
    with current.begin(write=False) as office:
        view = _seen(office)
    if not view.withdrawable:
        return redirect(url_for(".case"), 303)
    return make_response(render_template("guesterase/guest/withdraw.html", case=view))


@guest_pages.post("/case/withdraw")
def withdraw() -> AnyResponse:
    """Take the request back; where another window did, the next page says that it was done."""
    with current.begin() as office:
        view = _seen(office)
        if view.state is State.WITHDRAWN:
            pressing.repeat()
        else:
            pressing.once(office, lambda: office.withdraw(view.number, code=session[CASE]))
    return redirect(url_for(".case"), 303)


@guest_pages.post("/case/leave")
def leave() -> AnyResponse:
    """Forget the case in this browser, and what was opened or answered; others may use it."""
    forget()
    return redirect(url_for(".index"), 303)


@guest_pages.get("/case/certificate")
def certificate() -> str:
    """Show the certificate, for a phone or for paper."""
    with current.begin(write=False) as office:
        view = _seen(office)
        body = office.certificate(view.number)
    hotel = current.settings.property(body["content"]["property"])
    tongue = language(zone=hotel.zone)
    told = None if view.certified is None else letters.sentences(tongue, hotel, view.certified)
    return render_template(
        "guesterase/guest/certificate.html",
        certificate=body,
        hotel=hotel,
        answer=told,
        mark=certificate_mark(body),
        qr=extras.qr(certificate_mark(body)),
        pdf=extras.PDF,
    )


@guest_pages.get("/case/certificate.json")
def certificate_file() -> Response:
    """Hand out the certificate as the file that can be checked offline."""
    return json_file(_certificate())


@guest_pages.get("/case/certificate.pdf")
def certificate_paper() -> Response:
    """Hand out the certificate on paper: what the page says, in the reader's language.

    :raises UnknownError: this house does not make papers.
    """
    page = certificate()
    with current.begin(write=False) as office:
        number = _seen(office).number
    return extras.paper(page, language(), f"certificate-{number}.pdf")


def _keep(code: str) -> AnyResponse:
    """Keep a case code in this browser once it was found to open a case; wrong ones are counted.

    A right one passes however many wrong ones came from there: it is too long to be guessed, and
    a whole hotel may have one address.
    """
    try:
        with current.begin(write=False) as office:
            office.case(code)
    except TokenError:
        _count("case")
        raise
    keep(code)
    return redirect(url_for(".case"), 303)


def _address(code: str) -> str:
    """Return the address at which a case code opens its case, for a telephone that reads it."""
    try:
        return letters.address(f"case/{code}")
    except SetupError:
        return ""


def _seen(office: Office) -> CaseView:
    """Return the case this browser holds the code of; a code that ended is forgotten.

    :raises TokenError: there is none, or it opens nothing any more.
    """
    try:
        return office.case(session.get(CASE, ""))
    except TokenError:
        session.pop(CASE, None)
        raise


def _certificate() -> dict[str, Any]:
    with current.begin(write=False) as office:
        return office.certificate(_seen(office).number)
