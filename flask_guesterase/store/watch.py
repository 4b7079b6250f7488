"""What `check` says of things that should happen by themselves: clock, sweep, copy of the keys."""

from __future__ import annotations

from ..core.finding import Finding, Severity
from . import brake, canaries, copies, runs
from .work import Work

SEALED = frozenset({"guest_register"})
"""Retention categories whose records are sealed rather than left in their rows."""


def findings(work: Work) -> list[Finding]:
    """Return what is wrong with the clock, the sweep and the copy of the keys.

    :param work: an open transaction; a read-only one is enough.
    """
    found = []
    if brake.doubt(work.conn, work.stamp):
        found.append(_warn(
            "clock-doubted", "", "The clock ran backwards or leapt; nothing is erased by day.",
            "Set it right, then let two people run `flask guesterase clock confirm`.",
        ))
    if runs.is_stale(work):
        found.append(_warn(
            "sweep-stale", "", "No sweep has come to its end for a day and a half.",
            "Let cron run `flask guesterase sweep` every night.",
        ))
    for code in sorted(work.settings.properties):
        shown = runs.shown(work, code)
        if shown is not None and not (shown.current and shown.confirmed_by):
            found.append(_warn(
                "sweep-unconfirmed", code, "Nobody confirmed what a sweep would erase here.",
                "Read what `flask guesterase sweep` shows, then run it with --confirm.",
            ))
    found += canaries.findings(work)
    if _seals(work) and not copies.confirmed(work):
        found.append(_warn(
            "second-copy", "", "Nobody confirmed a copy of the keys outside the property, so what "
            "the law keeps stays in its rows.",
            "Copy the key folder away, then run `flask guesterase keys confirm-copy`.",
        ))
    return found


def _seals(work: Work) -> bool:
    return any(SEALED & set(t.retain.values()) for t in work.datamap.tables.values())


def _warn(id_: str, code: str, message: str, hint: str) -> Finding:
    return Finding(id_, "", code, message, hint, Severity.WARN)
