"""Requests of before a restore: written down anew, and brought to where they were."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from functools import partial
from typing import Any

from sqlalchemy import insert

from ...core.errors import GuesteraseError, UnknownError
from ...core.events import SYSTEM, RequestReviewedAgain
from ...core.lifecycle import DONE, State
from ...core.remembrance import Kind, Line
from ...core.wish import Kind as Wish
from .. import tables
from ..casework import cases, tasks
from ..casework.cases import Case, load, reconsider, step, tell
from ..certificates import certifying
from ..erasing import people
from ..executing import anewwords, completing
from ..remembrance.forgotten import Forgotten, names
from ..retaining import keeping
from ..unit import HasWork, Run
from ..work import Work
from . import again

_PATHS: Mapping[State, tuple[State, ...]] = {
    State.RECEIVED: (State.VERIFIED, State.REVIEW, State.APPROVED),
    State.VERIFIED: (State.REVIEW, State.APPROVED),
    State.COMPLAINT: (State.REVIEW, State.APPROVED),
    State.REFUSED: (State.COMPLAINT, State.REVIEW, State.APPROVED),
    State.REVIEW: (State.APPROVED,),
    State.APPROVED: (),
    State.WAITING: (),
}
"""The way a request goes again that a restored database knows in an earlier state."""


def case_of(work: Work, number: str) -> Case | None:
    try:
        return load(work, number, lock=False)
    except UnknownError:
        return None


def known_case(work: Work, line: Line) -> Case:
    """Return the request of a line; one that the database has forgotten is written down anew."""
    note = line.note
    found = case_of(work, note.request)
    if found is not None:
        return load(work, note.request, lock=True)
    # The house may have been taken out of the settings since: its guests are erased all the same.
    hotel, facts = work.settings.properties.get(note.property), note.facts
    lang = hotel.lang if hotel is not None else "en"
    at = _time(line.at)
    work.conn.execute(
        insert(tables.request).values(
            number=note.request, property=note.property, controller=note.controller,
            kind=facts.get("kind", Wish.ERASURE.value),
            state=State.APPROVED.value, channel=facts.get("channel", "letter"),
            lang=facts.get("lang", lang),
            received_at=_time(facts.get("received_at", line.at)),
            due_on=facts.get("due_on", at.date().isoformat()), version=1, attempts=0,
            asked_by=facts.get("asked_by"), verified_by=facts.get("verified_by"),
            decided_by=facts.get("decided_by"), decided_at=_time(facts.get("decided_at", line.at)),
            acknowledged_at=at,
        )
    )  # fmt: skip
    work.custodian.ensure(cases.label(note.request))
    return load(work, note.request, lock=True)


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC).replace(tzinfo=None)


def catch_up(work: Work, case: Case, line: Line, done: again.Again | None) -> None:
    """Bring a request to where it was: erased, and to be checked and certified again."""
    if case.state is State.ERASED and keeping.living(work, case.number):
        # Of what was erased again something stays: it is certified once all has caught up.
        step(work, load(work, case.number, lock=True), State.CHECKING, try_at=None)
    if case.state not in _PATHS:
        return
    # What was erased just now has noted with it whose shared rows that were.
    case = load(work, case.number, lock=True)
    items = (*done.did, *done.left) if done is not None and done.did else _as_before(line)
    did = [dict(item) for item in items]
    decisions = {"decisions": [dict(item) for item in line.note.did], **(case.decisions or {})}
    step(
        work, case, *_PATHS[case.state], State.ERASING, State.CHECKING,
        decisions={**decisions, "did": did, "files": 0, "recovery": ""},
        decided_at=case.decided_at or _time(line.at), erased_at=_time(line.at), try_at=None,
        waiting_for=None, waiting_until=None, attempts=0,
    )  # fmt: skip


def name_again(run: Run, known: Forgotten) -> None:
    """Say of requests that the copy knew as sealed what stays since, now that that may be said.

    Where no certificate can be issued now the next supplement says so.

    :param run: runs a unit of work.
    :param known: what the database had forgotten.
    """
    for number in sorted({line.note.request for line in known.lines if line.note.request}):
        with suppress(GuesteraseError):
            run(partial(_name_again, number))


def _name_again(number: str, office: HasWork) -> None:
    completing.name_again(office.work, number)


def _as_before(line: Line) -> list[dict[str, Any]]:
    """Return what was done as the register remembers it, where nothing was left to do again."""
    return [
        {
            "table": item["table"], "outcome": item["outcome"], "columns": list(item["columns"]),
            "rows": 0, "category": "", "until": "", "basis": "", "grade": "", "open": [],
            "conflicts": [],
        }
        for item in line.note.did
    ]  # fmt: skip


def taken_back(known: Forgotten, office: HasWork) -> dict[str, int]:
    """See to requests whose decision was taken back after the copy.

    What waits is not carried out. What this database knows as erased only people bring back again.
    """
    work, counts = office.work, Counter[str]()
    for number, line in sorted(known.undone.items()):
        case = case_of(work, number)
        if case is not None and case.state in (State.APPROVED, State.WAITING):
            case = reconsider(work, load(work, number, lock=True))
            why = (anewwords.UNDONE,)
            tell(work, RequestReviewedAgain, case, SYSTEM, {"differences": 1}, why)
            counts["reviewed-again"] += 1
        elif (
            case is not None and case.state in (State.CHECKING, *DONE)
            and line.note.kind is Kind.RESTORED and not _erased_since(work, known, line)
        ):  # fmt: skip
            last = certifying.first_until(work, case) or work.today
            tasks.take_back(work, number, case.property, case.controller, last)
            counts["to-take-back"] += 1
    return dict(counts)


def _erased_since(work: Work, known: Forgotten, taken: Line) -> bool:
    """Return whether all of a request were erased again after that had been taken back."""
    later = [
        line for line in known.lines
        if line.number > taken.number and line.note.kind is Kind.INTENT
        and known.takes_back(line) is None
    ]  # fmt: skip
    who = people.taken(work, taken.note.request)
    return bool(who) and all(any(names(work, line, [each]) for line in later) for each in who)
