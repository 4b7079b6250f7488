"""Rows put back together: parents before children, again while anything comes, circles at last."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from sqlalchemy import Connection, text

from ...core.image import Change
from ..catalog.shape import LiveSchema
from ..mapping.datamap import DataMap
from ..mapping.links import Link, children_first, links
from ..statements.sql import MARIADB
from .putback import Putback
from .refusal import Back, Fate, Old
from .rings import close


def put_back(
    conn: Connection, datamap: DataMap, live: LiveSchema, rows: Sequence[Old]
) -> list[Back]:
    """Put rows back as they were; return what became of each.

    What fails for a foreign key, or for a value another row still has, is tried again as long
    as anything comes back; what is left then points at each other in circles, or nowhere.

    :param conn: open transaction; the caller commits it.
    :param datamap: the resolved data map.
    :param live: the live database as read.
    :param rows: what went, in the order in which it is to be put back.
    :raises DBAPIError: the database did not answer, or somebody else holds what is needed.
    """
    putback = Putback(conn, datamap, live)
    with _exact(conn):
        waiting, done = _ordered(rows, links(datamap, live)), list[Back]()
        while waiting:
            tried = [putback.row(old) for old in waiting]
            later = [back for back in tried if back.fate in _AGAIN]
            done += [back for back in tried if back.fate not in _AGAIN]
            if len(later) == len(waiting):
                return done + close(putback, later)
            waiting = [back.old for back in later]
    return done


_AGAIN = frozenset({Fate.FOREIGN, Fate.UNIQUE})


def _ordered(rows: Sequence[Old], known: Sequence[Link]) -> list[Old]:
    """Return rows that were deleted first, parents before children, then the others."""
    names = {old.image.table for old in rows}
    order = {name: n for n, name in enumerate(reversed(children_first(names, known)))}

    def place(pair: tuple[int, Old]) -> tuple[bool, int, int]:
        number, old = pair
        deleted = old.image.change is Change.DELETED
        return not deleted, order[old.image.table] if deleted else 0, number

    return [old for _, old in sorted(enumerate(rows), key=place)]


@contextmanager
def _exact(conn: Connection) -> Iterator[None]:
    """Let the engine take old values as they were, and look at foreign keys at once."""
    if conn.dialect.name == "postgresql":
        conn.execute(text("SET CONSTRAINTS ALL IMMEDIATE"))
    elif conn.dialect.name == "sqlite":
        # Each row is looked at here: SQLite would only say at the commit what is wrong.
        conn.exec_driver_sql("PRAGMA defer_foreign_keys = ON")
    elif conn.dialect.name in MARIADB:
        before = str(conn.exec_driver_sql("SELECT @@SESSION.sql_mode").scalar_one())
        kept = [word for word in before.split(",") if word and word not in _NARROW]
        mode = ",".join([*kept, *_WIDE])
        conn.exec_driver_sql("SET SESSION sql_mode = %s", (mode,))
    yield


_NARROW = frozenset({"NO_ZERO_DATE", "NO_ZERO_IN_DATE", "TRADITIONAL"})
_WIDE = ("ALLOW_INVALID_DATES", "NO_AUTO_VALUE_ON_ZERO", "STRICT_ALL_TABLES")
"""Of MariaDB's modes: what the host's own mode once let in must come back, and nothing be cut.

The session's mode is put back when our transaction ends (see `transaction`)."""

