"""What is kept, held, asked for or was erased under keys of another form than its table's now."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Table, func, select, union

from ...core.finding import Finding, Severity
from ...core.lifecycle import OPEN
from ...core.own import RECORDS
from ...core.standing import Standing
from .. import tables
from ..checking.gaps import unreadable
from ..erasing.keyform import form, misfit
from ..mapping.datamap import DataMap
from ..mapping.declared import Declared
from ..work import Work

_Noted = tuple[Table, list[ColumnElement[bool]]]
"""A table of ours that names rows by their keys, and what lives of it."""


def findings(work: Work, seen: DataMap) -> list[Finding]:
    """Return the tables whose keys the host gave another form while something is noted under them.

    Each table is asked for one row and our own for a count, however much is kept.

    :param work: an open transaction; a read-only one is enough.
    :param seen: the data map with what the live database adds, as far as its databases answer.
    """
    noted = *_lasting(), _erased(), _asked()
    asked = [select(table.c.table_name).where(*living) for table, living in noted]
    named, closed = set(work.conn.execute(union(*asked)).scalars()), unreadable(seen)
    found = []
    for name in sorted(named & (seen.tables.keys() - closed)):
        if seen.tables[name].keyed:
            found += _of(work, seen.tables[name])
    return found


def _lasting() -> tuple[_Noted, ...]:
    """Return what is noted of rows that must stay."""
    kept, hold = tables.kept, tables.hold
    return (
        # A key that went with the erasure is written down nowhere.
        (kept, [kept.c.ended_at.is_(None), kept.c.row_key != ""]),
        (hold, [hold.c.lifted_at.is_(None), hold.c.row_key.is_not(None)]),
    )


def _erased() -> _Noted:
    """Return what is noted of people who were erased."""
    return tables.subject, [tables.subject.c.erased_at.is_not(None)]


def _asked() -> _Noted:
    """Return what is noted of people whom an open request is about, for sure or perhaps."""
    subject, request = tables.subject, tables.request
    still = select(request.c.number).where(request.c.state.in_([each.value for each in OPEN]))
    return subject, [
        subject.c.erased_at.is_(None), subject.c.standing != Standing.LEFT.value,
        subject.c.request.in_(still),
    ]  # fmt: skip


def _of(work: Work, declared: Declared) -> list[Finding]:
    """Return what is to be said of one table: of who was erased only where nothing must stay."""
    asked = _misfits(work, declared, _asked(), what=tables.subject.c.request.distinct())
    open_ = [_unfound(declared, asked)] if asked else []
    if many := _misfits(work, declared, *_lasting()):
        return [_lost(declared, many), *open_]
    # No row is left of who goes whole.
    many = 0 if declared.goes_whole else _misfits(work, declared, _erased())
    return [*([_unknown(declared, many)] if many else []), *open_]


def _misfits(
    work: Work, declared: Declared, *noted: _Noted, what: ColumnElement[Any] | None = None
) -> int:
    today = form(work.conn, declared)
    counts = [
        select(func.count(what) if what is not None else func.count())
        .where(*living, table.c.table_name == declared.name, misfit(table.c.row_key, today))
        .scalar_subquery()
        for table, living in noted
    ]
    return sum(work.conn.execute(select(*counts)).one())


def _lost(declared: Declared, many: int) -> Finding:
    return Finding(
        "key-changed", declared.name, _key(declared),
        f"{many} times a row is noted under a key of another form than those of this table have "
        "now: what the law keeps there is shown to everybody and does not end on its day, and what "
        "is held is held no more.",
        "Give the table back the columns and types that its key had in the mapping, before "
        "anything more is erased.",
    )  # fmt: skip


def _unfound(declared: Declared, many: int) -> Finding:
    return Finding(
        "key-changed", declared.name, _key(declared),
        f"{many} open requests are about somebody noted under a key of another form than those of "
        "this table have now: nobody is found by it, so that nothing of theirs would go.",
        "Give the table back the columns and types that its key had in the mapping, or withdraw "
        "these requests and file them anew.",
    )  # fmt: skip


def _unknown(declared: Declared, many: int) -> Finding:
    return Finding(
        "key-changed", declared.name, _key(declared),
        f"{many} times somebody is noted as erased under a key of another form than those of this "
        "table have now: where their row is there still, emptied, it counts as that of a guest.",
        "Look whether the table has such rows. If it has, delete them, or give the table back the "
        "columns and types that its key had; if it has none, there is nothing to do. What is noted "
        f"ends by itself, {RECORDS.years} years after the request or the erasure by day.",
        Severity.WARN,
    )  # fmt: skip


def _key(declared: Declared) -> str:
    return ", ".join(column.name for column in declared.key)
