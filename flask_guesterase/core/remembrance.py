"""The register of erasures as values: what was erased, in lines that outlive the database.

A line holds no readable personal data: names of tables and columns, keyed marks, days, a request
number. It is bound to the line before it and to a key that does not lie beside it, so that a line
that was changed, moved or left out is seen. Marks are pseudonymous personal data until the key
of their month is destroyed.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from .errors import InputError
from .log import canonical

ERASURE_FORMAT = "guesterase/erasure/v1"
START = "0" * 64
"""What the first line of a register names as the line before it."""


class Kind(StrEnum):
    """What a line says."""

    BEGUN = "begun"
    INTENT = "intent"
    ENDED = "ended"
    HOLD = "hold"
    LIFTED = "lifted"
    RESTORED = "restored"
    OVERTURNED = "overturned"
    MARKED = "marked"
    OBJECTED = "objected"
    AGREED = "agreed"
    REPLAYED = "replayed"
    SIGNED = "signed"
    OUTCOME = "outcome"
    ABANDONED = "abandoned"


SETTLING = frozenset({Kind.BEGUN, Kind.OUTCOME, Kind.ABANDONED})
"""Kinds that say what became of lines before them."""

ALONE = SETTLING | {Kind.SIGNED}
"""Kinds that stand by themselves; any other is written before a commit and settled after it."""

_MARK = re.compile(r"[0-9a-f]{64}")
_REQUEST = re.compile(r"(?:GR-[A-Za-z0-9]{1,17})?")
_FACT = re.compile(r"(?![^\n]*[0-9]{9})[A-Za-z0-9:._|+-]{0,60}")
_LONGEST = 260


@dataclass(frozen=True)
class Trace:
    """One row, by marks.

    :param table: name of the table.
    :param row: keyed mark of the row's key.
    :param values: what identifies it -> keyed mark of the value it had.
    """

    table: str
    row: str
    values: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        marks = (self.row, *self.values.values())
        names = (self.table, *self.values)
        if not all(_MARK.fullmatch(m) for m in marks) or not all(map(_is_name, names)):
            raise _refused()

    def as_dict(self) -> dict[str, Any]:
        """Return it as plain values."""
        return {"row": self.row, "table": self.table, "values": dict(self.values)}


@dataclass(frozen=True)
class Note:
    """What one transaction wants remembered.

    :param kind: what it says.
    :param controller: slug of who answers for the data.
    :param property: code of the property.
    :param request: number of the request, or empty.
    :param rows: subject rows that were erased, or records that ended.
    :param did: what was done, as table, outcome, columns and the rule that ends what stays.
    :param others: marks of living people whose shared rows were touched.
    :param facts: enumerated words, days and small numbers: of a hold, of the request; "root" is
        a hash.
    :raises InputError: something is not of its form and might be readable; it is not repeated.
    """

    kind: Kind
    controller: str = ""
    property: str = ""
    request: str = ""
    rows: tuple[Trace, ...] = ()
    did: tuple[Mapping[str, Any], ...] = ()
    others: tuple[str, ...] = ()
    facts: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        root = self.facts.get("root", "")
        fine = _REQUEST.fullmatch(self.request) and all(map(_MARK.fullmatch, self.others))
        # A hash is no readable word, and may have nine digits in a row.
        words = {**self.facts, "root": "" if _MARK.fullmatch(root) else root}
        fine = fine and all(_FACT.fullmatch(text) for pair in words.items() for text in pair)
        if not fine or not all(map(_is_name, (self.controller or "-", self.property or "-"))):
            raise _refused()
        for item in self.did:
            if set(item) != {"table", "outcome", "columns", "until"}:
                raise _refused()


def _is_name(text: str) -> bool:
    """Return whether a text can be a name of the schema: no line break, not long."""
    return 0 < len(text) <= _LONGEST and text.isprintable()


def _refused() -> InputError:
    return InputError(
        "The register of erasures takes marks, names of the schema and enumerated words only.",
        "Report this; nothing was erased.",
    )


@dataclass(frozen=True)
class Line:
    """A note at its place in the register.

    :param note: what it says.
    :param number: place, from 1, always growing; places may be left out.
    :param at: when, ``YYYY-MM-DDTHH:MM:SSZ``.
    :param first: first place that a settling line settles; 0 for other lines.
    :param last: last place that it settles.
    :param committed: the newest place of which the register knows that it was committed.
    :param mac: what binds the line to its key and to the line before it.
    """

    note: Note
    number: int
    at: str
    first: int = 0
    last: int = 0
    committed: int = 0
    mac: str = ""

    @property
    def settles(self) -> bool:
        """Return whether nothing before it waits for its outcome any more."""
        return self.note.kind in SETTLING or (self.note.kind is Kind.SIGNED and self.last > 0)

    @property
    def alone(self) -> bool:
        """Return whether it stands by itself: nothing later says what became of it."""
        return self.note.kind in ALONE

    @property
    def month(self) -> str:
        """Return the month whose key its marks are made with, ``YYYY-MM``."""
        return self.at[:7]


def write(line: Line, previous: str, key: bytes) -> tuple[bytes, str]:
    """Return a line as it is written, with its line feed, and its binding.

    :param line: the line; its own `mac` does not count.
    :param previous: binding of the line before it, or `START`.
    :param key: the register's key.
    """
    value = _plain(line, previous)
    mac = _bind(key, value)
    return canonical({**value, "mac": mac}) + b"\n", mac


_MARKED = re.compile(rb'\{"at":"(\d{4}-\d{2}).*"rows":\[\{')


def marked(data: bytes) -> str:
    """Return the month in which a written line marked rows, ``YYYY-MM``, or an empty text.

    :param data: the line; whether it is as it was written is not looked at.
    """
    match = _MARKED.match(data)
    return "" if match is None else match.group(1).decode()


def _plain(line: Line, previous: str) -> dict[str, Any]:
    note = line.note
    return {
        "at": line.at,
        "committed": line.committed,
        "controller": note.controller,
        "did": [dict(item) for item in note.did],
        "facts": dict(note.facts),
        "first": line.first,
        "format": ERASURE_FORMAT,
        "kind": note.kind.value,
        "last": line.last,
        "number": line.number,
        "others": list(note.others),
        "previous": previous,
        "property": note.property,
        "request": note.request,
        "rows": [row.as_dict() for row in note.rows],
    }


def _bind(key: bytes, value: Mapping[str, Any]) -> str:
    message = f"{ERASURE_FORMAT}\0".encode() + canonical(value)
    return hmac.new(key, message, hashlib.sha256).hexdigest()


@dataclass(frozen=True)
class Broken:
    """A line that is not as it was written.

    :param place: which line of the file, from 1.
    :param why: "unreadable", "changed" or "moved".
    """

    place: int
    why: str


def read(text: bytes, key: bytes, previous: str = START) -> tuple[list[Line], list[Broken]]:
    """Return the lines of a register, and where it is not as it was written.

    What stands behind the last line feed was being written when the power failed: it is passed
    over, because nothing was committed before it was whole.

    :param text: the file, or a part of it that begins with a line.
    :param key: the register's key.
    :param previous: binding of the line before the part; empty when it is not known.
    """
    lines: list[Line] = []
    broken: list[Broken] = []
    last = 0
    for place, raw in enumerate(text.split(b"\n")[:-1], 1):
        try:
            line, before = _parse(raw)
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError, InputError):
            broken.append(Broken(place, "unreadable"))
            previous = ""
            continue
        if not hmac.compare_digest(_bind(key, _plain(line, before)), line.mac):
            broken.append(Broken(place, "changed"))
            previous = ""
            continue
        if line.number <= last or previous not in ("", before):
            broken.append(Broken(place, "moved"))
        lines.append(line)
        last, previous = max(last, line.number), line.mac
    return lines, broken


def _parse(raw: bytes) -> tuple[Line, str]:
    value = json.loads(raw)
    if value["format"] != ERASURE_FORMAT or canonical(value) != raw:
        raise ValueError("another format")
    note = Note(
        Kind(value["kind"]),
        value["controller"],
        value["property"],
        value["request"],
        tuple(Trace(row["table"], row["row"], row["values"]) for row in value["rows"]),
        tuple(value["did"]),
        tuple(value["others"]),
        value["facts"],
    )
    numbers = (value["number"], value["first"], value["last"], value["committed"])
    if not all(type(number) is int for number in numbers):
        raise TypeError("whole numbers are expected")
    number, first, last, committed = numbers
    return Line(note, number, value["at"], first, last, committed, value["mac"]), value["previous"]


def dangling(lines: Iterable[Line]) -> list[Line]:
    """Return the lines of which nothing after them says what became of them.

    :param lines: lines in order; the end of a register is enough.
    """
    waiting: list[Line] = []
    for line in lines:
        if line.note.kind in (Kind.OUTCOME, Kind.ABANDONED):
            waiting = [each for each in waiting if not line.first <= each.number <= line.last]
        elif not line.alone:
            waiting.append(line)
    return waiting


def committed(lines: Iterable[Line]) -> list[Line]:
    """Return the lines whose transactions were committed, in order."""
    found, waiting = [], list[Line]()
    for line in lines:
        if line.note.kind is Kind.OUTCOME:
            found += [each for each in waiting if line.first <= each.number <= line.last]
            # What is settled is not looked at again: a register has years of lines.
            waiting = [each for each in waiting if not line.first <= each.number <= line.last]
        elif not line.alone:
            waiting.append(line)
    return sorted({each.number: each for each in found}.values(), key=lambda each: each.number)
