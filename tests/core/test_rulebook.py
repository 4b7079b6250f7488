"""The rulebook: nobody alone makes a record go earlier, whatever they change and when."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from random import Random
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from flask_guesterase.core.period import Period
from flask_guesterase.core.reconciling import Changes, reconcile
from flask_guesterase.core.retention import due, floor
from flask_guesterase.core.rule import EVENTS, Facts, Grade, Kind, Open, Rank, Rule, Start
from flask_guesterase.core.rulebook import (
    Line,
    LineKind,
    LineState,
    binding,
    label,
    labels,
    lines_of,
    rule_body,
    rule_of,
    rules,
)

TODAY = date(2026, 3, 10)
LEFT = date(2026, 1, 31)

periods = st.builds(
    Period,
    years=st.integers(0, 3),
    months=st.integers(0, 14),
    days=st.integers(0, 40),
    working=st.integers(0, 2),
)
conditions = st.dictionaries(
    st.sampled_from(["foreign", "outcome", "age_max"]),
    st.sampled_from([True, False]),
    max_size=1,
)
a_rule = st.builds(
    Rule,
    id=st.sampled_from(["XX/one", "XX/two"]),
    jurisdiction=st.just("XX"),
    category=st.sampled_from(["reservation", "guest_register"]),
    article=st.sampled_from(["", "1", "2"]),
    grade=st.sampled_from(Grade),
    floor=st.none() | periods,
    floor_unknown=st.booleans(),
    ceiling=st.none() | periods,
    ceiling_kind=st.sampled_from(Kind),
    clock=st.sampled_from([("departed",), ("created", "departed"), ("created",), ()]),
    start=st.sampled_from(Start),
    when=conditions,
    rank=st.sampled_from(Rank),
    weak=st.booleans(),
    valid_from=st.none() | st.just(LEFT),
    valid_to=st.none() | st.just(LEFT),
    country=st.sampled_from(["DE", "FR"]),
)
texts = st.lists(a_rule, max_size=4, unique_by=lambda rule: (rule.id, rule.category))
records = st.builds(
    Facts,
    events=st.dictionaries(
        st.sampled_from(["departed", "created"]),
        st.dates(date(2024, 1, 1), date(2026, 3, 1)),
    ),
    answers=st.dictionaries(st.sampled_from(["nationality", "outcome"]), st.just("DE")),
    country=st.just("DE"),
)


def book_of(*made: Rule) -> list[Line]:
    """Return the rulebook of a property that begins with these rules."""
    return after([], made, first=True)


def after(
    book: Sequence[Line], made: Sequence[Rule], today: date = TODAY, first: bool = False
) -> list[Line]:
    """Return the rulebook once the sources say this."""
    sources = [line for rule in made for line in lines_of(rule)]
    return numbered(reconcile(book, sources, today, first).apply(book))


def numbered(book: Sequence[Line]) -> list[Line]:
    """Return the lines with numbers, as the table would give them."""
    return [replace(line, id=place) for place, line in enumerate(book, 1)]


def allowed(book: Sequence[Line], today: date) -> list[Line]:
    """Return the rulebook after two people let everything act that waits."""
    day = today + timedelta(days=30)
    waits = (LineState.LEAVING, LineState.COMING)
    return [replace(line, acts_on=day) if line.state in waits else line for line in book]


UNSURE = Rule(
    "XX/two", "XX", "guest_register", grade=Grade.C, floor=Period(years=1), clock=("departed",),
    valid_from=LEFT,
)  # fmt: skip
"""A rule about no record of an earlier day."""

DAY = replace(UNSURE, id="XX/one", grade=Grade.A, floor=Period(days=1), valid_from=None)
UNKNOWN = replace(DAY, floor=None, floor_unknown=True)
EARLIER = Facts({"departed": date(2024, 1, 1)}, {"nationality": "DE"}, "DE")

MEMORY = replace(DAY, grade=Grade.C, floor=None, ceiling=Period(years=9), category="reservation")
ABROAD = replace(DAY, id="XX/two", when={"foreign": True}, category="reservation")
"""A ceiling by which nothing goes, and a rule about others."""

DE = Rule(
    "DE/register", "DE", "guest_register", "BMG 30", grade=Grade.A, floor=Period(years=1),
    ceiling=Period(months=15), ceiling_kind=Kind.HARD, clock=("departed",),
)  # fmt: skip
GUEST = Facts({"departed": LEFT}, country="DE")
OTHERS = replace(DE, id="DE/crew", when={"crew": True})
short_texts = st.lists(
    st.builds(
        replace,
        st.just(DE),
        id=st.sampled_from(["a", "b"]),
        floor=st.sampled_from([Period(days=1), Period(days=2)]),
        ceiling=st.none(),
        when=st.sampled_from([{}, {"foreign": True}, {"foreign": False}]),
        signed=st.booleans(),
    ),
    max_size=2,
    unique_by=lambda rule: rule.id,
)
"""Rules that end what they are about at once, about nobody, some, or all."""


def ends(book: Sequence[Line], today: date = TODAY) -> date | None:
    """Return the last day of a guest's floor under a rulebook."""
    return floor(rules(book, today), "guest_register", GUEST).until


