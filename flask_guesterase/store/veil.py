"""What an erasure kept in place, hidden from the host's own sessions until its day.

Instances show a sentinel in the hidden columns; a statement that names one is refused, never
rewritten. Which rows that are is asked of the database the session talks to, in its own
transaction, so that no application needs to be running and none sees another's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any
from weakref import WeakKeyDictionary, ref

from sqlalchemy import ClauseElement, Connection, Pool, Select, TextClause, UpdateBase
from sqlalchemy.event import contains, listen
from sqlalchemy.exc import DBAPIError, UnboundExecutionError
from sqlalchemy.orm import (
    InstanceState,
    InstrumentedAttribute,
    ORMExecuteState,
    Session,
    SessionTransaction,
    UOWTransaction,
    scoped_session,
)
from sqlalchemy.orm.base import PassiveFlag

from ..core.errors import VeiledError
from . import passage
from .forms import Names
from .gate import Cover, Declarations, Gates, Glimpse
from .host import Host
from .naming import joined, named
from .restricted import Restricted, present, read
from .withheld import Withheld, hide

_NOTE = "guesterase_veil"


@dataclass
class _Opening:
    """An open block of the books.

    :param pool: which database, by the pool its connections come from.
    :param property: whose books.
    :param shown: states that hold real values because of it -> their attributes.
    """

    pool: Pool
    property: str
    shown: WeakKeyDictionary[InstanceState[Any], frozenset[str]] = field(
        default_factory=WeakKeyDictionary
    )
    away: set[Pool] = field(default_factory=set)


@dataclass
class _Known:
    """What one session knows of kept rows until its transaction ends.

    :param tables: what is kept of each table.
    :param hidden: states in which something is hidden -> their attributes.
    :param away: databases without our tables.
    :param lapsed: states that are about to be flushed -> attributes that are not loaded any more.
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
    within: ref[SessionTransaction] | None = None

    def now(self, session: Session) -> dict[tuple[Pool, str], Restricted]:
        """Return what is kept of each table, as far as it was asked in this transaction."""
        here = session.get_transaction()
        if here is None or self.within is None or self.within() is not here:
            self.within = None if here is None else ref(here)
            self.tables.clear()
        return self.tables


_gates = Gates()
_names = Names()
_present: WeakKeyDictionary[Pool, bool] = WeakKeyDictionary()
_openings: ContextVar[tuple[_Opening, ...]] = ContextVar("guesterase_books", default=())


def install(host: Host, declared: Declarations) -> None:
    """Hide what is kept in place from every session on the host's tables; once is enough.

    :param host: the host's side.
    :param declared: what was registered from outside; it may still grow.
    """
    _gates.add(host, declared)
    passage.watch(_wanted, _on_execute)
    for name, listener in _LISTENERS.items():
        if not contains(Session, name, listener):
            listen(Session, name, listener)


def renew() -> None:
    """Take in what was registered since; for every session from its next statement on."""
    _gates.renew()


@contextmanager
def opened(host: Host, property_: str) -> Iterator[None]:
    """Let this thread, or task, read and correct what is kept in place at a property.

    At the end instances hide it again; what was corrected must be flushed by then.

    :param property_: code of the property; nest blocks for several.
    :raises VeiledError: a correction is still waiting to be written.
    """
    opening = _Opening(host.engine().pool, property_)
    _forget_hidden(host)
    token = _openings.set((*_openings.get(), opening))
    try:
        yield
        if any(_pending(state, keys) for state, keys in opening.shown.items()):
            raise VeiledError(
                "What was corrected in the books was not written before they were closed.",
                "Flush or commit the session within the block.",
            )
    finally:
        _openings.reset(token)
        for state, keys in list(opening.shown.items()):
            # Another block around this one may still show it.
            _cover(state) if _openings.get() and state.session else hide(state, keys)


def _forget_hidden(host: Host) -> None:
    """Have the host's session load anew what it hides, so that it can be seen in the block."""
    session: Any = host.session
    if isinstance(session, scoped_session):
        if not session.registry.has():
            return
        session = session()
    hidden = _known(session).hidden
    for state, keys in list(hidden.items()):
        instance = state.obj()
        clean = [key for key in keys if not _pending(state, {key})]
        if instance is not None and clean and instance in session:
            session.expire(instance, clean)
    hidden.clear()


def _known(session: Session) -> _Known:
    found: _Known | None = session.info.get(_NOTE)
    if found is None:
        found = session.info[_NOTE] = _Known()
    return found


def _properties(pool: Pool) -> frozenset[str]:
    return frozenset(each.property for each in _openings.get() if each.pool is pool)


def _restricted(
    session: Session, table: str, bind: dict[str, Any]
) -> tuple[Connection, Restricted]:
    """Return the kept rows of a table, read once in the session's transaction."""
    conn = _ours(session, bind)
    tables, key = _known(session).now(session), (conn.engine.pool, table)
    if key not in tables:
        tables[key] = _read(conn, table)
    return conn, tables[key]


