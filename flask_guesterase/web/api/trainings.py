"""Training over the API: whose is over or missing; courses are read on the pages."""

from __future__ import annotations

from typing import Any

from ...core.permissions import Permission
from ...store.access import actors
from . import bodies
from .door import begin, me, mine
from .route import operation


@operation("GET", "/trainings/overdue", Permission.WATCH, bodies.Items)
def overdue_trainings(form: dict[str, Any]) -> Any:
    """List whose training is over or missing, or ends within a month, by opaque number."""
    with begin(write=False) as office:
        # An empty list would say that everybody is trained.
        actors.require(office.work, me(), Permission.WATCH, mine().property)
        return {"items": office.overdue_trainings(me())}
