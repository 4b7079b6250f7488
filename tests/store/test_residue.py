"""Promise: no copy of an erased guest is overlooked, and nobody else's is taken for one."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import (
    Column,
    Computed,
    Integer,
    MetaData,
    String,
    Table,
    event,
    insert,
    select,
    text,
    update,
)

from flask_guesterase.core import image
from flask_guesterase.core.errors import BusyError, ForbiddenError, UnknownError
from flask_guesterase.core.holding import Wanted
from flask_guesterase.core.needle import Searcher, needles
from flask_guesterase.core.policy import Equal, Policy, Subject
from flask_guesterase.core.seal import Terms
from flask_guesterase.core.treatment import exempt, keep, redact, retain
from flask_guesterase.store import tables, worker
from flask_guesterase.store.boxes import safe
from flask_guesterase.store.casework import cases
from flask_guesterase.store.keys.custodian import FolderCustodian
from flask_guesterase.store.mapping.datamap import resolve
from flask_guesterase.store.office import Office
from flask_guesterase.store.returning import returned
from flask_guesterase.store.search import queued, residue, sought
from flask_guesterase.store.statements.sql import MARIADB
from flask_guesterase.store.sweeping.report import Report
from flask_guesterase.store.transaction import transaction
from tests.store import hiding
from tests.store.hotel import Base, Booking, Guest, Hotel, Invoice, Scan, policies


def run_of(hotel: Hotel) -> worker.Run:
    """Return what runs a unit of work, as the extension does."""

    def run(unit: Any, /) -> Any:
        with hotel.begin() as office:
            return unit(office)

    return run


def found(hotel: Hotel, number: str) -> dict[str, Any]:
    """Return what the search of a request said in the open."""
    (row,) = [row for row in hotel.ours("search") if row["request"] == number]
    return dict(json.loads(row["found"]))


def places(hotel: Hotel, number: str) -> dict[str, set[str]]:
    """Return what was found where."""
    left: dict[str, set[str]] = {}
    for item in found(hotel, number)["left"]:
        left.setdefault(item["place"], set()).update(item["kinds"])
    return left


@pytest.fixture
def full_hotel(any_hotel: Hotel) -> Hotel:
    """A hotel in which a guest left a copy in every hiding place there is."""
    hotel = any_hotel
    declared = policies(str(hotel.files))
    known = [*Base.metadata.tables.values(), hiding.safe_notes]
    hotel.datamap = resolve(declared, known, list(Base.registry.mappers))
    with hotel.engine.begin() as conn:
        hiding.copying(conn)
    hotel.guest(1, **hiding.GUEST)
    hotel.guest(2, name="Bo Lind", email="bo@post.example", phone="+86 139 1111 2222")
    with hotel.engine.begin() as conn:
        hiding.plant(conn)
    hotel.put(Booking, id=1, number="B1", guest_id=1, remark="late")
    hotel.put(Booking, id=2, number="B2", guest_id=2, remark=f"asks for {hiding.MAIL}")
    for at, remark in enumerate(hiding.names(), 3):
        hotel.put(Booking, id=at, number=f"B{at}", guest_id=2, remark=remark)
    (hotel.files / f"{hiding.DOCUMENT}_front.jpg").write_bytes(b"x")
    return hotel


def test_a_copy_in_every_hiding_place_is_found(full_hotel: Hotel) -> None:
    """One copy in each of more than 25 places: each is named, and the request is PARTIAL."""
    hotel = full_hotel
    number = hotel.approved(email=hiding.MAIL)
    before = hotel.rows(Guest)[1:]
    run = run_of(hotel)
    wanted = [
        needle
        for kind, value in (("email", hiding.MAIL), ("phone", hiding.PHONE),
                            ("document", hiding.DOCUMENT), ("name", hiding.NAME))
        for needle in needles(kind, value)
    ]  # fmt: skip
    assert worker.carry_out(run, number) == "partial"
    with hotel.engine.connect() as conn:
        expected = hiding.plants(hiding.kind_of(conn))
    assert len(expected) + len(hiding.IN_THE_HOTEL) >= 25
    left = places(hotel, number)
    for name, plant in expected.items():
        assert plant.place.replace('"', "") in left, name
    for name, place in hiding.IN_THE_HOTEL.items():
        assert place in left, name
    assert left["bookings.remark"] == {"email", "name"}
    assert set(left) == {p.place.replace('"', "") for p in expected.values()} | set(
        hiding.IN_THE_HOTEL.values()
    )
    assert hotel.rows(Guest)[1:] == before
    with hotel.begin() as office:
        content = office.certificate(number)["content"]
    assert {item["table"] for item in content["partial"]} == set(left)
    assert content["evidence"] == ["check-by-key", "search-by-value"]
    assert "exif.t (not text)" in content["unsearched"]
    with hotel.begin() as office:
        shown = json.dumps(office.residue(number, "clerk"), ensure_ascii=False)
    assert Searcher(wanted).hits(shown) == set()
    assert "renee" not in shown.casefold()


SHARED = {"email": "desk@agency.example", "phone": "+86 138 0013 8000"}


def test_what_living_people_share_is_theirs(any_hotel: Hotel) -> None:
    """One mailbox and one phone all over the hotel: ERASED, counted, and nobody else touched."""
    hotel = any_hotel
    for id in range(1, 41):
        hotel.guest(id, name=f"Guest Number{chr(64 + id)}", **SHARED, document_no=f"X{id:07}9")
        hotel.put(Booking, id=id, number=f"B{id}", guest_id=id, remark=f"call {SHARED['phone']}")
    with hotel.engine.begin() as conn:
        conn.execute(text("CREATE TABLE mailing (id INTEGER PRIMARY KEY, t VARCHAR(90))"))
        conn.execute(text("INSERT INTO mailing VALUES (1, 'desk@agency.example')"))
    number = hotel.approved(document_no="X00000019")
    guests, bookings = hotel.rows(Guest)[1:], hotel.rows(Booking)[1:]
    assert worker.carry_out(run_of(hotel), number) == "erased"
    assert hotel.rows(Guest)[1:] == guests
    assert hotel.rows(Booking)[1:] == bookings
    with hotel.begin() as office:
        content = office.certificate(number)["content"]
    assert content["shared_values"] == 2
    assert content["partial"] == []
    assert found(hotel, number)["left"] == []


OWN = ("reception@pine.example", "+86 21 6555 0100")


@pytest.mark.parametrize("known", [True, False])
def test_what_is_the_hotels_own_is_no_guests_value(hotel: Hotel, known: bool) -> None:
    """Whoever wrote to reception has its address in their rows; so have all the others."""
    before = hotel.settings
    houses = before.properties
    told = replace(before, properties={**houses, "mu": replace(houses["mu"], own=OWN)})
    hotel.settings = told if known else before
    written = (*OWN, hotel.settings.sender)
    for id in (1, 2):
        hotel.guest(id, name=f"Guest {chr(64 + id)}lder", email=f"g{id}@post.example")
        for at, remark in enumerate(written):
            number = 10 * id + at
            hotel.put(Booking, id=number, number=f"B{number}", guest_id=id, remark=remark)
    number = hotel.approved(email="g1@post.example")

    state = worker.carry_out(run_of(hotel), number)

    assert state == ("erased" if known else "partial")
    assert places(hotel, number) == ({} if known else {"bookings.remark": {"email", "phone"}})
    kept = [row["remark"] for row in hotel.rows(Booking)]
    assert kept == [None] * len(written) + list(written)
    hotel.settings = told
    worker.look_again(run_of(hotel), number, "clerk")
    assert places(hotel, number) == {}
    assert hotel.state(number) == "erased"


def back(hotel: Hotel, number: str, **values: Any) -> int:
    """Let an erased guest come back into their row, as staff said; return the line of it."""
    with hotel.engine.begin() as conn:
        conn.execute(update(Guest).where(Guest.id == 1).values(values))
        made = conn.execute(insert(tables.returned).values(
            request=number, controller="pine-ltd", property="sh", table_name="guests",
            row_key="int:1", why="erased-key", door="flush", state="open", attempts=0,
            seen_at=hotel.now.replace(tzinfo=None), decided_by="a1",
        ))  # fmt: skip
        return int(made.inserted_primary_key[0])


def test_what_was_left_before_is_looked_for_when_somebody_is_erased_again(hotel: Hotel) -> None:
    """She came back with another mailbox; the copy of the first one is still there."""
    hotel.guest(1, name="Ann Berg", email="ann@post.example")
    with hotel.engine.begin() as conn:
        conn.execute(text("CREATE TABLE mailing (id INTEGER PRIMARY KEY, t VARCHAR(90))"))
        conn.execute(text("INSERT INTO mailing VALUES (1, 'ann@post.example')"))
    number = hotel.approved(email="ann@post.example")
    assert worker.carry_out(run_of(hotel), number) == "partial"
    id = back(hotel, number, name="Ann Berg", email="berg@other.example")
    with hotel.begin() as office:
        assert returned.erase(office.work, id).fate == "erased"
    worker.check_all(run_of(hotel), [number], Report())
    assert hotel.state(number) == "partial"
    assert places(hotel, number) == {"mailing.t": {"email"}}


def test_who_is_erased_again_while_a_search_is_made_is_looked_for_as_well(
    hotel: Hotel, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What it found is of the values it began with; nobody is told "erased" of the others."""
    hotel.guest(1, name="Ann Berg", email="ann@post.example")
    with hotel.engine.begin() as conn:
        conn.execute(text("CREATE TABLE mailing (id INTEGER PRIMARY KEY, t VARCHAR(90))"))
        conn.execute(text("INSERT INTO mailing VALUES (1, 'ann@post.example')"))
    number = hotel.approved(email="ann@post.example")
    assert worker.carry_out(run_of(hotel), number) == "partial"
    looking, seen = residue._look, list[int]()

    def looked(*given: Any) -> Any:
        found = looking(*given)
        if not seen:
            seen.append(back(hotel, number, name="Ann Berg", email="berg@other.example"))
            with hotel.engine.begin() as conn:
                conn.execute(text("INSERT INTO mailing VALUES (2, 'berg@other.example')"))
            with hotel.begin() as office:
                assert returned.erase(office.work, seen[0]).fate == "erased"
        return found

    with hotel.engine.begin() as conn:
        conn.execute(text("DELETE FROM mailing"))
    monkeypatch.setattr(residue, "_look", looked)
    worker.check_all(run_of(hotel), [number], Report())
    assert hotel.state(number) == "partial"
    assert places(hotel, number) == {"mailing.t": {"email"}}


