"""Complaints and incidents in a real browser, in both languages, without scripts."""

from __future__ import annotations

import re
from dataclasses import dataclass

import pytest
from playwright.sync_api import Page

from tests.browser.walker import Walker, press


@dataclass(frozen=True)
class Words:
    """What somebody who walks through the pages looks for in one language."""

    lang: str
    house: str
    email: str
    complain: str
    complained: str
    rate: str
    contested: str
    decided: str
    late: str
    authority: str


WALKS = (
    Words(
        "zh-CN", "sha", "li.wei@mail.example", "投诉", "已收到您的投诉", "评价办理情况", "您已投诉",
        "待决定", "立即", "CN/authority",
    ),
    Words(
        "en", "lej", "Juergen.Mueller@mail.example", "Complain", "Your complaint is with us",
        "Say how it went", "You complained", "to be decided", "hours are left", "EU/authority",
    ),
)  # fmt: skip


def _link(page: Page, text: str) -> None:
    press(page.locator("main").get_by_role("link", name=text, exact=True))


def refused(walker: Walker, words: Words) -> tuple[str, str]:
    """File, verify and refuse a request; return its number and the case code of the slip."""
    desk = f"{walker.address}/desk/privacy"
    clerk = walker.enter(words.lang, f"{words.house}.desk")
    clerk.goto(f"{desk}/new")
    clerk.check("[name=key][value=email]")
    clerk.fill("#value", words.email)
    press(clerk.locator("main form button"))
    number = clerk.url.rpartition("/")[2]
    clerk.check("[name=how][value=desk]")
    press(clerk.locator("form[action$=confirm] button"))
    code = clerk.inner_text(".secret")
    officer = walker.enter(words.lang, f"{words.house}.officer")
    officer.goto(f"{desk}/{number}")
    officer.locator("details:has(form[action$=refusal]) > summary").click()
    officer.check("[name=ground][value=another-persons-data]")
    press(officer.locator("form[action$=refusal] button"))
    press(officer.locator("form[action$=refuse] button"))
    return number, code


@pytest.mark.parametrize("words", WALKS, ids=lambda words: words.lang)
def test_a_complaint_is_overturned(walker: Walker, words: Words) -> None:
    """The guest complains, another officer reads the letter and sends it; the case is reopened."""
    number, code = refused(walker, words)
    guest = walker.enter(words.lang)
    guest.goto(f"{walker.address}/privacy/case")
    guest.fill("#code", code)
    press(guest.locator("main form button"))
    _link(guest, words.rate)
    walker.look(guest, f"{words.lang}-41-feedback")
    guest.check("[name=rating][value='2']")
    press(guest.locator("main form button"))
    _link(guest, words.complain)
    walker.look(guest, f"{words.lang}-42-complain")
    guest.check("[name=about][value=about-refusal]")
    guest.fill("#text", "I showed my passport to the night clerk. 我出示过护照。")
    press(guest.locator("main form button"))
    assert guest.inner_text("h1") == words.complained
    walker.look(guest, f"{words.lang}-43-complained")
    guest.goto(f"{walker.address}/privacy/case")
    assert words.contested in guest.inner_text("main")
    walker.look(guest, f"{words.lang}-44-contested")
    second = walker.enter(words.lang, f"{words.house}.officer2")
    second.goto(f"{walker.address}/desk/privacy/complaints")
    walker.look(second, f"{words.lang}-45-complaints")
    press(second.locator("main tbody a").first)
    walker.look(second, f"{words.lang}-46-complaint")
    _reviewer(walker, second, words)
    second.check("[name=outcome][value=overturned]")
    second.fill("#words", "…")
    press(second.locator("form[action$=letter] button"))
    walker.look(second, f"{words.lang}-49-letter")
    press(second.locator("form[action$=answer] button:not(.plain)"))
    second.goto(f"{walker.address}/desk/privacy/{number}")
    assert words.decided in second.inner_text("main .chip")
    guest.goto(f"{walker.address}/privacy/complain")
    walker.look(guest, f"{words.lang}-50-complain-without-a-case")
    clerk = walker.enter(words.lang, f"{words.house}.desk")
    clerk.goto(f"{walker.address}/desk/privacy/complaints/new")
    walker.look(clerk, f"{words.lang}-51-file-a-complaint")
    assert not walker.problems, "\n".join(walker.problems)


def _reviewer(walker: Walker, second: Page, words: Words) -> None:
    """Invite somebody from outside, who says what they think; go back to the complaint."""
    page = second.url
    second.locator("details:has(form[action$=invite]) > summary").click()
    second.check("[name=mode][value=recommend]")
    press(second.locator("form[action$=invite] button"))
    link = re.search(r"http://\S+/review/[\w-]+", second.inner_text("main"))
    assert link is not None
    outside = walker.enter(words.lang)
    outside.goto(link[0])
    walker.look(outside, f"{words.lang}-47-review-code")
    outside.fill("#code", second.inner_text(".note .secret"))
    press(outside.locator("main form button"))
    walker.look(outside, f"{words.lang}-48-review")
    outside.check("[name=outcome][value=overturned]")
    press(outside.locator("main form button"))
    second.goto(page)


@pytest.mark.parametrize("words", WALKS, ids=lambda words: words.lang)
def test_an_incident_with_its_clock(walker: Walker, words: Words) -> None:
    """The desk reports, an officer classifies, looks up and tells; another one reads the letter."""
    desk = f"{walker.address}/desk/privacy"
    clerk = walker.enter(words.lang, f"{words.house}.desk")
    clerk.goto(f"{desk}/incidents/new")
    walker.look(clerk, f"{words.lang}-61-report")
    clerk.check("[name=kind][value=lost-device]")
    clerk.fill("#text", "The laptop of the night desk is gone. 夜班笔记本电脑丢失。")
    press(clerk.locator("main form button"))
    walker.look(clerk, f"{words.lang}-62-reported")
    officer = walker.enter(words.lang, f"{words.house}.officer")
    officer.goto(f"{desk}/incidents")
    walker.look(officer, f"{words.lang}-63-incidents")
    press(officer.locator("main tbody a").first)
    assert words.late in officer.inner_text("main")
    walker.look(officer, f"{words.lang}-64-incident")
    officer.check("[name=severity][value=risk-high]")
    officer.check("[name=cause][value=theft]")
    officer.locator("form[action$=classify] details > summary").first.click()
    officer.locator("[name=column]").first.check()
    press(officer.locator("form[action$=classify] button"))
    press(officer.locator("form[action$=reach] button"))
    walker.look(officer, f"{words.lang}-65-measured")
    press(officer.locator(f"a[href*='{words.authority.replace('/', '%2F')}'], "
                          f"a[href*='{words.authority}']").first)  # fmt: skip
    walker.look(officer, f"{words.lang}-66-notice")
    officer.go_back()
    officer.locator("form[action$=told]").first.locator("[name=reference]").fill("A-17")
    press(officer.locator("form[action$=told] button").first)
    officer.locator("form[action$=propose] textarea").fill("A laptop was stolen. 一台电脑被盗。")
    press(officer.locator("form[action$=propose] button"))
    walker.look(officer, f"{words.lang}-67-proposed")
    second = walker.enter(words.lang, f"{words.house}.officer2")
    second.goto(officer.url)
    press(second.locator("form[action$=send] button"))
    walker.look(second, f"{words.lang}-68-told")
    assert not walker.problems, "\n".join(walker.problems)
