"""Holds that are placed beside other work, or again after a restore."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import delete, update

from flask_guesterase.core.errors import ForbiddenError
from flask_guesterase.core.holding import Wanted
from flask_guesterase.store import sweep, tables
from flask_guesterase.store.access import pulse
from flask_guesterase.store.executing import forgetting
from flask_guesterase.store.office import Office
from flask_guesterase.store.remembrance import orphaned, remembering
from flask_guesterase.store.returning import alarm
from flask_guesterase.store.returning.replay import noted, survey
from tests.store.forms import GRANTS, RIGHTS, Forms
from tests.store.hotel import policies
from tests.store.test_replayed import ANN, Copied


@pytest.fixture
def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Copied]:
    """A hotel whose holder may hold there, and whose far holder may at another one."""
    one = Copied(tmp_path)
    one.hotel.guest(1, **ANN)
    grants = one.hotel.grants
    grants["officer"].add("hold")
    grants["officer"].add("freeze")
    grants["far"] = {"hold", "freeze"}
    home = {"far": "mu"}

    def may(user: str, permission: str, code: str) -> bool:
        return permission in grants.get(user, ()) and code == home.get(user, "sh")

    monkeypatch.setattr(one.hotel, "may", may)
    yield one
    one.hotel.engine.dispose()


def forget(house: Copied, *places: str) -> None:
    """Freeze hotels after the copy was made; put the copy back and replay it."""
    house.copy()
    for code in places:
        with house.hotel.begin() as office:
            office.freeze(code, "far" if code == "mu" else "officer")
    house.restore()
    house.replay()
    assert house.alarm() == remembering.HOLDS


def confirm(house: Copied, by: str) -> None:
    """Say that the holds are placed again."""
    house.run(lambda office: alarm.holds_placed(office.work, by))


@pytest.mark.parametrize("other", ["officer", "far"])
def test_a_server_whose_clock_is_some_minutes_ahead_accuses_nobody(
    house: Copied, other: str
) -> None:
    """Two servers may differ by as much: which hold came last is told by its place."""
    house.hotel.later(days=1, minutes=4)
    house.run(lambda office: office.freeze("sh", "officer", room="11"))
    house.hotel.later(minutes=-4)
    house.run(lambda office: office.freeze("mu" if other == "far" else "sh", other, room="12"))
    assert list(house.run(lambda office: office.verify())) == []
    house.hotel.later(hours=1)
    house.run(lambda office: office.freeze("sh", "officer", room="13"))
    with house.hotel.engine.begin() as conn:
        conn.execute(update(tables.hold).where(tables.hold.c.room == "12").values(room="99"))
    assert [each.id for each in house.run(lambda office: office.verify())] == ["records-differ"]


def test_a_hold_of_one_hotel_is_not_dropped_by_another(house: Copied) -> None:
    """Whoever may hold elsewhere says nothing about it."""
    forget(house, "sh")
    for who in ("far", "clerk"):
        with pytest.raises(ForbiddenError):
            confirm(house, who)
    assert house.alarm() == remembering.HOLDS
    confirm(house, "officer")
    assert house.alarm() != remembering.HOLDS


def test_each_hotel_says_it_of_its_own(house: Copied) -> None:
    """Nothing is erased anywhere until the last one did; saying it twice is no second one."""
    forget(house, "sh", "mu")
    for _ in range(2):
        confirm(house, "far")
        assert house.alarm() == remembering.HOLDS
    confirm(house, "officer")
    assert house.alarm() != remembering.HOLDS


def test_a_second_restore_leaves_what_the_first_one_forgot_to_be_placed_again(
    house: Copied,
) -> None:
    """A backup is made before anybody placed it again, and that one is put back too."""
    forget(house, "sh")
    shutil.rmtree(house.folder / "oldkeys")
    forget(house, "mu")
    told = house.run(lambda office: survey(office.work).holds)
    assert sorted(told) == [("place", "mu"), ("place", "sh")]
    confirm(house, "far")
    assert house.alarm() == remembering.HOLDS
    confirm(house, "officer")
    assert house.alarm() != remembering.HOLDS


def test_a_register_that_begins_anew_names_no_hold_of_the_lost_one(house: Copied) -> None:
    """Its places begin again at one: a hold of today stands where the forgotten one stood."""
    house.hotel.grants["officer"].add("law")
    forget(house, "sh")
    for file in (house.folder / "register").glob("erasures-*.jsonl"):
        file.unlink()
    house.run(lambda office: alarm.begin_anew(office.work, "officer"))
    house.run(lambda office: office.freeze("mu", "far"))
    confirm(house, "far")
    assert house.alarm() == remembering.HOLDS
    confirm(house, "officer")
    assert house.alarm() != remembering.HOLDS


@pytest.mark.parametrize(
    ("shared", "frozen", "why"),
    [(True, "mu", "legal-duty"), (False, "mu", "no-date"), (False, "sh", "legal-duty")],
)
def test_a_freeze_that_the_copy_forgot_is_about_what_may_lie_there(
    house: Copied, shared: bool, frozen: str, why: str
) -> None:
    """Of a profile that all hotels of a group share nobody knows at which one it lies."""
    if shared:
        house.hotel.datamap = house.hotel.mapped([
            (table, replace(policy, subject=replace(policy.subject, property=""))
             if policy.subject is not None else policy)
            for table, policy in policies(str(house.hotel.files))
        ])  # fmt: skip
    house.copy()
    assert house.hotel.erased(house.hotel.approved(email=ANN["email"])) == "erased"
    house.run(lambda office: office.freeze(frozen, "far" if frozen == "mu" else "officer"))
    house.restore()
    assert house.replay().counts["ask"] == 1
    (asked,) = house.run(lambda office: office.returns("clerk", "replay"))
    assert asked["why"] == why


def test_what_the_register_does_not_name_concerns_every_hotel(house: Copied) -> None:
    """Lines that are gone from the register may have been anybody's holds."""
    house.copy()
    with house.hotel.begin() as office:
        note = pulse.Pulse(office.work.stamp, "1:0:1")
        pulse.put(office.work.conn, remembering.HOLDS, note)
    confirm(house, "far")
    assert house.run(lambda office: pulse.look(office.work.conn, remembering.HOLDS)) is not None
    confirm(house, "officer")
    assert house.run(lambda office: pulse.look(office.work.conn, remembering.HOLDS)) is None


