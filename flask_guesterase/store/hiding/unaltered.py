"""What an erasure kept in place is neither changed nor copied by what a session flushes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import ClauseElement, Column
from sqlalchemy.orm import InstanceState, InstrumentedAttribute, Session, UOWTransaction
from sqlalchemy.sql.dml import ValuesBase

from ...core.errors import VeiledError
from ..statements.naming import named
from .concealed import NOTE, columns_of, gates, kept_rows, noted, pending, refuse_named, split_row
from .withheld import Withheld, handed_out


def on_flush(session: Session, flush_context: Any, instances: Any) -> None:
    """Look at what is about to be written, as long as it can be refused without harm."""
    free = gates.free
    # What `new` and `dirty` are made of: sets of instances would be made anew for each flush.
    for state in (*session._new, *session._dirty_states):
        values = state.dict
        # Of a row that is there, nothing else than what changed is written.
        for key in values if state.key is None else state.committed_state:
            if type(values.get(key)) not in _ORDINARY:
                break
        else:
            if id(state.mapper) in free:
                continue
        if gates.gate() and state not in session._deleted:
            _look(session, state)
        if not gates.covers(state.mapper):
            free[id(state.mapper)] = state.mapper


_ORDINARY = frozenset({
    str, int, float, bool, bytes, type(None), Decimal, date, datetime, time, timedelta, UUID,
    InstanceState,
})  # fmt: skip
"""What stands in most attributes: neither the sentinel nor SQL."""


def _look(session: Session, state: InstanceState[Any]) -> None:
    _refuse_copied(session, state)
    if state.key is None:
        _refuse_cloned(state)
    elif gates.covers(state.mapper):
        noted(session).lapsed[state] = frozenset(state.expired_attributes)
        _refuse_changed(session, state, frozenset())


def copies(statement: Any, parameters: Any) -> bool:
    """Return whether a statement that writes is given the sentinel itself where a value should be.

    Only what is given by itself is seen: within JSON it is a text like any other.

    :param statement: anything a session executes.
    :param parameters: what it is executed with: nothing, one row, or several.
    """
    if not handed_out() or not isinstance(statement, ValuesBase):
        return False
    given = statement._values
    if given and Withheld in [type(getattr(each, "value", each)) for each in given.values()]:
        return True
    if isinstance(parameters, dict | Mapping):
        return Withheld in map(type, parameters.values())
    several = [row for values in statement._multi_values for row in values]
    for row in (*(parameters or ()), *several):
        # Values without names are in the order of the columns.
        if Withheld in map(type, row.values() if isinstance(row, dict | Mapping) else row):
            return True
    return False


def refuse_copies(statement: Any, parameters: Any) -> None:
    """Refuse a statement that would write the sentinel.

    :raises VeiledError: it would.
    """
    if copies(statement, parameters):
        raise VeiledError("A hidden value would be written by this statement.", _HINT)


_HINT = "Copy it within Guesterase.books(), or leave the column alone."


def on_flushed(session: Session, flush_context: UOWTransaction) -> None:
    """Look again at what was written: a host's hooks change rows on their way."""
    free = gates.free
    for mapper, states in flush_context.mappers.items():
        if id(mapper) in free or not (gates.gate() and gates.covers(mapper)):
            continue
        lapsed = noted(session).lapsed
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
    if NOTE in session.info and noted(session).hidden:
        for state in flush_context.states:
            if _written(flush_context, state):
                _refuse_copied(session, state)


def _replace(
    session: Session, flush_context: UOWTransaction, state: InstanceState[Any]
) -> None:
    """Take note of a new row with the key of a kept one, which is gone: it is somebody else's."""
    if switched(session, flush_context, state):
        return
    for cover in gates.covers(state.mapper):
        if cover.unique:
            conn, restricted = kept_rows(session, cover.table, {"mapper": state.mapper})
            restricted.replaced(conn, cover.key_of(state))


def switched(session: Session, flush_context: UOWTransaction, state: InstanceState[Any]) -> bool:
    """Return whether a new instance is written as a change of a row that is there.

    A row that is deleted and added anew in one flush may keep what it held.
    """
    before = session.identity_map.get(state.mapper._identity_key_from_state(state))
    return before is not None and before._sa_instance_state in flush_context.states


def _written(flush_context: UOWTransaction, state: InstanceState[Any]) -> bool:
    deleted, listed = flush_context.states[state]
    return not (deleted or listed)


def _refuse_copied(session: Session, state: InstanceState[Any]) -> None:
    """Refuse to write the sentinel itself where a value should be, or SQL that fetches one."""
    values = state.dict
    for key in values if state.key is None else state.committed_state:
        value = values.get(key)
        if not isinstance(value, _TELLING) or not pending(state, {key}):
            continue
        if isinstance(value, Withheld):
            raise _copied(state, key)
        for table, columns in named(gates.gate(), value).items():
            refuse_named(session, table, columns, {"mapper": state.mapper})


def _refuse_cloned(state: InstanceState[Any]) -> None:
    """Refuse a new row made of an instance that hides something: all of it would be written."""
    columns: Iterable[tuple[str, Any]] = state.mapper.columns.items()
    for key, column in columns:
        if isinstance(column, Column) and isinstance(state.dict.get(key), Withheld):
            raise _copied(state, key)


def _copied(state: InstanceState[Any], key: str) -> VeiledError:
    return VeiledError(
        f"A hidden value would be written to {state.mapper.local_table}.{key}.", _HINT
    )


_TELLING = (Withheld, ClauseElement, InstrumentedAttribute)


def _refuse_changed(
    session: Session, state: InstanceState[Any], lapsed: frozenset[str]
) -> None:
    """Refuse a change of what is hidden in a row that is there, and of the key it is known by.

    :param lapsed: attributes that the flush set by SQL.
    """
    for cover in gates.covers(state.mapper):
        renamed = pending(state, {name for name, _ in cover.key if name})
        if not (renamed or pending(state, cover.attributes) or lapsed & cover.stored):
            continue
        hidden, shown = split_row(session, state, cover)
        if renamed and (hidden or shown):
            raise VeiledError(
                f"The key of a row of {cover.table} that is kept for an erased guest would be "
                "changed.",
                "Leave the key until the row's last day: what is kept is known by it.",
            )
        # A change of anything in the row brings along what its columns set by themselves.
        sure = cover.renewed | (lapsed & cover.stored)
        changed = {key for key in hidden if key in sure or pending(state, {key})}
        if changed:
            raise VeiledError(
                f"{columns_of(cover.table, changed)} of a row that is kept for an erased guest "
                "would be changed.",
                "Correct it within Guesterase.books() with the permission 'books'.",
            )
