"""The API and the page beside it at their edges: forged rows, silent holds, odd addresses."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from flask import Blueprint, Flask
from sqlalchemy import update
from werkzeug.test import TestResponse

from flask_guesterase.core.errors import SealError
from flask_guesterase.core.holding import Wanted
from flask_guesterase.store import tables
from flask_guesterase.store.office import Office
from flask_guesterase.store.transaction import WRITES
from flask_guesterase.web.api.spec import api_pages
from tests.engines import DEEP
from tests.web.apihouse import Program, inhabited, token
from tests.web.house import CANARY, House

DESK = "/desk/privacy"


@pytest.fixture
def house(sqlite_url: str, tmp_path: Path) -> Iterator[House]:
    """A house with guests whose host asked for the API."""
    yield from inhabited(sqlite_url, tmp_path)


def forged(house: House) -> str:
    """Approve a request past everything of ours; return its number."""
    number = house.request()
    table = tables.request
    with house.hotel.engine.begin() as conn:
        conn.execute(update(table).values(state="approved", decisions="{}"))
    return number


def test_rows_that_differ_from_the_journal_reach_its_auditors_alone(house: House) -> None:
    """A program and the page tell of a forged approval; another controller's program does not."""
    number = forged(house)
    here, there = (Program(house, token(house, who, "audit")) for who in ("auditor", "far-officer"))
    (problem,) = here.post("/journal/verify").json["items"]
    assert problem["id"] == "records-differ"
    assert number in problem["message"]
    assert there.post("/journal/verify").json["items"] == []
    page = house.browser("auditor").post(f"{DESK}/journal/verify", f"{DESK}/journal").text
    assert "does not prove itself" in page
    assert number in page


def test_what_differs_for_all_of_the_house_reaches_every_auditor(house: House) -> None:
    """Holds that somebody took out of the database concern whoever may look at a journal."""
    with house.app.app_context(), house.extension.begin() as office:
        office.freeze("sh", "holder")
    with house.hotel.engine.begin() as conn:
        conn.execute(tables.hold.delete())
    for who in ("auditor", "far-officer"):
        program = Program(house, token(house, who, "audit"))
        (problem,) = program.post("/journal/verify").json["items"]
        assert (problem["id"], problem["controller"]) == ("records-differ", "")


def test_numbers_of_freezes_tell_nobody_of_a_silent_hold(house: House) -> None:
    """They count on over all holds: who may not hold is told none, as in the list and elsewhere."""
    porter, holder = (Program(house, token(house, who)) for who in ("porter", "holder"))
    rooms = [porter.post("/freezes", {"property": "sh", "room": "1"})]
    with house.app.app_context(), house.extension.begin() as office:
        hidden = office.place_hold(
            Wanted("subject", "court-order", "guests", "1", silent=True), "holder"
        )
    rooms.append(porter.post("/freezes", {"property": "sh", "room": "2"}))
    assert [(room.status_code, room.json) for room in rooms] == [(201, {"id": None})] * 2
    known = holder.post("/freezes", {"property": "sh", "room": "3"}).json["id"]
    assert known == hidden + 2


def test_a_token_that_cannot_be_opened_just_now_is_not_a_wrong_one(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A key service that is away: the program tries again, and nobody issues another token."""
    program = Program(house, token(house, "clerk"))

    def away(*_: object) -> None:
        raise SealError("The key service did not answer.", "Try again.")

    with monkeypatch.context() as patch:
        patch.setattr("flask_guesterase.store.boxes.safe.read", away)
        assert program.get("/requests").status_code == 500
    assert house.hotel.ours("attempt") == []
    assert program.get("/requests").status_code == 200


@pytest.mark.parametrize("engine", DEEP)
def test_what_no_database_can_hold_is_nowhere(
    engine: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    """A NUL in an address is a wrong address, not a failure of the database."""
    made = inhabited(request.getfixturevalue(f"{engine}_url"), tmp_path)
    house = next(made)
    house.app.testing = False
    program = Program(house, token(house, "officer"))
    assert program.get("/requests/%00").status_code == 404
    assert program.post("/requests/GR-%002/withdraw").status_code == 404
    officer = house.browser("officer")
    officer.get(f"{DESK}/GR-%00", 404)
    assert officer.post(f"{DESK}/alike", case="GR-\0:0").status_code == 404
    assert house.browser().client.get("/privacy/certificate/%00").status_code == 404
    next(made, None)


@pytest.mark.parametrize(
    "path", ["/requests", "/queue", "/handovers", "/alike", "/letters", "/recipients", "/sweep",
             "/complaints", "/feedback", "/incidents", "/alerts", "/returns", "/actions",
             "/measures"],
)  # fmt: skip
def test_a_program_that_reads_keeps_nobody_from_writing(
    house: House, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    """On SQLite there is one lock: a list that takes long must not keep the host waiting for it."""
    who = "watcher" if path == "/alerts" else "officer"
    program = Program(house, token(house, who))
    assert _written_during(house, monkeypatch, lambda: program.get(path)) == 200


def test_who_verifies_keeps_nobody_from_writing(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """That takes as long as the journal is."""
    program = Program(house, token(house, "auditor"))
    assert _written_during(house, monkeypatch, lambda: program.post("/journal/verify")) == 200


def _written_during(
    house: House, monkeypatch: pytest.MonkeyPatch, ask: Callable[[], TestResponse]
) -> int:
    """Let the host write while our transaction of a request is open; return the status."""
    close, wrote = Office.close, []

    def then_written(office: Office) -> None:
        if not office.work.events and office.work.conn.get_execution_options()[WRITES] is False:
            with house.hotel.engine.connect() as conn:
                conn.exec_driver_sql("PRAGMA busy_timeout = 0")
                conn.exec_driver_sql("UPDATE guests SET email = email")
                conn.rollback()
            wrote.append(office)
        close(office)

    monkeypatch.setattr(Office, "close", then_written)
    status = ask().status_code
    assert wrote
    return status


def test_letters_of_an_application_without_guest_pages_say_which_setting_is_missing(
    sqlite_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where guest pages are served elsewhere and nobody said where, one letter stops no list."""
    register = Flask.register_blueprint

    def registered(app: Flask, blueprint: Blueprint, **options: str) -> None:
        if blueprint is api_pages:
            register(app, blueprint, **options)

    monkeypatch.setattr(Flask, "register_blueprint", registered)
    made = inhabited(sqlite_url, tmp_path)
    house = next(made)
    house.app.testing = False
    clerk, officer = (Program(house, token(house, who)) for who in ("clerk", "officer"))
    number = clerk.post("/requests", {"match": {"email": "ann@mail.example", "name": CANARY},
                                      "channel": "desk"}).json["number"]  # fmt: skip
    clerk.post(f"/requests/{number}/confirm", {"how": "desk"})
    officer.post(f"/requests/{number}/refuse", {"ground": "another-persons-data"})
    answer = clerk.get("/letters")
    assert answer.status_code == 200
    assert "GUESTERASE_BASE_URL" in answer.json["items"][0]["body"]
    complaint = clerk.post("/complaints", {
        "about": "about-refusal", "text": "Why?", "channel": "letter", "request": number,
    }).json["number"]  # fmt: skip
    second = Program(house, token(house, "second"))
    letter = second.post(f"/complaints/{complaint}/letter", {"outcome": "upheld"})
    assert "GUESTERASE_BASE_URL" in letter.json["hint"]
    next(made, None)
