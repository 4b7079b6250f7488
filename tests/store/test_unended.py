"""Records that are old enough to go, and of which no rule says when: they are on a list."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import Column, Date, Integer, MetaData, String, Table, insert, update

from flask_guesterase.core.period import Period
from flask_guesterase.core.policy import Equal, Policy
from flask_guesterase.core.treatment import keep, retain
from flask_guesterase.store.deciding.amendments import House
from flask_guesterase.store.executing import endless
from flask_guesterase.store.mapping.datamap import resolve
from flask_guesterase.store.retaining import keeping
from flask_guesterase.store.settings import Property
from flask_guesterase.store.sweeping import looking
from tests.store.forms import Form, Forms
from tests.store.hotel import Hotel
from tests.store.test_expiry import PEOPLE, Inn

OLD = date(2025, 3, 1)
"""A departure whose year is over."""


@pytest.fixture
def small(sqlite_url: str, tmp_path: Path) -> Iterator[Forms]:
    """The two hotels on SQLite."""
    made = Forms(sqlite_url, tmp_path)
    yield made
    made.engine.dispose()


@pytest.fixture
def house(database_url: str, tmp_path: Path) -> Iterator[Forms]:
    """Two German hotels on each of the three engines in turn."""
    made = Forms(database_url, tmp_path)
    yield made
    made.engine.dispose()


@pytest.fixture
def inn(sqlite_url: str, tmp_path: Path) -> Iterator[Inn]:
    """A hotel of which profiles end by a law of its country."""
    made = Inn(sqlite_url, tmp_path)
    yield made
    made.engine.dispose()


def form(house: Forms, id: int, nation: str, left: date = OLD, place: str = "mu") -> None:
    """Put a guest of some nation with a registration form in."""
    house.form(id, left, place)
    with house.engine.begin() as conn:
        conn.execute(update(Form).where(Form.id == id).values(nation=nation))


def listed(house: Forms | Hotel) -> dict[str, int]:
    """Return what somebody must find the end of -> how many rows."""
    found = [task for task in house.ours("task") if task["kind"] == endless.TASK]
    return {task["name"]: task["count"] for task in found if task["done_at"] is None}


def test_a_record_that_no_rule_is_about_waits_for_two_people(small: Forms) -> None:
    """The law wants forms of foreigners; a German's stays, is listed, and ends by the house."""
    house = small
    form(house, 1, "FR")
    form(house, 2, "DE")
    form(house, 3, "DE", date(2026, 2, 1))
    house.confirmed()
    assert house.names() == {1: None, 2: "Ada Roe", 3: "Ada Roe"}
    assert listed(house) == {"mu/forms/no-rule": 1}
    period = House("guest_register", ("departed",), "counsel, 2026-03", Period(years=1))
    number = house.run(lambda office: office.house_period("mu", period, "officer"))
    house.run(lambda office: office.confirm_house(number, "second"))
    for days, name in ((29, "Ada Roe"), (1, None)):
        house.later(days=days)
        house.confirmed()
        assert house.names()[2] == name
    assert listed(house) == {}


class Unread(Forms):
    """The two hotels before anybody signed a pack."""

    signs = ()


def test_what_a_draft_asks_nothing_of_stays_until_somebody_signs_it(
    database_url: str, tmp_path: Path
) -> None:
    """The draft wants forms of foreigners; a German's, who asks, goes by the text that is signed,
    and is listed as open until then."""
    house = Unread(database_url, tmp_path)
    form(house, 1, "DE")
    ask = {"email": "g1@mail.example"}
    number = house.run(lambda office: office.request(ask, property="mu", by="officer"))
    house.run(lambda office: office.confirm(number, "officer"))
    house.run(
        lambda office: office.approve(number, "second", office.preview(number, "second").digest)
    )
    house.confirmed()
    assert (house.names(), state(house, number)) == ({1: "Ada Roe"}, "sealed")
    assert listed(house) == {"mu/guest_register/draft": 1}
    house.sign("DE")
    house.later(days=1)
    house.confirmed()
    assert (house.names(), state(house, number)) == ({1: None}, "erased")
    house.engine.dispose()


def state(house: Forms, number: str) -> str:
    """Return the state of a request."""
    return str(house.run(lambda office: office.show(number)["state"]))


@pytest.mark.parametrize(("nation", "why"), [("DE", "no-rule"), ("", "unknown-fact")])
def test_rows_are_counted_at_their_hotel_before_any_look_and_by_one(
    house: Forms, monkeypatch: pytest.MonkeyPatch, nation: str, why: str
) -> None:
    """Whoever counts, and in however small steps, the same is on the list."""
    monkeypatch.setattr(looking, "STRIDE", 2)
    for id in range(1, 6):
        form(house, id, nation, place="mu" if id < 4 else "be")
    form(house, 6, "FR")
    expected = {f"mu/forms/{why}": 3, f"be/forms/{why}": 2}
    endless.remind(house.run)
    assert listed(house) == expected
    looking.look(house.run)
    endless.remind(house.run)
    assert listed(house) == expected
    with house.engine.begin() as conn:
        conn.execute(update(Form).values(nation="FR"))
    house.later(days=8)
    looking.look(house.run)
    endless.remind(house.run)
    assert listed(house) == {}


