"""Holds and freezes, path by path: what is held stays, whoever tries and however; then it goes."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event, insert, inspect, text, update

from flask_guesterase.core.errors import (
    BlockedError,
    ForbiddenError,
    FourEyesError,
    InputError,
    KeyMissingError,
    SealError,
    SetupError,
    UnknownError,
)
from flask_guesterase.core.events import Event
from flask_guesterase.core.holding import HoldQuery, Wanted
from flask_guesterase.core.plan import Key, key_text
from flask_guesterase.core.policy import Policy
from flask_guesterase.core.treatment import delete, keep, redact
from flask_guesterase.store import sweep, tables, worker
from flask_guesterase.store.boxes import vault
from flask_guesterase.store.holding import heldcopies, heldrequests
from flask_guesterase.store.keys.custodian import FolderCustodian
from flask_guesterase.store.messages import outbox
from flask_guesterase.store.office import Office
from flask_guesterase.store.recovery import files
from flask_guesterase.store.retaining import holds
from flask_guesterase.store.sweeping.report import Report
from flask_guesterase.store.upkeep import consistency, dispatch
from tests.store.hotel import Base, Booking, Companion, Hotel, Invoice, Scan, policies
from tests.store.night import GRANTS, LINE, Line, Night


class Inn(Hotel):
    """A hotel whose officers hold and whose clerk may freeze."""

    def __init__(self, url: str, folder: Path) -> None:
        super().__init__(url, folder)
        self.queries: dict[str, HoldQuery] = {}
        self.told: list[Event] = []
        for user in ("officer", "second"):
            self.grants[user] |= {"hold", "freeze"}
        self.grants["clerk"].add("freeze")

    @contextmanager
    def begin(self) -> Iterator[Office]:
        """Open the office with what the host registered."""
        with super().begin() as office:
            office.work.queries = self.queries
            yield office
            events = office.work.events
        self.told += events

    def run(self, unit: Callable[[Office], Any]) -> Any:
        """Run a unit of work."""
        with self.begin() as office:
            return unit(office)

    def hold(self, scope: str, table: str = "", key: str = "", **more: Any) -> int:
        """Place a hold as the officer."""
        wanted = Wanted(scope, more.pop("why", "court-order"), table, key, **more)
        with self.begin() as office:
            return office.place_hold(wanted, "officer")

    def lift(self, id: int) -> None:
        """Let two people lift a hold."""
        with self.begin() as office:
            assert office.lift(id, "officer") is False
        with self.begin() as office:
            assert office.lift(id, "second") is True

    def round(self) -> Report:
        """Let the worker do one round."""
        return worker.work(self.run, lambda *_: ("", ""), {})

    def sweep(self) -> Report:
        """Let the sweep do everything that is due because of its day."""
        return sweep.sweep(self.run, lambda *_: ("", ""), {})

    def days(self, count: int) -> None:
        """Let days pass, with the worker's round on each."""
        for _ in range(count):
            self.later(days=1)
            self.round()

    def held(self, table: str, *keys: Key) -> dict[Key, list[int]]:
        """Return what is held of rows."""
        with self.begin() as office:
            return holds.held(office.work, table, keys)

    def labels(self, purpose: str) -> set[str]:
        """Return the labels of living boxes of a purpose."""
        rows = self.ours("box")
        return {r["label"] for r in rows if r["purpose"] == purpose and r["payload"] is not None}

    def people(self) -> None:
        """Put Ann, with a booking, an invoice and a scan, and Bea, with a booking, in."""
        self.guest(1, name="Ann", email="ann@example.com", phone="+8613912345678")
        self.guest(2, name="Bea", email="bea@example.com")
        self.guest(9, hotel="mu", name="Max", email="max@example.com")
        for id, guest in ((1, 1), (2, 2), (9, 9)):
            self.put(Booking, id=id, number=f"B{id}", guest_id=guest, remark=f"remark {id}")
        self.put(Companion, booking_id=2, guest_id=1)
        self.put(Invoice, id=1, booking_id=1, billed_to="Ann", total=90)
        (self.files / "ann.png").write_bytes(b"scan")
        self.put(Scan, id=1, guest_id=1, path="ann.png")


@pytest.fixture
def inn(database_url: str, tmp_path: Path) -> Iterator[Inn]:
    """A hotel with people, on each of the three engines in turn."""
    made = Inn(database_url, tmp_path)
    made.people()
    yield made
    made.engine.dispose()


@pytest.fixture
def small(sqlite_url: str, tmp_path: Path) -> Iterator[Inn]:
    """A hotel with people on SQLite, for what no engine changes."""
    made = Inn(sqlite_url, tmp_path)
    made.people()
    yield made
    made.engine.dispose()


def test_what_was_approved_under_a_freeze_goes_on_when_it_is_lifted(inn: Inn) -> None:
    """The guest was told so; a booking that somebody shares was approved like all the others."""
    inn.put(Companion, booking_id=1, guest_id=2)
    with inn.begin() as office:
        id = office.freeze("sh", "clerk")
    number = inn.approved(email="ann@example.com")
    inn.round()
    assert inn.state(number) == "waiting"
    inn.lift(id)
    inn.round()
    assert inn.state(number) == "sealed"


def booking(inn: Inn, id: int) -> dict[str, Any]:
    return next(row for row in inn.rows(Booking) if row["id"] == id)


# what is covered


