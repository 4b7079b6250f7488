"""The lines of a hotel's former code under the code it has now: nothing of them ends earlier."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta

from hypothesis import Phase, assume, given, settings

from flask_guesterase.core.period import Period
from flask_guesterase.core.reconciling import adopted, waiting
from flask_guesterase.core.retention import due, floor
from flask_guesterase.core.rule import Facts, Rule
from flask_guesterase.core.rulebook import Line, LineKind, LineState, rules
from tests.core.test_rulebook import (
    DE,
    GUEST,
    TODAY,
    after,
    allowed,
    book_of,
    numbered,
    records,
    texts,
)

CATEGORIES = ("reservation", "guest_register")
DAYS = (TODAY, date(2026, 12, 31), date(2030, 1, 1))


def joined(own: Sequence[Line], former: Sequence[Line], today: date = TODAY) -> list[Line]:
    """Return both rulebooks under one code; their lines have numbers of one table."""
    mine = [replace(line, id=line.id + 1000) for line in own]
    return adopted(mine, former, today).apply([*mine, *former])


def ceiling(book: Sequence[Line]) -> date | None:
    """Return the day by which a guest's record must be gone under a rulebook."""
    return due(rules(book, TODAY), "guest_register", GUEST).day


@settings(max_examples=60, phases=(Phase.explicit, Phase.reuse, Phase.generate))
@given(texts, texts, texts, records)
def test_no_record_goes_earlier_because_its_hotel_has_another_code(
    first: list[Rule], changed: list[Rule], new: list[Rule], record: Facts
) -> None:
    """Whatever waits under the former code, and whatever the new one began with."""
    former = after(book_of(*first), changed)
    assume(former)
    for own in (book_of(*new), after(book_of(*new), changed)):
        book = joined(own, former)
        for category in CATEGORIES:
            before = floor(rules(former, TODAY), category, record)
            now = floor(rules(book, TODAY), category, record)
            assert all(now.kept(day) or not before.kept(day) for day in DAYS)
            last, limit = (due(rules(b, TODAY), category, record) for b in (former, book))
            if limit.day is not None and not limit.draft:
                assert last.day is not None
                assert not last.draft
                assert limit.day >= last.day


def test_a_ceiling_that_waits_to_be_replaced_binds_no_record_of_another_code() -> None:
    """Somebody shortens it while two people have not said so: it binds those it always bound."""
    own = after(book_of(DE), [replace(DE, ceiling=Period(years=1))])
    assert ceiling(own) == date(2027, 4, 30)
    assert ceiling(joined(own, book_of(replace(DE, ceiling=None)))) is None
    assert ceiling(joined(own, book_of(replace(DE, ceiling=Period(years=2))))) == date(2028, 1, 31)
    assert ceiling(joined(own, book_of(DE))) == date(2027, 4, 30)


def test_what_two_people_allowed_under_one_code_they_did_not_allow_under_both() -> None:
    """A shorter ceiling whose day has come, or will: other rows are meant now, so it waits anew."""
    day = TODAY + timedelta(days=30)
    own = allowed(after(book_of(DE), [replace(DE, ceiling=Period(years=1))]), TODAY)
    assert due(rules(own, day), "guest_register", GUEST).day == date(2027, 1, 31)
    for today in (TODAY, day):
        book = joined(own, book_of(DE), today)
        assert due(rules(book, day), "guest_register", GUEST).day == date(2027, 4, 30)


def test_a_ceiling_of_the_new_code_that_shortens_waits_and_one_that_does_not_acts() -> None:
    """And a first one of either waits for two people, like any other."""
    short, long = (replace(DE, ceiling=Period(years=n)) for n in (1, 3))
    assert ceiling(joined(book_of(short), book_of(DE))) == date(2027, 4, 30)
    assert ceiling(joined(book_of(long), book_of(DE))) == date(2027, 4, 30)
    own = [replace(line, id=line.id + 1000) for line in book_of(short)]
    changes = adopted(own, book_of(DE), TODAY)
    assert [(line.id, line.state) for line in changes.moved] == [(1002, LineState.COMING)]
    assert 1002 not in {line.id for line in changes.ended}


@settings(max_examples=100)
@given(texts, texts, texts)
def test_no_line_is_there_twice(
    first: list[Rule], changed: list[Rule], new: list[Rule]
) -> None:
    """Nor does one of the former code count as said by two."""
    former = after(book_of(*first), changed)
    for own in (book_of(*new), after(book_of(*new), changed)):
        book = joined(own, former)
        there = (LineState.LIVING, LineState.LEAVING)
        known = [line.key for line in book if line.state in there]
        coming = [line.key for line in book if line.state is LineState.COMING]
        assert len(coming) == len(set(coming))
        # What stands twice in one rulebook was there before; see `reconcile`.
        if len({line.key for line in own}) == len(own):
            assert len(known) == len(set(known))


@given(texts)
def test_the_same_rulebook_under_another_code_is_the_same(made: list[Rule]) -> None:
    """Line by line, whichever of the two is kept of each."""
    book = joined(book_of(*made), book_of(*made))
    assert rules(numbered(book), TODAY) == rules(book_of(*made), TODAY)
    assert {line.state for line in book} <= {LineState.LIVING}


def test_what_people_had_allowed_of_the_former_code_ends_on_its_day() -> None:
    """A line that the new code says as well stays; one that only the old one had goes."""
    former = allowed(after(book_of(DE), []), TODAY)
    day = TODAY + timedelta(days=30)
    assert {line.state for line in joined([], former)} == {LineState.LEAVING}
    assert rules(joined([], former), day) == ()
    assert [rule.id for rule in rules(joined(book_of(DE), former), day)] == [DE.id]


def test_of_former_codes_that_say_the_same_what_binds_counts() -> None:
    """Not the line that people let go under one of them; and none of two is there twice."""
    gone, day = allowed(after(book_of(DE), []), TODAY), TODAY + timedelta(days=30)
    both = [*gone, *(replace(line, id=line.id + 500) for line in book_of(DE))]
    assert [rule.floor for rule in rules(joined([], both), day)] == [DE.floor]
    twice = [*book_of(DE), *(replace(line, id=line.id + 500) for line in book_of(DE))]
    assert len([line for line in joined([], twice) if line.kind is LineKind.FLOOR]) == 1


def test_a_floor_that_waits_under_the_former_code_is_not_lost_beside_one_that_acts() -> None:
    """The one that waits is kept, since what it ends had no end; it is there all the same."""
    former = [
        waiting(line, TODAY) if line.kind is LineKind.FLOOR else line for line in book_of(DE)
    ]
    [line] = [line for line in joined(book_of(DE), former) if line.kind is LineKind.FLOOR]
    assert line.state is LineState.LIVING
    assert line.rule().acts_on == TODAY + timedelta(days=30)
