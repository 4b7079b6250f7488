"""What the epochs of a journal quote: the checkpoints a restore could not go on from."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress

from sqlalchemy import Connection, or_, select

from ...core.checkpoint import Checkpoint
from ...core.errors import TamperedError
from ...core.events import JournalPruned
from ...core.log import quoted, read_entry
from ..tables import entry as entries


class Quotes:
    """Checkpoints that epochs of a journal quote: what was lost up to them is told openly.

    :param heads: the checkpoints.
    """

    def __init__(self, heads: Iterable[Checkpoint]) -> None:
        self._heads = list(heads)

    def __contains__(self, head: Checkpoint) -> bool:
        """Return whether a checkpoint is one of them, or an earlier one of the same epoch."""
        return any(
            head.epoch == known.epoch
            and (head.size < known.size or (head.size, head.root) == (known.size, known.root))
            for known in self._heads
        )


def quotes(conn: Connection, controller: str) -> Quotes:
    """Return what the epochs of a journal quote; an entry that cannot be read quotes nothing.

    :param conn: open transaction; a read-only one is enough.
    :param controller: slug of the controller.
    """
    # Who took the first entry of an epoch out repeated what it quotes.
    telling = or_(entries.c.position == 0, entries.c.action == JournalPruned.name)
    bodies = conn.execute(
        select(entries.c.body).where(entries.c.controller == controller, telling)
    ).scalars()
    heads: list[Checkpoint] = []
    for body in bodies:
        with suppress(TamperedError, ValueError):
            heads += quoted(read_entry(body.encode()))
    return Quotes(heads)
