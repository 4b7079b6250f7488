"""Other systems that hold copies: told, told again, and what they answered."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ...core.permissions import Permission
from ...core.webhook import Signed
from ..access import actors, limits
from ..casework import cases
from ..partners import callback, deliveries, outstanding
from .desk import Desk


class Partners(Desk):
    """Other systems that hold copies: told, told again, and what they answered."""

    def recipients(
        self, by: str | None = None, property: str | None = None, page: int = 0, first: int = 0
    ) -> Sequence[dict[str, Any]]:
        """Return the notices to other systems that are not settled, failed and late ones first.

        :param by: the host's id of who asks; None at a console, which is shown nobody's data.
        :param property: code of one property, or None for all of them.
        :param page: number of a page of 50, and of the next one the first; 0 for all of them.
        :param first: number of a notice that comes before all others.
        :raises InputError: there is no such page.
        """
        return outstanding.listed(self.work, by, property, page, first)

    def told(self, number: str, by: str | None = None) -> Sequence[dict[str, Any]]:
        """Return who else was told of a request, and how far each got.

        :raises ForbiddenError: they may not look at this property.
        """
        case = cases.load(self.work, number)
        if by is not None:
            actors.require(self.work, by, Permission.VIEW, case.property)
        return outstanding.of_request(self.work, case.number)

    def tell_again(self, id: int, by: str) -> None:
        """Try a notice again that could not be told.

        :raises ForbiddenError: they may not verify at its property.
        :raises TransitionError: it is not given up, or what it says is gone by now.
        """
        deliveries.again(self.work, id, by)

    def told_by_hand(self, id: int, by: str) -> None:
        """Sign that a person told a recipient, or learned that its copies are gone.

        :raises ForbiddenError: they may not verify at its property.
        :raises TransitionError: it is settled already.
        """
        deliveries.done(self.work, id, by)

    def notice_key(self) -> str:
        """Return the public key by which recipients without a shared secret know our notices."""
        return deliveries.signing_key(self.work).public_key().public_bytes_raw().hex()

    def answered(self, reference: str, signed: Signed, who: str = "") -> None:
        """Take what a recipient says became of its copies.

        :param reference: reference of the notice.
        :param signed: what came.
        :param who: whose tries are forgotten, now that one was right.
        :raises TokenError: nobody knows who said it, or it was said before.
        :raises InputError: they said nothing that can be understood.
        """
        callback.take(self.work, reference, signed)
        limits.succeed(self.work, "answer", who)
