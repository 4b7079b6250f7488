"""A folder on another disk or mount that takes entries and checkpoints, and never goes back.

First come the new entries, synced, then the note that vouches for them: whoever reads the folder
finds every entry that its newest checkpoint covers.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import math
import os
import re
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path
from typing import IO, Any

from ...core.checkpoint import Checkpoint, notes, read_note
from ...core.errors import DeliveryError, TamperedError
from ...core.leaving import Leaving
from ...core.log import PRUNED_FORMAT
from ..keys.keyfile import sync_folder
from ..statements.folder import named, refused_as, there

_BLOCK = 1 << 16
_SIGNED = re.compile(rb"^\xe2\x80\x94 .*\n", re.MULTILINE)
"""The last line of a note, or one of several."""


class Folder:
    """A folder that takes checkpoints.

    :param path: the folder; it is not made, because a mount that is not there would be missed.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    def take(self, release: Leaving) -> str | None:
        """Write the entries that are new here, then the note; a second time changes nothing.

        :raises DeliveryError: the folder is not there, or cannot be written, or old entries were
            taken out of the journal meanwhile.
        :raises TamperedError: it has seen another journal, or more of this one.
        """
        with self._locked():
            seen = self.newest(release.controller, release.epoch)
            if seen is not None and self._same(release, seen) >= release.size:
                return None
            self._entries(release, 0 if seen is None else seen.size)
            self._censuses(release)
            self._note(release)
        return None

    def newest(self, controller: str, epoch: int | None = None) -> Checkpoint | None:
        """Return the newest checkpoint here, its signature not looked at.

        :param controller: slug of the controller.
        :param epoch: only of this epoch.
        :raises DeliveryError: the folder cannot be read.
        """
        for text in reversed(self.notes(controller, epoch is None)):
            with suppress(TamperedError):
                head = read_note(text)
                if epoch in (None, head.epoch):
                    return head
        return None

    def notes(self, controller: str, last: bool = False) -> list[str]:
        """Return the notes here, the newest last.

        :param last: the end of the file is enough.
        """
        with _told():
            text = _end(self._notes_file(controller), _BLOCK if last else None)
        return notes(text.decode("utf-8", "replace"))

    def entries(self, controller: str, epoch: int, start: int, end: int) -> Iterator[bytes]:
        """Yield the entries here from one place up to, not including, another.

        :raises DeliveryError: the folder cannot be read.
        """
        with _told(), self._entries_file(controller, epoch).open("rb") as file:
            file.seek(_offset(file, start))
            for line in file:
                if _index(line) >= end:
                    return
                yield line[:-1]

    def epochs(self, controller: str) -> list[int]:
        """Return the epochs of which there are entries here, in order."""
        mine = re.compile(rf"{re.escape(controller)}-([0-9]+)\.jsonl")
        with _told(), suppress(FileNotFoundError, NotADirectoryError):
            names = (mine.fullmatch(path.name) for path in named(self.path, "*.jsonl"))
            return sorted(int(name[1]) for name in names if name)
        return []

    def _notes_file(self, controller: str) -> Path:
        return self.path / f"{controller}.checkpoints"

    def _entries_file(self, controller: str, epoch: int) -> Path:
        return self.path / f"{controller}-{epoch}.jsonl"

    @contextmanager
    def _locked(self) -> Iterator[None]:
        if not self.path.is_dir():
            raise DeliveryError(
                "The folder for checkpoints is not there.", "Mount it, or make it once by hand."
            )
        with _told():
            handle = os.open(self.path / ".guesterase.lock", os.O_RDWR | os.O_CREAT, 0o640)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            with _told():
                yield
        finally:
            os.close(handle)

    def _same(self, release: Leaving, seen: Checkpoint) -> int:
        """Return how much was seen here of the very journal that is now to be taken."""
        root = release.root_of(seen.size)
        if root is None:
            raise TamperedError(
                "This place has seen more of the journal than there is here.",
                "If the database was restored, run `flask guesterase replay`.",
            )
        if root != seen.root:
            raise TamperedError(
                "This place has seen another journal.",
                "If the database was restored, run `flask guesterase replay`.",
            )
        return seen.size

    def _entries(self, release: Leaving, vouched: int) -> None:
        file = self._entries_file(release.controller, release.epoch)
        fresh = not there(file)
        with open(os.open(file, os.O_RDWR | os.O_CREAT, 0o640), "r+b") as out:
            have = _count(out)
            if have > vouched:
                # Written before a crash, and no checkpoint says that it was right.
                have = self._compared(out, release, vouched, have)
            before, first = out.tell(), release.first
            if have < first:
                if have:
                    raise TamperedError(
                        "Entries are missing here that were taken out of the journal since.",
                        "Bring the file back from its copy, or give another folder.",
                    )
                out.write(release.instead().encode() + b"\n")
                have = first
            for body in release.entries(have):
                out.write(body.encode() + b"\n")
            if release.first != first:
                _cut(out, before)
                raise DeliveryError(
                    "Old entries were taken out of the journal while it was written here.",
                    "It is tried again.",
                )
            out.flush()
            os.fsync(out.fileno())
        if fresh:
            sync_folder(self.path)

    def _compared(self, out: IO[bytes], release: Leaving, vouched: int, have: int) -> int:
        """Return how many entries stay; those that are another journal's are put aside."""
        file = self._entries_file(release.controller, release.epoch)
        upto = min(have, release.size)
        ours = (body.encode() for body in release.entries(vouched))
        mine = self.entries(release.controller, release.epoch, vouched, have)
        if have <= release.size and all(a == b for a, b in zip(mine, ours, strict=False)):
            return upto
        cut = _offset(out, vouched)
        aside = file.with_suffix(f".{vouched}-{have}.aside")
        with aside.open("wb") as rest:
            out.seek(cut)
            rest.write(out.read())
            rest.flush()
            os.fsync(rest.fileno())
        _cut(out, cut)
        return vouched

    def _censuses(self, release: Leaving) -> None:
        """Keep the counts of the guest register, which the database drops after the next night."""
        fresh = False
        for name, content in release.censuses():
            file = self._free(self.path / name, content)
            if file is None:
                continue
            made = file.with_name(f".{name}.new")
            with made.open("wb") as out:
                out.write(content)
                out.flush()
                os.fsync(out.fileno())
            made.rename(file)
            fresh = True
        if fresh:
            sync_folder(self.path)

    def _free(self, file: Path, content: bytes) -> Path | None:
        """Return where a list goes, or None where it is: another one of its name stays beside it.

        Several houses may share a folder, and a restored one counts the same night again.
        """
        if there(file) and file.read_bytes() != content:
            mark = hashlib.sha256(content).hexdigest()[:8]
            file = file.with_name(f"{file.stem}-{mark}.json")
        return None if there(file) else file

    def _note(self, release: Leaving) -> None:
        file = self._notes_file(release.controller)
        fresh = not there(file)
        with open(os.open(file, os.O_RDWR | os.O_CREAT, 0o640), "r+b") as out:
            # What a crash left half written goes; what a disk forgot among the others stays.
            end = max((line.end() for line in _SIGNED.finditer(out.read())), default=0)
            _cut(out, end)
            out.write((("\n" if end else "") + release.note).encode())
            out.flush()
            os.fsync(out.fileno())
        if fresh:
            sync_folder(self.path)


