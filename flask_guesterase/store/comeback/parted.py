"""Rows that go in two steps: what a precondition needed of them goes once nothing needs it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any

from sqlalchemy import Row as Line
from sqlalchemy import select

from ...core.plan import Key, Outcome, Person, Plan, Step, by_table, key_text
from ...core.returning import Verdict
from .. import tables
from ..erasing import finder
from ..erasing.traces import holding, tells
from ..lawbook.clocks import moments_of
from ..mapping.ways import clock_of
from ..statements.bynumber import delete_by_number
from ..statements.sql import chunks
from ..work import Work
from . import arrived, known, marks, owing, sightings
from .judging import Judge
from .known import Mark
from .watched import watched


def last(work: Work, plan: Plan) -> tuple[set[Person], set[Person]]:
    """Return the rows of which the last goes by a plan, and those in which something else stands.

    :param work: the open transaction, in which the plan is carried out next.
    :param plan: the plan about what was kept.
    """
    empty, full = set[Person](), set[Person]()
    for step, rest in _parts(work, plan):
        name = step.decision.table
        keys = [row.key for row in step.rows]
        held = holding(work.conn, work.datamap.declared(name), keys, rest, whole=False)
        full |= {(name, key) for key in held}
        empty |= {(name, key) for key in keys}
    return empty - full, full


def _parts(work: Work, plan: Plan) -> Iterator[tuple[Step, list[str]]]:
    """Yield steps that take a part of what an erasure goes over, and the rest of it.

    Of a row that goes as a whole nothing is left to be known by the rest.
    """
    for step in plan.changing():
        one = watched(work.datamap).get(step.decision.table)
        if one is None or step.decision.outcome is Outcome.DELETE:
            continue
        every, going = one.declared.erase.keys(), set(step.decision.columns)
        rest = sorted(n for n in every - going if tells(one.declared, [n]))
        if rest and not going.isdisjoint(every):
            yield step, rest


def note(work: Work, full: Collection[Person]) -> None:
    """Write down rows of which the rest was filled again since the first step, to be judged.

    :param work: the open transaction, before what was kept of them is noted as gone.
    :param full: rows in which something stands besides what goes now.
    """
    if not full:
        return
    seals = marks.seals(work.custodian, work.now.date())
    for name, keys in by_table(full).items():
        texts = {key_text(key): (name, key) for key in keys}
        back = finder.filled_again(work.conn, work.datamap.declared(name), texts, texts)
        whose = {
            mark: texts[text][1] for text in back
            for mark in seals.of(marks.KEY, marks.row_text(*texts[text])).values()
        }  # fmt: skip
        hits: dict[Key, Mark] = {}
        for mark in known.find(work.conn, whose, work.today):
            key = whose[mark.mark]
            if key not in hits or hits[key].erased_at < mark.erased_at:
                hits[key] = mark
        sightings.leave(work.conn, name, hits, sightings.SWEEP, work.stamp, owing.THERE)


def given(
    work: Work, lines: Iterable[Line[Any]], keys: Mapping[int, list[Key]]
) -> set[Person]:
    """Return the kept rows whose numbers may be other people's by now.

    The host may have deleted a row between two steps, and the database given its number again. So
    one that was made since it is kept, and into which somebody was written who may be another, is
    left alone. Without a day that says so nobody can tell, and one that is as the first step left
    it is the same, however often it was loaded anew.

    :param work: the open transaction.
    :param lines: rows of our table.
    :param keys: number of such a line -> the keys it stands for.
    """
    places = {
        (line.table_name, key) for line in lines for key in keys[line.id]
        if line.table_name in work.datamap.subjects and arrived.counted(key)
        and "created" in clock_of(work.datamap.declared(line.table_name).policy)
    }  # fmt: skip
    made = {
        (name, key): moments for name, each in by_table(places).items()
        for key, moments in moments_of(work.conn, work.datamap, name, each).items()
    }  # fmt: skip
    new = {
        (line.table_name, key) for line in lines for key in keys[line.id]
        if (line.table_name, key) in made
        and arrived.made_since(work, line.property, made[line.table_name, key], line.since)
    }  # fmt: skip
    return {
        (name, key) for name, each in by_table(new).items() for key in _others(work, name, each)
    }  # fmt: skip


def _others(work: Work, name: str, keys: Collection[Key]) -> set[Key]:
    """Return those of some rows into which somebody was written who may be another."""
    texts = {key_text(key): (name, key) for key in keys}
    back = finder.filled_again(work.conn, work.datamap.declared(name), texts, texts)
    full = [texts[text][1] for text in sorted(back)]
    judge = Judge(work, lambda mark: False)
    judged = judge.rows(name, full) if full and name in judge.known else {}
    return {
        key for key, each in ((key, judged.get(key)) for key in full)
        if each is None or each.apart or each.verdict is Verdict.STRANGER
    }


def free(work: Work, lines: Iterable[Line[Any]]) -> None:
    """Take out marks of the keys of people's rows that the host deleted before the last step did.

    The database may give their numbers to somebody else's next.

    :param work: the open transaction.
    :param lines: what was kept of rows that are gone.
    """
    texts = {
        f"{line.table_name}|{line.row_key}" for line in lines
        if line.table_name in work.datamap.subjects
        and work.datamap.declared(line.table_name).deletes
        and all(part.startswith("int:") for part in str(line.row_key).split("|"))
    }  # fmt: skip
    if not texts:
        return
    seals, mark = marks.seals(work.custodian, work.now.date()), tables.mark
    theirs = {each for text in texts for each in seals.of(marks.KEY, text).values()}
    for part in chunks(sorted(theirs)):
        mine = select(mark.c.id).where(mark.c.mark.in_(part), mark.c.kind == marks.KEY)
        if found := work.conn.execute(mine).scalars().all():
            delete_by_number(work.conn, mark, found)
