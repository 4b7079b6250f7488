"""The failure watch over the API: what is wrong, who looks after it, mistakes people report."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.web.apihouse import Program, inhabited, token
from tests.web.house import CANARY, STAFF, House
from tests.web.test_watch import DESK, failed, looked, numbers

WORDS = f"{CANARY} saw the list of room 12"
NOTICED = (datetime.now(UTC) - timedelta(hours=20)).replace(microsecond=0)
MISTAKE = {"kind": "seen-by-others", "noticed": NOTICED.isoformat(), "words": WORDS}


@pytest.fixture
def house(sqlite_url: str, tmp_path: Path) -> Iterator[House]:
    """A house with guests whose host asked for the API."""
    yield from inhabited(sqlite_url, tmp_path)


def program(house: House, who: str, *permissions: str) -> Program:
    """Return a program of a person."""
    return Program(house, token(house, who, *permissions))


def test_what_is_wrong_is_listed_with_its_next_step_taken_and_closed(house: House) -> None:
    """A program looks, reads, takes for its person, and closes on a ground."""
    failed(house)
    watcher = program(house, "watcher")
    assert watcher.get("/alerts").json["looked"] is None
    assert watcher.post("/alerts/look").json == {"done": True}
    told = watcher.get("/alerts").json
    assert told["looked"]
    assert told["stale"] is False
    (alert,) = [each for each in told["items"] if each["kind"] == "message-failed"]
    assert "print the letter" in alert["next"]
    path = f"/alerts/{alert['id']}"
    assert watcher.post(f"{path}/take").json == {"done": True}
    (taken,) = [each for each in watcher.get("/alerts").json["items"] if each["id"] == alert["id"]]
    assert taken["taken_by"]
    assert watcher.post(f"{path}/close", {"ground": "gone"}).status_code == 422
    assert watcher.post(f"{path}/close", {"ground": "accepted"}).json == {"done": True}
    assert watcher.post(f"{path}/close", {"ground": "fixed"}).status_code == 409
    assert numbers(house, "message-failed") == []
    (closed,) = watcher.get("/alerts?state=closed").json["items"]
    assert (closed["id"], closed["ground"]) == (alert["id"], "accepted")


def test_who_takes_what_another_has_gets_it_handed_over(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The list names who looks after it now, and the journal both."""
    monkeypatch.setitem(STAFF, "late-watcher", ("sh", frozenset({"watch"})))
    failed(house)
    looked(house)
    (id_,) = numbers(house, "message-failed")
    for who in ("watcher", "late-watcher", "late-watcher"):
        assert program(house, who).post(f"/alerts/{id_}/take").status_code == 200
    bodies = [json.loads(row["body"]) for row in house.hotel.ours("entry")]
    takers = [each["actor"] for each in bodies if each["action"] == "alert-taken"]
    assert len(takers) == len(set(takers)) == 2
    (row,) = [row for row in house.hotel.ours("alert") if row["id"] == id_]
    assert row["taken_by"] == takers[1]


def test_an_alert_of_another_hotel_is_neither_seen_nor_closed(house: House) -> None:
    """List, filter and deeds are of the token's own hotel; the house is all's."""
    failed(house, "mu")
    looked(house)
    (id_,) = numbers(house, "message-failed")
    watcher, far = program(house, "watcher"), program(house, "far-watcher")
    for path in ("/alerts", "/alerts?property=mu"):
        told = watcher.get(path).json["items"]
        assert {each["property"] for each in told} <= {"", "sh"}
        assert {each["kind"] for each in told} >= {"backup-missing"}
    assert id_ in [each["id"] for each in far.get("/alerts").json["items"]]
    assert watcher.post(f"/alerts/{id_}/take").status_code == 404
    assert watcher.post(f"/alerts/{id_}/close", {"ground": "fixed"}).status_code == 404


def test_who_may_not_watch_reads_and_looks_over_nothing(house: House) -> None:
    """Nor whose token does not say so."""
    failed(house)
    for each in (program(house, "clerk"), program(house, "watcher", "report", "view")):
        assert each.get("/alerts").status_code == 403
        assert each.post("/alerts/look").status_code == 403
    assert house.hotel.ours("alert") == []


