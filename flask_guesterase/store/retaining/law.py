"""What keeps which part of which row: law, boxes, holds and preconditions, asked in one place."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import Column, ColumnElement, Select, bindparam, select

from ...core.plan import NEW_STAY, Key, Row, Rulings, key_text
from ...core.retention import Verdict, floor, pared, together
from ...core.rule import Open, Rule
from ...core.ruling import Reason, Ruling
from ...core.treatment import RowRule
from .. import tables
from ..erasing.finder import Whose
from ..erasing.traces import holding, tells
from ..lawbook import blockers, rulebook
from ..lawbook.clocks import Record, facts_of
from ..lawbook.said import is_untold
from ..mapping.declared import Declared
from ..mapping.ways import Ways, also
from ..statements.sql import MANY, Said, asked, chunks, one_of
from . import holds, living, silent, spelling, strangers, vouching

if TYPE_CHECKING:
    from ..work import Work

Found = Mapping[str, Sequence[Row]]
_SAID: Said = {}

SEALED, PLACE, BLOCKED, HELD, ANEW = "sealed", "place", "blocked", "held", NEW_STAY
"""How something is kept: in a box, in its row, for a precondition, under a hold, for a new stay."""


def rulings(
    work: Work,
    found: Found,
    standing: Sequence[blockers.Found] = (),
    only: Mapping[tuple[str, Key], frozenset[str]] | None = None,
) -> Rulings:
    """Return what keeps parts of the rows of a plan.

    :param work: the open transaction.
    :param found: table -> rows.
    :param standing: preconditions of the hotel that stand.
    :param only: (table, key) -> the columns the plan is about, where it is not about all.
    """
    result: dict[tuple[str, Key], Ruling] = {}
    alive = spelling.now(work, living.living(work))
    for name, rows in found.items():
        declared = work.datamap.declared(name)
        keys = [row.key for row in rows]
        held = holds.covered(work, alive, name, keys, _owners(declared, rows))
        records = records_of(work, declared, keys)
        law = reasons(work, declared, records)
        records |= _unsaid(work, declared, records)
        boxed = _empty(work, declared, keys)
        made = _Made(work, standing, only)
        if not (held or records or boxed or standing or only):
            # Nothing keeps anything of any of them.
            free = Ruling(only=None if only is None else frozenset())
            result |= dict.fromkeys([(name, key) for key in keys], free)
            continue
        for row in rows:
            result[name, row.key] = made.of(
                name, row, law.get(row.key), boxed.get(row.key, frozenset()),
                tuple(held.get(row.key, ())), records.get(row.key),
            )
    return result


def _unsaid(
    work: Work, declared: Declared, records: Mapping[Key, Record]
) -> dict[Key, Record]:
    """Return records with who of several people says nothing."""
    if not records:
        return {}
    known = ways_of(work, declared)
    if all(at.to_one for at in known.answers.values()):
        return {}
    asking = {key: rules_about(work, record) for key, record in records.items()}
    return silent.noted(work, declared, known, records, asking)


def _owners(declared: Declared, rows: Sequence[Row]) -> Whose | None:
    """Return all owners of rows, where a row can have but one; None where they must be read."""
    if len(declared.paths) != 1 or not declared.paths[0].to_one:
        return None
    mine = {row.key: row.owners for row in rows}
    return mine if all(mine.values()) else None


@dataclass
class _Made:
    """Rulings of one table; of rows about which the same is true there is one.

    :param work: the open transaction.
    :param standing: preconditions of the hotel that stand.
    :param only: (table, key) -> the columns the plan is about, where it is not about all.
    """

    work: Work
    standing: Sequence[blockers.Found]
    only: Mapping[tuple[str, Key], frozenset[str]] | None
    known: dict[tuple[object, ...], Ruling] = field(default_factory=dict)

    def of(
        self, table: str, row: Row, law: Mapping[str, Reason] | None, boxed: frozenset[str],
        held: tuple[int, ...], record: Record | None,
    ) -> Ruling:
        """Return the ruling of a row."""
        needed = blockers.needed_of(self.standing, table, row) if self.standing else {}
        only = None if self.only is None else self.only.get((table, row.key), frozenset())
        # The law's words and records live as long as this does, so that an id stays whose it is.
        alike = id(law), boxed, held, tuple(sorted(needed.items())), id(record), only
        if alike not in self.known:
            told = written_facts(self.work, record) if record is not None else {}
            place = record.place if record is not None else ""
            self.known[alike] = Ruling(
                law or {}, boxed, tuple(sorted(held)), needed, place, told, only
            )
        return self.known[alike]


def records_of(work: Work, declared: Declared, keys: Sequence[Key]) -> dict[Key, Record]:
    """Return what the law may ask of rows; none where it asks nothing.

    What was written down when a row was first kept counts where the row tells nothing any more.
    """
    if not categories(work, declared):
        return {}
    records, known = facts(work, declared, keys), ways_of(work, declared)
    if is_untold(work.whole(), declared, known):
        # By what was written down of them then more may be over than by what they say now.
        return records
    before = told_before(work, declared.name, keys)
    told = {key: record for key, (record, _, _) in before.items()}
    unsaid = {key: record for key, record in told.items() if record.silent}
    heard = silent.heard(work, declared, known, unsaid) if unsaid else {}
    # What a row holds that was sealed, or that is a profile itself, is of who stands there now.
    here = {key: (record, since) for key, (record, since, stays) in before.items() if stays}
    if here and declared.name not in work.datamap.subjects:
        records = strangers.unheard(work, declared, known, here, records)
    return {
        key: told[key].under(record, heard.get(key)) if key in told else record
        for key, record in records.items()
    }


def facts(work: Work, declared: Declared, keys: Sequence[Key]) -> dict[Key, Record]:
    """Return what the law may ask of rows, by where it is read now and was read until lately."""
    found = ways_of(work, declared)
    return facts_of(work.conn, work.whole(), work.settings, declared.name, keys, found)


def ways_of(work: Work, declared: Declared) -> Ways:
    """Return how rows of a table are read; what was read before counts until people let it go."""
    return also(work.datamap, declared, rulebook.paths(work, declared.name))


def reasons(
    work: Work, declared: Declared, records: Mapping[Key, Record]
) -> dict[Key, dict[str, Reason]]:
    """Return, per row, why the law still keeps each of its retention categories today."""
    if not records:
        return {}
    labels = categories(work, declared)
    kept: dict[Key, dict[str, Reason]] = {}
    known: dict[int, dict[str, Reason]] = {}
    for key, record in records.items():
        if id(record) not in known:
            known[id(record)] = _still(work, record, labels)
        kept[key] = known[id(record)]
    return kept


def _still(
    work: Work, record: Record, labels: Mapping[str, Sequence[str]]
) -> dict[str, Reason]:
    said = {}
    for category, names in labels.items():
        verdict = judge(work, record, names)
        if verdict.kept(blockers.today_at(work.settings, work.now, record.place)):
            said[category] = reason(verdict)
    return said


def categories(work: Work, declared: Declared) -> dict[str, tuple[str, ...]]:
    """Return category -> what it is called, and was called while a change does not act yet."""
    names = {
        category: called(work, declared, category) for category in set(declared.retain.values())
    }
    for column, category in relabelled(work).get(declared.name, {}).items():
        was = rulebook.labels(work, declared.name, column)
        names[category] = tuple(sorted({*names.get(category, ()), category, *was}))
    return names


def called(work: Work, declared: Declared, category: str) -> tuple[str, ...]:
    """Return the categories that bind a table's retained columns of one category."""
    names = {category}
    for column, declared_as in declared.retain.items():
        if declared_as == category:
            names.update(rulebook.labels(work, declared.name, column))
    return tuple(sorted(names))


