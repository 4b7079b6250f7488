"""What was kept goes on its day, also where nothing but its values tells a row from another."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from sqlalchemy import Column, Date, Integer, MetaData, String, Table, delete, insert, select

from flask_guesterase.core.policy import Equal, Policy
from flask_guesterase.core.treatment import keep, null, placeholder, retain
from flask_guesterase.store import tables
from flask_guesterase.store.executing import finishing
from flask_guesterase.store.mapping.datamap import resolve
from flask_guesterase.store.office import Office
from flask_guesterase.store.retaining import keeping
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


def test_what_is_kept_of_a_request_whose_row_is_gone_ends_on_its_day(any_hotel: Hotel) -> None:
    """Somebody deleted it by SQL: its rows say until when, and no ceiling waits for it."""
    hotel = any_hotel
    with_slips(hotel)
    number = hotel.approved(email="ann@mail.example")
    hotel.erased(number)
    with hotel.engine.begin() as conn:
        conn.execute(delete(tables.request))
    hotel.later(days=3650)
    assert finishing.finish(runner(hotel)) == {}
    assert slips(hotel) == [("Ann Berg", None)] * 2
    hotel.later(days=9 * 365 + 20 * 366)
    assert "unfinished" not in finishing.finish(runner(hotel))
    assert slips(hotel) == [(None, None)] * 2
    with hotel.begin() as office:
        assert keeping.living(office.work, number) == 0


CARDS = Table(
    "cards",
    MetaData(),
    Column("code", String(60), primary_key=True),
    Column("guest", Integer),
    Column("issued", Date),
    Column("payer", String(40)),
)
"""A table whose key is somebody's own: an erasure writes another one."""


def with_cards(hotel: Hotel) -> None:
    """Give the hotel a card of a guest, and signed rules."""
    policy = Policy(
        {
            "code": placeholder, "guest": keep("random number"), "issued": keep("statistics"),
            "payer": retain("invoice_accounting"),
        },
        via=Equal({"guest": "id"}, to="guests"),
        category="invoice_accounting",
        clock="issued",
    )  # fmt: skip
    hotel.datamap = resolve(
        [*policies(str(hotel.files)), (CARDS, policy)],
        [*Base.metadata.tables.values(), CARDS],
        list(Base.registry.mappers),
    )
    CARDS.metadata.create_all(hotel.engine)
    with hotel.engine.begin() as conn:
        conn.execute(insert(CARDS).values(
            code="annberg1970", guest=1, issued=date(2026, 3, 2), payer="Ann Berg"
        ))
    hotel.guest(1, name="Ann Berg", email="ann@mail.example")
    hotel.grants["officer"].add("law")
    with hotel.begin() as office:
        office.sign_pack("CN", "officer")


def test_a_row_whose_key_was_erased_goes_on_its_day(any_hotel: Hotel) -> None:
    """It is another row by its key since the erasure; it is found, and not said to be gone."""
    hotel = any_hotel
    with_cards(hotel)
    number = hotel.approved(email="ann@mail.example")
    assert hotel.erased(number) == "sealed"
    hotel.later(days=29 * 366)
    finishing.finish(runner(hotel))
    assert hotel.state(number) == "sealed"
    hotel.later(days=3 * 366)
    finishing.finish(runner(hotel))
    with hotel.engine.connect() as conn:
        assert conn.execute(select(CARDS.c.payer)).scalars().all() == [None]
    assert hotel.state(number) == "erased"


@pytest.mark.parametrize("given", [with_slips, with_cards])
def test_what_is_written_down_holds_nothing_of_what_went(
    any_hotel: Hotel, given: Callable[[Hotel], None]
) -> None:
    """Where the key is made of values, our own list of what is kept does not repeat them."""
    hotel = any_hotel
    given(hotel)
    number = hotel.approved(email="ann@mail.example")
    hotel.erased(number)
    words = ("cash", "annberg1970", "Ann Berg")
    assert [word for word in words if word in str(hotel.ours("kept"))] == []
    hotel.later(days=32 * 366)
    finishing.finish(runner(hotel))
    assert hotel.state(number) == "erased"
    assert [word for word in words if word in str(hotel.ours("kept"))] == []
