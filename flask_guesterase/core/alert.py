"""What can be wrong and must be looked after: kinds of alerts, and on what ground one is closed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum


class AlertKind(StrEnum):
    """What is wrong."""

    PAST_DUE = "past-due"
    ANSWER_LATE = "answer-late"
    REQUEST_FAILING = "request-failing"
    BOX_LATE = "box-late"
    MESSAGE_FAILED = "message-failed"
    FILE_FAILED = "file-failed"
    FILES_AWAY = "files-away"
    DATABASE_AWAY = "database-away"
    RECIPIENT_FAILED = "recipient-failed"
    WORKER_SILENT = "worker-silent"
    SWEEP_STALE = "sweep-stale"
    CLOCK_DOUBTED = "clock-doubted"
    JOURNAL_BROKEN = "journal-broken"
    REGISTER_BROKEN = "register-broken"
    REGISTER_CLOSED = "register-closed"
    RESTORE_PENDING = "restore-pending"
    KEYS_UNSOUND = "keys-unsound"
    CHECKPOINTS = "checkpoints"
    BACKUP_MISSING = "backup-missing"
    BACKUP_STALE = "backup-stale"
    EMERGENCY = "emergency-unprinted"
    TRAINING_DUE = "training-due"
    OBJECTED = "objected-late"
    MISTAKE = "mistake"


SINCE_A_DAY = frozenset({AlertKind.PAST_DUE, AlertKind.ANSWER_LATE, AlertKind.BOX_LATE})
"""What is wrong since a day, which is written down as its midnight, and not since a moment."""


class Mistake(StrEnum):
    """What kind of mistake somebody on duty reports."""

    NOT_ERASED = "not-erased"
    NOT_BACKED_UP = "not-backed-up"
    WRONG_ERASED = "wrong-erased"
    SEEN = "seen-by-others"
    SENT = "sent-wrongly"
    OTHER = "other-mistake"


class Closing(StrEnum):
    """On what ground an alert is closed; the last one is the programme's own."""

    FIXED = "fixed"
    NO_FAULT = "no-fault"
    ACCEPTED = "accepted"
    GONE = "gone"


BY_PEOPLE = (Closing.FIXED, Closing.NO_FAULT, Closing.ACCEPTED)
"""Grounds on which a person closes an alert."""

SILENT_FOR = timedelta(days=30)
"""How long what a person called no fault, or accepted, is not said again while it goes on."""

DEPUTY_AFTER = timedelta(days=1)
"""After this time the deputy is told of what nobody looks after."""

OLDEST_MISTAKE = timedelta(days=366)
"""How long ago a mistake can have been noticed that is reported now."""

FOUND: Mapping[str, AlertKind] = {
    "files-away": AlertKind.FILES_AWAY,
    "sweep-stale": AlertKind.SWEEP_STALE,
    "clock-doubted": AlertKind.CLOCK_DOUBTED,
    "keys-unsound": AlertKind.KEYS_UNSOUND,
    "keys-foreign": AlertKind.KEYS_UNSOUND,
    "keys-closed": AlertKind.KEYS_UNSOUND,
    "root-old": AlertKind.KEYS_UNSOUND,
    "restore-pending": AlertKind.RESTORE_PENDING,
    "register-closed": AlertKind.REGISTER_CLOSED,
    "register-missing": AlertKind.RESTORE_PENDING,
    "register-missed": AlertKind.REGISTER_BROKEN,
    "register-uncounted": AlertKind.REGISTER_BROKEN,
    "records-differ": AlertKind.JOURNAL_BROKEN,
    "checkpoint-late": AlertKind.CHECKPOINTS,
    "checkpoint-missing": AlertKind.CHECKPOINTS,
    "checkpoint-refused": AlertKind.CHECKPOINTS,
}
"""Finding of `check` (see `core.finding.KINDS`) -> the alert it is."""


@dataclass(frozen=True, order=True)
class Cause:
    """One thing that is wrong now; the first three tell whether it is the same as before.

    :param kind: one of `AlertKind`.
    :param property: code of the property, or empty for the whole house.
    :param about: what exactly, in a word or a name: a table and category, a finding, a backup.
    :param since: when it began, naive UTC; when it was seen first where nobody knows.
    :param count: how many of it, or None.
    """

    kind: str
    property: str
    about: str
    since: datetime
    count: int | None = None

    def same(self) -> tuple[str, str, str]:
        """Return by what it is known to be the same as before."""
        return self.kind, self.property, self.about
