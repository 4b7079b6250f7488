"""Two use cases at the same moment: the first is stopped at each of its moments, where the second
runs to its end or waits for a lock."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Engine, create_engine, event

from flask_guesterase.core.errors import BusyError, GuesteraseError
from flask_guesterase.store.transaction import again

OK = "ok"
PATIENCE = 60.0

_WAITING = {
    "postgresql": "SELECT count(*) FROM pg_locks WHERE NOT granted AND pid IN"
    " (SELECT pid FROM pg_stat_activity WHERE datname = current_database())",
    "mariadb": "SELECT count(*) FROM information_schema.innodb_trx t JOIN"
    " information_schema.processlist p ON p.id = t.trx_mysql_thread_id"
    " WHERE t.trx_state = 'LOCK WAIT' AND p.db = database()",
}

_ASKED = {"postgresql": 0.02, "mariadb": 0.15}
"""Seconds between two looks: what innodb_trx says is renewed only where nobody asked for a tenth of
a second."""


@dataclass
class Meeting:
    """How two that met ended: OK, or the name of the error that they were told.

    :param first: of the one that was stopped.
    :param second: of the other.
    :param at: the statement at which the first was stopped; empty where it has fewer moments.
    """

    first: str
    second: str
    at: str


@dataclass
class _Stop:
    """Stops one thread at its n-th moment: before it locks, writes or commits."""

    at: int
    thread: int = 0
    count: int = 0
    said: str = ""
    reached: threading.Event = field(default_factory=threading.Event)
    go: threading.Event = field(default_factory=threading.Event)

    def statement(self, conn: Any, cursor: Any, said: str, *rest: Any) -> None:
        writes = said.lstrip().upper().startswith(("INSERT", "UPDATE", "DELETE"))
        if writes or "FOR UPDATE" in said:
            self._moment(said)

    def commit(self, conn: Any) -> None:
        self._moment("COMMIT")

    def _moment(self, said: str) -> None:
        if threading.get_ident() != self.thread:
            return
        self.count += 1
        if self.count == self.at + 1:
            self.said = said
            self.reached.set()
            assert self.go.wait(PATIENCE)


def tried(act: Callable[[], object]) -> str:
    """Do something as pages and workers do it, again after a deadlock; return how it ended."""
    try:
        again(act)
    except GuesteraseError as problem:
        return type(problem).__name__
    except Exception as problem:
        return f"{type(problem).__name__}: {problem}"
    return OK


def meet(
    engine: Engine, first: Callable[[], object], second: Callable[[], object], at: int
) -> Meeting:
    """Stop the first at a moment, let the second run to its end or to a lock, and both to the end.

    Who waited for a lock until they were told to try again does so.

    :param engine: engine of a server.
    :param first: a use case.
    :param second: the other.
    :param at: at which of its moments the first is stopped.
    """
    stop, ends = _Stop(at), {}

    def stopped() -> None:
        stop.thread = threading.get_ident()
        ends["first"] = tried(first)
        # The next thread may be given this one's number.
        stop.thread = 0
        stop.reached.set()

    def beside() -> None:
        ends["second"] = tried(second)

    one, other = threading.Thread(target=stopped), threading.Thread(target=beside)
    event.listen(engine, "before_cursor_execute", stop.statement)
    event.listen(engine, "commit", stop.commit)
    try:
        one.start()
        assert stop.reached.wait(PATIENCE)
        other.start()
        _until_it_waits(engine, other)
        stop.go.set()
        one.join(PATIENCE)
        other.join(PATIENCE)
    finally:
        stop.go.set()
        event.remove(engine, "before_cursor_execute", stop.statement)
        event.remove(engine, "commit", stop.commit)
    assert not one.is_alive()
    assert not other.is_alive()
    if ends["second"] == BusyError.__name__:
        ends["second"] = tried(second)
    return Meeting(ends["first"], ends["second"], " ".join(stop.said.split())[:80])


def _until_it_waits(engine: Engine, other: threading.Thread) -> None:
    """Wait until a thread has ended, or some transaction waits for a lock."""
    name = engine.dialect.name
    watch = create_engine(engine.url, isolation_level="AUTOCOMMIT")
    try:
        with watch.connect() as conn:
            while other.is_alive():
                other.join(_ASKED[name])
                if conn.exec_driver_sql(_WAITING[name]).scalar():
                    return
    finally:
        watch.dispose()
