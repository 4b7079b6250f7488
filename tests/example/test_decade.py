"""Ten years of the demo hotel by a travelling clock: lawful on every day, and nothing left over."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path

import pytest
from flask import Flask

from example_pms import db
from example_pms.rows import Rows
from example_pms.seed import add_hotels
from flask_guesterase import Guesterase
from flask_guesterase.core.errors import BlockedError, UnknownError
from flask_guesterase.core.holding import Wanted
from flask_guesterase.core.period import period
from flask_guesterase.store.deciding.amendments import House
from flask_guesterase.store.office import Office
from flask_guesterase.store.upkeep import upgrade
from flask_guesterase.store.worker import carry_out
from tests.store.hotel import read_through

from . import travel
from .conftest import hotel_app
from .decade import Decade, hold, lift, unlawful
from .figured import agree

BEGIN = date(2027, 1, 1)
ENDED = ("departed", "cancelled", "no_show", "last_activity")


@pytest.fixture
def group(tmp_path: Path) -> Iterator[Flask]:
    """The two houses with their rooms and staff, and no guest."""
    app = hotel_app(tmp_path, f"sqlite:///{tmp_path / 'hotel.sqlite'}")
    app.config["GUESTERASE_INLINE"] = False
    with app.app_context():
        rows, session = Rows(), db.session()
        add_hotels(rows, 0, BEGIN)
        rows.write(session, db.metadata)
        session.commit()
        db.session.remove()
        yield app
        db.engine.dispose()


def open_house(app: Flask) -> Guesterase:
    """Install the extension, sign the packs and set what the law leaves open."""
    found: Guesterase = app.extensions["guesterase"].extension
    # Ten years are about the law: who else is told of 10,000 guests is tried elsewhere.
    found._recipients.clear()
    upgrade.upgrade(found.host.engine())
    upgrade.make_keys(found.host.engine(), found.custodian)
    travel.to(found, BEGIN)
    travel.lawful(found)
    register = House("guest_register", ("departed",), "the station's letter", period("P3Y"))
    house(found, "SHA", register)
    for place in ("SHA", "LEJ"):
        travel.ceiling(
            found, place, House("reservation", ENDED, "house rule", ceiling=period("P3Y"))
        )
    travel.to(found, BEGIN + timedelta(days=30))
    travel.confirmed(found)
    return found


def house(guesterase: Guesterase, place: str, said: House) -> None:
    """Set a house period, by two officers of the place."""
    with guesterase.begin() as office:
        id = office.house_period(place, said, f"{place.lower()}.officer")
    with guesterase.begin() as office:
        office.confirm_house(id, f"{place.lower()}.officer2")


@dataclass
class Desk:
    """The people of both houses at work.

    :param guesterase: the installed extension.
    :param decade: the guests.
    :param open: numbers of requests that are not done.
    :param held: guest -> hold.
    """

    guesterase: Guesterase
    decade: Decade
    open: list[str] = field(default_factory=list)
    held: dict[int, tuple[int, str]] = field(default_factory=dict)
    done: Counter[str] = field(default_factory=Counter)

    def ask(self, guest: int) -> None:
        """File a guest's request, verify, approve and try to carry it out."""
        place, document = self.decade.documents[guest]
        desk, officer = f"{place.lower()}.desk", f"{place.lower()}.officer"
        try:
            with self.guesterase.begin() as office:
                number = office.request({"document": document}, property=place, by=desk)
        except UnknownError:
            return
        if number in self.open:
            return
        with self.guesterase.begin() as office:
            office.confirm(number, desk)
            for each in office.preview(number).perhaps:
                office.leave(number, each.id, desk)
        with self.guesterase.begin() as office:
            office.approve(number, officer, office.preview(number).digest)
        try:
            carry_out(self.guesterase.run, number)
        except BlockedError:
            self.done["waited"] += 1
        self.open.append(number)

    def place(self, guest: int) -> None:
        """Put everything of a guest under a hold."""
        place, _ = self.decade.documents[guest]
        wanted = Wanted("subject", "police-order", table="guests", key=str(guest), silent=True)
        with self.guesterase.begin() as office:
            id = office.place_hold(wanted, f"{place.lower()}.officer")
        self.held[guest] = (id, place.lower())
        hold(self.decade, guest)

    def lift(self, guest: int) -> None:
        """Lift a guest's hold, by two people."""
        id, place = self.held.pop(guest)
        for who in (f"{place}.officer", f"{place}.officer2"):
            with self.guesterase.begin() as office:
                office.lift(id, who)
        lift(self.decade, guest)


def judged(decade: Decade, day: date) -> None:
    """Assert that nothing is gone too early, and nothing is there too late."""
    assert unlawful(decade, day) == []


def simulate(
    app: Flask, folder: Path, guests: int, months: int
) -> tuple[Counter[str], Counter[str]]:
    """Let time pass, month by month, and judge each by the ledger.

    :return: what the sweeps did, and in which state how many requests ended.
    """
    guesterase = open_house(app)
    decade = Decade(guesterase.host.engine(), folder, guests, BEGIN, months)
    desk = Desk(guesterase, decade)
    for number in range(1, months):
        decade.live(number)
        _, last = decade.month(number)
        travel.to(guesterase, last)
        chosen = decade.chance.sample(sorted(decade.documents), min(4, len(decade.documents)))
        for guest in chosen[:2]:
            if guest not in desk.held:
                desk.ask(guest)
        if number % 3 == 0 and chosen[-1] not in desk.held:
            desk.place(chosen[-1])
        judged(decade, last)
        if number % 6 == 5:
            decade.settle(last)
        if number % 9 == 8:
            for guest in sorted(desk.held)[:2]:
                desk.lift(guest)
        report = guesterase.sweep()
        assert (report.problems, report.doubt, report.unconfirmed) == ({}, "", []), report
        desk.done.update(report.counts)
        judged(decade, last)
    return desk.done, finish(desk, months)


def stands(office: Office, number: str) -> str:
    """Return where a request stands; its own record ends three years after it did."""
    try:
        return str(office.show(number)["state"])
    except UnknownError:
        return "ended"


def finish(desk: Desk, months: int) -> Counter[str]:
    """Lift what is held, let everybody pay, and look that nothing is overdue.

    :return: in which state how many requests ended.
    """
    guesterase, decade = desk.guesterase, desk.decade
    _, last = decade.month(months)
    travel.to(guesterase, last)
    for guest in list(desk.held):
        desk.lift(guest)
    decade.settle(last)
    for day in (last, decade.month(months + 1)[1]):
        travel.to(guesterase, day)
        assert not guesterase.sweep().problems
    assert unlawful(decade, day) == []
    with guesterase.begin(write=False) as office:
        assert read_through(office.work) == []
        states = Counter(stands(office, number) for number in desk.open)
        assert set(states) <= {"erased", "sealed", "ended"}, states
        assert not list(office.verify())
        assert sum(agree(office, each) for each in office.figures())
    return states


def test_a_short_while_is_lawful(group: Flask, tmp_path: Path) -> None:
    """Twenty months of a small house: the same as below, in little."""
    done, ended = simulate(group, tmp_path, 25, 20)
    assert all((done["waited"], done["expired"], ended["sealed"])), (done, ended)


@pytest.mark.long
@pytest.mark.timeout(2000)
def test_ten_years_are_lawful(group: Flask, tmp_path: Path) -> None:
    """Ten thousand guests in ten years."""
    done, ended = simulate(group, tmp_path, 10_000, 120)
    assert all((done["waited"], done["expired"], ended["sealed"])), (done, ended)
