"""The days of one case, past and to come, as its guest may read them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime

from ...core.agenda import Milestone, Moment
from ...core.lifecycle import DONE, OPEN, State
from ...core.seal import fingerprint
from ..casework.cases import Case, day_at
from ..certificates import certifying, staying
from ..work import Work
from . import deadlines

_PURPOSE = "calendar"


def of(work: Work, case: Case, copy_until: str = "") -> list[Milestone]:
    """Return the days of a case, the earliest first.

    :param work: the open transaction.
    :param case: the request.
    :param copy_until: last day on which a copy lies ready, ISO; empty when none does.
    """
    key = work.custodian.pepper(_PURPOSE)
    found = [
        # The mark holds neither the number nor the day: a day that moves moves in calendars too.
        Milestone(moment, day, _mark(key, case.number, moment, what), what)
        for moment, day, what in _days(work, case, copy_until)
    ]
    order = list(Moment)
    return sorted(found, key=lambda each: (each.day, order.index(each.moment), each.what))


def _mark(key: bytes, number: str, moment: Moment, what: str) -> str:
    return fingerprint(key, _PURPOSE, "\0".join((number, moment.value, what)))[:32]


def _days(work: Work, case: Case, copy_until: str) -> Iterator[tuple[Moment, date, str]]:
    hotel = work.settings.home(case.property)

    def local(moment: datetime) -> date:
        return day_at(hotel, moment.replace(tzinfo=UTC))

    yield Moment.RECEIVED, local(case.received_at), ""
    for moment, at, what in ((Moment.SHOWN, case.verified_at, case.seen or ""),
                             (Moment.DECIDED, case.decided_at, ""),
                             (Moment.ERASED, case.erased_at, "")):  # fmt: skip
        if at is not None:
            yield moment, local(at), what
    ending = {State.WITHDRAWN: Moment.WITHDRAWN, State.RESTORED: Moment.RESTORED}.get(case.state)
    if ending is not None and case.ended_at is not None:
        yield ending, local(case.ended_at), ""
    open_ = case.state in OPEN and case.decided_at is None
    if open_ and not deadlines.answered(work, case) and not deadlines.stands(work, case):
        yield Moment.ANSWER, deadlines.due(work, case), ""
    until = case.waiting_until if case.state in OPEN else None
    # A day that is past is none until which it waits: nobody has looked since, or it waits still.
    if until and until >= day_at(hotel, work.now).isoformat():
        yield Moment.WAITS, date.fromisoformat(until), ""
    if copy_until:
        yield Moment.COPY, date.fromisoformat(copy_until), ""
    if case.state in DONE:
        yield from _afterwards(work, case)


def _afterwards(work: Work, case: Case) -> Iterator[tuple[Moment, date, str]]:
    """Yield when the safety copy ends, and the last day of each kind of what stays."""
    safety = certifying.copied_until(work, case)
    if safety and not staying.copies_held(work, case.number):
        yield Moment.SAFETY, date.fromisoformat(safety), ""
    last: dict[str, str] = {}
    for item in staying.kept(work, case):
        if item["until"]:
            last[item["category"]] = max(last.get(item["category"], ""), item["until"])
    for category, until in last.items():
        yield Moment.STAYS, date.fromisoformat(until[:10]), category
