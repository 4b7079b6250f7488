"""The officer's day: what is due, who looks after it, what is alike, and the letter beforehand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ...core.course import Deed, Training
from ..casework import cases
from ..deciding import alike, review
from ..deciding.alike import Group
from ..messages.post import Draft
from ..requests import duties
from ..training import gate
from .desk import Desk


class Officers(Desk):
    """The officer's day: what is due, who looks after it, what is alike."""

    def queue(self, by: str, property: str = "") -> Sequence[dict[str, Any]]:
        """Return the open requests by the day they are due, with who looks after each."""
        return duties.queue(self.work, by, property)

    def look_after(self, number: str, by: str, deputy: str = "") -> None:
        """Say that one looks after a request, and who stands in.

        :raises ForbiddenError: they may neither verify nor approve at this property.
        :raises InputError: the deputy may not either, or is the same person.
        :raises TransitionError: the request has ended.
        """
        duties.look_after(self.work, number, by, deputy)

    def duty(self, number: str, by: str) -> dict[str, Any]:
        """Return who looks after a request, who stands in, and whether the reader does.

        :raises ForbiddenError: they may not look at this property.
        """
        return duties.of(self.work, number, by)

    def hand_over(self, property: str, note: str, by: str) -> int:
        """End one's shift with a note for who comes; return its number.

        :raises ForbiddenError: they may neither verify nor approve at this property.
        :raises InputError: nothing is written, or a contact or a long number stands in it.
        """
        return duties.hand_over(self.work, property, note, by)

    def take_over(self, id: int, by: str) -> int:
        """Take a shift over with its open requests; return how many.

        :raises UnknownError: there is none for them.
        :raises TransitionError: it is their own, or somebody took it before.
        """
        return duties.take_over(self.work, id, by)

    def handovers(self, by: str) -> Sequence[dict[str, Any]]:
        """Return the hand-overs at one's properties: those nobody took yet, then the last ones."""
        return duties.handovers(self.work, by)

    def shifts_waiting(self, by: str) -> int:
        """Return how many shifts of others wait for somebody to take them over."""
        return duties.waiting(self.work, by)

    def alike(self, by: str) -> Sequence[Group]:
        """Return the groups of requests of low risk that a person may approve together."""
        return alike.groups(self.work, by)

    def approve_alike(self, chosen: Mapping[str, str], by: str) -> int:
        """Approve requests that are alike, all of them or none, each by its own entry.

        :param chosen: number of each request -> digest of the plan that was read.
        :return: how many.
        :raises ForbiddenError: they may not approve at a property.
        :raises FourEyesError: they filed or verified one of them, or took rows for it.
        :raises InputError: none or too many are chosen, or they are not alike.
        :raises MovedError: today's plan of one decides something else than what they read.
        :raises TransitionError: one of them must be decided by itself.
        """
        if self.work.training is not Training.OFF:
            for number in sorted(chosen):
                case = cases.load(self.work, number)
                gate.ready(self.work, by, Deed.APPROVE, case.property, case)
        return alike.approve(self.work, chosen, by)

    def refusal_letter(self, number: str, by: str, ground: str) -> Draft:
        """Return the letter by which a request would be refused, changing nothing.

        :raises ForbiddenError: they may not refuse at this property.
        :raises InputError: there is no such ground.
        :raises TransitionError: it is decided already.
        """
        return review.refusal(self.work, number, by, ground)