@given(a_rule)
def test_a_rule_is_read_as_it_was_written(rule: Rule) -> None:
    """Through JSON and back nothing is lost."""
    assert rule_of(json.loads(json.dumps(rule_body(rule)))) == rule


@settings(max_examples=150)
@given(texts, st.lists(texts, max_size=3), records, st.sampled_from(["reservation", "cctv"]))
@example([MEMORY, ABROAD], [[ABROAD]], EARLIER, "reservation")
def test_nothing_kept_ends_earlier_without_two_people(
    first: list[Rule], later: list[list[Rule]], record: Facts, category: str
) -> None:
    """Whatever one person does to the sources, in any order, no floor ends earlier, ever."""
    book = book_of(*first)
    before = floor(rules(book, TODAY), category, record)
    limit = _limit(book, TODAY, category, record)
    for turn, made in enumerate(later, 1):
        today = TODAY + timedelta(days=29 * turn)
        book = after(book, made, today)
        now = floor(rules(book, today), category, record)
        for day in (TODAY, date(2026, 12, 31), date(2030, 1, 1)):
            assert now.kept(day) or not before.kept(day)
        assert _limit(book, today, category, record) >= limit
        before, limit = now, _limit(book, today, category, record)


@settings(max_examples=150)
@given(short_texts, st.lists(short_texts, min_size=1, max_size=2), st.booleans())
def test_what_no_rule_is_about_goes_by_no_later_one_for_thirty_days(
    first: list[Rule], later: list[list[Rule]], foreign: bool
) -> None:
    """Whoever writes rules about it, one after another."""
    record = replace(GUEST, answers={"foreign": foreign, "crew": False})
    book = book_of(OTHERS, *first)
    ended = floor(rules(book, TODAY), "guest_register", record).claims
    for turn, made in enumerate(later):
        today = TODAY + timedelta(days=29 * turn)
        book = after(book, [OTHERS, *made], today)
        now = floor(rules(book, today), "guest_register", record)
        assert ended or not now.claims or now.kept(today)


@pytest.mark.parametrize("turns", [1, 3])
def test_no_later_text_ends_what_stays_because_a_rule_is_unsure(turns: int) -> None:
    """Be it the text of a rule that came later itself: two people set a period, or nobody does."""
    book = book_of(UNSURE)
    for turn in range(turns):
        today = TODAY + timedelta(days=31 * turn)
        later = replace(DAY, floor=Period(days=1 + turn))
        book = after(book, [UNSURE, later], today)
    day = today + timedelta(days=31)
    assert floor(rules(book, day), "guest_register", EARLIER).open == (Open.UNSURE,)
    set_ = replace(DAY, id="house/guest_register", rank=Rank.HOUSE, grade=Grade.HOUSE)
    period_ = Line(LineKind.HOUSE, set_.id, rule_body(set_), signed=True)
    verdict = floor(rules([*book, period_], day), "guest_register", EARLIER)
    assert (verdict.kept(day), verdict.open) == (False, ())


MOST = replace(DAY, id="XX/most", grade=Grade.C, floor=None, ceiling=Period(years=9))
"""A ceiling from memory, by which nothing goes."""

FOREIGN = replace(DAY, when={"foreign": True})


