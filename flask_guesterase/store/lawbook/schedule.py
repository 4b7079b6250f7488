"""The retention schedule of a hotel: what is kept how long and why, as a lawyer reads it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection

from ...core.finding import Finding, Severity
from ...core.pack import Pack
from ...core.period import Period
from ...core.rule import Grade, Rank, Rule
from ...core.rulebook import LineKind, LineState
from ...core.treatment import Keep, Retain
from ..mapping.datamap import DataMap
from ..mapping.declared import rule_word
from ..mapping.ways import clock_of
from ..settings import Property, Settings
from . import packs, rulebook, sources

if TYPE_CHECKING:
    from ..work import Work


@dataclass(frozen=True)
class Term:
    """One period that a rule gives.

    :param length: ISO period; empty when the law wants it kept and nobody knows how long.
    :param clock: events that start it, the latest of which counts.
    :param start: from which day it runs.
    :param when: conditions of application.
    :param kind: law, hard, soft or house: who says it, and whether it is a number in the law.
    :param rule: name of the rule.
    :param article: where it stands.
    :param source: where it was read.
    :param grade: how sure it is.
    :param as_of: how old the copy is that was read.
    :param signed: a named person of the operator signed the text.
    :param note: what a reader should know.
    :param valid_from: first day of the start of a period it binds, ISO, or empty.
    :param valid_to: last such day, ISO, or empty.
    :param acts_on: first day on which what had no end before may go by it, ISO, or empty: any day.
    :param country: country in which it asks who is a foreigner, or empty.
    :param fiscal: end of the fiscal year it counts from, ``MM-DD``, or empty: today's.
    """

    length: str
    clock: tuple[str, ...]
    start: str
    when: Mapping[str, Any]
    kind: str
    rule: str
    article: str
    source: str
    grade: str
    as_of: str
    signed: bool
    note: str
    valid_from: str = ""
    valid_to: str = ""
    acts_on: str = ""
    country: str = ""
    fiscal: str = ""


@dataclass(frozen=True)
class Entry:
    """One line of the schedule: a category of a table at a property.

    :param property: code of the property.
    :param table: name of the table.
    :param columns: the columns the law keeps; empty when it is the table's category alone.
    :param category: retention category.
    :param floors: how long it must be kept, per rule; the longest counts.
    :param ceilings: how long it may be kept, per rule; the shortest counts once no floor is left.
    :param unknown: what nobody found, in the packs' words.
    :param until: ``sealed`` or ``place``: how it is kept once a guest was erased.
    :param after: what becomes of each column then.
    :param waits: a period of it waits for people: to be set, or to be let act.
    """

    property: str
    table: str
    columns: tuple[str, ...]
    category: str
    floors: tuple[Term, ...] = ()
    ceilings: tuple[Term, ...] = ()
    unknown: tuple[str, ...] = ()
    until: str = "place"
    after: tuple[str, ...] = ()
    waits: bool = False

    def as_dict(self) -> dict[str, Any]:
        """Return it as JSON can hold it."""
        return asdict(self)


@dataclass(frozen=True)
class Kept:
    """Columns that the policy leaves as they are in rows that stay.

    :param table: name of the table.
    :param columns: the columns, in order.
    :param reason: what `keep` was given for them, as the vendor wrote it.
    """

    table: str
    columns: tuple[str, ...]
    reason: str


def declared_kept(datamap: DataMap, names: Iterable[str]) -> Iterator[Kept]:
    """Yield what the policies of some tables leave in the rows that stay, a line for each reason.

    :param datamap: the resolved data map.
    :param names: the tables.
    """
    for table in sorted(names):
        reasons: dict[str, list[str]] = {}
        for name, rule in sorted(datamap.tables[table].rules.items()):
            if isinstance(rule, Keep):
                reasons.setdefault(rule.reason, []).append(name)
        for reason, columns in reasons.items():
            yield Kept(table, tuple(columns), reason)


def schedule(work: Work, code: str) -> Sequence[Entry]:
    """Return the schedule of a property: every declared table and category, in order.

    :param work: the open transaction.
    :param code: code of the property.
    :raises UnknownError: there is no such property.
    """
    rules = rulebook.in_force(work, code)
    known = {rule.category for rule in rules}
    # Where nothing binds yet, what two people set is told with the day from which it does.
    later = [rule for rule in rulebook.coming(work, code) if rule.category not in known]
    found = _entries(work, code, [*rules, *later], sources.texts(work.settings, code))
    waits = {
        str(line.body.get("category")) for line in rulebook.book(work, code)
        if line.state in (LineState.PROPOSED, LineState.COMING) and line.kind is not LineKind.LABEL
    }  # fmt: skip
    return [replace(entry, waits=entry.category in waits) for entry in found]


def foreseen(work: Work, place: Property) -> Sequence[Entry]:
    """Return the schedule as the packs alone would make it, were a property as it is given.

    What the house decided about periods is not in it, and nothing of it binds.

    :param work: the open transaction.
    :param place: the property, with the country and region that are thought of.
    """
    texts = packs.chain(packs.load(work.settings.packs), place)
    return _entries(work, place.code, [rule for pack in texts for rule in pack.rules], texts)


def _entries(
    work: Work, code: str, rules: Sequence[Rule], texts: Iterable[Pack]
) -> Sequence[Entry]:  # fmt: skip
    unknown = [told for pack in texts for told in pack.unknown]
    rules = [_awaited(rule, rulebook.today(work)) for rule in rules]
    return [
        _entry(code, table, category, columns, rules, unknown, work.datamap)
        for (table, category), columns in sorted(_places(rulebook.all_labels(work)).items())
    ]


def _places(labels: rulebook.Labels) -> dict[tuple[str, str], tuple[str, ...]]:
    """Return (table, category) -> columns; a table's own category alone has none."""
    found: dict[tuple[str, str], set[str]] = {}
    for (table, column), categories in labels.items():
        for category in categories:
            found.setdefault((table, category), set()).update({column} - {""})
    return {place: tuple(sorted(columns)) for place, columns in found.items()}


