"""Every attack of the page has its test, and every test its paragraph."""

from __future__ import annotations

import re
from pathlib import Path

HERE = Path(__file__).parent
PAGE = HERE.parent.parent / "docs" / "explanation" / "threats.md"
NAME = re.compile(r"^def (test_\w+)\(", re.MULTILINE)


def _tests() -> set[str]:
    files = [path for path in HERE.glob("test_*.py") if path.name != Path(__file__).name]
    return {name for path in files for name in NAME.findall(path.read_text(encoding="utf-8"))}


def test_every_attack_has_a_test_and_every_test_a_paragraph() -> None:
    """A heading names tests that exist; no test stands without a heading."""
    parts = re.split(r"^### ", PAGE.read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]
    named = [set(re.findall(r"`(test_\w+)`", part)) for part in parts]
    pairs = zip(parts, named, strict=True)
    assert [part.splitlines()[0] for part, names in pairs if not names] == []
    assert set().union(*named) == _tests()


def test_every_paragraph_says_what_becomes_of_the_attack() -> None:
    """Stopped, visible, or honestly neither."""
    parts = re.split(r"^### ", PAGE.read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]
    words = ("**Stopped", "**Visible", "**visible", "**Not stopped")
    assert [p.splitlines()[0] for p in parts if not any(word in p for word in words)] == []
