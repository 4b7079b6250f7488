"""Where a person is in a database of which nothing is declared: read and counted, never changed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from sqlalchemy import Connection, Engine, inspect

from ...core.errors import MatchError
from ...core.needle import Needle, Strength
from ...core.several import every
from ..checking.live import read
from ..mapping.datamap import DataMap
from ..texts.mentioned import kind_in
from ..transaction import transaction
from .leftover import fits
from .reading import KEYS, Find, Finds, Looking, files, look
from .space import How, Space, space

SURE, LIKELY, PERHAPS = "sure", "likely", "perhaps"
"""How much a find says: a contact or number is the person's; digits of a column of numbers mostly
are; a name may be another's."""

_KINDS = ("email", "phone", "document", "booking", "loyalty", "name")

_INTERNAL = frozenset({"information_schema", "pg_catalog", "mysql", "performance_schema", "sys"})


@dataclass(frozen=True)
class Seen:
    """One column in which the person is.

    :param table: name of the table, with its bind or schema where it has one; of file names, the
        folder stands in `column`.
    :param column: name of the column.
    :param rows: in how many rows.
    :param kinds: kinds of the values that were found.
    :param sure: how much it says.
    """

    table: str
    column: str
    rows: int
    kinds: tuple[str, ...]
    sure: str


@dataclass(frozen=True)
class Picture:
    """What an x-ray showed.

    :param seen: the columns the person is in, the surest first.
    :param tables: how many tables were read.
    :param rows: how many rows were read.
    :param unsearched: what could not be looked into, each with the reason.
    """

    seen: tuple[Seen, ...]
    tables: int
    rows: int
    unsearched: tuple[str, ...]


def sought(given: Iterable[tuple[str, str]], region: str = "") -> tuple[Needle, ...]:
    """Return what to look for.

    :param given: (key, value); the key says what the value is, as in "email" or "passport".
    :param region: ISO 3166-1 alpha-2 code of the country whose national phone numbers are meant.
    :raises MatchError: a key says nothing, or a value means nobody; the value is not repeated.
    """
    found: dict[Needle, None] = {}
    for key, value in given:
        kind = kind_in(key)
        if not kind:
            raise MatchError(
                "A key does not say what its value is.", f"Use one of: {', '.join(_KINDS)}."
            )
        mine = every(kind, value, region)
        if not mine:
            raise MatchError(
                f"The value given as {kind} means nobody, or is too short to be looked for.",
                "A name needs its parts; an address has an @.",
            )
        found.update(dict.fromkeys(mine))
    return tuple(found)


def xray(
    engines: Mapping[str, Engine],
    datamap: DataMap,
    wanted: Sequence[Needle],
    everything: bool = False,
    folders: Sequence[str] = (),
) -> Picture:
    """Read every table once, in short transactions that only read.

    :param engines: bind, empty for the default one -> its engine.
    :param datamap: the host's mapping, for columns of types of its own; policies do not matter.
    :param wanted: what to look for.
    :param everything: read all schemas and attached databases this account can see.
    :param folders: folders whose file names are looked at too.
    :raises SetupError: an engine is not supported.
    """
    seen: list[Seen] = []
    unsearched: set[str] = set()
    tables = rows = 0
    for bind, engine in engines.items():
        where = _where(engine, datamap, everything)
        opened = partial(_opened, engine)
        finds = look(where, wanted, Looking(opened, replace(datamap, subjects={})))
        if not bind:
            files(finds, wanted, {folder: ("files", folder) for folder in folders})
        label = f"{bind}:" if bind else ""
        seen += _told(finds, label)
        unsearched |= {f"{label}{what}" for what in finds.unsearched}
        tables, rows = tables + len(where.places), rows + finds.rows
    order = [SURE, LIKELY, PERHAPS]
    seen.sort(key=lambda each: (order.index(each.sure), each.table, each.column))
    return Picture(tuple(seen), tables, rows, tuple(sorted(unsearched)))


def _opened(engine: Engine) -> AbstractContextManager[Connection]:
    return transaction(engine, write=False)


def _where(engine: Engine, datamap: DataMap, everything: bool) -> Space:
    with transaction(engine, write=False) as conn:
        schemas = set(datamap.schemas())
        if everything:
            inspected = inspect(conn)
            schemas |= set(inspected.get_schema_names()) - {inspected.default_schema_name}
        known = sorted(s for s in schemas if s.lower() not in _INTERNAL)
        found = space(read(conn, schemas=known), replace(datamap, tables={}, subjects={}))
    # Without a declaration nobody knows where people write sentences: names count everywhere.
    places = tuple(
        replace(p, fields=tuple(replace(f, free=f.how is not How.NUMBER) for f in p.fields))
        for p in found.places
    )
    return replace(found, places=places)


def _told(finds: Finds, label: str) -> list[Seen]:
    by_column: dict[tuple[str, str], list[Find]] = {}
    # A short number is anybody's price or postcode where the column is not named after it.
    counting = [find for find in finds.found.values() if not find.needle.whole or fits(find)]
    for find in counting:
        by_column.setdefault((find.table, find.column), []).append(find)
    certain: dict[str, set[Any]] = {}
    for find in counting:
        if find.needle.strength is Strength.STRONG:
            certain.setdefault(find.table, set()).update(k for k in find.keys if k)
    return [
        Seen(
            f"{label}{table}", column, _rows(found),
            tuple(sorted({find.needle.kind for find in found})),
            _sure(found, certain.get(table, set())),
        )
        for (table, column), found in by_column.items()
    ]  # fmt: skip


def _rows(found: Sequence[Find]) -> int:
    """Count rows once, however many of the values each holds."""
    if all(find.rows <= KEYS and (find.place is None or find.place.keyed) for find in found):
        return len({key for find in found for key in find.keys})
    return max(find.rows for find in found)


def _sure(found: Sequence[Find], certain: set[Any]) -> str:
    """Say how much it says; a name beside the person's own contact is the person's."""
    strong = [find for find in found if find.needle.strength is Strength.STRONG]
    if strong:
        return LIKELY if all(find.how is How.NUMBER for find in strong) else SURE
    return SURE if any(certain.intersection(find.keys) for find in found) else PERHAPS
