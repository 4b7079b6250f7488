"""On a telephone, what a table says beside a value is read as words, not as pieces of them."""

from __future__ import annotations

from playwright.sync_api import Browser

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
