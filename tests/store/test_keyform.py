"""Which keys are of another form than a table's, told by the database and by us alike."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import select

from flask_guesterase.core.plan import Key, key_text
from flask_guesterase.store import tables
from flask_guesterase.store.erasing.keyform import misfit
from flask_guesterase.store.erasing.people import words
from tests.store import kept
from tests.store.hotel import Hotel

KEYS: list[Key] = [
    (1,), ("1",), ("a|int:1",), ("a\\|int:1",), ("\\",), ("|",), ("a\\\\", 1), ("|\\|", 2),
    (1, "a"), ("a", 1, 2), ("int:1|str:a",), (1, "\\|int:3"), ("100%_", 1),
]  # fmt: skip
"""Keys with what divides parts in them, and what escapes it."""


@pytest.mark.parametrize("form", [("int",), ("str",), ("str", "int"), ("int", ""), ("", "int")])
def test_the_database_tells_keys_of_another_form(
    database_url: str, tmp_path: Path, form: tuple[str, ...]
) -> None:
    """However a key is written, its parts are counted, and their types compared, alike."""
    hotel = Hotel(database_url, tmp_path)
    for key in KEYS:
        kept.note(hotel.engine, "bookings", key_text(key), "[]")
    column = tables.kept.c.row_key
    with hotel.engine.connect() as conn:
        found = set(conn.execute(select(column).where(misfit(column, form))).scalars())
    hotel.engine.dispose()
    assert found == {
        text for text in map(key_text, KEYS)
        if len(words(text)) != len(form)
        or any(mine and mine != word for mine, word in zip(form, words(text), strict=True))
    }  # fmt: skip
