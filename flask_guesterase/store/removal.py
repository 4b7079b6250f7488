"""Files of an erased person: removed from disk, inside the declared folder only."""

from __future__ import annotations

import os
from pathlib import Path

from ..core.errors import DeliveryError


def remove(root: str, name: str) -> None:
    """Remove a file, durably; a file that is not there is removed already.

    :param root: the declared folder.
    :param name: path of the file, relative to the folder or inside it.
    :raises DeliveryError: it lies outside the folder, is no file, the system refuses, or the
        folder is not there. The path is not repeated: it may tell who somebody is.
    """
    # A share that is not mounted comes back, with all that is in it.
    if not os.path.isdir(root):
        raise refuse("lies in a folder that is not there")
    # A link inside the folder goes after the file it names, so that a crash between leaves the
    # link that leads the next try to the file.
    for each in dict.fromkeys(locate(root, name)):
        _unlink(each)


def locate(root: str, name: str) -> tuple[Path, Path]:
    """Return where a file lies, and the path that was named, which may be a link to it.

    :param root: the declared folder.
    :param name: path of the file, relative to the folder or inside it.
    :raises DeliveryError: it lies outside the folder.
    """
    if not name.strip() or "\0" in name:
        raise refuse("names no file")
    folder = Path(os.path.realpath(root))
    path = folder / name
    try:
        parent = Path(os.path.realpath(path.parent))
        target = Path(os.path.realpath(path))
    except (OSError, ValueError):
        raise refuse("cannot be followed") from None
    if path.name in ("", ".", "..") or not parent.is_relative_to(folder):
        raise refuse("lies outside the declared folder")
    if target == folder or not target.is_relative_to(folder):
        raise refuse("leads out of the declared folder")
    return target, parent / path.name


def _unlink(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        raise refuse("is a folder")
    try:
        path.unlink(missing_ok=True)
        if path.parent.is_dir():
            settle(path.parent)
    except NotADirectoryError:
        return
    except OSError as problem:
        raise refuse(f"cannot be removed ({type(problem).__name__})") from None


def settle(folder: Path) -> None:
    """Make what happened in a folder durable."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def refuse(cause: str) -> DeliveryError:
    """Return the error of a file that cannot be dealt with; it names none."""
    return DeliveryError(
        f"A file of this request {cause}.", "Look at the File(root=...) rule and at the disk."
    )
