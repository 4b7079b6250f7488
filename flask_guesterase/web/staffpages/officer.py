"""The officer's pages: the day's work, the shift, what is alike, and a refusal's letter."""

from __future__ import annotations

from typing import Any

from flask import make_response, redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from ...core.errors import InputError
from ...core.likeness import MOST
from ...core.permissions import Permission
from ..current import current
from ..forms import officerforms, pressing, schemas
from ..forms.untaken import on_page
from ..wording import letters
from ..wording.language import N_
from ..wording.reader import language
from ..wording.rendering import render_template
from ..wording.words import HOWS
from .desk import deed, granted, me, must, placed, staff_pages

_NOTE = N_(
    "Write a sentence or two, without a name, an address or a long number; the number of a "
    "request may stand in it."
)


@staff_pages.get("/queue")
def queue() -> str:
    """Show what is due, who looks after it, and shifts that wait for somebody."""
    return _queue({}, {})


def _queue(values: Any, problems: dict[str, list[str]]) -> str:
    hotels = must(Permission.VERIFY, Permission.APPROVE)
    chosen = request.args.get("property", "")
    with current.begin(write=False) as office:
        rows = office.queue(me(), chosen)
        shifts = office.handovers(me())
        owed = office.owed(me())
        measures = office.measures(me())
    late = sum(row["late"] or row["receipt_late"] for row in rows)
    return render_template(
        "guesterase/staff/queue.html",
        hotels={hotel.code: hotel for hotel in hotels},
        hotel_options=[(hotel.code, hotel.name) for hotel in hotels],
        chosen=chosen,
        rows=rows,
        numbers=(late, len(rows), sum(row["mine"] for row in rows)),
        shifts=shifts,
        owed=owed,
        measures=measures,
        viewing={hotel.code for hotel in granted(Permission.VIEW)},
        deciding=bool(granted(Permission.APPROVE)),
        values=values,
        problems=problems,
    )


@staff_pages.post("/shift")
def hand_over() -> AnyResponse:
    """End the reader's shift with a note for who comes."""
    hotels = {hotel.code: hotel for hotel in must(Permission.VERIFY, Permission.APPROVE)}
    given = placed(request.form, hotels)
    try:
        form = schemas.read(officerforms.HandOver(property=hotels), given)
        with current.begin() as office:
            pressing.once(
                office, lambda: office.hand_over(form["property"], form["text"], me()), me(),
                pressing.MOMENT,
            )
    except InputError as problem:
        problems = problem.fields or {"text": [_NOTE]}
        return make_response(_queue(request.form, problems), 422)
    return redirect(url_for(".queue"), 303)


@staff_pages.post("/shift/<int:shift>/take")
def take_over(shift: int) -> AnyResponse:
    """Take a shift over with its open requests."""
    must(Permission.VERIFY, Permission.APPROVE)
    deed(lambda office: office.take_over(shift, me()))
    return redirect(url_for(".queue"), 303)


@staff_pages.get("/alike")
def alike() -> str:
    """Show the groups of requests of low risk, and what is alike in each."""
    return _alike()


def _alike(wrong: bool = False) -> str:
    hotels = {hotel.code: hotel for hotel in must(Permission.APPROVE)}
    with current.begin(write=False) as office:
        found = office.alike(me())
    return render_template(
        "guesterase/staff/alike.html",
        hotels=hotels,
        groups=found,
        viewing={hotel.code for hotel in granted(Permission.VIEW)},
        most=MOST,
        wrong=wrong,
        hows=HOWS,
    )


@staff_pages.post("/alike")
def approve_alike() -> AnyResponse:
    """Approve the requests that were ticked, all of them or none."""
    must(Permission.APPROVE)
    ticked = [text.replace("\0", "") for text in request.form.getlist("case")]
    pairs = [text.partition(":") for text in ticked]
    try:
        deed(lambda office: office.approve_alike({number: d for number, _, d in pairs}, me()))
    except InputError:
        return make_response(_alike(wrong=True), 422)
    pressing.thank()
    return redirect(url_for(".queue"), 303)


@staff_pages.get("/<number>/refusal")
@on_page("show")
def refusal(number: str) -> AnyResponse:
    """Show the letter by which a request would be refused; nothing is decided yet."""
    form = schemas.read(schemas.Refuse(), request.args)
    with current.begin(write=False) as office:
        case = office.show(number, by=me())
        draft = office.refusal_letter(number, me(), form["ground"])
    hotel = current.settings.property(case["property"])
    language(zone=hotel.zone)
    return make_response(
        render_template(
            "guesterase/staff/refusal.html",
            case=case,
            hotel=hotel,
            ground=form["ground"],
            printed=draft.printed,
            letter=letters.written("refused", draft.lang, draft.params),
        )
    )
