"""What is due: rows of the host's that have had their time, each claimed by one worker at a time.

A row stands here from the look that found it until the transaction that erases it takes it away.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from itertools import groupby
from operator import itemgetter
from typing import Any

from sqlalchemy import (
    Connection,
    Date,
    DateTime,
    Integer,
    LargeBinary,
    Row,
    Select,
    String,
    Time,
    Uuid,
    func,
    select,
    update,
)
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.types import Enum, TypeEngine

from ...core.plan import Key, key_text
from .. import tables
from ..erasing import people
from ..mapping.declared import Declared
from ..statements import given
from ..statements.bynumber import by_number, delete_by_number
from ..statements.sql import MANY, chunks, is_text, one_of, skips, text_length
from ..work import Work
from .ageing import Expired
from .putoff import astray

BACKOFF = (
    timedelta(minutes=15), timedelta(hours=1), timedelta(hours=6),
    *[timedelta(hours=20)] * 7,
)  # fmt: skip
"""How long a row that failed waits for the next try; after the last one a person has to look.

Less than a day, so that no sweep of the next night comes a moment too early for it.
"""

SOON = BACKOFF[0]
"""How long a row waits that somebody else's transaction held."""

_STALE = timedelta(days=1)
"""Age at which it is written down anew that a row is still due."""


@dataclass(frozen=True)
class Claim:
    """A due row that this transaction has claimed.

    :param id: its number.
    :param key: key of the host's row, as `core.plan.key_text` writes it.
    :param property: code of the property.
    :param category: category by which it goes.
    :param day: last day on which it may still be there, ISO.
    :param tries: how often it failed.
    :param try_at: naive UTC, from when on it was to be tried.
    """

    id: int
    key: str
    property: str
    category: str
    day: str
    tries: int
    try_at: datetime


def remembers(work: Work, declared: Declared) -> bool:
    """Return whether rows of a table can be written down here.

    Where the key is all of a row, or goes with it, or may be NULL in part, or cannot be read back
    from text, it cannot.
    """
    going = [*declared.erase, *declared.retain]
    if not declared.keyed or declared.blurred or declared.keyed_by(going):
        return False
    if any(column.nullable and not column.primary_key for column in declared.key):
        # NULL is neither before nor after a value: a look could not go on behind such a key.
        return False
    if all(_reads_back(column.type) for column in declared.key):
        return True
    try:
        found = work.conn.execute(select(*declared.key).limit(1)).first()
    except SQLAlchemyError:
        raise
    except Exception:
        # A type of the host's, or one that does not know the value: its text may hold it.
        return False
    return found is None or people.plain_key(declared, key_text(tuple(found))) is not None


def _reads_back(type_: TypeEngine[Any]) -> bool:
    """Return whether every value of a type is known to be read back from its text."""
    # A type of the host's, or of one engine, may give values of whatever class.
    own = type(type_).__module__ == Integer.__module__
    return own and isinstance(type_, _PLAIN) and not isinstance(type_, Enum)


_BRIEF = (Integer, Date, DateTime, Time, Uuid)
_PLAIN = (*_BRIEF, String, LargeBinary)

_SHORT = 60
"""Signs that a part of a key has at most, its type named, where it is no text."""


def fits(work: Work, text: str) -> bool:
    """Return whether the text of a key is short enough to be written down."""
    most = tables.due.c.row_key.type.length  # type: ignore[attr-defined]
    # SQLite holds no text to its length.
    return work.conn.dialect.name == "sqlite" or len(text) <= most


def longer(work: Work, declared: Declared, statement: Select[Any]) -> Select[Any] | None:
    """Return a statement with only rows whose key may be too long, or None where none can be.

    :param work: the open transaction.
    :param declared: the table.
    :param statement: a select of keys.
    """
    if work.conn.dialect.name == "sqlite":
        return None
    words = [c for c in declared.key if is_text(c.type)]
    if not all(is_text(c.type) or isinstance(c.type, _BRIEF) for c in declared.key):
        # How long the text of such a value is, only the value tells.
        return statement
    # Each sign of a text may be escaped.
    rest, sizes = _SHORT * len(declared.key), [text_length(c.type) for c in words]
    most: int = tables.due.c.row_key.type.length  # type: ignore[attr-defined]
    fit = None not in sizes and 2 * sum(filter(None, sizes)) + rest <= most
    if not words or fit:
        return None
    here = statement.selected_columns
    lengths = [func.coalesce(func.length(here[c.key]), 0) for c in words]
    return statement.where(2 * sum(lengths[1:], lengths[0]) + rest > most)


