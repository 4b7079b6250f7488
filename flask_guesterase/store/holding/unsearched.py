"""What is still to be looked through for holds that were placed.

Nothing outside a safety copy says whose rows it holds, and there may be thousands, so that who
places a hold does not wait for it. For a hold those of sweeps are: until it was done no file goes
that a sweep left. For all holds those of a request that took rows of somebody living as well are:
until it was done none of its own files goes, and those of no other wait for it.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, delete, insert, select

from .. import tables
from ..access import pulse
from ..access.pulse import Pulse
from ..statements.sql import chunks

_NAME, _OF = "unsearched-", "unshared-"

ANY = select(tables.pulse.c.name).where(tables.pulse.c.name.startswith(_NAME))
"""A row for each of these holds."""


def is_asked(number: ColumnElement[str | None]) -> ColumnElement[bool]:
    """Return the condition that copies of a request are to be looked through.

    :param number: its number.
    """
    name = tables.pulse.c.name
    return select(name).where(name == _OF + number).exists()


def ask(conn: Connection, hold: int, now: datetime) -> None:
    """Note that copies are to be looked through for a hold, in the transaction that places it.

    :param conn: open transaction.
    :param hold: its number.
    :param now: naive UTC.
    """
    pulse.put(conn, _name(hold), Pulse(now, secrets.token_hex(4)))


def ask_of(conn: Connection, numbers: Iterable[str], now: datetime) -> None:
    """Note that copies of requests are to be looked through, where nobody else places a hold.

    :param conn: open transaction.
    :param numbers: numbers of the requests.
    :param now: naive UTC.
    """
    for part in chunks(sorted(numbers)):
        rows = [{"name": _name(each), "at": now, "note": secrets.token_hex(4)} for each in part]
        names = [row["name"] for row in rows]
        conn.execute(delete(tables.pulse).where(tables.pulse.c.name.in_(names)))
        conn.execute(insert(tables.pulse), rows)


def asked(conn: Connection) -> Mapping[int, str]:
    """Return the numbers of these holds, each with a mark that tells one asking from the next."""
    return {int(number): mark for number, mark in _asked(conn, _NAME).items()}


def asked_of(conn: Connection) -> Mapping[str, str]:
    """Return the numbers of these requests, each with such a mark."""
    return _asked(conn, _OF)


def _asked(conn: Connection, prefix: str) -> dict[str, str]:
    table = tables.pulse
    rows = conn.execute(
        select(table.c.name, table.c.note).where(table.c.name.startswith(prefix))
    )
    return {row.name.removeprefix(prefix): row.note for row in rows}


def drop(conn: Connection, of: int | str, mark: str | None = None) -> None:
    """Forget that copies were to be looked through.

    :param conn: open transaction.
    :param of: number of the hold, or of the request.
    :param mark: the asking that was answered; whatever was asked when None.
    """
    pulse.take(conn, _name(of), mark)


def _name(of: int | str) -> str:
    return f"{_NAME}{of}" if isinstance(of, int) else f"{_OF}{of}"
