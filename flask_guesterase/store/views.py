"""What people read about requests: the list, one request, and the guest's own view."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import select

from ..core.agenda import Milestone
from ..core.answer import Answer
from ..core.asking import Asker
from ..core.deadlines import days_left
from ..core.errors import InputError
from ..core.lifecycle import COPIES, MOVES, OPEN, WORDS, State
from ..core.permissions import Permission
from ..core.wish import Kind
from . import (
    actors,
    certifying,
    deadlines,
    lapsing,
    outbox,
    people,
    reply,
    tables,
    tokens,
    waiting,
)
from . import milestones as days
from .cases import Case, columns, day_at, load, read
from .tokens import Purpose
from .work import Work


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
    :param reasons: what it waits for.
    :param answer: the reasoned answer, or None as long as there is none.
    :param restored_on: when the erasure was taken back, naive UTC, or None.
    :param restored_for: on which ground.
    :param kind: what was asked for.
    :param copy_until: last day on which a copy lies ready, ISO; empty when none does.
    :param sendable: whether a link to it can be sent.
    :param lapses: whether it ends by itself when nobody confirms it.
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


def guest_view(work: Work, case: Case) -> CaseView:
    """Return what the guest of a request is told."""
    kept = {
        (item["category"], item.get("basis", ""), item["until"]): {
            "category": item["category"],
            "basis": item.get("basis", ""),
            "until": item["until"],
        }
        for item in (case.decisions or {}).get("did", ())
        if item["outcome"] in certifying.STAYING
    }
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
        tuple(kept.values()),
        certifying.exists(work, case.number),
        State.WITHDRAWN in MOVES[case.state],
        waiting.in_the_way(case),
        reply.answer(work, case),
        *_restored(work, case),
        case.kind,
        *_copied(work, case),
        lapsing.lapses(work, case),
    )


def milestones(work: Work, case: Case) -> list[Milestone]:
    """Return the days of a request as its guest may read them, the earliest first."""
    return days.of(work, case, _copied(work, case)[0])


def _copied(work: Work, case: Case) -> tuple[str, bool]:
    """Return the last day of a copy that lies ready, and whether a link to it can be sent."""
    if case.state not in COPIES:
        return "", False
    table, contact = tables.copy, tables.contact
    ends = work.conn.execute(
        select(table.c.ends_on).where(
            table.c.request == case.number, table.c.box.is_not(None),
            table.c.ends_on >= work.today,
        )
    ).scalar()  # fmt: skip
    mine = select(contact.c.request).where(contact.c.request == case.number)
    return ends or "", bool(ends) and work.conn.execute(mine).first() is not None


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
    today = day_at(work.settings.property(case.property), work.now)
    return _line(work, case, today) | {
        "filed_by": case.filed_by,
        "verified_by": case.verified_by,
        "verified_how": case.verified_how,
        "verified_at": case.verified_at,
        "decided_by": case.decided_by,
        "decided_at": case.decided_at,
        "seen": case.seen,
        "reason": case.reason,
        "acknowledged_at": case.acknowledged_at,
        "extendable": deadlines.extendable(work, case),
        "ground": case.ground,
        "digest": case.digest,
        "waiting_until": case.waiting_until,
        "erased_at": case.erased_at,
        "ended_at": case.ended_at,
        "recovery_until": (case.decisions or {}).get("recovery", ""),
        "left": (case.decisions or {}).get("left", []),
        "subjects": [
            {"id": s.id, "table": s.table, "standing": s.standing.value, "why": s.why}
            for s in people.subjects(work, case.number)
        ],
        "pending": list(outbox.pending(work, case.number)),
        "certificate": certifying.exists(work, case.number),
        "copy_until": _copied(work, case)[0],
    }


def _line(work: Work, case: Case, today: date) -> dict[str, Any]:
    left = days_left(deadlines.due(work, case), today)
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
        "due_on": deadlines.due(work, case).isoformat(),
        "days_left": left,
        "late": deadlines.ANSWER in overdue,
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
    table = tables.request
    codes = [code for code in work.settings.properties if property_ in (None, code)]
    if by is not None:
        codes = [c for c in codes if actors.may(work, by, Permission.VIEW, c)]
    statement = select(*columns()).where(table.c.property.in_(codes))
    if state in ("open", "overdue"):
        statement = statement.where(table.c.state.in_([s.value for s in OPEN]))
    elif state:
        if state not in {s.value for s in State}:
            raise InputError(
                "There is no such state.",
                f"Use open, overdue or {', '.join(s.value for s in State)}.",
            )
        statement = statement.where(table.c.state == state)
    cases = [read(row) for row in work.conn.execute(statement)]
    cases.sort(key=lambda c: (c.state not in OPEN, c.due_on, c.received_at, c.number))
    days = {c: day_at(work.settings.property(c), work.now) for c in codes}
    lines = [_line(work, case, days[case.property]) for case in cases]
    late = state == "overdue"
    return [line for line in lines if not late or line["late"] or line["receipt_late"]]
