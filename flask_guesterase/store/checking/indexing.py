"""Which columns need an index, so that an erasure reads its own rows and not the whole hotel's."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Column, Connection, Dialect, Table

from ...core.finding import Finding, Severity
from ...core.treatment import File
from ..catalog.shape import LiveSchema, LiveTable
from ..mapping.crossing import HOME, of_bind
from ..mapping.datamap import DataMap
from ..mapping.declared import Declared
from ..mapping.hops import Hop
from ..mapping.links import links
from ..mapping.ways import ways
from ..statements.sql import MARIADB, is_text, quoted, text_length

LONGEST = 255
"""Characters of a text that go into an index on MariaDB, which takes 3,072 bytes."""

_NAME = 60
"""Characters of an index's name that every engine takes."""

_LOWER = re.compile(r"lower\(\(*[\"`\[]?(.+?)[\"`\]]?\)*(?:::[\w ]+)?\)", re.IGNORECASE)


@dataclass(frozen=True)
class Need:
    """Columns by which rows are looked up.

    :param id: kind of the finding where no index serves them.
    :param columns: columns of one table.
    :param why: what is slow without one.
    :param fold: they are compared without regard to case.
    """

    id: str
    columns: tuple[Column[Any], ...]
    why: str
    fold: bool = False

    @property
    def table(self) -> Table:
        """Return their table."""
        table = self.columns[0].table
        if not isinstance(table, Table):
            raise TypeError("rows are looked up in something that is not a table")
        return table


def unindexed(conn: Connection, datamap: DataMap, live: LiveSchema) -> list[Finding]:
    """Return which look-ups of an erasure or a sweep would read a whole table.

    The hint of each is the statement that cures it.

    :param conn: open connection, whose engine says how names are spelled.
    :param datamap: the resolved data map.
    :param live: the database as read.
    """
    found: dict[tuple[str, frozenset[str]], Finding] = {}
    for need in _needs(datamap, live):
        at = live.table(need.table.fullname)
        if at is None or at.view or _serves(at, need):
            continue
        names = [column.name for column in need.columns]
        place = need.table.fullname, frozenset(names)
        dialect = of_bind(conn, live.places.get(need.table.fullname, HOME)).dialect
        found.setdefault(place, Finding(
            need.id, need.table.fullname, ", ".join(names), need.why, _cure(need, dialect),
            Severity.WARN,
        ))
    return list(found.values())


def _needs(datamap: DataMap, live: LiveSchema) -> Iterator[Need]:
    for declared in datamap.tables.values():
        for path in declared.paths:
            yield from _of_hops(path.hops, "An owner path")
    yield from _of_links(datamap, live)
    for declared in datamap.tables.values():
        yield from _of_clocks(datamap, declared)
        yield from _of_files(declared)


def _of_hops(hops: Iterable[Hop], what: str) -> Iterator[Need]:
    """Yield what is looked up along a path: it is walked from the guest, and towards them."""
    why = f"{what} runs over a column without an index, so that each step reads the whole table."
    for hop in hops:
        yield Need("path-unindexed", hop.source, why, hop.fold)
        yield Need("path-unindexed", hop.target, why, hop.fold)


def _of_links(datamap: DataMap, live: LiveSchema) -> Iterator[Need]:
    """Yield foreign keys to rows that are deleted: the engine looks for who points at each."""
    for link in links(datamap, live):
        parent, child = datamap.tables.get(link.parent), datamap.atlas.tables.get(link.child)
        if parent is None or not parent.deletes or child is None:
            continue
        mine = {column.name: column for column in child.c}
        if all(name in mine for name in link.columns):
            yield Need(
                "link-unindexed", tuple(mine[name] for name in link.columns),
                f"Rows of {link.parent} are deleted, and these columns point at them without an "
                "index, so that each deletion reads the whole table.",
            )


def _of_clocks(datamap: DataMap, declared: Declared) -> Iterator[Need]:
    """Yield the dates by which a sweep finds what has had its time."""
    if not declared.policy.category and not declared.retain:
        return
    for reaches in ways(datamap, declared).events.values():
        for reach in reaches:
            if not reach.column:
                continue
            yield from _of_hops(reach.hops, "A clock's path")
            table = reach.hops[-1].table if reach.hops else declared.table
            yield Need(
                "clock-unindexed", (table.c[reach.column],),
                "A clock's date has no index, so that each sweep reads the whole table.",
            )


def _of_files(declared: Declared) -> Iterator[Need]:
    """Yield what names files: before one is removed, other rows are asked for its name."""
    for name, rule in declared.rules.items():
        if isinstance(rule, File):
            yield Need(
                "file-unindexed", (declared.column(name),),
                "A column that names files has no index, so that each erasure of one reads the "
                "whole table.",
            )


def _serves(table: LiveTable, need: Need) -> bool:
    """Return whether an index begins with exactly these columns, in any order."""
    wanted = {_spelled(column, need.fold, table.folds) for column in need.columns}
    keys = {table.primary_key, *table.unique}
    for index in table.indexes:
        names = [_plain(name, table.folds) for name in index]
        if set(names[: len(wanted)]) == wanted or (index in keys and set(names) <= wanted):
            return True
    return False


def _spelled(column: Column[Any], fold: bool, folds: bool) -> str:
    name = column.name.lower() if folds else column.name
    return f"lower({name})" if fold and is_text(column.type) else name


def _plain(item: str, folds: bool) -> str:
    """Return a column of an index, or the lower case of one, in one spelling."""
    lowered = _LOWER.fullmatch(item)
    name = lowered.group(1) if lowered else item
    name = name.lower() if folds else name
    return f"lower({name})" if lowered else name


def _cure(need: Need, dialect: Dialect) -> str:
    """Return the statement that makes the index, or what else helps where none could."""
    mariadb = dialect.name in MARIADB
    folded = [column for column in need.columns if need.fold and is_text(column.type)]
    if mariadb and folded:
        return (
            "Leave fold=True out of this path where the columns' collation ignores case already; "
            "MariaDB has no index on lower()."
        )
    parts = [
        f"lower({quoted(dialect, column.name)})" if column in folded
        else quoted(dialect, column.name) + (_part(column) if mariadb else "")
        for column in need.columns
    ]  # fmt: skip
    name = quoted(dialect, _name(need.table.name, [column.name for column in need.columns]))
    return f"CREATE INDEX {name} ON {quoted(dialect, need.table)} ({', '.join(parts)});"


def _part(column: Column[Any]) -> str:
    """Return how much of a long text goes into an index of MariaDB."""
    if not is_text(column.type):
        return ""
    length = text_length(column.type)
    return f"({LONGEST})" if length is None or length > LONGEST else ""


def _name(table: str, columns: Sequence[str]) -> str:
    whole = "_".join(("ix", table, *columns, "erasure"))
    if len(whole.encode()) <= _NAME:
        return whole
    return f"ix_erasure_{hashlib.sha256(whole.encode()).hexdigest()[:16]}"
