"""What the hotel still needs somebody for: found by owner, by property's day, and by need."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import (
    TIMESTAMP,
    Column,
    DateTime,
    Integer,
    MetaData,
    String,
    Table,
    column,
    insert,
    update,
)

from flask_guesterase.core.errors import PolicyError
from flask_guesterase.core.finding import Finding
from flask_guesterase.core.plan import Row
from flask_guesterase.core.policy import Blocker, Policy, Subject
from flask_guesterase.core.treatment import delete, keep, null, placeholder
from flask_guesterase.store import tables
from flask_guesterase.store.lawbook import preconditions
from flask_guesterase.store.lawbook.blockers import blocks, label_of, needed_of, today_at
from flask_guesterase.store.mapping.datamap import resolve
from tests.kinds import Case, Cases
from tests.store.house import (
    COOLING,
    IN_HOUSE,
    OWING,
    Base,
    Bill,
    House,
    Line,
    Stay,
    policies,
)

CASES = Cases()


def names(house: House, *people: int) -> list[str]:
    """Return the names of what stands in these people's way."""
    return sorted(found.name for found in house.standing(*people))


def test_who_stays_is_blocked_until_the_day_of_departure(any_house: House) -> None:
    """Booker and lodgers alike, each stay with its key, its property and its end."""
    any_house.person(1)
    any_house.person(2, "bea")
    any_house.person(3, "cem")
    any_house.stay(7, 1, 1, 2)
    (found,) = any_house.standing(2)
    assert (found.name, found.table, found.key, found.label) == ("in-house", "stays", (7,), "7")
    assert (found.property, found.until) == ("sh", date(2026, 3, 12))
    assert found.people == {("people", (2,))}
    assert names(any_house, 1, 2) == ["in-house"]
    assert names(any_house, 3) == []
    any_house.set(Stay, 7, status="out", leaves=date(2026, 3, 1))
    assert names(any_house, 1, 2) == []


def test_only_owners_by_the_named_paths_wait(any_house: House) -> None:
    """Who only stays under a booking need not wait for its bill."""
    any_house.person(1)
    any_house.person(2, "bea")
    any_house.stay(7, 1, 1, 2, status="out", days=-9)
    any_house.add(Bill, id=4, stay_id=7, owed=120, text="bar")
    assert names(any_house, 1) == ["open-folio"]
    assert names(any_house, 2) == []
    any_house.set(Bill, 4, owed=0)
    assert names(any_house, 1) == []


def test_the_day_is_the_day_at_the_property(any_house: House) -> None:
    """At 23 o'clock UTC it is tomorrow in Shanghai and today in Berlin."""
    any_house.now = datetime(2026, 3, 10, 22, 30, tzinfo=UTC)
    any_house.person(1)
    any_house.person(2, "bea", at="mu")
    any_house.stay(1, 1, status="booked", days=0, at="sh")
    any_house.stay(2, 2, status="booked", days=0, at="mu")
    assert names(any_house, 1) == []
    assert names(any_house, 2) == ["future-stay"]


def test_of_a_row_that_nobody_can_place_the_earliest_day_counts(house: House) -> None:
    """It has not ended as long as it is still yesterday at one of the hotels."""
    noon = datetime(2026, 3, 12, 2, tzinfo=UTC)
    zones = {"sh": "Asia/Shanghai", "la": "America/Los_Angeles"}
    one = house.settings.properties["sh"]
    hotels = {code: replace(one, code=code, zone=zone) for code, zone in zones.items()}
    settings = replace(house.settings, properties=hotels)
    days = [today_at(settings, noon, code) for code in ("sh", "la", "", "gone")]
    assert days == [date(2026, 3, 12), *[date(2026, 3, 11)] * 3]


def test_a_day_is_told_only_where_all_that_is_waited_for_has_one(house: House) -> None:
    """The last of them; with one of which nobody knows the end, none."""
    house.person(1)
    house.stay(7, 1)
    house.stay(8, 1)
    house.set(Stay, 8, leaves=date(2026, 3, 20))
    found = house.standing(1)
    assert [block.until for block in blocks(found)] == ["2026-03-20"]
    [block] = blocks([replace(each, until=None) if each.key == (7,) else each for each in found])
    assert (block.rows, block.until) == (2, "")


def test_a_row_without_a_property_of_its_own_is_at_its_owners(house: House) -> None:
    """Bills carry no property: the booker's counts, and staff read it."""
    house.person(1, at="mu")
    house.stay(7, 1, status="out", days=-9, at="mu")
    house.add(Bill, id=4, stay_id=7, owed=1)
    (block,) = blocks(house.standing(1))
    assert block.detail == "4 (mu)"
    assert (block.reason, block.table, block.rows, block.until) == ("open-folio", "bills", 1, "")


def test_staff_read_which_rows_at_which_property_and_until_when(house: House) -> None:
    """One line per blocker and property, with keys and days and nobody's name."""
    house.person(1)
    for number in range(1, 9):
        house.stay(number, 1, status="booked", days=number, at="mu" if number == 8 else "sh")
    lines = {block.detail: block.until for block in blocks(house.standing(1))}
    assert lines == {
        "1, 2, 3, 4, 5 +2 (sh)": "2026-03-17",
        "8 (mu)": "2026-03-18",
    }


