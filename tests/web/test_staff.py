"""The staff's pages: who may do what where, and each step with its page."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from flask import url_for
from flask.testing import FlaskClient
from sqlalchemy import update
from sqlalchemy.exc import OperationalError
from werkzeug.routing import Rule
from werkzeug.test import TestResponse

from flask_guesterase.core.permissions import Permission
from flask_guesterase.core.register import Asked, Basis
from flask_guesterase.store import transaction
from flask_guesterase.store.complaints.receiving import Grievance
from flask_guesterase.store.deciding.review import Shown
from flask_guesterase.store.incidents.opening import Report
from flask_guesterase.store.requests import views
from flask_guesterase.web.forms import schemas
from tests.resistance.test_impostors import told
from tests.store.hotel import Guest, Scan
from tests.web.house import CANARY, STAFF, Browser, House

DESK = "/desk/privacy"

CODED = "verify approve refuse hold freeze register law audit restore complaint incident watch"

ANY = " ".join(Permission)

NEEDS: dict[str, tuple[str, dict[str, str]]] = {
    "index": ("view", {}),
    "new": ("file", {}),
    "file": ("file", {
        "key": "email", "value": "max@mail.example", "channel": "desk", "lang": "en",
        "received": "2026-03-01", "sure": "2026-03-01",
    }),
    "show": ("view", {}),
    "slip": ("view", {}),
    "hand_slip": ("file verify", {}),
    "confirm": ("verify", {"how": "desk"}),
    "recode": ("verify", {"how": "desk"}),
    "look_again_now": ("verify", {}),
    "not_theirs": ("verify", {"find": "0"}),
    "is_gone": ("verify", {"place": "notes.t"}),
    "take": ("verify", {"person": "1"}),
    "leave": ("verify", {"person": "1"}),
    "approve": ("approve", {"digest": "0" * 64}),
    "refuse": ("refuse", {"ground": "another-persons-data"}),
    "withdraw": ("file", {}),
    "ask_later": ("file", {}),
    "withdraw_later": ("file", {}),
    "erase": ("erase", {}),
    "extend": ("approve", {"reason": "complex"}),
    "certificate": ("view", {}),
    "certificate_file": ("view", {}),
    "journal": ("audit", {}),
    "verify": ("audit", {}),
    "checkpoint": ("audit", {}),
    "outbox": ("verify", {}),
    "deal": ("verify", {}),
    "recipients": ("verify", {}),
    "tell_again": ("verify", {}),
    "told_by_hand": ("verify", {}),
    "code": (CODED, {}),
    "new_code": (CODED, {}),
    "register": ("register", {}),
    "produce": ("register", {
        "night": "2026-03-01", "authority": "Police", "officer": "P-1", "reference": "A-1",
        "basis": "police-inspection", "format": "page",
    }),
    "disclosures": ("register audit", {}),
    "rules": ("view", {}),
    "setup": ("law", {}),
    "set_up": ("law", {"law": "DE", "foreign": "some", "mail": "print"}),
    "sweep": ("law", {}),
    "confirm_sweep": ("law", {"preview": "999"}),
    "confirm_clock": ("law", {}),
    "sweep_now": ("law", {}),
    "halt_sweep": ("law", {"ground": "upkeep"}),
    "resume_sweep": ("law", {}),
    "tasks": ("erase law", {}),
    "sign_task": ("erase law", {"count": "1"}),
    "sign_pack": ("law", {"pack": "none"}),
    "propose_change": ("law", {"line": "999"}),
    "confirm_change": ("law", {"line": "999"}),
    "confirm_house": ("law", {"line": "999"}),
    "review": ("register audit", {"finding": "fine"}),
    "holds": ("hold", {}),
    "hold_form": ("hold", {}),
    "hold": ("hold", {"table": "guests", "key": "1"}),
    "freezes": ("freeze", {}),
    "freeze": ("freeze", {}),
    "confirm_freeze": ("hold", {}),
    "lift": ("hold", {}),
    "review_hold": ("hold", {"on-999": "2999-01-01"}),
    "canaries": ("law", {}),
    "switch_canary": ("law", {}),
    "stop_canary": ("law", {}),
    "returns": ("verify", {}),
    "settle_return": ("verify", {"whose": "lives"}),
    "settle_refilled": ("verify", {"table": "guests", "last": "1"}),
    "advertising": ("file", {}),
    "object_": ("file", {"contact": "max@mail.example", "what": "object"}),
    "restored": ("verify erase hold law", {}),
    "replay": ("erase", {}),
    "settle_restored": ("verify", {"theirs": "no"}),
    "holds_placed": ("hold", {}),
    "propose_restore": ("restore", {"ground": "wrong-person"}),
    "confirm_restore": ("restore", {}),
    "figures": ("figures", {}),
    "figures_file": ("figures", {}),
    "complaints": ("complaint", {}),
    "new_complaint": ("file complaint", {}),
    "file_complaint": ("file complaint", {
        "about": "about-manner", "text": "Rude.", "channel": "desk", "lang": "en",
        "received": "2026-03-01", "sure": "2026-03-01",
    }),
    "show_complaint": ("complaint", {}),
    "acknowledge_complaint": ("file complaint", {}),
    "complaint_letter": ("complaint", {"outcome": "upheld"}),
    "answer_complaint": ("complaint", {"outcome": "upheld"}),
    "invite_reviewer": ("complaint", {"mode": "recommend"}),
    "incidents": ("incident", {}),
    "new_incident": (ANY, {}),
    "open_incident": (ANY, {"kind": "leak", "text": "A list was left in the lift."}),
    "show_incident": ("incident", {}),
    "classify_incident": ("incident", {
        "kind": "leak", "severity": "risk-likely", "cause": "human-error",
    }),
    "measure_incident": ("incident", {}),
    "incident_notice": ("incident", {}),
    "incident_notice_file": ("incident", {}),
    "told_authority": ("incident", {"duty": "CN/authority", "reference": "A-1"}),
    "propose_notice": ("incident", {"duty": "CN/guests", "words": "A list was seen."}),
    "take_notice_back": ("incident", {"duty": "CN/guests"}),
    "let_notice_go": ("incident", {"duty": "CN/guests", "digest": "0" * 64}),
    "show_unreached": ("incident", {"duty": "CN/guests"}),
    "record_public_notice": ("incident", {
        "duty": "CN/guests", "place": "pine.example", "on": "2026-03-01",
    }),
    "confirm_public_notice": ("incident", {"duty": "CN/guests", "digest": "0" * 64}),
    "plan_measure": ("incident", {"what": "Shred lists", "owner": "clerk", "due": "2999-01-01"}),
    "measure_done": (ANY, {}),
    "review_incident": ("incident", {"words": "Shred at once."}),
    "close_incident": ("incident", {}),
    "watch": ("watch", {}),
    "look_over": ("watch", {}),
    "take_alert": ("watch", {}),
    "close_alert": ("watch", {"ground": "fixed"}),
    "mistake": ("report", {}),
    "report_mistake": ("report", {"kind": "not-erased", "noticed": "2026-03-01T10:00"}),
    "emergency": ("watch report", {}),
    "emergency_printed": ("watch report", {"fingerprint": "0" * 64}),
    "courses": ("train", {}),
    "course": ("train", {}),
    "take_quiz": ("train", {}),
    "release": ("approve", {"digest": "0" * 64}),
    "hand_out": ("verify", {}),
    "copy_after": ("file", {}),
    "refusal": ("refuse", {"ground": "another-persons-data"}),
    "queue": ("verify approve", {}),
    "look_after": ("verify approve", {}),
    "hand_over": ("verify approve", {"text": "All is done."}),
    "take_over": ("verify approve", {}),
    "alike": ("approve", {}),
    "approve_alike": ("approve", {"case": "GR-ABCD2345:0"}),
    "publish": ("improve", {
        "measure": "late-percent", "value": "3", "house": "Union", "source": "Report",
        "on": "2026-03-01",
    }),
    "withdraw_published": ("improve", {}),
    "monthlies": ("improve", {}),
    "open_monthly": ("improve", {}),
    "monthly": ("improve", {}),
    "join_monthly": ("improve", {"login": "auditor"}),
    "find_monthly": ("improve", {"text": "Answers come in time."}),
    "plan_monthly": ("improve", {"what": "Go on", "owner": "auditor", "due": "2999-01-01"}),
    "monthly_done": (ANY, {}),
    "close_monthly": ("improve", {}),
    "claims": ("verify", {}),
    "print_claim": ("verify", {"key": "email", "value": "max@mail.example", "name": "Max Fern"}),
    "settle_objection": ("law", {}),
    "reception": ("file freeze register", {}),
    "find": ("view", {}),
    "pin": (ANY, {}),
    "new_pin": (ANY, {"pin": "123456", "again": "123456"}),
    "give_pin": ("issue", {"person": "clerk"}),
}  # fmt: skip
"""Endpoint of a staff page -> permission it needs, or any of several, and a form it understands."""

CHOSEN = {
    "file", "produce", "freeze", "object_", "switch_canary", "stop_canary", "file_complaint",
    "open_incident", "report_mistake", "emergency_printed", "hand_over", "publish",
    "open_monthly",
    "print_claim",
    "give_pin",
}  # fmt: skip
"""Pages at which the hotel is chosen in the form."""

DENIED = "You may not do this at this property."

EVERYTHING = frozenset[str](Permission)
"""What somebody may do who may do all."""


def routes(house: House) -> Iterator[tuple[Rule, str]]:
    """Yield every rule of the staff pages with a method."""
    for rule in house.app.url_map.iter_rules():
        name = rule.endpoint.rpartition(".")[2]
        if rule.endpoint.startswith("guesterase_staff.") and name != "static":
            for method in sorted((rule.methods or set()) & {"GET", "POST", "PUT", "DELETE"}):
                yield rule, method


def test_every_staff_page_names_its_permission(house: House) -> None:
    """A new page without a permission in this table fails here, before it can be open to all."""
    assert {rule.endpoint.rpartition(".")[2] for rule, _ in routes(house)} == set(NEEDS)


def test_a_number_that_no_database_holds_is_a_form_that_cannot_be_read(house: House) -> None:
    """Whatever a form hides, and whoever wrote into it: never an error of the programme."""
    number, officer = house.request(), house.browser("officer")
    forms = {
        "rules/propose": "line", "sweep/confirm": "preview", "tasks/1": "count",
        f"{number}/take": "person",
    }  # fmt: skip
    for path, field in forms.items():
        for value in ("9" * 20, "-" + "9" * 20, "9" * 5000):
            answer = officer.post(f"/desk/privacy/{path}", **{field: value})
            assert answer.status_code == 422, path


@pytest.mark.parametrize(
    ("place", "each"),
    [("sh", False), *(pytest.param(place, True, marks=pytest.mark.long) for place in ("sh", "mu"))],
)
def test_routes_by_roles_by_properties(
    house: House, monkeypatch: pytest.MonkeyPatch, place: str, each: bool
) -> None:
    """Each page, for each member of staff, at each hotel: open only with its permission there."""
    # Of those who may do the same, one.
    staff = {login: said for said, login in {s: n for n, s in STAFF.items()}.items()}
    asks: dict[str, str] = {}
    if not each:
        # For each page one who may look and do what it needs, and one who may do all but
        # that; of the other hotel one who may do there all; and who may do nothing.
        staff = {"far-everybody": ("mu", EVERYTHING), "nobody": ("sh", frozenset())}
        for index, needed in enumerate(sorted({permission for permission, _ in NEEDS.values()})):
            words = needed.split()
            staff[f"only-{index}"] = ("sh", frozenset({words[0], "view"}))
            staff[f"not-{index}"] = ("sh", EVERYTHING.difference(words))
            asks |= {f"only-{index}": needed, f"not-{index}": needed}
        for login, said in staff.items():
            monkeypatch.setitem(STAFF, login, said)
    email = {"sh": "bea@mail.example", "mu": "max@mail.example"}[place]
    with house.app.app_context(), house.extension.begin() as office:
        number = office.request({"email": email}, property=place)
        asked = Asked(place, "Police", "P-1", "A-1", Basis.POLICE, date(2026, 3, 1))
        shown = office.produce_register(asked, {"sh": "night", "mu": "far-night"}[place]).number
        officer = {"sh": "officer", "mu": "far-officer"}[place]
        given = Grievance("about-manner", "Rude.", place, channel="desk")
        cases = {
            "complaint": office.file_complaint(given, officer),
            "incident": office.open_incident(Report(place, "leak", "A list."), officer),
            "monthly": office.open_monthly(place, {"sh": "issuer", "mu": "far-issuer"}[place]),
        }
    wrong = []
    for login, (home, granted) in staff.items():
        browser = house.browser(login)
        token = browser.token()
        for rule, method in routes(house):
            name = rule.endpoint.rpartition(".")[2]
            permission, form = NEEDS[name]
            if asks.get(login, permission) != permission:
                continue
            which = shown if name == "review" else number
            answer = _call(house, browser.client, rule, method, which, place, form, token, cases)
            unscoped = {"alert", "hold", "letter", "notice", "row", "task", "course"}
            unscoped |= {"shift", "published", "action"}
            scoped = bool(rule.arguments - unscoped) or name in CHOSEN
            allowed = bool(granted & set(permission.split())) and (home == place or not scoped)
            refused = answer.status_code == 403 and DENIED in answer.text
            # Who may do nothing at a hotel is not told that there is such a thing.
            nothing = scoped and (home != place or not granted)
            refused = refused or (nothing and answer.status_code == 404)
            # A hotel one has no right at is no choice in the form, so the form comes back.
            refused = refused or (name in CHOSEN and answer.status_code == 422 and home != place)
            unfound = name in ("deal", "measure_done") and answer.status_code == 404
            if refused == allowed and not unfound:
                wrong.append((login, method, name, answer.status_code))
    assert wrong == []


def _call(
    house: House,
    client: FlaskClient,
    rule: Rule,
    method: str,
    number: str,
    place: str,
    form: dict[str, str],
    token: str,
    cases: dict[str, str] | None = None,
) -> Any:
    values: dict[str, Any] = {"number": number, "code": place, "letter": 1, "hold": 1, "task": 1}
    values |= {"complaint": "GC-ABCD2345", "incident": "GI-ABCD2345", "monthly": "GM-ABCD2345"}
    values |= cases or {}
    values |= dict.fromkeys(("shift", "published", "action"), 1)
    values["measure"] = 1
    values["notice"], values["disclosure"] = 1, number
    values["row"] = values["alert"] = 1
    values["course"] = "reception"
    with house.app.test_request_context():
        path = url_for(rule.endpoint, **{n: v for n, v in values.items() if n in rule.arguments})
    data = {**form, "property": place, "csrf_token": token}
    headers = {"Accept-Language": "en"}
    if method == "GET":
        # What a page is asked is in its address, as its form is when it is sent.
        return client.get(path, query_string={**form}, headers=headers)
    return client.open(path, method=method, data=data, headers=headers)


def test_a_letter_of_another_hotel_is_not_dealt_with(house: House) -> None:
    """The one page that names no request looks up whose it is."""
    _letter(house)
    answer = house.browser("far-officer").post(f"{DESK}/outbox/1")
    assert answer.status_code == 404
    assert house.browser("clerk").post(f"{DESK}/outbox/1").status_code == 303
    assert house.hotel.ours("outbox")[0]["state"] == "sent"


def test_nobody_who_is_not_logged_in_sees_anything(house: House) -> None:
    """Without a log-in every staff page answers 401, whatever it would do."""
    number = house.request()
    browser = house.browser()
    token = browser.token()
    for rule, method in routes(house):
        _, form = NEEDS[rule.endpoint.rpartition(".")[2]]
        answer = _call(house, browser.client, rule, method, number, "sh", form, token)
        assert answer.status_code == 401, rule
        # The address that was asked for is told to who asked for it.
        assert number not in answer.text.replace(answer.request.path, "")


def test_a_log_in_page_of_the_host_is_where_one_is_sent(house: House) -> None:
    """Where the host has a log-in page, Flask-Login sends people there."""
    house.app.login_manager.login_view = "log_out"  # type: ignore[attr-defined]
    answer = house.browser().client.get(f"{DESK}/")
    assert answer.status_code == 302
    assert answer.headers["Location"].startswith("/out?next=")


def test_without_a_log_in_manager_the_desk_stays_closed(sqlite_url: str, tmp_path: Path) -> None:
    """A host that cannot tell who is asking gets a page that says what is missing."""
    house = House(sqlite_url, tmp_path, logins=False)
    page = house.browser().get(f"{DESK}/", 503)
    assert "LoginManager" in page
    with house.app.app_context():
        told = {f.message: f.hint for f in house.extension.check() if f.id == "authorize-missing"}
    assert "LoginManager" in told["The host has no login manager, so nobody can be known."]
    house.hotel.engine.dispose()


def _yes_in_words(*_: Any) -> Any:
    return "yes"


def test_a_host_that_said_nothing_keeps_everybody_out(tmp_path: Path) -> None:
    """Without authorize=, and with an answer that is not a plain yes, every page is closed."""
    for number, answer in enumerate((None, _yes_in_words)):
        folder = tmp_path / str(number)
        folder.mkdir()
        house = House(f"sqlite:///{folder / 'h.sqlite'}", folder, authorize=answer)
        officer = house.browser("officer")
        for path in ("/", "/new", "/outbox", "/journal", "/code"):
            assert officer.client.get(DESK + path).status_code == 403, (number, path)
        house.hotel.engine.dispose()


@pytest.mark.usefixtures("impatient")
def test_a_row_that_somebody_else_holds_is_told(house: House) -> None:
    """While another transaction holds the database, the step is refused and nothing changes."""
    number = _settled(house)
    officer = house.browser("officer")
    digest = _digest(officer, number)
    other = house.hotel.engine.connect()
    raw: Any = other.connection.dbapi_connection
    raw.execute("BEGIN IMMEDIATE")
    answer = officer.post(f"{DESK}/{number}/approve", digest=digest)
    raw.rollback()
    other.close()
    assert answer.status_code == 503
    assert answer.headers["Retry-After"] == "5"
    assert house.state(number) == "review"
    assert officer.post(f"{DESK}/{number}/approve", digest=digest).status_code == 303


def test_a_database_that_fails_the_hosts_own_work_is_told_without_values(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    """When the host cannot load its user, the page says "later" and the log names no value."""
    browser = house.browser("officer")

    def broken(login: str) -> Any:
        raise OperationalError("SELECT", {"login": CANARY}, RuntimeError(CANARY))

    house.app.login_manager.user_loader(broken)  # type: ignore[attr-defined]
    answer = browser.client.get(f"{DESK}/")
    assert answer.status_code == 503
    assert CANARY not in answer.text
    assert CANARY not in caplog.text
    assert "RuntimeError while answering guesterase_staff.index" in caplog.text


def _letter(house: House) -> str:
    browser = house.browser()
    form = {"property": "sh", "name": CANARY, "email": "ann@mail.example"}
    assert browser.ask(**form).status_code == 303
    house.worker()
    return str(house.hotel.ours("request")[0]["number"])


def _digest(browser: Browser, number: str) -> str:
    found = re.search(r'name="digest" value="(\w+)"', browser.get(f"{DESK}/{number}"))
    assert found is not None
    return found[1]


def _approve(browser: Browser, number: str) -> int:
    """Approve what the page shows; return the status."""
    digest = _digest(browser, number)
    return browser.post(f"{DESK}/{number}/approve", digest=digest).status_code


def _reviewed(house: House) -> str:
    """Return the number of a request that a clerk filed and verified."""
    number = house.request()
    assert house.browser("clerk").post(f"{DESK}/{number}/confirm", how="desk").status_code == 200
    return number


def _settled(house: House) -> str:
    """Return the number of a verified request of which it is known whose profiles it is about."""
    number = _reviewed(house)
    house.settle(number)
    return number


def test_a_clerk_files_at_the_desk_and_hands_out_a_slip(house: House) -> None:
    """Found by mailbox and name, verified with how, and a slip with the code, once."""
    clerk = house.browser("clerk")
    answer = clerk.post(
        f"{DESK}/new", property="sh", key="email", value="ann@mail.example", name=CANARY,
        channel="letter", lang="zh", received="2026-03-01", sure="2026-03-01",
    )  # fmt: skip
    assert answer.status_code == 303
    number = answer.headers["Location"].rpartition("/")[2]
    request = house.hotel.ours("request")[0]
    assert (request["channel"], request["due_on"]) == ("letter", "2026-03-20")
    slip = clerk.post(f"{DESK}/{number}/confirm", how="callback")
    code = re.search(r'class="secret">([\w-]+)<', slip.text)
    assert code is not None
    assert house.hotel.ours("request")[0]["verified_how"] == "callback"
    assert "/privacy/case" in slip.text
    assert code[1] not in clerk.get(f"{DESK}/{number}/slip")
    assert house.browser().post("/privacy/case", code=code[1]).status_code == 303


def test_a_guest_who_lost_the_case_code_gets_another(house: House) -> None:
    """From a clerk who sees who it is; the old one ends, the request stays where it is."""
    number = house.request()
    here = f"/desk/privacy/{number}"
    clerk, officer = house.browser("clerk"), house.browser("officer")
    assert clerk.post(f"{here}/recode", here, how="desk").status_code == 409
    lost = shown_code(clerk.post(f"{here}/confirm", here, how="desk"))
    page = clerk.get(here, wish="en")
    assert "The guest has lost the case code" in page
    assert "recode" not in house.browser("auditor").get(here)
    before = house.hotel.ours("request")
    given = shown_code(clerk.post(f"{here}/recode", here, how="known"))
    assert given != lost
    assert house.hotel.ours("request") == before
    assert house.browser().post("/privacy/case", code=lost).status_code == 410
    assert house.browser().post("/privacy/case", code=given).status_code == 303
    assert clerk.post(f"{here}/recode", here, how="link").status_code == 422
    assert any("case-code-replaced" in str(entry) for entry in house.hotel.ours("entry"))
    house.settle(number)
    digest = re.search(r'name="digest" value="(\w+)"', officer.get(here))
    assert digest is not None
    assert officer.post(f"{here}/approve", here, digest=digest[1]).status_code == 303
    house.worker()
    # Nothing is left with which a clerk could compare who asks.
    assert house.state(number) in ("erased", "sealed")
    assert "recode" not in clerk.get(here)
    assert clerk.post(f"{here}/recode", "/desk/privacy/new", how="desk").status_code == 409


def shown_code(answer: TestResponse) -> str:
    """Return the case code on a slip."""
    (found,) = re.findall(r'class="secret">([\w-]+)<', answer.text)
    return str(found)


def test_who_asks_in_a_guests_place_shows_a_paper_for_another_code(house: House) -> None:
    """A known face is not enough for somebody else's case."""
    match = {"email": "bea@mail.example"}
    with house.app.app_context(), house.extension.begin() as office:
        number = office.request(match, property="sh", by="clerk", asked_by="guardian")
        office.confirm(number, "clerk", "desk", "guardianship-paper")
    here, clerk = f"/desk/privacy/{number}", house.browser("clerk")
    assert clerk.post(f"{here}/recode", here, how="known").status_code == 422
    seen = {"how": "known", "seen": "guardianship-paper"}
    assert clerk.post(f"{here}/recode", here, **seen).status_code == 200


