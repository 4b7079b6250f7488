"""Checkpoints: the signed head of a journal, small enough to print and to keep elsewhere."""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from dataclasses import dataclass
from datetime import datetime

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from .errors import InputError, TamperedError
from .tree import HASH_SIZE


@dataclass(frozen=True)
class Checkpoint:
    """The head of a tree at one moment: small enough to print, and it vouches for every entry.

    :param origin: ``guesterase/<controller slug>/<epoch>``.
    :param size: number of entries.
    :param root: root hash, 32 bytes.
    :param at: when it was signed, ``YYYY-MM-DDTHH:MM:SSZ``.
    """

    origin: str
    size: int
    root: bytes
    at: str

    @property
    def controller(self) -> str:
        """Slug of the controller."""
        return self.origin.split("/")[1]

    @property
    def epoch(self) -> int:
        """Number of the epoch."""
        return int(self.origin.split("/")[2])

    def text(self) -> str:
        """Return the lines that are signed (C2SP tlog-checkpoint, time as an extension line)."""
        root = base64.b64encode(self.root).decode()
        return f"{self.origin}\n{self.size}\n{root}\nat {self.at}\n"


ORIGIN = re.compile(r"guesterase/[a-z0-9]+(?:-[a-z0-9]+)*/(?:0|[1-9][0-9]{0,8})")
"""First line of a checkpoint: controller and epoch."""

_SIZE = re.compile(r"0|[1-9][0-9]{0,15}")
_AT = re.compile(r"at [0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z")
_LONGEST_NOTE = 64 * 1024
_BETWEEN = re.compile(r"(?<=\n)\n(?=guesterase/)")
_SIGNED = re.compile("^\u2014 .*\n", re.MULTILINE)


def origin(controller: str, epoch: int) -> str:
    """Return the origin line of an epoch's tree.

    :param controller: slug of the controller.
    """
    return f"guesterase/{controller}/{epoch}"


def key_id(name: str, public_key: bytes) -> bytes:
    """Return the four bytes that name an Ed25519 key in a signed note (C2SP signed-note)."""
    return hashlib.sha256(name.encode() + b"\n\x01" + public_key).digest()[:4]


def verifier_key(name: str, public_key: bytes) -> str:
    """Return a public key in the form verifiers of signed notes take (C2SP signed-note).

    :param name: origin of the journal.
    :param public_key: Ed25519 key, 32 bytes.
    """
    encoded = base64.b64encode(b"\x01" + public_key).decode()
    return f"{name}+{key_id(name, public_key).hex()}+{encoded}"


def read_verifier_key(text: str) -> bytes:
    """Return the Ed25519 key, 32 bytes, of a verifier key (C2SP signed-note).

    :param text: name, key identifier and key with plus signs between.
    :raises InputError: it is no such key.
    """
    try:
        name, identifier, encoded = text.strip().split("+", 2)
        raw = base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError):
        name, identifier, raw = "", "", b""
    if len(raw) != 33 or raw[:1] != b"\x01" or key_id(name, raw[1:]).hex() != identifier:
        raise InputError(
            "This is not the key of a journal.", "Give 64 hex digits, or a verifier key."
        )
    return raw[1:]


def read_note(text: str) -> Checkpoint:
    """Return what a signed note says, before anybody knows which key must have signed it.

    :param text: the signed note.
    :raises TamperedError: it is no checkpoint.
    """
    body, gap, lines = text.rpartition("\n\n")
    if len(text) > _LONGEST_NOTE or not gap or not lines.endswith("\n"):
        raise _no_checkpoint("it is not a signed note")
    return _read_checkpoint(body + "\n")


def sign_checkpoint(
    origin: str, size: int, root: bytes, at: str, key: Ed25519PrivateKey
) -> str:
    """Return a signed checkpoint as text (C2SP tlog-checkpoint in a C2SP signed note).

    :param origin: ``guesterase/<controller slug>/<epoch>``.
    :param size: number of entries.
    :param root: root hash, 32 bytes.
    :param at: when, ``YYYY-MM-DDTHH:MM:SSZ``.
    :param key: the signing key.
    """
    text = Checkpoint(origin, size, root, at).text()
    _read_checkpoint(text)
    name = key_id(origin, key.public_key().public_bytes_raw())
    signature = base64.b64encode(name + key.sign(text.encode())).decode()
    return f"{text}\n\u2014 {origin} {signature}\n"


def open_checkpoint(text: str, public_key: bytes) -> Checkpoint:
    """Return the checkpoint of a signed note after checking its signature.

    Lines of other signers (witnesses) are passed over, as the specification asks.

    :param text: the signed note.
    :param public_key: Ed25519 key, 32 bytes.
    :raises TamperedError: it is no checkpoint, or nothing in it was signed by this key.
    """
    body, gap, lines = text.rpartition("\n\n")
    if len(text) > _LONGEST_NOTE or not gap or not lines.endswith("\n"):
        raise _no_checkpoint("it is not a signed note")
    body += "\n"
    checkpoint = _read_checkpoint(body)
    if not any(
        _signed(line, body, checkpoint.origin, public_key) for line in lines[:-1].split("\n")
    ):
        raise _no_checkpoint("it was not signed by this key")
    return checkpoint


def notes(text: str) -> list[str]:
    """Return the signed notes of a text that holds several, an empty line between them.

    What a crash left half written at its end is no note and is left out.

    :param text: for example what a folder that takes checkpoints holds.
    """
    end = max((line.end() for line in _SIGNED.finditer(text)), default=0)
    return [part for part in _BETWEEN.split(text[:end]) if "\n\n\u2014 " in part]


def _no_checkpoint(why: str) -> TamperedError:
    return TamperedError(
        f"This checkpoint cannot be trusted: {why}.",
        "Ask for it again, or compare with the key the hotel published.",
    )


def _read_checkpoint(body: str) -> Checkpoint:
    try:
        start, size, encoded, at = body[:-1].split("\n")
        root = base64.b64decode(encoded, validate=True)
        datetime.fromisoformat(at.removeprefix("at "))
    except ValueError:
        raise _no_checkpoint("it does not have the four lines of one") from None
    fits = ORIGIN.fullmatch(start) and _SIZE.fullmatch(size) and _AT.fullmatch(at)
    if not fits or len(root) != HASH_SIZE:
        raise _no_checkpoint("a line does not have its form")
    checkpoint = Checkpoint(start, int(size), root, at.removeprefix("at "))
    if checkpoint.text() != body:
        raise _no_checkpoint("a line does not have its form")
    return checkpoint


def _signed(line: str, body: str, name: str, public_key: bytes) -> bool:
    dash, _, rest = line.partition(" ")
    signer, _, encoded = rest.partition(" ")
    try:
        blob = base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError):
        raise _no_checkpoint("a signature line is broken") from None
    # Base 64 has spare bits at its end: only one spelling of a signature is taken.
    strict = base64.b64encode(blob).decode() == encoded
    if dash != "\u2014" or not signer or len(blob) < 5 or not strict:
        raise _no_checkpoint("a signature line is broken")
    if signer != name or blob[:4] != key_id(name, public_key):
        return False
    try:
        Ed25519PublicKey.from_public_bytes(public_key).verify(blob[4:], body.encode())
    except InvalidSignature:
        raise _no_checkpoint("its signature is wrong") from None
    return True
