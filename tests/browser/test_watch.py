"""A mistake reported, looked after and closed, a course read and passed, in a real browser."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page

from flask_guesterase.store.training.courses import course
from tests.browser.walker import Walker, press


@pytest.mark.parametrize(
    ("lang", "seen", "passed", "fresh"),
    [("zh-CN", "有人看到了不该看的内容", "已通过", "从未打印"),
     ("en", "somebody saw what is not theirs", "Passed, with", "never printed")],
)  # fmt: skip
def test_a_mistake_is_reported_and_closed_and_the_plan_printed(
    walker: Walker, lang: str, seen: str, passed: str, fresh: str
) -> None:
    """By the button on a staff page; the officer takes it, closes it, and prints the plan."""
    desk = f"{walker.address}/desk/privacy"
    clerk = walker.enter(lang, "sha.desk")
    clerk.goto(f"{desk}/")
    press(clerk.locator("footer a"))
    walker.look(clerk, f"{lang}-41-mistake")
    clerk.check("[name=kind][value=seen-by-others]")
    clerk.fill("#words", "The list lay on the counter")
    press(clerk.locator("main form button"))
    walker.look(clerk, f"{lang}-42-reported")
    officer = walker.enter(lang, "sha.officer")
    officer.goto(f"{desk}/watch")
    press(officer.locator("main form[action$=look] button"))
    walker.look(officer, f"{lang}-43-watch")
    assert seen in officer.inner_text("main")
    assert fresh in officer.inner_text("main")
    mine = officer.locator("article", has_text="The list lay on the counter")
    press(mine.locator("form[action$=take] button"))
    mine.locator("select").select_option("fixed")
    press(mine.locator("form[action$=close] button"))
    walker.look(officer, f"{lang}-44-closed")
    assert mine.count() == 0
    officer.goto(f"{desk}/emergency")
    walker.look(officer, f"{lang}-45-plan")
    press(officer.locator("main form[action$=emergency] button"))
    walker.look(officer, f"{lang}-46-printed")
    officer.goto(f"{desk}/watch")
    press(officer.locator("main form[action$=look] button"))
    assert fresh not in officer.locator("article").all_inner_texts()
    _school(walker, clerk, lang, passed)
    assert not walker.problems, "\n".join(walker.problems)


def _school(walker: Walker, clerk: Page, lang: str, passed: str) -> None:
    """Read a course and take its quiz twice: once to learn, once to pass."""
    desk = f"{walker.address}/desk/privacy"
    clerk.goto(f"{desk}/training")
    walker.look(clerk, f"{lang}-47-courses")
    press(clerk.locator("main article a").first)
    clerk.goto(f"{desk}/training/reception")
    walker.look(clerk, f"{lang}-48-course")
    questions = course("reception").questions
    for place in range(len(questions)):
        clerk.check(f"[name=q{place}][value='0']")
    press(clerk.locator("main form button"))
    walker.look(clerk, f"{lang}-49-not-passed")
    assert passed not in clerk.inner_text("main")
    clerk.goto(f"{desk}/training/reception")
    for place, question in enumerate(questions):
        clerk.check(f"[name=q{place}][value='{question.right}']")
    press(clerk.locator("main form button"))
    walker.look(clerk, f"{lang}-50-passed")
    assert passed in clerk.inner_text("main")


def test_the_plan_prints_without_buttons(walker: Walker) -> None:
    """On paper there are steps and names, and nothing to press."""
    officer = walker.enter("en", "sha.officer")
    officer.goto(f"{walker.address}/desk/privacy/emergency")
    officer.emulate_media(media="print")
    assert officer.get_by_text("Whom to call").is_visible()
    assert not officer.locator("button").first.is_visible()
    assert not officer.locator("nav.menu").is_visible()
