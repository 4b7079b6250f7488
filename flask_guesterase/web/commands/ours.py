"""Commands about the extension itself: what it keeps, and the guests it invents."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import click

from ...core.errors import UnknownError
from ...core.own import WEIGHT, Own
from ...core.owntables import PLACES, TABLES
from ...store.tables import PREFIX
from ..current import current
from .acting import trying
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


_CANARY = ("id", "property", "number", "state", "born_at", "looked_at", "seen")


@verb(guesterase_cli)
@click.option("--now", is_flag=True, help="Send one now, where two people approved it.")
@click.option("--on", "on", metavar="CODE", help="Approve it at this property; two people do.")
@click.option("--off", "off", metavar="CODE", help="Stop it at this property.")
@click.option("--by", metavar="WHO", help="Who approves or stops it: their id at the host.")
@click.option("--code", metavar="CODE", help="Their one-time code, from their own login.")
def canary(
    now: bool, on: str | None, off: str | None, by: str | None, code: str | None
) -> Answer:
    """Show where invented guests were seen after their erasure; send one, switch them on or off."""
    if on or off:
        if not (by and code):
            raise click.UsageError("--on and --off need --by and --code.")
        who = trying(by)
        with current.begin() as office:
            office.use_code(who, code)
            if off:
                office.stop_canary(off, who)
            elif on:
                office.switch_canary(on, who)
    if now:
        current.send_canaries(at_once=True)
    with current.begin(write=False) as office:
        rows, running = list(office.canaries()), dict(office.canaries_on())
    told = [
        f"{hotel}: {'on' if both else 'one person approved it'}"
        for hotel, both in sorted(running.items())
    ]
    text = "\n".join(filter(None, [*told, listing(rows, _CANARY)])) or "No canary is on."
    # The newest is listed first, and each hotel has one.
    newest = {row["property"]: row["state"] for row in reversed(rows)}
    fine = not {"back", "stopped"} & set(newest.values())
    return Answer({"on": running, "canaries": rows}, text, fine=fine)


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
