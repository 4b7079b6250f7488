"""What people read about requests: lists, plans, the guest's five words, and why."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from datetime import date, datetime
from typing import Any

from sqlalchemy import select

from ..core.deadlines import days_left
from ..core.errors import InputError, UnknownError
from ..core.identity import masked
from ..core.lifecycle import MOVES, OPEN, WORDS, State
from ..core.permissions import Permission
from ..core.plan import Outcome, digest
from ..core.standing import Standing
from . import actors, certifying, outbox, people, tables, tokens
from .cases import Case, columns, day_at, load, read, secret
from .execution import did
from .finder import Candidate, known
from .people import Subject
from .review import plan_of
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


def guest_view(work: Work, case: Case) -> CaseView:
    """Return what the guest of a request is told."""
    kept = {
        (item["category"], item["until"]): {
            "category": item["category"],
            "basis": "",
            "until": item["until"],
        }
        for item in (case.decisions or {}).get("did", ())
        if item["outcome"] == Outcome.RETAIN.value
    }
    return CaseView(
        case.number,
        case.property,
        case.lang,
        WORDS[case.state],
        case.state,
        case.received_at,
        case.due_on,
        case.waiting_until,
        case.ground,
        tuple(kept.values()),
        certifying.exists(work, case.number),
        State.WITHDRAWN in MOVES[case.state],
    )


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
    return _line(case, today) | {
        "filed_by": case.filed_by,
        "verified_by": case.verified_by,
        "verified_how": case.verified_how,
        "verified_at": case.verified_at,
        "decided_by": case.decided_by,
        "decided_at": case.decided_at,
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
    }


def _line(case: Case, today: date) -> dict[str, Any]:
    left = days_left(date.fromisoformat(case.due_on), today)
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
        "due_on": case.due_on,
        "days_left": left,
        "late": left < 0 and case.state in OPEN,
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
    :param state: a state, "open", or None.
    :raises InputError: there is no such state.
    """
    table = tables.request
    codes = [code for code in work.settings.properties if property_ in (None, code)]
    if by is not None:
        codes = [c for c in codes if actors.may(work, by, Permission.VIEW, c)]
    statement = select(*columns()).where(table.c.property.in_(codes))
    if state == "open":
        statement = statement.where(table.c.state.in_([s.value for s in OPEN]))
    elif state:
        if state not in {s.value for s in State}:
            raise InputError(
                "There is no such state.", f"Use open or {', '.join(s.value for s in State)}."
            )
        statement = statement.where(table.c.state == state)
    cases = [read(row) for row in work.conn.execute(statement)]
    cases.sort(key=lambda c: (c.state not in OPEN, c.due_on, c.received_at, c.number))
    days = {c: day_at(work.settings.property(c), work.now) for c in codes}
    return [_line(case, days[case.property]) for case in cases]


@dataclass(frozen=True)
class Line:
    """One line of a plan as staff read it.

    :param table: name of the table.
    :param rows: how many rows.
    :param columns: the columns it is about; empty for whole rows.
    :param outcome: delete, overwrite, retain or share; empty for what blocks.
    :param category: retention category, or why rows are shared.
    :param basis: article that asks for it, empty until the law is known.
    :param until: last day, empty when it is not known.
    :param reason: why it blocks.
    :param detail: a line for staff about a blocker.
    """

    table: str
    rows: int
    columns: tuple[str, ...] = ()
    outcome: str = ""
    category: str = ""
    basis: str = ""
    until: str = ""
    reason: str = ""
    detail: str = ""


@dataclass(frozen=True)
class Look:
    """A subject row as a person must see it to say whose it is.

    :param id: number by which it is taken or left.
    :param table: name of the subject table.
    :param rows: always 1.
    :param standing: taken, perhaps or left.
    :param why: what speaks for or against it.
    :param name: name on file; empty for who may not look.
    :param contacts: contacts on file, masked; empty for who may not look.
    """

    id: int
    table: str
    rows: int
    standing: str
    why: str
    name: str = ""
    contacts: tuple[str, ...] = ()
    columns: tuple[str, ...] = ()
    category: str = ""
    basis: str = ""
    until: str = ""
    outcome: str = ""


