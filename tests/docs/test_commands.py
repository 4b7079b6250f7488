"""The commands that pages show: each is there, with its options and with all that it needs."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

import flask_guesterase.web.extension  # noqa: F401 - the commands are complete with it
from flask_guesterase.web.commands.cli import guesterase_cli

ROOT = Path(__file__).parents[2]
PAGES = [
    page
    for page in (ROOT / "README.md", ROOT / "README.zh.md", *(ROOT / "docs").rglob("*.md"))
    if page.name != "commands.md"
]
LINE = re.compile(r"^(?:[ >]*|\$ |[0-9*/]+(?: +[0-9*]+){4} +|ExecStart=\S*/)(flask .*)$")
INLINE = re.compile(r"`(flask [^`]+)`")
TYPED = {"…", "CODE", "WHO"}
"""What stands for a value that the reader knows."""


def blocks(text: str) -> Iterator[str]:
    """Yield the commands of code blocks, each in one line: to be typed as they stand."""
    for line in re.sub(r"\\\n\s*", " ", text).splitlines():
        if found := LINE.match(line.removeprefix("    ").removeprefix("$ ")):
            yield re.split(r" [#|>] ?| {2,}#", found[1])[0]


def command(line: str) -> tuple[list[str], click.Command | None]:
    """Return what follows the command that a line names, and the command, where there is one."""
    words = shlex.split(line.replace("[", "").replace("]", ""))
    if "guesterase" not in words:
        return [], None
    rest, found = words[words.index("guesterase") + 1 :], guesterase_cli
    while isinstance(found, click.Group) and rest and rest[0] in found.commands:
        found = found.commands[rest.pop(0)]  # type: ignore[assignment]
    assert not isinstance(found, click.Group) or not rest or rest[0] in {"--help", "VERB"}, line
    return rest, found


def asked(line: str) -> tuple[set[str], int, click.Command]:
    """Return the options that a line gives, how many other words, and the command."""
    rest, found = command(line)
    assert found is not None
    options = {
        name: each
        for each in found.params
        if isinstance(each, click.Option)
        for name in (*each.opts, *each.secondary_opts)
    }
    given, others, words = set[str](), 0, iter(rest)
    for word in words:
        name, _, value = word.partition("=")
        if not word.startswith("--"):
            others += 1
        elif name != "--help":
            assert name in options, f"{name}: {line}"
            option = options[name]
            given.add(str(option.name))
            value = value if value or option.is_flag else next(words)
            if isinstance(option.type, click.Choice) and value not in TYPED:
                assert set(value.split("|")) <= set(option.type.choices), f"{name}: {line}"
    return given, others, found


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_commands_to_be_typed_are_whole(page: Path) -> None:
    """In a code block stands each option that is asked for, and none that is not known."""
    for line in blocks(page.read_text(encoding="utf-8")):
        if command(line)[1] is None or isinstance(command(line)[1], click.Group):
            continue
        given, others, found = asked(line)
        needed = {
            each.name for each in found.params if isinstance(each, click.Option) and each.required
        }
        assert needed <= given, line
        words = [each for each in found.params if isinstance(each, click.Argument)]
        assert others >= sum(each.required for each in words), line
        assert others <= len(words) or any(each.nargs == -1 for each in words), line


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_commands_in_a_sentence_are_there(page: Path) -> None:
    """A sentence names the command, and options that it knows, where it names any."""
    text = " ".join(page.read_text(encoding="utf-8").split())
    for line in INLINE.findall(text):
        if command(line)[1] is not None and not isinstance(command(line)[1], click.Group):
            asked(line)
