"""The failure watch: what is wrong opens once, is told, looked after, and closes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete, insert, update

from flask_guesterase.core.alert import AlertKind, Mistake
from flask_guesterase.core.errors import (
    ForbiddenError,
    InputError,
    MovedError,
    SealError,
    TransitionError,
    UnknownError,
)
from flask_guesterase.core.holding import Wanted
from flask_guesterase.core.tree import leaf_hash
from flask_guesterase.store import tables
from flask_guesterase.store.access import brake, pulse
from flask_guesterase.store.executing import execution
from flask_guesterase.store.sweeping import looking
from flask_guesterase.store.upkeep import owndata
from tests.store import forms
from tests.store.forms import RIGHTS, Forms
from tests.store.hotel import Hotel, Scan

QUIET = {"checkpoints", "backup-missing", "emergency-unprinted"}
"""What is wrong with a house that is new: nothing was set up yet."""

WORDS = "The list of room 12 lay on the counter, Ms Zebrafinch saw it."


@pytest.fixture
def hotel(sqlite_url: str, tmp_path: Path) -> Iterator[Hotel]:
    """A hotel with an officer, a deputy and somebody who watches, on SQLite."""
    yield from _officed(sqlite_url, tmp_path)


@pytest.fixture
def each(database_url: str, tmp_path: Path) -> Iterator[Hotel]:
    """The same on each of the three engines in turn."""
    yield from _officed(database_url, tmp_path)


def _officed(url: str, folder: Path) -> Iterator[Hotel]:
    made = Hotel(url, folder)
    made.grants |= {"watcher": {"watch", "report"}, "porter": {"report"}}
    place = made.settings.properties["sh"]
    officed = replace(place, officer="officer@pine.example", deputy="deputy@pine.example")
    made.settings = replace(made.settings, properties={"sh": officed})
    yield made
    made.engine.dispose()


@pytest.fixture
def ageing(sqlite_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Forms]:
    """Two hotels with forms that run out, on SQLite."""
    monkeypatch.setitem(forms.GRANTS, "officer", {
        code: RIGHTS | {"watch", "hold"} for code in ("mu", "be")
    })  # fmt: skip
    made = Forms(sqlite_url, tmp_path)
    yield made
    made.engine.dispose()


def look(hotel: Hotel | Forms) -> dict[str, int]:
    """Look over everything once."""
    with hotel.begin() as office:
        return dict(office.look_over())


def kinds(hotel: Hotel | Forms, by: str | None = None) -> set[str]:
    """Return what is open, what a new house lacks left aside."""
    with hotel.begin() as office:
        return {row["kind"] for row in office.alerts(by)} - QUIET


def one(hotel: Hotel | Forms, kind: str) -> dict[str, Any]:
    """Return the one open alert of a kind."""
    with hotel.begin() as office:
        (found,) = [row for row in office.alerts() if row["kind"] == kind]
    return dict(found)


def failed_message(hotel: Hotel) -> int:
    """Put a message into the outbox that was given up an hour ago."""
    with hotel.engine.begin() as conn:
        made = conn.execute(insert(tables.outbox).values(
            property="sh", kind="message", channel="smtp", template="done", dedupe="d:1",
            state="failed", attempts=9, next_at=stamp(hotel), done_at=stamp(hotel),
        ))  # fmt: skip
    return int(made.inserted_primary_key[0])


def stamp(hotel: Hotel | Forms) -> datetime:
    """Return the clock as our tables keep it."""
    return hotel.now.replace(tzinfo=None)


def test_what_fails_opens_once_and_closes_when_its_cause_is_gone(each: Hotel) -> None:
    """A message that was given up; both steps are journaled, and the second look adds nothing."""
    message = failed_message(each)
    look(each)
    assert look(each) == {"opened": 0, "gone": 0, "told": 0}
    alert = one(each, "message-failed")
    assert (alert["property"], alert["count"], alert["age_days"]) == ("sh", 1, 0)
    assert (alert["owner"], alert["noticed_by"]) == ("officer@pine.example", "system")
    with each.begin() as office:
        office.printed(message, "clerk")
    each.later(hours=1)
    assert look(each)["gone"] == 1
    assert kinds(each) == set()
    with each.begin() as office:
        (closed,) = office.alerts(closed=True)
    assert (closed["kind"], closed["ground"], closed["closed_by"]) == (
        "message-failed", "gone", "system",
    )  # fmt: skip
    assert each.events.count("alert-opened") == 1 + len(QUIET)
    assert each.events.count("alert-closed") == 1


def test_what_has_had_its_time_and_is_there_is_past_due(ageing: Forms) -> None:
    """Not on the first nights after its day, with since when, and not while a hold keeps it."""
    ageing.form(1, date(2025, 2, 1))
    ageing.form(2, date(2025, 2, 3))
    ageing.form(3, date(2025, 3, 9), "be")
    look(ageing)
    alert = one(ageing, "past-due")
    assert (alert["property"], alert["about"], alert["count"]) == ("mu", "forms/guest_register", 2)
    assert alert["since"] == datetime(2026, 2, 1)
    for key in ("1", "2"):
        with ageing.begin() as office:
            office.place_hold(Wanted("record", "court-order", "forms", key), "officer")
    look(ageing)
    assert "past-due" not in kinds(ageing)


def test_the_sweep_looks_when_the_night_is_done(ageing: Forms) -> None:
    """What it erased is no alert any more, and its own end is not missed."""
    ageing.form(1, date(2025, 2, 1))
    report = ageing.sweep()
    assert report.counts["alerts"] >= 1
    assert {"past-due"} == kinds(ageing) - {"backup-missing"}
    ageing.sweep("officer")
    assert kinds(ageing) == set()
    assert not report.problems


def test_a_sweep_that_could_not_look_is_not_taken_for_one_that_found_nothing(
    ageing: Forms, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It came to its end all the same; what comes of age in those nights is told as ever."""
    ageing.form(1, date(2025, 3, 11))
    ageing.sweep()
    monkeypatch.setattr(looking, "_table", fails)
    for _ in range(5):
        ageing.later(days=1)
        assert ageing.tried().problems["look:forms"] == "OSError"
    assert "sweep-stale" not in kinds(ageing)
    assert one(ageing, "past-due")["count"] == 1


