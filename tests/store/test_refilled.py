"""A table that was put back alone: what lies in it under empty profiles is laid before staff."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete, insert, select, text, update

from benchmarks.estate import Estate, Shape, built
from benchmarks.schema import Message
from flask_guesterase.core import treatment
from flask_guesterase.core.errors import TransitionError
from flask_guesterase.core.holding import Scope, Wanted
from flask_guesterase.core.policy import Blocker, Policy
from flask_guesterase.core.treatment import mentions, null, redact
from flask_guesterase.store import tables
from flask_guesterase.store.access import pulse
from flask_guesterase.store.comeback import sightings
from flask_guesterase.store.erasing import people
from flask_guesterase.store.mapping.datamap import resolve
from flask_guesterase.store.returning import refilled, returned
from flask_guesterase.store.sweeping.claiming import Shift
from tests.store import house as hosts
from tests.store.hotel import Base, Booking, Companion, Guest, Hotel, Invoice, Scan, policies
from tests.store.house import COUNT, Bill, House, Lodger
from tests.store.lodge import Booking as Stay
from tests.store.lodge import Lodge


def unit(hotel: Hotel) -> Callable[[Callable[[Any], Any]], Any]:
    """Return what runs a unit of work in this hotel."""

    def run(do: Callable[[Any], Any]) -> Any:
        with hotel.begin() as office:
            return do(office)

    return run


def look(hotel: Hotel) -> dict[str, int]:
    """Look through what was erased lately."""
    return refilled.look(unit(hotel), Shift())


def settle_all(office: Any, table: str, by: str) -> int:
    """Say of all rows of a table that wait that they are theirs; return how many."""
    last = max((row["id"] for row in office.returns(None)), default=0)
    return int(office.settle_refilled(table, last, by))


def waiting(hotel: Hotel) -> list[tuple[str, str]]:
    """Return table and key of the rows that wait for staff."""
    return [
        (row["table_name"], row["row_key"])
        for row in hotel.ours("returned") if row["state"] == "staff"
    ]  # fmt: skip


def again(hotel: Hotel) -> None:
    """Let the worker erase again what was said to be theirs."""
    run = unit(hotel)
    for id in run(lambda office: returned.due(office.work)):
        run(lambda office, id=id: returned.erase(office.work, id))


def put_back(hotel: Hotel, model: type[Base], rows: list[dict[str, Any]]) -> None:
    """Put a table back as it was, as a dump of it does."""
    with hotel.engine.begin() as conn:
        conn.execute(delete(model))
        conn.execute(insert(model), rows)


@pytest.fixture
def hotel(tmp_path: Path) -> Iterator[Hotel]:
    """A hotel in which three guests have bookings, and the first two shared one."""
    one = Hotel(f"sqlite:///{tmp_path / 'test.sqlite'}", tmp_path)
    for id in (1, 2, 3):
        one.guest(id, name=f"Guest {id} Berg", email=f"g{id}@mail.example")
        one.put(Booking, id=id, number=f"B{id}", guest_id=id, remark=f"wish of {id}")
    one.put(Companion, booking_id=1, guest_id=2)
    one.put(Invoice, id=1, booking_id=1, billed_to="Guest 1 Berg", total=90)
    yield one
    one.engine.dispose()


@pytest.fixture
def lodge(tmp_path: Path) -> Iterator[Lodge]:
    """A hotel that notes when a booking was made."""
    one = Lodge(f"sqlite:///{tmp_path / 'test.sqlite'}", tmp_path)
    yield one
    one.close()


def erase(hotel: Hotel, *ids: int) -> list[str]:
    """Erase guests; return the numbers of their requests."""
    numbers = [hotel.approved(email=f"g{id}@mail.example") for id in ids]
    for number in numbers:
        assert hotel.erased(number) in ("erased", "sealed")
    hotel.later(hours=8)
    return numbers


def remarks(hotel: Hotel) -> list[str | None]:
    """Return the remarks of all bookings."""
    return [row["remark"] for row in hotel.rows(Booking)]


def test_a_table_that_was_put_back_alone_is_laid_before_staff_and_goes_again(
    hotel: Hotel,
) -> None:
    old = hotel.rows(Booking)
    numbers = erase(hotel, 1, 2)
    assert look(hotel) == {}
    put_back(hotel, Booking, old)
    assert look(hotel) == {"returned-unclear": 2}
    assert waiting(hotel) == [("bookings", "int:2"), ("bookings", "int:1")]
    assert {row["request"] for row in hotel.ours("returned")} == set(numbers)
    assert look(hotel) == {}, "what waits already is no news"
    again(hotel)
    assert remarks(hotel) == ["wish of 1", "wish of 2", "wish of 3"], "nobody has decided"
    assert unit(hotel)(lambda office: settle_all(office, "bookings", "clerk")) == 2
    again(hotel)
    assert remarks(hotel) == [None, None, "wish of 3"]
    assert look(hotel) == {}
    settled = [name for name in hotel.events if name == "return-settled"]
    assert len(settled) == 2, "one for each request"


def test_a_row_that_goes_whole_and_is_there_again_is_asked_about(hotel: Hotel) -> None:
    old = hotel.rows(Companion)
    erase(hotel, 2)
    assert hotel.rows(Companion) == []
    put_back(hotel, Companion, old)
    assert look(hotel) == {"returned-unclear": 1}
    unit(hotel)(lambda office: settle_all(office, "companions", "clerk"))
    again(hotel)
    assert hotel.rows(Companion) == []


def test_what_the_law_keeps_of_them_is_nothing_that_came_back(
    hotel: Hotel, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nor is a plan drawn each night for each guest of whom there is an invoice."""
    number = hotel.approved(email="g1@mail.example")
    assert hotel.erased(number) == "sealed"
    assert hotel.rows(Invoice)[0]["billed_to"] == "Guest 1 Berg"

    def plan(*_: object) -> None:
        raise AssertionError("a plan was drawn")

    monkeypatch.setattr(refilled.planning, "plan", plan)
    assert look(hotel) == {}


