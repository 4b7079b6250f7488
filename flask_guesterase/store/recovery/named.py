"""Files that a row names by the time they are to be removed: they are that row's, and stay.

When they were queued nobody named them. Since then an erasure may have been taken back, or the
host may have written a row. They go with that row, as every file does that a row names.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import Any

from sqlalchemy import select

from .. import tables
from ..binds import intents
from ..casework.cases import load, step
from ..certificates.deeds import added, unmoved
from ..erasing import people, shared
from ..erasing.taking import path_of
from ..messages.outbox import Parcel
from ..retaining.remainder import rows_of
from ..upkeep import dispatch
from ..work import Work


def is_named(work: Work, parcel: Parcel, looked: bool) -> bool:
    """Return whether a row names a file that is to be removed.

    :param work: the open transaction, in which it is removed or left.
    :param parcel: its removal.
    :param looked: whether to look first which tables and columns there are.
    """
    file, *beside = _files(parcel)
    return path_of(file) in _named(work, [file, *beside], looked)


def _files(parcel: Parcel) -> list[tuple[str, str]]:
    """Return a file, and what else rows may name that name it, which says no more than its name."""
    content = parcel.content
    return [(content["root"], content["name"]), *map(tuple, content.get("with", ()))]


def _named(work: Work, files: Iterable[tuple[str, str]], looked: bool) -> set[str]:
    return shared.named(work.conn, work.whole() if looked else work.datamap, files)


def leave(work: Work, parcel: Parcel, looked: bool) -> bool:
    """Leave a file to the row that names it; return whether it is not to be removed any more.

    While an erasure over several databases is under way that wants it removed, that may be its own
    row, in a database that was not changed yet: then the file waits for the end of it.

    :param work: the open transaction, one of its own.
    :param parcel: its removal.
    :param looked: whether to look first which tables and columns there are.
    """
    # Before its parcel, as whoever takes its erasure back does.
    case = load(work, parcel.request, lock=True) if parcel.request else None
    if not dispatch.hold_still(work, parcel) or not is_named(work, parcel, looked):
        return False
    table = tables.intent
    mine = table.c.state == intents.OPEN, table.c.request == parcel.request
    if work.conn.execute(select(table.c.id).where(*mine).limit(1)).first() is not None:
        dispatch.later(work, parcel)
        return False
    dispatch.left(work, parcel)
    rows = [*parcel.content.get("rows", ()), *_alone(work, parcel, looked)]
    if rows and case is not None and not _is_own(work, parcel, looked):
        # As of a file that was another's already when its own row was erased.
        done = dict(case.decisions or {})
        others = {(table, column): count for table, column, count in rows}
        done["did"] = added(done.get("did", ()), unmoved(others))
        step(work, case, decisions=done)
    return True


def _is_own(work: Work, parcel: Parcel, looked: bool) -> bool:
    """Return whether only rows of its own people name a file: the host wrote one of them again.

    That is dealt with as what came back, and the file goes with it.
    """
    files, datamap = _files(parcel), work.whole() if looked else work.datamap
    found = shared.rows_of(work.conn, datamap, files, path_of(files[0])) or {}
    who = frozenset(people.taken(work, parcel.request))
    rows = [
        row for table, keys in found.items()
        for row in rows_of(work, datamap.declared(table), keys, who)
    ]
    return bool(rows) and all(row.owners and not row.others for row in rows)


def _alone(work: Work, parcel: Parcel, looked: bool) -> list[list[Any]]:
    """Return the rows of whose files this one is the first that stays, of those it was not of."""
    after = parcel.content.get("after", ())
    before = {tuple(file) for *_, files in after for file in files}
    stays = _named(work, {file for file in before if os.path.lexists(path_of(file))}, looked)
    return [
        row for *row, files in after if stays.isdisjoint(path_of(tuple(file)) for file in files)
    ]
