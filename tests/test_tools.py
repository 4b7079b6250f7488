"""The developer's commands and the pins they install."""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
import sys
import tomllib
import venv
from importlib import metadata
from pathlib import Path

import pytest

from tools import dev

ROOT = Path(__file__).resolve().parent.parent
CONSTRAINTS = (ROOT / "constraints.txt").read_text()
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]


def normal(requirement: str) -> str:
    """The project name a requirement starts with, spelled the one way (PEP 503)."""
    return re.sub(r"[-_.]+", "-", re.split(r"[\[<>=~!; ]", requirement)[0]).lower()


def pinned(text: str) -> set[str]:
    """The projects a part of constraints.txt pins."""
    return {normal(line) for line in text.splitlines() if "==" in line}


def test_help_lists_what_make_offers() -> None:
    """Each verb has its line in the Makefile, and the other way round."""
    said = subprocess.run(
        [sys.executable, "tools/dev.py", "help"], cwd=ROOT, capture_output=True, text=True
    )
    listed = re.findall(r"^  ([a-z-]+) ", said.stdout, re.MULTILINE)
    targets = re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE)

    assert said.returncode == 0
    assert sorted(listed) == sorted(targets) == sorted(dev.VERBS)


def test_unknown_verb_is_wrong_use() -> None:
    """A mistyped verb ends with 2 and shows the right ones."""
    said = subprocess.run(
        [sys.executable, "tools/dev.py", "tset"], cwd=ROOT, capture_output=True, text=True
    )

    assert said.returncode == 2
    assert "tset" in said.stderr
    assert "test-long" in said.stdout


def test_every_pin_has_a_hash_and_no_address() -> None:
    """What is installed is what was resolved, from whichever registry the machine uses."""
    blocks = re.split(r"^(?=[a-zA-Z0-9])", CONSTRAINTS, flags=re.MULTILINE)[1:]

    assert all("--hash=sha256:" in block for block in blocks)
    assert not re.search(r"://|--index|--find-links|@ file", CONSTRAINTS)


def test_every_dependency_is_pinned_in_its_part() -> None:
    """The demo installs the first part alone, so all it needs is there."""
    first, divide, second = CONSTRAINTS.partition(dev.DIVIDE)
    extras = PROJECT["optional-dependencies"]
    demo = {normal(name) for name in [*PROJECT["dependencies"], *extras["demo"]]}
    rest = {normal(name) for names in extras.values() for name in names} - {PROJECT["name"]}

    assert divide
    assert demo <= pinned(first)
    assert rest <= pinned(first) | pinned(second)
    # Twice stands only what the tests need with an extra, at the one version.
    twice = {line for line in second.splitlines() if normal(line) in pinned(first) and "==" in line}
    assert all(re.match(r"[\w.-]+\[", line) for line in twice)
    assert {re.sub(r"\[[\w,-]+\]", "", line) for line in twice} <= set(first.splitlines())


def test_a_pin_carries_the_extras_others_ask_it_for() -> None:
    """Without them pip takes the newest release of `name[extra]`, which has no hash, and stops."""
    heads = set(re.findall(r"^([^\s=]+)==", CONSTRAINTS, re.MULTILINE))
    plain = {normal(head) for head in heads}
    asked = {
        wish.group()
        for pin in sorted(plain & {normal(found.name) for found in metadata.distributions()})
        for wish in (
            re.match(r"[\w.-]+\[\w+\]", line)
            for line in metadata.requires(pin) or ()
            if "extra ==" not in line
        )
        if wish and normal(wish.group()) in plain
    }

    assert "coverage[toml]" in asked
    assert asked <= heads


