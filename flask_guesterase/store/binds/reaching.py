"""Which of several databases answer."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from contextvars import copy_context
from dataclasses import dataclass, field, replace
from functools import partial
from threading import Event, Thread
from time import monotonic
from weakref import WeakKeyDictionary

from sqlalchemy import Connection, Engine, text

from ...core.finding import Finding
from ..mapping.crossing import Binds, Crossing, away_of
from ..mapping.datamap import DataMap
from ..transaction import transaction
from ..work import Work


def silent(binds: Binds) -> dict[str, str]:
    """Return the other databases that do not answer -> the class of the error.

    :param binds: where the tables lie.
    """
    asked = {name: _asked(engine) for name, engine in binds.engines.items()}
    for each in asked.values():
        each.over.wait(max(0.0, each.began + PATIENCE - monotonic()))
    return {name: each.problem for name, each in asked.items() if each.problem}


PATIENCE = 5.0
"""Seconds in which a database has to answer, for which a driver may wait minutes, or for ever."""

_ANEW = 600.0
"""Seconds after which one that was asked and never answered is asked again: each time a connection
of the pool may wait for ever."""


@dataclass
class _Asked:
    """A database that was asked whether it answers, and what came of it; no engine, which it would
    keep from being forgotten."""

    problem: str = TimeoutError.__name__
    began: float = field(default_factory=monotonic)
    over: Event = field(default_factory=Event)


_asking: WeakKeyDictionary[Engine, _Asked] = WeakKeyDictionary()


def _asked(engine: Engine) -> _Asked:
    """Return how it was asked, just now or by somebody who waits as well."""
    before = _asking.get(engine)
    if before is not None and not before.over.is_set() and monotonic() - before.began < _ANEW:
        return before
    asked = _asking[engine] = _Asked()
    if engine.dialect.name == "sqlite":
        # A file is locked for two seconds at most; its connection may be of this thread alone.
        _ask(engine, asked)
    else:
        # What the host connects by may look at the application.
        work = partial(copy_context().run, _ask, engine, asked)
        Thread(target=work, name="guesterase-reaching", daemon=True).start()
    return asked


def _ask(engine: Engine, asked: _Asked) -> None:
    try:
        with transaction(engine, write=False) as conn:
            if engine.dialect.name == "sqlite":
                # A file is not opened before something is read from it.
                conn.execute(_FILE)
        asked.problem = ""
    except Exception as problem:
        # The text of what the host's own code raises may hold an address.
        asked.problem = type(problem).__name__
    finally:
        asked.over.set()


_FILE = text("SELECT count(*) FROM sqlite_master")


def leave_out(conn: Connection, names: Collection[str] | None = None) -> Collection[str]:
    """Go on without the databases that do not answer: what asks them waits for nothing any more.

    :param conn: an open transaction.
    :param names: those that did not answer a moment ago; None lets each be tried, once.
    :return: their names.
    """
    if not isinstance(conn, Crossing):
        return ()
    if conn.away is None:
        conn.away = frozenset(silent(conn.unasked()) if names is None else names)
    return conn.away


@contextmanager
def left_out(
    work: Work, names: Collection[str] | None = None
) -> Iterator[Collection[str]]:
    """Leave out the databases that do not answer in this block alone, and yield their names.

    What follows in the same transaction may erase, and concludes nothing from what was left out.

    :param work: the open transaction.
    :param names: those that did not answer a moment ago; None lets each be tried, once.
    """
    before = away_of(work.conn)
    away = leave_out(work.conn, names)
    try:
        yield away
    finally:
        if isinstance(work.conn, Crossing) and not before:
            work.conn.away = None
            if away:
                work.read_anew()


def reachable(binds: Binds) -> tuple[Binds, list[Finding]]:
    """Return the databases that answer, and what is wrong with the others.

    :param binds: where the tables lie.
    """
    found = [
        Finding(
            "several-binds", "", name, f"The database '{name}' does not answer ({problem}).",
            "Nobody is erased until it does; what was begun waits for it.",
        )
        for name, problem in silent(binds).items()
    ]  # fmt: skip
    down = {finding.column for finding in found}
    engines = {name: engine for name, engine in binds.engines.items() if name not in down}
    places = {table: name for table, name in binds.places.items() if name not in down}
    return Binds(engines, places), found


def without(datamap: DataMap, binds: Binds, there: Binds) -> DataMap:
    """Return a data map without the tables of databases that do not answer.

    :param datamap: the whole.
    :param binds: where all tables lie.
    :param there: the databases that answer.
    """
    gone = binds.places.keys() - there.places.keys()
    if not gone:
        return datamap
    return replace(datamap, tables={n: d for n, d in datamap.tables.items() if n not in gone})
