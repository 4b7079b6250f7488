"""The people of an erasure struck out of texts; what else stands there, other people too, stays."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from .called import Called, Part, calls
from .document import Node, is_document, read, written
from .identity import Kind
from .naming import keys
from .needle import Needle, Searcher, Span
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
        mine = [each for those in values.values() for each in those]
        self._searcher = Searcher(_needles(mine))
        named = [each.value for each in mine if each.kind == Kind.NAME and each.part is Part.FULL]
        self._others = Searcher(_unlike(_needles(others), named))
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
        spans = self._searcher.spans(text)
        named = [self._called[each].places(text) for each in owners if each in self._called]
        theirs = self._theirs(text) if spans or any(named) else []
        found: list[Place] = []
        for span in spans:
            place = _whole(text, span.start, span.end)
            if any(_meet(place, each) for each in theirs):
                # Sophie & Mareike Groß: what is not hers goes by itself.
                parts = calls([(span.needle.value, Part.FULL)]).places(text)
                found += [each for each in parts if within(each, [place])
                          and not within(each, theirs)]
            else:
                found.append(place)
        parts = [each for places in named for each in places]
        return _joined(text, [*found, *(each for each in parts if not within(each, theirs))])

    def _theirs(self, text: str) -> list[Place]:
        """Return where somebody else is named in full, or how to reach them, and nobody erased."""
        found = _exact(self._others, text)
        mine = _exact(self._searcher, text) if found else []
        return [
            (span.start, span.end)
            for span in found
            if not any(_rules_out(text, each, span) for each in mine)
            # Of Frau Groß, Mareike Groß the second surname is hers.
            and not any(_is_nearer(text, each, span) for each in found)
        ]


def _needles(values: Iterable[Known]) -> Iterator[Needle]:
    full = {each for each in values if each.part is Part.FULL}
    for each in sorted(full, key=lambda e: (e.kind, e.value)):
        yield from every(each.kind, each.value, each.region)


def _unlike(wanted: Iterable[Needle], mine: Iterable[str]) -> Iterator[Needle]:
    """Yield what is looked for without names that may be an erased one's.

    These are names of which that one bears every part, or that hold all of that one's full name.
    """
    bearers = defaultdict[str, list[frozenset[str]]](list)
    for words in {frozenset(key) for name in mine for key in keys(name)}:
        for word in words:
            bearers[word].append(words)
    for needle in wanted:
        if needle.kind != Kind.NAME or not any(
            words.issuperset(key) or (len(words) > 1 and words.issubset(key))
            for key in keys(needle.value) for word in key for words in bearers.get(word, ())
        ):
            yield needle


def _exact(searcher: Searcher, text: str) -> list[Span]:
    """Return where values stand, without the names between whose words another one stands."""
    return [
        span for span in searcher.every_span(text)
        if span.needle.kind != Kind.NAME
        or span.needle in searcher.bearers(text[span.start : span.end])
    ]


def _rules_out(text: str, mine: Span, other: Span) -> bool:
    """Return whether a stretch that names an erased one leaves nothing to somebody else."""
    if not _meet((mine.start, mine.end), (other.start, other.end)):
        return False
    return mine.needle.kind != Kind.NAME or not _is_nearer(text, other, mine)


def _cross(one: Span, two: Span) -> bool:
    """Return whether two spans share a word, and each has one of its own."""
    first, last = sorted((one, two), key=lambda each: (each.start, each.end))
    return first.start < last.start < first.end < last.end


def _is_nearer(text: str, one: Span, two: Span) -> bool:
    """Return whether of two names that share a word the first one's stand closer together."""
    return _cross(one, two) and _gaps(text, one) < _gaps(text, two)


def _gaps(text: str, span: Span) -> int:
    """Return what stands between the words of a name, apart from one space each."""
    marks = sum(not each.isalnum() for each in text[span.start : span.end])
    return marks - len(span.needle.value.split())


def _meet(one: Place, two: Place) -> bool:
    return one[0] < two[1] and two[0] < one[1]


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