def test_a_new_code_whose_button_is_pressed_twice_is_on_the_slip(house: House) -> None:
    """Whichever answer is seen, its code opens the case."""
    number = house.request()
    here, clerk = f"/desk/privacy/{number}", house.browser("clerk")
    assert clerk.post(f"{here}/confirm", here, how="desk").status_code == 200
    sent = {"how": "desk", "csrf_token": clerk.token(here)}
    first, second = (shown_code(clerk.client.post(f"{here}/recode", data=sent)) for _ in range(2))
    assert first == second
    assert house.browser().post("/privacy/case", code=second).status_code == 303


def test_what_an_open_request_says_otherwise_is_told_to_who_files_again(house: House) -> None:
    """Nothing that a clerk typed is dropped without a word; where nothing is, nothing is said."""
    clerk = house.browser("clerk")
    day = datetime.now(ZoneInfo("Asia/Shanghai")).date()
    form = {"property": "sh", "key": "email", "value": "bea@mail.example", "channel": "desk",
            "lang": "en", "received": day.isoformat(), "asked_by": "", "reason": ""}  # fmt: skip
    told = "This guest has an open request already"
    first = clerk.post("/desk/privacy/new", **form)
    assert told not in clerk.get(f"{first.location}?lang=en")
    assert clerk.post("/desk/privacy/new", **form).location == first.location
    changed = {"channel": "letter", "received": (day - timedelta(days=3)).isoformat(),
               "lang": "de", "asked_by": "guardian", "reason": "leaked"}  # fmt: skip
    again = clerk.post("/desk/privacy/new", **{**form, **changed})
    page = clerk.get(again.location)
    assert told in page
    said = page.partition(told)[2].partition("</div>")[0]
    for label in ("How it came", "Language of the guest", "Who asks", "Why, if"):
        assert label in said
    assert "Day of receipt" not in said, "what came earlier begins its clock, so that it is in it"
    later = clerk.post("/desk/privacy/new", **form)
    assert "Day of receipt" in clerk.get(later.location).partition(told)[2].partition("</div>")[0]
    assert len(house.hotel.ours("request")) == 1


