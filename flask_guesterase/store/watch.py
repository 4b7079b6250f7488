"""What `check` says of what should be so by itself: clock, sweep, copy of the keys, register."""

from __future__ import annotations

from ..core.finding import Finding, Severity
from . import brake, copies, runs
from .binds import awaiting
from .invented import canaries
from .remembrance import disks, remembering
from .work import Work

SEALED = frozenset({"guest_register"})
"""Retention categories whose records are sealed rather than left in their rows."""


def findings(work: Work) -> list[Finding]:
    """Return what is wrong with the clock, the sweep, the copy of the keys and the register.

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
    found += awaiting.findings(work)
    if _seals(work) and not copies.confirmed(work):
        found.append(_warn(
            "second-copy", "", "Nobody confirmed a copy of the keys outside the property, so what "
            "the law keeps stays in its rows.",
            "Copy the key folder away, then run `flask guesterase keys confirm-copy`.",
        ))
    return found + _register(work)


def _register(work: Work) -> list[Finding]:
    """Return what is wrong with the register of erasures, and with a restored database."""
    found: list[Finding] = []
    here = remembering.standing(work)
    if here is None:
        return found
    if here.missing:
        found.append(Finding(
            "register-missing", "", "", "The register of erasures is not where it was; nothing is "
            "erased.", "Mount its folder; if it is lost for good, run `flask guesterase replay "
            "--anew`.",
        ))
    elif here.known is None and remembering.erased_before(work.conn):
        found.append(_warn(
            "register-missing", "", "Earlier erasures are not in the register of erasures, which "
            "begins with the next one.",
            "After a restore of a copy from before it they must be found by hand.",
        ))
    if here.restored or here.holds:
        found.append(Finding(
            "restore-pending", "", "", "The database was restored and has not caught up with the "
            "register of erasures; nothing is erased.",
            "Run `flask guesterase replay` and read what it shows.",
        ))
    if disks.shared(work.conn, work.settings.register):
        found.append(_warn(
            "register-same-disk", "", "The register of erasures lies on the disk of the database: "
            "what takes the one takes the other.",
            "Point GUESTERASE_REGISTER to a folder on another disk.",
        ))
    return found


def _seals(work: Work) -> bool:
    return any(SEALED & set(t.retain.values()) for t in work.datamap.tables.values())


def _warn(id_: str, code: str, message: str, hint: str) -> Finding:
    return Finding(id_, "", code, message, hint, Severity.WARN)
