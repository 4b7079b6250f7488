"""Pages and commands of the failure watch, the emergency plan, backups and the bundle."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert

from flask_guesterase.backups import Backup
from flask_guesterase.core.emergency import EDITION
from flask_guesterase.store import tables
from flask_guesterase.store.lawbook.packs import bundled
from flask_guesterase.store.training.courses import course
from flask_guesterase.store.upkeep import upgrade
from flask_guesterase.web.wording import instructions
from tests.store.hotel import Guest
from tests.web.house import CANARY, PROPERTIES, House
from tests.web.test_cli import Console, code_of

DESK = "/desk/privacy"
NOTICED = (datetime.now(UTC) - timedelta(hours=20)).strftime("%Y-%m-%dT%H:%M")


def failed(house: House, place: str = "sh") -> None:
    """Put a message into the outbox that was given up."""
    now = datetime.now(UTC).replace(tzinfo=None, microsecond=0)
    with house.hotel.engine.begin() as conn:
        conn.execute(insert(tables.outbox).values(
            property=place, kind="message", channel="smtp", template="done", dedupe=f"d:{place}",
            state="failed", attempts=9, next_at=now, done_at=now,
        ))  # fmt: skip


def looked(house: House) -> None:
    """Look over everything."""
    with house.app.app_context(), house.extension.begin() as office:
        office.look_over()


def numbers(house: House, kind: str) -> list[int]:
    """Return the numbers of open alerts of a kind."""
    return [
        row["id"] for row in house.hotel.ours("alert")
        if row["kind"] == kind and row["closed_at"] is None
    ]  # fmt: skip


def test_the_list_shows_each_with_its_next_step(house: House) -> None:
    """Kind, hotel, since when, who noticed, owner, deputy, age and next step; in both languages."""
    failed(house)
    watcher = house.browser("watcher")
    assert watcher.post(f"{DESK}/watch/look", f"{DESK}/watch").status_code == 303
    page = watcher.get(f"{DESK}/watch", wish="en")
    for text in ("message failed", "Hotel Pine", "Next step", "print the letter", "0 days",
                 "the programme", "nobody is named"):  # fmt: skip
        assert text in page, text
    assert "下一步" in watcher.get(f"{DESK}/watch?lang=zh")


def test_a_list_that_nobody_looked_over_says_so(house: House) -> None:
    """Before the first sweep none has stopped looking: the page says that nothing was looked at,
    and what to do; once somebody looked it says of sweeps what is true of one that never ran."""
    hotel = house.hotel
    hotel.now = datetime.now(UTC) - timedelta(hours=40)
    with hotel.begin() as office:
        office.request({"email": "ann@mail.example", "name": CANARY}, property="sh", by="clerk")
    hotel.later(hours=40)
    watcher = house.browser("watcher")
    page = watcher.get(f"{DESK}/watch", wish="en")
    assert "Nothing was looked at here yet" in page
    assert "any more" not in page
    looked(house)
    page = watcher.get(f"{DESK}/watch", wish="en")
    assert "Nothing was looked at here yet" not in page
    assert "No sweep has looked by itself for more than 36 hours" in page
    assert "any more" not in page


@pytest.mark.parametrize("page", ["watch", "emergency"])
@pytest.mark.parametrize("lang", ["en", "zh", "ja"])
def test_a_command_is_set_as_one_and_shows_no_mark_of_its_own(
    house: House, page: str, lang: str
) -> None:
    """Whoever types it from paper types no backtick, which a shell takes for something else."""
    looked(house)
    told = house.browser("watcher").get(f"{DESK}/{page}?lang={lang}")
    assert re.search(r"<code>flask guesterase [\w -]+</code>", told) is not None
    assert "`" not in told


def test_one_takes_and_closes(house: House) -> None:
    """Who took it is shown; a ground closes it, and the closed one is listed."""
    failed(house)
    looked(house)
    (id_,) = numbers(house, "message-failed")
    watcher = house.browser("watcher")
    assert watcher.post(f"{DESK}/watch/{id_}/take", f"{DESK}/watch").status_code == 303
    assert "Looked after by" in watcher.get(f"{DESK}/watch", wish="en")
    closed = watcher.post(f"{DESK}/watch/{id_}/close", f"{DESK}/watch", ground="accepted")
    assert closed.status_code == 303
    assert "known and accepted" in watcher.get(f"{DESK}/watch", wish="en")
    assert numbers(house, "message-failed") == []
    wrong = watcher.post(f"{DESK}/watch/{id_}/close", f"{DESK}/watch", ground="gone")
    assert wrong.status_code == 422


def test_what_is_wrong_since_a_day_is_told_by_that_day(house: House) -> None:
    """A day has no hour, and west of Greenwich its midnight would be the day before."""
    state = house.app.extensions["guesterase"]
    west = {
        code: replace(hotel, zone="America/Los_Angeles") if code == "sh" else hotel
        for code, hotel in state.settings.properties.items()
    }
    state.settings = replace(state.settings, properties=west)
    since, noticed = datetime(2026, 2, 1), datetime(2026, 2, 3, 12)
    with house.hotel.engine.begin() as conn:
        conn.execute(insert(tables.alert).values(
            kind="past-due", property="sh", about="forms/guest_register", count=2,
            controller="pine-ltd", since=since, noticed_at=noticed, noticed_by="system",
        ))  # fmt: skip
    page = house.browser("watcher").get(f"{DESK}/watch", wish="en")
    assert "<dd>February 1, 2026</dd>" in page
    assert "<dd>forms: guest register</dd>" in page
    german = house.browser("watcher").get(f"{DESK}/watch?lang=de")
    assert "<dd>forms: Gästeverzeichnis (Meldescheine)</dd>" in german


def test_an_alert_of_another_hotel_is_neither_seen_nor_closed(house: House) -> None:
    """The list, the filter and both buttons are of the reader's own hotel; the house is all's."""
    failed(house, "mu")
    looked(house)
    (id_,) = numbers(house, "message-failed")
    watcher, far = house.browser("watcher"), house.browser("far-watcher")
    for path in (f"{DESK}/watch", f"{DESK}/watch?property=mu"):
        page = watcher.get(path, wish="en")
        assert "message failed" not in page
        assert "the whole house" in page
    assert "message failed" in far.get(f"{DESK}/watch", wish="en")
    for act in ("take", "close"):
        answer = watcher.post(f"{DESK}/watch/{id_}/{act}", f"{DESK}/watch", ground="fixed")
        assert answer.status_code == 404


def test_every_staff_page_has_the_button(house: House) -> None:
    """For who may report, and for nobody else."""
    reporter = house.browser("reporter")
    for path in ("/", "/new", "/outbox", "/mistake", "/emergency"):
        assert f'href="{DESK}/mistake"' in reporter.get(DESK + path)
    assert "/mistake" not in house.browser("clerk").get(f"{DESK}/")


@pytest.mark.parametrize(
    ("kind", "incident"),
    [("sent-wrongly", "wrong-recipient"), ("seen-by-others", "leak"),
     ("wrong-erased", "wrong-erasure"), ("not-backed-up", "")],
)  # fmt: skip
def test_a_mistake_that_may_be_a_leak_is_led_to_where_the_clocks_are(
    house: House, kind: str, incident: str
) -> None:
    """A report to the watch alone starts no clock of the law, and nobody has seventy-two hours."""
    reporter, page = house.browser("reporter"), f"{DESK}/mistake"
    answer = reporter.post(page, page, property="sh", kind=kind, noticed=NOTICED, words="")
    assert answer.status_code == 200
    found = re.findall(rf'class="button" href="{DESK}/incidents/new\?kind=([\w-]+)"', answer.text)
    assert found == ([incident] if incident else [])
    if incident:
        form = reporter.get(f"{DESK}/incidents/new?kind={incident}")
        assert re.search(rf'value="{incident}" required checked', form)


def test_a_mistake_is_reported_and_read_by_who_watches(house: House) -> None:
    """By a clerk, in their words; on no page of anybody else, and in no log or journal."""
    reporter = house.browser("reporter")
    words = f"{CANARY} saw the list of room 12"
    form = {"property": "sh", "kind": "seen-by-others", "noticed": NOTICED, "words": words}
    answer = reporter.post(f"{DESK}/mistake", f"{DESK}/mistake", **form)
    assert answer.status_code == 200
    (id_,) = numbers(house, "mistake")
    assert str(id_) in answer.text
    assert words in house.browser("watcher").get(f"{DESK}/watch")
    assert words not in house.browser("far-watcher").get(f"{DESK}/watch")
    assert not any(CANARY in str(house.hotel.ours(name)) for name in ("alert", "entry", "outbox"))
    for wrong in ({"noticed": ""}, {"noticed": "2099-01-01T10:00"}, {"kind": "x"},
                  {"property": "mu"}):  # fmt: skip
        back = reporter.post(f"{DESK}/mistake", f"{DESK}/mistake", **{**form, **wrong})
        assert back.status_code == 422, wrong
    assert len(numbers(house, "mistake")) == 1


def test_a_mistake_is_noticed_on_the_hotels_clock(house: House) -> None:
    """What is written as ten o'clock in Shanghai was noticed at two in the morning, UTC."""
    day = (datetime.now(UTC) - timedelta(days=2)).date().isoformat()
    house.browser("reporter").post(
        f"{DESK}/mistake", f"{DESK}/mistake", property="sh", kind="not-erased",
        noticed=f"{day}T10:00",
    )  # fmt: skip
    (row,) = [row for row in house.hotel.ours("alert") if row["kind"] == "mistake"]
    assert row["since"].isoformat() == f"{day}T02:00:00"


