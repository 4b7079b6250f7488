"""A hotel of any size, the same for the same size: guests, bookings, messages, an audit log."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import ForeignKey, String, Text, create_engine, event, text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

from flask_guesterase.core.policy import Policy, Subject
from flask_guesterase.core.treatment import keep, null, redact
from flask_guesterase.store import tables
from flask_guesterase.store.keys.custodian import FolderCustodian
from flask_guesterase.store.mapping.datamap import resolve
from flask_guesterase.store.office import Office
from flask_guesterase.store.settings import Property, Settings
from flask_guesterase.store.transaction import again, transaction
from flask_guesterase.store.work import Work

SEED = 20261124
PART = 20_000

GIVEN = ["Ann", "Bo", "Carla", "Dirk", "Eva", "Finn", "Greta", "Hugo", "Ida", "Jan", "Li", "Mia"]
BEGINS = ["Ber", "Lin", "Mai", "No", "Ol", "Pet", "Ros", "Sil", "We", "Zhang", "Tor", "Kal", "Dun"]
ENDS = ["ger", "den", "er", "vak", "sen", "rov", "si", "va", "ber", "man", "ski", "son", "dal"]
FAMILY = [begin + middle + end for begin in BEGINS for middle in ("", "o", "a") for end in ENDS]
WORDS = (
    "late", "arrival", "quiet", "room", "please", "two", "beds", "near", "lift", "allergic", "nuts",
    "breakfast", "seven", "taxi", "airport", "invoice", "window", "side", "no", "smoking", "pillow",
)  # fmt: skip


class Base(DeclarativeBase):
    """Base of the models."""


class Guest(Base):
    __tablename__ = "guests"
    id: Mapped[int] = mapped_column(primary_key=True)
    hotel: Mapped[str] = mapped_column(String(10))
    name: Mapped[str | None] = mapped_column(String(80))
    email: Mapped[str | None] = mapped_column(String(120), index=True)
    phone: Mapped[str | None] = mapped_column(String(40))
    document_no: Mapped[str | None] = mapped_column(String(40))


class Booking(Base):
    __tablename__ = "bookings"
    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[str] = mapped_column(String(20))
    guest_id: Mapped[int] = mapped_column(ForeignKey("guests.id"), index=True)
    total: Mapped[int]
    remark: Mapped[str | None] = mapped_column(Text)
    guest: Mapped[Guest] = relationship()


class Message(Base):
    __tablename__ = "messages"
    id: Mapped[int] = mapped_column(primary_key=True)
    guest_id: Mapped[int] = mapped_column(ForeignKey("guests.id"), index=True)
    body: Mapped[str | None] = mapped_column(Text)
    guest: Mapped[Guest] = relationship()


AUDIT = "CREATE TABLE audit (id INTEGER PRIMARY KEY, at BIGINT, old_value TEXT)"
"""A table nobody declared, as hotels have them."""

POLICIES: list[tuple[Any, Policy]] = [
    (
        Guest,
        Policy(
            {"hotel": keep("which house"), "name": redact, "email": null, "phone": null,
             "document_no": null},
            subject=Subject(
                match={"email": "email", "phone": "phone", "document_no": "document_no",
                       "profile": lambda table, value: table.c.id == int(value)},
                name="name", contact=["email", "phone"], property="hotel",
            ),
        ),
    ),
    (Booking, Policy({"number": keep("bookkeeping"), "total": keep("bookkeeping"),
                      "remark": null}, via="guest")),
    (Message, Policy({"body": redact}, via="guest")),
]  # fmt: skip


def email(id: int) -> str:
    """Return the mailbox of a guest."""
    return f"guest{id}@mail.example"


def phone(id: int) -> str:
    """Return the telephone of a guest; none has the digits of another's within."""
    return f"+86 13{id:09}"


