"""Files for the recovery window: their bytes are sealed before they are removed.

Each piece is sealed in a transaction of its own and found again by the parcel that removes the
file, so that a process that died goes on where it stopped.
"""

from __future__ import annotations

import hashlib
import json
import os
import stat
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy import delete, func, select

from ...core.errors import BusyError, SetupError
from ...core.log import canonical
from ...core.seal import Terms
from .. import tables
from ..boxes import boxing, safe, vault
from ..casework.cases import load
from ..comeback import removed
from ..messages import outbox, removal
from ..messages.outbox import Parcel
from ..messages.removal import refuse
from ..statements.folder import mode_of
from ..unit import HasWork, Run
from ..upkeep import dispatch
from ..work import Work
from . import named

PURPOSE = "recovery-file"
PIECE = 8 * 2**20
"""Bytes of a file that one box holds."""


def remove(run: Run, parcel: Parcel) -> bool:
    """Remove a file, after its bytes are sealed where they are kept; and note that it is gone.

    Whether it still is to be removed is looked at, and the file removed, in one transaction: an
    erasure that is taken back either finds the file or its bytes. So does a hold; and a row that
    names it by then keeps it, whoever's it is.

    :param run: runs a unit of work.
    :param parcel: the removal.
    :return: whether it is gone; else it waits, or stays for good.
    :raises AwayError: the folder in which it lies is away.
    :raises ClosedError: the key of a hold cannot be read now under which it belongs.
    :raises DeliveryError: it cannot be removed, or was written to meanwhile.
    """
    removal.usable(parcel.content["root"])
    target, _ = removal.locate(parcel.content["root"], parcel.content["name"])
    if is_file(target) and run(partial(_wanted, parcel)):
        _seal(run, parcel, target)
    looked = False
    try:
        try:
            gone = run(partial(_remove, parcel, target, looked))
        except SetupError:
            # What is declared may not be there, which costs too much to ask about each file.
            looked, gone = True, run(partial(_remove, parcel, target, True))
    except BusyError as problem:
        return taken(problem, run, parcel)
    if gone is None:
        run(partial(_leave, parcel, looked))
    return bool(gone)


def taken(problem: BusyError, run: Run, parcel: Parcel) -> bool:
    """Note that a file is gone which a person took away; nobody need be asked who names it.

    :param problem: why nobody could be asked.
    :param run: runs a unit of work.
    :param parcel: the removal.
    :return: whether it is gone; else it waits.
    :raises BusyError: that problem; it lies there.
    """
    place = parcel.content["root"], parcel.content["name"]
    if removal.lies(*place):
        raise problem
    return bool(run(partial(_remove, parcel, removal.locate(*place)[0], False, asked=False)))


def _wanted(parcel: Parcel, office: HasWork) -> bool:
    return bool(parcel.content.get("until", "") >= office.work.today)


def _seal(run: Run, parcel: Parcel, target: Path) -> None:
    try:
        with target.open("rb") as file:
            stamp = _stamp(os.fstat(file.fileno()))
            number = run(partial(_known, parcel, stamp))
            size = os.fstat(file.fileno()).st_size
            while number < pieces(size):
                file.seek(number * PIECE)
                run(partial(_put, parcel, target, stamp, number, file.read(PIECE)))
                number += 1
    except OSError as problem:
        raise refuse(f"cannot be read ({type(problem).__name__})") from None


def is_file(path: Path) -> bool:
    """Return whether a file lies there, and no link or folder."""
    return stat.S_ISREG(mode_of(path))


def _stamp(found: os.stat_result) -> dict[str, int]:
    return {
        "inode": found.st_ino, "mode": found.st_mode & 0o7777,
        "nanoseconds": found.st_mtime_ns % 10**9, "seconds": found.st_mtime_ns // 10**9,
        "size": found.st_size,
    }  # fmt: skip


