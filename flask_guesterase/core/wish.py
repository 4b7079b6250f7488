"""What a guest may ask for: to be erased, a copy of what is held, or the copy first."""

from __future__ import annotations

from enum import StrEnum

from .errors import InputError


class Kind(StrEnum):
    """What one request is about; each has links, codes and a life of its own."""

    ERASURE = "erasure"
    COPY = "copy"


class Wish(StrEnum):
    """What is ticked when somebody asks; COPY_FIRST makes two requests, the second waits."""

    ERASE = "erase"
    COPY = "copy"
    COPY_FIRST = "copy-first"


def wish(word: str) -> Wish:
    """Return what is asked for.

    :param word: one of `Wish`; empty means erasure.
    :raises InputError: there is no such wish.
    """
    try:
        return Wish(word or Wish.ERASE)
    except ValueError:
        raise InputError(
            "Nobody can ask for this here.", f"Use {', '.join(each.value for each in Wish)}."
        ) from None
