"""A visit of the doctor: everything that can be measured of an installation, one list."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sqlalchemy import Connection, Engine

from ...core.certificate import Level
from ...core.depth import Measure
from ...core.errors import SetupError
from ..keys import copies
from ..mapping.crossing import Binds
from ..remembrance.disks import folder_of
from ..settings import Settings
from ..transaction import outside
from ..upkeep import soundness
from ..work import Work
from . import disk, mariadb, postgresql, sqlite
from .look import Look, Seen, look, named, told

_ENGINES: dict[str, Any] = {
    "sqlite": sqlite,
    "postgresql": postgresql,
    "mysql": mariadb,
    "mariadb": mariadb,
}

_KEYS = (
    "A lost disk, or a backup of all of it, then has both: put GUESTERASE_KEYS on another disk."
)
_REGISTER = (
    "A restored disk then forgets with the database what was erased: put GUESTERASE_REGISTER on "
    "another disk."
)


def visit(engine: Engine, settings: Settings) -> list[Measure]:
    """Measure what can be measured of database, logs and disks; nothing is changed.

    What this account may not see is unknown, and says which right it takes.

    :param engine: the host's engine.
    :param settings: the operator's settings.
    :raises BusyError: the engine can only give the host's own connection, which is in use.
    :raises SetupError: the engine is none of the three.
    """
    known = _ENGINES.get(engine.dialect.name)
    if known is None:
        raise SetupError(
            f"The database engine {engine.dialect.name} is not supported.",
            "Use SQLite, PostgreSQL or MariaDB.",
        )
    with outside(engine) as conn:
        found = look(conn, known.LOOKS, known.GRANT)
        found += look(conn, _disks(settings), known.GRANT)
    return [*found, told("backup-days", Level.COPIES, _backups(settings))]


def _disks(settings: Settings) -> dict[str, tuple[Level, Look]]:
    def keys(conn: Connection) -> Seen:
        return disk.apart("the keys", settings.keys, folder_of(conn), _KEYS)

    def register(conn: Connection) -> Seen:
        return disk.apart(
            "the register of erasures", settings.register, folder_of(conn), _REGISTER
        )

    return {"keys-disk": (Level.COPIES, keys), "register-disk": (Level.COPIES, register)}


def _backups(settings: Settings) -> Seen:
    days = settings.backup_days
    return (
        days is not None,
        "Nobody said for how many days backups are kept."
        if days is None else f"Backups are kept for {days} days, as certificates say.",
        "Set GUESTERASE_BACKUP_DAYS, archives and snapshots of disks included.",
    )  # fmt: skip


def unmeasured(binds: Binds) -> Iterator[Measure]:
    """Yield that databases besides the default one are not measured, where there are any.

    :param binds: where the tables lie.
    """
    if binds.engines:
        yield told("other-databases", Level.FILES, (
            None,
            f"The default database alone was measured, not these: {named(binds.engines)}.",
            "Look at their free pages, logs and copies as at those of the default one.",
        ))  # fmt: skip


def second_copy(work: Work) -> Measure:
    """Say whether two people confirmed a copy of the keys outside the property.

    :param work: an open transaction; a read-only one is enough.
    """
    there = copies.confirmed(work)
    return told("keys-copy", Level.COPIES, (
        there,
        "Two people confirmed a copy of the keys outside the property."
        if there else "Nobody confirmed a copy of the keys outside the property.",
        "Copy the key folder away, then run `flask guesterase keys confirm-copy`.",
    ))  # fmt: skip


def whole_keys(work: Work) -> Measure:
    """Say whether every key that is needed opens, boxes sampled.

    :param work: an open transaction; a read-only one is enough.
    """
    found = soundness.whole(work)
    return told("keys-whole", Level.COPIES, (
        not found.faults,
        f"{found.keys} of {found.labels} keys and {found.opened} of {found.sampled} boxes opened."
        if not found.faults else found.faults[0].message,
        "Run `flask guesterase keys check --all` and bring back what it names.",
    ))  # fmt: skip
