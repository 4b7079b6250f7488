"""Who comes back: rows, restored databases, advertising, and invented guests."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ..comeback import objections, sightings
from ..invented import canaries
from ..returning import alarm, refilled, replay, returned
from .desk import Desk


class Returns(Desk):
    """Who comes back: rows, restored databases, advertising, and invented guests."""

    # who came back

    def judge_returns(self) -> Mapping[str, int]:
        """Judge rows in which the guard saw something of an erased person.

        :return: what became of them -> how many; empty when nobody is back in any of them.
        """
        return sightings.judge(self.work)

    def returns(self, by: str | None = None, door: str = "") -> Sequence[dict[str, Any]]:
        """Return rows in which an erased person seems to be back, those that wait.

        :param by: the host's id of who asks; only of properties at which they may verify, with
            names where they may look. None at a console, without names.
        :param door: only what was seen through this door, for example "replay".
        """
        return returned.listed(self.work, by, door)

    def settle_return(self, id: int, by: str, theirs: bool) -> None:
        """Decide about a row in which an erased person seems to be back.

        :param theirs: it is theirs and goes, under what was approved before; or it lives.
        :raises UnknownError: there is no such row where they may verify.
        :raises TransitionError: it was decided before, was never approved, or may be another
            person who was there all along.
        """
        returned.settle(self.work, id, by, theirs)

    def settle_refilled(self, table: str, last: int, by: str) -> int:
        """Say of the rows of a table that lie under erased profiles that they are theirs and go.

        Where one table, or one of several databases, was put back from a copy they are many.

        :param table: name of the table.
        :param last: the highest id among those that were read; what was noted since waits.
        :return: how many rows, of properties at which they may verify.
        """
        return returned.settle_all(self.work, table, refilled.DOOR, last, by)

    # advertising

    def object(self, contact: str, property: str, by: str | None = None) -> None:
        """Note that the owner of a contact does not want advertising; it does not end.

        :param contact: e-mail address or phone number; only a keyed mark is kept.
        :param by: the host's id of the clerk; None for the host's own code, an unsubscribe link.
        :raises InputError: this is no contact.
        :raises ForbiddenError: the clerk may not file at this property.
        """
        objections.record(self.work, contact, property, by)

    def agree_anew(self, contact: str, property: str, by: str | None = None) -> None:
        """Note that the owner of a contact agreed to advertising after all.

        :raises InputError: this is no contact.
        :raises ForbiddenError: the clerk may not file at this property.
        """
        objections.record(self.work, contact, property, by, stop=False)

    def objects(self, contact: str, property: str = "") -> bool:
        """Return whether the owner of a contact does not want advertising.

        :param property: code of the property that wants to write; any when empty.
        """
        return objections.objects(self.work, contact, property)

    # after a restore

    def alarm(self) -> str:
        """Return why staff must be alarmed about a restored database, in a word, or nothing."""
        return alarm.cause(self.work)

    def survey(self, by: str | None = None) -> replay.Survey:
        """Return what a replay of the register would do: counts and numbers; nothing is written.

        :param by: the host's id of who looks; None at a console.
        :raises ForbiddenError: they may not erase at any property.
        :raises SetupError: no register is kept, or it is not where it was.
        """
        if by is not None:
            alarm.entitled(self.work, by)
        return replay.survey(self.work)

    def holds_placed(self, by: str) -> None:
        """Confirm, where they may hold, that holds a restored database had forgotten are there.

        :raises ForbiddenError: they may hold at no property of which one was forgotten.
        """
        alarm.holds_placed(self.work, by)

    def begin_register(self, by: str) -> None:
        """Begin another register of erasures, because the old one is lost for good.

        :raises ForbiddenError: they may not decide about the law anywhere.
        :raises SetupError: it is not lost.
        """
        alarm.begin_anew(self.work, by)

    # invented guests

    def switch_canary(self, property: str, by: str) -> bool:
        """Say that invented guests may go through a property; return whether that was the second.

        :raises ForbiddenError: they may not decide about the law at this property.
        :raises FourEyesError: they were the first person.
        """
        return canaries.switch(self.work, property, by)

    def stop_canary(self, property: str, by: str) -> None:
        """Let no more invented guests go through a property.

        :raises ForbiddenError: they may not decide about the law at this property.
        """
        canaries.stop(self.work, property, by)

    def canaries(self, by: str | None = None) -> Sequence[dict[str, Any]]:
        """Return how invented guests stand and where they were seen, the newest first.

        :param by: the host's id of who asks; None at a console.
        """
        return canaries.listed(self.work, by)

    def canaries_on(self) -> Mapping[str, bool]:
        """Return property -> whether invented guests go through it; False after one word."""
        return canaries.on(self.work)

    def canaries_said(self, by: str) -> Sequence[str]:
        """Return the properties of which a person said it first, so that another one must.

        :param by: the host's id of who asks.
        """
        return canaries.said_first(self.work, by)
