"""In which order the surgery deletes rows, and of which keys it lets go before that."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import ExitStack, nullcontext
from dataclasses import dataclass

from sqlalchemy import Connection

from ...core.plan import Key, Outcome, Step
from ..catalog.shape import LiveSchema
from ..mapping.crossing import at
from ..mapping.datamap import DataMap
from ..mapping.links import Link, children_first, circular
from ..mapping.raw import Reader, reader
from ..mapping.ties import loosened, row_by_row
from ..statements.sql import parts
from .absence import require_gone
from .order import in_circles, late_checks, layers, ordered, pointing, together, unwatched


@dataclass(frozen=True)
class Removal:
    """Has the rows of a plan deleted on one connection, so that nothing points at what is gone.

    :param conn: open transaction.
    :param datamap: the resolved data map.
    :param live: the live database as read.
    :param known: the foreign keys.
    :param let_go: empties a foreign key in rows of its table.
    :param delete: deletes rows of one table by one statement.
    """

    conn: Connection
    datamap: DataMap
    live: LiveSchema | None
    known: Sequence[Link]
    let_go: Callable[[Link, Sequence[Key]], None]
    delete: Callable[[Reader, Sequence[Key]], None]

    def clear(self, steps: Sequence[Step]) -> None:
        """Delete rows, children before parents."""
        tables = [step.decision.table for step in steps]
        loose = loosened(self.datamap, tables, self.known, self._engine)
        across = [t for ties in loose.values() for t in ties if t.child != t.parent]
        for step in steps:
            for tie in across:
                if tie.child == step.decision.table:
                    self.let_go(tie, [row.key for row in step.rows])
        held = [k for k in self.known if k.child != k.parent and k not in across]
        tight = [name for name in tables if circular(name, tables, held)]
        with ExitStack() as checks:
            for conn in {id(conn): conn for conn in (at(self.conn, n) for n in tight)}.values():
                checks.enter_context(late_checks(conn))
            self._each(ordered(steps, children_first(set(tables), held), Outcome.DELETE), loose)

    def _each(self, steps: Iterable[Step], loose: Mapping[str, Sequence[Link]]) -> None:
        gone: list[tuple[Reader, Sequence[Key]]] = []
        for step in steps:
            name = step.decision.table
            mine = {k.child for k in self.known if k.parent == name}
            if not mine.isdisjoint(reads.declared.name for reads, _ in gone):
                # A row that a trigger keeps is told of before its parent goes.
                require_gone(self.conn, gone)
                gone.clear()
            own = [tie for tie in loose.get(name, ()) if tie.child == tie.parent]
            gone.append((self._reader(step), self._delete(step, own)))
        require_gone(self.conn, gone)

    def _engine(self, name: str) -> str:
        return at(self.conn, name).dialect.name

    def _reader(self, step: Step) -> Reader:
        return reader(self.conn, self.datamap.declared(step.decision.table), self.live)

    def _delete(self, step: Step, loose: Sequence[Link]) -> list[Key]:
        """Delete the rows of one table.

        :param loose: the keys to the table itself that are let go of where rows are in a circle.
        """
        reads, keys = self._reader(step), [row.key for row in step.rows]
        ties = [k for k in self.known if k.child == k.parent == step.decision.table]
        if not ties:
            for part in parts(keys):
                self.delete(reads, part)
            return keys
        found = pointing(reads, keys, ties)
        caught = in_circles(found)
        if caught and loose:
            for tie in loose:
                self.let_go(tie, caught)
            found = pointing(reads, keys, ties)
            caught = in_circles(found)
        order = layers(found)
        if not any(row_by_row(tie, reads.conn.dialect.name) for tie in ties):
            # It looks at these keys when a statement ends.
            order = [[knot for layer in order for knot in layer]]
        with unwatched(reads.conn) if caught else nullcontext():
            for part in (part for layer in order for part in together(layer)):
                self.delete(reads, part)
        return keys
