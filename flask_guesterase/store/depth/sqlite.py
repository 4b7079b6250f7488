"""SQLite: rewrite the file, empty its log, and look into the raw bytes for what was erased.

The recipe was measured on SQLite 3.46: deleting with ``secure_delete=ON`` leaves what earlier
page splits left behind; ``VACUUM`` removes that, but in WAL mode it reaches the file only with a
``wal_checkpoint(TRUNCATE)`` whose busy column is 0, and a reader with an old snapshot keeps it 1.
Files that the host attaches to its connections hold tables of its, so all of that is done to each.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError

from ...core.certificate import Level
from ...core.depth import Evidence, Reached, traces
from ..statements.failure import is_forbidden, is_lock
from ..transaction import outside
from .grep import Grep

INLINE = 32 << 20
"""Bytes up to which a file is rewritten right after an erasure: about a third of a second."""

NIGHTLY = 256 << 20
"""Bytes up to which the sweep rewrites a file: about three seconds, which a writer waits out."""

_TRIES, _WAIT = 2, 1000
_TOGETHER = 40
_BUSY = ("statements in progress", "within a transaction")


def clean(
    engine: Engine, wanted: Mapping[str, Sequence[str]], most: int | None = INLINE
) -> dict[str, Reached]:
    """Rewrite the database without what was erased, and measure how far that reached.

    Nobody is waited for longer than a lock may take: what cannot be done now is said.

    :param engine: the host's engine; no transaction of ours may be open.
    :param wanted: whatever one answer is for -> erased values.
    :param most: bytes above which the file is left alone; None for no bound.
    :return: the same keys -> how far it was shown to reach.
    :raises BusyError: the engine can only give the host's own connection.
    """
    with outside(engine) as conn:
        files = files_of(conn)
        why = _hindrance(conn, files, most) or _rewritten(conn, files)
        if why is not None:
            return {key: Reached(evidence=(why,)) for key in wanted}
        try:
            return _scanned(conn, files, wanted)
        except OSError:
            return {key: Reached(evidence=(Evidence.UNREAD,)) for key in wanted}


@dataclass(frozen=True)
class File:
    """One file of a database.

    :param schema: name it has on the host's connections: main, or as it was attached.
    :param path: where it lies.
    :param quoted: the name as a statement writes it.
    """

    schema: str
    path: Path
    quoted: str

    @property
    def size(self) -> int:
        """Return its bytes, with those of its log."""
        return size(self.path) + size(side(self.path, "wal"))


def files_of(conn: Connection) -> list[File]:
    """Return the files of a database, those among them that the host attaches."""
    quote = conn.dialect.identifier_preparer.quote_identifier
    rows = conn.exec_driver_sql("PRAGMA database_list").all()
    return [File(row[1], Path(row[2]), quote(row[1])) for row in rows if row[2]]


def side(path: Path, name: str) -> Path:
    """Return the path of the log ("wal") or rollback journal ("journal") of a database."""
    return path.with_name(f"{path.name}-{name}")


def size(path: Path) -> int:
    """Return the bytes of a file, 0 for one that is not there."""
    try:
        return path.stat().st_size
    except OSError:
        return 0


def _hindrance(
    conn: Connection, files: Sequence[File], most: int | None
) -> Evidence | None:
    if not files:
        return Evidence.NO_FILE
    if most is not None and sum(file.size for file in files) > most:
        return Evidence.LARGE
    # A copy while it is made, and in WAL mode all of its pages in the log once more.
    if any(shutil.disk_usage(file.path.parent).free < 2 * file.size for file in files):
        return Evidence.NO_SPACE
    return Evidence.MOVES if any(_rows_would_move(conn, file) for file in files) else None


def text_indexes(conn: Connection, schema: str = "main") -> list[tuple[str, str]]:
    """Return name and statement of each full-text index.

    :param schema: name of the file, as a statement writes it.
    """
    rows = conn.exec_driver_sql(
        f"SELECT name, lower(sql) FROM {schema}.sqlite_master WHERE type = 'table'"  # noqa: S608 - quoted
        " AND lower(sql) LIKE 'create virtual table%using%fts%'"
    )
    return [(row[0], row[1]) for row in rows]


def _rows_would_move(conn: Connection, file: File) -> bool:
    """Return whether a text index knows rows by a number that rewriting may change."""
    for _, sql in text_indexes(conn, file.quoted):
        _, named, rest = sql.replace(" ", "").partition("content=")
        table = rest.split(",")[0].split(")")[0].strip("'\"`[]")
        if named and table and not _numbered(conn, file, table):
            return True
    return False


def _numbered(conn: Connection, file: File, table: str) -> bool:
    """Return whether a table has an INTEGER PRIMARY KEY, which VACUUM leaves alone."""
    asked = "SELECT type, pk FROM pragma_table_info(?, ?)"
    rows = conn.exec_driver_sql(asked, (table, file.schema)).all()
    keys = [row for row in rows if row[1]]
    return len(keys) == 1 and keys[0][0].upper() == "INTEGER"


def _rewritten(conn: Connection, files: Sequence[File]) -> Evidence | None:
    """Rewrite the files and empty their logs; return what kept that from being done."""
    conn.exec_driver_sql(f"PRAGMA busy_timeout = {_WAIT}")
    for file in files:
        try:
            why = _one_rewritten(conn, file)
        except DBAPIError as problem:
            if is_lock(problem) or any(word in str(problem.orig) for word in _BUSY):
                return Evidence.BUSY
            if "disk is full" in str(problem.orig):
                return Evidence.NO_SPACE
            # What is attached to be read only has lost nothing by us, and is looked into all the
            # same.
            if file.schema == "main" or not is_forbidden(problem):
                raise
            why = None
        if why is not None:
            return why
    return None


def _one_rewritten(conn: Connection, file: File) -> Evidence | None:
    if not _merged(conn, file):
        return Evidence.INDEX
    with _no_journal_left(conn, file):
        conn.exec_driver_sql(f"VACUUM {file.quoted}")
    return None if _log_emptied(conn, file) else Evidence.LOG_BUSY


def _merged(conn: Connection, file: File) -> bool:
    """Merge the segments of full-text indexes: an old one holds the words of deleted rows.

    By the driver's own cursor: it changes no row, though it is spelled as an INSERT.
    """
    raw: Any = conn.connection.dbapi_connection
    for name, _ in text_indexes(conn, file.quoted):
        quoted = conn.dialect.identifier_preparer.quote_identifier(name)
        try:
            raw.execute(
                f"INSERT INTO {file.quoted}.{quoted}({quoted}) VALUES ('optimize')"  # noqa: S608 - identifiers, quoted
            )
            raw.commit()
        except Exception as problem:
            # A tokenizer that only the host registers, or a lock: either way it is not merged.
            if not isinstance(problem, conn.dialect.loaded_dbapi.Error):
                raise
            raw.rollback()
            return False
    return True


@contextmanager
def _no_journal_left(conn: Connection, file: File) -> Iterator[None]:
    """Keep a rollback journal from staying as a file with the old pages in it."""
    mode = mode_of(conn, file)
    if mode not in ("persist", "truncate"):
        yield
        return
    conn.exec_driver_sql(f"PRAGMA {file.quoted}.journal_mode = DELETE").scalar_one()
    try:
        yield
    finally:
        conn.exec_driver_sql(f"PRAGMA {file.quoted}.journal_mode = {mode}").scalar_one()


def mode_of(conn: Connection, file: File) -> str:
    """Return how a file keeps its journal, for example wal."""
    return str(conn.exec_driver_sql(f"PRAGMA {file.quoted}.journal_mode").scalar_one())


def _log_emptied(conn: Connection, file: File) -> bool:
    if mode_of(conn, file) != "wal":
        return True
    for _ in range(_TRIES):
        asked = f"PRAGMA {file.quoted}.wal_checkpoint(TRUNCATE)"
        if conn.exec_driver_sql(asked).one()[0] == 0:
            return True
    return False


def _scanned(
    conn: Connection, files: Sequence[File], wanted: Mapping[str, Sequence[str]]
) -> dict[str, Reached]:
    """Look for the values in the files and beside them; what some row rightly holds is no trace."""
    sought = traces({value for values in wanted.values() for value in values})
    grep = Grep({piece for pieces in sought.values() for piece in pieces})
    main, beside = set[bytes](), set[bytes]()
    for file in files:
        main |= grep.found(file.path)
        beside |= grep.found(side(file.path, "wal")) | grep.found(side(file.path, "journal"))
    held = _held(conn, files, sorted(main | beside))
    answers = {}
    for key, values in wanted.items():
        mine = {piece for value in values for piece in sought.get(value, ())} - held
        answers[key] = _reached(mine, main, beside)
    return answers


def _reached(mine: set[bytes], main: set[bytes], beside: set[bytes]) -> Reached:
    if mine & main:
        return Reached(Level.LOGICAL, (Evidence.FOUND,))
    shown = Evidence.SCANNED if mine else Evidence.NO_VALUE
    if mine & beside:
        return Reached(Level.FILES, (Evidence.REWRITTEN, shown, Evidence.LOG_FOUND))
    return Reached(Level.LOGS, (Evidence.REWRITTEN, Evidence.LOG_EMPTY, shown))


def _held(conn: Connection, files: Sequence[File], pieces: Sequence[bytes]) -> set[bytes]:
    """Return what a living row holds of what was met; the engine's own tables do not count."""
    held: set[bytes] = set()
    for file in files if pieces else ():
        tables = conn.exec_driver_sql(
            f"SELECT name FROM {file.quoted}.sqlite_master WHERE type = 'table'"  # noqa: S608 - quoted
            " AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'"
            " AND lower(sql) NOT LIKE 'create virtual table%'"
        ).scalars()
        for table in list(tables):
            left = [piece for piece in pieces if piece not in held]
            for start in range(0, len(left), _TOGETHER):
                held.update(_met(conn, file, table, left[start : start + _TOGETHER]))
    return held


def _met(conn: Connection, file: File, table: str, pieces: Sequence[bytes]) -> list[bytes]:
    """Return what stands in a table of these, which is read once for all of them."""
    quote = conn.dialect.identifier_preparer.quote_identifier
    columns = conn.exec_driver_sql(
        "SELECT name FROM pragma_table_info(?, ?)", (table, file.schema)
    ).scalars()
    cells = [f"CAST({quote(name)} AS BLOB)" for name in columns]
    # By name: Python 3.12 warned, before 3.12.4, of numbered places filled from a tuple.
    given = {f"piece{place}": piece for place, piece in enumerate(pieces)}
    asked = []
    for place in given:
        tests = " OR ".join(f"instr({cell}, :{place})" for cell in cells)
        asked.append(f"max(coalesce({tests}, 0))")
    statement = f"SELECT {', '.join(asked)} FROM {file.quoted}.{quote(table)}"  # noqa: S608 - quoted names
    row = conn.exec_driver_sql(statement, given).one()
    return [piece for piece, there in zip(pieces, row, strict=True) if there]
