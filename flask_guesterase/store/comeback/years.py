"""Years of marks: whose keys living ones are made with, which were replaced, and what is over."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ColumnElement, delete, select

from ...core.period import months_after
from ...core.returning import MONTHS
from ...core.seal import fingerprint
from .. import tables
from ..boxes import vault
from ..work import Work
from .marks import FILE, KEY, YEARS, label


def needed(work: Work) -> set[str]:
    """Return the labels of the keys that living marks are made with.

    :param work: the open transaction; a read-only one is enough.
    """
    found = set[str]()
    for year in range(work.now.year - YEARS, work.now.year + 1):
        living = select(tables.mark.c.id).where(*_living(work, year)).limit(1)
        if work.conn.execute(living).first() is not None:
            found.add(label(year))
    return found


def _living(work: Work, year: int) -> tuple[ColumnElement[bool], ...]:
    """Return the condition of living marks of who was erased in a year.

    Their last days lie side by side in an index; of when somebody was erased there is none.
    """
    table, (first, last) = tables.mark, _span(year)
    ends = max(work.today, months_after(first.date(), MONTHS).isoformat())
    return (
        table.c.erased_at.between(first, last),
        table.c.ends_on.between(ends, months_after(last.date(), MONTHS).isoformat()),
    )


def _span(year: int) -> tuple[datetime, datetime]:
    return datetime(year, 1, 1), datetime(year, 12, 31, 23, 59, 59)


def replaced(work: Work) -> list[str]:
    """Return the labels of the keys that took the place of one with which living marks were made.

    The oldest marks of a year and the newest are compared with who was erased then. A year whose
    key is not there is left out.

    :param work: the open transaction; a read-only one is enough.
    """
    found = []
    for name in sorted(needed(work)):
        if not work.custodian.lost(name):
            key = work.custodian.mortal(name, "returning")
            year = int(name.partition(":")[2])
            if not all(_made_with(work, key, year, newest) for newest in (False, True)):
                found.append(name)
    return found


def _made_with(work: Work, key: bytes, year: int, newest: bool) -> bool:
    """Return whether a key made the first, or last, marks of a year; None to tell by is fine."""
    table, subject = tables.mark, tables.subject
    span, living = _span(year), _living(work, year)
    order = (table.c.ends_on, table.c.id)
    some = (
        select(table.c.request)
        .where(*living, table.c.request.is_not(None), table.c.kind != FILE)
        .order_by(*(column.desc() if newest else column for column in order))
        .limit(_SOME)
    )
    for number in dict.fromkeys(work.conn.execute(some).scalars()):
        people = work.conn.execute(
            select(subject.c.table_name, subject.c.row_key).where(
                subject.c.request == number, subject.c.erased_at.between(*span)
            )
        ).all()
        if people:
            said = select(table.c.row_mark).where(table.c.request == number, *living).distinct()
            mine = {fingerprint(key, KEY, f"{name}|{text}") for name, text in people}
            return not mine.isdisjoint(work.conn.execute(said).scalars())
    return True


_SOME = 100
"""Marks that are looked through for a request whose people are known."""


def expire(work: Work) -> int:
    """Forget marks whose day is over, and the keys of years that have none any more."""
    table = tables.mark
    gone = work.conn.execute(delete(table).where(table.c.ends_on < work.today)).rowcount
    old = [each for each in work.custodian.labels() if each.startswith(BEGIN)]
    over = [each for each in old if is_over(work, each)]
    if over:
        vault.mark_labels(work.conn, over, work.stamp)
    return gone


BEGIN = label(0)[:-1]
"""How the labels of these keys begin."""


def is_over(work: Work, name: str) -> bool:
    """Return whether no mark can live any more that was made with the key of a year.

    :param work: the open transaction.
    :param name: label of the key.
    """
    year = name.removeprefix(BEGIN)
    return not year.isdecimal() or int(year) < work.now.year - YEARS
