"""Figures call no answer late whose guest was told before its day what the erasure waits for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from sqlalchemy import event, update

from flask_guesterase.core.alert import AlertKind
from flask_guesterase.core.figures import Month
from flask_guesterase.store import tables
from flask_guesterase.store.failures import causes
from flask_guesterase.store.messages import outbox
from flask_guesterase.store.requests import waiting
from flask_guesterase.store.upkeep import dispatch, gauges, owndata
from tests.store.house import House, Stay
from tests.store.test_owndata import runner
from tests.store.test_waiting import attempt


def month(house: House) -> Month:
    """Return the one month of the figures in which requests were received."""
    with house.begin() as office:
        figures = next(each for each in office.figures() if each.property == "sh")
    (found,) = (each for each in figures.months if each.received)
    return found


def past_due(house: House, number: str) -> None:
    """Let the day for the answer pass."""
    with house.begin() as office:
        due = date.fromisoformat(office.show(number)["due_on"])
    house.later(days=(due - house.now.date()).days + 3)


def asked(house: House, id: int = 1, name: str = "ann") -> str:
    """Return the approved request of somebody who is in the house."""
    house.person(id, name)
    house.stay(6 + id, id)
    return house.approved(email=f"{name}@example.com")


def leaves(house: House, id: int = 1) -> None:
    """Let them depart, so long ago that nothing keeps the erasure any more."""
    house.set(Stay, 6 + id, status="out", leaves=date(2026, 3, 1))


def test_who_was_told_in_time_has_an_answer_in_time(any_house: House) -> None:
    """While it waits beyond its day, and when the erasure comes after it."""
    house = any_house
    number = asked(house)
    assert attempt(house, number) == ("in-house",)
    past_due(house, number)
    assert (month(house).open, month(house).late) == (1, 0)
    leaves(house)
    assert attempt(house, number) == ()
    now = month(house)
    assert (now.answered, now.late, now.open) == (1, 0, 0)
    assert now.days is not None
    assert now.outcomes == {house.state(number): 1}


def test_who_was_told_too_late_has_a_late_answer(any_house: House) -> None:
    """Word of it after the day makes it no earlier, nor two requests, however often it comes."""
    house = any_house
    number = asked(house)
    past_due(house, number)
    assert attempt(house, number) == ("in-house",)
    assert (month(house).received, month(house).late) == (1, 1)
    leaves(house)
    house.set(Stay, 7, leaves=house.now.date())
    assert attempt(house, number) == ("cooling",)
    assert (month(house).received, month(house).late) == (1, 1)
    house.later(days=9)
    assert attempt(house, number) == ()
    assert (month(house).received, month(house).late) == (1, 1)


def test_whose_letter_was_given_up_has_a_late_answer_until_it_is_printed(house: House) -> None:
    """A letter that reached them before it is an answer all the same."""
    number = asked(house)
    assert attempt(house, number) == ("in-house",)
    last = undeliverable(house)
    past_due(house, number)
    assert month(house).late == 1
    with house.begin() as office:
        office.printed(last, "clerk")
    assert month(house).late == 0


def heard_first(house: House) -> str:
    """Return a request beyond its day: the first letter of why it waits left, no other one did."""
    number = asked(house)
    assert attempt(house, number) == ("in-house",)
    with house.engine.begin() as conn:
        sent = {"state": outbox.SENT, "done_at": house.now.replace(tzinfo=None)}
        conn.execute(update(tables.outbox).values(sent))
    leaves(house)
    house.set(Stay, 7, leaves=house.now.date())
    house.later(hours=1)
    assert attempt(house, number) == ("cooling",)
    undeliverable(house)
    past_due(house, number)
    return number


def test_whose_first_letter_left_has_heard_in_time(house: House) -> None:
    """The second one says more of why it waits, and was given up."""
    heard_first(house)
    assert month(house).late == 0


def test_who_got_none_of_several_letters_has_a_late_answer(any_house: House) -> None:
    """Where an address is wrong each letter is given up, and not the last one alone."""
    house = any_house
    number, first, second = twice(house)
    past_due(house, number)
    assert month(house).late == 1
    for letter, late in ((second, 0), (first, 0)):
        with house.begin() as office:
            office.printed(letter, "clerk")
        assert month(house).late == late


def test_who_was_told_long_ago_was_told_for_all_who_ask(house: House) -> None:
    """The letter of then is known as long as one after it may be given up, and no longer."""
    number = asked(house)
    assert attempt(house, number) == ("in-house",)
    with house.begin() as office:
        for letter in dispatch.claim(office.work, frozenset({"smtp"})):
            dispatch.done(office.work, letter)
    past_due(house, number)
    house.later(days=120)
    owndata.end(runner(house))
    leaves(house)
    house.set(Stay, 7, leaves=house.now.date())
    assert attempt(house, number) == ("cooling",)
    undeliverable(house)
    assert (shown(house, number)["late"], sum(each.late for each in months(house))) == (False, 0)


def test_why_something_waited_is_no_longer_known_than_it_is_needed(house: House) -> None:
    """Once it has ended the letter that left goes as any other."""
    number = asked(house)
    assert attempt(house, number) == ("in-house",)
    leaves(house)
    assert attempt(house, number) == ()
    with house.begin() as office:
        for letter in dispatch.claim(office.work, frozenset({"smtp"})):
            dispatch.done(office.work, letter)
    house.later(days=120)
    owndata.end(runner(house))
    assert "waiting" not in {row["template"] for row in house.ours("outbox")}


def months(house: House) -> tuple[Month, ...]:
    """Return all months of the figures of the hotel."""
    with house.begin() as office:
        return tuple(next(each for each in office.figures() if each.property == "sh").months)


def test_whose_only_letter_that_left_came_too_late_has_a_late_answer(house: House) -> None:
    """The first one, in time, was given up, and the next one left after the day."""
    number = asked(house)
    assert attempt(house, number) == ("in-house",)
    house.later(hours=1)
    undeliverable(house)
    past_due(house, number)
    leaves(house)
    house.set(Stay, 7, leaves=house.now.date())
    assert attempt(house, number) == ("cooling",)
    assert month(house).late == 1


def twice(house: House) -> tuple[str, int, int]:
    """Give up both letters that say why a request waits; return its number and theirs."""
    number = asked(house)
    assert attempt(house, number) == ("in-house",)
    house.later(hours=1)
    first = undeliverable(house)
    leaves(house)
    house.set(Stay, 7, leaves=house.now.date())
    house.later(hours=1)
    assert attempt(house, number) == ("cooling",)
    return number, first, undeliverable(house)


def undeliverable(house: House) -> int:
    """Let the letter that says what a request waits for be given up; return its number."""
    with house.begin() as office:
        found = dispatch.claim(office.work, frozenset({"smtp"}))
        (letter,) = (each for each in found if each.template == "waiting")
        dispatch.give_up(office.work, letter, "SMTPRecipientsRefused")
    return letter.id


def test_what_staff_must_cure_is_no_answer_to_a_guest(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody wrote to the guest about it, so that the day counts as it does without."""
    monkeypatch.setattr(waiting, "_TECHNICAL", frozenset({"in-house"}))
    number = asked(house)
    assert attempt(house, number) == ("in-house",)
    past_due(house, number)
    assert month(house).late == 1
    leaves(house)
    assert attempt(house, number) == ()
    assert month(house).late == 1


