"""What the law keeps sealed of an erasure that is taken back, where not all of it comes back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

import pytest
from sqlalchemy import text, update

from flask_guesterase.core.errors import TransitionError
from flask_guesterase.core.policy import Blocker
from flask_guesterase.core.restoring import Report
from flask_guesterase.core.treatment import null, retain
from flask_guesterase.store.boxes import vault
from flask_guesterase.store.executing import finishing, forgetting
from flask_guesterase.store.keys import copies
from flask_guesterase.store.office import Office
from flask_guesterase.store.recovery import window
from flask_guesterase.store.retaining import law
from flask_guesterase.store.sweeping import ageing
from tests.store.hotel import Booking, Guest, Hotel, policies

FOLIO = Blocker(
    "open-folio", "bookings", lambda bookings, today: bookings.c.number.like("OPEN%"),
    needs={"bookings": ["remark"], "guests": ["phone"]},
)  # fmt: skip
"""What the hotel needs until the folio of a booking is closed."""


def run(hotel: Hotel, unit: Callable[[Office], Any], /) -> Any:
    with hotel.begin() as office:
        return unit(office)


@pytest.fixture
def sealing(any_hotel: Hotel, monkeypatch: pytest.MonkeyPatch) -> Hotel:
    """A hotel that seals document numbers, and needs a remark while a folio is open."""
    monkeypatch.setattr(copies, "confirmed", lambda work: True)
    declared(any_hotel)
    any_hotel.blockers = (FOLIO,)
    return any_hotel


def declared(hotel: Hotel, **columns: Any) -> None:
    """Let document numbers be of the register, and columns of guests go by other rules."""
    every = policies(str(hotel.files))
    rules = {**every[0][1].columns, "document_no": retain("guest_register", null), **columns}
    every[0] = (Guest, replace(every[0][1], columns=rules))
    hotel.datamap = hotel.mapped(every)


def guest(hotel: Hotel, booking: str = "OPEN1") -> str:
    """Put a guest with a booking into the hotel and erase her; return the request."""
    hotel.guest(1, name="Ann Berg", email="ann@mail.example", phone="+86 1", document_no="P1")
    hotel.put(Booking, id=1, number=booking, guest_id=1, remark="late")
    number = hotel.approved(email="ann@mail.example")
    assert hotel.erased(number) == "sealed"
    return number


def days(hotel: Hotel, many: int) -> None:
    """Let days pass, and keys end with theirs."""
    for _ in range(many):
        hotel.later(days=1)
        forgetting.forget(partial(run, hotel))


def close_folio(hotel: Hotel) -> None:
    """Close the folio, so that what was kept for it goes."""
    alter(hotel, "UPDATE bookings SET number = 'B1'")
    finishing.finish(partial(run, hotel))
    assert hotel.rows(Booking)[0]["remark"] is None


def alter(hotel: Hotel, *statements: str) -> None:
    with hotel.engine.begin() as conn:
        for statement in statements:
            conn.execute(text(statement))


def propose(hotel: Hotel, number: str) -> None:
    run(hotel, lambda office: office.propose_restore(number, "officer", "wrong-person"))


def restore(hotel: Hotel, number: str) -> Report:
    propose(hotel, number)
    report: Report = run(hotel, lambda office: office.restore(number, "second"))
    return report


def sealed(hotel: Hotel) -> list[tuple[bool, bool]]:
    """Return of each sealed line whether it has ended, and whether its box still holds it."""
    full = {box["id"]: box["payload"] is not None for box in hotel.ours("box")}
    return [
        (line["ended_at"] is not None, full[line["box"]])
        for line in hotel.ours("kept")
        if line["mode"] == law.SEALED
    ]


STAYS, ENDED = [(False, True)], [(True, False)]


def test_a_later_part_does_not_come_back_for_the_whole(sealing: Hotel) -> None:
    """The copy of what went first has ended; what the law keeps of it, certificate and marks
    stay."""
    hotel = sealing
    number = guest(hotel)
    days(hotel, 12)
    close_folio(hotel)
    days(hotel, 2)
    marks = hotel.ours("mark")
    with pytest.raises(TransitionError, match="went first ended on 2026-03-17"):
        propose(hotel, number)
    assert sealed(hotel) == STAYS
    assert hotel.ours("mark") == marks != []
    assert hotel.state(number) == "sealed"
    assert [each["revoked_at"] for each in hotel.ours("certificate")] == [None]
    assert run(hotel, lambda office: office.restoration(number))["until"] == ""


def test_who_confirms_too_late_takes_nothing_back(sealing: Hotel) -> None:
    """It was proposed on the last day; what went later has a copy that is there the day after."""
    hotel = sealing
    number = guest(hotel)
    days(hotel, 3)
    close_folio(hotel)
    days(hotel, 4)
    until = run(hotel, lambda office: office.restoration(number))["until"]
    assert until == "2026-03-17"
    propose(hotel, number)
    days(hotel, 1)
    with pytest.raises(TransitionError, match="2026-03-17"):
        run(hotel, lambda office: office.restore(number, "second"))
    assert sealed(hotel) == STAYS


def test_a_later_part_comes_back_with_the_rest(sealing: Hotel) -> None:
    """In the window of what went first all of it comes back, and nothing is kept any more."""
    hotel = sealing
    number = guest(hotel)
    days(hotel, 3)
    close_folio(hotel)
    days(hotel, 2)
    assert restore(hotel, number).restored
    assert (hotel.row(1)["document_no"], hotel.row(1)["phone"]) == ("P1", "+86 1")
    assert hotel.rows(Booking)[0]["remark"] == "late"
    assert sealed(hotel) == ENDED
    assert hotel.state(number) == "restored"


def test_a_later_part_whose_copy_ended_first_keeps_nothing_from_coming_back(
    sealing: Hotel,
) -> None:
    """The hotel made its window shorter meanwhile: the one that was told for the rest holds."""
    hotel = sealing
    number = guest(hotel)
    days(hotel, 2)
    hotel.settings = replace(hotel.settings, recovery_days=1)
    close_folio(hotel)
    days(hotel, 4)
    report = restore(hotel, number)
    assert "bookings" not in report.tables
    assert hotel.row(1)["document_no"] == "P1"
    assert sealed(hotel) == ENDED


def test_what_did_not_come_back_may_come_while_its_own_copy_is_there(sealing: Hotel) -> None:
    """The erasure was taken back in time; of a later part that was refused its copy is left."""
    hotel = sealing
    number = guest(hotel)
    days(hotel, 3)
    close_folio(hotel)
    alter(hotel, "UPDATE bookings SET remark = 'new'")
    assert restore(hotel, number).tables["bookings"].refused == {"newer": 1}
    days(hotel, 6)
    alter(hotel, "UPDATE bookings SET remark = NULL")
    assert restore(hotel, number).tables["bookings"].restored == 1
    assert hotel.rows(Booking)[0]["remark"] == "late"


def test_of_a_row_without_a_safety_copy_the_law_keeps_what_it_keeps(
    hotel: Hotel, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No copy was made of it, as a number in the law ends a part of it; the rest comes back."""
    monkeypatch.setattr(copies, "confirmed", lambda work: True)
    monkeypatch.setattr(window, "_hard", lambda work, at: frozenset({"guest_register"}))
    monkeypatch.setattr(ageing, "at_once", lambda work, record, names: True)
    declared(hotel)
    number = guest(hotel, booking="B1")
    report = restore(hotel, number)
    assert set(report.tables) == {"bookings"}
    assert hotel.row(1)["document_no"] is None
    kept = {line["category"]: line for line in hotel.ours("kept")}
    line = kept["guest_register"]
    assert (line["ended_at"], line["request"]) == (None, None)
    payload = run(hotel, lambda o: vault.unseal(o.work.conn, o.work.custodian, [line["box"]])[0])
    assert b"P1" in payload


