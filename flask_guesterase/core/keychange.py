"""What the old signing key says of the new one: pure bytes, the same for writer and reader."""

from __future__ import annotations

from .log import canonical

FORMAT = "guesterase/key-change/v1"

PUBLIC, SIGNATURE = "public-key", "signature"
"""Names of the marks of the entry: the new key, and what the old one says of it."""


def statement(controller: str, epoch: int, public_key: str) -> bytes:
    """Return the bytes that the old key signs when another one takes its place.

    :param controller: slug of the controller whose journal it is.
    :param epoch: number of the epoch.
    :param public_key: the new Ed25519 key, 64 hex digits.
    """
    return FORMAT.encode() + b"\n" + canonical([controller, epoch, public_key])
