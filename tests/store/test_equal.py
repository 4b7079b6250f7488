"""Links that no foreign key vouches for lead to nobody by what many rows have in common."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import (
    Column,
    Date,
    ForeignKey,
    Integer,
    MetaData,
    String,
    Table,
    TypeDecorator,
    UniqueConstraint,
    insert,
    select,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from flask_guesterase.core.policy import Equal, Policy, Subject
from flask_guesterase.core.treatment import keep, mentions, null, placeholder, redact, retain
from flask_guesterase.store.erasing.finder import find
from flask_guesterase.store.mapping.datamap import DataMap
from tests.store import inn
from tests.store import manor as manors
from tests.store.test_mapped import ADA, AGED, BO, NEW, WHO, manor
from tests.zealand import law, rule


class Base(DeclarativeBase):
    """Base of a host whose reports repeat the number of a stay's document."""


class Guest(Base):
    __tablename__ = "guests_of"
    id: Mapped[int] = mapped_column(primary_key=True)
    hotel: Mapped[str] = mapped_column(String(8))
    name: Mapped[str] = mapped_column(String(80))
    email: Mapped[str] = mapped_column(String(80), index=True)
    seen: Mapped[date | None] = mapped_column(Date, index=True)
    __erasure__ = Policy(
        {"hotel": keep("which house"), "name": redact, "email": placeholder,
         "seen": keep("statistics")},
        subject=WHO, **AGED,
    )  # fmt: skip


class Stay(Base):
    __tablename__ = "stays_of"
    id: Mapped[int] = mapped_column(primary_key=True)
    guest_id: Mapped[int] = mapped_column(ForeignKey(Guest.id), index=True)
    document: Mapped[str] = mapped_column(String(40), index=True)
    left_on: Mapped[date | None] = mapped_column(Date, index=True)
    __erasure__ = Policy(
        {"document": retain("guest_register"), "left_on": keep("statistics")},
        via="guest_id", clock={"departed": "left_on"},
    )  # fmt: skip


class Report(Base):
    __tablename__ = "reports_of"
    id: Mapped[int] = mapped_column(primary_key=True)
    document: Mapped[str] = mapped_column(String(40), index=True)
    said: Mapped[str | None] = mapped_column(String(80))
    made_on: Mapped[date | None] = mapped_column(Date, index=True)
    __erasure__ = Policy(
        {"document": retain("correspondence"), "said": null, "made_on": keep("statistics")},
        via=Equal({"document": "document"}, to="stays_of"), clock={"departed": "made_on"},
    )  # fmt: skip


PACK = law(
    rule("register", "guest_register", 1, 'floor = "P3Y"', 'clock = ["departed"]'),
    rule("police", "correspondence", 2, 'floor = "P1Y"', 'clock = ["departed"]'),
)  # fmt: skip
"""Of a document, the stay keeps the number for three years and the report for one."""