def relabelled(work: Work) -> dict[str, dict[str, str]]:
    """Return table -> column -> category of columns that are not retained any more, but are still.

    A retained column that is declared to go at once goes only when that change is allowed to act.
    """
    found: dict[str, dict[str, str]] = {}
    for (table, column), names in rulebook.all_labels(work).items():
        declared = work.datamap.tables.get(table)
        if names and declared is not None and _leaves(declared, column):
            found.setdefault(table, {})[column] = names[0]
    return found


def _leaves(declared: Declared, column: str) -> bool:
    """Return whether a column goes at once, by a rule of its own or with its whole row."""
    if column in declared.retain or declared.find(column) is None:
        return False
    return column in declared.erase or declared.policy.rows is not RowRule.OVERWRITE


def names_of(work: Work, line: Any) -> tuple[str, ...]:
    """Return what the category of a kept row is called, and was called before."""
    names = {line.category}
    for column in json.loads(line.columns):
        names.update(rulebook.labels(work, line.table_name, column))
    return tuple(sorted(names))


def judge(work: Work, record: Record, categories: Sequence[str]) -> Verdict:
    """Return how long a record stays under several categories at once: the longest counts.

    :param work: the open transaction.
    :param record: what the host says of it.
    :param categories: its category, and an older one whose change does not act yet.
    """
    if not record.place:
        return Verdict(open=(Open.NO_PLACE,))
    rules = rules_at(work, record.place)
    return together([floor(rules, category, record.facts) for category in categories])


