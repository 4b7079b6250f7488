"""Incidents over the API: anybody on duty reports, who deals with them reads, two people send."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from flask_guesterase.store.incidents import looking
from tests.web.apihouse import Program, inhabited, token
from tests.web.house import CANARY, STAFF, House
from tests.web.test_incidents import act, report, seen, today

TEXT = f"A list with {CANARY} was left in the lift."
OPENING = {"kind": "leak", "text": TEXT}
GRAVE = {"severity": "risk-high", "cause": "human-error", "columns": ["guests.email"]}


@pytest.fixture
def house(sqlite_url: str, tmp_path: Path) -> Iterator[House]:
    """A house with guests whose host asked for the API."""
    yield from inhabited(sqlite_url, tmp_path)


def programs(house: House, *people: str) -> list[Program]:
    """Return a program for each person, with all that the person may do."""
    return [Program(house, token(house, who)) for who in people]


def opened(program: Program, **more: Any) -> str:
    """Report an incident and return its number."""
    answer = program.post("/incidents", {**OPENING, **more})
    assert answer.status_code == 201, answer.text
    number: str = answer.json["number"]
    return number


def done(program: Program, path: str, body: Any = None) -> bool:
    """Do something and return whether it was done."""
    answer = program.post(path, body)
    assert answer.status_code == 200, answer.text
    return bool(answer.json["done"])


def duty(program: Program, number: str, whom: str) -> dict[str, Any]:
    """Return a duty of an incident as it is shown."""
    shown = program.get(f"/incidents/{number}").json
    return next(each for each in shown["duties"] if each["id"] == whom)


def test_an_incident_with_its_clocks_to_its_end(house: House) -> None:
    """Reported, classified, looked up, told, cured, reviewed, and closed by another person."""
    clerk, officer, second = programs(house, "clerk", "officer", "second")
    number = opened(clerk)
    path = f"/incidents/{number}"
    assert officer.get(path).json["text"] == TEXT
    assert officer.get(path).json["classified_at"] is None
    assert done(officer, f"{path}/classify", GRAVE)
    assert officer.get(path).json["classified_at"]
    assert officer.post(f"{path}/reach", {}).json == {
        "living": 3, "sealed": 0, "erased": 0, "rows": 7,
    }  # fmt: skip
    notice = officer.get(f"{path}/notice?duty=CN/authority").json
    assert (notice["columns"], notice["living"]) == (["guests.email"], 3)
    assert officer.get(f"{path}/notice").status_code == 422
    for whom in ("CN/authority", "CN/cyberspace-office"):
        assert done(officer, f"{path}/told", {"duty": whom, "reference": "A-17"})
    again = officer.post(f"{path}/told", {"duty": "CN/authority", "reference": "A-17"})
    assert again.status_code == 409
    letter = {"duty": "CN/guests", "words": "A list was seen."}
    assert done(officer, f"{path}/propose", letter)
    assert done(second, f"{path}/takeback", {"duty": "CN/guests"})
    assert done(officer, f"{path}/propose", letter)
    read = duty(second, number, "CN/guests")
    assert "A list was seen." in read["letter"]["body"]
    go = {"duty": "CN/guests", "digest": read["digest"]}
    assert second.post(f"{path}/send", {**go, "digest": "0" * 64}).status_code == 409
    assert done(second, f"{path}/send", go)
    assert duty(second, number, "CN/guests")["state"] == "sent"
    assert any(row["template"] == "incident" for row in house.hotel.ours("outbox"))
    left = officer.post(f"{path}/unreached", {"duty": "CN/guests"}).json
    assert [(each["name"], each["contacts"]) for each in left["items"]] == [
        ("Carl Other", ["ann@mail.example"])
    ]
    assert (left["next"], left["others"]) == (None, 0)
    notice = {"duty": "CN/guests", "place": "pine.example", "on": today().isoformat()}
    assert done(officer, f"{path}/public", notice)
    go["digest"] = duty(second, number, "CN/guests")["public"]["digest"]
    assert done(second, f"{path}/public/confirm", go)
    measure = {"what": "Shred lists", "owner": "clerk", "due": "2999-01-01"}
    made = officer.post(f"{path}/measures", measure)
    assert made.status_code == 201, made.text
    assert done(officer, f"{path}/review", {"words": "Shred at once."})
    assert second.get(path).json["missing"] == ["measures-open"]
    assert second.post(f"{path}/close").status_code == 409
    assert done(clerk, f"/measures/{made.json['id']}/done")
    assert clerk.post(f"/measures/{made.json['id']}/done").status_code == 409
    assert done(second, f"{path}/close")
    shown = officer.get(path).json
    assert (shown["state"], shown["review"], shown["missing"]) == ("closed", "Shred at once.", [])


def test_two_people_say_that_the_public_was_told(house: House) -> None:
    """One records where and when, another one confirms what they read."""
    officer, second = programs(house, "officer", "second")
    number = opened(officer)
    path = f"/incidents/{number}"
    done(officer, f"{path}/classify", {**GRAVE, "severity": "risk-likely"})
    officer.post(f"{path}/reach", {})
    done(officer, f"{path}/propose", {"duty": "CN/guests", "words": "A list was seen."})
    notice = {"duty": "CN/guests", "place": "pine.example", "on": today().isoformat()}
    early = officer.post(f"{path}/public", notice)
    assert early.status_code == 409
    assert "request" not in early.json["title"]
    read = duty(second, number, "CN/guests")["digest"]
    done(second, f"{path}/send", {"duty": "CN/guests", "digest": read})
    assert "not-public" in second.get(path).json["missing"]
    for wrong in ({"on": "2999-01-01"}, {"place": " "}, {"on": "0026-03-01"}, {"way": "x"},
                  {"way": 5}, {"way": ["by-post"]}, {"way": None}):  # fmt: skip
        assert officer.post(f"{path}/public", {**notice, **wrong}).status_code == 422
    assert done(officer, f"{path}/public", notice)
    public = duty(second, number, "CN/guests")["public"]
    assert (public["place"], public["mine"]) == ("pine.example", False)
    assert public["way"] == "in-public"
    assert done(officer, f"{path}/public", {**notice, "way": "by-post"})
    public = duty(second, number, "CN/guests")["public"]
    assert public["way"] == "by-post"
    go = {"duty": "CN/guests", "digest": public["digest"]}
    assert officer.post(f"{path}/public/confirm", go).status_code == 403
    assert second.post(f"{path}/public/confirm", {**go, "digest": "0" * 64}).status_code == 409
    assert done(second, f"{path}/public/confirm", go)
    assert "not-public" not in second.get(path).json["missing"]


def test_two_people_write_to_guests_and_close(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither who proposed nor who reviewed, by whatever token, nor one issuer's two people."""
    monkeypatch.setitem(STAFF, "third", STAFF["second"])
    with house.app.app_context(), house.extension.begin() as office:
        until = (office.work.now + timedelta(days=9)).date()
        secrets = [
            office.issue_token(who, "sh", ["incident"], until, by="issuer")
            for who in ("officer", "officer", "second")
        ]
    first, other, same = (Program(house, each) for each in secrets)
    number = opened(first)
    path = f"/incidents/{number}"
    done(first, f"{path}/classify", {**GRAVE, "severity": "risk-none"})
    first.post(f"{path}/reach", {})
    done(first, f"{path}/propose", {"duty": "CN/guests", "words": "A list was seen."})
    go = {"duty": "CN/guests", "digest": duty(first, number, "CN/guests")["digest"]}
    for program in (first, other, same):
        answer = program.post(f"{path}/send", go)
        assert (answer.status_code, answer.json["type"]) == (403, "urn:guesterase:error:four-eyes")
    done(first, f"{path}/takeback", {"duty": "CN/guests"})
    done(first, f"{path}/review", {"words": "Nothing was seen."})
    for program in (first, other, same):
        answer = program.post(f"{path}/close")
        assert (answer.status_code, answer.json["type"]) == (403, "urn:guesterase:error:four-eyes")
    (second,) = programs(house, "reporter")
    assert second.post(f"{path}/close").status_code == 403
    assert act(house.browser("third"), number, "close") == 303