@dataclass(frozen=True)
class Preview:
    """The plan of a request as it would be carried out now.

    :param number: number of the request.
    :param digest: digest of its decisions, which an approval names.
    :param erase: what goes.
    :param retain: what the law keeps.
    :param blocked: what stands in the way.
    :param shared: what is another person's too.
    :param perhaps: subject rows a person must look at.
    :param people: subject rows that are taken.
    """

    number: str
    digest: str
    erase: tuple[Line, ...] = ()
    retain: tuple[Line, ...] = ()
    blocked: tuple[Line, ...] = ()
    shared: tuple[Line, ...] = ()
    perhaps: tuple[Look, ...] = ()
    people: tuple[Look, ...] = field(default=())

    def as_dict(self) -> dict[str, Any]:
        """Return the preview as plain values, for JSON."""
        return asdict(self)


def preview(work: Work, number: str, by: str | None) -> Preview:
    """Draw the plan of a request and show it; of an ended one, show what was done.

    :param work: the open transaction.
    :param number: number of the request.
    :param by: the host's id of who looks, who then sees names and masked contacts of subject
        rows; None shows neither.
    :raises ForbiddenError: they may not look at this property.
    """
    case = load(work, number)
    if by is not None:
        actors.require(work, by, Permission.VIEW, case.property)
    if case.state not in OPEN:
        did_then = (case.decisions or {}).get("did", [])
        return _preview(case.number, case.digest or "", did_then, ())
    plan = plan_of(work, case)
    blocked = tuple(
        Line(b.table, b.rows, reason=b.reason, detail=b.detail) for b in plan.blocked
    )
    drawn = _preview(case.number, digest(plan, secret(work, case)), did(plan), blocked)
    subjects = people.subjects(work, case.number)
    looks = _looks(work, subjects) if by is not None else {}
    return Preview(
        drawn.number,
        drawn.digest,
        drawn.erase,
        drawn.retain,
        drawn.blocked,
        drawn.shared,
        tuple(_look(s, looks) for s in subjects if s.standing is Standing.PERHAPS),
        tuple(_look(s, looks) for s in subjects if s.standing is Standing.TAKEN),
    )


def _preview(
    number: str, digest_: str, items: list[dict[str, Any]], blocked: tuple[Line, ...]
) -> Preview:
    def lines(*outcomes: Outcome) -> tuple[Line, ...]:
        return tuple(
            Line(
                i["table"], i["rows"], tuple(i["columns"]), i["outcome"], i["category"], "",
                i["until"],
            )
            for i in items
            if i["outcome"] in outcomes
        )  # fmt: skip

    return Preview(
        number,
        digest_,
        lines(Outcome.DELETE, Outcome.OVERWRITE),
        lines(Outcome.RETAIN),
        blocked,
        lines(Outcome.SHARE),
    )


def _looks(work: Work, subjects: list[Subject]) -> dict[int, tuple[str, tuple[str, ...]]]:
    persons = {}
    for subject in subjects:
        with suppress(UnknownError):
            persons[subject.id] = people.person(work, subject)
    on_file = known(work.conn, work.datamap, persons.values())
    return {
        id: (on_file[person].name, _masked(work, on_file[person]))
        for id, person in persons.items()
        if person in on_file
    }


def _masked(work: Work, candidate: Candidate) -> tuple[str, ...]:
    kinds = work.datamap.subjects[candidate.person[0]].contact
    return tuple(masked(kinds[column], text) for column, text in candidate.contacts.items())


def _look(subject: Subject, looks: Mapping[int, tuple[str, tuple[str, ...]]]) -> Look:
    name, contacts = looks.get(subject.id, ("", ()))
    return Look(
        subject.id, subject.table, 1, subject.standing.value, subject.why, name, contacts
    )
