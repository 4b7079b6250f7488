"""The reference says what the code does: pages made from it, and lists that must be equal."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path
from types import ModuleType

import pytest

import flask_guesterase
from flask_guesterase.core import finding
from flask_guesterase.core.depth import Evidence
from flask_guesterase.core.events import EVENTS
from flask_guesterase.core.permissions import MEANS, Permission
from flask_guesterase.web.joining import config
from flask_guesterase.web.joining.signals import SIGNALS

ROOT = Path(__file__).parent.parent.parent
PACKAGE = Path(flask_guesterase.__file__).parent


def maker() -> ModuleType:
    """Return the program that makes the pages."""
    spec = importlib.util.spec_from_file_location("reference", ROOT / "tools" / "reference.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("name", maker().PAGES)
def test_a_page_says_what_the_code_says(name: str) -> None:
    """A reference page is what tools/reference.py makes of the code today."""
    page = (ROOT / "docs" / "reference" / name).read_text(encoding="utf-8")

    assert page == maker().page(name), "run: python tools/reference.py"


def test_public_names_are_sorted_few_and_there() -> None:
    """What the package exports is a short, sorted list of things that exist."""
    names = flask_guesterase.__all__

    assert names == sorted(names)
    assert len(names) < 30
    assert all(hasattr(flask_guesterase, name) for name in names)


def test_configuration_keys_are_few_and_all_read() -> None:
    """There are at most ten keys, and each one that the code mentions is among them."""
    mentioned = set()
    for path in PACKAGE.rglob("*.py"):
        mentioned |= set(re.findall(r"\bGUESTERASE_[A-Z_]+[A-Z]\b", path.read_text()))

    assert mentioned == set(config.DEFAULTS)
    assert len(config.DEFAULTS) <= 10


def test_each_event_has_its_signal_and_is_told_by_somebody() -> None:
    """Events, signals and what the code tells are the same set."""
    code = "\n".join(
        path.read_text() for path in PACKAGE.rglob("*.py") if path.name != "events.py"
    )

    assert set(EVENTS) == set(SIGNALS)
    assert [k.__name__ for k in EVENTS.values() if f"{k.__name__}" not in code] == []


def test_each_kind_of_finding_is_reported_by_somebody() -> None:
    """The list of findings holds what the code can report, and nothing else."""
    code = "\n".join(
        path.read_text() for path in PACKAGE.rglob("*.py") if path.name != "finding.py"
    )

    assert [name for name in finding.KINDS if f'"{name}"' not in code] == []


def test_each_permission_is_explained_and_each_choice_is_named() -> None:
    """Who grants a permission reads what it lets; who types a command reads its words."""
    commands = (ROOT / "docs" / "reference" / "commands.md").read_text(encoding="utf-8")
    life = (ROOT / "docs" / "reference" / "lifecycle.md").read_text(encoding="utf-8")

    assert set(MEANS) == set(Permission)
    assert [name for name in Permission if f"| `{name}` | " not in life] == []
    assert re.findall(r"`: *$", commands, re.MULTILINE) == []
    assert "`wrong-person`, `wrong-plan`" in commands


def test_each_way_of_the_office_is_named() -> None:
    """What how-to pages call after `begin()` is looked up in one page."""
    page = (ROOT / "docs" / "reference" / "office.md").read_text(encoding="utf-8")
    told = {path: re.findall(r"\boffice\.([a-z_]+)\(", path.read_text(encoding="utf-8"))
            for path in (ROOT / "docs").rglob("*.md")}  # fmt: skip

    assert {name for names in told.values() for name in names if f"`.{name}(" not in page} == set()
    assert "request" in {name for names in told.values() for name in names}


def test_each_word_about_levels_is_explained() -> None:
    """The page of formats names every word a certificate may say of files and logs."""
    page = (ROOT / "docs" / "reference" / "formats.md").read_text(encoding="utf-8")

    assert [word.value for word in Evidence if f"`{word.value}`" not in page] == []
