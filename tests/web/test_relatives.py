"""Whoever asks in the name of the dead reads whose data a letter, a slip and a page speak of."""

from __future__ import annotations

import re
from html import unescape

import pytest
from sqlalchemy import update

from flask_guesterase.web.wording.language import LANGUAGES, Language
from flask_guesterase.web.wording.letters import written
from tests.store.hotel import Guest
from tests.web.house import House

DESK = "/desk/privacy"
WHOSE = (
    "You asked as a close relative of a guest who has died. What is said here of your data means "
    "the data of that guest."
)
SEEN = "death-certificate-and-kinship"


def filed(house: House, lang: str, asked_by: str = "relative", wish: str = "erase") -> str:
    """File a request at the desk and return its number."""
    with house.app.app_context(), house.extension.begin() as office:
        return office.request(
            {"email": "bea@mail.example"}, property="sh", by="clerk", lang=lang,
            asked_by=asked_by, wish=wish,
        )  # fmt: skip


@pytest.mark.parametrize("lang", sorted(LANGUAGES))
def test_a_relative_reads_whose_data_are_meant(house: House, lang: str) -> None:
    """"Everything of yours is erased" is said of the guest who died, not of who reads it."""
    clerk, guest, number = house.browser("clerk"), house.browser(), filed(house, lang)
    slip = clerk.post(f"{DESK}/{number}/confirm", f"{DESK}/{number}", how="desk", seen=SEEN).text
    code = re.findall(r'class="secret">([^<]+)<', slip)[0]
    guest.get(f"/privacy/?lang={lang}")
    assert guest.post("/privacy/case", code=code).status_code == 303
    with house.app.app_context(), house.extension.begin() as office:
        office.approve(number, "officer", office.preview(number).digest)
    with house.app.app_context(), house.extension.begin() as office:
        office.erase(number, "officer")
    house.worker()
    said = Language(lang).gettext(WHOSE)
    assert said in unescape(slip)
    assert said in unescape(guest.get("/privacy/case"))
    letters = unescape(clerk.get(f"{DESK}/outbox"))
    done = Language(lang).gettext(
        "Everything of yours is erased, wherever the hotel says that it keeps data of guests."
    )
    assert done in letters
    assert letters.count(said) == letters.count('<div class="letter"')


def test_a_copy_that_a_relative_opens_says_whose_it_is(house: House) -> None:
    """On the slip with its code, and on the page that shows it."""
    clerk, guest, number = house.browser("clerk"), house.browser(), filed(house, "en", wish="copy")
    here = f"{DESK}/{number}"
    clerk.post(f"{here}/confirm", here, how="desk", seen=SEEN)
    officer = house.browser("officer")
    (digest,) = re.findall(r'name="digest" value="(\w+)"', officer.get(here))
    assert officer.post(f"{here}/release", here, digest=digest).status_code == 303
    slip = clerk.post(f"{here}/copy", here).text
    code = re.findall(r'class="secret">([^<]+)<', slip)[0]
    assert guest.post("/privacy/copy", "/privacy/copy", code=code).status_code == 303
    assert WHOSE in unescape(slip)
    assert WHOSE in unescape(guest.get("/privacy/copy"))


def test_the_guest_and_who_acts_for_one_who_lives_read_nothing_of_it(house: House) -> None:
    """A representative's answer goes to the guest's own contact."""
    clerk, number = house.browser("clerk"), filed(house, "en", "representative")
    here = f"{DESK}/{number}"
    slip = clerk.post(f"{here}/confirm", here, how="desk", seen="power-of-attorney").text
    house.browser("officer").post(f"{here}/refuse", here, ground="another-persons-data")
    letters = clerk.get(f"{DESK}/outbox")
    assert "The hotel has refused the request." in letters
    assert "a close relative of a guest who has died" not in unescape(slip + letters)


ACTING = {
    "guardian": ("guardianship-paper", "A parent or guardian asked for the guest."),
    "representative": ("power-of-attorney", "A representative asked for the guest."),
}


@pytest.mark.parametrize("asked_by", ACTING)
@pytest.mark.parametrize("lang", ["en", "zh"])
def test_who_acts_for_a_guest_without_a_contact_reads_whose_data_are_meant(
    house: House, lang: str, asked_by: str
) -> None:
    """The letter is printed for them, as it was read before it was sent; the code is theirs too."""
    seen, first = ACTING[asked_by]
    with house.hotel.engine.begin() as conn:
        conn.execute(update(Guest).where(Guest.id == 1).values(email=None, phone=None))
    with house.app.app_context(), house.extension.begin() as office:
        number = office.request(
            {"document": "E1"}, property="sh", by="clerk", lang=lang, asked_by=asked_by,
        )  # fmt: skip
    here = f"{DESK}/{number}"
    house.browser("clerk").post(f"{here}/confirm", here, how="desk", seen=seen)
    page = house.browser("clerk").get(here, wish="en")
    assert "Who asked has lost the case code" in page
    assert "The guest has lost the case code" not in page
    ground, officer = "another-persons-data", house.browser("officer")
    read = officer.get(f"{here}/refusal?ground={ground}")
    officer.post(f"{here}/refuse", here, ground=ground)
    whose = f"{first} What is said here of your data means the data of that guest."
    said = Language(lang).gettext(whose)
    assert said in unescape(read)
    assert unescape(house.browser("clerk").get(f"{DESK}/outbox")).count(said) == 1


@pytest.mark.parametrize("asked_by", ["guest", "relative"])
@pytest.mark.parametrize("wish", ["erase", "copy"])
def test_the_refusal_that_is_sent_is_the_one_that_was_read(
    house: House, wish: str, asked_by: str
) -> None:
    """Subject and body, of a copy as of an erasure, whoever asked."""
    number = filed(house, "en", asked_by, wish)
    with house.app.app_context(), house.extension.begin() as office:
        draft = office.refusal_letter(number, "officer", "identity-not-shown")
        read = written("refused", draft.lang, draft.params)
    with house.app.app_context(), house.extension.begin() as office:
        office.refuse(number, "officer", "identity-not-shown")
    house.worker()
    with house.app.app_context(), house.extension.begin() as office:
        (letter,) = [each for each in office.letters("clerk") if each["template"] == "refused"]
        assert written("refused", letter["lang"], letter["params"]) == read
