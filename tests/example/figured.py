"""The figures of the dashboard, counted once more from the journal alone."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import asdict
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select

from flask_guesterase.store import tables
from flask_guesterase.store.figures.gathering import Figures
from flask_guesterase.store.office import Office

ENDS = {"check-completed", "erasure-refused", "erasure-withdrawn", "request-expired"}


HANDLED = {
    "complaint-received": "complaints", "complaint-answered": "answered",
    "refusal-overturned": "overturned", "complaint-overdue": "complaints_late",
    "incident-opened": "incidents", "incident-closed": "closed",
    "incident-overdue": "incidents_late",
    "training-passed": "trained", "training-missed": "untrained",
}  # fmt: skip


DAILY = {"complaint-overdue", "incident-overdue"}
"""What is told anew each day, and late once a month for each thing that is."""


def from_journal(office: Office, code: str, months: list[str]) -> dict[str, Any]:
    """Return, per month: received, ends by word, days until the answer, rows that ended."""
    zone = ZoneInfo(office.work.settings.property(code).zone)
    rows = office.work.conn.execute(
        select(tables.entry.c.body).order_by(tables.entry.c.epoch, tables.entry.c.position)
    ).scalars()
    received: dict[str, date] = {}
    answer: dict[str, date] = {}
    end: dict[str, str] = {}
    ended: Counter[str] = Counter()
    handled: dict[str, Counter[str]] = {month: Counter() for month in months}
    late: set[tuple[str, ...]] = set()
    for body in rows:
        entry = json.loads(body)
        if entry.get("facts", {}).get("property") != code:
            continue
        at = datetime.fromisoformat(entry["at"])
        day, action, number = at.astimezone(zone).date(), entry["action"], entry.get("request")
        month_of = day.isoformat()[:7]
        if action == "erasure-requested":
            received[number] = day
        elif action in ("subject-erased", "erasure-refused"):
            answer.setdefault(number, day)
        elif action == "refusal-overturned":
            # It is decided anew, as if nobody had answered.
            answer.pop(number, None)
            end.pop(number, None)
        elif action == "retention-ended":
            ended[month_of] += sum(entry.get("counts", {}).values())
        silent = {"place-hold", "lift-hold"} & set(entry.get("grounds", []))
        if action == "training-missed" and silent:
            continue
        if action in HANDLED and month_of in handled:
            each = [(month_of, action, number, word) for word in entry.get("grounds", ())]
            told = [word for word in each if word not in late] if action in DAILY else [()]
            late.update(each)
            handled[month_of][HANDLED[action]] += len(told)
        if action in ENDS:
            words = entry.get("grounds", [])
            end[number] = words[0] if action == "check-completed" else action
    found: dict[str, Any] = {
        month: {"received": 0, "ends": Counter(), "days": []} for month in months
    }
    for number, day in received.items():
        month = found.get(day.isoformat()[:7])
        if month is None:
            continue
        month["received"] += 1
        if number in end:
            month["ends"][end[number]] += 1
        # Of an erasure that nobody looked at again its guest has not heard yet.
        if number in answer and number in end:
            month["days"].append((answer[number] - day).days)
    for month in months:
        found[month]["ended"] = ended[month]
        found[month]["handled"] = handled[month]
    return found


WORDS = {
    "refused": "erasure-refused", "withdrawn": "erasure-withdrawn", "expired": "request-expired",
}  # fmt: skip


def agree(office: Office, figures: Figures) -> int:
    """Assert that a dashboard says what the journal says; return how many requests it counts."""
    told = from_journal(office, figures.property, [each.month for each in figures.months])
    for each in figures.months:
        journal = told[each.month]
        assert each.received == journal["received"], (each, journal)
        ends = {WORDS.get(word, word): many for word, many in each.outcomes.items()}
        assert ends == journal["ends"], (each, journal)
        days = sorted(journal["days"])
        assert each.answered == len(days), (each, journal)
        half = days[(len(days) + 1) // 2 - 1] if days else None
        ninety = days[-(-len(days) * 9 // 10) - 1] if days else None
        assert (each.days or (None, None)) == (half, ninety), each.month
        assert figures.ended[each.month] == journal["ended"], each.month
        told_here = asdict(figures.handled[each.month])
        assert told_here == {name: journal["handled"][name] for name in told_here}, each.month
    return sum(each.received for each in figures.months)
