"""Nights that end early, or meet an audit, a stop, a lock or another sweep: kept rows still go."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Column, ForeignKey, Integer, MetaData, Table, event, insert, select, update

from flask_guesterase.core.errors import BusyError, SweepingError
from flask_guesterase.core.holding import Wanted
from flask_guesterase.core.treatment import delete, null
from flask_guesterase.store import sweep, tables
from flask_guesterase.store.access import pulse
from flask_guesterase.store.access.pulse import Pulse
from flask_guesterase.store.executing import finishing, settling, turns
from flask_guesterase.store.mapping.datamap import resolve
from flask_guesterase.store.office import Office
from flask_guesterase.store.sweep import Limits
from flask_guesterase.store.sweeping import halting, looking, runs
from flask_guesterase.store.sweeping.claiming import Shift
from flask_guesterase.store.sweeping.report import SweepReport
from flask_guesterase.store.work import Work
from tests.store.forms import GRANTS, Forms, _render
from tests.store.test_due import refuse
from tests.store.test_expiry import BILLS, METADATA, PEOPLE, Inn

OLD, NEW = date(2025, 2, 1), date(2025, 3, 20)
"""Departures more, and a little less, than a year ago."""

LONG_AGO = date(2022, 1, 1)
"""When somebody was seen last whose profile has had its time."""


@pytest.fixture
def house(sqlite_url: str, tmp_path: Path) -> Iterator[Forms]:
    """Two hotels on SQLite, empty but confirmed."""
    made = Forms(sqlite_url, tmp_path)
    made.confirmed()
    yield made
    made.engine.dispose()


@pytest.fixture(params=["postgresql", "mariadb"])
def served(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Forms]:
    """Two hotels on the engines where several write at once."""
    made = Forms(request.getfixturevalue(f"{request.param}_url"), tmp_path)
    yield made
    made.engine.dispose()


@pytest.fixture
def inn(sqlite_url: str, tmp_path: Path) -> Iterator[Inn]:
    """A hotel whose people run out by themselves, and somebody who confirmed that."""
    made = Inn(sqlite_url, tmp_path)
    night(made)
    night(made, "officer")
    yield made
    made.engine.dispose()


def night(inn: Inn, by: str | None = None, **limits: Any) -> SweepReport:
    """Sweep once, within limits."""
    return sweep.sweep(inn.run, _render, {}, by, limits=Limits(**limits))


def later(inn: Inn, **time: int) -> None:
    """Let time pass while something beats the heart."""
    inn.now += timedelta(**time)
    lately = (inn.now - timedelta(hours=1)).replace(tzinfo=None)
    with inn.engine.begin() as conn:
        beats = update(tables.pulse).where(tables.pulse.c.name == "heartbeat")
        conn.execute(beats.values(at=lately))


def approved(house: Forms, *ids: int) -> list[str]:
    """Let guests ask for their erasure, and two people approve it."""
    numbers = []
    for id in ids:
        house.form(id, NEW)
        number = house.run(lambda office, id=id: office.request(
            {"email": f"g{id}@mail.example"}, property="mu", by="officer"
        ))  # fmt: skip
        house.run(lambda office, number=number: office.confirm(number, "officer"))
        digest = house.run(lambda office, n=number: office.preview(n, "second").digest)
        house.run(lambda office, n=number, d=digest: office.approve(n, "second", d))
        numbers.append(number)
    return numbers


def asked(house: Forms, *ids: int) -> list[str]:
    """Erase guests who asked for it; their forms are kept until a day that is over now."""
    numbers = approved(house, *ids)
    house.sweep()
    assert left(house) == set(ids)
    return numbers


def left(house: Forms) -> set[int]:
    """Return the numbers of the forms that still have a name."""
    return {id for id, name in house.names().items() if name is not None}


def names(inn: Inn, *ids: int) -> set[int]:
    """Return which of these people still have an address."""
    return {id for id in ids if inn.read(PEOPLE, id)["email"] is not None}


def payers(inn: Inn, *ids: int) -> set[int]:
    """Return which of these bills still have a payer."""
    return {id for id in ids if inn.read(BILLS, id)["payer"] is not None}


def state(house: Forms, number: str) -> str:
    """Return the state of a request."""
    return str(house.run(lambda office: office.show(number)["state"]))


def halt(house: Forms) -> None:
    """Let somebody stop erasing by day."""
    house.run(lambda office: halting.halt(office.work, "officer", "wrong-rows"))


def resume(house: Forms) -> None:
    """Let two people let it go on."""
    for user in ("officer", "second"):
        house.run(lambda office, user=user: halting.resume(office.work, user))


# nothing to do


def test_a_night_and_a_round_with_nothing_to_do_send_few_statements(house: Forms) -> None:
    """Whoever waits for SQLite's lock waits less, and a server is asked less, hour by hour."""
    for _ in range(2):
        house.sweep()
        house.later(hours=24)
    sent: Counter[str] = Counter()
    event.listen(
        house.engine, "before_cursor_execute",
        lambda conn, cursor, statement, *rest: sent.update([statement.split()[0]]),
    )
    house.sweep()
    night = sent.total()
    house.work()
    assert (night, sent.total() - night) < (750, 130)


