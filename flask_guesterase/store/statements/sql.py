"""Small pieces of SQL that finder and eraser share."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, MutableMapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from itertools import islice
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy import (
    JSON,
    ColumnElement,
    Connection,
    Delete,
    Dialect,
    FromClause,
    Integer,
    Numeric,
    Select,
    String,
    TypeDecorator,
    Update,
    Uuid,
    and_,
    cast,
    false,
    func,
    literal,
    or_,
    tuple_,
)
from sqlalchemy.types import Enum, NullType, TypeEngine

from ...core.plan import Key, key_text
from . import moment
from .hosted import over, plain
from .listed import GIVEN, Listed, is_listable

MARIADB = frozenset({"mysql", "mariadb"})
"""Names under which SQLAlchemy knows MariaDB."""

CHUNK = 400
"""Keys of several columns a statement names at most; below every engine's limits."""

MANY = 2000
"""Values of one column a statement names at most."""

_Item = TypeVar("_Item")


def chunks(items: Iterable[_Item], size: int = CHUNK) -> Iterator[list[_Item]]:
    """Yield the items in lists of at most `size`."""
    source = iter(items)
    while part := list(islice(source, size)):
        yield part


def quoted(dialect: Dialect, source: FromClause | str) -> str:
    """Return a name as the engine itself writes it, for text(), for a value and for a person.

    SQLAlchemy doubles each per cent sign of a name where its driver formats statements.

    :param dialect: dialect of the engine.
    :param source: a table, with its schema where it has one, or the name of a column.
    """
    spell: Any = dialect.identifier_preparer
    name = spell.quote(source) if isinstance(source, str) else spell.format_table(source)
    doubled = dialect.paramstyle in ("format", "pyformat")
    return str(name.replace("%%", "%") if doubled else name)


def in_order(keys: Iterable[Key]) -> list[Key]:
    """Return keys in an order that is the same whoever asks."""
    found = list(keys)
    if _are_single(found) and set(map(type, [key[0] for key in found])) <= {int}:
        return sorted(found)
    return sorted(found, key=key_text)


def _are_single(keys: Sequence[Key]) -> bool:
    return set(map(len, keys)) <= {1}


def parts(keys: Sequence[Key]) -> Iterator[list[Key]]:
    """Yield keys in lists that one `among` takes."""
    return chunks(keys, room(keys))


def room(keys: Sequence[Key]) -> int:
    """Return how many of these keys one `among` takes."""
    plain = _are_single(keys) and None not in [key[0] for key in keys]
    return MANY if plain else CHUNK


def among(columns: Sequence[ColumnElement[Any]], keys: Sequence[Key]) -> ColumnElement[bool]:
    """Return the condition that the columns hold one of the keys; NULL equals NULL here."""
    if not keys:
        return false()
    whole = [key for key in keys if None not in key]
    conditions: list[ColumnElement[bool]] = []
    if whole and len(columns) == 1:
        conditions.append(one_of(columns[0], [key[0] for key in whole]))
    elif any(moment.is_moment(column.type) for column in columns):
        conditions += [exactly(columns, key) for key in whole]
    elif whole:
        conditions.append(tuple_(*columns).in_(whole))
    conditions += [exactly(columns, key) for key in keys if None in key]
    return conditions[0] if len(conditions) == 1 else or_(*conditions)


def abiding(statement: Update) -> Update:
    """Return an UPDATE that fails where its row would meet another one.

    SQLite lets a table say ON CONFLICT REPLACE, by which the other row would go without a word.
    """
    return statement.prefix_with("OR ABORT", dialect="sqlite")


_Statement = TypeVar("_Statement", Select[Any], Update, Delete)
Said = MutableMapping[tuple[Any, ...], Any]
"""What was made of a declaration once: place -> statement."""


