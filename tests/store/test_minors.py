"""A stay with a minor goes to the privacy officer, whoever of those who stayed asks."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import event

from flask_guesterase.core.errors import ForbiddenError
from flask_guesterase.store.casework import minors
from flask_guesterase.store.mapping.datamap import resolve
from tests.store.house import Base, Bill, House, Line, Stay, policies


def involved(house: House, *people: int) -> bool:
    """Return whether a minor is concerned by these people's erasure."""
    with house.begin() as office:
        return minors.involved(office.work, [("people", (one,)) for one in people])


def test_a_birthday_decides(any_house: House) -> None:
    """Eighteen on the day of departure is no minor; a day less is."""
    house = any_house
    for number, born in ((1, date(2008, 3, 1)), (2, date(2008, 3, 2)), (3, None)):
        house.person(number, f"p{number}", born=born)
        house.stay(number, number, number, status="out", days=-9)
    assert [involved(house, one) for one in (1, 2, 3)] == [False, True, False]


def test_the_age_at_the_stay_counts_and_not_todays(house: House) -> None:
    """Grown up since: at the stay a child was there."""
    house.person(1, born=date(2008, 3, 5))
    house.stay(7, 1, 1, status="out", days=-9)
    assert involved(house, 1)


def test_a_stay_that_is_still_to_come_counts_as_one_of_today(house: House) -> None:
    """Seventeen now and eighteen when they leave: whoever asks is a minor."""
    house.person(1, born=date(2008, 3, 15))
    house.stay(7, 1, 1, status="booked", days=20)
    assert involved(house, 1)


def test_whoever_stayed_with_a_minor_is_concerned(any_house: House) -> None:
    """The mother asks; the child's rows are touched by nobody else's approval."""
    house = any_house
    house.person(1, born=date(1980, 1, 1))
    house.person(2, "kid", born=date(2018, 1, 1))
    house.person(3, "bea", born=date(1990, 1, 1))
    house.stay(7, 1, 1, 2, status="out", days=-9)
    house.stay(8, 3, 3, status="out", days=-9)
    assert involved(house, 1)
    assert involved(house, 2)
    assert not involved(house, 3)


def dated_by(house: House, table: str, path: str) -> None:
    """Let the vendor say of one table alone when its rows' stays ended."""
    declared = [
        (model, replace(policy, clock={"departed": path} if name == table else None))
        for model, policy in policies()
        for name in [model.__tablename__]
    ]
    house.datamap = resolve(declared, Base.metadata.tables.values(), list(Base.registry.mappers))


@pytest.mark.parametrize("later", ["came again", "has no end"])
def test_every_stay_counts_and_not_the_latest_alone(any_house: House, later: str) -> None:
    """Sixteen when they were here first and grown up now: what dates a person are all their stays.

    One whose end is open is no reason to forget the others.
    """
    house = any_house
    dated_by(house, "people", "stays.leaves")
    house.person(1, born=date(2008, 3, 5))
    house.person(2, "bea", born=date(2000, 3, 5))
    for id, person in ((1, 1), (2, 2)):
        house.stay(id, person, person, status="out", days=-600)
        house.stay(10 + id, person, person, status="out", days=-1)
        if later == "has no end":
            house.set(Stay, 10 + id, leaves=date(9999, 12, 31))
    assert [involved(house, one) for one in (1, 2)] == [True, False]


@pytest.mark.parametrize(
    ("born", "minor"),
    [(date(2018, 1, 1), True), (date(2008, 3, 5), True), (date(2008, 2, 20), False)],
    ids=["child", "grown up since", "grown up then"],
)
@pytest.mark.parametrize(
    ("table", "path"), [("people", "stays.leaves"), ("register_lines", "sent")]
)
def test_who_stayed_with_a_minor_is_concerned_where_each_has_a_date_of_their_own(
    house: House, table: str, path: str, born: date, minor: bool
) -> None:
    """The stay that a mother and a child share says nothing of its end; their own rows do."""
    dated_by(house, table, path)
    house.person(1, born=date(1980, 1, 1))
    house.person(2, "kid", born=born)
    house.stay(7, 1, 1, 2, status="out", days=-9)
    for one in (1, 2):
        left = house.now.replace(tzinfo=None) - timedelta(days=9)
        house.add(Line, id=one, person_id=one, name="berg", sent=left)
    assert involved(house, 1) == minor
    assert involved(house, 2) == minor


