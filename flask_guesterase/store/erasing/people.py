"""Subject rows of a request: taken, perhaps or left, and the tombstones of erased ones."""

from __future__ import annotations

import ast
import re
import uuid
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

from sqlalchemy import bindparam, insert, select, update

from ...core.errors import UnknownError
from ...core.plan import Key, Person, by_table, key_text
from ...core.standing import Judged, Standing, Why
from .. import tables
from ..mapping.datamap import DataMap
from ..mapping.declared import Declared
from ..statements.failure import is_unread
from ..statements.sql import among, is_text, parts
from ..work import Work


@dataclass(frozen=True)
class Subject:
    """One subject row of a request.

    :param id: number by which staff take or leave it.
    :param table: name of the subject table.
    :param key: key of the row, as text.
    :param standing: taken, perhaps or left.
    :param why: reason for the standing, or who decided it.
    :param erased_at: when it was erased, naive UTC.
    """

    id: int
    table: str
    key: str
    standing: Standing
    why: str
    erased_at: datetime | None


def put(work: Work, number: str, judged: Iterable[Judged]) -> None:
    """Record the rows a request may be about."""
    rows = [
        {
            "request": number,
            "table_name": j.found.person[0],
            "row_key": key_text(j.found.person[1]),
            "standing": j.standing.value,
            "why": j.why.value,
        }
        for j in judged
    ]
    if rows:
        work.conn.execute(insert(tables.subject), rows)


def take(work: Work, number: str, whose: Iterable[Person]) -> None:
    """Record the rows a request is about, where these are known for sure."""
    rows = [
        {
            "request": number, "table_name": table, "row_key": key_text(key),
            "standing": Standing.TAKEN.value, "why": Why.ALL.value,
        }
        for table, key in whose
    ]  # fmt: skip
    if rows:
        work.conn.execute(insert(tables.subject), rows)


_TABLE = tables.subject.c
_ALL = (
    select(
        _TABLE.id, _TABLE.table_name, _TABLE.row_key, _TABLE.standing, _TABLE.why,
        _TABLE.erased_at,
    )
    .where(_TABLE.request == bindparam("wanted"))
    .order_by(_TABLE.id)
)  # fmt: skip
_STANDING = _ALL.where(_TABLE.standing == bindparam("standing_"))


def subjects(work: Work, number: str, standing: Standing | None = None) -> list[Subject]:
    """Return the subject rows of a request, in the order of their numbers."""
    wanted = {"wanted": number, "standing_": standing.value if standing is not None else ""}
    return [
        Subject(r.id, r.table_name, r.row_key, Standing(r.standing), r.why, r.erased_at)
        for r in work.conn.execute(_ALL if standing is None else _STANDING, wanted)
    ]


def taken(work: Work, number: str) -> tuple[Person, ...]:
    """Return the people a request is about, without those whose row nobody can name any more."""
    return named(work, subjects(work, number, Standing.TAKEN))


def spelt(work: Work, who: Iterable[Person]) -> frozenset[Person]:
    """Return people by the keys they had, and as their rows spell these by now.

    The host may have written its keys in capitals, which its collation takes for the same. Of rows
    that go whole another has the key by now.

    :param work: the open transaction.
    :param who: the people of a request.
    """
    found = frozenset(who)
    for table, keys in by_table(found).items():
        declared = work.datamap.tables.get(table)
        if declared is not None and not declared.deletes and is_spelt(declared):
            found |= {(table, key) for key in now(work, declared, keys)}
    return found


def is_spelt(declared: Declared) -> bool:
    """Return whether keys of a table are texts, which a collation may take for one another."""
    return any(is_text(column.type) for column in declared.key)


def now(work: Work, declared: Declared, keys: Iterable[Key]) -> set[Key]:
    """Return the keys of the rows that the database finds under some, as these spell them now.

    :param work: the open transaction.
    :param declared: their table.
    :param keys: keys as they were noted.
    """
    rows, columns = select(*declared.key), list(declared.key)
    return {
        tuple(row) for part in parts(list(keys))
        for row in work.conn.execute(rows.where(among(columns, part)))
    }


def named(work: Work, rows: Iterable[Subject]) -> tuple[Person, ...]:
    """Return the people that subject rows stand for, without those nobody can name any more."""
    found = []
    for each in rows:
        # A key that only the host's types can read is looked up; no row with it, nothing to erase.
        with suppress(UnknownError):
            found.append(person(work, each))
    return tuple(found)


def decide(work: Work, number: str, id: int, standing: Standing, why: str) -> None:
    """Change the standing of one row of a request.

    :raises UnknownError: the request has no such row, or it was erased.
    """
    table = tables.subject
    done = work.conn.execute(
        update(table)
        .where(table.c.request == number, table.c.id == id, table.c.erased_at.is_(None))
        .values(standing=standing.value, why=why)
    )
    if done.rowcount != 1:
        raise UnknownError("This request has no such row.", "Look at the request again.")