def _ours(session: Session, bind: dict[str, Any]) -> Connection:
    """Return the session's connection to the database our tables are in.

    Rows of another database are kept by a note in the default one.
    """
    conn = session.connection(bind_arguments=bind)
    pool, away = conn.engine.pool, _known(session).away
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


# statements


def _wanted(
    session: Session, statement: Any, parameters: Any, options: Mapping[str, Any]
) -> bool:
    """Return whether a statement names something guarded, or may hand on rows while they come."""
    gate = _gates.gate()
    if not gate:
        return False
    # A session has options of its own from SQLAlchemy 2.1 on.
    for given in (options.get("execution_options"), getattr(session, "execution_options", None)):
        if given and _streams(given):
            return True
    if _names.plain(gate, statement):
        return False
    if not isinstance(statement, _READ) or _streams(statement._execution_options):
        return True
    return bool(_names.of(gate, statement, parameters))


_READ = (Select, TextClause, UpdateBase)
"""What hosts execute, and what it names can be read of it as it is."""


def _streams(options: Mapping[str, Any]) -> bool:
    """Return whether rows come while the connection is not free for a question."""
    # A `Query` keeps its own beside the options of the statement.
    query = options.get("_sa_orm_load_options")
    return bool(
        options.get("yield_per") or options.get("stream_results")
        or (query is not None and query._yield_per)
    )


def _on_execute(state: ORMExecuteState) -> None:
    gate = _gates.gate()
    if not gate:
        return
    streams = _streams(state.execution_options)
    found = _names.of(gate, state.statement, state.parameters)
    # Most of what a host asks ends here.
    if not (found or streams) or state.is_column_load:
        return
    session, bind = state.session, dict(state.bind_arguments)
    if streams and hasattr(state.statement, "get_children"):
        # While rows stream in, the connection may not be free for a question.
        for table in gate:
            _restricted(session, table, dict(bind))
    if found and state.is_relationship_load:
        for table, columns in joined(gate, state.loader_strategy_path).items():
            found[table] = found.get(table, set()) - columns
    for table, columns in found.items():
        if columns:
            _refuse_named(session, table, columns, dict(bind))


def _refuse_named(session: Session, table: str, columns: set[str], bind: dict[str, Any]) -> None:
    conn, restricted = _restricted(session, table, bind)
    if restricted.closed(conn, _properties(conn.engine.pool)):
        raise VeiledError(
            f"The statement names {_list(table, columns)}, which the law keeps for erased guests "
            "and nobody else may use.",
            "Load the rows as instances, leave the column out, or use Guesterase.books() with the "
            "permission 'books'.",
        )


def _list(table: str, columns: set[str]) -> str:
    return ", ".join(f"{table}.{column}" for column in sorted(columns))


# instances


def _on_load(state: InstanceState[Any], context: Any) -> None:
    _cover(state)


def _on_refresh(state: InstanceState[Any], context: Any, attributes: Any) -> None:
    # A composite announces itself after it was made of attributes that are hidden already.
    if attributes is None or set(attributes) & set(state.mapper.column_attrs.keys()):
        _cover(state)


def _cover(state: InstanceState[Any]) -> None:
    """Put the sentinel where a row that was loaded holds something hidden."""
    session = state.session
    if session is None:
        return
    for cover in _gates.covers(state.mapper):
        if cover.attributes & state.dict.keys():
            _put(session, state, *_split(session, state, cover))
    for glimpse in _gates.glimpses(state.mapper):
        if glimpse.attributes & state.dict.keys():
            _put(session, state, *_glimpsed(session, state, glimpse))


def _put(
    session: Session, state: InstanceState[Any], hidden: frozenset[str], shown: frozenset[str]
) -> None:
    if shown:
        for opening in _openings.get():
            opening.shown[state] = opening.shown.get(state, frozenset()) | shown
    if hidden:
        known = _known(session).hidden
        known[state] = known.get(state, frozenset()) | hidden
        hide(state, hidden)


def _split(
    session: Session, state: InstanceState[Any], cover: Cover
) -> tuple[frozenset[str], frozenset[str]]:
    """Return the attributes of a row that are hidden, and those only open books show."""
    conn, restricted = _restricted(session, cover.table, {"mapper": state.mapper})
    key = cover.key_of(state)
    every = cover.hidden_by(restricted.columns(conn, key, ()))
    opened_here = _properties(conn.engine.pool)
    if not opened_here:
        return every, frozenset()
    hidden = cover.hidden_by(restricted.columns(conn, key, opened_here))
    return hidden, every - hidden


def _glimpsed(
    session: Session, state: InstanceState[Any], glimpse: Glimpse
) -> tuple[frozenset[str], frozenset[str]]:
    """Return what is hidden, or shown by open books alone, of what shows other rows."""
    conn, restricted = _restricted(session, glimpse.table, {"mapper": state.mapper})
    nothing: frozenset[str] = frozenset()
    if not restricted.closed(conn, ()):
        return nothing, nothing
    if restricted.closed(conn, _properties(conn.engine.pool)):
        return glimpse.attributes, nothing
    return nothing, glimpse.attributes


