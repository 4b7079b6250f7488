"""Our own records end as our own data map says, in batches, and nothing opens afterwards."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import (
    Boolean,
    Column,
    DateTime,
    Integer,
    LargeBinary,
    create_engine,
    insert,
    select,
    update,
)

from flask_guesterase.core.errors import KeyMissingError, SealError
from flask_guesterase.core.events import OwnDataEnded
from flask_guesterase.core.holding import Scope, Wanted
from flask_guesterase.core.own import End
from flask_guesterase.core.owntables import TABLES
from flask_guesterase.core.seal import Box, open_box
from flask_guesterase.store import tables
from flask_guesterase.store.access import tokens
from flask_guesterase.store.boxes import vault
from flask_guesterase.store.casework.cases import label
from flask_guesterase.store.keys.custodian import FolderCustodian
from flask_guesterase.store.office import Office
from flask_guesterase.store.requests.bygone import ENDED
from flask_guesterase.store.upkeep import owndata
from tests.store.hotel import Guest, Hotel

YEARS = timedelta(days=3 * 366)


def runner(hotel: Hotel) -> Callable[[Callable[[Office], Any]], Any]:
    """Return what runs a unit of work in a transaction of its own."""

    def run(unit: Callable[[Office], Any]) -> Any:
        with hotel.begin() as office:
            return unit(office)

    return run


def night(hotel: Hotel) -> int:
    """Let our own data end as the sweep does; return how much did."""
    return owndata.end(runner(hotel))


def forget(hotel: Hotel) -> None:
    """Let the worker expire what is over, and destroy the keys whose day is.

    Where the server has a clock, no test's clock is believed; so the steps are made by hand.
    """
    with hotel.begin() as office:
        office.expire()
        work = office.work
        vault.expire(work.conn, work.today, work.stamp)
        labels = vault.mark(work.conn, work.today, work.stamp, hotel.custodian.labels())
    vault.destroy(hotel.custodian, labels)
    with hotel.begin() as office:
        vault.record(office.work.conn, labels, office.work.stamp)


SPECIAL: Mapping[str, Mapping[str, Any]] = {
    "request": {"state": "withdrawn", "decisions": None},
    "subject": {"request": "expired", "standing": "taken", "table_name": "guests",
                "row_key": "int:77"},
    "outbox": {"state": "sent", "kind": "message"},
    "day": {"state": "ended"},
    "kept": {"mode": "in place", "facts": '{"answers":{},"events":{}}', "columns": "[]"},
    "returned": {"state": "lives"},
    "hold": {"scope": "record"},
    "run": {"kind": "sweep", "property": ""},
    "census": {"property": "sha", "table_name": "register"},
}  # fmt: skip
"""Table -> what an old row must hold to have had its time."""


def value(column: Column[Any], at: datetime, mark: str) -> Any:
    """Return something a column can hold, different for another mark."""
    if isinstance(column.type, DateTime):
        return at
    if isinstance(column.type, Boolean):
        return False
    if isinstance(column.type, Integer):
        return None if column.nullable else 1
    if isinstance(column.type, LargeBinary):
        return None if column.nullable else b"x"
    length = getattr(column.type, "length", None) or 40
    if column.name in ("request", "box") and column.nullable:
        return None
    if length == 10:
        return at.date().isoformat()
    return f"{column.name}-{mark}"[-length:]


def plant(hotel: Hotel, name: str, at: datetime, mark: str, **more: Any) -> None:
    """Put a row of a certain age into one of our tables."""
    table = tables.metadata.tables[tables.PREFIX + name]
    values = {
        c.name: value(c, at, mark)
        for c in table.c
        if not (c.primary_key and isinstance(c.type, Integer))
    }
    given = {k: v for k, v in {**SPECIAL.get(name, {}), **more}.items() if k in table.c}
    with hotel.engine.begin() as conn:
        conn.execute(insert(table).values({**values, **given}))


AGED = sorted(own.table for own in TABLES if own.end is End.AGE)


def test_old_rows_of_each_table_go_and_young_ones_stay(any_hotel: Hotel) -> None:
    """What the map says goes by the sweep when its time is over goes then, on every engine."""
    hotel, now = any_hotel, any_hotel.now.replace(tzinfo=None)
    for name in AGED:
        plant(hotel, name, now - YEARS - timedelta(days=1), "old1")
        plant(hotel, name, now - timedelta(days=2), "new", **(
            {"row_key": "int:78"} if name == "subject" else {}
        ))  # fmt: skip
        if name == "mark":
            with hotel.engine.begin() as conn:
                conn.execute(update(tables.mark).where(tables.mark.c.mark == "mark-new").values(
                    ends_on="2099-01-01"
                ))  # fmt: skip
    before = {name: len(hotel.ours(name)) for name in AGED}

    night(hotel)

    left = {name: len(hotel.ours(name)) for name in AGED}
    assert before == dict.fromkeys(AGED, 2)
    assert left == dict.fromkeys(AGED, 1)
    assert "own-data-ended" in hotel.events
    assert night(hotel) == 0


def test_what_still_hangs_on_something_stays(any_hotel: Hotel) -> None:
    """Old or not: what is open, named by something living, or the last of its kind is kept."""
    hotel, old = any_hotel, any_hotel.now.replace(tzinfo=None) - YEARS - timedelta(days=1)
    plant(hotel, "outbox", old, "a1", state="failed")
    plant(hotel, "outbox", old, "a2")
    plant(hotel, "delivery", any_hotel.now.replace(tzinfo=None), "b1", outbox=2)
    plant(hotel, "kept", old, "c1", box="box-of-c", ended_at=None)
    plant(hotel, "box", old, "c2", id="box-of-c")
    plant(hotel, "returned", old, "d1", state="open")
    plant(hotel, "task", old, "e1", done_at=None)
    plant(hotel, "run", old, "f1", kind="sweep")
    plant(hotel, "hold", old, "g1", lifted_at=None)
    plant(hotel, "disclosure", old, "h1", reviewed_at=None)
    plant(hotel, "mark", old, "i1", ends_on=None)
    plant(hotel, "request", old, "j1", state="received", ended_at=None)
    hotel.guest(77, name="Ann Berg")
    plant(hotel, "subject", old, "k1")

    assert night(hotel) == 0

    for name, count in {"outbox": 2, "kept": 1, "box": 1, "returned": 1, "task": 1, "run": 1,
                        "hold": 1, "disclosure": 1, "mark": 1, "request": 1, "subject": 1}.items():
        assert len(hotel.ours(name)) == count, name


def test_a_night_goes_in_batches(hotel: Hotel, monkeypatch: pytest.MonkeyPatch) -> None:
    """However much has had its time, no transaction ends more than a batch of it."""
    monkeypatch.setattr("flask_guesterase.store.upkeep.owndata.BATCH", 3)
    old = hotel.now.replace(tzinfo=None) - YEARS
    for number in range(10):
        plant(hotel, "outbox", old, f"n{number}")

    ended = night(hotel)

    assert ended == 10
    assert hotel.events.count("own-data-ended") == 2 * 4  # two controllers, four batches


# a whole case


def erased(hotel: Hotel) -> str:
    """Erase a guest as the front office does; return the request's number."""
    hotel.guest(1, name="Ann Berg", email="ann@mail.example", phone="+861000000001")
    hotel.guest(2, name="Ann Berg", email="ann@mail.example")
    number = hotel.approved(email="ann@mail.example")
    assert hotel.erased(number) == "erased"
    return number


