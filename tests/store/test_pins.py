"""Who acts through a login that several people share: PINs, tries, locks, and one person as one."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import insert

from flask_guesterase.core import pin as pins
from flask_guesterase.core.errors import (
    ForbiddenError,
    FourEyesError,
    InputError,
    LimitError,
    TokenError,
)
from flask_guesterase.core.log import read_entry
from flask_guesterase.core.permissions import Permission
from flask_guesterase.store import tables
from flask_guesterase.store.access import sameness
from flask_guesterase.store.access.pins import MOST
from flask_guesterase.store.office import Office
from flask_guesterase.store.requests import bearer
from tests.store.hotel import Hotel

PIN, OTHER = "482915", "730164"


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a guess cost little: what it costs is tried once, below."""
    monkeypatch.setattr(pins, "_COST", 2**8)


def desk(hotel: Hotel) -> Hotel:
    """The hotel with a login that clerks share, and officers who issue codes."""
    hotel.grants["front"] = {"view", "file", "verify"}
    for officer in ("officer", "second"):
        hotel.grants[officer] |= {"issue"}
    hotel.shared = lambda user: user == "front"
    return hotel


def given(hotel: Hotel, person: str = "clerk", by: str = "officer", pin: str = PIN) -> None:
    """Let a person set a PIN with a code of an officer's."""
    with hotel.begin() as office:
        code = office.give_pin(person, by, "sh")
    with hotel.begin() as office:
        office.begin_pin(person, code, pin)


def right(hotel: Hotel, pin: str, person: str = "clerk") -> bool:
    """Try a PIN the way a door does: counted, then checked, each in a transaction of its own."""
    with hotel.begin() as office:
        office.attempt("pin", person)
    with hotel.begin() as office:
        return office.check_pin(person, pin)


@pytest.mark.parametrize(
    "weak", ["", "12345", "1234567890123", "12345a", "123456", "987654", "000000", "135791",
             "121212", "482482", "112211"],
)  # fmt: skip
def test_a_pin_that_anybody_tries_first_is_none(weak: str) -> None:
    """Rows, repetitions and anything but digits are refused before they are kept."""
    with pytest.raises(InputError):
        pins.chosen(weak)


def test_a_pin_is_understood_whatever_keyboard_wrote_it() -> None:
    """A Chinese keyboard writes wide digits; it is the same PIN, and kept it is another text."""
    assert pins.chosen("４８２ ９１５") == PIN
    pepper = b"k" * 32
    kept = pins.keep(PIN, pepper, "a1")
    assert PIN not in kept
    assert kept != pins.keep(PIN, pepper, "a1")
    assert pins.fits("４８２９１５", kept, pepper, "a1")
    for pin, key, whose in ((OTHER, pepper, "a1"), (PIN, b"o" * 32, "a1"), (PIN, pepper, "a2")):
        assert not pins.fits(pin, kept, key, whose)


def test_a_guess_is_slow(monkeypatch: pytest.MonkeyPatch) -> None:
    """Sixteen MiB and five rounds, as OWASP asks for; the costs are kept with the hash."""
    monkeypatch.undo()
    assert pins.keep(PIN, b"k" * 32, "a1").startswith("scrypt$16384$8$5$")


