"""What the law keeps of a guest of the demo hotel, how, and that it ends by itself on its day."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any, cast

import pytest
from flask import Flask
from sqlalchemy import Connection, insert, inspect, select, text, update

from example_pms.foreign import Invoice
from example_pms.models import Booking, Guest, Registration, booking_companions
from flask_guesterase import Guesterase
from flask_guesterase.core.errors import KeyMissingError
from flask_guesterase.core.period import period
from flask_guesterase.store import tables
from flask_guesterase.store.boxes import vault
from flask_guesterase.store.deciding.amendments import House
from flask_guesterase.store.executing import settling
from flask_guesterase.store.upkeep import upgrade
from flask_guesterase.store.worker import carry_out

from . import travel
from .conftest import TODAY

DOCUMENT = "K7799001"
NAME = "Ximena Arrieta-Quispe"
STAYS = {"LEJ": (date(2026, 1, 10), date(2026, 1, 14)), "SHA": (date(2019, 5, 2), date(2019, 5, 4))}


@pytest.fixture
def guesterase(app: Flask) -> Iterator[Guesterase]:
    """The extension in the demo hotel, its packs signed and its keys copied."""
    with app.app_context():
        found: Guesterase = app.extensions["guesterase"].extension
        upgrade.upgrade(found.host.engine())
        upgrade.make_keys(found.host.engine(), found.custodian)
        one_company(found)
        travel.to(found, TODAY)
        travel.lawful(found)
        yield found


def one_company(found: Guesterase) -> None:
    """Let one company answer for both hotels, so that a guest of both asks it for all at once."""
    state = cast(Any, found)._state()
    known = state.settings.properties
    sisters = {code: replace(hotel, controller="Linden Hotels") for code, hotel in known.items()}
    state.settings = replace(state.settings, properties=sisters)


def guest(engine: Any) -> int:
    """Put a guest on file who stayed long ago in Shanghai and lately in Leipzig; return the id."""
    with engine.begin() as conn:
        key = conn.execute(
            insert(Guest).values(
                property_code="LEJ", name=NAME, email="ximena@mail.example", document_no=DOCUMENT,
                document_type="passport", nationality="PE", vip=False, newsletter=False,
                created_on=date(2019, 5, 1), birth_date=date(1988, 2, 29),
            )
        ).inserted_primary_key[0]  # fmt: skip
        for number, (place, (came, left)) in enumerate(STAYS.items()):
            _stay(conn, key, place, number, came, left)
    return int(key)


def _stay(conn: Connection, guest_id: int, place: str, number: int, came: date, left: date) -> None:
    room = conn.execute(
        text("SELECT number FROM rooms WHERE property_code = :p ORDER BY number"), {"p": place}
    ).scalar()
    booking = conn.execute(
        insert(Booking).values(
            property_code=place, number=f"X-{place}-1", booker_id=guest_id, status="departed",
            planned_arrival=came, planned_departure=left, room_no=room, source="web", amount=100,
            arrived_at=datetime(came.year, came.month, came.day, 15),
            departed_at=datetime(left.year, left.month, left.day, 9),
            created_at=datetime(came.year, came.month, came.day, 9),
        )
    ).inserted_primary_key[0]  # fmt: skip
    conn.execute(
        insert(booking_companions).values(booking_id=booking, guest_id=guest_id, role="main")
    )
    conn.execute(
        insert(Registration).values(
            property_code=place, booking_id=booking, guest_id=guest_id, room_no=room,
            first_night=came, last_night=left - timedelta(days=1), name=NAME, nationality="PE",
            document_type="passport", document_no=DOCUMENT,
            reported_at=datetime(came.year, came.month, came.day, 20), police_ref=f"PSB-{place}",
        )
    )  # fmt: skip
    conn.execute(
        insert(Invoice).values(
            number=f"INV-{place}-9", property_code=place, booking_number=f"X-{place}-1",
            billed_to=NAME, billed_address="Calle Uno 5", issued_on=left, total_cents=10000,
            tax_cents=600, currency="EUR",
        )
    )  # fmt: skip


def ask(guesterase: Guesterase) -> str:
    """Let the guest ask at the desk in Leipzig, approve, and carry it out; return the number."""
    with guesterase.begin() as office:
        number = office.request({"document": DOCUMENT}, property="LEJ", by="lej.desk")
    with guesterase.begin() as office:
        office.confirm(number, "lej.desk")
    with guesterase.begin() as office:
        office.approve(number, "lej.officer", office.preview(number).digest)
    carry_out(guesterase.run, number)
    return number


def state(guesterase: Guesterase, number: str) -> str:
    """Return the state of a request."""
    with guesterase.begin(write=False) as office:
        return str(office.show(number)["state"])


def kept(guesterase: Guesterase, number: str) -> dict[tuple[str, str], Any]:
    """Return (table, property) -> what is kept of a request and has not ended."""
    table = tables.kept
    with guesterase.begin(write=False) as office:
        rows = office.work.conn.execute(
            select(table).where(table.c.request == number, table.c.ended_at.is_(None))
        )
        return {(row.table_name, row.property): row for row in rows}


def dump(guesterase: Guesterase) -> str:
    """Return every value of the host's own tables, as text."""
    with guesterase.host.engine().connect() as conn:
        names = [n for n in inspect(conn).get_table_names() if not n.startswith("guesterase_")]
        return "\n".join(
            str(tuple(row)) for n in names for row in conn.exec_driver_sql(f'SELECT * FROM "{n}"')
        )


