"""A frozen night is a night on the property's wall, however the host writes its moments."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import (
    TIMESTAMP,
    Column,
    Date,
    DateTime,
    ForeignKey,
    Integer,
    MetaData,
    String,
    Table,
    TypeDecorator,
    delete,
    event,
    insert,
    update,
)
from sqlalchemy.types import TypeEngine

from flask_guesterase.core.plan import key_text
from flask_guesterase.core.policy import Policy, Register
from flask_guesterase.core.treatment import keep, retain
from flask_guesterase.store import tables
from flask_guesterase.store.incidents import affected
from flask_guesterase.store.mapping.datamap import resolve
from flask_guesterase.store.mapping.nights import home_day
from flask_guesterase.store.office import Office
from flask_guesterase.store.retaining import holds
from tests.engines import DEEP
from tests.store.night import GRANTS, GUEST, Base, Guest, Night

AT_EIGHT = datetime(2026, 3, 10, 6)
"""Eight in the evening of the 9th in Honolulu, as a clock in UTC shows it."""

BEFORE = datetime(2026, 3, 9, 6)
"""The same hour of the evening before."""


class Aware(TypeDecorator[datetime]):
    """A host's own moment: kept in UTC without a zone, and refused without one."""

    impl = DateTime
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Any) -> datetime | None:
        if value is not None and value.tzinfo is None:
            raise ValueError("a moment without a zone")
        return None if value is None else value.astimezone(UTC).replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, dialect: Any) -> datetime | None:
        return None if value is None else value.replace(tzinfo=UTC)


class Island(Night):
    """The hotel on Hawaii, whose register says nights as a test wants it.

    :param url: address of an empty database.
    :param folder: where keys go.
    :param made: type of the columns of the nights.
    :param zone: zone that the policy names, or empty.
    """

    def __init__(self, url: str, folder: Path, made: TypeEngine[Any], zone: str) -> None:
        self.metadata = MetaData()
        self.arrivals = Table(
            "arrivals", self.metadata,
            Column("id", Integer, primary_key=True),
            Column("guest_id", ForeignKey(Guest.__table__.c.id)),
            Column("hotel", String(10)), Column("room", String(8)),
            Column("since", made), Column("until", made),
            Column("name", String(40)), Column("passport", String(20)),
        )  # fmt: skip
        self.policy = Policy(
            {
                "hotel": keep("which house"), "room": keep("occupancy"),
                "since": keep("occupancy"), "until": keep("occupancy"),
                "name": retain("guest_register"), "passport": retain("guest_register"),
            },
            via="guest_id", category="guest_register", zone=zone,
            register=Register(
                room="room", first_night="since", last_night="until", name="name",
                document="passport",
            ),
        )  # fmt: skip
        super().__init__(url, folder)
        self.metadata.create_all(self.engine)
        place = replace(self.settings.properties["sh"], zone="Pacific/Honolulu")
        places = {**self.settings.properties, "sh": place}
        self.settings = replace(self.settings, properties=places)

    def declare(self, line: Policy) -> None:
        """Let the vendor declare guests and arrivals."""
        known = [Base.metadata.tables["guests"], self.arrivals]
        self.datamap = resolve(
            [(Guest, GUEST), (self.arrivals, self.policy)], known, list(Base.registry.mappers)
        )

    def came(self, id: int, since: Any, until: Any) -> None:
        """Let a guest sleep there, who slept there no other time."""
        with self.engine.begin() as conn:
            conn.execute(insert(Guest).values(id=10 + id, hotel="sh", name=f"Ann {id}"))
            conn.execute(insert(self.arrivals).values(
                id=id, guest_id=10 + id, hotel="sh", room="101", since=since, until=until,
                name=f"Ann Zebrafinch{id}", passport=f"E{id}",
            ))  # fmt: skip

    def held(self, night: str = "2026-03-09") -> set[int]:
        """Freeze a night; return which lines are held."""
        with self.begin() as office:
            office.freeze("sh", "clerk", night=night)
        with self.begin() as office:
            found = holds.held(office.work, "arrivals", [(id,) for id in range(1, 6)])
        return {id for id, in found}


Make = Callable[..., Island]


@pytest.fixture(params=DEEP)
def make(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: Any) -> Make:
    """What makes the hotel, on SQLite; on each of the three engines at full depth."""
    monkeypatch.setitem(GRANTS, ("clerk", "sh"), {"freeze"})

    def made(kind: TypeEngine[Any], zone: str = "") -> Island:
        url = request.getfixturevalue(f"{request.param}_url")
        island = Island(url, tmp_path, kind, zone)
        request.addfinalizer(island.engine.dispose)
        return island

    return made