def test_a_namesake_who_lives_makes_a_name_a_perhaps(hotel: Hotel) -> None:
    """A full name in a text counts when nobody living bears it, else it is shown to staff alone."""
    hotel.guest(1, name="Ann Berg", email="ann@post.example")
    hotel.guest(2, name="berg, ANN", email="other@post.example")
    hotel.guest(3, name="Cy Dahl", email="cy@post.example")
    hotel.put(Booking, id=3, number="B3", guest_id=3, remark="sits with Ann Berg")
    number = hotel.approved(email="ann@post.example")
    assert worker.carry_out(run_of(hotel), number) == "erased"
    assert [item["place"] for item in found(hotel, number)["perhaps"]] == ["bookings.remark"]
    other = hotel.approved(email="other@post.example")
    assert worker.carry_out(run_of(hotel), other) == "partial"
    (left,) = found(hotel, other)["left"]
    assert (left["place"], left["reason"], left["rows"]) == ("bookings.remark", "name-in-text", 1)


@pytest.mark.parametrize(
    ("said", "state"),
    [("", "partial"), ("cards", "erased"), ("Cards", "erased"), ("main.cards", "erased")],
)
def test_a_name_counts_wherever_nothing_is_declared(
    hotel: Hotel, said: str, state: str
) -> None:
    """What nobody said is nobody's, in any spelling that the database takes, may hold the guest by
    name alone, on a card for example."""
    with hotel.engine.begin() as conn:
        conn.exec_driver_sql("CREATE TABLE cards (number INTEGER PRIMARY KEY, holder VARCHAR(40))")
        conn.exec_driver_sql("INSERT INTO cards VALUES (1, 'Ann Berg'), (2, 'Bo Lind')")
    nobodys: Any = [(said, exempt("names of rooms"))] if said else []
    hotel.datamap = hotel.mapped([*policies(str(hotel.files)), *nobodys])
    hotel.guest(1, name="Ann Berg", email="ann@post.example")
    number = hotel.approved(email="ann@post.example")
    assert worker.carry_out(run_of(hotel), number) == state
    assert places(hotel, number) == ({} if said else {"cards.holder": {"name"}})


