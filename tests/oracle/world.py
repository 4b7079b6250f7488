"""A made-up host: tables as plain data, the policies over them, rows, and who asks to be erased."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    Computed,
    Connection,
    Date,
    DateTime,
    Double,
    Enum,
    ForeignKeyConstraint,
    Integer,
    Interval,
    LargeBinary,
    MetaData,
    Numeric,
    PrimaryKeyConstraint,
    String,
    Table,
    Text,
    Time,
    UniqueConstraint,
    Uuid,
    and_,
    column,
    null,
    select,
)
from sqlalchemy.dialects import mysql
from sqlalchemy.orm import Mapper, foreign, registry, relationship
from sqlalchemy.types import to_instance

from flask_guesterase.core.policy import Policy
from flask_guesterase.core.treatment import Exempt
from tests.owntypes import Numbered, Packed

LEVELS = ("none", "gold", "a b")
"""What a column of few values may hold."""

Row = dict[str, Any]
"""One row: SQL column name -> value."""

Who = tuple[str, tuple[Any, ...]]
"""Subject table and key."""


@dataclass(frozen=True)
class Field:
    """One column; `python` is its name in Python where that differs.

    The database computes one that is `of` another: it is one more.
    """

    name: str
    kind: str
    nullable: bool = False
    length: int | None = None
    unique: bool = False
    python: str = ""
    of: str = ""

    @property
    def attribute(self) -> str:
        return self.python or self.name


@dataclass(frozen=True)
class Ref:
    """One foreign key; a `late` one is filled when all rows are there.

    One that `waits` is looked at when the transaction ends, where the engine can.
    """

    columns: tuple[str, ...]
    table: str
    targets: tuple[str, ...]
    late: bool = False
    ondelete: str = ""
    waits: str = ""


@dataclass(frozen=True)
class Spec:
    """One table; without a key its rows are what they hold."""

    name: str
    fields: tuple[Field, ...]
    key: tuple[str, ...]
    refs: tuple[Ref, ...] = ()

    def field(self, name: str) -> Field:
        return next(f for f in self.fields if name in (f.name, f.python))

    @property
    def identity(self) -> tuple[str, ...]:
        return self.key or tuple(f.name for f in self.fields if not f.of)

    def computed(self, row: Row) -> Row:
        """Return a row with what the database makes of it."""
        made = {f.name: row[f.of] for f in self.fields if f.of}
        return row | {name: None if old is None else old + 1 for name, old in made.items()}


@dataclass(frozen=True)
class Step:
    """One step from rows of a table to rows of another whose columns are equal."""

    source: tuple[str, ...]
    table: str
    targets: tuple[str, ...]


@dataclass(frozen=True)
class Relation:
    """A relationship of a mapped class: one step to its children, two through an association."""

    table: str
    name: str
    steps: tuple[Step, ...]


@dataclass(frozen=True)
class Where:
    """The `where` of a policy: a column holds one of some values."""

    column: str
    values: tuple[Any, ...]

    def __call__(self, table: Any) -> Any:
        return next(c for c in table.c if self.column in (c.name, c.key)).in_(self.values)


@dataclass(frozen=True)
class Through:
    """The `via` of a policy that is a select: over an association table to a subject table."""

    steps: tuple[Step, Step]

    def __call__(self, table: Any) -> Any:
        (near, far), tables = self.steps, table.metadata.tables
        link, end = tables[near.table], tables[far.table]
        return (
            select(*(table.primary_key.columns), *(end.primary_key.columns))
            .select_from(table)
            .join(link, _equal(table, near.source, link, near.targets))
            .join(end, _equal(link, far.source, end, far.targets))
        )


def _equal(left: Any, names: Sequence[str], right: Any, others: Sequence[str]) -> Any:
    pairs = zip(names, others, strict=True)
    return and_(*(_column(left, a) == _column(right, b) for a, b in pairs))


def _column(table: Any, name: str) -> Any:
    return next(c for c in table.c if c.name == name)


@dataclass
class World:
    """A whole host, what its vendor declared, and the requests that come in one by one."""

    specs: dict[str, Spec]
    policies: dict[str, Policy | Exempt]
    rows: dict[str, list[Row]]
    requests: list[list[Who]]
    relations: tuple[Relation, ...] = ()
    enforced: bool = True
    metadata: MetaData = field(default_factory=MetaData)

    def build(self, dialect: str) -> dict[str, Table]:
        """Make the tables' objects for an engine."""
        return {
            name: _table(self.metadata, self.specs, spec, dialect)
            for name, spec in self.specs.items()
        }

    def map(self) -> tuple[registry | None, list[Mapper[Any]]]:
        """Map classes for the tables that need relationships; dispose of the registry after."""
        if not self.relations:
            return None, []
        made = registry(metadata=self.metadata)
        tables = self.metadata.tables
        wanted = sorted({r.table for r in self.relations} | {
            r.steps[-1].table for r in self.relations
        })
        classes = {name: type(f"Class{i}", (), {}) for i, name in enumerate(wanted)}
        for name, cls in classes.items():
            made.map_imperatively(cls, tables[name], properties={
                r.name: _relationship(tables, r, classes[r.steps[-1].table])
                for r in self.relations if r.table == name
            })
        made.configure()
        return made, list(made.mappers)

    def fill(self, conn: Connection, tables: Mapping[str, Table]) -> None:
        """Insert the rows, those that point forward or in circles in a second pass."""
        for name, spec in self.specs.items():
            late = _late(spec)
            put(conn, tables[name], [
                {n: None if n in late else v for n, v in row.items()} for row in self.rows[name]
            ])
        for name, spec in self.specs.items():
            late = _late(spec)
            for row in self.rows[name]:
                values = {_column(tables[name], n): row[n] for n in late if row[n] is not None}
                if values:
                    at = and_(*(_column(tables[name], n) == row[n] for n in spec.key))
                    conn.execute(tables[name].update().where(at).values(values))

    def describe(self) -> str:
        """Tell the whole world in lines a person can read."""
        return "\n".join(_lines(self))


