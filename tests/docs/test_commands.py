"""The commands that pages show: each is there, with its options and with all that it needs."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Sequence
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
    return rest, found


def faults(line: str, whole: bool) -> list[str]:
    """Return what is wrong with a line.

    :param line: from `flask` on.
    :param whole: it is to be typed as it stands, and not named in a sentence.
    """
    rest, found = command(line)
    if found is None:
        return []
    if isinstance(found, click.Group):
        return [f"no command: {rest[0]}"] if rest and rest[0] not in {"--help", "VERB"} else []
    given, others, wrong = asked(rest, found)
    if whole:
        needed = {
            each.name for each in found.params if isinstance(each, click.Option) and each.required
        }
        wrong += [f"is missing: {name}" for name in sorted(needed - given)]
        words = [each for each in found.params if isinstance(each, click.Argument)]
        least, many = sum(each.required for each in words), any(each.nargs == -1 for each in words)
        if others < least or (others > len(words) and not many):
            wrong.append(f"{others} words")
    return wrong


def asked(rest: Sequence[str], found: click.Command) -> tuple[set[str], int, list[str]]:
    """Return the options that words give, how many others there are, and what is wrong."""
    options = {
        name: each
        for each in found.params
        if isinstance(each, click.Option)
        for name in (*each.opts, *each.secondary_opts)
    }
    given, others, wrong, words = set[str](), 0, list[str](), iter(rest)
    for word in words:
        name, _, value = word.partition("=")
        if not word.startswith("--"):
            others += 1
        elif name != "--help" and name not in options:
            wrong.append(f"no option: {name}")
        elif name != "--help":
            option = options[name]
            given.add(str(option.name))
            value = value if value or option.is_flag else next(words, "")
            known = option.type.choices if isinstance(option.type, click.Choice) else ()
            if known and value not in TYPED and not set(value.split("|")) <= set(known):
                wrong.append(f"no choice: {name} {value}")
    return given, others, wrong


def test_commands_to_be_typed_are_whole() -> None:
    """In a code block stands each option that is asked for, and none that is not known."""
    lines = [(page.name, line) for page in PAGES for line in blocks(page.read_text("utf-8"))]
    assert len([line for _, line in lines if command(line)[1]]) > 100
    assert [(*each, wrong) for each in lines if (wrong := faults(each[1], whole=True))] == []


def test_commands_in_a_sentence_are_there() -> None:
    """A sentence names the command, and options that it knows, where it names any."""
    texts = [(page.name, " ".join(page.read_text("utf-8").split())) for page in PAGES]
    lines = [(name, line) for name, text in texts for line in INLINE.findall(text)]
    assert len([line for _, line in lines if command(line)[1]]) > 100
    assert [(*each, wrong) for each in lines if (wrong := faults(each[1], whole=False))] == []


@pytest.mark.parametrize(
    ("line", "fault"),
    [("flask guesterase swep", "no command: swep"),
     ("flask guesterase sweep --confrim 3", "no option: --confrim"),
     ("flask guesterase hold place --scope hotel", "no choice: --scope hotel"),
     ("flask guesterase journal export", "is missing: out"),
     ("flask guesterase certificate", "0 words"),
     ("flask guesterase certificate GR-1 GR-2", "2 words")],
)  # fmt: skip
def test_a_line_that_is_wrong_is_found(line: str, fault: str) -> None:
    """Each in its way."""
    assert fault in faults(line, whole=True)