def asked(
    said: Said,
    place: tuple[Any, ...],
    make: Callable[[], tuple[_Statement, Sequence[ColumnElement[Any]]]],
    keys: Sequence[Key],
) -> tuple[_Statement, dict[str, Any] | None]:
    """Return a statement about the rows with these keys, and its parameters.

    It is made once and asked again with other keys, where one parameter takes all of them: making
    a statement costs several times what asking it does.

    :param said: where it is kept.
    :param place: under which name; whatever else differs between statements must be in it.
    :param make: makes it without the keys, and names the columns that hold them.
    :param keys: the keys, in a number that one statement takes.
    """
    if not keys or not _are_single(keys):
        return _about(make(), keys), None
    if place not in said:
        statement, columns = make()
        said[place] = (statement.where(Listed(columns[0])), columns[0].type)
    found, type_ = said[place]
    values = [key[0] for key in keys]
    if not is_listable(type_, values):
        return _about(make(), keys), None
    return found, {GIVEN: values}


def _about(
    made: tuple[_Statement, Sequence[ColumnElement[Any]]], keys: Sequence[Key]
) -> _Statement:
    statement, columns = made
    return statement.where(among(columns, keys))


def one_of(column: ColumnElement[Any], values: Sequence[Any]) -> ColumnElement[bool]:
    """Return the condition that a column holds one of these values, however many they are."""
    if len(values) > 1 and is_listable(column.type, values):
        return Listed(column, values)
    return moment.one_of(column, values) if moment.is_moment(column.type) else column.in_(values)


def fixed(
    values: Iterable[Any], type_: TypeEngine[Any] | None = None
) -> list[ColumnElement[Any]]:
    """Return values of a statement that is made once, for `in_`.

    A plain list is written into the statement anew each time it is executed.

    :param type_: type of the column, or None where the values tell it.
    """
    return [literal(value, type_) for value in values]


def exactly(columns: Sequence[ColumnElement[Any]], key: Key) -> ColumnElement[bool]:
    """Return the condition that the columns hold exactly this key."""
    return and_(
        *(
            column.is_(None) if value is None else moment.same(column, value)
            for column, value in zip(columns, key, strict=True)
        )
    )


def equal(left: ColumnElement[Any], right: ColumnElement[Any], fold: bool) -> ColumnElement[bool]:
    """Return the condition that two columns hold the same.

    :param fold: compare text without regard to case.
    """
    lowered = fold and is_text(left.type)
    return func.lower(left) == func.lower(right) if lowered else left == right


def filled(column: ColumnElement[Any]) -> ColumnElement[bool] | None:
    """Return the condition that a column is neither empty nor 0, or None: its type has neither."""
    inner = plain(column.type)
    # The host's own type may not take an empty value; the database does.
    if holds_text(column.type):
        bare = column if is_text(column.type) else cast(column, String())
        return bare.not_in(fixed(["", "0"], bare.type))
    if isinstance(inner, Integer | Numeric):
        return (column if inner is column.type else cast(column, inner)) != 0
    return None


def unmasked(
    column: ColumnElement[Any], fold: bool, masks: Sequence[Any]
) -> ColumnElement[bool]:
    """Return the condition that a column holds none of these values.

    :param fold: whatever the case of a text.
    :param masks: at least one.
    """
    if is_text(column.type):
        # A mask of a column that holds numbers is written as a text holds it.
        masks = [str(mask) for mask in masks]
        if fold:
            return ~folded(column, masks)
    return column.not_in(fixed(masks, column.type))


def folded(column: ColumnElement[Any], texts: Iterable[str]) -> ColumnElement[bool]:
    """Return the condition that a column holds one of some texts, whatever the case.

    SQLite, and PostgreSQL in the locale C, know the small form of ASCII letters alone. So they make
    texts small themselves where others are in them.
    """
    known = sorted(set(texts))
    ways: list[Any] = sorted({text.lower() for text in known})
    for text in known:
        if not text.isascii():
            written = sorted({text, text.lower(), text.upper()})
            ways += [func.lower(literal(each, String())) for each in written]
    return func.lower(column).in_(ways)


