"""What can be seen of a hotel, made comparable: randomness and times taken out, nothing else."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from sqlalchemy import (
    Connection,
    DateTime,
    Inspector,
    LargeBinary,
    Table,
    func,
    inspect,
    select,
)

from flask_guesterase.core.certified import check, from_json
from flask_guesterase.core.events import RestoreReplayed, SearchRepeated
from flask_guesterase.core.log import read_entry
from flask_guesterase.core.remembrance import ALONE, Kind, dangling
from flask_guesterase.store import tables
from flask_guesterase.store.journaling import audit
from flask_guesterase.store.keys.custodian import FolderCustodian
from flask_guesterase.store.messages.outbox import BACK, SENT
from flask_guesterase.store.remembrance.erasures import Register
from flask_guesterase.store.upkeep import upgrade
from tests.chaos.inn import Inn
from tests.oracle import dump

Sight = dict[str, list[str]]
"""What was looked at -> what was seen, sorted lines."""

HOST, FILES, KEYS, REGISTER, CHANNEL = "host", "files", "keys", "register", "channel"
WRONG = "wrong"
"""Everything that no honest state has: a journal that does not prove itself, a bad signature."""

_PLACEHOLDER = re.compile(r"erased-[a-z2-7]+@erased\.invalid")
_RANDOM = re.compile(r"(?<=root-)[0-9a-f]{16}|[0-9a-f]{8}-[0-9a-f-]{27}|[0-9a-f]{32,}")

_SKIPPED = {
    "node": "verified with the journal",
    "attempt": "counts tries at a door",
    "version": "no table of ours that says anything but the revision",
}
_OUT = {
    "version": "counts changes, also those that came to nothing in the end",
    "attempts": "counts what failed",
    "note": "names the time at which it was signed; the verifier reads it where it came to",
    "problem": "the last thing that failed",
    "size": "depends on how many entries a fault caused",
    "position": "likewise",
    "frontier": "verified with the journal",
    "leaf": "likewise",
    "next_at": "when to try again",
    "try_at": "likewise",
}
"""Columns that are left out, and why."""

_PROOFS = frozenset({"note", "frontier", "leaf"})
"""Those of them that are hashes, or hold one."""

_COUNTS_ANEW = frozenset({RestoreReplayed.name})
_TOLD = frozenset({SearchRepeated.name})
"""Entries by which the journal says that something was done once more than undisturbed."""

_RANDOM_NAMES = frozenset({
    "hash", "mark", "row_mark", "name_mark", "document_mark", "subject_mark", "reference", "digest",
    "public_key", "wrapped", "payload", "sealed", "checkpoint", "outbox", "task",
})  # fmt: skip
"""Columns whose content is random, or made with a random key: only whether there is something."""


def host(conn: Connection) -> list[str]:
    """Return every row of the host, as the engine writes it."""
    found = dump.dump(conn)
    return sorted(
        _PLACEHOLDER.sub("erased-*@erased.invalid", f"{table} {json.dumps(line)}")
        for table, content in found.items()
        for line in content.lines
    )


def see(inn: Inn) -> Sight:
    """Look at everything: the host's rows, files, keys, our rows, the register of erasures."""
    seen: Sight = {HOST: [], WRONG: []}
    custodian = FolderCustodian(inn.folder / "keys")
    with inn.engine.connect() as conn:
        seen[HOST] = host(conn)
        eye = inspect(conn)
        there = set(eye.get_table_names())
        boxes = _boxes(conn) if tables.box.name in there else {}
        known = [table for table in tables.metadata.sorted_tables if table.name in there]
        filled = _columns(conn, eye, known)
        for table in known:
            short = table.name.removeprefix(tables.PREFIX)
            if short not in _SKIPPED:
                seen[short] = sorted(_rows(conn, table, filled.get(table.name), boxes))
        if upgrade.VERSION_TABLE in there and not upgrade.pending(conn):
            seen[WRONG] += [f"journal: {p.id} {p.message}" for p in audit.verify(conn)]
            seen[WRONG] += _certificates(conn, custodian)
        conn.rollback()
    seen[WRONG] += _too_early(inn, custodian)
    seen[FILES] = _files(inn.files)
    seen[CHANNEL] = sorted(path.read_text() for path in (inn.folder / "channel").glob("*"))
    seen[KEYS] = sorted(custodian.labels()) if custodian.exists() else []
    seen[REGISTER] = _register(inn, custodian, seen[WRONG])
    return seen


