"""Files of an erased person: removed from disk, inside the declared folder only."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from ...core.errors import AwayError, DeliveryError
from ..statements.folder import empty

MARK = ".guesterase"
"""A file by which a folder that is empty is known from one whose share is not mounted."""

_SAYS = b"The last file here was removed. An empty folder is taken for one that is not mounted.\n"


def remove(root: str, name: str) -> None:
    """Remove a file, durably; a file that is not there is removed already.

    :param root: the declared folder.
    :param name: path of the file, relative to the folder or inside it.
    :raises AwayError: the folder is not `usable`.
    :raises DeliveryError: it lies outside the folder, is no file, or the system refuses. The path
        is not repeated: it may tell who somebody is.
    """
    usable(root)
    # A link inside the folder goes after the file it names, so that a crash between leaves the
    # link that leads the next try to the file.
    places = list(dict.fromkeys(locate(root, name)))
    _mark(Path(os.path.realpath(root)), places)
    for each in places:
        _unlink(each)


def unlink(root: str, name: str) -> None:
    """Remove a link inside a folder, and not the file it names.

    :param root: the declared folder.
    :param name: path of the link; of a file that is none nothing is done.
    :raises DeliveryError: it lies outside the folder, or the system refuses.
    """
    target, link = locate(root, name)
    if link != target:
        _unlink(link)


def usable(root: str) -> None:
    """Refuse a folder whose share may not be mounted: it comes back, with all that is in it.

    :param root: the declared folder.
    :raises AwayError: it is not there, cannot be listed, or nothing at all lies in it.
    """
    if not os.path.isdir(root):
        raise refuse("lies in a folder that is not there", AwayError)
    try:
        bare = empty(root)
    except OSError as problem:
        cause = f"lies in a folder that cannot be listed ({type(problem).__name__})"
        raise refuse(cause, AwayError) from None
    if bare:
        raise AwayError(
            "A file of this request lies in a folder that is empty, as one whose share is not "
            "mounted.",
            f"Mount the share; or, where the folder is meant to be empty, put a file {MARK} in it.",
        )


def _mark(folder: Path, places: Sequence[Path]) -> None:
    """Leave a mark in a folder that will be empty, before the last file in it is removed."""
    last = {place.name for place in places if place.parent == folder}
    if not last or not empty(folder, last):
        return
    try:
        (folder / MARK).write_bytes(_SAYS)
        settle(folder)
    except OSError as problem:
        raise refuse(f"cannot be removed ({type(problem).__name__})") from None


def unmark(root: str) -> None:
    """Take our mark away from a folder in which a file lies again.

    :param root: the declared folder.
    :raises OSError: the system refuses.
    """
    mark = Path(os.path.realpath(root)) / MARK
    if mark.is_file() and mark.read_bytes() == _SAYS and not empty(root, (MARK,)):
        mark.unlink()
        settle(mark.parent)


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


def lies(root: str, name: str) -> bool:
    """Return whether a file, or a link to it that was named, is there.

    :param root: the declared folder.
    :param name: path of the file, relative to the folder or inside it.
    :raises DeliveryError: it lies outside the folder.
    """
    return any(map(os.path.lexists, locate(root, name)))


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


def refuse(cause: str, kind: type[DeliveryError] = DeliveryError) -> DeliveryError:
    """Return the error of a file that cannot be dealt with; it names none."""
    return kind(
        f"A file of this request {cause}.", "Look at the File(root=...) rule and at the disk."
    )