def given_first(hotel: Hotel) -> None:
    """Let the vendor keep the given name in one column and the surname in the next."""
    hotel.datamap = hotel.mapped([
        (model, replace(policy, subject=Subject(
            match=["email"], name=["phone", "name"], contact=["email"], property="hotel"
        )) if model is Guest else policy)
        for model, policy in policies(str(hotel.files))
    ])  # fmt: skip


def test_a_name_of_two_columns_is_looked_for_as_it_is_written(hotel: Hotel) -> None:
    """The surname stands first in a text, whichever column does; a namesake's is a perhaps."""
    given_first(hotel)
    hotel.guest(1, phone="小明", name="王", email="wang@post.example")
    hotel.guest(2, phone="小明", name="王", email="other@post.example")
    hotel.guest(3, phone="Cy", name="Dahl", email="cy@post.example")
    hotel.put(Booking, id=3, number="B3", guest_id=3, remark="王小明要安静")
    number = hotel.approved(email="wang@post.example")
    assert worker.carry_out(run_of(hotel), number) == "erased"
    assert [item["place"] for item in found(hotel, number)["perhaps"]] == ["bookings.remark"]
    other = hotel.approved(email="other@post.example")
    assert worker.carry_out(run_of(hotel), other) == "partial"
    (left,) = found(hotel, other)["left"]
    assert (left["place"], left["reason"], left["rows"]) == ("bookings.remark", "name-in-text", 1)


@pytest.mark.parametrize("name", ["J. Q.", "王", "Ann", "Mr. 田中", "Kim 민수", "王先生"])
def test_a_name_that_cannot_be_looked_for_is_named(hotel: Hotel, name: str) -> None:
    """Only of its own guest; once it is gone nothing is said of it."""
    hotel.guest(1, name=name, email="ann@post.example")
    hotel.guest(2, name="Bo Lind", email="bo@post.example")
    numbers = [hotel.approved(email=f"{who}@post.example") for who in ("ann", "bo")]
    for number in numbers:
        with hotel.begin() as office:
            office.erase(number)
    residue.searched(run_of(hotel), numbers)
    said = [found(hotel, number)["unsearched"] for number in numbers]
    assert said == [["a name (only a full one is looked for)"], []]


UNSIGNED = ["สมชาย ใจด", "अन कश ग यप र", "i smail yılmaz"]
"""Names as versions before sealed them, the last of İsmail Yılmaz."""


@pytest.mark.parametrize(("name", "said"), [
    *((name, ["a name (only a full one is looked for)"]) for name in UNSIGNED),
    ("สมชาย ใจดี", []), ("ismail yılmaz", []),
])  # fmt: skip
def test_a_name_that_was_sealed_without_its_signs_is_named(
    hotel: Hotel, name: str, said: list[str]
) -> None:
    """So versions before sealed names of Thai, Indic and Turkish guests; a text has the signs."""
    number = erased_before(hotel, name)
    residue.searched(run_of(hotel), [number])
    assert found(hotel, number)["unsearched"] == said


@pytest.mark.parametrize("name", UNSIGNED)
def test_such_a_name_is_named_still_once_more_is_looked_for(hotel: Hotel, name: str) -> None:
    """What is sealed anew beside it lacks no sign, and gives it none back."""
    number = erased_before(hotel, name)
    with hotel.begin() as office:
        queued.more(office.work, number, [billed()])
    residue.searched(run_of(hotel), [number])
    assert found(hotel, number)["unsearched"] == ["a name (only a full one is looked for)"]


def billed() -> image.Image:
    """Return an invoice that was kept until its day, to a mailbox of its own."""
    return image.Image(
        "invoices", (image.cell("id", "INTEGER", 1),), image.Change.OVERWRITTEN,
        (image.cell("billed_to", "TEXT", "other@post.example"),), 0,
    )  # fmt: skip


