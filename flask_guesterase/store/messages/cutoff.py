"""Connections that end in time, however slowly the other side goes on talking."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.client import HTTPConnection


@contextmanager
def connected(conn: HTTPConnection, seconds: float, late: threading.Event) -> Iterator[None]:
    """Connect, and cut off what takes too long as a whole, however often a little more arrives.

    :param conn: the connection; it is closed at the end.
    :param seconds: seconds after which it is cut off.
    :param late: set where it was: what is cut off in the middle seems to end there.
    """
    held: list[socket.socket] = []

    def cut() -> None:
        late.set()
        # A connection that the other side will close has let go of its socket, not of the reply.
        for sock in held or filter(None, [conn.sock]):
            with suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)

    watch = threading.Timer(seconds, cut)
    watch.daemon = True
    watch.start()
    try:
        conn.connect()
        held.append(conn.sock)
        yield
    finally:
        watch.cancel()
        conn.close()
