"""What the database counts of requests is what one would count of each by itself."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import (
    Column,
    DateTime,
    MetaData,
    Table,
    create_engine,
    delete,
    insert,
    literal,
    select,
)

from flask_guesterase.core.canary import KIND
from flask_guesterase.core.figures import Month, months
from flask_guesterase.core.lifecycle import UNANSWERED, State
from flask_guesterase.store import tables
from flask_guesterase.store.casework import cases
from flask_guesterase.store.figures import requests, walldays
from flask_guesterase.store.requests import deadlines
from tests.store.hotel import Hotel

ZONES = (
    "UTC", "Asia/Shanghai", "America/Los_Angeles", "Europe/Berlin", "Asia/Kathmandu",
    "Pacific/Auckland", "Australia/Lord_Howe",
)  # fmt: skip
NOW = datetime(2026, 3, 30, 1, 30, tzinfo=UTC)
EDGES = (
    datetime(2025, 10, 26, 1), datetime(2025, 10, 5, 14), datetime(2025, 11, 2, 9),
    datetime(2026, 3, 8, 10), datetime(2026, 3, 29, 1), datetime(2025, 12, 31, 16),
)  # fmt: skip
"""Moments, UTC, about which clocks are put to another time, and a year ends somewhere."""


@pytest.fixture
def house(database_url: str, tmp_path: Path) -> Iterator[Hotel]:
    """A hotel on each engine, under a law by which the clock stands still for a while."""
    made = Hotel(database_url, tmp_path)
    made.now = NOW
    places = made.settings.properties
    british = {"sh": replace(places["sh"], country="GB")}
    made.settings = replace(made.settings, properties={**places, **british})
    yield made
    made.engine.dispose()


MOMENTS = st.datetimes(datetime(2025, 2, 1), datetime(2026, 3, 30)) | st.builds(
    lambda at, seconds: at + timedelta(seconds=seconds),
    st.sampled_from(EDGES), st.integers(-90_000, 90_000),
)


CERTIFIED = "certified"
"""When the first certificate of a request was issued, beside what its row says."""


@st.composite
def rows(draw: st.DrawFn) -> dict[str, Any]:
    """One request as a row; what cannot be together is together sometimes."""
    received = draw(MOMENTS).replace(microsecond=0)
    after = st.none() | st.integers(0, 5_000_000).map(lambda n: received + timedelta(seconds=n))
    state = draw(st.sampled_from(State))
    return {
        "property": draw(st.sampled_from(["sh", "sh", "sh", "mu"])), "controller": "pine-ltd",
        "kind": draw(st.sampled_from(["erasure", "erasure", "copy", KIND])),
        "state": state.value, "channel": draw(st.sampled_from(["form", "desk"])), "lang": "en",
        "received_at": received, "version": 1, "attempts": 0,
        "due_on": (received.date() + timedelta(days=draw(st.integers(0, 40)))).isoformat(),
        "ground": draw(st.sampled_from([None, "not-found", "abusive"])),
        "decided_at": draw(after), "erased_at": draw(after), "acknowledged_at": draw(after),
        CERTIFIED: draw(after),
    }


def one_by_one(hotel: Hotel, wanted: list[str]) -> list[Month]:
    """Return the figures of a property, each request read and told by Python."""
    found = {month: _Told() for month in wanted}
    place = hotel.settings.properties["sh"]
    zone = ZoneInfo(place.zone)

    def day(at: datetime | None) -> date | None:
        return None if at is None else at.replace(tzinfo=UTC).astimezone(zone).date()

    with hotel.begin() as office:
        work = office.work
        every = work.conn.execute(select(*cases.columns())).all()
        first = tables.certificate.c
        certificates = select(first.request, first.issued_at).where(first.supplement == 0)
        certified = {row.request: row.issued_at for row in work.conn.execute(certificates)}
        today = work.now.astimezone(zone).date()
        for case in (cases.read(row) for row in every):
            received = day(case.received_at)
            assert received is not None
            told = found.get(received.isoformat()[:7])
            if told is None or case.property != "sh" or case.kind == KIND:
                continue
            at = None
            if case.state.value in ("refused", "complaint", "offered", "fetched", "expired"):
                at = day(case.decided_at)
            elif case.state.value in ("erased", "sealed", "partial", "restored"):
                at = day(certified.get(case.number, case.erased_at))
            due = deadlines.due(work, case)
            waits = at is None and case.state in UNANSWERED
            told.add(case, None if at is None else (at - received).days,
                     at > due if at is not None else waits and today > due)
    return [told.month(month) for month, told in found.items()]


class _Told:
    """One month, as it is counted up."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self.days: list[int] = []
        self.words: dict[str, Counter[str]] = {n: Counter() for n in ("way", "end", "ground")}

    def add(self, case: cases.Case, days: int | None, late: bool) -> None:
        """Count one request."""
        ended = case.state not in UNANSWERED
        self.counts.update({"received": 1, "open": not ended, "late": late})
        if days is not None:
            self.days.append(days)
        self.words["way"][case.channel] += 1
        self.words["end"][case.state.value] += ended
        self.words["ground"][case.ground or ""] += bool(case.ground) and case.state == "refused"

    def month(self, name: str) -> Month:
        """Return it as figures have it."""
        days = sorted(self.days)
        ranks = [-(-len(days) * percent // 100) - 1 for percent in (50, 90)]
        way, end, ground = (dict(sorted((+c).items())) for c in self.words.values())
        counts = self.counts
        return Month(
            name, counts["received"], counts["open"], len(days), counts["late"],
            (days[ranks[0]], days[ranks[1]]) if days else None, way, end, ground,
        )


@settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(each=st.lists(rows(), max_size=40), zone=st.sampled_from(ZONES))
def test_the_database_counts_what_each_request_tells(
    house: Hotel, each: list[dict[str, Any]], zone: str
) -> None:
    """In every zone, about midnight and where the clock is put to another time, of every state."""
    house.lies_in(zone)
    with house.engine.begin() as conn:
        conn.execute(delete(tables.request))
        conn.execute(delete(tables.certificate))
        given = [{**row, "number": f"GR-{n:08d}"} for n, row in enumerate(each)]
        issued = [
            {"request": row["number"], "supplement": more, "body": "{}",
             "issued_at": at + timedelta(days=20 * more)}
            for row in given if (at := row.pop(CERTIFIED)) is not None for more in (0, 1)
        ]  # fmt: skip
        for table, put in ((tables.request, given), (tables.certificate, issued)):
            if put:
                conn.execute(insert(table), put)
    wanted = months(date(2026, 3, 30), 12)
    with house.begin() as office:
        place = office.work.settings.property("sh")
        found = requests.monthly(office.work, place, wanted)
    assert found == one_by_one(house, wanted)


@pytest.mark.parametrize("zone", ZONES)
def test_the_database_tells_the_day_on_the_wall(database_url: str, zone: str) -> None:
    """Each quarter of an hour of the days about a shift of the clock, and the seconds beside it."""
    first, end = datetime(2025, 9, 1), datetime(2026, 4, 30)
    quarters = [timedelta(minutes=15 * n, seconds=s) for n in range(-150, 150) for s in (-1, 0)]
    moments = sorted({edge + step for edge in EDGES for step in quarters} | {end})
    at: Any = Table("moments", MetaData(), Column("at", DateTime, primary_key=True))
    engine = create_engine(database_url)
    with engine.begin() as conn:
        at.metadata.create_all(conn)
        conn.execute(insert(at), [{"at": each} for each in moments])
        day = walldays.wall_day(engine.dialect.name, at.c.at, ZoneInfo(zone), (first, end))
        days = walldays.days_between(engine.dialect.name, literal("2026-02-27"), day)
        found = conn.execute(select(at.c.at, day, days)).all()
    engine.dispose()
    wall = {m: m.replace(tzinfo=UTC).astimezone(ZoneInfo(zone)).date() for m in moments}
    assert {each[0]: each[1] for each in found} == {m: d.isoformat() for m, d in wall.items()}
    assert {each[0]: each[2] for each in found} == {
        m: (d - date(2026, 2, 27)).days for m, d in wall.items()
    }
