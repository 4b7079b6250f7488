"""A hotel of any size with an installation over it, whose guests fall due day by day.

``Estate`` is the database as the extension sees it: the rows of `rows`, the policies of `schema`, a
signed law under which a profile goes after three years, preconditions, and a few holds.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import Engine, create_engine, event

from flask_guesterase.core.holding import Wanted
from flask_guesterase.store import tables
from flask_guesterase.store.comeback import marks
from flask_guesterase.store.deciding import amendments
from flask_guesterase.store.executing import expiry
from flask_guesterase.store.keys.custodian import FolderCustodian
from flask_guesterase.store.mapping.datamap import resolve
from flask_guesterase.store.office import Office
from flask_guesterase.store.settings import Property, Settings
from flask_guesterase.store.sweep import sweep
from flask_guesterase.store.sweeping.report import SweepReport
from flask_guesterase.store.transaction import again, transaction
from flask_guesterase.store.work import Work

from .rows import Shape, fill
from .schema import BLOCKERS, LAW, POLICIES, Base

_Result = TypeVar("_Result")

NOON = datetime(2026, 3, 10, 12, tzinfo=UTC)
"""The first day measured."""

HELD = 5
"""How many of the guests who fall due on the first day are held."""

OF_ONE = 5
"""For how many hotels of a chain one controller answers."""

__all__ = ["HELD", "NOON", "Estate", "Shape", "built", "engine_of", "held_of"]


def engine_of(url: str) -> Engine:
    """Return an engine on which a commit is durable."""
    engine = create_engine(url)
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _durable)
    return engine


def built(url: str, shape: Shape) -> None:
    """Make the tables of a hotel and fill them.

    :param url: address of an empty database.
    :param shape: how large the hotel is.
    """
    engine = engine_of(url)
    Base.metadata.create_all(engine)
    fill(engine, shape)
    with engine.connect() as conn:
        conn = conn.execution_options(isolation_level="AUTOCOMMIT")
        if engine.dialect.name == "postgresql":
            for name in Base.metadata.tables:
                last = f"setval(pg_get_serial_sequence('{name}', 'id'), max(id))"
                conn.exec_driver_sql(f"SELECT {last} FROM {name}").all()
            conn.exec_driver_sql("VACUUM ANALYZE")
        elif engine.dialect.name == "sqlite":
            conn.exec_driver_sql("ANALYZE")
        else:
            conn.exec_driver_sql(f"ANALYZE TABLE {', '.join(Base.metadata.tables)}").all()
    engine.dispose()


def held_of(shape: Shape) -> list[int]:
    """Return the numbers of the guests who are held."""
    due = shape.due_on(0)
    return due[:: max(1, len(due) // HELD)][:HELD]


class Estate:
    """An installation over a hotel that was built; its clock is moved day by day.

    :param url: address of the database.
    :param folder: where the keys and the law go.
    :param shape: how large the hotel is.
    """

    def __init__(self, url: str, folder: Path, shape: Shape) -> None:
        # What opens a house again, to be measured, loads no test runner.
        from tests.engines import build

        self._open(url, folder, shape)
        self.custodian.create()
        (folder / "xx.toml").write_text(LAW, encoding="utf-8")
        # With the revision that each installation has: what is not there is looked for each time.
        build(self.engine, tables.metadata)
        self.run(lambda office: amendments.sign(office.work, "XX", "officer"))
        for id in held_of(shape):
            self.run(partial(_hold, id))

    @classmethod
    def opened(cls, url: str, folder: Path, shape: Shape) -> Estate:
        """Return an installation that was made before, as another process opens it."""
        found = cls.__new__(cls)
        found._open(url, folder, shape)
        return found

    def _open(self, url: str, folder: Path, shape: Shape) -> None:
        self.engine = engine_of(url)
        self.shape = shape
        self.now = NOON
        self.blockers = BLOCKERS
        self.custodian = FolderCustodian(folder / "keys")
        pack = folder / "xx.toml"
        places = {
            code: Property(code, "Fir", f"Fir {number // OF_ONE} Ltd", "XX", "Europe/Berlin")
            for number, code in enumerate(shape.codes)
        }
        self.settings = Settings(places, recovery_days=7, mail="page", packs=(str(pack),))
        self.datamap = resolve(
            POLICIES, Base.metadata.tables.values(), list(Base.registry.mappers)
        )

    @contextmanager
    def begin(self) -> Iterator[Office]:
        """Open the office as the extension does."""
        with transaction(self.engine) as conn:
            work = Work(
                conn, self.now, self.settings, self.datamap, self.custodian, _may,
                blockers=self.blockers,
            )  # fmt: skip
            office = Office(work)
            yield office
            office.close()
        for effect in work.after:
            effect()

    def run(self, unit: Callable[[Office], _Result], /) -> _Result:
        """Run a unit of work in a transaction of its own, and again after a deadlock."""

        def once() -> _Result:
            with self.begin() as office:
                return unit(office)

        return again(once)

    def next_day(self) -> None:
        """Let a day pass, through which something beat the heart."""
        self.now += timedelta(days=1)
        lately = (self.now - timedelta(hours=1)).replace(tzinfo=None)
        pulse = tables.pulse
        with self.engine.begin() as conn:
            conn.execute(pulse.update().where(pulse.c.name == "heartbeat").values(at=lately))

    def sweep(self, confirm_by: str | None = None) -> SweepReport:
        """Sweep once; nothing may fail unseen."""
        report = sweep(self.run, _render, {}, confirm_by)
        if report.problems or report.doubt:
            raise RuntimeError(f"{report.problems} {report.doubt}")
        return report

    def confirm(self) -> None:
        """Let a sweep show what would go, and the officer confirm it; nothing goes yet."""
        self.sweep()
        self.run(lambda office: office.confirm_sweep("officer"))

    def expire(self, marked: bool = True) -> int:
        """Erase whose time is over, as the sweep does; return how many people.

        :param marked: whether marks are kept by which somebody who comes back is known; without
            them it does no more for a guest than the SQL written by hand.
        """
        if marked:
            counts = expiry.expire(self.run)
        else:
            taking, marks.take = marks.take, lambda work, origin, plan: 0  # type: ignore[assignment]
            try:
                counts = expiry.expire(self.run)
            finally:
                marks.take = taking
        if counts.get("unfinished"):
            raise RuntimeError(str(counts))
        return counts.get("people", 0)

    def approved(self, id: int) -> str:
        """File, confirm and approve the erasure of one guest; return its number."""
        with self.begin() as office:
            place = self.shape.house_of(id)
            number = office.request({"profile": str(id)}, property=place, by="clerk")
            office.confirm(number, "clerk", "desk")
        with self.begin() as office:
            office.approve(number, "officer", office.preview(number).digest)
        return number

    def erase(self, number: str) -> None:
        """Carry out one approved request in a transaction of its own."""
        self.run(lambda office: office.erase(number))


def _hold(id: int, office: Office) -> None:
    office.place_hold(Wanted("subject", "court-order", "guests", str(id)), "officer")


def _may(user: str, permission: str, place: str) -> bool:
    return True


def _render(template: str, lang: str, params: Any) -> tuple[str, str]:
    return template, lang


def _durable(raw: Any, record: Any) -> None:
    raw.execute("PRAGMA journal_mode = WAL")
    raw.execute("PRAGMA synchronous = FULL")
