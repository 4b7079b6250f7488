"""What is left of the tree over entries that were taken out: what proofs from outside still need.

Of the first entries of a tree go bodies, leaf hashes and the hashes over them. Three things stay:
the right edge of what they were, by which every later entry is proved as before; for each
checkpoint that left the house the hashes that prove it to be continued; and in the journal the
entry that says how many went, and their root (Crosby and Wallach 2009, selective deletion).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from sqlalchemy import Connection, Row, and_, or_, select

from ...core.checkpoint import Checkpoint
from ...core.errors import UnknownError
from ...core.events import JournalPruned
from ...core.log import read_draft
from ...core.tree import Frontier, kept_for, verify_consistency
from ..messages.outbox import SENT
from ..tables import entry as entries
from ..tables import node, released
from . import witness

Place = tuple[int, int]
"""Level and index of a complete subtree."""


def said(conn: Connection, controller: str, gone: Frontier) -> bool:
    """Return whether an entry says that this many entries with this root were taken out.

    :param conn: open transaction; a read-only one is enough.
    :param controller: slug of the controller.
    :param gone: right edge of the tree they made.
    """
    bodies = conn.execute(
        select(entries.c.body).where(
            entries.c.controller == controller, entries.c.action == JournalPruned.name
        )
    ).scalars()
    drafts = (read_draft(body.encode()) for body in bodies)
    wanted = (gone.size, gone.root().hex())
    return any((d.counts.get("entries"), d.marks.get("root")) == wanted for d in drafts)


def sizes(conn: Connection, controller: str, epoch: int, most: int) -> list[int]:
    """Return the sizes of checkpoints that left the house, up to one, in order.

    :param conn: open transaction; a read-only one is enough.
    :param controller: slug of the controller.
    :param epoch: number of the epoch.
    :param most: the largest size that is asked for.
    """
    return list(
        conn.execute(
            select(released.c.size)
            .where(
                released.c.controller == controller, released.c.epoch == epoch,
                released.c.state == SENT, released.c.size <= most,
            )
            .distinct()
            .order_by(released.c.size)
        ).scalars()
    )  # fmt: skip


def needed(conn: Connection, controller: str, epoch: int, pruned: int) -> set[Place]:
    """Return which subtrees of entries that went proofs from outside still need.

    :param pruned: how many entries went.
    """
    found: set[Place] = set()
    for size in sizes(conn, controller, epoch, pruned):
        found |= kept_for(size, pruned)
    return found


def left_inside(conn: Connection, row: Row[Any]) -> set[Place]:
    """Return which subtrees of entries that went are still stored.

    :param row: row of the tree.
    """
    gone = row.pruned or 0
    levels = [
        and_(node.c.level == level, node.c.position < gone >> level)
        for level in range(gone.bit_length())
    ]
    if not levels:
        return set()
    rows = conn.execute(
        select(node.c.level, node.c.position).where(
            node.c.controller == row.controller, node.c.epoch == row.epoch, or_(*levels)
        )
    )
    return {(found.level, found.position) for found in rows}


def inside(
    conn: Connection, row: Row[Any], gone: Frontier, outside: Iterable[Checkpoint]
) -> Iterator[str]:
    """Yield what does not fit about what is left of entries that went.

    :param conn: open transaction.
    :param row: row of the tree.
    :param gone: right edge of the tree they made.
    :param outside: checkpoints kept elsewhere.
    """
    controller, epoch = row.controller, row.epoch
    if left_inside(conn, row) != needed(conn, controller, epoch, gone.size):
        yield "Of entries that were taken out more or fewer hashes are stored than are needed."
    roots = {head.size: head.root for head in outside if head.size < gone.size}
    for size in sizes(conn, controller, epoch, gone.size - 1):
        try:
            old = witness.frontier_at(conn, row, size).root()
            path = witness.continues(conn, controller, epoch, size, gone.size)
        except UnknownError:
            yield "Hashes are missing that a checkpoint outside is proved by."
            return
        if not verify_consistency(size, gone.size, old, gone.root(), path):
            yield "A hash of entries that were taken out is not the one it was."
            return
        if roots.get(size, old) != old:
            yield "A checkpoint from outside has seen other entries than those taken out."
            return
