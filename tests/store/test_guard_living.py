"""Whom the marks of an erased guest must not take: who lives, booked anew, or was there before."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime
from typing import Any

import pytest
from sqlalchemy import delete, event, insert, literal, select, update
from sqlalchemy.exc import OperationalError

from flask_guesterase.core.errors import TransitionError
from flask_guesterase.core.holding import Wanted
from flask_guesterase.core.treatment import keep
from flask_guesterase.store import tables
from flask_guesterase.store.comeback import known
from flask_guesterase.store.comeback.known import Mark
from flask_guesterase.store.mapping.datamap import resolve
from tests.chaos import wires
from tests.store.lodge import ANN, Base, Booking, Guest, Lodge, Room, policies

OLD = date(2025, 12, 1)


def held(lodge: Lodge, key: str, table: str = "lodgers_") -> int:
    """Place a hold on a row, on a profile if none else is named; return its number."""
    for user in ("officer", "second"):
        lodge.grants[user].add("hold")
    wanted = Wanted("record", "court-order", table, key)
    number: int = lodge.run(lambda office: office.place_hold(wanted, "officer"))
    return number


def lifted(lodge: Lodge, hold: int) -> None:
    for user in ("officer", "second"):
        lodge.run(lambda office, user=user: office.lift(hold, user))


GUEST: Any = Guest.__table__
SHARED = {"house": "sh", "made_on": OLD, "email": ANN["email"]}
PARTS: dict[str, tuple[Any, Any]] = {
    "rows": (insert(Guest), [{**SHARED, "id": 51, "full_name": "Ann Berg"}]),
    "some alike": (insert(Guest).values(**SHARED), [{"id": 51, "full_name": "Ann Berg"}]),
    "values": (insert(Guest).values([{**SHARED, "id": 51, "full_name": "Ann Berg"}]), None),
    "table": (insert(GUEST).values(id=51, name="Ann Berg", **SHARED), None),
    "tuples": (insert(GUEST).values([(51, "sh", "Ann Berg", ANN["email"], "", "", "", OLD)]), None),
    "text of a key": (insert(GUEST), {"id": "51", "name": "Ann Berg", **SHARED}),
}


@pytest.mark.parametrize("part", PARTS)
def test_who_was_there_all_along_is_not_taken_with_who_comes(lodge: Lodge, part: str) -> None:
    """A statement brings an erased contact back that a profile nobody asked about has as well: the
    new one goes again, and the old one is laid before staff by the sweep."""
    lodge.stayed()
    lodge.add(Guest(id=2, house="sh", full_name="Ann Berg", email=ANN["email"], made_on=OLD))
    lodge.erased_guest()
    before = lodge.one(Guest, 2)
    lodge.session.execute(*PARTS[part])
    lodge.session.commit()
    assert lodge.worker() == {"open": 1, "staff": 1, "erased": 1}
    assert lodge.one(Guest, 2) == before
    assert lodge.one(Guest, 51)["email"] != ANN["email"]  # type: ignore[index]


def test_of_rows_that_got_their_numbers_from_the_database_staff_say_which_came(
    lodge: Lodge,
) -> None:
    """Two hold the contact and one was added with it: which one, the statement does not say. Where
    no more hold it than were added, they are the ones."""
    lodge.stayed()
    lodge.add(Guest(id=2, house="sh", full_name="Ann Berg", email=ANN["email"], made_on=OLD))
    lodge.erased_guest()
    before = lodge.one(Guest, 2)
    lodge.session.execute(insert(Guest), [{**SHARED, "full_name": "Ann Berg"}])
    lodge.session.commit()
    assert lodge.worker() == {"staff": 2}
    assert lodge.one(Guest, 2) == before
    lodge.session.execute(insert(Guest), [
        {"house": "sh", "made_on": OLD, "full_name": "Ann Berg", "phone": ANN["phone"]}
    ] * 2)
    lodge.session.commit()
    assert lodge.worker() == {"open": 2, "erased": 2}


def test_an_insert_of_what_a_select_finds_takes_nobody_who_was_there(lodge: Lodge) -> None:
    """What the statement carries is what it looked for."""
    lodge.stayed()
    lodge.add(Guest(id=2, house="sh", full_name="Ann Berg", email=ANN["email"], made_on=OLD))
    lodge.erased_guest()
    before = lodge.one(Guest, 2)
    copied = select(GUEST.c.house, literal("Ann Berg"), GUEST.c.made_on)
    lodge.session.execute(insert(GUEST).from_select(
        ["house", "name", "made_on"], copied.where(GUEST.c.email == ANN["email"])
    ))
    lodge.session.commit()
    lodge.worker()
    assert lodge.one(Guest, 2) == before


def back_under_hold(lodge: Lodge) -> int:
    """Let an erased guest be synchronised back, and a hold keep them; return its number."""
    lodge.stayed()
    lodge.erased_guest()
    lodge.session.add(Guest(id=9, house="sh", made_on=OLD, **ANN))
    lodge.session.commit()
    hold = held(lodge, "9")
    assert lodge.worker() == {"open": 2}
    return hold


def test_who_books_anew_while_the_erasure_waits_lives(lodge: Lodge) -> None:
    """What was judged an old life days ago is judged again before it goes."""
    hold = back_under_hold(lodge)
    lodge.later(days=2)
    made = lodge.now.replace(tzinfo=None)
    lodge.session.add(Booking(id=9, guest_id=9, external_ref="OB-90002", wishes="x", made_at=made))
    lodge.session.commit()
    lifted(lodge, hold)
    lodge.later(hours=20)
    before = lodge.rows(Guest), lodge.rows(Booking)
    assert lodge.worker() == {"lives": 1}
    assert (lodge.rows(Guest), lodge.rows(Booking)) == before
    assert lodge.returns() == [("lodgers_", "int:9", "erased-contact", "lives")]


def test_who_shows_another_document_while_the_erasure_waits_is_asked_for_anew(
    lodge: Lodge,
) -> None:
    """Nobody's word alone takes a profile that turned out to be another guest's."""
    hold = back_under_hold(lodge)
    guest = lodge.session.get(Guest, 9)
    assert guest is not None
    guest.document_no = "YY 112233"
    lodge.session.commit()
    lifted(lodge, hold)
    lodge.later(hours=20)
    assert lodge.worker() == {"staff": 1}
    assert lodge.returns() == [("lodgers_", "int:9", "perhaps-another", "staff")]


@pytest.mark.parametrize("name", [None, "Ann Berg"])
def test_a_dated_profile_that_came_with_its_booking_of_before_goes_with_it(
    lodge: Lodge, name: str | None
) -> None:
    """Both were seen as they were added, whatever day the profile says it was made."""
    lodge.stayed()
    lodge.erased_guest()
    lodge.later(days=40)
    lodge.session.add(Guest(id=9, house="sh", made_on=OLD, full_name=name, email=ANN["email"]))
    lodge.session.flush()
    lodge.session.add(Booking(id=9, guest_id=9, external_ref="OB-77001", wishes="quiet"))
    lodge.session.commit()
    assert lodge.worker() == {"open": 2, "erased": 2}
    assert lodge.holds_ann() == []


def test_a_profile_that_a_sweep_finds_is_new_where_its_number_is(lodge: Lodge) -> None:
    """Past the session only a number above all that were there tells a new row from an old one."""
    lodge.stayed()
    lodge.add(Guest(id=8, house="sh", full_name="Carl Lund", email="c@x.example", made_on=OLD))
    lodge.erased_guest()
    lodge.sweep()
    lodge.later(hours=20)
    lodge.add(Guest(id=5, house="sh", made_on=lodge.now.date(), email=ANN["email"]))
    with lodge.engine.begin() as conn:
        for id in (7, 9):
            conn.execute(insert(GUEST).values(**{**SHARED, "id": id, "name": "Ann Berg"}))
    assert lodge.sweep()["erased"] == 1
    assert sorted(line[1:] for line in lodge.returns()) == [
        ("int:5", "erased-contact", "staff"), ("int:7", "perhaps-another", "staff"),
        ("int:9", "erased-contact", "erased"),
    ]  # fmt: skip


@pytest.mark.parametrize("door", ["flush", "statement"])
def test_a_profile_that_was_there_is_not_taken_because_a_contact_is_written(
    lodge: Lodge, door: str
) -> None:
    """A namesake's profile of long ago gets the household's number: that is for staff."""
    lodge.stayed()
    lodge.add(Guest(id=2, house="sh", full_name="Ann Berg", email="junior@x.example", made_on=OLD))
    lodge.erased_guest()
    lodge.sweep()
    if door == "flush":
        guest = lodge.session.get(Guest, 2)
        assert guest is not None
        guest.phone = ANN["phone"]
    else:
        lodge.session.execute(update(Guest).where(Guest.id == 2).values(phone=ANN["phone"]))
    lodge.session.commit()
    before = lodge.one(Guest, 2)
    assert lodge.worker() == {"staff": 1}
    assert lodge.one(Guest, 2) == before


def test_what_no_sweep_has_read_yet_may_have_been_there_all_along(lodge: Lodge) -> None:
    """A column the vendor declares later holds what it held: that is no return."""
    whole, mapped = lodge.datamap, policies()
    less = replace(mapped[0][1], columns={**mapped[0][1].columns, "phone": keep("not yet")})
    lodge.stayed()
    shared = {"full_name": "Ann Berg", "email": "junior@x.example", "phone": ANN["phone"]}
    lodge.add(Guest(id=2, house="sh", made_on=OLD, **shared))
    lodge.erased_guest()
    lodge.datamap = resolve(
        [(Guest, less), *mapped[1:]], Base.metadata.tables.values(), list(Base.registry.mappers)
    )
    assert lodge.sweep() == {}
    lodge.later(hours=20)
    lodge.datamap = whole
    before = lodge.one(Guest, 2)
    assert lodge.sweep() == {"returned-unclear": 1}
    assert lodge.one(Guest, 2) == before


def test_another_document_is_for_staff(lodge: Lodge) -> None:
    """Father and son of one name at one mailbox have passports: nobody goes without a look."""
    lodge.stayed()
    lodge.erased_guest()
    lodge.sweep()
    son = {**ANN, "document_no": "YY 112233"}
    lodge.session.add(Guest(id=9, house="sh", made_on=OLD, **son))
    lodge.session.commit()
    before = lodge.one(Guest, 9)
    assert lodge.worker() == {"staff": 1}
    assert lodge.one(Guest, 9) == before


def test_a_profile_without_a_name_is_not_taken_for_a_contact(lodge: Lodge) -> None:
    """A mailbox of a family or an agency says nothing of whose the nameless profile is."""
    lodge.stayed()
    lodge.erased_guest()
    lodge.sweep()
    lodge.session.add(Guest(id=9, house="sh", email=ANN["email"], made_on=OLD))
    lodge.session.commit()
    before = lodge.one(Guest, 9)
    assert lodge.worker() == {"staff": 1}
    assert lodge.one(Guest, 9) == before


def test_a_booking_nobody_knows_the_day_of_is_for_staff(lodge: Lodge) -> None:
    """A member of many years books anew, and the booking's day is not known."""
    lodge.stayed()
    lodge.erased_guest()
    lodge.sweep()
    lodge.session.add(Guest(id=9, house="sh", made_on=OLD, **ANN))
    lodge.session.flush()
    lodge.session.add(Booking(id=9, guest_id=9, external_ref="OB-90002", wishes="x", made_at=None))
    lodge.session.commit()
    before = lodge.rows(Guest), lodge.rows(Booking)
    assert lodge.worker() == {"staff": 1}
    assert (lodge.rows(Guest), lodge.rows(Booking)) == before


