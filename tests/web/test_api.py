"""The JSON API: tokens scoped to a property and to permissions, and persons behind every token."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import nullcontext
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Blueprint, Flask
from flask_wtf.csrf import CSRFProtect
from sqlalchemy import update

from flask_guesterase.core.errors import (
    ForbiddenError,
    GuesteraseError,
    TransitionError,
    UnknownError,
)
from flask_guesterase.core.permissions import Permission
from flask_guesterase.store import tables
from flask_guesterase.store.access import actors
from flask_guesterase.store.complaints.receiving import Grievance
from flask_guesterase.store.incidents.opening import Report
from flask_guesterase.store.messages import outbox
from flask_guesterase.store.registers import disclosures
from flask_guesterase.store.requests import views
from flask_guesterase.web.api import house as api_house
from flask_guesterase.web.api.route import OPERATIONS, Operation, template
from flask_guesterase.web.api.spec import api_pages, describe
from flask_guesterase.web.guestpages.guest import guest_pages
from flask_guesterase.web.staff import staff_pages
from flask_guesterase.web.wording import problems
from tests.resistance import test_impostors
from tests.store.hotel import Guest
from tests.web.apihouse import API, Program, inhabited, opened, token
from tests.web.house import CANARY, STAFF, House

MATCH = {"email": "ann@mail.example", "name": CANARY}
FILING = {"match": MATCH, "channel": "desk"}
NOW = datetime.now(UTC).replace(microsecond=0)


@pytest.fixture
def house(sqlite_url: str, tmp_path: Path) -> Iterator[House]:
    """A house with guests whose host asked for the API."""
    yield from inhabited(sqlite_url, tmp_path)


def filed(house: House, program: Program) -> str:
    """File a request and show who it is; return its number."""
    answer = program.post("/requests", FILING)
    assert answer.status_code == 201, answer.text
    number: str = answer.json["number"]
    assert program.post(f"/requests/{number}/confirm", {"how": "desk"}).json["case_code"]
    return number


def test_a_program_files_and_another_person_decides(house: House) -> None:
    """File, confirm, plan, approve, erase, certify: with tokens of two people."""
    clerk = Program(house, token(house, "clerk"))
    officer = Program(house, token(house, "officer"))
    number = filed(house, clerk)
    house.settle(number)
    plan = officer.get(f"/requests/{number}/plan").json
    assert {line["table"] for line in plan["erase"]} >= {"guests"}
    assert clerk.post(f"/requests/{number}/approve", {"digest": plan["digest"]}).status_code == 403
    answer = officer.post(f"/requests/{number}/approve", {"digest": plan["digest"]})
    assert answer.json == {"done": True}
    assert officer.post(f"/requests/{number}/erase").json["state"] == "sealed"
    certificate = officer.get(f"/requests/{number}/certificate").json
    assert certificate["content"]["number"] == number
    listed = officer.get("/requests?state=sealed").json["requests"]
    assert [each["number"] for each in listed] == [number]
    assert house.hotel.row(1)["name"] != CANARY


def test_a_program_that_reads_names_approves_a_profile_that_was_written_since(
    house: House,
) -> None:
    """Its plan says that a profile is not as it was found; who may not read names reads less."""
    number = filed(house, Program(house, token(house, "clerk")))
    house.settle(number)
    with house.hotel.engine.begin() as conn:
        conn.execute(update(Guest).where(Guest.id == 1).values(name="Bea Elsewhere"))
    officer = Program(house, token(house, "officer"))
    blind = Program(house, token(house, "officer", "view")).get(f"/requests/{number}/plan").json
    plan = officer.get(f"/requests/{number}/plan").json
    assert plan["since"] == blind["since"] == ["a row that was taken holds another name or contact"]
    assert plan["people"][0]["name"] == "Bea Elsewhere"
    answer = officer.post(f"/requests/{number}/approve", {"digest": blind["digest"]})
    assert (answer.status_code, answer.json["differences"]) == (409, plan["since"])
    answer = officer.post(f"/requests/{number}/approve", {"digest": plan["digest"]})
    assert answer.json == {"done": True}


def test_a_program_reads_a_list_page_by_page(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each answer says which page is next, and the last that there is none."""
    monkeypatch.setattr(views, "PAGE", 1)
    clerk = Program(house, token(house, "clerk"))
    number = filed(house, clerk)
    other = clerk.post("/requests", {"match": {"email": "bea@mail.example"}, "channel": "desk"})
    found, page = [], 1
    while page:
        answer = clerk.get(f"/requests?page={page}").json
        found += [each["number"] for each in answer["requests"]]
        page = answer["next"]
    assert sorted(found) == sorted([number, other.json["number"]])
    assert clerk.get("/requests?page=0").status_code == 422


