"""Attacks on our own tables by who reaches the database."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date, datetime
from typing import Any

import pytest
from sqlalchemy import delete, insert, update

from flask_guesterase.core.errors import TransitionError, UnknownError
from flask_guesterase.core.holding import Wanted
from flask_guesterase.core.log import canonical
from flask_guesterase.core.register import Asked, Basis
from flask_guesterase.store import tables
from flask_guesterase.store.access import brake, tokens
from flask_guesterase.store.access.pulse import Pulse, put
from flask_guesterase.store.complaints.receiving import Grievance
from flask_guesterase.store.incidents.opening import Report
from flask_guesterase.store.invented import canaries
from flask_guesterase.store.keys import copies
from flask_guesterase.store.office import Office
from flask_guesterase.store.sweeping import halting
from tests.resistance.conftest import DUE, Pine
from tests.store import forms
from tests.store.forms import Form


@pytest.mark.parametrize("attack", ["deleted", "lifted", "moved"])
def test_a_hold_taken_away_by_sql(pine: Pine, attack: str) -> None:
    """A freeze that two people did not lift stands in the journal, and `check` says so."""
    pine.run(lambda office: office.freeze("mu", "second"))
    assert pine.seen() == set()
    table = tables.hold
    now = pine.now.replace(tzinfo=None)
    pine.raw({
        "deleted": delete(table),
        "lifted": update(table).values(lifted_at=now, lifted_by="a1", lift_by="a2"),
        "moved": update(table).values(property="be"),
    }[attack])  # fmt: skip
    assert "records-differ:holds" in pine.seen()


def test_a_hold_taken_away_by_sql_right_after_one_of_the_sister_company(pine: Pine) -> None:
    """The journal that has the last root counts, however shortly before the other got one."""
    pine.run(lambda office: office.freeze("mu", "second"))
    id_ = pine.run(lambda office: office.freeze("be", "second"))
    assert pine.seen() == set()
    pine.raw(delete(tables.hold).where(tables.hold.c.id == id_))
    assert "records-differ:holds" in pine.seen()


def test_a_root_journaled_after_a_clock_was_set_right_is_the_newest(pine: Pine) -> None:
    """Roots are told apart by their number, and not by a clock that ran ahead at the sister's."""
    pine.later(minutes=10)
    pine.run(lambda office: office.freeze("be", "second"))
    pine.later(minutes=-10)
    pine.run(lambda office: office.freeze("mu", "second"))
    assert "records-differ:holds" not in pine.seen()


def test_a_root_of_before_is_not_true_again_when_sql_appends_it(pine: Pine) -> None:
    """A root is one of its number: there is none over the rows of before under a later one."""
    pine.run(lambda office: office.freeze("mu", "second"))
    kept = pine.ours("entry")[-1]
    pine.run(lambda office: office.freeze("be", "second"))
    assert pine.seen() == set()
    last = pine.ours("entry")[-1]
    body = json.loads(kept["body"])
    body["counts"] = {name: count + 2 for name, count in body["counts"].items()}
    place = last["position"] + 1
    pine.raw(insert(tables.entry).values(
        **{**last, "position": place, "body": canonical({**body, "index": place}).decode()}
    ))
    pine.raw(delete(tables.hold).where(tables.hold.c.property == "be"))
    assert "records-differ:holds" in pine.seen()


def test_a_hold_lifted_by_two_people_is_no_alarm(pine: Pine) -> None:
    """What people do by our own doors changes the journal with it."""
    id_ = pine.run(lambda office: office.freeze("mu", "second"))
    pine.run(lambda office: office.lift(id_, "officer"))
    assert pine.run(lambda office: office.lift(id_, "second"))
    assert pine.seen() == set()
    id_ = pine.run(lambda office: office.freeze("mu", "second"))
    # At a console both act in one transaction.
    assert pine.run(lambda o: (o.lift(id_, "officer"), o.lift(id_, "second"))) == (False, True)
    assert pine.seen() == set()


def _shorter(pine: Pine) -> str:
    row = next(r for r in pine.ours("rule") if r["kind"] == "floor" and "regist" in r["body"])
    return str(row["body"]).replace("P1Y", "P1D")


