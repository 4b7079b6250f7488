"""Staff pages of complaints: the list with its days, filing, the answer, a reviewer's link."""

from __future__ import annotations

from typing import Any

from flask import make_response, redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from ...core.complaining import RATINGS, About, Mode
from ...core.errors import ForbiddenError, InputError, UnknownError
from ...core.permissions import Permission
from ...store.complaints.looking import PAGE
from ...store.complaints.receiving import Grievance
from ..current import current
from ..forms import caseforms, pressing, schemas
from ..forms.untaken import on_page
from ..guestpages.grievance import RATED
from ..pages import no_fields, page_number
from ..staffpages.desk import granted, may, me, must, staff_pages, today
from ..wording import letters
from ..wording.casewords import MODES, OUTCOMES
from ..wording.language import N_
from ..wording.problems import named
from ..wording.reader import language
from ..wording.rendering import render_template
from ..wording.words import CHANNELS, word

_UNKNOWN = N_("There is no such request at this hotel.")


@staff_pages.get("/complaints")
def complaints() -> str:
    """List the complaints of the reader's hotels, a page at a time, and the feedback."""
    must(Permission.COMPLAINT)
    number = page_number()
    with current.begin() as office:
        rows = list(office.complaints(me(), page=number))
        said = office.feedback(me())
    tongue = language()
    rated = [(tongue.gettext(RATED[each]), said["counts"][each]) for each in reversed(RATINGS)]
    return render_template(
        "guesterase/staff/complaints.html",
        rows=rows[:PAGE],
        page=number,
        more=len(rows) > PAGE,
        rated=rated,
        said=said["words"],
    )


@staff_pages.get("/complaints/new")
def new_complaint() -> str:
    """Show the form for a complaint that came by mail, phone, letter or at the desk."""
    hotels = must(Permission.FILE, Permission.COMPLAINT)
    given = {"received": today(hotels[0]).isoformat(), "request": request.args.get("request", "")}
    return _form(given, {})


@staff_pages.post("/complaints/new")
def file_complaint() -> AnyResponse:
    """File a complaint."""
    hotels = {hotel.code: hotel for hotel in must(Permission.FILE, Permission.COMPLAINT)}
    hotel = hotels.get(request.form.get("property", ""), next(iter(hotels.values())))
    try:
        form = schemas.read(caseforms.FileComplaint(hotels, today(hotel)), request.form)
        code = form["property"] or hotel.code
        given = Grievance(
            form["about"], form["text"], code, form["request"], form["channel"], form["received"],
            form["lang"], form["contact"],
        )  # fmt: skip
        with current.begin() as office:
            number = pressing.once(office, lambda: office.file_complaint(given, me()))
            # It lies at the hotel of its request, whichever was chosen.
            code = office.show(form["request"])["property"] if form["request"] else code
    except (UnknownError, ForbiddenError) as problem:
        if not isinstance(named(problem), UnknownError):
            raise
        return make_response(_form(request.form, {"request": [_UNKNOWN]}), 422)
    except InputError as problem:
        return make_response(_form(request.form, no_fields(problem)), 422)
    if may(Permission.COMPLAINT, code):
        return redirect(url_for(".show_complaint", complaint=number), 303)
    return make_response(_filed(number))


def _filed(number: str, received: bool = False) -> str:
    # By when there is an answer who files may say, though they read nothing of it.
    with current.begin(write=False) as office:
        due = office.complaint_clock(number)["due_on"]
    return render_template(
        "guesterase/staff/complaintfiled.html", complaint=number, received=received, due_on=due
    )


def _form(values: Any, problems: dict[str, list[str]]) -> str:
    hotels = must(Permission.FILE, Permission.COMPLAINT)
    tongue = language()
    return render_template(
        "guesterase/staff/newcomplaint.html",
        values=values,
        problems=problems,
        hotel_options=[(hotel.code, hotel.name) for hotel in hotels],
        about_options=[(each.value, word(tongue, each)) for each in About],
        channel_options=[(c, tongue.gettext(CHANNELS[c])) for c in schemas.FILLABLE],
    )


@staff_pages.get("/complaints/<complaint>")
def show_complaint(complaint: str) -> str:
    """Show one complaint, and what the reader may do about it."""
    return _show(complaint, {}, {})


def _show(
    number: str,
    values: Any,
    problems: dict[str, list[str]],
    letter: dict[str, Any] | None = None,
    invitation: dict[str, str] | None = None,
) -> str:
    must(Permission.COMPLAINT)
    with current.begin() as office:
        found = office.complaint(number, me())
    hotel = current.settings.property(found["property"])
    tongue = language(zone=hotel.zone)
    return render_template(
        "guesterase/staff/complaint.html",
        item=found,
        hotel=hotel,
        values=values,
        problems=problems,
        letter=letter,
        invitation=invitation,
        outcome_options=[(each, tongue.gettext(OUTCOMES[each])) for each in found["outcomes"]],
        mode_options=[(each.value, tongue.gettext(MODES[each])) for each in Mode],
        sees_case=may(Permission.VIEW, hotel.code),
        reports=bool(granted(*Permission)),
    )


@staff_pages.post("/complaints/<complaint>/receipt")
def acknowledge_complaint(complaint: str) -> AnyResponse:
    """Note that who complained has the word that it was received."""
    with current.begin() as office:
        office.acknowledge_complaint(complaint, me())
    if "filed" in request.form:
        # Who filed it may not read it: its page would tell them that nothing was changed.
        return make_response(_filed(complaint, received=True))
    return _back(complaint)


@staff_pages.post("/complaints/<complaint>/letter")
def complaint_letter(complaint: str) -> AnyResponse:
    """Show the letter that would be sent, or what it was made from; nothing is decided yet."""
    if "change" in request.form:
        return make_response(_show(complaint, request.form, {}))
    try:
        form = schemas.read(caseforms.AnswerComplaint(), request.form)
        with current.begin() as office:
            draft = office.complaint_letter(complaint, me(), form["outcome"], form["words"])
    except InputError as problem:
        return make_response(_show(complaint, request.form, no_fields(problem)), 422)
    shown = letters.written("complaint", draft.lang, draft.params)
    return make_response(_show(complaint, form, {}, {**shown, "printed": draft.printed}))


@staff_pages.post("/complaints/<complaint>/answer")
def answer_complaint(complaint: str) -> AnyResponse:
    """Answer a complaint with the letter that was read."""
    try:
        form = schemas.read(caseforms.AnswerComplaint(), request.form)
        with current.begin() as office:
            pressing.once(office, lambda: office.answer_complaint(
                complaint, me(), form["outcome"], form["words"]
            ))  # fmt: skip
    except InputError as problem:
        return make_response(_show(complaint, request.form, no_fields(problem)), 422)
    return _back(complaint)


@staff_pages.post("/complaints/<complaint>/invite")
@on_page("show_complaint")
def invite_reviewer(complaint: str) -> str:
    """Invite somebody from outside; the link and its code are shown once."""
    form = schemas.read(caseforms.Invite(), request.form)
    with current.begin() as office:
        secret, code = office.invite_reviewer(complaint, me(), form["mode"])
    shown = {"link": letters.address(f"review/{secret}"), "code": code}
    return _show(complaint, {}, {}, invitation=shown)


def _back(number: str) -> AnyResponse:
    return redirect(url_for(".show_complaint", complaint=number), 303)