def held_key(house: Copied, days: int | None) -> None:
    """Hold what an erasure keeps sealed after the copy was made; put the copy back, confirm."""
    house.hotel.settings = replace(house.hotel.settings, backup_days=days)
    assert house.hotel.erased(house.hotel.approved(email=ANN["email"])) == "erased"
    house.copy()
    wanted = Wanted("subject", "court-order", "guests", "1")
    house.run(lambda office: office.place_hold(wanted, "officer"))
    assert "hold:1" in house.hotel.custodian.labels()
    house.restore()
    house.replay()
    assert house.alarm() == remembering.HOLDS


def ends(house: Copied, days: int) -> bool:
    """Let a night be so many days later; return whether the key of the forgotten hold is gone."""
    house.hotel.later(days=days)
    forgetting.forget(house.run)
    return "hold:1" not in house.hotel.custodian.labels()


def test_the_key_of_a_forgotten_hold_ends_with_the_last_copy_that_knows_the_hold(
    house: Copied,
) -> None:
    """A later copy that is put back has boxes which open by it alone; with that it is over."""
    held_key(house, days=60)
    assert not ends(house, days=200), "nobody said that the holds are placed again"
    confirm(house, "officer")
    assert not ends(house, days=60)
    assert ends(house, days=70)
    assert house.run(lambda office: pulse.look(office.work.conn, orphaned.PLACED)) is None
    assert not list(house.run(lambda office: office.verify()))


def test_the_key_of_what_the_next_restore_forgets_waits_for_its_own_word(house: Copied) -> None:
    """What was said of an earlier one says nothing of the holds that are lost now."""
    held_key(house, days=60)
    confirm(house, "officer")
    house.hotel.later(days=130)
    shutil.rmtree(house.folder / "oldkeys")
    house.copy()
    house.run(lambda office: office.freeze("sh", "officer"))
    house.hotel.custodian.ensure("hold:1")
    house.restore()
    assert not ends(house, days=0), "the database was not found to be restored yet"
    house.replay()
    assert not ends(house, days=0), "nobody placed it again"


def test_it_stays_where_nobody_said_how_long_copies_are_kept(house: Copied) -> None:
    """What a copy would open by it may come back any day."""
    held_key(house, days=None)
    confirm(house, "officer")
    assert not ends(house, days=4000)


