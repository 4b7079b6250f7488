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
from ..casework import purview
from ..casework.cases import Case, load, step
from ..certificates.deeds import added, unmoved
from ..erasing import people, shared
from ..erasing.finder import erased_before
from ..erasing.taking import path_of
from ..messages import removal
from ..messages.outbox import Parcel
from ..retaining.remainder import rows_of
from ..upkeep import dispatch
from ..work import Work


def is_named(work: Work, parcel: Parcel, looked: bool) -> bool:
    """Return whether a row names a file that is to be removed, or what it is a link to.

    :param work: the open transaction, in which it is removed or left.
    :param parcel: its removal.
    :param looked: whether to look first which tables and columns there are.
    """
    files = _files(parcel)
    return not _ways(parcel).isdisjoint(_named(work, files, looked))


def _files(parcel: Parcel) -> list[tuple[str, str]]:
    """Return a file, where it lies if that is a link, and what else rows may name that name it.

    What rows may name says no more than its name.
    """
    root, name = parcel.content["root"], parcel.content["name"]
    target = os.path.relpath(removal.locate(root, name)[0], os.path.realpath(root))
    return [(root, name), (root, target), *map(tuple, parcel.content.get("with", ()))]


def _ways(parcel: Parcel) -> set[str]:
    """Return how a file may be called: by its own name, or by that of what it is a link to."""
    return set(map(path_of, _files(parcel)[:2]))


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
    if rows and case is not None and not _is_own(work, case, parcel, looked):
        # As of a file that was another's already when its own row was erased.
        done = dict(case.decisions or {})
        others = {(table, column): count for table, column, count in rows}
        done["did"] = added(done.get("did", ()), unmoved(others))
        step(work, case, decisions=done)
    files = _files(parcel)
    if path_of(files[0]) not in _named(work, files, looked):
        # Last of all: without it nobody sees where it led.
        removal.unlink(*files[0])
    return True


def _is_own(work: Work, case: Case, parcel: Parcel, looked: bool) -> bool:
    """Return whether only rows of its own people name a file: the host wrote one of them again.

    That is dealt with as what came back, and the file goes with it; not what another controller
    has of them, nor a row of whoever stands in their place by now.
    """
    datamap = work.whole() if looked else work.datamap
    keys = shared.rows_of(work.conn, datamap, _files(parcel), _ways(parcel))
    if not keys:
        return False
    who = frozenset(erased_before(work.conn, datamap, people.taken(work, case.number)))
    found = {
        table: rows_of(work, datamap.declared(table), mine, who) for table, mine in keys.items()
    }
    rows = [row for each in found.values() for row in each]
    theirs = purview.part(work, case.property, found).theirs
    return bool(rows) and not theirs and all(row.owners and not row.others for row in rows)


def _alone(work: Work, parcel: Parcel, looked: bool) -> list[list[Any]]:
    """Return the rows of whose files this one is the first that stays, of those it was not of."""
    after = parcel.content.get("after", ())
    before = {tuple(file) for *_, files in after for file in files}
    stays = _named(work, {file for file in before if os.path.lexists(path_of(file))}, looked)
    return [
        row for *row, files in after if stays.isdisjoint(path_of(tuple(file)) for file in files)
    ]
