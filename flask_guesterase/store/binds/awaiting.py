"""Erasures over several databases that have begun, for staff and for `check`."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

from sqlalchemy import func, select

from ...core.finding import Finding, Severity
from ...core.lifecycle import State
from .. import tables
from ..work import Work
from .intents import OPEN

STALE = timedelta(hours=1)
"""How long an intent may be open before staff and `check` are told."""

DEFAULT = "(default)"
"""What the default database is called where names are shown."""


def begun(work: Work, codes: Iterable[str]) -> int:
    """Return how many erasures over several databases are under way at these properties.

    A hold that is placed now comes too late for the rows named in them.
    """
    table = tables.intent
    mine = table.c.property.in_(list(codes)), table.c.state == OPEN
    return work.conn.execute(
        select(func.count(func.distinct(table.c.number))).where(*mine)
    ).scalar_one()


def awaited(work: Work, codes: Iterable[str]) -> list[str]:
    """Return the databases that erasures at these properties have waited for since an hour."""
    table = tables.intent
    first = (
        select(func.min(table.c.id))
        .where(
            table.c.state == OPEN,
            table.c.property.in_(list(codes)),
            table.c.begun_at < work.stamp - STALE,
        )
        .group_by(table.c.number)
    )
    ids = list(work.conn.execute(first).scalars())
    names = work.conn.execute(select(table.c.bind).where(table.c.id.in_(ids)).distinct())
    return sorted(name or DEFAULT for name in names.scalars())


def findings(work: Work) -> list[Finding]:
    """Return the intents that have been open for more than an hour, by database."""
    table = tables.intent
    rows = work.conn.execute(
        select(table.c.bind, func.count().label("number"), func.min(table.c.begun_at).label("at"))
        .where(table.c.state == OPEN, table.c.begun_at < work.stamp - STALE)
        .group_by(table.c.bind)
        .order_by(table.c.bind)
    )
    request = tables.request
    open_ = select(table.c.id).where(table.c.request == request.c.number, table.c.state == OPEN)
    lost = work.conn.execute(
        select(func.count()).where(request.c.state == State.ERASING.value, ~open_.exists())
    ).scalar_one()
    gone = [Finding(
        "intent-lost", "", "", f"{lost} erasures over several databases have begun, and what was "
        "decided is not there any more.", "Restore guesterase_intent and its boxes from a copy.",
    )] if lost else []  # fmt: skip
    return gone + [
        Finding(
            "intent-open", "", row.bind or DEFAULT, f"{row.number} erasures over several "
            f"databases wait for this one since {row.at:%Y-%m-%d %H:%M} UTC.",
            "See that it can be reached; they go on by themselves.", Severity.WARN,
        )
        for row in rows
    ]  # fmt: skip