def _entry(
    code: str,
    table: str,
    category: str,
    columns: tuple[str, ...],
    rules: Iterable[Rule],
    unknown: Iterable[tuple[str, str]],
    datamap: DataMap,
) -> Entry:
    mine = [rule for rule in rules if rule.category == category]
    return Entry(
        code,
        table,
        columns,
        category,
        tuple(_term(r, r.floor, "law") for r in mine if r.floor is not None or r.floor_unknown),
        tuple(_term(r, r.ceiling, r.ceiling_kind.value) for r in mine if r.ceiling is not None),
        tuple(text for name, text in unknown if name == category),
        "sealed" if category == "guest_register" else "place",
        tuple(sorted({_after(datamap, table, column) for column in columns})),
    )


def _awaited(rule: Rule, today: date) -> Rule:
    """Return a rule without a day on which it acts that has come."""
    come = rule.acts_on is not None and rule.acts_on <= today
    return replace(rule, acts_on=None) if come else rule


def told(rule: Rule, today: date) -> tuple[Term, bool]:
    """Return the one period that a line of the rulebook gives, and whether it is a floor."""
    rule = _awaited(rule, today)
    if rule.ceiling is not None and rule.floor is None:
        return _term(rule, rule.ceiling, rule.ceiling_kind.value), False
    return _term(rule, rule.floor, "law"), True


def _term(rule: Rule, length: Period | None, kind: str) -> Term:
    return Term(
        "" if length is None else str(length),
        rule.clock,
        rule.start.value,
        dict(rule.when),
        "house" if rule.rank is Rank.HOUSE else kind,
        rule.id,
        rule.article,
        rule.source,
        rule.grade.value,
        rule.as_of,
        rule.signed,
        rule.note,
        "" if rule.valid_from is None else rule.valid_from.isoformat(),
        "" if rule.valid_to is None else rule.valid_to.isoformat(),
        "" if rule.acts_on is None else rule.acts_on.isoformat(),
        rule.country,
        "" if rule.fiscal is None else "{:02}-{:02}".format(*rule.fiscal),
    )


def _after(datamap: DataMap, table: str, column: str) -> str:
    declared = datamap.tables.get(table)
    rule = None if declared is None else declared.rules.get(column)
    if isinstance(rule, Retain):
        return "overwrite" if rule.then is None else rule_word(rule.then)
    return "overwrite"


def findings(work: Work) -> list[Finding]:
    """Return what people must look at: packs nobody signed, old ones, periods nobody set.

    :param work: the open transaction.
    """
    found: list[Finding] = []
    kept = rulebook.all_labels(work)
    wanted = sorted({c for (_, column), names in kept.items() if column for c in names})
    for code, place in work.settings.properties.items():
        where = "" if place.country else "Give its Property a country= first: its law counts then. "
        found += _packs(work.conn, work.settings, code, rulebook.today(work))
        rules = rulebook.in_force(work, code)
        for category in wanted:
            if not any(_numbered(rule) for rule in rules if rule.category == category):
                found.append(Finding(
                    "house-missing", "", f"{code}/{category}", "No law that is known here gives "
                    "a sure number for this category, so its records may stay for good.",
                    f"{where}Let two people set a period with `flask guesterase policy house`.",
                    Severity.WARN,
                ))
    return [*found, *_unkept(work), *_unclocked(work), *_unending(work), *_unneeded(work)]


