"""Cosignatures: what a witness says of somebody else's journal, and when it may say so."""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from .checkpoint import ORIGIN, Checkpoint, open_checkpoint
from .errors import InputError, TamperedError
from .tree import EMPTY_ROOT, HASH_SIZE, verify_consistency

LARGEST_REQUEST = 64 * 1024
"""Characters; a request with the longest proof and several signatures has a tenth of it."""

MOST_HASHES = 63
"""Of a consistency proof. Source: C2SP tlog-witness, add-checkpoint."""

_KIND = b"\x04"
_NAME = re.compile(r"[^\s+]{1,120}")
_SIZE = re.compile(r"old (0|[1-9][0-9]{0,15})")


@dataclass(frozen=True)
class WitnessKey:
    """Who cosigns (C2SP tlog-cosignature, Ed25519).

    :param name: name of the witness, without blanks and plus signs.
    :param key: its Ed25519 public key, 32 bytes.
    """

    name: str
    key: bytes

    @property
    def id(self) -> bytes:
        """Return the four bytes that name the key in a signature line."""
        return hashlib.sha256(self.name.encode() + b"\n" + _KIND + self.key).digest()[:4]

    def text(self) -> str:
        """Return the verifier key that others are given."""
        encoded = base64.b64encode(_KIND + self.key).decode()
        return f"{self.name}+{self.id.hex()}+{encoded}"


def read_witness_key(text: str) -> WitnessKey:
    """Return a witness given by its verifier key.

    :param text: name, key identifier and key with plus signs between (C2SP signed-note).
    :raises InputError: it is no such key.
    """
    try:
        name, identifier, encoded = text.strip().split("+", 2)
        raw = base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError):
        raise _no_key() from None
    found = WitnessKey(name, raw[1:])
    fits = raw[:1] == _KIND and len(raw) == 33 and _NAME.fullmatch(name)
    if not fits or found.id.hex() != identifier:
        raise _no_key()
    return found


def _no_key() -> InputError:
    return InputError(
        "This is not the key of a witness.",
        "Give the line that `flask guesterase witness key` prints there.",
    )


def witness_key(name: str, key: Ed25519PrivateKey) -> WitnessKey:
    """Return the public half of a witness's key under its name."""
    return WitnessKey(name, key.public_key().public_bytes_raw())


def cosign(note: str, name: str, key: Ed25519PrivateKey, seconds: int) -> str:
    """Return the signature line of a witness for a checkpoint it found consistent.

    :param note: the signed checkpoint.
    :param name: name of the witness.
    :param key: its key, used for nothing else.
    :param seconds: when, in seconds since 1970.
    """
    blob = witness_key(name, key).id + seconds.to_bytes(8, "big") + key.sign(_said(note, seconds))
    return f"\u2014 {name} {base64.b64encode(blob).decode()}\n"


def _said(note: str, seconds: int) -> bytes:
    body = note.rpartition("\n\n")[0] + "\n"
    return f"cosignature/v1\ntime {seconds}\n{body}".encode()


def cosigned(note: str, lines: str, witness: WitnessKey) -> tuple[str, int] | None:
    """Return the line by which a witness cosigned a checkpoint, and when; None when it did not.

    :param note: the signed checkpoint.
    :param lines: signature lines, of others too; those of unknown keys are passed over.
    :param witness: who should have signed.
    :raises TamperedError: a line of this key does not hold.
    """
    start = f"\u2014 {witness.name} "
    for line in lines.split("\n"):
        if not line.startswith(start):
            continue
        try:
            blob = base64.b64decode(line.removeprefix(start), validate=True)
        except (binascii.Error, ValueError):
            continue
        if blob[:4] != witness.id:
            continue
        seconds = int.from_bytes(blob[4:12], "big")
        try:
            public = Ed25519PublicKey.from_public_bytes(witness.key)
            public.verify(blob[12:], _said(note, seconds))
        except (InvalidSignature, ValueError):
            raise TamperedError(
                "The cosignature is not of this witness.", "Ask the witness again."
            ) from None
        return line + "\n", seconds
    return None


PROOF_FORMAT = "guesterase/consistency/v1"
"""First line of a proof for people: what a witness is asked, under a name."""


def request(old: int, proof: Sequence[bytes], note: str) -> str:
    """Return what a witness is asked: add-checkpoint (C2SP tlog-witness).

    :param old: number of entries the witness has seen.
    :param proof: consistency proof from there to the checkpoint.
    :param note: the signed checkpoint.
    """
    hashes = "".join(base64.b64encode(item).decode() + "\n" for item in proof)
    return f"old {old}\n{hashes}\n{note}"


def read_request(text: str) -> tuple[int, tuple[bytes, ...], str]:
    """Return old size, proof and checkpoint of what a witness is asked.

    :raises InputError: it is not of that form.
    """
    top, gap, note = text.partition("\n\n")
    first, *rest = top.split("\n")
    size = _SIZE.fullmatch(first)
    try:
        proof = tuple(base64.b64decode(line, validate=True) for line in rest)
    except (binascii.Error, ValueError):
        proof = (b"",)
    fits = gap and size and len(proof) <= MOST_HASHES and len(text) <= LARGEST_REQUEST
    if size is None or not fits or any(len(item) != HASH_SIZE for item in proof):
        raise InputError(
            "This is not what a witness is asked.",
            "`flask guesterase witness ask` writes it.",
        )
    return int(size[1]), proof, note


class Judgement(StrEnum):
    """What a witness found."""

    CONSISTENT = "consistent"
    MALFORMED = "malformed"
    UNSIGNED = "unsigned"
    MOVED = "moved"
    FORKED = "forked"


@dataclass(frozen=True)
class Seen:
    """What a witness knows of a journal.

    :param key: key that signs its checkpoints, 32 bytes.
    :param size: number of entries of the newest checkpoint that was cosigned, 0 for none.
    :param root: its root.
    """

    key: bytes
    size: int = 0
    root: bytes = EMPTY_ROOT


def origin_of(note: str) -> str:
    """Return the origin a checkpoint claims; empty when it has none that could be one."""
    first = note.partition("\n")[0]
    return first if ORIGIN.fullmatch(first) else ""


def judge(
    seen: Seen, old: int, proof: Sequence[bytes], note: str
) -> tuple[Judgement, Checkpoint | None]:
    """Say whether a journal only grew since it was last seen (C2SP tlog-witness, add-checkpoint).

    :param seen: what the witness knows of it.
    :param old: number of entries from which the proof leads.
    :param proof: consistency proof.
    :param note: the signed checkpoint.
    :return: what was found, and the checkpoint when its signature holds.
    """
    try:
        head = open_checkpoint(note, seen.key)
    except TamperedError:
        return Judgement.UNSIGNED, None
    if old > head.size:
        return Judgement.MALFORMED, head
    if old != seen.size:
        return Judgement.MOVED, head
    grown = verify_consistency(old, head.size, seen.root, head.root, proof)
    return (Judgement.CONSISTENT if grown else Judgement.FORKED), head