def fails(*_: Any) -> bool:
    """Stand for what cannot be done now."""
    raise OSError


def test_a_silent_scheduler_is_noticed_by_whoever_looks(hotel: Hotel) -> None:
    """No sweep for a day and a half, and messages that nobody sends."""
    with hotel.engine.begin() as conn:
        conn.execute(insert(tables.outbox).values(
            property="sh", kind="message", channel="smtp", template="done", dedupe="d:2",
            state="queued", attempts=0, next_at=stamp(hotel) - timedelta(days=2),
        ))  # fmt: skip
        conn.execute(insert(tables.run).values(
            kind="sweep", property="", mark="0" * 64, counts="{}",
            started_at=stamp(hotel) - timedelta(days=3), ended_at=stamp(hotel) - timedelta(days=3),
        ))  # fmt: skip
    look(hotel)
    assert {"worker-silent", "sweep-stale"} <= kinds(hotel)


def test_boxes_past_their_day_are_noticed(hotel: Hotel) -> None:
    """Two nights after the day; what lies under a hold waits for its end."""
    values = {"controller": "pine-ltd", "purpose": "recovery", "wrapped": b"x", "payload": b"x"}
    with hotel.engine.begin() as conn:
        for id_, day, label in (
            ("b1", "2026-03-01", "day:2026-03-01"), ("b2", "2026-03-09", "day:2026-03-09"),
            ("b3", "2026-03-01", "hold:1"),
        ):  # fmt: skip
            conn.execute(insert(tables.box).values(id=id_, last_day=day, label=label, **values))
    look(hotel)
    alert = one(hotel, "box-late")
    assert (alert["count"], alert["since"]) == (1, datetime(2026, 3, 1))


def test_a_late_answer_is_noticed(hotel: Hotel) -> None:
    """With the day on which it was due."""
    hotel.guest(1, name="Ann", email="ann@example.com")
    hotel.file(email="ann@example.com")
    hotel.later(days=1)
    look(hotel)
    assert "answer-late" not in kinds(hotel)
    hotel.later(days=60)
    with hotel.engine.begin() as conn:
        pulse.put(conn, brake.HEART, pulse.Pulse(stamp(hotel)))
        conn.execute(update(tables.request).values(state="verified"))
    look(hotel)
    assert one(hotel, "answer-late")["count"] == 1


