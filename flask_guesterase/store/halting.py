"""The stop switch: whether somebody said that nothing may be erased now."""

from __future__ import annotations

from sqlalchemy import Connection

from . import pulse

HALTED = "halted"


def halted(conn: Connection) -> bool:
    """Return whether sweeps stand still until somebody lets them go on.

    :param conn: open transaction.
    """
    return pulse.look(conn, HALTED) is not None
