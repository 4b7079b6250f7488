"""An erasure taken back over the API: proposed by one person's token, confirmed by another's."""

from __future__ import annotations

from typing import Any

from ...core.permissions import Permission
from ...store.depth import refresh
from ..current import current
from . import bodies, officerbodies
from .door import begin, me, once
from .route import operation


@operation("GET", "/requests/<number>/restore", Permission.VIEW, officerbodies.Restoration)
def restoration(number: str, form: dict[str, Any]) -> Any:
    """Tell until when an erasure can be taken back, who proposed it, and what came back, in counts.

    Where until is empty, why says what stands in the way.
    """
    with begin(write=False) as office:
        return office.restoration(number, me())


@operation(
    "POST", "/requests/<number>/restore", Permission.RESTORE, bodies.Identified,
    officerbodies.ProposeRestore, status=201, keyed=True,
)  # fmt: skip
def propose_restore(number: str, form: dict[str, Any]) -> Any:
    """Propose to take an erasure back, as the first person; return the proposal's number.

    A proposal that waits already gives way to it. The same Idempotency-Key with the same body
    returns the first proposal's number for a day.
    """
    with begin() as office:
        made = once(office, form, lambda: office.propose_restore(number, me(), form["ground"]))
    return {"id": int(made)}


@operation(
    "POST", "/requests/<number>/restore/confirm", Permission.RESTORE, officerbodies.Restored,
    officerbodies.ConfirmRestore,
)  # fmt: skip
def restore(number: str, form: dict[str, Any]) -> Any:
    """Take an erasure back that somebody else proposed to, by the number of what they proposed.

    All that can come back does at once; the certificate is revoked and the guest is told. Where
    nothing at all came back, restored is false and the erasure stands.
    """
    with begin() as office:
        report = office.restore(number, me(), form["proposal"])
    refresh.taken_back(current.run, number)
    return report.as_dict()
