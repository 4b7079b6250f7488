"""Who booked anew while a hold kept their profile: as the hold ends, staff are asked.

The erasure was asked for before that stay, and what is kept of the old life goes all the same.
"""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import DateTime, literal, update
from sqlalchemy import delete as deleting

from flask_guesterase.core.errors import MovedError
from flask_guesterase.core.holding import Wanted
from flask_guesterase.core.plan import NEW_STAY
from flask_guesterase.core.policy import Blocker, Equal, Policy
from flask_guesterase.core.treatment import delete, null
from flask_guesterase.store import tables
from flask_guesterase.store.casework.cases import load
from flask_guesterase.store.comeback.stays import BOOKED, DOOR
from flask_guesterase.store.executing import finishing, supplementing
from flask_guesterase.store.mapping.datamap import resolve
from flask_guesterase.store.requests import views, waiting
from flask_guesterase.web.wording.words import BLOCKERS, MOVED, SIGHTED
from tests.store.lodge import ANN, Base, Booking, Guest, Lodge, Wish, elsewhere, policies
from tests.store.test_guard_living import GUEST, held, lifted
from tests.store.test_looked_again import OLD_STAY
from tests.store.test_needed_back import BILLS, paid

NEW = ("lodgers_", "int:1", "new-stay")


def kept_back(lodge: Lodge, *also: tuple[str, str]) -> tuple[str, list[int]]:
    """Erase a guest whose profile is held, and other rows; return number and holds."""
    lodge.stayed()
    lodge.add(Booking(id=6, guest_id=1, made_at=OLD_STAY, wishes="quiet"))
    holds = [held(lodge, "1"), *(held(lodge, key, table) for table, key in also)]
    number = lodge.erased_guest()
    assert lodge.state(number) == "sealed"
    return number, holds


def booked(lodge: Lodge, id: int = 8) -> None:
    """Let the guest book anew, months later."""
    lodge.later(days=90)
    made = lodge.now.replace(tzinfo=None)
    lodge.add(Booking(id=id, guest_id=1, made_at=made, wishes="late"))
    lodge.later(days=1)


def free(lodge: Lodge, holds: list[int]) -> dict[str, int]:
    """Lift all holds, and finish what was kept."""
    for each in holds:
        lifted(lodge, each)
    lodge.later(days=1)
    return finishing.finish(lodge.run)


def stays(lodge: Lodge, number: str) -> list[tuple[str, str]]:
    """Return table and category of what the newest certificate says that stays."""
    said = lodge.run(lambda office: office.certificate(number))["content"]
    return [(each["table"], each["category"]) for each in said["stays"]]


def modes(lodge: Lodge) -> list[str]:
    return [row["mode"] for row in lodge.ours("kept") if row["ended_at"] is None]


def wishes(lodge: Lodge, id: int) -> Any:
    return lodge.one(Booking, id)["wishes"]  # type: ignore[index]


def settled(lodge: Lodge, theirs: bool) -> None:
    (line,) = (each for each in lodge.ours("returned") if each["state"] == "staff")
    lodge.run(lambda office: office.settle_return(line["id"], "clerk", theirs))


def test_a_held_profile_that_nobody_used_since_goes_as_its_hold_ends(any_lodge: Lodge) -> None:
    """A contact that was written into it meanwhile is no new stay."""
    lodge = any_lodge
    number, holds = kept_back(lodge)
    lodge.later(days=90)
    with lodge.engine.begin() as conn:
        conn.execute(update(GUEST).values(phone="+86 120 0000 5555"))
    lodge.add(Booking(id=7, guest_id=1, made_at=OLD_STAY))
    assert free(lodge, holds) == {"finished": 1, "ended": 1}
    assert (lodge.one(Guest, 1)["phone"], lodge.returns()) == (None, [])  # type: ignore[index]
    assert lodge.state(number) == "erased"


