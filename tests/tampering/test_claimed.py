"""Restores that never were, and other excuses: what an owner tells of counts explains nothing."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest

from flask_guesterase.core.log import canonical
from tests.tampering.counts import DAY, Counted, root
from tests.tampering.forge import edge_line, public
from tests.tampering.test_counts import asked
from tests.test_verify import ask, cannot, wrong


@pytest.fixture
def house(tmp_path: Path) -> Iterator[Counted]:
    """A hotel of two nights: five lines."""
    made = Counted(tmp_path)
    made.count(1, 2, 3, 4)
    made.count(1, 2, 3, 4, 5)
    yield made
    made.hotel.close()


def claim(house: Counted) -> None:
    """Begin an epoch, as after a restore that lost nothing the world had seen."""
    house.hotel.begin_epoch(house.hotel.checkpoint())


def says(path: Path, **other: str) -> None:
    """Let a list say something else beside its marks, which alone are in its root."""
    path.write_bytes(canonical(json.loads(path.read_text()) | other))


# an owner with the database, the keys and the source


def test_entries_put_back_explain_no_count_that_skips_another(house: Counted) -> None:
    """Where all entries are here again the newest count is too: the next one names that."""
    house.hotel.append(action="journal-continued", request=None, counts={"entries": 9})
    house.count(1, 2, 3, 4, previous=root(1, 2, 3, 4), arrived=0)
    assert asked(house)[:2] == (1, {"chain"})


def test_entries_put_back_explain_a_list_alone(house: Counted) -> None:
    """The list of the last count is in no journal: that it is lost is told, and not believed."""
    house.hotel.append(action="journal-continued", request=None, counts={"entries": 9})
    house.count(1, 2, 3, 4, missed=1, arrived=0)
    house.missed("list-lost", rows=1)
    code, found, unknown = asked(house)
    assert (code, found, "missed" in unknown) == (0, set(), True)


@pytest.mark.parametrize("count", [0, 1])
def test_an_opening_opens_nothing_behind_the_first_entry(count: int, house: Counted) -> None:
    """An entry of that name in the middle of an epoch declares no restore."""
    for _ in range(count):
        claim(house)
        house.count(1, 2, 3, 4, 5)
    marks = {"public-key": public(house.hotel.key).hex()}
    house.hotel.append(action="epoch-opened", request=None, grounds=("start",), marks=marks)
    house.count(1, 2, 3, 4, previous=root(1, 2, 3, 4), arrived=0)
    assert asked(house)[:2] == (1, {"chain"})


@pytest.mark.parametrize("label", ["census:2026-04", "census:2026", "x"])
def test_a_list_under_another_key(label: str, house: Counted) -> None:
    """Whose label is not of its month evades that its lines are followed: no hotel writes one."""
    house.count(1, 2, 3, 4, 6, label=label, arrived=0)
    assert asked(house)[:2] == (1, {"list-form"})


@pytest.mark.parametrize("night", ["2026-03-31", "2026-04-01", "2026-03-01"])
def test_a_list_of_another_night(night: str, house: Counted) -> None:
    """Neither may it say that it is of another month, and so under another key."""
    says(house.count(1, 2, 3, 4, 6, arrived=0), night=night, label=f"census:{night[:7]}")
    code, found, _ = asked(house)
    assert (code, "list" in found) == (1, True)


def test_a_night_has_one_spelling(house: Counted) -> None:
    """Another one would be another month to whoever reads its beginning."""
    says(house.count(1, 2, 3, 4, 6, arrived=0), night="2026-W10-3", label="census:2026-W1")
    assert asked(house)[:2] == (1, {"list-form"})


def test_a_claimed_restore_makes_no_old_step_new(house: Counted) -> None:
    """A step before the count that is gone on from took what that one had no more."""
    step = house.step(rows=3)
    house.count(1, 2, 3, 4, gone={5: step})
    house.count(1, 2, 3, 4, 6)
    house.count(1, 2, 3, 4, 6)
    claim(house)
    house.count(1, 2, 3, 6, gone={4: step})
    code, found, unknown = asked(house)
    assert (code, found, "vanished" in unknown) == (0, set(), True)


def test_a_claimed_restore_excuses_nothing_before_it(house: Counted) -> None:
    """A line that vanished stays one: the entry that its list names is here, and took another."""
    step = house.step()
    house.count(1, 2, 3, 4, gone={5: step})
    house.count(1, 2, 3, gone={4: step})
    assert asked(house)[:2] == (1, {"vanished"})
    claim(house)
    house.count(1, 2, 3)
    assert asked(house)[:2] == (1, {"vanished"})


def test_a_list_that_no_entry_names_before_a_claimed_restore(house: Counted) -> None:
    """Every entry of that night is here as the opening quotes it: none of them was lost."""
    odd = house.count(1, 2, 3, 4, 5)
    value = json.loads(odd.read_text()) | {"previous": root(9)}
    (house.lists / "census-odd.json").write_bytes(canonical(value))
    for _ in range(4):
        house.count(1, 2, 3, 4, 5)
    claim(house)
    house.count(1, 2, 3, 4, 5)
    assert asked(house)[:2] == (1, {"list"})


@pytest.mark.parametrize("previous", [root(1, 2, 3, 4), ""])
@pytest.mark.parametrize("kept", [1, 2])
def test_a_count_passed_over_by_a_claimed_restore(
    previous: str, kept: int, house: Counted
) -> None:
    """What it had counted is told as lost, be its list here or not."""
    claim(house)
    for path in sorted(house.lists.iterdir())[kept:]:
        path.unlink()
    house.count(1, 2, 3, 4, previous=previous, arrived=0 if previous else 4)
    code, found, unknown = asked(house)
    assert (code, found, "lost" in unknown) == (0, set(), True)


def test_a_register_that_begins_anew_under_another_name(house: Counted, tmp_path: Path) -> None:
    """A company of the owner's counts it as if nobody had before, without a line."""
    other = Counted(tmp_path, "hotel-b", house.lists)
    other.hotel.time = house.hotel.time
    other.count(1, 2, 3, 4)
    code, found, unknown = asked(house, "--journal", other.journal())
    assert (code, found, "chain" in unknown) == (0, set(), True)
    other.hotel.close()


