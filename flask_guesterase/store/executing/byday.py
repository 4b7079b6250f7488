"""What goes because its day came: erased where that was confirmed, shown elsewhere."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Any

from ..casework import tasks
from ..depth import refresh
from ..sweeping import halting, looking, runs
from ..sweeping.claiming import Shift
from ..sweeping.claims import Bounds
from ..sweeping.report import SweepReport
from ..sweeping.tallies import Tally, lines
from ..unit import HasWork, Run
from . import expiry, finishing

PAPER = "paper"
"""What a sweep counts that was asked for: certificates of what went or stayed by its day."""


def codes(office: HasWork) -> list[str]:
    """Return the codes of all properties, in order."""
    return sorted(office.work.settings.properties)


def everything(run: Run, report: SweepReport, shift: Shift) -> None:
    """Do what goes by its day, as far as the shift lasts."""
    with report.trying("keep"):
        # It only judges, and a rule that changed while erasing is stopped is a rule.
        finishing.look_over(shift.gentle(run))
    report.halted = run(lambda office: halting.stands(office.work))
    if report.halted:
        # What is due is counted all the same, or a stop would hide what it holds up.
        with report.trying("look"):
            looking.look(run, shift, report.problems)
        return
    paused = frozenset(report.paused)
    with report.trying("keep"), report.counting() as counts:
        finishing.finish_dated(run, paused, shift, report.problems, counts)
    with report.trying("expire"):
        _expire(run, report, shift)
    with report.trying("keep"), report.counting() as counts:
        # Last, because most of it stays, however long it takes to look at it.
        finishing.finish_undated(run, paused, shift, report.problems, counts)
    if {"finished", "expired"} & set(report.counts):
        with report.trying("refreshed"):
            report.add("refreshed", refresh.everything(shift.gentle(run)))


def share(run: Run, report: SweepReport, shift: Shift) -> None:
    """Erase of what the sweep that leads has found, where that was confirmed."""
    marks = run(_marks)
    skip = set(report.paused) | (set(run(codes)) - set(marks))
    gone: Tally = {}
    try:
        _erase(run, report, Bounds(frozenset(skip), marks, True), shift, gone)
    finally:
        report.erased = lines(gone)
        report.add(PAPER, run(papered))


def _expire(run: Run, report: SweepReport, shift: Shift) -> None:
    """Erase by day where that was confirmed; elsewhere show what would go."""
    gone: Tally = {}
    try:
        while _looked_and_erased(run, report, shift, gone):
            pass
    finally:
        report.erased = lines(gone)
        report.add(PAPER, run(papered))


def _looked_and_erased(run: Run, report: SweepReport, shift: Shift, gone: Tally) -> bool:
    """Look for what is due, show it or erase it; return whether to look on in the time left."""
    looked = cut = False
    with report.trying("look"):
        looked, cut = _look(run, report, shift)
    marks = run(_marks)
    report.unconfirmed = [c for c in run(codes) if c not in marks and c not in report.paused]
    if report.unconfirmed and looked:
        with report.trying("show"):
            found = expiry.showing(shift.gentle(run), report.unconfirmed)
            for code in report.unconfirmed:
                rows = [row for row in found if row["property"] == code]
                number = run(partial(_show, code, rows))
                report.previews += [{"preview": number, **row} for row in rows]
    skip = frozenset([*report.paused, *report.unconfirmed])
    if skip < set(run(codes)):
        _erase(run, report, Bounds(skip, marks), shift, gone)
    return cut and not shift.over()


def _erase(run: Run, report: SweepReport, bounds: Bounds, shift: Shift, gone: Tally) -> None:
    """Erase what was found due; what went before something is raised is told all the same."""
    with report.counting() as counts:
        expiry.erase_due(run, bounds, shift, gone, counts)


def _look(run: Run, report: SweepReport, shift: Shift) -> tuple[bool, bool]:
    """Look for what is due; return whether the look ended, and whether its time did before.

    Where something may go, it has half of the time that is left: a look at a large import would
    leave none to erase in, sweep after sweep.
    """
    part = shift
    if shift.seconds is not None and run(lambda office: set(_marks(office)) - set(report.paused)):
        part = replace(shift, seconds=max(0.0, shift.seconds - shift.elapsed) / 2)
    try:
        return looking.look(run, part, report.problems), bool(part.stopped)
    finally:
        shift.met, shift.rested = part.met, part.rested


def _marks(office: HasWork) -> dict[str, str]:
    return runs.confirmed_marks(office.work)


def _show(code: str, rows: list[dict[str, Any]], office: HasWork) -> int:
    return runs.show(office.work, code, rows)


def papered(office: HasWork) -> int:
    """Ask for the paper of what went by its day, in whatever process.

    :param office: the open office.
    :return: how many tasks were made, or grew.
    """
    return tasks.paper(office.work, tasks.noted(office.work))
