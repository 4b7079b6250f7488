"""A few words around a find, with everything masked by which somebody could be known."""

from __future__ import annotations

import re
from collections.abc import Iterable

from .needle import Span

AROUND = 30
"""Characters that are shown before and behind a find."""

_FURTHER = 320
"""Characters beyond them that are masked before the cut: half a mailbox looks like a word."""

MASK = "▇▇▇"

_MAIL = re.compile(r"[\w.%+-]+@[\w.-]+")
_NUMBER = re.compile(r"\+?\d(?:[\d ./()-]{1,20})\d")
_NAMED = re.compile(r"\b[A-ZÀ-ÖØ-ÞΑ-ΩА-Я][\w'’-]+")


def context(text: str, span: Span, others: Iterable[Span] = ()) -> str:
    """Return what stands around a find; the find itself and what looks like a person is masked.

    Chinese names among other characters cannot be told from words and stay, so the stretch is
    short; mail addresses, numbers and words with a capital go.

    :param text: the text that was searched.
    :param span: the find.
    :param others: further finds in it.
    """
    before, behind = _around(text, span.start, span.end, others)
    return f"{before}{MASK}{behind}"


def _around(text: str, start: int, end: int, others: Iterable[Span]) -> tuple[str, str]:
    """Return what stands before and behind a part of a text, masked and only then cut."""
    first = max(0, start - AROUND - _FURTHER)
    last = min(len(text), end + AROUND + _FURTHER)
    before, behind = text[first:start], text[end:last]
    for other in others:
        before, behind = _cut(before, first, other), _cut(behind, end, other)
    before, behind = _masked(before), _masked(behind)
    head = "…" if first or len(before) > AROUND else ""
    tail = "…" if last < len(text) or len(behind) > AROUND else ""
    return f"{head}{before[-AROUND:]}", f"{behind[:AROUND]}{tail}"


def _cut(part: str, offset: int, span: Span) -> str:
    """Return a part of a text with a find masked, character by character: offsets stay."""
    first, last = max(0, span.start - offset), min(len(part), span.end - offset)
    if first >= last:
        return part
    return part[:first] + "▇" * (last - first) + part[last:]


def _masked(part: str) -> str:
    for pattern in (_MAIL, _NUMBER, _NAMED):
        part = pattern.sub(MASK, part)
    return _SPACE.sub(" ", _MASKS.sub(MASK, part))


_MASKS = re.compile("▇+")
_SPACE = re.compile(r"\s+")


def marked(text: str, start: int, end: int, others: Iterable[Span] = ()) -> tuple[str, str, str]:
    """Return what stands before a find, the find itself, and what stands behind it.

    Around it, what looks like a person is masked.

    :param text: the text that was searched.
    :param start: offset of the find.
    :param end: offset behind it.
    :param others: further finds in it.
    """
    before, behind = _around(text, start, end, others)
    return before, text[start:end], behind
