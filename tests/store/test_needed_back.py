"""Rows that came back and of which the hotel still needs a part: they wait whole, as under a hold.

What a precondition names columns of would be emptied but for these, written down as kept, and
taken when the bill is paid, whoever the guest is by then.
"""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update

from flask_guesterase.core.policy import Blocker
from flask_guesterase.core.treatment import null, retain
from flask_guesterase.store.executing import finishing
from flask_guesterase.store.mapping.datamap import resolve
from tests.store.lodge import ANN, Base, Booking, Guest, Lodge, policies
from tests.store.test_guard_living import OLD, held, lifted
from tests.store.test_looked_again import OLD_STAY, refill

BILLS: Any = Booking.__table__


def owing(lodge: Lodge, *columns: str, table: str = "lodgers_") -> None:
    """Let a bill of more than 500 need some columns, and nothing else of its guest."""
    lodge.blockers = (
        Blocker(
            "open-folio", "lodge_bookings", lambda b, today: b.c.amount > 500,
            needs={table: columns},
        ),
    )  # fmt: skip


def owing_again(
    lodge: Lodge, *columns: str, table: str = "lodgers_", wishes: str | None = None
) -> str:
    """Erase the guest, and fill the profile again for an old stay of which a bill is open; return
    the number of the request."""
    lodge.stayed()
    number = lodge.erased_guest()
    owing(lodge, *columns, table=table)
    refill(lodge, email=ANN["email"])
    lodge.add(Booking(id=7, guest_id=1, made_at=OLD_STAY, wishes=wishes, amount=600))
    return number


def paid(lodge: Lodge) -> None:
    with lodge.engine.begin() as conn:
        conn.execute(update(BILLS).values(amount=1))


def waits(lodge: Lodge) -> list[str | None]:
    return [line["waiting_for"] for line in lodge.ours("returned")]


def people(lodge: Lodge) -> list[int]:
    """Return how many people each erasing again counted, in order."""
    again = [row for row in lodge.ours("entry") if row["action"] == "subject-erased-again"]
    return [json.loads(row["body"])["counts"]["people"] for row in again]


@pytest.mark.parametrize("columns", [["email"], ["full_name", "email"]])
def test_a_needed_profile_that_is_full_is_not_called_erased(
    database_url: str, tmp_path: Path, columns: list[str]
) -> None:
    """What else is theirs goes once, and its journal counts nobody; the profile waits with its
    line until the bill is paid, and is counted as erased then."""
    lodge = Lodge(database_url, tmp_path)
    number = owing_again(lodge, *columns, wishes="quiet")
    before = lodge.one(Guest, 1)
    assert lodge.sweep() == {"returned": 1, "open": 1}
    for _ in range(2):
        assert lodge.returns() == [("lodgers_", "int:1", "erased-key", "open")]
        assert waits(lodge) == ["open-folio"]
        assert lodge.one(Guest, 1) == before
        assert lodge.one(Booking, 7)["wishes"] is None  # type: ignore[index]
        assert (lodge.ours("kept"), people(lodge)) == ([], [0])
        lodge.later(days=1)
        assert lodge.sweep() == {"open": 1}
    paid(lodge)
    lodge.later(days=1)
    assert finishing.finish(lodge.run) == {}
    assert lodge.sweep() == {"erased": 1}
    assert (lodge.holds_ann(), people(lodge)) == ([], [0, 1])
    assert lodge.run(lambda office: office.show(number)["state"]) == "erased"
    lodge.close()


def test_who_books_anew_while_a_bill_needs_a_part_is_asked_about(lodge: Lodge) -> None:
    """Nothing takes the profile when the bill is paid, neither besides its line nor by it."""
    owing_again(lodge, "email")
    assert lodge.sweep() == {"returned": 1, "open": 1}
    lodge.later(days=2)
    made = lodge.now.replace(tzinfo=None)
    lodge.add(Booking(id=8, guest_id=1, made_at=made, wishes="late"))
    before = lodge.one(Guest, 1)
    paid(lodge)
    assert finishing.finish(lodge.run) == {}
    assert lodge.sweep() == {"staff": 1}
    assert lodge.one(Guest, 1) == before
    assert lodge.one(Booking, 8)["wishes"] == "late"  # type: ignore[index]


