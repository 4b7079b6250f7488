"""The page about ten thousand hotels says what the script reckons, and that is sane."""

from __future__ import annotations

import re

import pytest

from benchmarks import scale
from benchmarks.scale import Chain, Speed, nights


def test_the_page_says_what_the_script_reckons() -> None:
    page = scale.PAGE.read_text(encoding="utf-8")
    assert page == scale.written(page)
    assert "\n".join(scale.tables()) in page
    assert len(re.findall(r"^\|", page, re.MULTILINE)) > 18


@pytest.mark.parametrize("shards", [1, 10, 100])
def test_everything_due_is_in_some_database(shards: int) -> None:
    chain = Chain()
    assert chain.groups(shards) * shards == pytest.approx(chain.groups(1))
    assert chain.groups(1) <= min(chain.hotels, chain.daily)
    assert chain.backlog + chain.daily * 365 * chain.kept == pytest.approx(chain.guests)


def test_more_databases_and_faster_processes_are_never_later() -> None:
    slow, fast = Speed(20, 0.7), Speed(2000, 0.01)
    chain = Chain()
    for speed in (slow, fast):
        took = [nights(chain, speed, shards) for shards in (1, 10, 100)]
        assert took == sorted(took, reverse=True)
    assert nights(chain, fast, 1) < nights(chain, slow, 1)


def test_a_night_too_short_for_its_day_never_ends_the_backlog() -> None:
    assert nights(Chain(night=1), Speed(20, 0.7), 1) == -1


def test_a_hotel_alone_takes_what_was_measured() -> None:
    """A thousand guests in one group: the batch's time, and one group's."""
    assert Speed(50, 2).hours(1000, 1) * 3600 == pytest.approx(22)
