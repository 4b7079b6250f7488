"""A monthly review keeps what was seen: frozen figures, members, findings, actions, an end."""

from __future__ import annotations

import copy
import hashlib
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest
from sqlalchemy import update

from flask_guesterase.core.errors import (
    ForbiddenError,
    FourEyesError,
    InputError,
    TransitionError,
    UnknownError,
)
from flask_guesterase.core.events import MonthlyClosed
from flask_guesterase.store import tables
from flask_guesterase.store.monthly.published import Figure
from tests.store.hotel import Hotel

DUE = date(2026, 4, 30)


@pytest.fixture
def group(hotel: Hotel) -> Hotel:
    """A hotel with people who hold reviews, one of whom sees the figures of the other house."""
    for user in ("officer", "second"):
        hotel.grants[user] |= {"improve", "figures"}
    alone = hotel.may

    def may(user: str, permission: str, property_: str) -> bool:
        both = (user, permission, property_) == ("officer", "figures", "mu")
        return both or alone(user, permission, property_)

    hotel.may = may  # type: ignore[method-assign] # the host's answer
    return hotel


def opened(hotel: Hotel, month: str = "") -> str:
    """Open a review as the officer."""
    with hotel.begin() as office:
        return office.open_monthly("sh", "officer", month)


def seen(hotel: Hotel, number: str, by: str = "officer") -> dict[str, Any]:
    """Return a review as a person reads it."""
    with hotel.begin() as office:
        return office.monthly(number, by)


def closed(hotel: Hotel, number: str) -> None:
    """Hold a review with two members and one finding, and close it as the second."""
    with hotel.begin() as office:
        office.join_monthly(number, "second", "officer")
        office.find_monthly(number, "Answers come in time.", "officer")
    with hotel.begin() as office:
        office.close_monthly(number, "second")


def asked(hotel: Hotel, id: int) -> None:
    """A guest asks."""
    hotel.guest(id, name=f"Guest {id}", email=f"g{id}@mail.example")
    hotel.file(email=f"g{id}@mail.example")


def test_figures_are_frozen_and_a_later_look_shows_the_same(group: Hotel) -> None:
    """What happens afterwards changes the live figures, and no figure of the review."""
    asked(group, 1)
    number = opened(group)
    first = copy.deepcopy(seen(group, number))
    assert first["month"] == "2026-02"
    assert first["own"]["sh"]["requests-a-year"] == 1
    for id in (2, 3):
        asked(group, id)
    group.later(days=40)
    with group.begin() as office:
        (live,) = (f for f in office.figures("officer") if f.property == "sh")
        assert sum(month.received for month in live.months) == 3
    again = seen(group, number)
    assert (again["figures"], again["own"]) == (first["figures"], first["own"])
    assert again["intact"]


@pytest.mark.parametrize("also", [(), ("mark",)])
def test_figures_that_somebody_changed_are_seen(group: Hotel, also: tuple[str, ...]) -> None:
    """The journal holds their hash, so that not even the row's own mark can be made to fit."""
    number = opened(group)
    (row,) = group.ours("monthly")
    other = row["figures"].replace('"received":0', '"received":7', 1)
    assert other != row["figures"]
    values = {"figures": other}
    values |= {name: hashlib.sha256(other.encode()).hexdigest() for name in also}
    with group.engine.begin() as conn:
        conn.execute(update(tables.monthly).values(**values))
    assert not seen(group, number)["intact"]


def test_each_reader_sees_the_houses_they_may_see(group: Hotel) -> None:
    """The houses of the group stand side by side for who may see both, and for nobody else."""
    number = opened(group)
    assert set(seen(group, number)["own"]) == {"sh", "mu"}
    other = seen(group, number, "second")
    assert set(other["own"]) == {"sh"}
    assert {each["property"] for each in other["figures"]} == {"sh"}


def test_a_review_is_held_and_closed_by_a_second_person(group: Hotel) -> None:
    """Not before two took part and something was found; and not by who opened it."""
    number = opened(group)
    with group.begin() as office, pytest.raises(TransitionError):
        office.close_monthly(number, "second")
    assert seen(group, number)["missing"] == ("too-few-members", "no-findings")
    with group.begin() as office:
        office.join_monthly(number, "second", "officer")
        office.find_monthly(number, "Three answers were late.", "second")
        office.plan_monthly(number, ("Look at the queue daily", "clerk", DUE), "officer")
    with group.begin() as office, pytest.raises(FourEyesError):
        office.close_monthly(number, "officer")
    with group.begin() as office:
        office.close_monthly(number, "second")
    found = seen(group, number)
    assert (found["state"], found["missing"]) == ("closed", ())
    assert [each["text"] for each in found["members"]] == ["officer", "second"]
    assert [(each["text"], each["owner"]) for each in found["todo"]] == [
        ("Look at the queue daily", "clerk")
    ]
    with group.begin() as office:
        for act in (
            lambda: office.find_monthly(number, "More.", "officer"),
            lambda: office.join_monthly(number, "clerk", "officer"),
            lambda: office.close_monthly(number, "second"),
        ):
            with pytest.raises(TransitionError):
                act()


