"""Whether two numbers may be one person's, wherever two people are asked for."""

from __future__ import annotations

from sqlalchemy import Connection, select

from . import tables


def same(conn: Connection, one: str, other: str) -> bool:
    """Return whether two numbers may be one person's: equal, or one gave the other their PIN.

    Whoever handed out the code may have used it themselves.

    :param conn: open transaction.
    :param one: opaque number of a person.
    :param other: that of another.
    """
    if one == other:
        return True
    table = tables.pin
    rows = conn.execute(
        select(table.c.actor, table.c.given_by).where(table.c.actor.in_([one, other]))
    )
    givers = {row.actor: str(row.given_by or "").split() for row in rows}
    return one in givers.get(other, ()) or other in givers.get(one, ())
