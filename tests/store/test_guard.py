"""Who was erased and comes back: seen at once or by the sweep, never refused, never a stranger."""

from __future__ import annotations

import logging
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Insert, delete, event, insert, lambda_stmt, select, text, update
from sqlalchemy.dialects import mysql, postgresql, sqlite
from sqlalchemy.engine import Engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from flask_guesterase.core import treatment
from flask_guesterase.core.errors import KeyMissingError
from flask_guesterase.core.holding import Wanted
from flask_guesterase.core.policy import Policy
from flask_guesterase.core.treatment import null
from flask_guesterase.store import tables, worker
from flask_guesterase.store.comeback import guard, marks, reconcile, sightings, years
from flask_guesterase.store.executing import finishing
from flask_guesterase.store.keys.custodian import FolderCustodian
from flask_guesterase.store.mapping.datamap import resolve
from flask_guesterase.store.office import Office
from flask_guesterase.store.returning import returned
from flask_guesterase.store.returning.replay import replay
from tests.store.lodge import (
    ANN,
    Base,
    Booking,
    Guest,
    Lodge,
    Member,
    Room,
    Wish,
    policies,
    put_back,
)  # fmt: skip

OLD = date(2025, 12, 1)
REF = "OB-77001"


@pytest.mark.parametrize("ruled", [True, False])
def test_a_reference_under_somebody_who_lives_is_for_staff_where_rows_go_whole(
    lodge: Lodge, ruled: bool
) -> None:
    """Whose a row is says its owner, whether what is the owner's alone has a rule or none."""
    columns = {"external_ref": null, **({"wishes": null} if ruled else {})}
    policy = Policy(columns, via={"guest": ["wishes"]}, rows=treatment.delete)
    declared = [(Guest, dict(policies())[Guest]), (Booking, policy)]
    mappers = list(Base.registry.mappers)
    lodge.datamap = resolve(declared, Base.metadata.tables.values(), mappers)
    lodge.stayed()
    lodge.erased_guest()
    assert lodge.rows(Booking) == []
    lodge.session.add(Guest(id=7, house="sh", full_name="Carl Moor", email="carl@mail.example"))
    lodge.session.flush()
    lodge.session.add(Booking(id=9, guest_id=7, external_ref=REF, wishes="a view"))
    lodge.session.commit()
    lodge.sweep()
    assert [(table, key, state) for table, key, _, state in lodge.returns()] == [
        ("lodge_bookings", "int:9", "staff")
    ]
    assert len(lodge.rows(Booking)) == 1


@pytest.mark.parametrize("ruled", [True, False])
def test_who_went_with_the_whole_row_is_known_again_without_a_rule_for_any_column(
    lodge: Lodge, ruled: bool
) -> None:
    """A row that goes whole needs no rules, and what is not declared is taken all the same."""
    declared = [
        (model, replace(policy, columns=policy.columns if ruled else {}, rows=treatment.delete))
        for model, policy in policies() if model in (Guest, Booking)
    ]  # fmt: skip
    mappers = list(Base.registry.mappers)
    lodge.datamap = resolve(declared, Base.metadata.tables.values(), mappers)
    lodge.stayed(loyalty_no="100")
    lodge.erased_guest()
    assert (lodge.rows(Guest), lodge.rows(Booking)) == ([], [])
    lodge.watching = False
    lodge.add(Guest(id=7, house="sh", made_on=OLD, **ANN))
    if not ruled:
        # What nobody declared may be points.
        lodge.add(Guest(id=8, house="sh", full_name="Carl Moor", made_on=OLD, loyalty_no="100"))
    lodge.sweep()
    assert [row[:2] for row in lodge.returns()] == [("lodgers_", "int:7")]


# the doors by which somebody comes back


def _upsert(lodge: Lodge, target: Any, values: dict[str, Any]) -> Insert:
    """Return the engine's own INSERT that overwrites the row of the same key."""
    others = {name: value for name, value in values.items() if name != "id"}
    match lodge.engine.dialect.name:
        case "sqlite":
            return sqlite.insert(target).values(values).on_conflict_do_update(
                index_elements=["id"], set_=others
            )  # fmt: skip
        case "postgresql":
            return postgresql.insert(target).values(values).on_conflict_do_update(
                index_elements=["id"], set_=others
            )  # fmt: skip
    return mysql.insert(target).values(values).on_duplicate_key_update(others)