@pytest.mark.parametrize("attack", ["deleted", "ended", "body", "acts"])
def test_a_rule_rewritten_by_sql(pine: Pine, attack: str) -> None:
    """Rows of the rulebook are bound to the journal: any other line is told."""
    assert pine.seen() == set()
    table = tables.rule
    pine.raw({
        "deleted": delete(table),
        "ended": update(table).values(state="ended"),
        "body": update(table).where(table.c.kind == "floor").values(body=_shorter(pine)),
        "acts": update(table).values(state="leaving", acts_on="2026-03-01"),
    }[attack])  # fmt: skip
    assert "records-differ:rules" in pine.seen()


def test_a_floor_deleted_by_sql_comes_back(pine: Pine) -> None:
    """Whoever deletes the law's lines finds them again, for the sources still say them."""
    pine.raw(delete(tables.rule))
    pine.raw(delete(tables.pulse).where(tables.pulse.c.name.like("rules%")))
    pine.night()
    assert pine.names()[1] == "Ada Roe"
    assert any("regist" in row["body"] for row in pine.ours("rule"))


def test_a_last_day_shortened_by_sql(pine: Pine) -> None:
    """The law is asked again before anything goes, so the day comes back by itself."""
    pine.seal(1)
    before = pine.ours("kept")[0]["until"]
    pine.raw(update(tables.kept).values(until="2026-03-09"))
    assert "records-differ:kept" in pine.seen()
    pine.night()
    kept = pine.ours("kept")[0]
    assert (kept["until"], kept["ended_at"]) == (before, None)
    assert pine.counted()["missed"] == 0


@pytest.mark.parametrize("shell", [False, True])
def test_facts_of_a_kept_line_backdated(pine: Pine, shell: bool) -> None:
    """A departure years ago, written by SQL, is no fact: the line stays and is told.

    It is the mark that says so, also where the shell in the host's table was backdated as well.
    """
    pine.seal(1)
    if shell:
        pine.raw(update(Form).values(left_on=date(2020, 1, 1)))
    kept = pine.ours("kept")[0]
    facts: dict[str, Any] = json.loads(kept["facts"])
    facts["events"]["departed"] = "2020-01-01"
    pine.raw(update(tables.kept).values(facts=json.dumps(facts), until="2021-01-01"))
    assert "records-differ:kept" in pine.seen()
    pine.night()
    assert pine.ours("kept")[0]["ended_at"] is None
    assert pine.counted()["missed"] == 0


def test_the_last_day_of_a_box_shortened(pine: Pine) -> None:
    """A box whose day is not that of its line is told, and its key lives on."""
    pine.seal(1)
    box = tables.box
    pine.raw(update(box).where(box.c.purpose == "retention").values(last_day="2026-03-01"))
    assert "records-differ:kept" in pine.seen()
    label = next(row["label"] for row in pine.ours("box") if row["purpose"] == "retention")
    pine.work()
    assert label in pine.custodian.labels()


def test_a_copy_of_the_keys_confirmed_by_sql(pine: Pine) -> None:
    """Two people confirm a copy in the journal, or nobody did."""
    now, mark = pine.now.replace(tzinfo=None), pine.custodian.fingerprint()
    with pine.engine.begin() as conn:
        put(conn, "second-copy", Pulse(now, mark, "a1", "a2"))
    assert "records-differ:copy" in pine.seen()


def test_a_second_persons_word_for_the_clock_by_sql(pine: Pine) -> None:
    """A word written beside the doubt does not end the doubt."""
    pine.leap(days=800)
    pine.tried()
    now = pine.now.replace(tzinfo=None)
    with pine.engine.begin() as conn:
        put(conn, "clock", Pulse(now, "0", "a1", "a2"))
    assert pine.tried().doubt == "leap"


def test_a_stop_taken_out_of_the_database(pine: Pine) -> None:
    """Who stopped erasing by day is in the journal, and nobody who let it go on: it stays so."""
    pine.sweep("officer")
    pine.run(lambda office: office.halt_sweep("officer", "wrong-rows"))
    pine.form(5, DUE)
    pine.raw(delete(tables.pulse).where(tables.pulse.c.name == "halted"))
    pine.night()
    assert pine.names()[5] == "Ada Roe"
    for who in ("officer", "second"):
        pine.run(lambda office, who=who: office.resume_sweep(who))
    pine.night()
    assert pine.names()[5] is None


