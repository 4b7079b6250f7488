"""A hotel fed by a channel manager, with the guard on its sessions."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path
from shutil import copyfile
from typing import Any

from sqlalchemy import ForeignKey, Integer, String, UniqueConstraint, case
from sqlalchemy.orm import (
    DeclarativeBase,
    Mapped,
    Session,
    mapped_column,
    relationship,
    scoped_session,
    sessionmaker,
)

from flask_guesterase.core.policy import Policy, Subject
from flask_guesterase.core.treatment import delete, keep, null, placeholder, redact
from flask_guesterase.store.comeback import guard, reconcile
from flask_guesterase.store.comeback.lookout import Side
from flask_guesterase.store.mapping.datamap import resolve
from flask_guesterase.store.mapping.host import Host
from flask_guesterase.store.office import Office
from flask_guesterase.store.returning import returned
from tests.store.hotel import Hotel


class Base(DeclarativeBase):
    """Base of this host's models."""


class Guest(Base):
    __tablename__ = "lodgers_"
    id: Mapped[int] = mapped_column(primary_key=True)
    house: Mapped[str] = mapped_column(String(10))
    full_name: Mapped[str | None] = mapped_column("name", String(80))
    email: Mapped[str | None] = mapped_column(String(120))
    phone: Mapped[str | None] = mapped_column(String(40))
    document_no: Mapped[str | None] = mapped_column(String(40))
    loyalty_no: Mapped[str | None] = mapped_column(String(20))
    made_on: Mapped[date | None]


class Booking(Base):
    __tablename__ = "lodge_bookings"
    id: Mapped[int] = mapped_column(primary_key=True)
    guest_id: Mapped[int] = mapped_column(ForeignKey("lodgers_.id"), index=True)
    external_ref: Mapped[str | None] = mapped_column(String(40), unique=True)
    wishes: Mapped[str | None] = mapped_column(String(200))
    amount: Mapped[int] = mapped_column(default=100)
    made_at: Mapped[datetime | None]
    guest: Mapped[Guest] = relationship()


class Member(Base):
    __tablename__ = "lodge_members"
    __table_args__ = (UniqueConstraint("guest_id"),)
    number: Mapped[str] = mapped_column(String(20), primary_key=True)
    guest_id: Mapped[int] = mapped_column(ForeignKey("lodgers_.id"), index=True)
    email: Mapped[str | None] = mapped_column(String(120))
    guest: Mapped[Guest] = relationship()


class Wish(Base):
    __tablename__ = "lodge_wishes"
    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    guest_id: Mapped[int] = mapped_column(ForeignKey("lodgers_.id"), index=True)
    email: Mapped[str | None] = mapped_column(String(120))
    guest: Mapped[Guest] = relationship()


class Room(Base):
    __tablename__ = "lodge_rooms"
    id: Mapped[int] = mapped_column(primary_key=True)
    text: Mapped[str] = mapped_column(String(40))


COUNT = keep("statistics")


def policies() -> list[tuple[Any, Policy]]:
    """Return what the vendor declares."""
    return [
        (
            Guest,
            Policy(
                {"house": keep("which house"), "full_name": redact, "email": placeholder,
                 "phone": null, "document_no": null, "loyalty_no": null, "made_on": COUNT},
                subject=Subject(
                    match=["email", "phone", "document_no"], name="full_name",
                    contact=["email", "phone"], property="house",
                ),
                clock={"created": "made_on"},
            ),
        ),
        (
            Booking,
            Policy(
                {"external_ref": null, "wishes": null, "amount": COUNT, "made_at": COUNT},
                via="guest", clock={"created": "made_at"},
            ),
        ),
        (Member, Policy({"number": COUNT, "email": null}, via="guest")),
        (Wish, Policy({"email": null}, via="guest", rows=delete)),
    ]  # fmt: skip


ANN = {
    "full_name": "Ann Berg", "email": "ann.berg@mail.example", "phone": "+86 120 0000 1234",
    "document_no": "ZX 998877",
}  # fmt: skip


