"""An erasure taken back over the API: every condition of the page, and nobody's data on the way."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert

from flask_guesterase.store import tables
from flask_guesterase.store.access import brake, pulse
from tests.web.apihouse import Program, inhabited, journaled, opened, token
from tests.web.house import CANARY, STAFF, House
from tests.web.test_restoring import DESK, erased

TOLD = ("restore-proposed", "subject-restored", "certificate-revoked")
WRONG = {"ground": "wrong-person"}


@pytest.fixture
def house(sqlite_url: str, tmp_path: Path) -> Iterator[House]:
    """A house with guests whose host asked for the API."""
    yield from inhabited(sqlite_url, tmp_path)


@pytest.fixture
def number(house: House) -> str:
    """A request about Ann that was carried out."""
    return erased(house)


def proposed(house: House, number: str, door: str = "api", user: str = "officer") -> int:
    """Propose to take it back, by the page or over the API; return the proposal's number."""
    if door == "page":
        answer = house.browser(user).post(f"{DESK}/{number}/restore", **WRONG)
        assert answer.status_code == 303
        return int(house.hotel.ours("restoration")[-1]["id"])
    answer = Program(house, token(house, user)).post(f"/requests/{number}/restore", WRONG)
    assert answer.status_code == 201, answer.text
    return int(answer.json["id"])


def confirmed(house: House, number: str, door: str, user: str, proposal: int) -> int:
    """Take it back as the second person; return the status."""
    if door == "page":
        return house.browser(user).post(f"{DESK}/{number}/restore/confirm").status_code
    program = Program(house, token(house, user))
    return _confirm(program, number, proposal).status_code


def _confirm(program: Program, number: str, proposal: int) -> Any:
    return program.post(f"/requests/{number}/restore/confirm", {"proposal": proposal})


@pytest.mark.parametrize("first", ["page", "api"])
@pytest.mark.parametrize("other", ["page", "api"])
def test_two_people_take_it_back_by_whichever_door(
    house: House, number: str, first: str, other: str
) -> None:
    """Not one person by two doors; journal, certificate and the guest's letter are the same."""
    proposal = proposed(house, number, first)
    for door in ("page", "api"):
        assert confirmed(house, number, door, "officer", proposal) == 403
    assert (house.state(number), house.hotel.row(1)["name"] == CANARY) == ("sealed", False)
    assert confirmed(house, number, other, "second", proposal) == {"page": 303, "api": 200}[other]
    assert (house.state(number), house.hotel.row(1)["name"]) == ("restored", CANARY)
    told = journaled(house, *TOLD)
    assert [(word, who) for word, _, who, _, _ in told] == [
        ("restore-proposed", "officer"), ("certificate-revoked", "second"),
        ("subject-restored", "second"),
    ]  # fmt: skip
    assert {request for _, request, _, _, _ in told} == {number}
    assert told[0][4] == told[-1][4] == ("wrong-person",)
    assert told[-1][3]["restored"] > 0
    (letter,) = (row for row in house.hotel.ours("outbox") if row["template"] == "restored")
    assert letter["request"] == number
    assert house.hotel.ours("certificate")[0]["revoked_at"]


def test_what_comes_out_are_counts(house: House, number: str) -> None:
    """Until when, who proposed, what came back of each table: no value of a row or a box."""
    reader = Program(house, token(house, "auditor"))
    before = reader.get(f"/requests/{number}/restore")
    assert before.json["until"]
    assert (before.json["why"], before.json["restorations"]) == ("", [])
    proposal = proposed(house, number)
    done = _confirm(Program(house, token(house, "second")), number, proposal)
    assert done.json["restored"] is True
    assert done.json["tables"]["guests"] == {
        "already": 0, "gone": [], "refused": {}, "restored": 1
    }  # fmt: skip
    after = reader.get(f"/requests/{number}/restore")
    (line,) = after.json["restorations"]
    assert (line["id"], line["state"], line["ground"]) == (proposal, "restored", "wrong-person")
    assert line["report"] == done.json
    assert line["proposed_by"] != line["confirmed_by"]
    for answer in (before, done, after):
        for value in (CANARY, "mail.example", "+86", "E1", "officer"):
            assert value not in answer.text


