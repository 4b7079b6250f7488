"""Counts of the guest register: what an owner can make of them, and what an honest one gives."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from flask_guesterase import verify
from flask_guesterase.core.census import Gone
from flask_guesterase.core.log import canonical
from tests.tampering.counts import Counted, root
from tests.tampering.forge import edge_line, public
from tests.test_verify import ask, cannot, wrong


@pytest.fixture
def house(tmp_path: Path) -> Iterator[Counted]:
    """A hotel of two nights: five lines."""
    made = Counted(tmp_path)
    made.count(1, 2, 3, 4)
    made.count(1, 2, 3, 4, 5)
    yield made
    made.hotel.close()


def asked(house: Counted, *more: Any) -> tuple[int, set[str], set[str]]:
    """Ask about a hotel's lists and journal; return exit code, what is wrong, what is not told."""
    code, answer = ask("census", house.lists, "--journal", house.journal(), *more)
    return code, wrong(answer), cannot(answer)


def test_honest_counts(house: Counted) -> None:
    """Lines arrive and leave by a step."""
    step = house.step()
    house.count(1, 2, 3, 4, gone={5: step})
    assert asked(house)[:2] == (0, set())


# an owner with the database, the keys and the source


def test_an_old_step_explains_nothing_new(house: Counted) -> None:
    """A step that took more than was ever counted is no store of excuses for later."""
    step = house.step(rows=3)
    house.count(1, 2, 3, 4, gone={5: step})
    for _ in range(3):
        house.count(1, 2, 3, 4)
    assert asked(house)[:2] == (0, set())
    house.count(1, 2, 3, gone={4: step})
    assert asked(house)[:2] == (1, {"vanished"})


def test_a_step_explains_as_many_as_it_took(house: Counted) -> None:
    """Two lines that name a step of one."""
    step = house.step()
    house.count(1, 2, 3, gone={4: step, 5: step})
    assert asked(house)[:2] == (1, {"vanished"})


@pytest.mark.parametrize("label", ["census:2026-03", "census:2026-04"])
def test_a_list_said_to_be_lost(label: str, house: Counted) -> None:
    """Who destroys last night's list, and lets a guest arrive for the one that goes, is seen."""
    house.count(1, 2, 3, 4, 6, label=label, arrived=0)
    house.missed("list-lost")
    code, found, _ = asked(house)
    assert code == 1
    assert "missed" in found


def test_numbers_without_lists_have_to_add_up(house: Counted) -> None:
    """Lists are kept back; the entries alone say one line less that nothing took."""
    house.count(1, 2, 3, 4)
    for path in house.lists.iterdir():
        path.unlink()
    assert asked(house)[:2] == (1, {"sums"})


def test_a_pause_in_counting_is_told(house: Counted) -> None:
    """What came and went while the journal went on without a count is nobody's to know."""
    for _ in range(6):
        house.hotel.time += timedelta(days=1)
        house.hotel.append()
    house.count(1, 2, 3, 4, 5)
    code, found, unknown = asked(house)
    assert (code, found, "silence" in unknown) == (0, set(), True)


def test_a_count_that_skips_the_one_before(house: Counted) -> None:
    """A line that arrived is gone, and the next count quotes the one before it came."""
    house.count(1, 2, 3, 4, previous=root(1, 2, 3, 4), arrived=0)
    assert "chain" in asked(house)[1]


def test_a_count_of_another_company_that_never_was(house: Counted, tmp_path: Path) -> None:
    """The owner has a second journal, and lets it have counted a register without a line."""
    other = Counted(tmp_path, "hotel-b", house.lists)
    other.hotel.time = house.hotel.time
    other.count(1, 2, 3, 4)
    house.hotel.time = other.hotel.time
    house.count(1, 2, 3, 4, previous=root(1, 2, 3, 4))
    assert "chain" in asked(house, "--journal", other.journal())[1]
    other.hotel.close()


def test_a_list_that_no_entry_names(house: Counted) -> None:
    """A list of a night long ago, of which every entry is here, was not counted so."""
    odd = house.count(1, 2, 3, 4, 5)
    value = json.loads(odd.read_text()) | {"previous": root(9)}
    (house.lists / "census-odd.json").write_bytes(canonical(value))
    for _ in range(4):
        house.count(1, 2, 3, 4, 5)
    assert asked(house)[:2] == (1, {"list"})


# an honest one


def test_a_line_that_left_came_back_and_left(house: Counted) -> None:
    """An erasure is taken back and made again: the register is what it was, its steps are not."""
    first = house.step()
    house.count(1, 2, 3, 4, gone={5: first})
    house.count(1, 2, 3, 4, 5)
    second = house.step()
    house.count(1, 2, 3, 4, gone={5: second})
    assert asked(house)[:2] == (0, set())