@pytest.mark.parametrize(
    ("was", "now"),
    [
        (MOST, []),
        (replace(MOST, grade=Grade.A, signed=False), []),
        (MOST, [replace(MOST, ceiling=None)]),
        (MOST, [replace(MOST, id="XX/renamed")]),
    ],
    ids=["grade C", "draft", "says nothing", "renamed"],
)
def test_what_stays_for_an_unsure_ceiling_stays_until_two_people_let_that_go(
    was: Rule, now: list[Rule]
) -> None:
    """Nothing goes by it, and what no rule keeps is kept for it: who takes it away ends that."""
    book = book_of(was, FOREIGN)
    before = floor(rules(book, TODAY), "guest_register", EARLIER).open
    assert before in ((Open.UNSURE,), (Open.DRAFT,))
    for _ in range(2):
        book = after(book, [*now, FOREIGN])
        assert floor(rules(book, TODAY), "guest_register", EARLIER).open == before
    book, day = allowed(book, TODAY), TODAY + timedelta(days=30)
    assert floor(rules(book, day - timedelta(days=1)), "guest_register", EARLIER).open == before
    for later in (book, after(book, [*now, FOREIGN], day)):
        left = [line for line in later if line.name != "XX/renamed"]
        assert not floor(rules(left, day), "guest_register", EARLIER).kept(day)


@pytest.mark.parametrize("most", [Period(years=10), Period(years=8)])
@pytest.mark.parametrize("grade", [Grade.A, Grade.C])
def test_an_unsure_ceiling_ends_with_the_one_that_takes_its_place(
    most: Period, grade: Grade
) -> None:
    """A longer one at once where it is as unsure; any other once two people let it act."""
    now, day = [replace(MOST, ceiling=most, grade=grade), FOREIGN], TODAY + timedelta(days=30)
    book = after(book_of(MOST, FOREIGN), now)
    at_once = grade is Grade.C and most == Period(years=10)
    assert (LineState.LEAVING in {line.state for line in book}) is not at_once
    book = [
        replace(line, acts_on=day) if line.state is LineState.COMING else line for line in book
    ]
    (line,) = (line for line in after(book, now, day) if line.name == MOST.id)
    assert (line.rule().ceiling, line.state) == (most, LineState.LIVING)


def _limit(book: Sequence[Line], today: date, category: str, record: Facts) -> date:
    """Return the day by which a record must be gone; far away when nothing says so."""
    found = due(rules(book, today), category, record)
    return date.max if found.day is None or found.draft else found.day


def test_of_two_texts_that_say_the_same_one_counts_whatever_their_order() -> None:
    """Two packs give a rule of one name, and differ in what binds nobody: its rank."""
    one = Rule(
        "XX/one", "XX", "reservation", grade=Grade.A, floor=Period(years=1), clock=("departed",)
    )
    other = replace(one, rank=Rank.REGULATION)
    books = [rules(book_of(*each), TODAY) for each in ([one, other], [other, one])]
    assert books[0] == books[1]
    assert len(books[0]) == 1


@settings(max_examples=100)
@given(texts, texts, records, st.randoms(use_true_random=False))
@example([UNSURE], [DAY], EARLIER, Random(0))
@example([replace(UNSURE, valid_from=None, when={"foreign": True})], [DAY], EARLIER, Random(0))
@example([replace(DAY, signed=False, when={"foreign": True})], [DAY], EARLIER, Random(0))
@example([UNSURE], [replace(DAY, when={"foreign": True})], EARLIER, Random(0))
@example([UNSURE], [replace(UNKNOWN, when={"foreign": True})], EARLIER, Random(0))
def test_adding_rules_never_shortens_and_order_does_not_matter(
    first: list[Rule], more: list[Rule], record: Facts, chance: Any
) -> None:
    """A rulebook with more rules keeps at least as long; shuffled sources make the same book."""
    book = book_of(*first)
    grown = after(book, [*first, *more])
    shuffled = [*first, *more]
    chance.shuffle(shuffled)
    assert rules(after(book, shuffled), TODAY) == rules(grown, TODAY)
    for category in ("reservation", "guest_register"):
        before = floor(rules(book, TODAY), category, record)
        now = floor(rules(grown, TODAY), category, record)
        for day in (TODAY, date(2026, 12, 31), date(2030, 1, 1)):
            assert now.kept(day) or not before.kept(day)


@settings(max_examples=100)
@given(texts, texts)
def test_two_people_and_thirty_days_bring_the_sources_in_force(
    first: list[Rule], new: list[Rule]
) -> None:
    """After its days the rulebook says what the sources say; on the day before it does not yet."""
    book = allowed(after(book_of(*first), new), TODAY)
    day = TODAY + timedelta(days=30)
    assert rules(book, day - timedelta(days=1)) == rules(after(book_of(*first), new), TODAY)
    done = after(book, new, day)
    assert _days(rules(done, day)) == _days(rules(book_of(*new), day))
    assert not [line for line in done if line.state is not LineState.LIVING]


