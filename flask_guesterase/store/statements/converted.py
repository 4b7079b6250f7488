"""What a host's own type makes of a value: read back, written alike, and equal to another's."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Integer, LargeBinary, String, TypeDecorator
from sqlalchemy.types import Enum, NullType, TypeEngine

from .hosted import ANY, refusal, stored
from .sql import holds_text

_SAMPLE = "Aa1"
_STORED: tuple[tuple[Any, Any], ...] = ((String, _SAMPLE), (Integer, 1), (LargeBinary, b"Aa1"))


def unread(type_: TypeEngine[Any], value: Any) -> str:
    """Return the name of what a host's own type raises about a value, or an empty string.

    Only what is text on its way is tried: what else a driver makes of values it alone knows.
    """
    own = isinstance(type_, TypeDecorator | Enum)
    way = value is None or holds_text(type_) or isinstance(type_, Enum)
    return refusal(type_, value) if own and way else ""


def writes_anew(type_: TypeEngine[Any]) -> bool:
    """Return whether a host's own type gives one text another form each time, as a salt does.

    No value that was read finds its row again, or equals another.
    """
    if not isinstance(type_, TypeDecorator):
        return False
    try:
        write = type_.dialect_impl(ANY).bind_processor(ANY)
        return write is not None and bool(write(_SAMPLE) != write(_SAMPLE))
    except Exception:  # the host's own code, where it has not what it needs or takes no text
        return False


def reads_apart(type_: TypeEngine[Any]) -> bool:
    """Return whether a host's own type makes of one stored value objects that are none the same.

    By an object whose class says neither what it equals nor how it is written, no row is known.
    """
    if not isinstance(type_, TypeDecorator):
        return False
    try:
        read = type_.dialect_impl(ANY).result_processor(ANY, None)
        stored_ = next(v for kind, v in _STORED if isinstance(stored(type_), kind))
        one, other = (stored_, stored_) if read is None else (read(stored_), read(stored_))
        return bool({one} != {other}) or str(one) != str(other)
    except Exception:  # the host's own code, which may not know this value
        return False


def stored_apart(one: TypeEngine[Any], other: TypeEngine[Any]) -> bool | None:
    """Return whether what links rows lies in two columns in forms that are never equal.

    It is compared as it is stored: a UUID that a host's own type keeps as 16 bytes equals no text,
    and a number that the host shows with a word before it equals no text of the two.

    :param one: type of a column.
    :param other: type of the column it is compared with.
    :return: None where only the number's text, without the word, would be equal.
    """
    own = [type_ for type_ in (one, other) if isinstance(type_, TypeDecorator)]
    bare = [stored(type_) for type_ in (one, other)]
    if not own or any(isinstance(type_, NullType) for type_ in bare):
        return False
    if len({isinstance(type_, LargeBinary) for type_ in bare}) > 1:
        return True
    numbers = [type_ for type_ in own if isinstance(stored(type_), Integer)]
    if numbers and any(isinstance(type_, String) for type_ in bare):
        return None if _reads_otherwise(numbers[0]) else False
    return False


def _reads_otherwise(type_: TypeEngine[Any]) -> bool:
    """Return whether a host's own type shows a number as another text than its digits."""
    try:
        read = type_.dialect_impl(ANY).result_processor(ANY, None)
        return read is not None and str(read(1)) != "1"
    except Exception:  # the host's own code, which may not know this value
        return False