def test_a_mistake_is_reported_and_read_by_who_watches(house: House) -> None:
    """In the reporter's words; in no failure, log or journal, and not at the other house."""
    reporter, watcher = program(house, "reporter"), program(house, "watcher")
    answer = reporter.post("/mistakes", MISTAKE)
    assert answer.status_code == 201, answer.text
    (id_,) = numbers(house, "mistake")
    assert answer.json == {"id": id_}
    (row,) = [row for row in house.hotel.ours("alert") if row["id"] == id_]
    assert row["since"] == NOTICED.replace(tzinfo=None)
    (told,) = [each for each in watcher.get("/alerts").json["items"] if each["id"] == id_]
    assert (told["words"], told["about"]) == (WORDS, "seen-by-others")
    assert CANARY not in program(house, "far-watcher").get("/alerts").text
    assert reporter.get("/alerts").status_code == 403
    assert not any(CANARY in str(house.hotel.ours(name)) for name in ("alert", "entry", "outbox"))
    assert watcher.post(f"/alerts/{id_}/close", {"ground": "fixed"}).status_code == 200
    assert CANARY not in watcher.get("/alerts?state=closed").text


@pytest.mark.parametrize(
    "wrong",
    [{"kind": "x"}, {"noticed": "soon"}, {"noticed": "2026-03-01T09:00:00"}, {"more": CANARY},
     {"noticed": "2999-01-01T00:00:00Z"}, {"noticed": "0001-01-01T00:00:00+14:00"},
     {"property": "mu"}, {"property": "xx"}],
)  # fmt: skip
def test_a_mistake_that_cannot_be_is_refused_without_what_was_sent(
    house: House, wrong: dict[str, Any]
) -> None:
    """A failure repeats no value, and nothing is opened."""
    answer = program(house, "reporter").post("/mistakes", {**MISTAKE, **wrong})
    status = {"mu": 403, "xx": 404}.get(wrong.get("property", ""), 422)
    assert answer.status_code == status, answer.text
    assert CANARY not in answer.text
    assert house.hotel.ours("alert") == []


def test_the_same_key_reports_one_mistake(house: House) -> None:
    """A program that does not know whether its report arrived sends it again without harm."""
    reporter, key = program(house, "reporter"), {"Idempotency-Key": "night-7"}
    first, again = (reporter.post("/mistakes", MISTAKE, **key).json for _ in range(2))
    assert first == again
    assert len(numbers(house, "mistake")) == 1


def entries(house: House) -> list[dict[str, Any]]:
    """Return what the journal tells of alerts, but for their numbers and moments."""
    bodies = [json.loads(row["body"]) for row in house.hotel.ours("entry")]
    return [
        {name: body[name] for name in ("action", "actor", "grounds", "property") if name in body}
        for body in bodies if body["action"].startswith(("alert-", "mistake-"))
    ]  # fmt: skip


def test_the_journal_tells_the_same_as_of_the_page(house: House) -> None:
    """By a program or in a browser: the same people did the same."""
    reporter, watcher = program(house, "reporter"), program(house, "watcher")
    id_ = reporter.post("/mistakes", MISTAKE).json["id"]
    watcher.post(f"/alerts/{id_}/take")
    watcher.post(f"/alerts/{id_}/close", {"ground": "no-fault"})
    by_program = entries(house)
    page, browser = f"{DESK}/mistake", house.browser("watcher")
    wall = f"{NOTICED + timedelta(hours=8):%Y-%m-%dT%H:%M}"
    form = {**MISTAKE, "property": "sh", "noticed": wall}
    assert house.browser("reporter").post(page, page, **form).status_code == 200
    (other,) = numbers(house, "mistake")
    browser.post(f"{DESK}/watch/{other}/take", f"{DESK}/watch")
    browser.post(f"{DESK}/watch/{other}/close", f"{DESK}/watch", ground="no-fault")
    both = entries(house)
    assert both == by_program * 2
    assert len(by_program) == 4
    assert not re.search(CANARY, json.dumps(both))
