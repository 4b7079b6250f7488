"""What only a precondition keeps of who ran out: whether it is somebody's again by now."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Any

from sqlalchemy import Row as Line

from ...core.plan import ANOTHER, Key, Person, key_text
from ..erasing.finder import buried, erased_before, owners, shells_of
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
    needed: dict[str, list[tuple[Line[Any], list[Key]]]] = {}
    for line in lines:
        keys = _needed(work, line)
        if keys:
            needed.setdefault(line.table_name, []).append((line, keys))
    back = set[int]()
    for table, mine in needed.items():
        back |= _back(work, work.datamap.declared(table), mine)
    keeping.end(work, back, back=True)
    return [line for line in lines if line.id not in back]


def _needed(work: Work, line: Line[Any]) -> list[Key]:
    """Return the rows of a line that a precondition alone keeps, of what no law does."""
    columns = remainder.columns_of(work, line)
    if line.mode != law.BLOCKED or line.open == ANOTHER or not columns:
        return []
    declared = work.datamap.declared(line.table_name)
    if not columns <= set(declared.taken) - declared.retain.keys():
        return []
    return list(remainder.keys_of(work, line, None) or ())


def _back(
    work: Work, declared: Declared, mine: Sequence[tuple[Line[Any], list[Key]]]
) -> set[int]:
    """Return the lines whose rows are somebody's again, as far as something says so.

    That nobody can say that a row's own time is over says nothing: its table may have no category,
    its date may have gone with the rest, or it went because its guest's time was over.

    :param work: the open transaction.
    :param declared: the table of the rows.
    :param mine: lines with the keys of their rows.
    """
    keys = sorted({key for _, some in mine for key in some}, key=key_text)
    over = {each.key for each in ageing.judged(work, declared, keys)}
    known = owners(work.conn, work.datamap, declared, keys)
    erased = buried(work.conn, {person for each in known.values() for person, _ in each})
    shells = erased_before(work.conn, work.datamap, erased)
    nobody = _nobody(work, {person for each in known.values() for person, _ in each} - set(erased))
    ahead = ageing.ahead(work, declared, keys)

    def theirs(line: Line[Any], key: Key) -> bool:
        columns = remainder.columns_of(work, line) or frozenset()
        living = _whose(declared, known.get(key, set()), columns) - shells
        # Of who lives, also of whoever was back before, a record of its own went: it is theirs
        # once its own day lies ahead. Who was erased with it, or later, is back.
        back = any(person in erased and erased[person] >= line.since for person in living)
        # What runs out by no day of its own went with its guest: another has it by now.
        others = living - nobody - {(declared.name, key)}
        back = back or (not _runs_out(declared) and bool(others))
        lives = living or _says_nothing(declared, key, known.get(key, set()), columns)
        return key not in over and (back or bool(lives and key in ahead))

    return {line.id for line, some in mine if all(theirs(line, key) for key in some)}


def _nobody(work: Work, people: Iterable[Person]) -> set[Person]:
    """Return those in whose profiles nothing stands, where keys may be spelt otherwise since.

    That the host writes its keys in capitals by now makes nobody else of who ran out.
    """
    mine = (each for each in people if any(isinstance(part, str) for part in each[1]))
    return shells_of(work.conn, work.datamap, mine)


def _runs_out(declared: Declared) -> bool:
    """Return whether rows of a table have a last day of their own."""
    return bool(declared.policy.category and declared.policy.clock is not None)


def _says_nothing(
    declared: Declared, key: Key, owned: Collection[tuple[Person, int]], columns: Collection[str]
) -> bool:
    """Return whether a profile shows only by its day that its guest is back.

    All that an erasure empties is needed, and stands there whether they are or not.
    """
    itself = {person for person, _ in owned} == {(declared.name, key)}
    return itself and declared.erase.keys() <= set(columns)


def _whose(
    declared: Declared, owned: Collection[tuple[Person, int]], columns: Collection[str]
) -> set[Person]:
    """Return whose columns of a row are, without those whose row it is by another way alone."""
    alone = {path: declared.alone[path] or frozenset() for _, path in owned}
    others = {
        path: frozenset[str]().union(*(alone[each] for each in alone if each != path))
        for path in alone
    }
    return {
        person for person, path in owned if not others[path] - alone[path] >= set(columns)
    }
