"""When things happened, to whom and where: what the host's rows tell the law."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
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
    create_engine,
    event,
    func,
    insert,
)
from sqlalchemy import case as sql_case

from flask_guesterase.core.finding import Finding
from flask_guesterase.core.policy import Policy, Subject
from flask_guesterase.core.rule import Facts
from flask_guesterase.core.treatment import Constant, exempt, keep, redact, retain
from flask_guesterase.store.lawbook.clocks import Record, clock_findings, facts_of
from flask_guesterase.store.mapping.days import day_of, last_utc_day
from flask_guesterase.store.settings import Property, Settings
from flask_guesterase.store.transaction import transaction
from tests.kinds import Case, Cases
from tests.store.inn import Policies, datamap

CASES = Cases()
ROOM = keep("a room is not a person")
SHANGHAI = Property("SHA", "S", "S", country="CN", zone="Asia/Shanghai")
HONOLULU = Property("HNL", "H", "H", country="US", zone="Pacific/Honolulu")
SETTINGS = Settings({"SHA": SHANGHAI, "HNL": HONOLULU})


def test_what_was_written_down_counts_where_the_row_tells_nothing() -> None:
    """Each event and answer by itself; of another house its country and fiscal year go with it."""
    came, left, later = date(2026, 1, 1), date(2026, 1, 5), date(2026, 1, 7)
    answers = {"nationality": "DE", "role": "adult"}
    old = Record("SHA", Facts({"arrived": came, "departed": left}, answers, "CN", (3, 31)))
    lost = Record("", Facts({"departed": later}, {"role": "child"}))
    assert old.under(lost) == Record(
        "SHA",
        Facts(
            {"arrived": came, "departed": later}, {"nationality": "DE", "role": "child"},
            "CN", (3, 31),
        ),
    )  # fmt: skip
    moved = Record("HNL", Facts({}, {}, "US", (6, 30)))
    assert old.under(moved) == Record(
        "HNL", Facts({"arrived": came, "departed": left}, answers, "US", (6, 30))
    )


def inn() -> MetaData:
    """Guests of two hotels, their stays, and a line of the register for each."""
    metadata = MetaData()
    Table(
        "guests", metadata,
        Column("id", Integer, primary_key=True), Column("place", String(8)),
        Column("name", String(40)), Column("nation", String(2)),
    )  # fmt: skip
    Table(
        "stays", metadata,
        Column("id", Integer, primary_key=True), Column("guest_id", ForeignKey("guests.id")),
        Column("left_at", DateTime), Column("state", String(10)), Column("planned", Date),
    )  # fmt: skip
    Table(
        "lines", metadata,
        Column("id", Integer, primary_key=True), Column("stay_id", ForeignKey("stays.id")),
        Column("name", String(40)),
    )  # fmt: skip
    return metadata


def policies(**wrong: Any) -> Policies:
    """Return the declarations; `wrong` replaces what the register's line says."""
    line = {
        "columns": {"name": retain("guest_register")},
        "via": "stay_id.guest_id",
        "clock": {"departed": "stay_id.left_at"},
        "facts": {"nationality": "stay_id.guest_id.nation"},
    }
    guest = Policy(
        {"place": keep("which house"), "name": redact, "nation": keep("for the law")},
        subject=Subject(match=["name"], name="name", property="place"),
        category="reservation",
    )
    stay = Policy(
        {"left_at": ROOM, "state": ROOM, "planned": ROOM},
        via="guest_id",
        category="reservation",
        clock={
            "departed": "left_at",
            "no_show": lambda t: sql_case((t.c.state == "missed", t.c.planned)),
        },
    )
    return {"guests": guest, "stays": stay, "lines": Policy(**{**line, **wrong})}


def test_facts_come_by_paths_in_the_day_of_the_property(database_url: str) -> None:
    """A departure late in the evening, UTC, is the next day in Shanghai and not in Honolulu."""
    metadata, engine = inn(), create_engine(database_url)
    metadata.create_all(engine)
    known = datamap(metadata, policies())
    t = metadata.tables
    with engine.begin() as conn:
        conn.execute(insert(t["guests"]), [
            {"id": 1, "place": "SHA", "name": "A", "nation": "PE"},
            {"id": 2, "place": "HNL", "name": "B", "nation": None},
            {"id": 3, "place": "gone", "name": "C", "nation": "CN"},
        ])
        conn.execute(insert(t["stays"]), [
            {"id": i, "guest_id": i, "left_at": datetime(2026, 3, 31, 23, 30), "state": "left",
             "planned": date(2026, 3, 31)}
            for i in (1, 2, 3)
        ] + [{"id": 4, "guest_id": 1, "left_at": None, "state": "missed",
              "planned": date(2026, 5, 2)}])
        lines = [{"id": i, "stay_id": i, "name": "x"} for i in range(1, 5)]
        conn.execute(insert(t["lines"]), lines)
        keys = [(i,) for i in range(1, 5)]
        told = facts_of(conn, known, SETTINGS, "lines", keys)
        stays = facts_of(conn, known, SETTINGS, "stays", keys)
    engine.dispose()
    assert [told[key].place for key in keys] == ["SHA", "HNL", "", "SHA"]
    assert [dict(told[key].facts.events) for key in keys] == [
        {"departed": date(2026, 4, 1)},
        {"departed": date(2026, 3, 31)},
        {"departed": date(2026, 3, 31)},
        {},
    ]
    assert told[1,].facts.answers == {"nationality": "PE"}
    assert told[2,].facts.answers == {}
    assert stays[4,].facts.events == {"no_show": date(2026, 5, 2)}
    assert "no_show" not in stays[1,].facts.events


