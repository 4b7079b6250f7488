"""By when a complaint is answered, who is told of an incident by when, and what packs may say."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flask_guesterase.core.complaining import (
    About,
    Complaining,
    Outcome,
    about,
    clock,
    outcome,
    outcomes,
    wording,
)
from flask_guesterase.core.errors import InputError
from flask_guesterase.core.incidents import HOUSE, Alarm, Severity, Whom
from flask_guesterase.core.packfile import check_pack, read_pack
from flask_guesterase.core.period import Period
from flask_guesterase.store.lawbook.packs import bundled

PACK = """
code = "XX"
name = "Examplia"
level = "country"
country = "XX"
as_of = "2026"
review_by = 2027-01-01
id_copy = "none"

[complaining]
acknowledge = "P10B"
answer = "P14D"
article = "Data Act s. 9"
source = "https://law.example/"
grade = "A"
as_of = "2026"
facts = []

[[alarm]]
id = "XX/authority"
whom = "authority"
within = "P3D"
severity = "risk-likely"
article = "Data Act s. 10"
source = "https://law.example/"
grade = "A"
as_of = "2026"
facts = []
"""


def test_a_pack_says_how_long_a_complaint_and_a_notice_may_take() -> None:
    """What it says is what counts."""
    pack = read_pack(PACK, "xx")
    assert pack.complaining is not None
    found = clock(date(2026, 3, 2), pack.complaining)
    assert (found.answer_by, found.receipt_by, found.house) == (
        date(2026, 3, 16), date(2026, 3, 16), False,
    )  # fmt: skip
    assert [(a.id, a.hours, a.whom) for a in pack.alarms] == [("XX/authority", 72, Whom.AUTHORITY)]


@pytest.mark.parametrize(
    ("good", "bad"),
    [
        ('within = "P3D"', 'within = "soon"'),
        ('id = "XX/authority"', 'id = "YY/authority"'),
        ('id = "XX/authority"', 'id = "XX/Authority 1"'),
        ('whom = "authority"', 'whom = "press"'),
        ('severity = "risk-likely"', 'severity = "bad"'),
        ('answer = "P14D"', 'answer = "two weeks"'),
        ('acknowledge = "P10B"', 'acknowledged = "P10B"'),
    ],
)
def test_what_is_wrong_in_a_pack_is_told_by_its_line(good: str, bad: str) -> None:
    """Neither half of it is taken silently."""
    line = PACK.splitlines().index(good) + 1
    assert [p.line for p in check_pack(PACK.replace(good, bad)) if not p.warning][:1] == [line]


@given(st.dates(date(2020, 1, 1), date(2100, 1, 1)))
def test_without_a_law_a_complaint_has_a_month_of_the_house(day: date) -> None:
    """It is never shorter than four weeks, and always marked."""
    found = clock(day, None)
    assert found.house
    assert found.receipt_by is None
    assert timedelta(days=28) <= found.answer_by - day <= timedelta(days=31)
    assert clock(day, Complaining(acknowledge=Period(days=30))).house


@given(st.sampled_from([a for p in bundled().values() for a in p.alarms] + list(HOUSE)))
def test_graver_never_rings_less(alarm: Alarm) -> None:
    """Of each alarm that ships: what rings at a severity rings at every graver one, and unsaid."""
    said = [alarm.applies(each) for each in Severity]
    assert said == sorted(said)
    assert said[-1]
    assert alarm.applies(None)
    noticed = datetime(2026, 3, 1, tzinfo=UTC)
    assert alarm.due(noticed) >= noticed


def test_every_alarm_that_ships_says_where_it_stands() -> None:
    """Article, source and grade; a choice of the house has none and says so."""
    for pack in bundled().values():
        for alarm in pack.alarms:
            assert alarm.article
            assert alarm.source
            assert alarm.facts
            assert alarm.grade.value != "house"
    assert {alarm.grade.value for alarm in HOUSE} == {"house"}


def test_words_that_mean_nothing_are_refused() -> None:
    """A word nobody offers, an answer that does not fit, an empty text."""
    assert about("about-delay") is About.DELAY
    assert outcomes(True) == (Outcome.UPHELD, Outcome.OVERTURNED)
    for wrong in (
        lambda: about("nothing"), lambda: outcome("remedied", True),
        lambda: outcome("overturned", False), lambda: wording(" \0 "),
        lambda: wording("\u3000\u200b\u2060 "),
    ):  # fmt: skip
        with pytest.raises(InputError):
            wrong()
    assert len(wording("x" * 9000)) == 4000
