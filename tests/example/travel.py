"""A clock that travels, and the two people who say that it is right."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, date, datetime, time

from flask_guesterase import Guesterase
from flask_guesterase.core.errors import TransitionError
from flask_guesterase.core.log import slug
from flask_guesterase.store.deciding.amendments import House

OFFICERS = ("sha.officer", "sha.officer2")


def to(guesterase: Guesterase, day: date, hour: int = 12) -> None:
    """Set the clock to an hour (UTC) of a day, and have two officers confirm it.

    :param guesterase: the installed extension.
    :param day: the day.
    :param hour: the hour.
    """
    now = datetime.combine(day, time(hour), tzinfo=UTC)
    guesterase._now = lambda: now  # type: ignore[method-assign]
    for who in OFFICERS:
        with suppress(TransitionError), guesterase.begin() as office:
            office.confirm_clock(who)


def lawful(guesterase: Guesterase) -> None:
    """Have the officers sign the packs of both houses, and confirm a second copy of the keys."""
    with guesterase.begin() as office:
        office.sign_pack("CN", "sha.officer")
        office.sign_pack("DE", "lej.officer")
        office.propose_copy("sha.officer", guesterase.custodian.fingerprint())
    with guesterase.begin() as office:
        office.confirm_copy("lej.officer")


def confirmed(guesterase: Guesterase) -> None:
    """Have an officer of each house confirm what the first sweep shows."""
    guesterase.sweep()
    guesterase.sweep(confirm_by="sha.officer")
    guesterase.sweep(confirm_by="lej.officer")


def ceiling(guesterase: Guesterase, place: str, said: House) -> None:
    """Set a ceiling of the house by two officers of the place; it acts thirty days later."""
    one, two = f"{place.lower()}.officer", f"{place.lower()}.officer2"
    with guesterase.begin() as office:
        id = office.house_period(place, said, one)
    with guesterase.begin() as office:
        office.confirm_house(id, two)
    with guesterase.begin() as office:
        coming = [w.id for w in office.rules_waiting() if w.property == place and not w.acts_on]
        for each in coming:
            office.propose_change(each, one)
    with guesterase.begin(write=False) as office:
        note = office.checkpoint(slug(guesterase.settings.property(place).controller))
    with guesterase.begin() as office:
        for each in coming:
            office.confirm_change(each, two, note)
