"""The page about the hotel's process names pages, tests and descriptions that exist."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from example_pms import create_app

ROOT = Path(__file__).parent.parent.parent
PAGE = ROOT / "docs" / "explanation" / "process.md"
TEXT = PAGE.read_text(encoding="utf-8")
LINES = [
    [cell.strip() for cell in line.strip("|").split("|")]
    for line in TEXT.splitlines()
    if line.startswith("| ") and not line.startswith(("| of the", "|---"))
]


@pytest.mark.parametrize("line", LINES, ids=lambda line: line[0][:40])
def test_a_line_names_what_exists(line: list[str]) -> None:
    """A page, a test and a description; or it says that it is not there yet."""
    _, page, shown, described = line
    if page == "not there yet":
        assert not shown
        return
    tests = re.findall(r"`(tests/[\w/]+\.py)`", shown)
    assert tests
    assert all((ROOT / test).exists() for test in tests)
    for target in re.findall(r"\]\(([^)#]+)\)", described):
        assert (PAGE.parent / target).exists(), target


PARTS = (
    "before check-in", "backup", "failures", "mistakes", "deletion procedure",
    "notice to the guest", "follow-up", "monthly review", "upgrade", "emergency plan",
    "complaints", "training", "asked for by the guest", "at check-in", "by the hotel",
    "legal limits", "four conditions", "minimisation", "leaks", "comparison",
)  # fmt: skip
"""What the client described, a word or two of each part."""


@pytest.mark.parametrize("part", PARTS)
def test_each_part_of_the_clients_process_has_a_line(part: str) -> None:
    """None of it is left out, nor called what nobody would look for."""
    assert any(part in line[0] for line in LINES)


def test_its_pages_are_pages_of_the_staff(tmp_path: Path) -> None:
    """Each endpoint it names is one of the demo's."""
    app = create_app({"INSTANCE_PATH": str(tmp_path)})
    known = {rule.endpoint for rule in app.url_map.iter_rules()}
    named = set(re.findall(r"`\.(\w+)`", TEXT))
    assert len(named) > 10
    assert {name for name in named if f"guesterase_staff.{name}" not in known} == set()
