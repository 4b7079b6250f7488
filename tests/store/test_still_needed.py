"""What a precondition still needs of who ran out by themselves: it stays as long as that stands."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from sqlalchemy import Column, Date, Integer, MetaData, String, Table, event, insert, select, update

from flask_guesterase.core.policy import Blocker, Equal, Policy, Subject
from flask_guesterase.core.treatment import delete, keep, null
from flask_guesterase.store.comeback import reconcile
from flask_guesterase.store.executing import expiry, finishing
from flask_guesterase.store.mapping.datamap import resolve
from flask_guesterase.store.retaining.keeping import Origin
from flask_guesterase.store.returning.again import Fate
from flask_guesterase.store.returning.returned import Seen, note
from flask_guesterase.store.sweeping.claiming import Shift
from tests.store.hotel import read_through
from tests.store.test_expiry import BILLS, METADATA, PEOPLE, Inn, any_inn, inn
from tests.store.test_letter_case import LOOSE

__all__ = ["any_inn", "inn"]


LINES = Table(
    "lines", MetaData(), Column("id", Integer, primary_key=True), Column("person", Integer),
    Column("other", Integer), Column("text", String(80)), Column("room", String(20)),
    Column("dated", Date),
)  # fmt: skip
UNDATED = Policy(
    {"text": null, "room": null, "dated": keep("statistics")},
    via={Equal({"person": "id"}, to="people"): [], Equal({"other": "id"}, to="people"): []},
)
DATED = replace(UNDATED, category="reservation", clock={"last_activity": "dated"})


def folios(
    inn: Inn, needs: dict[str, list[str]] | None, lines: Policy | None = None, **profile: Any
) -> None:
    """Let the hotel need of whose bill is open what is given, or everything.

    :param lines: what becomes of lines about guests, where there are any.
    :param profile: what the policy of profiles says otherwise than the inn's.
    """
    people, bills = inn.datamap.tables["people"].policy, inn.datamap.tables["bills"].policy
    columns = {**bills.columns, "role": keep("no name"), "letter": keep("open or paid")}
    declared = [
        (PEOPLE, replace(people, **profile)), (BILLS, replace(bills, columns=columns, facts={}))
    ]
    if lines is not None:
        LINES.create(inn.engine)
        declared.append((LINES, lines))
    inn.datamap = resolve(declared, [*METADATA.tables.values(), LINES], [])
    inn.blockers = (
        Blocker("open-folio", "bills", lambda bills, today: bills.c.letter == "open", needs=needs),
    )


NEEDS = {"people": ["email"], "bills": ["payer"]}


def night(inn: Inn) -> None:
    """Let go of what goes by its day, as a sweep does."""
    finishing.finish_dated(inn.run, frozenset(), Shift())
    expiry.expire(inn.run)
    finishing.finish_undated(inn.run, frozenset(), Shift())


def living(inn: Inn) -> list[tuple[str, str, str]]:
    """Return table, key and mode of what is kept."""
    return sorted(
        (row["table_name"], row["row_key"], row["mode"])
        for row in inn.ours("kept") if row["ended_at"] is None
    )  # fmt: skip


def test_what_an_open_folio_needs_stays_until_it_is_paid(any_inn: Inn) -> None:
    """Address and payer stay past every day of theirs, and go once nothing needs them (P3)."""
    inn = any_inn
    folios(inn, NEEDS)
    for id, state in ((1, "open"), (2, "paid")):
        inn.person(id, date(2022, 1, 1), visa=None)
        inn.bill(id, one=id, letter=state, dated=date(2025, 1, 1))
    night(inn)
    assert inn.read(PEOPLE)["email"] == "p1@mail.example"
    assert (inn.read(PEOPLE)["name"] == "Ann Berg", inn.read(PEOPLE, 2)["email"]) == (False, None)
    inn.later(days=3 * 366)
    night(inn)
    assert (inn.read(PEOPLE)["email"], inn.read(BILLS)["payer"]) == ("p1@mail.example", "Ann Berg")
    assert inn.read(BILLS, 2)["payer"] is None
    assert living(inn) == [("bills", "int:1", "blocked"), ("people", "int:1", "blocked")]
    inn.set(BILLS, 1, letter="paid")
    inn.later(days=1)
    night(inn)
    assert (inn.read(PEOPLE)["email"], inn.read(BILLS)["payer"]) == (None, None)
    assert living(inn) == []


def test_who_is_back_keeps_what_was_only_needed_before(any_inn: Inn) -> None:
    """The old folio is paid, and its guest stays again: their own day counts from here on."""
    inn = any_inn
    folios(inn, NEEDS)
    inn.person(1, date(2022, 1, 1), visa=None)
    inn.bill(1, one=1, letter="open", dated=date(2025, 1, 1))
    night(inn)
    assert living(inn) == [("bills", "int:1", "place"), ("people", "int:1", "blocked")]
    inn.set(PEOPLE, 1, name="Ann Berg", seen=inn.now.date())
    inn.set(BILLS, 1, letter="paid")
    inn.later(days=1)
    night(inn)
    guest = inn.read(PEOPLE)
    assert (guest["name"], guest["email"]) == ("Ann Berg", "p1@mail.example")
    assert ("people", "int:1", "blocked") not in living(inn)
    inn.later(days=5 * 366)
    night(inn)
    assert inn.read(PEOPLE)["email"] is None


@pytest.mark.parametrize("lives", [True, False])
def test_what_was_needed_of_a_row_that_is_with_staff_waits_for_their_word(
    any_inn: Inn, lives: bool
) -> None:
    """The folio is paid meanwhile: nobody has said yet whose the profile is by now."""
    inn = any_inn
    folios(inn, NEEDS)
    inn.person(1, date(2022, 1, 1), visa=None)
    inn.bill(1, one=1, letter="open", dated=date(2025, 1, 1))
    night(inn)
    inn.later(days=2)
    inn.set(PEOPLE, 1, name="Ann Berg", email="new@mail.example")
    origin = Origin(None, "kauri-ltd", "sh")
    seen = Seen(origin, "people", "int:1", "erased-key", "sweep", Fate.STAFF)
    inn.run(lambda office: note(office.work, seen))
    (row,) = inn.ours("returned")
    inn.set(BILLS, 1, letter="paid")
    inn.later(days=1)
    for _ in range(2):
        finishing.finish(inn.run)
        assert inn.read(PEOPLE)["email"] == "new@mail.example"
        assert ("people", "int:1", "blocked") in living(inn)
    inn.run(lambda office: office.settle_return(row["id"], "clerk", not lives))
    finishing.finish(inn.run)
    assert inn.read(PEOPLE)["email"] == ("new@mail.example" if lives else None)
    assert ("people", "int:1", "blocked") not in living(inn)


def test_a_row_that_is_with_staff_goes_on_its_own_day_all_the_same(inn: Inn) -> None:
    """Whosever it is, that day is the law's (P3): a word could only let it live until then."""
    origin = Origin(None, "kauri-ltd", "sh")
    for id, last in ((1, date(2022, 1, 1)), (2, date(2026, 3, 1))):
        inn.person(id, last, visa=None)
        seen = Seen(origin, "people", f"int:{id}", "erased-key", "sweep", Fate.STAFF)
        inn.run(lambda office, seen=seen: note(office.work, seen))
    night(inn)
    reconcile.reconcile(inn.run)
    assert [inn.read(PEOPLE, id)["name"] == "Ann Berg" for id in (1, 2)] == [False, True]
    assert inn.ours("returned")[0]["state"] == "gone"


