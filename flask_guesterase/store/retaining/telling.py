"""What the law, the hotel and an erasure say of one row, in sentences without personal data."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import TypeDecorator, exists, select
from sqlalchemy.exc import SQLAlchemyError

from ...core.errors import GuesteraseError
from ...core.image import Cell, Form
from ...core.plan import LEGAL_DUTY, Key, Person, Row, key_text
from ...core.retention import Due, Verdict, due, start
from ...core.rule import Facts, Open, Rank, Rule, Start
from ...core.treatment import Placeholder, Redact
from .. import tables
from ..lawbook import blockers, rulebook
from ..lawbook.clocks import Record, facts_of
from ..mapping.declared import Declared
from ..mapping.masks import beneath
from ..mapping.proof import stands
from ..mapping.raw import Reader, reader
from ..work import Work
from . import holds, law

OPEN_WORDS: Mapping[Open, str] = {
    Open.NO_RULE: "no pack and no period of the house says how long",
    Open.NO_CLOCK: "the event that starts the period has not happened or is not on file",
    Open.NO_PLACE: "nobody can tell at which property it lies",
    Open.UNKNOWN_FLOOR: "the law wants it kept and gives no number",
    Open.UNKNOWN_FACT: "the data do not answer a condition of the rule",
    Open.UNSURE: "what the law says of it is known from memory only (grade C)",
    Open.DRAFT: "nobody signed the pack that speaks of it",
}
"""Why the end of a floor is not known, as part of a sentence."""


@dataclass(frozen=True)
class Asked:
    """The row that is explained.

    :param declared: its table.
    :param key: its key.
    :param owners: subject rows it belongs to, each with the index of the owner path.
    :param record: what the host's data say of it to the law.
    :param today: the day at its property.
    """

    declared: Declared
    key: Key
    owners: frozenset[tuple[Person, int]]
    record: Record
    today: date


def told(
    work: Work, declared: Declared, key: Key, owners: Iterable[tuple[Person, int]]
) -> Iterator[str]:
    """Yield what keeps a row, or parts of it, and what makes it go without a request.

    :param work: the open transaction.
    :param declared: its table.
    :param key: its key.
    :param owners: subject rows it belongs to, each with the index of the owner path.
    """
    known, unread = {}, ""
    try:
        known = law.records_of(work, declared, [key]) or facts_of(
            work.conn, work.datamap, work.settings, declared.name, [key]
        )
    except (GuesteraseError, SQLAlchemyError):
        raise
    except Exception as problem:  # a value that is none of its column's type, or the host's own
        unread = (
            "At present nobody can judge what the law says of it: A date of "
            f"{declared.name} cannot be read ({type(problem).__name__})."
        )
    record = known.get(key, Record("", Facts()))
    today = blockers.today_at(work.settings, work.now, record.place)
    row = Asked(declared, key, frozenset(owners), record, today)
    lines = _lines(work, row)
    yield from (unread,) if unread else _law(work, row, lines)
    yield from _hotel(work, row, lines)
    yield from _kept(work, row, lines)


# the law


def _law(work: Work, row: Asked, lines: Sequence[Any]) -> Iterator[str]:
    """Yield what the law wants kept of a row, and when the rest goes."""
    verdicts = _verdicts(work, row, _over(lines))
    columns = {category: _columns(work, row, category) for category in verdicts}
    bare = _bare(work, row, columns) - {line.category for line in lines}
    for category, verdict in verdicts.items():
        said = _NOTHING if category in bare else _floor(row, verdict)
        yield f"{category} ({', '.join(columns[category])}): {said}"
    going = row.declared.erase or row.declared.deletes
    if going or any(not v.claims for v in verdicts.values()):
        yield _end(work, row)


def _verdicts(work: Work, row: Asked, over: frozenset[str]) -> dict[str, Verdict]:
    """Return category -> how long it is kept, of those that an erasure has not ended already."""
    names = law.categories(work, row.declared)
    return {
        name: law.judge(work, row.record, names[name]) for name in sorted(names.keys() - over)
    }


def _columns(work: Work, row: Asked, category: str) -> list[str]:
    moved = law.relabelled(work).get(row.declared.name, {})
    known = {**row.declared.retain, **moved}
    return sorted(name for name, wanted in known.items() if wanted == category)


_NOTHING = "the row holds nothing of it that could be kept."


def _bare(work: Work, row: Asked, columns: Mapping[str, Sequence[str]]) -> frozenset[str]:
    """Return the categories of whose columns each is empty, or plainly as an erasure leaves it."""
    reads = reader(work.conn, row.declared, work.live())
    names = sorted({name for each in columns.values() for name in each})
    cells = reads.read([row.key], names).get(row.key, ()) if names else ()
    empty = {each.name for each in cells if _is_bare(reads, each)}
    return frozenset(name for name, each in columns.items() if each and empty >= set(each))


def _is_bare(reads: Reader, now: Cell) -> bool:
    column, rule = reads.declared.column(now.name), beneath(reads.declared.written(now.name))
    if now.form is Form.NULL:
        return True
    plain = now.form is Form.TEXT and not isinstance(column.type, TypeDecorator)
    known = plain and isinstance(rule, Redact | Placeholder)
    return known and stands(rule, column, now, reads.room(now.name))


def _floor(row: Asked, verdict: Verdict) -> str:
    rule = verdict.decisive
    by = f"{_rule(rule)} keeps it" if rule is not None else "it is kept"
    if verdict.open:
        why = "; ".join(OPEN_WORDS[word] for word in verdict.open)
        asks = _conditions(verdict) if Open.UNKNOWN_FACT in verdict.open else ""
        least = f", at least until {verdict.until}" if verdict.until is not None else ""
        said = f"{by}{least}, and nobody knows until when: {why}{asks}. It stays."
    elif verdict.until is None:
        said = "no rule wants a record like this one kept."
    elif row.today <= verdict.until:
        goes = "goes by itself" if row.declared.policy.clock is not None else "may go"
        said = f"{by} until {verdict.until}{_counted(rule, row)}; after that day it {goes}."
    else:
        said = f"{by} until {verdict.until}{_counted(rule, row)}, which is over: it may go."
    if verdict.conflicts:
        said += (
            f" The general law may not recognise a period of this rank"
            f" ({', '.join(verdict.conflicts)}); the conflict is recorded."
        )
    return said


def _rule(rule: Rule) -> str:
    if rule.rank is Rank.HOUSE:
        return f"a period of the house ({rule.id})"
    article = f"{rule.article}, " if rule.article else ""
    return f"{article}grade {rule.grade.value} ({rule.id})"


def _conditions(verdict: Verdict) -> str:
    asked = {
        name
        for claim in verdict.claims
        if claim.open is Open.UNKNOWN_FACT
        for name in claim.rule.when
    }
    return f" ({', '.join(sorted(asked))})" if asked else ""


def _counted(rule: Rule | None, row: Asked) -> str:
    """Return from which event and day a period runs."""
    events = row.record.facts.events
    known = [event for event in rule.clock if event in events] if rule is not None else []
    if rule is None or not known:
        return ""
    event = max(known, key=lambda name: events[name])
    since = f"'{event}' on {events[event]}"
    if rule.start is Start.EVENT:
        return f", counted from {since}"
    return f", counted from {start(rule, row.record.facts)} ({rule.start.value} after {since})"


def _end(work: Work, row: Asked) -> str:
    """Return when the rest of a row goes without a request."""
    policy = row.declared.policy
    if not (policy.clock and policy.category) and _goes_along(work, row):
        return (
            "Without a request it goes with whom it belongs to, when their own time is over; it "
            "has no day of its own."
        )
    if policy.clock is None:
        return "Without a request nothing of it goes by itself: no clock is declared."
    if not policy.category:
        return "Without a request the rest stays: no category is declared."
    found = _ceiling(work, row)
    if found is None or found.rule is None:
        for rule in rulebook.coming(work, row.record.place) if row.record.place else ():
            if rule.category == policy.category and rule.ceiling is not None:
                return (
                    f"Without a request the rest stays for now: {_rule(rule)} says how long"
                    f" {policy.category} may be kept here, and acts from {rule.acts_on} on."
                )
        return (
            f"Without a request the rest stays: no pack and no period of the house says how long"
            f" {policy.category} may be kept here, or the event that starts it is not on file."
        )
    if found.draft:
        return (
            f"{_rule(found.rule)} would end it on {found.day}, but a draft or grade C erases"
            f" nothing by itself."
        )
    return (
        f"Without a request the rest goes by itself after {found.day}, by"
        f" {_rule(found.rule)}{_counted(found.rule, row)}."
    )


def _goes_along(work: Work, row: Asked) -> bool:
    """Return whether a row belongs to somebody of another table, whose whole data go by a day."""
    others = {table for (table, _), _ in row.owners} - {row.declared.name}
    policies = (work.datamap.declared(table).policy for table in others)
    return any(each.clock and each.category for each in policies)


def _ceiling(work: Work, row: Asked) -> Due | None:
    """Return the ceiling of a row's own category; of several names the latest, if all have one."""
    name = row.declared.policy.category
    names = {name, *rulebook.labels(work, row.declared.name, "")}
    if not row.record.place:
        return None
    rules = law.rules_at(work, row.record.place)
    found = [due(rules, each, row.record.facts) for each in sorted(names)]
    if any(each.day is None for each in found):
        return None
    return max(found, key=lambda each: (each.draft, each.day or row.today))


