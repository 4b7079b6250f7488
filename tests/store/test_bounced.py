"""Letters about an incident that are given up, or printed after all, count once and for whom."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from sqlalchemy import event

from flask_guesterase.store import tables
from flask_guesterase.store.incidents import affected, noticing
from flask_guesterase.store.messages import outbox
from flask_guesterase.store.upkeep import dispatch
from tests.engines import fresh_database
from tests.store.hotel import Companion
from tests.store.test_incidents import duty, let_go, look, sent
from tests.store.watched import Watch

WROTE = noticing.push_all


@pytest.fixture(params=["postgresql", "mariadb"])
def two(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Watch]:
    """A hotel in which something happens, where two can act at once."""
    with fresh_database(request.param) as url:
        made = Watch(url, tmp_path)
        yield made
        made.engine.dispose()


def batches(monkeypatch: pytest.MonkeyPatch, most: int) -> None:
    """Let letters be written to one guest at a time, and to so many when they are let go."""
    monkeypatch.setattr(noticing, "BATCH", 1)
    monkeypatch.setattr(noticing, "push_all", lambda run: WROTE(run, most))


def fail(watch: Watch, last: bool = False) -> int:
    """Let a letter that is due fail for good, the first one or the last; return its number."""
    with watch.begin() as office:
        parcels = sorted(dispatch.claim(office.work, frozenset({"smtp"})), key=lambda p: p.id)
        chosen = parcels[-1 if last else 0]
        dispatch.give_up(office.work, chosen, "SMTPRecipientsRefused")
        table = tables.outbox
        others = [each.id for each in parcels if each is not chosen]
        again = table.update().where(table.c.id.in_(others))
        office.work.conn.execute(again.values(state=outbox.QUEUED, next_at=office.work.stamp))
    return chosen.id


def printed(watch: Watch, id: int) -> None:
    """Let a clerk print what was given up."""
    watch.run(lambda office: office.printed(id, "clerk"))


def wider(watch: Watch, id: int, name: str, table: str = "") -> None:
    """Let somebody else be concerned, as a later look finds."""
    watch.guest(id, name=name, email=f"{name.casefold()}@example.com")
    look(watch, number_of(watch), table)


def number_of(watch: Watch) -> str:
    """Return the number of the only incident."""
    (row,) = watch.ours("incident")
    return str(row["number"])


def test_a_letter_that_is_printed_while_others_are_written_reached_its_guest(
    watch: Watch, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It was given up first, when it counted among those whom none reached."""
    batches(monkeypatch, 2)
    number = sent(watch, "")
    assert duty(watch, number) == ("sending", 1, 1)
    letter = fail(watch)
    assert duty(watch, number) == ("sending", 0, 2)
    printed(watch, letter)
    assert duty(watch, number) == ("sending", 1, 1)
    WROTE(watch.run)
    assert duty(watch, number) == ("sent", 1, 3)


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
def test_a_letter_that_is_printed_when_it_is_let_go_for_others_counts_once(
    small: Watch, monkeypatch: pytest.MonkeyPatch, after: bool
) -> None:
    """Before its guest's turn it counts by what became of it; after that it is counted back."""
    number = sent(small, "")
    letter = fail(small)
    wider(small, 5, "Eve")
    batches(monkeypatch, 2 if after else 0)
    let_go(small, number)
    assert duty(small, number) == ("sending", 0, 2 if after else 0)
    printed(small, letter)
    WROTE(small.run)
    assert duty(small, number) == ("sent", 2, 3)


