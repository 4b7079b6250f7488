"""Whether a row still holds something of its columns, or only what an erasure leaves."""

from __future__ import annotations

import json
import operator
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    Dialect,
    FromClause,
    Select,
    Text,
    TypeDecorator,
    cast,
    or_,
    select,
    true,
)

from ...core.image import Form
from ...core.jsonpath import Path
from ...core.mentions import MARK
from ...core.parts import is_applied
from ...core.plan import Key, key_text
from ...core.treatment import (
    Computed,
    Constant,
    Inside,
    Keep,
    Mentions,
    Null,
    Part,
    Placeholder,
    Redact,
    Rule,
)
from ..mapping.declared import Declared
from ..mapping.masks import (
    MARKS,
    beneath,
    fallback,
    fixed_value,
    holds_json,
    looks_invented,
    looks_redacted,
    not_invented,
)
from ..mapping.proof import same
from ..mapping.raw import reader
from ..statements.sql import asked, fixed, is_text, parts, text_length


def holding(
    conn: Connection,
    declared: Declared,
    keys: Sequence[Key],
    columns: Iterable[str],
    whole: bool = True,
) -> set[Key]:
    """Return which rows still hold something of these columns.

    :param conn: open transaction.
    :param declared: their table.
    :param keys: their keys.
    :param columns: names of columns that an erasure overwrites.
    :param whole: a row that goes whole holds something as long as it is there.
    """
    names = list(columns)
    whole = whole and declared.deletes
    # Of a row that goes whole no column need have a rule.
    documents = [] if whole else [n for n in names if _must_be_read(declared, n)]
    others = [n for n in names if n not in documents]
    if not documents:
        return _selected(conn, declared, keys, names, whole)
    found = _selected(conn, declared, keys, others, whole) if others else set()
    rest = sorted(_selected(conn, declared, keys, documents, whole) - found, key=key_text)
    hosts = [n for n in documents if _is_hosts(declared, n)]
    marked = {n for n in hosts if isinstance(beneath(declared.written(n)), Redact | Placeholder)}
    reads = reader(conn, declared, None)
    for key, cells, values in reads.rows(rest, documents, hosts):
        full = {c.name: c.value for c in cells if c.form is not Form.NULL}
        told = full | {n: v for n, v in values.items() if v is not None}
        odd = [n for n, v in told.items() if not _left(declared, n, v, reads.conn.dialect)]
        # A host may read an object out of what an erasure wrote.
        if not all(
            n in marked and _left(declared, n, full.get(n, ""), reads.conn.dialect) for n in odd
        ):
            found.add(key)
    return found


def _selected(
    conn: Connection, declared: Declared, keys: Sequence[Key], columns: Sequence[str], whole: bool
) -> set[Key]:
    def made() -> tuple[Select[Any], Sequence[ColumnElement[Any]]]:
        here = declared.alias("t0")
        mine = [here.c[c.key] for c in declared.key]
        return select(*mine).where(true() if whole else differs(declared, here, columns)), mine

    found = set[Key]()
    for part in parts(keys):
        wanted, given = asked(declared.said, ("holding", whole, *sorted(columns)), made, part)
        found.update(tuple(row) for row in conn.execute(wanted, given).all())
    return found


def _must_be_read(declared: Declared, name: str) -> bool:
    """Return whether only the column's own value tells what is left: a document, or a host's."""
    rule, column = beneath(declared.written(name)), declared.column(name)
    if isinstance(rule, Inside | Computed) or (isinstance(rule, Constant) and holds_json(column)):
        return True
    hosts = isinstance(column.type, TypeDecorator)
    return hosts and isinstance(rule, Redact | Placeholder | Constant)


def _is_hosts(declared: Declared, name: str) -> bool:
    """Return whether the host's value of a column tells what its own form does not."""
    computed = isinstance(beneath(declared.written(name)), Computed)
    return computed or isinstance(declared.column(name).type, TypeDecorator)