def test_the_emergency_plan_prints_and_asks_again(sqlite_url: str, tmp_path: Path) -> None:
    """Whom to call, what to do, where things lie; changed, page and alert ask for a new print."""
    hotels = tuple(
        replace(each, calls={"police": "110", "custodian": "Notary Oak, 555-0100"})
        for each in PROPERTIES
    )
    house = House(sqlite_url, tmp_path, hotels)
    reporter = house.browser("reporter")
    page = reporter.get(f"{DESK}/emergency", wish="en")
    for text in ("Notary Oak, 555-0100", "Data leaked", "guesterase replay", "Key folder",
                 "Privacy officer", "was never printed", "Fingerprint",
                 "<dt>Police</dt>", "<dt>Data-protection authority</dt>"):  # fmt: skip
        assert text in page, text
    assert "数据库从备份恢复" in reporter.get(f"{DESK}/emergency?lang=zh")
    mark = re.search(r'name="fingerprint" value="([0-9a-f]{64})"', page)
    assert mark is not None
    form = {"property": "sh", "fingerprint": mark[1]}
    assert reporter.post(f"{DESK}/emergency", f"{DESK}/emergency", **form).status_code == 303
    after = reporter.get(f"{DESK}/emergency?lang=en")
    assert "Printed last on" in after
    assert "was never printed" not in after
    changed = replace(hotels[0], officer="officer@pine.example")
    house.app.extensions["guesterase"].settings = replace(
        house.app.extensions["guesterase"].settings,
        properties={"sh": changed, "mu": hotels[1]},
    )
    assert "changed since it was printed" in reporter.get(f"{DESK}/emergency")
    stale = reporter.post(f"{DESK}/emergency", f"{DESK}/emergency", **form)
    assert stale.status_code == 409
    far = house.browser("far-watcher").get(f"{DESK}/emergency?property=sh")
    assert "Hotel Pine" not in far
    house.hotel.engine.dispose()


