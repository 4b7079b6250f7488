"""The guest register at night: half of it sealed, shown to who asks, to nobody for longer."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import MetaData, delete, func, literal, select, update

from flask_guesterase.core.errors import (
    ForbiddenError,
    FourEyesError,
    InputError,
    KeyMissingError,
    TransitionError,
    UnknownError,
)
from flask_guesterase.core.policy import Register
from flask_guesterase.core.register import Asked, Basis
from flask_guesterase.core.treatment import keep, null, retain
from flask_guesterase.store import tables, worker
from flask_guesterase.store.boxes import shelf, vault
from flask_guesterase.store.keys.custodian import FolderCustodian
from flask_guesterase.store.mapping.datamap import resolve
from flask_guesterase.store.registers.register import Produced
from tests.store.night import GRANTS, GUEST, LINE, NIGHT, Line, Night


@pytest.fixture
def night(sqlite_url: str, tmp_path: Path) -> Iterator[Night]:
    """A hotel with an empty register on SQLite."""
    made = Night(sqlite_url, tmp_path)
    yield made
    made.engine.dispose()


@pytest.fixture
def any_night(database_url: str, tmp_path: Path) -> Iterator[Night]:
    """A hotel with an empty register on each of the three engines in turn."""
    made = Night(database_url, tmp_path)
    yield made
    made.engine.dispose()


SAN_DIEGO = """\
code = "US-CA-SanDiego"
name = "San Diego"
level = "region"
country = "US"
extends = ["US-CA"]
as_of = "2026"
review_by = 2027-03-31
id_copy = "none"
"""


def families(produced: Produced) -> list[str]:
    """Return the family names that were produced, in order."""
    return [line.name.split()[-1] for line in produced.lines]


def test_a_night_half_of_it_sealed_by_one_clerk(any_night: Night) -> None:
    """All lines of the night come out as they went in, in under a minute, and it is recorded."""
    night = any_night
    for id in range(1, 41):
        night.stay(id, room=str(id))
    night.stay(90, last=NIGHT - timedelta(days=1), first=NIGHT - timedelta(days=3))
    night.stay(91, hotel="mu", guest_id=2)
    night.stay(92, given=None, family="[erased]", nationality=None, passport=None)
    before = night.produce().table()
    night.seal(range(1, 41, 2))
    began = time.monotonic()
    produced = night.produce()
    assert time.monotonic() - began < 10
    assert produced.table() == before
    assert [line.room for line in produced.lines] == [str(n) for n in range(1, 41)]
    assert [line.sealed for line in produced.lines] == [n % 2 == 1 for n in range(1, 41)]
    line = produced.lines[0]
    assert (line.name, line.document) == ("Ann Zebrafinch1", "E00000001")
    assert (line.first_night, line.last_night) == (NIGHT.isoformat(), NIGHT.isoformat())
    assert (line.reported, line.more) == ("2026-03-09 15:30:00", {"nationality": "CN"})
    event = night.events[-1]
    assert (event.name, event.number) == ("register-produced", produced.number)
    assert event.counts == {"rows": 40, "sealed": 20, "unopened": 0}
    assert event.grounds == ("police-inspection",)
    assert event.actor.startswith("a")


def test_no_sealed_value_lies_anywhere_in_the_open(any_night: Night) -> None:
    """Neither the host's tables nor ours, nor the record of a disclosure, show who stayed."""
    night = any_night
    night.stay(1)
    assert "Zebrafinch1" in night.dump()
    night.seal([1])
    assert families(night.produce(name="Ann Zebrafinch1", document="E00000001")) == ["Zebrafinch1"]
    dump = night.dump()
    for secret in ("Zebrafinch1", "zebrafinch1", "E00000001", "10000000E", "PS-1234", "A-2026/7"):
        assert secret not in dump


@pytest.mark.parametrize("wrong", [NIGHT.replace(NIGHT.year + 1), date.max])
def test_a_night_that_is_still_to_come_is_not_produced(night: Night, wrong: date) -> None:
    """Nobody is handed an empty register, and none is recorded, for a year that was mistyped."""
    before = len(night.events)
    with pytest.raises(InputError, match="still to come"):
        night.produce(night=wrong)
    assert len(night.events) == before


