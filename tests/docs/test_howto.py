"""What the how-to pages say works: their code is run as it stands."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from flask import Flask
from sqlalchemy import ForeignKey, create_engine, insert
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

from example_pms import create_app
from flask_guesterase import Blocker, Policy, Subject, keep, null
from flask_guesterase.core.finding import Severity
from flask_guesterase.store.checking.coverage import coverage
from flask_guesterase.store.erasing import finder
from flask_guesterase.store.lawbook import preconditions
from flask_guesterase.store.lawbook.clocks import clock_findings, facts_of
from flask_guesterase.store.mapping.datamap import resolve
from flask_guesterase.store.settings import Settings
from tests.store.inn import datamap

ROOT = Path(__file__).parent.parent.parent
DOCS = ROOT / "docs"


def blocks(page: str, language: str = "python") -> list[str]:
    """Return the code blocks of a page."""
    text = (DOCS / page).read_text(encoding="utf-8")
    return re.findall(rf"```{language}\n(.*?)```", text, re.DOTALL)


def run(page: str, number: int, space: dict[str, Any]) -> None:
    """Run a code block of a page as a module of its own would run."""
    code = compile(blocks(page)[number], page, "exec", dont_inherit=True)
    exec(code, space)  # noqa: S102 - the page is the test


@pytest.fixture
def hotel(tmp_path: Path) -> Iterator[dict[str, Any]]:
    """The application of the page about installing, with its tables and a guest."""
    space: dict[str, Any] = {"__name__": "hotel"}
    run("how-to/install.md", 0, space)
    app: Flask = space["create_app"](
        {
            "SECRET_KEY": "only-for-this-test",
            "SQLALCHEMY_DATABASE_URI": f"sqlite:///{tmp_path / 'hotel.sqlite'}",
            "GUESTERASE_KEYS": str(tmp_path / "keys"),
        }
    )
    space["app"] = app
    with app.app_context():
        db = space["db"]
        db.create_all()
        guest = space["Guest"](name="Ada Invented", email="ada@mail.example", phone="1234567")
        booking = space["Booking"](guest=guest, arrival=date(2026, 1, 2), wishes="a quiet room")
        db.session.add_all([guest, booking])
        db.session.flush()
        db.session.add(space["Invoice"](booking_id=booking.id, billed_to="Ada Invented", cents=5))
        db.session.add_all(space["Staff"](login=x, role=r) for x, r in (("d", "desk"),
                                                                       ("o", "officer")))
        db.session.commit()
    yield space
    with app.app_context():
        space["db"].session.remove()
        space["db"].engine.dispose()


def test_the_page_about_installing_is_a_working_application(hotel: dict[str, Any]) -> None:
    """The application of the page erases a guest from request to certificate."""
    app, guesterase = hotel["app"], hotel["guesterase"]
    runner = app.test_cli_runner()
    assert runner.invoke(args=["guesterase", "db", "upgrade"]).exit_code == 0
    checked = runner.invoke(args=["guesterase", "check"])
    assert checked.exit_code == 0, checked.output
    assert "parameters-shown" not in checked.output

    with app.app_context():
        with guesterase.begin() as office:
            number = office.request({"email": "ada@mail.example"}, by="d")
            office.confirm(number, by="d")
        with guesterase.begin() as office:
            office.approve(number, by="o", digest=office.preview(number).digest)
        report = guesterase.work()
        assert report.problems == {}
        with guesterase.begin(write=False) as office:
            certificate = office.certificate(number)
        rows = hotel["db"].session.execute(hotel["db"].select(hotel["Guest"])).scalars().all()
        billed = hotel["db"].session.execute(hotel["db"].select(hotel["Invoice"])).scalars().one()
        with hotel["db"].engine.connect() as conn:
            stored = conn.execute(hotel["db"].select(hotel["Invoice"].billed_to)).scalar_one()

    assert certificate["content"]["state"] == "sealed"
    assert [(row.name, row.phone) for row in rows] == [("[erased]", None)]
    assert (str(billed.billed_to), stored) == ("▒▒▒", "Ada Invented")


def test_the_check_of_the_page_is_a_passing_test(hotel: dict[str, Any]) -> None:
    """The test that the page offers passes on the page's application."""
    run("how-to/install.md", 3, hotel)

    hotel["test_every_column_has_a_rule"](hotel["app"])

    assert "assert_covered" in hotel


