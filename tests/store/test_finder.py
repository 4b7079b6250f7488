"""People are found by what is on file, in any spelling; a value that cannot be one finds nobody."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import (
    Column,
    Date,
    Dialect,
    Engine,
    Enum,
    Integer,
    MetaData,
    Numeric,
    String,
    Table,
    TypeDecorator,
    Uuid,
    insert,
)

from flask_guesterase.core.errors import MatchError
from flask_guesterase.core.policy import Policy, Subject
from flask_guesterase.store.erasing.carrying import candidates, carriers, known
from flask_guesterase.store.transaction import transaction
from tests.store.inn import datamap, host
from tests.store.test_eraser import Sealed

TOKEN = uuid.UUID("00000000-0000-4000-8000-00000000abcd")
MAPPING = MetaData()
GUESTS = Table(
    "guests", MAPPING,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("name", String(40)), Column("email", String(40)), Column("phone", String(40)),
    Column("house", String(8)), Column("number", Integer), Column("token", Uuid),
    Column("text_token", Uuid(as_uuid=False)), Column("born", Date), Column("code", Sealed(20)),
    Column("kind", Enum("adult", "child", name="kind")), Column("points", Numeric(10, 2)),
)


def by_number(table: Any, value: str) -> Any:
    """Return a vendor's condition that fails on anything but a number."""
    return table.c.number == int(value)


KEYS = ("email", "phone", "number", "token", "text_token", "born", "code", "kind", "points")
DECLARED = datamap(MAPPING, {"guests": Policy(
    {},
    subject=Subject(
        match={**{key: key for key in KEYS}, "vendor": by_number},
        name="name", contact=["email", "phone"], property="house",
    ),
)})


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    """A database with two guests, of whom one is meant."""
    with host(database_url, MAPPING) as made:
        with made.begin() as conn:
            conn.execute(insert(GUESTS), [
                {"id": 1, "name": "Aino", "email": "Aino@Example.com", "phone": "+358 40 123-4567",
                 "house": "sh", "number": 17, "token": TOKEN, "text_token": str(TOKEN),
                 "born": dt.date(2000, 2, 29), "code": "K1", "kind": "adult", "points": 3},
                {"id": 2, "name": "Bo", "email": "", "phone": "0", "house": "mu", "number": 0,
                 "token": uuid.UUID(int=0), "text_token": str(uuid.UUID(int=0)),
                 "born": dt.date(1999, 1, 1), "code": "", "kind": "child", "points": 0},
            ])
        yield made


def found(engine: Engine, key: str, value: str, house: str | None = None) -> list[Any]:
    """Return the keys of the guests a value finds."""
    with transaction(engine, write=False) as conn:
        return [c.person[1][0] for c in candidates(conn, DECLARED, key, value, house, "FI")]


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("email", " aino@EXAMPLE.com "),
        ("phone", "+358401234567"),
        ("phone", "040 1234567"),
        ("number", "17"),
        ("token", str(TOKEN).upper()),
        ("text_token", TOKEN.hex),
        ("born", "2000-02-29"),
        ("code", "K1"),
        ("kind", "adult"),
        ("points", "3.00"),
        ("vendor", "17"),
    ],
)
def test_a_value_finds_its_row_in_any_spelling(engine: Engine, key: str, value: str) -> None:
    """Text, numbers, UUIDs, dates, choices and encrypted columns are all looked for as they are."""
    if key == "phone" and value.startswith("0"):
        with engine.begin() as conn:
            conn.execute(GUESTS.update().where(GUESTS.c.id == 1).values(phone="0401234567"))
    assert found(engine, key, value) == [1]
    assert found(engine, key, value, "sh") == [1]
    assert found(engine, key, value, "mu") == []


def test_an_accent_makes_another_mailbox(engine: Engine) -> None:
    """MariaDB takes letters for equal that the world's mail servers keep apart."""
    with engine.begin() as conn:
        conn.execute(insert(GUESTS), {"id": 3, "name": "Aïno", "email": "aino@exämple.com"})
    assert found(engine, "email", "aino@example.com") == [1]
    assert found(engine, "email", "AINO@EXÄMPLE.com") == [3]
    with transaction(engine, write=False) as conn:
        people = carriers(conn, DECLARED, "email", "aino@example.com")
    assert people == {("guests", (1,))}