_gates.listeners = {"load": _on_load, "refresh": _on_refresh, "refresh_flush": _on_refresh}


# changes


def _on_flush(session: Session, flush_context: Any, instances: Any) -> None:
    if not _gates.gate():
        return
    # What `new` and `dirty` are made of: sets of instances would be made anew for each flush.
    deleted = session._deleted
    for state in (*session._new, *session._dirty_states):
        if state in deleted:
            continue
        _refuse_copied(session, state)
        if state.key is not None and _gates.covers(state.mapper):
            _known(session).lapsed[state] = frozenset(state.expired_attributes)
            _refuse_changed(session, state, frozenset())


def _on_flushed(session: Session, flush_context: UOWTransaction) -> None:
    """Look again at what was written: a host's hooks change rows on their way."""
    if not _gates.gate():
        return
    for mapper, states in flush_context.mappers.items():
        if _gates.covers(mapper):
            lapsed = _known(session).lapsed
            for state in states:
                if not _written(flush_context, state):
                    continue
                if state in session._new:
                    _replace(session, flush_context, state)
                    continue
                # What was set by SQL lapses when it is written.
                anew = state.expired_attributes - lapsed.pop(state, frozenset())
                _refuse_changed(session, state, frozenset(anew))
    # Where nothing was hidden no hook found anything to copy.
    if _NOTE in session.info and _known(session).hidden:
        for state in flush_context.states:
            if _written(flush_context, state):
                _refuse_copied(session, state)


def _replace(
    session: Session, flush_context: UOWTransaction, state: InstanceState[Any]
) -> None:
    """Take note of a new row with the key of a kept one, which is gone: it is somebody else's."""
    before = session.identity_map.get(state.mapper._identity_key_from_state(state))
    # A row that is deleted and added anew in one flush is changed, and may keep what it held.
    if before is not None and before._sa_instance_state in flush_context.states:
        return
    for cover in _gates.covers(state.mapper):
        if cover.unique:
            conn, restricted = _restricted(session, cover.table, {"mapper": state.mapper})
            restricted.replaced(conn, cover.key_of(state))


def _written(flush_context: UOWTransaction, state: InstanceState[Any]) -> bool:
    deleted, listed = flush_context.states[state]
    return not (deleted or listed)


def _refuse_copied(session: Session, state: InstanceState[Any]) -> None:
    """Refuse to write the sentinel itself where a value should be, or SQL that fetches one."""
    values = state.dict
    # Of a row that is there, nothing else than what changed is written.
    for key in values if state.key is None else state.committed_state:
        value = values.get(key)
        if not isinstance(value, _TELLING) or not _pending(state, {key}):
            continue
        if isinstance(value, Withheld):
            raise VeiledError(
                f"A hidden value would be written to {state.mapper.local_table}.{key}.",
                "Copy it within Guesterase.books(), or leave the column alone.",
            )
        for table, columns in named(_gates.gate(), value).items():
            _refuse_named(session, table, columns, {"mapper": state.mapper})


_TELLING = (Withheld, ClauseElement, InstrumentedAttribute)


def _refuse_changed(
    session: Session, state: InstanceState[Any], lapsed: frozenset[str]
) -> None:
    """Refuse a change of what is hidden in a row that is there, and of the key it is known by.

    :param lapsed: attributes that the flush set by SQL.
    """
    for cover in _gates.covers(state.mapper):
        renamed = _pending(state, {name for name, _ in cover.key if name})
        if not (renamed or _pending(state, cover.attributes) or lapsed & cover.stored):
            continue
        hidden, shown = _split(session, state, cover)
        if renamed and (hidden or shown):
            raise VeiledError(
                f"The key of a row of {cover.table} that is kept for an erased guest would be "
                "changed.",
                "Leave the key until the row's last day: what is kept is known by it.",
            )
        # A change of anything in the row brings along what its columns set by themselves.
        sure = cover.renewed | (lapsed & cover.stored)
        changed = {key for key in hidden if key in sure or _pending(state, {key})}
        if changed:
            raise VeiledError(
                f"{_list(cover.table, changed)} of a row that is kept for an erased guest would "
                "be changed.",
                "Correct it within Guesterase.books() with the permission 'books'.",
            )


def _pending(state: InstanceState[Any], keys: Any) -> bool:
    """Return whether one of these attributes has a change that was not written yet."""
    plain = set(state.mapper.column_attrs.keys())
    return any(
        state.manager[key].impl.get_history(
            state, state.dict, passive=PassiveFlag.PASSIVE_NO_INITIALIZE
        ).has_changes()
        for key in keys
        if key in plain and (state.key is None or key in state.committed_state)
    )


_LISTENERS: dict[str, Callable[..., None]] = {
    "before_flush": _on_flush,
    "after_flush": _on_flushed,
}
