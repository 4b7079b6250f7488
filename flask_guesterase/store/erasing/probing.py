"""Whether the database lets owner paths be asked, and rules be carried out: asked about nobody."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Any

from sqlalchemy import (
    Cast,
    Connection,
    Date,
    DateTime,
    Null,
    Select,
    false,
    literal,
    select,
    text,
    true,
)
from sqlalchemy.exc import CompileError, DBAPIError, StatementError
from sqlalchemy.sql.visitors import iterate

from ...core.finding import Finding, Severity
from ...core.treatment import Constant, Placeholder
from ..catalog.shape import LiveSchema, LiveTable
from ..checking.gaps import unreadable
from ..mapping.crossing import at
from ..mapping.datamap import DataMap
from ..mapping.declared import Declared
from ..mapping.masks import Seeded, beneath, is_static, value_for
from ..mapping.raw import reader
from ..mapping.ties import loose
from ..mapping.ways import ways
from ..statements.failure import is_forbidden, is_refusal
from ..statements.sql import holds_text
from .finder import owners
from .walking import route, trail_of


def refused(conn: Connection, datamap: DataMap) -> Iterator[Finding]:
    """Yield the owner paths that the database refuses to follow, before a guest depends on one.

    MariaDB compares no texts of two collations, and PostgreSQL no columns of two types.

    :param conn: open connection.
    :param datamap: the data map, with what the live database adds to its findings.
    """
    hidden = unreadable(datamap)
    for declared in datamap.tables.values():
        for path in declared.paths if declared.name not in hidden else ():
            if trail_of(conn, datamap, declared, path) is not None:
                continue
            there = at(conn, declared.name)
            statement, _ = route(datamap, declared, path, whole=True)
            try:
                with there.begin_nested():
                    there.execute(statement.limit(0))
            except DBAPIError as problem:
                if not is_refusal(problem):
                    raise
                if is_forbidden(problem):
                    yield Finding(
                        "rights-missing", declared.name, path.label, "The database does not let "
                        f"this account look for rows by the owner path '{path.label}'.",
                        "GRANT SELECT on the tables of this path to the account of the "
                        "application.",
                    )
                    continue
                yield Finding(
                    "path-unknown", declared.name, path.label, "The database refuses to look for "
                    f"rows by the owner path '{path.label}' ({type(problem.orig).__name__}).",
                    "Look at via= and where=: what is compared must be of one type and one "
                    "collation. A callable that returns a select() of both keys may convert it.",
                )


def ownerless(conn: Connection, datamap: DataMap) -> Iterator[Finding]:
    """Yield the tables in which a select of the vendor's finds nobody whom a row belongs to.

    Asked are some rows alone, those of the highest keys: a select that compares what is never
    equal may read all guests for each.

    :param conn: open connection.
    :param datamap: the data map, with what the live database adds to its findings.
    """
    hidden = unreadable(datamap)
    for declared in datamap.tables.values():
        by_select = next((path for path in declared.paths if path.select is not None), None)
        if by_select is None or declared.name in hidden:
            continue
        if any(trail_of(conn, datamap, declared, path) is not None for path in declared.paths):
            continue
        where, there = declared.policy.where, at(conn, declared.name)
        some = select(*declared.key).order_by(*(column.desc() for column in declared.key))
        some = some if where is None else some.where(where(declared.table))
        try:
            with there.begin_nested():
                rows = [tuple(row) for row in there.execute(some.limit(_ASKED))]
                # One by one: where a select is right, the first mostly ends it.
                found = any(owners(conn, datamap, declared, [row]) for row in rows)
                lost = bool(rows) and not found
        except DBAPIError as problem:
            # What it refuses is said of the path.
            if not is_refusal(problem):
                raise
            lost = False
        except Exception:  # the vendor's own types: a key they cannot read is told elsewhere
            lost = False
        if lost:
            yield Finding(
                "path-nobody", declared.name, by_select.label, "From none of "
                f"{len(rows)} rows the owner path '{by_select.label}' leads to anybody.",
                "Where they are rows of guests, look at what its select compares: a UUID and its "
                "text are not equal on SQLite.", Severity.WARN,
            )


def unasked(conn: Connection, datamap: DataMap) -> Iterator[Finding]:
    """Yield the vendor's expressions of a date, a fact or a place that the database refuses.

    :param conn: open connection.
    :param datamap: the data map, with what the live database adds to its findings.
    """
    hidden = unreadable(datamap)
    wrong = {f.place for f in datamap.findings if f.id == "clock-unknown" and f.severity == "stop"}
    for declared in datamap.tables.values():
        there = at(conn, declared.name)
        for name, statement in _made(datamap, declared) if declared.name not in hidden else ():
            if f"{declared.name}.{name}" in wrong:
                continue
            if there.dialect.name == "sqlite" and any(map(_casts_day, iterate(statement))):
                yield Finding(
                    "clock-unknown", declared.name, name, "SQLite makes a number of what the "
                    f"callable for '{name}' casts to a date.",
                    "Use func.date(..., type_=Date), or func.datetime(..., type_=DateTime).",
                )
            try:
                with there.begin_nested():
                    there.execute(statement.limit(0))
            except (StatementError, CompileError) as problem:
                if isinstance(problem, DBAPIError) and not is_refusal(problem):
                    raise
                if is_forbidden(problem):
                    yield Finding(
                        "rights-missing", declared.name, name, "The database does not let this "
                        f"account read what the callable for '{name}' asks.",
                        "GRANT SELECT on its tables to the account of the application.",
                    )
                    continue
                why = getattr(problem, "orig", problem)
                yield Finding(
                    "clock-unknown", declared.name, name, "The database refuses what the callable "
                    f"for '{name}' asks ({type(why).__name__}).",
                    "Use functions that this database has, on columns of the types they take; of "
                    "several rows make one value in a scalar_subquery().",
                )


def _casts_day(part: Any) -> bool:
    days = isinstance(part, Cast) and isinstance(part.type, Date | DateTime)
    return days and not isinstance(part.clause, Null)


def _made(datamap: DataMap, declared: Declared) -> list[tuple[str, Select[Any]]]:
    """Return the name and a select of each expression; what raises is a finding of its own."""
    known, start = ways(datamap, declared), declared.alias("t0")
    # With the key, as rows are read: beside it a server takes no aggregate.
    mine = [start.c[c.key] for c in declared.key]
    said = [(name, one.make) for name, several in known.events.items() for one in several]
    said += [(name, one.make) for name, one in known.answers.items()]
    said += [("place", known.place.make)] if known.place is not None else []
    made = []
    for name, make in said:
        with suppress(Exception):
            if make is not None:
                made.append((name, select(*mine, make(start)).select_from(start)))
    return made


def misfits(conn: Connection, datamap: DataMap, live: LiveSchema) -> Iterator[Finding]:
    """Yield the CHECK conditions that no erased row could meet, or some of those there are.

    The database judges the values that rules write, by themselves or beside what stays in rows. A
    condition on a value that is another in each row only an erasure can meet.

    :param conn: open connection.
    :param datamap: the data map, with what the live database adds to its findings.
    :param live: the live database as read.
    """
    hidden = unreadable(datamap)
    for declared in datamap.tables.values():
        found = live.table(declared.name)
        if found is None or declared.name in hidden:
            continue
        if declared.deletes:
            for key in loose(datamap, live).get(declared.name, ()):
                yield from _stuck(conn, declared, found, [column.name for column in key])
            continue
        made = [written(conn, declared, live, names) for names in _together(declared)]
        for condition in found.checks:
            names = _named(condition, found)
            for every in made:
                values = {name: every[name] for name in names & every.keys()}
                beside = names - values.keys()
                if values and all(_stays(declared, found, name) for name in beside) and (
                    _refuses(conn, declared, condition, values, sorted(beside))
                ):
                    yield _misfit(declared, condition, sorted(values), bool(beside))


def _stuck(
    conn: Connection, declared: Declared, found: LiveTable, key: Sequence[str]
) -> Iterator[Finding]:
    """Yield the CHECK conditions by which rows in a circle cannot let go of each other."""
    for condition in found.checks:
        names = _named(condition, found)
        values = {name: None for name in key if name in names}
        beside = sorted(names - values.keys())
        read = all(declared.find(n) is not None and not found.columns[n].generated for n in beside)
        if values and read and _refuses(conn, declared, condition, values, beside):
            yield Finding(
                "rule-misfit", declared.name, ", ".join(values), "Rows that point at each other in "
                f"a circle are let go of before they are deleted, and CHECK ({condition}) refuses "
                "NULL there: none of them can be erased.",
                "Loosen the condition, or see to it that no such rows come about.", Severity.WARN,
            )


def _misfit(declared: Declared, condition: str, names: Sequence[str], some: bool) -> Finding:
    return Finding(
        "rule-misfit", declared.name, ", ".join(names), "The rule cannot fit: CHECK "
        f"({condition}) refuses what is written{' into some of the rows' if some else ''}.",
        "Choose a rule whose value that condition takes, or loosen the condition.",
        # Others may well take it, and be erased.
        Severity.WARN if some else Severity.STOP,
    )


def _stays(declared: Declared, found: LiveTable, name: str) -> bool:
    """Return whether a column is in each row what it was before."""
    mapped = any(c.name == name for c in declared.table.c)
    return mapped and not declared.overwrites(name) and not found.columns[name].generated


def _together(declared: Declared) -> list[list[str]]:
    """Return the columns that are written in one statement: when erased, or by category."""
    parts = [list(declared.erase)]
    for category in sorted(set(declared.retain.values())):
        parts.append([name for name, each in declared.retain.items() if each == category])
    return [[name for name in part if not _foreign(declared, name)] for part in parts]


def written(
    conn: Connection, declared: Declared, live: LiveSchema, names: Iterable[str]
) -> dict[str, Any]:
    """Return what rules write, where that is one value for every row, or of one form.

    :param conn: open connection; nothing is written.
    :param declared: the table.
    :param live: the live database as read.
    :param names: the columns.
    """
    reads, entropy = reader(conn, declared, live), Seeded(bytes(32))
    found: dict[str, Any] = {}
    for name in names:
        rule, column = beneath(declared.written(name)), declared.column(name)
        if is_static(rule) or isinstance(rule, Placeholder):
            found[name] = value_for(rule, column, None, entropy, reads.room(name))
    return found


def _foreign(declared: Declared, name: str) -> bool:
    """Return whether a text in a column of another type is made something else on its way."""
    rule = beneath(declared.written(name))
    text_ = isinstance(rule, Constant) and isinstance(rule.value, str)
    return text_ and not holds_text(declared.column(name).type)


def _named(condition: str, table: LiveTable) -> frozenset[str]:
    """Return the columns that a condition may name; a word within a value is taken for one."""
    return frozenset(
        name for name in table.columns
        if re.search(rf"(?<!\w){re.escape(name)}(?!\w)", condition, re.IGNORECASE)
    )


_LOOKED_AT = 500
"""Rows of which is asked what stays in them."""
_ASKED = 100
"""Rows of which is asked whom they belong to."""


def _refuses(
    conn: Connection, declared: Declared, condition: str, values: Mapping[str, Any],
    beside: Sequence[str],
) -> bool:
    """Return whether the database finds that a condition is not met by values of these columns.

    :param beside: columns that stay; what some of the rows hold in them counts.
    """
    columns, stay = [declared.column(n) for n in values], [declared.column(n) for n in beside]
    none = select(*columns, *stay).where(false())
    # Values among the table's own columns have their type and collation.
    made = select(*(
        literal(value, column.type).label(column.name)
        for column, value in zip(columns, values.values(), strict=True)
    ))
    if stay:
        where = declared.policy.where
        some = select(*stay).where(true() if where is None else where(declared.table))
        made = made.add_columns(*some.limit(_LOOKED_AT).subquery().c)
    rows = none.union_all(made).subquery(declared.table.name)
    escaped = condition.replace(":", "\\:")
    there = at(conn, declared.name)
    try:
        with there.begin_nested():
            asked = select(text("1")).select_from(rows).where(text(f"NOT ({escaped}\n)"))
            return there.execute(asked).first() is not None
    except DBAPIError as problem:
        if not is_refusal(problem):
            raise
        return False
    except StatementError:
        return False
