"""What counts as shorter, to the day: of it two people say that it acts, whoever wrote it."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from flask_guesterase.core.period import Period
from flask_guesterase.core.reconciling import settled, waiting
from flask_guesterase.core.retention import due, floor, start, undue
from flask_guesterase.core.rule import Facts, Grade, Open, Start
from flask_guesterase.core.rulebook import Line, LineKind, LineState, rule_body, rules
from tests.core.test_rulebook import DE, GUEST, TODAY, after, book_of

DAYS = {n: Period(days=n) for n in (28, 29, 31)}
MONTH = Period(months=1)


@pytest.mark.parametrize(
    ("was", "now", "shorter"),
    [
        (DAYS[28], MONTH, False), (DAYS[29], MONTH, True), (DAYS[31], MONTH, True),
        (MONTH, DAYS[28], True), (MONTH, DAYS[31], True),
        (Period(years=1), Period(months=12), False),
        (Period(days=9, working=3), Period(days=9, working=2), True),
        (Period(days=9, working=2), Period(days=9, working=3), False),
        (Period(days=9, working=3), Period(months=2), True),
    ],
)
def test_a_period_is_as_long_only_from_every_day(was: Period, now: Period, shorter: bool) -> None:
    """A month may have 28 days, and nobody counts how many of them were worked on."""
    lower = [replace(DE, floor=each, ceiling=None) for each in (was, now)]
    floors = after(book_of(lower[0]), [lower[1]])
    assert (LineState.LEAVING in {line.state for line in floors}) is shorter

    upper = [replace(DE, floor=None, ceiling=each) for each in (was, now)]
    ceilings = after(book_of(upper[0]), [upper[1]])
    assert (LineState.COMING in {line.state for line in ceilings}) is shorter


@pytest.mark.parametrize(
    ("was", "now"),
    [
        ({}, {"floor": None, "floor_unknown": True}),
        ({"grade": Grade.C}, {}),
    ],
    ids=["a number nobody knows any more", "sure"],
)
def test_a_floor_that_something_else_may_end_replaces_none(
    was: dict[str, Any], now: dict[str, Any]
) -> None:
    """A house period settles what is unknown; who is sure ends what was open."""
    book = after(book_of(replace(DE, **was)), [replace(DE, **now)])
    assert {line.state for line in book if line.kind is LineKind.FLOOR} == {
        LineState.LEAVING, LineState.LIVING,
    }  # fmt: skip


@pytest.mark.parametrize("turn", [1, -1])
def test_of_two_texts_that_say_the_same_the_signed_one_counts(turn: int) -> None:
    """The draft of a region keeps nothing open that its country's signed text ends."""
    two = [DE, replace(DE, signed=False, article="draft")][::turn]
    verdict = floor(rules(book_of(*two), TODAY), "guest_register", GUEST)
    assert (verdict.until, verdict.open) == (date(2027, 1, 31), ())


def test_a_floor_ends_what_had_no_end_from_its_day_on() -> None:
    """Until the day before, a rule that comes beside it finds records without an end there."""
    lower = next(line for line in book_of(DE) if line.kind is LineKind.FLOOR)
    first = TODAY + timedelta(days=30)
    other = replace(DE, id="DE/short", floor=Period(days=1), ceiling=None)
    for day, open_ in ((first - timedelta(days=1), True), (first, False)):
        found = after([replace(waiting(lower, TODAY), id=1)], [DE, other], day)
        assert ("none/guest_register" in {line.name for line in found}) is open_


