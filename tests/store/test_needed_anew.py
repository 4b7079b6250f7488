"""Parts that an open bill needs, written anew by who booked again: they wait for a word of staff.

Of a value that stood there all along nothing waits, unless its row is laid before staff: it is of
the old stay, and goes with it.
"""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import event, select, update

from flask_guesterase.core.policy import Blocker
from flask_guesterase.core.treatment import keep, null, retain
from flask_guesterase.store import tables
from flask_guesterase.store.casework.cases import load
from flask_guesterase.store.certificates.restated import restated
from flask_guesterase.store.erasing import people
from flask_guesterase.store.executing import anew, finishing
from flask_guesterase.store.mapping.datamap import resolve
from flask_guesterase.store.retaining import vouching
from flask_guesterase.store.retaining.vouching import NO_FACTS
from tests.store.lodge import ANN, Base, Booking, Guest, Lodge, Member, elsewhere, policies
from tests.store.test_guard_living import GUEST, OLD, held, lifted, theirs
from tests.store.test_looked_again import OLD_STAY, refill
from tests.store.test_needed_back import owing, paid
from tests.store.test_two_steps import ended, half_erased, name, ruled, written

NEW = {"email": "new@mail.example"}
OWN = ("lodgers_", "int:1", "erased-key")


def booked(lodge: Lodge) -> None:
    """Let the guest book again, two days after the erasure."""
    lodge.later(days=2)
    made = lodge.now.replace(tzinfo=None)
    lodge.add(Booking(id=8, guest_id=1, made_at=made, wishes="late"))


def typed(lodge: Lodge, **values: Any) -> None:
    """Write into the profile past every session."""
    with lodge.engine.begin() as conn:
        conn.execute(update(GUEST).where(GUEST.c.id == 1).values(**values))


def email(lodge: Lodge) -> Any:
    row = lodge.one(Guest, 1)
    return row and row["email"]


def lives(lodge: Lodge) -> None:
    """Let a clerk say of the only row on *Came back* that it lives."""
    (line,) = (row for row in lodge.ours("returned") if row["state"] == "staff")
    lodge.run(lambda office: office.settle_return(line["id"], "clerk", False))


def settled(lodge: Lodge, living: bool) -> None:
    """Let a clerk say of that row that it lives, or is theirs, and do what follows of it."""
    if living:
        lives(lodge)
    else:
        theirs(lodge, lodge.ours("returned")[0]["id"])
        lodge.later(days=1)
    finishing.finish(lodge.run)
    lodge.sweep()


def nights(lodge: Lodge, many: int = 2) -> None:
    """Let nights pass in which nothing goes."""
    for _ in range(many):
        lodge.later(days=1)
        assert finishing.finish(lodge.run) == {}
        assert lodge.sweep() == {}


def told(lodge: Lodge, number: str) -> dict[str, set[str]]:
    """Return how an ended request says that each column of the profile ended."""

    def look(office: Any) -> Any:
        case = load(office.work, number)
        return case.decisions, restated(office.work, number, case.decisions)

    then, now = lodge.run(look)
    said: list[dict[str, set[str]]] = []
    for decisions in (then, now):
        found: dict[str, set[str]] = {}
        for item in decisions["did"]:
            if item["table"] == "lodgers_":
                found.setdefault(item["outcome"], set()).update(item["columns"])
        said.append(found)
    assert said[0] == said[1]
    return said[0]


def with_staff(lodge: Lodge) -> str:
    """Erase a guest of whom a bill needs the address, let them book again under a new one, and
    lay the profile before staff; return the number of the request."""
    number = half_erased(lodge)
    booked(lodge)
    written(lodge, full_name="Ann Berg", **NEW)
    assert lodge.worker() == {"staff": 1}
    return number


