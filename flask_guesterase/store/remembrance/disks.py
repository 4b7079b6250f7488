"""On which disk things lie: what one lost disk, or one restored backup, would take along."""

from __future__ import annotations

import os
from pathlib import Path

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from ..statements.sql import MARIADB

HERE = frozenset({None, "", "localhost", "127.0.0.1", "::1"})
"""Hosts by whose name a database lies on this machine."""


def home(conn: Connection) -> Path | None:
    """Return the folder of the database where it lies on this machine, None where nobody can say.

    :param conn: open transaction.
    """
    if conn.dialect.name == "sqlite" or conn.engine.url.host not in HERE:
        return folder_of(conn)
    try:
        with conn.begin_nested():
            return folder_of(conn)
    except DBAPIError:
        return None


def folder_of(conn: Connection) -> Path | None:
    """Return the folder of a database that lies on this machine, None where it lies elsewhere.

    :param conn: a connection.
    :raises DBAPIError: this account may not ask.
    """
    if conn.dialect.name == "sqlite":
        rows = conn.exec_driver_sql("PRAGMA database_list").all()
        file = next((row[2] for row in rows if row[1] == "main"), "")
        return Path(file).parent if file else None
    if conn.engine.url.host not in HERE:
        return None
    asked = (
        "SELECT @@global.datadir" if conn.dialect.name in MARIADB else "SHOW data_directory"
    )
    path = Path(str(conn.exec_driver_sql(asked).scalar_one()))
    return path if path.exists() else None


def shared(conn: Connection, folder: str) -> bool:
    """Return whether a folder lies, or will lie, on the disk of the database.

    :param conn: open transaction.
    :param folder: the folder.
    """
    base = home(conn)
    return base is not None and disk_of(base) == disk_of(Path(folder))


def disk_of(path: Path) -> int | None:
    """Return the file system a path is, or will be, on; None where nobody can say."""
    for each in (path, *path.parents):
        try:
            return os.stat(each).st_dev
        except OSError:
            continue
    return None