def test_a_kept_line_invented(pine: Pine) -> None:
    """A row that says a line lies in a box which is not there keeps no count whole."""
    pine.raw(insert(tables.kept).values(
        controller="fir-gmbh", property="mu", table_name="forms", row_key="int:1", columns="[]",
        category="guest_register", mode="sealed", box="none", open="", rule="", basis="",
        grade="A", facts='{"answers":{},"events":{}}', since=pine.now.replace(tzinfo=None),
    ))  # fmt: skip
    assert "records-differ:kept" in pine.seen()


def _opened(pine: Pine) -> str:
    report = Report("mu", "system-failure", "The till would not start.")
    return str(pine.run(lambda office: office.open_incident(report, "officer")))


def _complained(pine: Pine) -> str:
    given = Grievance("about-person", "Nobody listened.", "mu", channel="desk")
    return str(pine.run(lambda office: office.file_complaint(given, "desk")))


def _disclosed(pine: Pine) -> str:
    asked = Asked("mu", "Police", "4711", "R 1", Basis.POLICE, night=date(2026, 2, 28))
    return str(pine.run(lambda office: office.produce_register(asked, "officer")).number)


_RECORDS = {
    "incident": (_opened, {"state": "closed", "closed_at": datetime(2020, 1, 1)}),
    "complaint": (_complained, {"state": "answered", "ended_at": datetime(2020, 1, 1)}),
    "disclosure": (_disclosed, {"made_at": datetime(2020, 1, 1), "reviewed_by": "a1",
                                "reviewed_at": datetime(2020, 1, 2)}),
}  # fmt: skip


@pytest.mark.parametrize(
    ("record", "attack"),
    [
        *((record, attack) for record in _RECORDS for attack in ("deleted", "ended")),
        *((record, "ended and gone") for record in ("incident", "complaint")),
    ],
)
def test_an_incident_or_a_complaint_that_vanishes(pine: Pine, record: str, attack: str) -> None:
    """Ended by SQL it would go with the old ones; no entry says who ended it, so it is told."""
    make, over = _RECORDS[record]
    number, table = make(pine), getattr(tables, record)
    assert "records-differ:numbered" not in pine.seen()
    mine = table.c.number == number
    pine.raw(delete(table).where(mine) if attack == "deleted" else
             update(table).where(mine).values(over))  # fmt: skip
    if attack == "ended and gone":
        pine.night()
        assert not [row for row in pine.ours(record) if row["number"] == number]
    assert "records-differ:numbered" in pine.seen()


@pytest.mark.parametrize("state", ["ending", "ended", "gone"])
@pytest.mark.parametrize("held", [False, True], ids=["its day", "its hold"])
def test_the_end_of_a_key_written_by_sql(pine: Pine, held: bool, state: str) -> None:
    """A row says that a key has ended, whose day or hold has not: the night destroys none, the
    line is produced, and the row goes, as nothing could be sealed under that key."""
    pine.seal(1)
    if held:
        wanted = Wanted("record", "court-order", "forms", "1", property="mu")
        pine.run(lambda office: office.place_hold(wanted, "officer"))
    (box,) = [row for row in pine.ours("box") if row["purpose"] == "retention"]
    assert box["label"].startswith("hold:" if held else "day:")
    at = pine.now.replace(tzinfo=None)
    pine.raw(insert(tables.day).values(label=box["label"], state=state, at=at))
    for _ in range(3):
        pine.night()
    assert box["label"] in pine.custodian.labels()
    (kept,) = [row for row in pine.ours("box") if row["purpose"] == "retention"]
    assert kept["payload"] == box["payload"]
    assert pine.seen() == set()
    assert box["label"] not in {row["label"] for row in pine.ours("day")}


@pytest.mark.parametrize("state", ["ending", "ended"])
def test_the_end_of_a_day_written_by_sql_before_a_hold_is_lifted(pine: Pine, state: str) -> None:
    """What a hold kept goes home under a day to come, whose end a row says: nothing is emptied."""
    pine.seal(1)
    wanted = Wanted("record", "court-order", "forms", "1", property="mu")
    hold = pine.run(lambda office: office.place_hold(wanted, "officer"))
    (box,) = [row for row in pine.ours("box") if row["purpose"] == "retention"]
    home, at = f"day:{box['last_day']}", pine.now.replace(tzinfo=None)
    pine.raw(insert(tables.day).values(label=home, state=state, at=at))
    assert not pine.run(lambda office: office.lift(hold, "officer"))
    assert pine.run(lambda office: office.lift(hold, "second"))
    for _ in range(3):
        pine.night()
    (kept,) = [row for row in pine.ours("box") if row["purpose"] == "retention"]
    assert (kept["label"], kept["payload"]) == (home, box["payload"])
    assert home in pine.custodian.labels()
    assert pine.seen() == set()


