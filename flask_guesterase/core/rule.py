"""Rules of retention, and what the host says of a record they are about."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Any

from .period import Period

CATEGORIES: dict[str, str] = {
    "access_log": "who looked at what, and network logs",
    "audit_record": "records of processing, assessments and deletions",
    "breach_record": "records of leaks and incidents",
    "cctv": "video images",
    "correspondence": "letters, confirmations and messages",
    "guest_register": "the register of guests that hotels must keep",
    "identity_document_copy": "copies and scans of identity documents",
    "invoice_accounting": "invoices, vouchers and books",
    "marketing_consent": "consent to advertising and its withdrawal",
    "payment_card": "card data",
    "request_record": "requests of guests about their data, and the answers",
    "reservation": "profiles, bookings and stays",
}
"""Retention categories that packs know; a policy names one of them."""

EVENTS: dict[str, str] = {
    "departed": "the guest left, in fact",
    "cancelled": "the booking was cancelled",
    "no_show": "the guest did not come",
    "lapsed": "an offer or option ran out",
    "created": "the entry was made",
    "document": "date of the document",
    "recorded": "date of a recording or log entry",
    "transmitted": "it was sent to the authority",
    "reported_departure": "the departure was reported to the authority",
    "last_activity": "the last thing the person did",
    "last_entry": "the last entry of the book the record is in",
    "withdrawn": "consent was withdrawn",
    "answered": "a request was answered",
}
"""Events that start a clock; the host's data says when they happened."""


class Start(StrEnum):
    """From which day a period runs once the event has happened."""

    EVENT = "event"
    YEAR_END = "calendar-year-end"
    FISCAL_YEAR_END = "fiscal-year-end"


class Kind(StrEnum):
    """Whether a ceiling is a number in the law, or the law's "no longer than necessary"."""

    HARD = "hard"
    SOFT = "soft"


class Rank(StrEnum):
    """What kind of norm a rule is, the strongest first."""

    LAW = "law"
    REGULATION = "regulation"
    MANDATED = "mandated-rule"
    RULE = "rule"
    LOCAL = "local-rule"
    STANDARD = "standard"
    CONTRACT = "contract"
    HOUSE = "house"


class Grade(StrEnum):
    """How sure it is: A text read, B secondary source, C from memory; house: two people's word."""

    A = "A"
    B = "B"
    C = "C"
    HOUSE = "house"


class Open(StrEnum):
    """Why nobody can say yet when a record may go; it stays, and somebody is asked."""

    NO_RULE = "no-rule"
    NO_CLOCK = "no-clock"
    NO_PLACE = "no-place"
    UNKNOWN_FLOOR = "unknown-floor"
    UNKNOWN_FACT = "unknown-fact"
    UNSURE = "grade-c"
    DRAFT = "draft"


@dataclass(frozen=True)
class Rule:
    """One rule of a pack, or a house period that two people set.

    :param id: stable name, for example ``DE/guest_register``.
    :param jurisdiction: code of the pack it stands in.
    :param category: one of `CATEGORIES`.
    :param article: where it stands.
    :param source: where it was read.
    :param grade: how sure it is.
    :param as_of: day of the copy that was read, ``YYYY-MM-DD``.
    :param floor: how long a record must be kept, or None.
    :param floor_unknown: the law wants it kept and nobody knows how long.
    :param ceiling: how long it may be kept, or None; it runs from the same event.
    :param ceiling_kind: a number in the law, or a house target for "no longer than necessary".
    :param clock: events that may start it; the latest of those that happened counts.
    :param start: from which day the period runs.
    :param when: conditions of application, name -> wanted answer.
    :param rank: what kind of norm it is.
    :param weak: the general law recognises no floor of this rank: kept, unused, and the conflict
        is recorded.
    :param signed: a named person of the operator signed its pack.
    :param valid_from: first day of the events it is about, or None.
    :param valid_to: last day of the events it is about, or None.
    :param facts: identifiers of the facts it was made from.
    :param note: what a reader should know.
    :param fiscal: end of the fiscal year its period counts from, or None: the operator's of today.
    :param acts_on: first day on which what has no end by the others may go by it, or None: any day.
    :param country: country of the property in which it asks who is a foreigner; empty for that of
        today.
    """

    id: str
    jurisdiction: str
    category: str
    article: str = ""
    source: str = ""
    grade: Grade = Grade.C
    as_of: str = ""
    floor: Period | None = None
    floor_unknown: bool = False
    ceiling: Period | None = None
    ceiling_kind: Kind = Kind.SOFT
    clock: tuple[str, ...] = ()
    start: Start = Start.EVENT
    when: Mapping[str, Any] = field(default_factory=dict)
    rank: Rank = Rank.LAW
    weak: bool = False
    signed: bool = True
    valid_from: date | None = None
    valid_to: date | None = None
    facts: tuple[str, ...] = ()
    note: str = ""
    fiscal: tuple[int, int] | None = None
    acts_on: date | None = None
    country: str = ""

    def until_rule(self) -> str:
        """Return what ends the floor, in one word without a date: for digests and journals."""
        length = "?" if self.floor is None else str(self.floor)
        return f"{self.id}:{'|'.join(self.clock)}+{length}@{self.start.value}"


@dataclass(frozen=True)
class Facts:
    """What the host says of one record.

    :param events: event -> day at the property; what has not happened is not there.
    :param answers: nationality (ISO 3166-1 alpha-2), birth (date), role, outcome, or whatever a
        rule asks; what nobody knows is not there, or None. Of a record of several people a tuple
        of what each says.
    :param country: country of the property.
    :param fiscal: month and day on which the operator's fiscal year ends.
    """

    events: Mapping[str, date] = field(default_factory=dict)
    answers: Mapping[str, Any] = field(default_factory=dict)
    country: str = ""
    fiscal: tuple[int, int] = (12, 31)
