"""What we noted of rows is found by whoever asks, though the host spells their keys otherwise."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import Column, Date, MetaData, String, Table, insert, select, update

from flask_guesterase.core.holding import HoldQuery
from flask_guesterase.core.plan import Plan
from flask_guesterase.core.policy import Policy, Subject
from flask_guesterase.core.treatment import RowRule, keep, null, redact
from flask_guesterase.store import tables
from flask_guesterase.store.holding import reach
from flask_guesterase.store.mapping.datamap import resolve
from flask_guesterase.store.retaining import remainder, spelling
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


PERSON = Policy(
    {"hotel": keep("which house"), "name": redact, "email": null, "seen": keep("statistics")},
    subject=Subject(match=["email"], name="name", contact=["email"], property="hotel"),
    category="reservation", clock={"last_activity": "seen"},
)  # fmt: skip


def folk(inn: Inn) -> tuple[Table, str]:
    """Put somebody in whose key is a text, erase them, and spell it otherwise where it can be."""
    key = Column("id", String(20, collation=LOOSE.get(inn.engine.dialect.name)), primary_key=True)
    table = Table(
        "folk", MetaData(), key, Column("hotel", String(10)), Column("name", String(80)),
        Column("email", String(80)), Column("seen", Date),
    )  # fmt: skip
    table.create(inn.engine)
    known = [(each.table, each.policy) for each in inn.datamap.tables.values()]
    inn.datamap = resolve([*known, (table, PERSON)], [*(each for each, _ in known), table], [])
    with inn.engine.begin() as conn:
        conn.execute(insert(table).values(
            id="tok", hotel="sh", name="Ann", email="ann@mail.example", seen=date(2026, 3, 1)
        ))  # fmt: skip
    number = inn.approved(email="ann@mail.example")
    assert inn.erased(number) == "erased"
    with inn.engine.begin() as conn:
        conn.execute(update(table).values(id=now(inn).partition(":")[2]))
    return table, number


@pytest.mark.parametrize("scope", ["record", "subject"])
def test_the_copies_of_who_is_spelt_otherwise_are_reached(inn: Inn, scope: str) -> None:
    """The image in a copy has the former key: a hold by either of both finds it."""
    folk(inn)

    def reached(work: Work, row: str) -> tuple[set[str], set[str]]:
        box, hold = tables.box, Hold(1, scope, "sh", "folk", row)
        wanted = select(box.c.id).where(box.c.purpose == "recovery")
        copies = set(work.conn.execute(wanted).scalars())
        told = reach.holders_of(work, [hold], copies)
        found = {copy for copy, ids in told.items() if hold.id in ids}
        assert len(copies) == 1
        return copies - reach.at_once(work, hold), copies - found

    for row in {other(inn), now(inn)}:
        assert inn.run(lambda office, row=row: reached(office.work, row)) == (set(), set())


def test_what_is_kept_of_a_person_who_is_spelt_otherwise_is_reached(inn: Inn) -> None:
    """Their own row under both keys, and what is nobody's by now of the request about them."""
    _, number = folk(inn)
    kept.note(inn.engine, "folk", other(inn), "[]", mode="sealed", box="b1")
    kept.note(inn.engine, "folk", now(inn), "[]", mode="sealed", box="b2")
    kept.note(inn.engine, "bills", "int:77", "[]", mode="sealed", box="b3", request=number)
    for row in {other(inn), now(inn)}:
        hold = Hold(1, "subject", "sh", "folk", row)
        found = inn.run(lambda office, hold=hold: reach.at_once(office.work, hold))
        assert {"b1", "b2", "b3"} <= found


def test_a_row_that_was_noted_under_both_keys_is_nobody_elses(inn: Inn) -> None:
    """It is there, and whose it is, is known: a hold on somebody else does not keep its boxes."""
    inn.person(2, date(2026, 3, 1))
    for row, box in ((other(inn), "b1"), (now(inn), "b2")):
        kept.note(inn.engine, "slips", row, "[]", mode="sealed", box=box)
    hold = Hold(1, "subject", "sh", "people", "int:2")
    assert inn.run(lambda office: reach.at_once(office.work, hold, ["b1", "b2"])) == set()
    both = [Hold(1, "record", "sh", "slips", row) for row in (other(inn), now(inn))]
    said = inn.run(lambda office: spelling.now(office.work, both))
    assert {each.row for each in said} == {now(inn)}
