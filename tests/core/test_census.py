"""Counts as values: what differs between two, and what explains it."""

from __future__ import annotations

from datetime import datetime

from hypothesis import given
from hypothesis import strategies as st

from flask_guesterase.core import census
from flask_guesterase.core.census import MARK, ROW, SEALED, SEVERAL, Gone, Step, said

KEY = b"k" * 32
AT = datetime(2026, 3, 10, 2)

lines = st.dictionaries(
    st.integers(0, 40), st.tuples(st.sampled_from([ROW, SEALED]), st.integers(0, 2)), max_size=20
)


def made(content: dict[int, tuple[int, int]]) -> list[bytes]:
    """Return lines by number, kind and content."""
    return census.merged(
        census.mark(KEY, "t", str(number)) + said(bytes([text]), kind)
        for number, (kind, text) in content.items()
    )


@given(lines, lines)
def test_two_counts_differ_as_their_lines_do(
    before: dict[int, tuple[int, int]], now: dict[int, tuple[int, int]]
) -> None:
    """Gone, arrived, changed in their rows, exchanged in their boxes: against plain sets."""
    found = census.compared(made(before), made(now))
    both = before.keys() & now.keys()
    same_kind = [n for n in both if before[n][0] == now[n][0] and before[n] != now[n]]
    assert set(found.gone) == {census.mark(KEY, "t", str(n)) for n in before.keys() - now.keys()}
    assert found.gone == sorted(found.gone)
    assert found.arrived == len(now.keys() - before.keys())
    assert found.changed == sum(now[n][0] == ROW for n in same_kind)
    assert len(found.altered) == sum(now[n][0] == SEALED for n in same_kind)


@given(lines)
def test_lines_survive_being_packed(content: dict[int, tuple[int, int]]) -> None:
    """What is stored is what was counted."""
    items = made(content)
    assert list(census.unpacked(census.packed(items))) == items


def test_a_line_counts_once_however_it_is_kept() -> None:
    """Sealed counts before its shell; in several boxes there is nothing to compare."""
    mark = census.mark(KEY, "t", "1")
    row, box, other = said(b"a"), said(b"b", SEALED), said(b"c", SEALED)
    assert census.merged([mark + row, mark + box]) == [mark + box]
    assert [item[MARK] for item in census.merged([mark + box, mark + other])] == [SEVERAL]


def test_marks_tell_tables_and_keys_apart() -> None:
    """The same row of another table, or under another month's key, is another mark."""
    ways = [(KEY, "t"), (KEY, "u"), (b"l" * 32, "t")]
    marks = {census.mark(key, table, "1") for key, table in ways}
    assert len(marks) == 3
    assert {len(mark) for mark in marks} == {MARK}


def test_a_step_explains_no_more_lines_than_it_took() -> None:
    """The third line that is blamed on a step of two is missed."""
    gone = [bytes([n]) * MARK for n in range(3)]
    departed = {mark.hex(): [("retention-ended", "", AT)] for mark in gone}
    steps = [Step("retention-ended", 7, AT, "", 2)]
    assert census.explained(gone, departed, steps) == (
        Gone(gone[0].hex(), "retention-ended", 7),
        Gone(gone[1].hex(), "retention-ended", 7),
        Gone(gone[2].hex()),
    )


def test_a_step_of_another_second_or_request_explains_nothing() -> None:
    """What was noted names its entry exactly."""
    gone = [b"\1" * MARK]
    steps = [Step("subject-erased", 7, AT, "GR-1", 5)]
    for noted in (
        ("subject-erased", "GR-2", AT), ("retention-ended", "GR-1", AT),
        ("subject-erased", "GR-1", AT.replace(hour=3)),
    ):  # fmt: skip
        assert census.explained(gone, {gone[0].hex(): [noted]}, steps) == (Gone(gone[0].hex()),)


def test_a_box_counted_before_its_nights_were_is_compared_from_the_next_count_on() -> None:
    """After an upgrade no sealed line is told to be altered."""
    line = b"m" * MARK
    before, now, then = (said(b"box", 1), said(b"box, nights", SEALED), said(b"box", SEALED))
    assert census.compared([line + before], [line + now]).altered == []
    assert census.compared([line + now], [line + then]).altered == [line]
