"""What whoever watches the installation is told: health in words, figures behind a token."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import event, update

from flask_guesterase import health_pages
from flask_guesterase.core.errors import SetupError
from flask_guesterase.metrics import metrics_pages
from flask_guesterase.store import tables
from flask_guesterase.store.upkeep import health as store_health
from flask_guesterase.web.joining import health
from tests.web.test_sweep import OLD, Front

DOCS = Path(__file__).parent.parent.parent / "docs" / "how-to"
TOKEN = "only-for-this-test"
BEARER = {"Authorization": f"Bearer {TOKEN}"}


@pytest.fixture
def front(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Front]:
    """The two hotels, a form due at each, with both addresses and an answer asked anew."""
    made = Front(tmp_path)
    made.forms.form(1, OLD)
    made.forms.form(2, OLD, "be")
    made.app.register_blueprint(health_pages, url_prefix="/health")
    made.app.register_blueprint(metrics_pages(TOKEN), url_prefix="/metrics")
    monkeypatch.setattr(health, "LASTING", 0.0)
    yield made
    made.forms.engine.dispose()


def state(front: Front) -> tuple[int, Any]:
    answer = front.app.test_client().get("/health/")
    return answer.status_code, answer.json


def figures(front: Front) -> dict[tuple[str, ...], float]:
    """Return every sample: name and values of labels, by the labels' order -> its value."""
    answer = front.app.test_client().get("/metrics/", headers=BEARER)
    assert answer.status_code == 200
    families = text_string_to_metric_families(answer.text)
    return {
        (sample.name.removeprefix("guesterase_"), *map(sample.labels.get, sorted(sample.labels))):
            sample.value
        for family in families
        for sample in family.samples
    }


def blocks(page: str) -> list[str]:
    """Return the Python of a how-to page."""
    return re.findall(r"```python\n(.*?)```", (DOCS / page).read_text(encoding="utf-8"), re.DOTALL)


def test_the_page_about_watching_says_what_is_there(front: Front) -> None:
    """Its code runs as it stands; its tables list every word and every metric, and no other."""
    app = Flask("hotel")
    app.config["METRICS_TOKEN"] = TOKEN
    for code in blocks("monitor.md"):
        exec(code, {"app": app})  # noqa: S102 - the page is the test
    served = {str(rule) for rule in app.url_map.iter_rules()}
    assert {"/privacy-health/", "/privacy-metrics/"} <= served
    page = (DOCS / "monitor.md").read_text(encoding="utf-8")
    words = set(re.findall(r"^\| `([a-z-]+)` \|", page, re.MULTILINE))
    told = re.findall(r'"([a-z]+(?:-[a-z]+)+)"', inspect.getsource(store_health))
    assert words == set(told)
    front.forms.sweep()
    text = front.app.test_client().get("/metrics/", headers=BEARER).text
    there = set(re.findall(r"^# TYPE (\w+)", text, re.MULTILINE))
    assert set(re.findall(r"guesterase_\w+", page)) == there


# health


def test_a_house_that_is_well_says_so_and_nothing_else(front: Front) -> None:
    """Two words for strangers: no count, no day, no name of a hotel or table."""
    front.forms.sweep()
    assert state(front) == (200, {"status": "well", "problems": []})


def ill_heart(front: Front) -> None:
    front.forms.leap(hours=27)


def ill_clock(front: Front) -> None:
    front.forms.leap(hours=-2)


def ill_tables(front: Front) -> None:
    with front.forms.engine.begin() as conn:
        conn.exec_driver_sql("DROP TABLE guesterase_version")


def ill_keys(front: Front) -> None:
    front.forms.custodian.path.rename(front.forms.custodian.path.with_name("elsewhere"))


def ill_root(front: Front) -> None:
    for root in front.forms.custodian.path.glob("root-*"):
        root.unlink()


def ill_entry(front: Front) -> None:
    with front.forms.engine.begin() as conn:
        newest = tables.entry.c.position == int(
            conn.exec_driver_sql("SELECT max(position) FROM guesterase_entry").scalar_one()
        )
        conn.execute(update(tables.entry).where(newest).values(leaf="0" * 64))


def ill_text(front: Front) -> None:
    with front.forms.engine.begin() as conn:
        conn.execute(update(tables.entry).values(body="{}"))


def ill_head(front: Front) -> None:
    with front.forms.engine.begin() as conn:
        conn.execute(tables.entry.delete().where(tables.entry.c.position > 1))


def ill_database(front: Front) -> None:
    @event.listens_for(front.forms.engine, "checkout")
    def refuse(raw: Any, _: Any, __: Any) -> None:
        raw.execute("PRAGMA query_only = ON")


def ill_register(front: Front) -> None:
    with front.app.app_context():
        folder = Path(front.extension.settings.register)
    folder.rename(folder.with_name("elsewhere"))


