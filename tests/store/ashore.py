"""A small hotel whose checkpoints leave the house, and whose database can be restored."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import create_engine, select

from flask_guesterase.core.checkpoint import Checkpoint
from flask_guesterase.core.destination import Destination, Way
from flask_guesterase.core.events import Event, SweepConfirmed
from flask_guesterase.store import tables
from flask_guesterase.store.journaling import audit, journal
from flask_guesterase.store.office import Office
from flask_guesterase.store.release.folder import Folder
from flask_guesterase.store.release.outside import seen
from flask_guesterase.store.release.place import Place
from flask_guesterase.store.release.places import places
from flask_guesterase.store.release.releasing import release
from flask_guesterase.store.transaction import transaction
from flask_guesterase.store.work import Work
from tests import engines
from tests.store.hotel import Hotel

PINE = "pine"


class Ashore(Hotel):
    """A hotel with one journal, a folder outside and a register of erasures.

    :param url: address of an empty database.
    :param folder: where keys, files, register and the folder outside lie.
    """

    def __init__(self, url: str, folder: Path) -> None:
        super().__init__(url, folder)
        self.outside = folder / "outside"
        self.outside.mkdir()
        pine = replace(self.settings.properties["sh"], controller=PINE)
        self.settings = replace(
            self.settings, properties={"sh": pine}, register=str(folder / "register")
        )
        self.grants["auditor"] |= {"audit", "law"}
        self.grants["officer"] |= {"audit", "law"}
        self.places: tuple[Place, ...] = places(
            [Destination(Way.FILE, str(self.outside))], {}
        )
        self.problems: dict[str, str] = {}

    @property
    def folder(self) -> Folder:
        """Return the folder outside."""
        return Folder(self.outside)

    @contextmanager
    def begin(self) -> Iterator[Office]:
        """Open the office the way the extension does."""
        with transaction(self.engine) as conn:
            work = Work(
                conn, self.now, self.settings, self.datamap, self.custodian, self.may,
                places=self.places,
            )  # fmt: skip
            office = Office(work)
            yield office
            office.close()
        for effect in work.after:
            effect()
        self.events += [event.name for event in work.events]

    def run(self, unit: Callable[[Office], Any], /) -> Any:
        """Run a unit of work in a transaction of its own."""
        with self.begin() as office:
            return unit(office)

    def happen(self, count: int = 1, **more: Any) -> None:
        """Let things happen that the journal tells of, each in a transaction of its own."""
        for _ in range(count):
            event: Event = SweepConfirmed(PINE, "sh", **more)
            self.run(lambda office, event=event: office.work.events.append(event))

    def release(self, at_once: bool = True) -> int:
        """Bring checkpoints outside; return how many arrived."""
        self.problems = {}
        return release(self.run, self.problems.__setitem__, at_once)

    def pass_(self, **time: int) -> None:
        """Let the clock go on."""
        self.now += timedelta(**time)

    def tree(self, epoch: int | None = None) -> Any:
        """Return the row of a tree, the open one by default."""
        table = tables.tree
        which = table.c.open if epoch is None else table.c.epoch == epoch
        with self.engine.connect() as conn:
            return conn.execute(select(table).where(table.c.controller == PINE, which)).one()

    def actions(self, epoch: int = 0) -> list[str]:
        """Return what stands in an epoch, in order."""
        table = tables.entry
        mine = (table.c.controller == PINE) & (table.c.epoch == epoch)
        with self.engine.connect() as conn:
            found = select(table.c.action).where(mine).order_by(table.c.position)
            return list(conn.execute(found).scalars())

    def known(self) -> list[Checkpoint]:
        """Return every checkpoint that the folder outside holds."""
        found: list[Checkpoint] = self.run(lambda office: seen(office.work))
        return found

    def verified(self, *brought: str) -> list[str]:
        """Return what is wrong with the journal, compared with what is outside."""
        with self.begin() as office:
            return [problem.id for problem in office.verify(brought)]

    def audited(self) -> list[str]:
        """Return what is wrong with the journal by itself."""
        with transaction(self.engine, write=False) as conn:
            return [problem.id for problem in audit.verify(conn)]

    def root(self) -> tuple[int, int, bytes]:
        """Return epoch, size and root of the open tree."""
        row = self.tree()
        return row.epoch, row.size, journal.edge(row).root()

    def copied(self, name: str) -> Path:
        """Return a copy of the SQLite file as it is now; `restored` puts it in its place."""
        self.engine.dispose()
        return Path(shutil.copy(str(self.engine.url.database), self.outside.parent / name))

    def restored(self, copy: Path) -> None:
        """Put a copy of the SQLite file in its place."""
        self.engine.dispose()
        shutil.copy(copy, str(self.engine.url.database))

    def backup(self) -> AbstractContextManager[Callable[[], None]]:
        """Copy the database as it is now; yields what puts the copy in its place."""
        return backed_up(self)


@contextmanager
def backed_up(hotel: Any) -> Iterator[Callable[[], None]]:
    """Copy a hotel's database as it is now; yields what puts the copy in its place.

    :param hotel: anything with an `engine`.
    """
    url = hotel.engine.url.render_as_string(hide_password=False)
    hotel.engine.dispose()
    with engines.clone_database(url) as copy:

        def restore() -> None:
            hotel.engine.dispose()
            hotel.engine = create_engine(copy)

        try:
            yield restore
        finally:
            hotel.engine.dispose()
            hotel.engine = create_engine(url)
