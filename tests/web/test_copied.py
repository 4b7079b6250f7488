"""A guest's way to a copy: one choice in the form, a link of its own, opened once, read, saved."""

from __future__ import annotations

import csv
import io
import json
import re
import zipfile
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import insert, update

from flask_guesterase import Policy
from flask_guesterase.core.copying import Withheld
from flask_guesterase.store import tables
from flask_guesterase.store.copying import boxed, offering
from flask_guesterase.web.guestpages.copied import readable
from flask_guesterase.web.wording.language import Language
from tests.store.hotel import Booking, Invoice, policies
from tests.web.house import CANARY, Browser, House
from tests.web.test_deadlines import close, house_at

GUEST = {"property": "sh", "name": CANARY, "email": "ann@mail.example"}
DESK = "/desk/privacy"


def letters(house: House, by: str = "clerk") -> str:
    """Return the page of letters that wait at the desk."""
    return house.browser(by).get(f"{DESK}/outbox")


def asked(house: House, wish: str = "copy") -> tuple[Browser, str]:
    """Ask for a copy by the form and prove the contact; return the browser and the number."""
    browser = house.browser()
    assert browser.ask(**GUEST, wish=wish).status_code == 303
    house.worker()
    found = re.search(r"http://localhost(/privacy/copy/link/[\w-]+)", letters(house))
    assert found is not None
    browser.get(found[1])
    page = browser.post(found[1]).text
    _, _, secret = page.partition('class="secret"')
    # Not only beside a picture that a camera reads: a code that is typed opens as much.
    assert re.search(r'<p class="quiet small">[^<]+</p>\s*</div>', secret) is not None
    number = next(r["number"] for r in house.hotel.ours("request") if r["kind"] == "copy")
    return browser, number


def released(house: House, number: str) -> None:
    """Let the officer read what the copy would hold, and release it."""
    house.settle(number)
    officer = house.browser("officer")
    page = officer.get(f"{DESK}/{number}")
    assert CANARY not in page.split("What the copy would hold")[1].split("Texts to read")[0]
    seen = re.search(r'name="digest" value="(\w+)"', page)
    assert seen is not None
    answer = officer.post(f"{DESK}/{number}/release", digest=seen[1])
    assert answer.status_code == 303
    house.worker()


def opened(house: House) -> Browser:
    """Return a browser in which a guest reads their copy."""
    browser, link = ready(house)
    browser.get(link)
    browser.post(link)
    return browser


def ready(house: House) -> tuple[Browser, str]:
    """Return the browser of a guest whose copy lies ready, and the link that opens it."""
    browser, number = asked(house)
    released(house, number)
    browser.post("/privacy/case/copy")
    house.worker()
    found = re.search(r"http://localhost(/privacy/copy/open/[\w-]+)", letters(house))
    assert found is not None
    return browser, found[1]


def test_a_guest_asks_proves_opens_and_saves(house: House) -> None:
    """From the form to the files; what is opened is the guest's and nobody else's."""
    browser, number = asked(house)
    assert "being decided" in browser.get("/privacy/case?lang=en")
    released(house, number)
    for who, offered in (("clerk", True), ("officer", False), ("second", True)):
        # Whoever released it does not hand it out, and sees no button that would refuse them.
        page = house.browser(who).get(f"{DESK}/{number}", wish="en")
        assert (f'action="{DESK}/{number}/copy"' in page) is offered, who
    page = browser.get("/privacy/case")
    assert "Your copy lies ready until" in page
    assert browser.post("/privacy/case/copy").status_code == 303
    house.worker()
    found = re.search(r"http://localhost(/privacy/copy/open/[\w-]+)", letters(house))
    assert found is not None
    for _ in range(2):
        assert CANARY not in browser.get(found[1])
    assert browser.post(found[1]).status_code == 303
    page = browser.get("/privacy/copy")
    assert CANARY in page
    assert "+8613912345678" in page
    assert [word for word in ("Bea", "Carl Other", "bea@") if word in page] == []
    said = json.loads(browser.client.get("/privacy/copy.json").data)
    assert said["format"] == "guesterase/copy/v1"
    packed = browser.client.get("/privacy/copy.zip")
    assert packed.headers["Content-Disposition"].endswith(f'"copy-{number}.zip"')
    with zipfile.ZipFile(io.BytesIO(packed.data)) as archive:
        names = archive.namelist()
        (row,) = csv.DictReader(io.StringIO(archive.read("guests.csv").decode("utf-8-sig")))
    assert {"about.csv", "guests.csv", "bookings.csv", "invoices.csv"} == set(names)
    # A plus sign at the start is a formula to spreadsheets, so it stands behind an apostrophe.
    assert (row["email"], row["phone"]) == ("ann@mail.example", "'+8613912345678")
    assert house.browser().post(found[1]).status_code == 410
    browser.post("/privacy/copy/close")
    assert browser.post(found[1]).status_code == 410
    assert CANARY not in browser.get("/privacy/copy")


