"""A column of a PostgreSQL domain, as reflected tables have it, is what the domain is over."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import MetaData, Table, insert, select
from sqlalchemy.dialects.postgresql import DOMAIN

from flask_guesterase.core.policy import Policy, Subject
from flask_guesterase.core.treatment import keep, null, placeholder, redact
from flask_guesterase.store.mapping.datamap import resolve
from tests.store.hotel import Hotel

_MADE = (
    "CREATE DOMAIN mailbox AS varchar(80)",
    "CREATE DOMAIN word AS text",
    "CREATE DOMAIN born AS date",
    "CREATE TABLE members (id integer PRIMARY KEY, email mailbox, name word NOT NULL, born born,"
    " hotel varchar(8))",
)


def test_a_guest_in_columns_of_domains_is_found_and_erased(
    postgresql_url: str, tmp_path: Path
) -> None:
    """By the mailbox, written otherwise; what stands there then is what the rules write."""
    hotel = Hotel(postgresql_url, tmp_path)
    with hotel.engine.begin() as conn:
        for statement in _MADE:
            conn.exec_driver_sql(statement)
    table = Table("members", MetaData(), autoload_with=hotel.engine)
    assert isinstance(table.c.email.type, DOMAIN)
    policy = Policy(
        {"email": placeholder, "name": redact, "born": null, "hotel": keep("house")},
        subject=Subject(match=["email"], name="name", contact=["email"], property="hotel"),
    )
    hotel.datamap = resolve([(table, policy)], [table], [])
    assert hotel.datamap.findings == ()
    row = {"id": 1, "email": "Ann@mail.example", "name": "Ann Berg", "born": "1980-02-03"}
    with hotel.engine.begin() as conn:
        conn.execute(insert(table).values(**row, hotel="sh"))
    number = hotel.approved(email="ann@mail.example")
    with hotel.begin() as office:
        office.erase(number)
    with hotel.engine.connect() as conn:
        ((_, email, name, born, _),) = conn.execute(select(table))
    assert (name, born) == ("[erased]", None)
    assert email.endswith("@erased.invalid")
    hotel.engine.dispose()
