"""Commands about who came back after an erasure, and about who wants no advertising."""

from __future__ import annotations

import click
from flask.cli import AppGroup

from ..current import current
from .acting import by as _by
from .acting import code as _code
from .acting import trying
from .console import Answer, Whole, guesterase_cli, listing, typed, verb

returned_cli = AppGroup("returned", help="Rows in which an erased person seems to be back.")
guesterase_cli.add_command(returned_cli)

_COLUMNS = ("id", "property", "number", "table", "key", "why", "door", "state", "seen_at")


@verb(returned_cli, "list")
def list_returned() -> Answer:
    """List rows in which somebody seems to be back, those that wait, without names."""
    with current.begin(write=False) as office:
        found = office.returns()
    return Answer(list(found), listing(found, _COLUMNS) or "nobody came back")


@verb(returned_cli, "settle")
@click.argument("id_", metavar="ID", type=Whole())
@click.option("--theirs/--lives", required=True, default=None,
              help="It is the erased person's and goes again; or it lives.")
@_by
@_code
def settle(id_: int, theirs: bool, by: str, code: str) -> Answer:
    """Say whose a row is: the erased person's, or somebody who lives."""
    who = trying(by)
    with current.begin() as office:
        office.use_code(who, code)
        office.settle_return(id_, who, theirs)
    text = f"{id_} will be erased again." if theirs else f"{id_} lives."
    return Answer({"id": id_, "theirs": theirs}, text)


@verb(guesterase_cli, "object")
@click.argument("property_", metavar="PROPERTY")
@click.option("--agree", is_flag=True, help="They agreed to advertising anew.")
@_by
@_code
def object_(property_: str, agree: bool, by: str, code: str) -> Answer:
    """Note that somebody wants no advertising; the contact is asked for, or read from a pipe."""
    contact = typed(lambda: click.prompt("E-mail address or phone number", err=True))
    who = trying(by)
    with current.begin() as office:
        office.use_code(who, code)
        note = office.agree_anew if agree else office.object
        note(contact, property_, who)
    return Answer({"agreed": agree}, "It is noted.")
