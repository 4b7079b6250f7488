"""Listeners on the host's sessions: who comes back is noted, and deletes past every plan too.

They write into the host's own transaction, never take a lock of ours and never refuse a write: a
guard that cannot look is logged, and the row is found by the next sweep. Only what ended the host's
transaction is the host's to know.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, MutableMapping
from contextlib import contextmanager
from typing import Any, NamedTuple
from weakref import WeakKeyDictionary, WeakMethod

from sqlalchemy import (
    Connection,
    Delete,
    Insert,
    Pool,
    StatementLambdaElement,
    Table,
    Update,
    inspect,
)
from sqlalchemy.event import contains, listen
from sqlalchemy.exc import UnboundExecutionError
from sqlalchemy.orm import InstanceState, Mapper, ORMExecuteState, Session

from .. import tables
from ..hiding import passage
from ..hiding.concealed import gates
from ..keys import installation
from ..keys.custodian import FolderCustodian
from ..mapping.datamap import DataMap
from ..mapping.host import OURS, Host
from ..statements.assigned import written
from ..statements.failure import undoes_all
from . import lookout, sightings
from .idle import AtWork, Idle, Nowhere
from .lookout import Row, Side
from .statements import added, carried
from .watched import Watched, watched

_WRITES = (Insert, Update, Delete)
_MAY_WRITE = (*_WRITES, StatementLambdaElement)
"""What writes, and what may; a union of types would be made anew for each statement."""

_log = logging.getLogger("flask_guesterase")

Sides = Callable[[], Iterable[Side]]
"""Returns the installation at work here, or all of a host that may be where none of them is."""


class _Looked(NamedTuple):
    """What of an installation is watched, as long as its data map stays the same.

    :param concerned: base class of what was flushed -> whether something of it is watched.
    """

    datamap: DataMap
    watched: Mapping[str, Watched]
    concerned: MutableMapping[Mapper[Any], bool]


class _Post(NamedTuple):
    """One installation with what of it is watched; a tuple, for each flush makes one.

    :param concerned: base class of what was flushed -> whether something of it is watched.
    """

    host: Host
    side: Side
    watched: Mapping[str, Watched]
    concerned: MutableMapping[Mapper[Any], bool]


class _Told(NamedTuple):
    """What is said of one write, which several applications of one installation may see.

    :param every: all that may be at work here, whether they are concerned or not.
    :param said: which lines wait in a database already: the next one adds what is missing.
    """

    every: list[_Post]
    said: set[lookout.Said]


_sides: WeakKeyDictionary[Host, WeakMethod[Sides]] = WeakKeyDictionary()
_looked: WeakKeyDictionary[FolderCustodian, _Looked] = WeakKeyDictionary()
_present: WeakKeyDictionary[Pool, bool] = WeakKeyDictionary()
_named: WeakKeyDictionary[Pool, str] = WeakKeyDictionary()
"""By which key folder a database said, when last asked, that it belongs to it."""
_marks: WeakKeyDictionary[FolderCustodian, str] = WeakKeyDictionary()
"""By which each key folder is known; to open a secret for every write would cost the host."""

_idle = Idle()


def install(host: Host, sides: Sides, at_work: AtWork | None = None) -> None:
    """Watch every session on the host's tables; once is enough.

    :param host: the host's side.
    :param sides: method that returns the installations that may be at work; it is not kept alive.
    :param at_work: returns the application at work; the same for all hosts of a process.
    """
    _idle.at_work = at_work or _idle.at_work
    _sides.setdefault(host, WeakMethod(sides))
    gates.attend()
    # What a flush that did not know this one is about to note goes with what was free.
    gates.renew()
    passage.watch(_wanted, _on_execute)
    if not contains(Session, "after_flush", _on_flush):
        listen(Session, "after_flush", _on_flush)


def _all() -> Iterator[_Post]:
    """Yield every installation that may be at work here."""
    for host, method in list(_sides.items()):
        answering, sides = method(), tuple[Side, ...]()
        with _harmless("look at an application"):
            sides = tuple(answering()) if answering is not None else ()
        for side in sides:
            looked = _looked.get(side.custodian)
            if looked is None or looked.datamap is not side.datamap:
                looked = _Looked(side.datamap, watched(side.datamap), WeakKeyDictionary())
                _looked[side.custodian] = looked
                _idle.forget()
            yield _Post(host, side, looked.watched, looked.concerned)


@contextmanager
def _harmless(doing: str) -> Iterator[None]:
    """Let the host's write go on whatever happens here; values never reach the log.

    :raises DBAPIError: the engine took the host's own writes back; unheard, it would commit half.
    """
    try:
        yield
    except Exception as problem:
        if undoes_all(problem):
            raise
        _log.warning("The guard could not %s (%s).", doing, type(problem).__name__)


def _is_ours(conn: Connection, side: Side, every: list[_Post]) -> bool:
    """Return whether this is the installation's database, with our tables in it."""
    pool = conn.engine.pool
    if pool is not side.pool:
        return False
    if pool not in _present:
        if not inspect(conn).has_table(tables.mark.name):
            return False
        _present[pool] = True
    return side.here or _is_named(conn, side, every)


