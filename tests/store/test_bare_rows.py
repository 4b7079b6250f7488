"""A row without a key that an erasure makes like one that goes is not that one."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Column, ForeignKey, MetaData, Table, insert, select

from flask_guesterase.core.policy import Policy
from flask_guesterase.core.treatment import delete_when_last_owner, keep, null
from flask_guesterase.store.mapping.datamap import resolve
from tests.store.hotel import Base, Guest, Hotel, policies

BARE = MetaData()
ID = Guest.__table__.c.id
TWINS = Table(
    "twins", BARE, Column("guest", ForeignKey(ID)), Column("other", ForeignKey(ID))
)  # fmt: skip


@pytest.fixture
def hotel(database_url: str, tmp_path: Path) -> Iterator[Hotel]:
    """Who shares a room with whom, in rows that have no key; each name in one is the other's."""
    made = Hotel(database_url, tmp_path)
    twins = Policy(
        {"guest": keep("whose it is"), "other": null}, rows=delete_when_last_owner,
        via={"guest": ["other"], "other": ["guest"]},
    )
    BARE.create_all(made.engine)
    every = [*Base.metadata.tables.values(), TWINS]
    declared = [*policies(str(made.files)), (TWINS, twins)]
    made.datamap = resolve(declared, every, list(Base.registry.mappers))
    for id, mail in ((1, "ann@mail.example"), (2, "bo@mail.example")):
        made.guest(id, hotel="sh", name=f"Guest {id}", email=mail)
    with made.engine.begin() as conn:
        conn.execute(insert(TWINS), [{"guest": 1, "other": None}, {"guest": 1, "other": 2}])
    yield made
    made.engine.dispose()


def twins(hotel: Hotel) -> list[tuple[int | None, int | None]]:
    """Return the rows there are."""
    with hotel.engine.connect() as conn:
        return sorted((tuple(row) for row in conn.execute(select(TWINS))), key=str)


def test_a_shared_row_that_becomes_like_one_that_goes_stays(hotel: Hotel) -> None:
    """The row of two loses what is the guest's, her own goes; both come back as they were."""
    number = hotel.approved(email="ann@mail.example")
    with hotel.begin() as office:
        office.erase(number)
    assert twins(hotel) == [(1, None)]
    with hotel.begin() as office:
        office.check(number)
    with hotel.begin() as office:
        office.propose_restore(number, "officer", "wrong-person")
    with hotel.begin() as office:
        office.restore(number, "second")
    assert twins(hotel) == [(1, 2), (1, None)]