def test_a_wrong_press_about_whose_a_profile_is_is_mended_on_the_page(house: House) -> None:
    """Taken by mistake, somebody else would be erased; left by mistake, the guest would stay."""
    number, clerk = house.request(), house.browser("clerk")
    page = f"/desk/privacy/{number}"
    for deed, back in (("take", "leave"), ("leave", "take"), ("take", "leave")):
        form = rf'action="{page}/{deed}".*?name="person" value="(\d+)"'
        forms = re.findall(form, clerk.get(page))
        assert len(forms) == 1, deed
        assert clerk.post(f"{page}/{deed}", page, person=forms[0]).status_code == 303
        assert f'action="{page}/{deed}"' not in clerk.get(page)
        assert f'action="{page}/{back}"' in clerk.get(page)
    assert "/leave" not in house.browser("auditor").get(page)
    house.settle(number)


def test_who_files_for_somebody_erased_is_told_where_to_look(house: House) -> None:
    """They are found no more, and their page says what is still kept and until when."""
    number = house.request()
    with house.app.app_context(), house.extension.begin() as office:
        office.confirm(number, "clerk", "desk")
    house.settle(number)
    with house.app.app_context(), house.extension.begin() as office:
        office.approve(number, "officer", office.preview(number).digest)
    house.worker()
    assert house.state(number) == "sealed"
    day = datetime.now(ZoneInfo("Asia/Shanghai")).date().isoformat()
    answer = house.browser("clerk").post(
        "/desk/privacy/new", property="sh", key="phone", value="+8613912345678",
        channel="desk", lang="en", received=day,
    )  # fmt: skip
    assert answer.status_code == 422
    assert "Who was erased already is not found any more" in answer.text


