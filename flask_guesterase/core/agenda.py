"""The days of a case, and the calendar file that takes them to a guest's own calendar."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from enum import StrEnum


class Moment(StrEnum):
    """What happens to a case on a day, in the order in which a guest reads it."""

    RECEIVED = "day-received"
    SHOWN = "day-shown"
    ANSWER = "day-answer"
    DECIDED = "day-decided"
    WAITS = "day-waits"
    ERASED = "day-erased"
    RESTORED = "day-restored"
    WITHDRAWN = "day-withdrawn"
    COPY = "day-copy"
    SAFETY = "day-safety"
    STAYS = "day-stays"


COMING = frozenset({Moment.ANSWER, Moment.WAITS, Moment.COPY, Moment.SAFETY, Moment.STAYS})
"""Moments that can lie ahead; the others are told once they happened."""


@dataclass(frozen=True)
class Milestone:
    """One day of a case.

    :param moment: what happens.
    :param day: when, on the hotel's wall.
    :param mark: names the event in calendars for as long as the case lives; tells nothing else.
    :param what: retention category of what goes on that day; paper that showed who asks; or empty.
    """

    moment: Moment
    day: date
    mark: str
    what: str = ""


_LINE = 75


def calendar(events: Iterable[tuple[Milestone, str]], now: datetime) -> str:
    """Return days as a calendar file: one event each, a whole day long, busy for nobody.

    It holds the texts it is given and nothing else of the case: no name, hotel or number.

    :param events: a day, and what a calendar shows for it.
    :param now: aware; when the file is made.
    Source: RFC 5545 sections 3.1, 3.3.11, 3.6.1, 3.8.4.7.
    """
    stamp = now.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//flask_guesterase//case//EN"]
    for milestone, text in events:
        lines += [
            "BEGIN:VEVENT",
            f"UID:{milestone.mark}@case.invalid",
            f"DTSTAMP:{stamp}",
            f"DTSTART;VALUE=DATE:{milestone.day:%Y%m%d}",
            f"SUMMARY:{_escaped(text)}",
            "CLASS:PRIVATE",
            "TRANSP:TRANSPARENT",
            "END:VEVENT",
        ]
    lines.append("END:VCALENDAR")
    return "".join(f"{_folded(line)}\r\n" for line in lines)


def _escaped(text: str) -> str:
    for sign in ("\\", ";", ","):
        text = text.replace(sign, f"\\{sign}")
    return "\\n".join(text.splitlines())


def _folded(line: str) -> str:
    """Return a line in pieces of at most 75 bytes, no character torn apart."""
    pieces, room = [""], _LINE
    for sign in line:
        size = len(sign.encode())
        if size > room:
            # The blank that marks a folded line counts too.
            pieces.append("")
            room = _LINE - 1
        pieces[-1] += sign
        room -= size
    return "\r\n ".join(pieces)