@pytest.mark.parametrize(
    ("asked", "ids"),
    [
        ({"room": "102"}, [2, 3]),
        ({"room": " １０２ "}, [2, 3]),
        ({"name": "ann  ZEBRAFINCH3"}, [3]),
        ({"name": "Zebrafinch2, Ann"}, [2]),
        ({"document": "e-0000 0001"}, [1]),
        ({"document": "E00000001", "room": "102"}, []),
        ({"document": "E00000001", "name": "Ann Zebrafinch2"}, []),
        ({"night": None, "document": "E00000004"}, [4]),
        ({"night": None, "document": "E00000005"}, [5]),
        ({"night": None, "name": "Ann Zebrafinch4"}, [4]),
        ({"night": None, "name": "Ann Zebrafinch6"}, []),
        ({"night": date(2026, 3, 1)}, []),
        ({"night": date(2026, 3, 1), "until": date(2026, 3, 5)}, [4, 5]),
        ({"night": date(2026, 3, 5), "until": NIGHT, "room": "103"}, [4, 5]),
        ({"night": date(2026, 3, 6)}, [4, 5]),
        ({"night": date(2026, 3, 8)}, []),
        ({"night": date.min}, []),
    ],
)  # fmt: skip
def test_exactly_what_was_asked(night: Night, asked: dict[str, Any], ids: list[int]) -> None:
    """Night, room, name and document narrow the answer alike for living and sealed lines."""
    night.stay(1)
    night.stay(2, room="102")
    night.stay(3, room="102")
    days = {"first": date(2026, 3, 5), "last": date(2026, 3, 7)}
    night.stay(4, room="103", **days)
    night.stay(5, room="103", **days)
    night.stay(6, hotel="mu", guest_id=2)
    night.seal([2, 4, 6])
    assert families(night.produce(**asked)) == [f"Zebrafinch{id}" for id in ids]


def test_a_guest_without_a_first_night_was_there_on_the_last(any_night: Night) -> None:
    """What is known of it is produced, from the row as from its box, and no night besides."""
    any_night.stay(1, first=None, last=NIGHT)
    any_night.stay(2, first=None, last=None)
    for sealed in (False, True):
        if sealed:
            any_night.seal([1])
        assert families(any_night.produce()) == ["Zebrafinch1"]
        for days in (-1, 1):
            assert families(any_night.produce(night=NIGHT + timedelta(days=days))) == []


def test_a_guest_without_a_last_night_is_still_there(night: Night) -> None:
    """Who checked in and has no last night yet is in the register of every night since."""
    night.stay(1, first=date(2026, 3, 7), last=None)
    assert families(night.produce()) == ["Zebrafinch1"]
    assert families(night.produce(night=date(2026, 3, 6))) == []


@pytest.mark.parametrize(
    "asked",
    [
        {"night": None}, {"night": None, "room": "101"}, {"night": None, "name": " "},
        {"night": None, "document": "--"}, {"night": None, "until": NIGHT, "name": "Ann"},
        {"until": NIGHT + timedelta(days=31)}, {"until": NIGHT - timedelta(days=1)},
    ],
)  # fmt: skip
def test_nobody_gets_the_whole_register(night: Night, asked: dict[str, Any]) -> None:
    """A question about nobody and no night, or about more than 31 nights, produces nothing."""
    night.stay(1)
    with pytest.raises(InputError):
        night.produce(**asked)
    assert night.ours("disclosure") == []
    assert night.produce(until=NIGHT + timedelta(days=30)).lines


def test_who_asks_is_written_down(night: Night) -> None:
    """Without authority, officer and reference nothing is produced; they are sealed for years."""
    night.stay(1)
    produced = night.produce()
    row, = night.ours("disclosure")
    box, = (box for box in night.ours("box") if box["id"] == row["box"])
    assert (box["purpose"], box["last_day"]) == ("disclosure", "2029-03-11")
    told, = night.run(lambda office: office.disclosures("second"))
    assert told["asked"]["officer"] == "PS-1234"
    assert (told["number"], told["rows"], told["mine"]) == (produced.number, 1, False)
    with pytest.raises(InputError):
        night.run(lambda office: office.produce_register(
            replace(_question(), officer=" "), "clerk"
        ))  # fmt: skip