def test_a_day_of_receipt_in_another_year_is_asked_for_twice(house: House) -> None:
    """A slip of the pen would make the answer late at once; a true day is taken all the same."""
    day = (datetime.now(ZoneInfo("Asia/Shanghai")) - timedelta(days=400)).date().isoformat()
    forms = {
        "new": {"property": "sh", "key": "email", "value": "bea@mail.example", "channel": "desk",
                "lang": "en", "received": day},
        "complaints/new": {"property": "sh", "request": "", "about": "about-manner", "text": "x",
                           "channel": "letter", "lang": "en", "received": day},
    }  # fmt: skip
    clerk = house.browser("clerk")
    for path, form in forms.items():
        page = clerk.post(f"/desk/privacy/{path}?lang=en", **form)
        assert page.status_code == 422
        assert "more than a year ago" in page.text
        (sure,) = re.findall(r'name="sure" value="([^"]*)"', page.text)
        other = "2020-02-03"
        assert clerk.post(f"/desk/privacy/{path}", **{**form, "received": other, "sure": sure}
                          ).status_code == 422  # fmt: skip
        assert clerk.post(f"/desk/privacy/{path}", **form, sure=sure).status_code < 400
    assert str(house.hotel.ours("request")[0]["received_at"])[:10] == day


def test_a_form_that_finds_nobody_says_so_at_the_field(house: House) -> None:
    """Nobody on file, a key that finds nobody, a day to come: the form comes back with words."""
    clerk = house.browser("clerk")
    form = {"property": "sh", "key": "email", "value": "who@mail.example", "channel": "desk",
            "lang": "en", "received": "2026-03-01", "sure": "2026-03-01"}  # fmt: skip
    for change in ({}, {"value": "0"}, {"received": "2999-01-01"}, {"key": "shoe"}, {"lang": "x"}):
        answer = clerk.post(f"{DESK}/new", **{**form, **change})
        assert answer.status_code == 422, change
        assert 'class="wrong"' in answer.text or 'role="alert"' in answer.text, change
    assert house.hotel.ours("request") == []


