"""Carrying out a plan: lock the rows, keep their images, change them, check each by its key."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Text,
    TypeDecorator,
    Update,
    case,
    cast,
    delete,
    literal,
    null,
    update,
)
from sqlalchemy.types import DateTime

from ...core.plan import Key, Outcome, Plan, Row, Step, key_text
from ...core.treatment import File, Inside, Mentions, Placeholder
from ..catalog.shape import LiveSchema
from ..checking.fired import named
from ..checking.history import end_history
from ..mapping.crossing import at
from ..mapping.datamap import DataMap
from ..mapping.declared import Declared
from ..mapping.links import Link, links
from ..mapping.masks import Entropy, Seeded, holds_json, is_invented, is_static, value_for
from ..mapping.raw import Reader, reader, whole_key
from ..mapping.ties import emptied
from ..statements.given import spread
from ..statements.hosted import plain
from ..statements.sql import MARIADB, abiding, among, asked, chunks, exactly, parts
from ..texts.mentioned import NOBODY, Hand, text_of
from .lookback import Alike, are_alike, require_alike, require_written, unheld, written_over
from .lost import at_most, typed, vendors
from .order import in_turn
from .removal import Removal
from .taking import Before, Erased, Held, Taken, hold, take

BATCH = 200
"""Rows one UPDATE writes when each row gets a value of its own."""


@dataclass
class Surgery:
    """Carries out plans on one connection.

    :param hand: makes what is left of texts; one that knows nobody lets whole texts go.
    :param moved: (table, key as it is now) of rows without a key of their own that changed.
    :param changed: table -> keys of the rows that were changed.
    :param held: table -> its rows, locked and read before it was decided about them.
    """

    conn: Connection
    datamap: DataMap
    live: LiveSchema | None
    entropy: Entropy
    done: Erased
    hand: Hand = NOBODY
    moved: set[tuple[str, Key]] = field(default_factory=set)
    changed: dict[str, set[Key]] = field(default_factory=dict)
    held: dict[str, Held] = field(default_factory=dict)

    def hold(self, found: Mapping[str, Sequence[Row]]) -> None:
        """Lock and read rows about which nothing is decided yet, in a fixed order.

        :param found: table -> rows.
        :raises RetryableError: one of them is not there any more.
        """
        for name in sorted(found):
            declared = self.datamap.declared(name)
            reads = reader(self.conn, declared, self.live)
            names = at_most(declared, reads)
            if names:
                lost = [*declared.erase, *declared.retain]
                hosts = {*typed(declared, lost, True), *typed(declared, lost, False)}
                keys = [row.key for row in found[name]]
                with vendors(name):
                    self.held[name] = hold(reads, keys, names, sorted(hosts))

    def lock(self, plan_: Plan) -> Before:
        """Lock every row of a plan in a fixed order and keep the images."""
        steps = sorted(plan_.changing(), key=lambda step: step.decision)
        return {step.decision: self._lock(step) for step in steps}

    def carry_out(self, plan_: Plan, before: Before) -> None:
        """Change the locked rows, children before parents."""
        known = links(self.datamap, self.live)
        steps = plan_.changing()
        turns = in_turn(self.datamap, steps, known)
        removal = Removal(self.conn, self.datamap, self.live, known, self._let_go, self._delete)
        alike: list[Alike] = []
        for step in turns.untying:
            alike += self._overwrite(step, before[step.decision])
        # What triggers write over from here on is written once more at the end.
        require_alike(self.conn, alike)
        # After a row was overwritten that is like one of these then, they would take it along; a
        # key that has become another by then would not be found; and one that must not become
        # another refuses what is to be overwritten.
        removal.clear(turns.early)
        changed = {step.decision.table for step in steps}
        told = named(self.live, changed, self.datamap.tables) if self.live is not None else []
        alike = []
        for step in turns.writing:
            written = self._overwrite(step, before[step.decision])
            # The next overwriting may fire what writes over these, so they are seen before it; or
            # what brings them up to date, so what they do not hold yet is seen behind it.
            if step.decision.table not in told or not are_alike(self.conn, written):
                alike += written
        require_alike(self.conn, alike)
        removal.clear(turns.late)
        self._write_again(told)
        for step in (s for s in steps if s.decision.outcome is Outcome.SEAL):
            self.done.sealed[step.decision].update(before[step.decision].by_key())
        for name in dict.fromkeys(step.decision.table for step in steps):
            declared = self.datamap.declared(name)
            end_history(self._at(declared), declared, self.live)

    def _at(self, declared: Declared) -> Connection:
        return at(self.conn, declared.name)

    def _reader(self, step: Step | Taken) -> Reader:
        return reader(self.conn, self.datamap.declared(step.decision.table), self.live)

    def _lock(self, step: Step) -> Taken:
        """Lock the rows of a step, where they are not locked yet, and keep their images."""
        declared = self.datamap.declared(step.decision.table)
        deletes = step.decision.outcome is Outcome.DELETE
        reads = self._reader(step)
        names = reads.names() if deletes else list(step.decision.columns)
        hosts = typed(declared, names, deletes)
        keys = [row.key for row in step.rows]
        wanted = names + [c.name for c in declared.key if c.name not in names]
        held = self.held.get(declared.name)
        if held is None or not held.has(keys, wanted, hosts):
            with vendors(declared.name):
                held = hold(reads, keys, wanted, hosts)
        first = sum(len(each.rows) for each in self.done.taken)
        taken = take(reads, held, step, (names, hosts), first)
        self.done.taken.append(taken)
        if step.decision.outcome is Outcome.SEAL:
            self.done.sealed.setdefault(step.decision, {})
        self._note_files(declared, taken)
        known = self.changed.setdefault(declared.name, set())
        # A row that is overwritten and sealed is one row; two that look the same are two.
        again = len(known.intersection(keys)) if step.decision.outcome is Outcome.SEAL else 0
        known.update(keys)
        before = self.done.met.get(declared.name, 0)
        self.done.met[declared.name] = before + len(taken.rows) - again
        return taken

    def _note_files(self, declared: Declared, taken: Taken) -> None:
        rules = {name: declared.written(name) for name in taken.typed}
        for name, rule in rules.items():
            if not isinstance(rule, File):
                continue
            for row, values in zip(taken.rows, taken.hosts, strict=True):
                if value := values[taken.typed.index(name)]:
                    found = [(rule.root, each) for each in rule.names(str(value))]
                    self.done.files += found
                    self.done.named += [(declared.name, row.key)] * len(found)
                    self.done.columns += [name] * len(found)

    def _overwrite(self, step: Step, taken: Taken) -> list[Alike]:
        """Overwrite rows; what is the same in all of them is returned to be looked at again."""
        declared = self.datamap.declared(step.decision.table)
        names = step.decision.columns
        reads = self._reader(step)
        fixed = {n: self._value(reads, n, None) for n in names if is_static(declared.written(n))}
        keys = [row.key for row in step.rows]
        alike: list[Alike] = []
        if declared.keyed_by(names):
            self._overwrite_key(step, taken, reads, fixed)
        elif len(fixed) == len(names):
            for part in parts(keys):
                self._update(reads, part, fixed, {})
                alike.append((reads, part, taken, fixed))
        else:
            own = [n for n in names if n not in fixed]
            rows = {row.key: row for row in step.rows}
            for part in parts(keys):
                made = {
                    k: {n: self._made(reads, n, taken, rows[k]) for n in own} | fixed
                    for k in part
                }
                if not self._spread(reads, own, fixed, made):
                    for few in chunks(part, BATCH):
                        self._update(reads, few, fixed, dict.fromkeys(own, (few, made)))
                require_written(reads, {k: k for k in part}, taken, made)
        return alike

    def _overwrite_key(
        self, step: Step, taken: Taken, reads: Reader, fixed: Mapping[str, Any]
    ) -> None:
        """Overwrite rows that have no key of their own, or whose key goes with the rest."""
        declared, names = reads.declared, step.decision.columns
        rows = {row.key: row for row in step.rows}
        own = [n for n in names if n not in fixed]
        # A statement that changes the key it looks for finds nothing more on MariaDB, which
        # assigns from left to right: rows without a key of their own go one by one.
        for part in chunks(list(rows), 1 if own else BATCH):
            made = {
                k: {n: self._made(reads, n, taken, rows[k]) for n in own} | dict(fixed)
                for k in part
            }
            self._update(reads, part, fixed, dict.fromkeys(own, (part, made)))
            after = {
                k: tuple(
                    made[k].get(c.name, old) for c, old in zip(declared.key, k, strict=True)
                )
                for k in part
            }
            taken.now.update(after)
            self.moved |= {(declared.name, now) for k, now in after.items() if now != k}
            require_written(reads, after, taken, made)

    def _update(
        self,
        reads: Reader,
        part: Sequence[Key],
        fixed: Mapping[str, Any],
        own: Mapping[str, tuple[Sequence[Key], Mapping[Key, Mapping[str, Any]]]],
    ) -> None:
        declared = reads.declared
        table = declared.table

        def statement() -> tuple[Update, Sequence[ColumnElement[Any]]]:
            values: dict[Any, Any] = self._untouched(declared, [*fixed, *own])
            values |= {declared.column(n): self._bound(declared, n, v) for n, v in fixed.items()}
            values |= {
                declared.column(n): self._each(declared, n, keys, made)
                for n, (keys, made) in own.items()
            }
            return abiding(update(table)).values(values), whole_key(reads)

        # What differs from row to row, or from day to day, is said anew.
        lasts = not own and all(type(v) in (str, type(None)) for v in fixed.values())
        said = declared.said if lasts else {}
        place = ("update", reads.conn.dialect.name, *(fixed.items() if lasts else ()))
        with vendors(declared.name):
            found, given = asked(said, place, statement, part)
            self.conn.execute(found, given)

    def _spread(
        self,
        reads: Reader,
        own: Sequence[str],
        fixed: Mapping[str, Any],
        made: Mapping[Key, Mapping[str, Any]],
    ) -> bool:
        """Give many rows values of their own in one statement; return whether that was done."""
        declared = reads.declared
        if len(declared.key) > 1 or len(made) == 1:
            return False
        columns = {n: declared.column(n) for n in own}
        rows = {k[0]: {c: values[n] for n, c in columns.items()} for k, values in made.items()}
        statement = spread(reads.conn.dialect, declared.key[0], rows)
        if statement is None:
            return False
        values = self._untouched(declared, [*fixed, *own])
        values |= {declared.column(n): self._bound(declared, n, v) for n, v in fixed.items()}
        with vendors(declared.name):
            self.conn.execute(statement.values(values))
        return True

    def _write_again(self, told: Iterable[str]) -> None:
        """Write once more what triggers wrote over while other rows changed or went.

        :param told: tables that triggers of those name.
        :raises ErasureError: it is written over each time.
        """
        tables = frozenset(told)
        left = [each for each in self.done.taken if each.left and each.decision.table in tables]
        # One trigger may fire another: each look finds what the last writing brought about.
        for tries in range(len({each.decision.table for each in left}), -1, -1):
            over = [(written_over(self._reader(each), each), each) for each in left]
            if not any(step.rows for step, _ in over):
                return
            alike: list[Alike] = []
            for step, taken in over:
                if not tries and step.rows:
                    raise unheld(step.decision.table)
                alike += self._overwrite(step, taken) if step.rows else ()
            require_alike(self.conn, alike)

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

    def _made(self, reads: Reader, name: str, taken: Taken, row: Row) -> Any:
        """Return what a rule makes of a column of one row."""
        declared = reads.declared
        rule, column = declared.written(name), declared.column(name)
        if isinstance(rule, Placeholder):
            # Another one would make an erasure before this look like the host's own writing.
            old = text_of(taken.cell(row.key, name))
            if is_invented(column, old, reads.room(name)):
                return old
        if not isinstance(rule, Mentions | Inside):
            return self._value(reads, name, taken.host(row.key, name), row)
        known = name in taken.typed
        was = taken.host(row.key, name) if known else text_of(taken.cell(row.key, name))
        with vendors(f"{declared.name}.{name}"):
            return self.hand.made(rule, column, was, row, reads.room(name))

    def _value(self, reads: Reader, name: str, old: Any, row: Row | None = None) -> Any:
        declared, entropy = reads.declared, self.entropy
        if isinstance(entropy, Seeded) and row is not None:
            entropy = entropy.of(f"{declared.name}|{name}|{key_text(row.key)}")
        with vendors(f"{declared.name}.{name}"):
            return value_for(
                declared.written(name), declared.column(name), old, entropy, reads.room(name)
            )

    def _bound(self, declared: Declared, name: str, value: Any) -> Any:
        column = declared.column(name)
        if value is None:
            return null()
        document = holds_json(column) and not isinstance(column.type, TypeDecorator)
        if not document or not isinstance(declared.written(name), Mentions | Inside):
            return literal(value, column.type)
        # The text itself: the host's type would write the whole document anew.
        raw = literal(value, Text())
        postgresql = self._at(declared).dialect.name == "postgresql"
        return cast(raw, column.type) if postgresql else raw

    def _untouched(self, declared: Declared, names: Sequence[str]) -> dict[Any, Any]:
        """Pin the columns that the mapping or MariaDB would change by themselves."""
        pinned = {}
        stamps = self._at(declared).dialect.name in MARIADB
        there = self.live.table(declared.name) if self.live is not None else None
        for c in declared.table.c:
            moves = c.onupdate is not None or c.server_onupdate is not None
            known = there.column(c.name) if there is not None else None
            # The mapping may know only that the database fills the column, not that it computes it.
            computed = c.computed is not None or (known is not None and known.generated)
            if c.name not in names and not computed and (
                moves or (stamps and isinstance(plain(c.type), DateTime))
            ):
                pinned[c] = c
        return pinned

    def _let_go(self, tie: Link, keys: Sequence[Key]) -> None:
        """Empty a foreign key of rows about to be deleted, where they point somewhere by it."""
        declared = self.datamap.declared(tie.child)
        table, columns = declared.table, emptied(declared, tie)
        key = [table.c[c.key] for c in declared.key]
        values = {**self._untouched(declared, ()), **dict.fromkeys(columns, null())}
        points = [c.is_not(None) for c in columns]
        for part in parts(keys):
            change = update(table).where(among(key, part), *points).values(values)
            self._at(declared).execute(change)

    def _delete(self, reads: Reader, keys: Sequence[Key]) -> None:
        """Delete rows of one table, in a number that one statement takes."""
        table = reads.declared.table
        key = [table.c[c.key] for c in reads.declared.key]
        statement, given = asked(
            reads.declared.said, ("delete",), lambda: (delete(table), key), keys
        )
        reads.conn.execute(statement, given)
