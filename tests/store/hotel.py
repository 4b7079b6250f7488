"""A small hotel for tests of the office: tables of a host, their policies, and a door."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, ForeignKey, String, create_engine, event, insert, select
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

from flask_guesterase.core.policy import Blocker, Policy, Subject
from flask_guesterase.core.recipient import Recipient
from flask_guesterase.core.treatment import (
    File,
    delete,
    delete_when_last_owner,
    keep,
    null,
    placeholder,
    redact,
    retain,
)
from flask_guesterase.store import tables
from flask_guesterase.store.access import brake, pulse
from flask_guesterase.store.keys.custodian import FolderCustodian
from flask_guesterase.store.mapping.crossing import ALONE, Binds
from flask_guesterase.store.mapping.datamap import DataMap, resolve
from flask_guesterase.store.office import Office
from flask_guesterase.store.settings import Property, Settings
from flask_guesterase.store.sweeping.ageing import ageing, expired
from flask_guesterase.store.sweeping.tallies import Tally, add, lines, tally
from flask_guesterase.store.transaction import transaction
from flask_guesterase.store.work import Holidays, Shared, Work, nobodys
from tests.engines import build

GRANTS = {
    "clerk": {"view", "file", "verify"},
    "officer": {"view", "file", "verify", "approve", "refuse", "erase", "restore"},
    "second": {"view", "file", "verify", "approve", "refuse", "erase", "restore"},
    "auditor": {"audit"},
}
"""User -> what they may do at the property "sh"; nobody may do anything at "mu"."""


class Base(DeclarativeBase):
    """Base of the host's models."""


class Guest(Base):
    __tablename__ = "guests"
    id: Mapped[int] = mapped_column(primary_key=True)
    hotel: Mapped[str] = mapped_column(String(10))
    name: Mapped[str | None] = mapped_column(String(80))
    email: Mapped[str | None] = mapped_column(String(120))
    phone: Mapped[str | None] = mapped_column(String(40))
    document_no: Mapped[str | None] = mapped_column(String(40))


class Booking(Base):
    __tablename__ = "bookings"
    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[str] = mapped_column(String(20), unique=True)
    guest_id: Mapped[int] = mapped_column(ForeignKey("guests.id"))
    remark: Mapped[str | None] = mapped_column(String(200))
    guest: Mapped[Guest] = relationship()
    companions: Mapped[list[Companion]] = relationship(back_populates="booking")


class Companion(Base):
    __tablename__ = "companions"
    booking_id: Mapped[int] = mapped_column(ForeignKey("bookings.id"), primary_key=True)
    guest_id: Mapped[int] = mapped_column(ForeignKey("guests.id"), primary_key=True)
    booking: Mapped[Booking] = relationship(back_populates="companions")
    guest: Mapped[Guest] = relationship()


class Invoice(Base):
    __tablename__ = "invoices"
    id: Mapped[int] = mapped_column(primary_key=True)
    booking_id: Mapped[int] = mapped_column(ForeignKey("bookings.id"))
    billed_to: Mapped[str] = mapped_column(String(80))
    total: Mapped[int]
    booking: Mapped[Booking] = relationship()


class Scan(Base):
    __tablename__ = "scans"
    id: Mapped[int] = mapped_column(primary_key=True)
    guest_id: Mapped[int] = mapped_column(ForeignKey("guests.id"))
    path: Mapped[str | None] = mapped_column(String(200))
    guest: Mapped[Guest] = relationship()


def _numbers(table: Any, value: str) -> Any:
    booking = Booking.__table__
    return table.c.id.in_(
        select(booking.c.guest_id).where(booking.c.number == value.strip().upper())
    )


def policies(files: str) -> list[tuple[Any, Policy]]:
    """Return what the vendor of the hotel declares."""
    return [
        (
            Guest,
            Policy(
                {
                    "hotel": keep("which house"),
                    "name": redact,
                    "email": placeholder,
                    "phone": null,
                    "document_no": null,
                },
                subject=Subject(
                    match={
                        "email": "email",
                        "phone": "phone",
                        "document_no": "document_no",
                        "booking": _numbers,
                    },
                    name="name",
                    contact=["email", "phone"],
                    property="hotel",
                ),
            ),
        ),
        (Booking, Policy({"number": keep("bookkeeping"), "remark": null}, via="guest")),
        (Companion, Policy({}, via="guest", rows=delete)),
        (
            Invoice,
            Policy(
                {"billed_to": retain("invoice"), "total": keep("bookkeeping")},
                via="booking.guest",
            ),
        ),
        (Scan, Policy({"path": File(files)}, via="guest", rows=delete_when_last_owner)),
    ]