def test_the_plan_is_read_and_another_person_approves(house: House) -> None:
    """What goes, what stays and why is on the page; approving takes a second person."""
    number = _settled(house)
    officer = house.browser("officer")
    page = officer.get(f"{DESK}/{number}?lang=en")
    for fact in ("guests", "document_no, email, name, phone", "row deleted",
                 "invoices and bookkeeping", "Approve the erasure"):  # fmt: skip
        assert fact in page, fact
    assert "Phone number: …78<" in page, "not taken for the end of a document number"
    assert ">a…@mail.example<" in page
    clerk = house.browser("clerk").get(f"{DESK}/{number}?lang=en")
    assert "Approve the erasure" not in clerk
    assert _approve(officer, number) == 303
    assert house.state(number) == "approved"
    assert ("rows go" in page, "rows went" in page) == (True, False)
    assert officer.post(f"{DESK}/{number}/erase").status_code == 303
    assert house.state(number) == "sealed"
    assert house.hotel.row(1)["phone"] is None
    assert number in officer.get(f"{DESK}/{number}/certificate")
    ended = officer.get(f"{DESK}/{number}?lang=en")
    assert ("rows go" in ended, "rows went" in ended) == (False, True)
    assert ("What goes" in ended, ended.count("What went")) == (False, 2)


