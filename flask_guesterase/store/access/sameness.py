"""Whether two numbers may be one person's, wherever two people are asked for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from sqlalchemy import Connection, select, union_all

from .. import tables
from ..statements.sql import chunks

MOST = 200
"""People behind two numbers up to whom they are followed; with more, the two count as one."""


def same(conn: Connection, one: str, other: str) -> bool:
    """Return whether two numbers may be one person's: equal, or one could be both.

    Whoever handed out the code for a PIN, or issued a token, may have used it themselves; so each
    of the two may be who gave them one, and who gave one to both may be both. With a PIN of
    somebody's one may also give in their name: so it goes on to who gave the giver theirs. No
    token gives anything.

    :param conn: open transaction.
    :param one: opaque number of a person.
    :param other: that of another.
    """
    if one == other:
        return True
    known = _givers(conn, (one, other), tokens=True)
    fresh = _behind(known, known)
    while fresh and len(known) <= MOST:
        known |= _givers(conn, fresh, tokens=False)
        fresh = _behind(known, fresh)
    return bool(fresh) or not _all(known, one).isdisjoint(_all(known, other))


def _behind(known: Mapping[str, set[str]], people: Iterable[str]) -> set[str]:
    """Return who gave these people something and was not asked about yet."""
    return set[str]().union(*(known[each] for each in people)) - known.keys()


def _all(known: Mapping[str, set[str]], person: str) -> set[str]:
    """Return everybody who may have acted as a person, through however many others."""
    found, fresh = {person}, {person}
    while fresh:
        fresh = set[str]().union(*(known[each] for each in fresh)) - found
        found |= fresh
    return found


def _givers(conn: Connection, people: Iterable[str], tokens: bool) -> dict[str, set[str]]:
    """Return who gave each of some people the code for a PIN or, where asked, a token."""
    pin, token = tables.pin, tables.apitoken
    known: dict[str, set[str]] = {each: set() for each in people}
    for part in chunks(known):
        given = select(pin.c.actor, pin.c.given_by.label("given")).where(pin.c.actor.in_(part))
        issued = select(token.c.actor, token.c.issued_by).where(token.c.actor.in_(part))
        for row in conn.execute(union_all(given, issued) if tokens else given):
            known[row.actor].update(str(row.given or "").split())
    return known