class Hotel:
    """A database with so many guests, and the office over it.

    :param url: address of an empty database.
    :param folder: where keys go.
    :param guests: how many.
    """

    def __init__(self, url: str, folder: Path, guests: int) -> None:
        self.engine = create_engine(url)
        self.guests = guests
        self.custodian = FolderCustodian(folder / "keys")
        self.custodian.create()
        place = Property("sh", "Hotel Pine", "Pine Ltd", "CN", "Asia/Shanghai")
        self.settings = Settings({"sh": place}, recovery_days=7, mail="page")
        self.datamap = resolve(
            POLICIES, Base.metadata.tables.values(), list(Base.registry.mappers)
        )
        if self.engine.dialect.name == "sqlite":
            event.listen(self.engine, "connect", _wal)
        Base.metadata.create_all(self.engine)
        tables.metadata.create_all(self.engine)
        with self.engine.begin() as conn:
            conn.execute(text(AUDIT))
        self.fill()

    def fill(self) -> None:
        """Write the rows; the same for the same number of guests."""
        chance = random.Random(SEED)
        for first in range(1, self.guests + 1, PART):
            ids = range(first, min(first + PART, self.guests + 1))
            for table, rows in _part(ids, chance):
                self._put(table, rows)

    def _put(self, table: str, rows: Sequence[dict[str, Any]]) -> None:
        raw = self.engine.raw_connection()
        try:
            names = list(rows[0])
            if self.engine.dialect.name == "postgresql":
                with raw.cursor() as cursor, cursor.copy(
                    f"COPY {table} ({', '.join(names)}) FROM STDIN"
                ) as copy:  # fmt: skip
                    for row in rows:
                        copy.write_row(list(row.values()))
            else:
                mark = "?" if self.engine.dialect.name == "sqlite" else "%s"
                marks = ", ".join([mark] * len(names))
                statement = f"INSERT INTO {table} ({', '.join(names)}) VALUES ({marks})"
                raw.cursor().executemany(statement, [tuple(row.values()) for row in rows])
            raw.commit()
        finally:
            raw.close()

    @contextmanager
    def begin(self) -> Iterator[Office]:
        """Open the office as the extension does."""
        with transaction(self.engine) as conn:
            work = Work(
                conn, datetime.now(UTC), self.settings, self.datamap, self.custodian, _may
            )
            office = Office(work)
            yield office
            office.close()

    def run(self, unit: Callable[[Office], Any]) -> Any:
        """Run a unit of work, and again after a deadlock."""

        def once() -> Any:
            with self.begin() as office:
                return unit(office)

        return again(once)

    def approved(self, id: int) -> str:
        """File, confirm and approve the erasure of a guest; return its number."""
        with self.begin() as office:
            number = office.request({"profile": str(id)}, property="sh", by="clerk")
            office.confirm(number, "clerk", "desk")
        with self.begin() as office:
            office.approve(number, "officer", office.preview(number).digest)
        return number


def _may(user: str, permission: str, place: str) -> bool:
    return True


def _wal(raw: Any, record: Any) -> None:
    raw.execute("PRAGMA journal_mode = WAL")
    raw.execute("PRAGMA synchronous = NORMAL")


def _part(
    ids: range, chance: random.Random
) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    def words(count: int) -> str:
        return " ".join(chance.choices(WORDS, k=count))

    yield "guests", [
        {"id": id, "hotel": "sh", "name": f"{chance.choice(GIVEN)} {chance.choice(FAMILY)}",
         "email": email(id), "phone": phone(id), "document_no": f"E{id:08}"}
        for id in ids
    ]  # fmt: skip
    yield "bookings", [
        {"id": id * 2 + more, "number": f"B{id * 2 + more}", "guest_id": id,
         "total": chance.randrange(90, 4000), "remark": words(8)}
        for id in ids for more in range(1 + (id % 5 < 3))
    ]  # fmt: skip
    yield "messages", [
        {"id": id, "guest_id": id, "body": f"Dear hotel, {words(14)} {phone(id)} {email(id)}"}
        for id in ids
    ]
    yield "audit", [
        {"id": id, "at": 1_700_000_000_000 + id,
         "old_value": json.dumps({"room": id % 400, "note": words(6)})}
        for id in ids
    ]  # fmt: skip
