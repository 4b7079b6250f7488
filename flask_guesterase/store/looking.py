"""Looking for what has had its time: what came of age since the last look, and now and then all.

A look reads what the dates of the clocks, through the host's own indexes, say is newly old enough,
and rows that are new in the table however old their date. A look at the whole table follows a
change of the rules, and the last one after a week; it finds what was dated back or changed.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING, Any

from sqlalchemy import Integer, Row, Select, delete, func, insert, select, update

from ..core.plan import Key, key_text
from . import due, people, runs, tables
from .ageing import Expired, ageing, judged, waiting
from .blockers import today_at
from .candidates import beyond, greater, old, recent
from .claiming import Shift
from .clocks import places_of
from .datamap import Declared
from .room import Room
from .work import Work

if TYPE_CHECKING:
    from .finishing import Run
    from .office import Office

WEEK = timedelta(days=7)
"""How old the last look at a whole table may be."""

PAGE = 2000
"""Rows that one transaction judges at most."""

STRIDE = 5000
"""Rows that one transaction of a look at the whole table passes over."""

OVERLAP = 1000
"""Numbers before the newest one that are looked at again: a transaction may have ended late."""


def look(run: Run, shift: Shift | None = None) -> bool:
    """Find what is due in every table whose rows can be written down; return whether it ended.

    :param run: runs a unit of work.
    :param shift: what may be taken, everything when None; the next look goes on where this one
        ended.
    """
    shift = Shift() if shift is None else shift
    names, rules = run(_begin)
    for name in names:
        newest = run(partial(_open, name, rules))
        done = _whole(run, name, shift) if newest is None else _recent(run, name, newest, shift)
        if not done:
            return False
    return True


def _begin(office: Office) -> tuple[list[str], str]:
    """Return the tables to look at and the mark of the rules; forget tables that are gone."""
    work = office.work
    names = [each.name for each in ageing(work) if due.remembers(work, each)]
    for table in (tables.due, tables.look):
        work.conn.execute(delete(table).where(table.c.table_name.not_in(names)))
    return names, runs.whole(work)


def lost(work: Work, name: str) -> int | None:
    """Return how many rows of a table lie at no property that is known, or None: nobody looked."""
    table = tables.look
    found = select(table.c.lost).where(table.c.table_name == name, table.c.after.is_(None))
    return work.conn.execute(found).scalar()


def forget(work: Work) -> None:
    """Let the next look be one at everything, for a database that is not what it was."""
    work.conn.execute(delete(tables.look))


def _open(name: str, rules: str, office: Office) -> tuple[str, int] | None:
    """Return the day and the newest number of the last look; None when all has to be read."""
    work, table = office.work, tables.look
    seen = _state(work, name)
    if seen is not None and seen.mark == rules and seen.after is None:
        if timedelta(0) <= work.stamp - seen.whole_at < WEEK and seen.day <= work.today:
            return seen.day, -1 if seen.newest is None else seen.newest
    elif seen is not None and seen.mark == rules:
        return None
    values = {
        "mark": rules, "day": work.today, "whole_at": work.stamp, "after": "", "lost": 0,
        "newest": _newest(work, name),
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
    return work.conn.execute(select(func.max(key[0]))).scalar() or 0


# everything


def _whole(run: Run, name: str, shift: Shift) -> bool:
    while not shift.over():
        if shift.paced(run, partial(_stride, name, shift.room)):
            return True
    return False


def _stride(name: str, room: Room, office: Office) -> bool:
    """Look at the next rows of a table in the order of their keys; return whether it ended."""
    work, table = office.work, tables.look
    declared = work.datamap.declared(name)
    seen = _state(work, name)
    if seen is None or seen.after is None:
        return True
    columns = list(declared.key)
    start = people.plain_key(declared, seen.after) if seen.after else None
    ahead = select(*columns).order_by(*columns).offset(room.part(STRIDE) - 1).limit(1)
    ahead = ahead if start is None else ahead.where(greater(columns, start))
    end = work.conn.execute(ahead).first()
    statement = old(work, declared)
    if start is not None:
        statement = beyond(declared, statement, start)
    if end is not None:
        last = tuple(end)
        here = [statement.selected_columns[c.key] for c in declared.key]
        statement = statement.where(~greater(here, last))
    keys = [tuple(row) for row in work.conn.execute(statement)]
    _judge(work, declared, keys)
    known = places_of(work.conn, work.datamap, work.settings, declared, keys)
    nowhere = sum(known.get(key, "") not in work.settings.properties for key in keys)
    values = {
        "after": None if end is None else key_text(tuple(end)),
        "lost": seen.lost + nowhere,
    }
    work.conn.execute(update(table).where(table.c.table_name == name).values(values))
    return end is None


# what came of age


def _recent(run: Run, name: str, since: tuple[str, int], shift: Shift) -> bool:
    newest = run(lambda office: _newest(office.work, name))
    at: tuple[int, Key | None] | None = (0, None)
    while at is not None:
        if shift.over():
            return False
        at = shift.paced(run, partial(_page, name, since, at, shift.room))
    run(partial(_close, name, newest))
    return True


def _page(
    name: str, since: tuple[str, int], at: tuple[int, Key | None], room: Room, office: Office
) -> tuple[int, Key | None] | None:
    """Look at the next page of the statements; return where to go on, or None at the end."""
    work = office.work
    declared = work.datamap.declared(name)
    statements = list(_statements(work, declared, since))
    found: dict[Key, None] = {}
    many, (place, after) = room.part(PAGE), at
    for number, statement in islice(enumerate(statements), place, None):
        wanted = statement if after is None else beyond(declared, statement, after)
        rows = [tuple(row) for row in work.conn.execute(wanted.limit(many))]
        found.update(dict.fromkeys(rows))
        if len(rows) == many:
            _judge(work, declared, list(found))
            return number, rows[-1]
        after = None
        if len(found) >= many:
            _judge(work, declared, list(found))
            return number + 1, None
    _judge(work, declared, list(found))
    return None


def _statements(
    work: Work, declared: Declared, since: tuple[str, int]
) -> Iterable[Select[Any]]:
    """Yield what came of age since a day, and what is new in the table."""
    day, newest = since
    yield from recent(work, declared, date.fromisoformat(day))
    if newest >= 0:
        statement = beyond(declared, old(work, declared), (newest - OVERLAP,))
        yield statement.order_by(*(statement.selected_columns[c.key] for c in declared.key))


def _close(name: str, newest: int | None, office: Office) -> None:
    table, work = tables.look, office.work
    values = {"day": work.today, "newest": newest}
    work.conn.execute(update(table).where(table.c.table_name == name).values(values))


def _judge(work: Work, declared: Declared, keys: Sequence[Key]) -> None:
    """Write down which of these rows are due, and which an open request keeps for now."""
    if not keys:
        return
    due.put(work, declared, judged(work, declared, keys), _asked(work, declared, keys))


def _asked(work: Work, declared: Declared, keys: Sequence[Key]) -> list[Expired]:
    """Return rows that an open request is about, as if they had ended: somebody looks tomorrow."""
    asked = waiting(work, declared, keys)
    known = places_of(work.conn, work.datamap, work.settings, declared, asked) if asked else {}
    category = declared.policy.category
    return [
        Expired(
            declared.name, key, known.get(key, ""), category,
            today_at(work.settings, work.now, known.get(key, "")), frozenset(), False, False,
        )
        for key in asked
    ]  # fmt: skip