def test_tokens_that_one_person_issued_are_one_person(
    house: House, number: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever issued both could be both; and who proposed could be whom they issued a token."""
    first, other = (Program(house, token(house, who, by="issuer")) for who in ("officer", "second"))
    proposal = first.post(f"/requests/{number}/restore", WRONG).json["id"]
    answer = _confirm(other, number, proposal)
    assert (answer.status_code, answer.json["type"]) == (403, "urn:guesterase:error:four-eyes")
    place, granted = STAFF["officer"]
    monkeypatch.setitem(STAFF, "officer", (place, granted | {"issue"}))
    own = erased_anew(house)
    proposal = proposed(house, own, "page")
    theirs = Program(house, token(house, "second", by="officer"))
    assert _confirm(theirs, own, proposal).status_code == 403
    assert {house.state(each) for each in (number, own)} == {"sealed", "erased"}


def erased_anew(house: House) -> str:
    """Erase another guest; return the number of the request."""
    with house.app.app_context():
        with house.extension.begin() as office:
            number = office.request({"email": "bea@mail.example"}, property="sh", by="clerk")
            office.confirm(number, "clerk", "desk")
        with house.extension.begin() as office:
            office.approve(number, "officer", office.preview(number).digest)
        house.extension.work()
    return number


def test_who_may_not_neither_proposes_nor_confirms(house: House, number: str) -> None:
    """Others here and elsewhere, and a token without the permission of a person who has it."""
    few = [
        Program(house, token(house, who, *words))
        for who, words in (("clerk", []), ("far-officer", []), ("second", ["view", "approve"]))
    ]
    for program, status in zip(few, (403, 404, 403), strict=True):
        assert program.post(f"/requests/{number}/restore", WRONG).status_code == status
    assert house.hotel.ours("restoration") == []
    proposal = proposed(house, number)
    for program, status in zip(few, (403, 404, 403), strict=True):
        assert _confirm(program, number, proposal).status_code == status
    for who, words, status in (("far-officer", [], 404), ("night", [], 403), ("clerk", [], 200)):
        program = Program(house, token(house, who, *words))
        assert program.get(f"/requests/{number}/restore").status_code == status
    assert house.state(number) == "sealed"


def test_only_on_a_ground_and_only_what_was_proposed(house: House, number: str) -> None:
    """No ground, another word, nobody's proposal, one that SQL wrote: nothing comes back."""
    officer, second = (Program(house, token(house, who)) for who in ("officer", "second"))
    for wrong in ({}, {"ground": "because"}, {**WRONG, "more": 1}):
        assert officer.post(f"/requests/{number}/restore", wrong).status_code == 422
    for odd in ({}, {"proposal": 0}, {"proposal": "1"}, {"proposal": True}, {"proposal": 2**63}):
        answer = second.post(f"/requests/{number}/restore/confirm", odd)
        assert answer.status_code == 422
    assert _confirm(second, number, 1).status_code == 404
    with house.hotel.engine.begin() as conn:
        conn.execute(insert(tables.restoration).values(
            request=number, controller="pine-ltd", property="sh", ground="wrong-person",
            state="proposed", proposed_by="a77", proposed_at=datetime(2026, 1, 1),
        ))  # fmt: skip
    assert _confirm(second, number, 1).status_code == 404
    assert house.state(number) == "sealed"


def test_another_proposal_is_not_confirmed_for_the_one_that_was_read(
    house: House, number: str
) -> None:
    """Its ground is what the guest is told: whoever confirms read it."""
    first = proposed(house, number)
    second = Program(house, token(house, "second"))
    anew = second.post(f"/requests/{number}/restore", {"ground": "binding-order"}).json["id"]
    assert anew != first
    officer = Program(house, token(house, "officer"))
    assert _confirm(officer, number, first).status_code == 409
    assert house.state(number) == "sealed"
    assert _confirm(second, number, anew).status_code == 403
    assert _confirm(officer, number, anew).status_code == 200
    (line,) = officer.get(f"/requests/{number}/restore").json["restorations"]
    assert line["ground"] == "binding-order"


def test_what_is_sent_again_proposes_and_restores_once(house: House, number: str) -> None:
    """The same key, the same proposal; one that was confirmed is not confirmed again."""
    officer, second = (Program(house, token(house, who)) for who in ("officer", "second"))
    path, key = f"/requests/{number}/restore", {"Idempotency-Key": "back-1"}
    one, again = (officer.post(path, WRONG, **key) for _ in range(2))
    assert one.json == again.json
    assert officer.post(path, {"ground": "guest-wish"}, **key).status_code == 422
    assert _confirm(second, number, one.json["id"]).status_code == 200
    assert officer.post(path, WRONG, **key).json == one.json
    assert _confirm(second, number, one.json["id"]).status_code == 404
    assert [each[0] for each in journaled(house, *TOLD)].count("restore-proposed") == 1
    assert len([r for r in house.hotel.ours("outbox") if r["template"] == "restored"]) == 1


def _late(house: House) -> None:
    # Every night has its round, as in a house; a clock that leaps is another test.
    at = datetime.now(UTC)
    for days in range(1, 10):
        house.extension._now = lambda days=days: at + timedelta(days=days)  # type: ignore[method-assign]
        house.worker()


def _doubted(house: House) -> None:
    with house.hotel.engine.begin() as conn:
        pulse.put(conn, brake.DOUBT, pulse.Pulse(datetime.now(UTC).replace(tzinfo=None), "leap"))


@pytest.mark.parametrize("stands", [_late, _doubted])
def test_after_the_window_and_with_a_clock_in_doubt_nothing_comes_back(
    house: House, number: str, stands: Callable[[House], None]
) -> None:
    """It is said why, and the proposal of before does not help."""
    proposal = proposed(house, number)
    officer, second = (Program(house, token(house, who)) for who in ("officer", "second"))
    stands(house)
    told = officer.get(f"/requests/{number}/restore").json
    assert told["until"] == ""
    assert told["why"]
    assert officer.post(f"/requests/{number}/restore", WRONG).status_code == 409
    assert _confirm(second, number, proposal).status_code == 409
    assert house.state(number) == "sealed"
    assert house.hotel.row(1)["name"] != CANARY


def test_without_a_safety_copy_there_is_nothing_to_take_back(
    sqlite_url: str, tmp_path: Path
) -> None:
    """A window of no days holds over the API too."""
    house = opened(House(sqlite_url, tmp_path, GUESTERASE_RECOVERY_DAYS=0))
    house.people()
    number = erased(house)
    officer = Program(house, token(house, "officer"))
    assert officer.post(f"/requests/{number}/restore", WRONG).status_code == 409
    assert officer.get(f"/requests/{number}/restore").json["until"] == ""
    house.session.remove()
    house.hotel.engine.dispose()


def test_nothing_comes_back_of_what_is_not_erased(house: House) -> None:
    """A request that is open has its own ways to end."""
    number = house.request()
    officer = Program(house, token(house, "officer"))
    assert officer.post(f"/requests/{number}/restore", WRONG).status_code == 409


def test_a_restore_without_training_is_noted_as_on_the_page(house: House, number: str) -> None:
    """Its window is short, so that it waits for no training; the journal says who lacked one."""
    proposal = proposed(house, number)
    assert confirmed(house, number, "api", "second", proposal) == 200
    lacked = ("officer", "restore-guest")
    missed = [each for each in journaled(house, "training-missed") if each[4] == lacked]
    assert [(of, who) for _, of, who, _, _ in missed] == [(number, "officer"), (number, "second")]
