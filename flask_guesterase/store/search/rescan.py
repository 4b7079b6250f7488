"""A guest asks again what is left: types a contact, proves it, and gets a signed answer.

What is typed is sealed until the answer, and dropped with it. Only the owner of a proven case may
ask, and only for a contact whose messages they read: nobody learns about anybody else.
"""

from __future__ import annotations

import json
import secrets
from datetime import timedelta
from typing import Any

from sqlalchemy import delete, insert, select, update

from ...core.errors import InputError, TransitionError
from ...core.events import SYSTEM, SearchRepeated
from ...core.lifecycle import DONE
from ...core.log import canonical
from ...core.needle import needles
from ...core.scanned import signed
from ...core.seal import Terms
from .. import tables
from ..access import limits, tokens
from ..access.tokens import Purpose
from ..boxes import safe
from ..casework.cases import Case, load, tell
from ..casework.matching import Contact
from ..certificates import certifying
from ..journaling import journal, signing
from ..messages import outbox
from ..requests import views
from ..work import Work
from . import leftover, sought
from .leftover import Told

MARK = "+"
"""Ends the key of such a search, which begins with the number of the guest's request."""

ASKED = "asked"
"""State of a search nobody has proved the contact of."""

DAYS = 7
"""Days for which what was typed is kept at most, proved or not."""


def parent(key: str) -> str:
    """Return the number of the request a search belongs to."""
    return key.rstrip(MARK)


def ask(work: Work, code: str, kind: str, value: str) -> None:
    """Seal a contact that a guest typed and send it a link; the same for whatever was typed.

    :param work: the open transaction.
    :param code: the guest's case code.
    :param kind: ``email`` or ``phone``.
    :param value: as it was typed.
    :raises TokenError: the code is unknown or expired.
    :raises TransitionError: nothing was certified yet.
    :raises LimitError: this case asked too often.
    :raises InputError: this is neither an e-mail address nor a telephone number.
    """
    case = views.by_code(work, code)
    if case.state not in DONE or not certifying.exists(work, case.number):
        raise TransitionError("There is no certificate yet.", "Ask again when it is done.")
    limits.attempt(work, "again", case.number)
    wanted = needles(kind, value, work.settings.home(case.property).country)
    if kind not in ("email", "phone") or not wanted:
        raise InputError(
            "This is neither an e-mail address nor a phone number.", "Look at it again."
        )
    key, table = case.number + MARK, tables.search
    _drop(work, key)
    ends = (work.now.date() + timedelta(days=DAYS)).isoformat()
    sealed = [[n.kind, n.value, n.strength.value, n.region] for n in wanted]
    box = safe.keep(work, Terms(case.controller, sought.PURPOSE, ends), sealed, case.number)
    work.conn.execute(
        insert(table).values(
            request=key, box=box, state=ASKED, scope="everything", queued_at=work.stamp
        )
    )
    link = tokens.link(work, key, Purpose.AGAIN)
    contact = Contact(kind, wanted[0].value)
    dedupe = f"again:{case.number}:{secrets.token_hex(4)}"
    outbox.queue_message(work, case, contact, "again", {"token": link}, dedupe)


def _drop(work: Work, key: str) -> None:
    table = tables.search
    box = work.conn.execute(select(table.c.box).where(table.c.request == key)).scalar()
    safe.drop(work, box)
    work.conn.execute(delete(table).where(table.c.request == key))
    # A link that proved another contact must not prove this one.
    work.conn.execute(delete(tables.token).where(tables.token.c.request == key))


def by_link(work: Work, token: str) -> Case:
    """Return the request whose guest a link asks again for, without using the link.

    :raises TokenError: it is unknown, used or expired.
    """
    return load(work, parent(str(tokens.look(work, Purpose.AGAIN, token).request)))


def confirm(work: Work, token: str) -> None:
    """Take the proof that the guest reads the contact: the search may be made.

    A button that is pressed twice proves it once.

    :raises TokenError: the link is unknown, used longer ago or expired.
    """
    key, first = tokens.press(work, Purpose.AGAIN, token)
    if not first:
        return
    table = tables.search
    work.conn.execute(
        update(table)
        .where(table.c.request == key, table.c.state == ASKED)
        .values(state=sought.WAITING)
    )


def answer(work: Work, said: Told) -> None:
    """Write the signed answer, and drop what was typed; none where they asked anew since.

    What a living person's own record holds is theirs and is neither listed nor counted: an answer
    that told it would say who stays here.

    :param work: an open transaction.
    :param said: what a reading found.
    """
    case = load(work, parent(said.number))
    table = tables.search
    mine = select(table.c.box).where(table.c.request == said.number)
    box = work.conn.execute(mine.with_for_update()).scalar()
    if box != said.box:
        return
    groups = leftover.groups(work, case, said, ())
    told = signed(
        {
            "number": case.number,
            "property": case.property,
            "controller": case.controller,
            "at": journal.stamp(work.now),
            "scope": "everything",
            "rows": said.rows,
            "left": leftover.listed(groups),
            "unsearched": list(said.unsearched),
        },
        signing.key(work, case.controller),
    )
    safe.drop(work, box)
    work.conn.execute(
        update(table)
        .where(table.c.request == said.number)
        .values(
            box=None, state=sought.ENDED, ended_at=work.stamp, found=canonical(told).decode()
        )
    )
    tell(work, SearchRepeated, case, SYSTEM, {"left": len(told["left"])})


def newest(work: Work, code: str) -> dict[str, Any] | None:
    """Return the newest answer of the case a code opens, or None.

    :raises TokenError: the code is unknown or expired.
    """
    key = views.by_code(work, code).number + MARK
    table = tables.search
    found = work.conn.execute(select(table.c.found).where(table.c.request == key)).scalar()
    return None if found is None else dict(json.loads(found))


def waits(work: Work) -> bool:
    """Return whether a guest waits for an answer whose contact was proved."""
    table = tables.search
    asked = select(table.c.request).where(
        table.c.state == sought.WAITING, table.c.request.like(f"%{MARK}")
    )
    return work.conn.execute(asked.limit(1)).first() is not None
