"""Commands about tokens by which programs act for a person, and about copies of a guest's data."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime

import click
from flask.cli import AppGroup

from ...core.permissions import Permission
from ..current import current
from .acting import acting, trying
from .acting import by as _by
from .acting import code as _code
from .console import Answer, Day, Whole, fields, guesterase_cli, listing, verb

token_cli = AppGroup("token", help="Tokens by which a program acts for a person over the API.")
copy_cli = AppGroup("copy", help="Copies of what is held about a guest: look and release.")
for group in (token_cli, copy_cli):
    guesterase_cli.add_command(group)

_GIVEN = [p.value for p in Permission if p is not Permission.ISSUE]


@verb(token_cli)
@_by
@_code
@click.option("--for", "for_", metavar="WHO", required=True, help="The person it acts for.")
@click.option("--property", "property_", metavar="CODE", required=True, help="Its only property.")
@click.option(
    "--permission", "given", multiple=True, required=True, type=click.Choice(_GIVEN),
    help="What it may be used for; may be repeated.",
)  # fmt: skip
@click.option("--until", type=Day(), metavar="DAY", required=True, help="Last day, within a year.")
def issue(
    by: str, code: str, for_: str, property_: str, given: Sequence[str], until: datetime
) -> Answer:
    """Issue a token and print it, once; what a program does with it counts as the person's."""
    who = trying(by)
    with current.begin() as office:
        office.use_code(who, code)
        secret = office.issue_token(acting(for_), property_, given, until.date(), who)
    told = {"token": secret, "property": property_, "until": until.date().isoformat()}
    return Answer(told, secret, "It is shown only now. Keep it where only the program reads it.")


@verb(token_cli, "list")
@_by
def list_(by: str) -> Answer:
    """List tokens of properties where one may issue them, and one's own."""
    who = acting(by)
    with current.begin() as office:
        found = list(office.tokens(who))
    columns = (
        "id", "works", "property", "permissions", "actor", "issued_by", "ends_on", "used_on",
        "revoked_by", "revoked_at",
    )  # fmt: skip
    return Answer(found, listing(found, columns))


@verb(token_cli)
@click.argument("id_", metavar="ID", type=Whole())
@_by
@_code
def revoke(id_: int, by: str, code: str) -> Answer:
    """Let a token end at once."""
    who = trying(by)
    with current.begin() as office:
        office.use_code(who, code)
        office.revoke_token(id_, who)
    return Answer({"id": id_, "revoked": True}, f"Token {id_} does not work any more.")


@verb(copy_cli)
@click.argument("number")
@_by
@_code
def show(number: str, by: str, code: str) -> Answer:
    """Show what a copy would hold, nobody's values, with the digest to release."""
    who = trying(by)
    with current.begin() as office:
        office.use_code(who, code)
        told, digest = office.outline(number, who)
    lines = [
        {"table": table, "rows": rows, "boxed": boxed, "columns": columns}
        for table, columns, rows, boxed in told.lines
    ]
    left = [asdict(each) for each in told.withheld]
    parts = [
        fields({"number": number, "digest": digest, "boxes": told.boxes, "masked": told.masked}),
        listing(lines, ("table", "rows", "boxed", "columns")),
    ]
    if left:
        parts.append(f"withheld\n{listing(left, ('table', 'why', 'rows', 'columns'))}")
    return Answer({"number": number, "digest": digest, "lines": lines, "withheld": left},
                  "\n\n".join(parts))  # fmt: skip


@verb(copy_cli)
@click.argument("number")
@_by
@_code
@click.option("--digest", required=True, help="The digest that show printed.")
def release(number: str, by: str, code: str, digest: str) -> Answer:
    """Release the copy that was looked at, as a second person; the guest fetches it."""
    who = trying(by)
    with current.begin() as office:
        office.use_code(who, code)
        until = office.release_copy(number, who, digest)
    told = {"number": number, "until": until}
    return Answer(told, fields(told))
