"""Old life or new life: the pure judgement, over everything that may be known."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flask_guesterase.core.identity import apart, contradicts, readings
from flask_guesterase.core.returning import (
    Life,
    Seen,
    Sign,
    Verdict,
    classify,
    classify_record,
    life,
)

ERASED = datetime(2026, 3, 10, 9, 30, tzinfo=UTC)
UTC_ZONE = ZoneInfo("UTC")
SHANGHAI = ZoneInfo("Asia/Shanghai")

lives = st.sampled_from(Life)
seen = st.builds(
    Seen,
    signs=st.frozensets(st.sampled_from(Sign)),
    contradicted=st.booleans(),
    named=st.booleans(),
    doubted=st.booleans(),
    own=lives,
    records=st.lists(lives, max_size=4).map(tuple),
    appeared=st.booleans(),
    active=st.booleans(),
    given=st.booleans(),
)
moments = st.one_of(
    st.dates(date(2020, 1, 1), date(2030, 1, 1)),
    st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC)),
)


@given(seen)
def test_a_new_booking_or_another_name_is_never_erased_by_itself(what: Seen) -> None:
    """What goes again by itself has a sign, no other name, and no booking of a new life."""
    if classify(what) is Verdict.RESYNC:
        assert what.signs
        assert not what.contradicted
        assert Life.NEW not in what.records
        firm = what.signs & {Sign.KEY, Sign.REFERENCE}
        assert not what.doubted
        assert not (firm and what.active)
        assert not (firm and what.numbered)
        assert firm or what.own is Life.OLD or set(what.records) == {Life.OLD}


@pytest.mark.parametrize("named", [True, False])
def test_who_has_but_a_number_that_was_given_again_is_asked_about(named: bool) -> None:
    """Under the erased name it is the old guest's, and a name that speaks against it is asked."""
    what = Seen(frozenset({Sign.KEY}), named=named, own=Life.NEW, given=True)
    assert classify(what) is (Verdict.RESYNC if named else Verdict.UNCLEAR)
    assert what.apart is not named


@given(seen)
def test_who_may_have_been_there_all_along_is_not_taken_for_a_contact(what: Seen) -> None:
    if what.signs <= {Sign.CONTACT} and not what.appeared:
        assert classify(what) is not Verdict.RESYNC


@given(seen)
def test_a_contact_alone_takes_nobody_of_whom_too_little_is_known(what: Seen) -> None:
    """Without a name to compare, or with a booking of a day nobody knows, a person looks."""
    if what.signs <= {Sign.CONTACT} and not (what.named and set(what.records) <= {Life.OLD}):
        assert classify(what) is not Verdict.RESYNC


@given(seen)
def test_nobody_is_a_stranger_without_a_reason(what: Seen) -> None:
    """No sign, or a contact alone under another name: nothing else is passed over in silence."""
    firm = bool(what.signs & {Sign.KEY, Sign.REFERENCE})
    stranger = not what.signs or (what.contradicted and not firm)
    assert (classify(what) is Verdict.STRANGER) is stranger


@given(st.frozensets(st.sampled_from(Sign)), st.lists(st.sampled_from([None, *Verdict])))
def test_a_record_goes_only_with_all_it_belongs_to(
    signs: frozenset[Sign], owners: list[Verdict | None]
) -> None:
    """A booking of anybody who lives, or whom nobody knows, is left to a person."""
    verdict = classify_record(signs, owners)
    if verdict is Verdict.RESYNC:
        assert set(owners) <= {None, Verdict.RESYNC}
        assert signs & {Sign.KEY, Sign.REFERENCE}
    assert verdict is not Verdict.LIVES


@pytest.mark.parametrize(
    ("made", "happened", "zone", "wanted"),
    [
        ([date(2026, 3, 9)], [], UTC_ZONE, Life.OLD),
        ([date(2026, 3, 10)], [], UTC_ZONE, Life.UNKNOWN),
        ([date(2026, 3, 11)], [], UTC_ZONE, Life.NEW),
        ([ERASED], [], UTC_ZONE, Life.OLD),
        ([ERASED + timedelta(seconds=1)], [], UTC_ZONE, Life.NEW),
        ([date(2026, 3, 11), date(2025, 1, 1)], [], UTC_ZONE, Life.OLD),
        ([], [date(2026, 1, 1)], UTC_ZONE, Life.OLD),
        ([], [date(2026, 1, 1), date(2026, 6, 1)], UTC_ZONE, Life.UNKNOWN),
        ([], [date(2026, 6, 1)], UTC_ZONE, Life.UNKNOWN),
        ([], [], UTC_ZONE, Life.UNKNOWN),
        ([date(2026, 6, 1)], [date(2026, 1, 1)], UTC_ZONE, Life.NEW),
    ],
)
def test_days_and_times_tell_the_side(
    made: list[date], happened: list[date], zone: ZoneInfo, wanted: Life
) -> None:
    assert life(made, happened, ERASED, zone) is wanted


def test_a_day_is_a_day_at_the_hotel() -> None:
    """At half past five in the afternoon, UTC, it is tomorrow in Shanghai."""
    late = datetime(2026, 3, 10, 17, 30, tzinfo=UTC)
    assert life([date(2026, 3, 11)], [], late, SHANGHAI) is Life.UNKNOWN
    assert life([date(2026, 3, 11)], [], late, UTC_ZONE) is Life.NEW


@given(st.lists(moments, max_size=3), st.lists(moments, max_size=3))
def test_only_what_was_made_later_is_new(made: list[date], happened: list[date]) -> None:
    """Nothing that happened to a row shows that it is new."""
    if life(made, happened, ERASED, UTC_ZONE) is Life.NEW:
        assert made
        assert all(
            (at > ERASED) if isinstance(at, datetime) else (at > ERASED.date()) for at in made
        )


@given(st.text(max_size=20), st.text(max_size=20))
def test_marks_of_names_contradict_as_names_do(one: str, other: str) -> None:
    """Names are compared by marks of their readings with the same result as in clear."""
    marked = [
        tuple(frozenset(f"mark of {way}" for way in ways) for ways in readings(name))
        for name in (one, other)
    ]
    assert apart(*marked) is contradicts(one, other)