@pytest.mark.parametrize(
    ("signed", "waited", "waits"),
    [(True, True, False), (False, True, True), (False, False, False)],
    ids=["signed and over", "never signed", "from the first"],
)
def test_days_that_nobody_signed_for_end_nothing_by_a_later_text(
    signed: bool, waited: bool, waits: bool
) -> None:
    """A floor that had to wait begins its thirty days with a signature; so does its next text."""
    (old,) = book_of(replace(DE, ceiling=None))
    old = waiting(old, TODAY - timedelta(days=31)) if waited else old
    book = after([replace(old, signed=signed)], [replace(DE, floor=Period(years=2), ceiling=None)])
    (new,) = (line for line in book if line.rule().floor == Period(years=2))
    assert (new.body.get("acts_on", "") > TODAY.isoformat()) is waits
    assert ("acts_on" in new.body) is waited


def test_a_ceiling_that_nobody_allowed_binds_nothing_when_another_takes_its_place() -> None:
    """Whatever the sources said between, the one that bound all along does until two people act."""
    first = after(book_of(DE), [replace(DE, ceiling=Period(years=1))])
    second = after(first, [replace(DE, ceiling=Period(months=11))])
    ceilings = [line for line in second if line.kind is LineKind.CEILING]
    assert [(str(line.rule().ceiling), line.state) for line in ceilings] == [
        ("P15M", LineState.LEAVING), ("P11M", LineState.COMING),
    ]  # fmt: skip
    none = after(first, [replace(DE, ceiling=None)])
    assert [line.kind for line in none] == [LineKind.FLOOR]


def test_a_line_follows_the_newest_text_that_is_signed() -> None:
    """An article is corrected at once; a draft corrects no text that somebody signed."""
    for was, now, article, signed in (
        (False, False, "new", False), (False, True, "new", True), (True, True, "new", True),
        (True, False, "old", True),
    ):  # fmt: skip
        old, new = (replace(DE, ceiling=None, article=each) for each in ("old", "new"))
        (line,) = after(book_of(replace(old, signed=was)), [replace(new, signed=now)])
        assert (line.body["article"], line.signed) == (article, signed), (was, now)


def test_a_house_period_stays_until_the_day_two_people_let_it_end() -> None:
    """No source says it: people did."""
    line = house()
    left = [
        replace(line, state=LineState.LEAVING, acts_on=TODAY + timedelta(days=days))
        for days in (0, 1)
    ]
    assert after([line], []) == [replace(line, id=1)]
    assert [len(after([each], [])) for each in left] == [0, 1]


def house(**more: Any) -> Line:
    """Return a period of the house."""
    body = rule_body(replace(DE, id="house/guest_register", ceiling=None, **more))
    return Line(LineKind.HOUSE, "house/guest_register", body, signed=True, id=9)


def test_what_a_house_period_settled() -> None:
    """From its first day on, of its own category, and only where it says a floor."""
    waits = house(acts_on=TODAY + timedelta(days=1))
    assert settled([house()], "guest_register", TODAY)
    assert settled([waits], "guest_register", TODAY + timedelta(days=1))
    assert not settled([waits], "guest_register", TODAY)
    assert not settled([house()], "cctv", TODAY)
    assert not settled([house(floor=None)], "guest_register", TODAY)


def test_a_fiscal_year_is_the_one_its_rule_was_read_with() -> None:
    """Whoever moves its end in the settings moves no record that was under it before."""
    books = replace(DE, start=Start.FISCAL_YEAR_END, fiscal=(3, 31))
    record = Facts({"departed": date(2026, 1, 31)}, country="DE", fiscal=(1, 31))
    assert start(books, record) == date(2026, 3, 31)
    assert start(replace(books, fiscal=None), record) == date(2026, 1, 31)


def test_a_ceiling_of_a_draft_ends_nothing_and_is_told() -> None:
    """Its day is known, and no reason to erase; that it is a draft is why it stays."""
    draft = replace(DE, signed=False)
    assert due([draft], "guest_register", GUEST).draft
    assert undue([draft], "guest_register", GUEST) == {Open.DRAFT}
    assert undue([replace(DE, grade=Grade.C)], "guest_register", GUEST) == {Open.UNSURE}
    assert undue([DE], "guest_register", GUEST) == frozenset()
