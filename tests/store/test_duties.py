"""Each open request has somebody who looks after it, and a shift is handed over without a gap."""

from __future__ import annotations

from typing import Any

import pytest

from flask_guesterase.core.errors import (
    ForbiddenError,
    InputError,
    TransitionError,
    UnknownError,
)
from tests.store.hotel import Hotel


def case(hotel: Hotel, id: int = 1) -> str:
    """File a request of a guest of their own; return its number."""
    hotel.guest(id, name=f"Guest {id}", email=f"g{id}@mail.example")
    return hotel.file(email=f"g{id}@mail.example")


def queue(hotel: Hotel, by: str = "officer") -> list[dict[str, Any]]:
    """Return the queue of a person."""
    with hotel.begin() as office:
        return list(office.queue(by))


def after(hotel: Hotel, number: str, by: str, deputy: str = "") -> None:
    """Let a person look after a request."""
    with hotel.begin() as office:
        office.look_after(number, by, deputy)


def whose(hotel: Hotel) -> dict[str, tuple[str, str]]:
    """Return number -> owner and deputy."""
    return {row["number"]: (row["owner"], row["second"]) for row in queue(hotel)}


def test_the_queue_goes_by_the_day_and_names_who_looks_after(hotel: Hotel) -> None:
    """What is due first stands first; the last who takes a request looks after it."""
    first = case(hotel, 1)
    hotel.later(days=1)
    second = case(hotel, 2)
    assert whose(hotel) == {first: ("", ""), second: ("", "")}
    after(hotel, second, "officer", "second")
    after(hotel, first, "clerk")
    after(hotel, first, "second")
    assert [row["number"] for row in queue(hotel)] == [first, second]
    assert whose(hotel) == {first: ("second", ""), second: ("officer", "second")}
    assert [row["mine"] for row in queue(hotel)] == [False, True]
    assert hotel.events.count("case-looked-after") == 3
    # What was said before lies in no box any more.
    assert sum(row["purpose"] == "shift" for row in hotel.ours("box")) == 2


def test_who_may_not_decide_looks_after_nothing(hotel: Hotel) -> None:
    """Neither a stranger nor a deputy without a right there; and nothing that has ended."""
    number = case(hotel)
    for by in ("auditor", "stranger", ""):
        with hotel.begin() as office, pytest.raises(ForbiddenError):
            office.look_after(number, by)
        assert queue(hotel, by) == []
    for deputy in ("auditor", "stranger", "officer"):
        with hotel.begin() as office, pytest.raises(InputError):
            office.look_after(number, "officer", deputy)
    with hotel.begin() as office:
        office.withdraw(number, by="clerk")
    with hotel.begin() as office, pytest.raises(TransitionError):
        office.look_after(number, "officer")
    assert hotel.ours("duty") == []


def test_a_shift_is_taken_over_once_by_somebody_else(hotel: Hotel) -> None:
    """The note waits; who takes it has the open requests, and the giver stands in."""
    mine, other = case(hotel, 1), case(hotel, 2)
    after(hotel, mine, "officer", "second")
    after(hotel, other, "clerk")
    note = f"{mine} waits for its bill; 3 rooms are frozen."
    with hotel.begin() as office:
        id = office.hand_over("sh", note, "officer")
        assert office.shifts_waiting("second") == 1
        assert office.shifts_waiting("officer") == 0
    with hotel.begin() as office, pytest.raises(TransitionError):
        office.take_over(id, "officer")
    with hotel.begin() as office, pytest.raises(UnknownError):
        office.take_over(id, "auditor")
    with hotel.begin() as office:
        (given,) = office.handovers("second")
        assert (given["text"], given["given_by"], given["count"]) == (note, "officer", 1)
        assert office.take_over(id, "second") == 1
    assert whose(hotel) == {mine: ("second", "officer"), other: ("clerk", "")}
    with hotel.begin() as office, pytest.raises(TransitionError):
        office.take_over(id, "clerk")
    with hotel.begin() as office:
        (given,) = office.handovers("clerk")
        assert (given["taken_by"], given["text"]) == ("second", note)
        assert office.shifts_waiting("clerk") == 0
    assert "shift-handed-over" in hotel.events
    assert "shift-taken-over" in hotel.events


@pytest.mark.parametrize(
    "note", ["", "  ", "Call ann@mail.example", "Call +86 139 1234 5678", "Room of E12345678",
             "致电ann＠mail.example", "电话139－1234－5678", "139–1234–5678", "139·1234·5678"]
)
def test_a_note_shows_no_contact(hotel: Hotel, note: str) -> None:
    """An address or a long number is refused before anything is written."""
    with hotel.begin() as office, pytest.raises(InputError):
        office.hand_over("sh", note, "officer")
    assert hotel.ours("handover") == []


def test_notes_and_logins_are_sealed(hotel: Hotel) -> None:
    """No column of ours and no entry of the journal holds a login or what a note says."""
    number = case(hotel)
    after(hotel, number, "officer", "second")
    with hotel.begin() as office:
        office.hand_over("sh", "Mind the zebrafinch", "officer")
    told = [hotel.ours("duty"), hotel.ours("handover"), hotel.ours("entry")]
    for word in ("zebrafinch", "officer", "second"):
        assert word not in repr(told)
