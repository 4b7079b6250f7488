"""Who is who: claim codes of guests without a contact, and objections from another contact."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from ...core.course import Deed
from ...core.permissions import Permission
from ..access import actors
from ..casework import cases
from ..identity import codes, objecting, refusals
from ..identity.codes import Claim
from ..noted import Refusal
from ..requests import outside
from ..training import gate
from .desk import Desk


class Identity(Desk):
    """Who is who: claim codes of guests without a contact, and objections from another contact."""

    def print_claim(self, match: Mapping[str, str], *, property: str, by: str) -> Claim:
        """Return a new claim code for a guest the clerk saw; earlier ones of theirs end.

        :param match: match key -> value as it stands in the profile, and "name".
        :param property: code of the property.
        :param by: the host's id of the clerk.
        :raises ForbiddenError: the clerk may not verify at this property.
        :raises InputError: no name was given, or nobody can be found by what was.
        :raises UnknownError: nobody is on file under all of it, or there is no such property.
        """
        gate.ready(self.work, by, Deed.VERIFY, property)
        return codes.print_code(self.work, match, property, by)

    def attempt_claim(self, code: str) -> None:
        """Count a try of a claim code, in a transaction before the one that checks it.

        Where it came from is counted by `attempt`, of what opened nothing.

        :param code: as it was typed.
        """
        codes.attempt(self.work, code)

    def claim(self, code: str, name: str, lang: str, case_code: str = "") -> str:
        """Use a claim code up: its guest is proved. Return the case code, shown once.

        :param code: as it was typed.
        :param name: the guest's name.
        :param lang: language the guest reads.
        :param case_code: the code to give; a random one where it is empty.
        :raises TokenError: they do not go together, or the code is unknown, used or expired.
        :raises TransitionError: the guest's open request was proved before.
        """
        return codes.enter(self.work, code, name, lang, case_code)

    def open_objection(self, token: str) -> None:
        """Make sure that a link objects to a request, without using the link.

        :raises TokenError: it is unknown, used or expired.
        """
        objecting.by_link(self.work, token)

    def object_to(self, token: str) -> bool:
        """Use such a link up: the request waits for the privacy officer.

        :return: False where it was carried out before.
        :raises TokenError: it is unknown, used or expired.
        """
        return objecting.receive(self.work, token)

    def objected(self, number: str, by: str) -> int:
        """Return how often somebody objected to a request, where nobody has settled that; else 0.

        :raises ForbiddenError: they may not look at this property.
        """
        case = cases.load(self.work, number)
        actors.require(self.work, by, Permission.VIEW, case.property)
        return objecting.unanswered(self.work, case.number)

    def settle_objection(self, number: str, by: str, seen: int | None = None) -> None:
        """Note that somebody looked at an objection: a request that is open goes on.

        :param seen: what `objected` told when they looked; None for whatever is open now.
        :raises ForbiddenError: they are not the privacy officer of this property.
        :raises FourEyesError: they filed or verified the request.
        :raises MovedError: somebody objected since.
        :raises TransitionError: it is refused.
        :raises UnknownError: nobody objected, or it was settled.
        """
        objecting.settle(self.work, number, by, seen)

    def open_stop(self, token: str) -> str:
        """Return the property whose approval a link stops, without using the link.

        :raises TokenError: it is unknown, used or expired.
        """
        return outside.by_link(self.work, token).property

    def stop(self, token: str) -> bool:
        """Use such a link up: what one person approved alone is to be decided again.

        :return: whether it was early enough.
        :raises TokenError: it is unknown, used or expired.
        """
        return outside.stop(self.work, token)

    def journal_refusals(self, refused: Iterable[Refusal]) -> None:
        """Write down what was refused in a transaction that was rolled back."""
        refusals.journal(self.work, refused)
