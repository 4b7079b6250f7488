"""Which columns of a row an erasure reads before it takes them, and how what a host raises ends."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import TypeDecorator
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from ...core.errors import ErasureError, GuesteraseError
from ...core.treatment import Computed, Constant, File, Inside, Mentions, Redact
from ..mapping.declared import Declared
from ..mapping.raw import Reader
from ..statements.failure import checked, doubled, is_unplaced
from ..statements.sql import is_text


def typed(declared: Declared, names: Sequence[str], deletes: bool) -> list[str]:
    """Return the columns whose host's value a rule works on, or its check compares with."""
    if deletes:
        return [n for n, rule in declared.rules.items() if isinstance(rule, File)]
    place = ("typed", *names)
    if place not in declared.said:
        declared.said[place] = [n for n in names if _needs_value(declared, n)]
    return list(declared.said[place])


def _needs_value(declared: Declared, name: str) -> bool:
    rule = declared.written(name)
    if isinstance(rule, Redact):
        return isinstance(declared.column(name).type, TypeDecorator)
    if isinstance(rule, Mentions | Inside):
        return isinstance(declared.column(name).type, TypeDecorator)
    if isinstance(rule, Constant) and isinstance(rule.value, str):
        return not is_text(declared.column(name).type)
    return isinstance(rule, Computed | Constant | File)


def at_most(declared: Declared, reads: Reader) -> list[str]:
    """Return the columns that may be lost, and the key; none where nothing can be."""
    own = [c.name for c in declared.key]
    if declared.deletes:
        names = reads.names()
        return names + [name for name in own if name not in names]
    names = [*declared.erase, *declared.retain]
    return names + [name for name in own if name not in names] if names else []


class vendors:
    """Turns what code of the host or a driver raises about a value into an error without it.

    :param place: table and column of the value, or the table.
    """

    __slots__ = ("_place",)

    def __init__(self, place: str) -> None:
        self._place = place

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: object, raised: BaseException | None, trace: object) -> None:
        told = _told(raised, self._place) if isinstance(raised, Exception) else None
        if told is not None:
            raise told from None


def _told(raised: Exception, place: str) -> ErasureError | None:
    """Return our own error for what was raised about a value, or None where that may be told."""
    if not isinstance(raised, GuesteraseError | SQLAlchemyError):
        return ErasureError(
            f"A value could not be made for {place} ({type(raised).__name__}).",
            "Look at its rule and at the column's type; nothing was changed.",
        )
    if is_unplaced(raised):
        return ErasureError(
            f"No partition takes the rows of {place} as they would be written.",
            "Nothing was changed; give it one for what the rule writes (DEFAULT on "
            "PostgreSQL), or give that column another rule.",
        )
    return _constrained(raised, place) if isinstance(raised, DBAPIError) else None


def _constrained(raised: DBAPIError, place: str) -> ErasureError | None:
    """Return our own error where a CHECK or a unique index refused a row: theirs quotes it."""
    name = checked(raised)
    if name is not None:
        return ErasureError(
            f"{f'CHECK {name!r}' if name else 'A CHECK'} of the database refuses what would be "
            f"written into {place}.",
            "Nothing was changed; give the columns it names a rule whose value it takes, or "
            "loosen it.",
        )
    name = doubled(raised)
    if name is None:
        return None
    return ErasureError(
        f"{f'The unique index {name!r}' if name else 'A unique index'} refuses what would be "
        f"written into {place}: another row holds it.",
        "Nothing was changed; give the columns it is over placeholder or null, or let the rows "
        "go (rows=delete).",
    )
