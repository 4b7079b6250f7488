"""A backup and what is restored from it, for a canary: made, looked into, and gone again."""

from __future__ import annotations

import shutil
import sqlite3
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, create_engine

from ..office import Office
from ..returning.replay import Survey, replay
from ..transaction import transaction
from ..unit import Run
from ..work import Work
from .sighting import Scratch

PREFIX = "guesterase-canary-"
"""How folders with a copy begin; what a crash left of them goes with the next sweep."""

Backup = Callable[[], object]
"""Makes a backup of the house's database as the host does."""

Restored = Callable[[], AbstractContextManager[str | Engine]]
"""Gives the address, or the engine, of a database into which the backup was restored."""

OLD = 6 * 3600
"""Seconds after which nobody works with a copy any more: whoever made it was killed."""


def clear(engine: Engine) -> int:
    """Remove copies that a crash left beside an SQLite file: guests' data lie in them.

    :param engine: the house's own database.
    :return: how many there were.
    """
    file = engine.url.database or ""
    if engine.dialect.name != "sqlite" or file in ("", ":memory:"):
        return 0
    found = [
        left for left in Path(file).parent.glob(f"{PREFIX}*")
        if time.time() - left.stat().st_mtime > OLD
    ]  # fmt: skip
    for left in found:
        shutil.rmtree(left)
    return len(found)


@contextmanager
def scratch(
    run: Run, engine: Engine, backup: Backup | None, restored: Restored | None
) -> Iterator[Scratch | None]:
    """Make a backup now, and give the database that was restored from it.

    Where the host gives no way, an SQLite file is copied beside itself, and the copy deleted.

    :param run: runs a unit of work on the house's own database.
    :param engine: the house's own database.
    :param backup: makes a backup as the host does, or None.
    :param restored: gives the database into which it was restored, or None.
    """
    if backup is not None:
        backup()
    if restored is not None:
        with restored() as where:
            given = where if isinstance(where, Engine) else create_engine(where)
            try:
                with tempfile.TemporaryDirectory(prefix=PREFIX) as folder:
                    yield Scratch(given, _replaying(run, given, Path(folder)))
            finally:
                if given is not where:
                    given.dispose()
        return
    file = engine.url.database or ""
    if engine.dialect.name != "sqlite" or file in ("", ":memory:"):
        yield None
        return
    with _copied(Path(file)) as copy:
        made = create_engine(f"sqlite:///{copy}")
        try:
            yield Scratch(made, _replaying(run, made, copy.parent))
        finally:
            made.dispose()


def _replaying(run: Run, engine: Engine, folder: Path) -> Callable[[], Survey]:
    """Return what carries out again, in a copy, what it has forgotten.

    The register is copied when it is called: what is noted in the copy is none of the house's
    business, and nothing that is queued there leaves the house.
    """

    def go() -> Survey:
        work: Work = run(lambda office: office.work)
        register = folder / "register"
        if Path(work.settings.register or folder / "none").is_dir():
            shutil.copytree(work.settings.register, register)
        settings = replace(work.settings, register=str(register))

        def within(unit: Callable[[Office], Any]) -> Any:
            with transaction(engine) as conn:
                office = Office(work.over(conn, settings))
                done = unit(office)
                office.close()
            for effect in office.work.after:
                effect()
            return done

        return replay(within)

    return go


@contextmanager
def _copied(file: Path) -> Iterator[Path]:
    """Copy an SQLite file with its own backup interface; the copy is nobody else's to read."""
    for left in file.parent.glob(f"{PREFIX}*"):
        shutil.rmtree(left, ignore_errors=True)
    folder = Path(tempfile.mkdtemp(prefix=PREFIX, dir=file.parent))
    try:
        copy = folder / "copy.sqlite"
        with closing(sqlite3.connect(file)) as here, closing(sqlite3.connect(copy)) as there:
            here.backup(there)
        yield copy
    finally:
        shutil.rmtree(folder, ignore_errors=True)
