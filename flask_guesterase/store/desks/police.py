"""The guest register shown to an authority, and looked at again."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ...core.course import Deed
from ...core.register import Asked
from ..registers import disclosures, register
from ..registers.register import Produced
from ..training import gate
from .desk import Desk


class Police(Desk):
    """The guest register shown to an authority, and looked at again."""

    def produce_register(self, asked: Asked, by: str, shown: str = "") -> Produced:
        """Produce the lines of the guest register an authority asked for, and record it.

        :param asked: who asks, on what basis, and for what exactly.
        :param by: the host's id of the person on duty.
        :param shown: number of what the same form produced before, or empty; it stands for this
            too where the same person got the same lines for the same question a moment ago.
        :raises ForbiddenError: they may not produce the register of this property.
        :raises InputError: it asks for too much, or on a basis the law does not know.
        """
        gate.ready(self.work, by, Deed.PRODUCE, asked.place)
        return register.produce(self.work, asked, by, shown)

    def review_disclosure(self, number: str, by: str, finding: str) -> None:
        """Record what a second person finds about what was produced.

        :param finding: fine, excessive or unfounded.
        :raises FourEyesError: they produced it themselves.
        :raises ForbiddenError: they may neither produce the register nor audit there.
        :raises TransitionError: it was reviewed before.
        """
        disclosures.review(self.work, number, by, finding)

    def disclosures(
        self, by: str, property: str | None = None, page: int = 0
    ) -> Sequence[dict[str, Any]]:
        """Return what was produced for authorities, opened for who may review it.

        :param by: the host's id of who asks.
        :param property: code of one property, or None for all of them.
        :param page: number of a page of 50, and of the next one the first; 0 for all of them.
        :raises ForbiddenError: they may review at no property.
        :raises InputError: there is no such page.
        """
        return disclosures.listed(self.work, by, property, page)