def test_what_an_erasure_leaves_in_a_date_is_no_day(sqlite_url: str) -> None:
    """A floor that ran from it would have ended long ago; another day still counts."""
    metadata, engine = inn(), create_engine(sqlite_url)
    metadata.create_all(engine)
    left, gone = datetime(2026, 3, 31, 12), datetime(2000, 1, 1)
    mine = policies(clock={"departed": ["stay_id.left_at", "stay_id.planned"]})
    columns = {"left_at": Constant(gone), "state": ROOM, "planned": ROOM}
    known = datamap(metadata, {**mine, "stays": replace(mine["stays"], columns=columns)})
    with engine.begin() as conn:
        for id_, at, day in ((1, left, None), (2, gone, None), (3, gone, date(2026, 3, 2))):
            conn.execute(insert(metadata.tables["stays"]).values(
                id=id_, guest_id=1, left_at=at, planned=day,
            ))  # fmt: skip
            conn.execute(insert(metadata.tables["lines"]).values(id=id_, stay_id=id_))
        told = facts_of(conn, known, SETTINGS, "lines", [(1,), (2,), (3,)])
    engine.dispose()
    assert [dict(told[id_,].facts.events) for id_ in (1, 2, 3)] == [
        {"departed": left.date()}, {}, {"departed": date(2026, 3, 2)},
    ]


@pytest.mark.parametrize("mapped", [TIMESTAMP(), DateTime()], ids=["told", "untold"])
def test_a_moment_that_mariadb_keeps_is_no_other_day_for_the_zone_of_the_session(
    mariadb_url: str, mapped: Any
) -> None:
    """A departure at seven in the morning in Shanghai is of that day, and not of the day before.

    The host's sessions are in Shanghai, as its policy says; ours are in UTC (P3).
    """
    metadata, engine = inn(), create_engine(mariadb_url)
    event.listen(engine, "connect", _in_shanghai)
    metadata.create_all(engine)
    with engine.begin() as conn:
        conn.exec_driver_sql("ALTER TABLE stays ADD COLUMN kept_at TIMESTAMP NULL")
        t, at = metadata.tables, datetime(2026, 3, 10, 7)
        t["stays"].append_column(Column("kept_at", mapped))
        conn.execute(insert(t["guests"]), [{"id": 1, "place": "SHA", "name": "A", "nation": "CN"}])
        conn.execute(insert(t["stays"]), [{"id": 1, "guest_id": 1, "left_at": at, "kept_at": at}])
        conn.execute(insert(t["lines"]), [{"id": 1, "stay_id": 1, "name": "x"}])
    clock = {"departed": "stay_id.left_at", "created": "stay_id.kept_at"}
    said = policies(clock=clock, zone="Asia/Shanghai")
    stay = said["stays"]
    found = []
    # What an erasure left in the column tells nothing, whatever it says; the other is a real day.
    for left in (datetime(2000, 1, 1), datetime(2026, 3, 9, 23)):
        rule = Constant(left)
        said["stays"] = replace(stay, columns={**stay.columns, "kept_at": rule})
        known = datamap(metadata, said)
        with transaction(engine) as conn:
            found.append(facts_of(conn, known, SETTINGS, "lines", [(1,)])[1,].facts.events)
    engine.dispose()
    day = date(2026, 3, 10)
    assert found == [{"departed": day, "created": day}, {"departed": day}]


