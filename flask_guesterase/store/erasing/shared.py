"""Files that other rows name as well: they are those rows' too, and go with the last of them."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Column, ColumnElement, Connection, TypeDecorator, or_, select, type_coerce

from ...core.errors import RetryableError
from ...core.plan import Key
from ...core.treatment import File
from ..catalog.shape import LiveSchema
from ..checking.gaps import unreadable
from ..mapping.crossing import at
from ..mapping.datamap import DataMap
from ..mapping.declared import Declared
from ..mapping.raw import reader
from ..statements.hosted import over, refusal, stored
from ..statements.sql import MANY, chunks, holds_text, host_values, one_of
from ..transaction import alone
from .taking import Erased, Naming, path_of

MOST = 1000
"""Rows that one look reads at most: a picture that stands in for none may be everybody's."""


def spare(
    conn: Connection, datamap: DataMap, done: Erased, live: LiveSchema | None = None
) -> None:
    """Leave the files that a row names which was not erased, as what is another's.

    :param conn: open transaction, in which the rows were changed.
    :param datamap: the resolved data map.
    :param done: what was done; loses the files that stay, and is told which those are.
    :param live: the live database as read.
    """
    if others := named(conn, datamap, done.files, live, lock=True):
        every = done.naming
        going = [each for each in every if path_of(each[2]) not in others]
        done.named, done.columns = [row for row, _, _ in going], [name for _, name, _ in going]
        done.files = [file for _, _, file in going]
        done.stays = [each for each in every if path_of(each[2]) in others]


def named(
    conn: Connection, datamap: DataMap, files: Iterable[tuple[str, str]],
    live: LiveSchema | None = None, lock: bool = False,
) -> set[str]:
    """Return where those of these files lie that rows name, or what was made from them.

    :param conn: open transaction.
    :param datamap: the data map; where a table or column is not there, as the live database says.
    :param files: root folder and name of each.
    :param live: the live database as read, where rows are locked.
    :param lock: whether a row of each name is locked.
    """
    mine, found = set(map(path_of, files)), set[str]()
    for each in _columns(conn, datamap, live, lock) if mine else ():
        # Of what one column names, another one may know what was made from it.
        found |= each.named(mine)
    return found


def rows_of(
    conn: Connection, datamap: DataMap, files: Iterable[tuple[str, str]], paths: Collection[str]
) -> dict[str, list[Key]] | None:
    """Return table -> keys of the rows that name a file; None where one is not known by its key.

    :param conn: open transaction.
    :param datamap: the data map; where a table or column is not there, as the live database says.
    :param files: root folder and name of it, and of what else rows may name that name it.
    :param paths: where it lies, and where it is named.
    """
    mine, found = set(map(path_of, files)), dict[str, list[Key]]()
    for each in _columns(conn, datamap, None, lock=False):
        if each.known and each.declared.keyed:
            found.setdefault(each.declared.name, []).extend(each.keys(mine, paths))
        elif not each.named(mine).isdisjoint(paths):
            return None
    return {table: keys for table, keys in found.items() if keys}


def filed(done: Erased) -> dict[tuple[str, str], dict[str, list[Any]]]:
    """Return file -> what else rows name that name it, and of which rows it is told if it stays.

    Of a row it is told once: by its first file that stays, so each knows those before it. Without
    rows of which a file stays already: of these it is told.

    :param done: what was done.
    """
    groups: dict[tuple[tuple[str, Key], str], list[tuple[str, str]]] = {}
    for row, column, file in (*done.stays, *done.naming):
        groups.setdefault((row, column), []).append(file)
    told = {each[:2] for each in done.stays}
    beside, rows = dict[Any, set[Any]](), Counter[tuple[Any, str, str, tuple[Any, ...]]]()
    for (row, column), files in groups.items():
        for place, file in enumerate(files):
            beside.setdefault(file, set()).update(set(files) - {file})
            if (row, column) not in told:
                rows[file, row[0], column, tuple(files[:place])] += 1
    found = {file: {"with": sorted(each), "rows": list[Any]()} for file, each in beside.items()}
    for (file, table, column, before), count in rows.items():
        if before:
            found[file].setdefault("after", []).append([table, column, count, list(before)])
        else:
            found[file]["rows"].append([table, column, count])
    return found


def again(
    conn: Connection, datamap: DataMap, stays: Iterable[Naming], live: LiveSchema | None = None
) -> Erased:
    """Return which of the files that stayed go by now, and which stay.

    :param conn: open transaction, in which the rows were changed.
    :param datamap: the resolved data map.
    :param stays: the files that were left to others.
    :param live: the live database as read.
    """
    done = Erased()
    for row, column, file in stays:
        done.named.append(row)
        done.columns.append(column)
        done.files.append(file)
    spare(conn, datamap, done, live)
    return done


