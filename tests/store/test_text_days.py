"""Days that a host writes as texts: which of several is the latest, and which forms are read."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import ForeignKey, String, insert
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

from flask_guesterase.core.policy import Policy, Subject
from flask_guesterase.core.treatment import keep, null, redact
from flask_guesterase.store.executing import endless
from flask_guesterase.store.lawbook.clocks import every_day, facts_of
from flask_guesterase.store.mapping.datamap import resolve
from flask_guesterase.store.mapping.days import day_of
from flask_guesterase.store.settings import Property
from tests.engines import DEEP
from tests.store.hotel import Hotel


class Base(DeclarativeBase):
    """Base of this host's models."""


class Guest(Base):
    __tablename__ = "regulars"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str | None] = mapped_column(String(40))
    email: Mapped[str | None] = mapped_column(String(40))
    stays: Mapped[list[Stay]] = relationship(back_populates="guest")


class Stay(Base):
    __tablename__ = "nights"
    id: Mapped[int] = mapped_column(primary_key=True)
    guest_id: Mapped[int] = mapped_column(ForeignKey("regulars.id"), index=True)
    left: Mapped[str] = mapped_column(String(40))
    guest: Mapped[Guest] = relationship(back_populates="stays")


class Regular(Hotel):
    """A hotel in Honolulu that has each stay's end as a text, in whatever zone and form.

    :param url: address of an empty database.
    :param folder: where keys and files go.
    """

    def __init__(self, url: str, folder: Path) -> None:
        super().__init__(url, folder)
        place = Property("sh", "Reef", "Reef Ltd", "US", "Pacific/Honolulu", "en")
        self.settings = replace(self.settings, properties={"sh": place})
        declared: list[tuple[Any, Policy]] = [
            (
                Guest,
                Policy(
                    {"name": redact, "email": null},
                    subject=Subject(match=["email"], name="name", contact=["email"]),
                    category="reservation", clock={"departed": "stays.left"},
                ),
            ),
            (Stay, Policy({"left": keep("statistics")}, via="guest")),
        ]  # fmt: skip
        known = list(Base.metadata.tables.values()), list(Base.registry.mappers)
        self.datamap = resolve(declared, *known)
        Base.metadata.create_all(self.engine)

    def left(self, *texts: str) -> date | None:
        """Return when a guest left for good, of whom these are the ends of their stays."""
        stays = [{"guest_id": 1, "left": text} for text in texts]
        with self.engine.begin() as conn:
            conn.execute(insert(Guest).values(id=1, name="Ann Berg", email="ann@mail.example"))
            conn.execute(insert(Stay), stays)
            found = facts_of(conn, self.datamap, self.settings, "regulars", [(1,)])
        return found[1,].facts.events.get("departed")


    def asked(self) -> int:
        """Return of how many guests the officer is told that nobody knows their day."""
        endless.remind(self._run)
        return sum(t["count"] for t in self.ours("task") if t["name"].endswith("/no-clock"))

    def _run(self, unit: Any) -> Any:
        with self.begin() as office:
            return unit(office)


@pytest.fixture(params=DEEP)
def regular(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Regular]:
    """The hotel on each engine, without guests."""
    made = Regular(request.getfixturevalue(f"{request.param}_url"), tmp_path)
    yield made
    made.engine.dispose()


@pytest.mark.parametrize("turned", [False, True])
@pytest.mark.parametrize(
    ("texts", "day"),
    [
        # Half past noon and half past one of the next morning in Honolulu.
        (("2026-03-10T00:30:00+14:00", "2026-03-09T23:30:00-12:00"), date(2026, 3, 10)),
        (("2026-03-10 09:00:00+00:00", "2026-03-10T11:30:00Z"), date(2026, 3, 10)),
        (("20260309", "2026-12-31"), date(2026, 12, 31)),
        (("20260309T110000", "2026-12-31T11:00:00+00:00"), date(2026, 12, 31)),
        (("2026-03-10", "2026-03-09T23:30:00-12:00"), date(2026, 3, 10)),
        (("2026-03-08", ""), date(2026, 3, 8)),
        (("2026-03-08", "9999-12-31"), None),
        (("2026-03-08", "0000-00-00"), date(2026, 3, 8)),
    ],
)
def test_the_latest_of_several_texts_is_the_latest_day(
    regular: Regular, texts: tuple[str, str], day: date | None, turned: bool
) -> None:
    """A text that sorts behind another one is not always later, and a guest who came again goes
    by the later stay (P3)."""
    assert regular.left(*(reversed(texts) if turned else texts)) == day


UNREAD = [
    "09.05.2026", "31.12.2018", "soon", "whenever", "2026-W10-2", "2026W102", "2026-069",
    # No calendar has these, and no clock of a program that leap second.
    "2019-02-29", "1900-02-29", "20190229", "2019-02-30", "2019-06-31", "2019-13-01", "20190732",
    "2019-5x-01", "2016-12-31T23:59:60Z", "2019-05-06 24:30:00", "2019-05-06T12:61",
]


@pytest.mark.parametrize("text", UNREAD)
def test_a_text_that_nobody_can_read_may_be_the_latest(regular: Regular, text: str) -> None:
    """It was written by the system before this one: the other stays are over, of it nobody knows
    (P3), and the officer is asked for the day."""
    assert regular.left("2019-05-06", text, "2019-05-07") is None
    assert regular.asked() == 1


@pytest.mark.parametrize("text", ["09.05.2026", "2026-02-30"])
def test_whom_an_incident_concerns_hangs_on_no_day_where_one_cannot_be_read(
    regular: Regular, text: str
) -> None:
    """The stay that was written otherwise may be the one whose records were lost."""
    regular.left("2019-05-06", text, "0000-00-00")
    zone = ZoneInfo("Pacific/Honolulu")
    with regular.engine.begin() as conn:
        assert every_day(conn, regular.datamap, "regulars", [(1,)], zone) == {(1,): set()}


def test_what_can_be_read_is_on_nobodys_list(regular: Regular) -> None:
    """As little as what stands for no day beside one."""
    last = regular.left(
        "2019-05-06", "20190507", "2019-05-08T11:00:00Z", "2019-05-06 ", "2020-02-29", "20000229",
        "2019-12-31T23:59:59.999999+05:45", "2019-05-06T11", "2019-05-06 11:00", "20190506T110000",
        "2019-01-31", "20190930", "2019-05-06T110000", "20190506 11:00:00", "", "-",
        "0000-00-00", "0000-00-00T00:00:00Z",
    )  # fmt: skip
    assert last == date(2020, 2, 29)
    assert regular.asked() == 0


@pytest.mark.parametrize("text", ["2026-W10-2", "2026-W10", "2026W102", "2026-W10-2T23:00:00"])
def test_a_day_of_a_week_is_none(text: str) -> None:
    """Such a text sorts behind every day of its year: a look by the days of texts would find it
    with the New Year, and not on its day."""
    assert day_of(text, ZoneInfo("UTC"), ZoneInfo("UTC")) is None
