"""Who may ask for somebody's erasure, what they must show, and why an answer may take longer."""

from __future__ import annotations

import re
from datetime import date
from enum import StrEnum

from .errors import InputError

EARLIEST = date(2000, 1, 1)
"""First day on which something that is still to be answered can have come in."""


def receivable(received: date, today: date) -> None:
    """Go on only when something that is still to be answered can have come in on a day.

    :param received: day of receipt at the property.
    :param today: the day there.
    :raises InputError: it lies ahead, or before 2000.
    """
    if received > today:
        raise InputError("The day of receipt lies ahead.", "Give the day it reached the hotel.")
    if received < EARLIEST:
        raise InputError(
            "Nothing that is still to be answered came in before 2000.",
            "Give the day it reached the hotel; its term would have been over for decades.",
        )


_TAG = re.compile(r"(?=.{2,12}\Z)[A-Za-z]{2,3}(?:[-_][A-Za-z0-9]{1,8})*", re.ASCII)


def spoken(lang: str) -> str:
    """Return the tag of a language somebody reads, empty where none is given.

    :param lang: for example "zh-CN"; a browser's list of wishes is none.
    :raises InputError: it is no tag.
    """
    if lang and not _TAG.fullmatch(lang):
        raise InputError(
            "This is no tag of a language.", "Give one such as de or zh-CN, or none at all."
        )
    return lang


class Asker(StrEnum):
    """Who asks: the guest, or somebody the law lets ask in the guest's place."""

    GUEST = "guest"
    REPRESENTATIVE = "representative"
    GUARDIAN = "guardian"
    RELATIVE = "relative"


class Seen(StrEnum):
    """What a clerk saw; recorded is that it was seen, never a copy, a number or a date."""

    DOCUMENT = "identity-document"
    POWER = "power-of-attorney"
    GUARDIANSHIP = "guardianship-paper"
    DEATH = "death-certificate-and-kinship"
    KNOWN = "known-person"


PAPERS: dict[Asker, frozenset[Seen]] = {
    Asker.GUEST: frozenset({Seen.DOCUMENT, Seen.KNOWN}),
    Asker.REPRESENTATIVE: frozenset({Seen.POWER}),
    Asker.GUARDIAN: frozenset({Seen.GUARDIANSHIP}),
    Asker.RELATIVE: frozenset({Seen.DEATH}),
}
"""What shows that somebody may ask.

Source: PIPL Article 49 (close relatives of a deceased person); PIPL Article 31.
"""


class Delay(StrEnum):
    """Why an answer may take longer than the law's first period.

    Source: GDPR Article 12(3): complexity and number of the requests.
    """

    COMPLEX = "complex"
    MANY = "many"


def asker(word: str) -> Asker:
    """Return who asks.

    :param word: one of `Asker`; empty means the guest.
    :raises InputError: nobody else may ask.
    """
    try:
        return Asker(word or Asker.GUEST)
    except ValueError:
        raise InputError(
            "Nobody may ask under this word.", f"Use {', '.join(each.value for each in Asker)}."
        ) from None


def seen(word: str, who: Asker) -> Seen | None:
    """Return what was seen; a guest may have shown who they are in a way without papers.

    :param word: one of `Seen`, or empty.
    :param who: who asks.
    :raises InputError: it does not show that this person may ask.
    """
    if not word and who is Asker.GUEST:
        return None
    wanted = PAPERS[who]
    if word not in {each.value for each in wanted}:
        raise InputError(
            f"This does not show that a {who.value} may ask.",
            f"Ask to see it and record one of: {', '.join(sorted(each.value for each in wanted))}.",
            {"seen": ["Please choose one of these."]},
        )
    return Seen(word)
