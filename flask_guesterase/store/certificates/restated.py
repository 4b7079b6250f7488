"""What a request did and keeps, as it is today: what has ended since is among what went."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import Row as Line
from sqlalchemy import func, select

from ...core.plan import OTHERS, Decision, Key, Outcome, Person, Row, Step
from .. import tables
from ..comeback import owing
from ..erasing import people
from ..erasing.doubles import doubles
from ..erasing.traces import holding
from ..retaining import law, remainder
from ..work import Work
from . import beside, laternotice, planning, staying
from .deeds import UNCOPIED, did

Items = Iterable[Mapping[str, Any]]
"""What was done, as `deeds.did` has it."""


def restated(work: Work, number: str, decisions: Mapping[str, Any]) -> dict[str, Any]:
    """Return what was decided and done about a request, with what of it is so today.

    :param work: the open transaction; a read-only one is enough.
    :param number: number of the request.
    :param decisions: what is written down of it since it was carried out.
    """
    done = today(work, number, decisions)
    unsealed = _unsealed(work, number, beside.of(decisions))
    last = max(str(decisions.get(laternotice.UNSEALED, "")), unsealed)
    return {**decisions, "did": done, **({laternotice.UNSEALED: last} if last else {})}


def _unsealed(work: Work, number: str, boxes: Sequence[str]) -> str:
    """Return the day until which keys of boxes that have ended were there at most, or nothing."""
    kept = tables.kept
    last = select(func.max(kept.c.ended_at)).where(kept.c.mode == law.SEALED)
    whose = kept.c.request == number, *staying.within(kept.c.box, boxes)
    days = [work.conn.execute(last.where(mine)).scalar() for mine in whose]
    return max((day.date().isoformat() for day in days if day), default="")


def today(
    work: Work, number: str, decisions: Mapping[str, Any] | None
) -> list[dict[str, Any]]:
    """Return what a request did and keeps today: what went, what of it ended since, what stays.

    :param work: the open transaction; a read-only one is enough.
    :param number: number of the request.
    :param decisions: what is written down of it since it was carried out.
    """
    items = [dict(item) for item in (decisions or {}).get("did", ())]
    went = [i for i in items if i["outcome"] not in staying.OUTCOMES]
    then = [i for i in items if i["outcome"] in staying.OUTCOMES]
    now = staying.lines(work, number)
    over = _ended(work, then, now)
    # What others sealed ends for them: this request did not do it.
    boxes = beside.of(decisions)
    now = staying.lines(work, number, boxes) if boxes else now
    if over:
        over = gone(over, shared(work, number))
    rank = {(i["table"], i["category"]): i.get("conflicts", ()) for i in then}
    return [
        *went,
        *over,
        *({**i, "conflicts": rank.get((i["table"], i["category"]), ())} for i in now),
    ]


def _ended(work: Work, then: Items, now: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return what stayed when it was carried out and does so no more, as it was said then."""
    first, last = _counted(work, then), _counted(work, now)
    there = {item["table"] for item in now}
    found, seen = [], set[tuple[str, str]]()
    for item in then:
        table, named = item["table"], _columns(work, item)
        groups: dict[int, list[str]] = {}
        for column in named:
            place = table, column
            rows = first[place] - last[place]
            if place not in seen and rows > 0 and (table not in there or _tells(work, place, last)):
                groups.setdefault(rows, []).append(column)
            seen.add(place)
        for rows, columns in sorted(groups.items()):
            whole = not item["columns"] and len(columns) == len(named)
            found.append({**item, "rows": rows, "columns": [] if whole else columns})
    return found


def _tells(work: Work, place: tuple[str, str], last: Counter[tuple[str, str]]) -> bool:
    """Return whether fewer rows with a column mean that some have ended.

    A column that is not there any more may have another name, under which it stays; rows that are
    equal share a key, and count as one since.
    """
    table, column = place
    declared = work.datamap.tables.get(table)
    if declared is None or column not in {c.name for c in declared.table.c}:
        return False
    return not last[place] or bool(declared.keyed)


def _counted(work: Work, items: Items) -> Counter[tuple[str, str]]:
    """Return table and column -> in how many rows it is said to stay."""
    counts: Counter[tuple[str, str]] = Counter()
    for item in items:
        for column in _columns(work, item):
            counts[item["table"], column] += item["rows"]
    return counts


