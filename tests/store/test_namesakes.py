"""Two of one name at one mailbox: a father's request takes nothing of his son's."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import event

from flask_guesterase.store.incidents import noticing
from flask_guesterase.store.incidents.affected import Asked
from tests.store.hotel import Hotel
from tests.store.house import House, Person
from tests.store.test_affected import UNREAD
from tests.store.watched import Watch

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
    """The same day twice, none, or one that only stands for none, speaks against nobody."""
    house.person(1, born=FATHER)
    house.person(2, born=FATHER)
    house.person(3)
    house.person(4, born=date(1900, 1, 1))
    house.person(5, born=date(9999, 12, 31))
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


def test_a_day_of_birth_that_nobody_can_read_keeps_no_request(house: House) -> None:
    """What no calendar has tells nobody apart, by the form and at the desk alike."""
    house.person(1, born=FATHER)
    house.person(2, born=SON)
    kind = house.engine.dialect.name
    with house.engine.begin() as conn:
        if kind == "mariadb":
            conn.exec_driver_sql("SET SESSION sql_mode = ''")
        conn.exec_driver_sql(f"UPDATE people SET born = '{UNREAD[kind]}' WHERE id = 2")
    house.ask(name="Ann Berg", email=MAIL)
    house.look()
    both = dict.fromkeys(("int:1", "int:2"), ("taken", "carries-all-given"))
    assert standings(house) == both
    house.file(email=MAIL)
    assert standings(house) == both


def test_a_hotel_that_knows_no_birth_asks_its_database_nothing_more(
    sqlite_url: str, tmp_path: Path
) -> None:
    """Two rows of one guest cost the statements that one costs."""
    hotel = Hotel(sqlite_url, tmp_path)
    for id, name in enumerate(("max", "ann", "bea", "bea"), 1):
        hotel.guest(id, name=name, email=f"{name}@example.com")
    said: list[str] = []
    event.listen(hotel.engine, "before_cursor_execute", lambda c, r, text, *rest: said.append(text))
    costs = []
    for name in ("max", "ann", "bea"):
        hotel.ask(email=f"{name}@example.com")
        said.clear()
        hotel.look()
        costs.append(len(said))
    assert len(hotel.ours("subject")) == 4
    assert costs[1] == costs[2]
    hotel.engine.dispose()


def decided(house: House, number: str) -> None:
    """Let a clerk say that a request is the father's and not the son's."""
    with house.begin() as office:
        office.confirm(number, "clerk", "desk")
    with house.begin() as office:
        father, son = office.preview(number, "officer").perhaps
        office.take(number, father.id, "clerk")
        office.leave(number, son.id, "clerk")


@pytest.mark.parametrize("channel", ["form", "desk"])
def test_a_request_that_was_said_to_be_the_fathers_takes_in_none_of_the_sons(
    house: House, channel: str
) -> None:
    """He who asks while it is open is heard himself; who asks twice before a person has looked is
    heard once."""
    house.person(1, born=FATHER)
    house.person(2, born=SON)
    number = house.file(email=MAIL)
    assert house.file(email=MAIL) == number
    decided(house, number)
    for _ in range(2):
        if channel == "form":
            house.ask(name="Ann Berg", email=MAIL)
            house.look()
        else:
            house.file(email=MAIL)
    (first, second) = house.ours("request")
    assert (first["number"], second["state"]) == (number, "received")
    rows = [(row["row_key"], row["standing"]) for row in house.ours("subject")
            if row["request"] == second["number"]]  # fmt: skip
    assert rows == [("int:1", "perhaps"), ("int:2", "perhaps")]


class Kin(House, Watch):
    """The same hotel, with people who deal with incidents."""


@pytest.fixture
def kin(sqlite_url: str, tmp_path: Path) -> Iterator[Kin]:
    """A hotel from which something leaked."""
    made = Kin(sqlite_url, tmp_path)
    made.place("DE")
    yield made
    made.engine.dispose()


def test_of_an_incident_both_are_told(kin: Kin) -> None:
    """Whoever of them reads the letter, it is about what was lost of them: none goes untold since
    nobody knows which of the two a mailbox is."""
    kin.person(1, born=FATHER)
    kin.person(2, born=SON)
    number = kin.report(happened=kin.now)
    with kin.begin() as office:
        office.measure_incident(number, Asked(), "officer")
        office.propose_notice(number, "EU/guests", "Seen.", "officer")
    kin.classify(number, "risk-high")
    digest = kin.digest(number)
    with kin.begin() as office:
        office.let_notice_go(number, "EU/guests", "second", digest)
    noticing.push_all(kin.run)
    duty = next(d for d in kin.one(number)["duties"] if d["id"] == "EU/guests")
    assert (duty["told"], duty["untold"]) == (2, 0)
