"""After a restore the guard knows the guests of the lost days, and takes nobody else's row."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete, update

from flask_guesterase.core.holding import Wanted
from flask_guesterase.store.executing import finishing
from flask_guesterase.store.returning.replay import replay
from tests.store.lodge import ANN, Booking, Guest, Lodge, Member, put_back
from tests.store.test_replayed_again import taken_back

BO = {"full_name": "Bo Lind", "email": "bo@mail.example", "phone": None, "document_no": "BO 1"}
LATELY = datetime(2026, 3, 1, 8)


@pytest.fixture
def lodge(sqlite_url: str, tmp_path: Path) -> Iterator[Lodge]:
    """A watched hotel whose officers hold, and take erasures back."""
    made = Lodge(sqlite_url, tmp_path)
    for who in ("officer", "second"):
        made.grants[who] |= {"restore", "hold"}
    yield made
    made.close()


def booked(lodge: Lodge, id: int, guest: int, ref: str) -> None:
    """Write down a booking of the days before the erasure."""
    lodge.add(Booking(id=id, guest_id=guest, external_ref=ref, wishes="quiet", made_at=LATELY))


def sent_again(lodge: Lodge, ref: str = "OB-88002") -> Any:
    """Let the channel manager send a booking once more, under a relay; return the guest's name."""
    lodge.watching = False
    lodge.add(Guest(id=90, house="sh", full_name="Ann Berg", email="x7@relay.example"))
    booked(lodge, 90, 90, ref)
    lodge.watching = True
    lodge.sweep()
    return name(lodge, 90)


def name(lodge: Lodge, id: int) -> Any:
    """Return the name in a guest's row."""
    row = lodge.one(Guest, id)
    return row["name"] if row is not None else None


def test_a_booking_of_the_lost_days_is_known_though_its_guest_was_in_the_copy(
    lodge: Lodge, tmp_path: Path
) -> None:
    """The guest is erased again and leaves marks of what the copy has: not of what it lacks."""
    lodge.stayed()
    with put_back(lodge, tmp_path):
        booked(lodge, 2, 1, "OB-88002")
        lodge.erased_guest()
    assert replay(lodge.run).counts["erased"] == 1
    assert sent_again(lodge) == "[erased]"


def test_who_was_new_is_known_again_beside_a_profile_that_the_copy_had(
    lodge: Lodge, tmp_path: Path
) -> None:
    """One request was about both; each left marks of its own."""
    lodge.stayed()
    with put_back(lodge, tmp_path):
        lodge.stayed(id=2, ref="OB-88002")
        lodge.erased_guest()
        before = {row["row_mark"] for row in lodge.ours("mark")}
    done = replay(lodge.run)
    assert (done.counts["erased"], done.counts["gone"]) == (1, 1)
    assert {row["row_mark"] for row in lodge.ours("mark")} == before
    assert sent_again(lodge) == "[erased]"


def test_of_whom_a_person_must_judge_one_row_nothing_is_written_down(
    lodge: Lodge, tmp_path: Path
) -> None:
    """By the marks of the other profile, with the same contact, the guard would take it."""
    lodge.stayed()
    with put_back(lodge, tmp_path):
        lodge.stayed(id=2, ref="OB-88002")
        lodge.erased_guest()
    with lodge.engine.begin() as conn:
        conn.execute(update(Guest).values(phone="+86 130 9999 0000"))
    assert replay(lodge.run).counts["ask"] == 1
    assert lodge.ours("mark") == []
    lodge.sweep()
    assert name(lodge, 1) == "Ann Berg"


@pytest.mark.parametrize(
    "values",
    [
        {"full_name": None, "email": "x7@relay.example"},
        {**ANN, "made_on": date(2026, 4, 1)},
    ],
)
def test_a_number_of_the_lost_days_that_is_given_again_is_another_row(
    lodge: Lodge, tmp_path: Path, values: dict[str, Any]
) -> None:
    """The copy counts on from where it was: its next guest has the number of who was erased."""
    with put_back(lodge, tmp_path):
        lodge.stayed()
        lodge.erased_guest()
    lodge.add(Guest(id=1, house="sh", **values))
    booked(lodge, 1, 1, "OB-99001")
    with lodge.engine.begin() as conn:
        conn.execute(update(Booking).values(made_at=datetime(2026, 4, 1)))
    before = lodge.one(Guest, 1)
    replay(lodge.run)
    lodge.later(days=30)
    lodge.sweep()
    assert lodge.one(Guest, 1) == before
    assert [state for *_, state in lodge.returns() if state != "lives"] == []


