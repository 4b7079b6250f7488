"""A request that waits for the hotel, as the guest and the staff see it."""

from __future__ import annotations

import re
from datetime import date
from typing import Any

from sqlalchemy import literal, update

from flask_guesterase import Blocker
from flask_guesterase.store import tables
from flask_guesterase.store.access import tokens
from flask_guesterase.store.executing import execution
from tests.store.hotel import Booking
from tests.web.house import CANARY, Browser, House

DESK = "/desk/privacy"
OVER = "Nothing stands in the way any more; it goes on by itself."


def staying(bookings: Any, today: date) -> Any:
    """The guest of a booking with this remark is in house."""
    return bookings.c.remark == "late"


def test_guest_and_staff_see_what_is_in_the_way_and_until_when(house: House) -> None:
    """Staff: which booking at which property; the guest: in plain words; nobody's name."""
    house.extension.block(
        Blocker("in-house", "bookings", staying, until=lambda _: literal("2099-03-12"))
    )
    guest = house.browser()
    guest.ask(property="sh", name=CANARY, email="ann@mail.example")
    house.worker()
    number = house.hotel.ours("request")[-1]["number"]
    clerk, officer = house.browser("clerk"), house.browser("officer")
    link = re.findall(r"/privacy/link/[\w-]+", clerk.get(f"{DESK}/outbox"))[0]
    assert guest.post(link).status_code == 200
    house.settle(number)
    page = officer.get(f"{DESK}/{number}", wish="en")
    assert "the stay has not ended" in page
    assert '<br><span class="quiet small">1 (sh)</span>' in page
    way = officer.get(f"{DESK}/{number}", wish="zh").partition('<div class="card warn">')[2]
    assert 'lang="en"' not in way.partition("</div>")[0]
    digest = re.findall(r'name="digest" value="(\w+)"', page)[0]
    officer.post(f"{DESK}/{number}/approve", digest=digest)
    house.worker()

    shown = officer.get(f"{DESK}/{number}", wish="en")
    assert "the stay has not ended until March 12, 2099" in re.sub(r"\s+", " ", shown)
    read = guest.get("/privacy/case", wish="en")
    assert "It waits until March 12, 2099." in read
    assert "<li>the stay has not ended</li>" in read
    assert "bookings" not in read
    # That nothing is erased yet is the answer, with which the clock stops (GDPR Art. 12(4), F056).
    assert "data protection authority at any time" in read
    assert "<li>住宿尚未结束</li>" in guest.get("/privacy/case", wish="zh")
    with house.hotel.engine.begin() as conn:
        conn.execute(update(Booking).values(remark="gone"))
    officer.post(f"{DESK}/{number}/erase")
    assert house.state(number) in ("erased", "sealed")
    assert "the stay has not ended" not in guest.get("/privacy/case", wish="en")


def approved_in_house(house: House, **known: Any) -> tuple[str, Browser]:
    """Approve the request of a guest who is in house and let it wait; return it and their browser.

    :param known: what else the hotel says of the stay, such as until when it is.
    """
    house.extension.block(Blocker("in-house", "bookings", staying, **known))
    number = house.request()
    with house.app.app_context(), house.extension.begin() as office:
        code = office.confirm(number, "clerk", "desk")
    house.settle(number)
    with house.app.app_context(), house.extension.begin() as office:
        office.approve(number, "officer", office.preview(number).digest)
    house.worker()
    assert house.state(number) == "waiting"
    guest = house.browser()
    assert guest.post("/privacy/case", code=code).status_code == 303
    return number, guest


def checked_out(house: House) -> None:
    """Let the guest leave the house before anybody looks again."""
    with house.hotel.engine.begin() as conn:
        conn.execute(update(Booking).values(remark="gone"))


def test_a_reason_that_is_over_is_not_told_as_todays(house: House) -> None:
    """The guest reads when it was looked at last, the staff what is true now."""
    number, guest = approved_in_house(house)
    officer = house.browser("officer")
    shown = officer.get(f"{DESK}/{number}", wish="en")
    assert "</span>\n the stay has not ended" in shown
    assert OVER not in shown
    checked_out(house)
    shown = officer.get(f"{DESK}/{number}", wish="en")
    assert "the stay has not ended" not in shown
    assert OVER in shown
    read = guest.get("/privacy/case", wish="en")
    assert "needs some of it today" not in read
    said = r"When this was last looked at, on [^<]*20\d\d[^<]*, the hotel still needed some of it"
    assert re.search(said, read) is not None
    assert "<li>the stay has not ended</li>" in read


def test_a_day_that_is_past_is_no_day_until_which_it_waits(house: House) -> None:
    """The hotel expected the end for that day; nobody has looked since."""
    _, guest = approved_in_house(house, until=lambda _: literal("2099-03-12"))
    assert "until March 12, 2099" in guest.get("/privacy/case", wish="en")
    with house.hotel.engine.begin() as conn:
        conn.execute(update(tables.request).values(waiting_until="2026-01-02"))
    page = guest.get("/privacy/case", wish="en")
    assert "January 2, 2026" not in page
    assert "When this was last looked at" in page


def test_what_somebody_objected_to_is_not_said_to_go_on_by_itself(house: House) -> None:
    """The page says of it that nothing is carried out until the privacy officer has looked."""
    number, _ = approved_in_house(house)
    checked_out(house)
    officer = house.browser("officer")
    assert OVER in officer.get(f"{DESK}/{number}", wish="en")
    with house.app.app_context(), house.extension.begin() as office:
        office.object_to(tokens.objection(office.work, number))
    page = officer.get(f"{DESK}/{number}", wish="en")
    assert house.state(number) == "waiting"
    assert "Nothing is decided or carried out until the privacy officer has looked" in page
    assert OVER not in page


def test_a_try_that_failed_is_not_said_to_have_nothing_in_its_way(house: House) -> None:
    """What it waited for was the time to take it back; what it fails at no plan tells."""
    number, _ = approved_in_house(house)
    checked_out(house)
    with house.hotel.engine.begin() as conn:
        conn.execute(
            update(tables.request).values(waiting_for="grace", try_at=tables.request.c.received_at)
        )
    with house.app.app_context(), house.extension.begin() as office:
        execution.postpone(office.work, number)
    assert house.state(number) == "waiting"
    assert OVER not in house.browser("officer").get(f"{DESK}/{number}", wish="en")
