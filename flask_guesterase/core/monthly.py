"""A monthly review and what is compared in it: words, and figures that others publish too."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from enum import StrEnum

from .errors import InputError
from .figures import Month

OPEN, CLOSED = "open", "closed"
"""States of a review."""

MEMBERS = 2
"""People who take part, at least: who opens it and who closes it."""

_MONTH = re.compile(r"20\d\d-(0[1-9]|1[0-2])")


class Point(StrEnum):
    """What is written down in a review."""

    MEMBER = "member"
    FINDING = "finding"
    ACTION = "action"


class Measure(StrEnum):
    """A figure that houses publish and that can be counted here the same way."""

    RECEIVED = "requests-a-year"
    MEDIAN = "median-days"
    NINETY = "ninety-days"
    LATE = "late-percent"
    REFUSED = "refused-percent"
    OLDEST = "oldest-months"


def month(text: str, today: str) -> str:
    """Return a month that has begun, ``YYYY-MM``.

    :param text: what was typed.
    :param today: the day at the property, ISO.
    :raises InputError: it is no month, or lies ahead.
    """
    if not _MONTH.fullmatch(text) or text > today[:7]:
        raise InputError("This is no month that has begun.", "Write it as 2026-03.")
    return text


def own(
    months: Sequence[Month], days: tuple[int, int] | None, oldest: int | None
) -> dict[str, int]:
    """Return our own figures for what others publish; what nobody can say is left out.

    :param months: the months that count.
    :param days: median and ninetieth percentile of the days until the answer in them.
    :param oldest: whole months of the oldest record.
    """
    received = sum(each.received for each in months)
    found = {Measure.RECEIVED.value: received}
    if days is not None:
        found |= {Measure.MEDIAN.value: days[0], Measure.NINETY.value: days[1]}
    if received:
        late = sum(each.late for each in months)
        refused = sum(_refused(each.outcomes) for each in months)
        found[Measure.LATE.value] = round(100 * late / received)
        found[Measure.REFUSED.value] = round(100 * refused / received)
    if oldest is not None:
        found[Measure.OLDEST.value] = oldest
    return found


def _refused(outcomes: Mapping[str, int]) -> int:
    return outcomes.get("refused", 0)
