"""The rulebooks of other codes that bind a property's rows: they may have been under those before.

A hotel under a new code is no new hotel: what bound its records binds them on, until people let it
go.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from sqlalchemy import Connection, select

from ...core.rulebook import Line, LineKind, LineState, binding
from .. import tables
from ..statements.sql import MANY, chunks
from . import packs
from .rulerows import LABELS, known, line_told, pulse_name, said_of

if TYPE_CHECKING:
    from ..settings import Property, Settings
    from ..work import Work

_OURS = frozenset({"house", "none"})
"""What stands as jurisdiction in lines that no pack said."""


def codes(conn: Connection, settings: Settings, code: str) -> list[str]:
    """Return the codes nobody runs any more whose lines bind the rows of a property.

    The rows of a hotel that is alone need not say whose they are, so that under a new code they
    would be under a new rulebook.
    """
    return _gone(conn, settings) if list(settings.properties) == [code] else []


def _gone(conn: Connection, settings: Settings) -> list[str]:
    table = tables.rule
    known = select(table.c.property).where(table.c.state != LineState.ENDED.value).distinct()
    return sorted({*conn.execute(known).scalars()} - {LABELS, *settings.properties})


def is_first(conn: Connection, settings: Settings, code: str) -> bool:
    """Return whether no source of a property was ever looked at, under whatever code it had.

    Where they said nothing, no rule could end a record; one that comes later is no first one.
    """
    table, name, note = tables.rule, tables.pulse.c.name, tables.pulse.c.note
    mine = table.c.property.in_([code, *codes(conn, settings, code)])
    if conn.execute(select(table.c.id).where(mine).limit(1)).first() is not None:
        return False
    alone = list(settings.properties) == [code]
    seen = name.like("rules:%") if alone else name == pulse_name(code)
    return conn.execute(select(name).where(seen, note != "").limit(1)).first() is None


def inherited(work: Work, code: str) -> list[Line]:
    """Return the lines with which a new code begins in a group, numbered below zero.

    They are what binds today under the same law: at hotels of the group, and under codes nobody
    runs any more, of which it may be one. What people allowed there they allowed for other rows.

    :param work: the open transaction.
    :param code: code of the property, under which nothing stands yet.
    """
    if code == LABELS or len(work.settings.properties) == 1:
        return []
    law = _law(work.settings.property(code))
    if law not in work.inherited:
        # Of ten thousand hotels that begin at once each would read what all before it have.
        work.inherited[law] = (*_former(work, code), *_beside(work, law))
    # Of two that say the same, the one that waits longest.
    ordered = sorted(work.inherited[law], key=lambda line: (line.signed, _waits_until(line)))
    said = {line.key: line for line in ordered}
    return [replace(line, id=-number) for number, line in enumerate(said.values(), 1)]


def _waits_until(line: Line) -> str:
    return str(line.body.get("acts_on", ""))


def _law(place: Property) -> tuple[object, ...]:
    """Return what decides of which law a property is."""
    return place.country.upper(), place.region, place.fiscal


def _beside(work: Work, law: tuple[object, ...]) -> Iterable[Line]:
    """Return what binds at the hotels of a law; what one of them set itself is its own."""
    places = work.settings.properties.values()
    alike = [place.code for place in places if _law(place) == law]
    said = {told for part in chunks(alike, MANY) for told in said_of(work.conn, part)}
    lines = _binding(work, map(line_told, sorted(said, key=str)))
    return [line for line in lines if line.kind is not LineKind.HOUSE]


def _former(work: Work, code: str) -> Iterable[Line]:
    """Return what binds under codes nobody runs any more by the packs of a property.

    What the house set, or no rule spoke of, counts where those packs were all of the code's law.
    """
    settings, place = work.settings, work.settings.property(code)
    named = {pack.code for pack in packs.counting(packs.load(settings.packs), place)}
    named |= {place.region, place.country.upper()}
    for gone in _gone(work.conn, settings):
        lines = _binding(work, known(work.conn, gone))
        of = {line.body["jurisdiction"] for line in lines} - _OURS
        whole = _OURS if of and of <= named else frozenset()
        yield from (line for line in lines if line.body["jurisdiction"] in named | whole)


def _binding(work: Work, lines: Iterable[Line]) -> Sequence[Line]:
    """Return those of lines that bind today, as they begin under another code."""
    return [
        replace(
            line,
            state=line.state if line.state is LineState.LEAVING else LineState.LIVING,
            acts_on=None,
        )
        for line in binding(lines, work.now.date())
    ]
