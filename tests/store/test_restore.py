"""An erasure taken back: everything as it was, what hangs on it undone, each refusal named."""

from __future__ import annotations

import errno
import json
import os
import shutil
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from functools import partial
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import event, insert, text, update

from flask_guesterase.core.certified import from_json
from flask_guesterase.core.errors import (
    BlockedError,
    BusyError,
    ErasureError,
    ForbiddenError,
    FourEyesError,
    InputError,
    KeyMissingError,
    RetryableError,
    SealError,
    SetupError,
    TransitionError,
    UnknownError,
)
from flask_guesterase.core.holding import Wanted
from flask_guesterase.core.period import Period
from flask_guesterase.core.remembrance import Kind
from flask_guesterase.core.restoring import Report, Table, read_report
from flask_guesterase.core.rule import Facts, Grade, Rule
from flask_guesterase.core.rule import Kind as Limit
from flask_guesterase.core.seal import Terms
from flask_guesterase.core.treatment import null, retain
from flask_guesterase.recipients import Recipient, by_hand
from flask_guesterase.store import tables, worker
from flask_guesterase.store.access import pulse
from flask_guesterase.store.boxes import boxing, safe, vault
from flask_guesterase.store.casework import cases
from flask_guesterase.store.erasing.taking import Erased
from flask_guesterase.store.executing import forgetting
from flask_guesterase.store.keys import copies
from flask_guesterase.store.lawbook.clocks import Record
from flask_guesterase.store.messages import outbox, removal
from flask_guesterase.store.office import Office
from flask_guesterase.store.recovery import files, filesback, window
from flask_guesterase.store.remembrance import remembering
from flask_guesterase.store.remembrance.erasures import Register
from flask_guesterase.store.remembrance.forgotten import recall
from flask_guesterase.store.returning.replay import replay
from flask_guesterase.store.sweeping import ageing
from flask_guesterase.store.sweeping.report import Report as Round
from flask_guesterase.store.upkeep import dispatch, sending
from tests.chaos import wires
from tests.oracle.dump import assert_same, dump
from tests.store.hotel import Booking, Companion, Guest, Hotel, Scan, policies
from tests.store.house import House
from tests.store.test_outbox import Post, render


def run(hotel: Hotel, unit: Callable[[Office], Any], /) -> Any:
    with hotel.begin() as office:
        return unit(office)


def deliver(hotel: Hotel) -> Round:
    """Let the worker send and remove what is due."""
    report = Round()
    sending.deliver(partial(run, hotel), lambda *_: ("", ""), {}, report)
    return report


def filled(hotel: Hotel) -> str:
    """Put a guest with rows and files of every rule into the hotel; return her request."""
    hotel.guest(1, name="Ann Berg", email="ann@example.com", phone="+86 1", document_no="P1234567")
    hotel.guest(2, name="Bo Lind", email="bo@example.com")
    hotel.put(Booking, id=1, number="B1", guest_id=1, remark="late")
    hotel.put(Booking, id=2, number="B2", guest_id=2, remark="early")
    hotel.put(Companion, booking_id=2, guest_id=1)
    for name in ("ann.png", "ann2.png"):
        (hotel.files / name).write_bytes(name.encode() * 1000)
    hotel.put(Scan, id=1, guest_id=1, path="ann.png")
    hotel.put(Scan, id=2, guest_id=1, path="ann2.png")
    return hotel.approved(email="ann@example.com")


def restore(hotel: Hotel, number: str, ground: str = "wrong-person") -> Report:
    with hotel.begin() as office:
        office.propose_restore(number, "officer", ground)
    with hotel.begin() as office:
        return office.restore(number, "second")


def host(hotel: Hotel) -> Any:
    with hotel.engine.connect() as conn:
        return dump(conn)


def test_everything_comes_back_byte_for_byte_with_its_files(any_hotel: Hotel) -> None:
    """Rows of every rule and files whose removal was done: the dump is the one from before."""
    hotel = any_hotel
    number, before = filled(hotel), host(hotel)
    assert hotel.erased(number) == "erased"
    assert deliver(hotel).counts["files"] == 2
    assert [f.name for f in hotel.files.iterdir()] == [removal.MARK]
    report = restore(hotel, number)
    assert_same(before, host(hotel))
    assert report.files == {"back": 2}
    assert {t: each.refused for t, each in report.tables.items() if each.refused} == {}
    assert deliver(hotel).counts == {"files-back": 2}
    assert {f.name: f.read_bytes() for f in hotel.files.iterdir()} == {
        name: name.encode() * 1000 for name in ("ann.png", "ann2.png")
    }
    assert hotel.state(number) == "restored"
    assert hotel.events.count("file-restored") == 2
    (row,) = hotel.ours("restoration")
    assert read_report(row["report"]) == report
    assert "Ann" not in row["report"]


