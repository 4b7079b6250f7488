"""Attacks by people who have a login, a friend, or a console."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete, select, update

from flask_guesterase.core.errors import FourEyesError, TransitionError, UnknownError
from flask_guesterase.core.holding import Wanted
from flask_guesterase.core.register import Asked, Basis
from flask_guesterase.store import tables, worker
from flask_guesterase.store.incidents.affected import Asked as Measured
from flask_guesterase.store.incidents.opening import Class, Report
from flask_guesterase.store.messages import outbox
from flask_guesterase.store.search import residue
from tests.resistance.conftest import Pine
from tests.store import forms
from tests.store.forms import Form, Guest
from tests.store.hotel import Hotel, Scan
from tests.store.test_outbox import Post, go
from tests.store.test_residue import note, run_of
from tests.store.watched import Watch
from tests.web.house import House
from tests.web.test_cli import Console, code_of
from tests.web.test_complaints import complain, invited, refused
from tests.web.test_sessions import MARKED, Site


@pytest.fixture
def house(sqlite_url: str, tmp_path: Path) -> Iterator[House]:
    """A house with a console."""
    made = House(sqlite_url, tmp_path)
    made.people()
    yield made
    made.session.remove()
    made.hotel.engine.dispose()


def _ready(house: House) -> tuple[Console, str, str]:
    console = Console(house.app)
    number = house.request()
    console.json("confirm", number, *console.proved("clerk"), "--how", "desk")
    house.settle(number)
    return console, number, console.json("preview", number)["digest"]


def test_names_typed_at_a_console(house: House) -> None:
    """A name is no person: without a code of that person's own login nothing is decided."""
    console, number, digest = _ready(house)
    told = ("approve", number, "--by", "officer", "--digest", digest)
    assert console.raw(*told, code=2)
    console.error(*told, "--code", "00000000")
    assert house.state(number) == "review"


def test_a_colleagues_name_typed_when_filing(house: House) -> None:
    """Nobody files as somebody else, and so hides that they did it themselves."""
    console = Console(house.app)
    told = ("request", "--match", "email=bea@mail.example", "--property", "sh", "--by", "clerk")
    assert console.raw(*told, code=2)
    console.error(*told, "--code", "00000000")
    console.error(*told, "--code", code_of(house, "officer"))
    assert house.hotel.ours("request") == []
    number = console.json(*told, "--code", code_of(house, "clerk"))["number"]
    assert [row["number"] for row in house.hotel.ours("request")] == [number]


def test_one_persons_two_codes(house: House) -> None:
    """Two codes of one login are one person, whatever names stand beside them."""
    console, number, digest = _ready(house)
    code_of(house, "officer")
    second = code_of(house, "officer")
    for who in ("second", "clerk"):
        console.error("approve", number, "--by", who, "--code", second, "--digest", digest)
    assert house.state(number) == "review"


def test_a_code_used_twice(house: House) -> None:
    """A code opens one thing, once."""
    console, number, digest = _ready(house)
    code = code_of(house, "officer")
    console.json("approve", number, "--by", "officer", "--code", code, "--digest", digest)
    told = ("refuse", number, "--by", "officer", "--code", code, "--ground", "another-persons-data")
    assert console.error(*told) == "token"


def test_a_request_filed_for_a_friend(pine: Pine) -> None:
    """A clerk who files and confirms does not decide; what the law keeps stays whoever does."""
    number = pine.filed(1, by="officer")
    with pytest.raises(FourEyesError):
        pine.approve(number, "officer")
    pine.approve(number, "second")
    pine.work()
    assert pine.state(number) == "sealed"
    assert pine.names()[1] == "Ada Roe"
    pine.night()
    assert pine.counted()["missed"] == 0


def test_an_approver_alone(pine: Pine) -> None:
    """Nobody approves what nobody confirmed."""
    asked = {"email": "g1@mail.example"}
    number = pine.run(lambda office: office.request(asked, property="mu", by="second"))
    with pytest.raises(TransitionError):
        pine.approve(str(number), "officer")


def test_an_approver_of_their_own_data(tmp_path: Path) -> None:
    """Where guests and staff are rows of one table, a guest who is staff is one pair of eyes."""
    site = Site(tmp_path, MARKED)
    asked = {"email": "ann@mail.example"}
    with site.app.app_context():
        run = site.extension.run
        number = run(lambda office: office.request(asked))
        run(lambda office: office.confirm(number, "2"))
        digest = run(lambda office: office.preview(number)).digest
        with pytest.raises(FourEyesError):
            run(lambda office: office.approve(number, "1", digest))
        run(lambda office: office.approve(number, "3", digest))
        site.db.session.remove()
        site.db.engine.dispose()


