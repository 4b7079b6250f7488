"""What is hidden of kept rows from a session, as far as it asked within one transaction."""

from __future__ import annotations

from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any
from weakref import WeakKeyDictionary, ref

from sqlalchemy import Connection, Pool
from sqlalchemy.exc import DBAPIError, UnboundExecutionError
from sqlalchemy.orm import InstanceState, Session, SessionTransaction
from sqlalchemy.orm.base import PassiveFlag

from ...core.errors import VeiledError
from .cover import Cover
from .gate import Gates
from .restricted import Restricted, present, read

NOTE = "guesterase_veil"


@dataclass
class Opening:
    """An open block of the books.

    :param pools: which database, by the pools its connections come from.
    :param property: whose books.
    :param shown: states that hold real values because of it -> their attributes.
    """

    pools: frozenset[Pool]
    property: str
    shown: WeakKeyDictionary[InstanceState[Any], frozenset[str]] = field(
        default_factory=WeakKeyDictionary
    )


@dataclass
class Known:
    """What one session knows of kept rows until its transaction ends.

    :param tables: what is kept of each table.
    :param hidden: states in which something is hidden -> their attributes.
    :param away: databases without our tables.
    :param lapsed: states that are about to be flushed -> attributes that are not loaded any more.
    :param streaming: connections from which rows stream by an option of their own.
    :param within: the transaction of which this is known.
    """

    tables: dict[tuple[Pool, str], Restricted] = field(default_factory=dict)
    hidden: WeakKeyDictionary[InstanceState[Any], frozenset[str]] = field(
        default_factory=WeakKeyDictionary
    )
    away: set[Pool] = field(default_factory=set)
    lapsed: WeakKeyDictionary[InstanceState[Any], frozenset[str]] = field(
        default_factory=WeakKeyDictionary
    )
    streaming: set[Connection] = field(default_factory=set)
    within: ref[SessionTransaction] | None = None

    def now(self, session: Session) -> dict[tuple[Pool, str], Restricted]:
        """Return what is kept of each table, as far as it was asked in this transaction."""
        here = session.get_transaction()
        if here is None or self.within is None or self.within() is not here:
            self.within = None if here is None else ref(here)
            self.tables.clear()
            self.streaming.clear()
        return self.tables


gates = Gates()
openings: ContextVar[tuple[Opening, ...]] = ContextVar("guesterase_books", default=())
_present: WeakKeyDictionary[Pool, bool] = WeakKeyDictionary()


def noted(session: Session) -> Known:
    """Return what a session knows of kept rows; nothing at first."""
    found: Known | None = session.info.get(NOTE)
    if found is None:
        found = session.info[NOTE] = Known()
    return found


def forget(session: Session, rolled_back: SessionTransaction) -> None:
    """Have it asked anew what is kept: a savepoint takes back that something ended in it.

    Where it can not be asked once rows stream, it is asked at once.
    """
    if NOTE not in session.info:
        return
    known = noted(session)
    known.tables.clear()
    if not (session.is_active and session.in_transaction()):
        return
    known.now(session)
    for conn in known.streaming:
        if not (conn.closed or conn.invalidated):
            read_ahead(session, conn)


def read_ahead(session: Session, conn: Connection) -> None:
    """Read all that is kept, for a connection that takes no question while its rows stream.

    :param session: the session.
    :param conn: its connection, while it is free for a question.
    """
    known = noted(session)
    known.now(session)
    known.streaming.add(conn)
    for table in gates.gate():
        kept_at(session, table, conn).complete(conn)


def open_at(pool: Pool) -> frozenset[str]:
    """Return the properties whose books are open here, of one database."""
    return frozenset(each.property for each in openings.get() if pool in each.pools)


def kept_rows(
    session: Session, table: str, bind: dict[str, Any]
) -> tuple[Connection, Restricted]:
    """Return the kept rows of a table, read once in the session's transaction."""
    conn = _ours(session, bind)
    return conn, kept_at(session, table, conn)


def kept_at(session: Session, table: str, conn: Connection) -> Restricted:
    """Return the kept rows of a table as one connection of a session knows them, read once."""
    tables, key = noted(session).now(session), (conn.engine.pool, table)
    if key not in tables:
        tables[key] = _read(conn, table)
    return tables[key]