COLUMNS = {"name": ANN["full_name"], **{k: v for k, v in ANN.items() if k != "full_name"}}
MERGED = {"id": 1, "house": "sh", **COLUMNS}


def merge(lodge: Lodge) -> None:
    lodge.session.merge(Guest(id=1, house="sh", **ANN))


def upsert(lodge: Lodge) -> None:
    lodge.session.execute(_upsert(lodge, Guest, {"id": 1, "house": "sh", "email": ANN["email"]}))


def core_upsert(lodge: Lodge) -> None:
    lodge.session.execute(_upsert(lodge, Guest.__table__, MERGED))


def update_by_key(lodge: Lodge) -> None:
    lodge.session.execute(update(Guest).where(Guest.id == 1).values(phone=ANN["phone"]))


def new_profile(lodge: Lodge) -> None:
    guest = Guest(id=50, house="sh", made_on=OLD, **ANN)
    lodge.session.add(guest)
    lodge.session.add(Booking(
        id=50, guest=guest, external_ref=REF, wishes="quiet", made_at=lodge.now.replace(tzinfo=None)
    ))  # fmt: skip


def bulk_insert(lodge: Lodge) -> None:
    lodge.session.execute(insert(Guest), [
        {"id": 51, "house": "sh", "made_on": OLD, **ANN},
        {"id": 52, "house": "sh", "made_on": OLD, "full_name": "Bo Lind", "email": "bo@x.example"},
    ])  # fmt: skip


def bulk_values(lodge: Lodge) -> None:
    row = {"id": 53, "house": "sh", "made_on": OLD, **ANN}
    lodge.session.execute(insert(Guest).values([row]))


def some_alike(lodge: Lodge) -> None:
    made = insert(Guest).values(house="sh", email=ANN["email"])
    lodge.session.execute(made, [{"id": 54, "made_on": OLD, "full_name": ANN["full_name"]}])


def by_lambda(lodge: Lodge) -> None:
    row = {"id": 55, "house": "sh", "made_on": OLD, **ANN}
    lodge.session.execute(lambda_stmt(lambda: insert(Guest)), [row])


def refilled_booking(lodge: Lodge) -> None:
    booking = lodge.session.get(Booking, 1)
    assert booking is not None
    booking.external_ref = REF


def bulk_save(lodge: Lodge) -> None:
    lodge.session.bulk_save_objects([Guest(id=60, house="sh", made_on=OLD, **ANN)])


def bulk_mappings(lodge: Lodge) -> None:
    row = {"id": 61, "house": "sh", "made_on": OLD, **ANN}
    lodge.session.bulk_insert_mappings(Guest.__mapper__, [row])


def connection(lodge: Lodge) -> None:
    row = {"id": 62, "house": "sh", "made_on": OLD, **COLUMNS}
    lodge.session.connection().execute(insert(Guest.__table__).values(row))


PROCESS = """
import sys, sqlalchemy
with sqlalchemy.create_engine(sys.argv[1]).begin() as conn:
    conn.execute(sqlalchemy.text(
        "UPDATE lodgers_ SET name = :name, email = :email, phone = :phone WHERE id = 1"
    ), {"name": sys.argv[2], "email": sys.argv[3], "phone": sys.argv[4]})
"""


def another_process(lodge: Lodge) -> None:
    url = lodge.engine.url.render_as_string(hide_password=False)
    given = [sys.executable, "-c", PROCESS, url, ANN["full_name"], ANN["email"], ANN["phone"]]
    subprocess.run(given, check=True, timeout=60)


AT_ONCE: list[Callable[[Lodge], None]] = [
    merge, upsert, core_upsert, update_by_key, new_profile, bulk_insert, bulk_values,
    some_alike, by_lambda, refilled_booking,
]  # fmt: skip
LATER: list[Callable[[Lodge], None]] = [bulk_save, bulk_mappings, connection, another_process]