def test_a_held_profile_with_a_new_stay_is_laid_before_staff(any_lodge: Lodge) -> None:
    """The old booking that was held goes, and neither the profile nor the new one."""
    lodge = any_lodge
    number, holds = kept_back(lodge, ("lodge_bookings", "1"))
    booked(lodge)
    before = lodge.one(Guest, 1)
    assert free(lodge, holds) == {"finished": 1}
    assert (wishes(lodge, 1), wishes(lodge, 8)) == (None, "late")
    for _ in range(2):
        assert lodge.one(Guest, 1) == before
        assert lodge.returns() == [(*NEW, "staff")]
        assert (modes(lodge), lodge.state(number)) == (["new-stay"], "sealed")
        lodge.later(days=1)
        assert (lodge.sweep(), finishing.finish(lodge.run)) == ({}, {})


def test_what_staff_call_theirs_goes_new_stay_and_all(any_lodge: Lodge) -> None:
    """Under what was approved, by one word as elsewhere; then nothing of the request is left."""
    lodge = any_lodge
    number, holds = kept_back(lodge)
    booked(lodge)
    assert free(lodge, holds) == {}
    assert stays(lodge, number) == [("lodgers_", "legal-duty")]
    settled(lodge, theirs=True)
    assert lodge.worker() == {"erased": 1}
    assert (lodge.holds_ann(), wishes(lodge, 8)) == ([], None)
    lodge.later(days=1)
    assert finishing.finish(lodge.run) == {"ended": 1}
    assert (lodge.state(number), stays(lodge, number)) == ("erased", [])


def test_what_staff_let_live_stays_for_the_new_stay_until_it_goes_itself(
    any_lodge: Lodge,
) -> None:
    """The certificate names it as long as it is there, and no night asks about it again."""
    lodge = any_lodge
    number, holds = kept_back(lodge)
    booked(lodge)
    free(lodge, holds)
    before = lodge.one(Guest, 1)
    settled(lodge, theirs=False)
    with lodge.engine.begin() as conn:
        conn.execute(deleting(Booking.__table__).where(Booking.__table__.c.id == 8))
    for _ in range(2):
        lodge.later(days=20)
        assert (lodge.sweep(), finishing.finish(lodge.run)) == ({}, {})
        assert (lodge.one(Guest, 1), lodge.returns()) == (before, [(*NEW, "lives")])
    assert [row["name"] for row in lodge.ours("task") if row["kind"] == "stuck"] == []
    lodge.run(lambda office: supplementing.supplement(office.work, load(office.work, number)))
    assert (stays(lodge, number), lodge.state(number)) == ([("lodgers_", "new-stay")], "sealed")
    lodge.erased_guest()
    lodge.later(days=1)
    finishing.finish(lodge.run)
    assert (lodge.holds_ann(), lodge.state(number), stays(lodge, number)) == ([], "erased", [])


def test_a_word_of_one_person_by_which_a_profile_stays_is_told(any_lodge: Lodge) -> None:
    """Two approved that it goes: the journal names who let it live, and a supplement says so at
    once, as does what the guest reads."""
    lodge = any_lodge
    number, holds = kept_back(lodge)
    booked(lodge)
    free(lodge, holds)
    settled(lodge, theirs=False)
    assert stays(lodge, number) == [("lodgers_", "new-stay")]
    (said,) = (each for each in lodge.ours("entry") if each["action"] == "return-settled")
    word = json.loads(said["body"])
    assert (word["request"], word["grounds"]) == (number, ["lives"])
    assert word["actor"] == lodge.ours("returned")[0]["decided_by"]
    told = lodge.run(lambda office: views.guest_view(office.work, load(office.work, number)))
    assert [each["category"] for each in told.kept] == ["new-stay"]
    assert [row["supplement"] for row in lodge.ours("certificate")] == [0, 1]


def test_a_word_that_nothing_stays_by_any_more_issues_no_certificate(lodge: Lodge) -> None:
    """Another request emptied the profile before anybody said that it lives."""
    number, holds = kept_back(lodge)
    booked(lodge)
    free(lodge, holds)
    lodge.erased_guest()
    finishing.finish(lodge.run)
    settled(lodge, theirs=False)
    mine = (row for row in lodge.ours("certificate") if row["request"] == number)
    assert [row["supplement"] for row in mine] == [0]


def test_a_request_for_them_is_the_answer_too(lodge: Lodge) -> None:
    """Nobody has to say anything about a profile that another request emptied."""
    number, holds = kept_back(lodge)
    booked(lodge)
    free(lodge, holds)
    lodge.erased_guest()
    assert lodge.sweep() == {"unclear-no-more": 1}
    finishing.finish(lodge.run)
    assert (lodge.returns(), lodge.state(number)) == ([(*NEW, "gone")], "erased")


