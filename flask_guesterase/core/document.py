"""JSON as it is written: where each value stands, so that one changes and the rest keeps its form.

Reading and writing anew would change numbers (``1.50``), escapes, spaces and doubled keys of
members nobody asked to change.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

_SPACE = re.compile(r"[ \t\n\r]*")
_STRING = re.compile(r'"(?:[^"\\]|\\.)*"', re.DOTALL)
_PLAIN = re.compile(r"[^\s,\]}]+")
_HALF = re.compile("[\ud800-\udfff]")
_DEEPEST = 200
"""Levels of nesting that are read; what lies deeper is no document of a hotel."""


@dataclass(frozen=True)
class Node:
    """One value of a document, and where it is written.

    :param start: offset of its first character.
    :param end: offset behind its last character.
    :param members: (key, key's own place, value) of an object; key None and place None of a list.
    :param kind: ``object``, ``list``, ``string`` or ``plain`` (number, true, false, null).
    """

    start: int
    end: int
    kind: str
    members: tuple[tuple[str | None, Node | None, Node], ...] = field(default=())

    def leaves(self) -> Iterator[Node]:
        """Yield the strings and plain values in it, keys of members among them."""
        if self.kind in ("string", "plain"):
            yield self
        for _, key, value in self.members:
            if key is not None:
                yield key
            yield from value.leaves()


def read(text: str) -> Node | None:
    """Return the document that a text is, or None when it is no valid JSON.

    :param text: any text.
    """
    try:
        json.loads(text)
        node, _ = _value(text, _skip(text, 0), 0)
    except (ValueError, RecursionError):
        return None
    return node


def is_document(text: str) -> bool:
    """Return whether a text is a JSON object or list, which must stay one.

    :param text: any text.
    """
    return text.lstrip()[:1] in ("{", "[") and read(text) is not None


def written(value: Any, like: str = "") -> str:
    """Return a value as JSON, escaped as a neighbouring text is.

    :param value: what JSON can hold.
    :param like: the text it is put in; where that is ASCII, so is the result.
    """
    said = json.dumps(value, ensure_ascii=like.isascii(), separators=(",", ":"))
    # Half of a surrogate pair, left of an emoji that was cut, can be written as an escape alone.
    return _HALF.sub(lambda match: f"\\u{ord(match[0]):04x}", said)


def legible(text: str) -> str:
    """Return a text as people read it: in a document, letters stand for their own escapes.

    :param text: any text; numbers, spaces and all else of a document stay as they are written.
    """
    node = read(text) if "\\u" in text and text.lstrip()[:1] in ("{", "[") else None
    if node is None:
        return text
    said, done = [], 0
    for leaf in node.leaves():
        if leaf.kind == "string":
            letters = written(json.loads(text[leaf.start : leaf.end]), _LETTERS)
            said += [text[done : leaf.start], letters]
            done = leaf.end
    return "".join([*said, text[done:]])


_LETTERS = "é"
"""Like what is written as letters."""


def _skip(text: str, at: int) -> int:
    match = _SPACE.match(text, at)
    return match.end() if match else at


def _value(text: str, at: int, depth: int) -> tuple[Node, int]:
    if depth > _DEEPEST:
        raise ValueError("the document is nested too deeply")
    first = text[at]
    if first == '"':
        return _string(text, at)
    if first in "{[":
        return _group(text, at, depth)
    match = _PLAIN.match(text, at)
    if match is None:
        raise ValueError("a value is expected")
    return Node(at, match.end(), "plain"), match.end()


def _string(text: str, at: int) -> tuple[Node, int]:
    match = _STRING.match(text, at)
    if match is None:
        raise ValueError("a string is expected")
    return Node(at, match.end(), "string"), match.end()


def _group(text: str, start: int, depth: int) -> tuple[Node, int]:
    is_object = text[start] == "{"
    closing = "}" if is_object else "]"
    members: list[tuple[str | None, Node | None, Node]] = []
    at = _skip(text, start + 1)
    while text[at] != closing:
        key = name = None
        if is_object:
            key, at = _string(text, at)
            name = json.loads(text[key.start : key.end])
            at = _skip(text, _skip(text, at) + 1)
        value, at = _value(text, at, depth + 1)
        members.append((name, key, value))
        at = _skip(text, at)
        if text[at] == ",":
            at = _skip(text, at + 1)
    kind = "object" if is_object else "list"
    return Node(start, at + 1, kind, tuple(members)), at + 1
