"""The monthly review over the API: opened, held, closed, and what is to be done after it."""

from __future__ import annotations

from typing import Any

from ...core.permissions import Permission
from ...store.access import actors
from ..staffpages.persons import named
from . import bodies, officerbodies
from .door import begin, me, mine, must, once
from .route import operation


@operation("GET", "/reviews", Permission.IMPROVE, bodies.Items)
def monthlies(form: dict[str, Any]) -> Any:
    """List the monthly reviews of the property, the newest first."""
    with begin(write=False) as office:
        return {"items": office.monthlies(me())}


@operation(
    "POST", "/reviews", Permission.IMPROVE, officerbodies.MonthlyNumbered,
    officerbodies.OpenMonthly, status=201, keyed=True,
)  # fmt: skip
def open_monthly(form: dict[str, Any]) -> Any:
    """Open the review of a month, the last whole one where none is named; its figures are frozen.

    They are those of the token's property alone. The same Idempotency-Key with the same body
    returns the first review's number for a day.
    """
    place = form["property"] or mine().property
    with begin() as office:
        number = once(office, form, lambda: office.open_monthly(place, me(), form["month"]))
    return {"number": number}


@operation("GET", "/reviews/<review>", Permission.IMPROVE, officerbodies.Reviewed)
def monthly(review: str, form: dict[str, Any]) -> Any:
    """Show one monthly review: frozen figures, who takes part, findings, actions, what is missing.

    Figures of others are those that were known when it was opened.
    """
    with begin(write=False) as office:
        return office.monthly(review, me())


@operation(
    "POST", "/reviews/<review>/members", Permission.IMPROVE, bodies.Identified,
    officerbodies.JoinMonthly, status=201, keyed=True,
)  # fmt: skip
def join_monthly(review: str, form: dict[str, Any]) -> Any:
    """Write down who takes part in a monthly review, by their login.

    The same Idempotency-Key with the same body returns the first line's number for a day.
    """
    with begin() as office:
        return _line(once(
            office, form, lambda: office.join_monthly(review, named(form["login"]), me())
        ))  # fmt: skip


@operation(
    "POST", "/reviews/<review>/findings", Permission.IMPROVE, bodies.Identified,
    officerbodies.FindMonthly, status=201, keyed=True,
)  # fmt: skip
def find_monthly(review: str, form: dict[str, Any]) -> Any:
    """Write down what a monthly review found, without anybody's data.

    The same Idempotency-Key with the same body returns the first line's number for a day.
    """
    with begin() as office:
        return _line(once(
            office, form, lambda: office.find_monthly(review, form["text"], me())
        ))  # fmt: skip


@operation(
    "POST", "/reviews/<review>/actions", Permission.IMPROVE, bodies.Identified,
    officerbodies.PlanMonthly, status=201, keyed=True,
)  # fmt: skip
def plan_monthly(review: str, form: dict[str, Any]) -> Any:
    """Make a person answer, by their login, for what is to be done by a day.

    The same Idempotency-Key with the same body returns the first line's number for a day.
    """
    with begin() as office:
        return _line(once(office, form, lambda: office.plan_monthly(
            review, (form["what"], named(form["owner"]), form["due"]), me()
        )))  # fmt: skip


def _line(made: str) -> dict[str, int]:
    return {"id": int(made)}


@operation("POST", "/reviews/<review>/close", Permission.IMPROVE, bodies.Done)
def close_monthly(review: str, form: dict[str, Any]) -> Any:
    """Close a monthly review, as another person than who opened it."""
    with begin() as office:
        office.close_monthly(review, me())
    return {"done": True}


@operation("GET", "/actions", None, bodies.Items)
def owed(form: dict[str, Any]) -> Any:
    """List the actions of monthly reviews that one answers for and that are not done.

    It needs any permission at the property.
    """
    with begin(write=False) as office:
        must(office)
        items = [
            each for each in office.owed(me()) if actors.works(office.work, me(), each["property"])
        ]
        return {"items": items}


@operation("POST", "/actions/<int:action>/done", None, bodies.Done)
def monthly_done(action: int, form: dict[str, Any]) -> Any:
    """Note that an action of a monthly review was done.

    It needs the permission improve, or any one of who answers for the action.
    """
    with begin() as office:
        office.monthly_done(action, me())
    return {"done": True}
