"""A shared desk: a tick at check-out, who it is, the slip; the register at night, in a browser."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import Page

from tests.browser.walker import Walker, press

PIN = "482915"


def act(page: Page, who: str = "sha.desk") -> None:
    """Say on the page that asks who it is, and send what waits."""
    page.fill("#guesterase_who", who)
    page.fill("#guesterase_pin", PIN)
    press(page.locator("main form button"))


@pytest.mark.parametrize(("lang", "alike"), [("zh-CN", "是这一位吗"), ("en", "Is it this one?")])
def test_a_shared_desk_files_with_a_tick_and_prints_the_slip(
    walker: Walker, lang: str, alike: str
) -> None:
    """Nobody acts without their PIN; the request is the clerk's, and the slip is in hand."""
    desk = f"{walker.address}/desk/privacy"
    own = walker.enter(lang, "sha.desk")
    own.goto(f"{desk}/pin")
    walker.look(own, f"{lang}-51-pin")
    own.fill("#pin", PIN)
    own.fill("#again", PIN)
    press(own.locator("main form button").first)
    page = walker.enter(lang, "sha.front")
    press(page.locator("tr", has_text="in house").locator("a").first)
    walker.look(page, f"{lang}-52-check-out")
    page.check("[name=guesterase_tick]")
    page.fill("[name=guesterase_who]", "sha.desk")
    page.fill("[name=guesterase_pin]", PIN)
    press(page.locator("form[action$=check-out] button"))
    press(page.locator(".flash.erasure a"))
    walker.look(page, f"{lang}-53-is-it-this-one")
    assert alike in page.inner_text("main")
    number = page.url.rpartition("/")[2]
    page.check("[name=how][value=desk]")
    press(page.locator("form[action$=confirm] button"))
    walker.look(page, f"{lang}-54-who")
    act(page)
    walker.look(page, f"{lang}-55-slip")
    assert page.locator(".secret").count() == 1
    page.goto(f"{desk}/reception")
    walker.look(page, f"{lang}-56-reception")
    page.fill("#number", number.removeprefix("GR-").lower())
    press(page.locator("form[action$=reception] button"))
    assert page.url.endswith(number)
    _night(walker, page, lang)
    assert not walker.problems, "\n".join(walker.problems)


def _night(walker: Walker, page: Page, lang: str) -> None:
    """Produce last night for the police, by the same person, and freeze one line of it."""
    page.goto(f"{walker.address}/desk/privacy/register")
    walker.look(page, f"{lang}-57-register")
    night = (datetime.now(UTC) - timedelta(days=1)).date().isoformat()
    values = {"night": night, "authority": "Police", "officer": "P-1", "reference": "A-1"}
    for name, value in values.items():
        page.fill(f"#{name}", value)
    page.check("[name=basis][value=police-inspection]")
    press(page.locator("main form button"))
    act(page)
    walker.look(page, f"{lang}-58-produced")
    press(page.locator("form.guesterase-freeze button").first)
    act(page)
    assert page.url.endswith("/freezes")
    walker.look(page, f"{lang}-59-frozen")
