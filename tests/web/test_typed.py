"""A number as people type it means the request all the way, not only at the first door."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.store.hotel import Scan
from tests.web.apihouse import Program, opened, token
from tests.web.house import CANARY, House
from tests.web.test_cli import Console

DESK = "/desk/privacy"


def by_command(house: House, number: str) -> None:
    """Carry a request out at a console."""
    Console(house.app).json("erase", number)


def by_program(house: House, number: str) -> None:
    """Carry a request out over the API."""
    answer = Program(house, token(house, "officer")).post(f"/requests/{number}/erase")
    assert answer.status_code == 200, answer.text


def by_button(house: House, number: str) -> None:
    """Carry a request out on its page."""
    answer = house.browser("officer").post(f"{DESK}/{number}/erase")
    assert answer.status_code == 303, answer.text


@pytest.fixture
def typed(database_url: str, tmp_path: Path) -> Iterator[House]:
    """A house with guests and the API, on each of the three engines in turn."""
    yield from _inhabited(database_url, tmp_path)


@pytest.fixture
def viewed(postgresql_url: str, tmp_path: Path) -> Iterator[House]:
    """The same on PostgreSQL, which keeps stored views."""
    yield from _inhabited(postgresql_url, tmp_path)


def _inhabited(url: str, folder: Path) -> Iterator[House]:
    made = opened(House(url, folder))
    made.people()
    yield made
    made.session.remove()
    made.hotel.engine.dispose()


def scanned(house: House, key: int, match: dict[str, str]) -> tuple[str, Path]:
    """Approve a request of a guest who has a scan on disk; return its number and the file."""
    file = house.hotel.files / f"scan-{key}.png"
    file.write_bytes(b"a face")
    house.hotel.put(Scan, id=key, guest_id=key, path=file.name)
    with house.app.app_context(), house.extension.begin() as office:
        number = office.request(match, property="sh", by="clerk")
    house.approve(number)
    return number, file


def depth(house: House, number: str) -> Any:
    """Return how far an erasure reaches, as its request has it."""
    (row,) = [each for each in house.hotel.ours("request") if each["number"] == number]
    return json.loads(row["decisions"])["depth"]


@pytest.mark.parametrize("carry_out", [by_command, by_program, by_button])
def test_what_is_carried_out_in_small_letters_is_done_before_it_is_certified(
    typed: House, carry_out: Callable[[House, str], None]
) -> None:
    """The scan is gone, and it reaches as deep as under the number in capitals."""
    first, there = scanned(typed, 1, {"email": "ann@mail.example", "name": CANARY})
    second, here = scanned(typed, 2, {"email": "bea@mail.example"})
    carry_out(typed, first)
    assert not there.exists()
    carry_out(typed, f" {second.lower()}" if carry_out is by_command else second.lower())
    assert typed.state(second) == "erased"
    assert not here.exists()
    assert depth(typed, second) == depth(typed, first)


def test_whoever_looks_again_in_small_letters_sees_to_the_stored_view(viewed: House) -> None:
    """It could not be refreshed while somebody read it; afterwards nothing is left."""
    engine = viewed.hotel.engine
    with engine.begin() as conn:
        conn.exec_driver_sql("CREATE MATERIALIZED VIEW names AS SELECT name FROM guests")
    number, _ = scanned(viewed, 2, {"email": "bea@mail.example"})
    with engine.connect() as reader:
        reader.exec_driver_sql("SELECT name FROM names").all()
        Console(viewed.app).json("erase", number, code=1)
    assert viewed.state(number) == "partial"
    Console(viewed.app).json("residue", number.lower())
    assert viewed.state(number) == "erased"
