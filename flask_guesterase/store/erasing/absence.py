"""Looking again, by their keys, for rows that were deleted: many tables in one statement."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sqlalchemy import Connection, func, select

from ...core.errors import ErasureError
from ...core.plan import Key
from ..mapping.crossing import binds_of
from ..mapping.raw import Reader
from ..statements.listed import GIVEN, Listed, is_listable
from ..statements.sql import MANY

Deleted = tuple[Reader, Sequence[Key]]
"""Reader of a table, and the keys of the rows that were deleted from it."""


def require_gone(conn: Connection, deleted: Iterable[Deleted]) -> None:
    """Go on only when none of these rows is there any more.

    :param conn: open transaction in which they were deleted.
    :param deleted: which rows of which tables.
    :raises ErasureError: one of them is.
    """
    together, alone = list[Deleted](), list[Deleted]()
    for reads, keys in deleted:
        fits = not binds_of(conn).engines and is_plain(reads, keys)
        (together if fits else alone).append((reads, keys))
    left = {reads.declared.name for reads, keys in alone if reads.read(keys, ())}
    left |= _left(conn, together)
    for name in sorted(left):
        raise ErasureError(
            f"Rows of {name} are still there after they were deleted.",
            "A trigger or row-level security keeps them; nothing was changed.",
        )


def is_plain(reads: Reader, keys: Sequence[Key]) -> bool:
    """Return whether one parameter takes all of these keys."""
    if len(reads.declared.key) != 1 or not 0 < len(keys) <= MANY:
        return False
    return is_listable(reads.declared.key[0].type, [key[0] for key in keys])


def _left(conn: Connection, deleted: Sequence[Deleted]) -> set[str]:
    if not deleted:
        return set()
    names = [reads.declared.name for reads, _ in deleted]
    declared = [reads.declared for reads, _ in deleted]
    said, place = declared[0].said, ("absence", *names)
    if place not in said or any(
        a is not b for a, b in zip(said[place][0], declared, strict=True)
    ):
        counts = [
            select(func.count())
            .select_from(each.table)
            .where(Listed(each.table.c[each.key[0].key], given=f"{GIVEN}_{n}"))
            .scalar_subquery()
            .label(f"n{n}")
            for n, each in enumerate(declared)
        ]
        said[place] = (declared, select(*counts))
    given = {f"{GIVEN}_{n}": [key[0] for key in keys] for n, (_, keys) in enumerate(deleted)}
    row = conn.execute(said[place][1], given).one()
    return {name for name, count in zip(names, row, strict=True) if count}
