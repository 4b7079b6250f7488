"""What the account may not change, and what no column takes, is named before a guest asks."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import (
    Boolean,
    Column,
    Date,
    Engine,
    ForeignKey,
    Integer,
    MetaData,
    Numeric,
    SmallInteger,
    String,
    Table,
    Text,
    Uuid,
    create_engine,
    make_url,
)
from sqlalchemy.pool import NullPool

from flask_guesterase.core.finding import Finding, Severity
from flask_guesterase.core.policy import Policy, Subject
from flask_guesterase.core.treatment import (
    delete,
    delete_when_last_owner,
    exempt,
    keep,
    null,
    placeholder,
    redact,
    retain,
)
from flask_guesterase.store.erasing.explained import unwritable
from flask_guesterase.store.erasing.probing import refused
from flask_guesterase.store.mapping.crossing import Binds
from flask_guesterase.store.transaction import transaction
from tests import engines
from tests.kinds import Case, Cases
from tests.store.inn import datamap, host, run, whole

CASES = Cases()


def hotel(*columns: Column[Any]) -> MetaData:
    """Guests, what they wish, and cards that go whole."""
    metadata = MetaData()
    Table(
        "guests", metadata, Column("id", Integer, primary_key=True), Column("email", String(80)),
        Column("wish", String(80)), Column("vip", Integer), *columns,
    )  # fmt: skip
    Table(
        "cards", metadata, Column("id", Integer, primary_key=True),
        Column("guest_id", ForeignKey("guests.id"), index=True), Column("holder", String(40)),
    )  # fmt: skip
    return metadata


def policies(**more: Any) -> dict[str, Policy]:
    """Return what is declared of them."""
    columns = {"email": placeholder, "wish": retain("x", then=null), "vip": keep("room")}
    return {
        "guests": Policy({**columns, **more}, subject=Subject(match=["email"])),
        "cards": Policy({}, via="guest_id", rows=delete),
    }


@contextmanager
def account(engine: Engine, *rights: str) -> Iterator[Engine]:
    """An account of the application with these rights and no other."""
    place = engine.url
    name = "app_" + str(place.database)[-12:]
    postgresql = engine.dialect.name == "postgresql"
    made = f"CREATE ROLE {name} LOGIN PASSWORD 'invented'" if postgresql else (
        f"CREATE USER {name} IDENTIFIED BY 'invented'"
    )
    with engine.begin() as conn:
        run(conn, ";;".join([made, *(f"GRANT {right} TO {name}" for right in rights)]))
    limited = create_engine(
        make_url(place).set(username=name, password="invented"), poolclass=NullPool
    )
    try:
        yield limited
    finally:
        limited.dispose()
        with engine.begin() as conn:
            gone = f"DROP OWNED BY {name};; DROP ROLE {name}"
            run(conn, gone if postgresql else f"DROP USER {name}")


def told(kind: str, *rights: str, declared: Any = None) -> list[Finding]:
    """Return what is said to an account with these rights."""
    metadata = hotel()
    known = datamap(metadata, declared or policies())
    with (
        engines.fresh_database(kind) as url,
        host(url, metadata) as engine,
        account(engine, *rights) as limited,
        transaction(limited, write=False) as conn,
    ):
        full, live = whole(conn, known)
        return [*refused(conn, full), *unwritable(conn, full, live)]


ENOUGH = ("SELECT, UPDATE (email, wish) ON guests", "SELECT, DELETE ON cards")


@CASES.of("rights-missing", *engines.SERVERS)
def a_column_that_may_not_be_changed(wrong: bool, engine: str) -> list[Finding]:
    columns = "email" if wrong else "email, wish"
    return told(engine, f"SELECT, UPDATE ({columns}) ON guests", ENOUGH[1])


@CASES.of("rights-missing", *engines.SERVERS)
def a_column_that_may_not_be_read(wrong: bool, engine: str) -> list[Finding]:
    columns = "id, email, vip" if wrong else "id, email, wish"
    return told(engine, f"SELECT ({columns}), UPDATE (email, wish) ON guests", ENOUGH[1])


@CASES.of("rights-missing", *engines.SERVERS)
def rows_that_may_not_be_deleted(wrong: bool, engine: str) -> list[Finding]:
    return told(engine, ENOUGH[0], "SELECT ON cards" if wrong else ENOUGH[1])


@CASES.of("rights-missing", "postgresql")
def a_key_that_may_not_be_read(wrong: bool, engine: str) -> list[Finding]:
    """MariaDB does not even show such a column: it counts as missing."""
    columns = "email, wish" if wrong else "id, email, wish"
    return told(engine, f"SELECT ({columns}), UPDATE (email, wish) ON guests", ENOUGH[1])


@CASES.of("rights-missing", *engines.SERVERS)
def an_exempt_table_that_may_not_be_searched(wrong: bool, engine: str) -> list[Finding]:
    """No erasure touches it, and each certificate says that nobody looked into it."""
    right = "INSERT" if wrong else "SELECT"
    return told(engine, ENOUGH[0], f"{right} ON cards",
                declared={**policies(), "cards": exempt("numbers of the printers")})  # fmt: skip


@CASES.of("rights-missing", *engines.SERVERS)
def rows_that_are_overwritten_while_others_own_them(wrong: bool, engine: str) -> list[Finding]:
    shared = Policy({"holder": redact}, via="guest_id", rows=delete_when_last_owner)
    more = "" if wrong else ", UPDATE (holder)"
    return told(engine, ENOUGH[0], f"SELECT, DELETE{more} ON cards",
                declared={**policies(), "cards": shared})  # fmt: skip


@CASES.each()
def test_each_kind_is_found_where_it_is_and_only_there(case: Case) -> None:
    """A wrong host reports the kind with its cure, and the same host put right does not."""
    case.check()


@pytest.mark.parametrize("kind", engines.SERVERS)
def test_the_columns_are_named_and_nothing_is_called_a_misfit(kind: str) -> None:
    """A right that lacks is no fault of a rule."""
    (said,) = told(kind, "SELECT, UPDATE (email) ON guests", ENOUGH[1])
    assert (said.id, said.place) == ("rights-missing", "guests.wish")
    assert told(kind, *ENOUGH) == []


NONE = UUID(int=0)


@pytest.mark.parametrize(
    ("type_", "rule", "wrong"),
    [
        (Integer(), 2**40, "postgresql"),
        (Integer(), 0, ""),
        (SmallInteger(), 99_999, "postgresql"),
        (Numeric(6, 2), Decimal("12345.6"), "postgresql"),
        (Numeric(6, 2), Decimal("1.25"), ""),
        (Boolean(), "no", "sqlite postgresql mariadb"),
        (Boolean(), False, ""),
        (Date(), "1900-01-01", "sqlite"),
        (Date(), date(1900, 1, 1), ""),
        (Uuid(), "gone", "sqlite postgresql"),
        (Uuid(), NONE, ""),
        (Uuid(), placeholder, ""),
        (Text(), {"a": 1}, "sqlite postgresql mariadb"),
        (Text(), retain("x", then=5), ""),
    ],
)  # fmt: skip
def test_a_value_that_no_column_takes_is_named(
    database_url: str, type_: Any, rule: Any, wrong: str
) -> None:
    """With its column; on PostgreSQL the database says so, elsewhere the type or the driver."""
    metadata = hotel(Column("more", type_))
    known = datamap(metadata, policies(more=rule))
    with host(database_url, metadata) as engine, transaction(engine, write=False) as conn:
        full, live = whole(conn, known)
        said = [(f.id, f.place) for f in unwritable(conn, full, live)]
        kind = live.dialect
    assert said == ([("rule-misfit", "guests.more")] if kind in wrong.split() else [])


@pytest.mark.parametrize(
    ("native", "rule", "wrong"),
    [
        ("xml", redact, True), ("date", null, False), ("date", placeholder, True),
        ("box", redact, True),
        ("varchar(20)", redact, False), ("integer", "none", True),
    ],
)  # fmt: skip
def test_a_column_that_is_no_text_in_the_database_takes_none(
    postgresql_url: str, native: str, rule: Any, wrong: bool
) -> None:
    """The mapping calls it text, so the rule seems to fit."""
    metadata = hotel(Column("more", Text))
    known = datamap(metadata, policies(more=rule))
    script = f"ALTER TABLE guests DROP more;; ALTER TABLE guests ADD more {native}"
    with host(postgresql_url, metadata, script) as engine, transaction(engine, False) as conn:
        full, live = whole(conn, known)
        said = [(f.id, f.place) for f in unwritable(conn, full, live)]
    assert said == ([("rule-misfit", "guests.more")] if wrong else [])


def test_a_table_in_another_database_is_asked_about_there(
    sqlite_url: str, postgresql_url: str
) -> None:
    """SQLite at home knows no rights, the server beside it does."""
    metadata = hotel()
    known = datamap(metadata, policies())
    home = create_engine(sqlite_url)
    metadata.tables["guests"].create(home)
    with host(postgresql_url, metadata) as engine, account(engine, "SELECT ON cards") as limited:
        binds = Binds({"archive": limited}, {"cards": "archive"})
        with transaction(home, False, binds) as conn:
            full, live = whole(conn, known)
            said = [(f.id, f.place) for f in unwritable(conn, full, live)]
    home.dispose()
    assert said == [("rights-missing", "cards")]


@pytest.mark.parametrize("right", ["DELETE", "DELETE, UPDATE (key_id)"])
@pytest.mark.parametrize("kind", engines.SERVERS)
def test_a_key_that_may_not_be_emptied_is_named(kind: str, right: str) -> None:
    """Rooms and keys that point at each other go whole, and one of them must let go first."""
    metadata = MetaData()
    Table("guests", metadata, Column("id", Integer, primary_key=True), Column("email", String(80)))
    Table(
        "rooms", metadata, Column("id", Integer, primary_key=True),
        Column("guest_id", ForeignKey("guests.id"), index=True),
        Column("key_id", ForeignKey("keys.id", use_alter=True, name="room_key"), index=True),
    )  # fmt: skip
    Table(
        "keys", metadata, Column("id", Integer, primary_key=True),
        Column("room_id", ForeignKey("rooms.id"), nullable=False, index=True),
    )  # fmt: skip
    known = datamap(metadata, {
        "guests": Policy({"email": placeholder}, subject=Subject(match=["email"])),
        "rooms": Policy({}, via="guest_id", rows=delete),
        "keys": Policy({}, via="room_id", rows=delete),
    })  # fmt: skip
    keys = "`keys`" if kind == "mariadb" else "keys"
    rights = ["SELECT, UPDATE (email) ON guests", f"SELECT, {right} ON rooms",
              f"SELECT, DELETE ON {keys}"]  # fmt: skip
    with (
        engines.fresh_database(kind) as url, host(url, metadata) as engine,
        account(engine, *rights) as limited, transaction(limited, write=False) as conn,
    ):
        said = list(unwritable(conn, *whole(conn, known)))
    wrong = "UPDATE" not in right
    assert [(f.id, f.place, f.severity) for f in said] == (
        [("rights-missing", "rooms.key_id", Severity.WARN)] if wrong else []
    )
