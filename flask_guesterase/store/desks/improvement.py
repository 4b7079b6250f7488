"""Figures by which the process is improved, and how old the oldest record of a guest is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from ...core.permissions import Permission
from ..access import actors
from ..figures import age, gathering
from ..figures.gathering import Figures
from ..monthly import looking, published, records, reviewing
from ..monthly.published import Figure
from .desk import Desk


class Improvement(Desk):
    """Figures by which the process is improved, and how old the oldest record of a guest is."""

    def figures(self, by: str | None = None, many: int = gathering.MONTHS) -> Sequence[Figures]:
        """Return the figures of each property a person may see, side by side.

        :param by: the host's id of who asks; None at a console, for all properties.
        :param many: how many months back, this one included, and how many ahead.
        :raises InputError: that is no number of months that can be shown.
        """
        codes = [
            code
            for code in sorted(self.work.settings.properties)
            if by is None or actors.may(self.work, by, Permission.FIGURES, code)
        ]
        return [gathering.gather(self.work, code, many) for code in codes]

    def note_age(self) -> int:
        """Look how old the oldest record of a guest is, and write it down for the public page.

        :return: 0, since a report counts nothing of it.
        """
        return age.note(self.work)

    def oldest_months(self) -> int | None:
        """Return the whole months of the oldest record as last noted, or None if nobody knows."""
        return age.told(self.work)

    def compared(
        self, by: str, known: Sequence[Figures] = ()
    ) -> tuple[Mapping[str, Mapping[str, int]], Sequence[dict[str, Any]]]:
        """Return our own figures for what others publish, and theirs with source and day.

        :param by: the host's id of who asks; only of properties whose figures they may see.
        :param known: what `figures` gave them of the usual months, so as not to count twice.
        """
        found = known or self.figures(by)
        ours = {each.property: reviewing.own(self.work, each) for each in found}
        return ours, published.listed(self.work, list(ours))

    def publish(self, given: Figure, by: str) -> int:
        """Enter a figure that somebody else published; return its number.

        :raises ForbiddenError: they may not hold reviews at this property.
        :raises InputError: there is no such measure, no source, or the day lies ahead.
        """
        return published.enter(self.work, given, by)

    def withdraw_published(self, id: int, by: str) -> None:
        """Take a figure of somebody else out again.

        :raises UnknownError: there is none for them.
        :raises TransitionError: it was taken out before.
        """
        published.withdraw(self.work, id, by)

    def monthlies(self, by: str) -> Sequence[dict[str, Any]]:
        """Return the monthly reviews of one's properties, the newest first.

        :raises ForbiddenError: they may hold reviews nowhere.
        """
        return looking.listed(self.work, by)

    def monthly(self, number: str, by: str) -> dict[str, Any]:
        """Return one monthly review as it was, with the figures that the reader may see.

        :raises ForbiddenError: they may not hold reviews at its property.
        """
        return looking.show(self.work, number, by)

    def open_monthly(self, property: str, by: str, month: str = "") -> str:
        """Open the review of a month and freeze the figures of this moment; return its number.

        :param month: ``YYYY-MM``; the last whole month when empty.
        :raises ForbiddenError: they may not hold reviews at this property.
        :raises InputError: that is no month that has begun.
        :raises TransitionError: there is one of this month.
        """
        return reviewing.open_(self.work, property, month, by)

    def join_monthly(self, number: str, login: str, by: str) -> int:
        """Write down who takes part in a review; return the number of the line.

        :raises InputError: nobody of staff there has this login, or they are a member.
        :raises TransitionError: it is closed.
        """
        return reviewing.join(self.work, number, login, by)

    def find_monthly(self, number: str, text: str, by: str) -> int:
        """Write down what a review found; return the number of the line.

        :raises InputError: nothing is written.
        :raises TransitionError: it is closed.
        """
        return reviewing.find(self.work, number, text, by)

    def plan_monthly(self, number: str, todo: tuple[str, str, date], by: str) -> int:
        """Make a person answer for an action of a review; return its number.

        :param todo: what is to be done, the host's id of who answers for it, and by when.
        :raises InputError: nothing is written, the day is past, or the owner may do nothing there.
        :raises TransitionError: it is closed.
        """
        return reviewing.plan(self.work, number, todo, by)

    def monthly_done(self, id: int, by: str) -> None:
        """Note that an action of a review was done, by its owner or by who holds reviews.

        :raises UnknownError: there is no such action for them.
        :raises TransitionError: it was done before.
        """
        reviewing.done(self.work, id, by)

    def owed(self, by: str) -> Sequence[dict[str, Any]]:
        """Return the actions of reviews that a person answers for and that are not done."""
        return looking.owed(self.work, by)

    def close_monthly(self, number: str, by: str) -> None:
        """Close a review, as another person than who opened it.

        :raises FourEyesError: they opened it.
        :raises TransitionError: something is still to be done, or it is closed.
        """
        reviewing.close(self.work, number, by)

    def keep_monthlies(self) -> int:
        """Seal anew what open reviews and open actions say, before its day; return how many."""
        return records.renew(self.work)