def test_what_was_written_anew_waits_with_its_row_and_lives_with_it(any_lodge: Lodge) -> None:
    """The bill is paid, and staff have not said yet whose the row is: once it lives, all does."""
    lodge = any_lodge
    number = with_staff(lodge)
    paid(lodge)
    nights(lodge)
    assert (email(lodge), ended(lodge, number)) == (NEW["email"], "sealed")
    lives(lodge)
    assert finishing.finish(lodge.run) == {"ended": 1}
    assert (name(lodge), email(lodge)) == ("Ann Berg", NEW["email"])
    assert lodge.state(number) == "erased"
    outcomes = told(lodge, number)
    assert outcomes["share"] == {"email"}
    assert "email" not in outcomes["overwrite"]
    nights(lodge)
    assert email(lodge) == NEW["email"]


def test_what_lives_is_kept_by_no_bill_any_more(lodge: Lodge) -> None:
    """Staff say so before the bill is paid: nothing waits for it."""
    number = with_staff(lodge)
    lives(lodge)
    assert finishing.finish(lodge.run) == {"ended": 1}
    paid(lodge)
    nights(lodge)
    assert (email(lodge), lodge.state(number)) == (NEW["email"], "erased")


def test_what_lives_is_hidden_no_more_where_no_rule_takes_it_by_now(lodge: Lodge) -> None:
    """The vendor declared meanwhile that it stays, and staff say that the guest lives."""
    number = with_staff(lodge)
    ruled(lodge, email=keep("which house"))
    nights(lodge)
    lives(lodge)
    assert finishing.finish(lodge.run) == {"ended": 1}
    assert (email(lodge), lodge.state(number)) == (NEW["email"], "erased")
    assert told(lodge, number)["share"] == {"email"}


@pytest.mark.parametrize("before", [False, True])
def test_what_was_written_anew_goes_where_staff_say_that_it_is_theirs(
    any_lodge: Lodge, before: bool
) -> None:
    """The same person, erased again, whether the bill is paid by then or later."""
    lodge = any_lodge
    number = with_staff(lodge)
    if not before:
        paid(lodge)
        nights(lodge, 1)
    (line,) = lodge.ours("returned")
    theirs(lodge, line["id"])
    if before:
        lodge.worker()
        paid(lodge)
    lodge.later(days=1)
    assert finishing.finish(lodge.run) == {"finished": 1}
    assert lodge.sweep() == {"erased": 1}
    assert (name(lodge), ended(lodge, number)) == ("[erased]", "erased")
    assert email(lodge) != NEW["email"]
    assert "share" not in told(lodge, number)


@pytest.mark.parametrize("column", ["email", "full_name", "every"])
def test_a_part_that_was_written_anew_past_every_look_is_laid_before_staff(
    any_lodge: Lodge, column: str
) -> None:
    """Nothing else tells of them but the stay that they booked since."""
    lodge = any_lodge
    columns = ["full_name", "email", "phone", "document_no", "loyalty_no"]
    number = half_erased(lodge, *(columns if column == "every" else [column]))
    booked(lodge)
    typed(lodge, **(NEW if column != "full_name" else {"name": "Ann Roe"}))
    before = lodge.one(Guest, 1)
    paid(lodge)
    lodge.sweep()
    assert finishing.finish(lodge.run) == {}
    assert lodge.returns() == [(*OWN, "staff")]
    nights(lodge)
    assert (lodge.one(Guest, 1), ended(lodge, number)) == (before, "sealed")
    lives(lodge)
    assert finishing.finish(lodge.run) == {"ended": 1}
    assert (lodge.one(Guest, 1), lodge.state(number)) == (before, "erased")


def test_a_part_that_was_laid_before_staff_goes_where_it_is_theirs(lodge: Lodge) -> None:
    """Nobody is asked a second time about the stay of which they knew."""
    number = half_erased(lodge)
    booked(lodge)
    typed(lodge, **NEW)
    paid(lodge)
    assert finishing.finish(lodge.run) == {}
    (line,) = lodge.ours("returned")
    lodge.later(days=1)
    theirs(lodge, line["id"])
    lodge.later(days=1)
    assert finishing.finish(lodge.run)["finished"] == 1
    lodge.worker()
    assert (lodge.returns("staff"), ended(lodge, number)) == ([], "erased")
    assert email(lodge) != NEW["email"]


