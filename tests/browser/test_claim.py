"""A claim code in a real browser, without scripts: from the slip to the case."""

from __future__ import annotations

import re

import pytest

from tests.browser.walker import Walker, press


@pytest.mark.parametrize("lang", [pytest.param("en", marks=pytest.mark.long), "zh-CN"])
def test_a_walk_in_proves_by_claim_code(walker: Walker, lang: str) -> None:
    """The desk prints, the guest enters code and name, follows, and comes back with the case code.

    Each page in both widths; a wrong name first, which is told in words and not in an error page.
    """
    desk, guest = walker.enter(lang, "sha.desk"), walker.enter(lang)
    desk.goto(f"{walker.address}/desk/privacy/claims")
    walker.look(desk, f"{lang}-81-claim-form")
    desk.check("[name=property][value=SHA]")
    desk.check("[name=key][value=email]")
    desk.fill("#value", "li.wei@mail.example")
    desk.fill("#name", "李伟")
    press(desk.locator("main form button"))
    walker.look(desk, f"{lang}-82-claim-slip")
    code = desk.inner_text(".secret")
    assert re.fullmatch(r"([0-9A-Z]{4}-){3}[0-9A-Z]{4}", code)
    assert "李伟" not in desk.inner_text("main")
    guest.goto(f"{walker.address}/privacy/")
    press(guest.locator("a[href$='/privacy/claim']"))
    walker.look(guest, f"{lang}-83-claim")
    for name in ("王芳", "李伟"):
        guest.fill("#code", code.lower())
        guest.fill("#name", name)
        press(guest.locator("main form button"))
        walker.look(guest, f"{lang}-84-claim-{'proved' if name == '李伟' else 'wrong'}")
    assert code not in guest.url
    case = guest.inner_text(".secret")
    press(guest.locator("main a.button"))
    walker.look(guest, f"{lang}-85-claim-case")
    number = re.search(r"GR-[0-9A-Z]{8}", guest.inner_text("main"))
    assert number is not None
    press(guest.locator("form[action$='/case/leave'] button"))
    guest.goto(f"{walker.address}/privacy/case")
    guest.fill("#code", case)
    press(guest.locator("main form button"))
    assert number[0] in guest.inner_text("main")
    problems = [each for each in walker.problems if not each.startswith("410 ")]
    assert not problems, "\n".join(problems)