def _left(declared: Declared, name: str, value: Any, dialect: Dialect) -> bool:
    """Return whether a column holds the document, or the value, that its rule leaves."""
    rule, column = beneath(declared.written(name)), declared.column(name)
    if isinstance(rule, Computed):
        return _is_made(rule, value, lambda one, other: same(column, one, other, dialect))
    text = value if isinstance(value, str) else json.dumps(value, default=str)
    bare = text.strip('"')
    if isinstance(rule, Redact):
        return looks_redacted(bare)
    if isinstance(rule, Placeholder):
        # A host's type may change the case of what is written.
        return looks_invented(column.name, text_length(column.type), bare.lower())
    if isinstance(rule, Constant):
        return bare == str(rule.value) or _is_document(text, rule.value)
    if not isinstance(rule, Inside) or is_applied(rule, text, _stands):
        return True
    return isinstance(fallback(rule, column), Redact) and looks_redacted(bare)


def _is_made(rule: Computed, value: Any, same_: Callable[[Any, Any], bool]) -> bool:
    """Return whether a callable makes of a value what it is: it was made by it."""
    try:
        return same_(rule.function(value), value)
    except Exception:  # a vendor's own code: the erasure says what it raises
        return False


def _is_document(text: str, value: Any) -> bool:
    try:
        return bool(json.loads(text) == value)
    except (ValueError, RecursionError):
        return False


def _stands(part: Part, path: Path, value: Any) -> bool:
    """Return whether a value within a document is what its rule leaves."""
    if isinstance(part, Redact):
        return bool(value == MARK)
    if isinstance(part, Constant):
        return bool(value == part.value)
    if value is None or isinstance(part, Null | Keep):
        return value is None or isinstance(part, Keep)
    if isinstance(part, Computed):
        return _is_made(part, value, operator.eq)
    if isinstance(part, Placeholder):
        return isinstance(value, str) and looks_invented(path.last, None, value)
    return value in ("", MARK)


def holds(
    declared: Declared, start: FromClause, columns: Sequence[str]
) -> ColumnElement[bool]:
    """Return the condition that a row still holds something of these columns."""
    return true() if declared.deletes else differs(declared, start, columns)


def differs(
    declared: Declared, start: FromClause, columns: Sequence[str]
) -> ColumnElement[bool]:
    """Return the condition that one of these columns is not what its rule leaves."""
    parts = [_differs(declared, start, name) for name in columns]
    known = [part for part in parts if part is not None]
    return or_(*known) if known and len(known) == len(parts) else (true() if parts else ~true())


def tells(declared: Declared, columns: Iterable[str]) -> bool:
    """Return whether each of these columns tells by itself that it holds nothing any more.

    A text of which only some words went does not, nor does what a callable made.
    """
    here = declared.alias("t0")
    return all(
        _differs(declared, here, name) is not None
        and not isinstance(declared.written(name), Mentions | Inside | Computed)
        for name in columns
    )


def _differs(declared: Declared, start: FromClause, name: str) -> ColumnElement[bool] | None:
    """Return the condition that a column is not what its rule leaves, or None: nobody can tell."""
    rule: Rule = declared.written(name)
    column = declared.column(name)
    here = start.c[column.key]
    inner = beneath(rule)
    if isinstance(inner, Null | Inside | Computed):
        # Whether a document still holds something of its members, `holding` finds out.
        return here.is_not(None)
    if isinstance(inner, Mentions):
        plain = cast(here, Text) if holds_json(column) else here
        return here.is_not(None) & plain.not_in(["", *MARKS, "{}", "[]", f'"{MARK}"'])
    if isinstance(inner, Redact) and is_text(column.type):
        return here.is_not(None) & here.not_in(_marks(declared, column))
    if isinstance(inner, Redact | Constant):
        value = fixed_value(inner, column)
        if value is not None and holds_json(column):
            # PostgreSQL has no equal for JSON; what is only spelt otherwise, `holding` finds out.
            return here.is_not(None) & (cast(here, Text) != json.dumps(value))
        return here.is_not(None) & (here != value) if value is not None else here.is_not(None)
    bare = not_invented(column, here) if isinstance(inner, Placeholder) else None
    return None if bare is None else here.is_not(None) & bare


def _marks(declared: Declared, column: Column[Any]) -> list[ColumnElement[Any]]:
    """Return what `redact` may have left in a text column, made once: it is asked of each shell."""
    place = ("marks", column.name)
    if place not in declared.said:
        declared.said[place] = fixed(MARKS, column.type)
    found: list[ColumnElement[Any]] = declared.said[place]
    return found
