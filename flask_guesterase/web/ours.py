"""The command that says what the extension itself keeps."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import click

from ..core.errors import UnknownError
from ..core.own import WEIGHT, Own
from ..core.owntables import PLACES, TABLES
from ..store.tables import PREFIX
from .console import Answer, guesterase_cli, listing, verb

_COLUMNS = ("column", "holds", "weight", "goes")


@verb(guesterase_cli)
@click.option("--table", "only", metavar="NAME", help="Only this table of ours.")
def data(only: str | None) -> Answer:
    """Show what the extension itself holds, column by column: what, why, and when it goes."""
    wanted = [own for own in TABLES if only is None or only.removeprefix(PREFIX) == own.table]
    if not wanted:
        raise UnknownError("We have no such table.", "Leave --table out to see them all.")
    tables = [described(own) for own in wanted]
    places = [] if only else [vars(place) for place in PLACES]
    parts = [
        f"{each['table']}\n  why: {each['why']}\n  goes: {each['goes']} (by {each['by']})\n"
        + listing(each["columns"], _COLUMNS)
        for each in tables
    ]
    parts += [
        f"{each['name']}\n  holds: {each['holds']}\n  why: {each['why']}\n  goes: {each['ends']}"
        for each in places
    ]
    return Answer({"tables": tables, "places": places}, "\n\n".join(parts))


def described(own: Own) -> Mapping[str, Any]:
    """Return one table of ours as plain values."""
    return {
        "table": PREFIX + own.table,
        "why": own.why,
        "goes": own.ends,
        "by": own.end.value,
        "columns": [
            {
                "column": name,
                "holds": what.value,
                "weight": WEIGHT[what].value,
                "goes": own.sooner.get(name, ""),
            }
            for name, what in own.columns()
        ],
    }
