"""Files for the recovery window: their bytes are sealed before they are removed, and put back.

Each piece is sealed in a transaction of its own and found again by the parcel that removes the
file, so that a process that died goes on where it stopped.
"""

from __future__ import annotations

import hashlib
import json
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import IO, Any

from sqlalchemy import delete, func, select

from ...core.errors import BusyError, DeliveryError, KeyMissingError, SetupError, UnknownError
from ...core.log import canonical
from ...core.seal import Terms
from .. import tables
from ..boxes import boxing, safe, vault
from ..casework.cases import load
from ..comeback import removed
from ..keys.keyfile import create
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

EXISTS = "file-exists"
"""Why a file is not put back: another one lies where it lay."""


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
    if _is_file(target) and run(partial(_wanted, parcel)):
        _seal(run, parcel, target)
    looked = False
    try:
        try:
            gone = run(partial(_remove, parcel, target, looked))
        except SetupError:
            # What is declared may not be there, which costs too much to ask about each file.
            looked, gone = True, run(partial(_remove, parcel, target, True))
    except BusyError:
        return taken(run, parcel)
    if gone is None:
        run(partial(_leave, parcel, looked))
    return bool(gone)


def taken(run: Run, parcel: Parcel) -> bool:
    """Note that a file is gone which a person took away; nobody need be asked who names it.

    :raises BusyError: it lies there.
    """
    place = parcel.content["root"], parcel.content["name"]
    if removal.lies(*place):
        raise BusyError("A database that may name a file does not answer.", "It is tried again.")
    return bool(run(partial(_remove, parcel, removal.locate(*place)[0], False, asked=False)))


def _wanted(parcel: Parcel, office: HasWork) -> bool:
    return bool(parcel.content.get("until", "") >= office.work.today)


def _seal(run: Run, parcel: Parcel, target: Path) -> None:
    try:
        with target.open("rb") as file:
            stamp = _stamp(os.fstat(file.fileno()))
            number = run(partial(_known, parcel, stamp))
            size = os.fstat(file.fileno()).st_size
            while number < _pieces(size):
                file.seek(number * PIECE)
                run(partial(_put, parcel, target, stamp, number, file.read(PIECE)))
                number += 1
    except OSError as problem:
        raise refuse(f"cannot be read ({type(problem).__name__})") from None


def _is_file(path: Path) -> bool:
    return stat.S_ISREG(mode_of(path))


def _stamp(found: os.stat_result) -> dict[str, int]:
    return {
        "inode": found.st_ino, "mode": found.st_mode & 0o7777,
        "nanoseconds": found.st_mtime_ns % 10**9, "seconds": found.st_mtime_ns // 10**9,
        "size": found.st_size,
    }  # fmt: skip


def _pieces(size: int) -> int:
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
    if count and _read(work, parcel.dedupe, 0)[0]["stamp"] != stamp:
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
    if not _is_file(target) and _comes_back(work, parcel):
        dispatch.later(work, parcel)
        return False
    if _is_file(target) and _wanted(parcel, office):
        stamp = _stamp(target.stat())
        if _known(parcel, stamp, office) < _pieces(stamp["size"]):
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
    return count > 0 and count == _pieces(_read(work, removal_, 0)[0]["stamp"]["size"])


def _read(work: Work, removal_: str, number: int) -> tuple[dict[str, Any], bytes]:
    payload = vault.unseal(work.conn, work.custodian, [_id(removal_, number)])[0]
    head, _, data = payload.partition(b"\n")
    return json.loads(head), data


# back


def put_back(run: Run, parcel: Parcel) -> bool:
    """Put a file back where it lay, whole or not at all; never over another one.

    :param run: runs a unit of work.
    :param parcel: its way back.
    :return: whether it lies there now, and was not given up.
    :raises DeliveryError: it cannot be written now.
    """
    removal_ = parcel.content["removal"]
    try:
        head, data = run(lambda office: _read(office.work, removal_, 0))
        target, link = _places(head)
        target.parent.mkdir(parents=True, exist_ok=True)
        part = target.parent / _part(parcel)
        with _whole_or_gone(part):
            with os.fdopen(create(part, _FRESH), "wb") as file:
                _write(run, removal_, head["stamp"]["size"], file, data)
            os.chmod(part, head["stamp"]["mode"])
            moment = head["stamp"]["seconds"] * 10**9 + head["stamp"]["nanoseconds"]
            os.utime(part, ns=(moment, moment))
            fits = _place(part, target, link)
        removal.unmark(head["root"])
    except (KeyMissingError, UnknownError):
        _clear(parcel)
        run(partial(_give_up, parcel, "ended"))
        return False
    except OSError as problem:
        raise refuse(f"cannot be put back ({type(problem).__name__})") from None
    run(partial(_back, parcel) if fits else partial(_give_up, parcel, EXISTS))
    return fits


