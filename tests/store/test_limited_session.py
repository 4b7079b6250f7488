"""A session that shows a thousand rows at most, as a house sets it for its consoles."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Column, ForeignKey, Integer, MetaData, String, Table, event, insert, select

from flask_guesterase.core.policy import Policy, Subject
from flask_guesterase.core.treatment import null
from tests.store.inn import datamap, erase, host

metadata = MetaData()
guests = Table(
    "guests", metadata, Column("id", Integer, primary_key=True), Column("email", String(80))
)
mails = Table(
    "mails", metadata, Column("id", Integer, primary_key=True),
    Column("guest_id", ForeignKey("guests.id"), index=True), Column("body", String(80)),
)  # fmt: skip


def test_every_row_of_a_guest_goes(mariadb_url: str) -> None:
    """Those beyond the limit too, of which the database says no word."""
    declared = datamap(metadata, {
        "guests": Policy({"email": null}, subject=Subject(match=["email"])),
        "mails": Policy({"body": null}, via="guest_id"),
    })  # fmt: skip
    with host(mariadb_url, metadata) as engine:
        with engine.begin() as conn:
            conn.execute(insert(guests).values(id=1, email="ann@post.example"))
            mine = [{"id": n, "guest_id": 1, "body": "Dear Ann"} for n in range(1, 1500)]
            conn.execute(insert(mails), mine)

        @event.listens_for(engine, "checkout")
        def limit(raw: Any, *_: Any) -> None:
            with raw.cursor() as cursor:
                cursor.execute("SET SESSION sql_select_limit = 1000")

        erase(engine, declared, ("guests", (1,)))
        with engine.connect() as conn:
            left = conn.scalars(select(mails.c.id).where(mails.c.body.is_not(None))).all()
        assert left == []
