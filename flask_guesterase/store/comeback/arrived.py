"""Which people are known to have come since an erasure, and who may have been there all along."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, select

from ...core.plan import Key, Person, key_text
from ...core.returning import Life, life
from .. import tables
from ..access import pulse
from ..access.pulse import Pulse
from ..casework import purview
from ..erasing import finder
from ..lawbook.clocks import moments_of
from ..mapping.ways import clock_of
from ..statements.sql import among, chunks
from ..work import Work

_ADDED = ("seen", "open")
"""States of a line about a row that was seen as it was added and not laid before staff."""


def came(
    conn: Connection, people: Collection[Person], last: Mapping[str, int] | None,
    beside: datetime | None, written: bool = False,
) -> dict[Person, tuple[bool | None, bool]]:
    """Return whether people are known to be new, None where nobody can tell, and whether they were
    there when a sweep read their table.

    :param conn: any connection to the database.
    :param people: table and key of their rows, which carry something of somebody erased.
    :param last: table -> the last number that was there before, where a sweep found them; None
        where they were seen as they were written.
    :param beside: when another row of theirs was seen, naive UTC; None where it is their own row
        that was.
    :param written: that other row was there before it was written to, and so were they.
    """
    if last is not None:
        return {who: (new, new is False) for who in people for new in [since(who, last)]}
    if beside is None:
        return dict.fromkeys(people, (True, False))
    new, read = added(conn, people), ends(conn, {table for table, _ in people}, beside)
    return {
        who: (who in new, who not in new and (written or since(who, read) is False))
        for who in people
    }


def added(conn: Connection, people: Iterable[Person]) -> set[Person]:
    """Return those whose own row was seen as it was added.

    A booking that is new says nothing of whose it is: it can be put under anybody.
    """
    table, texts = tables.returned, {(name, key_text(key)): (name, key) for name, key in people}
    found: set[Person] = set()
    for part in chunks(sorted(texts)):
        rows = conn.execute(select(table.c.table_name, table.c.row_key).where(
            among([table.c.table_name, table.c.row_key], part), table.c.state.in_(_ADDED)
        ))  # fmt: skip
        found |= {texts[name, key] for name, key in rows}
    return found


def ends(
    conn: Connection, names: Collection[str], before: datetime | None = None
) -> dict[str, int]:
    """Return table -> the last number that the last whole pass of the sweep read in it.

    :param before: only of a pass that was over by then, naive UTC.
    """
    read = pulse.look_at(conn, *map(_name, sorted(names))) if names else {}
    found = {name: read[_name(name)] for name in names if _name(name) in read}
    return {
        name: int(each.note) for name, each in found.items() if before is None or each.at < before
    }


def put_ends(conn: Connection, last: Mapping[str, Key | None], at: datetime) -> None:
    """Write down the last keys that a whole pass read; of those that count upwards."""
    for name, key in last.items():
        match key:
            case (int(number),):
                pulse.put(conn, _name(name), Pulse(at, str(number)))
            case None:
                pulse.put(conn, _name(name), Pulse(at, "0"))
            case _:
                pulse.take(conn, _name(name))


def _name(table: str) -> str:
    # A table may be called as long as it likes.
    return f"returns:{hashlib.sha256(table.encode()).hexdigest()[:24]}"


def since(person: Person, last: Mapping[str, int]) -> bool | None:
    """Return whether somebody's row came after a pass that ended there; None: nobody can tell."""
    table, key = person
    match key:
        case (int(number),) if table in last:
            return number > last[table]
    return None


def booked(
    work: Work, table: str, keys: Sequence[Key], at: datetime, day: date, house: str = ""
) -> set[Key]:
    """Return the people of whom a record was made after a moment, or maybe was.

    :param work: the open transaction.
    :param table: name of the table.
    :param keys: keys of their rows; of a table that is not of people there are none.
    :param at: the moment, aware; of records made at a time.
    :param day: the first day that counts, of records made on a day.
    :param house: code of the property that was asked: what another company holds counts for nothing
        there; all of it counts when it is empty.
    """
    if table not in work.datamap.subjects or not keys:
        return set()
    silent = [
        name for name, declared in work.datamap.tables.items()
        if name in work.datamap.subjects or "created" not in clock_of(declared.policy)
    ]  # fmt: skip
    found: set[Key] = set()
    people = [(table, key) for key in keys]
    for name, rows in finder.find(work.conn, work.datamap, people, silent).items():
        made = moments_of(work.conn, work.datamap, name, [row.key for row in rows])
        new = [
            row for row in rows
            if any(_since(each, at, day) for each in made[row.key].get("created", ()))
        ]  # fmt: skip
        declared = work.datamap.declared(name)
        theirs = purview.elsewhere(work, house, declared, [row.key for row in new])
        for row in new:
            if row.key not in theirs:
                found |= {key for (_, key), _ in row.owners}
    return found


def _since(made: date | datetime, at: datetime, day: date) -> bool:
    return made > at if isinstance(made, datetime) else made >= day


def given(work: Work, table: str, keys: Sequence[Key]) -> set[Key]:
    """Return the people whose number is above all that the last pass of the sweep read."""
    last = ends(work.conn, [table]) if table in work.datamap.subjects and keys else {}
    return {key for key in keys if since((table, key), last)}


def made_since(work: Work, code: str, moments: Mapping[str, Sequence[Any]], at: datetime) -> bool:
    """Return whether a row was made after a moment: a number that it has was given again.

    :param work: the open transaction.
    :param code: code of the property, in whose zone dates are days.
    :param moments: event -> when it happened to the row.
    :param at: the moment, naive UTC.
    """
    made, zone = moments.get("created", ()), zone_of(work, code)
    return life(made, (), at.replace(tzinfo=UTC), zone) is Life.NEW


def zone_of(work: Work, code: str) -> ZoneInfo:
    """Return the zone in which dates of a property are days."""
    hotel = work.settings.properties.get(code)
    return ZoneInfo("UTC" if hotel is None else hotel.zone)


def counted(key: Key) -> bool:
    """Return whether a key is a number, which a database may give again once it is free."""
    return all(isinstance(part, int) for part in key)
