"""The register for a night is that of the night on the property's wall, sealed lines included."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest
from sqlalchemy import Date, DateTime, String, delete, update

from flask_guesterase.core.image import Change, Image, Images
from flask_guesterase.core.payload import encode
from flask_guesterase.core.register import Asked, Basis
from flask_guesterase.core.seal import Terms
from flask_guesterase.store.boxes import boxing, shelf
from flask_guesterase.store.boxes.reading import texts
from flask_guesterase.store.mapping.lines import registers
from flask_guesterase.store.mapping.raw import reader
from flask_guesterase.store.registers.retrieval import Line, retrieve
from tests.store.test_frozen_nights import (
    AT_EIGHT,
    BEFORE,
    Aware,
    Island,
    Make,
    make,
    moored,
    written,
)

__all__ = ["make", "moored"]

AFTER = datetime(2026, 3, 11, 6)
"""Eight in the evening of the 10th in Honolulu."""


def produced(island: Island, night: date = date(2026, 3, 9), **more: Any) -> list[Line]:
    """Return the lines of a night."""
    asked = Asked("sh", "Police", "4711", "A1", Basis.POLICE, night, **more)
    with island.begin() as office:
        return list(retrieve(office.work, asked).lines)


def names(lines: list[Line]) -> list[str]:
    """Return whose lines they are."""
    return [line.name for line in lines]


@pytest.mark.parametrize(
    ("kind", "aware"),
    [(DateTime(), False), (DateTime(timezone=True), True), (Aware(), True)],
    ids=["utc", "zoned", "hosts"],
)
def test_moments_in_utc_are_asked_for_by_the_propertys_night(
    make: Make, kind: Any, aware: bool
) -> None:
    """Nobody of the night before is shown, nobody of that night left out; nor is the day wrong."""
    island = make(kind, "UTC")
    for id, since, until in (
        (1, AT_EIGHT, AT_EIGHT), (2, BEFORE, BEFORE), (3, AFTER, AFTER), (4, BEFORE, AT_EIGHT),
        (5, AT_EIGHT, None),
    ):  # fmt: skip
        zone = UTC if aware else None
        island.came(
            id, since.replace(tzinfo=zone), until and until.replace(tzinfo=zone)
        )
    lines = produced(island)
    assert names(lines) == ["Ann Zebrafinch4", "Ann Zebrafinch1", "Ann Zebrafinch5"]
    assert [(line.first_night, line.last_night) for line in lines] == [
        ("2026-03-08", "2026-03-09"), ("2026-03-09", "2026-03-09"), ("2026-03-09", ""),
    ]  # fmt: skip


def test_moments_of_no_zone_that_is_named_are_of_the_day_they_say(make: Make) -> None:
    """Nobody is shown because another clock could have written it."""
    island = make(DateTime())
    island.came(1, datetime(2026, 3, 9, 20), datetime(2026, 3, 9, 20))
    island.came(2, datetime(2026, 3, 8, 20), datetime(2026, 3, 8, 20))
    island.came(3, AT_EIGHT, AT_EIGHT)
    assert names(produced(island)) == ["Ann Zebrafinch1"]


@pytest.mark.parametrize("kind", [Date(), String(30)], ids=["day", "text"])
def test_plain_days_are_that_day_in_every_zone(make: Make, kind: Any) -> None:
    """A day has no hour."""
    island = make(kind, "UTC")
    for id, day in ((1, 8), (2, 9), (3, 10)):
        said = date(2026, 3, day)
        value = said.isoformat() if isinstance(kind, String) else said
        island.came(id, value, value)
    assert names(produced(island)) == ["Ann Zebrafinch2"]
    assert names(produced(island, until=date(2026, 3, 10))) == [
        "Ann Zebrafinch2", "Ann Zebrafinch3",
    ]  # fmt: skip


def seal(island: Island, id: int) -> None:
    """Do to a line what an erasure does: a box for it, masks in the row, and the shelf."""
    with island.begin() as office:
        work = office.work
        lines = registers(work.datamap)["arrivals"]
        columns = ["name", "passport"]
        (_, cells, _), = reader(work.conn, lines.declared, work.live()).rows(
            [(id,)], ["id", "since", "until", *columns]
        )
        image = Image("arrivals", cells[:1], Change.OVERWRITTEN, cells[3:], 0)
        payload = encode(Images(work.conn.dialect.name, "", (image,)))
        terms = Terms("pine", "retention", "2026-03-12")
        box, = boxing.put(work.conn, work.custodian, [boxing.Item(payload, terms)], work.today)
        said = texts(lines, cells, work.conn)
        shelf.lay(work, [shelf.Laid(
            box, terms.label, "sh", "arrivals", "101", said["since"][:10], said["until"][:10],
            (said["name"],), said["passport"],
        )])  # fmt: skip
        gone = update(island.arrivals).where(island.arrivals.c.id == id)
        work.conn.execute(gone.values(name=None, passport=None))


def test_a_sealed_line_is_produced_for_the_propertys_night(make: Make) -> None:
    """Its box tells the same night as its row did."""
    island = make(DateTime(), "UTC")
    for id, moment in ((1, AT_EIGHT), (2, BEFORE), (3, AFTER)):
        island.came(id, moment, moment)
        seal(island, id)
    (line,) = produced(island)
    assert (line.name, line.sealed, line.first_night) == ("Ann Zebrafinch1", True, "2026-03-09")


def test_a_sealed_moment_whose_row_is_gone_is_produced_for_the_propertys_night(make: Make) -> None:
    """The shelf has the day as its column writes it, which in Honolulu is another one by then."""
    island = make(DateTime(), "UTC")
    for id, moment in ((1, AT_EIGHT), (2, BEFORE)):
        island.came(id, moment, moment)
        seal(island, id)
    with island.engine.begin() as conn:
        conn.execute(delete(island.arrivals))
    found = produced(island)
    assert "Ann Zebrafinch1" in names(found)
    assert {line.first_night for line in found} <= {str(AT_EIGHT.date()), str(BEFORE.date())}
    assert produced(island, date(2026, 3, 6)) == []


def test_a_night_whose_last_hour_comes_twice_is_asked_for_to_its_end(make: Make) -> None:
    """In Cairo clocks go back from midnight to eleven: who came then came that night."""
    island = make(DateTime(), "UTC")
    place = replace(island.settings.properties["sh"], zone="Africa/Cairo")
    island.settings = replace(
        island.settings, properties={**island.settings.properties, "sh": place}
    )
    for id, moment in ((1, datetime(2026, 10, 29, 21, 30)), (2, datetime(2026, 10, 29, 22, 30))):
        island.came(id, moment, moment)
    assert names(produced(island, date(2026, 10, 29))) == ["Ann Zebrafinch1"]


@pytest.mark.parametrize("zone", ["", "Pacific/Honolulu"])
def test_a_night_written_as_text_with_its_zone_is_asked_for_by_the_propertys(
    make: Make, zone: str
) -> None:
    """Such a text says which moment it means, whatever its day looks like."""
    island = make(String(40), zone)
    written(island)
    assert names(produced(island)) == ["Ann Zebrafinch1", "Ann Zebrafinch3"]


def test_a_night_of_moments_that_mariadb_keeps_is_asked_for_by_the_propertys(
    moored: Island,
) -> None:
    """Nobody of another night is shown, and nobody's hour is another one; sealed ones alike."""
    seal(moored, 4)
    lines = produced(moored)
    assert [(line.name, line.sealed) for line in lines] == [
        ("Ann Zebrafinch1", False), ("Ann Zebrafinch4", True),
    ]  # fmt: skip
    assert {(line.first_night, line.last_night) for line in lines} == {("2026-03-09",) * 2}


