"""A monthly review: opened with frozen figures, held by members, closed by another person."""

from __future__ import annotations

import hashlib
from dataclasses import asdict
from datetime import date, timedelta
from typing import Any

from sqlalchemy import select, update

from ...core import complaining
from ...core import monthly as words
from ...core.errors import FourEyesError, InputError, TransitionError, UnknownError
from ...core.events import MonthlyClosed, MonthlyDone, MonthlyNoted, MonthlyOpened
from ...core.figures import months
from ...core.log import canonical
from ...core.monthly import CLOSED, MEMBERS, OPEN, Point
from ...core.permissions import Permission
from .. import tables
from ..access import actors
from ..access.sameness import same
from ..casework.answerable import owner_of
from ..casework.cases import day_at
from ..figures import age, gathering, requests
from ..settings import Property
from ..work import Work
from . import records
from .records import Monthly

FIGURES = "figures"
"""Mark of the entry that opens a review: the hash of its frozen figures."""


def open_(work: Work, code: str, month: str, by: str) -> str:
    """Open the review of a month and freeze the figures of this moment; return its number.

    The figures of every property that the person may see are frozen side by side.

    :param work: the open transaction.
    :param code: code of the property.
    :param month: ``YYYY-MM``, begun; the last whole month when empty.
    :param by: the host's id of who opens it.
    :raises ForbiddenError: they may not hold reviews at this property.
    :raises InputError: that is no month that has begun.
    :raises TransitionError: there is one of this month.
    """
    hotel = work.settings.property(code)
    actor = actors.allow(work, by, Permission.IMPROVE, hotel.code)
    today = day_at(hotel, work.now)
    last = (today.replace(day=1) - timedelta(days=1)).isoformat()[:7]
    about = words.month(month or last, today.isoformat())
    frozen = canonical(_figures(work, hotel, by)).decode()
    mark = hashlib.sha256(frozen.encode()).hexdigest()
    row = records.add(
        work, hotel,
        {"month": about, "state": OPEN, "figures": frozen, "mark": mark,
         "opened_by": actor, "opened_at": work.stamp},
    )  # fmt: skip
    records.tell(work, MonthlyOpened, row, actor, ((), {}, {FIGURES: mark}))
    member = {"text": by}
    records.note(work, row, actor, Point.MEMBER, member, owner=actor)
    return str(row.number)


def _figures(work: Work, home: Property, by: str) -> dict[str, Any]:
    """Return the figures of every property that a person may see, as canonical JSON holds them."""
    codes = [
        code for code in sorted(work.settings.properties)
        if code == home.code or actors.may(work, by, Permission.FIGURES, code)
    ]  # fmt: skip
    gathered = [gathering.gather(work, code) for code in codes]
    return {
        "figures": [_plain(asdict(each)) for each in gathered],
        "own": {each.property: own(work, each) for each in gathered},
    }


def own(work: Work, figures: gathering.Figures) -> dict[str, int]:
    """Return a property's own figures for what others publish, over the months of its figures.

    :param work: the open transaction.
    :param figures: the figures of the property.
    """
    hotel = work.settings.property(figures.property)
    wanted = months(day_at(hotel, work.now), gathering.MONTHS)
    known = [each for each in figures.months if each.month in wanted]
    return words.own(known, requests.days(work, hotel, wanted), age.told(work))


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(key): _plain(each) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(each) for each in value]
    return value


def join(work: Work, number: str, login: str, by: str) -> int:
    """Write down who takes part in a review; return the number of the line.

    :param work: the open transaction.
    :param number: number of the review.
    :param login: the host's id of who takes part.
    :param by: the host's id of who writes it down.
    :raises ForbiddenError: they may not hold reviews at its property.
    :raises InputError: nobody of staff there has this login, or they are a member.
    :raises TransitionError: it is closed.
    """
    row, actor = records.at_work(work, number, by)
    if not actors.works(work, login, row.property):
        raise InputError("Nobody of staff at this property has this login.", "Name who takes part.")
    who = actors.number(work, login)
    if who in {each.owner for each in records.points(work, row.number, Point.MEMBER)}:
        raise InputError("They take part already.", "Name somebody else.")
    records.tell(work, MonthlyNoted, row, actor, ((Point.MEMBER.value,), {}, {}))
    return records.note(work, row, actor, Point.MEMBER, {"text": login}, owner=who)


