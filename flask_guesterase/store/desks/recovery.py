"""Erasures taken back inside the recovery window."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ...core.restoring import Report
from ..recovery import restoring
from .desk import Desk


class Recovery(Desk):
    """Erasures taken back inside the recovery window."""

    def propose_restore(self, number: str, by: str, ground: str) -> int:
        """Propose to take an erasure back, as the first of two people.

        :param ground: wrong-person, wrong-plan, guest-wish or binding-order.
        :return: number of the proposal.
        :raises ForbiddenError: they may not restore at its property.
        :raises InputError: there is no such ground.
        :raises TransitionError: there is nothing to restore, or not any more.
        """
        return restoring.propose(self.work, number, by, ground)

    def restore(self, number: str, by: str) -> Report:
        """Take an erasure back that somebody else proposed to; all that can come back does.

        :raises FourEyesError: they proposed it themselves.
        :raises ForbiddenError: they may not restore at its property.
        :raises TransitionError: there is nothing to restore, or not any more.
        """
        return restoring.restore(self.work, number, by)

    def restoration(self, number: str, by: str | None = None) -> dict[str, Any]:
        """Return until when a request can be restored, who proposed it, and what came back.

        :raises ForbiddenError: they may not look at this property.
        """
        return restoring.show(self.work, number, by)

    def not_restored(self, number: str, by: str) -> Sequence[dict[str, str]]:
        """Return which rows did not come back, by table, key and reason, while the window lasts.

        :raises ForbiddenError: they may not restore at its property.
        """
        return restoring.left(self.work, number, by)