def test_an_approved_request_that_cannot_be_carried_out_is_noticed(each: Hotel) -> None:
    """Its owner is told once, not at each look, and it closes when the erasure succeeds."""
    each.guest(1, name="Ann", email="ann@example.com")
    number = each.approved(email="ann@example.com")
    for minutes in (15, 60, 180):
        assert "request-failing" not in kinds(each)
        with each.begin() as office:
            execution.postpone(office.work, number)
        each.later(minutes=minutes)
        look(each)
    alert = one(each, "request-failing")
    assert (alert["property"], alert["count"]) == ("sh", 1)
    assert alert["owner"] == "officer@pine.example"
    assert look(each) == {"opened": 0, "gone": 0, "told": 0}
    mine = f"alert:{alert['id']}:"
    assert len([row for row in each.ours("outbox") if row["dedupe"].startswith(mine)]) == 1
    assert each.erased(number) == "erased"
    assert look(each)["gone"] == 1
    assert "request-failing" not in kinds(each)


@pytest.mark.parametrize("how", ["changed", "cut", "respelled"])
def test_a_broken_journal_is_noticed(each: Hotel, how: str) -> None:
    """An entry that is not what was hashed, one that is gone from the end, one spelt otherwise."""
    look(each)
    entry = tables.entry
    assert "journal-broken" not in kinds(each)
    last = max(row["position"] for row in each.ours("entry"))
    newest = entry.c.position == last
    body = next(row["body"] for row in each.ours("entry") if row["position"] == last)
    spelt = f"{body} "
    change = {
        "cut": delete(entry).where(newest),
        "changed": update(entry).where(newest).values(body=body.replace("alert", "blert")),
        "respelled": update(entry)
        .where(newest)
        .values(body=spelt, leaf=leaf_hash(spelt.encode()).hex()),
    }[how]
    with each.engine.begin() as conn:
        conn.execute(change)
    look(each)
    assert "journal-broken" in kinds(each)


def test_a_doubted_clock_is_an_alert_and_judges_nothing_else(hotel: Hotel) -> None:
    """While two people have not confirmed it, nothing is past due and nothing closes by itself."""
    failed_message(hotel)
    look(hotel)
    with hotel.engine.begin() as conn:
        pulse.put(conn, brake.DOUBT, pulse.Pulse(stamp(hotel), "leap"))
        conn.execute(update(tables.outbox).values(state="sent"))
    assert look(hotel)["gone"] == 0
    assert {"clock-doubted", "message-failed"} == kinds(hotel)
    with hotel.engine.begin() as conn:
        pulse.take(conn, brake.DOUBT)
    look(hotel)
    assert kinds(hotel) == set()


def test_what_nobody_could_look_at_is_not_gone(hotel: Hotel) -> None:
    """A key folder that lets others in says nothing of what only `check` can find: what is
    looked after goes on, with its age and by whom, and closes when it is seen to be gone."""
    look(hotel)
    alert = one(hotel, "checkpoints")
    with hotel.begin() as office:
        office.take_alert(alert["id"], "watcher")
    hotel.custodian.path.chmod(0o750)
    with pytest.raises(SealError, match="open to other users"):
        hotel.custodian.ensure("day:2026-09-09")
    assert look(hotel)["gone"] == 0
    assert one(hotel, "checkpoints")["taken_by"]
    assert "keys-unsound" in kinds(hotel)
    hotel.custodian.path.chmod(0o700)
    assert look(hotel)["gone"] == 1
    assert kinds(hotel) == set()
    assert one(hotel, "checkpoints")["id"] == alert["id"]


def test_a_folder_of_files_that_is_away_is_told_until_it_is_back(hotel: Hotel) -> None:
    """Erasures wait for it, so somebody hears of it before answers are late."""
    hotel.guest(1)
    hotel.put(Scan, id=1, guest_id=1, path="scan.pdf")
    look(hotel)
    assert "files-away" in kinds(hotel)
    (hotel.files / "scan.pdf").write_text("x", encoding="utf-8")
    assert look(hotel)["gone"] == 1
    assert "files-away" not in kinds(hotel)