def reason(verdict: Verdict) -> Reason:
    """Return a verdict as the plan carries it."""
    rule: Rule | None = verdict.decisive
    until = "" if verdict.open or verdict.until is None else verdict.until.isoformat()
    return Reason(
        rule.until_rule() if rule is not None else "",
        verdict.basis,
        until,
        tuple(word.value for word in verdict.open),
        rule.grade.value if rule is not None else "",
        verdict.conflicts,
    )


def rules_at(work: Work, place: str) -> tuple[Rule, ...]:
    """Return the rules of retention in force at a property, read once in a transaction."""
    if place not in work.rules:
        work.rules[place] = rulebook.in_force(work, place)
    return work.rules[place]


def rules_everywhere(work: Work) -> list[tuple[str, Rule]]:
    """Return the rules of retention in force with the code of each property they are in force at.

    They are read at once, however many properties there are, and once in a transaction.
    """
    # Where one is written down first, those that were read before are forgotten.
    while missing := [code for code in work.settings.properties if code not in work.rules]:
        work.rules.update(rulebook.all_in_force(work, missing))
    return [(code, rule) for code in work.settings.properties for rule in work.rules[code]]


def _empty(work: Work, declared: Declared, keys: Sequence[Key]) -> dict[Key, frozenset[str]]:
    """Return the categories of which rows hold nothing any more: sealed, or erased on their day."""
    found = sealed_before(work, declared.name, keys) if declared.retain else {}
    empty = {key: set(names) for key, names in found.items()}
    for category in sorted(set(declared.retain.values())):
        columns = [n for n, c in declared.retain.items() if c == category]
        still = holding(work.conn, declared, keys, columns)
        certain = tells(declared, columns)
        for key in keys:
            if key not in still:
                empty.setdefault(key, set()).add(category)
            elif certain:
                # It was sealed, and the host has written into the row since.
                empty.get(key, set()).discard(category)
    return {key: frozenset(names) for key, names in empty.items()}


def told_before(
    work: Work, name: str, keys: Sequence[Key]
) -> dict[Key, tuple[Record, datetime, bool]]:
    """Return what was written down about rows that are kept, since when, and whether in place.

    The row may not tell it any more.
    """
    texts = {key_text(key): key for key in keys}
    kept, found = tables.kept.c, dict[Key, tuple[Record, datetime, bool]]()
    where = kept.table_name, kept.row_key, kept.property, kept.mode
    said = *where, kept.facts, kept.open, kept.since
    for part in chunks(sorted(texts), MANY):
        mine = kept.table_name == name, one_of(kept.row_key, part), kept.ended_at.is_(None)
        # What was written down last has in it what was before.
        for row in work.conn.execute(select(*said).where(*mine).order_by(kept.id)):
            # MariaDB finds keys also that end in more blanks, or fewer.
            if row.row_key not in texts:
                continue
            record, key = vouching.read_facts(work, row), texts[row.row_key]
            last, first, stays = found.get(key, (record, row.since, False))
            stays = stays or row.mode == PLACE
            found[key] = record if record.place else last, min(first, row.since), stays
    return found


