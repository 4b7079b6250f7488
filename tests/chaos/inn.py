"""A small hotel whose processes are killed: shared rooms, a register, files, mail, a recipient."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import Date, ForeignKey, String, create_engine, event
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

from flask_guesterase.core.policy import Policy, Register, Subject
from flask_guesterase.core.recipient import Answer, Notice, Recipient, Said
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
from flask_guesterase.store import worker
from flask_guesterase.store.keys import copies
from flask_guesterase.store.keys.custodian import FolderCustodian
from flask_guesterase.store.mapping.datamap import resolve
from flask_guesterase.store.messages.channels import Channel, Mail
from flask_guesterase.store.office import Office
from flask_guesterase.store.release.place import Place
from flask_guesterase.store.settings import Property, Settings
from flask_guesterase.store.sweeping.report import Report
from flask_guesterase.store.transaction import again
from flask_guesterase.store.upkeep import upgrade
from flask_guesterase.store.work import nobodys
from tests.store.hotel import Hotel
from tests.zealand import law, rule

_Result = TypeVar("_Result")

MORNING = datetime(2026, 3, 10, 1, 0, tzinfo=UTC)
"""Two in the afternoon in Auckland: rounds of some hours stay within the day."""

MADE = date(2025, 12, 1)
"""When the guests were put on file: a row older than an erasure is erased again after a restore."""

PACK = law(
    rule("register", "guest_register", 2, 'floor = "P1Y"', 'clock = ["departed"]'),
    rule("bills", "invoice_accounting", 3, 'floor = "P2Y"', 'clock = ["document"]'),
)  # fmt: skip


class Base(DeclarativeBase):
    """Base of this host's models."""


class Guest(Base):
    __tablename__ = "guests"
    id: Mapped[int] = mapped_column(primary_key=True)
    hotel: Mapped[str] = mapped_column(String(10))
    name: Mapped[str | None] = mapped_column(String(80))
    email: Mapped[str | None] = mapped_column(String(120))
    phone: Mapped[str | None] = mapped_column(String(40))
    made_on: Mapped[date]


class Booking(Base):
    __tablename__ = "bookings"
    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[str] = mapped_column(String(20), unique=True)
    guest_id: Mapped[int] = mapped_column(ForeignKey("guests.id"), index=True)
    left_on: Mapped[date]
    remark: Mapped[str | None] = mapped_column(String(200))
    guest: Mapped[Guest] = relationship()


class Companion(Base):
    __tablename__ = "companions"
    booking_id: Mapped[int] = mapped_column(ForeignKey("bookings.id"), primary_key=True)
    guest_id: Mapped[int] = mapped_column(ForeignKey("guests.id"), primary_key=True, index=True)
    booking: Mapped[Booking] = relationship()
    guest: Mapped[Guest] = relationship()


class Line(Base):
    __tablename__ = "registrations"
    id: Mapped[int] = mapped_column(primary_key=True)
    guest_id: Mapped[int] = mapped_column(ForeignKey("guests.id"), index=True)
    room: Mapped[str] = mapped_column(String(8))
    first: Mapped[date] = mapped_column("first_night", Date)
    last: Mapped[date] = mapped_column("last_night", Date)
    name: Mapped[str | None] = mapped_column(String(80))
    passport: Mapped[str | None] = mapped_column(String(40))
    guest: Mapped[Guest] = relationship()


class Invoice(Base):
    __tablename__ = "invoices"
    id: Mapped[int] = mapped_column(primary_key=True)
    booking_id: Mapped[int] = mapped_column(ForeignKey("bookings.id"), index=True)
    billed_to: Mapped[str | None] = mapped_column(String(80))
    total: Mapped[int]
    dated: Mapped[date]
    booking: Mapped[Booking] = relationship()


class Scan(Base):
    __tablename__ = "scans"
    id: Mapped[int] = mapped_column(primary_key=True)
    guest_id: Mapped[int] = mapped_column(ForeignKey("guests.id"), index=True)
    path: Mapped[str | None] = mapped_column(String(200))
    guest: Mapped[Guest] = relationship()


def policies(files: str) -> list[tuple[Any, Policy]]:
    """Return what the vendor declares.

    :param files: folder of the scans.
    """
    return [
        (
            Guest,
            Policy(
                {"hotel": keep("which house"), "name": redact, "email": placeholder,
                 "phone": null, "made_on": keep("statistics")},
                subject=Subject(
                    match=["email", "phone"], name="name", contact=["email", "phone"],
                    property="hotel",
                ),
                clock={"created": "made_on"},
            ),
        ),
        (
            Booking,
            Policy(
                {"number": keep("bookkeeping"), "left_on": keep("statistics"), "remark": null},
                via="guest", clock={"departed": "left_on"},
            ),
        ),
        (Companion, Policy({}, via="guest", rows=delete)),
        (
            Line,
            Policy(
                {"room": keep("occupancy"), "first": keep("occupancy"), "last": keep("occupancy"),
                 "name": retain("guest_register"), "passport": retain("guest_register")},
                via="guest", category="guest_register", clock={"departed": "last"},
                register=Register(
                    room="room", first_night="first", last_night="last", name=["name"],
                    document="passport",
                ),
            ),
        ),
        (
            Invoice,
            Policy(
                {"billed_to": retain("invoice_accounting"), "total": keep("bookkeeping"),
                 "dated": keep("bookkeeping")},
                via="booking.guest", clock="dated",
            ),
        ),
        (Scan, Policy({"path": File(files)}, via="guest", rows=delete_when_last_owner)),
    ]  # fmt: skip


