"""What the page about messages says: its channels run, and its table is that of the letters."""

from __future__ import annotations

import re
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from flask import Flask
from sqlalchemy.orm import scoped_session, sessionmaker

from flask_guesterase.channels import Channel
from flask_guesterase.web.extension import Guesterase
from flask_guesterase.web.guestpages import guest
from tests.docs.test_howto import DOCS, blocks
from tests.store.hotel import Base, Hotel, policies
from tests.web.house import PROPERTIES, may

PAGE = "how-to/messages.md"
TEXTS = Path(guest.__file__).parents[1] / "templates" / "guesterase" / "mail"
STAFF = {"alert", "complaintdue", "deadline", "incidentdue", "outside-notice", "recipient"}
"""Letters that go to people of the hotel, or to somebody outside."""
MAILED = {"objection"}
"""Letters to guests that go by e-mail alone."""


@pytest.fixture
def page() -> SimpleNamespace:
    """The code of the page as one module."""
    names: dict[str, Any] = {"__name__": "page"}
    for block in blocks(PAGE):
        exec(compile(block, PAGE, "exec", dont_inherit=True), names)  # noqa: S102 - the page is the test
    return SimpleNamespace(**names)


def asked(url: str, folder: Path, channel: Channel) -> dict[str, str]:
    """Let a guest with a telephone ask a hotel that prints its mail; return what went wrong."""
    hotel = Hotel(url, folder)
    hotel.guest(1, name="Ann Zebrafinch", phone="+8613912345678")
    app = Flask(__name__, instance_path=str(folder))
    app.config.update(
        SECRET_KEY="only-for-tests-" + "0" * 32, TESTING=True,
        GUESTERASE_KEYS=str(folder / "keys"), GUESTERASE_BASE_URL="https://pine.example/privacy",
    )  # fmt: skip
    session = scoped_session(sessionmaker(hotel.engine))
    made = Guesterase(
        session, authorize=may, models=Base, properties=PROPERTIES, channels={"sms": channel}
    )
    for target, policy in policies(str(hotel.files)):
        made.register(target, policy)
    made.init_app(app)
    app.register_blueprint(guest.guest_pages, url_prefix="/privacy")
    with app.app_context():
        with made.begin() as office:
            form = {"phone": "+8613912345678", "name": "Ann Zebrafinch"}
            office.intake(form, property="sh", channel="form", lang="en", remote_mark="192.0.2.7")
        problems = made.work().problems
    session.remove()
    hotel.engine.dispose()
    return dict(problems)


def test_the_channel_of_the_page_sends_what_was_to_be_printed(
    page: SimpleNamespace, sqlite_url: str, tmp_path: Path
) -> None:
    """The text has the link, under the address that the host said."""
    sent: list[dict[str, str]] = []
    channel = page.TextMessages(lambda **given: sent.append(given) or True)
    assert asked(sqlite_url, tmp_path, channel) == {}
    (message,) = sent
    assert message["to"] == "+8613912345678"
    assert "https://pine.example/privacy/link/" in message["text"]
    assert message["key"]


def test_a_gateway_that_takes_nothing_is_asked_again(
    page: SimpleNamespace, sqlite_url: str, tmp_path: Path
) -> None:
    """What the page raises is told by its class."""
    problems = asked(sqlite_url, tmp_path, page.TextMessages(lambda **_: False))
    assert set(problems.values()) == {"DeliveryError"}


def test_the_templates_of_the_page_are_filled(
    page: SimpleNamespace, sqlite_url: str, tmp_path: Path
) -> None:
    """A service that holds its texts itself gets code, number and the same link."""
    sent: list[dict[str, str]] = []
    channel = page.Templates(lambda **given: sent.append(given), "https://pine.example/privacy")
    assert asked(sqlite_url, tmp_path, channel) == {}
    (message,) = sent
    assert message["code"] == "SMS_0001"
    assert message["number"].startswith("GR-")
    assert re.fullmatch(r"https://pine\.example/privacy/link/[\w-]{20,}", message["link"])


def links(name: str) -> str:
    """Return what the link of a letter opens, as the page writes it; empty without a link."""
    found = re.search(r'page\("([\w/]+)"( ~ token)?\)', (TEXTS / f"{name}.txt").read_text())
    return "" if found is None else found[1] + ("TOKEN" if found[2] else "")


def test_the_table_of_the_page_is_that_of_the_letters() -> None:
    """A service has a text for each letter that reaches a guest's telephone, with its link."""
    text = (DOCS / PAGE).read_text(encoding="utf-8")
    told = dict(re.findall(r"^\| `(\w+)` \|[^|]+\| ?`?([\w/]*)`? ?\|$", text, re.MULTILINE))
    there = {path.stem for path in TEXTS.glob("*.txt")} - {"frame"} - STAFF - MAILED
    assert told == {name: links(name) for name in there}
