"""A house with one person in a real browser: who is outside is told, and stops the erasure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from flask import Flask

from example_pms import privacy
from tests.browser.conftest import demo
from tests.browser.walker import Walker, press
from tests.post import Post

OVERSEER = "notary@linden.example"
WALKS = (("zh-CN", "sha", "li.wei@mail.example"), ("en", "lej", "Juergen.Mueller@mail.example"))


@pytest.fixture
def app(
    tmp_path: Path, post: tuple[Post, str], monkeypatch: pytest.MonkeyPatch
) -> Iterator[Flask]:
    """The demo hotel, each of whose houses has an overseer, and whose letters leave."""
    hotels = [replace(each, overseer=OVERSEER) for each in privacy._hotels()]
    monkeypatch.setattr(privacy, "_hotels", lambda: hotels)
    settings = {
        "GUESTERASE_MAIL": post[1], "GUESTERASE_SENDER": "hotel@pine.example",
        "GUESTERASE_BASE_URL": "http://hotel.example/privacy/",
    }  # fmt: skip
    with demo(tmp_path, **settings) as made:
        yield made


def _page(app: Flask, post: tuple[Post, str]) -> str:
    """Let the worker send what is due; return the path in the newest letter to who is outside."""
    with app.app_context():
        app.extensions["guesterase"].extension.work()
    found = re.search(r"http://hotel\.example(/privacy/stop/[\w-]+)", post[0].to(OVERSEER)[-1])
    assert found is not None
    return found[1]


@pytest.mark.parametrize(("lang", "house", "email"), WALKS)
def test_an_officer_alone_and_who_is_outside(
    app: Flask, walker: Walker, post: tuple[Post, str], lang: str, house: str, email: str
) -> None:
    """Filed, verified and approved by one person; the notice stops it; approved again, it waits."""
    desk = f"{walker.address}/desk/privacy"
    officer = walker.enter(lang, f"{house}.officer")
    officer.goto(f"{desk}/new")
    officer.check("[name=key][value=email]")
    officer.fill("#value", email)
    press(officer.locator("main form button"))
    case = f"{desk}/{officer.url.rpartition('/')[2]}"
    officer.check("[name=how][value=desk]")
    press(officer.locator("form[action$=confirm] button"))
    officer.goto(case)
    assert OVERSEER in officer.inner_text("main")
    walker.look(officer, f"{lang}-81-alone")
    press(officer.locator("form[action$=approve] button"))
    walker.look(officer, f"{lang}-82-waits")
    assert officer.locator("form[action$=approve]").count() == 0
    outside = walker.enter(lang)
    outside.goto(walker.address + _page(app, post))
    walker.look(outside, f"{lang}-83-stop")
    press(outside.locator("main form button"))
    walker.look(outside, f"{lang}-84-stopped")
    officer.goto(case)
    walker.look(officer, f"{lang}-85-stopped")
    press(officer.locator("form[action$=approve] button"))
    outside.goto(walker.address + _page(app, post))
    assert outside.locator("main form button").count() == 1
    assert len(post[0].to(OVERSEER)) == 2
    assert not walker.problems, "\n".join(walker.problems)
