"""Marks that a restored database lost: by which of them a guest may be known again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from ...core.plan import Outcome, Person
from ...core.remembrance import Line, Trace
from ...core.returning import PERHAPS_ANOTHER
from ..comeback import marks, remembered
from ..erasing import people
from ..remembrance.forgotten import Forgotten, Judged, Verdict, shells
from ..statements.sql import python_type
from ..work import Work
from .again import Again, Fate

_ENDED = frozenset({Fate.ERASED, Fate.GONE})
_STAYING = frozenset({Outcome.HOLD, Outcome.RETAIN, Outcome.SHARE})


def emptied(work: Work, judged: Sequence[Judged]) -> set[Person]:
    """Return whose row is there and empty, as an erasure that the copy knows left it.

    :param work: the open transaction.
    :param judged: what is thought of the rows of a line of the register.
    """
    return shells(work, _of(judged, Verdict.OTHER))


def told_apart(work: Work, number: str, judged: Sequence[Judged]) -> list[Judged]:
    """Return what is thought of rows; one lives that has the key of whom the copy knew, no more.

    Else it is taken for the guest of the request: what is theirs would be left or kept under it.

    :param work: the open transaction.
    :param number: number of the request; empty for what has none.
    :param judged: what is thought of the rows of a line of the register.
    """
    who = set(_of(judged, Verdict.OTHER)) & {*people.taken(work, number)} if number else set()
    who -= emptied(work, judged)
    return [
        replace(each, verdict=Verdict.LIVES, why=PERHAPS_ANOTHER)
        if (each.table, each.key) in who else each
        for each in judged
    ]  # fmt: skip


def marked_again(
    work: Work, known: Forgotten, line: Line, judged: Sequence[Judged], done: Sequence[Again]
) -> int:
    """Write down again by what people of a request are known, where no person decides of any.

    What the copy has no row of, a booking of the lost days for example, leaves no marks when the
    rest is erased again.

    :param work: the open transaction, in which the line was carried out.
    :param known: what the database has forgotten.
    :param line: the line.
    :param judged: what is thought of its rows.
    :param done: what became of those that are theirs.
    :return: how many marks that is.
    """
    asked = any(each.verdict is Verdict.ASK for each in judged)
    if asked or not {each.fate for each in done} <= _ENDED:
        return 0
    others = set(_of(judged, Verdict.OTHER, Verdict.LIVES)) - emptied(work, judged)
    strange, stays = _row_marks(work, others), _staying(line, done)

    def fits(trace: Trace, kind: str) -> bool:
        # A row that is somebody else's by now, or of a new stay, is not known by what it held.
        fine = trace.values[kind] not in strange and trace.table not in stays
        return fine and not (kind == marks.KEY and _counted(work, trace.table))

    same = known.marked.get((line.note.request, line.at), ())
    return sum(remembered.put_back(work, each, fits) for each in same)


def _of(judged: Sequence[Judged], *verdicts: Verdict) -> list[Person]:
    return [
        (each.table, each.key) for each in judged
        if each.verdict in verdicts and each.key is not None
    ]  # fmt: skip


def _row_marks(work: Work, who: set[Person]) -> frozenset[str]:
    """Return the marks under which people may stand whose row is not theirs any more."""
    if not who:
        return frozenset()
    seals = marks.seals(work.custodian, work.now.date())
    texts = (marks.row_text(*each) for each in who)
    return frozenset(mark for text in texts for mark in seals.of(marks.KEY, text).values())


def _staying(line: Line, done: Sequence[Again]) -> frozenset[str]:
    """Return the tables of which something stays now that went then, under a hold for example."""
    return frozenset(
        now["table"] for each in done for now in each.did
        if Outcome(now["outcome"]) in _STAYING and any(_went(then, now) for then in line.note.did)
    )  # fmt: skip


def _went(then: Mapping[str, Any], now: Mapping[str, Any]) -> bool:
    outcome = Outcome(then["outcome"])
    if then["table"] != now["table"] or outcome in _STAYING:
        return False
    return outcome is Outcome.DELETE or not set(then["columns"]).isdisjoint(now["columns"])


def _counted(work: Work, table: str) -> bool:
    """Return whether a table's keys are numbers: those of the lost days are given once more."""
    declared = work.datamap.tables.get(table)
    return declared is not None and all(python_type(c.type) is int for c in declared.key)
