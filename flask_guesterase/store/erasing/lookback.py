"""Changed rows looked at again, each by the key it has now: they hold what was written."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import (
    literal,
    select,
)
from sqlalchemy.exc import DBAPIError

from ...core.errors import ErasureError
from ...core.image import Form, cell
from ...core.plan import Key
from ...core.treatment import Constant
from ..mapping.masks import beneath
from ..mapping.proof import same, stays, took
from ..mapping.raw import Reader, whole_key
from ..statements.failure import is_refusal
from ..statements.sql import exactly
from .taking import Taken


def require_written(
    reads: Reader,
    after: Mapping[Key, Key],
    taken: Taken,
    made: Mapping[Key, Mapping[str, Any]],
) -> None:
    """See that each row, by the key it has now, holds what was written into it.

    :raises ErasureError: it does not.
    """
    declared = reads.declared
    names = list(next(iter(made.values())))
    width = len(declared.key)
    read = {
        line[:width]: line[width:] for line in reads.lines(list(after.values()), names)
    }
    rules = [(n, declared.written(n), declared.column(n)) for n in names]
    for k, now in after.items():
        cells = read.get(now)
        if cells is None or not all(
            stays(rule, column, value, made[k][n])
            or _took(reads, taken, k, (n, value), made[k][n])
            or _equals(reads, now, n, made[k][n])
            for (n, rule, column), value in zip(rules, cells, strict=True)
        ):
            raise ErasureError(
                f"{declared.name} does not hold what the plan wrote into it.",
                "A trigger or another rule of the database writes back; nothing was changed.",
            )
        taken.leave([k], cells, names)


def _took(
    reads: Reader, taken: Taken, key: Key, now: tuple[str, Any], written: Any
) -> bool:
    declared, name = reads.declared, now[0]
    column = declared.column(name)
    old = taken.cell(key, name)
    if name in taken.typed:
        host = taken.host(key, name)
    else:
        host = old.value if old.form is Form.TEXT else None
    comparable = name in taken.typed or isinstance(declared.written(name), Constant)
    equal = comparable and same(column, host, written, reads.conn.dialect)
    made = cell(name, reads.type_of(name), now[1])
    return took(declared.written(name), column, made, old, written, equal)


def _equals(reads: Reader, key: Key, name: str, written: Any) -> bool:
    """Ask the database whether a row holds a constant that the driver reads as another value.

    A moment of no zone comes back in one, a time of day as a length of time.
    """
    declared = reads.declared
    if not isinstance(beneath(declared.written(name)), Constant):
        return False
    column = declared.column(name)
    asked = select(literal(1)).select_from(declared.table).where(
        exactly(whole_key(reads), key), column == literal(written, column.type)
    )
    try:
        with reads.conn.begin_nested():
            return reads.conn.execute(asked.limit(1)).first() is not None
    except DBAPIError as problem:
        if not is_refusal(problem):
            raise
        # Of JSON, for example, PostgreSQL does not say what is equal.
        return False
