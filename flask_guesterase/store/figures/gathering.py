"""All figures of one property, as a dashboard shows them and a review freezes them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from ...core.errors import InputError
from ...core.figures import Handled, Month, months
from ..casework.cases import day_at
from ..deciding import tally
from ..work import Work
from . import requests, retention
from .handled import handled

MONTHS = 12
MOST = 36


@dataclass(frozen=True)
class Figures:
    """The figures of one property.

    :param property: its code.
    :param months: what each month brought, the oldest first.
    :param waiting: age in days, as in `core.figures.AGES` -> open requests.
    :param ended: month -> rows that went because their day had come.
    :param coming: month -> category -> rows whose time to be kept ends in it.
    :param handled: month -> complaints, incidents and training in it.
    :param reviewed: month -> what the review before check-in said in it -> how often.
    """

    property: str
    months: Sequence[Month]
    waiting: Mapping[str, int]
    ended: Mapping[str, int]
    coming: Mapping[str, Mapping[str, int]]
    handled: Mapping[str, Handled]
    reviewed: Mapping[str, Mapping[str, int]]

    def as_dict(self) -> dict[str, Any]:
        """Return them as JSON can hold them."""
        return asdict(self)


def gather(work: Work, code: str, many: int = MONTHS) -> Figures:
    """Return the figures of a property.

    :param work: the open transaction.
    :param code: code of the property.
    :param many: how many months back, this one included, and how many ahead.
    :raises InputError: that is no number of months that can be shown.
    :raises UnknownError: there is no such property.
    """
    if not 1 <= many <= MOST:
        raise InputError("So many months cannot be shown.", f"Ask for 1 to {MOST} months.")
    hotel = work.settings.property(code)
    today = day_at(hotel, work.now)
    past, ahead = months(today, many), months(today, many, ahead=True)
    return Figures(
        code,
        requests.monthly(work, hotel, past),
        requests.waiting(work, hotel),
        retention.ended(work, hotel, past),
        retention.coming(work, hotel, ahead),
        handled(work, hotel, past),
        tally.monthly(work, code, past),
    )
