"""The sweep at its doors: commands, the staff's pages, and what `check` says when it stands."""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask, Response
from flask_login import LoginManager, UserMixin, login_user
from sqlalchemy import Connection, insert
from sqlalchemy.orm import scoped_session, sessionmaker

from flask_guesterase.core.canary import Canary, Sighting, invent
from flask_guesterase.core.errors import SetupError
from flask_guesterase.core.finding import Finding
from flask_guesterase.store import tables
from flask_guesterase.store.access import boots
from flask_guesterase.store.access.boots import Boot
from flask_guesterase.store.invented import canaries
from flask_guesterase.store.office import Office
from flask_guesterase.store.sweep import NightAudit
from flask_guesterase.store.sweeping import leading, runs
from flask_guesterase.store.sweeping.claiming import Pressure
from flask_guesterase.store.sweeping.report import SweepReport
from flask_guesterase.store.sweeping.room import Room
from flask_guesterase.store.upkeep import upgrade
from flask_guesterase.web.commands import sweeping
from flask_guesterase.web.extension import Guesterase
from flask_guesterase.web.guestpages.guest import guest_pages
from flask_guesterase.web.staff import staff_pages
from tests.kinds import Case, Cases
from tests.store.forms import GRANTS, Base, Forms, policies
from tests.web.house import Browser
from tests.web.test_cli import Console

CASES = Cases()
OLD = date(2025, 2, 1)
DESK = "/desk/privacy"


class User(UserMixin):  # type: ignore[misc] # Flask-Login has no types
    """A member of staff; the login is the id."""

    def __init__(self, login: str) -> None:
        self.id = login


class Front:
    """The two hotels with registration forms behind a Flask application, with their clock.

    :param folder: where database and keys go.
    :param night_audit: the host's answer to whether a property is in its night audit.
    :param pressure: the host's answer to whether it needs the database for itself.
    """

    def __init__(
        self,
        folder: Path,
        night_audit: NightAudit | None = None,
        pressure: Pressure | None = None,
    ) -> None:
        self.forms = Forms(f"sqlite:///{folder / 'test.sqlite'}", folder)
        upgrade.upgrade(self.forms.engine)
        self.app = Flask(__name__, instance_path=str(folder))
        self.app.config.update(
            SECRET_KEY="only-for-tests-" + "0" * 32,
            TESTING=True,
            GUESTERASE_KEYS=str(folder / "keys"),
        )
        self.extension = Guesterase(
            scoped_session(sessionmaker(self.forms.engine)),
            authorize=lambda user, right, place: right in GRANTS[user.id].get(place, ()),
            models=Base,
            properties=self.forms.settings.properties.values(),
            night_audit=night_audit,
            pressure=pressure,
        )
        for target, policy in policies():
            self.extension.register(target, policy)
        self.extension._now = self._moved
        self.extension.init_app(self.app)
        self.app.register_blueprint(guest_pages, url_prefix="/privacy")
        self.app.register_blueprint(staff_pages, url_prefix=DESK)
        manager = LoginManager(self.app)
        manager.user_loader(lambda login: User(login) if login in GRANTS else None)

        @self.app.get("/in/<login>")
        def log_in(login: str) -> Response:
            login_user(User(login))
            return Response("in")

    def _moved(self) -> datetime:
        return self.forms.now

    def browser(self, login: str) -> Browser:
        """Return the browser of a member of staff."""
        browser = Browser(self.app.test_client())
        assert browser.client.get(f"/in/{login}").status_code == 200
        return browser

    def code(self, login: str) -> str:
        """Return a one-time code, as a person would see it after logging in."""
        with self.app.app_context(), self.extension.begin() as office:
            return office.code(login)

    def check(self) -> list[Finding]:
        """Return what `check` finds."""
        with self.app.app_context():
            return self.extension.check()


