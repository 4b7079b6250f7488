"""Telling of an incident: the authority by hand, guests by letters that two people let go."""

from __future__ import annotations

import hmac
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, cast

from sqlalchemy import ColumnElement, Row, delete, insert, literal, select

from ...core import complaining
from ...core.errors import (
    FourEyesError,
    InputError,
    MatchError,
    MovedError,
    SealError,
    TransitionError,
    UnknownError,
)
from ...core.events import SYSTEM, NoticeProposed, NoticeSent, NoticeTakenBack
from ...core.identity import Kind, contradicts, normal
from ...core.incidents import CLOSED, QUEUED, SENDING, SENT, TAKEN_BACK, Whom
from ...core.log import canonical
from ...core.plan import Person, key_text
from ...core.seal import fingerprint
from ...core.standing import Standing, Why
from .. import tables
from ..access.sameness import same
from ..boxes import safe
from ..casework import matching, written
from ..casework.matching import Contact
from ..erasing.carrying import Candidate, carriers, known
from ..journaling import approvals, journal
from ..messages import outbox
from ..remembrance import remembering
from ..settings import Property
from ..unit import Run
from ..work import Work
from . import affected, alarms, reached, records
from .bounced import LETTER, LOST, given_up, mark
from .records import Incident

if TYPE_CHECKING:
    pass

BATCH = 100
"""Guests told in one transaction."""

AT_ONCE = 5
"""Batches that are written while somebody waits; the sweep writes the others."""

_Notice = Row[Any]


def told_authority(
    work: Work, number: str, alarm: str, reference: str, by: str, sent: datetime | None = None
) -> None:
    """Record that an authority was told, by whom, when, and under which reference.

    :param work: the open transaction.
    :param number: number of the incident.
    :param alarm: id of the duty.
    :param reference: what the authority calls it; it is sealed.
    :param by: the host's id of who told it.
    :param sent: when, aware; now if None.
    :raises ForbiddenError: they may not deal with incidents at its property.
    :raises UnknownError: there is no such duty at its property.
    :raises InputError: there is no reference, or the time lies ahead or before the incident.
    :raises TransitionError: it was recorded before, or the incident is closed.
    """
    row, actor = records.at_work(work, number, by)
    duty = alarms.duty(work, row, alarm, Whom.AUTHORITY)
    if duty.notice is not None:
        raise TransitionError("This notice was recorded before.", "It stays as it is.")
    text = complaining.wording(reference)
    at = work.stamp if sent is None else sent.astimezone(UTC).replace(tzinfo=None, microsecond=0)
    if at > work.stamp or at < row.noticed_at:
        raise InputError("Nobody can have told it then.", "Give the time at which it was sent.")
    box = written.seal(work, row.controller, records.PURPOSE, {"text": text})
    _insert(work, row, alarm, Whom.AUTHORITY, {
        "state": SENT, "box": box, "proposed_by": actor, "sent_by": actor, "sent_at": at,
    })  # fmt: skip
    late = {"late": 1} if alarms.missed(duty.alarm, duty.due_at, at) else {}
    records.tell(work, NoticeSent, row, actor, (Whom.AUTHORITY.value, duty.alarm.word), late)


