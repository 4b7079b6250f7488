"""The books: opened by who may, at their property, and recorded."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
from sqlalchemy import create_engine, insert, select
from sqlalchemy.orm import Session

from flask_guesterase.core.errors import ForbiddenError, InputError, UnknownError, VeiledError
from flask_guesterase.store import tables
from tests.store.hotel import Invoice
from tests.web import house as houses
from tests.web.house import CANARY, House, User


@pytest.fixture(autouse=True)
def keep_the_invoice(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """An erasure kept the guest's invoice; somebody keeps the books of her hotel."""
    staff = {**houses.STAFF, "keeper": ("sh", frozenset({"books"}))}
    monkeypatch.setattr(houses, "STAFF", staff)
    with house.app.app_context(), house.extension.begin():
        pass
    with house.hotel.engine.begin() as conn:
        conn.execute(insert(tables.kept).values({
            "controller": "pine-ltd", "property": "sh", "table_name": "invoices",
            "row_key": "int:1", "columns": '["billed_to"]', "category": "invoice",
            "mode": "place", "open": "", "rule": "x", "basis": "x", "grade": "A", "facts": "{}",
            "since": datetime(2026, 1, 1),
        }))


def test_the_hosts_session_is_covered_by_installing(house: House) -> None:
    """Once init_app has run, nothing more is needed."""
    with house.app.app_context():
        invoice = house.session.get_one(Invoice, 1)
        assert (str(invoice.billed_to), invoice.total) == ("▒▒▒", 90)
        with pytest.raises(VeiledError):
            house.session.execute(select(Invoice.billed_to))


@pytest.mark.parametrize("by_object", [True, False])
def test_who_may_reads_and_corrects_and_it_is_recorded(house: House, by_object: bool) -> None:
    """The permission opens the block; the journal knows that, and how many rows are kept."""
    with house.app.app_context():
        with house.extension.books(User("keeper") if by_object else "keeper", "sh"):
            invoice = house.session.get_one(Invoice, 1)
            assert invoice.billed_to == CANARY
            assert house.session.scalars(select(Invoice.billed_to)).all() == [CANARY]
            invoice.billed_to = "Ann Corrected"
            house.session.commit()
        assert str(invoice.billed_to) == "▒▒▒"
    rows = [row["body"] for row in house.hotel.ours("entry") if row["action"] == "books-opened"]
    assert len(rows) == 1
    assert '"rows":1' in rows[0]
    assert CANARY not in rows[0]
    assert house.hotel.rows(Invoice)[0]["billed_to"] == "Ann Corrected"


@pytest.mark.parametrize(("who", "place", "error"), [
    ("officer", "sh", ForbiddenError),
    ("keeper", "mu", ForbiddenError),
    ("nobody", "sh", ForbiddenError),
    ("stranger", "sh", ForbiddenError),
    ("keeper", "xx", UnknownError),
])
def test_nobody_else_opens_them(house: House, who: str, place: str, error: type[Exception]) -> None:
    """Without the permission at that property nothing is shown and nothing is recorded."""
    with house.app.app_context():
        with pytest.raises(error), house.extension.books(who, place):
            pytest.fail("the block was entered")
        assert str(house.session.get_one(Invoice, 1).billed_to) == "▒▒▒"
    assert not [row for row in house.hotel.ours("entry") if row["action"] == "books-opened"]


def test_the_books_open_for_the_engines_that_are_named(house: House) -> None:
    """An account of the bookkeeper's own shows and corrects, once its engine is given."""
    own = create_engine(house.hotel.engine.url)
    with house.app.app_context(), Session(own) as session:
        with house.extension.books("keeper", "sh", engines=[own]):
            assert session.get_one(Invoice, 1).billed_to == CANARY
        assert str(session.get_one(Invoice, 1).billed_to) == "▒▒▒"
    own.dispose()


@pytest.mark.parametrize("given", ["sqlite://", [None], [Session()], create_engine("sqlite://")])
def test_what_is_no_list_of_engines_opens_nothing(house: House, given: Any) -> None:
    """It is said where it was written, before anything is recorded."""
    with (
        house.app.app_context(),
        pytest.raises(InputError, match="a list of engines"),
        house.extension.books("keeper", "sh", engines=given),
    ):
        pytest.fail("the block was entered")
    assert not [row for row in house.hotel.ours("entry") if row["action"] == "books-opened"]


def test_books_whose_engines_cannot_be_told_are_not_said_to_be_open(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What fails before the block begins leaves nothing in the journal."""
    routed = type(house.session()).get_bind

    def lost(self: Session, mapper: Any = None, *, clause: Any = None, **more: Any) -> Any:
        if clause is not None and clause.is_update and clause.table.name == "invoices":
            raise LookupError("no such shard")
        return routed(self, mapper, clause=clause, **more)

    monkeypatch.setattr(type(house.session()), "get_bind", lost)
    with (
        house.app.app_context(),
        pytest.raises(LookupError),
        house.extension.books("keeper", "sh"),
    ):
        pytest.fail("the block was entered")
    assert not [row for row in house.hotel.ours("entry") if row["action"] == "books-opened"]
