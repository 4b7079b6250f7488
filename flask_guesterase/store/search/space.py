"""Where a value may lie: every column of a live database that can hold text, declared or not."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, LargeBinary, PickleType, String, Table, Text, TypeDecorator
from sqlalchemy.sql.type_api import TypeEngine

from ...core.treatment import Mentions
from ..catalog.shape import LiveColumn, LiveSchema, LiveTable
from ..mapping.datamap import DataMap
from ..mapping.declared import Declared
from ..statements.hosted import stored


class Reach(StrEnum):
    """How far a search goes."""

    EVERYTHING = "everything"
    MAPPED = "mapped"


class How(StrEnum):
    """In which form a column is read."""

    TEXT = "text"
    NUMBER = "number"
    BYTES = "bytes"
    HOST = "host"
    NAMES = "names"
    FILE = "file"


class Way(StrEnum):
    """How a table is walked through."""

    KEY = "key"
    ROWID = "rowid"
    BLOCKS = "blocks"
    STREAM = "stream"


@dataclass(frozen=True)
class Field:
    """One column to look into.

    :param name: its name in the database.
    :param how: the form in which it is read.
    :param free: names count in it: people write sentences there, or nothing is declared about it.
    """

    name: str
    how: How
    free: bool = False


@dataclass(frozen=True)
class Place:
    """One table to look into.

    :param table: the table as the database knows it.
    :param way: how it is walked through.
    :param key: columns by which a row is named, in the order of the declaration where there is one.
    :param fields: what is read.
    :param mapped: the host's mapping of it, or None.
    :param declared: its declaration, or None.
    :param bind: name of the database it lies in, empty for the default one.
    :param alone: it is read without the rows of its heirs, which are read by themselves.
    """

    table: LiveTable
    way: Way
    key: tuple[str, ...]
    fields: tuple[Field, ...]
    mapped: Table | None = None
    declared: Declared | None = None
    bind: str = ""
    alone: bool = False

    @property
    def name(self) -> str:
        """Return the table's name as declarations spell it."""
        return self.table.name if self.declared is None else self.declared.name

    @property
    def keyed(self) -> bool:
        """Return whether a row is known by a key of its own, not by all it holds."""
        if self.declared is not None:
            return self.declared.keyed
        return bool(self.key) or self.way is Way.ROWID


@dataclass(frozen=True)
class Space:
    """What a search looks into, and what it cannot.

    :param places: tables with something to read; those of subjects first.
    :param unsearched: places that are not looked into, each with the reason.
    """

    places: tuple[Place, ...]
    unsearched: tuple[str, ...]


def space(live: LiveSchema, datamap: DataMap, reach: Reach = Reach.EVERYTHING) -> Space:
    """Return every place of a database a value may lie in.

    Views hold nothing of their own; what stores a virtual table is read through it.

    :param live: the database as it is; our own tables are not in it.
    :param datamap: what the host declared.
    :param reach: tables nobody mapped count, or not.
    """
    found = [
        _space(part, datamap.within(live.places, bind), reach, bind) for bind, part in live.each()
    ]
    places = [place for each in found for place in each.places]
    places.sort(key=lambda place: (place.name not in datamap.subjects, place.name, place.bind))
    return Space(tuple(places), tuple(sorted(n for each in found for n in each.unsearched)))


def _space(live: LiveSchema, datamap: DataMap, reach: Reach, bind: str) -> Space:
    places, unsearched = [], [] if reach is Reach.MAPPED else list(_elsewhere(live))
    said = _said(live, datamap)
    known = {name: _mapped(table, live, datamap) for name, table in live.tables.items()}
    apart = _apart(live, datamap)
    above = {name for table in live.tables.values() for name in table.heir_of} - apart
    for table in live.tables.values():
        mapped = known[table.name]
        if reach is Reach.MAPPED and mapped is None:
            continue
        if table.shadow or (table.view and not table.materialised) or _read_through(table, live):
            continue
        if table.row_security:
            unsearched.append(f"{table.name} (rows hidden by row-level security)")
        unsaid, alone = _unsaid(table, live, said, apart), table.name in apart
        place = replace(_place(table, live, datamap, mapped, unsaid), bind=bind, alone=alone)
        if table.name in above:
            # Its heirs' rows are read with it, and may have the keys of others.
            place = replace(place, way=Way.STREAM)
        if place.declared is None:
            seen = _seen(table, live, known, reach, apart)
            place = replace(place, fields=tuple(f for f in place.fields if f.name not in seen))
        if place.fields:
            places.append(place)
    return Space(tuple(places), tuple(unsearched))


