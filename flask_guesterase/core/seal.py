"""Boxes: what is sealed away, each under a key of its own, wrapped by the key of its last day."""

from __future__ import annotations

import base64
import hmac
import json
import os
import re
import zlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from .errors import SealError
from .log import canonical

BOX_FORMAT = "guesterase/box/v1"
MARK_FORMAT = "guesterase/mark/v1"
KEY_SIZE = 32
NONCE_SIZE = 12
BLOCK = 256
_HEADER = 5
_PLAIN, _DEFLATED = b"\x00", b"\x01"

Random = Callable[[int], bytes]
"""Takes a number of bytes and returns as many random ones; `os.urandom` everywhere but in tests."""


class Custodian(Protocol):
    """Who holds the keys that wrap data keys, and nothing else.

    A label names a wrapping key: ``day:2026-12-01``, ``hold:h12``, ``intake:2026-11-25``.
    """

    def ensure(self, label: str) -> None:
        """Make the key of a label if there is none; it is durable when this returns.

        :raises SealError: it cannot be made durable.
        :raises SetupError: the system does not let this account write it.
        """

    def wrap(self, label: str, data_key: bytes, aad: bytes) -> bytes:
        """Return a data key encrypted under the key of a label.

        :param label: a label that was ensured.
        :param data_key: 32 bytes.
        :param aad: what the wrapped key is bound to.
        :raises KeyMissingError: there is no such key (any more).
        """

    def unwrap(self, label: str, wrapped: bytes, aad: bytes) -> bytes:
        """Return the data key.

        :raises KeyMissingError: there is no such key (any more).
        :raises SealError: it was not wrapped under this label with this `aad`.
        """

    def forget(self, label: str) -> None:
        """Destroy the key of a label for good; again and again without harm."""

    def rotate(self) -> None:
        """Put a new root under all living keys and destroy the old one."""


@dataclass(frozen=True)
class Terms:
    """Under which terms something is sealed; many boxes share them.

    :param controller: slug of the controller.
    :param purpose: ``recovery``, ``retention``, ``intake``, ``contact`` ...
    :param last_day: last day on which the box can be opened, ``YYYY-MM-DD``.
    :param label: label of the wrapping key; that of the last day when empty.
    """

    controller: str
    purpose: str
    last_day: str
    label: str = ""

    def __post_init__(self) -> None:
        if not self.label:
            object.__setattr__(self, "label", day_label(self.last_day))


@dataclass(frozen=True)
class Box:
    """A sealed payload and its wrapped data key.

    :param id: ``b`` and 32 hex digits.
    :param controller: slug of the controller; bound to the payload.
    :param purpose: what it is kept for.
    :param last_day: last day on which it can be opened, ``YYYY-MM-DD``.
    :param label: label of the wrapping key; bound to the wrapped key.
    :param wrapped: the data key under that wrapping key.
    :param payload: 12 bytes of nonce, then the ciphertext with its tag.
    """

    id: str
    controller: str
    purpose: str
    last_day: str
    label: str
    wrapped: bytes
    payload: bytes

    def to_json(self) -> str:
        """Return the box as one line of ``boxes.jsonl``."""
        line = {
            "controller": self.controller,
            "format": BOX_FORMAT,
            "id": self.id,
            "label": self.label,
            "last_day": self.last_day,
            "payload": base64.b64encode(self.payload).decode(),
            "purpose": self.purpose,
            "wrapped": base64.b64encode(self.wrapped).decode(),
        }
        return canonical(line).decode()

    @classmethod
    def from_json(cls, line: str) -> Box:
        """Return the box of one line of ``boxes.jsonl``.

        :raises SealError: the line does not hold a box of this format.
        """
        try:
            value = json.loads(line)
            if value.pop("format") != BOX_FORMAT:
                raise ValueError("another format")
            value["payload"] = base64.b64decode(value["payload"], validate=True)
            value["wrapped"] = base64.b64decode(value["wrapped"], validate=True)
            return cls(**value)
        except (ValueError, TypeError, KeyError, AttributeError):
            raise SealError(
                "This line does not hold a box.", f"A box of format {BOX_FORMAT} is expected."
            ) from None


_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


def day_label(day: str) -> str:
    """Return the label of the key that ends with a day.

    :param day: ``YYYY-MM-DD``.
    :raises SealError: it is not a day.
    """
    if not _DAY.fullmatch(day):
        raise SealError("A box needs a last day.", "Give it as YYYY-MM-DD.")
    return f"day:{day}"


def new_box_id(random: Random = os.urandom) -> str:
    """Return an identifier that no other box has."""
    return "b" + random(16).hex()


