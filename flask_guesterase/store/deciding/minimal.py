"""The review of a record when it is made: in memory alone, without one statement."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, cast

from sqlalchemy import Table, inspect
from sqlalchemy.orm import InstanceState, Mapper

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
    table = cast(Table, state.mapper.local_table)
    values = _loaded(state.mapper, table, state.dict)
    declared = known.datamap.tables.get(table.fullname)
    place = property_ or _place(known, declared, values)
    beyond = filled(values, declared.optional) if declared is not None else ()
    remarks = (
        *([Remark.BEYOND] if beyond else []),
        *_declared(known, table, declared),
        *([Remark.COPY] if _forbidden(known, declared, values, place) else []),
        *([Remark.NO_BACKUP] if known.backup is False else []),
        *([] if reviewer else [Remark.NO_REVIEWER]),
    )
    return Review(table.fullname, place, remarks, beyond, reviewer)


def _loaded(mapper: Mapper[Any], table: Table, held: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values of an object by column, as far as they are loaded."""
    values = {}
    for column in table.columns:
        prop = mapper.get_property_by_column(column)
        if prop.key in held:
            values[column.name] = held[prop.key]
    return values


def _declared(known: Known, table: Table, declared: Declared | None) -> Iterator[Remark]:
    if declared is None:
        if table.fullname not in known.datamap.exempt:
            yield Remark.NO_PURPOSE
        return
    if not (declared.policy.category or declared.retain):
        yield Remark.NO_PURPOSE
    if declared.policy.clock is None:
        yield Remark.NO_CLOCK


def _place(known: Known, declared: Declared | None, values: Mapping[str, Any]) -> str:
    """Return the property a record says it belongs to, or the only one there is."""
    codes = known.settings.properties
    policy = None if declared is None else declared.policy
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
