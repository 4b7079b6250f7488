"""Rows of ours about rows of the host's: they end once those are gone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from datetime import datetime

from sqlalchemy import Column, ColumnElement, Table, and_, delete, select

from ...core.plan import Key, key_text
from .. import tables
from ..erasing import keyform, people
from ..mapping.revealing import revealing
from ..retaining import law
from ..statements.sql import among, chunks
from ..work import Work
from . import bygone
from .bygone import BATCH, Step, cutoff


def _tombstones(work: Work, after: int) -> Step:
    """Drop tombstones without a request under whose key nothing of the host's is found any more."""
    subject = tables.subject
    bare = subject.c.request.in_([people.EXPIRED, bygone.ENDED])
    over = bare & (subject.c.erased_at < cutoff(work.now))
    if telling := revealing(work.datamap):
        over |= subject.c.table_name.in_(telling) & (bare | _told_by_others(work))
    return _gone(work, subject, and_(subject.c.id > after, over), subject.c.erased_at)


def _told_by_others(work: Work) -> ColumnElement[bool]:
    """Return the condition of rows of requests that are over, and that erased them not."""
    subject, request = tables.subject, tables.request
    over = select(request.c.number).where(
        request.c.state.in_([state.value for state in bygone.OVER]),
        request.c.subject_mark.is_(None),
    )
    return subject.c.erased_at.is_(None) & subject.c.request.in_(over)


def _sealed(work: Work, after: int) -> Step:
    """Drop rows that say something was sealed, once nothing lies under their key any more."""
    kept = tables.kept
    return _gone(
        work,
        kept,
        and_(
            kept.c.id > after, kept.c.request.is_(None), kept.c.mode == law.SEALED,
            kept.c.ended_at < cutoff(work.now),
        ),
        kept.c.ended_at,
    )  # fmt: skip


LOOKUPS: dict[str, Callable[[Work, int], Step]] = {"subject": _tombstones, "sealed": _sealed}
"""Word of the journal -> step that looks rows up at the host; where it ended is remembered."""


def _gone(
    work: Work, table: Table, due: ColumnElement[bool], ended: Column[datetime]
) -> Step:
    """Drop rows that are due and under whose key nothing lies, or can be found any more.

    What lies under a key of another form than its table's is found by nobody; its row of ours goes
    at its age.
    """
    rows = work.conn.execute(
        select(table.c.id, table.c.table_name, table.c.row_key, ended.label("ended"))
        .where(due)
        .order_by(table.c.id)
        .limit(BATCH)
    ).all()
    fits = {name: _fitting(work, name) for name in {row.table_name for row in rows}}
    texts: dict[str, set[str]] = {}
    gone: list[int] = []
    for row in rows:
        if fits[row.table_name](row.row_key):
            texts.setdefault(row.table_name, set()).add(row.row_key)
        elif row.ended is not None and row.ended < cutoff(work.now):
            gone.append(row.id)
    there = {(name, text) for name, mine in texts.items() for text in _there(work, name, mine)}
    asked = {(name, text) for name, mine in texts.items() for text in mine}
    gone += [row.id for row in rows if (row.table_name, row.row_key) in asked - there]
    if gone:
        work.conn.execute(delete(table).where(table.c.id.in_(gone)))
    return Counter({"": len(gone)} if gone else {}), rows[-1].id if len(rows) == BATCH else 0


def _fitting(work: Work, name: str) -> Callable[[str], bool]:
    """Return what tells whether a text could be that of one of a table's keys today, or may be."""
    declared = work.datamap.tables.get(name)
    return (lambda text: True) if declared is None else keyform.fitting(work, declared)


def _there(work: Work, name: str, texts: Iterable[str]) -> set[str]:
    """Return which keys a row of the host's still has; where nobody can say, it has."""
    declared = work.datamap.tables.get(name)
    if declared is None:
        return set(filter(None, texts))
    wanted = {text: people.plain_key(declared, text) for text in texts if text}
    found = {text for text, key in wanted.items() if key is None}
    columns = [declared.table.c[c.key] for c in declared.key]
    keys: list[Key] = [key for key in wanted.values() if key is not None]
    for part in chunks(keys):
        rows = work.conn.execute(select(*columns).where(among(columns, part)))
        found |= {key_text(tuple(row)) for row in rows}
    return found