def test_whoever_verified_does_not_approve(house: House) -> None:
    """Four eyes: the page says who must do it instead, and nothing changes."""
    number = house.request(by="officer")
    officer = house.browser("officer")
    officer.get(f"{DESK}/?lang=en")
    officer.post(f"{DESK}/{number}/confirm", how="desk")
    house.settle(number)
    second = house.browser("second")
    answer = officer.post(f"{DESK}/{number}/approve", digest=_digest(second, number))
    assert answer.status_code == 403
    assert "A second person has to do this." in answer.text
    assert house.state(number) == "review"
    assert _approve(second, number) == 303


def test_a_plan_that_moved_is_not_approved(house: House) -> None:
    """The digest that was read must be today's; else the page asks to read again."""
    number = _reviewed(house)
    officer = house.browser("officer")
    officer.get(f"{DESK}/?lang=en")
    answer = officer.post(f"{DESK}/{number}/approve", digest="0" * 64)
    assert answer.status_code == 409
    assert "no longer what you saw" in answer.text
    assert f'href="{DESK}/{number}"' in answer.text
    assert house.state(number) == "review"


def test_who_decides_anew_reads_that_it_was_approved_before(house: House) -> None:
    """The worker found that more would be done; without a word it looks like any new request."""
    number, told = _reviewed(house), "It was approved before and came back"
    officer, second = house.browser("officer"), house.browser("second")
    house.settle(number)
    assert told not in officer.get(f"{DESK}/{number}?lang=en")
    with house.app.app_context(), house.extension.begin() as office:
        office.approve(number, "officer", office.preview(number).digest)
    house.hotel.put(Scan, id=1, guest_id=1, path="ann.png")
    house.worker()
    assert house.state(number) == "review"
    page = officer.get(f"{DESK}/{number}?lang=en")
    assert told in page
    assert "scans" in page.partition(told)[2].partition("</div>")[0]
    assert _approve(second, number) == 303


