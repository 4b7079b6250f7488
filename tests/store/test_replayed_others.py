"""After a replay: what a request says that was refused first, and whose number a person has."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Date, delete, func, update

from flask_guesterase.core.remembrance import Kind
from flask_guesterase.store import tables
from flask_guesterase.store.access import actors
from flask_guesterase.store.casework import cases
from flask_guesterase.store.mapping.datamap import resolve
from flask_guesterase.store.office import Office
from flask_guesterase.store.remembrance import remembering, tracing
from tests.store.hotel import Booking as HotelBooking
from tests.store.hotel import Guest, Invoice, Scan, policies
from tests.store.lodge import Booking, Lodge
from tests.store.lodge import policies as watched
from tests.store.test_replayed import Copied

ANN = {"name": "Ann Berg", "email": "ann@mail.example", "document_no": "2026-01-01"}


@pytest.fixture
def copied(tmp_path: Path) -> Iterator[Copied]:
    """A hotel with one guest, whose row says when it was made; before anything was copied."""
    one = Copied(tmp_path)
    one.hotel.datamap = one.hotel.mapped([
        (table, replace(policy, clock={"created": "document_no"}) if table is Guest else policy)
        for table, policy in policies(str(one.hotel.files))
    ])  # fmt: skip
    one.hotel.guest(1, **ANN)
    yield one
    one.hotel.engine.dispose()


def overturn(number: str, office: Office) -> None:
    """Let a refusal stand no more, as the answer to a complaint does."""
    case = cases.load(office.work, number)
    office.work.remember.append(tracing.undone(case, Kind.OVERTURNED, "complaint"))
    office.work.conn.execute(
        update(tables.request).where(tables.request.c.number == number).values(state="review")
    )


def test_a_request_that_was_refused_when_it_was_copied_is_done_again(copied: Copied) -> None:
    """A complaint overturned the refusal after the copy; the guest was erased and certified."""
    hotel = copied.hotel
    number = hotel.file(email=ANN["email"])
    with hotel.begin() as office:
        office.confirm(number, "clerk", "desk")
    with hotel.begin() as office:
        office.refuse(number, "officer", "another-persons-data")
    copied.copy()
    copied.run(partial(overturn, number))
    hotel.approve(number, "second")
    assert hotel.erased(number) == "erased"
    copied.restore()
    assert hotel.state(number) == "refused"
    assert copied.replay().counts["erased"] == 1
    copied.work()
    assert hotel.row(1)["email"] != ANN["email"]
    assert hotel.state(number) == "erased"
    assert copied.certified(number)["state"] == "erased"


def given_on(copied: Copied, name: str, email: str) -> str:
    """Restore a copy that knows an approved request, and give its guest's key, with a bill, to
    somebody else; return the number of the request."""
    hotel = copied.hotel
    number = hotel.approved(email=ANN["email"])
    copied.copy()
    assert hotel.erased(number) == "erased"
    copied.restore()
    with hotel.engine.begin() as conn:
        conn.execute(delete(Guest).where(Guest.id == 1))
    hotel.guest(1, name=name, email=email, document_no="2026-02-02")
    hotel.put(HotelBooking, id=1, number="B1", guest_id=1, remark="late")
    hotel.put(Invoice, id=1, booking_id=1, billed_to=name, total=5)
    return number


def test_of_who_got_the_key_since_nothing_is_left_or_kept_under_the_request(copied: Copied) -> None:
    """The copy knew the approved request; an interface then gave the guest's key to another."""
    hotel = copied.hotel
    number = given_on(copied, name="Cy Lund", email="cy@mail.example")
    assert copied.replay().counts["other"] == 1
    copied.work()
    assert (hotel.row(1)["name"], hotel.ours("kept")) == ("Cy Lund", [])
    assert hotel.state(number) == "erased"
    assert (copied.certified(number)["partial"], copied.certified(number)["stays"]) == ([], [])
    theirs = hotel.approved(email="cy@mail.example")
    assert hotel.erased(theirs) == "sealed"


def test_what_hangs_on_a_row_of_which_is_asked_is_not_kept_under_the_request(
    copied: Copied,
) -> None:
    """Who got the key has the erased guest's mailbox, a family's; the officer says who it is."""
    hotel = copied.hotel
    number = given_on(copied, name="Cy Berg", email=ANN["email"])
    copied.replay()
    copied.work()
    assert (hotel.state(number), hotel.ours("kept")) == ("partial", [])
    assert {item["reason"] for item in copied.certified(number)["partial"]} == {"perhaps-back"}
    [back] = hotel.ours("returned")
    with hotel.begin() as office:
        office.settle_return(back["id"], "clerk", theirs=False)
    copied.work()
    assert (hotel.state(number), hotel.ours("kept")) == ("erased", [])


def test_a_certificate_says_again_that_a_file_stays_with_another(copied: Copied) -> None:
    """As the one did that the copy does not have."""
    hotel = copied.hotel
    hotel.guest(2, name="Bo Lind", email="bo@mail.example", document_no="2026-01-01")
    (hotel.files / "both.png").write_bytes(b"page")
    for id in (1, 2):
        hotel.put(Scan, id=id, guest_id=id, path="both.png")
    number = hotel.approved(email=ANN["email"])
    copied.copy()
    for erased in (True, False):
        if erased:
            assert hotel.erased(number) == "erased"
        else:
            copied.restore()
            assert copied.replay().counts["erased"] == 1
        copied.work()
        said = copied.certified(number)
        shared = [{"table": "scans", "rows": 1, "columns": ["path"]}]
        assert (said["state"], said["shared"]) == ("erased", shared)


