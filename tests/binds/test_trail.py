"""A path over two databases finds what the same path finds in one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import foreign, registry, relationship
from sqlalchemy.pool import StaticPool

from flask_guesterase.core.errors import SetupError
from flask_guesterase.core.plan import Person
from flask_guesterase.core.policy import Equal, Policy, Subject, Via
from flask_guesterase.core.treatment import keep, placeholder, redact
from flask_guesterase.store import tables as own
from flask_guesterase.store.erasing.finder import find, owners
from flask_guesterase.store.erasing.walking import led
from flask_guesterase.store.mapping.crossing import Binds, Crossing, at
from flask_guesterase.store.mapping.datamap import DataMap, resolve
from flask_guesterase.store.mapping.hops import Hop
from flask_guesterase.store.mapping.ways import Reach
from flask_guesterase.store.transaction import transaction
from tests.engines import fresh_database

GUESTS: list[dict[str, Any]] = [
    {"id": 1, "mail": "Ann@mail.example", "code": "7"},
    {"id": 2, "mail": "bea@mail.example", "code": "8"},
    {"id": 3, "mail": "", "code": "0"},
    {"id": 4, "mail": None, "code": None},
]
NOTES: list[dict[str, Any]] = [
    {"id": 1, "mail": "ann@MAIL.example", "number": 7},
    {"id": 2, "mail": "Ann@mail.example", "number": 8},
    {"id": 3, "mail": "", "number": 0},
    {"id": 4, "mail": None, "number": None},
    {"id": 5, "mail": "bea@mail.example", "number": 99},
]
PEOPLE: list[Person] = [("guests", (n,)) for n in (0, 1, 2, 3, 7)]
"""Those in the house, and one whose row is gone."""


def _tables() -> tuple[sa.Table, sa.Table]:
    metadata = sa.MetaData()
    guests = sa.Table(
        "guests", metadata, sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("mail", sa.String(80)), sa.Column("code", sa.String(8)),
    )  # fmt: skip
    notes = sa.Table(
        "notes", metadata, sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("mail", sa.String(80)), sa.Column("number", sa.Integer),
        sa.Column("seen_at", sa.TIMESTAMP, server_default=sa.text("'2026-03-09 23:00:00'")),
    )  # fmt: skip
    return guests, notes


def _map(
    guests: sa.Table, notes: sa.Table, via: Via, mappers: Any = (), number: Any = None
) -> DataMap:
    return resolve(
        [
            (guests, Policy(
                {"mail": placeholder, "code": keep("no secret")}, subject=Subject(match=["mail"])
            )),
            (notes, Policy({"mail": redact, "number": number or keep("no secret"),
                            "seen_at": keep("no secret")}, via=via)),
        ],
        [guests, notes], mappers,
    )  # fmt: skip


@contextmanager
def _apart(kind: str) -> Iterator[tuple[Crossing, sa.Table, sa.Table]]:
    """Guests in the default database, notes in one of a kind."""
    guests, notes = _tables()
    home = sa.create_engine("sqlite://", poolclass=StaticPool)
    with fresh_database(kind) as url:
        away = sa.create_engine(url)
        with home.begin() as conn:
            guests.create(conn)
            own.metadata.create_all(conn, [own.subject, own.kept])
            conn.execute(guests.insert(), GUESTS)
        with away.begin() as conn:
            notes.create(conn)
            conn.execute(notes.insert(), NOTES)
        with transaction(home, False, Binds({"away": away}, {"notes": "away"})) as crossing:
            assert isinstance(crossing, Crossing)
            yield crossing, guests, notes
        home.dispose()
        away.dispose()


VIAS = {
    "exact": (Equal({"mail": "mail"}, to="guests"), {2: {1}, 5: {2}}),
    "fold": (Equal({"mail": "mail"}, to="guests", fold=True), {1: {1}, 2: {1}, 5: {2}}),
    "number": (Equal({"number": "code"}, to="guests"), {1: {1}, 2: {2}}),
}
"""Path -> the notes it finds, and whose each is; nobody's where it is empty, 0 or unknown."""