def line(inn: Inn, **values: Any) -> None:
    """Put a line about a guest on file."""
    with inn.engine.begin() as conn:
        conn.execute(insert(LINES).values(id=1, person=1, text="Ann Berg", room="12", **values))


@pytest.mark.parametrize("lines", [UNDATED, DATED])
def test_what_is_needed_of_a_guests_record_goes_once_nothing_needs_it(
    any_inn: Inn, lines: Policy
) -> None:
    """Its table says no day, or a later one than the profile: its guest's time is over."""
    inn = any_inn
    folios(inn, {"lines": ["text"]}, lines)
    inn.person(1, date(2022, 1, 1), visa=None)
    inn.bill(1, one=1, letter="open", dated=date(2025, 1, 1))
    line(inn, dated=date(2025, 6, 1))
    for _ in range(2):
        night(inn)
        assert inn.read(PEOPLE)["email"] is None
        assert (inn.read(LINES)["text"], inn.read(LINES)["room"]) == ("Ann Berg", None)
        assert ("lines", "int:1", "blocked") in living(inn)
        inn.later(days=1)
    inn.set(BILLS, 1, letter="paid")
    night(inn)
    assert inn.read(LINES)["text"] is None
    assert living(inn) == [("bills", "int:1", "place")]


@pytest.mark.parametrize("whole", [False, True])
def test_what_is_needed_of_a_profile_whose_date_went_with_it_goes_as_well(
    any_inn: Inn, whole: bool
) -> None:
    """The erasure empties the day by which the profile runs out, and nobody is back for that."""
    inn = any_inn
    policy = inn.datamap.tables["people"].policy
    columns = {**policy.columns, "seen": null, "visa": null}
    rows = delete if whole else policy.rows
    folios(inn, {"people": ["email"]}, columns=columns, rows=rows)
    inn.person(1, date(2022, 1, 1), visa=None)
    inn.bill(1, one=1, letter="open", dated=date(2025, 1, 1))
    for _ in range(2):
        night(inn)
        assert (inn.read(PEOPLE)["email"], inn.read(PEOPLE)["seen"]) == ("p1@mail.example", None)
        assert ("people", "int:1", "blocked") in living(inn)
        inn.later(days=1)
    inn.set(BILLS, 1, letter="paid")
    night(inn)
    with inn.engine.connect() as conn:
        assert [*conn.execute(select(PEOPLE.c.email)).scalars()] == ([] if whole else [None])
    assert living(inn) == [("bills", "int:1", "place")]


