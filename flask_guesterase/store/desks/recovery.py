"""Erasures taken back inside the recovery window."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ...core.course import Deed, Training
from ...core.restoring import Report
from ..casework import cases
from ..recovery import restoring
from ..training import gate
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
        self._schooled(number, by)
        return restoring.propose(self.work, number, by, ground)

    def restore(self, number: str, by: str, proposal: int | None = None) -> Report:
        """Take an erasure back that somebody else proposed to; all that can come back does.

        :param proposal: number of the proposal that was read; None for the one that waits.
        :raises FourEyesError: they proposed it themselves.
        :raises ForbiddenError: they may not restore at its property.
        :raises MovedError: another proposal took the place of the one that was read.
        :raises TransitionError: there is nothing to restore, or not any more.
        """
        self._schooled(number, by)
        return restoring.restore(self.work, number, by, proposal)

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

    def _schooled(self, number: str, by: str) -> None:
        if self.work.training is not Training.OFF:
            case = cases.load(self.work, number)
            gate.ready(self.work, by, Deed.RESTORE, case.property, case)
