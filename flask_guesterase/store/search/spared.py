"""What stays on purpose of an erased guest: by law, by a hold, by policy, or as another's too."""

from __future__ import annotations

import json
import os
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field

from sqlalchemy import select

from ...core.needle import Needle, Searcher
from ...core.parts import without_kept
from ...core.plan import Outcome, Plan, key_text
from ...core.treatment import File, Inside, Keep
from .. import tables
from ..casework import purview
from ..casework.cases import Case
from ..certificates import planning
from ..erasing import eraser, people
from ..erasing.finder import erased_before, owners
from ..mapping.declared import Declared
from ..mapping.made import made_of
from ..mapping.raw import reader
from ..statements.sql import chunks
from ..work import Work
from .reading import Find
from .row import mark

THEIRS = "theirs"
"""Under which word stand marks of what an erasure left to others, among what was decided."""


@dataclass
class Meant:
    """What stays on purpose, by what is known of rows: their table, and their key as text.

    :param columns: row -> the columns of it that stay.
    :param whole: rows of which all stays.
    :param own: rows of who is erased.
    :param by_policy: table -> the columns that its policy keeps.
    """

    columns: dict[tuple[str, str], set[str]] = field(default_factory=dict)
    whole: set[tuple[str, str]] = field(default_factory=set)
    own: set[tuple[str, str]] = field(default_factory=set)
    by_policy: dict[str, frozenset[str]] = field(default_factory=dict)

    def keep(self, table: str, key: str, columns: Collection[str]) -> None:
        """Note that columns of a row stay; no columns: all of it."""
        if columns:
            self.columns.setdefault((table, key), set()).update(columns)
        else:
            self.whole.add((table, key))

    def keeps(self, row: tuple[str, str], columns: Collection[str]) -> bool:
        """Return whether one of these columns of a row stays."""
        if row in self.whole or not self.columns.get(row, set()).isdisjoint(columns):
            return True
        return row in self.own and not self.by_policy.get(row[0], frozenset()).isdisjoint(columns)


def planned(work: Work, case: Case) -> Meant:
    """Return what today's plan leaves to others, to holds and to the law.

    :param work: the open transaction.
    :param case: the request.
    """
    meant, who = Meant(), people.taken(work, case.number)
    if not who:
        return meant
    for step in planning.plan(work, who, case.property).steps:
        if step.decision.outcome in (Outcome.SHARE, Outcome.HOLD, Outcome.RETAIN):
            for row in step.rows:
                meant.keep(step.decision.table, key_text(row.key), step.decision.columns)
    every = eraser.everything(work.conn, work.whole(), who).find()
    for others in purview.part(work, case.property, every).theirs.values():
        # Another controller's records of them are its own to answer for.
        meant.whole |= {(name, key_text(r.key)) for name, rows in others.items() for r in rows}
    for table, rows in every.items():
        meant.own |= {(table, key_text(row.key)) for row in rows}
        rules = work.datamap.tables[table].rules
        meant.by_policy[table] = frozenset(
            name for name, rule in rules.items() if isinstance(rule, Keep)
        )
    return meant