def test_who_decides_reads_that_a_profile_was_written_since_it_was_found(house: House) -> None:
    """The page says so and shows who is in it; who may say whose it is takes or leaves it there."""
    number, told = _settled(house), "A profile has changed since it was said whose it is."
    clerk, officer = house.browser("clerk"), house.browser("officer")
    assert told not in officer.get(f"{DESK}/{number}?lang=en")
    with house.hotel.engine.begin() as conn:
        conn.execute(update(Guest).where(Guest.id == 1).values(name="Bea Elsewhere"))
    page = officer.get(f"{DESK}/{number}?lang=en")
    assert told in page
    assert "a row that was taken holds another name or contact" in page
    assert "Bea Elsewhere" in page
    id = house.hotel.ours("subject")[0]["id"]
    form = rf'action="{DESK}/{number}/(\w+)">(?:(?!</form>).)*name="person" value="{id}"'
    assert re.findall(form, clerk.get(f"{DESK}/{number}?lang=en")) == ["take", "leave"]
    assert clerk.post(f"{DESK}/{number}/take", f"{DESK}/{number}", person=id).status_code == 303
    assert told not in clerk.get(f"{DESK}/{number}?lang=en")
    assert _approve(officer, number) == 303


def test_who_reads_who_is_in_a_changed_profile_approves_that(house: House) -> None:
    """A correction costs one look at the page; what was read without names is not enough."""
    number, officer = _settled(house), house.browser("officer")
    with house.hotel.engine.begin() as conn:
        conn.execute(update(Guest).where(Guest.id == 1).values(phone="+8613800000077"))
    with house.app.app_context(), house.extension.begin() as office:
        blind = office.preview(number).digest
    answer = officer.post(f"{DESK}/{number}/approve", digest=blind)
    assert answer.status_code == 409
    assert "a row that was taken holds another name or contact" in answer.text
    assert _approve(officer, number) == 303


def test_another_persons_profile_is_only_offered(house: House) -> None:
    """A profile with the same mailbox and another name waits for a person, masked."""
    number = _reviewed(house)
    page = house.browser("clerk").get(f"{DESK}/{number}?lang=en")
    assert "Carl Other" in page
    assert "has another name" in page
    assert "ann@mail.example" not in page
    auditor = house.browser("auditor").get(f"{DESK}/{number}?lang=en")
    assert "Carl Other" not in auditor
    assert CANARY not in auditor
    person = re.search(r'name="person" value="(\d+)"', page)
    assert person is not None
    assert house.browser("clerk").post(
        f"{DESK}/{number}/leave", person=person[1]
    ).status_code == 303  # fmt: skip
    page = house.browser("clerk").get(f"{DESK}/{number}?lang=en")
    assert "Perhaps the same person" not in page
    # Whoever may say whose it is takes a wrong press back; nobody else reads that name.
    assert "Carl Other" in page.partition("Said to be somebody else")[2]
    assert "Carl Other" not in house.browser("auditor").get(f"{DESK}/{number}")


def test_a_request_is_refused_on_a_ground_and_the_guest_reads_it(house: House) -> None:
    """A ground from the list, told to the guest with the way to complain."""
    number = _letter(house)
    officer = house.browser("officer")
    assert officer.post(f"{DESK}/{number}/refuse", ground="because").status_code == 422
    assert officer.post(f"{DESK}/{number}/refuse", ground="another-persons-data").status_code == 303
    assert house.state(number) == "refused"
    letters = officer.get(f"{DESK}/outbox")
    assert "It is another person" in letters
    assert "data protection authority" in letters
    again = officer.post(f"{DESK}/{number}/refuse", ground="another-persons-data")
    assert again.status_code == 409


def test_the_list_can_be_narrowed(house: House) -> None:
    """By state and hotel; an unknown state is a mistake in the address, with a page."""
    number = house.request()
    clerk = house.browser("clerk")
    assert number in clerk.get(f"{DESK}/?state=open")
    assert number not in clerk.get(f"{DESK}/?state=erased")
    assert number not in clerk.get(f"{DESK}/?property=mu")
    clerk.get(f"{DESK}/?state=xyz", 422)
    assert number not in house.browser("far-officer").get(f"{DESK}/")


