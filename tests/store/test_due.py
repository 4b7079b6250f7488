"""Due work: found by what came of age, claimed once, put off when it fails, and never forgotten."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import date, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import event, insert, select, update

from flask_guesterase.core.errors import BusyError, MovedError
from flask_guesterase.core.treatment import null
from flask_guesterase.store import sweep, tables
from flask_guesterase.store.access import pulse
from flask_guesterase.store.access.pulse import Pulse
from flask_guesterase.store.executing import expiry
from flask_guesterase.store.holding import unheld
from flask_guesterase.store.office import Office
from flask_guesterase.store.sweep import Limits
from flask_guesterase.store.sweeping import backlog, basis, due, halting, judged, looking, runs
from flask_guesterase.store.sweeping.claiming import Shift
from flask_guesterase.store.sweeping.claims import Bounds
from flask_guesterase.store.sweeping.due import BACKOFF
from flask_guesterase.store.sweeping.report import SweepReport
from flask_guesterase.store.transaction import transaction
from tests.store.forms import Form, Forms, Guest, _render
from tests.store.hotel import read_through

OLD = date(2025, 2, 1)
"""A departure whose year is over."""

YOUNG = date(2026, 2, 1)

REFUSES = {
    "sqlite": "CREATE TRIGGER refuses BEFORE UPDATE ON forms WHEN NEW.id = {id} "
    "BEGIN SELECT RAISE(ABORT, 'Ada Roe'); END",
    "postgresql": "CREATE FUNCTION refuses() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
    "IF NEW.id = {id} THEN RAISE EXCEPTION 'Ada Roe'; END IF; RETURN NEW; END $$; "
    "CREATE TRIGGER refuses BEFORE UPDATE ON forms FOR EACH ROW EXECUTE FUNCTION refuses()",
    "mariadb": "CREATE TRIGGER refuses BEFORE UPDATE ON forms FOR EACH ROW "
    "IF NEW.id = {id} THEN SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'Ada Roe'; END IF",
}


class Slice(Shift):
    """A run whose time is over when an iterator says so."""

    def __init__(self, ends: Iterator[bool]) -> None:
        super().__init__()
        self._ends = ends

    def over(self) -> bool:
        """Return the next word of the iterator."""
        return next(self._ends)


@pytest.fixture
def house(sqlite_url: str, tmp_path: Path) -> Iterator[Forms]:
    """Two hotels on SQLite, empty but confirmed."""
    yield from _made(sqlite_url, tmp_path)


@pytest.fixture
def any_house(database_url: str, tmp_path: Path) -> Iterator[Forms]:
    """The same on each of the three engines in turn."""
    yield from _made(database_url, tmp_path)


@pytest.fixture(params=["postgresql", "mariadb"])
def served(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Forms]:
    """The same on the engines where several write at once."""
    url = request.getfixturevalue(f"{request.param}_url")
    yield from _made(url, tmp_path)


def _made(url: str, folder: Path) -> Iterator[Forms]:
    made = Forms(url, folder)
    yield made
    made.engine.dispose()


def forms(house: Forms, ids: range, left: date, place: str = "mu") -> None:
    """Put many guests with a form each in."""
    with house.engine.begin() as conn:
        conn.execute(
            insert(Guest),
            [{"id": id, "house": place, "email": f"g{id}@mail.example"} for id in ids],
        )
        conn.execute(
            insert(Form),
            [
                {"id": id, "guest_id": id, "house": place, "name": "Ada Roe", "nation": "FR",
                 "left_on": left}
                for id in ids
            ],
        )  # fmt: skip


def left(house: Forms) -> set[int]:
    """Return the numbers of the forms that still have a name."""
    return {id for id, name in house.names().items() if name is not None}


def bounded(house: Forms, **limits: Any) -> SweepReport:
    """Sweep within limits."""
    return sweep.sweep(house.run, _render, {}, limits=Limits(**limits))


def refuse(house: Forms, id: int) -> None:
    """Let the database refuse every change of one form."""
    with house.engine.begin() as conn:
        conn.exec_driver_sql(REFUSES[conn.dialect.name].format(id=id))


# looking


def steps(house: Forms, do: Callable[[], object]) -> int:
    """Return how many steps SQLite's machine makes, in tens: some for each row it reads."""
    count = 0

    def one() -> int:
        nonlocal count
        count += 1
        return 0

    def watch(raw: Any, *_: Any) -> None:
        raw.set_progress_handler(one, 10)

    event.listen(house.engine, "checkout", watch)
    do()
    event.remove(house.engine, "checkout", watch)
    return count


