"""A hotel with stays, bills and a register, and what it still needs its guests for."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import ForeignKey, String, insert, select, update
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

from flask_guesterase.core.policy import Blocker, Policy, Subject
from flask_guesterase.core.treatment import delete, keep, null, placeholder, redact
from flask_guesterase.store.lawbook.blockers import Found, standing
from flask_guesterase.store.mapping.datamap import resolve
from tests.store.hotel import Hotel


class Base(DeclarativeBase):
    """Base of this host's models."""


class Person(Base):
    __tablename__ = "people"
    id: Mapped[int] = mapped_column(primary_key=True)
    house: Mapped[str] = mapped_column(String(10))
    name: Mapped[str | None] = mapped_column(String(80))
    email: Mapped[str | None] = mapped_column(String(120))
    born: Mapped[date | None]
    stays: Mapped[list[Stay]] = relationship(secondary="lodgers", viewonly=True)


class Stay(Base):
    __tablename__ = "stays"
    id: Mapped[int] = mapped_column(primary_key=True)
    house: Mapped[str] = mapped_column(String(10))
    booker_id: Mapped[int] = mapped_column(ForeignKey("people.id"), index=True)
    status: Mapped[str] = mapped_column(String(10))
    arrives: Mapped[date]
    leaves: Mapped[date]
    wish: Mapped[str | None] = mapped_column(String(80))
    booker: Mapped[Person] = relationship()
    lodgers: Mapped[list[Person]] = relationship(secondary="lodgers", viewonly=True)


class Lodger(Base):
    __tablename__ = "lodgers"
    stay_id: Mapped[int] = mapped_column(ForeignKey("stays.id"), primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"), primary_key=True, index=True)
    stay: Mapped[Stay] = relationship()
    person: Mapped[Person] = relationship()


class Bill(Base):
    __tablename__ = "bills"
    id: Mapped[int] = mapped_column(primary_key=True)
    stay_id: Mapped[int] = mapped_column(ForeignKey("stays.id"), index=True)
    owed: Mapped[int]
    text: Mapped[str | None] = mapped_column(String(80))
    stay: Mapped[Stay] = relationship()


class Line(Base):
    __tablename__ = "register_lines"
    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"), index=True)
    name: Mapped[str | None] = mapped_column(String(80))
    remark: Mapped[str | None] = mapped_column(String(80))
    sent: Mapped[datetime | None]
    person: Mapped[Person] = relationship()


COUNT = keep("statistics")


def policies() -> list[tuple[Any, Policy]]:
    """Return what the vendor declares."""
    return [
        (
            Person,
            Policy(
                {"house": keep("which house"), "name": redact, "email": placeholder, "born": null},
                subject=Subject(
                    match=["email"], name="name", contact=["email"], property="house"
                ),
                facts={"birth": "born"},
            ),
        ),
        (
            Stay,
            Policy(
                {"house": keep("which house"), "status": COUNT, "arrives": COUNT, "leaves": COUNT,
                 "wish": null},
                via={"booker": ["wish"], "lodgers": []},
                clock={"departed": "leaves", "created": "arrives"},
            ),
        ),
        (Lodger, Policy({}, via="person", rows=delete)),
        (Bill, Policy({"owed": COUNT, "text": null}, via=["stay.booker", "stay.lodgers"])),
        (Line, Policy({"name": redact, "remark": null, "sent": COUNT}, via="person")),
    ]  # fmt: skip


IN_HOUSE = Blocker(
    "in-house", "stays", lambda stays, today: stays.c.status == "in",
    until=lambda stays: stays.c.leaves,
)  # fmt: skip
COMING = Blocker(
    "future-stay", "stays",
    lambda stays, today: (stays.c.status == "booked") & (stays.c.leaves >= today),
    until=lambda stays: stays.c.leaves,
)  # fmt: skip
COOLING = Blocker(
    "cooling", "stays",
    lambda stays, today: (stays.c.status == "out") & (stays.c.leaves > today - timedelta(days=2)),
    until=lambda stays: (stays.c.leaves, timedelta(days=2)), by=["booker"],
)  # fmt: skip
OWING = Blocker("open-folio", "bills", lambda bills, today: bills.c.owed > 0, by=["stay.booker"])
UNSENT = Blocker(
    "unreported", "register_lines", lambda lines, today: lines.c.sent.is_(None),
    needs={"register_lines": ["name"]},
)  # fmt: skip


class House(Hotel):
    """A hotel whose erasures wait for what it needs.

    :param url: address of an empty database.
    :param folder: where keys and files go.
    """

    def __init__(self, url: str, folder: Path) -> None:
        super().__init__(url, folder)
        tables = Base.metadata.tables.values()
        self.datamap = resolve(policies(), tables, list(Base.registry.mappers))
        self.blockers = (IN_HOUSE, COMING, COOLING, OWING, UNSENT)
        Base.metadata.create_all(self.engine)

    def add(self, model: type[Base], **values: Any) -> None:
        """Put a row into one of the tables."""
        with self.engine.begin() as conn:
            conn.execute(insert(model).values(**values))

    def set(self, model: type[Base], id: int, **values: Any) -> None:
        """Change a row as the front desk would."""
        with self.engine.begin() as conn:
            conn.execute(update(model).where(model.__table__.c.id == id).values(**values))

    def of(self, model: type[Base], id: int) -> dict[str, Any]:
        """Return one row."""
        table = model.__table__
        with self.engine.connect() as conn:
            return dict(conn.execute(select(table).where(table.c.id == id)).one()._mapping)

    def stay(
        self, id: int, booker: int, *lodgers: int, status: str = "in", days: int = 2, at: str = "sh"
    ) -> None:
        """Put a stay into the house that ends in some days; they came three days before."""
        leaves = self.now.date() + timedelta(days=days)
        self.add(
            Stay, id=id, house=at, booker_id=booker, status=status,
            arrives=leaves - timedelta(days=3), leaves=leaves, wish="quiet",
        )  # fmt: skip
        for one in lodgers:
            self.add(Lodger, stay_id=id, person_id=one)

    def person(self, id: int, name: str = "ann", at: str = "sh", born: date | None = None) -> None:
        """Put a person into the house."""
        self.add(
            Person, id=id, house=at, name=f"{name} berg", email=f"{name}@example.com", born=born
        )

    def standing(self, *people: int) -> list[Found]:
        """Return what stands in the way of these people."""
        with self.begin() as office:
            return standing(office.work, [("people", (one,)) for one in people])
