"""Boxes of kept rows of which the host's tables tell nobody any more whose they are."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

from sqlalchemy import ColumnElement, select

from ...core.holding import Scope
from ...core.plan import Key
from ...core.standing import Standing
from .. import tables
from ..checking.gaps import unreadable
from ..erasing.finder import owners
from ..mapping.declared import Declared
from ..retaining import spelling
from ..retaining.holds import keys_of, may_lie_at
from ..retaining.living import Hold
from ..statements.sql import among, chunks, parts
from ..work import Work

_Row = tuple[str, str]

Boxes = Mapping[_Row, Collection[str]]
"""Table and key text of kept rows -> the boxes of what is kept of each."""

_Look = Callable[[Work, Declared, Sequence[Key]], Collection[Key]]
"""Finds those of the keys of a table that it knows."""


def of_person(work: Work, hold: Hold, boxes: Collection[str] | None) -> set[str]:
    """Return the boxes of kept rows that are nobody's any more and may be those of a held person.

    Where somebody asked, the request says about whom it was. What a sweep kept may be anybody's at
    the property of the hold, and there may be thousands: it is looked for among named boxes alone,
    as those are whose day is over.

    :param work: the open transaction.
    :param hold: a hold on a person.
    :param boxes: only these of what sweeps kept are asked about; none of them when None.
    """
    kept, subject = tables.kept, tables.subject
    itself = kept.c.table_name == hold.table, kept.c.row_key.in_(spelling.texts(work, hold, kept))
    requests = select(subject.c.request).where(
        subject.c.table_name == hold.table,
        subject.c.row_key.in_(spelling.texts(work, hold, subject)),
        subject.c.standing == Standing.TAKEN.value,
    )
    swept = kept.c.request.is_(None), *may_lie_at(work, hold.property)
    some = [(kept.c.box.in_(part), *swept) for part in chunks(sorted(boxes or ()))]
    own, mine = _boxes(work, itself), _boxes(work, (kept.c.request.in_(requests),), *some)
    return _of(own, own) | _of(mine, _missing(work, mine, _owned))


def untold(work: Work, hold: Hold, boxes: Boxes) -> set[str]:
    """Return the boxes of kept rows of which nobody can tell whether a query or a place has them.

    What a query names is asked of the row, or of whose it is. A place has what was kept there, and
    misses only what is found by no key any more.

    :param work: the open transaction.
    :param hold: a hold on a query, or a freeze.
    :param boxes: what is kept where it may reach.
    """
    if hold.scope != Scope.QUERY:
        return _of(boxes, _keyless(work, boxes))
    mine = {each for each in boxes if each[0] == hold.table}
    found = _missing(work, mine, there)
    if hold.table in work.datamap.subjects:
        found |= _missing(work, set(boxes) - mine, _owned)
    return _of(boxes, found)


def _boxes(
    work: Work, *wanted: Sequence[ColumnElement[bool]]
) -> dict[_Row, set[str]]:
    """Return the boxes of the sealed rows that fulfil all of some conditions, or of others."""
    kept, found = tables.kept, dict[_Row, set[str]]()
    sealed = kept.c.box.is_not(None), kept.c.ended_at.is_(None)
    for conditions in wanted:
        for row in work.conn.execute(
            select(kept.c.table_name, kept.c.row_key, kept.c.box).where(*sealed, *conditions)
        ):
            found.setdefault((row.table_name, row.row_key), set()).add(row.box)
    return found


def _of(boxes: Boxes, rows: Iterable[_Row]) -> set[str]:
    return {box for row in rows for box in boxes[row]}


def _keyless(work: Work, rows: Iterable[_Row]) -> set[_Row]:
    """Return the rows that no key of today means: it went with the erasure, or with the table."""
    found = set(rows)
    return found - {(table, text) for table, keys in _keys(work, found) for text in keys}


def _missing(work: Work, rows: Iterable[_Row], look: _Look) -> set[_Row]:
    """Return the rows that a look at the host's tables does not find, or cannot."""
    found = set(rows)
    closed = unreadable(work.whole()) if found else frozenset()
    for table, keys in _keys(work, found):
        if table not in closed:
            declared = work.datamap.declared(table)
            keys = spelling.current(work, declared, keys)
            known = look(work, declared, list(keys.values()))
            found -= {(table, text) for text, key in keys.items() if key in known}
    return found


def _keys(work: Work, rows: Iterable[_Row]) -> list[tuple[str, dict[str, Key]]]:
    """Return the tables that are declared, each with key text -> key of what may be a row."""
    texts: dict[str, set[str]] = {}
    for table, text in rows:
        if text and table in work.datamap.tables:
            texts.setdefault(table, set()).add(text)
    return [(table, keys_of(work, table, mine)) for table, mine in texts.items()]


def there(work: Work, declared: Declared, keys: Sequence[Key]) -> set[Key]:
    """Return which of these rows the host's table has.

    :param work: the open transaction.
    :param declared: the table.
    :param keys: their keys.
    """
    columns = list(declared.key)
    return {
        tuple(row)
        for part in parts(keys)
        for row in work.conn.execute(select(*columns).where(among(columns, part)))
    }


def _owned(work: Work, declared: Declared, keys: Sequence[Key]) -> set[Key]:
    known = owners(work.conn, work.datamap, declared, keys)
    return {key for key, people in known.items() if people}