@pytest.mark.parametrize("whole", [False, True])
def test_a_record_of_who_is_back_is_theirs_again(any_inn: Inn, whole: bool) -> None:
    """Whoever stays again in the profile that was emptied keeps what the old folio needed."""
    inn = any_inn
    policy = inn.datamap.tables["people"].policy
    columns, rows = {**policy.columns, "visa": null}, delete if whole else policy.rows
    needs = {"lines": ["text"], "people": ["email"]}
    folios(inn, needs, UNDATED, columns=columns, rows=rows)
    inn.person(1, date(2022, 1, 1), visa=None)
    inn.bill(1, one=1, letter="open", dated=date(2025, 1, 1))
    line(inn)
    night(inn)
    inn.set(PEOPLE, 1, name="Ann Berg", seen=inn.now.date())
    inn.set(BILLS, 1, letter="paid")
    inn.later(days=1)
    night(inn)
    assert (inn.read(LINES)["text"], inn.read(PEOPLE)["email"]) == ("Ann Berg", "p1@mail.example")
    assert living(inn) == [("bills", "int:1", "place")]


@pytest.mark.parametrize("other", [None, 2])
@pytest.mark.parametrize(("dated", "text"), [(date(2026, 2, 1), "Ann Berg"), (None, None)])
def test_a_record_of_who_lives_has_time_again_only_by_a_day_that_is_known(
    any_inn: Inn, dated: date | None, text: str | None, other: int | None
) -> None:
    """It ran out alone; it is kept as before once its day lies ahead, not once it has none.

    Whoever it was besides, and was erased before, changes nothing about that.
    """
    inn = any_inn
    folios(inn, {"lines": ["text"]}, DATED)
    inn.person(1, date(2026, 1, 1))
    inn.person(2, date(2022, 1, 1), visa=None)
    night(inn)
    assert inn.read(PEOPLE, 2)["email"] is None
    inn.bill(1, one=1, letter="open", dated=date(2025, 1, 1))
    line(inn, other=other, dated=date(2022, 1, 1))
    night(inn)
    assert (inn.read(LINES)["text"], inn.read(LINES)["room"]) == ("Ann Berg", None)
    inn.set(LINES, 1, dated=dated)
    inn.later(days=1)
    night(inn)
    inn.set(BILLS, 1, letter="paid")
    inn.later(days=1)
    night(inn)
    assert (inn.read(LINES)["text"], inn.read(PEOPLE)["name"]) == (text, "Ann Berg")
    assert living(inn) == []