@pytest.mark.parametrize("kept", [YOUNG, OLD], ids=["too young", "under a floor"])
def test_a_look_reads_what_came_of_age_and_not_what_did_not(house: Forms, kept: date) -> None:
    """Ten times as many rows that are not newly due cost a look nothing: the dates have an index.

    They are young, or old and kept as the host cannot say where a guest is from.
    """
    with house.engine.begin() as conn:
        conn.exec_driver_sql("CREATE INDEX ix_forms_left_on ON forms (left_on)")
    forms(house, range(2000, 2200), kept)
    with house.engine.begin() as conn:
        conn.execute(update(Form).where(Form.left_on == OLD).values(house="gone"))
    ages = date(2025, 3, 12)
    forms(house, range(10_000, 10_020), ages)
    looking.look(house.run)
    house.later(days=2)
    few = steps(house, lambda: looking.look(house.run))
    forms(house, range(2200, 4000), kept)
    with house.engine.begin() as conn:
        conn.execute(update(Form).where(Form.left_on == OLD).values(house="gone"))
        # Every look was one at everything; the next one is not.
        conn.execute(tables.look.delete())
    house.later(days=-2)
    looking.look(house.run)
    house.later(days=2)
    many = steps(house, lambda: looking.look(house.run))
    assert few > 50
    assert many < 1.3 * few, (few, many)


def test_a_form_is_found_on_its_day_and_not_before(any_house: Forms) -> None:
    """A year and a day after the guest left, by the day at the property."""
    house = any_house
    house.confirmed()
    house.form(1, date(2025, 3, 12))
    seen = []
    for _ in range(4):
        house.sweep()
        seen.append(left(house))
        house.later(days=1)
    assert seen == [{1}, {1}, {1}, set()]


def test_an_import_of_old_rows_is_found_at_once_or_within_a_week(any_house: Forms) -> None:
    """New numbers are looked at whatever their date; numbers from before by the next whole look."""
    house = any_house
    house.form(9000, YOUNG)
    house.confirmed()
    house.form(9001, OLD)
    house.form(5, OLD)
    house.sweep()
    assert left(house) == {5, 9000}
    house.later(days=6)
    house.sweep()
    assert left(house) == {5, 9000}
    house.later(days=1)
    house.sweep()
    assert left(house) == {9000}


def test_a_date_that_was_set_back_is_found_within_a_week(house: Forms) -> None:
    """The host corrects a year; the row was passed over until then."""
    for id in (1, 2000):
        house.form(id, YOUNG)
    house.confirmed()
    with house.engine.begin() as conn:
        conn.execute(update(Form).where(Form.id == 1).values(left_on=OLD))
    house.later(days=1)
    house.sweep()
    assert left(house) == {1, 2000}
    house.later(days=7)
    house.sweep()
    assert left(house) == {2000}


def test_after_a_change_of_the_rules_everything_is_looked_at_again(house: Forms) -> None:
    """What was due by the rules before need not be by these; what is, is shown anew."""
    house.form(1, OLD)
    house.form(2, date(2025, 3, 9))
    house.sweep()
    assert {row["row_key"] for row in house.ours("due")} == {"int:1", "int:2"}
    with house.engine.begin() as conn:
        conn.execute(update(Form).where(Form.id == 1).values(left_on=YOUNG))
    house.change(null)
    report = house.sweep()
    assert [row["rows"] for row in report.previews] == [1]
    assert {row["row_key"] for row in house.ours("due")} == {"int:2"}
    assert left(house) == {1, 2}