class Hotel:
    """An engine with a host schema, our tables and keys; the clock stands still until moved.

    :param url: address of an empty database.
    :param folder: where keys and files go.
    """

    binds: Binds = ALONE
    """Which table is in which database; all in the one, where no test says otherwise."""

    def __init__(self, url: str, folder: Path) -> None:
        self.engine: Engine = create_engine(url)
        self.now = datetime(2026, 3, 10, 9, 0, tzinfo=UTC)
        self.files = folder / "files"
        self.files.mkdir()
        self.custodian = FolderCustodian(folder / "keys")
        self.custodian.create()
        self.settings = Settings(
            {
                "sh": Property("sh", "Hotel Pine", "Pine Ltd", "CN", "Asia/Shanghai", "zh"),
                "mu": Property("mu", "Hotel Fir", "Fir GmbH", "DE", "Europe/Berlin", "de"),
            },
            recovery_days=7,
            mail="smtp://localhost:1",
            sender="hotel@example.com",
        )
        self.datamap: DataMap = self.mapped(policies(str(self.files)))
        self.grants = {user: set(granted) for user, granted in GRANTS.items()}
        build(self.engine, Base.metadata, tables.metadata)
        self.events: list[str] = []
        self.blockers: tuple[Blocker, ...] = ()
        self.holidays: Holidays | None = None
        self.recipients: tuple[Recipient, ...] = ()
        self.shared: Shared = nobodys

    @staticmethod
    def mapped(declared: list[tuple[Any, Policy]]) -> DataMap:
        """Resolve policies against the host's mapping."""
        return resolve(declared, Base.metadata.tables.values(), list(Base.registry.mappers))

    def may(self, user: str, permission: str, property_: str) -> bool:
        """Answer for the host."""
        return property_ == "sh" and permission in self.grants.get(user, ())

    @contextmanager
    def begin(self) -> Iterator[Office]:
        """Open the office the way the extension does."""
        with transaction(self.engine, binds=self.binds) as conn:
            work = Work(
                conn, self.now, self.settings, self.datamap, self.custodian, self.may,
                blockers=self.blockers, holidays=self.holidays, recipients=self.recipients,
                shared=self.shared,
            )  # fmt: skip
            office = Office(work)
            yield office
            office.close()
        for effect in work.after:
            effect()
        self.events += [event.name for event in work.events]

    def lies_in(self, zone: str) -> None:
        """Let the hotel in Shanghai lie in another zone."""
        places = self.settings.properties
        here = replace(places["sh"], zone=zone)
        self.settings = replace(self.settings, properties={**places, "sh": here})

    def later(self, **time: int) -> None:
        """Let time pass as it does: the clock goes on, and something beat the heart all along."""
        self.now += timedelta(**time)
        lately = (self.now - timedelta(hours=1)).replace(tzinfo=None)
        with self.engine.begin() as conn:
            pulse.put(conn, brake.HEART, pulse.Pulse(lately))

    def guest(self, id: int, **values: Any) -> None:
        """Put a guest into the host's table."""
        with self.engine.begin() as conn:
            conn.execute(insert(Guest).values(**{"id": id, "hotel": "sh", **values}))

    def put(self, model: type[Base], **values: Any) -> None:
        """Put a row into one of the host's tables."""
        with self.engine.begin() as conn:
            conn.execute(insert(model).values(**values))

    def rows(self, model: type[Base]) -> list[dict[str, Any]]:
        """Return the rows of one of the host's tables."""
        table = model.__table__
        with self.engine.connect() as conn:
            found = conn.execute(select(table).order_by(*table.primary_key))
            return [dict(row._mapping) for row in found]

    def row(self, id: int) -> dict[str, Any]:
        """Return one guest's row."""
        return next(row for row in self.rows(Guest) if row["id"] == id)

    def ours(self, name: str) -> list[dict[str, Any]]:
        """Return the rows of one of our tables."""
        table = tables.metadata.tables[tables.PREFIX + name]
        with self.engine.connect() as conn:
            return [dict(row._mapping) for row in conn.execute(select(table))]

    def ask(self, **form: str) -> None:
        """Send the form as a guest."""
        with self.begin() as office:
            office.intake(form, property="sh", channel="form", lang="en", remote_mark="192.0.2.7")

    def look(self) -> int:
        """Let the worker look at what came in."""
        with self.begin() as office:
            return office.work_intake()

    def file(self, by: str | None = "clerk", **match: str) -> str:
        """File a request at the desk."""
        with self.begin() as office:
            return office.request(match, property="sh", by=by)

    def approved(self, **match: str) -> str:
        """File, confirm and approve a request; return its number."""
        number = self.file(**match)
        with self.begin() as office:
            office.confirm(number, "clerk", "desk")
        self.approve(number)
        return number

    def approve(self, number: str, by: str = "officer") -> None:
        """Approve today's plan of a request, once the clerk left who only perhaps is meant."""
        with self.begin() as office:
            shown = office.preview(number)
            for each in shown.perhaps:
                office.leave(number, each.id, "clerk")
            if not shown.perhaps:
                office.approve(number, by, shown.digest)
                return
        with self.begin() as office:
            office.approve(number, by, office.preview(number).digest)

    def erased(self, number: str) -> str:
        """Carry out a request and check it; return its state."""
        with self.begin() as office:
            ending = office.erase(number)
        ending.settled()
        with self.begin() as office:
            return office.check(number).value

    def meet(self, statement: str, act: Callable[[], object]) -> None:
        """Let somebody else act, and commit, before the next statement that begins like this.

        SQLite lets only one of them in at a time: there they act at once, and cannot meet.
        """
        other = threading.Thread(target=act)

        def meeting(conn: Any, cursor: Any, said: str, *rest: Any) -> None:
            if said.startswith(statement) and other.ident is None:
                other.start()
                other.join()

        if self.engine.dialect.name == "sqlite":
            act()
        else:
            event.listen(self.engine, "before_cursor_execute", meeting)

    def state(self, number: str) -> str:
        """Return the state of a request."""
        with self.begin() as office:
            return str(office.show(number)["state"])


def read_through(work: Work) -> list[dict[str, Any]]:
    """Return what has had its time, by reading every row, as a sweep's look has to find it."""
    counts: Tally = {}
    for declared in ageing(work):
        add(counts, tally(expired(work, declared)))
    return lines(counts)
