"""What an erased column holds afterwards, and whether it does."""

from __future__ import annotations

import base64
import hmac
import re
import secrets
import uuid
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from sqlalchemy import (
    JSON,
    Column,
    ColumnElement,
    Integer,
    LargeBinary,
    Numeric,
    String,
    TypeDecorator,
    Uuid,
    and_,
    cast,
    func,
    or_,
)
from sqlalchemy.types import Enum, NullType, TypeEngine

from ...core import mentions
from ...core.identity import Kind, kind_of
from ...core.treatment import (
    Computed,
    Constant,
    File,
    Inside,
    Mentions,
    Null,
    Placeholder,
    Redact,
    Rule,
)
from ..statements.hosted import ANY, plain, refusal, stored
from ..statements.sql import holds_text, is_text, text_length

Entropy = Callable[[int], bytes]
"""Takes a number of bytes and returns as many random ones."""

MARK = mentions.MARK
_DOMAIN = "@erased.invalid"
_PREFIX = "erased-"
_SHORT = "~-"
_UUID = "e7a5ed00e7a5"
_NUMBER = re.compile(f"{_UUID}[0-9a-f]{{20}}")
_ALPHABET = frozenset("abcdefghijklmnopqrstuvwxyz234567")
ENOUGH = 8
"""Random characters a placeholder needs so that two never meet under a UNIQUE constraint."""
_FORM = r"(erased-)?[a-z2-7]{8,24}@erased[.]invalid|(erased-|~-)[a-z2-7]{8,24}"
_WHOLE = re.compile(_FORM)
_LINE = f"^({_FORM}) *$"
"""The same as each engine reads it; a fixed width is filled up with blanks."""


def redacted(length: int | None) -> str:
    """Return the fixed mark that fits a length (characters), or None for no limit."""
    return MARK if length is None or length >= len(MARK) else "*" * length


MARKS = tuple(redacted(length) for length in range(1, len(MARK) + 1))
"""The mark in each length: a column of the database may be shorter than the mapping says."""


class Seeded:
    """Randomness that is the same for the same row and column, so that it can be made again.

    :param seed: 32 random bytes.
    """

    def __init__(self, seed: bytes) -> None:
        self.seed = seed
        self._count = iter(range(2**63))

    def __call__(self, size: int) -> bytes:
        """Return the next bytes that belong to no row."""
        return self.of(str(next(self._count)))(size)

    def of(self, spot: str) -> Entropy:
        """Return the randomness of one place; each of its bytes comes once.

        :param spot: what names the place, for example table, column and key.
        """
        blocks = iter(range(2**63))
        key = hmac.digest(self.seed, spot.encode(), "sha256")

        def draw(size: int) -> bytes:
            made = b""
            while len(made) < size:
                made += hmac.digest(key, str(next(blocks)).encode(), "sha256")
            return made[:size]

        return draw


def invented(name: str, length: int | None, entropy: Entropy) -> str:
    """Return a random value that no mail can reach (RFC 2606 ``.invalid``).

    :param name: column name; the value of an e-mail column looks like an address.
    :param length: longest text the column takes, or None.
    :param entropy: where randomness comes from.
    """
    prefix, end, left = _form(name, length)
    return prefix + base64.b32encode(entropy(15)).decode().lower()[:left] + end


def _form(name: str, length: int | None) -> tuple[str, str, int]:
    """Return what stands before and after the random characters, and how many there are."""
    tail = _DOMAIN if kind_of(name) is Kind.EMAIL else ""
    room = 100 if length is None else length
    bare = [("", tail)] if tail else []
    for prefix, end in ((_PREFIX, tail), *bare, (_SHORT, ""), ("", "")):
        left = room - len(prefix) - len(end)
        if left >= min(ENOUGH, room):
            break
    return prefix, end, min(left, 24)


def looks_redacted(value: str) -> bool:
    """Return whether a text could be the fixed mark, of whatever length."""
    return value == MARK or (bool(value) and not set(value) - {"*"})


def looks_invented(name: str, length: int | None, value: str) -> bool:
    """Return whether a text could be a placeholder; of short ones nobody can tell.

    :param name: column name.
    :param length: longest text the column takes, or None.
    """
    # A fixed width is filled up with blanks.
    value = value.rstrip(" ")
    prefix, end, left = _form(name, length)
    bare = not prefix and not end and len(value) == left and not set(value) - _ALPHABET
    return bare or is_formed(value)


def is_invented(column: Column[Any], old: str | None, room: int | None) -> bool:
    """Return whether a column of text surely holds a placeholder of ours by now.

    :param column: the column.
    :param old: what it holds, as text.
    :param room: longest text the column takes, or None.
    """
    plain = is_text(column.type) and not isinstance(column.type, TypeDecorator)
    if old is None or not plain or not is_marked(column.name, room):
        return False
    # What only begins or ends as one of ours may be what a person wrote, and has to go.
    prefix, end, left = _form(column.name, room)
    value = old.rstrip(" ")
    random = value.removeprefix(prefix).removesuffix(end)
    return value == prefix + random + end and len(random) == left and not set(random) - _ALPHABET


def is_formed(value: str) -> bool:
    """Return whether a text has the whole form of a marked placeholder, whatever its column."""
    return bool(_WHOLE.fullmatch(value)) or _is_erased_uuid(value)


def not_invented(column: Column[Any], here: ColumnElement[Any]) -> ColumnElement[bool] | None:
    """Return the condition that a column holds no placeholder, or None: nobody can tell.

    :param column: the column.
    :param here: the column in a statement.
    """
    if isinstance(column.type, Uuid):
        bare = func.replace(func.lower(cast(here, String())), "-", "", type_=String())
        return bare.not_like(f"{_UUID}%")
    if not is_text(column.type) or not is_marked(column.name, text_length(column.type)):
        return None
    # A shorter column than the mapping says has another form; whole texts cost more to look at.
    forms = f"{_PREFIX}%", f"%{_DOMAIN}%", f"{_SHORT}{'_' * ENOUGH}%"
    return or_(and_(*(here.not_like(form) for form in forms)), ~here.regexp_match(_LINE))