def _end(file: Path, most: int | None) -> bytes:
    """Return a file from its beginning, or only so many bytes of its end."""
    if not there(file):
        return b""
    with file.open("rb") as read:
        if most is not None:
            read.seek(max(file.stat().st_size - most, 0))
        return read.read()


def _count(out: IO[bytes]) -> int:
    """Return how many entries are in a file; what a crash left half written at its end goes."""
    size = out.seek(0, os.SEEK_END)
    span = _BLOCK
    while True:
        start = max(size - span, 0)
        out.seek(start)
        block = out.read()
        whole = block.rfind(b"\n") + 1
        line = block.rfind(b"\n", 0, whole - 1) + 1 if whole else 0
        if not start or (whole and line):
            _cut(out, start + whole)
            return _following(block[line:whole]) if whole else 0
        span *= 4


def _following(line: bytes) -> int:
    """Return the place that comes after a line."""
    value = _value(line)
    if value.get("format") == PRUNED_FORMAT:
        return int(value["size"])
    return int(value["index"]) + 1


def _index(line: bytes) -> float:
    """Return the place of the entry in a line; a torn one stands behind all."""
    # What stands instead of entries that were taken out comes before all.
    return float(_value(line).get("index", -1)) if line.endswith(b"\n") else math.inf


def _value(line: bytes) -> dict[str, Any]:
    try:
        value = dict(json.loads(line))
    except (ValueError, TypeError):
        value = {}
    if not {"index", "size"} & value.keys():
        raise TamperedError(
            "A line that this place holds is no entry.", "Bring the file back from its copy."
        )
    return value


def _offset(file: IO[bytes], place: int) -> int:
    """Return where the entry of a place begins in a file, or its end; places only grow in it."""
    low, high = 0, file.seek(0, os.SEEK_END)
    while low < high:
        middle = (low + high) // 2
        file.seek(middle)
        # From the middle of a line the next one is looked at.
        file.readline()
        here, line = file.tell(), file.readline()
        if line and _index(line) < place:
            low = here + len(line)
        else:
            high = middle
    file.seek(low)
    while (line := file.readline()) and _index(line) < place:
        low += len(line)
    return low


def _cut(out: IO[bytes], size: int) -> None:
    out.truncate(size)
    out.seek(size)


def _told() -> AbstractContextManager[None]:
    return refused_as(
        DeliveryError, "The folder for checkpoints cannot be used",
        "Mount it, make it writable for this application, and look for free space.",
    )  # fmt: skip
