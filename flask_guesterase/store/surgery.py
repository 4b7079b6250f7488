"""Carrying out a plan: lock the rows, keep their images, change them, check each by its key."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

from sqlalchemy import (
    Connection,
    Text,
    TypeDecorator,
    case,
    cast,
    delete,
    literal,
    null,
    text,
    update,
)
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.types import DateTime

from ..core.errors import BusyError, ErasureError, GuesteraseError
from ..core.image import Cell, Change, Form, Image
from ..core.plan import Decision, Key, Outcome, Plan, Row, Step, key_text
from ..core.policy import Computed, Constant, File, Inside, Mentions, Redact
from .binds.crossing import at
from .catalog.shape import LiveSchema
from .datamap import DataMap, Declared
from .history import end_history
from .links import Link, children_first, circular, links
from .masks import Entropy, Seeded, holds_json, is_static, value_for
from .order import layers, ordered
from .proof import same, took
from .raw import Reader, reader
from .sql import among, chunks, exactly
from .texts.mentioned import NOBODY, Hand
from .transaction import MARIADB

BATCH = 200
"""Rows one UPDATE writes when each row gets a value of its own."""

Old = tuple[tuple[Cell, ...], dict[str, Any]]
"""A row's cells, and the host's own values of some of its columns."""

Read = dict[Key, Old]
"""Key -> the row's cells, and the host's own values where a rule or its check needs them."""

Before = dict[Decision, Read]
"""What the locking read found, per decision."""


@dataclass
class Erased:
    """What an erasure did, for the vault, the outbox and the journal.

    :param images: the rows as they were, in the order of changes.
    :param sealed: decision -> key -> image of the columns that leave the row for a box.
    :param files: (root folder, name) of files to be removed.
    :param counts: table -> rows changed.
    :param rows: of which row each image is.
    :param named: which row names each file.
    :param took: per image, the decision and the row.
    """

    images: list[Image] = field(default_factory=list)
    sealed: dict[Decision, dict[Key, Image]] = field(default_factory=dict)
    files: list[tuple[str, str]] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)
    rows: list[tuple[str, Key]] = field(default_factory=list)
    named: list[tuple[str, Key]] = field(default_factory=list)
    took: list[tuple[Decision, Row]] = field(default_factory=list)


@dataclass
class Surgery:
    """Carries out plans on one connection.

    :param hand: makes what is left of texts; one that knows nobody lets whole texts go.
    :param moved: (table, key as it is now) of rows without a key of their own that changed.
    :param changed: table -> keys of the rows that were changed.
    :param places: (decision, key) -> places of the row's images; of equal rows several.
    """

    conn: Connection
    datamap: DataMap
    live: LiveSchema | None
    entropy: Entropy
    done: Erased
    hand: Hand = NOBODY
    moved: set[tuple[str, Key]] = field(default_factory=set)
    changed: dict[str, set[Key]] = field(default_factory=dict)
    places: dict[tuple[Decision, Key], list[int]] = field(default_factory=dict)

    def lock(self, plan_: Plan) -> Before:
        """Lock every row of a plan in a fixed order and keep the images."""
        steps = sorted(plan_.changing(), key=lambda step: step.decision)
        return {step.decision: self._lock(step) for step in steps}

    def carry_out(self, plan_: Plan, before: Before) -> None:
        """Change the locked rows, children before parents."""
        known = links(self.datamap, self.live)
        steps = plan_.changing()
        order = children_first({s.decision.table for s in steps}, known)
        for step in ordered(steps, order, Outcome.OVERWRITE):
            self._overwrite(step, before[step.decision])
        for step in ordered(steps, order, Outcome.SEAL):
            self._overwrite(step, before[step.decision])
        deletes = ordered(steps, order, Outcome.DELETE)
        with self._untied(deletes, known) as held:
            last = children_first({step.decision.table for step in deletes}, held)
            for step in ordered(deletes, last, Outcome.DELETE):
                self._delete(step, known)
        for name in dict.fromkeys(step.decision.table for step in steps):
            declared = self.datamap.declared(name)
            end_history(self._at(declared), declared, self.live)

    def _at(self, declared: Declared) -> Connection:
        return at(self.conn, declared.name)

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
        read: Read = {}
        change = Change.DELETED if deletes else Change.OVERWRITTEN
        by_key = {row.key: row for row in step.rows}
        with _vendors(declared.name):
            rows = list(reads.rows(keys, wanted, _typed(declared, names, deletes), lock=True))
        for key, cells, values in rows:
            read[key] = cells, values
            by_name = {c.name: c for c in cells}
            image = Image(
                declared.name,
                tuple(by_name[name] for name in own),
                change,
                tuple(by_name[name] for name in names),
                len(self.done.images),
            )
            self.places.setdefault((step.decision, key), []).append(len(self.done.images))
            self.done.images.append(image)
            self.done.rows.append((declared.name, key))
            self.done.took.append((step.decision, by_key[key]))
            if step.decision.outcome is Outcome.SEAL:
                self.done.sealed.setdefault(step.decision, {})[key] = image
            self._note_files(declared, key, values)
        if len(read) != len(set(keys)):
            raise BusyError(
                f"Rows of {declared.name} changed while they were being erased.",
                "Try again; nothing was changed.",
            )
        known = self.changed.setdefault(declared.name, set())
        # A row that is overwritten and sealed is one row; two that look the same are two.
        again = len(known & set(read)) if step.decision.outcome is Outcome.SEAL else 0
        known.update(read)
        before = self.done.counts.get(declared.name, 0)
        self.done.counts[declared.name] = before + len(rows) - again
        return read

    def _note_files(self, declared: Declared, key: Key, values: Mapping[str, Any]) -> None:
        for name, value in values.items():
            rule = declared.written(name)
            if isinstance(rule, File) and value:
                self.done.files += [(rule.root, each) for each in rule.names(str(value))]
        more = len(self.done.files) - len(self.done.named)
        self.done.named += [(declared.name, key)] * more

    def _overwrite(self, step: Step, before: Read) -> None:
        declared = self.datamap.declared(step.decision.table)
        table = declared.table
        key = [table.c[c.key] for c in declared.key]
        names = step.decision.columns
        reads = self._reader(step)
        fixed = {n: self._value(reads, n, None) for n in names if is_static(declared.written(n))}
        rows = {row.key: row for row in step.rows}
        own = [n for n in names if n not in fixed]
        moves = any(c.name in names for c in declared.key)
        after: dict[Key, Key] = {}
        # A statement that changes the key it looks for finds nothing more on MariaDB, which
        # assigns from left to right: rows without a key of their own go one by one.
        for part in chunks([row.key for row in step.rows], 1 if moves and own else BATCH):
            made = {
                k: {n: self._made(reads, n, before[k], rows[k]) for n in own} | fixed
                for k in part
            }
            values: dict[Any, Any] = self._untouched(declared, names)
            values |= {declared.column(n): self._bound(declared, n, v) for n, v in fixed.items()}
            values |= {declared.column(n): self._each(declared, n, part, made) for n in own}
            with _vendors(declared.name):
                self.conn.execute(update(table).where(among(key, part)).values(values))
            for k in part:
                after[k] = tuple(
                    made[k].get(c.name, old)
                    for c, old in zip(declared.key, k, strict=True)
                )
            self.moved |= {(declared.name, after[k]) for k in part if after[k] != k}
            now = self._check_overwritten(reads, {k: after[k] for k in part}, before, made)
            for k in part:
                self._note_after(step, k, now[after[k]])

    def _note_after(self, step: Step, key: Key, cells: tuple[Cell, ...]) -> None:
        """Keep what a row holds now with its images, by which newer data is told later."""
        for place in self.places[step.decision, key]:
            self.done.images[place] = replace(self.done.images[place], after=cells)
        if step.decision.outcome is Outcome.SEAL:
            sealed = self.done.sealed[step.decision]
            sealed[key] = replace(sealed[key], after=cells)

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

    def _made(self, reads: Reader, name: str, old: Old, row: Row) -> Any:
        """Return what a rule makes of a column of one row."""
        declared = reads.declared
        rule, column = declared.written(name), declared.column(name)
        cells, typed = old
        if not isinstance(rule, Mentions | Inside):
            return self._value(reads, name, typed.get(name), row)
        was = typed[name] if name in typed else _text_of(name, cells)
        with _vendors(f"{declared.name}.{name}"):
            return self.hand.made(rule, column, was, row, reads.room(name))

    def _value(self, reads: Reader, name: str, old: Any, row: Row | None = None) -> Any:
        declared, entropy = reads.declared, self.entropy
        if isinstance(entropy, Seeded) and row is not None:
            entropy = entropy.of(f"{declared.name}|{name}|{key_text(row.key)}")
        with _vendors(f"{declared.name}.{name}"):
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
        for c in declared.table.c:
            moves = c.onupdate is not None or c.server_onupdate is not None
            if c.name not in names and not c.computed and (
                moves or (stamps and isinstance(_plain(c.type), DateTime))
            ):
                pinned[c] = c
        return pinned

    def _check_overwritten(
        self,
        reads: Reader,
        after: Mapping[Key, Key],
        before: Read,
        made: Mapping[Key, Mapping[str, Any]],
    ) -> dict[Key, tuple[Cell, ...]]:
        """Return what each row holds, by the key it has now.

        :raises ErasureError: it is not what was written into it.
        """
        declared, dialect = reads.declared, reads.conn.dialect
        names = list(next(iter(made.values())))
        read = reads.read(list(after.values()), names)
        for k, now in after.items():
            old, typed = {c.name: c for c in before[k][0]}, before[k][1]
            for c in read.get(now, ()):
                column, written = declared.column(c.name), made[k][c.name]
                equal = c.name in typed and same(column, typed[c.name], written, dialect)
                if not took(
                    declared.written(c.name), column, c, old[c.name], written, equal
                ):
                    break
            else:
                if now in read:
                    continue
            raise ErasureError(
                f"{declared.name} does not hold what the plan wrote into it.",
                "A trigger or another rule of the database writes back; nothing was changed.",
            )
        return read

    @contextmanager
    def _untied(
        self, deletes: Sequence[Step], known: Sequence[Link]
    ) -> Iterator[Sequence[Link]]:
        """Let go of foreign keys that point in circles among rows about to be deleted.

        Yields those that still hold, by which the order of the tables goes.
        """
        tables = [step.decision.table for step in deletes]
        held = list(known)
        for step in deletes:
            declared = self.datamap.declared(step.decision.table)
            table = declared.table
            key = [table.c[c.key] for c in declared.key]
            loose: dict[Any, Any] = {}
            for tie in circular(declared.name, tables, held):
                columns = [declared.column(n) for n in tie.columns]
                free = {c: null() for c in columns if c.nullable and c not in declared.key}
                if free:
                    loose |= free
                    held.remove(tie)
            for part in chunks([row.key for row in step.rows]) if loose else ():
                values = {**self._untouched(declared, ()), **loose}
                self.conn.execute(update(table).where(among(key, part)).values(values))
        tight = [name for name in tables if circular(name, tables, held)]
        with ExitStack() as checks:
            for conn in {id(conn): conn for conn in (at(self.conn, n) for n in tight)}.values():
                checks.enter_context(_late_checks(conn))
            yield held

    def _delete(self, step: Step, known: Sequence[Link]) -> None:
        declared = self.datamap.declared(step.decision.table)
        table = declared.table
        key = [table.c[c.key] for c in declared.key]
        reads = self._reader(step)
        found = layers(reads, [row.key for row in step.rows], known)
        if reads.conn.dialect.name == "postgresql":
            # It looks at foreign keys when the statement ends, the others row by row.
            found = [[k for layer in found for k in layer]]
        for part in (part for layer in found for part in chunks(layer)):
            self.conn.execute(delete(table).where(among(key, part)))
            if reads.read(part, ()):
                raise ErasureError(
                    f"Rows of {declared.name} are still there after they were deleted.",
                    "A trigger or row-level security keeps them; nothing was changed.",
                )


@contextmanager
def _late_checks(conn: Connection) -> Iterator[None]:
    """Let foreign keys that cannot be let go of be looked at when all rows are gone.

    On MariaDB, which cannot wait, they are not looked at: nothing else points at these rows,
    as the plan found with the rows locked, and nobody can add a row that does meanwhile.
    """
    dialect = conn.dialect.name
    if dialect == "sqlite":
        conn.exec_driver_sql("PRAGMA defer_foreign_keys = ON")
    elif dialect == "postgresql":
        conn.execute(text("SET CONSTRAINTS ALL DEFERRED"))
    if dialect not in MARIADB:
        yield
        return
    before = conn.exec_driver_sql("SELECT @@SESSION.foreign_key_checks").scalar_one()
    conn.exec_driver_sql("SET SESSION foreign_key_checks = 0")
    try:
        yield
    finally:
        if not conn.invalidated:
            conn.exec_driver_sql(f"SET SESSION foreign_key_checks = {int(before)}")


def _typed(declared: Declared, names: Sequence[str], deletes: bool) -> list[str]:
    """Return the columns whose host's value a rule works on, or its check compares with."""
    if deletes:
        return [n for n, rule in declared.rules.items() if isinstance(rule, File)]
    return [n for n in names if _needs_value(declared, n)]


def _needs_value(declared: Declared, name: str) -> bool:
    rule = declared.written(name)
    if isinstance(rule, Redact):
        return isinstance(declared.column(name).type, TypeDecorator)
    if isinstance(rule, Mentions | Inside):
        return isinstance(declared.column(name).type, TypeDecorator)
    return isinstance(rule, Computed | Constant | File)


def _text_of(name: str, cells: Sequence[Cell]) -> str | None:
    cell = next(c for c in cells if c.name == name)
    if cell.form is Form.NULL:
        return None
    return cell.value if cell.form is Form.TEXT else str(cell.native())


def _plain(type_: Any) -> Any:
    return type_.impl_instance if isinstance(type_, TypeDecorator) else type_


@contextmanager
def _vendors(place: str) -> Iterator[None]:
    """Turn what code of the host or a driver raises about a value into an error without it."""
    try:
        yield
    except (GuesteraseError, SQLAlchemyError):
        raise
    except Exception as raised:
        raise ErasureError(
            f"A value could not be made for {place} ({type(raised).__name__}).",
            "Look at its rule and at the column's type; nothing was changed.",
        ) from None
