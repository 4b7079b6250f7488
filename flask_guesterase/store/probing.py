"""Whether the database lets owner paths be asked at all: it is asked about nobody."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from ..core.finding import Finding
from .binds.crossing import at
from .datamap import DataMap
from .failure import is_refusal
from .gaps import unreadable
from .walking import route, trail_of


def refused(conn: Connection, datamap: DataMap) -> Iterator[Finding]:
    """Yield the owner paths that the database refuses to follow, before a guest depends on one.

    MariaDB compares no texts of two collations, and PostgreSQL no columns of two types.

    :param conn: open connection.
    :param datamap: the data map, with what the live database adds to its findings.
    """
    hidden = unreadable(datamap)
    for declared in datamap.tables.values():
        for path in declared.paths if declared.name not in hidden else ():
            if trail_of(conn, datamap, declared, path) is not None:
                continue
            there = at(conn, declared.name)
            statement, _ = route(datamap, declared, path, whole=True)
            try:
                with there.begin_nested():
                    there.execute(statement.limit(0))
            except DBAPIError as problem:
                if not is_refusal(problem):
                    raise
                yield Finding(
                    "path-unknown", declared.name, path.label, "The database refuses to look for "
                    f"rows by the owner path '{path.label}' ({type(problem.orig).__name__}).",
                    "Look at via= and where=: what is compared must be of one type and one "
                    "collation. A callable that returns a select() of both keys may convert it.",
                )