def erased_before(hotel: Hotel, name: str) -> str:
    """Return the number of a request whose name was sealed by a version before."""
    hotel.guest(1, name="Ann Berg", email="ann@post.example")
    number = hotel.approved(email="ann@post.example")
    with hotel.begin() as office:
        office.erase(number)
        work = office.work
        case = cases.load(work, number)
        terms = Terms(case.controller, sought.PURPOSE, work.today)
        box = safe.keep(work, terms, [["name", name, "weak", ""]], number)
        work.conn.execute(update(tables.search).values(box=box))
    return number


@pytest.mark.parametrize("name", ["สมชาย แสงทอง", "कमल गगन", "İsmail Yılmaz", "Anna i Puig"])
def test_a_name_that_needs_no_signs_is_looked_for(hotel: Hotel, name: str) -> None:
    """Some names of these scripts are written without: they are found, and nothing else is said."""
    hotel.guest(1, name=name, email="ann@post.example")
    hotel.guest(3, name="Cy Dahl", email="cy@post.example")
    hotel.put(Booking, id=3, number="B3", guest_id=3, remark=f"with {name}")
    number = hotel.approved(email="ann@post.example")
    assert worker.carry_out(run_of(hotel), number) == "partial"
    assert found(hotel, number)["unsearched"] == []
    assert [left["place"] for left in found(hotel, number)["left"]] == ["bookings.remark"]


def test_an_address_that_begins_like_a_placeholder_is_looked_for(hotel: Hotel) -> None:
    """Somebody may be called so; what an erasure wrote has the whole form of it."""
    hotel.guest(1, name="Ann Berg", email="erased-tapes@post.example")
    hotel.guest(3, name="Cy Dahl", email="cy@post.example")
    hotel.put(Booking, id=3, number="B3", guest_id=3, remark="for erased-tapes@post.example")
    number = hotel.approved(email="erased-tapes@post.example")
    assert worker.carry_out(run_of(hotel), number) == "partial"


@pytest.mark.parametrize("asked", ["ann@müller.example", "ANN@xn--mller-kva.example"])
@pytest.mark.parametrize("held", ["ann@müller.example", "ann@xn--mller-kva.example"])
def test_a_mailbox_is_found_by_its_letters_and_as_it_is_sent(
    hotel: Hotel, held: str, asked: str
) -> None:
    """Whichever way guest, hotel and clerk wrote the domain."""
    hotel.guest(1, name="Ann Berg", email=held)
    hotel.guest(3, name="Cy Dahl", email="cy@post.example")
    for id, remark in enumerate(("for ann@müller.example", "for ann@xn--mller-kva.example"), 3):
        hotel.put(Booking, id=id, number=f"B{id}", guest_id=3, remark=remark)
    number = hotel.approved(email=asked)
    assert worker.carry_out(run_of(hotel), number) == "partial"
    assert [left["rows"] for left in found(hotel, number)["left"]] == [2]


def test_what_an_erasure_left_is_no_name(hotel: Hotel) -> None:
    """A profile that is erased again is not looked for by the mark that stands in it."""
    given_first(hotel)
    hotel.guest(1, phone="[erased]", name="[erased]", email="ann@post.example")
    hotel.guest(3, phone="Cy", name="Dahl", email="cy@post.example")
    hotel.put(Booking, id=3, number="B3", guest_id=3, remark="[erased], [erased] and Cy")
    number = hotel.approved(email="ann@post.example")
    assert worker.carry_out(run_of(hotel), number) == "erased"
    assert found(hotel, number)["unsearched"] == []


@pytest.mark.parametrize(("name", "note"), [
    ("佐々木 花子", "佐々木花子様のお連れ様"), ("ジョン・スミス", "ジョン・スミス様と同室"),
    ("ﾔﾏﾀﾞ ﾀﾛｳ", "ヤマダ タロウ様と同室"), ("राम शर्मा", "with राम शर्मा"),
])  # fmt: skip
def test_a_name_is_looked_for_as_its_readers_write_it(hotel: Hotel, name: str, note: str) -> None:
    """A certificate says what was searched by value, and a name in any script is a value."""
    hotel.guest(1, name=name, email="ann@post.example")
    hotel.guest(3, name="Cy Dahl", email="cy@post.example")
    hotel.put(Booking, id=3, number="B3", guest_id=3, remark=note)
    number = hotel.approved(email="ann@post.example")
    assert worker.carry_out(run_of(hotel), number) == "partial"
    (left,) = found(hotel, number)["left"]
    assert (left["place"], left["reason"]) == ("bookings.remark", "name-in-text")


def test_what_the_law_and_others_keep_is_no_residue(hotel: Hotel) -> None:
    """The invoice keeps the name for its time; a shared row of another person stays as it is."""
    hotel.guest(1, name="Ann Berg", email="ann@post.example")
    hotel.put(Booking, id=1, number="B1", guest_id=1)
    hotel.put(Invoice, id=1, booking_id=1, billed_to="ann@post.example", total=5)
    number = hotel.approved(email="ann@post.example")
    assert worker.carry_out(run_of(hotel), number) == "sealed"
    assert found(hotel, number)["left"] == []
    # The same value in an invoice that is not this guest's is a copy.
    hotel.guest(2, name="Bo Lind", email="bo@post.example")
    hotel.put(Booking, id=2, number="B2", guest_id=2)
    hotel.put(Invoice, id=2, booking_id=2, billed_to="Bo, ann@post.example", total=5)
    with hotel.begin() as office:
        office.look_again(number, "clerk")
    residue.searched(run_of(hotel), [number])
    assert places(hotel, number) == {"invoices.billed_to": {"email"}}