def test_a_new_profile_is_known_by_its_contact_as_long_as_a_bill_needs_a_part(
    lodge: Lodge,
) -> None:
    """What it is known by is not what is needed: it would be no longer known once that went."""
    lodge.stayed()
    lodge.erased_guest()
    owing(lodge, "loyalty_no")
    lodge.add(Guest(
        id=9, house="sh", made_on=OLD, full_name="Ann Berg", phone=ANN["phone"], loyalty_no="L 7"
    ))  # fmt: skip
    lodge.add(Booking(id=7, guest_id=9, made_at=OLD_STAY, wishes="quiet", amount=600))
    lodge.worker()
    for _ in range(2):
        assert lodge.returns() == [("lodgers_", "int:9", "erased-contact", "open")]
        assert lodge.one(Booking, 7)["wishes"] is None  # type: ignore[index]
        lodge.later(days=2)
        assert lodge.worker() == {"open": 1}
    paid(lodge)
    lodge.later(days=2)
    assert lodge.worker() == {"erased": 1}
    assert lodge.one(Guest, 9)["phone"] is None  # type: ignore[index]
    assert lodge.one(Guest, 9)["loyalty_no"] is None  # type: ignore[index]


def test_of_a_profile_under_a_hold_and_a_bill_it_is_told_what_keeps_it(lodge: Lodge) -> None:
    """A hold keeps all of it, the bill a part: what lasts longer is told once it is alone."""
    lodge.stayed()
    lodge.erased_guest()
    owing(lodge, "email")
    hold = held(lodge, "1")
    refill(lodge, email=ANN["email"])
    lodge.add(Booking(id=7, guest_id=1, made_at=OLD_STAY, wishes="quiet", amount=600))
    assert lodge.sweep() == {"returned": 1, "open": 1}
    assert waits(lodge) == ["legal-duty"]
    lifted(lodge, hold)
    lodge.later(days=1)
    assert lodge.sweep() == {"open": 1}
    assert (waits(lodge), people(lodge)) == (["open-folio"], [0])


def test_what_a_bill_needs_of_another_table_keeps_no_profile(lodge: Lodge) -> None:
    """The row that its line is about goes; what is needed elsewhere is written down as kept."""
    owing_again(lodge, "wishes", table="lodge_bookings", wishes="quiet")
    assert lodge.sweep() == {"returned": 1, "erased": 1}
    assert [(row["table_name"], row["open"]) for row in lodge.ours("kept")] == [
        ("lodge_bookings", "open-folio")
    ]
    paid(lodge)
    finishing.finish(lodge.run)
    assert lodge.one(Booking, 7)["wishes"] is None  # type: ignore[index]


def test_what_would_stay_anyway_keeps_no_profile(lodge: Lodge) -> None:
    """A bill that needs to know which house it was of waits for nothing that goes."""
    owing_again(lodge, "house")
    assert lodge.sweep() == {"returned": 1, "erased": 1}
    assert (lodge.holds_ann(), lodge.ours("kept")) == ([], [])


def test_what_the_law_keeps_anyway_keeps_no_profile_whole(lodge: Lodge) -> None:
    """The bill waits for nothing that goes before the law's own time is over."""
    guests, *others = policies()
    columns = {**guests[1].columns, "loyalty_no": retain("invoice", null)}
    given = [(Guest, replace(guests[1], columns=columns)), *others]
    tables, mappers = Base.metadata.tables.values(), list(Base.registry.mappers)
    lodge.datamap = resolve(given, tables, mappers)
    lodge.stayed(loyalty_no="L 7")
    lodge.erased_guest()
    owing(lodge, "loyalty_no")
    refill(lodge, email=ANN["email"])
    lodge.add(Booking(id=7, guest_id=1, made_at=OLD_STAY, amount=600))
    assert lodge.sweep() == {"returned": 1, "erased": 1}
    assert lodge.holds_ann() == []
    assert lodge.one(Guest, 1)["loyalty_no"] == "L 7"  # type: ignore[index]


