"""Who is back once the policy leaves a column that went: it is not called gone, and goes later."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import update

from flask_guesterase.core.treatment import Constant, keep, null
from flask_guesterase.store.executing import finishing
from flask_guesterase.store.hiding import unnamed
from flask_guesterase.store.retaining.keeping import Origin
from flask_guesterase.store.returning.again import Fate
from flask_guesterase.store.returning.returned import Seen, note
from tests.store.hotel import Booking, Guest, policies
from tests.store.test_replayed import ANN, Copied, copied

__all__ = ["copied"]


def leaving(copied: Copied, model: Any, **columns: Any) -> None:
    """Let the policy say something else of columns of a table; of others what it said before."""
    copied.hotel.datamap = copied.hotel.mapped([
        (each, replace(policy, columns={**policy.columns, **columns}) if each is model else policy)
        for each, policy in policies(str(copied.hotel.files))
    ])  # fmt: skip


def nights(copied: Copied) -> None:
    """Let nights pass in which all goes that may."""
    for _ in range(2):
        copied.hotel.later(days=1)
        finishing.finish(copied.run)
        copied.work()


def stays(copied: Copied, number: str) -> list[tuple[str, list[str]]]:
    """Return what the newest certificate says to stay: tables and columns."""
    return [(each["table"], each["columns"]) for each in copied.certified(number)["stays"]]


def fetched(copied: Copied, back: str, number: str) -> None:
    """Bring the guest back, from the copy or by the host, and erase them again."""
    if back != "host":
        copied.restore()
        assert copied.replay().counts["ask"] == 1
        copied.settle(theirs=True)
    else:
        with copied.hotel.engine.begin() as conn:
            conn.execute(update(Guest).where(Guest.id == 1).values(**ANN))
        origin = Origin(number, "kunlun-ltd", "sh")
        seen = Seen(origin, "guests", "int:1", "erased-key", "sweep", Fate.OPEN)
        copied.run(lambda office: note(office.work, seen))
    copied.work()


@pytest.mark.parametrize("back", ["copy", "older copy", "host"])
def test_a_column_that_came_back_and_that_the_policy_leaves_is_not_called_gone(
    copied: Copied, back: str
) -> None:
    """It stays, as certificate and check say, until a rule takes it again."""
    hotel = copied.hotel
    if back == "older copy":
        copied.copy()
    number = hotel.approved(email=ANN["email"])
    if back == "copy":
        copied.copy()
    assert hotel.erased(number) == "erased"
    leaving(copied, Guest, phone=keep("a trial"))
    fetched(copied, back, number)
    for _ in range(2):
        row = hotel.row(1)
        assert (row["name"], row["phone"], row["document_no"]) == ("[erased]", ANN["phone"], None)
        assert (hotel.state(number), stays(copied, number)) == ("sealed", [("guests", ["phone"])])
        nights(copied)
    found = copied.run(lambda office: unnamed.findings(office.work))
    assert [(each.id, each.place) for each in found] == [("column-uncovered", "guests.phone")]
    leaving(copied, Guest)
    nights(copied)
    assert (hotel.row(1)["phone"], hotel.state(number)) == (None, "erased")


def test_a_record_of_which_nothing_else_goes_is_not_called_gone(copied: Copied) -> None:
    """The row of the guest is as it was left; what came back is in one that the policy leaves."""
    hotel = copied.hotel
    hotel.put(Booking, id=7, number="B7", guest_id=1, remark="Ann's late")
    number = hotel.approved(email=ANN["email"])
    assert hotel.erased(number) == "erased"
    leaving(copied, Booking, remark=keep("a trial"))
    with hotel.engine.begin() as conn:
        conn.execute(update(Booking).where(Booking.id == 7).values(remark="Ann's late"))
    seen = Seen(Origin(number, "kunlun-ltd", "sh"), "bookings", "int:7", "x", "sweep", Fate.OPEN)
    copied.run(lambda office: note(office.work, seen))
    copied.work()
    assert (hotel.state(number), stays(copied, number)) == ("sealed", [("bookings", ["remark"])])
    leaving(copied, Booking)
    nights(copied)
    assert (hotel.rows(Booking)[0]["remark"], hotel.state(number)) == (None, "erased")


NONE = "+640000000"


@pytest.mark.parametrize("ends", ["rule", "null", "deed"])
def test_a_fixed_value_of_an_older_rule_counts_until_a_rule_or_the_host_takes_it(
    copied: Copied, ends: str
) -> None:
    """Nothing notes what an erasure wrote: once the policy leaves the column, and the guest was
    back in other ones, the request waits, as check says. Whichever rule comes, it ends."""
    hotel = copied.hotel
    leaving(copied, Guest, phone=Constant(NONE))
    number = hotel.approved(email=ANN["email"])
    assert (hotel.erased(number), hotel.row(1)["phone"]) == ("erased", NONE)
    leaving(copied, Guest, phone=keep("a trial"))
    with hotel.engine.begin() as conn:
        conn.execute(update(Guest).where(Guest.id == 1).values(**ANN | {"phone": NONE}))
    seen = Seen(Origin(number, "kunlun-ltd", "sh"), "guests", "int:1", "x", "sweep", Fate.OPEN)
    copied.run(lambda office: note(office.work, seen))
    copied.work()
    assert (hotel.state(number), stays(copied, number)) == ("sealed", [("guests", ["phone"])])
    found = copied.run(lambda office: unnamed.findings(office.work))
    assert [(each.id, each.place) for each in found] == [("column-uncovered", "guests.phone")]
    if ends == "deed":
        with hotel.engine.begin() as conn:
            conn.execute(update(Guest).where(Guest.id == 1).values(phone=None))
    else:
        leaving(copied, Guest, phone=Constant(NONE) if ends == "rule" else null)
    nights(copied)
    assert hotel.state(number) == "erased"
