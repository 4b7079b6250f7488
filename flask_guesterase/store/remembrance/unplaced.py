"""Holds that a restored database has forgotten, and what they keep until they are placed again."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from ...core.errors import KeyMissingError
from ...core.holding import Scope
from ...core.plan import Key, Person, Plan, Step
from ...core.remembrance import Line
from ..lawbook.clocks import places_of
from ..work import Work
from . import tracing


@dataclass(frozen=True)
class Hold:
    """A hold that was placed after the database's copy was made, and not lifted since.

    :param line: its line of the register.
    """

    line: Line

    def covers(
        self, work: Work, places: Collection[str], table: str, key: Key,
        whose: Collection[Person] = (),
    ) -> bool:  # fmt: skip
        """Return whether it may be about a row; where nobody can tell any more, it is.

        :param work: the open transaction.
        :param places: properties at which the row may lie; an empty one where nobody knows.
        :param table: name of the table.
        :param key: key of the row.
        :param whose: the people it belongs to, of whom a hold on a person is.
        """
        note = self.line.note
        if not note.rows:
            return "" in places or note.property in places
        alone = note.facts.get("scope") == Scope.RECORD.value
        meant = {(table, key), *(() if alone else whose)}
        marks = {_mark(work, self.line.month, *each) for each in meant}
        return None in marks or any(trace.row in marks for trace in note.rows)


def keep(work: Work, holds: Sequence[Hold], plan: Plan) -> bool:
    """Return whether one of these holds may be about a row that a plan changes.

    :param work: the open transaction.
    :param holds: the holds.
    :param plan: the plan.
    """
    return bool(holds) and any(_keep(work, holds, step) for step in plan.changing())


def _keep(work: Work, holds: Sequence[Hold], step: Step) -> bool:
    table, keys = step.decision.table, [row.key for row in step.rows]
    declared = work.datamap.declared(table)
    places = places_of(work.conn, work.datamap, work.settings, declared, keys)
    return any(
        hold.covers(work, {places.get(row.key, "")}, table, row.key, whose)
        for row in step.rows
        for whose in [{person for person, _ in row.owners | row.others}]
        for hold in holds
    )


def _mark(work: Work, month: str, table: str, key: Key) -> str | None:
    try:
        return tracing.row_mark(tracing.key_of(work, month), table, key)
    except KeyMissingError:
        return None
