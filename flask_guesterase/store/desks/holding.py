"""Legal holds and freezes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ...core.course import Deed
from ...core.holding import Wanted
from ...core.permissions import Permission
from ..access import actors
from ..binds import awaiting
from ..holding import freezing, lifting, lookover, placing
from ..training import gate
from ..transaction import writes
from .desk import Desk


class Holding(Desk):
    """Legal holds and freezes."""

    def place_hold(self, wanted: Wanted, by: str) -> int:
        """Place a legal hold on a person, a record or what a query names; return its number.

        :raises ForbiddenError: they may not place holds at the property of the query, or anywhere.
        :raises InputError: scope, reason, query or day mean nothing.
        :raises UnknownError: there is no such row where they may place holds.
        """
        if wanted.property:
            gate.ready(self.work, by, Deed.HOLD, wanted.property)
        return placing.place(self.work, wanted, by)

    def hold_people(self, number: str, by: str) -> Sequence[tuple[str, str]]:
        """Return table and key of the people a request is about, to place a hold on each.

        :raises ForbiddenError: they may not place holds at its property.
        """
        return placing.rows_of(self.work, number, by)

    def begun(self, by: str) -> int:
        """Return how many erasures have begun that a hold placed now does not stop any more."""
        may = actors.may
        codes = self.work.settings.properties
        return awaiting.begun(
            self.work, [c for c in codes if may(self.work, by, Permission.HOLD, c)]
        )

    def freeze(
        self, property: str, by: str, night: str | None = None, room: str | None = None
    ) -> int:
        """Freeze a property, a night or a room, without a reason; return the freeze's number.

        :param night: the night, ISO, or None for all.
        :param room: the room, or None for all.
        :raises ForbiddenError: they may not freeze there.
        """
        return freezing.freeze(self.work, property, by, night, room)

    def is_listed(
        self, property: str, by: str, night: str | None = None, room: str | None = None
    ) -> bool:
        """Return whether the guest register names the room and night that somebody froze.

        A freeze counts for lines that are written later too; one that names nothing may be a slip.

        :param night: the night, ISO, or None for all.
        :param room: the room, or None for all.
        :raises ForbiddenError: they may not freeze there.
        """
        return freezing.is_listed(self.work, property, by, night, room)

    def confirm_freeze(self, id: int, by: str) -> None:
        """Confirm a freeze, as somebody who may place holds.

        :raises UnknownError: there is no such freeze for them.
        """
        freezing.confirm(self.work, id, by)

    def review_hold(self, id: int, by: str, on: str) -> None:
        """Say that a hold is still needed, and on which day somebody must look again.

        :param on: the day, ISO.
        :raises UnknownError: there is no such hold for them.
        :raises InputError: this is no day, or none that is still to come.
        """
        lifting.review(self.work, id, by, on)

    def lift(self, id: int, by: str) -> bool:
        """Agree that a hold or a freeze ends; return whether it is lifted: the second person does.

        :raises FourEyesError: they proposed it themselves.
        :raises UnknownError: there is no such hold for them.
        """
        gate.ready(self.work, by, Deed.LIFT, lifting.place_of(self.work, id, by))
        return lifting.lift(self.work, id, by)

    def holds(self, by: str) -> Sequence[dict[str, Any]]:
        """Return the living holds and freezes a person may know of, the newest first.

        :raises ForbiddenError: they may neither hold nor freeze anywhere.
        """
        return lookover.listed(self.work, by)

    def lifted_holds(self, by: str) -> Sequence[dict[str, Any]]:
        """Return the holds and freezes that were lifted last, with who placed and who lifted them.

        :raises ForbiddenError: they may place holds nowhere.
        """
        return lookover.lifted(self.work, by)

    def acts_as(self, by: str) -> str:
        """Return the opaque number under which a person acts.

        Where nothing is kept, who did nothing yet has none: an empty text.
        """
        kept = writes(self.work.conn)
        return actors.number(self.work, by) if kept else actors.known(self.work, by) or ""

    def remind_holds(self) -> int:
        """Say again which freezes nobody confirmed and which holds must be looked at.

        :return: how many; each is said once a day, and none lapses.
        """
        return lookover.escalate(self.work)
