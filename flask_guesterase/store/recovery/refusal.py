"""Why a row does not come back: one word each, of what the database or its content says."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import NoReturn

from sqlalchemy.exc import DBAPIError

from ...core.image import Image
from ..statements.failure import (
    cause,
    is_forbidden,
    is_full,
    is_lock,
    is_refusal,
    is_retryable,
    number,
    state,
)


class Fate(StrEnum):
    """What became of one row of an erasure that is taken back; all but two are refusals."""

    RESTORED = "restored"
    ALREADY = "already"
    NEWER = "newer"
    REUSED = "reused-key"
    UNIQUE = "unique"
    FOREIGN = "foreign-key"
    MISSING = "missing-row"
    NEEDED = "column-needed"
    GONE = "column-gone"
    NO_TABLE = "table-gone"
    CHECK = "check"
    SHAPE = "does-not-fit"
    DATABASE = "changed-by-database"
    REFUSED = "database-refused"


CAME = frozenset({Fate.RESTORED, Fate.ALREADY})
"""Fates of rows that are as they were before."""

@dataclass(frozen=True)
class Old:
    """A row as it was, and where it is written down.

    :param image: the row.
    :param box: the box its image lies in.
    """

    image: Image
    box: str

    @property
    def name(self) -> tuple[str, int]:
        """Return by what this image is known among all of a request."""
        return self.box, self.image.order


@dataclass(frozen=True)
class Back:
    """What became of one row.

    :param old: the row.
    :param fate: restored, already as before, or why not.
    :param gone: columns that the table does not have any more.
    """

    old: Old
    fate: Fate
    gone: tuple[str, ...] = ()


class RefusedError(Exception):
    """A row does not come back; what was done for it is taken back."""

    def __init__(self, fate: Fate) -> None:
        super().__init__(fate)
        self.fate = fate


def refuse(fate: Fate) -> NoReturn:
    """Let a row not come back; what was done for it is taken back.

    :raises RefusedError: always.
    """
    raise RefusedError(fate)



_STATES = {
    "23505": Fate.UNIQUE, "23P01": Fate.UNIQUE, "23503": Fate.FOREIGN, "23502": Fate.NEEDED,
    "23514": Fate.CHECK, "42804": Fate.SHAPE, "42846": Fate.SHAPE,
}  # fmt: skip
_NUMBERS = {
    1062: Fate.UNIQUE, 1586: Fate.UNIQUE, 1216: Fate.FOREIGN, 1452: Fate.FOREIGN,
    1451: Fate.FOREIGN, 1048: Fate.NEEDED, 1364: Fate.NEEDED, 4025: Fate.CHECK,
    3819: Fate.CHECK, 1264: Fate.SHAPE, 1265: Fate.SHAPE, 1292: Fate.SHAPE, 1366: Fate.SHAPE,
    1367: Fate.SHAPE, 1406: Fate.SHAPE, 1416: Fate.SHAPE,
}  # fmt: skip
_WORDS = {
    "unique constraint failed": Fate.UNIQUE,
    "foreign key constraint failed": Fate.FOREIGN,
    "not null constraint failed": Fate.NEEDED,
    "check constraint failed": Fate.CHECK,
    "datatype mismatch": Fate.SHAPE,
    "cannot store": Fate.SHAPE,
}
"""How SQLite begins to say it; what follows names columns and is not looked at."""


def reason(problem: DBAPIError) -> Fate:
    """Return why a database refused a row.

    :param problem: what the driver raised.
    :raises DBAPIError: it is no answer about this row: a lock, a deadlock, a full disk, a lost
        connection.
    """
    problem = cause(problem)
    if any(is_other(problem) for is_other in (is_lock, is_retryable, is_forbidden, is_full)):
        raise problem
    if problem.connection_invalidated or not is_refusal(problem):
        raise problem
    told = number(problem)
    if told:
        return _NUMBERS.get(told, Fate.REFUSED)
    named = state(problem)
    if named:
        return _STATES.get(named, Fate.SHAPE if named.startswith("22") else Fate.REFUSED)
    said = str(problem.orig).lower()
    return next((fate for words, fate in _WORDS.items() if said.startswith(words)), Fate.REFUSED)

