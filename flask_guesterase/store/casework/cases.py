"""Requests as rows: read, locked, moved from state to state, one update each."""

from __future__ import annotations

import json
import secrets
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Row, bindparam, insert, select, update
from sqlalchemy import case as either
from sqlalchemy.exc import IntegrityError

from ...core.asking import Asker
from ...core.deadlines import answer_by
from ...core.errors import InputError, TransitionError, UnknownError
from ...core.events import Event
from ...core.kinds import TEXT, need
from ...core.lifecycle import State, move
from ...core.log import canonical, slug
from ...core.wish import Kind
from .. import tables
from ..access.tokens import ALPHABET
from ..boxes import vault
from ..settings import Property
from ..work import Work
from . import answering


@dataclass(frozen=True)
class Case:
    """One request as it stands; times are naive UTC, days are ISO texts."""

    number: str
    property: str
    controller: str
    kind: str
    state: State
    channel: str
    lang: str
    received_at: datetime
    due_on: str
    version: int
    filed_by: str | None = None
    verified_by: str | None = None
    verified_how: str | None = None
    verified_at: datetime | None = None
    decided_by: str | None = None
    decided_at: datetime | None = None
    ground: str | None = None
    digest: str | None = None
    decisions: Mapping[str, Any] | None = None
    waiting_for: str | None = None
    waiting_until: str | None = None
    attempts: int = 0
    try_at: datetime | None = None
    erased_at: datetime | None = None
    ended_at: datetime | None = None
    subject_mark: str | None = None
    asked_by: str | None = None
    seen: str | None = None
    acknowledged_at: datetime | None = None
    extended_at: datetime | None = None
    reminded_on: str | None = None
    reason: str | None = None
    article: str | None = None


_DIGITS = 8
"""Characters of a request's number, without what stands before them."""

_NAMES = tuple(f.name for f in fields(Case))
_COLUMNS = tuple(tables.request.c[name] for name in _NAMES)
_ONE = select(*_COLUMNS).where(tables.request.c.number == bindparam("wanted"))
_LOCKED = _ONE.with_for_update()


def plain_number(number: str) -> str:
    """Return a number of ours as it was given out, however people write it.

    :raises InputError: it is no text.
    """
    need(number, TEXT, "number=...", InputError)
    return number.strip().upper()


def load(work: Work, number: str, lock: bool = False) -> Case:
    """Return a request.

    :param work: the open transaction.
    :param number: its number, as people write it.
    :param lock: keep others from acting on it until the transaction ends.
    :raises UnknownError: there is none.
    """
    wanted = {"wanted": plain_number(number)}
    row = work.conn.execute(_LOCKED if lock else _ONE, wanted).one_or_none()
    if row is None:
        raise UnknownError("There is no request with this number.", "Look it up in the list.")
    return read(row)


def read(row: Row[Any]) -> Case:
    """Return the request that a row of all columns holds."""
    values = dict(row._mapping)
    values["state"] = State(values["state"])
    if values["decisions"] is not None:
        values["decisions"] = json.loads(values["decisions"])
    return Case(**values)


def where(work: Work, *conditions: ColumnElement[bool], most: int) -> list[Case]:
    """Return requests under conditions, oldest first, locked; those others hold are passed over."""
    table = tables.request
    rows = work.conn.execute(
        select(*_COLUMNS)
        .where(*conditions)
        .order_by(table.c.id)
        .limit(most)
        .with_for_update(skip_locked=True)
    )
    return [read(row) for row in rows]


def columns() -> tuple[Any, ...]:
    """Return the columns a select must name for `read`."""
    return _COLUMNS


def outline() -> tuple[Any, ...]:
    """Return the same for many requests: what was decided is long, and only of few of them read.

    Of who waits, or whose erasure is not looked at yet, it says why they wait or waited, which is
    all that a line of a list, or a figure, needs of it.
    """
    decisions = tables.request.c.decisions
    told = (State.WAITING, State.ERASING, State.CHECKING)
    waited = tables.request.c.state.in_([state.value for state in told])
    short = either((waited, decisions)).label(decisions.name)
    return tuple(short if column is decisions else column for column in _COLUMNS)


@dataclass(frozen=True)
class Opening:
    """What is known when a request is recorded.

    :param property: where it was asked.
    :param channel: form, desk, mail, phone or letter.
    :param lang: language of the guest.
    :param received: day of receipt at the property; starts the legal clock.
    :param received_at: naive UTC.
    :param filed_by: opaque number of the clerk, or None when the guest asked through the form.
    :param subject_mark: keyed mark by which the same request is known again.
    :param asked_by: the guest, or who asks in the guest's place: a word of `core.asking.Asker`.
    :param reason: why they ask, a word of `core.reasons.Reason`, or empty.
    :param kind: what they ask for.
    """

    property: Property
    channel: str
    lang: str
    received: date
    received_at: datetime
    filed_by: str | None
    subject_mark: str
    asked_by: str = Asker.GUEST.value
    reason: str = ""
    kind: Kind = Kind.ERASURE


