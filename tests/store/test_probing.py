"""An owner path that the database would refuse is named before a guest's erasure depends on it."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import Column, Integer, MetaData, Select, String, Table, Uuid, func, insert, select

from flask_guesterase.core.finding import Finding, Severity
from flask_guesterase.core.policy import Equal, Policy, Subject
from flask_guesterase.core.treatment import null
from flask_guesterase.store.erasing.probing import ownerless, refused
from flask_guesterase.store.transaction import transaction
from tests.store.inn import datamap, host, whole

GUEST = Policy({"email": null}, subject=Subject(match=["email"]))


def hotel(sender: Any, email: Any) -> MetaData:
    """Guests, and mails that name them by their address."""
    metadata = MetaData()
    Table("guests", metadata, Column("id", Integer, primary_key=True), Column("email", email))
    Table("mails", metadata, Column("id", Integer, primary_key=True), Column("sender", sender))
    return metadata


def found(url: str, metadata: MetaData, via: Any) -> list[Finding]:
    """Return what is said about the path from mails to guests."""
    mails = Policy({"sender": null}, via=via)
    declared = datamap(metadata, {"guests": GUEST, "mails": mails})
    with host(url, metadata) as engine, transaction(engine, write=False) as conn:
        full, _ = whole(conn, declared)
        return list(refused(conn, full))


@pytest.mark.parametrize(("collation", "wrong"), [
    ("utf8mb4_general_ci", True), ("utf8mb4_unicode_ci", False),
])  # fmt: skip
def test_texts_of_two_collations_are_named(mariadb_url: str, collation: str, wrong: bool) -> None:
    """MariaDB compares none, and says so only when it is asked."""
    kinds = (String(80, collation=each) for each in ("utf8mb4_unicode_ci", collation))
    said = found(mariadb_url, hotel(*kinds), Equal({"sender": "email"}, to="guests"))
    assert [(f.id, f.table) for f in said] == ([("path-unknown", "mails")] if wrong else [])
    assert all("collation" in f.hint for f in said)


@pytest.mark.parametrize("wrong", [True, False])
def test_a_select_of_the_vendors_that_is_refused_is_named(
    postgresql_url: str, wrong: bool
) -> None:
    """It can be written, but not asked; what is asked after it is answered all the same."""
    metadata = hotel(String(80), String(80))
    guests = metadata.tables["guests"]

    def by_select(mails: Table) -> Select[Any]:
        same = mails.c.sender == (guests.c.id if wrong else guests.c.email)
        return select(mails.c.id, guests.c.id).join_from(mails, guests, same)

    said = found(postgresql_url, metadata, by_select)
    assert [(f.id, f.table) for f in said] == ([("path-unknown", "mails")] if wrong else [])


def test_every_path_that_can_be_asked_is_none(database_url: str) -> None:
    """Owners by a copied value, by a select, and subject rows themselves."""
    metadata = hotel(String(80), String(80))
    path = Equal({"sender": "email"}, to="guests", fold=True)
    assert found(database_url, metadata, path) == []


def lost(url: str, said: list[Any], plain: bool = False) -> list[Finding]:
    """Return what is said of mails that name a guest by the text of a UUID.

    :param said: the guests; of each there is a mail, and one that is nobody's.
    :param plain: dashes are left out.
    """
    metadata = MetaData()
    guests = Table(
        "guests", metadata, Column("id", Uuid(), primary_key=True), Column("email", String(80))
    )
    mails = Table(
        "mails", metadata, Column("id", Integer, primary_key=True), Column("sender", String(80))
    )

    def by_select(mails: Table) -> Select[Any]:
        text = func.replace(mails.c.sender, "-", "") if plain else mails.c.sender
        return select(mails.c.id, guests.c.id).join_from(mails, guests, text == guests.c.id)

    policies = {"guests": GUEST, "mails": Policy({"sender": null}, via=by_select)}
    with host(url, metadata) as engine:
        with engine.begin() as conn:
            for each in said:
                conn.execute(insert(guests), {"id": each, "email": "a@mail.example"})
                conn.execute(insert(mails), [{"sender": str(each)}, {"sender": "house"}])
        with transaction(engine, write=False) as conn:
            return list(ownerless(conn, whole(conn, datamap(metadata, policies))[0]))


@pytest.mark.parametrize(("guests", "plain", "wrong"), [
    ([uuid4()], False, True), ([uuid4()], True, False), ([], False, False),
])  # fmt: skip
def test_a_select_that_leads_to_nobody_is_warned_of(
    sqlite_url: str, guests: list[Any], plain: bool, wrong: bool
) -> None:
    """SQLite keeps a UUID without the dashes of its text; where no rows are, none can tell."""
    said = [(f.id, f.table, f.severity) for f in lost(sqlite_url, guests, plain)]
    assert said == ([("path-nobody", "mails", Severity.WARN)] if wrong else [])
