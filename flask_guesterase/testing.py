"""For the tests of a host: is every column covered, and is a guest really gone?"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator

from sqlalchemy import Connection, String, cast, column, func, literal, or_, select, table
from sqlalchemy.sql.elements import quoted_name

from .core.finding import Finding, Severity
from .store.binds.crossing import of_bind
from .store.datamap import DataMap
from .store.drift import drift
from .store.live import LiveColumn, LiveSchema, LiveTable, read
from .store.transaction import transaction
from .web.extension import Guesterase

__all__ = ["assert_covered", "assert_erased"]


def assert_covered(extension: Guesterase) -> None:
    """Fail when the data map leaves a table or column open, in the mapping or the live database.

    :param extension: the extension; call this inside an application context.
    :raises AssertionError: with every finding that would stop an erasure, and its cure.
    """
    datamap = extension.datamap
    with transaction(extension.host.engine(), False, extension.binds) as conn:
        found = [*datamap.findings, *drift(datamap, read(conn, schemas=datamap.schemas()))]
    open_ = sorted({f for f in found if f.severity is Severity.STOP})
    if open_:
        raise AssertionError("The data map is open:\n" + "\n".join(map(_line, open_)))


def assert_erased(extension: Guesterase, values: Iterable[str]) -> None:
    """Fail when one of these values is still written anywhere in the database.

    Columns that the data map retains are left out. Values are searched as plain text, without
    regard to the case of plain letters, in bytes and in the history of system-versioned tables
    too; escaped and encrypted copies are not seen.

    :param extension: the extension; call this inside an application context.
    :param values: what the guest was known by; values of less than three signs are refused.
    :raises AssertionError: with the places, never the values.
    :raises ValueError: there is no value, or one so short that it is found in anybody's data.
    """
    wanted = list(values)
    if not wanted or any(len((value or "").strip()) < 3 for value in wanted):
        raise ValueError("No value, or one of less than three signs, says nothing of anybody.")
    datamap = extension.datamap
    with transaction(extension.host.engine(), False, extension.binds) as conn:
        live = read(conn, schemas=datamap.schemas())
        places: list[str] = []
        for bind, part in live.each():
            retained = _retained(datamap.within(live.places, bind), part)
            places += _places(of_bind(conn, bind), part, wanted, retained)
    if places:
        raise AssertionError("Something is left in: " + ", ".join(places))


def _retained(datamap: DataMap, live: LiveSchema) -> set[tuple[str, str]]:
    """Return the columns the law keeps, spelled as the database does."""
    found = set()
    for name, declared in datamap.tables.items():
        there = live.table(name)
        if there is not None:
            columns = map(there.column, declared.retain)
            found |= {(there.name, each.name) for each in columns if each is not None}
    return found


def _line(finding: Finding) -> str:
    return f"  {finding.id} {finding.place}: {finding.message} {finding.hint}"


_SHAPE = re.compile(r"(multi)?(point|linestring|polygon|geometry)|geometrycollection", re.I)
"""Types that hold no text, and that MariaDB does not turn into any."""


def _places(
    conn: Connection, live: LiveSchema, wanted: list[str], retained: Collection[tuple[str, str]]
) -> Iterator[str]:
    for name, found in sorted(live.tables.items()):
        if found.view or found.shadow:
            continue
        if found.row_security:
            yield f"{name} (row-level security hides rows from this role)"
        for each in found.columns.values():
            if _SHAPE.fullmatch(each.type):
                continue
            if (name, each.name) not in retained and _holds(conn, found, each, wanted):
                yield f"{name}.{each.name}"


def _holds(conn: Connection, found: LiveTable, each: LiveColumn, values: list[str]) -> bool:
    bare = found.name.removeprefix(f"{found.schema}.")
    schema = quoted_name(found.schema, quote=True) if bare != found.name else None
    source = table(
        quoted_name(bare, quote=True), column(quoted_name(each.name, quote=True)), schema=schema
    )
    held = source.c[each.name]
    text = cast(held, String(4000) if conn.dialect.name == "sqlite" else String())
    any_row = select(literal(1)).select_from(source).limit(1)
    if found.versioned:
        any_row = any_row.with_hint(source, "FOR SYSTEM_TIME ALL")
    for value in values:
        condition = text.icontains(value, autoescape=True)
        if each.type == "bytea":
            # As text, PostgreSQL's bytes are digits; escaped, plain letters are themselves.
            plain = func.encode(held, "escape", type_=String()).icontains(value, autoescape=True)
            condition = or_(plain, text.contains(value.encode().hex()))
        if conn.execute(any_row.where(condition)).first():
            return True
    return False