def propose(work: Work, number: str, alarm: str, words: str, by: str) -> None:
    """Propose to tell the guests whom an incident may concern; a second person lets it go.

    Proposed again, the words are the new ones and the first person's.

    :param work: the open transaction.
    :param number: number of the incident.
    :param alarm: id of the duty.
    :param words: what happened, what it may mean, what was done, what a guest can do.
    :param by: the host's id of the person.
    :raises ForbiddenError: they may not deal with incidents at its property.
    :raises UnknownError: there is no such duty at its property.
    :raises InputError: nothing is written.
    :raises TransitionError: nobody looked up whom it concerns, or they were told.
    """
    row, actor = records.at_work(work, number, by)
    duty = alarms.duty(work, row, alarm, Whom.GUESTS)
    text = complaining.wording(words)
    if row.reach_box is None:
        raise TransitionError("Nobody looked up whom it concerns.", "Do that first.")
    box = written.seal(work, row.controller, records.PURPOSE, {"text": text})
    owed = reached.owing(work, row)
    if duty.notice is None:
        _insert(work, row, alarm, Whom.GUESTS, {
            "state": QUEUED, "box": box, "proposed_by": actor,
        }, owed or 0)  # fmt: skip
    elif duty.notice.state in (QUEUED, TAKEN_BACK):
        # What becomes of letters is counted in one that waits, and in none that was taken back.
        keeps = owed is None or duty.notice.state == QUEUED
        alarms.write(
            work, duty.notice, state=QUEUED, box=box, proposed_by=actor, proposed_at=work.stamp,
            untold=duty.notice.untold if keeps else owed,
        )  # fmt: skip
    else:
        raise TransitionError("The guests were told.", "Tell them more by another way.")
    records.tell(work, NoticeProposed, row, actor, (duty.alarm.word,))


def take_back(work: Work, number: str, alarm: str, by: str) -> None:
    """Take back a letter to guests that was proposed, as long as nobody let it go.

    One person does: nothing is sent by it, and whom the incident concerns can be looked up again.
    What was told in public, when letters of before had gone, stays recorded.

    :param work: the open transaction.
    :param number: number of the incident.
    :param alarm: id of the duty; the law may know it no more.
    :param by: the host's id of the person.
    :raises ForbiddenError: they may not deal with incidents at its property.
    :raises TransitionError: nobody proposed it, or it was let go.
    """
    row, actor = records.at_work(work, number, by)
    table = tables.notice
    notice = work.conn.execute(
        select(table).where(
            table.c.incident == row.number, table.c.alarm == alarm, table.c.state == QUEUED
        )
    ).one_or_none()
    if notice is None:
        raise _none_waits()
    if notice.public_by is None:
        work.conn.execute(delete(table).where(table.c.id == notice.id))
    else:
        alarms.write(work, notice, state=TAKEN_BACK, box=None)
    safe.drop(work, notice.box)
    records.tell(work, NoticeTakenBack, row, actor, (alarm.replace("/", "."),))


def _none_waits() -> TransitionError:
    return TransitionError("No letter waits to be let go.", "Look at the incident again.")


def digest(work: Work, row: Incident, notice: _Notice) -> str:
    """Return the digest of letters to guests as they stand: the words, to whom, since when.

    :param work: the open transaction.
    :param row: the incident.
    :param notice: what was proposed.
    """
    reach = safe.peek(work, row.reach_box) or {}
    told = {
        "letter": [row.number, notice.alarm],
        "about": row.kind,
        "noticed": row.noticed_at.isoformat(),
        "words": (safe.peek(work, notice.box) or {}).get("text", ""),
        # What became of letters of before, meanwhile, makes it no other letter.
        "reach": {name: said for name, said in reach.items() if name != LOST},
        "proposed": notice.proposed_at.isoformat(),
    }
    key = work.custodian.pepper("incident")
    return fingerprint(key, "notice", canonical(told).decode())


def let_go(work: Work, number: str, alarm: str, by: str, seen: str) -> None:
    """Let the letters to guests go, as the second person; `push` writes them.

    :param work: the open transaction.
    :param number: number of the incident.
    :param alarm: id of the duty.
    :param by: the host's id of the person.
    :param seen: digest of the letter that they read.
    :raises ForbiddenError: they may not deal with incidents at its property.
    :raises FourEyesError: they proposed it.
    :raises MovedError: it is not the letter they read any more, or not to the same guests.
    :raises TransitionError: nobody proposed it, the journal knows of no such proposal, or it was
        let go.
    """
    row, actor = records.at_work(work, number, by)
    notice = alarms.duty(work, row, alarm, Whom.GUESTS).notice
    if notice is None or notice.state != QUEUED:
        raise _none_waits()
    if notice.proposed_by and same(work.conn, notice.proposed_by, actor, work.stamp):
        raise FourEyesError("Two people write to guests.", "Ask a second person to read it.")
    wanted = NoticeProposed.name, notice.proposed_by, notice.proposed_at
    if not said(work, notice, (NoticeProposed.name, NoticeTakenBack.name), wanted):
        raise TransitionError("The journal knows of no such proposal.", "Propose it anew.")
    if not is_same(digest(work, row, notice), seen):
        raise MovedError("The letter is not the one you read.", "Read it again and let that go.")
    alarms.write(work, notice, state=SENDING, sent_by=actor)


