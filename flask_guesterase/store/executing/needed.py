"""What only a precondition keeps of who ran out: whether it is somebody's again by now."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row as Line

from ...core.plan import ANOTHER, Key, Person, key_text
from ..erasing.finder import buried, erased_before, owners
from ..mapping.declared import Declared
from ..retaining import keeping, law, remainder
from ..sweeping import ageing
from ..work import Work


def due(work: Work, lines: Sequence[Line[Any]]) -> list[Line[Any]]:
    """Return the lines without those of rows that have time again, and note that these are back.

    What was only needed any more of somebody whose time was over is theirs again when they return.

    :param work: the open transaction.
    :param lines: rows of our table, kept without a request.
    """
    needed: dict[str, dict[int, list[Key]]] = {}
    for line in lines:
        keys = _needed(work, line)
        if keys:
            needed.setdefault(line.table_name, {})[line.id] = keys
    back = set[int]()
    for table, mine in needed.items():
        every = sorted({key for keys in mine.values() for key in keys}, key=key_text)
        theirs = _theirs(work, work.datamap.declared(table), every)
        back |= {id for id, keys in mine.items() if theirs.issuperset(keys)}
    keeping.end(work, back, back=True)
    return [line for line in lines if line.id not in back]


def _needed(work: Work, line: Line[Any]) -> list[Key]:
    """Return the rows of a line that a precondition alone keeps, of what no law does."""
    columns = remainder.columns_of(work, line)
    if line.mode != law.BLOCKED or line.open == ANOTHER or not columns:
        return []
    if not set(columns) <= work.datamap.declared(line.table_name).erase.keys():
        return []
    return list(remainder.keys_of(work, line, None) or ())


def _theirs(work: Work, declared: Declared, keys: Sequence[Key]) -> set[Key]:
    """Return which of these rows are somebody's again, as far as something says so.

    That nobody can say that a row's own time is over says nothing: its table may have no category,
    its date may have gone with the rest, or it went because its guest's time was over.
    """
    over = {each.key for each in ageing.judged(work, declared, keys)}
    known = owners(work.conn, work.datamap, declared, keys)
    whose = {key: {person for person, _ in known.get(key, ())} for key in keys}
    gone = buried(work.conn, set[Person]().union(*whose.values()))
    back = gone - erased_before(work.conn, work.datamap, gone)
    # Of whom nobody erased a record of its own went; it is theirs once its own day lies ahead.
    alive = [key for key, people in whose.items() if people and gone.isdisjoint(people)]
    theirs = ageing.ahead(work, declared, alive)
    theirs |= {key for key, people in whose.items() if not back.isdisjoint(people)}
    return theirs - over
