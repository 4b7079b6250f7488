"""By which day a guest must have an answer: pure functions of days and of the law's periods.

A period that ends on a Saturday, a Sunday or a holiday ends then, and not on the next working day
as many laws allow: the day named is never too late, and it is the same in every calendar of
holidays.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Protocol

from .period import Period


class Answering(Protocol):
    """How long a law gives for the answer to a request; a part of a jurisdiction pack."""

    @property
    def acknowledge(self) -> Period | None:
        """Return the period in which its receipt must be confirmed, or None."""
        ...

    @property
    def answer(self) -> Period:
        """Return the period in which it must be answered."""
        ...

    @property
    def extension(self) -> Period | None:
        """Return the period by which that may be extended once, or None."""
        ...

    @property
    def pause_identity(self) -> bool:
        """Return whether the clock stands still while the guest is asked who they are."""
        ...


_MONTH = Period(months=1)


@dataclass(frozen=True)
class Usual:
    """The period where no pack says another one: a month, and nothing that would lengthen it.

    :param acknowledge: period in which receipt must be confirmed, or None.
    :param answer: period in which there must be an answer.
    :param extension: period by which that may be extended once, or None.
    :param pause_identity: whether the clock stands still while identity is asked for.

    Source: GDPR Article 12(3).
    """

    acknowledge: Period | None = None
    answer: Period = _MONTH
    extension: Period | None = None
    pause_identity: bool = False


USUAL = Usual()
"""What counts where no pack does."""


def acknowledge_by(
    received: date, law: Answering, holidays: frozenset[date] = frozenset()
) -> date | None:
    """Return the last day on which receipt must be confirmed, or None where no law asks for it.

    :param received: day of receipt at the property, on any channel.
    :param law: the periods that count at the property.
    :param holidays: days that are no working days; a working day too few makes it earlier.
    """
    return None if law.acknowledge is None else law.acknowledge.after(received, holidays)


def answer_by(received: date, law: Answering, holidays: frozenset[date] = frozenset()) -> date:
    """Return the last day on which a request must be answered.

    Months are calendar months: the same date number, or that month's last day where there is
    none. It is not moved off weekends and holidays, see the head of this module.

    :param received: day of receipt at the property, on any channel.
    :param law: the periods that count at the property.
    :param holidays: days that are no working days.

    Source: Regulation (EEC, Euratom) No 1182/71 Article 3(2)(c).
    """
    return law.answer.after(received, holidays)


def extended_by(
    received: date, law: Answering, holidays: frozenset[date] = frozenset()
) -> date | None:
    """Return the last day after the one extension, or None where the law knows none.

    Both periods run from receipt: a month and two months are three months, not a month and then
    two from a shorter month's last day.

    :param received: day of receipt at the property.
    :param law: the periods that count at the property.
    :param holidays: days that are no working days.
    """
    more = law.extension
    if more is None:
        return None
    first = law.answer
    both = Period(
        first.years + more.years,
        first.months + more.months,
        first.days + more.days,
        first.working + more.working,
    )
    return both.after(received, holidays)


def paused(due: date, waited_days: int) -> date:
    """Return a last day moved by the days in which the clock stood still.

    :param due: last day without the pause.
    :param waited_days: whole days between asking who they are and being shown.
    """
    return due + timedelta(days=max(waited_days, 0))


def days_left(due: date, today: date) -> int:
    """Return the days until `due`, negative when it is past.

    :param due: last day of the period.
    :param today: day at the property.
    """
    return (due - today).days


WARNINGS = (7, 3, 1)
"""Days before the last day on which people are reminded; after it they are every day."""


def reminds(due: date, today: date, last: date | None) -> bool:
    """Return whether people are reminded today.

    A day on which nothing ran is made up for, once: the newest warning that was not given is.

    :param due: last day of the period.
    :param today: day at the property.
    :param last: day on which they were reminded last, or None.
    """
    if last is not None and last >= today:
        return False
    if today > due:
        return True
    passed = [warning for days in WARNINGS if (warning := due - timedelta(days=days)) <= today]
    return bool(passed) and (last is None or last < max(passed))
