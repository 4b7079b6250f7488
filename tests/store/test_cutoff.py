"""Whoever goes on talking for ever is cut off: no worker waits for a stranger."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from flask_guesterase.core.errors import DeliveryError
from flask_guesterase.core.recipient import Notice, Said
from flask_guesterase.store.journaling.cosigning import deliver
from flask_guesterase.store.partners.webhook import Webhook

HEADS = {
    "kept": b"HTTP/1.1 200 OK\r\nContent-Length: 200\r\n\r\n",
    "closed": b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 200\r\n\r\n",
    "headers": b"HTTP/1.1 200 OK\r\nX-Long: ",
}


@contextmanager
def dripping(head: bytes) -> Iterator[str]:
    """Run a server that answers, and then says one more letter at a time, for ten seconds."""
    ended = threading.Event()

    def serve() -> None:
        peer, _ = server.accept()
        with peer:
            peer.recv(65536)
            peer.sendall(head)
            try:
                for _ in range(200):
                    peer.sendall(b"x")
                    if ended.wait(0.05):
                        return
            except OSError:
                return

    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.getsockname()[1]}"
        finally:
            ended.set()
            thread.join()


@pytest.mark.parametrize("head", HEADS)
def test_a_recipient_that_drips_is_cut_off(head: str) -> None:
    """In time whichever way it ends its answer; what was answered before that counts."""
    notice = Notice("r1", "partner", "pine", "sh", "2026-03-10", (), (), "")
    with dripping(HEADS[head]) as url:
        began = time.monotonic()
        answer = Webhook(url, secret="s" * 32, seconds=0.5).tell(notice)
        assert time.monotonic() - began < 5
    assert answer.said is (Said.LATER if head == "headers" else Said.SENT)


@pytest.mark.parametrize("head", HEADS)
def test_a_witness_that_drips_is_cut_off(head: str) -> None:
    """Half a cosignature is none; it is tried again."""
    with dripping(HEADS[head]) as url:
        began = time.monotonic()
        with pytest.raises(DeliveryError, match="not reached"):
            deliver(url, "note", 0, (), 0.2)
        assert time.monotonic() - began < 5