@pytest.mark.parametrize(
    ("zone", "last"),
    [("Asia/Shanghai", "2029-03-11"), ("Europe/Berlin", "2029-03-10"),
     ("America/Los_Angeles", "2029-03-11")],
)  # fmt: skip
def test_who_asked_is_known_to_the_end_of_the_last_day_at_the_property(
    night: Night, zone: str, last: str
) -> None:
    """At nine in the evening in London it is tomorrow in Shanghai; in California a day ends when it
    is tomorrow in London, until when the key of the box lives."""
    places = night.settings.properties
    here = replace(places["sh"], zone=zone)
    night.settings = replace(night.settings, properties={**places, "sh": here})
    night.now = datetime(2026, 3, 10, 21, tzinfo=UTC)
    night.produce()
    (row,) = night.ours("disclosure")
    ends = {box["id"]: box["last_day"] for box in night.ours("box")}
    assert ends[row["box"]] == last


def _question() -> Asked:
    return Asked("sh", "Police", "PS-1", "A-1", Basis.POLICE, NIGHT)


@pytest.mark.parametrize(
    ("by", "place"),
    [("officer", "sh"), ("auditor", "sh"), ("far", "sh"), ("clerk", "mu"), ("nobody", "sh")],
)
def test_only_who_may_at_this_property(night: Night, by: str, place: str) -> None:
    """Without the permission at this very property nothing is produced and nothing recorded."""
    night.stay(1)
    night.stay(2, hotel="mu", guest_id=2)
    with pytest.raises(ForbiddenError):
        night.produce(by=by, place=place)
    assert night.ours("disclosure") == []


@pytest.mark.parametrize(
    ("country", "region"),
    [("US", "US-CA"), ("US", "US-CA-LosAngeles"), ("US", "US-CA-Alhambra"),
     ("US", "US-CA-SanDiego"), ("US", "US-CA-Fresno"), ("CN", "US-CA-LosAngeles"),
     ("", "US-CA-LosAngeles"), ("", "US-CA")],
)  # fmt: skip
def test_in_california_only_its_officers_and_courts(
    night: Night, tmp_path: Path, country: str, region: str
) -> None:
    """Guest records go to nobody else without the order of a court, in none of its cities, those
    that an operator wrote down, or that no pack is of, included."""
    night.stay(1)
    own = tmp_path / "sandiego.toml"
    own.write_text(SAN_DIEGO, encoding="utf-8")
    night.region(country, region, own)
    for basis in (Basis.IMMIGRATION, Basis.TAX, Basis.PROSECUTOR):
        with pytest.raises(InputError):
            night.produce(basis=basis)
    assert night.produce(basis=Basis.COURT).lines
    assert night.produce(basis=Basis.POLICE).lines


def test_a_number_stands_only_for_what_it_was(any_night: Night) -> None:
    """Named again with another question or authority, by another, or later, it is another."""
    night = any_night
    night.stay(1)
    night.stay(2, room="102")
    asked = Asked("sh", "Police", "PS-1", "A-1", Basis.POLICE, NIGHT)

    def again(question: Asked = asked, by: str = "clerk") -> bool:
        with night.begin() as office:
            return office.produce_register(question, by, first.number).number == first.number

    with night.begin() as office:
        first = office.produce_register(asked, "clerk")
    assert again()
    for other in ({"authority": "Court"}, {"officer": "P2"}, {"reference": "A2"},
                  {"basis": Basis.COURT}, {"until": NIGHT}, {"room": "102"}):  # fmt: skip
        assert not again(replace(asked, **other))
    assert not again(by="second")
    night.later(minutes=6)
    assert not again()
    assert len(night.ours("disclosure")) == 1 + 6 + 2