def left(inn: Inn, seen: Sight) -> str:
    """Return a digest of all that a process left, what is random taken out.

    What `see` leaves out is in it, but for hashes: two with one digest go on alike.

    :param seen: what is seen of it.
    """
    names = sorted(_RANDOM.sub("*", str(p.relative_to(inn.folder))) for p in inn.folder.rglob("*"))
    whole = [seen, names, loose(inn), unfinished(inn), _left_out(inn)]
    return hashlib.sha256(json.dumps(whole).encode()).hexdigest()


def _left_out(inn: Inn) -> list[str]:
    """Return the counts and times of our rows that are no matter of before and after."""
    said = []
    with inn.engine.connect() as conn:
        eye = inspect(conn)
        there = set(eye.get_table_names())
        known = [table for table in tables.metadata.sorted_tables if table.name in there]
        for name, columns in _columns(conn, eye, known).items():
            mine = [c for c in tables.metadata.tables[name].c if c.name in _OUT.keys() - _PROOFS]
            if mine := [c for c in mine if c.name in columns]:
                said += [f"{name} {row}" for row in conn.execute(select(*mine))]
        conn.rollback()
    return sorted(said)


def _too_early(inn: Inn, custodian: FolderCustodian) -> list[str]:
    """Return what is gone outside the database although the database still counts on it."""
    wrong = []
    with inn.engine.connect() as conn:
        there = set(inspect(conn).get_table_names())
        named = conn.exec_driver_sql("SELECT path FROM scans").scalars().all()
        files = {path.name for path in inn.files.iterdir()}
        missing = [name for name in named if name not in files]
        # What was restored comes back after the commit, by the worker, as its outbox says; to a
        # database that was restored itself no file comes back, and its replay ends the rows.
        if not inn.restored and len(missing) > _coming(conn, there):
            wrong += [f"file {name} is gone, its row is not" for name in missing]
        if {tables.box.name, tables.day.name} <= there and custodian.exists():
            box, day = tables.box.c, tables.day.c
            boxes = select(box.label).where(box.forgotten_at.is_(None))
            living = set(conn.execute(boxes).scalars())
            ended = set(conn.execute(select(day.label)).scalars())
            gone = living - ended - custodian.labels()
            wrong += [f"the key {label} is gone, nothing says so" for label in sorted(gone)]
        conn.rollback()
    return wrong


def _coming(conn: Connection, there: set[str]) -> int:
    """Return how many files wait to be put back."""
    table = tables.outbox
    if table.name not in there:
        return 0
    waits = select(func.count()).where(table.c.kind == BACK, table.c.state != SENT)
    return int(conn.execute(waits).scalar_one())


def loose(inn: Inn) -> list[str]:
    """Return what a rotation or a crash left in the key folder, and roots beyond the one."""
    names = sorted(path.name for path in (inn.folder / "keys").iterdir())
    roots = [name for name in names if name.startswith("root-")]
    return [name for name in names if name.startswith(".")] + roots[1:]


def _files(folder: Path) -> list[str]:
    return sorted(
        f"{path.name} {hashlib.sha256(path.read_bytes()).hexdigest()[:12]}"
        for path in folder.iterdir()
    )


def _boxes(conn: Connection) -> Mapping[str, str]:
    box = tables.box
    columns = (box.c.id, box.c.purpose, box.c.label, box.c.last_day, box.c.forgotten_at)
    return {
        row.id: f"{row.purpose} {row.label} {row.last_day} {row.forgotten_at is not None}"
        for row in conn.execute(select(*columns))
    }


def _columns(
    conn: Connection, eye: Inspector, known: Sequence[Table]
) -> Mapping[str, Collection[str]]:
    """Return the columns there are of each table that holds something; most of ours are empty."""
    one = " UNION ALL ".join(
        f"SELECT '{t.name}' WHERE EXISTS (SELECT 1 FROM {t.name})"
        for t in known
    )
    filled = list(conn.exec_driver_sql(one).scalars())
    return {
        name: [column["name"] for column in columns]
        for (_, name), columns in eye.get_multi_columns(filter_names=filled).items()
    }


