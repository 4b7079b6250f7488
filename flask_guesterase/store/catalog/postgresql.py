"""PostgreSQL: pg_catalog, which unlike information_schema hides nothing from a plain role."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, text

from ..tables import PREFIX
from . import called
from .assembly import Assembly
from .copying import copies_old
from .shape import LiveColumn, LiveForeignKey, LiveSchema, LiveTable, LiveTrigger

_ACTIONS = {"a": "NO ACTION", "r": "RESTRICT", "c": "CASCADE", "n": "SET NULL", "d": "SET DEFAULT"}
_EVENTS = {4: "INSERT", 8: "DELETE", 16: "UPDATE"}
_ROW, _BEFORE, _INSTEAD = 1, 2, 64
_RULE_EVENTS = {"2": "UPDATE", "3": "INSERT", "4": "DELETE"}
LARGE = "lo_manage"
"""Trigger function of the server's extension lo: it removes a large object with its number."""

# They come with the server, and are known to keep nothing of the old row.
_HARMLESS = frozenset(
    {
        ("internal", "suppress_redundant_updates_trigger"),
        ("internal", "tsvector_update_trigger"),
        ("internal", "tsvector_update_trigger_column"),
        ("internal", "unique_key_recheck"),
        ("c", LARGE),
    }
)

_SERVER = text("""
    SELECT current_setting('server_version') AS version, current_schema() AS schema,
           pg_is_in_recovery() OR current_setting('default_transaction_read_only') = 'on'
               AS read_only,
           current_setting('session_replication_role') <> 'replica' AS enforced
""")

# Tables in scope, and wherever they live: children by foreign key, partitions, heirs, and the
# views that read them.
_RELATIONS = text("""
    WITH RECURSIVE edge(child, parent) AS (
        SELECT conrelid, confrelid FROM pg_catalog.pg_constraint WHERE contype = 'f'
        UNION ALL SELECT inhrelid, inhparent FROM pg_catalog.pg_inherits
        UNION ALL SELECT r.ev_class, d.refobjid FROM pg_catalog.pg_depend d
        JOIN pg_catalog.pg_rewrite r ON r.oid = d.objid AND r.rulename = '_RETURN'
        WHERE d.classid = 'pg_catalog.pg_rewrite'::regclass
          AND d.refclassid = 'pg_catalog.pg_class'::regclass AND d.refobjid <> r.ev_class
    ), rel(oid) AS (
        SELECT c.oid FROM pg_catalog.pg_class c
        JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
        WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND c.relpersistence <> 't'
          AND (n.nspname = ANY (current_schemas(false))
               OR n.nspname = ANY (string_to_array(:schemas, chr(31))))
        UNION SELECT edge.child FROM rel JOIN edge ON edge.parent = rel.oid
    )
    SELECT c.oid, n.nspname AS schema, c.relname AS name, c.relkind::text AS kind,
           pg_catalog.pg_table_is_visible(c.oid) AS visible,
           pg_catalog.row_security_active(c.oid) AS row_security,
           p.inhparent AS parent,
           ARRAY(SELECT i.inhparent FROM pg_catalog.pg_inherits i
                 WHERE i.inhrelid = c.oid AND NOT c.relispartition ORDER BY i.inhseqno) AS heir_of,
           CASE WHEN c.relkind = 'p' THEN pg_catalog.pg_get_partkeydef(c.oid) END AS placed_by
    FROM rel JOIN pg_catalog.pg_class c ON c.oid = rel.oid
    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    LEFT JOIN pg_catalog.pg_inherits p ON p.inhrelid = c.oid AND c.relispartition
    WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND c.relpersistence <> 't'
""")

# Schemas that neither the search path nor the host's mapping names, and that hold something.
_ELSEWHERE = text("""
    SELECT DISTINCT n.nspname FROM pg_catalog.pg_class c
    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind IN ('r', 'p', 'm', 'f') AND c.relpersistence <> 't'
      AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
      AND NOT n.nspname = ANY (current_schemas(false))
      AND NOT n.nspname = ANY (string_to_array(:schemas, chr(31)))
      AND NOT c.oid = ANY (CAST(string_to_array(:oids, ',') AS oid[]))
    ORDER BY n.nspname
""")

