"""After a restore: lost entries are put back from outside, or an epoch begins that says so.

The tree of a restored database is shorter than what the world has seen. Where a folder outside
holds the lost entries they are appended again exactly, so that every checkpoint the world has is
again one of this journal. Where it does not, or something was written since the restore, the tree
can never be that journal again: another epoch begins, and its first entry quotes the newest
checkpoint that is known, so that nobody can take the gap for a cut; of epochs before that which
were lost as well, each newest one.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from functools import partial
from typing import Any

from sqlalchemy import Row, select

from ...core.checkpoint import Checkpoint, origin, read_note
from ...core.errors import DeliveryError, InputError, SetupError, TamperedError
from ...core.events import SYSTEM, JournalContinued
from ...core.log import Entry, read_entry
from ...core.remembrance import Kind, Note
from ...core.tree import Frontier
from ..access import actors, pulse
from ..access.pulse import Pulse
from ..journaling import binding, cosigning, journal, signing
from ..journaling.export import BATCH
from ..journaling.signers import open_ours
from ..messages.outbox import SENT
from ..remembrance import heads, remembering
from ..tables import released, tree
from ..unit import HasWork, Run
from ..work import Work
from .folder import Folder
from .outside import agrees, behind, folders, newest, unknown


def resume(run: Run, by_hand: Sequence[str] = ()) -> dict[str, int]:
    """Bring the journals of a restored database in line with what the world has seen.

    It may be run again after it was interrupted.

    :param run: runs a unit of work.
    :param by_hand: signed checkpoints that somebody brought from where they were kept.
    :return: "entries-put-back" and "epochs-begun", where there were any.
    :raises InputError: what was brought is no checkpoint of this house.
    :raises SetupError: a folder that may hold what was lost is not there.
    :raises DeliveryError: it cannot be read.
    """
    run(partial(_checked, by_hand))
    if not run(partial(_wanted, by_hand)):
        return {}
    run(_reachable)
    controllers = run(_controllers)
    for controller in controllers:
        for number in range(run(lambda office: len(folders(office.work)))):
            _put_back(run, controller, number)
    counts: Counter[str] = run(partial(_finished, controllers, tuple(by_hand)))
    return {word: count for word, count in counts.items() if count}


def _checked(by_hand: Sequence[str], office: HasWork) -> None:
    for text in by_hand:
        try:
            _opened(office.work, text)
        except TamperedError as problem:
            # What somebody brought is wrong, not our journal.
            raise InputError(problem.message, problem.hint) from None


def _opened(work: Work, text: str) -> Checkpoint:
    custodian = work.custodian
    return open_ours(work.conn, text, custodian.public_key(), custodian.past_keys())


def _wanted(by_hand: Sequence[str], office: HasWork) -> bool:
    """Return whether a journal has to be seen to: once a restore, and whenever it is behind."""
    work = office.work
    restored = remembering.notice(work)
    if restored and pulse.look(work.conn, remembering.CONTINUED) is None:
        return True
    rows = {row.controller: row for row in _open(work)}
    brought = [read_note(text) for text in by_hand]
    unknown = any(
        head.controller in rows and not agrees(work, rows[head.controller], head)
        for head in brought
    )
    return unknown or behind(work) or any(_outgrown(work, row) for row in rows.values())


def _reachable(office: HasWork) -> None:
    """Go on only where every folder can be read: an epoch that has begun is not taken back.

    :raises SetupError: one is not there, or holds nothing though it took checkpoints.
    :raises DeliveryError: one cannot be read.
    """
    work = office.work
    every = [(place.folder, place.name) for place in work.places if place.folder is not None]
    for row in _open(work) if every else ():
        for folder, name in every:
            empty = not folder.notes(row.controller, last=True)
            if empty and (not folder.path.is_dir() or _took(work, name, row.controller)):
                raise SetupError(
                    "A folder for checkpoints is not there; it may hold what this database lost.",
                    "Mount it and replay again; where it is lost for good, take it out of "
                    "GUESTERASE_CHECKPOINTS.",
                )


def _took(work: Work, place: str, controller: str) -> bool:
    """Return whether a place took a checkpoint of a journal that this database knows of."""
    found = select(released.c.id).where(
        released.c.destination == place, released.c.state == SENT,
        released.c.controller == controller,
    )  # fmt: skip
    return work.conn.execute(found.limit(1)).first() is not None


def _outgrown(work: Work, row: Row[Any]) -> bool:
    """Return whether a journal names a key that another one followed: its database is older."""
    return bytes.fromhex(row.public_key) in work.custodian.past_keys()


def _open(work: Work) -> Sequence[Row[Any]]:
    return work.conn.execute(
        select(tree).where(tree.c.open).order_by(tree.c.controller, tree.c.epoch)
    ).all()


def _controllers(office: HasWork) -> list[str]:
    return [row.controller for row in _open(office.work)]


def _finished(
    controllers: Sequence[str], by_hand: Sequence[str], office: HasWork
) -> Counter[str]:
    """Finish every journal and note that it was done, together: an epoch is begun once."""
    counts: Counter[str] = Counter()
    if remembering.register(office.work) is not None:
        # Everybody takes the lock of the register before that of a journal.
        remembering.take_turns(office.work)
    # What was put back may tell of a change of the signing key that the database had forgotten.
    signing.in_force(office.work)
    for controller in controllers:
        counts.update(_finish(controller, by_hand, office))
    _bound(office.work)
    cosigning.catch_up(office.work)
    if remembering.notice(office.work):
        pulse.put(office.work.conn, remembering.CONTINUED, Pulse(office.work.stamp))
    return counts


# entries put back


def _put_back(run: Run, controller: str, number: int) -> None:
    """Append what a folder holds and this database has lost."""
    while True:
        todo: tuple[int, int, int] | None = run(partial(_todo, controller, number))
        if todo is None:
            return
        epoch, start, end = todo
        for first in range(start, end, BATCH):
            last = min(first + BATCH, end)
            run(partial(_append, controller, number, epoch, first, last))


def _todo(controller: str, number: int, office: HasWork) -> tuple[int, int, int] | None:
    """Return of which epoch which entries of a folder continue what is here, exactly."""
    work = office.work
    folder = folders(work)[number]
    row = next(row for row in _open(work) if row.controller == controller)
    try:
        for epoch in (epoch for epoch in folder.epochs(controller) if epoch >= row.epoch):
            here = journal.edge(row) if epoch == row.epoch else Frontier()
            end = _vouched(work, folder, controller, epoch, here)
            if end is not None:
                return epoch, here.size, end
    except (DeliveryError, TamperedError):
        return None
    return None


def _vouched(
    work: Work, folder: Folder, controller: str, epoch: int, here: Frontier
) -> int | None:
    """Return up to where entries of a folder make the very tree that its checkpoint vouches for."""
    head = folder.newest(controller, epoch)
    if head is None or head.size <= here.size or not _signed(work, folder, head):
        return None
    grown = here
    for batch in _batches(folder, controller, epoch, here.size, head.size):
        grown, _ = grown.extend(entry.leaf() for entry in batch)
    return head.size if grown.size == head.size and grown.root() == head.root else None


def _signed(work: Work, folder: Folder, head: Checkpoint) -> bool:
    for text in reversed(folder.notes(head.controller)):
        with suppress(TamperedError):
            if read_note(text) == head and _opened(work, text) == head:
                return True
    return False


def _batches(
    folder: Folder, controller: str, epoch: int, start: int, end: int
) -> Iterator[list[Entry]]:
    batch: list[Entry] = []
    for line in folder.entries(controller, epoch, start, end):
        entry = read_entry(line)
        if (entry.draft.controller, entry.epoch) != (controller, epoch):
            raise TamperedError("This place holds an entry of another journal.")
        batch.append(entry)
        if len(batch) == BATCH:
            yield batch
            batch = []
    yield batch


def _append(
    controller: str, number: int, epoch: int, start: int, end: int, office: HasWork
) -> None:
    work = office.work
    folder = folders(work)[number]
    items = [read_entry(line) for line in folder.entries(controller, epoch, start, end)]
    if pulse.look(work.conn, _FITTING) is None:
        # The rows are those of the copy, which what is put back is newer than.
        pulse.put(work.conn, _FITTING, Pulse(work.stamp, ",".join(binding.fitting(work))))
    journal.put_back(work.conn, controller, epoch, items)
    actors.pass_over(work, (item.draft.actor for item in items))
    # Said at the end, behind them: who dies before that still knows which they were.
    known = _known(work, controller) or {"entries": 0, "epoch": epoch, "from": start}
    known["entries"] += len(items)
    pulse.put(work.conn, _name(controller), Pulse(work.stamp, json.dumps(known)))


def _known(work: Work, controller: str) -> dict[str, int]:
    """Return how many entries of a journal were put back so far, and where the first stands."""
    said = pulse.look(work.conn, _name(controller))
    if said is None:
        return {}
    told = json.loads(said.note)
    # A replay that an earlier version began told their number alone.
    return told if isinstance(told, dict) else {"entries": told}


_FITTING = "put-back-fits"
"""Under which name it stands which rows were those of the journal before entries were put back."""


def _bound(work: Work) -> None:
    """Bind the rows of the copy anew that nobody had changed: the journal has newer ones now."""
    fits = pulse.look(work.conn, _FITTING)
    if fits is not None:
        work.bound.update(filter(None, fits.note.split(",")))
        pulse.take(work.conn, _FITTING)


def _name(controller: str) -> str:
    """Return under which name it stands which entries of a journal were put back."""
    return f"put-back:{hashlib.sha256(controller.encode()).hexdigest()[:20]}"


# another epoch


def _finish(controller: str, by_hand: Sequence[str], office: HasWork) -> dict[str, int]:
    """Say what was put back; begin another epoch where the world has seen something else."""
    work = office.work
    # What other transactions leave meanwhile is put in sequence behind this.
    work.replaying = True
    row = next(row for row in _open(work) if row.controller == controller)
    shown = [each for each in heads.shown(work, controller) if not agrees(work, row, each)]
    lost = _newest_of([*unknown(work, row, by_hand), *shown])
    head = _newer([newest(work, controller, by_hand), *lost])
    put = _known(work, controller)
    pulse.take(work.conn, _name(controller))
    counts = {"entries-put-back": put.get("entries", 0)}
    if head is None:
        head = _own(work, row)
    elif agrees(work, row, head):
        # The world has seen no more than is here, which may still be of before a change of keys,
        # or behind an epoch that was lost.
        head = _tip(work, row) if lost or _outgrown(work, row) else None
    if head is not None:
        epoch = journal.begin_epoch(
            work.conn, controller, journal.stamp(work.now), signing.in_force(work), head,
            [each for each in lost if each.epoch < head.epoch],
            remembering.epoch(work, controller),
        )  # fmt: skip
        work.remember.append(Note(Kind.REPLAYED, controller, facts={"epoch": str(epoch)}))
        counts["epochs-begun"] = 1
    if put:
        work.events.append(JournalContinued(controller, actor=SYSTEM, counts=put))
    return counts


def _newest_of(heads: Iterable[Checkpoint]) -> list[Checkpoint]:
    """Return the newest head of each epoch."""
    return list({head.epoch: head for head in sorted(heads, key=lambda each: each.size)}.values())


def _newer(heads: Iterable[Checkpoint | None]) -> Checkpoint | None:
    known = (head for head in heads if head is not None)
    return max(known, key=lambda head: (head.epoch, head.size), default=None)


def _own(work: Work, row: Row[Any]) -> Checkpoint | None:
    """Return what is left as a checkpoint, where a restored database knows no other.

    Certificates of after the backup carry signed heads of entries that are gone: under the old
    origin the same key would vouch for two journals.
    """
    noticed = remembering.notice(work) and not pulse.look(work.conn, remembering.CONTINUED)
    if not (noticed or _outgrown(work, row)):
        return None
    return _tip(work, row)


def _tip(work: Work, row: Row[Any]) -> Checkpoint:
    """Return the end of a tree as a checkpoint that nobody has signed."""
    tip = journal.edge(row)
    return Checkpoint(
        origin(row.controller, row.epoch), tip.size, tip.root(), journal.stamp(work.now)
    )
