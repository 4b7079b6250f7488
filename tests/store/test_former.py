"""A new code in a group of hotels: what bound its records under another code binds them on."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from flask_guesterase.core.period import Period
from flask_guesterase.core.retention import floor
from flask_guesterase.core.rulebook import Line, LineKind, LineState
from flask_guesterase.core.rulebook import rules as binding
from flask_guesterase.store.lawbook import rulebook
from tests.store.test_rulebook import (
    LETTERS,
    LONG,
    RECORD,
    SHORT,
    SOON,
    Lawful,
    any_law,
    everywhere,
    house,
    law,
    law_of,
)

__all__ = ["any_law", "law"]


def run(law: Lawful, *codes: str, **changed: Any) -> None:
    """Let the hotel run these codes; a new one is like the first, but for what changed."""
    known = law.hotel.settings.properties
    first = replace(known["sh"] if "sh" in known else next(iter(known.values())), **changed)
    places = {code: known.get(code, replace(first, code=code)) for code in codes}
    law.hotel.settings = replace(law.hotel.settings, properties=places)


def shortened(law: Lawful, periods: str = SHORT) -> None:
    """Look at the rules of both hotels; then shorten a period, and sign it."""
    everywhere(law)
    assert str(law.verdict().until) == "2029-01-31"
    law.do("rules_waiting")
    law.write(periods)
    law.do("sign_pack", "XX", "officer")


def lines(law: Lawful, code: str = "zz", write: bool = True) -> list[Line]:
    """Return the rulebook of a code, as it is written down or as it would be."""
    with law.hotel.begin() as office:
        read = rulebook.book if write else rulebook.drawn
        return read(office.work, code)


def until(law: Lawful, found: list[Line]) -> str:
    """Return until when the register is kept by a rulebook."""
    return str(floor(binding(found, law.hotel.now.date()), "guest_register", RECORD).until)


@pytest.mark.parametrize("codes", [("mu", "zz"), ("sh", "mu", "zz"), ("zz", "yy")])
def test_a_new_code_begins_with_what_binds_under_others(
    any_law: Lawful, codes: tuple[str, ...]
) -> None:
    """Whether the old code is gone, still runs beside it, or all codes are new."""
    shortened(any_law)
    run(any_law, *codes)
    assert until(any_law, lines(any_law, write=False)) == "2029-01-31"
    assert until(any_law, lines(any_law)) == "2029-01-31"
    assert until(any_law, lines(any_law)) == "2029-01-31"
    [waiting] = [w for w in any_law.do("rules_waiting") if (w.property, w.kind) == ("zz", "floor")]
    assert waiting.state == "leaving"
    keys = [line.key for line in lines(any_law)]
    assert len(keys) == len(set(keys))
    any_law.allowed(waiting.id)
    assert until(any_law, lines(any_law)) == "2029-01-31"
    any_law.hotel.later(days=31)
    assert until(any_law, lines(any_law)) == "2026-02-01"


def test_a_shorter_ceiling_waits_under_a_new_code(law: Lawful) -> None:
    """It would make records go that the old code's let stay."""
    shortened(law, SOON)
    run(law, "mu", "zz")
    found = {line.state: line for line in lines(law) if line.kind is LineKind.CEILING}
    assert found.keys() == {LineState.LEAVING, LineState.COMING}
    assert found[LineState.COMING].acts_on is None


def test_what_people_allowed_under_another_code_was_about_its_rows(law: Lawful) -> None:
    """Until it acts there, it waits here for people of its own."""
    shortened(law)
    run(law, "sh")
    [leaving] = law.waits("floor")
    law.allowed(leaving.id)
    run(law, "sh", "zz")
    [mine] = [line for line in lines(law) if line.state is LineState.LEAVING]
    assert mine.acts_on is None
    law.hotel.later(days=31)
    assert until(law, lines(law)) == "2029-01-31"


def test_what_has_gone_by_two_people_is_nothing_to_begin_with(law: Lawful) -> None:
    """Nothing keeps a record of the group that long by then."""
    shortened(law)
    run(law, "sh")
    [leaving] = law.waits("floor")
    law.allowed(leaving.id)
    law.hotel.later(days=31)
    run(law, "sh", "zz")
    assert until(law, lines(law)) == "2026-02-01"


def test_what_leaves_under_two_codes_leaves_with_the_later_one(law: Lawful) -> None:
    """A hotel that is alone again has it once, and what nobody allowed to go stays."""
    shortened(law)
    run(law, "sh", "zz")
    [other] = [line for line in lines(law) if line.state is LineState.LEAVING]
    [mine] = law.waits("floor")
    law.allowed(mine.id)
    run(law, "zz")
    [left] = [line for line in lines(law) if line.state is LineState.LEAVING]
    assert (left.key, left.acts_on) == (other.key, None)


def test_where_no_law_changed_a_new_hotel_begins_with_what_its_sources_say(law: Lawful) -> None:
    """Nothing waits for people then, nor is anything there twice."""
    law.do("rules_waiting")
    run(law, "sh", "mu", "zz")
    assert sorted(line.key for line in lines(law)) == sorted(line.key for line in lines(law, "sh"))
    assert {line.state for line in lines(law)} == {LineState.LIVING}
    assert {line.signed for line in lines(law)} == {True}


def test_a_hotel_in_another_country_begins_with_its_own_law(law: Lawful) -> None:
    """Neither what binds elsewhere, nor what a hotel elsewhere set itself, is about it."""
    file = law.file.with_name("yy.toml")
    file.write_text(law_of(SHORT, "YY", "YY"), encoding="utf-8")
    law.do("confirm_house", house(law, floor=Period(years=6)), "second")
    shortened_too = str(law.file), str(file)
    law.hotel.settings = replace(law.hotel.settings, packs=shortened_too)
    run(law, "mu", "zz", country="YY")
    assert {line.body["jurisdiction"] for line in lines(law)} == {"YY"}
    assert until(law, lines(law)) == "2026-02-01"


@pytest.mark.parametrize("gone", [True, False])
def test_a_period_of_the_house_goes_on_where_its_code_is_gone(law: Lawful, gone: bool) -> None:
    """What a hotel that still runs set is its own."""
    law.do("confirm_house", house(law, floor=Period(years=6)), "second")
    run(law, *(("mu", "zz") if gone else ("sh", "mu", "zz")))
    assert until(law, lines(law)) == ("2032-01-31" if gone else "2029-01-31")


def test_what_no_rule_spoke_of_stays_under_a_new_code(law: Lawful) -> None:
    """A rule that is new would end what had no end; the code's former records had none."""
    law.do("rules_waiting")
    law.write(LONG, LETTERS)
    law.do("sign_pack", "XX", "officer")
    run(law, "mu", "zz")
    found = [line for line in lines(law) if line.body["category"] == "correspondence"]
    assert sorted(line.state for line in found) == [LineState.LEAVING, LineState.LIVING]
    assert {line.body["jurisdiction"] for line in found} == {"none", "XX"}


def test_hotels_that_begin_together_begin_alike(law: Lawful) -> None:
    """What one of them begins with is nothing that the next one finds there before it."""
    run(law, "aa", "bb", "cc")
    law.do("rules_waiting")
    rows = [row for row in law.hotel.ours("rule") if row["property"] in ("aa", "bb", "cc")]
    assert {row["state"] for row in rows} == {"living"}
    assert len(rows) == 3 * len(lines(law, "aa"))