def test_days_after_check_out_are_waited_for(any_house: House) -> None:
    """A cooling time ends some days after a date in the row."""
    any_house.person(1)
    any_house.stay(7, 1, status="out", days=0)
    (found,) = any_house.standing(1)
    assert (found.name, found.until) == ("cooling", date(2026, 3, 12))
    any_house.later(days=2)
    assert any_house.standing(1) == []


@pytest.mark.parametrize("told", [False, True], ids=["untold", "told"])
def test_a_moment_that_mariadb_keeps_ends_on_the_propertys_day(
    mariadb_url: str, tmp_path: Path, told: bool
) -> None:
    """The host's sessions and its policy are in Shanghai, ours in UTC: one in the morning there is
    the day before here, and the guest is told until which day they wait."""
    house = House(mariadb_url, tmp_path)
    house.person(1)
    house.stay(7, 1)
    with house.engine.begin() as conn:
        conn.exec_driver_sql("ALTER TABLE stays ADD COLUMN kept_at TIMESTAMP NULL")
        conn.exec_driver_sql("SET time_zone = '+08:00'")
        conn.exec_driver_sql("UPDATE stays SET kept_at = '2026-03-12 01:00:00'")
    kept_at: Column[Any] = column("kept_at", TIMESTAMP() if told else DateTime())
    end = Blocker("in-house", "stays", IN_HOUSE.where, until=lambda _: kept_at)
    declared = [
        (model, replace(policy, zone="Asia/Shanghai") if model is Stay else policy)
        for model, policy in policies()
    ]
    known = list(Base.metadata.tables.values()), list(Base.registry.mappers)
    house.datamap, house.blockers = resolve(declared, *known), (end,)
    (found,) = house.standing(1)
    house.engine.dispose()
    assert found.until == date(2026, 3, 12)


def test_what_needs_a_part_blocks_nothing_else(any_house: House) -> None:
    """Of the blocker's own table the row that blocks is needed, no other."""
    any_house.person(1)
    any_house.add(Line, id=1, person_id=1, name="ann berg", remark="late", sent=None)
    any_house.add(
        Line, id=2, person_id=1, name="ann berg", remark="late", sent=datetime(2026, 3, 1)
    )
    found = any_house.standing(1)
    owners = frozenset({(("people", (1,)), 0)})
    assert blocks(found) == ()
    assert needed_of(found, "register_lines", Row((1,), owners)) == {"name": "unreported"}
    assert needed_of(found, "register_lines", Row((2,), owners)) == {}
    assert needed_of(found, "people", Row((1,), owners)) == {}


def test_what_needs_columns_of_other_tables_needs_those_people(house: House) -> None:
    """A bill that needs the address: of the booker, not of the others in the plan."""
    needing = Blocker(
        "billing", "bills", OWING.where, needs={"people": ["email"]}, by=["stay.booker"]
    )
    house.blockers = (needing,)
    house.person(1)
    house.person(2, "bea")
    house.stay(7, 1, 1, 2, status="out", days=-9)
    house.add(Bill, id=4, stay_id=7, owed=120)
    found = house.standing(1, 2)
    for id_, expected in ((1, {"email": "billing"}), (2, {})):
        row = Row((id_,), frozenset({(("people", (id_,)), 0)}))
        assert needed_of(found, "people", row) == expected


@pytest.mark.parametrize(
    ("kind", "state", "waits"),
    [
        ("copy", "review", True),
        ("correction", "received", True),
        ("erasure", "complaint", True),
        ("copy", "refused", False),
        ("erasure", "review", False),
        ("advertising", "review", False),
    ],
)
def test_an_open_request_for_a_copy_or_a_complaint_is_waited_for(
    house: House, kind: str, state: str, waits: bool
) -> None:
    """No host declares this: what is not there any more cannot be copied or corrected."""
    house.person(1)
    house.person(2, "bea")
    number = house.file(email="ann@example.com")
    request = tables.request
    with house.engine.begin() as conn:
        conn.execute(
            update(request).where(request.c.number == number).values(kind=kind, state=state)
        )
    found = house.standing(1)
    assert [(f.name, f.label, f.property) for f in found] == (
        [("open-request", number, "sh")] if waits else []
    )
    assert house.standing(2) == []


@pytest.mark.parametrize("erasure", [None, "R-1"])
def test_a_copy_that_was_asked_for_with_the_erasure_goes_before_it(
    house: House, erasure: str | None
) -> None:
    """Anybody can send a form for a copy, which alone keeps nothing waiting."""
    house.person(1)
    number = house.file(email="ann@example.com")
    request, copy = tables.request, tables.copy
    told = {"kind": "copy", "state": "received", "channel": "form"}
    with house.engine.begin() as conn:
        conn.execute(update(request).where(request.c.number == number).values(told))
        conn.execute(insert(copy).values(request=number, erasure=erasure, fetches=0))
    assert [found.label for found in house.standing(1)] == ([number] if erasure else [])


