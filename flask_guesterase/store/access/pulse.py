"""Heartbeats, leases and words that wait for a second person: one row under one name."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, bindparam, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from ...core.errors import FourEyesError
from .. import tables
from ..statements.listed import Listed
from ..statements.upsert import upsert
from .sameness import same


@dataclass(frozen=True)
class Pulse:
    """What stands under a name.

    :param at: naive UTC.
    :param note: a word, a mark or a fingerprint; nobody's data.
    :param by: opaque number of a person, or None.
    :param second: opaque number of another one, or None.
    """

    at: datetime
    note: str = ""
    by: str | None = None
    second: str | None = None


_TABLE = tables.pulse.c
_SAID = select(_TABLE.at, _TABLE.note, _TABLE.by, _TABLE.second)
_ONE = _SAID.where(_TABLE.name == bindparam("wanted"))
_LOCKED = _ONE.with_for_update()
_SEVERAL = _SAID.add_columns(_TABLE.name).where(Listed(_TABLE.name, given="wanted"))
# Made once: nothing is read as often.


def look(conn: Connection, name: str, lock: bool = False) -> Pulse | None:
    """Return what stands under a name.

    :param lock: keep others from changing it until the transaction ends.
    """
    row = conn.execute(_LOCKED if lock else _ONE, {"wanted": name}).one_or_none()
    return None if row is None else Pulse(row.at, row.note or "", row.by, row.second)


def look_at(conn: Connection, *names: str) -> dict[str, Pulse]:
    """Return what stands under several names, read at once; those with nothing are left out."""
    rows = conn.execute(_SEVERAL, {"wanted": names})
    return {row.name: Pulse(row.at, row.note or "", row.by, row.second) for row in rows}


def put(conn: Connection, name: str, pulse: Pulse) -> None:
    """Write what shall stand under a name, whatever stood there before."""
    mine = update(tables.pulse).where(tables.pulse.c.name == name).values(_values(pulse))
    if not conn.execute(mine).rowcount and not first(conn, name, pulse):
        conn.execute(mine)


def turn(conn: Connection, name: str, at: datetime, note: str | None = None) -> None:
    """Wait until nobody else has a turn under a name, and keep it until the transaction ends.

    It is one statement, the first time and every time.

    :param conn: open transaction.
    :param name: the name.
    :param at: naive UTC.
    :param note: what shall stand there; None for what stands there already.
    """
    noted = {} if note is None else {"note": note}
    upsert(conn, tables.pulse, {"name": name, "at": at} | noted)


def first(conn: Connection, name: str, pulse: Pulse) -> bool:
    """Write what shall stand under a name where nothing does; return whether nothing did.

    It waits for somebody else's transaction that writes the same name.
    """
    try:
        with conn.begin_nested():
            conn.execute(insert(tables.pulse).values(name=name, **_values(pulse)))
    except IntegrityError:
        return False
    return True


def change(conn: Connection, name: str, before: Pulse | None, now: Pulse) -> bool:
    """Write what shall stand under a name where nobody wrote since; return whether nobody did.

    :param conn: open transaction.
    :param name: the name.
    :param before: what stood there when it was looked at, None for nothing.
    :param now: what shall stand there.
    """
    if before is None:
        return first(conn, name, now)
    table = tables.pulse.c
    same_still = table.name == name, table.at == before.at, table.note == before.note
    mine = update(tables.pulse).where(*same_still).values(_values(now))
    return conn.execute(mine).rowcount == 1


def _values(pulse: Pulse) -> dict[str, object]:
    return {"at": pulse.at, "note": pulse.note, "by": pulse.by, "second": pulse.second}


def take(conn: Connection, name: str, note: str | None = None) -> None:
    """Take what stands under a name away.

    :param conn: open transaction.
    :param name: the name.
    :param note: only where this stands there; whatever does when None.
    """
    mine = delete(tables.pulse).where(tables.pulse.c.name == name)
    conn.execute(mine if note is None else mine.where(tables.pulse.c.note == note))


def second(conn: Connection, before: Pulse | None, now: Pulse, lasting: timedelta) -> bool:
    """Return whether this is the second person's word for what another one said in time.

    :param conn: open transaction.
    :param before: what stands there.
    :param now: who says what, now.
    :param lasting: how long the first person's word waits.
    :raises FourEyesError: the same person says it again.
    """
    if before is None or before.by is None or before.second is not None:
        return False
    if before.note != now.note:
        return False
    if not timedelta(0) <= now.at - before.at <= lasting:
        return False
    if same(conn, before.by, now.by or "", now.at):
        raise FourEyesError(
            "The same person said this before.", "Another person must confirm it."
        )
    return True
