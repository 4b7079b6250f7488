"""Whom an incident concerns: by every day of theirs, whatever nobody can read, each told once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import ForeignKey, String, create_engine, delete, insert, update
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

from flask_guesterase.core.holding import Wanted
from flask_guesterase.core.policy import Policy, Subject
from flask_guesterase.core.treatment import keep, null, placeholder, redact, retain
from flask_guesterase.store.incidents import affected, noticing
from flask_guesterase.store.incidents.affected import Asked
from flask_guesterase.store.incidents.opening import Class, Report
from flask_guesterase.store.mapping.crossing import Binds
from flask_guesterase.store.mapping.datamap import resolve
from flask_guesterase.store.settings import Property
from tests.store.forms import Forms
from tests.store.hotel import Base as HotelBase
from tests.store.hotel import Booking, Guest
from tests.store.watched import Watch

JANUARY = (date(2026, 1, 1), date(2026, 1, 31))
UNREAD = {"sqlite": "00.00.0000", "postgresql": "infinity", "mariadb": "0000-00-00"}
"""What a column of days can hold, and no calendar has."""


class Base(DeclarativeBase):
    """Base of a host whose guests have several stays."""


class Person(Base):
    __tablename__ = "people"
    id: Mapped[int] = mapped_column(primary_key=True)
    email: Mapped[str | None] = mapped_column(String(120))
    stays: Mapped[list[Stay]] = relationship(back_populates="person")


class Stay(Base):
    __tablename__ = "stays"
    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    booked_on: Mapped[date | None]
    left_on: Mapped[date | None]
    person: Mapped[Person] = relationship(back_populates="stays")


class Returning(Forms):
    """A hotel to which guests come back; each of them is dated by their stays."""

    def __init__(self, url: str, folder: Path) -> None:
        super().__init__(url, folder)
        self.settings = replace(self.settings, properties={"mu": self.settings.properties["mu"]})
        self.datamap = resolve(
            [
                (Person, Policy(
                    {"email": null}, subject=Subject(match=["email"], contact=["email"]),
                    category="reservation", clock={"departed": "stays.left_on"},
                )),
                (Stay, Policy({"left_on": keep("statistics")}, via="person")),
            ],
            Base.metadata.tables.values(), list(Base.registry.mappers),
        )  # fmt: skip
        Base.metadata.create_all(self.engine)

    def may(self, user: str, permission: str, property_: str) -> bool:
        """Answer for the host."""
        return user == "officer"

    def person(self, id: int, *left: date) -> None:
        """Put a guest with stays into the host's tables."""
        with self.engine.begin() as conn:
            conn.execute(insert(Person).values(id=id, email=f"g{id}@mail.example"))
            for day in left:
                conn.execute(insert(Stay).values(person_id=id, left_on=day))

    def concerned(self, *between: date, table: str = "") -> int:
        """Return how many an incident concerns that was about records of some days."""
        with self.begin() as office:
            number = office.open_incident(Report("mu", "leak", "A list was lost."), "officer")
            found = office.measure_incident(number, Asked(table, *between), "officer")
        return found["living"]


@pytest.fixture
def returning(database_url: str, tmp_path: Path) -> Iterator[Returning]:
    """A hotel to which guests come back, on each of the three engines in turn."""
    made = Returning(database_url, tmp_path)
    yield made
    made.engine.dispose()


@pytest.fixture
def house(database_url: str, tmp_path: Path) -> Iterator[Watch]:
    """A hotel in which something happens, on each of the three engines in turn."""
    made = Watch(database_url, tmp_path)
    yield made
    made.engine.dispose()


def measured(house: Watch, number: str, table: str = "") -> dict[str, dict[str, int]]:
    """Look up whom an incident concerns; return how many records there are of theirs."""
    with house.begin() as office:
        counts = office.measure_incident(number, Asked(table), "officer")
    found: dict[str, dict[str, int]] = house.one(number)["records"]
    assert counts["rows"] == sum(sum(each.values()) for each in found.values())
    return found


