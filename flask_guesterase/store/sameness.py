"""Whether two numbers may be one person's, wherever two people are asked for."""

from __future__ import annotations

from sqlalchemy import Connection, select, union_all

from . import tables


def same(conn: Connection, one: str, other: str) -> bool:
    """Return whether two numbers may be one person's: equal, or one could be both.

    Whoever handed out the code for a PIN, or issued a token, may have used it themselves; so each
    of the two may be who gave them one, and who gave one to both may be both.

    :param conn: open transaction.
    :param one: opaque number of a person.
    :param other: that of another.
    """
    if one == other:
        return True
    known = _givers(conn, one, other)
    return not known[one].isdisjoint(known[other])


def _givers(conn: Connection, *people: str) -> dict[str, set[str]]:
    """Return who may have acted as each of some people: they, and who gave PIN code or token."""
    pin, token = tables.pin, tables.apitoken
    rows = conn.execute(
        union_all(
            select(pin.c.actor, pin.c.given_by.label("given")).where(pin.c.actor.in_(people)),
            select(token.c.actor, token.c.issued_by).where(token.c.actor.in_(people)),
        )
    )
    known = {each: {each} for each in people}
    for row in rows:
        known[row.actor].update(str(row.given or "").split())
    return known
