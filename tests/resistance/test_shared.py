"""Attacks through the login that a desk shares, and on the PINs of who acts through it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete, select, update

from flask_guesterase.core import pin as pins
from flask_guesterase.core.errors import ForbiddenError, FourEyesError, InputError
from flask_guesterase.store import tables
from flask_guesterase.store.complaints.receiving import Grievance
from flask_guesterase.store.incidents.opening import Report
from flask_guesterase.store.office import Office
from tests.resistance.test_impostors import approve, told
from tests.web import house as houses
from tests.web.apihouse import Program, opened, token
from tests.web.house import CANARY, House
from tests.web.house import DESK as CLERK
from tests.web.test_cli import Console
from tests.web.test_reception import DESK, FILING, OTHER, PIN, act, filed, own

MATCH = {"email": "bea@mail.example", "name": "Bea Lund"}


@pytest.fixture
def house(sqlite_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[House]:
    """A house with guests, a desk where clerks share a login, and officers who give codes."""
    monkeypatch.setattr(pins, "_COST", 2**8)
    monkeypatch.setitem(houses.STAFF, "front", ("sh", CLERK | {"freeze"}))
    may = houses.OFFICE | {"issue", "freeze", "hold", "law"}
    for officer in ("officer", "second", "third", "boss"):
        monkeypatch.setitem(houses.STAFF, officer, ("sh", may))
    made = opened(House(sqlite_url, tmp_path))
    made.people()
    made.extension.shared(lambda user: user.id == "front")
    yield made
    made.session.remove()
    made.hotel.engine.dispose()


def given(house: House, person: str, by: str) -> str:
    """Let an officer give out a code for a new PIN; return it."""
    page = house.browser(by).post(f"{DESK}/pin/code", f"{DESK}/pin", property="sh", person=person)
    found = re.search(r'class="secret">([^<]+)', page.text)
    assert found is not None, page.text
    return found[1]


def test_a_shared_login_by_itself(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a person it looks and does nothing: by pages, console, calls, tokens old and new."""
    number = house.request()
    front = house.browser("front")
    forms: dict[str, dict[str, str]] = {
        "/new": FILING, f"/{number}/confirm": {"how": "desk"}, f"/{number}/withdraw": {},
        "/claims": {"property": "sh", "key": "email", "value": "ann@mail.example", "name": CANARY},
        "/holds/freeze": {"property": "sh", "first_night": "2026-03-02"},
    }  # fmt: skip
    for path, form in forms.items():
        answer = front.post(f"{DESK}{path}", f"{DESK}/pin", **form)
        assert answer.status_code == 422, path
        assert "guesterase_pin" in answer.text, path
    console = Console(house.app)
    assert console.error("confirm", number, *console.proved("front"), "--how", "desk")
    with pytest.raises(ForbiddenError, match="share"):
        house.request("front")
    with pytest.raises(InputError, match="share"):
        token(house, "front")
    with monkeypatch.context() as before:
        before.setattr(house.extension, "_shared", None)
        program = Program(house, token(house, "front"))
    answer = program.post("/requests", {"match": {"email": "ann@mail.example"}, "channel": "desk"})
    assert answer.status_code == 403
    assert front.get(f"{DESK}/{number}")
    assert house.state(number) == "received"
    assert len(house.hotel.ours("request")) == 1
    assert house.hotel.ours("claim") == house.hotel.ours("hold") == []


def test_a_shared_login_where_it_is_asked_for_no_single_permission(house: House) -> None:
    """Lifting and confirming, the clock, the holds of a restore: not by a call either."""
    with house.app.app_context():
        frozen = house.extension.run(lambda office: office.freeze("sh", "officer"))
    house.extension.shared(lambda user: user.id == "second")
    deeds: list[Callable[[Office], object]] = [
        lambda office: office.lift(frozen, "second"),
        lambda office: office.confirm_freeze(frozen, "second"),
        lambda office: office.confirm_clock("second"),
        lambda office: office.holds_placed("second"),
    ]
    for deed in deeds:
        with house.app.app_context(), pytest.raises(ForbiddenError, match="share"):
            house.extension.run(deed)
    house.extension.shared(lambda user: user.id == "front")
    with house.app.app_context():
        house.extension.run(deeds[1])