class System:
    """Another system: writes down what it is told, once for each reference, and answers.

    :param folder: where it writes.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def tell(self, notice: Notice) -> Answer:
        """Erase a guest here too."""
        self.folder.mkdir(exist_ok=True)
        (self.folder / notice.reference).write_text(
            " ".join(sorted(each.value for each in notice.identities))
        )
        return Answer(Said.DONE)


class Inn(Hotel):
    """The hotel over a database and a folder that may be used already.

    :param url: address of the database.
    :param folder: where keys, files and the register of erasures are.
    :param mail: address of the mail server.
    """

    def __init__(self, url: str, folder: Path, mail: str) -> None:
        self.engine = create_engine(url)
        if self.engine.dialect.name == "sqlite":
            event.listen(self.engine, "connect", _enforce)
        self.now = MORNING
        self.folder = folder
        self.files = folder / "files"
        self.custodian = FolderCustodian(folder / "keys")
        self.mail = mail
        self.settings = Settings(
            {
                "sh": Property(
                    "sh", "Kauri", "Kauri Ltd", "NZ", "Pacific/Auckland", "en",
                    officer="officer@kauri.example",
                )
            },
            recovery_days=7,
            mail=mail,
            sender="hotel@kauri.example",
            base_url="https://kauri.example/privacy/",
            packs=(str(folder / "NZ.toml"),),
            register=str(folder / "register"),
        )
        self.grants = {
            "clerk": {"view", "file", "verify"},
            "officer": {"view", "file", "verify", "approve", "refuse", "erase", "law", "restore"},
            "second": {"view", "approve", "erase", "law", "restore"},
        }
        self.datamap = resolve(
            policies(str(self.files)), Base.metadata.tables.values(), list(Base.registry.mappers)
        )
        self.events = []
        self.places: tuple[Place, ...] = ()
        self.restored = False
        self.blockers = ()
        self.holidays = None
        self.shared = nobodys
        self.recipients = (
            Recipient("channel", System(folder / "channel"), gives=["email"]),
        )
        self.channels: dict[str, Channel] = {"smtp": Mail(mail, self.settings.sender)}

    def build(self) -> None:
        """Make everything anew: tables, keys, packs, the second copy, and the guests."""
        self.files.mkdir()
        (self.folder / "NZ.toml").write_text(PACK, encoding="utf-8")
        Base.metadata.create_all(self.engine)
        upgrade.upgrade(self.engine)
        upgrade.make_keys(self.engine, self.custodian)
        self.run(lambda office: office.sign_pack("NZ", "officer"))
        self.copied()
        self.people()

    def copied(self) -> None:
        """Let two people say that there is a second copy of the keys."""
        told = self.custodian.fingerprint()
        self.run(lambda office: copies.propose(office.work, "officer", told))
        self.run(lambda office: copies.confirm(office.work, "second"))

    def people(self) -> None:
        """Put three guests in: Ann who will be erased, Bea who shares a room, Cleo nobody names."""
        for id, name in enumerate(("Ann Zebrafinch", "Bea Lund", "Cleo Marsh"), 1):
            mail = f"{name.split()[0].lower()}@mail.example"
            left = date(2026, 3, 2 + id)
            scan = f"{id}-{name.split()[1].lower()}.jpg"
            (self.files / scan).write_bytes(name.encode() * 40)
            self.put(
                Guest, id=id, hotel="sh", name=name, email=mail, phone=f"+64 21 000 000{id}",
                made_on=MADE,
            )  # fmt: skip
            self.put(
                Booking, id=id, number=f"B{id}", guest_id=id, left_on=left, remark=f"for {name}"
            )
            self.put(
                Line, id=id, guest_id=id, room=f"10{id}", first=left - timedelta(days=2),
                last=left - timedelta(days=1), name=name, passport=f"LM00000{id}",
            )  # fmt: skip
            self.put(Invoice, id=id, booking_id=id, billed_to=name, total=100 * id, dated=left)
            self.put(Scan, id=id, guest_id=id, path=scan)
        self.put(Companion, booking_id=1, guest_id=2)
        self.put(Companion, booking_id=2, guest_id=1)

    @contextmanager
    def begin(self) -> Iterator[Office]:
        """Open the office the way the extension does, with the places there are."""
        with super().begin() as office:
            office.work.places = self.places
            yield office

    @property
    def run(self) -> Callable[[Callable[[Office], Any]], Any]:
        """Return what runs a unit of work as the extension does: again after a deadlock."""

        def run(unit: Callable[[Office], Any]) -> Any:
            def once() -> Any:
                with self.begin() as office:
                    return unit(office)

            return again(once)

        return run

    def work(self) -> Report:
        """Let the worker make one round."""
        return worker.work(self.run, render, self.channels)

    def rounds(self, many: int = 2) -> list[dict[str, str]]:
        """Let time pass and the worker work; return what each round could not do."""
        problems = []
        for _ in range(many):
            self.later(minutes=40)
            problems.append(self.work().problems)
        return problems


def render(template: str, lang: str, params: Any) -> tuple[str, str]:
    """Return subject and body of a message."""
    return template, f"{lang} {sorted(params)}"


def _enforce(raw: Any, _: Any) -> None:
    raw.execute("PRAGMA foreign_keys = ON")


@contextmanager
def opened(url: str, folder: Path, mail: str) -> Iterator[Inn]:
    """Open the hotel and let go of it again."""
    made = Inn(url, folder, mail)
    try:
        yield made
    finally:
        made.engine.dispose()
