"""Staff pages of the monthly review: open, hold, close; figures as they were."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from flask import make_response, redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from ...core.errors import InputError, TransitionError
from ...core.monthly import Measure
from ...core.permissions import Permission
from ...store.office import Office
from ..current import current
from ..forms import officerforms, pressing, schemas
from ..staffpages.desk import deed, granted, me, must, placed, staff_pages
from ..staffpages.persons import named
from ..wording.language import N_
from ..wording.reader import language
from ..wording.rendering import render_template

_MONTH = N_("Please give a month that has begun, as 2026-03.")
_TAKEN = N_(
    "There is a review of this month already: open it in the list below, or give another month."
)
_LOGIN = N_("Nobody of staff here has this login, or they take part already.")
_OWNER = N_("Nobody of staff here has this login, or the day is past.")


@staff_pages.get("/reviews")
def monthlies() -> str:
    """List the monthly reviews of the hotels at which the reader holds them."""
    return _list({}, {})


def _list(values: Any, problems: dict[str, list[str]]) -> str:
    hotels = must(Permission.IMPROVE)
    with current.begin(write=False) as office:
        rows = office.monthlies(me())
    today = datetime.now(ZoneInfo(hotels[0].zone)).date()
    last = (today.replace(day=1) - timedelta(days=1)).isoformat()[:7]
    return render_template(
        "guesterase/staff/monthlies.html",
        hotels={hotel.code: hotel for hotel in hotels},
        hotel_options=[(hotel.code, hotel.name) for hotel in hotels],
        rows=rows,
        values=values or {"month": last},
        problems=problems,
    )


@staff_pages.post("/reviews")
def open_monthly() -> AnyResponse:
    """Open the review of a month; its figures are frozen now."""
    hotels = {hotel.code: hotel for hotel in must(Permission.IMPROVE)}
    given = placed(request.form, hotels)
    try:
        form = schemas.read(officerforms.OpenMonthly(property=hotels), given)
        with current.begin() as office:
            number = pressing.once(
                office, lambda: office.open_monthly(form["property"], me(), form["month"]), me()
            )
    except InputError as problem:
        return make_response(_list(request.form, problem.fields or {"month": [_MONTH]}), 422)
    except TransitionError:
        return make_response(_list(request.form, {"month": [_TAKEN]}), 409)
    return redirect(url_for(".monthly", monthly=number), 303)


@staff_pages.get("/reviews/<monthly>", endpoint="monthly")
def show_monthly(monthly: str) -> str:
    """Show one review with its frozen figures, and what is to be done before it is closed."""
    return _show(monthly, {}, {})


def _show(number: str, values: Any, problems: dict[str, list[str]]) -> str:
    must(Permission.IMPROVE)
    with current.begin(write=False) as office:
        found = office.monthly(number, me())
    hotel = current.settings.property(found["property"])
    language(zone=hotel.zone)
    return render_template(
        "guesterase/staff/monthly.html",
        item=found,
        hotel=hotel,
        hotels=current.settings.properties,
        measures=[each.value for each in Measure],
        values=values,
        problems=problems,
    )


def _acted(
    number: str,
    schema: schemas.Form,
    act: Callable[[Office, dict[str, Any]], object],
    wrong: tuple[str, str],
) -> AnyResponse:
    """Do what a form says, or show the page again with what is wrong in it."""
    field, text = wrong
    try:
        form = schemas.read(schema, request.form)
        with current.begin() as office:
            act(office, form)
    except InputError as problem:
        shown = _show(number, request.form, problem.fields or {field: [text]})
        return make_response(shown, 422)
    return redirect(url_for(".monthly", monthly=number), 303)


@staff_pages.post("/reviews/<monthly>/members")
def join_monthly(monthly: str) -> AnyResponse:
    """Write down who takes part."""
    return _acted(
        monthly, officerforms.Join(),
        lambda office, form: pressing.once(
            office, lambda: office.join_monthly(monthly, named(form["login"]), me()), me(),
            pressing.MOMENT,
        ),
        ("login", _LOGIN),
    )  # fmt: skip


@staff_pages.post("/reviews/<monthly>/findings")
def find_monthly(monthly: str) -> AnyResponse:
    """Write down what was found."""
    return _acted(
        monthly, officerforms.Find(),
        lambda office, form: pressing.once(
            office, lambda: office.find_monthly(monthly, form["text"], me())
        ),
        ("text", _OWNER),
    )  # fmt: skip


@staff_pages.post("/reviews/<monthly>/actions")
def plan_monthly(monthly: str) -> AnyResponse:
    """Make a person answer for an action."""
    return _acted(
        monthly, officerforms.PlanAction(),
        lambda office, form: pressing.once(office, lambda: office.plan_monthly(
            monthly, (form["what"], named(form["owner"]), form["due"]), me()
        )),
        ("owner", _OWNER),
    )  # fmt: skip


@staff_pages.post("/actions/<int:action>/done")
def monthly_done(action: int) -> AnyResponse:
    """Note that an action of a review was done, by who answers for it or who holds reviews."""
    must(*Permission)
    deed(lambda office: office.monthly_done(action, me()))
    back = request.form.get("review", "")
    if back and granted(Permission.IMPROVE):
        return redirect(url_for(".monthly", monthly=back), 303)
    pressing.thank()
    if granted(Permission.VERIFY, Permission.APPROVE):
        return redirect(url_for(".queue"), 303)
    return redirect(url_for(".index"), 303)


@staff_pages.post("/reviews/<monthly>/close")
def close_monthly(monthly: str) -> AnyResponse:
    """Close a review, as another person than who opened it."""
    deed(lambda office: office.close_monthly(monthly, me()))
    return redirect(url_for(".monthly", monthly=monthly), 303)
