"""Leave a database: give everything that is retained back as files, then drop our tables.

The files are read back and every box is opened with the copied keys before anything is dropped.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, func, select

from ..core.errors import InputError, SealError, SetupError
from ..core.lifecycle import OPEN
from ..core.log import ENTRY_FORMAT, canonical
from ..core.seal import Box, open_box
from . import export, tables, upgrade, vault
from .custodian import FolderCustodian
from .transaction import MARIADB, transaction

READER = Path(__file__).resolve().parent.parent / "verify.py"
"""The one-file reader that a copy of is put beside the files."""

_OURS = (*tables.metadata.tables, upgrade.VERSION_TABLE)


@dataclass(frozen=True)
class Export:
    """What was written to the folder.

    :param folder: where.
    :param counts: file or folder -> number of boxes, entries, cases, certificates, keys.
    :param open: requests that nobody has ended yet.
    :param intake: forms that came in and were not looked at yet.
    :param last_days: label of a key -> last day of the boxes under it, ``YYYY-MM-DD``.
    :param dropped: whether our tables are gone.
    """

    folder: Path
    counts: dict[str, int]
    open: int
    intake: int
    last_days: dict[str, str] = field(default_factory=dict)
    dropped: bool = False


def uninstall(
    engine: Engine, custodian: FolderCustodian, folder: Path, *, drop: bool = False
) -> Export:
    """Write everything that is retained into a folder, check it, and drop our tables if asked.

    Keys are copied, never moved: the key folder stays what it was.

    :param engine: the host's engine.
    :param custodian: who holds the keys of the boxes.
    :param folder: an empty folder, or one to be made; nobody else may read it afterwards.
    :param drop: False leaves the database as it is.
    :raises InputError: there is something in the folder already.
    :raises SetupError: our tables are not there, or of another version.
    :raises SealError: the files do not open as they should; nothing was dropped.
    :raises BusyError: somebody is using our tables.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise InputError("The folder is not empty.", "Name a new one.")
    if not drop:
        with transaction(engine, write=False) as conn:
            return _export(conn, custodian, folder)

    def unit(conn: Connection) -> Export:
        with _nobody_else(conn):
            made = _export(conn, custodian, folder)
            _drop(conn)
        return replace(made, dropped=True)

    return upgrade.alone(engine, unit, wait=0.0)


@contextmanager
def _nobody_else(conn: Connection) -> Iterator[None]:
    """Keep everybody away from our tables, so that nothing is written after it was exported."""
    _complete(conn)
    quoted = [conn.dialect.identifier_preparer.quote(name) for name in _OURS]
    if conn.dialect.name == "postgresql":
        conn.exec_driver_sql(f"LOCK TABLE {', '.join(quoted)} IN ACCESS EXCLUSIVE MODE")
    if conn.dialect.name not in MARIADB:
        yield
        return
    conn.exec_driver_sql(f"LOCK TABLES {', '.join(f'{name} WRITE' for name in quoted)}")
    try:
        yield
    finally:
        conn.exec_driver_sql("UNLOCK TABLES")


def _complete(conn: Connection) -> None:
    if upgrade.pending(conn):
        raise SetupError(
            "Our tables are missing or of another version.", "Run 'flask guesterase db upgrade'."
        )


def _drop(conn: Connection) -> None:
    preparer = conn.dialect.identifier_preparer
    # The version goes first: where a crash leaves some tables, an upgrade makes them whole again
    # and this can be repeated.
    for name in reversed(_OURS):
        conn.exec_driver_sql(f"DROP TABLE {preparer.quote(name)}")


def _export(conn: Connection, custodian: FolderCustodian, folder: Path) -> Export:
    _complete(conn)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder.chmod(0o700)
    sealed = {name: _digest(custodian, box) for name, box in _living(conn, custodian)}
    counts = {
        "boxes.jsonl": _write(
            folder / "boxes.jsonl",
            (line for line in vault.lines(conn) if Box.from_json(line).id in sealed),
        ),
        "journal.jsonl": _write(folder / "journal.jsonl", export.lines(conn)),
        "cases.jsonl": _write(folder / "cases.jsonl", _cases(conn)),
        "certificates": _certificates(conn, folder / "certificates"),
        "keys": custodian.copy(folder / "keys", roots=True),
    }
    _check(folder, sealed, counts, conn)
    shutil.copyfile(READER, folder / "verify.py")
    made = Export(folder, counts, _open(conn), _count(conn, tables.intake), _last_days(conn))
    (folder / "README.txt").write_text(_readme(made), encoding="utf-8")
    _settle(folder)
    return made


def _living(conn: Connection, custodian: FolderCustodian) -> Iterator[tuple[str, Box]]:
    """Yield the boxes that can be opened; one whose key is being forgotten has ended."""
    ending = set(conn.execute(select(tables.day.c.label)).scalars())
    for line in vault.lines(conn):
        box = Box.from_json(line)
        if box.label not in ending:
            yield box.id, box


