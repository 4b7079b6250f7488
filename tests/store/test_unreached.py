"""Whom on file no letter about an incident reached is shown to who tells them, and nobody else."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import update

from flask_guesterase.core.errors import ForbiddenError, InputError, TransitionError, UnknownError
from flask_guesterase.store import tables
from flask_guesterase.store.incidents import unreached
from tests.store.hotel import Companion, Guest
from tests.store.test_bounced import fail, number_of, printed
from tests.store.test_incidents import let_go, look, proposed, sent
from tests.store.test_public_notice import confirm, give_up, ready, record
from tests.store.watched import Watch

DUTY = "EU/guests"


def looked(
    watch: Watch, number: str, by: str = "officer", page: int = 1, duty: str = DUTY
) -> dict[str, Any]:
    """Return whom a person is shown, with how many others there are."""
    found: dict[str, Any] = watch.run(lambda office: office.unreached(number, duty, by, page))
    return found


def names(watch: Watch, number: str) -> list[str]:
    """Return the names of whom a look shows."""
    return [each["name"] for each in looked(watch, number)["items"]]


def change(watch: Watch, id: int, **values: str | None) -> None:
    """Let the host write something else into a guest's row."""
    with watch.engine.begin() as conn:
        conn.execute(update(Guest).where(Guest.id == id).values(**values))


def untold(watch: Watch, number: str) -> int:
    """Return how many the page of the incident says no letter reached."""
    return int(next(d["untold"] for d in watch.one(number)["duties"] if d["id"] == DUTY))


def test_who_has_no_contact_of_their_own_is_shown_with_what_the_hotel_knows(watch: Watch) -> None:
    """Who shares a mailbox and who has none; not who had a letter, nor another hotel's guest."""
    number = sent(watch, "")
    found = looked(watch, number)
    assert [(each["name"], each["contacts"]) for each in found["items"]] == [
        ("Bea", ["bea@example.com"]), ("Carl", ["bea@example.com"]), ("Dora", []),
    ]  # fmt: skip
    assert {each["table"] for each in found["items"]} == {"guests"}
    assert (found["others"], found["next"], untold(watch, number)) == (0, None, 3)


def test_each_look_is_in_the_journal_with_a_count_and_no_name(watch: Watch) -> None:
    """Who looked, at which incident, and how many they were shown."""
    number = sent(watch, "")
    looked(watch, number)
    watch.nights(1)
    (entry,) = [row for row in watch.ours("entry") if row["action"] == "unreached-seen"]
    body = json.loads(entry["body"])
    assert (entry["request"], body["grounds"]) == (number, ["EU.guests"])
    assert body["counts"] == {"shown": 3}
    assert body["actor"] not in ("", "officer", "system")
    for said in ("Bea", "Carl", "Dora", "bea@example.com"):
        assert said not in watch.dump()


def test_who_was_erased_since_is_counted_and_shown_to_nobody(watch: Watch) -> None:
    """So is of whom only what the law keeps is there."""
    watch.place("DE")
    assert watch.erased(watch.approved(email="ann@example.com")) == "sealed"
    number = sent(watch, "")
    assert (names(watch, number), looked(watch, number)["others"]) == (["Bea", "Carl", "Dora"], 1)
    watch.erased(watch.approved(email="bea@example.com", name="Bea"))
    found = looked(watch, number)
    assert [each["name"] for each in found["items"]] == ["Carl", "Dora"]
    assert (found["others"], untold(watch, number)) == (2, 4)


def test_a_row_that_the_host_emptied_is_nobodys(small: Watch) -> None:
    """It tells nobody how to reach whom."""
    number = sent(small, "")
    change(small, 4, name=None)
    assert (names(small, number), looked(small, number)["others"]) == (["Bea", "Carl"], 1)


@pytest.mark.parametrize("by", ["clerk", "nobody"])
def test_who_does_not_deal_with_incidents_there_is_shown_nobody(small: Watch, by: str) -> None:
    """And the journal has no look of theirs."""
    number = sent(small, "")
    with pytest.raises(ForbiddenError):
        looked(small, number, by)
    assert "unreached-seen" not in small.events


def _proposed(watch: Watch) -> str:
    return proposed(watch, "Seen.")


def _confirmed(watch: Watch) -> str:
    number = ready(watch)
    record(watch, number)
    looked(watch, number)
    watch.events.clear()
    confirm(watch, number)
    return number


def _closed(watch: Watch) -> str:
    number = ready(watch)
    with watch.engine.begin() as conn:
        conn.execute(update(tables.incident).values(state="closed"))
    return number


def _harmless(watch: Watch) -> str:
    number = ready(watch)
    watch.classify(number, "risk-unlikely")
    return number


def _reached(watch: Watch) -> str:
    return sent(watch, "invoices")


