"""A copy of the data in a real browser, without scripts: from the form to the saved file."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page

from tests.browser.walker import Walker, press

pytestmark = pytest.mark.long


def _main_button(page: Page) -> None:
    """Press the button of the page's own form."""
    press(page.locator("main form button").first)


@pytest.mark.parametrize(
    ("lang", "place", "name", "email"),
    [
        ("zh-CN", "SHA", "李伟", "li.wei@mail.example"),
        ("en", "LEJ", "Juergen Mueller", "Juergen.Mueller@mail.example"),
    ],
)
def test_a_guest_has_a_copy(
    walker: Walker, tmp_path: Path, lang: str, place: str, name: str, email: str
) -> None:
    """Form, link, plan of the copy, release, link, page, ZIP; each page in both widths."""
    guest, house = walker.enter(lang), place.lower()
    desk = walker.enter(lang, f"{house}.desk")
    officer = walker.enter(lang, f"{house}.officer")
    guest.goto(f"{walker.address}/privacy/ask")
    guest.check("[name=wish][value=copy]")
    _main_button(guest)
    guest.check(f"[name=property][value={place}]")
    _main_button(guest)
    guest.fill("#name", name)
    _main_button(guest)
    guest.fill("#email", email)
    for _ in ("contact", "booking", "check"):
        _main_button(guest)
    assert guest.url.endswith("/asked")
    guest.goto(link(walker, desk, "copy/link"))
    walker.look(guest, f"{lang}-51-copy-link")
    _main_button(guest)
    officer.goto(f"{walker.address}/desk/privacy/")
    press(officer.locator("main tbody a").first)
    walker.look(officer, f"{lang}-52-copy-outline")
    press(officer.locator("form[action$='/release'] button"))
    walker.look(officer, f"{lang}-53-copy-released")
    guest.goto(f"{walker.address}/privacy/case")
    walker.look(guest, f"{lang}-54-copy-ready")
    press(guest.locator("form[action$='/case/copy'] button"))
    walker.look(guest, f"{lang}-55-copy-sent")
    guest.goto(link(walker, desk, "copy/open"))
    walker.look(guest, f"{lang}-56-copy-open")
    _main_button(guest)
    walker.look(guest, f"{lang}-57-copy")
    assert email.lower() in guest.inner_text("main").lower()
    with guest.expect_download() as waiting:
        guest.locator("a[href$='copy.zip']").click()
    waiting.value.save_as(tmp_path / "copy.zip")
    assert (tmp_path / "copy.zip").stat().st_size > 500
    other = walker.enter(lang)
    other.goto(f"{walker.address}/privacy/copy")
    walker.look(other, f"{lang}-58-copy-code")
    # Whoever released it does not hand it out.
    assert officer.locator("form[action$='/copy'] button").count() == 0
    desk.goto(officer.url)
    press(desk.locator("form[action$='/copy'] button"))
    assert desk.locator(".secret").count() > 0
    walker.look(desk, f"{lang}-59-copy-slip")
    assert not walker.problems, "\n".join(walker.problems)


def link(walker: Walker, desk: Page, what: str) -> str:
    """Return the newest link of a kind among the messages the demo shows."""
    desk.goto(f"{walker.address}/desk/privacy/outbox")
    found = re.findall(rf"http://\S+/{what}/[\w-]+", desk.inner_text("main"))
    assert found
    return str(found[0])
