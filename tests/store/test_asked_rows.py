"""Rows that came back and of which a person says whose they are: what waits for that word."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import event, insert, literal, update

from flask_guesterase.core.policy import Blocker
from flask_guesterase.store import tables, worker
from flask_guesterase.store.casework.cases import load
from flask_guesterase.store.comeback import owing as standing
from flask_guesterase.store.executing import finishing
from flask_guesterase.store.requests import views
from tests.store.lodge import ANN, Booking, Guest, Lodge
from tests.store.test_guard_living import OLD
from tests.store.test_looked_again import OLD_STAY, refill
from tests.store.test_needed_back import paid
from tests.store.test_two_steps import ended, half_erased, said

BACK = {"table": "lodgers_", "rows": 1, "reason": "perhaps-back"}


def asked(lodge: Lodge) -> str:
    """Let the last of a request go while nobody has said whose a new profile is; return its
    number."""
    number = half_erased(lodge)
    lodge.session.add(Guest(id=9, house="sh", email="x@mail.example", phone=ANN["phone"]))
    lodge.session.commit()
    assert lodge.worker() == {"staff": 1}
    paid(lodge)
    assert finishing.finish(lodge.run) == {"finished": 1}
    return number


def shown(lodge: Lodge, number: str) -> list[dict[str, Any]]:
    back: list[dict[str, Any]] = lodge.run(lambda office: office.show(number))["came_back"]
    return back


def told(lodge: Lodge, number: str) -> tuple[str, ...]:
    """Return for what a guest is told their request waits."""
    said: tuple[str, ...] = lodge.run(
        lambda office: views.guest_view(office.work, load(office.work, number)).reasons
    )
    return said


def stuck(lodge: Lodge) -> int:
    count: int = lodge.run(lambda office: office.stuck())
    return count


def tasks(lodge: Lodge) -> list[tuple[str, str, bool]]:
    return [(t["kind"], t["name"], t["done_at"] is not None) for t in lodge.ours("task")]


def grounds(lodge: Lodge) -> list[tuple[str | None, list[str]]]:
    """Return request and reasons of what the officer was asked about."""
    asked = (json.loads(e["body"]) for e in lodge.ours("entry") if e["action"] == "request-stuck")
    return [(body["request"], body["grounds"]) for body in asked]


@pytest.mark.parametrize("theirs", [True, False])
def test_a_request_is_not_called_erased_before_somebody_says_whose_a_row_is(
    any_lodge: Lodge, theirs: bool
) -> None:
    """The word ends it: at once where the row is another's, and else as the row goes again."""
    lodge = any_lodge
    number = asked(lodge)
    assert (lodge.state(number), ended(lodge, number)) == ("sealed", "sealed")
    assert shown(lodge, number) == [BACK]
    said(lodge, theirs)
    if theirs:
        assert ended(lodge, number) == "sealed"
        assert shown(lodge, number) == [{**BACK, "reason": "came-back"}]
        assert lodge.worker() == {"erased": 1}
    assert (ended(lodge, number), shown(lodge, number)) == ("erased", [])
    phone = lodge.one(Guest, 9)["phone"]  # type: ignore[index]
    assert (phone is None) == theirs


def test_a_guest_is_told_of_a_row_only_when_their_request_waits_for_nothing_else(
    lodge: Lodge,
) -> None:
    """It may be another's who shares a mailbox: whether they stay is nobody else's business."""
    number = half_erased(lodge)
    lodge.session.add(Guest(id=9, house="sh", email="x@mail.example", phone=ANN["phone"]))
    lodge.session.commit()
    assert lodge.worker() == {"staff": 1}
    assert (shown(lodge, number), told(lodge, number)) == ([BACK], ())
    paid(lodge)
    finishing.finish(lodge.run)
    assert told(lodge, number) == ("perhaps-back",)


def test_what_is_typed_into_another_guests_profile_holds_up_no_end_once_it_is_said(
    lodge: Lodge,
) -> None:
    """One person's word that it lives is enough, though none could let it go."""
    lodge.add(Guest(id=9, house="sh", full_name="Eva Roe", email="eva@mail.example", made_on=OLD))
    number = half_erased(lodge)
    guest = lodge.session.get(Guest, 9)
    assert guest is not None
    guest.full_name, guest.phone = ANN["full_name"], ANN["phone"]
    lodge.session.commit()
    assert lodge.worker() == {"staff": 1}
    assert lodge.returns() == [("lodgers_", "int:9", "perhaps-another", "staff")]
    paid(lodge)
    finishing.finish(lodge.run)
    assert ended(lodge, number) == "sealed"
    said(lodge, theirs=False)
    assert ended(lodge, number) == "erased"