def is_same(digest: str, seen: str) -> bool:
    """Return whether somebody read what has this digest.

    :param digest: digest of what there is now.
    :param seen: digest that came with what they do; anything.
    """
    return hmac.compare_digest(digest.encode(), seen.strip().lower().encode())


def said(
    work: Work, notice: Row[Any], names: tuple[str, ...], wanted: tuple[str, str, datetime]
) -> bool:
    """Return whether the journal has it last that who stands in a row did what it says, then.

    A row can be written by SQL. Guests of a restored database are told before it has caught up,
    while its journal waits.

    :param work: the open transaction.
    :param notice: the row.
    :param names: names of the events of which the last one counts.
    :param wanted: name of the event that it must be, who did it, and when.
    """
    if remembering.forgetful(work):
        return True
    # Two people at a console act in one transaction, of which the journal has nothing yet.
    new = (e for e in work.events if e.name in names and e.number == notice.incident)
    known = approvals.entries_of(work, notice.incident, names)
    told = [*known, *journal.drafts(new, work.now)]
    last = [each for each in told if notice.alarm.replace("/", ".") in each.grounds][-1:]
    name, who, at = wanted
    return [(each.action, each.actor, each.at) for each in last] == [(name, who, journal.stamp(at))]


def push(work: Work) -> bool:
    """Write the next letters that two people let go; return whether any waited.

    Only to contacts that are still on file and are this person's alone; the others are counted,
    who was erased before or meanwhile among them, so that they can be told in public.

    Source: GDPR Article 34(3)(c).

    :raises SealError: what waits cannot be read now; nobody was told, and nothing is done.
    """
    table, closed = tables.notice, None
    waiting = work.conn.execute(
        select(table)
        .where(table.c.state == SENDING, table.c.property.in_(list(work.settings.properties)))
        .order_by(table.c.id)
        .with_for_update(skip_locked=True)
    ).all()
    for notice in waiting:
        row = records.load(work, notice.incident)
        try:
            everyone, words = affected.everyone(work, row), str(safe.read(work, notice.box)["text"])
        except SealError as problem:
            closed = closed or problem
            continue
        return _written(work, (row, notice), everyone, words)
    if closed is not None:
        raise closed
    return False


def _written(
    work: Work, which: tuple[Incident, _Notice], everyone: Sequence[tuple[str, str]], words: str
) -> bool:
    """Write the next letters of one notice; return whether any waited."""
    row, notice = which
    part = everyone[notice.position : notice.position + BATCH]
    mine = reached.on_file(work, row, part)
    told = sum(_letters(work, row, words, mine))
    untold = len(part) - told
    end = notice.position + len(part)
    values = {
        "position": end, "told": notice.told + told, "untold": notice.untold + untold,
    }  # fmt: skip
    if end < len(everyone):
        alarms.write(work, notice, **values)
        return True
    values["untold"] += affected.away(work, row)
    alarms.write(work, notice, state=SENT, sent_at=work.stamp, **values)
    counts = {"told": values["told"], "untold": values["untold"]}
    whom = (Whom.GUESTS.value, notice.alarm.replace("/", "."))
    records.tell(work, NoticeSent, row, str(notice.sent_by or SYSTEM), whom, counts)
    return True


