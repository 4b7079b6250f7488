"""Promise: odd tables, names, keys and files hide no copy, and accuse nobody."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import (
    BindParameter,
    Column,
    ColumnElement,
    Date,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    TypeDecorator,
    func,
    insert,
    text,
    type_coerce,
)

from flask_guesterase.core.errors import BusyError
from flask_guesterase.core.policy import Equal, Policy
from flask_guesterase.core.treatment import keep, null, retain
from flask_guesterase.store import worker
from flask_guesterase.store.catalog.shape import LiveColumn, LiveSchema, LiveTable
from flask_guesterase.store.mapping.datamap import resolve
from flask_guesterase.store.search import reading, residue, scan
from flask_guesterase.store.search.scan import Opened, Piece, pieces
from flask_guesterase.store.search.space import Place, Way, space
from tests.engines import fresh_database
from tests.store.hiding import Veiled
from tests.store.hotel import Base, Booking, Hotel, Invoice, Scan, policies
from tests.store.test_residue import found, note, places, run_of

ANN = {"name": "Ann Berg", "email": "ann@post.example", "document_no": "E12345678"}
AGENCY = "desk@agency.example"


def run(hotel: Hotel, *statements: str) -> None:
    """Run statements as the host."""
    with hotel.engine.begin() as conn:
        for each in statements:
            conn.exec_driver_sql(each)


def with_tables(hotel: Hotel, *more: Table) -> None:
    """Let the host map further tables, about which nothing is declared."""
    known = [*Base.metadata.tables.values(), *more]
    hotel.datamap = resolve(policies(str(hotel.files)), known, list(Base.registry.mappers))


def erase_ann(hotel: Hotel) -> str:
    """Erase the guest; return the number of the request."""
    number = hotel.approved(document_no=ANN["document_no"])
    worker.carry_out(run_of(hotel), number)
    return number


class Held:
    """A table that somebody holds when it is read for the first time, at its beginning or later.

    :param name: the table.
    :param at: which of its pieces is not given.
    """

    def __init__(self, name: str, at: int = 0) -> None:
        self.name, self.at, self.tries = name, at, 0

    def __call__(self, opened: Opened, place: Place) -> Iterator[Piece]:
        """Read as always, but for that."""
        self.tries += place.name == self.name
        for number, piece in enumerate(pieces(opened, place)):
            if (place.name, number, self.tries) == (self.name, self.at, 1):
                raise BusyError("Somebody holds it.", "Try again.")
            yield piece


def test_a_subject_table_that_was_held_still_says_who_lives(
    hotel: Hotel, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What living people share is theirs, also when their table could be read only later."""
    hotel.guest(1, **{**ANN, "email": AGENCY})
    hotel.guest(2, name="Bo Lind", email=AGENCY)
    note(hotel, AGENCY)
    held = Held("guests")
    monkeypatch.setattr(reading, "pieces", held)
    number = erase_ann(hotel)
    assert held.tries == 2
    assert places(hotel, number) == {}
    assert hotel.state(number) == "erased"


