"""SQLite's full-text indexes: what they are about, and whether words of old rows stay in them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, Select, column, select, table

_FTS5 = re.compile(r"create\s+virtual\s+table\b.*?\busing\s+fts5\b", re.IGNORECASE | re.DOTALL)
_FTS = re.compile(r"create\s+virtual\s+table\b.*?\busing\s+fts[345]\b", re.IGNORECASE | re.DOTALL)
_CONTENT = re.compile(
    r"""\bcontent\s*=\s*(?:'([^']*)'|"([^"]*)"|`([^`]*)`|(\w+))""", re.IGNORECASE
)


def content(source: str, names: Mapping[str, str]) -> str | None:
    """Return the key of the table whose rows an index describes without holding them, or None.

    :param source: the statement that made the index; of any other table nothing is said.
    :param names: name -> key of the tables of the same database.
    """
    if not _FTS.match(source):
        return None
    match = _CONTENT.search(source)
    wanted = next((part for part in match.groups() if part), "") if match else ""
    return next((key for name, key in names.items() if name.lower() == wanted.lower()), None)


def keeps_words(conn: Connection, schema: str, name: str, source: str) -> bool:
    """Return whether words of old rows stay in an index until it is merged.

    Since SQLite 3.42 an FTS5 index can be told not to; nobody can tell the older kinds.

    :param conn: open connection.
    :param schema: database it is in.
    :param name: name of the table.
    :param source: the statement that made it.
    """
    if not _FTS.match(source):
        return False
    if not _FTS5.match(source):
        return True
    config = table(f"{name}_config", schema=schema)
    said: Select[Any] = select(column("v")).select_from(config)
    said = said.where(column("k") == "secure-delete")
    return str(conn.execute(said).scalar()) != "1"
