"""An owner path that the database would refuse is named before a guest's erasure depends on it."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import Column, Integer, MetaData, Select, String, Table, select

from flask_guesterase.core.finding import Finding
from flask_guesterase.core.policy import Equal, Policy, Subject
from flask_guesterase.core.treatment import null
from flask_guesterase.store.erasing.probing import refused
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