def push_all(run: Run, most: int = 1000) -> int:
    """Write letters that two people let go, batch after batch; return how many batches.

    :param run: runs a unit of work.
    :param most: batches at most, so that a page does not wait for long.
    """
    count = 0
    while count < most and run(lambda office: push(office.work)):
        count += 1
    return count


def marked() -> ColumnElement[bool]:
    """Return the condition that a parcel is a letter of an incident that is open.

    It may be proposed again as long as it is; whoever got it gets none a second time.
    """
    table = tables.incident
    mine = tables.outbox.c.dedupe.like(literal(f"{LETTER}:") + table.c.number + ":%")
    return select(table.c.id).where(table.c.state != CLOSED, mine).exists()


def _letters(
    work: Work, row: Incident, words: str, people: Sequence[Person]
) -> Iterator[bool]:
    hotel = work.settings.home(row.property)
    params = {
        "number": row.number, "about": row.kind, "words": words,
        "noticed": row.noticed_at.isoformat(),
    }  # fmt: skip
    on_file, lost = known(work.conn, work.datamap, people), given_up(work, row.number)
    for person in people:
        candidate = on_file.get(person)
        contact = None if candidate is None else _contact(work, candidate, hotel)
        if contact is None:
            yield False
            continue
        # One that was given up before is not written again, and told nobody.
        yield _letter(work, row, (hotel, contact, person), params) not in lost


def _contact(work: Work, candidate: Candidate, hotel: Property) -> Contact | None:
    """Return a contact that is still this person's, nobody else's nor the hotel's, or None."""
    kinds = work.datamap.subjects[candidate.person[0]].contact
    for wanted in (Kind.EMAIL, Kind.PHONE):
        for column, text in candidate.contacts.items():
            if kinds[column] == wanted and _alone(work, wanted, text, (candidate, hotel)):
                return Contact(wanted.value, text)
    return None


def _alone(
    work: Work, kind: Kind, text: str, whose: tuple[Candidate, Property]
) -> bool:
    candidate, hotel = whose
    if matching.is_ours(work, kind, text, hotel.country):
        return False
    given = {kind.value: text}
    if candidate.name:
        given[Kind.NAME.value] = candidate.name
    # Who shares it may be on file of another hotel alone, a number written as its country does.
    places = work.settings.properties.values() if kind is Kind.PHONE else [hotel]
    try:
        found = matching.by_clerk(work, given, hotel)
        whole = normal(kind, text, hotel.country)
        beside = carriers(work.conn, work.datamap, kind, whole, {each.country for each in places})
    except (MatchError, UnknownError):
        return False
    # Of whom the day of birth alone tells apart it is each one's: all of them read it.
    theirs = (j.standing is Standing.TAKEN or j.why is Why.BIRTHS for j in found.judged)
    there = {each.found.person for each in found.judged}
    if candidate.person not in there or not all(theirs):
        return False
    # The same guest may be there too.
    others = known(work.conn, work.datamap, beside - there).values()
    name = candidate.name
    return all(bool(name) and not contradicts(name, each.name) for each in others)


def _letter(
    work: Work, row: Incident, to: tuple[Property, Contact, Person], params: dict[str, str]
) -> str:
    """Queue a letter, unless it was before; return its mark."""
    hotel, contact, (table, key) = to
    who = table, key_text(key)
    post = outbox.Post(
        row.controller, hotel.code, hotel.lang, contact.kind, contact.value, person=who
    )
    known_by = mark(work, row.number, contact.kind, contact.value, hotel.country)
    outbox.queue_post(work, post, LETTER, params, known_by)
    return known_by


def _insert(
    work: Work, row: Incident, alarm: str, whom: Whom, values: dict[str, Any], untold: int = 0
) -> int:
    done = work.conn.execute(
        insert(tables.notice).values(
            incident=row.number, controller=row.controller, property=row.property, alarm=alarm,
            whom=whom.value, proposed_at=work.stamp, position=0, told=0, untold=untold, **values,
        )
    )  # fmt: skip
    return int(cast(Any, done.inserted_primary_key)[0])