def test_taken_port_is_passed_over() -> None:
    """The demo opens on the next port when somebody else has the one it wanted."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]

        assert dev._free_port("127.0.0.1", port) > port


def test_the_demo_leaves_an_exported_database_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Tables, staff with published passwords and pages go to the demo's own database alone."""
    log, flask = tmp_path / "log", tmp_path / "flask.py"
    flask.write_text(
        "import json, os, sys\n"
        f"with open({str(log)!r}, 'a') as file:\n"
        "    print(json.dumps([sys.argv[1:], os.environ.get('DATABASE_URL')]), file=file)\n"
        "print('[]')\n"
    )
    monkeypatch.setattr(dev, "FLASK", (sys.executable, str(flask)))
    monkeypatch.setattr(dev, "install", lambda everything: None)
    monkeypatch.setenv("DATABASE_URL", f"sqlite:///{tmp_path / 'hers.sqlite'}")
    assert dev.demo([]) == 0
    ran = [json.loads(line) for line in log.read_text().splitlines()]

    assert [words[:2] for words, _ in ran] == [
        ["guesterase", "db"], ["pms", "staff"], ["pms", "seed"], ["pms", "staff"],
        ["run", "--host"],
    ]  # fmt: skip
    assert {url for _, url in ran} == {""}


def test_environment_is_renewed_when_a_pin_changes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A changed pyproject.toml or constraints.txt shows in the fingerprint, a touched one not."""
    monkeypatch.setattr(dev, "ROOT", tmp_path)
    for name in ("pyproject.toml", "constraints.txt"):
        (tmp_path / name).write_text(name)
    before = dev._fingerprint()
    os.utime(tmp_path / "constraints.txt", (1, 1))
    assert dev._fingerprint() == before

    (tmp_path / "constraints.txt").write_text("other")
    assert dev._fingerprint() != before


def test_environment_that_came_with_a_copy_is_made_for_it_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In a copied or moved folder the package is not imported from where it was copied."""
    found = set()
    for name in ("here", "there"):
        monkeypatch.setattr(dev, "ROOT", tmp_path / name)
        (tmp_path / name).mkdir()
        for file in ("pyproject.toml", "constraints.txt"):
            (tmp_path / name / file).write_text(file)
        found.add(dev._fingerprint())
    assert len(found) == 2


def test_an_environment_that_was_half_made_is_made_to_its_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who pressed Ctrl-C while it was made is not left with one without pip for ever."""
    venv.create(tmp_path, symlinks=True)
    ran: list[list[str]] = []
    monkeypatch.setattr(dev, "VENV", tmp_path)
    monkeypatch.setattr(dev, "PYTHON", str(tmp_path / "bin" / "python"))
    monkeypatch.setattr(dev, "must", ran.append)
    dev._make_venv()
    assert [command[1:3] for command in ran] == [["-m", "venv"]]


def test_continuous_run_can_be_started() -> None:
    """`.ci/run` is a program of bash that stops at the first error."""
    script = ROOT / ".ci" / "run"

    assert os.access(script, os.X_OK)
    assert subprocess.run(["bash", "-n", str(script)], check=False).returncode == 0
    assert "set -euo pipefail" in script.read_text()


def test_continuous_run_installs_what_makes_an_environment(tmp_path: Path) -> None:
    """A fresh Debian has a Python that can make none; the run asks for the package first."""
    log = tmp_path / "log"
    for name, does in {
        "python3": "exit 1", "apt-get": f'echo "$*" >>{log}', "make": f"echo make >>{log}",
        "chromium": "exit 0", "redis-server": "exit 0", "fc-list": "echo a font",
    }.items():  # fmt: skip
        (tmp_path / name).write_text(f"#!/bin/sh\n{does}\n")
        (tmp_path / name).chmod(0o755)
    paths = os.pathsep.join([str(tmp_path), os.environ["PATH"]])
    subprocess.run(["bash", str(ROOT / ".ci" / "run")], env={"PATH": paths}, check=True)
    said = log.read_text().splitlines()

    assert said[0] == "-qq update"
    assert "python3-venv" in said[1].split()
    assert said[2:] == ["make", "make", "make"]
