"""The day at desk and office over the API: claim codes, queue and shifts, what is alike."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.web.apihouse import Program, inhabited, token
from tests.web.house import CANARY, House
from tests.web.test_officer import filed

MATCH = {"email": "ann@mail.example", "name": CANARY}


@pytest.fixture
def house(sqlite_url: str, tmp_path: Path) -> Iterator[House]:
    """A house with guests whose host asked for the API."""
    yield from inhabited(sqlite_url, tmp_path)


def test_a_claim_code_from_a_program_proves_its_guest_once(house: House) -> None:
    """What the kiosk prints is what the guest types; who is not on file gets none."""
    clerk = Program(house, token(house, "clerk"))
    answer = clerk.post("/claims", {"match": MATCH})
    assert answer.status_code == 201, answer.text
    assert (answer.json["property"], answer.json["rows"]) == ("sh", 1)
    with house.app.app_context(), house.extension.begin() as office:
        assert office.claim(answer.json["code"], CANARY, "en")
    unknown = clerk.post("/claims", {"match": {"email": "no@mail.example", "name": "Nobody"}})
    assert unknown.status_code == 404
    assert "no@mail.example" not in unknown.text
    nameless = clerk.post("/claims", {"match": {"email": "ann@mail.example"}})
    assert nameless.status_code == 422


def test_who_looks_after_a_request_and_takes_a_shift_over(house: House) -> None:
    """The queue says whose a request is; after the hand-over it is the other's."""
    number = filed(house)
    officer = Program(house, token(house, "officer"))
    second = Program(house, token(house, "second"))
    assert [each["number"] for each in officer.get("/queue").json["items"]] == [number]
    done = officer.post(f"/requests/{number}/look-after", {"deputy": "second"})
    assert done.json == {"done": True}
    (line,) = officer.get("/queue").json["items"]
    assert (line["mine"], bool(line["owner"])) == (True, True)
    assert second.get("/queue").json["items"][0]["mine"] is False
    wrong = officer.post("/handovers", {"note": "Write to ann@mail.example."})
    assert wrong.status_code == 422
    assert "ann@mail" not in wrong.text
    shift = officer.post("/handovers", {"note": "One letter waits."})
    assert shift.status_code == 201, shift.text
    (given,) = second.get("/handovers").json["items"]
    assert (given["id"], given["text"], given["taken_by"]) == (
        shift.json["id"], "One letter waits.", "",
    )  # fmt: skip
    assert officer.post(f"/handovers/{given['id']}/take").status_code == 409
    assert second.post(f"/handovers/{given['id']}/take").json == {"count": 1}
    assert second.get("/queue").json["items"][0]["mine"] is True
    assert second.post(f"/handovers/{given['id']}/take").status_code == 409


def test_a_narrow_token_names_who_does_what_it_may_not(house: House) -> None:
    """It narrows what its own person does, not who at the house may stand in; nor elsewhere."""
    number = filed(house)
    officer = Program(house, token(house, "officer", "approve"))
    path = f"/requests/{number}/look-after"
    for deputy in ("auditor", "far-officer", "stranger", "officer"):
        assert officer.post(path, {"deputy": deputy}).status_code == 422
    assert officer.post(path, {"deputy": "clerk"}).json == {"done": True}


def test_what_is_alike_is_approved_together_with_what_was_read(house: House) -> None:
    """All of them or none; a digest that is not today's approves nothing."""
    for id in (11, 12):
        house.hotel.guest(id, name=f"Guest {id}", email=f"g{id}@mail.example")
    first, other = (filed(house, f"g{id}@mail.example") for id in (11, 12))
    officer = Program(house, token(house, "officer"))
    (group,) = officer.get("/alike").json["items"]
    read = {each["number"]: each["digest"] for each in group["cases"]}
    assert set(read) == {first, other}
    moved = officer.post("/alike", {"chosen": {**read, other: "0" * 64}})
    assert moved.status_code == 409
    assert {house.state(number) for number in read} == {"review"}
    assert officer.post("/alike", {"chosen": read}).json == {"count": 2}
    assert {house.state(number) for number in read} <= {"approved", "waiting"}
    assert officer.post("/alike", {"chosen": {}}).status_code == 422
