"""After a replay: rows of an erased guest that a restore brought back under another key."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event, update

from flask_guesterase.store.access import pulse
from flask_guesterase.store.comeback import reconcile
from flask_guesterase.store.remembrance import remembering
from flask_guesterase.store.returning.replay import replay
from tests import engines
from tests.store.ashore import Ashore
from tests.store.hotel import Guest
from tests.store.test_replayed import Copied
from tests.store.test_replayed_others import ANN, copied

__all__ = ["copied"]

BO = {"name": "Bo Lind", "email": "bo@mail.example", "document_no": "2026-01-02"}
RENAMED = {"name": "Nora Holm", "email": "nora@mail.example", "document_no": "2026-01-03"}


def loaded_anew(copied: Copied, knew: bool, key: int = 9) -> str:
    """Erase a guest, load the copy of before into other keys, and replay; return the request."""
    hotel = copied.hotel
    if not knew:
        copied.copy()
    number = hotel.approved(email=ANN["email"])
    if knew:
        copied.copy()
    assert hotel.erased(number) == "erased"
    copied.restore()
    with hotel.engine.begin() as conn:
        conn.execute(update(Guest).where(Guest.id == 1).values(id=key))
    return number


@pytest.mark.parametrize("knew", [True, False])
def test_no_certificate_says_erased_while_a_guest_stands_under_another_key(
    copied: Copied, knew: bool
) -> None:
    """Nothing lies under the erased key; by marks the row is laid before staff before the request
    is checked, and what a person says of it ends the request."""
    hotel = copied.hotel
    number = loaded_anew(copied, knew)
    counts = copied.replay().counts
    assert (counts["gone"], counts["returned-unclear"]) == (1, 1)
    copied.work()
    assert hotel.row(9)["email"] == ANN["email"]
    assert hotel.state(number) == "partial"
    [left] = copied.certified(number)["partial"]
    assert (left["table"], left["reason"]) == ("guests", "perhaps-back")
    copied.settle(theirs=False)
    copied.work()
    assert hotel.state(number) == "erased"
    assert copied.certified(number)["partial"] == []


def test_a_look_after_a_replay_is_no_whole_pass(copied: Copied) -> None:
    """Marks may be put back after it of rows that were there: to the next pass of the night they
    are not rows that appeared since, which go without a word of anybody."""
    loaded_anew(copied, knew=True)
    assert copied.replay().counts["returned-unclear"] == 1
    with copied.hotel.engine.connect() as conn:
        assert pulse.look(conn, reconcile.PULSE) is None


def test_a_replay_ends_where_nobody_can_look_by_marks(copied: Copied) -> None:
    """The key of a year's marks is away: rows are found by their keys all the same, the alarm
    ends, and the night says which key it is."""
    loaded_anew(copied, knew=True)
    copied.hotel.custodian.forget("returning:2026")
    told = copied.replay()
    assert not told.restored
    assert "returned-unclear" not in told.counts
    assert copied.alarm() == ""


@pytest.mark.parametrize("knew", [True, False])
def test_a_guest_is_found_who_stands_under_the_number_of_another_one_who_was_erased(
    copied: Copied, knew: bool
) -> None:
    """A copy was loaded into numbers that run on from one: what the replay notes of a number,
    under one request, hides nobody from the other one."""
    hotel = copied.hotel
    hotel.guest(2, **BO)
    if not knew:
        copied.copy()
    ann, bo = (hotel.approved(email=each["email"]) for each in (ANN, BO))
    if knew:
        copied.copy()
    assert [hotel.erased(number) for number in (ann, bo)] == ["erased", "erased"]
    copied.restore()
    with hotel.engine.begin() as conn:
        for old, new in ((2, 9), (1, 2)):
            conn.execute(update(Guest).where(Guest.id == old).values(id=new))
    assert copied.replay().counts["returned-unclear"] == 1
    copied.work()
    assert hotel.row(2)["email"] == ANN["email"]
    assert hotel.state(ann) == "partial"
    [line] = [each for each in hotel.ours("returned") if each["request"] == ann]
    copied.settle(theirs=False, id=line["id"])
    copied.work()
    assert hotel.state(ann) == "erased"
    assert reconcile.reconcile(copied.run) == {}, "it is asked once"


@pytest.mark.parametrize("read", [True, False])
def test_a_guest_who_was_renamed_since_the_copy_is_asked_about(
    copied: Copied, read: bool
) -> None:
    """The copy has the guest by another name, mailbox and document than the erasure knew, under a
    number that it gave before it was made: who that is no replay knows, nor calls it erased. Where
    no sweep read that number, it may be somebody who got it since, as ever."""
    hotel = copied.hotel
    hotel.guest(2, **BO)
    assert hotel.erased(hotel.approved(email=BO["email"])) == "erased"
    if read:
        reconcile.reconcile(copied.run)
    copied.copy()
    with hotel.engine.begin() as conn:
        conn.execute(update(Guest).where(Guest.id == 1).values(RENAMED))
    number = hotel.approved(email=RENAMED["email"])
    assert hotel.erased(number) == "erased"
    copied.restore()
    counts = copied.replay().counts
    assert (counts.get("ask", 0), counts.get("other", 0)) == ((1, 0) if read else (0, 1))
    copied.work()
    assert hotel.row(1)["email"] == ANN["email"]
    assert hotel.state(number) == ("partial" if read else "erased")
    asked = [each["why"] for each in hotel.ours("returned") if each["state"] == "staff"]
    assert asked == (["perhaps-another"] if read else [])
    if read:
        copied.settle(theirs=False)
        copied.work()
        assert hotel.state(number) == "erased"


def test_who_came_under_a_number_that_the_copy_had_not_given_is_asked_about_by_nobody(
    copied: Copied,
) -> None:
    """A guest of the lost days is erased, and the restored database gives the number again."""
    hotel = copied.hotel
    hotel.guest(2, **BO)
    assert hotel.erased(hotel.approved(email=BO["email"])) == "erased"
    reconcile.reconcile(copied.run)
    copied.copy()
    hotel.guest(3, **RENAMED)
    number = hotel.approved(email=RENAMED["email"])
    assert hotel.erased(number) == "erased"
    copied.restore()
    hotel.guest(3, name="Cy Low", email="cy@mail.example", document_no="2026-01-04")
    assert copied.replay().counts["other"] == 1
    copied.work()
    assert (hotel.state(number), hotel.row(3)["name"]) == ("erased", "Cy Low")


_Restored = tuple[Ashore, str]


@pytest.fixture(params=engines.SERVERS)
def restored(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[_Restored]:
    """A hotel on a server with the copy of before an erasure put back, and that one's number."""
    with engines.fresh_database(request.param) as url:
        inn = Ashore(url, tmp_path)
        inn.guest(1, **ANN)
        number = inn.approved(email=ANN["email"])
        with inn.backup() as restore:
            assert inn.erased(number) == "erased"
            restore()
            yield inn, number
        inn.engine.dispose()


