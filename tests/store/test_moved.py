"""What the law kept is found again though the host gave its row another key, or stays."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import delete, update

from flask_guesterase.core.finding import Severity
from flask_guesterase.store import tables
from flask_guesterase.store.executing import finishing
from flask_guesterase.store.hiding import unnamed
from flask_guesterase.store.mapping.datamap import resolve
from tests import engines
from tests.store.test_expiry import BILLS, METADATA, Inn

NAME = "Ann Berg"


@pytest.fixture(params=engines.DEEP)
def inn(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Inn]:
    """A hotel with an erased guest, of whom the law keeps a bill for two years."""
    with engines.fresh_database(request.param) as url:
        made = Inn(url, tmp_path)
        made.person(1, date(2026, 3, 1))
        made.bill(1, one=1)
        yield made
        made.engine.dispose()


def sealed(inn: Inn) -> str:
    """Erase the guest; the bill stays."""
    number = inn.approved(email="p1@mail.example")
    assert inn.erased(number) == "sealed"
    return number


def over(inn: Inn) -> None:
    """Let the law's time run out, and the sweep look at what was kept."""
    inn.later(days=3 * 366)
    finishing.finish(inn.run)


def state(inn: Inn, number: str) -> str:
    """Return the state of a request."""
    return str(inn.run(lambda office: office.show(number)["state"]))


def test_a_row_with_another_number_goes_on_its_day(inn: Inn) -> None:
    """The host numbers its bills anew; the request does not end while the name is there."""
    number = sealed(inn)
    with inn.engine.begin() as conn:
        conn.execute(update(BILLS).values(id=77))
    over(inn)
    assert (state(inn, number), inn.read(BILLS, 77)["payer"]) == ("erased", None)


def test_a_second_bill_is_not_taken_for_the_one_that_is_gone(inn: Inn) -> None:
    """The host drops the older bill; the younger one is kept for itself and has time left."""
    inn.bill(2, one=1, dated=date(2026, 3, 9))
    number = sealed(inn)
    with inn.engine.begin() as conn:
        conn.execute(delete(BILLS).where(BILLS.c.id == 1))
    inn.later(days=2 * 365 - 5)
    finishing.finish(inn.run)
    assert (state(inn, number), inn.read(BILLS, 2)["payer"]) == ("sealed", NAME)
    lines = [row for row in inn.ours("kept") if row["ended_at"] is None]
    assert [row["row_key"] for row in lines] == ["int:2"]
    over(inn)
    assert (state(inn, number), inn.read(BILLS, 2)["payer"]) == ("erased", None)


def test_a_row_that_is_gone_ends(inn: Inn) -> None:
    """The host drops the only bill: nothing is kept any more."""
    number = sealed(inn)
    with inn.engine.begin() as conn:
        conn.execute(delete(BILLS))
    over(inn)
    assert state(inn, number) == "erased"


@pytest.mark.parametrize("columns", [["payee"], ["fax", "payer"]])
def test_a_column_with_another_name_goes_on_its_day(inn: Inn, columns: list[str]) -> None:
    """The host renamed the column, or dropped the one beside it."""
    number = sealed(inn)
    with inn.engine.begin() as conn:
        conn.execute(update(tables.kept).values(columns=json.dumps(columns)))
    told = inn.run(lambda office: unnamed.findings(office.work))
    assert "column-unknown" not in {f.id for f in told}
    inn.later(days=2 * 365 - 60)
    finishing.finish(inn.run)
    assert (state(inn, number), inn.read(BILLS, 1)["payer"]) == ("sealed", NAME)
    over(inn)
    assert (state(inn, number), inn.read(BILLS, 1)["payer"]) == ("erased", None)


def test_a_column_nobody_knows_any_more_is_not_taken_for_gone(inn: Inn) -> None:
    """The host renamed the column, and nothing is retained of that kind: the request says so."""
    number = sealed(inn)
    with inn.engine.begin() as conn:
        conn.execute(
            update(tables.kept)
            .where(tables.kept.c.table_name == "bills")
            .values(columns='["payee"]', category="payment_card")
        )
    over(inn)
    assert (state(inn, number), inn.read(BILLS, 1)["payer"]) == ("sealed", NAME)
    told = inn.run(lambda office: unnamed.findings(office.work))
    assert [(f.place, f.severity) for f in told if f.id == "column-unknown"] == [
        ("bills.payee", Severity.WARN)
    ]


def test_a_table_nobody_knows_any_more_is_named(inn: Inn) -> None:
    """The host renamed it, or took its policy away: nothing of it counts as gone."""
    number = sealed(inn)
    inn.datamap = resolve(
        [(inn.datamap.declared(name).table, inn.datamap.declared(name).policy)
         for name in inn.datamap.tables if name != "bills"], METADATA.tables.values(), [],
    )  # fmt: skip
    over(inn)
    told = inn.run(lambda office: unnamed.findings(office.work))
    named = [(f.place, f.severity) for f in told if f.id == "table-unknown"]
    assert named == [("bills", Severity.WARN)]
    assert (state(inn, number), inn.read(BILLS, 1)["payer"]) == ("sealed", NAME)