_NAMED = 20


def _elsewhere(live: LiveSchema) -> Iterator[str]:
    """Yield the schemas that are not looked into; they may be other tenants' of one database."""
    for name in live.elsewhere[:_NAMED]:
        yield f"{name} (a schema that neither the search path nor the mapping names)"
    if len(live.elsewhere) > _NAMED:
        yield f"{len(live.elsewhere) - _NAMED} more schemas that nobody names"


def _apart(live: LiveSchema, datamap: DataMap) -> set[str]:
    """Return the undeclared tables above declared heirs: what is kept there is no copy of it."""
    declared = {found.name for name in datamap.tables if (found := live.table(name)) is not None}
    apart, rest = set[str](), list(declared)
    while rest:
        above = set(live.tables[rest.pop()].heir_of) - declared - apart
        apart |= above
        rest += above
    return apart


def _seen(
    table: LiveTable,
    live: LiveSchema,
    known: Mapping[str, Table | None],
    reach: Reach,
    apart: Collection[str],
) -> set[str]:
    """Return the columns of a table that inherits which are read with the tables above it.

    :param known: table -> the host's mapping of it, or None.
    :param apart: tables that are read without their heirs.
    """
    found = set[str]()
    for name in table.heir_of:
        above, unmapped = live.tables[name], known[name] is None
        skipped = unmapped and (reach is Reach.MAPPED or known[table.name] is not None)
        if above.row_security or skipped or name in apart:
            found |= _seen(above, live, known, reach, apart)
        else:
            found.update(above.columns)
    return found


def _mapped(table: LiveTable, live: LiveSchema, datamap: DataMap) -> Table | None:
    found = datamap.atlas.tables.get(table.name)
    if found is not None:
        return found
    names = (name for name in datamap.atlas.tables if live.table(name) is table)
    return next((datamap.atlas.tables[name] for name in names), None)


def _read_through(table: LiveTable, live: LiveSchema) -> bool:
    """Return whether a partition is read with the whole, or a whole by its partitions."""
    if table.partition_of is not None:
        parent = live.tables.get(table.partition_of)
        return parent is not None and _by_key(parent, live)
    return table.partitioned and live.dialect == "postgresql" and not _by_key(table, live)


def _by_key(table: LiveTable, live: LiveSchema) -> bool:
    return bool(table.primary_key) and not table.versioned


def _place(
    table: LiveTable,
    live: LiveSchema,
    datamap: DataMap,
    mapped: Table | None,
    unsaid: Collection[str],
) -> Place:
    declared = datamap.tables.get(mapped.fullname) if mapped is not None else None
    key = table.primary_key
    if declared is not None:
        key = tuple(column.name for column in declared.key)
    fields = tuple(_fields(table, mapped, declared, unsaid))
    if declared is not None and (contacts := datamap.subjects.get(declared.name)) is not None:
        names = [column.name for column in contacts.names]
        fields += (Field("\x1f".join(names), How.NAMES),) if names else ()
    return Place(table, _way(table, live), key, fields, mapped, declared)


def _way(table: LiveTable, live: LiveSchema) -> Way:
    if live.dialect == "sqlite":
        return Way.STREAM if table.virtual else Way.ROWID
    if _by_key(table, live):
        return Way.KEY
    if live.dialect == "postgresql" and table.transactional:
        return Way.BLOCKS
    return Way.STREAM


