"""Looks at an installation, each by itself: one that is not allowed says so and hurts no other."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from ...core.certificate import Level
from ...core.depth import Measure, Status

Seen = tuple[bool | None, str, str]
"""Whether it is good (None: nobody can tell), what was found, what the operator must do."""

Look = Callable[[Connection], Seen]

Looks = Mapping[str, tuple[Level, Look]]
"""Stable word -> the level that depends on it, and the look."""


def told(id_: str, level: Level, seen: Seen) -> Measure:
    """Return what was seen as a measure; a good one asks for nothing."""
    good, message, todo = seen
    if good is None:
        return Measure(id_, Status.UNKNOWN, level, message, todo)
    return Measure(id_, Status.GOOD if good else Status.BAD, level, message, "" if good else todo)


def look(conn: Connection, looks: Looks, grant: str) -> list[Measure]:
    """Look at everything; what this account may not see is unknown.

    :param conn: a connection on which each statement stands alone.
    :param looks: what to look at.
    :param grant: what the operator must do where a look is not allowed.
    """
    found = []
    for id_, (level, each) in looks.items():
        try:
            seen = each(conn)
        except DBAPIError as problem:
            if problem.connection_invalidated:
                raise
            seen = None, "This account may not see it.", grant
        found.append(told(id_, level, seen))
    return found


def named(names: Iterable[str], most: int = 3) -> str:
    """Return names in a sentence, the first of many."""
    every = list(names)
    rest = f" and {len(every) - most} more" if len(every) > most else ""
    return ", ".join(every[:most]) + rest