@pytest.mark.parametrize("asked", ["Zoë.ÜNAL@exämple.com", "ZOË.ÜNAL@EXÄMPLE.COM"])
def test_a_mailbox_is_found_by_letters_that_are_no_ascii(engine: Engine, asked: str) -> None:
    """Not every database knows the small form of each letter; SQLite knows those of ASCII alone."""
    with engine.begin() as conn:
        conn.execute(insert(GUESTS), {"id": 3, "name": "Zoë", "email": "Zoë.ÜNAL@exämple.com"})
    assert found(engine, "email", "Zoë.ÜNAL@exämple.com") == [3]
    with engine.begin() as conn:
        conn.execute(GUESTS.update().where(GUESTS.c.id == 3).values(email=asked.upper()))
    assert found(engine, "email", asked) == [3]
    with transaction(engine, write=False) as conn:
        assert carriers(conn, DECLARED, "email", asked) == {("guests", (3,))}


@pytest.mark.parametrize("key", KEYS[2:])
def test_a_value_that_cannot_be_one_finds_nobody(engine: Engine, key: str) -> None:
    """What is no number, UUID, date or choice is nobody's, and no failure of the database."""
    for value in ("x'); --", "99999999999999999999999999", "2000-13-45", "Aino Korhonen 7"):
        assert found(engine, key, value) == []


def test_a_vendors_condition_that_fails_does_not_tell_the_value(engine: Engine) -> None:
    """What the vendor's callable says about the value stays here."""
    with pytest.raises(MatchError) as raised:
        found(engine, "vendor", "Aino Korhonen")
    assert "Korhonen" not in str(raised.value)
    assert raised.value.__suppress_context__


class Latin(TypeDecorator[str]):
    """A type of the host's that takes no other letters."""

    impl = String
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        """Refuse what cannot be written."""
        return value if value is None else value.encode("latin-1").decode("latin-1")


TWO = MetaData()
for name, kind in (("members", Latin(40)), ("visitors", String(40))):
    Table(
        name, TWO,
        Column("id", Integer, primary_key=True, autoincrement=False), Column("email", kind),
    )  # fmt: skip


def test_a_table_that_cannot_hold_a_value_hides_no_row_of_another(sqlite_url: str) -> None:
    """Of a value that none can hold nobody is on file."""
    policy = Policy({}, subject=Subject(match=["email"], contact=["email"]))
    declared = datamap(TWO, dict.fromkeys(TWO.tables, policy))
    address = "\u738b@mail.example"
    with host(sqlite_url, TWO) as made:
        with made.begin() as conn:
            conn.execute(insert(TWO.tables["visitors"]), [{"id": 1, "email": address}])
        with transaction(made, write=False) as conn:
            (one,) = candidates(conn, declared, "email", address, None)
        assert one.person == ("visitors", (1,))
        alone = datamap(TWO, {"members": policy})
        with transaction(made, write=False) as conn, pytest.raises(MatchError):
            candidates(conn, alone, "email", address, None)


@pytest.mark.parametrize("value", ["", " ", "0", "--"])
def test_a_value_of_nobody_is_refused(engine: Engine, value: str) -> None:
    """Empty values and zeros never find the rows that have nothing on file."""
    for key in ("email", "phone", "number", "code"):
        with pytest.raises(MatchError):
            found(engine, key, value)


def test_what_is_on_file_is_read_with_the_row(engine: Engine) -> None:
    """Name, contacts, property and match values come along, empty ones left out."""
    with transaction(engine, write=False) as conn:
        both = known(conn, DECLARED, [("guests", (1,)), ("guests", (2,)), ("guests", (3,))])
    aino, bo = both["guests", (1,)], both["guests", (2,)]
    assert len(both) == 2
    assert (aino.name, aino.property) == ("Aino", "sh")
    assert aino.contacts == {"email": "Aino@Example.com", "phone": "+358 40 123-4567"}
    assert "email" not in bo.contacts
    assert aino.values["code"] == "K1"
