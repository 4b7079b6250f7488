"""Looking again, by their keys, at rows that were written alike: many tables in one statement."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Integer, Text, cast, literal_column, null, union_all

from ...core.plan import Key
from ..mapping.crossing import binds_of
from ..mapping.raw import Reader, is_bytes
from ..statements.listed import GIVEN, Listed
from ..statements.sql import chunks
from .absence import is_plain

Asked = tuple[Reader, Sequence[Key], Sequence[str]]
"""Reader of a table, keys of rows of it, and names of columns."""

Ways = list[tuple[tuple[Any, ...], int]]
"""How columns are filled, and in how many rows, as `Reader.alike` says it."""

_MOST = 50
"""Tables one statement asks at most."""


def filled(conn: Connection, asked: Sequence[Asked]) -> list[Ways]:
    """Return, for each, in which ways these columns are filled in these rows.

    :param conn: open transaction in which they were written.
    :param asked: what is asked.
    """
    found: dict[int, Ways] = {}
    crossing = bool(binds_of(conn).engines)
    together = [n for n, each in enumerate(asked) if not crossing and _fits(*each)]
    for some in chunks(together, _MOST):
        if len(some) > 1:
            found |= dict(zip(some, _united(conn, [asked[n] for n in some]), strict=True))
    return [
        found[n] if n in found else reads.alike(keys, names)
        for n, (reads, keys, names) in enumerate(asked)
    ]


def _fits(reads: Reader, keys: Sequence[Key], names: Sequence[str]) -> bool:
    """Return whether one parameter takes these keys, and text holds what is in these columns."""
    dialect = reads.conn.dialect.name
    return is_plain(reads, keys) and not any(
        is_bytes(dialect, reads.type_of(name)) for name in names
    )


def _united(conn: Connection, asked: Sequence[Asked]) -> list[Ways]:
    declared = [reads.declared for reads, _, _ in asked]
    place = ("uniform", conn.dialect.name, *(
        (each.name, *((name, reads.type_of(name)) for name in names))
        for each, (reads, _, names) in zip(declared, asked, strict=True)
    ))  # fmt: skip
    known = declared[0].said.get(place)
    if known is None or any(a is not b for a, b in zip(known[0], declared, strict=True)):
        known = declared[0].said[place] = (declared, _made(asked))
    given = {f"{GIVEN}_{n}": [key[0] for key in keys] for n, (_, keys, _) in enumerate(asked)}
    found: list[Ways] = [[] for _ in asked]
    for number, many, *cells in conn.execute(known[1], given):
        found[number].append((tuple(cells[: len(asked[number][2])]), many))
    return found


def _made(asked: Sequence[Asked]) -> Any:
    """Return the select of (number, how many rows, their columns), as wide as the widest table."""
    width = max(len(names) for _, _, names in asked)
    selects = []
    for number, (reads, _, names) in enumerate(asked):
        which = literal_column(str(number), Integer()).label("number_")
        rest = [cast(null(), Text).label(f"r{n}") for n in range(len(names), width)]
        these = Listed(reads.key[0], given=f"{GIVEN}_{number}")
        selects.append(reads.ways(names, which).add_columns(*rest).where(these))
    return union_all(*selects)