def _columns(work: Work, item: Mapping[str, Any]) -> list[str]:
    """Return the columns something is about: all that may go, where it is about whole rows."""
    declared = work.datamap.tables.get(item["table"])
    if item["columns"] or declared is None:
        return sorted(item["columns"]) or [""]
    return sorted({*declared.erase, *declared.retain})


def shared(work: Work, number: str) -> list[dict[str, Any]]:
    """Return what of a request has ended and is there, because it is a living person's too.

    That may be another, or who came back to a row of which staff said that it lives.

    :param work: the open transaction.
    :param number: number of the request.
    """
    kept = tables.kept
    mine = select(kept).where(kept.c.request == number, kept.c.mode != law.SEALED)
    who = people.spelt(work, people.taken(work, number))
    lines = [line for line in work.conn.execute(mine) if line.table_name in work.datamap.tables]
    lives = [line for line in lines if line.ended_at is not None and line.open == owing.STAYS]
    only = _over(work, [line for line in lines if line not in lives], who)
    plan = planning.plan(work, planning.bounded(work, remainder.scope(work, only, who), only=only))
    theirs = (*filter(None, map(_theirs, plan.steps)), *_living(work, lives, who))
    return did(replace(plan, steps=theirs), doubles(work, plan))


def _living(
    work: Work, lines: Iterable[Line[Any]], who: frozenset[Person]
) -> Iterator[Step]:
    """Yield what was kept of rows that live by now, as far as something stands there still."""
    found: dict[Decision, list[Row]] = {}
    for line in lines:
        left = remainder.unruled(work, line)
        named = remainder.columns_of(work, line) or left
        keys = remainder.standing(work, line, who, named) or []
        declared = work.datamap.declared(line.table_name)
        if left and named <= left:
            there = set(remainder.filled(work, declared.name, keys, named))
        else:
            there = holding(work.conn, declared, keys, named, whole=False)
        columns = tuple(sorted(named))
        decision = Decision(line.table_name, Outcome.SHARE, columns, (), OTHERS)
        found.setdefault(decision, []).extend(Row(key, frozenset()) for key in there)
    return (Step(decision, tuple(rows)) for decision, rows in found.items() if rows)


def _over(
    work: Work, lines: Sequence[Line[Any]], who: frozenset[Person]
) -> dict[tuple[str, Key], frozenset[str]]:
    """Return what of kept rows has ended: what is kept in another way since has not."""
    keys = {line.id: remainder.keys_of(work, line, who) or [] for line in lines}
    living = [line for line in lines if line.ended_at is None]
    still = remainder.kept_columns(work, living, keys)
    others = [line for line in lines if line.ended_at is not None]
    over = remainder.kept_columns(work, others, keys)
    left = {place: named - still.get(place, frozenset()) for place, named in over.items()}
    return {place: named for place, named in left.items() if named}


def _theirs(step: Step) -> Step | None:
    """Return what of a step stays as another living person's; None where nothing does.

    A floor that was made longer since may keep for itself what was theirs when it ended.
    """
    if step.decision.outcome is Outcome.SHARE:
        return step
    rows = tuple(row for row in step.rows if row.others)
    if step.decision.outcome.value not in staying.OUTCOMES or not rows:
        return None
    return Step(replace(step.decision, outcome=Outcome.SHARE, ground=OTHERS), rows)


def gone(items: Items, left: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return what stayed as what went, but for what is another person's too.

    :param items: what stayed, and has ended.
    :param left: what of it is shared.
    """
    theirs = [(each["table"], set(each["columns"]), each["rows"]) for each in left]
    result = []
    for item in items:
        went = {**item, "outcome": Outcome.OVERWRITE.value, "until": "", "open": []}
        # Of what ends by its day nobody expects a copy.
        went.pop(UNCOPIED, None)
        rows, columns = item["rows"], set(item["columns"])
        for number, (table, named, many) in enumerate(theirs):
            if table != item["table"] or not columns & named:
                continue
            both = min(rows, many)
            rows, theirs[number] = rows - both, (table, named, many - both)
            if both and columns - named:
                result.append({**went, "rows": both, "columns": sorted(columns - named)})
        if rows:
            result.append({**went, "rows": rows})
    return [*result, *(dict(each) for each in left)]
