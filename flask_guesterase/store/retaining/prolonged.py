"""What a row tells only once it was sealed: a later day, the first one, its house, an answer."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import chain
from typing import Any

from sqlalchemy import Row, update

from ...core.log import canonical
from ...core.plan import Key
from ...core.rule import Open
from .. import tables
from ..checking.gaps import unreadable
from ..erasing import keyform, people
from ..erasing.traces import holding
from ..lawbook.clocks import Record
from ..mapping.declared import Declared
from ..statements.failure import is_unread
from ..work import Work
from . import law, silent, strangers, vouching
from .remainder import columns_of


def follow(work: Work, line: Row[Any]) -> bool:
    """Write down what a sealed row tells only now; return whether that is anything.

    What the shell in the host's table says is asked: a later day counts, an earlier one never; and
    what somebody says who said nothing, where that alone left the end open. A row that holds
    something again may be somebody else's, and one at another property is: neither ends anything,
    nor makes it stay.

    :param work: the open transaction.
    :param line: row of our table of what is kept.
    """
    told = vouching.read_facts(work, line)
    key, now = _now(work, line, told)
    if now is None or now.place != (told.place or line.property) or not vouching.bound(work, line):
        return False
    known, seen = told.facts.events, now.facts.events
    events = {**seen, **{name: max(day, seen.get(name, day)) for name, day in known.items()}}
    facts = json.loads(line.facts)
    said = _said(work, line, told, key, now)
    if not said and (events, now.place) == (known, told.place):
        return False
    if said:
        facts = {name: each for name, each in facts.items() if name != "silent"} | said
    facts |= {
        "events": {name: day.isoformat() for name, day in events.items()},
        "place": now.place,
    }
    text = canonical(vouching.vouched(work, dict(line._mapping), facts)).decode()
    kept = tables.kept
    work.conn.execute(update(kept).where(kept.c.id == line.id).values(facts=text))
    return True


def _said(
    work: Work, line: Row[Any], told: Record, key: Key, now: Record
) -> dict[str, Any]:
    """Return the answers with those of who gives one only now; nothing where nobody does."""
    if not told.silent:
        return {}
    if Open.UNKNOWN_FACT not in law.judge(work, told, law.names_of(work, line)).open:
        return {}
    declared = work.datamap.declared(line.table_name)
    heard = silent.heard(work, declared, law.ways_of(work, declared), {key: told})[key]
    given = _given(told, heard)
    answers = {name: said for name, said in now.facts.answers.items() if name in given}
    if not answers:
        return {}
    there = replace(now, facts=replace(now.facts, answers=answers))
    written = law.written_facts(work, told.under(there, heard))
    return {name: written[name] for name in ("answers", "silent") if name in written}


def speaking(work: Work, lines: Iterable[tuple[Row[Any], Record]]) -> set[int]:
    """Return the numbers of rows of which somebody says now what they did not say then.

    Those of a table are asked at once; where one of them cannot be read, each is named.

    :param work: the open transaction.
    :param lines: rows of our table of what is kept, with what was written down about them.
    """
    found: dict[str, list[tuple[Row[Any], Record]]] = {}
    for line, told in lines:
        found.setdefault(line.table_name, []).append((line, told))
    return {each for name, mine in found.items() for each in _speaking(work, name, mine)}


def _speaking(work: Work, name: str, lines: Sequence[tuple[Row[Any], Record]]) -> set[int]:
    declared = work.datamap.tables.get(name)
    if declared is None or not _is_there(work, declared):
        return set()
    asked: dict[Key, Record] = {}
    places = [(line, told, _key(work, declared, line)) for line, told in lines]
    for _, told, key in places:
        if key is not None:
            # The same row may be kept more than once, and not always for the same answers.
            before = asked.get(key, told)
            asked[key] = replace(told, silent={**before.silent, **told.silent})
    try:
        heard = silent.heard(work, declared, law.ways_of(work, declared), asked)
    except Exception as raised:
        if not is_unread(raised):
            raise
        return {line.id for line, _ in lines}
    return {
        line.id for line, told, key in places
        if key is not None and _given(told, heard[key])
    }  # fmt: skip


def _given(told: Record, heard: silent.Marks) -> set[str]:
    """Return the answers that somebody gives who did not; a policy may ask for one no more."""
    return {name for name, marks in heard.items() if told.silent.get(name, frozenset()) & marks}


def _now(work: Work, line: Row[Any], told: Record) -> tuple[Key, Record | None]:
    """Return the key of a shell, and what it tells now; None where that cannot be read.

    :param told: what was written down about it.
    """
    declared = work.datamap.tables.get(line.table_name)
    if declared is None or not _is_there(work, declared):
        return (), None
    key = _key(work, declared, line)
    if key is None:
        return (), None
    try:
        if holding(work.conn, declared, [key], columns_of(work, line) or ()):
            return key, None
        known, now = law.ways_of(work, declared), law.facts(work, declared, [key])
        return key, strangers.unheard(work, declared, known, {key: (told, line.since)}, now)[key]
    except Exception as raised:
        # The key of a day ends for all others, whatever one row of the host's holds.
        if not is_unread(raised):
            raise
        return key, None


def _key(work: Work, declared: Declared, line: Row[Any]) -> Key | None:
    """Return the key of a shell, or None where nobody but the host can say it."""
    fits = keyform.fitting(work, declared)(line.row_key)
    return people.plain_key(declared, line.row_key) if fits else None


def _is_there(work: Work, declared: Declared) -> bool:
    """Return whether the database has what the row and its facts are read from."""
    known, whole = law.ways_of(work, declared), work.whole()
    told = [*known.events.values(), *known.before.values(), known.places]
    reaches = [*chain(*told), *known.answers.values(), *([known.place] if known.place else [])]
    read = {declared.name, *(hop.table.fullname for at in reaches for hop in at.hops)}
    gone = {f.table for f in whole.findings if f.id in ("column-missing", "table-missing")}
    return not read & gone and declared.name not in unreadable(whole)
