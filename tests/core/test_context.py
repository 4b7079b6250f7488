"""Promise: what stands around a find tells staff where it is and nobody whom else it names."""

from __future__ import annotations

import pytest

from flask_guesterase.core.context import MASK, context, marked
from flask_guesterase.core.needle import Needle, Span, Strength

NEEDLE = Needle("email", "ada@post.example", Strength.STRONG)
FIND = "ada@post.example"

AROUND = [
    ("mailbox", "bo.lindqvist@work.example", "lindqvist"),
    ("number", "+49 30 2312 5001 7788", "5001"),
    ("name", "Lindqvistsson", "indqvist"),
]


@pytest.mark.parametrize(("other", "telling"), [(o, t) for _, o, t in AROUND])
@pytest.mark.parametrize("far", range(1, 32))
def test_what_names_somebody_else_is_masked_before_it_is_cut(
    other: str, telling: str, far: int
) -> None:
    """Wherever the stretch ends: half a mailbox, number or name is not shown."""
    behind = f"{FIND} {'x' * far} {other} and more words to the end of it"
    before = f"words from the beginning of it {other} {'x' * far} {FIND}"
    for text in (behind, before):
        at = text.index(FIND)
        span = Span(at, at + len(FIND), NEEDLE)
        parts = marked(text, span.start, span.end)
        for shown in (context(text, span), parts[0] + parts[2]):
            assert telling not in shown
            assert FIND not in shown
        assert parts[1] == FIND


def test_a_find_shows_where_it_stands() -> None:
    """Thirty signs on either side, and a mark where the text goes on."""
    text = f"{'a ' * 40}write to {FIND} today{' b' * 40}"
    at = text.index(FIND)
    shown = context(text, Span(at, at + len(FIND), NEEDLE))
    assert f"write to {MASK} today" in shown
    assert (shown[0], shown[-1]) == ("…", "…")
    assert len(shown) == 30 + 30 + len(MASK) + 2
    assert context(FIND, Span(0, len(FIND), NEEDLE)) == MASK