def test_a_column_that_is_back_is_sealed_no_more_though_another_is_not(sealing: Hotel) -> None:
    """Her telephone went later and is somebody's since: the number of her document came back."""
    hotel = sealing
    number = guest(hotel)
    days(hotel, 3)
    close_folio(hotel)
    with hotel.engine.begin() as conn:
        conn.execute(update(Guest).values(phone="+86 2"))
    assert restore(hotel, number).tables["guests"].refused == {"newer": 1}
    assert (hotel.row(1)["document_no"], hotel.row(1)["phone"]) == ("P1", "+86 2")
    assert sealed(hotel) == ENDED


def test_of_a_column_that_is_gone_the_law_keeps_what_it_keeps(sealing: Hotel) -> None:
    """The row came back without it, and comes no nearer when somebody tries again."""
    hotel = sealing
    declared(hotel, phone=retain("guest_register", null))
    number = guest(hotel, booking="B1")
    alter(hotel, "ALTER TABLE guests DROP COLUMN document_no")
    for _ in range(2):
        assert restore(hotel, number).restored
        assert sealed(hotel) == STAYS


def test_what_no_key_opens_now_stays_for_the_day_the_key_is_back(
    hotel: Hotel, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An older copy of the key folder lacks it; nobody knows what the box holds."""
    monkeypatch.setattr(copies, "confirmed", lambda work: True)
    declared(hotel)
    number = guest(hotel, booking="B1")
    (label,) = {box["label"] for box in hotel.ours("box") if box["purpose"] == "retention"}
    file = hotel.custodian.path / f"key-{label.replace(':', '-')}.json"
    away = file.rename(file.with_name("away"))
    assert restore(hotel, number).restored
    assert sealed(hotel) == STAYS
    away.rename(file)
    assert restore(hotel, number).restored
    assert sealed(hotel) == ENDED
