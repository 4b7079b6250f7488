"""Commands of the guest register: produce lines for an authority, and review what was produced."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path

import click
from flask.cli import AppGroup

from ...core.errors import InputError
from ...core.register import Asked, Basis, Judgement
from ...store.registers.register import document
from ...store.statements.folder import refused_as
from ..current import current
from . import acting
from .console import Answer, Day, asked, fields, guesterase_cli, out, verb, written

register_cli = AppGroup("register", help="Show the guest register to an authority, and review it.")
guesterase_cli.add_command(register_cli)

_NIGHT = Day()


@verb(register_cli)
@acting.by
@acting.code
@out
@click.option("--property", "property_", metavar="CODE", required=True, help="The property.")
@click.option("--night", type=_NIGHT, metavar="DAY", required=True, help="The day it began.")
@click.option("--until", type=_NIGHT, metavar="DAY", help="The last of several nights.")
@click.option("--room", default="", help="Only this room.")
@click.option("--authority", required=True, help="Which authority asks.")
@click.option("--officer", required=True, help="The officer's number; '-' asks for it.")
@click.option("--reference", required=True, help="Its case reference; '-' asks for it.")
@click.option("--basis", required=True, type=click.Choice([basis.value for basis in Basis]))
@click.option("--format", "kind", type=click.Choice(["csv", "json"]), default="csv")
def produce(
    by: str, code: str, out: Path, kind: str, property_: str, night: datetime,
    until: datetime | None, basis: str, officer: str, reference: str, **said: str,
) -> Answer:  # fmt: skip
    """Write the lines of a night to a new file that nobody else can read.

    By name or document number one asks on the staff page: what is typed here, others may see. Give
    '-' for the officer's number and the reference to be asked for them, or bring them in a pipe.
    """
    question = Asked(
        place=property_, night=night.date(), until=_day(until), basis=Basis(basis),
        officer=asked(officer, "Officer's number"), reference=asked(reference, "Reference"), **said,
    )  # fmt: skip
    who = acting.trying(by)
    _reserve(out)
    with current.begin() as office:
        office.use_code(who, code)
        produced = office.produce_register(question, who)
    written(out, document(question, produced, kind))
    told = {
        "number": produced.number,
        "file": str(out),
        "rows": len(produced.lines),
        "sealed": produced.sealed,
        "unopened": produced.unopened,
    }
    note = "A second person reviews it within 24 hours: flask guesterase register review."
    return Answer(told, fields(told), note, fine=not produced.unopened)


def _day(moment: datetime | None) -> date | None:
    return moment.date() if moment is not None else None


def _reserve(path: Path) -> None:
    """Make the file before anything is recorded, readable for its owner alone.

    :raises InputError: there is something in it already, or it cannot be written.
    """
    if path.exists() and path.stat().st_size:
        raise InputError("The file exists already.", "Name a new one.")
    with refused_as(InputError, "The file cannot be made", "Name a new one."):
        path.touch(mode=0o600)
        path.chmod(0o600)


@verb(register_cli)
@click.argument("number")
@acting.by
@acting.code
@click.option(
    "--finding", required=True, type=click.Choice([finding.value for finding in Judgement])
)
def review(number: str, by: str, code: str, finding: str) -> Answer:
    """Record what a second person finds about what was produced."""
    who = acting.trying(by)
    with current.begin() as office:
        office.use_code(who, code)
        office.review_disclosure(number, who, finding)
    told = {"number": number, "finding": finding}
    note = "" if finding == Judgement.FINE else "The law may want this told: report an incident."
    return Answer(told, fields(told), note)