def test_a_contact_changed_yesterday(pine: Pine) -> None:
    """A proof from somebody's own mailbox erases no more than the law lets go of anybody."""
    pine.raw(update(Guest).where(Guest.id == 1).values(email="friend@mail.example"))
    asked = {"email": "friend@mail.example"}
    number = str(pine.run(lambda office: office.request(asked, property="mu", by="desk")))
    pine.run(lambda office: office.confirm(number, "desk", "callback"))
    pine.approve(number)
    pine.work()
    assert pine.state(number) == "sealed"
    assert pine.names()[1] == "Ada Roe"


def test_a_number_taken_off_a_person(pine: Pine) -> None:
    """Who deletes their own number to act under another is the same person all the same."""
    number = pine.filed(1, by="officer")
    pine.raw(delete(tables.actor))
    with pytest.raises(FourEyesError):
        pine.approve(number, "officer")


def test_an_approver_without_a_number(pine: Pine) -> None:
    """A number that the journal names and our table has no more is told."""
    pine.approved(1)
    pine.raw(delete(tables.actor))
    assert "records-differ:actors" in pine.seen()


def test_an_approval_written_by_sql(pine: Pine) -> None:
    """A state in a row is no approval: it goes back to people, and the journal says so."""
    number = pine.filed(1)
    table = tables.request
    pine.raw(update(table).values(
        state="approved", decided_by="a2", decided_at=pine.now.replace(tzinfo=None),
        try_at=pine.now.replace(tzinfo=None), digest="0" * 64, decisions="{}",
    ))  # fmt: skip
    assert "records-differ:approvals" in pine.seen()
    pine.work()
    assert pine.state(number) == "review"
    assert pine.names()[1] == "Ada Roe"
    assert "request-reviewed-again" in pine.actions()


def test_a_plan_exchanged_after_approval(pine: Pine) -> None:
    """The digest that was approved stands in the journal; another one was not."""
    number = pine.approved(1)
    pine.raw(update(tables.request).values(digest="0" * 64))
    assert "records-differ:approvals" in pine.seen()
    pine.work()
    assert pine.state(number) == "review"


def test_who_filed_rewritten_by_sql(pine: Pine) -> None:
    """Who filed stands in the journal as well, under the key of the case."""
    number = pine.filed(1, by="officer")
    pine.raw(update(tables.request).values(filed_by="a99", verified_by="a99"))
    with pytest.raises(FourEyesError):
        pine.approve(number, "officer")


def test_a_record_marked_as_a_test_guest(pine: Pine) -> None:
    """The ways of invented guests are open to rows that were made for them, and no other."""
    number = pine.approved(1)
    pine.raw(update(tables.request).values(kind="canary"))
    pine.work()
    assert pine.state(number) == "review"
    assert pine.names()[1] == "Ada Roe"
    assert "records-differ:approvals" not in pine.seen()


def test_a_register_asked_for_without_a_reason(pine: Pine) -> None:
    """Producing the register is recorded, so that who looked somebody up is known."""
    day = date(2026, 3, 1)
    asked = Asked("mu", "District police", "PS-1", "A-1", night=day, basis=Basis.POLICE)
    pine.run(lambda office: office.produce_register(asked, "officer"))
    assert "register-produced" in pine.actions()


@pytest.mark.parametrize("who", ["officer", "second", "clerk"])
def test_a_reviewer_from_outside_is_nobody_of_the_house(house: House, who: str) -> None:
    """Not who decided, nor who invited and so read link and code; nothing is used up by trying."""
    number, guest = refused(house)
    complaint = complain(guest)
    link, code = invited(house, complaint, "second", "decide")
    inside = house.browser(who)
    assert inside.post(link, link, code=code).status_code == 403
    assert inside.client.get("/privacy/review").status_code == 410
    reviewer = house.browser()
    assert reviewer.post(link, link, code=code).status_code == 303
    said = {"outcome": "overturned", "words": "Look again."}
    assert reviewer.client.get(f"/in/{who}").status_code == 200
    assert reviewer.post("/privacy/review", "/privacy/review", **said).status_code == 403
    assert house.state(number) == "complaint"
    reviewer.client.get("/out")
    assert reviewer.post("/privacy/review", "/privacy/review", **said).status_code == 200
    assert house.state(number) == "review"