def _digest(custodian: FolderCustodian, box: Box) -> bytes:
    return hashlib.sha256(open_box(box, custodian)).digest()


def _write(path: Path, lines: Iterable[str]) -> int:
    with path.open("w", encoding="utf-8", newline="\n") as file:
        return sum(1 for line in lines if file.write(line + "\n"))


def _cases(conn: Connection) -> Iterator[str]:
    """Yield each request with its subject rows, tombstones included, as one canonical line."""
    columns = [c for c in tables.subject.c if c.name not in ("id", "request")]
    for row in conn.execute(select(tables.request).order_by(tables.request.c.id)).mappings().all():
        subjects = conn.execute(
            select(*columns)
            .where(tables.subject.c.request == row["number"])
            .order_by(tables.subject.c.id)
        ).mappings()
        case = {name: _plain(value) for name, value in row.items() if name != "id"}
        case["subjects"] = [{name: _plain(v) for name, v in each.items()} for each in subjects]
        yield canonical(case).decode()


def _plain(value: Any) -> Any:
    return value.isoformat() + "Z" if hasattr(value, "isoformat") else value


def _certificates(conn: Connection, folder: Path) -> int:
    folder.mkdir(mode=0o700)
    count = 0
    for row in conn.execute(select(tables.certificate)):
        supplement = f"-{row.supplement}" if row.supplement else ""
        (folder / f"{row.request}{supplement}.json").write_text(row.body, encoding="utf-8")
        count += 1
    return count


def _check(
    folder: Path, sealed: dict[str, bytes], counts: dict[str, int], conn: Connection
) -> None:
    """Read the files back: every box opens with the copied keys to what it held."""
    copy = FolderCustodian(folder / "keys")
    found: dict[str, bytes] = {}
    try:
        with (folder / "boxes.jsonl").open(encoding="utf-8") as file:
            for line in file:
                box = Box.from_json(line)
                found[box.id] = _digest(copy, box)
    except SealError:
        found = {}
    with (folder / "journal.jsonl").open(encoding="utf-8") as file:
        kinds = Counter(json.loads(line)["format"] for line in file)
    complete = (
        found == sealed
        and kinds.total() == counts["journal.jsonl"]
        and kinds[ENTRY_FORMAT] == _count(conn, tables.entry)
        and counts["cases.jsonl"] == _count(conn, tables.request)
        and counts["certificates"] == _count(conn, tables.certificate)
    )
    if not complete:
        raise SealError(
            "The exported files do not read back as what was exported; nothing was dropped.",
            "Name another folder and try again; keys may have been rotated at the same time.",
        )


def _count(conn: Connection, table: Any) -> int:
    return conn.execute(select(func.count()).select_from(table)).scalar_one()


def _open(conn: Connection) -> int:
    states = [str(state) for state in OPEN]
    wanted = select(func.count()).where(tables.request.c.state.in_(states))
    return conn.execute(wanted).scalar_one()


def _last_days(conn: Connection) -> dict[str, str]:
    box = tables.box
    rows = conn.execute(
        select(box.c.label, func.max(box.c.last_day))
        .where(box.c.forgotten_at.is_(None))
        .group_by(box.c.label)
        .order_by(func.max(box.c.last_day))
    )
    return {row[0]: row[1] for row in rows}


def _settle(folder: Path) -> None:
    """Close the files to everybody else and make them durable."""
    for path in sorted(folder.rglob("*"), reverse=True):
        if path.is_file():
            path.chmod(0o600)
        handle = os.open(path, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _readme(made: Export) -> str:
    days = "\n".join(
        f"  {day}  keys/key-{label.replace(':', '-', 1)}.json"
        for label, day in made.last_days.items()
    )
    return _README.format(
        counts="\n".join(f"  {count:>7}  {name}" for name, count in made.counts.items()),
        days=days or "  (no sealed values)",
    )


_README = """\
What this is
============

Everything that flask_guesterase retained in a database it was removed from. The software is not
needed to read it: verify.py needs Python and the package "cryptography".

{counts}

  boxes.jsonl    sealed values, one box a line: what the law wants kept, safety copies, messages
  keys/          the keys of the boxes, as they lay in the key folder
  journal.jsonl  what was done, one entry a line, without personal data
  cases.jsonl    the requests: states, days and keys of the rows they concerned
  certificates/  certificates as they were issued

How to read it
==============

  python verify.py box . --all                      what every box holds
  python verify.py box . --id BOX                   what one box holds
  python verify.py journal.jsonl                    whether the journal is whole
  python verify.py certificates/NUMBER.json         whether a certificate is genuine

What you have to do
===================

This folder opens sealed personal data. Keep it where the key folder was kept, or keep keys/ and
boxes.jsonl apart. Nothing forgets by itself any more: on the day after each last day below,
destroy the key file here, in the old key folder, and in every copy of either.

{days}

When the last day has passed, destroy the folder keys/ as a whole.
"""
