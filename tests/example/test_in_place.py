"""The demo hotel's own pages work on, and show nothing of what is kept in place."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import datetime
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, insert, select

from example_pms import db
from example_pms.foreign import Invoice
from example_pms.models import Registration
from flask_guesterase.store import tables
from tests.example.conftest import TODAY, Clerk


def keep(rows: Iterable[Any], columns: list[str]) -> None:
    """Note that an erasure keeps these rows where they are."""
    lines = [
        {
            "controller": "demo", "property": one.property_code, "table_name": one.__tablename__,
            "row_key": f"int:{one.id}", "columns": json.dumps(columns), "category": "demo",
            "mode": "place", "open": "", "rule": "x", "basis": "x", "grade": "A", "facts": "{}",
            "since": datetime(2026, 1, 1),
        }
        for one in rows
    ]
    with db.engine.begin() as conn:
        tables.metadata.create_all(conn)
        conn.execute(insert(tables.kept), lines)


@pytest.fixture
def kept(app: Flask) -> Any:
    """A house's invoices and register are kept; return an invoice, a total, a night, its names."""
    with app.app_context():
        total = db.session.scalar(select(func.sum(Invoice.total_cents)))
        invoices = db.session.scalars(select(Invoice).where(Invoice.property_code == "SHA")).all()
        lines = db.session.scalars(
            select(Registration).where(
                Registration.property_code == "SHA", Registration.last_night < TODAY
            )
        ).all()
        found = invoices[0].number, invoices[0].billed_to, total, lines[0].first_night, [
            one.name for one in lines if one.first_night <= lines[0].first_night <= one.last_night
        ]
        keep(invoices, ["billed_to", "billed_address"])
        keep(lines, ["name", "nationality", "document_type", "证件号码", "reported_at"])
        db.session.remove()
    return found


def test_the_pages_show_the_sentinel(app: Flask, reception: Clerk, kept: Any) -> None:
    """An invoice and a night's register open, with everything but what is hidden."""
    number, billed_to, total, night, names = kept
    invoice = reception.get(f"/invoices/{number}")
    register = reception.get(f"/register?night={night.isoformat()}")

    assert number in invoice
    assert "▒▒▒" in invoice
    assert billed_to not in invoice
    assert names
    assert "▒▒▒" in register
    assert [name for name in names if name in register] == []
    with app.app_context():
        assert db.session.scalar(select(func.sum(Invoice.total_cents))) == total
