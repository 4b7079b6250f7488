"""Approved together is only what leaves nothing to weigh, and each approval stands by itself."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import pytest
from sqlalchemy import insert

from flask_guesterase.core.errors import (
    ForbiddenError,
    FourEyesError,
    InputError,
    MovedError,
    TransitionError,
    UnknownError,
)
from flask_guesterase.core.events import ErasureApproved
from flask_guesterase.core.holding import Scope, Wanted
from flask_guesterase.core.likeness import BATCH, MOST
from flask_guesterase.core.policy import Blocker
from flask_guesterase.store import tables
from flask_guesterase.store.casework.cases import label
from flask_guesterase.store.complaints.receiving import Grievance
from flask_guesterase.store.deciding.alike import Group
from flask_guesterase.store.recovery import window
from tests.store.hotel import Booking, Hotel, Invoice

NOW = datetime(2026, 3, 10, 12)


def proved(hotel: Hotel, id: int, how: str = "desk", by: str = "clerk", **more: str) -> str:
    """A guest of one profile and one booking asks at the desk; return the request's number."""
    hotel.guest(id, name=f"Guest {id}", email=f"g{id}@mail.example")
    hotel.put(Booking, id=id, number=f"B{id}", guest_id=id, remark="late")
    with hotel.begin() as office:
        number = office.request({"email": f"g{id}@mail.example"}, property="sh", by=by, **more)
        office.confirm(number, by, how, "" if not more else "power-of-attorney")
    return number


def groups(hotel: Hotel, by: str = "officer") -> list[Group]:
    """Return what a person may approve together."""
    with hotel.begin() as office:
        return list(office.alike(by))


def numbers(hotel: Hotel, by: str = "officer") -> set[str]:
    """Return the requests that a person may approve together."""
    return {one.number for group in groups(hotel, by) for one in group.cases}


def chosen(hotel: Hotel, by: str = "officer") -> dict[str, str]:
    """Return the requests of the first group with their digests."""
    return {one.number: one.digest for one in groups(hotel, by)[0].cases}


def test_requests_that_are_alike_are_approved_each_by_its_own_entry(hotel: Hotel) -> None:
    """Three of one shape: three approvals in the journal, each stands when it is carried out."""
    wanted = {proved(hotel, id) for id in (1, 2, 3)}
    (group,) = groups(hotel)
    assert {one.number for one in group.cases} == wanted
    assert [(line.table, line.rows) for line in group.erase] == [("bookings", 0), ("guests", 0)]
    read = chosen(hotel)
    with hotel.begin() as office:
        assert office.approve_alike(read, "officer") == 3
        events = [e for e in office.work.events if isinstance(e, ErasureApproved)]
    assert {event.number for event in events} == wanted
    assert {event.grounds for event in events} == {(BATCH,)}
    assert len({event.marks["digest"] for event in events}) == 3
    assert {hotel.erased(number) for number in wanted} == {"erased"}


def test_one_alone_is_no_group(hotel: Hotel) -> None:
    """Nothing is alike with itself; the request is decided on its own page."""
    proved(hotel, 1)
    assert groups(hotel) == []


def _kept(hotel: Hotel) -> None:
    hotel.put(Invoice, id=3, booking_id=3, billed_to="Guest 3", total=90)


def _twin(hotel: Hotel) -> None:
    with hotel.begin() as office:
        number = office.request({"email": "g3@mail.example"}, property="sh", by="clerk")
        (row,) = office.show(number)["subjects"]
        office.take(number, row["id"], "clerk")


def _held(hotel: Hotel) -> None:
    hotel.grants["officer"].add("hold")
    with hotel.begin() as office:
        wanted = Wanted(
            Scope.RECORD, "legal-claim", table="guests", key="3", review_on="2026-09-01"
        )
        office.place_hold(wanted, "officer")


def _blocked(hotel: Hotel) -> None:
    hotel.blockers = (Blocker("open-folio", "bookings", lambda table, _: table.c.id == 3),)


def _contested(hotel: Hotel) -> None:
    (request,) = (r for r in hotel.ours("request") if r["subject_mark"] and r["id"] == 3)
    hotel.grants["officer"].add("complaint")
    with hotel.begin() as office:
        given = Grievance("about-delay", "It takes long.", "sh", request["number"], channel="desk")
        office.file_complaint(given, "officer")


def _objected(hotel: Hotel) -> None:
    (request,) = (r for r in hotel.ours("request") if r["id"] == 3)
    with hotel.engine.begin() as conn:
        conn.execute(
            insert(tables.objection).values(request=request["number"], objected_at=NOW)
        )


DOUBTS = (_objected, _kept, _twin, _held, _blocked, _contested)


