"""What is left of the tree over entries that were taken out: what proofs from outside still need.

Of the first entries of a tree go bodies, leaf hashes and the hashes over them. Three things stay:
the right edge of what they were, by which every later entry is proved as before; for each
checkpoint that left the house the hashes that prove it to be continued; and in the journal the
entry that says how many went, and their root (Crosby and Wallach 2009, selective deletion).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, and_, or_, select

from ...core.brake import LEAP
from ...core.checkpoint import Checkpoint
from ...core.errors import TamperedError, UnknownError
from ...core.events import JournalPruned
from ...core.log import read_draft, read_entry
from ...core.period import Period, months_after
from ...core.tree import Frontier, kept_for, verify_consistency
from ..messages.outbox import SENT
from ..tables import entry as entries
from ..tables import node, released
from . import witness

YEARS = Period(years=6)
"""How old an entry is at least before it may go.

Who erased must be able to show it (GDPR Article 5(2)) as long as somebody may still claim: the
general limitation period is three years from the end of the year in Germany (BGB sections 195 and
199), five in France (Code civil Article 2224), six in England (Limitation Act 1980 section 5); the
longest of the general ones counts, and it is the house's own choice, no number of a law.
"""

WAIT = timedelta(days=31)
"""How long an entry of the host's may wait for its place, which is behind younger ones then."""

Place = tuple[int, int]
"""Level and index of a complete subtree."""


def said(conn: Connection, controller: str, gone: Frontier) -> str:
    """Return when entries were taken out, says the first entry about it, or an empty string.

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
    fit = (d.at for d in drafts if (d.counts.get("entries"), d.marks.get("root")) == wanted)
    return min(fit, default="")


def young(conn: Connection, row: Row[Any], at: str, outside: Iterable[Checkpoint]) -> bool:
    """Return whether a checkpoint shows that entries went which were younger than six years.

    What stays is no younger than what went: where that is older than the checkpoint, the clock
    was ahead that this was signed by, and nobody knows.

    :param conn: open transaction; a read-only one is enough.
    :param row: row of the tree.
    :param at: when they were taken out.
    :param outside: checkpoints kept elsewhere.
    """
    last = months_after(date.fromisoformat(at[:10]), -12 * YEARS.years) + WAIT
    late = [head.at for head in outside if head.size < row.pruned and head.at[:10] > str(last)]
    if not late:
        return False
    try:
        begins = _begins(conn, row)
    except (TamperedError, ValueError):
        # That it cannot be read is told where the entry is looked at.
        return False
    return any(begins is None or begins >= datetime.fromisoformat(at) - LEAP for at in late)


def _begins(conn: Connection, row: Row[Any]) -> datetime | None:
    """Return when the first entry was written that stays, or None where none does."""
    mine = entries.c.controller == row.controller, entries.c.epoch == row.epoch
    stays = select(entries.c.body).where(*mine, entries.c.position == row.pruned)
    body = conn.execute(stays).scalar()
    return datetime.fromisoformat(read_entry(body.encode()).draft.at) if body else None


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
    roots: dict[int, set[bytes]] = {}
    for head in outside:
        roots.setdefault(head.size, set()).add(head.root)
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
        if roots.get(size, {old}) != {old}:
            yield "A checkpoint from outside has seen other entries than those taken out."
            return
