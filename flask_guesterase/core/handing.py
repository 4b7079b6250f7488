"""Notes between people of two shifts: short, and without anybody's data."""

from __future__ import annotations

import re
import unicodedata

from .errors import InputError

LONGEST = 1000
"""Characters of a note that are kept."""

_NUMBER = re.compile(r"\bG[A-Z]-[0-9A-Z]{8}\b")
_CONTACT = re.compile(r"@|\d(?:[ ()./·_‐-―−-]?\d){5,}")


def impersonal(text: str) -> str:
    """Return a note that says something and shows no contact; trimmed and cut.

    Numbers of requests, complaints and incidents may stand in it: they are how it names a case.
    A name cannot be told from another word, so the page says that none belongs here.

    :raises InputError: it is empty, or holds an e-mail address or a number of six digits or more.
    """
    found = text.replace("\0", "").strip()[:LONGEST]
    if not found:
        raise InputError("Nothing is written here.", "Say it in a sentence or two.")
    # What a Chinese keyboard types in full width is the same address, or the same number.
    if _CONTACT.search(_NUMBER.sub("", unicodedata.normalize("NFKC", found))):
        raise InputError(
            "A note names no guest: an address or a long number stands in it.",
            "Write the number of the request instead.",
        )
    return found
