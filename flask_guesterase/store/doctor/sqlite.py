"""SQLite: what can be seen of free pages, logs and journals, as frozen values."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection

from ...core.certificate import Level
from ..depth.sqlite import NIGHTLY, File, files_of, mode_of, side, size, text_indexes
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


def _asked(conn: Connection, pragma: str) -> list[Any]:
    """Return what a pragma says of each file of the database."""
    asked = (f"PRAGMA {file.quoted}.{pragma}" for file in files_of(conn))
    return [conn.exec_driver_sql(each).scalar_one() for each in asked]


def _free(conn: Connection) -> Seen:
    pages = sum(_asked(conn, "freelist_count"))
    return (
        not pages,
        f"{pages} free pages may hold old content.",
        "The next erasure rewrites the file; `flask guesterase physical --yes` does it now.",
    )


def _journal(conn: Connection) -> Seen:
    modes = sorted(set(_asked(conn, "journal_mode"))) or ["memory"]
    return (
        "persist" not in modes,
        f"The journal mode is {named(modes)}.",
        "A persistent journal keeps the pages of the last transaction: use DELETE, TRUNCATE or "
        "WAL.",
    )


def _log(conn: Connection) -> Seen:
    logs = [f for f in files_of(conn) if mode_of(conn, f) == "wal"]
    if not logs:
        return True, "There is no write-ahead log.", ""
    rows = [
        conn.exec_driver_sql(f"PRAGMA {file.quoted}.wal_checkpoint(PASSIVE)").one()
        for file in logs
    ]
    bytes_ = sum(size(side(file.path, "wal")) for file in logs)
    left = sum(frames - done for _, frames, done in rows)
    return (
        not left and not any(row[0] for row in rows),
        f"The log has {bytes_} bytes; {left} pages of it cannot be moved to the file yet.",
        "A reader stays in an old snapshot: close connections and cursors when they are done.",
    )


def _left(conn: Connection) -> Seen:
    bytes_ = sum(size(side(file.path, "journal")) for file in files_of(conn))
    return (
        not bytes_,
        f"A journal of {bytes_} bytes lies beside the file." if bytes_ else "No journal is left.",
        "It holds old pages unless somebody is writing now; the next erasure removes it.",
    )


def _words(conn: Connection) -> Seen:
    lax = [
        name
        for file in files_of(conn)
        for name, sql in text_indexes(conn, file.quoted)
        if "fts5" in sql and not _drops_words(conn, file, name)
    ]
    return (
        not lax,
        f"Full-text indexes keep words of deleted rows until they are merged: {named(lax)}."
        if lax else "Full-text indexes drop the words of deleted rows.",
        "INSERT INTO name(name, rank) VALUES ('secure-delete', 1). An erasure merges them too.",
    )  # fmt: skip


def _drops_words(conn: Connection, file: File, name: str) -> bool:
    quoted = conn.dialect.identifier_preparer.quote_identifier(f"{name}_config")
    asked = f"SELECT v FROM {file.quoted}.{quoted} WHERE k = 'secure-delete'"  # noqa: S608 - quoted
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
    files = files_of(conn)
    if not files:
        return None, "The database is in memory.", "Nothing is on a disk that could be looked at."
    bytes_ = sum(size(file.path) for file in files)
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