def carried_out(house: House, number: str) -> None:
    """Carry a request out without looking at it again."""
    with house.begin() as office:
        office.erase(number).settled()
    assert house.state(number) == "checking"


def counted(house: House) -> tuple[int, int, int, dict[str, int], int]:
    """Return what is open, answered, late and ended of the requests, and how many wait."""
    now = month(house)
    with house.begin() as office:
        figures = next(each for each in office.figures() if each.property == "sh")
    return now.open, now.answered, now.late, dict(now.outcomes), sum(figures.waiting.values())


def test_an_erasure_that_nobody_looked_at_again_is_no_answer(any_house: House) -> None:
    """Its guest has not heard: it is open, waits, and is late once its day is over."""
    house = any_house
    house.person(1, "ann")
    number = house.approved(email="ann@example.com")
    carried_out(house, number)
    assert (counted(house), month(house).days) == ((1, 0, 0, {}, 1), None)
    past_due(house, number)
    assert counted(house) == (1, 0, 1, {}, 1)
    with house.begin() as office:
        office.check(number)
    assert counted(house)[:2] == (0, 1)


def told_and_carried_out(house: House) -> str:
    """Carry a request out after its day, whose guest was told in time that it waits."""
    number = asked(house)
    assert attempt(house, number) == ("in-house",)
    past_due(house, number)
    leaves(house)
    carried_out(house, number)
    return number


