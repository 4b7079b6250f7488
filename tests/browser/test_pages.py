"""Every page there is, from the map of addresses: in both languages, widths and colour schemes.

A page that is new is looked at because it is there. Where its address takes an argument,
`fullhouse.fill` must know a value; otherwise the page is not found, which fails.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from babel.messages.pofile import read_po
from flask import Flask
from playwright.sync_api import Browser, Page

from flask_guesterase.web.wording import language
from tests.browser.axe import Axe
from tests.browser.fullhouse import Full, fill
from tests.browser.walker import KEY, LOOK, TEXTS, WIDTHS, Walker, press

SCHEMES = ("light", "dark")
STAFF = ("sha.officer", "sha.desk", "sha.auditor")
"""Who opens the staff pages; the first who may see one does."""

STATES = ("review", "refused", "erased", "offered")
"""States of a request in which a guest looks at it."""


PAPER = ("staff-slip-1", "staff-certificate-1", "guest-certificate-1", "staff-set_up-1",
         "staff-produce-1")  # fmt: skip
"""Pages that are printed."""

PRESSABLE = """() => [...document.querySelectorAll("button, nav, select, .screen")]
  .filter(e => e.getBoundingClientRect().height).map(e => "on paper: " + e.outerHTML.slice(0, 60))
  .concat(document.documentElement.scrollWidth > innerWidth ? ["wider than paper"] : [])"""
"""What is on paper although nobody can press it there, and what does not fit, as lines."""


@pytest.fixture
def full(app: Flask) -> Full:
    """A hotel in which every page has something to show."""
    return fill(app)


@pytest.fixture
def axe(full: Full, address: str, chromium: Browser) -> Iterator[Axe]:
    """Somebody who measures what the pages are for people who cannot see them."""
    made = Axe(chromium, f"{address}/privacy/")
    yield made
    made.close()


def browsers(walker: Walker, full: Full, lang: str) -> dict[str, list[Page]]:
    """Return who opens guest pages and who opens staff pages, each in a browser of their own."""
    guests = [walker.enter(lang)]
    _answered(guests[0], f"{walker.address}/privacy/ask")
    _complained(guests[0], f"{walker.address}/privacy/complain")
    for state in STATES:
        guest = walker.enter(lang)
        guest.goto(f"{walker.address}/privacy/case/{full.codes[state].replace('-', '')}")
        guests.append(guest)
    reviewer = walker.enter(lang)
    reviewer.goto(
        f"{walker.address}/privacy/review/{full.known['guesterase_guest.review_link'][0]}"
    )
    reviewer.fill("#code", full.codes["reviewer"])
    press(reviewer.locator("main form button"))
    staff = [walker.enter(lang, login) for login in STAFF]
    return {"guesterase_guest": [*guests, reviewer], "guesterase_staff": staff}


def _answered(guest: Page, address: str) -> None:
    """Answer every question of the form, so that there is something to look at before sending."""
    send = guest.locator("main form button")
    guest.goto(address)
    press(send)
    guest.check("[name=property][value=SHA]")
    press(send)
    for field, text in (("#name", "李伟"), ("#email", "li.wei@mail.example"), ("#booking", "")):
        guest.fill(field, text)
        press(send)
    assert guest.url.endswith("/ask/check")


def _complained(guest: Page, address: str) -> None:
    """Complain without a case, so that there is a number to look at."""
    guest.goto(address)
    guest.check("[name=property][value=SHA]")
    guest.check("[name=about][value=about-other]")
    guest.fill("#text", "没有回复。")
    press(guest.locator("main form button"))
    assert guest.url.endswith("/complained")


def opened(
    walker: Walker, full: Full, lang: str, once: bool = False
) -> Iterator[tuple[str, Page]]:  # fmt: skip
    """Yield each page, open, under a name; the page of a case once for each state.

    A page that nobody may open is a problem.

    :param once: yield the page of each address for one thing it shows.
    """
    who = browsers(walker, full, lang)
    named: Counter[str] = Counter()
    for endpoint, path in full.pages():
        blueprint, _, view = endpoint.partition(".")
        name = f"{blueprint.rpartition('_')[2]}-{view}"
        if once and named[name]:
            continue
        seen = 0
        for page in who[blueprint]:
            answer = page.goto(walker.address + path)
            if answer is not None and answer.status == 200:
                seen += 1
                named[name] += 1
                yield f"{name}-{named[name]}", page
                if view != "case" or once:
                    break
        if not seen:
            walker.problems.append(f"nobody may open {path}")
    officer = who["guesterase_staff"][0]
    officer.goto(f"{walker.address}/desk/privacy/setup")
    press(officer.locator("main form button"))
    yield "staff-set_up-1", officer
    _produced(officer, walker, full.known["night"][0])
    yield "staff-produce-1", officer


def _produced(officer: Page, walker: Walker, night: str) -> None:
    """Show the register of a night of which there are lines."""
    officer.goto(f"{walker.address}/desk/privacy/register")
    officer.fill("#night", night)
    for asked in ("authority", "officer", "reference"):
        officer.fill(f"#{asked}", "A-17")
    officer.check("[name=basis][value=police-inspection]")
    press(officer.locator("main form button"))
    assert officer.locator("main tbody tr").count()


def english() -> dict[str, str]:
    """Return each message -> what it is in Chinese, where that is another text."""
    source = language._FOLDER / "zh" / "LC_MESSAGES" / "guesterase.po"
    with source.open("rb") as file:
        catalog = read_po(file, locale="zh")
    return {m.id: str(m.string) for m in catalog if isinstance(m.id, str) and m.id != m.string}


SICK = """<!doctype html><html lang="en"><head><title>Sick</title>
<link rel="stylesheet" href="/privacy/guesterase-static/guesterase.css"></head>
<body><main><p class="quiet"><a href="/"><img src="x"></a> <input></p>
<p class="plain pale">pale</p></main></body></html>"""


@pytest.mark.parametrize("lang", ["zh-CN", "en"])
@pytest.mark.long
def test_every_page_in_every_dress(walker: Walker, full: Full, axe: Axe, lang: str) -> None:
    """No page is too wide, clipped, unlabelled, of mixed languages or closed to somebody."""
    found = _wrong(walker, full, axe, lang, WIDTHS, SCHEMES)
    assert not found, "\n".join(found)


def test_every_page_on_a_telephone_at_night(walker: Walker, full: Full, axe: Axe) -> None:
    """The slice of it that the short run has time for."""
    found = _wrong(walker, full, axe, "zh-CN", WIDTHS[:1], SCHEMES[1:])
    assert not found, "\n".join(found)


@pytest.mark.parametrize("lang", ["de", "fr", "es"])
def test_the_register_of_a_night_fits_where_words_are_long(walker: Walker, lang: str) -> None:
    """Ten columns and a button a line, on the screen at a desk; on a small one they are shifted."""
    officer = walker.enter(lang, STAFF[0])
    _produced(officer, walker, (datetime.now(UTC).date() - timedelta(days=1)).isoformat())
    for width in (1100, *WIDTHS):
        officer.set_viewport_size({"width": width, "height": 780})
        assert officer.evaluate(LOOK) == [], width
    for width in (740, 900):
        officer.set_viewport_size({"width": width, "height": 780})
        # The lines are shifted in their own box; nothing else leaves the window.
        assert officer.evaluate("document.documentElement.scrollWidth") == width
        assert officer.evaluate("document.querySelector('main .lines').scrollWidth") > width


def test_what_is_wrong_is_seen(address: str, chromium: Browser) -> None:
    """The measure can fail: a picture, a link and a field without a name, a text too pale."""
    axe = Axe(chromium, f"{address}/privacy/")
    axe.put(SICK, WIDTHS[0])
    rules = {line.partition(":")[0] for line in axe.ask("light")}
    assert rules >= {"image-alt", "link-name", "label"}
    axe.put(SICK.replace('pale"', '" style="opacity:.4"'), WIDTHS[0])
    assert "color-contrast" in {line.partition(":")[0] for line in axe.ask("dark")}
    axe.close()


def _wrong(
    walker: Walker, full: Full, axe: Axe, lang: str, widths: tuple[int, ...],
    schemes: tuple[str, ...],
) -> list[str]:  # fmt: skip
    """Look at each page in some widths and schemes; return what is wrong, a line each."""
    foreign = english().keys() - walker.names if lang.startswith("zh") else set()
    found: list[str] = []
    for name, page in opened(walker, full, lang, once=len(widths) == 1):
        said = page.evaluate(TEXTS)
        found += [f"{name} shows a key: {text}" for text in said
                  if KEY.fullmatch(text) and text not in walker.names]  # fmt: skip
        found += [f"{name} says in English: {text}" for text in said if text in foreign]
        if name in PAPER:
            found += [f"{name}: {line}" for line in _printed(walker, page, f"{name}-{lang}")]
        for width in widths:
            page.set_viewport_size({"width": width, "height": 780})
            found += [f"{name} at {width}: {line}" for line in page.evaluate(LOOK)]
            axe.put(page.content(), width)
            for scheme in schemes:
                found += [f"{name}, {width}, {scheme}: {line}" for line in axe.ask(scheme)]
                if walker.folder is not None:
                    axe.picture(walker.folder / f"page-{lang}-{name}-{width}-{scheme}.png")
    return [*walker.problems, *found]


def _printed(walker: Walker, page: Page, name: str) -> list[str]:
    """Look at a page as it comes out on A4; return what is wrong."""
    page.set_viewport_size({"width": 690, "height": 980})
    page.emulate_media(media="print")
    found: list[str] = page.evaluate(PRESSABLE)
    if walker.folder is not None:
        page.screenshot(path=walker.folder / f"paper-{name}.png", full_page=True)
    page.emulate_media(media="screen")
    return found