def folios(hotel: Hotel, policy: Policy, computed: bool = True) -> Table:
    """Add folios, with a column that is computed of two others, to the declared tables.

    :param computed: the database computes it, and not the mapping alone says so.
    """

    def made(*args: Any) -> Table:
        return Table(
            "folios", MetaData(), Column("id", Integer, primary_key=True),
            Column("one", Integer, index=True), Column("other", Integer, index=True),
            Column("payer", String(80)), Column("remark", String(80)),
            Column("joined", String(200), *args),
        )  # fmt: skip

    both = "concat(payer, ' ', remark)" if hotel.engine.dialect.name in MARIADB else (
        "payer || ' ' || remark"
    )
    mapped = made(Computed(both, persisted=True))
    (mapped if computed else made()).create(hotel.engine)
    known = [*Base.metadata.tables.values(), mapped]
    declared = [*policies(str(hotel.files)), (mapped, policy)]
    hotel.datamap = resolve(declared, known, list(Base.registry.mappers))
    return mapped


ONE, OTHER = Equal({"one": "id"}, to="guests"), Equal({"other": "id"}, to="guests")


@pytest.mark.parametrize(("why", "state", "policy"), [
    ("law", "sealed", Policy({"payer": retain("invoice"), "remark": redact}, via=ONE)),
    ("policy", "erased", Policy({"payer": keep("bookkeeping"), "remark": redact}, via=ONE)),
    ("another", "erased", Policy({"payer": redact, "remark": redact}, via={ONE: [], OTHER: []})),
    ("hold", "sealed", Policy({"payer": redact, "remark": redact}, via=ONE)),
])  # fmt: skip
def test_what_is_computed_of_what_stays_is_no_residue(
    deep_hotel: Hotel, why: str, state: str, policy: Policy
) -> None:
    """Nobody can write to it, so nobody could see to it; what it is made of is looked at itself."""
    hotel = deep_hotel
    hotel.grants["officer"].add("hold")
    table = folios(hotel, policy)
    hotel.guest(1, name="Ann Berg", email="ann@post.example")
    hotel.guest(2, name="Bo Lind", email="bo@post.example")
    with hotel.engine.begin() as conn:
        said = {"payer": "ann@post.example", "remark": "late"}
        conn.execute(insert(table).values(id=1, one=1, other=2, **said))
    if why == "hold":
        with hotel.begin() as office:
            office.place_hold(Wanted("record", "court-order", "folios", "1"), "officer")
    number = hotel.approved(email="ann@post.example")
    assert worker.carry_out(run_of(hotel), number) == state
    assert found(hotel, number)["left"] == []
    with hotel.engine.begin() as conn:
        assert "ann@post.example" in conn.execute(select(table.c.joined)).scalar_one()
        # In a row that is not this guest's it is a copy, as what it is made of.
        conn.execute(insert(table).values(id=2, one=2, **said))
    with hotel.begin() as office:
        office.look_again(number, "clerk")
    residue.searched(run_of(hotel), [number])
    assert places(hotel, number).keys() == {"folios.payer", "folios.joined"}


def test_what_a_mapping_alone_calls_computed_is_residue(hotel: Hotel) -> None:
    """The database keeps it as it was, whatever becomes of what it was made of."""
    folios(hotel, Policy({"payer": retain("invoice"), "remark": redact}, via=ONE), False)
    hotel.guest(1, name="Ann Berg", email="ann@post.example")
    said = {"payer": "Pine Ltd", "joined": "Pine Ltd ann@post.example"}
    with hotel.engine.begin() as conn:
        row = "INSERT INTO folios (id, one, payer, joined) VALUES (1, 1, :payer, :joined)"
        conn.execute(text(row), said)
    number = hotel.approved(email="ann@post.example")
    assert worker.carry_out(run_of(hotel), number) == "partial"
    assert places(hotel, number) == {"folios.joined": {"email"}}


def note(hotel: Hotel, *texts: str) -> None:
    """Put sentences into a table nobody declared."""
    with hotel.engine.begin() as conn:
        conn.execute(text("CREATE TABLE IF NOT EXISTS notes (id INTEGER PRIMARY KEY, t TEXT)"))
        for at, said in enumerate(texts, 1):
            conn.execute(text("INSERT INTO notes VALUES (:i, :t)"), {"i": at, "t": said})


def leaving(hotel: Hotel) -> str:
    """Erase a guest of whom two notes remain; return the number of the request."""
    hotel.guest(1, name="Ann Berg", email="ann@post.example", phone="+86 139 0000 1234")
    note(hotel, "write to ann@post.example, not bo@post.example", "x", "ann@post.example")
    number = hotel.approved(email="ann@post.example")
    assert worker.carry_out(run_of(hotel), number) == "partial"
    return number


def test_staff_see_where_it_is_and_nobody_whom_it_names(hotel: Hotel) -> None:
    """Rows and words around a find are shown to who may look; what names anybody is masked."""
    number = leaving(hotel)
    with hotel.begin() as office:
        assert office.residue(number)["hits"] == []
        said = office.residue(number, "clerk")
    assert said["left"] == [
        {"place": "notes.t", "reason": "copy", "rows": 2, "kinds": ["email"]}
    ]
    assert [hit["key"] for hit in said["hits"]] == ["int:1", "int:3"]
    assert all("post.example" not in json.dumps(hit) for hit in said["hits"])
    assert said["hits"][0]["context"].startswith("write to ▇▇▇")
    with hotel.begin() as office, pytest.raises(ForbiddenError):
        office.residue(number, "auditor")
    plain = json.dumps(hotel.ours("search"), default=str)
    assert "ann" not in plain
    assert "write to" not in plain