def test_after_ninety_days_the_officer_is_asked_to_look_at_a_bill_that_keeps_a_profile(
    lodge: Lodge,
) -> None:
    """Nobody closes the bill, and all of an erased guest stands there as long: once, and until
    it waits no more; of what a hold keeps the hold's own reviews ask."""
    lodge.stayed()
    number = lodge.erased_guest()
    owing(lodge, "email")
    hold = held(lodge, "1")
    refill(lodge, email=ANN["email"])
    lodge.add(Booking(id=7, guest_id=1, made_at=OLD_STAY, amount=600))
    assert lodge.sweep() == {"returned": 1, "open": 1}

    def stuck() -> int:
        asked: int = lodge.run(lambda office: office.stuck())
        return asked

    def tasks() -> list[tuple[str, bool]]:
        known = [task for task in lodge.ours("task") if task["kind"] == "stuck"]
        return [(task["name"], task["done_at"] is not None) for task in known]

    lodge.later(days=91)
    lodge.sweep()
    assert stuck() == 0
    lifted(lodge, hold)
    lodge.later(days=1)
    assert (lodge.sweep(), waits(lodge)) == ({"open": 1}, ["open-folio"])
    assert ([stuck(), stuck()], tasks()) == ([1, 0], [(number, False)])
    (body,) = (json.loads(e["body"]) for e in lodge.ours("entry") if e["action"] == "request-stuck")
    assert body["grounds"] == ["open-folio"]
    paid(lodge)
    lodge.later(days=1)
    assert lodge.sweep() == {"erased": 1}
    assert (stuck(), tasks()) == (0, [(number, True)])


def test_a_booking_of_which_a_part_is_needed_waits_with_the_number_it_is_known_by(
    lodge: Lodge,
) -> None:
    """A line may be about a record: it is no longer known once its number went."""
    lodge.stayed()
    number = lodge.erased_guest()
    owing(lodge, "wishes", table="lodge_bookings")
    lodge.add(Booking(
        id=7, guest_id=1, external_ref="OB-77001", made_at=OLD_STAY, wishes="quiet", amount=600
    ))  # fmt: skip
    before = lodge.one(Booking, 7)
    assert lodge.sweep()["open"] > 0
    for _ in range(2):
        assert (waits(lodge), lodge.ours("kept")) == (["open-folio"], [])
        assert lodge.one(Booking, 7) == before
        lodge.later(days=1)
        assert lodge.sweep() == {"open": 1}
    paid(lodge)
    lodge.later(days=1)
    assert lodge.sweep() == {"erased": 1}
    assert lodge.holds_ann() == []
    assert lodge.one(Booking, 7)["wishes"] is None  # type: ignore[index]
    assert lodge.run(lambda office: office.show(number)["state"]) == "erased"


def test_a_profile_of_which_a_part_is_needed_and_that_lives_is_left_alone(lodge: Lodge) -> None:
    """Nothing is kept of it that would go when the bill is paid."""
    owing_again(lodge, "email")
    assert lodge.sweep() == {"returned": 1, "open": 1}
    (line,) = lodge.ours("returned")
    lodge.run(lambda office: office.settle_return(line["id"], "clerk", False))
    before = lodge.one(Guest, 1)
    paid(lodge)
    lodge.later(days=1)
    assert finishing.finish(lodge.run) == {}
    assert (lodge.sweep(), lodge.one(Guest, 1)) == ({}, before)