# the hotel


def _hotel(work: Work, row: Asked, lines: Sequence[Any]) -> Iterator[str]:
    """Yield what of the hotel's own stands in the way; nobody needs what the row shows no more."""
    gone = {
        name
        for line in lines
        if line.mode == law.SEALED or line.ended_at is not None
        for name in json.loads(line.columns)
    }
    standing = blockers.standing(work, [person for person, _ in row.owners])
    whole = {f"{f.name}{_until(f.until)}" for f in standing if f.needs is None}
    if whole:
        yield f"The hotel still needs whom it belongs to: {', '.join(sorted(whole))}."
    needed = blockers.needed_of(standing, row.declared.name, Row(row.key, row.owners))
    names: dict[str, list[str]] = {}
    for column, name in needed.items():
        if column not in gone:
            names.setdefault(name, []).append(column)
    for name, columns in sorted(names.items()):
        yield f"The hotel still needs {', '.join(sorted(columns))}: {name}."


def _until(day: date | None) -> str:
    return f" until {day}" if day is not None else ""


# what an erasure left


def _lines(work: Work, row: Asked) -> Sequence[Any]:
    """Return what erasures kept of a row; what two people took back is in it as it was."""
    table, back = tables.kept, tables.restoration
    mine = (table.c.table_name == row.declared.name, table.c.row_key == key_text(row.key))
    undone = exists().where(
        back.c.request == table.c.request, back.c.confirmed_at == table.c.ended_at
    )
    return work.conn.execute(select(table).where(*mine, ~undone).order_by(table.c.id)).all()


