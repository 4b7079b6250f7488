"""An officer's day and a monthly review in a real browser, in both languages, without scripts."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from playwright.sync_api import Page
from sqlalchemy import create_engine, insert

from example_pms.models import Guest
from tests.browser.walker import Walker, press

GUESTS = (("Ann Larch", "ann.larch@mail.example"), ("Bea Rowan", "bea.rowan@mail.example"))


def _newcomers(folder: Path) -> None:
    """Put two people on file who left their contact and never stayed."""
    engine = create_engine(f"sqlite:///{folder / 'pms.sqlite'}")
    with engine.begin() as conn:
        for name, email in GUESTS:
            conn.execute(
                insert(Guest).values(
                    property_code="SHA", name=name, email=email, created_on=date(2026, 1, 5)
                )
            )
    engine.dispose()


def _filed(walker: Walker, clerk: Page, email: str) -> str:
    """File and verify a request at the desk; return its number."""
    clerk.goto(f"{walker.address}/desk/privacy/new")
    clerk.check("[name=key][value=email]")
    clerk.fill("#value", email)
    press(clerk.locator("main form button"))
    number = clerk.url.rpartition("/")[2]
    clerk.check("[name=how][value=desk]")
    press(clerk.locator("form[action$=confirm] button"))
    return number


@pytest.mark.parametrize("lang", ["zh-CN", "en"])
def test_an_officers_day(walker: Walker, lang: str, tmp_path: Path) -> None:
    """Queue, hand-over, a refusal that is read first, and two requests approved together."""
    desk = f"{walker.address}/desk/privacy"
    _newcomers(tmp_path)
    clerk = walker.enter(lang, "sha.desk")
    odd = _filed(walker, clerk, "li.wei@mail.example")
    alike = {_filed(walker, clerk, email) for _, email in GUESTS}
    officer = walker.enter(lang, "sha.officer")
    officer.goto(f"{desk}/{odd}")
    walker.look(officer, f"{lang}-61-case")
    officer.locator("details:has(form[action$=duty]) > summary").click()
    officer.fill("#deputy", "sha.officer2")
    press(officer.locator("form[action$=duty] button"))
    officer.goto(f"{desk}/queue")
    assert "sha.officer2" in officer.inner_text("main")
    officer.locator("details:has(form[action$=shift]) > summary").click()
    officer.fill("#text", "Call ann@mail.example")
    press(officer.locator("form[action$=shift] button"))
    walker.look(officer, f"{lang}-62-note-refused")
    officer.fill("#text", f"{odd} …")
    press(officer.locator("form[action$=shift] button"))
    walker.look(officer, f"{lang}-63-queue")
    second = walker.enter(lang, "sha.officer2")
    second.goto(f"{desk}/queue")
    press(second.locator("form[action$=take] button"))
    walker.look(second, f"{lang}-64-taken-over")
    second.goto(f"{desk}/{odd}")
    second.locator("details:has(form[action$=refusal]) > summary").click()
    second.check("[name=ground][value=another-persons-data]")
    press(second.locator("form[action$=refusal] button"))
    walker.look(second, f"{lang}-65-letter")
    press(second.locator("form[action$=refuse] button"))
    second.goto(f"{desk}/alike")
    walker.look(second, f"{lang}-66-alike")
    assert {box.get_attribute("value").partition(":")[0]
            for box in second.locator("[name=case]").all()} == alike  # fmt: skip
    press(second.locator("form[action$=alike] button"))
    for number in alike:
        second.goto(f"{desk}/{number}")
        assert second.locator("form[action$=approve]").count() == 0
    walker.look(second, f"{lang}-67-approved")
    assert not walker.problems, "\n".join(walker.problems)


@pytest.mark.parametrize("lang", ["zh-CN", "en"])
def test_a_review_is_closed_by_a_second_person(walker: Walker, lang: str) -> None:
    """Opened with frozen figures, a member, a finding and an action; the other one closes it."""
    desk = f"{walker.address}/desk/privacy"
    officer = walker.enter(lang, "sha.officer")
    officer.goto(f"{desk}/figures")
    officer.locator("details:has(form[action$=published]) > summary").click()
    officer.check("[name=measure][value=median-days]")
    for name, text in (("value", "12"), ("house", "Larch Group"), ("source", "Report, page 4")):
        officer.fill(f"#{name}", text)
    officer.fill("#on", "2026-01-05")
    press(officer.locator("form[action$=published] button"))
    assert "Larch Group" in officer.inner_text("main")
    walker.look(officer, f"{lang}-71-beside")
    officer.goto(f"{desk}/reviews")
    press(officer.locator("main form button"))
    officer.fill("#login", "sha.officer2")
    press(officer.locator("form[action$=members] button"))
    officer.fill("#text", "Answers come in time. 答复及时。")
    press(officer.locator("form[action$=findings] button"))
    officer.locator("details:has(form[action$=actions]) > summary").click()
    officer.fill("#what", "Train the night desk. 培训夜班。")
    officer.fill("#owner", "sha.desk")
    officer.fill("#due", "2999-01-01")
    press(officer.locator("form[action$=actions] button"))
    walker.look(officer, f"{lang}-72-review")
    assert officer.locator("form[action$=close]").count() == 0
    second = walker.enter(lang, "sha.officer2")
    second.goto(officer.url)
    press(second.locator("form[action$=close] button"))
    walker.look(second, f"{lang}-73-closed")
    assert second.locator("form[action$=findings]").count() == 0
    clerk = walker.enter(lang, "sha.desk")
    clerk.goto(f"{desk}/queue")
    press(clerk.locator("form[action$=done] button"))
    walker.look(clerk, f"{lang}-74-done")
    second.goto(f"{desk}/reviews")
    walker.look(second, f"{lang}-75-reviews")
    assert not walker.problems, "\n".join(walker.problems)


@pytest.mark.parametrize("lang", [pytest.param("zh-CN", marks=pytest.mark.long), "en"])
def test_an_answer_takes_longer_once(walker: Walker, lang: str) -> None:
    """The officer of the German house says why; the page shows the new day and asks no more."""
    number = _filed(walker, walker.enter(lang, "lej.desk"), "Juergen.Mueller@mail.example")
    officer = walker.enter(lang, "lej.officer")
    officer.goto(f"{walker.address}/desk/privacy/{number}")
    officer.locator("details:has(form[action$=extend]) > summary").click()
    officer.check("form[action$=extend] [value=complex]")
    walker.look(officer, f"{lang}-76-extend")
    press(officer.locator("form[action$=extend] button"))
    walker.look(officer, f"{lang}-77-extended")
    assert officer.locator("form[action$=extend]").count() == 0
    assert not walker.problems, "\n".join(walker.problems)
