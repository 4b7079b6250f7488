"""Small pieces of SQL that finder and eraser share."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, String, TypeDecorator, and_, cast, false, func, or_, tuple_
from sqlalchemy.types import Enum, NullType, TypeEngine

from ..core.plan import Key

CHUNK = 400
"""Keys a statement names at most; below every engine's limit of parameters."""

_Item = TypeVar("_Item")


def chunks(items: Iterable[_Item], size: int = CHUNK) -> Iterator[list[_Item]]:
    """Yield the items in lists of at most `size`."""
    source = iter(items)
    while part := list(islice(source, size)):
        yield part


def among(columns: Sequence[ColumnElement[Any]], keys: Sequence[Key]) -> ColumnElement[bool]:
    """Return the condition that the columns hold one of the keys; NULL equals NULL here."""
    if not keys:
        return false()
    whole = [key for key in keys if None not in key]
    parts: list[ColumnElement[bool]] = []
    if whole and len(columns) == 1:
        parts.append(columns[0].in_([key[0] for key in whole]))
    elif whole:
        parts.append(tuple_(*columns).in_(whole))
    parts += [exactly(columns, key) for key in keys if None in key]
    return or_(*parts)


def exactly(columns: Sequence[ColumnElement[Any]], key: Key) -> ColumnElement[bool]:
    """Return the condition that the columns hold exactly this key."""
    return and_(
        *(
            column.is_(None) if value is None else column == value
            for column, value in zip(columns, key, strict=True)
        )
    )


def equal(
    left: ColumnElement[Any],
    right: ColumnElement[Any],
    fold: bool,
    guarded: bool,
    void: Sequence[Any] = (),
) -> ColumnElement[bool]:
    """Return the condition of one hop.

    :param fold: compare text without regard to case.
    :param guarded: empty values and 0 match nobody.
    :param void: further values that match nobody, when guarded.
    """
    text = is_text(left.type)
    condition = func.lower(left) == func.lower(right) if fold and text else left == right
    if not guarded:
        return condition
    if text and fold:
        masks = [v.lower() for v in void if isinstance(v, str)]
        return and_(condition, func.lower(left).not_in(["", "0", *masks]))
    empty: list[Any] = ["", "0"] if text else []
    if not text and isinstance(0, _python_type(left.type)):
        empty = [0]
    if empty or void:
        condition = and_(condition, left.not_in([*empty, *void]))
    if not text and holds_text(left.type):
        # The host's own type may not take an empty text; the database does.
        condition = and_(condition, cast(left, String()).not_in(["", "0"]))
    return condition


def is_text(type_: TypeEngine[Any]) -> bool:
    """Return whether values of this type are text as SQL sees it; enumerations are not."""
    return isinstance(type_, String) and not isinstance(type_, Enum | TypeDecorator)


def text_length(type_: TypeEngine[Any]) -> int | None:
    """Return the longest text the type takes, or None where it is not limited."""
    inner = type_.impl if isinstance(type_, TypeDecorator) else type_
    return getattr(inner, "length", None)


def holds_text(type_: TypeEngine[Any]) -> bool:
    """Return whether a text can be written to a column of this type."""
    inner = type_.impl_instance if isinstance(type_, TypeDecorator) else type_
    return isinstance(inner, String | NullType) and not isinstance(inner, Enum)


def _python_type(type_: TypeEngine[Any]) -> type:
    try:
        return type_.python_type
    except NotImplementedError:
        return str