def test_a_record_of_who_was_back_before_it_ran_out_goes_once_nothing_needs_it(
    any_inn: Inn,
) -> None:
    """Its day went with it; that its guest was erased years ago, and came back, says nothing."""
    inn = any_inn
    folios(inn, {"lines": ["text"]}, replace(DATED, columns={**DATED.columns, "dated": null}))
    inn.person(1, date(2022, 1, 1), visa=None)
    night(inn)
    inn.later(days=1)
    inn.set(PEOPLE, 1, name="Ann Berg", seen=inn.now.date())
    inn.bill(1, one=1, letter="open", dated=date(2025, 1, 1))
    line(inn, dated=date(2022, 1, 1))
    for _ in range(2):
        night(inn)
        assert (inn.read(LINES)["text"], inn.read(LINES)["dated"]) == ("Ann Berg", None)
        assert living(inn) == [("lines", "int:1", "blocked")]
        inn.later(days=1)
    inn.set(BILLS, 1, letter="paid")
    night(inn)
    assert (inn.read(LINES)["text"], inn.read(PEOPLE)["name"]) == (None, "Ann Berg")
    assert living(inn) == []


def test_who_is_back_keeps_what_was_written_down_as_needed_anew(any_inn: Inn) -> None:
    """Of two preconditions one ends while they are away: the other is as old as before."""
    inn = any_inn
    folios(inn, {"lines": ["text"]}, UNDATED)
    lost = Blocker(
        "lost-and-found", "bills", lambda bills, today: bills.c.role == "lost",
        needs={"lines": ["room"]},
    )  # fmt: skip
    inn.blockers = (*inn.blockers, lost)
    inn.person(1, date(2022, 1, 1), visa=None)
    inn.bill(1, one=1, letter="open", role="lost", dated=date(2025, 1, 1))
    line(inn)
    night(inn)
    assert (inn.read(LINES)["text"], inn.read(LINES)["room"]) == ("Ann Berg", "12")
    inn.set(BILLS, 1, role="found")
    inn.later(days=1)
    night(inn)
    assert (inn.read(LINES)["text"], inn.read(LINES)["room"]) == ("Ann Berg", None)
    inn.set(PEOPLE, 1, name="Ann Berg", seen=inn.now.date())
    inn.set(BILLS, 1, letter="paid")
    inn.later(days=1)
    night(inn)
    assert inn.read(LINES)["text"] == "Ann Berg"
    assert living(inn) == [("bills", "int:1", "place")]


@pytest.mark.parametrize("dated", [date(2025, 6, 1), None])
def test_what_was_needed_of_a_record_is_whose_it_is_by_now(
    any_inn: Inn, dated: date | None
) -> None:
    """The host gave it to a guest who lives: it ran out by no day of its own, and is theirs."""
    inn = any_inn
    folios(inn, {"lines": ["text"]}, UNDATED)
    inn.person(1, date(2022, 1, 1), visa=None)
    inn.person(2, date(2026, 1, 1), visa=None)
    inn.bill(1, one=1, letter="open", dated=date(2025, 1, 1))
    line(inn, dated=dated)
    night(inn)
    inn.set(LINES, 1, person=2, text="Bo Lind")
    inn.set(BILLS, 1, letter="paid")
    inn.later(days=1)
    night(inn)
    assert inn.read(LINES)["text"] == "Bo Lind"
    assert living(inn) == [("bills", "int:1", "place")]


