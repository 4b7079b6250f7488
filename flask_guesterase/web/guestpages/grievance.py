"""The guest's pages for complaints and feedback, and those of a reviewer from outside."""

from __future__ import annotations

from typing import Any

from flask import make_response, redirect, request, session, url_for
from werkzeug.wrappers import Response as AnyResponse

from ...core.answer import Answer
from ...core.complaining import RATINGS, About
from ...core.errors import InputError, TokenError, TransitionError
from ...store.access.tokens import plain
from ...store.complaints.receiving import Grievance
from ...store.office import Office
from ..current import current
from ..forms import caseforms, fresh, pressing
from ..forms.schemas import read
from ..joining.rights import logged_in
from ..pages import no_fields
from ..wording import letters
from ..wording.casewords import OUTCOMES
from ..wording.language import N_
from ..wording.reader import language
from ..wording.rendering import render_template
from ..wording.words import word
from .guestdesk import (
    CASE,
    COMPLAINED,
    anothers,
    count,
    every_hotel,
    guest_pages,
    keep_complaint,
)

REVIEW = "guesterase_review"
"""Under which a reviewer's browser keeps what opens the one complaint."""

RATED: dict[int, str] = {
    5: N_("very well"), 4: N_("well"), 3: N_("middling"), 2: N_("badly"), 1: N_("very badly"),
}  # fmt: skip


def _my_case(office: Office) -> str:
    """Return the case code this browser holds.

    :raises TokenError: there is none, or it opens nothing any more.
    """
    code = str(session.get(CASE, ""))
    office.case(code)
    return code


@guest_pages.get("/complain")
@guest_pages.get("/case/complain", endpoint="complain_case")
def complain() -> str:
    """Show the form for a complaint, with a case or without one."""
    return _form({"about": request.args.get("about", "")}, {})


@guest_pages.post("/complain")
def send_complaint() -> AnyResponse:
    """Take a complaint without a case: the same statements and the same answer for everyone."""
    hotels = every_hotel()
    try:
        form = read(caseforms.ComplainAnywhere([hotel.code for hotel in hotels]), request.form)
        code = form["property"] or hotels[0].code
        given = Grievance(
            form["about"], form["text"], code, lang=language().code, contact=form["contact"]
        )
        with current.begin() as office:
            number = pressing.once(
                office, lambda: office.complain_without_case(given, request.remote_addr or "")
            )
    except InputError as problem:
        return make_response(_form(request.form, _problems(problem)), 422)
    keep_complaint(number, code)
    return redirect(url_for(".complained"), 303)


@guest_pages.post("/case/complain")
def send_case_complaint() -> AnyResponse:
    """Take a complaint about the case whose code this browser holds."""
    try:
        form = read(caseforms.Complain(), request.form)
        with current.begin() as office:
            code = _my_case(office)
            number = office.complain(code, form["about"], form["text"])
            place = office.case(code).property
    except InputError as problem:
        return make_response(_form(request.form, _problems(problem)), 422)
    except TransitionError:
        # What was written comes back: it is not kept, and may be sent another way.
        return make_response(_form(request.form, {"": [_OPEN]}), 409)
    keep_complaint(number, place)
    return redirect(url_for(".complained_case"), 303)


_OPEN = N_(
    "This was not sent: a complaint about this case is being looked at. Its answer comes first; "
    "what is urgent, tell the hotel."
)
_NO_CONTACT = N_("This is neither an e-mail address nor a phone number.")


def _problems(problem: InputError) -> dict[str, list[str]]:
    return problem.fields or {"contact": [_NO_CONTACT]}


def _with_case() -> bool:
    return "case" in (request.endpoint or "")


def _form(values: Any, problems: dict[str, list[str]]) -> str:
    tongue, abouts = language(), list(About)
    if _with_case():
        with current.begin(write=False) as office:
            refused = office.case(_my_case(office)).ground
        # What did not happen is nothing to choose.
        abouts = [each for each in abouts if refused or each is not About.REFUSAL]
    return render_template(
        "guesterase/guest/complain.html",
        case=_with_case(),
        # Who comes from a case with an open complaint is not sent back to it.
        elsewhere=bool(request.args.get("about")),
        values=values,
        problems=problems,
        hotel_options=[(hotel.code, hotel.name) for hotel in every_hotel()],
        about_options=[(each.value, word(tongue, each)) for each in abouts],
    )


@guest_pages.get("/complained")
@guest_pages.get("/case/complained", endpoint="complained_case")
def complained() -> AnyResponse:
    """Show the number of the complaint this browser sent, and by when there is an answer."""
    number, code = session.get(COMPLAINED, ("", ""))
    if not number:
        return redirect(url_for(".complain_case" if _with_case() else ".complain"), 303)
    hotel = current.settings.property(code)
    tongue = language(zone=hotel.zone)
    with current.begin(write=False) as office:
        times = office.complaint_clock(number)
    return make_response(
        render_template(
            "guesterase/guest/complained.html",
            number=number,
            case=_with_case(),
            answer=letters.sentences(tongue, hotel, Answer("")),
            **times,
        )
    )


