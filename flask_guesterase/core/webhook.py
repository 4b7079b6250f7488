"""The signed messages between the house and a recipient, after the OpenDSR pattern: pure functions.

A notice asks a recipient to erase, an answer tells what became of it. Source: OpenDSR 2.0
(opendsr.org), requests and status call-backs; RFC 2104 (HMAC), RFC 8032 (Ed25519).
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from .errors import InputError
from .log import canonical
from .recipient import Notice, Stage

WEBHOOK_FORMAT = "guesterase/webhook/v1"
API_VERSION = "2.0"

SIGNATURE = "X-OpenDSR-Signature"
DOMAIN = "X-OpenDSR-Processor-Domain"
TIMESTAMP = "X-OpenDSR-Timestamp"
IDEMPOTENCY = "Idempotency-Key"

HMAC, ED25519 = "hmac-sha256", "ed25519"

WINDOW = timedelta(minutes=5)
"""How far the time of an answer may be from ours, either way."""

_DIGITS = 11
"""Digits of a timestamp that is read; ours have ten until the year 2286."""

LARGEST_ANSWER = 16 * 1024
"""Bytes; a status call-back is a few hundred."""


class Way(StrEnum):
    """Which way a message goes; it is signed too, so that nobody sends our own words back."""

    NOTICE = "notice"
    ANSWER = "answer"


STATUS: Mapping[str, Stage] = {
    "received": Stage.RECEIVED,
    "pending": Stage.RECEIVED,
    "in_progress": Stage.RECEIVED,
    "completed": Stage.ACKNOWLEDGED,
    "refused": Stage.FAILED,
    "failed": Stage.FAILED,
    "cancelled": Stage.FAILED,
}
"""Status a recipient may tell -> how far that is."""


def body_of(notice: Notice) -> bytes:
    """Return what is posted to a recipient: canonical JSON, the same at every try."""
    value: dict[str, object] = {
        "api_version": API_VERSION,
        "controller_id": notice.controller,
        "property_id": notice.property,
        "subject_identities": [
            {
                "identity_format": each.format,
                "identity_type": each.type,
                "identity_value": each.value,
            }
            for each in notice.identities
        ],
        "subject_request_id": notice.reference,
        "subject_request_type": "erasure",
        "submitted_time": f"{notice.on}T00:00:00Z",
    }
    if notice.callback:
        value["status_callback_urls"] = [notice.callback]
    return canonical(value)


def signed_bytes(way: Way, domain: str, timestamp: str, body: bytes) -> bytes:
    """Return the bytes that are signed.

    :param way: whether the house or the recipient speaks.
    :param domain: host of the recipient's address, so that no other recipient takes it.
    :param timestamp: seconds since 1970, as the header writes them.
    :param body: the body as it is sent.
    """
    return b"\n".join([WEBHOOK_FORMAT.encode(), way.encode(), domain.encode(), timestamp.encode(),
                       body])


def by_secret(secret: bytes, message: bytes) -> str:
    """Return the signature header of a message under a shared secret."""
    return f"{HMAC}={hmac.new(secret, message, hashlib.sha256).hexdigest()}"


def by_key(signature: bytes) -> str:
    """Return the signature header that carries an Ed25519 signature."""
    return f"{ED25519}={signature.hex()}"


@dataclass(frozen=True)
class Signed:
    """An answer as it came, before anybody believes it.

    :param body: the body as it came.
    :param timestamp: its timestamp header.
    :param signature: its signature header.
    """

    body: bytes = field(repr=False)
    timestamp: str
    signature: str = field(repr=False)

    def timely(self, now: datetime) -> bool:
        """Return whether it was signed about now.

        :param now: aware UTC time.
        """
        if not (self.timestamp.isascii() and self.timestamp.isdigit()):
            return False
        # Anybody may post one; of more digits than these it is the year 10000 and no date at all.
        if len(self.timestamp) > _DIGITS:
            return False
        signed = datetime.fromtimestamp(int(self.timestamp), UTC)
        return abs(now - signed) <= WINDOW

    def mark(self) -> str:
        """Return by what the same answer is known when it comes again."""
        return hashlib.sha256(b"\n".join([self.timestamp.encode(), self.body])).hexdigest()


def holds(signed: Signed, domain: str, secret: bytes, key: str) -> bool:
    """Return whether a recipient signed an answer, in the same time whatever is wrong with it.

    :param signed: the answer.
    :param domain: host of the recipient's address.
    :param secret: the shared secret, empty where the recipient has a key of its own.
    :param key: the recipient's Ed25519 public key, 64 hex digits; empty where a secret is shared.
    """
    message = signed_bytes(Way.ANSWER, domain, signed.timestamp, signed.body)
    if not key:
        return hmac.compare_digest(
            by_secret(secret, message).encode(), signed.signature.encode()
        )
    word, _, text = signed.signature.partition("=")
    try:
        Ed25519PublicKey.from_public_bytes(bytes.fromhex(key)).verify(bytes.fromhex(text), message)
    except (InvalidSignature, ValueError):
        return False
    return word == ED25519


def read_answer(body: bytes, reference: str) -> Stage:
    """Return how far a recipient says it got.

    :param body: the body of an answer whose signature holds.
    :param reference: the reference the answer was sent to.
    :raises InputError: it is no answer, or it is about something else.
    """
    try:
        value = json.loads(body)
        told, status = value["subject_request_id"], value["request_status"]
        stage = STATUS[status]
    except (ValueError, TypeError, KeyError, RecursionError):
        raise InputError("This is no status call-back.", "See docs/reference/webhook.md.") from None
    if told != reference:
        raise InputError("This answer is about another notice.", "Answer to its own address.")
    return stage
