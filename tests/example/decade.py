"""Ten years of the demo hotel: who comes, who goes, who asks, and a ledger of the truth beside it.

The ledger lies in a database of its own. It knows what each row held and when it happened, so
that one query over both databases can say what is gone too early or still there too late. It
shares nothing with the planner.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, insert, text

from example_pms.foreign import Invoice
from example_pms.models import (
    Booking,
    Folio,
    FolioLine,
    Guest,
    Payment,
    Registration,
    booking_companions,
)

PLACES = ("SHA", "LEJ")
LEDGER = """
CREATE TABLE truth.line (id INTEGER PRIMARY KEY, place TEXT, "foreign" INTEGER, left_on TEXT,
                         held INTEGER DEFAULT 0);
CREATE TABLE truth.bill (id INTEGER PRIMARY KEY, place TEXT, issued TEXT, held INTEGER DEFAULT 0);
CREATE TABLE truth.person (id INTEGER PRIMARY KEY, last TEXT, held INTEGER DEFAULT 0);
"""


@dataclass
class Decade:
    """A hotel group whose guests come and go by a seeded chance.

    :param engine: the host's engine, SQLite.
    :param folder: where the ledger lies.
    :param guests: how many people there will be.
    :param begin: first day.
    :param months: how many months.
    """

    engine: Engine
    folder: Path
    guests: int
    begin: date
    months: int
    chance: random.Random = field(default_factory=lambda: random.Random(20261124))
    documents: dict[int, tuple[str, str]] = field(default_factory=dict)
    numbers: int = 0

    def __post_init__(self) -> None:
        with self.ledger() as conn:
            for statement in LEDGER.split(";"):
                if statement.strip():
                    conn.exec_driver_sql(statement)

    def ledger(self) -> Any:
        """Return a transaction on the host's database with the ledger beside it."""
        return _Attached(self.engine, self.folder / "truth.sqlite")

    def month(self, number: int) -> tuple[date, date]:
        """Return first and last day of a month of the decade."""
        first = _add(self.begin, number)
        return first, _add(self.begin, number + 1) - timedelta(days=1)

    def live(self, number: int) -> None:
        """Let the people of a month come, stay, pay and leave; some book and never come."""
        first, last = self.month(number)
        count = self.guests // self.months + (number < self.guests % self.months)
        with self.ledger() as conn:
            for _ in range(count):
                self._person(conn, first, last)
            for guest in self._returning(conn, count // 5):
                self._stay(conn, guest, first, last)
            conn.execute(
                text("UPDATE properties SET business_date = :d"), {"d": last.isoformat()}
            )

    def _returning(self, conn: Connection, count: int) -> Iterator[int]:
        """Yield people who come again: those whose profile is still theirs."""
        alive = [
            row.id
            for row in conn.execute(
                text("SELECT id FROM guests WHERE document_no IS NOT NULL AND name LIKE 'Guest %'")
            )
        ]
        yield from self.chance.sample(alive, min(count, len(alive)))

    def _person(self, conn: Connection, first: date, last: date) -> None:
        place = self.chance.choice(PLACES)
        self.numbers += 1
        number = self.numbers
        country = self.chance.choice(["CN", "DE", "PE", "JP", "FI"])
        document = f"T{number:08d}"
        row = conn.execute(
            insert(Guest).values(
                property_code=place, name=f"Guest {number}", email=f"g{number}@mail.example",
                document_no=document, document_type="passport", nationality=country, vip=False,
                newsletter=False, created_on=first, birth_date=date(1950 + number % 50, 3, 1),
            )
        )  # fmt: skip
        guest = int(row.inserted_primary_key[0])
        self.documents[guest] = (place, document)
        conn.execute(
            text("INSERT INTO truth.person (id, last) VALUES (:i, :d)"),
            {"i": guest, "d": first.isoformat()},
        )
        self._stay(conn, guest, first, last)

    def _stay(self, conn: Connection, guest: int, first: date, last: date) -> None:
        place, _ = self.documents[guest]
        came = first + timedelta(days=self.chance.randrange(0, 24))
        left = min(came + timedelta(days=self.chance.randrange(1, 5)), last)
        status = self.chance.choices(["departed", "cancelled", "no_show"], [90, 6, 4])[0]
        self.numbers += 1
        number = f"D{self.numbers:08d}"
        booking = conn.execute(
            insert(Booking).values(
                property_code=place, number=number, booker_id=guest, status=status,
                planned_arrival=came, planned_departure=left, room_no=_room(conn, place),
                source="web", amount=100, external_ref=f"X{number}",
                arrived_at=_at(came, 15) if status == "departed" else None,
                departed_at=_at(left, 9) if status == "departed" else None,
                cancelled_on=came if status == "cancelled" else None,
                created_at=_at(first, 9),
            )
        ).inserted_primary_key[0]  # fmt: skip
        conn.execute(
            insert(booking_companions).values(booking_id=booking, guest_id=guest, role="main")
        )
        conn.execute(
            text("UPDATE truth.person SET last = max(last, :d) WHERE id = :i"),
            {"i": guest, "d": left.isoformat()},
        )
        if status == "departed":
            self._papers(conn, guest, booking, number, came, left)

    def _papers(
        self, conn: Connection, guest: int, booking: int, number: str, came: date, left: date
    ) -> None:
        place, document = self.documents[guest]
        country = conn.execute(
            text("SELECT nationality FROM guests WHERE id = :i"), {"i": guest}
        ).scalar()
        line = conn.execute(
            insert(Registration).values(
                property_code=place, booking_id=booking, guest_id=guest, room_no=_room(conn, place),
                first_night=came, last_night=left - timedelta(days=1), name=f"Guest at {number}",
                nationality=country, document_type="passport", document_no=document,
                reported_at=_at(came, 20), police_ref=f"P{number}",
            )
        ).inserted_primary_key[0]  # fmt: skip
        home = "CN" if place == "SHA" else "DE"
        conn.execute(
            text("INSERT INTO truth.line SELECT :i, :p, :f, :d, held FROM truth.person"
                 " WHERE id = :g"),
            {"i": line, "p": place, "f": country != home, "d": left.isoformat(), "g": guest},
        )
        bill = conn.execute(
            insert(Invoice).values(
                number=f"I{number}", property_code=place, booking_number=number,
                billed_to=f"Guest for {number}", billed_address="A street 1", issued_on=left,
                total_cents=10000, tax_cents=600, currency="EUR",
            )
        ).inserted_primary_key[0]  # fmt: skip
        conn.execute(
            text("INSERT INTO truth.bill SELECT :i, :p, :d, held FROM truth.person WHERE id = :g"),
            {"i": bill, "p": place, "d": left.isoformat(), "g": guest},
        )
        self._folio(conn, number, came, left)

    def _folio(self, conn: Connection, number: str, came: date, left: date) -> None:
        """Open the account; now and then it is only paid a while after the guest left."""
        late = self.chance.random() < 0.05
        folio = conn.execute(
            insert(Folio).values(
                booking_number=number, currency="EUR", opened_on=came,
                closed_on=None if late else left,
            )
        ).inserted_primary_key[0]  # fmt: skip
        conn.execute(
            insert(FolioLine).values(
                folio_id=folio, order=1, posted_on=came, description=f"Room of {number}",
                amount=100, posted_by="sha.desk",
            )
        )  # fmt: skip
        if not late:
            self.pay(conn, folio, left)

    @staticmethod
    def pay(conn: Connection, folio: int, day: date) -> None:
        """Receive the money of an account."""
        conn.execute(
            insert(Payment).values(
                folio_id=folio, method="card", amount=100, paid_at=_at(day, 10), payer="Guest",
            )
        )  # fmt: skip

    def settle(self, day: date) -> None:
        """Have everybody pay whose account is open."""
        with self.ledger() as conn:
            rows = conn.execute(text("SELECT id FROM folios WHERE closed_on IS NULL")).scalars()
            for folio in rows.all():
                self.pay(conn, folio, day)
                conn.execute(
                    text("UPDATE folios SET closed_on = :d WHERE id = :i"),
                    {"d": day.isoformat(), "i": folio},
                )


class _Attached:
    """A transaction on the host's database, the ledger attached as ``truth``."""

    def __init__(self, engine: Engine, path: Path) -> None:
        self._engine = engine
        self._path = path

    def __enter__(self) -> Connection:
        self._conn = self._engine.connect()
        self._conn.exec_driver_sql("ATTACH DATABASE ? AS truth", (str(self._path),))
        self._conn.commit()
        self._work = self._conn.begin()
        return self._conn

    def __exit__(self, kind: Any, *_: Any) -> None:
        if kind is None:
            self._work.commit()
        else:
            self._work.rollback()
        self._conn.exec_driver_sql("DETACH DATABASE truth")
        self._conn.close()


def _at(day: date, hour: int) -> datetime:
    return datetime.combine(day, time(hour))


def _add(day: date, months: int) -> date:
    years, month = divmod(day.month - 1 + months, 12)
    return date(day.year + years, month + 1, 1)


_ROOMS: dict[str, str] = {}


def _room(conn: Connection, place: str) -> str:
    if place not in _ROOMS:
        _ROOMS[place] = str(
            conn.execute(
                text("SELECT min(number) FROM rooms WHERE property_code = :p"), {"p": place}
            ).scalar()
        )
    return _ROOMS[place]


LAWFUL = """
WITH box AS (
  SELECT CAST(substr(k.row_key, 5) AS INTEGER) AS id, max(b.forgotten_at IS NULL) AS there
  FROM guesterase_kept k JOIN guesterase_box b ON b.id = k.box
  WHERE k.table_name = 'registrations' AND k.mode = 'sealed' GROUP BY 1
), line AS (
  SELECT t.id, t.place, t."foreign", t.left_on, t.held,
         r.name <> '[erased]' OR coalesce(box.there, 0) AS there,
         date(t.left_on, CASE substr(t.left_on, 6) WHEN '02-29' THEN '-1 day' ELSE '+0 day' END)
           AS since
  FROM truth.line t JOIN registrations r ON r.id = t.id LEFT JOIN box ON box.id = t.id
), bill AS (
  SELECT t.*, i.billed_to <> '[erased]' AS there,
         date(substr(t.issued, 1, 4) || '-12-31') AS since
  FROM truth.bill t JOIN invoices i ON i.id = t.id
)
SELECT 'line-early', id FROM line
 WHERE NOT there AND place = 'LEJ' AND "foreign" AND date(since, '+1 year') >= :today
UNION ALL SELECT 'line-early', id FROM line
 WHERE NOT there AND place = 'SHA' AND date(since, '+3 years') >= :today
UNION ALL SELECT 'line-late', id FROM line
 WHERE there AND NOT held AND place = 'LEJ' AND "foreign" AND date(left_on, '+15 months') < :today
UNION ALL SELECT 'line-late', id FROM line
 WHERE there AND NOT held AND place = 'SHA' AND date(since, '+3 years', :slack) < :today
UNION ALL SELECT 'bill-early', id FROM bill
 WHERE NOT there AND place = 'LEJ' AND date(since, '+8 years') >= :today
UNION ALL SELECT 'bill-early', id FROM bill WHERE NOT there AND place = 'SHA'
UNION ALL SELECT 'bill-late', id FROM bill
 WHERE there AND NOT held AND place = 'LEJ' AND date(since, '+8 years', :slack) < :today
UNION ALL SELECT 'held-gone', id FROM line WHERE held AND NOT there
UNION ALL SELECT 'held-gone', id FROM bill WHERE held AND NOT there
UNION ALL SELECT 'person-late', p.id FROM truth.person p JOIN guests g ON g.id = p.id
 WHERE g.document_no IS NOT NULL AND NOT p.held AND date(p.last, '+3 years', :slack) < :today
   AND NOT EXISTS (SELECT 1 FROM folios f JOIN bookings b ON b.number = f.booking_number
                    WHERE b.booker_id = g.id AND f.closed_on IS NULL)
"""
"""What is not as the law wants it, in one set-based query; empty when everything is."""

SLACK = "+32 days"
"""How long after its day something may still be there: until the next month's sweep."""


def unlawful(decade: Decade, today: date) -> list[tuple[str, int]]:
    """Return what is gone too early or there too late, without a hold or an open account."""
    with decade.ledger() as conn:
        rows = conn.execute(text(LAWFUL), {"today": today.isoformat(), "slack": SLACK})
        return [(row[0], row[1]) for row in rows]


_LINES = "SELECT id FROM registrations WHERE guest_id = :g"
_BILLS = (
    "SELECT i.id FROM invoices i JOIN bookings b ON b.number = i.booking_number"
    " WHERE b.booker_id = :g"
)
_LINES_THERE = """SELECT r.id FROM registrations r WHERE guest_id = :g AND (name <> '[erased]'
  OR EXISTS (SELECT 1 FROM guesterase_kept k JOIN guesterase_box b ON b.id = k.box
              WHERE k.table_name = 'registrations' AND k.row_key = 'int:' || r.id
                AND b.forgotten_at IS NULL))"""


def hold(decade: Decade, guest: int) -> None:
    """Note in the ledger that everything that is still there of a guest is under a hold."""
    _note(decade, guest, 1, _LINES_THERE, f"{_BILLS} AND i.billed_to <> '[erased]'")


def lift(decade: Decade, guest: int) -> None:
    """Note in the ledger that nothing of a guest is under a hold any more."""
    _note(decade, guest, 0, _LINES, _BILLS)


def _note(decade: Decade, guest: int, held: int, lines: str, bills: str) -> None:
    given = {"h": held, "g": guest}
    with decade.ledger() as conn:
        conn.execute(text("UPDATE truth.person SET held = :h WHERE id = :g"), given)
        conn.execute(text(f"UPDATE truth.line SET held = :h WHERE id IN ({lines})"), given)
        conn.execute(text(f"UPDATE truth.bill SET held = :h WHERE id IN ({bills})"), given)