def test_another_persons_finds_can_be_told_apart(hotel: Hotel) -> None:
    """Who may verify says that a find is another person's; when all are, the request is ERASED."""
    number = leaving(hotel)
    with hotel.begin() as office:
        marks = [hit["mark"] for hit in office.residue(number, "clerk")["hits"]]
        assert office.not_theirs(number, "clerk", marks[:1]) == 1
        assert office.check(number) == "partial"
    with hotel.begin() as office, pytest.raises(UnknownError):
        office.not_theirs(number, "clerk", marks[:1])
    with hotel.begin() as office, pytest.raises(ForbiddenError):
        office.not_theirs(number, "auditor", marks[1:])
    # The next reading finds both again and remembers what was said.
    worker.look_again(run_of(hotel), number, "clerk")
    assert hotel.state(number) == "partial"
    assert found(hotel, number)["left"][0]["rows"] == 1
    with hotel.begin() as office:
        office.not_theirs(number, "clerk", marks[1:])
        assert office.check(number) == "erased"
    assert hotel.events.count("hit-settled") == 2


def test_what_staff_saw_to_is_found_gone(hotel: Hotel) -> None:
    """The host removed the copy: the next look makes the request ERASED and issues a supplement."""
    number = leaving(hotel)
    with hotel.engine.begin() as conn:
        conn.execute(text("DELETE FROM notes"))
    worker.look_again(run_of(hotel), number, "clerk")
    assert hotel.state(number) == "erased"
    with hotel.begin() as office:
        assert office.certificate(number)["content"]["supplement"] == 1
    assert "search-repeated" in hotel.events


def test_nothing_is_looked_for_again_before_anything_was_erased(hotel: Hotel) -> None:
    """Values that nobody has taken have not ended: the request waits to be carried out."""
    hotel.guest(1, name="Ann Berg", email="ann@post.example")
    number = hotel.approved(email="ann@post.example")
    with hotel.begin() as office, pytest.raises(UnknownError, match="Nothing was erased") as told:
        office.look_again(number, "clerk")
    assert "case code" not in told.value.hint


def test_the_values_end_with_the_safety_copy(hotel: Hotel) -> None:
    """A search can be repeated as long as what was erased could be had back, and no day longer."""
    hotel.guest(1, name="Ann Berg", email="ann@post.example")
    number = hotel.approved(email="ann@post.example")
    assert worker.carry_out(run_of(hotel), number) == "erased"
    with hotel.begin() as office:
        office.look_again(number, "clerk")
    note(hotel, "ann@post.example")
    residue.searched(run_of(hotel), [number])
    assert places(hotel, number) == {"notes.t": {"email"}}
    assert hotel.state(number) == "erased"
    hotel.later(days=9)
    worker.work(run_of(hotel), lambda *_: ("", ""), {})
    with hotel.begin() as office, pytest.raises(UnknownError, match="cannot be repeated"):
        office.look_again(number, "clerk")
    # Looking without the values finds nothing and says nothing.
    assert residue.searched(run_of(hotel), [number]) is None


def test_values_that_cannot_be_read_now_are_looked_for_later(hotel: Hotel) -> None:
    """Nothing is certified of a search that nobody could make, and who else waits has theirs."""
    numbers = []
    hotel.guest(3, name="Bo Lind", email="bo@post.example")
    for id, name in enumerate(("ann", "bea"), 1):
        hotel.guest(id, name=f"{name} Berg", email=f"{name}@nest.example")
        hotel.put(Booking, id=id, number=f"B{id}", guest_id=3, remark=f"of {name}@nest.example")
        numbers.append(hotel.approved(email=f"{name}@nest.example"))
        with hotel.begin() as office:
            office.erase(numbers[-1]).settled()
        hotel.later(days=1)
    key = next(hotel.custodian.path.glob("key-day-2026-04-09.json"))
    whole = key.read_bytes()
    key.write_bytes(b"")
    hotel.custodian = FolderCustodian(hotel.custodian.path)
    report = Report()
    worker.check_all(run_of(hotel), numbers, report)
    assert report.problems == {numbers[0]: "SealError"}
    assert [hotel.state(number) for number in numbers] == ["checking", "partial"]
    key.write_bytes(whole)
    worker.check_all(run_of(hotel), numbers[:1], Report())
    assert hotel.state(numbers[0]) == "partial"
    assert found(hotel, numbers[0])["left"]


def test_without_a_safety_copy_the_values_end_with_the_request(hotel: Hotel) -> None:
    """No recovery window: the box is gone in the transaction that says ERASED."""
    hotel.settings = hotel.settings.__class__(**{**vars(hotel.settings), "recovery_days": 0})
    hotel.guest(1, name="Ann Berg", email="ann@post.example")
    number = hotel.approved(email="ann@post.example")
    assert worker.carry_out(run_of(hotel), number) == "erased"
    (row,) = hotel.ours("search")
    assert (row["box"], row["shown"], row["state"]) == (None, None, sought.ENDED)
    assert not [box for box in hotel.ours("box") if box["purpose"] == sought.PURPOSE]


