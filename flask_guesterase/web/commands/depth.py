"""Commands about files below the rows: what can be measured, and rewriting them when asked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict

import click

from ...core.depth import Measure, Status
from ...store.depth.physical import Rewriting, rewrite
from ...store.doctor.visit import second_copy, unmeasured, visit, whole_keys
from ..current import current
from .console import Answer, fields, guesterase_cli, verb


@verb(guesterase_cli)
def doctor() -> Answer:
    """Measure how deep erasures reach here, and say what the operator must do."""
    found = [*visit(current.host.engine(), current.settings), *unmeasured(current.binds)]
    if current.custodian.exists():
        with current.begin(write=False) as office:
            found += [second_copy(office.work), whole_keys(office.work)]
    bad = sum(each.status is Status.BAD for each in found)
    unknown = sum(each.status is Status.UNKNOWN for each in found)
    return Answer(
        [asdict(each) for each in found],
        "\n".join(map(_told, found)),
        f"{bad} bad, {unknown} unknown, {len(found) - bad - unknown} good.",
        fine=not bad,
    )


def _told(each: Measure) -> str:
    line = f"{each.status:<7}  {each.level}  {each.id:<21}  {each.message}"
    return f"{line}\n{'':<36}{each.todo}" if each.todo else line


@verb(guesterase_cli, once=True)
@click.option(
    "--table",
    "names",
    metavar="NAME",
    multiple=True,
    help="A declared table; may be repeated. On SQLite the whole file is rewritten.",
)
@click.option("--logs", is_flag=True, help="PostgreSQL, as superuser: also switch the log.")
@click.option("--yes", is_flag=True, help="Do it; without this it only says what it would do.")
def physical(names: Sequence[str], logs: bool, yes: bool) -> Answer:
    """Rewrite data files without what was erased in them, and certify the level reached."""
    made = rewrite(current.run, names, logs, yes)
    note = "" if made.done else "Nothing was done. Add --yes to do it."
    steps = [f"  {step}" for step in made.steps]
    beyond = ["beyond it, for who runs the server:", *steps] if steps else []
    return Answer(asdict(made), "\n".join([fields(_short(made)), *beyond]), note)


def _short(made: Rewriting) -> dict[str, object]:
    told: dict[str, object] = {
        "engine": made.engine,
        "rewrites": [f"{name} ({size} bytes)" for name, size in made.sizes.items()],
        "lock": made.lock,
        "waiting": f"{made.waiting} requests",
    }
    if made.done:
        told |= {
            "level": made.level,
            "evidence": list(made.evidence),
            "supplements": f"{made.supplements} certificates",
        }
    return told
