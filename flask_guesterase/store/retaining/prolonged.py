"""What a row tells only once it was sealed: a later day, the first one, or at which house it is."""

from __future__ import annotations

import json
from itertools import chain
from typing import Any

from sqlalchemy import Row, update

from ...core.log import canonical
from .. import tables
from ..checking.gaps import unreadable
from ..erasing import keyform, people
from ..erasing.traces import holding
from ..lawbook.clocks import Record
from ..mapping.declared import Declared
from ..statements.failure import is_unread
from ..work import Work
from . import law, vouching
from .remainder import columns_of


def follow(work: Work, line: Row[Any]) -> bool:
    """Write down what a sealed row tells only now; return whether that is anything.

    What the shell in the host's table says is asked: a later day counts, an earlier one never. A
    row that holds something again may be somebody else's, and one at another property is: neither
    ends anything, nor makes it stay.

    :param work: the open transaction.
    :param line: row of our table of what is kept.
    """
    told, now = vouching.read_facts(work, line), _now(work, line)
    if now is None or now.place != (told.place or line.property) or not vouching.bound(work, line):
        return False
    known, seen = told.facts.events, now.facts.events
    events = {**seen, **{name: max(day, seen.get(name, day)) for name, day in known.items()}}
    if (events, now.place) == (known, told.place):
        return False
    facts = {
        "answers": json.loads(line.facts)["answers"],
        "events": {name: day.isoformat() for name, day in events.items()},
        "place": now.place,
    }
    text = canonical(vouching.vouched(work, dict(line._mapping), facts)).decode()
    kept = tables.kept
    work.conn.execute(update(kept).where(kept.c.id == line.id).values(facts=text))
    return True


def _now(work: Work, line: Row[Any]) -> Record | None:
    """Return what a shell tells now; None where there is none, or it cannot be read."""
    declared = work.datamap.tables.get(line.table_name)
    if declared is None or not _is_there(work, declared):
        return None
    fits = keyform.fitting(work, declared)(line.row_key)
    key = people.plain_key(declared, line.row_key) if fits else None
    if key is None:
        return None
    try:
        if holding(work.conn, declared, [key], columns_of(work, line) or ()):
            return None
        return law.facts(work, declared, [key])[key]
    except Exception as raised:
        # The key of a day ends for all others, whatever one row of the host's holds.
        if not is_unread(raised):
            raise
        return None


def _is_there(work: Work, declared: Declared) -> bool:
    """Return whether the database has what the row and its facts are read from."""
    known, whole = law.ways_of(work, declared), work.whole()
    told = [*known.events.values(), *known.before.values(), known.places]
    reaches = [*chain(*told), *known.answers.values(), *([known.place] if known.place else [])]
    read = {declared.name, *(hop.table.fullname for at in reaches for hop in at.hops)}
    gone = {f.table for f in whole.findings if f.id in ("column-missing", "table-missing")}
    return not read & gone and declared.name not in unreadable(whole)
