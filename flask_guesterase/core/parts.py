"""What `inside` makes of a JSON document, and whether it was made already."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from .document import Node, read, written
from .jsonpath import Path
from .mentions import Edit, edited
from .treatment import Inside, Keep, Mentions, Part

Make = Callable[[Part, Path, Any], Any]
"""Takes a rule, where it applies and the old value; returns what stands there instead."""

Strike = Callable[[Node, str], list[Edit]]
"""Takes a value and the document it is in; returns the edits that strike people out of it."""

Stands = Callable[[Part, Path, Any], bool]
"""Takes a rule, where it applies and a value; returns whether that is what the rule leaves."""


def applied(rule: Inside, text: str, make: Make, strike: Strike) -> str | None:
    """Return a document with its listed values erased, everything else as it was written.

    :param rule: the rule of the column.
    :param text: what the column holds.
    :param make: makes a value of a rule.
    :param strike: strikes people out of a value.
    :return: the text, or None when it is no JSON.
    """
    root = read(text)
    if root is None:
        return None
    edits: list[Edit] = []
    for path, part in rule.parts:
        for node in path.select(root):
            if isinstance(part, Mentions):
                edits += strike(node, text)
            elif not isinstance(part, Keep):
                new = make(part, path, json.loads(text[node.start : node.end]))
                edits.append((node.start, node.end, written(new, text)))
    return edited(text, _outer(edits))


def without_kept(rule: Inside, text: str) -> str:
    """Return a document without the values in it that the policy keeps.

    :param rule: the rule of the column.
    :param text: what the column holds; one that is no JSON keeps nothing.
    """
    root = read(text)
    if root is None:
        return text
    nodes = [node for path in rule.kept for node in path.select(root)]
    return edited(text, _outer([(node.start, node.end, '""') for node in nodes]))


def _outer(edits: list[Edit]) -> list[Edit]:
    """Return the edits that lie in no other one."""
    kept: list[Edit] = []
    for edit in sorted(edits, key=lambda e: (e[0], -e[1])):
        if not kept or edit[0] >= kept[-1][1]:
            kept.append(edit)
    return kept


def is_applied(rule: Inside, text: str, stands: Stands) -> bool:
    """Return whether a document holds what the rule leaves.

    :param rule: the rule of the column.
    :param text: what the column holds; no JSON is no document the rule left.
    :param stands: tells of one value whether it is what its rule leaves.
    """
    root = read(text)
    if root is None:
        return False
    for path, part in rule.parts:
        for node in path.select(root):
            if not stands(part, path, json.loads(text[node.start : node.end])):
                return False
    return True