@pytest.mark.parametrize("doubt", DOUBTS, ids=lambda doubt: doubt.__name__)
def test_one_doubt_takes_a_request_out(hotel: Hotel, doubt: Callable[[Hotel], None]) -> None:
    """An objection, no sure rule, a row taken by hand, a hold, a blocker, a complaint."""
    first = {proved(hotel, 1), proved(hotel, 2)}
    odd = proved(hotel, 3)
    assert numbers(hotel) == first | {odd}
    read = chosen(hotel)
    doubt(hotel)
    assert numbers(hotel) == first
    with pytest.raises((TransitionError, InputError)), hotel.begin() as office:
        office.approve_alike(read, "officer")
    assert {hotel.state(number) for number in first} == {"review"}


@pytest.mark.parametrize("how", ["callback", "known"])
def test_a_weak_proof_is_read_by_itself(hotel: Hotel, how: str) -> None:
    """Who was called back or is known to a clerk did not prove it; nor did a representative."""
    proved(hotel, 1)
    proved(hotel, 2, how)
    proved(hotel, 3, asked_by="representative")
    assert groups(hotel) == []


def test_four_eyes_stand(hotel: Hotel) -> None:
    """Nobody finds, or approves, what they filed or verified themselves."""
    own = {proved(hotel, id, by="officer") for id in (1, 2)}
    read = chosen(hotel, "second")
    assert set(read) == own
    assert groups(hotel) == []
    with pytest.raises(FourEyesError), hotel.begin() as office:
        office.approve_alike(read, "officer")
    with pytest.raises(ForbiddenError), hotel.begin() as office:
        office.approve_alike(read, "clerk")
    assert groups(hotel, "clerk") == []
    assert {hotel.state(number) for number in own} == {"review"}


def test_what_moved_stops_all_of_them(hotel: Hotel) -> None:
    """A plan that changed since it was read takes nobody with it."""
    for id in (1, 2):
        proved(hotel, id)
    read = chosen(hotel)
    number = sorted(read)[-1]
    with pytest.raises(MovedError), hotel.begin() as office:
        office.approve_alike({**read, number: "0" * 64}, "officer")
    assert {hotel.state(each) for each in read} == {"review"}


def test_a_batch_has_a_limit(hotel: Hotel) -> None:
    """Twenty at once at most, and at least one; what is unknown is unknown."""
    for many in (0, MOST + 1):
        with pytest.raises(InputError), hotel.begin() as office:
            office.approve_alike({f"GR-{n:08d}": "0" * 64 for n in range(many)}, "officer")
    with pytest.raises(UnknownError), hotel.begin() as office:
        office.approve_alike({"GR-ABCD2345": "0" * 64}, "officer")


def test_two_shapes_are_two_groups(hotel: Hotel) -> None:
    """Guests without a booking are not alike with those who have one, and are never mixed."""
    for id in (1, 2):
        proved(hotel, id)
    for id in (3, 4):
        hotel.guest(id, name=f"Guest {id}", email=f"g{id}@mail.example")
        number = hotel.file(email=f"g{id}@mail.example")
        with hotel.begin() as office:
            office.confirm(number, "clerk", "desk")
    found = groups(hotel)
    assert [len(group.cases) for group in found] == [2, 2]
    mixed = {group.cases[0].number: group.cases[0].digest for group in found}
    with pytest.raises(InputError), hotel.begin() as office:
        office.approve_alike(mixed, "officer")
    assert {hotel.state(number) for number in mixed} == {"review"}


def test_a_look_at_the_list_is_no_try_and_one_lost_key_does_not_close_it(hotel: Hotel) -> None:
    """Whoever filed one of them looks: nothing is noted of them, and the others are there."""
    wanted = {proved(hotel, id) for id in (1, 2)}
    mine, lost = proved(hotel, 3, by="officer"), proved(hotel, 4)
    hotel.custodian.forget(label(lost))
    with hotel.begin() as office:
        assert {one.number for group in office.alike("officer") for one in group.cases} == wanted
        assert office.work.refused == []
        assert mine not in wanted


def test_what_has_no_safety_copy_is_told_of_a_group_where_it_is_so_of_one(
    hotel: Hotel, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who approves them together reads what of them nobody could take back."""
    for id in (1, 2):
        proved(hotel, id)
    ended = {("guests", (2,)): frozenset({"phone"})}
    monkeypatch.setattr(window, "over", lambda *_: window.Unkept(columns=ended))
    (group,) = groups(hotel)
    assert {line.table: line.uncopied for line in group.erase} == {
        "bookings": (), "guests": ("phone",)
    }  # fmt: skip
