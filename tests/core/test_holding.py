"""Which word who reads where a hold keeps something."""

from __future__ import annotations

from flask_guesterase.core.holding import word_for


def test_only_the_entitled_read_that_it_is_a_hold() -> None:
    """For everybody else it is a duty of law, silent or not."""
    assert word_for(True) == "hold"
    assert word_for(False) == "legal-duty"