def test_who_was_told_in_time_hears_of_the_erasure_in_time(any_house: House) -> None:
    """After its day, in the time that the law gives from the erasure on; then it is late."""
    house = any_house
    number = told_and_carried_out(house)
    last = shown(house, number)["due_on"]
    for more, late in ((0, False), (1, True)):
        house.later(days=(last - house.now.date()).days + more)
        assert shown(house, number)["late"] is late
        assert counted(house) == (1, 0, int(late), {}, 1)


def test_what_was_checked_after_its_day_stays_late(any_house: House) -> None:
    """Its guest has the certificate from that day on, and not from the erasure."""
    house = any_house
    house.person(1, "ann")
    number = house.approved(email="ann@example.com")
    carried_out(house, number)
    past_due(house, number)
    with house.begin() as office:
        received = office.show(number)["received_at"]
        office.check(number)
    days = (house.now.date() - received.date()).days
    assert (month(house).answered, month(house).late, month(house).days) == (1, 1, (days, days))


@pytest.mark.parametrize("more", [0, 1])
def test_who_was_told_in_time_has_a_late_erasure_only_after_the_time_from_it(
    any_house: House, more: int
) -> None:
    """What was no more in time when it was checked is not in time because it was."""
    house = any_house
    number = told_and_carried_out(house)
    house.later(days=(shown(house, number)["due_on"] - house.now.date()).days + more)
    before = month(house).late
    with house.begin() as office:
        office.check(number)
    assert (month(house).answered, month(house).late, before) == (1, more, more)


def shown(house: House, number: str) -> dict[str, Any]:
    """Return what staff read of a request, its day as one."""
    with house.begin() as office:
        found = dict(office.show(number))
    return {**found, "due_on": date.fromisoformat(found["due_on"])}


def move(house: House, **where: str) -> None:
    """Let the hotel lie somewhere else."""
    places = house.settings.properties
    moved = {**places, "sh": replace(places["sh"], **where)}
    house.settings = replace(house.settings, properties=moved)


def test_the_day_counts_as_it_is_on_the_wall_of_the_hotel(house: House) -> None:
    """Told in the evening of the last day in Honolulu, where in Greenwich it is over."""
    move(house, zone="Pacific/Honolulu")
    number = asked(house)
    with house.begin() as office:
        due = date.fromisoformat(office.show(number)["due_on"])
    # Nine in the morning in Greenwich is eleven in the evening of the day before.
    house.later(days=(due - house.now.date()).days + 1)
    assert attempt(house, number) == ("in-house",)
    house.later(days=3)
    assert month(house).late == 0


def test_a_time_that_was_lengthened_counts(house: House) -> None:
    """The guest read in time until when it takes; after that day it is late again."""
    move(house, country="DE")
    number = asked(house)
    with house.begin() as office:
        before = office.show(number)["due_on"]
        office.extend(number, "officer", "complex")
    leaves(house)
    house.later(days=(date.fromisoformat(before) - house.now.date()).days + 3)
    assert month(house).late == 0
    assert attempt(house, number) == ()
    assert month(house).late == 0


def statements(house: House, act: Callable[[], Any]) -> int:
    """Return how many statements somebody's deed sends."""
    count = 0

    def one(*_: Any) -> None:
        nonlocal count
        count += 1

    event.listen(house.engine, "before_cursor_execute", one)
    try:
        act()
    finally:
        event.remove(house.engine, "before_cursor_execute", one)
    return count


def test_figures_ask_no_more_for_many_requests(house: House) -> None:
    """Whoever heard in time is found by one statement, not one each."""
    first = asked(house)
    assert attempt(house, first) == ("in-house",)
    past_due(house, first)
    few = statements(house, lambda: month(house))
    before = house.now
    for id in range(2, 7):
        number = asked(house, id, f"guest{id}")
        assert attempt(house, number) == ("in-house",)
    past_due(house, number)
    with house.begin() as office:
        figures = next(each for each in office.figures() if each.property == "sh")
    assert sum(each.late for each in figures.months) == 0
    assert house.now > before
    with house.begin() as office:
        assert statements(house, lambda: office.figures()) <= few


def test_a_list_asks_no_more_for_many_that_wait(house: House) -> None:
    """What became of their letters is asked of those beyond their day alone."""
    def wait(ids: range) -> int:
        for id in ids:
            assert attempt(house, asked(house, id, f"guest{id}")) == ("in-house",)
        with house.begin() as office:
            return statements(house, office.list)

    assert wait(range(1, 3)) == wait(range(3, 7))


