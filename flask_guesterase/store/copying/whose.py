"""Whose the rows of a copy are by now: the guest's still, or of who came into them since."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, select

from ...core.plan import Key, Person, Row, by_table, key_text
from ...core.standing import Standing
from .. import tables
from ..casework import purview
from ..casework.cases import Case
from ..erasing.finder import erased_before
from ..erasing.people import EXPIRED
from ..requests.bygone import ENDED
from ..statements.sql import MANY, chunks, one_of
from ..work import Work

WORDS = frozenset({EXPIRED, ENDED})
"""What stands instead of a request where an erasure has none, or none any more."""

Place = tuple[str, str]
"""Subject table and key of a row, as text."""


@dataclass(frozen=True)
class Burial:
    """One erasure of one row.

    :param number: number of the request; of people whose time was over, the word for that.
    :param house: property of the request, or empty.
    :param asked: when the request came in; where there is none, when it was erased.
    :param first: when it was erased by this request for the first time.
    :param last: when it was erased by it last.
    """

    number: str
    house: str
    asked: datetime
    first: datetime
    last: datetime

    def left(self, line: Any) -> bool:
        """Return whether something was kept by this erasure, or by a sweep until then.

        :param line: a row of our table of what is kept.
        """
        # A sweep keeps on no request, also records of who lives: by its time one knows whose.
        mine = line.since <= self.last if line.request is None else line.request == self.number
        return bool(mine)


@dataclass(frozen=True)
class Whose:
    """What of the rows that were taken for a copy is its guest's.

    :param mine: the rows that are theirs still.
    :param erasures: numbers of the requests by which they were erased, and nobody else.
    :param before: one of these rows -> the erasures of somebody else who had it before.
    :param lost: rows that are somebody else's by now, and of which nobody can tell by what request
        the guest was erased.
    """

    mine: tuple[Person, ...]
    erasures: tuple[str, ...]
    before: Mapping[Place, Sequence[Burial]]
    lost: tuple[Person, ...]

    def is_before(self, place: Place, line: Any) -> bool:
        """Return whether what was kept is of somebody else who had one of these rows before.

        :param place: the row it hangs on.
        :param line: a row of our table of what is kept.
        """
        return any(each.left(line) for each in self.before.get(place, ()))


def told(work: Work, case: Case, erasure: str, people: Sequence[Person]) -> Whose:
    """Return what of the rows that were taken for a copy is its guest's.

    An erased row that the host has written somebody into is theirs, not the guest's: whether the
    guest was erased before the copy was asked for or while it waited for its answer.

    :param work: the open transaction.
    :param case: the request for the copy.
    :param erasure: number of the erasure after which it was asked for, or empty.
    :param people: the rows that were taken for it.
    """
    known = burials(work, people)
    shells = erased_before(work.conn, work.datamap, people)
    mine, own = list[Person](), dict[Place, list[Burial]]()
    before = dict[Place, list[Burial]]()
    for person in people:
        place = person[0], key_text(person[1])
        found = known.get(place, [])
        since = _since(found, case, erasure)
        theirs, followed = parted(since or found)
        emptied = any(e.number == erasure or e.last >= case.received_at for e in found)
        if (since and followed) or (emptied and person not in shells):
            own[place] = theirs if since else []
            continue
        mine.append(person)
        # By a key that is in a shell still, a booking's number, nobody says which of two they are.
        own[place] = theirs if person in shells and not followed else []
        before[place] = [each for each in found if each not in own[place]]
    numbers = (erasure,) if erasure else _only(work, case.property, own)
    lost = [
        (name, key) for name, key in people if not erasure and (name, key) not in mine
        and not any(each.number in numbers for each in own[name, key_text(key)])
    ]  # fmt: skip
    return Whose(tuple(mine), numbers, before, tuple(lost))


def stayed(
    work: Work, found: Mapping[str, Sequence[Row]], whose: Whose
) -> dict[str, frozenset[Key]]:
    """Return the rows, by table, that stayed in their place of who had the guest's row before.

    They hang on that row, and so on whomever the host has written into it since.

    :param work: the open transaction.
    :param found: table -> rows of the guest.
    :param whose: what of the rows that were taken is the guest's.
    """
    mine = frozenset(whose.mine)
    by: dict[Place, list[Any]] = {}
    for line in lines(work, found) if any(whose.before.values()) else ():
        by.setdefault((line.table_name, line.row_key), []).append(line)

    def is_before(name: str, row: Row) -> bool:
        kept = by.get((name, key_text(row.key)), ())
        places = [(table, key_text(key)) for (table, key), _ in row.owners]
        return any(whose.is_before(place, line) for place in places for line in kept)

    # The row itself is of who is in it.
    return {
        name: frozenset(r.key for r in rows if (name, r.key) not in mine and is_before(name, r))
        for name, rows in (found if by else {}).items()
    }


def lines(
    work: Work, found: Mapping[str, Sequence[Row]], *more: ColumnElement[bool]
) -> Iterator[Any]:
    """Yield what is kept of rows and has not ended.

    :param work: the open transaction.
    :param found: table -> rows.
    :param more: what else must be so.
    """
    kept = tables.kept
    for name, rows in found.items():
        for part in chunks(sorted(key_text(row.key) for row in rows)):
            yield from work.conn.execute(
                select(kept).where(
                    kept.c.table_name == name, kept.c.row_key.in_(part),
                    kept.c.ended_at.is_(None), *more,
                )
            )


def _since(found: list[Burial], case: Case, erasure: str) -> list[Burial]:
    """Return the erasures of a row from that of the copy's guest on; none where it is not known.

    Of one in the same second nobody can tell whether it came before the copy was asked for.
    """
    for at, each in enumerate(found):
        if each.number == erasure if erasure else each.first > case.received_at:
            return found[at:]
    return []


def parted(found: list[Burial]) -> tuple[list[Burial], bool]:
    """Return the erasures of who was in a row at the first, and whether others came after them.

    What was asked for before that guest was erased was about them.

    :param found: all erasures of the row, the first of them first; at least one.
    """
    theirs = [each for each in found if each is found[0] or each.asked < found[0].first]
    return theirs, len(theirs) < len(found)


def burials(work: Work, people: Sequence[Person]) -> dict[Place, list[Burial]]:
    """Return the erasures of each row, the first of them first.

    :param work: the open transaction; a read-only one is enough.
    :param people: subject rows.
    """
    subject, request = tables.subject, tables.request
    found: dict[Place, list[Burial]] = {}
    for name, keys in by_table(people).items():
        for part in chunks(sorted(map(key_text, keys)), MANY):
            rows = work.conn.execute(
                select(
                    subject.c.row_key, subject.c.request, subject.c.erased_at.label("last"),
                    request.c.property, request.c.received_at, request.c.erased_at,
                )
                .outerjoin(request, request.c.number == subject.c.request)
                .where(
                    subject.c.table_name == name,
                    one_of(subject.c.row_key, part),
                    subject.c.erased_at.is_not(None),
                )
            )
            for row in rows:
                # A row in which a guest came back was erased once more, by the same request.
                first = min(row.erased_at or row.last, row.last)
                asked = row.received_at or row.last
                each = Burial(row.request, row.property or "", asked, first, row.last)
                found.setdefault((name, row.row_key), []).append(each)
    return {
        place: sorted(each, key=lambda e: (e.first, e.asked, e.number))
        for place, each in found.items()
    }


def _only(
    work: Work, house: str, own: Mapping[Place, Iterable[Burial]]
) -> tuple[str, ...]:
    """Return the requests by which these rows were erased, and no other row."""
    others = purview.foreign(work, house)
    by: dict[str, set[Place]] = {}
    for place, those in own.items():
        for each in those:
            # Under a word stand many people, and nothing is kept under it.
            if each.house not in others and each.number not in WORDS:
                by.setdefault(each.number, set()).add(place)
    return tuple(number for number in sorted(by) if _taken(work, number) <= by[number])


def _taken(work: Work, number: str) -> set[Place]:
    subject = tables.subject
    rows = work.conn.execute(
        select(subject.c.table_name, subject.c.row_key).where(
            subject.c.request == number, subject.c.standing == Standing.TAKEN.value
        )
    )
    return {(row.table_name, row.row_key) for row in rows}
