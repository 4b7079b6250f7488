"""To whom a letter about an incident is or goes, by its contact as it was, or whose it says."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Any

from sqlalchemy import Row, select

from ...core.errors import MatchError
from ...core.identity import contradicts
from ...core.plan import Person, key_text
from .. import tables
from ..boxes import safe
from ..erasing.carrying import Candidate
from ..erasing.carrying import known as known_people
from ..erasing.finder import erased_before
from ..messages import outbox
from ..retaining.holds import keys_of
from ..work import Work
from . import bounced
from .records import Incident

TOLD = "told"
"""To whom letters by looks of before were written."""


def told(work: Work, row: Incident, people: Mapping[Person, Candidate]) -> set[Person]:
    """Return to whom of these people a letter is or goes.

    One that goes to a contact is its owner's, as it was when it was written: who shares it since
    got none by it. What somebody is reached by may be another contact since, too.

    :param work: the open transaction.
    :param row: the incident.
    :param people: rows of people on file, each with what it says to reach them by.
    """
    if not people:
        return set()
    hotel = work.settings.home(row.property)
    by_mark: dict[str, list[Candidate]] = {}
    by_text = {(who[0], key_text(who[1])): each for who, each in people.items()}
    for each in people.values():
        for mark in _marks(work, row, each, hotel.country):
            by_mark.setdefault(mark, []).append(each)
    found: set[Person] = set()
    for mark, box in _went(work, row):
        sharing, who = by_mark.get(mark, []), bounced.named(work, box)
        # A box that says whose it is ends before the incident may.
        owner = None if who is None else by_text.get((who[0], who[1]))
        owners = sharing if owner is None else [owner]
        found |= {each.person for each in _alike(sharing, owners)}
        if owner is not None:
            found.add(owner.person)
    return found


def _alike(sharing: Sequence[Candidate], owners: Collection[Candidate]) -> list[Candidate]:
    """Return who of those that share a contact may be the same guest as all of its owners."""
    return [
        each for each in sharing
        if all(each is one or (each.name and one.name and not contradicts(each.name, one.name))
               for one in owners)
    ]  # fmt: skip


def _marks(work: Work, row: Incident, candidate: Candidate, region: str) -> Iterator[str]:
    """Yield what letters to somebody's contacts are known by."""
    kinds = work.datamap.subjects[candidate.person[0]].contact
    for column, text in candidate.contacts.items():
        with suppress(MatchError):
            yield bounced.mark(work, row.number, kinds[column], text, region)


def _went(work: Work, row: Incident) -> list[tuple[str, str | None]]:
    """Return the letters of an incident that went, or are about to: mark and box of each."""
    table = tables.outbox
    mine = table.c.dedupe.startswith(f"{bounced.LETTER}:{row.number}:", autoescape=True)
    left = select(table.c.dedupe, table.c.box).where(mine, table.c.state.not_in(outbox.LOST))
    return [(mark, box) for mark, box in work.conn.execute(left.order_by(table.c.id))]


def before(said: Mapping[str, Any], sent: bool) -> Mapping[str, Any]:
    """Return what the look before found of those to whom letters were written.

    :param said: what it found.
    :param sent: whether letters by it were; where those were taken back, others may have been.
    """
    names = (TOLD, bounced.MISSED, bounced.APART, bounced.OWED, bounced.LOST)
    earlier = {name: said[name] for name in names if name in said} if said.get(TOLD) else {}
    return said if sent else earlier


def owed(
    work: Work, row: Incident, said: Mapping[str, Any], apart: Collection[tuple[str, str]]
) -> set[tuple[str, str]]:
    """Return whom a look leaves out though they were to be told, and no letter reached them.

    :param work: the open transaction.
    :param row: the incident.
    :param said: what the look before found.
    :param apart: whom this one leaves out, as table and key text.
    """
    # Of whom it left out as well the look before says it.
    there = on_file(work, row, sorted(set(apart) - bounced.settled(said)))
    lost = bounced.lost(work, row.number, said, apart)
    known = left(work, row.number, {**said, bounced.LOST: {**said.get(bounced.LOST, {}), **lost}})
    had = told(work, row, known_people(work.conn, work.datamap, there))
    return known.intersection(apart) | {(name, key_text(key)) for name, key in {*there} - had}


def on_file(work: Work, row: Incident, named: Iterable[tuple[str, str]]) -> list[Person]:
    """Return those of them who are on file; without erased ones.

    :param work: the open transaction.
    :param row: the incident.
    :param named: table and key text of people.
    """
    by_table: dict[str, list[str]] = {}
    for table, text in named:
        by_table.setdefault(table, []).append(text)
    found: list[Person] = []
    for table, texts in sorted(by_table.items()):
        if table in work.datamap.tables:
            people = [(table, key) for key in keys_of(work, table, texts).values()]
            shells = erased_before(work.conn, work.datamap, people)
            found += [person for person in people if person not in shells]
    return found


def may_owe(sent: Sequence[Row[Any]]) -> bool:
    """Return whether somebody may be left whom neither letters nor anything else told.

    :param sent: the letters that were written; none where those for others were taken back.
    """
    return not sent or any(each.untold and each.confirmed_at is None for each in sent)


def owing(work: Work, row: Incident) -> int | None:
    """Return how many the last look left out whom no letter reached; None if it is unreadable.

    :param work: the open transaction.
    :param row: the incident.
    """
    said = safe.peek(work, row.reach_box)
    if said is None:
        return None
    return len(left(work, row.number, said) - people(said, bounced.PEOPLE))


def left(work: Work, number: str, said: Mapping[str, Any]) -> set[tuple[str, str]]:
    """Return whom a look left out and no letter has reached by now; one that is printed does.

    :param work: the open transaction.
    :param number: number of the incident.
    :param said: what it found.
    """
    letters, failed = said.get(bounced.LOST, {}), bounced.given_up(work, number)
    reached = {(table, text) for mark, (table, text) in letters.items() if mark not in failed}
    lost = {(table, text) for mark, (table, text) in letters.items() if mark in failed}
    return people(said, bounced.OWED) - reached | lost


def people(said: Mapping[str, Any], *names: str) -> set[tuple[str, str]]:
    """Return people whom a look found, as table and key text.

    :param said: what it found.
    :param names: under which names.
    """
    return {(table, text) for name in names for table, text in said.get(name, ())}
