"""Counting the guest register of a property: once a night, table by table."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from functools import partial
from typing import Any

from sqlalchemy import Row, delete, insert, or_, select, update

from ...core import census
from ...core.census import LABEL, Change, Gone
from ...core.errors import KeyMissingError
from ...core.events import SYSTEM, RegisterCounted, RegisterMissed
from ...core.log import canonical, slug, word
from ...core.plan import key_text
from .. import tables
from ..access import brake, pulse
from ..boxes import vault
from ..casework import tasks
from ..lawbook.blockers import today_at
from ..settings import Property
from ..statements.sql import chunks
from ..unit import HasWork, Run
from ..work import Work
from . import told
from .register import Lines, counted, live, sealed

SLACK = timedelta(days=1)
"""How long a step that was noted waits for a line that a count under way still saw."""

_LOOKS = 2
"""How often lines are read before one is missed: of one that is put back meanwhile, whose row was
read before and whose box after that, nothing is seen at first."""


@dataclass(frozen=True)
class Count:
    """What one count found.

    :param property: code of the property.
    :param table: name of the table.
    :param night: ISO day at the property.
    :param rows: lines in the register.
    :param arrived: new ones since the count before.
    :param departed: lines that a lawful step took.
    :param missed: lines that are gone without one.
    :param changed: lines that say something else than before.
    :param altered: sealed lines whose box is not what it was.
    :param lost: the list of the count before is lost, so that nobody can tell which lines went.
    """

    property: str
    table: str
    night: str
    rows: int
    arrived: int
    departed: int
    missed: int
    changed: int
    altered: int
    lost: bool


def nightly(run: Run, code: str) -> dict[str, int]:
    """Count the guest register of a property that was not counted today.

    :param run: runs a unit of work.
    :param code: code of the property.
    :return: tables that were counted, lines that are missed, and lists of before that are lost.
    """
    found = run(partial(_count, code))
    run(_end_keys)
    told_of = {
        "counted": len(found), "missed": sum(c.missed + c.altered for c in found),
        "lists-lost": sum(c.lost for c in found),
    }  # fmt: skip
    return {name: count for name, count in told_of.items() if count}


def _count(code: str, office: HasWork) -> list[Count]:
    return count(office.work, code)


def count(work: Work, code: str) -> list[Count]:
    """Count the guest register of a property, where that was not done today.

    :param work: the open transaction.
    :param code: code of the property.
    :raises UnknownError: there is no such property.
    :raises BlockedError: the clock is in doubt, by which a night has its name.
    """
    brake.require(work)
    hotel = work.settings.property(code)
    night, wanted = today_at(work.settings, work.now, code), counted(work)
    if wanted:
        # Whoever counts beside this finds tonight's count, or is told that somebody is at it.
        pulse.turn(work.conn, f"census-{hotel.code}"[:40], work.stamp)
    return [
        found
        for name, lines in wanted.items()
        if (found := _table(work, hotel, name, lines, night)) is not None
    ]


@dataclass(frozen=True)
class _Before:
    """The count before, as far as it can be believed.

    :param root: its root, empty when this is the first.
    :param rows: how many lines it had.
    :param label: label of its marks.
    :param lines: its lines, or None when they cannot be compared with.
    :param at: when, naive UTC.
    """

    root: str = ""
    rows: int = 0
    label: str = ""
    lines: Sequence[bytes] | None = ()
    at: datetime = datetime.min


def _table(
    work: Work, hotel: Property, name: str, lines: Lines, night: date
) -> Count | None:
    last = _last(work, hotel.code, name, night)
    if last is not None and last.night >= night.isoformat():
        return None
    controller, label = slug(hotel.controller), census.label(night.isoformat())
    before = _before(work, controller, hotel.code, name, last)
    work.custodian.ensure(label)
    keys = [work.custodian.mortal(each, LABEL) for each in dict.fromkeys([label, before.label])
            if each]  # fmt: skip
    journals = sorted({controller, last.controller if last is not None else controller})
    for _ in range(_LOOKS):
        now, old = _read(work, lines, hotel.code, keys)
        change = census.compared(before.lines or (), old)
        gone = _explain(work, journals, (hotel.code, name), change, before)
        if all(each.action for each in gone):
            break
    root = census.root_of(each[: census.MARK] for each in now).hex()
    _write(work, controller, hotel.code, name, night, (label, root, before.root), now, gone)
    missed = sum(not each.action for each in gone)
    found = Count(
        hotel.code, name, night.isoformat(), len(now), change.arrived, len(gone) - missed,
        missed, change.changed, len(change.altered), before.lines is None,
    )  # fmt: skip
    if found.lost:
        found = _guessed(found, before)
    _tell(work, controller, found, root, before.root)
    _clear(work, hotel.code, name, gone)
    return found


def _guessed(found: Count, before: _Before) -> Count:
    """Return what numbers alone tell, where the marks of the count before are lost."""
    more = found.rows - before.rows
    return replace(
        found, arrived=max(more, 0), departed=0, missed=max(-more, 0), changed=0, altered=0
    )


def _last(work: Work, code: str, name: str, night: date) -> Row[Any] | None:
    """Return the newest count; a night that cannot have been yet was counted by nobody.

    A property that moves to another time zone may have tomorrow behind it.
    """
    table, latest = tables.census, night + timedelta(days=1)
    return work.conn.execute(
        select(table)
        .add_columns(table.c.count.label("rows"))
        .where(
            table.c.property == code, table.c.table_name == name,
            table.c.night <= latest.isoformat(),
        )
        .order_by(table.c.night.desc())
        .limit(1)
    ).first()  # fmt: skip


def _before(
    work: Work, controller: str, code: str, name: str, last: Row[Any] | None
) -> _Before:
    """Return the count before as the journal vouches for it."""
    said = told.newest(work, controller, code, name)
    if last is not None and last.controller != controller:
        # Another controller answered for the house then, perhaps for some nights between.
        other = told.newest(work, last.controller, code, name)
        known = [draft for draft in (said, other) if draft is not None]
        said = max(known, key=lambda draft: draft.at, default=None)
    if said is None:
        # What stands in our table and in no journal is nobody's word.
        return _Before()
    root, rows = said.marks["root"], said.counts.get("rows", 0)
    lines = _lines(last) if last is not None else None
    if last is None or lines is None or not _same(lines, root):
        return _Before(root, rows, "", None)
    if not _knows(work, last):
        return _Before(root, rows, "", None)
    return _Before(root, rows, last.label, lines, last.at)


def _knows(work: Work, last: Row[Any]) -> bool:
    """Return whether the key of a count is here, and the same one."""
    try:
        key = work.custodian.mortal(last.label, LABEL)
    except KeyMissingError:
        return False
    return bool(json.loads(last.marks).get("key") == census.mark(key, "", "").hex())


def _lines(last: Row[Any]) -> list[bytes] | None:
    if last.marks is None:
        return None
    try:
        return list(census.unpacked(json.loads(last.marks)["lines"]))
    except (ValueError, KeyError, TypeError):
        return None


def _same(lines: Sequence[bytes], root: str) -> bool:
    return census.root_of(line[: census.MARK] for line in lines).hex() == root


def _read(
    work: Work, lines: Lines, code: str, keys: Sequence[bytes]
) -> tuple[list[bytes], list[bytes]]:
    """Return the lines there are now, under the key of this month and of the count before."""
    name = lines.declared.name
    found: list[list[bytes]] = [[] for _ in keys]
    for text, says in _all(work, lines, code):
        for key, into in zip(keys, found, strict=True):
            into.append(census.mark(key, name, text) + says)
    done = [census.merged(each) for each in found]
    return done[0], done[-1]


def _all(work: Work, lines: Lines, code: str) -> Iterator[tuple[str, bytes]]:
    for key, says in live(work, lines, code):
        yield key_text(key), says
    yield from sealed(work, lines.declared.name, code)


def _explain(
    work: Work, journals: Sequence[str], place: tuple[str, str], change: Change, before: _Before
) -> tuple[Gone, ...]:
    if not change.gone:
        return ()
    table, name = tables.departed, place[1]
    noted: dict[str, list[tuple[str, str, datetime]]] = {}
    for part in chunks([mark.hex() for mark in change.gone]):
        rows = work.conn.execute(
            select(table.c.mark, table.c.action, table.c.request, table.c.at)
            .where(
                table.c.mark.in_(part), table.c.table_name == name,
                table.c.controller.in_(journals),
            )
            .order_by(table.c.at.desc())
        )  # fmt: skip
        for row in rows:
            noted.setdefault(row.mark, []).append((row.action, row.request or "", row.at))
    since = before.at - SLACK
    steps = [s for each in journals for s in told.steps(work, each, *place, since)] if noted else []
    return census.explained(change.gone, noted, steps)


def _write(
    work: Work,
    controller: str,
    code: str,
    name: str,
    night: date,
    marked: tuple[str, str, str],
    now: Sequence[bytes],
    gone: Sequence[Gone],
) -> None:
    """Write the count down; of the ones before only how many there were and their root stays."""
    table, (label, root, previous) = tables.census, marked
    work.conn.execute(
        update(table)
        .where(table.c.property == code, table.c.table_name == name, table.c.marks.is_not(None))
        .values(marks=None)
    )
    key = work.custodian.mortal(label, LABEL)
    said = {
        "key": census.mark(key, "", "").hex(),
        "gone": [each.as_dict() for each in gone],
        "lines": census.packed(now),
        "previous": previous,
    }
    work.conn.execute(
        insert(table).values(
            controller=controller, property=code, table_name=name, night=night.isoformat(),
            count=len(now), root=root, label=label, marks=canonical(said).decode(), at=work.stamp,
        )
    )  # fmt: skip


def _tell(work: Work, controller: str, found: Count, root: str, previous: str) -> None:
    more = {"changed": found.changed, "altered": found.altered}
    counts = {
        "rows": found.rows, "arrived": found.arrived, "departed": found.departed,
        "missed": found.missed, **{name: many for name, many in more.items() if many},
    }  # fmt: skip
    marks = {"root": root} | ({"previous": previous} if previous else {})
    grounds = (word(found.table),)
    work.events.append(RegisterCounted(
        controller, found.property, "", SYSTEM, counts, grounds, marks
    ))  # fmt: skip
    if not (found.missed or found.altered or found.lost):
        return
    many = {"rows": found.missed, "altered": found.altered}
    work.events.append(RegisterMissed(
        controller, found.property, "", SYSTEM, many,
        (*grounds, *(["list-lost"] if found.lost else [])), {"root": root},
    ))  # fmt: skip
    day = date.fromisoformat(found.night)
    tasks.look_into(
        work, found.property, f"{found.property}/{word(found.table)[:60]}/{found.night}", day,
        found.missed + found.altered,
    )  # fmt: skip


def _clear(work: Work, code: str, name: str, gone: Sequence[Gone]) -> None:
    """Take away what was noted of lines that this count saw go, and what was noted long ago."""
    table = tables.departed
    for part in chunks([each.mark for each in gone]):
        work.conn.execute(
            delete(table).where(table.c.table_name == name, table.c.mark.in_(part))
        )
    work.conn.execute(
        delete(table).where(
            table.c.property == code,
            table.c.table_name == name,
            or_(table.c.at < work.stamp - SLACK, table.c.at > work.stamp + SLACK),
        )
    )


def _end_keys(office: HasWork) -> None:
    """Mark the keys of months whose lists were counted anew under another key.

    That of a month nobody counts any more ends two months later.
    """
    work, table = office.work, tables.census
    used = set(
        work.conn.execute(
            select(table.c.label).where(table.c.marks.is_not(None)).distinct()
        ).scalars()
    )
    this = census.label(work.today)
    old = census.label((work.now.date() - timedelta(days=62)).isoformat())
    there = [label for label in work.custodian.labels() if label.startswith(f"{LABEL}:")]
    over = [label for label in there if label < this and (label not in used or label < old)]
    if over:
        vault.mark_labels(work.conn, over, work.stamp)