def _days(found: Sequence[Rule]) -> list[str]:
    return sorted({line.mark for rule in found for line in lines_of(rule)})


@given(texts)
def test_floor_and_ceiling_come_back_as_one_rule(made: list[Rule]) -> None:
    """The rules of a fresh rulebook are those of its sources, none split and none lost."""
    given_ = [replace(r, rank=Rank.LAW, grade=Grade.A, ceiling_kind=Kind.SOFT) for r in made]
    assert sorted(map(str, rules(book_of(*given_), TODAY))) == sorted(map(str, given_))


def test_a_reconciliation_is_done_once() -> None:
    """The same sources again change nothing, while changes wait as well."""
    book = after(book_of(DE), [replace(DE, floor=Period(months=6), ceiling=Period(months=7))])
    sources = [replace(DE, floor=Period(months=6), ceiling=Period(months=7))]
    again = reconcile(book, [line for r in sources for line in lines_of(r)], TODAY)
    assert not again
    assert again == Changes()


def test_a_longer_floor_acts_at_once_and_replaces_the_old() -> None:
    """Lengthening needs nobody."""
    book = after(book_of(DE), [replace(DE, floor=Period(years=2))])
    assert ends(book) == date(2028, 1, 31)
    assert [line.state for line in book] == [LineState.LIVING] * 2


def test_a_shorter_floor_stays_beside_the_new_one() -> None:
    """The old line binds until its day, and then ends."""
    short = replace(DE, floor=Period(months=6))
    book = after(book_of(DE), [short])
    assert ends(book) == date(2027, 1, 31)
    book = allowed(book, TODAY)
    assert ends(book, date(2026, 4, 8)) == date(2027, 1, 31)
    assert ends(book, date(2026, 4, 9)) == date(2026, 7, 31)


def test_a_floor_taken_away_lives_on_and_comes_back_to_life() -> None:
    """Removed, it is leaving; put back, what people had allowed is void."""
    book = allowed(after(book_of(DE), []), TODAY)
    assert [line.state for line in book] == [LineState.LEAVING]
    back = after(book, [DE], TODAY + timedelta(days=3))
    lower = next(line for line in back if line.kind is LineKind.FLOOR)
    assert (lower.state, lower.acts_on) == (LineState.LIVING, None)


def test_a_change_after_the_second_person_waits_for_people_again() -> None:
    """Two people allowed six months; a day made of it meanwhile does not slip in with them."""
    book = allowed(after(book_of(DE), [replace(DE, floor=Period(months=6))]), TODAY)
    day = TODAY + timedelta(days=31)
    sly = after(book, [replace(DE, floor=Period(days=1))], day)
    assert ends(sly, day) == date(2026, 7, 31)


def test_a_narrower_condition_or_another_clock_is_a_shortening() -> None:
    """Conditions added, a later clock taken away, an earlier start: the old line stays."""
    for changed in (
        replace(DE, when={"foreign": True}),
        replace(DE, when={"foreign": True}, floor=Period(years=30)),
        replace(DE, clock=("created",)),
        replace(DE, valid_to=LEFT),
        replace(DE, category="cctv"),
    ):
        states = [line.state for line in after(book_of(DE), [changed])]
        assert LineState.LEAVING in states, changed


def test_another_country_in_which_a_law_asks_who_is_a_foreigner_is_a_shortening() -> None:
    """Who was one to the old line stays one: it binds beside the new one, whose days wait."""
    home = replace(DE, when={"foreign": True}, country="DE")
    moved = replace(home, country="FR")
    book = after(book_of(home), [moved])
    french = replace(GUEST, country="FR", answers={"nationality": "FR"})
    assert floor(rules(book, TODAY), "guest_register", french).until == date(2027, 1, 31)
    states = {(line.kind, line.rule().country): line.state for line in book}
    assert states[LineKind.FLOOR, "DE"] is states[LineKind.CEILING, "DE"] is LineState.LEAVING
    assert states[LineKind.CEILING, "FR"] is LineState.COMING
    done = after(allowed(book, TODAY), [moved], TODAY + timedelta(days=30))
    assert {line.rule().country for line in done} == {"FR"}


def test_a_law_need_not_name_its_own_country() -> None:
    """A line that says where it counts is the one that was written down before lines did."""
    old = replace(DE, when={"foreign": True})
    lower, upper = lines_of(replace(old, country="DE"))
    assert [lower.key, upper.key] == [line.key for line in lines_of(old)]
    [there, _] = lines_of(replace(old, country="FR"))
    assert there.key != lower.key


