"""The register of erasures as a file outside the database: appended to, synced, never changed."""

from __future__ import annotations

import fcntl
import hashlib
import os
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path

from ...core.errors import SetupError
from ...core.remembrance import START, Broken, Line, dangling, marked, read, write
from ..keys.custodian import FolderCustodian
from ..keys.keyfile import create, make_folder, sync_folder
from ..statements.folder import closed, refused_as, there

_BLOCK = 1 << 14


@dataclass(frozen=True)
class Tail:
    """The end of a register.

    :param number: place of the last line, 0 where there is none.
    :param mac: what the next line is bound to.
    :param committed: newest place of which the register knows that it was committed.
    :param open: the last lines, of which nothing says what became of them.
    """

    number: int = 0
    mac: str = START
    committed: int = 0
    open: tuple[Line, ...] = ()


class Register:
    """The file of one installation in a folder that others may share.

    :param folder: the folder; it is made when the first line is written.
    :param custodian: who holds the key that binds the lines.
    """

    def __init__(self, folder: str | os.PathLike[str], custodian: FolderCustodian) -> None:
        self.folder = Path(folder)
        self._custodian = custodian
        self.path = self._named(custodian.pepper("register-file"))
        self._take_over(self._named(custodian.public_key()))

    def _named(self, secret: bytes) -> Path:
        mine = hashlib.sha256(b"guesterase/register\0" + secret).hexdigest()
        return self.folder / f"erasures-{mine[:12]}.jsonl"

    def _take_over(self, old: Path) -> None:
        """Give a register its lasting name: it was once named after the signing key."""
        # Of a folder that nobody may look into there is no register, which is told elsewhere.
        if not os.path.exists(old):
            return
        try:
            handle = _lock(old)
            try:
                if old.exists() and not self.exists():
                    old.rename(self.path)
                    sync_folder(self.folder)
            finally:
                os.close(handle)
        except OSError:
            # Where nothing may be renamed it can still be read.
            self.path = old

    def exists(self) -> bool:
        """Return whether there is a register of this installation here."""
        try:
            return self.path.stat().st_size > 0
        except OSError:
            return False

    def closed(self) -> str:
        """Return why no line can be written, empty where one can; nothing is written."""
        return closed(self.folder, (self.path, _lock_of(self.path)))

    def retire(self) -> None:
        """Put the register aside, because the database it belongs to has let go of it.

        :raises SetupError: it cannot be renamed.
        """
        if self.exists():
            with _writable(self.folder):
                for number in range(1, 1000):
                    old = self.path.with_suffix(f".{number}.ended")
                    if not there(old):
                        self.path.rename(old)
                        return

    def lines(self) -> tuple[list[Line], list[Broken]]:
        """Return every line, and where the file is not as it was written."""
        return read(self._read(0), self._key())

    def months(self) -> frozenset[str]:
        """Return the months in which rows were marked, ``YYYY-MM``; the lines are not looked at.

        :raises SetupError: it cannot be read.
        """
        found = set[str]()
        with (
            _writable(self.folder), suppress(FileNotFoundError, NotADirectoryError),
            self.path.open("rb") as file,
        ):
            found.update(map(marked, file))
        return frozenset(found - {""})

    def tail(self) -> Tail:
        """Return the end of the register, without reading all of it.

        :raises SetupError: it cannot be read, or its end is not as it was written.
        """
        size = self._size()
        span = _BLOCK
        while True:
            start = max(size - span, 0)
            text = self._read(start)
            if start:
                text = text[text.find(b"\n") + 1 :]
            lines, broken = read(text, self._key(), START if not start else "")
            settled = [each for each in lines if each.settles]
            if settled or not start:
                return _tail(lines, broken, self.path)
            span *= 4

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Let one thread of one process write at a time.

        :raises SetupError: the folder cannot be made, or is not ours to write.
        """
        with _writable(self.folder):
            make_folder(self.folder)
            handle = _lock(self.path)
        try:
            yield
        finally:
            os.close(handle)

    def append(self, after: Tail, lines: Sequence[Line]) -> Tail:
        """Write lines behind the end and sync them, file and folder; only while it is locked.

        :raises SetupError: they could not be made durable.
        """
        key, previous, text = self._key(), after.mac, b""
        made = []
        for line in lines:
            raw, previous = write(line, previous, key)
            text += raw
            made.append(replace(line, mac=previous))
        with _writable(self.folder):
            fresh = not there(self.path)
            handle = create(self.path, os.O_RDWR)
            with open(handle, "r+b") as file:
                # What a power failure left half written was never the ground of a commit.
                file.truncate(self._whole())
                file.seek(0, os.SEEK_END)
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            if fresh:
                sync_folder(self.folder)
        last = made[-1]
        done = max([after.committed, *(line.committed for line in made)])
        return Tail(last.number, last.mac, done, tuple(dangling([*after.open, *made])))

    def _whole(self) -> int:
        """Return the place behind the last line feed."""
        size, span = self._size(), _BLOCK
        while True:
            start = max(size - span, 0)
            found = self._read(start).rfind(b"\n")
            if found >= 0 or not start:
                return start + found + 1
            span *= 4

    def _size(self) -> int:
        with _writable(self.folder), suppress(FileNotFoundError, NotADirectoryError):
            return self.path.stat().st_size
        return 0

    def _read(self, start: int) -> bytes:
        with (
            _writable(self.folder), suppress(FileNotFoundError, NotADirectoryError),
            self.path.open("rb") as file,
        ):
            file.seek(start)
            return file.read()
        return b""

    def _key(self) -> bytes:
        return self._custodian.pepper("register")


def _tail(lines: Sequence[Line], broken: Sequence[Broken], path: Path) -> Tail:
    if broken and (not lines or broken[-1].place >= len(lines)):
        raise SetupError(
            f"The end of the register of erasures is not as it was written ({broken[-1].why}).",
            f"Bring {path.name} back from its copy; without one take it out of the folder and run "
            "`flask guesterase replay --anew`. Nothing was erased.",
        )
    if not lines:
        return Tail()
    done = max(line.committed for line in lines)
    return Tail(lines[-1].number, lines[-1].mac, done, tuple(dangling(lines)))


def _lock(path: Path) -> int:
    """Lock a register; closing what is returned lets go of it."""
    handle = create(_lock_of(path), os.O_RDWR)
    fcntl.flock(handle, fcntl.LOCK_EX)
    return handle


def _lock_of(path: Path) -> Path:
    return path.with_suffix(".lock")


def _writable(folder: Path) -> AbstractContextManager[None]:
    return refused_as(
        SetupError, "The register of erasures cannot be written",
        f"Nothing was erased. Mount {folder}, make it writable for this application, and "
        "look for free space on its disk.",
    )  # fmt: skip
