"""Copies of the demo hotel's guests: everything of theirs, and of nobody else in the house.

What is whose is asked here by hand, table by table, with statements of this test's own.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import text

from example_pms import db
from example_pms.hotel import KNOWN, STAFF
from example_pms.seed import seed
from flask_guesterase import Guesterase
from flask_guesterase.core.copying import Copy
from tests.example.conftest import TODAY, hotel_app

WHO = (
    "li.wei", "wang.fang", *(pytest.param(k, marks=pytest.mark.long) for k in
                            ("chen.jing", "zhang.qiang", "mueller")),
)  # fmt: skip

OWN: dict[str, str] = {
    "guests": "SELECT * FROM guests WHERE id = :id",
    "loyalty_accounts": "SELECT l.* FROM loyalty_accounts l JOIN guests g ON g.loyalty_no ="
                        " l.number WHERE g.id = :id",
    "marketing_consents": "SELECT * FROM marketing_consents WHERE guest_id = :id",
    "registrations": "SELECT * FROM registrations WHERE guest_id = :id",
    "id_document_files": "SELECT * FROM id_document_files WHERE guest_id = :id",
    "bookings": "SELECT * FROM bookings b WHERE booker_id = :id AND NOT EXISTS (SELECT 1 FROM"
                " booking_companions c WHERE c.booking_id = b.id AND c.guest_id <> :id)",
}  # fmt: skip
"""Table -> the rows that are one guest's alone."""


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    """A hotel of 60 guests on SQLite."""
    folder: Path = tmp_path_factory.mktemp("copies")
    made = hotel_app(folder, f"sqlite:///{folder / 'hotel.sqlite'}")
    with made.app_context():
        seed(db.session, 60, today=TODAY)
        runner = made.test_cli_runner()
        assert runner.invoke(args=["guesterase", "db", "upgrade"]).exit_code == 0
    yield made
    with made.app_context():
        db.session.remove()
        db.engine.dispose()


def copy_of(app: Flask, key: str) -> Copy:
    """Let a guest of the house have a copy, from the desk to the code on paper."""
    guesterase: Guesterase = app.extensions["guesterase"].extension
    at, known = next((n, k) for n, k in enumerate(KNOWN, 1) if k.key == key)
    place = known.property.lower()
    with app.app_context():
        with guesterase.begin() as office:
            number = office.request(
                {"document": known.document_no, "name": known.name}, property=known.property,
                by=f"{place}.desk", wish="copy",
            )  # fmt: skip
        with guesterase.begin() as office:
            office.confirm(number, f"{place}.desk", "desk")
            for each in office.show(number)["subjects"]:
                wanted = office.take if each["id"] and _is(office, each["id"], at) else office.leave
                wanted(number, each["id"], f"{place}.desk")
        with guesterase.begin() as office:
            digest = office.outline(number, f"{place}.officer")[1]
            office.release_copy(number, f"{place}.officer", digest)
        with guesterase.begin() as office:
            code = office.hand_out_copy(number, f"{place}.desk")
        with guesterase.begin() as office:
            ticket = office.fetch_copy(code)
        with guesterase.begin() as office:
            return office.read_copy(ticket)[1]


def _is(office: Any, subject: int, guest: int) -> bool:
    """Tell whether a subject row of a request is the guest with this number."""
    row = office.work.conn.execute(
        text("SELECT row_key FROM guesterase_subject WHERE id = :id"), {"id": subject}
    ).scalar()
    return str(row) == f"int:{guest}"


def said(value: Any) -> str | None:
    """Return a value of SQLite as text, so that it can be compared loosely."""
    return None if value is None or value == "" else str(value)


