"""The keys of what is held: boxes under a hold leave their day's key, and go back when it ends."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from functools import partial

from sqlalchemy import ColumnElement, Connection, select, update

from ...core.errors import GuesteraseError, SealError
from ...core.seal import day_label
from .. import tables
from ..access import brake
from ..boxes import boxing, vault
from ..boxes.rehoming import astray, back, rewrap, unread
from ..journaling import binding
from ..messages import outbox
from ..retaining.keeping import FOREVER, open_label
from ..retaining.living import Hold, living
from ..statements.sql import chunks
from ..unit import HasWork, Run
from ..work import Work
from . import formerly, lots, unsearched
from .lots import SWEEPS
from .reach import Holders, at_once, reach

PURPOSES = ("retention", "recovery", "recovery-file", "file")
"""What boxes are kept for that a hold reaches; what only tells a guest something goes its way."""

_BATCH = 100
"""Boxes that one transaction of a night puts under a second key."""


def label(id: int) -> str:
    """Return the label of a hold's own key."""
    return f"hold:{id}"


def wrap(work: Work, hold: Hold) -> int:
    """Put the boxes that a new hold reaches under its key; return how many.

    A box that lies under an older hold stays there until that one is lifted. Copies that tell only
    when opened are looked through later (`heldcopies.find`).
    """
    if lots.in_sweeps(work, hold):
        unsearched.ask(work.conn, hold.id, work.stamp)
    count = take(work, boxes := at_once(work, hold), hold.id)
    # A file whose name could not be put there now must not go once its key is back.
    numbers = {*lots.left(work, boxes), *(lots.free(work) if formerly.asks(hold) else ())}
    unsearched.ask_of(work.conn, numbers, hold.since or work.stamp)
    return count


def take(work: Work, boxes: Collection[str], hold: int) -> int:
    """Put boxes that lie under no hold under the key of one; return how many those were.

    One whose key cannot be read now stays where it is, and is no hindrance: its key ends for
    nobody before it was read (`closed`).
    """
    moved = 0
    for mine in _free(work, boxes).values():
        with suppress(SealError):
            moved += move(work, mine, hold)
    return moved


def keep(
    work: Work, boxes: Collection[str], holds: Iterable[int]
) -> GuesteraseError | None:
    """Put boxes that lie under no hold under the oldest of some whose key can be read now.

    :param work: the open transaction.
    :param boxes: identifiers of boxes.
    :param holds: numbers of the holds that reach them.
    :return: why one of them had to stay where it is, though it may be put there later.
    """
    problem = None
    for hold in sorted(holds):
        problem = unread(work, label(hold))
        if problem is None:
            take(work, boxes, hold)
            left = (unread(work, home) for home in _free(work, boxes))
            return next((each for each in left if each is not None), None)
    return problem


def move(work: Work, boxes: Collection[str], hold: int) -> int:
    """Put boxes under the key of a hold, wherever they lie; return how many those were."""
    return rewrap(work, boxes, label(hold))


def closed(
    work: Work, copies: Mapping[str, GuesteraseError]
) -> dict[str, GuesteraseError]:
    """Return the labels of boxes whose day is over and of which nobody can tell what is held.

    Their keys are there and cannot be read now, so they end later; those of all others end.

    :param work: the open transaction.
    :param copies: copies that could not be read a moment ago, and the files that may go with them.
    :return: label -> why.
    """
    if not living(work):
        return {}
    box, found, opened = tables.box, dict[str, GuesteraseError](), set[str]()
    wanted = select(box.c.id, box.c.label).where(*_ended(work))
    for row in work.conn.execute(wanted).all():
        if row.id in copies:
            found.setdefault(row.label, copies[row.id])
        elif row.label not in opened and (problem := unread(work, row.label)) is not None:
            found[row.label] = problem
        opened.add(row.label)
    for home in astray(work, box.c.last_day < work.today):
        if (problem := unread(work, home)) is not None:
            found[home] = problem
    return found


def rescue(work: Work, known: Holders, closed: dict[str, GuesteraseError]) -> int:
    """Put boxes whose day is over, and that a living hold reaches by now, under its key.

    A query or a place may reach boxes that were closed, or found to be of it, after it was held.
    Called before keys are marked to be destroyed.

    :param work: the open transaction.
    :param known: what `heldcopies.look` found in copies a moment ago; the others are opened here.
    :param closed: label -> why its key does not end, so that its boxes stay; those of boxes that
        a hold reaches whose key cannot be read now are put to them.
    :return: how many boxes that was.
    """
    holds = living(work)
    if not holds:
        return 0
    over, count = outlived(work, closed), 0
    every = lots.of(work, over) if over else ()
    for hold in holds if over else ():
        reached = over & reach(work, hold, over, every, known)
        problem = unread(work, label(hold.id)) if reached else None
        if problem is None:
            count += move(work, reached, hold.id)
        else:
            closed |= dict.fromkeys(_free(work, reached), problem)
        over -= reached
    return count


