"""Whether a column holds what its rule says is told from the database's own form."""

from __future__ import annotations

import datetime as dt
import enum
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import JSON, Column, DateTime, Enum, Integer, Numeric, String, Uuid, make_url

from flask_guesterase.core.image import Cell, cell
from flask_guesterase.core.treatment import (
    Computed,
    Constant,
    File,
    Rule,
    null,
    placeholder,
    redact,
)
from flask_guesterase.store.mapping.proof import holds, same, stands, took
from tests.store.test_eraser import Sealed

NAME: Column[Any] = Column("name", String(80))
SECRET: Column[Any] = Column("name", Sealed(80))
TOKEN: Column[Any] = Column("name", Uuid)
SQLITE, POSTGRESQL = (make_url(u).get_dialect()() for u in ("sqlite://", "postgresql+psycopg://"))


def now(value: Any) -> Cell:
    """Return a cell as the database would give it."""
    return cell("name", "text", value)


@pytest.mark.parametrize(
    ("rule", "column", "old", "new", "written", "equal", "expected"),
    [
        (null, NAME, "Aino", None, None, False, True),
        (null, NAME, "Aino", "", None, False, False),
        (File("f"), NAME, "a.png", "a.png", None, False, False),
        (redact, NAME, "Aino", "[erased]", "[erased]", False, True),
        (redact, NAME, "Aino", "[erased]   ", "[erased]", False, True),
        (redact, NAME, "Aino", "Aino", "[erased]", False, False),
        (redact, NAME, "Aino", "Aino [erased]", "[erased]", False, False),
        (redact, SECRET, "oniA", "]desare[", "[erased]", False, True),
        (redact, SECRET, "oniA", "oniA", "[erased]", False, False),
        (redact, SECRET, "]desare[", "]desare[", "[erased]", True, True),
        (placeholder, NAME, "Aino", "erased-abc", "erased-abc", False, True),
        (placeholder, NAME, "Aino", "erased-xyz", "erased-abc", False, False),
        (placeholder, TOKEN, "1", "00ab", "00-ab", False, True),
        (Constant(""), NAME, "Aino", "", "", False, True),
        (Constant(""), NAME, "Aino", "Aino", "", False, False),
        (Constant("x"), NAME, "x", "x", "x", True, True),
        (Constant("x"), NAME, None, None, "x", False, True),
        (Computed(str.upper), NAME, "Aino", "Aino", "AINO", False, False),
        (Computed(str.upper), NAME, "AINO", "AINO", "AINO", True, True),
    ],
)
def test_a_rule_took_hold_or_not(
    rule: Rule, column: Column[Any], old: Any, new: Any, written: Any, equal: bool, expected: bool
) -> None:
    """The cell holds what was written, or at least no longer what it held."""
    assert took(rule, column, now(new), now(old), written, equal) is expected


@pytest.mark.parametrize(
    ("rule", "column", "value", "expected"),
    [
        (null, NAME, None, True),
        (null, NAME, "Aino", False),
        (redact, NAME, "[erased]", True),
        (redact, NAME, "***", True),
        (redact, NAME, None, True),
        (redact, NAME, "Aino", False),
        (redact, SECRET, "whatever", True),
        (placeholder, NAME, "erased-abcdefgh", True),
        (placeholder, NAME, "aino", False),
        (placeholder, TOKEN, "e7a5ed00e7a54b1e9d3c0123456789ab", True),
        (placeholder, TOKEN, "0af0ed00e7a54b1e9d3c0123456789ab", False),
        (placeholder, NAME, None, True),
        (Constant("Guest"), NAME, "Guest", True),
        (Constant("Guest"), NAME, "Aino", False),
        (Constant(0), Column("name", Integer), "5", True),
        (Computed(str.upper), NAME, "Aino", True),
        (File("f", then=redact), NAME, "a.png", False),
    ],
)
def test_a_later_look_tells_what_it_can(
    rule: Rule, column: Column[Any], value: Any, expected: bool
) -> None:
    """Without the old value, a cell passes where nobody can tell, and fails where one can."""
    assert stands(rule, column, now(value), 80) is expected


@pytest.mark.parametrize(
    ("type_", "one", "other", "expected"),
    [
        (String(5), "ab   ", "ab", True),
        (String(5), "ab", "AB", False),
        (Numeric(10, 2), Decimal("0.00"), 0, True),
        (JSON(), {"a": 1}, {"a": 1}, True),
        (JSON(), {"a": 1}, {}, False),
        (Enum("f", "m"), "f", "f", True),
        (Enum("f", "m"), "f", "m", False),
        (DateTime(), dt.datetime(2024, 1, 1), dt.datetime(2024, 1, 1), True),
        (Sealed(9), "Aino", "Aino", True),
        (Integer(), None, 0, False),
    ],
)
@pytest.mark.parametrize("dialect", [SQLITE, POSTGRESQL])
def test_values_are_compared_as_they_are_written(
    type_: Any, one: Any, other: Any, expected: bool, dialect: Any
) -> None:
    """Two values of the host are the same when the column would hold the same."""
    assert same(Column("c", type_), one, other, dialect) is expected


def test_an_enumeration_is_compared_by_its_name() -> None:
    """A constant may be written as the name of a member that the host reads as an object."""

    class Sex(enum.Enum):
        x = 0
        f = 1

    column: Column[Any] = Column("sex", Enum(Sex))
    assert same(column, Sex.x, "x", SQLITE)
    assert not same(column, Sex.f, "x", SQLITE)


@pytest.mark.parametrize(
    ("rule", "column", "value", "expected"),
    [
        (null, NAME, None, True),
        (Constant(None), NAME, None, True),
        (Constant(None), NAME, "Aino", False),
        (redact, NAME, "[erased]", True),
        (redact, NAME, None, False),
        (redact, SECRET, "]desare[", False),
        (File("f", redact), NAME, "[erased]", True),
        (Constant("x"), NAME, "x", True),
        (Constant("x"), NAME, "y", False),
        (Constant(1), Column("beds", Integer), 1, True),
        (Constant(1), Column("beds", Integer), "1", True),
        (Constant(1), Column("beds", Integer), 2, False),
        (Constant(1), Column("beds", Numeric), "1.00", False),
        (Computed(str.upper), NAME, "AINO", False),
    ],
)
def test_a_cell_that_surely_holds_what_would_be_written(
    rule: Rule, column: Column[Any], value: Any, expected: bool
) -> None:
    """A plan counts no row in which nothing would change, and every one of which nobody knows."""
    assert holds(rule, column, now(value), 80) is expected
