"""Incidents: what can happen to guests' data, how grave it is, and who is told by when.

Pure data and functions of time; the alarms of a law come from the jurisdiction packs.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from .rule import Grade


class Happening(StrEnum):
    """What happened."""

    LEAK = "leak"
    ERASURE = "wrong-erasure"
    DEVICE = "lost-device"
    RECIPIENT = "wrong-recipient"
    FAILURE = "system-failure"
    OPERATION = "mis-operation"


class Severity(StrEnum):
    """What it may mean for the people concerned; none where no personal data were.

    Source: GDPR Articles 33 and 34.
    """

    NONE = "risk-none"
    UNLIKELY = "risk-unlikely"
    RISK = "risk-likely"
    HIGH = "risk-high"


class Origin(StrEnum):
    """What it came from."""

    HUMAN = "human-error"
    TECHNICAL = "technical-fault"
    ATTACK = "attack"
    THEFT = "theft"
    PARTNER = "partner"
    UNKNOWN = "cause-unknown"


class Whom(StrEnum):
    """Who is told of it."""

    AUTHORITY = "authority"
    GUESTS = "guests"


class Way(StrEnum):
    """How those were told whom no letter reached; a law may know of no notice in public instead."""

    PUBLIC = "in-public"
    POST = "by-post"
    TELEPHONE = "by-telephone"
    SEVERAL = "in-several-ways"


OPEN, REVIEWED, CLOSED = "open", "reviewed", "closed"
"""States of an incident."""

QUEUED, SENDING, SENT = "proposed", "sending", "sent"
"""States of a notice: to guests it is proposed by one person and sent by a second."""

TAKEN_BACK = ""
"""State of a notice that waits for new words, of which there is what was told in public alone."""

COPIED = frozenset({Happening.ERASURE, Happening.FAILURE, Happening.OPERATION})
"""Of these the safety copies are evidence, and perhaps the only way back."""

_ORDER = tuple(Severity)


@dataclass(frozen=True)
class Alarm:
    """Who must be told of an incident, and how fast; a part of a jurisdiction pack.

    :param id: stable name, for example ``EU/authority``.
    :param whom: the authority, or the guests.
    :param hours: hours from the moment it was noticed; 0 for "at once", where a law has no number.
    :param severity: from which severity on.
    :param article: where it stands.
    :param source: where it was read.
    :param grade: how sure it is.
    :param as_of: day of the copy that was read.
    :param facts: identifiers of the facts it was made from.
    :param note: what somebody should know who relies on it.
    """

    id: str
    whom: Whom
    hours: int
    severity: Severity
    article: str = ""
    source: str = ""
    grade: Grade = Grade.C
    as_of: str = ""
    facts: tuple[str, ...] = ()
    note: str = ""

    @property
    def word(self) -> str:
        """Return its name as one word of the journal."""
        return self.id.replace("/", ".")

    def applies(self, severity: Severity | None) -> bool:
        """Return whether it rings; as long as nobody said how grave it is, it does.

        :param severity: how grave it is, or None.
        """
        return severity is None or _ORDER.index(severity) >= _ORDER.index(self.severity)

    def due(self, noticed: datetime) -> datetime:
        """Return by when it must be done.

        :param noticed: when somebody became aware of the incident.

        Source: Regulation (EEC, Euratom) No 1182/71 Article 3: hours run through weekends.
        """
        return noticed + timedelta(hours=self.hours)


HOUSE = (
    Alarm("HOUSE/authority", Whom.AUTHORITY, 72, Severity.RISK, grade=Grade.HOUSE),
    Alarm("HOUSE/guests", Whom.GUESTS, 0, Severity.HIGH, grade=Grade.HOUSE),
)
"""What rings where no law is recorded: a choice of the house, after the strictest general law."""
