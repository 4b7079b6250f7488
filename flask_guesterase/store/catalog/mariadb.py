"""MariaDB: information_schema, which shows only what the current user was granted."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Any

from sqlalchemy import Connection, bindparam, text

from ...core.errors import SetupError
from ..tables import PREFIX
from .assembly import Assembly
from .copying import copies_old
from .shape import LiveColumn, LiveForeignKey, LiveSchema, LiveTable, LiveTrigger

_SERVER = text("SELECT VERSION() AS version, DATABASE() AS schema_name")

# Not as @@variables: which of them exist differs from version to version.
_VARIABLES = text("""
    SHOW SESSION VARIABLES WHERE Variable_name IN ('read_only', 'innodb_read_only',
        'tx_read_only', 'transaction_read_only', 'foreign_key_checks', 'lower_case_table_names')
""")
_READ_ONLY = ("read_only", "innodb_read_only", "tx_read_only", "transaction_read_only")


_OURS = PREFIX.replace("_", "\\_") + "%"
"""Pattern of the names of our own tables, whose columns nobody asks for."""


def _in_schemas(statement: str) -> Any:
    return text(statement).bindparams(bindparam("schemas", expanding=True))


# Databases whose tables may point here; the server shows only what we may see. In these two nobody
# can create a table, and to look through them takes longer than all the rest.
_OTHERS = _in_schemas("""
    SELECT SCHEMA_NAME FROM information_schema.SCHEMATA
    WHERE SCHEMA_NAME NOT IN ('information_schema', 'performance_schema')
      AND SCHEMA_NAME NOT IN :schemas
""")
_OUTSIDE = _in_schemas("""
    SELECT DISTINCT CONSTRAINT_SCHEMA AS schema_name, TABLE_NAME AS name
    FROM information_schema.REFERENTIAL_CONSTRAINTS
    WHERE UNIQUE_CONSTRAINT_SCHEMA IN :schemas AND CONSTRAINT_SCHEMA IN :others
""").bindparams(bindparam("others", expanding=True))
_TABLES = _in_schemas("""
    SELECT TABLE_SCHEMA AS schema_name, TABLE_NAME AS name, TABLE_TYPE AS kind, ENGINE AS engine,
           CREATE_OPTIONS AS options
    FROM information_schema.TABLES
    WHERE TABLE_SCHEMA IN :schemas
      AND TABLE_TYPE IN ('BASE TABLE', 'VIEW', 'SYSTEM VERSIONED')
""")
_COLUMNS = _in_schemas("""
    SELECT TABLE_SCHEMA AS schema_name, TABLE_NAME AS tbl, COLUMN_NAME AS name,
           COLUMN_TYPE AS type, IS_NULLABLE AS nullable, IS_GENERATED AS generated,
           CHARACTER_MAXIMUM_LENGTH AS length, COLUMN_DEFAULT AS filled, EXTRA AS extra
    FROM information_schema.COLUMNS WHERE TABLE_SCHEMA IN :schemas AND TABLE_NAME NOT LIKE :ours
    ORDER BY TABLE_SCHEMA, TABLE_NAME, ORDINAL_POSITION
""")
_INDEXES = _in_schemas("""
    SELECT TABLE_SCHEMA AS schema_name, TABLE_NAME AS tbl, INDEX_NAME AS name,
           NON_UNIQUE AS plain, COLUMN_NAME AS col, INDEX_TYPE AS method, IGNORED AS ignored
    FROM information_schema.STATISTICS
    WHERE TABLE_SCHEMA IN :schemas AND TABLE_NAME NOT LIKE :ours
    ORDER BY TABLE_SCHEMA, TABLE_NAME, INDEX_NAME, SEQ_IN_INDEX
""")
# Joined by the server, these two would be read of every database there is.
_FOREIGN = _in_schemas("""
    SELECT TABLE_SCHEMA AS schema_name, TABLE_NAME AS tbl, CONSTRAINT_NAME AS name,
           COLUMN_NAME AS col, REFERENCED_TABLE_SCHEMA AS target_schema,
           REFERENCED_TABLE_NAME AS target, REFERENCED_COLUMN_NAME AS target_col
    FROM information_schema.KEY_COLUMN_USAGE
    WHERE TABLE_SCHEMA IN :schemas AND REFERENCED_TABLE_NAME IS NOT NULL
      AND TABLE_NAME NOT LIKE :ours
    ORDER BY TABLE_SCHEMA, TABLE_NAME, CONSTRAINT_NAME, ORDINAL_POSITION