def test_a_part_of_the_journal(house: Counted) -> None:
    """Lists from before it begins, and from after it ends, are told as such."""
    house.count(1, 2, 3, 4, 5)
    step = house.step()
    for night in range(6):
        house.count(1, 2, 3, 4, gone={5: step} if not night else {})
    lines = house.hotel.lines()
    end = [line for line in lines if '"retention-ended"' in line]
    start = lines.index(end[0]) + 1
    for part in (
        lines[:3],
        [edge_line(lines, start, public(house.hotel.key)), *lines[start:]],
    ):  # fmt: skip
        path = house.journal(part)
        code, answer = ask("census", house.lists, "--journal", path)
        assert (code, wrong(answer), "list" in cannot(answer)) == (0, set(), True)


def test_another_controller(house: Counted, tmp_path: Path) -> None:
    """Another company takes the house over, and gives it back; both journals go on."""
    other = Counted(tmp_path, "hotel-b", house.lists)
    other.hotel.time = house.hotel.time
    other.root, other.lines = house.root, house.lines
    other.count(1, 2, 3, 4, 5, 6)
    gone = other.step()
    other.count(1, 2, 3, 4, 6, gone={5: gone})
    house.hotel.time, house.root, house.lines = other.hotel.time, other.root, other.lines
    house.count(1, 2, 3, 4, 6, 7)
    for made in (house, other):
        for _ in range(6):
            made.hotel.time += timedelta(days=1)
            made.hotel.append()
    house.count(1, 2, 3, 4, 6, 7)
    both = ("--journal", other.journal())
    assert asked(house, *both)[:2] == (0, set())
    assert asked(house)[1] == {"chain"}, "that of one alone does not show what the other counted"
    house.count(1, 2, 3, 4, 6)
    assert "vanished" in asked(house, *both)[1]
    other.hotel.close()


@pytest.mark.parametrize("end", [b"\r\n", b"\n"])
def test_a_list_that_came_by_another_system(end: bytes, house: Counted) -> None:
    """Line ends, and the mark some systems put before a text, are nobody's change."""
    for path in house.lists.iterdir():
        path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes() + end)
    path = house.journal()
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes().replace(b"\n", b"\r\n"))
    code, answer = ask("census", house.lists, "--journal", path)
    assert (code, wrong(answer)) == (0, set())


# what cannot be worked with


@pytest.mark.parametrize(
    "change",
    [
        {"gone": [{"mark": "00"}]},
        {"gone": [{"mark": "00", "action": "retention-ended", "index": [1]}]},
        {"gone": 7},
        {"night": "tonight"},
        {"controller": 7},
        {"previous": None},
        {"guest": "Li Wei"},
        {"count": 3.0},
        {"count": 4},
        {"gone": [{"mark": "00", "action": "", "index": 1, "guest": "Li Wei"}]},
    ],
)
def test_a_list_without_its_form(change: dict[str, Any], house: Counted) -> None:
    """It is not as it was written; no accident of the program's is shown."""
    last = sorted(house.lists.iterdir())[-1]
    said = json.loads(last.read_text()) | change
    last.write_text(json.dumps(said, sort_keys=True, separators=(",", ":")))
    assert asked(house)[:2] == (1, {"list-form"})


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"rows":5', '"lines":5'),
        ('"grounds":["forms"]', '"grounds":[]'),
        ('"root"', '"toor"'),
        ("2026-03-03T", "2026-33-03T"),
    ],
)
def test_an_entry_without_its_form(old: str, new: str, house: Counted) -> None:
    """No hotel writes such a count: it is wrong, and said in words."""
    path = house.journal([line.replace(old, new) for line in house.hotel.lines()])
    code, answer = ask("census", house.lists, "--journal", path)
    assert code == 1
    assert "form" in wrong(answer)


@pytest.mark.parametrize("what", ["missing", "file"])
def test_no_folder(what: str, house: Counted, capsys: pytest.CaptureFixture[str]) -> None:
    """A folder that is not mounted is no folder against whose lists nothing speaks."""
    (house.folder / "file").write_text("x")
    journal = house.journal()
    given = ["census", str(house.folder / what), "--journal", str(journal)]
    assert verify.main(given) == 2
    assert "is not a folder" in capsys.readouterr().err


def test_a_number_beyond_every_journal(house: Counted) -> None:
    """An entry that is not there took nothing."""
    house.count(1, 2, 3, 4, gone={5: Gone("", "retention-ended", 2**53 - 1)})
    assert asked(house)[:2] == (1, {"vanished"})