def test_a_number_stands_for_no_line_that_came_in_meanwhile_and_for_no_other_house(
    night: Night, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An authority saw it, so there is a record of it; one that says nobody was there, of one
    hotel, says nothing of another."""
    monkeypatch.setitem(GRANTS, ("clerk", "mu"), GRANTS["clerk", "sh"])
    asked = Asked("sh", "Police", "PS-1", "A-1", Basis.POLICE, NIGHT)
    with night.begin() as office:
        first = office.produce_register(asked, "clerk").number
    for there in ("sh", "mu"):
        with night.begin() as office:
            given = office.produce_register(replace(asked, place=there), "clerk", first)
        assert (given.number == first, given.lines) == (there == "sh", ())
    night.stay(1)
    with night.begin() as office:
        given = office.produce_register(asked, "clerk", first)
    assert given.number != first
    made = [(row["number"], row["property"], row["rows"]) for row in night.ours("disclosure")]
    assert made[2:] == [(given.number, "sh", 1)]


def test_a_second_person_looks_at_it(any_night: Night) -> None:
    """Whoever produced it may not review it; another one does, once, in a word that is known."""
    night = any_night
    night.stay(1)
    number = night.produce().number

    def review(by: str, finding: str = "fine", which: str = number) -> None:
        night.run(lambda office: office.review_disclosure(which, by, finding))

    with pytest.raises(FourEyesError):
        review("clerk")
    for stranger in ("officer", "far", "nobody"):
        with pytest.raises(ForbiddenError):
            review(stranger)
    with pytest.raises(InputError):
        review("second", "nice")
    with pytest.raises(UnknownError):
        review("second", which="D-NOSUCH1")
    review("auditor", "excessive")
    assert (night.events[-1].name, night.events[-1].grounds) == (
        "disclosure-reviewed", ("excessive",)
    )  # fmt: skip
    with pytest.raises(TransitionError):
        review("second")
    assert night.ours("disclosure")[0]["finding"] == "excessive"


def test_disclosures_are_shown_where_one_may_review(
    night: Night, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Other hotels' are nobody's business here; what waits comes first, the newest before older."""
    night.stay(1)
    numbers = []
    for _ in range(3):
        numbers.append(night.produce(by="second").number)
        night.later(hours=1)
    first, second, third = numbers
    night.run(lambda office: office.review_disclosure(third, "clerk", "fine"))

    def told(by: str, property: str | None = None) -> list[str]:
        found = night.run(lambda office: office.disclosures(by, property))
        return [row["number"] for row in found]

    assert told("auditor") == [second, first, third]
    assert told("far") == []
    with pytest.raises(ForbiddenError):
        told("far", "sh")
    monkeypatch.setitem(GRANTS, ("far", "sh"), {"audit"})
    theirs = night.produce(by="far", place="mu").number
    assert told("far") == [theirs, second, first, third]
    assert (told("far", "mu"), told("far", "sh")) == ([theirs], [second, first, third])
    for nobody in ("officer", "nobody"):
        with pytest.raises(ForbiddenError):
            night.run(lambda office, who=nobody: office.disclosures(who))  # type: ignore[misc]


def test_what_nobody_reviews_in_a_day_is_told_once(night: Night) -> None:
    """After 24 hours the worker tells of it, and not again; what was reviewed is not told of."""
    night.stay(1)
    late = night.produce().number
    reviewed = night.produce().number
    night.run(lambda office: office.review_disclosure(reviewed, "second", "fine"))
    night.later(hours=24)
    night.run(lambda office: office.expire())
    assert [event.number for event in _overdue(night)] == []
    night.later(minutes=1)
    for _ in range(2):
        night.run(lambda office: office.expire())
    assert [event.number for event in _overdue(night)] == [late]
    next_ = night.produce().number
    told = {row["number"]: row["late"] for row in night.run(lambda o: o.disclosures("auditor"))}
    assert told == {late: True, reviewed: False, next_: False}
    night.later(hours=25)
    night.run(lambda office: office.expire())
    assert [event.number for event in _overdue(night)] == [late, next_]


def _overdue(night: Night) -> list[Any]:
    return [event for event in night.events if event.name == "disclosure-overdue"]


def test_the_day_after_nobody_can_open_it(any_night: Night) -> None:
    """After the last day the line is gone at once; when its key is gone nothing brings it back."""
    night = any_night
    night.stay(1)
    night.stay(2, room="102")
    box, = night.seal([1], last_day="2026-03-12")
    night.now = datetime.fromisoformat("2026-03-12T23:59:00+00:00")
    assert families(night.produce()) == ["Zebrafinch1", "Zebrafinch2"]
    with night.begin() as office:
        copy = vault.fetch(office.work.conn, [box])[0]
    night.later(minutes=1)
    assert families(night.produce()) == ["Zebrafinch2"]
    assert families(night.produce(night=None, name="Ann Zebrafinch1")) == []
    night.forget()
    assert families(night.produce()) == ["Zebrafinch2"]
    assert night.ours("shelf") == []
    with pytest.raises(KeyMissingError), night.begin() as office:
        vault.unseal(office.work.conn, night.custodian, [box])
    with night.begin() as office:
        office.work.conn.execute(
            update(tables.box)
            .where(tables.box.c.id == box)
            .values(wrapped=copy.wrapped, payload=copy.payload, forgotten_at=None)
        )
    with pytest.raises(KeyMissingError), night.begin() as office:
        vault.unseal(office.work.conn, night.custodian, [box])


def test_the_worker_clears_the_shelf(night: Night) -> None:
    """The worker that forgets a box takes its line off the shelf in the same round."""
    night.stay(1)
    night.seal([1], last_day="2026-03-12")
    rounds = 0
    while night.ours("shelf") and rounds < 10:
        report = worker.work(night.run, lambda *_: ("", ""), {})
        assert not report.problems
        night.later(hours=20)
        rounds += 1
    assert night.now.date() > date(2026, 3, 12)
    assert night.ours("shelf") == []
    assert night.ours("box")[0]["wrapped"] is None


def test_a_box_under_a_hold_is_found_until_its_day_and_not_longer(any_night: Night) -> None:
    """Marks move with the label; what only a hold still keeps is in no answer."""
    night = any_night
    night.stay(1)
    box, = night.seal([1], last_day="2026-03-12")
    with night.begin() as office:
        work = office.work
        vault.rewrap(work.conn, work.custodian, [box], "hold:h1")
        shelf.remark(work, [box])
    night.custodian.forget("day:2026-03-12")
    questions: tuple[dict[str, Any], ...] = (
        {}, {"night": None, "name": "Ann Zebrafinch1"}, {"night": None, "document": "E00000001"},
    )  # fmt: skip
    for asked in questions:
        assert families(night.produce(**asked)) == ["Zebrafinch1"]
    night.later(days=3)
    assert night.produce().lines == ()
    assert night.produce(night=None, document="E00000001").lines == ()
    with night.begin() as office:
        assert vault.unseal(office.work.conn, night.custodian, [box])


OTHER = NIGHT - timedelta(days=300)
ROWS: dict[str, Any] = {
    "row gone": delete(Line),
    "nights moved": update(Line).values(first=OTHER, last=OTHER),
    "room moved": update(Line).values(room="999"),
    "nothing said": update(Line).values(room="", last=None),
}
"""What a host makes of the rows whose lines are sealed."""


@pytest.mark.parametrize("made", [*ROWS])
def test_a_sealed_line_is_found_whatever_became_of_its_row(any_night: Night, made: str) -> None:
    """An authority that asks for the night, the room or the name gets the line, with the room and
    the nights it had when it was sealed; what its row says by now stands beside them."""
    night = any_night
    night.stay(1)
    night.seal([1])
    (before,) = night.produce().lines
    with night.engine.begin() as conn:
        conn.execute(ROWS[made])
    asked: dict[str, Any]
    for asked in (
        {}, {"room": "101"}, {"night": None, "name": "Ann Zebrafinch1"},
        {"night": None, "document": "E00000001"}, {"until": NIGHT + timedelta(days=3)},
    ):  # fmt: skip
        (line,) = night.produce(**asked).lines
        assert (line.room, line.first_night, line.last_night) == ("101", str(NIGHT), str(NIGHT))
        assert (line.name, line.document) == (before.name, before.document)
        said = {name: text for name, text in line.more.items() if "." in name}
        assert said == {
            "nights moved": {"registrations.first_night": str(OTHER),
                             "registrations.last_night": str(OTHER)},
            "room moved": {"registrations.room": "999"},
        }.get(made, {})  # fmt: skip
    assert night.events[-1].counts == {"rows": 1, "sealed": 1, "unopened": 0}
    assert night.produce(room="102").lines == ()
    assert night.produce(night=NIGHT - timedelta(days=1)).lines == ()


def test_who_has_the_row_of_a_sealed_line_by_now_is_a_guest_as_any_other(any_night: Night) -> None:
    """A key is given again: each of them is in the register of their own night, as they were."""
    night = any_night
    night.stay(1)
    night.seal([1])
    with night.engine.begin() as conn:
        conn.execute(delete(Line).where(Line.id == 1))
    other = NIGHT + timedelta(days=1)
    night.stay(1, first=other, last=other, family="Quill", passport="Q1")
    (line,) = night.produce().lines
    assert (line.sealed, line.document, line.first_night) == (True, "E00000001", str(NIGHT))
    assert not any("." in name for name in line.more)
    (line,) = night.produce(night=other).lines
    assert (line.sealed, line.document, line.first_night) == (False, "Q1", str(other))
    both = night.produce(until=other).lines
    assert sorted((line.document, line.sealed) for line in both) == [
        ("E00000001", True), ("Q1", False),
    ]  # fmt: skip


def test_a_departure_that_is_set_right_after_sealing_is_asked_for_too(any_night: Night) -> None:
    """Who left a day later than was sealed is in the register of that night, as the row says."""
    night = any_night
    night.stay(1, first=NIGHT - timedelta(days=1), last=NIGHT - timedelta(days=1))
    night.seal([1])
    with night.engine.begin() as conn:
        conn.execute(update(Line).values(last=NIGHT))
    (line,) = night.produce().lines
    assert line.last_night == str(NIGHT - timedelta(days=1))
    assert line.more["registrations.last_night"] == str(NIGHT)


def test_what_lies_in_the_box_itself_is_shown_whatever_the_shelf_says(night: Night) -> None:
    """Nobody can change a box unseen, and anybody who writes into the database a shelf."""
    night.declare(replace(LINE, columns={**LINE.columns, "last": retain("guest_register")}))
    night.stay(1)
    night.seal([1])
    with night.engine.begin() as conn:
        conn.execute(update(tables.shelf).values(last_night=str(NIGHT + timedelta(days=1))))
    (line,) = night.produce().lines
    assert line.last_night == str(NIGHT)
    assert [name for name in line.more if "." in name] == []


def test_marks_of_one_person_differ_from_day_to_day(night: Night) -> None:
    """Nobody who reads the shelf can tell that two lines of different days are one person's."""
    night.stay(1)
    night.stay(2, family="Zebrafinch1", passport="E00000001")
    night.seal([1], last_day="2026-03-12")
    night.seal([2], last_day="2026-03-13")
    rows = night.ours("shelf")
    assert len({row["name_mark"] for row in rows}) == 2
    assert len({row["document_mark"] for row in rows}) == 2
    assert len(night.produce(night=None, document="E00000001").lines) == 2


def test_a_box_that_does_not_open_is_told_of_and_hinders_nobody(night: Night) -> None:
    """One damaged box is counted, in the answer and in the journal; the others come out."""
    night.stay(1)
    night.stay(2, room="102")
    box, _ = night.seal([1, 2])
    _damage(night, box)
    produced = night.produce()
    assert families(produced) == ["Zebrafinch2"]
    assert produced.unopened == 1
    assert night.events[-1].counts == {"rows": 1, "sealed": 1, "unopened": 1}


@pytest.mark.parametrize("lost", [False, True], ids=["damaged", "away"])
def test_a_key_that_does_not_open_is_told_of_by_name_as_well(night: Night, lost: bool) -> None:
    """Who is asked for by name may be in a box that nobody can open: that is no empty answer,
    and it hinders no other."""
    for id, day in ((1, "2026-03-12"), (2, "2026-03-13")):
        night.stay(id, family="Zebrafinch")
        night.seal([id], day)
    asked: dict[str, Any] = {"name": "Ann Zebrafinch", "night": None}
    assert len(night.produce(**asked).lines) == 2
    key = night.custodian.path / "key-day-2026-03-12.json"
    if lost:
        key.unlink()
    else:
        key.write_bytes(b"")
    night.custodian = FolderCustodian(night.custodian.path)
    produced = night.produce(**asked)
    assert (len(produced.lines), produced.unopened) == (1, 1)
    assert night.produce(name="Ann Sparrow", night=None).unopened == 1


def test_a_line_of_which_a_part_stays_in_its_row_comes_out_once(night: Night) -> None:
    """What was sealed and what stayed in the host's row are one line again."""
    columns = {**LINE.columns, "passport": keep("the vendor says that it is no secret")}
    night.declare(replace(LINE, columns=columns))
    night.stay(1)
    night.seal([1])
    line, = night.produce().lines
    assert (line.name, line.document, line.sealed) == ("Ann Zebrafinch1", "E00000001", True)


def test_a_sealed_line_of_which_one_night_is_known(night: Night) -> None:
    """A line without a last night answers for its first one, as long as it lies in a box."""
    night.stay(1, first=NIGHT, last=None)
    night.seal([1])
    assert families(night.produce()) == ["Zebrafinch1"]
    assert families(night.produce(night=NIGHT + timedelta(days=1))) == []


def test_a_damaged_box_keeps_no_hold_from_the_others(night: Night) -> None:
    """Boxes that are put under a hold are marked anew, all but the one nobody can open."""
    night.stay(1)
    night.stay(2)
    ids = night.seal([1, 2])
    _damage(night, ids[0])
    with night.begin() as office:
        work = office.work
        vault.rewrap(work.conn, work.custodian, ids, "hold:h1")
        shelf.remark(work, ids)
    assert {row["label"] for row in night.ours("shelf")} == {"hold:h1"}
    assert families(night.produce(name="Ann Zebrafinch2")) == ["Zebrafinch2"]


def _damage(night: Night, box: str) -> None:
    with night.begin() as office:
        conn, table = office.work.conn, tables.box
        whole = conn.execute(select(table.c.payload).where(table.c.id == box)).scalar_one()
        broken = whole[:-1] + bytes([whole[-1] ^ 1])
        conn.execute(update(table).where(table.c.id == box).values(payload=broken))


@pytest.mark.parametrize("place", ["guest_id.hotel", lambda lines: func.lower(lines.c.hotel)])
def test_a_register_that_names_its_property_elsewhere(night: Night, place: Any) -> None:
    """Where the row does not say whose hotel it is, the owner's profile does, or an expression."""
    night.stay(1)
    night.stay(2, hotel="mu", guest_id=2)
    night.declare(replace(LINE, place=place))
    assert families(night.produce()) == ["Zebrafinch1"]
    assert families(night.produce(by="far", place="mu")) == ["Zebrafinch2"]


def test_a_register_of_one_hotel_alone_says_so_by_a_constant(night: Night) -> None:
    """Tenants with tables of their own have no column for it (`docs/how-to/retention.md`)."""
    night.stay(1)
    night.declare(replace(LINE, place=lambda lines: literal("sh")))
    assert families(night.produce()) == ["Zebrafinch1"]
    assert families(night.produce(by="far", place="mu")) == []


@pytest.mark.parametrize("asked", [{}, {"name": "Zebrafinch1, Ann"}])
def test_a_sealed_line_whose_columns_were_renamed_is_still_found(
    night: Night, asked: dict[str, Any]
) -> None:
    """What lies under a name the table does not have any more is shown under that name."""
    night.stay(1)
    night.stay(2, room="102")
    night.seal([1, 2])
    host = MetaData()
    with night.engine.begin() as conn:
        for old, new in (("family", "surname"), ("passport", "papers")):
            conn.exec_driver_sql(f"ALTER TABLE registrations RENAME COLUMN {old} TO {new}")
        host.reflect(conn, only=["guests", "registrations"])
    rules = {**LINE.columns, "surname": retain("guest_register"), "papers": null}
    for old, new in (("first", "first_night"), ("last", "last_night"), ("reported", "reportedAt")):
        rules[new] = rules.pop(old)
    del rules["family"], rules["passport"]
    register = Register(room="room", first_night="first_night", last_night="last_night",
                        name=["given", "surname"], document="papers")  # fmt: skip
    line = replace(LINE, columns=rules, register=register)
    night.datamap = resolve(
        [("guests", GUEST), ("registrations", line)], host.tables.values(), []
    )

    found = {line.room: (line.name, line.more.get("family")) for line in
             night.produce(**asked).lines}  # fmt: skip

    assert found["101"] == ("Ann", "Zebrafinch1")
    assert set(found) == ({"101"} if asked else {"101", "102"})
