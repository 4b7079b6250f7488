"""Who passed which course until when, who acted without it, and whom to remind."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Row, insert, or_, select, update
from sqlalchemy.exc import IntegrityError

from ...core.alert import AlertKind, Cause
from ...core.course import LASTS, SOON, Grade, grade
from ...core.errors import ForbiddenError
from ...core.events import TrainingMissed, TrainingPassed
from ...core.log import slug
from ...core.permissions import Permission
from .. import tables
from ..access import actors
from ..work import Work
from .courses import course

_MISSED_FOR = timedelta(days=90)
_ENDED_FOR = timedelta(days=30)


def answer(work: Work, by: str, code: str, answers: Sequence[int]) -> Grade:
    """Grade a quiz; one that is passed counts for twelve months.

    :param work: the open transaction.
    :param by: the host's id of who took it.
    :param code: code of the course.
    :param answers: the place of the chosen option of each question, from 0.
    :raises ForbiddenError: they may train nowhere.
    :raises InputError: not every question was answered.
    :raises UnknownError: there is no such course.
    """
    taken = course(code)
    places = [c for c in work.settings.properties if actors.may(work, by, Permission.TRAIN, c)]
    if not places:
        raise ForbiddenError(
            f"This needs the permission '{Permission.TRAIN}' at a property.",
            "Ask whoever gives permissions at your hotel.",
        )
    given = grade(taken, answers)
    if not given.passed:
        return given
    actor = actors.acting(work, by)
    ends = _later(work.stamp)
    for place in places:
        _write(
            work, (actor, code, place), edition=taken.edition, score=given.score,
            passed_at=work.stamp, ends_at=ends, missed_at=None,
        )  # fmt: skip
    work.events += [
        TrainingPassed(slug(work.settings.property(p).controller), p, actor=actor, grounds=(code,))
        for p in places
    ]
    return given


def _later(now: datetime) -> datetime:
    year, month = divmod(now.month - 1 + LASTS.months, 12)
    # The last day of a month that the year after does not have is the day before.
    day = min(now.day, 28) if now.month == 2 else now.day
    return now.replace(year=now.year + year, month=month + 1, day=day)


def valid(work: Work, actor: str, code: str) -> bool:
    """Return whether a person's training in a course counts now."""
    table = tables.training
    wanted = select(table.c.id).where(
        table.c.actor == actor, table.c.course == code, table.c.ends_at > work.stamp
    )
    return work.conn.execute(wanted.limit(1)).first() is not None


def miss(work: Work, actor: str, code: str, place: str, number: str, deed: str) -> None:
    """Note that a person acted without the training for it.

    :param work: the open transaction.
    :param actor: their opaque number.
    :param code: code of the course.
    :param place: code of the property.
    :param number: number of the request it was about, or empty.
    :param deed: what they did, one of `core.course.Deed`.
    """
    _write(work, (actor, code, place), missed_at=work.stamp)
    controller = slug(work.settings.property(place).controller)
    work.events.append(TrainingMissed(controller, place, number, actor, {}, (code, deed)))


def _write(work: Work, who: tuple[str, str, str], **values: object) -> None:
    table = tables.training
    mine = (table.c.actor == who[0], table.c.course == who[1], table.c.property == who[2])
    change = update(table).where(*mine).values(**values)
    if work.conn.execute(change).rowcount:
        return
    named = dict(zip(("actor", "course", "property"), who, strict=True))
    try:
        with work.conn.begin_nested():
            work.conn.execute(insert(table).values(**named, **values))
    except IntegrityError:
        # Somebody else's transaction wrote it first.
        work.conn.execute(change)


def mine(work: Work, by: str) -> dict[str, dict[str, Any]]:
    """Return course -> the newest record of a person: when passed, until when, how well."""
    actor = actors.known(work, by)
    if actor is None:
        return {}
    table = tables.training
    rows = work.conn.execute(
        select(table).where(table.c.actor == actor).order_by(table.c.passed_at, table.c.id)
    )
    return {row.course: _line(work, row) for row in rows if row.passed_at is not None}


def lacking(work: Work, by: str, codes: Sequence[str]) -> tuple[str, ...]:
    """Return the courses of these in which a person has no training that counts now."""
    known = mine(work, by)
    return tuple(code for code in codes if code not in known or known[code]["over"])


def overdue(work: Work, by: str | None) -> list[dict[str, Any]]:
    """Return whose training is over or missing, or ends soon; by opaque number.

    :param work: the open transaction.
    :param by: the host's id of who asks; only of properties at which they may watch; None at a
        console.
    """
    table = tables.training
    codes = work.settings.properties
    seen = [c for c in codes if by is None or actors.may(work, by, Permission.WATCH, c)]
    rows = work.conn.execute(
        select(table)
        .where(table.c.property.in_(seen), _due(work, timedelta(days=SOON)))
        .order_by(table.c.property, table.c.course, table.c.id)
    )
    return [_line(work, row) for row in rows]


def _due(work: Work, ahead: timedelta) -> ColumnElement[bool]:
    table = tables.training
    return or_(table.c.ends_at.is_(None), table.c.ends_at <= work.stamp + ahead)


def _line(work: Work, row: Row[Any]) -> dict[str, Any]:
    return {
        "actor": row.actor,
        "course": row.course,
        "property": row.property,
        "edition": row.edition or "",
        "score": row.score,
        "passed_at": row.passed_at,
        "ends_at": row.ends_at,
        "missed_at": row.missed_at,
        "over": row.ends_at is None or row.ends_at <= work.stamp,
    }


def causes(work: Work) -> Iterator[Cause]:
    """Yield the properties at which people act without training, or theirs has just ended.

    Who neither acts nor was trained lately may have left; they are in the list, and no alert.
    """
    table = tables.training
    rows = work.conn.execute(
        select(table.c.property, table.c.missed_at, table.c.ends_at).where(
            _due(work, timedelta()),
            or_(
                table.c.missed_at > work.stamp - _MISSED_FOR,
                table.c.ends_at > work.stamp - _ENDED_FOR,
            ),
        )
    ).all()
    since: dict[str, datetime] = {}
    many: Counter[str] = Counter()
    for row in rows:
        if row.property in work.settings.properties:
            began = row.ends_at or row.missed_at
            since[row.property] = min(began, since.get(row.property, began))
            many[row.property] += 1
    for place, began in since.items():
        yield Cause(AlertKind.TRAINING_DUE, place, "", began, many[place])
