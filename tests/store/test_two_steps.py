"""Profiles that go in two steps: what a precondition needs stays at first, and goes by the sweep.

Neither step empties the whole row, and a row that is filled again between them, or behind them,
is known by its key all the same.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete as deleting
from sqlalchemy import update

from flask_guesterase.core.treatment import delete, retain
from flask_guesterase.store import tables
from flask_guesterase.store.boxes import vault
from flask_guesterase.store.comeback import marks
from flask_guesterase.store.executing import completing, finishing, settling
from flask_guesterase.store.mapping.datamap import resolve
from tests.store.lodge import ANN, Base, Booking, Guest, Lodge, policies
from tests.store.test_guard_living import GUEST, held, lifted
from tests.store.test_looked_again import OLD_STAY, refill
from tests.store.test_needed_back import owing, paid, waits

MODES = {False: "place", True: "sealed"}
OWN = ("lodgers_", "int:1", "erased-key")
MAIL = {"email": ANN["email"]}


def ruled(lodge: Lodge, rows: Any = None, **rules: Any) -> None:
    """Let the policy of guests have other rules."""
    (guest, policy), *others = policies()
    policy = replace(policy, columns={**policy.columns, **rules}, rows=rows or policy.rows)
    mappers = list(Base.registry.mappers)
    lodge.datamap = resolve([(guest, policy), *others], Base.metadata.tables.values(), mappers)


def boxed(lodge: Lodge) -> None:
    """Confirm a second copy of the keys, so that what is sealed leaves its row."""
    lodge.grants["second"].add("law")
    lodge.run(lambda office: office.propose_copy("officer", lodge.custodian.fingerprint()))
    lodge.run(lambda office: office.confirm_copy("second"))


def half_erased(lodge: Lodge, *columns: str) -> str:
    """Erase a guest of whom an open bill needs some columns, the address if none is named."""
    lodge.stayed()
    lodge.add(Booking(id=7, guest_id=1, made_at=OLD_STAY, amount=600))
    owing(lodge, *(columns or ("email",)))
    number = lodge.erased_guest()
    assert lodge.state(number) == "sealed"
    return number


def own_marks(lodge: Lodge) -> list[Any]:
    """Return when each mark of the key of a profile was made."""
    return [
        row["erased_at"] for row in lodge.ours("mark")
        if (row["kind"], row["table_name"]) == (marks.KEY, "lodgers_")
    ]


def name(lodge: Lodge) -> Any:
    row = lodge.one(Guest, 1)
    return None if row is None else row["name"]


def written(lodge: Lodge, **values: str) -> None:
    """Let a session of the host write into the profile."""
    guest = lodge.session.get(Guest, 1)
    for name, value in values.items():
        setattr(guest, name, value)
    lodge.session.commit()


@pytest.mark.parametrize("column", ["email", "full_name"])
def test_a_profile_filled_again_between_two_steps_is_not_called_erased(
    any_lodge: Lodge, column: str
) -> None:
    """The sweep sees it, and its request waits until it is gone, as the bill is paid."""
    lodge = any_lodge
    number = half_erased(lodge, column)
    lodge.later(days=1)
    if column == "email":
        refill(lodge)
    else:
        with lodge.engine.begin() as conn:
            conn.execute(update(GUEST).where(GUEST.c.id == 1).values(email="new@mail.example"))
    assert lodge.sweep() == {"returned": 1, "open": 1}
    assert (lodge.returns(), waits(lodge)) == ([(*OWN, "open")], ["open-folio"])
    paid(lodge)
    lodge.later(days=1)
    assert finishing.finish(lodge.run) == {"finished": 1}
    assert lodge.state(number) == "sealed"
    assert lodge.sweep() == {"erased": 1}
    assert (lodge.holds_ann(), lodge.state(number)) == ([], "sealed")
    assert ended(lodge, number) == "erased"


def ended(lodge: Lodge, number: str) -> str:
    """End what nothing keeps any more, as the worker does; return the state of a request."""
    for each in lodge.run(lambda office: completing.waiting(office.work)):
        lodge.run(lambda office, each=each: completing.complete(office.work, each))
    return lodge.state(number)


def said(lodge: Lodge, theirs: bool) -> None:
    """Let a clerk say whose the one row is that waits for a word."""
    (line,) = [row for row in lodge.ours("returned") if row["state"] == "staff"]
    lodge.run(lambda office: office.settle_return(line["id"], "clerk", theirs))


@pytest.mark.parametrize("rows", [None, delete])
def test_a_profile_filled_again_and_not_swept_before_the_bill_is_paid_is_seen(
    any_lodge: Lodge, rows: Any
) -> None:
    """The night that takes the rest looks what else stands there, also in a row to go whole."""
    lodge = any_lodge
    ruled(lodge, rows)
    number = half_erased(lodge)
    refill(lodge)
    with lodge.engine.begin() as conn:
        conn.execute(deleting(Booking.__table__))
    lodge.later(days=1)
    assert finishing.finish(lodge.run) == {"finished": 1}
    assert (lodge.state(number), ended(lodge, number)) == ("sealed", "sealed")
    assert lodge.returns() == [(*OWN, "there")]
    assert lodge.worker() == {"open": 1, "erased": 1}
    assert (lodge.holds_ann(), ended(lodge, number)) == ([], "erased")


def test_what_a_session_wrote_into_a_profile_is_judged_before_its_request_ends(
    lodge: Lodge,
) -> None:
    """A row that was seen and not judged yet may be the erased guest's."""
    number = half_erased(lodge)
    written(lodge, full_name="Ann Berg")
    assert lodge.returns() == [(*OWN, "there")]
    paid(lodge)
    assert finishing.finish(lodge.run) == {"finished": 1}
    assert lodge.state(number) == "sealed"
    assert lodge.worker() == {"open": 1, "erased": 1}
    assert (lodge.holds_ann(), ended(lodge, number)) == ([], "erased")


