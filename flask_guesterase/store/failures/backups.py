"""What the host says of its own backups: written down, looked at, told when it is too old."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC

from sqlalchemy import select

from ...core.alert import AlertKind, Cause
from ...core.backup import Backup, checked
from ...core.events import SYSTEM, BackupReported
from .. import tables
from ..access import brake, pulse
from ..access.pulse import Pulse
from ..work import Work

_NAME = "backup:"


def report(work: Work, backup: Backup) -> None:
    """Write down what the host says of a backup, unless a newer one of its kind is known.

    :param work: the open transaction.
    :param backup: what it says.
    :raises InputError: it is no such report, or the backup would be made in the future.
    """
    told = checked(backup, work.now)
    at, name = told.at.replace(tzinfo=None, microsecond=0), _NAME + told.kind
    before = pulse.look(work.conn, name, lock=True)
    if before is not None and (before.at > at or (before.at, before.note) == (at, str(told.hours))):
        return
    pulse.put(work.conn, name, Pulse(at, str(told.hours)))
    age = max(0, int((work.now - told.at).total_seconds() // 3600))
    work.events += [
        BackupReported(who, actor=SYSTEM, counts={"hours": age}, grounds=(told.kind,))
        for who in brake.controllers(work)
    ]


def known(work: Work) -> list[Backup]:
    """Return the newest backup of each kind that the host reported, sorted by kind."""
    table = tables.pulse
    rows = work.conn.execute(
        select(table.c.name, table.c.at, table.c.note)
        .where(table.c.name.startswith(_NAME, autoescape=True))
        .order_by(table.c.name)
    )
    return [
        Backup(row.name.removeprefix(_NAME), row.at.replace(tzinfo=UTC), int(row.note or 0))
        for row in rows
    ]


def causes(work: Work) -> Iterator[Cause]:
    """Yield backups that are too old, or that nobody ever reported any."""
    said = known(work)
    if not said:
        yield Cause(AlertKind.BACKUP_MISSING, "", "", work.stamp)
    for each in said:
        if each.stale(work.now):
            yield Cause(
                AlertKind.BACKUP_STALE, "", each.kind, each.at.replace(tzinfo=None, microsecond=0)
            )