@pytest.mark.parametrize("seen", [False, True])
def test_what_goes_under_a_later_request_is_asked_about_by_no_earlier_one(
    any_lodge: Lodge, seen: bool
) -> None:
    """Who booked again asked again: their new address goes with the bill, as both requests say."""
    lodge = any_lodge
    first = half_erased(lodge)
    booked(lodge)
    if seen:
        written(lodge, full_name="Ann Berg", document_no=ANN["document_no"], **NEW)
        assert lodge.worker() == {"staff": 1}
    else:
        typed(lodge, document_no=ANN["document_no"], **NEW)
    second = lodge.erased_guest()
    assert email(lodge) == NEW["email"]
    paid(lodge)
    lodge.later(days=1)
    lodge.sweep()
    assert finishing.finish(lodge.run)["finished"] == 1
    lodge.sweep()
    assert lodge.returns("staff") == []
    assert {ended(lodge, each) for each in (first, second)} == {"erased"}
    assert email(lodge) != NEW["email"]


def test_a_request_for_them_is_the_answer_about_a_part_too(any_lodge: Lodge) -> None:
    """Nobody has to say anything about a part that another request took; before it, they have."""
    lodge = any_lodge
    first = half_erased(lodge)
    booked(lodge)
    typed(lodge, **NEW)
    paid(lodge)
    assert finishing.finish(lodge.run) == {}
    nights(lodge)
    assert lodge.returns() == [(*OWN, "staff")]
    typed(lodge, name=ANN["full_name"], document_no=ANN["document_no"])
    second = lodge.erased_guest()
    for _ in range(2):
        lodge.sweep()
        finishing.finish(lodge.run)
        lodge.later(days=1)
    assert lodge.returns() == [(*OWN, "gone")]
    assert {ended(lodge, each) for each in (first, second)} == {"erased"}
    assert email(lodge) != NEW["email"]


def test_a_value_is_known_as_new_after_another_part_of_its_row_went(any_lodge: Lodge) -> None:
    """What is left of a line is written down anew, with what stood there as it was first kept."""
    lodge = any_lodge
    lodge.stayed()
    lodge.add(Booking(id=7, guest_id=1, made_at=OLD_STAY, amount=600))
    lodge.blockers = tuple(
        Blocker(name, "lodge_bookings", _over(most), needs={"lodgers_": [column]})
        for name, most, column in (("open-folio", 500, "email"), ("deposit", 550, "phone"))
    )
    lodge.erased_guest()
    typed(lodge, **NEW)
    with lodge.engine.begin() as conn:
        conn.execute(update(Booking.__table__).where(Booking.id == 7).values(amount=520))
    assert finishing.finish(lodge.run) == {"finished": 1}
    booked(lodge)
    paid(lodge)
    assert finishing.finish(lodge.run) == {}
    assert (lodge.returns("staff"), email(lodge)) == ([(*OWN, "staff")], NEW["email"])


def _over(most: int) -> Any:
    return lambda b, today: b.c.amount > most


@pytest.mark.parametrize("paid_first", [False, True])
@pytest.mark.parametrize("living", [False, True])
def test_a_part_that_a_hold_keeps_meanwhile_waits_as_well(
    any_lodge: Lodge, paid_first: bool, living: bool
) -> None:
    """What is written anew under the hold does not go as it is lifted, unless it is theirs."""
    lodge = any_lodge
    number = half_erased(lodge)
    hold = held(lodge, "1")
    nights(lodge, 1)
    assert [row["mode"] for row in lodge.ours("kept") if row["ended_at"] is None] == ["held"]
    booked(lodge)
    typed(lodge, **NEW)
    nights(lodge, 1)
    if paid_first:
        paid(lodge)
        nights(lodge, 1)
    lifted(lodge, hold)
    paid(lodge)
    nights(lodge, 1)
    assert lodge.returns("staff") == [(*OWN, "staff")]
    settled(lodge, living)
    assert ((email(lodge) == NEW["email"]), ended(lodge, number)) == (living, "erased")