def test_another_hold_keeps_what_staff_called_theirs_and_a_word_counts_of_what_was_before(
    lodge: Lodge,
) -> None:
    """Who books once more while that one stands is asked about once more."""
    number, holds = kept_back(lodge)
    booked(lodge)
    free(lodge, holds)
    again = held(lodge, "1")
    settled(lodge, theirs=True)
    assert lodge.worker() == {"open": 1}
    booked(lodge, 9)
    assert lodge.worker() == {"staff": 1}
    before = lodge.one(Guest, 1)
    assert (free(lodge, [again]), lodge.worker()) == ({}, {})
    assert (lodge.one(Guest, 1), lodge.returns()) == (before, [(*NEW, "staff")])
    assert lodge.state(number) == "sealed"


def test_what_was_approved_under_a_hold_is_decided_anew_once_they_booked(any_lodge: Lodge) -> None:
    """Where all of a guest is held the request waits; nobody approved that the new stay goes."""
    lodge = any_lodge
    lodge.stayed()
    hold = whole(lodge)
    number = lodge.approved(document_no=ANN["document_no"])
    assert waits(lodge, number) == "waiting"
    booked(lodge)
    assert waits(lodge, number) == "waiting"
    for user in ("officer", "second"):
        lodge.run(lambda office, user=user: office.lift(hold, user))
    with pytest.raises(MovedError) as moved:
        lodge.erased(number)
    assert moved.value.differences == (BOOKED,)
    assert (lodge.state(number), wishes(lodge, 8)) == ("review", "late")
    lodge.approve(number)
    assert lodge.erased(number) == "erased"
    assert (lodge.holds_ann(), wishes(lodge, 8)) == ([], None)


def staying(lodge: Lodge, first: str = "in-house") -> str:
    """Let all of a guest wait until the stay that they are in is over; return their request.

    :param first: what it waits for first.
    """
    lodge.stayed()
    lodge.blockers = (Blocker("in-house", BILLS.name, lambda b, today: b.c.amount > 500),)
    with lodge.engine.begin() as conn:
        conn.execute(update(BILLS).values(amount=600))
    number = lodge.approved(document_no=ANN["document_no"])
    assert waits(lodge, number) == "waiting"
    assert lodge.ours("request")[0]["waiting_for"] == first
    return number


def test_who_books_again_while_their_request_waits_for_a_stay_is_decided_about_anew(
    lodge: Lodge,
) -> None:
    """The new booking is a contract of its own: nobody approved that it goes with the old one."""
    number = staying(lodge)
    booked(lodge)
    paid(lodge)
    with pytest.raises(MovedError) as moved:
        lodge.erased(number)
    assert moved.value.differences == (BOOKED,)
    assert (lodge.state(number), wishes(lodge, 1), wishes(lodge, 8)) == ("review", "quiet", "late")
    lodge.approve(number)
    assert lodge.erased(number) == "erased"


def test_what_waited_for_a_stay_goes_as_it_ends_with_what_was_written_of_it_meanwhile(
    lodge: Lodge,
) -> None:
    """Nobody asks or approves a second time where nothing was booked since."""
    number = staying(lodge)
    lodge.later(days=3)
    lodge.add(Booking(id=8, guest_id=1, made_at=OLD_STAY, wishes="late"))
    paid(lodge)
    assert lodge.erased(number) == "erased"
    assert (lodge.holds_ann(), wishes(lodge, 8)) == ([], None)


def test_what_is_written_of_a_booking_meanwhile_is_no_other_stay(lodge: Lodge) -> None:
    """Each line says when it was made, as the booking does that it hangs on."""
    made = (lodge.now + timedelta(days=3)).replace(tzinfo=None)
    dinner = Policy(
        {"email": null}, via=Equal({"id": "id"}, to=BILLS.name), rows=delete,
        category="reservation", clock={"created": lambda _: literal(made, DateTime)},
    )  # fmt: skip
    mapped = [(model, dinner if model is Wish else policy) for model, policy in policies()]
    mappers = list(Base.registry.mappers)
    lodge.datamap = resolve(mapped, Base.metadata.tables.values(), mappers)
    number = staying(lodge)
    lodge.later(days=4)
    lodge.add(Wish(id=1, guest_id=1, email=ANN["email"]))
    paid(lodge)
    assert lodge.erased(number) == "erased"


