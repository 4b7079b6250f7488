"""What `mentions` would strike out of which texts, for who reads a plan before it is decided."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy.exc import SQLAlchemyError

from ...core.context import marked
from ...core.errors import GuesteraseError
from ...core.plan import Decision, Key, Outcome, Plan, Row, Step
from ...core.treatment import Inside, Mentions
from ..mapping.proof import holds
from ..mapping.raw import Reader, reader
from ..work import Work
from .mentioned import Hand, hand

MOST = 20
"""Mentions of a column that are shown; all are counted."""


@dataclass(frozen=True)
class Mention:
    """What goes from the texts of one column.

    :param table: name of the table.
    :param column: name of the column.
    :param rows: how many texts name the guest.
    :param spans: how many stretches go from them.
    :param whole: how many texts go as a whole, because nobody can tell any more whom they name.
    :param shown: (before, the stretch, behind), what looks like somebody else masked; empty for
        who may not look.
    """

    table: str
    column: str
    rows: int
    spans: int
    whole: int = 0
    shown: tuple[tuple[str, str, str], ...] = ()


@dataclass(frozen=True)
class Struck:
    """What goes from texts of which the rest stays.

    :param mentions: what goes, by column.
    :param same: decision and key of rows that it leaves as they are, since nothing else goes there.
    """

    mentions: tuple[Mention, ...] = ()
    same: frozenset[tuple[Decision, Key]] = frozenset()


def struck(work: Work, plan: Plan, show: bool) -> Struck:
    """Return what goes from texts of which the rest stays.

    :param work: the open transaction.
    :param plan: the plan.
    :param show: whether the stretches themselves may be shown.
    """
    datamap = work.whole()
    steps = [
        step for step in plan.changing()
        if datamap.declared(step.decision.table).partly(step.decision.columns)
    ]
    if not steps:
        return Struck()
    regions = {code: hotel.country for code, hotel in work.settings.properties.items()}
    people = frozenset(plan.people)
    it = hand(work.conn, datamap, plan, people, secrets.token_bytes, regions)
    found: dict[tuple[str, str], Mention] = {}
    same: set[tuple[Decision, Key]] = set()
    for step in steps:
        reads = reader(work.conn, datamap.declared(step.decision.table), work.live())
        going: set[Key] = set()
        for name in step.decision.columns:
            place = step.decision.table, name
            if isinstance(reads.declared.written(name), Mentions):
                found[place] = _column(reads, it, step, name, show, found.get(place), going)
            else:
                going |= _going(reads, it, step, name)
        if step.decision.outcome is Outcome.OVERWRITE:
            same |= {(step.decision, row.key) for row in step.rows if row.key not in going}
    return Struck(tuple(found.values()), frozenset(same))


def _going(reads: Reader, it: Hand, step: Step, name: str) -> set[Key]:
    """Return the rows of a step in which a column changes that has another rule."""
    rule, column = reads.declared.written(name), reads.declared.column(name)
    keys, room = [row.key for row in step.rows], reads.room(name)
    if isinstance(rule, Inside):
        try:
            texts = list(_texts(reads, step, name))
            return {row.key for row, t in texts if it.made(rule, column, t, row, room) != t}
        except (GuesteraseError, SQLAlchemyError):
            raise
        except Exception:  # the host's own code, whose message may hold the value
            return set(keys)
    read = reads.rows(keys, [name])
    return {key for key, (now,), _ in read if not holds(rule, column, now, room)}


def _column(
    reads: Reader, it: Hand, step: Step, name: str, show: bool, before: Mention | None,
    going: set[Key],
) -> Mention:  # fmt: skip
    """Return what goes from the texts of a column, and add the rows from which it does."""
    told = before or Mention(step.decision.table, name, 0, 0)
    rows, spans, whole = told.rows, told.spans, told.whole
    shown = list(told.shown)
    for row, text in _texts(reads, step, name):
        owners = it.owners(row)
        if not row.others and not it.pen.knows(owners):
            whole += 1
            going.add(row.key)
            continue
        places = it.pen.places(text, owners)
        going |= {row.key} if places else set()
        rows, spans = rows + bool(places), spans + len(places)
        shown += [marked(text, *place) for place in places[: MOST - len(shown)] if show]
    return Mention(told.table, name, rows, spans, whole, tuple(shown))


def _texts(reads: Reader, step: Step, name: str) -> Iterator[tuple[Row, str]]:
    """Yield the rows of a step with their text, as the host knows it."""
    own: dict[Any, Row] = {row.key: row for row in step.rows}
    for key, text in reads.texts(list(own), name):
        if text.strip():
            yield own[key], text
