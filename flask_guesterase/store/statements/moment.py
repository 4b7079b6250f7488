"""Moments as SQLite keeps them: texts, of which several stand for the same one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, DateTime, Time, literal
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import TypeEngine

from .hosted import plain


def is_moment(type_: TypeEngine[Any]) -> bool:
    """Return whether values of a type have a time of day."""
    return isinstance(plain(type_), DateTime | Time)


def same(column: ColumnElement[Any], value: Any) -> ColumnElement[bool]:
    """Return the condition that a column holds a value, however a moment is written there."""
    return one_of(column, [value]) if is_moment(column.type) else column == value


def one_of(column: ColumnElement[Any], values: Sequence[Any]) -> ColumnElement[bool]:
    """Return the condition that a column holds one of these moments, however it is written."""
    return _Moment(column).in_([_Moment(literal(value, column.type)) for value in values])


class _Moment(FunctionElement[Any]):
    """A moment in the one spelling in which equal ones are equal; itself but on SQLite."""

    name = "moment"
    inherit_cache = True


@compiles(_Moment)
def _itself(element: _Moment, compiler: Any, **options: Any) -> str:
    return str(compiler.process(element.clauses, **options))


@compiles(_Moment, "sqlite")
def _plain(element: _Moment, compiler: Any, **options: Any) -> str:
    # CURRENT_TIMESTAMP writes no fraction of a second, SQLAlchemy six digits of it.
    text = f"replace({compiler.process(element.clauses, **options)}, 'T', ' ')"
    return f"CASE WHEN instr({text}, '.') THEN rtrim(rtrim({text}, '0'), '.') ELSE {text} END"