@pytest.mark.parametrize("back", [False, True])
def test_a_company_that_counts_once(back: bool, house: Counted, tmp_path: Path) -> None:
    """It takes the register over and is never heard of again: nobody counts, and that is told."""
    other = Counted(tmp_path, "hotel-b", house.lists)
    other.hotel.time = house.hotel.time
    other.root, other.lines = house.root, house.lines
    other.count(1, 2, 3, 4, 5)
    house.hotel.time = other.hotel.time
    for _ in range(9):
        house.hotel.time += DAY
        house.hotel.append()
    if back:
        house.root, house.lines = other.root, other.lines
        house.count(1, 2, 3, 4, 5)
    code, found, unknown = asked(house, "--journal", other.journal())
    assert (code, found, "silence" in unknown) == (0, set(), True)
    for _ in range(9):
        other.count(1, 2, 3, 4, 5)
    if not back:
        assert "silence" not in asked(house, "--journal", other.journal())[2]
    other.hotel.close()


def test_nights_that_run_back(tmp_path: Path) -> None:
    """At the end of a month a list may be of either: the key changes once, and not each night."""
    house = Counted(tmp_path)
    house.hotel.time = datetime(2026, 3, 28, 1)
    march, april = "census:2026-03", "census:2026-04"
    house.count(1, 2, 3, 4)
    house.count(1, 2, 3, 4, 5)
    says(house.count(11, 12, 13, 14, 15, arrived=0, label=april), night="2026-04-01")
    says(house.count(1, 2, 3, 4, 6, arrived=0, label=march), night="2026-03-31")
    assert asked(house)[:2] == (1, {"list"})
    house.hotel.close()


# an honest one


