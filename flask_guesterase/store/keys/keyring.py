"""Key files under a root that rotates: ``current.json``, wrapped keys, and the roots' own files.

A wrapped key is a JSON file that names its root. ``current.json`` names the root that new keys go
under, and the next one where it is made already. A root is a file ``root-<id>.key``, or, where it
lies in a key service, ``root-<id>.json``, which holds its name alone. Every change is one durable
step after which the folder is whole, so a crash between two steps loses nothing and the next
rotation, or `settle`, goes on from there.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path

from ...core.errors import InputError, KeyMissingError, SetupError
from ...core.seal import KEY_SIZE, Random
from ..statements.folder import named, refused_as, there
from .folder import KeyFolder
from .keyfile import FRESH, GONE, destroy, make_folder, write
from .roots import FolderRoots, Roots
from .wrapped import (
    CURRENT,
    PAST,
    ROOT,
    Pointer,
    Wrapped,
    bound,
    is_key,
    require_own,
    secret_of,
    stub,
)

_BATCH = 256


class Keyring(KeyFolder):
    """The files of one key folder, safe for several threads and processes.

    :param path: the folder, readable for its owner only.
    :param random: source of keys and nonces.
    :param service: who holds the roots; the folder itself by default.
    """

    def __init__(self, path: Path, random: Random, service: Roots | None = None) -> None:
        super().__init__(path)
        self._random = random
        self._inside = FolderRoots(path, random)
        self._service = service

    def creating(self, secrets: Sequence[str], since: str = "") -> Iterator[str]:
        """Make the folder, its first root and the named secrets, step by step.

        :raises SetupError: there are keys already, or files that would be taken for some.
        """
        make_folder(self.path)
        with self.lock():
            if self.exists():
                raise SetupError("This folder holds keys already.", "Keep them, or name another.")
            mine = {secret_of(name) for name in secrets}
            if {path.name for path in self._wrapped_files()} - mine:
                # None of these is made before the pointer: they were in use, or are no keys.
                raise SetupError(
                    f"The folder {self.path} holds key files, and {CURRENT} is not among them.",
                    "If they are the keys of this installation, bring the whole copy back; if not, "
                    "point GUESTERASE_KEYS to a folder of its own.",
                )
            self._sweep(frozenset(), mine)
            yield "swept"
            root = self._new_root()
            yield "root"
            for name in secrets:
                self._write(secret_of(name), name, self._random(KEY_SIZE), root)
                yield name
            # The pointer comes last: without it the next attempt starts again from nothing.
            self.point(Pointer(root, since))
            yield "pointer"

    def preparing(self) -> Iterator[str]:
        """Make the root that comes next, unless there is one; nothing lies under it yet."""
        with self.lock():
            yield from self._settling()
            if not self.pointer().next:
                root = self._new_root()
                yield "root"
                self.point(replace(self.pointer(), next=root))
                yield "pointer"

    def rotating(self, since: str = "", expected: str = "") -> Iterator[str]:
        """Finish an earlier rotation, then put the next root under every key, step by step.

        :param since: UTC day of the rotation, ISO.
        :param expected: rotate only while this is the root in use.
        :raises SetupError: the folder is a copy, and a key service holds the root.
        """
        with self.lock():
            yield from self._settling()
            now = self.pointer()
            if expected and now.root != expected:
                return
            require_own(self.path, now.root)
            # What does not open now would be lost with its root.
            self._keys(self._wrapped())
            if not now.next:
                now = replace(now, next=self._new_root())
                yield "root"
            self.point(Pointer(now.next, since))
            yield "pointer"
            yield from self._settling()

    def settling(self) -> Iterator[str]:
        """Finish what a crash interrupted: every key under the root in use, no loose ends."""
        with self.lock():
            yield from self._settling()

    def _settling(self) -> Iterator[str]:
        now = self.pointer()
        late = [each for each in self._wrapped() if each.root != now.root]
        for start in range(0, len(late), _BATCH):
            part = late[start : start + _BATCH]
            aads = [bound(each.name, now.root) for each in part]
            pairs = list(zip(self._keys(part), aads, strict=True))
            sealed = self._roots(now.root).wrap(now.root, pairs)
            for each, text in zip(part, sealed, strict=True):
                self._put(replace(each, root=now.root, sealed=text))
                yield each.file
        self._sweep(frozenset({now.root, now.next} - {""}))
        yield "destroyed"

    def _sweep(self, keep: frozenset[str], begun: Collection[str] = ()) -> None:
        """Destroy roots that nothing lies under any more, and files a crash left unfinished.

        What else lies in the folder is somebody else's.

        :param keep: roots that stay.
        :param begun: files of a folder that was not made to its end.
        """
        for path in sorted(self.path.iterdir()):
            match = ROOT.fullmatch(path.name)
            if match and match.group(1) not in keep:
                if match.group(2) == "json":
                    require_own(self.path, match.group(1))
                    self._roots(match.group(1)).destroy(match.group(1))
                destroy(path)
            elif path.name.startswith((FRESH, GONE)) or path.name in begun:
                destroy(path)
        self._inside.keep(keep)

    def pointer(self) -> Pointer:
        """Return what ``current.json`` says.

        :raises KeyMissingError: there are no keys in the folder.
        """
        self.private()
        try:
            with self.usable():
                return Pointer.read(self.current.read_bytes())
        except FileNotFoundError:
            raise self.missing(CURRENT) from None

    def point(self, to: Pointer) -> None:
        """Write which root is in use, and which comes next; while the folder is locked."""
        write(self.current, to.text())

    def root_mark(self, root: str) -> bytes:
        """Return by which a copy of a root is known; 32 bytes.

        :raises KeyMissingError: it is not there.
        """
        # A rotation beside it would let a root that it destroys be remembered.
        with self.mutex:
            return self._roots(root).mark(root)

    def service(self) -> str:
        """Return where the root in use lies: ``folder``, or the word of a key service."""
        return self._roots(self.pointer().root).kind

    def add(self, filename: str, name: str) -> None:
        """Write a new key under the root in use, unless there is one; durable on return."""
        with self.lock():
            if not there(self.path / filename):
                self._write(filename, name, self._random(KEY_SIZE), self.pointer().root)

    def store(self, filename: str, name: str, key: bytes) -> None:
        """Write a key that is given; durable on return."""
        with self.lock():
            self._write(filename, name, key, self.pointer().root)

    def read(self, filename: str) -> tuple[str, bytes]:
        """Return the name and the key of a wrapped key file.

        :raises KeyMissingError: the file, or the root it lies under, is gone.
        :raises SealError: it is damaged.
        """
        self.private()
        each = self._parse(filename)
        while True:
            try:
                with self.usable():
                    return each.name, self._keys([each])[0]
            except KeyMissingError:
                # Another process may have rotated between our two reads.
                before = each.root
                each = self._parse(filename)
                if each.root == before:
                    raise

    def copying(self, to: Path, roots: bool) -> int:
        """Put a copy of every key into a folder, and take away what is no key any more.

        :param to: a folder for this copy alone; it is made where it is not there.
        :param roots: with the roots; what lies in a key service is wrapped anew for the copy.
        :return: how many files the copy has.
        :raises InputError: the copy cannot be written.
        """
        with self.lock(), _arriving():
            self.pointer()
            make_folder(to)
            if roots and self.service() != FolderRoots.kind:
                return self._moving(to)
            files = self._copied(roots)
            for name, content in sorted(files.items()):
                write(to / name, content)
            for path in sorted(to.iterdir()):
                if path.name not in files and (
                    path.name.startswith((FRESH, GONE)) or is_key(path)
                ):
                    destroy(path)
        return len(files)

    def _copied(self, roots: bool) -> dict[str, bytes]:
        """Return what a copy holds: name of a file -> its content."""
        paths = [self.path / name for name in (CURRENT, *(each.file for each in self._wrapped()))]
        for path in self.path.iterdir():
            match = ROOT.fullmatch(path.name)
            if path.name == PAST or (match and (roots or match.group(2) == "json")):
                paths.append(path)
        with self.usable():
            return {path.name: path.read_bytes() for path in paths}

    def _moving(self, to: Path) -> int:
        """Copy keys whose root lies elsewhere, under a root file of the copy's own."""
        copy = Keyring(to, self._random)
        for _ in copy.creating(()):
            pass
        every = self._wrapped()
        for each, key in zip(every, self._keys(every), strict=True):
            copy.store(each.file, each.name, key)
        past = self.path / PAST
        if known := there(past):
            write(to / PAST, past.read_bytes())
        return len(every) + 2 + known

    def _wrapped(self) -> list[Wrapped]:
        return [self._parse(path.name) for path in self._wrapped_files()]

    def _wrapped_files(self) -> list[Path]:
        with self.usable():
            return [*named(self.path, "key-*.json"), *named(self.path, "secret-*.json")]

    def _keys(self, every: Sequence[Wrapped]) -> list[bytes]:
        """Return the keys of wrapped key files, in their order."""
        found: dict[str, bytes] = {}
        for root in sorted({each.root for each in every}):
            mine = [each for each in every if each.root == root]
            for start in range(0, len(mine), _BATCH):
                part = mine[start : start + _BATCH]
                keys = self._roots(root).unwrap(root, [(each.sealed, each.aad) for each in part])
                found |= {each.file: key for each, key in zip(part, keys, strict=True)}
        return [found[each.file] for each in every]

    def _parse(self, filename: str) -> Wrapped:
        try:
            with self.usable():
                return Wrapped.read(filename, (self.path / filename).read_bytes())
        except FileNotFoundError:
            raise self.missing(filename) from None

    def _write(self, filename: str, name: str, key: bytes, root: str) -> None:
        sealed = self._roots(root).wrap(root, [(key, bound(name, root))])[0]
        self._put(Wrapped(filename, name, root, sealed))

    def _put(self, each: Wrapped) -> None:
        served = self._roots(each.root) is not self._inside
        write(self.path / each.file, each.text(served))

    def _roots(self, root: str) -> Roots:
        """Return who holds a root.

        :raises KeyMissingError: it lies in a key service that this application was not given.
        """
        with self.usable():
            served = there(self._stub(root))
        if not served:
            return self._inside
        if self._service is None:
            raise KeyMissingError(
                f"The root {root} of the keys in {self.path} lies in a key service.",
                "Pass the same roots= to Guesterase(...) as before.",
            )
        return self._service

    def _stub(self, root: str) -> Path:
        return self.path / f"root-{root}.json"

    def _new_root(self) -> str:
        root = self._random(8).hex()
        if self._service is None:
            self._inside.make(root)
        else:
            # Its name is here first, so that after a crash there is no root nobody knows of.
            write(self._stub(root), stub(root, self._service.kind))
            self._service.make(root)
        return root


def _arriving() -> AbstractContextManager[None]:
    return refused_as(
        InputError, "The copy of the keys cannot be written",
        "Name a folder that this account may write to, with room on its disk.",
    )  # fmt: skip
