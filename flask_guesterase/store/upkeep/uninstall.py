"""Leave a database: give everything that is retained back as files, then drop our tables.

The files are read back and every box is opened with the copied keys before anything is dropped.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Connection, Engine, Table, func, select

from ...core.errors import BusyError, InputError, SealError, SetupError
from ...core.lifecycle import OPEN
from ...core.log import ENTRY_FORMAT, canonical
from ...core.seal import Box, open_box
from .. import tables
from ..binds import intents
from ..boxes import boxing, vault
from ..certificates import certifying
from ..executing import underway
from ..holding import heldkeys, stillheld, unsearched
from ..journaling import export
from ..keys.custodian import FolderCustodian
from ..keys.keyfile import make_folder
from ..messages import outbox
from ..statements.folder import refused_as
from ..statements.sql import MARIADB
from ..transaction import transaction
from . import upgrade
from .farewell import Export, readme

READER = Path(__file__).resolve().parents[2] / "verify.py"
"""The one-file reader that a copy of is put beside the files."""

_NOWHERE: Mapping[str, str] = MappingProxyType({})

_OURS = (*tables.metadata.tables, upgrade.VERSION_TABLE)


def uninstall(
    engine: Engine,
    custodian: FolderCustodian,
    folder: Path,
    *,
    drop: bool = False,
    zones: Mapping[str, str] = _NOWHERE,
    today: str | None = None,
) -> Export:
    """Write everything that is retained into a folder, check it, and drop our tables if asked.

    Keys are copied, never moved: the key folder stays what it was.

    :param engine: the host's engine.
    :param custodian: who holds the keys of the boxes.
    :param folder: an empty folder, or one to be made; nobody else may read it afterwards.
    :param drop: False leaves the database as it is.
    :param zones: code of a property -> its time zone, in which days are told; UTC without one.
    :param today: the UTC day, ISO, by which keys have ended; that of this machine when None. By
        an empty one none has: the clock is in doubt.
    :raises InputError: there is something in the folder already, or it cannot be written.
    :raises SetupError: our tables are not there, or of another version.
    :raises SealError: the files do not open as they should; nothing was dropped.
    :raises BusyError: somebody is using our tables, an erasure over several databases has begun
        and is not done, or copies are not looked through yet for a hold.
    """
    if today is None:
        today = datetime.now(UTC).date().isoformat()
    with _writable():
        if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
            raise InputError("The folder is not empty.", "Name a new one.")
    if not drop:
        with transaction(engine, write=False) as conn:
            return _export(conn, custodian, folder, zones, today, lax=True)

    def unit(conn: Connection) -> Export:
        with _nobody_else(conn):
            _whole(conn)
            made = _export(conn, custodian, folder, zones, today)
            _drop(conn)
        return replace(made, dropped=True)

    return upgrade.alone(engine, unit, wait=0.0)


def _writable() -> AbstractContextManager[None]:
    return refused_as(
        InputError, "The folder cannot be written",
        "Nothing was dropped. Name a new one, with room on its disk.",
    )  # fmt: skip


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


def _whole(conn: Connection) -> None:
    """Go on only where nobody is erased by half: without our tables nobody would finish it."""
    if _count(conn, tables.intent, tables.intent.c.state == intents.OPEN):
        raise BusyError(
            "An erasure over several databases has begun and is not done; nothing was dropped.",
            "Let `flask guesterase worker` finish it, then try again.",
        )


def _known(conn: Connection) -> None:
    """Go on only where it is known what is held: people are told on which day to destroy a key."""
    box = tables.box
    swept = box.c.request.is_(None), box.c.purpose == "recovery", box.c.forgotten_at.is_(None)
    asked = unsearched.asked_of(conn) or (unsearched.asked(conn) and _count(conn, box, *swept))
    if asked or heldkeys.lifted(conn):
        raise BusyError(
            "A hold was placed or lifted, and the safety copies were not looked through yet.",
            "Let `flask guesterase worker` do it, then try again; nothing was dropped.",
        )


def _drop(conn: Connection) -> None:
    preparer = conn.dialect.identifier_preparer
    # The version goes first: where a crash leaves some tables, an upgrade makes them whole again
    # and this can be repeated.
    for name in reversed(_OURS):
        conn.exec_driver_sql(f"DROP TABLE {preparer.quote(name)}")


def _export(
    conn: Connection,
    custodian: FolderCustodian,
    folder: Path,
    zones: Mapping[str, str],
    today: str,
    lax: bool = False,
) -> Export:
    _complete(conn)
    _known(conn)
    with _writable():
        return _written(conn, custodian, folder, zones, today, lax)


def _written(
    conn: Connection,
    custodian: FolderCustodian,
    folder: Path,
    zones: Mapping[str, str],
    today: str,
    lax: bool,
) -> Export:
    make_folder(folder)
    folder.chmod(0o700)
    sealed, closed = _opened(conn, custodian, today, lax)
    every = {*sealed, *closed}
    counts = {
        "boxes.jsonl": _write(
            folder / "boxes.jsonl",
            (line for line in vault.lines(conn, custodian) if Box.from_json(line).id in every),
        ),
        "journal.jsonl": _write(folder / "journal.jsonl", export.lines(conn)),
        "cases.jsonl": _write(folder / "cases.jsonl", _cases(conn)),
        "kept.jsonl": _write(folder / "kept.jsonl", _living_rows(conn, tables.kept, "ended_at")),
        "holds.jsonl": _write(folder / "holds.jsonl", _living_rows(conn, tables.hold, "lifted_at")),
        "certificates": _certificates(conn, folder / "certificates", zones),
        "keys": custodian.copy(folder / "keys", roots=True),
    }
    _check(folder, sealed, counts, conn)
    shutil.copyfile(READER, folder / "verify.py")
    made = Export(
        folder, counts, _open(conn), _count(conn, tables.intake), _files(conn), closed,
        _last_days(conn, custodian),
    )  # fmt: skip
    (folder / "README.txt").write_text(readme(made), encoding="utf-8")
    _settle(folder)
    return made


def _opened(
    conn: Connection, custodian: FolderCustodian, today: str, lax: bool
) -> tuple[dict[str, bytes], tuple[str, ...]]:
    """Return what each living box holds, as a digest, and which do not open.

    :param lax: one that does not open is no reason not to give the others back.
    """
    sealed: dict[str, bytes] = {}
    closed: list[str] = []
    for name, box in _living(conn, custodian, today):
        try:
            sealed[name] = _digest(custodian, box)
        except SealError:
            if not lax:
                raise
            closed.append(name)
    return sealed, tuple(closed)


def _living(
    conn: Connection, custodian: FolderCustodian, today: str
) -> Iterator[tuple[str, Box]]:
    """Yield the boxes that can be opened; one whose key is being forgotten has ended."""
    ended = _ended(conn, custodian, today)
    for line in vault.lines(conn, custodian):
        box = Box.from_json(line)
        if box.id not in ended:
            yield box.id, box


def _ended(conn: Connection, custodian: FolderCustodian, today: str) -> set[str]:
    """Return the boxes whose key was told to end and that nothing keeps: no day to come, no
    hold, no request that is not over.

    It takes one row, and no key, to say that a key ends; it ends by none of ours before that, nor
    before holds were asked what they reach under it.
    """
    box, told = tables.box.c, select(tables.day.c.label)
    marked = select(box.id, box.label).where(box.label.in_(told), box.forgotten_at.is_(None))
    rows = conn.execute(marked).all()
    labels = {row.label for row in rows}
    held = stillheld.among(conn, {label for label in labels if label.startswith(_HOLD)})
    held |= underway.among(conn, labels, today)
    asked = not _count(conn, tables.hold, tables.hold.c.lifted_at.is_(None))
    there = custodian.labels()
    over = {
        each for each in labels - held
        if not each.startswith(boxing.LASTING)
        or (today and vault.is_over(each, today) and (asked or each not in there))
    }  # fmt: skip
    return {row.id for row in rows if row.label in over}


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


def _living_rows(conn: Connection, table: Table, ended: str) -> Iterator[str]:
    """Yield each row that has not ended as one canonical line.

    :param ended: column that says when a row ended.
    """
    living = select(table).where(table.c[ended].is_(None)).order_by(table.c.id)
    for row in conn.execute(living).mappings():
        yield canonical({n: _plain(value) for n, value in row.items() if n != ended}).decode()


def _plain(value: Any) -> Any:
    return value.isoformat() + "Z" if hasattr(value, "isoformat") else value


def _certificates(conn: Connection, folder: Path, zones: Mapping[str, str]) -> int:
    folder.mkdir(mode=0o700)
    count, case = 0, tables.request
    every = select(tables.certificate, case.c.property).outerjoin(
        case, case.c.number == tables.certificate.c.request
    )
    for row in conn.execute(every):
        supplement = f"-{row.supplement}" if row.supplement else ""
        body = row.body
        if row.revoked_at is not None:
            at = row.revoked_at.replace(tzinfo=UTC)
            day = at.astimezone(ZoneInfo(zones.get(row.property, "UTC"))).date()
            body = canonical(certifying.as_file(row.body, day)).decode()
        (folder / f"{row.request}{supplement}.json").write_text(body, encoding="utf-8")
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
            for box in map(Box.from_json, file):
                if box.id in sealed:
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
        and counts["kept.jsonl"] == _count(conn, tables.kept, tables.kept.c.ended_at.is_(None))
        and counts["holds.jsonl"] == _count(conn, tables.hold, tables.hold.c.lifted_at.is_(None))
    )
    if not complete:
        raise SealError(
            "The exported files do not read back as what was exported; nothing was dropped.",
            "Name another folder and try again; keys may have been rotated at the same time.",
        )


def _count(conn: Connection, table: Table, *which: ColumnElement[bool]) -> int:
    return conn.execute(select(func.count()).select_from(table).where(*which)).scalar_one()


def _open(conn: Connection) -> int:
    states = [str(state) for state in OPEN]
    wanted = select(func.count()).where(tables.request.c.state.in_(states))
    return conn.execute(wanted).scalar_one()


def _files(conn: Connection) -> int:
    table = tables.outbox
    return _count(conn, table, table.c.kind == outbox.FILE, table.c.state != outbox.SENT)


def _last_days(conn: Connection, custodian: FolderCustodian) -> dict[str, str]:
    """Return label -> the last day of what lies under it; of a hold's key nobody knows one.

    What a hold keeps lies under the key it had before as well, in copies of the database at least.
    """
    box, there = tables.box, custodian.labels()
    rows = conn.execute(
        select(box.c.label, box.c.home, func.max(box.c.last_day))
        .where(box.c.forgotten_at.is_(None))
        .group_by(box.c.label, box.c.home)
    )
    found: dict[str, str] = {}
    for label, home, day in rows:
        lost = home in there and label not in there
        for name in {home if lost else label, home} - {None}:
            last = "" if name.startswith(_HOLD) else day
            found[name] = max(last, found.get(name, last))
    return dict(sorted(found.items(), key=lambda each: each[1]))


_HOLD = "hold:"
"""How the labels of holds' keys begin; boxes under them outlive their day."""


def _settle(folder: Path) -> None:
    """Close the files to everybody else and make them durable."""
    for path in (*sorted(folder.rglob("*"), reverse=True), folder):
        if path.is_file():
            path.chmod(0o600)
        handle = os.open(path, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
