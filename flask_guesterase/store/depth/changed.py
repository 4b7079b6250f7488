"""What went under a request, by when and in which tables: a certificate measures all of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select

from ...core.events import RetentionEnded, SubjectErased, SubjectErasedAgain
from ...core.log import read_entry, word
from .. import tables
from ..statements.sql import MANY, chunks
from ..work import Work

_TOLD = SubjectErased.name, RetentionEnded.name, SubjectErasedAgain.name


@dataclass(frozen=True)
class Changed:
    """What went under a request: at first, as what stayed ended, and what was back, again.

    :param last: naive UTC, when the last of it did.
    :param tables: the tables it was in, with those into which triggers wrote.
    """

    last: datetime
    tables: frozenset[str]

    def __or__(self, other: Changed) -> Changed:
        return Changed(max(self.last, other.last), self.tables | other.tables)


def changed(work: Work, numbers: Iterable[str]) -> dict[str, Changed]:
    """Return request -> what went under it; those under which nothing did are left out.

    Our rows tell of what is kept in another way since, the journal of what triggers wrote.

    :param work: the open transaction; a read-only one is enough.
    :param numbers: numbers of requests.
    """
    found: dict[str, Changed] = {}
    for part in chunks(sorted(numbers), MANY):
        for number, each in (*_ended(work, part), *_told(work, part)):
            known = found.get(number)
            found[number] = each if known is None else known | each
    return found


def _ended(work: Work, numbers: Sequence[str]) -> Iterator[tuple[str, Changed]]:
    kept = tables.kept
    mine = kept.c.request.in_(numbers), kept.c.ended_at.is_not(None)
    alike = kept.c.request, kept.c.table_name
    last = func.max(kept.c.ended_at).label("last")
    for row in work.conn.execute(select(*alike, last).where(*mine).group_by(*alike)):
        yield row.request, Changed(row.last, frozenset({row.table_name}))


def _told(work: Work, numbers: Sequence[str]) -> Iterator[tuple[str, Changed]]:
    entry, named = tables.entry, _words(work)
    mine = entry.c.request.in_(numbers), entry.c.action.in_(_TOLD)
    for row in work.conn.execute(select(entry.c.request, entry.c.body).where(*mine)):
        draft = read_entry(row.body.encode()).draft
        last = datetime.strptime(draft.at, "%Y-%m-%dT%H:%M:%SZ")
        yield row.request, Changed(last, frozenset(named[t] for t in draft.counts if t in named))


def _words(work: Work) -> Mapping[str, str]:
    return {word(table): table for table in work.datamap.tables}