def test_who_books_before_the_first_try_is_decided_about_anew_as_well(lodge: Lodge) -> None:
    """In the hours between approval and erasure nobody looks yet what is waited for."""
    lodge.settings = replace(lodge.settings, grace_hours=72)
    number = staying(lodge, first="grace")
    lodge.later(days=1)
    made = lodge.now.replace(tzinfo=None)
    lodge.add(Booking(id=8, guest_id=1, made_at=made, wishes="late"))
    lodge.later(days=3)
    assert waits(lodge, number) == "waiting"
    paid(lodge)
    with pytest.raises(MovedError) as moved:
        lodge.erased(number)
    assert moved.value.differences == (BOOKED,)


def test_a_stay_that_is_waited_for_is_none_that_was_booked_since(lodge: Lodge) -> None:
    """Where the day of arrival stands for the day of booking, it lies ahead as it is waited for."""
    lodge.stayed()
    lodge.blockers = (Blocker("booked", BILLS.name, lambda b, today: b.c.amount > 500),)
    arrival = (lodge.now + timedelta(days=3)).replace(tzinfo=None)
    lodge.add(Booking(id=8, guest_id=1, made_at=arrival, wishes="late", amount=600))
    with lodge.engine.begin() as conn:
        conn.execute(update(BILLS).values(amount=600))
    number = lodge.approved(document_no=ANN["document_no"])
    assert waits(lodge, number) == "waiting"
    lodge.later(days=5)
    assert waits(lodge, number) == "waiting"
    paid(lodge)
    assert lodge.erased(number) == "erased"


def test_what_was_booked_before_it_was_approved_goes_on_as_the_hold_ends(lodge: Lodge) -> None:
    """Nobody asks and nobody approves again where nothing is new."""
    lodge.stayed()
    hold = whole(lodge)
    booked(lodge)
    number = lodge.approved(document_no=ANN["document_no"])
    assert waits(lodge, number) == "waiting"
    lodge.later(days=30)
    lifted(lodge, hold)
    assert lodge.erased(number) == "erased"


def test_a_stay_that_ended_meanwhile_counts_for_a_profile_where_bookings_tell_no_other_day(
    lodge: Lodge,
) -> None:
    """Nobody can tell then whether it was booked before; and what was approved was approved."""
    clocked(lodge, {Booking: {"departed": "made_at"}})
    _, holds = kept_back(lodge)
    booked(lodge)
    before = lodge.one(Guest, 1)
    free(lodge, holds)
    assert (lodge.one(Guest, 1), lodge.returns()) == (before, [(*NEW, "staff")])
    settled(lodge, theirs=False)
    hold = whole(lodge)
    number = lodge.approved(document_no=ANN["document_no"])
    assert waits(lodge, number) == "waiting"
    booked(lodge, 9)
    lifted(lodge, hold)
    assert lodge.erased(number) == "erased"


def test_a_stay_in_which_the_erasure_came_is_none_that_was_booked_since(lodge: Lodge) -> None:
    """Its guest left after it: where bookings tell the day they were made, that says nothing."""
    left = (lodge.now + timedelta(days=2)).replace(tzinfo=None)
    departed = {"created": "made_at", "departed": lambda _: literal(left, DateTime)}
    clocked(lodge, {Booking: departed})
    number, holds = kept_back(lodge, ("lodge_bookings", "1"))
    lodge.later(days=90)
    free(lodge, holds)
    assert (lodge.returns(), lodge.state(number)) == ([], "erased")


def test_that_consent_was_withdrawn_is_no_stay(lodge: Lodge) -> None:
    """Nor is that a booking of before was cancelled: who asked for erasure does both, after it."""
    clocked(lodge, {Guest: {"withdrawn": "made_on"}, Booking: {"cancelled": "made_at"}})
    number, holds = kept_back(lodge)
    lodge.later(days=5)
    today = lodge.now.replace(tzinfo=None)
    with lodge.engine.begin() as conn:
        conn.execute(update(GUEST).values(made_on=today.date()))
        conn.execute(update(Booking.__table__).values(made_at=today))
    lodge.later(days=5)
    assert free(lodge, holds) == {"finished": 1, "ended": 1}
    assert (lodge.returns(), lodge.state(number)) == ([], "erased")


