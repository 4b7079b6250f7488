"""What a host says of its own backups: how old each is, and when that is too old."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from .errors import InputError
from .kinds import TEXT, Kind, check

_KIND = re.compile(r"[a-z][a-z0-9-]{0,29}\Z")
_MOMENT: Kind = "a moment with its zone (datetime)", lambda given: isinstance(given, datetime)
_HOURS: Kind = "whole hours", lambda given: isinstance(given, int)
_AHEAD = timedelta(minutes=5)

MOST_HOURS = 24 * 366
"""Longest time between two backups that anybody may name, in hours."""


@dataclass(frozen=True)
class Backup:
    """One backup of the host's, as the host reports it.

    :param kind: a short word of the host's, for example ``database`` or ``scans``.
    :param at: aware time at which it was made.
    :param hours: after how many hours it is too old.
    """

    kind: str
    at: datetime
    hours: int = 48

    def stale(self, now: datetime) -> bool:
        """Return whether it is too old.

        :param now: aware time.
        """
        return now - self.at > timedelta(hours=self.hours)


def checked(backup: Backup, now: datetime) -> Backup:
    """Return a reported backup with its time in UTC.

    :param backup: what the host says.
    :param now: aware UTC time.
    :raises InputError: it is no such report, or it is said to be made in the future.
    """
    check(backup, InputError, kind=TEXT, at=_MOMENT, hours=_HOURS)
    if not _KIND.match(backup.kind) or not 0 < backup.hours <= MOST_HOURS:
        raise InputError(
            "This is no report of a backup.",
            "Give a short word in small letters, and after how many hours it is too old.",
        )
    if backup.at.tzinfo is None:
        raise InputError(
            "Nobody knows in which time zone this backup was made.", "Give a time with its zone."
        )
    if backup.at > now + _AHEAD:
        raise InputError("This backup would be made in the future.", "Look at the clocks.")
    return Backup(backup.kind, backup.at.astimezone(UTC), backup.hours)
