"""The register's lines: what was written is read, and what was changed is seen."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flask_guesterase.core.errors import InputError
from flask_guesterase.core.log import canonical
from flask_guesterase.core.remembrance import (
    START,
    Kind,
    Line,
    Note,
    Trace,
    committed,
    dangling,
    read,
    write,
)

KEY = bytes(range(32))
AT = "2026-11-24T10:00:00Z"

marks = st.binary(min_size=32, max_size=32).map(bytes.hex)
names = st.sampled_from(["guests", "客人", "Großkunden", "a b", "é\u0301", "\U0001f3e8", '"\\'])
facts = st.from_regex(r"[a-z][a-z0-9.-]{0,8}", fullmatch=True)
traces = st.builds(Trace, names, marks, st.dictionaries(names, marks, max_size=3))
decisions = st.fixed_dictionaries({
    "table": names, "outcome": st.sampled_from(["delete", "overwrite", "seal"]),
    "columns": st.lists(names, max_size=3), "until": facts,
})
notes = st.builds(
    Note,
    st.sampled_from([kind for kind in Kind if kind not in (Kind.OUTCOME, Kind.ABANDONED)]),
    names, names, st.sampled_from(["", "GR-7Y3KQ2WX"]),
    st.lists(traces, max_size=3).map(tuple), st.lists(decisions, max_size=2).map(tuple),
    st.lists(marks, max_size=2).map(tuple), st.dictionaries(facts, facts, max_size=3),
)  # fmt: skip


def written(items: list[Note], key: bytes = KEY) -> tuple[bytes, list[Line]]:
    """Return notes as the text of a register, and as lines."""
    text, lines, previous = b"", [], START
    for number, note in enumerate(items, 1):
        line = Line(note, number, AT)
        raw, previous = write(line, previous, key)
        text += raw
        lines.append(Line(note, number, AT, mac=previous))
    return text, lines


@settings(max_examples=40)
@given(st.lists(notes, max_size=5))
def test_what_is_written_is_read(items: list[Note]) -> None:
    text, lines = written(items)
    assert read(text, KEY) == (lines, [])


@settings(max_examples=40)
@given(st.lists(notes, min_size=1, max_size=4), st.data())
def test_a_torn_last_line_is_passed_over(items: list[Note], data: st.DataObject) -> None:
    """Power fails while the last line is written: all before it is read, and nothing is wrong."""
    text, lines = written(items)
    whole = text[: text[:-1].rfind(b"\n") + 1]
    torn = data.draw(st.integers(len(whole), len(text) - 1))
    assert read(text[:torn], KEY) == (lines[:-1], [])


@settings(max_examples=40)
@given(st.lists(notes, min_size=1, max_size=4), st.data())
def test_a_changed_line_is_seen_and_the_others_are_read(
    items: list[Note], data: st.DataObject
) -> None:
    text, lines = written(items)
    raw = text.split(b"\n")[:-1]
    place = data.draw(st.integers(0, len(raw) - 1))
    value = json.loads(raw[place])
    field = data.draw(st.sampled_from(["property", "at", "number", "committed", "request"]))
    value[field] = value[field] + 1 if isinstance(value[field], int) else "GR-1A"
    raw[place] = canonical(value)
    found, broken = read(b"\n".join(raw) + b"\n", KEY)
    assert found == [line for at, line in enumerate(lines) if at != place]
    assert [(each.place, each.why) for each in broken] == [(place + 1, "changed")]


@settings(max_examples=40)
@given(st.lists(notes, min_size=3, max_size=5), st.data())
def test_a_line_left_out_or_moved_is_seen(items: list[Note], data: st.DataObject) -> None:
    text, _ = written(items)
    raw = text.split(b"\n")[:-1]
    place = data.draw(st.integers(0, len(raw) - 2))
    without = raw[:place] + raw[place + 1 :]
    assert [each.why for each in read(b"\n".join(without) + b"\n", KEY)[1]] == ["moved"]
    swapped = [*raw[:place], raw[place + 1], raw[place], *raw[place + 2 :]]
    assert read(b"\n".join(swapped) + b"\n", KEY)[1]


@settings(max_examples=40)
@given(st.lists(notes, min_size=1, max_size=3), st.binary(min_size=1, max_size=60))
def test_whatever_else_stands_there_is_unreadable(items: list[Note], rubbish: bytes) -> None:
    text, lines = written(items)
    found, broken = read(text + rubbish.replace(b"\n", b"") + b"\n", KEY)
    assert found == lines
    assert [each.why for each in broken] == ["unreadable"]


def test_another_key_made_none_of_it() -> None:
    text, _ = written([Note(Kind.INTENT, "c", "p")], bytes(32))
    assert [each.why for each in read(text, KEY)[1]] == ["changed"]


@pytest.mark.parametrize("wrong", [
    {"request": "Anna Weber"}, {"facts": {"name": "Anna Weber"}},
    {"facts": {"tel": "491511234567"}}, {"others": ("anna@weber.example",)}, {"property": "a\nb"},
    {"did": ({"table": "guests"},)}, {"facts": {"Anna Weber": "x"}}, {"controller": "a" * 261},
    {"facts": {"root": "Anna Weber"}}, {"facts": {"word": "a" * 61}},
])  # fmt: skip
def test_what_might_be_readable_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(InputError) as raised:
        Note(Kind.INTENT, **{"controller": "c", "property": "p", **wrong})  # type: ignore[arg-type]
    assert "Anna" not in str(raised.value)
    with pytest.raises(InputError):
        Trace("guests", "int:7")
    with pytest.raises(InputError):
        Trace("guests", "0" * 64, {"email": "anna@weber.example"})


@pytest.mark.parametrize("name", ["", "Anna\nWeber", "a" * 261])
def test_what_is_no_name_of_the_schema_is_refused(name: str) -> None:
    """Neither of a table nor of what identifies a row; a name may be 260 characters long."""
    Trace("a" * 260, "0" * 64, {"a" * 260: "0" * 64})
    with pytest.raises(InputError):
        Trace(name, "0" * 64)
    with pytest.raises(InputError):
        Trace("guests", "0" * 64, {name: "0" * 64})


def test_behind_a_damaged_line_the_next_is_read_and_an_older_one_is_seen() -> None:
    """Nobody knows what the damaged one was bound to; numbers grow all the same."""
    first, second, third = written([Note(Kind.HOLD, "c", "p")] * 3)[0].splitlines(keepends=True)

    def told(*raw: bytes) -> tuple[list[int], list[tuple[int, str]]]:
        lines, broken = read(b"".join(raw), KEY)
        return [line.number for line in lines], [(each.place, each.why) for each in broken]

    assert told(first, b"?\n", third) == ([1, 3], [(2, "unreadable")])
    assert told(first, second, b"?\n", second, third) == (
        [1, 2, 2, 3], [(3, "unreadable"), (4, "moved")]
    )  # fmt: skip
    assert told(first, second, third, b"?\n", first, b"?\n", second)[1] == [
        (4, "unreadable"), (5, "moved"), (6, "unreadable"), (7, "moved"),
    ]  # fmt: skip


def test_a_line_of_any_other_shape_is_told_of_and_hides_none() -> None:
    """Whoever writes there brings no replay to its end: it is one place that is named."""
    text, lines = written([Note(Kind.HOLD, "c", "p")])
    value = json.loads(text)
    shapes = (
        b"5", b"null", b"[]", b"{}", b"[" * 200_000, canonical({"format": value["format"]}),
        json.dumps(value).encode(), *(
            canonical({**value, **wrong}) for wrong in (
                {"format": "guesterase/erasure/v0"}, {"kind": "party"}, {"rows": [[]]}, {"rows": 1},
                {"rows": [{"table": "t", "row": "0" * 64, "values": []}]}, {"facts": []},
                {"number": "1"}, {"number": True}, {"did": [1]}, {"property": 5},
            )
        ),
    )  # fmt: skip
    for shape in shapes:
        found = read(shape + b"\n" + text, KEY)
        assert (found[0], [(each.place, each.why) for each in found[1]]) == (
            lines, [(1, "unreadable")]
        ), shape[:80]  # fmt: skip


def test_a_signature_settles_what_it_says_it_settles() -> None:
    """It stands alone; only one that names places says that nothing before it waits."""
    assert Line(Note(Kind.SIGNED), 3, AT, 1, 2).settles
    assert not Line(Note(Kind.SIGNED), 3, AT).settles
    assert Line(Note(Kind.BEGUN), 1, AT).settles
    assert not Line(Note(Kind.INTENT), 3, AT, 1, 2).settles


def test_what_became_of_each_line() -> None:
    """Two transactions, the second rolled back, and a third of which nobody knows."""
    def settled(kind: Kind, number: int, first: int, last: int) -> Line:
        return Line(Note(kind), number, AT, first, last)

    lines = [
        Line(Note(Kind.BEGUN), 1, AT),
        Line(Note(Kind.INTENT, request="GR-A1"), 2, AT),
        Line(Note(Kind.HOLD), 3, AT),
        settled(Kind.OUTCOME, 4, 2, 3),
        Line(Note(Kind.INTENT, request="GR-A2"), 5, AT),
        settled(Kind.ABANDONED, 6, 5, 5),
        Line(Note(Kind.INTENT, request="GR-A3"), 7, AT),
    ]
    assert [line.number for line in committed(lines)] == [2, 3]
    assert [line.number for line in dangling(lines)] == [7]
    assert dangling([*lines, settled(Kind.OUTCOME, 8, 7, 7)]) == []


@given(st.lists(st.sampled_from(["intent", "outcome", "abandoned"]), max_size=40), st.data())
def test_what_was_committed_is_what_an_outcome_covers(
    kinds: list[str], data: st.DataObject
) -> None:
    """However long the register: a line counts when a later outcome covers its number."""
    lines, wanted = [], set()
    for number, word in enumerate(kinds, 1):
        if word == "intent":
            lines.append(Line(Note(Kind.INTENT, request=f"GR-A{number}"), number, AT))
            continue
        first = data.draw(st.integers(1, number))
        lines.append(Line(Note(Kind(word)), number, AT, first, number - 1))
        if word == "outcome":
            wanted |= {each.number for each in lines if first <= each.number < number}
    asked = {line.number for line in lines if line.note.kind is Kind.INTENT}
    assert [line.number for line in committed(lines)] == sorted(wanted & asked)
