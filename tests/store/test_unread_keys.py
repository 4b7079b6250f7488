"""Keys of a host's own type, of which one cannot be read just now: it keeps no other waiting."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Integer, TypeDecorator, insert

from flask_guesterase.core.errors import UnknownError
from flask_guesterase.store import tables
from flask_guesterase.store.comeback import sightings
from flask_guesterase.store.erasing import people
from tests.store.lodge import Booking, Guest, Lodge

BOOKINGS: Any = Booking.__table__
GUESTS: Any = Guest.__table__


@dataclass(frozen=True)
class Ref:
    """A host's own number."""

    number: int

    def __str__(self) -> str:
        return str(self.number)


class Sealed(TypeDecorator[Ref]):
    """A type whose key is not at hand for what another program wrote."""

    impl, cache_ok = Integer, True

    def process_bind_param(self, value: Any, dialect: Any) -> int | None:
        return value.number if isinstance(value, Ref) else value

    def process_result_value(self, value: int | None, dialect: Any) -> Ref | None:
        if value == 66:
            raise ValueError("its key is not at hand")
        return None if value is None else Ref(value)


@pytest.fixture
def lodge(
    database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Lodge]:
    made = Lodge(database_url, tmp_path)
    made.stayed()
    made.add(Booking(id=66, guest_id=1, external_ref="OB-77066"))
    made.stayed(67, "OB-77067", full_name="Eva Roe", email="eva@mail.example", document_no="E 5")
    monkeypatch.setattr(BOOKINGS.c.id, "type", Sealed())
    yield made
    made.close()


def noted(lodge: Lodge, key: str, state: str, table: str = "lodge_bookings") -> None:
    """Write down a row that was seen, as the guard does."""
    with lodge.engine.begin() as conn:
        conn.execute(insert(tables.returned).values(
            controller="pine-ltd", property="sh", table_name=table, row_key=key,
            why="erased-reference", door="flush", state=state, attempts=0,
            seen_at=lodge.now.replace(tzinfo=None),
        ))  # fmt: skip


def test_a_key_is_found_past_one_that_nobody_can_read(lodge: Lodge) -> None:
    """Of one that is not among those that can be read nobody says that it is not there."""
    found = lodge.run(lambda office: people.read_key(office.work, "lodge_bookings", "Ref:67"))
    assert found == (Ref(67),)
    for key in ("Ref:66", "Ref:9"):
        with pytest.raises(ValueError, match="not at hand"):
            lodge.run(lambda office, key=key: people.read_key(office.work, "lodge_bookings", key))
    with lodge.engine.begin() as conn:
        conn.execute(BOOKINGS.delete().where(BOOKINGS.c.external_ref == "OB-77066"))
    with pytest.raises(UnknownError):
        lodge.run(lambda office: people.read_key(office.work, "lodge_bookings", "Ref:66"))


def test_a_row_that_nobody_can_name_ends_no_look_at_the_others(lodge: Lodge) -> None:
    """It stays with staff until it can be read; the others are done with."""
    noted(lodge, "Ref:66", "staff")
    noted(lodge, "Ref:67", "staff")
    assert lodge.run(lambda office: sightings.look_again(office.work)) == 1
    assert [(key, state) for _, key, _, state in lodge.returns()] == [
        ("Ref:66", "staff"), ("Ref:67", "gone"),
    ]  # fmt: skip


def test_a_row_that_was_seen_and_that_nobody_can_name_is_laid_before_staff(lodge: Lodge) -> None:
    """Nothing is forgotten of it, and what was seen with it is judged."""
    noted(lodge, "Ref:66", "seen")
    noted(lodge, "Ref:67", "seen")
    assert lodge.worker() == {"staff": 1}
    assert [(key, state) for _, key, _, state in lodge.returns()] == [("Ref:66", "staff")]


def test_staff_read_the_list_with_a_profile_that_nobody_can_name(
    lodge: Lodge, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It stands there without the guest's name, the others with theirs."""
    lodge.add(Guest(id=66, house="sh", full_name="Ida Moe"))
    monkeypatch.setattr(GUESTS.c.id, "type", Sealed())
    for key in ("Ref:66", "Ref:67"):
        noted(lodge, key, "staff", "lodgers_")
    rows = lodge.run(lambda office: office.returns("clerk"))
    assert [(row["key"], row["name"]) for row in rows] == [("Ref:66", ""), ("Ref:67", "Eva Roe")]
