"""Figures about requests and retention: counts by month, answer times, ages; nobody's data."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date
from typing import Any

AGES = (7, 30, 90, 365)
"""Days up to which something counts as that old; what is older has a place of its own."""


@dataclass(frozen=True)
class Answered:
    """What figures need of one request.

    :param received: day of receipt at the property.
    :param due: last day for the answer.
    :param channel: the way it came.
    :param outcome: how it ended, in a word of its state; empty while it is open.
    :param ground: why it was refused, or empty.
    :param on: day of the answer, or None where there is none yet or nobody waits for one.
    """

    received: date
    due: date
    channel: str
    outcome: str = ""
    ground: str = ""
    on: date | None = None


@dataclass(frozen=True)
class Month:
    """What one month brought, by the month in which requests were received.

    :param month: ``YYYY-MM``.
    :param received: requests received.
    :param open: of these, how many have no end yet.
    :param answered: of these, how many have an answer.
    :param late: of these, how many were answered after their day, or wait beyond it.
    :param days: median and ninetieth percentile of the days until the answer; None without one.
    :param channels: way -> requests.
    :param outcomes: end -> requests.
    :param grounds: ground of refusal -> requests.
    """

    month: str
    received: int = 0
    open: int = 0
    answered: int = 0
    late: int = 0
    days: tuple[int, int] | None = None
    channels: Mapping[str, int] = field(default_factory=dict)
    outcomes: Mapping[str, int] = field(default_factory=dict)
    grounds: Mapping[str, int] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        """Return it as JSON can hold it."""
        return asdict(self)


@dataclass(frozen=True)
class Handled:
    """What one month brought beside requests, each thing in the month in which it happened.

    :param complaints: complaints received.
    :param answered: complaints answered.
    :param overturned: refusals that did not stand after a complaint.
    :param complaints_late: times that an answer, or the word that a complaint came, was late.
    :param incidents: incidents opened.
    :param closed: incidents closed.
    :param incidents_late: times that somebody was not told of an incident in time.
    :param trained: quizzes passed.
    :param untrained: acts without the training for them, save those on holds, which may be silent.
    """

    complaints: int = 0
    answered: int = 0
    overturned: int = 0
    complaints_late: int = 0
    incidents: int = 0
    closed: int = 0
    incidents_late: int = 0
    trained: int = 0
    untrained: int = 0


def months(today: date, many: int, ahead: bool = False) -> list[str]:
    """Return months as ``YYYY-MM``, in order: the last ones up to today's, or from it on.

    :param many: how many, today's included.
    :param ahead: today's and those that follow.
    """
    now = today.year * 12 + today.month - 1
    first = now if ahead else now - many + 1
    return [f"{n // 12:04d}-{n % 12 + 1:02d}" for n in range(first, first + many)]


def by_month(cases: Iterable[Answered], wanted: Sequence[str], today: date) -> list[Month]:
    """Return what each of these months brought, empty ones included.

    :param cases: the requests.
    :param wanted: months, ``YYYY-MM``.
    :param today: day by which what waits is late.
    """
    found: dict[str, list[Answered]] = {month: [] for month in wanted}
    for case in cases:
        month = case.received.isoformat()[:7]
        if month in found:
            found[month].append(case)
    return [_month(month, each, today) for month, each in found.items()]


def _month(month: str, cases: Sequence[Answered], today: date) -> Month:
    answered = [case for case in cases if case.on is not None]
    return Month(
        month,
        len(cases),
        sum(not case.outcome for case in cases),
        len(answered),
        sum(is_late(case, today) for case in cases),
        spread([(case.on - case.received).days for case in answered if case.on is not None]),
        _counted(case.channel for case in cases),
        _counted(case.outcome for case in cases),
        _counted(case.ground for case in cases),
    )


def is_late(case: Answered, today: date) -> bool:
    """Return whether an answer came, or is still not there, after its last day."""
    if case.on is not None:
        return case.on > case.due
    return not case.outcome and today > case.due


def _counted(words: Iterable[str]) -> dict[str, int]:
    return dict(sorted(Counter(word for word in words if word).items()))


def spread(days: Sequence[int]) -> tuple[int, int] | None:
    """Return median and ninetieth percentile by nearest rank, or None of nothing.

    Source: Hyndman and Fan, Sample Quantiles in Statistical Packages, 1996, definition 1.
    """
    if not days:
        return None
    ordered = sorted(days)
    return _rank(ordered, 50), _rank(ordered, 90)


def _rank(ordered: Sequence[int], percent: int) -> int:
    return ordered[max(-(-len(ordered) * percent // 100) - 1, 0)]


def ages(days: Iterable[int]) -> dict[str, int]:
    """Return how many things are how old: up to each of `AGES` days, or older.

    :param days: the age of each, in days.
    """
    names = [*(str(age) for age in AGES), "older"]
    counts = dict.fromkeys(names, 0)
    for old in days:
        counts[next((str(age) for age in AGES if old <= age), "older")] += 1
    return counts


def full_months(since: date, today: date) -> int:
    """Return how many whole months lie between two days."""
    months = (today.year - since.year) * 12 + today.month - since.month
    return months - (today.day < since.day)
