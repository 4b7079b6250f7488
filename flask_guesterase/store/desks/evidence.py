"""What can be looked at, and what proves it: lists, certificates, the journal."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ...core.errors import InputError
from ...core.log import slug
from ...core.permissions import Permission
from .. import actors, audit, books, cases, certifying, journal, views, witness
from .. import why as explain
from ..release import outside
from ..remembrance import remembering
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
        """Re-derive the whole journal and return where it does not prove itself.

        It is compared with what the folders that take checkpoints have seen.

        :param brought: signed checkpoints from where they were kept.
        :raises InputError: one of them is no checkpoint of this house.
        """
        return audit.verify(self.work.conn, outside.seen(self.work, brought))

    def checkpoint(self, controller: str = "") -> str:
        """Return a signed checkpoint of a journal.

        :param controller: who answers for the data; may be left out where there is one.
        :raises InputError: there are several, and none was named.
        :raises UnknownError: it has no journal yet.
        :raises BlockedError: this database was restored and has not caught up.
        """
        known = {slug(p.controller) for p in self.work.settings.properties.values()}
        if not controller:
            if len(known) > 1:
                raise InputError(
                    "There are several journals.", f"Name one of: {', '.join(sorted(known))}."
                )
            controller = next(iter(known))
        remembering.still(self.work)
        key = self.work.custodian.signing_key()
        return witness.checkpoint(self.work.conn, controller, key, journal.stamp(self.work.now))
