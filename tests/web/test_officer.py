"""The officer's pages: three numbers and a button, the letter beforehand, the shift, a review."""

from __future__ import annotations

import re
from html import unescape

import pytest

from flask_guesterase.core.errors import InputError
from flask_guesterase.store.access import tokens
from tests.web.house import CANARY, STAFF, House

DESK = "/desk/privacy"


def _plain(text: str) -> str:
    """Return what is read of a piece of a page."""
    return " ".join(unescape(re.sub(r"<[^>]+>", "", text)).split())


def _unfolded(page: str) -> str:
    """Return a page up to the first fold of its content; the fold of the menu is not one."""
    head, main, content = page.partition("<main ")
    assert main, "a page without content"
    return head + main + content.partition("<details")[0]


def filed(house: House, email: str = "bea@mail.example") -> str:
    """File and verify a request about a guest as the clerk; return its number."""
    with house.app.app_context(), house.extension.begin() as office:
        number = office.request({"email": email}, property="sh", by="clerk")
        office.confirm(number, "clerk", "desk")
    return number


def test_a_case_shows_three_numbers_and_one_button(house: House) -> None:
    """Everything else is folded; who may not decide has no button."""
    number = filed(house)
    page = house.browser("officer").get(f"{DESK}/{number}", wish="en")
    first = _unfolded(page)
    shown = re.findall(r"<dt>([^<]+)</dt><dd>([^<]+)</dd>", first)
    assert shown == [("rows go", "2"), ("rows stay", "0"), ("in the way", "0")]
    assert re.findall(r"<button>([^<]+)</button>", first) == ["Approve the erasure"]
    assert "Bea Lund" in page
    assert "Bea Lund" not in first
    theirs = _unfolded(house.browser("clerk").get(f"{DESK}/{number}", wish="en"))
    assert "<dt>rows go</dt><dd>2</dd>" in theirs
    assert "<button>" not in theirs


def test_the_letter_of_a_refusal_is_read_before_it_is_sent(house: House) -> None:
    """Looking at it decides nothing; what is sent afterwards is what was read."""
    number = filed(house, "ann@mail.example")
    officer = house.browser("officer")
    page = officer.get(f"{DESK}/{number}/refusal?ground=another-persons-data", wish="en")
    read = re.search(r'<div class="card letter"[^>]*>(.*?)</div>', page, re.DOTALL)
    assert read is not None
    assert house.state(number) == "review"
    assert officer.post(f"{DESK}/{number}/refuse", ground="another-persons-data").status_code == 303
    sent = house.browser("clerk").get(f"{DESK}/outbox", wish="en")
    assert _plain(read[1]) in _plain(sent)
    for ground, status in (("another-persons-data", 409), ("whim", 422)):
        officer.get(f"{DESK}/{number}/refusal?ground={ground}", status)


def test_who_showed_who_they_are_is_not_refused_for_want_of_it(house: House) -> None:
    """The ground is offered as long as it is true, and taken from no form and no link after that;
    an objection from another contact makes it doubtful again."""
    with house.app.app_context(), house.extension.begin() as office:
        number = office.request({"email": "bea@mail.example"}, property="sh", by="clerk")
    officer, here = house.browser("officer"), f"{DESK}/{number}"
    assert f'value="{UNSHOWN}"' in officer.get(here)
    with house.app.app_context(), house.extension.begin() as office:
        office.confirm(number, "clerk", "desk")
    assert f'value="{UNSHOWN}"' not in officer.get(here)
    officer.get(f"{here}/refusal?ground={UNSHOWN}", 422)
    answer = officer.post(f"{here}/refuse", ground=UNSHOWN)
    assert answer.status_code == 422
    assert house.state(number) == "review"
    with (
        house.app.app_context(),
        house.extension.begin() as office,
        pytest.raises(InputError, match="on record that they showed"),
    ):
        office.refuse(number, "officer", UNSHOWN)
    with house.app.app_context(), house.extension.begin() as office:
        office.object_to(tokens.objection(office.work, number))
    assert f'value="{UNSHOWN}"' in officer.get(here)
    assert officer.post(f"{here}/refuse", ground=UNSHOWN).status_code == 303


UNSHOWN = "identity-not-shown"


def test_what_was_not_chosen_is_said_in_the_readers_language(house: House) -> None:
    """The page comes back with it beside the field, and no word of the program's own."""
    number = filed(house, "ann@mail.example")
    officer = house.browser("officer")
    page = officer.get(f"{DESK}/{number}/refusal?lang=zh", 422)
    assert "请选择其中一项。" in page
    assert "<code>ground</code>" not in page
    assert "Please choose one of these." not in page


def test_a_shift_is_handed_over_on_the_page(house: House) -> None:
    """A note with an address comes back; another one waits for somebody else."""
    number = filed(house)
    officer, second = house.browser("officer"), house.browser("second")
    officer.post(f"{DESK}/{number}/duty", deputy="second")
    assert "officer" in second.get(f"{DESK}/queue")
    again = officer.post(f"{DESK}/shift", text=f"Call {CANARY}, ann@mail.example")
    assert again.status_code == 422
    assert 'aria-invalid="true"' in again.text
    assert officer.post(f"{DESK}/shift", text=f"{number} waits").status_code == 303
    assert "/take" not in officer.get(f"{DESK}/queue")
    assert second.post(f"{DESK}/shift/1/take").status_code == 303
    assert second.post(f"{DESK}/shift/1/take").status_code == 409
    assert house.hotel.ours("duty")[0]["owner"] != house.hotel.ours("handover")[0]["given_by"]


