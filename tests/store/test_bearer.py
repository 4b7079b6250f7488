"""Until when a program's token is good: to the end of its last day at its hotel."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from flask_guesterase.core.errors import InputError, TokenError
from flask_guesterase.store.boxes.vault import mark
from flask_guesterase.store.requests import bearer
from flask_guesterase.store.requests.bearer import Wish
from tests.store.hotel import Hotel


@pytest.mark.parametrize("zone", ["Asia/Shanghai", "Pacific/Kiritimati", "Pacific/Honolulu"])
@pytest.mark.parametrize("hour", [1, 9, 22])
def test_the_last_day_of_a_token_is_a_whole_day_of_the_hotel(
    hotel: Hotel, zone: str, hour: int
) -> None:
    """Tomorrow there is the first last day, and a job at night on it still gets in."""
    hotel.lies_in(zone)
    hotel.grants["officer"].add("issue")
    hotel.now = hotel.now.replace(hour=hour)
    today = hotel.now.astimezone(ZoneInfo(zone)).date()
    words = bearer.permissions(["view"])
    with pytest.raises(InputError), hotel.begin() as office:
        bearer.issue(office.work, Wish("clerk", "sh", words, today), "officer")
    until = today + timedelta(days=1)
    with hotel.begin() as office:
        secret = bearer.issue(office.work, Wish("clerk", "sh", words, until), "officer")
    hotel.now = datetime.combine(until, time(23, 59), ZoneInfo(zone)).astimezone(UTC)
    with hotel.begin() as office:
        work = office.work
        assert mark(work.conn, work.today, work.stamp, work.custodian.labels()) == ()
        assert bearer.look(work, secret).user == "clerk"
        assert [row["works"] for row in bearer.listed(work, "officer")] == [True]
    hotel.now += timedelta(minutes=1)
    with pytest.raises(TokenError), hotel.begin() as office:
        bearer.look(office.work, secret)
    with hotel.begin() as office:
        assert [row["works"] for row in bearer.listed(office.work, "officer")] == [False]
