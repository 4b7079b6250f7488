"""Whether the time has come to which something was put off."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import ColumnElement, or_

from .work import Work

_FARTHEST = timedelta(days=2)
"""Nothing of ours is put off for longer."""


def come(work: Work, moment: ColumnElement[object]) -> ColumnElement[bool]:
    """Return the condition that something may be done now: its time has come, or is none.

    :param work: the open transaction.
    :param moment: the column, or an expression, of the time to which it was put off.
    """
    return or_(moment <= work.stamp, astray(work, moment))


def astray(work: Work, moment: ColumnElement[object]) -> ColumnElement[bool]:
    """Return the condition that the clock was wrong that wrote a time, or a hand was at work.

    :param work: the open transaction.
    :param moment: as of `come`.
    """
    return moment > work.stamp + _FARTHEST