def test_many_people_are_looked_for_in_one_reading(hotel: Hotel) -> None:
    """The worker erases each for itself and reads each table once for all of them."""
    for id in range(1, 6):
        hotel.guest(id, name=f"Ann Berg{chr(96 + id)}", email=f"ann{id}@post.example")
        hotel.approved(email=f"ann{id}@post.example")
    note(hotel, "ann3@post.example", "ann5@post.example and ann3@post.example")
    reads = []

    @event.listens_for(hotel.engine, "before_cursor_execute")
    def _count(conn: Any, cursor: Any, statement: str, *_: Any) -> None:
        if 'FROM "notes"' in statement and "AS f0" in statement:
            reads.append(statement)

    report = worker.work(run_of(hotel), lambda *_: ("", ""), {}, frozenset({"deliver"}))
    assert report.counts["erased"] == 5
    assert len(reads) == 1
    states = sorted(row["state"] for row in hotel.ours("request"))
    assert states == ["erased"] * 3 + ["partial"] * 2


def test_a_search_that_is_cut_leaves_the_request_being_checked(hotel: Hotel) -> None:
    """No time: the reader of a page goes on, the worker makes the search."""
    hotel.guest(1, name="Ann Berg", email="ann@post.example")
    note(hotel, *(f"note {n}" for n in range(200)), "ann@post.example")
    number = hotel.approved(email="ann@post.example")
    run = run_of(hotel)
    assert worker.carry_out(run, number, seconds=-1) == "checking"
    with pytest.raises(BusyError):
        residue.searched(run, [number], seconds=-1)
    assert hotel.state(number) == "checking"
    worker.work(run, lambda *_: ("", ""), {}, frozenset({"deliver"}))
    assert hotel.state(number) == "partial"


def test_a_name_that_stays_on_purpose_may_stay_in_what_shows_it_too(
    postgresql_url: str, tmp_path: Path
) -> None:
    """A materialised view repeats a remark that the policy keeps: nobody declares a view."""
    hotel = Hotel(postgresql_url, tmp_path)
    kept = Policy({"remark": keep("complaints")}, via="guest_id")
    others = [each for each in policies(str(hotel.files)) if each[0] is not Booking]
    hotel.datamap = hotel.mapped([*others, (Booking, kept)])
    hotel.guest(1, name="Ann Berg", email="ann@post.example")
    hotel.put(Booking, id=1, number="B1", guest_id=1, remark="Ann Berg complains")
    with hotel.engine.begin() as conn:
        conn.execute(text("CREATE MATERIALIZED VIEW remarks AS SELECT remark FROM bookings"))
    number = hotel.approved(email="ann@post.example")
    assert worker.carry_out(run_of(hotel), number) == "erased"
    assert places(hotel, number) == {}
    hotel.engine.dispose()


def test_a_table_that_cannot_be_read_is_named(postgresql_url: str, tmp_path: Path) -> None:
    """Without the right to read it, a table is on the certificate as not searched."""
    hotel = Hotel(postgresql_url, tmp_path)
    hotel.guest(1, name="Ann Berg", email="ann@post.example")
    note(hotel, "ann@post.example")
    number = hotel.approved(email="ann@post.example")
    with hotel.engine.begin() as conn:
        conn.execute(text("ALTER TABLE notes OWNER TO pg_database_owner"))
        role = conn.execute(text("SELECT current_user")).scalar_one()
        conn.execute(text(f'REVOKE ALL ON notes FROM "{role}"'))
        super_ = conn.execute(
            text("SELECT rolsuper FROM pg_roles WHERE rolname = current_user")
        ).scalar_one()
    if super_:
        # A superuser reads everything: have a view of it fail instead.
        with hotel.engine.begin() as conn:
            conn.execute(text("DROP TABLE notes"))
            conn.execute(text("CREATE FOREIGN DATA WRAPPER nowhere"))
            conn.execute(text("CREATE SERVER away FOREIGN DATA WRAPPER nowhere"))
            conn.execute(text("CREATE FOREIGN TABLE notes (t text) SERVER away"))
    assert worker.carry_out(run_of(hotel), number) == "erased"
    with hotel.begin() as office:
        unsearched = office.certificate(number)["content"]["unsearched"]
    assert [place.partition(" ")[0] for place in unsearched] == ["notes"]
    hotel.engine.dispose()


@pytest.mark.usefixtures("impatient")
def test_a_declared_table_that_is_held_is_waited_for(
    postgresql_url: str, tmp_path: Path
) -> None:
    """A locked table is no searched one: the request goes on being checked until it is free."""
    hotel = Hotel(postgresql_url, tmp_path)
    hotel.guest(1, name="Ann Berg", email="ann@post.example")
    number = hotel.approved(email="ann@post.example")
    with hotel.begin() as office:
        office.erase(number)
    with hotel.engine.connect() as other:
        other.execute(text("LOCK TABLE scans IN ACCESS EXCLUSIVE MODE"))
        with pytest.raises(BusyError):
            worker.carry_out(run_of(hotel), number)
        other.rollback()
    assert hotel.state(number) == "checking"
    assert worker.carry_out(run_of(hotel), number) == "erased"
    hotel.engine.dispose()


def test_a_short_number_counts_only_under_a_name_of_its_own(hotel: Hotel) -> None:
    """A booking number that could be a price is looked for where booking numbers are."""
    hotel.guest(1, name="Ann Berg", email="ann@post.example", document_no="4711")
    with hotel.engine.begin() as conn:
        conn.execute(text("CREATE TABLE misc (id INTEGER PRIMARY KEY, price TEXT, passport TEXT)"))
        conn.execute(text("INSERT INTO misc VALUES (1, '4711', '0815'), (2, '1', '4711')"))
    number = hotel.approved(email="ann@post.example")
    assert worker.carry_out(run_of(hotel), number) == "partial"
    assert places(hotel, number) == {"misc.passport": {"document"}}