def test_a_program_reads_letters_a_page_at_a_time(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The newest first, each once, whatever is printed in between; a house has thousands."""
    monkeypatch.setattr(api_house, "LETTERS", 2)
    with house.app.app_context(), house.extension.begin() as office:
        for place in range(5):
            post = outbox.Post("pine-ltd", "sh", "en", value="a@mail.example")
            outbox.queue_post(office.work, post, "complained", {"number": "GC-A"}, f"m:{place}")
    clerk = Program(house, token(house, "clerk"))
    pages, path = [], "/letters"
    while path:
        answer = clerk.get(path).json
        pages.append([each["id"] for each in answer["items"]])
        clerk.post(f"/letters/{pages[-1][0]}/printed")
        path = f"/letters?before={answer['next']}" if answer["next"] else ""
    assert pages == [[5, 4], [3, 2], [1]]
    assert clerk.get("/letters").json["items"]
    for odd in ("0", "-1", "x", str(2**63)):
        assert clerk.get(f"/letters?before={odd}").status_code == 422


def test_a_program_reads_in_which_folder_a_file_stays(house: House) -> None:
    """What a person said of it is not taken for done: it is removed again."""
    with house.app.app_context(), house.extension.begin() as office:
        post = outbox.Post("pine-ltd", "sh", "en")
        outbox.queue_file(office.work, post, "/srv/scans", f"{CANARY}.png")
        office.work.conn.execute(update(tables.outbox).values(state=outbox.FAILED))
    clerk = Program(house, token(house, "clerk"))
    answer = clerk.get("/letters")
    (item,) = answer.json["items"]
    assert (item["root"], CANARY in answer.text) == ("/srv/scans", False)
    assert clerk.post(f"/letters/{item['id']}/printed").json == {"done": True}
    assert [row["state"] for row in house.hotel.ours("outbox")] == ["queued"]


def test_a_plan_names_nobody_to_who_may_only_look(house: House) -> None:
    """Names and contacts are for who verifies or approves, over the API as on the page."""
    number = filed(house, Program(house, token(house, "clerk")))
    told = {}
    for more in ("view", "refuse", "erase", "verify", "approve"):
        program = Program(house, token(house, "officer", "view", more))
        told[more] = program.get(f"/requests/{number}/plan").text
    assert {more for more, text in told.items() if CANARY in text} == {"verify", "approve"}
    assert "mail.example" not in told["view"]
    assert '"perhaps": [' in told["view"]


def test_a_token_is_a_person_four_eyes_count_persons(house: House) -> None:
    """Who filed with one token, or at the desk, does not approve with another one."""
    first, second = (Program(house, token(house, "officer")) for _ in range(2))
    number = filed(house, first)
    house.settle(number)
    digest = second.get(f"/requests/{number}/plan").json["digest"]
    answer = second.post(f"/requests/{number}/approve", {"digest": digest})
    assert (answer.status_code, answer.json["type"]) == (403, "urn:guesterase:error:four-eyes")
    assert house.state(number) == "review"
    other = Program(house, token(house, "second"))
    assert other.post(f"/requests/{number}/approve", {"digest": digest}).status_code == 200


def test_a_narrow_token_of_an_officer_sees_no_link_that_proves_a_guest(house: House) -> None:
    """With the link of a guest's letter an officer would be both pairs of eyes."""
    house.browser().ask(property="sh", name=CANARY, email=MATCH["email"])
    house.worker()
    for user, words in (("officer", ["verify"]), ("clerk", ["verify"]), ("officer", [])):
        answer = Program(house, token(house, user, *words)).get("/letters")
        assert answer.status_code == 200
        assert "link/" not in answer.text
        assert "ann@mail" not in answer.text


def test_a_copy_is_released_over_the_api_and_its_values_stay_inside(house: House) -> None:
    """A program reads what a copy would hold, never what stands in it."""
    clerk = Program(house, token(house, "clerk"))
    number = clerk.post("/requests", {**FILING, "wish": "copy"}).json["number"]
    clerk.post(f"/requests/{number}/confirm", {"how": "desk"})
    house.settle(number)
    told = Program(house, token(house, "officer", "view")).get(f"/requests/{number}/copy")
    assert CANARY not in told.text
    officer = Program(house, token(house, "officer", "approve"))
    answer = officer.post(f"/requests/{number}/release", {"digest": told.json["digest"]})
    assert answer.status_code == 200
    assert answer.json["until"]


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer ", "Basic abc", "Bearer gea_unknown"])
def test_without_a_token_that_works_nothing_is_told(house: House, header: str) -> None:
    """No token, another scheme, an unknown one: the same words, and no look at the house."""
    for path in ("/requests", "/requests/GR-22222222", "/holds", "/nowhere"):
        answer = house.app.test_client().get(
            API + path, headers={"Authorization": header} if header else {}
        )
        if path == "/nowhere":
            assert answer.status_code == 404
            continue
        assert answer.status_code == 401
        assert answer.headers["WWW-Authenticate"] == "Bearer"
        assert answer.mimetype == "application/problem+json"
        assert answer.json["status"] == 401


def test_a_token_counts_under_its_scheme_alone(house: House) -> None:
    """However the scheme is spelt (RFC 9110, section 11.1); as a password or bare it is none."""
    secret = token(house, "clerk", "view")

    def status(header: str) -> int:
        client = house.app.test_client()
        return client.get(f"{API}/requests", headers={"Authorization": header}).status_code

    assert [status(f"{scheme} {secret}") for scheme in ("Bearer", "bearer", "BEARER")] == [200] * 3
    for header in (secret, f"Basic {secret}", f"Token {secret}", f"Bearer{secret}"):
        assert status(header) == 401


def test_what_is_too_long_is_not_read(house: House) -> None:
    """Whoever holds a token fills no memory; the answer is a problem like any other."""
    program = Program(house, token(house, "clerk", "file"))
    answer = program.post("/requests", {"property": "sh", "match": {"name": "x" * 70_000}})
    assert (answer.status_code, answer.mimetype) == (413, "application/problem+json")
    assert house.hotel.ours("request") == []


def test_a_token_ends_when_it_is_revoked_or_its_day_is_over(house: House) -> None:
    """It is kept as a hash, shown once; revoked by who issues or by the person it acts for."""
    secrets = [token(house, "clerk", "view") for _ in range(3)]
    for secret in secrets:
        assert Program(house, secret).get("/requests").status_code == 200
        assert secret not in repr(house.hotel.ours("apitoken"))
        assert "clerk" not in repr(house.hotel.ours("apitoken"))
    ids = [row["id"] for row in house.hotel.ours("apitoken")]
    assert {row["used_on"] for row in house.hotel.ours("apitoken")} != {None}
    for id_, by in zip(ids, ("issuer", "clerk", "officer"), strict=True):
        with house.app.app_context():
            refused = pytest.raises(ForbiddenError) if by == "officer" else nullcontext()
            with refused, house.extension.begin() as office:
                office.revoke_token(id_, by)
    codes = [Program(house, secret).get("/requests").status_code for secret in secrets]
    assert codes == [401, 401, 200]
    actions = [row["action"] for row in house.hotel.ours("entry")]
    assert (actions.count("token-issued"), actions.count("token-revoked")) == (3, 2)


def test_tokens_are_listed_for_who_issues_there_and_for_their_persons(house: House) -> None:
    """Nobody learns of another house's tokens, and what was revoked says so behind the others."""
    mine = Program(house, token(house, "clerk", "view"))
    token(house, "officer", "view")
    token(house, "far-officer", "view")
    with house.app.app_context(), house.extension.begin() as office:
        known = office.tokens("issuer")
        assert [each["property"] for each in known] == ["sh", "sh"]
        assert [each["property"] for each in office.tokens("far-issuer")] == ["mu"]
        assert [len(office.tokens(who)) for who in ("clerk", "far-officer", "nobody")] == [1, 1, 0]
        office.revoke_token(office.tokens("clerk")[0]["id"], "issuer")
        assert [each["works"] for each in office.tokens("issuer")] == [True, False]
        assert [each["works"] for each in office.tokens("clerk")] == [False]
        who = office.number_of("issuer")
        ends = [(each["revoked_by"], bool(each["revoked_at"])) for each in office.tokens("issuer")]
        assert ends == [("", False), (who, True)]
    assert mine.get("/requests").status_code == 401
    gone = next(row["id"] for row in house.hotel.ours("apitoken") if row["revoked_at"])
    for id_, error in ((gone, TransitionError), (2**31 - 1, UnknownError)):
        with house.app.app_context(), pytest.raises(error), house.extension.begin() as office:
            office.revoke_token(id_, "issuer")


def test_nobody_is_given_more_by_a_token_than_they_have(house: House) -> None:
    """Neither who issues nor the person; and no token makes tokens, or lives for longer."""
    for user, words, days, place in (
        ("clerk", ["approve"], 30, ""), ("clerk", ["issue"], 30, ""), ("clerk", [], 400, ""),
        ("clerk", ["view"], 0, ""), ("clerk", ["view"], 30, "mu"), ("clerk", ["nonsense"], 30, ""),
    ):  # fmt: skip
        with pytest.raises(Exception, match=r"permission|token|Token"):
            token(house, user, *words, days=days, place=place)
    with house.app.app_context(), house.extension.begin() as office:
        until = office.work.now.date().replace(year=office.work.now.year + 1)
        with pytest.raises(Exception, match="permission"):
            office.issue_token("clerk", "sh", ["view"], until, by="officer")


def test_who_issues_too_much_tried_it_and_not_the_person_it_is_for(house: House) -> None:
    """The journal names the issuer, who may issue; the clerk did nothing."""
    with pytest.raises(ForbiddenError, match="Who it is for needs the permission 'approve'"):
        token(house, "clerk", "approve")
    with house.app.app_context(), house.extension.begin() as office:
        issuer = actors.number(office.work, "issuer")
    assert test_impostors.told(house) == [(issuer, None, ("not-permitted", "approve"))]


def test_wrong_tokens_and_busy_programs_are_slowed_down(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both are counted in the database, so that it holds in every process."""
    wrong = Program(house, "gea_guess")
    assert [wrong.get("/requests").status_code for _ in range(21)] == [401] * 20 + [429]
    from flask_guesterase.store.access import limits

    monkeypatch.setitem(limits.LIMITS, "api", (3, limits.LIMITS["api"][1]))
    busy = Program(house, token(house, "clerk"))
    answers = [busy.get("/requests") for _ in range(4)]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
    assert answers[-1].headers["Retry-After"] == "600"
    assert Program(house, token(house, "clerk")).get("/requests").status_code == 200


def test_the_same_key_files_once(house: House) -> None:
    """A program that does not know whether its request arrived sends it again without harm."""
    clerk = Program(house, token(house, "clerk"))
    key = {"Idempotency-Key": "booking-7"}
    first = clerk.post("/requests", FILING, **key).json["number"]
    clerk.post(f"/requests/{first}/withdraw")
    assert clerk.post("/requests", FILING, **key).json["number"] == first
    other = clerk.post("/requests", {**FILING, "channel": "phone"}, **key)
    assert (other.status_code, other.json["type"]) == (422, "urn:guesterase:error:input")
    assert clerk.post("/requests", FILING).json["number"] != first
    second = Program(house, token(house, "officer"))
    assert second.post("/requests", FILING, **key).json["number"] != first
    assert CANARY not in repr(house.hotel.ours("filed"))


MADE = {
    "hold": ("holder", "/holds", {
        "scope": "subject", "table": "guests", "key": "1", "why": "court-order",
        "property": "sh", "reference": "Case 7",
    }),
    "shift": ("officer", "/handovers", {"note": "One letter waits."}),
    "disclosure": ("night", "/register", {
        "property": "sh", "night": "2026-03-01", "authority": "Police", "officer": "P-1",
        "reference": "A/7", "basis": "police-inspection",
    }),
}  # fmt: skip
"""What a program makes -> for whom, where, and with which body."""


@pytest.mark.parametrize("made", MADE)
def test_the_same_key_makes_once(house: House, made: str) -> None:
    """No hold that two people must lift twice, and no second look at one answer to the police."""
    who, path, body = MADE[made]
    program = Program(house, token(house, who))
    key = {"Idempotency-Key": "night-7"}
    answers = [program.post(path, body, **key) for _ in range(2)]
    assert answers[0].status_code == answers[1].status_code < 300, answers[0].text
    assert answers[0].json == answers[1].json
    table = {"shift": "handover"}.get(made, made)
    assert len(house.hotel.ours(table)) == 1
    changed = program.post(path, {**body, _CHANGED[made]: "Another"}, **key)
    assert (changed.status_code, changed.json["type"]) == (422, "urn:guesterase:error:input")
    assert program.post(path, body).status_code < 300
    assert len(house.hotel.ours(table)) == 2


@pytest.mark.parametrize("typed", [str.upper, str.lower])
def test_a_case_code_whose_answer_was_lost_is_given_again(
    house: House, typed: Callable[[str], str]
) -> None:
    """It is shown once, and a guest who leaves the kiosk without it would have to come back."""
    clerk, other = (Program(house, token(house, who)) for who in ("clerk", "officer"))
    number = typed(clerk.post("/requests", FILING).json["number"])
    path, key = f"/requests/{number}/confirm", {"Idempotency-Key": "kiosk-9"}
    first, again = (clerk.post(path, {"how": "desk"}, **key) for _ in range(2))
    assert first.status_code == again.status_code == 200
    assert first.json == again.json
    code = first.json["case_code"]
    assert house.browser().post("/privacy/case", code=code).status_code == 303
    assert code.replace("-", "") not in repr(house.hotel.ours("filed"))
    assert clerk.post(path, {"how": "known"}, **key).status_code == 422
    assert clerk.post(path, {"how": "desk"}).status_code == 409
    assert other.post(path, {"how": "desk"}, **key).status_code == 409
    with house.app.app_context(), house.extension.begin() as office:
        office.recode(number, "clerk", "desk")
    assert clerk.post(path, {"how": "desk"}, **key).status_code == 409
    second = clerk.post("/requests", {**FILING, "match": {"email": "bea@mail.example"}})
    path = f"/requests/{second.json['number']}/confirm"
    assert clerk.post(path, {"how": "desk"}, **key).status_code == 422


_CHANGED = {"hold": "reference", "shift": "note", "disclosure": "reference"}


def test_a_key_shows_nothing_to_who_lost_the_permission(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Lines of the register are produced anew each time, for who may still see them."""
    _, path, body = MADE["disclosure"]
    program = Program(house, token(house, "night"))
    assert program.post(path, body, **{"Idempotency-Key": "1"}).status_code == 200
    monkeypatch.setitem(STAFF, "night", ("sh", frozenset()))
    assert program.post(path, body, **{"Idempotency-Key": "1"}).status_code == 403


@pytest.mark.parametrize(
    ("body", "where"),
    [
        ({}, "match"), ({"match": MATCH}, "channel"), ({**FILING, "more": 1}, "more"),
        ({**FILING, "channel": "form"}, "channel"), ({**FILING, "lang": "xx"}, "lang"),
        ({**FILING, "received": "soon"}, "received"), ({**FILING, "wish": "all"}, "wish"),
        ({"match": {}, "channel": "desk"}, "match"),
        ({"match": {"email": "a\0b"}, "channel": "desk"}, "match"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_told_by_field_without_what_was_sent(
    house: House, body: dict[str, Any], where: str
) -> None:
    """A problem says where, and never repeats a value."""
    clerk = Program(house, token(house, "clerk"))
    answer = clerk.post("/requests", body)
    assert answer.status_code == 422
    assert where in answer.json["fields"]
    assert CANARY not in answer.text


def test_no_cookie_goes_either_way(house: House) -> None:
    """A session of the browser gives nothing here, and the API sets none."""
    client = house.browser("officer").client
    assert client.get(f"{API}/requests").status_code == 401
    clerk = token(house, "clerk", "view")
    answer = client.get(f"{API}/requests", headers={"Authorization": f"Bearer {clerk}"})
    assert answer.status_code == 200
    assert "Set-Cookie" not in answer.headers
    assert answer.headers["Cache-Control"] == "no-store"


BODIES: dict[str, Any] = {
    "settle_return": {"whose": "lives"}, "settle_refilled": {"table": "guests", "last": 1},
    "halt_sweep": {"ground": "upkeep"},
    "open_monthly": {"property": "mu"}, "join_monthly": {"login": "far-officer"},
    "find_monthly": {"text": "In time."},
    "plan_monthly": {"what": "Look.", "owner": "far-officer", "due": "2999-01-01"},
    "propose_restore": {"ground": "wrong-person"}, "restore": {"proposal": 1},
    "file": {"match": {"email": "max@mail.example"}, "channel": "desk", "property": "mu"},
    "confirm": {"how": "desk"}, "take": {"person": 1}, "leave": {"person": 1},
    "approve": {"digest": "0" * 64}, "refuse": {"ground": "identity-not-shown"},
    "extend": {"reason": "complex"}, "release": {"digest": "0" * 64},
    "place": {"scope": "subject", "why": "court-order", "table": "guests", "key": "9"},
    "freeze": {"property": "mu"}, "review": {"finding": "fine"}, "confirm_sweep": {"preview": 9},
    "produce": {"property": "mu", "night": "2026-03-01", "authority": "Police", "officer": "P-1",
                "reference": "A-1", "basis": "police-inspection"},
    "print_claim": {"match": {"email": "max@mail.example", "name": "Max"}, "property": "mu"},
    "look_after": {"deputy": "far-officer"}, "hand_over": {"property": "mu", "note": "All quiet."},
    "approve_alike": {"chosen": {"{number}": "0" * 64}},
    "file_complaint": {"property": "mu", "about": "about-other", "text": "Why?", "channel": "desk"},
    "complaint_letter": {"outcome": "upheld"}, "answer_complaint": {"outcome": "upheld"},
    "open_incident": {"property": "mu", "kind": "leak", "text": "A list."},
    "classify_incident": {"severity": "risk-none", "cause": "theft"},
    "measure_incident": {"table": ""},
    "told_authority": {"duty": "EU/authority", "reference": "A-1"},
    "propose_notice": {"duty": "EU/guests", "words": "A list."},
    "take_notice_back": {"duty": "EU/guests"},
    "let_notice_go": {"duty": "EU/guests", "digest": "0" * 64},
    "look_unreached": {"duty": "EU/guests"},
    "record_public_notice": {"duty": "EU/guests", "place": "pine.example", "on": "2026-03-01"},
    "confirm_public_notice": {"duty": "EU/guests", "digest": "0" * 64},
    "plan_measure": {"what": "Shred.", "owner": "officer", "due": "2999-01-01"},
    "review_incident": {"words": "Shred."}, "close_alert": {"ground": "fixed"},
    "report_mistake": {"property": "mu", "kind": "not-erased", "noticed": NOW.isoformat()},
}  # fmt: skip
"""View -> a body it understands, about the other house where it names one."""

QUESTIONS = {"incident_notice": "?duty=CN/authority"}
"""View -> a question without which it understands nothing."""

EMPTY = {"requests", "disclosures", "recipients", "letters", "holds", "verify", "sweep", "queue",
         "handovers", "alike",
         "complaints", "feedback", "incidents", "alerts", "look_over",
         "returns", "settle_refilled", "monthlies", "owed", "overdue_trainings",
         "measures"}  # fmt: skip
"""Views that list what lies at the token's own house, and so tell nothing of another."""

WHOLE = {"sweep_now", "halt_sweep", "resume_sweep"}
"""Views about all of the installation, for who decides about the law at any house of it."""

REFUSED = {"recipients", "letters", "verify",
           "complaints", "feedback", "incidents", "alerts",
           "returns", "monthlies", "overdue_trainings"}  # fmt: skip
"""Those of them that are refused without their permission: an empty list would say all is well."""


def body_of(each: Operation, number: str) -> Any:
    """Return a body that an operation understands, about a request where it names one."""
    found = BODIES.get(each.name)
    return json.loads(json.dumps(found).replace("{number}", number)) if found else None


def parts_at(house: House, place: str, number: str) -> dict[str, str]:
    """Return what parts of addresses name at a house, a request and what is made there for it."""
    by, reporter = {
        "sh": ("officer", "reporter"), "mu": ("far-officer", "far-watcher"),
    }[place]  # fmt: skip
    given = Grievance("about-other", CANARY, place, channel="desk")
    with house.app.app_context(), house.extension.begin() as office:
        complaint = office.file_complaint(given, by)
        incident = office.open_incident(Report(place, "leak", CANARY), by)
        measure = office.plan_measure(incident, CANARY, by, date(2999, 1, 1), by)
        alert = office.report_mistake(place, reporter, "not-erased", NOW, CANARY)
    return {
        "number": number, "complaint": complaint, "incident": incident, "measure": str(measure),
        "alert": str(alert),
    }  # fmt: skip


def address(each: Operation, parts: Mapping[str, str]) -> str:
    """Return the address of an operation about these parts; about the first where none is known."""
    return re.sub(r"\{(\w+)\}", lambda part: parts.get(part[1], "1"), template(each.path))


def test_every_operation_is_refused_beyond_the_tokens_house(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Routes x properties: with everything at one house, nothing is had or done at the other."""
    with house.app.app_context(), house.extension.begin() as office:
        far = office.request({"email": "max@mail.example"}, property="mu", by="far-officer")
        code = office.confirm(far, "far-officer")
    parts = parts_at(house, "mu", far)
    every = frozenset(map(str, Permission)) - {"issue"}
    monkeypatch.setitem(STAFF, "officer", ("sh", every))
    program = Program(house, token(house, "officer"))
    tables = ("request", "complaint", "incident", "measure", "alert")
    before = [house.hotel.ours(table) for table in tables]
    for each in OPERATIONS:
        if each.name in EMPTY | WHOLE:
            continue
        path = address(each, parts)
        asked = QUESTIONS.get(each.name, "")
        answer = (
            program.get(path + asked) if each.method == "GET"
            else program.post(path, body_of(each, far))
        )  # fmt: skip
        # A preview is looked for among those of the token's own house alone.
        refused = (409,) if each.name == "confirm_sweep" else (403, 404)
        assert answer.status_code in refused, (each.name, answer.status_code, answer.text)
        assert "max@mail" not in answer.text
        assert CANARY not in answer.text
    assert [house.hotel.ours(table) for table in tables] == before
    assert code


def test_every_operation_is_refused_without_its_permission(house: House) -> None:
    """Routes x roles: a token with every other permission, of a person who has it, is refused."""
    number = house.request()
    parts = parts_at(house, "sh", number)
    for each in OPERATIONS:
        if each.permission is None:
            continue
        user = next(u for u, (place, may) in STAFF.items() if place == "sh" and each.permission
                    not in may and may - {"issue"})  # fmt: skip
        path = address(each, parts)
        body = body_of(each, number)
        if isinstance(body, dict) and "property" in body:
            body = {**body, "property": "sh"}
        if each.name == "file":
            body = FILING
        program = Program(house, token(house, user))
        path += QUESTIONS.get(each.name, "")
        answer = program.get(path) if each.method == "GET" else program.post(path, body)
        listing = each.name in EMPTY - REFUSED and answer.status_code == 200
        assert answer.status_code in (403, 404) or listing, (each.name, answer.text)
        if listing:
            assert not any(answer.json.values())


def test_what_names_no_house_is_of_the_tokens_own(house: House) -> None:
    """A program at one house need not name it, whichever of several it is."""
    far = Program(house, token(house, "far-officer"))
    match = {"email": "max@mail.example"}
    assert far.post("/requests", {"match": match, "channel": "desk"}).status_code == 201
    assert far.post("/handovers", {"note": "All quiet."}).status_code == 201
    for table in ("request", "handover"):
        assert [row["property"] for row in house.hotel.ours(table)] == ["mu"]
    # Who is on file at the other house alone is nobody here.
    known, unknown = (
        far.post("/requests", {"match": {"email": each}, "channel": "desk"})
        for each in (MATCH["email"], "nobody@mail.example")
    )
    assert known.status_code == unknown.status_code == 404
    assert known.json == unknown.json


def test_a_program_freezes_what_it_names(house: House) -> None:
    """A night of a room is that night of that room, and no name means all of the house."""
    holder = Program(house, token(house, "holder"))
    for more in ({"night": "2026-03-01", "room": "101"}, {"night": "2026-03-02"}, {}):
        assert holder.post("/freezes", {"property": "sh", **more}).status_code == 201
    assert [(row["first_night"], row["room"]) for row in house.hotel.ours("hold")] == [
        ("2026-03-01", "101"), ("2026-03-02", None), (None, None),
    ]  # fmt: skip


def test_a_program_narrows_its_list(house: House) -> None:
    """By house and by state, and both are what was asked for."""
    officer = Program(house, token(house, "officer"))
    number = officer.post("/requests", FILING).json["number"]
    for asked, found in (
        ("", [number]), ("?property=sh", [number]), ("?property=mu", []),
        ("?state=received", [number]), ("?state=withdrawn", []),
    ):  # fmt: skip
        listed = officer.get(f"/requests{asked}").json["requests"]
        assert [each["number"] for each in listed] == found, asked


def test_a_program_reads_disclosures_page_by_page(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each once, and the last page says that it is the last."""
    monkeypatch.setattr(disclosures, "PAGE", 1)
    who, path, body = MADE["disclosure"]
    night = Program(house, token(house, who))
    made = [night.post(path, {**body, "reference": word}).json["number"] for word in ("A", "B")]
    found, page = [], 1
    while page:
        answer = night.get(f"/disclosures?page={page}").json
        found += [each["number"] for each in answer["items"]]
        page = answer["next"]
    assert sorted(found) == sorted(made)
    assert night.get("/disclosures").json["next"] == 2


def test_every_permission_of_an_operation_is_one_a_token_may_have() -> None:
    """No operation asks for what no token is given."""
    asked = {each.permission for each in OPERATIONS} - {None}
    assert asked <= set(Permission) - {Permission.ISSUE}


def test_a_failure_of_the_host_is_told_without_its_text(house: House) -> None:
    """What a host's code raises may quote a guest, so nothing of it leaves."""

    def broken(*_: Any) -> Any:
        raise RuntimeError(CANARY)

    secret = token(house, "clerk")
    house.app.testing = False
    house.extension._authorize = broken
    answer = Program(house, secret).get("/requests")
    assert answer.status_code == 500
    assert answer.mimetype == "application/problem+json"
    assert CANARY not in answer.text


def test_the_description_tells_every_status_of_a_failure() -> None:
    """A program made from it knows them all: what an error of ours, or of the host's, becomes."""
    errors = {each for each in vars(problems.errors).values() if isinstance(each, type)}
    known = {problems.problem_of(e("")).status for e in errors if issubclass(e, GuesteraseError)}
    for path in describe(API)["paths"].values():
        for told in path.values():
            assert {str(status) for status in (*known, 401, 413, 500)} <= set(told["responses"])


def test_the_description_tells_every_operation(house: House) -> None:
    """It is made from the code, served without a token, and every reference in it resolves."""
    answer = house.app.test_client().get(f"{API}/openapi.json")
    assert answer.status_code == 200
    told = answer.json
    assert told == json.loads(json.dumps(describe(API)))
    assert told["openapi"] == "3.1.0"
    assert told["servers"] == [{"url": API}]
    rules = {
        (method, template(rule.rule.removeprefix(API)))
        for rule in house.app.url_map.iter_rules()
        if rule.endpoint.startswith("guesterase_api.") and not rule.endpoint.endswith("openapi")
        for method in (rule.methods or set()) & {"GET", "POST"}
    }
    named = {(m.upper(), path) for path, item in told["paths"].items() for m in item}
    assert named == rules
    schemas = told["components"]["schemas"]
    for ref in re.findall(r'"#/components/schemas/(\w+)"', json.dumps(told)):
        assert ref in schemas
    assert house.hotel.ours("attempt") == []


@pytest.mark.parametrize("first", ["protection", "blueprints"])
def test_the_hosts_form_protection_lets_the_api_pass_in_either_order(
    sqlite_url: str, tmp_path: Path, first: str
) -> None:
    """CSRFProtect before or after our blueprints: forms pass with their token, the API without."""

    class Ordered(House):
        def _logins(self) -> None:
            # House registers the pages; where protection comes first it is installed before them.
            super()._logins()

    register = Flask.register_blueprint
    protection = CSRFProtect()
    done: list[str] = []

    def registered(app: Flask, blueprint: Any, **options: Any) -> None:
        if first == "protection" and not done:
            protection.init_app(app)
            done.append("before")
        register(app, blueprint, **options)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Flask, "register_blueprint", registered)
        house = opened(Ordered(sqlite_url, tmp_path))
    if first == "blueprints":
        protection.init_app(house.app)
    house.people()
    program = Program(house, token(house, "clerk"))
    assert program.post("/requests", FILING).status_code == 201
    browser = house.browser()
    form = {"property": "sh", "name": CANARY, "email": MATCH["email"]}
    assert browser.client.post("/privacy/ask/name", data=form).status_code == 400
    assert browser.ask(**form).status_code == 303
    clerk = house.browser("clerk")
    assert clerk.client.post("/desk/privacy/GR-22222222/slip").status_code == 400
    assert {guest_pages.name, staff_pages.name, api_pages.name} <= set(house.app.blueprints)
    house.session.remove()
    house.hotel.engine.dispose()


@pytest.mark.parametrize("nested", [False, True], ids=["named", "nested"])
def test_the_hosts_form_protection_lets_the_api_pass_by_whatever_name(
    sqlite_url: str, tmp_path: Path, nested: bool
) -> None:
    """Registered under another name, or within a blueprint of the host, the API has no forms."""
    house = House(sqlite_url, tmp_path)
    CSRFProtect(house.app)
    if nested:
        outer = Blueprint("programs", __name__)
        outer.register_blueprint(api_pages, url_prefix=API)
        house.app.register_blueprint(outer)
    else:
        house.app.register_blueprint(api_pages, url_prefix=API, name="programs")
    house.people()
    assert Program(house, token(house, "clerk")).post("/requests", FILING).status_code == 201
    assert house.browser().client.post("/privacy/ask/name").status_code == 400
    house.session.remove()
    house.hotel.engine.dispose()


def test_a_token_does_not_end_the_clerks_own_day(house: House) -> None:
    """The person's own rights decide besides the token's: who lost one lost it here too."""
    program = Program(house, token(house, "clerk"))
    assert program.get("/requests").status_code == 200
    house.extension._authorize = lambda user, permission, place: False
    assert program.get("/requests/GR-22222222").status_code == 404
    assert program.get("/requests").status_code == 403
    assert program.post("/requests", FILING).status_code == 403


HOUSE = ("requests", "queue", "handovers", "alike")
"""Lists by which a screen shows what there is to do in the house."""

LISTS = [each for each in OPERATIONS if each.method == "GET" and "<" not in each.path]


@pytest.mark.parametrize("left", [set[str](), {"file"}], ids=["nothing", "file"])
def test_a_list_that_may_not_be_told_is_no_empty_list(house: House, left: set[str]) -> None:
    """A screen that shows the queue goes dark when its person left or moved, and is not calm."""
    program = Program(house, token(house, "officer"))
    house.extension._authorize = lambda user, permission, place: permission in left
    told = {each.path: program.get(each.path).status_code for each in LISTS}
    # What one answers for is told to whoever may do anything there.
    theirs = ["/measures", "/actions"] if left else []
    assert [path for path, status in told.items() if status == 200] == theirs
    assert {told[f"/{path}"] for path in HOUSE} == {403}


@pytest.mark.parametrize("lacking", ["view", "approve"])
def test_what_a_token_is_not_good_for_is_refused_in_lists(house: House, lacking: str) -> None:
    """The queue tells of requests, and of who decides: it needs both; shifts are the desk's."""
    rights = {"view", "approve"} - {lacking}
    program = Program(house, token(house, "officer", *rights))
    told = {path: program.get(f"/{path}").status_code for path in HOUSE}
    good = {"requests"} if lacking == "approve" else {"handovers", "alike"}
    assert told == {path: 200 if path in good else 403 for path in told}
    assert "view" in program.get("/queue").json["detail"] or lacking == "approve"


def test_tokens_are_issued_listed_and_revoked_at_the_console(house: House) -> None:
    """By somebody who proves with a code of their own who they are; the token itself works."""

    def tell(*words: str, code: bool = True) -> Any:
        with house.app.app_context(), house.extension.begin() as office:
            mine = ["--code", office.code("issuer")] if code else []
        answer = house.app.test_cli_runner().invoke(
            args=["guesterase", "token", *words, "--by", "issuer", *mine, "--json"]
        )
        return answer.exit_code, json.loads(answer.stdout)

    with house.app.app_context(), house.extension.begin(write=False) as office:
        until = (office.work.now + timedelta(days=9)).date().isoformat()
    wanted = ["issue", "--for", "clerk", "--property", "sh", "--until", until]
    refused, told = tell(*wanted, "--permission", "approve")
    assert (refused, told["error"]["id"]) == (1, "forbidden")
    _, made = tell(*wanted, "--permission", "view", "--permission", "file")
    program = Program(house, made["token"])
    assert program.post("/requests", FILING).status_code == 201
    _, listed = tell("list", code=False)
    assert [(each["permissions"], each["works"]) for each in listed] == [(["file", "view"], True)]
    assert tell("revoke", str(listed[0]["id"]))[0] == 0
    assert program.get("/requests").status_code == 401
