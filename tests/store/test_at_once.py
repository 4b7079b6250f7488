"""The same thing done twice at the same moment: one does it, the other finds it done."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from contextlib import suppress
from datetime import date, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, event

from flask_guesterase.core.errors import BusyError, TransitionError
from flask_guesterase.core.holding import Wanted
from flask_guesterase.core.period import Period
from flask_guesterase.store.deciding.amendments import House
from flask_guesterase.store.lawbook import rulebook
from flask_guesterase.store.office import Office
from flask_guesterase.store.sweeping import halting
from tests.engines import SERVERS, fresh_database
from tests.store.forms import Forms
from tests.store.hotel import Hotel
from tests.store.meetings import meet


def test_of_two_that_find_the_time_of_a_key_over_one_makes_it_anew(any_hotel: Hotel) -> None:
    """Who presses twice after a while presses once: the second waits for what the first made."""
    hotel = any_hotel
    made: list[int] = []

    def make() -> int:
        made.append(len(made))
        return len(made)

    def press() -> str:
        with hotel.begin() as office:
            return office.once({}, make, whose="form", key="k", lasting=timedelta(minutes=1))

    def second() -> None:
        with suppress(BusyError):
            press()

    assert press() == "1"
    hotel.later(minutes=2)
    hotel.meet("UPDATE guesterase_filed", second)
    assert press() == press() == "2"
    assert made == [0, 1]


def test_of_two_that_sign_a_pack_one_signs_it(any_hotel: Hotel) -> None:
    """Signing it again changes nothing, however soon."""
    hotel = any_hotel
    for name in ("officer", "second"):
        hotel.grants[name].add("law")

    def sign(by: str) -> None:
        with hotel.begin() as office:
            office.sign_pack("CN", by)

    hotel.meet("INSERT INTO guesterase_pack", lambda: sign("second"))
    sign("officer")
    assert len(hotel.ours("pack")) == 1
    assert hotel.events.count("pack-signed") == 1
    with hotel.begin() as office:
        assert office.verify() == []


@pytest.fixture(params=SERVERS)
def lawful(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Hotel]:
    """A hotel on each server in turn, where two people decide about the law."""
    with fresh_database(request.param) as url:
        hotel = Hotel(url, tmp_path)
        for name in ("officer", "second"):
            hotel.grants[name].add("law")
        with hotel.begin() as office:
            rulebook.sync(office.work)
        yield hotel
        hotel.engine.dispose()


def proposed(hotel: Hotel, years: int, by: str) -> int:
    period = House("guest_register", ("departed",), "counsel", Period(years=years))
    with hotel.begin() as office:
        return office.house_period("sh", period, by)


def confirmed(hotel: Hotel, id_: int, by: str) -> None:
    with hotel.begin() as office:
        office.confirm_house(id_, by)


@pytest.mark.parametrize("at", range(4))
def test_of_two_periods_of_the_house_set_at_once_one_takes_the_place_of_the_other(
    lawful: Hotel, at: int
) -> None:
    """Who comes later sees the other: a shorter one ends, a longer one is leaving."""
    short, long = proposed(lawful, 2, "officer"), proposed(lawful, 5, "second")
    met = meet(
        lawful.engine, partial(confirmed, lawful, short, "second"),
        partial(confirmed, lawful, long, "officer"), at,
    )  # fmt: skip
    states = {row["id"]: row["state"] for row in lawful.ours("rule")}
    assert (met.first, met.second) == ("ok", "ok")
    assert (states[short], states[long]) in {("ended", "living"), ("living", "leaving")}, met.at


@pytest.mark.parametrize("at", range(5))
def test_who_proposes_an_end_while_another_period_is_set_has_proposed_it(
    lawful: Hotel, at: int
) -> None:
    """A period that leaves for a shorter one forgets no word that was said meanwhile."""
    long, short = proposed(lawful, 5, "second"), proposed(lawful, 2, "officer")
    confirmed(lawful, long, "officer")

    def propose() -> None:
        with lawful.begin() as office:
            office.propose_change(long, "officer")

    met = meet(lawful.engine, partial(confirmed, lawful, short, "second"), propose, at)
    (line,) = [row for row in lawful.ours("rule") if row["id"] == long]
    assert (met.first, met.second) == ("ok", "ok")
    assert (line["state"], line["proposed_by"] is None) == ("leaving", False), met.at


def test_of_two_that_vouch_for_a_journal_the_later_word_counts(any_hotel: Hotel) -> None:
    """As it does where they do it one after the other."""
    hotel = any_hotel
    for name in ("officer", "second"):
        hotel.grants[name].add("law")

    def vouch(by: str, key: str) -> None:
        with hotel.begin() as office:
            office.trust_journal("guesterase/elm/0", key * 32, by)

    hotel.meet("INSERT INTO guesterase_witnessed", lambda: vouch("second", "ab"))
    vouch("officer", "cd")
    assert [row["public_key"] for row in hotel.ours("witnessed")] == ["cd" * 32]
    # In the journal of each of the two companies.
    assert hotel.events.count("journal-trusted") == 4


@pytest.mark.parametrize("kind", SERVERS)
@pytest.mark.parametrize("at", [0, 1])
def test_of_two_that_confirm_what_a_sweep_shows_one_does(
    kind: str, at: int, tmp_path: Path
) -> None:
    """The journal names one person, and the other reads that it is done."""
    with fresh_database(kind) as url:
        house = Forms(url, tmp_path)
        house.form(1, date(2025, 2, 1))
        house.sweep()
        read = [preview.id for preview in house.run(Office.sweeps)["previews"]]

        def confirm(by: str) -> None:
            house.run(lambda office: office.confirm_sweep(by, read))

        met = meet(house.engine, lambda: confirm("officer"), lambda: confirm("second"), at)
        ends = [met.first, met.second]
        said = house.actions().count("sweep-confirmed")
        house.engine.dispose()
    assert met.at
    assert sorted(ends) == ["TransitionError", "ok"]
    assert said == 1


def beside(engine: Engine, statement: str, act: Any) -> None:
    """Let somebody else begin to act before the next statement that begins like this."""
    other = threading.Thread(target=act)

    def begins(conn: Any, cursor: Any, said: str, *rest: Any) -> None:
        if said.startswith(statement) and other.ident is None:
            other.start()
            # It comes to its end, or waits for this one's transaction until it gives up.
            other.join()

    event.listen(engine, "before_cursor_execute", begins)


def test_a_register_that_is_being_counted_is_not_counted_by_another(
    database_url: str, tmp_path: Path
) -> None:
    """Who counts beside a sweep is told that somebody is at it, and is done before they read."""
    house = Forms(database_url, tmp_path)
    house.form(1, date(2026, 3, 1))
    ends: list[str] = []

    def count() -> None:
        try:
            house.run(lambda office: office.count_register("mu"))
        except Exception as problem:
            ends.append(type(problem).__name__)

    beside(house.engine, "INSERT INTO guesterase_census", count)
    assert len(house.run(lambda office: office.count_register("mu"))) == 1
    assert ends == ["BusyError"]
    assert house.run(lambda office: office.count_register("mu")) == []
    assert house.actions().count("register-counted") == 1
    house.engine.dispose()


@pytest.mark.parametrize("do", ["erase", "hold"])
def test_who_holds_and_who_erases_lock_in_one_order(any_hotel: Hotel, do: str) -> None:
    """In two orders they would wait for each other: the database ends one, which may be the hold
    of an officer, who is asked to try again when the guest is gone."""
    hotel = any_hotel
    hotel.guest(1, name="Ann Berg", email="ann@example.com")
    hotel.grants["officer"].add("hold")
    number = hotel.approved(email="ann@example.com")
    locked: list[str] = []

    def note(conn: Any, cursor: Any, said: str, *rest: Any) -> None:
        if found := re.search(r"FROM (guests|guesterase_request)\b.*FOR UPDATE", said, re.DOTALL):
            locked.append(found[1])

    event.listen(hotel.engine, "before_cursor_execute", note)
    with hotel.begin() as office:
        if do == "erase":
            office.erase(number).settled()
        else:
            office.place_hold(Wanted("subject", "court-order", "guests", "1"), "officer")
    if hotel.engine.dialect.name != "sqlite":
        assert list(dict.fromkeys(locked)) == ["guesterase_request", "guests"]


def test_of_two_that_stop_the_sweeps_one_stops_them(any_hotel: Hotel) -> None:
    """The other is told so; the ground that stands is that of who did."""
    hotel = any_hotel
    for name in ("officer", "second"):
        hotel.grants[name].add("law")
    ends: list[str] = []

    def halt(by: str, ground: str) -> None:
        try:
            with hotel.begin() as office:
                office.halt_sweep(by, ground)
        except TransitionError:
            ends.append(by)

    hotel.meet("INSERT INTO guesterase_pulse", lambda: halt("second", "investigation"))
    halt("officer", "wrong-rows")
    assert ends == ["officer"]
    (stop,) = [row for row in hotel.ours("pulse") if row["name"] == halting.HALTED]
    assert stop["note"] == "investigation"


def test_who_uses_a_code_for_a_pin_and_who_gives_another_lock_in_one_order(
    any_hotel: Hotel,
) -> None:
    hotel = any_hotel
    for name in ("officer", "second"):
        hotel.grants[name].add("issue")
    with hotel.begin() as office:
        code = office.give_pin("clerk", "officer", "sh")
    order: list[list[str]] = [[]]

    def note(conn: Any, cursor: Any, said: str, *rest: Any) -> None:
        what = re.match(r"(?:UPDATE|DELETE FROM) guesterase_(token)|SELECT.*FROM guesterase_(pin)",
                        said, re.DOTALL)  # fmt: skip
        if what and (what[1] or "FOR UPDATE" in said):
            order[0].append(what[1] or what[2])

    event.listen(hotel.engine, "before_cursor_execute", note)
    with hotel.begin() as office:
        office.begin_pin("clerk", code, "739218")
    order.insert(0, [])
    with hotel.begin() as office:
        office.give_pin("clerk", "second", "sh")
    if hotel.engine.dialect.name != "sqlite":
        assert [list(dict.fromkeys(each)) for each in order[:2]] == [["pin", "token"]] * 2
