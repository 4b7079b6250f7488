"""What an erasure left is told from what it did not reach: nothing goes again each night."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import (
    CHAR,
    Column,
    ForeignKey,
    Integer,
    MetaData,
    String,
    Table,
    TypeDecorator,
    insert,
    select,
    update,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from flask_guesterase.core.policy import Policy, Subject
from flask_guesterase.core.treatment import (
    delete_when_last_owner,
    inside,
    keep,
    mentions,
    null,
    placeholder,
    redact,
)
from flask_guesterase.store.erasing.finder import erased_before
from flask_guesterase.store.erasing.traces import holding, tells
from tests.store.inn import datamap, erase, host
from tests.store.test_coverage import Salted
from tests.store.test_mapped import ADA, BO, WHO, manor


@dataclass(frozen=True)
class Mailbox:
    """What a host reads a text as."""

    text: str


class Said(Mailbox):
    """The same, and tells it."""

    def __str__(self) -> str:
        return self.text


class Read(TypeDecorator[Mailbox]):
    """A column the host reads as objects, of a fixed width."""

    impl = CHAR
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Any) -> str | None:
        return value.text if isinstance(value, Mailbox) else value

    def process_result_value(self, value: str | None, dialect: Any) -> Mailbox | None:
        return None if value is None else Mailbox(value)


class Opened(Salted):
    """A column the host encrypts, and reads as objects that say what they hold."""

    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Any) -> str | None:
        return super().process_bind_param(None if value is None else str(value), dialect)

    def process_result_value(self, value: str | None, dialect: Any) -> Any:
        text = super().process_result_value(value, dialect)
        return None if text is None else Said(text)


class Upper(TypeDecorator[str]):
    """A column the host writes in capitals."""

    impl = String
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Any) -> str | None:
        return value and value.upper()


@pytest.mark.parametrize(
    "kind", [String(200), Salted(200), Upper(200), Read(200), Opened(200)], ids=repr
)
@pytest.mark.parametrize("rule", [redact, placeholder, "gone"], ids=repr)
def test_what_is_left_in_a_type_of_the_hosts_is_nobodys(
    database_url: str, kind: Any, rule: Any
) -> None:
    """A sweep finds the rows it did not reach yet, and no other a second time."""
    metadata = MetaData()
    guests = Table(
        "guests", metadata, Column("id", Integer, primary_key=True), Column("name", String(40)),
        Column("email", kind),
    )  # fmt: skip
    policy = Policy({"name": redact, "email": rule}, subject=Subject(match=["name"]))
    declared = datamap(metadata, {"guests": policy})
    with host(database_url, metadata) as engine:
        with engine.begin() as conn:
            conn.execute(insert(guests), [
                {"id": n, "name": "Ada", "email": email}
                for n, email in enumerate(("ada@post.example", "bo@post.example", None), 1)
            ])
        erase(engine, declared, ("guests", (1,)))
        keys = [(1,), (2,), (3,)]
        with engine.connect() as conn:
            full = holding(conn, declared.declared("guests"), keys, ["email"])
    assert full == {(2,)}


@pytest.mark.parametrize("kind", [String(200), Salted(200), Upper(200)], ids=repr)
@pytest.mark.parametrize("rule", [redact, null, "gone"], ids=repr)
def test_who_is_written_into_a_type_of_the_hosts_is_somebody_again(
    database_url: str, kind: Any, rule: Any
) -> None:
    """A host that encrypts all it knows of its guests has them back as any other has."""
    metadata = MetaData()
    guests = Table(
        "guests", metadata, Column("id", Integer, primary_key=True), Column("name", kind)
    )
    policy = Policy({"name": rule}, subject=Subject(match=["name"]))
    declared = datamap(metadata, {"guests": policy})
    ada, bo = ("guests", (1,)), ("guests", (2,))
    with host(database_url, metadata) as engine:
        with engine.begin() as conn:
            conn.execute(insert(guests), [{"id": n, "name": f"Ada {n}"} for n in (1, 2)])
        erase(engine, declared, ada, bo)
        with engine.begin() as conn:
            for key in ("int:1", "int:2"):
                conn.exec_driver_sql(
                    "INSERT INTO guesterase_subject (request, table_name, row_key, standing, why,"
                    f" erased_at) VALUES ('A-1', 'guests', '{key}', 'taken', 'x', '2026-01-01')"
                )
            assert erased_before(conn, declared, [ada, bo]) == {ada, bo}
            conn.execute(update(guests).where(guests.c.id == 2).values(name="Bo"))
            assert erased_before(conn, declared, [ada, bo]) == {ada}


def named(rule: Any) -> str:
    """Return the word for a rule."""
    return type(rule).__name__.lower()


@pytest.mark.parametrize("live", ["VARCHAR(5)", "CHAR(6)", "VARCHAR(40)"])
@pytest.mark.parametrize("length", [3, 40])
@pytest.mark.parametrize("rule", [redact, mentions, inside({"$.a": null}, redact)], ids=named)
def test_a_mark_counts_in_whatever_length_the_database_has_room_for(
    database_url: str, rule: Any, length: int, live: str
) -> None:
    """Where the column is shorter, or longer, than the mapping says, who was erased is no guest."""
    metadata = MetaData()
    guests = Table(
        "guests", metadata, Column("id", Integer, primary_key=True), Column("name", String(40)),
        Column("title", String(length)),
    )  # fmt: skip
    policy = Policy({"name": redact, "title": rule}, subject=Subject(match=["name"]))
    declared = datamap(metadata, {"guests": policy})
    script = f"CREATE TABLE guests (id INTEGER PRIMARY KEY, name VARCHAR(40), title {live})"
    with host(database_url, None, script) as engine:
        with engine.begin() as conn:
            rows = [{"id": n, "name": "Anna", "title": "Anna"} for n in (1, 2)]
            conn.execute(insert(guests), rows)
        erase(engine, declared, ("guests", (1,)))
        with engine.connect() as conn:
            full = holding(conn, declared.declared("guests"), [(1,), (2,)], ["title"])
    assert full == {(2,)}


@pytest.mark.parametrize("live", ["VARCHAR(12)", "CHAR(40)", "VARCHAR(40)"])
@pytest.mark.parametrize("name", ["title", "e_mail"])
def test_a_placeholder_counts_in_whatever_length_and_nothing_that_begins_like_it(
    database_url: str, name: str, live: str
) -> None:
    """What was written at whatever length is gone; what a person wrote, however it begins, not."""
    metadata = MetaData()
    guests = Table(
        "guests", metadata, Column("id", Integer, primary_key=True), Column(name, String(40))
    )
    declared = datamap(metadata, {"guests": Policy({name: placeholder}, subject=Subject([name]))})
    said = "Anna", "erased-Li", "~-Li Wei A.", "a@erased.in", "erased-Anna", "~-Anna"
    script = f"CREATE TABLE guests (id INTEGER PRIMARY KEY, {name} {live})"
    with host(database_url, None, script) as engine:
        with engine.begin() as conn:
            conn.execute(insert(guests), [{"id": n, name: each} for n, each in enumerate(said)])
        erase(engine, declared, ("guests", (0,)))
        keys = [(n,) for n in range(len(said))]
        with engine.connect() as conn:
            full = holding(conn, declared.declared("guests"), keys, [name])
    assert full == {*keys[1:]}


class Base(DeclarativeBase):
    """Base of a host whose database was made before its mapping."""


class Guest(Base):
    __tablename__ = "guests_of"
    id: Mapped[int] = mapped_column(primary_key=True)
    hotel: Mapped[str] = mapped_column(String(8))
    title: Mapped[str] = mapped_column(String(40))
    name: Mapped[str] = mapped_column(String(80))
    email: Mapped[str] = mapped_column(String(80), index=True)
    __erasure__ = Policy(
        {"hotel": keep("which house"), "title": redact, "name": redact, "email": placeholder},
        subject=WHO,
    )


class Stay(Base):
    __tablename__ = "stays_of"
    id: Mapped[int] = mapped_column(primary_key=True)
    booker_id: Mapped[int] = mapped_column(ForeignKey(Guest.id), index=True)
    guest_id: Mapped[int] = mapped_column(ForeignKey(Guest.id), index=True)
    wish: Mapped[str | None] = mapped_column(String(80))
    __erasure__ = Policy({"wish": null}, via=["booker_id", "guest_id"], rows=delete_when_last_owner)


def test_a_shared_stay_goes_with_the_last_of_both_where_a_column_is_short(
    sqlite_url: str, tmp_path: Path
) -> None:
    """Who was erased owns nothing any more, also where only a part of the mark had room."""
    before = (
        "CREATE TABLE guests_of (id INTEGER PRIMARY KEY, hotel VARCHAR(8) NOT NULL,"
        " title VARCHAR(4) NOT NULL, name VARCHAR(80) NOT NULL, email VARCHAR(80) NOT NULL)"
    )
    with manor(
        sqlite_url, tmp_path, Base, Guest(id=1, title="Dr", **ADA), Guest(id=2, title="Mr", **BO),
        Stay(id=1, booker_id=1, guest_id=2, wish="Rose petals"), before=before,
    ) as house:
        left = []
        for email in (ADA["email"], BO["email"]):
            assert house.erased(house.approved(email=email)) == "erased"
            left.append([stay.id for stay in house.session.scalars(select(Stay))])
            house.session.rollback()
    assert left == [[1], []]


def test_whether_columns_tell_is_asked_of_one_other_name_of_the_table(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A night asks it of each shell and column; a new alias copies every column of the table."""
    people = Table(
        "people", MetaData(), Column("id", Integer, primary_key=True), Column("name", String(40)),
    )  # fmt: skip
    policy = Policy({"name": null}, subject=Subject(match=["name"]))
    declared = datamap(people.metadata, {"people": policy}).declared("people")
    made: list[str] = []
    real = Table.alias

    def alias(table: Table, name: str) -> Any:
        made.append(name)
        return real(table, name)

    monkeypatch.setattr(Table, "alias", alias)

    assert all(tells(declared, ["name"]) for _ in range(3))

    assert len(made) == 1