def bury(work: Work, number: str, living: Iterable[Person] = ()) -> int:
    """Mark the taken rows of a request as erased; return how many.

    :param work: the open transaction.
    :param number: number of the request.
    :param living: those whose own row stays as it is for now, under a hold for example.
    """
    spared = [
        (_TABLE.table_name != name) | (_TABLE.row_key != key_text(key)) for name, key in living
    ]
    mine = _BURY.where(*spared) if spared else _BURY
    return work.conn.execute(mine, {"wanted": number, "erased_at": work.stamp}).rowcount


_BURY = update(tables.subject).where(
    _TABLE.request == bindparam("wanted"),
    _TABLE.standing == Standing.TAKEN.value,
    _TABLE.erased_at.is_(None),
)


EXPIRED = "expired"
"""Under this word, instead of a request, stand people whose time was over."""


def bury_again(
    work: Work, number: str | None, gone: Iterable[Person], held: Iterable[Person] = ()
) -> None:
    """Mark rows in which an erased person was back as erased, from this time on.

    :param work: the open transaction.
    :param number: number of the request, or None for people whose time was over.
    :param gone: rows that are shells now.
    :param held: rows that stay as they are for now; they go with the request's kept rows.
    """
    table, request = tables.subject, number or EXPIRED
    times: list[tuple[Person, datetime | None]] = [(each, work.stamp) for each in gone]
    times += [(each, None) for each in held] if number is not None else []
    for (name, key), at in times:
        row = {"request": request, "table_name": name, "row_key": key_text(key)}
        done = work.conn.execute(
            update(table)
            .where(*(table.c[column] == value for column, value in row.items()))
            .values(standing=Standing.TAKEN.value, erased_at=at)
        )
        if not done.rowcount:
            values = {"standing": Standing.TAKEN.value, "why": "returned", "erased_at": at}
            work.conn.execute(insert(table).values(**row, **values))


def person(work: Work, subject: Subject) -> Person:
    """Return the person a subject row stands for.

    :raises UnknownError: the row's key cannot be read and no row has it any more.
    """
    return subject.table, read_key(work, subject.table, subject.key)


_PART = re.compile(r"(?:[^|\\]|\\.)+", re.DOTALL)

_READ: Mapping[str, Callable[[str], Any]] = {
    "int": int,
    "str": str,
    "float": float,
    "bool": lambda text: text == "True",
    "bytes": ast.literal_eval,
    "UUID": uuid.UUID,
    "Decimal": Decimal,
    "date": date.fromisoformat,
    "datetime": datetime.fromisoformat,
    "time": time.fromisoformat,
    "NoneType": lambda text: None,
}


def read_key(work: Work, table: str, text: str) -> Key:
    """Return the key that a text of `key_text` stands for.

    :raises UnknownError: it cannot be read and no row of the table has it.
    """
    key = plain_key(work.datamap.declared(table), text)
    return _search(work, work.datamap, table, text) if key is None else key


def keys_of(work: Work, lines: Iterable[Any]) -> tuple[dict[int, Key], set[int]]:
    """Return the keys of the rows that lines of ours name, and of which lines nobody can read it.

    :param work: the open transaction.
    :param lines: lines with an id, the name of a table and the text of a key.
    :return: by the id of the line; of rows that are not there, nothing.
    """
    keys, unread = dict[int, Key](), set[int]()
    for line in lines:
        try:
            keys[line.id] = read_key(work, line.table_name, line.row_key)
        except UnknownError:
            continue
        except Exception as problem:
            if not is_unread(problem):
                raise
            unread.add(line.id)
    return keys, unread


def plain_key(declared: Declared, text: str) -> Key | None:
    """Return the key that a text of `key_text` stands for, or None where only the host can say."""
    parts = _PART.findall(text)
    try:
        if len(parts) != len(declared.key):
            raise ValueError("the text is not one of this table's keys")
        key = tuple(_value(part) for part in parts)
        if key_text(key) != text:
            raise ValueError("the text says more than the value")
    except (ValueError, KeyError, SyntaxError, ArithmeticError):
        return None
    return key


def words(text: str) -> list[str]:
    """Return the word of the type of each part of a key, from its `key_text`.

    :param text: the text.
    """
    return [part.partition(":")[0] for part in _PART.findall(text)]


def _value(part: str) -> Any:
    kind, _, value = part.partition(":")
    return _READ[kind](re.sub(r"\\(.)", r"\1", value, flags=re.DOTALL))


def _search(work: Work, datamap: DataMap, table: str, text: str) -> Key:
    """Return the key among those of the rows; for types only the host can read.

    One that nobody can read may be the one, but keeps no other from being found.
    """
    rows, unread = work.conn.execute(select(*datamap.declared(table).key)), None
    while True:
        try:
            row = rows.fetchone()
        except Exception as problem:
            # What ended the reading itself says less than what it could not read.
            if not is_unread(problem):
                raise unread or problem from None
            unread = problem
            continue
        if row is None:
            break
        if key_text(tuple(row)) == text:
            rows.close()
            return tuple(row)
    if unread is not None:
        raise unread
    raise UnknownError("This row is not there any more.", "Look at the request again.")
