"""A count of the guest register: marks of its lines, a root over them, and what left since.

A mark says nothing to who has not the key of its month; that key is destroyed when the month after
it was counted. Two lists of one month can be compared by anybody, which is all they are for.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby

from .seal import fingerprint
from .tree import Frontier, leaf_hash

FORMAT = "guesterase/census/v1"
LABEL = "census"
"""Kind of the keys of the marks; each is called after its month."""

LAWFUL = ("retention-ended", "subject-erased", "subject-erased-again")
"""Actions of the journal that may take lines out of the guest register."""

MARK, CONTENT = 16, 8
"""Bytes of the mark of a line, and of what it says."""

ENDING, SEVERAL, SEALED, ROW = 2, 3, 4, 5
"""First byte of what a line says: it lay in a box that was forgotten on its day, lies in several
boxes, or in one, or stands in its row. Only what stays in a row, or in one box, can be compared. 0
was a row without its nights and what the law asks of it, 1 a box without the nights under which it
is found; the count after such a one compares none."""


def label(day: str) -> str:
    """Return the label of the key by which lines are marked.

    :param day: ISO day of the night that is counted.
    """
    return f"{LABEL}:{day[:7]}"


def mark(key: bytes, table: str, row: str) -> bytes:
    """Return the mark of a line, 16 bytes.

    :param key: secret of the month.
    :param table: name of the table.
    :param row: key of the row, as `core.plan.key_text` writes it.
    """
    return bytes.fromhex(fingerprint(key, "census", f"{table}|{row}"))[:MARK]


def said(parts: bytes, kind: int = ROW) -> bytes:
    """Return a mark of what a line says, 8 bytes, by which only its own changes are seen.

    :param parts: what it says; the box, and where it is found, where it is sealed.
    :param kind: how it is kept.
    """
    return bytes([kind]) + hashlib.sha256(parts).digest()[: CONTENT - 1]


def root_of(marks: Iterable[bytes]) -> bytes:
    """Return the root of an RFC 6962 tree over marks in their order."""
    grown, _ = Frontier().extend(leaf_hash(mark) for mark in marks)
    return grown.root()


def merged(items: Iterable[bytes]) -> list[bytes]:
    """Return lines sorted by their marks, each once; one that is sealed counts as sealed.

    :param items: a mark and what its line says, one after the other.
    """
    ordered = groupby(sorted(items), key=lambda item: item[:MARK])
    return [_one(list(group)) for _, group in ordered]


def _one(group: Sequence[bytes]) -> bytes:
    boxes = [item for item in group if item[MARK] != ROW]
    if len(boxes) > 1:
        return boxes[0][:MARK] + said(b"", SEVERAL)
    return (boxes or group)[0]


def packed(items: Sequence[bytes]) -> str:
    """Return lines as one text."""
    return base64.b64encode(b"".join(items)).decode()


def unpacked(text: str) -> Iterator[bytes]:
    """Yield the lines of a text, in their order."""
    whole = base64.b64decode(text)
    for start in range(0, len(whole), MARK + CONTENT):
        yield whole[start : start + MARK + CONTENT]


@dataclass
class Change:
    """How a register differs from the count before.

    :param gone: marks that are not there any more, in order.
    :param arrived: how many are new.
    :param changed: how many say something else, in their rows.
    :param altered: marks of lines whose box is another one than it was, which nothing lawful does.
    """

    gone: list[bytes] = field(default_factory=list)
    arrived: int = 0
    changed: int = 0
    altered: list[bytes] = field(default_factory=list)


def compared(before: Iterable[bytes], now: Iterable[bytes]) -> Change:
    """Return how two counts under one key differ.

    :param before: lines of the count before, sorted.
    :param now: lines of this one, sorted.
    """
    found, old, new = Change(), iter(before), iter(now)
    one, other = next(old, None), next(new, None)
    while one is not None or other is not None:
        if one is not None and (other is None or one[:MARK] < other[:MARK]):
            found.gone.append(one[:MARK])
            one = next(old, None)
        elif one is not None and other is not None and one[:MARK] == other[:MARK]:
            _weigh(found, one, other)
            one, other = next(old, None), next(new, None)
        else:
            found.arrived += 1
            other = next(new, None)
    return found


def _weigh(found: Change, one: bytes, other: bytes) -> None:
    if one[MARK:] == other[MARK:] or one[MARK] != other[MARK]:
        return
    if one[MARK] == SEALED:
        found.altered.append(one[:MARK])
    elif one[MARK] == ROW:
        found.changed += 1


@dataclass(frozen=True)
class Departure:
    """A line of the guest register that a lawful step took out of it.

    :param property: code of the property the line was of.
    :param table: name of the table.
    :param row: key of the row, as `core.plan.key_text` writes it.
    :param request: number of the request, or empty.
    :param ended: it lay in a box that ended, so that no other entry of the journal counts it.
    """

    property: str
    table: str
    row: str
    request: str = ""
    ended: bool = False


@dataclass(frozen=True)
class Gone:
    """A line that left the register since the count before.

    :param mark: its mark, 32 hex digits, under the key of the count before.
    :param action: action of the journal entry of the lawful step; empty when there was none.
    :param index: place of that entry, or -1.
    """

    mark: str
    action: str = ""
    index: int = -1

    def as_dict(self) -> dict[str, str | int]:
        """Return it as canonical JSON holds it."""
        return {"action": self.action, "index": self.index, "mark": self.mark}


@dataclass(frozen=True)
class Listed:
    """One count as it is given to others: marks and nothing else of anybody.

    :param controller: slug of who answers for the register.
    :param property: code of the property, as the journal writes it.
    :param table: name of the table, as the journal writes it.
    :param night: ISO day at the property on which it was counted.
    :param label: label of the key of the marks.
    :param previous: root of the count before, 64 hex digits; empty for the first.
    :param marks: the marks, 32 hex digits each, sorted.
    :param gone: what left since the count before.
    """

    controller: str
    property: str
    table: str
    night: str
    label: str
    previous: str
    marks: tuple[str, ...]
    gone: tuple[Gone, ...] = ()

    def as_dict(self) -> dict[str, object]:
        """Return it as canonical JSON holds it."""
        return {
            "controller": self.controller,
            "count": len(self.marks),
            "format": FORMAT,
            "gone": [each.as_dict() for each in self.gone],
            "label": self.label,
            "marks": list(self.marks),
            "night": self.night,
            "previous": self.previous,
            "property": self.property,
            "root": self.root(),
            "table": self.table,
        }

    def root(self) -> str:
        """Return the root over its marks, 64 hex digits."""
        return root_of(bytes.fromhex(mark) for mark in self.marks).hex()

    def file(self) -> str:
        """Return the name of the file it is given in."""
        return f"census-{self.property}-{self.table}-{self.night}.json"


@dataclass
class Step:
    """A lawful step of the journal, and how many lines it may still explain.

    :param action: its action.
    :param index: place of its entry.
    :param at: when, naive UTC.
    :param request: number of the request, or empty.
    :param left: rows of the table it says it changed, less those it explained.
    """

    action: str
    index: int
    at: datetime
    request: str
    left: int


def explained(
    gone: Sequence[bytes],
    departed: Mapping[str, Sequence[tuple[str, str, datetime]]],
    steps: Iterable[Step],
) -> tuple[Gone, ...]:
    """Return what became of each line that is gone; a step explains no more lines than it took.

    :param gone: marks of the lines.
    :param departed: mark -> action, request and time of steps that were noted for it.
    :param steps: the steps that the journal knows of.
    """
    known: dict[tuple[str, str, datetime], list[Step]] = {}
    for step in steps:
        known.setdefault((step.action, step.request, step.at), []).append(step)
    found = []
    for each in gone:
        text = each.hex()
        named = (step for name in departed.get(text, ()) for step in known.get(name, ()))
        free = next((step for step in named if step.left > 0), None)
        if free is None:
            found.append(Gone(text))
            continue
        free.left -= 1
        found.append(Gone(text, free.action, free.index))
    return tuple(found)