def test_the_preview_tells_each_columns_own_law(app: Flask, guesterase: Guesterase) -> None:
    """Old and recent stays in two countries end on different days, by different articles."""
    guest(guesterase.host.engine())
    with guesterase.begin() as office:
        number = office.request({"document": DOCUMENT}, property="LEJ", by="lej.desk")
    done = app.test_cli_runner().invoke(args=["guesterase", "preview", number, "--json"])
    lines = json.loads(done.stdout)["retain"]
    invoices = [line for line in lines if line["table"] == "invoices"]
    register = [line for line in lines if line["table"] == "registrations"]
    assert {line["until"] for line in invoices} == {"2034-12-31", "2049-12-31"}
    assert len({line["basis"] for line in lines}) == 4
    assert len({line["grade"] for line in invoices}) == 2
    assert {line["until"] for line in register} == {"2027-01-14", ""}
    assert {tuple(line["open"]) for line in register} == {(), ("unknown-floor",)}


def test_what_is_kept_ends_by_itself_on_its_day(guesterase: Guesterase) -> None:
    """The German register line cannot be opened after a year, the invoices go after theirs.

    Nobody asks again; the certificate is supplemented when the last of it went, and not before
    the Chinese register line, whose floor nobody knows, has one.
    """
    guest(guesterase.host.engine())
    number = ask(guesterase)
    assert state(guesterase, number) == "sealed"
    held = kept(guesterase, number)
    assert {key: row.mode for key, row in held.items()} == {
        ("registrations", "LEJ"): "sealed",
        ("registrations", "SHA"): "sealed",
        ("invoices", "LEJ"): "place",
        ("invoices", "SHA"): "place",
    }
    assert DOCUMENT not in dump(guesterase)
    assert dump(guesterase).count(NAME) == 2, "the two invoices alone"
    travel.confirmed(guesterase)

    box = held["registrations", "LEJ"].box
    travel.to(guesterase, date(2027, 1, 14))
    guesterase.sweep()
    assert opened(guesterase, box), "its last day is not over"
    travel.to(guesterase, date(2027, 1, 15))
    guesterase.sweep()
    with pytest.raises(KeyMissingError):
        opened(guesterase, box)
    assert ("registrations", "LEJ") not in kept(guesterase, number)

    travel.to(guesterase, date(2034, 12, 31))
    guesterase.sweep()
    assert dump(guesterase).count(NAME) == 2
    travel.to(guesterase, date(2035, 1, 1))
    guesterase.sweep()
    assert dump(guesterase).count(NAME) == 1
    travel.to(guesterase, date(2050, 1, 2))
    guesterase.sweep()
    assert NAME not in dump(guesterase)
    assert set(kept(guesterase, number)) == {("registrations", "SHA")}
    assert state(guesterase, number) == "sealed"


def opened(guesterase: Guesterase, box: str) -> bytes:
    """Return what a box holds."""
    with guesterase.begin(write=False) as office:
        return vault.unseal(office.work.conn, guesterase.custodian, [box])[0]


