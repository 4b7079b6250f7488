"""Who asks in a guest's place is never said to be the guest, on no page of the request."""

from __future__ import annotations

import re
from html import unescape

import pytest

from tests.web.house import Browser, House
from tests.web.test_relatives import DESK, filed

MEANT = "asked for the guest. What is said here of your data means the data of that guest."


@pytest.mark.parametrize(
    ("asked_by", "seen", "shown", "whose"),
    [
        ("guardian", "guardianship-paper",
         "it was shown that you are a parent or guardian of the guest", "A parent or guardian "),
        ("representative", "power-of-attorney",
         "it was shown that you may ask for the guest", "A representative "),
        ("relative", "death-certificate-and-kinship",
         "it was shown that you are a close relative of the guest who died", ""),
    ],
)  # fmt: skip
def test_who_asks_in_a_guests_place_is_said_to_be_shown_not_the_guest(
    house: House, asked_by: str, seen: str, shown: str, whose: str
) -> None:
    """A father at the desk showed that he is the father, and his own document, not his child's."""
    clerk, guest, number = house.browser("clerk"), house.browser(), filed(house, "en", asked_by)
    here = f"{DESK}/{number}"
    asked = clerk.get(here)
    slip = unescape(clerk.post(f"{here}/confirm", here, how="desk", seen=seen).text)
    page, case = _case(guest, slip)
    for text in (asked, clerk.get(here)):
        assert "Whoever asks for the guest showed a document at the desk" in text
        assert "The guest showed a document" not in text
        assert "how the guest showed who they are" not in text
    assert f"<dd>{shown}</dd>" in case
    assert "checking who asks, and for whom" in case
    assert "it is you" not in page
    assert whose + MEANT in slip or not whose
    assert whose + MEANT in case or not whose


def _case(guest: Browser, slip: str) -> tuple[str, str]:
    (code,) = re.findall(r'class="secret">([^<]+)<', slip)
    guest.get("/privacy/?lang=en")
    assert guest.post("/privacy/case", code=code).status_code == 303
    page = unescape(guest.get("/privacy/case"))
    return page, page.partition("<main")[2]


def test_a_guest_who_asks_is_shown_to_be_the_guest(house: House) -> None:
    """What is said of others is said of nobody who asks for themselves."""
    clerk, guest, number = house.browser("clerk"), house.browser(), filed(house, "en", "guest")
    here = f"{DESK}/{number}"
    slip = clerk.post(f"{here}/confirm", here, how="desk").text
    page, _ = _case(guest, slip)
    assert "<dd>it was shown that it is you</dd>" in page
    assert "checking it is you" in page
    assert "The guest showed a document at the desk; no copy was made." in clerk.get(here)
    assert MEANT not in unescape(slip) + page
