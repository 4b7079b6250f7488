"""Rows that came back, looked at once more: what a word is worth that was said long ago."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import String, TypeDecorator, delete, insert, select, update

from flask_guesterase.core.treatment import redact
from flask_guesterase.store import tables
from flask_guesterase.store.executing import completing, finishing
from flask_guesterase.store.mapping.datamap import resolve
from flask_guesterase.store.returning.replay import replay
from tests.store.lodge import ANN, Base, Booking, Guest, Lodge, policies, put_back
from tests.store.test_guard_living import GUEST, OLD, SHARED, held, lifted, theirs, unclear

OLD_STAY = datetime(2025, 12, 1, 8)
EVA = {"full_name": "Eva Roe", "email": "eva@mail.example", "document_no": "EE 5"}


def booked(lodge: Lodge, guest: int) -> None:
    """Let a guest book; nothing of the booking would be erased."""
    lodge.add(Booking(id=9, guest_id=guest, made_at=lodge.now.replace(tzinfo=None)))


def test_who_books_anew_after_a_word_that_waited_lives(lodge: Lodge) -> None:
    """The clerk said so before: of the stay that she booked since, nobody has said anything."""
    line, hold = unclear(lodge), held(lodge, "9")
    theirs(lodge, line)
    assert lodge.worker() == {"open": 1}
    lodge.later(days=2)
    booked(lodge, 9)
    before = lodge.one(Guest, 9)
    lifted(lodge, hold)
    assert lodge.worker() == {"lives": 1}
    assert lodge.one(Guest, 9) == before


def test_a_word_is_asked_for_once_more_where_a_stay_was_booked_since(lodge: Lodge) -> None:
    """An erased row that is filled again speaks for the old life, the stay for a new one: whoever
    decides again, seeing that stay, is heard, and then it counts what was approved of it."""
    lodge.add(Guest(id=1, house="sh", made_on=OLD, **ANN))
    lodge.erased_guest()
    with lodge.engine.begin() as conn:
        conn.execute(update(GUEST).where(GUEST.c.id == 1).values(name="Ann Berg"))
    hold, waits = held(lodge, "1"), ("lodgers_", "int:1", "erased-key")
    lodge.sweep()
    assert lodge.returns() == [(*waits, "open")]
    with lodge.engine.begin() as conn:
        conn.execute(update(tables.returned).values(state="staff", try_at=None))
    (line,) = lodge.ours("returned")
    for word in ("before", "after"):
        theirs(lodge, line["id"])
        lodge.later(hours=1)
        if word == "before":
            assert lodge.worker() == {"open": 1}
            booked(lodge, 1)
            lodge.later(days=1)
            assert lodge.worker() == {"staff": 1}
            assert lodge.returns() == [(*waits, "staff")]
    lifted(lodge, hold)
    assert lodge.worker() == {"staff": 1}
    assert lodge.returns() == [("lodgers_", "int:1", "not-decided", "staff")]


def test_a_word_that_outlived_the_marks_needs_a_request(lodge: Lodge) -> None:
    """Nobody can tell any more whose the row is: it neither goes, nor counts as gone."""
    line, hold = unclear(lodge), held(lodge, "9")
    theirs(lodge, line)
    assert lodge.worker() == {"open": 1}
    with lodge.engine.begin() as conn:
        conn.execute(delete(tables.mark))
    before = lodge.one(Guest, 9)
    lifted(lodge, hold)
    lodge.later(hours=20)
    assert lodge.worker() == {"staff": 1}
    assert lodge.returns() == [("lodgers_", "int:9", "perhaps-another", "staff")]
    assert lodge.one(Guest, 9) == before


def refill(lodge: Lodge, **values: str) -> None:
    """Fill an erased profile again past every session, so that the sweep alone sees it."""
    with lodge.engine.begin() as conn:
        conn.execute(update(GUEST).where(GUEST.c.id == 1).values(name="Ann Berg", **values))


@pytest.mark.parametrize("order", ["held first", "filled first"])
def test_a_held_profile_that_is_full_is_not_called_erased(
    database_url: str, tmp_path: Path, order: str
) -> None:
    """What else is theirs goes once, and its journal counts nobody; the profile waits with its
    line until the hold is lifted, and is counted as erased then."""
    lodge = Lodge(database_url, tmp_path)
    lodge.stayed()
    number = lodge.erased_guest()
    hold = held(lodge, "1") if order == "held first" else 0
    refill(lodge, email=ANN["email"])
    lodge.add(Booking(id=7, guest_id=1, made_at=OLD_STAY, wishes="quiet"))
    hold = hold or held(lodge, "1")
    before = lodge.one(Guest, 1)

    def told() -> list[int]:
        entry = tables.entry.c
        again = select(entry.body).where(entry.action == "subject-erased-again")
        with lodge.engine.connect() as conn:
            bodies = conn.execute(again.order_by(entry.position)).scalars().all()
        return [json.loads(body)["counts"]["people"] for body in bodies]

    assert lodge.sweep() == {"returned": 1, "open": 1}
    for _ in range(2):
        assert lodge.returns() == [("lodgers_", "int:1", "erased-key", "open")]
        (line,) = lodge.ours("returned")
        assert line["waiting_for"] == "legal-duty"
        assert lodge.one(Guest, 1) == before
        assert lodge.one(Booking, 7)["wishes"] is None  # type: ignore[index]
        assert (lodge.ours("kept"), told()) == ([], [0])
        lodge.later(days=1)
        assert lodge.sweep() == {"open": 1}
    lifted(lodge, hold)
    lodge.later(days=1)
    assert lodge.sweep() == {"erased": 1}
    assert lodge.returns() == [("lodgers_", "int:1", "erased-key", "erased")]
    assert lodge.holds_ann() == []
    assert told() == [0, 1]
    assert lodge.run(lambda office: office.show(number)["state"]) == "erased"
    lodge.close()


def test_who_books_anew_while_a_hold_keeps_a_full_profile_lives(lodge: Lodge) -> None:
    """Nothing takes the profile besides its line when the hold is lifted."""
    lodge.stayed()
    lodge.erased_guest()
    hold = held(lodge, "1")
    refill(lodge, email=ANN["email"])
    assert lodge.sweep() == {"returned": 1, "open": 1}
    (line,) = lodge.ours("returned")
    lodge.run(lambda office: office.settle_return(line["id"], "clerk", False))
    before = lodge.one(Guest, 1)
    lifted(lodge, hold)
    lodge.later(days=1)
    assert finishing.finish(lodge.run) == {}
    assert lodge.sweep() == {}
    assert lodge.one(Guest, 1) == before


def test_who_books_anew_after_what_else_was_theirs_went_is_asked_about(lodge: Lodge) -> None:
    """That the rest went, and the profile waits, is no word that it is the old life for ever."""
    lodge.stayed()
    lodge.erased_guest()
    hold = held(lodge, "1")
    refill(lodge, email=ANN["email"])
    lodge.add(Booking(id=7, guest_id=1, made_at=OLD_STAY, wishes="quiet"))
    assert lodge.sweep() == {"returned": 1, "open": 1}
    lodge.later(days=2)
    made = lodge.now.replace(tzinfo=None)
    lodge.add(Booking(id=8, guest_id=1, made_at=made, wishes="late"))
    before = lodge.one(Guest, 1)
    lifted(lodge, hold)
    assert lodge.sweep() == {"staff": 1}
    assert lodge.one(Guest, 1) == before
    assert lodge.one(Booking, 8)["wishes"] == "late"  # type: ignore[index]


def test_a_new_profile_under_a_hold_waits_until_it_is_lifted(lodge: Lodge) -> None:
    """It is known by its contact alone, and is known by it still once its booking went."""
    lodge.stayed()
    lodge.erased_guest()
    lodge.add(Guest(id=9, house="sh", made_on=OLD, full_name="Ann Berg", email=ANN["email"]))
    lodge.add(Booking(id=7, guest_id=9, made_at=OLD_STAY, wishes="quiet"))
    hold, before = held(lodge, "9"), lodge.one(Guest, 9)
    lodge.worker()
    for _ in range(2):
        assert lodge.returns() == [("lodgers_", "int:9", "erased-contact", "open")]
        assert lodge.one(Booking, 7)["wishes"] is None  # type: ignore[index]
        lodge.later(days=2)
        assert lodge.worker() == {"open": 1}
        assert lodge.one(Guest, 9) == before
    lifted(lodge, hold)
    lodge.later(days=2)
    assert lodge.worker() == {"erased": 1}
    assert lodge.one(Guest, 9)["email"] != ANN["email"]  # type: ignore[index]


def test_what_is_held_no_more_goes_while_another_hold_keeps_the_profile(lodge: Lodge) -> None:
    """As both were held, nothing of theirs went."""
    lodge.stayed()
    lodge.erased_guest()
    held(lodge, "1")
    refill(lodge, email=ANN["email"])
    lodge.add(Booking(id=7, guest_id=1, made_at=OLD_STAY, wishes="quiet"))
    booking, before = held(lodge, "7", "lodge_bookings"), lodge.one(Guest, 1)
    assert lodge.sweep() == {"returned": 1, "open": 1}
    assert lodge.one(Booking, 7)["wishes"] == "quiet"  # type: ignore[index]
    lifted(lodge, booking)
    lodge.later(days=1)
    assert lodge.sweep() == {"open": 1}
    assert lodge.one(Booking, 7)["wishes"] is None  # type: ignore[index]
    assert lodge.one(Guest, 1) == before


def test_a_request_does_not_end_as_erased_while_who_came_back_is_held(lodge: Lodge) -> None:
    """Its booking ends, the last that was kept; the profile is full still, and ends it later."""
    lodge.stayed()
    booking = held(lodge, "1", "lodge_bookings")
    number = lodge.erased_guest()
    profile = held(lodge, "1")
    refill(lodge, email=ANN["email"])
    lodge.sweep()

    def stands() -> str:
        return str(lodge.run(lambda office: office.show(number)["state"]))

    lifted(lodge, booking)
    finishing.finish(lodge.run)
    assert [row["ended_at"] is not None for row in lodge.ours("kept")] == [True]
    assert (stands(), lodge.run(lambda office: completing.waiting(office.work))) == ("sealed", [])
    lifted(lodge, profile)
    lodge.later(days=1)
    assert lodge.sweep() == {"erased": 1}
    assert lodge.run(lambda office: completing.waiting(office.work)) == [number]
    assert lodge.run(lambda office: completing.complete(office.work, number))
    assert stands() == "erased"


def test_a_request_that_another_box_keeps_from_its_end_is_not_tried_each_round(
    lodge: Lodge,
) -> None:
    """Somebody was back and went again; what an earlier erasure sealed of the same rows stays, and
    the sweep that empties that box ends it."""
    lodge.stayed()
    booking = held(lodge, "1", "lodge_bookings")
    number = lodge.erased_guest()
    refill(lodge, email=ANN["email"])
    assert lodge.sweep() == {"returned": 1, "erased": 1}
    lifted(lodge, booking)
    (line, *_) = lodge.ours("kept")
    (request,) = lodge.ours("request")
    said = {**json.loads(request["decisions"]), "beside": ["b1"]}
    with lodge.engine.begin() as conn:
        conn.execute(update(tables.kept).values(ended_at=lodge.now.replace(tzinfo=None)))
        conn.execute(update(tables.request).values(decisions=json.dumps(said)))
        other = {**line, "id": 900, "request": "another", "mode": "sealed", "box": "b1"}
        conn.execute(insert(tables.kept).values({**other, "ended_at": None}))

    def waiting() -> list[str]:
        found: list[str] = lodge.run(lambda office: completing.waiting(office.work))
        return found

    assert waiting() == []
    with lodge.engine.begin() as conn:
        conn.execute(update(tables.kept).values(ended_at=lodge.now.replace(tzinfo=None)))
    assert waiting() == [number]


@pytest.fixture
def swept(lodge: Lodge) -> Lodge:
    """A hotel whose sweep has read how far the numbers of its guests go."""
    lodge.stayed(id=2, full_name="Cy Moe", email="cy@mail.example", document_no="CC 1", phone=None)
    lodge.erased_guest(document_no="CC 1")
    lodge.sweep()
    return lodge


@pytest.mark.parametrize("days", [0, 1])
def test_who_came_between_a_sweep_and_the_copy_is_erased_again(
    swept: Lodge, tmp_path: Path, days: int
) -> None:
    """The copy is of before its sweep: a day of before the erasure says whose the number was; of
    the day itself nobody knows the hour."""
    swept.stayed(id=6, ref="OB-77006", **EVA)
    with swept.engine.begin() as conn:
        made = swept.now.astimezone(ZoneInfo("Asia/Shanghai")).date() - timedelta(days=days)
        conn.execute(update(Guest).where(Guest.id == 6).values(made_on=made))
    with put_back(swept, tmp_path):
        swept.erased_guest(document_no="EE 5")
    counts = replay(swept.run).counts
    assert (counts.get("erased"), counts.get("ask")) == ((1, None) if days else (None, 1))


def test_what_a_replay_laid_before_staff_is_done_with_once_a_request_erased_it(
    swept: Lodge, tmp_path: Path
) -> None:
    """No word of one person takes it, and that it lives would not be true: nobody has to say so."""
    swept.stayed(id=6, ref="OB-77006", **EVA)
    swept.sweep()
    with put_back(swept, tmp_path):
        with swept.engine.begin() as conn:
            conn.execute(update(Guest).where(Guest.id == 6).values(document_no="EE 6"))
        swept.erased_guest(document_no="EE 6")
    replay(swept.run)
    assert swept.sweep().get("unclear-no-more") is None
    assert swept.returns() == [("lodgers_", "int:6", "perhaps-another", "staff")]
    swept.erased_guest(document_no="EE 5")
    assert swept.sweep()["unclear-no-more"] == 1
    assert swept.returns() == [("lodgers_", "int:6", "perhaps-another", "gone")]


class Coded(TypeDecorator[str]):
    """A host's own type, whose key is not at hand for what was written by another program."""

    impl, cache_ok = String(20), True

    def process_result_value(self, value: str | None, dialect: Any) -> str | None:
        if value == "sealed elsewhere":
            raise ValueError("its key is not at hand")
        return value