def test_a_report_whose_number_went_by_its_day_is_nobody_elses(
    sqlite_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two numbers of which the law's time is over are not one number."""
    monkeypatch.setattr(manors, "PACK", PACK)
    with manor(
        sqlite_url, tmp_path, Base, Guest(id=1, seen=NEW, **ADA), Guest(id=2, seen=NEW, **BO),
        Stay(id=1, guest_id=1, document="E111", left_on=date(2020, 1, 1)),
        Stay(id=2, guest_id=2, document="E222", left_on=date(2024, 6, 1)),
        Report(id=2, document="E222", said="Bo broke a lamp", made_on=date(2024, 6, 1)),
    ) as house:
        house.swept()
        numbers = house.session.scalars(select(Report.document).union_all(select(Stay.document)))
        assert sorted(numbers) == ["E222", "[erased]", "[erased]"]
        house.session.remove()
        assert house.erased(house.approved(email=ADA["email"])) == "erased"
        assert house.session.scalars(select(Report.said)).all() == ["Bo broke a lamp"]


@pytest.mark.parametrize("fold", [False, True])
@pytest.mark.parametrize(("rule", "mark"), [
    (redact, "[erased]"), (redact, "***"), (retain("guest_register"), "[erased]"),
    (retain("guest_register"), "***"), (retain("guest_register", then="Gone"), "Gone"),
    (mentions, "[erased]"), ("Gone", "Gone"),
])  # fmt: skip
def test_what_an_erasure_leaves_in_both_columns_links_nobody(
    database_url: str, rule: Any, mark: str, fold: bool
) -> None:
    """Neither the mark, also where only a part had room, nor a constant is a number of anybody."""
    metadata = MetaData()
    guests = Table(
        "guests", metadata, Column("id", Integer, primary_key=True), Column("name", String(40))
    )
    stays, reports = (
        Table(
            name, metadata, Column("id", Integer, primary_key=True),
            Column("guest_id", ForeignKey("guests.id")),
            Column("document", String(40), nullable=False, index=True),
        )
        for name in ("stays", "reports")
    )  # fmt: skip
    way = Equal({"document": "document"}, to="stays", fold=fold)
    declared = inn.datamap(metadata, {
        "guests": Policy({"name": redact}, subject=Subject(match=["name"])),
        "stays": Policy({"document": rule}, via="guest_id"),
        "reports": Policy({"document": rule, "guest_id": null}, via=way),
    })  # fmt: skip
    with inn.host(database_url, metadata) as engine, engine.begin() as conn:
        conn.execute(insert(guests), [{"id": 1, "name": "Ada"}, {"id": 2, "name": "Bo"}])
        for number, document in enumerate((mark, "E111"), 1):
            row = {"id": number, "document": document}
            conn.execute(insert(stays), row | {"guest_id": 1})
            conn.execute(insert(reports), row)
        found = find(conn, declared, [("guests", (1,))])
    assert [row.key for row in found["reports"]] == [(2,)]


def spread(type_: Any, unique: bool) -> tuple[MetaData, DataMap]:
    """Return guests by house and number, and the notes that repeat both of them."""
    metadata = MetaData()
    guests, _ = (
        Table(
            name, metadata, Column("id", Integer, primary_key=True), Column("house", type_()),
            Column("number", type_()), Column("said", String(40)),
        )
        for name in ("guests", "notes")
    )  # fmt: skip
    if unique:
        guests.append_constraint(UniqueConstraint("house", "number"))
    return metadata, inn.datamap(metadata, {
        "guests": Policy({"said": null}, subject=Subject(match=["said"])),
        "notes": Policy(
            {"said": null}, via=Equal({"house": "house", "number": "number"}, to="guests")
        ),
    })  # fmt: skip


@pytest.mark.parametrize("unique", [True, False], ids=["one", "several"])
@pytest.mark.parametrize(("type_", "main", "annex"), [
    (Integer, 0, 3), (lambda: String(8), "0", "3"), (lambda: String(8), "", "3"),
], ids=["number", "text", "blank"])  # fmt: skip
def test_the_first_house_is_a_house_where_both_name_one_guest(
    database_url: str, type_: Any, main: Any, annex: Any, unique: bool
) -> None:
    """An empty value or 0 in all columns is nobody's; in one, where they may name several people,
    and `check` says that then."""
    metadata, declared = spread(type_, unique)
    said = [f.place for f in declared.findings if f.id == "path-blank"]
    assert said == ["notes.house, number"] * (not unique)
    rows = enumerate([(main, annex), (main, main), (annex, main), (annex, annex)], 1)
    with inn.host(database_url, metadata) as engine, engine.begin() as conn:
        each = [{"id": id, "house": house, "number": number} for id, (house, number) in rows]
        for name in ("guests", "notes"):
            conn.execute(insert(metadata.tables[name]), each)
        found = find(conn, declared, [("guests", (id,)) for id in range(1, 5)])["notes"]
    owners = {row.key[0]: {person[1][0] for person, _ in row.owners} for row in found}
    assert owners == ({1: {1}, 3: {3}, 4: {4}} if unique else {4: {4}})


def test_a_path_over_what_is_never_empty_is_not_told() -> None:
    """Of a day there is neither an empty one nor a 0."""
    _, declared = spread(Date, unique=False)
    assert not [f for f in declared.findings if f.id == "path-blank"]


class Code(TypeDecorator[str]):
    """A number that the host takes in its full length alone."""

    impl = String(40)
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Any) -> str | None:
        if value is not None and len(value) < 8:
            raise ValueError(value)
        return value


@pytest.mark.parametrize("types", [(Code, String(40)), (String(40), Code)], ids=["here", "there"])
def test_a_mark_that_a_type_of_the_hosts_does_not_take_is_not_asked_for(
    database_url: str, types: tuple[Any, Any]
) -> None:
    """A type that cannot read a few stars keeps nobody from being found."""
    metadata = MetaData()
    guests, notes = (
        Table(
            name, metadata, Column("id", Integer, primary_key=True),
            Column("number", kind, index=True), Column("said", String(40)),
        )
        for name, kind in zip(("guests", "notes"), types, strict=True)
    )  # fmt: skip
    way = Equal({"number": "number"}, to="guests")
    declared = inn.datamap(metadata, {
        "guests": Policy({"number": redact, "said": null}, subject=Subject(match=["number"])),
        "notes": Policy({"number": redact, "said": null}, via=way),
    })  # fmt: skip
    with inn.host(database_url, metadata) as engine, engine.begin() as conn:
        for table in (guests, notes):
            conn.execute(insert(table), [
                {"id": n, "number": number} for n, number in enumerate(("[erased]", "12345678"), 1)
            ])
        found = find(conn, declared, [("guests", (1,)), ("guests", (2,))])
    assert [row.key for row in found["notes"]] == [(2,)]