def _over(lines: Sequence[Any]) -> frozenset[str]:
    """Return the categories of which an erasure kept something, and nothing any more."""
    living = {line.category for line in lines if line.ended_at is None}
    return frozenset(line.category for line in lines) - living


def _kept(work: Work, row: Asked, lines: Sequence[Any]) -> Iterator[str]:
    living = [line for line in lines if line.ended_at is None]
    if holds.held(work, row.declared.name, [row.key]) or law.HELD in {k.mode for k in living}:
        # Who reads this has shown no permission: every hold is told as a duty of law.
        yield f"A duty of law keeps it as it is ({LEGAL_DUTY}); its last day is not known."
    for line in living:
        if line.mode != law.HELD:
            yield _line(work, line)
    still = {line.columns for line in living}
    for columns in sorted({k.columns for k in lines if k.mode != law.HELD} - still):
        last = max((k for k in lines if k.columns == columns), key=lambda k: k.ended_at)
        yield f"What was kept of {_names(columns)} ended on {on(work, last, last.ended_at)}."


def on(work: Work, line: Any, moment: datetime) -> date:
    """Return the day of a moment at the property of one of our rows.

    :param work: the open transaction.
    :param line: the row, with the code of its property.
    :param moment: naive UTC.
    """
    return blockers.today_at(work.settings, moment.replace(tzinfo=UTC), line.property)


def _line(work: Work, line: Any) -> str:
    whom = f" (request {line.request})" if line.request else ""
    names, since = _names(line.columns), f"since {on(work, line, line.since)}"
    until = f"until {line.until}" if line.until else "with no last day known"
    if line.mode == law.SEALED:
        return f"{names}: in a sealed box {since}{whom}, {until}; the row shows nothing of it."
    if line.mode == law.ANEW:
        return f"{names}: kept {since}{whom}, because a stay was booked since the erasure."
    if line.mode == law.BLOCKED:
        return f"{names}: kept {since}{whom} for what the hotel still needs ({line.open})."
    return f"{names}: kept in place {since}{whom}, hidden from daily use, {until}."


def _names(columns: str) -> str:
    found: Sequence[str] = json.loads(columns)
    return ", ".join(found)