def test_a_request_that_waits_for_a_word_asks_the_officer_after_ninety_days(
    any_lodge: Lodge,
) -> None:
    """Once, and again after thirty more; the task ends with the waiting."""
    lodge = any_lodge
    number = asked(lodge)
    lodge.later(days=89)
    assert stuck(lodge) == 0
    lodge.later(days=1)
    assert [stuck(lodge), stuck(lodge)] == [1, 0]
    assert tasks(lodge) == [("stuck", number, False)]
    assert grounds(lodge) == [(number, ["perhaps-back"])]
    said(lodge, theirs=False)
    assert (stuck(lodge), tasks(lodge)) == (0, [("stuck", number, True)])


def test_a_request_that_ended_before_somebody_was_back_is_not_opened_again(lodge: Lodge) -> None:
    """What it said was true on its day; the officer is asked all the same."""
    lodge.stayed()
    number = lodge.erased_guest()
    lodge.later(days=30)
    lodge.session.add(Guest(id=9, house="sh", email="x@mail.example", phone=ANN["phone"]))
    lodge.session.commit()
    assert lodge.worker() == {"staff": 1}
    assert (ended(lodge, number), shown(lodge, number)) == ("erased", [])
    lodge.later(days=91)
    assert stuck(lodge) == 1
    said(lodge, theirs=False)
    assert lodge.state(number) == "erased"


def test_a_request_that_waits_for_a_line_of_another_request_shows_why(any_lodge: Lodge) -> None:
    """Both erased the profile, and its line names one of them."""
    lodge = any_lodge
    first = half_erased(lodge)
    second = lodge.approved(email=ANN["email"])
    lodge.erased(second)
    refill(lodge)
    lodge.later(days=1)
    paid(lodge)
    finishing.finish(lodge.run)
    lodge.run(lambda office: office.judge_returns())
    (line,) = lodge.ours("returned")
    assert {line["request"]} < {first, second}
    lines = [{**BACK, "reason": "came-back"}]
    assert [shown(lodge, each) for each in (first, second)] == [lines, lines]
    assert lodge.worker() == {"erased": 1}
    assert [ended(lodge, each) for each in (first, second)] == ["erased", "erased"]
    assert (shown(lodge, first), shown(lodge, second)) == ([], [])


def test_a_request_waits_for_a_booking_of_its_guest_that_another_request_names(
    any_lodge: Lodge,
) -> None:
    """Both erased the guest; a booking of anybody else that the other one names is its own."""
    lodge = any_lodge
    first = half_erased(lodge)
    second = lodge.approved(email=ANN["email"])
    lodge.erased(second)
    lodge.add(Guest(id=9, house="sh", full_name="Eva Roe", email="eva@mail.example", made_on=OLD))
    lodge.add(Booking(id=9, guest_id=9, made_at=OLD_STAY, wishes="soft"))
    for key in ("int:1", "int:9"):
        waiting = {"table_name": "lodge_bookings", "row_key": key, "request": second}
        nobodys(lodge, "staff", why="erased-reference", **waiting)
    paid(lodge)
    finishing.finish(lodge.run)
    asked = {**BACK, "table": "lodge_bookings"}
    assert (ended(lodge, first), ended(lodge, second)) == ("sealed", "sealed")
    assert [shown(lodge, each) for each in (first, second)] == [[asked], [{**asked, "rows": 2}]]
    mine = lodge.ours("returned")[0]["id"]
    lodge.run(lambda office: office.settle_return(mine, "clerk", False))
    assert (ended(lodge, first), ended(lodge, second)) == ("erased", "sealed")


def test_a_request_waits_for_no_booking_of_its_guest_at_another_company(lodge: Lodge) -> None:
    """What came back there is nothing of what was asked here, and nobody reads of it here."""
    first = half_erased(lodge)
    second = lodge.approved(email=ANN["email"])
    lodge.erased(second)
    theirs = {"controller": "other-ltd", "property": "mu", "table_name": "lodge_bookings"}
    nobodys(lodge, "staff", why="erased-reference", row_key="int:1", request=second, **theirs)
    paid(lodge)
    finishing.finish(lodge.run)
    assert (shown(lodge, first), ended(lodge, first)) == ([], "erased")


