"""What the guard looks for and writes down, in the host's own transaction."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, Pool

from ...core.events import DeleteBypassed
from ...core.log import slug, word
from ...core.plan import Key
from ..journaling import journal
from ..keys.custodian import FolderCustodian
from ..mapping.datamap import DataMap
from ..settings import Settings
from ..transaction import commits_alone
from . import known, marks, owing, sightings
from .known import Mark
from .marks import Seals
from .statements import keys_by
from .watched import Watched, text_of

HOST = "host"
"""Actor of what the host's own code did."""


class Side(NamedTuple):
    """What the guard must know of one installation; a tuple, for each flush makes one.

    :param pool: where connections to the host's database come from.
    :param settings: the operator's settings.
    :param datamap: the resolved data map.
    :param custodian: who holds the keys.
    :param now: returns the aware UTC time.
    :param here: its own application is at work; elsewhere the database must say whose it is.
    """

    pool: Pool
    settings: Settings
    datamap: DataMap
    custodian: FolderCustodian
    now: Callable[[], datetime]
    here: bool = True


Said = tuple[Pool, str, str]
"""In which database a line waits about which table, for the journal of which controller."""


@dataclass(frozen=True)
class Row:
    """A row that was written, as far as the session knows it.

    :param one: its table.
    :param key: its key.
    :param values: column -> value, of what was written; the property's code under an empty name.
    :param new: it was not there before.
    """

    one: Watched
    key: Key
    values: Mapping[str, Any]
    new: bool = True

    @property
    def state(self) -> str:
        """Return in which state it is noted."""
        return owing.SEEN if self.new else owing.THERE


@contextmanager
def aside(conn: Connection) -> Iterator[None]:
    """Keep what fails here from ending the host's transaction, where an error would do that."""
    if conn.dialect.name != "postgresql" or commits_alone(conn.connection.dbapi_connection):
        yield
        return
    with conn.begin_nested():
        yield


def _seals(side: Side, now: datetime) -> Seals:
    # Without a key folder the host goes on; the sweep looks at everything once it is there.
    return marks.seals(side.custodian, now.date()) if side.custodian.exists() else Seals({})


def note(side: Side, conn: Connection, rows: list[Row], door: str) -> None:
    """Look once for everything that was written, and write down what is known.

    :param side: the installation.
    :param conn: the host's connection, in its transaction.
    :param rows: what was written.
    :param door: who saw it.
    """
    now = side.now()
    seals = _seals(side, now) if rows else None
    if seals is None or not seals.keys:
        return
    wanted: dict[str, list[Row]] = {}
    for row in rows:
        region = marks.regions(side.settings, row.values.get("", ""))
        own = {(marks.KEY, marks.row_text(row.one.name, row.key))}
        values = {c: v for c, v in row.values.items() if c in row.one.read}
        for kind, text in own | marks.texts(row.one, values, region):
            for made in seals.of(kind, text).values():
                wanted.setdefault(made, []).append(row)
    hits: dict[tuple[str, str], dict[Key, Mark]] = {}
    with aside(conn):
        for mark in known.find(conn, wanted, now.date().isoformat()):
            for row in wanted[mark.mark]:
                mine = hits.setdefault((row.one.name, row.state), {})
                if row.key not in mine or mine[row.key].erased_at < mark.erased_at:
                    mine[row.key] = mark
        for (table, state), found in hits.items():
            sightings.leave(conn, table, found, door, _stamp(now), state)


def _stamp(now: datetime) -> datetime:
    return now.astimezone(UTC).replace(tzinfo=None, microsecond=0)


def bypassed(
    side: Side, conn: Connection, gone: Mapping[tuple[str, str], int], said: set[Said]
) -> None:
    """Leave a line for the journal about rows that were deleted past every plan.

    Where the session does not tell the property, every controller's journal gets the line.

    :param side: the installation.
    :param conn: the host's connection, in its transaction.
    :param gone: table and property, empty where nobody knows -> how many rows.
    :param said: which lines about this write wait already, to which what is left now is added.
    """
    if not gone:
        return
    places = {code: slug(hotel.controller) for code, hotel in side.settings.properties.items()}
    events, new = [], set[Said]()
    for place in sorted({place for _, place in gone}):
        for controller in [places[place]] if place else sorted(set(places.values())):
            counts: Counter[str] = Counter()
            for (table, code), count in gone.items():
                if code == place and (side.pool, table, controller) not in said:
                    counts[word(table)] += count
                    new.add((side.pool, table, controller))
            if counts:
                events.append(DeleteBypassed(controller, place, actor=HOST, counts=dict(counts)))
    with aside(conn):
        for draft in journal.drafts(events, side.now()):
            journal.leave(conn, draft)
    said |= new


def written(
    side: Side, conn: Connection, one: Watched, values: Iterable[Any],
    added: Iterable[Mapping[str, Any]],
) -> None:
    """Look for every value of a statement in whatever column of the table it could be.

    :param side: the installation.
    :param conn: the host's connection, in its transaction.
    :param one: the table that was written to.
    :param values: everything the statement carries.
    :param added: the rows that it has added for certain, by column.
    """
    now = side.now()
    seals = _seals(side, now)
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
    with aside(conn):
        found = known.find(conn, wanted, now.date().isoformat())
        if not found:
            return
        hits: dict[Key, Mark] = {}
        new: set[Key] = set()
        fresh = _Added(one, added)
        for mark in sorted(found, key=lambda each: each.erased_at):
            for column, value in wanted[mark.mark]:
                keys = keys_by(conn, one, column, value)
                hits.update(dict.fromkeys(keys, mark))
                new |= fresh.among(keys, column, value)
        for state, part in (
            (owing.SEEN, hits.keys() & new), (owing.THERE, hits.keys() - new)
        ):
            those = {key: hits[key] for key in hits if key in part}
            sightings.leave(conn, one.name, those, sightings.BULK, _stamp(now), state)


class _Added:
    """Tells the rows that a statement has added from others that hold the same.

    :param one: the table that was written to.
    :param rows: the rows that were added for certain, by column.
    """

    def __init__(self, one: Watched, rows: Iterable[Mapping[str, Any]]) -> None:
        names = [column.name for column in one.declared.key]
        self._first = names[0]
        self._keys: set[Key] = set()
        self._held: Counter[tuple[str, str]] = Counter()
        for row in rows:
            self._keys.add(tuple(text_of(row.get(name)) for name in names))
            self._held.update((name, told) for name in row if (told := text_of(row[name])))

    def among(self, keys: Sequence[Key], column: str, value: Any) -> set[Key]:
        """Return those of the rows with a value in a column that are new.

        All of them are, where no more hold it than were added with it. Else only those whose key
        was among what the statement carries: the others may have been there.
        """
        if len(keys) <= self._held[column or self._first, text_of(value)]:
            return set(keys)
        return {key for key in keys if tuple(map(text_of, key)) in self._keys}