def test_a_floor_nobody_knows_ends_when_two_people_say_so(guesterase: Guesterase) -> None:
    """A house period with a source settles it; the request is then erased, with a supplement."""
    guest(guesterase.host.engine())
    with guesterase.host.engine().begin() as conn:
        conn.execute(text("DELETE FROM registrations WHERE property_code = 'LEJ' AND name = :n"),
                     {"n": NAME})
        conn.execute(text("DELETE FROM invoices WHERE billed_to = :n"), {"n": NAME})
    number = ask(guesterase)
    assert set(kept(guesterase, number)) == {("registrations", "SHA")}
    travel.confirmed(guesterase)
    assert state(guesterase, number) == "sealed"
    with guesterase.begin() as office:
        said = House("guest_register", floor=period("P3Y"), clock=("departed",), source="PSB note")
        id = office.house_period("SHA", said, "sha.officer")
    guesterase.sweep()
    assert state(guesterase, number) == "sealed", "one person's word is not enough"
    with guesterase.begin() as office:
        office.confirm_house(id, "sha.officer2")
        today = office.work.now.date()
    guesterase.sweep()
    assert state(guesterase, number) == "sealed", "what had no end stays thirty days more"
    travel.to(guesterase, today + timedelta(days=30))
    guesterase.sweep()
    assert kept(guesterase, number) == {}
    assert state(guesterase, number) == "erased"
    with guesterase.begin(write=False) as office:
        content = office.certificate(number)["content"]
    # One when the last of it went, one when the file was rewritten after that.
    assert (content["supplement"], content["level"]) == (2, "L3")
    assert content["state"] == "erased"
    assert content["stays"] == []


def shelved(guesterase: Guesterase, box: str) -> list[str]:
    """Return under which keys a box's lines of the guest register are found at night."""
    table = tables.shelf
    with guesterase.begin(write=False) as office:
        rows = select(table.c.label).where(table.c.box == box)
        return list(office.work.conn.execute(rows).scalars())


@pytest.mark.parametrize(
    ("floor", "labels"), [("P15Y", ["day:2034-05-04"]), ("P3Y", [])], ids=["a day", "over"]
)
def test_a_sealed_line_is_found_by_the_key_of_its_box(
    guesterase: Guesterase, floor: str, labels: list[str]
) -> None:
    """What tells who it is dies with the day that two people gave the box, or with the box."""
    guest(guesterase.host.engine())
    box = kept(guesterase, ask(guesterase))["registrations", "SHA"].box
    assert [label.partition(":")[0] for label in shelved(guesterase, box)] == ["open"]
    with guesterase.begin() as office:
        said = House("guest_register", floor=period(floor), clock=("departed",), source="PSB note")
        id = office.house_period("SHA", said, "sha.officer")
    with guesterase.begin() as office:
        office.confirm_house(id, "sha.officer2")
    travel.to(guesterase, TODAY + timedelta(days=30))
    settling.settled(guesterase.run)
    assert shelved(guesterase, box) == labels


def test_a_period_that_was_set_is_no_sign_of_a_forger(guesterase: Guesterase) -> None:
    """Until the next sweep has put boxes under the new day they are not as the law has them now."""
    guest(guesterase.host.engine())
    ask(guesterase)
    travel.confirmed(guesterase)

    def wrong() -> list[str]:
        with guesterase.begin(write=False) as office:
            return [each.id for each in office.verify()]

    with guesterase.begin() as office:
        said = House("guest_register", floor=period("P3Y"), clock=("departed",), source="PSB note")
        id = office.house_period("SHA", said, "sha.officer")
    with guesterase.begin() as office:
        office.confirm_house(id, "sha.officer2")
    assert wrong() == []
    guesterase.sweep()
    assert wrong() == []
    sealed = tables.kept.c.until.is_not(None) & (tables.kept.c.mode == "sealed")
    with guesterase.host.engine().begin() as conn:
        conn.execute(update(tables.kept).where(sealed).values(until="2026-05-01"))
    assert set(wrong()) == {"records-differ"}