@pytest.mark.parametrize("scope", ["subject", "record"])
def test_a_record_given_to_another_guest(
    pine: Pine, monkeypatch: pytest.MonkeyPatch, scope: str
) -> None:
    """What the host gives to another profile is held with the person no more; by itself it is."""
    rights = forms.RIGHTS | {"hold"}
    monkeypatch.setitem(forms.GRANTS, "officer", {"mu": rights, "be": rights})
    pine.hold(scope)
    assert pine.names()[5] == "Ada Roe"
    pine.raw(update(Form).where(Form.id == 5).values(guest_id=2))
    for _ in range(8):
        pine.night()
    assert pine.names()[5] == {"subject": None, "record": "Ada Roe"}[scope]
    [line] = pine.run(lambda office: office.holds("officer"))
    assert line["strayed"] == line["late"] == (scope == "subject")
    assert ("hold-review-due" in pine.actions()) == (scope == "subject")


def test_a_file_named_by_another_guests_row(sqlite_url: str, tmp_path: Path) -> None:
    """A friend's row names the scan of a guest under a hold, and the friend is erased."""
    hotel = Hotel(sqlite_url, tmp_path)
    hotel.grants["officer"].add("hold")
    scan = hotel.files / "bo.png"
    scan.write_bytes(b"a passport")
    for id, path in ((1, "../files/bo.png"), (2, "bo.png")):
        hotel.guest(id, name=f"G{id}", email=f"g{id}@mail.example")
        hotel.put(Scan, id=id, guest_id=id, path=path)
    with hotel.begin() as office:
        wanted = Wanted("subject", "court-order", "guests", "2", property="sh")
        office.place_hold(wanted, "officer")
    number = hotel.approved(email="g1@mail.example")
    with hotel.begin() as office:
        office.erase(number)
    go(hotel, Post())
    assert scan.exists()
    hotel.engine.dispose()


def test_a_held_record_under_another_key(pine: Pine) -> None:
    """A hold on a record is on its key; what the host files under another is not held any more."""
    pine.hold("record")
    assert pine.names()[5] == "Ada Roe"
    pine.raw(update(Form).where(Form.id == 5).values(id=6))
    for _ in range(8):
        pine.night()
    assert pine.names()[6] is None
    assert "register-missed" in pine.seen()
    assert pine.run(lambda office: office.holds("officer"))[0]["strayed"]
    assert "hold-review-due" in pine.actions()


@pytest.mark.parametrize("held", [False, True])
def test_a_record_given_to_an_erased_guest(pine: Pine, held: bool) -> None:
    """Whoever fills an erased profile again has it erased again, with what was moved there."""
    pine.sweep("officer")
    pine.seal(1)
    for _ in range(8):
        pine.night()
    assert (pine.names()[1], pine.names()[2]) == (None, "Ada Roe")
    if held:
        wanted = Wanted("record", "court-order", "forms", "2", property="mu")
        pine.run(lambda office: office.place_hold(wanted, "officer"))
    pine.raw(update(Form).where(Form.id == 2).values(guest_id=1))
    pine.raw(update(Guest).where(Guest.id == 1).values(email="g1@mail.example"))
    pine.night()
    pine.night()
    told = [draft.counts for draft in pine.entries("subject-erased-again")]
    assert [counts.get("forms", 0) for counts in told] == [0 if held else 1]
    assert "subject-returned" in pine.actions()
    assert pine.names()[2] == ("Ada Roe" if held else None)
    sealed = [row["row_key"] for row in pine.ours("kept") if row["mode"] == "sealed"]
    assert sealed == (["int:1"] if held else ["int:1", "int:2"])
    assert "register-missed" not in pine.seen()


