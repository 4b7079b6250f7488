"""Two German hotels with registration forms and a mailbox, for tests of what ends by its day."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import Engine, ForeignKey, String, create_engine, func, insert, select
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

from flask_guesterase.core.log import read_entry
from flask_guesterase.core.policy import Policy, Subject
from flask_guesterase.core.treatment import keep, null, placeholder, retain
from flask_guesterase.store import tables, worker
from flask_guesterase.store.access.boots import Boot
from flask_guesterase.store.deciding import amendments
from flask_guesterase.store.keys.custodian import FolderCustodian
from flask_guesterase.store.mapping.datamap import DataMap, resolve
from flask_guesterase.store.office import Office
from flask_guesterase.store.release.place import Place
from flask_guesterase.store.settings import Property, Settings
from flask_guesterase.store.sweep import NightAudit, sweep
from flask_guesterase.store.sweeping.report import Report, SweepReport
from flask_guesterase.store.transaction import transaction
from flask_guesterase.store.work import Work
from tests.engines import build, session_folder

_Result = TypeVar("_Result")

NOON = datetime(2026, 3, 10, 12, tzinfo=UTC)
RIGHTS = {"view", "file", "verify", "approve", "erase", "law"}
GRANTS = {
    "officer": {"mu": RIGHTS, "be": RIGHTS},
    "second": {"mu": RIGHTS, "be": RIGHTS},
    "porter": {"mu": {"view", "erase"}},
    "far": {"be": RIGHTS},
}
"""User -> property -> what they may do there."""


SETTINGS = Settings(
    {
        "mu": Property("mu", "Fir", "Fir GmbH", "DE", "Europe/Berlin", "de"),
        "be": Property("be", "Elm", "Elm GmbH", "DE", "Europe/Berlin", "de"),
    },
    mail="print",
    recovery_days=7,
)


class Base(DeclarativeBase):
    """Base of the host's models."""


class Guest(Base):
    __tablename__ = "guests"
    id: Mapped[int] = mapped_column(primary_key=True)
    house: Mapped[str] = mapped_column(String(10))
    email: Mapped[str | None] = mapped_column(String(120))


class Form(Base):
    __tablename__ = "forms"
    id: Mapped[int] = mapped_column(primary_key=True)
    guest_id: Mapped[int] = mapped_column(ForeignKey("guests.id"))
    house: Mapped[str] = mapped_column(String(10))
    name: Mapped[str | None] = mapped_column(String(80))
    nation: Mapped[str] = mapped_column(String(2))
    left_on: Mapped[date]
    guest: Mapped[Guest] = relationship()


def policies(email: Any = placeholder) -> list[tuple[Any, Policy]]:
    """Return what the vendor declares.

    :param email: what becomes of an address; another rule is another data map.
    """
    return [
        (
            Guest,
            Policy(
                {"house": keep("which house"), "email": email},
                subject=Subject(match=["email"], contact=["email"], property="house"),
            ),
        ),
        (
            Form,
            Policy(
                {
                    "house": keep("which house"),
                    "name": retain("guest_register", null),
                    "nation": keep("statistics"),
                    "left_on": keep("statistics"),
                },
                via="guest",
                category="guest_register",
                clock={"departed": "left_on"},
                facts={"nationality": "nation"},
                place="house",
            ),
        ),
    ]


_opened: dict[tuple[object, ...], Path] = {}
"""Where a kind of hotel lies as it was when its packs were signed: another begins as a copy."""


