"""In a group of hotels a guest is known again at each house where something of them was erased."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, relationship

from flask_guesterase.core.policy import Policy, Subject
from flask_guesterase.core.treatment import keep, null, placeholder, redact
from flask_guesterase.store.comeback import reconcile
from flask_guesterase.store.mapping.datamap import resolve
from flask_guesterase.store.returning.replay import replay
from tests.store.hotel import Hotel
from tests.store.test_unplaced import backup, restore


class Base(DeclarativeBase):
    """Base of this host's models."""


class Guest(Base):
    __tablename__ = "group_guests"
    id: Mapped[int] = mapped_column(primary_key=True)
    house: Mapped[str] = mapped_column(String(10))
    name: Mapped[str | None] = mapped_column(String(80))
    email: Mapped[str | None] = mapped_column(String(120))
    phone: Mapped[str | None] = mapped_column(String(40))


class Stay(Base):
    __tablename__ = "group_stays"
    id: Mapped[int] = mapped_column(primary_key=True)
    guest_id: Mapped[int] = mapped_column(ForeignKey("group_guests.id"), index=True)
    house: Mapped[str | None] = mapped_column(String(10))
    external_ref: Mapped[str | None] = mapped_column(String(40))
    made_at: Mapped[datetime | None]
    guest: Mapped[Guest] = relationship()


COUNT = keep("statistics")
POLICIES: list[tuple[Any, Policy]] = [
    (Guest, Policy(
        {"house": COUNT, "name": redact, "email": placeholder, "phone": null},
        subject=Subject(
            match=["email"], name="name", contact=["email", "phone"], property="house"
        ),
    )),
    (Stay, Policy(
        {"house": COUNT, "external_ref": null, "made_at": COUNT},
        via="guest", clock={"created": "made_at"}, place="house",
    )),
]  # fmt: skip
ANN = {"name": "Ann Berg", "email": "ann@mail.example", "phone": "089 123456"}
BOOKED = datetime(2025, 12, 1)


@pytest.fixture
def group(sqlite_url: str, tmp_path: Path) -> Iterator[Hotel]:
    """Two hotels of one company, of whose stays the law keeps nothing."""
    made = Hotel(sqlite_url, tmp_path)
    places = {c: replace(p, controller="Pine Ltd") for c, p in made.settings.properties.items()}
    register = str(tmp_path / "register")
    made.settings = replace(made.settings, properties=places, register=register)
    made.datamap = resolve(POLICIES, Base.metadata.tables.values(), list(Base.registry.mappers))
    Base.metadata.create_all(made.engine)
    yield made
    made.engine.dispose()


def add(group: Hotel, *rows: Base) -> None:
    """Write rows as the host does."""
    with Session(group.engine) as session:
        session.add_all(rows)
        session.commit()


def booked(group: Hotel, at: str | None) -> None:
    """Put a guest of Shanghai into the house whose stay lies at a house."""
    add(group, Guest(id=1, house="sh", **ANN))
    add(group, Stay(id=1, guest_id=1, house=at, external_ref="OB-77001", made_at=BOOKED))


def sent_again(group: Hotel, at: str | None) -> dict[str, int]:
    """Let the channel manager send the stay once more, under a relay; return what a sweep finds."""
    add(group, Guest(id=9, house=at or "sh", name="Ann Berg", email="x7@relay.example"))
    add(group, Stay(id=2, guest_id=9, house=at, external_ref="OB-77001", made_at=BOOKED))
    return dict(reconcile.reconcile(lambda unit: _run(group, unit)))


def _run(group: Hotel, unit: Any) -> Any:
    with group.begin() as office:
        return unit(office)


@pytest.mark.parametrize("at", ["sh", "mu", None])
def test_a_stay_at_any_house_of_the_group_is_known_again(group: Hotel, at: str | None) -> None:
    """The guest asked one house; the channel manager sends what lay at another, or at none."""
    booked(group, at)
    assert group.erased(group.approved(email=ANN["email"])) == "erased"
    assert sent_again(group, at)["returned"] == 2


@pytest.mark.parametrize("at", ["sh", "mu"])
def test_after_a_restore_it_is_known_there_of_who_was_new_since_the_copy(
    group: Hotel, at: str
) -> None:
    """The register remembers at which house each mark was taken."""
    with backup(group) as copy:
        booked(group, at)
        group.erased(group.approved(email=ANN["email"]))
        before = {
            (row["kind"], row["mark"], row["property"]) for row in group.ours("mark")
            if row["kind"] != "key"
        }  # fmt: skip
        restore(group, copy)
        assert replay(lambda unit: _run(group, unit)).counts["marks"] == len(before)
        told = {(row["kind"], row["mark"], row["property"]) for row in group.ours("mark")}
        assert told == before
        assert {place for kind, _, place in told if kind == "reference"} == {at}
        assert sent_again(group, at)["returned"] == 2