def test_who_came_back_is_no_residue(hotel: Hotel) -> None:
    """A new row of a subject with the old values is a life of its own, and is told apart."""
    number = leaving(hotel)
    hotel.guest(9, name="Ann Berg", email="ann@post.example")
    worker.look_again(run_of(hotel), number, "clerk")
    assert hotel.state(number) == "erased"
    said = found(hotel, number)
    assert (said["left"], said["back"], said["shared"]) == ([], 1, 1)


def _append(to: list[str], conn: Any, cursor: Any, statement: str, *_: Any) -> None:
    to.append(statement)


def test_the_erasing_transaction_does_not_grow_with_the_database(hotel: Hotel) -> None:
    """As many statements among thousands as among ten; the first writes the rules down."""
    counts = []
    for many, start in ((2, 1), (10, 100), (3000, 1000)):
        hotel.guest(start, name="Ann Berg", email=f"ann{start}@post.example", phone="13900001234")
        others = [
            {"id": id, "hotel": "sh", "name": "Bo Lind", "email": f"b{id}@x.example"}
            for id in range(start + 1, start + many)
        ]
        with hotel.engine.begin() as conn:
            conn.execute(insert(Guest), others)
        number = hotel.approved(email=f"ann{start}@post.example")
        statements: list[str] = []
        note = partial(_append, statements)
        listen = (hotel.engine, "before_cursor_execute", note)
        event.listen(*listen)
        with hotel.begin() as office:
            office.erase(number)
        event.remove(*listen)
        counts.append(len(statements))
        with hotel.begin() as office:
            office.check(number)
    assert counts[1] == counts[2]


def test_the_sweep_looks_again_once_a_day(hotel: Hotel) -> None:
    """What is left is looked at again without anybody asking."""
    number = leaving(hotel)
    with hotel.begin() as office:
        assert queued.left_since(office.work, office.work.stamp - timedelta(hours=20)) == []
    hotel.later(days=1)
    with hotel.begin() as office:
        assert queued.left_since(office.work, office.work.stamp - timedelta(hours=20)) == [number]
        assert queued.waiting(office.work) == [number]


def test_values_are_sealed_and_read_back_as_they_were(hotel: Hotel) -> None:
    """Nothing of them is readable in the table, and the search gets them whole."""
    hotel.guest(1, **hiding.GUEST)
    number = hotel.approved(email=hiding.MAIL)
    with hotel.begin() as office:
        office.erase(number)
    with transaction(hotel.engine, write=False) as conn:
        payloads = conn.execute(select(tables.box.c.payload)).scalars().all()
    assert all(hiding.MAIL.encode() not in bytes(payload) for payload in payloads)
    with hotel.begin() as office:
        (one,) = residue.ask(office.work, [number]).searches
    assert {(n.kind, n.value) for n in one.wanted} == {
        ("email", hiding.MAIL), ("phone", "+8613800138000"), ("document", "E12345678"),
        ("name", "müller renée weber"), ("name", "张伟明"),
    }  # fmt: skip
    assert isinstance(office, Office)
    assert Scan.__tablename__ == "scans"


def test_names_of_files_are_looked_at(hotel: Hotel) -> None:
    """A file that leaves with its row is none that is left; one that another row names is."""
    hotel.guest(1, name="Ann Berg", email="ann@post.example")
    hotel.guest(2, name="Bo Lind", email="bo@post.example")
    hotel.put(Scan, id=1, guest_id=1, path="ann@post.example.pdf")
    hotel.put(Scan, id=2, guest_id=2, path="from_ann@post.example.pdf")
    for name in ("ann@post.example.pdf", "from_ann@post.example.pdf", "bo.pdf"):
        (hotel.files / name).write_bytes(b"x")
    number = hotel.approved(email="ann@post.example")
    assert worker.carry_out(run_of(hotel), number) == "partial"
    (name, copy) = sorted(found(hotel, number)["left"], key=lambda i: i["reason"], reverse=True)
    assert (name["place"], name["reason"], name["rows"]) == ("scans.path", "file-name", 1)
    assert (copy["place"], copy["reason"], copy["rows"]) == ("scans.path", "copy", 1)


def test_the_hotels_own_mailbox_is_nobodys(hotel: Hotel) -> None:
    """Typed in for a guest who has none, it is not looked for."""
    place = hotel.settings.properties["sh"]
    ours = place.__class__(**{**vars(place), "contact": "desk@pine.example"})
    changed = {**hotel.settings.properties, "sh": ours}
    hotel.settings = hotel.settings.__class__(**{**vars(hotel.settings), "properties": changed})
    hotel.guest(1, name="Ann Berg", email="desk@pine.example", document_no="E7654321")
    note(hotel, "desk@pine.example")
    number = hotel.approved(document_no="E7654321")
    assert worker.carry_out(run_of(hotel), number) == "erased"


def test_what_goes_on_its_day_is_looked_for_as_well(hotel: Hotel) -> None:
    """A value that only a kept row had is sought when the row goes; staff see what is found."""
    hotel.guest(1, name="Ann Berg", email="ann@post.example")
    number = hotel.approved(email="ann@post.example")
    assert worker.carry_out(run_of(hotel), number) == "erased"
    note(hotel, "billed to other@post.example")
    with hotel.begin() as office:
        queued.more(office.work, number, [billed()])
        assert queued.waiting(office.work) == [number]
    residue.searched(run_of(hotel))
    assert places(hotel, number) == {"notes.t": {"email"}}