def test_a_request_ends_once_what_was_seen_is_nobodys(any_lodge: Lodge) -> None:
    """A new address for an open bill fills nothing again: nothing else is waited for then."""
    lodge = any_lodge
    number = half_erased(lodge)
    written(lodge, email="bill@mail.example")
    assert lodge.returns() == [(*OWN, "there")]
    paid(lodge)
    assert finishing.finish(lodge.run) == {"finished": 1}
    assert lodge.state(number) == "sealed"
    assert lodge.worker() == {}
    assert (lodge.returns(), ended(lodge, number)) == ([], "erased")


def seen_as_the_bill_was_paid(lodge: Lodge) -> str:
    """Let a session write a new address for a bill into a profile, which is paid before the row
    is judged."""
    number = half_erased(lodge)
    written(lodge, email="bill@mail.example")
    paid(lodge)
    return number


def test_a_request_that_cannot_end_now_keeps_no_row_from_being_judged(
    lodge: Lodge, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of each it is tried apart, and what was seen of others is none of its business."""
    number = seen_as_the_bill_was_paid(lodge)
    assert finishing.finish(lodge.run) == {"finished": 1}

    def fail(*given: Any) -> None:
        raise RuntimeError

    with monkeypatch.context() as patch:
        patch.setattr(completing, "_certify", fail)
        assert lodge.worker() == {}
    assert (lodge.returns(), ended(lodge, number)) == ([], "erased")


def test_a_request_ends_though_its_row_is_judged_while_the_last_of_it_goes(
    postgresql_url: str, tmp_path: Path
) -> None:
    """Each of the two looks before the other is through, and sees what it would wait for."""
    lodge = Lodge(postgresql_url, tmp_path)
    number = seen_as_the_bill_was_paid(lodge)

    def both(office: Any) -> None:
        office.judge_returns()
        assert finishing.finish(lodge.run) == {"finished": 1}

    lodge.run(both)
    assert (lodge.returns(), ended(lodge, number)) == ([], "erased")
    lodge.close()


def test_what_is_needed_stays_unknown_as_long_as_nothing_else_is_filled(lodge: Lodge) -> None:
    """The key alone is no sign of anybody, at no night before the bill is paid or behind it."""
    number = half_erased(lodge)
    for _ in range(2):
        lodge.later(days=1)
        assert (lodge.sweep(), lodge.returns()) == ({}, [])
    paid(lodge)
    assert finishing.finish(lodge.run) == {"finished": 1, "ended": 1}
    assert (lodge.sweep(), lodge.state(number), lodge.holds_ann()) == ({}, "erased", [])


def test_the_key_counts_from_the_last_step_on(any_lodge: Lodge) -> None:
    """A profile is known for as long as the last of it is."""
    lodge = any_lodge
    half_erased(lodge)
    (first,) = own_marks(lodge)
    lodge.later(days=20)
    paid(lodge)
    finishing.finish(lodge.run)
    (last,) = own_marks(lodge)
    assert (last - first).days == 20
    refill(lodge)
    assert lodge.sweep() == {"returned": 1, "erased": 1}


def test_an_old_profile_without_a_mark_of_its_key_gets_one_with_the_last_step(
    lodge: Lodge,
) -> None:
    """As an earlier version left it, which took the first part without any."""
    half_erased(lodge)
    with lodge.engine.begin() as conn:
        conn.execute(deleting(tables.mark).where(tables.mark.c.kind == marks.KEY))
    paid(lodge)
    finishing.finish(lodge.run)
    assert len(own_marks(lodge)) == 1
    lodge.later(days=1)
    refill(lodge)
    assert lodge.sweep() == {"returned": 1, "erased": 1}


def test_a_hold_that_ends_before_the_bill_leaves_a_profile_known_by_its_key(
    any_lodge: Lodge,
) -> None:
    """The hold keeps all of it, the bill a part: the row goes in two steps behind the hold."""
    lodge = any_lodge
    lodge.stayed()
    lodge.add(Booking(id=7, guest_id=1, made_at=OLD_STAY, amount=600))
    owing(lodge, "email")
    hold = held(lodge, "1")
    number = lodge.erased_guest()
    assert (lodge.state(number), own_marks(lodge)) == ("sealed", [])
    lifted(lodge, hold)
    lodge.later(days=1)
    finishing.finish(lodge.run)
    assert (name(lodge), len(own_marks(lodge))) == ("[erased]", 1)
    refill(lodge)
    assert lodge.sweep() == {"returned": 1, "open": 1}
    paid(lodge)
    lodge.later(days=1)
    assert finishing.finish(lodge.run) == {"finished": 1}
    assert lodge.sweep() == {"erased": 1}
    assert (lodge.holds_ann(), ended(lodge, number)) == ([], "erased")


@pytest.mark.parametrize("sealed", [False, True])
def test_a_document_that_the_law_keeps_besides_changes_nothing(
    any_lodge: Lodge, sealed: bool
) -> None:
    """In its row or in a box: the profile is known by its key, and the end of the box ends no
    request while it is full."""
    lodge = any_lodge
    ruled(lodge, document_no=retain("guest_register"))
    lodge.grants["officer"].add("law")
    lodge.run(lambda office: office.sign_pack("CN", "officer"))
    if sealed:
        boxed(lodge)
    number = half_erased(lodge)
    assert {row["mode"] for row in lodge.ours("kept")} == {"blocked", MODES[sealed]}
    assert len(own_marks(lodge)) == 1
    refill(lodge)
    paid(lodge)
    lodge.later(days=1)
    finishing.finish(lodge.run)
    assert lodge.returns() == [(*OWN, "there")]
    if sealed:
        boxes = [row["box"] for row in lodge.ours("kept") if row["box"]]
        lodge.run(lambda office: vault.empty(office.work.conn, boxes, office.work.stamp))
        assert settling.settled(lodge.run) == {"forgotten": 1, "ended": 0}
        assert (lodge.state(number), ended(lodge, number)) == ("sealed", "sealed")
    assert lodge.worker() == {"open": 1, "erased": 1}
    assert name(lodge) == "[erased]"
    assert ended(lodge, number) == ("erased" if sealed else "sealed")


def test_of_two_requests_none_ends_while_the_profile_is_full(any_lodge: Lodge) -> None:
    """The second is about the address that the first could not take, and keeps it as well."""
    lodge = any_lodge
    first = half_erased(lodge)
    second = lodge.approved(email=ANN["email"])
    lodge.erased(second)
    assert len(own_marks(lodge)) == 1
    refill(lodge)
    lodge.later(days=1)
    paid(lodge)
    finishing.finish(lodge.run)
    assert "erased" not in (lodge.state(first), lodge.state(second))
    lodge.sweep()
    assert lodge.holds_ann() == []
    assert (ended(lodge, first), ended(lodge, second)) == ("erased", "erased")


def test_a_profile_that_went_whole_in_two_steps_leaves_its_number_to_others(
    any_lodge: Lodge,
) -> None:
    """The database may give it to somebody else next, who is not known by it."""
    lodge = any_lodge
    ruled(lodge, delete)
    half_erased(lodge)
    assert len(own_marks(lodge)) == 1
    with lodge.engine.begin() as conn:
        conn.execute(deleting(Booking.__table__))
    lodge.later(days=1)
    finishing.finish(lodge.run)
    assert (lodge.one(Guest, 1), own_marks(lodge)) == (None, [])


def test_a_number_that_the_host_freed_between_two_steps_is_nobodys(any_lodge: Lodge) -> None:
    """The host deleted the row that would have gone whole: who has its number next is another."""
    lodge = any_lodge
    ruled(lodge, delete)
    number = half_erased(lodge)
    with lodge.engine.begin() as conn:
        conn.execute(deleting(Booking.__table__))
        conn.execute(deleting(Guest.__table__))
    lodge.later(days=1)
    finishing.finish(lodge.run)
    assert (lodge.state(number), own_marks(lodge)) == ("erased", [])
    lodge.add(Guest(id=1, house="sh", phone="+86 120 0000 9999"))
    assert (lodge.sweep(), lodge.returns()) == ({}, [])


def test_a_guest_who_booked_anew_between_two_steps_is_asked_about(lodge: Lodge) -> None:
    """Their name stays: nobody takes it with what was kept of the old stay."""
    number = half_erased(lodge)
    lodge.later(days=2)
    refill(lodge)
    made = lodge.now.replace(tzinfo=None)
    lodge.add(Booking(id=8, guest_id=1, made_at=made, wishes="late"))
    paid(lodge)
    finishing.finish(lodge.run)
    assert lodge.worker() == {"staff": 1}
    assert name(lodge) == "Ann Berg"
    assert ended(lodge, number) == "sealed"
    said(lodge, theirs=False)
    assert (name(lodge), ended(lodge, number)) == ("Ann Berg", "erased")


@pytest.mark.parametrize("values", [{"name": "Ann Berg"}, {"name": "Ann Berg", **MAIL}])
def test_who_booked_between_two_steps_and_is_written_down_behind_them_is_asked_about(
    any_lodge: Lodge, values: dict[str, str]
) -> None:
    """Their stay is newer than what they asked for, though older than the last step."""
    lodge = any_lodge
    half_erased(lodge)
    lodge.later(days=2)
    made = lodge.now.replace(tzinfo=None)
    lodge.add(Booking(id=8, guest_id=1, made_at=made, wishes="late"))
    lodge.later(days=2)
    paid(lodge)
    finishing.finish(lodge.run)
    lodge.later(days=1)
    with lodge.engine.begin() as conn:
        conn.execute(update(GUEST).where(GUEST.c.id == 1).values(**values))
    assert lodge.sweep() == {"returned-unclear": 1}
    booking = lodge.one(Booking, 8)
    assert (name(lodge), booking and booking["wishes"]) == ("Ann Berg", "late")


def given_again(lodge: Lodge, days: int = 2) -> dict[str, Any]:
    """Let the host delete a profile between two steps and another guest get its number; return
    their row as it is."""
    with lodge.engine.begin() as conn:
        conn.execute(deleting(Booking.__table__))
        conn.execute(deleting(Guest.__table__))
    lodge.later(days=days)
    values = {"made_on": lodge.now.date(), "email": "eva@mail.example", "loyalty_no": "L 7"}
    with lodge.engine.begin() as conn:
        conn.execute(GUEST.insert().values(id=1, house="sh", **values))
    row = lodge.one(Guest, 1)
    assert row is not None
    return row


@pytest.mark.parametrize("rows", [None, delete])
@pytest.mark.parametrize("swept", [True, False])
def test_who_was_given_a_number_between_two_steps_is_asked_about(
    any_lodge: Lodge, rows: Any, swept: bool
) -> None:
    """Who was made since goes by no night, nor loses what the first step left; one word ends it."""
    lodge = any_lodge
    ruled(lodge, rows)
    number = half_erased(lodge)
    before = given_again(lodge)
    if swept:
        assert lodge.sweep() == {"returned-unclear": 1}
    finishing.finish(lodge.run)
    lodge.worker()
    assert lodge.returns() == [("lodgers_", "int:1", "perhaps-another", "staff")]
    assert (lodge.one(Guest, 1), ended(lodge, number)) == (before, "sealed")
    said(lodge, theirs=False)
    assert (lodge.one(Guest, 1), ended(lodge, number)) == (before, "erased")
    lodge.later(days=1)
    assert (lodge.sweep(), lodge.one(Guest, 1)) == ({}, before)


@pytest.mark.parametrize("anew", [True, False])
def test_a_row_that_was_loaded_anew_between_two_steps_is_not_taken_for_anothers(
    any_lodge: Lodge, anew: bool
) -> None:
    """It is as the first step left it: a new day in it says nothing, and its last part goes."""
    lodge = any_lodge
    number = half_erased(lodge)
    lodge.later(days=2)
    row = {**(lodge.one(Guest, 1) or {}), "made_on": lodge.now.date()}
    with lodge.engine.begin() as conn:
        conn.execute(deleting(Booking.__table__))
        if anew:
            conn.execute(deleting(GUEST))
            conn.execute(GUEST.insert().values(row))
        else:
            conn.execute(update(GUEST).values(made_on=row["made_on"]))
    assert (lodge.sweep(), lodge.returns()) == ({}, [])
    finishing.finish(lodge.run)
    assert (lodge.holds_ann(), ended(lodge, number)) == ([], "erased")


@pytest.mark.parametrize("door", ["session", "sweep"])
@pytest.mark.parametrize("values", [
    {"name": "Anne Berg-Roe"}, {"phone": "+86 120 0000 7777"},
    {"name": "Anne Berg-Roe", "phone": "+86 120 0000 7777"},
])  # fmt: skip
def test_who_is_typed_anew_under_an_erased_number_is_asked_about(
    lodge: Lodge, values: dict[str, str], door: str
) -> None:
    """It may be the same guest in another spelling, or another who was given the number."""
    lodge.stayed()
    lodge.erased_guest()
    lodge.later(days=2)
    with lodge.engine.begin() as conn:
        conn.execute(deleting(Booking.__table__))
        conn.execute(deleting(GUEST))
        if door == "sweep":
            made = lodge.now.date()
            conn.execute(GUEST.insert().values(id=1, house="sh", made_on=made, **values))
    if door == "session":
        named = {"full_name" if key == "name" else key: text for key, text in values.items()}
        lodge.session.add(Guest(id=1, house="sh", made_on=lodge.now.date(), **named))
        lodge.session.commit()
        lodge.worker()
    lodge.later(days=5 if door == "sweep" else 0)
    lodge.sweep()
    assert lodge.returns() == [("lodgers_", "int:1", "perhaps-another", "staff")]


@pytest.mark.parametrize("values", [ANN, {"full_name": ANN["full_name"]}])
def test_who_is_under_an_erased_number_with_the_erased_name_or_contact_is_seen(
    lodge: Lodge, values: dict[str, str]
) -> None:
    """The same guest, written anew under the old number: that it is a new row says nothing."""
    number = half_erased(lodge, "loyalty_no")
    given_again(lodge)
    with lodge.engine.begin() as conn:
        conn.execute(deleting(Guest.__table__))
    lodge.add(Guest(id=1, house="sh", made_on=lodge.now.date(), loyalty_no="L 8", **values))
    finishing.finish(lodge.run)
    assert lodge.one(Guest, 1)["loyalty_no"] is None  # type: ignore[index]
    assert lodge.worker() == {"open": 1, "erased": 1}
    assert (lodge.holds_ann(), ended(lodge, number)) == ([], "erased")
