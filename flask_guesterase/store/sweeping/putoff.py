"""Whether the time has come to which something was put off."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, or_

from ..work import Work

_FARTHEST = timedelta(days=2)
"""Nothing of ours is put off for longer."""


def come(work: Work, moment: ColumnElement[object]) -> ColumnElement[bool]:
    """Return the condition that something may be done now: its time has come, or is none.

    :param work: the open transaction.
    :param moment: the column, or an expression, of the time to which it was put off.
    """
    return or_(moment <= work.stamp, astray(work, moment))


def astray(
    work: Work, moment: ColumnElement[object], beyond: timedelta = timedelta()
) -> ColumnElement[bool]:
    """Return the condition that the clock was wrong that wrote a time, or a hand was at work.

    :param work: the open transaction.
    :param moment: as of `come`.
    :param beyond: for how much longer than anything else it may have been put off.
    """
    return moment > work.stamp + _FARTHEST + beyond


def ahead(work: Work, at: datetime | None) -> bool:
    """Return whether the clock ran ahead by which something happened.

    :param work: the open transaction.
    :param at: when it happened, naive UTC, or None.
    """
    return at is not None and at > work.stamp + _FARTHEST