def test_the_owner_is_told_at_once_and_the_deputy_when_nobody_takes_it(each: Hotel) -> None:
    """Each once; a notice holds a number, a kind and a day; who takes it spares the deputy."""
    failed_message(each)
    look(each)
    mails = [row for row in each.ours("outbox") if row["template"] == "alert"]
    assert len(mails) == 1 + len(QUIET)
    each.later(hours=23)
    assert look(each)["told"] == 0
    alert = one(each, "message-failed")
    with each.begin() as office:
        office.take_alert(alert["id"], "watcher")
    each.later(hours=2)
    with each.engine.begin() as conn:
        conn.execute(update(tables.outbox).where(tables.outbox.c.template == "alert").values(
            state="sent"
        ))  # fmt: skip
    assert look(each)["told"] == len(QUIET)
    assert look(each)["told"] == 0
    assert one(each, "message-failed")["deputy_at"] is None
    assert each.events.count("alert-taken") == 1


@pytest.mark.parametrize(
    ("ground", "again"), [("fixed", True), ("accepted", False), ("no-fault", False)]
)
def test_a_person_closes_on_a_ground(hotel: Hotel, ground: str, again: bool) -> None:
    """Fixed and still there opens anew; accepted is left alone for 30 days, then said again."""
    failed_message(hotel)
    look(hotel)
    alert = one(hotel, "message-failed")
    with hotel.begin() as office, pytest.raises(InputError):
        office.close_alert(alert["id"], "watcher", "gone")
    with hotel.begin() as office:
        office.close_alert(alert["id"], "watcher", ground)
    with hotel.begin() as office, pytest.raises(TransitionError):
        office.close_alert(alert["id"], "watcher", ground)
    hotel.later(hours=1)
    look(hotel)
    assert ("message-failed" in kinds(hotel)) is again
    for _ in range(31):
        hotel.later(days=1)
    look(hotel)
    assert "message-failed" in kinds(hotel)


def test_a_mistake_is_reported_with_sealed_words(each: Hotel) -> None:
    """Its words are read by who watches, stand in no table, and go when it is closed."""
    noticed = each.now - timedelta(hours=3)
    with each.begin() as office:
        number = office.report_mistake("sh", "porter", Mistake.SEEN, noticed, WORDS)
    (shown,) = [r for r in _shown(each, "watcher") if r["kind"] == AlertKind.MISTAKE]
    assert (shown["id"], shown["about"], shown["words"]) == (number, "seen-by-others", WORDS)
    assert shown["since"] == noticed.replace(tzinfo=None)
    assert shown["noticed_by"].startswith("a")
    with each.begin() as office:
        assert [row["words"] for row in office.alerts()] == [""]
    for name in ("alert", "entry", "box", "outbox"):
        assert "Zebrafinch" not in str(each.ours(name))
    look(each)
    assert number in {row["id"] for row in _shown(each, "watcher")}
    with each.begin() as office:
        office.close_alert(number, "watcher", "fixed")
    assert [row for row in each.ours("box") if row["purpose"] == "alert"] == []
    assert {"mistake-reported", "alert-opened", "alert-closed"} <= set(each.events)


def _shown(hotel: Hotel, by: str) -> list[dict[str, Any]]:
    with hotel.begin() as office:
        return [dict(row) for row in office.alerts(by)]


@pytest.mark.parametrize(
    ("kind", "hours"), [("nothing", 1), ("sent-wrongly", -2), ("sent-wrongly", 24 * 400)]
)
def test_a_mistake_of_no_kind_or_no_time_is_refused(hotel: Hotel, kind: str, hours: int) -> None:
    """Neither in the future nor more than a year ago."""
    with hotel.begin() as office, pytest.raises(InputError):
        office.report_mistake("sh", "porter", kind, hotel.now - timedelta(hours=hours))


def test_everybody_else_is_refused(hotel: Hotel) -> None:
    """Closed by default: who may not watch sees and closes nothing, who may not report, neither."""
    failed_message(hotel)
    look(hotel)
    id_ = one(hotel, "message-failed")["id"]
    for who in ("clerk", "officer", "porter", "nobody"):
        with hotel.begin() as office, pytest.raises(ForbiddenError):
            office.alerts(who)
        with hotel.begin() as office, pytest.raises(UnknownError):
            office.take_alert(id_, who)
        with hotel.begin() as office, pytest.raises(UnknownError):
            office.close_alert(id_, who, "fixed")
    with hotel.begin() as office, pytest.raises(ForbiddenError):
        office.report_mistake("sh", "clerk", "sent-wrongly", hotel.now)