def test_a_word_many_bookings_carry_is_no_reference(lodge: Lodge) -> None:
    """What a booking site is called is no number it gave."""
    lodge.stayed(ref="Booking")
    lodge.add(Guest(id=2, house="sh", full_name="Carl Lund", email="c@x.example", made_on=OLD))
    lodge.erased_guest()
    lodge.sweep()
    made = datetime(2026, 3, 12, 9)
    lodge.session.add(Booking(id=7, guest_id=2, external_ref="Booking", wishes="x", made_at=made))
    lodge.session.commit()
    assert lodge.worker() == {}
    assert lodge.sweep() == {}


def flush(lodge: Lodge) -> None:
    lodge.session.add(Guest(id=9, house="sh", email="e@x.example"))
    lodge.session.flush()


def statement(lodge: Lodge) -> None:
    lodge.session.execute(insert(Guest).values(id=9, house="sh", email="e@x.example"))


@pytest.mark.parametrize("door", [flush, statement])
def test_a_transaction_that_is_gone_is_not_committed_in_part(
    lodge: Lodge, monkeypatch: pytest.MonkeyPatch, door: Callable[[Lodge], None]
) -> None:
    """A deadlock in the guard's question ends the host's transaction: the host must hear of it."""
    lodge.stayed()
    lodge.erased_guest()

    def met(*given: object) -> list[Mark]:
        raise OperationalError("SELECT", {}, Exception(1213, "Deadlock found"))

    monkeypatch.setattr(known, "find", met)
    with pytest.raises(OperationalError):
        door(lodge)
    lodge.session.rollback()
    assert lodge.one(Guest, 9) is None


