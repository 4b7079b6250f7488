"""The keys of what is held: boxes under a hold leave their day's key, and go back when it ends."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import timedelta

from sqlalchemy import select, update

from ..core.lifecycle import OPEN, State
from ..core.seal import day_label
from ..core.standing import Standing
from . import outbox, shelf, tables, vault
from .holds import Hold, living
from .keeping import FOREVER, open_label
from .reach import Holders, covered_in, holders, reach, swept
from .sql import chunks
from .work import Work

PURPOSES = ("retention", "recovery", "recovery-file", "file")
"""What boxes are kept for that a hold reaches; what only tells a guest something goes its way."""


def label(id: int) -> str:
    """Return the label of a hold's own key."""
    return f"hold:{id}"


def wrap(work: Work, hold: Hold) -> int:
    """Put the boxes that a new hold reaches under its key; return how many.

    A box that lies under an older hold stays there until that one is lifted.
    """
    return _move(work, _free(work, reach(work, hold)), label(hold.id))


def to_open(work: Work) -> list[str]:
    """Return the safety copies of sweeps that `rescue` has to know the rows of."""
    over = _outlived(work) if living(work) else set()
    if not over:
        return []
    boxes = swept(work)
    # Where the name of a file ends, every copy says whether it may.
    return sorted(boxes.copies if over & boxes.files else over & boxes.copies)


def holding(work: Work, copy: str) -> frozenset[int]:
    """Return the numbers of the living holds that cover a row in a safety copy of a sweep."""
    return holders(work, living(work), copy)


def rescue(work: Work, known: Holders | None = None) -> int:
    """Put boxes whose day is over, and that a living hold reaches by now, under its key.

    A query or a place may reach boxes that were closed, or found to be of it, after it was held.
    Called before keys are marked to be destroyed.

    :param work: the open transaction.
    :param known: what `holding` said of copies that were looked into a moment ago; the others
        are opened here.
    :return: how many boxes that was.
    """
    holds = living(work)
    if not holds:
        return 0
    over, count = _outlived(work), 0
    for hold in holds if over else ():
        reached = over & reach(work, hold, over, known)
        count += _move(work, reached, label(hold.id))
        over -= reached
    return count


def _outlived(work: Work) -> set[str]:
    """Return the boxes whose day is over and that lie under no hold."""
    box = tables.box
    return set(
        work.conn.execute(
            select(box.c.id).where(
                box.c.last_day < work.today,
                box.c.forgotten_at.is_(None),
                box.c.purpose.in_(PURPOSES),
                box.c.label.not_like("hold:%"),
            )
        ).scalars()
    )


def unwrap(work: Work, hold: Hold) -> int:
    """Take the boxes from a hold's key: to the next hold, to their day, or to their end.

    The hold's own key is marked to be destroyed.

    :param hold: a hold that was lifted.
    :return: how many boxes ended, because their day was over.
    """
    box = tables.box
    rows = work.conn.execute(
        select(box.c.id, box.c.purpose, box.c.controller, box.c.last_day).where(
            box.c.label == label(hold.id),
            box.c.forgotten_at.is_(None),
            box.c.purpose.in_(PURPOSES),
        )
    ).all()
    left = {row.id for row in rows}
    for other in living(work) if left else ():
        if other.id != hold.id:
            reached = left & reach(work, other, left)
            _move(work, reached, label(other.id))
            left -= reached
    homes: dict[str, set[str]] = {}
    for row in rows:
        if row.id in left:
            homes.setdefault(_home(work, row.purpose, row.controller, row.last_day), set()).add(
                row.id
            )
    ended = 0
    for home, ids in sorted(homes.items()):
        if home in _over(work, homes):
            ended += vault.empty(work.conn, sorted(ids), work.stamp)
        else:
            _move(work, ids, home)
            _until(work, ids, home)
    vault.mark_labels(work.conn, [label(hold.id)], work.stamp)
    return ended


