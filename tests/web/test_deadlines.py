"""What staff see and do about time, who asks, and why: lists, forms, slips."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from flask_guesterase.core.grounds import About, grounds
from tests.web.house import CANARY, PROPERTIES, House

DESK = "/desk/privacy"


def house_at(url: str, folder: Path, country: str, zone: str, region: str = "") -> House:
    """Return a house with guests under a country's law."""
    place = replace(PROPERTIES[0], country=country, zone=zone, region=region)
    made = House(url, folder, (place, PROPERTIES[1]))
    made.people()
    return made


def close(house: House) -> None:
    """End a house."""
    house.session.remove()
    house.hotel.engine.dispose()


@pytest.fixture
def berlin(sqlite_url: str, tmp_path: Path) -> Iterator[House]:
    """A house under German law."""
    made = house_at(sqlite_url, tmp_path, "DE", "Europe/Berlin")
    yield made
    close(made)


@pytest.fixture
def california(sqlite_url: str, tmp_path: Path) -> Iterator[House]:
    """A house under Californian law."""
    made = house_at(sqlite_url, tmp_path, "US", "America/Los_Angeles", "US-CA")
    yield made
    close(made)


def filed(house: House, days_ago: int = 0, **given: str) -> str:
    """File Ann's letter that came some days ago; return the request's number."""
    day = date.today() - timedelta(days=days_ago)
    answer = house.browser("clerk").post(
        f"{DESK}/new", property="sh", key="email", value="ann@mail.example", name=CANARY,
        channel="letter", lang="en", received=day.isoformat(), **given,
    )  # fmt: skip
    assert answer.status_code == 303, answer.text
    return answer.headers["Location"].rpartition("/")[2]


def test_late_ones_are_a_list_of_their_own(berlin: House) -> None:
    """What is late is found under one choice, and what is not is not."""
    late = filed(berlin, 40)
    clerk = berlin.browser("clerk")
    assert late in clerk.get(f"{DESK}/?state=overdue")
    berlin.browser("officer").post(f"{DESK}/{late}/refuse", ground="another-persons-data")
    fresh = filed(berlin)
    page = clerk.get(f"{DESK}/?state=overdue")
    assert late not in page
    assert fresh not in page


def test_an_answer_is_put_off_on_its_page(berlin: House) -> None:
    """The form is there once, for who may approve, with enumerated reasons."""
    number = filed(berlin)
    form = f'action="{DESK}/{number}/extend"'
    officer = berlin.browser("officer")
    assert form in officer.get(f"{DESK}/{number}")
    assert form not in berlin.browser("clerk").get(f"{DESK}/{number}")
    assert officer.post(f"{DESK}/{number}/extend", reason="tired").status_code == 422
    assert officer.post(f"{DESK}/{number}/extend", reason="many").status_code == 303
    assert form not in officer.get(f"{DESK}/{number}")
    assert officer.post(f"{DESK}/{number}/extend", reason="many").status_code == 409
    assert "There are many requests." in officer.get(f"{DESK}/{number}")


def test_the_guest_reads_why_an_answer_takes_longer(berlin: House) -> None:
    """Who showed a passport at the desk has no contact: the page of the case is all they read."""
    number = filed(berlin)
    clerk, guest = berlin.browser("clerk"), berlin.browser()
    slip = clerk.post(f"{DESK}/{number}/confirm", how="desk")
    code = re.search(r"\b(?:[0-9A-Z]{4}-){5}[0-9A-Z]{4}\b", slip.text)
    assert code is not None
    guest.post("/privacy/case", code=code[0])
    assert "takes longer to answer" not in guest.get("/privacy/case")
    officer = berlin.browser("officer")
    assert officer.post(f"{DESK}/{number}/extend", reason="many").status_code == 303
    page = guest.get("/privacy/case")
    assert "Your request takes longer to answer. There are many requests." in page
    assert berlin.browser("second").post(
        f"{DESK}/{number}/refuse", ground="another-persons-data"
    ).status_code == 303  # fmt: skip
    assert "takes longer to answer" not in guest.get("/privacy/case")


def test_an_answer_is_put_off_while_the_database_lacks_a_column(berlin: House) -> None:
    """No plan can be made; the day for an answer comes all the same, and can be put off."""
    number = filed(berlin)
    with berlin.hotel.engine.begin() as conn:
        conn.execute(text("ALTER TABLE invoices DROP COLUMN billed_to"))
    officer = berlin.browser("officer")
    assert f'action="{DESK}/{number}/extend"' in officer.get(f"{DESK}/{number}")
    assert officer.post(f"{DESK}/{number}/extend", reason="many").status_code == 303
    assert "There are many requests." in officer.get(f"{DESK}/{number}")


def test_a_slip_confirms_receipt(california: House) -> None:
    """Where the law asks for a word within ten business days, the slip is that word."""
    number = filed(california, 21)
    clerk = california.browser("clerk")
    assert number in clerk.get(f"{DESK}/?state=overdue")
    assert number in clerk.get(f"{DESK}/{number}/slip")
    # A link that somebody follows, or a browser by itself, confirms nothing.
    assert number in clerk.get(f"{DESK}/?state=overdue")
    assert f'action="{DESK}/{number}/slip"' in clerk.get(f"{DESK}/{number}")
    assert number in clerk.post(f"{DESK}/{number}/slip").text
    assert number not in clerk.get(f"{DESK}/?state=overdue")


def test_the_desk_records_who_asks_and_what_was_seen(house: House) -> None:
    """A guardian is asked for the paper of one, and nothing else is offered."""
    number = filed(house, asked_by="guardian", reason="leaked")
    clerk = house.browser("clerk")
    page = clerk.get(f"{DESK}/{number}")
    assert set(re.findall(r'name="seen" value="([^"]+)"', page)) == {"guardianship-paper"}
    assert "57" in page
    assert clerk.post(f"{DESK}/{number}/confirm", how="desk").status_code == 422
    seen = clerk.post(f"{DESK}/{number}/confirm", how="desk", seen="guardianship-paper")
    assert seen.status_code == 200
    assert house.state(number) == "review"


def test_a_reason_that_is_none_comes_back_with_the_form(house: House) -> None:
    """Nothing is filed, and what was typed is still there."""
    answer = house.browser("clerk").post(
        f"{DESK}/new", property="sh", key="email", value="ann@mail.example", channel="desk",
        lang="en", received=date.today().isoformat(), reason="public-interest",
    )  # fmt: skip
    assert answer.status_code == 422
    assert "public interest" in answer.text
    assert house.hotel.ours("request") == []


@pytest.mark.parametrize("law", ["CN", "EU"])
def test_only_grounds_the_law_knows_are_offered(sqlite_url: str, tmp_path: Path, law: str) -> None:
    """The choice of grounds is that of the law at the hotel, each with its article."""
    country, zone = {"CN": ("CN", "Asia/Shanghai"), "EU": ("DE", "Europe/Berlin")}[law]
    made = house_at(sqlite_url, tmp_path, country, zone)
    number = filed(made)
    page = made.browser("officer").get(f"{DESK}/{number}")
    offered = re.findall(r'name="ground" value="([^"]+)"', page)
    assert offered == [ground.value for ground in grounds(law, About(held=True))]
    assert ("17(3)(e)" in page) is (law == "EU")
    close(made)