@pytest.mark.parametrize(
    ("country", "lines"),
    [
        ("CN", ("主管部门：立即，《个人信息保护法》第五十七条", "客人（对个人可能有风险）：立即，",
                "主管部门（对个人有高风险）：4 小时内，《国家网络安全事件报告管理办法》")),
        ("DE", ("主管部门（对个人可能有风险）：72 小时内，GDPR第33条第1款",
                "客人（对个人有高风险）：立即，")),
        ("", ("主管部门（对个人可能有风险）：72 小时内，酒店自定：",)),
    ],
)  # fmt: skip
def test_the_plan_says_who_must_be_told_of_a_leak_by_the_law_there(
    sqlite_url: str, tmp_path: Path, country: str, lines: tuple[str, ...]
) -> None:
    """Whom and how fast, from the packs; not how a guest complains of a refusal."""
    place = replace(PROPERTIES[0], country=country, region="")
    house = House(sqlite_url, tmp_path, (place, PROPERTIES[1]))
    watcher = house.browser("reporter")
    page = watcher.get(f"{DESK}/emergency?lang=zh")
    plain = re.sub(r"<[^>]+>", "", page)
    for line in lines:
        assert line in plain, line
    assert "酒店拒绝您的请求时" not in plain
    officer = house.browser("officer")
    officer.get(f"{DESK}/?lang=zh")
    form = {"property": "sh", "law": country or "CN", "foreign": "some", "mail": "print"}
    sheet = officer.post(f"{DESK}/setup", f"{DESK}/setup", **form).text
    assert "主管部门" in re.sub(r"<[^>]+>", "", sheet.partition("须通知谁")[2])[:80]
    house.session.remove()
    house.hotel.engine.dispose()


def test_the_instructions_are_of_this_edition() -> None:
    """Who changes a step counts the edition up, so that every plan is printed again."""
    said = hashlib.sha256(repr(instructions.CASES).encode()).hexdigest()[:16]
    assert (EDITION, said) == (4, "6145513378b0193d")


def test_the_plan_keeps_keys_and_register_out_of_a_restore() -> None:
    """Who restores them too loses what the copy never knew, so the paper says so first."""
    steps = dict(instructions.CASES)["The database was restored from a backup"]
    assert "Never restore the key folder and the register of erasures" in steps[0]
    replay = next(i for i, step in enumerate(steps) if "replay --yes" in step)
    assert "connect no channel" in steps[replay - 1]


