"""The measures of the house, as CONTRIBUTING has them: rooms, functions and parameters."""

from __future__ import annotations

import ast
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

import flask_guesterase

OURS = Path(flask_guesterase.__file__).parent

LINES, FUNCTION, PARAMETERS, FOLDER = 400, 60, 9, 25

LISTS = {"core/events.py", "core/owntables.py", "store/tables.py", "web/wording/words.py"}
"""Modules that are one list, which is read from its beginning to its end."""

TOP = {
    ".ci", ".gitignore", "CHANGES.md", "CONTRIBUTING.md", "LICENSE", "Makefile", "README.md",
    "README.zh.md", "SECURITY.md", "benchmarks", "constraints.txt", "docs", "example_pms",
    "flask_guesterase", "pyproject.toml", "tests", "tools",
}  # fmt: skip
"""What a reader sees first of the repository."""

ALONE = {"verify.py"}
"""What readers of exports copy as one file."""

OPTIONS = {
    "web/commands/cli.py: request", "web/commands/disclosing.py: produce",
    "web/extension.py: Guesterase.__init__",
}  # fmt: skip
"""What takes by name everything that a host, or a command line, can say."""


def modules() -> Iterator[tuple[str, str]]:
    """Every module of the package, migrations left aside: its name and its text."""
    for path in sorted(OURS.rglob("*.py")):
        if "migrations" not in path.parts:
            yield path.relative_to(OURS).as_posix(), path.read_text(encoding="utf-8")


def functions(tree: ast.AST, within: str = "") -> Iterator[tuple[str, ast.FunctionDef]]:
    """Every function of a module, with the class it is of."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.FunctionDef):
            yield within + node.name, node
        inner = f"{node.name}." if isinstance(node, ast.ClassDef) else within
        yield from functions(node, inner)


def test_modules_are_rooms_and_no_halls() -> None:
    """What grows beyond its measure has a second subject, which gets a module of its own."""
    large = {name for name, text in modules() if len(text.splitlines()) > LINES}
    assert large == LISTS | ALONE


def test_functions_are_short_and_take_little() -> None:
    """Nobody scrolls to read one, or counts its parameters."""
    found = set()
    for name, text in modules():
        for function, node in functions(ast.parse(text)):
            called = f"{name}: {function}"
            assert node.end_lineno is not None
            given = node.args.posonlyargs + node.args.args + node.args.kwonlyargs
            many = len([each for each in given if each.arg not in ("self", "cls")])
            if node.end_lineno - node.lineno >= FUNCTION or (
                many > PARAMETERS and called not in OPTIONS
            ):
                found.add(called)
    assert found == set()


def test_a_folder_is_read_at_a_glance() -> None:
    """A folder is of one subject, said in its first line and listed for who comes new."""
    house = (OURS.parent / "CONTRIBUTING.md").read_text(encoding="utf-8")
    for floor in ("store", "web"):
        assert len(list((OURS / floor).glob("*.py"))) <= FOLDER, floor
        for first in sorted((OURS / floor).glob("*/__init__.py")):
            says = (ast.get_docstring(ast.parse(first.read_text("utf-8"))) or "").splitlines()
            assert f"| `{floor}/{first.parent.name}` | {says[0]} |" in house, first.parent.name
            assert len(list(first.parent.glob("*.py"))) <= FOLDER, first.parent.name


@pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")
@pytest.mark.skipif(not (OURS.parent / ".git").exists(), reason="this is no clone of git")
def test_the_top_of_the_repository_holds_what_it_is_meant_to() -> None:
    """A merge once left a file there that nobody meant, and whoever comes new reads it first."""
    # A clone that somebody else owns, as in a container, is read as well.
    listed = subprocess.run(
        ["git", "-c", "safe.directory=*", "ls-files", "-z"],
        cwd=OURS.parent, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert {name.partition("/")[0] for name in listed.stdout.split("\0") if name} == TOP