def test_by_every_door_who_comes_back_is_seen_and_gone_again(any_lodge: Lodge) -> None:
    """At once where a session tells, else by the next sweep; and every row the host wrote stays."""
    lodge = any_lodge
    lodge.stayed()
    lodge.erased_guest()
    assert lodge.holds_ann() == []
    assert lodge.sweep() == {}

    for door in (*AT_ONCE, *LATER):
        name = door.__name__
        rows = {model: len(lodge.rows(model)) for model in (Guest, Booking)}
        door(lodge)
        lodge.session.commit()
        back, there = lodge.holds_ann(), {m: len(lodge.rows(m)) for m in (Guest, Booking)}
        assert back, name
        seen = [state for *_, state in lodge.returns("seen", "there")]
        assert bool(seen) is (door in AT_ONCE), name
        if door in AT_ONCE:
            lodge.worker()
        else:
            assert lodge.sweep()["returned"] == 1, name
        assert lodge.holds_ann() == [], name
        assert {model: len(lodge.rows(model)) for model in (Guest, Booking)} == there, name
        assert all(there[model] >= rows[model] for model in rows), name
        assert lodge.returns("seen", "there", "open", "staff", "lives") == [], name
        # What is erased again has appeared for the next sweep once a sweep has looked.
        lodge.later(hours=1)
        if door not in AT_ONCE[:-1]:
            assert lodge.sweep() == {}, name
        lodge.later(hours=1)
    assert lodge.one(Guest, 52) is not None
    assert lodge.one(Guest, 52)["email"] == "bo@x.example"  # type: ignore[index]
    assert {row["amount"] for row in lodge.rows(Booking)} == {100}
    new_life(lodge)


def test_who_is_watched_since_a_class_was_mapped_is_seen(lodge: Lodge) -> None:
    """Models may be imported late: what was passed over until then is looked at again."""
    lodge.stayed()
    lodge.erased_guest()
    whole, late = lodge.datamap, resolve([], [], [])
    lodge.datamap = late
    for other in set(guard._sides) - {lodge.host}:
        del guard._sides[other]
    for _ in range(3):
        guest = lodge.session.get_one(Guest, 1)
        guest.phone = ANN["phone"]
        lodge.session.flush()
        lodge.session.rollback()
    assert guard._idle.classes()

    class Base(DeclarativeBase):
        pass

    type("Late", (Base,), {
        "__tablename__": "late", "__annotations__": {"id": Mapped[int]},
        "id": mapped_column(primary_key=True),
    })
    lodge.datamap = whole
    merge(lodge)
    lodge.session.commit()
    assert lodge.returns("seen", "there")


BEA = {
    "full_name": "Bea Lund", "email": "bea@x.example", "phone": "+86 120 0000 9999",
    "document_no": "BL 4411",
}  # fmt: skip


def _two_erased(lodge: Lodge) -> None:
    """Erase Ann and Bea, who both stayed last year."""
    lodge.stayed()
    lodge.add(Guest(id=2, house="sh", made_on=OLD, **BEA))
    lodge.erased_guest()
    lodge.erased_guest(email=BEA["email"])


def _garble(lodge: Lodge, id: int, column: str, value: str) -> None:
    with lodge.engine.begin() as conn:
        conn.execute(text(f"UPDATE lodgers_ SET {column} = {value} WHERE id = {id}"))


@pytest.mark.parametrize("when", ["seen", "judged"])
def test_a_row_nobody_can_read_keeps_no_other_waiting(lodge: Lodge, when: str) -> None:
    """Another program wrote a day that is none into the first of two rows in which somebody is
    back: the second goes again all the same, and the first stays on a list."""
    _two_erased(lodge)
    merge(lodge)
    lodge.session.merge(Guest(id=2, house="sh", made_on=OLD, **BEA))
    lodge.session.commit()
    if when == "judged":
        lodge.run(Office.judge_returns)
    _garble(lodge, 1, "made_on", "'soon'")
    report = worker.work(lodge.run, lambda *given: ("", ""), {})
    assert report.counts["erased-again"] == 1
    assert lodge.one(Guest, 2)["email"] != BEA["email"]  # type: ignore[index]
    left = {"seen": "staff", "judged": "open"}[when]
    assert [(key, state) for _, key, _, state in lodge.returns(left)] == [("int:1", left)]
    lodge.later(hours=5)
    problems: dict[str, str] = {}
    reconcile.reconcile(lodge.run, None, problems)
    assert problems["look:lodgers_"] == "ValueError"
    assert len(lodge.returns(left)) == 1
    _garble(lodge, 1, "made_on", f"'{OLD}'")
    lodge.later(hours=5)
    lodge.sweep()
    assert len(lodge.returns("staff", "erased")) == 2