def test_the_key_of_a_hold_that_lives_does_not_end(house: Copied) -> None:
    """It was placed again, which is what the number of the forgotten one went to."""
    held_key(house, days=60)
    wanted = Wanted("subject", "court-order", "guests", "1")
    house.run(lambda office: office.place_hold(wanted, "officer"))
    confirm(house, "officer")
    assert not ends(house, days=200)


def test_the_key_of_a_hold_whose_row_somebody_deleted_ends_with_what_lies_under_it(
    house: Copied,
) -> None:
    """Once holds were said to be placed again, no row that is gone ends what the law keeps."""
    held_key(house, days=60)
    wanted = Wanted("subject", "court-order", "guests", "1")
    house.run(lambda office: office.place_hold(wanted, "officer"))
    confirm(house, "officer")
    box = tables.box
    with house.hotel.engine.begin() as conn:
        conn.execute(delete(tables.hold))
        conn.execute(update(box).where(box.c.label == "hold:1").values(last_day="2099-12-31"))
    assert not ends(house, days=200)
    with house.hotel.engine.begin() as conn:
        conn.execute(update(box).where(box.c.label == "hold:1").values(label="day:2099-12-31"))
    assert ends(house, days=1), "nothing lies under it any more, and it was looked at again"
    assert house.run(lambda office: pulse.look(office.work.conn, orphaned.PLACED)) is None


# beside other work


@pytest.fixture
def forms(
    database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Forms]:
    """A form whose year is over, whose erasure by the sweep was confirmed; the officer holds."""
    made = Forms(database_url, tmp_path)
    monkeypatch.setitem(GRANTS, "officer", {"mu": RIGHTS | {"hold", "freeze"}, "be": RIGHTS})
    made.form(1, date(2025, 2, 1))
    made.sweep()
    made.run(lambda office: office.confirm_sweep("officer"))
    yield made
    made.engine.dispose()


def beside(forms: Forms, act: Callable[[], object]) -> Callable[[Callable[[Office], Any]], Any]:
    """Return what runs units; while the first one that erased something is open, somebody acts."""
    acting = threading.Thread(target=act)

    def run(unit: Callable[[Office], Any]) -> Any:
        with forms.begin() as office:
            result = unit(office)
            # SQLite lets only one of them in at a time, so they cannot meet there.
            erased = "forms" in office.work.changed and forms.engine.dialect.name != "sqlite"
            if erased and acting.ident is None:
                acting.start()
                acting.join()
            return result

    return run


@pytest.mark.parametrize("scope", ["subject", "place"])
def test_what_is_held_while_a_sweep_erases_it_stays(forms: Forms, scope: str) -> None:
    """Who was told that it is held can rely on it, though the rows were being erased already."""

    def hold(office: Office) -> int:
        if scope == "place":
            return office.freeze("mu", "officer")
        return office.place_hold(Wanted(scope, "court-order", "guests", "1"), "officer")

    def officer() -> None:
        forms.run(hold)

    if forms.engine.dialect.name == "sqlite":
        officer()
    sweep.sweep(beside(forms, officer), lambda *_: ("", ""), {})
    assert len(forms.ours("hold")) == 1
    assert forms.names() == {1: "Ada Roe"}


def test_who_freezes_the_same_place_at_the_same_moment_makes_one_freeze(forms: Forms) -> None:
    """One click on two devices, or two clicks: two people lift it once."""
    placed: list[int] = []
    second = threading.Thread(target=lambda: placed.append(forms.run(freeze)))

    def freeze(office: Office) -> int:
        return office.freeze("mu", "officer")

    with forms.begin() as office:
        placed.append(freeze(office))
        second.start()
        second.join(0.5)
    second.join()
    assert len(forms.ours("hold")) == 1
    assert placed == [placed[0]] * 2


PLACES = st.integers(min_value=0, max_value=10**11)


@given(st.integers(min_value=1, max_value=10**6), st.lists(st.tuples(PLACES, PLACES), min_size=1))
def test_the_holds_of_however_many_restores_are_within_what_is_noted(
    count: int, spans: list[tuple[int, int]]
) -> None:
    """Nothing is forgotten because there is no room left to write it down."""
    note = noted(count, spans)

    told = [int(place) for place in note.split(":")]
    here = list(zip(told[1::2], told[2::2], strict=True))
    assert told[0] == count
    assert len(note) <= 250, "what the column takes"
    assert all(any(a <= since and until <= b for a, b in here) for since, until in spans)
