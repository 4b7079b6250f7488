"""SQLite: what can be seen of free pages, logs and journals, as frozen values."""

from __future__ import annotations

from sqlalchemy import Connection

from ...core.certificate import Level
from ..depth.sqlite import NIGHTLY, file_of, side, size, text_indexes
from .look import Looks, Seen, named

GRANT = "Let the account of the application run this."


def _secure(conn: Connection) -> Seen:
    options = set(conn.exec_driver_sql("PRAGMA compile_options").scalars())
    return (
        "SECURE_DELETE" in options,
        "This SQLite overwrites what is deleted on every connection."
        if "SECURE_DELETE" in options
        else "This SQLite overwrites what is deleted only where a connection asks for it; ours do.",
        "Run PRAGMA secure_delete = ON in a connect event of the application's engine.",
    )


def _free(conn: Connection) -> Seen:
    pages = conn.exec_driver_sql("PRAGMA freelist_count").scalar_one()
    return (
        not pages,
        f"{pages} free pages may hold old content.",
        "The next erasure rewrites the file; `flask guesterase physical --yes` does it now.",
    )


def _journal(conn: Connection) -> Seen:
    mode = str(conn.exec_driver_sql("PRAGMA journal_mode").scalar_one())
    return (
        mode != "persist",
        f"The journal mode is {mode}.",
        "A persistent journal keeps the pages of the last transaction: use DELETE, TRUNCATE or "
        "WAL.",
    )


def _log(conn: Connection) -> Seen:
    if conn.exec_driver_sql("PRAGMA journal_mode").scalar_one() != "wal":
        return True, "There is no write-ahead log.", ""
    busy, frames, done = conn.exec_driver_sql("PRAGMA wal_checkpoint(PASSIVE)").one()
    path = file_of(conn)
    bytes_ = size(side(path, "wal")) if path is not None else 0
    return (
        not busy and frames == done,
        f"The log has {bytes_} bytes; {frames - done} pages of it cannot be moved to the file yet.",
        "A reader stays in an old snapshot: close connections and cursors when they are done.",
    )


def _left(conn: Connection) -> Seen:
    path = file_of(conn)
    bytes_ = size(side(path, "journal")) if path is not None else 0
    return (
        not bytes_,
        f"A journal of {bytes_} bytes lies beside the file." if bytes_ else "No journal is left.",
        "It holds old pages unless somebody is writing now; the next erasure removes it.",
    )


def _words(conn: Connection) -> Seen:
    lax = [
        name
        for name, sql in text_indexes(conn)
        if "fts5" in sql and not _drops_words(conn, name)
    ]
    return (
        not lax,
        f"Full-text indexes keep words of deleted rows until they are merged: {named(lax)}."
        if lax else "Full-text indexes drop the words of deleted rows.",
        "INSERT INTO name(name, rank) VALUES ('secure-delete', 1). An erasure merges them too.",
    )  # fmt: skip


def _drops_words(conn: Connection, name: str) -> bool:
    quoted = conn.dialect.identifier_preparer.quote_identifier(f"{name}_config")
    asked = f"SELECT v FROM {quoted} WHERE k = 'secure-delete'"  # noqa: S608 - quoted
    return conn.exec_driver_sql(asked).scalar() == 1


def _samples(conn: Connection) -> Seen:
    asked = "SELECT count(*) FROM sqlite_master WHERE name = 'sqlite_stat4'"
    there = conn.exec_driver_sql(asked).scalar_one()
    return (
        not there,
        "Planner statistics hold samples of values."
        if there else "Planner statistics hold no values.",
        "Run ANALYZE after erasures, or drop the table sqlite_stat4.",
    )  # fmt: skip


def _size(conn: Connection) -> Seen:
    path = file_of(conn)
    if path is None:
        return None, "The database is in memory.", "Nothing is on a disk that could be looked at."
    bytes_ = size(path)
    return (
        bytes_ <= NIGHTLY,
        f"The file has {bytes_ >> 20} MiB; up to {NIGHTLY >> 20} it is rewritten by itself.",
        "Run `flask guesterase physical --yes` in a quiet hour after erasures.",
    )


LOOKS: Looks = {
    "secure-delete": (Level.FILES, _secure),
    "free-pages": (Level.FILES, _free),
    "text-index": (Level.FILES, _words),
    "planner-statistics": (Level.FILES, _samples),
    "file-size": (Level.FILES, _size),
    "journal-mode": (Level.LOGS, _journal),
    "journal-left": (Level.LOGS, _left),
    "log-checkpoint": (Level.LOGS, _log),
}
