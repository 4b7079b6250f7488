"""Promise: staff see what an erasure left and where, and settle it without reading anyone."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest
from sqlalchemy import text

from tests.web.house import CANARY, House
from tests.web.test_cli import Console, approved

FIND = re.compile(r'name="find" value="([0-9a-f]+)"')


def left(house: House) -> str:
    """Erase the guest of whom a note remains; return the number of the request."""
    hotel = house.hotel
    with hotel.engine.begin() as conn:
        conn.execute(text("CREATE TABLE notes (id INTEGER PRIMARY KEY, t TEXT)"))
        conn.execute(text("INSERT INTO notes VALUES (1, 'call Ann: 139 1234 5678 tonight')"))
    console = Console(house.app)
    number = approved(console, house)
    console.raw("erase", number, code=1)
    assert house.state(number) == "partial"
    return number


def test_staff_read_what_is_left_and_say_whose_it_is(house: House) -> None:
    """The page names the place and masks the words; ticking it as another's ends the request."""
    number = left(house)
    officer = house.browser("officer")
    page = officer.get(f"/desk/privacy/{number}")
    assert "notes.t" in page
    assert "call ▇▇▇: ▇▇▇ tonight" in page
    assert "5678" not in page
    assert CANARY not in page
    # Who may look and no more sees the place, and neither the words nor the deed.
    assert "notes.t" in house.browser("auditor").get(f"/desk/privacy/{number}")
    assert FIND.findall(house.browser("auditor").get(f"/desk/privacy/{number}")) == []
    (mark,) = FIND.findall(page)
    answer = officer.post(f"/desk/privacy/{number}/not-theirs", "/desk/privacy/new", find=mark)
    assert answer.status_code == 303
    assert house.state(number) == "sealed"


def test_only_who_may_verify_at_the_hotel_settles_and_looks(house: House) -> None:
    """Neither who may only look, nor somebody of another hotel, nor a guest."""
    number = left(house)
    (mark,) = FIND.findall(house.browser("officer").get(f"/desk/privacy/{number}"))
    for login in ("auditor", "far-officer", "nobody", "night"):
        browser = house.browser(login)
        for deed in ("look-again", "not-theirs"):
            answer = browser.post(f"/desk/privacy/{number}/{deed}", "/privacy/ask", find=mark)
            status = 404 if login == "far-officer" else 403
            assert answer.status_code == status, (login, deed)
    assert house.state(number) == "partial"


def test_staff_look_again_after_they_saw_to_it(house: House) -> None:
    """The host removed the note; one button later nothing is left."""
    number = left(house)
    with house.hotel.engine.begin() as conn:
        conn.execute(text("DELETE FROM notes"))
    officer = house.browser("officer")
    answer = officer.post(f"/desk/privacy/{number}/look-again", "/desk/privacy/new")
    assert answer.status_code == 303
    assert house.state(number) == "sealed"


def test_nobody_waits_for_a_search_that_the_worker_makes(house: House) -> None:
    """While another look is on its way, a tick is noted and the whole house is not read."""
    number = left(house)
    officer = house.browser("officer")
    (mark,) = FIND.findall(officer.get(f"/desk/privacy/{number}"))
    with house.hotel.begin() as office:
        office.look_again(number)
    answer = officer.post(f"/desk/privacy/{number}/not-theirs", "/desk/privacy/new", find=mark)
    assert answer.status_code == 303
    assert house.state(number) == "partial"
    (row,) = house.hotel.ours("search")
    assert row["state"] == "waiting"
    Console(house.app).raw("worker", "--once")
    assert house.state(number) == "sealed"


def test_the_command_says_where_and_masks(house: House) -> None:
    """Places and counts for everybody; rows and masked words for who proves who they are."""
    number = left(house)
    console = Console(house.app)
    said = console.json("residue", number, code=1)
    assert said["left"] == [{"place": "notes.t", "reason": "copy", "rows": 1, "kinds": ["phone"]}]
    assert said["hits"] == []
    seen = console.json("residue", number, *console.proved("officer"), code=1)
    assert [hit["key"] for hit in seen["hits"]] == ["int:1"]
    out, err = console.raw("residue", number, "--progress", code=1)
    assert "notes.t" in out
    assert "rows read" in err
    assert "5678" not in console.printed
    with house.hotel.engine.begin() as conn:
        conn.execute(text("DELETE FROM notes"))
    assert console.json("residue", number)["state"] == "sealed"
    assert console.error("residue", "GR-00000000") == "unknown"


def test_who_looked_says_that_it_is_gone(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A month later no search can tell: the page asks a person, who may verify, and ends it."""
    number = left(house)
    officer, page = house.browser("officer"), f"/desk/privacy/{number}"
    assert "is-gone" not in officer.get(page)
    hotel = house.hotel
    hotel.now = datetime.now(UTC)
    hotel.later(days=32)
    monkeypatch.setattr(house.extension, "_now", lambda: hotel.now)
    Console(house.app).raw("worker", "--once")
    shown = officer.get(page)
    assert 'name="place" value="notes.t"' in shown
    assert "look-again" not in shown
    assert "is-gone" not in house.browser("auditor").get(page)
    assert Console(house.app).error("residue", number) == "unknown"
    for login in ("auditor", "far-officer", "nobody", "night"):
        answer = house.browser(login).post(f"{page}/is-gone", "/privacy/ask", place="notes.t")
        assert answer.status_code == (404 if login == "far-officer" else 403), login
    assert house.state(number) == "partial"
    answer = officer.post(f"{page}/is-gone", "/desk/privacy/new", place="notes.t")
    assert answer.status_code == 303
    assert house.state(number) == "sealed"
    assert "notes.t (a person looked)" in officer.get(page)


def test_the_page_of_a_certificate_says_what_was_not_searched(house: House) -> None:
    """A column of bytes that are no text is named there as in the file, for who reads no JSON."""
    with house.hotel.engine.begin() as conn:
        conn.execute(text("CREATE TABLE exif (id INTEGER PRIMARY KEY, t BLOB)"))
        conn.execute(text("INSERT INTO exif VALUES (1, x'ffd8ff00fe')"))
    console = Console(house.app)
    number = approved(console, house)
    console.raw("erase", number)
    with house.hotel.begin() as office:
        assert office.certificate(number)["content"]["unsearched"] == ["exif.t (not text)"]
    page = house.browser("officer").get(f"/desk/privacy/{number}/certificate")
    assert "Not searched" in page
    assert "exif.t (not text)" in page
