"""Is it this one? Two facts of each row a request took, masked, for the clerk at the desk."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date

from ...core.errors import UnknownError
from ...core.identity import Kind, kind_of
from ...core.permissions import Permission
from ...core.plan import Key, Person, by_table
from ...core.recognised import MOST, ORDER, hint
from ...core.standing import Standing
from ..access import actors
from ..erasing import people
from ..erasing.carrying import Candidate, known
from ..erasing.finder import erased_before
from ..lawbook.clocks import births_of
from ..lawbook.said import is_lost
from ..mapping.ways import ways
from ..statements.failure import is_unread
from ..work import Work
from .cases import load


@dataclass(frozen=True)
class Likeness:
    """A subject row as a clerk compares it with who stands at the desk.

    :param table: name of the subject table.
    :param facts: kind and masked value, two at most.
    """

    table: str
    facts: tuple[tuple[str, str], ...]


def facts(work: Work, number: str, by: str) -> Sequence[Likeness]:
    """Return two masked facts of each row that a request took.

    :param work: the open transaction.
    :param number: number of the request.
    :param by: the host's id of the clerk.
    :raises ForbiddenError: they may not verify at its property.
    """
    case = load(work, number)
    actors.require(work, by, Permission.VERIFY, case.property)
    persons = []
    for subject in people.subjects(work, case.number, Standing.TAKEN):
        with suppress(UnknownError):
            persons.append(people.person(work, subject))
    # What an erasure wrote there is nobody's, and no document shows it.
    shells = erased_before(work.conn, work.datamap, persons)
    on_file = known(work.conn, work.datamap, [each for each in persons if each not in shells])
    return [_likeness(work, on_file[person]) for person in persons if person in on_file]


def _likeness(work: Work, row: Candidate) -> Likeness:
    values = _by_kind(work, row)
    told = [(kind.value, hint(kind, values[kind])) for kind in ORDER if kind in values]
    return Likeness(row.person[0], tuple(told[:MOST]))


def telling(work: Work, row: Candidate, born: bool = False) -> tuple[tuple[str, str], ...]:
    """Return kind and masked value of what tells a row from others of one name and one contact.

    :param work: the open transaction.
    :param row: what is on file.
    :param born: whether the day of birth tells them apart; its year alone is shown.
    """
    values = _by_kind(work, row)
    wanted = (Kind.DOCUMENT, Kind.BOOKING)
    found = [(kind.value, hint(kind, values[kind])) for kind in wanted if kind in values]
    days = births(work, [row.person])[row.person] if born else ()
    return (*found, *((BIRTH, str(day.year)) for day in sorted(days)))


BIRTH = "birth"
"""Fact of a policy, and kind of a masked value, that tells when somebody was born."""


def births(work: Work, whose: Collection[Person]) -> dict[Person, set[date]]:
    """Return when people were born, as far as their rows tell it and somebody can read it.

    What stands there for nobody knows it, as the first day of a century, tells nothing.

    :param work: the open transaction.
    :param whose: subject rows.
    """
    found = {person: set[date]() for person in whose}
    alive = range(work.now.year - _OLDEST, work.now.year + 2)
    for name, keys in by_table(whose).items():
        declared = work.datamap.declared(name)
        at = ways(work.datamap, declared).answers.get(BIRTH)
        if at is None or is_lost(work.whole(), declared, [at]):
            continue
        for key, days in _born(work, name, keys).items():
            found[name, key] = {day for day in days if day.year in alive}
    return found


_OLDEST = 120
"""How many years ago, at most, somebody was born who is alive."""


def _born(work: Work, name: str, keys: Sequence[Key]) -> dict[Key, set[date]]:
    """Return key -> days of birth; one that nobody can read keeps no other from being told."""
    try:
        return births_of(work.conn, work.datamap, name, keys)
    except Exception as raised:
        if not is_unread(raised):
            raise
    half = len(keys) // 2
    parts = (keys[:half], keys[half:]) if half else ()
    return {key: days for part in parts for key, days in _born(work, name, part).items()}


def _by_kind(work: Work, row: Candidate) -> Mapping[Kind, str]:
    """Return kind -> the first value of that kind on file."""
    kinds = work.datamap.subjects[row.person[0]].contact
    pairs = [(kind_of(key), value) for key, value in row.values.items()]
    pairs += [(Kind(kinds[column]), value) for column, value in row.contacts.items()]
    pairs.append((Kind.NAME, row.name))
    found: dict[Kind, str] = {}
    for kind, value in pairs:
        if kind is not None and value.strip():
            found.setdefault(kind, value)
    return found
