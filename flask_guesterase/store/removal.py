"""Files of an erased person: removed from disk, inside the declared folder only."""

from __future__ import annotations

import os
from pathlib import Path

from ..core.errors import DeliveryError


def remove(root: str, name: str) -> None:
    """Remove a file, durably; a file that is not there is removed already.

    :param root: the declared folder.
    :param name: path of the file, relative to the folder or inside it.
    :raises DeliveryError: it lies outside the folder, is no file, or the system refuses. The
        path is not repeated: it may tell who somebody is.
    """
    if not name.strip() or "\0" in name:
        raise _refuse("names no file")
    folder = Path(os.path.realpath(root))
    path = folder / name
    try:
        parent = Path(os.path.realpath(path.parent))
        target = Path(os.path.realpath(path))
    except (OSError, ValueError):
        raise _refuse("cannot be followed") from None
    if path.name in ("", ".", "..") or not parent.is_relative_to(folder):
        raise _refuse("lies outside the declared folder")
    if target == folder or not target.is_relative_to(folder):
        raise _refuse("leads out of the declared folder")
    # A link inside the folder goes after the file it names, so that a crash between leaves the
    # link that leads the next try to the file.
    for each in dict.fromkeys((target, parent / path.name)):
        _unlink(each)


def _unlink(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        raise _refuse("is a folder")
    try:
        path.unlink(missing_ok=True)
        if path.parent.is_dir():
            handle = os.open(path.parent, os.O_RDONLY)
            try:
                os.fsync(handle)
            finally:
                os.close(handle)
    except NotADirectoryError:
        return
    except OSError as problem:
        raise _refuse(f"cannot be removed ({type(problem).__name__})") from None


def _refuse(cause: str) -> DeliveryError:
    return DeliveryError(
        f"A file of this request {cause}.", "Look at the File(root=...) rule and at the disk."
    )