def test_records_run_out_without_a_request(guesterase: Guesterase) -> None:
    """A foreign guest's register line is gone within fifteen months though nobody asked."""
    guest(guesterase.host.engine())
    travel.confirmed(guesterase)
    travel.to(guesterase, date(2027, 1, 14))
    guesterase.sweep()
    assert dump(guesterase).count("PSB-LEJ") == 1
    travel.to(guesterase, date(2027, 1, 15))
    guesterase.sweep()
    rows = dump(guesterase)
    assert rows.count("PSB-LEJ") == 0
    assert rows.count("PSB-SHA") == 1, "nobody knows a floor for it"
    assert "ximena@mail.example" in rows, "nobody set a period for profiles"


def test_what_nobody_knows_the_end_of_is_on_the_officers_list(guesterase: Guesterase) -> None:
    """A sealed line without a number, and a stay without a date, are tasks until they have one."""
    guest(guesterase.host.engine())
    with guesterase.host.engine().begin() as conn:
        conn.execute(
            text("UPDATE bookings SET departed_at = NULL, external_ref = 'x' WHERE number = :n"),
            {"n": "X-LEJ-1"},
        )
        conn.execute(
            text("UPDATE registrations SET reported_at = NULL WHERE police_ref = 'PSB-LEJ'")
        )
    travel.confirmed(guesterase)
    assert ("LEJ", "bookings", "no-clock") in endless(guesterase, "lej.officer")
    ask(guesterase)
    guesterase.sweep()
    names = endless(guesterase, "sha.officer")
    assert ("SHA", "guest_register", "unknown-floor") in names
    assert not [name for name in names if name[0] == "LEJ"], "another hotel's list"


def endless(guesterase: Guesterase, officer: str) -> set[tuple[str, ...]]:
    """Return property, what and why of the tasks to find an end, as an officer sees them."""
    with guesterase.begin(write=False) as office:
        tasks = office.tasks(officer)
    return {tuple(task["name"].split("/")) for task in tasks if task["kind"] == "endless"}


def test_a_floor_of_a_rank_the_general_law_does_not_name_is_kept_and_told(
    guesterase: Guesterase,
) -> None:
    """Guangdong keeps the line a year; preview and journal say that its rank is in conflict."""
    settings = guesterase.settings
    place = replace(settings.properties["SHA"], region="CN-GD")
    state = cast(Any, guesterase)._state()
    state.settings = replace(settings, properties={**settings.properties, "SHA": place})
    with guesterase.begin() as office:
        office.sign_pack("CN-GD", "sha.officer")
    guest(guesterase.host.engine())
    with guesterase.begin() as office:
        number = office.request({"document": DOCUMENT}, property="LEJ", by="lej.desk")
        lines = office.preview(number).retain
    weak = [line for line in lines if line.conflicts]
    assert {(line.table, *line.conflicts) for line in weak} == {
        ("registrations", "CN-GD/guest_register")
    }
    with guesterase.begin() as office:
        office.confirm(number, "lej.desk")
    with guesterase.begin() as office:
        office.approve(number, "lej.officer", office.preview(number).digest)
    carry_out(guesterase.run, number)
    with guesterase.begin(write=False) as office:
        entries = office.work.conn.execute(
            select(tables.entry.c.body).where(tables.entry.c.action == "rank-conflict")
        ).scalars()
        assert json.loads(entries.one())["grounds"] == ["cn-gd:guest_register"]


def test_a_person_of_two_houses_waits_for_the_one_that_did_not_confirm(
    guesterase: Guesterase,
) -> None:
    """What the other house holds of them is not erased on this house's word alone."""
    guest(guesterase.host.engine())
    with guesterase.host.engine().begin() as conn:
        conn.execute(
            text("UPDATE bookings SET contact_phone = '+49 000 1' WHERE number = 'X-SHA-1'")
        )
    ended = ("departed", "cancelled", "no_show", "last_activity")
    said = House("reservation", ended, "house rule", ceiling=period("P1Y"))
    travel.ceiling(guesterase, "LEJ", said)
    travel.to(guesterase, date(2027, 6, 1))
    guesterase.sweep()
    guesterase.sweep(confirm_by="lej.officer")
    assert "ximena@mail.example" in dump(guesterase)
    guesterase.sweep(confirm_by="sha.officer")
    assert "ximena@mail.example" not in dump(guesterase)
