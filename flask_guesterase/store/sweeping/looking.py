"""Looking for what has had its time: what came of age since the last look, and now and then all.

A look reads what the dates of the clocks, through the host's own indexes, say is newly old enough,
and rows that are new in the table however old their date. A look at the whole table follows a
change of the rules, the day for which one of them waited, and the last such look after a week; it
finds what was dated back or changed.

Each table is looked at by itself. What fails within one is narrowed until the row that fails stands
alone; that one is written down as failing and passed over, and the others are found.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, MutableMapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import partial
from itertools import islice
from typing import Any, cast

from sqlalchemy import Integer, Row, Select, delete, func, insert, or_, select, update

from ...core.errors import BlockedError, UnknownError
from ...core.plan import Key, key_text
from ...core.rule import Open
from .. import tables
from ..erasing import people
from ..mapping.declared import Declared
from ..unit import HasWork, Run
from ..work import Work
from . import basis, due
from .ageing import Unended, ageing, placeless
from .candidates import acting, beyond, greater, old, recent
from .claiming import Shift
from .judged import judge_rows, put_unread, stands
from .narrowing import Way, word_of

WEEK = timedelta(days=7)
"""How old the last look at a whole table may be."""

PAGE = 2000
"""Rows that one transaction judges at most."""

STRIDE = 5000
"""Rows that one transaction of a look at the whole table passes over."""

OVERLAP = 1000
"""Numbers before the newest one that are looked at again: a transaction may have ended late."""


_LARGEST = 2**63 - 1
"""The largest number that a column of ours holds."""

_ALONG = 100
"""Keys among which one is looked for that can be written down, so that a look goes on behind it."""

_AT = "@"
"""Begins the place of a look at what came of age; no key begins so."""

_At = tuple[int, Key | None]
"""Number of a statement, and the key behind which it goes on."""


@dataclass(frozen=True)
class _Recent:
    """One look at what came of age.

    :param since: day of the last look, UTC.
    :param newest: the newest number then; -1 when rows are not numbered.
    :param day: day on which this look began, UTC.
    :param coming: the newest number when it began, or None.
    :param at: where it goes on.
    """

    since: str
    newest: int
    day: str
    coming: int | None
    at: _At


def look(
    run: Run, shift: Shift | None = None, told: MutableMapping[str, str] | None = None
) -> bool:
    """Find what is due in every table whose rows can be written down; return whether it ended.

    :param run: runs a unit of work.
    :param shift: what may be taken, everything when None; the next look goes on where this one
        ended.
    :param told: where to say what failed, ``look:`` and the table -> name of the error's class;
        when None, the first table that failed is raised once all were looked at.
    """
    shift, problem = Shift() if shift is None else shift, None
    said: MutableMapping[str, str] = {} if told is None else told
    names, rules = shift.paced(run, _begin)
    for name in names:
        try:
            if not _table(run, name, rules, shift, said):
                return False
        except BlockedError:
            # The clock is in doubt, which is about everything.
            raise
        except Exception as raised:
            said[word_of(name)] = type(raised).__name__
            problem = problem or raised
    if problem is not None and told is None:
        raise problem
    return problem is None


def _table(
    run: Run, name: str, rules: str, shift: Shift, said: MutableMapping[str, str]
) -> bool:
    """Look at one table; return whether all of it was."""
    while True:
        wanted = shift.paced(run, partial(_open, name, rules))
        if wanted is None:
            return _whole(Way(run, name, shift, said, STRIDE))
        if not _recent(Way(run, name, shift, said, PAGE), wanted):
            return False
        if shift.paced(run, partial(_close, name, wanted)):
            return True


def _begin(office: HasWork) -> tuple[list[str], str]:
    """Return the tables to look at and the mark of the rules; forget tables that are gone."""
    work = office.work
    names = [each.name for each in ageing(work) if due.remembers(work, each)]
    for table in (tables.due, tables.look):
        work.conn.execute(delete(table).where(table.c.table_name.not_in(names)))
    return names, acting(work, basis.whole(work))


def unended(work: Work, name: str) -> Unended | None:
    """Return how many rows of a table have no end that is known, or None: nobody looked.

    :param work: the open transaction.
    :param name: name of the table.
    """
    table = tables.look
    read = or_(table.c.after.is_(None), table.c.after.startswith(_AT))
    found = select(table.c.lost, table.c.open).where(table.c.table_name == name, read)
    row = work.conn.execute(found).one_or_none()
    if row is None:
        return None
    return _counted(row.open) + Unended({("", Open.NO_PLACE.value): row.lost})


def _counted(text: str | None) -> Unended:
    """Return what a look at everything has counted so far of what lies at a property."""
    said = json.loads(text or "[]")
    return Unended({(place, word): count for place, word, count in said})


def forget(work: Work) -> None:
    """Let the next look be one at everything, for a database that is not what it was."""
    work.conn.execute(delete(tables.look))


def _open(name: str, rules: str, office: HasWork) -> _Recent | None:
    """Return what came of age since the last look, and how far it was looked at already.

    It is None when all has to be read.
    """
    work, table = office.work, tables.look
    seen = _state(work, name)
    if seen is not None and seen.mark == rules and _is_read(seen.after):
        if timedelta(0) <= work.stamp - seen.whole_at < WEEK and seen.day <= work.today:
            return _since(work, name, seen)
    elif seen is not None and seen.mark == rules:
        return None
    values = {
        "mark": rules, "day": work.today, "whole_at": work.stamp, "after": "", "lost": 0,
        "open": None, "newest": _newest(work, name),
    }  # fmt: skip
    if seen is None or seen.mark != rules:
        # What was due by other rules need not be due by these.
        work.conn.execute(delete(tables.due).where(tables.due.c.table_name == name))
        work.conn.execute(delete(table).where(table.c.table_name == name))
        work.conn.execute(insert(table).values(table_name=name, **values))
    else:
        work.conn.execute(update(table).where(table.c.table_name == name).values(values))
    return None


def _state(work: Work, name: str) -> Row[Any] | None:
    table = tables.look
    return work.conn.execute(select(table).where(table.c.table_name == name)).one_or_none()


def _newest(work: Work, name: str) -> int | None:
    """Return the largest key of a table that numbers its rows, or None."""
    key = work.datamap.declared(name).key
    if len(key) != 1 or not isinstance(key[0].type, Integer):
        return None
    # What is numbered without a sign goes on behind what we can write down: it is read each time.
    return min(work.conn.execute(select(func.max(key[0]))).scalar() or 0, _LARGEST)


def _is_read(after: str | None) -> bool:
    """Return whether all of a table was read once, by what is written down of where a look is."""
    return after is None or after.startswith(_AT)


# everything


def _whole(way: Way) -> bool:
    stride, over = partial(_stride, way.name), partial(_pass_stride, way.name)
    while not way.shift.over():
        if way.go(stride, over, False):
            return True
    return False


def _stride(name: str, many: int, office: HasWork) -> bool:
    """Look at the next rows of a table in the order of their keys; return whether it ended."""
    work, declared = office.work, office.work.datamap.declared(name)
    seen = _state(work, name)
    if seen is None or seen.after is None:
        return True
    start = _start(declared, seen)
    _, end = _ahead(work, declared, start, many)
    statement = old(work, declared)
    if start is not None:
        statement = beyond(declared, statement, start)
    if end is not None:
        here = [statement.selected_columns[c.key] for c in declared.key]
        statement = statement.where(~greater(here, end))
    keys = [tuple(row) for row in work.conn.execute(statement)]
    counts = _counted(seen.open) + judge_rows(work, declared, keys)
    said = json.dumps([[*what, count] for what, count in sorted(counts.items())])
    _stand(work, name, end, lost=seen.lost + placeless(work, declared, keys), open=said)
    return end is None


def _pass_stride(name: str, word: str, office: HasWork) -> bool:
    """Pass over the next row of a table, that fails; return whether the table ended."""
    work, declared = office.work, office.work.datamap.declared(name)
    seen = _state(work, name)
    if seen is None or seen.after is None:
        return True
    passed, end = _ahead(work, declared, _start(declared, seen), 1)
    if word:
        put_unread(work, declared, passed, word)
    _stand(work, name, end)
    return end is None


def _start(declared: Declared, seen: Row[Any]) -> Key | None:
    """Return the key behind which a look at everything goes on, or None at the beginning.

    :raises UnknownError: it cannot be read.
    """
    if not seen.after:
        return None
    start = people.plain_key(declared, seen.after)
    if start is None:
        # To begin anew, again and again, would have no end.
        raise UnknownError(
            "Where a look through this table goes on cannot be read.",
            "Look at the type of its key; any change of the rules lets it begin anew.",
        )
    return start


def _ahead(
    work: Work, declared: Declared, start: Key | None, many: int
) -> tuple[list[Key], Key | None]:
    """Return the row so many rows on, and those behind it up to one whose key can be written down.

    :return: their keys, and the last one, behind which a look goes on; None when the table ends.
    :raises UnknownError: there is no such key among many.
    """
    columns = list(declared.key)
    ahead = select(*columns).order_by(*columns).offset(many - 1).limit(_ALONG)
    ahead = ahead if start is None else ahead.where(greater(columns, start))
    passed: list[Key] = []
    for row in work.conn.execute(ahead).all():
        passed.append(tuple(row))
        if stands(work, declared, passed[-1]):
            return passed, passed[-1]
    if len(passed) == _ALONG:
        raise UnknownError(
            "The keys of this table cannot be written down.", "Look at the type of its key.",
        )
    return passed, None


def _stand(work: Work, name: str, end: Key | None, **counts: object) -> None:
    """Write down behind which key a look at everything goes on; None: it ended."""
    table = tables.look
    values = {"after": None if end is None else key_text(end), **counts}
    work.conn.execute(update(table).where(table.c.table_name == name).values(values))


# what came of age


def _since(work: Work, name: str, seen: Row[Any]) -> _Recent:
    """Return what came of age since the last look; one that did not end goes on where it was."""
    newest = -1 if seen.newest is None else seen.newest
    fresh = _Recent(seen.day, newest, work.today, _newest(work, name), (0, None))
    if seen.after is None:
        return fresh
    try:
        number, day, coming, text = json.loads(seen.after[len(_AT) :])
    except ValueError:
        return fresh
    key = people.plain_key(work.datamap.declared(name), text) if text else None
    if (text and key is None) or not seen.day <= day <= work.today:
        return fresh
    # It goes on as of its own day, by which the statements are the same ones.
    return replace(fresh, day=day, coming=coming, at=(number, key))


def _recent(way: Way, wanted: _Recent) -> bool:
    at: _At | None = wanted.at
    while at is not None:
        if way.shift.over():
            return False
        page, over = partial(_page, way.name, wanted, at), partial(_pass_row, way.name, wanted, at)
        at = way.go(page, over, cast("_At | None", at))
    return True


def _page(name: str, wanted: _Recent, at: _At, many: int, office: HasWork) -> _At | None:
    """Look at the next page of the statements; return where to go on, or None at the end."""
    work, declared = office.work, office.work.datamap.declared(name)
    found, place = _paged(work, declared, wanted, at, many)
    judge_rows(work, declared, found)
    if place is not None:
        _keep(work, declared, wanted, place)
    return place


def _paged(
    work: Work, declared: Declared, wanted: _Recent, at: _At, many: int
) -> tuple[list[Key], _At | None]:
    found: dict[Key, None] = {}
    place, after = at
    statements = enumerate(_statements(work, declared, wanted))
    for number, statement in islice(statements, place, None):
        ahead = statement if after is None else beyond(declared, statement, after)
        rows = [tuple(row) for row in work.conn.execute(ahead.limit(many))]
        found.update(dict.fromkeys(rows))
        if len(rows) == many:
            return list(found), (number, rows[-1])
        after = None
        if len(found) >= many:
            return list(found), (number + 1, None)
    return list(found), None


def _pass_row(
    name: str, wanted: _Recent, at: _At, word: str, office: HasWork
) -> _At | None:
    """Pass over the next row of the statements, that fails; return where to go on."""
    work, declared = office.work, office.work.datamap.declared(name)
    found, place = _paged(work, declared, wanted, at, 1)
    if word:
        put_unread(work, declared, found, word)
    if place is not None:
        _keep(work, declared, wanted, place)
    return place


def _statements(work: Work, declared: Declared, wanted: _Recent) -> Iterable[Select[Any]]:
    """Yield what came of age since a day, and what is new in the table."""
    since, day = map(date.fromisoformat, (wanted.since, wanted.day))
    yield from recent(work, declared, since, day)
    if wanted.newest >= 0:
        statement = beyond(declared, old(work, declared), (wanted.newest - OVERLAP,))
        yield statement.order_by(*(statement.selected_columns[c.key] for c in declared.key))


def _keep(work: Work, declared: Declared, wanted: _Recent, at: _At) -> None:
    """Write down where a look at what came of age goes on, as far as that can be."""
    number, key = at
    if key is not None and not stands(work, declared, key):
        return
    said = [number, wanted.day, wanted.coming, "" if key is None else key_text(key)]
    text, table = _AT + json.dumps(said, ensure_ascii=False), tables.look
    if due.fits(work, text):
        mine = update(table).where(table.c.table_name == declared.name)
        work.conn.execute(mine.values(after=text))


def _close(name: str, wanted: _Recent, office: HasWork) -> bool:
    """Write down that a look at what came of age ended; return whether it was today's."""
    table, work = tables.look, office.work
    values = {"day": wanted.day, "newest": wanted.coming, "after": None}
    work.conn.execute(update(table).where(table.c.table_name == name).values(values))
    return wanted.day >= work.today