def _columns(
    conn: Connection, datamap: DataMap, live: LiveSchema | None, lock: bool
) -> Iterator[_Column]:
    """Yield the columns that name files and are there, also where nobody can tell whose rows are.

    What such a row names is somebody's all the same; only to be locked it needs its key.
    """
    hidden = unreadable(datamap)
    missing = {
        (f.table, f.column) for f in datamap.findings if f.id in ("column-missing", "table-missing")
    }
    for table, declared in datamap.tables.items():
        known, cells = table not in hidden, declared.rules.items()
        for column, rule in cells if (table, "") not in missing else ():
            if isinstance(rule, File) and (table, column) not in missing:
                cell = declared.column(column)
                yield _Column(conn, declared, cell, rule, live, lock and known, known)


@dataclass(frozen=True)
class _Column:
    """A column that names files.

    :param conn: open transaction.
    :param declared: its table.
    :param cell: the column.
    :param rule: what its names are.
    :param live: the live database as read.
    :param lock: whether rows that name one are locked.
    :param known: whether it can be told whose its rows are.
    """

    conn: Connection
    declared: Declared
    cell: Column[Any]
    rule: File
    live: LiveSchema | None
    lock: bool
    known: bool

    def named(self, mine: Collection[str]) -> set[str]:
        """Return which of these files rows of it name, and what was made from them."""
        found = set[str]()
        for part in chunks(sorted(self._spelt(mine)), MANY):
            for name in self._held(part):
                found |= self._paths(name)
        return found.intersection(mine)

    def keys(self, mine: Collection[str], paths: Collection[str]) -> Iterator[Key]:
        """Yield the keys of rows that name one of these files and keep one that lies there."""
        for part in chunks(sorted(self._spelt(mine)), MANY):
            if (condition := _one_of(self.cell, part)) is not None:
                rows = self._rows(condition, 0, self.declared.key)
                yield from (
                    tuple(key) for *key, value in rows
                    if not self._paths(str(value)).isdisjoint(paths)
                )

    def _paths(self, name: str) -> set[str]:
        return {path_of((self.rule.root, each)) for each in self.rule.names(name)}

    def _spelt(self, mine: Collection[str]) -> set[str]:
        """Return how the column may write these files."""
        folder = os.path.abspath(self.rule.root)
        names = [os.path.relpath(each, folder) for each in mine]
        inside = [name for name in names if name.split(os.sep, 1)[0] != os.pardir]
        roots = "", os.curdir, self.rule.root, folder
        return {os.path.join(root, name) for root in roots for name in inside}

    def _held(self, texts: Iterable[str]) -> set[str]:
        """Return which names rows hold, of these."""
        left, held, most = set(texts), set[str](), MOST
        while left and (condition := _one_of(self.cell, sorted(left))) is not None:
            rows = self._rows(condition, most, self.declared.key if self.lock else ())
            found = {str(value): key for *key, value in reversed(rows)}
            self._hold(found)
            held |= found.keys()
            if not most or len(rows) < most:
                break
            # Of what a collation takes for one of them all must be looked through.
            most = most if left & found.keys() else 0
            left -= found.keys()
        return held

    def _rows(
        self, condition: ColumnElement[bool], most: int, key: Sequence[Column[Any]]
    ) -> list[tuple[Any, ...]]:
        wanted = select(*key, self.cell).where(condition)
        there = at(self.conn, self.declared.name)
        return [tuple(row) for row in there.execute(wanted.limit(most) if most else wanted)]

    def _hold(self, found: Mapping[str, Sequence[Any]]) -> None:
        """Lock one row of each name: else two that go at once would each leave the other its file.

        Whoever erases or changes it waits, and nobody who only looks: what is everybody's picture
        all who go look for in the same row.

        :raises RetryableError: one of them is being erased, or changed, by another transaction.
        """
        if not (found and self.lock and self.declared.keyed) or alone(self.conn):
            return
        reads, keys = reader(self.conn, self.declared, self.live), [*map(tuple, found.values())]
        lines = reads.lines(keys, (), (self.cell.name,), lock=True, others=True)
        if {str(line[-1]) for line in lines} != found.keys():
            raise RetryableError(
                f"Rows of {self.declared.name} that name a file changed meanwhile.",
                "Try again; nothing was changed.",
            )


def _one_of(cell: Column[Any], texts: Sequence[str]) -> ColumnElement[bool] | None:
    """Return the condition that a column holds one of these names, or None: it can hold none."""
    if not isinstance(over(cell.type), TypeDecorator):
        values = host_values(cell.type, texts)
        return one_of(cell, values) if values else None
    # A type of the host's writes them its own way, or takes a path and no text.
    bare, taken = stored(cell.type), [text for text in texts if not refusal(cell.type, text)]
    ways = [cell.in_(taken)] if taken else []
    ways += [type_coerce(cell, bare).in_(texts)] if holds_text(bare) else []
    return or_(*ways) if ways else None
