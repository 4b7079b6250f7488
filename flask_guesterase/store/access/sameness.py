"""Whether two numbers may be one person's, wherever two people are asked for."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from sqlalchemy import Connection, or_, select, union_all

from ...core.events import PinGiven, TokenIssued
from ...core.log import read_entry
from ...core.own import RECORDS
from .. import tables
from ..statements.sql import chunks

FOR = "for"
"""Mark of the entry that somebody gave a code or a token: of the person whom it is for."""

KNOWN = timedelta(days=366 * RECORDS.years)
"""How long it is known who gave a code for a PIN: what was proposed with it may wait as long."""

MOST = 200
"""People behind two numbers up to whom they are followed; with more, the two count as one."""


def mark(actor: str) -> dict[str, str]:
    """Return the mark of the person for whom somebody gets a code or a token.

    :param actor: their opaque number.
    """
    return {FOR: hashlib.sha256(f"{FOR}:{actor}".encode()).hexdigest()}


def same(conn: Connection, one: str, other: str, now: datetime) -> bool:
    """Return whether two numbers may be one person's: equal, or one could be both.

    Whoever handed out the code for a PIN, or issued a token, may have used it themselves; so each
    of the two may be who gave them one, and who gave one to both may be both. With a PIN of
    somebody's one may also give in their name: so it goes on to who gave the giver theirs. No
    token gives anything.

    Rows can be written by whoever reaches the database, so the journal is asked as well.

    :param conn: open transaction.
    :param one: opaque number of a person.
    :param other: that of another.
    :param now: the time, naive UTC.
    """
    if one == other:
        return True
    since = now - KNOWN
    known = _givers(conn, (one, other), since, tokens=True)
    fresh = _behind(known, known)
    while fresh and len(known) <= MOST:
        known |= _givers(conn, fresh, since, tokens=False)
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


def _givers(
    conn: Connection, people: Iterable[str], since: datetime, tokens: bool
) -> dict[str, set[str]]:
    """Return who gave each of some people the code for a PIN or, where asked, a token."""
    pin, token = tables.pin, tables.apitoken
    known: dict[str, set[str]] = {each: set() for each in people}
    for part in chunks(known):
        given = select(pin.c.actor, pin.c.given_by.label("given")).where(pin.c.actor.in_(part))
        issued = select(token.c.actor, token.c.issued_by).where(token.c.actor.in_(part))
        for row in conn.execute(union_all(given, issued) if tokens else given):
            known[row.actor].update(str(row.given or "").split())
    for person, giver in _journaled(conn, known, since, tokens):
        known[person].add(giver)
    return known


def _journaled(
    conn: Connection, people: Iterable[str], since: datetime, tokens: bool
) -> list[tuple[str, str]]:
    """Return whom the journal names as who got a code or a token since a time, and from whom."""
    entry, whose = tables.entry, {mark(each)[FOR]: each for each in people}
    names = [PinGiven.name, *([TokenIssued.name] if tokens else [])]
    found = []
    for part in chunks(whose):
        said = select(entry.c.body).where(
            entry.c.action.in_(names), or_(*(entry.c.body.contains(each) for each in part))
        )
        for body in conn.execute(said).scalars():
            draft = read_entry(body.encode()).draft
            person = whose.get(draft.marks.get(FOR, ""))
            if person is not None and draft.at >= since.isoformat(timespec="seconds"):
                found.append((person, draft.actor))
    return found