@pytest.mark.parametrize("kind", [Date(), DateTime(), String(30)], ids=["day", "moment", "text"])
def test_who_stayed_no_night_is_produced_for_the_day_they_came(make: Make, kind: Any) -> None:
    """The last night slept of a room for the day lies before the first; sealed it is no other."""
    island = make(kind, "Pacific/Honolulu")
    for id, day in ((1, 9), (2, 9), (3, 8), (4, 10)):
        came, slept = (datetime(2026, 3, each, 14) for each in (day, day - 1))
        if isinstance(kind, Date):
            came, slept = came.date(), slept.date()
        said = isinstance(kind, String)
        island.came(id, str(came) if said else came, str(slept) if said else slept)
    seal(island, 2)
    assert names(produced(island)) == ["Ann Zebrafinch1", "Ann Zebrafinch2"]
    later = names(produced(island, until=date(2026, 3, 10)))
    assert sorted(later) == ["Ann Zebrafinch1", "Ann Zebrafinch2", "Ann Zebrafinch4"]
    with island.begin() as office:
        shelved = shelf.boxes(
            office.work, Asked("sh", "Police", "4711", "A1", Basis.POLICE, date(2026, 3, 9)),
            ["arrivals"],
        )
    assert len(shelved) == 1


def test_the_last_night_of_the_calendar_is_answered(make: Make) -> None:
    """A mistyped year is no error."""
    island = make(DateTime(), "UTC")
    island.came(1, AT_EIGHT, AT_EIGHT)
    assert produced(island, date.max) == []
    assert produced(island, date.min) == []
