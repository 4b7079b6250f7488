"""The failure watch over the API: what is wrong, who looks after it, and mistakes people report."""

from __future__ import annotations

from typing import Any

from ...core.permissions import Permission
from ...store.access import actors
from ...store.failures import alerts as watching
from ..current import current
from ..wording.trouble import NEXT
from . import bodies, casebodies
from .door import begin, me, mine, once
from .route import operation


@operation("GET", "/alerts", Permission.WATCH, casebodies.Alerts, casebodies.Watched)
def alerts(form: dict[str, Any]) -> Any:
    """List what is wrong, the oldest first, each with its next step; or what was closed last.

    What is the whole house's is listed with it, and when all was looked at last: an empty list
    that is stale says nothing.
    """
    with begin(write=False) as office:
        found = office.alerts(me(), form["property"], closed=form["state"] == "closed")
        looked, stale = office.looked()
        now = office.work.now
        backups = [
            {"kind": each.kind, "at": each.at, "stale": each.stale(now)}
            for each in office.backups()
        ]
    items = [{**each, "next": NEXT.get(each["kind"], "")} for each in found]
    return {"items": items, "looked": looked, "stale": stale, "backups": backups}


@operation("POST", "/alerts/look", Permission.WATCH, bodies.Done)
def look_over(form: dict[str, Any]) -> Any:
    """Look over everything now; `alerts` says what is wrong."""
    with begin() as office:
        actors.require(office.work, me(), Permission.WATCH, mine().property)
    watching.look_over(current.run)
    return {"done": True}


@operation("POST", "/alerts/<int:alert>/take", Permission.WATCH, bodies.Done)
def take_alert(alert: int, form: dict[str, Any]) -> Any:
    """Say that one looks after an alert; who did before hands it over by that."""
    with begin() as office:
        office.take_alert(alert, me())
    return {"done": True}


@operation(
    "POST", "/alerts/<int:alert>/close", Permission.WATCH, bodies.Done, casebodies.CloseAlert
)
def close_alert(alert: int, form: dict[str, Any]) -> Any:
    """Close an alert on a ground; what was fixed and is still there opens anew."""
    with begin() as office:
        office.close_alert(alert, me(), form["ground"])
    return {"done": True}


@operation(
    "POST", "/mistakes", Permission.REPORT, bodies.Identified, casebodies.ReportMistake,
    status=201, keyed=True,
)  # fmt: skip
def report_mistake(form: dict[str, Any]) -> Any:
    """Report a mistake; return the number of its alert.

    Where guests' data got into wrong hands, report an incident too: the law's clocks run there. The
    same Idempotency-Key with the same body returns the first report's number for a day.
    """
    place = form["property"] or mine().property
    with begin() as office:
        made = once(office, form, lambda: office.report_mistake(
            place, me(), form["kind"], form["noticed"], form["words"]
        ))  # fmt: skip
    return {"id": int(made)}
