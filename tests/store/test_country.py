"""A country is the same country in capitals and in small letters."""

from __future__ import annotations

from dataclasses import replace

import pytest

from flask_guesterase.store.lawbook import packs
from flask_guesterase.store.settings import Property
from tests.store.hotel import Hotel
from tests.store.test_owndata import YEARS, night, plant


@pytest.mark.parametrize("written", ["hk", "Hk", " HK "])
def test_a_refusal_is_kept_as_long_as_the_law_wants_however_the_country_is_written(
    hotel: Hotel, written: str
) -> None:
    """Four years in Hong Kong. Source: PDPO section 27."""
    now = hotel.now.replace(tzinfo=None)
    place = replace(hotel.settings.properties["sh"], country=written)
    hotel.settings = replace(hotel.settings, properties={"sh": place})
    plant(hotel, "request", now - YEARS, "sh", state="refused", property="sh", subject_mark=None)
    night(hotel)
    assert [row["property"] for row in hotel.ours("request")] == ["sh"]


def test_the_law_of_a_country_counts_however_it_is_written() -> None:
    """The same property, and the same packs."""
    small, large = (Property("x", "Peak", "Peak Ltd", written) for written in ("hk", "HK"))
    assert small == large
    assert [pack.code for pack in packs.chain(packs.load(()), small)] == ["HK"]
