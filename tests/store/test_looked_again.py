"""Rows that came back, looked at once more: what a word is worth that was said long ago."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import delete, insert, update

from flask_guesterase.store import tables
from flask_guesterase.store.returning.replay import replay
from tests.store.lodge import ANN, Booking, Guest, Lodge, put_back
from tests.store.test_guard_living import GUEST, OLD, SHARED, held, lifted, theirs, unclear

OLD_STAY = datetime(2025, 12, 1, 8)
EVA = {"full_name": "Eva Roe", "email": "eva@mail.example", "document_no": "EE 5"}


@pytest.fixture
def lodge(sqlite_url: str, tmp_path: Path) -> Iterator[Lodge]:
    made = Lodge(sqlite_url, tmp_path)
    yield made
    made.close()


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
