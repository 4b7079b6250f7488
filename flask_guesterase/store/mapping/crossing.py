"""Which database a table lies in, and a connection that sends each statement there."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, Engine, Table
from sqlalchemy.sql import visitors
from sqlalchemy.sql.expression import TableClause

from ...core.errors import BusyError, GuesteraseError, SetupError

HOME = ""
"""Name of the default database, in which our own tables and the journal are."""

Opened = Callable[[Engine, bool], AbstractContextManager[Connection]]
"""Opens a transaction on an engine; whether it writes."""


@dataclass(frozen=True)
class Binds:
    """Where a host's tables lie besides its default database.

    :param engines: name -> engine of every other database, in the order in which they are changed.
    :param places: full name of a table -> name of the other database it lies in.
    """

    engines: Mapping[str, Engine] = field(default_factory=dict)
    places: Mapping[str, str] = field(default_factory=dict)

    def of(self, table: str) -> str:
        """Return the name of the database a table lies in, empty for the default one."""
        return self.places.get(table, HOME)

    def named(self, tables: Iterable[str]) -> list[str]:
        """Return the other databases these tables lie in, in the order of changes."""
        wanted = {self.of(name) for name in tables}
        return [name for name in self.engines if name in wanted]


ALONE = Binds()
"""Everything lies in the default database."""


class Crossing(Connection):
    """A connection to the default database that sends each statement where its tables lie.

    Every other database gets a transaction of its own when a statement first needs it.

    :param engine: engine of the default database.
    :param binds: where the tables lie.
    :param opened: opens the transactions on the other databases.
    """

    def __init__(self, engine: Engine, binds: Binds, opened: Opened) -> None:
        super().__init__(engine)
        self.binds = binds
        self.away: Collection[str] | None = None
        """The others that do not answer and are not asked; None where nobody tried them."""
        self._opened = opened
        self._others: dict[str, tuple[AbstractContextManager[Connection], Connection, bool]] = {}
        self._ahead: list[str] = []

    def execute(
        self, statement: Any, parameters: Any = None, *, execution_options: Any = None
    ) -> Any:
        """Execute a statement in the database its tables lie in.

        :raises SetupError: its tables lie in different databases.
        """
        there = self.at(self._place(statement))
        if there is self:
            return super().execute(statement, parameters, execution_options=execution_options)
        return there.execute(statement, parameters, execution_options=execution_options)

    def scalar(
        self, statement: Any, parameters: Any = None, *, execution_options: Any = None
    ) -> Any:
        """Return the first value of a statement, from the database its tables lie in."""
        return self.execute(
            statement, parameters, execution_options=execution_options
        ).scalar()

    def at(self, name: str) -> Connection:
        """Return the connection to a database, its transaction opened if need be.

        :param name: name of the database, empty for the default one.
        """
        if name == HOME:
            return self
        if name not in self._others:
            self._open(name, False)
        return self._others[name][1]

    def unasked(self) -> Binds:
        """Return the other databases of which nothing was read or written here yet."""
        mine = self.binds.engines.items()
        return Binds({name: engine for name, engine in mine if name not in self._others})

    def write(self, name: str) -> Connection:
        """Return the connection to another database in a transaction that will be committed.

        What was only read there before is let go of: it must be read and locked again.
        """
        if name in self._others and not self._others[name][2]:
            self._end(name)
        if name not in self._others:
            self._open(name, True)
        return self._others[name][1]

    def commit_at(self, name: str) -> None:
        """Commit what was written in another database, before the default one commits."""
        self._end(name)

    def ahead(self, name: str) -> None:
        """Let another database commit before the default one, when all else is done."""
        self._ahead.append(name)

    def go_ahead(self) -> None:
        """Commit what is to be committed before the default database is."""
        while self._ahead:
            self._end(self._ahead.pop(0))

    def settle(self) -> None:
        """Commit what is open elsewhere, after the default database did; one by one.

        What cannot be committed is not an error of this transaction any more: what it was to do
        was written down before, and is carried on from there.
        """
        for name in list(self._others):
            try:
                self._end(name)
            except GuesteraseError:
                continue

    def drop(self, problem: BaseException) -> None:
        """Roll back what is open elsewhere."""
        for name in list(self._others):
            manager, _, _ = self._others.pop(name)
            try:
                manager.__exit__(type(problem), problem, problem.__traceback__)
            except GuesteraseError:
                continue
            except BaseException as raised:
                if raised is not problem:
                    raise

    def _open(self, name: str, write: bool) -> None:
        if name in (self.away or ()):
            raise BusyError(
                f"The database '{name}' did not answer.", "Try again when it is back."
            )
        manager = self._opened(self.binds.engines[name], write)
        self._others[name] = (manager, manager.__enter__(), write)

    def _end(self, name: str) -> None:
        manager, _, _ = self._others.pop(name)
        manager.__exit__(None, None, None)

    def _place(self, statement: Any) -> str:
        found = set(places_of(self.binds, statement))
        if len(found) > 1:
            raise SetupError(
                "A statement names tables of two databases.",
                "Split what the host declares (a where=, a select under via=) by database.",
            )
        return found.pop() if found else HOME


def places_of(binds: Binds, statement: Any) -> Iterator[str]:
    """Yield where a statement's tables lie; one nobody mapped lies with those it is joined to."""
    for part in visitors.iterate(statement):
        if isinstance(part, Table) or (
            isinstance(part, TableClause) and part.fullname in binds.places
        ):
            yield binds.of(part.fullname)


def binds_of(conn: Connection) -> Binds:
    """Return where the tables lie that a connection leads to."""
    return conn.binds if isinstance(conn, Crossing) else ALONE


def at(conn: Connection, table: str) -> Connection:
    """Return the connection to the database a table lies in.

    :param conn: open transaction.
    :param table: full name of the table.
    """
    return conn.at(conn.binds.of(table)) if isinstance(conn, Crossing) else conn


def away_of(conn: Connection) -> Collection[str]:
    """Return the databases that a connection leads to and that are known not to answer."""
    return (conn.away or ()) if isinstance(conn, Crossing) else ()


def of_bind(conn: Connection, name: str) -> Connection:
    """Return the connection to a database by its name; the same one where there is but one."""
    return conn.at(name) if isinstance(conn, Crossing) else conn