def test_a_new_or_shorter_ceiling_waits_and_a_longer_one_does_not() -> None:
    """A ceiling makes records go: only a longer one, or none, acts at once."""
    longer = after(book_of(DE), [replace(DE, ceiling=Period(years=3))])
    assert due(rules(longer, TODAY), "guest_register", GUEST).day == date(2029, 1, 31)
    shorter = after(book_of(DE), [replace(DE, ceiling=Period(years=1))])
    assert due(rules(shorter, TODAY), "guest_register", GUEST).day == date(2027, 4, 30)
    without = after(book_of(DE), [replace(DE, ceiling=None)])
    assert due(rules(without, TODAY), "guest_register", GUEST).day is None
    again = after(without, [DE])
    assert due(rules(again, TODAY), "guest_register", GUEST).day is None


def test_a_target_made_a_number_of_the_law_is_a_shortening() -> None:
    """From "no longer than necessary" to hard, or from grade C to A, it waits."""
    soft = replace(DE, ceiling_kind=Kind.SOFT, grade=Grade.C)
    for changed in (replace(soft, ceiling_kind=Kind.HARD), replace(soft, grade=Grade.A)):
        states = {line.state for line in after(book_of(soft), [changed])}
        assert LineState.COMING in states


def test_a_rule_where_there_was_none_does_not_end_what_was_open() -> None:
    """A category without a rule stays, ask; a rule of one day that is added changes nothing."""
    other = replace(DE, id="DE/cctv", category="cctv", floor=Period(days=1), ceiling=None)
    book = after(book_of(DE), [DE, other])
    assert floor(rules(book, TODAY), "cctv", GUEST).open
    assert not floor(rules(allowed(book, TODAY), TODAY + timedelta(30)), "cctv", GUEST).open


def test_a_pack_cannot_pass_for_the_word_of_two_people() -> None:
    """A rule that calls itself a house period settles nothing that is unknown."""
    unknown = replace(DE, floor=None, floor_unknown=True)
    fake = replace(DE, id="XX/fake", rank=Rank.HOUSE, grade=Grade.HOUSE, floor=Period(days=1))
    assert floor(rules(book_of(unknown, fake), TODAY), "guest_register", GUEST).open


def test_what_was_signed_stays_signed_when_the_text_changes() -> None:
    """A changed text is a draft again; what did not change in it stays in force, and its words."""
    other = replace(DE, id="DE/cctv", category="cctv")
    draft = [replace(DE, signed=False, article="new"), replace(other, signed=False, when={"x": 1})]
    book = after(book_of(DE, other), draft)
    found = {(rule.id, rule.signed, rule.article) for rule in rules(book, TODAY)}
    assert ("DE/register", True, "BMG 30") in found
    assert {("DE/cctv", False, "BMG 30"), ("DE/cctv", True, "BMG 30")} <= found
    signed = after(book, [replace(rule, signed=True) for rule in draft])
    assert {rule.article for rule in rules(signed, TODAY) if rule.id == "DE/register"} == {"new"}


def test_relabelling_keeps_a_column_under_both_categories() -> None:
    """The old category binds beside the new one until people let it go."""
    old, new = label("guests", "name", "guest_register"), label("guests", "name", "cctv")
    book = numbered(reconcile([], [old], TODAY, first=True).apply([]))
    book = numbered(reconcile(book, [new], TODAY).apply(book))
    place = ("guests", "name")
    assert labels(book, TODAY) == {place: ("cctv", "guest_register")}
    assert labels(allowed(book, TODAY), TODAY + timedelta(30)) == {place: ("cctv",)}
    gone = numbered(reconcile(book, [], TODAY).apply(book))
    assert labels(gone, TODAY) == {place: ("cctv", "guest_register")}


def test_names_of_labels_fit_their_column() -> None:
    """A table and a column with the longest names have a name of their own each."""
    names = {label("t" * 128, "c" * 127 + end, "cctv").name for end in "ab"}
    assert len(names) == 2
    assert all(len(name) <= 160 for name in names)


def test_only_known_events_are_used_here() -> None:
    """The rules of these tests run from events there are."""
    assert {"departed", "created"} <= set(EVENTS)
    assert not binding([Line(LineKind.HOUSE, "n", {}, LineState.PROPOSED)], TODAY)