def test_a_full_disk_takes_no_part_of_what_the_host_writes(lodge: Lodge) -> None:
    """Where the disk fills as the guard writes, SQLite takes the host's rows back: it must hear."""
    lodge.stayed()
    lodge.erased_guest()
    lodge.sweep()
    lodge.session.add(Room(id=7, text="before"))
    lodge.session.flush()
    lodge.session.add_all([Guest(id=id, house="sh", **ANN) for id in range(100, 200)])

    def fill(conn: Any, cursor: Any, statement: str, *rest: Any) -> None:
        if statement.startswith("INSERT INTO guesterase_returned"):
            wires.fill(conn.connection.driver_connection)

    event.listen(lodge.engine, "before_cursor_execute", fill)
    with pytest.raises(OperationalError, match="full"):
        lodge.session.commit()
    lodge.session.rollback()
    assert lodge.rows(Room) == []


OTHER = {"document_no": "YY 112233"}


def unclear(lodge: Lodge) -> int:
    """Let a profile without a name come with an erased contact; return the number of its line."""
    lodge.stayed()
    lodge.erased_guest()
    lodge.session.add(Guest(id=9, house="sh", email=ANN["email"], made_on=OLD))
    lodge.session.commit()
    assert lodge.worker() == {"staff": 1}
    (line,) = lodge.ours("returned")
    return int(line["id"])


