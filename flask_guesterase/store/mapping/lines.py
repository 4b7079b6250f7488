"""Which tables hold lines of the guest register, and in which columns."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Column

from ...core.finding import Finding
from ...core.policy import Register
from ...core.treatment import Retain
from .datamap import DataMap
from .declared import Declared


@dataclass(frozen=True)
class Lines:
    """The columns of a table whose rows are lines of the guest register, resolved.

    :param declared: the table.
    :param room: column of the room.
    :param first_night: column of the first night.
    :param last_night: column of the last night slept.
    :param names: columns of the name.
    :param document: column of the document's number.
    :param reported: column that tells when it was reported to the authority, or None.
    :param place: column of the property's code, or None where it is not in the row itself.
    :param shown: what is produced, in the order of the table: the columns above, and those that
        the law keeps for the register.
    """

    declared: Declared
    room: Column[Any]
    first_night: Column[Any]
    last_night: Column[Any]
    names: tuple[Column[Any], ...]
    document: Column[Any]
    reported: Column[Any] | None
    place: Column[Any] | None
    shown: tuple[Column[Any], ...]

    @property
    def personal(self) -> tuple[Column[Any], ...]:
        """Return the columns by which a person is found."""
        return (*self.names, self.document)


def registers(datamap: DataMap) -> dict[str, Lines]:
    """Return table name -> its columns as lines of the register; wrong declarations are left out.

    `unknown` reports what is wrong with those.
    """
    found = {}
    for name, declared in datamap.tables.items():
        given = declared.policy.register
        lines = None if given is None else _resolve(datamap, declared, given)
        if lines is not None:
            found[name] = lines
    return found


def unknown(datamap: DataMap) -> list[Finding]:
    """Return the columns that a `Register` names and its table does not have."""
    return [
        Finding(
            "register-unknown", declared.name, wanted,
            "Register names a column the table does not have.",
            "Correct the name in Register(...).",
        )
        for declared in datamap.tables.values()
        if declared.policy.register is not None
        for wanted, column in _named(datamap, declared, declared.policy.register).items()
        if column is None
    ]  # fmt: skip


def _named(
    datamap: DataMap, declared: Declared, given: Register
) -> dict[str, Column[Any] | None]:
    """Return the columns a declaration names, those the table does not have as None."""
    wanted = [given.room, given.first_night, given.last_night, *_names(given), given.document]
    if given.reported:
        wanted.append(given.reported)
    return {name: datamap.atlas.column(declared.table, name) for name in wanted}


def _names(given: Register) -> tuple[str, ...]:
    return (given.name,) if isinstance(given.name, str) else tuple(given.name)


def _resolve(datamap: DataMap, declared: Declared, given: Register) -> Lines | None:
    named = _named(datamap, declared, given)
    found = {name: column for name, column in named.items() if column is not None}
    if len(found) < len(named):
        return None
    document = found[given.document]
    wanted = {column.name for column in found.values()} | _kept(declared, document)
    return Lines(
        declared,
        found[given.room],
        found[given.first_night],
        found[given.last_night],
        tuple(found[name] for name in _names(given)),
        document,
        found[given.reported] if given.reported else None,
        _place(datamap, declared),
        tuple(column for column in declared.table.c if column.name in wanted),
    )


def _kept(declared: Declared, document: Column[Any]) -> set[str]:
    """Return the columns that the law keeps under the category of the document's number."""
    rule = declared.rules.get(document.name)
    category = rule.category if isinstance(rule, Retain) else declared.policy.category
    return {name for name, kept in declared.retain.items() if kept == category}


def _place(datamap: DataMap, declared: Declared) -> Column[Any] | None:
    """Return the column of the property's code where the table has one of its own."""
    place = declared.policy.place
    if place:
        return datamap.atlas.column(declared.table, place) if isinstance(place, str) else None
    known = {c.property.name for c in datamap.subjects.values() if c.property is not None}
    return next((column for column in declared.table.c if column.name in known), None)
