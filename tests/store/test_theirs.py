"""Promise: what stays because it is another's too is said alike, by whatever way it is found."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Column, Integer, MetaData, String, Table, delete, insert, select, update

from flask_guesterase.core.policy import Equal, Policy
from flask_guesterase.core.treatment import redact
from flask_guesterase.store import worker
from flask_guesterase.store.mapping.datamap import resolve
from flask_guesterase.store.search import residue
from tests.store.hotel import Base, Guest, Hotel, policies
from tests.store.test_replayed import Copied
from tests.store.test_residue import places, run_of

ANN, BO = "ann@post.example", "bo@post.example"
PLANS = Table(
    "plans", MetaData(), Column("id", Integer, primary_key=True),
    Column("one", Integer, index=True), Column("other", Integer, index=True),
    Column("mine", String(80), index=True), Column("theirs", String(80), index=True),
)  # fmt: skip
RULES = {"mine": redact, "theirs": redact}
BY_KEY = Policy(RULES, via=[Equal({"one": "id"}, to="guests"), Equal({"other": "id"}, to="guests")])
BY_MAIL = Policy(
    RULES, via=[Equal({"mine": "email"}, to="guests"), Equal({"theirs": "email"}, to="guests")]
)


def opened(url: str, folder: Path, policy: Policy) -> Hotel:
    """Open a hotel in which Ann and Bo have one seating plan together."""
    return filled(Hotel(url, folder), policy)


def filled(hotel: Hotel, policy: Policy) -> Hotel:
    """Put that plan and both guests into a hotel."""
    PLANS.create(hotel.engine)
    known = [*Base.metadata.tables.values(), PLANS]
    declared = [*policies(str(hotel.files)), (PLANS, policy)]
    hotel.datamap = resolve(declared, known, list(Base.registry.mappers))
    hotel.guest(1, name="Ann Berg", email=ANN)
    hotel.guest(2, name="Bo Lind", email=BO)
    with hotel.engine.begin() as conn:
        conn.execute(insert(PLANS).values(id=1, one=1, other=2, mine=ANN, theirs=BO))
    return hotel


def said(hotel: Hotel, number: str) -> Any:
    """Return what the certificate names as another's too, and as left."""
    with hotel.begin() as office:
        content = office.certificate(number)["content"]
    shared = [(s["table"], s["rows"], s["columns"]) for s in content["shared"]]
    return content["state"], shared, content["partial"]


@pytest.mark.parametrize("policy", [BY_KEY, BY_MAIL], ids=["key", "mail"])
def test_a_row_of_two_is_told_alike_by_each_way(
    database_url: str, tmp_path: Path, policy: Policy
) -> None:
    """The mailbox by which the row was found is a placeholder then: it is Bo's row all the same."""
    hotel = opened(database_url, tmp_path, policy)
    number = hotel.approved(email=ANN)
    worker.carry_out(run_of(hotel), number)
    assert said(hotel, number) == ("erased", [("plans", 1, ["mine", "theirs"])], [])
    second = hotel.approved(email=BO)
    worker.carry_out(run_of(hotel), second)
    assert said(hotel, second) == ("erased", [], [])
    with hotel.engine.connect() as conn:
        row = conn.execute(select(PLANS.c.mine, PLANS.c.theirs)).one()
    assert tuple(row) == ("[erased]", "[erased]")
    hotel.engine.dispose()


@pytest.mark.parametrize("other", ["gone", "row"])
def test_only_the_row_that_another_living_person_owns_is_spared(
    sqlite_url: str, tmp_path: Path, other: str
) -> None:
    """A copy in another row is found, and so is this one once it is nobody else's any more."""
    hotel = opened(sqlite_url, tmp_path, BY_MAIL)
    number = hotel.approved(email=ANN)
    assert worker.carry_out(run_of(hotel), number) == "erased"
    with hotel.engine.begin() as conn:
        if other == "gone":
            conn.execute(delete(Guest).where(Guest.id == 2))
        else:
            conn.execute(update(PLANS).values(one=2))
            conn.execute(insert(PLANS).values(id=2, one=2, other=2, mine=ANN, theirs=BO))
    with hotel.begin() as office:
        office.look_again(number, "clerk")
    residue.searched(run_of(hotel), [number])
    assert places(hotel, number) == {"plans.mine": {"email"}}
    hotel.engine.dispose()


def test_what_was_left_to_another_is_told_again_after_a_replay(tmp_path: Path) -> None:
    """As the erasure said it that the restored copy does not have."""
    copied = Copied(tmp_path)
    hotel = filled(copied.hotel, BY_MAIL)
    known, made = [*Base.metadata.tables.values(), PLANS], {"created": "document_no"}
    hotel.datamap = resolve(
        [*((table, replace(policy, clock=made) if table is Guest else policy)
           for table, policy in policies(str(hotel.files))), (PLANS, BY_MAIL)],
        known, list(Base.registry.mappers),
    )  # fmt: skip
    with hotel.engine.begin() as conn:
        conn.execute(update(Guest).values(document_no="2026-01-01"))
    number = hotel.approved(email=ANN)
    copied.copy()
    assert hotel.erased(number) == "erased"
    copied.restore()
    assert copied.replay().counts["erased"] == 1
    copied.work()
    assert said(hotel, number) == ("erased", [("plans", 1, ["mine", "theirs"])], [])
    hotel.engine.dispose()
