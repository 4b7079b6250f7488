"""What keeps a part of a row, or makes it another person's, whatever else is decided about it."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from flask_guesterase.core.deciding import Shape, decide, draw
from flask_guesterase.core.plan import Decision, Outcome, Person, Plan, Row, key_text
from flask_guesterase.core.ruling import Reason, Ruling

ME: Person = ("guests", (1,))
OTHER: Person = ("guests", (2,))
COLUMNS = ("a", "b", "c", "d")
CATEGORIES = ("bills", "register")
FREE, UNTIL = Ruling(), Reason("rule", "article", "2030-01-01")


@st.composite
def shapes(draw_: st.DrawFn) -> Shape:
    """Any table with two owner paths; of what is retained some goes into a box, some to a mask."""
    words = ["null", "keep", *CATEGORIES]
    rules = {c: draw_(st.sampled_from(words)) for c in COLUMNS}
    retain = {c: r for c, r in rules.items() if r in CATEGORIES}
    alone = st.none() | st.frozensets(st.sampled_from(COLUMNS))
    return Shape(
        "rows", draw_(st.sampled_from(["never", "always", "last"])),
        {c: r for c, r in rules.items() if r == "null"}, retain, (draw_(alone), draw_(alone)),
        {c: "null" for c in retain if draw_(st.booleans())},
        draw_(st.frozensets(st.sampled_from(CATEGORIES))),
    )  # fmt: skip


some = st.frozensets(st.sampled_from(COLUMNS))
rulings = st.builds(
    Ruling,
    law=st.dictionaries(st.sampled_from(CATEGORIES), st.just(UNTIL)),
    sealed=st.frozensets(st.sampled_from(CATEGORIES)),
    needed=st.dictionaries(st.sampled_from(COLUMNS), st.just("stay")),
    only=st.none() | some,
)
paths = st.frozensets(st.sampled_from([0, 1]))


def row(mine: frozenset[int], theirs: frozenset[int] = frozenset(), key: int = 7) -> Row:
    """Return a row that these paths lead to, ours and another living person's."""
    return Row((key,), frozenset((ME, p) for p in mine), frozenset((OTHER, p) for p in theirs))


def named(made: tuple[Decision, ...], *outcomes: Outcome) -> set[str]:
    """Return the columns under decisions of these outcomes."""
    return {name for each in made if each.outcome in outcomes for name in each.columns}


@given(shapes(), paths, paths, rulings)
def test_what_is_kept_is_neither_deleted_nor_overwritten(
    shape: Shape, mine: frozenset[int], theirs: frozenset[int], ruling: Ruling
) -> None:
    """Law, preconditions and the bounds of a plan each hold, and no one of them for another."""
    made = decide(shape, row(mine, theirs), ruling)
    lawful = {
        n for n, c in shape.retain.items()
        if c not in ruling.sealed and (c in ruling.law or n not in shape.after)
    }  # fmt: skip
    beyond = set() if ruling.only is None else set(COLUMNS) - ruling.only
    changed = named(made, Outcome.OVERWRITE, Outcome.SEAL)

    assert not named(made, Outcome.OVERWRITE) & (lawful | set(ruling.needed))
    assert named(made, Outcome.SEAL) <= lawful & set(shape.after)
    assert not changed & beyond
    if any(each.outcome is Outcome.DELETE for each in made):
        assert len(made) == 1
        assert not lawful
        assert not ruling.needed
        assert not beyond & {*shape.erase, *lawful}


@given(shapes(), paths, paths, rulings)
def test_a_hold_keeps_all_of_a_row_that_a_plan_is_about(
    shape: Shape, mine: frozenset[int], theirs: frozenset[int], ruling: Ruling
) -> None:
    """Whatever else is true of it: each column that would go now is held, and nothing goes."""
    held = Ruling(ruling.law, ruling.sealed, (4,), ruling.needed, only=ruling.only)
    made = decide(shape, row(mine, theirs), held)

    every = {*shape.erase, *shape.retain}
    about = {name for name in every if held.may_touch(name)}
    # Of what went of a row before, nothing is there that could be held.
    assert [each.outcome for each in made] == [Outcome.HOLD] * bool(about or not every)
    assert all(set(each.columns) == about for each in made)


@given(shapes(), paths, paths, rulings)
def test_nothing_of_another_living_person_leaves_a_shared_row(
    shape: Shape, mine: frozenset[int], theirs: frozenset[int], ruling: Ruling
) -> None:
    """Neither to a mask nor into a box; what stays because of them is told as shared."""
    made = decide(shape, row(mine, theirs), ruling)
    ours = {c for p in mine - theirs for c in shape.alone[p] or ()}
    hers = {c for p in theirs for c in shape.alone[p] or ()}

    if theirs:
        assert named(made, Outcome.OVERWRITE, Outcome.SEAL) <= ours - hers
    going = {n for n in shape.erase if ruling.may_touch(n) and n not in ruling.needed}
    if not any(each.outcome is Outcome.DELETE for each in made):
        assert going <= named(made, Outcome.OVERWRITE, Outcome.SHARE)


