"""What the vendor's own words and callables mean, asked before anybody's row depends on it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from sqlalchemy import (
    JSON,
    Alias,
    Column,
    FromClause,
    Over,
    ScalarSelect,
    SelectBase,
    TableClause,
    TypeDecorator,
    WithinGroup,
    select,
)
from sqlalchemy.sql.functions import FunctionElement

from ...core.finding import Finding, Severity
from ...core.identity import Kind, kind_of
from ...core.pack import CONDITIONS
from ...core.policy import Subject
from ...core.rule import EVENTS
from ..mapping.datamap import DataMap
from ..mapping.days import DAYLESS
from ..mapping.declared import Declared
from ..mapping.made import made_of
from ..mapping.ways import clock_of
from ..statements.converted import writes_anew
from ..statements.sql import is_text

FACTS = frozenset({*CONDITIONS, "birth", "age"}) - {"age_min", "age_max"}
"""What a rule of a pack may ask of a record."""


def findings(datamap: DataMap) -> list[Finding]:
    """Return what is said in callables that raise, facts no rule asks, and contacts that are none.

    :param datamap: the resolved data map.
    """
    found: list[Finding] = []
    for declared in datamap.tables.values():
        found += _dates(declared)
        found += _facts(declared)
        found += _matches(datamap, declared)
        if declared.policy.subject is not None:
            found += _contacts(datamap, declared, declared.policy.subject)
            found += _computed(datamap, declared)
    return found


def _raised(ask: Callable[..., Any], *given: Any) -> str:
    """Return the class of what a vendor's callable raises, or nothing where it answers."""
    try:
        ask(*given)
    except Exception as raised:  # the vendor's own code: whatever it raises, no row could be read
        return type(raised).__name__
    return ""


def _dates(declared: Declared) -> Iterator[Finding]:
    policy = declared.policy
    asked: list[tuple[str, Any]] = [("place", policy.place)]
    for event, wanted in clock_of(policy).items():
        each = [wanted] if isinstance(wanted, str) or callable(wanted) else list(wanted)
        asked += [(event, one) for one in each]
    asked += list(policy.facts.items())
    for name, wanted in asked:
        if not callable(wanted):
            continue
        why, given = _given(wanted, declared.alias("t0"))
        if why:
            yield Finding(
                "clock-unknown", declared.name, name, f"The callable for '{name}' cannot be asked: "
                f"{why}.",
                "It takes the table and returns an expression; columns are table.c.NAME.",
            )
        elif name in EVENTS and isinstance(getattr(given, "type", None), DAYLESS):
            yield Finding(
                "clock-unknown", declared.name, name, f"The callable for '{name}' gives "
                f"{given.type}, which tells no day: by it nothing ends.",
                "Make a date of it in the callable.", Severity.WARN,
            )


def _given(ask: Callable[..., Any], table: FromClause) -> tuple[str, Any]:
    """Return why what a callable gives is no expression, empty where it is one, and that."""
    try:
        given = ask(table)
    except Exception as raised:  # the vendor's own code, as above
        return f"it raised {type(raised).__name__}", None
    # Nothing is NULL to a statement: so says whoever forgets the `return`.
    if given is None or _raised(select, given):
        return f"it gave {'nothing' if given is None else 'no expression'}", None
    if any(map(_of_several, select(given).get_children())):
        # SQLite and MariaDB would tell one row what all say, and the others nothing; a window reads
        # the rows that are asked about at once, and no others.
        return "it makes one value of several rows, outside of a scalar_subquery()", None
    # Each row would be told what all rows of that table say.
    beside = any(_is_table(each) for each in select(given).get_final_froms() if each is not table)
    return "it reads a table beside the one it is given" if beside else "", given


_EXTREMES = frozenset({"max", "min"})

_AGGREGATES = _EXTREMES | {
    "any_value", "array_agg", "aggregate_strings", "avg", "bool_and", "bool_or", "count", "every",
    "group_concat", "json_agg", "json_arrayagg", "json_group_array", "jsonb_agg", "string_agg",
    "sum", "total",
}  # fmt: skip
"""Functions that make one value of several rows."""


