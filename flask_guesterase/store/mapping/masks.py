"""What an erased column holds afterwards, and whether it does."""

from __future__ import annotations

import base64
import hmac
import re
import uuid
from collections.abc import Callable
from typing import Any

from sqlalchemy import (
    JSON,
    Column,
    ColumnElement,
    String,
    TypeDecorator,
    Uuid,
    and_,
    cast,
    func,
    or_,
)

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
from ..statements.hosted import plain
from ..statements.sql import is_text, text_length

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
