"""Key files under a root that rotates: ``root-<id>.key``, ``current.json`` and wrapped keys.

A wrapped key is a JSON file that names its root. ``current.json`` names the root that new keys go
under. Every change is one durable step after which the folder is whole, so a crash between two
steps loses nothing and the next rotation, or `settle`, goes on from there.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import re
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from ..core.errors import KeyMissingError, SealError, SetupError
from ..core.log import canonical
from ..core.seal import KEY_SIZE, NONCE_SIZE, Random
from .keyfile import FRESH, GONE, destroy, sync_folder, write

KEY_FORMAT = "guesterase/key/v1"
_CURRENT = "current.json"
_ROOT = re.compile(r"root-([0-9a-f]{16})\.key")


class Keyring:
    """The files of one key folder, safe for several threads and processes.

    :param path: the folder, readable for its owner only.
    :param random: source of keys and nonces.
    """

    def __init__(self, path: Path, random: Random) -> None:
        self.path = path
        self.mutex = threading.RLock()
        self._random = random
        self._roots: dict[str, bytes] = {}
        self._private = False

    def exists(self) -> bool:
        """Tell whether the folder was created to its end."""
        return (self.path / _CURRENT).exists()

    def creating(self, secrets: Sequence[str]) -> Iterator[str]:
        """Make the folder, its first root and the named secrets, step by step.

        :raises SetupError: there are keys already.
        """
        self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
        sync_folder(self.path.parent)
        with self.lock():
            if self.exists():
                raise SetupError("This folder holds keys already.", "Keep them, or name another.")
            self._sweep(keep=None)
            yield "swept"
            root = self._new_root()
            yield "root"
            for name in secrets:
                self._write(f"secret-{name}.json", name, self._random(KEY_SIZE), root)
                yield name
            # The pointer comes last: without it the next attempt starts again from nothing.
            self._point_to(root)
            yield "pointer"

    def rotating(self) -> Iterator[str]:
        """Finish an earlier rotation, then put a new root under every key, step by step."""
        with self.lock():
            yield from self._settling()
            root = self._new_root()
            yield "root"
            self._point_to(root)
            yield "pointer"
            yield from self._settling()

    def settling(self) -> Iterator[str]:
        """Finish what a crash interrupted: one root, and every key under it."""
        with self.lock():
            yield from self._settling()

    def _settling(self) -> Iterator[str]:
        current = self.root_id()
        for path in sorted(self.path.glob("[!.]*.json")):
            if path.name == _CURRENT:
                continue
            name, root, key = self._read(path.name)
            if root != current:
                self._write(path.name, name, key, current)
                yield path.name
        self._sweep(keep=current)
        yield "destroyed"

    def _sweep(self, keep: str | None) -> None:
        """Destroy roots that nothing lies under any more, and files a crash left unfinished."""
        for path in sorted(self.path.iterdir()):
            match = _ROOT.fullmatch(path.name)
            left = path.name.startswith((FRESH, GONE)) or (match and match.group(1) != keep)
            if left or (keep is None and path.suffix == ".json"):
                destroy(path)
        self._roots = {root: key for root, key in self._roots.items() if root == keep}

    def root_id(self) -> str:
        """Return the identifier of the root in use.

        :raises KeyMissingError: there are no keys in the folder.
        """
        self.private()
        try:
            return str(json.loads((self.path / _CURRENT).read_bytes())["root"])
        except FileNotFoundError:
            raise self.missing(_CURRENT) from None
        except (ValueError, TypeError, KeyError):
            raise broken(_CURRENT) from None

    def root_mark(self) -> bytes:
        """Return a hash of the root in use, by which a copy of it is known; 32 bytes.

        :raises KeyMissingError: it is not in the folder.
        """
        return hashlib.sha256(self._root(self.root_id())).digest()

    def add(self, filename: str, name: str) -> None:
        """Write a new key under the root in use, unless there is one; durable on return."""
        with self.lock():
            if not (self.path / filename).exists():
                self._write(filename, name, self._random(KEY_SIZE), self.root_id())

    def read(self, filename: str) -> tuple[str, bytes]:
        """Return the name and the key of a wrapped key file.

        :raises KeyMissingError: the file, or the root it lies under, is gone.
        :raises SealError: it is damaged.
        """
        self.private()
        name, _, key = self._read(filename)
        return name, key

    def _read(self, filename: str) -> tuple[str, str, bytes]:
        name, root, sealed = self._parse(filename)
        while True:
            try:
                return name, root, decrypt(self._root(root), sealed, _aad(name, root))
            except KeyMissingError:
                # Another process may have rotated between our two reads.
                before = root
                name, root, sealed = self._parse(filename)
                if root == before:
                    raise

    def _parse(self, filename: str) -> tuple[str, str, bytes]:
        try:
            value = json.loads((self.path / filename).read_bytes())
            sealed = bytes.fromhex(value["nonce"]) + bytes.fromhex(value["wrapped"])
            return str(value["name"]), str(value["root"]), sealed
        except FileNotFoundError:
            raise self.missing(filename) from None
        except (ValueError, TypeError, KeyError):
            raise broken(filename) from None

    def _write(self, filename: str, name: str, key: bytes, root: str) -> None:
        nonce = self._random(NONCE_SIZE)
        sealed = AESGCM(self._root(root)).encrypt(nonce, key, _aad(name, root))
        if not (self.path / f"root-{root}.key").exists():
            raise self.missing(f"root-{root}.key")
        value = {
            "format": KEY_FORMAT,
            "name": name,
            "nonce": nonce.hex(),
            "root": root,
            "wrapped": sealed.hex(),
        }
        write(self.path / filename, canonical(value))

    def _root(self, root: str) -> bytes:
        if root not in self._roots:
            name = f"root-{root}.key"
            try:
                key = (self.path / name).read_bytes()
            except FileNotFoundError:
                raise self.missing(name) from None
            if len(key) != KEY_SIZE:
                raise broken(name)
            self._roots[root] = key
        return self._roots[root]

    def _new_root(self) -> str:
        root = self._random(8).hex()
        write(self.path / f"root-{root}.key", self._random(KEY_SIZE))
        return root

    def _point_to(self, root: str) -> None:
        write(self.path / _CURRENT, canonical({"format": KEY_FORMAT, "root": root}))

    def private(self) -> None:
        """Make sure that nobody else can read the folder.

        :raises KeyMissingError: there is no folder.
        :raises SealError: its mode lets others in.
        """
        if self._private:
            return
        try:
            mode = self.path.stat().st_mode
        except FileNotFoundError:
            raise self.missing("") from None
        if mode & 0o077:
            raise SealError(
                f"The key folder {self.path} is open to other users.",
                f"Run `chmod 700 {self.path}`.",
            )
        self._private = True

    def missing(self, filename: str) -> KeyMissingError:
        """Return the error for a file that is not there."""
        return KeyMissingError(
            f"The key file {self.path / filename} is not there.",
            "Mount the key folder, or bring its copy back; keys are made once, at installation.",
        )

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Let one thread of one process change the folder at a time."""
        self._private = False
        self.private()
        with self.mutex:
            handle = os.open(self.path / "lock", os.O_RDWR | os.O_CREAT, 0o600)
            try:
                fcntl.flock(handle, fcntl.LOCK_EX)
                yield
            finally:
                os.close(handle)


def _aad(name: str, root: str) -> bytes:
    return canonical({"format": KEY_FORMAT, "name": name, "root": root})


def decrypt(key: bytes, sealed: bytes, aad: bytes) -> bytes:
    """Return a key that was encrypted as nonce and ciphertext.

    :raises SealError: it is not as it was encrypted.
    """
    try:
        return AESGCM(key).decrypt(sealed[:NONCE_SIZE], sealed[NONCE_SIZE:], aad)
    except (InvalidTag, ValueError):
        raise SealError(
            "A wrapped key does not open: it is not as it was wrapped.",
            "Compare it with a copy from before.",
        ) from None


def broken(filename: str) -> SealError:
    """Return the error for a key file that is damaged."""
    return SealError(f"The key file {filename} is damaged.", "Bring its copy back.")
