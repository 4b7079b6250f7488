"""Whether a value of the host's is what an erasure leaves, told by looking at it alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Column, inspect
from sqlalchemy.orm import InstanceState

from ...core.plan import Person
from ...core.treatment import Constant, Null, Placeholder, Redact, Rule
from ..mapping.datamap import Contacts, DataMap
from ..mapping.declared import Declared
from ..mapping.masks import beneath, is_marked, looks_invented, looks_redacted
from ..statements.sql import text_length


def is_left(rule: Rule, column: Column[Any], value: Any) -> bool | None:
    """Return whether a value is the mark of an erasure, or None where nobody can tell.

    :param rule: what an erasure makes of the column.
    :param column: the column.
    :param value: what the host reads in it.
    """
    inner = beneath(rule)
    if value is None or value == "":
        return None
    if isinstance(inner, Null):
        return False
    if isinstance(inner, Constant):
        # A value that other rows have as well says nothing about this one.
        return None if value == inner.value else False
    if not isinstance(value, str):
        return None
    if isinstance(inner, Redact):
        return looks_redacted(value.rstrip())
    if isinstance(inner, Placeholder) and is_marked(column.name, text_length(column.type)):
        return looks_invented(column.name, text_length(column.type), value)
    return None


@dataclass(frozen=True)
class Shell:
    """A loaded row of a subject table that holds nothing of a person.

    :param person: its table and key.
    :param marked: whether it says by itself that it was erased; otherwise it may never have held
        anything, and only our tables can tell.
    """

    person: Person
    marked: bool


def shell(datamap: DataMap, loaded: object) -> Shell | None:
    """Return what an object of the host is, when nobody can be in it; None for everybody else.

    Only what is loaded already is looked at: nobody costs a statement.

    :param datamap: the resolved data map.
    :param loaded: any object, for example the user of a session.
    """
    state = inspect(loaded, raiseerr=False)
    if not isinstance(state, InstanceState):
        return None
    for table in state.mapper.tables:
        contacts = datamap.subjects.get(str(getattr(table, "fullname", "")))
        if contacts is not None:
            return _shell(datamap.tables[table.fullname], contacts, state)
    return None


def _shell(declared: Declared, contacts: Contacts, state: InstanceState[Any]) -> Shell | None:
    """Look at the columns by which a person is known: others may be written to afterwards."""
    known = {column.name for column in contacts.match.values() if not callable(column)}
    known |= {*contacts.contact, *(column.name for column in contacts.names)}
    values = {
        column.name: state.dict[prop.key]
        for column, prop in state.mapper._columntoproperty.items()
        if column.table is declared.table and prop.key in state.dict
    }
    told = [
        is_left(rule, declared.column(name), values[name])
        for name, rule in declared.erase.items()
        if name in known and name in values
    ]
    key = tuple(values.get(column.name) for column in declared.key)
    if not told or False in told:
        return None
    return Shell((declared.name, key), True in told)
