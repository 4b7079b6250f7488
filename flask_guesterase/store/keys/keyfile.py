"""Files that must be whole, private and durable, and files that must be gone."""

from __future__ import annotations

import os
import secrets
from contextlib import suppress
from pathlib import Path

from ..statements.folder import there

FRESH = ".new-"
GONE = ".gone-"


def write(path: Path, content: bytes) -> None:
    """Put a file in place in one step; it is durable when this returns.

    :param path: where; an older file is replaced.
    :param content: all of it; readable for the owner only.
    """
    fresh = path.with_name(FRESH + secrets.token_hex(8))
    handle = create(fresh, os.O_WRONLY | os.O_EXCL)
    with open(handle, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)
    sync_folder(path.parent)


def make_folder(path: Path, mode: int = 0o700) -> None:
    """Make a folder, and those it lies in, where it is not there; durable when this returns.

    :param path: where.
    :param mode: of the folder itself; those it lies in are as the system makes them.
    """
    if there(path):
        return
    make_folder(path.parent, 0o777)
    path.mkdir(mode=mode, exist_ok=True)
    sync_folder(path.parent)


def create(path: Path, flags: int) -> int:
    """Open a file that is made where it is not there, readable for its owner only.

    What root makes, in a cron job for example, belongs to whom the folder belongs: the application
    would be locked out of it.

    :param path: where.
    :param flags: as `os.open` takes them.
    :return: handle of the file.
    """
    try:
        handle = os.open(path, flags | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        if flags & os.O_EXCL:
            raise
        # Whose it is stays: a link that somebody laid here could lead to a file of root's.
        return os.open(path, flags)
    if os.geteuid() == 0:
        folder = os.stat(path.parent)
        # In a container root may not, and then nobody else is there to be locked out.
        with suppress(OSError):
            os.fchown(handle, folder.st_uid, folder.st_gid)
    return handle


def destroy(path: Path) -> None:
    """Take a file away, overwrite it and remove it, durably; again and again without harm.

    It is renamed first, so that nobody reads it half overwritten. Overwriting reaches the old
    blocks of a plain disk only: not those of a flash disk or of a file system that copies.
    """
    gone = path.with_name(GONE + path.name.removeprefix(GONE))
    if path != gone and there(path):
        path.replace(gone)
        sync_folder(path.parent)
    if there(gone):
        with gone.open("r+b") as file:
            file.write(bytes(os.fstat(file.fileno()).st_size))
            file.flush()
            os.fsync(file.fileno())
        gone.unlink()
        sync_folder(path.parent)


def sync_folder(path: Path) -> None:
    """Make the names in a folder durable."""
    handle = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
