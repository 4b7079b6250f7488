"""A form without what it asks for comes back, with a sentence at the field and all that was typed.

Every form of every page is read from the page itself, so that a new one is looked at because it is
there.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert

from flask_guesterase.core.holding import Cause, Scope, Wanted
from flask_guesterase.core.register import Asked, Basis
from flask_guesterase.store import tables
from flask_guesterase.store.complaints.receiving import Grievance
from flask_guesterase.store.incidents import noticing
from flask_guesterase.store.incidents.affected import Asked as Reached
from flask_guesterase.store.incidents.opening import Class, Report
from flask_guesterase.store.office import Office
from flask_guesterase.store.settings import Property
from tests.web.catalogs import FOLDER
from tests.web.forms import Field, Form, forms
from tests.web.house import CANARY, PROPERTIES, Browser, House
from tests.web.test_complaints import complain, refused
from tests.web.test_returns import came_back

DESK = "/desk/privacy"
FAR = "far-officer"
"""Who may do everything at a hotel where nothing is, and nothing elsewhere."""

SECRET = {"pin", "old", "again", "code", "guesterase_pin"}
"""What is typed anew: a page never shows it."""

GIVEN = {
    "email": "ann@mail.example", "phone": "+8613912345678", "contact": "ann@mail.example",
    "received": "2026-03-01", "night": "2026-03-01", "until": "", "on": "2026-03-01",
    "noticed": "2026-03-01T10:00", "happened": "2026-03-01T10:00", "month": "2026-02",
    "since": "2026-03-01", "due": "2999-01-01", "review_on": "2999-01-01", "value": "3",
    "count": "3", "number": "GR-ABCD2345", "request": "", "login": "auditor", "owner": "clerk",
    "deputy": "second", "person": "clerk", "pin": "918273", "again": "918273", "key": "email",
}  # fmt: skip
"""Name of a field -> what somebody types there; a figure, a day or a word where it is not here."""


def typed(each: Field) -> str:
    """Return what somebody gives in a field."""
    if each.kind in ("radio", "select", "button", "checkbox"):
        chosen = [option for option in each.options if option]
        return GIVEN[each.name] if GIVEN.get(each.name) in chosen else (chosen or [""])[-1]
    usual = {"date": "2999-01-01", "datetime-local": "2026-03-01T10:00", "number": "3",
             "month": "2026-02"}.get(each.kind, "Some words here")  # fmt: skip
    return GIVEN.get(each.name, usual)


@dataclass
class Desk:
    """A house in which there is something of everything, and who may do everything there.

    :param house: the house.
    :param pages: addresses of all pages that have forms.
    :param things: part of an address -> number of a thing that is there.
    """

    house: House
    pages: list[str]
    things: dict[str, str]

    def browser(self) -> Browser:
        """Return the browser of somebody who filed, verified and decided nothing of it."""
        return self.house.browser("second-holder")


@pytest.fixture
def desk(sqlite_url: str, tmp_path: Path) -> Iterator[Desk]:
    """A house with a request in each state, a complaint, an incident, a hold, a review ..."""
    third = Property("be", "Hotel Elm", "Elm AG", "DE", "Europe/Berlin", "de")
    house = House(
        sqlite_url, tmp_path, (*PROPERTIES, third),
        authorize=lambda user, _, place: user.id != FAR or place == "be",
    )  # fmt: skip
    house.people()
    house.begun()
    came_back(house)
    requests = _requests(house)
    pages = [f"{DESK}/{number}" for number in requests]
    with house.app.app_context():
        run = house.extension.run
        objects = run(_objects)
        _rows(house)
        monthly = run(_monthly)
    pages += [*objects, f"{DESK}/reviews/{monthly}"]
    complaint, incident, _ = (page.rpartition("/")[2] for page in objects)
    things = {"number": requests[1], "complaint": complaint, "incident": incident,
              "monthly": monthly}  # fmt: skip
    for rule in house.app.url_map.iter_rules():
        if rule.endpoint.startswith("guesterase_staff.") and not rule.arguments:
            pages += [str(rule)] if "GET" in (rule.methods or ()) else []
    yield Desk(house, [*pages, f"{DESK}/training/reception"], things)
    house.session.remove()
    house.hotel.engine.dispose()


def _requests(house: House) -> list[str]:
    with house.app.app_context():
        run = house.extension.run
        ann = {"email": "ann@mail.example", "name": CANARY}
        found = [run(lambda office: office.request(ann, property="sh", by="clerk"))]
        house.approve(found[0])
        house.extension.work()
        bea, max_ = {"email": "bea@mail.example"}, {"email": "max@mail.example"}
        of_bea = {"property": "sh", "by": "clerk", "asked_by": "guardian"}
        found += [run(lambda office: office.request(bea, **of_bea))]
        found += [run(lambda office: office.request(max_, property="mu", by="clerk"))]
        run(lambda office: office.confirm(found[-1], "clerk", "desk"))
    return found


def _objects(office: Office) -> list[str]:
    given = Grievance("about-manner", "Rude.", "sh", channel="desk")
    complaint = office.file_complaint(given, "clerk")
    incident = office.open_incident(Report("mu", "leak", "A list."), "clerk")
    how = Class("risk-high", "human-error", "leak", ["guests.name"])
    office.classify_incident(incident, how, "clerk")
    office.measure_incident(incident, Reached("", None, None), "clerk")
    told = office.open_incident(Report("sh", "leak", "Another list."), "clerk")
    office.classify_incident(told, how, "clerk")
    office.measure_incident(told, Reached("", None, None), "clerk")
    office.propose_notice(told, "CN/guests", "A list was seen.", "clerk")
    (digest,) = filter(None, (duty["digest"] for duty in office.incident(told, "second")["duties"]))
    office.let_notice_go(told, "CN/guests", "second", digest)
    noticing.push_all(lambda unit: unit(office))
    police = Asked("sh", "Police", "P-1", "A-1", Basis.POLICE, date(2026, 3, 1))
    office.produce_register(police, "night")
    office.place_hold(Wanted(Scope.SUBJECT, Cause.CLAIM, "guests", "2"), "officer")
    office.freeze("sh", "porter")
    then = datetime(2026, 3, 10, 8, tzinfo=UTC)
    office.report_mistake("sh", "reporter", "not-erased", then, "x")
    office.hand_over("sh", "All quiet.", "clerk")
    return [f"{DESK}/{each}" for each in (
        f"complaints/{complaint}", f"incidents/{incident}", f"incidents/{told}",
    )]  # fmt: skip


def _rows(house: House) -> None:
    with house.hotel.engine.begin() as conn:
        conn.execute(insert(tables.task).values(
            controller="Pine Ltd", property="sh", kind="paper", name="forms/2020-01", count=3,
            due_on="2026-01-01", made_at=datetime(2026, 1, 1),
        ))  # fmt: skip
        (row,) = house.hotel.ours("returned")
        found = {name: value for name, value in row.items() if name != "id"}
        conn.execute(insert(tables.returned).values(**{**found, "door": "replay", "row_key": "8"}))


def _monthly(office: Office) -> str:
    return office.open_monthly("sh", "issuer")


def again(page: str, form: Form, text: str) -> Form | None:
    """Return the form of a page as an answer holds it again, or None."""
    place = (form.action or page).partition("?")[0]
    held = (f for f in form.fields.values() if f.kind == "hidden" and f.name != "csrf_token")
    hidden = {each.name: each.value for each in held}
    for each in forms(text):
        fields = each.fields
        here = (each.action or page).partition("?")[0] == place and set(form.fields) <= set(fields)
        if here and all(fields[name].value == value for name, value in hidden.items()):
            return each
    return None


def lacks(browser: Browser, page: str, form: Form) -> list[str]:
    """Return what is not right when each field that is needed is left out in turn."""
    found, every = [], {each.name: typed(each) for each in form.visible()}
    for each in form.needed():
        sent = {n: text for n, text in form.filled(**every).items() if n != each.name}
        how: dict[str, Any] = {"query_string" if form.method == "get" else "data": sent}
        answer = browser.client.open(form.action or page, method=form.method.upper(), **how)
        if answer.status_code == 200 and form.method == "get":
            # A list that is narrowed by nothing is a list.
            continue
        shown = again(page, form, answer.text)
        here = f"{page} {form.action} without {each.name}: "
        if answer.status_code not in (410, 422) or shown is None:
            found.append(f"{here}{answer.status_code}{', no form' if shown is None else ''}")
            continue
        if not any(shown.wrong) and (form.action, each.name) not in SAID_FIRST:
            found.append(f"{here}nothing at the field")
        for other in form.visible():
            secret = other.name in SECRET or other.kind in ("password", "button")
            kept = other is each or shown.fields[other.name].value == every[other.name]
            if not secret and not kept:
                found.append(f"{here}{other.name} is lost")
    return found


SAID_FIRST = {(f"{DESK}/holds/new", name) for name in ("scope", "property", "silent")}
"""Choices that a form makes itself and nobody can take back: what it says first counts."""

WITHOUT = {
    "answer_complaint": "the letter that was read, hidden; its button only changes it",
    "confirm_change": "a checkpoint, which may be left out where one was sent outside",
    "approve_alike": "ticked, any number; the page says that none was",
    "not_theirs": "ticked, any number; none is none",
    "is_gone": "ticked, any number; none is none",
}  # fmt: skip
"""Views whose form is on no page of this house, though a person chooses something in it."""

CHOICE = re.compile(
    r"ui\\.(?:pick|field|area|choose)|<select|<textarea|<button[^>]* name=|"
    r'type="(?:radio|checkbox|text|date|number|password)"'
)


def hidden_only(endpoint: str, desk: str) -> bool:
    """Return whether the forms of a view hold nothing that a person could leave out."""
    folder = FOLDER / "templates" / "guesterase" / desk
    texts = (file.read_text(encoding="utf-8") for file in folder.rglob("*.html"))
    found = [
        form for text in texts for form in re.findall(r"<form.*?</form>", text, re.DOTALL)
        if f"'.{endpoint}'" in form.partition(">")[0]
    ]
    return bool(found) and not any(CHOICE.search(form) for form in found)


def looked(house: House, pages: list[tuple[Browser, str]], desk: str) -> tuple[list[str], set[str]]:
    """Send every form of some pages; return what is not right, and the views that no form is of."""
    wrong, met = list[str](), set[str]()
    adapter = house.app.url_map.bind("localhost")
    for browser, page in pages:
        answer = browser.client.get(page)
        if answer.status_code >= 400 or "html" not in str(answer.mimetype):
            continue
        for form in forms(answer.text):
            if form.method == "post":
                action = (form.action or page).partition("?")[0]
                met.add(adapter.match(action, "POST")[0].rpartition(".")[2])
            wrong += lacks(browser, page, form)
    posts = {
        rule.endpoint.rpartition(".")[2] for rule in house.app.url_map.iter_rules()
        if rule.endpoint.startswith(f"guesterase_{desk}.") and "POST" in (rule.methods or ())
    }
    return wrong, {each for each in posts - met if not hidden_only(each, desk)}


def test_every_form_of_staff_comes_back(desk: Desk) -> None:
    """Whatever of a form is left out, the page says so at the field and keeps the rest."""
    browser = desk.browser()
    wrong, unseen = looked(desk.house, [(browser, page) for page in desk.pages], "staff")
    assert wrong == []
    assert unseen == set(WITHOUT)


BUTTONS = {
    "answered", "confirm", "confirm_again", "confirm_copy", "fetch_copy", "objected", "stopped",
    "review_case",
}  # fmt: skip
"""Views of guests to which a page sends a button alone, or what was read; one is a machine's."""


