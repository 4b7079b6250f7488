"""Restores that never were, and other excuses: what an owner tells of counts explains nothing."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path

import pytest

from flask_guesterase.core.census import Gone
from flask_guesterase.core.log import Draft, canonical
from tests.tampering.counts import DAY, Counted, root
from tests.tampering.forge import changed, edge_line, public
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
    given = ["census", house.lists, "--journal", house.journal(), "--journal", other.journal()]
    code, answer = ask(*given)
    (text,) = [item["text"] for item in answer["findings"] if item["id"] == "chain"]
    assert (code, wrong(answer), "chain" in cannot(answer)) == (0, set(), True)
    assert text.startswith("hotel-b/mu/forms: ")
    assert "hotel-a counted before" in text
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


def test_a_claimed_restore_excuses_no_line_that_the_hotel_itself_misses(house: Counted) -> None:
    """The list of the count before is here and was compared: a restore has lost nothing of it."""
    claim(house)
    house.count(1, 2, 3, 4, gone={5: Gone("", "", 0)})
    assert asked(house)[:2] == (1, {"missed", "vanished"})


def test_a_line_that_left_at_the_end_of_a_month_was_there(tmp_path: Path) -> None:
    """The key changes, so that lines cannot be followed; who is named as gone was one of them."""
    house = Counted(tmp_path)
    house.hotel.time = datetime(2026, 3, 29, 1)
    house.count(1, 2, 3, 4)
    house.count(1, 2, 3, 4, 5)
    step = house.step()
    april = {"label": "census:2026-04", "arrived": 0}
    house.count(11, 12, 13, 14, gone={5: step}, **april)
    assert asked(house)[:2] == (0, set())
    (tmp_path / "other").mkdir()
    other = Counted(tmp_path / "other")
    other.hotel.time = datetime(2026, 3, 29, 1)
    other.count(1, 2, 3, 4)
    other.count(1, 2, 3, 4, 5)
    step = other.step()
    other.count(11, 12, 13, 14, gone={9: step}, **april)
    assert asked(other)[:2] == (1, {"follows"})
    for made in (house, other):
        made.hotel.close()


def test_a_newest_list_that_is_kept_back(house: Counted) -> None:
    """Which lines there are nobody knows without it."""
    house.count(1, 2, 3, 4, 5).unlink()
    code, found, unknown = asked(house)
    assert (code, found, {"list", "census-scope"} <= unknown) == (0, set(), True)


def test_a_later_epoch_excuses_nothing_however_little_of_it_is_shown(house: Counted) -> None:
    """That its first entries are left out says nothing of those of the epoch before."""
    house.count(1, 2, 3, 4, gone={5: Gone("", "retention-ended", 2)})
    claim(house)
    house.hotel.append(6)
    house.count(1, 2, 3, 4)
    lines = house.hotel.lines()
    zero, one = ([line for line in lines if f'"epoch":{n}' in line] for n in range(2))
    first = changed(edge_line(one, 5, public(house.hotel.key)), epoch=1)
    path = house.journal([*zero, first, *one[5:]])
    code, answer = ask("census", house.lists, "--journal", path)
    assert (code, wrong(answer)) == (1, {"vanished"})


def test_what_was_pruned_long_before_took_nothing_since(house: Counted) -> None:
    """An entry that is not here is older than the count before: it is no step of this one."""
    house.count(1, 2, 3, 4, 5)
    house.count(1, 2, 3, 4, 5)
    house.count(1, 2, 3, 4, gone={5: Gone("", "retention-ended", 1)})
    lines = house.hotel.lines()
    part = [edge_line(lines, 2, public(house.hotel.key)), *lines[2:]]
    code, answer = ask("census", house.lists, "--journal", house.journal(part))
    assert (code, wrong(answer)) == (1, {"vanished"})


@pytest.mark.parametrize(("days", "fits"), [(3, True), (4, False)])
def test_a_register_that_is_counted_no_more(days: int, fits: bool, house: Counted) -> None:
    """Some days may pass; then the journal that goes on says that nobody counts."""
    for _ in range(days):
        house.hotel.time += DAY
        house.hotel.write([Draft(house.hotel.name, house.hotel.at(), "sweep-done")])
    assert asked(house)[:2] == ((0, set()) if fits else (1, {"silence"}))


def test_a_company_that_had_the_register_before_has_it_no_more(
    house: Counted, tmp_path: Path
) -> None:
    """What it counted before it gave the register away excuses nobody who stops counting since."""
    other = Counted(tmp_path, "hotel-b", house.lists)
    other.hotel.time = house.hotel.time
    other.root, other.lines = house.root, house.lines
    for _ in range(2):
        other.count(1, 2, 3, 4, 5)
    house.hotel.time = other.hotel.time
    house.count(1, 2, 3, 4, 5)
    for _ in range(9):
        house.hotel.time += DAY
        house.hotel.append()
    assert asked(house, "--journal", other.journal())[:2] == (1, {"silence"})
    other.hotel.close()


def test_a_list_that_is_spelt_another_way(house: Counted) -> None:
    """It is not what was written, whatever it says."""
    path = sorted(house.lists.iterdir())[-1]
    path.write_text(json.dumps(json.loads(path.read_text()), indent=1))
    assert asked(house)[:2] == (1, {"list-form"})


@pytest.mark.parametrize(("days", "shown"), [(2, False), (1, None), (0, None), (-1, None)])
def test_a_list_of_the_end_of_a_journal(days: int, shown: bool | None, house: Counted) -> None:
    """A list from behind it may be of an entry of tomorrow's; one of days before is of none."""
    for _ in range(4):
        last = house.count(1, 2, 3, 4, 5)
    value = json.loads(last.read_text())
    night = date.fromisoformat(value["night"]) - days * DAY
    odd = value | {"previous": root(9), "night": night.isoformat()}
    (house.lists / "census-odd.json").write_bytes(canonical(odd))
    code, answer = ask("census", house.lists, "--journal", house.journal())
    found = [item["shown"] for item in answer["findings"] if item["id"] == "list"]
    assert (code, found) == (1 if shown is False else 0, [shown])


