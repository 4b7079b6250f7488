"""A hotel of any size whose guests run out by themselves, for tests of sweeps at scale."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import (
    Column,
    Date,
    Engine,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    create_engine,
    event,
    func,
    insert,
    select,
)
from sqlalchemy.pool import NullPool

from flask_guesterase.core.log import read_entry
from flask_guesterase.core.payload import decode
from flask_guesterase.core.policy import Equal, Policy, Subject
from flask_guesterase.core.seal import open_box
from flask_guesterase.core.treatment import delete, keep, null, redact
from flask_guesterase.store import tables
from flask_guesterase.store.boxes import vault
from flask_guesterase.store.journaling import audit
from flask_guesterase.store.keys.custodian import FolderCustodian
from flask_guesterase.store.mapping.datamap import resolve
from flask_guesterase.store.office import Office
from flask_guesterase.store.settings import Property, Settings
from flask_guesterase.store.sweep import sweep
from flask_guesterase.store.sweeping.report import SweepReport
from flask_guesterase.store.transaction import again, transaction
from flask_guesterase.store.upkeep import upgrade
from flask_guesterase.store.work import Work
from tests.zealand import law, rule

NOON = datetime(2026, 3, 10, 12, tzinfo=UTC)
OLD, NEW = date(2022, 1, 1), date(2026, 1, 1)
"""Last seen more than three years ago, and lately."""

PACK = law(
    rule(
        "profiles", "reservation", 1,
        'ceiling = "P3Y"', 'ceiling_kind = "soft"', 'clock = ["last_activity"]',
    ),
)  # fmt: skip

PLACE = Property("sh", "Kauri", "Kauri Ltd", "NZ", "Pacific/Auckland", "en")

METADATA = MetaData()
GUESTS = Table(
    "guests", METADATA,
    Column("id", Integer, primary_key=True),
    Column("hotel", String(10), nullable=False),
    Column("name", String(80)),
    Column("email", String(120)),
    Column("seen", Date, index=True),
)  # fmt: skip
BOOKINGS = Table(
    "bookings", METADATA,
    Column("id", Integer, primary_key=True),
    Column("guest_id", ForeignKey("guests.id"), nullable=False, index=True),
    Column("remark", String(120)),
    Column("total", Integer, nullable=False),
)  # fmt: skip
POSTINGS = Table(
    "postings", METADATA,
    Column("id", Integer, primary_key=True),
    Column("booking_id", ForeignKey("bookings.id"), nullable=False, index=True),
    Column("text", String(120)),
)  # fmt: skip
LETTERS = Table(
    "letters", METADATA,
    Column("id", Integer, primary_key=True),
    Column("holder", Integer),
    Column("body", String(200)),
    Index("ix_letters_holder", "holder"),
)  # fmt: skip
HOST = (GUESTS, BOOKINGS, POSTINGS, LETTERS)


def policies() -> list[tuple[Any, Policy]]:
    """Return what the vendor declares: an owner, a path of two hops, and one without a key."""
    return [
        (GUESTS, Policy(
            {"hotel": keep("which house"), "name": redact, "email": null,
             "seen": keep("statistics")},
            subject=Subject(match=["email"], name="name", contact=["email"], property="hotel"),
            category="reservation",
            clock={"last_activity": "seen"},
        )),
        (BOOKINGS, Policy({"remark": null, "total": keep("bookkeeping")}, via="guest_id")),
        (POSTINGS, Policy({}, via="booking_id.guest_id", rows=delete)),
        (LETTERS, Policy(
            {"holder": keep("a key"), "body": redact}, via=Equal({"holder": "id"}, to="guests")
        )),
    ]  # fmt: skip


class Crowd:
    """The hotel over a database and a folder, which may have been built by another process.

    :param url: address of the database.
    :param folder: where keys and the pack are.
    :param pooled: keep connections; a process that forks must not.
    """

    schema = METADATA
    declared = staticmethod(policies)
    """The host's tables and what the vendor declares; others in a hotel of another kind."""

    def __init__(self, url: str, folder: Path, pooled: bool = True) -> None:
        self.url, self.folder = url, folder
        more: dict[str, Any] = {} if pooled else {"poolclass": NullPool}
        self.engine: Engine = create_engine(url, **more)
        if self.engine.dialect.name == "sqlite":
            event.listen(self.engine, "connect", _enforce)
        self.now = NOON
        self.custodian = FolderCustodian(folder / "keys")
        self.settings = Settings(
            {PLACE.code: PLACE},
            recovery_days=7, mail="print", packs=(str(folder / "NZ.toml"),),
        )  # fmt: skip
        self.datamap = resolve(self.declared(), self.schema.tables.values(), [])

    def build(self) -> None:
        """Make tables, keys and law."""
        (self.folder / "NZ.toml").write_text(PACK, encoding="utf-8")
        self.schema.create_all(self.engine)
        upgrade.upgrade(self.engine)
        upgrade.make_keys(self.engine, self.custodian, self.now)
        self.run(lambda office: office.sign_pack("NZ", "officer"))

    def fill(self, ids: Iterable[int], seen: date) -> None:
        """Put guests in, each with a booking, two lines of its folio and a letter."""
        numbers = list(ids)
        rows: dict[Table, list[dict[str, Any]]] = {
            GUESTS: [
                {"id": n, "hotel": "sh", "name": f"Guest {n}", "email": f"g{n}@mail.example",
                 "seen": seen + timedelta(days=n % 7)}
                for n in numbers
            ],
            BOOKINGS: [
                {"id": n, "guest_id": n, "remark": f"quiet room for {n}", "total": 100 + n}
                for n in numbers
            ],
            POSTINGS: [
                {"id": 2 * n + k, "booking_id": n, "text": f"tea of {n}"}
                for n in numbers for k in (0, 1)
            ],
            LETTERS: [{"id": n, "holder": n, "body": f"Dear guest {n}"} for n in numbers],
        }  # fmt: skip
        with self.engine.begin() as conn:
            for table, values in rows.items():
                _put(conn, table, values)

    def analyse(self) -> None:
        """Let the engine look at its tables, as a server does by itself now and then."""
        words = {"mariadb": "ANALYZE TABLE", "postgresql": "VACUUM ANALYZE", "sqlite": "ANALYZE"}
        word = words[self.engine.dialect.name]
        with self.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as conn:
            for table in (*HOST, *tables.metadata.tables.values()):
                conn.exec_driver_sql(f"{word} {table.name}")

    def run(self, unit: Any) -> Any:
        """Run a unit of work as the extension does: again after a deadlock."""

        def once() -> Any:
            with transaction(self.engine) as conn:
                work = Work(
                    conn, self.now, self.settings, self.datamap, self.custodian, _may
                )
                office = Office(work)
                result = unit(office)
                office.close()
            for effect in work.after:
                effect()
            return result

        return again(once)

    def sweep(self, confirm_by: str | None = None, **how: Any) -> SweepReport:
        """Sweep once, whatever fails."""
        return sweep(self.run, _render, {}, confirm_by, **how)

    def confirmed(self) -> None:
        """Let an officer confirm what a sweep would erase, before anybody is due."""
        self.sweep()
        self.sweep("officer")

    def later(self, **time: float) -> None:
        """Let time pass as it does: the clock goes on, and something beat the heart all along."""
        self.now += timedelta(**time)
        lately = (self.now - timedelta(hours=1)).replace(tzinfo=None)
        with self.engine.begin() as conn:
            beat = tables.pulse.update().where(tables.pulse.c.name == "heartbeat")
            conn.execute(beat.values(at=lately))

    # what is there

    def count(self, table: Table, *where: Any) -> int:
        """Count rows."""
        with self.engine.connect() as conn:
            return int(
                conn.execute(select(func.count()).select_from(table).where(*where)).scalar_one()
            )

    def there(self) -> set[int]:
        """Return the numbers of the guests who are still on file."""
        with self.engine.connect() as conn:
            found = conn.execute(select(GUESTS.c.id).where(GUESTS.c.email.is_not(None)))
            return set(found.scalars())

    def halves(self) -> list[int]:
        """Return the guests of whom a part is gone and a part is there."""
        with self.engine.connect() as conn:
            parts = [
                (select(GUESTS.c.id, GUESTS.c.email.is_not(None))),
                (select(GUESTS.c.id, GUESTS.c.name != "[erased]")),
                (select(BOOKINGS.c.guest_id, BOOKINGS.c.remark.is_not(None))),
                (select(LETTERS.c.holder, LETTERS.c.body != "[erased]")),
            ]
            seen: dict[int, set[bool]] = {}
            for part in parts:
                for number, full in conn.execute(part):
                    seen.setdefault(number, set()).add(bool(full))
            lines = select(POSTINGS.c.booking_id, func.count()).group_by(POSTINGS.c.booking_id)
            left = {row[0]: row[1] for row in conn.execute(lines)}
            for number, states in seen.items():
                states.add(left.get(number, 0) == 2)
                if left.get(number, 0) == 1:
                    states |= {True, False}
        return sorted(number for number, states in seen.items() if len(states) > 1)

    def dump(self) -> str:
        """Return a hash of every row and column of the host's tables."""
        digest = hashlib.sha256()
        with self.engine.connect() as conn:
            for table in HOST:
                for row in conn.execute(select(table).order_by(*table.primary_key)):
                    digest.update(repr(tuple(row)).encode())
        return digest.hexdigest()

    def drafts(self, action: str) -> list[Any]:
        """Return the entries of an action in the journal."""
        table = tables.entry
        with self.engine.connect() as conn:
            bodies = conn.execute(
                select(table.c.body).where(table.c.action == action).order_by(table.c.position)
            ).scalars()
            return [read_entry(body.encode()).draft for body in bodies]

    def verified(self) -> list[Any]:
        """Return what is wrong with the journal."""
        with transaction(self.engine, write=False) as conn:
            return list(audit.verify(conn))

    def dues(self) -> int:
        """Return how many rows are written down as due."""
        return self.count(tables.due)

    def boxed(self) -> int:
        """Open every safety copy and return how many rows lie in them."""
        many, last = 0, ""
        with self.engine.connect() as conn:
            ids = select(tables.box.c.id).where(tables.box.c.purpose == "recovery")
            ids = ids.order_by(tables.box.c.id).limit(200)
            while part := list(conn.execute(ids.where(tables.box.c.id > last)).scalars()):
                for box in vault.fetch(conn, part):
                    many += len(decode(open_box(box, self.custodian)).rows)
                last = part[-1]
        return many


def _may(user: str, permission: str, place: str) -> bool:
    return True


def _render(template: str, lang: str, params: Any) -> tuple[str, str]:
    return template, lang


def _enforce(raw: Any, _: Any) -> None:
    raw.execute("PRAGMA foreign_keys = ON")


def _put(conn: Any, table: Table, rows: list[dict[str, Any]]) -> None:
    if conn.dialect.name == "postgresql" and len(rows) > 5000:
        with conn.connection.cursor() as cursor, cursor.copy(
            f"COPY {table.name} ({', '.join(rows[0])}) FROM STDIN"
        ) as copy:
            for row in rows:
                copy.write_row(list(row.values()))
        return
    for first in range(0, len(rows), 5000):
        conn.execute(insert(table), rows[first : first + 5000])
