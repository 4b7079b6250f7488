"""The sweep: everything that is due because a day has come, one short transaction after another.

It erases at a property only what a person confirmed there (see `runs`), leaves a property alone
while its host says night audit, and does nothing at all while the clock is in doubt.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Any, TypeVar

from sqlalchemy import func, select

from ..core import brake as clock
from ..core.lifecycle import State
from . import (
    brake,
    endless,
    expiry,
    finishing,
    owndata,
    pulse,
    refresh,
    rotation,
    runs,
    tables,
    tasks,
    worker,
)
from .census import counting
from .channels import Channel, Render
from .comeback import reconcile
from .depth import deepening
from .office import Office
from .partners import following
from .pulse import Pulse
from .remembrance import remembering
from .search import queued
from .worker import Report, Run

_Result = TypeVar("_Result")

STEPS: dict[str, Callable[[Run], int]] = {
    "deadlines": lambda run: run(Office.remind),
    "stuck": lambda run: run(Office.stuck),
    "holds": lambda run: run(Office.remind_holds),
    "copies": lambda run: run(Office.end_copies),
    "endless": endless.remind,
    "recipients": following.follow,
    "own": owndata.end,
    "keys": rotation.turn,
}
"""Reminders and looks that belong to a day: word -> step, which returns how much it did."""

NightAudit = Callable[[str], bool]
"""The host's answer to whether a property (code) is in its night audit."""

_GONE = ("finished", "expired", "erased-again")
"""What a sweep counts that leaves old content in the files, without a certificate of its own."""

_PAPER = "paper"
_LAPSED = {"expired": "lapsed"}
"""The worker's word for requests nobody confirmed, which here would mean rows."""

_OPEN = (State.APPROVED, State.WAITING, State.CHECKING)


@dataclass
class SweepReport(Report):
    """What a sweep did, showed, and left alone.

    :param doubt: why the clock, or a restored database, is not believed; then nothing was done.
    :param previews: property, table, category, rows and last day of what waits to be confirmed.
    :param unconfirmed: properties at which nobody confirmed what would go.
    :param paused: properties in their night audit.
    :param confirmed: properties that were confirmed with this sweep.
    """

    doubt: str = ""
    previews: list[dict[str, Any]] = field(default_factory=list)
    unconfirmed: list[str] = field(default_factory=list)
    paused: list[str] = field(default_factory=list)
    confirmed: list[str] = field(default_factory=list)

    @contextmanager
    def trying(self, word: str) -> Iterator[None]:
        """Let one step fail without the others.

        A step may run code of the host: whatever it raises, its text may hold a value, so the
        name of the class is all that is kept.
        """
        try:
            yield
        except Exception as problem:
            self.problems[word] = type(problem).__name__


def sweep(
    run: Run,
    render: Render,
    channels: Mapping[str, Channel],
    confirm_by: str | None = None,
    night_audit: NightAudit | None = None,
) -> SweepReport:
    """Do everything that is due because a day has come.

    :param run: runs a unit of work.
    :param render: makes subject and body of a message.
    :param channels: name -> channel, mail included where it is set.
    :param confirm_by: the host's id of who confirms the last previews first, or None.
    :param night_audit: the host's answer to whether a property is in its night audit.
    :raises BusyError: another sweep is at work.
    :raises ForbiddenError: who confirms may not decide about the law at any property.
    :raises MovedError: what they confirm is not what the last sweep showed.
    """
    report = SweepReport()
    report.doubt = run(lambda office: brake.hold_back(office.work)) or run(_forgetful)
    if report.doubt:
        return report
    started = run(lambda office: office.work.stamp)
    token = run(lambda office: runs.start(office.work))
    try:
        leased = _Leased(run, token, started)
        if confirm_by is not None:
            report.confirmed = list(leased(lambda office: office.confirm_sweep(confirm_by)))
        _steps(leased, report, night_audit or _never, (render, channels))
        leased(lambda office: _finish(office, started, report))
    finally:
        run(lambda office: runs.stop(office.work, token))
    with report.trying("release"):
        worker.release(run, report, at_once=True)
    return report


def _forgetful(office: Office) -> str:
    """Return why a restored database may erase nothing yet, or an empty string."""
    if remembering.notice(office.work):
        return remembering.RESTORED
    found = remembering.standing(office.work)
    return remembering.HOLDS if found is not None and found.holds else ""


def _never(code: str) -> bool:
    return False


