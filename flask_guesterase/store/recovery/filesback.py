"""Files of the recovery window on their way back: whole or not at all, and never over another."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import IO, Any

from sqlalchemy import select

from ...core.errors import DeliveryError, KeyMissingError, UnknownError
from .. import tables
from ..casework.cases import load
from ..keys.keyfile import create
from ..messages import outbox, removal
from ..messages.outbox import Parcel
from ..messages.removal import refuse
from ..unit import HasWork, Run
from ..upkeep import dispatch
from ..work import Work
from . import files

EXISTS = "file-exists"
"""Why a file is not put back: another one lies where it lay."""


def put_back(run: Run, parcel: Parcel) -> bool:
    """Put a file back where it lay, whole or not at all; never over another one.

    :param run: runs a unit of work.
    :param parcel: its way back.
    :return: whether it lies there now, and was not given up.
    :raises DeliveryError: it cannot be written now.
    """
    removal_ = parcel.content["removal"]
    try:
        head, data = run(lambda office: files.read(office.work, removal_, 0))
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
    for number in range(1, files.pieces(size)):
        file.write(run(partial(_piece, removal_, number)))
    file.flush()
    os.fsync(file.fileno())


def _piece(removal_: str, number: int, office: HasWork) -> bytes:
    return files.read(office.work, removal_, number)[1]


def _place(part: Path, target: Path, link: Path) -> bool:
    """Let a file that is written whole appear under its name; False where another one lies."""
    try:
        _appear(part, target)
    except FileExistsError:
        # A process that died after the link has done it already.
        same = files.is_file(target) and _sum(target) == _sum(part)
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
            outbox.queue_back(work, case, row.dedupe, files.read(work, row.dedupe, 0)[0]["root"])
            counts["back"] += 1
        elif row.state != outbox.SENT:
            files.drop(work, row.dedupe)
            counts["kept"] += 1
    return {word: count for word, count in counts.items() if count}


def _is_whole(work: Work, removal_: str) -> bool:
    try:
        return files.whole(work, removal_)
    except (KeyMissingError, DeliveryError):
        return False


def named_at(work: Work, removal_: str) -> Path:
    """Return where a file is named whose bytes are sealed.

    :param work: the open transaction.
    :param removal_: mark of the parcel that removed it.
    :raises SealError: they do not open.
    """
    head = files.read(work, removal_, 0)[0]
    return Path(os.path.realpath(head["root"]), head["link"])


def standing(work: Work, number: str) -> Iterator[tuple[str, str]]:
    """Yield state and problem of each file of a request that is, or was, on its way back."""
    table = tables.outbox
    rows = work.conn.execute(
        select(table.c.state, table.c.problem).where(
            table.c.request == number, table.c.kind == outbox.BACK
        )
    )
    for row in rows:
        yield row.state, row.problem or ""
