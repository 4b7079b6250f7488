"""After an incident: measures with owners and days, a review, and the end by another person."""

from __future__ import annotations

from datetime import date

from sqlalchemy import insert, select, update

from ...core import complaining
from ...core.errors import FourEyesError, TransitionError, UnknownError
from ...core.events import IncidentClosed, IncidentReviewed, MeasureDone, MeasurePlanned
from ...core.incidents import CLOSED, OPEN, REVIEWED
from ...core.permissions import Permission
from .. import tables
from ..access import actors
from ..access.sameness import same
from ..casework import written
from ..casework.answerable import owner_of
from ..work import Work
from . import alarms, evidence, records
from .records import Incident

_HOW = (
    "Tell them by post or by telephone, or in public where the law allows it; record how and when, "
    "and let a second person confirm it."
)


def plan(work: Work, number: str, what: str, owner: str, due: date, by: str) -> int:
    """Make a person answer for a measure; return its number.

    :param work: the open transaction.
    :param number: number of the incident.
    :param what: what is to be done; it is sealed.
    :param owner: the host's id of who answers for it.
    :param due: day by which it is done.
    :param by: the host's id of who plans it.
    :raises ForbiddenError: they may not deal with incidents at its property.
    :raises InputError: nothing is written, the day is past, or the owner may do nothing there.
    :raises TransitionError: the incident is closed.
    """
    row, actor = records.at_work(work, number, by)
    text = complaining.wording(what)
    who = owner_of(work, row.property, owner, due)
    box = written.seal(work, row.controller, records.PURPOSE, {"text": text, "owner": owner})
    done = work.conn.execute(
        insert(tables.measure).values(
            incident=row.number, controller=row.controller, property=row.property, box=box,
            owner=who, due_on=due.isoformat(), made_by=actor, made_at=work.stamp,
        )
    )  # fmt: skip
    if row.state == REVIEWED:
        # What is still to be done was not there when it was looked at.
        row = records.change(work, row, state=OPEN, reviewed_by=None, reviewed_at=None)
    records.tell(work, MeasurePlanned, row, actor)
    return int(done.inserted_primary_key[0])  # type: ignore[index] # a table with a serial has one


def done(work: Work, id: int, by: str) -> None:
    """Note that a measure was done, by its owner or by who deals with incidents.

    :raises UnknownError: there is no such measure for them.
    :raises TransitionError: it was done before.
    """
    table = tables.measure
    row = work.conn.execute(select(table).where(table.c.id == id).with_for_update()).one_or_none()
    mine = row is not None and (
        actors.may(work, by, Permission.INCIDENT, row.property)
        or (actors.works(work, by, row.property) and actors.number(work, by) == row.owner)
    )
    if row is None or not mine:
        raise UnknownError("There is no such measure.", "Look at the incident again.")
    if row.done_at is not None:
        raise TransitionError("This measure was done before.", "There is nothing left to do.")
    actor = actors.acting(work, by)
    work.conn.execute(
        update(table).where(table.c.id == id).values(done_by=actor, done_at=work.stamp)
    )
    records.tell(work, MeasureDone, records.load(work, row.incident), actor)


def review(work: Work, number: str, words: str, by: str) -> None:
    """Write down what an incident taught; another person closes it.

    :raises ForbiddenError: they may not deal with incidents at its property.
    :raises InputError: nothing is written.
    :raises TransitionError: nobody classified it, or it is closed.
    """
    row, actor = records.at_work(work, number, by)
    text = complaining.wording(words)
    if row.severity is None:
        raise TransitionError("Nobody said how grave it is.", "Classify it first.")
    box = written.seal(work, row.controller, records.PURPOSE, {"text": text})
    row = records.change(
        work, row, state=REVIEWED, review_box=box, reviewed_by=actor, reviewed_at=work.stamp
    )
    records.tell(work, IncidentReviewed, row, actor)


def missing(work: Work, row: Incident) -> tuple[str, ...]:
    """Return what is still to be done before an incident can be closed, as words."""
    found = []
    if row.severity is None:
        found.append("not-classified")
    if row.state != REVIEWED:
        found.append("not-reviewed")
    ringing = [each for each in alarms.ringing(work, row) if each.applies]
    if not all(each.done for each in ringing):
        found.append("not-told")
    if any(each.unreached for each in ringing):
        found.append(alarms.UNREACHED)
    table = tables.measure
    open_ = select(table.c.id).where(table.c.incident == row.number, table.c.done_at.is_(None))
    if work.conn.execute(open_).first() is not None:
        found.append("measures-open")
    return tuple(found)


def close(work: Work, number: str, by: str) -> None:
    """Close an incident, as another person than who reviewed it; its evidence is let go.

    :raises ForbiddenError: they may not deal with incidents at its property.
    :raises FourEyesError: they reviewed it.
    :raises TransitionError: something is still to be done, or it is closed.
    """
    row, actor = records.at_work(work, number, by)
    left = missing(work, row)
    if left:
        raise TransitionError(
            f"Something is still to be done: {', '.join(left)}.",
            f"Do that first. {_HOW}" if alarms.UNREACHED in left else "Do that first.",
        )
    if row.reviewed_by and same(work.conn, row.reviewed_by, actor, work.stamp):
        raise FourEyesError("Whoever reviewed it does not close it.", "Ask a second person.")
    row = records.change(work, row, state=CLOSED, closed_by=actor, closed_at=work.stamp)
    evidence.end(work, row, actor)
    records.tell(work, IncidentClosed, row, actor)
