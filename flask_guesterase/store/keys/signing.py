"""The key that signs checkpoints and certificates: one, or two while it is changed."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import suppress

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from ...core.errors import KeyMissingError, SealError
from ..statements.folder import there
from .keyfile import destroy, write
from .keyring import Keyring
from .opened import OpenedKeys
from .wrapped import PAST

SIGNING, _RENEWED = "signing", "signing-next"


class SigningKeys(OpenedKeys):
    """The signing key in force, the one that comes next, and what is left of those before.

    :param ring: the files of the folder.
    """

    def __init__(self, ring: Keyring) -> None:
        super().__init__(ring)
        self._public: tuple[bytes, bytes] | None = None

    def signing_key(self, public: str = "") -> Ed25519PrivateKey:
        """Return the key that signs checkpoints and certificates.

        :param public: its public half, 64 hex digits, where a journal names it; in a change of
            keys there are two.
        :raises KeyMissingError: it is not in the folder.
        :raises SealError: the folder holds another one.
        """
        for secret in self._signing():
            if not public or _public(secret) == public:
                return Ed25519PrivateKey.from_private_bytes(secret)
        raise SealError(
            "The signing key that this database names is not in the key folder.",
            "Mount the key folder that belongs to this database, or bring its newest copy.",
        )

    def _signing(self) -> Iterator[bytes]:
        """Yield the signing keys there are: one, or two while it is changed."""
        # Twice, because another process may move the one to the place of the other meanwhile.
        for _ in range(2):
            found = b""
            for name in (SIGNING, _RENEWED):
                with suppress(KeyMissingError):
                    found = self._secret(name)
                    yield found
            if found:
                return
        yield self._secret(SIGNING)

    def signs(self, public: str) -> bool:
        """Return whether a signing key is in the folder; in a change of keys there are two.

        :param public: its public half, 64 hex digits.
        """
        return any(_public(secret) == public for secret in self._signing())

    def public_key(self) -> bytes:
        """Return the public half of the signing key, 32 bytes.

        It is asked for by whatever journals something, and made of the same key once.
        """
        secret, made = next(self._signing()), self._public
        mark = hashlib.sha256(secret).digest()
        if made is None or made[0] != mark:
            self._public = made = mark, bytes.fromhex(_public(secret))
        return made[1]

    def renew(self) -> Ed25519PrivateKey:
        """Make the signing key that comes next, unless there is one; durable on return."""
        self._ring.add(self._secret_file(_RENEWED).name, _RENEWED)
        return Ed25519PrivateKey.from_private_bytes(self._secret(_RENEWED))

    def renewing(self) -> bool:
        """Return whether a change of the signing key was begun and not finished."""
        with self._ring.usable():
            return there(self._secret_file(_RENEWED)) or not there(self._secret_file(SIGNING))

    def settle_signing(self, public: str) -> None:
        """Finish a change of the signing key: one is left, every other is destroyed.

        :param public: public half of the key in force, 64 hex digits.
        :raises SealError: it is not in the folder; nothing was destroyed.
        """
        key = self.signing_key(public).private_bytes_raw()
        first, renewed = self._secret_file(SIGNING), self._secret_file(_RENEWED)
        if not there(first) or self._secret(SIGNING) != key:
            with self._ring.lock():
                self._retire()
                destroy(first)
            self._ring.store(first.name, SIGNING, key)
        with self._ring.lock():
            self._known.pop(_RENEWED, None)
            destroy(renewed)

    def _retire(self) -> None:
        """Write down the public half of the key that ends, before it ends."""
        with suppress(KeyMissingError):
            old = self._secret(SIGNING)
            known = dict.fromkeys([*self.past_keys(), bytes.fromhex(_public(old))])
            write(self.path / PAST, "".join(f"{each.hex()}\n" for each in known).encode())

    def past_keys(self) -> tuple[bytes, ...]:
        """Return the public halves of signing keys that were in force once, the oldest first.

        A database that names one of them is older than this folder.
        """
        with suppress(FileNotFoundError):
            text = (self.path / PAST).read_text(encoding="ascii")
            return tuple(bytes.fromhex(line) for line in text.split())
        return ()


def _public(secret: bytes) -> str:
    return Ed25519PrivateKey.from_private_bytes(secret).public_key().public_bytes_raw().hex()
