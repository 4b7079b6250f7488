"""The page about a hotel that closes: each of its commands is run, before and after it ended."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest
from sqlalchemy import update

from flask_guesterase.store import tables
from flask_guesterase.store.complaints.receiving import Grievance
from flask_guesterase.store.incidents.opening import Report
from flask_guesterase.store.settings import Settings
from tests.docs.test_howto import blocks
from tests.web.house import House
from tests.web.test_cli import Console

PAGE = "how-to/close-a-hotel.md"
LEAD = "flask --app hotel guesterase "


@pytest.fixture
def house(sqlite_url: str, tmp_path: Path) -> Iterator[House]:
    """A house of two hotels; at one of them a request, a complaint and an incident are open."""
    made = House(sqlite_url, tmp_path)
    made.people()
    number = made.request()
    with made.app.app_context(), made.extension.begin() as office:
        office.file_complaint(Grievance("about-manner", "Rude.", "sh", channel="desk"), "officer")
        office.open_incident(Report("sh", "leak", "A list."), "officer")
    assert made.state(number) == "received"
    yield made
    made.session.remove()
    made.hotel.engine.dispose()


def commands() -> list[list[str]]:
    """Return the commands of the page's blocks, in their order."""
    lines = [line.strip() for block in blocks(PAGE, "") for line in block.splitlines()]
    assert all(line.startswith(LEAD) for line in lines if line)
    return [shlex.split(line.removeprefix(LEAD)) for line in lines if line]


def settings_of(house: House) -> Settings:
    """Return the settings of the application."""
    found: Settings = house.app.extensions["guesterase"].settings
    return found


def without(house: House, code: str) -> None:
    """Take a hotel out of the settings."""
    state = house.app.extensions["guesterase"]
    left = {c: hotel for c, hotel in state.settings.properties.items() if c != code}
    state.settings = replace(state.settings, properties=left)


def test_each_command_of_the_page_runs(
    house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And shows what is open at the hotel that closes."""
    monkeypatch.chdir(tmp_path)
    console, said = Console(house.app), dict[str, str]()
    for command in commands():
        code = 1 if command == ["check"] else 0
        done = console.runner.invoke(args=["guesterase", *command])
        assert done.exit_code in (0, code), (command, done.output)
        said[" ".join(command[:2])] = done.output
    assert "GR-" in said["list --property"]
    assert "GC-" in said["complaint list"]
    assert "GI-" in said["incident list"]
    assert (tmp_path / "journal-of-pine.jsonl").stat().st_size > 0
    assert "property-removed" not in said["check"]


def test_check_names_what_waits_until_nothing_does(house: House) -> None:
    """Requests, complaints and incidents of a hotel that was taken out too early; then nothing."""
    console, known = Console(house.app), settings_of(house)
    without(house, "sh")
    done = console.runner.invoke(args=["guesterase", "check"])
    found = re.sub(r"\s+", " ", done.output)
    assert "property-removed" in found
    start = found.index("property-removed")
    # The incident holds its evidence.
    waits = "1 complaints, 1 incidents, 1 kept records, 1 requests"
    assert waits in found[start : start + 300]
    house.app.extensions["guesterase"].settings = known
    with house.app.app_context(), house.extension.begin() as office:
        office.withdraw(house.hotel.ours("request")[0]["number"])
    with house.hotel.engine.begin() as conn:
        conn.execute(update(tables.complaint).values(state="answered"))
        conn.execute(update(tables.incident).values(state="closed"))
        conn.execute(update(tables.hold).values(lifted_at=datetime(2026, 3, 10)))
    without(house, "sh")
    assert "property-removed" not in console.runner.invoke(args=["guesterase", "check"]).output


def test_the_options_named_in_sentences_are_there(house: House) -> None:
    """What needs a person's code is named, not run."""
    runner = Console(house.app).runner
    for command in (["hold", "list"], ["token", "list"], ["token", "revoke"]):
        assert runner.invoke(args=["guesterase", *command, "--help"]).exit_code == 0
