"""Rows of one table go in layers: none while another of a later layer points at it."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Column, ForeignKey, Integer, MetaData, Table, create_engine, insert

from flask_guesterase.core.plan import Decision, Outcome, Step
from flask_guesterase.core.policy import Policy, Subject
from flask_guesterase.store.erasing.order import in_circles, layers, ordered, pointing, together
from flask_guesterase.store.mapping.links import links
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
    """A thread of 3,000 answers has as many layers."""
    rows: Pointers = {k: (k - 1 if k else None, 0) for k in range(3000)}
    assert [layer[0] for layer in layered(rows, list(rows))] == [{k} for k in range(2999, -1, -1)]


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