def as_texts(
    left: ColumnElement[Any], right: ColumnElement[Any]
) -> tuple[ColumnElement[Any], ColumnElement[Any]]:
    """Return two columns so that a text is compared with what is none to the letter.

    MariaDB takes a text for the number it begins with, PostgreSQL compares the two not at all, and
    how a UUID is written differs from engine to engine.
    """
    kinds = [plain(c.type) for c in (left, right)]
    texts = [isinstance(kind, String) and not isinstance(kind, Enum) for kind in kinds]
    if texts[0] == texts[1] or any(isinstance(kind, NullType) for kind in kinds):
        return left, right
    one, other = (
        c if text else cast(c, String()) for c, text in zip((left, right), texts, strict=True)
    )
    if not any(isinstance(kind, Uuid) for kind in kinds):
        return one, other
    one, other = (func.replace(func.lower(c), "-", "", type_=String()) for c in (one, other))
    return one, other


def is_text(type_: TypeEngine[Any]) -> bool:
    """Return whether values of this type are text as SQL sees it; enumerations are not."""
    return isinstance(over(type_), String) and not isinstance(over(type_), Enum | TypeDecorator)


def text_length(type_: TypeEngine[Any]) -> int | None:
    """Return the longest text the type takes, or None where it is not limited."""
    return getattr(plain(type_), "length", None)


def holds_text(type_: TypeEngine[Any]) -> bool:
    """Return whether a text can be written to a column of this type."""
    inner = plain(type_)
    return isinstance(inner, String | NullType) and not isinstance(inner, Enum)


def host_values(type_: TypeEngine[Any], texts: Iterable[str]) -> list[Any]:
    """Return texts as values of a type that is not text; those that cannot be one are left out."""
    return [
        value for text in dict.fromkeys(texts) if (value := _host_value(type_, text)) is not None
    ]


def _host_value(type_: TypeEngine[Any], text: str) -> Any:
    type_ = over(type_)
    if isinstance(type_, TypeDecorator):
        return text
    if isinstance(type_, Enum):
        return text if text in type_.enums else None
    if isinstance(type_, Uuid):
        number = _made(UUID, text)
        return number if type_.as_uuid or number is None else str(number)
    make = _MAKERS.get(python_type(type_))
    value = _made(make, text) if make is not None else None
    # BIGINT UNSIGNED of MariaDB has a number more.
    bits = 64 if getattr(type_, "unsigned", False) else 63
    return None if isinstance(value, int) and abs(value) >= 2**bits else value


_MAKERS: dict[type, Callable[[str], Any]] = {
    int: int,
    str: str,
    Decimal: Decimal,
    date: date.fromisoformat,
    datetime: datetime.fromisoformat,
}


def _made(make: Callable[[str], Any], text: str) -> Any:
    try:
        return make(text)
    except (ValueError, ArithmeticError):
        return None


def python_type(type_: TypeEngine[Any]) -> type:
    """Return the class of a type's values; that of text where the type does not say."""
    inner = over(type_)
    if isinstance(inner, JSON):
        # SQLAlchemy 2.1 does not say it of documents any more.
        return dict
    try:
        told = inner.python_type
    except NotImplementedError:
        return str
    # Up to 2.0 a type that does not say raises; from 2.1 on it answers with any object.
    return str if told is object else told


def skips(conn: Connection) -> bool:
    """Return whether the engine passes over rows that others have locked.

    SQLite has one writer at a time; an older MariaDB or MySQL waits.
    """
    dialect: Any = conn.dialect
    if dialect.name == "postgresql":
        return True
    if dialect.name not in MARIADB:
        return False
    version = tuple(dialect.server_version_info or ())
    return version >= ((10, 6) if getattr(dialect, "is_mariadb", False) else (8, 0, 1))