def test_a_look_goes_on_where_it_was_cut_off(
    house: Forms, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A table that one slice cannot read is read by several, each row once, in pages."""
    monkeypatch.setattr(looking, "STRIDE", 4)
    monkeypatch.setattr(looking, "PAGE", 3)
    pages: list[int] = []
    judge = judged.judge_rows

    def watched(work: Any, declared: Any, keys: Any) -> Any:
        pages.append(len(keys))
        return judge(work, declared, keys)

    monkeypatch.setattr(looking, "judge_rows", watched)
    forms(house, range(1, 19), OLD)
    ends = iter([False, False, True, False, True, *[False] * 99])
    assert not looking.look(house.run, Slice(ends))
    assert len(house.ours("due")) == 8
    assert not looking.look(house.run, Slice(ends))
    assert len(house.ours("due")) == 12
    assert looking.look(house.run, Slice(ends))
    assert len(house.ours("due")) == 18
    assert max(pages) <= 4
    forms(house, range(20, 30), date(2025, 3, 11))
    house.later(days=2)
    pages.clear()
    assert looking.look(house.run)
    assert len(house.ours("due")) == 28
    assert max(pages) <= 6


dates = st.dates(date(2025, 2, 20), date(2025, 4, 20))


@pytest.mark.long
@settings(
    max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.lists(st.tuples(dates, st.sampled_from(["mu", "be"])), max_size=12),
       st.lists(st.integers(0, 8), max_size=5))
def test_looks_find_what_reading_everything_finds(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[date, str]], gaps: list[int]
) -> None:
    """Whatever the days between: after each night nothing is left that has had its time."""
    folder = tmp_path_factory.mktemp("looks")
    house = Forms(f"sqlite:///{folder / 'test.sqlite'}", folder)
    for id, (day, place) in enumerate(rows, 1):
        house.form(id, day, place)
    for gap in [0, *gaps]:
        house.later(days=gap)
        expiry.expire(house.run)
        assert house.run(lambda office: read_through(office.work)) == []
    house.engine.dispose()


# claims


def test_two_connections_never_claim_the_same_row(served: Forms) -> None:
    """Each passes over what the other has; what one lets go is there again."""
    forms(served, range(1, 8), OLD)
    looking.look(served.run)
    with transaction(served.engine) as conn:
        mine = _work(served, conn)
        with suppress(BusyError), transaction(served.engine) as other:
            theirs = {c.key for c in due.claim(_work(served, other), "forms", 3, ())}
            ours = {c.key for c in due.claim(mine, "forms", 3, ())}
            assert (len(theirs), len(ours)) == (3, 3)
            assert theirs.isdisjoint(ours)
            raise BusyError("It was killed.", "Go on.")
        assert {c.key for c in due.claim(mine, "forms", 9, ())} > theirs | ours


@pytest.mark.parametrize("end", [due.done, due.postpone], ids=["done", "postponed"])
def test_what_one_claimed_does_not_wait_for_what_another_claimed(
    served: Forms, end: Callable[[Any, list[due.Claim]], None]
) -> None:
    """Though both have large parts of the table, which a server would rather read as a whole."""
    forms(served, range(1, 121), OLD)
    looking.look(served.run)
    with transaction(served.engine) as conn, transaction(served.engine) as other:
        theirs = due.claim(_work(served, other), "forms", 40, ())
        mine, ours = _work(served, conn), due.claim(_work(served, conn), "forms", 40, ())
        assert len(due.claim_again(mine, "forms", ours)) == len(ours) == len(theirs) == 40
        end(mine, ours)
        end(_work(served, other), theirs)
    gone = {claim.id for claim in [*ours, *theirs]}
    again = served.run(lambda office: {c.id for c in due.claim(office.work, "forms", 200, ())})
    assert len(again) == 40
    assert again.isdisjoint(gone)


def _work(house: Forms, conn: Any) -> Any:
    with house.begin() as office:
        return office.work.over(conn)


def test_a_claim_ends_with_its_transaction(any_house: Forms) -> None:
    """A transaction that is rolled back takes nothing away; one that ends takes it once."""
    house = any_house
    forms(house, range(1, 4), OLD)
    looking.look(house.run)

    def broken(office: Office) -> None:
        due.done(office.work, due.claim(office.work, "forms", 9, ()))
        raise BusyError("Another one came.", "Wait.")

    with pytest.raises(BusyError):
        house.run(broken)
    assert len(house.ours("due")) == 3
    assert expiry.erase_due(house.run, Bounds(), Shift(), {})["expired"] == 3
    assert house.ours("due") == []


def test_guests_of_one_hotel_go_together(any_house: Forms) -> None:
    """However they lie in the tables: each transaction plans and writes down one hotel or two."""
    house, many = any_house, range(1, 261)
    for first in many[::10]:
        forms(house, range(first, first + 10), OLD, "be" if first % 20 == 1 else "mu")
    looking.look(house.run)
    shift = Shift()
    assert expiry.erase_due(house.run, Bounds(), shift, {})["expired"] == len(many)
    actions = [word for name in ("fir", "elm") for word in house.actions(name)]
    assert shift.batches > 1
    assert actions.count("retention-ended") == shift.batches + 1


def test_claims_go_on_behind_each_other_until_all_were_made(any_house: Forms) -> None:
    """Hotel by hotel, nothing twice and nothing passed over, in pieces of any size."""
    house = any_house
    for id in range(1, 15):
        house.form(id, OLD, "be" if id % 3 else "mu")
    looking.look(house.run)

    def claimed(size: int, office: Office) -> list[due.Claim]:
        found = due.claim(office.work, "forms", size, ())
        while more := due.claim(office.work, "forms", size, (), found[-1]):
            found += more
        return found

    for size in (1, 4, 5, 20):
        found = house.run(partial(claimed, size))
        assert [each.property for each in found] == ["be"] * 10 + ["mu"] * 4
        assert sorted(each.key for each in found) == sorted(f"int:{id}" for id in range(1, 15))


def test_a_property_at_which_nothing_goes_keeps_its_rows(house: Forms) -> None:
    """They stay due, and are taken as soon as they may be."""
    house.form(1, OLD)
    house.form(2, OLD, "be")
    expiry.expire(house.run, frozenset({"mu"}))
    assert left(house) == {1}
    assert [row["property"] for row in house.ours("due")] == ["mu"]
    expiry.expire(house.run)
    assert left(house) == set()


def test_a_row_that_is_not_due_any_more_is_let_go(house: Forms) -> None:
    """The guest stays on; what a look found is judged again before anything is erased."""
    house.form(1, OLD)
    looking.look(house.run)
    with house.engine.begin() as conn:
        conn.execute(update(Form).values(left_on=YOUNG))
    assert expiry.erase_due(house.run, Bounds(), Shift(), {}) == {}
    assert (left(house), house.ours("due")) == ({1}, [])


def test_rules_that_change_while_a_sweep_is_at_work_stop_it(house: Forms) -> None:
    """What a person confirmed is compared in each transaction that erases."""
    house.form(1, OLD)
    house.confirmed()
    house.form(2, OLD)

    looking.look(house.run)
    marks = {"mu": house.run(lambda office: basis.mark(office.work, "mu"))}
    house.move("mu", fiscal=(6, 30))
    with pytest.raises(MovedError, match="rules changed"):
        expiry.erase_due(house.run, Bounds(marks=marks), Shift(), {})
    assert left(house) == {2}


# rows that fail


def test_a_row_that_is_refused_stands_alone_and_waits(any_house: Forms) -> None:
    """Nineteen others go; it is told, tried again ever later, and then waits for a person."""
    house = any_house
    house.confirmed()
    forms(house, range(1, 21), OLD)
    refuse(house, 7)
    report = house.tried()
    assert left(house) == {7}
    assert report.counts["unfinished"] == 1
    assert report.splits >= 3
    assert [(f["table"], f["tries"], f["problem"]) for f in report.failing] == [
        ("forms", 1, "ErasureError")
    ]
    assert "Ada" not in repr(report)
    assert report.oldest == "2026-02-01"
    for number, wait in enumerate(BACKOFF, 1):
        (row,) = house.ours("due")
        assert row["tries"] == number
        assert row["try_at"] == house.now.replace(tzinfo=None, microsecond=0) + wait
        assert "unfinished" not in expire(house)
        house.later(seconds=wait.total_seconds())
        assert expire(house)["unfinished"] == 1
    (row,) = house.ours("due")
    assert row["try_at"] is None
    house.later(days=8)
    expire(house)
    assert house.run(lambda office: backlog.given_up(office.work)) == {"mu": 1}
    with house.engine.begin() as conn:
        conn.exec_driver_sql(
            "DROP TRIGGER refuses" + (" ON forms" if conn.dialect.name == "postgresql" else "")
        )
    assert house.run(lambda office: office.retry_due()) == 1
    expire(house)
    assert (left(house), house.ours("due")) == (set(), [])


def expire(house: Forms) -> dict[str, int]:
    """Erase what is due, as a sweep does."""
    return expiry.expire(house.run)


def test_when_everything_fails_the_fault_is_no_rows(house: Forms) -> None:
    """A database that refuses all is not asked a thousand times, row by row."""
    forms(house, range(1, 200), OLD)
    with house.engine.begin() as conn:
        conn.exec_driver_sql(REFUSES["sqlite"].replace("NEW.id = {id}", "NEW.id > 0"))
    shift = Shift()
    assert expiry.expire(house.run, shift=shift)["unfinished"] == 11
    assert sum(row["tries"] for row in house.ours("due")) == 10
    assert len(house.ours("due")) == 199


@pytest.mark.usefixtures("impatient")
def test_what_somebody_else_holds_is_tried_soon_and_does_not_count(served: Forms) -> None:
    """The host has a form open: the others go, that one by the next sweep."""
    house = served
    forms(house, range(1, 4), OLD)
    looking.look(house.run)
    with house.engine.connect() as host:
        host.execute(select(Form.id).where(Form.id == 2).with_for_update())
        shift = Shift()
        expiry.erase_due(house.run, Bounds(), shift, {})
        assert left(house) == {2}
        assert shift.met >= 1
    (row,) = house.ours("due")
    assert (row["tries"], row["problem"]) == (0, "BusyError")
    house.later(minutes=15)
    expiry.erase_due(house.run, Bounds(), Shift(), {})
    assert left(house) == set()


# what one sweep may do


def test_a_sweep_ends_after_its_rows_and_the_next_goes_on(house: Forms) -> None:
    """Of 30 due rows 12 go, then the rest; the report says why it stopped and what is left."""
    house.confirmed()
    forms(house, range(1, 31), OLD)
    report = bounded(house, rows=12)
    assert (30 - len(left(house)), report.stopped) == (12, "rows")
    assert [(e["rows"], e["oldest"]) for e in report.backlog] == [(18, "2026-02-01")]
    assert [(e["table"], e["category"], e["rows"]) for e in report.erased] == [
        ("forms", "guest_register", 12)
    ]
    report = bounded(house, rows=100)
    assert (left(house), report.stopped, report.backlog) == (set(), "", [])


def test_a_sweep_without_time_begins_nothing(house: Forms) -> None:
    """What is due stays due."""
    house.confirmed()
    forms(house, range(1, 4), OLD)
    report = bounded(house, seconds=0)
    assert (report.stopped, report.batches) == ("time", 0)
    assert left(house) == {1, 2, 3}


def test_the_stop_switch_stops_between_two_batches(house: Forms) -> None:
    """The batch that is at work ends; nothing follows it until somebody lets it go on."""
    house.confirmed()
    forms(house, range(1, 301), OLD)

    def pulled(rows: int) -> None:
        with house.engine.begin() as conn:
            pulse.put(conn, halting.HALTED, Pulse(house.now.replace(tzinfo=None)))

    report = bounded(house, progress=pulled)
    assert (report.stopped, report.batches) == ("halted", 1)
    gone = 300 - len(left(house))
    assert 0 < gone < 300
    assert bounded(house).batches == 0
    assert 300 - len(left(house)) == gone
    with house.engine.begin() as conn:
        pulse.take(conn, halting.HALTED)
    house.sweep()
    assert left(house) == set()


def test_a_host_that_asks_for_room_gets_smaller_batches_and_rests(house: Forms) -> None:
    """Under pressure batches halve and the sweep waits between them."""
    forms(house, range(1, 161), OLD)
    sizes: list[int] = []
    shift = Shift(pressure=lambda: True, progress=sizes.append)
    shift.rest = lambda seconds: setattr(  # type: ignore[method-assign]
        shift, "rested", shift.rested + seconds
    )
    expiry.expire(house.run, shift=shift)
    assert sizes == sorted(sizes, reverse=True)
    assert sizes[0] > sizes[-1]
    assert shift.rested > 0


def test_a_second_sweep_joins_the_one_that_leads(any_house: Forms) -> None:
    """It erases what that one found; it is refused when it was not to join."""
    house = any_house
    house.confirmed()
    forms(house, range(1, 4), OLD)
    house.form(9, OLD, "be")
    looking.look(house.run)
    house.run(lambda office: runs.start(office.work))
    with pytest.raises(BusyError):
        bounded(house)
    report = bounded(house, join=True)
    assert (report.joined, report.batches > 0, left(house)) == (True, True, set())
    assert {row["property"]: row["rows"] for row in report.erased} == {"mu": 3, "be": 1}
    assert report.counts["paper"] == 2


def test_who_joins_erases_nothing_that_nobody_confirmed(house: Forms) -> None:
    """A worker beside another is bound by the same confirmation."""
    house.form(1, OLD)
    house.sweep()
    house.run(lambda office: runs.start(office.work))
    report = bounded(house, join=True)
    assert (report.batches, left(house)) == (0, {1})


def test_what_a_hold_or_the_hotel_needs_is_no_failure(house: Forms) -> None:
    """It is put off until tomorrow, and goes when nothing needs it any more."""
    house.form(1, OLD)
    looking.look(house.run)
    claims = house.run(partial(_claimed, "forms"))
    house.run(lambda office: due.postpone(office.work, claims))
    (row,) = house.ours("due")
    assert (row["tries"], row["problem"]) == (0, None)
    assert expiry.expire(house.run) == {}
    house.later(days=1)
    assert expiry.expire(house.run)["expired"] == 1


def _claimed(name: str, office: Office) -> list[due.Claim]:
    return due.claim(office.work, name, 9, ())


def test_what_is_held_is_read_again_when_something_may_have_freed_it(house: Forms) -> None:
    """Not every night: after a hold was lifted, the rules changed, or a week passed."""

    def look() -> bool:
        found = house.run(lambda office: unheld.since(office.work))
        if found is not None:
            house.run(lambda office: unheld.note(office.work, found))
        return found is not None

    assert (look(), look()) == (True, False)
    held = {
        "kind": "hold", "scope": "record", "controller": "fir", "property": "mu", "silent": False,
        "why": "court-order", "placed_by": "a1", "placed_at": house.now.replace(tzinfo=None),
    }  # fmt: skip
    with house.engine.begin() as conn:
        conn.execute(insert(tables.hold).values(**held))
    house.later(hours=1)
    assert not look()
    with house.engine.begin() as conn:
        conn.execute(update(tables.hold).values(lifted_at=house.now.replace(tzinfo=None)))
    house.later(hours=1)
    assert (look(), look()) == (True, False)
    house.change(null)
    assert (look(), look()) == (True, False)
    house.later(days=7)
    assert (look(), look()) == (True, False)
    with house.engine.begin() as conn:
        conn.execute(insert(tables.hold).values(held | {"scope": "query"}))
    assert (look(), look()) == (True, True)


def test_paper_is_asked_for_when_a_sweep_died_before_it_could(house: Forms) -> None:
    """What a batch erased is noted in its own transaction; the next sweep asks for it."""
    house.confirmed()
    forms(house, range(1, 4), OLD)
    expiry.expire(house.run)
    assert [task["count"] for task in house.ours("task")] == []
    house.sweep()
    assert [task["count"] for task in house.ours("task")] == [3]
    house.later(days=1)
    house.sweep()
    assert [task["count"] for task in house.ours("task")] == [3]


def test_rows_that_nobody_found_due_for_long_are_forgotten(house: Forms) -> None:
    """A row whose table left the data map does not stay here."""
    forms(house, range(1, 3), OLD)
    looking.look(house.run)
    with house.engine.begin() as conn:
        conn.execute(update(tables.due).values(table_name="gone"))
    looking.look(house.run)
    assert {row["table_name"] for row in house.ours("due")} <= {"forms"}
    assert timedelta(days=90) > looking.WEEK
