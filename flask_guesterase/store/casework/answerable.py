"""Who answers for something that is to be done at a property by a day."""

from __future__ import annotations

from datetime import date

from ...core.errors import InputError
from ..access import actors
from ..work import Work
from .cases import day_at


def owner_of(work: Work, property_: str, owner: str, due: date) -> str:
    """Return the opaque number of who is to answer for something.

    :param work: the open transaction.
    :param property_: code of the property.
    :param owner: the host's id of who is named.
    :param due: day by which it is done.
    :raises InputError: the day is past, or who is named may do nothing there.
    """
    if due < day_at(work.settings.property(property_), work.now):
        raise InputError("This day is past.", "Give a day that is still to come.")
    if not actors.works(work, owner, property_):
        raise InputError(
            "Nobody of staff at this property has this login.", "Name who answers for it."
        )
    return actors.number(work, owner)
