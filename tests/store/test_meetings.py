"""Use cases about one request at the same moment: one outcome, and everybody knows which."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert, select

from flask_guesterase.core.holding import Wanted
from flask_guesterase.core.log import read_entry
from flask_guesterase.store import tables
from flask_guesterase.store.office import Office
from tests.engines import SERVERS, fresh_database
from tests.store.hotel import Booking, Hotel, Invoice
from tests.store.meetings import OK, Meeting, meet

TRANSITION = "TransitionError"


class Case:
    """A guest of one hotel with a request, about which two act.

    :param hotel: the hotel.
    :param id: number of the guest.
    """

    def __init__(self, hotel: Hotel, id: int) -> None:
        self.hotel, self.id = hotel, id
        mail = f"guest{id}@example.com"
        hotel.guest(id, name=f"Ann{id} Berg", email=mail)
        hotel.put(Booking, id=id, number=f"B{id}", guest_id=id, remark=f"Ann{id}")
        self.number = hotel.file(email=mail)
        self.code = self.do(lambda office: office.confirm(self.number, "clerk", "desk"))
        self.digest = self.do(lambda office: office.preview(self.number)).digest

    def do(self, unit: Callable[[Office], Any]) -> Any:
        with self.hotel.begin() as office:
            return unit(office)

    # what can be done

    def approve(self) -> None:
        self.do(lambda office: office.approve(self.number, "officer", self.digest))

    def approve_too(self) -> None:
        self.do(lambda office: office.approve(self.number, "second", self.digest))

    def refuse(self) -> None:
        self.do(lambda office: office.refuse(self.number, "second", "another-persons-data"))

    def withdraw(self) -> None:
        self.do(lambda office: office.withdraw(self.number, code=self.code))

    def erase(self) -> None:
        self.do(lambda office: office.erase(self.number))

    def hold(self) -> None:
        wanted = Wanted("subject", "court-order", "guests", str(self.id))
        self.do(lambda office: office.place_hold(wanted, "officer"))

    def book(self) -> None:
        with self.hotel.engine.begin() as conn:
            more = {"id": self.id + 5000, "number": f"C{self.id}", "guest_id": self.id}
            conn.execute(insert(Booking).values(remark=f"Ann{self.id}", **more))

    def bill(self) -> None:
        with self.hotel.engine.begin() as conn:
            more = {"id": self.id, "booking_id": self.id, "total": 9}
            conn.execute(insert(Invoice).values(billed_to=f"Ann{self.id} Berg", **more))

    # what became of it

    @property
    def state(self) -> str:
        return self.hotel.state(self.number)

    @property
    def gone(self) -> bool:
        return f"Ann{self.id}" not in str(self.hotel.row(self.id)["name"])

    def said(self) -> list[str]:
        """Return what the journal says was done about the request, and which holds it has."""
        entry = tables.entry
        with self.hotel.engine.connect() as conn:
            bodies = conn.execute(
                select(entry.c.body).order_by(entry.c.controller, entry.c.position)
            ).scalars()
            drafts = [read_entry(body.encode()).draft for body in bodies]
        return [d.action for d in drafts if d.request == self.number or d.action == "hold-placed"]


def decided_once(case: Case, met: Meeting) -> None:
    assert sorted([met.first, met.second]) == [TRANSITION, OK]


def erased_or_withdrawn(case: Case, met: Meeting) -> None:
    decided_once(case, met)
    assert case.gone == ("subject-erased" in case.said())
    assert case.state == ("checking" if case.gone else "withdrawn")


def withdrawn(case: Case, met: Meeting) -> None:
    """Whoever takes a request back does, before or after it was approved."""
    assert OK in (met.first, met.second)
    assert case.state == "withdrawn"


def held_or_gone(case: Case, met: Meeting) -> None:
    """A hold that was placed first is honoured; one that came too late stands after the erasure."""
    assert (met.first, met.second) == (OK, OK)
    said = case.said()
    if case.gone:
        assert said.index("subject-erased") < len(said) - said[::-1].index("hold-placed") - 1
    else:
        assert case.state == "waiting"
        assert "subject-erased" not in said


def named(case: Case, met: Meeting) -> None:
    """What the host wrote meanwhile is gone too, or the certificate says that it is left."""
    assert (met.first, met.second) == (OK, OK)
    left = [row for row in case.hotel.rows(Booking) if row["remark"] == f"Ann{case.id}"]
    state = case.do(lambda office: office.check(case.number).value)
    assert state == ("partial" if left else "erased")


def named_as_kept(case: Case, met: Meeting) -> None:
    """An invoice is decided about before anybody is erased, or the certificate says it stays."""
    assert (met.first, met.second) == (OK, OK)
    if case.state == "review":
        assert not case.gone
    else:
        assert case.do(lambda office: office.check(case.number).value) == "sealed"


Look = Callable[[Case, Meeting], None]
PAIRS: dict[str, tuple[str, str, bool, Look]] = {
    "approve-approve": ("approve", "approve_too", False, decided_once),
    "approve-refuse": ("approve", "refuse", False, decided_once),
    "refuse-approve": ("refuse", "approve", False, decided_once),
    "approve-withdraw": ("approve", "withdraw", False, withdrawn),
    "withdraw-approve": ("withdraw", "approve", False, withdrawn),
    "erase-withdraw": ("erase", "withdraw", True, erased_or_withdrawn),
    "withdraw-erase": ("withdraw", "erase", True, erased_or_withdrawn),
    "erase-hold": ("erase", "hold", True, held_or_gone),
    "hold-erase": ("hold", "erase", True, held_or_gone),
    "erase-book": ("erase", "book", True, named),
    "book-erase": ("book", "erase", True, named),
    "erase-bill": ("erase", "bill", True, named_as_kept),
    "bill-erase": ("bill", "erase", True, named_as_kept),
}
"""Name -> what the first and the second do, whether it is approved before, what must be true."""


@pytest.fixture(params=SERVERS)
def hotel(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Hotel]:
    """A hotel on each server; on SQLite nobody does anything beside somebody else."""
    with fresh_database(request.param) as url:
        made = Hotel(url, tmp_path)
        made.grants["officer"].add("hold")
        yield made
        made.engine.dispose()


@pytest.mark.parametrize("pair", PAIRS)
def test_two_that_meet_end_in_one_outcome(hotel: Hotel, pair: str) -> None:
    """Whatever the first had done by then when the second came."""
    first, second, approved, look = PAIRS[pair]
    at = 0
    while True:
        case = Case(hotel, at + 1)
        if approved:
            case.approve()
        met = meet(hotel.engine, getattr(case, first), getattr(case, second), at)
        if not met.at:
            break
        look(case, met)
        at += 1
    assert at > 1
    with hotel.begin() as office:
        assert office.verify() == []