def test_a_request_ends_three_years_after_it_was_done(any_hotel: Hotel) -> None:
    """Everything with its number is gone then, but journal and certificate; shells stay known."""
    hotel = any_hotel
    number = erased(hotel)
    forget(hotel)
    hotel.later(days=3 * 365 - 2)
    forget(hotel)
    night(hotel)
    before = [row["number"] for row in hotel.ours("request")]
    hotel.later(days=4)
    night(hotel)

    assert before == [number]
    left = {
        table.name.removeprefix(tables.PREFIX)
        for table in tables.metadata.sorted_tables
        for row in hotel.ours(table.name.removeprefix(tables.PREFIX))
        if number in map(str, row.values()) or label(number) in map(str, row.values())
    }
    assert left == {"entry", "certificate"}
    assert {(row["request"], row["row_key"]) for row in hotel.ours("subject")} == {
        (ENDED, "int:1"), (ENDED, "int:2")
    }
    with hotel.begin() as office:
        assert office.verify() == []
        assert "by a request that has ended" in office.why("guests", "1")


def test_tombstones_go_with_the_hosts_rows(hotel: Hotel) -> None:
    """Once the host has no row under the key, nothing is left to be told from a living guest."""
    erased(hotel)
    forget(hotel)
    hotel.later(days=3 * 365 + 3)
    forget(hotel)
    night(hotel)
    kept = len(hotel.ours("subject"))
    with hotel.engine.begin() as conn:
        conn.execute(Guest.__table__.delete().where(Guest.__table__.c.id == 1))
    night(hotel)

    assert kept == 2
    assert [row["row_key"] for row in hotel.ours("subject")] == ["int:2"]


