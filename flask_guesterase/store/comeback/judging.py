"""What is thought of rows that carry something of an erased person: the facts, row by row."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select

from ...core.identity import Kind, Readings, apart
from ...core.plan import Key, Person, key_text
from ...core.returning import Life, Seen, Sign, Verdict, active, classify, classify_record
from .. import tables
from ..casework import purview
from ..erasing import finder
from ..lawbook import clocks
from ..mapping.declared import Declared
from ..mapping.ways import clock_of
from ..statements.sql import among, chunks
from ..work import Work
from . import arrived, known, marks
from .facts import Facts, Record, far, happened, life_of
from .known import Mark, Told
from .marks import Seals
from .watched import Watched, watched

_BOOKED = frozenset({"created", "departed", "cancelled", "no_show", "lapsed"})
_CATEGORIES = frozenset({"", "reservation"})
_ORDER = (Verdict.RESYNC, Verdict.UNCLEAR, Verdict.LIVES, Verdict.STRANGER)
LATELY = timedelta(days=3)
"""How far back the day of a row says that it came with what was written; a sweep may be late."""

Appeared = Callable[[Mark], bool]
"""Answers whether a row that carries a mark is known to have appeared after its erasure."""


@dataclass(frozen=True)
class Judged:
    """What is thought of one row.

    :param verdict: old life, new life, another person's, or unclear.
    :param sign: by what it was known.
    :param mark: the mark that decided, of the newest erasure; None of a stranger.
    :param against: something shows a new life or another person.
    :param apart: it may be a person of their own, of whom no plan was read and approved.
    """

    verdict: Verdict
    sign: Sign
    mark: Mark | None
    against: bool = False
    apart: bool = False


@dataclass
class Judge:
    """Judges rows in one transaction.

    :param work: the open transaction.
    :param appeared: whether rows are known to have appeared.
    :param last: table -> the last number that was there before, where a sweep read rows later;
        None of rows that were seen as they were written.
    :param at: when they were seen, naive UTC.
    :param again: they were judged when they were found: whether they are new is known.
    :param written: they were seen as somebody wrote to them, and were there before.
    """

    work: Work
    appeared: Appeared
    last: Mapping[str, int] | None = None
    at: datetime = datetime.max
    again: bool = False
    written: bool = False
    known: dict[str, Watched] = field(init=False)
    seals: Seals = field(init=False)
    _shells: set[Person] = field(init=False, default_factory=set)

    def __post_init__(self) -> None:
        self.known = watched(self.work.datamap)
        self.seals = marks.seals(self.work.custodian, self.work.now.date())

    def rows(self, table: str, keys: Sequence[Key]) -> dict[Key, Judged]:
        """Return what is thought of rows of a watched table, those that are there."""
        if table in self.work.datamap.subjects:
            people = self._people([(table, key) for key in keys])
            return {key: each for (_, key), each in people.items()}
        return self._records(table, keys)

    # what rows carry

    def _carried(self, one: Watched, keys: Sequence[Key]) -> dict[Key, list[tuple[Sign, Mark]]]:
        """Return by what each row that is there is known, as far as it is its own."""
        values = marks.read(self.work.conn, one, keys)
        wanted: dict[str, list[Key]] = {}
        own: dict[Key, frozenset[str]] = {}
        for key, held in values.items():
            own[key] = frozenset(self._marks(marks.KEY, marks.row_text(one.name, key)))
            region = marks.regions(self.work.settings, held[""])
            texts = marks.texts(one, held, region)
            mine = own[key].union(*(self._marks(kind, text) for kind, text in texts))
            for text in mine:
                wanted.setdefault(text, []).append(key)
        found: dict[Key, list[tuple[Sign, Mark]]] = {key: [] for key in values}
        for mark in known.find(self.work.conn, wanted, self.work.today):
            for key in wanted[mark.mark]:
                sign = _sign(mark, own[key])
                place = values[key][""]
                if sign is Sign.KEY or place in ("", mark.origin.property):
                    found[key].append((sign, mark))
        return self._without_shells(one, self._without_others(one, found))

    def _without_others(
        self, one: Watched, found: Mapping[Key, list[tuple[Sign, Mark]]]
    ) -> dict[Key, list[tuple[Sign, Mark]]]:
        """Leave out what rows of another company carry, where no column of theirs says so."""
        theirs: dict[str, frozenset[Key]] = {}
        for house in {mark.origin.property for signs in found.values() for _, mark in signs}:
            keys = [
                key for key, signs in found.items()
                if any(mark.origin.property == house for _, mark in signs)
            ]
            theirs[house] = purview.elsewhere(self.work, house, one.declared, keys)
        return {
            key: [
                (sign, mark) for sign, mark in signs
                if sign is Sign.KEY or key not in theirs[mark.origin.property]
            ]
            for key, signs in found.items()
        }  # fmt: skip

    def _marks(self, kind: str, text: str) -> Iterable[str]:
        return self.seals.of(kind, text).values()

    def _without_shells(
        self, one: Watched, found: Mapping[Key, list[tuple[Sign, Mark]]]
    ) -> dict[Key, list[tuple[Sign, Mark]]]:
        """Leave out the key of rows that are still as an erasure left them."""
        texts = {
            key_text(key): (one.name, key)
            for key, signs in found.items()
            if any(mark.kind == marks.KEY for _, mark in signs)
        }
        full: set[str] = set()
        for part in chunks(sorted(texts)):
            full |= finder.filled_again(self.work.conn, one.declared, part, texts)
        self._shells |= {texts[text] for text in texts.keys() - full}
        return {
            key: [
                (sign, mark) for sign, mark in signs
                if mark.kind != marks.KEY or key_text(key) in full
            ]
            for key, signs in found.items()
        }  # fmt: skip

    # people

    def _people(self, people: Sequence[Person], owners: bool = False) -> dict[Person, Judged]:
        """Judge people; of owners of a row that appeared that says not that they appeared too."""
        carried: dict[Person, list[tuple[Sign, Mark]]] = {}
        names: dict[Person, Readings] = {}
        documents: dict[Person, frozenset[str]] = {}
        own: dict[Person, Mapping[str, list[Any]]] = {}
        buried = finder.buried(self.work.conn, people)
        shells = finder.shells_of(self.work.conn, self.work.datamap, buried)
        living = [person for person in people if person not in shells]
        for table in sorted({name for name, _ in living} & self.known.keys()):
            one = self.known[table]
            keys = [key for name, key in living if name == table]
            for key, signs in self._carried(one, keys).items():
                carried[table, key] = signs
            for key, values in marks.read(self.work.conn, one, keys).items():
                names[table, key] = self._name(one, values)
                documents[table, key] = self._documents(one, values)
            moments = clocks.moments_of(self.work.conn, self.work.datamap, table, keys)
            own.update({(table, key): each for key, each in moments.items()})
        records = self.bookings(list(carried))
        for person, found in records.items():
            carried[person] += [
                (Sign.RECORD, mark) for each in found for sign, mark in each.signs
                if sign is Sign.REFERENCE
            ]  # fmt: skip
        self._without_known(carried)
        erased = known.told(self.work.conn, {m.person for s in carried.values() for _, m in s})
        beside = self.at if owners and not self.again else None
        away = far(self.work, carried.values(), records.values())
        came = arrived.came(self.work.conn, carried, self.last, beside, self.written)
        result = {}
        for person, signs in carried.items():
            facts = Facts(
                names[person], documents[person], own.get(person, {}), records.get(person, []),
                away, *came[person], buried.get(person), arrived.counted(person[1]),
            )
            result[person] = self._best(signs, erased, facts)
        return result

    def _name(self, one: Watched, values: Mapping[str, Any]) -> Readings:
        """Return the marks of the readings of a name, each part's of all years together."""
        parts = zip(marks.NAMES, marks.name_of(one, values), strict=True)
        return tuple(
            frozenset(mark for way in ways for mark in self._marks(kind, way))
            for kind, ways in parts
        )

    def _documents(self, one: Watched, values: Mapping[str, Any]) -> frozenset[str]:
        """Return the marks of the documents a row carries."""
        held = {c: values.get(c) for c, kind in one.identity.items() if kind == Kind.DOCUMENT}
        texts = marks.texts(one, held, ())
        return frozenset(mark for kind, text in texts for mark in self._marks(kind, text))

    def _best(
        self, signs: Sequence[tuple[Sign, Mark]], erased: Mapping[str, Told], facts: Facts
    ) -> Judged:
        """Judge a row against everyone it may be, one by one; the worst that is true counts."""
        best = Judged(Verdict.STRANGER, Sign.CONTACT, None)
        for who in sorted({mark.person for _, mark in signs}):
            mine = [(sign, mark) for sign, mark in signs if mark.person == who]
            newest = max((mark for _, mark in mine), key=lambda mark: mark.erased_at)
            seen = self._seen(mine, newest, erased.get(who, Told()), facts)
            verdict = classify(seen)
            sign = min((sign for sign, _ in mine), key=list(Sign).index)
            if _ORDER.index(verdict) < _ORDER.index(best.verdict):
                best = Judged(verdict, sign, newest, seen.against, seen.apart)
            elif best.mark is None:
                best = replace(best, against=seen.against)
        return best

    def _seen(
        self,
        signs: Sequence[tuple[Sign, Mark]],
        newest: Mark,
        who: Told,
        facts: Facts,
    ) -> Seen:
        at, mine = newest.erased_at, any(sign is Sign.KEY for sign, _ in signs)
        # The last part of a row may go later: who booked meanwhile booked anew.
        erased = min(at, (mine and facts.erased_at) or at).replace(tzinfo=UTC)
        zone, records = arrived.zone_of(self.work, newest.origin.property), facts.near(newest)
        own, here = life_of(facts.own, erased, zone), facts.here
        given = facts.counted and own is Life.NEW and all(m.kind == marks.KEY for _, m in signs)
        if not self.again and self._earlier(facts.own, zone):
            # Newer than the erasure, but not come just now: somebody else, who came in between.
            own, here = Life.OLD if own is Life.OLD else Life.UNKNOWN, True
        return Seen(
            frozenset(sign for sign, _ in signs),
            apart(facts.name, who.name),
            any(facts.name) and any(who.name),
            bool(facts.documents and who.documents) and not facts.documents & who.documents,
            own,
            tuple(
                Life.OLD if each.signs else life_of(each.moments, erased, zone)
                for each in records
            ),
            any(sign is not Sign.RECORD for sign, _ in signs)
            and facts.came is True and all(self.appeared(mark) for _, mark in signs),
            any(
                active(happened(moments), erased, zone)
                for moments in (facts.own, *(r.moments for r in records if not r.signs))
            ),
            facts.came is True,
            here,
            given,
        )

    def _earlier(self, moments: Mapping[str, list[Any]], zone: ZoneInfo) -> bool:
        """Return whether a row was made longer ago than what is seen of it can be."""
        made = moments.get("created", [])
        return bool(made) and not active(made, self.work.now - LATELY, zone)

    def _without_known(self, carried: dict[Person, list[tuple[Sign, Mark]]]) -> None:
        """Leave out rows a person, or the matching, already decided about under that request."""
        table = tables.subject
        texts = {(name, key_text(key)): (name, key) for name, key in carried}
        for part in chunks(sorted(texts)):
            rows = self.work.conn.execute(
                select(table.c.table_name, table.c.row_key, table.c.request).where(
                    among([table.c.table_name, table.c.row_key], part), table.c.erased_at.is_(None)
                )
            )
            for row in rows:
                person = texts[row.table_name, row.row_key]
                carried[person] = [
                    (sign, mark) for sign, mark in carried[person]
                    if mark.origin.number != row.request
                ]  # fmt: skip

    def bookings(self, people: Sequence[Person], house: str = "") -> dict[Person, list[Record]]:
        """Return the bookings of people, but for those of another company than a house's own."""
        without = [
            name for name, declared in self.work.datamap.tables.items()
            if name in self.work.datamap.subjects
            or declared.policy.category not in _CATEGORIES
            or not (_BOOKED & set(clock_of(declared.policy)) or name in self.known)
        ]  # fmt: skip
        found, conn, datamap = dict[Person, list[Record]](), self.work.conn, self.work.datamap
        for name, rows in finder.find(conn, datamap, people, without).items():
            declared, keys = datamap.declared(name), [row.key for row in rows]
            one = self.known.get(name)
            signs = self._carried(one, keys) if one is not None else {}
            dated = bool(_BOOKED & set(clock_of(declared.policy)))
            moments = clocks.moments_of(conn, datamap, name, keys) if dated else {}
            away = purview.elsewhere(self.work, house, declared, keys)
            for row in rows:
                # What was erased again a moment ago shows no life, whatever day it keeps.
                if (name, row.key) in self._shells or row.key in away:
                    continue
                told = moments.get(row.key, {}), tuple(signs.get(row.key, ()))
                record = Record(name, row.key, *told)
                if dated or record.signs:
                    for person in {person for person, _ in row.owners}:
                        found.setdefault(person, []).append(record)
        return found

    # records

    def _records(self, table: str, keys: Sequence[Key]) -> dict[Key, Judged]:
        one = self.known[table]
        carried = self._carried(one, keys)
        whose = self._whose(one.declared, list(carried))
        people = _sorted({person for key in carried for person in whose.get(key, ())})
        shells = finder.erased_before(self.work.conn, self.work.datamap, people)
        judged = self._people([person for person in people if person not in shells], owners=True)
        result = {}
        for key, signs in carried.items():
            owners = [
                None if person in shells else _verdict(judged.get(person))
                for person in whose.get(key, ())
            ]
            verdict = classify_record((sign for sign, _ in signs), owners)
            sign = min((sign for sign, _ in signs), key=list(Sign).index, default=Sign.KEY)
            newest = max((mark for _, mark in signs), key=lambda m: m.erased_at, default=None)
            theirs = [judged.get(p) for p in whose.get(key, ()) if p not in shells]
            against = any(each is not None and each.against for each in theirs)
            apart = any(each is None or each.apart or each.mark is None for each in theirs)
            result[key] = Judged(verdict, sign, newest, against, apart)
        return result

    def owners(self, table: str, key: Key) -> dict[Person, Judged]:
        """Return what is thought of the living people a record belongs to."""
        people = self._whose(self.work.datamap.declared(table), [key]).get(key, set())
        people -= finder.erased_before(self.work.conn, self.work.datamap, people)
        return self._people(_sorted(people), owners=True)

    def _whose(self, declared: Declared, keys: Sequence[Key]) -> dict[Key, set[Person]]:
        """Return whose the erased columns of records are; who only stays under a booking is not."""
        found = finder.owners(self.work.conn, self.work.datamap, declared, keys)
        erased = set(declared.taken) - set(declared.retain)
        mine = {
            index for index, alone in enumerate(declared.alone)
            if alone is None or alone & erased
        }  # fmt: skip
        return {
            key: {person for person, index in owners if index in mine}
            for key, owners in found.items()
        }


def _sorted(people: Iterable[Person]) -> list[Person]:
    return sorted(people, key=lambda person: (person[0], key_text(person[1])))


def _verdict(judged: Judged | None) -> Verdict:
    return judged.verdict if judged is not None else Verdict.STRANGER


def _sign(mark: Mark, own: Iterable[str]) -> Sign:
    """Return what a mark means in a row; its own erased contact in it again is its key's."""
    if mark.kind == marks.KEY or (mark.person in own and mark.kind != marks.REFERENCE):
        return Sign.KEY
    return Sign.REFERENCE if mark.kind == marks.REFERENCE else Sign.CONTACT
