"""What ends by its day, over the API: a sweep by hand, and the stop switch."""

from __future__ import annotations

from typing import Any

from ...core.permissions import Permission
from ..current import current
from . import bodies, officerbodies
from .door import begin, me
from .route import operation


@operation("POST", "/sweep/now", Permission.LAW, officerbodies.Begins, status=202)
def sweep_now(form: dict[str, Any]) -> Any:
    """Ask for a sweep though it is not time; it erases only what was confirmed.

    Where begins is true it begins in the background at once. Elsewhere it does with the next round
    of a process that does them, or with the next `flask guesterase sweep`. In what /sweep tells,
    asked is true until a sweep that began since has come to its end.
    """
    with begin() as office:
        office.ask_sweep(me())
    return {"begins": current.wake()}


@operation("POST", "/sweep/halt", Permission.LAW, bodies.Done, officerbodies.Halt)
def halt_sweep(form: dict[str, Any]) -> Any:
    """Stop erasing by day at all hotels of the installation, at once; one person is enough."""
    with begin() as office:
        office.halt_sweep(me(), form["ground"])
    return {"done": True}


@operation("POST", "/sweep/resume", Permission.LAW, bodies.Done)
def resume_sweep(form: dict[str, Any]) -> Any:
    """Say that erasing by day goes on; it does, and done is true, when the second person says so.

    They have 24 hours after the first one.
    """
    with begin() as office:
        return {"done": office.resume_sweep(me())}
