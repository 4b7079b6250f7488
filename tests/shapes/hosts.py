"""Every host shape by its name, each a builder that adds it to a hotel."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

from . import people
from .hotel import Hotel, Values

Builder = Callable[[Hotel], None]

SHAPES: dict[str, Builder] = {
    build.__name__: build
    for build in (
        people.guest_user_and_staff_in_one_table,
        people.one_person_in_several_subject_rows,
        people.companions_and_shared_rooms,
        people.a_booker_who_is_not_the_guest,
    )
}


def built(guest: Values, folder: Path, names: Iterable[str]) -> Hotel:
    """Return a hotel with these shapes."""
    hotel = Hotel(guest, folder)
    for name in names:
        SHAPES[name](hotel)
    return hotel
