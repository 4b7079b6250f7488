"""What ended by its day and how old the oldest record is, read from real rows."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from sqlalchemy import update

from flask_guesterase.core.canary import KIND
from flask_guesterase.core.errors import InputError
from flask_guesterase.core.lifecycle import State
from flask_guesterase.store import tables
from flask_guesterase.store.complaints.receiving import Grievance
from flask_guesterase.store.figures import age
from flask_guesterase.store.incidents.opening import Report
from tests.store.forms import Forms
from tests.store.hotel import Hotel

OLD, NEW = date(2025, 2, 1), date(2025, 8, 20)


@pytest.fixture
def house(database_url: str, tmp_path: Path) -> Iterator[Forms]:
    """Two hotels on each engine: at one a form that is due and one that is not."""
    made = Forms(database_url, tmp_path)
    made.form(1, OLD)
    made.form(2, NEW)
    yield made
    made.engine.dispose()


def oldest(house: Forms) -> date | None:
    """Return the day of the oldest record."""
    return house.run(lambda office: age.oldest(office.work))


def told(house: Forms) -> int | None:
    """Return what the public page would say."""
    return house.run(lambda office: office.oldest_months())


def test_the_oldest_record_is_the_oldest_that_still_holds_something(house: Forms) -> None:
    """What was erased counts no more; a note that is older than a day and a half says nothing."""
    assert (oldest(house), told(house)) == (OLD, None)
    house.sweep()
    assert told(house) == 13
    house.sweep("officer")
    house.sweep()
    assert (oldest(house), told(house)) == (NEW, 6)
    house.later(days=3)
    assert told(house) is None


def test_what_ended_is_counted_in_its_month_and_at_its_property(house: Forms) -> None:
    """The journal's counts, at the hotel whose rows they were."""
    house.sweep()
    house.sweep("officer")
    be, mu = house.run(lambda office: office.figures())
    assert (sum(be.ended.values()), mu.ended["2026-03"], sum(mu.ended.values())) == (0, 1, 1)
    assert [len(each.months) for each in (be, mu)] == [12, 12]


def test_no_more_months_than_can_be_shown(house: Forms) -> None:
    """A wish for a hundred years is answered with what to ask for."""
    with pytest.raises(InputError, match="1 to 36"):
        house.run(lambda office: office.figures(many=1200))


UNREAD = {"sqlite": "00.00.0000", "postgresql": "-infinity", "mariadb": "0000-00-00"}
"""What a column of days can hold before any day, and no calendar has."""


def test_a_day_that_is_none_hides_no_other(house: Forms) -> None:
    """The row nobody can read is left out; the oldest of the others is told."""
    house.form(3, NEW)
    kind = house.engine.dialect.name
    with house.engine.begin() as conn:
        if kind == "mariadb":
            conn.exec_driver_sql("SET SESSION sql_mode = ''")
        conn.exec_driver_sql(f"UPDATE forms SET left_on = '{UNREAD[kind]}' WHERE id = 3")
    assert oldest(house) == OLD
    assert house.run(lambda office: office.note_age()) == 0
    assert told(house) == 13


def test_invented_guests_are_in_no_figure(hotel: Hotel) -> None:
    """Nobody asked for them, so a house that tries itself has no more requests than others."""
    for id in (1, 2):
        hotel.guest(id, name=f"Guest {id}", email=f"g{id}@mail.example")
    real, canary = (hotel.file(email=f"g{id}@mail.example") for id in (1, 2))
    with hotel.engine.begin() as conn:
        table = tables.request
        conn.execute(update(table).where(table.c.number == canary).values(kind=KIND))
    with hotel.begin() as office:
        figures = next(each for each in office.figures() if each.property == "sh")
    assert real != canary
    assert sum(month.received for month in figures.months) == 1
    assert sum(figures.waiting.values()) == 1


