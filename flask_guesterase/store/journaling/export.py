"""The journal as text, line by line and with flat memory however long it is."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import Connection, Row, select

from ...core.checkpoint import Checkpoint
from ...core.errors import BusyError, UnknownError
from ...core.log import pruned, slug
from ...core.tree import Frontier
from ..tables import entry as entries
from ..tables import tree
from . import signers, witness

BATCH = 1000
"""Entries that are read at once."""


def lines(
    conn: Connection, controller: str = "", since: Checkpoint | None = None
) -> Iterator[str]:
    """Yield every entry as a line of ``journal.jsonl``, by controller, epoch and place.

    Where the first entries of an epoch are left out a line stands instead of them that lets a
    reader go on from there; see ``guesterase/pruned/v1``.

    :param conn: open transaction; a read-only one is enough.
    :param controller: slug or name of one controller; all of them when empty.
    :param since: only what came after this checkpoint of the one controller.
    :raises UnknownError: the journal is shorter than that checkpoint, or not the same.
    :raises BusyError: old entries were taken out meanwhile.
    """
    wanted = select(tree).order_by(tree.c.controller, tree.c.epoch)
    if controller:
        wanted = wanted.where(tree.c.controller == slug(controller))
    if since is not None:
        wanted = wanted.where(tree.c.controller == since.controller, tree.c.epoch >= since.epoch)
    rows = conn.execute(wanted).all()
    if since is not None and not any(row.epoch == since.epoch for row in rows):
        raise UnknownError("There is no such epoch of the journal.", _OLDER)
    for row in rows:
        start = since.size if since is not None and row.epoch == since.epoch else 0
        yield from _tree(conn, row, start, since)


_OLDER = "Give a checkpoint of this journal, or leave --since out."


def _tree(
    conn: Connection, row: Row[Any], start: int, since: Checkpoint | None
) -> Iterator[str]:
    first = max(start, row.pruned or 0)
    edge = witness.frontier_at(conn, row, first)
    if since is not None and first == start and start and edge.root() != since.root:
        raise UnknownError("This checkpoint is not of this journal.", _OLDER)
    if first:
        yield instead(conn, row, edge)
    yield from bodies(conn, row.controller, row.epoch, first, row.size)


def instead(conn: Connection, row: Row[Any], edge: Frontier) -> str:
    """Return the line that stands instead of the first entries of a tree.

    :param conn: open transaction.
    :param row: row of the tree.
    :param edge: right edge of the tree that the entries left out make.
    """
    key = signers.signer(signers.signers(conn, row), edge.size)
    return pruned(row.controller, row.epoch, edge, key).decode()


def bodies(
    conn: Connection, controller: str, epoch: int, start: int, end: int
) -> Iterator[str]:
    """Yield the entries of a tree from one place up to, not including, another.

    :raises BusyError: some of them were taken out meanwhile.
    """
    while start < end:
        upto = min(end, start + BATCH)
        batch = part(conn, controller, epoch, start, upto)
        if len(batch) < upto - start and _first(conn, controller, epoch) > start:
            raise BusyError(
                "Old entries were taken out of the journal while it was written out.",
                "Write it out again, to another file.",
            )
        if not batch:
            return
        yield from batch
        start += BATCH


def _first(conn: Connection, controller: str, epoch: int) -> int:
    """Return the place of the first entry that was not taken out of a tree by now."""
    mine = select(tree.c.pruned).where(tree.c.controller == controller, tree.c.epoch == epoch)
    return int(conn.execute(mine).scalar() or 0)


def part(
    conn: Connection, controller: str, epoch: int, start: int, end: int
) -> Sequence[str]:
    """Return the entries from one place up to, not including, another at once."""
    return list(
        conn.execute(
            select(entries.c.body)
            .where(
                entries.c.controller == controller, entries.c.epoch == epoch,
                entries.c.position >= start, entries.c.position < end,
            )
            .order_by(entries.c.position)
        ).scalars()
    )  # fmt: skip
