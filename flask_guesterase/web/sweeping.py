"""Commands about what ends by its day: the sweep, the clock, paper, and the copy of the keys."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click
from flask.cli import AppGroup

from ..store.doors import Door
from ..store.remembrance import remembering
from ..store.sweep import SweepReport
from .acting import by as _by
from .acting import code as _code
from .acting import trying
from .console import Answer, guesterase_cli, listing, verb
from .current import current
from .entering import enter

clock_cli = AppGroup("clock", help="Say that a clock in doubt is right.")
task_cli = AppGroup("task", help="What people must do by a day, paper to destroy above all.")
for group in (clock_cli, task_cli):
    guesterase_cli.add_command(group)

_PREVIEW = ("property", "table", "category", "rows", "until_before")
_TASK = ("id", "property", "kind", "name", "due_on", "late", "count", "done_by", "done_at")

_second = click.option(
    "--second", metavar="WHO", required=True, help="The second person: their id at the host."
)
_second_code = click.option(
    "--second-code", metavar="CODE", required=True, help="The second person's one-time code."
)


def two_people(function: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the options of two people and their codes."""
    for option in (_second_code, _second, _code, _by):
        function = option(function)
    return function


@verb(guesterase_cli)
@click.option("--confirm", is_flag=True, help="Confirm first what the last sweep showed.")
@click.option("--by", metavar="WHO", help="Who confirms: their id at the host.")
@click.option("--code", metavar="CODE", help="Their one-time code, from their own login.")
def sweep(confirm: bool, by: str | None, code: str | None) -> Answer:
    """Erase what is due because its day has come; the first run, and after a change, only show."""
    if confirm and not (by and code):
        raise click.UsageError("--confirm needs --by and --code.")
    who = None
    if confirm and by and code:
        who = trying(by)
        with current.begin() as office:
            office.use_code(who, code)
    enter(Door.COMMAND)
    report = current.sweep(who)
    return Answer(report, _told(report), _note(report), fine=not (report.problems or report.doubt))


def _told(report: SweepReport) -> str:
    parts = [f"{word} {count}" for word, count in report.counts.items()]
    parts += [f"{word} {problem}" for word, problem in report.problems.items()]
    lines = [", ".join(parts) or "nothing to do"]
    lines += ["halted: nothing was erased by day"] if report.halted else []
    lines += [f"paused: {', '.join(report.paused)}"] if report.paused else []
    if report.unconfirmed:
        lines.append(f"not confirmed: {', '.join(report.unconfirmed)}")
        lines.append(listing(report.previews, _PREVIEW) or "nothing would be erased today")
    return "\n".join(lines)


def _note(report: SweepReport) -> str:
    if report.doubt in (remembering.RESTORED, remembering.HOLDS):
        return (
            f"The database was restored ({report.doubt}): nothing was done. Run 'flask guesterase "
            "replay' and read what it shows."
        )
    if report.doubt:
        return (
            f"The clock is in doubt ({report.doubt}): nothing was done. Set it right, then let "
            "two people run 'flask guesterase clock confirm'."
        )
    if report.halted:
        return "Somebody stopped erasing by day. Run 'flask guesterase retention status'."
    if report.unconfirmed:
        return "Nothing was erased by day there. Read the list, then run it with --confirm."
    return ""


@verb(clock_cli, "confirm")
@two_people
def confirm_clock(by: str, code: str, second: str, second_code: str) -> Answer:
    """Let two people say that the clock is right now, so that erasing by day goes on."""
    first, other = trying(by), trying(second)
    with current.begin() as office:
        office.use_code(first, code)
        office.use_code(other, second_code)
        done = office.confirm_clock(first) or office.confirm_clock(other)
    return Answer({"confirmed": done}, "The clock is confirmed.")


@verb(task_cli, "list")
@click.option("--done", is_flag=True, help="What is signed instead of what is open.")
def list_tasks(done: bool) -> Answer:
    """List what people must do, the most urgent first."""
    with current.begin(write=False) as office:
        found = office.tasks(done=done)
    return Answer(list(found), listing(found, _TASK))


@verb(task_cli, "sign")
@click.argument("id_", metavar="ID", type=int)
@click.option("--count", type=int, required=True, help="How much it was: sheets, forms, copies.")
@_by
@_code
def sign(id_: int, count: int, by: str, code: str) -> Answer:
    """Sign that a task is done, and how much it was."""
    who = trying(by)
    with current.begin() as office:
        office.use_code(who, code)
        office.sign_task(id_, count, who)
    return Answer({"id": id_, "count": count}, "The task is signed.")