def _late(spec: Spec) -> set[str]:
    """Columns that stay NULL until all rows are there; one of each such key is enough."""
    carried = {c for ref in spec.refs if ref.late for c in ref.columns}
    return {c for c in carried if spec.field(c).nullable}


def put(conn: Connection, table: Table, rows: Iterable[Row]) -> None:
    """Insert rows, None as NULL whatever the type."""
    at = {c.name: c for c in table.c}
    plain = []
    given = {name for name, column in at.items() if column.computed is None}
    for row in ({n: v for n, v in row.items() if n in given} for row in rows):
        if any(v is None and isinstance(at[n].type, JSON) for n, v in row.items()):
            conn.execute(table.insert().values({
                at[n]: null() if v is None else v for n, v in row.items()
            }))
        else:
            plain.append({at[n].key: v for n, v in row.items()})
    if plain:
        conn.execute(table.insert(), plain)


def _relationship(tables: Mapping[str, Table], relation: Relation, target: type) -> Any:
    here = tables[relation.table]
    first = relation.steps[0]
    near = tables[first.table]
    if len(relation.steps) == 1:
        return relationship(target, viewonly=True, uselist=True, primaryjoin=and_(*(
            _column(here, a) == foreign(_column(near, b))
            for a, b in zip(first.source, first.targets, strict=True)
        )))
    last = relation.steps[1]
    far = tables[last.table]
    return relationship(
        target, secondary=near, viewonly=True,
        primaryjoin=and_(*(
            _column(here, a) == foreign(_column(near, b))
            for a, b in zip(first.source, first.targets, strict=True)
        )),
        secondaryjoin=and_(*(
            foreign(_column(near, a)) == _column(far, b)
            for a, b in zip(last.source, last.targets, strict=True)
        )),
    )


def sql_type(one: Field) -> Any:
    """The SQLAlchemy type of a column; text compares byte by byte on every engine."""
    if one.kind == "text" and one.length:
        exact = mysql.VARCHAR(one.length, charset="utf8mb4", collation="utf8mb4_bin")
        return String(one.length).with_variant(exact, "mysql", "mariadb")
    if one.kind == "blob" and one.length:
        exact = mysql.VARBINARY(one.length)
        return LargeBinary(one.length).with_variant(exact, "mysql", "mariadb")
    kinds: dict[str, Any] = {
        "int": Integer, "text": Text, "uuid": Uuid, "date": Date, "when": DateTime, "json": JSON,
        "blob": LargeBinary, "real": Double, "bool": Boolean, "clock": Time, "span": Interval,
        "amount": Numeric(12, 2), "level": Enum(*LEVELS, name="level"), "prefixed": Numbered,
        "packed": Packed,
    }
    return to_instance(kinds[one.kind])


def _table(metadata: MetaData, specs: Mapping[str, Spec], spec: Spec, dialect: str) -> Table:
    waiting = dialect not in ("mysql", "mariadb")
    number = len(metadata.tables)
    at = {f.name: f.attribute for f in spec.fields}
    return Table(
        spec.name, metadata,
        *(Column(
            f.name, sql_type(f), *([Computed(column(f.of) + 1, persisted=True)] if f.of else []),
            key=f.attribute, nullable=f.nullable, autoincrement=False,
        ) for f in spec.fields),
        *([PrimaryKeyConstraint(*(at[n] for n in spec.key))] if spec.key else []),
        *(UniqueConstraint(f.attribute, name=f"uq_{number}_{i}")
          for i, f in enumerate(spec.fields) if f.unique),
        *(ForeignKeyConstraint(
            [at[n] for n in ref.columns],
            [f"{ref.table}.{specs[ref.table].field(t).attribute}" for t in ref.targets],
            name=f"fk_{number}_{i}", ondelete=ref.ondelete or None,
            deferrable=True if waiting and ref.waits else None,
            initially=ref.waits or None if waiting else None,
        ) for i, ref in enumerate(spec.refs)),
    )


def _lines(world: World) -> Iterable[str]:
    for name, spec in world.specs.items():
        yield f"TABLE {name}  key ({', '.join(spec.key) or 'none'})"
        for f in spec.fields:
            words = [f.kind + (f"({f.length})" if f.length else "")]
            words += [] if f.nullable else ["not null"]
            words += ["unique"] if f.unique else []
            words += [f"as {f.python}"] if f.python else []
            words += [f"computed of {f.of}"] if f.of else []
            yield f"    {f.name}: {' '.join(words)}"
        for ref in spec.refs:
            extra = f" on delete {ref.ondelete}" if ref.ondelete else ""
            extra += f" waits {ref.waits}" if ref.waits else ""
            yield f"    {ref.columns} -> {ref.table}{ref.targets}{extra}"
        policy = world.policies[name]
        if isinstance(policy, Policy):
            for key, value in vars(policy).items():
                if value not in (None, "", {}):
                    yield f"    {key} = {value}"
        else:
            yield "    exempt"
        for row in world.rows[name]:
            yield f"  | {row}"
    for relation in world.relations:
        yield f"RELATION {relation}"
    for number, people in enumerate(world.requests, 1):
        yield f"REQUEST {number}: {people}"
    yield f"foreign keys enforced on SQLite: {world.enforced}"
