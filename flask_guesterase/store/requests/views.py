"""What people read about requests: the list, one request, and the guest's own view."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import RowMapping, Select, or_, select
from sqlalchemy import case as either

from ...core.agenda import Milestone
from ...core.answer import Answer
from ...core.asking import Asker
from ...core.deadlines import days_left
from ...core.errors import InputError
from ...core.events import RequestExtended
from ...core.lifecycle import COPIES, MOVES, OPEN, UNANSWERED, WORDS, State
from ...core.permissions import Permission
from ...core.wish import Kind
from .. import tables
from ..access import actors, tokens
from ..access.tokens import Purpose
from ..casework.cases import Case, day_at, keyless, load, outline, read
from ..certificates import certifying, reply, staying
from ..copying import alongside
from ..erasing import people
from ..journaling import approvals
from ..messages import outbox, unheard
from ..statements.paging import PAGES
from ..statements.sql import one_of
from ..work import Work
from . import deadlines, lapsing, waiting
from . import milestones as days

OVERDUE = "overdue"
"""Asked for like a state: open requests of which a day has passed."""

PAGE = 100
"""Requests on one page of a list."""


@dataclass(frozen=True)
class Page:
    """Some of the requests of a list.

    :param lines: where each stands, without anybody's data.
    :param more: whether others follow on the next page.
    """

    lines: Sequence[Mapping[str, Any]]
    more: bool


@dataclass(frozen=True)
class CaseView:
    """What a guest is told about a request.

    :param number: number of the request.
    :param property: code of the property.
    :param lang: language of the guest.
    :param word: identity, deciding, waiting or done.
    :param state: the state itself.
    :param received_at: naive UTC.
    :param due_on: day by which there is an answer, ISO.
    :param waiting_until: day it waits for, ISO, or None.
    :param ground: ground of a refusal, or None.
    :param kept: what stays and why: category, basis, until.
    :param certificate: whether there is one.
    :param withdrawable: whether it can still be taken back.
    :param reasons: what it waits for; of one that is done but for that, why a row came back.
    :param answer: the reasoned answer, or None as long as there is none.
    :param restored_on: when the erasure was taken back, naive UTC, or None.
    :param restored_for: on which ground.
    :param kind: what was asked for.
    :param copy_until: last day on which a copy lies ready, ISO; empty when none does.
    :param sendable: whether a link to it can be sent.
    :param lapses: whether it ends by itself when nobody confirms it.
    :param followed: whether an erasure goes on once this copy was opened or taken back.
    :param looked_at: when it was found last what it waits for, naive UTC, ISO, or empty.
    :param copied: whether a copy that its guest asked for goes with this erasure.
    :param asked_by: who asked, a word of `core.asking.Asker`.
    :param certified: the same answer as its newest certificate gives it.
    :param longer: why the answer takes longer, a word of `core.asking.Delay`, or empty.
    """

    number: str
    property: str
    lang: str
    word: str
    state: State
    received_at: datetime
    due_on: str
    waiting_until: str | None
    ground: str | None
    kept: tuple[Mapping[str, str], ...] = ()
    certificate: bool = False
    withdrawable: bool = False
    reasons: tuple[str, ...] = ()
    answer: Answer | None = None
    restored_on: datetime | None = None
    restored_for: str = ""
    kind: str = Kind.ERASURE
    copy_until: str = ""
    sendable: bool = False
    lapses: bool = False
    followed: bool = False
    asked_by: str = Asker.GUEST
    certified: Answer | None = None
    looked_at: str = ""
    copied: bool = False
    longer: str = ""


def guest_view(work: Work, case: Case) -> CaseView:
    """Return what the guest of a request is told."""
    return CaseView(
        case.number,
        case.property,
        case.lang,
        WORDS[case.state],
        case.state,
        case.received_at,
        deadlines.due(work, case).isoformat(),
        case.waiting_until,
        case.ground,
        staying.kept(work, case),
        certifying.exists(work, case.number),
        State.WITHDRAWN in MOVES[case.state],
        waiting.reasons(work, case),
        reply.answer(work, case),
        *_restored(work, case),
        case.kind,
        *_copied(work, case),
        lapsing.lapses(work, case),
        _followed(work, case),
        case.asked_by or Asker.GUEST.value,
        reply.certified(work, case),
        waiting.looked_at(case),
        case.kind != Kind.COPY and case.state in OPEN and alongside.goes(work, case),
        _put_off(work, case),
    )


def _put_off(work: Work, case: Case) -> str:
    """Return why an answer that is still to come takes longer, as the letter says.

    Empty where that letter was given up: then the day of before counts.

    Source: GDPR Article 12(3).
    """
    if case.state not in UNANSWERED or unheard.is_lost(work, case.number, unheard.EXTENDED):
        return ""
    return _longer(work, case)


def milestones(work: Work, case: Case) -> list[Milestone]:
    """Return the days of a request as its guest may read them, the earliest first."""
    # A copy that was opened goes with the erasure that waited for it, whatever day it had.
    goes = case.state is State.FETCHED and _followed(work, case)
    return days.of(work, case, "" if goes else _copied(work, case)[0])


def _copied(work: Work, case: Case) -> tuple[str, bool]:
    """Return the last day of a copy that lies ready, and whether a link to it can be sent."""
    if case.state not in COPIES:
        return "", False
    table, contact = tables.copy, tables.contact
    ends = work.conn.execute(
        select(table.c.ends_on).where(
            table.c.request == case.number, table.c.box.is_not(None),
            table.c.ends_on >= day_at(work.settings.home(case.property), work.now).isoformat(),
        )
    ).scalar()  # fmt: skip
    mine = select(contact.c.request).where(contact.c.request == case.number)
    return ends or "", bool(ends) and work.conn.execute(mine).first() is not None


def _followed(work: Work, case: Case) -> bool:
    """Return whether an erasure that is not over takes this copy along, or would have."""
    if case.kind != Kind.COPY:
        return False
    pair = _pair(work, case)
    return (pair is not None and pair["ended_at"] is None) or alongside.goes(work, case)


def _paired(work: Work, case: Case) -> dict[str, str] | None:
    """Return number, kind and state of the other request of a pair, or None where it is alone."""
    pair = _pair(work, case)
    names = ("number", "kind", "state")
    return None if pair is None else {name: pair[name] for name in names}


def _pair(work: Work, case: Case) -> RowMapping | None:
    """Return the other request of a guest who asked for a copy first and then erasure, or None."""
    copy, copying, erasing = tables.copy, tables.request.alias(), tables.request.alias()
    mine, other = (copying, erasing) if case.kind == Kind.COPY else (erasing, copying)
    return work.conn.execute(
        select(other.c.number, other.c.kind, other.c.state, other.c.ended_at)
        .select_from(copy)
        .join(copying, copying.c.number == copy.c.request)
        .join(erasing, erasing.c.number == copy.c.erasure)
        # Of a copy that was asked for after an erasure they are no pair.
        .where(
            mine.c.number == case.number,
            or_(erasing.c.erased_at.is_(None), erasing.c.erased_at > copying.c.received_at),
        )
    ).mappings().first()


def _restored(work: Work, case: Case) -> tuple[datetime | None, str]:
    """Return when and why an erasure was taken back, the first time."""
    table = tables.restoration
    row = work.conn.execute(
        select(table.c.confirmed_at, table.c.ground)
        .where(table.c.request == case.number, table.c.state == "restored")
        .order_by(table.c.id)
        .limit(1)
    ).one_or_none()
    return (row.confirmed_at, row.ground) if row is not None else (None, "")


def by_code(work: Work, code: str) -> Case:
    """Return the request that a guest's case code opens.

    :raises TokenError: the code is unknown or expired.
    """
    return load(work, str(tokens.look(work, Purpose.CASE, tokens.plain(code)).request))


def by_link(work: Work, token: str) -> Case:
    """Return the request that a link confirms, without using the link.

    :raises TokenError: it is unknown, used or expired.
    """
    return load(work, str(tokens.look(work, Purpose.CONFIRM, token).request))


def show(work: Work, case: Case) -> dict[str, Any]:
    """Return a request as staff see it: opaque numbers, days and words, nobody's data."""
    today = day_at(work.settings.home(case.property), work.now)
    untold = frozenset() if case.state in UNANSWERED else _untold(work, case.number)
    return _line(work, case, today, untold) | {
        "filed_by": case.filed_by,
        "verified_by": case.verified_by,
        "verified_how": case.verified_how,
        "verified_at": case.verified_at,
        "decided_by": case.decided_by,
        "decided_at": case.decided_at,
        "seen": case.seen,
        "reason": case.reason,
        "acknowledged_at": case.acknowledged_at,
        "stands": deadlines.stands(work, case),
        "extendable": deadlines.extendable(work, case),
        "longer": _longer(work, case),
        "keyless": case.state in OPEN and keyless(work, case),
        "ground": case.ground,
        "digest": case.digest,
        "waiting_until": case.waiting_until,
        "erased_at": case.erased_at,
        "ended_at": case.ended_at,
        "recovery_until": certifying.copied_until(work, case),
        "left": (case.decisions or {}).get("left", []),
        "came_back": [asdict(each) for each in waiting.back(work, case)],
        "subjects": [
            {"id": s.id, "table": s.table, "standing": s.standing.value, "why": s.why}
            for s in people.subjects(work, case.number)
        ],
        "pending": list(outbox.pending(work, case.number)),
        "certificate": certifying.exists(work, case.number),
        "copy_until": _copied(work, case)[0],
        "paired": _paired(work, case),
    }


