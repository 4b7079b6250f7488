"""The page about notes and JSON: its policy is valid, and its table says what happens."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from flask import Flask

from flask_guesterase.core.mentions import Known, Pen
from tests.docs.test_howto import DOCS, run

ADA = ("guests", (1,))
PEN = Pen({ADA: [Known("name", "Ada Invented"), Known("phone", "+49 30 23125001", "DE")]})
PAIRS = re.findall(
    r"^\| `(.+)` \| `(.+)` \|$", (DOCS / "how-to/free-text.md").read_text("utf-8"), re.MULTILINE
)


@pytest.mark.parametrize(("before", "after"), PAIRS)
def test_the_table_says_what_happens(before: str, after: str) -> None:
    """Each line of the page, done."""
    assert PEN.strike(before, [ADA]) == after


def test_the_policy_of_the_page_can_be_written() -> None:
    """Its paths and rules are taken."""
    space: dict[str, object] = {}
    run("how-to/free-text.md", 0, space)
    assert len(PAIRS) == 3
    assert "log" in space


def test_the_application_of_the_xray_page_has_the_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ten lines are enough to look."""
    space: dict[str, object] = {"__name__": "vendor"}
    monkeypatch.chdir(tmp_path)
    run("how-to/xray.md", 0, space)
    app = space["app"]
    assert isinstance(app, Flask)
    app.config["SECRET_KEY"] = "x"
    done = app.test_cli_runner().invoke(
        args=["guesterase", "xray", "--match", "email=ada@mail.example"]
    )
    assert done.exit_code == 0, done.output
    assert "nowhere" in done.output
    with app.app_context():
        space["db"].engine.dispose()  # type: ignore[attr-defined]
