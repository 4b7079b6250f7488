"""What a row tells only once it was sealed: a later day, the first one, its house, an answer."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date
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

Telling = tuple[Record, Key, Record]
"""What was written down of a kept row, its key, and what its shell tells now."""


def follow(work: Work, line: Row[Any], there: Mapping[int, Telling]) -> bool:
    """Write down what a sealed row tells only now; return whether that is anything.

    What the shell in the host's table says is asked: a later day counts, an earlier one never; and
    what somebody says who said nothing, where that alone left the end open. A row that holds
    something again may be somebody else's, and one at another property is: neither ends anything,
    nor makes it stay.

    :param work: the open transaction.
    :param line: row of our table of what is kept.
    :param there: what its shell, and those of others, tell now.
    """
    if line.id not in there:
        return False
    told, key, now = there[line.id]
    if now.place != (told.place or line.property) or not vouching.bound(work, line):
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


def telling(work: Work, lines: Iterable[Row[Any]]) -> dict[int, Telling]:
    """Return what the shells of kept rows tell now, by the numbers of the lines.

    Nothing of those that hold something, or cannot be read. Those of a table are asked at once.

    :param work: the open transaction.
    :param lines: rows of our table of what is kept.
    """
    asked: dict[tuple[str, frozenset[str]], list[dict[Key, Row[Any]]]] = {}
    for line in lines:
        declared = work.datamap.tables.get(line.table_name)
        key = _key(work, declared, line) if declared and _is_there(work, declared) else None
        if key is not None:
            columns = columns_of(work, line) or frozenset()
            rounds = asked.setdefault((line.table_name, columns), [{}])
            if key in rounds[-1]:
                # The same row may be kept more than once.
                rounds.append({})
            rounds[-1][key] = line
    found: dict[int, Telling] = {}
    for (name, columns), rounds in asked.items():
        for mine in rounds:
            told = {key: vouching.read_facts(work, line) for key, line in mine.items()}
            kept = {key: (told[key], line.since) for key, line in mine.items()}
            asked_by = {key: line.request for key, line in mine.items() if line.request}
            declared = work.datamap.declared(name)
            for key, now in _told(work, declared, columns, kept, asked_by).items():
                found[mine[key].id] = told[key], key, now
    return found


def _told(
    work: Work, declared: Declared, columns: frozenset[str], kept: strangers.Kept,
    asked: Mapping[Key, str],
) -> dict[Key, Record]:  # fmt: skip
    """Return what shells tell now; where that cannot be said of all at once, each is asked."""
    found = _read(work, declared, columns, kept, asked)
    if found is None and len(kept) > 1:
        each = ({key: one} for key, one in kept.items())
        alone = (_read(work, declared, columns, one, asked) or {} for one in each)
        return {key: now for told in alone for key, now in told.items()}
    return found or {}


def _read(
    work: Work, declared: Declared, columns: frozenset[str], kept: strangers.Kept,
    asked: Mapping[Key, str],
) -> dict[Key, Record] | None:  # fmt: skip
    """Return what shells tell now, or None where one of them cannot be read."""
    try:
        full = holding(work.conn, declared, list(kept), columns)
        if not full <= kept.keys():
            # A row may be found by another spelling of its key.
            return None
        shells = {key: each for key, each in kept.items() if key not in full}
        if not shells:
            return {}
        known, now = law.ways_of(work, declared), law.facts(work, declared, list(shells))
        late = {key: asked[key] for key in shells if key in asked and _is_later(kept, key, now)}
        given = strangers.given(work, declared, late)
        return strangers.unheard(work, declared, known, shells, now, given)
    except Exception as raised:
        # The key of a day ends for all others, whatever one row of the host's holds.
        if not is_unread(raised):
            raise
        return None


def _is_later(kept: strangers.Kept, key: Key, now: Mapping[Key, Record]) -> bool:
    """Return whether a shell tells a later day than was written down, or one that was not known."""
    known = kept[key][0].facts.events
    return any(day > known.get(event, date.min) for event, day in now[key].facts.events.items())


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
