"""A drafted policy knows copies of people for what they are: a version is no second person."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import (
    Column,
    Date,
    Engine,
    ForeignKey,
    Integer,
    MetaData,
    String,
    Table,
    create_engine,
    insert,
    select,
)

from flask_guesterase.core.policy import Equal, Policy
from flask_guesterase.store.checking.coverage import coverage
from flask_guesterase.store.checking.draft import draft
from flask_guesterase.store.mapping.datamap import resolve
from tests.store import inn
from tests.store.test_draft import run


def guests() -> MetaData:
    """Return a mapping of guests."""
    metadata = MetaData()
    Table(
        "guests", metadata, Column("id", Integer, primary_key=True), Column("name", String(40)),
        Column("email", String(60)), Column("phone", String(30)),
    )  # fmt: skip
    return metadata


def drafted(metadata: MetaData) -> dict[str, Any]:
    """Return what a draft proposes: table -> policy."""
    return dict(run(draft(resolve([], metadata.tables.values(), []))))


def erased(url: str, metadata: MetaData, rows: dict[str, list[dict[str, Any]]]) -> Engine:
    """Erase guest 1 by a drafted policy that somebody took as it is."""
    declared = resolve(drafted(metadata).items(), metadata.tables.values(), [], coverage)
    with inn.host(url, metadata) as engine:
        with engine.begin() as conn:
            for name, each in rows.items():
                conn.execute(insert(metadata.tables[name]), each)
        inn.erase(engine, declared, ("guests", (1,)))
        assert inn.remains(engine, declared, ("guests", (1,))) == []
    return create_engine(url)


def texts(engine: Engine, tables: Iterable[Table]) -> str:
    """Return everything that stands in tables."""
    with engine.connect() as conn:
        found = " ".join(str(tuple(row)) for table in tables for row in conn.execute(select(table)))
    engine.dispose()
    return found


def version(metadata: MetaData, *key: Any) -> Table:
    """Return a table of versions of guests."""
    return Table(
        "guests_version", metadata, *key, Column("name", String(40)), Column("email", String(60)),
        Column("phone", String(30)), Column("end_transaction_id", Integer),
    )  # fmt: skip


OLD = {"name": "Ada Umbra", "email": "ada.umbra@mail.example", "phone": None}
NEW = {"name": "Ada Roe", "email": "ada.roe@mail.example", "phone": "+49 151 0001"}
BO = {"name": "Bo Lim", "email": "bo.lim@mail.example", "phone": "+49 151 0002"}


def test_versions_of_a_guest_go_with_the_guest(sqlite_url: str) -> None:
    """What the guest was called before goes as well, and another guest's versions stay (P1, P2)."""
    metadata = guests()
    table = version(
        metadata, Column("id", Integer, primary_key=True, autoincrement=False),
        Column("transaction_id", Integer, primary_key=True, autoincrement=False),
    )  # fmt: skip
    engine = erased(sqlite_url, metadata, {
        "guests": [{"id": 1, **NEW}, {"id": 2, **BO}],
        "guests_version": [
            {"id": 1, "transaction_id": 1, **OLD}, {"id": 1, "transaction_id": 2, **NEW},
            {"id": 2, "transaction_id": 1, **BO},
        ],
    })  # fmt: skip
    left = texts(engine, metadata.tables.values())
    assert "Umbra" not in left
    assert "Roe" not in left
    assert left.count("Bo Lim") == 2
    policy = drafted(metadata)[table.name]
    assert (policy.subject, policy.via) == (None, Equal({"id": "id"}, to="guests"))


def test_versions_with_a_number_of_their_own_are_versions_too() -> None:
    """Their key says nothing, but they carry the guest's."""
    metadata = guests()
    version(metadata, Column("history_id", Integer, primary_key=True), Column("id", Integer))
    assert drafted(metadata)["guests_version"].via == Equal({"id": "id"}, to="guests")


def test_what_belongs_to_a_guest_is_no_guest() -> None:
    """More mailboxes of a guest, a member's card: with a contact each, and a key to the guest."""
    metadata = guests()
    Table(
        "guest_contacts", metadata, Column("id", Integer, primary_key=True),
        Column("guest_id", ForeignKey("guests.id"), index=True), Column("email", String(60)),
        Column("phone", String(30)),
    )  # fmt: skip
    Table(
        "member_profiles", metadata, Column("guest_id", ForeignKey("guests.id"), primary_key=True),
        Column("name", String(30)), Column("mobile", String(30)),
    )  # fmt: skip
    found = drafted(metadata)
    assert {name: (p.subject is None, p.via) for name, p in found.items()} == {
        "guests": (False, None), "guest_contacts": (True, "guest_id"),
        "member_profiles": (True, "guest_id"),
    }  # fmt: skip


def test_people_who_stand_beside_each_other_stay_people() -> None:
    """Other people with a key of their own, and tables that point at each other."""
    metadata = guests()
    Table(
        "customers", metadata, Column("id", Integer, primary_key=True), Column("name", String(40)),
        Column("email", String(60)), Column("contact_id", ForeignKey("contacts.id")),
    )  # fmt: skip
    Table(
        "contacts", metadata, Column("id", Integer, primary_key=True), Column("name", String(40)),
        Column("phone", String(60)), Column("customer_id", ForeignKey("customers.id")),
        Column("since", Date),
    )  # fmt: skip
    found = drafted(metadata)
    assert all(isinstance(p, Policy) and p.subject is not None for p in found.values())
    assert set(found) == {"guests", "customers", "contacts"}