class Spared:
    """What stays on purpose among the rows that were found, so that it is no residue.

    :param work: the open transaction.
    :param case: the request.
    :param finds: what was found of its values.
    :param plan: what today's plan leaves, where that is known.
    """

    def __init__(
        self, work: Work, case: Case, finds: Iterable[Find], plan: Meant | None = None
    ) -> None:
        self._meant = Meant()
        self._plan = plan or Meant()
        self._within: set[tuple[str, str, str, Needle]] = set()
        self._files: dict[tuple[str, str, str], set[str]] = {}
        wanted: dict[str, set[str]] = {}
        for find in finds:
            if find.place is None:
                keys = self._rows_of(work, find)
            elif find.place.declared is not None:
                keys = set(map(key_text, find.keys))
                # Another controller's records are its own to answer for, whoever they are about.
                known = find.keys if find.place.keyed else []
                there = purview.elsewhere(work, case.property, find.place.declared, known)
                self._meant.whole |= {(find.table, key_text(key)) for key in there}
            else:
                continue
            wanted.setdefault(find.table, set()).update(keys)
        if wanted:
            self._written_down(work, wanted)
            self._plan = planned(work, case) if plan is None else plan
            self._kept_within(work, finds)
            self._left(work, case, finds)

    def keeps(self, find: Find, key: str) -> bool:
        """Return whether a find is in something that is kept."""
        if find.place is None:
            rows = self._files.get((find.table, find.column, key), set())
            return any(self._keeps(find, row) for row in rows)
        return self._keeps(find, key)

    def _keeps(self, find: Find, key: str) -> bool:
        row = find.table, key
        columns = {find.column, *_sources(find)}
        if (*row, find.column, find.needle) in self._within:
            return True
        return any(meant.keeps(row, columns) for meant in (self._meant, self._plan))

    def _rows_of(self, work: Work, find: Find) -> set[str]:
        """Return the rows that name the files that were found: a kept row keeps its file."""
        declared = work.datamap.tables.get(find.table)
        if declared is None:
            return set()
        path, rule = declared.column(find.column), declared.rules.get(find.column)
        # A host notes a file from its folder on, or by its whole path.
        roots = ["", *((rule.root, os.path.abspath(rule.root)) if isinstance(rule, File) else ())]
        names = [str(key[0]) for key in find.keys]
        spelled = {os.path.join(root, name): name for root in roots for name in names}
        found: set[str] = set()
        for part in chunks(list(spelled)):
            for row in work.conn.execute(select(path, *declared.key).where(path.in_(part))):
                key = key_text(tuple(row)[1:])
                name = key_text((spelled[str(row[0])],))
                self._files.setdefault((find.table, find.column, name), set()).add(key)
                found.add(key)
        return found

    def _written_down(self, work: Work, wanted: Mapping[str, set[str]]) -> None:
        kept = tables.kept
        for table, keys in wanted.items():
            for part in chunks(sorted(keys)):
                for row in work.conn.execute(
                    select(kept.c.row_key, kept.c.columns).where(
                        kept.c.table_name == table, kept.c.row_key.in_(part),
                        kept.c.ended_at.is_(None),
                    )
                ):  # fmt: skip
                    self._meant.keep(table, row.row_key, json.loads(row.columns))

    def _kept_within(self, work: Work, finds: Iterable[Find]) -> None:
        """Add what is in nothing of their own documents but the members that the policy keeps."""
        for find in finds:
            if find.place is None or find.place.declared is None:
                continue
            declared, searcher = find.place.declared, Searcher([find.needle])
            own = [key for key in find.keys if (find.table, key_text(key)) in self._plan.own]
            for name in sorted({find.column, *_sources(find)}):
                rule = declared.rules.get(name)
                if not own or not isinstance(rule, Inside) or not rule.kept:
                    continue
                left = {
                    key_text(key)
                    for key, text in reader(work.conn, declared, None).texts(own, name)
                    if searcher.hits(without_kept(rule, text))
                }
                self._within |= {
                    (find.table, key, find.column, find.needle)
                    for key in set(map(key_text, own)) - left
                }

    def _left(self, work: Work, case: Case, finds: Iterable[Find]) -> None:
        """Add what was left to others by ways that went with it, where one of them lives still."""
        known = frozenset((case.decisions or {}).get(THEIRS, ()))
        mine = set(people.taken(work, case.number)) if known else set()
        for find in finds if known else ():
            if find.place is None or find.place.declared is None or not find.place.keyed:
                continue
            name, declared = find.table, find.place.declared
            keys = [
                key for key in find.keys
                if not known.isdisjoint(
                    mark(work, case.number, _place(name, column), key_text(key))
                    for column in ("", find.column)
                )
            ]  # fmt: skip
            found = owners(work.conn, work.datamap, declared, keys)
            whose = {person for each in found.values() for person, _ in each} - mine
            living = whose - erased_before(work.conn, work.datamap, whose)
            for key, each in found.items():
                if not living.isdisjoint(person for person, _ in each):
                    self._meant.keep(name, key_text(key), [find.column])


def left_to_others(work: Work, number: str, plan: Plan) -> dict[str, list[str]]:
    """Return marks of what a plan leaves to others whose way to it may go with what is erased.

    A foreign key stays, so that each later plan finds such a row again; a copied mailbox leads to
    nobody once it is gone.

    :param work: the open transaction.
    :param number: number of the request.
    :param plan: the plan.
    """
    found = set[str]()
    for step in plan.steps:
        name, columns = step.decision.table, step.decision.columns or ("",)
        if step.decision.outcome is Outcome.SHARE and not _lasts(work.datamap.declared(name)):
            texts = [key_text(row.key) for row in step.rows]
            found.update(mark(work, number, _place(name, c), t) for c in columns for t in texts)
    return {THEIRS: sorted(found)} if found else {}


def _lasts(declared: Declared) -> bool:
    """Return whether foreign keys alone lead from a table's rows to their people."""
    return all(
        path.select is None and all(hop.vouched for hop in path.hops) for path in declared.paths
    )


def _place(table: str, column: str) -> str:
    return f"{table}.{column}"


def _sources(find: Find) -> set[str]:
    """Return what a column is computed of, and nothing of one that the database does not compute.

    What is left in one that had to go is found there.
    """
    place = find.place
    if place is None or place.mapped is None:
        return set()
    # A mapping may call computed what the database keeps as it was.
    column = place.table.column(find.column)
    if column is None or not column.generated:
        return set()
    return made_of(place.mapped).get(find.column, set())
