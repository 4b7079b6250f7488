"""Letters of an incident that were given up: nobody was told by them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from sqlalchemy import Row, select, update

from ...core.identity import normal
from ...core.incidents import CLOSED, SENDING, SENT, Whom
from ...core.seal import fingerprint
from .. import tables
from ..boxes import safe
from ..casework import written
from ..messages.outbox import FAILED, PERSON
from ..work import Work

LETTER = "incident"
"""Text of the letter that tells a guest of an incident."""

APART, MISSED, PEOPLE = "apart", "missed", "people"
"""Whom a look found: letters of before that count no more, who is gone, and who is written to."""

OWED = "owed"
"""Whom a look left out after letters were written, and no letter reached: they count still, and
among those that count no more as letters do."""

LOST = "lost"
"""Which letters of those that count no more were given up, and whose: a box that says so ends in a
month, and somebody may print the letter later."""


def mark(work: Work, number: str, kind: str, value: str, region: str) -> str:
    """Return what the letter of an incident to a contact is known by, however that is spelt.

    Nobody gets it twice, though a second profile spells the number otherwise.

    :param work: the open transaction.
    :param number: number of the incident.
    :param kind: a `core.identity.Kind`.
    :param value: the contact.
    :param region: ISO country code of the hotel.
    :raises MatchError: the contact could be anybody's.
    """
    code = fingerprint(work.custodian.pepper("incident"), number, normal(kind, value, region))
    return f"{LETTER}:{number}:{code[:40]}"


def given_up(work: Work, number: str) -> set[str]:
    """Return the marks of the letters of an incident that were given up.

    :param work: the open transaction.
    :param number: number of the incident.
    """
    table = tables.outbox
    mine = table.c.dedupe.startswith(f"{LETTER}:{number}:", autoescape=True)
    found = work.conn.execute(select(table.c.dedupe).where(mine, table.c.state == FAILED))
    return set(found.scalars())


def count(work: Work, template: str, mark: str, left: bool) -> None:
    """Count who got no letter of an incident among those who are told otherwise, or no more.

    Whether what was told otherwise reaches them too is read anew, as long as it is open.

    :param work: the open transaction.
    :param template: name of the text of what was given up, or left after all.
    :param mark: what it is known by.
    :param left: it left after all.
    """
    if template != LETTER:
        return
    number, table, incident = mark.split(":")[1], tables.notice, tables.incident
    # Nobody confirms or closes by a count that is about to change.
    wanted = select(incident).where(incident.c.number == number).with_for_update()
    row = work.conn.execute(wanted).one_or_none()
    if row is None:
        return
    said, who = safe.peek(work, row.reach_box) or {}, whose(work, mark)
    if who is None:
        who = said.get(LOST, {}).get(mark)
    elif not left and who in said.get(APART, ()):
        _remember(work, row, {**said, LOST: {**said.get(LOST, {}), mark: who}})
    mine = table.c.incident == number, table.c.whom == Whom.GUESTS.value
    notices = select(table).where(*mine).order_by(table.c.id).with_for_update()
    for notice in work.conn.execute(notices).all():
        fewer, more = _change(notice, said, who, left)
        counts = {"told": notice.told - fewer, "untold": notice.untold + more}
        if not more or min(counts.values()) < 0:
            continue
        anew = {} if left or row.state == CLOSED else {"confirmed_by": None, "confirmed_at": None}
        work.conn.execute(update(table).where(table.c.id == notice.id).values(**counts, **anew))


def lost(
    work: Work, number: str, said: Mapping[str, Any], apart: Collection[tuple[str, str]]
) -> dict[str, list[str]]:
    """Return which letters that were given up are those of people that count no more, and whose.

    :param work: the open transaction.
    :param number: number of the incident.
    :param said: what the look before found.
    :param apart: table and key text of each of these people.
    """
    known = {**said.get(LOST, {})}
    if set(apart) - settled(said):
        known |= {
            mark: who for mark in given_up(work, number)
            if (who := whose(work, mark)) and tuple(who) not in settled(said)
        }
    return {mark: who for mark, who in sorted(known.items()) if tuple(who) in apart}


def settled(said: Mapping[str, Any]) -> set[tuple[str, str]]:
    """Return of whom a look says itself whether anything is owed to them, table and key text.

    :param said: what it found; versions of before said it of nobody.
    """
    return {(table, text) for table, text in said.get(APART, ()) if OWED in said}


def _remember(work: Work, row: Row[Any], said: Mapping[str, Any]) -> None:
    """Seal what the last look found anew, with what has become known since."""
    box = written.seal(work, row.controller, "incident", said)
    mine = update(tables.incident).where(tables.incident.c.id == row.id)
    work.conn.execute(mine.values(reach_box=box))
    safe.drop(work, row.reach_box)


def whose(work: Work, mark: str) -> list[str] | None:
    """Return whose letter it is, table and key; None of one that does not say so, or is closed.

    :param work: the open transaction.
    :param mark: what it is known by.
    """
    box = select(tables.outbox.c.box).where(tables.outbox.c.dedupe == mark)
    return named(work, work.conn.execute(box).scalar())


def named(work: Work, box: str | None) -> list[str] | None:
    """Return whose letter is in a box, table and key; None where it does not say so, or is closed.

    :param work: the open transaction.
    :param box: id of the box.
    """
    found = (safe.peek(work, box) or {}).get(PERSON)
    return None if found is None else list(found)


def _change(
    notice: Row[Any], said: Mapping[str, Any], who: list[str] | None, left: bool
) -> tuple[int, int]:
    """Return by how many fewer are told by letters now, and by how many more otherwise."""
    one = -1 if left else 1
    if who in said.get(APART, ()):
        # Who was told otherwise meanwhile, and left out then, counts no more.
        counts = not left or who in (*said.get(OWED, ()), *said.get(LOST, {}).values())
        return 0, one if counts else 0
    people = said.get(PEOPLE, ())
    if notice.state == SENDING:
        # Whom no letter was written to yet counts when one is, by what became of that of before.
        reached = not left if who is None else who in people[: notice.position]
        return (one, one) if reached else (0, 0)
    gone = not left and who not in people and who in said.get(MISSED, ())
    return (one, one) if notice.state == SENT and not gone else (0, 0)
