"""What people decide about the law: signatures, periods, shortenings."""

from __future__ import annotations

from collections.abc import Sequence

from ...core.permissions import Permission
from ..access import actors
from ..deciding import amendments
from ..deciding.amendments import Draft, House
from ..lawbook import schedule
from ..lawbook.schedule import Entry, Kept
from ..requests import pending
from ..requests.pending import Waiting
from ..settings import Property
from .desk import Desk


class Rules(Desk):
    """What people decide about the law: signatures, periods, shortenings."""

    def sign_pack(self, code: str, by: str, text: str | None = None) -> None:
        """Sign the text of a jurisdiction pack as it is now; until then it is a draft.

        :param text: mark of the text they read, as `drafts` tells; None for the one installed now.
        :raises MovedError: another text is installed by now.
        :raises UnknownError: no property is under this pack.
        :raises ForbiddenError: they may not decide about the law at a property under it.
        """
        amendments.sign(self.work, code, by, text)

    def drafts(self, by: str) -> Sequence[Draft]:
        """Return the packs nobody signed that count where a person may decide about the law."""
        return amendments.drafts(self.work, by)

    def house_period(self, property: str, period: House, by: str) -> int:
        """Propose a period of the house where the law gives no number; return its number.

        :param property: code of the property.
        :raises InputError: it is no period.
        :raises ForbiddenError: they may not decide about the law at this property.
        """
        return amendments.house(self.work, property, period, by)

    def confirm_house(self, id: int, by: str) -> None:
        """Set a period of the house that another person proposed.

        :raises FourEyesError: they proposed it.
        :raises TransitionError: it is no proposal any more.
        """
        amendments.confirm_house(self.work, id, by)

    def rules_waiting(self, by: str | None = None) -> Sequence[Waiting]:
        """Return the lines of the rulebook that wait for people, each with a preview.

        :param by: the host's id of who looks; only where they may decide about the law.
        """
        return pending.waiting(self.work, by)

    def propose_change(self, id: int, by: str) -> None:
        """Propose that a shortening may act, or that a period of the house may end.

        :raises ForbiddenError: they may not decide about the law there.
        :raises TransitionError: nothing of it waits.
        """
        amendments.propose(self.work, id, by)

    def confirm_change(self, id: int, by: str, checkpoint: str) -> str:
        """Let a shortening act thirty days from today; return that day, ISO.

        :param checkpoint: a signed checkpoint kept outside that has seen the proposal.
        :raises FourEyesError: they proposed it.
        :raises InputError: it is not a checkpoint of this house, or older than the proposal.
        :raises TransitionError: nobody proposed it.
        """
        return amendments.confirm(self.work, id, by, checkpoint)

    def schedule(self, property: str, by: str | None = None) -> Sequence[Entry]:
        """Return how long what is kept at a property, under which article, and what follows.

        :param by: the host's id of who looks; None at a console.
        :raises UnknownError: there is no such property.
        :raises ForbiddenError: they may not look at this property.
        """
        if by is not None:
            actors.require(self.work, by, Permission.VIEW, property)
        return schedule.schedule(self.work, property)

    def declared_kept(self) -> Sequence[Kept]:
        """Return what policies leave in rows that stay, without an end, and why (`keep(reason)`).

        What is erased with its row is not among it. It is the same at all properties.
        """
        tables = self.work.datamap.tables
        stay = [name for name, declared in tables.items() if not declared.goes_whole]
        return list(schedule.declared_kept(self.work.datamap, stay))

    def foreseen(self, place: Property, by: str) -> Sequence[Entry]:
        """Return how long what would be kept at a property, were it as it is given.

        :param place: a property with the country and region that are thought of.
        :raises UnknownError: there is no property of this code.
        :raises ForbiddenError: they may not decide about the law at this property.
        """
        now = self.work.settings.property(place.code)
        actors.require(self.work, by, Permission.LAW, place.code)
        if (place.country, place.region) == (now.country, now.region):
            return schedule.schedule(self.work, place.code)
        return schedule.foreseen(self.work, place)
