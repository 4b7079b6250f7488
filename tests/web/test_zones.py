"""Pages that list several hotels tell the times of each in its own zone."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest
from sqlalchemy import delete, insert, update

from flask_guesterase.store import tables
from tests.web.house import CANARY, House
from tests.web.test_training import answers

DESK = "/desk/privacy"
AT = datetime(2026, 3, 10, 23, 30)
"""In Berlin half past midnight, in Shanghai half past seven."""


@pytest.fixture
def both(sqlite_url: str, tmp_path: Path) -> Iterator[House]:
    """Two hotels far from each other, whose officer is one person."""
    made = House(sqlite_url, tmp_path, authorize=lambda user, permission, place: True)
    yield made
    made.session.remove()
    made.hotel.engine.dispose()


def put(house: House, table: str, /, **values: object) -> None:
    """Write a row of ours for the hotel in Berlin."""
    with house.hotel.engine.begin() as conn:
        conn.execute(insert(getattr(tables, table)).values(property="mu", **values))


def test_each_hotels_times_are_those_of_its_wall(both: House) -> None:
    """Test guests, signed tasks, previews and shifts of the second hotel, not in the first's."""
    put(both, "canary", state="gone", born_at=AT)
    put(
        both, "task", controller="fir-gmbh", kind="paper", name="mu/x/1", due_on="2026-03-31",
        made_at=AT, done_by="a1", done_at=AT,
    )  # fmt: skip
    put(both, "run", kind="preview", mark="x", started_at=AT, ended_at=AT, counts="[]")
    put(
        both, "handover", controller="fir-gmbh", given_by="a9", given_at=AT, count=0, box=None,
    )  # fmt: skip
    officer = both.browser("officer")
    for page in ("canaries", "tasks", "sweep", "queue"):
        text = officer.get(f"{DESK}/{page}", wish="de")
        assert "11.03.2026, 00:30" in text, page


def test_each_hotels_days_are_those_of_its_wall(both: House) -> None:
    """A training, and who is late with an answer: half past midnight in Berlin is a new day."""
    officer = both.browser("officer")
    course = f"{DESK}/training/reception"
    officer.post(course, course, **answers("reception"))
    (mine,) = {row["actor"] for row in both.hotel.ours("training")}
    with both.hotel.engine.begin() as conn:
        conn.execute(delete(tables.training))
    put(
        both, "training", actor=mine, course="reception", edition="1", score=100, passed_at=AT,
        ends_at=AT.replace(year=2999),
    )  # fmt: skip
    put(
        both, "training", actor="a9", course="reception", edition="1", score=100, passed_at=AT,
        ends_at=AT, missed_at=AT,
    )  # fmt: skip
    put(
        both, "delivery", request="GR-ABCD2345", controller="fir-gmbh", recipient="crm",
        reference="r1", how="call", state="sent", queued_at=AT, sent_at=AT, due_at=AT,
    )  # fmt: skip
    for page in ("training", "training/reception", "recipients"):
        text = officer.get(f"{DESK}/{page}", wish="de")
        assert "11. März 2026" in text, page
        assert "10. März 2026" not in text, page


@pytest.mark.parametrize("wish", ["erase", "copy"])
def test_a_guest_is_told_the_hotels_day(house: House, wish: str) -> None:
    """Who asked after midnight in Shanghai reads on the page of the link that it was that day."""
    house.browser().ask(property="sh", name=CANARY, email="ann@mail.example", wish=wish)
    house.worker()
    with house.hotel.engine.begin() as conn:
        conn.execute(update(tables.request).values(received_at=AT))
    letter = house.browser("clerk").get(f"{DESK}/outbox")
    found = re.search(r"http://localhost(/privacy/(?:copy/)?link/[\w-]+)", letter)
    assert found is not None
    assert "on March 11, 2026" in house.browser().get(found[1], wish="en")


@pytest.mark.parametrize("which", ["noticed", "happened"])
def test_a_year_that_was_mistyped_comes_back(both: House, which: str) -> None:
    """A browser's field takes the year 1, which no zone can be told of: the form says so."""
    given = {"property": "mu", "kind": "leak", "text": "A list.", which: "0001-01-01T00:00"}
    answer = both.browser("officer").post(f"{DESK}/incidents/new", **given)
    assert answer.status_code == 422
    assert f'id="{which}-wrong"' in answer.text
    assert both.hotel.ours("incident") == []