def test_a_row_that_would_go_whole_but_for_a_part_and_is_back_is_asked_about(hotel: Hotel) -> None:
    """What the hotel still needs of it is nothing that came back; what went with the rest is."""
    whole = Policy({"number": redact, "remark": null}, via="guest", rows=treatment.delete)
    hotel.datamap = hotel.mapped([
        (model, whole if model is Booking else policy)
        for model, policy in policies(str(hotel.files))
    ])
    hotel.blockers = (
        Blocker("deposit", "bookings", lambda b, _: b.c.id == 2, needs={"bookings": ["number"]}),
    )
    old = hotel.rows(Booking)
    hotel.erased(hotel.approved(email="g2@mail.example"))
    assert [row for row in hotel.rows(Booking) if row["id"] == 2] == [
        {"id": 2, "number": "B2", "guest_id": 2, "remark": None}
    ]
    hotel.later(hours=8)
    assert look(hotel) == {}
    put_back(hotel, Booking, old)
    assert look(hotel) == {"returned-unclear": 1}
    assert waiting(hotel) == [("bookings", "int:2")]


def test_who_may_not_verify_there_decides_about_nothing(hotel: Hotel) -> None:
    old = hotel.rows(Booking)
    erase(hotel, 2)
    put_back(hotel, Booking, old)
    look(hotel)
    assert unit(hotel)(lambda office: settle_all(office, "bookings", "auditor")) == 0
    assert unit(hotel)(lambda office: settle_all(office, "guests", "clerk")) == 0
    assert waiting(hotel) == [("bookings", "int:2")]