def _home(work: Work, purpose: str, controller: str, last_day: str) -> str:
    """Return the label a box has when nothing holds it."""
    if last_day >= FOREVER:
        return open_label(controller)
    if purpose == outbox.FILE and last_day < work.today:
        # What a hold kept from being removed is still to be removed.
        return day_label((work.now.date() + timedelta(days=outbox.BOX_DAYS)).isoformat())
    return day_label(last_day)


def _over(work: Work, homes: Iterable[str]) -> set[str]:
    """Return which of these labels have no key any more, or should have none."""
    table = tables.day
    marked = work.conn.execute(select(table.c.label).where(table.c.label.in_(sorted(homes))))
    return {*marked.scalars(), *(h for h in homes if "day:" <= h < day_label(work.today))}


def _until(work: Work, ids: Collection[str], home: str) -> None:
    if home.startswith("day:"):
        box = tables.box
        work.conn.execute(
            update(box)
            .where(box.c.id.in_(ids), box.c.purpose == outbox.FILE)
            .values(last_day=home.removeprefix("day:"))
        )


def _free(work: Work, ids: Collection[str]) -> set[str]:
    box = tables.box
    found: set[str] = set()
    for part in chunks(sorted(ids)):
        found |= set(
            work.conn.execute(
                select(box.c.id).where(box.c.id.in_(part), box.c.label.not_like("hold:%"))
            ).scalars()
        )
    return found


def _move(work: Work, ids: Collection[str], to: str) -> int:
    """Wrap boxes under another label; those whose key is gone are gone."""
    box = tables.box
    there = work.custodian.labels() if ids else frozenset()
    moved = 0
    for part in chunks(sorted(ids)):
        rows = work.conn.execute(
            select(box.c.id, box.c.label).where(box.c.id.in_(part), box.c.forgotten_at.is_(None))
        )
        good = [row.id for row in rows if row.label in there and row.label != to]
        vault.rewrap(work.conn, work.custodian, good, to)
        shelf.remark(work, good)
        moved += len(good)
    return moved


def held_requests(work: Work, numbers: Sequence[str] | None = None) -> set[str]:
    """Return the requests of which a living hold covers a subject row, a kept row or a box.

    :param numbers: only among these; by default among those that are open, or keep something.
    """
    holds = living(work)
    if not holds:
        return set()
    rows: dict[tuple[str, str], set[str]] = {}
    for number, table, text in _rows_of_requests(work, numbers):
        rows.setdefault((table, text), set()).add(number)
    box = tables.box
    boxed = select(box.c.request).where(
        box.c.label.like("hold:%"), box.c.forgotten_at.is_(None), box.c.request.is_not(None)
    )
    found = {n for n in work.conn.execute(boxed).scalars() if numbers is None or n in numbers}
    for hold in holds:
        found |= covered_in(work, hold, rows)
    return found


def _rows_of_requests(work: Work, numbers: Sequence[str] | None) -> list[tuple[str, str, str]]:
    request, subject, kept = tables.request, tables.subject, tables.kept
    people = select(subject.c.request, subject.c.table_name, subject.c.row_key).where(
        subject.c.standing == Standing.TAKEN.value
    )
    keeps = select(kept.c.request, kept.c.table_name, kept.c.row_key).where(
        kept.c.ended_at.is_(None), kept.c.request.is_not(None)
    )
    found: list[tuple[str, str, str]] = []
    if numbers is None:
        states = [s.value for s in (*OPEN, State.CHECKING, State.SEALED)]
        among = people.join(request, request.c.number == subject.c.request).where(
            request.c.state.in_(states)
        )
        return [tuple(row) for each in (among, keeps) for row in work.conn.execute(each)]
    for part in chunks(sorted(numbers)):
        for each in (
            people.where(subject.c.request.in_(part)), keeps.where(kept.c.request.in_(part))
        ):
            found += [tuple(row) for row in work.conn.execute(each)]
    return found