def test_an_incident_called_harmless_after_its_review(
    pine: Pine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who closes an incident ends what another person looked at, and not what they say since."""
    for who in ("officer", "second"):
        monkeypatch.setitem(forms.GRANTS, who, {"mu": forms.RIGHTS | {"incident"}})
    report = Report("mu", "leak", "The list of all guests was sent out.")
    number = pine.run(lambda office: office.open_incident(report, "desk"))

    def grave(severity: str) -> None:
        how = Class(severity, "theft")
        pine.run(lambda office: office.classify_incident(number, how, "officer"))

    grave("risk-high")
    pine.run(lambda office: office.review_incident(number, "Tell the authority.", "second"))
    grave("risk-high")
    assert pine.run(lambda office: office.incident(number, "second"))["state"] == "reviewed"
    grave("risk-none")
    with pytest.raises(TransitionError, match="not-reviewed"):
        pine.run(lambda office: office.close_incident(number, "officer"))


@pytest.mark.parametrize("attack", ["proposer", "words"])
def test_a_letter_to_guests_rewritten_by_sql(
    sqlite_url: str, tmp_path: Path, attack: str
) -> None:
    """One person who writes a colleague's name beside their own letter lets none go: the journal
    knows who proposed it last, and when."""
    house = Watch(sqlite_url, tmp_path)
    house.place("DE")
    number = house.report()
    house.classify(number, "risk-high")
    house.run(lambda office: office.measure_incident(number, Measured(), "officer"))

    def propose(words: str, by: str) -> dict[str, Any]:
        house.later(minutes=1)
        house.run(lambda office: office.propose_notice(number, "EU/guests", words, by))
        return next(row for row in house.ours("notice") if row["alarm"] == "EU/guests")

    def let_go(by: str) -> None:
        read = house.digest(number)
        house.run(lambda office: office.let_notice_go(number, "EU/guests", by, read))

    theirs = propose("Seen.", "second")
    propose("Pay there.", "officer")
    forged = {"proposed_by": theirs["proposed_by"]}
    if attack == "words":
        forged["proposed_at"] = theirs["proposed_at"]
    with house.engine.begin() as conn:
        conn.execute(update(tables.notice).values(**forged))
    with pytest.raises(TransitionError, match="journal"):
        let_go("officer")
    propose("Seen.", "officer")
    with pytest.raises(FourEyesError):
        let_go("officer")
    let_go("second")
    house.engine.dispose()


@pytest.mark.parametrize("silent", [False, True])
def test_a_silent_hold_told_by_its_reminders(pine: Pine, silent: bool) -> None:
    """How many holds must be looked at is an entry that auditors read: silent ones do not count."""
    pine.sweep("officer")
    day = (pine.now + timedelta(days=1)).date().isoformat()
    wanted = Wanted("subject", "police-order", "guests", "1", silent=silent, review_on=day)
    pine.run(lambda office: office.place_hold(wanted, "officer"))
    pine.night()
    assert "hold-review-due" in pine.actions()
    assert pine.entries("sweep-done")[-1].counts.get("holds", 0) == (0 if silent else 1)
    for who in ("officer", "second"):
        pine.run(lambda office, who=who: office.lift(1, who))
    pine.run(lambda office: office.place_hold(wanted, "officer"))
    pine.later(days=1200)
    pine.night()
    ended = [draft.counts.get("hold", 0) for draft in pine.entries("own-data-ended")]
    assert sum(ended) == (0 if silent else 1)
    assert [row["id"] for row in pine.ours("hold")] == [2]


def test_a_remainder_called_somebody_elses(sqlite_url: str, tmp_path: Path) -> None:
    """One clerk ends what a search found; it is an entry, and the guest who asks again reads it."""
    hotel = Hotel(sqlite_url, tmp_path)
    hotel.guest(1, name="Ann Berg", email="ann@post.example")
    note(hotel, "write to ann@post.example")
    number, run = hotel.file(email="ann@post.example"), run_of(hotel)
    code = run(lambda office: office.confirm(number, "clerk", "desk"))
    hotel.approve(number)
    assert worker.carry_out(run, number) == "partial"
    [hit] = run(lambda office: office.residue(number, "clerk"))["hits"]
    run(lambda office: office.not_theirs(number, "clerk", [hit["mark"]]))
    assert run(lambda office: office.check(number)) == "erased"
    assert "hit-settled" in hotel.events
    run(lambda office: office.ask_again(code, "email", "ann@post.example"))
    with hotel.begin() as office:
        conn, table = office.work.conn, tables.outbox
        row = conn.execute(select(table).where(table.c.template == "again")).one()
        office.confirm_again(outbox.read(office.work, row)["params"]["token"])
    residue.searched(run, [])
    told = run(lambda office: office.scan(code))
    assert [each["place"] for each in told["left"]] == ["notes.t"]
    hotel.engine.dispose()


def test_a_remainder_called_gone(sqlite_url: str, tmp_path: Path) -> None:
    """A clerk says so when no search can tell any more: it is an entry, and the certificate's."""
    hotel = Hotel(sqlite_url, tmp_path)
    hotel.guest(1, name="Ann Berg", email="ann@post.example")
    note(hotel, "write to ann@post.example")
    number, run = hotel.approved(email="ann@post.example"), run_of(hotel)
    assert worker.carry_out(run, number) == "partial"
    with pytest.raises(UnknownError):
        run(lambda office: office.is_gone(number, "clerk", ["notes.t"]))
    hotel.later(days=32)
    worker.work(run, lambda *_: ("", ""), {}, frozenset({"deliver"}))
    run(lambda office: office.is_gone(number, "clerk", ["notes.t"]))
    assert run(lambda office: office.check(number)) == "erased"
    assert "find-gone" in hotel.events
    content = run(lambda office: office.certificate(number))["content"]
    assert "notes.t (a person looked)" in content["unsearched"]
    hotel.engine.dispose()