def _rows(
    conn: Connection, table: Table, there: Collection[str] | None, boxes: Mapping[str, str]
) -> Iterable[str]:
    if there is None:
        return
    columns = [c for c in table.c if c.name in there]
    for row in conn.execute(select(*columns)):
        values = dict(row._mapping)
        if table is tables.entry:
            yield from [] if values["action"] in _TOLD else [_entry(values["body"])]
        elif table is tables.certificate:
            yield _certificate(values)
        elif table is tables.pulse:
            yield values["name"]
        else:
            yield json.dumps({
                c.name: _value(c, values[c.name], boxes) for c in columns if _kept(table, c)
            })  # fmt: skip


def _kept(table: Table, column: Any) -> bool:
    serial = column.name == "id" and table is not tables.box
    return column.name not in _OUT and not serial


def _value(column: Any, value: Any, boxes: Mapping[str, str]) -> Any:
    if value is None:
        return None
    if column.name in ("box", "found_box") or (column.table is tables.box and column.name == "id"):
        return boxes.get(value, "there is no such box")
    if column.name in _RANDOM_NAMES or isinstance(column.type, DateTime | LargeBinary):
        return "there"
    return _RANDOM.sub("*", value) if isinstance(value, str) else value


def _entry(body: str) -> str:
    draft = read_entry(body.encode()).draft
    said = draft.as_dict()
    # A replay that was interrupted counts what was left to do when it began again.
    for word in ("at", "marks", "actor", *(["counts"] if draft.action in _COUNTS_ANEW else [])):
        said.pop(word, None)
    return json.dumps(said, sort_keys=True, default=str)


def _certificate(values: Mapping[str, Any]) -> str:
    content = json.loads(values["body"])["content"]
    # How far the recipients are depends on when it was issued; supplements say it later.
    content["recipients"] = sorted(each["recipient"] for each in content["recipients"])
    revoked = values.get("revoked_at") is not None
    return json.dumps([values["request"], values["supplement"], revoked, content], sort_keys=True)


def _certificates(conn: Connection, custodian: FolderCustodian) -> list[str]:
    """Return what is wrong with a certificate: signature, proof, or the mark of its text."""
    wrong = []
    for (body,) in conn.execute(select(tables.certificate.c.body)):
        found = check(from_json(body), None)
        wrong += [f"certificate: {each}" for each in found if each.passed is False]
    return wrong


def _register(inn: Inn, custodian: FolderCustodian, wrong: list[str]) -> list[str]:
    """Return what stands in the register, without lines of what was never committed."""
    if not custodian.exists():
        return []
    file = Register(inn.folder / "register", custodian)
    if not file.exists():
        return []
    lines, broken = file.lines()
    # The last line may be torn by a power failure; whoever writes next cuts it off.
    wrong += [f"register: {each.why}" for each in broken if each.place < len(lines)]
    abandoned = [line for line in lines if line.note.kind is Kind.ABANDONED]
    given_up = {n for line in abandoned for n in range(line.first, line.last + 1)}
    # Which head left the house is written after the commit: who dies just then leaves it out.
    said = [
        f"{line.note.kind.value} {line.note.request} {len(line.note.rows)}"
        for line in lines
        if line.note.kind not in ALONE and line.number not in given_up
    ]
    # A restored database cannot tell whether a replay that died was committed: what it wrote
    # stands, and is written once more.
    return sorted(set(said) if inn.restored else said)


def unfinished(inn: Inn) -> list[str]:
    """Return what the register does not know the end of, and where it is broken."""
    custodian = FolderCustodian(inn.folder / "keys")
    file = Register(inn.folder / "register", custodian)
    lines, broken = file.lines() if file.exists() else ([], [])
    return [f"dangling {line.note.kind.value}" for line in dangling(lines)] + [
        f"broken {each.why}" for each in broken
    ]


def differences(one: Sight, other: Sight, without: frozenset[str] = frozenset()) -> list[str]:
    """Return what is seen in one and not in the other."""
    said = []
    for name in sorted((one.keys() | other.keys()) - without):
        a, b = list(one.get(name, [])), list(other.get(name, []))
        for line in list(a):
            if line in b:
                a.remove(line)
                b.remove(line)
        said += [f"{name} - {line}" for line in a] + [f"{name} + {line}" for line in b]
    return said


Look = Callable[[Inn], Sight]