def _is_erased_uuid(value: str) -> bool:
    return bool(_NUMBER.fullmatch(value.replace("-", "").lower()))


def is_marked(name: str, length: int | None) -> bool:
    """Return whether a placeholder in a column has room for what tells it from anything else.

    :param name: column name.
    :param length: longest text the column takes, or None.
    """
    prefix, end, _ = _form(name, length)
    return bool(prefix or end)


def is_static(rule: Rule) -> bool:
    """Return whether a rule gives every row the same value."""
    if isinstance(rule, File):
        return is_static(rule.then)
    return isinstance(rule, Null | Redact | Constant)


def fixed_value(rule: Rule, column: Column[Any]) -> Any:
    """Return what a rule writes into every row's column, or None where rows differ or get NULL."""
    inner = beneath(rule)
    if isinstance(inner, Redact):
        return redacted(text_length(column.type))
    return inner.value if isinstance(inner, Constant) else None


def in_common(rule: Rule, column: Column[Any]) -> tuple[Any, ...]:
    """Return the values that a rule may leave in the rows of several people: none links them.

    :param rule: an erasing rule.
    :param column: the column.
    """
    inner = beneath(rule)
    if isinstance(inner, Redact | Mentions):
        return MARKS
    value = fixed_value(inner, column)
    return () if value is None else (value,)


def value_for(
    rule: Rule, column: Column[Any], old: Any, entropy: Entropy, room: int | None
) -> Any:
    """Return what a rule makes of a column; None is NULL.

    :param rule: an erasing rule.
    :param column: the column.
    :param old: the host's value, only read by computed rules.
    :param entropy: where randomness comes from.
    :param room: longest text the column takes, or None.
    """
    if isinstance(rule, File):
        return value_for(rule.then, column, old, entropy, room)
    if isinstance(rule, Redact):
        return redacted(room)
    if isinstance(rule, Placeholder):
        if isinstance(column.type, Uuid):
            return _uuid(column.type, entropy)
        return invented(column.name, room, entropy)
    if isinstance(rule, Constant):
        return rule.value
    return rule.function(old) if isinstance(rule, Computed) else None


def _uuid(type_: Uuid[Any], entropy: Entropy) -> Any:
    mark = bytes.fromhex(_UUID)
    value = uuid.UUID(bytes=mark + entropy(16)[len(mark):], version=4)
    return value if type_.as_uuid else str(value)


def fallback(rule: Inside, column: Column[Any]) -> Null | Redact | Constant:
    """Return what a column becomes in which `inside` finds no JSON.

    :param rule: the rule of the column.
    :param column: the column.
    """
    if rule.otherwise is not None:
        return rule.otherwise
    return Null() if column.nullable else Constant({})


def beneath(rule: Rule) -> Rule:
    """Return the rule of what is written: where a column names a file, what the name becomes."""
    return rule.then if isinstance(rule, File) else rule


def holds_json(column: Column[Any]) -> bool:
    """Return whether a column is JSON to the mapping."""
    return isinstance(plain(column.type), JSON)


def fits(rule: Rule, column: Column[Any], nullable: bool, length: int | None) -> str:
    """Return why a rule cannot fit its column, or an empty string.

    :param rule: an erasing rule.
    :param column: the column.
    :param nullable: whether the live column takes NULL.
    :param length: longest text the live column takes, or None.
    """
    if isinstance(rule, File):
        return fits(rule.then, column, nullable, length)
    return _misplaced(rule, column, nullable, length) or _unread(rule, column, length)


def _unread(rule: Rule, column: Column[Any], length: int | None) -> str:
    """Return why the column's own type would not read what a rule writes, or an empty string."""
    then = fallback(rule, column) if isinstance(rule, Inside) else rule
    if not isinstance(then, Null | Redact | Placeholder | Constant):
        return ""
    why = unread(column.type, value_for(then, column, None, secrets.token_bytes, length))
    return f"the column's own type cannot read back what is written ({why})" if why else ""


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


_SAMPLE = "Aa1"
_STORED: tuple[tuple[Any, Any], ...] = ((String, _SAMPLE), (Integer, 1), (LargeBinary, b"Aa1"))


def _misplaced(rule: Rule, column: Column[Any], nullable: bool, length: int | None) -> str:
    if isinstance(rule, Mentions | Inside):
        if not holds_text(column.type) and not holds_json(column):
            return "the column holds neither text nor JSON"
        then = fallback(rule, column) if isinstance(rule, Inside) else None
        return "the column does not take NULL" if isinstance(then, Null) and not nullable else ""
    if isinstance(rule, Null):
        return "" if nullable else "the column does not take NULL"
    if isinstance(rule, Redact | Placeholder):
        if isinstance(rule, Placeholder) and isinstance(column.type, Uuid):
            return ""
        return "" if holds_text(column.type) else "the column does not hold text"
    if isinstance(rule, Constant):
        if rule.value is None and not nullable:
            return "the column does not take NULL"
        if isinstance(rule.value, str) and length is not None and len(rule.value) > length:
            return f"the constant is longer than {length} characters"
        if isinstance(rule.value, str) and isinstance(column.type, Integer | Numeric):
            return "" if _is_number(rule.value) else "the constant is no number"
    return ""


def _is_number(text: str) -> bool:
    try:
        return Decimal(text).is_finite()
    except ArithmeticError:
        return False
