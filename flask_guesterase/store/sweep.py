"""The sweep: everything that is due because a day has come, one short transaction after another.

It erases at a property only what a person confirmed there (see `runs`), leaves a property alone
while its host says night audit, and does nothing at all while the clock is in doubt.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from sqlalchemy import select

from ..core.errors import FullError, SweepingError
from ..core.lifecycle import State
from . import tables, worker
from .access import brake
from .census import counting
from .comeback import files, reconcile
from .depth import deepening
from .executing import byday, endless, finishing, redating, settling
from .failures import alerts
from .holding import heldkeys, heldlost
from .incidents import noticing
from .messages.channels import Channel, Render
from .office import Office, use_case
from .partners import following
from .remembrance import remembering
from .returning import refilled
from .search import queued
from .sweeping import backlog, halting, runs
from .sweeping.claiming import FULL, HALTED, Pressure, Shift
from .sweeping.report import SweepReport
from .sweeping.steady import Believed, Leased
from .unit import HasWork, Run
from .upkeep import owndata, rotation, sending

STEPS: dict[str, Callable[[Run], int]] = {
    "deadlines": lambda run: run(use_case(Office.remind)),
    "stuck": lambda run: run(use_case(Office.stuck)),
    "strayed": heldlost.nightly,
    "held-keys": heldkeys.nightly,
    "holds": lambda run: run(use_case(Office.remind_holds)),
    "endless": endless.nightly,
    "copies": lambda run: _all(run, use_case(Office.end_copies)),
    "recipients": following.follow,
    "redated": redating.nightly,
    "own": owndata.end,
    "keys": rotation.turn,
    "age": lambda run: run(use_case(Office.note_age)),
    "halted": lambda run: run(lambda office: halting.remind(office.work)),
    "complaints": lambda run: run(use_case(Office.remind_complaints)),
    "incidents": lambda run: run(use_case(Office.remind_incidents)),
    "incident-letters": noticing.push_all,
    "monthlies": lambda run: run(use_case(Office.keep_monthlies)),
}
"""Reminders and looks that belong to a day: word -> step, which returns how much it did."""


def _all(run: Run, unit: Callable[[HasWork], int]) -> int:
    """Run a unit of work until it has nothing left to do; return how much it did."""
    count = 0
    while did := run(unit):
        count += did
    return count


NightAudit = Callable[[str], bool]
"""The host's answer to whether a property (code) is in its night audit."""

_GONE = ("finished", "expired", "erased-again")
"""What a sweep counts that leaves old content in the files, without a certificate of its own."""

_LAPSED = {"expired": "lapsed"}
"""The worker's word for requests nobody confirmed, which here would mean rows."""

_OPEN = (State.APPROVED, State.WAITING, State.CHECKING)


DAY = timedelta(hours=20)
"""How long after a whole sweep a bounded one only erases."""


@dataclass(frozen=True)
class Limits:
    """How much one sweep may do.

    :param seconds: how long it may begin further batches; the rest stays due. A bounded sweep
        that follows a whole one within the day only erases, unless a person asked for it.
    :param rows: how many rows it may erase by their day.
    :param join: take part in erasing while another sweep leads, instead of being refused.
    :param pressure: the host's answer to whether it needs the database for itself just now.
    :param progress: told after each batch how many rows it had.
    """

    seconds: float | None = None
    rows: int | None = None
    join: bool = False
    pressure: Pressure | None = None
    progress: Callable[[int], None] | None = None

    def shift(self) -> Shift:
        """Return what may be taken, from now on."""
        made = Shift(self.seconds, self.rows)
        made.pressure = self.pressure or made.pressure
        made.progress = self.progress or made.progress
        return made

    @property
    def bounded(self) -> bool:
        """Return whether it may end before everything is done."""
        return self.seconds is not None or self.rows is not None


WHOLE = Limits()
"""Everything that is due, alone."""


