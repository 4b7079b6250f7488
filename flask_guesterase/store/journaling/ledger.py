"""The newest entries of a journal, for people who may look at it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import ColumnElement, or_, select

from ...core.course import HELD
from ...core.events import (
    FreezeConfirmed,
    FreezeUnconfirmed,
    Frozen,
    HoldLifted,
    HoldPlaced,
    HoldReviewDue,
    HoldReviewed,
    LiftProposed,
    TrainingMissed,
)
from ...core.holding import SILENT, word_for
from ...core.log import read_entry, slug
from ..tables import entry as entries
from ..tables import tree
from ..work import Work

HOLDING = frozenset(
    event.name
    for event in (
        HoldPlaced, HoldLifted, LiftProposed, Frozen, FreezeConfirmed, FreezeUnconfirmed,
        HoldReviewDue, HoldReviewed,
    )
)  # fmt: skip
"""Entries about holds and freezes."""


@dataclass(frozen=True)
class Line:
    """One entry as people read it.

    :param position: its place in the tree, counted from 0.
    :param at: when, ``YYYY-MM-DDTHH:MM:SSZ``.
    :param action: name of the event.
    :param actor: opaque number, "guest" or "system".
    :param number: number of the request, or an empty string.
    :param counts: how many of what.
    :param grounds: enumerated words.
    """

    position: int
    at: str
    action: str
    actor: str
    number: str
    counts: Mapping[str, int]
    grounds: tuple[str, ...]


def newest(
    work: Work,
    controller: str,
    before: int | None = None,
    most: int = 50,
    entitled: bool = False,
) -> list[Line]:
    """Return entries of a controller's open tree, the newest first.

    Those who may not hold read that a duty of law was noted, and of silent holds nothing.

    :param work: the open transaction.
    :param controller: slug, or name, of the controller.
    :param before: only entries before this place.
    :param most: how many at most.
    :param entitled: whether who reads may place and lift holds at all of its properties.
    """
    name = slug(controller)
    epoch = (
        select(tree.c.epoch)
        .where(tree.c.controller == name)
        .order_by(tree.c.epoch.desc())
        .limit(1)
        .scalar_subquery()
    )
    wanted = select(entries.c.body).where(entries.c.controller == name, entries.c.epoch == epoch)
    if not entitled:
        wanted = wanted.where(~_telling())
    if before is not None:
        wanted = wanted.where(entries.c.position < before)
    rows = work.conn.execute(wanted.order_by(entries.c.position.desc()).limit(most))
    return [_told(_line(body), entitled) for (body,) in rows]


def _telling() -> ColumnElement[bool]:
    """Return which entries tell of a silent hold: its own, and that it was done untrained."""
    silent = entries.c.action.in_(HOLDING) & entries.c.body.like(f'%"{SILENT}"%')
    # An entry of a missing training does not say whether the hold was a silent one.
    deeds = [entries.c.body.like(f'%"{deed}"%') for deed in HELD]
    return or_(silent, (entries.c.action == TrainingMissed.name) & or_(*deeds))


def _told(line: Line, entitled: bool) -> Line:
    if entitled or line.action not in HOLDING:
        return line
    return replace(line, action=word_for(entitled), counts={}, grounds=())


def _line(body: Any) -> Line:
    item = read_entry(body.encode())
    draft = item.draft
    return Line(
        item.index,
        draft.at,
        draft.action,
        draft.actor,
        draft.request or "",
        draft.counts,
        draft.grounds,
    )