@contextmanager
def fronted() -> Iterator[Front]:
    """Open the two hotels for a while; a form is due at each."""
    with tempfile.TemporaryDirectory() as folder:
        front = Front(Path(folder))
        front.forms.form(1, OLD)
        front.forms.form(2, OLD, "be")
        yield front
        front.forms.engine.dispose()


@pytest.fixture
def front() -> Iterator[Front]:
    """The two hotels, a form due at each."""
    with fronted() as made:
        yield made


@pytest.fixture
def console(front: Front) -> Console:
    """Their console."""
    return Console(front.app)


# check


@CASES.of("clock-doubted")
def clock_doubted(wrong: bool) -> list[Finding]:
    with fronted() as front:
        front.forms.leap(days=3 if wrong else 0)
        return front.check()


@CASES.of("sweep-stale")
def sweep_stale(wrong: bool) -> list[Finding]:
    with fronted() as front:
        front.forms.leap(hours=37)
        if not wrong:
            front.forms.leap(hours=-37)
            front.forms.sweep()
            front.forms.later(hours=35)
        return front.check()


@CASES.of("heartbeat-stale")
def heartbeat_stale(wrong: bool) -> list[Finding]:
    with fronted() as front:
        front.forms.sweep()
        front.forms.leap(hours=27 if wrong else 25)
        return front.check()


@CASES.of("sweep-halted")
def sweep_halted(wrong: bool) -> list[Finding]:
    with fronted() as front:
        front.forms.run(lambda office: office.halt_sweep("officer", "upkeep"))
        if not wrong:
            front.forms.run(lambda office: office.resume_sweep("officer"))
            front.forms.run(lambda office: office.resume_sweep("second"))
        return front.check()


@CASES.of("round-failed")
def round_failed(wrong: bool) -> list[Finding]:
    with fronted() as front:
        problems = ["OSError"] if wrong else []
        front.forms.run(lambda office: leading.leave(office.work, "", problems))
        return front.check()


@CASES.of("sweep-unconfirmed")
def sweep_unconfirmed(wrong: bool) -> list[Finding]:
    with fronted() as front:
        front.forms.sweep()
        if not wrong:
            front.forms.sweep("officer")
        return front.check()


@CASES.of("due-failing")
def due_failing(wrong: bool) -> list[Finding]:
    with fronted() as front:
        forms = front.forms
        forms.sweep()
        with forms.engine.begin() as conn:
            at = None if wrong else forms.now.replace(tzinfo=None)
            conn.execute(tables.due.update().values(tries=11, try_at=at, problem="ErasureError"))
        return front.check()


@CASES.of("second-copy")
def second_copy(wrong: bool) -> list[Finding]:
    with fronted() as front:
        if not wrong:
            mark = front.forms.custodian.fingerprint()
            front.forms.run(lambda office: office.propose_copy("officer", mark))
            front.forms.run(lambda office: office.confirm_copy("second"))
        return front.check()


@CASES.of("canary-back")
def canary_back(wrong: bool) -> list[Finding]:
    with fronted() as front:
        forms = front.forms
        place = next(iter(forms.settings.properties))
        seen = Sighting({"guests.email": 1} if wrong else {}, {}, {})

        def look(office: Office) -> None:
            id = canaries.begin(office.work, Canary(make=list, property=place), invent(os.urandom))
            canaries.tell(office.work, id, seen)

        forms.run(look)
        return front.check()


@CASES.each()
def test_each_kind_is_found_where_it_is_and_only_there(case: Case) -> None:
    """What should happen by itself and does not is reported with its cure."""
    case.check()


def test_rules_that_changed_are_reported_before_the_next_sweep(front: Front) -> None:
    """A preview of other rules counts as none, at the property whose rules they are."""
    front.forms.confirmed()
    assert not [f for f in front.check() if f.id == "sweep-unconfirmed"]
    places = dict(front.forms.settings.properties)
    front.forms.move("mu", fiscal=(6, 30))
    front.forms.sweep()
    front.forms.settings = type(front.forms.settings)(places)
    assert [f.place for f in front.check() if f.id == "sweep-unconfirmed"] == ["mu"]


