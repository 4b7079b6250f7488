"""What the rulebook is made of: the packs of a property's chain, and the data map's categories."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING

from sqlalchemy import Connection, select

from ...core import rulebook
from ...core.log import canonical
from ...core.rule import Start
from ...core.rulebook import Line
from .. import tables
from ..checking import labelled
from . import packs

if TYPE_CHECKING:
    from ...core.pack import Pack
    from ..mapping.datamap import DataMap
    from ..settings import Settings


def texts(settings: Settings, code: str) -> tuple[Pack, ...]:
    """Return the packs of a property's chain: its region, its country, its bloc."""
    return tuple(packs.chain(packs.load(settings.packs), settings.property(code)))


def source_mark(settings: Settings, datamap: DataMap, code: str) -> str:
    """Return a mark that changes when the sources of a property, or of the labels, do."""
    if not code:
        return labelled.mark(datamap)
    place = settings.property(code)
    law = packs.counting(packs.load(settings.packs), place)
    said = sorted([pack.code, pack.mark] for pack in law)
    said.append([place.country, *map(str, place.fiscal)])
    return hashlib.sha256(canonical(said)).hexdigest()


def signed_texts(conn: Connection, codes: Iterable[str]) -> set[tuple[str, str]]:
    """Return code and mark of the pack texts that somebody signed."""
    table = tables.pack
    rows = conn.execute(select(table.c.code, table.c.mark).where(table.c.code.in_(list(codes))))
    return {(row.code, row.mark) for row in rows}


def lines_said(conn: Connection, settings: Settings, datamap: DataMap, code: str) -> list[Line]:
    if not code:
        return labelled.lines(datamap)
    chain = texts(settings, code)
    signed = signed_texts(conn, (pack.code for pack in chain))
    place = settings.property(code)
    return [
        line
        for pack in chain
        for rule in pack.rules
        for line in rulebook.lines_of(
            replace(
                rule,
                signed=(pack.code, pack.mark) in signed,
                # Who edits the settings changes a source like any other.
                fiscal=place.fiscal if rule.start is Start.FISCAL_YEAR_END else None,
                country=place.country if "foreign" in rule.when else "",
            )
        )
    ]