def test_what_hangs_on_a_shared_stay_is_not_walked(house: House) -> None:
    """A bill belongs to whom its stay belongs to, so that it names nobody else."""
    asked: list[str] = []

    @event.listens_for(house.engine, "before_cursor_execute")
    def note(conn: Any, cursor: Any, statement: str, *more: Any) -> None:
        asked.append(statement)

    dated_by(house, "register_lines", "sent")
    house.person(1, born=date(1980, 1, 1))
    house.stay(7, 1, 1, status="out", days=-9)
    house.add(Bill, id=1, stay_id=7, owed=0)
    asked.clear()
    assert not involved(house, 1)
    assert any("JOIN stays" in each or "FROM stays" in each for each in asked)
    assert not any("JOIN bills" in each or "FROM bills" in each for each in asked)


def test_who_never_stayed_counts_by_todays_age(house: House) -> None:
    """A child's profile without a stay."""
    house.person(1, born=date(2015, 1, 1))
    assert involved(house, 1)


@pytest.mark.parametrize("ages", [(1980, 2018), (2018, 1980)])
def test_of_several_births_that_differ_the_childs_counts(
    house: House, ages: tuple[int, int]
) -> None:
    """Which of them is right nobody knows, and a child that may be one goes to the officer."""
    (person, policy), *rest = policies()
    declared = [(person, replace(policy, facts={"birth": "stays.lodgers.born"})), *rest]
    house.datamap = resolve(declared, Base.metadata.tables.values(), list(Base.registry.mappers))
    for number, year in enumerate(ages, 1):
        house.person(number, f"p{number}", born=date(year, 1, 1))
    house.stay(7, 1, 1, 2, status="out", days=-9)
    assert involved(house, 1)


def test_only_the_officer_approves_a_stay_with_a_minor(house: House) -> None:
    """Who may approve but not decide about the law is refused; the preview says why."""
    house.person(1, born=date(1980, 1, 1))
    house.person(2, "kid", born=date(2018, 1, 1))
    house.stay(7, 1, 1, 2, status="out", days=-9)
    number = house.file(email="ann@example.com")
    with house.begin() as office:
        office.confirm(number, "clerk", "desk")
    with house.begin() as office:
        assert office.preview(number).minor
    with pytest.raises(ForbiddenError, match="minor"):
        house.approve(number)
    assert house.state(number) == "review"
    house.grants["second"].add("law")
    house.approve(number, "second")
    assert house.erased(number) == "erased"


def test_only_the_officer_releases_a_copy_where_a_minor_is_concerned(house: House) -> None:
    """Who may approve but not decide about the law is refused, as where something is erased."""
    house.person(1, born=date(2015, 1, 1))
    with house.begin() as office:
        number = office.request(
            {"email": "ann@example.com"}, property="sh", by="clerk", wish="copy"
        )
    with house.begin() as office:
        office.confirm(number, "clerk", "desk")
    with house.begin() as office:
        _, digest = office.outline(number, "second")
    with house.begin() as office, pytest.raises(ForbiddenError, match="minor"):
        office.release_copy(number, "second", digest)
    assert house.state(number) == "review"
    house.grants["second"].add("law")
    with house.begin() as office:
        office.release_copy(number, "second", digest)
    assert house.state(number) == "offered"


def test_a_stay_without_a_minor_needs_no_officer(house: House) -> None:
    """Grown-ups only: whoever may approve does."""
    house.person(1, born=date(1980, 1, 1))
    house.stay(7, 1, 1, status="out", days=-9)
    number = house.file(email="ann@example.com")
    with house.begin() as office:
        office.confirm(number, "clerk", "desk")
        assert not office.preview(number).minor
    house.approve(number)
    assert house.state(number) == "approved"