def test_a_row_that_holds_nothing_any_more_is_on_no_list(house: Forms) -> None:
    """There is nothing in it that could end."""
    form(house, 1, "DE")
    with house.engine.begin() as conn:
        conn.execute(update(Form).values(name=None))
    endless.remind(house.run)
    assert listed(house) == {}


def test_a_profile_that_ends_at_one_hotel_and_not_at_another(inn: Inn) -> None:
    """What ends by a law here has no end where nothing of the kind is law."""
    there = Property("au", "Gum", "Gum Ltd", "AU", "Australia/Sydney", "en")
    inn.settings = replace(
        inn.settings, properties={**inn.settings.properties, "au": there}
    )
    inn.person(1, date(2026, 1, 1), hotel="au", visa=None)
    inn.person(2, date(2022, 1, 1), hotel="au", visa=None)
    endless.remind(inn.run)
    assert listed(inn) == {"au/people/no-rule": 1}


@pytest.mark.parametrize(
    ("role", "why"), [("main", ""), ("other", "no-rule"), (None, "unknown-fact")]
)
def test_a_column_that_no_rule_is_about(inn: Inn, role: str | None, why: str) -> None:
    """Of two columns of a bill one has an end, and the other one has none."""
    inn.person(1, date(2026, 3, 1))
    inn.bill(1, one=1, letter="Dear Ann", role=role, dated=date(2023, 1, 1))
    endless.remind(inn.run)
    assert listed(inn) == ({f"sh/bills/{why}": 1} if why else {})


@pytest.mark.parametrize("dated", [date(2023, 1, 1), None])
def test_what_an_erasure_kept_is_on_the_list_once(inn: Inn, dated: date | None) -> None:
    """Not under its category, as the erasure says, and under its table, as the look does."""
    inn.person(1, date(2022, 3, 1))
    inn.bill(1, one=1, letter="Dear Ann", role=None, dated=dated)
    inn.bill(2, letter="Dear Bob", role=None, dated=dated)
    assert inn.erased(inn.approved(email="p1@mail.example")) == "sealed"
    (kept,) = [row for row in inn.ours("kept") if row["category"] == "correspondence"]
    assert (kept["mode"], kept["until"]) == ("place", None)
    expected = {f"sh/correspondence/{why}": 1 for why in kept["open"].split(",")}
    for _ in range(2):
        endless.remind(inn.run)
        found = listed(inn)
        assert {name: found.get(name) for name in expected} == expected
        # The other one, which nobody asked to erase.
        assert [found[name] for name in found if name.startswith("sh/bills/")] == [1]
        looking.look(inn.run)


def test_what_an_erasure_kept_that_was_taken_back_is_on_the_list_of_its_table(inn: Inn) -> None:
    """Then nothing is kept of it, and it has no end all the same."""
    inn.person(1, date(2022, 3, 1))
    inn.bill(1, one=1, letter="Dear Ann", role=None, dated=date(2023, 1, 1))
    assert inn.erased(inn.approved(email="p1@mail.example")) == "sealed"
    ids = [row["id"] for row in inn.ours("kept")]
    inn.run(lambda office: keeping.end(office.work, ids, back=True))
    endless.remind(inn.run)
    assert listed(inn) == {"sh/bills/unknown-fact": 1}


@pytest.mark.parametrize(("dated", "count"), [(None, 1), (date(2023, 1, 1), 0)])
def test_a_date_that_is_missing_beside_another_one(
    inn: Inn, dated: date | None, count: int
) -> None:
    """A receipt was sent long ago, and the law counts from its own date, which is missing (P3)."""
    metadata = MetaData()
    people = PEOPLE.to_metadata(metadata)
    receipts = Table(
        "receipts", metadata,
        *(Column(name, Integer, primary_key=name == "id") for name in ("id", "guest")),
        Column("payer", String(80)), Column("note", String(80)),
        Column("dated", Date), Column("sent", Date),
    )  # fmt: skip
    inn.datamap = resolve(
        [
            (people, inn.datamap.tables["people"].policy),
            (receipts, Policy(
                {
                    "payer": retain("invoice_accounting"), "note": retain("guest_register"),
                    "dated": keep("books"), "sent": keep("books"),
                },
                via=Equal({"guest": "id"}, to="people"),
                clock={"document": "dated", "last_activity": "sent"},
            )),
        ],
        [*metadata.tables.values()], [],
    )  # fmt: skip
    inn.person(1, date(2026, 3, 1))
    with inn.engine.begin() as conn:
        receipts.create(conn)
        conn.execute(insert(receipts).values(
            id=1, guest=1, payer="Ann Berg", note="late", dated=dated, sent=date(2024, 1, 1)
        ))  # fmt: skip
    for _ in range(2):
        endless.remind(inn.run)
        assert listed(inn) == ({"sh/receipts/no-clock": 1} if count else {})
        looking.look(inn.run)