def close(
    payload: bytes,
    terms: Terms,
    custodian: Custodian,
    box_id: str = "",
    random: Random = os.urandom,
) -> Box:
    """Seal a payload.

    :param payload: what to seal; it is compressed where that helps and padded to 256 bytes.
    :param terms: controller, purpose, last day and label; the label must have been ensured.
    :param custodian: who wraps the data key.
    :param box_id: identifier; a new one when empty.
    :param random: source of key and nonce.
    :raises KeyMissingError: the label was not ensured, or is forgotten.
    """
    box_id = box_id or new_box_id(random)
    data_key = random(KEY_SIZE)
    # Key and nonce are used for one payload only, so the nonce cannot repeat under a key.
    nonce = random(NONCE_SIZE)
    sealed = AESGCM(data_key).encrypt(nonce, _pad(payload), payload_aad(terms.controller, box_id))
    wrapped = custodian.wrap(terms.label, data_key, wrap_aad(box_id, terms.label))
    return Box(
        id=box_id,
        controller=terms.controller,
        purpose=terms.purpose,
        last_day=terms.last_day,
        label=terms.label,
        wrapped=wrapped,
        payload=nonce + sealed,
    )


def open_box(box: Box, custodian: Custodian) -> bytes:
    """Return what a box holds.

    :raises KeyMissingError: its wrapping key is gone.
    :raises SealError: box, controller, label or content are not those that were sealed.
    """
    data_key = custodian.unwrap(box.label, box.wrapped, wrap_aad(box.id, box.label))
    aad = payload_aad(box.controller, box.id)
    try:
        padded = AESGCM(data_key).decrypt(box.payload[:NONCE_SIZE], box.payload[NONCE_SIZE:], aad)
    except (InvalidTag, ValueError):
        raise SealError(
            "This box does not open: it is not as it was sealed.",
            "Compare it with a copy of the database from before.",
        ) from None
    return _unpad(padded)


def rewrap(box: Box, label: str, custodian: Custodian) -> Box:
    """Return the same box under another wrapping key; its payload stays as it is.

    :param box: the box.
    :param label: the new label, ensured before.
    :param custodian: who holds both keys.
    :raises KeyMissingError: one of the keys is gone.
    """
    data_key = custodian.unwrap(box.label, box.wrapped, wrap_aad(box.id, box.label))
    wrapped = custodian.wrap(label, data_key, wrap_aad(box.id, label))
    return replace(box, label=label, wrapped=wrapped)


def payload_aad(controller: str, box_id: str) -> bytes:
    """Return what a payload is bound to: format, controller and box."""
    return canonical({"box": box_id, "controller": controller, "format": BOX_FORMAT})


def wrap_aad(box_id: str, label: str) -> bytes:
    """Return what a wrapped data key is bound to: box and label."""
    return canonical({"box": box_id, "label": label})


def _pad(payload: bytes) -> bytes:
    flag, data = _PLAIN, payload
    if len(payload) > BLOCK - _HEADER:
        # More effort takes three times as long and saves a few bytes in a hundred.
        deflated = zlib.compress(payload, 1)
        if len(deflated) < len(payload):
            flag, data = _DEFLATED, deflated
    head = flag + len(data).to_bytes(4, "big") + data
    return head + bytes(-len(head) % BLOCK)


def _unpad(padded: bytes) -> bytes:
    flag, length = padded[:1], int.from_bytes(padded[1:_HEADER], "big")
    data, rest = padded[_HEADER : _HEADER + length], padded[_HEADER + length :]
    try:
        if flag in (_PLAIN, _DEFLATED) and len(data) == length and not any(rest):
            return zlib.decompress(data) if flag == _DEFLATED else data
    except zlib.error:
        pass
    raise SealError("This box holds no payload of this format.", "Update this package.")


def fingerprint(key: bytes, kind: str, value: str) -> str:
    """Return a keyed mark of a value, 64 hex digits (HMAC-SHA256).

    A mark is pseudonymous personal data; it stops being data when its key is destroyed.

    :param key: key of the epoch or the case, at least 16 bytes.
    :param kind: what the value is; equal values of two kinds have different marks.
    :param value: the value, in the one form its kind is compared in.
    :raises SealError: the key is too short, or the kind holds a zero byte.
    """
    if len(key) < 16 or "\0" in kind:
        raise SealError("A mark needs a key of 16 bytes and a plain kind.", "Use a pepper.")
    message = f"{MARK_FORMAT}\0{kind}\0".encode() + value.encode("utf-8", "surrogatepass")
    return hmac.digest(key, message, "sha256").hex()
