"""Who may do nothing at a hotel is told the same of what is there as of what is nowhere.

Every address of the staff's pages and of the API that names a thing is asked twice: about one of a
hotel at which the reader may do nothing, and about one that does not exist.
"""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from flask import url_for
from sqlalchemy import insert
from werkzeug.test import TestResponse

from flask_guesterase.core.permissions import Permission
from flask_guesterase.store import tables
from flask_guesterase.store.monthly.published import Figure
from flask_guesterase.store.office import Office
from flask_guesterase.web.api.route import OPERATIONS, template
from flask_guesterase.web.api.spec import api_pages
from tests.web.apihouse import API, Program
from tests.web.test_api import BODIES, QUESTIONS
from tests.web.test_staff import NEEDS, routes
from tests.web.test_untaken import FAR, Desk, desk

__all__ = ["desk"]

NOWHERE = {
    "number": "GR-ABCD2345", "complaint": "GC-ABCD2345", "incident": "GI-ABCD2345",
    "monthly": "GM-ABCD2345", "disclosure": "GD-ABCD2345",
}  # fmt: skip
"""Part of an address -> what it names where there is no such thing; 999 where it is a number."""

OPEN = {"course", "code", "check", "table"}
"""Parts of addresses that name nothing of a hotel's."""


def more(office: Office) -> dict[str, Any]:
    """Make what is still missing of all that an address can name."""
    figure = Figure("sh", "late-percent", 3, "Union", "Report", date(2026, 3, 1))
    published = office.publish(figure, "issuer")
    (review,) = office.monthlies("issuer")
    action = office.plan_monthly(review["number"], ("Go on", "issuer", date(2999, 1, 1)), "issuer")
    case = office.incidents("clerk")[0]["number"]
    measure = office.plan_measure(case, "Shred.", "clerk", date(2999, 1, 1), "clerk")
    return {"published": str(published), "action": str(action), "measure": str(measure)}


@pytest.fixture
def things(desk: Desk) -> dict[str, str]:
    """Return part of an address -> a thing at one of the first two hotels."""
    house = desk.house
    with house.app.app_context():
        made = house.extension.run(more)
    now = datetime(2026, 3, 10)
    with house.hotel.engine.begin() as conn:
        conn.execute(insert(tables.delivery).values(
            request=desk.things["number"], controller="Pine Ltd", property="sh", recipient="locks",
            how="by-hand", reference="x" * 32, state="queued", queued_at=now,
        ))  # fmt: skip
    first = {
        "hold": "hold", "alert": "alert", "task": "task", "letter": "outbox", "row": "returned",
        "shift": "handover", "notice": "delivery",
    }  # fmt: skip
    rows = {part: house.hotel.ours(table) for part, table in first.items()}
    known = {part: str(found[0]["id"]) for part, found in rows.items() if found}
    shown = house.hotel.ours("disclosure")[0]["number"]
    return {**desk.things, **known, **made, "disclosure": shown}


def told(answer: TestResponse) -> tuple[Any, ...]:
    """Return all that an answer says, but the tokens of its forms and the number in it."""
    text = re.sub(r'(csrf_token" value=")[^"]+', r"\1", answer.text)
    text = re.sub(r"G[RCIMD]-[0-9A-Z]{8}", "", text)
    headers = sorted((n, v) for n, v in answer.headers if n not in ("Content-Length", "Set-Cookie"))
    return answer.status_code, re.sub(r"/\d+(?=[/\"?])", "", text), headers


def test_no_page_tells_what_is_at_another_hotel(desk: Desk, things: dict[str, str]) -> None:
    """Status, words and headers are the same, whatever is asked for."""
    house, browser = desk.house, desk.house.browser(FAR)
    token, wrong, looked = browser.token(), [], set()
    for rule, method in routes(house):
        parts = set(rule.arguments) - OPEN
        if not parts:
            continue
        endpoint = rule.endpoint.rpartition(".")[2]
        assert parts <= set(things), (endpoint, parts - set(things))
        looked |= parts
        answers = []
        for named in (things, {part: NOWHERE.get(part, "999") for part in parts}):
            with house.app.test_request_context():
                values: dict[str, Any] = {part: named[part] for part in parts}
                path = url_for(rule.endpoint, **values)
            form = dict(NEEDS[endpoint][1])
            sent: dict[str, Any] = {"query_string": form}
            if method != "GET":
                sent = {"data": {**form, "csrf_token": token}}
            answers.append(told(browser.client.open(path, method=method, **sent)))
        if answers[0] != answers[1]:
            wrong.append((method, endpoint, answers[0][0], answers[1][0]))
    assert wrong == []
    assert looked == set(things)