def pieces(size: int) -> int:
    """Return how many boxes hold a file of so many bytes."""
    return max(1, -(-size // PIECE))


def _id(removal_: str, number: int) -> str:
    return "b" + hashlib.sha256(f"{removal_}:{number}".encode()).hexdigest()[:32]


def _count(work: Work, removal_: str) -> int:
    """Return how many pieces of a file are sealed, one after the other from the first."""
    box, number = tables.box, 0
    while work.conn.execute(
        select(func.count()).select_from(box).where(
            box.c.id == _id(removal_, number), box.c.forgotten_at.is_(None)
        )
    ).scalar_one():  # fmt: skip
        number += 1
    return number


def _known(parcel: Parcel, stamp: dict[str, int], office: HasWork) -> int:
    """Return how many pieces of this very file are sealed; those of an older one are dropped."""
    work = office.work
    count = _count(work, parcel.dedupe)
    if count and read(work, parcel.dedupe, 0)[0]["stamp"] != stamp:
        drop(work, parcel.dedupe)
        return 0
    return count


def drop(work: Work, removal_: str) -> None:
    """Forget the bytes of a file that is still there.

    :param work: the open transaction.
    :param removal_: mark of the parcel that was to remove it.
    """
    ids = [_id(removal_, number) for number in range(_count(work, removal_))]
    work.conn.execute(delete(tables.box).where(tables.box.c.id.in_(ids)))


def _put(
    parcel: Parcel, target: Path, stamp: dict[str, int], number: int, data: bytes, office: HasWork
) -> None:
    work, content = office.work, parcel.content
    folder = os.path.realpath(content["root"])
    link = os.path.relpath(removal.locate(content["root"], content["name"])[1], folder)
    path = os.path.relpath(target, folder)
    head = {"link": link, "number": number, "path": path, "root": content["root"], "stamp": stamp}
    terms = Terms(load(work, parcel.request).controller, PURPOSE, content["until"])
    payload = canonical(head) + b"\n" + data
    item = boxing.Item(payload, terms, parcel.request, _id(parcel.dedupe, number))
    boxing.put(work.conn, work.custodian, [item], work.today)


def _remove(
    parcel: Parcel, target: Path, looked: bool, office: HasWork, asked: bool = True
) -> bool | None:
    """Remove a file; return whether it is gone, or None where a row names it: nothing was done."""
    work, place = office.work, (parcel.content["root"], parcel.content["name"])
    if not dispatch.hold_still(work, parcel) or dispatch.held(work, parcel):
        return False
    if (asked or removal.lies(*place)) and named.is_named(work, parcel, looked):
        return None
    if not is_file(target) and _comes_back(work, parcel):
        dispatch.later(work, parcel)
        return False
    if is_file(target) and _wanted(parcel, office):
        stamp = _stamp(target.stat())
        if _known(parcel, stamp, office) < pieces(stamp["size"]):
            raise refuse("was written to while it was being removed")
    removal.remove(*place)
    removed.keep(work, parcel)
    dispatch.done(work, parcel)
    return True


def _comes_back(work: Work, parcel: Parcel) -> bool:
    """Return whether a file is still to be put back into the folder: it may be this one."""
    table = tables.outbox.c
    mine = table.kind == outbox.BACK, table.state.in_([outbox.QUEUED, outbox.SENDING])
    boxes = work.conn.execute(select(table.box).where(*mine)).scalars()
    root = parcel.content["root"]
    return any((safe.peek(work, box) or {}).get("root", root) == root for box in boxes)


def _leave(parcel: Parcel, looked: bool, office: HasWork) -> None:
    if named.leave(office.work, parcel, looked):
        drop(office.work, parcel.dedupe)


def whole(work: Work, removal_: str) -> bool:
    """Return whether all bytes of a file are sealed.

    :param work: the open transaction.
    :param removal_: mark of the parcel that removed it, or was to.
    """
    count = _count(work, removal_)
    return count > 0 and count == pieces(read(work, removal_, 0)[0]["stamp"]["size"])


def read(work: Work, removal_: str, number: int) -> tuple[dict[str, Any], bytes]:
    """Return what a sealed piece of a file says of it, and its bytes.

    :param work: the open transaction.
    :param removal_: mark of the parcel that removed it.
    :param number: the piece, from 0.
    :raises SealError: it does not open.
    """
    payload = vault.unseal(work.conn, work.custodian, [_id(removal_, number)])[0]
    head, _, data = payload.partition(b"\n")
    return json.loads(head), data
