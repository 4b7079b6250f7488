"""Jurisdiction packs: what a law says of hotels, a draft until somebody signs it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from enum import StrEnum

from .complaining import Complaining
from .incidents import Alarm
from .period import Period
from .rule import Grade, Rank, Rule

CONDITIONS: dict[str, tuple[type, ...]] = {
    "age_max": (int,),
    "age_min": (int,),
    "foreign": (bool,),
    "hotel_class": (str, list),
    "key_target": (bool,),
    "listed_place": (bool,),
    "nationality": (str, list),
    "outcome": (str, list),
    "part": (str, list),
    "role": (str, list),
}
"""What a rule may ask of a record, and how the wanted answer is written."""

ASKED: dict[str, str] = {
    "age_max": "at most this many whole years on the day the clock starts",
    "age_min": "at least this many whole years on the day the clock starts",
    "foreign": "whether the guest's nationality is another than the property's country",
    "hotel_class": "what kind of hotel it is in local law, for example tourist or ordinary",
    "key_target": "whether the property is a designated key target of the counter-terrorism law",
    "listed_place": "whether the cameras are in a place that the law on video systems lists",
    "nationality": "nationality, ISO 3166-1 alpha-2",
    "outcome": "what became of the booking, in the host's words",
    "part": "which part of the record it is: guest, receipt",
    "role": "who the person is for the hotel, in the host's words",
}
"""What each condition means."""


class Level(StrEnum):
    """What a pack is about."""

    BLOC = "bloc"
    COUNTRY = "country"
    REGION = "region"


class IdCopy(StrEnum):
    """What the law says about copies of identity documents; never a default for everybody."""

    FORBIDDEN = "forbidden"
    REQUIRED = "required"
    NONE = "none"


@dataclass(frozen=True)
class Answering:
    """How long a law gives for the answer to a request.

    :param answer: period in which it must be answered, from the day of receipt.
    :param acknowledge: period in which its receipt must be confirmed, or None.
    :param extension: period by which the answer may be put off once, or None.
    :param pause_identity: the clock stands still while the guest is asked who they are.
    :param house: the law gives no number: this is a target of the house.
    :param article: where it stands.
    :param source: where it was read.
    :param grade: how sure it is.
    :param as_of: day of the copy that was read.
    :param facts: identifiers of the facts it was made from.
    :param copy: period in which a request for a copy must be answered, or None: the same.
    :param copy_extension: period by which that may be put off once, or None; only with `copy`.
    """

    answer: Period
    acknowledge: Period | None = None
    extension: Period | None = None
    pause_identity: bool = False
    house: bool = False
    article: str = ""
    source: str = ""
    grade: Grade = Grade.C
    as_of: str = ""
    facts: tuple[str, ...] = ()
    copy: Period | None = None
    copy_extension: Period | None = None

    def for_copy(self) -> Answering:
        """Return how long it gives for the answer to a request for a copy."""
        if self.copy is None:
            return self
        return replace(self, answer=self.copy, extension=self.copy_extension)


@dataclass(frozen=True)
class Pack:
    """What a law says, from one text; a draft until a named person of the operator signs it.

    :param code: stable name, for example ``DE`` or ``CN-GD``.
    :param name: name for people.
    :param level: bloc, country or region.
    :param mark: SHA-256 of the text, in hex: what is signed.
    :param country: ISO 3166-1 alpha-2 code, which is not always the pack's; empty for a bloc.
    :param extends: codes of the packs that count besides it.
    :param as_of: how old what it says is.
    :param review_by: day after which somebody must look at it again.
    :param floor_ranks: ranks that the general law recognises as a floor; empty for all.
    :param rules: its rules, none of them signed.
    :param answering: how long it gives for an answer, or None: what it extends says.
    :param complaint: language -> how and where a guest complains.
    :param cannot_recall: language -> what was reported to authorities and stays there.
    :param unknown: (category, text) of what nobody found, or of a limit without a number.
    :param id_copy: what it says about copies of identity documents.
    :param notes: what a reader should know.
    :param complaining: how long it gives for a complaint, or None: what it extends says.
    :param alarms: who must be told of an incident, and how fast.
    """

    code: str
    name: str
    level: Level
    mark: str
    country: str = ""
    extends: tuple[str, ...] = ()
    as_of: str = ""
    review_by: date | None = None
    floor_ranks: tuple[Rank, ...] = ()
    rules: tuple[Rule, ...] = ()
    answering: Answering | None = None
    complaint: Mapping[str, str] = field(default_factory=dict)
    cannot_recall: Mapping[str, str] = field(default_factory=dict)
    unknown: tuple[tuple[str, str], ...] = ()
    id_copy: IdCopy = IdCopy.NONE
    notes: tuple[str, ...] = ()
    complaining: Complaining | None = None
    alarms: tuple[Alarm, ...] = ()

    def stale(self, today: date) -> bool:
        """Return whether somebody should have looked at it again by now."""
        return self.review_by is not None and today > self.review_by

    def under(self, ranks: Iterable[Rank]) -> Pack:
        """Return the pack with its floors weak that a general law does not recognise.

        :param ranks: ranks that the general law recognises; empty for all.
        """
        strong = tuple(ranks)
        rules = (replace(r, weak=True) if _weak(r, strong) else r for r in self.rules)
        return replace(self, rules=tuple(rules))


def _weak(rule: Rule, strong: tuple[Rank, ...]) -> bool:
    has_floor = rule.floor is not None or rule.floor_unknown
    return has_floor and bool(strong) and rule.rank not in strong
