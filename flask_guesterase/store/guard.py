"""Listeners on the host's sessions: who comes back is noted, and deletes past every plan too.

They write into the host's own transaction, never take a lock of ours and never refuse a write: a
guard that cannot look is logged, and the row is found by the next sweep.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from weakref import WeakKeyDictionary

from sqlalchemy import Connection, Delete, Insert, Pool, Table, Update, inspect
from sqlalchemy.event import contains, listen
from sqlalchemy.orm import InstanceState, Mapper, ORMExecuteState, Session

from ..core.events import DeleteBypassed
from ..core.log import slug, word
from ..core.plan import Key
from . import journal, marks, sightings, tables
from .custodian import FolderCustodian
from .datamap import DataMap
from .host import Host
from .marks import Mark
from .settings import Settings
from .statements import carried, keys_by
from .transaction import commits_alone
from .watched import Watched, watched

_log = logging.getLogger("flask_guesterase")

HOST = "host"
"""Actor of what the host's own code did."""


@dataclass(frozen=True)
class Side:
    """What the guard must know of one installation.

    :param pool: where connections to the host's database come from.
    :param settings: the operator's settings.
    :param datamap: the resolved data map.
    :param custodian: who holds the keys.
    :param now: returns the aware UTC time.
    """

    pool: Pool
    settings: Settings
    datamap: DataMap
    custodian: FolderCustodian
    now: Callable[[], datetime]


Sides = Callable[[], Side | None]
"""Returns the installation that is at work here, or None where there is none."""


@dataclass(frozen=True)
class _Post:
    """One installation with what of it is watched."""

    side: Side
    watched: Mapping[str, Watched]


_sides: WeakKeyDictionary[Host, Sides] = WeakKeyDictionary()
_posts: WeakKeyDictionary[Host, _Post] = WeakKeyDictionary()
_present: WeakKeyDictionary[Pool, bool] = WeakKeyDictionary()


def install(host: Host, sides: Sides) -> None:
    """Watch every session on the host's tables; once is enough.

    :param host: the host's side.
    :param sides: returns the installation that is at work.
    """
    _sides.setdefault(host, sides)
    for name, listener in _LISTENERS.items():
        if not contains(Session, name, listener):
            listen(Session, name, listener)


def _all() -> Iterator[_Post]:
    for host, sides in list(_sides.items()):
        side = sides()
        if side is None or not side.custodian.exists():
            continue
        post = _posts.get(host)
        if post is None or post.side.datamap is not side.datamap:
            post = _Post(side, watched(side.datamap))
            _posts[host] = post
        yield _Post(side, post.watched)


@contextmanager
def _harmless(doing: str) -> Iterator[None]:
    """Let the host's write go on whatever happens here; values never reach the log."""
    try:
        yield
    except Exception as problem:
        _log.warning("The guard could not %s (%s).", doing, type(problem).__name__)


@contextmanager
def _aside(conn: Connection) -> Iterator[None]:
    """Keep what fails here from ending the host's transaction, where an error would do that."""
    if conn.dialect.name != "postgresql" or commits_alone(conn.connection.dbapi_connection):
        yield
        return
    with conn.begin_nested():
        yield


def _is_ours(conn: Connection, side: Side) -> bool:
    """Return whether this is the installation's database, with our tables in it."""
    pool = conn.engine.pool
    if pool is not side.pool:
        return False
    if pool not in _present:
        if not inspect(conn).has_table(tables.mark.name):
            return False
        _present[pool] = True
    return True


# flushes


def _on_flush(session: Session, flush_context: Any) -> None:
    if not (session.new or session.dirty or session.deleted):
        return
    with _harmless("look at a flush"):
        for post in _all():
            _flushed(post, session)


def _flushed(post: _Post, session: Session) -> None:
    known = post.side.datamap.tables
    gone: Counter[tuple[str, str]] = Counter()
    conns: dict[int, Connection] = {}
    for instance in session.deleted:
        state = instance._sa_instance_state
        for table in _tables(state.mapper, known):
            gone[table.fullname, _place(post, state, table)] += 1
            conns.setdefault(0, session.connection(bind_arguments={"mapper": state.mapper}))
    rows: list[_Row] = []
    for instance in (*session.new, *session.dirty):
        state = instance._sa_instance_state
        for table in _tables(state.mapper, post.watched):
            row = _row(post.watched[table.fullname], state, table, instance in session.new)
            if row is not None:
                rows.append(row)
                conns.setdefault(0, session.connection(bind_arguments={"mapper": state.mapper}))
    for conn in conns.values():
        if _is_ours(conn, post.side):
            _note(post.side, conn, rows, sightings.FLUSH)
            _bypassed(post.side, conn, gone)


def _tables(mapper: Mapper[Any], known: Mapping[str, Any]) -> list[Table]:
    return [t for t in mapper.tables if isinstance(t, Table) and t.fullname in known]