def test_neither_plan_nor_course_gives_more_time_after_a_leak_than_a_law() -> None:
    """A hotel in China has four hours at worst and no hour at all otherwise (F014, F015): the sheet
    that hangs at the desk, and what the officer learns, say so as the packs do."""
    shortest = min(
        alarm.hours for pack in bundled().values() for alarm in pack.alarms if alarm.hours
    )
    steps = [step for _, case in instructions.CASES for step in case if "72" in step]
    (screen,) = [each for each in course("officer").screens if "72" in each.text["en"]]
    for text in (*steps, screen.text["en"], screen.text["zh"]):
        assert re.search(rf"\b{shortest}\b", text), text
        assert "at once" in text or "立即" in text
        assert "within a day" not in text


def test_the_watch_command_ends_with_one_when_something_is_wrong(house: House) -> None:
    """It looks, lists as JSON, and can be asked for one hotel; closing needs a code."""
    failed(house)
    console = Console(house.app)
    found = console.json("watch", "--property", "sh", code=1)
    assert {"message-failed", "backup-missing"} <= {row["kind"] for row in found}
    id_ = next(str(row["id"]) for row in found if row["kind"] == "message-failed")
    console.raw("alert", "take", id_, "--by", "watcher", "--code", code_of(house, "watcher"))
    by = ["--by", "watcher", "--code", code_of(house, "watcher")]
    console.raw("alert", "close", id_, "--ground", "accepted", *by)
    kinds = {row["kind"] for row in console.json("watch", "--quiet", code=1)}
    assert "message-failed" not in kinds
    by = ["--by", "far-watcher", "--code", code_of(house, "far-watcher")]
    assert console.error("alert", "close", id_, "--ground", "fixed", *by) == "unknown"


def test_backups_are_reported_by_the_command_and_by_the_host(house: House) -> None:
    """The list ends with 1 while there is none, or an old one; what the host's callable raises
    is logged by its class alone."""
    console = Console(house.app)
    assert console.json("backup", "list", code=1) == []
    console.raw("backup", "report", "--kind", "scans", "--hours", "30")
    assert [row["kind"] for row in console.json("backup", "list")] == ["scans"]
    old = datetime.now(UTC) - timedelta(days=9)
    house.extension.backups(lambda: [Backup("database", old)])
    found = console.json("watch", code=1)
    assert [row["about"] for row in found if row["kind"] == "backup-stale"] == ["database"]
    assert "too old" in house.browser("watcher").get(f"{DESK}/watch", wish="en")

    def broken() -> Any:
        raise RuntimeError(CANARY)

    house.extension.backups(broken)
    console.json("watch", code=1)
    assert CANARY not in console.printed
    console.raw("backup", "report", "--at", CANARY, code=2)
    assert CANARY not in console.printed


@pytest.fixture
def bundle(house: House, tmp_path: Path) -> tuple[dict[str, Any], str]:
    """The bundle of a house with requests, errors and secrets."""
    house.app.config["GUESTERASE_SENDER"] = f"{CANARY.split()[0]}@pine.example"
    house.request()
    failed(house)
    with house.hotel.engine.begin() as conn:
        conn.execute(tables.outbox.update().values(problem=f"no room for {CANARY}"))
    out = tmp_path / "bundle.json"
    Console(house.app).raw("diagnose", "--out", str(out))
    text = out.read_text()
    return json.loads(text), text


def test_the_bundle_tells_support_what_they_need(bundle: tuple[dict[str, Any], str]) -> None:
    """Versions, the shape of the data map, findings, counts, revision, last errors."""
    told, _ = bundle
    assert told["format"] == "guesterase-diagnosis/1"
    assert {"python", "sqlalchemy", "flask", "dialect", "server"} <= set(told["versions"])
    assert told["data_map"]["tables"]["guests"]["columns"]["name"] == "redact"
    assert told["rows"]["request"] == 1
    assert told["revision"]["newest"] == upgrade.head()
    assert told["problems"]["outbox"] == {"other": 1}
    assert told["config"]["GUESTERASE_RECOVERY_DAYS"] == 7
    assert told["config"]["GUESTERASE_KEYS"] == "set"


def test_the_bundle_holds_nothing_of_anybody(
    house: House, bundle: tuple[dict[str, Any], str]
) -> None:
    """No value of a guest, no address, no folder, no name of a hotel."""
    _, text = bundle
    for row in house.hotel.rows(Guest):
        for name in ("name", "email", "phone", "document_no"):
            assert not row[name] or str(row[name]) not in text
    for each in (*CANARY.split(), "pine.example", "Hotel Pine", str(house.hotel.files.parent)):
        assert each not in text
