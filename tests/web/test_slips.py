"""Slips are in the language of the guest who takes them along, whatever the clerk reads."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime
from html import unescape
from pathlib import Path

import pytest

from flask_guesterase.web.wording.language import LANGUAGES, Language
from tests.web.house import CANARY, PROPERTIES, House
from tests.web.test_claims import OLA

DESK = "/desk/privacy"
FREE = "It is free. Nobody asks you for money, a password or a photo of your ID."
PRINT = "Print this page with your browser."


def parts(page: str) -> tuple[str, str, str]:
    """Return the language of the slip on a page, its text, and what stands around it."""
    head, mark, rest = page.partition('<div lang="')
    assert mark, "no slip on this page"
    lang, _, rest = rest.partition('">')
    slip, end, tail = rest.partition('<p class="row screen">')
    assert end
    return lang, unescape(slip), unescape(head + tail)


@pytest.mark.parametrize("lang", sorted(LANGUAGES))
def test_the_slip_of_a_request_is_in_the_language_of_its_guest(house: House, lang: str) -> None:
    """When it is proved and when it is shown again; the clerk's page stays English."""
    clerk = house.browser("clerk")
    with house.app.app_context(), house.extension.begin() as office:
        number = office.request(
            {"email": "ann@mail.example"}, property="sh", by="clerk", lang=lang
        )
    clerk.get(f"{DESK}/{number}?lang=en")
    proved = clerk.post(f"{DESK}/{number}/confirm", how="desk").text
    again = clerk.get(f"{DESK}/{number}/slip")
    tongue = Language(lang)
    for page in (proved, again):
        said, slip, around = parts(page)
        assert said == tongue.tag
        assert tongue.gettext(FREE) in slip
        assert number in slip
        assert PRINT in around
        assert re.search(r'<html lang="en"', page)
    assert 'class="secret"' in proved
    assert 'class="secret"' not in again


@pytest.mark.parametrize("lang", sorted(LANGUAGES))
def test_a_case_code_promises_no_longer_than_it_opens(house: House, lang: str) -> None:
    """Two years, on the slip and on the page that shows it; what the law keeps may end later."""
    years = {"en": "two years", "zh": "两年", "ja": "2年", "de": "zwei Jahre", "es": "dos años",
             "fr": "deux ans"}[lang]  # fmt: skip
    clerk, guest = house.browser("clerk"), house.browser()
    with house.app.app_context(), house.extension.begin() as office:
        number = office.request({"email": "bea@mail.example"}, property="sh", by="clerk", lang=lang)
    assert years in parts(clerk.post(f"{DESK}/{number}/confirm", how="desk").text)[1]
    guest.get(f"/privacy/?lang={lang}")
    guest.ask(name=CANARY, email="ann@mail.example")
    house.worker()
    link = re.findall(r"/privacy/link/[\w-]+", clerk.get(f"{DESK}/outbox"))[0]
    assert years in guest.post(link, link).text
    opens = [row["ends_at"] for row in house.hotel.ours("token") if row["purpose"] == "case"]
    assert len(opens) == 2
    assert all(730 <= (end - datetime.now(UTC).replace(tzinfo=None)).days <= 731 for end in opens)


@pytest.mark.parametrize(("country", "zone"), [("GB", "Europe/London"), ("DE", "Europe/Berlin")])
def test_a_slip_promises_no_day_that_still_moves(
    sqlite_url: str, tmp_path: Path, country: str, zone: str
) -> None:
    """The slip that asks for identity stops the clock where that may be (F112), as the letter does
    that names no day then; once it was shown, the day is fixed and named."""
    place = replace(PROPERTIES[0], country=country, zone=zone)
    house = House(sqlite_url, tmp_path, (place, PROPERTIES[1]))
    house.people()
    clerk = house.browser("clerk")
    with house.app.app_context(), house.extension.begin() as office:
        number = office.request({"email": "bea@mail.example"}, property="sh", by="clerk", lang="en")
    here = f"{DESK}/{number}"
    asked = parts(clerk.post(f"{here}/slip", here).text)[1]
    shown = parts(clerk.post(f"{here}/confirm", here, how="desk").text)[1]
    assert ("Answer due" in asked) is (country == "DE")
    assert "Answer due" in shown
    house.session.remove()
    house.hotel.engine.dispose()


@pytest.mark.parametrize(("given", "lang"), [("ja", "ja"), ("", "en")])
def test_the_slip_with_a_claim_code_is_in_the_language_that_was_chosen(
    house: House, given: str, lang: str
) -> None:
    """Nobody knows a guest's language before a request, so the clerk says it."""
    house.hotel.guest(5, name="Ola Berg", document_no="W77")
    clerk = house.browser("clerk")
    assert 'name="lang"' in clerk.get(f"{DESK}/claims?lang=en")
    said, slip, around = parts(clerk.post(f"{DESK}/claims", **OLA, lang=given).text)
    assert said == lang
    assert Language(lang).gettext(FREE) in slip
    assert PRINT in around
    assert clerk.post(f"{DESK}/claims", **OLA, lang="xx").status_code == 422
