"""Commands about retention without a request: how it stands, stop it, let it go on."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import click
from flask.cli import AppGroup

from ...core.halting import Stop
from ..current import current
from .acting import Two, trying, two_people
from .acting import by as _by
from .acting import code as _code
from .console import Answer, fields, guesterase_cli, listing, verb

retention_cli = AppGroup("retention", help="Show how erasing by day stands; stop it, or go on.")
guesterase_cli.add_command(retention_cli)

_BACKLOG = ("property", "table", "category", "rows", "oldest", "failing")


@verb(retention_cli, "halt")
@click.option(
    "--ground", required=True, type=click.Choice([ground.value for ground in Stop]), help="Why."
)
@_by
@_code
def halt(ground: str, by: str, code: str) -> Answer:
    """Stop erasing by day for the whole house at once; requests that people decided go on."""
    who = trying(by)
    with current.begin() as office:
        office.use_code(who, code)
        office.halt_sweep(who, ground)
    return Answer(
        {"halted": True}, "Erasing by day is stopped.",
        "What has had its time must go: let two people run 'flask guesterase retention resume'.",
    )  # fmt: skip


@verb(retention_cli, "resume")
@two_people
def resume(two: Two) -> Answer:
    """Let two people say that erasing by day goes on."""
    with two.begin() as (office, first, other):
        done = office.resume_sweep(first) or office.resume_sweep(other)
    return Answer({"resumed": done}, "Erasing by day goes on.")


@verb(retention_cli, "status")
def status() -> Answer:
    """Show the last sweep, what waits, by which doors work came in, and whether it is stopped."""
    with current.begin(write=False) as office:
        found = office.sweeps()
    waits = [asdict(line) for line in found["backlog"]]
    told = _told(found)
    text = [fields(told), listing(waits, _BACKLOG)]
    data = told | {"backlog": waits, "unconfirmed": _unconfirmed(found)}
    return Answer(data, "\n\n".join(filter(None, text)), fine=not (told["halted"] or told["stale"]))


def _told(found: dict[str, Any]) -> dict[str, Any]:
    last, halted = found["last"] or {}, found["halted"]
    return {
        "last sweep": last.get("ended"),
        "stale": found["stale"],
        "halted": "" if halted is None else halted.note,
        "halted since": None if halted is None else halted.at,
        "clock": found["doubt"],
        "heartbeat": found["heartbeat"],
        "silent": found["silent"],
        **{f"by {door}": at for door, at in found["doors"].items()},
        "background": found["leading"],
        "went wrong": found["failed"],
    }


def _unconfirmed(found: dict[str, Any]) -> list[str]:
    return [
        shown.property for shown in found["previews"] if not (shown.current and shown.confirmed_by)
    ]
