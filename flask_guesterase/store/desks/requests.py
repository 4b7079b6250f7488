"""What staff do about a request, from the desk to the last look at what is left."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date
from typing import Any

from ...core.course import Deed, Training
from ...core.errors import UnknownError
from ...core.lifecycle import State
from ...core.permissions import Permission
from ...core.standing import Standing
from ..access import actors, limits, tokens
from ..access.tokens import Purpose
from ..binds import awaiting
from ..casework import cases
from ..deciding import approving, review
from ..deciding.preview import Preview, preview
from ..executing import concluding, execution
from ..executing.execution import Ending
from ..messages import letters
from ..requests import deadlines, filing, outside
from ..requests.outside import Overseen
from ..search import leftover, outlived, queued
from ..training import gate
from ..upkeep import dispatch
from .desk import Desk


class Requests(Desk):
    """What staff do about a request, from the desk to the last look at what is left."""

    # the desk

    def request(
        self,
        match: Mapping[str, str],
        *,
        property: str = "",
        channel: str = "desk",
        received: date | None = None,
        by: str | None = None,
        lang: str = "",
        asked_by: str = "",
        reason: str = "",
        wish: str = "",
    ) -> str:
        """Record a request that did not come through the form; return its number.

        The same question asked again while its request is open returns that request's number.

        :param match: match key, or email, phone, document, booking, name, -> value.
        :param property: code of the property; when left out, the one at which they are on file.
        :param channel: desk, mail, phone, letter or cli.
        :param received: day of receipt at the property; starts the legal clock; today if None.
        :param by: the host's id of the clerk; None at a console.
        :param lang: language of the guest; the property's when empty.
        :param asked_by: guest, representative, guardian or relative; the guest when empty.
        :param reason: why, one of `core.reasons.Reason`; none is needed.
        :param wish: erase, copy or copy-first; erase when empty. Of copy-first, the number of the
            copy is returned; the erasure is another request, which waits for it.
        :raises MatchError: nothing was given by which anybody can be found.
        :raises InputError: no property was given and they are on file at several; nobody may ask
            under that word, the reason is none, or the language has no such tag.
        :raises UnknownError: nobody is on file under it, or there is no such property.
        :raises ForbiddenError: the clerk may not file at this property.
        """
        if property:
            gate.ready(self.work, by, Deed.FILE, property)
        given = filing.Filing(
            match, property, channel, received, lang, asked_by, reason, wish
        )
        return filing.file(self.work, given, by)

    def confirm(
        self, number: str, by: str, how: str = "desk", seen: str = "", code: str = ""
    ) -> str:
        """Record that and how somebody showed who they are; return the case code for the slip.

        :param seen: which paper was seen, never a copy; needed of who asks in a guest's place.
        :param code: the code to give; a random one where it is empty.
        :raises ForbiddenError: the clerk may not verify at this property.
        :raises InputError: there is no such way to show who one is, or the paper does not fit.
        :raises TransitionError: the request does not wait for this.
        """
        self._ready(number, by, Deed.VERIFY)
        return review.confirm(self.work, number, by, how, seen, code)

    def recode(
        self, number: str, by: str, how: str = "desk", seen: str = "", code: str = ""
    ) -> str:
        """Give a guest who lost their case code another, which ends; return it for the slip.

        :param how: how they showed who they are, as of `confirm`.
        :param seen: which paper was seen, as of `confirm`.
        :param code: the code to give; a random one where it is empty.
        :raises ForbiddenError: the clerk may not verify at this property.
        :raises InputError: there is no such way to show who one is, or the paper does not fit.
        :raises TransitionError: nobody showed who they are before, or it was carried out.
        """
        self._ready(number, by, Deed.VERIFY)
        return review.recode(self.work, number, by, how, seen, code)

    def acknowledge(self, number: str, by: str) -> None:
        """Note that the guest has a slip in hand that says the request was received.

        :raises ForbiddenError: they may neither file nor verify at this property.
        """
        case = cases.load(self.work, number)
        if not actors.may(self.work, by, Permission.FILE, case.property):
            actors.require(self.work, by, Permission.VERIFY, case.property)
        cases.acknowledge(self.work, case.number)

    def extend(self, number: str, by: str, reason: str) -> date:
        """Lengthen the time for an answer once, as far as the law lets; the guest is told why.

        :param reason: complex or many.
        :return: the new last day.
        :raises ForbiddenError: they may not approve at this property.
        :raises InputError: there is no such reason.
        :raises TransitionError: it is late, was lengthened before, or the law has no extension.
        """
        self._ready(number, by, Deed.EXTEND)
        return deadlines.extend(self.work, number, by, reason)

    def take(self, number: str, person_id: int | str, by: str) -> None:
        """Say that a row that was perhaps the same person's is.

        :raises ForbiddenError: the clerk may not verify at this property.
        """
        review.choose(self.work, number, _row(person_id), by, Standing.TAKEN)

    def leave(self, number: str, person_id: int | str, by: str) -> None:
        """Say that a row is another person's.

        :raises ForbiddenError: the clerk may not verify at this property.
        """
        review.choose(self.work, number, _row(person_id), by, Standing.LEFT)

    def preview(self, number: str, by: str | None = None) -> Preview:
        """Draw the plan of a request and show it.

        :param by: the host's id of who looks; who may verify or approve there sees names and
            masked contacts of subject rows; None shows neither.
        :raises ForbiddenError: they may not look at this property.
        """
        return preview(self.work, number, by)

    def approve(self, number: str, by: str, digest: str) -> None:
        """Approve what the plan decides, by a second person.

        Where the property has nobody second, it is one who filed or verified it too: somebody
        outside is told, and can stop it for 72 hours (see `settings.Property.overseer`).

        :raises FourEyesError: they filed or verified it, and nobody outside can be told.
        :raises MovedError: today's plan is not the one they read; or a row holds another name or
            contact since it was found, and they did not read the plan with names.
        :raises ForbiddenError: they may not approve at this property.
        """
        self._ready(number, by, Deed.APPROVE)
        approving.approve(self.work, number, by, digest)

    def overseen(self, number: str, by: str) -> Overseen:
        """Return what somebody outside has to do with a request that waits for a decision.

        :raises ForbiddenError: they may not look at this property.
        """
        case = cases.load(self.work, number)
        actors.require(self.work, by, Permission.VIEW, case.property)
        alone = approving.alone(self.work, case, by)
        barred = approving.barred(self.work, case, by)
        return Overseen(alone, outside.stopped(self.work, case), barred)

    def refuse(self, number: str, by: str, ground: str) -> None:
        """Refuse a request on a named ground.

        :raises ForbiddenError: they may not refuse at this property.
        :raises InputError: there is no such ground.
        """
        self._ready(number, by, Deed.REFUSE)
        review.refuse(self.work, number, by, ground)

    def _ready(self, number: str, by: str, deed: Deed) -> None:
        if self.work.training is not Training.OFF:
            case = cases.load(self.work, number)
            gate.ready(self.work, by, deed, case.property, case)

    def erase(self, number: str, by: str | None = None) -> Ending:
        """Carry out an approved erasure; ask `Ending.settled` after the commit.

        :raises TransitionError: it was never approved.
        :raises ForbiddenError: they may not erase at this property.
        """
        return execution.erase(self.work, number, by)

    def check(self, number: str) -> State:
        """Look for everything again, set the end state and issue the certificate.

        :raises TransitionError: nothing was erased yet.
        """
        return concluding.check(self.work, number)

    def awaited(self, by: str) -> Sequence[str]:
        """Return the databases that begun erasures have waited for since an hour, by name."""
        codes = self.work.settings.properties
        mine = [c for c in codes if actors.may(self.work, by, Permission.VIEW, c)]
        return awaiting.awaited(self.work, mine)

    def residue(self, number: str, by: str | None = None) -> dict[str, Any]:
        """Return what the search by value found: places and counts; where exactly, for staff.

        :param by: the host's id of who looks and then sees rows and masked words around a find.
        :raises ForbiddenError: they may not look at this property.
        """
        return leftover.show(self.work, number, by)

    def look_again(self, number: str, by: str | None = None, scope: str = "") -> None:
        """Let the search by value be made once more; `residue.searched` or the worker makes it.

        :param by: the host's id of who asks, None at a console.
        :param scope: everything or mapped; as before when empty.
        :raises ForbiddenError: they may not verify at this property.
        :raises UnknownError: nothing was erased, or the values have ended.
        """
        if by is not None:
            case = cases.load(self.work, number)
            actors.require(self.work, by, Permission.VERIFY, case.property)
        queued.again(self.work, number, scope)

    def not_theirs(self, number: str, by: str, marks: Collection[str]) -> int:
        """Note that finds of a search are another person's; return how many.

        :raises ForbiddenError: they may not verify at this property.
        :raises UnknownError: there is no such find.
        """
        return leftover.settle(self.work, number, by, marks)

    def is_gone(self, number: str, by: str, places: Collection[str]) -> int:
        """Note that somebody looked where the values have ended and it is gone; return how many.

        :raises ForbiddenError: they may not verify at this property.
        :raises SealError: the values may be read again.
        :raises UnknownError: nothing is left there whose values have ended.
        """
        return outlived.gone(self.work, number, by, places)

    # people's own codes

    def code(self, user_id: str) -> str:
        """Return a new one-time code of a person for a console; good for ten minutes.

        The person must be logged in: whoever calls this knows who they are.
        """
        return tokens.code(self.work, actors.number(self.work, user_id))

    def use_code(self, user_id: str, code: str) -> None:
        """Use up a person's one-time code.

        :raises TokenError: it is not theirs, was used, or has expired.
        """
        actor = actors.number(self.work, user_id)
        tokens.use(self.work, Purpose.CODE, f"{actor}:{tokens.plain(code)}")
        limits.succeed(self.work, "code", user_id)

    # letters

    def letters(
        self, by: str, property: str | None = None, before: int | None = None,
        most: int | None = None,
    ) -> Sequence[dict[str, Any]]:  # fmt: skip
        """Return the messages a person must print or look at, opened for who may verify.

        :param before: id of a letter; only older ones are returned, the newest of them first.
        :param most: how many at most.
        """
        return letters.letters(self.work, by, property, before, most)

    def printed(self, id: int, by: str) -> None:
        """Record that a letter was printed, or that what failed was dealt with.

        A file is removed, or put back, again; a person's word is taken only where nobody can.

        :raises ForbiddenError: they may not verify at its property.
        """
        dispatch.printed(self.work, id, by)


def _row(person_id: int | str) -> int:
    try:
        return int(person_id)
    except ValueError:
        raise UnknownError("This request has no such row.", "Look at it again.") from None
