"""What goes wrong: the list, mistakes, the host's backups, the emergency plan."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from ...core.backup import Backup
from ...core.emergency import EmergencyPlan
from ...core.permissions import Permission
from ..access import actors
from ..access.pulse import Pulse
from ..deciding import tally
from ..failures import alerts, backups, emergency, mistakes
from .desk import Desk


class Failures(Desk):
    """What goes wrong: the list, mistakes, the host's backups, the emergency plan."""

    def look_over(self) -> Mapping[str, int]:
        """Look at everything: open what is wrong, close what is not any more, tell people.

        :return: opened, gone, told -> how many.
        """
        return alerts.look(self.work)

    def alerts(
        self, by: str | None = None, property: str = "", closed: bool = False
    ) -> Sequence[Mapping[str, Any]]:
        """Return what is wrong, the oldest first, or what was closed last.

        :param by: the host's id of who asks; None at a console, which is shown no words.
        :param property: only of this property and of the house; of all of theirs when empty.
        :param closed: what was closed instead.
        :raises ForbiddenError: they may not watch anywhere.
        """
        return alerts.listed(self.work, by, property, closed)

    def looked(self) -> tuple[datetime | None, bool]:
        """Return when everything was looked at last, and whether no sweep has come to its end."""
        return alerts.last_look(self.work)

    def take_alert(self, id: int, by: str) -> None:
        """Say that one looks after an alert.

        :raises UnknownError: there is no such alert for them.
        :raises TransitionError: it is closed.
        """
        alerts.take(self.work, id, by)

    def close_alert(self, id: int, by: str, ground: str) -> None:
        """Close an alert on a ground: fixed, no-fault or accepted.

        :raises InputError: there is no such ground.
        :raises UnknownError: there is no such alert for them.
        :raises TransitionError: it is closed.
        """
        alerts.close(self.work, id, by, ground)

    def report_mistake(
        self, property: str, by: str, kind: str, noticed: datetime, words: str = ""
    ) -> int:
        """Report a mistake; return the number of its alert.

        :param property: code of the property.
        :param kind: one of `core.alert.Mistake`.
        :param noticed: aware time at which it was noticed.
        :param words: what one writes; sealed.
        :raises ForbiddenError: they may not report at this property.
        :raises InputError: there is no such kind, or that is no such time.
        """
        return mistakes.report(self.work, property, by, kind, noticed, words)

    def report_backup(self, at: datetime, kind: str = "database", hours: int = 48) -> None:
        """Say that the host made a backup.

        :param at: aware time at which it was made.
        :param kind: a short word of the host's for what it is a backup of.
        :param hours: after how many hours it is too old.
        :raises InputError: it is no such report, or would be made in the future.
        """
        backups.report(self.work, Backup(kind, at, hours))

    def backups(self) -> Sequence[Backup]:
        """Return the newest backup of each kind that the host reported."""
        return backups.known(self.work)

    def reviews(self, since: str, property: str = "") -> Mapping[str, int]:
        """Return how often the review before check-in remarked what.

        :param since: ISO day from which it is counted.
        :param property: only of this property; of all when empty.
        """
        return tally.total(tally.read(self.work, since, property))

    def emergency(self, property: str, by: str) -> tuple[EmergencyPlan, str, Pulse | None]:
        """Return the emergency plan, why it must be printed, and who printed it last and when.

        :param property: code of the property.
        :raises ForbiddenError: they may neither watch nor report there.
        :raises UnknownError: there is no such property.
        """
        hotel = self.work.settings.property(property)
        if not actors.may(self.work, by, Permission.REPORT, property):
            actors.require(self.work, by, Permission.WATCH, property)
        plan = emergency.plan(self.work.settings, hotel)
        return plan, emergency.why(self.work, hotel), emergency.printed(self.work, property)

    def emergency_printed(self, property: str, by: str, fingerprint: str) -> None:
        """Note that somebody printed the emergency plan.

        :raises ForbiddenError: they may neither watch nor report there.
        :raises MovedError: it says something else meanwhile.
        """
        emergency.note_printed(self.work, property, by, fingerprint)