def reached(work: Work, boxes: Collection[str]) -> dict[str, int]:
    """Return which of these boxes living holds reach, each with the oldest hold that does."""
    found, left, holds = dict[str, int](), set(boxes), living(work)
    every = lots.of(work, left) if holds and left else ()
    for hold in holds:
        mine = left & reach(work, hold, left, every) if left else set[str]()
        found |= dict.fromkeys(mine, hold.id)
        left -= mine
    return found


def homeward(work: Work) -> int:
    """Put boxes whose day is over and whose hold's key is lost under the one they had before.

    The database is a copy from before that hold was lifted, or somebody lost its key. As long as
    the key of their day lives they can go on to a hold that reaches them (`rescue`).

    :param work: the open transaction; nobody else places or lifts a hold in it.
    :return: how many boxes that was.
    """
    return len(back(work, tables.box.c.last_day < work.today))


def nightly(run: Run) -> int:
    """Put boxes that a hold alone keeps under the key of their day as well, where there is one.

    An earlier version held them so, and so lies what got another day whose key was lost. One that
    does not open, whose day is over, or whose day's key is lost still, stays as it is.

    :param run: runs a unit of work.
    :return: 0: how many are held is not everybody's to read.
    """
    last: str | None = ""
    while last is not None:
        last = run(partial(_besides, last))
    return 0


def _besides(after: str, office: HasWork) -> str | None:
    """Do it with a batch; return the last of them, or None at the end."""
    work, box = office.work, tables.box
    columns = box.c.id, box.c.purpose, box.c.controller, box.c.last_day
    rows = work.conn.execute(
        select(*columns)
        .where(
            box.c.label.in_(vault.HOLDS), box.c.home.is_(None), box.c.forgotten_at.is_(None),
            box.c.purpose.in_(PURPOSES), box.c.last_day >= work.today, box.c.id > after,
        )
        .order_by(box.c.id)
        .limit(_BATCH)
    ).all()  # fmt: skip
    if rows:
        binding.turn(work, binding.HOLDS)
    for row in rows:
        home = _home(work, Held(*row))
        vault.rehome(work.conn, work.custodian, row.id, home, work.today)
    return rows[-1].id if rows else None


def outlived(work: Work, spared: Collection[str] = ()) -> set[str]:
    """Return the boxes whose day is over and that lie under no hold.

    :param spared: labels whose boxes are left out.
    """
    box = tables.box
    rows = work.conn.execute(select(box.c.id, box.c.label).where(*_ended(work)))
    return {row.id for row in rows if row.label not in spared}


def _ended(work: Work) -> tuple[ColumnElement[bool], ...]:
    box = tables.box
    return (
        box.c.last_day < work.today,
        box.c.forgotten_at.is_(None),
        box.c.purpose.in_(PURPOSES),
        box.c.label.not_like("hold:%"),
    )


def unwrap(work: Work, hold: Hold) -> int:
    """Take the boxes from a hold's key: to the next hold, to their day, or to their end.

    Its key is marked to be destroyed. Boxes stay under it for a while (`heldcopies.release`) where
    there are other holds and only a look tells whether they reach them too; all of them while the
    clock is in doubt, for nothing ends by a day that nobody believes.

    :param hold: a hold that was lifted.
    :return: how many boxes ended, because their day was over.
    """
    binding.turn(work, binding.HOLDS)
    rows = under(work, hold.id)
    going = _going(work, rows)
    ended = share(work, going)
    unsearched.drop(work.conn, hold.id)
    if len(going) == len(rows):
        end(work, hold.id)
    return ended


def loosen(work: Work, hold: Hold) -> None:
    """Take from the key of a living hold the boxes that it reaches no more, before their day.

    Those whose day is over would end at once, and lifting a hold takes two people: they stay
    until these do it. What only a look tells of goes to its day, on which all holds are asked; it
    is looked through again (`heldcopies.find`), and until then no file of it goes.

    :param hold: the hold.
    """
    binding.turn(work, binding.HOLDS)
    unsearched.drop(work.conn, hold.id)
    if brake.doubted(work):
        return
    going = [row for row in under(work, hold.id) if row.last_day >= work.today]
    share(work, going)
    numbers = {row.lot for row in going if row.lot is not None}
    others = living(work)
    for other in lots.asking(work, others, SWEEPS) if SWEEPS in numbers else ():
        unsearched.ask(work.conn, other.id, work.stamp)
    first = min(other.since or work.stamp for other in (hold, *others))
    unsearched.ask_of(work.conn, numbers - {SWEEPS}, first)


