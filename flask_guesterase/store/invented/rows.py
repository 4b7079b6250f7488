"""Every row of the host's, to tell what an erasure changed from what a replay of it did."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, column, select, table
from sqlalchemy.sql.elements import quoted_name

from ..checking.live import LiveTable, read
from ..mapping.raw import own_form

Line = tuple[Any, ...]
"""One row, each column in the engine's own form."""


@dataclass(frozen=True)
class Content:
    """The rows of one table.

    :param columns: every column there is.
    :param key: places of the columns of its primary key; none where it has no key.
    :param lines: row -> how often it is there.
    """

    columns: tuple[str, ...]
    key: tuple[int, ...]
    lines: Counter[Line]


Rows = Mapping[str, Content]
"""Table -> what it holds."""

Change = tuple[Line, str]
"""Key of a row, and the column in which it changed; or a word for a row that came or went."""


def every(conn: Connection, schemas: tuple[str, ...]) -> Rows:
    """Read every row of every table of the host's; what is computed from others is left out.

    :param conn: an open connection; nothing is written.
    :param schemas: schemas beside the default one.
    """
    live = read(conn, schemas=schemas)
    return {
        name: _content(conn, found)
        for name, found in sorted(live.tables.items())
        if not (found.view or found.materialised or found.shadow or found.virtual)
    }


def _content(conn: Connection, found: LiveTable) -> Content:
    bare = found.name.removeprefix(f"{found.schema}.")
    schema = quoted_name(found.schema, quote=True) if bare != found.name else None
    names = tuple(found.columns)
    there = table(
        quoted_name(bare, quote=True), *(column(quoted_name(n, quote=True)) for n in names),
        schema=schema,
    )  # fmt: skip
    wanted = select(
        *(own_form(conn.dialect.name, there.c[n], each.type).label(f"r{place}")
          for place, (n, each) in enumerate(found.columns.items()))
    ).select_from(there)  # fmt: skip
    key = tuple(names.index(name) for name in found.primary_key if name in names)
    return Content(names, key, Counter(map(tuple, conn.execute(wanted))))


def changes(before: Rows, after: Rows) -> dict[str, Counter[Change]]:
    """Return which rows came or went and which cells have another value, table by table.

    :param before: the rows as they were.
    :param after: the rows as they are.
    """
    found = {
        name: Counter(_changed(content, after[name]))
        for name, content in before.items()
        if name in after
    }
    found |= {name: Counter({((), "table"): 1}) for name in before.keys() ^ after.keys()}
    return {name: each for name, each in found.items() if each}


def _changed(before: Content, after: Content) -> Iterator[Change]:
    gone, new = before.lines - after.lines, after.lines - before.lines
    if not before.key:
        # Which of these became which nobody can tell.
        yield from (((), "gone") for _ in gone.elements())
        yield from (((), "new") for _ in new.elements())
        return
    old = {_key(before, line): line for line in gone}
    now = {_key(after, line): line for line in new}
    yield from ((key, "gone") for key in old.keys() - now.keys())
    yield from ((key, "new") for key in now.keys() - old.keys())
    for key in old.keys() & now.keys():
        pairs = zip(before.columns, old[key], now[key], strict=True)
        yield from ((key, name) for name, one, other in pairs if one != other)


def _key(content: Content, line: Line) -> Line:
    return tuple(line[place] for place in content.key)
