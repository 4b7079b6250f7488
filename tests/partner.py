"""Another system that holds copies: a real HTTP server on loopback that answers as a test says."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from flask_guesterase.core.webhook import (
    DOMAIN,
    IDEMPOTENCY,
    SIGNATURE,
    TIMESTAMP,
    Way,
    by_secret,
    signed_bytes,
)
from flask_guesterase.store.partners.webhook import Webhook

SECRET = "a secret that both sides know 01"
DROP, HANG, DRIP = "drop", "hang", "drip"
"""What it may do instead of answering with a status."""


@dataclass(frozen=True)
class Came:
    """One request as it came."""

    path: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """Return the body as it reads."""
        return json.loads(self.body)

    @property
    def reference(self) -> str:
        """Return by what it is known again."""
        return self.headers[IDEMPOTENCY]


@dataclass
class Partner:
    """A server that keeps what it is sent, and erases a subject once for each reference.

    :param url: where it listens.
    :param plan: what it answers, one after the other; 200 when nothing is left.
    :param came: every request, also those it did not answer.
    :param erased: reference -> identities, what a partner does once for each reference.
    """

    url: str = ""
    plan: list[Any] = field(default_factory=list)
    came: list[Came] = field(default_factory=list)
    erased: dict[str, Any] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)

    def webhook(self, **values: Any) -> Webhook:
        """Return the adapter that tells it."""
        return Webhook(**{"url": self.url, "secret": SECRET, "seconds": 0.6, **values})

    def genuine(self, came: Came) -> bool:
        """Return whether a notice carries the signature of the house."""
        message = signed_bytes(
            Way.NOTICE, came.headers[DOMAIN], came.headers[TIMESTAMP], came.body
        )
        return came.headers[SIGNATURE] == by_secret(SECRET.encode(), message)


def answer(
    reference: str, status: str, at: float | None = None, secret: str = SECRET, **more: Any
) -> tuple[bytes, dict[str, str]]:
    """Return body and headers of a status call-back as a partner signs it."""
    value = {"subject_request_id": reference, "request_status": status, **more}
    body = json.dumps(value).encode()
    stamp = str(int(time.time() if at is None else at))
    message = signed_bytes(Way.ANSWER, "127.0.0.1", stamp, body)
    return body, {TIMESTAMP: stamp, SIGNATURE: by_secret(secret.encode(), message)}


@contextmanager
def listening() -> Iterator[Partner]:
    """Run a partner until the block ends."""
    partner = Partner()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            length = int(self.headers.get("Content-Length", "0"))
            came = Came(self.path, dict(self.headers.items()), self.rfile.read(length))
            partner.came.append(came)
            what = partner.plan.pop(0) if partner.plan else 200
            if what == DROP:
                self.connection.shutdown(socket.SHUT_RDWR)
            elif what == HANG:
                done.wait(5)
            elif what == DRIP:
                self._drip()
            else:
                if 200 <= what < 300:
                    partner.erased.setdefault(came.reference, came.json["subject_identities"])
                self.send_response(what)
                for name, value in partner.headers.items():
                    self.send_header(name, value)
                self.end_headers()

        def _drip(self) -> None:
            """Send one letter of a header at a time, for ever."""
            try:
                self.connection.sendall(b"HTTP/1.1 200 OK\r\nX-Long: ")
                while not done.wait(0.05):
                    self.connection.sendall(b"x")
            except OSError:
                return

        def log_message(self, format: str, *args: Any) -> None:
            """Say nothing."""

    done = threading.Event()
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        partner.url = f"http://127.0.0.1:{server.server_address[1]}/erase"
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield partner
        finally:
            done.set()
            server.shutdown()
            thread.join()