class Forms:
    """Two hotels whose registration forms go a year after departure; the clock is moved by tests.

    :param url: address of an empty database.
    :param folder: where the keys go.
    :param now: where the clock stands.
    """

    places: tuple[Place, ...] = ()
    """Where checkpoints go."""

    boot: Boot | None = None
    """How long the machine runs, where its kernel tells; the clock that can be set stands in it."""

    signs: tuple[str, ...] = ("DE", "EU")
    """Packs that the officer signs before anything else happens."""

    def __init__(self, url: str, folder: Path, now: datetime = NOON) -> None:
        self.engine: Engine = create_engine(url)
        self.now = now
        self.custodian = FolderCustodian(folder / "keys")
        self.settings = SETTINGS
        self.datamap = self.mapped()
        file, kind = Path(self.engine.url.database or "."), (type(self), Base.metadata, now)
        alike = self.engine.dialect.name == "sqlite" and not file.exists()
        if alike and kind in _opened:
            shutil.copyfile(_opened[kind] / "rows", file)
            shutil.copytree(_opened[kind] / "keys", folder / "keys")
            return
        self.custodian.create()
        build(self.engine, Base.metadata, tables.metadata)
        for code in self.signs:
            self.sign(code)
        if alike:
            kept = Path(tempfile.mkdtemp(prefix="forms-", dir=session_folder()))
            shutil.copyfile(file, kept / "rows")
            shutil.copytree(folder / "keys", kept / "keys")
            _opened[kind] = kept

    @staticmethod
    def mapped(email: Any = placeholder) -> DataMap:
        """Resolve the policies."""
        return resolve(
            policies(email), Base.metadata.tables.values(), list(Base.registry.mappers)
        )

    def may(self, user: str, permission: str, property_: str) -> bool:
        """Answer for the host."""
        return permission in GRANTS.get(user, {}).get(property_, ())

    @contextmanager
    def begin(self) -> Iterator[Office]:
        """Open the office the way the extension does."""
        with transaction(self.engine) as conn:
            work = Work(
                conn, self.now, self.settings, self.datamap, self.custodian, self.may,
                places=self.places, boot=lambda: self.boot,
            )  # fmt: skip
            office = Office(work)
            yield office
            office.close()
        for effect in work.after:
            effect()

    def run(self, unit: Callable[[Office], _Result], /) -> _Result:
        """Run a unit of work in a transaction of its own."""
        with self.begin() as office:
            return unit(office)

    def sweep(
        self, confirm_by: str | None = None, night_audit: NightAudit | None = None
    ) -> SweepReport:
        """Sweep once; nothing may fail unseen."""
        report = self.tried(confirm_by, night_audit)
        assert report.problems == {}, report.problems
        return report

    def tried(
        self, confirm_by: str | None = None, night_audit: NightAudit | None = None
    ) -> SweepReport:
        """Sweep once, whatever fails."""
        return sweep(self.run, _render, {}, confirm_by, night_audit)

    def work(self) -> Report:
        """Let the worker make a round."""
        return worker.work(self.run, _render, {})

    def confirmed(self) -> SweepReport:
        """Let a sweep show what would go, and the officer confirm it where it asks."""
        report = self.sweep()
        return self.sweep("officer") if report.unconfirmed else report

    def later(self, **time: float) -> None:
        """Let time pass as it does: the clock goes on, and something beat the heart all along."""
        passed = timedelta(**time)
        self.now += passed
        self._ran(passed, passed)
        lately = (self.now - timedelta(hours=1)).replace(tzinfo=None)
        with self.engine.begin() as conn:
            conn.execute(
                tables.pulse.update()
                .where(tables.pulse.c.name == "heartbeat")
                .values(at=lately)
            )

    def leap(self, **time: float) -> None:
        """Set the clock to another time; nobody lived through what lies between."""
        self.now += timedelta(**time)
        self._ran(timedelta(0), timedelta(**time))

    def _ran(self, ran: timedelta, clock: timedelta) -> None:
        """Let the machine run, and the clock in it be another one."""
        if self.boot is not None:
            seconds = int(ran.total_seconds()), int(clock.total_seconds())
            was = self.boot
            self.boot = Boot(was.mark, was.ran + seconds[0], was.clock + seconds[1])

    def form(self, id: int, left: date, house: str = "mu") -> None:
        """Put a guest from France with a registration form in."""
        with self.engine.begin() as conn:
            conn.execute(insert(Guest).values(id=id, house=house, email=f"g{id}@mail.example"))
            conn.execute(
                insert(Form).values(
                    id=id, guest_id=id, house=house, name="Ada Roe", nation="FR", left_on=left
                )
            )

    def names(self) -> dict[int, str | None]:
        """Return number and name of every form that is there."""
        with self.engine.connect() as conn:
            found = conn.execute(select(Form.id, Form.name).order_by(Form.id))
            return {row.id: row.name for row in found}

    def ours(self, name: str) -> list[dict[str, Any]]:
        """Return the rows of one of our tables."""
        table = tables.metadata.tables[tables.PREFIX + name]
        with self.engine.connect() as conn:
            return [dict(row._mapping) for row in conn.execute(select(table))]

    def actions(self, controller: str = "fir") -> list[str]:
        """Return what stands in a controller's journal, in order."""
        table = tables.entry
        with self.engine.connect() as conn:
            bodies = conn.execute(
                select(table.c.body)
                .where(func.lower(table.c.controller).startswith(controller))
                .order_by(table.c.position)
            ).scalars()
            return [read_entry(body.encode()).draft.action for body in bodies]

    def change(self, email: Any) -> None:
        """Let the vendor declare something else."""
        self.datamap = self.mapped(email)

    def sign(self, code: str) -> None:
        """Let the officer sign a pack."""
        self.run(lambda office: amendments.sign(office.work, code, "officer"))

    def move(self, code: str, **values: Any) -> None:
        """Let the operator set something else for a property."""
        places = dict(self.settings.properties)
        places[code] = replace(places[code], **values)
        self.settings = replace(self.settings, properties=places)


def _render(template: str, lang: str, params: Any) -> tuple[str, str]:
    return template, lang
