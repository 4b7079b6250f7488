"""By which columns of which tables an erased person would be known again."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from typing import Any
from uuid import UUID

from sqlalchemy import Column, Integer

from ...core.identity import Kind, kind_of, name_parts
from ...core.treatment import Constant, Placeholder, Redact
from ..mapping.datamap import Contacts, DataMap
from ..mapping.declared import Declared
from ..mapping.masks import beneath, looks_invented, looks_redacted
from ..memory import by_identity
from ..statements.sql import is_text, text_length

LOYALTY, OTHER = "loyalty", "other"
LONGEST = 100
"""Characters of the longest text that is a number of something rather than a text about it."""

_SHORT = 10
_STRONG = (Kind.EMAIL, Kind.PHONE, Kind.DOCUMENT)
_WORDS = {
    LOYALTY: (frozenset({"loyalty", "member", "membership"}), ("会员", "积分卡")),
    "reference": (
        frozenset({
            "external", "ext", "ota", "channel", "ref", "reference", "confirmation", "voucher",
            "locator", "crs", "gds", "pnr", "remote", "foreign",
        }),
        ("外部", "渠道", "订单", "确认号"),
    ),
}  # fmt: skip
_NUMBER = re.compile(r"(?=.*\d)\S+")


@dataclass(frozen=True)
class Watched:
    """One declared table and what of it tells that somebody is back.

    :param declared: the table with its policy.
    :param identity: column -> kind of what is a person's own; of subject tables only.
    :param references: columns that hold a number another system gave.
    :param names: columns of the name; of subject tables only.
    :param place: column that holds the code of the property, or None.
    """

    declared: Declared
    identity: Mapping[str, str]
    references: frozenset[str]
    names: tuple[str, ...] = ()
    place: Column[Any] | None = None

    @property
    def name(self) -> str:
        """Return the table's name."""
        return self.declared.name

    @cached_property
    def known(self) -> frozenset[str]:
        """Return the columns of which marks are made, but for those of the name."""
        return self.references.union(self.identity)

    @cached_property
    def read(self) -> tuple[str, ...]:
        """Return the columns that must be read to know somebody again."""
        return tuple(sorted({*self.identity, *self.references, *self.names}))

    @property
    def telling(self) -> frozenset[str]:
        """Return the columns of which a change may bring somebody back."""
        return frozenset({*self.read, *self.declared.erase})

    def text(self, column: str, value: Any) -> str:
        """Return what a column holds as text.

        It is empty for nothing, for what an erasure left, and for words where a reference should
        be: what a booking site is called, or a remark, is in many bookings.
        """
        told = text_of(value)
        if not told or len(told) > LONGEST or self._left(column, told):
            return ""
        if column in self.references and not _NUMBER.fullmatch(told.strip()):
            return ""
        return told

    def _left(self, column: str, told: str) -> bool:
        """Return whether a text is what an erasure writes into this column."""
        if column not in self.declared.rules:
            # Its row goes whole, so that nothing is ever left there.
            return False
        inner = beneath(self.declared.written(column))
        if isinstance(inner, Redact):
            return looks_redacted(told)
        if isinstance(inner, Placeholder):
            return looks_invented(column, text_length(self.declared.column(column).type), told)
        return isinstance(inner, Constant) and told == text_of(inner.value)


@by_identity
def watched(datamap: DataMap) -> dict[str, Watched]:
    """Return the tables in which somebody who was erased would be known again.

    They are the subject tables, and tables of which an erasure takes an external reference, a
    contact or a document number.

    :param datamap: the resolved data map.
    """
    places = {c.property.name for c in datamap.subjects.values() if c.property is not None}
    found = {}
    for name, declared in datamap.tables.items():
        one = _watch(declared, datamap.subjects.get(name), places)
        if one is not None:
            found[name] = one
    return found


def _watch(
    declared: Declared, contacts: Contacts | None, places: set[str]
) -> Watched | None:
    if not declared.keyed or declared.keyed_by(declared.erase) or declared.blurred:
        return None
    going = [declared.column(n) for n in declared.taken]
    references = {n for n in declared.erase if _refers(declared.column(n))}
    identity: dict[str, str] = {}
    if contacts is not None:
        identity = {c.name: kind for c in going if (kind := _told(declared, c))}
        identity |= {n: k for n, k in contacts.contact.items() if n in _names(going)}
        for key, column in contacts.match.items():
            if isinstance(column, Column) and column.name in _names(going):
                _matched(key, column, identity, references)
    elif not references and not any(_kind(n, declared.column(n)) for n in declared.erase):
        return None
    place = next((c for c in declared.table.c if c.name in places), None)
    named = () if contacts is None else tuple(c.name for c in contacts.names)
    return Watched(
        declared, identity, frozenset(references - set(identity)),
        tuple(n for n in named if n in _names(going)), place,
    )  # fmt: skip


def _names(columns: Iterable[Column[Any]]) -> set[str]:
    return {c.name for c in columns}


def _matched(
    key: str, column: Column[Any], identity: dict[str, str], references: set[str]
) -> None:
    """Take in a column by which the vendor finds people."""
    kind = kind_of(key)
    if kind is Kind.BOOKING:
        references.add(column.name)
    elif kind is not Kind.NAME:
        identity.setdefault(column.name, kind.value if kind in _STRONG else OTHER)


def _told(declared: Declared, column: Column[Any]) -> str:
    """Return the kind of a person's own number that a column holds, by its name, or nothing.

    Of a row that goes whole not every column was meant: a type of document is nobody's number.
    """
    kind = _kind(column.name, column)
    return kind if column.name in declared.rules or kind in (Kind.EMAIL, Kind.PHONE) else ""


def _kind(name: str, column: Column[Any]) -> str:
    """Return what a column's name says of a person's own number, or nothing."""
    kind = kind_of(name)
    if kind in _STRONG and is_text(column.type):
        # A column too short for any number holds the document's type or issuing country.
        room = text_length(column.type) or LONGEST
        return "" if kind is Kind.DOCUMENT and room <= _SHORT else kind.value
    return LOYALTY if _says(LOYALTY, name) else ""


def _refers(column: Column[Any]) -> bool:
    """Return whether a column holds a number that another system gave."""
    if column.foreign_keys or not (is_text(column.type) or isinstance(column.type, Integer)):
        return False
    if is_text(column.type) and (text_length(column.type) or LONGEST + 1) > LONGEST:
        return False
    return _says("reference", column.name) or kind_of(column.name) is Kind.BOOKING


def _says(what: str, name: str) -> bool:
    plain = unicodedata.normalize("NFKC", name)
    whole, inside = _WORDS[what]
    return not whole.isdisjoint(name_parts(name)) or any(word in plain for word in inside)


def text_of(value: Any) -> str:
    """Return a host's value as text; what is neither text nor a number is nothing."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool) or not isinstance(value, int | Decimal | UUID):
        return ""
    return str(value)