def _longer(work: Work, case: Case) -> str:
    """Return why the answer takes longer, as the journal says; empty where it does not."""
    told = approvals.entries(work, case, (RequestExtended.name,)) if case.extended_at else ()
    return next((entry.grounds[0] for entry in told if entry.grounds), "")


def _untold(work: Work, number: str | None = None) -> frozenset[str]:
    return frozenset(case.number for case in deadlines.untold(work, number))


def _line(work: Work, case: Case, today: date, untold: Collection[str]) -> dict[str, Any]:
    due = deadlines.due(work, case)
    receipt, overdue = deadlines.receipt_due(work, case), deadlines.late(work, case)
    return {
        "number": case.number,
        "property": case.property,
        "controller": case.controller,
        "kind": case.kind,
        "state": case.state.value,
        "word": WORDS[case.state],
        "channel": case.channel,
        "lang": case.lang,
        "received_at": case.received_at,
        "due_on": due.isoformat(),
        "days_left": days_left(due, today),
        "late": deadlines.ANSWER in overdue or case.number in untold,
        "receipt_due": "" if receipt is None else receipt.isoformat(),
        "receipt_late": deadlines.RECEIPT in overdue,
        "extended": case.extended_at is not None,
        "asked_by": case.asked_by or Asker.GUEST.value,
        "waiting_for": case.waiting_for,
    }


