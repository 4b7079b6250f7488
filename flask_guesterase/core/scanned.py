"""The signed answer to a guest who asks again what is left: places and counts, no values."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from .log import canonical

SCAN_FORMAT = "guesterase/scan/v1"


def signed(said: Mapping[str, Any], key: Ed25519PrivateKey) -> dict[str, Any]:
    """Return an answer with its signature.

    :param said: what is said, with a canonical form.
    :param key: the key certificates are signed with.
    :return: the same with ``format``, ``public_key`` and ``signature`` (Ed25519 over the format, a
        line feed and the canonical JSON of all the rest).
    """
    public = key.public_key().public_bytes_raw().hex()
    body = {**said, "format": SCAN_FORMAT, "public_key": public}
    return {**body, "signature": key.sign(_bytes(body)).hex()}


def is_genuine(answer: Mapping[str, Any], public_key: bytes) -> bool:
    """Return whether an answer is as it was signed with a key.

    :param answer: the whole answer.
    :param public_key: the key, 32 bytes.
    """
    body = {name: value for name, value in answer.items() if name != "signature"}
    try:
        key = Ed25519PublicKey.from_public_bytes(public_key)
        key.verify(bytes.fromhex(str(answer["signature"])), _bytes(body))
    except (InvalidSignature, KeyError, ValueError):
        return False
    return answer.get("format") == SCAN_FORMAT


def _bytes(body: Mapping[str, Any]) -> bytes:
    return SCAN_FORMAT.encode() + b"\n" + canonical(dict(body))
