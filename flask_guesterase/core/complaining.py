"""Complaints and feedback: what a guest may say, by when they are answered, and what it can become.

Pure data and functions of days; how long there is comes from the jurisdiction packs.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from .errors import InputError
from .period import Period
from .rule import Grade


class About(StrEnum):
    """What a guest complains about."""

    REFUSAL = "about-refusal"
    REST = "about-rest"
    DELAY = "about-delay"
    PERSON = "about-person"
    MANNER = "about-manner"
    OTHER = "about-other"


class Outcome(StrEnum):
    """How a complaint is answered."""

    UPHELD = "upheld"
    OVERTURNED = "overturned"
    REMEDIED = "remedied"


class Mode(StrEnum):
    """What an outside reviewer may do."""

    RECOMMEND = "recommend"
    DECIDE = "decide"


OPEN, ANSWERED = "open", "answered"
"""States of a complaint."""

RATINGS = (1, 2, 3, 4, 5)
"""What a guest may give, 5 for very well."""

LONGEST_TEXT = 4000
"""Characters of what a guest or a person of staff writes about a case."""


@dataclass(frozen=True)
class Complaining:
    """How long a law gives for a complaint to the hotel; a part of a jurisdiction pack.

    :param answer: period in which it must be answered, or None: the law gives no number.
    :param acknowledge: period in which its receipt must be confirmed, or None.
    :param article: where it stands.
    :param source: where it was read.
    :param grade: how sure it is.
    :param as_of: day of the copy that was read.
    :param facts: identifiers of the facts it was made from.
    """

    answer: Period | None = None
    acknowledge: Period | None = None
    article: str = ""
    source: str = ""
    grade: Grade = Grade.C
    as_of: str = ""
    facts: tuple[str, ...] = ()


HOUSE = Period(months=1)
"""Time for an answer where no law gives a number: a choice of the house."""


@dataclass(frozen=True)
class Clock:
    """By when a complaint is acknowledged and answered.

    :param answer_by: last day for the answer.
    :param receipt_by: last day on which its receipt is confirmed, or None.
    :param house: whether the day of the answer is the house's own choice, not a law's.
    """

    answer_by: date
    receipt_by: date | None
    house: bool


def clock(
    received: date, law: Complaining | None, holidays: frozenset[date] = frozenset()
) -> Clock:
    """Return by when a complaint is acknowledged and answered.

    :param received: day of receipt at the property, on any channel.
    :param law: what the law at the property says of complaints, or None.
    :param holidays: days that are no working days.
    """
    answer = None if law is None else law.answer
    receipt = None if law is None else law.acknowledge
    return Clock(
        (answer or HOUSE).after(received, holidays),
        None if receipt is None else receipt.after(received, holidays),
        answer is None,
    )


def about(word: str) -> About:
    """Return what a complaint is about.

    :raises InputError: there is no such word.
    """
    try:
        return About(word)
    except ValueError:
        known = ", ".join(each.value for each in About)
        raise InputError("Nobody can complain about that word.", f"Use {known}.") from None


def outcome(word: str, contested: bool) -> Outcome:
    """Return how a complaint is answered.

    :param word: one of `Outcome`.
    :param contested: whether a refusal is contested, which stands or does not.
    :raises InputError: there is no such answer to this complaint.
    """
    fitting = outcomes(contested)
    if word not in {each.value for each in fitting}:
        known = ", ".join(each.value for each in fitting)
        raise InputError("There is no such answer to this complaint.", f"Use {known}.")
    return Outcome(word)


def outcomes(contested: bool) -> tuple[Outcome, ...]:
    """Return the answers that a complaint can have."""
    if contested:
        return (Outcome.UPHELD, Outcome.OVERTURNED)
    return (Outcome.UPHELD, Outcome.REMEDIED)


def says(text: str) -> bool:
    """Return whether there is anything in a text that can be seen."""
    return any(unicodedata.category(sign)[0] not in _UNSEEN for sign in text)


_UNSEEN = "CZ"
"""Unicode's kinds of signs of which nothing is seen: controls and formats, separators."""


def wording(text: str) -> str:
    """Return a free text that says something, trimmed and cut.

    :raises InputError: there is nothing in it that anybody can see.
    """
    found = text.replace("\0", "").strip()[:LONGEST_TEXT]
    if not says(found):
        raise InputError("Nothing is written here.", "Say it in a sentence or two.")
    return found
