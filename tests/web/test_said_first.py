"""Two people say it: whoever said it first is told so, and has no button to say it again."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import insert, update

from flask_guesterase.core.canary import Canary
from flask_guesterase.store import tables
from flask_guesterase.store.access import brake
from tests.web.house import House

DESK = "/desk/privacy"
AGAIN = "Another person must confirm it."


def doubted(house: House) -> None:
    """Let nobody believe the clock."""
    with house.app.app_context(), house.extension.begin() as office:
        row = {"name": brake.DOUBT, "at": office.work.stamp, "note": "clock-back"}
        office.work.conn.execute(insert(tables.pulse).values(**row))


def stopped(house: House) -> None:
    """Stop erasing by day."""
    with house.app.app_context(), house.extension.begin() as office:
        office.halt_sweep("officer", "upkeep")


def invented(house: House) -> None:
    """Declare invented guests for the first hotel."""
    house.extension.canary(Canary(make=lambda session, who: [], property="sh"))


TWICE: dict[str, tuple[Any, str, str, dict[str, str]]] = {
    "clock": (doubted, "sweep", "sweep/clock", {}),
    "resume": (stopped, "sweep", "sweep/resume", {}),
    "canary": (invented, "canaries", "canaries/on", {"property": "sh"}),
}
"""What two people say -> how it comes to that, the page, the form's action, its fields."""


@pytest.mark.parametrize("what", TWICE)
def test_whoever_said_it_first_has_no_button_to_say_it_again(house: House, what: str) -> None:
    """It would only be refused; after a day the word is worth nothing, and they may say it anew."""
    before, page, action, fields = TWICE[what]
    before(house)
    where, form = f"{DESK}/{page}", f'action="{DESK}/{action}"'
    first, second = house.browser("officer"), house.browser("second")
    for each in (first, second):
        assert form in each.get(where, wish="en")
        assert AGAIN not in each.get(where, wish="en")
    assert first.post(f"{DESK}/{action}", where, **fields).status_code == 303
    told = first.get(where, wish="en")
    assert (form in told, AGAIN in told) == (False, True)
    told = second.get(where, wish="en")
    assert (form in told, AGAIN in told) == (True, False)
    _a_day_later(house)
    told = first.get(where, wish="en")
    assert (form in told, AGAIN in told) == (True, False)
    assert "within 24 hours" not in told


def _a_day_later(house: House) -> None:
    """Let every word have been said more than a day ago."""
    with house.hotel.engine.begin() as conn:
        for row in conn.execute(tables.pulse.select().where(tables.pulse.c.by.is_not(None))):
            at = row.at - timedelta(hours=25)
            conn.execute(update(tables.pulse).where(tables.pulse.c.name == row.name).values(at=at))