def _going(work: Work, rows: Sequence[Held]) -> list[Held]:
    """Return those of the boxes under a hold's key of which can be said now where they go."""
    if brake.doubted(work):
        return []
    others, numbers = living(work), {row.lot for row in rows if row.lot is not None}
    untold = {number for number in numbers if lots.asking(work, others, number)}
    return [row for row in rows if row.lot not in untold]


def share(work: Work, boxes: Sequence[Held]) -> int:
    """Put boxes under the oldest hold that reaches them at once, or home; return how many ended."""
    left = {each.id for each in boxes}
    for hold in living(work) if left else ():
        reached = left & at_once(work, hold, left)
        move(work, reached, hold.id)
        left -= reached
    return home(work, [each for each in boxes if each.id in left])


@dataclass(frozen=True)
class Held:
    """A box under the key of a hold.

    :param id: its identifier.
    :param purpose: what it is kept for.
    :param controller: slug of who answers for it.
    :param last_day: its last day when nothing holds it, ISO.
    :param lot: number of the lot of which only a look tells whose it is; None where all is told.
    """

    id: str
    purpose: str
    controller: str
    last_day: str
    lot: str | None = None


def under(work: Work, hold: int, only: Collection[str] | None = None) -> list[Held]:
    """Return the boxes that lie under the key of a hold, or those of some that do."""
    box = tables.box
    wanted = lots.boxes(box.c.id, box.c.purpose, box.c.controller, box.c.last_day).where(
        box.c.label == label(hold), box.c.purpose.in_(PURPOSES)
    )
    some = (None,) if only is None else chunks(sorted(only))
    asked = (wanted if part is None else wanted.where(box.c.id.in_(part)) for part in some)
    return [Held(*row) for each in asked for row in work.conn.execute(each)]


def home(work: Work, boxes: Sequence[Held]) -> int:
    """Put boxes that nothing holds any more under their day again; return how many ended.

    Where the key of that day is lost they wait under that of the hold (`end`).
    """
    homes: dict[str, set[str]] = {}
    for each in boxes:
        homes.setdefault(_home(work, each), set()).add(each.id)
    over, ended = _over(work, homes), 0
    for to, ids in sorted(homes.items()):
        if to in over:
            ended += vault.empty(work.conn, sorted(ids), work.stamp)
        else:
            if not boxing.is_lost(work.conn, work.custodian, to):
                rewrap(work, ids, to)
            _until(work, ids, to)
    return ended


def end(work: Work, hold: int) -> None:
    """Mark the key of a hold to be destroyed; not where boxes wait for it, or for another key.

    It does not open them where it lives again in a copy of the database from before it was lifted.
    A copy of the key folder may have the lost key of their day; until it is back, or their day is
    over, they stay. So does what another hold reaches whose key cannot be read now.
    """
    if not under(work, hold):
        vault.mark_labels(work.conn, [label(hold)], work.stamp)


def lifted(conn: Connection) -> list[int]:
    """Return the numbers of the holds that were lifted and whose key has boxes yet."""
    box = tables.box
    gone = vault.HOLDS.where(tables.hold.c.lifted_at.is_not(None))
    wanted = select(box.c.label, box.c.purpose, box.c.forgotten_at).where(box.c.label.in_(gone))
    found = {
        row.label for row in conn.execute(wanted)
        if row.forgotten_at is None and row.purpose in PURPOSES
    }  # fmt: skip
    return sorted(int(label.removeprefix("hold:")) for label in found)


def _home(work: Work, box: Held) -> str:
    """Return the label a box has when nothing holds it."""
    if box.last_day >= FOREVER:
        return open_label(box.controller)
    if box.purpose == outbox.FILE and box.last_day < work.today:
        # What a hold kept from being removed is still to be removed.
        return day_label((work.now.date() + timedelta(days=outbox.BOX_DAYS)).isoformat())
    return day_label(box.last_day)


def _over(work: Work, homes: Iterable[str]) -> set[str]:
    """Return which of these labels have no key any more, or should have none: by their day alone.

    A row that says so earlier is none of ours, and what it would empty the law keeps.
    """
    return {home for home in homes if "day:" <= home < day_label(work.today)}


def _until(work: Work, ids: Collection[str], home: str) -> None:
    if home.startswith("day:"):
        box = tables.box
        work.conn.execute(
            update(box)
            .where(box.c.id.in_(ids), box.c.purpose == outbox.FILE)
            .values(last_day=home.removeprefix("day:"))
        )


def _free(work: Work, ids: Collection[str]) -> dict[str, set[str]]:
    """Return those of these boxes that lie under no hold: label -> their identifiers."""
    box = tables.box
    found: dict[str, set[str]] = {}
    for part in chunks(sorted(ids)):
        wanted = select(box.c.id, box.c.label).where(
            box.c.id.in_(part), box.c.label.not_like("hold:%")
        )
        for row in work.conn.execute(wanted):
            found.setdefault(row.label, set()).add(row.id)
    return found