def test_of_what_a_replay_laid_before_staff_a_row_nobody_can_read_keeps_no_other(
    swept: Lodge, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The night looks at the others all the same, and at that row once it can be read."""
    monkeypatch.setattr(GUEST.c.loyalty_no, "type", Coded())
    guests, *others = policies()
    columns = {**guests[1].columns, "loyalty_no": redact}
    mappers = list(Base.registry.mappers)
    given = [(Guest, replace(guests[1], columns=columns)), *others]
    swept.datamap = resolve(given, Base.metadata.tables.values(), mappers)
    ida = {**EVA, "full_name": "Ida Moe", "email": "ida@mail.example", "document_no": "II 5"}
    swept.stayed(id=6, ref="OB-77006", **EVA)
    swept.stayed(id=7, ref="OB-77007", **ida)
    swept.sweep()
    with put_back(swept, tmp_path):
        with swept.engine.begin() as conn:
            conn.execute(update(GUEST).where(GUEST.c.id > 5).values(document_no="EE 6"))
        swept.erased_guest(email=EVA["email"])
        swept.erased_guest(email=ida["email"])
    replay(swept.run)
    for each in (EVA, ida):
        swept.erased_guest(document_no=each["document_no"])

    def note(text_: str | None) -> None:
        with swept.engine.begin() as conn:
            conn.execute(update(GUEST).where(GUEST.c.id == 7).values(loyalty_no=text_))

    note("sealed elsewhere")
    assert swept.sweep()["unclear-no-more"] == 1
    assert sorted((key, state) for _, key, _, state in swept.returns()) == [
        ("int:6", "gone"), ("int:7", "staff"),
    ]  # fmt: skip
    note(None)
    assert swept.sweep()["unclear-no-more"] == 1


@pytest.mark.parametrize("read", [True, False])
def test_who_was_made_after_the_erasure_is_erased_again_whatever_the_keys_are(
    lodge: Lodge, read: bool
) -> None:
    """Of keys that do not count upwards no pass has an end; but a day says that the profile came,
    and its bookings that it is the old life: a channel manager brings one each night."""
    lodge.stayed()
    lodge.erased_guest()
    lodge.later(days=2)
    made = lodge.now.astimezone(ZoneInfo("Asia/Shanghai")).date()
    if read:
        lodge.add(Guest(id=9, house="sh", full_name="Ann Berg", made_on=made))
        lodge.add(Booking(id=9, guest_id=9, made_at=OLD_STAY))
    lodge.sweep()
    lodge.later(hours=20)
    if read:
        with lodge.engine.begin() as conn:
            conn.execute(update(GUEST).where(GUEST.c.id == 9).values(email=ANN["email"]))
        assert lodge.sweep() == {"returned-unclear": 1}, "it was there last night"
        return
    with lodge.engine.begin() as conn:
        conn.execute(delete(tables.pulse).where(tables.pulse.c.name.like("returns:%")))
        conn.execute(insert(GUEST).values(id=9, name="Ann Berg", **{**SHARED, "made_on": made}))
        conn.execute(insert(Booking.__table__).values(id=9, guest_id=9, amount=1, made_at=OLD_STAY))
    assert lodge.sweep() == {"returned": 1, "erased": 1}