# an honest one


def test_a_house_that_was_closed_for_a_season(house: Counted) -> None:
    """Where the journal tells of nothing either it is the clock that is asked about."""
    house.count(1, 2, 3, 4, 5, days=25)
    code, found, unknown = asked(house)
    assert (code, found, unknown & {"silence", "clock"}) == (0, set(), {"clock"})


def test_a_part_of_a_quiet_week(house: Counted) -> None:
    """The first count that is here follows one that is not, though a later one has its root."""
    for _ in range(4):
        house.count(1, 2, 3, 4, 5)
    lines = house.hotel.lines()
    part = [edge_line(lines, 4, public(house.hotel.key)), *lines[4:]]
    code, answer = ask("census", house.lists, "--journal", house.journal(part))
    assert (code, wrong(answer), "chain" in cannot(answer)) == (0, set(), True)


def test_a_step_just_before_an_epoch_of_which_the_one_before_is_not_here(house: Counted) -> None:
    """A count under way still saw the line; that it went, the next one says by an older entry."""
    house.hotel.time += 22 * DAY / 24
    step = house.step()
    claim(house)
    house.count(1, 2, 3, 4, 5, days=0)
    house.count(1, 2, 3, 4, gone={5: step})
    lines = house.hotel.lines()
    code, answer = ask("census", house.lists, "--journal", house.journal(lines))
    assert (code, wrong(answer), "vanished" in cannot(answer)) == (0, set(), False)
    path = house.journal([line for line in lines if '"epoch":1' in line])
    code, answer = ask("census", house.lists, "--journal", path)
    assert (code, wrong(answer), "vanished" in cannot(answer)) == (0, set(), True)


def test_a_restore_while_another_company_had_the_register(house: Counted, tmp_path: Path) -> None:
    """It comes back by the other's newest count, whatever the own database had lost before."""
    other = Counted(tmp_path, "hotel-b", house.lists)
    other.hotel.time = house.hotel.time
    other.root, other.lines = house.root, house.lines
    other.count(1, 2, 3, 4, 5, 6)
    gone = other.step()
    house.hotel.time = other.hotel.time
    claim(house)
    house.root, house.lines = other.root, other.lines
    house.count(1, 2, 3, 4, 6, gone={5: gone})
    code, found, unknown = asked(house, "--journal", other.journal())
    assert (code, found, "vanished" in unknown) == (0, set(), False)
    other.hotel.close()


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
    assert "vanished" not in cannot(answer), "each step is here that its lists name"


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