def test_each_scope_covers_its_rows(inn: Inn) -> None:
    """A record is itself; a subject is everything of theirs; a query is what the host says."""
    inn.queries = {
        "late": HoldQuery("late", "bookings", lambda t: t.c.remark == "remark 2"),
        "bea": HoldQuery("bea", "guests", lambda t: t.c.name == "Bea"),
    }
    record = inn.hold("record", "bookings", "1")
    assert inn.held("bookings", (1,), (2,)) == {(1,): [record]}
    assert inn.held("guests", (1,)) == {}
    subject = inn.hold("subject", "guests", "1")
    assert inn.held("bookings", (1,), (2,)) == {(1,): [record, subject]}
    assert inn.held("guests", (1,), (2,)) == {(1,): [subject]}
    assert inn.held("companions", (2, 1)) == {(2, 1): [subject]}
    assert inn.held("invoices", (1,)) == {(1,): [subject]}
    late = inn.hold("query", query="late", property="sh")
    assert inn.held("bookings", (2,), (9,)) == {(2,): [late]}
    bea = inn.hold("query", query="bea", property="sh")
    assert inn.held("bookings", (2,)) == {(2,): [late, bea]}
    assert inn.held("guests", (2,), (9,)) == {(2,): [bea]}


def test_a_person_is_held_while_a_declared_table_is_not_there(inn: Inn) -> None:
    """A migration took it away: that keeps erasures waiting, and no court's word."""
    with inn.engine.begin() as conn:
        conn.execute(text("DROP TABLE invoices"))
    id = inn.hold("subject", "guests", "1")
    assert inn.held("guests", (1,), (2,)) == {(1,): [id]}
    inn.lift(id)


def test_a_person_is_held_where_a_table_takes_no_savepoint(
    mariadb_url: str, tmp_path: Path
) -> None:
    """Who read such a table of Aria could write nothing after it; it is named, and not read."""
    inn = Inn(mariadb_url, tmp_path)
    inn.people()
    with inn.engine.begin() as conn:
        conn.execute(text("ALTER TABLE scans DROP FOREIGN KEY scans_ibfk_1"))
        conn.execute(text("ALTER TABLE scans ENGINE = Aria"))
    id = inn.hold("subject", "guests", "1")
    assert inn.held("guests", (1,), (2,)) == {(1,): [id]}
    inn.lift(id)
    inn.engine.dispose()


def test_people_in_a_table_that_takes_no_savepoint_are_refused_in_words(
    mariadb_url: str, tmp_path: Path
) -> None:
    """Nobody can be looked for there, and a clerk is told who knows more."""
    inn = Inn(mariadb_url, tmp_path)
    inn.people()
    with inn.engine.begin() as conn:
        for table in ("companions", "scans", "invoices", "bookings", "guests"):
            for name in inspect(conn).get_foreign_keys(table):
                conn.execute(text(f"ALTER TABLE {table} DROP FOREIGN KEY {name['name']}"))
        conn.execute(text("ALTER TABLE guests ENGINE = Aria"))
    with pytest.raises(SetupError) as raised, inn.begin() as office:
        office.request({"email": "ann@example.com"}, property="sh", by="clerk")
    assert "flask guesterase check" in raised.value.hint
    inn.engine.dispose()


def test_a_query_that_nobody_knows_any_more_holds_its_whole_table(small: Inn) -> None:
    """The host's code changed, or raises: what was to be named is not let go."""
    small.queries = {"late": HoldQuery("late", "bookings", lambda t: t.c.remark == "nothing")}
    id = small.hold("query", query="late", property="sh")
    assert small.held("bookings", (1,)) == {}
    small.queries = {"late": HoldQuery("late", "bookings", lambda t: t.c.gone == 1)}
    assert small.held("bookings", (1,)) == {(1,): [id]}
    small.queries = {}
    assert small.held("bookings", (1,), (9,)) == {(1,): [id]}


def test_a_frozen_property_is_everything_there(inn: Inn) -> None:
    """One click, without a reason; another property goes on; the second click changes nothing."""
    with inn.begin() as office:
        id = office.freeze("sh", "clerk")
        assert office.freeze("sh", "second") == id
    for table, key in (("guests", (1,)), ("bookings", (2,)), ("companions", (2, 1))):
        assert inn.held(table, key) == {key: [id]}, table
    assert inn.held("guests", (9,)) == inn.held("bookings", (9,)) == {}
    with pytest.raises(ForbiddenError), inn.begin() as office:
        office.freeze("mu", "clerk")


@pytest.mark.parametrize("code", ["", "  ", "old"])
def test_who_is_of_no_property_that_anybody_can_tell_is_under_each_freeze(
    small: Inn, code: str
) -> None:
    """The host left it blank, or wrote a code nobody runs: it stays with all that hangs on it."""
    small.guest(5, hotel=code, name="Eve", email="eve@example.com")
    small.put(Booking, id=5, number="B5", guest_id=5, remark="remark 5")
    with small.begin() as office:
        id = office.freeze("sh", "clerk")
    for table in ("guests", "bookings"):
        assert small.held(table, (5,), (9,)) == {(5,): [id]}, table


def test_a_freeze_of_a_code_that_went_holds_what_other_codes_that_went_had(small: Inn) -> None:
    """The hotels of a chain have new codes; of rows under the old ones nobody can tell which."""
    with small.begin() as office:
        id = office.freeze("sh", "clerk")
    sh, mu = (replace(small.settings.properties[code], code=f"{code}2") for code in ("sh", "mu"))
    small.settings = replace(small.settings, properties={"sh2": sh, "mu2": mu})
    small.guest(5, hotel="mu2", name="Eve", email="eve@example.com")
    assert small.held("guests", (1,), (5,), (9,)) == {(1,): [id], (9,): [id]}


def test_without_a_register_a_frozen_room_is_the_whole_property(small: Inn) -> None:
    """Nobody can tell who slept there, so nobody goes."""
    with small.begin() as office:
        id = office.freeze("sh", "clerk", room="101")
    assert small.held("guests", (1,), (2,), (9,)) == {(1,): [id], (2,): [id]}