def sweep(
    run: Run,
    render: Render,
    channels: Mapping[str, Channel],
    confirm_by: str | None = None,
    night_audit: NightAudit | None = None,
    limits: Limits = WHOLE,
    previews: Sequence[int] | None = None,
) -> SweepReport:
    """Do everything that is due because a day has come.

    :param run: runs a unit of work.
    :param render: makes subject and body of a message.
    :param channels: name -> channel, mail included where it is set.
    :param confirm_by: the host's id of who confirms the last previews first, or None.
    :param night_audit: the host's answer to whether a property is in its night audit.
    :param limits: how much it may do.
    :param previews: numbers of the previews that who confirms has read; None for the newest ones.
    :raises SweepingError: another sweep is at work, and this one was not to join it.
    :raises BusyError: somebody else's transaction holds what is needed to begin.
    :raises ForbiddenError: who confirms may not decide about the law at any property.
    :raises MovedError: what they confirm is not what the last sweep showed.
    """
    report = SweepReport()
    # A restore is noticed first: what is told of the clock before that forks the journals.
    restored = run(_forgetful)
    report.doubt = run(_doubted) or restored
    if report.doubt:
        _watch(run, report)
        return report
    shift, audit = limits.shift(), night_audit or _never
    started = run(lambda office: office.work.stamp)
    try:
        token = run(lambda office: runs.start(office.work))
    except SweepingError:
        if not limits.join or confirm_by is not None:
            raise
        return _joined(Believed(run, started), report, audit, shift)
    try:
        leased = Leased(run, token, started)
        if confirm_by is not None:
            confirm = use_case(lambda office: office.confirm_sweep(confirm_by, previews))
            report.confirmed = list(leased(confirm))
        whole = not limits.bounded or leased(_waited)
        report.paused = _paused(leased, report, audit)
        # Who lost the lease on the way has done something all the same, and says what.
        with report.trying("finish"):
            if whole:
                _steps(leased, report, shift, (render, channels))
                leased(lambda office: _finish(office, started, report))
            else:
                byday.everything(leased, report, shift)
    finally:
        _stop(run, token, report)
    with report.trying("release"):
        sending.release(run, report, at_once=True)
    _sum_up(run, report, shift)
    _watch(run, report)
    return report


def _stop(run: Run, token: str, report: SweepReport) -> None:
    """Let the next sweep begin; a database that is gone by now takes no report along."""
    with report.trying("stop"):
        run(lambda office: runs.stop(office.work, token))


def _waited(office: HasWork) -> bool:
    """Return whether everything has to be done again, not only what is erased by its day."""
    last = runs.last_sweep(office.work)
    long_ago = last is None or abs(office.work.stamp - last["ended"]) >= DAY
    return long_ago or runs.asked(office.work)


def _joined(run: Run, report: SweepReport, audit: NightAudit, shift: Shift) -> SweepReport:
    """Take part in the erasing of a sweep that leads: of what it found, where it is confirmed."""
    report.joined = True
    report.paused = _paused(run, report, audit)
    paused = frozenset(report.paused)
    with report.trying("keep"), report.counting() as counts:
        finishing.finish_unasked(run, shift, paused, dated=True, counts=counts)
    with report.trying("expire"):
        byday.share(run, report, shift)
    with report.trying("keep"), report.counting() as counts:
        finishing.finish_unasked(run, shift, paused, dated=False, counts=counts)
    _sum_up(run, report, shift)
    return report


def _sum_up(run: Run, report: SweepReport, shift: Shift) -> None:
    """Write down how it went, and what is left."""
    report.seconds = round(shift.elapsed, 3)
    report.batches, report.splits, report.met = shift.batches, shift.splits, shift.met
    report.rested, report.stopped = round(shift.rested, 3), shift.stopped
    report.halted = report.halted or shift.stopped == HALTED
    if shift.full or shift.stopped == FULL:
        report.problems["room"] = FullError.__name__
    with report.trying("backlog"):
        left, failing = run(_left_over)
        closed = {*report.unconfirmed, *report.paused}
        report.backlog, report.failing = left, failing
        report.oldest = min((e["oldest"] for e in left if e["property"] not in closed), default="")


