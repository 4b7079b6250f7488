"""What a type says of its values, by whichever SQLAlchemy."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import JSON, Date, Integer, LargeBinary, String
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.types import TypeDecorator, TypeEngine, UserDefinedType

from flask_guesterase.store.statements.sql import host_values, python_type


class Plate(UserDefinedType[Any]):
    """A type that says nothing of its values."""

    def get_col_spec(self) -> str:
        return "plate"


class Papers(TypeDecorator[Any]):
    """A document in the host's own way."""

    impl = JSON
    cache_ok = True


@pytest.mark.parametrize(
    ("type_", "kind"),
    [
        (JSON(), dict), (JSONB(), dict), (Papers(), str), (Plate(), str), (String(), str),
        (Integer(), int), (LargeBinary(), bytes),
    ],
)  # fmt: skip
def test_the_class_of_values(type_: TypeEngine[Any], kind: type) -> None:
    """SQLAlchemy 2.1 says of documents, and of types that do not say, that they are objects."""
    assert python_type(type_) is kind


def test_a_text_is_a_value_of_a_type_that_does_not_say() -> None:
    """Rows are looked for by it; a day that is none is left out."""
    assert host_values(Plate(), ["L-AB 1"]) == ["L-AB 1"]
    assert host_values(Date(), ["L-AB 1"]) == []
