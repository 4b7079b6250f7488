"""What ends by its day: the sweep, the clock, paper, copies of keys, the worker's rounds."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from ...core.brake import CONFIRM
from ...core.course import Deed
from ...core.permissions import Permission
from ..access import actors, brake, firsts, limits, pins, tokens
from ..casework import contacts, tasks
from ..census import counting, listing, watching
from ..certificates import laternotice
from ..comeback import years
from ..deciding import review
from ..executing import execution
from ..identity import codes
from ..keys import copies
from ..partners import deliveries
from ..registers import disclosures
from ..remembrance import remembering
from ..requests import bearer, deadlines, intake, waiting
from ..sweeping import backlog, doors, due, halting, runs
from ..training import gate
from ..upkeep import gauges, health
from .desk import Desk


class Upkeep(Desk):
    """What ends by its day: the sweep, the clock, paper, copies of keys, the worker's rounds."""

    # the sweep

    def sweeps(self, by: str | None = None) -> dict[str, Any]:
        """Return how the sweep stands: the last one, what waits to be confirmed, clock, doors.

        :param by: the host's id of who asks; None at a console.
        :raises ForbiddenError: they may not decide about the law at any property.
        """
        places = None if by is None else [
            code
            for code in self.work.settings.properties
            if actors.may(self.work, by, Permission.LAW, code)
        ]
        return runs.status(self.work, by) | doors.status(self.work) | {
            "halted": halting.standing(self.work.conn),
            "goes_on": halting.proposed(self.work),
            "backlog": backlog.backlog(self.work, places),
            "failing": backlog.failing(self.work, places),
        }

    def retry_due(self) -> int:
        """Let what could not be erased by its day be tried by the next sweep; return how many."""
        return backlog.retry(self.work)

    def confirm_sweep(self, by: str, ids: Sequence[int] | None = None) -> Sequence[str]:
        """Confirm what the last sweep showed; return the properties that are confirmed by it.

        :param by: the host's id of who confirms, for the properties whose law they decide about.
        :param ids: numbers of the previews they read; None for the newest ones.
        :raises ForbiddenError: there is no such property.
        :raises MovedError: the rules changed since, or there is a newer preview.
        :raises TransitionError: somebody confirmed what was read before.
        """
        for code in self.work.settings.properties:
            gate.ready(self.work, by, Deed.SWEEP, code)
        confirmed = runs.confirm(self.work, by, ids)
        if confirmed:
            # A person of two properties waited for the other one's word.
            due.wake(self.work)
        return confirmed

    def ask_sweep(self, by: str) -> None:
        """Let the next round in the background sweep, though it is not time.

        :param by: the host's id of who asks.
        :raises ForbiddenError: they may not decide about the law at any property.
        """
        runs.ask(self.work, by)

    def halt_sweep(self, by: str, ground: str) -> None:
        """Stop erasing by day for the whole house; one person is enough.

        :param by: the host's id of who stops it.
        :param ground: wrong-rows, investigation, authority-order or upkeep.
        :raises ForbiddenError: they may not decide about the law at any property.
        :raises InputError: there is no such ground.
        :raises TransitionError: it is stopped already.
        """
        halting.halt(self.work, by, ground)

    def resume_sweep(self, by: str) -> bool:
        """Let erasing by day go on; the second person's word ends the stop.

        :param by: the host's id of who says it.
        :return: whether that was the second person.
        :raises ForbiddenError: they may not decide about the law at any property.
        :raises FourEyesError: they were the first person.
        :raises TransitionError: nothing is stopped.
        """
        return halting.resume(self.work, by)

    def said_first(self, by: str) -> frozenset[str]:
        """Return what a person said first of two people, so that another one must confirm it.

        :param by: the host's id of who asks.
        :return: of ``clock`` and ``goes-on``.
        """
        told = {"clock": brake.CLOCK, "goes-on": halting.GOES_ON}
        return frozenset(
            word for word, name in told.items()
            if firsts.waits_for_another(self.work, name, by, CONFIRM)
        )

    def gauges(self) -> gauges.Gauges:
        """Return counts and ages for whoever watches the installation; nobody's data."""
        return gauges.gauges(self.work)

    def ills(self) -> Sequence[str]:
        """Return what is wrong with the installation, in words alone."""
        return health.ills(self.work)

    def count_register(self, property: str) -> Sequence[counting.Count]:
        """Count the guest register of a property, where that was not done today.

        :param property: code of the property.
        :raises UnknownError: there is no such property.
        :raises BlockedError: the clock is in doubt.
        """
        return counting.count(self.work, property)

    def counts(self, by: str | None = None) -> Sequence[Mapping[str, Any]]:
        """Return the last count of the guest register of each property and table.

        :param by: the host's id of who asks; None at a console.
        """
        return watching.last(self.work, by)

    def count_files(
        self, since: datetime | None = None, controller: str = ""
    ) -> Iterator[tuple[str, bytes]]:
        """Yield name and content of the files of the newest counts.

        :param since: only of what was counted after this time, naive UTC.
        :param controller: only of this controller, by its slug.
        """
        return listing.files_since(self.work, since, controller)

    def confirm_clock(self, by: str) -> bool:
        """Say that a clock in doubt is right; the second person's word lets the brake go.

        :param by: the host's id of who says it.
        :return: whether that was the second person.
        :raises ForbiddenError: they may not decide about the law at any property.
        :raises FourEyesError: they were the first person.
        :raises TransitionError: nobody doubts the clock.
        """
        # In a database that was restored this waits, so that its journals can still go on.
        remembering.notice(self.work)
        return brake.confirm(self.work, by)

    def propose_copy(self, by: str, fingerprint: str) -> None:
        """Say that a copy of the keys lies outside the property, as the first person.

        :param fingerprint: read from the copy.
        :raises ForbiddenError: they may not decide about the law at any property.
        :raises InputError: it is not the fingerprint of the keys in use.
        """
        copies.propose(self.work, by, fingerprint)

    def confirm_copy(self, by: str) -> None:
        """Say that the copy is there, as the second person.

        :raises ForbiddenError: they may not decide about the law at any property.
        :raises FourEyesError: they were the first person.
        :raises TransitionError: nobody said so in the last day.
        """
        copies.confirm(self.work, by)

    def copy_confirmed(self) -> bool:
        """Return whether two people confirmed a copy of the keys as they are now."""
        return copies.confirmed(self.work)

    def tasks(
        self, by: str | None = None, done: bool = False, page: int = 0
    ) -> Sequence[Mapping[str, Any]]:
        """Return what people must do by a day, the most urgent or the last signed first.

        :param by: the host's id of who asks; only of properties at which they may do it.
        :param done: what is signed instead of what is open.
        :param page: number of a page of 50, and of the next one the first; 0 for all of them.
        :raises InputError: there is no such page.
        """
        return tasks.listed(self.work, by, done, page)

    def sign_task(self, id: int, count: int, by: str) -> None:
        """Sign that a task is done.

        :param count: how much it was: sheets, forms, copies.
        :raises UnknownError: there is no such task where they may act.
        :raises InputError: that is no count.
        :raises TransitionError: it was signed before.
        """
        tasks.sign(self.work, id, count, by)
        deliveries.signed(self.work, id, by)

    # the worker

    def work_intake(self) -> int:
        """Look at what came in through the form; return how many rows ended."""
        return intake.look(self.work)

    def expire(self) -> int:
        """End what nobody confirmed, and forget contacts, tries and tokens whose time is over.

        What was produced for an authority and nobody reviewed in time is told of, once.

        :return: how many requests ended.
        """
        limits.forget(self.work)
        tokens.forget(self.work)
        bearer.forget(self.work)
        codes.forget(self.work)
        pins.forget(self.work)
        contacts.end_old_contacts(self.work)
        laternotice.end_old(self.work)
        years.expire(self.work)
        disclosures.overdue(self.work)
        return review.expire(self.work)

    def remind(self) -> int:
        """Remind officers of answers that are due soon or late, once a day; return how many."""
        return deadlines.remind(self.work)

    def stuck(self) -> int:
        """Lay what waits for more than 90 days before the officer; return how much it is."""
        return waiting.remind(self.work)

    def due(self) -> Sequence[str]:
        """Return the numbers of requests whose erasure, or check, is due now."""
        return execution.due(self.work)
