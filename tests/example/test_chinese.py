"""Every page and letter of the demo hotel, read in Chinese: no run of English words on any."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from flask import Flask
from markupsafe import escape

from example_pms import db, lawful
from example_pms.foreign import Foreign
from example_pms.recipients import recipients
from example_pms.seed import seed
from flask_guesterase.core.recipient import ByHand
from flask_guesterase.core.treatment import Keep
from flask_guesterase.web.extension import Guesterase
from flask_guesterase.web.wording import cited
from tests.browser.fullhouse import Full, fill
from tests.web.chinese import english, lines, narrow, read
from tests.web.house import QUESTIONS

from .conftest import Clerk, hotel_app

STAFF = ("sha.officer", "sha.officer2", "sha.desk", "sha.auditor", "lej.officer")
STATES = ("review", "refused", "erased", "offered")
"""States of a request in which a guest looks at it."""

LETTER = re.compile(r'<div class="letter" lang="en">.*?</div>', re.DOTALL)
"""A letter to a guest who asked in English."""


@pytest.fixture
def full(tmp_path: Path) -> Iterator[Full]:
    """A hotel in which every page has something to show, and the law was decided."""
    app = hotel_app(tmp_path, f"sqlite:///{tmp_path / 'hotel.sqlite'}")
    done = app.test_cli_runner().invoke(args=["guesterase", "db", "upgrade"])
    assert done.exit_code == 0, done.output
    with app.app_context():
        seed(db.session(), 60, 7, datetime.now(UTC).date(), scans=tmp_path / "scans")
        db.session.remove()
        lawful.decide(app.extensions["guesterase"].extension)
    yield fill(app)
    with app.app_context():
        db.engine.dispose()


def host_said(app: Flask) -> list[str]:
    """Return what the hotel itself says in English, which no language says otherwise."""
    extension: Guesterase = app.extensions["guesterase"].extension
    told = recipients(app)
    names = [*db.metadata.tables, *Foreign.metadata.tables, *(each.name for each in told)]
    calls = [how for hotel in extension.settings.properties.values() for _, how in hotel.calls]
    hands = [each.adapter.instruction for each in told if isinstance(each.adapter, ByHand)]
    plain = [re.sub("[_-]", " ", name) for name in names]
    kept = [
        rule.reason for declared in extension.datamap.tables.values()
        for rule in declared.rules.values() if isinstance(rule, Keep)
    ]  # fmt: skip
    said = {str(escape(text)) for text in (*calls, *hands, *plain, *kept, lawful.SOURCE)}
    return sorted((text for text in said if " " in text), key=len, reverse=True)


def in_chinese(full: Full, login: str = "", state: str = "") -> Clerk:
    """Return a browser of a member of staff, or of the guest of a request, that reads Chinese."""
    clerk = full.guest(state) if state else full.clerk(login)
    assert 'lang="zh-Hans"' in clerk.get("/privacy/?lang=zh")
    return clerk


def guests(full: Full) -> list[Clerk]:
    """Return a guest who answered every question, one in each state, and the reviewer outside."""
    asking = in_chinese(full)
    form = {"wish": "erase", "property": "SHA", "name": "李伟", "email": "li.wei@mail.example",
            "phone": "", "booking": ""}  # fmt: skip
    for page, names in QUESTIONS.items():
        asking.post(page, {name: form[name] for name in names}, page=page)
    reviewer = in_chinese(full)
    page = f"/privacy/review/{full.known['guesterase_guest.review_link'][0]}"
    assert reviewer.post(page, {"code": full.codes["reviewer"]}, page=page).status_code == 303
    return [asking, *(in_chinese(full, state=state) for state in STATES), reviewer]


@pytest.mark.long
def test_every_page_and_letter_of_the_demo_is_chinese(full: Full) -> None:
    """From the map of addresses: as every guest and every role, with the law of China and Germany.

    What the hotel itself says (whom to call, what to do by hand) is in the hotel's words. A letter
    to somebody else is in their language, and says so.
    """
    with full.app.app_context():
        own = host_said(full.app)
    readers = {
        "guesterase_guest": guests(full),
        "guesterase_staff": [in_chinese(full, login) for login in STAFF],
    }
    packs = [*cited.CITED, *cited.UNKNOWN, *cited.NOTES]
    problems, unseen, signs = [], [], []
    # Who opens a case by its code looks at that one from then on.
    for endpoint, path in sorted(full.pages(), key=lambda page: page[0].endswith(".remember")):
        seen = False
        for reader in readers[endpoint.partition(".")[0]]:
            answer = reader.client.get(path, follow_redirects=True)
            if answer.status_code != 200:
                continue
            seen = True
            page = LETTER.sub("", answer.text)
            for text in own:
                page = page.replace(text, "")
            problems += [f"{path}: {run}" for piece in read(page) for run in english(piece)]
            problems += [f"{path}: {text}" for text in packs if english(text) and text in page]
            signs += [f"{path}: {line}" for line in lines(page) if narrow(line)]
        unseen += [] if seen else [path]
    assert not problems, "\n".join(dict.fromkeys(problems))
    assert not signs, "\n".join(dict.fromkeys(signs))
    assert not unseen
