"""How far an erasure reaches below the rows: what was measured, and what is looked for in files."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from .certificate import Level


class Status(StrEnum):
    """What a look at the installation says."""

    GOOD = "good"
    BAD = "bad"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Measure:
    """One thing that was looked at.

    :param id: stable word.
    :param status: good, bad, or unknown where this account may not see it.
    :param level: the level that depends on it.
    :param message: what was found.
    :param todo: what the operator must do, or nothing.
    """

    id: str
    status: Status
    level: Level
    message: str
    todo: str = ""


class Evidence(StrEnum):
    """How a level below the rows was shown, or why it was not."""

    REWRITTEN = "files-rewritten"
    LOG_EMPTY = "log-emptied"
    SCANNED = "files-scanned"
    NO_VALUE = "no-value-of-their-own"
    NO_SNAPSHOT = "no-old-snapshot"
    STATISTICS = "statistics-renewed"
    LOG_GONE = "log-segments-gone"
    WAITS = "files-not-rewritten-yet"
    BUSY = "database-in-use"
    LOG_BUSY = "log-in-use"
    FOUND = "value-still-in-files"
    LOG_FOUND = "value-still-in-log"
    LARGE = "file-too-large"
    NO_SPACE = "no-room-to-rewrite"
    MOVES = "rewriting-would-move-rows"
    INDEX = "text-index-not-merged"
    STATISTICS_LEFT = "statistics-not-rewritten"
    STATISTICS_UNKNOWN = "statistics-not-readable"
    NO_FILE = "no-database-file"
    UNREAD = "files-not-readable"


@dataclass(frozen=True)
class Reached:
    """What was measured on a database after an erasure.

    :param level: how far it reaches.
    :param evidence: how that was shown, and why it is no more.
    """

    level: Level = Level.LOGICAL
    evidence: tuple[Evidence, ...] = ()


SHORTEST = 5
"""Bytes below which a value is no trace of anybody: it would be met by chance."""

LONGEST = 200
_WINDOW, _STRIDE, _MOST = 48, 256, 64


def traces(values: Iterable[str]) -> dict[str, tuple[bytes, ...]]:
    """Return value -> the bytes by which it would be met in a raw file, UTF-8 and UTF-16.

    Of a long value pieces are looked for: databases lay those out over several pages, not always
    side by side. Values too short to be anybody's trace are left out.

    :param values: erased values.
    """
    found = {}
    for value in values:
        spelled = [_encoded(value, name) for name in ("utf-8", "utf-16-le", "utf-16-be")]
        if len(spelled[0]) >= SHORTEST and not value.isspace():
            pieces = [piece for text in spelled for piece in _pieces(text)]
            found[value] = tuple(dict.fromkeys(pieces))
    return found


def _encoded(value: str, encoding: str) -> bytes:
    return value.encode(encoding, "surrogatepass")


def _pieces(text: bytes) -> list[bytes]:
    if len(text) <= LONGEST:
        return [text]
    starts = range(0, len(text) - _WINDOW, _STRIDE)
    return [text[start : start + _WINDOW] for start in starts][:_MOST]
