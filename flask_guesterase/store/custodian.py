"""The custodian that keeps keys in a folder: wrapping keys, secrets for marks, the signing key."""

from __future__ import annotations

import hashlib
import hmac
import os
import re
from collections import OrderedDict
from collections.abc import Iterator
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from ..core.errors import SealError
from ..core.seal import NONCE_SIZE, Random
from .keyfile import destroy, sync_folder
from .keyring import Keyring, broken, decrypt

_LABEL = re.compile(r"[a-z]+:[A-Za-z0-9]+(?:[-_][A-Za-z0-9]+)*")
_SECRETS = ("signing", "pepper")
_REMEMBERED = 64


class FolderCustodian:
    """Holds the keys in a folder of its own, readable for nobody else.

    Safe for several threads and processes. Secrets are made by `create` only, so that a folder
    that was not mounted is noticed, instead of being replaced by new keys that open nothing.

    :param path: the folder; `create` makes it.
    :param random: source of keys and nonces.
    """

    def __init__(self, path: str | os.PathLike[str], random: Random = os.urandom) -> None:
        self.path = Path(path)
        self._random = random
        self._ring = Keyring(self.path, random)
        self._known: OrderedDict[str, tuple[tuple[int, int], bytes]] = OrderedDict()
        self._secrets: dict[str, bytes] = {}
        self._durable: set[str] = set()

    def exists(self) -> bool:
        """Tell whether `create` has finished here."""
        return self._ring.exists()

    def create(self) -> None:
        """Make the folder, its first root and the lasting secrets; once per installation.

        :raises SetupError: there are keys already.
        :raises SealError: the folder is open to other users.
        """
        _run(self._ring.creating(_SECRETS))

    def rotate(self) -> None:
        """Put a new root under all living keys and destroy the old one.

        What an earlier rotation left half-done, after a crash, is finished first.

        :raises KeyMissingError: a root that is needed is gone; nothing was destroyed.
        """
        _run(self._ring.rotating())

    def settle(self) -> None:
        """Finish what a crash interrupted: one root, every key under it, no loose ends."""
        _run(self._ring.settling())

    def root_id(self) -> str:
        """Return the identifier of the root in use.

        :raises KeyMissingError: there are no keys in the folder.
        """
        return self._ring.root_id()

    def ensure(self, label: str) -> None:
        """Make the key of a label if there is none; it is durable when this returns.

        :param label: for example ``day:2026-12-01``.
        :raises SealError: this is no label, or the folder is open to other users.
        """
        path = self._file(label)
        if not path.exists():
            self._ring.add(path.name, label)
        self._open(label)
        if label not in self._durable:
            # Another process may have put the file in place without having synced the folder yet.
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
        names = (path.name[4:-5] for path in self.path.glob("key-*.json"))
        return frozenset(name.replace("-", ":", 1) for name in names)

    def signing_key(self) -> Ed25519PrivateKey:
        """Return the key that signs checkpoints and certificates.

        :raises KeyMissingError: it is not in the folder.
        """
        return Ed25519PrivateKey.from_private_bytes(self._secret("signing"))

    def public_key(self) -> bytes:
        """Return the public half of the signing key, 32 bytes."""
        return self.signing_key().public_key().public_bytes_raw()

    def fingerprint(self) -> str:
        """Return what a copy of this folder has in common with it, 64 hex digits.

        It covers the signing key and the root in use: after a rotation an older copy of the folder
        opens nothing, and has another fingerprint.

        :raises KeyMissingError: one of them is not in the folder.
        """
        material = self.public_key() + self._ring.root_mark()
        return hashlib.sha256(b"guesterase/copy/v1\0" + material).hexdigest()

    def pepper(self, name: str) -> bytes:
        """Return the secret for marks of one kind, 32 bytes; the same as long as the folder lives.

        :param name: any name, for example ``actor``.
        :raises KeyMissingError: the secret it is derived from is not in the folder.
        """
        return _derive(self._secret("pepper"), name)

    def mortal(self, label: str, name: str) -> bytes:
        """Return a secret for marks that ends when its label is forgotten, 32 bytes.

        :param label: a label that was ensured, for example ``case:E-12`` or ``epoch:3``.
        :param name: what the marks are for.
        :raises KeyMissingError: the label was not ensured, or is forgotten.
        """
        return _derive(self._open(label), name)

    def _file(self, label: str) -> Path:
        if not _LABEL.fullmatch(label) or len(label) > 80:
            raise SealError("This is not the label of a key.", "Use for example day:2026-12-01.")
        return self.path / f"key-{label.replace(':', '-', 1)}.json"

    def _open(self, label: str) -> bytes:
        """Return the key of a label; what another process forgot is forgotten here too."""
        path = self._file(label)
        with self._ring.mutex:
            try:
                stat = path.stat()
            except FileNotFoundError:
                self._known.pop(label, None)
                raise self._ring.missing(path.name) from None
            stamp = (stat.st_ino, stat.st_mtime_ns)
            known = self._known.get(label)
            if known is not None and known[0] == stamp:
                return known[1]
            name, key = self._ring.read(path.name)
            if name != label:
                raise broken(path.name)
            self._known[label] = (stamp, key)
            while len(self._known) > _REMEMBERED:
                self._known.popitem(last=False)
            return key

    def _secret(self, name: str) -> bytes:
        with self._ring.mutex:
            if name not in self._secrets:
                kept, key = self._ring.read(f"secret-{name}.json")
                if kept != name:
                    raise broken(f"secret-{name}.json")
                self._secrets[name] = key
            return self._secrets[name]


def _derive(secret: bytes, name: str) -> bytes:
    message = f"guesterase/secret/v1\0{name}".encode()
    return hmac.new(secret, message, hashlib.sha256).digest()


def _run(steps: Iterator[str]) -> None:
    for _ in steps:
        pass