def test_a_held_request_stays(hotel: Hotel) -> None:
    """A hold on the person keeps the record of the request too, until it is lifted."""
    number = erased(hotel)
    forget(hotel)
    hotel.grants["officer"].add("hold")
    hotel.grants["second"].add("hold")
    hotel.later(days=3 * 365 + 3)
    forget(hotel)
    wanted = Wanted(Scope.SUBJECT, "legal-claim", table="guests", key="1")
    with hotel.begin() as office:
        held = office.place_hold(wanted, "officer")
    night(hotel)
    during = [row["number"] for row in hotel.ours("request")]
    with hotel.begin() as office:
        office.lift(held, "officer")
    with hotel.begin() as office:
        office.lift(held, "second")
    night(hotel)

    assert during == [number]
    assert hotel.ours("request") == []


def test_a_refusal_in_hong_kong_is_kept_for_four_years(hotel: Hotel) -> None:
    """The law of the place lengthens the time, and only there. Source: PDPO section 27."""
    now = hotel.now.replace(tzinfo=None)
    places = dict(hotel.settings.properties)
    places["hk"] = replace(places["sh"], code="hk", country="HK")
    hotel.settings = replace(hotel.settings, properties=places)
    for code in ("sh", "hk"):
        plant(hotel, "request", now - YEARS, code, state="refused", property=code,
              subject_mark=None)
    night(hotel)
    first = [row["property"] for row in hotel.ours("request")]
    hotel.later(days=366)
    night(hotel)

    assert first == ["hk"]
    assert hotel.ours("request") == []


def test_an_objection_keeps_no_refusal_longer(hotel: Hotel) -> None:
    """A refused request goes when its years are over, whoever objected to it since."""
    hotel.guest(1, name="Ann Berg", email="ann@mail.example")
    number = hotel.file(email="ann@mail.example")
    with hotel.begin() as office:
        office.confirm(number, "clerk", "desk")
        office.refuse(number, "officer", "another-persons-data")
        office.object_to(tokens.objection(office.work, number))
    during = [row["request"] for row in hotel.ours("objection")]
    forget(hotel)
    hotel.later(days=3 * 365 + 3)
    forget(hotel)
    night(hotel)

    assert during == [number]
    assert hotel.ours("request") == hotel.ours("objection") == []


def test_what_only_an_open_request_needs_goes_at_its_end(hotel: Hotel) -> None:
    """Rows of others, the mark of the question and the contact go when the case's key has gone."""
    hotel.guest(1, name="Ann Berg", email="ann@mail.example")
    hotel.guest(2, name="Bea Berg", email="ann@mail.example")
    number = hotel.file(email="ann@mail.example", name="Ann Berg")
    with hotel.begin() as office:
        office.confirm(number, "clerk", "desk")
    during = {row["standing"] for row in hotel.ours("subject")}
    marked = hotel.ours("request")[0]["subject_mark"]
    hotel.approve(number)
    hotel.erased(number)
    forget(hotel)
    night(hotel)

    assert during == {"taken", "perhaps"}
    assert marked
    assert {row["standing"] for row in hotel.ours("subject")} == {"taken"}
    assert hotel.ours("request")[0]["subject_mark"] is None
    assert hotel.ours("contact") == []


