"""Commands about the journal: export, look, prove that it continues, take old entries out."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import asdict
from datetime import datetime
from pathlib import Path

import click
from flask.cli import AppGroup

from ...core.errors import InputError
from ...core.log import slug
from ...store.statements.folder import refused_as
from ..current import current
from .acting import Two, two_people
from .console import Answer, Day, Existing, guesterase_cli, listing, notes_of, out, verb

journal_cli = AppGroup("journal", help="Export the journal, prove it, take old entries out.")
guesterase_cli.add_command(journal_cli)

_COLUMNS = ("position", "at", "action", "actor", "number", "counts", "grounds")
_file = Existing(exists=True, dir_okay=False, path_type=Path)
_controller = click.option("--controller", metavar="NAME", default="", help="Whose journal.")


@verb(journal_cli, "export", once=True)
@out
@_controller
@click.option("--since", type=_file, help="File with a checkpoint; only what came after it.")
def export(out: Path, controller: str, since: Path | None) -> Answer:
    """Write the journal to a file, one entry a line, however long it is."""
    head = notes_of([since])[-1] if since else ""
    with current.begin(write=False) as office:
        count = _streamed(out, office.export(slug(controller) if controller else "", head))
    return Answer({"file": str(out), "lines": count}, f"{out}: {count} lines")


def _streamed(path: Path, lines: Iterable[str]) -> int:
    count = 0
    refused = refused_as(InputError, "The file cannot be written", "Name a new one.")
    with refused, path.open("x", encoding="utf-8") as file:
        for line in lines:
            file.write(line + "\n")
            count += 1
        file.flush()
        os.fsync(file.fileno())
    return count


@verb(journal_cli, "show")
@_controller
@click.option("--most", type=click.IntRange(1, 1000), default=50, help="How many entries.")
def show(controller: str, most: int) -> Answer:
    """List the newest entries of a journal, the newest first."""
    with current.begin(write=False) as office:
        found = [asdict(line) for line in office.journal(controller, most)]
    return Answer(found, listing(found, _COLUMNS) or "There is no entry yet.")


@verb(journal_cli, "consistency")
@click.option("--old", required=True, type=_file, help="File with an earlier checkpoint.")
def consistency(old: Path) -> Answer:
    """Print a proof that the journal of today continues an earlier checkpoint."""
    head = notes_of([old])[-1]
    with current.begin(write=False) as office:
        text = office.consistency(head)
    return Answer({"proof": text}, text.rstrip("\n"))


@verb(journal_cli, "prune")
@click.option(
    "--before", required=True, type=Day(), help="Day, six years ago or more."
)
@_controller
@two_people
def prune(before: datetime, controller: str, two: Two) -> Answer:
    """Let two people take old entries out; what they proved stays provable."""
    with two.begin() as (office, first, other):
        what = office.prune(controller, before.date(), first, other)
    count = current.prune(what)
    return Answer({"entries": count}, f"{count} entries were taken out.")