# the audit


def test_a_kept_row_waits_for_the_end_of_the_audit(house: Forms) -> None:
    """Its day is over, and the house in its audit keeps its tables to itself all the same."""
    (number,) = asked(house, 2)
    house.later(days=15)
    house.sweep(night_audit=lambda code: code == "mu")
    assert (left(house), state(house, number)) == ({2}, "sealed")
    house.sweep()
    assert (left(house), state(house, number)) == (set(), "erased")


@pytest.mark.parametrize("join", [False, True], ids=["leads", "joins"])
def test_what_ended_by_itself_waits_for_it_too(inn: Inn, join: bool) -> None:
    """A kept bill without a request, whether a sweep leads or takes part in another."""
    bill_with_day(inn, 1)
    limits = Limits(join=join)

    def swept(paused: bool) -> None:
        sweep.sweep(inn.run, _render, {}, night_audit=lambda code: paused, limits=limits)

    if join:
        inn.run(lambda office: runs.start(office.work))
    swept(True)
    assert payers(inn, 1) == {1}
    swept(False)
    assert payers(inn, 1) == set()


def bill_with_day(inn: Inn, *ids: int) -> None:
    """Let people run out whose bills are kept until a day, and let that day pass."""
    for id in ids:
        inn.person(id, LONG_AGO, visa=None)
        inn.bill(id, one=id)
    night(inn)
    assert payers(inn, *ids) == set(ids)
    later(inn, days=3 * 366)


# within limits


def without_day(inn: Inn, ids: range) -> None:
    """Let people run out whose bills have no date: nobody knows how long they are kept."""
    for id in ids:
        inn.person(id, LONG_AGO, visa=None)
        inn.bill(id, one=id, dated=None)
    night(inn)
    assert {row["until"] for row in inn.ours("kept")} == {None}


def test_what_only_is_looked_at_takes_nothing_of_the_rows_of_a_sweep(inn: Inn) -> None:
    """Fifteen bills without a date stay each night; the ten rows are for those that go."""
    without_day(inn, range(1, 16))
    later(inn, days=1)
    for id in range(101, 106):
        inn.person(id, LONG_AGO, visa=None)
    report = night(inn, rows=10)
    assert names(inn, *range(101, 106)) == set()
    assert report.stopped == ""


def test_rows_bound_what_goes_of_what_was_kept(inn: Inn) -> None:
    """Of five kept bills whose day is over, two go in a sweep of two rows."""
    bill_with_day(inn, *range(1, 6))
    report = night(inn, rows=2)
    assert (len(payers(inn, *range(1, 6))), report.stopped) == (3, "rows")
    night(inn, rows=2)
    night(inn, rows=2)
    assert payers(inn, *range(1, 6)) == set()


def test_rows_bound_the_kept_rows_of_requests(house: Forms) -> None:
    """Of four requests whose forms end today, two end in a sweep of two rows."""
    asked(house, 2, 3, 4, 5)
    house.later(days=15)
    report = sweep.sweep(house.run, _render, {}, limits=Limits(rows=2))
    assert (len(left(house)), report.stopped) == (2, "rows")


class Watch(Shift):
    """A run whose time is over after so many looks at the clock, and whose batches are of two."""

    def __init__(self, looks: int) -> None:
        super().__init__(rows=2)
        self.looks = looks

    def over(self) -> bool:
        """Look at the clock."""
        self.looks -= 1
        if self.looks < 0:
            self.stopped = "time"
        return super().over()


