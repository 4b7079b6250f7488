"""What we noted of rows is found by whoever asks, though the host spells their keys otherwise."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import insert, select, update

from flask_guesterase.core.holding import HoldQuery
from flask_guesterase.core.plan import Plan
from flask_guesterase.core.treatment import RowRule, keep, null, redact
from flask_guesterase.store import tables
from flask_guesterase.store.holding import reach
from flask_guesterase.store.mapping.datamap import resolve
from flask_guesterase.store.retaining import remainder
from flask_guesterase.store.retaining.living import Hold
from flask_guesterase.store.work import Work
from tests import engines
from tests.store import kept
from tests.store.test_expiry import Inn
from tests.store.test_letter_case import LOOSE
from tests.store.test_moved import loose_slip


@pytest.fixture(params=engines.DEEP)
def inn(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Inn]:
    """A hotel that writes the key of a guest's slip in capitals, where its collation is loose."""
    with engines.fresh_database(request.param) as url:
        made = Inn(url, tmp_path)
        made.person(1, date(2026, 3, 1))
        table = loose_slip(made)
        spelt = now(made).partition(":")[2]
        with made.engine.begin() as conn:
            conn.execute(update(table).values(id=spelt, dated=None))
        yield made
        made.engine.dispose()


def other(inn: Inn) -> str:
    """Return how the slip was called as it was first noted."""
    return "str:tok"


def now(inn: Inn) -> str:
    """Return what the slip is called."""
    return "str:TOK" if inn.engine.dialect.name in LOOSE else "str:tok"


COLUMNS = {"payer": redact, "dated": null, "guest": keep("whose it is")}

HOLDS = {
    "row": Hold(1, "record", "sh", "slips"),
    "guest": Hold(1, "subject", "sh", "people", "int:1"),
    "query": Hold(1, "query", "sh", "slips", query="all"),
}


@pytest.mark.parametrize("late", [False, True], ids=["held before", "held after"])
@pytest.mark.parametrize("hold", HOLDS.values(), ids=HOLDS)
def test_the_box_of_a_row_that_is_spelt_otherwise_is_reached(
    inn: Inn, hold: Hold, late: bool
) -> None:
    """Whether the hold or the box came first: what is sealed of who is held does not end."""
    before, after = other(inn), now(inn)
    kept.note(inn.engine, "slips", after if late else before, "[]", mode="sealed", box="b1")
    kept.note(inn.engine, "slips", "str:other", "[]", mode="sealed", box="b2")
    if hold.scope == "record":
        hold = replace(hold, row=before if late else after)

    def reached(work: Work) -> set[str]:
        work.queries = {"all": HoldQuery("all", "slips", lambda table: table.c.id == "tok")}
        return reach.at_once(work, hold, ["b1", "b2"])

    found = inn.run(lambda office: reached(office.work))
    assert "b1" in found
    # Of a row that is gone nobody can tell whose it was, or whether the query named it.
    assert hold.scope != "record" or "b2" not in found


def test_a_row_goes_whole_no_sooner_than_what_is_noted_under_another_spelling(inn: Inn) -> None:
    """Something of it is kept still, under the key it had before."""
    policies = {name: inn.datamap.declared(name) for name in ("people", "bills", "slips")}
    inn.datamap = resolve([
        (each.table, replace(each.policy, rows=RowRule.DELETE, columns=COLUMNS) if name == "slips"
         else each.policy) for name, each in policies.items()
    ], [each.table for each in policies.values()], [])  # fmt: skip
    kept.note(inn.engine, "slips", now(inn), "[]")
    (key,) = ((now(inn).partition(":")[2],),)
    only = {("slips", key): frozenset({"payer"})}

    def gone(work: Work) -> bool:
        lines = work.conn.execute(select(tables.kept).where(tables.kept.c.row_key == now(inn)))
        return bool(remainder.whole(work, lines.all(), only, Plan((), ())))

    assert inn.run(lambda office: gone(office.work))
    with inn.engine.begin() as conn:
        line = dict(conn.execute(select(tables.kept)).one()._mapping)
        conn.execute(insert(tables.kept).values(
            {**line, "id": line["id"] + 1, "row_key": other(inn), "until": "2030-01-01"}
        ))
    alone = inn.engine.dialect.name not in LOOSE
    if not alone:
        assert not inn.run(lambda office: gone(office.work))