def typed(lodge: Lodge, **values: Any) -> None:
    with lodge.engine.begin() as conn:
        conn.execute(update(GUEST).where(GUEST.c.id == 9).values(**values))


def theirs(lodge: Lodge, line: int) -> None:
    lodge.run(lambda office: office.settle_return(line, "clerk", True))


def test_a_word_counts_of_who_stands_there_as_it_is_said(lodge: Lodge) -> None:
    """The find saw a profile without a name; by now it shows another guest's document."""
    line = unclear(lodge)
    typed(lodge, name="Ann Berg", **OTHER)
    with pytest.raises(TransitionError) as refused:
        theirs(lodge, line)
    assert (refused.value.anew, "File a request" in refused.value.hint) == (True, True)
    typed(lodge, document_no=None)
    theirs(lodge, line)
    assert lodge.worker() == {"erased": 1}


def test_a_word_about_a_row_that_nobody_can_read_waits_with_it(lodge: Lodge) -> None:
    """It is judged as it goes, and does not go until somebody cures it."""
    line = unclear(lodge)
    with lodge.engine.begin() as conn:
        conn.exec_driver_sql("UPDATE lodgers_ SET made_on = 'never' WHERE id = 9")
    theirs(lodge, line)
    with pytest.raises(ValueError, match="never"):
        lodge.worker()
    with lodge.engine.begin() as conn:
        conn.exec_driver_sql("UPDATE lodgers_ SET made_on = NULL WHERE id = 9")
    typed(lodge, **OTHER)
    assert lodge.worker() == {"staff": 1}


