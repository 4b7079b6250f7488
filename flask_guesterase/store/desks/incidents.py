"""Incidents, from the first report to the end by another person."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from ..incidents import affected, alarms, curing, looking, noticing, opening, publicly, unreached
from ..incidents.affected import Asked
from ..incidents.opening import Class, Report
from ..incidents.publicly import Public
from .desk import Desk


class Incidents(Desk):
    """Incidents, from the first report to the end by another person."""

    def open_incident(self, report: Report, by: str) -> str:
        """Open an incident and hold what is evidence of it; return its number.

        :param by: the host's id of anybody who may do anything at the property.
        :raises ForbiddenError: they may do nothing there.
        :raises InputError: the kind means nothing, nothing is written, or a time lies ahead.
        """
        return opening.open_(self.work, report, by)

    def classify_incident(self, number: str, how: Class, by: str) -> None:
        """Say how grave an incident is, what it came from and which data it is about.

        :raises ForbiddenError: they may not deal with incidents at its property.
        :raises InputError: a word means nothing, or the data map has no such column.
        :raises TransitionError: it is closed.
        """
        opening.classify(self.work, number, how, by)

    def measure_incident(self, number: str, asked: Asked, by: str) -> dict[str, int]:
        """Look up whom an incident may concern; they stay sealed, the counts are returned.

        :raises ForbiddenError: they may not deal with incidents at its property.
        :raises UnknownError: there is no such declared table.
        :raises TransitionError: it is closed.
        """
        return affected.measure(self.work, number, asked, by)

    def incidents(
        self, by: str | None, property: str = "", page: int = 0
    ) -> Sequence[dict[str, Any]]:
        """Return incidents, open ones first, the most urgent before the others.

        :param by: the host's id of who asks; None at a console.
        :param page: number of a page of 50, and of the next one the first; 0 for all of them.
        :raises ForbiddenError: they may deal with incidents nowhere.
        :raises InputError: there is no such page.
        """
        return looking.listed(self.work, by, property, page)

    def incident(self, number: str, by: str) -> dict[str, Any]:
        """Return one incident, opened for who may deal with it; it names no guest.

        :raises ForbiddenError: they may not deal with incidents at its property.
        """
        return looking.show(self.work, number, by)

    def incident_notice(self, number: str, alarm: str, by: str) -> dict[str, Any]:
        """Return what the notice to an authority says; no guest's name.

        :raises UnknownError: there is no such duty at its property.
        """
        return looking.notice(self.work, number, alarm, by)

    def told_authority(
        self, number: str, alarm: str, reference: str, by: str, sent: datetime | None = None
    ) -> None:
        """Record that an authority was told, by whom, when, and under which reference.

        :raises UnknownError: there is no such duty at its property.
        :raises InputError: there is no reference, or the time cannot be.
        :raises TransitionError: it was recorded before, or the incident is closed.
        """
        noticing.told_authority(self.work, number, alarm, reference, by, sent)

    def propose_notice(self, number: str, alarm: str, words: str, by: str) -> None:
        """Propose to tell the guests whom an incident may concern; a second person lets it go.

        :raises InputError: nothing is written.
        :raises TransitionError: nobody looked up whom it concerns, or they were told.
        """
        noticing.propose(self.work, number, alarm, words, by)

    def take_notice_back(self, number: str, alarm: str, by: str) -> None:
        """Take back a letter to guests that was proposed, as long as nobody let it go.

        :raises TransitionError: nobody proposed it, or it was let go.
        """
        noticing.take_back(self.work, number, alarm, by)

    def let_notice_go(self, number: str, alarm: str, by: str, seen: str) -> None:
        """Let the letters to guests go, as the second person.

        :param seen: digest of the letter that they read.
        :raises FourEyesError: they proposed it.
        :raises MovedError: it is not the letter they read any more.
        :raises TransitionError: nobody proposed it, or it was let go.
        """
        noticing.let_go(self.work, number, alarm, by, seen)

    def unreached(self, number: str, alarm: str, by: str, page: int = 1) -> dict[str, Any]:
        """Return whom on file no letter reached, to be told otherwise; the journal says who looked.

        `items` has table, key, name and contacts of each, a page of 50; `next` is the number of
        the next page or None, `others` how many are known to the register alone or were erased.

        :raises TransitionError: letters have not gone, nobody is left to be told, or it is closed.
        :raises InputError: there is no such page.
        :raises SealError: who they are cannot be read now.
        """
        return unreached.look(self.work, number, alarm, by, page)

    def record_public_notice(self, number: str, alarm: str, how: Public, by: str) -> None:
        """Record how those were told whom no letter reached; a second person confirms it.

        :raises UnknownError: there is no such duty at its property.
        :raises InputError: nothing says where, or nobody can have been told on that day.
        :raises TransitionError: nobody is left to be told, or the incident is closed.
        """
        publicly.record(self.work, number, alarm, how, by)

    def confirm_public_notice(self, number: str, alarm: str, by: str, seen: str) -> None:
        """Confirm how those were told whom no letter reached, as the second person.

        :param seen: digest of what they read.
        :raises FourEyesError: they recorded it.
        :raises MovedError: it is not what they read any more.
        :raises TransitionError: nobody recorded it, or it was confirmed.
        """
        publicly.confirm(self.work, number, alarm, by, seen)

    def plan_measure(self, number: str, what: str, owner: str, due: date, by: str) -> int:
        """Make a person answer for a measure; return its number.

        :param owner: the host's id of who answers for it.
        :raises InputError: nothing is written, the day is past, or the owner may do nothing there.
        """
        return curing.plan(self.work, number, what, owner, due, by)

    def measures(self, by: str) -> Sequence[dict[str, Any]]:
        """Return the measures that a person answers for and that are not done, the first due first.

        :param by: the host's id of who asks; only of properties at which they may do anything.
        """
        return looking.owed(self.work, by)

    def measure_done(self, id: int, by: str) -> None:
        """Note that a measure was done, by its owner or by who deals with incidents.

        :raises UnknownError: there is no such measure for them.
        :raises TransitionError: it was done before.
        """
        curing.done(self.work, id, by)

    def review_incident(self, number: str, words: str, by: str) -> None:
        """Write down what an incident taught; another person closes it.

        :raises TransitionError: nobody classified it, or it is closed.
        """
        curing.review(self.work, number, words, by)

    def close_incident(self, number: str, by: str) -> None:
        """Close an incident, as another person than who reviewed it; its evidence is let go.

        :raises FourEyesError: they reviewed it.
        :raises TransitionError: something is still to be done, or it is closed.
        """
        curing.close(self.work, number, by)

    def remind_incidents(self) -> int:
        """Remind those who must tell somebody of an incident within a day, or late."""
        return alarms.remind(self.work)