def by_law(lodge: Lodge, *columns: str) -> None:
    """Let the law keep columns of a profile in it for some months, the address if none is named."""
    (guest, policy), *others = policies()
    kept = dict.fromkeys(columns or ["email"], retain("access_log", null))
    policy = replace(
        policy, columns={**policy.columns, **kept},
        clock={"created": "made_on", "recorded": "made_on"},
    )  # fmt: skip
    mappers = list(Base.registry.mappers)
    lodge.datamap = resolve([(guest, policy), *others], Base.metadata.tables.values(), mappers)
    lodge.grants["officer"].add("law")
    lodge.run(lambda office: office.sign_pack("CN", "officer"))


@pytest.mark.parametrize("word", ["unseen", "lives", "theirs", "old"])
def test_what_was_written_anew_into_a_part_that_the_law_keeps_does_not_go_on_its_day(
    any_lodge: Lodge, word: str
) -> None:
    """It waits for a word of staff; what stood there all along goes on its day."""
    lodge = any_lodge
    by_law(lodge)
    lodge.stayed()
    number = lodge.erased_guest()
    booked(lodge)
    if word == "unseen":
        typed(lodge, **NEW)
    else:
        written(lodge, full_name="Ann Berg", **({} if word == "old" else NEW))
        assert lodge.worker() == {"staff": 1}
    if word in ("lives", "old"):
        lives(lodge)
    lodge.later(days=200)
    done = finishing.finish(lodge.run)
    if word in ("unseen", "theirs"):
        assert (done, email(lodge)) == ({}, NEW["email"])
        if word == "theirs":
            theirs(lodge, lodge.ours("returned")[0]["id"])
            lodge.later(days=1)
        else:
            lives(lodge)
        finishing.finish(lodge.run)
        lodge.sweep()
    living = word in ("unseen", "lives")
    assert (email(lodge), ended(lodge, number)) == (NEW["email"] if living else None, "erased")
    assert lodge.ours("kept")[-1]["facts"] == NO_FACTS


@pytest.mark.parametrize("new", [False, True])
def test_what_the_law_kept_goes_as_well_where_a_hold_came_over_it(lodge: Lodge, new: bool) -> None:
    """Nothing else needed it: what stood there all along does not live by a word about its row."""
    by_law(lodge)
    lodge.stayed()
    number = lodge.erased_guest()
    booked(lodge)
    written(lodge, full_name="Ann Berg", **(NEW if new else {}))
    assert lodge.worker() == {"staff": 1}
    lives(lodge)
    hold = held(lodge, "1")
    lodge.later(days=200)
    finishing.finish(lodge.run)
    assert email(lodge) == (NEW if new else ANN)["email"]
    lifted(lodge, hold)
    lodge.later(days=1)
    finishing.finish(lodge.run)
    assert (email(lodge), ended(lodge, number)) == (NEW["email"] if new else None, "erased")


def test_no_mark_of_what_stood_there_outlives_it(lodge: Lodge) -> None:
    """For who has the key it tells whether somebody's address stood there."""
    half_erased(lodge)
    (line,) = lodge.ours("kept")
    assert list(json.loads(line["facts"])[vouching.STOOD]) == ["email"]
    paid(lodge)
    assert finishing.finish(lodge.run)["finished"] == 1
    (line,) = lodge.ours("kept")
    assert (line["facts"], line["ended_at"] is not None) == (NO_FACTS, True)


def test_many_parts_are_compared_with_few_statements(lodge: Lodge) -> None:
    """They wait for long, and are looked at each night."""
    costs = []
    for many in (5, 25):
        address = f"bo{many}@mail.example"
        lodge.add(Guest(id=many, house="sh", made_on=OLD, full_name="Bo", email=address))
        lodge.add(*(
            Booking(id=100 * many + n, guest_id=many, made_at=OLD_STAY, amount=600,
                    external_ref=f"R{many}-{n}")
            for n in range(many)
        ))  # fmt: skip
        needs = {"lodge_bookings": ["external_ref"]}
        lodge.blockers = (Blocker("open-folio", "lodge_bookings", _over(500), needs=needs),)
        number = lodge.erased_guest(email=address)
        said: list[str] = []

        def note(_c: Any, _u: Any, text: str, *_: Any, said: list[str] = said) -> None:
            said.append(text)

        def look(office: Any, number: str = number, note: Any = note) -> None:
            work, kept = office.work, tables.kept
            lines = work.conn.execute(select(kept).where(kept.c.request == number)).all()
            who = frozenset(people.taken(work, number))
            event.listen(work.conn, "before_cursor_execute", note)
            assert anew.due(work, lines, who, load(work, number).erased_at) == lines

        lodge.run(look)
        costs.append(len(said))
    # Each row is found by its key.
    assert costs[1] - costs[0] <= 20


