"""What an erasure kept in place, hidden from the host's own sessions until its day.

Instances show a sentinel in the hidden columns; a statement that names one is refused, never
rewritten. Which rows that are is asked of the database the session talks to, in its own
transaction, so that no application needs to be running and none sees another's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, Engine, Select, TextClause, UpdateBase
from sqlalchemy.event import contains, listen
from sqlalchemy.orm import (
    InstanceState,
    ORMExecuteState,
    Session,
    SessionTransaction,
    UOWTransaction,
)

from ...core.errors import VeiledError
from ..mapping.host import Host
from ..statements.forms import Names
from ..statements.naming import joined
from ..statements.sql import MARIADB
from . import passage, unaltered
from .concealed import (
    Opening,
    forget,
    gates,
    kept_rows,
    noted,
    openings,
    pending,
    read_ahead,
    refuse_named,
    split_any,
    split_row,
)
from .cover import Glimpse
from .gate import Declarations
from .withheld import hide

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncEngine

_names = Names()


def install(host: Host, declared: Declarations) -> None:
    """Hide what is kept in place from every session on the host's tables; once is enough.

    :param host: the host's side.
    :param declared: what was registered from outside; it may still grow.
    """
    gates.add(host, declared)
    passage.watch(_wanted, _on_execute)
    passage.ease(gates.plain)
    for name, listener in _LISTENERS.items():
        if not contains(Session, name, listener):
            listen(Session, name, listener)


def renew() -> None:
    """Take in what was registered since; for every session from its next statement on."""
    gates.renew()


def opened(
    host: Host, property_: str, engines: Iterable[Engine | AsyncEngine] = ()
) -> AbstractContextManager[None]:
    """Let this thread, or task, read and correct what is kept in place at a property.

    At the end instances hide it again; what was corrected must be flushed by then.

    :param host: the host's side; its session's replicas are found by how it routes what it reads.
    :param property_: code of the property; nest blocks for several.
    :param engines: by which else sessions reach the same database.
    :raises VeiledError: a correction is still waiting to be written.
    """
    # Asked before the block is entered: the host's router may fail, and nothing is open then.
    every = [*host.readers(), host.engine(), *engines]
    return _opened(host, Opening(frozenset(each.pool for each in every), property_))


@contextmanager
def _opened(host: Host, opening: Opening) -> Iterator[None]:
    _forget_hidden(host)
    token = openings.set((*openings.get(), opening))
    try:
        yield
        if any(pending(state, keys) for state, keys in opening.shown.items()):
            raise VeiledError(
                "What was corrected in the books was not written before they were closed.",
                "Flush or commit the session within the block.",
            )
    finally:
        openings.reset(token)
        for state, keys in list(opening.shown.items()):
            session = state.session
            if session is None:
                hide(state, keys)
            elif openings.get() and not session.get_bind(mapper=state.mapper).dialect.is_async:
                # Another block around this one may still show it; asynchronously nobody can ask.
                _cover(state)
            else:
                # The next block has to know what to show again.
                _put(session, state, keys, frozenset())


def _forget_hidden(host: Host) -> None:
    """Have the host's session load anew what it hides, so that it can be seen in the block."""
    session = host.open_session()
    if session is None:
        return
    hidden = noted(session).hidden
    for state, keys in list(hidden.items()):
        instance = state.obj()
        clean = [key for key in keys if not pending(state, {key})]
        if instance is not None and clean and instance in session:
            session.expire(instance, clean)
    hidden.clear()


# statements


def _wanted(
    session: Session, statement: Any, parameters: Any, options: Mapping[str, Any]
) -> bool:
    """Return whether a statement names something guarded, or may hand on rows while they come."""
    gate = gates.gate()
    if not gate:
        return False
    if passage.streamed(session, options):
        return True
    if not isinstance(statement, _READ) or passage.streams(statement._execution_options):
        return True
    if unaltered.copies(statement, parameters):
        return True
    return bool(_names.of(gate, statement, parameters))


_READ = (Select, TextClause, UpdateBase)
"""What hosts execute, and what it names can be read of it as it is."""


def _on_execute(state: ORMExecuteState) -> None:
    gate = gates.gate()
    if not gate:
        return
    unaltered.refuse_copies(state.statement, state.parameters)
    streams = passage.streams(state.execution_options)
    found = _names.of(gate, state.statement, state.parameters)
    # Most of what a host asks ends here.
    if not (found or streams) or state.is_column_load:
        return
    session, bind = state.session, dict(state.bind_arguments)
    if streams and hasattr(state.statement, "get_children"):
        # While rows stream in, the connection may not be free for a question.
        for table in gate:
            conn, restricted = kept_rows(session, table, dict(bind))
            restricted.complete(conn)
    if found and state.is_relationship_load:
        for table, columns in joined(gate, state.loader_strategy_path).items():
            found[table] = found.get(table, set()) - columns
    for table, columns in found.items():
        if columns:
            refuse_named(session, table, columns, dict(bind))


def _on_begin(session: Session, transaction: SessionTransaction, conn: Connection) -> None:
    # Where the engine or the connection has rows stream, no statement tells it; and drivers for
    # MariaDB drop what is still to come, or fail, when they are asked meanwhile.
    if conn.dialect.name in MARIADB and passage.streams(conn.get_execution_options()):
        read_ahead(session, conn)


# instances


def _on_load(state: InstanceState[Any], context: Any) -> None:
    _cover(state)


def _on_refresh(state: InstanceState[Any], context: Any, attributes: Any) -> None:
    # A composite announces itself after it was made of attributes that are hidden already.
    if attributes is None or set(attributes) & set(state.mapper.column_attrs.keys()):
        _cover(state)


def _on_written(state: InstanceState[Any], context: UOWTransaction, attributes: Any) -> None:
    # A new row shows what was written just now, whose ever its number was before.
    session = state.session
    if session is None or state.key is not None or unaltered.switched(session, context, state):
        _on_refresh(state, context, attributes)


def _cover(state: InstanceState[Any]) -> None:
    """Put the sentinel where a row that was loaded holds something hidden."""
    session = state.session
    if session is None:
        return
    for cover in gates.covers(state.mapper):
        if cover.attributes & state.dict.keys():
            _put(session, state, *split_row(session, state, cover))
    for glimpse in gates.glimpses(state.mapper):
        if glimpse.attributes & state.dict.keys():
            _put(session, state, *_glimpsed(session, state, glimpse))


def _put(
    session: Session, state: InstanceState[Any], hidden: frozenset[str], shown: frozenset[str]
) -> None:
    if shown:
        for opening in openings.get():
            opening.shown[state] = opening.shown.get(state, frozenset()) | shown
    if hidden:
        known = noted(session).hidden
        known[state] = known.get(state, frozenset()) | hidden
        hide(state, hidden)


def _glimpsed(
    session: Session, state: InstanceState[Any], glimpse: Glimpse
) -> tuple[frozenset[str], frozenset[str]]:
    """Return what is hidden, or shown by open books alone, of what shows other rows."""
    conn, restricted = kept_rows(session, glimpse.table, {"mapper": state.mapper})
    return split_any(conn, restricted, glimpse.attributes)


gates.listeners = {"load": _on_load, "refresh": _on_refresh, "refresh_flush": _on_written}

_LISTENERS: dict[str, Callable[..., None]] = {
    "after_begin": _on_begin,
    "before_flush": unaltered.on_flush,
    "after_flush": unaltered.on_flushed,
    "after_soft_rollback": forget,
}