_COLUMNS = text("""
    SELECT a.attrelid AS oid, a.attname AS name,
           pg_catalog.format_type(a.atttypid, a.atttypmod) AS type,
           NOT (a.attnotnull OR (t.typtype = 'd' AND t.typnotnull)) AS nullable,
           a.attgenerated <> '' OR a.attidentity = 'a' AS generated,
           (a.atthasdef AND a.attgenerated = '') OR a.attidentity <> ''
               OR t.typdefault IS NOT NULL AS filled,
           CASE WHEN t.typtype = 'd' THEN t.typbasetype ELSE a.atttypid END
               IN (1042, 1043) AS text_type,
           CASE WHEN t.typtype = 'd' THEN t.typtypmod ELSE a.atttypmod END - 4 AS length
    FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_type t ON t.oid = a.atttypid
    WHERE a.attrelid = ANY (CAST(string_to_array(:oids, ',') AS oid[]))
      AND a.attnum > 0 AND NOT a.attisdropped
    ORDER BY a.attrelid, a.attnum
""")

_CONSTRAINTS = text("""
    SELECT k.conrelid AS oid, k.conname AS name, k.contype::text AS kind,
           ARRAY(SELECT a.attname::text FROM unnest(k.conkey) WITH ORDINALITY u(num, ord)
                 JOIN pg_catalog.pg_attribute a
                   ON a.attrelid = k.conrelid AND a.attnum = u.num ORDER BY u.ord) AS columns,
           ARRAY(SELECT a.attname::text FROM unnest(k.confkey) WITH ORDINALITY u(num, ord)
                 JOIN pg_catalog.pg_attribute a
                   ON a.attrelid = k.confrelid AND a.attnum = u.num ORDER BY u.ord) AS targets,
           k.confrelid AS target, k.confdeltype::text AS on_delete,
           k.confupdtype::text AS on_update,
           coalesce((to_jsonb(k) ->> 'conenforced')::boolean, true) AS enforced,
           k.confmatchtype = 'f' AS whole,
           CASE WHEN k.contype IN ('c', 'x') THEN pg_catalog.pg_get_constraintdef(k.oid) END
               AS definition,
           n.nspname AS target_schema, c.relname AS target_name,
           CASE WHEN c.oid IS NOT NULL THEN pg_catalog.pg_table_is_visible(c.oid) END
               AS target_visible
    FROM pg_catalog.pg_constraint k
    LEFT JOIN pg_catalog.pg_class c ON c.oid = k.confrelid
    LEFT JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    WHERE k.conrelid = ANY (CAST(string_to_array(:oids, ',') AS oid[]))
      AND k.contype IN ('p', 'f', 'c', 'x') AND (k.contype <> 'f' OR k.conparentid = 0)
    UNION ALL
    SELECT a.attrelid, k.conname, 'd', ARRAY[a.attname::text], NULL, NULL, NULL, NULL, true,
           false, pg_catalog.pg_get_constraintdef(k.oid), NULL, NULL, NULL
    FROM pg_catalog.pg_attribute a
    JOIN pg_catalog.pg_constraint k ON k.contypid = a.atttypid AND k.contype = 'c'
    WHERE a.attrelid = ANY (CAST(string_to_array(:oids, ',') AS oid[]))
      AND a.attnum > 0 AND NOT a.attisdropped
""")

_INDEXES = text("""
    SELECT i.indrelid AS oid, i.indisunique AS uniq, i.indisprimary AS is_primary,
           i.indpred IS NOT NULL AS partial, i.indisvalid AS valid, am.amname AS method,
           coalesce((to_jsonb(i) ->> 'indnullsnotdistinct')::boolean, false) AS nulls_equal,
           ARRAY(SELECT coalesce(a.attname::text,
                                 pg_catalog.pg_get_indexdef(i.indexrelid, u.ord::int, true))
                 FROM unnest(i.indkey) WITH ORDINALITY u(num, ord)
                 LEFT JOIN pg_catalog.pg_attribute a
                   ON a.attrelid = i.indrelid AND a.attnum = u.num AND u.num <> 0
                 WHERE u.ord <= i.indnkeyatts ORDER BY u.ord) AS columns
    FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid
    JOIN pg_catalog.pg_am am ON am.oid = c.relam
    WHERE i.indrelid = ANY (CAST(string_to_array(:oids, ',') AS oid[]))
""")

