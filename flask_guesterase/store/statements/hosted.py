"""Types of the host's own making, and what the database holds for them."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Dialect, Enum, String, TypeDecorator
from sqlalchemy.dialects.postgresql import DOMAIN
from sqlalchemy.engine.default import DefaultDialect
from sqlalchemy.types import TypeEngine

ANY = DefaultDialect()
"""Stands for any engine: text goes through a host's own type alike on all of them."""

_OF_A_VALUE = (ValueError, TypeError, ArithmeticError, LookupError, AttributeError)
"""What a type raises about a value; anything else says that it needs more than the value."""


def over(type_: TypeEngine[Any]) -> TypeEngine[Any]:
    """Return the type that a domain of PostgreSQL is over, or the type itself."""
    while isinstance(type_, DOMAIN):
        type_ = type_.data_type
    return type_


def plain(type_: TypeEngine[Any]) -> TypeEngine[Any]:
    """Return the type that a host's type, or a domain, stands for."""
    return over(type_.impl_instance if isinstance(type_, TypeDecorator) else type_)


def stored(type_: TypeEngine[Any]) -> TypeEngine[Any]:
    """Return what a host's type is made of; it may be made of another of the host's."""
    while isinstance(type_, TypeDecorator):
        type_ = type_.impl_instance
    return over(type_)


def refusal(type_: TypeEngine[Any], value: Any) -> str:
    """Return the name of what a type raises about a value, or an empty string.

    :param type_: the host's type.
    :param value: a value that is written and read back.
    """
    try:
        made = type_.dialect_impl(ANY)
        write, read = made.bind_processor(ANY), made.result_processor(ANY, None)
        raw = value if value is None or write is None else write(value)
        if read is not None:
            read(raw)
    except _OF_A_VALUE as raised:
        return type(raised).__name__
    except Exception:
        # The host's own code, where it has not what it needs: that says nothing of the value.
        return ""
    return ""


def unbounded(type_: TypeEngine[Any]) -> TypeEngine[Any]:
    """Return a type of texts without its length, any other as it is.

    PostgreSQL cuts a text that it is told to cast to a length, and the mapping's may be shorter
    than the column's. SQLAlchemy leaves it out for a single value, but not for an array.
    """
    bounded = isinstance(type_, String) and not isinstance(type_, Enum) and type_.length
    return String() if bounded else type_


def told(
    type_: TypeEngine[Any], source: ColumnElement[Any], dialect: Dialect
) -> tuple[ColumnElement[Any], TypeEngine[Any]]:
    """Return the expression by which a value is read, and the type of what that gives.

    A host's type may leave it to SQL to decrypt what is stored.

    :param type_: the host's type.
    :param source: the column, or a value as it is stored.
    :param dialect: dialect of the engine that is asked.
    """
    made = type_.dialect_impl(dialect).column_expression(source)
    return (source, type_) if made is None else (made, made.type)