def test_a_night_whose_moments_are_kept_in_utc_is_the_propertys(make: Make) -> None:
    """Where the policy says so, exactly that night: neither the one before nor the one after."""
    island = make(DateTime(), "UTC")
    island.came(1, AT_EIGHT, AT_EIGHT)
    island.came(2, BEFORE, BEFORE)
    island.came(3, datetime(2026, 3, 10, 10), datetime(2026, 3, 11, 9, 59))
    island.came(4, BEFORE, AT_EIGHT)
    assert island.held() == {1, 4}


def test_a_night_whose_zone_nobody_names_is_held_by_either_reading(make: Make) -> None:
    """The property's own clock or UTC: which of the two wrote it, nobody can tell."""
    island = make(DateTime())
    island.came(1, AT_EIGHT, AT_EIGHT)
    island.came(2, datetime(2026, 3, 9, 20), datetime(2026, 3, 9, 20))
    island.came(3, datetime(2026, 3, 8, 23), datetime(2026, 3, 8, 23))
    island.came(4, datetime(2026, 3, 10, 10), datetime(2026, 3, 10, 10))
    assert island.held() == {1, 2}


def test_a_night_of_moments_with_a_zone_is_the_propertys(make: Make) -> None:
    """Such a moment is the same one whoever looks at it."""
    island = make(DateTime(timezone=True), "UTC")
    for id, moment in ((1, AT_EIGHT), (2, BEFORE)):
        aware = moment.replace(tzinfo=UTC)
        island.came(id, aware, aware)
    assert island.held() == {1}


def test_a_type_of_the_hosts_that_takes_no_bare_moment_stops_no_freeze(make: Make) -> None:
    """What it keeps is compared, and it is not asked."""
    island = make(Aware(), "UTC")
    for id, moment in ((1, AT_EIGHT), (2, BEFORE)):
        aware = moment.replace(tzinfo=UTC)
        island.came(id, aware, aware)
    assert island.held() == {1}


def test_a_night_written_as_text_goes_on_behind_its_day(make: Make) -> None:
    """A text may say the hour as well."""
    island = make(String(30))
    island.came(1, "2026-03-09", "2026-03-09")
    island.came(2, "2026-03-09T20:00:00", "2026-03-09 20:00")
    island.came(3, "2026-03-08", "2026-03-08T20:00")
    island.came(4, "2026-03-10", "2026-03-11")
    assert island.held() == {1, 2}


def test_an_empty_text_says_no_night_as_nothing_does(make: Make) -> None:
    """Who has no last night yet is there still, however the host writes that it has none."""
    island = make(String(30))
    island.came(1, "2026-03-01", "")
    island.came(2, "", "2026-03-20")
    island.came(3, "", "")
    island.came(4, "2026-03-10", "")
    island.came(5, "2026-03-01", None)
    assert island.held() == {1, 2, 3, 5}


@pytest.mark.parametrize("room", ["", None])
def test_a_line_without_a_room_may_be_of_the_one_that_is_frozen(
    make: Make, room: str | None
) -> None:
    """Nobody says where they slept: it is kept rather than lost."""
    island = make(Date())
    for id in (1, 2):
        island.came(id, date(2026, 3, 9), date(2026, 3, 9))
    with island.engine.begin() as conn:
        conn.execute(update(island.arrivals).where(island.arrivals.c.id == 2).values(room=room))
    with island.begin() as office:
        office.freeze("sh", "clerk", room="102", night="2026-03-09")
        found = holds.held(office.work, "arrivals", [(1,), (2,)])
    assert set(found) == {(2,)}


def written(island: Island) -> None:
    """Let guests come in nights that are written as texts, most of which name their zone."""
    for id, text in (
        (1, "2026-03-10T06:00:00Z"), (2, "2026-03-09T06:00:00+00:00"),
        (3, "2026-03-10 20:00:00+14:00"), (4, "2026-03-10T20:00:00"), (5, "2026-03-10"),
    ):  # fmt: skip
        island.came(id, text, text)


@pytest.mark.parametrize("zone", ["", "Pacific/Honolulu"])
def test_a_night_written_as_text_with_its_zone_is_the_propertys(make: Make, zone: str) -> None:
    """Such a text says which moment it means, whatever its day looks like."""
    island = make(String(40), zone)
    written(island)
    assert {1, 3} <= island.held() <= {1, 2, 3}


