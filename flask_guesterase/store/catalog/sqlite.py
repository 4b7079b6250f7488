"""SQLite: the schema table, pragma functions and the text of CREATE statements."""

from __future__ import annotations

import os
import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import groupby
from typing import Any
from urllib.parse import parse_qs, urlsplit

from sqlalchemy import Connection, text

from ..tables import PREFIX
from . import called, fulltext
from .assembly import Assembly
from .copying import copies_old
from .shape import LiveColumn, LiveForeignKey, LiveSchema, LiveTable, LiveTrigger

_TOKEN = re.compile(
    r"--[^\n]*|/\*.*?\*/|'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"|`(?:[^`]|``)*`|\[[^\]]*\]|\w+|\S",
    re.DOTALL,
)
_VIRTUAL = re.compile(r"\s*CREATE\s+VIRTUAL\s", re.IGNORECASE)
_LENGTH = re.compile(r"(?:CHAR|TEXT|CLOB)\w*\s*\(\s*(\d+)\s*\)", re.IGNORECASE)
# What FTS3 to FTS5, R-tree and geopoly name the tables they keep their content in.
_SHADOWS = (
    *("data", "idx", "content", "docsize", "config"),
    *("segments", "segdir", "stat", "node", "rowid", "parent"),
)
_MASTER = (
    "SELECT type, name, tbl_name, sql FROM {master} WHERE name NOT LIKE 'sqlite~_%' ESCAPE '~'"
)
_EACH = """
    SELECT m.name AS tbl, {columns} FROM {master} AS m, {function}(m.name, :schema) AS p
    WHERE m.type IN ('table', 'view') ORDER BY m.name, {order}
"""
_INDEXES = """
    SELECT m.name AS tbl, l.name AS idx, l."unique" AS uniq, l.origin, l.partial,
           x.seqno, x.cid, x.name
    FROM {master} AS m, pragma_index_list(m.name, :schema) AS l,
         pragma_index_xinfo(l.name, :schema) AS x
    WHERE m.type = 'table' AND x.key = 1 ORDER BY m.name, l.name, x.seqno
"""
_TEMPORARY = text("SELECT name, tbl_name, sql FROM sqlite_temp_master WHERE type = 'trigger'")

Token = tuple[str, int, int]


def read(conn: Connection, schemas: Sequence[str]) -> LiveSchema:
    """Everything `main` and the named attached databases hold, in a handful of queries each."""
    enforced = bool(conn.scalar(text("PRAGMA foreign_keys")))
    parts = Assembly()
    for schema in dict.fromkeys(("main", *schemas)):
        _read_database(conn, schema, enforced, parts)
    return LiveSchema(
        dialect="sqlite",
        version=str(conn.scalar(text("SELECT sqlite_version()"))),
        default_schema="main",
        tables=parts.build(fold_tables=True, fold_columns=True),
        read_only=read_only(conn),
        foreign_keys_enforced=enforced,
        folds=True,
    )


def _read_database(conn: Connection, schema: str, enforced: bool, parts: Assembly) -> None:
    rows = conn.execute(text(_MASTER.format(master=_master(schema)))).all()
    sources = {row.name: row.sql or "" for row in rows if row.type in ("table", "view")}
    names = {n: _key(schema, n) for n in sources if not n.lower().startswith(PREFIX)}
    virtual = {n for n in names if _VIRTUAL.match(sources[n])}
    shadows = {f"{n}_{end}".lower() for n in virtual for end in _SHADOWS}
    views = {row.name for row in rows if row.type == "view"}
    for name, key in names.items():
        parts.tables[key] = LiveTable(
            name=key,
            schema=schema,
            columns={},
            view=name in views,
            virtual=name in virtual,
            shadow=name.lower() in shadows,
            text_of=fulltext.content(sources[name], names),
            keeps_words=fulltext.keeps_words(conn, schema, name, sources[name]),
        )
        parts.checks[key] += [] if name in virtual else _checks(sources[name])
    _columns(conn, schema, names, parts)
    _indexes(conn, schema, names, parts, {r.name: r.sql or "" for r in rows if r.type == "index"})
    _foreign(conn, schema, names, parts, enforced)
    _triggers(conn, schema, names, parts, [row for row in rows if row.type == "trigger"])


_HIDDEN = 1
"""Of a column of a virtual table by which it is asked, and which holds nothing."""


def _columns(conn: Connection, schema: str, names: dict[str, str], parts: Assembly) -> None:
    rows = _each(
        conn,
        schema,
        "pragma_table_xinfo",
        ("name", "type", '"notnull"', "dflt_value", "pk", "hidden"),
        ("cid",),
    )
    primary: dict[str, list[tuple[int, str]]] = defaultdict(list)
    for row in rows:
        if row.tbl not in names or row.hidden == _HIDDEN:
            continue
        if row.pk:
            primary[row.tbl].append((row.pk, row.name))
        length = _LENGTH.search(row.type or "")
        parts.columns[names[row.tbl]][row.name] = LiveColumn(
            name=row.name,
            type=row.type or "",
            nullable=not row.notnull,
            generated=row.hidden in (2, 3),
            length=int(length.group(1)) if length else None,
            default=row.dflt_value is not None and row.dflt_value.upper() != "NULL",
        )
    for table, keyed in primary.items():
        key = names[table]
        parts.primary[key] = tuple(name for _, name in sorted(keyed))
        only = parts.columns[key][parts.primary[key][0]]
        if len(keyed) == 1 and only.type.upper() == "INTEGER":
            parts.columns[key][only.name] = replace(only, nullable=False, default=True)


def _indexes(
    conn: Connection,
    schema: str,
    names: dict[str, str],
    parts: Assembly,
    sources: dict[str, str],
) -> None:
    statement = text(_INDEXES.format(master=_master(schema)))
    rows = conn.execute(statement, {"schema": schema}).all()
    for (table, index), group in groupby(rows, key=lambda row: (row.tbl, row.idx)):
        if table not in names:
            continue
        items = list(group)
        texts = _items(sources.get(index, ""))
        columns = tuple(
            str(row.name)
            if row.cid >= 0
            else texts[row.seqno]
            if row.seqno < len(texts)
            else "(expression)"
            for row in items
        )
        if items[0].uniq and items[0].origin != "pk":
            parts.unique[names[table]].append(columns)
        if not items[0].partial:
            parts.indexes[names[table]].append(columns)


def _foreign(
    conn: Connection, schema: str, names: dict[str, str], parts: Assembly, enforced: bool
) -> None:
    rows = _each(
        conn,
        schema,
        "pragma_foreign_key_list",
        ("id", '"table" AS target', '"from" AS child', '"to" AS parent', "on_update", "on_delete"),
        ("id", "seq"),
    )
    for (table, _), group in groupby(rows, key=lambda row: (row.tbl, row.id)):
        if table not in names:
            continue
        items = list(group)
        first = items[0]
        parts.foreign[names[table]].append(
            LiveForeignKey(
                name="",
                table=names[table],
                columns=tuple(row.child for row in items),
                target=_key(schema, first.target),
                target_columns=tuple(row.parent for row in items if row.parent is not None),
                on_delete=first.on_delete.upper(),
                on_update=first.on_update.upper(),
                enforced=enforced,
            )
        )


def _triggers(
    conn: Connection, schema: str, names: dict[str, str], parts: Assembly, rows: Sequence[Any]
) -> None:
    folded = {name.lower(): name for name in names}
    for row in [*rows, *conn.execute(_TEMPORARY)]:
        table = folded.get(row.tbl_name.lower())
        if table is None:
            continue
        before, event, body = _header(row.sql or "")
        events = frozenset({event}) if event else frozenset({"INSERT", "UPDATE", "DELETE"})
        told = copies_old(body, table=table, events=events, before=before, made=called.sqlite)
        parts.triggers[names[table]].append(
            LiveTrigger(row.name, names[table], events, body, *told)
        )


def _header(sql: str) -> tuple[bool, str, str]:
    """Whether a trigger fires before, its event, and its body; event "" when unreadable."""
    words = list(_tokens(sql))
    upper = [word.upper() for word, _, _ in words]
    try:
        at = upper.index("TRIGGER") + 1
        at += 3 if upper[at : at + 3] == ["IF", "NOT", "EXISTS"] else 0
        at += 3 if upper[at + 1] == "." else 1
        before = upper[at] not in ("AFTER", "INSTEAD")
        at += {"BEFORE": 1, "AFTER": 1, "INSTEAD": 2}.get(upper[at], 0)
        event = upper[at] if upper[at] in ("INSERT", "UPDATE", "DELETE") else ""
        return before, event, sql[words[upper.index("BEGIN", at)][2] :]
    except (IndexError, ValueError):
        return True, "", ""


def _tokens(sql: str) -> Iterator[Token]:
    for found in _TOKEN.finditer(sql):
        if not found.group().startswith(("--", "/*")):
            yield found.group(), found.start(), found.end()


def _closing(words: Sequence[Token], opening: int) -> int:
    """Index of the parenthesis that closes the one at `opening`."""
    depth = 0
    for at in range(opening, len(words)):
        depth += {"(": 1, ")": -1}.get(words[at][0], 0)
        if depth == 0:
            return at
    return len(words) - 1


def _checks(sql: str) -> list[str]:
    words = list(_tokens(sql))
    return [
        sql[words[at + 1][2] : words[_closing(words, at + 1)][1]].strip()
        for at, (word, _, _) in enumerate(words[:-1])
        if word.upper() == "CHECK" and words[at + 1][0] == "("
    ]


def _items(sql: str) -> list[str]:
    """The texts between the parentheses of a CREATE INDEX, split at the outer commas."""
    words = list(_tokens(sql))
    opening = next((at for at, (word, _, _) in enumerate(words) if word == "("), None)
    if opening is None:
        return []
    end = _closing(words, opening)
    items, start, depth = [], words[opening][2], 0
    for word, left, right in words[opening + 1 : end]:
        depth += {"(": 1, ")": -1}.get(word, 0)
        if word == "," and depth == 0:
            items.append(sql[start:left].strip())
            start = right
    return [*items, sql[start : words[end][1]].strip()]


def _each(
    conn: Connection, schema: str, function: str, columns: Sequence[str], order: Sequence[str]
) -> Sequence[Any]:
    """A pragma function applied to every table and view of a database, in one query."""
    statement = _EACH.format(
        columns=", ".join(f"p.{column}" for column in columns),
        master=_master(schema),
        function=function,
        order=", ".join(f"p.{column}" for column in order),
    )
    return conn.execute(text(statement), {"schema": schema}).all()


def read_only(conn: Connection) -> bool:
    """Return whether it is query-only, opened with mode=ro or immutable=1, or a file this process
    may not write.
    """
    if conn.scalar(text("PRAGMA query_only")):
        return True
    url = conn.engine.url
    query = {**parse_qs(urlsplit(url.database or "").query), **url.query}
    flags = {key: query[key] if isinstance(query[key], str) else query[key][0] for key in query}
    if flags.get("mode") == "ro" or flags.get("immutable") in ("1", "true"):
        return True
    files = conn.execute(text("PRAGMA database_list")).all()
    path = next((row.file for row in files if row.name == "main"), "")
    return bool(path) and not os.access(path, os.W_OK)


def _key(schema: str, name: str) -> str:
    return name if schema == "main" else f"{schema}.{name}"


def _master(schema: str) -> str:
    return '"' + schema.replace('"', '""').replace(":", "\\:") + '".sqlite_master'
