"""Who does not want advertising: marks that do not end, and the question a mailing asks.

Source: GDPR Article 21(2), (3): after an objection the data may not be used for direct marketing;
to keep to it, a mark of the contact must outlive the contact itself.
"""

from __future__ import annotations

import stringprep
import unicodedata
from collections.abc import Collection, Iterable, Iterator
from contextlib import suppress
from email.utils import parseaddr
from typing import Any

from sqlalchemy import Column, delete, insert, select

from ...core.errors import InputError, KeyMissingError, MatchError
from ...core.events import ObjectionRecorded
from ...core.identity import Kind, kind_of, normal, sent
from ...core.kinds import TEXT, need
from ...core.log import slug
from ...core.permissions import Permission
from ...core.plan import Plan, Step
from ...core.remembrance import Kind as Kept
from ...core.remembrance import Line
from ...core.seal import fingerprint
from .. import tables
from ..access import actors
from ..erasing.carrying import known
from ..remembrance import objected
from ..retaining.keeping import Origin
from ..statements.sql import among, is_text, parts
from ..work import Work
from . import marks
from .marks import OBJECTION
from .watched import text_of, watched

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
    found = _marks(work, contact, [hotel.country], before=not stop)
    if not found:
        raise InputError("This is no contact.", "Give an e-mail address or a phone number.")
    origin = Origin(None, slug(hotel.controller), place)
    _write(work, origin, found, stop)
    work.events.append(ObjectionRecorded(
        origin.controller, place, "", actor, {}, ("recorded" if stop else "withdrawn",)
    ))  # fmt: skip


def again(work: Work, line: Line) -> dict[str, int]:
    """Write down again what the register remembers of one objection.

    :param work: the open transaction.
    :param line: line of the register.
    :return: that it was done, or that the key of its month is not there.
    """
    try:
        found = objected.marks(work, line)
    except KeyMissingError:
        return {"objections-lost": 1}
    origin = Origin(line.note.request or None, line.note.controller, line.note.property)
    _put(work, origin, found, line.note.kind is Kept.OBJECTED)
    return {"objections": 1}


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
    known_by = _marks(work, contact, countries, before=True, folded=True)
    wanted = select(table.c.id).where(
        table.c.kind == OBJECTION, table.c.mark.in_(known_by or {""})
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
    consents = [
        step for step in plan.changing()
        if work.datamap.declared(step.decision.table).policy.category == CONSENT
    ]  # fmt: skip
    if not consents:
        return 0
    found: set[str] = set()
    for place, contact in (*_of_people(work, plan), *_of_consents(work, consents)):
        found |= _marks(work, contact, marks.regions(work.settings, place or origin.property))
    _write(work, origin, found, stop=True)
    return len(found)


def _of_people(work: Work, plan: Plan) -> Iterator[tuple[str, str]]:
    """Yield place and contact of the people of a plan, of those too whose contact stays a while."""
    owners = {p for step in plan.steps for row in step.rows for p, _ in row.owners}
    watching = watched(work.datamap)
    for person, row in known(work.conn, work.datamap, plan.people or owners).items():
        ruling = plan.rulings.get(person)
        one = watching.get(person[0])
        for column, text in row.contacts.items():
            said = one.text(column, text) if one is not None else text
            yield ruling.place if ruling is not None else "", said


def _of_consents(work: Work, consents: Iterable[Step]) -> Iterator[tuple[str, str]]:
    """Yield place and contact of consents that were given for a contact of their own."""
    for step in consents:
        declared = work.datamap.declared(step.decision.table)
        # A decision names no column of a row that is deleted whole.
        going = step.decision.columns or declared.taken
        held = [c for c in map(declared.column, going) if _is_contact(c)]
        keys = [row.key for row in step.rows] if held else []
        for part in parts(keys):
            rows = work.conn.execute(select(*held).where(among(declared.key, part)))
            yield from (("", text) for row in rows for text in map(text_of, row) if text)


def _is_contact(column: Column[Any]) -> bool:
    return kind_of(column.name) in (Kind.EMAIL, Kind.PHONE) and is_text(column.type)


def _write(work: Work, origin: Origin, found: Collection[str], stop: bool) -> None:
    """Write down who does not want advertising, and have it remembered outside the database."""
    told = objected.note(work, origin, found, stop) if found else None
    if told is not None:
        work.remember.append(told)
    _put(work, origin, found, stop)


def _put(work: Work, origin: Origin, found: Iterable[str], stop: bool) -> None:
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


def _marks(
    work: Work, contact: str, countries: Iterable[str], before: bool = False,
    folded: bool = False,
) -> set[str]:
    """Return the marks of a contact in each of its forms; none of what is no contact.

    :param before: also those that were made of them before "fußball" and "fussball" were two.
    :param folded: also those that were made of what the letters of a domain fold to.
    """
    need(contact, TEXT, "contact=...", InputError)
    text = unicodedata.normalize("NFKC", contact).strip()
    kind = Kind.EMAIL if "@" in text else Kind.PHONE
    key = work.custodian.pepper(OBJECTION)
    forms = set[str]()
    for country in countries:
        with suppress(MatchError):
            if kind is Kind.EMAIL:
                mailboxes = _mailboxes(text)
                forms |= set(map(marks.mailbox, mailboxes)) | (mailboxes if before else set())
                forms |= _folded(mailboxes) if folded else set()
            else:
                forms.add(normal(kind, text, country))
    return {fingerprint(key, kind.value, form) for form in forms}


def _mailboxes(text: str) -> set[str]:
    """Return the ways in which one mailbox is written: its domain by letters and as it is sent.

    A name before it, as in the head of a mail, is left out, and so is the root's dot.
    """
    address = (parseaddr(text)[1] or text) if "<" in text else text
    local, _, domain = address.removeprefix("mailto:").rpartition("@")
    # What cannot be seen means nothing to mail, and what ends a Chinese sentence is a dot to it.
    seen = "".join(sign for sign in domain if not stringprep.in_table_b1(sign))
    seen = seen.replace("\u3002", ".").rstrip(".")
    mailbox = normal(Kind.EMAIL, f"{local}@{seen}")
    return {mailbox, sent(mailbox)}


def _folded(mailboxes: Iterable[str]) -> set[str]:
    """Return what the letters of domains fold to, by which mailboxes were marked once."""
    apart = (each.rpartition("@") for each in mailboxes)
    return {normal(Kind.EMAIL, f"{local}@{domain.casefold()}") for local, _, domain in apart}