def test_many_bookings_that_another_request_names_are_read_at_once(lodge: Lodge) -> None:
    """A table that was put back alone may lay thousands before staff."""
    first = half_erased(lodge)
    second = lodge.approved(email=ANN["email"])
    lodge.erased(second)
    for id in range(100, 120):
        lodge.add(Booking(id=id, guest_id=1, made_at=OLD_STAY))
        mine = {"table_name": "lodge_bookings", "row_key": f"int:{id}", "request": second}
        nobodys(lodge, "staff", why="erased-reference", **mine)
    paid(lodge)
    finishing.finish(lodge.run)
    asked: list[str] = []
    listening = lodge.engine, "before_cursor_execute", lambda *told: asked.append(told[2])
    event.listen(*listening)
    assert shown(lodge, first) == [{**BACK, "table": "lodge_bookings", "rows": 20}]
    event.remove(*listening)
    assert len([each for each in asked if "FROM lodge_bookings" in each]) == 1


def nobodys(lodge: Lodge, state: str, **values: Any) -> None:
    """Note a row that came back of somebody who was erased because their time was over."""
    row = {
        "controller": "demo-hotels-ltd", "property": "sh", "table_name": "lodgers_",
        "row_key": "int:77", "why": "erased-contact", "door": "sweep", "state": state,
        "attempts": 1, "seen_at": lodge.now.replace(tzinfo=None),
    }  # fmt: skip
    with lodge.engine.begin() as conn:
        conn.execute(insert(tables.returned).values(**{**row, **values}))


def test_rows_of_no_request_ask_the_officer_after_ninety_days(any_lodge: Lodge) -> None:
    """One task for all of a property: those of which nobody said whose they are, and those that
    wait for the hotel; what a hold keeps has reviews of its own."""
    lodge = any_lodge
    lodge.blockers = (Blocker("open-folio", "lodge_bookings", lambda b, today: b.c.amount > 500),)
    for state, waits in (("staff", None), ("open", "open-folio"), ("open", "legal-duty")):
        nobodys(lodge, state, waiting_for=waits)
    lodge.later(days=89)
    assert stuck(lodge) == 0
    lodge.later(days=1)
    assert [stuck(lodge), stuck(lodge)] == [1, 0]
    assert tasks(lodge) == [("stuck-rows", "sh", False)]
    assert [task["count"] for task in lodge.ours("task")] == [2]
    assert grounds(lodge) == [(None, ["open-folio", "perhaps-back"])]
    with lodge.engine.begin() as conn:
        conn.execute(update(tables.task).values(done_at=lodge.now.replace(tzinfo=None)))
    lodge.later(days=29)
    assert stuck(lodge) == 0
    lodge.later(days=2)
    assert stuck(lodge) == 1
    with lodge.engine.begin() as conn:
        conn.execute(update(tables.returned).values(state="lives"))
    assert (stuck(lodge), tasks(lodge)) == (0, [("stuck-rows", "sh", True)])


def test_of_several_reasons_the_one_that_ends_last_is_told(lodge: Lodge) -> None:
    """What comes first by its letters may be over tomorrow, and the row waits on."""
    lodge.stayed()
    lodge.erased_guest()
    lodge.blockers = tuple(
        Blocker(
            word, "lodge_bookings", lambda b, today: b.c.amount > 500,
            until=lambda _, day=day: literal(day),
        )
        for word, day in (("cooling", "2099-01-01"), ("future-stay", "2099-03-01"))
    )  # fmt: skip
    refill(lodge, email=ANN["email"])
    lodge.add(Booking(id=7, guest_id=1, made_at=OLD_STAY, amount=600))
    assert lodge.sweep() == {"returned": 1, "open": 1}
    (line,) = lodge.ours("returned")
    assert (line["waiting_for"], line["waiting_until"]) == ("future-stay", "2099-03-01")


def test_many_rows_that_are_nobodys_keep_no_later_one_from_being_judged(lodge: Lodge) -> None:
    """A batch of which nobody is back counts nothing, and there are others behind it."""
    lodge.stayed()
    lodge.erased_guest()
    with lodge.engine.begin() as conn:
        conn.execute(insert(tables.returned), [
            {
                "controller": "demo-hotels-ltd", "property": "sh", "table_name": "lodgers_",
                "row_key": f"int:{key}", "why": "erased-contact", "door": "flush",
                "state": standing.SEEN, "attempts": 0,
                "seen_at": lodge.now.replace(tzinfo=None) - timedelta(minutes=1),
            }
            for key in range(1000, 1500)
        ])  # fmt: skip
    lodge.session.add(Guest(id=9, house="sh", email="x@mail.example", phone=ANN["phone"]))
    lodge.session.commit()
    skip = frozenset({"clock", "intake", "erase", "deliver", "recipients", "release", "forget"})
    report = worker.work(lodge.run, lambda *_: ("", ""), {}, skip)
    assert report.problems == {}
    assert [state for *_, state in lodge.returns()] == ["staff"]
