"""MariaDB: information_schema, which shows only what the current user was granted."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from sqlalchemy import Connection, bindparam, text

from ...core.errors import SetupError
from ..tables import PREFIX
from . import called
from .assembly import Assembly
from .copying import copies_old
from .shape import LiveColumn, LiveForeignKey, LiveSchema, LiveTable, LiveTrigger

_READ_ONLY = ("read_only", "innodb_read_only", "tx_read_only", "transaction_read_only")

_OURS = PREFIX.replace("_", "\\_") + "%"
"""Pattern of the names of our own tables, whose columns nobody asks for."""


def _in_schemas(statement: str) -> Any:
    return text(statement).bindparams(bindparam("schemas", expanding=True))


# Not as @@variables: which of them exist differs from version to version.
_VARIABLES = """
    SELECT 'variable' AS what, VARIABLE_NAME AS name, VARIABLE_VALUE AS value
    FROM information_schema.SESSION_VARIABLES
    WHERE VARIABLE_NAME IN ('READ_ONLY', 'INNODB_READ_ONLY', 'TX_READ_ONLY',
        'TRANSACTION_READ_ONLY', 'FOREIGN_KEY_CHECKS', 'LOWER_CASE_TABLE_NAMES')
"""
# Databases whose tables may point here; the server shows only what we may see. In these two nobody
# can create a table, and to look through them takes longer than all the rest.
_OTHERS = """
    SELECT 'other', SCHEMA_NAME, NULL FROM information_schema.SCHEMATA
    WHERE SCHEMA_NAME NOT IN ('information_schema', 'performance_schema')
