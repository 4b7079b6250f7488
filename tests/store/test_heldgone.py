"""What is kept of a row that the host deleted is held with whoever it was, until that is lifted."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import (
    Column,
    Date,
    Integer,
    MetaData,
    String,
    Table,
    Uuid,
    delete,
    event,
    insert,
    update,
)

from flask_guesterase.core.log import canonical
from flask_guesterase.core.policy import Equal, Policy
from flask_guesterase.core.treatment import keep, retain
from flask_guesterase.store import tables
from flask_guesterase.store.mapping.datamap import resolve
from flask_guesterase.store.retaining import vouching
from tests.store.test_expiry import PEOPLE
from tests.store.test_heldhome import DAY, Kept

LINES = Table(
    "lines",
    MetaData(),
    Column("id", Integer, primary_key=True),
    Column("guest", Integer),
    Column("visitor", String(80)),
    Column("left", Date),
)
AFTER = "2026-05-03"


class House(Kept):
    """A hotel whose guests have a line in a register of its own, which is sealed for a year."""

    def __init__(self, url: str, folder: Path) -> None:
        super().__init__(url, folder)
        places = self.settings.properties
        places = {**places, "mu": replace(places["sh"], code="mu")}
        self.settings = replace(self.settings, properties=places)
        LINES.create(self.engine)
        known = [(each.table, each.policy) for each in self.datamap.tables.values()]
        policy = Policy(
            {"visitor": retain("guest_register"), "left": keep("statistics")},
            via=Equal({"guest": "id"}, to="people"), clock={"last_activity": "left"},
        )  # fmt: skip
        known.append((LINES, policy))
        self.datamap = resolve(known, [table for table, _ in known], [])

    def line(self, id: int = 1) -> str:
        """Erase a guest at their wish, whose line has the same number; return its box."""
        self.person(id, date(2025, 5, 1))
        with self.engine.begin() as conn:
            row = {"id": id, "guest": id, "visitor": "Ann Berg", "left": date(2025, 5, 1)}
            conn.execute(insert(LINES).values(row))
        assert self.erased(self.approved(email=f"p{id}@mail.example")) == "sealed"
        return next(
            str(row["box"]) for row in self.ours("kept")
            if (row["table_name"], row["row_key"]) == ("lines", f"int:{id}")
        )  # fmt: skip

    def renumbered(self, box: str) -> None:
        """Let the host have known its lines by texts when one was sealed, and by tokens now."""
        self.note(box, row_key=f"str:{uuid4()}")
        self.drop(1)
        columns = (Column(c.name, c.type) for c in LINES.c if c.name != "id")
        table = Table("lines", MetaData(), Column("id", Uuid(), primary_key=True), *columns)
        known = {n: (each.table, each.policy) for n, each in self.datamap.tables.items()}
        known["lines"] = table, known["lines"][1]
        self.datamap = resolve(known.values(), [each for each, _ in known.values()], [])

    def drop(self, id: int, *more: Table) -> None:
        """Let the host delete a line, and more of the same number."""
        with self.engine.begin() as conn:
            for table in (LINES, *more):
                conn.execute(delete(table).where(table.c.id == id))

    def note(self, box: str, **values: Any) -> None:
        """Have something else be written down of a sealed line, as if an erasure had done so."""
        (line,) = [{**row, **values} for row in self.ours("kept") if row["box"] == box]
        with self.begin() as office:
            told = {**json.loads(line["facts"]), "place": line["property"]}
            values["facts"] = canonical(vouching.vouched(office.work, line, told)).decode()
        with self.engine.begin() as conn:
            conn.execute(update(tables.kept).where(tables.kept.c.box == box).values(**values))

    def swept(self, box: str, **values: Any) -> None:
        """Have a line be kept by a sweep, for which nobody asked."""
        self.note(box, request=None, **values)

    def labels(self) -> set[str]:
        """Return the labels of what is sealed and living of lines."""
        mine = {row["box"] for row in self.ours("kept") if row["table_name"] == "lines"}
        return {row["label"] for row in self.ours("box") if row["id"] in mine and row["payload"]}


@pytest.fixture
def house_kind() -> type[House]:
    """A register of their own is what is sealed here."""
    return House


@pytest.mark.parametrize("gone", [(), (PEOPLE,)], ids=["line", "profile-too"])
def test_a_line_whose_row_is_gone_is_held_with_its_guest(
    any_house: House, gone: tuple[Table, ...]
) -> None:
    """The host deletes what was emptied, and the profile: the request says about whom it was. Once
    two people lift the hold its day is over, and it ends; another guest's ended on that day."""
    house = any_house
    box, other = house.line(), house.line(2)
    for id in (1, 2):
        house.drop(id, *gone)
    id = house.whose()
    assert (house.where(box), house.where(other)) == ((f"hold:{id}", DAY), (DAY, None))
    house.on(AFTER)
    assert (house.opens(box), house.opens(other)) == (True, False)
    house.lift(id)
    house.round()
    assert not house.opens(box)
    assert f"hold:{id}" not in house.custodian.labels()


def test_a_line_that_is_deleted_after_its_guest_was_held_stays(house: House) -> None:
    """It lies under the hold already; and one that was closed since is found on its day."""
    box = house.line()
    id = house.whose()
    house.drop(1)
    house.on(AFTER)
    assert (house.where(box), house.opens(box)) == ((f"hold:{id}", None), True)


