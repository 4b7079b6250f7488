"""Legal holds and freezes: what may be held, for what reason, and which word who reads."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from .plan import LEGAL_DUTY


class Scope(StrEnum):
    """What a hold is on; a freeze is on a place, evidence of an incident on boxes and journal."""

    SUBJECT = "subject"
    RECORD = "record"
    QUERY = "query"
    PLACE = "place"
    EVIDENCE = "evidence"


class Cause(StrEnum):
    """Why something is held."""

    COURT = "court-order"
    POLICE = "police-order"
    CLAIM = "legal-claim"
    INTERNAL = "internal-investigation"
    TAX = "tax-audit"


SILENT = "silent"
"""Ground in the journal of what only those entitled may read there."""

LONGEST_NAME = 80
"""Characters of the name of a query."""

HOLD, FREEZE = "hold", "freeze"
"""Kinds: placed with a reason by who may, or with one click by anybody on duty."""


@dataclass(frozen=True)
class Wanted:
    """A hold that somebody wants to place.

    :param scope: "subject", "record" or "query".
    :param why: one of `Cause`.
    :param table: name of the declared table; not for a query.
    :param key: key of the row, as people write it or as `core.plan.key_text` does.
    :param query: name of a query the host registered.
    :param property: code of the property; for a query, and for rows that do not tell.
    :param silent: whether nobody else may learn even that something is held somewhere.
    :param reference: file reference of the court, the police or the lawyer; it is sealed.
    :param review_on: day on which somebody must look whether it is still needed, ISO.
    """

    scope: str
    why: str
    table: str = ""
    key: str = ""
    query: str = ""
    property: str = ""
    silent: bool = False
    reference: str = ""
    review_on: str = ""


@dataclass(frozen=True)
class HoldQuery:
    """A predicate by which the host can name rows to hold.

    :param name: one word or more, for example ``incident-2026-7``.
    :param on: name of the declared table; of a subject table, all rows of whom it names are held.
    :param where: callable taking the table and returning the condition.
    """

    name: str
    on: str
    where: Callable[..., Any]


def word_for(entitled: bool) -> str:
    """Return the word by which somebody reads that a hold keeps something.

    Silent or not makes no difference: if only silent holds were told as a duty of law, every
    other word would say that there is none.

    :param entitled: whether they may place and lift holds at the property.
    """
    return HOLD if entitled else LEGAL_DUTY
