"""Feedback after the end of a request: a figure that is counted, and words that are sealed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import func, insert, select

from ...core import complaining
from ...core.complaining import RATINGS
from ...core.errors import ForbiddenError, InputError, TransitionError
from ...core.events import GUEST, FeedbackGiven
from ...core.lifecycle import OPEN
from ...core.permissions import Permission
from .. import tables
from ..access import actors, tokens
from ..access.tokens import Purpose
from ..boxes import safe
from ..casework import cases, written
from ..casework.cases import Case
from ..work import Work

PURPOSE = "feedback"

_SHOWN = 50


def give(work: Work, code: str, rating: int, words: str) -> None:
    """Take what a guest says about an ended request, once.

    :param work: the open transaction.
    :param code: the guest's case code.
    :param rating: 1 to 5, 5 for very well.
    :param words: in the guest's own words; may be empty.
    :raises TokenError: the code is unknown or expired.
    :raises TransitionError: the request has not ended, or this was said before.
    :raises InputError: that is no rating.
    """
    case = cases.load(work, _number(work, code), lock=True)
    if rating not in RATINGS:
        raise InputError("This is no rating.", "Give a number from 1 to 5.")
    if not open_to(work, case):
        raise TransitionError(
            "This can be said once, after the end of the request.", "Thank you all the same."
        )
    text = words.replace("\0", "").strip()[: complaining.LONGEST_TEXT]
    box = written.seal(work, case.controller, PURPOSE, {"text": text}) if text else None
    work.conn.execute(
        insert(tables.feedback).values(
            property=case.property, controller=case.controller, request=case.number,
            rating=rating, box=box, at=work.stamp,
        )
    )  # fmt: skip
    cases.tell(work, FeedbackGiven, case, GUEST, {"rating": rating})


def open_to(work: Work, case: Case) -> bool:
    """Return whether the guest of a request may still say how it went."""
    if case.state in OPEN or (case.ended_at is None and case.erased_at is None):
        return False
    table = tables.feedback
    said = select(table.c.id).where(table.c.request == case.number)
    return work.conn.execute(said).first() is None


def asked(work: Work, code: str) -> bool:
    """Return whether the guest of this case code may still say how it went.

    :raises TokenError: the code is unknown or expired.
    """
    return open_to(work, cases.load(work, _number(work, code)))


def _number(work: Work, code: str) -> str:
    return str(tokens.look(work, Purpose.CASE, tokens.plain(code)).request)


def figures(work: Work, by: str, property_: str = "") -> dict[str, Any]:
    """Return how often which figure was given, and the newest words, without whose they are.

    :param work: the open transaction.
    :param by: the host's id of who asks.
    :param property_: code of one property, or empty.
    :raises ForbiddenError: they may deal with complaints nowhere.
    """
    codes = [
        code
        for code in work.settings.properties
        if property_ in ("", code) and actors.may(work, by, Permission.COMPLAINT, code)
    ]
    if not codes:
        raise ForbiddenError(
            f"This needs the permission '{Permission.COMPLAINT}' at a property.",
            "Ask whoever gives permissions at your hotel.",
        )
    table = tables.feedback
    mine = table.c.property.in_(codes)
    each = select(table.c.rating, func.count()).where(mine).group_by(table.c.rating)
    given = {rating: int(count) for rating, count in work.conn.execute(each)}
    # Words last equally long, so of the newest none has ended before an older one.
    newest = work.conn.execute(
        select(table)
        .where(mine, table.c.box.is_not(None))
        .order_by(table.c.id.desc())
        .limit(_SHOWN)
    ).all()
    counts = {rating: given.get(rating, 0) for rating in RATINGS}
    return {"counts": counts, "words": _words(work, newest)}


def _words(work: Work, rows: Sequence[Any]) -> list[dict[str, Any]]:
    found = []
    for row in rows:
        said = safe.peek(work, row.box)
        if said:
            found.append({"property": row.property, "rating": row.rating, "text": said["text"]})
    return found
