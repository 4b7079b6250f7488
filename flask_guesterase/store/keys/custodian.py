"""The custodian that keeps keys in a folder: wrapping keys, secrets for marks, the signing key."""

from __future__ import annotations

import hashlib
import hmac
import os
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from ...core.errors import KeyMissingError, SealError
from ...core.seal import NONCE_SIZE, Random
from ..statements.folder import closed, named, there
from .keyfile import destroy, sync_folder, write
from .keyring import Keyring
from .roots import Roots, decrypt
from .wrapped import CURRENT, PAST, Pointer, copy_mark, file_of

_SIGNING, _RENEWED, _PEPPER = "signing", "signing-next", "pepper"

_REMEMBERED = 2048


class FolderCustodian:
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
        self.path = Path(path)
        self._random = random
        self._ring = Keyring(self.path, random, roots)
        self._known: OrderedDict[str, tuple[tuple[int, int], bytes]] = OrderedDict()
        self._durable: set[str] = set()
        self._public: tuple[bytes, bytes] | None = None

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
        _run(self._ring.creating((_SIGNING, _PEPPER), since))

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
            for name in (_SIGNING, _RENEWED):
                with suppress(KeyMissingError):
                    found = self._secret(name)
                    yield found
            if found:
                return
        yield self._secret(_SIGNING)

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
            return there(self._secret_file(_RENEWED)) or not there(self._secret_file(_SIGNING))

    def settle_signing(self, public: str) -> None:
        """Finish a change of the signing key: one is left, every other is destroyed.

        :param public: public half of the key in force, 64 hex digits.
        :raises SealError: it is not in the folder; nothing was destroyed.
        """
        key = self.signing_key(public).private_bytes_raw()
        first, renewed = self._secret_file(_SIGNING), self._secret_file(_RENEWED)
        if not there(first) or self._secret(_SIGNING) != key:
            with self._ring.lock():
                self._retire()
                destroy(first)
            self._ring.store(first.name, _SIGNING, key)
        with self._ring.lock():
            self._known.pop(_RENEWED, None)
            destroy(renewed)

    def _retire(self) -> None:
        """Write down the public half of the key that ends, before it ends."""
        with suppress(KeyMissingError):
            old = self._secret(_SIGNING)
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

    def _file(self, label: str) -> Path:
        return self.path / file_of(label)

    def _open(self, label: str) -> bytes:
        return self._read(label, self._file(label))

    def _secret_file(self, name: str) -> Path:
        return self.path / f"secret-{name}.json"

    def _secret(self, name: str) -> bytes:
        return self._read(name, self._secret_file(name))

    def _read(self, label: str, path: Path) -> bytes:
        """Return a key by its name; what another process destroyed is gone here too."""
        with self._ring.mutex:
            try:
                stat = path.stat()
            except FileNotFoundError:
                self._known.pop(label, None)
                raise self._ring.missing(path.name) from None
            except OSError as problem:
                with self._ring.usable():
                    raise problem
            stamp = (stat.st_ino, stat.st_mtime_ns)
            known = self._known.get(label)
            if known is not None and known[0] == stamp:
                return known[1]
            name, key = self._ring.read(path.name)
            if name != label:
                raise SealError(
                    f"The key file {path.name} holds the key of {name}.",
                    "Somebody put another file in its place; bring its copy back.",
                )
            self._known[label] = (stamp, key)
            while len(self._known) > _REMEMBERED:
                self._known.popitem(last=False)
            return key


def _public(secret: bytes) -> str:
    return Ed25519PrivateKey.from_private_bytes(secret).public_key().public_bytes_raw().hex()


def _derive(secret: bytes, name: str) -> bytes:
    message = f"guesterase/secret/v1\0{name}".encode()
    return hmac.digest(secret, message, "sha256")


def _run(steps: Iterator[str]) -> None:
    for _ in steps:
        pass