def put(
    work: Work, declared: Declared, items: Iterable[Expired], later: Iterable[Expired]
) -> None:
    """Write down that rows are due; those whose key is too long are listed anew by each sweep.

    :param work: the open transaction.
    :param declared: their table.
    :param items: rows that are due now.
    :param later: rows that something keeps for now: they are looked at again tomorrow.
    """
    wanted = {key_text(item.key): (item, work.stamp) for item in items}
    wanted |= {key_text(item.key): (item, tomorrow(work)) for item in later}
    wanted = {text: item for text, item in wanted.items() if fits(work, text)}
    for part in chunks(wanted.items(), MANY):
        known = _known(work.conn, declared.name, [text for text, _ in part])
        _refresh(work, [(known[t], item) for t, (item, _) in part if t in known])
        rows = [
            {
                "table_name": declared.name, "row_key": text, "property": item.place,
                "category": item.category, "day": item.day.isoformat(), "tries": 0,
                "looked_at": work.stamp, "try_at": at, "problem": None,
            }
            for text, (item, at) in part
            if text not in known
        ]  # fmt: skip
        # Rows to be tried at one time go in one statement.
        rows.sort(key=itemgetter("try_at"))
        for _, alike in groupby(rows, key=itemgetter("try_at")):
            given.put(work.conn, tables.due, alike)


def put_unread(work: Work, declared: Declared, places: Mapping[Key, str], problem: str) -> None:
    """Write down rows that could not be judged, as failed once; what is known stays as it is.

    From tomorrow on they count as late, until somebody has looked.

    :param work: the open transaction.
    :param declared: their table.
    :param places: key -> code of the property, empty where nobody can tell.
    :param problem: name of the error's class.
    """
    texts = {key_text(key): place for key, place in places.items()}
    wanted = {text: place for text, place in texts.items() if fits(work, text)}
    known = _known(work.conn, declared.name, list(wanted))
    if known:
        mine = by_number(update(tables.due), tables.due, [row.id for row in known.values()])
        work.conn.execute(mine.values(looked_at=work.stamp))
    rows = [
        {
            "table_name": declared.name, "row_key": text, "property": place,
            "category": declared.policy.category, "day": work.today, "tries": 1,
            "looked_at": work.stamp, "try_at": work.stamp + SOON, "problem": problem[:80],
        }
        for text, place in wanted.items()
        if text not in known
    ]  # fmt: skip
    given.put(work.conn, tables.due, rows)


def _known(conn: Connection, table: str, texts: Sequence[str]) -> dict[str, Row[Any]]:
    due = tables.due
    rows = conn.execute(select(due).where(due.c.table_name == table, one_of(due.c.row_key, texts)))
    return {row.row_key: row for row in rows}


def _refresh(work: Work, pairs: Iterable[tuple[Row[Any], Expired]]) -> None:
    due, stale = tables.due, []
    for row, item in pairs:
        # A part that ended since makes nothing younger that waits already.
        day = min(row.day, item.day.isoformat())
        said = {"property": item.place, "category": item.category, "day": day}
        if any(getattr(row, name) != value for name, value in said.items()):
            work.conn.execute(
                update(due).where(due.c.id == row.id).values(looked_at=work.stamp, **said)
            )
        elif abs(work.stamp - row.looked_at) >= _STALE:
            stale.append(row.id)
    if stale:
        mine = by_number(update(due), due, stale)
        work.conn.execute(mine.values(looked_at=work.stamp))
        work.conn.execute(mine.where(astray(work, due.c.try_at)).values(try_at=work.stamp))


def tomorrow(work: Work) -> datetime:
    """Return the beginning of the next UTC day, naive."""
    return datetime.combine(work.now.date() + timedelta(days=1), time.min)


# claims


