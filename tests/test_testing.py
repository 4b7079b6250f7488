"""The kit for a host's own tests finds what is open and what is left."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import ForeignKey, MetaData, String, create_engine, text
from sqlalchemy.orm import (
    DeclarativeBase,
    Mapped,
    mapped_column,
    scoped_session,
    sessionmaker,
)

from example_pms import db
from flask_guesterase import Guesterase, Policy, Subject, redact, retain
from flask_guesterase.testing import assert_covered, assert_erased
from tests import engines
from tests.example.test_acceptance import house, known


@pytest.mark.parametrize("kind", engines.ENGINES)
def test_a_guest_is_there_before_and_gone_after(kind: str, tmp_path: Path) -> None:
    """The values are found while they are there; retained columns do not count as left."""
    _, guest = known("li.wei")
    values = [guest.email, guest.phone, guest.document_no]
    with engines.fresh_database(kind) as url, house(url, tmp_path) as hotel:
        with pytest.raises(AssertionError, match=r"guests\.email") as left:
            assert_erased(hotel.guesterase, values)
        hotel.erase({"document": guest.document_no, "name": guest.name}, "SHA")
        assert_erased(hotel.guesterase, values)

    assert guest.email not in str(left.value)


def test_a_column_that_nobody_declared_is_named(tmp_path: Path) -> None:
    """A covered map passes; a column that only the database has does not."""
    with house(f"sqlite:///{tmp_path / 'hotel.sqlite'}", tmp_path) as hotel:
        assert_covered(hotel.guesterase)
        with db.engine.begin() as conn:
            conn.execute(text("ALTER TABLE guests ADD COLUMN nickname TEXT"))
        with pytest.raises(AssertionError, match=r"column-unmapped guests\.nickname"):
            assert_covered(hotel.guesterase)


def test_a_value_that_could_be_anybodys_is_refused(tmp_path: Path) -> None:
    """Two signs are found in every hotel."""
    with (
        house(f"sqlite:///{tmp_path / 'hotel.sqlite'}", tmp_path) as hotel,
        pytest.raises(ValueError, match="three signs"),
    ):
        assert_erased(hotel.guesterase, ["李伟"])


# a host that spells, stores and keeps in its own way


class Base(DeclarativeBase):
    """Base of a small host's models."""


class Guest(Base):
    __tablename__ = "guests"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(90))

    __erasure__ = Policy({"name": redact}, subject=Subject(match={"name": "name"}, name="name"))


class Bill(Base):
    __tablename__ = "bills"
    id: Mapped[int] = mapped_column(primary_key=True)
    guest_id: Mapped[int] = mapped_column(ForeignKey("guests.id"), index=True)
    billed_to: Mapped[str] = mapped_column(String(90))

    __erasure__ = Policy({"billed_to": retain("invoice_accounting")}, via="guest_id")


NAME = "Åsa Lindgren"


@contextmanager
def small_host(url: str, schema: str | None, script: Sequence[str]) -> Iterator[Guesterase]:
    """A host with two tables, and what its database makes by itself."""
    engine = create_engine(url)
    with engine.begin() as conn:
        Base.metadata.create_all(conn)
        for statement in script:
            conn.exec_driver_sql(statement)
    translated = MetaData(schema=schema)
    for each in Base.metadata.tables.values():
        each.to_metadata(translated, schema=schema)
    app = Flask("small host")
    app.config["SECRET_KEY"] = "x"
    session = scoped_session(sessionmaker(bind=engine))
    extension = Guesterase(session, models=translated)
    for model in (Guest, Bill):
        name = model.__tablename__
        extension.register(f"{schema}.{name}" if schema else name, model.__erasure__)
    try:
        with app.app_context():
            extension.init_app(app)
            yield extension
    finally:
        session.remove()
        engine.dispose()