def _left_over(office: HasWork) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    work = office.work
    return [asdict(e) for e in backlog.backlog(work)], [asdict(e) for e in backlog.failing(work)]


def _watch(run: Run, report: SweepReport) -> None:
    """Look over everything that can be wrong, now that all of the night was done."""
    with report.trying("watch"):
        report.add("alerts", alerts.look_over(partial(Shift().paced, run))["opened"])


def _forgetful(office: HasWork) -> str:
    """Return why a restored database may erase nothing yet, or an empty string."""
    if remembering.notice(office.work):
        return remembering.RESTORED
    found = remembering.standing(office.work)
    return remembering.HOLDS if found is not None and found.holds else ""


def _doubted(office: HasWork) -> str:
    """Return why the clock cannot be believed; else how the machine runs is known from now."""
    doubt = brake.hold_back(office.work)
    if not doubt:
        brake.meet(office.work)
    return doubt


def _never(code: str) -> bool:
    return False


def _paused(run: Run, report: SweepReport, night_audit: NightAudit) -> list[str]:
    return [code for code in run(byday.codes) if _audited(report, night_audit, code)]


def _steps(
    run: Run,
    report: SweepReport,
    shift: Shift,
    post: tuple[Render, Mapping[str, Channel]],
) -> None:
    bare, run = run, shift.gentle(run)
    codes = run(byday.codes)
    with report.trying("resume"):
        _resume(run, report)
    byday.everything(bare, report, shift)
    with report.trying("paper"):
        report.add(byday.PAPER, run(byday.papered))
    with report.trying("returns"):
        report.add_all(reconcile.reconcile(bare, shift, report.problems))
    with report.trying("refilled"):
        report.add_all(refilled.look(bare, shift))
    with report.trying("files"):
        report.add_all(files.look(bare, shift))
    with report.trying("worker"):
        skip = {"erase", "returned"} if report.paused else {"erase"}
        done = worker.work(bare, *post, skip=frozenset(skip))
        report.add_all({_LAPSED.get(word, word): count for word, count in done.counts.items()})
        report.problems.update(done.problems)
    with report.trying("residue"):
        _look_again(run, report)
    with report.trying("close"), report.counting() as counts:
        settling.settled(run, counts=counts)
    for code in (code for code in codes if code not in report.paused):
        with report.trying("census"):
            report.add_all(counting.nightly(run, code))
    if not report.paused:
        # Rewriting a file keeps its writers waiting for a moment.
        with report.trying("deepened"):
            gone = any(report.counts.get(word) for word in _GONE)
            report.add("deepened", deepening.nightly(run, gone))
    for word, step in STEPS.items():
        with report.trying(word):
            report.add(word, step(run))


def _audited(report: SweepReport, night_audit: NightAudit, code: str) -> bool:
    """Return whether a property is in its night audit; a host that cannot say is taken at worst."""
    paused = True
    with report.trying("night-audit"):
        paused = bool(night_audit(code))
    return paused


def _resume(run: Run, report: SweepReport) -> None:
    """Try every approved request at once: what it waited for may have ended today."""
    worker.carry_all(run, run(lambda office: _approved(office, report.paused)), report)


def _look_again(run: Run, report: SweepReport) -> None:
    """Look again, once a day, for what was left, and for what went today because its day came."""
    worker.check_all(run, [], report, run(_left))


def _left(office: HasWork) -> list[str]:
    left = queued.left_since(office.work, office.work.stamp - timedelta(hours=20))
    return list(dict.fromkeys([*left, *queued.waiting(office.work)]))


def _approved(office: HasWork, paused: list[str]) -> list[str]:
    table = tables.request
    rows = office.work.conn.execute(
        select(table.c.number)
        .where(
            table.c.state.in_([state.value for state in _OPEN]), table.c.property.not_in(paused)
        )
        .order_by(table.c.id)
    )
    return list(rows.scalars())


def _finish(office: HasWork, started: datetime, report: SweepReport) -> None:
    brake.beat(office.work)
    problems = {"problems": len(report.problems)} if report.problems else {}
    runs.finish(office.work, started, {**report.counts, **problems})
