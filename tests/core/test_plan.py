"""What happens to whose rows: decided from shapes and owners alone."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flask_guesterase.core.decided import decisions_of, differences, digest
from flask_guesterase.core.deciding import Shape, decide, draw
from flask_guesterase.core.plan import Outcome, Person, Plan, Row, key_text
from flask_guesterase.core.ruling import Reason, Ruling

KEY = bytes(range(32))
ME: Person = ("guests", (1,))
OTHER: Person = ("guests", (2,))
COLUMNS = ("a", "b", "c", "d")


def row(*owners: tuple[Person, int], others: tuple[tuple[Person, int], ...] = ()) -> Row:
    """Return a row with these owners."""
    return Row((7,), frozenset(owners), frozenset(others))


@st.composite
def shapes(draw_: st.DrawFn) -> Shape:
    """Any table with two owner paths: some columns go, some are retained, some stay."""
    rules = draw_(st.fixed_dictionaries(
        {c: st.sampled_from(["null", "redact", "keep", "retain"]) for c in COLUMNS}
    ))  # fmt: skip
    alone = draw_(st.lists(
        st.one_of(st.none(), st.frozensets(st.sampled_from(COLUMNS))), min_size=2, max_size=2
    ))  # fmt: skip
    return Shape(
        "rows",
        draw_(st.sampled_from(["never", "always", "last"])),
        {c: r for c, r in rules.items() if r in ("null", "redact")},
        {c: "invoice" for c, r in rules.items() if r == "retain"},
        tuple(alone),
    )


owned = st.frozensets(st.sampled_from([0, 1]), min_size=1)


@given(shapes(), owned, st.frozensets(st.sampled_from([0, 1])), st.sampled_from(COLUMNS))
def test_what_is_approved_is_what_goes_once_nothing_stands_in_the_way(
    shape: Shape, mine: frozenset[int], theirs: frozenset[int], column: str
) -> None:
    """Whoever shares a row that a hold or the hotel keeps today is approved with it, or the request
    that was to go on by itself came back, and said that another person's rows were touched."""
    shared = row(*((ME, p) for p in mine), others=tuple((OTHER, p) for p in theirs))
    law = {category: Reason() for category in shape.retain.values()}
    free, held, needed = (
        draw({"rows": shape}, {"rows": [shared]}, [ME], "v1", {("rows", shared.key): ruling})
        for ruling in (Ruling(law), Ruling(law, held=(1,)), Ruling(law, needed={column: "stay"}))
    )
    for approved in (held, needed):
        then = decisions_of(approved, KEY)
        assert differences(then, decisions_of(free, KEY)) == ()
        assert digest(approved, KEY) == digest(free, KEY)


@given(shapes(), owned, st.frozensets(st.sampled_from([0, 1])))
def test_no_column_comes_under_two_decisions_and_kept_ones_under_none(
    shape: Shape, mine: frozenset[int], theirs: frozenset[int]
) -> None:
    """Each erasing column is overwritten or left as shared; retained ones are retained."""
    made = decide(shape, row(*((ME, p) for p in mine), others=tuple((OTHER, p) for p in theirs)))
    named = [column for decision in made for column in decision.columns]

    assert len(named) == len(set(named))
    if made[:1] != () and made[0].outcome is Outcome.DELETE:
        assert len(made) == 1
        assert not shape.retain
    else:
        assert set(named) == set(shape.erase) | set(shape.retain)


@given(shapes(), owned, owned)
def test_a_living_owners_columns_are_never_touched(
    shape: Shape, mine: frozenset[int], theirs: frozenset[int]
) -> None:
    """In a shared row only columns of paths that are ours alone go, unless the row goes whole."""
    made = decide(shape, row(*((ME, p) for p in mine), others=tuple((OTHER, p) for p in theirs)))
    ours = {c for p in mine - theirs for c in shape.alone[p] or ()}
    hers = {c for p in theirs for c in shape.alone[p] or ()}

    for decision in made:
        if decision.outcome is Outcome.OVERWRITE:
            assert set(decision.columns) <= ours - hers
        if decision.outcome is Outcome.DELETE:
            assert shape.deletes == "always"


