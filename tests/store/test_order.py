"""Rows of one table go in layers: none while another of a later layer points at it."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Column, ForeignKey, Integer, MetaData, Table, create_engine, insert

from flask_guesterase.core.plan import Decision, Outcome, Step
from flask_guesterase.core.policy import Policy, Subject
from flask_guesterase.store.erasing.order import (
    in_circles,
    in_turn,
    layers,
    ordered,
    pointing,
    together,
)
from flask_guesterase.store.mapping.links import Link, links
from flask_guesterase.store.mapping.raw import reader
from tests.store.inn import datamap

MAPPING = MetaData()
MESSAGES = Table(
    "messages", MAPPING,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("answers", ForeignKey("messages.id")), Column("thread", ForeignKey("messages.id")),
)
DECLARED = datamap(MAPPING, {"messages": Policy({}, subject=Subject(match=["id"]))})

Pointers = dict[int, tuple[int | None, int | None]]


@st.composite
def pointers(draw: st.DrawFn) -> Pointers:
    """Up to nine messages, each with at most two keys at any of them, circles included."""
    keys = list(range(draw(st.integers(1, 9))))
    target = st.none() | st.sampled_from(keys)
    return {key: (draw(target), draw(target)) for key in keys}


def layered(rows: Pointers, wanted: list[int]) -> list[list[set[int]]]:
    """Return the layers of some rows of a table that holds all, each with those in its circle."""
    engine = create_engine("sqlite://")
    MAPPING.create_all(engine)
    with engine.begin() as conn:
        conn.execute(insert(MESSAGES), [
            {"id": k, "answers": a, "thread": t} for k, (a, t) in rows.items()
        ])
        reads = reader(conn, DECLARED.declared("messages"), None)
        found = pointing(reads, [(key,) for key in wanted], links(DECLARED, None))
    engine.dispose()
    around = {key for key in rows if leads(rows, key, key)}
    assert {int(str(key)) for (key,) in in_circles(found)} == around & set(wanted)
    return [[{int(str(key)) for (key,) in knot} for knot in layer] for layer in layers(found)]


def leads(rows: Pointers, start: int, end: int) -> bool:
    """Return whether a way of one step or more leads from one row to another."""
    seen, todo = set[int](), [target for target in rows[start] if target is not None]
    while todo:
        here = todo.pop()
        if here not in seen:
            seen.add(here)
            todo += [target for target in rows[here] if target is not None]
    return end in seen


@given(pointers())
def test_no_row_goes_while_another_points_at_it(rows: Pointers) -> None:
    """Each row comes before those it points at, or together with those that point back at it."""
    found = layered(rows, list(rows))
    place = {key: n for n, layer in enumerate(found) for knot in layer for key in knot}
    assert sorted(key for layer in found for knot in layer for key in knot) == sorted(rows)
    for key, targets in rows.items():
        for target in targets:
            if target is not None and target != key and not leads(rows, target, key):
                assert place[key] < place[target]
    for knot in (knot for layer in found for knot in layer):
        for key in knot:
            assert knot - {key} == {
                other for other in rows
                if other != key and leads(rows, key, other) and leads(rows, other, key)
            }


def test_rows_that_stay_are_no_layer() -> None:
    """Only the rows asked for are put in order, whatever else is in the table."""
    assert layered({0: (None, None), 1: (0, None), 2: (1, None)}, [2, 0]) == [[{2}, {0}]]


def test_a_long_thread_is_walked_without_recursion() -> None:
    """A thread of 1,500 answers has as many layers."""
    rows: Pointers = {k: (k - 1 if k else None, 0) for k in range(1500)}
    assert [layer[0] for layer in layered(rows, list(rows))] == [{k} for k in range(1499, -1, -1)]


def test_a_long_circle_stays_together() -> None:
    """Rows that fill more than one statement, in a circle, are asked for in one."""
    rows: Pointers = {k: ((k + 1) % 3000, None) for k in range(3000)} | {3000: (0, None)}
    assert layered(rows, list(rows)) == [[{3000}], [set(range(3000))]]
    circle = tuple((key,) for key in range(3000))
    assert [len(part) for part in together([((-1,),), circle, ((-2,),)])] == [1, 3000, 1]


def test_steps_come_in_the_order_of_their_tables() -> None:
    """Of one outcome, and table by table as given."""
    steps = [
        Step(Decision(table, outcome, ()), ())
        for table in ("a", "b", "c") for outcome in (Outcome.DELETE, Outcome.OVERWRITE)
    ]
    found = ordered(steps, ["c", "a", "b"], Outcome.DELETE)
    assert [s.decision.table for s in found] == ["c", "a", "b"]
    assert {s.decision.outcome for s in found} == {Outcome.DELETE}


HANGING = MetaData()
for _name in ("answers", "letters", "nicks", "people"):
    Table(_name, HANGING, Column("id", Integer, primary_key=True), Column("on", Integer))
HUNG = datamap(HANGING, {
    name: Policy({}, subject=Subject(match=["id"])) for name in HANGING.tables
})  # fmt: skip


def turned(*known: Link) -> list[list[str]]:
    """Return what is done with tables, turn by turn, where people and letters are overwritten."""
    steps = [
        Step(Decision(name, outcome, ("on",)), ())
        for name, outcome in (
            ("people", Outcome.OVERWRITE), ("nicks", Outcome.DELETE),
            ("letters", Outcome.OVERWRITE), ("answers", Outcome.DELETE),
        )
    ]  # fmt: skip
    done = in_turn(HUNG, steps, known)
    every = (done.untying, done.early, done.writing, done.late)
    return [[step.decision.table for step in part] for part in every]


def hung(child: str, parent: str, target: str, on_update: str = "NO ACTION") -> Link:
    """Return an enforced key of a table."""
    return Link(child, ("on",), parent, (target,), on_update=on_update, enforced=True)


def test_only_rows_that_hold_on_to_what_is_overwritten_go_early() -> None:
    """Keys that point at what stays, and those that follow by themselves, change no order."""
    late = [[], [], ["letters", "people"], ["answers", "nicks"]]
    assert turned(hung("nicks", "people", "id"), hung("answers", "letters", "id")) == late
    assert turned(hung("nicks", "people", "on", "CASCADE")) == late
    assert turned(hung("nicks", "people", "on", "SET NULL")) == late
    early = [[], ["nicks"], ["letters", "people"], ["answers"]]
    assert turned(hung("nicks", "people", "on")) == early
    assert turned(hung("nicks", "people", "on", "RESTRICT")) == early


def test_rows_that_hold_on_to_what_a_key_follows_go_early() -> None:
    """What the database carries into a column is overwritten there as well."""
    known = hung("nicks", "people", "on", "CASCADE"), hung("answers", "nicks", "on")
    assert turned(*known) == [[], ["answers"], ["letters", "people"], ["nicks"]]


def test_rows_that_point_at_those_that_go_early_go_or_let_go_before() -> None:
    """Those that go do so with them, those that stay are overwritten first."""
    known = hung("nicks", "people", "on"), hung("letters", "nicks", "id")
    assert turned(*known) == [["letters"], ["nicks"], ["people"], ["answers"]]
    known = hung("nicks", "people", "on"), hung("answers", "nicks", "id")
    assert turned(*known) == [[], ["answers", "nicks"], ["letters", "people"], []]


def test_rows_do_not_go_early_where_what_lets_go_of_them_is_held_itself() -> None:
    """Such a chain is not undone link by link: what nothing points at goes early, alone."""
    known = (
        hung("nicks", "people", "on"), hung("letters", "nicks", "id"),
        hung("answers", "letters", "on"),
    )  # fmt: skip
    assert turned(*known) == [[], ["answers"], ["letters", "people"], ["nicks"]]
