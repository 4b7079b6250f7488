"""Types of the host's own making, and what the database holds for them."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Dialect, Enum, String, TypeDecorator
from sqlalchemy.dialects.postgresql import DOMAIN
from sqlalchemy.types import TypeEngine


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