def test_an_epoch_that_was_pruned_whole(house: Counted) -> None:
    """Of all its counts the edge is left: lists of that time are told as of entries not here."""
    zero = house.hotel.lines()
    claim(house)
    for _ in range(5):
        house.count(1, 2, 3, 4, 5)
    step = house.step()
    house.count(1, 2, 3, 4, gone={5: step})
    one = [line for line in house.hotel.lines() if '"epoch":1' in line]
    path = house.journal([edge_line(zero, len(zero), public(house.hotel.key)), *one])
    code, answer = ask("census", house.lists, "--journal", path)
    assert (code, wrong(answer), "list" in cannot(answer)) == (0, set(), True)


def test_a_clock_that_ran_back_between_counts(house: Counted) -> None:
    """It was ahead by days: the next count is of an earlier night, and both say so."""
    house.count(1, 2, 3, 4, 5, days=8)
    house.hotel.time -= 8 * DAY
    house.hotel.append(action="clock-confirmed", request=None)
    house.count(1, 2, 3, 4, 5)
    assert asked(house)[:2] == (0, set())


def restored(house: Counted) -> list[str]:
    """Restore a copy after two nights more, and declare it; return what the world had seen."""
    hotel = house.hotel
    copy, lines, before = hotel.backup(house.folder / "copy"), house.lines, house.root
    house.count(1, 2, 3, 4, 5, 6)
    house.count(1, 2, 3, 4, 5, 6, 7)
    seen, note = hotel.lines(), hotel.checkpoint()
    hotel.restore(copy)
    hotel.begin_epoch(note)
    house.lines, house.root = lines, before
    return seen


@pytest.mark.parametrize("shown", ["own", "world", "next"])
def test_a_restored_hotel(shown: str, house: Counted) -> None:
    """What it counted since the copy is lost, whichever of its journals is shown."""
    step = house.step()
    seen = restored(house)
    again = house.step()
    house.count(1, 2, 3, gone={5: step, 4: again})
    house.count(1, 2, 3)
    own = house.hotel.lines()
    next_ = [line for line in own if '"epoch":1' in line]
    files = {"own": own, "world": [*seen, *next_], "next": next_}
    code, answer = ask("census", house.lists, "--journal", house.journal(files[shown]))
    assert (code, wrong(answer)) == (0, set())
    assert cannot(answer) & {"lost", "list"}


def test_a_copy_of_some_days_ago_in_a_quiet_week(house: Counted) -> None:
    """Counts that are alike: which of them was the copy's nobody knows, and its step explains."""
    house.count(1, 2, 3, 4, 5)
    step = house.step()
    copy = house.hotel.backup(house.folder / "copy")
    for _ in range(3):
        house.count(1, 2, 3, 4, 5)
    seen, note = house.hotel.lines(), house.hotel.checkpoint()
    house.hotel.restore(copy)
    house.hotel.begin_epoch(note)
    house.count(1, 2, 3, 4, gone={5: step})
    next_ = [line for line in house.hotel.lines() if '"epoch":1' in line]
    path = house.journal([*seen, *next_])
    code, answer = ask("census", house.lists, "--journal", path)
    assert (code, wrong(answer), "vanished" in cannot(answer)) == (0, set(), False)


def test_a_step_that_was_pruned(house: Counted) -> None:
    """An entry that is not here may have taken what its list says; one that is here has not."""
    house.hotel.append(3)
    step = house.step()
    house.hotel.append()
    house.count(1, 2, 3, 4, gone={5: step})
    lines = house.hotel.lines()
    for size, found in ((step.index, set()), (step.index + 1, set())):
        part = [edge_line(lines, size, public(house.hotel.key)), *lines[size:]]
        code, answer = ask("census", house.lists, "--journal", house.journal(part))
        assert (code, wrong(answer)) == (0, found)


@pytest.mark.parametrize(("days", "fits"), [(-2, False), (-1, True), (1, True), (2, False)])
def test_a_night_at_the_property(days: int, fits: bool, house: Counted) -> None:
    """Entries are dated in UTC: it may have been the day before or after."""
    path = house.count(1, 2, 3, 4, 5)
    says(path, night=f"2026-03-{4 + days:02}")
    code, found, _ = asked(house)
    assert (code, found) == ((0, set()) if fits else (1, {"list"}))
