"""Files that must be whole, private and durable, and files that must be gone."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

FRESH = ".new-"
GONE = ".gone-"


def write(path: Path, content: bytes) -> None:
    """Put a file in place in one step; it is durable when this returns.

    :param path: where; an older file is replaced.
    :param content: all of it; readable for the owner only.
    """
    fresh = path.with_name(FRESH + secrets.token_hex(8))
    handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with open(handle, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)
    sync_folder(path.parent)


def destroy(path: Path) -> None:
    """Take a file away, overwrite it and remove it, durably; again and again without harm.

    It is renamed first, so that nobody reads it half overwritten. Overwriting reaches the old
    blocks of a plain disk only: not those of a flash disk or of a file system that copies.
    """
    gone = path.with_name(GONE + path.name.removeprefix(GONE))
    if path != gone and path.exists():
        path.replace(gone)
        sync_folder(path.parent)
    if gone.exists():
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