def looked_at(monkeypatch: pytest.MonkeyPatch, note: Callable[[Any, Office], None]) -> None:
    """Tell of each row without a request, when it is looked at."""
    rows = finishing._rows

    def seen(lines: Any, office: Office) -> dict[str, int]:
        for line in lines:
            note(line, office)
        return rows(lines, office)

    monkeypatch.setattr(finishing, "_rows", seen)


@pytest.mark.parametrize("join", [False, True], ids=["leads", "joins"])
def test_who_has_had_their_time_comes_before_what_has_no_day(
    inn: Inn, monkeypatch: pytest.MonkeyPatch, join: bool
) -> None:
    """They need not wait until all that stays was looked at."""
    without_day(inn, range(1, 4))
    later(inn, days=1)
    inn.person(101, LONG_AGO, visa=None)
    found: list[str | None] = []
    email = select(PEOPLE.c.email).where(PEOPLE.c.id == 101)
    looked_at(
        monkeypatch, lambda line, office: found.append(office.work.conn.execute(email).scalar())
    )
    if join:
        looking.look(inn.run)
        inn.run(lambda office: runs.start(office.work))
    sweep.sweep(inn.run, _render, {}, limits=Limits(join=join))
    assert found == [None] * 3


def test_a_round_goes_on_where_time_was_over(
    inn: Inn, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rounds that have time for two rows each come to the last of seven, and begin anew then."""
    without_day(inn, range(1, 8))
    order: list[int] = []
    looked_at(monkeypatch, lambda line, office: order.append(line.id))
    for _ in range(4):
        finishing.finish(inn.run, shift=Watch(2))
    all_of_them = sorted(row["id"] for row in inn.ours("kept"))
    assert order == all_of_them
    order.clear()
    finishing.finish(inn.run, shift=Watch(3))
    assert order == all_of_them[:2]
    order.clear()
    finishing.finish(inn.run)
    assert order == all_of_them[2:] + all_of_them[:2]


def test_a_round_goes_on_among_requests_too(
    house: Forms, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rounds that have time for one request each come to the last of three that wait."""
    numbers = sorted(asked(house, 2, 3, 4))
    with house.engine.begin() as conn:
        conn.execute(update(tables.kept).values(until=None))
    order: list[str] = []

    def seen(number: str, *args: Any) -> dict[str, int]:
        order.append(number)
        return {}

    monkeypatch.setattr(finishing, "_request", seen)
    for _ in range(4):
        finishing.finish(house.run, shift=Watch(2))
    assert order == numbers
    finishing.finish(house.run)
    assert order == numbers * 2


def test_the_stop_switch_reaches_the_kept_rows_of_requests(house: Forms) -> None:
    """The first request ends; nothing follows it until somebody lets it go on."""
    asked(house, 2, 3, 4)
    house.later(days=15)
    stopped: list[bool] = []

    def run(unit: Callable[[Office], Any]) -> Any:
        done = house.run(unit)
        if len(left(house)) == 2 and not stopped:
            stopped.append(True)
            halt(house)
        return done

    report = sweep.sweep(run, _render, {})
    assert (len(left(house)), report.halted, report.stopped) == (2, True, "halted")
    resume(house)
    house.sweep()
    assert left(house) == set()


# what keeps a look from its end


def test_a_lock_does_not_keep_for_a_week_what_a_lifted_hold_kept(
    house: Forms, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The night after the lock lets it go."""
    for user in ("officer", "second"):
        granted = {place: {*rights, "hold", "freeze"} for place, rights in GRANTS[user].items()}
        monkeypatch.setitem(GRANTS, user, granted)
    house.form(2, NEW)
    wanted = Wanted("record", "court-order", "forms", "2")
    hold = house.run(lambda office: office.place_hold(wanted, "officer"))
    (number,) = erased(house, 2)
    house.later(days=20)
    house.sweep()
    house.run(lambda office: office.lift(hold, "officer"))
    house.run(lambda office: office.lift(hold, "second"))
    house.later(hours=2)

    def locked(*args: Any) -> Any:
        raise BusyError("Locked.", "Wait.")

    with monkeypatch.context() as patch:
        patch.setattr(finishing, "_request", locked)
        assert house.tried().counts["unfinished"] == 1
    house.later(days=1)
    house.sweep()
    assert (left(house), state(house, number)) == (set(), "erased")


def erased(house: Forms, *ids: int) -> list[str]:
    """Erase guests who are there and ask for it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(house, "form", lambda *args: None)
        return asked(house, *ids)


def long_kept(house: Forms) -> str:
    """Keep a form until a day far away, as a longer rule would have; then the rules change."""
    (number,) = asked(house, 2)
    house.later(days=1)
    house.sweep()
    with house.engine.begin() as conn:
        conn.execute(update(tables.kept).values(until="2030-01-01"))
    house.change(null)
    house.later(days=1)
    return number


def goes_in_time(house: Forms, number: str) -> None:
    """See that the form goes by the rule that was changed, once the sweep is confirmed."""
    house.sweep("officer")
    house.later(days=20)
    house.sweep()
    assert (left(house), state(house, number)) == (set(), "erased")


def test_a_rule_that_changed_while_erasing_was_stopped_is_applied(house: Forms) -> None:
    """The night of the change was stopped, and came to its end; kept days follow all the same."""
    number = long_kept(house)
    halt(house)
    assert house.sweep().halted
    assert [row["until"] for row in house.ours("kept")] != ["2030-01-01"]
    assert left(house) == {2}
    resume(house)
    goes_in_time(house, number)


def test_a_rule_is_applied_although_the_look_failed_that_night(
    house: Forms, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The next night looks again at what the night of the change could not."""
    number = long_kept(house)

    def locked(*args: Any) -> Any:
        raise BusyError("Locked.", "Wait.")

    with monkeypatch.context() as patch:
        patch.setattr(settling, "verdict", locked)
        assert house.tried().problems["keep"] == "BusyError"
    goes_in_time(house, number)


def test_a_rule_reaches_boxes_although_their_look_failed_that_night(
    inn: Inn, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All boxes are judged again until one look came to its end, and then no more."""
    looks: list[bool] = []
    settle = settling._settle

    def seen(last: int, unknown: bool, everything: bool, office: Office) -> Any:
        looks.append(everything)
        return settle(last, unknown, everything, office)

    def locked(*args: Any) -> Any:
        raise BusyError("Locked.", "Wait.")

    place = inn.settings.properties["sh"]
    inn.settings = replace(inn.settings, properties={"sh": replace(place, fiscal=(6, 30))})
    with monkeypatch.context() as patch:
        patch.setattr(settling, "_settle", locked)
        assert night(inn).problems["close"] == "BusyError"
    monkeypatch.setattr(settling, "_settle", seen)
    night(inn)
    assert looks[0] is True
    looks.clear()
    night(inn)
    assert set(looks) == {False}


# two at once


def test_a_sweep_that_lost_its_lease_says_what_it_did(
    house: Forms, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It names that it did not come to its end, and leaves the other one at work."""
    (number,) = asked(house, 2)
    house.later(days=15)
    due, tokens = looking.look, []

    def lost(run: Any, *args: Any) -> Any:
        house.later(minutes=11)
        tokens.append(house.run(lambda office: runs.start(office.work)))
        return due(run, *args)

    monkeypatch.setattr(looking, "look", lost)
    report = house.tried()
    assert report.problems["finish"] == "SweepingError"
    assert (report.counts["finished"], state(house, number)) == (1, "erased")
    house.run(lambda office: runs.go_on(office.work, tokens[0]))


@pytest.mark.parametrize("doubted", [False, True], ids=["lease", "clock"])
def test_what_a_round_of_kept_rows_did_is_told_where_it_is_cut_off(
    house: Forms, monkeypatch: pytest.MonkeyPatch, doubted: bool
) -> None:
    """The first request had gone when another sweep began, or the clock went wrong."""
    first, second = asked(house, 2, 4)
    house.later(days=15)
    finish = finishing._request

    def cut(number: str, *args: Any) -> dict[str, int]:
        did = finish(number, *args)
        monkeypatch.setattr(turns.Round, "_tried", lost)
        return did

    tried = turns.Round._tried

    def lost(self: turns.Round, number: str) -> None:
        house.later(days=-30 if doubted else 0, minutes=11)
        if not doubted:
            house.run(lambda office: runs.start(office.work))
        tried(self, number)

    monkeypatch.setattr(finishing, "_request", cut)
    report = house.tried()
    assert report.problems["keep"] == ("BlockedError" if doubted else "SweepingError")
    assert (report.counts["finished"], report.counts["ended"]) == (1, 1)
    assert sorted((state(house, first), state(house, second))) == ["erased", "sealed"]


@pytest.mark.parametrize("stale", [False, True], ids=["nothing stood", "a dead one stood"])
def test_of_two_sweeps_that_start_at_one_moment_one_leads(served: Forms, stale: bool) -> None:
    """The other one is refused, or meets the lock, and does not take the place over."""
    house = served
    if stale:
        house.run(lambda office: runs.start(office.work))
        house.later(minutes=11)
    tokens: list[str] = []

    def second() -> None:
        with suppress(BusyError):
            tokens.append(house.run(lambda office: runs.start(office.work)))

    other = threading.Thread(target=second)
    with house.begin() as office:
        mine = runs.start(office.work)
        other.start()
        other.join(0.3)
    other.join()
    assert tokens == []
    house.run(lambda office: runs.go_on(office.work, mine))


def test_who_looked_before_another_began_does_not_lead(house: Forms) -> None:
    """What a sweep found to be free is compared when it takes the place."""
    with house.begin() as office:
        conn, stamp = office.work.conn, office.work.stamp
        assert pulse.change(conn, runs.SWEEP, None, Pulse(stamp, "first"))
        seen = pulse.look(conn, runs.SWEEP)
        assert not pulse.change(conn, runs.SWEEP, None, Pulse(stamp, "second"))
        assert pulse.change(conn, runs.SWEEP, seen, Pulse(stamp, "third"))
        assert not pulse.change(conn, runs.SWEEP, seen, Pulse(stamp, "fourth"))


# rows that fail or wait


def test_a_row_that_fails_is_tried_each_night_although_nights_are_not_of_one_length(
    house: Forms
) -> None:
    """A sweep that comes to it twenty seconds earlier than the night before tries it too."""
    house.form(1, OLD)
    refuse(house, 1)
    for number in range(1, 7):
        house.later(days=1, seconds=-20)
        house.tried()
        (row,) = house.ours("due")
        assert row["tries"] == number


NOTES = Table(
    "notes",
    MetaData(),
    Column("id", Integer, primary_key=True),
    Column("bill", Integer, ForeignKey(BILLS.c.id)),
)
"""Rows of the vendor's that point at a bill and are nobody's."""


def test_one_kept_row_that_is_blocked_lets_the_others_go(inn: Inn) -> None:
    """Something points at one of five bills that are to go whole: that one waits alone."""
    bills = replace(inn.datamap.tables["bills"].policy, rows=delete)
    inn.datamap = resolve(
        [(PEOPLE, inn.datamap.tables["people"].policy), (BILLS, bills)],
        [*METADATA.tables.values()], [],
    )  # fmt: skip
    NOTES.metadata.create_all(inn.engine)
    night(inn, "officer")
    night(inn, "officer")
    bill_with_day(inn, 1, 2, 3, 4, 5)
    with inn.engine.begin() as conn:
        conn.execute(insert(NOTES).values(id=1, bill=3))
    assert night(inn).counts["finished"] == 4
    assert payers(inn, 1, 2, 3, 4, 5) == {3}
    with inn.engine.begin() as conn:
        conn.execute(NOTES.delete())
    night(inn)
    assert payers(inn, 3) == set()


def test_who_cannot_begin_for_a_lock_joins_nobody(
    inn: Inn, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody leads: the night is not over because something else held the rows for a moment."""
    start, held = runs.start, [True]

    def locked(work: Work) -> str:
        if held.pop():
            raise BusyError("Another transaction holds the rows.", "Wait.")
        return start(work)

    monkeypatch.setattr(runs, "start", locked)
    with pytest.raises(BusyError) as told:
        sweep.sweep(inn.run, _render, {}, limits=Limits(join=True))
    assert not isinstance(told.value, SweepingError)
    monkeypatch.undo()
    inn.run(lambda office: runs.start(office.work))
    assert sweep.sweep(inn.run, _render, {}, limits=Limits(join=True)).joined
