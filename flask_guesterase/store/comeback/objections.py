"""Who does not want advertising: marks that do not end, and the question a mailing asks.

Source: GDPR Article 21(2), (3): after an objection the data may not be used for direct marketing;
to keep to it, a mark of the contact must outlive the contact itself.
"""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import delete, insert, select

from ...core.errors import InputError, MatchError
from ...core.events import ObjectionRecorded
from ...core.identity import Kind, normal
from ...core.log import slug
from ...core.permissions import Permission
from ...core.plan import Plan
from ...core.seal import fingerprint
from .. import actors, tables
from ..keeping import Origin
from ..work import Work
from . import marks
from .marks import OBJECTION
from .watched import watched

CONSENT = "marketing_consent"
"""Category of the tables in which a host keeps who agreed to advertising."""

_HOST = "host"


def record(work: Work, contact: str, place: str, by: str | None, stop: bool = True) -> None:
    """Note that nobody may send advertising to a contact, or that its owner allows it again.

    :param work: the open transaction.
    :param contact: e-mail address or phone number.
    :param place: code of the property whose controller must keep to it.
    :param by: the host's id of the clerk; None when the host's own code does it, for an
        unsubscribe link for example.
    :param stop: False takes the objection back, when the person agreed anew.
    :raises InputError: this is no contact.
    :raises ForbiddenError: the clerk may not file at this property.
    :raises UnknownError: there is no such property.
    """
    hotel = work.settings.property(place)
    actor = _HOST if by is None else actors.allow(work, by, Permission.FILE, place)
    found = _marks(work, contact, [hotel.country])
    if not found:
        raise InputError("This is no contact.", "Give an e-mail address or a phone number.")
    origin = Origin(None, slug(hotel.controller), place)
    _write(work, origin, found, stop)
    work.events.append(ObjectionRecorded(
        origin.controller, place, "", actor, {}, ("recorded" if stop else "withdrawn",)
    ))  # fmt: skip


def objects(work: Work, contact: str, place: str = "") -> bool:
    """Return whether the owner of a contact does not want advertising; always one question.

    :param work: the open transaction.
    :param contact: e-mail address or phone number.
    :param place: code of the property that wants to write, for its controller alone; any when
        empty.
    """
    hotels = work.settings.properties
    countries = [hotels[place].country] if place in hotels else marks.regions(work.settings)
    table = tables.mark
    wanted = select(table.c.id).where(
        table.c.kind == OBJECTION, table.c.mark.in_(_marks(work, contact, countries) or {""})
    )
    if place in hotels:
        wanted = wanted.where(table.c.controller == slug(hotels[place].controller))
    return work.conn.execute(wanted.limit(1)).first() is not None


def take(work: Work, origin: Origin, plan: Plan) -> int:
    """Note the objection of whose consent to advertising an erasure takes, before it is gone.

    :param work: the open transaction, in which the plan is carried out next.
    :param origin: under which request.
    :param plan: the plan.
    :return: how many contacts that is.
    """
    tables_of = {step.decision.table for step in plan.changing()}
    consents = {
        name for name in tables_of if work.datamap.declared(name).policy.category == CONSENT
    }
    if not consents:
        return 0
    known = watched(work.datamap)
    country = work.settings.property(origin.property).country
    found: set[str] = set()
    for step in plan.changing():
        contacts = work.datamap.subjects.get(step.decision.table)
        one = known.get(step.decision.table)
        if contacts is None or one is None:
            continue
        keys = [row.key for row in step.rows]
        for values in marks.read(work.conn, one, keys).values():
            for column in contacts.contact.keys() & set(step.decision.columns) & set(one.read):
                found |= _marks(work, one.text(column, values[column]), [country])
    _write(work, origin, found, stop=True)
    return len(found)


def _write(work: Work, origin: Origin, found: Iterable[str], stop: bool) -> None:
    wanted = sorted(found)
    if not wanted:
        return
    table = tables.mark
    work.conn.execute(delete(table).where(
        table.c.kind == OBJECTION, table.c.mark.in_(wanted),
        table.c.controller == origin.controller,
    ))  # fmt: skip
    if stop:
        work.conn.execute(insert(table), [
            {
                "request": origin.number,
                "controller": origin.controller,
                "property": origin.property,
                "kind": OBJECTION,
                "table_name": "",
                "mark": mark,
                "row_mark": "",
                "erased_at": work.stamp,
                "ends_on": None,
            }
            for mark in wanted
        ])  # fmt: skip


def _marks(work: Work, contact: str, countries: Iterable[str]) -> set[str]:
    """Return the marks of a contact; none of what is no contact."""
    kind = Kind.EMAIL if "@" in contact else Kind.PHONE
    key = work.custodian.pepper(OBJECTION)
    found = set()
    for country in countries:
        try:
            text = normal(kind, contact, country)
        except MatchError:
            continue
        found.add(fingerprint(key, kind.value, text))
    return found
