"""The reception: a request in one tick, who it is, and who of several acts at a shared login."""

from __future__ import annotations

from collections.abc import Sequence

from ...core.course import Deed
from ...core.errors import ForbiddenError, UnknownError
from ...core.permissions import Permission
from ...core.plan import Person
from ..access import actors, pins
from ..casework import cases, recognising
from ..casework.recognising import Likeness
from ..requests import ticked
from ..training import gate
from .desk import Desk


class Reception(Desk):
    """The reception: a request in one tick, who it is, and who acts at a shared login."""

    def person_of(self, loaded: object) -> Person:
        """Return whose row an object of the host's mapping is.

        :raises UnknownError: it is no row of a table of people.
        """
        return ticked.person_of(self.work.datamap, loaded)

    def request_by_row(self, person: Person, by: str, *, property: str, lang: str = "") -> str:
        """File an erasure for whoever stands at the desk, by their row; return its number.

        :param person: what `person_of` returned.
        :param by: the host's id of the clerk.
        :param property: code of the property at whose desk they stand.
        :param lang: language of the guest; the property's when empty.
        :raises ForbiddenError: the clerk may not file at this property.
        :raises UnknownError: the row is not of this property.
        """
        gate.ready(self.work, by, Deed.FILE, property)
        return ticked.file(self.work, person, property, by, lang)

    def facts(self, number: str, by: str) -> Sequence[Likeness]:
        """Return two masked facts of each row a request took: is it this one?

        :raises ForbiddenError: they may not verify at its property.
        """
        return recognising.facts(self.work, number, by)

    def find(self, text: str, by: str) -> str:
        """Return the number of a request, however it was typed.

        A request of another property is as unknown as one that never was.

        :raises UnknownError: there is none at a property at which they may look.
        """
        try:
            case = cases.load(self.work, cases.written(text))
            actors.require(self.work, by, Permission.VIEW, case.property)
        except ForbiddenError:
            raise UnknownError(
                "There is no request with this number.", "Look it up in the list."
            ) from None
        return case.number

    # personal PINs

    def give_pin(self, person: str, by: str, property: str) -> str:
        """Return a code with which a person sets a new PIN, shown once; theirs ends at once.

        :raises ForbiddenError: they may not issue at this property, or it is their own.
        :raises InputError: the person may do nothing there, or is a shared login.
        """
        return pins.give(self.work, person, by, property)

    def begin_pin(self, person: str, code: str, pin: str) -> None:
        """Set a PIN with the code that an officer gave; call `attempt` of "code" before.

        :raises InputError: it is no PIN, or the first anybody would try.
        :raises TokenError: the code is not theirs, was used, or is over.
        """
        pins.begin(self.work, person, code, pin)

    def change_pin(self, person: str, pin: str, old: str = "") -> None:
        """Set the PIN of a person who is logged in by themselves; call `attempt` of "pin" before.

        :raises InputError: it is no PIN, or the first anybody would try.
        :raises ForbiddenError: the old one is another, or is locked.
        """
        pins.change(self.work, person, pin, old)

    def has_pin(self, person: str) -> bool:
        """Return whether a person has a PIN that works."""
        return pins.has(self.work, person)

    def check_pin(self, person: str, pin: str) -> bool:
        """Return whether a PIN is a person's; commit whatever the answer, so that it counts.

        Call `attempt` of "pin" in a transaction before.
        """
        return pins.check(self.work, person, pin)
