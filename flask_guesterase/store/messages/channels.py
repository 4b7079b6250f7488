"""How a message leaves the house: one seam, and e-mail built in."""

from __future__ import annotations

import hashlib
import smtplib
import ssl
from collections.abc import Callable, Mapping
from contextlib import closing, suppress
from dataclasses import dataclass
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import formatdate
from typing import Protocol
from urllib.parse import SplitResult, unquote, urlsplit

from ...core.errors import DeliveryError, SetupError

PHONES = "sms"
"""Name of the channel by which telephone numbers are reached; a host gives it."""

SECONDS = 20
"""How long a mail server may take for one step."""

Render = Callable[[str, str, Mapping[str, str]], tuple[str, str]]
"""Takes a template's name, a language and what it needs; returns subject and body."""


@dataclass(frozen=True)
class Message:
    """One message, ready to be sent.

    :param id: the same when it is sent again, so that the receiver can tell.
    :param to: address or number.
    :param lang: language of the text.
    :param template: name of the text, for services that hold approved texts themselves.
    :param params: what the text was made from.
    :param subject: a line without personal data.
    :param body: the text.
    """

    id: str
    to: str
    lang: str
    template: str
    params: Mapping[str, str]
    subject: str
    body: str


class Channel(Protocol):
    """Sends messages: e-mail, SMS, a template message."""

    def send(self, message: Message) -> None:
        """Hand a message over.

        It may be called again with the same `Message.id` after a crash.

        :raises DeliveryError: it was not taken; it is tried again later.
        """
        ...


class Mail:
    """Sends e-mail through an SMTP server.

    :param url: ``smtp://host:25``, ``smtp+starttls://user:password@host:587`` or
        ``smtps://user:password@host:465``.
    :param sender: address that messages come from.
    :raises SetupError: the address is not one of these, or the sender is missing.
    """

    def __init__(self, url: str, sender: str) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("smtp", "smtp+starttls", "smtps") or not parts.hostname:
            raise SetupError(
                "This is no address of a mail server.",
                "Set GUESTERASE_MAIL to smtp+starttls://user:password@host:587, print or page.",
            )
        if "@" not in sender:
            raise SetupError(
                "Messages need an address to come from.", "Set GUESTERASE_SENDER to one."
            )
        self.scheme = parts.scheme
        self.host = parts.hostname
        self.port = _port(parts) or {"smtp": 25, "smtps": 465}.get(parts.scheme, 587)
        self.user = unquote(parts.username or "")
        self._password = unquote(parts.password or "")
        self.sender = sender

    def send(self, message: Message) -> None:
        """Send one e-mail.

        :raises DeliveryError: the server did not take it.
        """
        try:
            letter = self._letter(message)
            with closing(self._connect()) as server:
                if self.user:
                    server.login(self.user, self._password)
                server.send_message(letter, to_addrs=[message.to])
                # What was taken is taken, however the server says good-bye.
                with suppress(OSError, smtplib.SMTPException):
                    server.quit()
        except (OSError, smtplib.SMTPException, ValueError, UnicodeError) as problem:
            # `from None`: what a server answers may repeat the address.
            raise DeliveryError(
                f"The mail server did not take the message ({type(problem).__name__}).",
                "It is tried again; look at GUESTERASE_MAIL if this goes on.",
            ) from None

    def _connect(self) -> smtplib.SMTP:
        if self.scheme == "smtps":
            context = ssl.create_default_context()
            return smtplib.SMTP_SSL(self.host, self.port, timeout=SECONDS, context=context)
        server = smtplib.SMTP(self.host, self.port, timeout=SECONDS)
        if self.scheme == "smtp+starttls":
            try:
                server.starttls(context=ssl.create_default_context())
            except BaseException:
                server.close()
                raise
        return server

    def _letter(self, message: Message) -> EmailMessage:
        if not message.to:
            # A server may take what is for nobody, and it would count as sent.
            raise ValueError("no address")
        letter = EmailMessage(policy=SMTP)
        letter["From"] = self.sender
        letter["To"] = message.to
        letter["Subject"] = message.subject
        letter["Date"] = formatdate(usegmt=True)
        letter["Message-ID"] = f"<{message.id}@{self.sender.rpartition('@')[2].strip('>')}>"
        letter["Auto-Submitted"] = "auto-generated"
        # Setting the content drops every Content- header, so this one comes after it.
        letter.set_content(message.body)
        letter["Content-Language"] = message.lang
        return letter


def _port(parts: SplitResult) -> int | None:
    try:
        return parts.port
    except ValueError:
        raise SetupError(
            "The port of the mail server is no number.", "Correct GUESTERASE_MAIL."
        ) from None


def message_id(dedupe: str) -> str:
    """Return the identifier of a message, the same for the same mark and telling nothing."""
    return hashlib.sha256(f"guesterase:{dedupe}".encode()).hexdigest()[:32]


def built_in(mail: str, sender: str) -> dict[str, Channel]:
    """Return the channels that the settings name.

    :raises SetupError: `mail` is no way to send messages.
    """
    return {} if mail in ("print", "page") else {"smtp": Mail(mail, sender)}