def listed(
    work: Work, by: str | None, property_: str | None, state: str | None
) -> list[dict[str, Any]]:
    """Return requests, those whose answer is due first before the others, ended ones last.

    :param work: the open transaction.
    :param by: the host's id of who asks: only properties at which they may look; None at a
        console.
    :param property_: code of one property, or None.
    :param state: a state, "open", "overdue", or None.
    :raises InputError: there is no such state.
    """
    return _lines(work, _wanted(work, by, property_, state), state)


def page(
    work: Work, by: str | None, property_: str | None, state: str | None, number: int
) -> Page:
    """Return one page of what `listed` returns: a house has thousands that ended years ago.

    :param number: of the page; the first is 1.
    :raises InputError: there is no such state, or no such page.
    """
    if not 1 <= number <= PAGES:
        raise InputError("There is no such page.", "Begin with page 1.")
    wanted, first = _wanted(work, by, property_, state), (number - 1) * PAGE
    if state == OVERDUE:
        # Which days have passed is no matter of columns alone; of open ones there are few.
        lines = _lines(work, wanted, state)[first : first + PAGE + 1]
    else:
        lines = _lines(work, wanted.limit(PAGE + 1).offset(first), state)
    return Page(lines[:PAGE], len(lines) > PAGE)


def _wanted(
    work: Work, by: str | None, property_: str | None, state: str | None
) -> Select[Any]:
    """Return the statement that finds requests: open ones by their day, then the last ended."""
    table = tables.request
    codes = [code for code in work.settings.properties if property_ in (None, code)]
    if by is not None:
        codes = [c for c in codes if actors.may(work, by, Permission.VIEW, c)]
    is_open = table.c.state.in_([s.value for s in UNANSWERED])
    statement = select(*outline()).where(table.c.property.in_(codes))
    if state == OVERDUE:
        silent = one_of(table.c.number, sorted(unheard.unanswered(work)))
        statement = statement.where(or_(is_open, silent))
    elif state == "open":
        statement = statement.where(is_open)
    elif state:
        if state not in {s.value for s in State}:
            raise InputError(
                "There is no such state.",
                f"Use open, overdue or {', '.join(s.value for s in State)}.",
            )
        statement = statement.where(table.c.state == state)
    return statement.order_by(
        either((is_open, 0), else_=1), either((is_open, table.c.due_on), else_=""),
        either((is_open, ""), else_=table.c.due_on).desc(), table.c.received_at, table.c.number,
    )  # fmt: skip


def _lines(work: Work, statement: Select[Any], state: str | None) -> list[dict[str, Any]]:
    days, untold = dict[str, date](), _untold(work)
    lines = []
    # Those that ended are kept for years: never all of them as rows and as lines at once.
    for row in work.conn.execute(statement):
        case = read(row)
        if case.property not in days:
            days[case.property] = day_at(work.settings.home(case.property), work.now)
        line = _line(work, case, days[case.property], untold)
        if state != OVERDUE or line["late"] or line["receipt_late"]:
            lines.append(line)
    return lines
