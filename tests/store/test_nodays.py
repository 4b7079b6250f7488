"""Dates by which systems say "no date": they tell the law nothing, and somebody is told of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import (
    JSON,
    Column,
    Date,
    DateTime,
    Integer,
    LargeBinary,
    MetaData,
    Numeric,
    String,
    Table,
    Time,
    insert,
    select,
)
from sqlalchemy import text as sql

from flask_guesterase.core.policy import Blocker, Policy, Subject
from flask_guesterase.core.treatment import keep, null, redact, retain
from flask_guesterase.store.executing import endless, expiry
from flask_guesterase.store.lawbook.blockers import standing
from flask_guesterase.store.lawbook.clocks import clock_findings, facts_of
from flask_guesterase.store.mapping.datamap import resolve
from flask_guesterase.store.mapping.days import day_of
from flask_guesterase.store.settings import Property
from tests.engines import DEEP
from tests.store.hotel import Hotel
from tests.zealand import law, rule

PACK = law(
    rule(
        "register", "guest_register", 1,
        'floor = "P1Y"', 'ceiling = "P3Y"', 'ceiling_kind = "hard"', 'clock = ["departed"]',
    ),
)  # fmt: skip

OVER = "2019-05-06"
NONE = ["0001-01-01", "1753-01-01", "1899-12-30", "1900-01-01", "1970-01-01"]
"""What .NET, SQL Server, spreadsheets and UNIX hold where nobody said a day."""

OPEN = "9999-12-31"
"""What stands for "open end"."""

UNREAD = ["", "06.05.2019", "05/06/2019", "0000-00-00", "20/12/2019", "unknown"]
READ = [OVER, "20190506", "2019-05-06T11:00:00", "2019-05-06 11:00:00", "2019-05-06  "]

As = Callable[[str], Any]


class Lodge(Hotel):
    """A hotel whose lines of the register end a year after departure, and go after three.

    :param url: address of an empty database.
    :param folder: where the keys go.
    :param type_: type of the columns that date the departure.
    """

    def __init__(self, url: str, folder: Path, type_: Any) -> None:
        super().__init__(url, folder)
        file = folder / "NZ.toml"
        file.write_text(PACK, encoding="utf-8")
        self.settings = replace(
            self.settings, packs=(str(file),),
            properties={"sh": Property("sh", "Rata", "Rata Ltd", "NZ", "Pacific/Auckland", "en")},
        )  # fmt: skip
        metadata = MetaData()
        self.lines = Table(
            "lines", metadata, Column("id", Integer, primary_key=True, autoincrement=False),
            Column("name", String(40)), Column("email", String(40)), Column("gone", type_),
            Column("gone_too", type_),
        )  # fmt: skip
        told = keep("statistics")
        policy = Policy(
            {"name": retain("guest_register", redact), "email": null, "gone": told,
             "gone_too": told},
            subject=Subject(match=["email"], name="name", contact=["email"]),
            category="guest_register", clock={"departed": ["gone", "gone_too"]},
            zone="America/New_York",
        )  # fmt: skip
        self.datamap = resolve([(self.lines, policy)], [self.lines], [])
        metadata.create_all(self.engine)
        self.grants["officer"].add("law")
        with self.begin() as office:
            office.sign_pack("NZ", "officer")

    def left(self, *days: Any, too: Any = None) -> None:
        """Put a guest on file for each of these days."""
        rows = [
            {"id": n, "name": f"Ann {n}", "email": f"p{n}@mail.example", "gone": day,
             "gone_too": too}
            for n, day in enumerate(days, 1)
        ]  # fmt: skip
        with self.engine.begin() as conn:
            conn.execute(insert(self.lines), rows)

    def run(self, unit: Any) -> Any:
        """Run a unit of work in a transaction of its own."""
        with self.begin() as office:
            return unit(office)

    def there(self) -> set[int]:
        """Let go of what has had its time; return who is still on file."""
        expiry.expire(self.run)
        names = self.lines.c.name.startswith("Ann")
        with self.engine.connect() as conn:
            return set(conn.execute(select(self.lines.c.id).where(names)).scalars())

    def asked(self) -> int:
        """Return of how many rows the officer is told that nobody knows their day."""
        endless.remind(self.run)
        return sum(t["count"] for t in self.ours("task") if t["name"].endswith("/no-clock"))

    def told(self, number: int) -> dict[str, date]:
        """Return what the law is told of a row."""
        with self.engine.connect() as conn:
            found = facts_of(conn, self.datamap, self.settings, "lines", [(number,)])
        return dict(found[number,].facts.events)


KINDS: dict[str, tuple[Any, As]] = {
    "date": (Date, date.fromisoformat),
    "moment": (DateTime, datetime.fromisoformat),
    "text": (String(30), str),
}


@pytest.fixture(params=DEEP)
def url(request: pytest.FixtureRequest) -> str:
    """Return the address of an empty database on each engine."""
    address: str = request.getfixturevalue(f"{request.param}_url")
    return address


@pytest.fixture(params=list(KINDS))
def lodge(request: pytest.FixtureRequest, url: str, tmp_path: Path) -> Iterator[tuple[Lodge, As]]:
    """The hotel with days as each kind of column, and what makes a value of that kind."""
    type_, made = KINDS[request.param]
    hotel = Lodge(url, tmp_path, type_)
    yield hotel, made
    hotel.engine.dispose()


def test_a_day_that_stands_for_none_ends_nothing(lodge: tuple[Lodge, As]) -> None:
    """Not on file is not over: such a line stays, and the officer is asked for its day (P3)."""
    hotel, made = lodge
    hotel.left(made(OVER), *map(made, NONE), made(OPEN), None)
    assert hotel.there() == set(range(2, 9))
    assert hotel.asked() == 7


def test_an_open_end_is_no_departure_whatever_another_column_says(
    lodge: tuple[Lodge, As],
) -> None:
    """The first end of a stay that was then left open is not its end."""
    hotel, made = lodge
    hotel.left(made(OVER), too=made(OPEN))
    assert hotel.there() == {1}
    assert hotel.told(1) == {}
    assert hotel.asked() == 1


def test_a_day_that_stands_for_none_hides_no_other(lodge: tuple[Lodge, As]) -> None:
    """What one column does not know another one may."""
    hotel, made = lodge
    hotel.left(made(OVER), too=made(NONE[0]))
    assert hotel.told(1) == {"departed": date(2019, 5, 6)} or hotel.told(1) == {
        "departed": date(2019, 5, 7)
    }
    assert hotel.there() == set()


def test_who_stays_with_an_open_end_can_ask(lodge: tuple[Lodge, As]) -> None:
    """The plan is drawn, and says that nobody knows the day of what the law keeps."""
    hotel, made = lodge
    hotel.left(made(OPEN))
    number = hotel.file(email="p1@mail.example")
    with hotel.begin() as office:
        office.confirm(number, "clerk", "desk")
        plan = office.preview(number)
    assert [(line.columns, line.open) for line in plan.retain] == [(("name",), ("no-clock",))]


def test_a_date_nobody_can_read_is_on_somebodys_list(url: str, tmp_path: Path) -> None:
    """It keeps the row, and would keep it for ever unseen (P3)."""
    hotel = Lodge(url, tmp_path, String(30))
    hotel.left(*READ, *UNREAD)
    assert hotel.there() == set(range(len(READ) + 1, len(READ) + len(UNREAD) + 1))
    assert hotel.asked() == len(UNREAD)
    hotel.engine.dispose()


@pytest.mark.parametrize(
    ("kind", "text"),
    [(Date, "2019-05-00"), (Date, "2019-00-00"), (DateTime, "2019-05-00 11:00:00")],
)
def test_a_month_that_mariadb_takes_for_a_day_is_on_somebodys_list(
    mariadb_url: str, tmp_path: Path, kind: Any, text: str
) -> None:
    """It takes one unless its mode forbids it; 0000-00-00 stands for none, and hides no other."""
    hotel = Lodge(mariadb_url, tmp_path, kind)
    hotel.left(None, None, too=KINDS["date" if kind is Date else "moment"][1](OVER))
    with hotel.engine.begin() as conn:
        conn.execute(sql(f"UPDATE `lines` SET gone = '{text}' WHERE id = 1"))
        conn.execute(sql("UPDATE `lines` SET gone = '0000-00-00' WHERE id = 2"))
    assert hotel.there() == {1}
    assert hotel.asked() == 1
    hotel.engine.dispose()


@pytest.mark.parametrize(
    ("type_", "value"), [(Integer(), 20190506), (Numeric(20), 1557100800)],
    ids=["digits", "seconds"],
)  # fmt: skip
def test_a_number_is_no_day_and_on_somebodys_list(
    url: str, tmp_path: Path, type_: Any, value: int
) -> None:
    """It ends nothing, the officer is asked for the day, and `check` says why (P3)."""
    hotel = Lodge(url, tmp_path, type_)
    hotel.left(value, None)
    assert hotel.there() == {1, 2}
    assert hotel.asked() == 2
    found = [(f.id, f.table, f.column) for f in clock_findings(hotel.datamap)]
    assert found == [("clock-unknown", "lines", "gone"), ("clock-unknown", "lines", "gone_too")]
    hotel.engine.dispose()


@pytest.mark.parametrize("night_by_night", [False, True], ids=["whole", "recent"])
def test_a_day_written_without_signs_ends_on_its_day(
    url: str, tmp_path: Path, night_by_night: bool
) -> None:
    """A floor of a year ends after a year, not with the New Year that follows (P3)."""
    hotel = Lodge(url, tmp_path, String(30))
    over = ["2025-03-07", "20250307", "20250307T110000"]
    if night_by_night:
        hotel.now -= timedelta(days=10)
    hotel.left(*over, "20250901", "2025-09-01")
    if night_by_night:
        assert hotel.there() == set(range(1, 6))
        hotel.later(days=10)
    assert hotel.there() == {4, 5}
    hotel.engine.dispose()


def test_a_stay_without_an_end_blocks_until_nobody_knows_when(
    sqlite_url: str, tmp_path: Path
) -> None:
    """Days are added to the end of a stay, and behind the last one there is none."""
    hotel = Lodge(sqlite_url, tmp_path, Date)
    hotel.left(date(9999, 12, 31))
    hotel.blockers = (
        Blocker(
            "in-house", "lines", lambda lines, today: lines.c.gone >= today,
            until=lambda lines: (lines.c.gone, timedelta(days=2)),
        ),
    )  # fmt: skip
    with hotel.begin() as office:
        assert [each.until for each in standing(office.work, [("lines", (1,))])] == [None]
    hotel.engine.dispose()


@pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "Pacific/Honolulu"])
@pytest.mark.parametrize("moment", [datetime.min, datetime.max])
def test_the_ends_of_the_calendar_are_no_day_in_any_zone(moment: datetime, zone: str) -> None:
    """The first and the last moment there is have no counterpart in half of the zones."""
    assert day_of(moment, ZoneInfo("UTC"), ZoneInfo(zone)) is None
    assert day_of(moment, ZoneInfo(zone), ZoneInfo("UTC")) is None


@pytest.mark.parametrize("fold", [0, 1])
@pytest.mark.parametrize(
    ("moment", "zone", "day"),
    [
        # Half past one comes twice in New York, and is before midnight in Denver or behind it.
        (datetime(2026, 11, 1, 1, 30), "America/Denver", date(2026, 11, 1)),
        # Half past two does not come at all there, and would be on either side of it.
        (datetime(2026, 3, 8, 2, 30), "America/Denver", date(2026, 3, 8)),
        (datetime(2026, 3, 8, 2, 30), "Pacific/Honolulu", date(2026, 3, 7)),
    ],
)
def test_an_hour_that_comes_twice_is_of_the_later_day(
    moment: datetime, zone: str, day: date, fold: int
) -> None:
    """Where zones leave a doubt a record is kept a few hours longer, never shorter (P3)."""
    written = moment.replace(fold=fold)
    assert day_of(written, ZoneInfo("America/New_York"), ZoneInfo(zone)) == day
    assert day_of(moment.isoformat(), ZoneInfo("America/New_York"), ZoneInfo(zone)) == day


@pytest.mark.parametrize("type_", [JSON(), Time(), LargeBinary()], ids=["json", "time", "bytes"])
def test_a_column_that_tells_no_day_is_named(tmp_path: Path, type_: Any) -> None:
    """A document, an hour and bytes are taken without a word by nothing that asks for a day."""
    hotel = Lodge(f"sqlite:///{tmp_path / 'lodge.sqlite'}", tmp_path, type_)
    found = [(f.id, f.column, f.severity) for f in clock_findings(hotel.datamap)]
    assert found == [("clock-unknown", name, "warn") for name in ("gone", "gone_too")]
    hotel.engine.dispose()


def test_of_a_document_the_text_of_a_day_ends_a_row_and_check_says_so(
    url: str, tmp_path: Path
) -> None:
    """Whoever reads that nothing ends by it would not expect the row to go."""
    hotel = Lodge(url, tmp_path, JSON())
    hotel.left(OVER, {"on": OVER}, [OVER], 20190506, OPEN, None)
    assert hotel.there() == {2, 3, 4, 5, 6}
    for found in clock_findings(hotel.datamap):
        assert "by it a row ends only where it is the text of a day alone" in found.message
    hotel.engine.dispose()


def test_of_a_text_in_a_column_of_dates_it_is_said_that_nobody_can_judge(tmp_path: Path) -> None:
    """SQLite takes one, and whoever asked about the row got an error of Python's."""
    hotel = Lodge(f"sqlite:///{tmp_path / 'lodge.sqlite'}", tmp_path, Date)
    hotel.left(None)
    with hotel.engine.begin() as conn:
        conn.execute(sql("UPDATE lines SET gone = '06.05.2019'"))
    with hotel.begin() as office:
        told = office.why("lines", "1")
    assert "nobody can judge what the law says of it: A date of lines cannot be read" in told
    assert "It belongs to 1 subject row" in told
    assert "06.05" not in told
    hotel.engine.dispose()
