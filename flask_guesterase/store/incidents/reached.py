"""To whom a letter about an incident is or goes, by its contact as it was, or whose it says."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Any

from sqlalchemy import select

from ...core.errors import MatchError
from ...core.identity import contradicts
from ...core.plan import Person, key_text
from .. import tables
from ..erasing.carrying import Candidate, known
from ..messages import outbox
from ..work import Work
from . import bounced
from .records import Incident


def told(work: Work, row: Incident, people: Mapping[Person, Candidate]) -> set[Person]:
    """Return to whom of these people a letter is or goes.

    One that goes to a contact is its owner's, as it was when it was written: who shares it since
    got none by it. What somebody is reached by may be another contact since, too.

    :param work: the open transaction.
    :param row: the incident.
    :param people: rows of people on file, each with what it says to reach them by.
    """
    hotel = work.settings.home(row.property)
    by_mark: dict[str, list[Candidate]] = {}
    by_text = {(who[0], key_text(who[1])): each for who, each in people.items()}
    for each in people.values():
        for mark in _marks(work, row, each, hotel.country):
            by_mark.setdefault(mark, []).append(each)
    found: set[Person] = set()
    for mark in _went(work, row):
        sharing, who = by_mark.get(mark, []), bounced.whose(work, mark)
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


def _went(work: Work, row: Incident) -> list[str]:
    """Return the marks of the letters of an incident that went, or are about to."""
    table = tables.outbox
    mine = table.c.dedupe.startswith(f"{bounced.LETTER}:{row.number}:", autoescape=True)
    left = select(table.c.dedupe).where(mine, table.c.state.not_in(outbox.LOST))
    return list(work.conn.execute(left.order_by(table.c.id)).scalars())


def owed(
    work: Work,
    row: Incident,
    said: Mapping[str, Any],
    apart: Collection[tuple[str, str]],
    there: Sequence[Person],
) -> set[tuple[str, str]]:
    """Return whom a look leaves out though they were to be told, and no letter reached them.

    :param work: the open transaction.
    :param row: the incident.
    :param said: what the look before found.
    :param apart: whom this one leaves out, as table and key text.
    :param there: those of them who are on file.
    """
    lost = bounced.lost(work, row.number, said, apart).values()
    left = {(table, text) for table, text in (*said.get(bounced.OWED, ()), *lost)}
    had = told(work, row, known(work.conn, work.datamap, there))
    return left.intersection(apart) | {(name, key_text(key)) for name, key in {*there} - had}


def unwritten(said: Mapping[str, Any]) -> set[tuple[str, str]]:
    """Return those of them to whom no letter was written that a person may print after all.

    :param said: what the last look found.
    """
    lost = {(table, text) for table, text in said.get(bounced.LOST, {}).values()}
    return {(table, text) for table, text in said.get(bounced.OWED, ())} - lost
