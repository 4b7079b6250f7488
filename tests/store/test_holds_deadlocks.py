"""A hold that is placed while requests are carried out waits for them, and neither is told off."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event, insert

from flask_guesterase.core.holding import Wanted
from flask_guesterase.store import tables
from tests import engines
from tests.store.hotel import Hotel
from tests.store.meetings import OK, meet


@pytest.fixture(params=engines.SERVERS)
def served(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Hotel]:
    """A hotel whose officer may hold, on each of the servers."""
    with engines.fresh_database(request.param) as url:
        made = Hotel(url, tmp_path)
        made.grants["officer"].add("hold")
        yield made
        made.engine.dispose()


@pytest.mark.parametrize("at", [1, 7])
def test_a_hold_and_an_erasure_meet_without_a_deadlock(served: Hotel, at: int) -> None:
    """Whoever carries a request out has locked it, and then moves it on."""
    for id, name in ((1, "ann"), (2, "bea")):
        served.guest(id, name=name, email=f"{name}@example.com")
    number = served.approved(email="ann@example.com")
    served.approved(email="bea@example.com")
    one, _ = served.ours("request")
    # Among so few an engine reads all rows, and asks no index.
    more = [{**one, "id": n, "number": f"GR-{n:08d}", "state": "erased"} for n in range(9, 400)]
    with served.engine.begin() as conn:
        conn.execute(insert(tables.request), more)
    told = list[str]()

    def wrong(context: Any) -> None:
        told.append(str(context.original_exception))

    def erase() -> None:
        with served.begin() as office:
            office.erase(number)

    def hold() -> None:
        with served.begin() as office:
            office.place_hold(Wanted("subject", "court-order", "guests", "2"), "officer")

    event.listen(served.engine, "handle_error", wrong)
    met = meet(served.engine, erase, hold, at)
    assert (met.first, met.second, told) == (OK, OK, [])