@pytest.mark.parametrize(
    ("spoil", "word"),
    [
        (ill_heart, "heartbeat-stale"),
        (ill_clock, "clock-doubted"),
        (ill_tables, "tables-pending"),
        (ill_keys, "custodian-unreachable"),
        (ill_root, "custodian-unreachable"),
        (ill_entry, "journal-broken"),
        (ill_text, "journal-broken"),
        (ill_head, "journal-broken"),
        (ill_register, "register-missing"),
        (ill_database, "database-read-only"),
    ],
    ids=lambda value: value.__name__ if callable(value) else value,
)
def test_each_ill_is_told_by_its_word(front: Front, spoil: Any, word: str) -> None:
    """503 and the word, with nothing of what it is about."""
    with front.app.app_context():
        front.extension.sweep()
        front.extension.sweep("officer")
    assert state(front)[0] == 200
    spoil(front)
    status, told = state(front)
    assert status == 503
    assert word in told["problems"]
    assert set(told) == {"status", "problems"}


@pytest.mark.long
def test_strangers_cannot_make_the_database_work(
    front: Front, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Within five seconds the same answer is given again, whatever happened."""
    monkeypatch.setattr(health, "LASTING", 60.0)
    front.forms.sweep()
    assert state(front)[0] == 200
    front.forms.leap(hours=27)
    assert state(front)[0] == 200


# metrics


def test_figures_are_what_they_count(front: Front) -> None:
    """Backlog with its age, requests, sweep, outbox, journal, stop and clock, as they stand."""
    front.forms.form(3, date(2025, 3, 5))
    front.forms.form(4, date(2026, 3, 1))
    front.forms.sweep()
    front.forms.run(lambda office: office.request({"email": "g4@mail.example"}, property="mu"))
    found = figures(front)
    assert found["due_rows", "guest_register", "mu", "forms"] == 2
    # Gone on 2026-02-01; it is the 10th of March.
    assert found["due_oldest_seconds", "guest_register", "mu", "forms"] == 37 * 86400
    assert found["requests", "received"] == 1
    assert found["requests_overdue",] == 0
    front.forms.sweep("officer")
    found = figures(front)
    assert ("due_rows", "guest_register", "mu", "forms") not in found
    assert found["sweep_did", "expired"] == 3
    assert found["sweep_age_seconds",] == found["heartbeat_age_seconds",] == 0
    assert (found["halted",], found["clock_doubted",]) == (0, 0)
    entries = found["journal_entries",]
    front.forms.run(lambda office: office.halt_sweep("officer", "upkeep"))
    front.forms.later(days=32)
    found = figures(front)
    assert found["halted",] == 1
    assert found["journal_entries",] == entries + 2
    assert found["requests_overdue",] == 1
    assert found["sweep_age_seconds",] == 32 * 86400


def test_figures_tell_of_nobody(front: Front) -> None:
    """No name, address, number of a request or name of a hotel is among them."""
    front.forms.sweep()
    number = front.forms.run(
        lambda office: office.request({"email": "g1@mail.example"}, property="mu")
    )
    text = front.app.test_client().get("/metrics/", headers=BEARER).text
    assert 'property="mu"' in text
    for value in ("Ada", "Roe", "mail.example", number, "Fir", "Elm"):
        assert value not in text


def test_nobody_reads_figures_without_the_token(front: Front) -> None:
    """Anything but the token is told nothing."""
    wrong = (f"Basic {TOKEN}", f"Bearer {TOKEN}x", f"Bearer {TOKEN[:-1]}", "Bearer ü")
    for text in ("", "Bearer ", *wrong):
        answer = front.app.test_client().get("/metrics/", headers={"Authorization": text})
        assert (answer.status_code, answer.data) == (401, b""), text


def test_without_a_token_only_who_audits_everywhere_reads_figures(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No access by default; a permission at one property is not enough."""
    front = Front(tmp_path)
    front.app.register_blueprint(metrics_pages(), url_prefix="/metrics")
    assert front.app.test_client().get("/metrics/", headers=BEARER).status_code == 401
    empty = {"Authorization": "Bearer"}
    assert front.app.test_client().get("/metrics/", headers=empty).status_code == 401
    granted = {"mu"}
    monkeypatch.setattr(
        front.extension, "may", lambda who, right, place: right == "audit" and place in granted
    )
    officer = front.browser("officer")
    assert officer.client.get("/metrics/").status_code == 401
    granted.add("be")
    assert officer.client.get("/metrics/").status_code == 200
    front.forms.engine.dispose()


def test_a_short_token_is_refused() -> None:
    """A token that can be guessed is none."""
    with pytest.raises(SetupError):
        metrics_pages("short")
