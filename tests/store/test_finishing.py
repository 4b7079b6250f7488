"""What was kept goes on its day, also where nothing but its values tells a row from another."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

from sqlalchemy import Column, Date, Integer, MetaData, String, Table, insert, select

from flask_guesterase.core.policy import Equal, Policy, keep, null, retain
from flask_guesterase.store import finishing, keeping, tables
from flask_guesterase.store.datamap import resolve
from flask_guesterase.store.office import Office
from tests.store.hotel import Base, Hotel, policies

SLIPS = Table(
    "slips",
    MetaData(),
    Column("guest", Integer),
    Column("issued", Date),
    Column("payer", String(40)),
    Column("note", String(40)),
)
"""A table without any key: its rows are known by all they hold."""


def with_slips(hotel: Hotel) -> None:
    """Give the hotel the table, two slips of a guest that look the same, and signed rules."""
    policy = Policy(
        {"issued": keep("the day's takings"), "payer": retain("invoice_accounting"), "note": null},
        via=Equal({"guest": "id"}, to="guests"),
        category="invoice_accounting",
        clock="issued",
    )
    hotel.datamap = resolve(
        [*policies(str(hotel.files)), (SLIPS, policy)],
        [*Base.metadata.tables.values(), SLIPS],
        list(Base.registry.mappers),
    )
    SLIPS.metadata.create_all(hotel.engine)
    slip = {"guest": 1, "issued": date(2026, 3, 2), "payer": "Ann Berg", "note": "cash"}
    with hotel.engine.begin() as conn:
        conn.execute(insert(SLIPS), [slip, slip])
    hotel.guest(1, name="Ann Berg", email="ann@mail.example")
    hotel.grants["officer"].add("law")
    with hotel.begin() as office:
        office.sign_pack("CN", "officer")


def slips(hotel: Hotel) -> list[tuple[Any, Any]]:
    """Return payer and note of every slip."""
    with hotel.engine.connect() as conn:
        return [(r.payer, r.note) for r in conn.execute(select(SLIPS.c.payer, SLIPS.c.note))]


def runner(hotel: Hotel) -> Callable[[Callable[[Office], Any]], Any]:
    """Return what runs a unit of work in a transaction of its own."""

    def run(unit: Callable[[Office], Any]) -> Any:
        with hotel.begin() as office:
            return unit(office)

    return run


def test_a_row_without_a_key_is_kept_until_its_day_and_not_longer(any_hotel: Hotel) -> None:
    """Its key changed with the erasure; it is found by whose it is, and never said to be gone."""
    hotel = any_hotel
    with_slips(hotel)
    number = hotel.approved(email="ann@mail.example")
    hotel.erased(number)
    assert slips(hotel) == [("Ann Berg", None)] * 2
    hotel.later(days=3650)
    finishing.finish(runner(hotel))
    assert slips(hotel) == [("Ann Berg", None)] * 2
    with hotel.begin() as office:
        assert keeping.living(office.work, number)
        until = office.work.conn.execute(
            select(tables.kept.c.until).where(tables.kept.c.ended_at.is_(None))
        ).scalars()
        assert set(until) == {"2056-12-31"}
    hotel.later(days=9 * 365 + 20 * 366)
    assert hotel.now.date() > date(2057, 1, 1)
    finishing.finish(runner(hotel))
    assert slips(hotel) == [(None, None)] * 2
    with hotel.begin() as office:
        assert keeping.living(office.work, number) == 0
        assert office.show(number)["state"] == "erased"