def test_a_guest_reads_that_a_box_could_not_be_opened(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is not in the copy is listed with its reason, in a sentence of the copy."""
    real = boxed.opened
    monkeypatch.setattr(boxed, "opened", lambda *a: replace(real(*a), unopened=("invoices",)))
    page = opened(house).get("/privacy/copy?lang=en")
    assert "invoices</span>: it could not be opened</li>" in page


@pytest.mark.parametrize(
    ("lang", "why", "struck"),
    [("en", "it could not be opened", "2 mentions of other people were struck out of texts."),
     ("de", "es ließ sich nicht öffnen", "2 Erwähnungen anderer Personen")],
)  # fmt: skip
def test_who_saves_the_tables_alone_reads_what_is_not_in_them(
    house: House, monkeypatch: pytest.MonkeyPatch, lang: str, why: str, struck: str
) -> None:
    """And who else is given data of guests: the page is gone after half an hour."""
    real = offering.gather

    def gather(*given: Any) -> Any:
        copy, texts = real(*given)
        lost = Withheld("invoices", ("billed_to", "total"), 3, "unopened")
        return replace(copy, withheld=(lost,), masked=2, recipients=("=Channels",)), texts

    monkeypatch.setattr(offering, "gather", gather)
    browser = opened(house)
    browser.get(f"/privacy/copy?lang={lang}")
    with zipfile.ZipFile(io.BytesIO(browser.client.get("/privacy/copy.zip").data)) as archive:
        missing, recipients = (
            list(csv.DictReader(io.StringIO(archive.read(name).decode("utf-8-sig"))))
            for name in ("missing.csv", "recipients.csv")
        )
    assert (missing[0]["table"], missing[0]["columns"]) == ("invoices", "billed_to, total")
    assert (missing[0]["rows"], missing[1]["rows"]) == ("3", "2")
    assert why in missing[0]["why"]
    assert struck in missing[1]["why"]
    assert recipients == [{"name": "'=Channels"}]


def test_a_copy_begins_with_the_profile_and_tells_records_apart(house: House) -> None:
    """Who a guest is said to be stands before what they did; a line parts two rows of a table."""
    with house.hotel.engine.begin() as conn:
        conn.execute(insert(Invoice), [
            {"id": each, "booking_id": 1, "billed_to": CANARY, "total": 1} for each in (71, 72)
        ])  # fmt: skip
    page = opened(house).get("/privacy/copy?lang=en")
    part = re.compile(r'<span class="quiet small mono">(\w+)</span></h2>(.*?)</section>', re.DOTALL)
    parts = part.findall(page)
    assert [table for table, _ in parts] == ["guests", "bookings", "invoices"]
    for table, text in parts:
        assert text.count("<hr>") == text.count('<dl class="facts">') - 1, table
    assert "<hr>" in dict(parts)["invoices"]


def test_a_copy_names_the_rights_of_its_guest(house: House) -> None:
    """To correct, erase, restrict, object and complain. Source: GDPR Article 15(1)(e), (f)."""
    page = opened(house).get("/privacy/copy?lang=en")
    rights = ("corrected", "erased", "restricted", "object", "complain")
    assert [each for each in rights if each not in page.partition("You may have")[2]] == []


@pytest.mark.parametrize("country", ["DE", "CN", "GB", ""])
def test_a_copy_names_the_authority_once(sqlite_url: str, tmp_path: Path, country: str) -> None:
    """As the law at the hotel has it, where one is recorded. Source: GDPR Article 15(1)(f)."""
    house = house_at(sqlite_url, tmp_path, country, "UTC")
    page = opened(house).get("/privacy/copy?lang=en")
    close(house)
    said = page.partition("What you can do</h2>")[2].partition("</p>")[0]
    assert len(re.findall("protection authority", said)) == 1, said


def test_a_walk_in_gets_a_code_on_paper(house: House) -> None:
    """Filed, verified and handed out at the desk; the code opens it once on the guest's phone."""
    clerk = house.browser("clerk")
    answer = clerk.post(
        f"{DESK}/new", page=f"{DESK}/new", property="sh", key="email", value="ann@mail.example",
        name=CANARY, channel="desk", received="2026-03-01", sure="2026-03-01", lang="de",
        wish="copy",
    )  # fmt: skip
    assert answer.status_code == 303
    number = answer.headers["Location"].rpartition("/")[2]
    assert clerk.post(f"{DESK}/{number}/confirm", how="desk").status_code == 200
    assert clerk.post(f"{DESK}/{number}/copy").status_code == 409
    released(house, number)
    slip = clerk.post(f"{DESK}/{number}/copy").text
    # What the guest takes along is in the guest's language.
    assert "Eine Kopie Ihrer Daten" in slip.partition('<div lang="de">')[2]
    code = re.search(r'class="secret">([\w-]+)<', slip)
    assert code is not None
    guest = house.browser()
    wrong = guest.post("/privacy/copy?lang=en", page="/privacy/copy", code="AAAA-BBBB")
    assert wrong.status_code == 410
    # A code is a secret: it stands in no page, not even a wrong one.
    assert "AAAA-BBBB" not in wrong.text
    assert 'id="code-wrong">No copy opens with this code.' in wrong.text
    assert guest.post("/privacy/copy", page="/privacy/copy", code=code[1]).status_code == 303
    assert CANARY in guest.get("/privacy/copy?lang=zh")
    other = house.browser()
    assert other.post("/privacy/copy", page="/privacy/copy", code=code[1]).status_code == 410


@pytest.mark.parametrize(("wish", "said"), [("copy", False), ("copy-first", True)])
def test_who_asked_for_erasure_as_well_is_told_to_save_the_copy(
    house: House, wish: str, said: bool
) -> None:
    """Half an hour after it was opened the erasure takes it along; no new link opens it then."""
    browser, number = asked(house, wish)
    released(house, number)
    browser.post("/privacy/case/copy")
    house.worker()
    found = re.search(r"http://localhost(/privacy/copy/open/[\w-]+)", letters(house))
    assert found is not None
    # Of two codes each opens a case that says which one it is.
    assert "A copy of my data" in browser.get("/privacy/case?lang=en")
    page = browser.get(f"{found[1]}?lang=en")
    assert ("save it before" in page) is said
    assert ("Until then you can have a new link" in page) is not said


def test_a_copy_that_an_erasure_takes_along_is_not_promised_for_days(house: House) -> None:
    """From the opening on it goes with the erasure, whatever day stood beside it before."""
    browser, number = asked(house, "copy-first")
    released(house, number)
    offered = browser.get("/privacy/case?lang=en")
    assert "Your copy lies ready until" in offered
    assert "your copy lies ready until then" in offered
    assert "the copy goes with it: save it before" in offered
    browser.post("/privacy/case/copy")
    house.worker()
    found = re.search(r"http://localhost(/privacy/copy/open/[\w-]+)", letters(house))
    assert found is not None
    browser.get(found[1])
    browser.post(found[1])
    assert "the copy goes with it: save it before" in browser.get("/privacy/copy?lang=en")
    case = browser.get("/privacy/case?lang=en")
    assert "It was opened before." in case
    assert "the copy goes with it: save it before" in case
    assert "lies ready until" not in case
    assert "SUMMARY" not in browser.get("/privacy/case/dates.ics")
    assert "Send me the link" in case


GOES_ALONG = "You asked for a copy of your data as well. It goes with the erasure"


def also_erased(house: House) -> tuple[str, Browser]:
    """File an erasure of the same guest for itself, and open its case; it is not confirmed yet."""
    number = house.request()
    return number, house.browser()


def confirmed_at_the_desk(house: House, number: str, guest: Browser) -> None:
    """Let the clerk see who the guest is, and the guest open the case by the code of the slip."""
    slip = house.browser("clerk").post(f"{DESK}/{number}/confirm", f"{DESK}/{number}", how="desk")
    code = re.search(r'class="secret">([\w-]+)<', slip.text)
    assert code is not None
    assert guest.post("/privacy/case", page="/privacy/case", code=code[1]).status_code == 303


def test_a_copy_of_a_request_of_its_own_is_told_to_go_with_the_erasure(house: House) -> None:
    """Both cases say so, once somebody showed that it is the guest who asked for the erasure."""
    browser, number = asked(house)
    released(house, number)
    erasure, guest = also_erased(house)
    page = browser.get("/privacy/case?lang=en")
    assert "save it before" not in page, "anybody can send a form"
    confirmed_at_the_desk(house, erasure, guest)
    page = browser.get("/privacy/case?lang=en")
    assert "Your copy lies ready until" in page
    assert "the copy goes with it: save it before" in page
    assert GOES_ALONG in guest.get("/privacy/case?lang=en")
    browser.post("/privacy/case/copy")
    house.worker()
    found = re.search(r"http://localhost(/privacy/copy/open/[\w-]+)", letters(house))
    assert found is not None
    assert "the copy goes with it: save it before" in browser.get(f"{found[1]}?lang=en")
    browser.post(found[1])
    assert "the copy goes with it: save it before" in browser.get("/privacy/copy?lang=en")
    assert "lies ready until" not in browser.get("/privacy/case?lang=en")
    house.settle(erasure)
    with house.app.app_context(), house.extension.begin() as office:
        office.approve(erasure, "officer", office.preview(erasure).digest)
    house.worker()
    page = guest.get("/privacy/case?lang=en")
    assert "It is decided" in page
    assert GOES_ALONG in page


@pytest.mark.parametrize("lang", ["zh", "de", "es", "fr", "ja"])
def test_it_is_told_in_every_language_that_a_copy_goes_along(house: House, lang: str) -> None:
    """No sentence of English stands on a page in another language."""
    _, number = asked(house)
    erasure, guest = also_erased(house)
    confirmed_at_the_desk(house, erasure, guest)
    with house.app.app_context(), house.extension.begin(write=False) as office:
        assert office.show(number)["state"] == "review"
    page = guest.get(f"/privacy/case?lang={lang}")
    assert 'class="card warn"' in page
    assert "You asked" not in page


def test_a_copy_of_its_own_goes_with_no_erasure_that_is_over_or_another_persons(
    house: House,
) -> None:
    """One that was taken back takes nothing along, and one of whoever else asks is not told."""
    browser, number = asked(house)
    released(house, number)
    erasure, guest = also_erased(house)
    confirmed_at_the_desk(house, erasure, guest)
    with house.hotel.engine.begin() as conn:
        theirs = update(tables.request).where(tables.request.c.number == erasure)
        conn.execute(theirs.values(asked_by="relative"))
    assert "save it before" not in browser.get("/privacy/case?lang=en")
    assert GOES_ALONG not in guest.get("/privacy/case?lang=en")
    with house.hotel.engine.begin() as conn:
        conn.execute(theirs.values(asked_by="guest"))
    assert "save it before" in browser.get("/privacy/case?lang=en")
    guest.post("/privacy/case/withdraw", page="/privacy/case/withdraw")
    assert "save it before" not in browser.get("/privacy/case?lang=en")
    assert GOES_ALONG not in guest.get("/privacy/case?lang=en")


def test_who_takes_a_copy_back_reads_that_the_erasure_goes_on(house: House) -> None:
    """It waits for nothing then: "nothing was erased" would be read as an end of both."""
    browser, _ = asked(house, "copy-first")
    page = browser.get("/privacy/case/withdraw?lang=en")
    assert "it goes on, and waits for the copy no longer" in page
    assert browser.post("/privacy/case/withdraw", page="/privacy/case/withdraw").status_code == 303
    house.worker()
    case = browser.get("/privacy/case?lang=en")
    assert "You took the request for a copy back on" in case
    assert "it goes on, and waits for the copy no longer" in case
    assert "Nothing was erased" not in case
    told = letters(house)
    assert re.search("The request for a copy was taken back|副本申请已撤回", told) is not None
    assert re.search("Nothing was erased|没有删除任何内容", told) is None


def test_who_takes_a_copy_alone_back_reads_of_no_erasure(house: House) -> None:
    """There is none that could go on."""
    browser, _ = asked(house)
    assert "it goes on" not in browser.get("/privacy/case/withdraw?lang=en")
    browser.post("/privacy/case/withdraw", page="/privacy/case/withdraw")
    case = browser.get("/privacy/case?lang=en")
    assert "You took the request for a copy back on" in case
    assert "it goes on" not in case


def test_a_copy_that_goes_with_no_erasure_lies_ready_after_it_was_opened(house: House) -> None:
    """Its day stands there before and after."""
    case = opened(house).get("/privacy/case?lang=en")
    assert "Your copy lies ready until" in case
    assert "your copy lies ready until then" in case
    assert "save it before" not in case


def test_a_guest_reads_that_the_erasure_waits_for_a_copy(house: House) -> None:
    """It was answered long ago and lies ready: that nobody answered would be untrue."""
    _, number = asked(house, "copy-first")
    released(house, number)
    erasure = next(r["number"] for r in house.hotel.ours("request") if r["kind"] == "erasure")
    clerk, guest = house.browser("clerk"), house.browser()
    slip = clerk.post(f"{DESK}/{erasure}/confirm", f"{DESK}/{erasure}", how="desk").text
    code = re.search(r'class="secret">([\w-]+)<', slip)
    assert code is not None
    house.settle(erasure)
    with house.app.app_context(), house.extension.begin() as office:
        office.approve(erasure, "officer", office.preview(erasure).digest)
    house.worker()
    assert guest.post("/privacy/case", page="/privacy/case", code=code[1]).status_code == 303
    page = guest.get("/privacy/case?lang=en")
    assert "a copy that was not fetched yet" in page
    assert "not answered" not in page


@pytest.mark.parametrize(("wish", "said"), [("copy", False), ("copy-first", True)])
def test_who_is_refused_a_copy_reads_that_the_erasure_waits(
    house: House, wish: str, said: bool
) -> None:
    """What was to come after the copy does not go on unsaid; a copy alone has nothing after it."""
    _, number = asked(house, wish)
    with house.app.app_context(), house.extension.begin() as office:
        office.refuse(number, "officer", "another-persons-data")
    house.worker()
    letter = letters(house)
    assert "The hotel has refused the request." in letter
    assert ("The erasure that you asked for after it waits until" in letter) is said


def test_a_clerk_who_files_both_finds_the_way_from_one_to_the_other(house: House) -> None:
    """Who showed it for the copy alone would wait for the erasure for ever."""
    clerk = house.browser("clerk")
    filed = clerk.post(
        f"{DESK}/new", property="sh", key="phone", value="+8613912345678", channel="desk",
        lang="en", received=date.today().isoformat(), wish="copy-first",
    )  # fmt: skip
    copy = filed.location.rpartition("/")[2]
    erasure = next(r["number"] for r in house.hotel.ours("request") if r["kind"] == "erasure")
    for one, other in ((copy, erasure), (erasure, copy)):
        assert f'href="{DESK}/{other}"' in clerk.get(f"{DESK}/{one}")
    slip = clerk.post(f"{DESK}/{copy}/confirm", f"{DESK}/{copy}", how="desk").text
    assert f'href="{DESK}/{erasure}"' in slip
    assert "identity to be shown" in slip.partition(erasure)[2]


def test_a_copy_after_an_erasure_is_no_pair_with_it(house: House) -> None:
    """They were asked for one after the other, and the page of neither offers to go on."""
    number, clerk = house.request(), house.browser("clerk")
    with house.app.app_context(), house.extension.begin() as office:
        office.confirm(number, "clerk", "desk")
    house.settle(number)
    with house.app.app_context(), house.extension.begin() as office:
        office.approve(number, "officer", office.preview(number).digest)
    house.worker()
    copy = clerk.post(f"{DESK}/{number}/copy-after", f"{DESK}/{number}").location
    assert "Asked for at the same time" not in clerk.get(copy)
    assert "Asked for at the same time" not in clerk.get(f"{DESK}/{number}")


def test_the_link_and_the_code_of_an_erasure_open_no_copy(house: House) -> None:
    """Two requests, two links: neither serves for the other, in either direction."""
    browser = house.browser()
    browser.ask(**GUEST, wish="copy-first")
    house.worker()
    page = letters(house)
    copying = re.search(r"http://localhost/privacy/copy/link/([\w-]+)", page)
    erasing = re.search(r"http://localhost/privacy/link/([\w-]+)", page)
    assert copying is not None
    assert erasing is not None
    stranger = house.browser()
    for path in (f"/privacy/copy/link/{erasing[1]}", f"/privacy/link/{copying[1]}",
                 f"/privacy/copy/open/{erasing[1]}", f"/privacy/copy/open/{copying[1]}"):
        stranger.get(path, 410)
        assert stranger.post(path).status_code == 410, path
    code = re.search(r'class="secret">([\w-]+)<', stranger.post(f"/privacy/link/{erasing[1]}").text)
    assert code is not None
    assert stranger.post("/privacy/copy", page="/privacy/ask", code=code[1]).status_code == 410
    assert stranger.post("/privacy/case/copy").status_code in (404, 409)
    nobody = house.browser().client.get("/privacy/case/copy")
    assert (nobody.status_code, nobody.location) == (303, "/privacy/case")
    for path in ("/privacy/copy.json", "/privacy/copy.zip"):
        stranger.get(path, 410)


def test_who_asked_for_both_reads_which_code_is_whose(house: House) -> None:
    """Two case codes in one night, and only one of them opens the copy: each says of which."""
    browser = house.browser()
    browser.ask(**GUEST, wish="copy-first")
    house.worker()
    page = letters(house)
    kinds = {row["kind"]: row["number"] for row in house.hotel.ours("request")}
    for kind, path, said in (
        ("copy", "copy/link", "Your request for a copy of your data"),
        ("erasure", "link", "Your request to erase your data"),
    ):
        found = re.search(rf"http://localhost/privacy/{path}/([\w-]+)", page)
        assert found is not None
        shown = browser.post(f"/privacy/{path}/{found[1]}").text
        assert re.findall(r"<strong>([^<]*)</strong> <span class=.whole.>([^<]*)<", shown) == [
            (said, kinds[kind])
        ]


@pytest.mark.parametrize("path", ["/privacy/copy.json", "/privacy/copy.zip"])
def test_without_a_ticket_there_is_no_file(house: House, path: str) -> None:
    """A browser that opened nothing is told nothing, and gets no file."""
    number = asked(house)[1]
    answer = house.browser().client.get(path)
    assert answer.status_code == 410
    assert "attachment" not in answer.headers.get("Content-Disposition", "")
    assert CANARY not in answer.text
    assert number not in answer.text


def test_codes_of_copies_are_not_guessed(house: House) -> None:
    """Wrong codes are counted in the database, with those of cases."""
    guesser = house.browser()
    tries = [guesser.post("/privacy/copy", page="/privacy/copy", code="AAAA") for _ in range(21)]
    assert {answer.status_code for answer in tries} == {410, 429}


@pytest.mark.parametrize(
    ("kept", "said"),
    [
        ("2026-11-23 14:05:00.000000", "Nov 23, 2026, 2:05:00 PM (time zone not on record)"),
        ("2026-11-23 14:05:00", "Nov 23, 2026, 2:05:00 PM (time zone not on record)"),
        ("2026-11-23 14:05:00+00", "Nov 23, 2026, 10:05:00 PM"),
        ("2026-11-23 14:05", "2026-11-23 14:05"),
        ("2026-13-45 99:05:00", "2026-13-45 99:05:00"),
        ("B-2026", "B-2026"),
    ],
)
def test_a_moment_is_told_in_words(kept: str, said: str) -> None:
    """As it is written, and said so, where it says no zone; otherwise by the clock of the hotel."""
    assert readable(Language("en", "Asia/Shanghai"), kept).replace("\u202f", " ") == said


@pytest.mark.parametrize(
    ("zone", "said"), [("UTC", "2:05:00 PM"), ("", "6:05:00 AM (time zone not on record)")]
)
def test_a_moment_is_told_by_the_clock_of_the_hotel(
    sqlite_url: str, tmp_path: Path, zone: str, said: str
) -> None:
    """Where the policy says in which zone its table keeps them; otherwise as they are written."""

    def declared(files: str) -> list[tuple[Any, Policy]]:
        return [(each, replace(policy, zone=zone)) for each, policy in policies(files)]

    house = House(sqlite_url, tmp_path, declared=declared)
    house.people()
    with house.hotel.engine.begin() as conn:
        kept = update(Booking).where(Booking.guest_id == 1)
        conn.execute(kept.values(remark="2026-11-23 06:05:00"))
    page = opened(house).get("/privacy/copy?lang=en").replace("\u202f", " ")
    house.session.remove()
    house.hotel.engine.dispose()
    assert f"Nov 23, 2026, {said}</dd>" in page
    assert "Times are by the hotel’s clock (China Time)" in page


def test_a_copy_without_a_time_says_nothing_of_clocks(house: House) -> None:
    """Nor is a day one."""
    page = opened(house).get("/privacy/copy?lang=en")
    assert str(datetime.now(ZoneInfo("Asia/Shanghai")).year) in page
    assert "hotel’s clock" not in page


def test_people_read_letters_where_programs_wrote_escapes(house: House) -> None:
    """A note kept as JSON, in which no hotel's guest could read their own words."""
    with house.hotel.engine.begin() as conn:
        note = json.dumps({"wish": "靠窗", "from": "Zürich"})
        conn.execute(update(Booking).where(Booking.guest_id == 1).values(remark=note))
    browser = opened(house)
    with zipfile.ZipFile(io.BytesIO(browser.client.get("/privacy/copy.zip").data)) as archive:
        table = archive.read("bookings.csv").decode("utf-8-sig")
    for read in (browser.get("/privacy/copy"), table):
        assert "靠窗" in read
        assert "Zürich" in read
    # What a program reads is what is kept.
    kept = json.loads(browser.client.get("/privacy/copy.json").data)
    assert note in [r["values"].get("remark") for p in kept["parts"] for r in p["records"]]


def test_an_approver_reads_texts_and_a_clerk_does_not(house: House) -> None:
    """What was written freely is read by whoever releases it, others struck out."""
    number = asked(house)[1]
    house.settle(number)
    assert "Texts to read" not in house.browser("clerk").get(f"{DESK}/{number}")
    for page in (house.browser("officer").get(f"{DESK}/{number}?lang=zh"),):
        assert "批准发放副本" in page
        assert f"{DESK}/{number}/approve" not in page