def test_a_line_of_nobody_is_held_with_its_guest(house: House) -> None:
    """The database set to NULL what led to the profile that the host deleted."""
    box = house.line()
    with house.engine.begin() as conn:
        conn.execute(update(LINES).values(guest=None))
        conn.execute(delete(PEOPLE))
    id = house.whose()
    assert house.where(box) == (f"hold:{id}", DAY)


def test_a_line_that_was_given_to_another_guest_goes_with_that_one(house: House) -> None:
    """Its row is there and says whose it is: a hold is on what belongs to somebody now."""
    box = house.line()
    house.person(3, date(2026, 1, 1))
    house.set(LINES, 1, guest=3)
    house.whose()
    assert house.where(box) == (DAY, None)


@pytest.mark.parametrize("scope", ["person", "query", "freeze"])
def test_a_line_that_no_key_names_is_held(house: House, scope: str) -> None:
    """Its key went with the erasure: no row can be asked whose it is."""
    box = house.line()
    house.note(box, row_key="")
    place = {
        "person": house.whose,
        "query": lambda: house.query("lines", 7),
        "freeze": lambda: house.run(lambda office: office.freeze("sh", "officer")),
    }
    id = place[scope]()
    assert house.where(box) == (f"hold:{id}", DAY)
    house.lift(id)
    assert house.where(box) == (DAY, None)


@pytest.mark.parametrize("scope", ["person", "freeze", ""])
def test_a_line_under_a_key_of_another_form_keeps_nobody_from_a_hold(
    house: House, scope: str
) -> None:
    """Such a key means no row, which is no error: the line is held, or ends on its day."""
    box = house.line()
    house.renumbered(box)
    if scope == "person":
        house.whose()
    elif scope == "freeze":
        house.run(lambda office: office.freeze("sh", "officer"))
    house.on(AFTER)
    assert house.opens(box) == bool(scope)


@pytest.mark.parametrize(("code", "kept"), [("sh", True), ("mu", False)])
def test_what_a_sweep_kept_of_a_row_that_is_gone_is_held_on_its_day(
    any_house: House, code: str, kept: bool
) -> None:
    """Nothing says whose it was, so it may be the person's at the property of the hold; whoever
    places that does not wait until all that sweeps kept was looked through."""
    house = any_house
    box = house.line()
    house.swept(box, property=code)
    house.drop(1)
    house.person(4, date(2026, 1, 1))
    id = house.whose(4)
    assert house.where(box) == (DAY, None)
    house.on(AFTER)
    assert house.opens(box) == kept
    if kept:
        assert house.where(box) == (f"hold:{id}", None)
        house.lift(id)
        house.round()
        assert not house.opens(box)


def test_what_a_sweep_kept_of_a_row_that_is_there_is_its_owners(house: House) -> None:
    """Whose it is can be told, and it is not the held person's."""
    box = house.line()
    house.swept(box)
    house.person(4, date(2026, 1, 1))
    house.whose(4)
    house.on(AFTER)
    assert not house.opens(box)


def test_who_holds_a_person_does_not_look_at_what_sweeps_kept(house: House) -> None:
    """There may be thousands of such lines: the click asks for those of the person's requests."""
    house.swept(house.line())
    house.drop(1)
    house.person(4, date(2026, 1, 1))
    asked: list[str] = []

    def note(*given: Any) -> None:
        asked.append(given[2])

    event.listen(house.engine, "before_cursor_execute", note)
    id = house.whose(4)
    assert not any("request IS NULL" in each for each in asked if "guesterase_kept" in each)
    asked.clear()
    house.on(AFTER)
    event.remove(house.engine, "before_cursor_execute", note)
    assert any("request IS NULL" in each for each in asked if "guesterase_kept" in each)
    assert house.labels() == {f"hold:{id}"}


@pytest.mark.parametrize("table", ["lines", "people"])
def test_a_query_holds_what_cannot_be_asked_any_more(any_house: House, table: str) -> None:
    """Of a row that is gone nobody can tell whether it is named; of one that is there all can."""
    house = any_house
    box, other = house.line(), house.line(2)
    house.drop(1)
    id = house.query(table, 7)
    assert (house.where(box), house.where(other)) == ((f"hold:{id}", DAY), (DAY, None))
    house.on(AFTER)
    assert (house.opens(box), house.opens(other)) == (True, False)
    house.lift(id)
    house.round()
    assert not house.opens(box)


def test_a_query_on_another_table_holds_no_line(house: House) -> None:
    """What it is on says nothing about whose a line was."""
    box = house.line()
    house.drop(1)
    house.query("bills", 7)
    assert house.where(box) == (DAY, None)


def test_under_two_holds_a_line_whose_row_is_gone_stays_until_both_are_lifted(
    house: House,
) -> None:
    """The first hands it on to the next; its day is over by then."""
    box = house.line()
    house.drop(1, PEOPLE)
    first, second = house.whose(), house.whose()
    house.on(AFTER)
    assert house.where(box) == (f"hold:{first}", None)
    house.lift(first)
    house.round()
    assert house.where(box) == (f"hold:{second}", None)
    house.lift(second)
    house.round()
    assert not house.opens(box)