def test_a_plan_about_a_part_of_a_row_takes_no_more_of_it() -> None:
    """What the law keeps of the rest is nothing that it decides, and the row does not go whole."""
    shape = Shape("rows", "always", {"a": "null"}, {"b": "bills"}, (None,), {"b": "null"})
    part = decide(shape, row(frozenset({0})), Ruling({"bills": UNTIL}, only=frozenset("a")))
    all_ = decide(shape, row(frozenset({0})), Ruling(only=frozenset("ab")))

    assert [(each.outcome, each.columns) for each in part] == [(Outcome.OVERWRITE, ("a",))]
    assert [each.outcome for each in all_] == [Outcome.DELETE]


def test_what_the_hotel_needs_of_a_row_keeps_it_though_no_rule_would_change_that() -> None:
    """A column that is bookkeeping would go with its row: the row stays, the rest goes."""
    shape = Shape("rows", "always", {"a": "null"})
    made = decide(shape, row(frozenset({0})), Ruling(needed={"total": "unpaid"}))

    assert [each.outcome for each in made] == [Outcome.OVERWRITE, Outcome.RETAIN]
    assert named(made, Outcome.RETAIN) == {"total"}


def test_a_row_that_waits_for_its_last_owner_is_told_as_shared() -> None:
    """Though no column of it has a rule of its own; without the other person it goes."""
    shape = Shape("rows", "last", {}, {}, (None,))
    made = decide(shape, row(frozenset({0}), frozenset({0})), FREE)

    assert [each.outcome for each in made] == [Outcome.SHARE]
    assert [each.outcome for each in decide(shape, row(frozenset({0})), FREE)] == [Outcome.DELETE]


def drawn(shape: Shape, *rows: Row) -> Plan:
    """Return the plan of rows under one ruling."""
    return draw({"rows": shape}, {"rows": rows}, [ME], "", {("rows", r.key): FREE for r in rows})


def test_rows_are_decided_about_by_their_own_owners() -> None:
    """Of rows that others share by other ways, in whatever order, none is taken for the next."""
    shape = Shape(
        "rows", "never", {"a": "null", "b": "null"}, {}, (frozenset({"a"}), frozenset({"b"}))
    )
    rows = [
        row(frozenset({0}), frozenset({1}), 1), row(frozenset({1}), frozenset({0}), 2),
        row(frozenset({0}), frozenset({0}), 3), row(frozenset({0}), frozenset(), 4),
        row(frozenset({0, 1}), frozenset({1}), 5),
    ]  # fmt: skip
    want = {1: {"a"}, 2: {"b"}, 3: set(), 4: {"a", "b"}, 5: {"a"}}

    for some_ in (rows, rows[::-1]):
        found: dict[object, set[str]] = {key: set() for key in want}
        for step in drawn(shape, *some_).changing():
            for each in step.rows:
                found[each.key[0]] |= set(step.decision.columns)
        assert found == want


which = st.integers(-1, 2)
"""Of some rulings one, or none."""


@given(
    shapes(), st.lists(rulings | st.just(Ruling(held=(1,))), min_size=2, max_size=3),
    st.lists(st.tuples(paths, st.just(frozenset[int]()), which), min_size=2, max_size=4)
    | st.lists(st.tuples(paths, paths, which), min_size=2, max_size=4),
)  # fmt: skip
def test_about_a_row_among_others_is_decided_as_about_it_alone(
    shape: Shape, pool: list[Ruling], rows: list[tuple[frozenset[int], frozenset[int], int]]
) -> None:
    """One that is held, needed or another's too, among rows of which nothing is."""
    found = [row(mine, theirs, key) for key, (mine, theirs, _) in enumerate(rows, 8)]
    ruled = {
        ("rows", (key,)): pool[place % len(pool)]
        for key, (_, _, place) in enumerate(rows, 8) if place >= 0
    }  # fmt: skip
    every = draw({"rows": shape}, {"rows": found}, [ME], "", ruled)
    each = [draw({"rows": shape}, {"rows": [one]}, [ME], "", ruled) for one in found]

    assert {(step.decision, one) for step in every.steps for one in step.rows} == {
        (step.decision, one) for plan in each for step in plan.steps for one in step.rows
    }
    assert all(list(s.rows) == sorted(s.rows, key=lambda r: key_text(r.key)) for s in every.steps)
    assert every.promised == frozenset().union(*(plan.promised or () for plan in each))
    assert every.reached == frozenset().union(*(plan.reached for plan in each))


def test_whom_a_plan_leaves_alone() -> None:
    """Held, or still a guest of another controller's; not who the hotel itself needs in part."""
    shape = Shape("guests", "never", {"a": "null", "b": "null"})
    people = [("guests", (n,)) for n in range(1, 5)]
    law = [Ruling(held=(1,)), Ruling(needed={"a": "another-controller"}),
           Ruling(needed={"a": "unpaid"}), FREE]  # fmt: skip
    rows = [Row(p[1], frozenset({(p, 0)})) for p in people]
    made = draw(
        {"guests": shape}, {"guests": rows}, people, "",
        dict(zip([("guests", p[1]) for p in people], law, strict=True)),
    )  # fmt: skip

    assert made.untouched() == {people[0]}
    assert made.spared() == {*people[:2]}


def test_who_is_reached_by_what_is_promised() -> None:
    """The others of a shared row that changes; not of one that nothing is done to."""
    alone = (frozenset({"a"}), frozenset())
    changes, stays = [Shape("rows", "never", rules, {}, alone) for rules in ({"a": "null"}, {})]
    shared = row(frozenset({0}), frozenset({1}))

    assert drawn(changes, shared).reached == {OTHER}
    assert drawn(stays, shared).reached == set()