def test_a_large_copy_lies_in_several_boxes_and_comes_back_whole(
    any_hotel: Hotel, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a server takes in one statement is bounded: no number of documents is too many."""
    hotel = any_hotel
    number, before = filled(hotel), host(hotel)
    monkeypatch.setattr(window, "PIECE", 60)
    assert hotel.erased(number) == "erased"
    assert len([box for box in hotel.ours("box") if box["purpose"] == "recovery"]) > 1
    restore(hotel, number)
    assert_same(before, host(hotel))


@pytest.mark.parametrize("times", [1, 3])
def test_a_row_that_is_too_large_for_the_server_is_said_to_be(
    mariadb_url: str, tmp_path: Path, times: int
) -> None:
    """The server hangs up in the middle of it: nobody shall wait until it is back."""
    hotel = Hotel(mariadb_url, tmp_path)
    with hotel.engine.connect() as conn:
        most = conn.execute(text("SELECT @@max_allowed_packet")).scalar_one()
    item = boxing.Item(os.urandom(most * times), Terms("pine", "recovery", "2026-03-17"))
    with pytest.raises(ErasureError, match="size") as told, hotel.begin() as office:
        boxing.put(office.work.conn, hotel.custodian, [item], "2026-03-10")
    assert "max_allowed_packet" in told.value.hint
    assert hotel.ours("box") == []
    hotel.engine.dispose()


def test_a_removal_that_was_not_done_is_called_off(hotel: Hotel) -> None:
    """A file that still lies there stays, and the worker finds nothing to remove."""
    number = filled(hotel)
    hotel.erased(number)
    report = restore(hotel, number)
    assert report.files == {"kept": 2}
    assert deliver(hotel).counts == {}
    assert {f.name for f in hotel.files.iterdir()} == {"ann.png", "ann2.png"}


# what does not come back, while the rest does


def alter(hotel: Hotel, *statements: str) -> None:
    with hotel.engine.begin() as conn:
        for statement in statements:
            conn.execute(text(statement))


def coming_back(hotel: Hotel) -> None:
    """Erase her, files and all, and take it back; the files are not there yet."""
    number = filled(hotel)
    hotel.erased(number)
    deliver(hotel)
    restore(hotel, number)


def refused(report: Report) -> dict[str, dict[str, int]]:
    return {name: dict(each.refused) for name, each in report.tables.items() if each.refused}


def enforced(hotel: Hotel) -> Hotel:
    """Let SQLite look at foreign keys, as servers do."""
    if hotel.engine.dialect.name == "sqlite":
        event.listen(hotel.engine, "connect", lambda raw, _: raw.execute("PRAGMA foreign_keys=ON"))
        hotel.engine.dispose()
    return hotel


def test_newer_data_stays_and_the_rest_comes_back(hotel: Hotel) -> None:
    """A row that somebody wrote to since the erasure is theirs, and stays as it is."""
    number = filled(hotel)
    hotel.erased(number)
    with hotel.engine.begin() as conn:
        conn.execute(update(Guest).where(Guest.id == 1).values(phone="+86 2"))
    newer = hotel.row(1)
    report = restore(hotel, number)
    assert refused(report) == {"guests": {"newer": 1}}
    assert hotel.row(1) == newer
    assert {t: each.restored for t, each in report.tables.items()} == {
        "bookings": 1, "companions": 1, "guests": 0, "scans": 2,
    }  # fmt: skip
    assert hotel.state(number) == "restored"


def test_a_key_that_another_row_has_and_one_that_is_gone(any_hotel: Hotel) -> None:
    """A number given to another row, a row deleted since, a parent deleted since."""
    hotel = enforced(any_hotel)
    number = filled(hotel)
    hotel.erased(number)
    hotel.put(Scan, id=1, guest_id=2, path="bo.png")
    alter(hotel, "DELETE FROM bookings")
    report = restore(hotel, number)
    assert refused(report) == {
        "bookings": {"missing-row": 1}, "companions": {"foreign-key": 1},
        "scans": {"reused-key": 1},
    }  # fmt: skip
    assert {row["id"]: row["path"] for row in hotel.rows(Scan)} == {1: "bo.png", 2: "ann2.png"}
    assert hotel.row(1)["name"] == "Ann Berg"


def test_what_was_taken_does_not_go_into_a_row_of_somebody_else(any_hotel: Hotel) -> None:
    """Her booking was deleted since, and its number given to another guest's, without a remark
    like hers since the erasure."""
    hotel = any_hotel
    number = filled(hotel)
    hotel.erased(number)
    alter(hotel, "DELETE FROM bookings WHERE id = 1")
    hotel.put(Booking, id=1, number="B7", guest_id=2, remark=None)
    report = restore(hotel, number)
    assert refused(report) == {"bookings": {"reused-key": 1}}
    assert {row["id"]: row["remark"] for row in hotel.rows(Booking)} == {1: None, 2: "early"}
    assert hotel.row(1)["name"] == "Ann Berg"


def test_a_value_that_only_one_row_may_have_can_be_tried_again(any_hotel: Hotel) -> None:
    """Refused while another guest has her address; once that is put right, the row comes back.

    What came back the first time is not touched again, whatever was done to it since.
    """
    hotel = any_hotel
    number, before = filled(hotel), host(hotel)
    hotel.erased(number)
    alter(hotel, "CREATE UNIQUE INDEX only_one ON guests (email)")
    hotel.guest(7, name="Al", email="ann@example.com")
    report = restore(hotel, number)
    assert refused(report) == {"guests": {"unique": 1}}
    with hotel.begin() as office:
        (line,) = office.not_restored(number, "officer")
    assert (line["table"], line["reason"]) == ("guests", "unique")
    alter(hotel, "DELETE FROM guests WHERE id = 7", "DELETE FROM companions")
    again = restore(hotel, number, "guest-wish")
    assert refused(again) == {}
    assert again.tables["guests"] == Table(restored=1)
    assert again.tables["companions"] == Table(already=1)
    assert hotel.rows(Companion) == [], "what was deleted on purpose since does not come back"
    hotel.put(Companion, booking_id=2, guest_id=1)
    assert_same(before, host(hotel))
    assert hotel.state(number) == "restored"
    assert hotel.events.count("subject-restored") == 2
    assert hotel.events.count("certificate-revoked") == 1
    assert [r["template"] for r in hotel.ours("outbox")].count("restored") == 1


def test_a_table_that_lets_the_newer_row_win_loses_none_by_us(hotel: Hotel) -> None:
    """SQLite can be told to delete what is in the way; neither erasing nor restoring does."""
    alter(
        hotel, "DROP TABLE guests",
        "CREATE TABLE guests (id INTEGER PRIMARY KEY, hotel VARCHAR(10), name VARCHAR(80), "
        "email VARCHAR(120) UNIQUE ON CONFLICT REPLACE, phone VARCHAR(40), document_no "
        "VARCHAR(40), UNIQUE (hotel, name) ON CONFLICT REPLACE)",
        "DROP TABLE scans",
        "CREATE TABLE scans (id INTEGER PRIMARY KEY, guest_id INTEGER, path VARCHAR(200) UNIQUE "
        "ON CONFLICT REPLACE)",
    )  # fmt: skip
    number = filled(hotel)
    hotel.erased(number)
    other = hotel.approved(email="bo@example.com")
    with pytest.raises(ErasureError, match="refuses"):
        hotel.erased(other)
    assert [row["id"] for row in hotel.rows(Guest)] == [1, 2], "two are [erased] of one hotel"
    alter(hotel, "UPDATE guests SET email = 'ann@example.com' WHERE id = 2")
    hotel.put(Scan, id=9, guest_id=2, path="ann.png")
    assert refused(restore(hotel, number)) == {"guests": {"unique": 1}, "scans": {"unique": 1}}
    assert [row["id"] for row in hotel.rows(Guest)] == [1, 2]
    assert [row["id"] for row in hotel.rows(Scan)] == [2, 9]


def test_columns_that_came_and_went(any_hotel: Hotel) -> None:
    """New columns take their default, a wider type takes the old value, a gone column is told."""
    hotel = any_hotel
    number = filled(hotel)
    hotel.erased(number)
    alter(
        hotel,
        "ALTER TABLE scans ADD COLUMN vip integer DEFAULT 3",
        "ALTER TABLE guests DROP COLUMN document_no",
    )
    if hotel.engine.dialect.name != "sqlite":
        wide = {"postgresql": "ALTER COLUMN phone TYPE text", "mariadb": "MODIFY phone text"}
        alter(hotel, f"ALTER TABLE guests {wide[hotel.engine.dialect.name]}")
    report = restore(hotel, number)
    assert refused(report) == {}
    assert report.tables["guests"].gone == ("document_no",)
    with hotel.engine.connect() as conn:
        guest = conn.execute(text("SELECT name, phone FROM guests WHERE id = 1")).one()
        assert tuple(guest) == ("Ann Berg", "+86 1")
        assert set(conn.execute(text("SELECT vip FROM scans")).scalars()) == {3}


def test_what_stood_in_a_renamed_column_comes_back_by_no_second_try(hotel: Hotel) -> None:
    """The page on taking back says so: what came back is not touched again."""
    number = filled(hotel)
    hotel.erased(number)
    alter(hotel, "ALTER TABLE guests RENAME COLUMN phone TO mobile")
    assert restore(hotel, number).tables["guests"].gone == ("phone",)
    alter(hotel, "ALTER TABLE guests RENAME COLUMN mobile TO phone")
    assert restore(hotel, number).tables["guests"].already == 1
    assert (hotel.row(1)["name"], hotel.row(1)["phone"]) == ("Ann Berg", None)


def test_a_column_that_must_be_filled_a_table_that_is_gone_a_name_in_another_case(
    any_hotel: Hotel,
) -> None:
    """Each is a reason of its own; a column that is only written otherwise is found."""
    hotel = any_hotel
    number = filled(hotel)
    hotel.erased(number)
    alter(hotel, "DROP TABLE scans", "DROP TABLE companions")
    alter(hotel, "CREATE TABLE scans (id integer PRIMARY KEY, guest_id integer, path varchar(200),"
                 " must integer NOT NULL)")  # fmt: skip
    quote = "`" if hotel.engine.dialect.name == "mariadb" else '"'
    alter(hotel, f"ALTER TABLE bookings RENAME COLUMN remark TO {quote}Remark{quote}")
    report = restore(hotel, number)
    assert refused(report) == {"companions": {"table-gone": 1}, "scans": {"column-needed": 2}}
    assert report.tables["bookings"] == Table(restored=1)
    with hotel.engine.connect() as conn:
        assert conn.execute(text(
            f"SELECT {quote}Remark{quote} FROM bookings WHERE id = 1"
        )).scalar() == "late"


@pytest.mark.parametrize("kind", ["postgresql", "mariadb"])
def test_a_check_and_a_column_that_became_narrow(
    kind: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    """What the column does not take any more is refused, and never cut."""
    hotel = Hotel(request.getfixturevalue(f"{kind}_url"), tmp_path)
    number = filled(hotel)
    hotel.erased(number)
    narrow = {
        "postgresql": "ALTER COLUMN remark TYPE varchar(3)", "mariadb": "MODIFY remark varchar(3)",
    }  # fmt: skip
    alter(
        hotel,
        "UPDATE bookings SET remark = NULL",
        f"ALTER TABLE bookings {narrow[kind]}",
        "ALTER TABLE guests ADD CONSTRAINT odd CHECK (document_no IS NULL)",
    )
    report = restore(hotel, number)
    assert refused(report) == {"bookings": {"does-not-fit": 1}, "guests": {"check": 1}}
    assert {row["remark"] for row in hotel.rows(Booking)} == {None}
    hotel.engine.dispose()


def test_triggers_that_refuse_or_write_something_else(hotel: Hotel) -> None:
    """A trigger's own no is a reason, and so is another value in the place of the old one."""
    number = filled(hotel)
    hotel.erased(number)
    alter(
        hotel,
        "CREATE TRIGGER no BEFORE INSERT ON companions BEGIN SELECT RAISE(ABORT, 'Ann'); END",
        "CREATE TRIGGER other AFTER UPDATE ON bookings BEGIN"
        " UPDATE bookings SET remark = 'x' WHERE id = new.id AND remark <> 'x'; END",
    )
    report = restore(hotel, number)
    assert refused(report) == {
        "bookings": {"changed-by-database": 1}, "companions": {"database-refused": 1},
    }  # fmt: skip
    assert hotel.rows(Booking)[0]["remark"] is None


def test_when_nothing_comes_back_the_erasure_stands(hotel: Hotel) -> None:
    """Certificate, marks and state stay; the report says why."""
    number = filled(hotel)
    hotel.erased(number)
    alter(hotel, *(f"DROP TABLE {t}" for t in ("scans", "companions", "bookings", "guests")))
    marks = len(hotel.ours("mark"))
    report = restore(hotel, number)
    assert not report.restored
    assert {why for each in refused(report).values() for why in each} == {"table-gone"}
    assert hotel.state(number) == "erased"
    assert len(hotel.ours("mark")) == marks > 0
    assert hotel.ours("certificate")[0]["revoked_at"] is None
    assert [row["state"] for row in hotel.ours("restoration")] == ["refused"]


# who may, and when


def test_a_guest_does_not_read_last_of_an_erasure_that_was_taken_back(hotel: Hotel) -> None:
    """The mail server was away when the erasure was answered, and is back when the hotel writes
    that it was taken back: the answer, which would follow it hours later, is so no more."""
    number, post = filled(hotel), Post()
    post.problem = OSError()
    assert hotel.erased(number) == "erased"
    for minutes in (0, *outbox.BACK_OFF[:5]):
        hotel.later(minutes=minutes)
        sending.deliver(partial(run, hotel), render, {"smtp": post}, Round())
    restore(hotel, number)
    post.problem = None
    for _ in range(3):
        sending.deliver(partial(run, hotel), render, {"smtp": post}, Round())
        hotel.later(days=1)
    sent = [letter.template for letter in post.sent]
    assert [each for each in sent if each in ("done", "restored")] == ["restored"]


def test_two_people_who_may_and_a_ground(hotel: Hotel) -> None:
    """Neither without the permission, nor alone, nor without a ground or a proposal."""
    number = filled(hotel)
    with hotel.begin() as office, pytest.raises(TransitionError, match="approved"):
        office.propose_restore(number, "officer", "wrong-person")
    hotel.erased(number)
    with hotel.begin() as office:
        with pytest.raises(ForbiddenError):
            office.propose_restore(number, "clerk", "wrong-person")
        with pytest.raises(InputError):
            office.propose_restore(number, "officer", "because")
        with pytest.raises(UnknownError):
            office.restore(number, "officer")
        office.propose_restore(number, "officer", "wrong-person")
        with pytest.raises(FourEyesError):
            office.restore(number, "officer")
        with pytest.raises(ForbiddenError):
            office.restore(number, "clerk")
    assert hotel.state(number) == "erased"
    with hotel.begin() as office:
        office.propose_restore(number, "second", "guest-wish")
    with hotel.begin() as office:
        assert [r["ground"] for r in office.restoration(number)["restorations"]] == ["guest-wish"]
        office.restore(number, "officer")
    assert hotel.state(number) == "restored"


def test_after_the_window_nothing_comes_back_and_no_box_opens(hotel: Hotel) -> None:
    """The error names the day; a database copy of before and the key folder of after open none."""
    number = filled(hotel)
    hotel.erased(number)
    deliver(hotel)
    with hotel.begin() as office:
        boxes = [
            vault.fetch(office.work.conn, [id])[0]
            for purpose in ("recovery", files.PURPOSE)
            for id in vault.of_request(office.work.conn, number, purpose)
        ]
        assert len(boxes) == 3
        office.propose_restore(number, "officer", "wrong-person")
    assert {box.last_day for box in boxes} == {"2026-03-17"}
    for _ in range(8):
        hotel.later(days=1)
        forgetting.forget(partial(run, hotel))
    with hotel.begin() as office, pytest.raises(TransitionError, match="2026-03-17"):
        office.restore(number, "second")
    for box in boxes:
        with pytest.raises(KeyMissingError):
            vault.open_box(box, hotel.custodian)
    assert hotel.state(number) == "erased"


@pytest.mark.parametrize(
    "zone", ["Asia/Shanghai", "Pacific/Kiritimati", "America/Sao_Paulo", "Pacific/Honolulu"]
)
@pytest.mark.parametrize("hour", [1, 9, 22])
def test_the_last_day_of_the_copy_is_a_whole_day_of_the_hotel(
    hotel: Hotel, zone: str, hour: int
) -> None:
    """Seven days after the erasure, to midnight on the hotel's wall; the key lives as long."""
    hotel.lies_in(zone)
    hotel.now = hotel.now.replace(hour=hour)
    number = filled(hotel)
    hotel.erased(number)
    with hotel.begin() as office:
        said = office.certificate(number)["content"]
        told = date.fromisoformat(said["recovery_until"])
        assert told == date.fromisoformat(said["erased"]) + timedelta(days=7)
    evening = datetime.combine(told, time(23, 59), ZoneInfo(zone)).astimezone(UTC)
    while hotel.now < evening:
        hotel.later(minutes=min(1440, int((evening - hotel.now).total_seconds() // 60)))
        forgetting.forget(partial(run, hotel))
    assert restore(hotel, number).restored
    hotel.later(days=1)
    with hotel.begin() as office, pytest.raises(TransitionError, match=told.isoformat()):
        office.propose_restore(number, "officer", "wrong-person")


def test_without_a_safety_copy_there_is_nothing_to_restore(hotel: Hotel) -> None:
    """A window of 0 days: rows and files are gone at once, and it says so."""
    hotel.settings = replace(hotel.settings, recovery_days=0)
    number = filled(hotel)
    hotel.erased(number)
    deliver(hotel)
    assert {row["purpose"] for row in hotel.ours("box")} & {"recovery", files.PURPOSE} == set()
    with hotel.begin() as office, pytest.raises(TransitionError, match="nothing to restore"):
        office.propose_restore(number, "officer", "wrong-person")


def test_nothing_is_kept_of_a_stay_with_a_minor(house: House) -> None:
    """Neither the child's rows nor the mother's lie in a safety copy."""
    house.grants["officer"] |= {"law", "restore"}
    house.person(1, born=date(1980, 1, 1))
    house.person(2, "kid", born=date(2018, 1, 1))
    house.stay(7, 1, 1, 2, status="out", days=-9)
    number = house.approved(email="ann@example.com")
    house.erased(number)
    assert "recovery" not in {row["purpose"] for row in house.ours("box")}
    with house.begin() as office, pytest.raises(TransitionError, match="nothing to restore"):
        office.propose_restore(number, "officer", "wrong-person")


def test_nothing_is_kept_of_what_a_number_in_the_law_has_ended(
    hotel: Hotel, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Copies of documents that may not be held go without a safety copy; the rest has one."""
    declared = policies(str(hotel.files))
    declared[-1] = (Scan, replace(declared[-1][1], category="identity_document_copy"))
    hotel.datamap = hotel.mapped(declared)
    monkeypatch.setattr(window, "_hard", lambda work, at: frozenset({"identity_document_copy"}))
    monkeypatch.setattr(ageing, "at_once", lambda work, record, names: True)
    number = filled(hotel)
    hotel.erased(number)
    deliver(hotel)
    assert files.PURPOSE not in {row["purpose"] for row in hotel.ours("box")}
    report = restore(hotel, number)
    assert "scans" not in report.tables
    assert (report.files, list(hotel.files.glob("*.png"))) == ({}, [])
    assert hotel.row(1)["name"] == "Ann Berg"


@pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "Pacific/Honolulu"])
def test_no_copy_outlives_a_number_in_the_law_by_the_hotels_days(hotel: Hotel, zone: str) -> None:
    """A copy that lies there to the last day the law lets it is made; of a day less none is."""
    hotel.lies_in(zone)
    rule = Rule(
        "CN/copy", "CN", "identity_document_copy", grade=Grade.A, ceiling=Period(days=30),
        ceiling_kind=Limit.HARD, clock=("created",),
    )  # fmt: skip
    for hour in (5, 20):
        hotel.now = hotel.now.replace(hour=hour)
        last = hotel.now.astimezone(ZoneInfo(zone)).date() + timedelta(days=7)
        for ends in (last - timedelta(days=1), last):
            record = Record("sh", Facts({"created": ends - timedelta(days=30)}))
            with hotel.begin() as office:
                office.work.rules["sh"] = (rule,)
                at_once = ageing.at_once(office.work, record, ["identity_document_copy"])
            assert at_once is (ends < last), (hour, ends)


def test_not_while_the_clock_or_the_database_is_in_doubt(hotel: Hotel, tmp_path: Path) -> None:
    """A database that has not caught up after a restore, and a clock that leapt, take nothing
    back."""
    hotel.settings = replace(hotel.settings, register=str(tmp_path / "register"))
    number = filled(hotel)
    hotel.erased(number)
    with hotel.engine.begin() as conn:
        pulse.put(conn, remembering.RESTORED, pulse.Pulse(hotel.now.replace(tzinfo=None), "0"))
    with hotel.begin() as office, pytest.raises(BlockedError):
        office.propose_restore(number, "officer", "wrong-person")
    with hotel.engine.begin() as conn:
        pulse.take(conn, remembering.RESTORED)
    hotel.later(hours=1)
    hotel.now += timedelta(days=3)
    with hotel.begin() as office, pytest.raises(BlockedError):
        office.propose_restore(number, "officer", "wrong-person")
    assert hotel.state(number) == "erased"


def test_a_hold_reaches_the_copies_and_lengthens_no_window(hotel: Hotel) -> None:
    """Rows and bytes lie under the hold's key; they come back inside the window and not after."""
    hotel.grants["officer"] |= {"hold"}
    number = filled(hotel)
    hotel.erased(number)
    deliver(hotel)
    with hotel.begin() as office:
        office.place_hold(Wanted("subject", "court-order", "guests", "int:1"), "officer")
    copies = {"recovery", files.PURPOSE}
    labels = {row["label"] for row in hotel.ours("box") if row["purpose"] in copies}
    assert labels == {"hold:1"}
    report = restore(hotel, number)
    deliver(hotel)
    assert refused(report) == {}
    assert len(list(hotel.files.glob("*.png"))) == 2
    for _ in range(8):
        hotel.later(days=1)
        forgetting.forget(partial(run, hotel))
    assert labels == {row["label"] for row in hotel.ours("box") if row["purpose"] in copies}
    with hotel.begin() as office, pytest.raises(TransitionError, match="2026-03-17"):
        office.propose_restore(number, "officer", "guest-wish")


# what hangs on it


def test_marks_searches_tombstones_and_sightings_end_and_objections_stay(hotel: Hotel) -> None:
    """Nobody is known again as erased any more; who objected to advertising is still heard."""
    number = filled(hotel)
    hotel.erased(number)
    with hotel.engine.begin() as conn:
        line = {
            "controller": "pine-ltd", "property": "sh", "table_name": "guests",
            "row_mark": "c" * 64, "erased_at": hotel.now.replace(tzinfo=None), "request": number,
        }  # fmt: skip
        conn.execute(insert(tables.mark).values(kind="objection", mark="d" * 64, **line))
        conn.execute(insert(tables.returned).values(
            request=number, controller="pine-ltd", property="sh", table_name="guests",
            row_key="int:1", why="erased-key", door="flush", state="open", attempts=0,
            seen_at=hotel.now.replace(tzinfo=None), waiting_for="in-house",
            waiting_until="2026-12-31",
        ))  # fmt: skip
    assert any(row["kind"] != "objection" for row in hotel.ours("mark"))
    restore(hotel, number)
    assert [row["kind"] for row in hotel.ours("mark")] == ["objection"]
    assert {row["erased_at"] for row in hotel.ours("subject")} == {None}
    (seen,) = hotel.ours("returned")
    assert (seen["state"], seen["waiting_for"], seen["waiting_until"]) == ("lives", None, None)
    assert [row["state"] for row in hotel.ours("search")] == ["ended"]
    assert "search" not in {row["purpose"] for row in hotel.ours("box")}


def test_what_the_law_kept_is_kept_no_more_but_of_rows_that_did_not_come_back(
    hotel: Hotel, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A sealed number ends with its box; one whose row was written to since stays producible."""
    monkeypatch.setattr(copies, "confirmed", lambda work: True)
    declared = policies(str(hotel.files))
    columns = {**declared[0][1].columns, "document_no": retain("guest_register", null)}
    declared[0] = (Guest, replace(declared[0][1], columns=columns))
    hotel.datamap = hotel.mapped(declared)
    numbers = []
    for id in (1, 2):
        hotel.guest(id, name=f"G{id}", email=f"g{id}@example.com", document_no=f"P{id}")
        numbers.append(hotel.approved(email=f"g{id}@example.com"))
        assert hotel.erased(numbers[-1]) == "sealed"
    with hotel.engine.begin() as conn:
        conn.execute(update(Guest).where(Guest.id == 2).values(document_no="new"))
    for number in numbers:
        restore(hotel, number)
    assert hotel.row(1)["document_no"] == "P1"
    assert hotel.row(2)["document_no"] == "new"
    kept = {row["row_key"]: row for row in hotel.ours("kept")}
    assert kept["int:1"]["ended_at"] is not None
    assert (kept["int:2"]["ended_at"], kept["int:2"]["request"]) == (None, None)
    boxes = {row["id"]: row["payload"] for row in hotel.ours("box")}
    assert boxes[kept["int:1"]["box"]] is None
    assert boxes[kept["int:2"]["box"]] is not None


def test_the_certificate_is_revoked_and_register_and_journal_say_so(
    hotel: Hotel, tmp_path: Path
) -> None:
    """One entry names the certificate's own mark; a replay reads that it was taken back."""
    hotel.settings = replace(hotel.settings, register=str(tmp_path / "register"))
    number = filled(hotel)
    hotel.erased(number)
    with hotel.begin() as office:
        issued = from_json(json.dumps(office.certificate(number)))
        told = office.work.events
    before = len(hotel.events)
    with hotel.begin() as office:
        office.propose_restore(number, "officer", "binding-order")
    with hotel.begin() as office:
        office.restore(number, "second")
        told = list(office.work.events)
    (revoked,) = [e for e in told if e.name == "certificate-revoked"]
    assert revoked.marks == {"certificate": issued.content.mark(issued.format)}
    (restored,) = [e for e in told if e.name == "subject-restored"]
    assert restored.grounds == ("binding-order",)
    assert restored.counts == {"restored": 5, "refused": 0, "files": 2}
    assert hotel.events[before] == "restore-proposed"
    with hotel.begin() as office:
        assert office.verify() == []
        assert office.certificate(number)["revoked"] == "2026-03-10"
        register = remembering.register(office.work)
        assert register is not None
        kinds = [line.note.kind for line in register.lines()[0]]
        assert Kind.RESTORED in kinds
        found = recall(office.work, 0)
        assert all(found.takes_back(line) for line in found.lines)


def test_a_certificate_is_revoked_on_the_day_of_the_hotel(hotel: Hotel) -> None:
    """At five in the morning in Shanghai it is not yesterday, as letter and case page say too."""
    hotel.now = datetime(2026, 3, 10, 21, tzinfo=UTC)
    number = filled(hotel)
    hotel.erased(number)
    restore(hotel, number)
    with hotel.begin() as office:
        value = office.certificate(number)
    assert (value["content"]["erased"], value["revoked"]) == ("2026-03-11", "2026-03-11")


def test_a_register_that_cannot_be_written_stops_it(
    hotel: Hotel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A replay would erase again what nobody wrote down as taken back."""
    hotel.settings = replace(hotel.settings, register=str(tmp_path / "register"))
    number = filled(hotel)
    hotel.erased(number)
    with hotel.begin() as office:
        office.propose_restore(number, "officer", "wrong-plan")
    gone = host(hotel)

    def full(*_: Any) -> None:
        raise SetupError("The disk is full.")

    with monkeypatch.context() as patched:
        patched.setattr(Register, "append", full)
        with pytest.raises(SetupError), hotel.begin() as office:
            office.restore(number, "second")
    assert_same(gone, host(hotel))
    (tmp_path / "register").rename(tmp_path / "elsewhere")
    with pytest.raises(SetupError), hotel.begin() as office:
        office.restore(number, "second")
    (tmp_path / "elsewhere").rename(tmp_path / "register")
    assert_same(gone, host(hotel))
    with hotel.begin() as office:
        office.restore(number, "second")
    assert hotel.state(number) == "restored"


def test_a_replay_after_it_does_not_erase_again(hotel: Hotel, tmp_path: Path) -> None:
    """Yesterday's database knows neither erasure nor restore; the guest stays."""
    hotel.settings = replace(hotel.settings, register=str(tmp_path / "register"))
    number = filled(hotel)
    here = Path(str(hotel.engine.url.database))
    hotel.engine.dispose()
    shutil.copyfile(here, tmp_path / "yesterday")
    before = host(hotel)
    hotel.erased(number)
    restore(hotel, number)
    hotel.engine.dispose()
    shutil.copyfile(tmp_path / "yesterday", here)
    done = replay(partial(run, hotel))
    assert (done.restored, done.undone) == (False, (number,))
    assert_same(before, host(hotel))
    assert hotel.state(number) == "review"


def test_recipients_who_were_told_are_told_again_and_others_are_not(hotel: Hotel) -> None:
    """A person is asked to tell who was told; who was not told yet is not told any more."""
    hotel.recipients = (
        Recipient("told", by_hand("Call.")), Recipient("untold", by_hand("Call.")),
    )  # fmt: skip
    number = filled(hotel)
    hotel.erased(number)
    with hotel.engine.begin() as conn:
        conn.execute(
            update(tables.delivery).where(tables.delivery.c.recipient == "told")
            .values(state="done")
        )  # fmt: skip
    report = restore(hotel, number)
    assert report.recipients == ("told",)
    assert [row["recipient"] for row in hotel.ours("delivery")] == ["told"]
    open_ = [row["name"] for row in hotel.ours("task") if row["name"].endswith(number)]
    assert open_ == [f"sh/told/restored-{number}"]


def test_the_guest_is_written_to_at_the_address_that_is_back(hotel: Hotel) -> None:
    """Where no address came back a letter is printed."""
    number = filled(hotel)
    hotel.erased(number)
    restore(hotel, number)
    (letter,) = [r for r in hotel.ours("outbox") if r["template"] == "restored"]
    assert (letter["channel"], letter["state"]) == ("smtp", "queued")
    with hotel.begin() as office:
        content = safe.read(office.work, letter["box"])
    assert content["to"] == "ann@example.com"
    assert content["params"]["ground"] == "wrong-person"
    hotel.guest(5, name="Cy", email="cy@example.com")
    other = hotel.approved(email="cy@example.com")
    hotel.erased(other)
    alter(hotel, "UPDATE guests SET name = 'new', email = NULL WHERE id = 5")
    hotel.put(Booking, id=9, number="B9", guest_id=5)
    assert not restore(hotel, other).restored
    assert len([r for r in hotel.ours("outbox") if r["template"] == "restored"]) == 1


def test_the_same_person_can_be_erased_again_after_it(hotel: Hotel) -> None:
    """A new request finds them, erases them, and gives a certificate of its own."""
    number, before = filled(hotel), host(hotel)
    hotel.erased(number)
    restore(hotel, number)
    again = hotel.approved(email="ann@example.com")
    assert hotel.erased(again) == "erased"
    assert hotel.row(1)["name"] != "Ann Berg"
    restore(hotel, again)
    assert_same(before, host(hotel))


# files


class Crash(BaseException):
    """The process dies."""


def test_bytes_are_sealed_before_a_file_goes_and_a_crash_goes_on(
    hotel: Hotel, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Dead after each piece, before and after the file goes: it finishes, and comes back whole."""
    monkeypatch.setattr(files, "PIECE", 3000)
    number = filled(hotel)
    hotel.erased(number)
    whole = {f.name: f.read_bytes() for f in hotel.files.iterdir()}
    put, gone = files._put, removal.remove
    budget = [0]

    def dying(real: Callable[..., Any]) -> Callable[..., Any]:
        def maybe(*given: Any) -> Any:
            if budget[0] == 0:
                raise Crash
            budget[0] -= 1
            return real(*given)

        return maybe

    monkeypatch.setattr(files, "_put", dying(put))
    monkeypatch.setattr(removal, "remove", dying(gone))
    rounds = 0
    while list(hotel.files.glob("*.png")) and rounds < 40:
        budget[0] = 1
        rounds += 1
        with suppress(Crash):
            deliver(hotel)
        here = {f.name: f.read_bytes() for f in hotel.files.glob("*.png")}
        assert here.items() <= whole.items(), "a file is there as it was, or gone"
        hotel.later(minutes=11)
    assert rounds >= 6, "each piece and each removal was a round of its own"
    monkeypatch.setattr(files, "_put", put)
    monkeypatch.setattr(removal, "remove", gone)
    deliver(hotel)
    assert restore(hotel, number).files == {"back": 2}
    deliver(hotel)
    assert {f.name: f.read_bytes() for f in hotel.files.iterdir()} == whole


def test_a_file_that_another_lies_in_the_way_of_does_not_come_back(hotel: Hotel) -> None:
    """Nothing is written over; the rest comes back, and staff are told of the one that did not."""
    number = filled(hotel)
    hotel.erased(number)
    deliver(hotel)
    (hotel.files / "ann.png").write_bytes(b"another")
    restore(hotel, number)
    assert deliver(hotel).counts == {"files-back": 1}
    assert (hotel.files / "ann.png").read_bytes() == b"another"
    assert (hotel.files / "ann2.png").read_bytes() == b"ann2.png" * 1000
    with hotel.begin() as office:
        states = office.restoration(number)["files"]
    assert sorted((f["state"], f["problem"]) for f in states) == [
        ("failed", "file-exists"), ("sent", ""),
    ]  # fmt: skip
    assert [f.name for f in hotel.files.iterdir() if f.name.startswith(".")] == []
    (hotel.files / "ann.png").unlink()
    restore(hotel, number)
    deliver(hotel)
    assert (hotel.files / "ann.png").read_bytes() == b"ann.png" * 1000


def _given_up(hotel: Hotel, number: str) -> None:
    """Carry out a request whose files are away, until they wait for a person."""
    worker.carry_out(partial(run, hotel), number)
    for minutes in outbox.BACK_OFF:
        hotel.later(minutes=minutes)
        worker.carry_out(partial(run, hotel), number)
    hotel.later(days=1)
    deliver(hotel)


def test_an_erasure_can_be_taken_back_while_the_share_of_its_files_is_away(hotel: Hotel) -> None:
    """Of three days without it: the rows come back, and no file goes once it is mounted again."""
    number, before = filled(hotel), host(hotel)
    away = hotel.files.rename(hotel.files.with_name("share"))
    _given_up(hotel, number)
    assert hotel.state(number) == "partial"
    assert restore(hotel, number).files == {"kept": 2}
    assert_same(before, host(hotel))
    away.rename(hotel.files)
    hotel.later(days=1)
    deliver(hotel)
    assert (hotel.files / "ann.png").read_bytes() == b"ann.png" * 1000


def test_the_contact_of_a_request_ends_where_it_is_taken_back_before_all_was_done(
    hotel: Hotel
) -> None:
    """Nobody writes to the guest by it any more; its key ends with it, as with every request."""
    number = filled(hotel)
    hotel.files.rename(hotel.files.with_name("share"))
    _given_up(hotel, number)
    assert (hotel.state(number), len(hotel.ours("contact"))) == ("partial", 1)
    restore(hotel, number)
    assert hotel.ours("contact") == []
    assert cases.label(number) in hotel.custodian.labels()
    forgetting.forget(partial(run, hotel))
    assert cases.label(number) not in hotel.custodian.labels()


def test_nobody_is_believed_that_a_file_is_back_which_can_be_put_back(hotel: Hotel) -> None:
    """What was given up is tried again once a person dealt with it; then their word is taken."""
    coming_back(hotel)
    ways = [row["id"] for row in hotel.ours("outbox") if row["kind"] == "file-back"]
    parts = [hotel.files / f".guesterase-{id}.part" for id in ways]
    for part in parts:
        part.mkdir()
    for minutes in (0, *outbox.BACK_OFF):
        hotel.later(minutes=minutes)
        deliver(hotel)
    for part in parts:
        part.rmdir()
    (hotel.files / "ann.png").write_bytes(b"another")
    for back in (0, 2):
        with hotel.begin() as office:
            for id in ways:
                office.printed(id, "clerk")
        assert hotel.events.count("file-restored") == back
        deliver(hotel)
    assert (hotel.files / "ann2.png").read_bytes() == b"ann2.png" * 1000


def test_a_file_that_root_brings_back_is_not_roots(
    hotel: Hotel, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the worker in root's crontab the application can read what it could read before."""
    coming_back(hotel)
    given: list[tuple[int, int]] = []
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(os, "fchown", lambda handle, *owner: given.append(owner))
    deliver(hotel)
    folder = hotel.files.stat()
    assert given[-2:] == [(folder.st_uid, folder.st_gid)] * 2
    assert len(list(hotel.files.glob("*.png"))) == 2


def test_a_crash_while_a_file_comes_back_goes_on(
    hotel: Hotel, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Dead after the file appeared and before that is written down: it is found as its own."""
    coming_back(hotel)

    def dead(*_: Any) -> None:
        raise Crash

    with monkeypatch.context() as patched:
        patched.setattr(filesback, "_back", dead)
        with pytest.raises(Crash):
            deliver(hotel)
    assert len(list(hotel.files.glob("*.png"))) == 1
    hotel.later(minutes=11)
    assert deliver(hotel).problems == {}
    assert len(list(hotel.files.glob("*.png"))) == 2
    assert {row["state"] for row in hotel.ours("outbox") if row["kind"] == "file-back"} == {"sent"}


def test_of_a_file_that_ended_on_its_way_back_nothing_stays(
    hotel: Hotel, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Dead as it was written, up again after the window: nobody would know of its bytes."""
    coming_back(hotel)

    def dying(run_: Any, removal_: str, size: int, file: Any, first: bytes) -> None:
        file.write(first[:100])
        file.flush()
        raise Crash

    with monkeypatch.context() as patched:
        patched.setattr(filesback, "_write", dying)
        with pytest.raises(Crash):
            deliver(hotel)
    [left] = [file for file in hotel.files.iterdir() if file.name != removal.MARK]
    assert left.read_bytes()[:7] == b"ann.png"
    hotel.later(days=9)
    forgetting.forget(partial(run, hotel))
    deliver(hotel)
    found = {row["problem"] for row in hotel.ours("outbox") if row["kind"] == "file-back"}
    assert found == {"ended"}
    assert [file.name for file in hotel.files.iterdir()] == [removal.MARK]


def test_without_links_and_room_for_two_a_file_comes_back_whole(
    hotel: Hotel, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On a file system that knows no links no half of a file ever has its name."""
    coming_back(hotel)

    def no_links(*_: Any) -> None:
        raise PermissionError

    def full(source: Any, into: Any, *_: Any) -> None:
        into.write(source.read(100))
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "link", no_links)
    monkeypatch.setattr(shutil, "copyfileobj", full)
    deliver(hotel)
    hotel.later(hours=1)
    deliver(hotel)
    assert {f.name: f.read_bytes() for f in hotel.files.iterdir()} == {
        name: name.encode() * 1000 for name in ("ann.png", "ann2.png")
    }
    assert {row["state"] for row in hotel.ours("outbox") if row["kind"] == "file-back"} == {"sent"}


def test_a_file_that_changes_while_it_is_sealed_is_sealed_anew(
    hotel: Hotel, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is not removed before its last bytes are sealed."""
    number = filled(hotel)
    hotel.erased(number)
    real = files._seal

    def late(*given: Any) -> None:
        real(*given)
        (hotel.files / "ann.png").write_bytes(b"later")

    with monkeypatch.context() as patched:
        patched.setattr(files, "_seal", late)
        assert deliver(hotel).problems
    assert (hotel.files / "ann.png").read_bytes() == b"later"
    hotel.later(hours=1)
    deliver(hotel)
    assert list(hotel.files.glob("*.png")) == []
    restore(hotel, number)
    deliver(hotel)
    assert (hotel.files / "ann.png").read_bytes() == b"later"


def test_a_removal_in_progress_is_waited_for(hotel: Hotel) -> None:
    """A worker that claimed a file and finds its erasure taken back removes nothing."""
    number = filled(hotel)
    hotel.erased(number)
    with hotel.begin() as office:
        parcels = dispatch.claim(office.work, frozenset())
    restore(hotel, number)
    for parcel in parcels:
        if parcel.kind == outbox.FILE:
            files.remove(partial(run, hotel), parcel)
    assert len(list(hotel.files.iterdir())) == 2


def test_a_box_that_does_not_open_stops_all_of_it(hotel: Hotel) -> None:
    """A swapped or damaged safety copy puts nothing back."""
    number = filled(hotel)
    hotel.erased(number)
    gone = host(hotel)
    with hotel.engine.begin() as conn:
        conn.execute(
            update(tables.box).where(tables.box.c.purpose == "recovery").values(payload=b"x" * 64)
        )
    with hotel.begin() as office:
        office.propose_restore(number, "officer", "wrong-person")
    with pytest.raises(SealError), hotel.begin() as office:
        office.restore(number, "second")
    assert_same(gone, host(hotel))
    assert hotel.state(number) == "erased"


def proposed(hotel: Hotel, remark: str = "late") -> str:
    """Let one person propose to take an erasure back; return the number of the request."""
    hotel.guest(1, name="Ann Berg", email="ann@example.com")
    hotel.put(Booking, id=1, number="B1", guest_id=1, remark=remark)
    hotel.put(Booking, id=2, number="B2", guest_id=1, remark="early")
    number = hotel.approved(email="ann@example.com")
    hotel.erased(number)
    run(hotel, lambda office: office.propose_restore(number, "officer", "wrong-person"))
    return number


def test_a_disk_that_fills_while_rows_come_back_brings_none_back(hotel: Hotel) -> None:
    """SQLite takes all of it back then, savepoints too: nothing says that something came back."""
    number = proposed(hotel, remark="late " * 20000)
    gone = host(hotel)
    with hotel.engine.connect() as conn:
        conn.exec_driver_sql("VACUUM")
        wires.fill(conn.connection.driver_connection)
    with pytest.raises(BusyError, match="full"):
        run(hotel, lambda office: office.restore(number, "second"))
    with hotel.engine.connect() as conn:
        wires.lift(conn.connection.driver_connection)
    assert_same(gone, host(hotel))
    assert hotel.state(number) == "erased"
    run(hotel, lambda office: office.restore(number, "second"))
    assert hotel.row(1)["name"] == "Ann Berg"


def test_a_full_table_is_no_answer_about_one_row(mariadb_url: str, tmp_path: Path) -> None:
    """MariaDB refuses only the statement where its disk is full: no other row comes back either."""
    hotel = Hotel(mariadb_url, tmp_path)
    number = proposed(hotel)
    gone = host(hotel)
    alter(
        hotel, "CREATE TRIGGER full BEFORE UPDATE ON bookings FOR EACH ROW SIGNAL SQLSTATE 'HY000' "
        "SET MYSQL_ERRNO = 1114, MESSAGE_TEXT = 'The table is full'",
    )  # fmt: skip
    with pytest.raises(BusyError, match="full"):
        run(hotel, lambda office: office.restore(number, "second"))
    assert_same(gone, host(hotel))
    assert hotel.state(number) == "erased"
    hotel.engine.dispose()


def test_a_deadlock_while_rows_come_back_brings_none_back(
    mariadb_url: str, tmp_path: Path
) -> None:
    """MariaDB takes all of it back then, savepoints too: the whole is tried again."""
    hotel = Hotel(mariadb_url, tmp_path)
    number = proposed(hotel)
    gone = host(hotel)
    other = hotel.engine.connect()
    # MariaDB ends who has written less.
    other.exec_driver_sql(
        "INSERT INTO guesterase_attempt (action, mark, at) "
        "SELECT 'crossing', seq, NOW() FROM seq_1_to_1000"
    )
    other.exec_driver_sql("SELECT * FROM bookings WHERE id = 1 FOR UPDATE")

    def cross() -> None:
        other.exec_driver_sql("SELECT * FROM guesterase_request FOR UPDATE")
        other.close()

    meets = threading.Thread(target=cross)

    def meet(conn: Any, cursor: Any, said: str, *rest: Any) -> None:
        if said.startswith("UPDATE bookings") and meets.ident is None:
            meets.start()

    event.listen(hotel.engine, "before_cursor_execute", meet)
    with pytest.raises(RetryableError):
        run(hotel, lambda office: office.restore(number, "second"))
    meets.join()
    assert_same(gone, host(hotel))
    assert hotel.state(number) == "erased"
    hotel.engine.dispose()


@pytest.mark.parametrize("spared", [1, 2])
def test_a_file_of_two_rows_is_sealed_for_neither_when_it_may_not_be_for_one(spared: int) -> None:
    """Whichever of them comes first: its bytes would outlive the law's number for the other."""
    erased = Erased(
        files=[("scans", "both.png"), ("scans", "both.png"), ("scans", "free.png")],
        named=[("forms", (1,)), ("forms", (2,)), ("forms", (3,))],
    )
    unkept = window.Unkept(rows=frozenset({("forms", (spared,))}))
    assert list(unkept.files(erased, "2026-03-17")) == [
        ("scans", "both.png", ""), ("scans", "free.png", "2026-03-17")
    ]  # fmt: skip
