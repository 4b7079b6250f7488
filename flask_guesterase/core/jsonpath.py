"""Paths into a JSON document: ``$.contact.email``, ``$.notes[*].text``, ``$['房间 备注'][0]``.

A subset of RFC 9535: names after a dot or in quotes, one index, and ``*`` for every member.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass

from .document import Node
from .errors import PolicyError

Step = str | int | None
"""A member's key, a place in a list (counted from its end when negative), or None for each."""

_STEP = re.compile(
    r"""\.(?P<name>[^\W\d][\w-]*)"""
    r"""|\.(?P<quoted>"(?:[^"\\]|\\.)*")"""
    r"""|\[(?P<double>"(?:[^"\\]|\\.)*")\]"""
    r"""|\['(?P<single>(?:[^'\\]|\\.)*)'\]"""
    r"""|\[(?P<index>-?(?:0|[1-9]\d{0,8}))\]"""
    r"""|(?P<each>\.\*|\[\*\])"""
)


@dataclass(frozen=True)
class Path:
    """A way from the root of a document to values in it.

    :param text: as the vendor wrote it.
    :param steps: one by one from the root.
    """

    text: str
    steps: tuple[Step, ...]

    @property
    def last(self) -> str:
        """Return the last key on the way, or an empty string."""
        return next((step for step in reversed(self.steps) if isinstance(step, str)), "")

    def select(self, root: Node) -> Iterator[Node]:
        """Yield the values it leads to; none where a step leads nowhere.

        :param root: a document.
        """
        here = [root]
        for step in self.steps:
            here = [value for node in here for value in _step(node, step)]
        yield from here


def parse(text: str) -> Path:
    """Return the path that a text means.

    :param text: for example ``$.guest.name``.
    :raises PolicyError: it is no path.
    """
    steps: list[Step] = []
    at = 1
    while text.startswith("$") and at < len(text):
        match = _STEP.match(text, at)
        if match is None:
            break
        steps.append(_meaning(match))
        at = match.end()
    if at < len(text) or not steps:
        raise PolicyError(
            f"'{text}' is no path into a JSON document.",
            "Write it like $.contact.email, $.notes[*].text or $['a key'][0].",
        )
    return Path(text, tuple(steps))


def _meaning(match: re.Match[str]) -> Step:
    kind, value = next((k, v) for k, v in match.groupdict().items() if v is not None)
    if kind == "each":
        return None
    if kind == "index":
        return int(value)
    if kind == "name":
        return value
    if kind == "single":
        return re.sub(r"\\(.)", r"\1", value, flags=re.DOTALL)
    return _quoted(value)


def _quoted(value: str) -> str:
    try:
        return str(json.loads(value))
    except ValueError:
        raise PolicyError(
            f"{value} is no quoted key.", "Write it as JSON writes a string."
        ) from None


def _step(node: Node, step: Step) -> Iterator[Node]:
    if step is None:
        yield from (value for _, _, value in node.members)
    elif isinstance(step, str):
        if node.kind == "object":
            yield from (value for key, _, value in node.members if key == step)
    elif node.kind == "list" and -len(node.members) <= step < len(node.members):
        yield node.members[step][2]
