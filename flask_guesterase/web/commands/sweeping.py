"""Commands about what ends by its day: the sweep, the clock, paper, and the copy of the keys."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from typing import Any

import click
from flask.cli import AppGroup

from ...core.errors import InputError
from ...store.office import Office
from ...store.remembrance import remembering
from ...store.sweeping.doors import Door
from ...store.sweeping.report import SweepReport
from ...store.sweeping.runs import Preview, require_current
from ..current import current
from ..joining.entering import enter
from .acting import Two, trying, two_people
from .acting import by as _by
from .acting import code as _code
from .console import Answer, Seconds, Whole, guesterase_cli, listing, verb

clock_cli = AppGroup("clock", help="Say that a clock in doubt is right.")
task_cli = AppGroup("task", help="What people must do by a day, paper to destroy above all.")
for group in (clock_cli, task_cli):
    guesterase_cli.add_command(group)

_PREVIEW = ("preview", "property", "table", "category", "rows", "until_before")
_BACKLOG = ("property", "table", "category", "rows", "oldest", "failing")
_FAILING = ("id", "property", "table", "category", "day", "tries", "try_at", "problem")
_TASK = ("id", "property", "kind", "name", "due_on", "late", "count", "done_by", "done_at")

@verb(guesterase_cli)
@click.option("--confirm", is_flag=True, help="Confirm first what the last sweep showed.")
@click.option(
    "--preview", "read", type=Whole(), multiple=True, metavar="ID",
    help="Number of a preview that they read; may be repeated.",
)
@click.option("--by", metavar="WHO", help="Who confirms: their id at the host.")
@click.option("--code", metavar="CODE", help="Their one-time code, from their own login.")
@click.option("--seconds", type=Seconds(), help="Begin no batch after this time.")
@click.option("--rows", type=Whole(), help="Erase no more rows by their day.")
@click.option("--join", is_flag=True, help="Take part in erasing while another sweep leads.")
@click.option("--retry", is_flag=True, help="Try what could not be erased at once, once more.")
@click.option("--status", is_flag=True, help="Only say how things stand, and what is left.")
def sweep(
    confirm: bool, read: tuple[int, ...], by: str | None, code: str | None, **given: Any
) -> Answer:
    """Erase what is due because its day has come; the first run, and after a change, only show."""
    if confirm and not (by and code):
        raise click.UsageError("--confirm needs --by and --code.")
    if (by or code or read) and not confirm:
        raise click.UsageError("--by, --code and --preview go with --confirm.")
    retry, status = given.pop("retry"), given.pop("status")
    if status:
        if confirm or retry or any(given.values()):
            raise click.UsageError("--status only tells, so it goes alone.")
        return _status()
    who = None
    if confirm and by and code:
        who = trying(by)
        with current.begin() as office:
            office.use_code(who, code)
            read = read or _empty(office, who)
    if retry:
        with current.begin() as office:
            office.retry_due()
    enter(Door.COMMAND)
    with _progress() as progress:
        report = current.sweep(who, previews=read, progress=progress, **given)
    return Answer(report, _told(report), _note(report), fine=not (report.problems or report.doubt))


def _empty(office: Office, who: str) -> tuple[int, ...]:
    """Return the numbers of the previews that a person may confirm unread, if nothing would go.

    :raises ForbiddenError: they may not decide about the law at any property.
    :raises InputError: something would go, and nobody said which list was read.
    :raises MovedError: the rules changed since, so that nobody can read one.
    """
    waiting = [each for each in office.sweeps(who)["previews"] if not each.confirmed_by]
    require_current(waiting)
    if full := [str(each.id) for each in waiting if each.rows]:
        raise InputError(
            f"By these previews rows would go, and none of them was named: {', '.join(full)}.",
            "Read them with 'flask guesterase sweep --status', then name each one that you read "
            "with --preview.",
        )
    return tuple(each.id for each in waiting)


@contextmanager
def _progress() -> Iterator[Callable[[int], None] | None]:
    """Show how many rows went, to a person at a terminal and to nobody else."""
    screen = sys.stderr
    if not screen.isatty():
        yield None
        return
    with current.begin(write=False) as office:
        total = sum(each.rows for each in office.sweeps()["backlog"])
    with click.progressbar(length=max(total, 1), file=screen, label="rows") as shown:

        def progress(rows: int) -> None:
            done = shown.pos + rows
            # What the look of this sweep finds comes on top.
            shown.length = max(shown.length or 0, done)
            shown.update(rows)

        yield progress


def _status() -> Answer:
    with current.begin(write=False) as office:
        found = dict(office.sweeps())
    last = found["last"]
    ended = f"on {last['ended']:%Y-%m-%d %H:%M} UTC" if last else "never yet"
    lines = [f"the last sweep ended {ended}"]
    lines += ["halted"] if found["halted"] else []
    backlog = [asdict(each) for each in found["backlog"]]
    # Before the first sweep nobody knows.
    lines.append(listing(backlog, _BACKLOG) or ("nothing is due" if last else ""))
    lines.append(listing([asdict(each) for each in found["failing"]], _FAILING))
    lines += _shown(found["previews"])
    return Answer(found, "\n".join(filter(None, lines)))


def _shown(previews: Sequence[Preview]) -> Iterator[str]:
    """Yield which previews wait to be confirmed, with their numbers, and which are over."""
    waiting = [each for each in previews if each.current and not each.confirmed_by]
    if waiting:
        yield f"not confirmed: {', '.join(each.property for each in waiting)}"
        yield listing(
            (
                {"preview": each.id, **row}
                for each in waiting
                for row in each.rows or [{"property": each.property, "rows": 0}]
            ),
            _PREVIEW,
        )
    if over := [each.property for each in previews if not each.current]:
        yield f"the rules changed, so that the next sweep shows anew: {', '.join(over)}"


def _told(report: SweepReport) -> str:
    parts = [f"{word} {count}" for word, count in report.counts.items()]
    parts += [f"{word} {problem}" for word, problem in report.problems.items()]
    lines = [", ".join(parts) or "nothing to do"]
    lines += ["halted: nothing was erased by day"] if report.halted else []
    lines += [f"paused: {', '.join(report.paused)}"] if report.paused else []
    lines += ["another sweep leads; this one took part in erasing"] if report.joined else []
    lines += [f"stopped: {report.stopped}"] if report.stopped else []
    if report.oldest:
        lines.append(f"the oldest of what is due should have gone on {report.oldest}")
    if report.unconfirmed:
        lines.append(f"not confirmed: {', '.join(report.unconfirmed)}")
        lines.append(listing(report.previews, _PREVIEW))
        if not report.previews and _whole(report):
            lines.append("nothing would be erased today")
    return "\n".join(filter(None, lines))


def _whole(report: SweepReport) -> bool:
    """Return whether a sweep looked at everything, so that what it lists is all there is."""
    return not (report.problems or report.stopped)


def _unread(report: SweepReport) -> str:
    """Return what to do where nobody confirmed what would go."""
    who = "--by WHO --code CODE, of somebody who decides about the law there"
    if report.previews:
        return (
            "Nothing was erased by day there. Read the list, then let it go by the number of each "
            f"preview: sweep --confirm --preview ID {who}."
        )
    if not _whole(report):
        return "Nothing was erased by day there, and not everything was looked at. Run it again."
    return f"Let what has its time later go by itself: sweep --confirm {who}."


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
    return _unread(report) if report.unconfirmed else ""


@verb(clock_cli, "confirm")
@two_people
def confirm_clock(two: Two) -> Answer:
    """Let two people say that the clock is right now, so that erasing by day goes on."""
    with two.begin() as (office, first, other):
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
@click.argument("id_", metavar="ID", type=Whole())
@click.option(
    "--count", type=Whole(0), required=True, help="How much it was: sheets, forms, copies."
)
@_by
@_code
def sign(id_: int, count: int, by: str, code: str) -> Answer:
    """Sign that a task is done, and how much it was."""
    who = trying(by)
    with current.begin() as office:
        office.use_code(who, code)
        office.sign_task(id_, count, who)
    return Answer({"id": id_, "count": count}, "The task is signed.")