def test_a_profile_whose_key_only_the_host_can_read_is_found(
    hotel: Hotel, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = hotel.rows(Booking)
    erase(hotel, 2)
    put_back(hotel, Booking, old)
    monkeypatch.setattr(refilled.people, "plain_key", lambda *_: None)
    assert look(hotel) == {"returned-unclear": 1}


def test_a_table_that_is_not_there_keeps_no_other_from_being_looked_at(hotel: Hotel) -> None:
    old = hotel.rows(Booking)
    erase(hotel, 2)
    put_back(hotel, Booking, old)
    with hotel.engine.begin() as conn:
        Companion.__table__.drop(conn)
    assert look(hotel) == {"returned-unclear": 1}


def test_what_was_said_to_live_is_not_asked_about_again(hotel: Hotel) -> None:
    old = hotel.rows(Booking)
    erase(hotel, 2)
    put_back(hotel, Booking, old)
    look(hotel)
    (row,) = hotel.ours("returned")
    unit(hotel)(lambda office: office.settle_return(row["id"], "clerk", False))
    assert look(hotel) == {}
    assert waiting(hotel) == []


def test_under_a_profile_that_somebody_lives_in_again_nothing_is_asked(hotel: Hotel) -> None:
    """That is the guard's: it knows the profile."""
    old = hotel.rows(Booking)
    erase(hotel, 2)
    put_back(hotel, Booking, old)
    with hotel.engine.begin() as conn:
        conn.execute(update(Guest).where(Guest.id == 2).values(name="Cy Moor", email="c@m.example"))
    assert look(hotel) == {}


def test_what_nobody_decided_then_is_not_touched(hotel: Hotel) -> None:
    """A column that was kept when the guest was erased holds what it always held."""
    erase(hotel, 2)
    more = [
        (model, replace(policy, columns={**policy.columns, "number": null}) if model is Booking
         else policy)
        for model, policy in policies(str(hotel.files))
    ]  # fmt: skip
    hotel.datamap = hotel.mapped(more)
    assert look(hotel) == {}


@pytest.mark.parametrize(("days", "asked"), [(-1, 1), (0, 1), (1, 0)])
def test_a_row_that_was_made_after_the_erasure_is_a_new_one(
    lodge: Lodge, days: int, asked: int
) -> None:
    lodge.stayed()
    day = datetime(2026, 3, 10, 12) + timedelta(days=days)
    lodge.erased_guest()
    lodge.add(Stay(id=2, guest_id=1, external_ref=None, wishes="a view", made_at=day))
    assert look(lodge).get("returned-unclear", 0) == asked


def test_older_erasures_are_looked_at_as_long_as_something_came_back(
    hotel: Hotel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(refilled, "AT_ONCE", 1)
    monkeypatch.setattr(refilled, "QUIET", 1)
    old = hotel.rows(Booking)
    erase(hotel, 2)
    erase(hotel, 3)
    put_back(hotel, Booking, old)
    assert look(hotel) == {"returned-unclear": 2}
    # Both wait, and yet the older one is looked at: another may have come back behind it.
    assert look(hotel) == {}
    with hotel.engine.begin() as conn:
        conn.execute(update(Booking).where(Booking.id == 3).values(remark=None))
        conn.execute(delete(tables.returned))
    assert look(hotel) == {}, "the newest is as it was left, so nothing was put back since"


def test_a_look_that_is_killed_forgets_nothing_that_an_earlier_one_left(
    hotel: Hotel, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in (("MOST", 2), ("AT_ONCE", 1), ("QUIET", 1)):
        monkeypatch.setattr(refilled, name, value)
    old = hotel.rows(Booking)
    erase(hotel, 1, 2, 3)
    put_back(hotel, Booking, old)
    assert look(hotel) == {"returned-unclear": 2}
    unit(hotel)(lambda office: settle_all(office, "bookings", "clerk"))
    again(hotel)
    with hotel.engine.begin() as conn:
        conn.execute(update(Booking).where(Booking.id == 3).values(remark="back once more"))
    calls = iter(range(2))

    def killed(do: Callable[[Any], Any]) -> Any:
        if next(calls, None) is None:
            raise KeyboardInterrupt
        return unit(hotel)(do)

    with pytest.raises(KeyboardInterrupt):
        refilled.look(killed, Shift())
    look(hotel)
    look(hotel)
    assert {key for _, key in waiting(hotel)} == {"int:1", "int:3"}


def test_what_was_erased_last_is_looked_at_first_however_long_ago_it_was_asked_for(
    hotel: Hotel, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A request may wait for months: the copy has forgotten its erasure, and not those before."""
    monkeypatch.setattr(refilled, "AT_ONCE", 1)
    monkeypatch.setattr(refilled, "QUIET", 1)
    waited = hotel.approved(email="g2@mail.example")
    erase(hotel, 3)
    copy = hotel.rows(Booking)
    assert hotel.erased(waited) == "erased"
    put_back(hotel, Booking, copy)
    assert look(hotel) == {"returned-unclear": 1}
    assert waiting(hotel) == [("bookings", "int:2")]


def test_what_came_back_under_an_erasure_that_left_something_is_laid_before_staff_too(
    hotel: Hotel,
) -> None:
    """Once it went again, the erasure is complete."""
    old = hotel.rows(Booking)
    number = hotel.approved(email="g2@mail.example")
    with hotel.begin() as office:
        office.erase(number)
    put_back(hotel, Booking, old)
    with hotel.begin() as office:
        assert office.check(number) == "partial"
    hotel.later(hours=8)
    assert look(hotel) == {"returned-unclear": 1}
    unit(hotel)(lambda office: settle_all(office, "bookings", "clerk"))
    again(hotel)
    with hotel.begin() as office:
        assert office.check(number) == "erased"


@pytest.mark.parametrize("asked", [True, False])
def test_rows_of_a_profile_that_went_as_a_whole_are_found_too(hotel: Hotel, asked: bool) -> None:
    """A database without the keys of others brings them back; no profile says whose house it is."""
    whole = [
        (model, replace(policy, columns={}, rows=treatment.delete) if model is not Scan else policy)
        for model, policy in policies(str(hotel.files))
    ]
    hotel.datamap = hotel.mapped(whole)
    old = hotel.rows(Booking)
    erase(hotel, 2)
    assert [row["id"] for row in hotel.rows(Guest)] == [1, 3]
    if not asked:
        with hotel.engine.begin() as conn:
            # As of somebody whose time was over.
            conn.execute(update(tables.subject).values(request=people.EXPIRED))
    put_back(hotel, Booking, old)
    assert look(hotel) == {"returned-unclear": 1}
    assert unit(hotel)(lambda office: settle_all(office, "bookings", "clerk")) == 1
    if asked:
        # Nobody confirmed that what has had its time goes here, under which the others would.
        again(hotel)
        assert [row["id"] for row in hotel.rows(Booking)] == [1, 3]


class Old:
    """A hotel of forty guests whose time was over, and who went."""

    def __init__(self, folder: Path) -> None:
        url, shape = f"sqlite:///{folder / 'old.sqlite'}", Shape(40, 1.0)
        built(url, shape)
        self.estate = Estate(url, folder, shape)
        self.estate.confirm()
        self.before = self.messages()
        self.estate.sweep()
        self.left = self.messages()

    def messages(self) -> list[dict[str, Any]]:
        """Return the messages there are."""
        with self.estate.engine.connect() as conn:
            return [dict(row._mapping) for row in conn.execute(select(Message.__table__))]

    def put_back(self) -> int:
        """Put the messages back as they were; return how many came back with them."""
        with self.estate.engine.begin() as conn:
            conn.execute(delete(Message))
            conn.execute(insert(Message), self.before)
        return len(self.before) - len(self.left)

    def sweep(self) -> int:
        """Sweep; return how many rows were laid before staff."""
        return self.estate.sweep().counts.get("returned-unclear", 0)

    def settle(self) -> None:
        """Say that they are theirs, and let them go."""
        run = self.estate.run
        run(lambda office: settle_all(office, "messages", "officer"))
        while ids := run(lambda office: returned.due(office.work)):
            for id in ids:
                run(lambda office, id=id: returned.erase(office.work, id))


@pytest.fixture
def old(tmp_path: Path) -> Iterator[Old]:
    """A hotel of forty guests whose time was over, and who went."""
    one = Old(tmp_path)
    yield one
    one.estate.engine.dispose()


def test_who_went_because_their_time_was_over_is_looked_for_too(old: Old) -> None:
    """Messages have no day of their own: under an empty profile nothing would make them due."""
    assert old.sweep() == 0
    back = old.put_back()
    assert back > 40
    assert old.sweep() == back
    old.settle()
    assert old.messages() == old.left
    assert old.sweep() == 0


def test_a_look_that_laid_enough_before_staff_goes_on_where_it_ended(
    old: Old, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The next night finds the rest behind what went meanwhile."""
    for name, value in (("MOST", 20), ("AT_ONCE", 5), ("QUIET", 1)):
        monkeypatch.setattr(refilled, name, value)
    back, seen = old.put_back(), []
    while found := old.sweep():
        seen.append(found)
        old.settle()
    assert len(seen) > 2
    assert sum(seen) == back
    assert old.messages() == old.left
    with old.estate.engine.connect() as conn:
        assert pulse.look(conn, "refilled-expired") is None, "nothing is left to go on with"


def test_a_look_ends_at_no_empty_profile_for_good_when_it_laid_enough_before_staff(
    old: Old, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who went again meanwhile is quiet, however many: the next night goes on behind them."""
    for name, value in (("MOST", 12), ("AT_ONCE", 2), ("QUIET", 3)):
        monkeypatch.setattr(refilled, name, value)
    # Of two people who are looked at together, nothing came back under the second.
    old.before = [row for row in old.before if row["guest_id"] % 2 == 0]
    old.put_back()
    while old.sweep():
        old.settle()
    assert [row for row in old.messages() if row not in old.left] == []


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    """A hotel in which two people stayed together, with a bill that names the first."""
    one = House(f"sqlite:///{tmp_path / 'test.sqlite'}", tmp_path)
    one.person(1)
    one.person(2, "bea")
    one.stay(1, 1, 1, 2, status="out", days=-30)
    one.add(Bill, id=1, stay_id=1, owed=0, text="Ann Berg")
    yield one
    one.engine.dispose()


def erased(house: House) -> str:
    """Erase the first of them; return the number of the request."""
    number = house.approved(email="ann@example.com")
    assert house.erased(number) == "erased"
    house.later(days=1)
    return number


def take_off(house: House, *gone: str) -> None:
    """Take the other one off the stay, and perhaps away."""
    with house.engine.begin() as conn:
        for name, key in zip(gone or ("lodgers",), ("person_id", "id"), strict=False):
            table = Lodger.metadata.tables[name]
            conn.execute(delete(table).where(table.c[key] == 2))


def bills(house: House, **rules: Any) -> None:
    """Let the policy say something else of bills."""
    policy = Policy({"owed": COUNT, "text": null} | rules, via=["stay.booker", "stay.lodgers"])
    known = [(model, policy if model is Bill else each) for model, each in hosts.policies()]
    models = hosts.Base
    house.datamap = resolve(known, models.metadata.tables.values(), list(models.registry.mappers))


@pytest.mark.parametrize("gone", [("lodgers",), ("lodgers", "people")])
def test_what_was_shared_with_somebody_who_is_gone_is_laid_before_staff(
    house: House, gone: tuple[str, ...]
) -> None:
    """The reception took the companion off the stay, or their profile away: of the bill that stayed
    for them nobody asks any more, and nobody approved that it goes."""
    number = erased(house)
    assert (look(house), house.of(Bill, 1)["text"]) == ({}, "Ann Berg")
    take_off(house, *gone)
    assert look(house) == {"returned-unclear": 1}
    (row,) = house.ours("returned")
    assert (row["table_name"], row["why"], row["request"]) == ("bills", "not-decided", number)
    with pytest.raises(TransitionError):
        unit(house)(lambda office: office.settle_return(row["id"], "clerk", True))
    anew = unit(house)(
        lambda office: office.request_by_row(("people", (1,)), "clerk", property="sh")
    )
    unit(house)(lambda office: office.confirm(anew, "clerk", "desk"))
    house.approve(anew)
    assert house.erased(anew) == "erased"
    assert house.of(Bill, 1)["text"] is None
    unit(house)(lambda office: sightings.look_again(office.work))
    assert (look(house), waiting(house)) == ({}, [])


@pytest.mark.parametrize("lost", ["column", "table", "policy", "rule"])
def test_a_row_of_which_nobody_can_tell_waits_on_and_stops_no_other(
    house: House, lost: str
) -> None:
    """Its column or table is not in the database, nobody declares it any more, or no column tells
    any more whether an erasure went over it."""
    erased(house)
    take_off(house)
    assert look(house) == {"returned-unclear": 1}
    if lost == "rule":
        bills(house, text=mentions)
    elif lost == "policy":
        known = [(model, each) for model, each in hosts.policies() if model is not Bill]
        models = hosts.Base
        house.datamap = resolve(known, models.metadata.tables.values(), [*models.registry.mappers])
    else:
        gone = "DROP TABLE bills" if lost == "table" else "ALTER TABLE bills DROP COLUMN text"
        with house.engine.begin() as conn:
            conn.execute(text(gone))
    assert unit(house)(lambda office: sightings.look_again(office.work)) == 0
    assert waiting(house) == [("bills", "int:1")]
    assert look(house) == {}


def test_what_a_hold_keeps_is_not_asked_about_before_it_is_lifted(house: House) -> None:
    """Nor is it a word of staff what becomes of it."""
    erased(house)
    take_off(house)
    for user in ("officer", "second"):
        house.grants[user].add("hold")
    with house.begin() as office:
        wanted = Wanted(Scope.RECORD, "legal-claim", "bills", "1", review_on="2026-09-01")
        hold = office.place_hold(wanted, "officer")
    assert look(house) == {}
    for user in ("officer", "second"):
        with house.begin() as office:
            office.lift(hold, user)
    assert look(house) == {"returned-unclear": 1}


def test_what_was_decided_then_is_asked_about_though_more_goes_by_now(house: House) -> None:
    """The policy takes one more column: no request takes that one, and it is no sign of a row that
    is back. The other one is, and a second person approves both."""
    house.blockers = ()
    house.stay(2, 1, 1, status="out", days=-40)
    house.add(Bill, id=2, stay_id=2, owed=5, text="Ann alone")
    erased(house)
    bills(house, owed=treatment.Constant(0))
    assert look(house) == {}
    house.set(Bill, 2, text="Ann alone")
    assert look(house) == {"returned-unclear": 1}
    (row,) = house.ours("returned")
    assert (row["why"], row["row_key"]) == ("not-decided", "int:2")
    take_off(house)
    assert look(house) == {"returned-unclear": 1}, "what stayed as another's as well"
    assert look(house) == {}


def test_what_an_earlier_rule_left_there_is_nothing_that_came_back(house: House) -> None:
    """A vendor changes the rule of one column and brings one of another in the same version."""
    house.blockers = ()
    house.stay(2, 1, 1, status="out", days=-40)
    house.add(Bill, id=2, stay_id=2, owed=5, text="Ann alone")
    bills(house, text=redact)
    erased(house)
    assert house.of(Bill, 2)["text"] not in (None, "Ann alone")
    bills(house, owed=treatment.Constant(0))
    assert look(house) == {}
