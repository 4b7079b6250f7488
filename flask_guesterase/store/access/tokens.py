"""Links and codes: shown once, kept only as a keyed mark, used once.

The mark is made with a key outside the database, of the secret and of all that its row says: who
can write into the table makes no link, and turns none round to open something else.
"""

from __future__ import annotations

import hmac
import secrets
import unicodedata
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Row, delete, insert, or_, select, update

from ...core.errors import InputError, TokenError
from ...core.kinds import TEXT, need
from ...core.log import canonical
from ...core.seal import fingerprint
from .. import tables
from ..noted import Refusal
from ..work import Work

LINK_HOURS = 24
CODE_MINUTES = 10
PRESSED_MINUTES = 10
TICKET_MINUTES = 30
SLIP_HOURS = 72
OBJECTION_DAYS = 14
CASE_DAYS = 731
"""The status page answers as long as a guest may want to hear of a later step: 24 months."""

ALPHABET = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Characters that nobody confuses when they read them from paper or aloud."""


class Purpose(StrEnum):
    """What a token opens."""

    CONFIRM = "confirm"
    CASE = "case"
    CODE = "code"
    AGAIN = "again"
    REVIEW = "review"
    REVIEWER = "reviewer"
    COPY = "copy"
    FETCH = "fetch"
    TICKET = "ticket"
    OBJECT = "object"
    PIN = "pin"
    STOP = "stop"


@dataclass(frozen=True)
class Token:
    """What is known of a token.

    :param purpose: what it opens.
    :param request: number of its request, or None.
    :param actor: opaque number of the person it was made for, or None.
    :param ends_at: naive UTC.
    """

    purpose: Purpose
    request: str | None
    actor: str | None
    ends_at: datetime


def link(work: Work, request: str, purpose: Purpose = Purpose.CONFIRM) -> str:
    """Return a new single-use secret for a link that proves a contact; good for 24 hours."""
    secret = secrets.token_urlsafe(32)
    _keep(work, purpose, secret, timedelta(hours=LINK_HOURS), request=request)
    return secret


def invite(work: Work, number: str, lasting: timedelta) -> tuple[str, str]:
    """Return a new single-use link and the code that goes with it; earlier ones end.

    Only both together open anything, so that they can go two ways.

    :param work: the open transaction.
    :param number: number of the complaint.
    :param lasting: how long they are good for.
    """
    end(work, number, Purpose.REVIEW, Purpose.REVIEWER)
    secret, code = secrets.token_urlsafe(32), letters(8)
    _keep(work, Purpose.REVIEW, f"{secret}:{code}", lasting, request=number)
    return secret, f"{code[:4]}-{code[4:]}"


def enter(work: Work, secret: str, code: str, chosen: str = "") -> tuple[str, Token]:
    """Use such a link up; return what the browser shows from then on, and what it opens.

    :param work: the open transaction.
    :param secret: secret of the link.
    :param code: the code that goes with it.
    :param chosen: what the browser shows, as `spelt` gives it; a random one where it is empty.
    :raises TokenError: link and code do not go together, or one of them is used or expired.
    """
    token = use(work, Purpose.REVIEW, f"{secret}:{plain(code)}")
    kept = chosen or secrets.token_urlsafe(32)
    _keep(work, Purpose.REVIEWER, kept, token.ends_at - work.stamp, request=token.request)
    return kept, token


def end(work: Work, number: str, *purposes: Purpose) -> None:
    """Delete the tokens of these purposes that a request or complaint has."""
    table = tables.token
    mine = [purpose.value for purpose in purposes]
    work.conn.execute(
        delete(table).where(table.c.request == number, table.c.purpose.in_(mine))
    )


def case_code(work: Work, request: str, chosen: str = "") -> str:
    """Return a new code that opens a request's status page; earlier ones of it end.

    :param work: the open transaction.
    :param request: number of the request.
    :param chosen: the code, as `spelt` gives it; a random one where it is empty.
    :return: 24 characters in groups of four, about 117 bits; shown once.
    """
    work.conn.execute(
        delete(tables.token).where(
            tables.token.c.request == request, tables.token.c.purpose == Purpose.CASE.value
        )
    )
    secret = plain(chosen) or letters(24)
    _keep(work, Purpose.CASE, secret, timedelta(days=CASE_DAYS), request=request)
    return grouped(secret)


def code(
    work: Work, actor: str, purpose: Purpose = Purpose.CODE,
    lasting: timedelta = timedelta(minutes=CODE_MINUTES),
) -> str:  # fmt: skip
    """Return a new one-time code for a person; earlier ones of them end.

    :param work: the open transaction.
    :param actor: opaque number of the person.
    :param purpose: what it is for: to prove at a console who they are, or to set a PIN.
    :param lasting: how long it is good for.
    """
    work.conn.execute(
        delete(tables.token).where(
            tables.token.c.actor == actor, tables.token.c.purpose == purpose.value
        )
    )
    secret = letters(8)
    _keep(work, purpose, f"{actor}:{secret}", lasting, actor=actor)
    return f"{secret[:4]}-{secret[4:]}"


def slip(work: Work, request: str) -> str:
    """Return a new single-use code on paper that opens a copy; good for three days.

    :param work: the open transaction.
    :param request: number of the request for the copy.
    """
    secret = letters(24)
    _keep(work, Purpose.FETCH, secret, timedelta(hours=SLIP_HOURS), request=request)
    return grouped(secret)


def ticket(work: Work, request: str, chosen: str = "") -> str:
    """Return a new secret by which one browser reads an opened copy; good for half an hour.

    :param work: the open transaction.
    :param request: number of the request for the copy.
    :param chosen: the secret, as `spelt` gives it; a random one where it is empty.
    """
    secret = chosen or secrets.token_urlsafe(32)
    _keep(work, Purpose.TICKET, secret, timedelta(minutes=TICKET_MINUTES), request=request)
    return secret


def objection(work: Work, request: str, purpose: Purpose = Purpose.OBJECT) -> str:
    """Return a new single-use secret for a link by which a request is objected to.

    :param work: the open transaction.
    :param request: number of the request.
    :param purpose: STOP for who is told of an approval by one person alone.
    """
    secret = secrets.token_urlsafe(32)
    _keep(work, purpose, secret, timedelta(days=OBJECTION_DAYS), request=request)
    return secret


def grouped(secret: str) -> str:
    """Return a code in groups of four, as it is printed."""
    return "-".join(secret[i : i + 4] for i in range(0, len(secret), 4))


def spelt(seed: bytes) -> str:
    """Return 24 characters in groups of four, the same for the same seed.

    :param seed: 32 bytes that nobody can guess.
    """
    left, found = int.from_bytes(seed, "big"), ""
    for _ in range(24):
        left, place = divmod(left, len(ALPHABET))
        found += ALPHABET[place]
    return grouped(found)


def plain(text: str) -> str:
    """Return a code as it was made, however it was typed.

    :raises InputError: it is no text.
    """
    need(text, TEXT, "code=...", InputError)
    return "".join(c for c in unicodedata.normalize("NFKC", text).upper() if c.isalnum())


def look(work: Work, purpose: Purpose, secret: str) -> Token:
    """Return what a token opens, without using it.

    :param work: the open transaction.
    :param purpose: what it is shown for.
    :param secret: the token as it was made.
    :raises TokenError: it is unknown, used or expired.
    """
    row = _row(work, purpose, secret)
    if row is None:
        raise TokenError("This link or code is not known.", _again(purpose))
    if row.used_at is not None:
        raise TokenError("This link or code was used before.", _again(purpose))
    if row.ends_at <= work.stamp:
        raise TokenError("This link or code has expired.", _again(purpose))
    return Token(purpose, row.request, row.actor, row.ends_at)


def _again(purpose: Purpose) -> str:
    """Return what to do: who acts at a console makes a code alone, a guest asks the house."""
    if purpose is Purpose.CODE:
        return "Make a new one on the staff page 'My code', in the own login of whoever acts."
    return "Ask for a new one, or speak to reception."


def use(work: Work, purpose: Purpose, secret: str) -> Token:
    """Use a token up and return what it opened.

    :param work: the open transaction.
    :param purpose: what it is shown for.
    :param secret: the token as it was made.
    :raises TokenError: it is unknown, used or expired; of two that use it at once, one gets this.
    """
    try:
        token = look(work, purpose, secret)
    except TokenError:
        work.refused.append(Refusal("", ("link-or-code", purpose.value)))
        raise
    table = tables.token
    done = work.conn.execute(
        update(table)
        .where(_known(work, purpose, secret), table.c.used_at.is_(None))
        .values(used_at=work.stamp)
    )
    if done.rowcount != 1:
        raise TokenError("This link or code was used before.", _again(purpose))
    return token


def press(work: Work, purpose: Purpose, secret: str) -> tuple[str, bool]:
    """Use a token up; return its request, and whether this was the first press of its button.

    Whoever presses a button twice sees the second answer alone.

    :param work: the open transaction.
    :param purpose: what it is shown for.
    :param secret: the token as it was made.
    :raises TokenError: it is unknown, used longer ago or expired.
    """
    try:
        return str(use(work, purpose, secret).request), True
    except TokenError:
        before = _just_used(work, purpose, secret)
        if before is None:
            raise
        return before, False


def _just_used(work: Work, purpose: Purpose, secret: str) -> str | None:
    """Return the request of a token that was used a moment ago, or None."""
    row = _row(work, purpose, secret)
    if row is None or row.used_at is None:
        return None
    lately = row.used_at >= work.stamp - timedelta(minutes=PRESSED_MINUTES)
    return row.request if lately else None


def forget(work: Work) -> int:
    """Delete tokens that ended, or were used, more than a day ago; return how many."""
    table = tables.token
    over = work.stamp - timedelta(days=1)
    return work.conn.execute(
        delete(table).where(or_(table.c.ends_at < over, table.c.used_at < over))
    ).rowcount


def _keep(
    work: Work,
    purpose: Purpose,
    secret: str,
    lasting: timedelta,
    request: str | None = None,
    actor: str | None = None,
) -> None:
    ends = work.stamp + lasting
    mark = _mark(work, purpose, secret) + _bound(work, purpose, secret, (request, actor, ends))
    work.conn.execute(
        insert(tables.token).values(
            hash=mark, purpose=purpose.value, request=request, actor=actor, ends_at=ends
        )
    )


def _row(work: Work, purpose: Purpose, secret: str) -> Row[Any] | None:
    """Return the row of a token, or None where there is none that says what it said when made."""
    row = work.conn.execute(select(tables.token).where(_known(work, purpose, secret))).first()
    if row is None:
        return None
    bound = _bound(work, purpose, secret, (row.request, row.actor, row.ends_at))
    return row if hmac.compare_digest(row.hash[_HALF:], bound) else None


_HALF = 32
"""Hex digits by which a row is found; as many again bind what the row says."""


def _known(work: Work, purpose: Purpose, secret: str) -> ColumnElement[bool]:
    mark = _mark(work, purpose, secret)
    return tables.token.c.hash.between(mark + "0" * _HALF, mark + "f" * _HALF)


def _mark(work: Work, purpose: Purpose, secret: str) -> str:
    return fingerprint(work.custodian.pepper("token"), purpose.value, secret)[:_HALF]


def _bound(
    work: Work, purpose: Purpose, secret: str, said: tuple[str | None, str | None, datetime]
) -> str:
    request, actor, ends = said
    told = canonical([purpose.value, secret, request, actor, ends.isoformat()])
    return fingerprint(work.custodian.pepper("token"), "row", told.decode())[:_HALF]


def letters(count: int) -> str:
    """Return so many random characters that can be read from paper."""
    return "".join(secrets.choice(ALPHABET) for _ in range(count))
