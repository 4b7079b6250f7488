"""Folders on a disk: what is there, whether this account can write, what is said where not."""

from __future__ import annotations

import errno
import fnmatch
import os
import stat
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from ...core.errors import GuesteraseError


@contextmanager
def refused_as(
    kind: type[GuesteraseError], what: str, hint: str, apart: tuple[type[OSError], ...] = ()
) -> Iterator[None]:
    """Say what the system refuses, without the name of a file, which may be somebody's.

    :param kind: the error that is raised instead of the system's.
    :param what: what cannot be done; the system's reason follows in brackets.
    :param hint: what to do next.
    :param apart: refusals that mean something else, which pass as they are.
    """
    try:
        yield
    except apart:
        raise
    except OSError as problem:
        why = problem.strerror or type(problem).__name__
        raise kind(f"{what} ({why}).", hint) from None


def mode_of(path: Path) -> int:
    """Return the mode of what has this name, 0 where nothing does.

    :raises OSError: the system does not let this account see it. Python takes that for "nothing":
        from 3.14 on in `Path.exists` and `Path.is_file`, before in some cases.
    """
    try:
        return path.stat().st_mode
    except (FileNotFoundError, NotADirectoryError):
        return 0


def there(path: Path) -> bool:
    """Return whether a file or folder has this name.

    :raises OSError: the system does not let this account see it.
    """
    return bool(mode_of(path))


def named(folder: Path, pattern: str) -> list[Path]:
    """Return what lies in a folder under names like a pattern, sorted.

    :param pattern: for example ``key-*.json``.
    :raises OSError: the folder cannot be listed, which `Path.glob` takes for an empty one.
    """
    return sorted(folder / name for name in fnmatch.filter(os.listdir(folder), pattern))


def empty(folder: str | os.PathLike[str], but: Collection[str] = ()) -> bool:
    """Return whether nothing lies in a folder, as in one whose share is not mounted.

    :param folder: the folder; it is there.
    :param but: names that do not count.
    :raises OSError: the folder cannot be listed.
    """
    with os.scandir(folder) as entries:
        return all(entry.name in but for entry in entries)


def closed(folder: str | os.PathLike[str], files: Iterable[Path] = ()) -> str:
    """Return why this account cannot write into a folder, empty where it can; nothing is written.

    :param folder: the folder; it may not be there yet.
    :param files: files in it that are written again; those that are not there do not count.
    """
    path = Path(folder)
    for each in (path, *path.parents):
        try:
            mode = os.stat(each).st_mode
        except FileNotFoundError:
            continue
        except OSError as problem:
            return problem.strerror or type(problem).__name__
        if not stat.S_ISDIR(mode):
            return os.strerror(errno.ENOTDIR)
        return _refused(each, files)
    return os.strerror(errno.ENOENT)


def _refused(folder: Path, files: Iterable[Path]) -> str:
    room = os.statvfs(folder)
    if room.f_flag & os.ST_RDONLY:
        return os.strerror(errno.EROFS)
    mine = all(os.access(file, os.R_OK | os.W_OK) for file in files if os.path.lexists(file))
    if not mine or not os.access(folder, os.R_OK | os.W_OK | os.X_OK):
        return os.strerror(errno.EACCES)
    # A file system that does not say how large it is, does not say what is left of it either.
    free = room.f_bfree if os.geteuid() == 0 else room.f_bavail
    return os.strerror(errno.ENOSPC) if room.f_blocks and not free else ""