def test_a_new_guest_without_a_booking_under_a_number_of_the_lost_days_is_left_alone(
    lodge: Lodge, tmp_path: Path
) -> None:
    """Nothing speaks for or against them but the number, which the database gave once more."""
    with put_back(lodge, tmp_path):
        lodge.stayed()
        lodge.erased_guest()
    replay(lodge.run)
    lodge.later(days=1)
    lodge.add(Guest(id=1, house="sh", email="cy@mail.example"))
    lodge.sweep()
    assert lodge.one(Guest, 1)["email"] == "cy@mail.example"  # type: ignore[index]
    assert lodge.returns() == []


def test_a_key_that_nobody_counts_is_known_again(lodge: Lodge, tmp_path: Path) -> None:
    """The number on a card is the same one each time it is sent."""
    lodge.stayed()
    with put_back(lodge, tmp_path):
        lodge.add(Member(number="C-77", guest_id=1, email="club@mail.example"))
        lodge.erased_guest()
    assert replay(lodge.run).counts["erased"] == 1
    lodge.add(Member(number="C-77", guest_id=1, email="fresh@mail.example"))
    lodge.sweep()
    assert lodge.one(Member, "C-77")["email"] is None  # type: ignore[index]


def test_what_a_hold_of_the_copy_keeps_is_not_looked_for(lodge: Lodge, tmp_path: Path) -> None:
    """It was lifted since, and lives again: what it keeps is there as it should be."""
    lodge.stayed()
    booked(lodge, 2, 1, "OB-88002")
    wanted = Wanted("record", "court-order", "lodge_bookings", "int:2")
    id = lodge.run(lambda office: office.place_hold(wanted, "officer"))
    with put_back(lodge, tmp_path):
        lodge.run(lambda office: office.lift(id, "officer"))
        assert lodge.run(lambda office: office.lift(id, "second"))
        lodge.erased_guest()
    assert replay(lodge.run).counts["erased"] == 1
    lodge.sweep()
    assert lodge.one(Booking, 2)["external_ref"] == "OB-88002"  # type: ignore[index]
    assert lodge.returns() == []


@pytest.mark.parametrize("known", [True, False])
def test_what_a_hold_had_kept_and_was_erased_later_is_known_again_too(
    lodge: Lodge, tmp_path: Path, known: bool
) -> None:
    """It went on the day on which the hold was lifted, by a line of its own."""
    if known:
        lodge.stayed()
    with put_back(lodge, tmp_path):
        if not known:
            lodge.stayed()
        booked(lodge, 2, 1, "OB-88002")
        wanted = Wanted("record", "court-order", "lodge_bookings", "int:2")
        id = lodge.run(lambda office: office.place_hold(wanted, "officer"))
        lodge.erased_guest()
        assert lodge.one(Booking, 2)["external_ref"] == "OB-88002"  # type: ignore[index]
        lodge.run(lambda office: office.lift(id, "officer"))
        assert lodge.run(lambda office: office.lift(id, "second"))
        finishing.finish(lodge.run)
        assert lodge.one(Booking, 2)["external_ref"] is None  # type: ignore[index]
    assert not replay(lodge.run).restored
    assert lodge.returns() == []
    assert sent_again(lodge) == "[erased]"


def test_what_brought_a_guest_back_is_known_after_a_restore(lodge: Lodge, tmp_path: Path) -> None:
    """They were erased again under another number, which the copy never had."""
    with put_back(lodge, tmp_path):
        lodge.stayed()
        lodge.erased_guest()
        lodge.add(Guest(id=5, house="sh", full_name="Ann Berg", email="x1@relay.example"))
        lodge.watching = False
        with lodge.engine.begin() as conn:
            conn.execute(delete(Booking))
        lodge.watching = True
        booked(lodge, 7, 5, "OB-77001")
        booked(lodge, 8, 5, "OB-88002")
        lodge.sweep()
        assert name(lodge, 5) == "[erased]"
    assert not replay(lodge.run).restored
    assert sent_again(lodge) == "[erased]"


def test_who_takes_the_older_erasure_back_brings_nobody_back_whom_the_newer_one_erased(
    lodge: Lodge, tmp_path: Path
) -> None:
    """The marks are those of the last request, as they were before the restore."""
    lodge.stayed()
    one = lodge.erased_guest()
    with put_back(lodge, tmp_path):
        assert taken_back(lodge, one)
        lodge.later(hours=2)
        two = lodge.erased_guest()
    replay(lodge.run)
    assert {row["request"] for row in lodge.ours("mark") if row["kind"] != "key"} == {two}
    assert taken_back(lodge, one)
    lodge.sweep()
    assert name(lodge, 1) == "[erased]"