def test_a_guest_whose_key_is_spelt_otherwise_is_nobody_else(any_inn: Inn) -> None:
    """The host writes the keys of its guests in capitals: what was needed goes as before."""
    inn = any_inn
    # No collation of PostgreSQL's own takes the two for one.
    loose = LOOSE.get(inn.engine.dialect.name)
    guests = Table(
        "patrons", MetaData(), Column("code", String(20, collation=loose), primary_key=True),
        Column("hotel", String(10)), Column("name", String(80)), Column("seen", Date),
    )  # fmt: skip
    slips = Table(
        "slips", guests.metadata, Column("id", Integer, primary_key=True),
        Column("guest", String(20, collation=loose)), Column("text", String(80)),
        Column("state", String(8)),
    )  # fmt: skip
    people = inn.datamap.tables["people"].policy
    columns = {"hotel": keep("which house"), "name": null, "seen": keep("statistics")}
    subject = Subject(match=["name"], name="name", property="hotel")
    rules = {"text": null, "state": keep("open or paid")}
    mine = Policy(rules, via=Equal({"guest": "code"}, to="patrons"))
    inn.datamap = resolve(
        [(guests, replace(people, columns=columns, subject=subject)), (slips, mine)],
        [guests, slips], [],
    )  # fmt: skip
    inn.blockers = (
        Blocker("open", "slips", lambda t, today: t.c.state == "open", needs={"slips": ["text"]}),
    )
    guests.metadata.create_all(inn.engine)
    with inn.engine.begin() as conn:
        guest = {"hotel": "sh", "name": "Ann Berg", "seen": date(2022, 1, 1)}
        conn.execute(insert(guests).values(code="ann", **guest))
        conn.execute(insert(slips).values(id=1, guest="ann", text="Ann Berg", state="open"))
    night(inn)
    assert living(inn) == [("slips", "int:1", "blocked")]
    with inn.engine.begin() as conn:
        conn.execute(update(guests).values(code="ANN" if loose else "ann"))
        conn.execute(update(slips).values(guest="ANN" if loose else "ann", state="paid"))
    inn.later(days=1)
    night(inn)
    with inn.engine.connect() as conn:
        assert conn.execute(select(slips.c.text)).scalars().all() == [None]


@pytest.mark.parametrize("back", [False, True])
def test_what_is_anothers_alone_is_nobodys_again(any_inn: Inn, back: bool) -> None:
    """Of a shared record what one guest wrote goes once nothing needs it, whoever else is there."""
    inn = any_inn
    one, other = UNDATED.via
    folios(inn, {"lines": ["text"]}, replace(DATED, via={one: ["room"], other: ["text"]}))
    inn.person(1, date(2022 if back else 2026, 1, 1), visa=None)
    inn.person(2, date(2022, 1, 1), visa=None)
    inn.bill(1, one=2, letter="open", dated=date(2025, 1, 1))
    line(inn, other=2, dated=date(2026, 2, 1))
    night(inn)
    assert inn.read(LINES)["text"] == "Ann Berg"
    inn.set(PEOPLE, 1, name="Ann Berg", seen=inn.now.date())
    inn.set(LINES, 1, room="14")
    inn.set(BILLS, 1, letter="paid")
    inn.later(days=1)
    night(inn)
    assert (inn.read(LINES)["text"], inn.read(LINES)["room"]) == (None, "14")


@pytest.mark.parametrize("lines", [UNDATED, DATED])
def test_what_was_needed_of_one_guest_stays_as_long_as_it_is_anothers(
    any_inn: Inn, lines: Policy
) -> None:
    """The erasure of one of two let it be, so that nothing of it ends with a precondition."""
    inn = any_inn
    folios(inn, {"lines": ["text"]}, lines)
    inn.person(1, date(2026, 1, 1), visa=None)
    inn.person(2, date(2022, 1, 1), visa=None)
    inn.bill(1, one=2, letter="open", dated=date(2025, 1, 1))
    line(inn, other=2, dated=date(2026, 2, 1))
    night(inn)
    inn.set(BILLS, 1, letter="paid")
    inn.later(days=1)
    night(inn)
    assert inn.read(PEOPLE, 2)["email"] is None
    assert (inn.read(LINES)["text"], inn.read(LINES)["room"]) == ("Ann Berg", "12")


