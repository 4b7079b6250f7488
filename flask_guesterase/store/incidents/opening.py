"""An incident is opened by anybody on duty, and classified by who deals with it."""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from ...core import complaining
from ...core.asking import EARLIEST
from ...core.errors import InputError
from ...core.events import IncidentClassified, IncidentOpened
from ...core.incidents import OPEN, REVIEWED, Happening, Origin, Severity
from ..casework import written
from ..work import Work
from . import evidence, records


@dataclass(frozen=True)
class Report:
    """What somebody on duty reports.

    :param property: code of the property.
    :param kind: one of `core.incidents.Happening`.
    :param text: what is known, in their own words; it is sealed.
    :param noticed: when it was noticed, aware; now if None. The clocks of the law run from then.
    :param happened: when it happened, aware, or None when nobody knows.
    """

    property: str
    kind: str
    text: str
    noticed: datetime | None = None
    happened: datetime | None = None


@dataclass(frozen=True)
class Class:
    """How an incident is classified.

    :param severity: one of `core.incidents.Severity`.
    :param cause: one of `core.incidents.Origin`.
    :param kind: one of `core.incidents.Happening`, or empty: as it was reported.
    :param columns: ``table.column`` of the data map, or ``table`` for all of its columns.
    """

    severity: str
    cause: str
    kind: str = ""
    columns: Collection[str] = ()


def open_(work: Work, report: Report, by: str) -> str:
    """Open an incident and hold what is evidence of it; return its number.

    :param work: the open transaction.
    :param report: what is reported.
    :param by: the host's id of anybody who may do anything at the property.
    :raises ForbiddenError: they may do nothing there.
    :raises InputError: the kind means nothing, nothing is written, or a time lies ahead.
    """
    hotel = work.settings.property(report.property)
    actor = records.on_duty(work, by, hotel.code)
    kind = _word(report.kind, Happening, "Nothing of this kind can happen.")
    text = complaining.wording(report.text)
    noticed = _past(work, report.noticed or work.now, "noticed")
    happened = None
    if report.happened is not None:
        happened = _past(work, report.happened, "happened")
    if happened is not None and happened > noticed:
        raise InputError("It was noticed before it happened.", "Correct one of the two times.")
    row = records.add(
        work, hotel,
        {
            "kind": kind, "state": OPEN, "noticed_at": noticed, "happened_at": happened,
            "opened_by": actor, "opened_at": work.stamp,
        },
    )  # fmt: skip
    box = written.seal(work, row.controller, records.PURPOSE, {"text": text})
    row = records.change(work, row, box=box)
    records.tell(work, IncidentOpened, row, actor, (kind,))
    records.change(work, row, hold=evidence.hold(work, row, actor))
    return str(row.number)


def classify(work: Work, number: str, how: Class, by: str) -> None:
    """Say how grave an incident is, what it came from and which data it is about.

    It may be said again as long as it is open: more is known every day. What was reviewed before
    is then to be reviewed anew.

    :raises ForbiddenError: they may not deal with incidents at its property.
    :raises InputError: a word means nothing, or the data map has no such column.
    :raises TransitionError: it is closed.
    """
    row, actor = records.at_work(work, number, by)
    severity = _word(how.severity, Severity, "Nothing is as grave as this.")
    cause = _word(how.cause, Origin, "Nothing comes from this.")
    kind = _word(how.kind or row.kind, Happening, "Nothing of this kind can happen.")
    columns = _columns(work, how.columns)
    said = {"severity": severity, "cause": cause, "kind": kind, "columns": json.dumps(columns)}
    anew: dict[str, Any] = {}
    if row.state == REVIEWED and said != {name: row._mapping[name] for name in said}:
        # It was another incident that was looked at, with other people to tell.
        anew = {"state": OPEN, "reviewed_by": None, "reviewed_at": None}
    row = records.change(
        work, row, classified_by=actor, classified_at=work.stamp, **said, **anew
    )
    counts = {"columns": len(columns)}
    records.tell(work, IncidentClassified, row, actor, (kind, severity, cause), counts)
    evidence.anew(work, row)


def _word(
    word: str, kind: type[Happening] | type[Severity] | type[Origin], wrong: str
) -> str:
    known = [each.value for each in kind]
    if word not in known:
        raise InputError(wrong, f"Use {', '.join(known)}.")
    return word


def _past(work: Work, moment: datetime, name: str) -> datetime:
    """Return a moment as our tables keep it.

    :raises InputError: it lies ahead, or so far back that a year was mistyped.
    """
    if moment.tzinfo is None:
        raise _refused(name, "This time has no zone.", "Give the time at the property.")
    if moment.date() < EARLIEST:
        raise _refused(name, "This time is too long ago.", "Give the time as it was.")
    if moment > work.now:
        raise _refused(name, "This time lies ahead.", "Give the time as it was.")
    return moment.astimezone(UTC).replace(tzinfo=None, microsecond=0)


def _refused(name: str, message: str, hint: str) -> InputError:
    """Return what is wrong with one of several times, and with which."""
    return InputError(message, hint, {name: [message]})


def _columns(work: Work, wanted: Collection[str]) -> list[list[str]]:
    found: set[tuple[str, str]] = set()
    for text in wanted:
        name = text.strip()
        table, _, column = name.rpartition(".")
        if name in work.datamap.tables:
            table, column = name, ""
        declared = work.datamap.tables.get(table)
        if declared is None or (column and column not in declared.table.c):
            raise InputError(
                "The data map has no such column.", "Write table.column as the data map does."
            )
        found |= {(table, c) for c in ([column] if column else personal(work, table))}
    return sorted([table, column] for table, column in found)


def personal(work: Work, table: str) -> list[str]:
    """Return the columns of a declared table that an erasure takes or the law keeps."""
    declared = work.datamap.declared(table)
    return sorted({*declared.erase, *declared.retain})
