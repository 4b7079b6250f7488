"""Whom on file no letter about an incident reached, for who tells them by post or by telephone."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Any

from sqlalchemy import select

from ...core.errors import InputError, MatchError
from ...core.events import UnreachedSeen
from ...core.identity import contradicts
from ...core.incidents import Whom
from ...core.plan import Person, key_text
from .. import tables
from ..erasing.carrying import Candidate, known
from ..messages import outbox
from ..statements.paging import PAGES
from ..work import Work
from . import affected, alarms, bounced, publicly, records
from .records import Incident

PAGE = 50
"""People who are shown at one look."""


def look(work: Work, number: str, alarm: str, by: str, page: int = 1) -> dict[str, Any]:
    """Return whom on file no letter reached, a page of them, and note who looked.

    Of others whom none reached there is a count alone: the register keeps them for the law, or
    they were erased.

    :param work: the open transaction.
    :param number: number of the incident.
    :param alarm: id of the duty.
    :param by: the host's id of the person.
    :param page: number of the page.
    :raises ForbiddenError: they may not deal with incidents at its property.
    :raises UnknownError: there is no such duty at its property.
    :raises TransitionError: letters have not gone yet or reached everybody, it was confirmed how
        the others were told, no law wants them told any more, or the incident is closed.
    :raises InputError: there is no such page.
    :raises SealError: who they are is sealed, and cannot be read now.

    Source: GDPR Article 34, PIPL Article 57.
    """
    # It changes nothing of the incident, and letters that leave meanwhile wait for nobody.
    row, actor = records.at_work(work, number, by, lock=False)
    duty = alarms.duty(work, row, alarm, Whom.GUESTS)
    if duty.notice is None or not (duty.applies and duty.unreached):
        raise publicly.nobody_left()
    if not 1 <= page <= PAGES:
        raise InputError("There is no such page.", "Begin with page 1.")
    people = _left(work, row)
    first, end = (page - 1) * PAGE, page * PAGE
    shown = [_line(each) for each in people[first:end]]
    counts = {"shown": len(shown)}
    records.tell(work, UnreachedSeen, row, actor, (alarm.replace("/", "."),), counts)
    return {
        "items": shown,
        "next": page + 1 if len(people) > end else None,
        "others": max(0, duty.notice.untold - len(people)),
    }


def _line(candidate: Candidate) -> dict[str, Any]:
    table, key = candidate.person
    contacts = list(candidate.contacts.values())
    return {"table": table, "key": key_text(key), "name": candidate.name, "contacts": contacts}


def _left(work: Work, row: Incident) -> Sequence[Candidate]:
    """Return those on file who were to be told, and to whom no letter is or goes; in one order."""
    named = affected.on_file(work, row, sorted(affected.counted(work, row)))
    on_file = known(work.conn, work.datamap, named)
    # A row that the host emptied says of nobody who it was.
    full = {who: each for who, each in on_file.items() if each.name or each.contacts}
    told = _told(work, row, full)
    return [full[who] for who in sorted(full.keys() - told, key=_order)]


def _order(person: Person) -> tuple[str, int, str]:
    text = key_text(person[1])
    # Numbers as people count them: no key text of one number is longer than that of a larger one.
    return person[0], len(text), text


def _told(work: Work, row: Incident, people: Mapping[Person, Candidate]) -> set[Person]:
    """Return to whom of these people a letter is or goes.

    One that goes to a contact is its owner's, as it was when it was written: who shares it since
    got none by it. What somebody is reached by may be another contact since, too.
    """
    hotel = work.settings.home(row.property)
    by_mark: dict[str, list[Candidate]] = {}
    by_text = {(who[0], key_text(who[1])): each for who, each in people.items()}
    for each in people.values():
        for mark in _marks(work, row, each, hotel.country):
            by_mark.setdefault(mark, []).append(each)
    told: set[Person] = set()
    for mark in _went(work, row):
        sharing, who = by_mark.get(mark, []), bounced.whose(work, mark)
        # A box that says whose it is ends before the incident may.
        owner = None if who is None else by_text.get((who[0], who[1]))
        owners = sharing if owner is None else [owner]
        told |= {each.person for each in _alike(sharing, owners)}
        if owner is not None:
            told.add(owner.person)
    return told


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