def _part(parcel: Parcel) -> str:
    return f".guesterase-{parcel.id}.part"


def _clear(parcel: Parcel) -> None:
    """Take away what a process that died wrote of a file whose sealed bytes have ended since."""
    # Where in the folder it was to go was sealed with them; older parcels do not name the folder.
    root = parcel.content.get("root")
    for left in Path(root).rglob(_part(parcel)) if root else ():
        left.unlink()
        removal.settle(left.parent)


@contextmanager
def _whole_or_gone(part: Path) -> Iterator[None]:
    """Take away what was written of a file that does not arrive: nobody would look for it."""
    try:
        yield
    except Exception:
        with suppress(OSError):
            part.unlink(missing_ok=True)
            removal.settle(part.parent)
        raise


def _places(head: dict[str, Any]) -> tuple[Path, Path]:
    folder = Path(os.path.realpath(head["root"]))
    removal.usable(str(folder))
    target, _ = removal.locate(head["root"], head["path"])
    return target, folder / head["link"]


_FRESH = os.O_WRONLY | os.O_TRUNC | os.O_NOFOLLOW


def _write(run: Run, removal_: str, size: int, file: IO[bytes], first: bytes) -> None:
    file.write(first)
    for number in range(1, _pieces(size)):
        file.write(run(partial(_piece, removal_, number)))
    file.flush()
    os.fsync(file.fileno())


def _piece(removal_: str, number: int, office: HasWork) -> bytes:
    return _read(office.work, removal_, number)[1]


def _place(part: Path, target: Path, link: Path) -> bool:
    """Let a file that is written whole appear under its name; False where another one lies."""
    try:
        _appear(part, target)
    except FileExistsError:
        # A process that died after the link has done it already.
        same = _is_file(target) and _sum(target) == _sum(part)
        part.unlink()
        if not same:
            return False
    if link != target and not os.path.lexists(link):
        link.symlink_to(os.path.relpath(target, link.parent))
        removal.settle(link.parent)
    removal.settle(target.parent)
    return True


def _appear(part: Path, target: Path) -> None:
    try:
        os.link(part, target)
    except FileExistsError:
        raise
    except OSError:
        # Not every file system knows links, and room for a second copy there may be none.
        if os.path.lexists(target):
            raise FileExistsError from None
        part.rename(target)
    else:
        part.unlink()


def _sum(path: Path) -> bytes:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").digest()


def _back(parcel: Parcel, office: HasWork) -> None:
    if dispatch.hold_still(office.work, parcel):
        dispatch.done(office.work, parcel)


def _give_up(parcel: Parcel, problem: str, office: HasWork) -> None:
    if dispatch.hold_still(office.work, parcel):
        dispatch.give_up(office.work, parcel, problem)


# when an erasure is taken back


def take_back(work: Work, number: str) -> dict[str, int]:
    """Keep what was not removed yet from being removed, and queue the rest to be put back.

    :param work: the open transaction.
    :param number: number of the request.
    :return: word -> how many files: kept, and on their way back.
    :raises BusyError: one is being removed right now.
    """
    table, counts = tables.outbox, {"kept": 0, "back": 0}
    case = load(work, number)
    rows = work.conn.execute(
        select(table)
        .where(table.c.request == number, table.c.kind == outbox.FILE)
        .order_by(table.c.id)
        .with_for_update()
    ).all()
    for row in rows:
        sealed = _is_whole(work, row.dedupe)
        if row.state != outbox.SENT:
            outbox.call_off(work, row.id)
        if sealed:
            outbox.queue_back(work, case, row.dedupe, _read(work, row.dedupe, 0)[0]["root"])
            counts["back"] += 1
        elif row.state != outbox.SENT:
            drop(work, row.dedupe)
            counts["kept"] += 1
    return {word: count for word, count in counts.items() if count}


def _is_whole(work: Work, removal_: str) -> bool:
    try:
        return whole(work, removal_)
    except (KeyMissingError, DeliveryError):
        return False


def standing(work: Work, number: str) -> Iterator[tuple[str, str]]:
    """Yield state and problem of each file of a request that is, or was, on its way back."""
    table = tables.outbox
    mine = table.c.request == number, table.c.kind == outbox.BACK
    rows = work.conn.execute(select(table.c.state, table.c.problem).where(*mine))
    for row in rows:
        yield row.state, row.problem or ""
