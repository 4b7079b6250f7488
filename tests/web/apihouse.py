"""The house of the pages' tests with the API registered, and programs that come with tokens."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from flask_guesterase.core.log import read_entry
from flask_guesterase.web.api.spec import api_pages
from tests.web.house import STAFF, House

API = "/api/privacy"


def opened(house: House) -> House:
    """Register the API in a house that has served nothing yet."""
    house.app.register_blueprint(api_pages, url_prefix=API)
    return house


def inhabited(url: str, folder: Path) -> Iterator[House]:
    """Yield a house with guests whose host asked for the API."""
    made = opened(House(url, folder))
    made.people()
    yield made
    made.session.remove()
    made.hotel.engine.dispose()


def token(
    house: House, user: str, *permissions: str, days: int = 30, place: str = "", by: str = ""
) -> str:
    """Issue a token for a member of staff at their house; with all they may do by default."""
    home, granted = STAFF[user]
    wanted = permissions or tuple(sorted(granted - {"issue"}))
    with house.app.app_context(), house.extension.begin() as office:
        until = (office.work.now + timedelta(days=days)).date()
        issuer = _ISSUERS.get(user, "issuer") if (place or home) == "sh" else "far-issuer"
        return office.issue_token(user, place or home, wanted, until, by=by or issuer)


_ISSUERS = {"officer": "second-issuer", "second": "third-issuer", "third": "third-issuer"}
"""Who issues whose tokens: people whose tokens come from one person count as one."""


def journaled(house: House, *actions: str) -> list[tuple[Any, ...]]:
    """Return what the journals say of some actions: word, request, who, how many, why."""
    drafts = [read_entry(row["body"].encode()).draft for row in house.hotel.ours("entry")]
    with house.app.app_context(), house.extension.begin() as office:
        people = {office.acts_as(login): login for login in STAFF}
    return [
        (each.action, each.request, people.get(each.actor), dict(each.counts), tuple(each.grounds))
        for each in drafts if each.action in actions
    ]  # fmt: skip


class Program:
    """A program that comes with a token.

    :param house: the house.
    :param secret: the token; none is sent when empty.
    """

    def __init__(self, house: House, secret: str = "") -> None:
        self.client: FlaskClient = house.app.test_client()
        self.headers = {"Authorization": f"Bearer {secret}"} if secret else {}

    def get(self, path: str, **headers: str) -> TestResponse:
        """Ask for something."""
        return self.client.get(API + path, headers={**self.headers, **headers})

    def post(self, path: str, body: Any = None, **headers: str) -> TestResponse:
        """Do something."""
        sent = {} if body is None else {"json": body}
        return self.client.post(API + path, headers={**self.headers, **headers}, **sent)