@pytest.mark.parametrize("key", WHO)
def test_a_copy_holds_everything_of_a_guest_and_nothing_of_another(app: Flask, key: str) -> None:
    """Every column that is not a key of every row; no name, contact or document of anybody else."""
    copy = copy_of(app, key)
    at = next(n for n, k in enumerate(KNOWN, 1) if k.key == key)
    held = {part.table: part for part in copy.parts}
    with app.app_context(), db.engine.connect() as conn:
        for table, statement in OWN.items():
            rows = [dict(r._mapping) for r in conn.execute(text(statement), {"id": at})]
            records = [r.values for r in held[table].records if not r.shared] if rows else []
            assert len(records) == len(rows), table
            keys = {c.name for c in db.metadata.tables[table].c if c.primary_key or c.foreign_keys}
            for row in rows:
                wanted = {n: said(v) for n, v in row.items() if n not in keys and said(v)}
                loose = [
                    {n: said(v) for n, v in r.items() if said(v) and n not in keys} for r in records
                ]
                assert any(_alike(wanted, each) for each in loose), (table, set(wanted))
        mine = " ".join(
            str(v) for statement in OWN.values()
            for r in conn.execute(text(statement), {"id": at}) for v in r if v is not None
        )  # fmt: skip
        others = conn.execute(text(
            "SELECT name, email, phone, document_no FROM guests WHERE id <> :id"
        ), {"id": at}).all()  # fmt: skip
    whole = copy.to_json()
    assert [login for login, *_ in STAFF if login in whole] == []
    foreign = {str(v) for row in others for v in row if v and str(v) not in mine}
    assert len(foreign) > 100
    assert [value for value in sorted(foreign) if value in whole] == []


def _alike(wanted: dict[str, str | None], record: dict[str, str | None]) -> bool:
    if set(wanted) - set(record):
        return False
    return all(_same(str(wanted[name]), str(record[name])) for name in wanted)


def _same(one: str, other: str) -> bool:
    yes_no = {"0": "false", "1": "true"}
    return one == other or yes_no.get(one) == other or other.count("▇") > 0


def test_who_booked_a_shared_room_has_the_bill_of_it(app: Flask) -> None:
    """Invoice, charges and payments are the booker's: nobody else who stays reads an amount."""
    held = {part.table: part.records for part in copy_of(app, "li.wei").parts}
    at = next(n for n, known in enumerate(KNOWN, 1) if known.key == "li.wei")
    with app.app_context(), db.engine.connect() as conn:
        for table, (statement, columns) in BILL.items():
            rows = conn.execute(text(statement), {"id": at}).all()
            assert rows, table
            records = [tuple(r.values.get(c) for c in columns) for r in held.get(table, ())]
            assert sorted(records) == sorted(tuple(map(str, row)) for row in rows), table
    assert {part.table for part in copy_of(app, "wang.fang").parts}.isdisjoint(BILL)


BILL: dict[str, tuple[str, tuple[str, ...]]] = {
    "invoices": ("SELECT i.number, i.total_cents FROM invoices i JOIN bookings b ON b.number ="
                 " i.booking_number WHERE b.booker_id = :id", ("number", "total_cents")),
    "folio_lines": ("SELECT l.posted_on FROM folio_lines l JOIN folios f ON f.id = l.folio_id JOIN"
                    " bookings b ON b.number = f.booking_number WHERE b.booker_id = :id",
                    ("posted_on",)),
    "payments": ("SELECT p.method FROM payments p JOIN folios f ON f.id = p.folio_id JOIN"
                 " bookings b ON b.number = f.booking_number WHERE b.booker_id = :id", ("method",)),
}  # fmt: skip
"""Table -> what of a guest's bill is shown by numbers and days, and its columns."""


def test_who_shares_a_room_reads_the_days_and_not_the_others_wishes(app: Flask) -> None:
    """A companion has the stay's days; who booked, what was wished and paid stays with them."""
    copy = copy_of(app, "wang.fang")
    (booking,) = [r for part in copy.parts if part.table == "bookings" for r in part.records]
    assert booking.shared
    assert {"planned_arrival", "room_no", "number"} <= set(booking.values)
    assert set(booking.values).isdisjoint({"wishes", "external_ref", "contact_phone", "amount"})
    left = {each.table for each in copy.withheld if each.why == "another-persons"}
    assert "bookings" in left
    assert date.fromisoformat(copy.made_on) <= datetime.now().date() + timedelta(days=1)
