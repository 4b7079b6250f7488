"""Files that an erasure removed and that lie in their folder again: a copy of it was put back.

No row names them any more, so that no plan would ever come to them. A keyed mark of its name is
kept of each file that was removed, as of a person; where a file has it and no row names the file,
it is removed again under what was approved then.
"""

from __future__ import annotations

import os
import time
from collections import Counter
from collections.abc import Collection, Iterator
from contextlib import suppress
from functools import partial

from sqlalchemy import select

from ...core.events import SYSTEM, SubjectReturned
from ...core.treatment import File
from ..access import brake
from ..checking.gaps import unreadable
from ..erasing import shared
from ..erasing.taking import path_of
from ..messages import outbox, unremoved
from ..retaining import holds
from ..retaining.keeping import Origin
from ..retaining.living import living
from ..search.reading import inside, names_in
from ..statements.sql import chunks
from ..sweeping.claiming import Shift
from ..unit import HasWork, Run
from ..work import Work
from . import sightings
from .known import Mark
from .removed import Folder, folders, marked

AGAIN = "files-again"
"""Word under which files that are removed again are counted."""

AT_ONCE = 300
"""Files one transaction looks at."""

YOUNG = 3600
"""Seconds for which a file may wait for the row that names it."""


def look(run: Run, shift: Shift) -> dict[str, int]:
    """Look for removed files in the folders that policies name, and have them removed again.

    :param run: runs a unit of work.
    :param shift: whose room is left to the host between the pieces.
    :return: word -> how many files.
    """
    counts = Counter[str]()
    for folder in run(lambda office: folders(office.work.datamap)).values():
        for part in chunks(_there(folder.root), AT_ONCE):
            counts[AGAIN] += shift.paced(run, partial(_piece, folder, part))
    return {word: count for word, count in counts.items() if count}


def _there(root: str) -> Iterator[str]:
    """Yield the names of the files in a folder, those that a text can hold."""
    for name in names_in(root, lambda problem: None):
        with suppress(UnicodeEncodeError):
            name.encode()
            yield name


def _piece(folder: Folder, part: Collection[str], office: HasWork) -> int:
    work = office.work
    found = {name: mark for name, mark in marked(work, folder, part).items()
             if _is_old(os.path.join(folder.root, name))}  # fmt: skip
    for name in _named(work, folder, found) if found else ():
        found.pop(name, None)
    every = {name: (folder.root, name) for name in found}
    theirs = shared.named(work.conn, work.whole(), every.values()) if found else ()
    for name in [name for name, file in every.items() if path_of(file) in theirs]:
        # Declared folders may lie in each other.
        del found[name]
    if not found or not _may_go(work, folder):
        return 0
    held = {hold.property for hold in living(work)}
    found = {name: mark for name, mark in found.items() if not _may_be_held(work, held, mark)}
    # Read once: each removal that waits is a box that is opened for this.
    numbers = {mark.origin.number for mark in found.values()}
    waiting = {number: _waiting(work, folder, number) for number in numbers}
    for name, mark in found.items():
        origin = mark.origin
        if name not in waiting[origin.number]:
            outbox.queue_file(work, origin, folder.root, name)
            work.events.append(_again(origin))
    return len(found)


def _may_be_held(work: Work, held: Collection[str], mark: Mark) -> bool:
    """Return whether one of the holds there are may be about a file: nobody can tell whose it was.

    :param held: codes of the properties at which they stand.
    """
    # The code of its own hotel is that of then: where nobody runs it, any hold may be there.
    where, known = mark.origin.property, work.settings.properties
    return bool(held) and (
        where in held or where not in known or any(holds.everywhere(work, code) for code in held)
    )


def _waiting(work: Work, folder: Folder, number: str | None) -> set[str]:
    """Return the files in a folder whose removal waits already."""
    return {
        inside(root, name) for root, name in unremoved.leaving(work, number)
        if os.path.abspath(root) == folder.root
    }  # fmt: skip


def _may_go(work: Work, folder: Folder) -> bool:
    """Return whether the clock can be believed, and all rows be read that may name a file."""
    hidden = unreadable(work.whole())
    return not brake.hold_back(work) and hidden.isdisjoint(table for table, _ in folder.columns)


def _again(origin: Origin) -> SubjectReturned:
    return SubjectReturned(
        origin.controller, origin.property, origin.number or "", SYSTEM, {"rows": 1},
        ("erased-file", sightings.SWEEP),
    )  # fmt: skip


def _is_old(path: str) -> bool:
    try:
        return os.stat(path).st_mtime < time.time() - YOUNG
    except OSError:
        return False


def _named(work: Work, folder: Folder, found: Collection[str]) -> set[str]:
    """Return which of these files a row names: then they are somebody's, whoever had them once."""
    there, bounded = set[str](), {"yield_per": 5000}
    for table, column in folder.columns:
        declared = work.datamap.declared(table)
        rule, cell = declared.rules[column], declared.column(column)
        wanted = select(cell).where(cell.is_not(None))
        for value in work.conn.execute(wanted, execution_options=bounded).scalars():
            every = rule.names(str(value)) if isinstance(rule, File) else ()
            there.update(n for each in every if (n := inside(folder.root, each)) in found)
    return there