def test_rows_that_are_read_twice_count_once(
    any_hotel: Hotel, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A table that was cut off in the middle begins anew, with its rows and their keys."""
    hotel = any_hotel
    hotel.guest(1, **ANN)
    with hotel.engine.begin() as conn:
        conn.execute(text("CREATE TABLE loose (t VARCHAR(90))"))
        conn.execute(text("INSERT INTO loose VALUES (:t)"), [{"t": ANN["email"]}] * 120)
    monkeypatch.setattr(reading, "pieces", Held("loose", 1))
    number = erase_ann(hotel)
    assert [item["rows"] for item in found(hotel, number)["left"]] == [120]
    assert found(hotel, number)["rows"] == 121


def test_a_find_in_a_table_without_a_key_settles_no_other(any_hotel: Hotel) -> None:
    """Rows are counted one by one, and who says whose one is says nothing of the next."""
    hotel = any_hotel
    hotel.guest(1, **ANN)
    lines = ("of the porter", "of the cook", "of the cook")
    run(hotel, "CREATE TABLE loose (t VARCHAR(90))",
        *(f"INSERT INTO loose VALUES ('{ANN['email']} {line}')" for line in lines))  # fmt: skip
    number = erase_ann(hotel)
    assert [item["rows"] for item in found(hotel, number)["left"]] == [3]
    with hotel.begin() as office:
        hits = office.residue(number, "clerk")["hits"]
        (porter,) = [hit["mark"] for hit in hits if "porter" in hit["context"]]
        office.not_theirs(number, "clerk", [porter])
        assert office.check(number) == "partial"
        assert office.residue(number)["left"][0]["rows"] == 2
        hits = office.residue(number, "clerk")["hits"]
        assert {hit["context"] for hit in hits} == {"▇▇▇ of the cook"}
        office.not_theirs(number, "clerk", [hit["mark"] for hit in hits])
        assert office.check(number) == "erased"
    # What was said of those rows is not said of one that comes later.
    run(hotel, f"INSERT INTO loose VALUES ('{ANN['email']} again')")
    with hotel.begin() as office:
        office.look_again(number)
    residue.searched(run_of(hotel), [number])
    assert [item["rows"] for item in found(hotel, number)["left"]] == [1]


def test_what_the_law_keeps_in_rows_without_a_key_is_no_residue(any_hotel: Hotel) -> None:
    """They are known by all they hold, here as everywhere."""
    hotel = any_hotel
    slips = Table(
        "slips", MetaData(), Column("booking_id", Integer), Column("billed_to", String(90))
    )
    declared = [
        *policies(str(hotel.files)),
        (slips, Policy(
            {"billed_to": retain("invoice"), "booking_id": keep("the stay")},
            via=Equal({"booking_id": "id"}, to="bookings"),
        )),
    ]  # fmt: skip
    with hotel.engine.begin() as conn:
        slips.create(conn)
        conn.execute(insert(slips), [{"booking_id": 1, "billed_to": ANN["email"]}] * 2)
    known = [*Base.metadata.tables.values(), slips]
    hotel.datamap = resolve(declared, known, list(Base.registry.mappers))
    hotel.guest(1, **ANN)
    hotel.put(Booking, id=1, number="B1", guest_id=1)
    number = erase_ann(hotel)
    assert found(hotel, number)["left"] == []
    assert hotel.state(number) == "sealed"


def test_a_row_with_two_values_is_settled_with_one_tick(hotel: Hotel) -> None:
    """A mailbox and a name in one text are one row that is somebody else's; what is shown of both
    is one line where it reads the same, and two where they stand far apart."""
    hotel.guest(1, **ANN)
    hotel.guest(2, name="Bo Lind", email="bo@post.example")
    far = f"Ann Berg {'asked for a quiet room ' * 4}ann@post.example"
    hotel.put(Booking, id=2, number="B2", guest_id=2, remark="Ann Berg, ann@post.example")
    hotel.put(Booking, id=3, number="B3", guest_id=2, remark=far)
    number = erase_ann(hotel)
    assert sum(item["rows"] for item in found(hotel, number)["left"]) == 4
    with hotel.begin() as office:
        hits = office.residue(number, "clerk")["hits"]
        assert [hit["key"] for hit in hits].count("int:2") == 1
        assert [hit["key"] for hit in hits].count("int:3") == 2
        marks = {hit["mark"] for hit in hits}
        assert office.not_theirs(number, "clerk", marks) == 2
        assert office.check(number) == "erased"


def test_a_key_that_holds_several_values_shows_none(hotel: Hotel) -> None:
    """Names of files and of rows are shown to staff without any value that was looked for."""
    hotel.guest(1, **ANN, phone="+86 139 0000 1234")
    (hotel.files / "E12345678_13900001234.jpg").write_bytes(b"x")
    run(hotel, "CREATE TABLE marks (m VARCHAR(90) PRIMARY KEY)",
        "INSERT INTO marks VALUES ('ann@post.example/E12345678')")  # fmt: skip
    number = erase_ann(hotel)
    assert places(hotel, number) == {
        "marks.m": {"document", "email"}, "scans.path": {"document", "phone"},
    }  # fmt: skip
    with hotel.begin() as office:
        shown = json.dumps(office.residue(number, "clerk"), ensure_ascii=False)
    for value in ("E12345678", "13900001234", "ann@post"):
        assert value not in shown


def test_a_file_whose_name_is_no_utf8_is_found(hotel: Hotel) -> None:
    """One name from an old share stops no search, and is found as any other."""
    hotel.guest(1, **ANN)
    with open(os.fsencode(hotel.files) + b"/M\xfcller_E12345678.jpg", "wb") as file:
        file.write(b"x")
    number = erase_ann(hotel)
    assert places(hotel, number) == {"scans.path": {"document"}}


def test_a_folder_that_cannot_be_read_is_named(
    hotel: Hotel, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What nobody could look into is said on the certificate."""
    hotel.guest(1, **ANN)
    closed = hotel.files / "closed"
    closed.mkdir()
    scan = os.scandir

    def refused(path: Any) -> Any:
        if os.fspath(path) == str(closed):
            raise PermissionError(13, "Permission denied", str(closed))
        return scan(path)

    monkeypatch.setattr(os, "scandir", refused)
    number = erase_ann(hotel)
    assert found(hotel, number)["unsearched"] == ["scans.path (a folder in it cannot be read)"]


@pytest.mark.parametrize("whole", [False, True])
def test_a_file_that_leaves_is_none_that_is_left(hotel: Hotel, whole: bool) -> None:
    """Whether the host notes its name from the folder on, or its whole path."""
    hotel.guest(1, **ANN)
    file = hotel.files / "E12345678.jpg"
    file.write_bytes(b"x")
    hotel.put(Scan, id=1, guest_id=1, path=str(file) if whole else file.name)
    number = erase_ann(hotel)
    assert found(hotel, number)["left"] == []
    assert hotel.state(number) == "erased"


class Diary(TypeDecorator[date]):
    """A type of the host's that cannot read everything that lies in its column."""

    impl = Date
    cache_ok = True

    def process_result_value(self, value: Any, dialect: Any) -> date | None:
        """Read."""
        raise LookupError(str(value))


diary = Table("diary", MetaData(), Column("day", Diary, primary_key=True), Column("t", String(90)))


def test_a_key_that_the_hosts_type_cannot_read_hides_no_row(any_hotel: Hotel) -> None:
    """Another table's odd value must not keep this guest's request from its end."""
    hotel = any_hotel
    with_tables(hotel, diary)
    hotel.guest(1, **ANN)
    with hotel.engine.begin() as conn:
        diary.create(conn)
        conn.execute(text("INSERT INTO diary VALUES ('2026-02-01', 'ann@post.example')"))
    number = erase_ann(hotel)
    assert places(hotel, number) == {"diary.t": {"email"}}


def test_an_error_of_the_hosts_own_code_stops_no_search(
    hotel: Hotel, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The table is named as not searched, by the name of the error alone."""
    hotel.guest(1, **ANN)
    note(hotel, "ann@post.example")

    def broken(opened: Opened, place: Place) -> Iterator[Piece]:
        if place.name == "bookings":
            raise LookupError("ann@post.example is no state of a booking")
        yield from pieces(opened, place)

    monkeypatch.setattr(reading, "pieces", broken)
    number = erase_ann(hotel)
    assert places(hotel, number) == {"notes.t": {"email"}}
    assert found(hotel, number)["unsearched"] == ["bookings (LookupError)"]


def test_types_that_hosts_name_themselves_are_looked_into(
    postgresql_url: str, tmp_path: Path
) -> None:
    """A domain called like a number, a point or a box holds text all the same."""
    hotel = Hotel(postgresql_url, tmp_path)
    hotel.guest(1, **ANN)
    run(
        hotel, "CREATE DOMAIN document_number AS varchar(40)",
        "CREATE DOMAIN contact_point AS text", "CREATE DOMAIN inbox AS text",
        "CREATE TYPE birth_date_and_mail AS (day date, mail text)",
        "CREATE TABLE odd (id int PRIMARY KEY, d document_number, p contact_point, b inbox,"
        " r birth_date_and_mail, at timestamptz, n numeric(9, 2))",
        "INSERT INTO odd VALUES (1, 'E12345678', 'ann@post.example', 'ann@post.example',"
        " row('1990-01-01', 'ann@post.example'), now(), 1.5)",
    )  # fmt: skip
    number = erase_ann(hotel)
    assert places(hotel, number) == {
        "odd.d": {"document"}, "odd.p": {"email"}, "odd.b": {"email"}, "odd.r": {"email"},
    }  # fmt: skip
    hotel.engine.dispose()


@pytest.mark.parametrize("kind", ["sqlite", "mariadb"])
def test_columns_that_the_database_spells_in_another_case(
    kind: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    """Living people's own values and what the law keeps are known there as well."""
    hotel = Hotel(request.getfixturevalue(f"{kind}_url"), tmp_path)
    run(hotel, "ALTER TABLE guests RENAME COLUMN email TO Email",
        "ALTER TABLE invoices RENAME COLUMN billed_to TO Billed_To")  # fmt: skip
    hotel.guest(1, **{**ANN, "email": AGENCY})
    hotel.guest(2, name="Bo Lind", email=AGENCY)
    hotel.put(Booking, id=1, number="B1", guest_id=1)
    hotel.put(Invoice, id=1, booking_id=1, billed_to=f"{AGENCY}, E12345678", total=5)
    number = erase_ann(hotel)
    assert found(hotel, number)["left"] == []
    assert hotel.state(number) == "sealed"
    hotel.engine.dispose()


class Deep(TypeDecorator[str]):
    """A host's type that is made of another of the host's."""

    impl = Veiled
    cache_ok = True


deep = Table("deep", MetaData(), Column("id", Integer, primary_key=True), Column("t", Deep))


def test_a_type_made_of_the_hosts_own_type_is_read(any_hotel: Hotel) -> None:
    """What two types of the host encrypt is read through both."""
    hotel = any_hotel
    with_tables(hotel, deep)
    hotel.guest(1, **ANN)
    with hotel.engine.begin() as conn:
        deep.create(conn)
        conn.execute(insert(deep).values(id=1, t="mail ann@post.example"))
    number = erase_ann(hotel)
    assert places(hotel, number) == {"deep.t": {"email"}}


class Apart(TypeDecorator[str]):
    """A host's type of which the database itself keeps the key, as with pgcrypto: SQL reads it."""

    impl = String(80)
    cache_ok = True

    def bind_expression(self, bindparam: BindParameter[str]) -> ColumnElement[str]:
        return func.replace(bindparam, "@", "!")

    def column_expression(self, column: ColumnElement[str]) -> ColumnElement[str]:
        return func.replace(column, "!", "@")


class ApartBytes(TypeDecorator[str]):
    """The same, of bytes, which one engine alone reads as those of a text."""

    impl = LargeBinary
    cache_ok = True

    def bind_expression(self, bindparam: BindParameter[str]) -> ColumnElement[str]:
        return func.convert_to(func.replace(type_coerce(bindparam, String), "@", "!"), "UTF8")

    def column_expression(self, column: ColumnElement[str]) -> ColumnElement[str]:
        return func.replace(func.convert_from(column, "UTF8"), "!", "@", type_=String())


@pytest.mark.parametrize(("kind", "engine"), [
    (Apart, "sqlite"), (Apart, "postgresql"), (Apart, "mariadb"), (ApartBytes, "postgresql"),
])  # fmt: skip
def test_what_sql_itself_decrypts_is_read_and_looked_for(
    kind: type[TypeDecorator[str]], engine: str, tmp_path: Path
) -> None:
    """A copy in such a column is found, and what stood in one of the guest's own is looked for."""
    apart = Table(
        "apart", MetaData(), Column("id", Integer, primary_key=True), Column("guest", Integer),
        Column("mail", kind),
    )  # fmt: skip
    own = Policy({"mail": null}, via=Equal({"guest": "id"}, to="guests"))
    with ExitStack() as stack:
        hotel = Hotel(stack.enter_context(fresh_database(engine)), tmp_path)
        stack.callback(hotel.engine.dispose)
        known = [*Base.metadata.tables.values(), apart]
        declared = [*policies(str(hotel.files)), (apart, own)]
        hotel.datamap = resolve(declared, known, list(Base.registry.mappers))
        hotel.guest(1, **ANN)
        hotel.guest(2, name="Bo Lind")
        note(hotel, "write to berg@post.example")
        with hotel.engine.begin() as conn:
            apart.create(conn)
            conn.execute(insert(apart), [
                {"id": 1, "guest": 1, "mail": "berg@post.example"},
                {"id": 2, "guest": 2, "mail": "ann@post.example"},
            ])  # fmt: skip
        number = erase_ann(hotel)
        assert places(hotel, number) == {"apart.mail": {"email"}, "notes.t": {"email"}}


def test_what_a_table_has_beside_what_it_inherits_is_read_for_names(tmp_path: Path) -> None:
    """What it inherits is declared above; of its own columns nobody said anything (PostgreSQL)."""
    with fresh_database("postgresql") as url:
        hotel = Hotel(url, tmp_path)
        hotel.guest(1, **ANN)
        run(hotel, "CREATE TABLE former (quip TEXT) INHERITS (guests)",
            "INSERT INTO former (id, hotel, quip) VALUES (9, 'harbour', 'As Ann Berg says')")
        assert places(hotel, erase_ann(hotel)) == {"former.quip": {"name"}}
        hotel.engine.dispose()


def heirs(hotel: Hotel) -> None:
    """Let rows of former guests and their bookings lie in tables that inherit, under used keys."""
    run(hotel, "CREATE TABLE former (quip TEXT) INHERITS (guests)",
        "CREATE TABLE past () INHERITS (bookings)", "CREATE TABLE older () INHERITS (past)")


def test_what_a_table_inherits_is_read_with_the_table_above_it(tmp_path: Path) -> None:
    """Once, and judged as what is declared there: what stays there on purpose is no copy."""
    with fresh_database("postgresql") as url:
        hotel = Hotel(url, tmp_path)
        heirs(hotel)
        hotel.guest(1, **ANN)
        run(hotel, "INSERT INTO older (id, number, guest_id) VALUES (1, 'ann@post.example', 1)")
        number = erase_ann(hotel)
        assert (hotel.state(number), places(hotel, number)) == ("erased", {})
        assert found(hotel, number)["rows"] == 2
        hotel.engine.dispose()


def test_a_copy_in_a_table_that_inherits_is_found_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also one whose key a row has in the table above it, where one piece of that ends."""
    monkeypatch.setattr(scan, "SMALLEST", 1)
    with fresh_database("postgresql") as url:
        hotel = Hotel(url, tmp_path)
        heirs(hotel)
        hotel.guest(1, **ANN)
        hotel.guest(2, name="Bo Lind", email="bo@post.example")
        hotel.put(Booking, id=1, number="B1", guest_id=2)
        run(hotel, *(
            f"INSERT INTO {table} (id, number, guest_id, remark) "
            f"VALUES ({id}, '{table}', 2, 'ann@post.example')"
            for table in ("past", "older") for id in (1, 2)
        ))  # fmt: skip
        number = erase_ann(hotel)
        (left,) = found(hotel, number)["left"]
        assert (left["place"], left["rows"]) == ("bookings.remark", 4)
        hotel.engine.dispose()


def above(hotel: Hotel, *rest: str) -> None:
    """Let the bookings inherit from a table about which nothing is declared."""
    run(hotel, "CREATE TABLE papers (number VARCHAR(20), remark VARCHAR(200))",
        "ALTER TABLE bookings INHERIT papers", *rest)


def test_what_stays_in_a_declared_heir_is_no_copy_in_the_table_above_it(tmp_path: Path) -> None:
    """About which nothing is declared: it shows the same row once more (PostgreSQL)."""
    with fresh_database("postgresql") as url:
        hotel = Hotel(url, tmp_path)
        above(hotel, "CREATE TABLE archive () INHERITS (papers)")
        hotel.guest(1, **ANN)
        hotel.put(Booking, id=1, number="ann@post.example", guest_id=1)
        number = erase_ann(hotel)
        assert (hotel.state(number), places(hotel, number)) == ("erased", {})
        hotel.engine.dispose()


def test_what_lies_beside_a_declared_heir_is_found_by_itself(tmp_path: Path) -> None:
    """In the table above it, and in its other heirs, names too; each once (PostgreSQL)."""
    with fresh_database("postgresql") as url:
        hotel = Hotel(url, tmp_path)
        above(hotel, "CREATE TABLE archive () INHERITS (papers)")
        hotel.guest(1, **ANN)
        hotel.put(Booking, id=1, number="ann@post.example", guest_id=1)
        run(hotel, "INSERT INTO papers VALUES ('ann@post.example', 'As Ann Berg says')",
            "INSERT INTO archive VALUES ('ann@post.example', 'As Ann Berg said')")
        number = erase_ann(hotel)
        assert places(hotel, number) == {
            "papers.number": {"email"}, "papers.remark": {"name"},
            "archive.number": {"email"}, "archive.remark": {"name"},
        }  # fmt: skip
        assert {item["rows"] for item in found(hotel, number)["left"]} == {1}
        hotel.engine.dispose()


@pytest.mark.parametrize("hidden", [True, False])
def test_an_heir_is_read_by_itself_where_the_table_above_it_hides_rows(hidden: bool) -> None:
    """Row-level security of the table above hides its rows as well, though not in itself."""
    mail = {"mail": LiveColumn("mail", "text", True)}
    tables = {
        "guests": LiveTable("guests", "public", mail, row_security=hidden),
        "former": LiveTable("former", "public", mail, heir_of=("guests",)),
        "older": LiveTable("older", "public", mail, heir_of=("former",)),
    }
    seen = space(LiveSchema("postgresql", "17", "public", tables), resolve([], [], []))
    assert [place.name for place in seen.places] == (["former", "guests"] if hidden else ["guests"])
    assert {place.way for place in seen.places} == {Way.STREAM}


def test_two_mailboxes_in_one_cell_are_both_looked_for(hotel: Hotel) -> None:
    """Receptions write several into one field; each is the guest's."""
    hotel.guest(
        1, **{**ANN, "email": "Ann <ann@post.example>; berg@post.example"},
        phone="139 0000 1234 / 138 0013 8000 (home)",
    )  # fmt: skip
    note(hotel, "write to berg@post.example", "or ann@post.example", "call 13800138000")
    number = erase_ann(hotel)
    assert [(i["place"], i["rows"]) for i in found(hotel, number)["left"]] == [("notes.t", 3)]
    assert places(hotel, number) == {"notes.t": {"email", "phone"}}
