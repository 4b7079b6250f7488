"""What to look for where one cell may hold several values, as people write them."""

from __future__ import annotations

import re
from unicodedata import normalize

from .identity import Kind
from .needle import FEWEST_DIGITS, LOOSE, Needle, needles

_BETWEEN_MAILBOXES = re.compile(r"[\s,;|<>()\[\]{}\"，；、]+")
_BETWEEN_PHONES = re.compile(r"[^\d+\s./()-]+|[\r\n]+")


def every(kind: str, value: str, region: str = "") -> tuple[Needle, ...]:
    """Return what to look for when one cell may hold several values, as people write them.

    :param kind: ``email``, ``phone``, ``document``, ``booking``, ``loyalty`` or ``name``.
    :param value: as it stood in the person's row, such as ``Ada <ada@post.example>; a@b.example``.
    :param region: ISO 3166-1 alpha-2 code of the country whose national phone numbers are meant.
    """
    parts = _parts(kind, value)
    return tuple(dict.fromkeys(each for part in parts for each in needles(kind, part, region)))


def _parts(kind: str, value: str) -> list[str]:
    """Return the mailboxes or numbers in a value; itself where it is one, or of another kind."""
    if kind == Kind.EMAIL:
        return [part for part in _BETWEEN_MAILBOXES.split(value) if "@" in part] or [value]
    if kind != Kind.PHONE:
        return [value]
    found: list[str] = []
    for part in _BETWEEN_PHONES.split(normalize("NFKC", value)):
        sides = part.split("/")
        # A slash also stands behind an area code, where what follows is no number by itself.
        found += sides if all(_digits(side) >= LOOSE for side in sides) else [part]
    return [part for part in found if _digits(part) >= FEWEST_DIGITS] or [value]


def _digits(text: str) -> int:
    return sum(c.isdecimal() for c in text)
