"""Claim codes: to the end of the day that a slip names they are good, and of two at once one is.

And case codes: a new one ends the one before.
"""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from flask_guesterase.core.errors import BusyError, TokenError
from flask_guesterase.store.access import tokens
from flask_guesterase.store.access.tokens import Purpose
from flask_guesterase.store.identity import codes
from tests.store.hotel import Hotel


@pytest.mark.parametrize("zone", ["Asia/Shanghai", "Pacific/Kiritimati", "America/Sao_Paulo"])
@pytest.mark.parametrize("hour", [2, 9, 17, 23])
def test_the_last_day_on_a_slip_is_a_whole_day_of_the_hotel(
    hotel: Hotel, zone: str, hour: int
) -> None:
    """Who comes in the evening of that day has come in time; a minute after it is too late."""
    hotel.lies_in(zone)
    hotel.guest(5, name="Ola Berg", document_no="W77")
    hotel.now = hotel.now.replace(hour=hour)
    printed = hotel.now.astimezone(ZoneInfo(zone)).date()
    with hotel.begin() as office:
        claim = office.print_claim(
            {"document_no": "W77", "name": "Ola Berg"}, property="sh", by="clerk"
        )
    assert claim.until == printed + timedelta(days=codes.DAYS)
    midnight = datetime.combine(claim.until + timedelta(days=1), time.min, ZoneInfo(zone))
    hotel.now = midnight.astimezone(UTC)
    with pytest.raises(TokenError), hotel.begin() as office:
        office.claim(claim.code, "Ola Berg", "en")
    hotel.now -= timedelta(minutes=1)
    with hotel.begin() as office:
        assert office.claim(claim.code, "Ola Berg", "en")


@pytest.mark.usefixtures("impatient")
def test_of_two_slips_printed_at_once_one_lives(any_hotel: Hotel) -> None:
    """Neither would end the other, and a guest who threw one away had left a proof behind."""
    hotel = any_hotel
    hotel.guest(5, name="Ola Berg", document_no="W77")
    match = {"document_no": "W77", "name": "Ola Berg"}
    with hotel.begin() as first:
        first.print_claim(match, property="sh", by="clerk")
        with pytest.raises(BusyError), hotel.begin() as second:
            second.print_claim(match, property="sh", by="second")
    with hotel.begin() as office:
        office.print_claim(match, property="sh", by="second")
    assert len(hotel.ours("claim")) == 1


def test_a_new_case_code_ends_the_one_before_and_nothing_else(hotel: Hotel) -> None:
    """Whoever lost theirs keeps the link in their mailbox; other guests keep theirs."""
    with hotel.begin() as office:
        work = office.work
        first, other = (tokens.case_code(work, number) for number in ("GR-A", "GR-B"))
        link, new = tokens.link(work, "GR-A"), tokens.case_code(work, "GR-A")
        with pytest.raises(TokenError, match="not known"):
            tokens.look(work, Purpose.CASE, tokens.plain(first))
        for purpose, secret, number in (
            (Purpose.CASE, tokens.plain(new), "GR-A"), (Purpose.CONFIRM, link, "GR-A"),
            (Purpose.CASE, tokens.plain(other), "GR-B"),
        ):  # fmt: skip
            assert tokens.look(work, purpose, secret).request == number
