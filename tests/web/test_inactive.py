"""Whoever the host made inactive may nothing: what they hold outlives the day, opening nothing."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.web.apihouse import Program, inhabited, token
from tests.web.house import House, User


class Suspended(User):
    """Somebody whom Flask-Login lets log in no more."""

    @property
    def is_active(self) -> bool:
        return False


@pytest.fixture
def house(sqlite_url: str, tmp_path: Path) -> Iterator[House]:
    """A house with guests whose host asked for the API."""
    yield from inhabited(sqlite_url, tmp_path)


def suspend(house: House, login: str) -> None:
    """Make a member of staff inactive; the host still finds them, and still knows their role."""
    house.app.login_manager.user_loader(  # type: ignore[attr-defined]
        lambda known: Suspended(known) if known == login else User(known)
    )


def test_a_token_ends_with_the_person_it_acts_for(house: House) -> None:
    """Not their rows, not their rights: nobody need remember to revoke it."""
    clerk, officer = (Program(house, token(house, user)) for user in ("clerk", "officer"))
    filing = {"match": {"email": "ann@mail.example"}, "channel": "desk"}
    assert clerk.get("/requests").status_code == 200
    suspend(house, "clerk")
    assert clerk.post("/requests", filing).status_code == 403
    assert house.hotel.ours("request") == []
    assert officer.post("/requests", filing).status_code == 201


def test_nobody_inactive_has_a_permission(house: House) -> None:
    """Neither at a console, nor through a PIN at a desk that several share."""
    with house.app.app_context():
        assert house.extension.may("clerk", "file", "sh")
        suspend(house, "clerk")
        assert not house.extension.may("clerk", "file", "sh")
        assert house.extension.may("officer", "file", "sh")
