"""Commands about who else holds copies: what is not settled, and the key that signs notices."""

from __future__ import annotations

import click
from flask.cli import AppGroup

from ..current import current
from .acting import by as _by
from .acting import code as _code
from .acting import trying
from .console import Answer, Whole, guesterase_cli, listing, verb

recipient_cli = AppGroup("recipient", help="Other systems and people that hold copies.")
guesterase_cli.add_command(recipient_cli)

_COLUMNS = ("id", "number", "property", "recipient", "how", "state", "problem", "due_at", "late")

_id = click.argument("id_", metavar="ID", type=Whole())


@verb(recipient_cli, "list")
def list_notices() -> Answer:
    """List the notices that are not settled, failed and late ones first; nobody's data."""
    with current.begin(write=False) as office:
        found = [dict(item) for item in office.recipients()]
    return Answer(found, listing(found, _COLUMNS) or "everything is settled")


@verb(recipient_cli)
@_id
@_by
@_code
def again(id_: int, by: str, code: str) -> Answer:
    """Try a notice again that could not be told."""
    who = trying(by)
    with current.begin() as office:
        office.use_code(who, code)
        office.tell_again(id_, who)
    return Answer({"id": id_}, "The worker tells it again.")


@verb(recipient_cli)
@_id
@_by
@_code
def done(id_: int, by: str, code: str) -> Answer:
    """Sign that a recipient was told by hand, or that its copies are gone."""
    who = trying(by)
    with current.begin() as office:
        office.use_code(who, code)
        office.told_by_hand(id_, who)
    return Answer({"id": id_}, "It is settled.")


@verb(recipient_cli)
def key() -> Answer:
    """Print the public key of notices to recipients with whom no secret is shared."""
    with current.begin(write=False) as office:
        public = office.notice_key()
    return Answer({"key": public}, public)