# What is written to a table fires the triggers that its partitions and heirs have of their own.
_TRIGGERS = text("""
    SELECT t.tgrelid AS oid, t.tgname AS name, t.tgtype AS flags, p.proname AS function,
           p.prosrc AS body, l.lanname AS language, t.tgoldtable::text AS old_rows,
           encode(t.tgargs, 'escape') AS arguments,
           (SELECT substr(c, 13) FROM unnest(p.proconfig) c WHERE starts_with(c, 'search_path='))
               AS path,
           ARRAY(WITH RECURSIVE above(oid) AS (
               SELECT inhparent FROM pg_catalog.pg_inherits
               WHERE inhrelid = t.tgrelid AND coalesce(to_jsonb(t) ->> 'tgparentid', '0') = '0'
               UNION SELECT i.inhparent FROM above
               JOIN pg_catalog.pg_inherits i ON i.inhrelid = above.oid
           ) SELECT oid FROM above) AS above
    FROM pg_catalog.pg_trigger t JOIN pg_catalog.pg_proc p ON p.oid = t.tgfoid
    JOIN pg_catalog.pg_language l ON l.oid = p.prolang
    WHERE t.tgrelid = ANY (CAST(string_to_array(:oids, ',') AS oid[]))
      AND NOT t.tgisinternal
      AND t.tgenabled IN ('A', CASE WHEN current_setting('session_replication_role') = 'replica'
                                    THEN 'R' ELSE 'O' END)
""")

_RULES = text("""
    SELECT r.ev_class AS oid, r.rulename AS name, r.ev_type::text AS event,
           pg_catalog.pg_get_ruledef(r.oid) AS definition
    FROM pg_catalog.pg_rewrite r
    WHERE r.ev_class = ANY (CAST(string_to_array(:oids, ',') AS oid[]))
      AND r.ev_type <> '1' AND r.ev_enabled <> 'D'
""")

# Who reads a part of a table reads some of its rows.
_READERS = text("""
    WITH RECURSIVE kin(part, whole) AS (
        SELECT inhrelid, inhparent FROM pg_catalog.pg_inherits
        UNION SELECT kin.part, i.inhparent FROM kin
        JOIN pg_catalog.pg_inherits i ON i.inhrelid = kin.whole
    ), uses(source, reader) AS (
        SELECT d.refobjid, r.ev_class FROM pg_catalog.pg_depend d
        JOIN pg_catalog.pg_rewrite r ON r.oid = d.objid
        WHERE d.classid = 'pg_catalog.pg_rewrite'::regclass
          AND d.refclassid = 'pg_catalog.pg_class'::regclass AND d.refobjid <> r.ev_class
    ), reads(source, reader) AS (
        SELECT source, reader FROM (
            SELECT source, reader FROM uses
            UNION SELECT kin.whole, uses.reader FROM uses JOIN kin ON kin.part = uses.source
        ) AS known WHERE source = ANY (CAST(string_to_array(:oids, ',') AS oid[]))
        UNION SELECT reads.source, uses.reader FROM reads JOIN uses ON uses.source = reads.reader
    )
    SELECT reads.source AS oid, n.nspname AS schema, c.relname AS name,
           pg_catalog.pg_table_is_visible(c.oid) AS visible
    FROM reads JOIN pg_catalog.pg_class c ON c.oid = reads.reader AND c.relkind = 'm'
    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
""")


def read_only(conn: Connection) -> bool:
    """Return whether this server or session refuses changes."""
    return bool(conn.execute(_SERVER).one().read_only)


def read(conn: Connection, schemas: Sequence[str]) -> LiveSchema:
    """The schemas of the search path and the named ones, and whatever hangs on their tables."""
    server = conn.execute(_SERVER).one()
    parts = Assembly()
    rows = conn.execute(_RELATIONS, {"schemas": "\x1f".join(schemas)}).all()
    names = {
        row.oid: _key(row.schema, row.name, row.visible)
        for row in rows
        if not row.name.startswith(PREFIX)
    }
    for row in rows:
        if row.oid in names:
            parts.tables[names[row.oid]] = LiveTable(
                name=names[row.oid],
                schema=row.schema,
                columns={},
                partitioned=row.kind == "p",
                partition_of=names.get(row.parent),
                heir_of=tuple(names[oid] for oid in row.heir_of if oid in names),
                placed_by=row.placed_by or "",
                row_security=row.row_security,
                view=row.kind == "v",
                materialised=row.kind == "m",
                transactional=row.kind != "f",
            )
    oids = {"oids": ",".join(str(oid) for oid in names)}
    _columns(conn.execute(_COLUMNS, oids).all(), names, parts)
    _constraints(conn.execute(_CONSTRAINTS, oids).all(), names, parts, server.enforced)
    _indexes(conn.execute(_INDEXES, oids).all(), names, parts)
    made = called.postgresql(conn)
    _triggers(conn.execute(_TRIGGERS, oids).all(), names, parts, made)
    _rules(conn.execute(_RULES, oids).all(), names, parts, made)
    for row in conn.execute(_READERS, oids):
        parts.copied_by[names[row.oid]].append(_key(row.schema, row.name, row.visible))
    return LiveSchema(
        dialect="postgresql",
        version=server.version,
        default_schema=server.schema or "",
        tables=parts.build(fold_tables=False, fold_columns=False),
        read_only=server.read_only,
        foreign_keys_enforced=server.enforced,
        elsewhere=tuple(conn.scalars(_ELSEWHERE, oids | {"schemas": "\x1f".join(schemas)})),
    )