def test_a_word_counts_of_who_stands_there_as_the_row_goes(lodge: Lodge) -> None:
    """A document came in between the clerk's word and the worker."""
    theirs(lodge, unclear(lodge))
    typed(lodge, name="Ann Berg", **OTHER)
    before = lodge.one(Guest, 9)
    assert lodge.worker() == {"staff": 1}
    assert lodge.returns() == [("lodgers_", "int:9", "perhaps-another", "staff")]
    assert lodge.one(Guest, 9) == before


def test_who_gets_the_number_of_a_row_that_waited_under_a_hold_stays(lodge: Lodge) -> None:
    """It was looked at when it was to go for the first time, and waited; so it is once more."""
    line, hold = unclear(lodge), held(lodge, "9")
    theirs(lodge, line)
    assert lodge.worker() == {"open": 1}
    lodge.session.delete(lodge.session.get(Guest, 9))
    lodge.session.commit()
    lodge.add(Guest(id=9, house="sh", full_name="Cy Moe", email="cy@mail.example"))
    before = lodge.one(Guest, 9)
    lifted(lodge, hold)
    lodge.later(hours=20)
    assert lodge.worker() == {"gone": 1}
    assert lodge.one(Guest, 9) == before


def test_nobody_says_of_what_goes_by_itself_that_it_is_theirs(lodge: Lodge) -> None:
    """That word would keep who booked anew meanwhile from being seen."""
    hold = back_under_hold(lodge)
    (line,) = (row["id"] for row in lodge.ours("returned") if row["state"] == "open")
    with pytest.raises(TransitionError, match="will be erased again"):
        theirs(lodge, line)
    lodge.later(days=2)
    made = lodge.now.replace(tzinfo=None)
    lodge.add(Booking(id=9, guest_id=9, external_ref="OB-90002", wishes="x", made_at=made))
    lifted(lodge, hold)
    assert lodge.worker() == {"lives": 1}


@pytest.mark.parametrize("statement", [False, True])
def test_an_undated_guest_whom_a_sweep_read_is_not_taken_along_with_a_booking(
    lodge: Lodge, statement: bool
) -> None:
    """Nobody knows when the profile was made; but it was there last night, the booking was not."""
    lodge.stayed()
    lodge.add(Guest(id=2, house="sh", full_name="Ann Berg", email="junior@x.example"))
    lodge.erased_guest()
    lodge.sweep()
    lodge.later(hours=1)
    values = {"id": 9, "guest_id": 2, "external_ref": "OB-77001", "wishes": "x", "amount": 100}
    if statement:
        lodge.session.execute(insert(Booking).values(**values))
    else:
        lodge.session.add(Booking(**values))
    lodge.session.commit()
    before = lodge.rows(Guest), lodge.rows(Booking)
    assert lodge.worker() == {"staff": 1}
    assert lodge.returns("staff") == [("lodge_bookings", "int:9", "perhaps-another", "staff")]
    assert (lodge.rows(Guest), lodge.rows(Booking)) == before


@pytest.mark.parametrize("known", [True, False])
def test_a_sweep_that_cannot_tell_a_new_profile_from_an_old_one_lets_people_decide(
    lodge: Lodge, known: bool
) -> None:
    """Of keys that do not count upwards no pass has an end: a profile that another process wrote
    may have been there all along, and only its contact be new."""
    lodge.stayed()
    lodge.erased_guest()
    lodge.sweep()
    if not known:
        with lodge.engine.begin() as conn:
            conn.execute(delete(tables.pulse).where(tables.pulse.c.name.like("returns:%")))
    lodge.later(hours=20)
    with lodge.engine.begin() as conn:
        conn.execute(insert(GUEST).values(id=9, name="Ann Berg", **SHARED))
    before = lodge.one(Guest, 9)
    assert lodge.sweep() == ({"returned": 1, "erased": 1} if known else {"returned-unclear": 1})
    if not known:
        assert lodge.returns("staff") == [("lodgers_", "int:9", "perhaps-another", "staff")]
        assert lodge.one(Guest, 9) == before