def _guests(house: House) -> list[tuple[Browser, str]]:
    """Return each page of guests with a form, and the browser that may open it."""
    asking, done, reviewer, fresh = (house.browser() for _ in range(4))
    case = refused(house)[1]
    asking.answers(property="sh", name="Eve Moor", email="eve@mail.example")
    complaint = complain(case)
    with house.app.app_context():
        run = house.extension.run
        token, code = run(lambda office: office.invite_reviewer(complaint, "second", "decide"))
        bea = {"email": "bea@mail.example"}
        number = run(lambda office: office.request(bea, property="sh", by="clerk"))
        secret = run(lambda office: office.confirm(number, "clerk", "desk"))
        house.settle(number)
        run(lambda office: office.approve(number, "officer", office.preview(number).digest))
        house.extension.work()
    assert done.post("/privacy/case", code=secret).status_code == 303
    link = f"/privacy/review/{token}"
    assert reviewer.post(link, link, code=code).status_code == 303
    with house.app.app_context():
        other, _ = house.extension.run(
            lambda office: office.invite_reviewer(complaint, "second", "decide")
        )
    paths = [
        (asking, "ask"), (asking, "ask/hotel"), (asking, "ask/name"), (asking, "ask/contact"),
        (asking, "ask/booking"), (asking, "ask/check"), (fresh, "claim"), (fresh, "case"),
        (fresh, "complain"), (fresh, "advertising"), (case, "case"), (case, "case/complain"),
        (done, "case"), (done, "case/feedback"), (done, "case/again"), (reviewer, "review"),
        (fresh, f"review/{other}"), (fresh, "copy"),
    ]  # fmt: skip
    return [(browser, f"/privacy/{path}") for browser, path in paths]


def test_every_form_of_guests_comes_back(house: House) -> None:
    """The same at the guest's desk: the questions, a case, a complaint, a reviewer's answer."""
    wrong, unseen = looked(house, _guests(house), "guest")
    assert wrong == []
    assert unseen == BUTTONS