def test_a_letter_that_fails_before_its_guests_turn_comes_again_counts_once(
    small: Watch, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Letters that were let go for somebody else are counted from the first on."""
    small.guest(5, name="Eve", email="eve@example.com")
    number = sent(small, "")
    assert duty(small, number) == ("sent", 2, 3)
    wider(small, 6, "Fay")
    batches(monkeypatch, 1)
    let_go(small, number)
    assert duty(small, number) == ("sending", 1, 0)
    fail(small, last=True)
    assert duty(small, number) == ("sending", 1, 0)
    WROTE(small.run)
    assert duty(small, number) == ("sent", 2, 4)


def test_who_is_gone_counts_once_where_their_letter_fails_after_another_look(
    watch: Watch,
) -> None:
    """Letters were let go for somebody else, and count who is gone among those whom none reached:
    so they do before a letter of theirs fails, and after it."""
    number = sent(watch, "")
    watch.erased(watch.approved(email="ann@example.com"))
    wider(watch, 5, "Eve")
    let_go(watch, number)
    assert duty(watch, number) == ("sent", 1, 4)
    letter = fail(watch)
    assert duty(watch, number) == ("sent", 1, 4)
    printed(watch, letter)
    assert duty(watch, number) == ("sent", 2, 3)


@pytest.mark.parametrize("meanwhile", [False, True], ids=["sent", "proposed"])
def test_who_got_a_letter_and_is_gone_counts_once_it_fails(small: Watch, meanwhile: bool) -> None:
    """They needed none when others were written to, and who these are is counted as before."""
    number = sent(small)
    small.erased(small.approved(email="ann@example.com"))
    small.guest(5, name="Eve", email="eve@example.com")
    small.put(Companion, booking_id=2, guest_id=5)
    look(small, number, "companions")
    letter = fail(small) if meanwhile else 0
    let_go(small, number)
    letter = letter or fail(small)
    assert duty(small, number) == ("sent", 1, 1)
    printed(small, letter)
    assert duty(small, number) == ("sent", 1, 0)


@pytest.mark.parametrize("meanwhile", [False, True], ids=["sent", "proposed"])
def test_who_counts_no_more_counts_not_as_told_when_the_letter_is_printed_after_a_month(
    small: Watch, meanwhile: bool
) -> None:
    """What was sealed for it, and says whose it is, has ended by then; the count is as before."""
    number = sent(small)
    small.erased(small.approved(email="ann@example.com"))
    small.guest(5, name="Eve", email="eve@example.com")
    small.put(Companion, booking_id=2, guest_id=5)
    look(small, number, "companions")
    read = small.digest(number)
    letter = fail(small) if meanwhile else 0
    # Who read the letter before that read this one.
    assert small.digest(number) == read
    let_go(small, number)
    letter = letter or fail(small)
    assert duty(small, number) == ("sent", 1, 1)
    (row,) = (each for each in small.ours("outbox") if each["id"] == letter)
    (box,) = (each for each in small.ours("box") if each["id"] == row["box"])
    small.later(days=40)
    small.custodian.forget(box["label"])
    printed(small, letter)
    assert duty(small, number) == ("sent", 1, 0)


def test_a_look_that_takes_long_keeps_no_letter_waiting(
    two: Watch, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One that is given up meanwhile is counted at once, and by the look as well."""
    number = sent(two)
    reach, waited = affected._reach, list[bool]()
    failing = Thread(target=fail, args=[two])

    def slow(*given: Any) -> Any:
        failing.start()
        failing.join(10)
        waited.append(failing.is_alive())
        return reach(*given)

    monkeypatch.setattr(affected, "_reach", slow)
    look(two, number)
    failing.join()
    assert waited == [False]
    (letter,) = (row for row in two.ours("outbox") if row["template"] == "incident")
    assert letter["state"] == "failed"
    assert duty(two, number) == ("proposed", 0, 0)


def test_who_is_reminded_locks_incidents_before_their_letters(small: Watch) -> None:
    """So does who counts a letter that was given up: neither waits for the other."""
    sent(small)
    small.later(days=345)
    wrote: list[str] = []

    def note(*given: Any) -> None:
        words = given[2].split()
        if words[0] == "UPDATE":
            wrote.append(words[1])

    event.listen(small.engine, "before_cursor_execute", note)
    assert small.run(lambda office: office.remind_incidents()) == 1
    mine = [name for name in wrote if name in ("guesterase_incident", "guesterase_notice")]
    assert mine == sorted(mine)
    assert set(mine) == {"guesterase_incident", "guesterase_notice"}
