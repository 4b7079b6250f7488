"""Holds that were placed, and for which the safety copies of sweeps are still to be looked through.

Nothing outside a copy says whose rows it holds, and there may be thousands, so that who places a
hold does not wait for it. Until it was done no file goes that a sweep left.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import Connection, select

from .. import tables
from ..access import pulse
from ..access.pulse import Pulse

_NAME = "unsearched-"

_MINE = tables.pulse.c.name.startswith(_NAME)

ANY = select(tables.pulse.c.name).where(_MINE)
"""A row for each of these holds."""


def ask(conn: Connection, hold: int, now: datetime) -> None:
    """Note that copies are to be looked through for a hold, in the transaction that places it.

    :param conn: open transaction.
    :param hold: its number.
    :param now: naive UTC.
    """
    pulse.put(conn, f"{_NAME}{hold}", Pulse(now, secrets.token_hex(4)))


def asked(conn: Connection) -> Mapping[int, str]:
    """Return the numbers of these holds, each with a mark that tells one asking from the next."""
    table = tables.pulse
    rows = conn.execute(select(table.c.name, table.c.note).where(_MINE))
    return {int(row.name.removeprefix(_NAME)): row.note for row in rows}


def drop(conn: Connection, hold: int, mark: str | None = None) -> None:
    """Forget that copies were to be looked through for a hold.

    :param conn: open transaction.
    :param hold: its number.
    :param mark: the asking that was answered; whatever was asked when None.
    """
    pulse.take(conn, f"{_NAME}{hold}", mark)