def far(desk: Desk) -> Program:
    """Return a program with every permission at a hotel where nothing is."""
    house = desk.house
    house.app.register_blueprint(api_pages, url_prefix=API)
    with house.app.app_context(), house.extension.begin() as office:
        until = (office.work.now + timedelta(days=30)).date()
        every = tuple(sorted(set(map(str, Permission)) - {"issue"}))
        return Program(house, office.issue_token(FAR, "be", every, until, by="issuer"))


def test_no_answer_of_the_api_tells_what_is_at_another_hotel(
    desk: Desk, things: dict[str, str]
) -> None:
    """The same for a program with every permission at a hotel of its own."""
    program, wrong = far(desk), []
    for each in OPERATIONS:
        path = template(each.path)
        parts = set(re.findall(r"{(\w+)}", path)) - OPEN
        if not parts:
            continue
        answers = []
        for named in (things, {part: NOWHERE.get(part, "999") for part in parts}):
            asked = path
            for part in re.findall(r"{(\w+)}", path):
                asked = asked.replace(f"{{{part}}}", str(named.get(part, "1")))
            asked += QUESTIONS.get(each.name, "")
            answers.append(told(
                program.get(asked) if each.method == "GET"
                else program.post(asked, BODIES.get(each.name))
            ))  # fmt: skip
        if answers[0] != answers[1]:
            wrong.append((each.method, each.path, answers[0][0], answers[1][0]))
    assert wrong == []


def test_no_form_tells_what_is_at_another_hotel(desk: Desk) -> None:
    """A number that is typed is one of nowhere, too: of a complaint, and of who is held."""
    house, browser = desk.house, desk.house.browser(FAR)
    token = browser.token()
    complaint = {**NEEDS["file_complaint"][1], "property": "be"}
    hold = {**NEEDS["hold"][1], "property": "be", "why": "court-order"}
    for page, field, form in (("complaints", "request", complaint), ("holds", "number", hold)):
        answers = [
            browser.client.post(
                f"/desk/privacy/{page}/new", data={**form, field: number, "csrf_token": token}
            )
            for number in (desk.things["number"], NOWHERE["number"])
        ]
        first, second = map(told, answers)
        assert first == second, page
        assert answers[0].status_code == 422
    assert house.hotel.ours("complaint")


def test_no_button_tells_what_is_at_another_hotel(desk: Desk) -> None:
    """Requests that are ticked to be approved together, and lines of the rulebook."""
    house, browser = desk.house, desk.house.browser(FAR)
    token = browser.token()
    cases = [f"{number}:{'0' * 64}" for number in (desk.things["number"], NOWHERE["number"])]
    line = next(str(row["id"]) for row in house.hotel.ours("rule") if row["property"] == "sh")
    buttons = {"alike": ("case", cases)} | {
        f"rules/{deed}": ("line", [line, "99999"]) for deed in ("propose", "confirm", "house")
    }
    wrong = []
    for page, (field, given) in buttons.items():
        answers = [
            browser.client.post(f"/desk/privacy/{page}", data={field: one, "csrf_token": token})
            for one in given
        ]
        first, second = map(told, answers)
        if first != second or answers[0].status_code != 404:
            wrong.append((page, answers[0].status_code, answers[1].status_code))
    assert wrong == []


def test_no_body_tells_what_is_at_another_hotel(desk: Desk) -> None:
    """A program that approves together what it names."""
    program = far(desk)
    answers = [
        program.post("/alike", {"chosen": {number: "0" * 64}})
        for number in (desk.things["number"], NOWHERE["number"])
    ]
    first, second = map(told, answers)
    assert first == second
    assert answers[0].status_code == 404