def test_nobodys_pin_takes_as_long_as_a_wrong_one(
    hotel: Hotel, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The slow hash is made once at one cost, whatever was typed: nothing tells who has a PIN."""
    given(desk(hotel))
    hashed: list[object] = []
    slow = pins._slow

    def counted(*parts: Any) -> bytes:
        hashed.append(parts[-1])
        return slow(*parts)

    monkeypatch.setattr(pins, "_slow", counted)
    for person, pin in (("clerk", OTHER), ("second", PIN), ("stranger", PIN), ("", "")):
        assert not right(hotel, pin, person)
    assert len(hashed) == 4
    assert len(set(hashed)) == 1


def test_a_person_sets_a_pin_with_an_officers_code(any_hotel: Hotel) -> None:
    """The code works once, for them alone; the officer never sees the PIN; it is journaled."""
    hotel = desk(any_hotel)
    with hotel.begin() as office:
        code = office.give_pin("clerk", "officer", "sh")
    for person in ("second", "stranger", ""):
        with pytest.raises(TokenError), hotel.begin() as office:
            office.begin_pin(person, code, PIN)
    with hotel.begin() as office:
        office.begin_pin("clerk", code.lower().replace("-", " "), PIN)
    with pytest.raises(TokenError), hotel.begin() as office:
        office.begin_pin("clerk", code, OTHER)
    assert right(hotel, PIN)
    assert not right(hotel, OTHER)
    (row,) = hotel.ours("pin")
    assert row["hash"].startswith("scrypt$")
    assert [n for n in hotel.events if n.startswith("pin-")] == ["pin-given", "pin-set"]
    with hotel.begin() as office:
        people = {"pin-given": office.acts_as("officer"), "pin-set": office.acts_as("clerk")}
    drafts = [read_entry(row["body"].encode()).draft for row in hotel.ours("entry")]
    assert {d.action: d.actor for d in drafts if d.action in people} == people


def test_who_may_give_a_code_and_to_whom(hotel: Hotel) -> None:
    """Only who issues at the property, to a person there, and never to oneself."""
    desk(hotel)
    for by, person, wrong in (
        ("clerk", "auditor", ForbiddenError),
        ("officer", "officer", ForbiddenError),
        ("officer", "stranger", InputError),
        ("officer", "front", InputError),
    ):
        with pytest.raises(wrong), hotel.begin() as office:
            office.give_pin(person, by, "sh")
    with pytest.raises(ForbiddenError), hotel.begin() as office:
        office.give_pin("clerk", "officer", "mu")
    assert hotel.ours("pin") == []


def test_a_new_code_ends_the_pin_at_once(hotel: Hotel) -> None:
    """Whoever lost it to somebody has it ended, before they set a new one."""
    given(desk(hotel))
    with hotel.begin() as office:
        code = office.give_pin("clerk", "officer", "sh")
        assert not office.has_pin("clerk")
    assert not right(hotel, PIN)
    hotel.now += timedelta(hours=25)
    with pytest.raises(TokenError), hotel.begin() as office:
        office.begin_pin("clerk", code, OTHER)


def test_tries_are_limited_and_then_the_pin_is_locked(any_hotel: Hotel) -> None:
    """Five in ten minutes, ten wrong ones in a row: locked, and the right one opens nothing."""
    hotel = desk(any_hotel)
    given(hotel)
    for turn in range(MOST):
        if turn and turn % 5 == 0:
            with pytest.raises(LimitError):
                right(hotel, PIN)
            hotel.now += timedelta(minutes=11)
        assert not right(hotel, OTHER)
    assert hotel.events.count("pin-locked") == 1
    hotel.now += timedelta(days=2)
    assert not right(hotel, PIN)
    with hotel.begin() as office:
        assert not office.has_pin("clerk")
        with pytest.raises(ForbiddenError):
            office.change_pin("clerk", OTHER, PIN)
    given(hotel, pin=OTHER)
    assert right(hotel, OTHER)


def test_a_right_pin_forgets_the_wrong_ones(hotel: Hotel) -> None:
    """Only wrong ones in a row lock."""
    given(desk(hotel))
    for _ in range(MOST):
        hotel.now += timedelta(minutes=11)
        assert not right(hotel, OTHER)
        assert right(hotel, PIN)
    assert hotel.ours("pin")[0]["failures"] == 0


def test_one_persons_pin_is_nobody_elses(hotel: Hotel) -> None:
    """What one of them types, sets or is given changes nothing of another's."""
    given(desk(hotel))
    given(hotel, person="second", pin=OTHER)
    assert not right(hotel, OTHER)
    assert not right(hotel, PIN, "second")
    assert right(hotel, OTHER, "second")
    assert sorted(row["failures"] for row in hotel.ours("pin")) == [0, 1]
    given(hotel, pin="640273")
    with hotel.begin() as office:
        office.give_pin("clerk", "officer", "sh")
    assert right(hotel, OTHER, "second")
    assert [row["given_by"] is None for row in hotel.ours("pin")] == [False, False]


def test_a_new_code_ends_that_persons_code_before_and_no_other(hotel: Hotel) -> None:
    """Neither a colleague's, nor the one by which they set a PIN."""
    desk(hotel)
    with hotel.begin() as office:
        first, other = office.code("officer"), office.code("second")
        pin, new = office.give_pin("officer", "second", "sh"), office.code("officer")
    with pytest.raises(TokenError), hotel.begin() as office:
        office.use_code("officer", first)
    with hotel.begin() as office:
        office.use_code("officer", new)
        office.use_code("second", other)
        office.begin_pin("officer", pin, PIN)


def test_one_sets_ones_own_pin_from_ones_own_login(hotel: Hotel) -> None:
    """The first without a code; another one only with the one before; a shared login has none."""
    desk(hotel)
    with hotel.begin() as office:
        office.change_pin("officer", PIN)
    for old in ("", OTHER):
        with pytest.raises(ForbiddenError), hotel.begin() as office:
            office.change_pin("officer", OTHER, old)
    with hotel.begin() as office:
        office.change_pin("officer", OTHER, PIN)
    with pytest.raises(ForbiddenError), hotel.begin() as office:
        office.change_pin("front", PIN)
    with pytest.raises(ForbiddenError), hotel.begin() as office:
        office.change_pin("stranger", PIN)
    assert right(hotel, OTHER, "officer")
    assert hotel.ours("pin")[0]["given_by"] is None


def test_a_shared_login_does_nothing_by_itself(hotel: Hotel) -> None:
    """Whatever door it comes by: it may look, and whoever acts is a person."""
    desk(hotel)
    hotel.guest(1, name="Ann Berg", email="ann@mail.example")
    with pytest.raises(ForbiddenError, match="share"):
        hotel.file(by="front", email="ann@mail.example")
    number = hotel.file(by="clerk", email="ann@mail.example")
    with pytest.raises(ForbiddenError, match="share"), hotel.begin() as office:
        office.confirm(number, "front", "desk")
    with hotel.begin() as office:
        assert office.list(by="front")[0]["number"] == number
    until = (hotel.now + timedelta(days=9)).date()
    wish = bearer.Wish("front", "sh", frozenset({Permission.FILE}), until)
    with pytest.raises(InputError, match="share"), hotel.begin() as office:
        bearer.issue(office.work, wish, "officer")


def test_who_gave_the_pin_is_no_second_person(hotel: Hotel) -> None:
    """Whoever handed out the code may have used it: they do not approve what was filed by it."""
    desk(hotel)
    hotel.guest(1, name="Ann Berg", email="ann@mail.example")
    given(hotel, by="officer")
    number = hotel.file(by="clerk", email="ann@mail.example")
    with hotel.begin() as office:
        office.confirm(number, "clerk", "desk")
    given(hotel, by="second")
    for officer in ("officer", "second"):
        with pytest.raises(FourEyesError):
            hotel.approve(number, officer)
    hotel.grants["third"] = {"view", "approve"}
    hotel.approve(number, "third")
    assert hotel.state(number) == "approved"


def test_who_gave_the_pin_is_no_second_person_where_two_say_a_word(hotel: Hotel) -> None:
    """A halted sweep, a copy of the keys, invented guests, a review, an objection."""
    desk(hotel)
    hotel.grants |= {
        "boss": {"view", "law", "approve", "improve"},
        "other": {"view", "law", "approve", "improve", "issue"},
    }
    given(hotel, person="boss", by="other")
    with hotel.begin() as office:
        mark = office.work.custodian.fingerprint()
        office.propose_copy("boss", mark)
        office.halt_sweep("other", "upkeep")
        review = office.open_monthly("sh", "boss", "2026-02")
        office.join_monthly(review, "other", "boss")
        office.find_monthly(review, "Nothing.", "boss")
    with hotel.begin() as office:
        office.resume_sweep("boss")
        office.switch_canary("sh", "boss")
    words: list[Callable[[Office], object]] = [
        lambda office: office.resume_sweep("other"),
        lambda office: office.confirm_copy("other"),
        lambda office: office.switch_canary("sh", "other"),
        lambda office: office.close_monthly(review, "other"),
    ]
    for word in words:
        with pytest.raises(FourEyesError), hotel.begin() as office:
            word(office)


def test_who_gave_the_pin_settles_no_objection(hotel: Hotel) -> None:
    """What the desk verified goes on by the word of somebody who cannot have been at the desk."""
    desk(hotel)
    hotel.grants["officer"] |= {"law"}
    hotel.grants["third"] = {"view", "law"}
    hotel.guest(1, name="Ann Berg", email="ann@mail.example")
    given(hotel, by="officer")
    number = hotel.file(by="clerk", email="ann@mail.example")
    with hotel.begin() as office:
        office.confirm(number, "clerk", "desk")
        office.work.conn.execute(
            insert(tables.objection).values(request=number, objected_at=office.work.stamp)
        )
    with pytest.raises(FourEyesError), hotel.begin() as office:
        office.settle_objection(number, "officer")
    with hotel.begin() as office:
        office.settle_objection(number, "third")
        assert not office.objected(number, "third")


def test_a_pin_nobody_used_for_a_year_is_gone(hotel: Hotel) -> None:
    """Who left the hotel leaves no hash behind."""
    given(desk(hotel))
    hotel.now += timedelta(days=365)
    with hotel.begin() as office:
        office.expire()
        assert office.has_pin("clerk")
    hotel.now += timedelta(days=3)
    with hotel.begin() as office:
        office.expire()
    [row] = hotel.ours("pin")
    assert (row["hash"], row["failures"], row["locked_at"]) == (None, 0, None)
    hotel.now += timedelta(days=3 * 366)
    with hotel.begin() as office:
        office.expire()
    assert hotel.ours("pin") == []


def test_who_set_their_own_pin_leaves_no_line_after_a_year(hotel: Hotel) -> None:
    """Nobody gave them a code, so there is nothing to remember."""
    with hotel.begin() as office:
        office.change_pin("clerk", PIN)
    for days, left in ((365, True), (3, False)):
        hotel.now += timedelta(days=days)
        with hotel.begin() as office:
            office.expire()
            assert office.has_pin("clerk") is left
    assert hotel.ours("pin") == []


def test_who_gave_a_code_is_no_second_person_after_a_year_either(hotel: Hotel) -> None:
    """What was proposed with the PIN waits without end, a hold to be lifted for example."""
    given(desk(hotel))
    with hotel.begin() as office:
        clerk, officer = office.acts_as("clerk"), office.acts_as("officer")
    hotel.now += timedelta(days=400)
    with hotel.begin() as office:
        office.expire()
    with hotel.engine.begin() as conn:
        assert sameness.same(conn, clerk, officer, hotel.now.replace(tzinfo=None))


def test_behind_too_many_nobody_can_be_told_apart(hotel: Hotel) -> None:
    """A chain is followed so far; where it goes on, two count as one, and nothing runs for ever."""
    with hotel.engine.begin() as conn:
        for number in range(1, sameness.MOST + 3):
            conn.execute(insert(tables.pin).values(
                actor=f"a{number}", failures=0, given_by=f"a{number + 1}", used_on="2026-03-10",
            ))  # fmt: skip
        far = f"a{sameness.MOST + 3}"
        assert sameness.same(conn, "a1", "b1", hotel.now.replace(tzinfo=None))
        assert sameness.same(conn, f"a{sameness.MOST}", far, hotel.now.replace(tzinfo=None))
        assert not sameness.same(conn, f"a{sameness.MOST}", "b1", hotel.now.replace(tzinfo=None))