def test_the_page_about_testing_sees_that_a_guest_is_gone(hotel: dict[str, Any]) -> None:
    """Its test passes on the page's application, and fails while the guest is still there."""
    app = hotel["app"]
    assert app.test_cli_runner().invoke(args=["guesterase", "db", "upgrade"]).exit_code == 0
    run("how-to/test-it.md", 0, hotel)
    values = ["Ada Invented", "ada@mail.example", "1234567"]
    with app.app_context(), pytest.raises(AssertionError, match=r"guests\.email"):
        hotel["assert_erased"](hotel["guesterase"], values)
    hotel["test_a_guest_is_really_gone"](app)


@pytest.mark.parametrize("clock", [{"departed": "bookings.arrival"}, {}])
def test_the_page_about_testing_practises_a_restore(
    hotel: dict[str, Any], clock: dict[str, str]
) -> None:
    """Its test passes on the page's application where that says by which day a guest is known; then
    the guest is on file again. Of a row without any day a replay asks a person."""
    app, db, guest = hotel["app"], hotel["db"], hotel["Guest"]
    guest.bookings = relationship(hotel["Booking"], viewonly=True)
    guest.__erasure__ = replace(guest.__erasure__, clock=clock)
    assert app.test_cli_runner().invoke(args=["guesterase", "db", "upgrade"]).exit_code == 0
    with app.app_context():
        db.session.add(hotel["Staff"](login="p", role="officer"))
        db.session.commit()
        db.session.remove()
    run("how-to/test-it.md", 2, hotel)
    if not clock:
        with pytest.raises(AssertionError, match="leaves 1 rows to a person"):
            hotel["test_yesterdays_backup"](app)
        return
    hotel["test_yesterdays_backup"](app)
    with app.app_context():
        assert db.session.execute(db.select(guest.name)).scalar_one() == "Ada Invented"


def test_the_page_about_testing_restores_on_postgresql_without_a_tool(postgresql_url: str) -> None:
    """What it gives is a copy that lives as long as it is looked into."""
    app = Flask("hotel")
    app.config["SQLALCHEMY_DATABASE_URI"] = postgresql_url
    engine = create_engine(postgresql_url)
    with engine.begin() as conn:
        conn.exec_driver_sql("CREATE TABLE guests (name TEXT)")
        conn.exec_driver_sql("INSERT INTO guests VALUES ('Ada Invented')")
    db = SimpleNamespace(session=SimpleNamespace(remove=lambda: None), engine=engine)
    space: dict[str, Any] = {"app": app, "db": db}
    run("how-to/test-it.md", 3, space)
    with space["restored"]() as url:
        copy = create_engine(url)
        with copy.connect() as conn:
            assert conn.exec_driver_sql("SELECT name FROM guests").scalar() == "Ada Invented"
        copy.dispose()
    with engine.connect() as conn:
        left = conn.exec_driver_sql("SELECT 1 FROM pg_database WHERE datname = 'drill'").first()
    engine.dispose()
    assert left is None


def test_a_copy_of_database_and_keys_is_a_house_of_its_own(
    hotel: dict[str, Any], tmp_path: Path
) -> None:
    """In what the page's fixture copies a guest is erased, and there alone."""
    app = hotel["app"]
    assert app.test_cli_runner().invoke(args=["guesterase", "db", "upgrade"]).exit_code == 0
    made = tmp_path / "made"
    made.mkdir()
    shutil.copy(tmp_path / "hotel.sqlite", made)
    shutil.copytree(tmp_path / "keys", made / "keys")
    again: dict[str, Any] = {"__name__": "hotel"}
    run("how-to/install.md", 0, again)
    run("how-to/test-it.md", 0, again)
    run("how-to/test-it.md", 1, again)
    copied = again["erasing"].__wrapped__(made, tmp_path)
    again["test_a_guest_is_really_gone"](copied)
    with copied.app_context():
        again["db"].session.remove()
        again["db"].engine.dispose()

    with app.app_context(), pytest.raises(AssertionError, match=r"guests\.email"):
        again["assert_erased"](hotel["guesterase"], ["ada@mail.example"])


def test_the_env_of_the_page_keeps_our_tables(hotel: dict[str, Any]) -> None:
    """What Alembic generates for the page's application drops nothing of ours."""
    app, db = hotel["app"], hotel["db"]
    assert app.test_cli_runner().invoke(args=["guesterase", "db", "upgrade"]).exit_code == 0
    space: dict[str, Any] = {"connection": None, "target_metadata": None}
    with app.app_context(), db.engine.connect() as conn:
        told: dict[str, Any] = {}
        space["context"] = SimpleNamespace(configure=told.update)
        run("how-to/install.md", 2, space)
        options = {"include_object": told["include_object"]}
        kept = MigrationContext.configure(conn, opts=options)
        assert compare_metadata(kept, db.metadata) == []
        assert compare_metadata(MigrationContext.configure(conn), db.metadata) != []


