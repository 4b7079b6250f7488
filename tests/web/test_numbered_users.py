"""Hosts whose users have numbers: whoever types a name in the place of one is told so."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.exc import DataError, OperationalError, StatementError

from tests.store.hotel import Guest
from tests.web.apihouse import Program, inhabited, token
from tests.web.house import House, User
from tests.web.test_cli import Console


@pytest.fixture
def house(sqlite_url: str, tmp_path: Path) -> Iterator[House]:
    """A house with guests whose host asked for the API."""
    yield from inhabited(sqlite_url, tmp_path)


def number(text: str) -> Any:
    """Load a user as most hosts do."""
    return {7: User("clerk")}.get(int(text))


def raising(problem: Exception) -> Callable[[str], Any]:
    """Return a loader that knows nobody, and says so by raising."""

    def load(text: str) -> Any:
        raise problem

    return load


UNREAD: dict[str, Callable[[str], Any]] = {
    "number": number,
    "dictionary": {}.__getitem__,
    "driver": raising(DataError("SELECT", {}, Exception("invalid input syntax"))),
    "type": raising(StatementError("no hex", "SELECT", {}, AttributeError("hex"))),
}


@pytest.mark.parametrize("loader", UNREAD.values(), ids=UNREAD)
def test_a_name_that_is_no_number_is_nobodys(house: House, loader: Callable[[str], Any]) -> None:
    """At a console as a problem with its name; nobody may anything under it."""
    house.app.testing = False
    house.app.login_manager.user_loader(loader)  # type: ignore[attr-defined]
    console = Console(house.app)
    asked = ("request", "--match", "-", "--by", "wei", "--code", "ABCD-EFGH")
    assert console.error(*asked, given="email=ann@mail.example") == "unknown"
    with house.app.app_context():
        assert not house.extension.may("wei", "file", "sh")


def test_a_deputy_who_is_nobody_is_a_mistake_in_the_form(house: House) -> None:
    """A program that names a colleague by name is told which field is wrong."""
    secret = token(house, "clerk", "verify", "view")
    house.app.testing = False
    house.app.login_manager.user_loader(  # type: ignore[attr-defined]
        lambda text: User(text) if text == "clerk" else number(text)
    )
    case = house.request()
    answer = Program(house, secret).post(f"/requests/{case}/look-after", {"deputy": "wei"})
    assert answer.status_code == 422, answer.text


def test_a_database_that_is_away_is_not_a_person_nobody_knows(house: House) -> None:
    """Then it is not said that the host knows no such user."""
    away = OperationalError("SELECT", {}, Exception("server closed the connection"))
    house.app.login_manager.user_loader(raising(away))  # type: ignore[attr-defined]
    with house.app.app_context(), pytest.raises(OperationalError):
        house.extension.user("clerk")


def test_a_name_leaves_the_hosts_session_usable_on_a_server(
    postgresql_url: str, tmp_path: Path
) -> None:
    """There the statement that could not read the name ended the host's transaction."""
    house = House(postgresql_url, tmp_path)

    def load(text: str) -> Any:
        return house.session.get(Guest, text)

    house.app.login_manager.user_loader(load)  # type: ignore[attr-defined]
    with house.app.app_context():
        assert house.extension.user("wei") is None
        assert house.session.scalar(select(1)) == 1
    house.session.remove()
    house.hotel.engine.dispose()
