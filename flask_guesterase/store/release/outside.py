"""What places outside have seen of a journal, and whether this database has seen less."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from itertools import islice
from typing import Any

from sqlalchemy import Row, select

from ...core.checkpoint import Checkpoint, read_note
from ...core.errors import DeliveryError, InputError, TamperedError, UnknownError
from ..journaling import witness
from ..journaling.quotes import quotes
from ..journaling.signers import open_ours
from ..tables import tree
from ..work import Work
from .folder import Folder


def folders(work: Work) -> list[Folder]:
    """Return the places that are folders, and so can be read again."""
    return [place.folder for place in work.places if place.folder is not None]


def newest(work: Work, controller: str, by_hand: Sequence[str] = ()) -> Checkpoint | None:
    """Return the newest checkpoint of this house that can be found outside.

    :param work: the open transaction; a read-only one is enough.
    :param controller: slug of the controller.
    :param by_hand: signed notes that somebody brought, of whichever controller.
    """
    mine = (text for text in by_hand if read_note(text).controller == controller)
    found = [head for text in mine if (head := _ours(work, text)) is not None]
    for folder in folders(work):
        with suppress(DeliveryError):
            there = (_ours(work, text) for text in reversed(folder.notes(controller, last=True)))
            found += islice((head for head in there if head is not None), 1)
    return max(found, key=lambda head: (head.epoch, head.size), default=None)


def unknown(work: Work, row: Row[Any], by_hand: Sequence[str] = ()) -> list[Checkpoint]:
    """Return of each epoch of a journal the newest checkpoint outside that it does not explain.

    :param work: the open transaction.
    :param row: row of the journal's open tree.
    :param by_hand: signed notes that somebody brought, of whichever controller.
    """
    mine = (_ours(work, text) for text in by_hand if read_note(text).controller == row.controller)
    heads = [head for head in mine if head is not None]
    heads += _newest_of_each(work, row.controller)
    lost = [head for head in heads if not agrees(work, row, head)]
    newest_of = {head.epoch: head for head in sorted(lost, key=lambda head: head.size)}
    return list(newest_of.values())


def _newest_of_each(work: Work, controller: str) -> Iterator[Checkpoint]:
    """Yield of each epoch the newest checkpoint in each folder, which contradicts none before."""
    for folder in folders(work):
        done = set[int]()
        with suppress(DeliveryError):
            for text in reversed(folder.notes(controller)):
                # Anybody may have written there.
                with suppress(TamperedError):
                    if read_note(text).epoch not in done and (head := _ours(work, text)):
                        done.add(head.epoch)
                        yield head


def seen(work: Work, by_hand: Sequence[str] = ()) -> list[Checkpoint]:
    """Return every checkpoint of this house that can be found outside.

    :param work: the open transaction; a read-only one is enough.
    :param by_hand: signed notes that somebody brought.
    :raises InputError: one of them is no checkpoint of this house.
    """
    found = [brought(work, text) for text in by_hand]
    trees = work.conn.execute(select(tree.c.controller).distinct().order_by(tree.c.controller))
    for controller in list(trees.scalars()):
        for folder in folders(work):
            with suppress(DeliveryError):
                heads = (_ours(work, text) for text in folder.notes(controller))
                found += [head for head in heads if head is not None]
    return found


def brought(work: Work, text: str) -> Checkpoint:
    """Return a checkpoint of this house that somebody brought.

    :raises InputError: it is none.
    """
    head = _ours(work, text)
    if head is None:
        raise InputError("This is no checkpoint of this house.", "Bring another one.")
    return head


def _ours(work: Work, text: str) -> Checkpoint | None:
    """Return a note's checkpoint when this house signed it; what anybody wrote there is not."""
    try:
        return open_ours(
            work.conn, text, work.custodian.public_key(), work.custodian.past_keys()
        )
    except TamperedError:
        return None


def behind(work: Work) -> bool:
    """Return whether a place outside has seen what the journals here do not hold.

    :param work: the open transaction; a read-only one is enough.
    """
    if not folders(work):
        return False
    wanted = select(tree).where(tree.c.open)
    seen = {row.controller: newest(work, row.controller) for row in work.conn.execute(wanted).all()}
    # Asked after the folders were: a checkpoint leaves once the journal holds what it says.
    rows = work.conn.execute(wanted).all()
    heads = [(row, seen.get(row.controller)) for row in rows]
    return any(head is not None and not agrees(work, row, head) for row, head in heads)


def agrees(work: Work, row: Row[Any], head: Checkpoint) -> bool:
    """Return whether a journal holds what a checkpoint vouches for, or an epoch quotes it.

    :param work: the open transaction.
    :param row: row of the journal's open tree.
    :param head: a checkpoint of this house from outside.
    """
    if (head.epoch, head.size) > (row.epoch, row.size):
        return False
    mine = work.conn.execute(
        select(tree).where(tree.c.controller == row.controller, tree.c.epoch == head.epoch)
    ).first()
    if mine is not None and head.size <= mine.size:
        try:
            if witness.frontier_at(work.conn, mine, head.size).root() == head.root:
                return True
        except UnknownError:
            # Too old to be told: its nodes went with the entries.
            return True
    return head in quotes(work.conn, row.controller)
