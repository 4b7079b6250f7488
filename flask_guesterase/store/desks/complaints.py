"""Complaints and feedback, from the guest's page to the answer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..complaints import (
    deciding,
    feedback,
    looking,
    outside,
    receiving,
    records,
    reminding,
    told,
)
from ..complaints.outside import Seen
from ..complaints.receiving import Grievance
from ..complaints.told import Heard
from ..messages.post import Draft
from .desk import Desk


class Complaints(Desk):
    """Complaints and feedback, from the guest's page to the answer."""

    def complain(self, code: str, about: str, text: str) -> str:
        """Take a complaint from the page of a case; return its number.

        :param code: the guest's case code.
        :param about: one of `core.complaining.About`.
        :param text: in the guest's own words; it is sealed.
        :raises TokenError: the code is unknown or expired.
        :raises InputError: nothing is written, or there is no such word.
        :raises TransitionError: a complaint about this request is open.
        """
        return receiving.from_guest(self.work, code, about, text)

    def complain_without_case(self, given: Grievance, remote: str) -> str:
        """Take a complaint from the privacy page; nobody is looked for. Return its number.

        :param remote: where it came from; counted as a keyed mark.
        :raises LimitError: too much came from there.
        :raises InputError: nothing is written, there is no such word, or that is no contact.
        """
        return receiving.without_case(self.work, given, remote)

    def file_complaint(self, given: Grievance, by: str) -> str:
        """Record a complaint that came by mail, phone, letter or at the desk; return its number.

        :raises ForbiddenError: they may neither file nor deal with complaints at the property.
        :raises InputError: the day of receipt lies ahead, or what was given means nothing.
        :raises TransitionError: a complaint about this request is open.
        """
        return receiving.file(self.work, given, by)

    def acknowledge_complaint(self, number: str, by: str) -> None:
        """Note that who complained has the word that it was received.

        :raises ForbiddenError: they may neither file nor deal with complaints at the property.
        """
        receiving.acknowledge(self.work, number, by)

    def complaint_clock(self, number: str) -> dict[str, Any]:
        """Return by when a complaint is answered, and whether that is the house's own choice.

        :raises UnknownError: there is none.
        """
        row = records.load(self.work, number)
        return {"due_on": row.due_on, "house": bool(row.house)}

    def heard(self, code: str) -> tuple[Heard, ...]:
        """Return the complaints about the request that a case code opens, the newest first.

        :param code: the guest's case code.
        :raises TokenError: the code is unknown or expired.
        """
        return told.heard(self.work, code)

    def complaints(
        self, by: str | None, property: str = "", page: int = 0
    ) -> Sequence[dict[str, Any]]:
        """Return complaints, open ones first by their day, without what anybody wrote.

        :param by: the host's id of who asks; None at a console.
        :param page: number of a page of 50, and of the next one the first; 0 for all of them.
        :raises ForbiddenError: they may deal with complaints nowhere.
        :raises InputError: there is no such page.
        """
        return looking.listed(self.work, by, property, page)

    def complaints_about(self, request: str, by: str) -> Sequence[dict[str, Any]]:
        """Return the complaints about a request, the newest first, without what anybody wrote.

        :param request: number of the request.
        :param by: the host's id of who asks; those at whose property they deal with complaints.
        """
        return looking.about(self.work, request, by)

    def complaint(self, number: str, by: str) -> dict[str, Any]:
        """Return one complaint, opened for who may deal with it.

        :raises ForbiddenError: they may not deal with complaints at its property.
        """
        return looking.show(self.work, number, by)

    def complaint_letter(self, number: str, by: str, outcome: str, words: str) -> Draft:
        """Return the letter that would answer a complaint, changing nothing.

        :raises FourEyesError: they decided what is complained about.
        :raises InputError: there is no such answer to this complaint.
        """
        return deciding.draft(self.work, number, by, outcome, words)

    def answer_complaint(self, number: str, by: str, outcome: str, words: str = "") -> None:
        """Answer a complaint, by another person than who decided what it is about.

        :param outcome: upheld, overturned or remedied.
        :param words: what the letter says besides, in the guest's language.
        :raises FourEyesError: they decided what is complained about.
        :raises InputError: there is no such answer to this complaint.
        :raises TransitionError: it was answered, or the request cannot be decided anew.
        """
        deciding.decide(self.work, number, by, outcome, words)

    def invite_reviewer(self, number: str, by: str, mode: str) -> tuple[str, str]:
        """Return a link's secret and its code for somebody outside, shown once.

        :param mode: recommend or decide.
        :raises FourEyesError: they decided what is complained about.
        :raises TransitionError: it was answered.
        """
        return outside.invite(self.work, number, by, mode)

    def enter_review(self, secret: str, code: str, by: str = "", chosen: str = "") -> str:
        """Use a reviewer's link and code up; return what the browser shows from then on.

        :param by: the host's id of who is logged in in that browser, or empty.
        :param chosen: what the browser shows; a random secret where it is empty.
        :raises TokenError: they do not go together, or one of them is used or expired.
        :raises FourEyesError: whoever is logged in works at the property.
        """
        return outside.enter(self.work, secret, code, by, chosen)

    def reviewed_case(self, kept: str) -> Seen:
        """Return what a reviewer from outside reads.

        :raises TokenError: it is unknown, used or expired.
        """
        return outside.view(self.work, kept)

    def reviewer_letter(self, kept: str, outcome: str, words: str) -> Draft:
        """Return the letter that would be sent where the reviewer decides, changing nothing.

        :raises TokenError: it is unknown, used or expired.
        """
        return outside.draft(self.work, kept, outcome, words)

    def advise(self, kept: str, outcome: str, words: str, by: str = "") -> str:
        """Take what a reviewer says, once; return whether it decides: "recommend" or "decide".

        :param by: the host's id of who is logged in in that browser, or empty.
        :raises TokenError: it is unknown, used or expired.
        :raises FourEyesError: whoever is logged in works at the property.
        :raises InputError: there is no such answer to this complaint.
        """
        return outside.advise(self.work, kept, outcome, words, by)

    def remind_complaints(self) -> int:
        """Remind those whose complaint must be answered soon, or is late; return how many."""
        return reminding.remind(self.work)

    def give_feedback(self, code: str, rating: int, words: str = "") -> None:
        """Take what a guest says about an ended request, once.

        :raises TokenError: the code is unknown or expired.
        :raises TransitionError: the request has not ended, or this was said before.
        :raises InputError: that is no rating.
        """
        feedback.give(self.work, code, rating, words)

    def feedback_asked(self, code: str) -> bool:
        """Return whether the guest of this case code may still say how it went.

        :raises TokenError: the code is unknown or expired.
        """
        return feedback.asked(self.work, code)

    def feedback(self, by: str, property: str = "") -> dict[str, Any]:
        """Return how often which figure was given, and the newest words, without whose they are.

        :raises ForbiddenError: they may deal with complaints nowhere.
        """
        return feedback.figures(self.work, by, property)