def _said(live: LiveSchema, datamap: DataMap) -> set[str]:
    """Return the tables, as the database spells them, about which anything is declared."""
    names = (*datamap.tables, *datamap.exempt)
    return {found.name for name in names if (found := live.table(name)) is not None}


def _unsaid(
    table: LiveTable, live: LiveSchema, said: Collection[str], apart: Collection[str]
) -> frozenset[str]:
    """Return the columns about which nothing is declared, not even that they are nobody's.

    A view, an index of words and a partition show what another table holds, which may stay there;
    and so does a table that inherits, but for the columns of its own.
    """
    shows = table.view or table.materialised or table.virtual
    if shows or table.partition_of is not None or table.name in said:
        return frozenset()
    own = frozenset(table.columns)
    for name in table.heir_of:
        above = live.tables[name]
        shown = _unsaid(above, live, said, apart) if name in apart else frozenset[str]()
        own -= above.columns.keys() - shown
    return own


def _fields(
    table: LiveTable, mapped: Table | None, declared: Declared | None, unsaid: Collection[str]
) -> Iterator[Field]:
    known = {column.name: column.type for column in mapped.c} if mapped is not None else {}
    # Declarations spell a name as the mapping does, where the engine compares without case.
    spelled = {name.lower(): name for name in known} if table.folds else {}
    for column in table.columns.values():
        lower = column.name.lower()
        name = column.name if column.name in known else spelled.get(lower, column.name)
        type_ = known.get(name)
        free = column.name in unsaid if declared is None else _is_free(declared, name, type_)
        how = form_of(table, column)
        if how is not None:
            yield Field(name, how, free)
        hosts = isinstance(type_, TypeDecorator) and not isinstance(type_, PickleType)
        if type_ is not None and hosts and isinstance(stored(type_), _READABLE):
            yield Field(name, How.HOST, free)


_READABLE = String | LargeBinary | JSON
"""What a host's own type is stored as where it can hold what somebody wrote."""


FREE = 200
"""Characters from which a declared column counts as one people write sentences in."""


def _is_free(declared: Declared, name: str, type_: TypeEngine[Any] | None) -> bool:
    if name not in declared.rules or type_ is None:
        return False
    if isinstance(declared.rules[name], Mentions):
        return True
    inner = stored(type_)
    if isinstance(inner, JSON | Text):
        return True
    return isinstance(inner, String) and (inner.length is None or inner.length >= FREE)


# Whole words: a host's own type may be called document_number, contact_point or inbox.
_NEVER = re.compile(
    r"\b(?:date|datetime|time|timetz|timestamp|timestamptz|bool|boolean|interval|uuid|bit|real"
    r"|float\d?|double|money|geometry|geography|geometrycollection|(?:multi)?(?:point|polygon)"
    r"|(?:multi)?linestring|line|lseg|box|circle|path|inet[46]?|cidr|macaddr8?|oid|xid8?"
    r"|smallint|tinyint|int2|year)\b"
)
_NUMBER = re.compile(
    r"\b(?:unsigned|u|medium|big|long)?int(?:eger|\d+)?\b|\b(?:numeric|decimal|dec|number)\b"
)
_FRACTION = re.compile(r"\(\s*\d+\s*,\s*[1-9]")
_BYTES = re.compile(r"blob|bytea|binary")


def form_of(table: LiveTable, column: LiveColumn) -> How | None:
    """Return how a column is read, or None when it cannot hold anybody's value.

    :param table: the table it is of.
    :param column: the column.
    """
    type_ = column.type.lower()
    text = "char" in type_ or "text" in type_ or "clob" in type_ or "json" in type_
    if _BYTES.search(type_):
        return How.BYTES
    if text or type_.endswith("[]"):
        return How.TEXT
    if _NEVER.search(type_):
        return None
    if not _NUMBER.search(type_):
        return How.TEXT
    linking = {name for foreign in table.foreign_keys for name in foreign.columns}
    if column.name in table.primary_key or column.name in linking or _FRACTION.search(type_):
        return None
    return How.NUMBER