""")
_RULES = _in_schemas("""
    SELECT CONSTRAINT_SCHEMA AS schema_name, TABLE_NAME AS tbl, CONSTRAINT_NAME AS name,
           DELETE_RULE AS on_delete, UPDATE_RULE AS on_update
    FROM information_schema.REFERENTIAL_CONSTRAINTS
    WHERE CONSTRAINT_SCHEMA IN :schemas AND TABLE_NAME NOT LIKE :ours
""")
_CHECKS = _in_schemas("""
    SELECT CONSTRAINT_SCHEMA AS schema_name, TABLE_NAME AS tbl, CHECK_CLAUSE AS clause
    FROM information_schema.CHECK_CONSTRAINTS
    WHERE CONSTRAINT_SCHEMA IN :schemas AND TABLE_NAME NOT LIKE :ours
""")
_TRIGGERS = _in_schemas("""
    SELECT EVENT_OBJECT_SCHEMA AS schema_name, EVENT_OBJECT_TABLE AS tbl, TRIGGER_NAME AS name,
           EVENT_MANIPULATION AS events, ACTION_TIMING AS timing, ACTION_STATEMENT AS body
    FROM information_schema.TRIGGERS WHERE EVENT_OBJECT_SCHEMA IN :schemas
""")
_GRANTED = text("""
    SELECT DISTINCT PRIVILEGE_TYPE AS privilege FROM (
        SELECT GRANTEE, PRIVILEGE_TYPE FROM information_schema.USER_PRIVILEGES
        UNION ALL
        SELECT GRANTEE, PRIVILEGE_TYPE FROM information_schema.SCHEMA_PRIVILEGES
        WHERE DATABASE() LIKE TABLE_SCHEMA
    ) AS granted
    WHERE GRANTEE IN (CONCAT('''', REPLACE(CURRENT_USER(), '@', '''@'''), ''''),
                      CONCAT('''', COALESCE(CURRENT_ROLE(), ''), '''@'''''))
""")


def read_only(conn: Connection) -> bool:
    """Return whether this server or session refuses changes."""
    return _refuses(_variables(conn))


def _variables(conn: Connection) -> dict[str, str]:
    return {name: value.upper() for name, value in conn.execute(_VARIABLES)}


def _refuses(variables: Mapping[str, str]) -> bool:
    return any(variables.get(name, "OFF") not in ("OFF", "0") for name in _READ_ONLY)


def read(conn: Connection, schemas: Sequence[str]) -> LiveSchema:
    """The current database and the named ones, and the tables elsewhere that point at them.

    :raises SetupError: the connection has no current database.
    """
    server = conn.execute(_SERVER).one()
    if server.schema_name is None:
        raise SetupError("The connection has no current database.", "Name one in the URL.")
    default = str(server.schema_name)
    variables = _variables(conn)
    enforced = variables.get("foreign_key_checks") == "ON"
    fold_tables = variables.get("lower_case_table_names") != "0"
    scope = list(dict.fromkeys((default, *schemas)))
    outside = _outside(conn, scope)
    bound = {"schemas": [*scope, *sorted({schema for schema, _ in outside})], "ours": _OURS}
    parts = Assembly()
    names: dict[tuple[str, str], str] = {}
    for row in conn.execute(_TABLES, bound):
        place = (row.schema_name, row.name)
        if row.name.lower().startswith(PREFIX) or (
            row.schema_name not in scope and place not in outside
        ):
            continue
        names[place] = _key(default, *place)
        parts.tables[names[place]] = _table(row, names[place])
    _columns(conn.execute(_COLUMNS, bound).all(), names, parts)
    _indexes(conn.execute(_INDEXES, bound).all(), names, parts)
    rules = {(row.schema_name, row.tbl, row.name): row for row in conn.execute(_RULES, bound)}
    links = conn.execute(_FOREIGN, bound).all()
    _foreign(links, rules, names, parts, default, enforced)
    for row in conn.execute(_CHECKS, bound):
        if (row.schema_name, row.tbl) in names:
            parts.checks[names[row.schema_name, row.tbl]].append(row.clause)
    _triggers(conn.execute(_TRIGGERS, bound).all(), names, parts)
    return LiveSchema(
        dialect="mariadb",
        version=server.version,
        default_schema=default,
        tables=parts.build(fold_tables=fold_tables, fold_columns=True),
        read_only=_refuses(variables),
        foreign_keys_enforced=enforced,
        triggers_known=_triggers_known(set(conn.scalars(_GRANTED)), server.version),
        folds=fold_tables,
    )


def _outside(conn: Connection, scope: Sequence[str]) -> set[tuple[str, str]]:
    """Return database and name of the tables elsewhere that point into a scope."""
    others = conn.scalars(_OTHERS, {"schemas": scope}).all()
    found = conn.execute(_OUTSIDE, {"schemas": scope, "others": others}) if others else ()
    return {(row.schema_name, row.name) for row in found}


def _table(row: Any, key: str) -> LiveTable:
    view = row.kind == "VIEW"
    return LiveTable(
        name=key,
        schema=row.schema_name,
        columns={},
        view=view,
        versioned=row.kind == "SYSTEM VERSIONED",
        partitioned="partitioned" in (row.options or "").lower(),
        transactional=view or (row.engine or "").lower() in ("innodb", "rocksdb"),
    )


def _columns(rows: Sequence[Any], names: dict[tuple[str, str], str], parts: Assembly) -> None:
    for row in rows:
        table = names.get((row.schema_name, row.tbl))
        if table is not None:
            parts.columns[table][row.name] = LiveColumn(
                name=row.name,
                type=row.type,
                nullable=row.nullable == "YES",
                generated=row.generated == "ALWAYS",
                length=row.length,
                default=row.filled not in (None, "NULL") or "auto_increment" in row.extra.lower(),
            )


def _indexes(rows: Sequence[Any], names: dict[tuple[str, str], str], parts: Assembly) -> None:
    for (schema, name, index), group in groupby(
        rows, key=lambda row: (row.schema_name, row.tbl, row.name)
    ):
        table = names.get((schema, name))
        if table is None:
            continue
        items = list(group)
        columns = tuple(row.col for row in items)
        if index == "PRIMARY":
            parts.primary[table] = columns
        elif not items[0].plain:
            parts.unique[table].append(columns)
        if items[0].method in ("BTREE", "HASH") and items[0].ignored != "YES":
            parts.indexes[table].append(columns)


def _foreign(
    rows: Sequence[Any],
    rules: Mapping[tuple[str, str, str], Any],
    names: dict[tuple[str, str], str],
    parts: Assembly,
    default: str,
    enforced: bool,
) -> None:
    found: dict[tuple[str, str, str], list[Any]] = defaultdict(list)
    for row in rows:
        found[row.schema_name, row.tbl, row.name].append(row)
    for place, items in found.items():
        schema, name, constraint = place
        table, rule = names.get((schema, name)), rules.get(place)
        if table is not None and rule is not None:
            parts.foreign[table].append(
                LiveForeignKey(
                    name=constraint,
                    table=table,
                    columns=tuple(row.col for row in items),
                    target=_key(default, items[0].target_schema, items[0].target),
                    target_columns=tuple(row.target_col for row in items),
                    on_delete=rule.on_delete,
                    on_update=rule.on_update,
                    enforced=enforced,
                )
            )


def _triggers(rows: Sequence[Any], names: dict[tuple[str, str], str], parts: Assembly) -> None:
    for row in rows:
        table = names.get((row.schema_name, row.tbl))
        if table is None:
            continue
        events = frozenset(re.findall(r"INSERT|UPDATE|DELETE", row.events.upper()))
        body = row.body or ""
        copies, columns = copies_old(
            body, table=row.tbl, events=events, before=row.timing == "BEFORE"
        )
        parts.triggers[table].append(LiveTrigger(row.name, table, events, body, copies, columns))


def _triggers_known(granted: set[str], version: str) -> bool:
    """Whether the catalogue would show every trigger of the current database.

    Servers with MDEV-37474 (seen on 11.8.9) show triggers, without their body, to whoever may
    write; older ones only to holders of TRIGGER. Where it was not seen, it is not assumed.
    """
    numbers = [int(number) for number in re.findall(r"\d+", version)[:3]]
    shown = numbers[:2] == [11, 8] and numbers[2] >= 9
    return "TRIGGER" in granted or (shown and bool({"UPDATE", "DELETE"} & granted))


def _key(default: str, schema: str, name: str) -> str:
    return name if schema == default else f"{schema}.{name}"
