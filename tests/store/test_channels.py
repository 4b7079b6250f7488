"""E-mail through a real server, and what goes wrong with one."""

from __future__ import annotations

from typing import Any

import pytest

from flask_guesterase.core.errors import DeliveryError, SetupError
from flask_guesterase.store.messages.channels import Mail, Message, built_in, message_id
from tests.post import Post, post_office


def letter(to: str = "ann@example.com", subject: str = "Your request GR-7") -> Message:
    """Return a message."""
    return Message(message_id("confirm:GR-7:1"), to, "zh", "confirm", {}, subject, "您好\nLink\n")


def test_a_letter_arrives_as_it_was_written(post: tuple[Post, str]) -> None:
    """Text, language and an id that is the same when it is sent again."""
    handler, url = post
    mail = built_in(url, "Hotel <hotel@example.com>")["smtp"]
    mail.send(letter())
    mail.send(letter())
    first, second = handler.letters
    assert first["To"] == "ann@example.com"
    assert first["Subject"] == "Your request GR-7"
    assert first["Message-ID"] == second["Message-ID"]
    assert first["Auto-Submitted"] == "auto-generated"
    assert first["Content-Language"] == "zh"
    assert first.get_content().replace("\r\n", "\n") == "您好\nLink\n"  # type: ignore[attr-defined]  # the default policy gives an EmailMessage


@pytest.mark.parametrize("to", ["ann@refuse.example", "ann@example.com\nBcc: eve@example.com", ""])
def test_what_a_server_refuses_is_a_problem_without_the_address(
    post: tuple[Post, str], to: str
) -> None:
    """The server's own words repeat the address; ours do not."""
    handler, url = post
    with pytest.raises(DeliveryError) as caught:
        Mail(url, "hotel@example.com").send(letter(to))
    assert "ann" not in str(caught.value)
    assert caught.value.__cause__ is None
    assert handler.letters == []


def test_a_server_that_is_not_there_is_a_problem_for_later(post: tuple[Post, str]) -> None:
    """A refused connection is no crash, and neither is a server without TLS where TLS is set."""
    _, url = post
    for address in (
        "smtp://127.0.0.1:9",
        url.replace("smtp:", "smtp+starttls:"),
        url.replace("smtp:", "smtps:"),
    ):
        with pytest.raises(DeliveryError):
            Mail(address, "hotel@example.com").send(letter())


class Curt(Post):
    """Takes what it is given and is too busy to say good-bye."""

    async def handle_QUIT(self, server: Any, session: Any, envelope: Any) -> str:
        return "421 Too busy"


def test_what_a_server_took_is_sent_however_it_says_good_bye() -> None:
    """Otherwise the guest had the same letter nine times, and it was said never to have left."""
    handler = Curt()
    with post_office(handler) as url:
        Mail(url, "hotel@example.com").send(letter())
    assert len(handler.letters) == 1


@pytest.mark.parametrize(
    ("mail", "sender"),
    [("http://host", "a@b.example"), ("smtp://", "a@b.example"), ("smtp://host", ""), ("", "a@b")],
)
def test_a_wrong_setting_is_named_at_once(mail: str, sender: str) -> None:
    """Not when the first guest waits for a letter."""
    with pytest.raises(SetupError):
        built_in(mail, sender)


def test_user_and_password_come_out_of_the_address() -> None:
    """Percent signs in a password are meant."""
    mail = Mail("smtp+starttls://me%40host:p%2Fw@mail.example", "a@b.example")
    assert (mail.user, mail._password, mail.port) == ("me@host", "p/w", 587)
    assert built_in("print", "") == built_in("page", "") == {}
