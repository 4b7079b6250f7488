"""Whom on file no letter about an incident reached, for who tells them by post or by telephone."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ...core.errors import InputError
from ...core.events import UnreachedSeen
from ...core.incidents import Whom
from ...core.plan import Person, key_text
from ..erasing.carrying import Candidate, known
from ..statements.paging import PAGES
from ..work import Work
from . import affected, alarms, publicly, reached, records
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
    named = reached.on_file(work, row, sorted(affected.counted(work, row)))
    on_file = known(work.conn, work.datamap, named)
    # A row that the host emptied says of nobody who it was.
    full = {who: each for who, each in on_file.items() if each.name or each.contacts}
    told = reached.told(work, row, full)
    return [full[who] for who in sorted(full.keys() - told, key=_order)]


def _order(person: Person) -> tuple[str, int, str]:
    text = key_text(person[1])
    # Numbers as people count them: no key text of one number is longer than that of a larger one.
    return person[0], len(text), text