@dataclass(frozen=True)
class _Row:
    """A row that was written, as far as the session knows it."""

    one: Watched
    key: Key
    values: Mapping[str, Any]


def _row(one: Watched, state: InstanceState[Any], table: Table, new: bool) -> _Row | None:
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
        written[""] = str(state.dict.get(names.get(one.place.name, "")) or "")
    return _Row(one, key, written)


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


def _note(side: Side, conn: Connection, rows: list[_Row], door: str) -> None:
    """Look once for everything that was written, and write down what is known."""
    now = side.now()
    seals = marks.seals(side.custodian, now.date()) if rows else None
    if seals is None or not seals.keys:
        return
    wanted: dict[str, list[_Row]] = {}
    for row in rows:
        region = marks.regions(side.settings, row.values.get("", ""))
        own = {(marks.KEY, marks.row_text(row.one.name, row.key))}
        values = {c: v for c, v in row.values.items() if c in row.one.read}
        for kind, text in own | marks.texts(row.one, values, region):
            for made in seals.of(kind, text).values():
                wanted.setdefault(made, []).append(row)
    hits: dict[str, dict[Key, Mark]] = {}
    with _aside(conn):
        for mark in marks.find(conn, wanted, now.date().isoformat()):
            for row in wanted[mark.mark]:
                mine = hits.setdefault(row.one.name, {})
                if row.key not in mine or mine[row.key].erased_at < mark.erased_at:
                    mine[row.key] = mark
        for table, found in hits.items():
            sightings.leave(conn, table, found, door, _stamp(now))


def _stamp(now: datetime) -> datetime:
    return now.astimezone(UTC).replace(tzinfo=None, microsecond=0)


def _bypassed(side: Side, conn: Connection, gone: Mapping[tuple[str, str], int]) -> None:
    """Leave a line for the journal about rows that were deleted past every plan.

    Where the session does not tell the property, every controller's journal gets the line.
    """
    if not gone:
        return
    places = {code: slug(hotel.controller) for code, hotel in side.settings.properties.items()}
    events = []
    for place in sorted({place for _, place in gone}):
        counts: Counter[str] = Counter()
        for (table, code), count in gone.items():
            if code == place:
                counts[word(table)] += count
        for controller in [places[place]] if place else sorted(set(places.values())):
            events.append(DeleteBypassed(controller, place, actor=HOST, counts=dict(counts)))
    with _aside(conn):
        for draft in journal.drafts(events, side.now()):
            journal.leave(conn, draft)


# statements


def _on_execute(state: ORMExecuteState) -> Any:
    statement = state.statement
    if not isinstance(statement, Insert | Update | Delete):
        return None
    name = getattr(statement.table, "fullname", "")
    posts: list[_Post] = []
    with _harmless("look at a statement"):
        posts = [post for post in _all() if name in post.side.datamap.tables]
    if not posts:
        return None
    result = _hand_on(state)
    with _harmless("look at a statement"):
        for post in posts:
            _executed(post, state, name, getattr(result, "rowcount", -1))
    return result


def _hand_on(state: ORMExecuteState) -> Any:
    """Execute the host's statement as it is."""
    return state.invoke_statement()


def _executed(post: _Post, state: ORMExecuteState, name: str, count: int) -> None:
    conn = state.session.connection(bind_arguments=dict(state.bind_arguments))
    if not _is_ours(conn, post.side):
        return
    if isinstance(state.statement, Delete):
        if count != 0:
            _bypassed(post.side, conn, {(name, ""): max(count, 1)})
        return
    one = post.watched.get(name)
    if one is not None and isinstance(state.statement, Insert | Update):
        _written(post.side, conn, one, carried(state.statement, state.parameters, conn))


def _written(
    side: Side, conn: Connection, one: Watched, values: Iterable[Any]
) -> None:
    """Look for every value of a statement in whatever column of the table it could be."""
    now = side.now()
    seals = marks.seals(side.custodian, now.date())
    if not seals.keys:
        return
    region = marks.regions(side.settings)
    wanted: dict[str, set[tuple[str, Any]]] = {}
    for value in values:
        for column in (*one.identity, *one.references):
            for kind, text in marks.texts(one, {column: value}, region):
                for made in seals.of(kind, text).values():
                    wanted.setdefault(made, set()).add((column, value))
        if len(one.declared.key) == 1:
            for made in seals.of(marks.KEY, marks.row_text(one.name, (value,))).values():
                wanted.setdefault(made, set()).add(("", value))
    with _aside(conn):
        found = marks.find(conn, wanted, now.date().isoformat())
        hits: dict[Key, Mark] = {}
        for mark in sorted(found, key=lambda each: each.erased_at):
            for column, value in wanted[mark.mark]:
                for key in keys_by(conn, one, column, value):
                    hits[key] = mark
        if hits:
            sightings.leave(conn, one.name, hits, sightings.BULK, _stamp(now))


_LISTENERS: dict[str, Callable[..., Any]] = {
    "after_flush": _on_flush,
    "do_orm_execute": _on_execute,
}