def _columns(rows: Sequence[Any], names: dict[int, str], parts: Assembly) -> None:
    for row in rows:
        parts.columns[names[row.oid]][row.name] = LiveColumn(
            name=row.name,
            type=row.type,
            nullable=row.nullable,
            generated=row.generated,
            length=row.length if row.text_type and row.length > 0 else None,
            default=row.filled,
        )


def _constraints(
    rows: Sequence[Any], names: dict[int, str], parts: Assembly, enforced: bool
) -> None:
    for row in rows:
        table = names[row.oid]
        if row.kind == "p":
            parts.primary[table] = tuple(row.columns)
        elif row.kind == "d":
            quoted = row.columns[0].replace("\\", "\\\\")
            condition = re.sub(r"\bVALUE\b", quoted, _condition(row.definition))
            parts.checks[table].append(condition)
        elif row.kind == "f":
            parts.foreign[table].append(
                LiveForeignKey(
                    name=row.name,
                    table=table,
                    columns=tuple(row.columns),
                    target=_key(row.target_schema, row.target_name, row.target_visible),
                    target_columns=tuple(row.targets),
                    on_delete=_ACTIONS[row.on_delete],
                    on_update=_ACTIONS[row.on_update],
                    enforced=row.enforced and enforced,
                    full=row.whole,
                )
            )
        elif row.enforced:
            parts.checks[table].append(_condition(row.definition))


def _condition(definition: str) -> str:
    """What stands between the parentheses of CHECK (...); an exclusion stays as it is."""
    found = re.fullmatch(
        r"CHECK \((.*)\)(?: NOT VALID| NO INHERIT| NOT ENFORCED)*", definition, re.DOTALL
    )
    return found.group(1) if found else definition


def _indexes(rows: Sequence[Any], names: dict[int, str], parts: Assembly) -> None:
    for row in rows:
        table, columns = names[row.oid], tuple(row.columns)
        if row.uniq and not row.is_primary:
            parts.unique[table].append(columns)
            if row.nulls_equal:
                parts.nulls_equal[table].append(columns)
        if row.valid and not row.partial and row.method in ("btree", "hash"):
            parts.indexes[table].append(columns)


def _triggers(
    rows: Sequence[Any], names: dict[int, str], parts: Assembly, made: called.Made
) -> None:
    for row in rows:
        table = names[row.oid]
        events = frozenset(event for bit, event in _EVENTS.items() if row.flags & bit)
        if not events:
            continue
        readable = row.language in ("plpgsql", "sql")
        harmless = (row.language, row.function) in _HARMLESS
        told = copies_old(
            row.body if readable else "",
            table=_bare(table),
            events=() if harmless else events,
            before=bool(row.flags & (_BEFORE | _INSTEAD)),
            made=made,
            aliases=(row.old_rows,) if row.old_rows else (),
        )
        # Of what removes large objects the column it watches is said with it.
        watched = row.arguments.removesuffix("\\000") if harmless else ""
        body = f"{LARGE} {watched}" if row.function == LARGE and harmless else row.body
        # What removes large objects does so in this part alone.
        climbs = row.flags & _ROW and not harmless
        above = (names[oid] for oid in row.above if oid in names and climbs)
        path = tuple(part.strip('" ') for part in (row.path or "").split(",") if part)
        for name in (table, *above):
            parts.triggers[name].append(LiveTrigger(row.name, name, events, body, *told, path))


def _rules(
    rows: Sequence[Any], names: dict[int, str], parts: Assembly, made: called.Made
) -> None:
    for row in rows:
        table, events = names[row.oid], frozenset({_RULE_EVENTS[row.event]})
        body = re.split(r"\bDO\b", row.definition, maxsplit=1)[-1]
        told = copies_old(body, table=_bare(table), events=events, before=True, made=made)
        parts.triggers[table].append(LiveTrigger(row.name, table, events, body, *told))


def _key(schema: str, name: str, visible: bool) -> str:
    return name if visible else f"{schema}.{name}"


def _bare(key: str) -> str:
    return key.rpartition(".")[2]
