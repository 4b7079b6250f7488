"""Figures by which the process is improved, and how old the oldest record of a guest is."""

from __future__ import annotations

from collections.abc import Sequence

from ...core.permissions import Permission
from .. import actors
from ..figures import age, gathering
from ..figures.gathering import Figures
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
