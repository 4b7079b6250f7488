"""What is to go only since the policy changed, and still stands in rows of guests erased before.

Their request named what was approved to go, so none takes it; and nothing of it came back, so
nobody is asked about it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator

from ...core.covering import Decided
from ...core.finding import Finding, Severity
from ...core.plan import Key, by_table, key_text
from ..checking.gaps import missing
from ..erasing import finder
from ..erasing.traces import holding, tells
from ..lawbook.clocks import facts_of
from ..mapping.declared import Declared
from ..work import Work
from . import refilled

MOST = 500
"""Requests, the newest first, whose guests are looked at."""

_Place = tuple[str, str]


def findings(work: Work) -> list[Finding]:
    """Return the columns that no request takes any more from the rows of guests it erased.

    Not looked at are profiles, in which they are seen as somebody who is back; nor are texts of
    which some words go, documents of which members go, and what a callable makes.

    :param work: an open transaction; a read-only one is enough.
    """
    if missing(work.whole()):
        # What the database lacks is told by itself, and nobody can ask for the rest.
        return []
    rows, looked, before = dict[_Place, set[Key]](), 0, -1
    while before and looked < MOST:
        shells, before = refilled.asked(work, before)
        looked += len(shells)
        for each, mine in refilled.back(work, shells):
            for place, key in _undecided(work, each, mine) if mine else ():
                rows.setdefault(place, set()).add(key)
    return [_finding(place, len(keys), bool(before)) for place, keys in sorted(rows.items())]


def _undecided(
    work: Work, shells: refilled.Shells, rows: Collection[tuple[str, Key]]
) -> Iterator[tuple[_Place, Key]]:
    """Yield table and column, and the key of a row that holds something nobody decided about."""
    known = refilled.under(work, shells)
    decided, day = known[1:] if known is not None else (None, None)
    if decided is None or day is None:
        return
    for name, keys in by_table(rows).items():
        declared = work.datamap.declared(name)
        columns = _new(declared, decided)
        if not columns:
            continue
        some = sorted(keys, key=key_text)
        records = facts_of(work.conn, work.datamap, work.settings, name, some)
        # A row of a table of which nothing was decided may have come later, unless its days tell.
        sure = name in decided.columns or name in decided.shared
        older = [
            key for key, record in records.items()
            if (sure or record.facts.events) and refilled.is_older(record.facts.events, day)
        ]
        left = refilled.staying(work, declared, older, frozenset(columns))
        for column in columns:
            asked = [key for key in older if column not in left.get(key, ())]
            full = holding(work.conn, declared, asked, [column], whole=False) if asked else ()
            yield from (((name, column), key) for key in _nobodys(work, declared, full))


def _nobodys(work: Work, declared: Declared, keys: Collection[Key]) -> Iterator[Key]:
    """Yield the rows that are no living guest's as well: theirs are not to be emptied."""
    if not keys:
        return
    whose = finder.owners(work.conn, work.datamap, declared, sorted(keys, key=key_text))
    everybody = {person for some in whose.values() for person, _ in some}
    gone = finder.erased_before(work.conn, work.datamap, everybody)
    yield from (k for k in keys if all(person in gone for person, _ in whose.get(k, ())))


def _new(declared: Declared, decided: Decided) -> list[str]:
    """Return the columns that go today and of which nothing was decided then."""
    name = declared.name
    if declared.deletes or name in decided.deleted or name in decided.foreseen:
        return []
    # What stayed as another's as well the rule took then, too; the house is asked about it.
    then = decided.columns.get(name, frozenset()) | decided.shared.get(name, frozenset())
    return sorted(n for n in declared.erase if n not in then and tells(declared, [n]))


def _finding(place: _Place, rows: int, more: bool) -> Finding:
    many = f"at least {rows}" if more else str(rows)
    return Finding(
        "column-undecided", *place, "The column goes only since the policy changed, and something "
        f"stands in it in rows of guests who were erased before ({many}): no request takes it.",
        "Empty it there, in the migration that brings the rule for example; where the table has a "
        "category with a ceiling and a clock, it goes on its day.", Severity.WARN,
    )  # fmt: skip
