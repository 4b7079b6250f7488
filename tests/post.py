"""A real mail server on loopback, and what it was given."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes
from email.message import Message as Email
from email.policy import default
from typing import Any

from aiosmtpd.controller import Controller


class Post:
    """Keeps what a mail server was given; refuses addresses at refuse.example."""

    def __init__(self) -> None:
        self.letters: list[Email] = []

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str,
                          options: Any) -> str:  # fmt: skip
        if address.endswith("@refuse.example"):
            return f"550 no {address} here"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        self.letters.append(message_from_bytes(envelope.content, policy=default))
        return "250 OK"

    def to(self, address: str) -> list[str]:
        """Return the texts of the letters to an address, the oldest first."""
        mine = [letter for letter in self.letters if letter["To"] == address]
        return [letter.get_content() for letter in mine]  # type: ignore[attr-defined]  # the default policy gives an EmailMessage


@contextmanager
def post_office(handler: Any) -> Iterator[str]:
    """Run a mail server; yield its address.

    :param handler: what receives, see aiosmtpd.
    """
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    controller = Controller(handler, hostname="127.0.0.1", port=port)
    controller.start()
    try:
        yield f"smtp://127.0.0.1:{port}"
    finally:
        controller.stop()