def test_the_next_review_shows_whether_the_last_actions_were_done(group: Hotel) -> None:
    """Done before its end is done; done afterwards stays open in what was looked at then."""
    first = opened(group, "2026-01")
    with group.begin() as office:
        for what in ("Train the night desk", "Ask the vendor"):
            office.plan_monthly(first, (what, "clerk", date(2026, 3, 11)), "officer")
    closed(group, first)
    ids = [each["id"] for each in seen(group, first)["todo"]]
    with group.begin() as office:
        office.monthly_done(ids[0], "clerk")
    group.later(days=3)
    second = opened(group, "2026-02")
    last = seen(group, second)["last"]
    assert [(each["done"], each["late"]) for each in last] == [(True, False), (False, True)]
    with group.begin() as office:
        office.join_monthly(second, "second", "officer")
        office.find_monthly(second, "One is left.", "officer")
    with group.begin() as office:
        office.close_monthly(second, "second")
        (event,) = (e for e in office.work.events if isinstance(e, MonthlyClosed))
    assert event.counts == {"findings": 1, "actions": 0, "last-done": 1, "last-open": 1}
    group.later(days=1)
    with group.begin() as office:
        office.monthly_done(ids[1], "second")
    assert [each["done"] for each in seen(group, second)["last"]] == [True, False]
    with group.begin() as office, pytest.raises(TransitionError):
        office.monthly_done(ids[1], "second")


def test_an_action_is_late_by_the_propertys_day(group: Hotel) -> None:
    """In the evening in California it is still today, though tomorrow has begun in Greenwich."""
    place = replace(group.settings.properties["sh"], zone="America/Los_Angeles")
    group.settings = replace(group.settings, properties={"sh": place})
    group.now = datetime(2026, 3, 11, 1, 0, tzinfo=UTC)
    number = opened(group, "2026-02")
    with group.begin() as office:
        todo = ("Train the night desk", "clerk", date(2026, 3, 10))
        office.plan_monthly(number, todo, "officer")

    def late() -> set[bool]:
        with group.begin() as office:
            lists = [*office.monthlies("officer"), *office.owed("clerk")]
        return {each["late"] for each in (*lists, *seen(group, number)["todo"])}

    assert late() == {False}
    group.later(hours=8)
    assert late() == {True}


def test_what_cannot_be_is_refused(group: Hotel) -> None:
    """One review a month; no month ahead; nobody without a right, and no action of a stranger."""
    number = opened(group, "2026-02")
    wrong: list[tuple[type[Exception], Any]] = [
        (TransitionError, lambda o: o.open_monthly("sh", "second", "2026-02")),
        (InputError, lambda o: o.open_monthly("sh", "second", "2026-04")),
        (InputError, lambda o: o.open_monthly("sh", "second", "March")),
        (ForbiddenError, lambda o: o.open_monthly("sh", "clerk")),
        (ForbiddenError, lambda o: o.open_monthly("mu", "officer")),
        (ForbiddenError, lambda o: o.monthly(number, "clerk")),
        (ForbiddenError, lambda o: o.monthlies("clerk")),
        (ForbiddenError, lambda o: o.find_monthly(number, "x", "clerk")),
        (InputError, lambda o: o.join_monthly(number, "officer", "officer")),
        (InputError, lambda o: o.join_monthly(number, "stranger", "officer")),
        (InputError, lambda o: o.find_monthly(number, " ", "officer")),
        (InputError, lambda o: o.plan_monthly(number, ("x", "clerk", date(2026, 3, 9)), "officer")),
        (InputError, lambda o: o.plan_monthly(number, ("x", "stranger", DUE), "officer")),
        (UnknownError, lambda o: o.monthly_done(1, "officer")),
    ]
    for error, act in wrong:
        with group.begin() as office, pytest.raises(error):
            act(office)
    with group.begin() as office:
        id = office.plan_monthly(number, ("x", "clerk", DUE), "officer")
        with pytest.raises(UnknownError):
            office.monthly_done(id, "auditor")


def test_figures_of_others_stand_beside_ours_and_are_never_changed(group: Hotel) -> None:
    """With who, where and when; one that was taken out stays in reviews opened before."""
    given = Figure("sh", "median-days", 12, "Union of Hotels", "Report 2025, page 4", DUE)
    wrong = (
        ("measure", "stars"), ("value", -1), ("house", " "), ("source", ""),
        ("on", date(2026, 3, 11)),
    )  # fmt: skip
    fine = {**given.__dict__, "on": date(2026, 1, 5)}
    for name, value in wrong:
        with group.begin() as office, pytest.raises(InputError):
            office.publish(Figure(**{**fine, name: value}), "officer")
    with group.begin() as office, pytest.raises(ForbiddenError):
        office.publish(Figure(**fine), "clerk")
    with group.begin() as office:
        id = office.publish(Figure(**fine), "officer")
        ours, theirs = office.compared("second")
    assert set(ours) == {"sh"}
    assert "median-days" not in ours["sh"]
    assert [(e["value"], e["house"], e["source"], e["on"]) for e in theirs] == [
        (12, "Union of Hotels", "Report 2025, page 4", "2026-01-05")
    ]
    number = opened(group)
    group.later(days=1)
    with group.begin() as office, pytest.raises(UnknownError):
        office.withdraw_published(id, "clerk")
    with group.begin() as office:
        office.withdraw_published(id, "officer")
        assert office.compared("second")[1] == []
    with group.begin() as office, pytest.raises(TransitionError):
        office.withdraw_published(id, "officer")
    assert [each["id"] for each in seen(group, number)["published"]] == [id]
    assert "Union" not in repr(group.ours("published")) + repr(group.ours("entry"))


def test_words_of_what_is_open_outlive_their_day(group: Hotel) -> None:
    """Sealed for 400 days; what is still open then is sealed anew, what is closed ends."""
    shut, number = opened(group, "2026-01"), opened(group)
    closed(group, shut)
    with group.begin() as office:
        office.find_monthly(number, "Still looking.", "officer")
        assert office.keep_monthlies() == 0
    group.later(days=370)
    with group.begin() as office:
        assert office.keep_monthlies() == 2
    boxes = {row["id"]: row["last_day"] for row in group.ours("box")}
    ends = {row["monthly"]: boxes[row["box"]] for row in group.ours("point")}
    assert ends[shut] < ends[number]
