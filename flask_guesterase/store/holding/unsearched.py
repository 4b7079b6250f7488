"""What is still to be looked through for holds that were placed.

Nothing outside a safety copy says whose rows it holds, and there may be thousands, so that who
places a hold does not wait for it. For a hold those of sweeps are: until it was done no file goes
that a sweep left. Those of a request that took rows of somebody living as well are, for all holds
placed since: until it was done none of its own files goes, and those of no other wait for it.
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


def ask_of(conn: Connection, numbers: Iterable[str], since: datetime) -> None:
    """Note that copies of requests are to be looked through, where nobody else places a hold.

    :param conn: open transaction.
    :param numbers: numbers of the requests.
    :param since: naive UTC; what was asked for holds that were placed before, and not answered yet,
        is asked for these as well.
    """
    name, at = tables.pulse.c.name, tables.pulse.c.at
    for part in chunks(sorted(numbers)):
        mine = name.in_([_name(each) for each in part])
        before = {row.name: row.at for row in conn.execute(select(name, at).where(mine))}
        conn.execute(delete(tables.pulse).where(mine))
        conn.execute(insert(tables.pulse), [
            {"name": each, "at": min(since, before.get(each, since)), "note": secrets.token_hex(4)}
            for each in map(_name, part)
        ])  # fmt: skip


def asked(conn: Connection) -> Mapping[int, str]:
    """Return the numbers of these holds, each with a mark that tells one asking from the next."""
    return {int(number): said.note for number, said in _asked(conn, _NAME).items()}


def asked_of(conn: Connection) -> Mapping[str, Pulse]:
    """Return the numbers of these requests, each with such a mark, and since when holds count."""
    return _asked(conn, _OF)


def _asked(conn: Connection, prefix: str) -> dict[str, Pulse]:
    table = tables.pulse
    rows = conn.execute(
        select(table.c.name, table.c.at, table.c.note).where(table.c.name.startswith(prefix))
    )
    return {row.name.removeprefix(prefix): Pulse(row.at, row.note) for row in rows}


def drop(conn: Connection, of: int | str, mark: str | None = None) -> None:
    """Forget that copies were to be looked through.

    :param conn: open transaction.
    :param of: number of the hold, or of the request.
    :param mark: the asking that was answered; whatever was asked when None.
    """
    pulse.take(conn, _name(of), mark)


def _name(of: int | str) -> str:
    return f"{_NAME}{of}" if isinstance(of, int) else f"{_OF}{of}"