LEFT = {
    "upper case": ("CREATE TABLE log (t VARCHAR(90))", "INSERT INTO log VALUES ('x LINDGREN x')"),
    "bytes": ("CREATE TABLE mime (t {bytes})", "INSERT INTO mime VALUES ('To: Lindgren')"),
    "a dot in a name": (
        'CREATE TABLE "a.b" (t VARCHAR(90))', "INSERT INTO \"a.b\" VALUES ('Lindgren')",
    ),
    "a shape on a map": (
        "CREATE TABLE map (id INTEGER PRIMARY KEY, p {point}, t VARCHAR(90))",
        "INSERT INTO map (id, t) VALUES (1, 'Lindgren')",
    ),
    "history": (
        "CREATE TABLE old (id INTEGER PRIMARY KEY, t VARCHAR(90)) WITH SYSTEM VERSIONING",
        "INSERT INTO old VALUES (1, 'Lindgren')", "UPDATE old SET t = 'x'",
    ),
    "a stored view": (
        "CREATE MATERIALIZED VIEW seen AS SELECT CAST('Lindgren' AS text) AS t",
    ),
}  # fmt: skip
ONLY = {"history": "mariadb", "a stored view": "postgresql"}
TYPES = {"sqlite": ("BLOB", "TEXT"), "postgresql": ("BYTEA", "POINT"), "mariadb": ("BLOB", "POINT")}
HIDDEN = [(w, k) for w in LEFT for k in engines.ENGINES if ONLY.get(w, k) == k]


@pytest.mark.parametrize(("where", "kind"), HIDDEN)
def test_what_is_left_anywhere_fails_the_host(where: str, kind: str) -> None:
    """However it is written and wherever the engine keeps it; the value is not repeated."""
    bytes_, point = TYPES[kind]
    quote = "`" if kind == "mariadb" else '"'
    script = [
        s.replace("{bytes}", bytes_).replace("{point}", point).replace('"', quote)
        for s in LEFT[where]
    ]
    with engines.fresh_database(kind) as url, small_host(url, None, script) as extension:
        with pytest.raises(AssertionError, match="Something is left in") as failed:
            assert_erased(extension, ["lindgren"])
        assert_erased(extension, ["bo lindqvist"])
    assert "lindgren" not in str(failed.value).casefold()


@pytest.mark.parametrize(
    ("kind", "schema"), [("sqlite", None), ("postgresql", "public"), ("mariadb", None)]
)
def test_what_the_law_keeps_does_not_fail_the_host(kind: str, schema: str | None) -> None:
    """Also where the mapping spells a schema, or a column, in another way than the database."""
    script = [
        "INSERT INTO guests VALUES (1, '[erased]')",
        "INSERT INTO bills VALUES (1, 1, 'Åsa Lindgren')",
    ]
    if kind != "postgresql":
        script.insert(0, "ALTER TABLE bills RENAME COLUMN billed_to TO Billed_To")
    with engines.fresh_database(kind) as url, small_host(url, schema, script) as extension:
        assert_covered(extension)
        assert_erased(extension, [NAME])


def test_rows_that_nobody_shows_are_not_taken_for_gone(postgresql_url: str) -> None:
    """Row-level security hides the guest from this role: that is no proof."""
    script = ["INSERT INTO guests VALUES (1, 'Lindgren')"]
    with small_host(postgresql_url, None, script) as extension:
        engine = extension.host.engine()
        with engine.begin() as conn:
            conn.exec_driver_sql("ALTER TABLE guests ENABLE ROW LEVEL SECURITY")
            conn.exec_driver_sql("ALTER TABLE guests FORCE ROW LEVEL SECURITY")
            hidden = conn.exec_driver_sql("SELECT row_security_active('guests')").scalar_one()
        with pytest.raises(AssertionError, match="row-level security" if hidden else "guests.name"):
            assert_erased(extension, ["Lindgren"])


@pytest.mark.parametrize("values", [[], [""], ["Lindgren", None]])
def test_nothing_to_look_for_proves_nothing(tmp_path: Path, values: list[Any]) -> None:
    """A test that lost its guest must not pass."""
    with (
        small_host(f"sqlite:///{tmp_path / 'h.sqlite'}", None, []) as extension,
        pytest.raises(ValueError, match="three signs"),
    ):
        assert_erased(extension, values)
