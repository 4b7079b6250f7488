"""Carrying out a plan: lock the rows, keep their images, change them, check each by its key."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, case, delete, literal, null, text, update
from sqlalchemy.types import DateTime

from ..core.errors import BusyError, ErasureError
from ..core.image import Cell, Change, Image
from ..core.plan import Decision, Key, Outcome, Plan, Row, Step
from ..core.policy import Computed, File
from .catalog.shape import LiveSchema
from .datamap import DataMap, Declared
from .links import Link, children_first, circular, links
from .masks import Entropy, is_static, value_for
from .proof import compare
from .raw import Reader, reader
from .sql import among, chunks, exactly
from .transaction import MARIADB

BATCH = 200
"""Rows one UPDATE writes when each row gets a value of its own."""

Read = dict[Key, tuple[tuple[Cell, ...], dict[str, Any]]]
"""Key -> the row's cells, and the host's values of columns a callable or a file rule needs."""

Before = dict[Decision, Read]
"""What the locking read found, per decision."""


@dataclass
class Erased:
    """What an erasure did, for the vault, the outbox and the journal.

    :param images: the rows as they were, in the order of changes.
    :param files: (root folder, name) of files to be removed.
    :param counts: table -> rows changed.
    """

    images: list[Image] = field(default_factory=list)
    files: list[tuple[str, str]] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)


@dataclass
class Surgery:
    """Carries out plans on one connection.

    :param moved: (table, key as it is now) of rows without a key of their own that changed.
    """

    conn: Connection
    datamap: DataMap
    live: LiveSchema | None
    entropy: Entropy
    done: Erased
    moved: set[tuple[str, Key]] = field(default_factory=set)

    def lock(self, plan_: Plan) -> Before:
        """Lock every row of a plan in a fixed order and keep the images."""
        steps = sorted(plan_.changing(), key=lambda step: step.decision)
        return {step.decision: self._lock(step) for step in steps}

    def carry_out(self, plan_: Plan, before: Before) -> None:
        """Change the locked rows, children before parents."""
        known = links(self.datamap, self.live)
        steps = plan_.changing()
        order = children_first({s.decision.table for s in steps}, known)
        for step in _ordered(steps, order, Outcome.OVERWRITE):
            self._overwrite(step, before[step.decision])
        deletes = _ordered(steps, order, Outcome.DELETE)
        self._untie(deletes, known)
        for step in deletes:
            self._delete(step, known)

    def _reader(self, step: Step) -> Reader:
        return reader(self.conn, self.datamap.declared(step.decision.table), self.live)

    def _lock(self, step: Step) -> Read:
        """Lock the rows of a step and keep their images."""
        declared = self.datamap.declared(step.decision.table)
        deletes = step.decision.outcome is Outcome.DELETE
        reads = self._reader(step)
        names = reads.names() if deletes else list(step.decision.columns)
        keys = [row.key for row in step.rows]
        own = [c.name for c in declared.key]
        wanted = names + [name for name in own if name not in names]
        read = reads.read(keys, wanted, self._typed(declared, names), lock=True)
        if len(read) != len(set(keys)):
            raise BusyError(
                f"Rows of {declared.name} changed while they were being erased.",
                "Try again; nothing was changed.",
            )
        change = Change.DELETED if deletes else Change.OVERWRITTEN
        for cells, values in read.values():
            by_name = {c.name: c for c in cells}
            self.done.images.append(Image(
                declared.name,
                tuple(by_name[name] for name in own),
                change,
                tuple(by_name[name] for name in names),
                len(self.done.images),
            ))
            self._note_files(declared, values)
        self.done.counts[declared.name] = self.done.counts.get(declared.name, 0) + len(read)
        return read

    @staticmethod
    def _typed(declared: Declared, names: Sequence[str]) -> list[str]:
        rules = declared.rules
        return [n for n in names if isinstance(rules.get(n), Computed | File)]

    def _note_files(self, declared: Declared, values: Mapping[str, Any]) -> None:
        for name, value in values.items():
            rule = declared.rules[name]
            if isinstance(rule, File) and value:
                self.done.files.append((rule.root, str(value)))

    def _overwrite(self, step: Step, before: Read) -> None:
        declared = self.datamap.declared(step.decision.table)
        table = declared.table
        key = [table.c[c.key] for c in declared.key]
        names = step.decision.columns
        fixed = {n: self._value(declared, n, None) for n in names if self._fixed(declared, n)}
        own = [n for n in names if n not in fixed]
        moves = any(c.name in names for c in declared.key)
        after: dict[Key, Key] = {}
        # A statement that changes the key it looks for finds nothing more on MariaDB, which
        # assigns from left to right: rows without a key of their own go one by one.
        for part in chunks([row.key for row in step.rows], 1 if moves and own else BATCH):
            made = {k: {n: self._value(declared, n, before[k][1].get(n)) for n in own}
                    for k in part}
            values: dict[Any, Any] = self._untouched(declared, names)
            values |= {declared.column(n): self._bound(declared, n, v) for n, v in fixed.items()}
            values |= {declared.column(n): self._each(declared, n, part, made) for n in own}
            self.conn.execute(update(table).where(among(key, part)).values(values))
            for k in part:
                after[k] = tuple(
                    made[k].get(c.name, fixed.get(c.name, old))
                    for c, old in zip(declared.key, k, strict=True)
                )
            self.moved |= {(declared.name, after[k]) for k in part if after[k] != k}
            self._check_overwritten(step, part, after, before, made)

    def _each(
        self,
        declared: Declared,
        name: str,
        part: Sequence[Key],
        made: Mapping[Key, Mapping[str, Any]],
    ) -> Any:
        """Return the expression that gives each row of a part the value made for it."""
        values = {k: self._bound(declared, name, made[k][name]) for k in part}
        if len(part) == 1:
            return values[part[0]]
        key = [declared.table.c[c.key] for c in declared.key]
        pairs = ((exactly(key, k), value) for k, value in values.items())
        return case(*pairs, else_=declared.column(name))

    @staticmethod
    def _fixed(declared: Declared, name: str) -> bool:
        return is_static(declared.rules[name])

    def _value(self, declared: Declared, name: str, old: Any) -> Any:
        return value_for(declared.rules[name], declared.column(name), old, self.entropy)

    @staticmethod
    def _bound(declared: Declared, name: str, value: Any) -> Any:
        return null() if value is None else literal(value, declared.column(name).type)

    def _untouched(self, declared: Declared, names: Sequence[str]) -> dict[Any, Any]:
        """Pin the columns that the mapping or MariaDB would change by themselves."""
        pinned = {}
        stamps = self.conn.dialect.name in MARIADB
        for c in declared.table.c:
            moves = c.onupdate is not None or c.server_onupdate is not None
            if c.name not in names and not c.computed and (
                moves or (stamps and isinstance(c.type, DateTime))
            ):
                pinned[c] = c
        return pinned

    def _check_overwritten(
        self,
        step: Step,
        part: Sequence[Key],
        after: Mapping[Key, Key],
        before: Read,
        made: Mapping[Key, Mapping[str, Any]],
    ) -> None:
        declared = self.datamap.declared(step.decision.table)
        names = step.decision.columns
        read = self._reader(step).read([after[k] for k in part], names)
        for k in part:
            cells = read.get(after[k])
            old = {c.name: c for c in before[k][0]}
            if cells is None or not all(
                compare(declared, c, old[c.name], made[k].get(c.name)) for c in cells[0]
            ):
                raise ErasureError(
                    f"{declared.name} does not hold what the plan wrote into it.",
                    "A trigger or another rule of the database writes back; nothing was changed.",
                )

    def _untie(self, deletes: Sequence[Step], known: Sequence[Link]) -> None:
        """Let go of foreign keys that point in circles among rows about to be deleted."""
        tables = [step.decision.table for step in deletes]
        for step in deletes:
            declared = self.datamap.declared(step.decision.table)
            table = declared.table
            key = [table.c[c.key] for c in declared.key]
            ties = circular(declared.name, tables, known)
            loose = {
                declared.column(n): null()
                for tie in ties for n in tie.columns
                if declared.column(n).nullable and declared.column(n) not in declared.key
            }
            if loose:
                for part in chunks([row.key for row in step.rows]):
                    values = {**self._untouched(declared, ()), **loose}
                    self.conn.execute(update(table).where(among(key, part)).values(values))
            if ties:
                self._defer()

    def _defer(self) -> None:
        if self.conn.dialect.name == "sqlite":
            self.conn.exec_driver_sql("PRAGMA defer_foreign_keys = ON")
        elif self.conn.dialect.name == "postgresql":
            self.conn.execute(text("SET CONSTRAINTS ALL DEFERRED"))

    def _delete(self, step: Step, known: Sequence[Link]) -> None:
        declared = self.datamap.declared(step.decision.table)
        table = declared.table
        key = [table.c[c.key] for c in declared.key]
        for part in chunks(self._leaves_first(declared, step.rows, known)):
            self.conn.execute(delete(table).where(among(key, part)))
            if self._reader(step).read(part, ()):
                raise ErasureError(
                    f"Rows of {declared.name} are still there after they were deleted.",
                    "A trigger or row-level security keeps them; nothing was changed.",
                )

    def _leaves_first(
        self, declared: Declared, rows: Sequence[Row], known: Sequence[Link]
    ) -> list[Key]:
        """Return the keys so that rows pointing at others of the same table come first."""
        keys = [row.key for row in rows]
        ties = [k for k in known if k.child == k.parent == declared.name]
        for tie in ties:
            names = (*tie.columns, *tie.targets)
            read = reader(self.conn, declared, self.live).read(keys, names)
            width = len(tie.columns)
            points = {k: tuple(c.value for c in cells[:width]) for k, (cells, _) in read.items()}
            named = {tuple(c.value for c in cells[width:]): k for k, (cells, _) in read.items()}
            depth: dict[Key, int] = {}
            for k in keys:
                _depth(k, points, named, depth)
            keys.sort(key=lambda k: -depth[k])
        return keys


def _depth(
    key: Key, points: Mapping[Key, Any], named: Mapping[Any, Key], depth: dict[Key, int]
) -> None:
    """Note how far below the top of its tree a row stands; circles end where they close."""
    trail: list[Key] = []
    here: Key | None = key
    while here is not None and here not in depth and here not in trail:
        trail.append(here)
        here = named.get(points.get(here))
    base = depth.get(here, 0) if here is not None else 0
    for each in reversed(trail):
        base += 1
        depth[each] = base


def _ordered(steps: Iterable[Step], order: Sequence[str], outcome: Outcome) -> list[Step]:
    chosen = [s for s in steps if s.decision.outcome is outcome]

    def place(step: Step) -> tuple[int, Decision]:
        return order.index(step.decision.table), step.decision

    return sorted(chosen, key=place)


