"""Two of one name at one mailbox: a father's request takes nothing of his son's."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from tests.store.house import House, Person

FATHER, SON = date(1950, 1, 1), date(1985, 5, 5)
MAIL = "ann@example.com"


@pytest.fixture
def house(database_url: str, tmp_path: Path) -> Iterator[House]:
    """A hotel that knows when its guests were born, on each of the three engines in turn."""
    made = House(database_url, tmp_path)
    yield made
    made.engine.dispose()


def standings(house: House) -> dict[str, tuple[str, str]]:
    """Return row key -> what is thought of a subject row, and why."""
    return {row["row_key"]: (row["standing"], row["why"]) for row in house.ours("subject")}


def test_of_two_born_on_other_days_neither_is_taken(house: House) -> None:
    """Name and mailbox are both people's: who is meant a person looks up, by the form and at the
    desk alike."""
    house.person(1, born=FATHER)
    house.person(2, born=SON)
    house.ask(name="Ann Berg", email=MAIL)
    house.look()
    both = dict.fromkeys(("int:1", "int:2"), ("perhaps", "several-births"))
    assert standings(house) == both
    assert len(house.ours("outbox")) == 1
    number = house.file(email=MAIL)
    assert standings(house) == both
    with house.begin() as office:
        shown = office.preview(number, "officer").perhaps
    assert [each.hints for each in shown] == [(("birth", "1950"),), (("birth", "1985"),)]


def test_two_profiles_of_one_guest_are_taken(house: House) -> None:
    """The same day twice, or none, speaks against nobody."""
    house.person(1, born=FATHER)
    house.person(2, born=FATHER)
    house.person(3)
    house.ask(name="Ann Berg", email=MAIL)
    house.look()
    assert {standing for standing, _ in standings(house).values()} == {"taken"}


def test_a_day_of_birth_that_the_database_cannot_tell_keeps_no_request(house: House) -> None:
    """Who asks is heard although the host's migration renamed the column."""
    house.person(1, born=FATHER)
    house.person(2, born=SON)
    table = Person.__tablename__
    with house.engine.begin() as conn:
        conn.exec_driver_sql(f"ALTER TABLE {table} RENAME COLUMN born TO born_on")
    house.ask(name="Ann Berg", email=MAIL)
    house.look()
    assert len(standings(house)) == 2
