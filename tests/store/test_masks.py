"""Masks fit their columns, never meet, reach nobody, and are known again."""

from __future__ import annotations

import enum
import secrets
import uuid
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import (
    Column,
    Date,
    Enum,
    Integer,
    LargeBinary,
    Numeric,
    String,
    Text,
    TypeDecorator,
    Uuid,
)

from flask_guesterase.core.treatment import (
    Computed,
    Constant,
    File,
    Rule,
    keep,
    null,
    placeholder,
    redact,
)
from flask_guesterase.store.checking.fitting import fits
from flask_guesterase.store.mapping.masks import (
    ENOUGH,
    invented,
    is_formed,
    is_invented,
    is_static,
    looks_invented,
    looks_redacted,
    redacted,
    value_for,
)
from tests.store.test_eraser import Sealed

LENGTHS = st.none() | st.integers(1, 120)
NAMES = st.sampled_from(["email", "e_mail", "Mail", "name", "phone", "邮箱"])


@given(LENGTHS)
def test_the_mark_fits_any_length(length: int | None) -> None:
    """The fixed mark is a word where there is room, else stars; it is known again."""
    mark = redacted(length)
    assert 1 <= len(mark) <= (length or 100)
    assert looks_redacted(mark)


@given(NAMES, LENGTHS, st.binary(min_size=15, max_size=15))
def test_a_placeholder_fits_any_length(name: str, length: int | None, random: bytes) -> None:
    """Whatever the length, a placeholder fits, holds the randomness there is room for, is known."""
    value = invented(name, length, lambda size: random)
    assert 1 <= len(value) <= (length or 100)
    assert looks_invented(name, length, value)
    if length is None or length >= ENOUGH + len("@erased.invalid"):
        mail = name not in ("name", "phone")
        assert value.endswith("@erased.invalid") is mail


@given(NAMES, st.none() | st.integers(ENOUGH, 120))
def test_placeholders_do_not_meet(name: str, length: int | None) -> None:
    """Of a hundred placeholders of eight characters or more no two are equal."""
    assert len({invented(name, length, secrets.token_bytes) for _ in range(100)}) == 100


@pytest.mark.parametrize(
    ("name", "length", "value"),
    [
        ("email", 120, "aino@example.com"),
        ("name", 80, "aino"),
        ("name", 80, "john-smith"),
        ("name", 80, "3582"),
        ("name", 8, "aino"),
        ("name", 8, "Virtanen"),
        ("phone", None, "0401234567"),
        ("email", 20, "aino@example.com"),
        ("email", 120, "erased-heart@mail.example"),
        ("email", 120, "wei@erased.invalid"),
        ("name", 80, "erased-and-loved"),
        ("name", None, "erased-Li Wei"),
        ("name", 80, "Ask erased-abcdefghijklmnopqrstuvwx"),
        ("name", 80, "erased-abcdefghijklmnopqrstuvwxyz"),
        ("name", 12, "~-Aino Virta"),
        ("name", 40, "e7a5ed00e7a5 Aino Virtanen 012345"),
    ],
)
def test_what_people_write_is_no_placeholder(name: str, length: int | None, value: str) -> None:
    """Names, numbers and addresses are not taken for placeholders."""
    assert not looks_invented(name, length, value)


@given(NAMES, st.integers(24, 120), st.binary(min_size=15, max_size=15))
def test_a_placeholder_of_ours_is_known_by_the_whole_of_it(
    name: str, length: int, random: bytes
) -> None:
    """What an erasure wrote stays at the next one; with a word more it is what a person wrote."""
    value = invented(name, length, lambda size: random)
    column = Column(name, String(length))
    assert is_invented(column, value, length)
    assert is_formed(value)
    for other in (f"{value} Aino", f"Aino {value}", value[:-1], value.replace("-", "-Aino ")):
        assert not is_invented(column, other, length) or other == value


@pytest.mark.parametrize("value", [
    "erased-Aino Virtanen, passport L01X00T47", "erased-aino", "~-ainovirtanenhelsinki",
    "aino.virtanen@erased.invalid", "e7a5ed00-e7a5-4000-8000-000000000001",
])  # fmt: skip
def test_what_only_begins_or_ends_like_a_placeholder_is_overwritten(value: str) -> None:
    """A guest may call themselves so, and a host may free an address with a word before it."""
    assert not is_invented(Column("name", String(80)), value, 80)


@pytest.mark.parametrize("value", ["", "Aino", "*a*", "[Erased]"])
def test_what_people_write_is_no_mark(value: str) -> None:
    """Only the mark itself and stars are taken for the mark."""
    assert not looks_redacted(value)


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        (null, None),
        (redact, "[erased]"),
        (Constant("x"), "x"),
        (Constant(None), None),
        (Computed(lambda old: old[::-1]), "oniA"),
        (File("scans"), None),
        (File("scans", then=redact), "[erased]"),
        (keep("why"), None),
    ],
)
def test_each_rule_gives_its_value(rule: Rule, expected: Any) -> None:
    """Only a callable sees the old value; a file's column becomes what `then` says."""
    column: Column[Any] = Column("name", String(80))
    assert value_for(rule, column, "Aino", secrets.token_bytes, 80) == expected


