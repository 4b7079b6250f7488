"""Old entries of a journal are taken out by two people, and what they proved stays provable."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial
from typing import Any

from sqlalchemy import ColumnElement, Row, delete, func, insert, or_, select, update

from ...core.checkpoint import Checkpoint
from ...core.errors import (
    BlockedError,
    ForbiddenError,
    FourEyesError,
    InputError,
    TamperedError,
    UnknownError,
)
from ...core.events import (
    ErasureApproved,
    JournalContinued,
    JournalPruned,
    SweepHalted,
    SweepResumed,
)
from ...core.holding import Scope
from ...core.log import KEY_CHANGE, Entry, quoted, quoting, read_entry, slug
from ...core.period import months_after
from ...core.permissions import Permission
from ...core.tree import Frontier, edge_places
from .. import tables
from ..access import actors, brake
from ..access.sameness import same
from ..keys import copies
from ..tables import entry as entries
from ..tables import node, tree
from ..unit import HasWork, Run
from ..work import Work
from . import binding, journal, signers
from .ledger import HOLDING
from .pruned import YEARS, needed, said, sizes
from .vanished import BEGINS, ENDS

BATCH = 2000
"""Entries that go in one transaction; each says for itself what went."""


@dataclass(frozen=True)
class Wish:
    """What two people want to be taken out.

    :param controller: slug of the controller.
    :param before: entries from before this day go, as far as they may.
    :param actor: opaque number of the first person.
    """

    controller: str
    before: date
    actor: str


def wish(work: Work, controller: str, before: date, by: str, second: str) -> Wish:
    """Return what two people may have taken out.

    :param work: the open transaction.
    :param controller: name or slug of the controller.
    :param before: entries from before this day.
    :param by: the host's id of one person.
    :param second: the host's id of another one.
    :raises InputError: entries of that day are younger than six years.
    :raises UnknownError: there is no such controller.
    :raises ForbiddenError: one of them may neither audit nor decide about the law there.
    :raises FourEyesError: it is the same person twice.
    :raises BlockedError: the clock is in doubt, so that nobody knows how old an entry is.
    """
    brake.require(work)
    name = slug(controller)
    codes = [c for c, p in work.settings.properties.items() if slug(p.controller) == name]
    if not codes:
        raise UnknownError("There is no such controller.", "Name one of your properties'.")
    people = [_allowed(work, who, codes) for who in (by, second)]
    if same(work.conn, people[0], people[1], work.stamp):
        raise FourEyesError("This is the same person twice.", "Another person must agree.")
    if before > months_after(work.now.date(), -12 * YEARS.years):
        raise InputError(
            "Entries of the last six years stay.", "Name a day that is six years ago or earlier."
        )
    return Wish(name, before, people[0])


def _allowed(work: Work, who: str, codes: Sequence[str]) -> str:
    for code in codes:
        if not any(actors.may(work, who, r, code) for r in (Permission.AUDIT, Permission.LAW)):
            raise ForbiddenError(
                "This needs the permission 'audit' or 'law' at each property of the controller.",
                "Ask whoever gives permissions at your hotel.",
            )
    return actors.acting(work, who)


def prune(run: Run, what: Wish) -> int:
    """Take old entries out, one short transaction after another; return how many went.

    What is interrupted is whole, and goes on when it is run again.

    :param run: runs a unit of work.
    :param what: what two people want.
    :raises TamperedError: the journal does not prove itself; nothing goes then.
    :raises BlockedError: the clock is in doubt.
    """
    total = 0
    for epoch in run(partial(_epochs, what)):
        while count := run(partial(_batch, what, epoch)):
            total += count
    return total


def _epochs(what: Wish, office: HasWork) -> list[int]:
    found = select(tree.c.epoch).where(tree.c.controller == what.controller)
    return list(office.work.conn.execute(found.order_by(tree.c.epoch)).scalars())


def _batch(what: Wish, epoch: int, office: HasWork) -> int:
    """Take the next entries of an epoch out and say so in the journal."""
    work = office.work
    brake.require(work)
    # Before the head of the tree, as everybody does who journals a root.
    binding.turns(work)
    mine = (tree.c.controller == what.controller) & (tree.c.epoch == epoch)
    row = work.conn.execute(select(tree).where(mine).with_for_update()).one()
    start = row.pruned or 0
    end = min(_limit(work, row, what.before), start + BATCH)
    if end <= start:
        return 0
    known = signers.signers(work.conn, row)
    gone, made = _taken(work, row, start, end)
    work.conn.execute(
        update(tree)
        .where(mine)
        .values(
            pruned=end, edge=" ".join(item.hex() for item in gone.hashes),
            edge_key=signers.signer(known, end).hex(),
        )
    )  # fmt: skip
    lost = sorted((head for entry in made for head in quoted(entry)), key=lambda head: head.size)
    _say(work, what, epoch, gone, list({head.epoch: head for head in lost}.values()))
    _repeat(work, what, epoch)
    return end - start


def _say(
    work: Work, what: Wish, epoch: int, gone: Frontier, lost: Sequence[Checkpoint] = ()
) -> None:
    """Say in the journal what was taken out of an epoch.

    :param lost: what entries that went had quoted of epochs before; it must be told for ever.
    """
    roots, numbers = quoting(lost)
    counts = {"entries": gone.size, "epoch": epoch, **numbers}
    marks = {"root": gone.root().hex(), **roots}
    work.events.append(
        JournalPruned(what.controller, actor=what.actor, counts=counts, marks=marks)
    )


def _repeat(work: Work, what: Wish, epoch: int) -> None:
    """Say again what was taken out of other epochs, where the entry that said so went."""
    others = (tree.c.controller == what.controller) & (tree.c.epoch != epoch)
    for row in work.conn.execute(select(tree).where(others, tree.c.pruned > 0)).all():
        gone = journal.pruned_edge(row)
        if not said(work.conn, row.controller, gone):
            _say(work, what, row.epoch, gone)


# how far


def _limit(work: Work, row: Row[Any], before: date) -> int:
    """Return how many first entries of a tree may go."""
    conn, mine = work.conn, _of(row)
    if _evidence(work, row.controller):
        return 0
    left = sizes(conn, row.controller, row.epoch, row.size)
    most = left[-1] if left else 0
    if row.open:
        # The end of an open tree stays, so that there is something to go on from.
        most = min(most, row.size - 1)
    numbers = select(tables.request.c.number)
    kept = [
        entries.c.request.in_(numbers),
        entries.c.position == _newest(row, KEY_CHANGE),
        *_answers(row),
    ]
    since = conn.execute(
        select(func.min(tables.hold.c.placed_at)).where(tables.hold.c.lifted_at.is_(None))
    ).scalar()
    if since is not None:
        kept.append(
            entries.c.action.in_(sorted(HOLDING)) & (entries.c.position >= _at(work, row, since))
        )
    first = conn.execute(select(func.min(entries.c.position)).where(mine, or_(*kept))).scalar()
    young = _at(work, row, before)
    return int(min(most, young, row.size if first is None else first))


def _evidence(work: Work, controller: str) -> bool:
    """Return whether the journal is evidence of an incident that is not closed."""
    hold = tables.hold
    living = select(hold.c.id).where(
        hold.c.controller == controller,
        hold.c.scope == Scope.EVIDENCE.value,
        hold.c.lifted_at.is_(None),
    )
    return work.conn.execute(living.limit(1)).first() is not None


def _answers(row: Row[Any]) -> Iterator[ColumnElement[bool]]:
    """Yield which entries stay because an epoch before still has what they put an end to.

    Each epoch goes as far as it may, so that one can lose more than the one before it: a stop
    that people ended would stand again, and a record be missed that people closed.
    """
    older = entries.alias("older")
    before = (older.c.controller == row.controller) & (older.c.epoch < row.epoch)
    halted = select(older.c.position).where(before, older.c.action == SweepHalted.name)
    yield (entries.c.position == _newest(row, SweepResumed.name)) & halted.exists()
    begun = select(older.c.request).where(before, older.c.action.in_(BEGINS))
    yield entries.c.action.in_(ENDS) & entries.c.request.in_(begun)
    # Which entries were put back after a restore explains why their records are not there.
    told = older.c.action.in_((*BEGINS, ErasureApproved.name))
    put_back = select(older.c.position).where(before, told)
    yield (entries.c.action == JournalContinued.name) & put_back.exists()


def _newest(row: Row[Any], action: str) -> Any:
    """Return the place of the newest entry of an action in an epoch: the last change of keys ..."""
    return (
        select(func.max(entries.c.position))
        .where(_of(row), entries.c.action == action)
        .scalar_subquery()
    )


def _at(work: Work, row: Row[Any], moment: Any) -> int:
    """Return the place of the first entry that is not older than a day or a naive time.

    A clock that once ran backwards makes it too early rather than too late.
    """
    wanted = moment.isoformat()
    low, high = row.pruned or 0, row.size
    while low < high:
        middle = (low + high) // 2
        body = work.conn.execute(
            select(entries.c.body).where(_of(row), entries.c.position == middle)
        ).scalar()
        if body is None:
            raise TamperedError("An entry of the journal is missing.", _LOOK)
        if read_entry(body.encode()).draft.at.removesuffix("Z") < wanted:
            low = middle + 1
        else:
            high = middle
    return low


def _of(row: Row[Any]) -> Any:
    return (entries.c.controller == row.controller) & (entries.c.epoch == row.epoch)


_LOOK = "Run `flask guesterase verify`; nothing was taken out."


# what goes


def _taken(work: Work, row: Row[Any], start: int, end: int) -> tuple[Frontier, list[Entry]]:
    """Take entries, what is computed from them, and their certificates.

    :return: the edge left, and the entries.
    """
    conn, span = work.conn, (entries.c.position >= start) & (entries.c.position < end)
    rows = conn.execute(
        select(entries.c.position, entries.c.body, entries.c.request, entries.c.leaf)
        .where(_of(row), span)
        .order_by(entries.c.position)
    ).all()
    made = [read_entry(each.body.encode()) for each in rows]
    leaves = [entry.leaf() for entry in made]
    fits = [e.index for e in made] == list(range(start, end))
    if not fits or [leaf.hex() for leaf in leaves] != [each.leaf for each in rows]:
        raise TamperedError("The entries are not as they were hashed.", _LOOK)
    if any(entry.draft.at[:10] >= _last(work) for entry in made):
        raise BlockedError("An entry among them is younger than six years.", _LOOK, ("young",))
    before = journal.pruned_edge(row)
    gone, _ = before.extend(leaves)
    stays = needed(conn, row.controller, row.epoch, end)
    _nodes(work, row, end, stays)
    _leaves(work, row, {start + n: leaf for n, leaf in enumerate(leaves)}, stays)
    _edge(work, row, before, stays)
    binding.renew(work, row.controller, made)
    copies.renew(work, row.controller, made)
    conn.execute(delete(entries).where(_of(row), span))
    _certificates(work, row.epoch, end, {each.request for each in rows if each.request})
    return gone, made


def _last(work: Work) -> str:
    return months_after(work.now.date(), -12 * YEARS.years).isoformat()


def _nodes(work: Work, row: Row[Any], end: int, stays: set[tuple[int, int]]) -> None:
    """Delete the hashes over entries that went, but for those that are still needed."""
    kept: dict[int, set[int]] = {}
    for level, index in stays:
        kept.setdefault(level, set()).add(index)
    mine = (node.c.controller == row.controller) & (node.c.epoch == row.epoch)
    for level in range(end.bit_length()):
        inside = mine & (node.c.level == level) & (node.c.position < end >> level)
        there = work.conn.execute(select(node.c.position).where(inside)).scalars()
        out = sorted(set(there) - kept.get(level, set()))
        for first in range(0, len(out), 500):
            part = node.c.position.in_(out[first : first + 500])
            work.conn.execute(delete(node).where(mine, node.c.level == level, part))


def _leaves(
    work: Work, row: Row[Any], leaves: dict[int, bytes], stays: set[tuple[int, int]]
) -> None:
    """Keep the leaf hashes that a checkpoint outside is proved by, among the nodes."""
    _keep(work, row, {
        (0, index): value for index, value in leaves.items() if (0, index) in stays
    })  # fmt: skip


def _edge(work: Work, row: Row[Any], before: Frontier, stays: set[tuple[int, int]]) -> None:
    """Keep what was the edge until now, where it is inside from here on and still needed."""
    from_edge = zip(edge_places(before.size), before.hashes, strict=True)
    _keep(work, row, {place: value for place, value in from_edge if place in stays})


def _keep(work: Work, row: Row[Any], hashes: dict[tuple[int, int], bytes]) -> None:
    mine = (node.c.controller == row.controller) & (node.c.epoch == row.epoch)
    for (level, index), value in hashes.items():
        there = mine & (node.c.level == level) & (node.c.position == index)
        if work.conn.execute(select(node.c.hash).where(there)).first() is None:
            work.conn.execute(
                insert(node).values(
                    controller=row.controller, epoch=row.epoch, level=level, position=index,
                    hash=value.hex(),
                )
            )  # fmt: skip


def _certificates(work: Work, epoch: int, end: int, numbers: set[str]) -> None:
    """Delete the certificates that the entries proved."""
    table = tables.certificate
    for number in sorted(numbers):
        found = work.conn.execute(
            select(table.c.supplement, table.c.body).where(table.c.request == number)
        ).all()
        for each in found:
            entry = json.loads(json.loads(each.body)["proof"]["entry"])
            if entry["epoch"] == epoch and entry["index"] < end:
                work.conn.execute(
                    delete(table).where(
                        table.c.request == number, table.c.supplement == each.supplement
                    )
                )
