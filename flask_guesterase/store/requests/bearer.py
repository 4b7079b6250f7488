"""Tokens by which a program acts for a person: shown once, kept as a hash, ended on their day."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy import Row, delete, insert, select, update

from ...core.errors import InputError, KeyMissingError, TokenError, TransitionError, UnknownError
from ...core.events import TokenIssued, TokenRevoked
from ...core.log import slug
from ...core.permissions import Permission
from ...core.seal import Terms
from .. import tables
from ..access import actors, sameness
from ..boxes import safe
from ..casework.cases import day_at
from ..lawbook.blockers import today_at
from ..mapping.days import last_utc_day
from ..noted import Refusal
from ..work import Work

PREFIX = "gea_"
"""Begins every token, so that scanners of leaked secrets know one."""

LONGEST = timedelta(days=366)
PURPOSE = "token"


@dataclass(frozen=True)
class Wish:
    """What a new token is to be good for.

    :param user: the host's id of the person for whom a program acts.
    :param property: code of the only property.
    :param permissions: what it may be used for, at most what the person may do.
    :param until: last day at the property.
    """

    user: str
    property: str
    permissions: frozenset[Permission]
    until: date


@dataclass(frozen=True)
class Bearer:
    """Who comes with a token, and within what.

    :param id: number of the token.
    :param user: the host's id of the person.
    :param property: code of the only property.
    :param permissions: what it may be used for.
    """

    id: int
    user: str
    property: str
    permissions: frozenset[str]

    def within(self, permission: str, property_: str) -> bool:
        """Return whether something lies within what the token is good for."""
        return property_ == self.property and permission in self.permissions


def permissions(words: Iterable[str]) -> frozenset[Permission]:
    """Return permissions by their words.

    :raises InputError: one is none, there are none, or one makes further tokens.
    """
    try:
        found = frozenset(Permission(word) for word in words)
    except ValueError:
        found = frozenset()
    if not found or Permission.ISSUE in found:
        known = ", ".join(p.value for p in Permission if p is not Permission.ISSUE)
        raise InputError("A token needs permissions that there are.", f"Use some of: {known}.")
    return found


def issue(work: Work, wish: Wish, by: str) -> str:
    """Return a new token, shown once.

    :param work: the open transaction.
    :param wish: what it is to be good for.
    :param by: the host's id of who issues it.
    :raises ForbiddenError: they may not issue tokens at this property, or the person may not do
        all of it themselves.
    :raises InputError: its last day is past, or more than a year ahead; or several people share
        the login it is to act for.
    :raises UnknownError: there is no such property.
    """
    hotel = work.settings.property(wish.property)
    issuer = actors.allow(work, by, Permission.ISSUE, hotel.code)
    for permission in sorted(wish.permissions):
        if not wish.user or not actors.may(work, wish.user, permission, hotel.code):
            # They tried nothing; who wished to give more than they have did.
            work.refused.append(Refusal(hotel.code, ("not-permitted", permission.value), user=by))
            raise actors.refusal(
                work, by, hotel.code, f"Who it is for needs the permission '{permission}' here."
            )
    if work.shared(wish.user):
        raise InputError("Several people share this login.", "Issue a token for one person.")
    today = day_at(hotel, work.now)
    if not today < wish.until <= today + LONGEST:
        raise InputError(
            "A token ends after today and within a year.", "Give a last day in that time."
        )
    secret = PREFIX + secrets.token_urlsafe(32)
    controller, ends = slug(hotel.controller), wish.until.isoformat()
    person = actors.number(work, wish.user)
    words = sorted(wish.permissions)
    said = {
        "hash": _hash(secret), "property": hotel.code, "permissions": " ".join(words),
        "ends_on": ends,
    }  # fmt: skip
    # The person's name lies under the key of a UTC day, which is not over before the hotel's is.
    terms = Terms(controller, PURPOSE, last_utc_day(wish.until, hotel.zone).isoformat())
    work.conn.execute(
        insert(tables.apitoken).values(
            controller=controller,
            actor=person,
            box=safe.keep(work, terms, {"user": wish.user, **said}),
            issued_by=issuer,
            issued_at=work.stamp,
            **said,
        )
    )
    grounds = tuple(word.value for word in words)
    marks = sameness.mark(person)
    work.events.append(TokenIssued(controller, hotel.code, "", issuer, {}, grounds, marks))
    return secret


def look(work: Work, secret: str) -> Bearer:
    """Return who comes with a token, and note the day of its use.

    It is found by its hash: how long that takes tells nothing about the secret.

    :param work: the open transaction.
    :param secret: the token as it was shown.
    :raises TokenError: it is unknown, revoked or over; which of these is not said.
    :raises SealError: a key service does not answer now; that says nothing about the token.
    """
    table = tables.apitoken
    row = work.conn.execute(select(table).where(table.c.hash == _hash(secret))).one_or_none()
    if row is None or row.revoked_at is not None or _is_over(work, row):
        raise _refused()
    try:
        sealed = dict(safe.read(work, row.box))
    except (KeyMissingError, UnknownError):
        raise _refused() from None
    user = str(sealed.pop("user", ""))
    # Who can write into the table gives nobody a token, nor a token more than it was issued with.
    if not user or sealed != {name: row._mapping[name] for name in _SEALED}:
        raise _refused()
    if row.used_on != work.today:
        work.conn.execute(
            update(table).where(table.c.id == row.id).values(used_on=work.today)
        )
    return Bearer(row.id, user, row.property, frozenset(row.permissions.split()))


_SEALED = ("hash", "property", "permissions", "ends_on")
"""What a row says that lies in its box as well, whose key is outside the database."""


def _is_over(work: Work, row: Row[Any]) -> bool:
    """Return whether a token's last day is over at its hotel."""
    today = today_at(work.settings, work.now, row.property)
    return bool(row.ends_on < today.isoformat())