def _is_named(conn: Connection, side: Side, every: list[_Post]) -> bool:
    """Return whether the database says that the installation's keys belong to it.

    Which engine a session gives where another application is at work, or none, proves nothing.
    """
    pool = conn.engine.pool
    try:
        mine = _mark(side.custodian)
    except Exception:
        # The line about a delete needs no key, where it can be nobody else's.
        if sum(post.side.pool is pool for post in every) > 1:
            raise
        return True
    # A database may be made anew under a pool, or claimed: only a yes is believed again.
    there = _named.get(pool)
    if there != mine:
        with lookout.aside(conn):
            there = _named[pool] = installation.known(conn, installation.FOLDER)
    return there == mine


def _mark(custodian: FolderCustodian) -> str:
    """Return by which a key folder is known, opened once in a process."""
    if custodian not in _marks:
        _marks[custodian] = installation.mark(custodian)
    return _marks[custodian]


# flushes


def _on_flush(session: Session, flush_context: Any) -> None:
    # Nearly every flush ends here, and costs the host what these lines cost.
    free, app = gates.free, _idle.at_work()
    if not session._deleted and _idle.holds(free, app, flush_context.mappers):
        return
    every: list[_Post] = []
    posts: list[_Post] = []
    with _harmless("look at a flush"):
        every = list(_all())
        posts = [post for post in every if _concerns(post, session, flush_context)]
        if not posts and _is_final(every, app):
            _idle.note(free, app, flush_context.mappers)
    if not posts:
        return
    # Each of these is collected anew whenever it is asked for.
    written, deleted = (*session.new, *session.dirty), session.deleted
    told = _Told(every, set())
    for post in posts:
        with _harmless("look at a flush"):
            _flushed(post, session, written, deleted, told)


def _is_final(every: list[_Post], app: object) -> bool:
    """Return whether nobody else could have something to say in an application."""
    if len({post.host for post in every}) == len(_sides):
        return True
    return app is not Nowhere and any(post.side.here for post in every)


def _concerns(post: _Post, session: Session, flush_context: Any) -> bool:
    """Return whether a flush wrote to a class of which something is watched, or deleted."""
    if session.deleted:
        return True
    known = post.concerned
    for mapper in flush_context.mappers:
        found = known.get(mapper)
        if found is None:
            tables = {t for each in mapper.self_and_descendants for t in each.tables}
            found = known[mapper] = any(
                isinstance(table, Table) and table.fullname in post.watched for table in tables
            )
        if found:
            return True
    return False


def _flushed(
    post: _Post, session: Session, written: Iterable[Any], deleted: Iterable[Any], told: _Told
) -> None:
    gone: Counter[tuple[str, str]] = Counter()
    rows: list[Row] = []
    mappers: list[Mapper[Any]] = []
    home = bool(deleted) and _is_home(session, post.side)
    for state, table, here in _states(session, deleted, post.side, post.side.datamap.tables):
        if here or home:
            gone[table.fullname, _place(post, state, table)] += 1
            mappers += [state.mapper] if here else []
    new = session.new
    for state, table, here in _states(session, written, post.side, post.watched):
        row = _row(post.watched[table.fullname], state, table, state.obj() in new) if here else None
        if row is not None:
            rows.append(row)
            mappers.append(state.mapper)
    # The key folder is looked at last: most of what a host writes is nobody's data.
    if not (mappers or gone) or not post.side.custodian.exists():
        return
    # What lies in another database of the host's is journaled in the default one, as all is.
    bind: dict[str, Any] = {"mapper": mappers[0]} if mappers else {"clause": OURS}
    conn = session.connection(bind_arguments=bind)
    if _is_ours(conn, post.side, told.every):
        # First what needs no key.
        lookout.bypassed(post.side, conn, gone, told.said)
        lookout.note(post.side, conn, rows, sightings.FLUSH)


