"""What `check` says of what should be so by itself: clock, sweep, keys, register, checkpoints."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

from sqlalchemy import literal, select

from ...core import rotation
from ...core.errors import DeliveryError, SetupError
from ...core.finding import Finding, Severity
from ...core.treatment import File
from ..access import brake
from ..binds import awaiting
from ..census import watching
from ..checking.gaps import unreadable
from ..erasing.eraser import SEALED
from ..erasing.traces import holds
from ..executing import execution
from ..invented import canaries
from ..keys import copies
from ..mapping.declared import Declared
from ..messages import unremoved
from ..messages.removal import MARK, usable
from ..release import releasing
from ..remembrance import disks, remembering
from ..remembrance.erasures import Register
from ..sweeping import backlog, doors, halting, runs
from ..work import Work
from . import consistency, soundness, unlisted

_LATE = timedelta(days=3)


def findings(work: Work, doubt: str | None = None) -> list[Finding]:
    """Return what is wrong with the clock, the sweep, the copy of the keys and the register.

    :param work: an open transaction; a read-only one is enough.
    :param doubt: why the clock cannot be believed, where that was asked a moment ago.
    """
    found = []
    if brake.doubted(work) if doubt is None else doubt:
        found.append(_warn(
            "clock-doubted", "", "The clock ran backwards or leapt; nothing is erased by day.",
            "Set it right, then let two people run `flask guesterase clock confirm`.",
        ))
    if runs.is_stale(work):
        found.append(_warn(
            "sweep-stale", "", "No sweep has come to its end for a day and a half.",
            "Let cron, a systemd timer or Celery run `flask guesterase sweep` every night.",
        ))
    found += doors.findings(work) + halting.findings(work)
    for shown in runs.previews(work, sorted(work.settings.properties)):
        if not (shown.current and shown.confirmed_by):
            found.append(_warn(
                "sweep-unconfirmed", shown.property,
                "Nobody confirmed what a sweep would erase here.",
                "Read what `flask guesterase sweep --status` shows, then let it go by its number: "
                "`sweep --confirm --preview ID`.",
            ))
    found += _failing(work)
    found += canaries.findings(work)
    register = _register(work)
    found += _keys(work, any(each.id == "restore-pending" for each in register))
    found += watching.findings(work)
    found += consistency.findings(work)
    found += awaiting.findings(work)
    found += unlisted.findings(work)
    found += _files(work)
    if _seals(work) and not copies.confirmed(work):
        found.append(_warn(
            "second-copy", "", "Nobody confirmed a copy of the keys outside the property, so what "
            "the law keeps stays in its rows.",
            "Copy the key folder away, then run `flask guesterase keys confirm-copy`.",
        ))
    return found + register + _checkpoints(work)


def _failing(work: Work) -> list[Finding]:
    """Return the properties at which something was tried so often that a person must look."""
    rows = [
        _warn(
            "due-failing", code, f"{count} rows that have had their time could not be erased.",
            "Run `flask guesterase sweep --status`, cure what it names, then run it with --retry.",
        )
        for code, count in backlog.given_up(work).items()
    ]  # fmt: skip
    return rows + [
        _warn(
            "due-failing", code, f"{count} approved requests could not be carried out, time after "
            "time.",
            "Run `flask guesterase erase NUMBER` for each that is approved: it says why. It is "
            "tried again once a day.",
        )
        for code, count in execution.failing(work).items()
    ]  # fmt: skip


def _files(work: Work) -> Iterator[Finding]:
    """Yield the folders of files that no erasure would believe, though rows name files there."""
    hidden, told = unreadable(work.whole()), set[str]()
    for table, declared in sorted(work.datamap.tables.items()):
        for name in declared.rules if table not in hidden else ():
            rule = declared.written(name)
            if isinstance(rule, File) and _away(rule.root) and _names(work, declared, name):
                told.add(rule.root)
                yield _gone(table, name, f"Rows name files in {rule.root}")
    # Of rows that were erased none names it any more, and a rule may name another by now.
    root = unremoved.away(work)
    if root and root not in told and _away(root):
        yield _gone("", "", f"Files are to be removed from {root}")


def _gone(table: str, column: str, what: str) -> Finding:
    return Finding(
        "files-away", table, column, f"{what}, which is not there, cannot be listed, or is empty "
        "as one whose share is not mounted: their removal is tried until it is back, and after two "
        "days a certificate says that a file stays.",
        f"Mount the share; where the folder is meant to be empty, put a file {MARK} in it.",
        Severity.WARN,
    )  # fmt: skip


def _away(root: str) -> bool:
    try:
        usable(root)
    except DeliveryError:
        return True
    return False


def _names(work: Work, declared: Declared, column: str) -> bool:
    here = declared.alias("t0")
    there = here.c[column].is_not(None), holds(declared, here, [column])
    found = select(literal(1)).select_from(here).where(*there).limit(1)
    return work.conn.execute(found).first() is not None


def _checkpoints(work: Work) -> list[Finding]:
    """Return what is wrong with the places outside that take checkpoints of the journals."""
    if not work.places:
        return [_warn(
            "checkpoint-missing", "", "No place outside takes checkpoints: whoever owns this "
            "machine could write the journal anew, and nobody could tell.",
            "Set GUESTERASE_CHECKPOINTS to a folder on another machine, a mailbox or a witness.",
        )]
    found = []
    if releasing.late(work):
        found.append(_warn(
            "checkpoint-late", "", "No place outside took a checkpoint for more than a day.",
            "Run `flask guesterase checkpoint --release` and read what it says.",
        ))
    if releasing.refused(work):
        found.append(_warn(
            "checkpoint-refused", "", "A place outside has seen another journal, or more of it.",
            "If the database was restored, run `flask guesterase replay`; if not, somebody cut "
            "or changed the journal: run `flask guesterase verify`.",
        ))
    for place in work.places:
        if place.folder is not None and disks.shared(work.conn, str(place.folder.path)):
            found.append(_warn(
                "checkpoint-same-disk", "", "A folder that takes checkpoints lies on the disk of "
                "the database: what takes the one takes the other.",
                "Name a folder on another machine in GUESTERASE_CHECKPOINTS.",
            ))
    return found


_SHOWN = 5

_FIRST = (
    "Bring no key back yet: those of what ended since the copy was made were destroyed as they "
    "should be. Run `flask guesterase replay` first."
)
"""What to do about keys that a restored database still counts on."""


def _keys(work: Work, restored: bool) -> list[Finding]:
    """Return what is wrong with the keys, before somebody needs them."""
    faults = soundness.whole(work).faults
    found = [
        Finding("keys-unsound", "", each.place, each.message, _FIRST if restored else each.hint)
        for each in faults[:_SHOWN]
    ]
    if why := work.custodian.closed():
        found.append(Finding(
            "keys-closed", "", "", f"No key can be made in the key folder ({why}): from the next "
            "day on nothing is taken in, sealed or erased.",
            f"Let {work.custodian.path} and its files belong to the account of this application, "
            "keep it writable, and look for free space on its disk.",
        ))
    now, today = work.custodian.root(), work.now.date()
    if now.next and copies.ever(work) and not copies.of_next(work):
        found.append(_warn(
            "root-copy", "", "Nobody confirmed a copy of the next root of the keys; where the old "
            "one ends before somebody does, what the law keeps stays in its rows.",
            "Copy the key folder away, then run `flask guesterase keys confirm-copy` with what "
            "`keys fingerprint --next` prints there.",
        ))
    if now.since and today > rotation.ends(date.fromisoformat(now.since)) + _LATE:
        found.append(_warn(
            "root-old", "", "The root of the keys was to end days ago: old copies of the key "
            "folder are dangerous for longer than certificates say.",
            "Let cron run `flask guesterase sweep`, read what it says about the keys, or run "
            "`flask guesterase keys rotate`.",
        ))
    return found


def _register(work: Work) -> list[Finding]:
    """Return what is wrong with the register of erasures, and with a restored database."""
    file = remembering.register(work)
    if file is None:
        return []
    found = _closed(file)
    try:
        here = remembering.standing(work)
    except SetupError as problem:
        return [*found, Finding("register-closed", "", "", problem.message, problem.hint)]
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


def _closed(file: Register) -> list[Finding]:
    why = file.closed()
    return [Finding(
        "register-closed", "", "", f"The register of erasures cannot be written ({why}), so "
        "nothing is erased.",
        f"Mount {file.folder}, let it and its files belong to the account of this application, "
        "keep it writable, and look for free space on its disk.",
    )] if why else []  # fmt: skip


def _seals(work: Work) -> bool:
    return any(SEALED & set(t.retain.values()) for t in work.datamap.tables.values())


def _warn(id_: str, code: str, message: str, hint: str) -> Finding:
    return Finding(id_, "", code, message, hint, Severity.WARN)
