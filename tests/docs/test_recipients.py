"""What the pages about recipients and Celery say: their code runs, their example verifies."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from flask import Flask

from flask_guesterase.core.recipient import Identity, Notice, Stage
from flask_guesterase.core.webhook import (
    DOMAIN,
    IDEMPOTENCY,
    LARGEST_ANSWER,
    SIGNATURE,
    STATUS,
    TIMESTAMP,
    WINDOW,
    Signed,
    Way,
    body_of,
    by_secret,
    holds,
    read_answer,
    signed_bytes,
)
from flask_guesterase.recipients import Recipient
from flask_guesterase.store.access.limits import LIMITS
from flask_guesterase.store.messages.outbox import BACK_OFF
from flask_guesterase.store.partners.webhook import AGAIN, WHOLE_SECONDS
from flask_guesterase.tasks import DELIVER, SWEEP, WORK
from tests.docs.test_howto import DOCS, blocks

PAGE = "reference/webhook.md"
TEXT = (DOCS / PAGE).read_text(encoding="utf-8")
SECRET, HOST = b"correct horse battery staple", "channel.example"
SENT, ANSWERED = "1773133200", "1773136800"


def space(page: str) -> dict[str, Any]:
    """Run all code of a page as one module and return its names."""
    names: dict[str, Any] = {"__name__": "page"}
    for block in blocks(page):
        exec(compile(block, page, "exec", dont_inherit=True), names)  # noqa: S102 - the page is the test
    return names


def test_the_notice_of_the_page_is_what_is_sent() -> None:
    """Its body is made byte for byte, its signature holds, and the page's own code says so too."""
    body, answer = (block.strip() for block in blocks(PAGE, "json"))
    value = json.loads(body)
    notice = Notice(
        value["subject_request_id"],
        "channel-manager",
        value["controller_id"],
        value["property_id"],
        value["submitted_time"][:10],
        tuple(
            Identity(each["identity_type"], each["identity_value"])
            for each in value["subject_identities"]
        ),
        (),
        value["status_callback_urls"][0],
    )
    assert body_of(notice).decode() == body
    first, second = re.findall(r"X-OpenDSR-Signature: (\S+)", TEXT)
    assert first == by_secret(SECRET, signed_bytes(Way.NOTICE, HOST, SENT, body.encode()))
    headers = {DOMAIN: HOST, TIMESTAMP: SENT, SIGNATURE: first}
    assert space(PAGE)["is_genuine"](SECRET, headers, body.encode())
    assert not space(PAGE)["is_genuine"](SECRET, headers, body.encode() + b" ")
    signed = Signed(answer.encode(), ANSWERED, second)
    assert holds(signed, HOST, SECRET, "")
    assert read_answer(signed.body, notice.reference) is Stage.ACKNOWLEDGED


def test_the_page_names_what_the_code_knows() -> None:
    """Headers, statuses, waits and limits are those of the code."""
    rows = re.findall(r"^\| (.+?) \| (.+?) \|$", TEXT, re.MULTILINE)
    named = {word for row, _ in rows for word in re.findall(r"`(\w+)`", row)}
    assert set(STATUS) <= named
    for header in (DOMAIN, IDEMPOTENCY, SIGNATURE, TIMESTAMP):
        assert f"| `{header}` |" in TEXT
    assert ", ".join(map(str, BACK_OFF[:-1])) + f" and {BACK_OFF[-1]} minutes" in TEXT
    assert ", ".join(map(str, sorted(AGAIN))) in TEXT
    assert f"no reply within {WHOLE_SECONDS:.0f} seconds" in TEXT
    assert timedelta(minutes=5) == WINDOW
    assert f"more than {LARGEST_ANSWER // 1024} KiB" in TEXT
    most, window = LIMITS["answer"]
    assert (most, window) == (60, timedelta(minutes=10))


def test_the_recipes_are_recipients() -> None:
    """What the page declares can be declared, and its adapters answer."""
    names = space("how-to/recipients.md")
    declared: list[Recipient] = []
    names["declare"](SimpleNamespace(recipient=lambda *r: declared.extend(r)), "s" * 32)
    assert [each.name for each in declared] == ["channel-manager", "police-register"]
    assert names["scan"].names("id/ann.jpg")[1:] == ("id/ann.thumb.jpg", "id/web/ann.webp")
    gone: list[str] = []
    api = SimpleNamespace(unsubscribe=lambda value, idempotency_key: gone.append(value))
    notice = Notice("r", "mail", "c", "p", "2026-03-10", (Identity("email", "a@mail.example"),),
                    (("guests", (7,)),))  # fmt: skip
    assert names["MailList"](api).tell(notice) == "done"
    cache = SimpleNamespace(delete=gone.append)
    system = names["forget"](cache).system()
    assert system is not None
    system.tell(notice)
    assert gone == ["a@mail.example", "guests:7"]
    assert names["locks"].manual()


def test_the_page_about_celery_registers_its_tasks(tmp_path: Path) -> None:
    """The schedule names tasks that are there."""
    app = Flask("hotel")
    app.extensions["guesterase"] = SimpleNamespace(settings=SimpleNamespace(properties={"sh": 1}))
    celery = space("how-to/celery.md")["with_celery"](app, "memory://")
    scheduled = {entry["task"] for entry in celery.conf.beat_schedule.values()}
    assert scheduled == {WORK, SWEEP, DELIVER}
    assert {WORK, SWEEP, DELIVER} <= set(celery.tasks)
    page = (DOCS / "how-to/celery.md").read_text(encoding="utf-8")
    assert all(f"| `{name}` |" in page for name in (WORK, SWEEP, DELIVER))


@pytest.mark.parametrize("page", [PAGE, "how-to/recipients.md", "how-to/celery.md"])
def test_the_index_leads_to_the_page(page: str) -> None:
    """Nobody finds a page by chance."""
    assert f"]({page})" in (DOCS / "index.md").read_text(encoding="utf-8")
