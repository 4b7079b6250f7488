"""Where root keys lie: each wraps the keys of a folder until it is destroyed."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from ...core.errors import KeyMissingError, SealError
from ...core.seal import KEY_SIZE, NONCE_SIZE, Random
from ..statements.folder import there
from .keyfile import destroy, write

Pair = tuple[bytes, bytes]
"""A key, or a wrapped key, and what it is bound to."""


class Roots(Protocol):
    """Who holds the root keys: the key folder itself, or a key service.

    Many keys are wrapped at once, because a key service is far away. Every method either did all
    it says or raises, and may be called again.
    """

    kind: str
    """A short word, for example ``vault``; it stands in the folder beside the root's name."""

    def make(self, root: str) -> None:
        """Make a root of this name; it is durable when this returns.

        :param root: 16 hex digits.
        :raises SealError: it cannot be made.
        """

    def exists(self, root: str) -> bool:
        """Return whether there is a root of this name.

        :raises SealError: that cannot be told now.
        """

    def wrap(self, root: str, pairs: Sequence[Pair]) -> list[bytes]:
        """Return keys encrypted under a root, each bound to what stands beside it.

        :raises KeyMissingError: there is no such root (any more).
        :raises SealError: the root cannot be asked now.
        """

    def unwrap(self, root: str, pairs: Sequence[Pair]) -> list[bytes]:
        """Return the keys that were wrapped under a root.

        :raises KeyMissingError: there is no such root (any more).
        :raises SealError: one is not as it was wrapped, or the root cannot be asked now.
        """

    def destroy(self, root: str) -> None:
        """Destroy a root for good; again and again without harm.

        :raises SealError: it could not be destroyed.
        """

    def mark(self, root: str) -> bytes:
        """Return by which a copy of the root is known, 32 bytes.

        What is the same for all roots says that nobody has to copy each of them by hand.
        """


class FolderRoots:
    """Roots as files of 32 bytes in the key folder.

    :param path: the key folder.
    :param random: source of keys and nonces.
    """

    kind = "folder"

    def __init__(self, path: Path, random: Random) -> None:
        self._path = path
        self._random = random
        self._known: dict[str, bytes] = {}

    def file(self, root: str) -> Path:
        """Return where a root lies."""
        return self._path / f"root-{root}.key"

    def make(self, root: str) -> None:
        """Make a root of this name; it is durable when this returns."""
        write(self.file(root), self._random(KEY_SIZE))

    def exists(self, root: str) -> bool:
        """Return whether there is a root of this name."""
        return there(self.file(root))

    def wrap(self, root: str, pairs: Sequence[Pair]) -> list[bytes]:
        """Return keys encrypted under a root, as nonce and ciphertext.

        :raises KeyMissingError: its file is gone, whatever this process remembers.
        """
        cipher = AESGCM(self._key(root))
        if not self.exists(root):
            raise root_missing(self.file(root))
        made = []
        for key, aad in pairs:
            nonce = self._random(NONCE_SIZE)
            made.append(nonce + cipher.encrypt(nonce, key, aad))
        return made

    def unwrap(self, root: str, pairs: Sequence[Pair]) -> list[bytes]:
        """Return the keys that were wrapped under a root.

        :raises KeyMissingError: its file is gone.
        :raises SealError: one is not as it was wrapped.
        """
        key = self._key(root)
        return [decrypt(key, sealed, aad) for sealed, aad in pairs]

    def destroy(self, root: str) -> None:
        """Overwrite and remove the file of a root."""
        self._known.pop(root, None)
        destroy(self.file(root))

    def mark(self, root: str) -> bytes:
        """Return a hash of the root, by which a copy of it is known.

        :raises KeyMissingError: its file is gone.
        """
        return hashlib.sha256(self._key(root)).digest()

    def keep(self, roots: frozenset[str]) -> None:
        """Remember no other roots than these."""
        self._known = {root: key for root, key in self._known.items() if root in roots}

    def _key(self, root: str) -> bytes:
        if root not in self._known:
            try:
                key = self.file(root).read_bytes()
            except FileNotFoundError:
                raise root_missing(self.file(root)) from None
            if len(key) != KEY_SIZE:
                raise broken(self.file(root).name)
            self._known[root] = key
        return self._known[root]


def root_missing(path: Path) -> KeyMissingError:
    """Return the error for a root that is not there."""
    return KeyMissingError(
        f"The root key {path} is not there, so no key under it opens.",
        "Bring its copy from outside the property back into the folder.",
    )


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
