"""The review of a record when it is made: whether it holds more than the stay needs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class Remark(StrEnum):
    """What a review says of a record."""

    BEYOND = "beyond-purpose"
    NO_PURPOSE = "no-purpose"
    NO_CLOCK = "clock-missing"
    COPY = "copy-forbidden"
    NO_BACKUP = "no-backup"
    NO_REVIEWER = "no-reviewer"


NOTHING = "nothing-found"
"""What is counted of a record without a remark."""


@dataclass(frozen=True)
class Review:
    """What was seen of one record; columns by name, never a value.

    :param table: name of its table, or empty where it could not be told.
    :param property: code of the property, or empty.
    :param remarks: what there is to say, each once.
    :param columns: columns that are filled and that a stay does not need, sorted.
    :param reviewer: whether somebody is named who looked.
    :param problem: class name of what kept the review from being made, or empty.
    """

    table: str
    property: str
    remarks: tuple[Remark, ...] = ()
    columns: tuple[str, ...] = ()
    reviewer: bool = False
    problem: str = ""

    def words(self) -> tuple[str, ...]:
        """Return what is counted of it."""
        return tuple(remark.value for remark in self.remarks) or (NOTHING,)


def filled(values: Mapping[str, Any], names: Iterable[str]) -> tuple[str, ...]:
    """Return which of these columns hold something; a switch that is off holds nothing.

    :param values: column -> value, as far as they are loaded.
    :param names: columns to look at.
    """
    return tuple(sorted(name for name in names if _holds(values.get(name))))


def _holds(value: Any) -> bool:
    if isinstance(value, str):
        return bool(value.strip())
    if isinstance(value, list | dict | tuple | set):
        return bool(value)
    return value is not None and value is not False