@pytest.mark.parametrize("until", [_proposed, _confirmed, _closed, _harmless, _reached])
def test_nobody_is_shown_but_while_somebody_is_left_to_be_told(
    small: Watch, until: Callable[[Watch], str]
) -> None:
    """Neither before letters went, nor once two people said how the others were told."""
    number = until(small)
    with pytest.raises(TransitionError):
        looked(small, number)
    assert "unreached-seen" not in small.events


def test_a_duty_or_a_page_that_there_is_not_shows_nobody(small: Watch) -> None:
    """An authority is no guest, and pages begin with the first."""
    number = sent(small, "")
    for wrong in ("EU/authority", "XX/guests"):
        with pytest.raises(UnknownError):
            looked(small, number, duty=wrong)
    for page in (0, -1, 10**9):
        with pytest.raises(InputError):
            looked(small, number, page=page)


def test_they_are_shown_a_page_at_a_time(
    small: Watch, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each once, and the count of the others is the same on every page."""
    monkeypatch.setattr(unreached, "PAGE", 2)
    small.guest(10, name="Jon")
    number = sent(small, "")
    first, second = (looked(small, number, page=page) for page in (1, 2))
    shown = [[each["name"] for each in found["items"]] for found in (first, second)]
    assert shown == [["Bea", "Carl"], ["Dora", "Jon"]]
    assert [(found["next"], found["others"]) for found in (first, second)] == [(2, 0), (None, 0)]


def test_whose_letter_was_given_up_is_shown_until_it_is_printed(watch: Watch) -> None:
    """It reached nobody; once a clerk posts it, it did."""
    number = sent(watch, "")
    give_up(watch)
    assert names(watch, number) == ["Ann", "Bea", "Carl", "Dora"]
    (letter,) = [row for row in watch.ours("outbox") if row["template"] == "incident"]
    watch.run(lambda office: office.printed(letter["id"], "clerk"))
    assert names(watch, number) == ["Bea", "Carl", "Dora"]


def test_who_had_a_letter_stays_told_whatever_the_hotel_writes_down_since(small: Watch) -> None:
    """Another address, or somebody new at the old one; and a new address of who had none is no
    letter."""
    number = sent(small, "")
    change(small, 1, email="ann@elsewhere.example")
    change(small, 4, email="dora@example.com")
    assert names(small, number) == ["Bea", "Carl", "Dora"]
    for id in (4, 3):
        change(small, id, email="ann@example.com")
        assert names(small, number) == ["Bea", "Carl", "Dora"]


def test_one_letter_tells_both_profiles_of_one_guest(small: Watch) -> None:
    """They spell the number in two ways; the letter names one of them."""
    small.guest(5, name="Eve", phone="+49 171 2345678")
    small.guest(6, name="Eve", phone="0171 2345678")
    number = sent(small, "")
    assert names(small, number) == ["Bea", "Carl", "Dora"]


def test_whom_a_later_look_leaves_out_is_shown_as_long_as_they_count(small: Watch) -> None:
    """They count still, whether it found somebody else or nobody; so does, of those who had one,
    whose letter is given up later."""
    number = sent(small, "")
    look(small, number, "invoices")
    assert (names(small, number), untold(small, number)) == (["Bea", "Carl", "Dora"], 3)
    small.put(Companion, booking_id=1, guest_id=4)
    small.guest(5, name="Eve")
    small.put(Companion, booking_id=1, guest_id=5)
    with small.engine.begin() as conn:
        conn.execute(Companion.__table__.delete().where(Companion.guest_id == 1))
    look(small, number, "companions")
    let_go(small, number)
    owed = ["Bea", "Carl", "Dora", "Eve"]
    assert (names(small, number), untold(small, number)) == (owed, 4)
    give_up(small)
    assert (names(small, number), untold(small, number)) == (["Ann", *owed], 5)


def narrower(watch: Watch, guest: int) -> None:
    """Let a later look find nobody but one more guest."""
    watch.guest(guest, name=f"Eve {guest}", email=f"eve{guest}@example.com")
    with watch.engine.begin() as conn:
        conn.execute(Companion.__table__.delete())
    watch.put(Companion, booking_id=1, guest_id=guest)
    look(watch, number_of(watch), "companions")


@pytest.mark.parametrize("meanwhile", [False, True], ids=["sent", "proposed"])
def test_whose_letter_was_given_up_counts_until_it_is_printed_whatever_later_looks_find(
    small: Watch, meanwhile: bool
) -> None:
    """It is left out twice, by looks that found others; a clerk prints the letter after that."""
    number = sent(small, "")
    letter = fail(small)
    for guest in (5, 6):
        narrower(small, guest)
        if meanwhile and guest == 6:
            printed(small, letter)
        let_go(small, number)
    owed = ["Bea", "Carl", "Dora"]
    if not meanwhile:
        assert (names(small, number), untold(small, number)) == (["Ann", *owed], 4)
        printed(small, letter)
    assert (names(small, number), untold(small, number)) == (owed, 3)


def test_whom_a_look_left_out_counts_once_when_a_later_one_finds_them_again(small: Watch) -> None:
    """They are among those whom it is about once more, and the letter for others counts them."""
    number = sent(small, "")
    narrower(small, 5)
    let_go(small, number)
    small.guest(6, name="Fay", email="fay@example.com")
    look(small, number)
    let_go(small, number)
    assert (names(small, number), untold(small, number)) == (["Bea", "Carl", "Dora"], 3)


def test_whom_a_look_left_out_counts_though_the_letter_for_others_is_proposed_anew(
    small: Watch,
) -> None:
    """It was taken back before anybody let it go."""
    number = sent(small, "")
    narrower(small, 5)
    small.run(lambda office: office.take_notice_back(number, DUTY, "officer"))
    small.run(lambda office: office.propose_notice(number, DUTY, "Seen.", "officer"))
    let_go(small, number)
    assert (names(small, number), untold(small, number)) == (["Bea", "Carl", "Dora"], 3)


OWED = ["Bea", "Carl", "Dora"]


def taken_back(watch: Watch, number: str, public: bool) -> None:
    """Let a look leave all but one out, and take back the letter that it proposes for this one.

    It is forgotten, but where somebody recorded how others were told.
    """
    if public:
        record(watch, number)
    narrower(watch, 5)
    watch.run(lambda office: office.take_notice_back(number, DUTY, "officer"))


def anew(watch: Watch, number: str) -> None:
    """Propose the letter again, and let it go."""
    watch.run(lambda office: office.propose_notice(number, DUTY, "Seen.", "officer"))
    let_go(watch, number)


def test_who_was_told_otherwise_is_owed_nothing_once_a_later_look_leaves_them_out(
    small: Watch,
) -> None:
    """Two people said how they were told, before a look found nobody but somebody else; neither
    the look after that nor a letter of before that is printed changes it."""
    number = sent(small, "")
    letter = fail(small)
    record(small, number)
    confirm(small, number)
    narrower(small, 5)
    let_go(small, number)
    assert untold(small, number) == 0
    with pytest.raises(TransitionError):
        looked(small, number)
    small.guest(6, name="Fay")
    small.put(Companion, booking_id=1, guest_id=6)
    look(small, number, "companions")
    let_go(small, number)
    printed(small, letter)
    assert (names(small, number), untold(small, number)) == (["Fay"], 1)
    narrower(small, 7)
    let_go(small, number)
    assert (names(small, number), untold(small, number)) == (["Fay"], 1)


def test_whose_letter_was_printed_between_two_looks_counts_no_more(small: Watch) -> None:
    """The first of them left them out while it was given up."""
    number = sent(small, "")
    letter = fail(small)
    narrower(small, 5)
    let_go(small, number)
    printed(small, letter)
    narrower(small, 6)
    let_go(small, number)
    assert (names(small, number), untold(small, number)) == (OWED, 3)


@pytest.mark.parametrize("public", [False, True], ids=["forgotten", "recorded"])
@pytest.mark.parametrize("table", ["", "invoices", "companions"])
def test_whom_none_reached_counts_once_whatever_is_found_after_a_letter_was_taken_back(
    small: Watch, table: str, public: bool
) -> None:
    """All of them again, one who had a letter, or nobody but somebody else."""
    number = sent(small, "")
    taken_back(small, number, public)
    if table == "companions":
        narrower(small, 6)
    else:
        look(small, number, table)
    anew(small, number)
    assert (names(small, number), untold(small, number)) == (OWED, 3)


@pytest.mark.parametrize("public", [False, True], ids=["forgotten", "recorded"])
def test_a_letter_that_is_printed_after_one_for_others_was_taken_back_reached_its_guest(
    small: Watch, public: bool
) -> None:
    """No letter waits that could count it meanwhile."""
    number = sent(small, "")
    letter = fail(small)
    taken_back(small, number, public)
    printed(small, letter)
    anew(small, number)
    assert (names(small, number), untold(small, number)) == (OWED, 3)


@pytest.mark.parametrize("public", [None, False, True], ids=["sent", "forgotten", "recorded"])
def test_who_is_erased_after_a_look_left_them_out_counts_still(
    watch: Watch, public: bool | None
) -> None:
    """A later look finds them among those who are gone, and a letter reached others of those."""
    number = sent(watch, "")
    if public is None:
        narrower(watch, 5)
        let_go(watch, number)
    else:
        taken_back(watch, number, public)
    watch.erased(watch.approved(email="bea@example.com", name="Bea"))
    narrower(watch, 6)
    if public is None:
        let_go(watch, number)
    else:
        anew(watch, number)
    assert (names(watch, number), untold(watch, number)) == (["Carl", "Dora"], 3)


def test_who_had_a_letter_and_is_erased_counts_not_after_one_for_others_was_taken_back(
    watch: Watch,
) -> None:
    """Who was reached is known then, each by name."""
    number = sent(watch, "")
    taken_back(watch, number, False)
    watch.erased(watch.approved(email="ann@example.com"))
    narrower(watch, 6)
    anew(watch, number)
    assert (names(watch, number), untold(watch, number)) == (OWED, 3)