def test_a_refused_request_can_be_complained_about(hotel: Hotel) -> None:
    """As long as the key of the case lives, what a complaint would need stays."""
    hotel.guest(1, name="Ann Berg", email="ann@mail.example")
    number = hotel.file(email="ann@mail.example")
    with hotel.begin() as office:
        office.refuse(number, "officer", "another-persons-data")
    forget(hotel)
    night(hotel)

    assert hotel.ours("request")[0]["subject_mark"]
    assert len(hotel.ours("contact")) == 1


def opens(custodian: FolderCustodian, rows: list[dict[str, Any]]) -> list[str]:
    """Return the purposes of the boxes that open."""
    found = []
    for row in rows:
        if row["payload"] is None:
            continue
        box = Box(row["id"], row["controller"], row["purpose"], row["last_day"], row["label"],
                  bytes(row["wrapped"]), bytes(row["payload"]))
        try:
            open_box(box, custodian)
        except SealError:
            continue
        found.append(row["purpose"])
    return found


def test_nothing_of_a_case_opens_after_its_end(hotel: Hotel, tmp_path: Path) -> None:
    """Not from the tables, and not from a copy of the database that was made before the end."""
    hotel.guest(1, name="Ann Berg", email="ann@mail.example")
    number = hotel.approved(email="ann@mail.example")
    copy = tmp_path / "yesterday.sqlite"
    shutil.copyfile(tmp_path / "test.sqlite", copy)
    before = opens(hotel.custodian, hotel.ours("box"))
    hotel.erased(number)
    forget(hotel)
    engine = create_engine(f"sqlite:///{copy}")
    with engine.connect() as conn:
        old = [dict(row._mapping) for row in conn.execute(select(tables.box))]
    engine.dispose()

    assert "contact" in before
    assert "contact" not in opens(hotel.custodian, hotel.ours("box"))
    assert "contact" in {row["purpose"] for row in old}
    assert "contact" not in opens(hotel.custodian, old)
    with pytest.raises(KeyMissingError):
        hotel.custodian.mortal(label(number), "decision")
    hotel.later(days=40)
    forget(hotel)
    assert opens(hotel.custodian, [*hotel.ours("box"), *old]) == []


def test_a_key_that_comes_back_is_destroyed_again(hotel: Hotel) -> None:
    """An old copy of the key folder, put back, does not bring a case's key back for long."""
    number = erased(hotel)
    name = label(number)
    hidden = hotel.custodian.path / f"key-{name.replace(':', '-', 1)}.json"
    stash = hidden.read_bytes()
    forget(hotel)
    gone = not hidden.exists()
    hidden.write_bytes(stash)
    hidden.chmod(0o600)
    night(hotel)
    forget(hotel)

    assert gone
    assert not hidden.exists()
    assert name not in hotel.custodian.labels()


def test_used_codes_go_after_a_day(hotel: Hotel) -> None:
    """A code that was used says nothing any more, and does not wait for its last day."""
    hotel.ask(email="ann@mail.example")
    hotel.guest(1, name="Ann Berg", email="ann@mail.example")
    hotel.ask(email="ann@mail.example")
    hotel.look()
    with hotel.engine.begin() as conn:
        now = hotel.now.replace(tzinfo=None)
        conn.execute(update(tables.token).values(used_at=now, ends_at=now + timedelta(days=90)))
    before = len(hotel.ours("token"))
    hotel.later(hours=25)
    forget(hotel)

    assert before == 2
    assert hotel.ours("token") == []


def test_an_end_is_an_entry_without_data(hotel: Hotel) -> None:
    """The journal says how many of what, and nothing else."""
    plant(hotel, "request", hotel.now.replace(tzinfo=None) - YEARS, "old1", controller="pine-ltd")
    with hotel.begin() as office:
        work = office.work
        owndata._tell(work, "request", owndata.STEPS["request"](work, 0)[0])
        said = [event for event in work.events if isinstance(event, OwnDataEnded)]

    assert [(event.controller, dict(event.counts)) for event in said] == [
        ("pine-ltd", {"request": 1})
    ]