def test_notes_of_several_kinds_of_owner_are_their_owners_alone() -> None:
    """The select of the page does not take the note of booking 7 for one of guest 7."""
    class Base(DeclarativeBase):
        pass

    class Guest(Base):
        __tablename__ = "guests"
        id: Mapped[int] = mapped_column(primary_key=True)
        email: Mapped[str | None]
        __erasure__ = Policy({"email": null}, subject=Subject(match=["email"]))

    class Booking(Base):
        __tablename__ = "bookings"
        id: Mapped[int] = mapped_column(primary_key=True)
        guest_id: Mapped[int] = mapped_column(ForeignKey("guests.id"))
        __erasure__ = Policy({}, via="guest_id")

    class Note(Base):
        __tablename__ = "notes"
        id: Mapped[int] = mapped_column(primary_key=True)
        owner_type: Mapped[str]
        owner_id: Mapped[int]
        body: Mapped[str | None]

    said: list[tuple[Any, Any]] = [(model, model.__erasure__) for model in (Guest, Booking)]
    space: dict[str, Any] = {}
    run("how-to/a-model-you-cannot-edit.md", 1, space)
    registering = SimpleNamespace(register=lambda *each: said.append(each))
    space["declare_notes"](registering, Note, Guest, Booking)
    whole = resolve(said, Base.metadata.tables.values(), list(Base.registry.mappers), coverage)
    assert [f for f in whole.findings if f.severity is Severity.STOP] == []
    engine = create_engine("sqlite://")
    Base.metadata.create_all(engine)
    with engine.begin() as conn:
        conn.execute(insert(Guest), [{"id": 7, "email": "a"}, {"id": 8, "email": "b"}])
        conn.execute(insert(Booking), [{"id": 7, "guest_id": 8}])
        conn.execute(insert(Note), [
            {"id": number, "owner_type": kind, "owner_id": 7, "body": "x"}
            for number, kind in ((1, "guest"), (2, "booking"), (3, "room"))
        ])  # fmt: skip
        found = finder.owners(conn, whole, whole.declared("notes"), [(1,), (2,), (3,)])
    assert {key: {person for person, _ in each} for key, each in found.items() if each} == {
        (1,): {("guests", (7,))}, (2,): {("guests", (8,))},
    }


def test_the_policies_of_the_page_fit_classes_with_tables_of_their_own(tmp_path: Path) -> None:
    """With joined tables each policy names its own table's columns, and nothing is left open; a
    column of the parent class that is named with the child's says where it is declared."""

    class Base(DeclarativeBase):
        pass

    class Party(Base):
        __tablename__ = "parties"
        id: Mapped[int] = mapped_column(primary_key=True)
        kind: Mapped[str]
        name: Mapped[str]
        email: Mapped[str]
        __mapper_args__ = {"polymorphic_on": "kind", "polymorphic_identity": "party"}  # noqa: RUF012

    class Person(Party):
        __tablename__ = "persons"
        id: Mapped[int] = mapped_column(ForeignKey("parties.id"), primary_key=True)
        document_no: Mapped[str | None]
        __mapper_args__ = {"polymorphic_identity": "person"}  # noqa: RUF012

    class Company(Party):
        __tablename__ = "companies"
        id: Mapped[int] = mapped_column(ForeignKey("parties.id"), primary_key=True)
        __mapper_args__ = {"polymorphic_identity": "company"}  # noqa: RUF012

    space: dict[str, Any] = {}
    run("how-to/install.md", 1, space)
    said: list[tuple[Any, Any]] = []
    told = SimpleNamespace(register=lambda *each: said.append(each))
    space["declare"](told, Party, Person, Company)
    mappers = list(Base.registry.mappers)
    whole = resolve(said, Base.metadata.tables.values(), mappers, coverage)
    assert [f for f in whole.findings if f.severity is Severity.STOP] == []

    wrong = [*said[:1], (Person, Policy({"document_no": keep("x"), "email": null}, via="id"))]
    found = resolve(wrong, Base.metadata.tables.values(), mappers, coverage).findings
    (hint,) = (f.hint for f in found if f.id == "column-unknown")
    assert "parent class" in hint