def test_anybody_on_duty_reports_and_reads_nothing(house: House) -> None:
    """The auditor's program gets a number; list and incident stay closed to it and to others."""
    auditor, clerk, officer, far = programs(house, "auditor", "clerk", "officer", "far-officer")
    number = opened(auditor)
    for program, status in ((auditor, 403), (clerk, 403), (far, 404)):
        answer = program.get(f"/incidents/{number}")
        assert answer.status_code == status
        assert CANARY not in answer.text
    assert clerk.get("/incidents").status_code == 403
    assert far.get("/incidents").json == {"items": [], "next": None}
    assert far.get("/incidents?property=sh").status_code == 403
    assert auditor.post("/incidents", {**OPENING, "property": "mu"}).status_code == 403
    listed = officer.get("/incidents")
    assert [each["number"] for each in listed.json["items"]] == [number]
    assert CANARY not in listed.text


def test_a_measure_is_signed_by_its_owner_or_who_deals_with_incidents(house: House) -> None:
    """Nobody else finds it, and with it no other house's."""
    clerk, officer, porter, far = programs(house, "clerk", "officer", "porter", "far-officer")
    number = opened(officer)
    body = {"what": "Shred lists", "owner": "clerk", "due": "2999-01-01"}
    id_ = officer.post(f"/incidents/{number}/measures", body).json["id"]
    for program in (porter, far):
        assert program.post(f"/measures/{id_}/done").status_code == 404
        assert program.get("/measures").json == {"items": []}
    (mine,) = clerk.get("/measures").json["items"]
    assert mine == {
        "id": id_, "incident": number, "property": "sh", "text": "Shred lists",
        "due_on": "2999-01-01", "late": False,
    }  # fmt: skip
    assert done(clerk, f"/measures/{id_}/done")
    assert clerk.get("/measures").json == {"items": []}