def _refused() -> TokenError:
    return TokenError("This token does not work.", "Ask for a new one where it was issued.")


def listed(work: Work, by: str) -> Sequence[dict[str, Any]]:
    """Return tokens, those that work first: of properties where who asks may issue, and their own.

    :param work: the open transaction.
    :param by: the host's id of who asks.
    """
    codes = [c for c in work.settings.properties if actors.may(work, by, Permission.ISSUE, c)]
    table, mine = tables.apitoken, actors.number(work, by)
    rows = work.conn.execute(
        select(table)
        .where(table.c.property.in_(codes) | (table.c.actor == mine))
        .order_by(table.c.revoked_at.is_not(None), table.c.ends_on.desc(), table.c.id)
    )
    return [_shown(work, row) for row in rows]


def _shown(work: Work, row: Row[Any]) -> dict[str, Any]:
    over = row.revoked_at is not None or _is_over(work, row)
    return {
        "id": row.id, "property": row.property, "permissions": row.permissions.split(),
        "actor": row.actor, "issued_by": row.issued_by, "issued_at": row.issued_at,
        "ends_on": row.ends_on, "used_on": row.used_on or "", "works": not over,
        "revoked_by": row.revoked_by or "", "revoked_at": row.revoked_at,
    }  # fmt: skip


def revoke(work: Work, id: int, by: str) -> None:
    """Let a token end at once.

    :param work: the open transaction.
    :param id: number of the token.
    :param by: the host's id of who does it: the person it acts for, or who may issue there.
    :raises UnknownError: there is no such token.
    :raises ForbiddenError: they may not issue tokens at its property, and it is not theirs.
    :raises TransitionError: it was revoked before.
    """
    table = tables.apitoken
    row = work.conn.execute(
        select(table).where(table.c.id == id).with_for_update()
    ).one_or_none()
    if row is None:
        raise UnknownError("There is no such token.", "Look it up in the list.")
    actor = actors.acting(work, by)
    if actor != row.actor:
        actors.require(work, by, Permission.ISSUE, row.property)
    if row.revoked_at is not None:
        raise TransitionError("This token was revoked before.", "Nothing is left to do.")
    safe.drop(work, row.box)
    work.conn.execute(
        update(table)
        .where(table.c.id == id)
        .values(revoked_at=work.stamp, revoked_by=actor, box=None)
    )
    work.events.append(TokenRevoked(row.controller, row.property, "", actor))


def _hash(secret: str) -> str:
    return hashlib.sha256(f"apitoken:{secret}".encode()).hexdigest()


KEPT = timedelta(days=1)
"""How long it is known what a program filed under which key."""


def forget(work: Work) -> int:
    """Forget what programs filed more than a day ago; return how much that was."""
    table = tables.filed
    return work.conn.execute(delete(table).where(table.c.at < work.stamp - KEPT)).rowcount
