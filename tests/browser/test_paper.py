"""What a guest is handed on paper: in their own language, with nothing to press."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page

from tests.browser.walker import Walker, press

SAID = """() => {
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT), said = [];
  while (texts.nextNode()) {
    const around = texts.currentNode.parentElement, text = texts.currentNode.nodeValue.trim();
    if (text && around.getClientRects().length)
      said.push([around.closest("[lang]").lang, text]);
  }
  return said;
}"""
"""What is on a page as it is shown now: each text with its language."""

PRESSED = """() => [...document.querySelectorAll("button, .button")]
  .filter(e => e.getClientRects().length).map(e => e.innerText)"""
"""What looks as if it could be pressed."""


def printed(page: Page) -> list[tuple[str, str]]:
    """Return the texts of a page as it comes out on paper, each with its language."""
    page.emulate_media(media="print")
    said: list[tuple[str, str]] = [(lang, text) for lang, text in page.evaluate(SAID)]
    assert page.evaluate(PRESSED) == []
    page.emulate_media(media="screen")
    return said


def test_what_is_handed_over_is_in_the_guests_language(walker: Walker) -> None:
    """A clerk and an officer who read Chinese; a claim code, a slip and a refusal in English."""
    desk = f"{walker.address}/desk/privacy"
    clerk, officer = (walker.enter("zh-CN", f"sha.{name}") for name in ("desk", "officer"))
    for page in ("claims", "new"):
        clerk.goto(f"{desk}/{page}")
        clerk.check("[name=key][value=email]")
        clerk.check("[name=lang][value=en]")
        clerk.fill("#value", "sun.lei@mail.example")
        clerk.fill("#name", "孙磊")
        press(clerk.locator("main form button"))
        if page == "claims":
            papers = [printed(clerk)]
    number = clerk.url.rpartition("/")[2]
    clerk.check("[name=how][value=desk]")
    press(clerk.locator("form[action$=confirm] button"))
    papers.append(printed(clerk))
    officer.goto(f"{desk}/{number}/refusal?ground=another-persons-data")
    papers.append(printed(officer))
    for said in papers:
        assert len(said) > 1
        assert [text for lang, text in said if lang != "en"] == []


def filed(walker: Walker, mailbox: str, name: str) -> Page:
    """Let a clerk file for a guest who shows who they are; return the page with the code."""
    clerk = walker.enter("en", "sha.desk")
    clerk.goto(f"{walker.address}/desk/privacy/new")
    clerk.check("[name=key][value=email]")
    clerk.fill("#value", mailbox)
    clerk.fill("#name", name)
    press(clerk.locator("main form button"))
    clerk.check("[name=how][value=desk]")
    press(clerk.locator("form[action$=confirm] button"))
    return clerk


def test_a_printed_request_says_what_is_folded_on_the_screen(walker: Walker) -> None:
    """Whose data, what goes and what stays, for the file; not the forms that wait below."""
    clerk = filed(walker, "li.wei@mail.example", "李伟")
    officer = walker.enter("en", "sha.officer")
    officer.goto(f"{walker.address}/desk/privacy/{clerk.url.split('/')[-2]}")
    officer.emulate_media(media="print")
    text = officer.inner_text("main")
    for said in ("Answer due", "What goes", "loyalty_accounts", "Why and until when"):
        assert said in text, said
    for form in ("On which ground?", "Refuse", "Login of who stands in"):
        assert form not in text, form


def test_a_guest_prints_how_their_case_stands(walker: Walker) -> None:
    """The words and days of it, without the buttons."""
    clerk, guest = filed(walker, "sun.lei@mail.example", "孙磊"), walker.enter("en")
    guest.goto(f"{walker.address}/privacy/case")
    guest.fill("#code", clerk.inner_text(".secret"))
    press(guest.locator("main form button"))
    said = {text for _, text in printed(guest)}
    assert "The days of your case" in said
    assert "What you can do" not in said


@pytest.mark.parametrize("lang", ["en", "de", "es"])
def test_the_emergency_plan_is_one_page_on_paper(walker: Walker, lang: str) -> None:
    """What hangs where it is seen has no second page that may hang elsewhere."""
    officer = walker.enter(lang, "sha.officer")
    officer.goto(f"{walker.address}/desk/privacy/emergency?property=SHA&lang={lang}")
    assert len(re.findall(rb"/Type\s*/Page\b", officer.pdf(format="A4"))) == 1
