"""Training of who acts on guests' data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ...core.course import Grade, needed
from ...core.permissions import Permission
from ..access import actors
from ..training import records
from .desk import Desk


class Schooling(Desk):
    """Training of who acts on guests' data."""

    def take_quiz(self, course: str, by: str, answers: Sequence[int]) -> Grade:
        """Grade the quiz of a course; one that is passed counts for twelve months.

        :param answers: the place of the chosen option of each question, from 0.
        :raises ForbiddenError: they may train nowhere.
        :raises InputError: not every question was answered.
        :raises UnknownError: there is no such course.
        """
        return records.answer(self.work, by, course, answers)

    def trainings(self, by: str) -> Mapping[str, Mapping[str, Any]]:
        """Return course -> a person's own record: when passed, until when, how well."""
        return records.mine(self.work, by)

    def number_of(self, by: str) -> str | None:
        """Return the opaque number by which lists name a person, or None when they never acted."""
        return actors.known(self.work, by)

    def courses_needed(self, by: str) -> Sequence[str]:
        """Return the courses that a person needs for what they may do anywhere."""
        may, codes = actors.may, self.work.settings.properties
        given = [p for p in Permission if any(may(self.work, by, p, code) for code in codes)]
        return needed(given)

    def courses_lacking(self, by: str) -> Sequence[str]:
        """Return the courses that a person needs and has no training in that counts now."""
        return records.lacking(self.work, by, self.courses_needed(by))

    def overdue_trainings(self, by: str | None = None) -> Sequence[Mapping[str, Any]]:
        """Return whose training is over or missing, or ends soon, by opaque number.

        :param by: the host's id of who asks; only of properties at which they may watch.
        """
        return records.overdue(self.work, by)
