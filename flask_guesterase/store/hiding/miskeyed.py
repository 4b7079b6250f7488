"""What is kept, held or was erased under keys of another form than its table has today."""

from __future__ import annotations

from sqlalchemy import ColumnElement, Table, func, select, union

from ...core.finding import Finding
from ...core.standing import Standing
from .. import tables
from ..checking.gaps import unreadable
from ..erasing.keyform import form, misfit
from ..mapping.datamap import DataMap
from ..mapping.declared import Declared
from ..work import Work


def findings(work: Work, seen: DataMap) -> list[Finding]:
    """Return the tables whose keys the host gave another form while something is noted under them.

    Each table is asked for one row and our own for a count, however much is kept.

    :param work: an open transaction; a read-only one is enough.
    :param seen: the data map with what the live database adds, as far as its databases answer.
    """
    asked = [select(table.c.table_name).where(*living) for table, living in _noted()]
    named, closed = set(work.conn.execute(union(*asked)).scalars()), unreadable(seen)
    found = []
    for name in sorted(named & (seen.tables.keys() - closed)):
        declared = seen.tables[name]
        many = _misfits(work, declared) if declared.keyed else 0
        if many:
            found.append(_finding(declared, many))
    return found


def _noted() -> list[tuple[Table, list[ColumnElement[bool]]]]:
    """Return our tables that name rows by their keys, with what lives of them."""
    kept, subject, hold = tables.kept, tables.subject, tables.hold
    return [
        # A key that went with the erasure is written down nowhere.
        (kept, [kept.c.ended_at.is_(None), kept.c.row_key != ""]),
        (subject, [subject.c.standing == Standing.TAKEN.value]),
        (hold, [hold.c.lifted_at.is_(None), hold.c.row_key.is_not(None)]),
    ]


def _misfits(work: Work, declared: Declared) -> int:
    today = form(work.conn, declared)
    counts = [
        select(func.count())
        .where(*living, table.c.table_name == declared.name, misfit(table.c.row_key, today))
        .scalar_subquery()
        for table, living in _noted()
    ]
    return sum(work.conn.execute(select(*counts)).one())


def _finding(declared: Declared, many: int) -> Finding:
    return Finding(
        "key-changed", declared.name, ", ".join(column.name for column in declared.key),
        f"{many} times a row is noted under a key of another form than those of this table have "
        "now: what the law keeps there is shown to everybody and does not end on its day, what is "
        "held is held no more, and who was erased counts as somebody who is there.",
        "Give the table back the columns and types that its key had in the mapping, before "
        "anything more is erased.",
    )  # fmt: skip