def _unkept(work: Work) -> Iterator[Finding]:
    """Yield the tables of a category that a law keeps of which no column is retained.

    The category says what a row is; what the law wants of it is said column by column.
    """
    for name, declared in sorted(work.datamap.tables.items()):
        category, register = declared.policy.category, declared.policy.register
        if not category or declared.retain or register is not None:
            continue
        keeping = {
            code for code in work.settings.properties for rule in rulebook.in_force(work, code)
            if rule.category == category and (rule.floor is not None or rule.floor_unknown)
        }  # fmt: skip
        if keeping and (declared.erase or declared.deletes):
            yield Finding(
                "floor-unkept", name, category, "A law keeps such records for a while, at "
                f"{', '.join(sorted(keeping))}, and no column of this table is retained: they go "
                "as soon as somebody asks.",
                f'Give the columns that the law wants retain("{category}"), or another category= '
                "if these are no such records.", Severity.WARN,
            )


def _unclocked(work: Work) -> Iterator[Finding]:
    """Yield the rules that count from events which the clock of their table does not name.

    The records stay, past a ceiling as well, and as no date is missing nobody is asked for one.
    """
    places: dict[tuple[str, str, tuple[str, ...]], list[str]] = {}
    for code in work.settings.properties:
        rules = [rule for rule in rulebook.in_force(work, code) if _numbered(rule)]
        for name, declared in work.datamap.tables.items():
            events = clock_of(declared.policy)
            own = {declared.policy.category, *declared.retain.values()}
            for rule in rules:
                if rule.category in own and not set(rule.clock) & set(events):
                    places.setdefault((name, rule.id, rule.clock), []).append(code)
    for (name, id_, clock), codes in sorted(places.items()):
        yield Finding(
            "clock-missing", name, id_, f"At {', '.join(dict.fromkeys(codes))} this rule counts "
            f"from {' or '.join(clock)}, and the table's clock names no such event: nothing ends "
            "by it.", "Name the event in clock=, with the column that dates it.", Severity.WARN,
        )


def _unending(work: Work) -> Iterator[Finding]:
    """Yield the tables of people whose profiles nothing makes go: all of theirs goes with them."""
    for name in sorted(work.datamap.subjects):
        category = work.datamap.declared(name).policy.category
        codes = [code for code in work.settings.properties if not _ends(work, code, category)]
        if category and codes:
            yield Finding(
                "ceiling-missing", name, category, f"At {', '.join(codes)} no rule says by when "
                "such records must be gone: these people stay until somebody asks.",
                "Let two people set a ceiling with `flask guesterase policy house`, and let it "
                "act: `flask guesterase policy waiting` lists what is set and does not yet.",
                Severity.WARN,
            )


def _ends(work: Work, code: str, category: str) -> bool:
    """Return whether a ceiling makes records of a category go, be it that it acts in some days."""
    return any(
        rule.category == category and rule.ceiling is not None and rule.grade is not Grade.C
        for rule in (*rulebook.in_force(work, code), *rulebook.coming(work, code))
    )


def _unneeded(work: Work) -> Iterator[Finding]:
    """Yield the tables of people who go by day whom nobody said the hotel may still need.

    A booking to come tells the clock of a profile nothing before its day has come.
    """
    if work.blockers:
        return
    for name in sorted(work.datamap.subjects):
        policy = work.datamap.declared(name).policy
        ends = any(
            rule.category == policy.category and rule.ceiling is not None
            for code in work.settings.properties for rule in rulebook.in_force(work, code)
        )  # fmt: skip
        if policy.clock is not None and ends:
            yield Finding(
                "blocker-missing", name, "", "These people go when their profile has had its "
                "time, and nothing says whom the hotel still needs: who has booked anew, or owes "
                "a bill.", "Declare it with guesterase.block(Blocker(...)).", Severity.WARN,
            )


def _numbered(rule: Rule) -> bool:
    """Return whether a rule gives a number that two people need not give."""
    sure = rule.grade is not Grade.C or rule.rank is Rank.HOUSE
    return sure and (rule.floor is not None or rule.ceiling is not None)


def _packs(conn: Connection, settings: Settings, code: str, today: date) -> list[Finding]:
    chain = [pack for pack in sources.texts(settings, code) if packs.asks(pack)]
    signed = sources.signed_texts(conn, (pack.code for pack in chain))
    found = [
        Finding(
            "pack-draft", "", f"{code}/{pack.code}", "Nobody signed this text of the pack: it "
            "keeps and lengthens, and lets nothing go; what it says of answers counts.",
            f"Read it and run `flask guesterase jurisdiction sign {pack.code}`.", Severity.WARN,
        )
        for pack in chain
        if (pack.code, pack.mark) not in signed
    ]  # fmt: skip
    return found + [
        Finding(
            "pack-review",
            "",
            pack.code,
            f"Somebody should have looked at this pack again by {pack.review_by}.",
            "Compare it with the law of today, or update the package.",
            Severity.WARN,
        )
        for pack in chain
        if pack.stale(today)
    ]
