"""The pages where our own colours are not painted: in colours a reader chose, and on paper."""

from __future__ import annotations

from playwright.sync_api import Browser

DOT = "e => { const s = getComputedStyle(e, '::before'); return [s.backgroundColor, s.%s]; }"
"""What the dot of a step is filled with, and one more property of it."""


def test_where_a_case_stands_is_seen_in_a_readers_own_colours(
    address: str, chromium: Browser
) -> None:
    """A dot that is reached is filled, one that is to come is not; a printer fills it as well."""
    context = chromium.new_context(locale="en", forced_colors="active")
    page = context.new_page()
    page.goto(f"{address}/privacy/asked")
    now, next_ = page.locator(".steps li[aria-current]"), page.locator(".steps li").last
    reached, _ = now.evaluate(DOT % "borderTopColor")
    to_come, paper = next_.evaluate(DOT % "backgroundColor")
    assert to_come == paper
    assert reached != to_come
    assert now.evaluate(DOT % "printColorAdjust")[1] == "exact"
    context.close()