@pytest.mark.parametrize("state", [State.OFFERED, State.FETCHED, State.EXPIRED])
def test_a_copy_that_lay_ready_is_an_answer(hotel: Hotel, state: State) -> None:
    """Late where it was released late, whether its guest came for it or not."""
    hotel.guest(1, name="Ann Berg", email="ann@mail.example")
    with hotel.begin() as office:
        number = office.request({"email": "ann@mail.example"}, property="sh", wish="copy")
    with hotel.begin() as office:
        office.confirm(number, "clerk", "desk")
    hotel.later(days=60)
    with hotel.begin() as office:
        office.release_copy(number, "officer", office.outline(number, "officer")[1])
    with hotel.engine.begin() as conn:
        table = tables.request
        conn.execute(update(table).where(table.c.number == number).values(state=state.value))
    with hotel.begin() as office:
        figures = next(each for each in office.figures() if each.property == "sh")
    (month,) = (each for each in figures.months if each.received)
    assert (month.open, month.answered, month.late, month.days) == (0, 1, 1, (60, 60))


def test_a_copy_that_nobody_released_is_no_answer(hotel: Hotel) -> None:
    """What ended because nobody showed who they are was not decided."""
    hotel.guest(1, name="Ann Berg", email="ann@mail.example")
    with hotel.begin() as office:
        number = office.request({"email": "ann@mail.example"}, property="sh", wish="copy")
    with hotel.engine.begin() as conn:
        table = tables.request
        conn.execute(update(table).where(table.c.number == number).values(state="expired"))
    with hotel.begin() as office:
        figures = next(each for each in office.figures() if each.property == "sh")
    (month,) = (each for each in figures.months if each.received)
    assert (month.answered, month.late, month.days) == (0, 0, None)


@pytest.mark.parametrize(
    ("zone", "month"), [("Asia/Shanghai", "2026-04"), ("America/Los_Angeles", "2026-03")]
)
def test_a_month_ends_at_the_hotel_for_all_that_is_counted(
    hotel: Hotel, zone: str, month: str
) -> None:
    """A request, a complaint and an incident of one night stand in one month, on either side."""
    hotel.lies_in(zone)
    hotel.grants["officer"].add("incident")
    hotel.guest(1, name="Ann Berg", email="ann@mail.example")
    # In Shanghai it is the first of April then; in Los Angeles, the evening before one hour later.
    hotel.now = datetime(2026, 3, 31, 20, tzinfo=UTC)
    hotel.later(hours=5 if month == "2026-03" else 0)
    with hotel.begin() as office:
        office.request({"email": "ann@mail.example"}, property="sh")
        given = Grievance("about-delay", "I wait.", property="sh", channel="letter")
        office.file_complaint(given, "clerk")
        office.open_incident(Report("sh", "leak", "A list lay there."), "officer")
    with hotel.begin() as office:
        figures = next(each for each in office.figures() if each.property == "sh")
    assert {each.month: each.received for each in figures.months if each.received} == {month: 1}
    counted = {at: (each.complaints, each.incidents) for at, each in figures.handled.items()}
    assert {at: many for at, many in counted.items() if any(many)} == {month: (1, 1)}


def test_what_is_late_for_days_is_late_once(hotel: Hotel) -> None:
    """People are reminded of it every day, and the journal tells of each time."""
    hotel.grants["officer"].add("incident")
    with hotel.begin() as office:
        given = Grievance("about-delay", "I wait.", property="sh", channel="letter")
        office.file_complaint(given, "clerk")
        office.open_incident(Report("sh", "leak", "A list lay there."), "officer")
    hotel.later(days=40)
    told = list[tuple[int, int]]()
    for _ in range(3):
        hotel.later(days=1)
        with hotel.begin() as office:
            assert office.remind_complaints() == office.remind_incidents() == 1
        with hotel.begin() as office:
            figures = next(each for each in office.figures() if each.property == "sh")
        now = figures.handled[hotel.now.isoformat()[:7]]
        told.append((now.complaints_late, now.incidents_late))
    assert hotel.events.count("complaint-overdue") == hotel.events.count("incident-overdue") == 3
    assert told[0][0] == 1
    assert told[0][1] > 0
    assert set(told) == {told[0]}