@pytest.mark.parametrize(
    ("kind", "text", "day"),
    [
        (String(40), "2026-03-10T06:00:00Z", "2026-03-09"),
        (String(40), "2026-03-10 20:00:00+14:00", "2026-03-09"),
        (String(40), "2026-03-10T06:00:00", "2026-03-10"), (String(40), "2026-03-10", "2026-03-10"),
        (String(40), "soon", "soon"), (String(40), "", ""),
        (DateTime(), "2026-03-10 06:00:00+00:00", "2026-03-10"),
    ],
)  # fmt: skip
def test_a_sealed_line_is_laid_by_the_propertys_day_where_its_text_tells_it(
    kind: TypeEngine[Any], text: str, day: str
) -> None:
    """What else a column holds is laid as it is written, and compared so."""
    assert home_day(Column("since", kind), text, "Pacific/Honolulu") == day


@pytest.fixture(params=["told", "untold"])
def moored(
    request: pytest.FixtureRequest, mariadb_url: str, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Island]:
    """The hotel on MariaDB, its nights as TIMESTAMP, its sessions and its policy in Honolulu."""
    monkeypatch.setitem(GRANTS, ("clerk", "sh"), {"freeze"})
    told = request.param == "told"
    island = Island(
        mariadb_url, tmp_path, TIMESTAMP() if told else DateTime(), "Pacific/Honolulu"
    )
    with island.engine.begin() as conn:
        for name in ("since", "until"):
            conn.exec_driver_sql(f"ALTER TABLE arrivals MODIFY `{name}` TIMESTAMP NULL")
    island.engine.dispose()
    event.listen(island.engine, "connect", _in_honolulu)
    for id, day in ((1, 9), (2, 8), (3, 10)):
        for hour in (1, 22):
            moment = datetime(2026, 3, day, hour)
            island.came(id + 3 * (hour > 12), moment, moment)
    yield island
    island.engine.dispose()


def _in_honolulu(raw: Any, record: object) -> None:
    with raw.cursor() as cursor:
        cursor.execute("SET time_zone = '-10:00'")


def test_a_night_of_moments_that_mariadb_keeps_is_the_propertys(moored: Island) -> None:
    """From one in the morning to ten in the evening, whatever zone a session is in."""
    with moored.begin() as office:
        office.freeze("sh", "clerk", night="2026-03-09")
    with moored.begin() as office:
        found = holds.held(office.work, "arrivals", [(id,) for id in range(1, 7)])
    assert {id for id, in found} == {1, 4}


@pytest.mark.parametrize("zone", ["", "UTC"])
def test_a_plain_day_is_that_day_in_every_zone(make: Make, zone: str) -> None:
    """A day has no hour that could be another day elsewhere."""
    island = make(Date(), zone)
    for id, day in ((1, 9), (2, 8), (3, 10)):
        island.came(id, date(2026, 3, day), date(2026, 3, day))
    assert island.held() == {1}


def test_a_frozen_house_holds_who_is_in_no_line_of_its_register_too(make: Make) -> None:
    """A night is of those who slept there then; the whole house is of everybody in it."""
    island = make(Date())
    island.came(1, date(2026, 3, 9), date(2026, 3, 9))
    with island.engine.begin() as conn:
        conn.execute(insert(Guest).values(id=99, hotel="sh", name="Bea Berg"))
    for night, held in (("2026-03-09", {11}), (None, {11, 99})):
        with island.begin() as office:
            office.freeze("sh", "clerk", night=night)
            found = holds.held(office.work, "guests", [(11,), (99,)])
        assert {id for id, in found} == held


def test_a_night_whose_last_hour_comes_twice_is_held_to_its_end(make: Make) -> None:
    """In Cairo clocks go back from midnight to eleven: who came then came that night."""
    island = make(DateTime(), "UTC")
    place = replace(island.settings.properties["sh"], zone="Africa/Cairo")
    island.settings = replace(
        island.settings, properties={**island.settings.properties, "sh": place}
    )
    for id, moment in (
        (1, datetime(2026, 10, 29, 20, 30)), (2, datetime(2026, 10, 29, 21, 30)),
        (3, datetime(2026, 10, 29, 22, 30)), (4, datetime(2026, 10, 28, 20, 30)),
    ):  # fmt: skip
        island.came(id, moment, moment)
    assert island.held("2026-10-29") == {1, 2}