@pytest.mark.parametrize(("column_", "said"), [("arrives", "2026-03-09"), ("wish", "7"), ("", "7")])
def test_staff_read_a_row_as_the_hotel_calls_it(
    any_house: House, column_: str, said: str
) -> None:
    """By the column that was named, with a day of its end and without; never by what goes."""
    any_house.person(1)
    any_house.stay(7, 1)
    for until in (None, IN_HOUSE.until):
        calling = replace(IN_HOUSE, until=until, shown=column_)
        any_house.blockers = (calling,)
        (block,) = blocks(any_house.standing(1))
        assert (block.detail, bool(block.until)) == (f"{said} (sh)", until is not None)


def test_a_row_that_the_hotel_calls_nothing_yet_is_read_by_its_key(house: House) -> None:
    """A booking that came in without a number blocks as well, and somebody must find it."""
    house.person(1)
    house.stay(7, 1, status="")
    house.blockers = (Blocker("new", "stays", lambda s, _: s.c.status == "", shown="status"),)
    (block,) = blocks(house.standing(1))
    assert block.detail == "7 (sh)"


def test_a_key_that_is_a_persons_own_is_not_shown(house: House) -> None:
    """Text keys are shown only when the policy keeps them."""
    metadata = MetaData()
    Table("cards", metadata, Column("mail", String(80), primary_key=True), Column("no", String(9)))
    for rule, shown in ((placeholder, ""), (keep("a random number"), "B7")):
        card = Policy({"mail": rule, "no": null}, subject=Subject(match=["no"]))
        declared = resolve([("cards", card)], metadata.tables.values(), ()).declared("cards")
        assert label_of(declared, ("B7",)) == shown
    assert label_of(house.datamap.declared("lodgers"), (7, 12)) == "7/12"


def test_names_are_short_words_and_unlike(house: House) -> None:
    """A name that is no word, or means something else, is refused when it is declared."""
    for name in ("In House", "x" * 31, "grace", "open-request", ""):
        with pytest.raises(PolicyError):
            preconditions.check_name(Blocker(name, "stays", IN_HOUSE.where), [])
    with pytest.raises(PolicyError):
        preconditions.check_name(IN_HOUSE, [COOLING, IN_HOUSE])
    preconditions.check_name(IN_HOUSE, [COOLING])


def unknown(wrong: bool, **changes: Any) -> list[Finding]:
    """Return what is found about a blocker that is right but for these changes."""
    values: dict[str, Any] = {"name": "x-y", "on": "stays", "where": IN_HOUSE.where}
    values |= changes if wrong else {}
    tables_ = Base.metadata.tables.values()
    datamap = resolve(policies(), tables_, list(Base.registry.mappers))
    return preconditions.findings(datamap, [Blocker(**values)])


@CASES.of("blocker-unknown")
def table_nobody_declared(wrong: bool) -> list[Finding]:
    return unknown(wrong, on="stay")


@CASES.of("blocker-unknown")
def column_that_is_not_there(wrong: bool) -> list[Finding]:
    return unknown(wrong, where=lambda stays, today: stays.c.state == "in")


@CASES.of("blocker-unknown")
def end_that_is_not_there(wrong: bool) -> list[Finding]:
    return unknown(wrong, until=lambda stays: stays.c.departure)


@CASES.of("blocker-unknown")
def path_that_is_not_there(wrong: bool) -> list[Finding]:
    return unknown(wrong, by=["booker", "guests"])


@CASES.of("blocker-unknown")
def needs_of_a_table_that_is_not_there(wrong: bool) -> list[Finding]:
    return unknown(wrong, needs={"bill": ["text"]})


@CASES.of("blocker-unknown")
def needs_of_a_column_that_is_not_there(wrong: bool) -> list[Finding]:
    return unknown(wrong, needs={"bills": ["txt"]})


@CASES.of("blocker-unknown")
def what_is_shown_is_not_there(wrong: bool) -> list[Finding]:
    return unknown(wrong, shown="no")


@CASES.of("blocker-unknown")
def what_is_shown_goes_with_the_guest(wrong: bool) -> list[Finding]:
    return unknown(wrong, shown="wish")


@CASES.of("blocker-all")
def needs_of_all_that_is_emptied(wrong: bool) -> list[Finding]:
    card = Table("cards", MetaData(), Column("id", Integer, primary_key=True),
                 Column("mail", String(80)), Column("no", String(9)))  # fmt: skip
    rules = {"mail": null} if wrong else {"mail": null, "no": null}
    policy = Policy(rules, subject=Subject(match=["mail"]), rows=delete)
    datamap = resolve([(card, policy)], [card], ())
    blocker = Blocker("x-y", "cards", lambda cards, today: cards.c.no == "1",
                      needs={"cards": ["mail"]})  # fmt: skip
    return preconditions.findings(datamap, [blocker])


@CASES.each()
def test_findings(case: Case) -> None:
    """Each kind is reported with its cure, and not of a host that is right."""
    case.check()