# the extension


def test_the_extension_asks_the_host_for_its_night(tmp_path: Path) -> None:
    """The argument of the extension reaches the sweep."""
    front = Front(tmp_path, night_audit=lambda code: code == "mu")
    with front.app.app_context():
        assert front.extension.sweep().paused == ["mu"]
    front.forms.engine.dispose()


def test_the_clock_is_the_machines_unless_a_test_moves_it() -> None:
    """Without the seam the time is now, in UTC."""
    now = Guesterase(scoped_session(sessionmaker()))._now()
    assert now.tzinfo is UTC
    assert abs((datetime.now(UTC) - now).total_seconds()) < 60


def test_the_clock_is_compared_with_how_long_the_machine_runs(
    front: Front, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the kernel tells; a test that moves the seam alone moves neither of the two."""
    told = Boot("0" * 32, ran=600, clock=1_773_144_000)
    monkeypatch.setattr(boots, "read", lambda: told)
    with front.app.app_context():
        assert front.extension.sweep().doubt == ""
        front.forms.leap(hours=35)
        assert front.extension.sweep().doubt == ""
        told = replace(told, ran=660, clock=told.clock + 37 * 3600)
        assert front.extension.sweep().doubt == "leap"


# commands


def proof(front: Front, login: str) -> tuple[str, ...]:
    """Return the options by which a person proves at a console who they are."""
    return ("--by", login, "--code", front.code(login))


def read(console: Console) -> tuple[str, ...]:
    """Return the options that name each preview that waits to be confirmed."""
    shown = console.json("sweep", "--status")["previews"]
    waiting = [str(each["id"]) for each in shown if not each["confirmed_by"]]
    out, _ = console.raw("sweep", "--status")
    assert set(waiting) <= {line.split()[0] for line in out.splitlines()}
    return tuple(word for number in waiting for word in ("--preview", number))


def test_sweep_confirm_and_sign_at_a_console(front: Front, console: Console) -> None:
    """Shown, confirmed with one's code, done, and its paper signed."""
    out, note = console.raw("sweep")
    assert "not confirmed: be, mu" in out
    assert "guest_register" in out
    assert "Read the list" in note
    assert "--confirm --preview ID" in note
    report = console.json("sweep", "--confirm", *read(console), *proof(front, "officer"))
    assert sorted(report["confirmed"]) == ["be", "mu"]
    assert report["counts"]["expired"] == 2
    assert set(front.forms.names().values()) == {None}
    listed = console.json("task", "list")
    assert [task["count"] for task in listed] == [1, 1]
    number = str(listed[0]["id"])
    answer = console.json(
        "task", "sign", number, "--count", "4", "--by", "officer", "--code", front.code("officer")
    )
    assert answer == {"id": int(number), "count": 4}
    assert [task["count"] for task in console.json("task", "list", "--done")] == [4]


def test_nobody_is_told_to_read_a_list_that_is_empty(front: Front, console: Console) -> None:
    """Where nothing has had its time one lets what will go; before the first sweep nobody knows."""
    out, _ = console.raw("sweep", "--status")
    assert "nothing is due" not in out
    page = front.browser("officer").get(f"{DESK}/sweep")
    assert "No sweep ran yet." in page
    assert "What has had its time" not in page
    with front.forms.engine.begin() as conn:
        conn.exec_driver_sql("DELETE FROM forms")
    out, note = console.raw("sweep")
    assert "nothing would be erased today" in out
    assert "Read the list" not in note
    assert "sweep --confirm --by WHO --code CODE" in note
    page = front.browser("officer").get(f"{DESK}/sweep")
    assert "Let it go with the next sweep" not in page
    assert page.count("Let what has its time from now on go by itself") == 2
    assert "Nothing." in page
    out, _ = console.raw("sweep", "--status")
    assert "nothing is due" in out


def test_a_sweep_that_did_not_look_to_the_end_does_not_say_that_nothing_is_due() -> None:
    """It failed, or its time was over: nobody knows yet what would go."""
    for report in (SweepReport(problems={"look": "BusyError"}), SweepReport(stopped="time")):
        report.unconfirmed = ["mu"]
        assert "nothing would be erased" not in sweeping._told(report)
        assert "Run it again" in sweeping._note(report)


def test_a_sweep_is_bounded_joined_and_asked_at_a_console(front: Front, console: Console) -> None:
    """A row at a time; what is left and what fails is listed by number and class, never by name."""
    out, _ = console.raw("sweep", "--status")
    assert "never yet" in out
    console.json("sweep")
    console.json("sweep", "--confirm", *read(console), *proof(front, "officer"), "--rows", "1")
    assert list(front.forms.names().values()).count(None) == 1
    status = console.json("sweep", "--status")
    assert [(each["rows"], each["oldest"]) for each in status["backlog"]] == [(1, "2026-02-01")]
    with front.forms.engine.begin() as conn:
        conn.execute(tables.due.update().values(tries=11, try_at=None, problem="ErasureError"))
    out, _ = console.raw("sweep", "--status")
    assert "ErasureError" in out
    assert "Ada" not in out
    front.forms.run(lambda office: runs.start(office.work))
    assert console.error("sweep") == "sweeping"
    report = console.json("sweep", "--join", "--retry")
    assert (report["joined"], report["backlog"]) == (True, [])
    assert set(front.forms.names().values()) == {None}


def test_the_extension_asks_the_host_for_room(tmp_path: Path) -> None:
    """The argument of the extension reaches the sweep, which rests between its batches."""
    asked = []
    front = Front(tmp_path, pressure=lambda: not asked.append(1))
    front.forms.form(1, OLD)
    with front.app.app_context():
        front.extension.sweep()
        assert front.extension.sweep("officer").rested > 0
    assert asked
    front.forms.engine.dispose()


@pytest.mark.parametrize("what", ["sweep", "work", "deliver"])
def test_a_run_takes_what_it_wrote_itself_for_nobody_elses(
    front: Front, what: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In a web process too, whose pool hands several connections round."""
    seen: list[bool] = []
    look = Room.look

    def looked(room: Room, conn: Connection) -> None:
        look(room, conn)
        seen.append(room.shared())

    with ExitStack() as opened:
        for _ in range(4):
            opened.enter_context(front.forms.engine.connect())
    monkeypatch.setattr(Room, "look", looked)
    with front.app.app_context():
        front.extension.sweep("officer")
        seen.clear()
        assert getattr(front.extension, what)().problems == {}
    assert seen
    assert not any(seen)


@pytest.mark.parametrize("what", ["sweep", "work", "replay"])
def test_an_older_version_erases_nothing_by_tables_of_a_newer_one(front: Front, what: str) -> None:
    """A newer version may keep for a reason that this one cannot read."""
    with front.app.app_context():
        front.extension.sweep()
        before = front.forms.names()
        with front.forms.engine.begin() as conn:
            conn.exec_driver_sql("UPDATE guesterase_version SET version_num = '9999'")
        with pytest.raises(SetupError, match="newer version"):
            getattr(front.extension, what)(*(["officer"] if what == "sweep" else []))
    assert front.forms.names() == before


def test_who_confirms_a_sweep_proves_who_they_are(front: Front, console: Console) -> None:
    """Without a person's own code, or with somebody else's, nothing is confirmed."""
    console.json("sweep")
    console.raw("sweep", "--confirm", "--by", "officer", code=2)
    console.raw("sweep", *read(console), code=2)
    wrong = front.code("second")
    for named in ((), read(console)):
        confirm = ("sweep", "--confirm", *named)
        assert console.error(*confirm, "--by", "officer", "--code", wrong) == "token"
        assert console.error(*confirm, *proof(front, "porter")) == "forbidden"
    assert None not in front.forms.names().values()


def test_who_confirms_at_a_console_names_the_list_they_read(front: Front, console: Console) -> None:
    """A preview that came since by other rules is another one, and nobody has seen it."""
    front.forms.move("mu", fiscal=(6, 30))
    front.forms.sweep()
    monday = [preview.id for preview in front.forms.run(Office.sweeps)["previews"]]
    confirm = ("sweep", "--confirm", *proof(front, "officer"))
    assert console.error(*confirm) == "moved", "a list by other rules is none that can be read"
    console.raw("sweep")
    error = console.json(*confirm, code=1)["error"]
    assert error["id"] == "input"
    assert None not in front.forms.names().values()
    now = read(console)
    assert set(now[1::2]) != {str(each) for each in monday}
    assert all(number in error["message"] for number in now[1::2])
    assert "--preview" in error["hint"]
    seen = [word for each in monday for word in ("--preview", str(each))]
    assert console.error(*confirm, *seen) == "moved", "the code is as good as before"
    assert None not in front.forms.names().values()
    one = console.json("sweep", "--confirm", *now[:2], *proof(front, "officer"))
    assert len(one["confirmed"]) == 1
    assert list(front.forms.names().values()).count(None) == 1


def test_where_nothing_would_go_nobody_names_a_list(front: Front, console: Console) -> None:
    """An empty list is no list to read: what has its time later goes by itself from then on."""
    with front.forms.engine.begin() as conn:
        conn.exec_driver_sql("DELETE FROM forms")
    assert console.json("sweep", "--confirm", *proof(front, "officer"))["confirmed"] == []
    out, _ = console.raw("sweep", "--status")
    assert "not confirmed: be, mu" in out
    report = console.json("sweep", "--confirm", *proof(front, "officer"))
    assert sorted(report["confirmed"]) == ["be", "mu"]
    out, _ = console.raw("sweep", "--status")
    assert "not confirmed" not in out
    front.forms.move("mu", fiscal=(6, 30))
    front.forms.sweep()
    out, _ = console.raw("sweep", "--status")
    assert "the rules changed, so that the next sweep shows anew: mu" in out


def test_two_people_confirm_the_clock_at_a_console(front: Front, console: Console) -> None:
    """The sweep says why it does nothing and ends with 1; one person twice is refused."""
    console.json("sweep")
    front.forms.leap(days=3)
    _, note = console.raw("sweep", code=1)
    assert "clock confirm" in note
    again = ["--second", "officer", "--second-code", front.code("second")]
    assert console.error(
        "clock", "confirm", "--by", "officer", "--code", front.code("officer"), *again
    ) == "token"
    both = ["--second", "second", "--second-code", front.code("second")]
    assert console.json(
        "clock", "confirm", "--by", "officer", "--code", front.code("officer"), *both
    ) == {"confirmed": True}
    assert console.json("sweep")["doubt"] == ""


def test_a_copy_of_the_keys_is_confirmed_at_a_console(front: Front, console: Console) -> None:
    """The fingerprint is read from the copy's folder; another one is refused."""
    folder = front.forms.custodian.path
    mark = console.json("keys", "fingerprint", "--folder", str(folder))["fingerprint"]
    assert mark == console.json("keys", "fingerprint")["fingerprint"]

    def people() -> list[str]:
        return [
            "--by", "officer", "--code", front.code("officer"),
            "--second", "second", "--second-code", front.code("second"),
        ]  # fmt: skip

    wrong = console.error("keys", "confirm-copy", "--fingerprint", "0" * 64, *people())
    assert wrong == "input"
    console.json("keys", "confirm-copy", "--fingerprint", mark, *people())
    assert not [f for f in front.check() if f.id == "second-copy"]


def test_stop_and_go_on_at_a_console(front: Front, console: Console) -> None:
    """One person with their code stops it, two let it go on; the status says it and ends with 1."""
    front.forms.confirmed()
    front.forms.form(3, OLD)
    one = ["--by", "officer", "--code", front.code("officer")]
    console.json("retention", "halt", "--ground", "investigation", *one)
    assert console.json("sweep")["halted"]
    assert front.forms.names()[3] == "Ada Roe"
    status = console.json("retention", "status", code=1)
    assert status["halted"] == "investigation"
    assert [(line["property"], line["rows"], line["oldest"]) for line in status["backlog"]] == [
        ("mu", 1, "2026-02-01")
    ]
    assert status["by command"]
    assert status["by task"] is None
    both = ["--second", "second", "--second-code", front.code("second")]
    console.json(
        "retention", "resume", "--by", "officer", "--code", front.code("officer"), *both
    )
    assert console.json("sweep")["counts"]["expired"] == 1
    assert console.json("retention", "status")["backlog"] == []


# the staff's pages


def test_an_officer_reads_what_would_go_and_lets_it(front: Front) -> None:
    """The page shows counts of the reader's hotels; confirmed, the next sweep erases it."""
    front.forms.sweep()
    officer = front.browser("officer")
    page = officer.get(f"{DESK}/sweep")
    assert "Fir" in page
    assert "Elm" in page
    with front.app.app_context(), front.extension.begin(write=False) as office:
        previews = {p.property: p.id for p in office.sweeps()["previews"]}
    path = f"{DESK}/sweep/confirm"
    done = officer.post(path, f"{DESK}/sweep", preview=str(previews["mu"]))
    assert done.status_code == 303
    assert "Confirmed" in officer.get(f"{DESK}/sweep")
    report = front.forms.sweep()
    assert report.unconfirmed == ["be"]
    assert front.forms.names() == {1: None, 2: "Ada Roe"}
    again = officer.post(path, f"{DESK}/sweep", preview=str(previews["mu"]))
    assert again.status_code == 409


def test_an_officer_sees_and_confirms_only_their_own_hotels(front: Front) -> None:
    """The other hotel's preview is neither shown to them nor confirmed by its number."""
    front.forms.sweep()
    with front.app.app_context(), front.extension.begin(write=False) as office:
        previews = {p.property: p.id for p in office.sweeps()["previews"]}
    far = front.browser("far")
    assert "Fir" not in far.get(f"{DESK}/sweep")
    answer = far.post(f"{DESK}/sweep/confirm", f"{DESK}/sweep", preview=str(previews["mu"]))
    assert answer.status_code == 409
    assert front.forms.sweep().unconfirmed == ["be", "mu"]


def test_a_clock_in_doubt_is_told_and_two_people_let_it_go(front: Front) -> None:
    """A warning on the page; the first click changes it, the second person's ends it."""
    front.forms.sweep()
    front.forms.leap(days=3)
    first, second = front.browser("officer"), front.browser("second")
    assert "The clock is in doubt" in first.get(f"{DESK}/sweep")
    assert first.post(f"{DESK}/sweep/clock", f"{DESK}/sweep").status_code == 303
    assert "One person said" in second.get(f"{DESK}/sweep")
    assert first.post(f"{DESK}/sweep/clock", f"{DESK}/sweep").status_code == 403
    assert second.post(f"{DESK}/sweep/clock", f"{DESK}/sweep").status_code == 303
    assert "The clock is in doubt" not in second.get(f"{DESK}/sweep")


def test_an_officer_stops_it_and_another_lets_it_go_on(front: Front) -> None:
    """The page says what waits, stops it with a ground, and needs two to go on."""
    front.forms.sweep()
    first, second = front.browser("officer"), front.browser("second")
    page = first.get(f"{DESK}/sweep")
    assert "Oldest day" in page
    assert "February 1, 2026" in page
    here = f"{DESK}/sweep"
    assert first.post(f"{here}/halt", here, ground="because").status_code == 422
    assert first.post(f"{here}/halt", here, ground="upkeep").status_code == 303
    assert "Erasing by day is stopped" in second.get(here)
    assert first.post(f"{here}/resume", here).status_code == 303
    assert "One person said that it may go on" in second.get(here)
    assert first.post(f"{here}/resume", here).status_code == 403
    assert second.post(f"{here}/resume", here).status_code == 303
    assert "Erasing by day is stopped" not in second.get(here)


def test_an_officer_lets_what_was_confirmed_go_at_once(
    front: Front, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The button is there where this process works in the background; it wakes that."""
    here, rung = f"{DESK}/sweep", list[int]()
    officer = front.browser("officer")
    assert f"{here}/now" not in officer.get(here)
    bell = front.app.extensions["guesterase"].bell
    monkeypatch.setattr(bell, "serves", lambda: True)
    monkeypatch.setattr(bell, "now", lambda: rung.append(1) or True)
    assert f"{here}/now" in officer.get(here)
    assert officer.post(f"{here}/now", here).status_code == 303
    assert rung == [1]
    assert front.forms.run(lambda office: runs.asked(office.work))
    assert front.browser("porter").post(f"{here}/now").status_code == 403
    assert rung == [1]


def test_who_decides_elsewhere_sees_only_what_waits_there(front: Front) -> None:
    """Backlog is told of the reader's hotels; who may not decide can stop nothing."""
    front.forms.sweep()
    page = front.browser("far").get(f"{DESK}/sweep")
    assert page.count("<td data-label=\"Oldest day\">") == 1
    porter = front.browser("porter")
    answer = porter.post(f"{DESK}/sweep/halt", ground="upkeep")
    assert answer.status_code == 403


def test_a_porter_signs_for_the_paper_of_their_hotel(front: Front) -> None:
    """The task shows how many records ended; what is no count is told at the field."""
    front.forms.confirmed()
    porter = front.browser("porter")
    page = porter.get(f"{DESK}/tasks")
    assert "mu/guest_register/2026-03" in page
    assert "be/guest_register" not in page
    (mine,) = front.forms.run(lambda office: office.tasks("porter"))
    path = f"{DESK}/tasks/{mine['id']}"
    assert porter.post(path, f"{DESK}/tasks", count="many").status_code == 422
    assert porter.post(path, f"{DESK}/tasks", count="12").status_code == 303
    assert "Signed" in porter.get(f"{DESK}/tasks")
    assert front.forms.run(lambda office: office.tasks("porter")) == []
    (done,) = front.forms.run(lambda office: office.tasks("porter", done=True))
    assert done["count"] == 12


def test_thousands_of_signed_tasks_are_read_a_page_at_a_time(front: Front) -> None:
    """What was signed last comes first, nothing is left out, and no page shows all of it."""
    signed = [
        {"property": "mu", "controller": "fir-gmbh", "kind": "paper", "name": f"mu/letters/{n:04}",
         "due_on": "2026-01-01", "count": 1, "made_at": datetime(2026, 1, 1),
         "done_at": datetime(2026, 1, 1) + timedelta(minutes=n), "done_by": "a1"}
        for n in range(120)
    ]  # fmt: skip
    with front.forms.engine.begin() as conn:
        conn.execute(insert(tables.task), signed)
    porter, here, found = front.browser("porter"), f"{DESK}/tasks", []
    while here:
        page = porter.get(here)
        shown = re.findall(r"mu/letters/(\d{4})", page)
        assert 0 < len(shown) <= 50
        found += shown
        further = re.search(r'rel="next" href="([^"]+)"', page)
        here = further[1] if further else ""
    assert found == [f"{n:04}" for n in reversed(range(120))]
    assert porter.client.get(f"{DESK}/tasks?page=-1").status_code == 422
    assert len(front.forms.run(lambda office: office.tasks("porter", done=True))) == 120


@pytest.mark.parametrize("page", ["sweep", "tasks"])
def test_the_pages_can_be_read_in_chinese(front: Front, page: str) -> None:
    """Headings and words are the reader's."""
    front.forms.confirmed()
    heading: dict[str, Any] = {"sweep": "到期清理", "tasks": "任务"}
    assert f"<h1>{heading[page]}</h1>" in front.browser("officer").get(
        f"{DESK}/{page}", wish="zh-CN"
    )
