"""A calendar file that programs read, and that says nothing about who or where."""

from __future__ import annotations

from datetime import UTC, date, datetime

from hypothesis import example, given
from hypothesis import strategies as st

from flask_guesterase.core.agenda import Milestone, Moment, calendar

NOW = datetime(2026, 3, 9, 23, 30, tzinfo=UTC)
DAY = Milestone(Moment.ANSWER, date(2026, 4, 8), "ab12")


def lines(text: str) -> list[str]:
    """Return the lines of a calendar file as a program unfolds them."""
    assert text.endswith("\r\n")
    assert "\n" not in text.replace("\r\n", "")
    return text.replace("\r\n ", "").split("\r\n")[:-1]


def unescaped(text: str) -> str:
    """Return a text value as a program reads it, Source: RFC 5545 section 3.3.11."""
    found, signs = "", iter(text)
    for sign in signs:
        if sign == "\\":
            after = next(signs)
            found += "\n" if after in "nN" else after
        else:
            assert sign not in ";,", text
            found += sign
    return found


def test_a_day_is_one_event() -> None:
    """All of it, in the order a program expects, a whole day, busy for nobody."""
    assert lines(calendar([(DAY, "Your data: answer")], NOW)) == [
        "BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//flask_guesterase//case//EN",
        "BEGIN:VEVENT", "UID:ab12@case.invalid", "DTSTAMP:20260309T233000Z",
        "DTSTART;VALUE=DATE:20260408", "SUMMARY:Your data: answer", "CLASS:PRIVATE",
        "TRANSP:TRANSPARENT", "END:VEVENT", "END:VCALENDAR",
    ]  # fmt: skip


@example("x" * 400)
@given(st.text(st.characters(exclude_categories=["Cc", "Cs", "Zl", "Zp"]), max_size=200))
def test_any_text_comes_back_and_no_line_is_too_long(text: str) -> None:
    """Folded after 75 bytes at most, no character torn apart, nothing taken for a separator."""
    made = calendar([(DAY, text)], NOW)
    assert all(len(line.encode()) <= 75 for line in made.split("\r\n"))
    told = next(line for line in lines(made) if line.startswith("SUMMARY:"))
    assert unescaped(told.removeprefix("SUMMARY:")) == text
