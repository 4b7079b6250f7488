"""Commands for whoever runs the installation: check, tables, journal, worker, leaving."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path

import click
from flask import current_app
from flask.cli import AppGroup
from sqlalchemy.exc import DBAPIError

from ...core.errors import BusyError, DeliveryError, FullError, SetupError, UnknownError
from ...core.finding import Finding, Severity
from ...core.log import slug
from ...store.access import brake
from ...store.checking.draft import REVIEW, marks
from ...store.checking.draft import draft as drafted
from ...store.remembrance import remembering
from ...store.remembrance.erasures import Register
from ...store.statements.failure import translated
from ...store.sweeping.doors import Door
from ...store.sweeping.report import Report
from ...store.upkeep import upgrade as revisions
from ...store.upkeep.uninstall import uninstall as leave
from ..current import current
from ..joining.entering import enter
from .console import (
    Answer,
    Existing,
    Seconds,
    fields,
    guesterase_cli,
    listing,
    notes_of,
    out,
    verb,
    written,
)

db_cli = AppGroup("db", help="Create our own tables, or bring them to the newest revision.")
guesterase_cli.add_command(db_cli)


@verb(guesterase_cli)
def check() -> Answer:
    """Say what is wrong with the data map, the live database and the installation."""
    found = current.check()
    stops = sum(finding.severity is Severity.STOP for finding in found)
    return Answer(
        found,
        "\n".join(_told(finding) for finding in found),
        f"{stops} findings stop erasing, {len(found) - stops} are for people to read.",
        fine=not stops,
    )


def _told(finding: Finding) -> str:
    where = f"{finding.severity:<4}  {finding.id:<20}  {finding.place}".rstrip()
    return f"{where}\n      {finding.message} {finding.hint}"


@verb(guesterase_cli)
@out
def draft(out: Path) -> Answer:
    """Write a first policy for every table that has none; every guess is marked."""
    text = drafted(current.datamap)
    written(out, text)
    count = marks(text)
    return Answer({"file": str(out), "review": count}, f"{out}: {count} places marked {REVIEW}.")


@verb(db_cli, "upgrade")
@click.option(
    "--wait",
    type=Seconds(),
    default=revisions.WAIT_SECONDS,
    help="Seconds to wait for another upgrade, or for the database to come up.",
)
def upgrade(wait: float) -> Answer:
    """Create our tables or bring them forward, and make the keys the first time."""
    engine = current.host.engine()
    done = revisions.upgrade(engine, wait)
    made = revisions.make_keys(engine, current.custodian, current._now())
    text = f"Upgraded to {done[-1]}." if done else "Our tables are up to date."
    if made:
        text += f" Keys were made in {current.custodian.path}; keep a copy elsewhere."
    return Answer({"revisions": done, "keys_made": made}, text)


@verb(db_cli, "sql")
@click.option("--dialect", type=click.Choice(revisions.DIALECTS), help="The application's own.")
@click.option("--since", metavar="REVISION", help="What the database is at; none by default.")
def sql(dialect: str | None, since: str | None) -> Answer:
    """Print the statements of an upgrade, for somebody who may create tables."""
    chosen = dialect or current.host.engine().dialect.name
    text = revisions.sql(chosen, since)
    return Answer(
        {"dialect": chosen, "sql": text},
        text.rstrip(),
        "Run 'flask guesterase db upgrade' afterwards: it makes the keys and nothing else.",
    )


@verb(guesterase_cli)
@click.option(
    "--checkpoint",
    "brought",
    multiple=True,
    type=Existing(exists=True, dir_okay=False, path_type=Path),
    help="File with checkpoints that were kept outside; may be repeated.",
)
def verify(brought: tuple[Path, ...]) -> Answer:
    """Re-derive the whole journal and say where it does not prove itself.

    It is compared with what the folders that take checkpoints have seen, and with what is brought.
    """
    with current.begin(write=False) as office:
        found = [asdict(problem) for problem in office.verify(notes_of(brought))]
    columns = ("id", "controller", "epoch", "index", "message")
    text = listing(found, columns) or "The journal proves itself from its first entry to its last."
    return Answer(found, text, fine=not found)


@verb(guesterase_cli)
@click.option("--out", type=click.Path(path_type=Path), help="What to write; must be new.")
@click.option("--release", is_flag=True, help="Bring them to the places outside now.")
@click.option("--controller", metavar="NAME", help="Only of this one's journal.")
def checkpoint(out: Path | None, release: bool, controller: str | None) -> Answer:
    """Write the signed heads of the journals to a file, to be kept where nobody here can write.

    One signed note for each controller that has a journal, one after the other. With --release
    they go to the places that GUESTERASE_CHECKPOINTS names instead.
    """
    if release:
        return _released()
    if out is None:
        raise click.UsageError("Give --out FILE, or --release.")
    names = [controller] if controller else _controllers()
    notes = []
    with current.begin(write=False) as office:
        for name in names:
            try:
                notes.append(office.checkpoint(slug(name)))
            except UnknownError:
                if len(names) == 1:
                    raise
    if not notes:
        raise UnknownError("There is no journal yet.", "It begins with the first event.")
    written(out, "\n".join(notes))
    return Answer({"file": str(out), "checkpoints": notes}, str(out))


def _released() -> Answer:
    problems: dict[str, str] = {}
    count = current.release(problems.__setitem__)
    text = "\n".join([f"{count} arrived", *(f"{way}: {told}" for way, told in problems.items())])
    return Answer({"arrived": count, "problems": problems}, text, fine=not problems)


def _controllers() -> list[str]:
    return sorted({place.controller for place in current.settings.properties.values()})


@verb(guesterase_cli)
@click.option("--once", is_flag=True, help="Make one round and end.")
@click.option("--every", type=Seconds(0.1), default=5.0, help="Seconds between rounds.")
def worker(once: bool, every: float) -> Answer:
    """Look at what came in, carry out what is due, deliver messages, forget what has ended."""
    if once:
        report = _round()
        note = _next_steps(report)
        text = _summary(report) or "nothing to do"
        return Answer(report, text, note, fine=not report.problems)
    stop = threading.Event()
    for name in (signal.SIGINT, signal.SIGTERM):
        signal.signal(name, lambda *_: stop.set())
    rounds = 0
    while not stop.is_set():
        told, rounds = _beat(), rounds + 1
        if told:
            click.echo(told, err=True)
        stop.wait(every)
    return Answer({"rounds": rounds}, note=f"The worker has ended after {rounds} rounds.")


def _beat() -> str:
    """Do a round; return what it did, or which outage ended it: the next one may find the database.

    :raises SetupError: a newer version of the package made our tables.
    """
    try:
        return _summary(_round())
    except (BusyError, DBAPIError) as raised:
        # The host's own session ends with the round, on a connection that is none of ours.
        problem = translated(raised) if isinstance(raised, DBAPIError) else raised
        if not isinstance(problem, BusyError):
            raise
        return f"{type(problem).__name__}: {problem}"


def _round() -> Report:
    # In a context of its own, so that no session or transaction of the host's outlives it.
    with current_app.app_context():
        enter(Door.COMMAND)
        return current.work()


_STEPS = {
    DeliveryError.__name__: "What could not be delivered is tried again: look at GUESTERASE_MAIL, "
    "at your other channels, and at the folders of files.",
    FullError.__name__: "The disk of the database is full: give it room.",
}
"""Name of an error -> what to do, where `check` cannot know of it."""


def _next_steps(report: Report) -> str:
    """Return what to do about what a round could not do."""
    names = set(report.problems.values())
    steps = [text for name, text in _STEPS.items() if name in names]
    if names - _STEPS.keys():
        steps.append("Run 'flask guesterase check': it says what is wrong.")
    return " ".join(steps)


def _summary(report: Report) -> str:
    told: Iterable[tuple[str, int | str]] = [*report.counts.items(), *report.problems.items()]
    return ", ".join(f"{name} {value}" for name, value in told)


@verb(guesterase_cli, once=True)
@out
@click.option("--yes", is_flag=True, help="Drop our tables after the files were read back.")
def uninstall(out: Path, yes: bool) -> Answer:
    """Give everything retained back as files that open without this package; drop our tables."""
    with current.begin(write=False) as office:
        # By a clock in doubt nothing is over, and all is given back.
        today = ""
        if not revisions.pending(office.work.conn):
            remembering.still(office.work)
            today = "" if brake.doubted(office.work) else office.work.today
        register = remembering.register(office.work)
        zones = {code: each.zone for code, each in office.work.settings.properties.items()}
    engine, keys = current.host.engine(), current.custodian
    made = leave(engine, keys, out, drop=yes, zones=zones, today=today)
    told = asdict(made) | {"folder": str(made.folder)}
    note = (
        f"Our tables are gone; the key folder {current.custodian.path} is not. README.txt says "
        "when to destroy it."
        if yes
        else "Nothing was dropped. Add --yes, and a new folder, to drop our tables."
    )
    if made.open or made.intake:
        note += f" {made.open} requests are open and {made.intake} forms were not looked at."
    if made.files:
        note += f" {made.files} files of erased guests are still to be removed, by hand."
    if made.closed:
        note += f" {len(made.closed)} boxes do not open; README.txt names them."
    note += _retired(register) if yes and register is not None else ""
    return Answer(told, fields(told["counts"]), note, fine=not made.closed)


def _retired(register: Register) -> str:
    """Put the register of erasures aside; return what to do where that is refused."""
    try:
        register.retire()
    except SetupError:
        return (
            f" Take {register.path} away by hand: beside it a new database would be taken for a "
            "restored one."
        )
    return ""