def test_a_shared_login_that_complains_or_reports_by_a_call(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither a complaint nor an incident is by several people, whichever permission allows it."""
    complaint = Grievance("about-manner", "It was late.", property="sh", channel="desk")
    incident = Report("sh", "leak", "A list.")
    for granted in (CLERK, CLERK | {"complaint"}):
        monkeypatch.setitem(houses.STAFF, "front", ("sh", granted))
        deeds: list[Callable[[Office], object]] = [
            lambda office: office.file_complaint(complaint, "front"),
            lambda office: office.open_incident(incident, "front"),
        ]
        for deed in deeds:
            with house.app.app_context(), pytest.raises(ForbiddenError, match="share"):
                house.extension.run(deed)
    assert house.hotel.ours("complaint") == house.hotel.ours("incident") == []


def test_an_approver_does_not_approve_what_they_filed_at_the_shared_desk(house: House) -> None:
    """The two-person rule counts persons, not logins; a second person may."""
    own(house, "officer")
    front = house.browser("front")
    number = filed(act(front, "/new", "officer", PIN, **FILING))
    clerk = house.browser("clerk")
    assert clerk.post(f"{DESK}/{number}/confirm", how="desk").status_code == 200
    house.settle(number)
    # Who filed it is shown no button; they could have the digest from a colleague.
    shown = house.browser("second").get(f"{DESK}/{number}")
    found = re.search(r'name="digest" value="(\w+)"', shown)
    assert found is not None
    for login, status in (("officer", 403), ("second", 303)):
        browser = house.browser(login)
        answer = browser.post(f"{DESK}/{number}/approve", digest=found[1])
        assert answer.status_code == status, answer.text
    assert house.state(number) == "approved"


def test_an_approver_does_not_approve_own_filing_through_the_shared_desk(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the shared login may approve too, whoever filed under their own login may not there."""
    monkeypatch.setitem(houses.STAFF, "front", ("sh", houses.OFFICE))
    own(house, "officer")
    own(house, "second", OTHER)
    number = house.request(by="officer")
    house.browser("clerk").post(f"{DESK}/{number}/confirm", how="desk")
    house.settle(number)
    front = house.browser("front")
    found = re.search(r'name="digest" value="(\w+)"', front.get(f"{DESK}/{number}"))
    assert found is not None
    answer = act(front, f"/{number}/approve", "officer", PIN, digest=found[1])
    assert answer.status_code == 403
    assert house.state(number) == "review"
    assert act(front, f"/{number}/approve", "second", OTHER, digest=found[1]).status_code == 303


def test_a_pin_guessed_at_the_desk(house: House) -> None:
    """Five tries, then waiting; ten wrong ones lock it, although the count of tries was wiped."""
    own(house)
    front = house.browser("front")
    for _ in range(2):
        with house.hotel.engine.begin() as conn:
            conn.execute(delete(tables.attempt))
        tries = [act(front, "/new", "clerk", OTHER, **FILING) for _ in range(5)]
        assert [answer.status_code for answer in tries] == [403] * 5
        assert act(front, "/new", "clerk", PIN, **FILING).status_code == 429
    with house.hotel.engine.begin() as conn:
        conn.execute(delete(tables.attempt))
    assert act(front, "/new", "clerk", PIN, **FILING).status_code == 403
    assert house.hotel.ours("request") == []
    with house.app.app_context(), house.extension.begin() as office:
        whose = office.acts_as("clerk")
    assert [actor for actor, _, _ in told(house, "pin-locked")] == [whose]


def test_a_guess_that_would_tell_who_has_a_pin(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A wrong PIN, none, a locked one, a name nobody knows: one page after one slow hash."""
    own(house)
    own(house, "porter")
    with house.app.app_context(), house.extension.begin() as office:
        locked = update(tables.pin).where(tables.pin.c.actor == office.acts_as("porter"))
        office.work.conn.execute(locked.values(locked_at=office.work.stamp))
    hashed: list[object] = []
    slow = pins._slow

    def counted(*parts: Any) -> bytes:
        hashed.append(parts[-1])
        return slow(*parts)

    monkeypatch.setattr(pins, "_slow", counted)
    pages = set()
    for who, pin in (("clerk", OTHER), ("officer", PIN), ("porter", PIN), ("stranger", PIN)):
        answer = act(house.browser("front"), "/new", who, pin, **FILING)
        pages.add((answer.status_code, re.sub(r'value="[^"]*"', "", answer.text)))
    assert {status for status, _ in pages} == {403}
    assert len(pages) == 1
    assert len(hashed) == 4
    assert len(set(hashed)) == 1


def test_a_dump_searched_for_pins(house: House) -> None:
    """The database says no PIN, and nothing in it is the key with which a guess is tried."""
    own(house)
    with house.hotel.engine.connect() as conn:
        dump = {
            value if isinstance(value, bytes) else str(value).encode()
            for table in tables.metadata.sorted_tables
            for row in conn.execute(select(table))
            for value in row
        }
    (row,) = house.hotel.ours("pin")
    assert not any(PIN.encode() in value for value in dump)
    assert not any(pins.fits(PIN, row["hash"], key, row["actor"]) for key in {b"", *dump})
    with house.app.app_context():
        pepper = house.extension.custodian.pepper("pin")
    assert pins.fits(PIN, row["hash"], pepper, row["actor"])


def confirmed_by_pin(house: House) -> str:
    """Return what was filed and confirmed by a clerk's PIN; the officer gave its code."""
    code = given(house, "clerk", "officer")
    front = house.browser("front")
    new = {"who": "clerk", "code": code, "pin": PIN, "again": PIN}
    assert front.post(f"{DESK}/pin", f"{DESK}/pin", **new).status_code == 200
    number = filed(act(front, "/new", "clerk", PIN, **FILING))
    assert act(front, f"/{number}/confirm", "clerk", PIN, how="desk").status_code == 200
    return number


def test_a_pin_that_the_officer_set(house: House) -> None:
    """Whoever gave out the code may have used it: they are no second person to its owner."""
    number = confirmed_by_pin(house)
    given(house, "clerk", "second")  # an officer who comes after does not wash it off
    house.settle(number)
    for officer in ("officer", "second"):
        assert approve(house, number, officer).status_code == 403
        assert house.state(number) == "review"
    assert {grounds for _, _, grounds in told(house)} == {("four-eyes",)}
    assert approve(house, number, "third").status_code == 303


@pytest.mark.parametrize("attack", ["forget", "rewrite"])
@pytest.mark.parametrize("door", ["pin", "apitoken"])
def test_who_gave_a_code_or_a_token_rewritten_by_sql(house: House, door: str, attack: str) -> None:
    """Our rows may forget who could have acted as somebody: the journal does not."""
    if door == "pin":
        number = confirmed_by_pin(house)
    else:
        program = issued(house, "clerk", "officer", "file", "verify", "view")
        answer = program.post("/requests", {"match": MATCH, "channel": "desk"})
        number = answer.get_json()["number"]
        assert program.post(f"/requests/{number}/confirm", {"how": "desk"}).status_code == 200
    house.settle(number)
    table = tables.metadata.tables[f"{tables.PREFIX}{door}"]
    giver = {"pin": "given_by", "apitoken": "issued_by"}[door]
    forged = update(table).values({giver: "a99"}) if attack == "rewrite" else delete(table)
    with house.hotel.engine.begin() as conn:
        assert conn.execute(forged).rowcount == 1
    assert approve(house, number, "officer").status_code == 403
    assert house.state(number) == "review"
    assert approve(house, number, "third").status_code == 303


def freeze(house: House) -> int:
    """Let the porter freeze the house; return the number of the hold."""
    with house.app.app_context():
        return house.extension.run(lambda office: office.freeze("sh", "porter"))


def lift(house: House, hold: int, who: str) -> bool:
    """Let a person lift a hold with a code of their own; return whether it ended."""
    with house.app.app_context(), house.extension.begin() as office:
        return office.lift(hold, who)


def test_an_officer_who_is_two_colleagues(house: House) -> None:
    """Two people with a PIN code from one officer are one; who set an own PIN is another."""
    front = house.browser("front")
    for person, pin in (("officer", PIN), ("second", OTHER)):
        new = {"who": person, "code": given(house, person, "third"), "pin": pin, "again": pin}
        assert front.post(f"{DESK}/pin", f"{DESK}/pin", **new).status_code == 200
    own(house, "porter")
    frozen = freeze(house)
    assert not lift(house, frozen, "officer")
    for person in ("second", "third"):
        with pytest.raises(FourEyesError):
            lift(house, frozen, person)
    assert lift(house, frozen, "boss")


def test_two_colleagues_with_codes_of_two_officers(house: House) -> None:
    """They are two: nobody alone could have set both of their PINs."""
    given(house, "officer", "third")
    given(house, "second", "boss")
    frozen = freeze(house)
    assert not lift(house, frozen, "officer")
    assert lift(house, frozen, "second")


def test_an_officer_behind_an_officer(house: House) -> None:
    """Whoever could be an officer could give codes in their name: it is followed to its end."""
    given(house, "second", "third")
    given(house, "officer", "second")
    given(house, "porter", "officer")
    frozen = freeze(house)
    assert not lift(house, frozen, "officer")
    for person in ("second", "third"):
        with pytest.raises(FourEyesError):
            lift(house, frozen, person)
    assert lift(house, frozen, "boss")


def test_two_colleagues_with_one_officer_far_behind(house: House) -> None:
    """Nobody gave a code to both, and one person could be behind both all the same."""
    given(house, "second", "boss")
    given(house, "officer", "second")
    given(house, "third", "boss")
    frozen = freeze(house)
    assert not lift(house, frozen, "officer")
    with pytest.raises(FourEyesError):
        lift(house, frozen, "third")


def test_officers_who_gave_each_other_codes(house: House) -> None:
    """A circle has no end, and who is not in it is another."""
    for person, by in (("officer", "second"), ("second", "third"), ("third", "officer")):
        given(house, person, by)
    frozen = freeze(house)
    assert not lift(house, frozen, "officer")
    for person in ("second", "third"):
        with pytest.raises(FourEyesError):
            lift(house, frozen, person)
    assert lift(house, frozen, "boss")


def issued(house: House, person: str, by: str, *permissions: str) -> Program:
    """Return a program with a token that somebody issued for a person."""
    with house.app.app_context(), house.extension.begin() as office:
        until = (office.work.now + timedelta(days=30)).date()
        return Program(house, office.issue_token(person, "sh", permissions, until, by=by))


def test_who_issues_a_token_and_uses_it(house: House) -> None:
    """They read it, so they may have filed with it; revoking it afterwards changes nothing."""
    program = issued(house, "clerk", "officer", "file", "verify", "view")
    answer = program.post("/requests", {"match": MATCH, "channel": "desk"})
    number = answer.get_json()["number"]
    assert program.post(f"/requests/{number}/confirm", {"how": "desk"}).status_code == 200
    house.settle(number)
    assert approve(house, number, "officer").status_code == 403
    with house.app.app_context(), house.extension.begin() as office:
        office.revoke_token(house.hotel.ours("apitoken")[0]["id"], "officer")
    assert approve(house, number, "officer").status_code == 403
    with house.app.app_context(), house.extension.begin() as office:
        digest = office.preview(number).digest
        with pytest.raises(FourEyesError, match="issued them a token"):
            office.approve(number, "officer", digest)
    assert house.state(number) == "review"
    assert {grounds for _, _, grounds in told(house)} == {("four-eyes",)}
    assert approve(house, number, "second").status_code == 303


def test_who_issues_the_tokens_of_two_people(house: House) -> None:
    """Tokens of two people by one issuer, or a token and a PIN, are one person's two."""
    clerk = issued(house, "clerk", "boss", "file", "verify", "view")
    number = clerk.post("/requests", {"match": MATCH, "channel": "desk"}).get_json()["number"]
    clerk.post(f"/requests/{number}/confirm", {"how": "desk"})
    house.settle(number)
    officer = issued(house, "officer", "boss", "approve", "view")
    given(house, "second", "boss")
    third = issued(house, "third", "officer", "approve", "view")
    read = {"digest": third.get(f"/requests/{number}/plan").get_json()["digest"]}
    assert officer.post(f"/requests/{number}/approve", read).status_code == 403
    assert approve(house, number, "second").status_code == 403
    assert house.state(number) == "review"
    assert third.post(f"/requests/{number}/approve", read).status_code == 200


def test_a_token_that_a_person_issued_for_themselves(house: House) -> None:
    """It makes nobody another: they are one with themselves, and two with a colleague."""
    for person in ("officer", "second"):
        issued(house, person, person, "approve", "view")
    frozen = freeze(house)
    assert not lift(house, frozen, "officer")
    with pytest.raises(FourEyesError):
        lift(house, frozen, "officer")
    assert lift(house, frozen, "second")


def test_a_pin_that_would_buy_a_code_for_the_console(house: House) -> None:
    """At a shared login there is no such code, with a right PIN either; the menu has it not."""
    own(house, "officer")
    front = house.browser("front")
    assert f'href="{DESK}/code"' in house.browser("officer").get(f"{DESK}/")
    assert f'href="{DESK}/code"' not in front.get(f"{DESK}/")
    assert front.client.get(f"{DESK}/code").status_code == 403
    proof = {"guesterase_who": "officer", "guesterase_pin": PIN}
    answer = front.post(f"{DESK}/code", f"{DESK}/pin", **proof)
    assert answer.status_code == 403
    assert 'class="secret"' not in answer.text
    assert house.hotel.ours("token") == []


def test_a_proof_read_at_the_shared_desk(house: House) -> None:
    """Anybody stands there, an approver too: it says that the letter waits, and shows no link."""
    assert house.browser().ask(name=CANARY, email="ann@mail.example").status_code == 303
    house.worker()
    link = re.compile(r"/privacy/link/[\w-]+")
    assert link.search(house.browser("clerk").get(f"{DESK}/outbox"))
    assert not link.search(house.browser("officer").get(f"{DESK}/outbox"))
    page = house.browser("front").get(f"{DESK}/outbox", wish="en")
    assert not link.search(page)
    assert "ann@mail.example" not in page
    assert page.count("prints it in their own login") == 1
    assert "/outbox/" not in page


def test_a_pin_that_was_watched(house: House) -> None:
    """It files under its owner, and the journal says so; an officer's approves nothing there."""
    own(house)
    own(house, "officer", OTHER)
    front = house.browser("front")
    number = filed(act(front, "/new", "clerk", PIN, **FILING))
    assert house.browser("clerk").post(f"{DESK}/{number}/confirm", how="desk").status_code == 200
    with house.app.app_context(), house.extension.begin() as office:
        digest = office.preview(number).digest
        clerk, officer = office.acts_as("clerk"), office.acts_as("officer")
    assert act(front, f"/{number}/approve", "officer", OTHER, digest=digest).status_code == 403
    assert house.state(number) == "review"
    assert [(a, n) for a, n, _ in told(house, "erasure-requested")] == [(clerk, number)]
    assert (officer, None, ("not-permitted", "approve")) in told(house)
