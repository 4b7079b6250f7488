"""A guest in China, whose law gives the register no number: what case and certificate say of it."""

from __future__ import annotations

from datetime import timedelta

from flask import Flask

from flask_guesterase import Guesterase
from flask_guesterase.core.period import period
from flask_guesterase.store.deciding.amendments import House
from flask_guesterase.store.worker import carry_out

from . import travel
from .conftest import TODAY, Clerk
from .test_law import DOCUMENT, guest, guesterase

__all__ = ["guesterase"]

UNKNOWN = "Art. 6 (State Council approved; text with 2011 revision), until it is known"
KNOWN = "until May 4, 2028"


def test_case_and_certificate_say_what_is_so_today(
    app: Flask, guesterase: Guesterase
) -> None:
    """Nobody knew the day when it was answered; two people set it since, and both say it then."""
    guest(guesterase.host.engine())
    with guesterase.begin() as office:
        number = office.request({"document": DOCUMENT}, property="LEJ", by="lej.desk", lang="en")
    with guesterase.begin() as office:
        code = office.confirm(number, "lej.desk")
    with guesterase.begin() as office:
        office.approve(number, "lej.officer", office.preview(number).digest)
    carry_out(guesterase.run, number)
    browser = Clerk(app.test_client())
    browser.post("/privacy/case", {"code": code}, page="/privacy/ask?lang=en")
    pages = [browser.get(f"/privacy/case{each}") for each in ("", "/certificate")]
    assert all(UNKNOWN in page and KNOWN not in page for page in pages)
    said = House("guest_register", ("departed",), "minutes of today", period("P9Y"))
    with guesterase.begin() as office:
        id = office.house_period("SHA", said, "sha.officer")
    with guesterase.begin() as office:
        office.confirm_house(id, "sha.officer2")
    travel.to(guesterase, TODAY + timedelta(days=1))
    guesterase.sweep()
    pages = [browser.get(f"/privacy/case{each}") for each in ("", "/certificate")]
    assert all(KNOWN in page and UNKNOWN not in page for page in pages)
