"""Files that other rows name as well: they are those rows' too, and go with the last of them."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator

from sqlalchemy import Connection, false, or_, select

from ...core.treatment import File
from ..checking.gaps import unreadable
from ..mapping.crossing import at
from ..mapping.datamap import DataMap
from ..statements.sql import chunks, host_values
from .taking import Erased

Place = tuple[str, str]
"""A folder, and the path of a file from it on."""


def spare(conn: Connection, datamap: DataMap, done: Erased) -> None:
    """Leave the files that a row names which was not erased, as what is another's.

    :param conn: open transaction, in which the rows were changed.
    :param datamap: the resolved data map.
    :param done: what was done; loses the files that stay.
    """
    mine = {_place(root, name) for root, name in done.files}
    others = _named(conn, datamap, mine) if mine else set()
    if others:
        pairs = zip(done.named, done.files, strict=True)
        going = [(row, file) for row, file in pairs if _place(*file) not in others]
        done.named, done.files = [row for row, _ in going], [file for _, file in going]


def _place(root: str, name: str) -> Place:
    # A host notes a file from its folder on, or by its whole path.
    folder = os.path.abspath(root)
    return folder, os.path.relpath(os.path.join(folder, name), folder)


def _named(conn: Connection, datamap: DataMap, mine: Collection[Place]) -> set[Place]:
    """Return which of these files rows name, and what was made from them."""
    found = set[Place]()
    for table, column, rule in _rules(datamap):
        folder = os.path.abspath(rule.root)
        names = [name for root, name in mine if root == folder]
        spelt = {os.path.join(root, name) for root in ("", rule.root, folder) for name in names}
        cell = datamap.declared(table).column(column)
        for part in chunks(sorted(spelt)):
            same = (cell == value for value in host_values(cell.type, part))
            for value in at(conn, table).execute(select(cell).where(or_(false(), *same))).scalars():
                found |= {_place(folder, each) for each in rule.names(str(value))}
    return found.intersection(mine)


def _rules(datamap: DataMap) -> Iterator[tuple[str, str, File]]:
    """Yield table, column and rule of all that names files and can be read."""
    hidden = unreadable(datamap)
    missing = {(f.table, f.column) for f in datamap.findings if f.id == "column-missing"}
    for table, declared in datamap.tables.items():
        for column, rule in declared.rules.items():
            if isinstance(rule, File) and table not in hidden and (table, column) not in missing:
                yield table, column, rule
