"""What of ours belongs to a property that the settings do not name any more."""

from __future__ import annotations

from collections import Counter

from sqlalchemy import func, select, true

from ...core.complaining import OPEN as COMPLAINED
from ...core.finding import Finding, Severity
from ...core.incidents import CLOSED
from ...core.lifecycle import OPEN, State
from .. import tables
from ..messages.outbox import SENT
from ..partners.outstanding import UNSETTLED, standing
from ..work import Work

_WAITING = (*OPEN, State.ERASING, State.CHECKING, State.PARTIAL, State.OFFERED)


def findings(work: Work) -> list[Finding]:
    """Return the codes under which something waits and nobody can see it.

    Nothing is lost or erased by it: whatever needs the property's law, zone or staff waits.

    :param work: an open transaction; a read-only one is enough.
    """
    return [
        Finding(
            "property-removed", "", code, f"The settings name no property of this code any more, "
            f"and {', '.join(f'{many} {what}' for what, many in sorted(waits.items()))} wait "
            "under it, which nobody sees.",
            "Name it in properties= again, with its controller, until they have ended; a house "
            "that was renamed keeps its code.",
            Severity.WARN,
        )
        for code, waits in sorted(_waiting(work).items())
    ]  # fmt: skip


def _waiting(work: Work) -> dict[str, Counter[str]]:
    """Return code -> what waits -> how many; of holds, some silent, no more is said."""
    request, kept, hold, task = tables.request, tables.kept, tables.hold, tables.task
    complaint, incident, parcel = tables.complaint, tables.incident, tables.outbox
    notice = tables.delivery
    found: dict[str, Counter[str]] = {}
    for what, table, condition in (
        ("forms", tables.intake, true()),
        ("requests", request, request.c.state.in_([state.value for state in _WAITING])),
        ("kept records", kept, kept.c.ended_at.is_(None)),
        ("tasks", task, task.c.done_at.is_(None)),
        ("complaints", complaint, complaint.c.state == COMPLAINED),
        ("incidents", incident, incident.c.state != CLOSED),
        ("kept records", hold, hold.c.lifted_at.is_(None)),
        ("notices to recipients", notice, notice.c.state.in_(UNSETTLED) & standing()),
        ("letters and files", parcel, parcel.c.request.is_(None) & (parcel.c.state != SENT)),
    ):
        rows = work.conn.execute(
            select(table.c.property, func.count()).where(condition).group_by(table.c.property)
        )
        for code, many in rows:
            if code and code not in work.settings.properties:
                found.setdefault(code, Counter())[what] += many
    return found