def test_an_officer_hears_of_a_profile_that_nobody_says_anything_about(any_lodge: Lodge) -> None:
    """It was to go by what was approved, and stays as long as staff do not answer."""
    lodge = any_lodge
    number, holds = kept_back(lodge)
    booked(lodge)
    free(lodge, holds)
    lodge.later(days=89)
    assert stuck(lodge) == 0
    lodge.later(days=2)
    assert (stuck(lodge), stuck(lodge)) == (1, 0)
    (task,) = lodge.ours("task")
    assert (task["name"], task["kind"], task["done_at"]) == (number, "stuck", None)
    settled(lodge, theirs=False)
    stuck(lodge)
    assert lodge.ours("task")[0]["done_at"] is not None


def test_a_night_audit_at_one_house_leaves_the_profile_of_another_as_it_is(lodge: Lodge) -> None:
    """What is kept elsewhere of the same request goes; nobody is marked as erased by that."""
    _, holds = kept_back(lodge, ("lodge_bookings", "1"))
    booked(lodge)
    before = lodge.one(Guest, 1)
    for each in holds:
        lifted(lodge, each)
    with lodge.engine.begin() as conn:
        elsewhere = update(tables.kept).where(tables.kept.c.table_name == "lodge_bookings")
        conn.execute(elsewhere.values(property="mu"))
    assert finishing.finish(lodge.run, frozenset({"sh"})) == {"finished": 1}
    assert [row["erased_at"] for row in lodge.ours("subject")] == [None]
    assert finishing.finish(lodge.run) == {}
    assert (lodge.one(Guest, 1), lodge.returns()) == (before, [(*NEW, "staff")])


def test_a_stay_at_another_companys_hotel_is_none_here(lodge: Lodge) -> None:
    """Nothing of it goes with what was asked here, and here nobody hears of it."""
    elsewhere(lodge)
    number, holds = kept_back(lodge)
    booked(lodge)
    free(lodge, holds)
    assert (lodge.returns(), lodge.state(number)) == ([], "erased")
    assert wishes(lodge, 8) == "late"
    with lodge.engine.begin() as conn:
        conn.execute(update(GUEST).values(name=ANN["full_name"], document_no="ZX 1"))
    hold = whole(lodge)
    number = lodge.approved(document_no="ZX 1")
    assert waits(lodge, number) == "waiting"
    booked(lodge, 9)
    lifted(lodge, hold)
    assert lodge.erased(number) == "erased"


def test_why_staff_are_asked_is_said_in_words() -> None:
    """On *Came back*, and wherever it is told what stays."""
    assert {NEW_STAY, DOOR} <= SIGHTED.keys()
    assert (NEW_STAY in BLOCKERS, BOOKED in MOVED) == (True, True)


def clocked(lodge: Lodge, clocks: dict[type[Base], dict[str, Any]]) -> None:
    """Declare other events of some tables."""
    mapped = [
        (model, replace(policy, clock=clocks[model]) if model in clocks else policy)
        for model, policy in policies()
    ]
    mappers = list(Base.registry.mappers)
    lodge.datamap = resolve(mapped, Base.metadata.tables.values(), mappers)


def stuck(lodge: Lodge) -> int:
    """Lay what waits too long before the officer; return how many requests."""
    count: int = lodge.run(lambda office: waiting.remind(office.work))
    return count


def whole(lodge: Lodge) -> int:
    """Place a hold on all of the guest; return its number."""
    for user in ("officer", "second"):
        lodge.grants[user].add("hold")
    wanted = Wanted("subject", "court-order", "lodgers_", "1")
    number: int = lodge.run(lambda office: office.place_hold(wanted, "officer"))
    return number


def waits(lodge: Lodge, number: str) -> str:
    """Let the worker try a request that is held; return its state."""
    lodge.run(lambda office: office.erase(number))
    return lodge.state(number)
