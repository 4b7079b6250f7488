"""Who stands in an erased person's row by now: nothing they say is said of who was erased."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from types import MappingProxyType
from typing import TYPE_CHECKING

from sqlalchemy import Connection, select

from ...core.conditions import LESS
from ...core.plan import Key, Person, by_table, key_text
from .. import tables
from ..erasing import people
from ..erasing.finder import buried, filled_again, owners
from ..erasing.traces import holding, tells
from ..lawbook.clocks import Record
from ..mapping.declared import Declared
from ..mapping.ways import Reach, Ways
from ..statements.sql import MANY, chunks, one_of

if TYPE_CHECKING:
    from ..work import Work

Kept = Mapping[Key, tuple[Record, datetime]]
"""Key -> what was written down of a row that is kept, and since when it is, naive UTC."""


def unheard(
    work: Work, declared: Declared, known: Ways, kept: Kept, now: Mapping[Key, Record],
    given: Mapping[Key, Collection[Person]] = MappingProxyType({}),
) -> dict[Key, Record]:
    """Return what rows tell now, without what is said by who stands in an erased person's profile.

    Of who was erased since the row is kept that counts which was written down. Where nothing was
    filled in but what the law asks, it is said of them still, as far as it was never on record; not
    where the profile was erased once more: somebody may have stood in it meanwhile.

    :param work: the open transaction.
    :param declared: table of the rows.
    :param known: how its rows are read.
    :param kept: the rows that are kept.
    :param now: what they tell.
    :param given: rows that the host gave to others who live, and these: no day is the rows' that
        nobody else tells.
    """
    look, found = _Look(work, declared, known, kept), dict(now)
    for name, at in known.answers.items():
        new = look.behind(at, [key for key in kept if name in now[key].facts.answers])
        told = {key for key in new.filled if at.to_one and _is_told(kept[key][0], name)}
        for key in new.again | told:
            found[key] = _without(found[key], name)
    for event, where in known.events.items():
        there = [key for key in kept if event in now[key].facts.events]
        ways = [look.behind(at, there) for at in where]
        for key in set[Key]().union(*(new.filled | new.again for new in ways)):
            alone = all(key in new.strangers for new in ways)
            found[key] = _by(found[key], event, None if alone else kept[key][0].facts.events)
        for key in look.told_by(where, {k: w for k, w in given.items() if k in there}):
            if event in found[key].facts.events:
                found[key] = _by(found[key], event, None)
    there = [key for key, (old, _) in kept.items() if old.place not in ("", now[key].place)]
    new = look.behind(known.place, there)
    for key in new.filled | new.again:
        found[key] = replace(found[key], place="", facts=replace(found[key].facts, country=""))
    return found


def given(
    work: Work, declared: Declared, asked: Mapping[Key, str]
) -> dict[Key, set[Person]]:
    """Return the rows that are others' by now who live, and nobody's whom a request was about.

    The host gave them away, as it does where it makes two profiles one. Where a row may have
    several owners nobody tells who was one of them all along.

    :param work: the open transaction.
    :param declared: table of the rows.
    :param asked: key -> number of the request for which the row is kept.
    :return: each with whose it is.
    """
    if not asked or len(declared.paths) != 1 or not declared.paths[0].to_one:
        return {}
    whose = {
        key: {person for person, _ in each}
        for key, each in owners(work.conn, work.datamap, declared, list(asked)).items()
    }  # fmt: skip
    about = {number: people.spelt(work, people.taken(work, number)) for number in asked.values()}
    away = {key: who for key, who in whose.items() if who and not who & about[asked[key]]}
    full = _full(work, set[Person]().union(*away.values()))
    return {key: who for key, who in away.items() if who <= full}


def _full(work: Work, who: Collection[Person]) -> set[Person]:
    """Return those in whose profiles somebody stands: a key that changed makes nobody another."""
    found = set[Person]()
    for name, keys in by_table(who).items():
        declared = work.datamap.declared(name)
        told = [column for column in declared.erase if tells(declared, [column])]
        full = holding(work.conn, declared, keys, told, whole=False) if told else ()
        found |= {(name, key) for key in full}
    return found


def _is_told(old: Record, name: str) -> bool:
    return name in old.facts.answers or LESS.get(name, name) in old.facts.answers


def _without(record: Record, name: str) -> Record:
    answers = {each: said for each, said in record.facts.answers.items() if each != name}
    return replace(record, facts=replace(record.facts, answers=answers))


def _by(record: Record, event: str, old: Mapping[str, date] | None) -> Record:
    """Return a record by the later day of an event: by what was written down, or by none."""
    days = dict(record.facts.events)
    day = days.pop(event)
    if old is not None:
        days[event] = max(day, old.get(event, day))
    return replace(record, facts=replace(record.facts, events=days))


_NEVER = datetime.min


def _before(conn: Connection, people: Collection[Person]) -> dict[Person, datetime]:
    """Return when profiles were erased the last time but one; nothing of who was erased once.

    One that is erased after its row was kept need not hold another by then: of several databases
    the default one is reached last, maybe days later, and a row of two is kept with the first who
    asks.
    """
    found, table, request = dict[Person, datetime](), tables.subject.c, tables.request.c
    wanted = select(table.row_key, table.erased_at, request.erased_at.label("first")).select_from(
        tables.subject.outerjoin(tables.request, request.number == table.request)
    )
    for name, keys in by_table(people).items():
        texts = {key_text(key): (name, key) for key in keys}
        told: dict[str, list[datetime]] = {}
        for part in chunks(sorted(texts), MANY):
            mine = table.table_name == name, one_of(table.row_key, part)
            for text, at, first in conn.execute(wanted.where(*mine, table.erased_at.is_not(None))):
                # A request's people who came back, and those whose time was over, have the last
                # time alone.
                before = [] if first is not None and at <= first else [at]
                told.setdefault(text, []).extend([*before, at])
        found |= {texts[text]: sorted(at)[-2] for text, at in told.items() if len(at) > 1}
    return found


@dataclass(frozen=True)
class _New:
    """Rows of which nobody but these says something, all of them erased since it is kept.

    :param strangers: they hold somebody else by now.
    :param again: they do, or did: they were erased once more since.
    :param filled: something was written into them.
    """

    strangers: set[Key]
    again: set[Key]
    filled: set[Key]


@dataclass(frozen=True)
class _Look:
    """Rows that are kept, and whose profiles say what of them."""

    work: Work
    declared: Declared
    known: Ways
    kept: Kept

    def behind(self, at: Reach | None, keys: Sequence[Key]) -> _New:
        """Return the rows that erased people's profiles alone say something of.

        :param at: where it is said; None for the property of their owners.
        :param keys: their keys.
        """
        people = self._people(at, keys) if keys else {}
        times = buried(self.work.conn, set[Person]().union(*people.values())) if people else {}
        filled = self._filled(times)
        strangers = self._filled(filled, self._asked()) if filled else set()
        # Who was erased before that did not stand there any more when the row was kept.
        gone = {
            key: mine for key, mine in people.items()
            if mine and all(p in times and times[p] >= self.kept[key][1] for p in mine)
        }  # fmt: skip
        # Each row for itself: of two of one person's only the earlier may know them gone since.
        late = {
            key: {who for who in mine - strangers if times[who] > self.kept[key][1]}
            for key, mine in gone.items()
        }
        before = _before(self.work.conn, set[Person]().union(*late.values()))
        return _New(
            {key for key, mine in gone.items() if mine <= strangers},
            {
                key for key, mine in gone.items()
                if all(before.get(p, _NEVER) >= self.kept[key][1] for p in late[key])
                and mine <= strangers | late[key]
            },
            {key for key, mine in gone.items() if mine <= filled},
        )  # fmt: skip

    def _filled(
        self, people: Collection[Person], save: Mapping[str, set[str]] | None = None
    ) -> set[Person]:
        """Return in whose rows the host wrote since they were erased.

        :param save: table -> columns in which it may.
        """
        found = set[Person]()
        for name, keys in by_table(people).items():
            texts = {key_text(key): (name, key) for key in keys}
            declared, spared = self.work.datamap.tables.get(name), (save or {}).get(name, set())
            full = filled_again(self.work.conn, declared, texts.keys(), texts, spared)
            found |= {texts[text] for text in full}
        return found

    def _people(self, at: Reach | None, keys: Sequence[Key]) -> dict[Key, set[Person]]:
        """Return key -> the profiles by which something is said."""
        conn, datamap = self.work.conn, self.work.datamap
        if at is None:
            known = owners(conn, datamap, self.declared, keys)
            return {key: {who for who, _ in each} for key, each in known.items()}
        step = self._profile(at)
        if step is None:
            return {}
        if not step:
            return {key: {(self.declared.name, key)} for key in keys}
        subject = datamap.declared(at.hops[step - 1].table.fullname)
        names = [column.key for column in subject.key]
        last = step == len(at.hops)
        passed = [] if last else [(step, name) for name in names]
        found: dict[Key, set[Person]] = {}
        for key, _, row in at.ends(conn, self.declared, keys, names if last else (), passed):
            if row and None not in row:
                found.setdefault(key, set()).add((subject.name, row))
        return found

    def told_by(
        self, where: Sequence[Reach], whose: Mapping[Key, Collection[Person]]
    ) -> set[Key]:
        """Return the rows of which nobody but some says it: no other profile, and no record.

        :param where: where it is said.
        :param whose: the rows, and those who may say it.
        """
        if not whose or any(self._profile(at) is None for at in where):
            return set()
        said = [self._people(at, list(whose)) for at in where]
        return {
            key for key, who in whose.items()
            if all(one.get(key, set[Person]()) <= set(who) for one in said)
        }  # fmt: skip

    def _profile(self, at: Reach) -> int | None:
        """Return after how many steps a way comes to the last profile on it, or None."""
        tables = [self.declared.name, *(hop.table.fullname for hop in at.hops)]
        steps = (step for step, name in enumerate(tables) if name in self.work.datamap.subjects)
        return max(steps, default=None)

    def _asked(self) -> dict[str, set[str]]:
        """Return table -> the columns of profiles in which something is said."""
        found: dict[str, set[str]] = {}
        reaches = [*self.known.answers.values(), *sum(self.known.events.values(), ())]
        for at in reaches:
            step = self._profile(at)
            if step is None or at.make is not None:
                continue
            table = at.hops[step - 1].table if step else self.declared.table
            onward = at.hops[step].source if step < len(at.hops) else (table.c[at.column],)
            found.setdefault(table.fullname, set()).update(column.name for column in onward)
        return found