@pytest.mark.parametrize("gone", [False, True], ids=["called lifted", "deleted"])
def test_the_end_of_a_hold_and_of_its_key_written_by_sql(pine: Pine, gone: bool) -> None:
    """Who ends a hold by SQL, and its key with it, is named, and what the law keeps is there."""
    pine.seal(1)
    wanted = Wanted("record", "court-order", "forms", "1", property="mu")
    hold = pine.run(lambda office: office.place_hold(wanted, "officer"))
    (box,) = [row for row in pine.ours("box") if row["purpose"] == "retention"]
    at, mine = pine.now.replace(tzinfo=None), tables.hold.c.id == hold
    end = delete(tables.hold) if gone else update(tables.hold).values(lifted_at=at)
    pine.raw(end.where(mine))
    pine.raw(insert(tables.day).values(label=box["label"], state="ending", at=at))
    for _ in range(3):
        pine.night()
    (kept,) = [row for row in pine.ours("box") if row["purpose"] == "retention"]
    assert kept["payload"] == box["payload"]
    assert kept["label"] in pine.custodian.labels()
    assert "records-differ:holds" in pine.seen()


def test_the_end_of_a_month_of_the_register_written_by_sql(pine: Pine) -> None:
    """The key by which a restored database knows who was erased lives as long as its backups."""
    label, at = "register:2026-03", pine.now.replace(tzinfo=None)
    pine.custodian.ensure(label)
    pine.raw(insert(tables.day).values(label=label, state="ending", at=at))
    pine.night()
    pine.night()
    assert label in pine.custodian.labels()


@pytest.mark.parametrize("state", ["ending", "ended"])
def test_the_end_of_a_year_of_marks_written_by_sql(pine: Pine, state: str) -> None:
    """The key by which who was erased is known when they come back lives as long as their marks,
    and a word for which there is no such year keeps no night from going on."""
    year = f"returning:{pine.now.year}"
    labels, at = (year, "returning:2001", "returning:x"), pine.now.replace(tzinfo=None)
    pine.custodian.ensure(year)
    pine.custodian.ensure("returning:2001")
    for label in labels:
        pine.raw(insert(tables.day).values(label=label, state=state, at=at))
    for _ in range(3):
        pine.night()
    there = pine.custodian.labels()
    assert (year in there, "returning:2001" in there) == (True, False)
    assert year not in {row["label"] for row in pine.ours("day")}


@pytest.mark.parametrize("state", ["ending", "ended"])
@pytest.mark.parametrize("refused", [False, True], ids=["open", "refused"])
def test_the_end_of_a_requests_key_written_by_sql(
    pine: Pine, monkeypatch: pytest.MonkeyPatch, refused: bool, state: str
) -> None:
    """Whoever does not want a guest answered, or heard who complains of a refusal, takes the way
    to them away by no row of ours; once nobody may complain any more the key ends as ever."""
    monkeypatch.setitem(forms.GRANTS, "officer", {"mu": forms.RIGHTS | {"refuse"}})
    number, at = pine.filed(1), pine.now.replace(tzinfo=None)
    label = f"case:{number}"
    assert label in pine.custodian.labels()
    if refused:
        pine.run(lambda office: office.refuse(number, "officer", "manifestly-unfounded"))
    pine.raw(insert(tables.day).values(label=label, state=state, at=at))
    for _ in range(3):
        pine.night()
    assert label in pine.custodian.labels()
    assert label not in {row["label"] for row in pine.ours("day")}
    for _ in range(8 if refused else 0):
        pine.later(days=50)
    pine.night()
    pine.night()
    assert (label in pine.custodian.labels()) is not refused


def test_the_end_of_what_a_guest_wrote_today_written_by_sql(pine: Pine) -> None:
    """What came in by the form is read before its key ends, and its day is not over."""
    label, at = f"intake:{pine.now.date()}", pine.now.replace(tzinfo=None)
    pine.custodian.ensure(label)
    pine.raw(insert(tables.day).values(label=label, state="ending", at=at))
    pine.night()
    assert label in pine.custodian.labels()
    pine.night()
    pine.night()
    assert label not in pine.custodian.labels()


