"""What a guest can do: ask, prove, follow, ask again, take back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ...core.agenda import Milestone
from ...core.permissions import Permission
from ..access import actors, limits
from ..casework.cases import load
from ..certificates import laterwish
from ..certificates.laternotice import Standing
from ..certificates.laterwish import Later
from ..deciding import review
from ..executing import supplementing
from ..remembrance import remembering
from ..requests import intake, views
from ..requests.views import CaseView
from ..search import rescan
from .desk import Desk


class Guests(Desk):
    """What a guest can do: ask, prove, follow, ask again, take back."""

    def attempt(self, action: str, who: str) -> None:
        """Count one try of "link", "case" or "code", in a transaction before the one that checks.

        :param action: what is tried.
        :param who: whose tries are counted: a remote address, a user's id.
        :raises LimitError: there were too many.
        """
        limits.attempt(self.work, action, who)

    def intake(
        self, form: Mapping[str, str], *, property: str, channel: str, lang: str, remote_mark: str
    ) -> None:
        """Take in what a form says: one sealed row, the same statements for everyone.

        :param form: name, email, phone, document, booking, as they came.
        :param property: code of the property.
        :param channel: "form" for the guest's form.
        :param lang: language the answer should be in.
        :param remote_mark: where it came from; kept as a keyed mark only.
        :raises LimitError: too much came from there.
        :raises UnknownError: there is no such property.
        """
        place = self.work.settings.property(property)
        intake.receive(self.work, form, place, channel, lang, remote_mark)

    def open_link(self, token: str) -> CaseView:
        """Return the request a link confirms, without using the link.

        :raises TokenError: it is unknown, used or expired.
        """
        return views.guest_view(self.work, views.by_link(self.work, token))

    def confirm_link(self, token: str, code: str = "") -> str:
        """Use a link up: the guest proved the contact. Return the case code, shown once.

        :param token: secret of the link.
        :param code: the code to give; a random one where it is empty.
        :raises TokenError: it is unknown, used or expired.
        """
        return review.confirm_link(self.work, token, code=code)

    def case(self, code: str) -> CaseView:
        """Return what a guest is told about the request that a case code opens.

        :raises TokenError: the code is unknown or expired.
        """
        return views.guest_view(self.work, views.by_code(self.work, code))

    def milestones(self, code: str) -> list[Milestone]:
        """Return the days of the request that a case code opens, past and to come.

        :param code: the guest's case code.
        :raises TokenError: the code is unknown or expired.
        """
        return views.milestones(self.work, views.by_code(self.work, code))

    def ask_again(self, code: str, kind: str, value: str) -> None:
        """Send a contact that a guest typed a link, by which they may have it looked for again.

        :param code: the guest's case code.
        :param kind: "email" or "phone".
        :param value: as it was typed; kept for nothing else.
        :raises TokenError: the code is unknown or expired.
        :raises TransitionError: there is no certificate yet.
        :raises LimitError: this case asked too often.
        :raises InputError: it is neither an e-mail address nor a telephone number.
        """
        rescan.ask(self.work, code, kind, value)

    def open_again(self, token: str) -> CaseView:
        """Return the request for which a link asks again, without using the link.

        :raises TokenError: it is unknown, used or expired.
        """
        return views.guest_view(self.work, rescan.by_link(self.work, token))

    def confirm_again(self, token: str) -> None:
        """Use such a link up: the guest reads the contact, so it may be looked for.

        :raises TokenError: it is unknown, used or expired.
        """
        rescan.confirm(self.work, token)

    def scan(self, code: str) -> dict[str, Any] | None:
        """Return the newest signed answer to a guest who asked again, or None.

        :raises TokenError: the code is unknown or expired.
        """
        return rescan.newest(self.work, code)

    def later(self, code: str) -> Later:
        """Return whether the guest of a case code is told later that the last has gone.

        :raises TokenError: the code is unknown or expired.
        """
        return laterwish.look(self.work, views.by_code(self.work, code))

    def later_of(self, number: str, by: str) -> Later:
        """Return the same of a request, for staff.

        :raises ForbiddenError: they may not look at its property.
        """
        case = load(self.work, number)
        actors.require(self.work, by, Permission.VIEW, case.property)
        return laterwish.look(self.work, case)

    def ask_later(self, number: str, by: str | None = None, code: str | None = None) -> None:
        """Note that a guest wants to be told once, when the last of what stays has gone.

        :param by: the host's id of the clerk who notes it for the guest.
        :param code: the guest's case code.
        :raises TokenError: the code is not this request's.
        :raises ForbiddenError: the clerk may not file at its property.
        :raises TransitionError: no contact was proved, or it was answered already.
        """
        laterwish.ask(self.work, number, by, code)

    def withdraw_later(self, number: str, by: str | None = None, code: str | None = None) -> None:
        """Note that they do not want it; a contact kept for it goes, and the certificate says so.

        :param by: the host's id of the clerk who notes it for the guest.
        :param code: the guest's case code.
        :raises TokenError: the code is not this request's.
        :raises ForbiddenError: the clerk may not file at its property.
        """
        kept = laterwish.withdraw(self.work, number, by, code) is Standing.KEPT
        # A restored database issues nothing before its journal was continued.
        if kept and not remembering.forgetful(self.work):
            supplementing.supplement(self.work, load(self.work, number))

    def withdraw(self, number: str, by: str | None = None, code: str | None = None) -> None:
        """Take a request back, until it is carried out.

        :param number: number of the request.
        :param by: the host's id of the clerk who does it for the guest.
        :param code: the guest's case code.
        :raises TokenError: the code is not this request's.
        :raises ForbiddenError: the clerk may not file at this property.
        :raises TransitionError: it is too late.
        """
        review.withdraw(self.work, number, by, code)
