"""A cheap look at each journal: whether its newest entries are there and are what was hashed."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import Row, func, select

from ...core.alert import AlertKind, Cause
from ...core.errors import TamperedError
from ...core.log import read_entry
from ...core.tree import leaf_hash
from .. import tables
from ..work import Work

NEWEST = 200
"""How many entries are hashed again; `flask guesterase verify` does so with all of them."""


def causes(work: Work) -> Iterator[Cause]:
    """Yield the journals whose newest entries do not fit.

    :param work: an open transaction; a read-only one is enough.
    """
    tree = tables.tree
    for head in work.conn.execute(select(tree).where(tree.c.open).order_by(tree.c.controller)):
        if not _fits(work, head):
            yield Cause(AlertKind.JOURNAL_BROKEN, "", head.controller[:120], work.stamp)


def _fits(work: Work, head: Row[tuple[object, ...]]) -> bool:
    entry = tables.entry
    mine = (entry.c.controller == head.controller, entry.c.epoch == head.epoch)
    last = work.conn.execute(select(func.max(entry.c.position)).where(*mine)).scalar()
    if last is None or last + 1 != head.size:
        return False
    rows = work.conn.execute(
        select(entry.c.position, entry.c.body, entry.c.leaf)
        .where(*mine, entry.c.position > head.size - 1 - NEWEST)
        .order_by(entry.c.position)
    ).all()
    wanted = min(NEWEST, head.size - (head.pruned or 0))
    return len(rows) == wanted and all(_hashed(row.body, row.leaf) for row in rows)


def _hashed(body: str, leaf: str) -> bool:
    said = body.encode()
    try:
        # The hash alone would take what is no entry, or one in another form.
        read_entry(said)
        return leaf_hash(said).hex() == leaf
    except (TamperedError, ValueError):
        return False
