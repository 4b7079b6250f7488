"""Letters of all scripts: which marks belong to a word, and which scripts set no words apart."""

from __future__ import annotations

import re
from unicodedata import category

HAN = r"\u3005\u3006\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
HIRAGANA = r"\u3041-\u3096\u309d-\u309f"
KATAKANA = r"\u30a1-\u30fa\u30fc-\u30ff"
HANGUL = r"\uac00-\ud7a3"
"""Members of patterns: the letters of a script that writes names without spaces. The dot between
two names in Katakana is none of them."""

SOLID = re.compile(f"[{HAN}{HIRAGANA}{KATAKANA}{HANGUL}]+")
"""Letters of such scripts on end."""

KANA = re.compile(f"[{HIRAGANA}{KATAKANA}]+")
"""Hiragana and Katakana on end."""

UNSPACED = r"\u0e01-\u0e3a\u0e40-\u0e4e\u0e81-\u0ece\u1000-\u103f\u1050-\u109f\u1780-\u17d3"
"""Thai, Lao, Burmese and Khmer: a name has parts, and a sentence has no borders of words."""

ABUGIDAS = rf"\u0900-\u0dff{UNSPACED}"
"""Thai, Lao, Burmese, Khmer and the scripts of India, which write vowels as signs at a letter."""

FEWEST = 3
"""Letters of a part of a name that is looked for within a sentence without borders of words."""

# Hangul stands in its sounds once a text is folded, and kana apart from their marks.
CLOSE = rf"{HAN}{HIRAGANA}{KATAKANA}{HANGUL}{UNSPACED}\u1100-\u11ff\u3099\u309a"
"""Letters, also of a folded text, that stand close to words of other scripts."""

_SELECTORS = re.compile("[\ufe00-\ufe0f\U000e0100-\U000e01ef]")
"""What chooses how the sign before it is drawn: most stand behind an emoji, which is in no word."""

SHAPES = r"\ufe00-\ufe02\U000e0100-\U000e01ef"
"""Members of a pattern: what chooses the shape of a Chinese character, as registers have it and
most texts do not."""

VARIANTS = re.compile(f"[{SHAPES}]")
"""A sign that chooses the shape of the character before it."""


def _combines(c: str) -> bool:
    return category(c)[0] == "M" and not _SELECTORS.match(c)


def _ranges() -> str:
    """Return the combining marks of all scripts as members of a pattern."""
    points = [point for point in range(0x300, 0x20000) if _combines(chr(point))]
    starts = [point for point in points if not _combines(chr(point - 1))]
    ends = [point for point in points if not _combines(chr(point + 1))]
    pairs = zip(starts, ends, strict=True)
    return "".join(f"\\U{start:08x}-\\U{end:08x}" for start, end in pairs)


MARKS = _ranges()
"""Members of a pattern: vowel signs and the like, which are a part of the letter before them."""

NAME = re.compile(rf"[^\W\d_{CLOSE}]+(?:[{MARKS}]+[^\W\d_{CLOSE}]*)*|[{CLOSE}]+")
"""A word without digits, with its marks; it ends where scripts with spaces meet those without."""

WORD = re.compile(rf"\w+(?:[{MARKS}]+\w*)*")
"""A word, with its marks."""

_UNSPACED = re.compile(f"[{UNSPACED}]")
_CLOSED = re.compile(f"[{CLOSE}]")


def is_solid(text: str) -> bool:
    """Return whether a text begins in a script that writes names without spaces.

    :param text: any text.
    """
    return SOLID.match(text) is not None


def is_unspaced(text: str) -> bool:
    """Return whether a text begins in a script whose sentences have no borders of words.

    :param text: any text.
    """
    return _UNSPACED.match(text) is not None


def count(word: str) -> int:
    """Return how many letters a word has, its marks apart.

    :param word: any text.
    """
    return sum(map(str.isalpha, word))


def is_border(text: str, at: int, beside: int) -> bool:
    """Return whether a script with spaces between words meets one without: ``客人John``.

    :param text: a folded text.
    :param at: the place of a letter.
    :param beside: the place of the one next to it.
    """
    return (_CLOSED.match(text, at) is None) != (_CLOSED.match(text, beside) is None)


def is_mark(text: str, at: int) -> bool:
    """Return whether a mark that belongs to the letter before it is at a place.

    :param text: a folded text.
    :param at: the place, which may lie outside the text.
    """
    # The last consonant of a Hangul syllable is a letter, and stands apart once it is folded.
    return 0 <= at < len(text) and (_combines(text[at]) or "\u11a8" <= text[at] <= "\u11ff")
