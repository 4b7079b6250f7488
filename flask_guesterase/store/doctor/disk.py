"""Where things lie: what one lost disk, or one old backup, would take or bring back."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Connection

from ..depth.sqlite import file_of
from ..remembrance.disks import HERE, disk_of
from .look import Seen


def home(conn: Connection) -> Path | None:
    """Return the folder of the database where it lies on this machine, None where nobody can say.

    :param conn: a connection on which each statement stands alone.
    """
    dialect = conn.dialect.name
    if dialect == "sqlite":
        path = file_of(conn)
        return path.parent if path is not None else None
    if conn.engine.url.host not in HERE:
        return None
    asked = "SHOW data_directory" if dialect == "postgresql" else "SELECT @@global.datadir"
    path = Path(str(conn.exec_driver_sql(asked).scalar_one()))
    return path if path.exists() else None


def apart(what: str, folder: str, base: Path | None, why: str) -> Seen:
    """Say whether a folder lies on another disk than the database.

    :param what: what the folder is, in words.
    :param folder: the folder; it may not be there yet.
    :param base: the folder of the database, None where nobody knows it.
    :param why: what the operator must do, and why.
    """
    mine = disk_of(Path(folder)) if folder else None
    theirs = disk_of(base) if base is not None else None
    if mine is None:
        return False, f"There is no folder for {what}.", why
    if theirs is None:
        return None, f"Nobody here can say whether {what} and database share a disk.", why
    if mine == theirs:
        return False, f"The folder of {what} and the database lie on one disk.", why
    return True, f"The folder of {what} and the database lie on different disks.", ""
