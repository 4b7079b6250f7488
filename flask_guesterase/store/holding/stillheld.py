"""Which keys of holds are needed still: their hold lives, or what the law keeps lies under them."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import Connection, select

from .. import tables
from ..statements.sql import chunks
from . import heldkeys


def among(conn: Connection, labels: Collection[str]) -> set[str]:
    """Return those of holds that live, or that boxes lie under yet: their day may be to come.

    :param conn: open transaction; a read-only one is enough.
    :param labels: labels of keys of holds.
    """
    if not labels:
        return set()
    box, hold = tables.box.c, tables.hold.c
    living = conn.execute(select(hold.id).where(hold.lifted_at.is_(None))).scalars()
    found = {heldkeys.label(id) for id in living}
    for part in chunks(sorted(labels)):
        # What is said of a hold lies under its key as well, and goes with it.
        under = box.label.in_(part), box.purpose.in_(heldkeys.PURPOSES)
        mine = select(box.label).where(*under, box.forgotten_at.is_(None)).distinct()
        found |= set(conn.execute(mine).scalars())
    return found.intersection(labels)
