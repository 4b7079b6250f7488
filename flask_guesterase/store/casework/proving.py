"""To which contact a link went: it proves that one and no other, and letters go there then.

Somebody may ask by a number they have given up, and again by their mailbox. Whoever reads the
mailbox has proved the mailbox; what is written later must not go to whose the number is now.
"""

from __future__ import annotations

import hashlib
from datetime import timedelta
from typing import Any

from sqlalchemy import Row, select, update

from ...core.identity import same
from ...core.seal import Terms
from .. import tables
from ..access.tokens import LINK_HOURS
from ..boxes import safe
from ..work import Work
from .cases import Case, label
from .matching import Contact

_LINKS = "links"
"""Beside the contact of a request: the links that went to another one."""

SAID = "said"
"""In the place of a link's secret: the contact that a clerk was given."""


def note(work: Work, case: Case, contact: Contact, secret: str) -> None:
    """Note that a link goes to a contact, where that is not the one the request knows.

    :param work: the open transaction.
    :param case: the request.
    :param contact: where the link goes.
    :param secret: secret of the link.
    """
    row, value = known(work, case)
    if row is None or _is(work, case, value, contact):
        return
    ends = work.stamp + timedelta(hours=LINK_HOURS)
    now = work.stamp.isoformat()
    living = [each for each in value.get(_LINKS, ()) if each["ends"] > now]
    link = _link(secret, contact, ends.isoformat())
    seal(work, case, row, {**value, _LINKS: [*living, link]})


def say(work: Work, case: Case, contact: Contact) -> None:
    """Note the contact that a clerk was given, where a request from the form knows another one.

    :param work: the open transaction.
    :param case: the request.
    :param contact: as it is on file.
    """
    row, value = known(work, case)
    if row is None:
        return
    before = value.pop(_LINKS, [])
    links = [each for each in before if each["mark"] != _mark(SAID)]
    if not _is(work, case, value, contact):
        links.append(_link(SAID, contact, row.ends_on))
    if links != before:
        seal(work, case, row, {**value, _LINKS: links})


def take(work: Work, case: Case, secret: str) -> None:
    """Let a request know the contact that a link proved, from now on and alone.

    :param work: the open transaction, in which the link is used up.
    :param case: the request, locked.
    :param secret: secret of the link; SAID where a clerk saw who the guest is.
    """
    row, value = known(work, case)
    if row is None or _LINKS not in value:
        return
    links = value.pop(_LINKS)
    proved = next((each for each in links if each["mark"] == _mark(secret)), value)
    seal(work, case, row, {**value, "kind": proved["kind"], "value": proved["value"]})


def known(
    work: Work, case: Case, lock: bool = True
) -> tuple[Row[Any] | None, dict[str, Any]]:
    """Return which box holds the contact of a request, and what it holds.

    :param work: the open transaction.
    :param case: the request.
    :param lock: keep others from sealing it anew until the transaction ends.
    :return: None and nothing where there is none, or it cannot be read.
    """
    table = tables.contact
    mine = select(table).where(table.c.request == case.number)
    row = work.conn.execute(mine.with_for_update() if lock else mine).one_or_none()
    value = None if row is None else safe.peek(work, row.box)
    return (None, {}) if value is None else (row, dict(value))


def _is(work: Work, case: Case, value: dict[str, Any], contact: Contact) -> bool:
    country = work.settings.home(case.property).country
    alike = same(contact.kind, value["value"], contact.value, country)
    return bool(value["kind"] == contact.kind and alike)


def _link(secret: str, contact: Contact, ends: str) -> dict[str, str]:
    return {
        "mark": _mark(secret), "kind": contact.kind, "value": contact.value, "ends": ends,
    }  # fmt: skip


def seal(work: Work, case: Case, row: Row[Any], value: dict[str, Any]) -> None:
    """Seal the contact of a request anew, in place of the box it lay in.

    :param work: the open transaction.
    :param case: the request.
    :param row: which box that was, as `known` gave it.
    :param value: what to seal.
    """
    terms = Terms(case.controller, "contact", row.ends_on, label(case.number))
    box = safe.keep(work, terms, value, case.number)
    table = tables.contact
    work.conn.execute(update(table).where(table.c.request == case.number).values(box=box))
    safe.drop(work, row.box)


def _mark(secret: str) -> str:
    return hashlib.sha256(f"link:{secret}".encode()).hexdigest()