def test_a_moment_made_of_unix_time_is_of_the_propertys_day(database_url: str) -> None:
    """As how-to/retention.md says; seven in the morning in Shanghai is the day before in UTC."""
    metadata, engine = inn(), create_engine(database_url)
    metadata.tables["stays"].append_column(Column("left_unix", Integer))
    metadata.create_all(engine)
    t, at = metadata.tables, int(datetime(2026, 3, 9, 23, tzinfo=UTC).timestamp())
    with engine.begin() as conn:
        conn.execute(insert(t["guests"]).values(id=1, place="SHA", name="A", nation="CN"))
        conn.execute(insert(t["stays"]).values(id=1, guest_id=1, left_unix=at))
    made: dict[str, Any] = {
        "sqlite": lambda s: func.datetime(s.c.left_unix, "unixepoch", type_=DateTime),
        "postgresql": lambda s: func.to_timestamp(s.c.left_unix, type_=DateTime),
        "mysql": lambda s: func.from_unixtime(s.c.left_unix, type_=DateTime),
        "text": lambda s: func.strftime(
            "%Y-%m-%dT%H:%M:%S+00:00", s.c.left_unix, "unixepoch", type_=String
        ),
    }
    made["mariadb"] = made["mysql"]
    ways = [(made[engine.dialect.name], "UTC")]
    if engine.dialect.name == "sqlite":
        ways.append((made["text"], "Asia/Shanghai"))
    for way, zone in ways:
        stay = Policy(
            {"left_at": ROOM, "state": ROOM, "planned": ROOM, "left_unix": ROOM},
            via="guest_id", clock={"departed": way}, zone=zone,
        )  # fmt: skip
        known = datamap(metadata, {**policies(), "stays": stay})
        with transaction(engine) as conn:
            told = facts_of(conn, known, SETTINGS, "stays", [(1,)])
        assert told[1,].facts.events == {"departed": date(2026, 3, 10)}
    engine.dispose()


def _in_shanghai(raw: Any, record: object) -> None:
    """Set the zone of a host's session, as its vendor does."""
    with raw.cursor() as cursor:
        cursor.execute("SET time_zone = '+08:00'")


def test_a_code_that_is_filled_up_with_blanks_is_that_code(sqlite_url: str) -> None:
    """As CHAR columns of PostgreSQL give it back: a row nobody can place would never end."""
    metadata, engine = inn(), create_engine(sqlite_url)
    metadata.create_all(engine)
    known, t = datamap(metadata, policies()), metadata.tables
    with engine.begin() as conn:
        guest = {"id": 1, "place": "SHA     ", "name": "A", "nation": "CN"}
        conn.execute(insert(t["guests"]), [guest])
        stay = {"id": 1, "guest_id": 1, "left_at": datetime(2026, 3, 31, 9), "state": "left"}
        conn.execute(insert(t["stays"]), [stay])
        conn.execute(insert(t["lines"]), [{"id": 1, "stay_id": 1, "name": "x"}])
        told = [facts_of(conn, known, SETTINGS, name, [(1,)])[1,] for name in ("guests", "lines")]
    engine.dispose()
    assert [(each.place, each.facts.country) for each in told] == [("SHA", "CN")] * 2


@given(
    st.dates(date(1990, 1, 1), date(2090, 1, 1)),
    st.sampled_from(["Asia/Shanghai", "Pacific/Honolulu", "Europe/Berlin", "Pacific/Kiritimati"]),
)
def test_a_key_never_ends_before_the_propertys_day(day: date, zone: str) -> None:
    """The UTC day a key is named after is not over before the last day is over there."""
    named = last_utc_day(day, zone)
    first_moment_after = datetime(named.year, named.month, named.day, 23, 59, 59, tzinfo=UTC)
    assert first_moment_after.astimezone(ZoneInfo(zone)).date() >= day
    assert abs((named - day).days) <= 1


@pytest.mark.parametrize(
    ("value", "day"),
    [
        ("2026-02-28", date(2026, 2, 28)),
        ("2026-02-28T23:30:00", date(2026, 3, 1)),
        (datetime(2026, 2, 28, 23, 30, tzinfo=UTC), date(2026, 3, 1)),
        (date(2026, 2, 28), date(2026, 2, 28)),
        ("soon", None),
        ("", None),
        (17, None),
    ],
)
def test_what_means_no_day_is_no_day(value: Any, day: date | None) -> None:
    """An unreadable date means not yet, never expired."""
    assert day_of(value, ZoneInfo("UTC"), ZoneInfo("Asia/Shanghai")) == day


def findings(declared: Policies) -> list[Finding]:
    """Return what clocks and categories of these declarations report."""
    return clock_findings(datamap(inn(), {**declared, "rooms": exempt("no people")}))


@CASES.of("clock-unknown")
def unknown_clock(wrong: bool) -> list[Finding]:
    """A clock that leads to a column that is not there."""
    path = "stay_id.left_on" if wrong else "stay_id.left_at"
    return findings(policies(clock={"departed": path}))


@CASES.of("clock-unknown")
def unknown_zone(wrong: bool) -> list[Finding]:
    """A zone that is misspelt would end every sweep of the table."""
    return findings(policies(zone="Europe/Berln" if wrong else "Europe/Berlin"))


@CASES.of("category-unknown")
def unknown_category(wrong: bool) -> list[Finding]:
    """A category no law is known about."""
    return findings(policies(columns={"name": retain("register" if wrong else "guest_register")}))


@CASES.each()
def test_wrong_clocks_are_found(case: Case) -> None:
    """Each kind is reported with its cure, and not of a host that is right."""
    case.check()