def given_up(house: House, template: str) -> int:
    """Let the letter of a text be given up; return its number."""
    with house.begin() as office:
        found = dispatch.claim(office.work, frozenset({"smtp"}))
        (letter,) = (each for each in found if each.template == template)
        dispatch.give_up(office.work, letter, "SMTPRecipientsRefused")
        tried = update(tables.outbox).where(tables.outbox.c.id == letter.id)
        office.work.conn.execute(tried.values(attempts=outbox.TRIES))
        others = [each.id for each in found if each is not letter]
        again = update(tables.outbox).where(tables.outbox.c.id.in_(others))
        office.work.conn.execute(again.values(state=outbox.QUEUED))
    return letter.id


def late(house: House, number: str) -> set[bool]:
    """Return whether figures, request, list, alerts and gauges call its answer late."""
    with house.begin() as office:
        lines = [row["number"] for row in office.list(state="overdue")]
        alerts = [each.kind for each in causes.look(office.work)]
        shown, counted = office.show(number)["late"], gauges.gauges(office.work).overdue == 1
    alerted = AlertKind.ANSWER_LATE in alerts
    return {month(house).late == 1, shown, number in lines, alerted, counted}


def test_a_letter_that_was_given_up_told_nobody_once_the_end_was_written_about(
    any_house: House,
) -> None:
    """It leaves no more, as it says less than the letter behind it; the answer came late for all
    that."""
    house = any_house
    number = asked(house)
    assert attempt(house, number) == ("in-house",)
    given_up(house, "waiting")
    past_due(house, number)
    leaves(house)
    assert attempt(house, number) == ()
    assert month(house).late == 1
    with house.begin() as office:
        assert "waiting" not in [each["template"] for each in office.letters("clerk")]


def test_who_was_told_by_the_first_of_two_letters_was_told_for_all_who_ask(house: House) -> None:
    """The second one was given up: figures, list and alerts all say that they heard in time."""
    number = heard_first(house)
    assert late(house, number) == {False}


def test_who_was_told_by_the_second_of_two_letters_too_late_was_told_too_late(
    house: House,
) -> None:
    """The first one, in time, was given up after the second one, past the day, was written."""
    number = asked(house)
    assert attempt(house, number) == ("in-house",)
    past_due(house, number)
    leaves(house)
    house.set(Stay, 7, leaves=house.now.date())
    assert attempt(house, number) == ("cooling",)
    house.later(hours=1)
    first = min(row["id"] for row in house.ours("outbox") if row["template"] == "waiting")
    with house.engine.begin() as conn:
        mine = update(tables.outbox).where(tables.outbox.c.id == first)
        conn.execute(mine.values(state=outbox.FAILED, done_at=house.now.replace(tzinfo=None)))
    assert month(house).late == 1


@pytest.mark.parametrize("refused", [False, True], ids=["done", "refused"])
def test_an_answer_that_was_given_up_is_late_until_it_is_printed(
    any_house: House, refused: bool
) -> None:
    """What a request came to is no answer before its guest was told it, on no list and figure."""
    house = any_house
    house.person(1, "ann")
    if refused:
        number = house.file(email="ann@example.com")
        with house.begin() as office:
            office.confirm(number, "clerk", "desk")
        with house.begin() as office:
            office.refuse(number, "officer", "another-persons-data")
    else:
        number = house.approved(email="ann@example.com")
        assert attempt(house, number) == ()
    letter = given_up(house, "refused" if refused else "done")
    assert late(house, number) == {False}
    assert (month(house).answered, month(house).outcomes) == (0, {house.state(number): 1})
    past_due(house, number)
    assert late(house, number) == {True}
    with house.begin() as office:
        office.printed(letter, "clerk")
    assert late(house, number) == {False}
    assert month(house).answered == 1


def test_a_time_that_nobody_was_told_to_be_longer_is_not(house: House) -> None:
    """The letter that says so was given up: the day is the one of before, until it is printed."""
    move(house, country="DE")
    number = asked(house)
    before = shown(house, number)["due_on"]
    with house.begin() as office:
        office.extend(number, "officer", "complex")
    longer = shown(house, number)["due_on"]
    letter = given_up(house, "extended")
    assert shown(house, number)["due_on"] == before
    house.later(days=(before - house.now.date()).days + 3)
    assert late(house, number) == {True}
    with house.begin() as office:
        office.printed(letter, "clerk")
    assert shown(house, number)["due_on"] == longer
    assert late(house, number) == {False}
