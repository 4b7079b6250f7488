"""Staff pages of the guest register: produce lines for an authority, and look at it again."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from flask import Response, make_response, redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from ...core.errors import InputError
from ...core.permissions import Permission
from ...core.register import Asked, Basis, Judgement
from ...store.office import Office
from ...store.registers.disclosures import PAGE
from ...store.registers.register import AGAIN, Produced, document
from ..current import current
from ..forms import pressing, schemas
from ..forms.untaken import on_page
from ..pages import no_fields, page_number
from ..wording.language import N_
from ..wording.reader import language
from ..wording.registered import shown, title
from ..wording.rendering import render_template
from ..wording.words import FORMATS, word
from .desk import deed, granted, may, me, must, staff_pages

REFUSED: tuple[str, ...] = (
    N_("A last night needs a first one."),
    N_("A request may span 1 to 31 nights."),
    N_("This night is still to come: check day and year."),
    N_("The law of this place does not let this authority see the register on this basis."),
)
"""What nobody may ask, as `core.register` says it; the form says it in the reader's words."""


@staff_pages.get("/register")
def register() -> str:
    """Show the form by which a clerk produces the register of a night."""
    hotels = must(Permission.REGISTER)
    # Until noon the night that began yesterday is meant.
    night = (datetime.now(ZoneInfo(hotels[0].zone)) - timedelta(hours=12)).date()
    return _form({"night": night.isoformat()}, {})


@staff_pages.post("/register")
def produce() -> AnyResponse:
    """Produce what was asked: on a page to print, or as a file."""
    hotels = {hotel.code: hotel for hotel in must(Permission.REGISTER)}
    try:
        form = schemas.read(schemas.Produce(property=hotels), request.form)
        kind, place = form.pop("format"), form.pop("property")
        asked = Asked(place, **form)
        with current.begin() as office:
            produced = _produced(office, asked)
    except InputError as problem:
        return make_response(_form(request.form, no_fields(problem)), 422)
    return _answer(asked, produced, kind)


def _produced(office: Office, asked: Asked) -> Produced:
    """Produce what was asked; of a form that is sent twice, the same again under one number."""
    made: list[Produced] = []

    def first() -> str:
        made.append(office.produce_register(asked, me()))
        return made[0].number

    number = pressing.once(office, first, me(), AGAIN)
    if made:
        return made[0]
    again = office.produce_register(asked, me(), number)
    if again.number != number:
        # Other lines than before are shown, and recorded, anew.
        pressing.before()
    return again


def _form(values: Any, problems: dict[str, list[str]]) -> str:
    hotels = must(Permission.REGISTER)
    tongue = language()
    return render_template(
        "guesterase/staff/register.html",
        values=values,
        problems=problems,
        hotel_options=[(hotel.code, hotel.name) for hotel in hotels],
        basis_options=[(basis.value, word(tongue, basis)) for basis in Basis],
        format_options=[(kind, tongue.gettext(text)) for kind, text in FORMATS.items()],
    )


def _answer(asked: Asked, produced: Produced, kind: str) -> AnyResponse:
    if kind == "page":
        return make_response(_page(asked, produced))
    answer = Response(
        document(asked, produced, kind),
        mimetype="text/csv" if kind == "csv" else "application/json",
    )
    name = f"{produced.number}.{kind}"
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer


def _page(asked: Asked, produced: Produced) -> str:
    hotel = current.settings.property(produced.place)
    tongue = language(zone=hotel.zone)
    columns, lines = produced.table()
    zones = [line.zone for line in produced.lines]
    return render_template(
        "guesterase/staff/produced.html",
        hotel=hotel,
        asked=asked,
        produced=produced,
        columns=[(name, title(tongue, name)) for name in columns],
        lines=[
            (line, {name: shown(tongue, name, text, zone) for name, text in line.items()})
            for line, zone in zip(lines, zones, strict=True)
        ],
        freezable=may(Permission.FREEZE, hotel.code),
    )


@staff_pages.get("/disclosures")
def disclosures() -> str:
    """List what was produced for authorities, what waits for a second person first, by pages."""
    hotels = {h.code: h for h in must(Permission.REGISTER, Permission.AUDIT)}
    number = page_number()
    with current.begin() as office:
        rows = office.disclosures(me(), page=number)
    shown = [
        {
            **row,
            "made": language(zone=hotels[row["property"]].zone).moment(row["made_at"]),
            "due": language(zone=hotels[row["property"]].zone).moment(row["review_due"]),
        }
        for row in rows[:PAGE]
    ]
    tongue = language()
    return render_template(
        "guesterase/staff/disclosures.html",
        rows=shown,
        page=number,
        more=len(rows) > PAGE,
        may_produce=bool(granted(Permission.REGISTER)),
        finding_options=[(finding.value, word(tongue, finding)) for finding in Judgement],
    )


@staff_pages.post("/disclosures/<disclosure>")
@on_page("disclosures")
def review(disclosure: str) -> AnyResponse:
    """Record what a second person finds."""
    form = schemas.read(schemas.Review(), request.form)
    deed(lambda office: office.review_disclosure(disclosure, me(), form["finding"]))
    return redirect(url_for(".disclosures"), 303)
