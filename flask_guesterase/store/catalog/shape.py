"""What a database holds, as frozen values: columns, keys, triggers and what happens by itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType


@dataclass(frozen=True)
class LiveColumn:
    """One column as the database knows it.

    :param type: the engine's own text, such as `character varying(40)`.
    :param generated: nobody may write it: computed, identity-always or a system period.
    :param length: declared length in characters, None where there is none.
    :param default: an INSERT may leave it out because the database fills it.
    """

    name: str
    type: str
    nullable: bool
    generated: bool = False
    length: int | None = None
    default: bool = False


@dataclass(frozen=True)
class LiveForeignKey:
    """One foreign key and what the database does by itself when its target goes or changes.

    :param name: "" on SQLite, which does not tell it.
    :param table: key of the child, the table that holds the constraint.
    :param on_delete: NO ACTION, RESTRICT, CASCADE, SET NULL or SET DEFAULT.
    :param enforced: False when this connection lets violations pass (and cascades sleep).
    :param full: its columns are all NULL or none is (MATCH FULL).
    """

    name: str
    table: str
    columns: tuple[str, ...]
    target: str
    target_columns: tuple[str, ...]
    on_delete: str = "NO ACTION"
    on_update: str = "NO ACTION"
    enforced: bool = True
    full: bool = False


@dataclass(frozen=True)
class LiveTrigger:
    """One trigger (or, on PostgreSQL, rewrite rule) that fires for this connection.

    :param events: of INSERT, UPDATE and DELETE.
    :param body: the statements; on PostgreSQL the source of the function. "" when unreadable.
    :param copies_old: the old value may survive somewhere. Fails closed: True when unclear.
    :param old_columns: columns of the old row that are used; None means all, or nobody knows.
    :param calls: the function somebody made that it calls, where that makes it unclear.
    :param path: the schemas in which it looks for a table named without one, where it says so.
    """

    name: str
    table: str
    events: frozenset[str]
    body: str
    copies_old: bool
    old_columns: frozenset[str] | None = None
    calls: str = ""
    path: tuple[str, ...] = ()


@dataclass(frozen=True)
class LiveTable:
    """One table, view or virtual table as the database knows it.

    :param name: key as SQLAlchemy spells it; qualified only outside the default schema.
    :param schema: schema, attached database or MariaDB database it lives in.
    :param unique: unique constraints and unique indexes without the primary key; an expression
        stands as its text, such as `lower(email)`.
    :param nulls_equal: those of them to which NULL is one value like another (PostgreSQL).
    :param checks: CHECK conditions as text, conditions of a column's domain included.
    :param indexes: every index an equality can use, the primary key first; no partial ones.
    :param versioned: the engine keeps old rows itself (MariaDB system versioning).
    :param partition_of: key of the partitioned table whose rows it stores.
    :param heir_of: keys of the tables that PostgreSQL shows its rows in (``INHERITS``).
    :param placed_by: by what PostgreSQL chooses the partition of a row, such as `LIST (kind)`.
    :param row_security: PostgreSQL row-level security hides rows from the current role.
    :param materialised: a stored copy of what a query gave (PostgreSQL materialised view).
    :param virtual: a SQLite virtual table, such as a full-text index.
    :param shadow: storage of a virtual table, named by it.
    :param transactional: a rollback takes changes back (MyISAM, foreign tables: False).
    :param savepoints: a transaction that read its rows may set savepoints (Aria: False).
    :param text_of: table whose rows a SQLite full-text index describes without holding them.
    :param keeps_words: a SQLite full-text index in whose storage words of old rows stay.
    :param copied_by: materialised views that read it, directly or through views.
    :param folds: column names compare without case (SQLite, MariaDB).
    """

    name: str
    schema: str
    columns: Mapping[str, LiveColumn]
    primary_key: tuple[str, ...] = ()
    unique: tuple[tuple[str, ...], ...] = ()
    nulls_equal: tuple[tuple[str, ...], ...] = ()
    checks: tuple[str, ...] = ()
    indexes: tuple[tuple[str, ...], ...] = ()
    foreign_keys: tuple[LiveForeignKey, ...] = ()
    triggers: tuple[LiveTrigger, ...] = ()
    versioned: bool = False
    partitioned: bool = False
    partition_of: str | None = None
    heir_of: tuple[str, ...] = ()
    placed_by: str = ""
    row_security: bool = False
    view: bool = False
    materialised: bool = False
    virtual: bool = False
    shadow: bool = False
    transactional: bool = True
    savepoints: bool = True
    text_of: str | None = None
    keeps_words: bool = False
    copied_by: tuple[str, ...] = ()
    folds: bool = False

    def column(self, name: str) -> LiveColumn | None:
        """The column of that name by the engine's own rules of case, or None."""
        found = self.columns.get(name)
        if found is None and self.folds:
            folded = name.lower()
            found = next((c for c in self.columns.values() if c.name.lower() == folded), None)
        return found


@dataclass(frozen=True)
class LiveSchema:
    """What one database holds, and what it lets this connection do.

    :param dialect: `sqlite`, `postgresql` or `mariadb`.
    :param version: the server's own text.
    :param default_schema: where a table without a schema lives.
    :param read_only: this server, file or session refuses changes.
    :param foreign_keys_enforced: foreign keys act for this connection.
    :param triggers_known: False when the current role may not see triggers (MariaDB without the
        TRIGGER privilege), so that an empty list means nothing.
    :param elsewhere: schemas of it that hold tables and were not read, since nobody names them.
    :param parts: name of a database -> what it holds, where this is several of them as one; the
        rest then describes the default one.
    :param places: full name of a table -> name of the database it lies in, if not the default one.
    """

    dialect: str
    version: str
    default_schema: str
    tables: Mapping[str, LiveTable] = field(default_factory=lambda: MappingProxyType({}))
    read_only: bool = False
    foreign_keys_enforced: bool = True
    triggers_known: bool = True
    folds: bool = False
    elsewhere: tuple[str, ...] = ()
    parts: Mapping[str, LiveSchema] = field(default_factory=lambda: MappingProxyType({}))
    places: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))

    def each(self) -> tuple[tuple[str, LiveSchema], ...]:
        """Return the databases this is put together from, by name; itself where there is one."""
        return tuple(self.parts.items()) or (("", self),)

    def table(self, name: str) -> LiveTable | None:
        """The table of that key, also when qualified with the default schema, or None."""
        if self.parts:
            home = self.parts[self.places.get(name, "")]
            parts = [home] if name in self.places else [home, *self.parts.values()]
            tables = (each.table(name) for each in parts)
            return next((table for table in tables if table is not None), None)
        found = self.tables.get(name)
        if found is not None:
            return found
        wanted = name.lower() if self.folds else name
        for table in self.tables.values():
            bare = table.name.removeprefix(f"{table.schema}.")
            known = {table.name, f"{table.schema}.{bare}"}
            if wanted in ({k.lower() for k in known} if self.folds else known):
                return table
        return None

    def incoming(self, table: str) -> tuple[LiveForeignKey, ...]:
        """Foreign keys of any table read that point at this one, in a stable order."""
        found = self.table(table)
        key = table if found is None else found.name
        return tuple(
            foreign
            for _, child in sorted(self.tables.items())
            for foreign in child.foreign_keys
            if foreign.target == key
        )