def test_who_answers_for_a_measure_is_looked_up_beyond_the_token(house: House) -> None:
    """A token narrows who comes with it, not the colleague whom they name."""
    officer = Program(house, token(house, "officer", "incident"))
    number = opened(officer)
    body = {"what": "Shred lists", "owner": "clerk", "due": "2999-01-01"}
    answer = officer.post(f"/incidents/{number}/measures", body)
    assert answer.status_code == 201, answer.text
    for owner in ("nobody", "far-officer", "who"):
        refused = officer.post(f"/incidents/{number}/measures", {**body, "owner": owner})
        assert refused.status_code == 422


def test_the_same_key_makes_one(house: House) -> None:
    """One incident with its clocks, and one measure, however often a program sends it."""
    (officer,) = programs(house, "officer")
    key = {"Idempotency-Key": "night-7"}
    first, again = (officer.post("/incidents", OPENING, **key).json for _ in range(2))
    assert first == again
    path, body = f"/incidents/{first['number']}/measures", {
        "what": "Shred lists", "owner": "clerk", "due": "2999-01-01",
    }  # fmt: skip
    made, same = (officer.post(path, body, **{"Idempotency-Key": "8"}).json for _ in range(2))
    assert made == same
    for table in ("incident", "measure"):
        assert len(house.hotel.ours(table)) == 1