@pytest.mark.parametrize("page", sorted(str(p.relative_to(DOCS)) for p in DOCS.rglob("*.md")))
def test_code_compiles_and_links_lead_somewhere(page: str) -> None:
    """Every Python block of a page compiles and every link to a page of ours exists."""
    text = (DOCS / page).read_text(encoding="utf-8")
    for block in blocks(page):
        compile(block, page, "exec")
    links = re.findall(r"\]\((?!https?:)([^)#]+)", text)

    assert [link for link in links if not (DOCS / page).parent.joinpath(link).exists()] == []


def test_the_page_about_preconditions_can_be_asked_of_the_demo_hotel(tmp_path: Path) -> None:
    """Its blockers name tables, columns and paths that are there."""
    given: list[Blocker] = []
    space: dict[str, Any] = {"guesterase": SimpleNamespace(block=lambda *all_: given.extend(all_))}
    run("how-to/preconditions.md", 0, space)
    url = f"sqlite:///{tmp_path / 'hotel.sqlite'}"
    app = create_app({"INSTANCE_PATH": str(tmp_path), "DATABASE_URL": url, "TESTING": True})
    with app.app_context():
        datamap = app.extensions["guesterase"].extension.datamap
        assert len(given) == 3
        assert preconditions.findings(datamap, given) == []


def test_the_register_of_the_page_is_declared() -> None:
    """The declaration on the page about the register names columns that its policy knows."""
    space: dict[str, Any] = {"__name__": "register"}
    run("how-to/show-the-register.md", 0, space)
    policy = space["registration"]
    named = {value for value in vars(policy.register).values() if value}
    assert named <= set(policy.columns)


class Base(DeclarativeBase):
    """Base of the models that the page about retention speaks of."""


class Guest(Base):
    __tablename__ = "guests"
    id: Mapped[int] = mapped_column(primary_key=True)
    hotel: Mapped[str]
    name: Mapped[str | None]
    nationality: Mapped[str | None]
    born: Mapped[date | None]
    stays: Mapped[list[Stay]] = relationship(back_populates="guest")


class Stay(Base):
    __tablename__ = "stays"
    id: Mapped[int] = mapped_column(primary_key=True)
    guest_id: Mapped[int] = mapped_column(ForeignKey("guests.id"))
    came_at: Mapped[datetime | None]
    left_at: Mapped[datetime | None]
    guest: Mapped[Guest] = relationship(back_populates="stays")


class Registration(Base):
    __tablename__ = "registrations"
    id: Mapped[int] = mapped_column(primary_key=True)
    stay_id: Mapped[int] = mapped_column(ForeignKey("stays.id"))
    room: Mapped[str | None]
    first_night: Mapped[date | None]
    last_night: Mapped[date | None]
    name: Mapped[str | None]
    document: Mapped[str | None]
    stay: Mapped[Stay] = relationship()


class Invoice(Base):
    __tablename__ = "invoices"
    id: Mapped[int] = mapped_column(primary_key=True)
    stay_id: Mapped[int] = mapped_column(ForeignKey("stays.id"))
    billed_to: Mapped[str | None]
    total: Mapped[int | None]
    issued_on: Mapped[date | None]
    stay: Mapped[Stay] = relationship()


def test_the_policies_of_the_page_about_retention_tell_the_law_what_it_asks() -> None:
    """Its clocks, facts and places are found in the tables it speaks of."""
    space: dict[str, Any] = {"__name__": "retention"}
    run("how-to/retention.md", 0, space)
    run("how-to/retention.md", 1, space)
    policies = {name: space[name] for name in ("guests", "registrations", "invoices")}
    policies["stays"] = Policy({"came_at": keep("occupancy"), "left_at": keep("occupancy")},
                               via="guest")
    known = datamap(Base.metadata, policies, Base.registry.mappers)
    assert [f for f in known.findings if f.severity is Severity.STOP] == []
    assert clock_findings(known) == []
    settings = Settings({hotel.code: hotel for hotel in space["HOTELS"]})
    engine = create_engine("sqlite://")
    Base.metadata.create_all(engine)
    with engine.begin() as conn:
        conn.execute(insert(Guest).values(id=1, hotel="lej", nationality="PE"))
        conn.execute(insert(Stay).values(id=1, guest_id=1, left_at=datetime(2026, 1, 14, 23, 30)))
        conn.execute(insert(Registration).values(id=1, stay_id=1))
        found = facts_of(conn, known, settings, "registrations", [(1,)])[(1,)]
    engine.dispose()
    assert found.place == "lej"
    assert found.facts.events == {"departed": date(2026, 1, 14)}
    assert found.facts.answers == {"nationality": "PE"}
    assert found.facts.country == "DE"
