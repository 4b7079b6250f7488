"""Where an invented guest is seen after its erasure: wherever a person could be, and in copies."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    Engine,
    String,
    Table,
    func,
    or_,
    select,
)

from ...core.canary import Canary, Invented, Sighting
from ...core.lifecycle import DONE
from ...core.plan import key_text
from .. import tables
from ..casework.cases import load
from ..checking.live import read as read_live
from ..depth.grep import Grep
from ..returning.replay import Survey
from ..search import reading as search
from ..search.reading import Looking
from ..search.space import space
from ..transaction import transaction
from ..unit import HasWork, Run
from ..work import Work
from .canaries import Bird

Opened = Callable[[], AbstractContextManager[Connection]]
"""Opens a transaction that only reads."""


@dataclass(frozen=True)
class Scratch:
    """A database into which yesterday's backup was restored.

    :param engine: leads to it.
    :param replay: carries out again what it has forgotten, or None where that cannot be.
    """

    engine: Engine
    replay: Callable[[], Survey] | None = None



def look(run: Run, canary: Canary, bird: Bird, scratch: Scratch | None) -> Sighting:
    """Look for an erased guest everywhere there is, in short transactions that only read."""
    work, engine, kept, told, left = run(partial(_asked, bird))

    def opened() -> AbstractContextManager[Connection]:
        return transaction(engine, write=False)

    closed: set[str] = set()
    live, own = _live(work, opened, bird, kept, closed), _own(opened, bird.invented)
    files = _files(work, canary, bird.invented, closed)
    unread = dict.fromkeys(sorted(closed), 1) or None
    seen = Sighting(live, own, files, left, told=told, unread=unread)
    if scratch is None:
        return seen

    def copy() -> AbstractContextManager[Connection]:
        return transaction(scratch.engine, write=False)

    before = _live(work, copy, bird, frozenset())
    if scratch.replay is None:
        return replace(seen, copied=before)
    scratch.replay()
    return replace(seen, copied=before, replayed=_live(work, copy, bird, kept))


def _asked(bird: Bird, office: HasWork) -> tuple[Work, Engine, frozenset[Any], dict[str, int], int]:
    """Return what a look needs: where to read, what the law keeps, whom the request told."""
    work = office.work
    kept, sent = tables.kept, tables.delivery
    mine = select(kept.c.table_name, kept.c.row_key).where(
        kept.c.request == bird.request, kept.c.ended_at.is_(None)
    )
    states = select(sent.c.state, func.count()).where(sent.c.request == bird.request)
    rows = work.conn.execute(states.group_by(sent.c.state))
    told = {row[0]: row[1] for row in rows}
    case = load(work, bird.request or "")
    found = (case.decisions or {}).get("left", ()) if case.state in DONE else ()
    stays = frozenset((row.table_name, row.row_key) for row in work.conn.execute(mine))
    return work, work.conn.engine, stays, told, sum(item["rows"] for item in found)


def _live(
    work: Work, opened: Opened, bird: Bird, kept: frozenset[tuple[str, str]],
    closed: set[str] | None = None,
) -> dict[str, int]:
    """Return where the values are in a database: table and column -> rows nothing keeps.

    :param closed: where to note what could not be looked into.
    """
    with opened() as conn:
        live = read_live(conn, schemas=work.datamap.schemas())
    wanted = bird.invented.needles()
    finds = search.look(space(live, work.datamap), wanted, Looking(opened, work.datamap))
    search.files(finds, wanted, search.roots(work.datamap))
    if closed is not None:
        closed |= finds.unsearched
    places: Counter[str] = Counter()
    for find in finds.found.values():
        theirs = sum((find.table, key_text(key)) in kept for key in find.keys)
        label = f"{find.table}.{find.column}"
        # Several values of one row are one row.
        places[label] = max(places[label], find.rows - theirs)
    return {label: rows for label, rows in sorted(places.items()) if rows > 0}


def _own(opened: Opened, invented: Invented) -> dict[str, int]:
    """Return where the values stand readable in our own tables; they should not anywhere."""
    found = {}
    with opened() as conn:
        for name, table in tables.metadata.tables.items():
            held = {c.name: _says(c, invented) for c in table.c if isinstance(c.type, String)}
            if not held or not _count(conn, table, or_(*held.values())):
                continue
            for column, condition in held.items():
                found[f"{name}.{column}"] = _count(conn, table, condition)
    return {label: rows for label, rows in found.items() if rows}


def _says(column: Column[Any], invented: Invented) -> ColumnElement[bool]:
    text = func.lower(column)
    return or_(*(text.contains(token, autoescape=True) for token in invented.tokens()))


def _count(conn: Connection, table: Table, condition: ColumnElement[bool]) -> int:
    wanted = select(func.count()).select_from(table).where(condition)
    return conn.execute(wanted).scalar_one()


def _files(
    work: Work, canary: Canary, invented: Invented, closed: set[str]
) -> dict[str, int]:
    """Return the files in which a value stands: logs the host named, and files of our own."""
    grep = Grep(invented.pieces())
    found = {}
    for path in [*map(str, canary.logs), *_ours(work, closed)]:
        try:
            met = grep.found(Path(path))
        except OSError:
            closed.add(path)
            continue
        if met:
            found[path] = 1
    return found


def _ours(work: Work, closed: set[str]) -> Iterable[str]:
    for folder in filter(None, (work.settings.keys, work.settings.register)):
        for here, _, names in os.walk(folder, onerror=lambda why: closed.add(str(why.filename))):
            yield from (os.path.join(here, name) for name in names)
