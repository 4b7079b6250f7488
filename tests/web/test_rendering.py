"""Our pages are rendered as they were written, however strict the host is with its own."""

from __future__ import annotations

import pytest
from flask import Flask, render_template_string
from jinja2 import StrictUndefined, UndefinedError

from flask_guesterase.web.wording.rendering import template_of
from tests.web.house import CANARY, House


def test_a_strict_host_has_our_pages_and_letters(house: House) -> None:
    """From the guest's form to the letter, the plan and the approval; its own pages stay house."""
    house.app.jinja_env.undefined = StrictUndefined
    guest, desk, officer = house.browser(), house.browser("clerk"), house.browser("officer")
    assert guest.ask(name=CANARY, email="ann@mail.example").status_code == 303
    house.worker()
    assert "/privacy/link/" in desk.get("/desk/privacy/outbox")
    number = house.request()
    desk.post(f"/desk/privacy/{number}/confirm", how="desk")
    house.settle(number)
    assert "invoices" in officer.get(f"/desk/privacy/{number}")
    officer.get("/desk/privacy/nothing", 404)
    with house.app.test_request_context(), pytest.raises(UndefinedError):
        render_template_string("{{ nothing }}")


def test_a_host_without_any_of_our_pages_writes_letters() -> None:
    """It answers by its own pages; the worker finds our texts without a blueprint of ours."""
    bare = Flask(__name__)
    with bare.app_context():
        assert template_of("guesterase/mail/done.txt").name == "guesterase/mail/done.txt"
        assert template_of("original/guesterase/mail/done.txt").name is not None