def test_backups_are_reported_and_get_old(each: Hotel) -> None:
    """None at all is an alert; so is one that is too old; an older report changes nothing."""
    look(each)
    assert one(each, "backup-missing")
    with each.begin() as office:
        office.report_backup(each.now - timedelta(hours=2), hours=26)
        office.report_backup(each.now - timedelta(hours=9), hours=26)
        (known,) = office.backups()
    assert (known.kind, known.at) == ("database", each.now - timedelta(hours=2))
    look(each)
    assert kinds(each) & {"backup-stale"} == set()
    each.later(days=2)
    look(each)
    stale = one(each, "backup-stale")
    assert (stale["about"], stale["age_days"]) == ("database", 2)
    for at, kind in (
        (each.now + timedelta(hours=1), "database"), (each.now, "Ann's copy"),
        (each.now.replace(tzinfo=None), "database"),
    ):  # fmt: skip
        with each.begin() as office, pytest.raises(InputError):
            office.report_backup(at, kind)
    assert each.events.count("backup-reported") == 1


def test_the_emergency_plan_asks_to_be_printed_when_it_changes(each: Hotel) -> None:
    """Never printed, printed, changed, printed again; only the plan that is shown can be noted."""
    with each.begin() as office:
        plan, why, printed = office.emergency("sh", "porter")
    assert (why, printed) == ("never-printed", None)
    with each.begin() as office, pytest.raises(MovedError):
        office.emergency_printed("sh", "porter", "0" * 64)
    with each.begin() as office:
        office.emergency_printed("sh", "porter", plan.fingerprint())
    look(each)
    with each.begin() as office:
        assert office.emergency("sh", "porter")[1] == ""
        assert "emergency-unprinted" not in {row["kind"] for row in office.alerts()}
    place = replace(each.settings.properties["sh"], calls={"police": "110"})
    each.settings = replace(each.settings, properties={"sh": place})
    look(each)
    with each.begin() as office:
        changed, why, printed = office.emergency("sh", "watcher")
    assert (why, one(each, "emergency-unprinted")["about"]) == ("plan-changed", "plan-changed")
    assert printed is not None
    assert printed.at == stamp(each)
    assert changed.fingerprint() != plan.fingerprint()
    for who in ("clerk", "nobody"):
        with each.begin() as office, pytest.raises(ForbiddenError):
            office.emergency("sh", who)
        with each.begin() as office, pytest.raises(ForbiddenError):
            office.emergency_printed("sh", who, changed.fingerprint())


def test_a_plan_holds_no_secret(hotel: Hotel) -> None:
    """Names and passwords in addresses are not printed."""
    hotel.settings = replace(
        hotel.settings, base_url="https://user:hunter2@pine.example/privacy", keys="/keys",
    )  # fmt: skip
    with hotel.begin() as office:
        plan, _, _ = office.emergency("sh", "watcher")
    assert ("pages", "https://pine.example/privacy") in [(w.what, w.place) for w in plan.places]
    assert "hunter2" not in str(plan)


def test_closed_alerts_end_after_three_years(each: Hotel) -> None:
    """Open ones stay; so do those that were closed lately."""
    now = datetime(2026, 3, 10, tzinfo=UTC)
    with each.engine.begin() as conn:
        for about, years in (("old", 4), ("new", 1), ("open", 0)):
            closed = now.replace(year=2026 - years, tzinfo=None) if years else None
            conn.execute(insert(tables.alert).values(
                controller="pine-ltd", property="sh", kind="mistake", about=about,
                since=datetime(2021, 1, 1), noticed_at=datetime(2021, 1, 1), noticed_by="system",
                closed_at=closed,
            ))  # fmt: skip

    def run(unit: Any) -> Any:
        with each.begin() as office:
            return unit(office)

    owndata.end(run)
    assert {row["about"] for row in each.ours("alert")} == {"new", "open"}