def find(work: Work, number: str, text: str, by: str) -> int:
    """Write down what a review found; return the number of the line.

    :raises ForbiddenError: they may not hold reviews at its property.
    :raises InputError: nothing is written.
    :raises TransitionError: it is closed.
    """
    row, actor = records.at_work(work, number, by)
    said = {"text": complaining.wording(text)}
    records.tell(work, MonthlyNoted, row, actor, ((Point.FINDING.value,), {}, {}))
    return records.note(work, row, actor, Point.FINDING, said)


def plan(work: Work, number: str, todo: tuple[str, str, date], by: str) -> int:
    """Make a person answer for an action; return its number.

    :param work: the open transaction.
    :param number: number of the review.
    :param todo: what is to be done, the host's id of who answers for it, and by when.
    :param by: the host's id of who plans it.
    :raises ForbiddenError: they may not hold reviews at its property.
    :raises InputError: nothing is written, the day is past, or the owner may do nothing there.
    :raises TransitionError: it is closed.
    """
    what, owner, due = todo
    row, actor = records.at_work(work, number, by)
    text = complaining.wording(what)
    who = owner_of(work, row.property, owner, due)
    records.tell(work, MonthlyNoted, row, actor, ((Point.ACTION.value,), {}, {}))
    said = {"text": text, "owner": owner}
    return records.note(work, row, actor, Point.ACTION, said, owner=who, due_on=due.isoformat())


def done(work: Work, id: int, by: str) -> None:
    """Note that an action was done, by its owner or by who holds reviews; also after the end.

    :raises UnknownError: there is no such action for them.
    :raises TransitionError: it was done before.
    """
    table = tables.point
    row = work.conn.execute(
        select(table).where(table.c.id == id, table.c.kind == Point.ACTION.value).with_for_update()
    ).one_or_none()
    if row is None or not _theirs(work, row, by):
        raise UnknownError("There is no such action.", "Look at the review again.")
    if row.done_at is not None:
        raise TransitionError("This action was done before.", "There is nothing left to do.")
    actor = actors.acting(work, by)
    mine = update(table).where(table.c.id == id)
    work.conn.execute(mine.values(done_by=actor, done_at=work.stamp))
    records.tell(work, MonthlyDone, records.load(work, row.monthly), actor)


def _theirs(work: Work, row: Any, by: str) -> bool:
    if actors.may(work, by, Permission.IMPROVE, row.property):
        return True
    return actors.works(work, by, row.property) and actors.number(work, by) == row.owner


def missing(work: Work, row: Monthly) -> tuple[str, ...]:
    """Return what is still to be done before a review can be closed, as words."""
    members = records.points(work, row.number, Point.MEMBER)
    found = ["too-few-members"] if len(members) < MEMBERS else []
    if not records.points(work, row.number, Point.FINDING):
        found.append("no-findings")
    return tuple(found)


def before(work: Work, row: Monthly) -> Monthly | None:
    """Return the review of the property before this one, or None of the first."""
    table = tables.monthly
    return work.conn.execute(
        select(table)
        .where(table.c.property == row.property, table.c.month < row.month)
        .order_by(table.c.month.desc())
        .limit(1)
    ).one_or_none()


def close(work: Work, number: str, by: str) -> None:
    """Close a review, as another person than who opened it; the journal says what it left.

    :raises ForbiddenError: they may not hold reviews at its property.
    :raises FourEyesError: they opened it.
    :raises TransitionError: something is still to be done, or it is closed.
    """
    row, actor = records.at_work(work, number, by)
    left = missing(work, row)
    if left:
        raise TransitionError(
            f"Something is still to be done: {', '.join(left)}.", "Do that first."
        )
    if same(work.conn, row.opened_by, actor, work.stamp):
        raise FourEyesError("Whoever opened a review does not close it.", "Ask a second person.")
    last = before(work, row)
    old = records.points(work, last.number, Point.ACTION) if last is not None else ()
    counts = {
        "findings": len(records.points(work, row.number, Point.FINDING)),
        "actions": len(records.points(work, row.number, Point.ACTION)),
        "last-done": sum(each.done_at is not None for each in old),
        "last-open": sum(each.done_at is None for each in old),
    }
    row = records.change(work, row, state=CLOSED, closed_by=actor, closed_at=work.stamp)
    records.tell(work, MonthlyClosed, row, actor, ((), counts, {}))
