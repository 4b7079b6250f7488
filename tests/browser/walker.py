"""Somebody who walks through pages as a guest or a member of staff, and looks at each closely."""

from __future__ import annotations

import re
from pathlib import Path

from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Locator,
    Page,
    Response,
    expect,
)

from example_pms.hotel import demo_password
from tests.browser.axe import Axe

WIDTHS = (360, 1280)
"""Pixels: a small telephone, and the screen at a desk."""

LOOK = """() => {
  const wide = document.documentElement.clientWidth, wrong = [];
  if (document.documentElement.scrollWidth > wide) wrong.push("the page is wider than the window");
  for (const e of document.querySelectorAll("main *, header *, footer *")) {
    const style = getComputedStyle(e), box = e.getBoundingClientRect();
    if (!box.width || !box.height || !e.innerText || e.closest(".skip, thead")) continue;
    const name = e.tagName + " " + e.innerText.slice(0, 30);
    if (box.left < -1 || box.right > wide + 1) wrong.push("outside the window: " + name);
    if (e.scrollWidth > e.clientWidth + 1 && style.display !== "inline" && e.clientWidth)
      wrong.push("clipped: " + name);
  }
  for (const e of document.querySelectorAll("input:not([type=hidden]), select"))
    if (!e.labels.length) wrong.push("without a label: " + e.name);
  const ids = [...document.querySelectorAll("[id]")].map(e => e.id);
  if (new Set(ids).size !== ids.length) wrong.push("an id twice");
  if (document.querySelectorAll("h1").length !== 1) wrong.push("not exactly one h1");
  if (!document.documentElement.lang) wrong.push("no language");
  return wrong;
}"""
"""What is wrong with how a page looks, as lines."""

TEXTS = """() => {
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT), said = [];
  while (texts.nextNode())
    if (!texts.currentNode.parentElement.closest("code, .mono, [lang]:not(html)"))
      said.push(texts.currentNode.nodeValue.trim());
  return said.filter(text => text);
}"""
"""What a page says in its own language, piece by piece; machine words and other languages not."""

KEY = re.compile(r"(?!e-mail$)[a-z]+([-_][a-z]+)+|.*%\(\w+\).*|.*\{[{%].*", re.DOTALL)
"""What is a key of a message or a placeholder, and no text for people."""


def press(what: Locator) -> None:
    """Press a button or a link and wait for the page behind it."""
    with what.page.expect_navigation():
        what.click()


class Walker:
    """Opens browsers at the demo hotel and keeps pictures.

    :param browser: a running browser.
    :param address: where the demo hotel is.
    :param folder: where pictures go, or None.
    """

    def __init__(self, browser: Browser, address: str, folder: Path | None) -> None:
        self.browser = browser
        self.address = address
        self.folder = folder
        self.contexts: list[BrowserContext] = []
        self.problems: list[str] = []
        self.looked_at = 0
        self.names: set[str] = set()
        self.axe: Axe | None = None
        if folder is not None:
            folder.mkdir(parents=True, exist_ok=True)

    def enter(self, lang: str, login: str = "") -> Page:
        """Open a browser of its own, without scripts, logged in when a login is given."""
        context = self.browser.new_context(
            locale=lang, accept_downloads=True, java_script_enabled=False
        )
        self.contexts.append(context)
        page = context.new_page()
        page.on("console", self._said)
        page.on("pageerror", lambda error: self.problems.append(f"page: {error}"))
        page.on("response", self._answered)
        if login:
            page.goto(f"{self.address}/login")
            # Whoever types before the page has put its focus is told so on the console.
            expect(page.locator("[name=login]")).to_be_focused()
            page.fill("[name=login]", login)
            page.fill("[name=password]", demo_password(login))
            press(page.locator("main button"))
        return page

    def _said(self, message: ConsoleMessage) -> None:
        # What does not load is noted by `_answered`, which knows what was meant to fail.
        if not message.text.startswith("Failed to load resource"):
            self.problems.append(f"console: {message.text}")

    def _answered(self, response: Response) -> None:
        page = response.request.resource_type == "document"
        if response.status >= (500 if page else 400) or not response.url.startswith(self.address):
            self.problems.append(f"{response.status} {response.url}")

    def look(self, page: Page, name: str) -> None:
        """Look at a page in both widths, note what is wrong, keep a picture of each."""
        self.looked_at += 1
        if self.axe is None:
            self.axe = Axe(self.browser, f"{self.address}/privacy/")
        # Chinese at night and English by day, so that both schemes are measured once each.
        scheme = "dark" if page.locator("html[lang^=zh]").count() else "light"
        self.axe.put(page.content(), WIDTHS[0])
        self.problems += [f"{name}, {scheme}: {line}" for line in self.axe.ask(scheme)]
        keys = [text for text in page.evaluate(TEXTS) if KEY.fullmatch(text)]
        keys = [key for key in keys if key not in self.names]
        self.problems += [f"{name} shows a key: {key}" for key in keys]
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 780})
            self.problems += [f"{name} at {width}: {line}" for line in page.evaluate(LOOK)]
            if self.folder is not None:
                page.screenshot(path=self.folder / f"{name}-{width}.png", full_page=True)

    def close(self) -> None:
        """Close every browser."""
        if self.axe is not None:
            self.axe.close()
        for context in self.contexts:
            context.close()
