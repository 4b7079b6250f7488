"""The people of an erasure struck out of texts; what else stands there, other people too, stays."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from .called import Called, Part, calls
from .document import Node, is_document, read, written
from .identity import Kind
from .needle import Searcher
from .plan import Person
from .several import every

MARK = "[erased]"
"""What stands where something was redacted."""

_MARKS = (MARK, "***", "*")
"""From the plainest to the one that always fits where the value itself did."""

_JOINS = re.compile(r"[\s,.·・-]{0,3}")
"""Between two parts of what is one mention to who reads it."""

Place = tuple[int, int]
"""Offsets of the first character and behind the last."""


@dataclass(frozen=True)
class Known:
    """One value a person is known by.

    :param kind: ``email``, ``phone``, ``document``, ``booking``, ``loyalty`` or ``name``.
    :param value: as the hotel wrote it.
    :param region: ISO 3166-1 alpha-2 code of the country whose national phone numbers are meant.
    :param part: which part of a name it is; one that is not full says nothing outside the
        person's own rows.
    """

    kind: str
    value: str
    region: str = ""
    part: Part = Part.FULL


class Pen:
    """Strikes the people of one erasure out of texts.

    Their mailboxes, numbers and full names go wherever they stand. In a row of their own a first
    name or a surname alone means them as well, and goes too.

    :param values: person -> what they are known by.
    :param strangers: people whose values are gone, so that no text can be searched for them.
    :param others: what people are known by who stay and share rows with them: a surname within
        the full name of somebody else means that one.
    """

    def __init__(
        self,
        values: Mapping[Person, Sequence[Known]],
        strangers: Collection[Person] = (),
        others: Iterable[Known] = (),
    ) -> None:
        self._known = frozenset(values) - frozenset(strangers)
        self._searcher = _searcher(each for those in values.values() for each in those)
        self._others = _searcher(others)
        self._called: dict[Person, Called] = {
            person: calls((e.value, e.part) for e in those if e.kind == Kind.NAME)
            for person, those in values.items()
        }

    def knows(self, owners: Iterable[Person]) -> bool:
        """Return whether all of these people can still be recognised in a text.

        :param owners: people of the erasure to whom a row belongs; of nobody, nothing is known.
        """
        wanted = set(owners)
        return bool(wanted) and wanted <= self._known

    def places(self, text: str, owners: Iterable[Person]) -> list[Place]:
        """Return where a text names these people or says how to reach them; none overlap.

        :param text: what a column holds.
        :param owners: the people of the erasure to whom the row belongs.
        """
        root = read(text) if is_document(text) else None
        if root is not None:
            # A value within a string stands between its quotes, and escapes move everything.
            return [(leaf.start, leaf.end) for leaf in self._named(root, text, owners)]
        return self._spans(text, owners)

    def strike(self, text: str, owners: Iterable[Person], room: int | None = None) -> str:
        """Return a text without these people; a JSON document stays one.

        :param text: what a column holds.
        :param owners: the people of the erasure to whom the row belongs.
        :param room: longest text the column takes, or None.
        """
        mine = frozenset(owners)
        for mark in _MARKS:
            struck = self._struck(text, mine, mark)
            if room is None or len(struck) <= room:
                return struck
        return nothing(text, room)

    def strike_within(self, node: Node, text: str, owners: Iterable[Person]) -> list[Edit]:
        """Return the edits that strike these people out of one value of a document.

        :param node: the value.
        :param text: the whole document.
        :param owners: the people of the erasure to whom the row belongs.
        """
        return self._edits(node, text, frozenset(owners), MARK)

    def _struck(self, text: str, owners: frozenset[Person], mark: str) -> str:
        root = read(text) if is_document(text) else None
        if root is not None:
            return edited(text, self._edits(root, text, owners, mark))
        return edited(text, [(start, end, mark) for start, end in self._spans(text, owners)])

    def _edits(
        self, node: Node, text: str, owners: frozenset[Person], mark: str
    ) -> list[Edit]:
        edits = []
        for leaf in self._named(node, text, owners):
            new = "null"
            if leaf.kind == "string":
                value = json.loads(text[leaf.start : leaf.end])
                new = written(self._struck(value, owners, mark), text)
            edits.append((leaf.start, leaf.end, new))
        return edits

    def _named(self, node: Node, text: str, owners: Iterable[Person]) -> list[Node]:
        found = []
        for leaf in node.leaves():
            raw = text[leaf.start : leaf.end]
            value = json.loads(raw) if leaf.kind == "string" else raw
            if self.places(value, owners):
                found.append(leaf)
        return found

    def _spans(self, text: str, owners: Iterable[Person]) -> list[Place]:
        found = [_whole(text, span.start, span.end) for span in self._searcher.spans(text)]
        parts = [
            place
            for person in owners if person in self._called
            for place in self._called[person].places(text)
        ]
        theirs = [(span.start, span.end) for span in self._others.spans(text)] if parts else []
        return _joined(text, [*found, *(each for each in parts if not within(each, theirs))])


def _searcher(values: Iterable[Known]) -> Searcher:
    full = {each for each in values if each.part is Part.FULL}
    return Searcher(
        needle
        for each in sorted(full, key=lambda e: (e.kind, e.value))
        for needle in every(each.kind, each.value, each.region)
    )


def within(place: Place, others: Iterable[Place]) -> bool:
    """Return whether a mention is a part of another one, as a shared surname is."""
    return any(start <= place[0] and place[1] <= end for start, end in others)


Edit = tuple[int, int, str]
"""Offsets of what is replaced, and what stands there instead."""


def edited(text: str, edits: Iterable[Edit]) -> str:
    """Return a text after edits that do not overlap.

    :param text: any text.
    :param edits: in any order.
    """
    parts: list[str] = []
    at = 0
    for start, end, new in sorted(edits):
        parts += [text[at:start], new]
        at = end
    return "".join([*parts, text[at:]])


def nothing(text: str, room: int | None = None) -> str:
    """Return what stands where a whole text went: the mark, or an empty document.

    :param text: the text that goes.
    :param room: longest text the column takes, or None.
    """
    if is_document(text):
        return "{}" if text.lstrip().startswith("{") else "[]"
    return MARK if room is None or room >= len(MARK) else "*" * room


def _whole(text: str, start: int, end: int) -> Place:
    """Return a place with the bracket before it that is closed in it, as in ``(089) 1234567``."""
    value = text[start:end]
    opens = text[start - 1 : start] == "(" and ")" in value and "(" not in value
    return start - opens, end


def _joined(text: str, found: Iterable[Place]) -> list[Place]:
    """Return places without overlaps, parts of one mention joined."""
    places: list[Place] = []
    for start, end in sorted(found):
        if places and (
            start <= places[-1][1] or _JOINS.fullmatch(text, places[-1][1], start)
        ):
            start, end = places[-1][0], max(end, places.pop()[1])
        places.append((start, end))
    return places
