"""Rows that point at each other go without being changed first, or `check` says what that does."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import CheckConstraint, Date, ForeignKey, String, make_url, update
from sqlalchemy import delete as delete_
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

from flask_guesterase.core.errors import ErasureError
from flask_guesterase.core.finding import Severity
from flask_guesterase.core.policy import Policy
from flask_guesterase.core.treatment import delete, exempt, keep, placeholder, redact
from tests import engines
from tests.oracle.dump import places
from tests.store import inn
from tests.store.manor import Manor, whole_way
from tests.store.test_mapped import ADA, AGED, MAIL, NEW, WHO, manor


class Base(DeclarativeBase):
    """Base of a host whose guests come with others."""


class Guest(Base):
    __tablename__ = "guests_of"
    id: Mapped[int] = mapped_column(primary_key=True)
    hotel: Mapped[str] = mapped_column(String(8))
    name: Mapped[str] = mapped_column(String(80))
    email: Mapped[str] = mapped_column(String(80), index=True)
    seen: Mapped[date | None] = mapped_column(Date, index=True)
    __erasure__ = Policy(
        {"hotel": keep("which house"), "name": redact, "email": placeholder,
         "seen": keep("statistics")}, subject=WHO, **AGED,
    )  # fmt: skip


class Mate(Base):
    __tablename__ = "mates_of"
    id: Mapped[int] = mapped_column(primary_key=True)
    guest_id: Mapped[int] = mapped_column(ForeignKey("guests_of.id"), index=True)
    first_id: Mapped[int | None] = mapped_column(ForeignKey("mates_of.id"), index=True)
    first: Mapped[bool]
    name: Mapped[str] = mapped_column(String(80))
    guest: Mapped[Guest] = relationship()
    __table_args__ = (CheckConstraint("first OR first_id IS NOT NULL", name="follows"),)
    __erasure__ = Policy({}, via="guest", rows=delete)


class Room(Base):
    __tablename__ = "rooms_of"
    id: Mapped[int] = mapped_column(primary_key=True)
    guest_id: Mapped[int] = mapped_column(ForeignKey("guests_of.id"), index=True)
    key_id: Mapped[int | None] = mapped_column(
        ForeignKey("keys_of.id", use_alter=True, name="room_key"), index=True
    )
    wish: Mapped[str] = mapped_column(String(80))
    guest: Mapped[Guest] = relationship()
    __table_args__ = (CheckConstraint("key_id IS NOT NULL OR wish = 'Lilies'", name="locked"),)
    __erasure__ = Policy({}, via="guest", rows=delete)


class Key(Base):
    __tablename__ = "keys_of"
    id: Mapped[int] = mapped_column(primary_key=True)
    room_id: Mapped[int] = mapped_column(ForeignKey("rooms_of.id"), index=True)
    room: Mapped[Room] = relationship(foreign_keys=[room_id])
    __erasure__ = Policy({}, via="room", rows=delete)


class Log(Base):
    __tablename__ = "log_of"
    id: Mapped[int] = mapped_column(primary_key=True)
    text: Mapped[str | None] = mapped_column(String(80))
    __erasure__ = exempt("what changed of a room, for the porter")


NAMES = ["Zora Quillington", "Kit Quillington", "Pip Quillington"]
MARIADB = "mariadb"


def copying(kind: str, table: str, column: str) -> str:
    """Return a trigger that notes what a column held before an UPDATE."""
    note = f"INSERT INTO log_of (text) VALUES (OLD.{column});"
    begins = f"CREATE TRIGGER moved AFTER UPDATE ON {table} FOR EACH ROW"
    if kind == "postgresql":
        return (
            "CREATE FUNCTION moved() RETURNS trigger LANGUAGE plpgsql AS "
            f"$$ BEGIN {note} RETURN NULL; END $$;;{begins} EXECUTE FUNCTION moved()"
        )
    return f"{begins} BEGIN {note} END"


def mates(follows: list[int | None], free: bool = False) -> list[Any]:
    """Return a guest with others, and whom each of these follows; the first may follow itself.

    :param free: whether the CHECK would let each of them follow nobody.
    """
    return [
        Guest(id=1, seen=NEW, **ADA), *(
            Mate(id=n, guest_id=1, first_id=to, first=free or to in (None, n), name=name)
            for n, (name, to) in enumerate(zip(NAMES, follows, strict=True), 1)
        ),
    ]  # fmt: skip


def circle(house: Manor) -> None:
    """Let the second and the third of them follow each other."""
    with house.engine.begin() as conn:
        conn.execute(update(Mate.__table__).values(first_id=3).where(Mate.id == 2))


@pytest.mark.parametrize("follows", [[None, 1, 1], [None, 1, 2], [1, 1, 2]])
def test_rows_that_follow_others_are_not_changed_before_they_go(
    database_url: str, tmp_path: Path, follows: list[int | None]
) -> None:
    """A CHECK that takes no NULL there stands in no way, on any engine."""
    with manor(database_url, tmp_path, Base, *mates(follows)) as house:
        done = whole_way(house, NAMES, email=MAIL)
    assert {table: len(gone) for table, gone in done.gone.items()} == {"mates_of": 3}


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
@pytest.mark.parametrize("round_", [False, True])
def test_a_trigger_on_changes_is_not_fired_by_rows_that_go(
    kind: str, tmp_path: Path, round_: bool
) -> None:
    """Who looks at keys when a statement ends needs none emptied, in a circle neither."""
    script = copying(kind, "mates_of", "name")
    with (
        engines.fresh_database(kind) as url,
        manor(url, tmp_path, Base, *mates([None, 1, 2], free=True), script=script) as house,
    ):
        if round_:
            circle(house)
        with house.engine.begin() as conn:
            conn.execute(delete_(Log))
        assert house.said() == []
        assert house.erased(house.approved(email=MAIL)) == "erased"
        assert places(house.content(), *NAMES) == []


def test_mariadb_empties_keys_of_circles_and_says_what_that_does(
    mariadb_url: str, tmp_path: Path
) -> None:
    """It looks row by row: a trigger on changes counts, and a CHECK that takes no NULL there."""
    script = copying(MARIADB, "mates_of", "name")
    with manor(mariadb_url, tmp_path, Base, *mates([None, 1, 2]), script=script) as house:
        assert [(f.id, f.place, f.severity) for f in house.said()] == [
            ("rule-misfit", "mates_of.first_id", Severity.WARN),
            ("trigger", "mates_of.moved", Severity.STOP),
        ]
        with house.engine.begin() as conn:
            inn.run(conn, "DROP TRIGGER moved")
        circle(house)
        before, number = house.content(), house.approved(email=MAIL)
        with pytest.raises(ErasureError):
            house.erased(number)
        assert house.content() == before


def test_tables_in_a_circle_are_told_apart_by_what_is_emptied(
    database_url: str, tmp_path: Path
) -> None:
    """A key that may be empty is let go of first: its trigger counts, and its CHECK; no other's."""
    kind = make_url(database_url).get_backend_name()
    script = copying(kind, "rooms_of", "wish")
    with manor(database_url, tmp_path, Base, *mates([None, 1, 2]), script=script) as house:
        house.save(Room(id=1, guest_id=1, wish="Lilies"), Key(id=1, room_id=1))
        with house.engine.begin() as conn:
            conn.execute(update(Room.__table__).values(key_id=1, wish="Walnuts"))
        assert house.stops() == ["trigger rooms_of.moved"]
        assert "rule-misfit rooms_of.key_id" in [f"{f.id} {f.place}" for f in house.said()]
