"""The legal clock of a request: when its answer is due, lengthened once, and who is reminded."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta

from sqlalchemy import select

from ...core.asking import Delay
from ...core.deadlines import (
    Answering,
    acknowledge_by,
    answer_by,
    days_left,
    extended_by,
    paused,
    reminds,
)
from ...core.errors import InputError, TransitionError
from ...core.events import SYSTEM, RequestExtended, RequestOverdue, RequestReminded
from ...core.lifecycle import OPEN, UNANSWERED, State
from ...core.permissions import Permission
from .. import tables
from ..access import actors
from ..casework import answering
from ..casework.cases import Case, columns, day_at, load, read, step, tell
from ..certificates.reply import coded
from ..messages import unheard
from ..messages.post import remind as remind_person
from ..messages.post import write
from ..settings import Property
from ..statements.sql import chunks
from ..work import Work
from . import waiting

ANSWER, RECEIPT, LETTER = "answer", "receipt", "letter"
"""What is due: the answer itself, the word that the request was received, or that a person hands
over an answer whose letter reached nobody."""


def received(work: Work, case: Case) -> date:
    """Return the day of receipt at the property."""
    return day_at(work.settings.home(case.property), case.received_at.replace(tzinfo=UTC))


def today(work: Work, case: Case) -> date:
    """Return the day at the property of a request."""
    return day_at(work.settings.home(case.property), work.now)


def due(work: Work, case: Case) -> date:
    """Return the last day for the answer, moved by what is being waited for who the guest is.

    The clock stands still only where the law at the property lets it, and only from the first
    letter, which asks, until identity was shown; from then on the day is written down. A guest who
    was told what an erasure waited for hears of it in the time that the law gives, from that on.
    """
    written, asked = _written(work, case), case.acknowledged_at
    if case.state is State.CHECKING:
        return _from_erasure(work, case, written)
    if asked is None or not stands(work, case):
        return written
    since = day_at(work.settings.home(case.property), asked.replace(tzinfo=UTC))
    return paused(written, days_left(today(work, case), since))


def _from_erasure(work: Work, case: Case, written: date) -> date:
    """Return the last day for the word that all is done, of who was told what it waited for."""
    if case.erased_at is None or not waiting.told(work, case):
        return written
    hotel = work.settings.home(case.property)
    day = day_at(hotel, case.erased_at.replace(tzinfo=UTC))
    law, days = answering.periods(work, hotel, case.kind), answering.holidays(work, hotel, day)
    return max(written, answer_by(day, law, days))


def _written(work: Work, case: Case) -> date:
    """Return the day that is written; without what it was lengthened by, where nobody told the
    guest: the letter that says so was given up.

    Source: GDPR Article 12(3).
    """
    written = date.fromisoformat(case.due_on)
    if case.extended_at is None or not unheard.is_lost(work, case.number, unheard.EXTENDED):
        return written
    hotel, day = work.settings.home(case.property), received(work, case)
    law, days = answering.periods(work, hotel, case.kind), answering.holidays(work, hotel, day)
    more = days_left(_end(law, day, case, days), answer_by(day, law, days))
    return written - timedelta(days=more)


def sooner(work: Work, hotel: Property) -> dict[str, str]:
    """Return the requests of a property whose guest was not told that an answer takes longer.

    :return: number -> the last day for their answer, ISO.
    """
    table = tables.request
    lost = select(tables.outbox.c.request).where(unheard.lost(unheard.EXTENDED))
    rows = work.conn.execute(
        select(*columns()).where(table.c.property == hotel.code, table.c.number.in_(lost))
    )
    return {case.number: _written(work, case).isoformat() for case in map(read, rows.all())}


def untold(work: Work, number: str | None = None) -> list[Case]:
    """Return the requests that ended and are late: no letter that says so reached their guest.

    :param work: the open transaction.
    :param number: number of the one that is asked about; None for all of the known properties.
    """
    return [case for case, day in _silent(work, number) if day < today(work, case)]


def _silent(work: Work, number: str | None = None) -> list[tuple[Case, date]]:
    """Return the requests that ended and whose guest was not reached, with the day for that."""
    lost, table = unheard.unanswered(work, number), tables.request
    rows = [
        row
        for part in chunks(sorted(lost))
        for row in work.conn.execute(select(*columns()).where(table.c.number.in_(part))).all()
    ]
    return [(case, _from_erasure(work, case, _written(work, case))) for case in map(read, rows)]


def stands(work: Work, case: Case) -> bool:
    """Return whether the clock stands still once identity is asked for: nobody names a day then."""
    if case.state is not State.RECEIVED:
        return False
    hotel = work.settings.home(case.property)
    return answering.periods(work, hotel, case.kind).pause_identity


def receipt_due(work: Work, case: Case) -> date | None:
    """Return the last day on which receipt must be confirmed; None when it was, or need not be."""
    if case.acknowledged_at is not None or answered(work, case):
        return None
    hotel = work.settings.home(case.property)
    day = received(work, case)
    days = answering.holidays(work, hotel, day)
    return acknowledge_by(day, answering.periods(work, hotel, case.kind), days)


def answered(work: Work, case: Case) -> bool:
    """Return whether a guest has an answer: it ended, was refused, or they were told it waits.

    What waits for a gap that staff must cure is no answer to a guest, nor is an erasure that nobody
    has looked at again, or a letter that was given up.
    """
    told = case.state is State.COMPLAINT or waiting.knows(work, case)
    # What was carried out in one database waits for another one; `check` tells of that.
    told = told or (case.state is State.ERASING and waiting.told(work, case))
    return told or case.state not in UNANSWERED


def late(work: Work, case: Case) -> tuple[str, ...]:
    """Return what of a request that is not answered is overdue today."""
    now, receipt = today(work, case), receipt_due(work, case)
    found = [ANSWER] if due(work, case) < now else []
    found += [RECEIPT] if receipt is not None and receipt < now else []
    # A list asks what became of a letter only of those beyond their day.
    return tuple(found) if found and not answered(work, case) else ()


def extend(work: Work, number: str, by: str, reason: str) -> date:
    """Lengthen the time for an answer once, as far as the law lets, and tell the guest why.

    :param work: the open transaction.
    :param number: number of the request.
    :param by: the host's id of the person.
    :param reason: one of `core.asking.Delay`.
    :return: the new last day.
    :raises ForbiddenError: they may not approve at this property.
    :raises InputError: there is no such reason.
    :raises TransitionError: it is late, was lengthened before, is decided, or the law has no
        extension.
    """
    case = load(work, number, lock=True)
    actor = actors.allow(work, by, Permission.APPROVE, case.property)
    if reason not in {each.value for each in Delay}:
        raise InputError(
            "There is no such reason.", f"Use {', '.join(each.value for each in Delay)}."
        )
    ends = _extendable(work, case)
    case = step(work, case, due_on=ends.isoformat(), extended_at=work.stamp, reminded_on=None)
    tell(work, RequestExtended, case, actor, grounds=(reason,))
    until = due(work, case)
    params = {"until": until.isoformat(), "reason": reason, "case": coded(case)}
    write(work, case, unheard.EXTENDED, params, paper=True)
    return until


def _extendable(work: Work, case: Case) -> date:
    """Return the last day to write down; what was waited for identity stays added.

    What is still waited for it moves that day as it moves the one written now.

    :raises TransitionError: it cannot be extended.
    """
    hotel = work.settings.home(case.property)
    law, day = answering.periods(work, hotel, case.kind), received(work, case)
    days = answering.holidays(work, hotel, day)
    ends = extended_by(day, law, days)
    if answered(work, case) or case.state not in OPEN:
        raise TransitionError("It is decided already.", "There is nothing to lengthen.")
    if case.extended_at is not None:
        raise TransitionError(
            "The time for the answer was lengthened before.", "It can be once; answer now."
        )
    if ends is None:
        raise _no_longer()
    if due(work, case) < today(work, case):
        raise TransitionError(
            "The day for the answer is past; the guest had to be told before it.", "Answer now."
        )
    written = days_left(date.fromisoformat(case.due_on), answer_by(day, law, days))
    ends = paused(ends, min(written, _waited(work, case)) if law.pause_identity else 0)
    if ends <= date.fromisoformat(case.due_on):
        raise _no_longer()
    return ends


def asked_anew(work: Work, case: Case) -> tuple[datetime, int]:
    """Return since when the guest of an overturned refusal was asked, and the days until today.

    The days before the refusal count on where the clock stood still in them; those between were
    the hotel's, and are left out.

    :param work: the open transaction.
    :param case: the request, refused while nobody had shown who they are.
    """
    hotel = work.settings.home(case.property)
    law = answering.periods(work, hotel, case.kind)
    asked = work.stamp - timedelta(days=_waited(work, case) if law.pause_identity else 0)
    return asked, days_left(today(work, case), day_at(hotel, asked.replace(tzinfo=UTC)))


def begin(work: Work, case: Case, first: date, at: datetime) -> Case:
    """Let the clock of a request that waits for an answer begin with what reached the hotel first.

    :param work: the open transaction.
    :param case: the request.
    :param first: day on which the hotel was asked the same at the property.
    :param at: the moment of it, naive UTC.
    """
    day = received(work, case)
    if first >= day or answered(work, case):
        return case
    hotel = work.settings.home(case.property)
    law = answering.periods(work, hotel, case.kind)
    ends = (_end(law, each, case, answering.holidays(work, hotel, each)) for each in (day, first))
    # What was waited for who the guest is stays added.
    written = date.fromisoformat(case.due_on) - timedelta(days=days_left(*ends))
    return step(work, case, received_at=at, due_on=written.isoformat(), reminded_on=None)


def _end(law: Answering, day: date, case: Case, days: frozenset[date]) -> date:
    """Return the last day for an answer to what was received on a day, extended where it was."""
    longer = None if case.extended_at is None else extended_by(day, law, days)
    return longer or answer_by(day, law, days)


def _waited(work: Work, case: Case) -> int:
    """Return the days from the letter that asked who the guest is until they showed it.

    Until the refusal where they did not.
    """
    asked, shown = case.acknowledged_at, case.verified_at or case.decided_at
    if asked is None or shown is None or shown < asked:
        return 0
    hotel = work.settings.home(case.property)
    first, last = (day_at(hotel, each.replace(tzinfo=UTC)) for each in (asked, shown))
    return days_left(last, first)


def _no_longer() -> TransitionError:
    return TransitionError(
        "The law at this property knows no longer time for an answer.",
        "Answer by the day that is written; what takes longer may follow.",
    )


def extendable(work: Work, case: Case) -> bool:
    """Return whether the time for the answer can still be lengthened."""
    try:
        _extendable(work, case)
    except TransitionError:
        return False
    return True


def watched(work: Work) -> Sequence[Case]:
    """Return the requests that wait for an answer, the most urgent first."""
    table = tables.request
    rows = work.conn.execute(
        select(*columns())
        .where(
            table.c.state.in_([state.value for state in UNANSWERED]),
            table.c.property.in_(list(work.settings.properties)),
        )
        .order_by(table.c.due_on, table.c.id)
    )
    return [read(row) for row in rows]


def remind(work: Work) -> int:
    """Remind those whose deadline comes near or is past, once a day; return how many requests.

    Seven, three and one day before, and every day once it is late, the officer is reminded, and
    the deputy too once it is late; nobody before that while the clock stands still. So they are of
    what has ended and whose guest no letter of it reached. The reminder holds number and day and
    nothing of the guest.
    """
    open_ = sum(_remind(work, case) for case in watched(work) if not answered(work, case))
    return open_ + sum(_remind_of_letter(work, case, day) for case, day in _silent(work))


def _remind(work: Work, case: Case) -> bool:
    overdue = late(work, case)
    if not overdue and case.acknowledged_at is not None and stands(work, case):
        # The last day moves with every day, and would be as many days off tomorrow.
        return False
    days = {ANSWER: due(work, case)}
    if (receipt := receipt_due(work, case)) is not None:
        days[RECEIPT] = receipt
    return _write(work, case, days, overdue)


def _remind_of_letter(work: Work, case: Case, day: date) -> bool:
    overdue = (ANSWER,) if day < today(work, case) else ()
    return _write(work, case, {LETTER: day}, overdue)


def _write(work: Work, case: Case, days: Mapping[str, date], overdue: Sequence[str]) -> bool:
    """Remind of what is due by these days, where it is the day for it."""
    now = today(work, case)
    last = date.fromisoformat(case.reminded_on) if case.reminded_on else None
    if not any(reminds(day, now, last) for day in days.values()):
        return False
    try:
        case = step(work, case, reminded_on=now.isoformat())
    except TransitionError:
        # Somebody acts on it right now; of what stays open the next sweep reminds.
        return False
    hotel = work.settings.home(case.property)
    # Of two that are due on one day the receipt comes first.
    what = min(days, key=lambda word: (days[word], word != RECEIPT))
    left = days_left(days[what], now)
    params = {
        "what": what,
        "due": days[what].isoformat(),
        "left": str(left),
        "today": now.isoformat(),
    }
    whom = {"officer": hotel.officer, "deputy": hotel.deputy if overdue else ""}
    for role, address in whom.items():
        if address:
            remind_person(work, case, address, params, role)
    event = RequestOverdue if overdue else RequestReminded
    tell(work, event, case, SYSTEM, {"days": abs(left)}, tuple(overdue))
    return True