@pytest.mark.parametrize(
    ("event", "day", "end"),
    [
        ("created", "2026-03-11", "erased"),
        ("created", "2026-03-12", "lives"),
        ("departed", "2026-03-11", "erased"),
        ("departed", "2026-03-12", "ask"),
    ],
)
def test_a_row_of_the_day_of_the_erasure_is_theirs_and_a_later_one_is_not(
    copied: Copied, event: str, day: str, end: str
) -> None:
    """The day on the hotel's wall counts: in Shanghai the next one has begun."""
    hotel = copied.hotel
    hotel.now = hotel.now.replace(hour=20)
    hotel.datamap = hotel.mapped([
        (table, replace(policy, clock={event: "document_no"}) if table is Guest else policy)
        for table, policy in policies(str(hotel.files))
    ])  # fmt: skip
    hotel.guest(2, name="Bo Lind", email="bo@mail.example", document_no=day)
    copied.copy()
    assert hotel.erased(hotel.approved(email="bo@mail.example")) == "erased"
    copied.restore()
    assert copied.replay().counts[end] == 1
    assert (hotel.row(2)["name"] == "Bo Lind") is (end != "erased")
    with hotel.begin() as office:
        waiting = [each["why"] for each in office.returns("clerk", "replay")]
    assert waiting == (["newer"] if end == "ask" else [])


def test_of_a_row_that_nothing_identifies_a_person_says_whose_it_is(copied: Copied) -> None:
    """Neither name nor contact is in it: the key alone erases nobody."""
    hotel = copied.hotel
    hotel.guest(2)
    hotel.put(HotelBooking, id=1, number="B1", guest_id=2, remark="late")
    copied.copy()
    assert hotel.erased(hotel.approved(booking="B1")) == "erased"
    copied.restore()
    assert copied.replay().counts["ask"] == 1
    with hotel.begin() as office:
        assert [each["why"] for each in office.returns("clerk", "replay")] == ["nothing-identifies"]
    assert hotel.rows(HotelBooking)[0]["remark"] == "late"


def test_each_restore_begins_a_journal_of_its_own(copied: Copied) -> None:
    """What was seen to after the first one tells nothing of the second."""
    hotel = copied.hotel
    hotel.file(email=ANN["email"])
    for id in (2, 3):
        hotel.guest(id, name=f"Bo {id}", email=f"bo{id}@mail.example")
    for id in (2, 3):
        copied.copy()
        journals = {row["controller"] for row in hotel.ours("tree")}
        hotel.erased(hotel.approved(email=f"bo{id}@mail.example"))
        copied.restore()
        assert copied.replay().counts["epochs-begun"] == len(journals)
        shutil.rmtree(copied.folder / "oldkeys")


def test_nobody_gets_the_number_of_somebody_a_restored_database_forgot(copied: Copied) -> None:
    """The register says who decided; it must not be who acts first after the restore."""
    hotel = copied.hotel
    hotel.guest(3, name="Cy Lund", email="cy@mail.example")
    hotel.file(email="cy@mail.example")
    copied.copy()
    number = hotel.approved(email=ANN["email"])
    hotel.erased(number)
    with hotel.begin() as office:
        officer = actors.known(office.work, "officer")
    copied.restore()
    copied.run(lambda office: remembering.notice(office.work))
    with hotel.begin() as office:
        assert actors.number(office.work, "stranger") != officer
    copied.replay()
    with hotel.begin() as office:
        assert office.show(number)["decided_by"] == officer
        others = {actors.number(office.work, each) for each in ("stranger", "second", "third")}
    assert officer not in others
    assert len(others) == 3


class Inn(Copied):
    """A hotel whose bookings say when they were made, and which goes on after a restore."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.hotel.engine.dispose()
        (folder / "test.sqlite").unlink()
        shutil.rmtree(folder / "keys")
        (folder / "files").rmdir()
        self.hotel = Lodge(f"sqlite:///{folder / 'test.sqlite'}", folder)
        self.hotel.settings = replace(self.hotel.settings, register=str(folder / "register"))
        self.hotel.watching = False


def _day(table: Any) -> Any:
    return func.date(table.c.made_at, type_=Date)


@pytest.mark.parametrize(
    ("hours", "lives", "by_day"),
    [(1, True, False), (-400, False, False), (-1, True, True), (-400, False, True)],
)
def test_who_booked_again_before_the_replay_is_not_erased(
    tmp_path: Path, hours: int, lives: bool, by_day: bool
) -> None:
    """The desk went on in the restored database; the old profile is the guest's who came anew.

    Where the host keeps no more than the day, a booking of the erasure's own day may be one.
    """
    inn = Inn(tmp_path)
    lodge = inn.hotel
    if by_day:
        told = [
            (model, replace(policy, clock={"created": _day}) if model is Booking else policy)
            for model, policy in watched()
        ]
        known = [*Booking.registry.mappers]
        lodge.datamap = resolve(told, Booking.metadata.tables.values(), known)
    lodge.stayed()
    inn.copy()
    number = lodge.approved(document_no="ZX 998877")
    lodge.erased(number)
    inn.restore()
    made = (lodge.now + timedelta(hours=hours)).replace(tzinfo=None)
    lodge.add(Booking(id=2, guest_id=1, external_ref="OB-77002", wishes="sea view", made_at=made))
    counts = inn.replay().counts
    (booking,) = [row for row in lodge.rows(Booking) if row["id"] == 2]
    assert (booking["wishes"] == "sea view") is lives
    assert counts["ask" if lives else "erased"] == 1
    lodge.close()