def test_records_are_counted_where_people_are(house: Watch) -> None:
    """By category, where a table has one, and at this hotel: GDPR 33(3)(a) asks for both numbers.

    Of whom is on file, of what the law keeps, and of what went since; no row is in two of them.
    """
    number = house.report(happened=house.now)
    everything = {"guests": 4, "bookings": 2, "companions": 1, "invoices": 1}
    assert measured(house, number) == {"living": everything, "sealed": {}, "erased": {}}
    assert measured(house, number, "bookings")["living"] == {"bookings": 2}
    assert house.erased(house.approved(email="ann@example.com")) == "sealed"
    assert measured(house, number) == {
        "living": {"guests": 3, "bookings": 1}, "sealed": {"invoice": 1},
        "erased": {"guests": 1, "bookings": 1, "companions": 1},
    }  # fmt: skip
    assert measured(house, number, "invoices") == {
        "living": {}, "sealed": {"invoice": 1}, "erased": {},
    }  # fmt: skip
    house.later(days=1)
    later = house.report(happened=house.now)
    assert measured(house, later)["erased"] == {}


def test_a_table_that_is_not_there_keeps_no_other_from_being_counted(house: Watch) -> None:
    """It was dropped, or made elsewhere: whom an incident concerns is looked up all the same."""
    with house.engine.begin() as conn:
        conn.exec_driver_sql("DROP TABLE companions")
    found = measured(house, house.report())["living"]
    assert found == {"guests": 4, "bookings": 2, "invoices": 1}