@pytest.mark.parametrize("asked", [False, True])
def test_what_is_needed_is_not_erased_about_every_night(inn: Inn, asked: bool) -> None:
    """It has had its time and stays: nothing is done, said or written down about it again."""
    folios(inn, NEEDS)
    inn.person(1, date(2023, 5, 1) if asked else date(2022, 1, 1), visa=None)
    inn.bill(1, one=1, letter="open", dated=date(2025, 1, 1))
    if asked:
        inn.erased(inn.approved(email="p1@mail.example"))
        inn.later(days=90)
    night(inn)
    before = inn.ours("kept"), inn.ours("box"), inn.events.count("retention-ended")
    inn.later(days=1)
    assert expiry.expire(inn.run) == {"waiting": 1}
    night(inn)
    assert before == (inn.ours("kept"), inn.ours("box"), inn.events.count("retention-ended"))
    with inn.begin() as office:
        # It is due all the same, and counted among what stays beyond its time.
        assert [line["table"] for line in read_through(office.work)] == ["people"]
    inn.set(PEOPLE, 1, name="Ann Berg")
    inn.later(days=1)
    assert expiry.expire(inn.run)["people"] == 1
    assert (inn.read(PEOPLE)["name"] == "Ann Berg", inn.read(PEOPLE)["email"]) == (
        False, "p1@mail.example"
    )  # fmt: skip


def test_what_is_one_guests_is_not_needed_for_another(inn: Inn) -> None:
    """Of two on a bill both are needed as long as it is open; of who has none nothing is."""
    folios(inn, NEEDS)
    for id in (1, 2, 3):
        inn.person(id, date(2022, 1, 1), visa=None)
    inn.bill(1, one=1, other=2, letter="open", dated=date(2025, 1, 1))
    inn.bill(2, one=3, other=2, letter="paid", dated=date(2025, 1, 1))
    night(inn)
    emails = [inn.read(PEOPLE, id)["email"] for id in (1, 2, 3)]
    assert emails == ["p1@mail.example", "p2@mail.example", None]
    inn.later(days=3 * 366)
    night(inn)
    assert [inn.read(BILLS, id)["payer"] for id in (1, 2)] == ["Ann Berg", None]
    assert [inn.read(PEOPLE, id)["email"] for id in (1, 2, 3)] == emails


def test_what_needs_everything_keeps_what_has_its_day_and_nobody_elses(any_inn: Inn) -> None:
    """A folio that was opened again waits for its payer; other rows of that night do not."""
    inn = any_inn
    folios(inn, None)
    for id in (1, 2):
        inn.person(id, date(2022, 1, 1), visa=None)
        inn.bill(id, one=id, letter="paid", dated=date(2025, 1, 1))
    # Its guest is not on file any more, so nobody is asked about.
    inn.bill(3, one=None, letter="open", dated=date(2025, 1, 1))
    night(inn)
    inn.set(BILLS, 1, letter="open")
    inn.later(days=3 * 366)
    night(inn)
    assert [inn.read(BILLS, id)["payer"] for id in (1, 2, 3)] == ["Ann Berg", None, None]
    inn.set(BILLS, 1, letter="paid")
    inn.later(days=1)
    night(inn)
    assert inn.read(BILLS)["payer"] is None
    assert living(inn) == []


def test_the_hotel_is_asked_once_about_many_kept_rows(inn: Inn) -> None:
    """A night that lets many rows go asks its preconditions as often as one that lets two go."""
    folios(inn, NEEDS)
    counts = []
    said: list[str] = []

    def heard(conn: object, cursor: object, statement: str, *rest: object) -> None:
        said.append(statement)

    for many in (2, 40):
        first = 100 * many
        for id in range(first, first + many):
            inn.person(id, date(2022, 1, 1), visa=None)
            inn.bill(id, one=id, letter="paid", dated=date(2025, 1, 1))
        night(inn)
        inn.now = inn.now.replace(year=inn.now.year + 3)
        said.clear()
        event.listen(inn.engine, "before_cursor_execute", heard)
        finishing.finish_dated(inn.run, frozenset(), Shift())
        event.remove(inn.engine, "before_cursor_execute", heard)
        counts.append(sum("b.letter = " in each for each in said))
        inn.now = inn.now.replace(year=inn.now.year - 3)
        assert inn.read(BILLS, first)["payer"] is None
    assert counts[0] == counts[1] > 0
