"""Copies of what is held about a guest: released by a second person, fetched once by the guest."""

from __future__ import annotations

from ...core.copying import Copy, Outline
from ...core.wish import Kind
from ..access import tokens
from ..access.tokens import Purpose
from ..casework import cases
from ..copying import offering
from ..deciding import review
from ..requests import views
from ..requests.views import CaseView
from .desk import Desk


class Copying(Desk):
    """Copies of what is held about a guest: released by a second person, fetched by the guest."""

    def open_copy_link(self, token: str) -> CaseView:
        """Return the request for a copy that a link confirms, without using the link.

        :raises TokenError: it is unknown, used or expired, or was made for an erasure.
        """
        number = str(tokens.look(self.work, Purpose.COPY, token).request)
        return views.guest_view(self.work, cases.load(self.work, number))

    def confirm_copy_link(self, token: str, code: str = "") -> str:
        """Use such a link up: the guest proved the contact. Return the case code, shown once.

        :param token: secret of the link.
        :param code: the code to give; a random one where it is empty.
        :raises TokenError: it is unknown, used or expired, or was made for an erasure.
        """
        return review.confirm_link(self.work, token, Kind.COPY, code)

    def copy_after(self, number: str, by: str) -> str:
        """Record a request for a copy of what is still kept of somebody who was erased.

        :param number: number of the request by which they were erased.
        :raises ForbiddenError: the clerk may not file at its property.
        :raises TransitionError: nothing was erased by it.
        """
        return offering.after(self.work, number, by)

    def outline(self, number: str, by: str) -> tuple[Outline, str]:
        """Return what a copy would hold, without its values, and the digest a release names.

        :raises ForbiddenError: they may not look at this property.
        :raises UnknownError: the request is not for a copy.
        :raises TransitionError: it is over.
        """
        return offering.show(self.work, number, by)

    def release_copy(self, number: str, by: str, digest: str) -> str:
        """Release a copy, by a second person; return the last day on which it lies ready, ISO.

        :raises FourEyesError: they filed or verified the request.
        :raises MovedError: it would hold something else than what they read.
        :raises ForbiddenError: they may not approve at this property.
        """
        return offering.release(self.work, number, by, digest)

    def send_copy_link(self, code: str) -> None:
        """Send the contact on file a link that opens the copy once.

        :param code: the guest's case code.
        :raises TokenError: the code is unknown or expired.
        :raises TransitionError: no copy lies ready, or there is no contact.
        :raises LimitError: it was asked for too often.
        """
        offering.send(self.work, code)

    def hand_out_copy(self, number: str, by: str) -> str:
        """Return a code on paper that opens the copy once, for a guest at the desk.

        :raises ForbiddenError: the clerk may not verify at this property.
        :raises FourEyesError: they released it.
        :raises TransitionError: no copy lies ready.
        """
        return offering.hand_out(self.work, number, by)

    def open_copy(self, secret: str) -> CaseView:
        """Return the request whose copy a link or a code opens, without using it.

        :raises TokenError: it is unknown, used or expired.
        """
        return views.guest_view(self.work, offering.look(self.work, secret))

    def fetch_copy(self, secret: str, ticket: str = "") -> str:
        """Use a link or a code up; return the ticket that reads the copy for half an hour.

        :param secret: secret of the link, or the code as it was typed.
        :param ticket: the ticket to give; a random one where it is empty.
        :raises TokenError: it is unknown, used or expired, or the copy is not there any more.
        """
        return offering.fetch(self.work, secret, ticket)

    def read_copy(self, ticket: str) -> tuple[CaseView, Copy]:
        """Return the copy that a ticket reads, and its request.

        :raises TokenError: its half hour is over, or the copy is not there any more.
        """
        case, copy = offering.read(self.work, ticket)
        return views.guest_view(self.work, case), copy

    def end_copies(self) -> int:
        """End some of the copies whose day is over; return how many those were."""
        return offering.end(self.work)
