"""A whole request by keyboard alone and without scripts: Tab, Space, Enter and what is typed."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import Page, expect

from flask_guesterase.store.training.courses import course
from tests.browser.test_cases import WALKS, refused
from tests.browser.test_copy import link
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
    write(guest, "#name", " ")
    push(guest, "main button")
    # Whoever does not see the page is taken to what is wrong, and hears it with the field.
    expect(guest.locator("#name[aria-describedby~=name-wrong]")).to_be_focused()
    guest.keyboard.type("李伟")
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


def choose(page: Page, name: str, value: str) -> None:
    """Go to a group of round buttons and choose one by the arrows."""
    go(page, f"[name='{name}']")
    for _ in range(MOST):
        if page.evaluate(FOCUSED, f"[name='{name}'][value='{value}']") == "there":
            page.keyboard.press("Space")
            return
        page.keyboard.press("ArrowDown")
    raise AssertionError(f"the arrows do not lead to {value} on {page.url}")


@pytest.mark.long
def test_a_complaint_needs_no_mouse(walker: Walker) -> None:
    """The guest complains, another officer overturns the refusal and sends the letter."""
    number, code = refused(walker, WALKS[0])
    guest = walker.enter("zh-CN")
    guest.goto(f"{walker.address}/privacy/case")
    write(guest, "#code", code)
    push(guest, "main form button")
    push(guest, "main a[href$='/complain']")
    choose(guest, "about", "about-refusal")
    write(guest, "#text", "I showed my passport.")
    push(guest, "main form button")
    assert guest.inner_text("h1") == WALKS[0].complained
    second = walker.enter("zh-CN", "sha.officer2")
    second.goto(f"{walker.address}/desk/privacy/complaints")
    push(second, "main tbody a")
    choose(second, "outcome", "overturned")
    write(second, "#words", "…")
    push(second, "form[action$='/letter'] button")
    push(second, "form[action$='/answer'] button")
    second.goto(f"{walker.address}/desk/privacy/{number}")
    assert WALKS[0].decided in second.inner_text("main .chip")
    assert not walker.problems, "\n".join(walker.problems)


@pytest.mark.long
def test_an_incident_needs_no_mouse(walker: Walker) -> None:
    """The desk reports, an officer classifies and writes, another one sends the letter."""
    desk = f"{walker.address}/desk/privacy"
    clerk = walker.enter("en", "lej.desk")
    clerk.goto(f"{desk}/incidents/new")
    choose(clerk, "kind", "lost-device")
    write(clerk, "#text", "The laptop of the night desk is gone.")
    push(clerk, "main form button")
    officer = walker.enter("en", "lej.officer")
    officer.goto(f"{desk}/incidents")
    push(officer, "main tbody a")
    choose(officer, "severity", "risk-high")
    choose(officer, "cause", "theft")
    go(officer, "form[action$='/classify'] details > summary")
    officer.keyboard.press("Enter")
    go(officer, "[name=column]")
    officer.keyboard.press("Space")
    push(officer, "form[action$='/classify'] button")
    push(officer, "form[action$='/reach'] button")
    write(officer, "form[action$='/told'] [name=reference]", "A-17")
    push(officer, "form[action$='/told'] button")
    write(officer, "form[action$='/propose'] textarea", "A laptop was stolen.")
    push(officer, "form[action$='/propose'] button")
    second = walker.enter("en", "lej.officer2")
    second.goto(officer.url)
    push(second, "form[action$='/send'] button")
    assert not second.locator("form[action$='/send']").count()
    assert not walker.problems, "\n".join(walker.problems)


@pytest.mark.long
def test_the_register_at_night_needs_no_mouse(walker: Walker) -> None:
    """One clerk on duty produces what an authority asked for, the day typed in parts."""
    clerk = walker.enter("zh-CN", "sha.desk")
    clerk.goto(f"{walker.address}/desk/privacy/register")
    night = datetime.now(UTC).date() - timedelta(days=1)
    go(clerk, "#night")
    # A field for a day is laid out in the language of the browser itself, which is English here.
    clerk.keyboard.type(f"{night:%m%d%Y}")
    assert clerk.input_value("#night") == night.isoformat()
    for field in ("authority", "officer", "reference"):
        write(clerk, f"#{field}", "A-17")
    choose(clerk, "basis", "police-inspection")
    push(clerk, "main form button")
    assert clerk.locator("main tbody tr").count()
    assert not walker.problems, "\n".join(walker.problems)


@pytest.mark.long
def test_a_copy_needs_no_mouse(walker: Walker) -> None:
    """A guest asks for a copy and proves it, an officer releases it, the guest opens it."""
    guest = walker.enter("en")
    guest.goto(f"{walker.address}/privacy/ask")
    choose(guest, "wish", "copy")
    push(guest, "main form button")
    choose(guest, "property", "LEJ")
    push(guest, "main form button")
    write(guest, "#name", "Juergen Mueller")
    push(guest, "main form button")
    write(guest, "#email", "Juergen.Mueller@mail.example")
    for _ in ("contact", "booking", "check"):
        push(guest, "main form button")
    desk = walker.enter("en", "lej.desk")
    guest.goto(link(walker, desk, "copy/link"))
    push(guest, "main form button")
    officer = walker.enter("en", "lej.officer")
    officer.goto(f"{walker.address}/desk/privacy/")
    push(officer, "main tbody a")
    push(officer, "form[action$='/release'] button")
    guest.goto(f"{walker.address}/privacy/case")
    push(guest, "form[action$='/case/copy'] button")
    guest.goto(link(walker, desk, "copy/open"))
    push(guest, "main form button")
    assert "juergen.mueller@mail.example" in guest.inner_text("main").lower()
    go(guest, "a[href$='copy.zip']")
    with guest.expect_download() as waiting:
        guest.keyboard.press("Enter")
    assert waiting.value.suggested_filename.endswith(".zip")
    assert not walker.problems, "\n".join(walker.problems)


@pytest.mark.long
def test_a_claim_code_needs_no_mouse(walker: Walker) -> None:
    """The desk prints a slip for a guest without a contact, who proves by its code."""
    desk, guest = walker.enter("zh-CN", "sha.desk"), walker.enter("zh-CN")
    desk.goto(f"{walker.address}/desk/privacy/claims")
    choose(desk, "property", "SHA")
    choose(desk, "key", "email")
    write(desk, "#value", "li.wei@mail.example")
    write(desk, "#name", "李伟")
    push(desk, "main form button")
    code = desk.inner_text(".secret")
    guest.goto(f"{walker.address}/privacy/")
    push(guest, "a[href$='/privacy/claim']")
    write(guest, "#code", code)
    write(guest, "#name", "李伟")
    push(guest, "main form button")
    push(guest, "main a.button")
    assert re.search(r"GR-[0-9A-Z]{8}", guest.inner_text("main"))
    assert not walker.problems, "\n".join(walker.problems)


@pytest.mark.long
def test_a_mistake_and_a_course_need_no_mouse(walker: Walker) -> None:
    """A clerk reports a mistake and passes the course, an officer takes what is wrong."""
    page = f"{walker.address}/desk/privacy"
    clerk = walker.enter("en", "sha.desk")
    clerk.goto(f"{page}/mistake")
    choose(clerk, "kind", "seen-by-others")
    write(clerk, "#words", "The list lay on the counter")
    push(clerk, "main form button")
    officer = walker.enter("en", "sha.officer")
    officer.goto(f"{page}/watch")
    push(officer, "form[action$='/look'] button")
    push(officer, "form[action$='/take'] button")
    clerk.goto(f"{page}/training/reception")
    for place, question in enumerate(course("reception").questions):
        choose(clerk, f"q{place}", str(question.right))
    push(clerk, "main form button")
    assert "Passed, with" in clerk.inner_text("main")
    assert not walker.problems, "\n".join(walker.problems)


@pytest.mark.long
def test_setting_up_needs_no_mouse(walker: Walker) -> None:
    """An officer answers the ten questions and has a page to print."""
    officer = walker.enter("en", "lej.officer")
    officer.goto(f"{walker.address}/desk/privacy/setup")
    choose(officer, "foreign", "some")
    write(officer, "#deputy", "second@linden.example")
    push(officer, "main form button")
    assert "second@linden.example" in officer.inner_text("main")
    assert not walker.problems, "\n".join(walker.problems)
