"""For the tests of a host: is every column covered, and is a guest really gone?"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from sqlalchemy import Connection, String, cast, column, literal, select, table
from sqlalchemy.sql.elements import quoted_name

from .core.finding import Finding, Severity
from .store.binds.crossing import of_bind
from .store.drift import drift
from .store.live import LiveSchema, LiveTable, read
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
    regard to case where the engine's LIKE has none; escaped and encrypted copies are not seen.

    :param extension: the extension; call this inside an application context.
    :param values: what the guest was known by; values of less than three signs are refused.
    :raises AssertionError: with the places, never the values.
    :raises ValueError: a value is so short that it is found in anybody's data.
    """
    wanted = list(values)
    if any(len(value.strip()) < 3 for value in wanted):
        raise ValueError("A value of less than three signs is found in anybody's data.")
    datamap = extension.datamap
    retained = {(name, c) for name, d in datamap.tables.items() for c in d.retain}
    with transaction(extension.host.engine(), False, extension.binds) as conn:
        live = read(conn, schemas=datamap.schemas())
        places = [
            place
            for bind, part in live.each()
            for place in _places(of_bind(conn, bind), part, wanted)
            if place not in retained
        ]
    if places:
        raise AssertionError("Something is left in: " + ", ".join(f"{t}.{c}" for t, c in places))


def _line(finding: Finding) -> str:
    return f"  {finding.id} {finding.place}: {finding.message} {finding.hint}"


def _places(
    conn: Connection, live: LiveSchema, values: Iterable[str]
) -> Iterator[tuple[str, str]]:
    wanted = list(values)
    for name, found in sorted(live.tables.items()):
        if found.view or found.shadow:
            continue
        for each in found.columns:
            if _holds(conn, found, name, each, wanted):
                yield name, each


def _holds(conn: Connection, found: LiveTable, name: str, each: str, values: list[str]) -> bool:
    schema, _, bare = name.rpartition(".")
    source = table(
        quoted_name(bare, quote=True), column(quoted_name(each, quote=True)), schema=schema or None
    )
    text = cast(source.c[each], String(4000) if conn.dialect.name == "sqlite" else String())
    return any(
        conn.execute(
            select(literal(1)).select_from(source).where(text.contains(value, autoescape=True))
            .limit(1)
        ).first()
        for value in values
    )  # fmt: skip