@pytest.mark.parametrize("kind", ["sqlite", pytest.param("postgresql", marks=pytest.mark.long)])
@pytest.mark.parametrize("name", VIAS)
def test_a_path_over_two_databases(kind: str, name: str) -> None:
    """From people to rows, from rows to people, and from what rows held, the same; empty values are
    nobody's."""
    via, wanted = VIAS[name]
    with _apart(kind) as (conn, guests, notes):
        datamap = _map(guests, notes, via)
        found = find(conn, datamap, [("guests", (n,)) for n in (1, 2, 3, 4)])
        known = owners(conn, datamap, datamap.declared("notes"), [(n,) for n in range(1, 6)])
        (path,) = datamap.declared("notes").paths
        (source,) = path.hops[0].source
        values = {note["id"]: (note[source.key],) for note in NOTES}
        # One by one: of texts that differ by case alone each may be meant.
        led_on = {id: set(led(conn, datamap, path, [value])) for id, value in values.items()}
    assert {id: {p[0] for _, p in each} for id, each in led_on.items() if each} == wanted
    rows = {row.key[0]: {p[1][0] for p, _ in row.owners} for row in found["notes"]}
    assert rows == wanted
    assert {k[0]: {p[1][0] for p, _ in each} for k, each in known.items()} == wanted


@pytest.mark.parametrize(("here", "there", "wanted"), [
    ("number", "id", {1: {7}}), ("mail", "mail", {2: {1}, 5: {2}}),
])  # fmt: skip
def test_a_relationship_over_two_databases_without_a_key(
    here: str, there: str, wanted: dict[int, set[int]]
) -> None:
    """An empty value, 0 and the mark lead nowhere, also where nobody has the number any more."""
    with _apart("sqlite") as (conn, guests, notes):
        conn.execute(guests.insert(), [{"id": 0, "mail": "[erased]"}])
        conn.execute(notes.insert(), [{"id": 6, "mail": "[erased]", "number": None}])
        made, guest, note = registry(), *(type(name, (), {}) for name in ("Guest", "Note"))
        link = {"guest": relationship(
            guest, viewonly=True, primaryjoin=foreign(notes.c[here]) == guests.c[there]
        )}  # fmt: skip
        mappers = [
            made.map_imperatively(guest, guests),
            made.map_imperatively(note, notes, properties=link),
        ]
        made.configure()
        found = find(conn, _map(guests, notes, "guest", mappers), PEOPLE)
    rows = {row.key[0]: {p[1][0] for p, _ in row.owners} for row in found["notes"]}
    assert rows == wanted


def test_a_part_of_a_relationship_over_two_databases_may_be_empty() -> None:
    """Where several columns name one guest, an empty one among them is a part of the name."""
    with _apart("sqlite") as (conn, guests, notes):
        conn.execute(guests.insert(), [{"id": 7, "mail": ""}, {"id": 0, "mail": ""}])
        conn.execute(notes.insert(), [{"id": 6, "mail": "", "number": 7}])
        made, guest, note = registry(), *(type(name, (), {}) for name in ("Guest", "Note"))
        link = {"guest": relationship(guest, viewonly=True, primaryjoin=sa.and_(
            foreign(notes.c.number) == guests.c.id, foreign(notes.c.mail) == guests.c.mail
        ))}  # fmt: skip
        mappers = [
            made.map_imperatively(guest, guests),
            made.map_imperatively(note, notes, properties=link),
        ]
        made.configure()
        declared = _map(guests, notes, "guest", mappers)
        found = find(conn, declared, PEOPLE)
        known = owners(conn, declared, declared.declared("notes"), [(3,), (6,)])
    assert [row.key for row in found["notes"]] == [(6,)]
    assert {key for key, people in known.items() if people} == {(6,)}


def test_a_mask_that_is_a_number_here_and_a_text_there_leads_nowhere() -> None:
    """What an erasure writes into a number is no number of a guest, however theirs is written."""
    with _apart("sqlite") as (conn, guests, notes):
        conn.execute(guests.update().where(guests.c.id == 1).values(code="-1"))
        conn.execute(notes.update().where(notes.c.id == 1).values(number=-1))
        declared = _map(guests, notes, VIAS["number"][0], number=-1)
        found = find(conn, declared, PEOPLE)
        known = owners(conn, declared, declared.declared("notes"), [(1,), (2,)])
    assert [row.key for row in found["notes"]] == [(2,)]
    assert {key for key, people in known.items() if people} == {(2,)}