def test_a_long_list_is_read_page_by_page(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was chosen goes along; a page that is none is said to be none."""
    monkeypatch.setattr(views, "PAGE", 1)
    first = house.request()
    with house.app.app_context(), house.extension.begin() as office:
        second = office.request({"email": "bea@mail.example"}, property="sh", by="clerk")
    clerk = house.browser("clerk")
    page = clerk.get(f"{DESK}/?state=open", wish="en")
    assert (first in page) != (second in page)
    (address,) = re.findall(r'rel="next" href="([^"]+)"', page)
    assert 'rel="prev"' not in page
    assert "state=open" in address
    other = clerk.get(address.replace("&amp;", "&"), wish="en")
    assert (first in other, second in other) == (second in page, first in page)
    assert 'rel="next"' not in other
    assert "There are none." in clerk.get(f"{DESK}/?page=9", wish="en")
    clerk.get(f"{DESK}/?page=0", 422)


def test_the_journal_is_shown_and_verified(house: House) -> None:
    """An auditor reads what happened, has it verified, and sees when it was touched."""
    _reviewed(house)
    auditor = house.browser("auditor")
    page = auditor.get(f"{DESK}/journal?lang=en")
    assert "identity shown" in page
    assert CANARY not in page
    assert "Every entry fits" in auditor.post(f"{DESK}/journal/verify").text
    with house.hotel.engine.begin() as conn:
        conn.exec_driver_sql("UPDATE guesterase_entry SET leaf = 'ff' WHERE position = 1")
    assert "does not prove itself" in auditor.post(f"{DESK}/journal/verify").text
    assert auditor.get(f"{DESK}/checkpoint/sh").startswith("guesterase/")


def test_a_checkpoint_of_no_hotel_is_not_there(house: House) -> None:
    """Whoever types a code that no hotel has is told so; it is no trouble of the settings."""
    page = house.browser("auditor").get(f"{DESK}/checkpoint/nowhere", 404, "en")
    assert "settings" not in page
    assert "503" not in page


def test_a_one_time_code_works_once(house: House) -> None:
    """The page makes a code that proves at a console who one is, and shows by what id."""
    page = house.browser("officer").post(f"{DESK}/code")
    assert "<code>officer</code>" in page.text
    code = re.search(r'class="secret">([\w-]+)<', page.text)
    assert code is not None
    with house.app.app_context(), house.extension.begin() as office:
        office.use_code("officer", code[1])
    assert code[1] not in house.browser("officer").get(f"{DESK}/code")


def test_pages_offer_the_ways_the_office_knows() -> None:
    """Every way a clerk may record is one the office takes."""
    assert set(schemas.SHOWABLE) == {way.value for way in Shown} - {"link", "claim"}


def test_names_are_shown_only_to_whom_they_help(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    """No name on a page of somebody who decides nothing, nor in a log, from filing to the end."""
    with caplog.at_level(logging.DEBUG):
        number = _settled(house)
        officer = house.browser("officer")
        officer.post(f"{DESK}/{number}/approve", digest=_digest(officer, number))
        for login in ("auditor", "nobody", "far-officer"):
            browser = house.browser(login)
            for path in ("/", f"/{number}", f"/{number}/slip", "/journal", "/outbox"):
                assert CANARY not in browser.client.get(DESK + path).text, (login, path)
        officer.post(f"{DESK}/{number}/erase")
    assert CANARY not in caplog.text


def test_staff_pages_can_be_read_in_chinese(house: House) -> None:
    """The whole desk speaks Chinese: no English heading is left on its pages."""
    number = _reviewed(house)
    officer = house.browser("officer")
    for path in ("/", "/new", f"/{number}", f"/{number}/slip", "/outbox", "/code"):
        page = officer.get(f"{DESK}{path}?lang=zh")
        for heading in re.findall(r"<h[12]>(.*?)</h[12]>|<th[^>]*>(.*?)</th>", page):
            assert re.search("[\u4e00-\u9fff]", "".join(heading)), (path, heading)


def test_the_host_is_asked_for_each_right_once_a_page(house: House) -> None:
    """A host may look in its database to answer; menu and page ask for the same rights."""
    asked: list[tuple[str, str, str]] = []
    answer = house.extension._authorize
    assert answer is not None

    def counting(user: Any, permission: str, place: str) -> bool:
        asked.append((user.get_id(), permission, place))
        return answer(user, permission, place)

    browser = house.browser("officer")
    house.extension._authorize = counting
    with house.app.test_request_context():
        page = url_for("guesterase_staff.index")
    browser.get(page)
    # The office asks once more who may see what it shows.
    menu = [each for each in asked if each[1] != "view"]
    assert len(menu) > 10
    assert len(menu) == len(set(menu))
    first = len(asked)
    browser.get(page)
    assert len(asked) == 2 * first


@pytest.mark.parametrize("state", ["received", "review", "sealed"])
def test_who_looks_at_a_request_waits_for_nobody_who_writes(house: House, state: str) -> None:
    """A look keeps nobody waiting either: on SQLite whoever writes has the whole file."""
    number = house.request()
    if state == "review":
        with house.app.app_context(), house.extension.begin() as office:
            office.confirm(number, "clerk", "desk")
    elif state == "sealed":
        house.approve(number)
        house.worker()
    assert house.state(number) == state
    # Each in a browser of its own: whoever acted before is known, the other never did anything.
    browsers = [house.browser(login) for login in ("officer", "auditor")]
    people = len(house.hotel.ours("actor"))
    with house.hotel.engine.connect() as other:
        raw: Any = other.connection.dbapi_connection
        raw.execute("BEGIN IMMEDIATE")
        for browser in browsers:
            assert number in browser.get(f"{DESK}/{number}")
        raw.rollback()
    assert len(house.hotel.ours("actor")) == people


@pytest.mark.parametrize("busy", [2, 3])
def test_what_was_refused_is_journaled_once_the_database_has_time(
    house: House, monkeypatch: pytest.MonkeyPatch, busy: int
) -> None:
    """Somebody who wrote just then keeps no refusal out of the journal; it is told once."""
    number, stranger = house.request(), house.browser("night")
    monkeypatch.setattr(transaction, "LOCK_SECONDS", 0)
    pauses: list[float] = []
    with house.hotel.engine.connect() as other:
        raw: Any = other.connection.dbapi_connection
        raw.execute("BEGIN IMMEDIATE")

        def paused(seconds: float) -> None:
            pauses.append(seconds)
            if len(pauses) == busy - 1:
                raw.rollback()

        monkeypatch.setattr(transaction.time, "sleep", paused)
        assert stranger.client.get(f"{DESK}/{number}/slip").status_code == 403
    assert len(pauses) == busy - 1
    assert [grounds for _, _, grounds in told(house)] == [("not-permitted", "view")]
