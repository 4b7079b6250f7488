"""Whether a row still holds something of its columns, or only what an erasure leaves."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence

from sqlalchemy import (
    ColumnElement,
    Connection,
    FromClause,
    Text,
    TypeDecorator,
    cast,
    or_,
    select,
    true,
)

from ..core.image import Form
from ..core.mentions import MARK
from ..core.parts import is_applied
from ..core.plan import Key, key_text
from ..core.policy import (
    Constant,
    Inside,
    Mentions,
    Null,
    Placeholder,
    Redact,
    Rule,
)
from .datamap import Declared
from .masks import (
    beneath,
    fallback,
    fixed_value,
    holds_json,
    is_marked,
    looks_invented,
    looks_redacted,
)
from .raw import reader
from .sql import among, is_text, parts, text_length


def holding(
    conn: Connection, declared: Declared, keys: Sequence[Key], columns: Iterable[str]
) -> set[Key]:
    """Return which rows still hold something of these columns.

    :param conn: open transaction.
    :param declared: their table.
    :param keys: their keys.
    :param columns: names of columns that an erasure overwrites.
    """
    names = list(columns)
    documents = [n for n in names if _must_be_read(declared, n)]
    others = [n for n in names if n not in documents]
    if not documents or declared.deletes:
        return _selected(conn, declared, keys, names)
    found = _selected(conn, declared, keys, others) if others else set()
    rest = sorted(_selected(conn, declared, keys, documents) - found, key=key_text)
    hosts = [n for n in documents if isinstance(declared.column(n).type, TypeDecorator)]
    for key, cells, values in reader(conn, declared, None).rows(rest, documents, hosts):
        texts = {c.name: c.value for c in cells if c.form is not Form.NULL} | {
            n: v if isinstance(v, str) else json.dumps(v, default=str)
            for n, v in values.items()
            if v is not None
        }
        if not all(_left(declared, name, text) for name, text in texts.items()):
            found.add(key)
    return found


def _selected(
    conn: Connection, declared: Declared, keys: Sequence[Key], columns: Sequence[str]
) -> set[Key]:
    here = declared.table.alias("t0")
    mine = [here.c[c.key] for c in declared.key]
    wanted = holds(declared, here, columns)
    return {
        tuple(row)
        for part in parts(keys)
        for row in conn.execute(select(*mine).where(among(mine, part), wanted)).all()
    }


def _must_be_read(declared: Declared, name: str) -> bool:
    """Return whether only the column's own value tells what is left: a document, or a host's."""
    rule = beneath(declared.written(name))
    hosts = isinstance(declared.column(name).type, TypeDecorator)
    return isinstance(rule, Inside) or (hosts and isinstance(rule, Redact | Placeholder | Constant))


def _left(declared: Declared, name: str, text: str) -> bool:
    """Return whether a column holds the document, or the value, that its rule leaves."""
    rule, column = beneath(declared.written(name)), declared.column(name)
    if isinstance(rule, Redact):
        return looks_redacted(text)
    if isinstance(rule, Placeholder):
        # A host's type may change the case of what is written.
        return looks_invented(column.name, text_length(column.type), text.lower())
    if not isinstance(rule, Inside):
        return text.strip('"') == str(fixed_value(rule, column))
    if is_applied(rule, text):
        return True
    return isinstance(fallback(rule, column), Redact) and text.strip('"') == MARK


def holds(
    declared: Declared, start: FromClause, columns: Sequence[str]
) -> ColumnElement[bool]:
    """Return the condition that a row still holds something of these columns."""
    if declared.deletes:
        return true()
    parts = [_differs(declared, start, name) for name in columns]
    known = [part for part in parts if part is not None]
    return or_(*known) if known and len(known) == len(parts) else (true() if parts else ~true())


def tells(declared: Declared, columns: Iterable[str]) -> bool:
    """Return whether each of these columns tells by itself that it holds nothing any more.

    A text of which only some words went does not.
    """
    here = declared.table.alias("t0")
    return all(
        _differs(declared, here, name) is not None
        and not isinstance(declared.written(name), Mentions | Inside)
        for name in columns
    )


def _differs(declared: Declared, start: FromClause, name: str) -> ColumnElement[bool] | None:
    """Return the condition that a column is not what its rule leaves, or None: nobody can tell."""
    rule: Rule = declared.written(name)
    column = declared.column(name)
    here = start.c[column.key]
    inner = beneath(rule)
    if isinstance(inner, Null | Inside):
        # Whether a document still holds something of its members, `holding` finds out.
        return here.is_not(None)
    if isinstance(inner, Mentions):
        plain = cast(here, Text) if holds_json(column) else here
        return here.is_not(None) & plain.not_in(["", MARK, "{}", "[]", f'"{MARK}"'])
    if isinstance(inner, Redact | Constant):
        value = fixed_value(inner, column)
        return here.is_not(None) & (here != value) if value is not None else here.is_not(None)
    if isinstance(inner, Placeholder) and is_text(column.type):
        if not is_marked(column.name, text_length(column.type)):
            return None
        return here.is_not(None) & here.not_like("erased-%") & here.not_like("%@erased.invalid")
    return None
