"""Whether what was seen in a text is a whole value, and no part of something else."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from .lens import fold
from .letters import CLOSE, FEWEST, UNSPACED, WORD, count, is_border, is_mark, is_unspaced
from .sounded import TITLES, is_named

INSIDE = 8
"""Characters from which a number with digits counts within a word, as in ``scanE12345678``."""


def is_part(text: str, at: int, beside: int) -> bool:
    """Return whether what is next to a letter or a digit belongs to the same word.

    :param text: a folded text.
    :param at: the place, which may lie outside the text.
    :param beside: the place of the letter or the digit.
    """
    if not 0 <= at < len(text) or not (text[at].isalnum() or is_mark(text, at)):
        return False
    return not is_border(text, at, beside)


def is_word(text: str, start: int, end: int) -> bool:
    """Return whether letters are a whole word, as far as their script sets words apart.

    :param text: a folded text.
    :param start: offset of the first letter.
    :param end: offset behind the last one.
    """
    if is_unspaced(text[start]):
        return not is_mark(text, end)
    return _is_apart(text, start, end)


def _is_apart(text: str, start: int, end: int) -> bool:
    return not is_part(text, start - 1, start) and not is_part(text, end, end - 1)


def _digit(text: str, at: int) -> bool:
    return 0 <= at < len(text) and text[at].isdecimal()


_BEFORE_MAILBOX = re.compile(r"[a-z0-9%+_-]\.?\Z")
_AFTER_MAILBOX = re.compile(r"[a-z0-9-]|\.[a-z0-9]")
# A name may go on behind the address: no domain ends in one of these.
_FILE = re.compile(
    r"(?:[_-][\w-]*)?\.(?:pdf|jpe?g|png|gif|tiff?|webp|heic|txt|csv|xml|json|html?|eml|msg|docx?|xlsx?|zip|bak)\b"
)


def is_mailbox(text: str, start: int, end: int) -> bool:
    """Return whether an address stands alone and is no part of a longer one.

    :param text: a folded text.
    :param start: offset of the first character.
    :param end: offset behind the last one.
    """
    file = _FILE.match(text, end) is not None
    before = text[max(0, start - 2) : start]
    if file:
        return not before[-1:].isalnum() or not before[-1:].isascii()
    return not _BEFORE_MAILBOX.search(before) and not _AFTER_MAILBOX.match(text, end)


_GAPS = re.compile(r"[^\w]{4,}|_{4,}")
_DATE = re.compile(r"\d{4}-\d\d-\d\d|\d\d\.\d\d\.\d{4}")
_COUNTRY = re.compile(r"(?:\+|%2b|\b00)(\d{1,3})[ +./()-]{1,3}(?:0\)?[ +./-]?)?\Z")


def is_number(text: str, start: int, end: int, value: str) -> bool:
    """Return whether digits stand alone, separators within them, and mean this number.

    :param text: a folded text.
    :param start: offset of the first digit.
    :param end: offset behind the last one.
    :param value: normal form of the number.
    """
    if _digit(text, start - 1) or _digit(text, end) or _in_machine_text(text, start, end):
        return False
    written = text[start:end]
    if _GAPS.search(written) or _DATE.fullmatch(written):
        return False
    country = _COUNTRY.search(text[max(0, start - 10) : start])
    return country is None or value.startswith(f"+{country[1]}")


def is_code(text: str, start: int, end: int, form: str, value: str) -> bool:
    """Return whether a number stands at the borders of words, or is long enough without.

    :param text: a folded text.
    :param start: offset of the first character.
    :param end: offset behind the last one.
    :param form: the number without separators, folded.
    :param value: its normal form.
    """
    written = text[start:end]
    if written != form and len(form) < INSIDE and written != fold(value):
        return False
    if form.isalpha() and written != form:
        return False
    if _GAPS.search(written) or _DATE.fullmatch(written):
        return False
    if len(form) < INSIDE or form.isalpha():
        return _is_apart(text, start, end)
    cut = (form[0].isdecimal() and _digit(text, start - 1)) or (
        form[-1].isdecimal() and _digit(text, end)
    )
    return not cut and not _in_machine_text(text, start, end)


def is_unbroken(text: str, start: int, end: int) -> bool:
    """Return whether a name in characters is whole and has nothing but spaces in it.

    :param text: a folded text.
    :param start: offset of the first character.
    :param end: offset behind the last one.
    """
    if any(c in "./()_-" for c in text[start:end]) or is_mark(text, end):
        return False
    return is_named(text, start, end)


_TOKEN = re.compile(r"[a-z0-9]+")
_HEX = re.compile(r"[0-9a-f]{16,}")
_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_LONGEST_WORD = 28


def _in_machine_text(text: str, start: int, end: int) -> bool:
    """Return whether a hit lies in a hash, a UUID or base 64, where digits are chance."""
    near = max(0, start - 64)
    around = text[near : end + 64]
    for pattern in (_UUID, _TOKEN):
        for match in pattern.finditer(around):
            begin, behind = match.start() + near, match.end() + near
            if not (begin <= start and end <= behind) or (begin, behind) == (start, end):
                continue
            if pattern is _UUID or len(match[0]) >= _LONGEST_WORD:
                return True
            if _HEX.fullmatch(match[0]) and not match[0].isdecimal():
                return True
    return False


_REACH = 20
"""Characters between two parts of a name that still are one name in one text, or in one JSON."""

_IN_FRONT = fold(
    "คุณ|นางสาว|นาง|นาย|ดร|ท่าน|พี่|น้อง|ທ່ານ|ທ້າວ|ນາງ|ဦး|ဒေါ်|ကို|မောင်|မ|លោកស្រី|លោក|អ្នកស្រី|កញ្ញា"
)
"""Titles in front of a Thai, Lao, Burmese or Khmer name, folded, as a part of a pattern."""

_TITLE = re.compile(f"{_IN_FRONT}|{TITLES}")
_BEFORE = re.compile(rf"(?<![{UNSPACED}])(?:{_IN_FRONT})?\s?\Z")
_LETTERS = re.compile(f"[{CLOSE}]")
_KEY = re.compile(r'"[^"]*"\s*:')
_ON_END = re.compile(rf"[{UNSPACED}\s]+")


def together(
    text: str, places: Sequence[tuple[int, int, str]], parts: Sequence[frozenset[str]]
) -> Iterator[tuple[int, int]]:
    """Yield the stretches in which all parts of a name stand together, in any order.

    One word may lie between two of them: a middle name, a title, or the key of a JSON member; only
    a title where sentences have no borders of words. A mailbox at somebody's domain is an address,
    not a name: it is found as an address.

    :param text: a folded text.
    :param places: start, end and word of each part that was seen in it.
    :param parts: per part of the name, the ways to write it.
    """
    places = sorted(set(places))
    short = all(is_unspaced(way) and count(way) < FEWEST for ways in parts for way in ways)
    for first in range(len(places)):
        missing = list(parts)
        last = places[first][0]
        # Not a slice: a text with one value many times would be copied as many times.
        for later in range(first, len(places)):
            start, end, word = places[later]
            if start > last and not _is_one(text, last, start):
                break
            for at, ways in enumerate(missing):
                if word in ways:
                    del missing[at]
                    break
            else:
                continue
            last = end
            if not missing:
                if not short or _is_alone(text, places[first][0], end, len(parts)):
                    yield places[first][0], end
                break


def _is_one(text: str, end: int, start: int) -> bool:
    """Return whether what stands between two parts of a name leaves them one."""
    if start - end > _REACH:
        return False
    between = text[end:start]
    words = WORD.findall(between)
    if len(words) > 1 or "@" in between:
        return False
    if _KEY.search(between) or not _LETTERS.search(between):
        return True
    # A sentence without spaces looks like one word: John和朋友在酒店等Smith.
    sentence = is_unspaced(text[end - 1]) or is_unspaced(text[start])
    if not sentence and not between[0].isalnum() and not between[-1].isalnum():
        return True
    return all(_TITLE.fullmatch(word) for word in words)


def _is_alone(text: str, start: int, end: int, parts: int) -> bool:
    """Return whether a name of nothing but short parts is on end, and no piece of a sentence."""
    if not _ON_END.fullmatch(text, start, end):
        return False
    before = text[max(0, start - _REACH) : start]
    # Three short parts on end, as in Burmese names, are hardly chance.
    return parts > 2 or (
        _BEFORE.search(before) is not None and not is_unspaced(text[end : end + 1])
    )
