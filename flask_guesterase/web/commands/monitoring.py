"""Commands about what goes wrong: the list, the host's backups, training, a bundle for support."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
from flask import current_app
from flask.cli import AppGroup

from ...core.alert import BY_PEOPLE
from ...store.failures import alerts
from ...store.upkeep import diagnosis
from ..current import current
from ..joining import config
from .acting import by as _by
from .acting import code as _code
from .acting import trying
from .console import CALENDAR, Answer, Whole, dumped, guesterase_cli, listing, out, verb, written

alert_cli = AppGroup("alert", help="What is wrong: take it, close it.")
backup_cli = AppGroup("backup", help="What the host says of its own backups.")
training_cli = AppGroup("training", help="Who was trained for what they do.")
for group in (alert_cli, backup_cli, training_cli):
    guesterase_cli.add_command(group)

_ALERT = ("id", "kind", "property", "about", "count", "since", "age_days", "noticed_by", "owner",
          "deputy", "taken_by")  # fmt: skip
_TRAINING = ("actor", "property", "course", "ends_at", "missed_at", "over")
_OPEN = frozenset({
    "GUESTERASE_RECOVERY_DAYS", "GUESTERASE_GRACE_HOURS", "GUESTERASE_BACKUP_DAYS",
    "GUESTERASE_INLINE",
})  # fmt: skip
"""Configuration keys whose value is a number or a switch, and no secret."""

_id = click.argument("id_", metavar="ID", type=Whole())


class Moment(click.DateTime):
    """A time with its zone, or in UTC; what is none is not repeated."""

    def __init__(self) -> None:
        super().__init__(["%Y-%m-%dT%H:%M:%S%z", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M"])

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Return the time, aware."""
        try:
            moment: datetime = super().convert(value, param, ctx)
        except click.BadParameter:
            moment = datetime.min
        if moment.year not in CALENDAR:
            self.fail("This is no time; write it like 2026-12-01T03:00:00+01:00.", param, ctx)
        return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


@verb(guesterase_cli)
@click.option("--property", "property_", metavar="CODE", default="", help="Only of this property.")
@click.option("--quiet", is_flag=True, help="Only list what is open; look at nothing anew.")
def watch(property_: str, quiet: bool) -> Answer:
    """Look over everything that can be wrong; list what is. Ends with 1 when something is."""
    if not quiet:
        current.ask_backups()
        alerts.look_over(current.run)
    with current.begin(write=False) as office:
        found = [dict(row) for row in office.alerts(property=property_)]
    return Answer(found, listing(found, _ALERT) or "nothing is wrong", fine=not found)


@verb(alert_cli)
@_id
@_by
@_code
def take(id_: int, by: str, code: str) -> Answer:
    """Say that one looks after an alert."""
    who = trying(by)
    with current.begin() as office:
        office.use_code(who, code)
        office.take_alert(id_, who)
    return Answer({"id": id_}, "It is looked after.")


@verb(alert_cli)
@_id
@click.option("--ground", required=True, type=click.Choice([each.value for each in BY_PEOPLE]))
@_by
@_code
def close(id_: int, ground: str, by: str, code: str) -> Answer:
    """Close an alert on a ground."""
    who = trying(by)
    with current.begin() as office:
        office.use_code(who, code)
        office.close_alert(id_, who, ground)
    return Answer({"id": id_, "ground": ground}, "It is closed.")


@verb(backup_cli)
@click.option("--at", type=Moment(), metavar="TIME", help="When it was made; now by default.")
@click.option("--kind", default="database", help="What it is a backup of, in one short word.")
@click.option("--hours", type=int, default=48, help="After how many hours it is too old.")
def report(at: datetime | None, kind: str, hours: int) -> Answer:
    """Say that the host made a backup; put it at the end of the script that makes one."""
    with current.begin() as office:
        office.report_backup(at or office.work.now, kind, hours)
    return Answer({"kind": kind}, "It is written down.")


@verb(backup_cli, "list")
def list_backups() -> Answer:
    """List the newest backup of each kind that the host reported."""
    with current.begin(write=False) as office:
        now = office.work.now
        found = [{**vars(each), "too_old": each.stale(now)} for each in office.backups()]
    text = listing(found, ("kind", "at", "hours", "too_old")) or "nobody reported a backup"
    return Answer(found, text, fine=bool(found) and not any(row["too_old"] for row in found))


@verb(training_cli)
def overdue() -> Answer:
    """List whose training is over or missing, or ends within a month, by opaque number."""
    with current.begin(write=False) as office:
        found = [dict(row) for row in office.overdue_trainings()]
    return Answer(found, listing(found, _TRAINING) or "everybody is trained")


@verb(guesterase_cli)
@out
def diagnose(out: Path) -> Answer:
    """Write what the vendor's hotline needs to a file: nothing in it is about anybody."""
    findings = current.check()
    with current.begin(write=False) as office:
        told = diagnosis.bundle(office.work, findings, _config())
    written(out, dumped(told) + "\n")
    return Answer({"file": str(out), "format": told["format"]}, str(out), "Read it, then send it.")


def _config() -> dict[str, Any]:
    """Return each configuration key with its value where that is no secret, else whether set."""
    given = {key: current_app.config.get(key, default) for key, default in config.DEFAULTS.items()}
    return {
        key: value if key in _OPEN and isinstance(value, bool | int) else "set" if value else ""
        for key, value in given.items()
    }
