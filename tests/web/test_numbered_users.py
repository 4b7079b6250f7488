"""Hosts whose users have numbers: whoever types a name in the place of one is told so."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.exc import DataError, OperationalError, StatementError

from flask_guesterase.store.incidents.opening import Report
from tests.store.hotel import Guest
from tests.web.apihouse import Program, inhabited, token
from tests.web.house import STAFF, House, User
from tests.web.test_cli import Console

DESK = "/desk/privacy"


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


def test_a_number_too_long_for_the_hosts_users_is_nobodys(
    database_url: str, tmp_path: Path
) -> None:
    """What no column can hold is refused in a way of its own by each driver."""
    house = House(database_url, tmp_path)

    def load(text: str) -> Any:
        return house.session.get(Guest, int(text))

    house.app.login_manager.user_loader(load)  # type: ignore[attr-defined]
    with house.app.app_context():
        assert house.extension.user("9" * 20) is None
        assert house.session.scalar(select(1)) == 1
    house.session.remove()
    house.hotel.engine.dispose()


@pytest.fixture
def lenient(house: House) -> House:
    """The house of a host whose database takes capitals for small letters."""

    def load(text: str) -> User | None:
        return User(text.lower()) if text.lower() in STAFF else None

    house.app.login_manager.user_loader(load)  # type: ignore[attr-defined]
    return house


def number_of(house: House, login: str) -> str:
    """Return the number under which a person acts."""
    with house.app.app_context(), house.extension.begin() as office:
        return office.acts_as(login)


@pytest.mark.parametrize("door", ["page", "api"])
def test_a_deputy_is_who_the_host_says_however_it_was_typed(lenient: House, door: str) -> None:
    """Else the request would stand on the list of nobody, and its reminders reach nobody."""
    case = lenient.request()
    if door == "page":
        officer = lenient.browser("officer")
        assert officer.post(f"{DESK}/{case}/duty", deputy="Second").status_code == 303
    else:
        program = Program(lenient, token(lenient, "officer"))
        body = {"deputy": "Second"}
        assert program.post(f"/requests/{case}/look-after", body).status_code == 200
    (duty,) = lenient.hotel.ours("duty")
    assert duty["deputy"] == number_of(lenient, "second")


def test_who_answers_for_a_step_is_who_the_host_says(lenient: House) -> None:
    """A measure, and an action of the review, whose members too are counted once."""
    with lenient.app.app_context(), lenient.extension.begin() as office:
        incident = office.open_incident(Report("sh", "leak", "A list."), "officer")
        review = office.open_monthly("sh", "issuer")
    given = {"what": "Shred it", "owner": "CLERK", "due": "2999-01-01"}
    officer, issuer = lenient.browser("officer"), lenient.browser("issuer")
    assert officer.post(f"{DESK}/incidents/{incident}/measures", **given).status_code == 303
    assert issuer.post(f"{DESK}/reviews/{review}/actions", **given).status_code == 303
    for login in ("clerk", "Clerk"):
        issuer.post(f"{DESK}/reviews/{review}/members", login=login)
    clerk = number_of(lenient, "clerk")
    (measure,) = lenient.hotel.ours("measure")
    assert measure["owner"] == clerk
    points = [(row["kind"], row["owner"]) for row in lenient.hotel.ours("point")]
    opener = number_of(lenient, "issuer")
    assert sorted(points) == [("action", clerk), ("member", opener), ("member", clerk)]


def test_a_code_for_a_pin_has_no_more_tries_by_other_letters(
    lenient: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Five in ten minutes are a person's, not a spelling's."""
    monkeypatch.setitem(STAFF, "front", ("sh", frozenset({"file"})))
    lenient.extension.shared(lambda user: user.id == "front")
    front, page = lenient.browser("front"), f"{DESK}/pin"
    answers = [
        front.post(page, page, who=who, code="AAAA-AAAA", pin="481516", again="481516")
        for who in ("porter", "Porter", "pOrter", "poRter", "porTer", "portEr")
    ]
    assert [answer.status_code for answer in answers] == [422] * 5 + [429]
