"""A hold on what the database lacks by now stops no other rows, and lets nothing go that may be."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import exists, insert, select, text

from flask_guesterase.core.holding import HoldQuery, Wanted
from flask_guesterase.store import tables
from flask_guesterase.store.holding import reach
from flask_guesterase.store.retaining import holds
from flask_guesterase.store.retaining.living import Hold
from flask_guesterase.store.work import Work
from tests import engines
from tests.store import kept
from tests.store.night import GRANTS, Guest, Night
from tests.store.test_expiry import Inn
from tests.store.test_holds import Inn as Holding
from tests.store.test_moved import loose_slip


@pytest.fixture(params=engines.DEEP)
def at(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Callable[[Any], Any]]:
    """What makes a hotel of some kind, on SQLite; on each of the three engines at full depth."""
    with engines.fresh_database(request.param) as url:
        made: list[Any] = []
        yield lambda kind: made.append(kind(url, tmp_path)) or made[0]
        made[0].engine.dispose()


def test_a_row_of_a_table_that_is_missing_stops_no_other(at: Callable[[Any], Any]) -> None:
    """Its key is a text, by which nobody can ask any more: others are planned and held as ever."""
    inn = at(Inn)
    inn.grants["officer"].add("hold")
    for id in (1, 2):
        inn.person(id, date(2026, 3, 1))
        inn.bill(id, one=id)
    table = loose_slip(inn)
    for named in (("slips", "tok"), ("bills", "1")):
        wanted = Wanted("record", "court-order", *named)
        inn.run(lambda office, wanted=wanted: office.place_hold(wanted, "officer"))
    number = inn.file(email="p2@mail.example")
    table.drop(inn.engine)
    assert inn.run(lambda office: holds.held(office.work, "bills", [(1,), (2,)])) == {(1,): [2]}
    shown = inn.run(lambda office: office.preview(number))
    assert [block.table for block in shown.blocked] == ["slips"]


def test_a_query_about_a_column_that_is_missing_holds_all_it_may_mean(
    at: Callable[[Any], Any]
) -> None:
    """Nobody can tell whom it names: all are held, and no look at anything fails."""
    inn = at(Holding)
    inn.people()
    inn.queries["louts"] = HoldQuery("louts", "guests", lambda table: table.c.phone == "0")
    hold = inn.hold("query", "guests", query="louts", property="sh")
    assert inn.held("bookings", (1,), (2,)) == {}
    with inn.engine.begin() as conn:
        conn.execute(text("ALTER TABLE guests DROP COLUMN phone"))
    assert inn.held("bookings", (1,), (2,)) == {(1,): [hold], (2,): [hold]}


def test_a_night_of_a_register_that_is_missing_holds_all_there(
    at: Callable[[Any], Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody can tell who slept there: all at that property are held, and nobody elsewhere."""
    monkeypatch.setitem(GRANTS, ("clerk", "sh"), {"freeze"})
    night = at(Night)
    night.stay(1)
    with night.engine.begin() as conn:
        conn.execute(insert(Guest).values(id=3, hotel="sh", name="Guest"))

    def held() -> set[int]:
        with night.begin() as office:
            return {id for id, in holds.held(office.work, "guests", [(1,), (2,), (3,)])}

    night.run(lambda office: office.freeze("sh", "clerk", night="2026-03-09"))
    assert held() == {1}
    with night.engine.begin() as conn:
        conn.execute(text("DROP TABLE registrations"))
    assert held() == {1, 3}
    assert night.run(lambda office: office.is_listed("sh", "clerk", "2026-03-09", "999"))


HOLDS = {
    "place": Hold(1, "place", "sh"),
    "night": Hold(1, "place", "sh", night="2026-03-09"),
    "query": Hold(1, "query", "sh", "guests", query="louts"),
    "subject": Hold(1, "subject", "sh", "guests", "int:1"),
}


@pytest.mark.parametrize("hold", HOLDS.values(), ids=HOLDS)
def test_a_box_of_a_table_that_is_missing_is_reached(
    at: Callable[[Any], Any], hold: Hold
) -> None:
    """Whose row was sealed nobody can tell: it stays, and the keys of all others end as ever."""
    night = at(Night)
    night.stay(1)
    box, = night.seal([1])
    kept.note(night.engine, "registrations", "int:1", "[]", mode="sealed", box=box)
    with night.engine.begin() as conn:
        conn.execute(text("DROP TABLE registrations"))
    assert night.run(lambda office: reach.at_once(office.work, hold, [box])) == {box}


def test_a_query_on_a_table_that_is_missing_reaches_all_copies(at: Callable[[Any], Any]) -> None:
    """Nobody can tell whose rows it names: no copy goes, and the look itself does not fail."""
    inn = at(Inn)
    inn.person(1, date(2026, 3, 1))
    table = loose_slip(inn)
    inn.erased(inn.approved(email="p1@mail.example"))
    table.drop(inn.engine)

    def reached(work: Work) -> set[str]:
        work.queries = {"all": HoldQuery("all", "slips", lambda held: held.c.payer == "x")}
        return reach.at_once(work, Hold(1, "query", "sh", "slips", query="all"))

    (copy,) = inn.run(lambda office: copies(office.work))
    assert copy in inn.run(lambda office: reached(office.work))


def copies(work: Work) -> set[str]:
    """Return the safety copies there are."""
    box = tables.box
    return set(work.conn.execute(select(box.c.id).where(box.c.purpose == "recovery")).scalars())


def test_a_query_that_looks_into_a_table_that_is_missing_holds_all_it_may_mean(
    at: Callable[[Any], Any]
) -> None:
    """The condition is about rows of another table, which nobody can ask."""
    inn = at(Inn)
    inn.person(1, date(2026, 3, 1))
    table = loose_slip(inn)
    table.drop(inn.engine)

    def found(work: Work) -> holds.Covered:
        has = exists().where
        work.queries = {"all": HoldQuery("all", "people", lambda t: has(table.c.guest == t.c.id))}
        hold = Hold(1, "query", "sh", "people", query="all")
        return holds.covered(work, [hold], "people", [(1,)])

    assert inn.run(lambda office: found(office.work)) == {(1,): {1}}