"""
_GRANTED = """
    SELECT DISTINCT 'granted', PRIVILEGE_TYPE, place FROM (
        SELECT GRANTEE, PRIVILEGE_TYPE, '%' AS place FROM information_schema.USER_PRIVILEGES
        UNION ALL
        SELECT GRANTEE, PRIVILEGE_TYPE, TABLE_SCHEMA FROM information_schema.SCHEMA_PRIVILEGES
    ) AS granted
    WHERE GRANTEE IN (CONCAT('''', REPLACE(CURRENT_USER(), '@', '''@'''), ''''),
                      CONCAT('''', COALESCE(CURRENT_ROLE(), ''), '''@'''''))
"""
_SETTINGS = text(_VARIABLES)
_SERVER = text(" UNION ALL ".join((
    _VARIABLES, _OTHERS, _GRANTED, "SELECT 'version', VERSION(), NULL",
    "SELECT 'schema', DATABASE(), NULL",
)))  # fmt: skip
_OUTSIDE = _in_schemas("""
    SELECT DISTINCT CONSTRAINT_SCHEMA AS schema_name, TABLE_NAME AS name
    FROM information_schema.REFERENTIAL_CONSTRAINTS
    WHERE UNIQUE_CONSTRAINT_SCHEMA IN :schemas AND CONSTRAINT_SCHEMA IN :others
    ORDER BY 1, 2
""").bindparams(bindparam("others", expanding=True))


class _Facts:
    """What one catalogue says of some schemas: its rows, or a mark by which a change is seen.

    :param source: the catalogue, and which of its rows.
    :param order: by what its rows are ordered, where that means something.
    :param columns: name -> column.
    """

    def __init__(self, source: str, order: Sequence[str] = (), **columns: str) -> None:
        where = f"FROM information_schema.{source}"
        said = ", ".join(f"{column} AS {name}" for name, column in columns.items())
        sorted_ = f" ORDER BY {', '.join(order)}" if order else ""
        self.rows = _in_schemas(f"SELECT {said} {where}{sorted_}")
        parts = ", ".join(f"QUOTE({each})" for each in dict.fromkeys((*columns.values(), *order)))
        digits = f"CONV(LEFT(MD5(CONCAT_WS(',', {parts})), 15), 16, 10)"
        # What is too long to be marked is something else each time.
        mark = f"SUM(COALESCE(CAST({digits} AS UNSIGNED), UUID_SHORT()))"
        self.mark = f"SELECT COUNT(*), {mark} {where}"


_TABLES = _Facts(
    "TABLES WHERE TABLE_SCHEMA IN :schemas"
    " AND TABLE_TYPE IN ('BASE TABLE', 'VIEW', 'SYSTEM VERSIONED')",
    schema_name="TABLE_SCHEMA", name="TABLE_NAME", kind="TABLE_TYPE", engine="ENGINE",
    options="CREATE_OPTIONS",
)  # fmt: skip
_COLUMNS = _Facts(
    "COLUMNS WHERE TABLE_SCHEMA IN :schemas AND TABLE_NAME NOT LIKE :ours",
    ("TABLE_SCHEMA", "TABLE_NAME", "ORDINAL_POSITION"),
    schema_name="TABLE_SCHEMA", tbl="TABLE_NAME", name="COLUMN_NAME", type="COLUMN_TYPE",
    nullable="IS_NULLABLE", generated="IS_GENERATED", length="CHARACTER_MAXIMUM_LENGTH",
    filled="COLUMN_DEFAULT", extra="EXTRA",
)  # fmt: skip
_INDEXES = _Facts(
    "STATISTICS WHERE TABLE_SCHEMA IN :schemas AND TABLE_NAME NOT LIKE :ours",
    ("TABLE_SCHEMA", "TABLE_NAME", "INDEX_NAME", "SEQ_IN_INDEX"),
    schema_name="TABLE_SCHEMA", tbl="TABLE_NAME", name="INDEX_NAME", plain="NON_UNIQUE",
    col="COLUMN_NAME", method="INDEX_TYPE", ignored="IGNORED",
)  # fmt: skip
# Joined by the server, these two would be read of every database there is.
_FOREIGN = _Facts(
    "KEY_COLUMN_USAGE WHERE TABLE_SCHEMA IN :schemas AND REFERENCED_TABLE_NAME IS NOT NULL"
    " AND TABLE_NAME NOT LIKE :ours",
    ("TABLE_SCHEMA", "TABLE_NAME", "CONSTRAINT_NAME", "ORDINAL_POSITION"),
    schema_name="TABLE_SCHEMA", tbl="TABLE_NAME", name="CONSTRAINT_NAME", col="COLUMN_NAME",
    target_schema="REFERENCED_TABLE_SCHEMA", target="REFERENCED_TABLE_NAME",
    target_col="REFERENCED_COLUMN_NAME",
)  # fmt: skip
_RULES = _Facts(
    "REFERENTIAL_CONSTRAINTS WHERE CONSTRAINT_SCHEMA IN :schemas AND TABLE_NAME NOT LIKE :ours",
    schema_name="CONSTRAINT_SCHEMA", tbl="TABLE_NAME", name="CONSTRAINT_NAME",
    on_delete="DELETE_RULE", on_update="UPDATE_RULE",
)  # fmt: skip
_CHECKS = _Facts(
    "CHECK_CONSTRAINTS WHERE CONSTRAINT_SCHEMA IN :schemas AND TABLE_NAME NOT LIKE :ours",
    schema_name="CONSTRAINT_SCHEMA", tbl="TABLE_NAME", clause="CHECK_CLAUSE",
)  # fmt: skip
# When one was made tells that it was away for a moment.
_TRIGGERS = _Facts(
    "TRIGGERS WHERE EVENT_OBJECT_SCHEMA IN :schemas",
    schema_name="EVENT_OBJECT_SCHEMA", tbl="EVENT_OBJECT_TABLE", name="TRIGGER_NAME",
    events="EVENT_MANIPULATION", timing="ACTION_TIMING", body="ACTION_STATEMENT", made="CREATED",
)  # fmt: skip
_MARKS = _in_schemas(" UNION ALL ".join(
    facts.mark
    for facts in (_TABLES, _COLUMNS, _INDEXES, _FOREIGN, _RULES, _CHECKS, _TRIGGERS)
))  # fmt: skip


@dataclass(frozen=True)
class _Server:
    """What a server says of itself, of this session, and of what points at some schemas.

    :param version: its version.
    :param default: the current database.
    :param variables: name -> value of what was set for the session.
    :param granted: what the current user may do, and the pattern of the databases in which.
    :param scope: the current database and those that were named.
    :param outside: database and name of the tables elsewhere that point into the scope.
    """

    version: str
    default: str
    variables: tuple[tuple[str, str], ...]
    granted: frozenset[tuple[str, str]]
    scope: tuple[str, ...]
    outside: tuple[tuple[str, str], ...]

    def bound(self) -> dict[str, Any]:
        """Return what the catalogues are asked for."""
        return {
            "schemas": [*self.scope, *sorted({schema for schema, _ in self.outside})],
            "ours": _OURS,
        }

    def may(self, schema: str) -> set[str]:
        """Return what the current user may do in a database."""
        return {each for each, pattern in self.granted if _covers(pattern, schema)}


def read_only(conn: Connection) -> bool:
    """Return whether this server or session refuses changes."""
    return _refuses({row.name.lower(): row.value for row in conn.execute(_SETTINGS)})


def _folds(variables: Iterable[tuple[str, str]]) -> bool:
    """Return whether the server takes names of databases and tables of another case for one."""
    return dict(variables).get("lower_case_table_names") != "0"


def _refuses(variables: Mapping[str, str]) -> bool:
    return any(variables.get(name, "OFF").upper() not in ("OFF", "0") for name in _READ_ONLY)


def mark(conn: Connection, schemas: Sequence[str]) -> tuple[object, ...]:
    """Return what differs whenever `read` would find something else; it takes three statements.

    :param conn: an open connection.
    :param schemas: the named databases.
    :raises SetupError: the connection has no current database.
    """
    server = _server(conn, schemas)
    return server, *map(tuple, conn.execute(_MARKS, server.bound()))


def _server(conn: Connection, schemas: Sequence[str]) -> _Server:
    said = defaultdict[str, list[Any]](list)
    for what, name, value in conn.execute(_SERVER):
        pair = (name.lower(), value.upper()) if what == "variable" else (name, value)
        said[what].append(pair if what in ("variable", "granted") else name)
    (default,) = said["schema"]
    if default is None:
        raise SetupError("The connection has no current database.", "Name one in the URL.")
    variables = tuple(sorted(said["variable"]))
    # Where the server folds names, its catalogues may spell a database otherwise than a mapping.
    spelt = {name.lower(): name for name in (default, *said["other"])} if _folds(variables) else {}
    named = (spelt.get(name.lower(), name) for name in schemas)
    scope = tuple(dict.fromkeys((default, *named)))
    others = [name for name in said["other"] if name not in scope]
    outside = conn.execute(_OUTSIDE, {"schemas": scope, "others": others}) if others else ()
    return _Server(
        said["version"][0], default, variables, frozenset(said["granted"]),
        scope, tuple((row.schema_name, row.name) for row in outside),
    )  # fmt: skip


def read(conn: Connection, schemas: Sequence[str]) -> LiveSchema:
    """The current database and the named ones, and the tables elsewhere that point at them.

    :raises SetupError: the connection has no current database.
    """
    server = _server(conn, schemas)
    default, variables, bound = server.default, dict(server.variables), server.bound()
    enforced = variables.get("foreign_key_checks") == "ON"
    fold_tables = _folds(server.variables)
    parts = Assembly()
    names: dict[tuple[str, str], str] = {}
    for row in conn.execute(_TABLES.rows, bound):
        place = (row.schema_name, row.name)
        if row.name.lower().startswith(PREFIX) or (
            row.schema_name not in server.scope and place not in server.outside
        ):
            continue
        names[place] = _key(default, *place)
        parts.tables[names[place]] = _table(row, names[place])
    _columns(conn.execute(_COLUMNS.rows, bound).all(), names, parts)
    _indexes(conn.execute(_INDEXES.rows, bound).all(), names, parts)
    rules = {(row.schema_name, row.tbl, row.name): row for row in conn.execute(_RULES.rows, bound)}
    links = conn.execute(_FOREIGN.rows, bound).all()
    _foreign(links, rules, names, parts, default, enforced)
    for row in conn.execute(_CHECKS.rows, bound):
        if (row.schema_name, row.tbl) in names:
            parts.checks[names[row.schema_name, row.tbl]].append(row.clause)
    _triggers(conn.execute(_TRIGGERS.rows, bound).all(), names, parts, called.mariadb(conn))
    return LiveSchema(
        dialect="mariadb",
        version=server.version,
        default_schema=default,
        tables=parts.build(fold_tables=fold_tables, fold_columns=True),
        read_only=_refuses(variables),
        foreign_keys_enforced=enforced,
        triggers_known=all(
            _triggers_known(server.may(schema), server.version) for schema in server.scope
        ),
        folds=fold_tables,
    )


def _table(row: Any, key: str) -> LiveTable:
    view = row.kind == "VIEW"
    engine, options = (row.engine or "").lower(), (row.options or "").lower()
    return LiveTable(
        name=key,
        schema=row.schema_name,
        columns={},
        view=view,
        versioned=row.kind == "SYSTEM VERSIONED",
        partitioned="partitioned" in options,
        transactional=view or engine in ("innodb", "rocksdb"),
        savepoints=engine != "aria" or "transactional=0" in options,
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


def _triggers(
    rows: Sequence[Any], names: dict[tuple[str, str], str], parts: Assembly, made: called.Made
) -> None:
    for row in rows:
        table = names.get((row.schema_name, row.tbl))
        if table is None:
            continue
        events = frozenset(re.findall(r"INSERT|UPDATE|DELETE", row.events.upper()))
        body = row.body or ""
        told = copies_old(
            body, table=row.tbl, events=events, before=row.timing == "BEFORE", made=made
        )
        parts.triggers[table].append(LiveTrigger(row.name, table, events, body, *told))


def _covers(pattern: str, schema: str) -> bool:
    """Return whether what was granted in the databases of a pattern was granted in this one."""
    wild = {"%": ".*", "_": "."}
    parts = (wild.get(each, re.escape(each[-1])) for each in re.findall(r"\\.|.", pattern))
    return re.fullmatch("".join(parts), schema) is not None


def _triggers_known(granted: Collection[str], version: str) -> bool:
    """Whether the catalogue would show every trigger of a database.

    Servers with MDEV-37474 (seen on 11.8.9) show triggers, without their body, to whoever may
    write; older ones only to holders of TRIGGER. Where it was not seen, it is not assumed.
    """
    numbers = [int(number) for number in re.findall(r"\d+", version)[:3]]
    shown = numbers[:2] == [11, 8] and numbers[2] >= 9
    return "TRIGGER" in granted or (shown and bool({"UPDATE", "DELETE"}.intersection(granted)))


def _key(default: str, schema: str, name: str) -> str:
    return name if schema == default else f"{schema}.{name}"
