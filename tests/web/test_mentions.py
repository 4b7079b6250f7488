"""Promise: who decides reads which words go from a text; who may not see names sees numbers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from flask_guesterase.core.policy import Policy
from flask_guesterase.core.treatment import mentions
from tests.store.hotel import Booking, policies
from tests.web.house import CANARY, House


def declared(files: str) -> list[tuple[Any, Policy]]:
    """Return the hotel's policies with remarks of which only a part goes."""
    return [
        (model, replace(policy, columns={**policy.columns, "remark": mentions})
         if model is Booking else policy)
        for model, policy in policies(files)
    ]  # fmt: skip


@pytest.fixture
def house(sqlite_url: str, tmp_path: Path) -> Iterator[House]:
    """A house with a remark that names two people."""
    made = House(sqlite_url, tmp_path, declared=declared)
    made.people()
    with made.hotel.engine.begin() as conn:
        conn.execute(
            text("UPDATE bookings SET remark = :it WHERE id = 1"),
            {"it": f"late, {CANARY} met Bea Lund, bea@mail.example"},
        )
    yield made
    made.session.remove()
    made.hotel.engine.dispose()


def test_staff_read_the_stretches_before_they_decide(house: House) -> None:
    """The words that go are marked; other people around them are masked."""
    number = house.request()
    house.browser("clerk").post(
        f"/desk/privacy/{number}/confirm", page=f"/desk/privacy/{number}", how="desk"
    )
    page = house.browser("officer").get(f"/desk/privacy/{number}", wish="en")
    chinese = house.browser("officer").get(f"/desk/privacy/{number}", wish="zh")
    counted = house.browser("auditor").get(f"/desk/privacy/{number}", wish="en")

    assert f"<mark>{CANARY}</mark>" in page
    assert "bookings.remark" in page
    assert "1 mention" in page
    assert "Bea" not in page
    assert "bea@mail" not in page
    assert "late, " in page
    assert "1 处提及" in chinese
    assert "1 mention" in counted
    assert CANARY not in counted
    assert "<mark>" not in counted


def test_a_console_shows_numbers(house: House) -> None:
    """Nobody's words in a terminal that nobody is named at."""
    number = house.request()
    done = house.app.test_cli_runner().invoke(args=["guesterase", "preview", number])
    assert "mentions" in done.output, done.output
    assert "remark" in done.output
    assert CANARY.split()[1] not in done.output
    assert "late" not in done.output
