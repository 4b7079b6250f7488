"""Foreign keys by which rows that go can point at each other in a circle, and what is let go of."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import Column

from ..catalog.shape import LiveSchema
from ..memory import by_identity
from ..statements.sql import MARIADB
from .datamap import DataMap
from .declared import Declared
from .links import Link, circular, links


def loosened(
    datamap: DataMap, deleting: Iterable[str], known: Sequence[Link], engine: Callable[[str], str]
) -> dict[str, list[Link]]:
    """Return table -> the keys that are emptied, where a circle asks for it, before its rows go.

    Of tables that point at each other in a circle one key lets go. Keys by which a table points at
    itself do so where the engine acts with each row, and only in rows that are in a circle.

    :param datamap: the resolved data map.
    :param deleting: the tables of which rows are deleted.
    :param known: the foreign keys.
    :param engine: answers the name of the dialect of a table's database.
    """
    tables = sorted(set(deleting))
    held = [link for link in known if link.child != link.parent]
    found: dict[str, list[Link]] = {}
    for name in tables:
        declared = datamap.declared(name)
        own = [k for k in known if k.child == k.parent == name and row_by_row(k, engine(name))]
        across = [k for k in circular(name, tables, held) if emptied(declared, k)]
        held = [k for k in held if k not in across]
        if ties := [k for k in (*own, *across) if emptied(declared, k)]:
            found[name] = ties
    return found


def row_by_row(link: Link, dialect: str) -> bool:
    """Return whether an engine acts on a key with each row that goes, not when all of them have.

    :param link: a key of a table that points at the table itself.
    :param dialect: name of the engine's dialect.
    """
    if dialect == "sqlite":
        return link.action not in ("NO ACTION", "CASCADE")
    return dialect in MARIADB


def emptied(declared: Declared, link: Link) -> list[Column[Any]]:
    """Return the columns of a key that NULL can be written into, so that it points at nothing."""
    key = {column.name for column in declared.key}
    columns = (declared.find(name) for name in link.columns)
    return [c for c in columns if c is not None and c.nullable and c.name not in key]


@by_identity
def loose(datamap: DataMap, live: LiveSchema) -> Mapping[str, list[list[Column[Any]]]]:
    """Return table -> for each key that an erasure may empty before its rows go, the columns.

    :param datamap: the resolved data map.
    :param live: the database as read.
    """

    def engine(name: str) -> str:
        return live.parts[live.places.get(name, "")].dialect if live.parts else live.dialect

    deleting = [name for name, declared in datamap.tables.items() if declared.deletes]
    found = loosened(datamap, deleting, links(datamap, live), engine)
    return {
        name: [emptied(datamap.declared(name), tie) for tie in ties]
        for name, ties in found.items()
    }