class _Leased:
    """Runs each unit under the lease of this sweep, by a clock that goes on as it should.

    :param run: runs a unit of work.
    :param token: whose lease it is.
    :param now: naive UTC, a time at which the clock was believed.
    """

    def __init__(self, run: Run, token: str, now: datetime) -> None:
        self._run = run
        self._token = token
        self._now = now

    def __call__(self, unit: Callable[[Office], _Result], /) -> _Result:
        """Return what the unit returns.

        :raises BlockedError: the clock went wrong since the unit before.
        :raises BusyError: another sweep took over.
        """

        def one(office: Office) -> _Result:
            stamp = office.work.stamp
            if clock.judge(stamp, [self._now]):
                brake.require(office.work)
            runs.go_on(office.work, self._token)
            self._now = max(self._now, stamp)
            return unit(office)

        return self._run(one)


def _steps(
    run: Run,
    report: SweepReport,
    night_audit: NightAudit,
    post: tuple[Render, Mapping[str, Channel]],
) -> None:
    codes = run(lambda office: sorted(office.work.settings.properties))
    report.paused = [code for code in codes if _audited(report, night_audit, code)]
    with report.trying("resume"):
        _resume(run, report)
    with report.trying("keep"):
        _add(report, finishing.finish(run))
    with report.trying("expire"):
        _expire(run, report, codes)
    if {"finished", "expired"} & set(report.counts):
        with report.trying("refreshed"):
            report.add("refreshed", refresh.everything(run))
    with report.trying("paper"):
        report.add("paper", run(_paper))
    with report.trying("returns"):
        _add(report, reconcile.reconcile(run))
    with report.trying("worker"):
        skip = {"erase", "returned"} if report.paused else {"erase"}
        done = worker.work(run, *post, skip=frozenset(skip))
        _add(report, {_LAPSED.get(word, word): count for word, count in done.counts.items()})
        report.problems.update(done.problems)
    with report.trying("residue"):
        _look_again(run, report)
    with report.trying("close"):
        _add(report, finishing.settled(run))
    for code in (code for code in codes if code not in report.paused):
        with report.trying("census"):
            _add(report, counting.nightly(run, code))
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


def _add(report: SweepReport, counts: Mapping[str, int]) -> None:
    for word, count in counts.items():
        report.add(word, count)


def _resume(run: Run, report: SweepReport) -> None:
    """Try every approved request at once: what it waited for may have ended today."""
    worker.carry_all(run, run(lambda office: _approved(office, report.paused)), report)


def _look_again(run: Run, report: SweepReport) -> None:
    """Look again, once a day, for what was left, and for what went today because its day came."""
    worker.check_all(run, [], report, run(_left))


def _left(office: Office) -> list[str]:
    left = queued.left_since(office.work, office.work.stamp - timedelta(hours=20))
    return list(dict.fromkeys([*left, *queued.waiting(office.work)]))


def _approved(office: Office, paused: list[str]) -> list[str]:
    table = tables.request
    rows = office.work.conn.execute(
        select(table.c.number)
        .where(
            table.c.state.in_([state.value for state in _OPEN]), table.c.property.not_in(paused)
        )
        .order_by(table.c.id)
    )
    return list(rows.scalars())


def _expire(run: Run, report: SweepReport, codes: list[str]) -> None:
    """Erase by day where that was confirmed; elsewhere show what would go."""
    before = run(lambda office: expiry.preview(office.work))
    for code in codes:
        if code in report.paused:
            continue
        rows = [row for row in before if row["property"] == code]
        if not run(partial(_confirmed, code, rows)):
            report.unconfirmed.append(code)
            report.previews += rows
    skip = frozenset([*report.paused, *report.unconfirmed])
    if skip < set(codes):
        _add(report, expiry.expire(run, skip))
        after = run(lambda office: expiry.preview(office.work))
        gone = _rows(before) - _rows(after)
        report.add(_PAPER, run(lambda office: tasks.paper(office.work, gone)))


def _confirmed(code: str, rows: list[dict[str, Any]], office: Office) -> bool:
    if runs.confirmed(office.work, code):
        return True
    runs.show(office.work, code, rows)
    return False


def _rows(preview: list[dict[str, Any]]) -> Counter[tuple[str, str]]:
    counts = Counter[tuple[str, str]]()
    for row in preview:
        counts[row["property"], row["category"]] += row["rows"]
    return counts


def _paper(office: Office) -> int:
    """Ask for the paper of what was kept and ended since this was done last."""
    work, table = office.work, tables.kept
    last = pulse.look(work.conn, _PAPER)
    ended = (
        select(table.c.property, table.c.category, func.count())
        .where(table.c.ended_at.is_not(None))
        .group_by(table.c.property, table.c.category)
    )
    if last is not None:
        ended = ended.where(table.c.ended_at > last.at)
    counts = {(code, category): count for code, category, count in work.conn.execute(ended)}
    pulse.put(work.conn, _PAPER, Pulse(work.stamp))
    return tasks.paper(work, counts)


def _finish(office: Office, started: datetime, report: SweepReport) -> None:
    brake.beat(office.work)
    problems = {"problems": len(report.problems)} if report.problems else {}
    runs.finish(office.work, started, {**report.counts, **problems})