def test_a_new_address_without_a_new_stay_goes_with_the_bill(lodge: Lodge) -> None:
    """It is the bill's: nobody booked again."""
    number = half_erased(lodge)
    typed(lodge, **NEW)
    paid(lodge)
    assert finishing.finish(lodge.run) == {"finished": 1, "ended": 1}
    assert (lodge.returns(), lodge.state(number)) == ([], "erased")
    assert email(lodge) != NEW["email"]


@pytest.mark.parametrize("facts", [None, NO_FACTS])
def test_the_old_address_goes_though_they_booked_again(lodge: Lodge, facts: str | None) -> None:
    """What stood there all along is of the old stay; where nobody knows, staff are asked."""
    half_erased(lodge)
    booked(lodge)
    if facts is not None:
        with lodge.engine.begin() as conn:
            conn.execute(update(tables.kept).values(facts=facts))
    paid(lodge)
    done = finishing.finish(lodge.run)
    if facts is None:
        assert done["finished"] == 1
        assert (email(lodge) == ANN["email"], lodge.returns()) == (False, [])
    else:
        assert (done, email(lodge)) == ({}, ANN["email"])
        assert lodge.returns() == [(*OWN, "staff")]


def test_the_old_number_goes_though_no_rule_takes_the_address_by_now(lodge: Lodge) -> None:
    """It stood there all along; of it no mark is left, and of the address that of what stands."""
    number = half_erased(lodge, "email", "phone")
    booked(lodge)
    ruled(lodge, email=keep("which house"))
    paid(lodge)
    assert finishing.finish(lodge.run)["finished"] == 1
    assert (email(lodge), lodge.one(Guest, 1)["phone"]) == (ANN["email"], None)
    (line,) = (row for row in lodge.ours("kept") if row["ended_at"] is None)
    assert (line["columns"], list(json.loads(line["facts"])["stood"])) == ('["email"]', ["email"])
    nights(lodge)
    ruled(lodge)
    assert finishing.finish(lodge.run)["finished"] == 1
    assert (lodge.returns(), ended(lodge, number)) == ([], "erased")
    assert email(lodge) != ANN["email"]


def test_a_row_that_goes_by_itself_is_looked_at_once_more_before_its_part_goes(
    lodge: Lodge,
) -> None:
    """They booked again while it waited for the bill, and the night is faster than the worker."""
    half_erased(lodge)
    lodge.later(days=1)
    refill(lodge)
    assert lodge.sweep() == {"returned": 1, "open": 1}
    booked(lodge)
    typed(lodge, **NEW)
    paid(lodge)
    assert finishing.finish(lodge.run) == {}
    assert lodge.worker() == {"staff": 1}
    nights(lodge)
    lives(lodge)
    finishing.finish(lodge.run)
    assert (name(lodge), email(lodge)) == ("Ann Berg", NEW["email"])


def test_a_part_that_was_seen_waits_until_it_is_judged_and_is_then_asked_about(
    lodge: Lodge,
) -> None:
    """Nothing else was filled, so that who was seen is nobody: but their stay is a new one."""
    half_erased(lodge)
    booked(lodge)
    written(lodge, **NEW)
    paid(lodge)
    assert finishing.finish(lodge.run) == {}
    assert lodge.returns() == [(*OWN, "there")]
    assert (lodge.worker(), lodge.returns()) == ({}, [])
    nights(lodge)
    assert (lodge.returns(), email(lodge)) == ([(*OWN, "staff")], NEW["email"])


