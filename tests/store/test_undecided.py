"""What is to go only since the policy changed is told, where it stands in rows of erased guests."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Column, Date, Integer, MetaData, String, Table, delete, insert, text

from flask_guesterase.core.finding import Severity
from flask_guesterase.core.policy import Equal, Policy
from flask_guesterase.core.treatment import keep, null, redact
from flask_guesterase.store.mapping.datamap import resolve
from flask_guesterase.store.returning import undecided
from tests import engines
from tests.store.house import COUNT, Base, Bill, House, Lodger, policies
from tests.store.test_expiry import Inn

NOTES = Table(
    "notes", MetaData(), Column("id", Integer, primary_key=True), Column("guest", Integer),
    Column("body", String(80)), Column("extra", String(80)), Column("made", Date),
)  # fmt: skip


class Noting(Inn):
    """A hotel with notes about its guests, whose policy says of a column what a test wants."""

    def __init__(self, url: str, folder: Path) -> None:
        super().__init__(url, folder)
        NOTES.create(self.engine)
        self.known = [
            (each.table, each.policy) for each in map(self.datamap.declared, ("people", "bills"))
        ]
        self.declare(keep("a colour"))
        for id in (1, 2):
            self.person(id, date(2026, 3, 1), visa=None)
            self.note(id, guest=id)

    def declare(self, extra: Any) -> None:
        """Let the policy say something of the column."""
        columns = {
            "guest": keep("a key"), "body": redact, "extra": extra, "made": keep("a day"),
        }  # fmt: skip
        policy = Policy(
            columns, via=Equal({"guest": "id"}, to="people"), clock={"created": "made"}
        )
        rules = [*self.known, (NOTES, policy)]
        self.datamap = resolve(rules, [table for table, _ in rules], [])

    def note(self, id: int, **values: Any) -> None:
        """Write a note."""
        row = {"body": "Likes tea", "extra": "Ann", "made": date(2026, 3, 2), **values}
        with self.engine.begin() as conn:
            conn.execute(insert(NOTES).values(id=id, **row))

    def told(self) -> list[tuple[str, str]]:
        """Return what check says of it."""
        found = self.run(lambda office: undecided.findings(office.work))
        assert {each.severity for each in found} <= {Severity.WARN}
        return [(each.id, each.place) for each in found]


@pytest.fixture(params=engines.DEEP)
def inn(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Noting]:
    """A hotel with two guests and a note about each, the first of whom was erased."""
    with engines.fresh_database(request.param) as url:
        made = Noting(url, tmp_path)
        assert made.erased(made.approved(email="p1@mail.example")) == "erased"
        yield made
        made.engine.dispose()


def test_a_column_that_goes_by_now_is_told_until_it_is_empty(inn: Noting) -> None:
    """No request takes it from who was erased before, and the vendor hears of it, once."""
    assert inn.told() == []
    inn.declare(null)
    assert inn.told() == [("column-undecided", "notes.extra")]
    (found,) = inn.run(lambda office: undecided.findings(office.work))
    assert "erased before (1)" in found.message
    inn.set(NOTES, 1, extra=None)
    assert inn.told() == []


def test_what_a_later_request_took_is_not_told(inn: Noting) -> None:
    """Whoever is erased under the rule of today leaves nothing behind."""
    inn.set(NOTES, 1, extra=None)
    inn.declare(null)
    assert inn.erased(inn.approved(email="p2@mail.example")) == "erased"
    assert (inn.read(NOTES, 2)["extra"], inn.told()) == (None, [])


def test_what_was_written_after_the_erasure_is_not_told(inn: Noting) -> None:
    """It is nothing that an erasure left: somebody opened the empty profile, and it was noted."""
    inn.set(NOTES, 1, extra=None)
    inn.note(3, guest=1, made=date(2026, 3, 20))
    inn.declare(null)
    assert inn.told() == []


def test_what_came_without_a_day_to_who_had_nothing_is_not_told(inn: Noting) -> None:
    """Of such rows nobody decided anything; that the policy changed is not what they stand for."""
    inn.set(NOTES, 1, extra=None)
    inn.declare(null)
    inn.person(3, date(2026, 3, 1), visa=None)
    assert inn.erased(inn.approved(email="p3@mail.example")) == "erased"
    inn.note(3, guest=3, made=None)
    assert inn.told() == []
    inn.set(NOTES, 3, made=date(2026, 3, 2))
    assert inn.told() == [("column-undecided", "notes.body"), ("column-undecided", "notes.extra")]


def test_a_column_that_is_missing_ends_no_check(inn: Noting) -> None:
    """Check names it as missing; the rest is told once it is there."""
    inn.declare(null)
    with inn.engine.begin() as conn:
        conn.execute(text("ALTER TABLE notes DROP COLUMN body"))
    assert inn.told() == []


def test_rows_of_somebody_who_lives_are_not_told(tmp_path: Path) -> None:
    """They are not to be emptied for the sake of a companion who was erased."""
    house = House(f"sqlite:///{tmp_path / 'test.sqlite'}", tmp_path)
    house.person(1)
    house.person(2, "bea")
    house.stay(1, 1, 1, 2, status="out", days=-30)
    house.add(Bill, id=1, stay_id=1, owed=0, text="Ann Berg")

    def told(rule: Any) -> list[str]:
        policy = Policy(
            {"owed": COUNT, "text": rule}, via=["stay.booker", "stay.lodgers"],
            clock={"departed": "stay.leaves"},
        )  # fmt: skip
        known = [(model, policy if model is Bill else each) for model, each in policies()]
        house.datamap = resolve(known, Base.metadata.tables.values(), list(Base.registry.mappers))
        with house.begin() as office:
            return [each.place for each in undecided.findings(office.work)]

    assert told(COUNT) == []
    assert house.erased(house.approved(email="ann@example.com")) == "erased"
    assert told(null) == []
    with house.engine.begin() as conn:
        conn.execute(delete(Lodger).where(Lodger.person_id == 2))
    assert told(null) == ["bills.text"]
    house.engine.dispose()
