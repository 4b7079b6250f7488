"""A whole request by keyboard alone and without scripts: Tab, Space, Enter and what is typed."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page

from tests.browser.walker import Walker

FOCUSED = """wanted => {
  const here = document.activeElement, style = here && getComputedStyle(here);
  if (!here || here === document.body) return "nowhere";
  if (style.outlineStyle === "none" && here.matches(":focus-visible")) return "unseen";
  return here.matches(wanted) ? "there" : "elsewhere";
}"""
MOST = 80
"""Presses of Tab after which what is wanted is not on the way."""


def go(page: Page, wanted: str) -> None:
    """Press Tab until what is wanted has the focus, which can be seen at every stop."""
    for _ in range(MOST):
        page.keyboard.press("Tab")
        where = page.evaluate(FOCUSED, wanted)
        assert where != "unseen", page.evaluate("document.activeElement.outerHTML")
        if where == "there":
            return
    raise AssertionError(f"Tab does not lead to {wanted} on {page.url}")


def write(page: Page, wanted: str, text: str) -> None:
    """Go to a field and type."""
    go(page, wanted)
    page.keyboard.type(text)


def push(page: Page, wanted: str, key: str = "Enter") -> None:
    """Go to a link or a button and press it, and wait for the page behind it."""
    go(page, wanted)
    with page.expect_navigation():
        page.keyboard.press(key)


def test_a_request_needs_no_mouse_and_no_script(walker: Walker) -> None:
    """A guest asks and proves the mailbox, an officer approves and erases, the guest reads it."""
    guest = walker.enter("zh-CN")
    assert guest.evaluate("() => document.scripts.length") == 0
    guest.goto(f"{walker.address}/privacy/")
    push(guest, "main a[href$='/ask']")
    go(guest, "[name=wish][value=erase]")
    push(guest, "main button")
    go(guest, "[name=property]")
    guest.keyboard.press("Space")
    push(guest, "main button")
    write(guest, "#name", "李伟")
    push(guest, "main button")
    write(guest, "#email", "li.wei@mail.example")
    push(guest, "main button")
    write(guest, "#booking", "")
    push(guest, "main button")
    assert guest.url.endswith("/ask/check")
    assert {"李伟", "li.wei@mail.example"} <= set(guest.inner_text("main").split())
    push(guest, "main button")
    assert guest.url.endswith("/asked")

    desk = walker.enter("zh-CN", "sha.desk")
    desk.goto(f"{walker.address}/desk/privacy/outbox")
    link = re.search(r"http://\S+/link/[\w-]+", desk.inner_text("main"))
    assert link is not None
    guest.goto(link[0])
    push(guest, "main button", "Space")

    officer = walker.enter("zh-CN", "sha.officer")
    officer.goto(f"{walker.address}/desk/privacy/")
    push(officer, "main tbody a")
    push(officer, "form[action$='/approve'] button")
    if officer.locator("form[action$='/erase']").count():
        push(officer, "form[action$='/erase'] button")

    guest.goto(f"{walker.address}/privacy/case")
    push(guest, "main a[href$='/certificate']")
    assert "李伟" not in guest.inner_text("main")
    assert guest.locator("main .mono").count()
    assert not walker.problems, "\n".join(walker.problems)


@pytest.mark.long
def test_the_menu_and_a_refusal_need_no_mouse(walker: Walker) -> None:
    """What folds opens by Enter, what is behind it is next, and the first stop skips the menu."""
    desk = walker.enter("zh-CN", "sha.desk")
    desk.goto(f"{walker.address}/desk/privacy/new")
    go(desk, ".skip")
    desk.keyboard.press("Enter")
    desk.keyboard.press("Tab")
    assert desk.evaluate(FOCUSED, "main *") == "there"
    go(desk, "[name=key]")
    for _ in range(8):
        if desk.evaluate(FOCUSED, "[name=key][value=email]") == "there":
            break
        desk.keyboard.press("ArrowDown")
    write(desk, "#value", "sun.lei@mail.example")
    push(desk, "main form button")
    go(desk, "[name=how][value=desk]")
    desk.keyboard.press("Space")
    push(desk, "form[action$='/confirm'] button")
    officer = walker.enter("zh-CN", "sha.officer")
    officer.goto(f"{walker.address}/desk/privacy/")
    go(officer, ".menu summary")
    officer.keyboard.press("Enter")
    officer.keyboard.press("Tab")
    assert officer.evaluate(FOCUSED, ".menu details a") == "there"
    push(officer, "main tbody a")
    go(officer, "details:has(form[action$='/refusal']) > summary")
    officer.keyboard.press("Enter")
    go(officer, "[name=ground]")
    officer.keyboard.press("Space")
    push(officer, "form[action$='/refusal'] button")
    push(officer, "form[action$='/refuse'] button")
    assert not officer.locator("form[action$='/refuse']").count()
    assert not walker.problems, "\n".join(walker.problems)