def claim(
    work: Work, table: str, size: int, skip: Collection[str], after: Claim | None = None
) -> list[Claim]:
    """Claim due rows of a table for this transaction, one property after the other.

    Rows of one property are planned, sealed and written down together, so a batch of few
    properties costs less than one of many. What others have claimed is passed over.

    :param work: the open transaction.
    :param table: table of the rows.
    :param size: how many at most.
    :param skip: properties at which nothing is erased now.
    :param after: the last row of the batch before, so that what it took is not read again.
    """
    due = tables.due
    wanted = _open(work, table).where(due.c.try_at <= work.stamp)
    if skip:
        wanted = wanted.where(due.c.property.not_in(sorted(skip)))
    if after is not None:
        same = due.c.property == after.property
        later = (due.c.try_at > after.try_at) | (
            (due.c.try_at == after.try_at) & (due.c.id > after.id)
        )
        beyond = (due.c.property > after.property) | (same & later)
        wanted = wanted.where(due.c.property >= after.property, beyond)
    return _claimed(work, wanted.limit(size))


def claim_again(work: Work, table: str, claims: Iterable[Claim]) -> list[Claim]:
    """Claim the same rows in another transaction, as far as nobody else took them meanwhile."""
    due, found = tables.due, []
    for part in chunks((claim.id for claim in claims), MANY):
        found += _claimed(work, by_number(_open(work, table), due, part))
    return found


def page(work: Work, table: str, after: int, size: int) -> list[Claim]:
    """Return the next due rows of a table without claiming them, those that wait included.

    :param work: the open transaction.
    :param table: table of the rows.
    :param after: number of the last row of the page before.
    :param size: how many at most.
    """
    due = tables.due
    mine = select(due).where(due.c.table_name == table, due.c.id > after)
    found = work.conn.execute(mine.order_by(due.c.id).limit(size))
    return [_claim(row) for row in found]


def _open(work: Work, table: str) -> Select[Any]:
    due = tables.due
    mine = select(due).where(due.c.table_name == table, due.c.try_at.is_not(None))
    mine = mine.order_by(due.c.property, due.c.try_at, due.c.id)
    return mine.with_for_update(skip_locked=skips(work.conn))


def _claimed(work: Work, wanted: Select[Any]) -> list[Claim]:
    return [_claim(row) for row in work.conn.execute(wanted)]


def _claim(r: Row[Any]) -> Claim:
    at = r.try_at or datetime.max
    return Claim(r.id, r.row_key, r.property, r.category, r.day, r.tries, at)


def keys(declared: Declared, claims: Iterable[Claim]) -> dict[Key, Claim]:
    """Return the keys of the host's rows; one that nobody can read any more is left out."""
    found = {}
    for each in claims:
        key = people.plain_key(declared, each.key)
        if key is not None:
            found[key] = each
    return found


def done(work: Work, claims: Iterable[Claim]) -> None:
    """Take rows away: they went, or are not due any more."""
    for part in chunks((claim.id for claim in claims), MANY):
        delete_by_number(work.conn, tables.due, part)


def postpone(work: Work, claims: Iterable[Claim]) -> None:
    """Put rows off until tomorrow: a hold or the hotel needs them, which is no failure."""
    values = {"try_at": tomorrow(work), "looked_at": work.stamp, "tries": 0, "problem": None}
    for part in chunks((claim.id for claim in claims), MANY):
        work.conn.execute(by_number(update(tables.due), tables.due, part).values(values))


def wake(work: Work) -> None:
    """Let rows that were put off be looked at at once: what kept them may have ended.

    :param work: the open transaction.
    """
    due = tables.due
    waiting = update(due).where(due.c.tries == 0, due.c.try_at > work.stamp)
    work.conn.execute(waiting.values(try_at=work.stamp))


def move(work: Work, claims: Mapping[int, str]) -> None:
    """Write down the property at which rows lie now.

    :param claims: number -> code of the property.
    """
    for id, place in claims.items():
        work.conn.execute(update(tables.due).where(tables.due.c.id == id).values(property=place))


def failed(work: Work, claim: Claim, problem: str, met: bool = False) -> None:
    """Write down that a row could not be erased, and when it is tried again.

    :param work: the open transaction.
    :param claim: the row.
    :param problem: name of the error's class.
    :param met: somebody else's transaction held what was needed: it is tried soon, and not counted.
    """
    tries = claim.tries if met else claim.tries + 1
    wait = SOON if met else BACKOFF[tries - 1] if tries <= len(BACKOFF) else None
    at = None if wait is None else work.stamp + wait
    due = tables.due
    work.conn.execute(
        update(due)
        .where(due.c.id == claim.id)
        .values(tries=tries, try_at=at, problem=problem[:80])
    )