def record(work: Work, opening: Opening) -> Case:
    """Insert a request and return it, in state RECEIVED."""
    values: dict[str, Any] = {
        "property": opening.property.code,
        "controller": slug(opening.property.controller),
        "kind": opening.kind.value,
        "state": State.RECEIVED.value,
        "channel": opening.channel,
        "lang": opening.lang,
        "received_at": opening.received_at,
        "due_on": _due(work, opening).isoformat(),
        "version": 1,
        "filed_by": opening.filed_by,
        "attempts": 0,
        "subject_mark": opening.subject_mark,
        "asked_by": opening.asked_by,
        "reason": opening.reason or None,
    }
    while True:
        number = new_number()
        try:
            with work.conn.begin_nested():
                work.conn.execute(insert(tables.request).values(number=number, **values))
        except IntegrityError:
            continue
        work.custodian.ensure(label(number))
        return load(work, number)


def _due(work: Work, opening: Opening) -> date:
    hotel = opening.property
    days = answering.holidays(work, hotel, opening.received)
    return answer_by(opening.received, answering.periods(work, hotel, opening.kind), days)


def written(text: str) -> str:
    """Return the number of a request as it was made, however somebody typed it.

    :raises InputError: it is no text.
    """
    need(text, TEXT, "number=...", InputError)
    plain = "".join(c for c in unicodedata.normalize("NFKC", text).upper() if c.isalnum())
    return f"GR-{plain.removeprefix('GR')}" if len(plain) > _DIGITS else f"GR-{plain}"


def new_number() -> str:
    """Return a random request number that tells nothing, not even how many there are."""
    while True:
        text = "".join(secrets.choice(ALPHABET) for _ in range(_DIGITS))
        if any(c.isdigit() for c in text) and any(c.isalpha() for c in text):
            return f"GR-{text}"


_STEP = update(tables.request).where(
    tables.request.c.number == bindparam("wanted"),
    tables.request.c.version == bindparam("seen_version"),
)


def step(work: Work, case: Case, *states: State, **values: Any) -> Case:
    """Move a request along and write what changed, in one update.

    :param work: the open transaction.
    :param case: the request as it was read.
    :param states: the states it passes, the last one stays; none leaves the state alone.
    :param values: further columns.
    :raises TransitionError: the life cycle does not allow it, or somebody was faster.
    """
    state = case.state
    for to in states:
        state = move(state, to)
    written = dict(values)
    if written.get("decisions") is not None:
        written["decisions"] = canonical(written["decisions"]).decode()
    written |= {"state": state.value, "version": case.version + 1}
    mine = {"wanted": case.number, "seen_version": case.version}
    done = work.conn.execute(_STEP, {**written, **mine})
    if done.rowcount != 1:
        raise TransitionError(
            "Somebody else acted on this request in the meantime.", "Look at it again."
        )
    return replace(case, state=state, version=case.version + 1, **values)


def reconsider(work: Work, case: Case) -> Case:
    """Send a request back to be decided, whose approval stands no more.

    :param work: the open transaction.
    :param case: the request, locked.
    :raises TransitionError: it was not approved.
    """
    return step(
        work, case, State.REVIEW,
        decided_by=None, decided_at=None, digest=None,
        waiting_for=None, waiting_until=None, try_at=None, attempts=0,
    )  # fmt: skip


def tell(
    work: Work,
    event: type[Event],
    case: Case,
    actor: str,
    counts: Mapping[str, int] | None = None,
    grounds: tuple[str, ...] = (),
    marks: Mapping[str, str] | None = None,
) -> None:
    """Note that something happened to a request, for the journal and the signals."""
    work.events.append(
        event(
            case.controller,
            case.property,
            case.number,
            actor,
            dict(counts or {}),
            grounds,
            dict(marks or {}),
        )
    )


def day_at(property_: Property, moment: datetime) -> date:
    """Return the day on the property's wall at an aware moment."""
    return moment.astimezone(ZoneInfo(property_.zone)).date()


def noon(property_: Property, day: date) -> datetime:
    """Return noon of a day at a property, naive UTC; of what came earlier only the day is known."""
    at = datetime(day.year, day.month, day.day, 12, tzinfo=ZoneInfo(property_.zone))
    return at.astimezone(UTC).replace(tzinfo=None)


def acknowledge(work: Work, number: str) -> None:
    """Note that the guest has a first answer in hand, once; it changes nothing else.

    :param work: the open transaction.
    :param number: number of the request.
    """
    table = tables.request
    work.conn.execute(
        update(table)
        .where(table.c.number == number, table.c.acknowledged_at.is_(None))
        .values(acknowledged_at=work.stamp)
    )


def label(number: str) -> str:
    """Return the label of a case's own key; what it seals and marks ends with the case."""
    return f"case:{number}"


def keyless(work: Work, case: Case) -> bool:
    """Return whether a case is so old that its key is destroyed: nothing of it is decided anew.

    :param work: an open transaction; a read-only one is enough.
    :param case: the request.
    """
    return vault.is_destroyed(work.conn, work.custodian, label(case.number))


def too_old() -> TransitionError:
    """Return the error for a case that has no key any more, with what staff do instead."""
    return TransitionError(
        "The request is so old that its key is destroyed.",
        "Uphold the refusal and file the request anew, with the same day of receipt.",
    )


def secret(work: Work, case: Case) -> bytes:
    """Return the key of a case's marks.

    :raises KeyMissingError: the case has ended.
    """
    return work.custodian.mortal(label(case.number), "decision")
