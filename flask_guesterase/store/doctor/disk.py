"""Where things lie: what one lost disk, or one old backup, would take or bring back."""

from __future__ import annotations

from pathlib import Path

from ..remembrance.disks import disk_of
from .look import Seen


def apart(what: str, folder: str, base: Path | None, why: str) -> Seen:
    """Say whether a folder lies on another disk than the database.

    :param what: what the folder is, in words.
    :param folder: the folder; it may not be there yet.
    :param base: the folder of the database, None where nobody knows it.
    :param why: what the operator must do, and why.
    """
    mine = disk_of(Path(folder)) if folder else None
    theirs = disk_of(base) if base is not None else None
    if mine is None:
        return False, f"There is no folder for {what}.", why
    if theirs is None:
        return None, f"Nobody here can say whether {what} and database share a disk.", why
    if mine == theirs:
        return False, f"The folder of {what} and the database lie on one disk.", why
    return True, f"The folder of {what} and the database lie on different disks.", ""
