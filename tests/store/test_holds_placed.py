"""Who may say after a restore that forgotten holds are placed again: at each hotel, its own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from flask_guesterase.core.errors import ForbiddenError
from flask_guesterase.store import pulse
from flask_guesterase.store.remembrance import alarm, remembering
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
