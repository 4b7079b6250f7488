"""The review of a record when it is made: in memory alone, without one statement."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Table, inspect
from sqlalchemy.orm import InstanceState

from ...core.minimal import Remark, Review, filled
from ...core.pack import IdCopy
from ...core.treatment import File
from ..lawbook import packs
from ..mapping.datamap import DataMap
from ..mapping.declared import Declared
from ..settings import Settings

COPIES = "identity_document_copy"
"""Retention category of copies of identity documents."""


@dataclass(frozen=True)
class Known:
    """What a review may rely on.

    :param datamap: the resolved data map.
    :param settings: the operator's settings.
    :param backup: whether the host's backups are recent; None where that was not read yet.
    """

    datamap: DataMap
    settings: Settings
    backup: bool | None


def review(known: Known, instance: Any, property_: str, reviewer: bool) -> Review:
    """Return what there is to say of a record that is made.

    Only what the host has loaded is looked at, so that nothing is read for it.

    :param known: what it may rely on.
    :param instance: an object of the host's mapping.
    :param property_: code of its property; read from the record when empty.
    :param reviewer: whether somebody is named who looked.
    """
    state: InstanceState[Any] = inspect(instance)
    parts = [_part(known, state, each) for each in state.mapper.tables if isinstance(each, Table)]
    place = property_ or next(filter(None, (_place(known, part) for part in parts)), "")
    beyond = {name for part in parts for name in part.beyond()}
    said = {remark for part in parts for remark in _remarks(known, part, place)}
    said |= {Remark.NO_BACKUP} if known.backup is False else set()
    said |= set() if reviewer else {Remark.NO_REVIEWER}
    name = str(getattr(state.mapper.local_table, "fullname", ""))
    remarks = tuple(remark for remark in Remark if remark in said)
    return Review(name, place, remarks, tuple(sorted(beyond)), reviewer)


@dataclass(frozen=True)
class _Part:
    """What a record holds in one table; of a class that comes from another there are several.

    :param table: the table.
    :param declared: what is declared of it, if anything.
    :param values: column -> value, as far as they are loaded.
    """

    table: Table
    declared: Declared | None
    values: Mapping[str, Any]

    def beyond(self) -> tuple[str, ...]:
        """Return the columns that are filled and that a stay does not need."""
        return filled(self.values, self.declared.optional) if self.declared is not None else ()


def _part(known: Known, state: InstanceState[Any], table: Table) -> _Part:
    values = {
        column.name: state.dict[prop.key]
        for prop in state.mapper.column_attrs if prop.key in state.dict
        for column in prop.columns if getattr(column, "table", None) is table
    }  # fmt: skip
    return _Part(table, known.datamap.tables.get(table.fullname), values)


def _remarks(known: Known, part: _Part, place: str) -> Iterator[Remark]:
    if part.beyond():
        yield Remark.BEYOND
    if _forbidden(known, part.declared, part.values, place):
        yield Remark.COPY
    if part.declared is None:
        if part.table.fullname not in known.datamap.exempt:
            yield Remark.NO_PURPOSE
        return
    if not (part.declared.policy.category or part.declared.retain):
        yield Remark.NO_PURPOSE
    if part.declared.policy.clock is None:
        yield Remark.NO_CLOCK


def _place(known: Known, part: _Part) -> str:
    """Return the property a record says it belongs to, or the only one there is."""
    codes, values = known.settings.properties, part.values
    policy = None if part.declared is None else part.declared.policy
    named = [policy.place] if policy is not None and isinstance(policy.place, str) else []
    if policy is not None and policy.subject is not None:
        named.append(str(policy.subject.property or ""))
    found = next((str(values[n]) for n in named if n in values and values[n] is not None), "")
    if found in codes:
        return found
    return next(iter(codes)) if len(codes) == 1 else ""


def _forbidden(
    known: Known, declared: Declared | None, values: Mapping[str, Any], place: str
) -> bool:
    """Return whether a record holds a copy of an identity document where the law forbids one."""
    hotel = known.settings.properties.get(place)
    if declared is None or hotel is None or not _is_copy(declared, values):
        return False
    chain = packs.chain(packs.load(known.settings.packs), hotel)
    said = next((pack.id_copy for pack in chain if pack.id_copy is not IdCopy.NONE), IdCopy.NONE)
    return said is IdCopy.FORBIDDEN


def _is_copy(declared: Declared, values: Mapping[str, Any]) -> bool:
    """Return whether a record is, or holds, a copy of an identity document."""
    if declared.policy.category == COPIES:
        files = [name for name, rule in declared.rules.items() if isinstance(rule, File)]
        return bool(filled(values, files or declared.rules))
    return bool(filled(values, (n for n, c in declared.retain.items() if c == COPIES)))