def _ours(session: Session, bind: dict[str, Any]) -> Connection:
    """Return the session's connection to the database our tables are in.

    Rows of another database are kept by a note in the default one.
    """
    conn = session.connection(bind_arguments=bind)
    pool, away = conn.engine.pool, noted(session).away
    if pool in _present or (pool not in away and present(conn)):
        return conn
    away.add(pool)
    try:
        return session.connection()
    except UnboundExecutionError:
        return conn


def _read(conn: Connection, table: str) -> Restricted:
    pool = conn.engine.pool
    if pool not in _present and not present(conn):
        return Restricted(table)
    try:
        found = read(conn, table)
    except DBAPIError:
        # Our tables may have been removed since they were last seen.
        if _present.pop(pool, None) is None or present(conn):
            raise
        return Restricted(table)
    _present[pool] = True
    return found


def refuse_named(session: Session, table: str, columns: set[str], bind: dict[str, Any]) -> None:
    """Refuse a statement that names columns of which something is hidden.

    :raises VeiledError: of a row whose books are not open here.
    """
    conn, restricted = kept_rows(session, table, bind)
    if restricted.closed(conn, open_at(conn.engine.pool)):
        raise VeiledError(
            f"The statement names {columns_of(table, columns)}, which the law keeps for erased "
            "guests and nobody else may use.",
            _ELSEWHERE if openings.get() else _CLOSED,
        )


_CLOSED = (
    "Load the rows as instances, leave the column out, or use Guesterase.books() with the "
    "permission 'books'."
)
_ELSEWHERE = (
    "The books that are open are not those of every row kept there: open the other properties' as "
    "well, and name the engine where it is not the one Guesterase has (books(..., engines=[...]))."
)


def columns_of(table: str, columns: set[str]) -> str:
    """Return the columns of a table as one text."""
    return ", ".join(f"{table}.{column}" for column in sorted(columns))


def split_row(
    session: Session, state: InstanceState[Any], cover: Cover
) -> tuple[frozenset[str], frozenset[str]]:
    """Return the attributes of a row that are hidden, and those only open books show."""
    conn, restricted = kept_rows(session, cover.table, {"mapper": state.mapper})
    key = cover.key_of(state)
    if not key:
        # Nobody can tell whose row it is.
        return split_any(conn, restricted, cover.hidden_by(gates.gate()[cover.table].columns))
    # Where an erasure overwrote the key, the line of what it kept names none.
    keys = (key, "") if cover.erased(state) else (key,)
    every = cover.hidden_by(_today(cover, restricted.of_any(conn, keys, ())))
    opened_here = open_at(conn.engine.pool)
    if not opened_here:
        return every, frozenset()
    hidden = cover.hidden_by(_today(cover, restricted.of_any(conn, keys, opened_here)))
    return hidden, every - hidden


def split_any(
    conn: Connection, restricted: Restricted, attributes: frozenset[str]
) -> tuple[frozenset[str], frozenset[str]]:
    """Return what is hidden, or shown by open books alone, of what may be any row's of a table."""
    nothing: frozenset[str] = frozenset()
    if not restricted.closed(conn, ()):
        return nothing, nothing
    if restricted.closed(conn, open_at(conn.engine.pool)):
        return attributes, nothing
    return nothing, attributes


def _today(cover: Cover, kept: frozenset[str]) -> frozenset[str]:
    """Return kept columns as the table has them: of one that was renamed nobody knows which it is.

    All that is retained in the table is hidden then.
    """
    if kept <= cover.names:
        return kept
    guarded = gates.gate().get(cover.table)
    return kept if guarded is None else kept | guarded.columns


def pending(state: InstanceState[Any], keys: Any) -> bool:
    """Return whether one of these attributes has a change that was not written yet."""
    plain = set(state.mapper.column_attrs.keys())
    return any(
        state.manager[key].impl.get_history(
            state, state.dict, passive=PassiveFlag.PASSIVE_NO_INITIALIZE
        ).has_changes()
        for key in keys
        if key in plain and (state.key is None or key in state.committed_state)
    )
