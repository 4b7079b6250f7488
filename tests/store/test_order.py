"""Rows of one table go in layers: none while another of a later layer points at it."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Column, ForeignKey, Integer, MetaData, Table, create_engine, insert

from flask_guesterase.core.plan import Decision, Outcome, Step
from flask_guesterase.core.policy import Policy, Subject
from flask_guesterase.store.erasing.order import layers, ordered
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


def layered(rows: Pointers, wanted: list[int]) -> list[list[int]]:
    """Return the layers of some rows of a table that holds all."""
    engine = create_engine("sqlite://")
    MAPPING.create_all(engine)
    with engine.begin() as conn:
        conn.execute(insert(MESSAGES), [
            {"id": k, "answers": a, "thread": t} for k, (a, t) in rows.items()
        ])
        reads = reader(conn, DECLARED.declared("messages"), None)
        found = layers(reads, [(key,) for key in wanted], links(DECLARED, None))
    engine.dispose()
    return [[int(str(key)) for (key,) in layer] for layer in found]


def in_circle(rows: Pointers, start: int) -> bool:
    """Return whether a way leads from a row, over others, to a row it reaches again."""
    def walk(here: int, trail: tuple[int, ...]) -> bool:
        if here in trail:
            return True
        return any(
            walk(target, (*trail, here))
            for target in rows[here] if target is not None and target != here
        )

    return walk(start, ())


@given(pointers())
def test_no_row_goes_while_another_points_at_it(rows: Pointers) -> None:
    """Each row is in one layer; outside circles it comes before the rows it points at."""
    found = layered(rows, list(rows))
    place = {key: number for number, layer in enumerate(found) for key in layer}
    assert sorted(key for layer in found for key in layer) == sorted(rows)
    for key, targets in rows.items():
        for target in targets:
            if target is not None and target != key and not in_circle(rows, key):
                assert place[key] < place[target]


def test_rows_that_stay_are_no_layer() -> None:
    """Only the rows asked for are put in order, whatever else is in the table."""
    assert layered({0: (None, None), 1: (0, None), 2: (1, None)}, [2, 0]) == [[2, 0]]


def test_a_long_thread_is_walked_without_recursion() -> None:
    """A thread of 3,000 answers has as many layers."""
    rows: Pointers = {k: (k - 1 if k else None, 0) for k in range(3000)}
    assert [layer[0] for layer in layered(rows, list(rows))] == list(range(2999, -1, -1))


def test_steps_come_in_the_order_of_their_tables() -> None:
    """Of one outcome, and table by table as given."""
    steps = [
        Step(Decision(table, outcome, ()), ())
        for table in ("a", "b", "c") for outcome in (Outcome.DELETE, Outcome.OVERWRITE)
    ]
    found = ordered(steps, ["c", "a", "b"], Outcome.DELETE)
    assert [s.decision.table for s in found] == ["c", "a", "b"]
    assert {s.decision.outcome for s in found} == {Outcome.DELETE}
