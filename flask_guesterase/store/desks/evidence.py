"""What can be looked at, and what proves it: lists, certificates, the journal."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from typing import Any

from ...core.checkpoint import read_note
from ...core.cosignature import PROOF_FORMAT, request
from ...core.course import Deed
from ...core.errors import InputError
from ...core.log import slug
from ...core.permissions import Permission
from ..access import actors
from ..casework import cases
from ..certificates import certifying
from ..hiding import books
from ..journaling import audit, export, ledger, pruning, signing, witness
from ..release import outside
from ..remembrance import heads, remembering
from ..requests import views
from ..requests import why as explain
from ..requests.views import Page
from ..training import gate
from ..upkeep import consistency
from .desk import Desk


class Evidence(Desk):
    """What can be looked at, and what proves it: lists, certificates, the journal."""

    def show(self, number: str, by: str | None = None) -> dict[str, Any]:
        """Return a request as staff see it, without anybody's data.

        :raises ForbiddenError: they may not look at this property.
        """
        case = cases.load(self.work, number)
        if by is not None:
            actors.require(self.work, by, Permission.VIEW, case.property)
        return views.show(self.work, case)

    def list(
        self, property: str | None = None, state: str | None = None, by: str | None = None
    ) -> Sequence[dict[str, Any]]:
        """Return requests: open ones first, the most urgent on top.

        :param state: a state, "open", or "overdue".
        :param by: the host's id of who asks; only properties at which they may look.
        """
        return views.listed(self.work, by, property, state)

    def page(
        self, number: int, by: str, property: str | None = None, state: str | None = None
    ) -> Page:
        """Return one page of what `list` returns: open ones first, then those that ended last.

        :param number: of the page; the first is 1.
        :param by: the host's id of who asks; only properties at which they may look.
        :param state: a state, "open", or "overdue".
        :raises InputError: there is no such state, or no such page.
        """
        return views.page(self.work, by, property, state, number)

    def why(self, table: str, key: str) -> str:
        """Explain what happens, or happened, to one row.

        :raises UnknownError: nothing is declared about the table, or there is no such row.
        """
        return explain.why(self.work, table, key)

    def open_books(self, property: str, by: str) -> int:
        """Record that somebody reads what is kept in place; return how many rows that are.

        :param property: code of the property.
        :param by: the host's id of the person.
        :raises ForbiddenError: they may not read its books.
        """
        gate.ready(self.work, by, Deed.BOOKS, property)
        return books.open_books(self.work, property, by)

    def certificate(self, number: str, by: str | None = None) -> dict[str, Any]:
        """Return the newest certificate of a request, as issued.

        :raises UnknownError: there is none yet.
        :raises BlockedError: this database was restored and has not caught up.
        """
        case = cases.load(self.work, number)
        if by is not None:
            actors.require(self.work, by, Permission.VIEW, case.property)
        remembering.still(self.work)
        return certifying.newest(self.work, case.number)

    def verify(self, brought: Sequence[str] = ()) -> Sequence[audit.Problem]:
        """Re-derive the journal, compare our rows with it, and return what does not fit.

        It is compared with what the folders that take checkpoints have seen, too. What is about
        all of the house names no controller.

        :param brought: signed checkpoints from where they were kept.
        :raises InputError: one of them is no checkpoint of this house.
        """
        found = audit.verify(self.work.conn, outside.seen(self.work, brought))
        return [*found, *consistency.problems(self.work)]

    def prune(self, controller: str, before: date, by: str, second: str) -> pruning.Wish:
        """Return what two people may have taken out of a journal; `pruning.prune` does it.

        :param before: entries from before this day go, as far as they may.
        :raises InputError: entries of that day are younger than six years.
        :raises ForbiddenError: one of them may neither audit nor decide about the law there.
        :raises FourEyesError: it is the same person twice.
        :raises BlockedError: the clock is in doubt.
        """
        return pruning.wish(self.work, controller or self._only(), before, by, second)

    def journal(self, controller: str = "", most: int = 50) -> Sequence[ledger.Line]:
        """Return the newest entries of a journal, without silent holds."""
        return ledger.newest(self.work, controller or self._only(), most=most)

    def export(self, controller: str = "", since: str = "") -> Iterator[str]:
        """Yield a journal, or all of them, line by line.

        :param since: a signed checkpoint of it; only what came after it.
        :raises InputError: it is no checkpoint of this house.
        :raises BlockedError: this database was restored and has not caught up.
        """
        remembering.still(self.work)
        head = outside.brought(self.work, since) if since else None
        return export.lines(self.work.conn, controller, head)

    def consistency(self, old: str) -> str:
        """Return a proof that a journal continues an earlier checkpoint of it.

        :param old: the earlier checkpoint, a signed note.
        :raises InputError: it is no checkpoint of this house.
        :raises UnknownError: the journal does not continue it, or not in this epoch.
        """
        head = outside.brought(self.work, old)
        note = self.checkpoint(head.controller)
        path = witness.proves(self.work.conn, head, read_note(note))
        return f"{PROOF_FORMAT}\n{request(head.size, path, note)}"

    def checkpoint(self, controller: str = "") -> str:
        """Return a signed checkpoint of a journal.

        :param controller: who answers for the data; may be left out where there is one.
        :raises InputError: there are several, and none was named.
        :raises UnknownError: it has no journal yet.
        :raises BlockedError: this database was restored and has not caught up.
        """
        controller = controller or self._only()
        remembering.still(self.work)
        note = signing.checkpoint(self.work, controller)
        heads.shows(self.work, note)
        return note

    def _only(self) -> str:
        """Return the one controller there is."""
        known = {slug(p.controller) for p in self.work.settings.properties.values()}
        if len(known) > 1:
            raise InputError(
                "There are several journals.", f"Name one of: {', '.join(sorted(known))}."
            )
        return next(iter(known))