@given(shapes(), owned)
def test_a_row_that_is_ours_alone_is_left_with_nothing_that_should_go(
    shape: Shape, mine: frozenset[int]
) -> None:
    """Without another living owner nothing is shared; rows that may go whole go."""
    made = decide(shape, row(*((ME, p) for p in mine)))

    assert Outcome.SHARE not in {d.outcome for d in made}
    assert (Outcome.DELETE in {d.outcome for d in made}) == (
        shape.deletes != "never" and not shape.retain
    )


def plan(*keys: int, shape: Shape | None = None, others: tuple[Person, ...] = ()) -> Plan:
    """Return the plan for some rows of one table."""
    shape = shape or Shape("rows", "never", {"a": "null"}, {"b": "invoice"}, (frozenset({"a"}),))
    rows = [
        Row((k,), frozenset({(ME, 0)}), frozenset((person, 1) for person in others)) for k in keys
    ]
    return draw({"rows": shape}, {"rows": rows}, [ME], "v1")


@given(st.sets(st.integers(0, 50), min_size=1), st.sets(st.integers(0, 50), min_size=1))
def test_the_digest_covers_decisions_not_rows(few: set[int], many: set[int]) -> None:
    """More or fewer rows under the same decisions have the same digest and stand."""
    one, two = plan(*few), plan(*many)

    assert digest(one, KEY) == digest(two, KEY)
    assert differences(decisions_of(one, KEY), decisions_of(two, KEY)) == ()


@pytest.mark.parametrize(
    "today",
    [
        plan(1, shape=Shape("rows", "never", {"a": "redact"}, {"b": "invoice"}, (None,))),
        plan(1, shape=Shape("rows", "never", {"a": "null", "b": "null"}, {}, (None,))),
        plan(1, shape=Shape("rows", "always", {}, {}, (None,))),
        plan(1, shape=replace(Shape("more", "never", {"a": "null"}), alone=(None,))),
        replace(plan(1), policy="v2"),
        replace(plan(1), people=(ME, OTHER)),
    ],
    ids=["rule", "what was kept", "whole rows", "table", "policy", "person"],
)
def test_anything_new_is_a_difference(today: Plan) -> None:
    """A new rule, table, person or policy, or erasing what was kept, goes back to review."""
    approved = plan(1)

    assert digest(today, KEY) != digest(approved, KEY)
    assert differences(decisions_of(approved, KEY), decisions_of(today, KEY)) != ()


def test_what_was_foreseen_while_somebody_stayed_stands() -> None:
    """Of the tables named then, what the same policy decides; no other table, policy or person."""
    waiting = replace(plan(1), foreseen=("more",))
    approved = decisions_of(waiting, KEY)
    more = plan(1, shape=replace(Shape("more", "never", {"a": "null"}), alone=(None,)))
    other = plan(1, shape=replace(Shape("other", "never", {"a": "null"}), alone=(None,)))

    assert digest(waiting, KEY) != digest(plan(1), KEY)
    assert differences(approved, decisions_of(plan(1), KEY)) == ()
    assert differences(approved, decisions_of(more, KEY)) == ()
    assert differences(approved, decisions_of(other, KEY)) != ()
    assert differences(approved, decisions_of(replace(more, policy="v2"), KEY)) != ()
    assert differences(approved, decisions_of(replace(more, people=(ME, OTHER)), KEY)) != ()


def test_less_than_was_approved_stands() -> None:
    """Rows that are gone meanwhile do not invalidate what was approved."""
    approved, today = plan(1), plan()

    assert differences(decisions_of(approved, KEY), decisions_of(today, KEY)) == ()


def test_a_digest_is_keyed() -> None:
    """Nobody without the case's secret can tell which decisions or people a digest stands for."""
    assert digest(plan(1), KEY) != digest(plan(1), bytes(32))
    assert "guests" not in str(decisions_of(plan(1), KEY)["people"])


parts = st.one_of(st.integers(), st.text(max_size=6), st.none(), st.booleans())


@given(st.lists(parts, min_size=1, max_size=3), st.lists(parts, min_size=1, max_size=3))
def test_two_keys_never_have_the_same_text(one: list[object], two: list[object]) -> None:
    """The text of a key tells it from every other key."""
    same = tuple(one) == tuple(two) and [type(x) for x in one] == [type(x) for x in two]

    assert (key_text(tuple(one)) == key_text(tuple(two))) == same