def test_a_stay_at_another_companys_hotel_asks_about_no_part_here(any_lodge: Lodge) -> None:
    """What it holds is nothing to go by here, and nobody hears of it."""
    lodge = any_lodge
    elsewhere(lodge)
    number = half_erased(lodge)
    booked(lodge)
    typed(lodge, **NEW)
    paid(lodge)
    assert finishing.finish(lodge.run) == {"finished": 1, "ended": 1}
    assert (lodge.returns(), lodge.state(number)) == ([], "erased")
    assert email(lodge) != NEW["email"]


def test_who_books_at_another_companys_hotel_is_asked_about_no_second_time_here(
    lodge: Lodge,
) -> None:
    """What staff called theirs goes, whatever was booked there since."""
    elsewhere(lodge)
    half_erased(lodge)
    lodge.later(days=2)
    made = lodge.now.replace(tzinfo=None)
    lodge.add(Booking(id=8, guest_id=1, made_at=made, wishes="soon"))
    written(lodge, full_name="Ann Berg", **NEW)
    assert lodge.worker() == {"staff": 1}
    paid(lodge)
    hold = held(lodge, "1")
    theirs(lodge, lodge.ours("returned")[0]["id"])
    assert lodge.worker() == {"open": 1}
    lodge.later(days=2)
    made = lodge.now.replace(tzinfo=None)
    lodge.add(Booking(id=9, guest_id=1, made_at=made, wishes="late"))
    lifted(lodge, hold)
    lodge.later(days=1)
    assert lodge.worker() == {"erased": 1}
    assert name(lodge) == "[erased]"


def test_the_old_value_of_a_row_with_staff_waits_with_it(any_lodge: Lodge) -> None:
    """It is theirs who lives, if they do: nothing of a row goes that staff are asked about."""
    lodge = any_lodge
    number = half_erased(lodge)
    booked(lodge)
    written(lodge, full_name="Ann Berg")
    assert lodge.worker() == {"staff": 1}
    paid(lodge)
    nights(lodge)
    lives(lodge)
    assert finishing.finish(lodge.run) == {"ended": 1}
    assert (email(lodge), told(lodge, number)["share"]) == (ANN["email"], {"email"})


@pytest.mark.parametrize("anew", [True, False])
def test_a_part_in_another_table_goes_by_whose_it_is(any_lodge: Lodge, anew: bool) -> None:
    """What they wrote anew lives with their profile; of the old stay nothing does."""
    lodge = any_lodge
    lodge.stayed()
    lodge.add(Member(number="M 1", guest_id=1, email=ANN["email"]))
    lodge.add(Booking(id=7, guest_id=1, made_at=OLD_STAY, amount=600))
    owing(lodge, "email", table="lodge_members")
    number = lodge.erased_guest()
    booked(lodge)
    written(lodge, full_name="Ann Berg")
    assert lodge.worker() == {"staff": 1}
    if anew:
        with lodge.engine.begin() as conn:
            conn.execute(update(Member.__table__).values(**NEW))
    paid(lodge)
    done = finishing.finish(lodge.run)
    member = lodge.one(Member, "M 1")
    assert (done.get("finished", 0), member and member["email"]) == (
        (0, NEW["email"]) if anew else (1, None)
    )
    lives(lodge)
    finishing.finish(lodge.run)
    member = lodge.one(Member, "M 1")
    assert (member and member["email"], ended(lodge, number)) == (
        NEW["email"] if anew else None, "erased"
    )


def test_after_ninety_days_the_officer_is_asked_about_a_part_that_waits_with_staff(
    lodge: Lodge,
) -> None:
    """Nobody says whose it is: once, and until somebody does."""
    number = with_staff(lodge)
    paid(lodge)
    finishing.finish(lodge.run)
    lodge.later(days=91)
    finishing.finish(lodge.run)
    assert [lodge.run(lambda office: office.stuck()) for _ in range(2)] == [1, 0]
    (body,) = (json.loads(e["body"]) for e in lodge.ours("entry") if e["action"] == "request-stuck")
    assert body["grounds"] == ["open-folio", "perhaps-back"]
    lives(lodge)
    finishing.finish(lodge.run)
    assert lodge.run(lambda office: office.stuck()) == 0
    (task,) = (task for task in lodge.ours("task") if task["kind"] == "stuck")
    assert (task["name"], task["done_at"] is not None) == (number, True)
