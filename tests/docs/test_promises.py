"""The page of the promises names tests that exist, at least one for each promise."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "explanation" / "promises.md"
PROMISE = re.compile(r"^\| (P\d+) \| (.+) \| (.+) \|$", re.MULTILINE)
NAMED = re.compile(r"`(tests/[\w/]+\.py)::(test_\w+)`")


def test_every_promise_names_a_test_that_exists() -> None:
    """A test that was renamed or taken away leaves its promise without one."""
    promises = PROMISE.findall(PAGE.read_text(encoding="utf-8"))
    assert [name for name, _, _ in promises] == [f"P{number}" for number in range(1, 12)]
    missing = [
        (name, file, test)
        for name, _, tried in promises
        for file, test in NAMED.findall(tried) or [("", "")]
        if not (ROOT / file).is_file()
        or f"def {test}(" not in (ROOT / file).read_text(encoding="utf-8")
    ]
    assert missing == []
