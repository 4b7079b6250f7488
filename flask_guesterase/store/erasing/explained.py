"""Whether the database lets this account do what an erasure does: explained to us, never done."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from sqlalchemy import Connection, Delete, Update, false, literal, null, select, table
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.compiler import compiles

from ...core.finding import Finding, Severity
from ..catalog.shape import LiveSchema
from ..checking.gaps import unreadable
from ..mapping.crossing import at
from ..mapping.datamap import DataMap
from ..mapping.declared import Declared
from ..mapping.ties import loose
from ..statements.failure import is_forbidden, is_refusal
from .probing import written


class _Change(Update):
    """An UPDATE that the database explains."""

    inherit_cache = True


class _Removal(Delete):
    """A DELETE that the database explains."""

    inherit_cache = True


@compiles(_Change)
def _change(element: _Change, compiler: Any, **options: Any) -> str:
    return f"EXPLAIN {compiler.visit_update(element, **options)}"


@compiles(_Removal)
def _removal(element: _Removal, compiler: Any, **options: Any) -> str:
    return f"EXPLAIN {compiler.visit_delete(element, **options)}"


def unwritable(conn: Connection, datamap: DataMap, live: LiveSchema) -> Iterator[Finding]:
    """Yield what this account may not change, and values that the database does not take.

    PostgreSQL looks at values when it explains a statement, MariaDB and SQLite do not.

    :param conn: open connection; nothing is written.
    :param datamap: the data map, with what the live database adds to its findings.
    :param live: the live database as read.
    """
    hidden = unreadable(datamap)
    named = {(f.table, f.column) for f in datamap.findings}
    for declared in datamap.tables.values():
        found = live.table(declared.name)
        if found is None or found.view or declared.name in hidden:
            continue
        mapped = [n for n in declared.rules if found.column(n) and (declared.name, n) not in named]
        going = [n for n in mapped if n in declared.erase or n in declared.retain]
        lacking = list(_lacking(conn, declared, going))
        yield from lacking
        for key in loose(datamap, live).get(declared.name, ()):
            yield from _untied(conn, declared, [column.name for column in key])
        if not lacking and not declared.goes_whole:
            yield from _misfits(conn, declared, live, going)
    yield from _unread(conn, datamap)


def _unread(conn: Connection, datamap: DataMap) -> Iterator[Finding]:
    """Yield the exempt tables that this account may not read, so that no search looks into them."""
    for name in sorted(datamap.exempt):
        schema, _, bare = name.rpartition(".")
        there = datamap.atlas.tables.get(name, table(bare, schema=schema or None))
        if _said(conn, name, select(literal(1)).select_from(there).where(false())) is _FORBIDDEN:
            yield Finding(
                "rights-missing", name, "", "The database does not let this account read this "
                "table, so each certificate names it as not searched.",
                "GRANT SELECT on it to the account of the application, or leave it at that.",
                Severity.WARN,
            )


def _lacking(conn: Connection, declared: Declared, going: list[str]) -> Iterator[Finding]:
    """Yield the rights that are missing to read, change and delete rows of a table."""
    if at(conn, declared.name).dialect.name == "sqlite":
        return
    if declared.deletes and (
        _said(conn, declared.name, _Removal(declared.table).where(false())) is _FORBIDDEN
        or _said(conn, declared.name, select(declared.table).where(false())) is _FORBIDDEN
    ):
        yield _missing(declared, "", "delete its rows", "SELECT and DELETE")
    if declared.goes_whole:
        return
    same = {name: declared.column(name) for name in going}
    if same and _written(conn, declared, same) is _FORBIDDEN:
        alone = [n for n, c in same.items() if _written(conn, declared, {n: c}) is _FORBIDDEN]
        yield _missing(
            declared, ", ".join(sorted(alone)), "change what goes in its rows", "SELECT and UPDATE"
        )


def _untied(conn: Connection, declared: Declared, key: list[str]) -> Iterator[Finding]:
    """Yield a key that may not be emptied, by which rows that go point at each other."""
    if _written(conn, declared, {name: declared.column(name) for name in key}) is _FORBIDDEN:
        what = "empty the key of rows that go and point at each other in a circle"
        found = _missing(declared, ", ".join(key), what, "SELECT and UPDATE")
        yield replace(found, severity=Severity.WARN)


def _missing(declared: Declared, column: str, what: str, rights: str) -> Finding:
    return Finding(
        "rights-missing", declared.name, column,
        f"The database does not let this account {what}, so each erasure that reaches them fails.",
        f"GRANT {rights} on this table to the account of the application.",
    )


def _misfits(
    conn: Connection, declared: Declared, live: LiveSchema, going: list[str]
) -> Iterator[Finding]:
    """Yield the columns whose rule writes a value that the database does not take."""
    made = {
        name: null() if value is None else literal(value, declared.column(name).type)
        for name, value in written(conn, declared, live, going).items()
    }
    if not made or _written(conn, declared, made) is None:
        return
    for name, value in made.items():
        why = _written(conn, declared, {name: value})
        if why:
            found = live.table(declared.name)
            nothing = "null, " if found is not None and found.columns[name].nullable else ""
            yield Finding(
                "rule-misfit", declared.name, name, "The rule cannot fit: the column does not "
                f"take what is written ({why}).",
                f"Choose {nothing}a value of the column's own type, or a callable that makes one.",
            )


def _written(conn: Connection, declared: Declared, values: Mapping[str, Any]) -> str | None:
    """Return why columns of no row at all could not be given values, or None."""
    given = {declared.column(name): value for name, value in values.items()}
    return _said(conn, declared.name, _Change(declared.table).values(given).where(false()))


_FORBIDDEN = ""
"""Told apart from the names of errors."""


def _said(conn: Connection, name: str, statement: Any) -> str | None:
    """Return the name of the error by which a statement is refused, or None.

    :raises DBAPIError: the database did not answer.
    """
    there = at(conn, name)
    try:
        with there.begin_nested():
            there.execute(statement).close()
    except DBAPIError as problem:
        if is_forbidden(problem):
            return _FORBIDDEN
        if not is_refusal(problem):
            raise
        return type(problem.orig).__name__
    except Exception as problem:
        # The column's own type, or the driver, makes nothing of the value.
        return type(getattr(problem, "orig", problem)).__name__
    return None
