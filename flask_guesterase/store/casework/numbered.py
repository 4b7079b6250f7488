"""Rows of ours that people call by a number: read, locked, added, and changed one at a time."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, Table, insert, select, update
from sqlalchemy.exc import IntegrityError

from ...core.errors import TransitionError, UnknownError
from ...core.log import slug
from ...core.permissions import Permission
from ..access import actors
from ..settings import Property
from ..work import Work
from .cases import new_number, plain_number


@dataclass(frozen=True)
class Numbered:
    """One table of such rows, which have a number, a property, a controller and a version.

    :param table: the table.
    :param prefix: what its numbers begin with.
    :param name: what one of its rows is called.
    :param permission: what whoever deals with one must be granted.
    """

    table: Table
    prefix: str
    name: str
    permission: Permission

    def load(self, work: Work, number: str, lock: bool = False) -> Row[Any]:
        """Return a row.

        :param work: the open transaction.
        :param number: its number, as people write it.
        :param lock: keep others from acting on it until the transaction ends.
        :raises UnknownError: there is none.
        """
        wanted = select(self.table).where(self.table.c.number == plain_number(number))
        row = work.conn.execute(wanted.with_for_update() if lock else wanted).one_or_none()
        if row is None:
            raise UnknownError(
                f"There is no {self.name} with this number.", "Look it up in the list."
            )
        return row

    def allowed(
        self, work: Work, number: str, by: str, lock: bool = False
    ) -> tuple[Row[Any], str]:
        """Return a row and the opaque number of who may deal with it.

        :raises UnknownError: there is none.
        :raises ForbiddenError: they may not deal with such rows at its property.
        """
        row = self.load(work, number, lock)
        return row, actors.allow(work, by, self.permission, row.property)

    def add(
        self, work: Work, hotel: Property, values: Mapping[str, Any],
        require: Callable[[], None] = lambda: None,
    ) -> Row[Any]:  # fmt: skip
        """Insert a row under a random number of its own, which tells nothing, and return it.

        :param work: the open transaction.
        :param hotel: the property it is about.
        :param values: its other columns.
        :param require: raises what stands in the way; asked again whenever somebody else's row did.
        """
        while True:
            require()
            number = f"{self.prefix}-{new_number().partition('-')[2]}"
            try:
                with work.conn.begin_nested():
                    work.conn.execute(
                        insert(self.table).values(
                            number=number, property=hotel.code, version=1,
                            controller=slug(hotel.controller), **values,
                        )
                    )  # fmt: skip
            except IntegrityError:
                continue
            return self.load(work, number)

    def change(self, work: Work, row: Row[Any], **values: Any) -> Row[Any]:
        """Write what changed of a row, and return it.

        :raises TransitionError: somebody else acted on it in the meantime.
        """
        done = work.conn.execute(
            update(self.table)
            .where(self.table.c.id == row.id, self.table.c.version == row.version)
            .values(version=row.version + 1, **values)
        )
        if done.rowcount != 1:
            raise TransitionError(
                f"Somebody else acted on this {self.name} in the meantime.", "Look at it again."
            )
        return self.load(work, row.number)
