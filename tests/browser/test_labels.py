"""On a telephone, what heads a page or a value is read as words, not as pieces of them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from flask_guesterase.web.wording import rendering
from flask_guesterase.web.wording.language import Language

PUT = """words => {
  const row = document.createElement("tr"), table = document.createElement("table");
  table.className = "cards"; document.querySelector("main").append(table); table.append(row);
  return words.map(word => {
    const cell = document.createElement("td"), whole = document.createElement("span");
    cell.dataset.label = word; row.append(cell);
    const style = getComputedStyle(cell, "::before");
    whole.textContent = word; whole.style.whiteSpace = "nowrap";
    whole.style.fontSize = style.fontSize;
    cell.append(whole);
    const room = parseFloat(style.width), wide = whole.getBoundingClientRect().width;
    return wide > room ? word : "";
  }).filter(word => word);
}"""
"""Put labels beside values in a table of ours; return those that do not fit."""


def test_a_label_is_not_broken_within_a_word(address: str, chromium: Browser) -> None:
    """The head of the commonest German column stood there as "Eingegange" and "n"."""
    context = chromium.new_context(locale="de", viewport={"width": 360, "height": 780})
    page = context.new_page()
    page.goto(f"{address}/privacy/")
    assert page.evaluate(PUT, ["Eingegangen", "Eingangsweg", "Beantwortet", "Destinatario"]) == []
    context.close()


HEADED = """words => {
  const head = document.querySelector("h1"), part = document.createElement("span");
  part.style.whiteSpace = "nowrap"; head.replaceChildren(part);
  return words.filter(word => {
    part.textContent = word;
    return part.getBoundingClientRect().width > head.getBoundingClientRect().width;
  });
}"""
"""Put each word into the head of a page; return those that do not fit into one line."""

HEADS = re.compile(r'<h1>{{ _\("([^"]+)"\)')


@pytest.mark.parametrize("lang", ["de", "es", "fr"])
def test_the_head_of_a_page_is_not_broken_within_a_word(
    address: str, chromium: Browser, lang: str
) -> None:
    """What a German guest holds in the end was a "Löschbescheinigun" and a "g"."""
    folder = Path(rendering.__file__).parent.parent / "templates"
    heads = {head for page in folder.rglob("*.html") for head in HEADS.findall(page.read_text())}
    words = sorted({word for head in heads for word in Language(lang).gettext(head).split()})
    assert len(words) > 50
    context = chromium.new_context(locale=lang, viewport={"width": 360, "height": 780})
    page = context.new_page()
    page.goto(f"{address}/privacy/")
    assert page.evaluate(HEADED, words) == []
    context.close()
