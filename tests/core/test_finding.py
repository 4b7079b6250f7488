"""A finding is of a known kind, says where, and sorts the same everywhere."""

from __future__ import annotations

import pytest

from flask_guesterase.core.finding import KINDS, Finding, Severity


def finding(**changes: object) -> Finding:
    """Return a finding, some of it changed."""
    values = {"id": "view", "table": "guests", "column": "", "message": "A view.", "hint": "Drop."}
    return Finding(**{**values, **changes})  # type: ignore[arg-type]  # the values fit by name


def test_a_finding_of_another_kind_cannot_be_made() -> None:
    """A kind that is not listed is a mistake of ours, found when it is written."""
    with pytest.raises(ValueError, match="'mistyped' is not a kind"):
        finding(id="mistyped")


def test_kinds_are_sorted_and_told_in_one_line() -> None:
    """The list of kinds is read by people: sorted, one short line each, no full stop."""
    assert list(KINDS) == sorted(KINDS)
    assert all(0 < len(line) < 90 and not line.endswith(".") for line in KINDS.values())


@pytest.mark.parametrize(
    ("table", "column", "place"),
    [("guests", "email", "guests.email"), ("guests", "", "guests"), ("", "", ""), ("", "sh", "sh")],
)
def test_the_place_is_one_word(table: str, column: str, place: str) -> None:
    """Table and column are one word; what is about the whole installation has none."""
    assert finding(table=table, column=column).place == place


def test_findings_sort_by_kind_and_place() -> None:
    """Lists of findings come in one order, and a finding stops unless it says otherwise."""
    made = [finding(table="b"), finding(id="cascade"), finding(table="a"), finding(column="c")]
    assert [(f.id, f.place) for f in sorted(made)] == [
        ("cascade", "guests"), ("view", "a"), ("view", "b"), ("view", "guests.c"),
    ]
    assert finding().severity is Severity.STOP
