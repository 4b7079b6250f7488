"""Whom an incident may concern: asked of the data map, never kept as a list that can be read."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from heapq import nsmallest
from typing import Any
from zlib import crc32

from sqlalchemy import Row, func, or_, select

from ...core.errors import InputError, SealError, TransitionError, UnknownError
from ...core.events import IncidentMeasured, NoticeProposed
from ...core.incidents import QUEUED, SENDING, Whom
from ...core.plan import Key, Person, key_text
from .. import tables
from ..boxes import safe, vault
from ..casework import written
from ..checking.gaps import unreadable
from ..erasing.finder import erased_before, owners
from ..lawbook.clocks import places_of
from ..mapping.declared import Declared
from ..retaining import law
from ..retaining.holds import keys_of, may_lie_at
from ..statements.sql import chunks
from ..work import Work
from . import alarms, bounced, gone, lasting, reached, records
from .records import Incident

LIVING, SEALED, ERASED = "living", "sealed", "erased"
"""Who is counted, and whose records are: on file, kept for the law alone, gone since."""

LOOKED_AT = 1000
"""Rows of a table that are looked at to tell about how many records there are."""

RECORDS = "records"
"""Where what was asked also tells how many records were found, by whose and by category."""


@dataclass(frozen=True)
class Asked:
    """Which records an incident was about.

    :param table: name of a declared table; every table of people when empty.
    :param since: first day of the records, by their declared events; all when None.
    :param until: last day, or None.
    """

    table: str = ""
    since: date | None = None
    until: date | None = None


@dataclass
class Reach:
    """Who was found.

    :param living: subject rows of people who are on file.
    :param sealed: people of whom only what the law keeps is there, as (table, key text).
    :param erased: people who were erased since it may have happened, as (table, key text).
    :param records: living, sealed or erased -> category -> how many records of theirs.
    """

    living: set[Person] = field(default_factory=set)
    sealed: set[tuple[str, str]] = field(default_factory=set)
    erased: set[tuple[str, str]] = field(default_factory=set)
    records: dict[str, Counter[str]] = field(
        default_factory=lambda: {LIVING: Counter(), SEALED: Counter(), ERASED: Counter()}
    )


def measure(work: Work, number: str, asked: Asked, by: str) -> dict[str, int]:
    """Look up whom an incident may concern; keep it in a sealed box and return the counts.

    What cannot be told counts as concerned: a record without a day, a row without a place, also
    where the database lacks the column that said it.

    :param work: the open transaction.
    :param number: number of the incident.
    :param asked: which records it was about.
    :param by: the host's id of the person.
    :raises ForbiddenError: they may not deal with incidents at its property.
    :raises InputError: the days are in the wrong order.
    :raises UnknownError: there is no such declared table.
    :raises TransitionError: it is closed, or a letter to them is proposed or on its way.
    """
    row, actor = records.at_work(work, number, by, lock=False)
    _settled(work, row)
    if asked.since and asked.until and asked.until < asked.since:
        raise InputError("The last day is before the first.", "Correct one of the two days.")
    # It may take long, and what leaves the house meanwhile waits for nobody who looks.
    found = _reach(work, row, asked)
    row, actor = records.at_work(work, number, by)
    _settled(work, row)
    whole = _owing(work, row, actor, found)
    box = written.seal(work, row.controller, records.PURPOSE, whole)
    people = {LIVING: len(found.living), SEALED: len(found.sealed), ERASED: len(found.erased)}
    question = json.dumps(_question(asked) | {RECORDS: found.records})
    row = records.change(
        work, row, asked=question, reach_box=box, reached_at=work.stamp, **people
    )
    counts = {**people, "rows": sum(each.total() for each in found.records.values())}
    records.tell(work, IncidentMeasured, row, actor, (), counts)
    return counts


def _owing(work: Work, row: Incident, actor: str, found: Reach) -> dict[str, Any]:
    """Return who is to be told, and who was or counts no more; letters are counted anew by it."""
    sent = _sent(work, row)
    before = reached.before(_before(work, row), bool(sent))
    # Letters were written to those on file; the others were counted with them.
    told = reached.people(before, "people", "told")
    missed = reached.people(before, "sealed", "missed")
    if "missed" not in before:
        # Versions of before kept of those who are gone how many they were.
        missed |= found.erased if sent else set()
    away = found.sealed | found.erased
    living = {(name, key_text(key)) for name, key in found.living}
    new = away - told - missed
    spared = _spared(work, row, (before, sent), away)
    apart, missed = reached.people(before, bounced.APART), missed | new
    if sent and living <= told:
        owed = reached.left(work, row.number, before)
    else:
        # Who got one before and is not written to counts with those who are gone, or no more.
        missed = away - spared
        apart = told - living - missed
        owed = reached.owed(work, row, before, apart) if reached.may_owe(sent) else set()
    if not living <= told:
        _wider(work, row, actor, sent, len(owed))
    elif new:
        _missed(work, sent, len(new))
    said = {
        bounced.PEOPLE: living, "sealed": found.sealed, "told": told, bounced.MISSED: missed,
        bounced.APART: apart, bounced.OWED: owed,
    }  # fmt: skip
    listed = {name: sorted(list(each) for each in people) for name, people in said.items()}
    lost = bounced.lost(work, row.number, before, owed)
    return {**listed, "spared": len(spared), bounced.LOST: lost}


def _question(asked: Asked) -> dict[str, Any]:
    days = {"since": asked.since, "until": asked.until}
    return {"table": asked.table, **{name: d.isoformat() if d else "" for name, d in days.items()}}


def _settled(work: Work, row: Incident) -> None:
    """Go on only when no letter to those whom it concerns is being read or sent."""
    notice = tables.notice
    waits = select(notice.c.id).where(
        notice.c.incident == row.number, notice.c.whom == Whom.GUESTS.value,
        notice.c.state.in_([QUEUED, SENDING]),
    )  # fmt: skip
    if work.conn.execute(waits.limit(1)).first() is not None:
        raise TransitionError(
            "A letter to those whom it concerns is proposed or on its way.",
            "Whom it goes to stays as it was read; look again when the letters are written.",
        )


def _sent(work: Work, row: Incident) -> list[Row[Any]]:
    """Return the letters to guests that were written, of duties that are left."""
    known = (each for each in alarms.ringing(work, row) if each.alarm.whom is Whom.GUESTS)
    return [each.notice for each in known if each.notice is not None and each.done]


def _before(work: Work, row: Incident) -> Mapping[str, Any]:
    """Return what looks of before found by which a letter was written; nothing if unreadable."""
    try:
        return _said(work, row)
    except SealError:
        # All are told then.
        return {}


def _spared(
    work: Work, row: Incident, known: tuple[Mapping[str, Any], Sequence[Row[Any]]],
    away: set[tuple[str, str]],
) -> set[tuple[str, str]]:
    """Return who was told, and is gone since: they are not told in public.

    Of some nobody knows it.
    """
    before, sent = known
    if sent:
        told = reached.people(before, bounced.PEOPLE, "told")
        return away & told if all(notice.untold == 0 for notice in sent) else set()
    # Letters for others were taken back: the look before says who of those it left out was told.
    return away & reached.people(before, bounced.APART) - reached.left(work, row.number, before)


def _wider(
    work: Work, row: Incident, actor: str, sent: Sequence[Row[Any]], untold: int
) -> None:
    """Propose letters that were written once more, now that somebody else is concerned as well.

    Who let them go read them for others; whoever got one gets none again.
    """
    for notice in sent:
        # Whether what was told in public reaches them too is read anew.
        alarms.write(
            work, notice, state=QUEUED, proposed_by=actor, proposed_at=work.stamp, sent_by=None,
            sent_at=None, position=0, told=0, untold=untold, confirmed_by=None, confirmed_at=None,
        )  # fmt: skip
        records.tell(work, NoticeProposed, row, actor, (notice.alarm.replace("/", "."),))


def _missed(work: Work, sent: Sequence[Row[Any]], more: int) -> None:
    """Count with letters that were written to whom besides nobody can write.

    Whether what was told in public reaches them too is read anew.
    """
    for notice in sent:
        untold = notice.untold + more
        alarms.write(work, notice, untold=untold, confirmed_by=None, confirmed_at=None)


def everyone(work: Work, row: Incident) -> list[tuple[str, str]]:
    """Return whom it may concern as table and key text, always all of them in the same order.

    :raises SealError: who they are is sealed, and cannot be read now.
    """
    return [(table, text) for table, text in _said(work, row)["people"]]


def counted(work: Work, row: Incident) -> set[tuple[str, str]]:
    """Return of whom letters that were written say how many were told, as table and key text.

    A later look that found fewer leaves the others counted, and of those who count no more whom
    none reached.

    :param work: the open transaction.
    :param row: the incident.
    :raises SealError: who they are is sealed, and cannot be read now.
    """
    said = _said(work, row)
    left = reached.people(said, "told") - reached.people(said, bounced.APART, bounced.MISSED)
    return reached.people(said, bounced.PEOPLE) | left | reached.left(work, row.number, said)


def _said(work: Work, row: Incident) -> Mapping[str, Any]:
    """Return what the last look found, as it was sealed; nobody where that is lost for good."""
    try:
        return {"people": ()} if row.reach_box is None else safe.read(work, row.reach_box)
    except (SealError, UnknownError):
        vault.require_lost(work.conn, work.custodian, [row.reach_box])
        return {"people": ()}


def away(work: Work, row: Incident) -> int:
    """Return how many people it may concern whom no letter reached, as they are not on file.

    :raises SealError: who they are is sealed, and cannot be read now.
    """
    return (row.sealed or 0) + (row.erased or 0) - int(_said(work, row).get("spared", 0))


def _reach(work: Work, row: Incident, asked: Asked) -> Reach:
    every = [asked.table] if asked.table else sorted(work.datamap.tables)
    names = every if asked.table else sorted(work.datamap.subjects)
    where, found = (row.property, asked), Reach()
    hidden = unreadable(work.whole())
    for name in names:
        for part in chunks(_whose_rows(work, name, where, _keys(work, name))):
            # A shell that the host wrote somebody into since is a guest as any other.
            shells = erased_before(work.conn, work.datamap, set[Person]().union(*part))
            found.living |= set[Person]().union(*part) - shells
            full = sum(not people <= shells for people in part)
            found.records[LIVING][gone.category(work, name)] += full
    for name in every:
        # Of all tables the people are those of their own, and every row of theirs is a record.
        if name not in names and name not in hidden:
            found.records[LIVING][gone.category(work, name)] += _about(work, name, where, found)
        kept = _kept(work, name, where)
        kept = kept if name in hidden else _lying(work, name, row.property, kept)
        found.sealed |= _whose(work, kept)
        found.records[SEALED].update(each.category for each in kept)
    since = gone.since(gone.tombstones(work, row.property, row.controller), row.happened_at)
    found.erased = since.keys() - found.sealed
    found.records[ERASED] = gone.records(work, since, every)
    found.records = {whose: +counts for whose, counts in found.records.items()}
    return found


def _about(work: Work, name: str, where: tuple[str, Asked], found: Reach) -> int:
    """Return about how many rows of a table are of people on file; of a large one by some of them.

    Whose a row is takes a walk through the tables between, which of millions nobody waits for.
    """
    keys = _keys(work, name)
    # In their own order every second one may be of another hotel.
    some = keys if len(keys) <= LOOKED_AT else nsmallest(LOOKED_AT, keys, key=_mixed)
    rows = _whose_rows(work, name, where, some)
    mine = sum(not found.living.isdisjoint(people) for people in rows)
    return mine if some is keys else round(mine * len(keys) / len(some))


def _mixed(key: Key) -> int:
    return crc32(key_text(key).encode())


def _whose_rows(
    work: Work, name: str, where: tuple[str, Asked], keys: Sequence[Key]
) -> Iterator[set[Person]]:
    """Yield of each of these rows that is concerned whose it is."""
    declared, own = work.datamap.declared(name), name in work.datamap.subjects
    for part in chunks(keys):
        mine = _concerned(work, declared, part, where)
        held = owners(work.conn, work.datamap, declared, mine) if mine else {}
        for key in mine:
            yield {person for person, _ in held.get(key, ())} | ({(name, key)} if own else set())


def _keys(work: Work, name: str) -> list[Key]:
    """Return the keys of a table, in order."""
    columns = list(work.datamap.declared(name).key)
    return [tuple(row) for row in work.conn.execute(select(*columns).order_by(*columns))]


def _concerned(
    work: Work, declared: Declared, keys: Sequence[Key], where: tuple[str, Asked]
) -> list[Key]:
    code, asked = where
    places = places_of(work.conn, work.whole(), work.settings, declared, keys)
    elsewhere = set(work.settings.properties) - {code}
    mine = [key for key in keys if places.get(key) not in elsewhere]
    if asked.since is None and asked.until is None:
        return mine
    span = asked.since or date.min, asked.until or date.max
    return lasting.within(work, declared, mine, code, span)


_STANDING = (law.HELD, law.BLOCKED, law.ANEW)
"""Ways of keeping a row in which it stands as it was, and says itself where it lies."""


def _lying(work: Work, name: str, code: str, rows: Sequence[Row[Any]]) -> list[Row[Any]]:
    """Return kept rows without those that stand as they were and say that they lie elsewhere."""
    declared = work.datamap.declared(name)
    keys = keys_of(work, name, {row.row_key for row in rows if row.mode in _STANDING})
    places = places_of(work.conn, work.whole(), work.settings, declared, list(keys.values()))
    elsewhere = set(work.settings.properties) - {code}
    others = {text for text, key in keys.items() if places.get(key) in elsewhere}
    return [row for row in rows if row.mode not in _STANDING or row.row_key not in others]


def _kept(work: Work, name: str, where: tuple[str, Asked]) -> list[Row[Any]]:
    """Return what an erasure left of a table, sealed or in place; by its nights, where known.

    What stands as it was is written down at the hotel that was asked, wherever it lies.
    """
    code, asked = where
    kept, shelf = tables.kept, tables.shelf
    wanted = (
        select(kept.c.request, kept.c.table_name, kept.c.row_key, kept.c.category, kept.c.mode)
        .outerjoin(shelf, shelf.c.box == kept.c.box)
        .where(kept.c.table_name == name, kept.c.ended_at.is_(None))
    )
    if here := may_lie_at(work, code):
        wanted = wanted.where(or_(kept.c.mode.in_(_STANDING), *here))
    if asked.since is not None:
        since, last = asked.since.isoformat(), func.coalesce(shelf.c.last_night, "")
        # Of who slept no night the last one lies before the first.
        wanted = wanted.where(or_(last == "", last >= since, shelf.c.first_night >= since))
    if asked.until is not None:
        first = func.coalesce(shelf.c.first_night, "")
        wanted = wanted.where(or_(first == "", first <= asked.until.isoformat()))
    return list(work.conn.execute(wanted))


def _whose(work: Work, rows: Iterable[Row[Any]]) -> set[tuple[str, str]]:
    """Return the people of kept rows, by their tombstones; a row of nobody's stands for one."""
    subject = tables.subject
    by_request: dict[str, set[tuple[str, str]]] = {}
    found: set[tuple[str, str]] = set()
    for row in rows:
        if row.request is None:
            found.add((row.table_name, row.row_key))
        else:
            by_request.setdefault(row.request, set()).add((row.table_name, row.row_key))
    for part in chunks(sorted(by_request)):
        mine = select(subject.c.request, subject.c.table_name, subject.c.row_key).where(
            subject.c.request.in_(part), subject.c.erased_at.is_not(None)
        )
        for each in work.conn.execute(mine):
            found.add((each.table_name, each.row_key))
            by_request.pop(each.request, None)
    return found.union(*by_request.values())
