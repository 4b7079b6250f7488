"""What a guest has answered so far, sealed in the guest's own browser for half an hour.

The hotel keeps nothing of a request that is not sent: the answers travel in the session, encrypted
with a key made from the application's own, so that nobody reads them from the device and they are
in no address. A server-side session holds the same sealed text.
"""

from __future__ import annotations

import json
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from hashlib import sha256

from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from flask import current_app, session

from . import fresh

KEPT = 30 * 60
"""Seconds after the newest answer for which the answers can be read."""

LONGEST = {"name": 200, "email": 254, "phone": 40, "booking": 60}
"""Field -> characters that are kept, so that all of them fit into one cookie of 4093 bytes."""

_NAME = "guesterase_asking"


def jot(answers: Mapping[str, str]) -> None:
    """Add answers to what this browser holds.

    :param answers: field -> what was answered.
    """
    if _NAME not in session:
        fresh.renew()
    cut = {name: text[: LONGEST.get(name, 80)] for name, text in answers.items()}
    told = json.dumps({**jotted(), **cut}, ensure_ascii=False).encode()
    session[_NAME] = _box().encrypt(told).decode()


def jotted() -> dict[str, str]:
    """Return what was answered so far; nothing when the time is over or the key has changed."""
    try:
        opened = _box().decrypt(str(session.get(_NAME, "")), ttl=KEPT)
    except InvalidToken:
        return {}
    answers: dict[str, str] = json.loads(opened)
    return answers


def lapsed() -> bool:
    """Return whether this browser holds answers that nobody can read any more."""
    return _NAME in session and not jotted()


def mark() -> str:
    """Return what tells these answers from any others, and tells nothing of them."""
    return sha256(str(session.get(_NAME, "")).encode()).hexdigest()


def drop() -> None:
    """Forget the answers in this browser."""
    session.pop(_NAME, None)


def _box() -> Fernet:
    """Return the cipher of this application, Source: Fernet specification; RFC 5869."""
    secret = current_app.secret_key or b""
    key = secret.encode() if isinstance(secret, str) else secret
    made = HKDF(SHA256(), 32, None, b"flask_guesterase/asking/v1").derive(key)
    return Fernet(urlsafe_b64encode(made))