def _of_several(part: Any) -> bool:
    """Return whether an expression makes one value of several rows, not in a select of its own."""
    if isinstance(part, SelectBase | ScalarSelect):
        return False
    if isinstance(part, Over | WithinGroup):
        return True
    # A function of the house's own schema may be called as one of the engine is.
    plain = isinstance(part, FunctionElement) and not part.packagenames
    name = str(getattr(part, "name", "")).lower() if plain else ""
    if name in _AGGREGATES and not (name in _EXTREMES and len(part.clauses) > 1):
        return True
    return any(map(_of_several, part.get_children()))


def _is_table(read: FromClause) -> bool:
    return isinstance(read.element if isinstance(read, Alias) else read, TableClause)


def _facts(declared: Declared) -> Iterator[Finding]:
    for name in sorted(set(declared.policy.facts) - FACTS):
        yield Finding(
            "clock-unknown", declared.name, name, f"'{name}' is no fact that a rule asks.",
            f"Use one of: {', '.join(sorted(FACTS))}.", Severity.WARN,
        )


def _matches(datamap: DataMap, declared: Declared) -> Iterator[Finding]:
    contacts = datamap.subjects.get(declared.name)
    for key, wanted in (contacts.match if contacts is not None else {}).items():
        if isinstance(wanted, Column):
            if writes_anew(wanted.type):
                yield Finding(
                    "match-unknown", declared.name, key, f"Nobody is ever found by '{key}': the "
                    "column's own type writes each value anew.",
                    "Keep a keyed hash of the value beside it, and match that by a callable.",
                    Severity.WARN,
                )
            continue
        why = _raised(wanted, declared.alias("s"), "Aa1")
        if why and why not in _REFUSES:
            yield Finding(
                "match-unknown", declared.name, key, f"The callable for '{key}' cannot be asked: "
                f"it raised {why}.",
                "It takes the table and a value and returns a condition; columns are table.c.NAME.",
                Severity.WARN,
            )


_REFUSES = frozenset({"ValueError", "MatchError", "InvalidOperation"})
"""What a callable may raise of a value that is none of its kind: a word where it expects digits."""


def _contacts(datamap: DataMap, declared: Declared, subject: Subject) -> Iterator[Finding]:
    named = set(subject.contact) if not isinstance(subject.contact, dict) else set()
    for name in sorted(datamap.subjects[declared.name].contact):
        column = declared.column(name)
        if not is_text(column.type) and not isinstance(column.type, TypeDecorator):
            yield Finding(
                "match-unknown", declared.name, name, "Subject(contact=...) names a column that "
                f"holds no address and no number: its type is {type(column.type).__name__}.",
                "Name the columns by which a guest is written to.",
            )
        elif kind_of(name) not in (Kind.EMAIL, Kind.PHONE) and {name, column.key} & named:
            yield Finding(
                "match-unknown", declared.name, name, "The column's name does not say what contact "
                "it is; it is taken for a phone number.",
                f'Write contact={{"{name}": "phone"}}, or "email".', Severity.WARN,
            )


def _computed(datamap: DataMap, declared: Declared) -> Iterator[Finding]:
    """Yield what is known of people by a column that the database computes, and by nothing else.

    An erasure empties what it is made of and not the column itself: of that nothing is remembered.
    What is made of nothing that goes (the row's own number) stays as it is, and is no such column.
    """
    made, who = made_of(declared.table), datamap.subjects[declared.name]
    match = {c.name for c in who.match.values() if isinstance(c, Column)}
    going = {*declared.erase, *declared.retain}
    for named in ({c.name for c in who.names}, match | set(who.contact)):
        for column in sorted(named & made.keys()):
            of = made[column]
            # Of a document that holds all that is known of somebody nobody is known again.
            plain = {n for n in of if not isinstance(declared.column(n).type, JSON)}
            stays = of and not of & going and not declared.deletes
            if not (named & plain or stays):
                yield Finding(
                    "match-unknown", declared.name, column, "Subject names a column that the "
                    "database computes: who was erased is neither looked for by its value, nor "
                    "known by it when they come back or their erasure is taken back.",
                    "Name what it is made of in its place: "
                    f"{', '.join(sorted(plain)) or 'the columns in its expression'}."
                    if plain or not of else
                    "Name a column in its place that the application fills itself; of "
                    f"{', '.join(sorted(of))} the value alone cannot be named.",
                )
