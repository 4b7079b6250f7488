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
class Alike:
    """What figures need of requests that do not differ in it.

    :param month: ``YYYY-MM`` in which they were received at the property.
    :param channel: the way they came.
    :param outcome: how they ended, in a word of their state; empty while they are open.
    :param ground: why they were refused, or empty.
    :param days: days until the answer; None where there is none yet or nobody waits for one.
    :param late: whether it came, or is still not there, after its last day.
    :param many: how many they are.
    """

    month: str
    channel: str
    outcome: str = ""
    ground: str = ""
    days: int | None = None
    late: bool = False
    many: int = 1


@dataclass(frozen=True)
class Month:
    """What one month brought, by the month in which requests were received.

    :param month: ``YYYY-MM``.
    :param received: requests received.
    :param open: of these, how many have no end yet.
    :param answered: of these, how many have an answer.
    :param late: of these, how many were answered after their day, or wait beyond it; whose guest
        was told before it what the erasure waits for has an answer in time.
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
    :param complaints_late: answers, and words that a complaint came, that were late in it.
    :param incidents: incidents opened.
    :param closed: incidents closed.
    :param incidents_late: how often somebody who must hear of an incident had not in time.
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


def by_month(cases: Iterable[Alike], wanted: Sequence[str]) -> list[Month]:
    """Return what each of these months brought, empty ones included.

    :param cases: the requests.
    :param wanted: months, ``YYYY-MM``.
    """
    found: dict[str, list[Alike]] = {month: [] for month in wanted}
    for case in cases:
        if case.month in found:
            found[case.month].append(case)
    return [_month(month, each) for month, each in found.items()]


def _month(month: str, cases: Sequence[Alike]) -> Month:
    return Month(
        month,
        sum(case.many for case in cases),
        sum(case.many for case in cases if not case.outcome),
        sum(case.many for case in cases if case.days is not None),
        sum(case.many for case in cases if case.late),
        spread(cases),
        _counted((case.channel, case.many) for case in cases),
        _counted((case.outcome, case.many) for case in cases),
        _counted((case.ground, case.many) for case in cases),
    )


def _counted(words: Iterable[tuple[str, int]]) -> dict[str, int]:
    found: Counter[str] = Counter()
    for word, many in words:
        if word:
            found[word] += many
    return dict(sorted(found.items()))


def spread(cases: Iterable[Alike]) -> tuple[int, int] | None:
    """Return median and ninetieth percentile of the days until the answer, or None of none.

    By nearest rank.

    Source: Hyndman and Fan, Sample Quantiles in Statistical Packages, 1996, definition 1.
    """
    found: Counter[int] = Counter()
    for case in cases:
        if case.days is not None:
            found[case.days] += case.many
    if not found:
        return None
    return _rank(found, 50), _rank(found, 90)


def _rank(found: Counter[int], percent: int) -> int:
    rank, passed = -(-found.total() * percent // 100), 0
    for days in sorted(found):
        passed += found[days]
        if passed >= rank:
            break
    return days


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
