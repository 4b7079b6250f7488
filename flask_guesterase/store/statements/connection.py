"""One connection of ours for a whole run on SQLite, whatever the host's pool hands out."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.pool import NullPool, QueuePool


@dataclass
class _Kept:
    engine: Engine
    conn: Connection
    busy: bool = False


class _Here(threading.local):
    kept: _Kept | None = None


_here = _Here()


@contextmanager
def one(engine: Engine) -> Iterator[None]:
    """Use, in this block and thread, one connection for every transaction of ours on SQLite.

    A connection is told what others wrote, never what it wrote itself: on several, handed round
    by a pool, our own writes would be somebody else's, and on a new one each time nobody's. It is
    taken out of the pool, which makes itself another: the host has as many as before. Nothing
    happens on a server, nor where the engine has but one connection for everybody.

    :param engine: the host's engine.
    """
    alike = engine.dialect.name == "sqlite" and isinstance(engine.pool, QueuePool | NullPool)
    conn = _detached(engine) if alike and _here.kept is None else None
    if conn is None:
        yield
        return
    _here.kept = _Kept(engine, conn)
    try:
        yield
    finally:
        _here.kept = None
        conn.close()


def take(engine: Engine) -> Connection:
    """Return the one connection of this run, or one of the pool where there is none or it is busy.

    :param engine: the host's engine.
    """
    kept = _here.kept
    if kept is None or kept.busy or kept.engine is not engine or kept.conn.invalidated:
        return engine.connect()
    kept.busy = True
    return kept.conn


def give_back(conn: Connection) -> None:
    """Give back what `take` returned; the one connection of a run stays open."""
    kept = _here.kept
    if kept is None or kept.conn is not conn:
        conn.close()
        return
    conn.rollback()
    kept.busy = False


def _detached(engine: Engine) -> Connection | None:
    """Return a connection that is no longer the pool's; None where it could not be had now."""
    with suppress(PoolTimeoutError, DBAPIError):
        conn = engine.connect()
        conn.detach()
        return conn
    return None
