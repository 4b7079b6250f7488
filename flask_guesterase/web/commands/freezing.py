"""Commands of holds and freezes; at a console everybody proves who they are by a code."""

from __future__ import annotations

from typing import Any

import click
from flask.cli import AppGroup

from ...core.holding import Cause, Scope, Wanted
from ...core.permissions import Permission
from ..current import current
from .acting import by as _by
from .acting import code as _code
from .acting import trying
from .console import Answer, Whole, asked, guesterase_cli, listing, verb

hold_cli = AppGroup("hold", help="Place, confirm and lift legal holds and freezes.")
guesterase_cli.add_command(hold_cli)

_id = click.argument("id", type=Whole())
_COLUMNS = (
    "id", "kind", "scope", "property", "night", "room", "table", "row", "query", "why", "silent",
    "reference", "placed_at", "confirmed", "review_on", "late", "lift_by",
    "lift_at",
)  # fmt: skip


@verb(hold_cli, "place")
@_by
@_code
@click.option("--scope", type=click.Choice([s.value for s in Scope if s is not Scope.PLACE]),
              required=True, help="A person's rows, one record, or what a query names.")
@click.option("--why", type=click.Choice([cause.value for cause in Cause]), required=True)
@click.option("--table", default="", help="Table of the row.")
@click.option("--key", default="", help="Key of the row; parts are divided by '|'.")
@click.option("--query", default="", help="Name of a query the application registered.")
@click.option("--property", metavar="CODE", default="", help="Of a query's rows.")
@click.option("--reference", default="", help="File reference; it is sealed. '-' asks for it.")
@click.option("--review-on", metavar="DAY", default="", help="Day to look again, YYYY-MM-DD.")
@click.option("--silent", is_flag=True, help="Only those who may hold learn of it.")
def place(by: str, code: str, reference: str, **said: Any) -> Answer:
    """Place a legal hold on a person, a record or what a query names; print its number."""
    # Each option is called as what it says is.
    wanted = Wanted(**said, reference=asked(reference, "Reference"))
    who = trying(by)
    with current.begin() as office:
        office.use_code(who, code)
        id = office.place_hold(wanted, who)
    return Answer({"id": id}, str(id))


@verb(hold_cli, "freeze")
@click.argument("property_", metavar="PROPERTY")
@_by
@_code
@click.option("--night", metavar="DAY", help="Only this night, YYYY-MM-DD.")
@click.option("--room", help="Only this room.")
def freeze(property_: str, by: str, code: str, night: str | None, room: str | None) -> Answer:
    """Freeze a property, a night or a room; who may hold there is told its number."""
    who = trying(by)
    with current.begin() as office:
        office.use_code(who, code)
        id = office.freeze(property_, who, night, room)
        listed = office.is_listed(property_, who, night, room)
    note = "Somebody who may place holds must confirm it."
    if not listed:
        note += " The guest register has no line of this room or night yet: look how you wrote it."
    if not current.may(who, Permission.HOLD.value, property_):
        return Answer({"id": None}, "It is frozen.", note)
    return Answer({"id": id}, str(id), note)


@verb(hold_cli, "confirm")
@_id
@_by
@_code
def confirm(id: int, by: str, code: str) -> Answer:
    """Confirm a freeze."""
    who = trying(by)
    with current.begin() as office:
        office.use_code(who, code)
        office.confirm_freeze(id, who)
    return Answer({"id": id, "confirmed": True}, f"{id} is confirmed.")


@verb(hold_cli, "review")
@_id
@_by
@_code
@click.option("--on", required=True, metavar="DAY", help="Day to look again, YYYY-MM-DD.")
def review(id: int, by: str, code: str, on: str) -> Answer:
    """Say that a hold is still needed, and when somebody looks again."""
    who = trying(by)
    with current.begin() as office:
        office.use_code(who, code)
        office.review_hold(id, who, on)
    return Answer({"id": id, "review_on": on}, f"{id} is looked at again on {on}.")


@verb(hold_cli, "lift")
@_id
@_by
@_code
def lift(id: int, by: str, code: str) -> Answer:
    """Agree that a hold or a freeze ends; the second person who does lifts it."""
    who = trying(by)
    with current.begin() as office:
        office.use_code(who, code)
        done = office.lift(id, who)
    text = f"{id} is lifted." if done else f"{id} waits for a second person."
    return Answer({"id": id, "lifted": done}, text)


@verb(hold_cli, "list")
@_by
@_code
def list_(by: str, code: str) -> Answer:
    """List the living holds and freezes that somebody may know of."""
    who = trying(by)
    with current.begin() as office:
        office.use_code(who, code)
        rows = list(office.holds(who))
    return Answer(rows, listing(rows, _COLUMNS))