def test_about_how_many_is_told_by_some_rows_of_a_large_table(
    watch: Watch, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody waits until a million rows were walked from; people are counted one by one."""
    for id in range(100, 300):
        watch.put(Booking, id=id, number=f"B{id}", guest_id=9 if id % 2 else 1)
    monkeypatch.setattr(affected, "LOOKED_AT", 60)
    found = measured(watch, watch.report())["living"]
    assert found["guests"] == 4
    # Every second one is of another hotel, which no step through them in their order would tell.
    assert abs(found["bookings"] - 102) <= 20
    assert found["bookings"] != 102


@pytest.fixture
def watch(sqlite_url: str, tmp_path: Path) -> Iterator[Watch]:
    """A hotel in which something happens, for what no engine changes."""
    made = Watch(sqlite_url, tmp_path)
    yield made
    made.engine.dispose()


def test_every_stay_counts_not_the_latest_alone(returning: Returning) -> None:
    """Who was there in January is concerned, though they came again; who has no day is too."""
    returning.person(1, date(2026, 1, 10), date(2026, 3, 1))
    returning.person(2, date(2026, 3, 1))
    returning.person(3)
    assert returning.concerned(*JANUARY) == 2
    assert returning.concerned(date(2026, 3, 1)) == 3
    assert returning.concerned() == 3


def test_records_of_other_days_are_not_counted(returning: Returning) -> None:
    """What a table's rows are called is said by their category."""
    returning.person(1, date(2026, 1, 10), date(2026, 3, 1))
    returning.person(2, date(2026, 3, 1))
    with returning.begin() as office:
        number = office.open_incident(Report("mu", "leak", "A list was lost."), "officer")
        office.measure_incident(number, Asked("", *JANUARY), "officer")
        found = office.incident(number, "officer")["records"]
    # Of the stays nothing is declared that dates them, so they count as concerned.
    assert found["living"] == {"reservation": 1, "stays": 2}


def test_a_stay_is_of_all_its_days_and_of_all_later_ones_until_it_ends(
    returning: Returning
) -> None:
    """Whoever was in the house when a list was lost is on it, though nothing happened that day."""
    returning.datamap = resolve(
        [
            (Person, Policy({"email": null}, subject=Subject(match=["email"], contact=["email"]))),
            (Stay, Policy(
                {"booked_on": keep("statistics"), "left_on": keep("statistics")}, via="person",
                clock={"created": "booked_on", "departed": "left_on"},
            )),
        ],
        Base.metadata.tables.values(), list(Base.registry.mappers),
    )  # fmt: skip
    december, february = date(2025, 12, 20), date(2026, 2, 10)
    stays = [(december, february), (december, None), (december, date(2025, 12, 31)),
             (february, None), (None, None)]  # fmt: skip
    for id, (booked, left) in enumerate(stays, 1):
        returning.person(id)
        with returning.engine.begin() as conn:
            conn.execute(insert(Stay).values(person_id=id, booked_on=booked, left_on=left))
    # Through the house, still in it, and one of whom no day is known.
    assert returning.concerned(*JANUARY, table="stays") == 3
    assert returning.concerned(date(2026, 1, 1), table="stays") == 4


def test_a_day_that_is_none_keeps_nobody_from_being_found(returning: Returning) -> None:
    """One row that cannot be read concerns its guest, and lets the others be looked at."""
    for id in range(1, 6):
        returning.person(id, date(2026, 3, id))
    returning.person(6, date(2026, 1, 10))
    kind = returning.engine.dialect.name
    with returning.engine.begin() as conn:
        if kind == "mariadb":
            conn.exec_driver_sql("SET SESSION sql_mode = ''")
        conn.exec_driver_sql(f"UPDATE stays SET left_on = '{UNREAD[kind]}' WHERE person_id = 3")
    assert returning.concerned(*JANUARY) == 2


def test_nobody_misses_a_letter_because_somebody_else_was_erased(
    watch: Watch, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between two batches the list stays as it was: each place in it is one person's."""
    monkeypatch.setattr(noticing, "BATCH", 1)
    watch.place("DE")
    for id, name in ((5, "Eve"), (6, "Fay")):
        watch.guest(id, name=name, email=f"{name.lower()}@example.com")
    number = watch.report()
    watch.classify(number, "risk-high")
    with watch.begin() as office:
        office.measure_incident(number, Asked(), "officer")
        office.propose_notice(number, "EU/guests", "Seen.", "officer")
    digest = watch.digest(number)
    with watch.begin() as office:
        office.let_notice_go(number, "EU/guests", "second", digest)
    assert noticing.push_all(watch.run, 1) == 1
    assert watch.erased(watch.approved(email="ann@example.com")) == "sealed"
    noticing.push_all(watch.run)
    duty = next(d for d in watch.one(number)["duties"] if d["id"] == "EU/guests")
    # Ann, Eve and Fay; Bea and Carl share a mailbox, Dora has none.
    assert (duty["state"], duty["told"], duty["untold"]) == ("sent", 3, 3)


class Group(Watch):
    """Two hotels of one company, with one table of guests for both."""

    def __init__(self, url: str, folder: Path) -> None:
        super().__init__(url, folder)
        self.place("DE")
        hotels: dict[str, Property] = self.settings.properties  # type: ignore[assignment]
        hotels["be"] = Property("be", "Hotel Oak", "Pine Ltd", "DE", "UTC", "en")
        del hotels["mu"]

    def declare(self, document: Any = null, **placed: Any) -> None:
        """Declare guests, and where they are of a hotel, if anything says it."""
        columns = {"hotel": keep("which house"), "name": redact, "email": placeholder,
                   "phone": null, "document_no": document}  # fmt: skip
        whom = Subject(match=["email"], name="name", contact=["email", "phone"])
        booking = Policy({"number": keep("a number"), "remark": null}, via="guest")
        self.datamap = resolve(
            [(Guest, Policy(columns, subject=whom, **placed)), (Booking, booking)],
            [Guest.__table__, Booking.__table__], list(HotelBase.registry.mappers),
        )  # fmt: skip

    def may(self, user: str, permission: str, property_: str) -> bool:
        """Answer for the host: everybody does at both what they do at one."""
        return permission in self.grants.get(user, ())

    def gone(self, place: str, state: str = "erased", who: str = "ann") -> None:
        """Erase Ann, or somebody else, who asked at one of the hotels."""
        with self.begin() as office:
            number = office.request({"email": f"{who}@example.com"}, property=place, by="clerk")
        with self.begin() as office:
            office.confirm(number, "clerk", "desk")
        self.approve(number)
        assert self.erased(number) == state

    def there(self, place: str = "be") -> dict[str, int]:
        """Return whom what happened at a hotel concerns, by default the second one."""
        with self.begin() as office:
            leak = Report(place, "leak", "A list was lost.", happened=self.now)
            number = office.open_incident(leak, "clerk")
            return office.measure_incident(number, Asked(), "officer")


@pytest.fixture
def group(sqlite_url: str, tmp_path: Path) -> Iterator[Group]:
    """Two hotels of one company."""
    made = Group(sqlite_url, tmp_path)
    yield made
    made.engine.dispose()


@pytest.fixture
def any_group(database_url: str, tmp_path: Path) -> Iterator[Group]:
    """Two hotels of one company, on each of the three engines in turn."""
    made = Group(database_url, tmp_path)
    yield made
    made.engine.dispose()


@pytest.mark.parametrize("place", ["sh", "be"])
def test_who_was_erased_at_a_sister_hotel_is_neither_on_file_nor_told(
    group: Group, place: str
) -> None:
    """Their row is a shell for both hotels, and no letter goes to what an erasure wrote there."""
    group.declare()
    number = group.report(happened=group.now)
    with group.begin() as office:
        assert office.measure_incident(number, Asked(), "officer")["living"] == 5
        office.propose_notice(number, "EU/guests", "Seen.", "officer")
    group.gone(place)
    group.classify(number, "risk-high")
    digest = group.digest(number)
    with group.begin() as office:
        office.let_notice_go(number, "EU/guests", "second", digest)
    noticing.push_all(group.run)
    duty = next(d for d in group.one(number)["duties"] if d["id"] == "EU/guests")
    # Max alone: Ann is gone, Bea and Carl share a mailbox, Dora has none.
    assert (duty["state"], duty["told"], duty["untold"]) == ("sent", 1, 4)
    with group.begin() as office:
        counts = office.measure_incident(number, Asked(), "officer")
    assert (counts["living"], counts["erased"]) == (4, 1)


@pytest.mark.parametrize(("home", "erased"), [("sh", 1), ("be", 0)])
def test_who_was_a_guest_of_the_sister_hotel_alone_is_not_counted(
    group: Group, home: str, erased: int
) -> None:
    """Where a row says whose guest somebody was, that counts, wherever they asked."""
    group.declare(place="hotel")
    with group.engine.begin() as conn:
        conn.execute(update(Guest).where(Guest.id == 1).values(hotel=home))
    number = group.report(happened=group.now)
    group.gone("be")
    with group.begin() as office:
        assert office.measure_incident(number, Asked(), "officer")["erased"] == erased


def test_who_was_erased_elsewhere_and_whose_row_is_gone_counts(group: Group) -> None:
    """What cannot be told counts as concerned, here as elsewhere."""
    group.declare(place="hotel")
    number = group.report(happened=group.now)
    group.gone("be")
    with group.engine.begin() as conn:
        conn.exec_driver_sql("DELETE FROM companions")
        conn.execute(delete(Guest).where(Guest.id == 1))
    with group.begin() as office:
        assert office.measure_incident(number, Asked(), "officer")["erased"] == 1


@pytest.mark.parametrize(
    ("placed", "sealed"), [({}, 1), ({"place": "hotel"}, 0)], ids=["nowhere", "elsewhere"]
)
def test_what_is_kept_and_nobody_can_place_counts_at_every_hotel(
    group: Group, placed: dict[str, str], sealed: int
) -> None:
    """It stands in the name of the hotel that was asked, and may lie at its sister."""
    group.declare(retain("guest_register"), **placed)
    with group.engine.begin() as conn:
        conn.execute(update(Guest).where(Guest.id == 1).values(document_no="X1"))
    group.gone("sh", "sealed")
    counts = group.there()
    assert (counts["sealed"], counts["erased"]) == (sealed, 0)


@pytest.mark.parametrize(
    ("placed", "home", "sealed"),
    [({}, "sh", {"sh": 1, "be": 1}), ({"place": "hotel"}, "be", {"sh": 0, "be": 1}),
     ({"place": "hotel"}, "sh", {"sh": 1, "be": 0})],
    ids=["nowhere", "here", "elsewhere"],
)  # fmt: skip
def test_what_a_hold_keeps_counts_where_its_row_lies(
    group: Group, placed: dict[str, str], home: str, sealed: dict[str, int]
) -> None:
    """It stands as it was, and says that itself, whichever hotel was asked; of what nobody can
    place it may be either."""
    group.declare(**placed)
    group.grants["officer"].add("hold")
    with group.engine.begin() as conn:
        conn.execute(update(Guest).where(Guest.id == 1).values(hotel=home))
    with group.begin() as office:
        wanted = Wanted("record", "court-order", "bookings", "1", property="sh")
        office.place_hold(wanted, "officer")
    group.gone("sh", "sealed")
    assert {code: group.there(code)["sealed"] for code in sealed} == sealed


def test_what_is_kept_at_a_hotel_that_nobody_runs_any_more_counts_at_the_others(
    group: Group,
) -> None:
    """Its rows may be another's by now, under a code that was not written into them."""
    group.declare(retain("guest_register"), place="hotel")
    with group.engine.begin() as conn:
        conn.execute(update(Guest).where(Guest.id == 1).values(document_no="X1"))
    group.gone("sh", "sealed")
    del group.settings.properties["sh"]  # type: ignore[attr-defined]
    assert group.there()["sealed"] == 1


@pytest.mark.parametrize("asked", ["sh", "be"])
@pytest.mark.parametrize(
    ("placed", "home", "held"),
    [({}, "sh", True), ({"place": "hotel"}, "be", True), ({"place": "hotel"}, "sh", False)],
    ids=["of both", "of this one", "of the sister alone"],
)
def test_what_was_erased_at_a_sister_hotel_is_evidence_where_the_guest_was(
    group: Group, placed: dict[str, str], home: str, held: bool, asked: str
) -> None:
    """Whoever they asked: the way back of a wrong erasure is there wherever it did harm, and no
    copy is kept longer for a hotel at which they were not."""
    group.declare(**placed)
    with group.engine.begin() as conn:
        conn.execute(update(Guest).where(Guest.id == 1).values(hotel=home))
    group.gone(asked)
    with group.begin() as office:
        wrong = Report("be", "wrong-erasure", "Ann is gone.", happened=group.now)
        office.open_incident(wrong, "clerk")
    group.nights(9)
    assert group.living() == (held or asked == "be")


def rename(group: Group) -> None:
    """Give the first hotel another code, in the settings and in the host's rows."""
    hotels: dict[str, Property] = group.settings.properties  # type: ignore[assignment]
    hotels["pi"] = replace(hotels.pop("sh"), code="pi")
    with group.engine.begin() as conn:
        conn.execute(update(Guest).where(Guest.hotel == "sh").values(hotel="pi"))


def sell(group: Group) -> None:
    """Have another company answer for the first hotel from now on."""
    hotels: dict[str, Property] = group.settings.properties  # type: ignore[assignment]
    hotels["sh"] = replace(hotels["sh"], controller="Shell Ltd")


@pytest.mark.parametrize(
    ("change", "placed", "counts"),
    [
        (rename, {}, {"pi": 1, "be": 1}),
        (rename, {"place": "hotel"}, {"pi": 1, "be": 0}),
        (sell, {}, {"sh": 1, "be": 1}),
        (sell, {"place": "hotel"}, {"sh": 1, "be": 0}),
    ],
    ids=["renamed", "renamed and placed", "sold", "sold and placed"],
)
def test_who_was_erased_at_a_hotel_of_another_code_or_company_since_counts(
    group: Group, change: Callable[[Group], None], placed: dict[str, str], counts: dict[str, int]
) -> None:
    """Nobody makes those an incident concerns fewer by the settings, nor loses the way back."""
    group.declare(**placed)
    group.gone("sh")
    change(group)
    assert {place: group.there(place)["erased"] for place in counts} == counts
    here = "pi" if change is rename else "be"
    with group.begin() as office:
        wrong = Report(here, "wrong-erasure", "Ann is gone.", happened=group.now)
        office.open_incident(wrong, "clerk")
    group.nights(9)
    assert group.living() == bool(counts[here])


def test_who_was_erased_at_another_companys_hotel_that_is_gone_concerns_no_incident(
    any_group: Group,
) -> None:
    """A hotel that had its own code all along is not it: nobody of theirs is counted, and no copy
    is kept longer for it."""
    group = any_group
    hotels: dict[str, Property] = group.settings.properties  # type: ignore[assignment]
    hotels["fi"] = Property("fi", "Hotel Fir", "Fir GmbH", "DE", "UTC", "en")
    group.declare()
    with group.begin() as office:
        office.request({"email": "bea@example.com"}, property="fi", by="clerk")
    group.gone("sh")
    del hotels["sh"]
    assert {place: group.there(place)["erased"] for place in hotels} == {"be": 1, "fi": 0}
    with group.begin() as office:
        wrong = Report("fi", "wrong-erasure", "Ann is gone.", happened=group.now)
        office.open_incident(wrong, "clerk")
    group.nights(9)
    assert not group.living()


@pytest.mark.parametrize("change", [rename, sell])
def test_an_incident_counts_whom_it_did_before_its_hotel_changed(
    group: Group, change: Callable[[Group], None]
) -> None:
    """Whoever was erased at the sister may have been its guest, whatever the settings say since."""
    group.declare()
    group.gone("be")
    number = group.report(happened=group.now)
    change(group)
    with group.begin() as office:
        assert office.measure_incident(number, Asked(), "officer")["erased"] == 1


def lose_table(group: Group) -> None:
    """Have the table of guests under another name."""
    with group.engine.begin() as conn:
        conn.exec_driver_sql("ALTER TABLE guests RENAME TO guests_before")


def lose_column(group: Group) -> None:
    """Have the column that says whose guest somebody was under another name."""
    with group.engine.begin() as conn:
        conn.exec_driver_sql("ALTER TABLE guests RENAME COLUMN hotel TO house")


def lose_database(group: Group) -> None:
    """Have the table of guests in a database of its own, which is down."""
    url = group.engine.url
    away = {"database": f"{url.database}.away/none"} if url.host is None else {"port": 1}
    there = url.set(**away)
    group.binds = Binds({"far": create_engine(there)}, {"guests": "far"})


@pytest.mark.parametrize("lose", [lose_table, lose_column, lose_database])
def test_who_cannot_be_asked_for_at_a_sister_hotel_may_have_been_a_guest(
    any_group: Group, lose: Callable[[Group], None]
) -> None:
    """What is away may be what went wrong: the incident is opened, every copy of its time may be
    evidence and stays, and the others end."""
    group = any_group
    group.declare(place="hotel")
    group.gone("sh")
    group.later(days=3)
    since = group.now
    with group.engine.begin() as conn:
        conn.execute(update(Guest).where(Guest.id == 9).values(hotel="sh"))
    group.gone("sh", who="max")
    lose(group)
    with group.begin() as office:
        wrong = Report("be", "wrong-erasure", "A guest is gone.", happened=since)
        office.open_incident(wrong, "clerk")
    assert group.living() == 2
    group.nights(9)
    assert group.living() == 1


def test_a_guest_whom_the_host_wrote_into_an_emptied_row_is_told(house: Watch) -> None:
    """Somebody else was erased from it; who is in it now is concerned as any other guest."""
    house.place("DE")
    house.erased(house.approved(email="ann@example.com"))
    house.later(days=30)
    with house.engine.begin() as conn:
        conn.execute(update(Guest).where(Guest.id == 1).values(name="Zoe", email="zoe@example.com"))
    house.put(Booking, id=77, number="B77", guest_id=1, remark="new")
    number = house.report(happened=house.now)
    # The stays of before are in their row as well: nothing says any more whose they were.
    assert measured(house, number)["living"]["guests"] == 4
    house.classify(number, "risk-high")
    with house.begin() as office:
        office.propose_notice(number, "EU/guests", "Seen.", "officer")
    digest = house.digest(number)
    with house.begin() as office:
        office.let_notice_go(number, "EU/guests", "second", digest)
    noticing.push_all(house.run)
    duty = next(d for d in house.one(number)["duties"] if d["id"] == "EU/guests")
    assert (duty["state"], duty["told"]) == ("sent", 1)


def test_a_measure_is_due_on_the_propertys_day(watch: Watch) -> None:
    """In the evening in California it is still today, though tomorrow has begun in Greenwich."""
    watch.settings.properties["sh"] = Property(  # type: ignore[index]
        "sh", "Hotel Pine", "Pine Ltd", "US", "America/Los_Angeles", "en", region="US-CA"
    )
    watch.now = datetime(2026, 3, 11, 1, 0, tzinfo=UTC)
    number = watch.report()
    with watch.begin() as office:
        office.classify_incident(number, Class("risk-unlikely", "theft"), "officer")
        office.plan_measure(number, "Lock the drawer.", "clerk", date(2026, 3, 10), "officer")
    assert [each["late"] for each in watch.one(number)["measures"]] == [False]
    watch.later(hours=8)
    assert [each["late"] for each in watch.one(number)["measures"]] == [True]
