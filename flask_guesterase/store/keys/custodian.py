"""The custodian that keeps keys in a folder: wrapping keys, secrets for marks, the signing key."""

from __future__ import annotations

import hmac
import os
from collections.abc import Iterator
from pathlib import Path

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from ...core.errors import KeyMissingError
from ...core.seal import NONCE_SIZE, Random
from ..statements.folder import closed, named, there
from .keyfile import destroy, sync_folder
from .keyring import Keyring
from .roots import Roots, decrypt
from .signing import SIGNING, SigningKeys
from .wrapped import CURRENT, Pointer, copy_mark

_PEPPER = "pepper"


class FolderCustodian(SigningKeys):
    """Holds the keys in a folder of its own, readable for nobody else.

    Safe for several threads and processes. Secrets are made by `create` only, so that a folder
    that was not mounted is noticed, instead of being replaced by new keys that open nothing.

    :param path: the folder; `create` makes it.
    :param random: source of keys and nonces.
    :param roots: who holds the roots that the keys lie under; the folder itself by default.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        random: Random = os.urandom,
        roots: Roots | None = None,
    ) -> None:
        super().__init__(Keyring(Path(path), random, roots))
        self._random = random
        self._durable: set[str] = set()

    def exists(self) -> bool:
        """Tell whether `create` has finished here.

        :raises SetupError: this account may not look into the folder.
        """
        return self._ring.exists()

    def closed(self) -> str:
        """Return why no key can be made, empty where one can; nothing is written."""
        return closed(self.path, (self.path / "lock", self.path / CURRENT))

    def create(self, since: str = "") -> None:
        """Make the folder, its first root and the lasting secrets; once per installation.

        :param since: today, UTC, ISO: from here the age of the root is counted.
        :raises SetupError: there are keys already.
        :raises SealError: the folder is open to other users.
        """
        _run(self._ring.creating((SIGNING, _PEPPER), since))

    def prepare(self) -> None:
        """Make the root that comes next, so that it can be copied before keys lie under it."""
        _run(self._ring.preparing())

    def rotate(self, since: str = "", expected: str = "") -> None:
        """Put the next root under all living keys and destroy the old one.

        What an earlier rotation left half-done, after a crash, is finished first.

        :param since: today, UTC, ISO.
        :param expected: do it only while this is the root in use.
        :raises KeyMissingError: a root that is needed is gone; nothing was destroyed.
        :raises SealError: a key does not open; nothing was destroyed.
        :raises SetupError: the folder is a copy, and a key service holds the root.
        """
        _run(self._ring.rotating(since, expected))

    def settle(self) -> None:
        """Finish what a crash interrupted: every key under the root in use, no loose ends."""
        _run(self._ring.settling())

    def root(self) -> Pointer:
        """Return the root in use, since when it is, and the one that comes next.

        :raises KeyMissingError: there are no keys in the folder.
        """
        return self._ring.pointer()

    def root_id(self) -> str:
        """Return the identifier of the root in use.

        :raises KeyMissingError: there are no keys in the folder.
        """
        return self.root().root

    def date(self, since: str) -> None:
        """Note since when the root is in use, where nobody said.

        :param since: UTC day, ISO.
        """
        with self._ring.lock():
            now = self._ring.pointer()
            if not now.since:
                self._ring.point(Pointer(now.root, since, now.next))

    def service(self) -> str:
        """Return where the root in use lies: ``folder``, or the word of a key service."""
        return self._ring.service()

    def copy(self, to: str | os.PathLike[str], roots: bool = False) -> int:
        """Put a copy of every key into a folder; return how many files it has.

        :param to: a folder for this copy alone; what is no key any more goes from it.
        :param roots: with the roots, without which the copy opens nothing.
        """
        return self._ring.copying(Path(to), roots)

    def ensure(self, label: str) -> None:
        """Make the key of a label if there is none; it is durable when this returns.

        :param label: for example ``day:2026-12-01``.
        :raises SealError: this is no label, or the folder is open to other users.
        :raises SetupError: the system does not let this account write it.
        """
        path = self._file(label)
        with self._ring.usable():
            if not there(path):
                self._ring.add(path.name, label)
            self._open(label)
            if label not in self._durable:
                # Another process may have put the file in place and not synced the folder yet.
                sync_folder(self.path)
                self._durable.add(label)

    def wrap(self, label: str, data_key: bytes, aad: bytes) -> bytes:
        """Return a data key encrypted under the key of a label, bound to `aad`.

        :raises KeyMissingError: the label was not ensured, or is forgotten.
        """
        nonce = self._random(NONCE_SIZE)
        return nonce + AESGCM(self._open(label)).encrypt(nonce, data_key, aad)

    def unwrap(self, label: str, wrapped: bytes, aad: bytes) -> bytes:
        """Return the data key that was wrapped under a label with this `aad`.

        :raises KeyMissingError: the label was not ensured, or is forgotten.
        :raises SealError: it is not as it was wrapped.
        """
        return decrypt(self._open(label), wrapped, aad)

    def forget(self, label: str) -> None:
        """Destroy the key of a label for good; again and again without harm.

        A copy of the folder made before still holds it, under a root that ends at the next
        rotation.
        """
        path = self._file(label)
        with self._ring.lock():
            self._known.pop(label, None)
            self._durable.discard(label)
            destroy(path)

    def labels(self) -> frozenset[str]:
        """Return the labels whose keys exist."""
        self._ring.private()
        with self._ring.usable():
            names = [path.name[4:-5] for path in named(self.path, "key-*.json")]
        found = frozenset(name.replace("-", ":", 1) for name in names)
        with self._ring.mutex:
            # Keys that another process destroyed are not kept in this one's memory.
            for name in [n for n in self._known if ":" in n and n not in found]:
                del self._known[name]
        return found

    def opens(self, label: str) -> None:
        """Read the key of a label anew, whatever this process remembers.

        :raises KeyMissingError: it, or the root it lies under, is not there.
        :raises SealError: it is damaged, or the key of another label.
        """
        with self._ring.mutex:
            self._known.pop(label, None)
        self._open(label)

    def lost(self, label: str) -> bool:
        """Return whether the key of a label is gone for good, and not only away for now.

        :raises KeyMissingError: the folder is not there, or holds no keys.
        :raises SetupError: this account may not look into it.
        """
        if not self._ring.exists():
            raise self._ring.missing(CURRENT)
        try:
            self._file(label).stat()
        except FileNotFoundError:
            return True
        except OSError as problem:
            with self._ring.usable():
                raise problem
        return False

    def absent(self, label: str) -> KeyMissingError:
        """Return the error for a key that is not in the folder."""
        return self._ring.missing(self._file(label).name)

    def fingerprint(self, next: bool = False) -> str:
        """Return what a copy of this folder has in common with it, 64 hex digits.

        It covers the lasting secret and a root: after a rotation an older copy of the folder
        opens nothing, and has another fingerprint. Where a key service holds the roots it stays.

        :param next: for the root that comes next instead of the one in use.
        :raises KeyMissingError: one of them is not in the folder.
        """
        while True:
            now = self.root()
            root = now.next if next else now.root
            if not root:
                raise KeyMissingError(
                    "The next root of the keys is not made yet.",
                    "It is made a week before its day.",
                )
            try:
                return copy_mark(self.pepper("copy"), self._ring.root_mark(root))
            except KeyMissingError:
                # Another thread or process may have rotated between our two reads.
                if self.root() == now:
                    raise

    def pepper(self, name: str) -> bytes:
        """Return the secret for marks of one kind, 32 bytes; the same as long as the folder lives.

        :param name: any name, for example ``actor``.
        :raises KeyMissingError: the secret it is derived from is not in the folder.
        """
        return _derive(self._secret(_PEPPER), name)

    def mortal(self, label: str, name: str) -> bytes:
        """Return a secret for marks that ends when its label is forgotten, 32 bytes.

        :param label: a label that was ensured, for example ``case:E-12`` or ``epoch:3``.
        :param name: what the marks are for.
        :raises KeyMissingError: the label was not ensured, or is forgotten.
        """
        return _derive(self._open(label), name)


def _derive(secret: bytes, name: str) -> bytes:
    message = f"guesterase/secret/v1\0{name}".encode()
    return hmac.digest(secret, message, "sha256")


def _run(steps: Iterator[str]) -> None:
    for _ in steps:
        pass