@guest_pages.get("/case/feedback")
def feedback() -> str:
    """Show the form for feedback after the end of a case."""
    with current.begin(write=False) as office:
        _my_case(office)
    return _feedback({}, {})


@guest_pages.post("/case/feedback")
def send_feedback() -> AnyResponse:
    """Take what a guest says about an ended case, once."""
    try:
        form = read(caseforms.Feedback(), request.form)
    except InputError as problem:
        return make_response(_feedback(request.form, no_fields(problem)), 422)
    with current.begin() as office:
        pressing.once(office, lambda: office.give_feedback(
            _my_case(office), int(form["rating"]), form["words"]
        ))  # fmt: skip
    pressing.thank()
    return redirect(url_for(".case"), 303)


def _feedback(values: Any, problems: dict[str, list[str]]) -> str:
    tongue = language()
    return render_template(
        "guesterase/guest/feedback.html",
        values=values,
        problems=problems,
        rating_options=[
            (str(each), tongue.gettext(RATED[each])) for each in sorted(RATINGS, reverse=True)
        ],
    )


@guest_pages.get("/review/<token>")
def review_link(token: str) -> str:
    """Ask for the code; who opens the link has used nothing up and learnt nothing."""
    pressing.ready()
    return _code_form({})


@guest_pages.post("/review/<token>")
def enter_review(token: str) -> AnyResponse:
    """Use link and code up; from then on this browser alone opens the one complaint."""
    count("link")
    try:
        form = read(caseforms.ReviewCode(), request.form)
    except InputError as problem:
        return make_response(_code_form(no_fields(problem)), 422)
    kept = pressing.code(f"{token}:{plain(form['code'])}")
    try:
        _entered(token, form["code"], kept)
    except TokenError:
        # The same for every link and code that open nothing.
        return make_response(_code_form({"code": [_NO_REVIEW]}), 410)
    fresh.renew()
    session[REVIEW] = kept
    return redirect(url_for(".reviewed_case"), 303)


def _entered(token: str, code: str, kept: str) -> None:
    try:
        with current.begin() as office:
            office.enter_review(token, code, _reader(), kept)
    except TokenError:
        # It opens what it opened when the button was pressed before, and nothing else.
        with current.begin(write=False) as office:
            office.reviewed_case(kept)


_NO_REVIEW = N_(
    "No complaint opens with this link and code. Look at each sign again; they work once and for "
    "a while: the hotel makes new ones."
)


def _code_form(problems: dict[str, list[str]]) -> str:
    return render_template("guesterase/guest/reviewcode.html", problems=problems)


@guest_pages.get("/review")
@anothers
def reviewed_case() -> str:
    """Show the one complaint to who was asked to look at it."""
    return _review({}, {})


@guest_pages.post("/review/letter")
@anothers
def review_letter() -> AnyResponse:
    """Show the letter that would be sent, or what it was made from, to who decides about it."""
    if "change" in request.form:
        return make_response(_review(request.form, {}))
    try:
        form = read(caseforms.AnswerComplaint(), request.form)
        with current.begin(write=False) as office:
            draft = office.reviewer_letter(_kept(), form["outcome"], form["words"])
    except InputError as problem:
        return make_response(_review(request.form, no_fields(problem)), 422)
    return make_response(_review(form, {}, letters.written("complaint", draft.lang, draft.params)))


@guest_pages.post("/review")
@anothers
def review_case() -> AnyResponse:
    """Take what the reviewer says, once."""
    try:
        form = read(caseforms.AnswerComplaint(), request.form)
        with current.begin() as office:
            mode = pressing.once(office, lambda: office.advise(
                _kept(), form["outcome"], form["words"], _reader()
            ))  # fmt: skip
    except InputError as problem:
        return make_response(_review(request.form, no_fields(problem)), 422)
    session.pop(REVIEW, None)
    return make_response(render_template("guesterase/guest/reviewed.html", mode=mode))


def _reader() -> str:
    """Return the host's id of who is logged in in this browser, or nothing."""
    here = logged_in()
    return "" if here is None else str(here.get_id())


def _kept() -> str:
    return str(session.get(REVIEW, ""))


def _review(
    values: Any, problems: dict[str, list[str]], letter: dict[str, str] | None = None
) -> str:
    try:
        with current.begin(write=False) as office:
            seen = office.reviewed_case(_kept())
    except TokenError:
        session.pop(REVIEW, None)
        raise
    hotel = current.settings.property(seen.property)
    tongue = language(zone=hotel.zone)
    return render_template(
        "guesterase/guest/review.html",
        seen=seen,
        hotel=hotel,
        answer=None if seen.answer is None else letters.sentences(tongue, hotel, seen.answer),
        values=values,
        problems=problems,
        letter=letter,
        outcome_options=[(each.value, tongue.gettext(OUTCOMES[each])) for each in seen.outcomes],
    )
