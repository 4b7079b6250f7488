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
    {"did": ({"table": "guests"},)},
])  # fmt: skip
def test_what_might_be_readable_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(InputError) as raised:
        Note(Kind.INTENT, **{"controller": "c", "property": "p", **wrong})  # type: ignore[arg-type]
    assert "Anna" not in str(raised.value)
    with pytest.raises(InputError):
        Trace("guests", "int:7")
    with pytest.raises(InputError):
        Trace("guests", "0" * 64, {"email": "anna@weber.example"})


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