@pytest.mark.parametrize("kind", ["sqlite", "postgresql", "mariadb"])
@pytest.mark.parametrize("written", ["ZOË.ÜNAL@x", "Zoë.Ünal@x", "zoë.ünal@x"])
def test_a_path_that_folds_finds_what_stands_there_to_the_letter(kind: str, written: str) -> None:
    """Not every database knows the small form of each letter; SQLite knows those of ASCII alone."""
    with _apart(kind) as (conn, guests, notes):
        conn.execute(guests.update().where(guests.c.id == 1).values(mail=written))
        conn.execute(notes.update().where(notes.c.id == 1).values(mail=written))
        conn.execute(notes.update().where(notes.c.id == 2).values(mail=written.upper()))
        datamap = _map(guests, notes, VIAS["fold"][0])
        found = find(conn, datamap, [("guests", (1,))])
        known = owners(conn, datamap, datamap.declared("notes"), [(1,)])
    assert {row.key for row in found["notes"]} == {(1,), (2,)}
    assert {p[1][0] for p, _ in known[(1,)]} == {1}


def test_what_a_row_held_is_read_by_the_databases_own_rules_of_case() -> None:
    """A column may say by itself that case does not count; no row is there to be joined."""
    guests, notes = _tables()
    for table in (guests, notes):
        table.c.mail.type = sa.String(80, collation="NOCASE")
    home = sa.create_engine("sqlite://", poolclass=StaticPool)
    with home.begin() as conn:
        guests.create(conn)
        conn.execute(guests.insert(), GUESTS)
        datamap = _map(guests, notes, VIAS["exact"][0])
        (path,) = datamap.declared("notes").paths
        values = [("ann@MAIL.example",), ("Ann@mail.example",), ("eve@mail.example",)]
        assert sorted(led(conn, datamap, path, values)) == [(values[1], (1,)), (values[0], (1,))]
    home.dispose()


def test_the_far_databases_own_rules_of_case_decide() -> None:
    """MariaDB takes letters of another case for the same text, here as in a join of its own."""
    with _apart("mariadb") as (conn, guests, notes):
        datamap = _map(guests, notes, VIAS["exact"][0])
        found = find(conn, datamap, [("guests", (1,))])
    assert {row.key for row in found["notes"]} == {(1,), (2,)}


def test_a_date_in_another_database_is_read_by_value() -> None:
    """A clock may lie in another database; of several dates the latest counts."""
    with _apart("sqlite") as (conn, guests, notes):
        datamap = _map(guests, notes, VIAS["exact"][0])
        reach = Reach((Hop((guests.c.mail,), (notes.c.mail,)),), "number")
        read = reach.dates(conn, datamap.declared("guests"), [(1,), (2,), (4,)])
    assert read == {(1,): (8,), (2,): (99,)}


def test_a_moment_that_mariadb_keeps_in_another_database_names_its_zone() -> None:
    """Our sessions are in UTC, whatever zone the policy names for the host's."""
    with _apart("mariadb") as (conn, guests, notes):
        datamap = _map(guests, notes, VIAS["exact"][0])
        reach = Reach((Hop((guests.c.mail,), (notes.c.mail,)),), "seen_at")
        read = reach.dates(conn, datamap.declared("guests"), [(1,), (2,), (4,)])
    assert read == dict.fromkeys([(1,), (2,)], (datetime(2026, 3, 9, 23, tzinfo=UTC),))


def test_a_statement_over_two_databases_is_refused() -> None:
    """It is an error that says so, not a table that is not there."""
    with _apart("sqlite") as (conn, guests, notes):
        assert at(conn, "notes") is not conn
        assert at(conn, "guests") is conn
        assert conn.execute(sa.select(sa.func.count()).select_from(notes)).scalar_one() == 5
        assert conn.scalar(sa.select(sa.func.count()).select_from(notes.alias())) == 5
        with pytest.raises(SetupError, match="two databases"):
            conn.execute(sa.select(guests.c.id).join(notes, notes.c.mail == guests.c.mail))
        with pytest.raises(SetupError, match="two databases"):
            conn.execute(sa.select(guests.c.id).where(guests.c.mail.in_(sa.select(notes.c.mail))))