def test_without_holds_one_query_is_asked(small: Inn) -> None:
    """A hotel that holds nothing pays one statement for each table of a plan."""
    asked: list[str] = []
    with small.begin() as office:

        def note(*given: Any) -> None:
            asked.append(given[2])

        event.listen(small.engine, "before_cursor_execute", note)
        holds.held(office.work, "bookings", [(1,), (2,)])
        event.remove(small.engine, "before_cursor_execute", note)
    assert len(asked) == 1


class House(Night):
    """The hotel with a register, where the clerk freezes and two officers hold."""

    def kept(self, id: int, box: str) -> None:
        """Note that a line lies in a box, as an erasure does."""
        with self.begin() as office:
            office.work.conn.execute(insert(tables.kept).values(
                request=None, controller="pine-ltd", property="sh", table_name="registrations",
                row_key=key_text((id,)), columns="[]", category="guest_register", mode="sealed",
                box=box, until=None, open="", rule="", basis="", grade="", facts="{}",
                since=office.work.stamp,
            ))  # fmt: skip


@pytest.fixture
def house(
    database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[House]:
    """Lines of two nights in two rooms; line 3 is sealed until the 12th."""
    monkeypatch.setitem(GRANTS, ("clerk", "sh"), {"register", "freeze"})
    for who in ("officer", "second"):
        monkeypatch.setitem(GRANTS, (who, "sh"), {"hold"})
    made = House(database_url, tmp_path)
    with made.engine.begin() as conn:
        guests = Line.metadata.tables["guests"]
        for id in (11, 12, 13):
            conn.execute(insert(guests).values(id=id, hotel="sh", name=f"Guest {id}"))
    made.stay(1, guest_id=11)
    made.stay(2, guest_id=12, room="102")
    made.stay(3, guest_id=13, first=date(2026, 3, 8), last=date(2026, 3, 10))
    made.stay(4, guest_id=12, room="101", first=date(2026, 3, 1), last=date(2026, 3, 2))
    made.kept(3, *made.seal([3]))
    yield made
    made.engine.dispose()


def test_a_frozen_night_or_room_is_its_lines_and_everything_of_those_people(house: House) -> None:
    """Sealed lines are found on the shelf; whoever slept elsewhere goes on."""
    with house.begin() as office:
        night = office.freeze("sh", "clerk", night="2026-03-09", room="101")
    with house.begin() as office:
        work = office.work
        lines = holds.held(work, "registrations", [(n,) for n in (1, 2, 3, 4)])
        people = holds.held(work, "guests", [(n,) for n in (1, 11, 12, 13)])
    assert lines == {(1,): [night], (3,): [night]}
    assert people == {(11,): [night], (13,): [night]}
    with house.begin() as office:
        assert office.freeze("sh", "clerk", night="20260309", room="101") == night
        assert office.freeze("sh", "clerk", night="2026-W11-1", room="101") == night
    with house.begin() as office:
        room = office.freeze("sh", "clerk", room="102")
    with house.begin() as office:
        lines = holds.held(office.work, "registrations", [(n,) for n in (2, 4)])
    assert lines == {(2,): [room], (4,): [room]}


@pytest.mark.parametrize("code", ["", "  ", "old"])
def test_a_line_of_no_property_that_anybody_can_tell_is_of_each_frozen_night(
    house: House, code: str
) -> None:
    """And with it its guest, whose profile another hotel made; not what else is kept there."""
    guests = Line.metadata.tables["guests"]
    house.declare(replace(LINE, place="hotel"))
    with house.engine.begin() as conn:
        conn.execute(insert(guests).values(id=14, hotel="mu", name="Guest 14"))
    house.stay(5, guest_id=14, hotel=code)
    house.stay(6, guest_id=14, hotel="mu", first=date(2026, 3, 1), last=date(2026, 3, 2))
    with house.begin() as office:
        id = office.freeze("sh", "clerk", night="2026-03-09", room="101")
    with house.begin() as office:
        found = holds.held(office.work, "registrations", [(5,), (6,)])
        assert found == {(5,): [id]}
        assert holds.held(office.work, "guests", [(14,)]) == {(14,): [id]}


@pytest.mark.parametrize(
    ("code", "words", "reached"),
    [("mu", "draft,no-place", True), ("old", "", True), ("mu", "", False)],
    ids=["none", "gone", "another"],
)
def test_a_sealed_line_of_no_property_that_anybody_can_tell_is_under_each_freeze(
    house: House, code: str, words: str, reached: bool
) -> None:
    """Its row is gone, and it is kept in the name of a house at which it need not have lain."""
    kept = tables.kept
    with house.engine.begin() as conn:
        conn.execute(Line.metadata.tables["registrations"].delete().where(Line.id == 3))
        conn.execute(update(kept).values(property=code, open=words))
        conn.execute(update(tables.shelf).values(property=code))
    with house.begin() as office:
        id = office.freeze("sh", "clerk", night="2026-03-09", room="101")
    with house.begin() as office:
        found = holds.held(office.work, "registrations", [(3,)])
    assert found == ({(3,): [id]} if reached else {})
    (box,) = (row for row in house.ours("box"))
    assert (box["label"] == f"hold:{id}") == reached


def test_a_sealed_line_under_no_night_is_of_each_frozen_night(house: House) -> None:
    """It was sealed while the table was declared to be no register: nobody can tell its night."""
    with house.engine.begin() as conn:
        conn.execute(tables.shelf.delete())
    with house.begin() as office:
        id = office.freeze("sh", "clerk", night="2026-05-01")
    with house.begin() as office:
        found = holds.held(office.work, "registrations", [(n,) for n in (1, 2, 3, 4)])
        listed = office.is_listed("sh", "clerk", night="2026-05-01")
    assert (found, listed) == ({(3,): [id]}, False)


def test_a_frozen_room_is_found_as_the_register_finds_it(house: House) -> None:
    """How a room is written is no way out of its freeze: case, blanks and widths do not count."""
    house.stay(5, guest_id=11, room="12 a")
    house.stay(6, guest_id=13, room="12A")
    house.kept(6, *house.seal([6]))
    with house.begin() as office:
        id = office.freeze("sh", "clerk", room="１2A")
    with house.begin() as office:
        lines = holds.held(office.work, "registrations", [(5,), (6,), (2,)])
    assert lines == {(5,): [id], (6,): [id]}


@pytest.mark.parametrize("written", ["Haus Ö", "HAUS Ö", "haus ö"])
def test_a_frozen_room_is_found_by_letters_that_are_no_ascii(house: House, written: str) -> None:
    """Not every database knows the small form of each letter; SQLite knows those of ASCII alone."""
    house.stay(5, guest_id=11, room=written)
    house.stay(6, guest_id=13, room=written)
    house.kept(6, *house.seal([6]))
    for typed in ("Haus Ö", "hausö", "HAUS Ö"):
        with house.begin() as office:
            id = office.freeze("sh", "clerk", room=typed)
        with house.begin() as office:
            lines = holds.held(office.work, "registrations", [(5,), (6,), (2,)])
        assert all(id in lines.get((key,), ()) for key in (5, 6)), typed


@pytest.mark.parametrize(
    ("night", "room", "known"),
    [
        (None, None, True), (None, "101", True), (None, "1 02", True), ("2026-03-09", None, True),
        ("2026-03-08", "101", True), ("2026-03-08", "102", False), (None, "9999", False),
        ("2031-01-01", None, False), ("2031-01-01", "101", False),
    ],
)  # fmt: skip
def test_a_freeze_of_what_the_register_does_not_know_is_told_apart(
    house: House, night: str | None, room: str | None, known: bool
) -> None:
    """Sealed lines count, one without an end does not: it would be of every night to come."""
    house.stay(5, guest_id=11, last=None)
    with house.begin() as office:
        assert office.is_listed("sh", "clerk", night, room) is known
        with pytest.raises(ForbiddenError):
            office.is_listed("sh", "officer", night, room)


def test_a_sealed_line_outlives_its_day_and_its_marks_follow_the_hold(house: House) -> None:
    """Found by name until its day; then nobody is shown it at night, but it can be opened.

    Once the hold is lifted its day is over, and nobody opens it any more.
    """
    name = {"name": "Ann Zebrafinch3", "document": "E00000003"}
    house.stay(5, guest_id=11)
    other, = house.seal([5])
    with house.begin() as office:
        wanted = Wanted("record", "police-order", "registrations", "3")
        id = office.place_hold(wanted, "officer")
    shelved = {row["box"]: row["label"] for row in house.ours("shelf")}
    box, = [box for box in shelved if box != other]
    assert shelved == {box: f"hold:{id}", other: "day:2026-03-12"}
    assert len(house.produce(**name).lines) == 1
    house.later(days=5)
    house.forget()
    with house.begin() as office, pytest.raises(KeyMissingError):
        vault.unseal(office.work.conn, house.custodian, [other])
    assert "day:2026-03-12" not in house.custodian.labels()
    assert house.produce(**name).lines == ()
    with house.begin() as office:
        assert b"Zebrafinch3" in vault.unseal(office.work.conn, house.custodian, [box])[0]
    for who in ("officer", "second"):
        with house.begin() as office:
            office.lift(id, who)
    house.forget()
    assert f"hold:{id}" not in house.custodian.labels()
    with house.begin() as office, pytest.raises(KeyMissingError):
        vault.unseal(office.work.conn, house.custodian, [box])


# path by path


def test_a_held_record_survives_the_request(inn: Inn) -> None:
    """Everything else of the guest goes; the record stays as it is, and goes after lifting."""
    id = inn.hold("record", "bookings", "1")
    number = inn.approved(email="ann@example.com")
    assert inn.erased(number) == "sealed"
    assert inn.sweep().problems == {}
    assert booking(inn, 1)["remark"] == "remark 1"
    assert inn.row(1)["name"] != "Ann"
    inn.lift(id)
    assert inn.sweep().problems == {}
    assert booking(inn, 1)["remark"] is None
    with inn.begin() as office:
        said = office.certificate(number)["content"]
    assert said["supplement"] == 1 or said["state"] == "sealed"


def test_a_delete_of_the_parent_does_not_take_a_held_child(inn: Inn) -> None:
    """The database would cascade: the parent waits with the child, and goes once it is lifted."""
    with inn.engine.begin() as conn:
        Base.metadata.drop_all(conn, [Base.metadata.tables["companions"]])
        kind = "BIGINT" if conn.dialect.name == "sqlite" else "INTEGER"
        conn.exec_driver_sql(
            f"CREATE TABLE companions (booking_id {kind} NOT NULL, guest_id INTEGER NOT NULL, "
            "PRIMARY KEY (booking_id, guest_id), "
            "FOREIGN KEY (guest_id) REFERENCES guests (id) ON DELETE CASCADE, "
            "FOREIGN KEY (booking_id) REFERENCES bookings (id) ON DELETE CASCADE)"
        )
        conn.execute(insert(Companion).values(booking_id=1, guest_id=1))
    declared = dict(policies(str(inn.files)))
    declared[Booking] = replace(declared[Booking], rows=delete)
    declared[Invoice] = Policy(
        {"billed_to": redact, "total": keep("bookkeeping")}, via="booking.guest", rows=delete
    )
    inn.datamap = inn.mapped(list(declared.items()))
    number = inn.approved(email="ann@example.com")
    id = inn.hold("record", "companions", "1|1")
    inn.round()
    assert inn.rows(Companion) == [{"booking_id": 1, "guest_id": 1}]
    assert [row["id"] for row in inn.rows(Booking)] == [1, 2, 9]
    assert inn.state(number) == "waiting"
    inn.lift(id)
    inn.round()
    assert inn.rows(Companion) == []
    assert [row["id"] for row in inn.rows(Booking)] == [2, 9]


def test_a_held_person_survives_the_request_and_goes_after_lifting_by_itself(inn: Inn) -> None:
    """The request waits for a duty of law; nobody asks and nobody approves again."""
    id = inn.hold("subject", "guests", "1", silent=True)
    number = inn.approved(email="ann@example.com")
    assert inn.round().counts == {"waiting": 1}
    assert inn.row(1)["name"] == "Ann"
    assert inn.rows(Companion)
    assert inn.rows(Scan)
    with inn.begin() as office:
        shown = office.show(number)
    assert shown["waiting_for"] == "legal-duty"
    waits, = [e for e in inn.told if e.name == "request-waiting"]
    assert waits.grounds == ("legal-duty",)
    inn.lift(id)
    inn.round()
    assert inn.state(number) in ("erased", "sealed")
    assert inn.row(1)["name"] != "Ann"
    assert booking(inn, 1)["remark"] is None


def test_a_hold_survives_the_direct_call_of_the_office(inn: Inn) -> None:
    """Whoever may erase, and does so by hand, cannot either."""
    number = inn.approved(email="ann@example.com")
    inn.hold("subject", "guests", "1")
    with inn.begin() as office:
        ending = office.erase(number, "officer")
    assert (ending.state.value, ending.reasons) == ("waiting", ("legal-duty",))
    assert inn.row(1)["name"] == "Ann"


def test_a_hold_placed_after_the_plan_was_drawn_is_seen_once_the_rows_are_locked(
    inn: Inn,
) -> None:
    """Approved without it, carried out with it: the difference is no reason to ask again."""
    number = inn.approved(email="ann@example.com")
    inn.hold("record", "bookings", "1")
    assert inn.erased(number) == "sealed"
    assert booking(inn, 1)["remark"] == "remark 1"


def test_by_a_clock_that_nobody_believes_nothing_ends_when_a_hold_is_lifted(inn: Inn) -> None:
    """Who sets the clock ahead, and places and lifts a hold, makes nothing go before its day."""
    number = inn.approved(email="ann@example.com")
    assert inn.erased(number) == "sealed"
    inn.round()
    whole = living_boxes(inn)
    honest = inn.now
    inn.now += timedelta(days=4000)
    inn.round()
    id = inn.hold("subject", "guests", "1")
    inn.lift(id)
    assert living_boxes(inn) == whole
    with pytest.raises(BlockedError, match="clock"):
        heldcopies.release(inn.run)
    assert inn.round().problems == {"clock": "leap"}
    assert living_boxes(inn) == whole
    inn.now = honest
    for who in ("officer", "second"):
        inn.grants[who].add("law")
        with inn.begin() as office:
            office.confirm_clock(who)
    assert inn.round().problems == {}
    assert f"hold:{id}" not in inn.custodian.labels()
    assert living_boxes(inn) == whole
    inn.days(9)
    assert living_boxes(inn) < whole


def living_boxes(inn: Inn) -> set[str]:
    return {row["id"] for row in inn.ours("box") if row["payload"] is not None}


def test_a_hold_survives_bulk(inn: Inn) -> None:
    """Of several requests in one round, the one under a hold waits and the others do not."""
    for email in ("ann@example.com", "bea@example.com"):
        inn.approved(email=email)
    inn.hold("subject", "guests", "2")
    report = inn.round()
    assert (report.counts["waiting"], report.counts["erased"]) == (1, 1)
    assert inn.row(2)["name"] == "Bea"
    assert booking(inn, 2)["remark"] == "remark 2"
    assert inn.row(1)["name"] != "Ann"


def test_a_file_waits_in_the_outbox_while_its_owner_is_held(inn: Inn) -> None:
    """Queued before the hold came, removed after it went, however long that took."""
    number = inn.approved(email="ann@example.com")
    assert inn.erased(number) == "sealed"
    id = inn.hold("subject", "guests", "1")
    inn.days(40)
    assert (inn.files / "ann.png").exists()
    assert inn.labels("file") == {f"hold:{id}"}
    inn.lift(id)
    assert inn.round().counts["files"] == 1
    assert not (inn.files / "ann.png").exists()


def test_a_file_that_a_worker_has_in_hand_waits_when_its_owner_is_held(inn: Inn) -> None:
    """Claimed with others that take their time, it is still there when the hold comes."""
    inn.erased(inn.approved(email="ann@example.com"))
    claimed = inn.run(lambda office: dispatch.claim(office.work, frozenset()))
    (parcel,) = [parcel for parcel in claimed if parcel.kind == outbox.FILE]
    id = inn.hold("subject", "guests", "1")
    files.remove(inn.run, parcel)
    assert (inn.files / "ann.png").read_bytes() == b"scan"
    inn.days(9)
    assert (inn.files / "ann.png").exists()
    assert inn.labels("file") == {f"hold:{id}"}
    inn.lift(id)
    assert inn.round().counts["files"] == 1
    assert not (inn.files / "ann.png").exists()


def test_a_file_that_was_tried_and_is_held_now_keeps_no_answer_waiting(inn: Inn) -> None:
    """The guest is told that a file is left, however long the hold stays; then it goes."""
    number = inn.approved(email="ann@example.com")
    file = inn.files / "ann.png"
    file.unlink()
    file.mkdir()
    inn.round()
    assert inn.state(number) == "checking"
    id = inn.hold("subject", "guests", "1")
    inn.later(minutes=1)
    inn.round()
    assert inn.state(number) == "partial"
    (certificate,) = inn.ours("certificate")
    left = json.loads(certificate["body"])["content"]["partial"]
    assert left == [{"table": "files", "rows": 1, "reason": "file-stays"}]
    file.rmdir()
    file.write_bytes(b"scan")
    inn.lift(id)
    assert inn.round().counts["files"] == 1
    assert not file.exists()


def test_a_safety_copy_outlives_its_window_and_the_others_day_key_dies_on_time(inn: Inn) -> None:
    """The day's key is destroyed for everybody else; the held box opens until it is lifted."""
    numbers = [inn.approved(email=f"{who}@example.com") for who in ("ann", "bea")]
    for number in numbers:
        inn.erased(number)
    day, = inn.labels("recovery")
    id = inn.hold("subject", "guests", "1", reference="Case 7 of 2026")
    assert inn.labels("recovery") == {day, f"hold:{id}"}
    inn.days(9)
    assert day not in inn.custodian.labels()
    assert inn.labels("recovery") == {f"hold:{id}"}
    with inn.begin() as office:
        mine = vault.of_request(office.work.conn, numbers[0], "recovery")
        payload, = vault.unseal(office.work.conn, inn.custodian, mine)
        assert b"Ann" in payload
        assert vault.of_request(office.work.conn, numbers[1], "recovery") == []
        assert heldrequests.held_requests(office.work) == {numbers[0]}
    inn.lift(id)
    inn.round()
    assert inn.labels("recovery") == inn.labels("hold") == set()
    assert f"hold:{id}" not in inn.custodian.labels()


def test_lifted_in_time_a_box_goes_back_to_its_day_and_ends_with_it(small: Inn) -> None:
    """A hold makes nothing live longer than it must."""
    small.erased(small.approved(email="ann@example.com"))
    day, = small.labels("recovery")
    small.lift(small.hold("record", "companions", "2|1"))
    assert small.labels("recovery") == {day}
    small.days(9)
    assert small.labels("recovery") == set()


@pytest.mark.parametrize("back", [True, False])
def test_lifted_without_its_key_a_box_waits_for_it_until_its_day(small: Inn, back: bool) -> None:
    """In a copy from before it was lifted a hold lives again, and its key was destroyed since: who
    lifts it once more ends nothing that a copy of the key folder can still open. So it is with
    what an earlier version held, under that key alone."""
    small.erased(small.approved(email="ann@example.com"))
    day, = small.labels("recovery")
    id = small.hold("record", "companions", "2|1")
    with small.engine.begin() as conn:
        conn.execute(update(tables.box).values(home=None, spare=None))
    key = small.custodian.path / f"key-hold-{id}.json"
    whole = key.read_bytes()
    small.custodian.forget(f"hold:{id}")
    small.lift(id)
    small.round()
    assert small.labels("recovery") == {f"hold:{id}"}
    if back:
        key.write_bytes(whole)
        small.custodian = FolderCustodian(small.custodian.path)
        small.round()
        assert small.labels("recovery") == {day}
        assert not key.exists()
    small.days(9)
    small.round()
    assert small.labels("recovery") == set()


def test_a_row_that_was_deleted_is_found_in_the_safety_copy(inn: Inn) -> None:
    """The companion's row is gone from the host; its image is not, and a record hold keeps it."""
    inn.erased(inn.approved(email="ann@example.com"))
    assert not inn.rows(Companion)
    for key in ("2|7", "2,1"):
        with pytest.raises(UnknownError) as refused:
            inn.hold("record", "companions", key)
        assert "booking_id|guest_id" in refused.value.hint
    id = inn.hold("record", "companions", "2|1")
    assert inn.labels("recovery") == {f"hold:{id}"}


def test_a_damaged_key_keeps_nobody_from_placing_a_hold(small: Inn) -> None:
    """A court's hold on a record is placed whatever became of somebody else's safety copy; of a row
    that is gone, and that the copy may hold, it is said that nobody can tell."""
    small.erased(small.approved(email="ann@example.com"))
    day, = small.labels("recovery")
    key = small.custodian.path / f"key-{day.replace(':', '-')}.json"
    whole = key.read_bytes()
    key.write_bytes(b"")
    small.custodian = FolderCustodian(small.custodian.path)
    small.hold("record", "bookings", "2")
    with pytest.raises(SealError, match="may hold it"):
        small.hold("record", "companions", "2|1")
    key.write_bytes(whole)
    small.custodian = FolderCustodian(small.custodian.path)
    id = small.hold("record", "companions", "2|1")
    assert small.labels("recovery") == {f"hold:{id}"}


def test_what_could_not_be_read_when_it_was_held_is_kept_on_its_day(small: Inn) -> None:
    """The hold was placed beside a damaged key; mended before its day is told, the copy is held."""
    small.erased(small.approved(email="ann@example.com"))
    day, = small.labels("recovery")
    key = small.custodian.path / f"key-{day.replace(':', '-')}.json"
    whole = key.read_bytes()
    key.write_bytes(b"")
    small.custodian = FolderCustodian(small.custodian.path)
    id = small.hold("subject", "guests", "1")
    assert small.labels("recovery") == {day}
    small.days(9)
    assert small.round().problems["forget"] == "SealError"
    assert small.labels("recovery") == {day}
    key.write_bytes(whole)
    assert "forget" not in small.round().problems
    assert small.labels("recovery") == {f"hold:{id}"}


def test_a_hold_that_meets_a_running_erasure_waits_and_finds_its_boxes(inn: Inn) -> None:
    """Placed while the erasure is not committed yet, it must not miss what that one sealed."""
    number = inn.approved(email="ann@example.com")
    placed: list[int] = []
    clerk = threading.Thread(target=lambda: placed.append(inn.hold("record", "companions", "2|1")))
    with inn.begin() as office:
        office.erase(number)
        clerk.start()
        clerk.join(0.5)
        assert placed == []
    clerk.join()
    assert inn.labels("recovery") == {f"hold:{id}" for id in placed}
    assert len(placed) == 1


def test_under_several_holds_a_box_stays_until_the_last_is_lifted(small: Inn) -> None:
    """It lies under the oldest, and moves on to the next when that one goes."""
    small.erased(small.approved(email="ann@example.com"))
    first = small.hold("subject", "guests", "1")
    second = small.hold("record", "bookings", "1", why="tax-audit")
    assert small.labels("recovery") == {f"hold:{first}"}
    small.days(9)
    small.lift(first)
    small.round()
    assert small.labels("recovery") == {f"hold:{second}"}
    assert f"hold:{first}" not in small.custodian.labels()
    small.lift(second)
    small.round()
    assert small.labels("recovery") == set()


def test_a_box_that_a_place_reaches_only_later_is_rescued_before_its_day_dies(
    small: Inn,
) -> None:
    """Rows move under a query after the hold was placed; the worker looks before it forgets."""
    small.queries = {"vip": HoldQuery("vip", "bookings", lambda t: t.c.number == "B1-new")}
    small.erased(small.approved(email="ann@example.com"))
    id = small.hold("query", query="vip", property="sh")
    day, = small.labels("recovery")
    with small.engine.begin() as conn:
        conn.execute(update(Booking).where(Booking.id == 1).values(number="B1-new"))
    small.days(9)
    assert small.labels("recovery") == {f"hold:{id}"}
    assert day not in small.custodian.labels()


# who may, and who must


def test_lifting_needs_two(small: Inn) -> None:
    """The same person twice is one; who may not hold is told there is none."""
    id = small.hold("subject", "guests", "1", silent=True)
    with small.begin() as office:
        assert office.lift(id, "second") is False
    with pytest.raises(FourEyesError), small.begin() as office:
        office.lift(id, "second")
    with pytest.raises(UnknownError), small.begin() as office:
        office.lift(id, "clerk")
    assert small.held("guests", (1,)) == {(1,): [id]}
    with small.begin() as office:
        assert office.lift(id, "officer") is True
    assert small.held("guests", (1,)) == {}
    with pytest.raises(UnknownError), small.begin() as office:
        office.lift(id, "officer")


def test_placing_needs_the_right_at_the_property_of_the_row(small: Inn) -> None:
    """And a reason, a scope and a day that mean something."""
    with pytest.raises(ForbiddenError), small.begin() as office:
        office.place_hold(Wanted("subject", "court-order", "guests", "1"), "clerk")
    told = []
    for key in ("9", "77"):
        with pytest.raises(UnknownError) as elsewhere:
            small.hold("subject", "guests", key)
        told.append(str(elsewhere.value))
    assert told[0] == told[1]
    for wrong in (
        {"why": "because"}, {"scope": "everything"}, {"review_on": "soon"},
        {"scope": "query", "query": "none"}, {"scope": "subject", "table": "bookings"},
    ):  # fmt: skip
        with pytest.raises(InputError):
            small.hold(**({"scope": "record", "table": "bookings", "key": "1"} | wrong))
    for key in ("77", "x", "", "1|2"):
        with pytest.raises(UnknownError):
            small.hold("record", "bookings", key)


def test_an_unconfirmed_freeze_is_told_every_day_and_does_not_lapse(inn: Inn) -> None:
    """Confirmed it is quiet; either way it stays until two people lift it."""
    with inn.begin() as office:
        id = office.freeze("sh", "clerk")
    said = []
    for _ in range(4):
        inn.later(hours=12)
        said.append(inn.run(Office.remind_holds))
        said.append(inn.run(Office.remind_holds))
    # Midnight at the hotel is 16:00 UTC: the clock passes it at the first and the third step.
    assert said == [1, 0, 0, 0, 1, 0, 0, 0]
    assert [e.counts["days"] for e in inn.told if e.name == "freeze-unconfirmed"] == [1, 2]
    assert inn.held("guests", (1,)) == {(1,): [id]}
    with pytest.raises(UnknownError), inn.begin() as office:
        office.confirm_freeze(id, "clerk")
    with inn.begin() as office:
        office.confirm_freeze(id, "officer")
    inn.later(days=3)
    assert inn.run(Office.remind_holds) == 0
    assert inn.held("guests", (1,)) == {(1,): [id]}
    inn.lift(id)
    assert inn.held("guests", (1,)) == {}


def test_who_freezes_again_takes_back_what_was_said_for_lifting(inn: Inn) -> None:
    """Whoever presses the button may rely on two people who lift it after that."""
    with inn.begin() as office:
        id = office.freeze("sh", "clerk", night="2026-03-09")
    with inn.begin() as office:
        office.lift(id, "officer")
    with inn.begin() as office:
        assert office.freeze("sh", "clerk", night="2026-03-09") == id
    assert [e.name for e in inn.told].count("frozen") == 2
    with inn.begin() as office:
        assert office.lift(id, "second") is False
    with inn.begin() as office:
        assert office.lift(id, "officer") is True
    with inn.begin() as office:
        assert office.freeze("sh", "clerk", night="2026-03-09") != id


@pytest.mark.parametrize("day", ["2026-03-12", "20260312", "2026-W11-4"])
def test_a_hold_whose_day_of_review_came_is_told(small: Inn, day: str) -> None:
    """A hold that nobody looks at would be for ever."""
    small.hold("record", "bookings", "1", review_on=day)
    assert small.run(Office.remind_holds) == 0
    small.later(days=2)
    assert small.run(Office.remind_holds) == 1
    assert "hold-review-due" in small.events


def test_who_looked_again_says_until_when_and_is_told_no_more(small: Inn) -> None:
    """A hold that is still needed is looked at on another day, and nobody is reminded till then."""
    id = small.hold("record", "bookings", "1", review_on="2026-03-12", silent=True)

    def told_of() -> int:
        assert small.run(Office.remind_holds) == 0, "of a silent hold nobody else reads a number"
        return [e.name for e in small.told].count("hold-review-due")

    small.later(days=2)
    assert told_of() == 1
    for day in ("2026-03-12", "2025-01-01", "soon", ""):
        with pytest.raises(InputError), small.begin() as office:
            office.review_hold(id, "officer", day)
    with pytest.raises(UnknownError), small.begin() as office:
        office.review_hold(id, "clerk", "2026-04-01")
    with small.begin() as office:
        office.review_hold(id, "officer", "2026-03-20")
    told = [e for e in small.told if e.name == "hold-reviewed"]
    assert [e.grounds for e in told] == [("silent",)], "silent as the hold is"
    small.later(days=5)
    assert told_of() == 1
    small.later(days=3)
    assert told_of() == 2
    with small.begin() as office:
        assert not consistency.findings(office.work)


def test_the_journal_names_nobody_and_the_reference_is_sealed(small: Inn) -> None:
    """Reason and counts are in the entry; row and reference are nowhere in clear."""
    id = small.hold("subject", "guests", "1", reference="Pudong court 2026-77", silent=True)
    small.lift(id)
    bodies = " ".join(row["body"] for row in small.ours("entry"))
    assert "court-order" in bodies
    assert "hold-lifted" in bodies
    assert "int:1" not in bodies
    assert "guests" not in bodies
    names = [name.removeprefix(tables.PREFIX) for name in tables.metadata.tables]
    ours = repr([small.ours(name) for name in names])
    assert "Pudong" not in ours


def test_a_list_shows_each_what_they_may_know(small: Inn) -> None:
    """Officers see everything at their property; who freezes sees freezes alone."""
    hold = small.hold("subject", "guests", "1", silent=True, reference="Case 7")
    with small.begin() as office:
        freeze = office.freeze("sh", "clerk", night="2026-03-09")
    with small.begin() as office:
        mine = {row["id"]: row for row in office.holds("officer")}
        theirs = office.holds("clerk")
        with pytest.raises(ForbiddenError):
            office.holds("auditor")
    assert set(mine) == {hold, freeze}
    assert mine[hold]["reference"] == "Case 7"
    assert mine[hold]["silent"]
    assert [(row["kind"], row["night"]) for row in theirs] == [("freeze", "2026-03-09")]
    assert "why" not in theirs[0]
    # Numbers count on over holds: between two freezes they would tell of a silent one.
    assert theirs[0]["id"] is None


def test_since_when_the_second_person_is_waited_for_is_shown(small: Inn) -> None:
    """Who agrees reads when it was proposed; who may freeze alone reads neither who nor when."""
    with small.begin() as office:
        freeze = office.freeze("sh", "clerk", night="2026-03-09")
    with small.begin() as office:
        assert office.holds("second")[0]["lift_at"] is None
    with small.begin() as office:
        assert not office.lift(freeze, "officer")
    with small.begin() as office:
        assert office.holds("second")[0]["lift_at"] == small.now.replace(tzinfo=None)
        assert not office.holds("clerk")[0]["lift_at"]


def test_another_hotels_hold_is_a_duty_of_law_even_to_who_may_hold(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Which hold it is reads only who may hold at its own property, of hotels of one company."""
    places = house.settings.properties
    sisters = {code: replace(place, controller="Pine Ltd") for code, place in places.items()}
    house.settings = replace(house.settings, properties=sisters)
    desk = {"view", "file", "verify", "hold"}
    monkeypatch.setitem(GRANTS, ("officer", "sh"), desk)
    monkeypatch.setitem(GRANTS, ("head", "sh"), desk)
    for who in ("far", "head"):
        monkeypatch.setitem(GRANTS, (who, "mu"), {"hold"})
    guests = Line.metadata.tables["guests"]
    with house.engine.begin() as conn:
        conn.execute(update(guests).where(guests.c.id == 11).values(email="g11@mail.example"))
    house.stay(7, guest_id=11, hotel="mu")
    number = house.run(
        lambda office: office.request({"email": "g11@mail.example"}, property="sh", by="officer")
    )
    house.run(lambda office: office.confirm(number, "officer"))
    plain = house.run(lambda office: office.preview(number, "officer")).retain
    wanted = Wanted("record", "court-order", "registrations", "7", silent=True)
    id = house.run(lambda office: office.place_hold(wanted, "far"))
    shown = {
        who: house.run(lambda office, who=who: office.preview(number, who)).retain
        for who in ("officer", "head")
    }
    assert {line.outcome for line in plain} == {"retain"}
    assert {line.outcome for line in shown["officer"]} == {"retain"}
    assert not any(word.startswith("hold:") for line in shown["officer"] for word in line.open)
    assert [line.open for line in shown["head"] if line.outcome == "hold"] == [(f"hold:{id}",)]