def test_a_sweep_finds_who_is_back_behind_a_row_nobody_can_read(lodge: Lodge) -> None:
    """A program of old wrote other bytes than UTF-8 into a guest who lives; whoever comes back past
    every listener is found, and of that row nobody says that it was looked at."""
    _two_erased(lodge)
    lodge.add(Guest(id=3, house="sh", made_on=OLD, full_name="Cleo Ek", email="c@x.example"))
    assert lodge.sweep() == {}
    _garble(lodge, 3, "email", "CAST(X'ff41' AS TEXT)")
    connection(lodge)
    lodge.session.commit()
    problems: dict[str, str] = {}
    assert reconcile.reconcile(lodge.run, None, problems) == {"returned": 1}
    assert problems == {"look:lodgers_": "ErasureError"}
    assert lodge.worker() == {"erased": 1}
    lodge.later(hours=5)
    for column, value in {**BEA, "name": BEA["full_name"]}.items():
        if column != "full_name":
            _garble(lodge, 3, column, f"'{value}'")
    # Found; but the profile was there all along, and a person looks.
    assert lodge.sweep() == {"returned-unclear": 1}
    assert lodge.sweep() == {}


# new lives


def test_a_new_booking_lives(lodge: Lodge) -> None:
    """Guest and booking of a new life stay as the host wrote them, byte for byte."""
    lodge.stayed()
    lodge.erased_guest()
    lodge.sweep()
    new_life(lodge)
    assert lodge.returns() == [("lodgers_", "int:9", "erased-contact", "lives")]


def new_life(lodge: Lodge) -> None:
    """Let Ann book anew, and see that nothing becomes of it."""
    lodge.later(days=2)
    lodge.session.add(Guest(id=9, house="sh", made_on=lodge.now.date(), **ANN))
    lodge.session.flush()
    made = lodge.now.replace(tzinfo=None)
    lodge.session.add(Booking(id=9, guest_id=9, external_ref="OB-90002", wishes="x", made_at=made))
    lodge.session.commit()
    before = lodge.rows(Guest), lodge.rows(Booking)

    assert lodge.worker() == {"lives": 1}
    assert lodge.sweep() == {}
    assert (lodge.rows(Guest), lodge.rows(Booking)) == before
    guest = lodge.session.get(Guest, 9)
    assert guest is not None
    guest.email = ANN["email"].upper()
    lodge.session.commit()
    assert lodge.returns("seen", "there") == []
    assert lodge.sweep() == {}
    assert lodge.one(Guest, 9)["email"] == ANN["email"].upper()  # type: ignore[index]


def test_what_is_unclear_waits_for_staff_and_lives_once_it_shows(lodge: Lodge) -> None:
    """A profile made on the day of the erasure says nothing; a booking made later does."""
    lodge.stayed()
    lodge.erased_guest()
    lodge.session.add(Guest(id=9, house="sh", made_on=lodge.now.date(), **ANN))
    lodge.session.commit()
    before = lodge.one(Guest, 9)
    assert lodge.worker() == {"staff": 1}
    assert lodge.one(Guest, 9) == before
    lodge.later(hours=3)
    made = lodge.now.replace(tzinfo=None)
    lodge.session.add(Booking(id=9, guest_id=9, external_ref="OB-90002", made_at=made))
    lodge.session.commit()
    assert lodge.sweep() == {"unclear-no-more": 1}
    assert lodge.returns() == [("lodgers_", "int:9", "erased-contact", "lives")]
    assert lodge.one(Guest, 9) == before