@pytest.mark.parametrize("night", ["0001-01-01", "9999-12-31"])
def test_the_first_and_the_last_night_there_is_are_frozen(make: Make, night: str) -> None:
    """A mistyped year ends in a freeze of nothing, not in an error for everybody else."""
    island = make(DateTime())
    island.came(1, AT_EIGHT, AT_EIGHT)
    assert island.held(night) == set()


def lay(office: Office, id: int, told: tuple[str, str, str], place: str = "sh") -> None:
    """Lay a sealed line on the shelf.

    :param told: its room, and its first and its last night as the row said them.
    :param place: code of its property.
    """
    room, first, last = told
    office.work.conn.execute(insert(tables.kept).values(
        controller="pine-ltd", property=place, table_name="arrivals", row_key=key_text((id,)),
        columns="[]", category="guest_register", mode="sealed", box=f"b{id}", open="", rule="",
        basis="", grade="", facts="{}", since=office.work.stamp,
    ))  # fmt: skip
    office.work.conn.execute(insert(tables.shelf).values(
        box=f"b{id}", label="day:2099-01-01", property=place, table_name="arrivals", room=room,
        first_night=first, last_night=last,
    ))  # fmt: skip


def test_a_sealed_line_is_found_by_the_day_its_row_said(make: Make) -> None:
    """The shelf has the day as the host wrote it, and the zone is the host's as well."""
    island = make(DateTime(), "UTC")
    with island.begin() as office:
        for id, day in ((1, "2026-03-10"), (2, "2026-03-08"), (3, "2026-03-11")):
            lay(office, id, ("101", day, day))
    assert island.held() == {1}


def test_a_frozen_night_of_one_hotel_holds_no_sealed_line_of_another(make: Make) -> None:
    """Nor what nobody knows the night of there, nor a line that has ended."""
    island = make(Date())
    night = ("101", "2026-03-09", "2026-03-09")
    with island.begin() as office:
        for id, place in ((1, "sh"), (2, "mu"), (3, "sh"), (4, "mu"), (5, "sh")):
            lay(office, id, night, place)
        shelf, kept = tables.shelf, tables.kept
        office.work.conn.execute(delete(shelf).where(shelf.c.box.in_(["b3", "b4"])))
        ended = update(kept).where(kept.c.box == "b5").values(ended_at=office.work.stamp)
        office.work.conn.execute(ended)
    assert island.held() == {1, 3}


def test_who_stayed_no_night_is_held_by_the_day_they_came(make: Make) -> None:
    """The last night slept of a room for the day lies before the first, sealed or not."""
    island = make(Date())
    for id, day in ((1, 9), (2, 8), (3, 10)):
        island.came(id, date(2026, 3, day), date(2026, 3, day - 1))
    with island.begin() as office:
        for id, day in ((4, 9), (5, 8)):
            lay(office, id, ("101", f"2026-03-0{day}", f"2026-03-0{day - 1}"))
    assert island.held() == {1, 4}
    ninth = date(2026, 3, 9)
    with island.begin() as office:
        found = affected._kept(office.work, "arrivals", ("sh", affected.Asked("", ninth, ninth)))
    assert [row.row_key for row in found] == [key_text((4,))]


def test_what_nobody_can_tell_of_a_line_is_frozen_with_the_night(make: Make) -> None:
    """A sealed line without a room, or one of its nights, and an open one of no house."""
    island = make(DateTime(), "UTC")
    day, later, earlier = "2026-03-10", "2026-03-11", "2026-03-07"
    lines = [
        ("", day, day), ("101", day, ""), ("101", "", day),
        ("102", day, day), ("101", earlier, earlier), ("", later, later),
    ]  # fmt: skip
    with island.begin() as office:
        for id, (room, first, last) in enumerate(lines, 1):
            lay(office, id, (room, first, last))
    island.came(7, AT_EIGHT, AT_EIGHT)
    island.came(8, BEFORE, BEFORE)
    with island.engine.begin() as conn:
        conn.execute(update(island.arrivals).values(hotel=None))
    with island.begin() as office:
        office.freeze("sh", "clerk", night="2026-03-09", room="101")
    with island.begin() as office:
        found = holds.held(office.work, "arrivals", [(id,) for id in range(1, 9)])
    assert {id for id, in found} == {1, 2, 3, 7}