def test_incidents_are_read_page_by_page(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each once, and the last page says that it is the last."""
    monkeypatch.setattr(looking, "PAGE", 1)
    (officer,) = programs(house, "officer")
    made, found, page = [opened(officer) for _ in range(3)], [], 1
    while page:
        answer = officer.get(f"/incidents?page={page}").json
        found += [each["number"] for each in answer["items"]]
        page = answer["next"]
    assert sorted(found) == sorted(made)


def test_what_comes_out_is_what_the_description_tells(house: House) -> None:
    """Each part has its name there; times are told in UTC."""
    (officer,) = programs(house, "officer")
    at = "2026-03-01T09:00:00+08:00"
    shown = officer.get(f"/incidents/{opened(officer, noticed=at, happened=at)}").json
    told = officer.client.get("/api/privacy/openapi.json").json["components"]["schemas"]
    assert set(shown) == set(told["Incident"]["properties"]) == set(told["Incident"]["required"])
    assert shown["noticed_at"] == shown["happened_at"] == "2026-03-01T01:00:00Z"


@pytest.mark.parametrize(
    ("path", "wrong", "status"),
    [
        ("", {"kind": "x"}, 422), ("", {"text": " \u200b"}, 422), ("", {"more": CANARY}, 422),
        ("", {"noticed": "2999-01-01T00:00:00Z"}, 422), ("", {"noticed": "soon"}, 422),
        ("", {"noticed": "2026-03-01T09:00:00"}, 422), ("", {"property": "xx"}, 404),
        ("", {"noticed": "9999-12-31T23:59:59-23:00"}, 422),
        ("/told", {"duty": "CN/authority", "reference": "A", "at": "0001-01-01T00:00:00+14:00"},
         422),
        ("/told", {"duty": "CN/authority", "reference": "A", "at": "2999-01-01T00:00:00Z"}, 422),
        ("/told", {"duty": "XX/authority", "reference": "A"}, 404),
        ("/told", {"duty": "CN/authority", "reference": "\u2060"}, 422),
        ("/reach", {"table": "nothing"}, 404), ("/reach", {"until": "0026-03-10"}, 422),
        ("/reach", {"since": "2026-03-02", "until": "2026-03-01"}, 422),
        ("/classify", {"severity": "x", "cause": "theft"}, 422),
        ("/classify", {**GRAVE, "columns": ["guests.nothing"]}, 422),
        ("/classify", {**GRAVE, "columns": "guests.email"}, 422),
        ("/measures", {"what": "x", "owner": CANARY, "due": "2999-01-01"}, 422),
        ("/measures", {"what": "x", "owner": "clerk", "due": "2026-01-01"}, 422),
        ("/propose", {"duty": "CN/guests", "words": CANARY}, 409),
        ("/review", {"words": CANARY}, 409), ("/takeback", {"duty": "CN/guests"}, 409),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused_without_what_was_sent(
    house: House, path: str, wrong: dict[str, Any], status: int
) -> None:
    """A failure repeats no value."""
    (officer,) = programs(house, "officer")
    number = opened(officer)
    body = wrong if path else {**OPENING, **wrong}
    answer = officer.post(f"/incidents/{number}{path}" if path else "/incidents", body)
    assert answer.status_code == status, answer.text
    assert CANARY not in answer.text


def test_no_guest_is_named_by_what_was_looked_up(house: House) -> None:
    """Who may be concerned lies in a sealed box: counts come out, in all that can be read."""
    (officer,) = programs(house, "officer")
    number = opened(officer, text="A list was left in the lift.")
    done(officer, f"/incidents/{number}/classify", GRAVE)
    reach = officer.post(f"/incidents/{number}/reach", {"table": "bookings"})
    for answer in (
        reach, officer.get("/incidents"), officer.get(f"/incidents/{number}"),
        officer.get(f"/incidents/{number}/notice?duty=CN/authority"),
    ):
        assert answer.status_code == 200
        assert not re.search(f"{CANARY}|mail.example|13912345678", answer.text)


def test_the_number_of_its_hold_is_for_who_may_hold(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Numbers count on over all holds, silent ones too; a token that does not say hold has none."""
    monkeypatch.setitem(STAFF, "third", ("sh", STAFF["second"][1] | {"hold"}))
    (officer, third) = programs(house, "officer", "third")
    narrow = Program(house, token(house, "third", "incident"))
    number = opened(officer)
    for program, hold in ((officer, None), (third, 1), (narrow, None)):
        assert program.get(f"/incidents/{number}").json["hold"] == hold


def entries(house: House) -> list[dict[str, Any]]:
    """Return what the journal tells of incidents, but for numbers and moments."""
    bodies = [json.loads(row["body"]) for row in house.hotel.ours("entry")]
    return [
        {name: body[name] for name in ("action", "actor", "counts", "grounds", "property")
         if name in body}
        for body in bodies if str(body.get("request", "")).startswith("GI-")
    ]  # fmt: skip


def test_the_journal_tells_the_same_as_of_the_page(house: House) -> None:
    """By a program or in a browser: the same people did the same, and no word of it is there."""
    officer, second = programs(house, "officer", "second")
    words = {"duty": "CN/guests", "words": "A list was seen."}
    # What the law wants at once is late a day later, whichever of the two was slower.
    at = datetime.now(UTC) - timedelta(hours=25)
    number = opened(officer, noticed=at.isoformat())
    path = f"/incidents/{number}"
    done(officer, f"{path}/classify", GRAVE)
    officer.post(f"{path}/reach", {})
    done(officer, f"{path}/told", {"duty": "CN/authority", "reference": "A-17"})
    done(officer, f"{path}/propose", words)
    go = {"duty": "CN/guests", "digest": duty(second, number, "CN/guests")["digest"]}
    done(second, f"{path}/send", go)
    measure = {"what": "Shred lists", "owner": "clerk", "due": "2999-01-01"}
    id_ = officer.post(f"{path}/measures", measure).json["id"]
    done(officer, f"/measures/{id_}/done")
    done(officer, f"{path}/review", {"words": "Shred at once."})
    by_program = entries(house)
    one, two = house.browser("officer"), house.browser("second")
    number = report(house, noticed=f"{at + timedelta(hours=8):%Y-%m-%dT%H:%M}")
    act(one, number, "classify", kind="leak", severity="risk-high", cause="human-error",
        column="guests.email")  # fmt: skip
    act(one, number, "reach", table="")
    act(one, number, "told", duty="CN/authority", reference="A-17")
    act(one, number, "propose", **words)
    act(two, number, "send", duty="CN/guests", digest=seen(two, number))
    act(one, number, "measures", **measure)
    act(one, number, f"measures/{id_ + 1}")
    act(one, number, "review", words="Shred at once.")
    both = entries(house)
    assert both == by_program * 2
    assert len(by_program) >= 9
    assert not re.search(f"{CANARY}|Shred|A-17|seen", json.dumps(both))


def test_the_clock_runs_from_when_it_was_noticed(house: House) -> None:
    """What was noticed four days ago is late at once, in the list as in the incident."""
    (officer,) = programs(house, "officer")
    at = datetime.now(UTC) - timedelta(days=4)
    number = opened(officer, noticed=at.isoformat())
    done(officer, f"/incidents/{number}/classify", GRAVE)
    (line,) = officer.get("/incidents").json["items"]
    assert line["late"] is True
    assert line["next_at"].startswith(at.date().isoformat())