class Lodge(Hotel):
    """A hotel whose sessions are watched.

    :param url: address of an empty database.
    :param folder: where keys and files go.
    """

    def __init__(self, url: str, folder: Path) -> None:
        super().__init__(url, folder)
        mappers = list(Base.registry.mappers)
        self.datamap = resolve(policies(), Base.metadata.tables.values(), mappers)
        Base.metadata.create_all(self.engine)
        self.session = scoped_session(sessionmaker(self.engine))
        self.host = Host(self.session, models=Base)
        self.watching = True
        guard.install(self.host, self._sides)

    def _sides(self) -> list[Side]:
        if not self.watching:
            return []
        pool = self.engine.pool
        return [Side(pool, self.settings, self.datamap, self.custodian, lambda: self.now)]

    def close(self) -> None:
        """Let go of everything."""
        self.watching = False
        self.session.remove()
        self.engine.dispose()

    def add(self, *rows: Base) -> None:
        """Write rows as the host does."""
        with Session(self.engine) as session:
            session.add_all(rows)
            session.commit()

    def stayed(self, id: int = 1, ref: str = "OB-77001", **values: Any) -> None:
        """Put a guest with a booking of last year into the house."""
        given = {**ANN, **values}
        made = date(2025, 12, 1)
        self.add(Guest(id=id, house="sh", made_on=made, **given))
        self.add(Booking(
            id=id, guest_id=id, external_ref=ref, wishes="quiet", made_at=datetime(2025, 12, 1, 8)
        ))  # fmt: skip

    def erased_guest(self, **match: str) -> str:
        """Erase a guest; return the number of the request."""
        number = self.approved(**(match or {"document_no": ANN["document_no"]}))
        # Another profile under the same name makes the search by value ask staff.
        assert self.erased(number) in ("erased", "sealed", "partial")
        self.later(hours=8)
        return number

    def run(self, unit: Any) -> Any:
        """Run a unit in a transaction of ours."""
        with self.begin() as office:
            return unit(office)

    def worker(self) -> dict[str, int]:
        """Judge what was seen and erase again what is due, as the worker does."""
        counts: dict[str, int] = dict(self.run(Office.judge_returns))
        for id in self.run(lambda office: returned.due(office.work)):
            done = self.run(lambda office, id=id: returned.erase(office.work, id))
            counts[done.fate.value] = counts.get(done.fate.value, 0) + 1
        return counts

    def sweep(self) -> dict[str, int]:
        """Look where no listener saw, then let the worker work."""
        found: dict[str, int] = dict(reconcile.reconcile(self.run))
        for word, count in self.worker().items():
            found[word] = found.get(word, 0) + count
        return found

    def returns(self, *states: str) -> list[tuple[str, str, str, str]]:
        """Return table, key, why and state of the rows that came back."""
        rows: Iterable[dict[str, Any]] = self.ours("returned")
        return [
            (row["table_name"], row["row_key"], row["why"], row["state"])
            for row in rows if not states or row["state"] in states
        ]  # fmt: skip

    def one(self, model: type[Base], key: Any) -> dict[str, Any] | None:
        """Return one row as it is in the database."""
        table: Any = model.__table__
        column = next(iter(table.primary_key))
        with self.engine.connect() as conn:
            row = conn.execute(table.select().where(column == key)).one_or_none()
            return dict(row._mapping) if row is not None else None

    def holds_ann(self) -> list[str]:
        """Return where anything of the erased guest stands in the host's tables."""
        found = []
        with self.engine.connect() as conn:
            for table in Base.metadata.sorted_tables:
                for row in conn.execute(table.select()):
                    text = " ".join(str(cell) for cell in row)
                    found += [
                        f"{table.name}: {value}"
                        for value in (*ANN.values(), "OB-77001") if value in text
                    ]
        return found


def elsewhere(lodge: Lodge, common: bool = False) -> None:
    """Let bookings with late wishes lie at another company's hotel, common profiles at none."""
    def house(table: Any) -> Any:
        return case((table.c.wishes == "late", "mu"), else_="sh")

    mapped = [
        (model, replace(policy, place=house) if model is Booking else policy)
        for model, policy in policies()
    ]
    if common:
        (guest, policy), *others = mapped
        assert policy.subject is not None
        mapped = [(guest, replace(policy, subject=replace(policy.subject, property=""))), *others]
    mappers = list(Base.registry.mappers)
    lodge.datamap = resolve(mapped, Base.metadata.tables.values(), mappers)


@contextmanager
def put_back(lodge: Lodge, folder: Path) -> Iterator[None]:
    """Put the database of before back after what happens in this block; its register stays."""
    lodge.settings = replace(lodge.settings, register=str(folder / "register"))
    file = Path(str(lodge.engine.url.database))
    lodge.engine.dispose()
    copyfile(file, folder / "old")
    yield
    lodge.engine.dispose()
    copyfile(folder / "old", file)