@pytest.mark.parametrize("word", ["", "x", "../x", "case:../../x", b"case:x"])
def test_a_row_of_no_key_keeps_no_other_from_ending(pine: Pine, word: str | bytes) -> None:
    """One row that names no key would let every key live on, whatever the law lets go."""
    over, at = "day:2026-03-01", pine.now.replace(tzinfo=None)
    pine.custodian.ensure(over)
    pine.raw(insert(tables.day).values(label=word, state="ending", at=at))
    pine.night()
    assert over not in pine.custodian.labels()
    assert word not in {row["label"] for row in pine.ours("day")}


def _gone(pine: Pine) -> set[str]:
    """Return of which requests `verify` says that they are gone."""
    said = pine.run(lambda office: office.verify())
    return {each.message.rpartition("(")[2][:-1] for each in said if "request is gone" in
            each.message}  # fmt: skip


@pytest.mark.parametrize("attack", ["deleted", "ended and gone"])
def test_a_request_deleted_by_sql(pine: Pine, attack: str) -> None:
    """`verify` names a request that is gone and of which no entry says how it ended."""
    number, table = pine.filed(1), tables.request
    assert _gone(pine) == set()
    mine = table.c.number == number
    if attack == "deleted":
        pine.raw(delete(table).where(mine))
    else:
        pine.raw(update(table).where(mine).values(state="withdrawn", ended_at=datetime(2020, 1, 1)))
        pine.night()
        pine.night()
        assert pine.ours("request") == []
    assert _gone(pine) == {number}
    assert pine.seen() == set()


