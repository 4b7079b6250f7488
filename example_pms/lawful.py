"""What the demo's officers decide about the law before the first guest asks, in two houses.

A real operator reads each pack, and carries a copy of the key folder out of the house. Here nobody
did: the decisions are there so that the demo shows dates.
"""

from __future__ import annotations

from flask_guesterase import Guesterase
from flask_guesterase.core.log import slug
from flask_guesterase.core.period import period
from flask_guesterase.store.deciding.amendments import House

from .hotel import HOTELS, Hotel

SOURCE = "Demo: invented minutes of the two officers"
ENDED = ("last_activity", "departed", "cancelled", "no_show")
"""Events of which the latest starts the house's period for profiles, bookings and stays."""


def decide(guesterase: Guesterase) -> list[str]:
    """Have the officers sign, set and confirm; return what they did, in lines to be read.

    What was decided before stays as it is.

    :param guesterase: the extension, its tables and keys made.
    """
    said = []
    for hotel in HOTELS:
        first, second = _officers(hotel)
        with guesterase.begin() as office:
            drafts = [draft.code for draft in office.drafts(first)]
            for code in drafts:
                office.sign_pack(code, first)
        if drafts:
            said.append(f"{first} signed the pack {', '.join(drafts)} (nobody has read it).")
            said.append(_period(guesterase, hotel, first, second))
    if said:
        said += _copy(guesterase)
    return said


def _officers(hotel: Hotel) -> tuple[str, str]:
    house = hotel.code.lower()
    return f"{house}.officer", f"{house}.officer2"


def _period(guesterase: Guesterase, hotel: Hotel, first: str, second: str) -> str:
    """Set how long a house keeps profiles, bookings and stays at most; it acts in 30 days."""
    wanted = House("reservation", ENDED, SOURCE, ceiling=period("P3Y"))
    with guesterase.begin() as office:
        id = office.house_period(hotel.code, wanted, first)
    with guesterase.begin() as office:
        office.confirm_house(id, second)
    with guesterase.begin() as office:
        office.propose_change(id, first)
    with guesterase.begin() as office:
        head = office.checkpoint(slug(hotel.controller))
        acts_on = office.confirm_change(id, second, head)
    return f"{hotel.code} keeps profiles and bookings for 3 years at most, from {acts_on} on."


def _copy(guesterase: Guesterase) -> list[str]:
    """Confirm a second copy of the keys, which nobody made."""
    (first, _), (other, _) = map(_officers, HOTELS)
    with guesterase.begin() as office:
        office.propose_copy(first, guesterase.custodian.fingerprint())
    with guesterase.begin() as office:
        office.confirm_copy(other)
    return [
        f"{first} and {other} confirmed a second copy of the keys. This is a demo: there is none;"
        " confirm one in earnest only when it lies outside the house."
    ]