def written_facts(work: Work, record: Record) -> dict[str, Any]:
    """Return facts as plain values: days, the little that rules ask, who did not say it, where."""
    facts = pared(record.facts, rules_about(work, record))
    events = {event: day.isoformat() for event, day in facts.events.items()}
    answers = {name: _written(said) for name, said in facts.answers.items()}
    told = {"events": events, "answers": answers, "place": record.place}
    # What nobody left open is written down as it always was.
    marks = {name: sorted(each) for name, each in record.silent.items()}
    return told | ({"silent": marks} if marks else {})


def _written(said: Any) -> Any:
    if isinstance(said, tuple):
        return [_written(each) for each in said]
    return said if said is None or isinstance(said, bool | int) else str(said)


def rules_about(work: Work, record: Record) -> tuple[Rule, ...]:
    """Return the rules that may bind a record: those of all properties where nobody knows its own.

    What each of these would take from its property it says itself then.
    """
    if record.place:
        return rules_at(work, record.place)
    houses = work.settings.properties
    return tuple(
        replace(
            rule, country=rule.country or houses[code].country,
            fiscal=rule.fiscal or houses[code].fiscal,
        )
        for code, rule in rules_everywhere(work)
    )  # fmt: skip


def sealed_before(work: Work, name: str, keys: Iterable[Key]) -> dict[Key, frozenset[str]]:
    """Return the categories of these rows that were put into a box, which may be gone again."""
    kept, found = tables.kept.c, dict[Key, set[str]]()
    for key, category in _before(work, name, keys, kept.category, kept.mode == SEALED):
        found.setdefault(key, set()).add(category)
    return {key: frozenset(names) for key, names in found.items()}


def open_before(work: Work, name: str, keys: Iterable[Key]) -> dict[Key, set[str]]:
    """Return why nobody can say until when these rows stay, of those an erasure kept in place."""
    kept, found = tables.kept.c, dict[Key, set[str]]()
    lasting = kept.mode == PLACE, kept.until.is_(None), kept.ended_at.is_(None)
    for key, reasons in _before(work, name, keys, kept.open, *lasting):
        found.setdefault(key, set()).update(reasons.split(","))
    return found


def needed_before(work: Work, name: str, keys: Iterable[Key]) -> dict[Key, frozenset[str]]:
    """Return the columns of these rows that are written down as needed by a precondition."""
    kept, found = tables.kept.c, dict[Key, frozenset[str]]()
    lasting = kept.mode == BLOCKED, kept.ended_at.is_(None)
    for key, columns in _before(work, name, keys, kept.columns, *lasting):
        found[key] = found.get(key, frozenset()).union(json.loads(columns))
    return found


def _before(
    work: Work, name: str, keys: Iterable[Key], said: Column[Any], *which: ColumnElement[bool]
) -> Iterator[tuple[Key, str]]:
    """Yield what is written down of these rows, each as often as an erasure kept something."""
    kept, texts = tables.kept.c, {key_text(key): key for key in keys}

    def made() -> tuple[Select[Any], list[ColumnElement[Any]]]:
        mine = kept.table_name == bindparam("table"), *which
        return select(kept.row_key, said).where(*mine), [kept.row_key]

    for part in chunks(sorted(texts), MANY):
        wanted, given = asked(_SAID, (said.name,), made, [(text,) for text in part])
        told = work.conn.execute(wanted, {**(given or {}), "table": name})
        yield from ((texts[text], what) for text, what in told if text in texts)