def test_a_uuid_column_gets_a_random_uuid() -> None:
    """A placeholder in a column of UUIDs is a UUID, in the form the host uses."""
    as_object: Any = value_for(placeholder, Column("t", Uuid), None, secrets.token_bytes, None)
    as_text = value_for(
        placeholder, Column("t", Uuid(as_uuid=False)), None, secrets.token_bytes, None
    )
    assert isinstance(as_object, uuid.UUID)
    assert as_object.version == uuid.UUID(as_text).version == 4


def test_static_rules_give_every_row_the_same() -> None:
    """Null, mark and constants do; placeholders and callables are made for each row."""
    assert all(is_static(r) for r in (null, redact, Constant(1), File("f"), File("f", then=redact)))
    assert not any(is_static(r) for r in (placeholder, Computed(str), File("f", then=placeholder)))


@pytest.mark.parametrize(
    ("rule", "column", "nullable", "length", "problem"),
    [
        (null, Column("c", String), True, None, ""),
        (null, Column("c", String), False, None, "NULL"),
        (Constant(None), Column("c", String), False, None, "NULL"),
        (File("f"), Column("c", String), False, None, "NULL"),
        (redact, Column("c", Text), False, None, ""),
        (redact, Column("c", Sealed(20)), False, 20, ""),
        (redact, Column("c", Integer), True, None, "text"),
        (redact, Column("c", Enum("a", "b")), True, 1, "text"),
        (placeholder, Column("c", Date), True, None, "text"),
        (placeholder, Column("c", LargeBinary), True, None, "text"),
        (placeholder, Column("c", Uuid), False, None, ""),
        (Constant("abc"), Column("c", String), False, 2, "longer"),
        (Constant("ab"), Column("c", String), False, 2, ""),
        (Constant(5), Column("c", Integer), False, None, ""),
        (Constant("5"), Column("c", Integer), False, None, ""),
        (Constant("none"), Column("c", Integer), False, None, "no number"),
        (Constant("none"), Column("c", Numeric(6, 2)), False, None, "no number"),
        (Constant("0.00"), Column("c", Numeric(6, 2)), False, None, ""),
    ],
)
def test_a_rule_that_cannot_fit_says_why(
    rule: Rule, column: Column[Any], nullable: bool, length: int | None, problem: str
) -> None:
    """NULL, length and type are looked at before anything is erased."""
    assert problem in fits(rule, column, nullable, length)
    assert bool(fits(rule, column, nullable, length)) is bool(problem)


class Amount(TypeDecorator[Decimal]):
    """A host's own money: text in the database, which takes whatever can be said as text."""

    impl = String(40)
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Any) -> str | None:
        return None if value is None else str(value)

    def process_result_value(self, value: str | None, dialect: Any) -> Decimal | None:
        return None if value is None else Decimal(value)


class Words(TypeDecorator[list[str]]):
    """A host's own list, which is never nothing."""

    impl = String(40)
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Any) -> str:
        return " ".join(value)

    def process_result_value(self, value: Any, dialect: Any) -> list[str]:
        return list(value.split())


class Locked(TypeDecorator[str]):
    """A host's own secret, whose key only the running application has."""

    impl = String(40)
    cache_ok = True

    def process_result_value(self, value: Any, dialect: Any) -> str:
        raise RuntimeError("Working outside of application context.")


class Shown(enum.Enum):
    """What a guest showed."""

    CARD = "card"


@pytest.mark.parametrize(
    ("rule", "column", "problem"),
    [
        (redact, Column("c", Amount), "InvalidOperation"),
        (placeholder, Column("c", Amount), "InvalidOperation"),
        (Constant("0"), Column("c", Amount), ""),
        (Constant(Decimal(0)), Column("c", Amount), ""),
        (null, Column("c", Amount), ""),
        (null, Column("c", Words), "AttributeError"),
        (File("f"), Column("c", Words), "AttributeError"),
        (redact, Column("c", Words), ""),
        (Constant(5), Column("c", Words), "TypeError"),
        (redact, Column("c", Locked), ""),
        (Constant("gone"), Column("c", Enum("a", "b")), "LookupError"),
        (Constant("a"), Column("c", Enum("a", "b")), ""),
        (Constant("card"), Column("c", Enum(Shown)), "LookupError"),
        (Constant(Shown.CARD), Column("c", Enum(Shown)), ""),
        (Computed(lambda old: "x"), Column("c", Amount), ""),
    ],
)
def test_a_mask_that_the_hosts_own_type_cannot_read_back_is_none(
    rule: Rule, column: Column[Any], problem: str
) -> None:
    """Each load of an erased row would end in an error of the host's, and a second erasure too."""
    found = fits(rule, column, True, 40)
    assert problem in found
    assert bool(found) is bool(problem)
    assert not problem or "cannot read back" in found
