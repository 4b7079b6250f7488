"""A recipient that is told over HTTP: signed, bounded in time and size, never sent elsewhere."""

from __future__ import annotations

import ipaddress
import re
import ssl
import threading
import time
from contextlib import suppress
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from urllib.parse import SplitResult, urlsplit

from ...core.errors import PolicyError, SetupError
from ...core.recipient import Answer, Notice, Said
from ...core.webhook import (
    DOMAIN,
    IDEMPOTENCY,
    SIGNATURE,
    TIMESTAMP,
    Signed,
    Way,
    body_of,
    by_key,
    by_secret,
    holds,
    signed_bytes,
)
from ..messages.cutoff import connected

CONNECT_SECONDS = 4.0
READ_SECONDS = 6.0
WHOLE_SECONDS = 15.0
"""After this time a try has failed, however slowly the other side goes on talking."""

LARGEST_REPLY = 64 * 1024
"""Bytes of a reply that are read; nothing in them is used."""

SHORTEST_SECRET = 16
"""Bytes."""

AGAIN = frozenset({408, 409, 425, 429})
"""Of the statuses that blame us, those that another try may cure. Source: RFC 9110, RFC 6585."""


@dataclass(frozen=True)
class Webhook:
    """Another system that takes a signed notice over HTTPS and answers by a signed call-back.

    :param url: where the notice is posted; https, or http on this very machine.
    :param secret: shared secret, at least 16 bytes; signs both ways with HMAC-SHA256.
    :param key: the recipient's Ed25519 public key, 64 hex digits, by which its answers are known;
        without a secret our notices are signed with the house's own key.
    :param seconds: seconds a whole try may take.
    :raises PolicyError: the address, the secret or the key cannot be used.
    """

    url: str
    secret: str | bytes = field(default=b"", repr=False)
    key: str = ""
    seconds: float = WHOLE_SECONDS

    needs_identities = True

    def __post_init__(self) -> None:
        parts = _parts(self.url)
        if parts.scheme != "https" and not (parts.scheme == "http" and _here(parts)):
            raise PolicyError(
                "A webhook needs an https address.", "Plain http is for this very machine alone."
            )
        if parts.username or parts.password or parts.fragment:
            raise PolicyError(
                "A webhook's address holds no log-in and no fragment.", "Use secret= or key=."
            )
        if not self.secret and not self.key:
            raise PolicyError("A webhook needs secret= or key=.", "Agree on one with its operator.")
        if self.secret and len(self._secret) < SHORTEST_SECRET:
            raise PolicyError(
                f"A webhook's secret has at least {SHORTEST_SECRET} bytes.",
                "Make one: python -c 'import secrets; print(secrets.token_hex(32))'.",
            )
        if self.key and not _KEY.fullmatch(self.key):
            raise PolicyError(
                "A webhook's key is the recipient's Ed25519 public key.",
                "Write its 32 bytes as 64 small hex digits.",
            )

    @property
    def domain(self) -> str:
        """Return the host of the address."""
        return _parts(self.url).hostname or ""

    @property
    def _secret(self) -> bytes:
        return self.secret.encode() if isinstance(self.secret, str) else self.secret

    def tell(self, notice: Notice, /) -> Answer:
        """Post a notice and return what came of it; a redirect is never followed."""
        body, stamp = body_of(notice), str(int(time.time()))
        message = signed_bytes(Way.NOTICE, self.domain, stamp, body)
        headers = {
            "Content-Type": "application/json",
            "User-Agent": "flask-guesterase",
            DOMAIN: self.domain,
            IDEMPOTENCY: notice.reference,
            TIMESTAMP: stamp,
            SIGNATURE: self._sign(notice, message),
        }
        try:
            status = self._post(body, headers)
        except TimeoutError:
            return Answer(Said.LATER, "time-out")
        except (OSError, HTTPException) as problem:
            return Answer(Said.LATER, _word(problem))
        return _answer(status)

    def verifies(self, signed: Signed) -> bool:
        """Return whether this recipient signed an answer."""
        return holds(signed, self.domain, self._secret, self.key)

    def _sign(self, notice: Notice, message: bytes) -> str:
        if self.secret:
            return by_secret(self._secret, message)
        if notice.sign is None:
            raise SetupError("There is no key to sign notices with.", "Give the webhook a secret.")
        return by_key(notice.sign(message))

    def _post(self, body: bytes, headers: dict[str, str]) -> int:
        parts = _parts(self.url)
        conn = _connection(parts, min(CONNECT_SECONDS, self.seconds))
        late = threading.Event()
        try:
            with connected(conn, self.seconds, late):
                conn.sock.settimeout(min(READ_SECONDS, self.seconds))
                target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
                conn.request("POST", target, body, headers)
                reply = conn.getresponse()
                if late.is_set():
                    # Cut off in the middle of its headers, which then seem to end there.
                    raise TimeoutError
                # Read so that the other side is not cut off while it writes; used for nothing.
                with suppress(OSError, HTTPException):
                    reply.read(LARGEST_REPLY)
                return reply.status
        except (OSError, HTTPException) as problem:
            if late.is_set():
                raise TimeoutError from problem
            raise


_KEY = re.compile(r"[0-9a-f]{64}")


def _connection(parts: SplitResult, wait: float) -> HTTPConnection:
    host = parts.hostname or ""
    if parts.scheme == "https":
        context = ssl.create_default_context()
        return HTTPSConnection(host, parts.port, timeout=wait, context=context)
    return HTTPConnection(host, parts.port, timeout=wait)


def _answer(status: int) -> Answer:
    word = f"http-{status}"
    if 200 <= status < 300:
        return Answer(Said.SENT)
    if status >= 500 or status in AGAIN:
        return Answer(Said.LATER, word)
    return Answer(Said.REFUSED, word)


def _word(problem: Exception) -> str:
    """Return the class of a problem of the network; its text may hold an address."""
    if isinstance(problem, ssl.SSLError):
        return "tls"
    return "unreachable" if isinstance(problem, OSError) else type(problem).__name__


def _parts(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        parts = urlsplit("")
    if not parts.hostname:
        raise PolicyError("A webhook's address cannot be read.", "Write https://host/path.")
    return parts


def _here(parts: SplitResult) -> bool:
    """Return whether an address is this very machine's."""
    host = parts.hostname or ""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
