"""What the files of a key folder hold, as values: the pointer, wrapped keys, roots elsewhere."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from ...core.errors import SealError, SetupError
from ...core.log import canonical
from ...core.seal import NONCE_SIZE
from ..statements.folder import there
from .roots import broken

KEY_FORMAT = "guesterase/key/v1"
SERVED_FORMAT = "guesterase/key/v2"
"""Format of a key file whose root lies in a key service: the service's own text is in it."""

ROOT_FORMAT = "guesterase/root/v1"
CURRENT = "current.json"
ROOT = re.compile(r"root-([0-9a-f]{16})\.(key|json)")
"""Name of a file that is a root, or stands for one."""

COPY_OF = "copy-of"
"""File of a copy that names the installation whose keys it holds."""

PAST = "signing-past"
"""File with the public halves of signing keys that were in force once, a line each."""

_LABEL = re.compile(r"[a-z]+:[A-Za-z0-9]+(?:[-_][A-Za-z0-9]+)*")


def is_label(text: object) -> bool:
    """Return whether a text can be the label of a key; what SQLite keeps as bytes is no text."""
    return isinstance(text, str) and _LABEL.fullmatch(text) is not None and len(text) <= 80


@lru_cache(2048)
def file_of(label: str) -> str:
    """Return the name of the file that holds the key of a label.

    :param label: for example ``day:2026-12-01``.
    :raises SealError: this is no label.
    """
    if not is_label(label):
        raise SealError("This is not the label of a key.", "Use for example day:2026-12-01.")
    return f"key-{label.replace(':', '-', 1)}.json"


def secret_of(name: str) -> str:
    """Return the name of the file that holds a lasting secret."""
    return f"secret-{name}.json"


@dataclass(frozen=True)
class Pointer:
    """What ``current.json`` says.

    :param root: the root that new keys go under.
    :param since: UTC day since which it does, ISO; empty where nobody said.
    :param next: the root that comes after it, where it is made already.
    """

    root: str
    since: str = ""
    next: str = ""

    @classmethod
    def read(cls, text: bytes) -> Pointer:
        """Return what a file holds.

        :raises SealError: it is damaged.
        """
        try:
            value = json.loads(text)
            return cls(str(value["root"]), str(value.get("since", "")), str(value.get("next", "")))
        except (ValueError, TypeError, KeyError, AttributeError):
            raise broken(CURRENT) from None

    def text(self) -> bytes:
        """Return the file."""
        value = {"format": KEY_FORMAT, "root": self.root, "since": self.since, "next": self.next}
        return canonical({name: text for name, text in value.items() if text})


@dataclass(frozen=True)
class Wrapped:
    """A wrapped key file as it was read.

    :param file: its name.
    :param name: the name of the key.
    :param root: the root it lies under.
    :param sealed: the wrapped key.
    """

    file: str
    name: str
    root: str
    sealed: bytes

    @property
    def aad(self) -> bytes:
        """What the wrapped key is bound to."""
        return bound(self.name, self.root)

    @classmethod
    def read(cls, file: str, text: bytes) -> Wrapped:
        """Return what a file holds; nothing is opened yet.

        :raises SealError: it is damaged.
        """
        try:
            value = json.loads(text)
            if "sealed" in value:
                sealed = str(value["sealed"]).encode()
            else:
                sealed = bytes.fromhex(value["nonce"]) + bytes.fromhex(value["wrapped"])
            return cls(file, str(value["name"]), str(value["root"]), sealed)
        except (ValueError, TypeError, KeyError):
            raise broken(file) from None

    def text(self, served: bool) -> bytes:
        """Return the file.

        :param served: whether a key service holds the root; its own text is in the file then.
        """
        value = {"format": KEY_FORMAT, "name": self.name, "root": self.root}
        if served:
            value |= {"format": SERVED_FORMAT, "sealed": self.sealed.decode("ascii")}
        else:
            value["nonce"] = self.sealed[:NONCE_SIZE].hex()
            value["wrapped"] = self.sealed[NONCE_SIZE:].hex()
        return canonical(value)


def copy_mark(lasting: bytes, root: bytes) -> str:
    """Return by which a copy of a key folder is known, 64 hex digits.

    :param lasting: secret of the folder that never changes.
    :param root: mark of a root.
    """
    return hashlib.sha256(b"guesterase/copy/v2\0" + lasting + root).hexdigest()


def stub(root: str, kind: str) -> bytes:
    """Return the file that stands for a root a key service holds.

    :param kind: word of the service.
    """
    return canonical({"format": ROOT_FORMAT, "kept": kind, "root": root})


def bound(name: str, root: str) -> bytes:
    """Return what a wrapped key is bound to: its name and its root."""
    return canonical({"format": KEY_FORMAT, "name": name, "root": root})


def require_own(folder: Path, root: str) -> None:
    """Go on only where a root is a folder's own to end: in a key service its copies have the same.

    :param folder: the key folder.
    :param root: identifier of the root.
    :raises SetupError: the folder says that it is a copy, and a key service holds the root.
    """
    if there(folder / f"root-{root}.json") and there(folder / COPY_OF):
        raise SetupError(
            f"The key folder {folder} is a copy: its root in the key service is also that of the "
            "installation it was made from, whose keys would end with it.",
            f"Where it took the place of the other folder for good, remove its file {COPY_OF}. "
            "A copy that is only tried needs no root of its own.",
        )


def is_key(path: Path) -> bool:
    """Return whether a file was a key, or stood for a root: by its name, and by what it says."""
    match = ROOT.fullmatch(path.name)
    if match and match.group(2) == "key":
        return True
    if not match and not path.match("key-*.json") and not path.match("secret-*.json"):
        return False
    return path.is_file() and b'"format":"guesterase/' in path.read_bytes()