def test_who_stands_in_and_is_unknown_is_told_at_the_field(house: House) -> None:
    """The page comes back with what was typed, where it was typed, and says what is wrong with it;
    neither oneself nor somebody of another hotel stands in."""
    number = filed(house)
    officer = house.browser("officer")
    wrong = "Nobody else who may verify or approve at this property has this login."
    for typed in ("secnd", "officer", "far-officer", "x" * 300):
        answer = officer.post(f"{DESK}/{number}/duty?lang=en", deputy=typed)
        assert answer.status_code == 422
        assert f'value="{typed}"' in answer.text
        before = answer.text.partition('id="deputy"')[0].rpartition("</details>")[2]
        assert '<details class="card" open>' in before
        assert f'id="deputy-wrong">{wrong}</p>' in answer.text
        assert "Approve the erasure" in answer.text
    assert house.hotel.ours("duty") == []
    assert officer.post(f"{DESK}/{number}/duty", deputy="second").status_code == 303


def test_requests_that_are_alike_are_approved_on_one_page(house: House) -> None:
    """What is ticked is approved; nothing ticked, or a stranger to the group, approves nothing."""
    for id in (11, 12):
        house.hotel.guest(id, name=f"Guest {id}", email=f"g{id}@mail.example")
    numbers = {filed(house, f"g{id}@mail.example") for id in (11, 12)}
    officer = house.browser("officer")
    page = officer.get(f"{DESK}/alike")
    cases = re.findall(r'name="case" value="([^"]+)"', page)
    assert {case.partition(":")[0] for case in cases} == numbers
    assert officer.post(f"{DESK}/alike").status_code == 422
    data = {"case": cases, "csrf_token": officer.token()}
    assert officer.client.post(f"{DESK}/alike", data=data).status_code == 303
    assert "It is noted." in officer.get(f"{DESK}/queue", wish="en")
    assert {house.state(number) for number in numbers} <= {"approved", "waiting"}


def test_who_may_decide_and_not_look_is_led_to_no_request(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The page of what is alike links to the pages of requests only for who may open them."""
    for id in (11, 12):
        house.hotel.guest(id, name=f"Guest {id}", email=f"g{id}@mail.example")
    numbers = {filed(house, f"g{id}@mail.example") for id in (11, 12)}
    officer = house.browser("officer")
    assert all(f'href="{DESK}/{number}"' in officer.get(f"{DESK}/alike") for number in numbers)
    monkeypatch.setitem(STAFF, "officer", ("sh", STAFF["officer"][1] - {"view"}))
    page = officer.get(f"{DESK}/alike")
    for number in numbers:
        assert number in page
        assert f'href="{DESK}/{number}"' not in page


def test_a_review_from_page_to_page(house: House) -> None:
    """What is wrong in a form comes back; who opened it cannot close it, the second can."""
    first, second = house.browser("issuer"), house.browser("watcher")
    assert first.post(f"{DESK}/reviews", month="2999-01").status_code == 422
    where = first.post(f"{DESK}/reviews", month="").headers["Location"]
    # Each of two people finds last month filled in; the one who is later is led to the review.
    twice = second.post(f"{DESK}/reviews?lang=en", month="")
    assert twice.status_code == 409
    assert 'id="month-wrong">There is a review of this month already' in twice.text
    assert f'href="{where}"' in twice.text
    assert first.post(f"{where}/members", login="stranger").status_code == 422
    assert first.post(f"{where}/members", login="watcher").status_code == 303
    assert first.post(f"{where}/findings", text="").status_code == 422
    assert first.post(f"{where}/findings", text="In time.").status_code == 303
    assert (
        first.post(f"{where}/actions", what="x", owner="clerk", due="2001-01-01").status_code == 422
    )
    assert first.post(f"{where}/close").status_code == 403
    assert second.post(f"{where}/close").status_code == 303
    assert "In time." in second.get(where)
    assert house.browser("clerk").client.get(where).status_code == 403


def test_figures_of_others_are_entered_and_taken_out(house: House) -> None:
    """With a source, or not at all; readers of the figures see them beside ours."""
    lead, reader = house.browser("watcher"), house.browser("auditor")
    given = {"measure": "late-percent", "value": "3", "house": "Union", "on": "2026-01-05"}
    assert lead.post(f"{DESK}/figures/published", **given).status_code == 422
    assert lead.post(f"{DESK}/figures/published", **given, source="Report").status_code == 303
    page = reader.get(f"{DESK}/figures")
    assert "Union" in page
    assert "withdraw" not in page
    assert lead.post(f"{DESK}/figures/published/1/withdraw").status_code == 303
    assert "Union" not in reader.get(f"{DESK}/figures")