def test_a_request_that_ended_is_not_missed(pine: Pine, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its row goes some years later; refused, taken back or carried out, it has an entry."""
    monkeypatch.setitem(forms.GRANTS, "officer", {"mu": forms.RIGHTS | {"refuse"}})
    refused, back = pine.filed(2), pine.filed(3)
    pine.run(lambda office: office.refuse(refused, "officer", "manifestly-unfounded"))
    pine.run(lambda office: office.withdraw(back, "desk"))
    (done,) = pine.seal(1)
    assert pine.state(done) == "sealed"
    pine.raw(delete(tables.request))
    assert _gone(pine) == set()


def test_a_due_day_put_off_by_sql(pine: Pine) -> None:
    """The day of an answer is our row's alone; when it was filed is an entry."""
    number = pine.filed(1)
    asked = pine.entries("erasure-requested")[-1]
    pine.raw(update(tables.request).values(due_on="2099-01-01"))
    for _ in range(40):
        pine.later(days=1)
    pine.night()
    assert list(pine.run(lambda office: office.list(state="overdue"))) == []
    assert pine.seen() == set()
    assert (asked.request, asked.at[:10]) == (number, "2026-03-10")


def test_a_letter_deleted_by_sql(pine: Pine, monkeypatch: pytest.MonkeyPatch) -> None:
    """A letter that waits is missed by nobody here; that none left is seen in the journal."""
    monkeypatch.setitem(forms.GRANTS, "officer", {"mu": forms.RIGHTS | {"refuse"}})
    number = pine.filed(1)
    pine.run(lambda office: office.refuse(number, "officer", "manifestly-unfounded"))
    assert [row for row in pine.ours("outbox") if row["request"] == number]
    pine.raw(delete(tables.outbox))
    pine.night()
    assert pine.seen() == set()
    assert not [each for each in pine.entries("message-sent") if each.request == number]


def test_what_people_end_is_no_alarm(pine: Pine) -> None:
    """Reviewed by a second person, answered, or still open: nothing is said."""
    number, _ = _disclosed(pine), _opened(pine)
    pine.run(lambda office: office.review_disclosure(number, "second", "fine"))
    complaint = _complained(pine)
    pine.run(lambda office: office.answer_complaint(complaint, "officer", "remedied", "Sorry."))
    assert "records-differ:numbered" not in pine.seen()


@pytest.mark.parametrize("record", ["holds", "rules"])
def test_a_record_changed_by_sql_before_somebody_changes_another(pine: Pine, record: str) -> None:
    """The next change by our own doors makes no truth of what somebody wrote past us before."""
    pine.run(lambda office: office.freeze("mu", "second"))
    table = tables.hold
    pine.raw(delete(table) if record == "holds" else delete(tables.rule))
    if record == "holds":
        pine.run(lambda office: office.freeze("be", "officer"))
    else:
        pine.raw(delete(tables.pulse).where(tables.pulse.c.name.like("rules%")))
        pine.night()
    assert f"records-differ:{record}" in pine.seen()
    pine.later(days=20)
    assert f"records-differ:{record}" in pine.seen()
    pine.later(days=20)
    assert pine.seen() & {"records-differ:holds", "records-differ:rules"} == set()


def test_a_second_persons_word_for_a_hold_by_sql(pine: Pine) -> None:
    """Who writes a colleague's word beside a hold has said the first one, and no more."""
    id_ = pine.run(lambda office: office.freeze("mu", "second"))
    table = tables.hold
    pine.raw(update(table).values(lift_by="a99", lift_at=pine.now.replace(tzinfo=None)))
    assert not pine.run(lambda office: office.lift(id_, "officer"))
    assert [row["lifted_at"] for row in pine.ours("hold")] == [None]
    assert "records-differ:holds" in pine.seen()
    assert pine.run(lambda office: office.lift(id_, "second"))


def test_a_second_persons_word_for_taking_back_by_sql(
    pine: Pine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One person who writes a colleague's proposal takes no erasure back."""
    rights = forms.RIGHTS | {"restore"}
    for who in ("officer", "second"):
        monkeypatch.setitem(forms.GRANTS, who, {"mu": rights})
    (number,) = pine.seal(1)
    state = pine.state(number)
    pine.raw(insert(tables.restoration).values(
        request=number, controller="fir", property="mu", ground="wrong-person", state="proposed",
        proposed_by="a99", proposed_at=pine.now.replace(tzinfo=None),
    ))  # fmt: skip
    with pytest.raises(UnknownError):
        pine.run(lambda office: office.restore(number, "officer"))
    assert pine.state(number) == state
    pine.run(lambda office: office.propose_restore(number, "second", "wrong-person"))
    pine.run(lambda office: office.restore(number, "officer"))
    assert pine.state(number) == "restored"


@pytest.mark.parametrize("attack", ["settled", "deleted"])
def test_an_objection_settled_by_sql(pine: Pine, attack: str) -> None:
    """That a guest objected is in the journal, and nobody who settled it: it waits all the same."""
    number, table = pine.filed(1), tables.objection
    token = pine.run(lambda office: tokens.objection(office.work, number))
    pine.run(lambda office: office.object_to(token))
    now = pine.now.replace(tzinfo=None)
    pine.raw(delete(table) if attack == "deleted" else
             update(table).values(settled_by="a99", settled_at=now))  # fmt: skip
    with pytest.raises(TransitionError):
        pine.approve(number)
    pine.run(lambda office: office.settle_objection(number, "second"))
    pine.approve(number)


def _clock(office: Office) -> bool:
    return bool(office.confirm_clock("officer"))


def _going_on(office: Office) -> bool:
    return bool(office.resume_sweep("officer"))


def _copied(office: Office) -> bool:
    try:
        copies.confirm(office.work, "officer")
    except TransitionError:
        return False
    return True


def _canary(office: Office) -> bool:
    return canaries.switch(office.work, "mu", "officer")


@pytest.mark.parametrize(
    ("name", "note", "deed"),
    [
        (brake.CLOCK, "", _clock), (halting.GOES_ON, "", _going_on), (copies.SAID, "keys", _copied),
        ("canary-mu", "on", _canary),
    ],
)  # fmt: skip
def test_a_first_persons_word_by_sql(
    pine: Pine, name: str, note: str, deed: Callable[[Office], bool]
) -> None:
    """Who writes a colleague's word, and says the second one, has said the first: it is one."""
    pine.sweep("officer")
    if deed is _clock:
        pine.leap(days=800)
        pine.tried()
    if deed is _going_on:
        pine.run(lambda office: office.halt_sweep("officer", "wrong-rows"))
    now = pine.now.replace(tzinfo=None)
    with pine.engine.begin() as conn:
        said = pine.custodian.fingerprint() if note == "keys" else note
        put(conn, name, Pulse(now, said, "a99"))
    assert not pine.run(deed)