def test_two_people_who_replay_at_once_are_asked_once(restored: _Restored) -> None:
    """A button pressed in two tabs: what the one notes the other one knows."""
    inn, number = restored
    with inn.engine.begin() as conn:
        conn.execute(update(Guest).where(Guest.id == 1).values(id=9))
    other = threading.Thread(target=replay, args=(inn.run,))

    def meeting(conn: Any, cursor: Any, said: str, *rest: Any) -> None:
        if said.startswith("INSERT INTO guesterase_returned") and other.ident is None:
            other.start()
            other.join(1)

    event.listen(inn.engine, "before_cursor_execute", meeting)
    assert replay(inn.run).counts["returned-unclear"] == 1
    other.join()
    assert [each["request"] for each in inn.ours("returned")] == [number]


def test_two_pages_that_notice_a_restore_at_once_say_so_once(restored: _Restored) -> None:
    """Each page that shows the alarm notes it: who was a moment later than another adds nothing."""
    inn, _ = restored
    note = partial(inn.run, lambda office: remembering.notice(office.work))
    other = threading.Thread(target=note)

    def meeting(conn: Any, cursor: Any, said: str, given: Any, *rest: Any) -> None:
        if "INSERT INTO guesterase_pulse" in said and other.ident is None:
            other.start()
            other.join(1)

    event.listen(inn.engine, "after_cursor_execute", meeting)
    assert note()
    other.join()
    assert inn.events.count("restore-noticed") == 1