def test_what_stays_unclear_keeps_nobody_else_from_living(
    lodge: Lodge, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A night looks at so many rows; where nobody settles the first, the others have turns."""
    lodge.stayed()
    lodge.erased_guest()
    for id in (7, 8, 9):
        lodge.session.add(Guest(id=id, house="sh", made_on=lodge.now.date(), **ANN))
    lodge.session.commit()
    assert lodge.worker() == {"staff": 3}
    lodge.later(hours=3)
    made = lodge.now.replace(tzinfo=None)
    lodge.session.add(Booking(id=9, guest_id=9, external_ref="OB-90002", made_at=made))
    lodge.session.commit()
    monkeypatch.setattr(sightings, "MOST", 2)
    look = [lodge.run(lambda office: sightings.look_again(office.work)) for _ in range(3)]
    assert look == [0, 1, 0]
    assert [line[1] for line in lodge.returns("lives")] == ["int:9"]
    assert [line[1] for line in lodge.returns("staff")] == ["int:7", "int:8"]


def test_what_was_seen_waits_for_the_keys_by_which_it_is_judged(
    lodge: Lodge, tmp_path: Path
) -> None:
    """While the root is away nobody is known again; that is no reason to take them for strangers,
    nor to take what waits for staff from their list."""
    lodge.stayed()
    lodge.erased_guest()
    lodge.session.add(Guest(id=9, house="sh", made_on=lodge.now.date(), **ANN))
    lodge.session.commit()
    assert lodge.worker() == {"staff": 1}
    merge(lodge)
    lodge.session.commit()
    before = lodge.returns()
    keys = lodge.custodian.path
    (root,) = keys.rglob("root-*")
    for path in (root, keys):
        away = path.rename(tmp_path / "away")
        lodge.custodian = FolderCustodian(keys)
        for step in (lodge.worker, lodge.sweep):
            with pytest.raises(KeyMissingError):
                step()
        assert lodge.returns() == before
        away.rename(path)
    lodge.custodian = FolderCustodian(keys)
    assert lodge.sweep() == {"open": 1, "erased": 1}
    assert lodge.returns("staff") == before[:1]


def test_what_staff_said_while_a_sweep_looked_again_stands(any_lodge: Lodge) -> None:
    """The sweep read the row as nobody's decision; the clerk said that it is theirs."""
    lodge = any_lodge
    lodge.stayed()
    lodge.erased_guest()
    lodge.session.add(Guest(id=9, house="sh", made_on=lodge.now.date(), **ANN))
    lodge.session.commit()
    assert lodge.worker() == {"staff": 1}
    lodge.later(hours=3)
    made = lodge.now.replace(tzinfo=None)
    lodge.session.add(Booking(id=9, guest_id=9, external_ref="OB-90002", made_at=made))
    lodge.session.commit()
    (line,) = lodge.ours("returned")

    def settle() -> None:
        lodge.run(lambda office: returned.settle(office.work, line["id"], "clerk", True))

    lodge.meet("UPDATE guesterase_returned", settle)
    assert lodge.run(lambda office: sightings.look_again(office.work)) == 0
    assert lodge.returns() == [("lodgers_", "int:9", "erased-contact", "open")]
    assert lodge.worker() == {"erased": 1}


def test_staff_settle_what_is_unclear(lodge: Lodge) -> None:
    lodge.stayed()
    lodge.erased_guest()
    lodge.session.add(Guest(id=9, house="sh", made_on=lodge.now.date(), **ANN))
    lodge.session.commit()
    lodge.worker()
    (row,) = lodge.run(lambda office: office.returns("clerk"))
    assert row["state"] == "staff"
    assert row["name"] == ANN["full_name"]
    lodge.run(lambda office: office.settle_return(row["id"], "clerk", True))
    assert lodge.worker() == {"erased": 1}
    assert lodge.holds_ann() == []


# other people


def test_a_spouse_with_the_same_mailbox_is_nobody_who_came_back(lodge: Lodge) -> None:
    """A contact alone under another name is another person's, there before or new."""
    lodge.stayed()
    shared = {"email": ANN["email"], "phone": ANN["phone"], "made_on": OLD}
    lodge.add(Guest(id=2, house="sh", full_name="Carl Berg", **shared))
    lodge.erased_guest()
    lodge.session.add(Guest(id=3, house="sh", full_name="Dora Berg", **shared))
    spouse = lodge.session.get(Guest, 2)
    assert spouse is not None
    spouse.document_no = "CC 1"
    lodge.session.commit()
    before = lodge.rows(Guest)
    assert lodge.worker() == {}
    assert lodge.sweep() == {}
    assert lodge.rows(Guest) == before
    assert lodge.returns() == []


def test_who_was_there_all_along_is_never_taken_silently(lodge: Lodge) -> None:
    """A second profile that the request was not about is laid before staff, once."""
    lodge.stayed()
    lodge.add(Guest(id=2, house="sh", full_name="Ann Berg", email=ANN["email"], made_on=OLD))
    lodge.erased_guest()
    before = lodge.one(Guest, 2)
    assert lodge.sweep() == {"returned-unclear": 1}
    assert lodge.sweep() == {}
    assert lodge.one(Guest, 2) == before


def test_whom_staff_left_alone_is_left_alone(lodge: Lodge) -> None:
    """What was decided under the request is not asked again."""
    lodge.stayed()
    lodge.add(Guest(id=2, house="sh", full_name="Ann Berg", email=ANN["email"], made_on=OLD))
    lodge.erased_guest(email=ANN["email"], document_no=ANN["document_no"])
    assert lodge.one(Guest, 2)["email"] == ANN["email"]  # type: ignore[index]
    assert lodge.sweep() == {}
    assert lodge.returns() == []


def test_an_erased_reference_in_a_strangers_booking_is_for_staff(lodge: Lodge) -> None:
    lodge.stayed()
    lodge.add(Guest(id=2, house="sh", full_name="Carl Lund", email="c@x.example", made_on=OLD))
    lodge.erased_guest()
    lodge.session.add(Booking(id=7, guest_id=2, external_ref=REF, wishes="late", made_at=None))
    lodge.session.commit()
    before = lodge.rows(Guest), lodge.rows(Booking)
    assert lodge.worker() == {"staff": 1}
    assert (lodge.rows(Guest), lodge.rows(Booking)) == before


def test_another_houses_guest_is_another_controllers(lodge: Lodge) -> None:
    lodge.stayed()
    lodge.erased_guest()
    lodge.session.add(Guest(id=9, house="mu", made_on=OLD, **ANN))
    lodge.session.commit()
    assert lodge.worker() == {}
    assert lodge.sweep() == {}


def test_a_number_given_again_is_another_row(lodge: Lodge) -> None:
    """A row that was deleted leaves its number to the next one, who is nobody that came back."""
    lodge.stayed()
    lodge.add(Wish(id=1, guest_id=1, email=ANN["email"]))
    lodge.add(Guest(id=2, house="sh", full_name="Carl Lund", email="c@x.example", made_on=OLD))
    lodge.erased_guest()
    assert lodge.rows(Wish) == []
    lodge.session.add(Wish(id=1, guest_id=2, email="c@x.example"))
    lodge.session.commit()
    assert lodge.worker() == {}
    assert lodge.sweep() == {}
    assert lodge.rows(Wish) == [{"id": 1, "guest_id": 2, "email": "c@x.example"}]


def test_who_was_judged_by_a_clock_that_ran_ahead_goes_once_it_is_right(lodge: Lodge) -> None:
    """Who came back would stand in the house for a year, erased by their certificate."""
    lodge.stayed()
    lodge.erased_guest()
    right = lodge.now
    lodge.later(days=365)
    merge(lodge)
    lodge.session.commit()
    assert lodge.run(Office.judge_returns) == {"open": 1}
    lodge.now = right
    lodge.grants["officer"].add("law")
    lodge.grants["second"].add("law")
    for name in ("officer", "second"):
        lodge.run(lambda office, name=name: office.confirm_clock(name))
    assert lodge.worker() == {"erased": 1}
    assert lodge.holds_ann() == []


def test_who_comes_back_after_the_window_goes_and_no_copy_is_made(lodge: Lodge) -> None:
    """The first erasure's window stays: what is over by then is sealed for nobody."""
    lodge.stayed()
    lodge.erased_guest()
    for days, copies in ((1, 2), (10, 2)):
        lodge.later(days=days)
        merge(lodge)
        lodge.session.commit()
        assert lodge.worker() == {"open": 1, "erased": 1}
        assert lodge.holds_ann() == []
        kept = [box for box in lodge.ours("box") if box["purpose"] == "recovery"]
        assert len(kept) == copies


def test_a_member_file_that_is_synchronised_again_goes_again(lodge: Lodge) -> None:
    """A record whose key stays is known by it when its erased columns are filled."""
    lodge.stayed()
    lodge.add(Member(number="M-1", guest_id=1, email=ANN["email"]))
    lodge.erased_guest()
    lodge.session.merge(Member(number="M-1", guest_id=1, email=ANN["email"]))
    lodge.session.commit()
    assert lodge.worker() == {"open": 1, "erased": 1}
    assert lodge.holds_ann() == []


def test_who_was_held_is_known_again_once_erased(lodge: Lodge) -> None:
    """A profile under a legal hold goes later than its bookings, and leaves its marks then."""
    for user in ("officer", "second"):
        lodge.grants[user].add("hold")
    lodge.stayed()
    wanted = Wanted("record", "court-order", "lodgers_", "1")
    hold = lodge.run(lambda office: office.place_hold(wanted, "officer"))
    lodge.erased_guest()
    assert lodge.one(Guest, 1)["email"] == ANN["email"]  # type: ignore[index]
    assert "email" not in {row["kind"] for row in lodge.ours("mark")}
    for user in ("officer", "second"):
        lodge.run(lambda office, user=user: office.lift(hold, user))
    lodge.later(hours=1)
    finishing.finish(lodge.run)
    assert lodge.holds_ann() == []
    assert {row["kind"] for row in lodge.ours("mark")} >= {"key", "email", "phone", "document"}
    lodge.session.merge(Guest(id=1, house="sh", **ANN))
    lodge.session.commit()
    assert lodge.worker() == {"open": 1, "erased": 1}


# time


def test_marks_end_after_two_years(lodge: Lodge) -> None:
    """What ended does nothing any more, and its key is destroyed."""
    lodge.stayed()
    lodge.erased_guest()
    lodge.sweep()
    assert lodge.ours("mark")
    label = marks.label(2026)
    assert label in lodge.custodian.labels()
    lodge.now = datetime(2028, 3, 11, 9, tzinfo=lodge.now.tzinfo)
    lodge.session.add(Guest(id=9, house="sh", made_on=OLD, **ANN))
    lodge.session.commit()
    assert lodge.returns() == []
    assert lodge.sweep() == {}
    lodge.run(lambda office: years.expire(office.work))
    assert lodge.ours("mark") == []
    lodge.now = datetime(2029, 1, 2, 9, tzinfo=lodge.now.tzinfo)
    lodge.run(lambda office: years.expire(office.work))
    assert [row["state"] for row in lodge.ours("day") if row["label"] == label] == ["ending"]


# the host never notices


@contextmanager
def statements(engine: Engine) -> Iterator[list[str]]:
    """Collect what is executed on an engine."""
    seen: list[str] = []

    def note(conn: Any, cursor: Any, statement: str, *rest: Any) -> None:
        seen.append(" ".join(statement.split()))

    event.listen(engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(engine, "before_cursor_execute", note)


def test_what_touches_no_watched_table_costs_nothing(lodge: Lodge) -> None:
    """No statement on an unrelated flush or statement; one question where somebody could be."""
    lodge.stayed()
    lodge.erased_guest()
    lodge.session.add(Guest(id=20, house="sh", full_name="Eve Holm", email="e@x.example"))
    lodge.session.commit()
    with statements(lodge.engine) as seen:
        lodge.session.add(Room(id=1, text=ANN["email"]))
        lodge.session.flush()
        lodge.session.execute(update(Room).where(Room.id == 1).values(text="x"))
        lodge.session.execute(select(Guest))
        booking = lodge.session.get(Booking, 1)
        assert booking is not None
        booking.amount = 101
        lodge.session.commit()
    assert [line for line in seen if "guesterase_" in line] == []
    with statements(lodge.engine) as seen:
        lodge.session.add_all([
            Guest(id=n, house="sh", full_name="Eve Holm", email=f"e{n}@x.example")
            for n in range(30, 40)
        ])
        lodge.session.flush()
    ours = [line for line in seen if "guesterase_" in line]
    assert len(ours) == 1
    assert ours[0].startswith("SELECT")
    lodge.session.rollback()


def test_a_rollback_takes_the_sighting_back(lodge: Lodge) -> None:
    lodge.stayed()
    lodge.erased_guest()
    new_profile(lodge)
    lodge.session.flush()
    assert len(lodge.session.execute(select(tables.returned)).all()) == 2
    lodge.session.rollback()
    assert lodge.returns() == []


def test_the_host_works_where_our_tables_are_not(any_lodge: Lodge) -> None:
    """Before `db upgrade` and after an uninstall nothing is seen and nothing breaks."""
    lodge = any_lodge
    lodge.stayed()
    lodge.erased_guest()
    lodge.session.merge(Guest(id=1, house="sh", **ANN))
    lodge.session.commit()
    tables.metadata.drop_all(lodge.engine)
    for door in (*AT_ONCE, *LATER):
        door(lodge)
        lodge.session.commit()
        assert lodge.holds_ann()
        lodge.session.execute(update(Booking).values(external_ref=None))
        lodge.session.execute(delete(Booking).where(Booking.id > 1))
        lodge.session.execute(delete(Guest).where(Guest.id > 1))
        lodge.session.commit()
    assert len(lodge.rows(Guest)) == 1


def test_a_guard_that_fails_is_logged_without_data_and_the_write_goes_on(
    lodge: Lodge, caplog: pytest.LogCaptureFixture
) -> None:
    lodge.stayed()
    lodge.erased_guest()
    lodge.custodian.path.chmod(0o755)
    lodge.custodian.__init__(lodge.custodian.path)  # type: ignore[misc] # as after a restart
    with caplog.at_level(logging.WARNING, "flask_guesterase"):
        merge(lodge)
        lodge.session.flush()
        bulk_insert(lodge)
        lodge.session.commit()
    lodge.custodian.path.chmod(0o700)
    assert {record.getMessage() for record in caplog.records} == {
        "The guard could not look at a flush (SealError).",
        "The guard could not look at a statement (SealError).",
    }
    assert lodge.one(Guest, 51) is not None
    assert lodge.sweep()["returned"] >= 1
    assert lodge.one(Guest, 1)["phone"] is None  # type: ignore[index]


def test_deletes_past_the_plan_are_in_the_journal(lodge: Lodge) -> None:
    """Counts per table and nothing else, in the host's own transaction."""
    for n in range(1, 6):
        lodge.stayed(n, f"OB-{n}")
    lodge.session.delete(lodge.session.get(Booking, 1))
    lodge.session.flush()
    lodge.session.rollback()
    assert lodge.ours("loose") == []
    lodge.session.delete(lodge.session.get(Booking, 2))
    lodge.session.commit()
    guest = lodge.session.get(Guest, 2)
    lodge.session.delete(guest)
    lodge.session.commit()
    lodge.session.execute(delete(Booking).where(Booking.id >= 4))
    lodge.session.execute(delete(Room))
    lodge.session.commit()
    bodies = [row["body"] for row in lodge.ours("loose")]
    assert sum('"lodge_bookings":1' in body for body in bodies) == 2
    assert sum('"lodgers_":1' in body for body in bodies) == 1
    assert sum('"lodge_bookings":2' in body for body in bodies) == 2
    assert all('"action":"delete-bypassed"' in body for body in bodies)
    assert not any("lodge_rooms" in body or "Berg" in body for body in bodies)


def test_who_was_new_since_a_copy_is_known_again_when_the_lost_days_are_sent(
    lodge: Lodge, tmp_path: Path
) -> None:
    """The copy has no row of theirs to erase; the channel manager sends their booking once more."""
    with put_back(lodge, tmp_path):
        lodge.stayed()
        number = lodge.erased_guest()
        before = {
            (row["kind"], row["mark"], row["row_mark"]) for row in lodge.ours("mark")
            if row["kind"] != "key"
        }  # fmt: skip
    assert replay(lodge.run).counts["marks"] == len(before)
    told = lodge.ours("mark")
    assert {(row["kind"], row["mark"], row["row_mark"]) for row in told} == before
    assert {row["request"] for row in told} == {number}
    lodge.stayed(id=7)
    lodge.sweep()
    assert lodge.one(Guest, 7)["name"] == "[erased]"  # type: ignore[index]


def test_whom_a_person_must_judge_after_a_restore_is_not_judged_by_marks(
    lodge: Lodge, tmp_path: Path
) -> None:
    """A row that is there and has changed waits for somebody; no mark lets the guard take it."""
    lodge.stayed()
    with put_back(lodge, tmp_path):
        lodge.erased_guest()
    with lodge.engine.begin() as conn:
        conn.execute(update(Guest).values(phone="+86 130 9999 0000"))
    done = replay(lodge.run)
    assert done.counts["ask"] == 1
    assert "marks" not in done.counts
    assert lodge.ours("mark") == []
