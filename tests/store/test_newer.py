"""Tables of a newer version: nothing is erased by them, whoever asks and whenever they came."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import Engine

from flask_guesterase.core.errors import SetupError, SweepingError
from flask_guesterase.store import worker
from flask_guesterase.store.retaining.keeping import Origin
from flask_guesterase.store.returning import again
from flask_guesterase.store.sweeping import runs
from flask_guesterase.store.sweeping.report import Report
from flask_guesterase.store.upkeep import upgrade
from tests.store.forms import Forms
from tests.store.hotel import Guest, Hotel
from tests.store.test_nights import OLD, left
from tests.store.test_outbox import run

NEWER = "9999"
"""A revision that this version does not know."""


def revise(engine: Engine, revision: str = NEWER) -> None:
    """Let another version bring our tables to its revision."""
    with engine.begin() as conn:
        conn.exec_driver_sql(f"UPDATE {upgrade.VERSION_TABLE} SET version_num = '{revision}'")


def test_an_approved_request_waits_for_the_version_that_knows_the_tables(any_hotel: Hotel) -> None:
    """The button, the API and the command ask as the worker does: each erasure by itself."""
    hotel = any_hotel
    hotel.guest(1, name="Ann", email="ann@mail.example")
    number = hotel.approved(email="ann@mail.example")
    revise(hotel.engine)
    with pytest.raises(SetupError, match="newer version"):
        worker.carry_out(run(hotel), number)
    report = Report()
    worker.carry_all(run(hotel), [number], report)
    assert (report.problems, report.counts) == ({number: "SetupError"}, {})
    assert (hotel.state(number), hotel.rows(Guest)[0]["name"]) == ("approved", "Ann")
    revise(hotel.engine, upgrade.head())
    assert worker.carry_out(run(hotel), number) == "erased"


def test_who_is_back_waits_for_it_too(hotel: Hotel) -> None:
    """Their row is erased again by our tables as well."""
    hotel.guest(1, name="Ann", email="ann@mail.example")
    number = hotel.approved(email="ann@mail.example")
    hotel.erased(number)
    revise(hotel.engine)
    with pytest.raises(SetupError, match="newer version"), hotel.begin() as office:
        again.again(office.work, Origin(number, "pine-ltd", "sh"), [("guests", (1,))])


def test_an_erasure_is_taken_back_by_that_version_too(hotel: Hotel) -> None:
    """What comes back is sealed in our tables, and what hangs on it lies there."""
    hotel.guest(1, name="Ann", email="ann@mail.example")
    number = hotel.approved(email="ann@mail.example")
    hotel.erased(number)
    for step in (
        lambda office: office.propose_restore(number, "officer", "wrong-person"),
        lambda office: office.restore(number, "second"),
    ):
        revise(hotel.engine)
        with pytest.raises(SetupError, match="newer version"), hotel.begin() as office:
            step(office)
        revise(hotel.engine, upgrade.head())
        with hotel.begin() as office:
            step(office)
    assert (hotel.state(number), hotel.rows(Guest)[0]["name"]) == ("restored", "Ann")


def test_a_night_ends_in_which_a_newer_version_comes(sqlite_url: str, tmp_path: Path) -> None:
    """A sweep goes on for hours; the other process need not wait for its end."""
    house = Forms(sqlite_url, tmp_path)
    house.confirmed()
    house.form(1, OLD)

    def upgraded(code: str) -> bool:
        revise(house.engine)
        return False

    assert set(house.tried(night_audit=upgraded).problems.values()) == {"SetupError"}
    assert left(house) == {1}
    revise(house.engine, upgrade.head())
    house.sweep()
    assert left(house) == set()
    house.engine.dispose()


def test_a_sweep_whose_lease_is_gone_tells_of_a_newer_version_too(
    sqlite_url: str, tmp_path: Path
) -> None:
    """The process of that version swept meanwhile, and came to its end."""
    house = Forms(sqlite_url, tmp_path)
    token = house.run(lambda office: runs.start(office.work))
    house.run(lambda office: runs.stop(office.work, token))
    with pytest.raises(SweepingError):
        house.run(lambda office: runs.go_on(office.work, token))
    revise(house.engine)
    with pytest.raises(SetupError, match="newer version"):
        house.run(lambda office: runs.go_on(office.work, token))
    house.engine.dispose()