def _states(
    session: Session, instances: Iterable[Any], side: Side, known: Mapping[str, Any]
) -> Iterator[tuple[InstanceState[Any], Table, bool]]:
    """Yield what of a flush went to known tables, and whether they lie where ours do."""
    for instance in instances:
        state = instance._sa_instance_state
        for table in state.mapper.tables:
            if isinstance(table, Table) and table.fullname in known:
                bind = session.get_bind(mapper=state.mapper)
                yield state, table, bind.engine.pool is side.pool


def _is_home(session: Session, side: Side) -> bool:
    """Return whether what is ours goes from a session to the installation's database."""
    try:
        return session.get_bind(clause=OURS).engine.pool is side.pool
    except UnboundExecutionError:
        return False


def _row(one: Watched, state: InstanceState[Any], table: Table, new: bool) -> Row | None:
    """Return what was written of a watched row, or None when nothing that tells anything was."""
    names = _attributes(state.mapper, table)
    written = {
        column: state.dict[name]
        for column, name in names.items()
        if name in state.dict and (new or _changed(state, name))
    }
    if not written.keys() & one.telling:
        return None
    key = tuple(state.dict.get(names.get(c.name, "")) for c in one.declared.key)
    if one.place is not None:
        written[""] = str(state.dict.get(names.get(one.place.name, "")) or "").strip()
    return Row(one, key, written, new)


def _attributes(mapper: Mapper[Any], table: Table) -> dict[str, str]:
    return {
        column.name: prop.key
        for prop in mapper.column_attrs
        for column in prop.columns
        if getattr(column, "table", None) is table
    }


def _changed(state: InstanceState[Any], name: str) -> bool:
    return bool(state.attrs[name].history.has_changes())


def _place(post: _Post, state: InstanceState[Any], table: Table) -> str:
    """Return the code of the property of a row, as far as the session knows it."""
    subjects = post.side.datamap.subjects.values()
    places = {c.property.name for c in subjects if c.property is not None}
    names = _attributes(state.mapper, table)
    found = (state.dict.get(names[name]) for name in places & names.keys())
    return next((str(code) for code in found if code in post.side.settings.properties), "")


# statements


def _wanted(session: Session, statement: Any, *_: Any) -> bool:
    return isinstance(statement, _MAY_WRITE)


def _on_execute(state: ORMExecuteState) -> Any:
    # A statement made of a lambda is the statement that this returns.
    statement = getattr(state.statement, "_resolved", state.statement)
    if not isinstance(statement, _WRITES):
        return None
    names = set(written(statement))
    every: list[_Post] = []
    with _harmless("look at a statement"):
        every = list(_all())
    posts = [post for post in every if _reaches(names, post.side)]
    if not posts:
        return None
    result = _hand_on(state)
    told = _Told(every, set())
    for post in posts:
        with _harmless("look at a statement"):
            _executed(post, state, statement, getattr(result, "rowcount", -1), told)
    return result


def _reaches(names: set[str], side: Side) -> bool:
    """Return whether tables are declared by an installation that has keys."""
    found = False
    with _harmless("look at a statement"):
        found = bool(names & side.datamap.tables.keys()) and side.custodian.exists()
    return found


def _hand_on(state: ORMExecuteState) -> Any:
    """Execute the host's statement as it is."""
    return state.invoke_statement()


def _executed(
    post: _Post, state: ORMExecuteState, statement: Insert | Update | Delete, count: int,
    told: _Told,
) -> None:
    conn = state.session.connection(bind_arguments=dict(state.bind_arguments))
    if isinstance(statement, Delete):
        if count:
            name = getattr(statement.table, "fullname", "")
            _removed(post, state.session, conn, {(name, ""): max(count, 1)}, told)
        return
    if not _is_ours(conn, post.side, told.every):
        return
    mine = [post.watched[name] for name in {*written(statement)} & post.watched.keys()]
    if mine:
        values = carried(statement, state.parameters, conn)
        rows = added(statement, state.parameters)
        for one in mine:
            lookout.written(post.side, conn, one, values, rows)


def _removed(
    post: _Post, session: Session, conn: Connection, gone: Mapping[tuple[str, str], int],
    told: _Told,
) -> None:
    """Journal what a DELETE took from a declared table, wherever that lies."""
    if not {name for name, _ in gone} & post.side.datamap.tables.keys():
        return
    if conn.engine.pool is not post.side.pool and _is_home(session, post.side):
        conn = session.connection(bind_arguments={"clause": OURS})
    if _is_ours(conn, post.side, told.every):
        lookout.bypassed(post.side, conn, gone, told.said)
