"""What one transaction of a sweep takes: claimed rows, judged again, erased, and noted as gone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Select
from sqlalchemy.exc import SQLAlchemyError

from ...core.errors import GuesteraseError, MovedError, UnknownError
from ...core.plan import Key, key_text
from ..casework import tasks
from ..mapping.declared import Declared
from ..statements.sql import chunks
from ..unit import HasWork
from ..work import Work
from . import basis, due
from .ageing import PAGE, Expired, judged, waiting
from .candidates import old
from .tallies import Tally, add, tally

Erase = Callable[[Sequence[Expired], frozenset[str], HasWork], tuple[dict[str, int], set[Key]]]
"""Erases rows of one table that were judged in this transaction; returns word -> how many, and the
keys of those it left alone."""


@dataclass(frozen=True)
class Bounds:
    """Where a sweep may erase.

    :param skip: properties at which nothing is erased now.
    :param marks: property -> mark of the rules that a person confirmed there; none is asked for
        a property that is not named.
    :param beside: another sweep leads: only what can be claimed is taken.
    """

    skip: frozenset[str] = frozenset()
    marks: Mapping[str, str] = field(default_factory=dict)
    beside: bool = False


class Claimed:
    """Rows of one table that are written down as due.

    :param name: the table.
    :param bounds: where something may be erased.
    :param gone: where to count the rows that went.
    :param erase: what erases them.
    """

    def __init__(self, name: str, bounds: Bounds, gone: Tally, erase: Erase) -> None:
        self._name = name
        self._bounds = bounds
        self._tally = gone
        self._erase = erase
        self._after: due.Claim | None = None
        self._gone: Tally = {}

    def claim(self, work: Work, size: int) -> Sequence[due.Claim]:
        return due.claim(work, self._name, size, self._bounds.skip, self._after)

    def claim_again(self, work: Work, items: Sequence[due.Claim]) -> Sequence[due.Claim]:
        return due.claim_again(work, self._name, items)

    def do(self, office: HasWork, items: Sequence[due.Claim]) -> Mapping[str, int]:
        work = office.work
        declared = work.datamap.declared(self._name)
        keys = due.keys(declared, items)
        read = {each.id for each in keys.values()}
        unread = [each for each in items if each.id not in read]
        now = judged(work, declared, list(keys))
        mine = [item for item in now if item.place not in self._bounds.skip]
        _require(work, self._bounds, mine)
        counts, alone = self._erase(mine, self._bounds.skip, office) if mine else ({}, set())
        there = _there(mine, counts, alone)
        left = judged(work, declared, [item.key for item in mine if item.key in there])
        self._gone = _noted(work, mine, left)
        later = {item.key for item in left} if counts.get("waiting") else set()
        told = later | {item.key for item in mine if item.key not in there}
        later |= set(waiting(work, declared, [key for key in keys if key not in told]))
        skip = self._bounds.skip
        elsewhere = {keys[item.key].id: item.place for item in now if item.place in skip}
        due.postpone(work, [keys[key] for key in later])
        due.move(work, elsewhere)
        kept = {keys[key].id for key in later} | set(elsewhere) | {each.id for each in unread}
        due.done(work, [each for each in items if each.id not in kept])
        for each in unread:
            due.failed(work, each, UnknownError.__name__)
        return {**counts, "unfinished": len(unread)} if unread else counts

    def done(self, items: Sequence[due.Claim]) -> None:
        # They come in the order of the claims, which is the database's own.
        self._after = items[-1]
        add(self._tally, self._gone)

    def failed(self, work: Work, item: due.Claim, problem: str, met: bool) -> None:
        due.failed(work, item, problem, met)

    def again(self) -> bool:
        begun, self._after = self._after is not None, None
        return begun


class Listed:
    """Rows of a table whose keys cannot be written down: they are listed anew by each sweep.

    :param name: the table.
    :param bounds: where something may be erased.
    :param gone: where to count the rows that went.
    :param erase: what erases them.
    :param long: only those whose key is too long; of the others all are written down.
    """

    def __init__(
        self, name: str, bounds: Bounds, gone: Tally, erase: Erase, long: bool = False
    ) -> None:
        self._long = long
        self._name = name
        self._bounds = bounds
        self._tally = gone
        self._erase = erase
        self._items: list[Expired] | None = None
        self._gone: Tally = {}

    def claim(self, work: Work, size: int) -> Sequence[Expired]:
        if self._items is None:
            found = listed(work, work.datamap.declared(self._name), self._long)
            self._items = [item for item in found if item.place not in self._bounds.skip]
        return self._items[:size]

    def claim_again(self, work: Work, items: Sequence[Expired]) -> Sequence[Expired]:
        return items

    def do(self, office: HasWork, items: Sequence[Expired]) -> Mapping[str, int]:
        work = office.work
        declared = work.datamap.declared(self._name)
        mine = judged(work, declared, [item.key for item in items])
        mine = [item for item in mine if item.place not in self._bounds.skip]
        _require(work, self._bounds, mine)
        counts, alone = self._erase(mine, self._bounds.skip, office) if mine else ({}, set())
        there = _there(mine, counts, alone)
        left = judged(work, declared, [item.key for item in mine if item.key in there])
        self._gone = _noted(work, mine, left)
        return counts

    def done(self, items: Sequence[Expired]) -> None:
        self._drop(items)
        add(self._tally, self._gone)

    def failed(self, work: Work, item: Expired, problem: str, met: bool) -> None:
        self._drop([item])

    def _drop(self, items: Sequence[Expired]) -> None:
        gone = {item.key for item in items}
        self._items = [item for item in self._items or [] if item.key not in gone]

    def again(self) -> bool:
        return False


def listed(work: Work, declared: Declared, long: bool = False) -> Iterator[Expired]:
    """Yield the rows of a table that are due, all of it read in pages.

    Those nobody can read are among them, at no property: each of them fails by itself.

    :param work: the open transaction.
    :param declared: the table.
    :param long: only those whose key is too long to be written down.
    """
    statement: Select[Any] | None = old(work, declared)
    if statement is not None and long:
        statement = due.longer(work, declared, statement)
    if statement is None:
        return
    keys = dict.fromkeys(
        tuple(row) for row in work.conn.execute(statement)
        if not (long and due.fits(work, key_text(tuple(row))))
    )  # fmt: skip
    for part in chunks(keys, PAGE):
        found, unread = legible(work, declared, part)
        yield from found
        for key in unread:
            yield Expired(
                declared.name, key, "", declared.policy.category, work.now.date(), frozenset(),
                False, False,
            )  # fmt: skip


def legible(
    work: Work, declared: Declared, keys: Sequence[Key]
) -> tuple[list[Expired], list[Key]]:
    """Return which of these rows have had their time, and which of them nobody can read.

    :param work: the open transaction; it goes on, as what fails is no statement.
    :param declared: their table.
    :param keys: their keys.
    """
    try:
        return judged(work, declared, keys), []
    except (GuesteraseError, SQLAlchemyError):
        raise
    except Exception:
        if len(keys) == 1:
            return [], list(keys)
    half = len(keys) // 2
    (one, unread), (other, more) = (
        legible(work, declared, part) for part in (keys[:half], keys[half:])
    )
    return one + other, unread + more


def _require(work: Work, bounds: Bounds, items: Iterable[Expired]) -> None:
    """Make sure that the rules are those that a person confirmed."""
    for place in {item.place for item in items} & set(bounds.marks):
        if basis.mark(work, place) != bounds.marks[place]:
            raise MovedError(
                "The rules changed while a sweep was at work.",
                "The next one shows what would go by them.",
            )


def _there(items: Sequence[Expired], counts: Mapping[str, int], alone: set[Key]) -> set[Key]:
    """Return which rows of a batch may still be there.

    :param counts: what was done.
    :param alone: which rows were left alone.
    """
    if counts.get("expired", 0) < len(items) - len(alone):
        return {item.key for item in items}
    return alone


def _noted(work: Work, items: Iterable[Expired], left: Iterable[Expired]) -> Tally:
    """Count what went, and note whose paper is to be destroyed."""
    still = {item.key for item in left}
    gone = tally(item for item in items if item.key not in still)
    paper: Counter[tuple[str, str]] = Counter()
    for (place, _, category), (rows, _) in gone.items():
        paper[place, category] += rows
    tasks.note(work, paper)
    return gone
