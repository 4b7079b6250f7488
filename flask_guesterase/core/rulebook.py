"""Which rules are in force: adding one acts at once, shortening waits for two people and 30 days.

The rulebook remembers every line that ever bound a record. What the sources (packs, the data map)
say today is reconciled with it: a floor that is gone from them lives on, and a ceiling that is new
waits, until people have let the change act.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import MISSING, dataclass, fields, replace
from datetime import date, timedelta
from enum import StrEnum
from typing import Any

from .log import canonical
from .period import Period, period
from .retention import Grade, Kind, Rank, Rule, Start

DAYS = 30
"""Days between the second person's word and the day a shortening acts."""


class LineKind(StrEnum):
    """What a line of the rulebook is about."""

    FLOOR = "floor"
    CEILING = "ceiling"
    LABEL = "label"
    HOUSE = "house"


class LineState(StrEnum):
    """Whether a line binds: proposed and coming ones do not yet, leaving ones still do."""

    PROPOSED = "proposed"
    LIVING = "living"
    LEAVING = "leaving"
    COMING = "coming"
    ENDED = "ended"


@dataclass(frozen=True)
class Line:
    """One line of the rulebook.

    :param kind: floor, ceiling, label, or a period of the house.
    :param name: the rule's id, or ``table.column`` of a label.
    :param body: the rule as `rule_body` writes it; of a label, table, column and category, or
        where the table has what the law asks (see `whence`).
    :param state: whether it binds.
    :param signed: it stood in a text that a named person signed.
    :param acts_on: day from which the allowed change acts: a leaving line ends, a coming one binds.
    :param id: number of its row; 0 of what comes from a source.
    """

    kind: LineKind
    name: str
    body: Mapping[str, Any]
    state: LineState = LineState.LIVING
    signed: bool = False
    acts_on: date | None = None
    id: int = 0

    @property
    def mark(self) -> str:
        """Return a hash of what decides days; articles, sources and notes may be corrected."""
        if self.kind is LineKind.LABEL:
            said: object = dict(self.body)
        else:
            rule = rule_of(self.body)
            said = [*map(str, _condition(rule)), _limits(rule)]
        return hashlib.sha256(canonical([self.kind.value, said])).hexdigest()

    @property
    def key(self) -> tuple[str, str, str]:
        """Return what makes it the same line: kind, name and mark."""
        return self.kind.value, self.name, self.mark

    def rule(self) -> Rule:
        """Return the rule it holds, signed when its text was."""
        return replace(rule_of(self.body), signed=self.signed)

    def acts(self, today: date) -> bool:
        """Return whether the change that people allowed has reached its day."""
        return self.acts_on is not None and self.acts_on <= today


def _limits(rule: Rule) -> list[Any]:
    return [
        _text(rule.floor),
        rule.floor_unknown,
        _text(rule.ceiling),
        rule.ceiling_kind.value,
        rule.grade is Grade.C,
    ]


def _condition(rule: Rule) -> tuple[str, ...]:
    """Return on which records a rule acts and when its clock starts, in a form to compare."""
    when = canonical({name: _plain(value) for name, value in rule.when.items()}).decode()
    valid = f"{rule.valid_from}/{rule.valid_to}"
    said = rule.category, "|".join(sorted(rule.clock)), rule.start.value, when, valid
    return said if rule.fiscal in (None, _USUAL) else (*said, "{}-{}".format(*rule.fiscal))


_USUAL = (12, 31)
"""End of the fiscal year that a line need not name."""


def rule_body(rule: Rule) -> dict[str, Any]:
    """Return a rule as JSON can hold it; what has its default is left out."""
    body = {}
    for item in fields(Rule):
        value = getattr(rule, item.name)
        default = item.default if item.default_factory is MISSING else item.default_factory()
        if value != default:
            body[item.name] = _plain(value)
    return body


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: _plain(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, Period | date):
        return str(value)
    return value.value if isinstance(value, StrEnum) else value


_READ: dict[str, Any] = {
    "grade": Grade,
    "floor": period,
    "ceiling": period,
    "ceiling_kind": Kind,
    "clock": tuple,
    "start": Start,
    "rank": Rank,
    "valid_from": date.fromisoformat,
    "valid_to": date.fromisoformat,
    "facts": tuple,
    "fiscal": tuple,
    "acts_on": date.fromisoformat,
}


def rule_of(body: Mapping[str, Any]) -> Rule:
    """Return the rule that `rule_body` wrote."""
    return Rule(**{name: _READ.get(name, _same)(value) for name, value in body.items()})


def _same(value: Any) -> Any:
    return value


def lines_of(rule: Rule) -> list[Line]:
    """Return a pack's rule as lines: its floor and its ceiling wait for different things.

    Only two people set a period of the house: a pack that calls its rule one is not believed.
    """
    rank = Rank.CONTRACT if rule.rank is Rank.HOUSE else rule.rank
    grade = Grade.C if rule.grade is Grade.HOUSE else rule.grade
    whole = replace(rule, rank=rank, grade=grade, signed=True)
    made = []
    if rule.floor is not None or rule.floor_unknown:
        lower = replace(whole, ceiling=None, ceiling_kind=Kind.SOFT)
        made.append(Line(LineKind.FLOOR, rule.id, rule_body(lower), signed=rule.signed))
    if rule.ceiling is not None or not made:
        upper = replace(whole, floor=None, floor_unknown=False)
        made.append(Line(LineKind.CEILING, rule.id, rule_body(upper), signed=rule.signed))
    return made


def label(table: str, column: str, category: str) -> Line:
    """Return the line that says under which category the law keeps a column."""
    body = {"table": table, "column": column, "category": category}
    return Line(LineKind.LABEL, named(f"{table}.{column}"), body, signed=True)


def named(name: str) -> str:
    """Return the name of a line, as long as its column."""
    return name if len(name) <= _LONGEST_NAME else hashlib.sha256(name.encode()).hexdigest()


_LONGEST_NAME = 160


@dataclass(frozen=True)
class Changes:
    """What a reconciliation does to the rulebook.

    :param added: lines that are new.
    :param moved: known lines whose state, day, signature or text changed.
    :param ended: known lines that bind nothing any more.
    """

    added: tuple[Line, ...] = ()
    moved: tuple[Line, ...] = ()
    ended: tuple[Line, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.added or self.moved or self.ended)

    def apply(self, known: Iterable[Line]) -> list[Line]:
        """Return the rulebook after these changes."""
        gone = {line.id for line in (*self.moved, *self.ended)}
        return [*(line for line in known if line.id not in gone), *self.moved, *self.added]


def reconcile(
    known: Sequence[Line], sources: Iterable[Line], today: date, first: bool = False
) -> Changes:
    """Return what becomes of the rulebook when the sources say this today.

    :param known: lines that have not ended, with their numbers.
    :param sources: what packs and data map say today.
    :param today: the day.
    :param first: the rulebook never held a line: everything is taken as it is.
    """
    wanted: dict[tuple[str, str, str], Line] = {}
    for line in sources:
        # Of two that say the same of a record the one that counts does not hang on their order.
        wanted[line.key] = min(wanted.get(line.key, line), line, key=_precedence)
    if first:
        return Changes(added=tuple(wanted.values()))
    there = {line.key for line in known}
    added = [_new(line, known, today) for key, line in wanted.items() if key not in there]
    added += _unruled(known, added, today)
    coming = {
        line.name
        for line in (*known, *added)
        if line.kind is LineKind.CEILING and line.state is LineState.COMING
        and not line.acts(today) and line.key in wanted
    }  # fmt: skip
    after = [(line, _later(line, wanted, coming, today)) for line in known]
    return Changes(
        tuple(added),
        tuple(new for old, new in after if new is not None and new != old),
        tuple(old for old, new in after if new is None),
    )


def _precedence(line: Line) -> tuple[bool, bytes]:
    return not line.signed, canonical(line.body)


def adopted(own: Sequence[Line], former: Sequence[Line], today: date) -> Changes:
    """Return what becomes of the lines of a property and of its former codes under one code.

    Its rows were under the former lines: what would end them earlier waits, and nothing is twice.

    :param own: lines of the code it has now, with their numbers.
    :param former: lines of the codes it had, with their numbers; none where it had no other.
    :param today: the day.
    """
    if not former:
        return Changes()
    living = [line for line in own if line.state is LineState.LIVING]
    waits = [new for line in living if (new := _new(line, former, today)) != line]
    known = {line.key for line in former}
    ended = [line for line in waits if line.key in known]
    there = {line.key for line in living} - {line.key for line in waits}
    for line in former:
        if line.key in there:
            ended.append(line)
        elif line.state is LineState.LIVING:
            there.add(line.key)
    moved = [line for line in waits if line.key not in known]
    return Changes(tuple(_unruled(former, own, today)), tuple(moved), tuple(ended))


def _new(line: Line, known: Iterable[Line], today: date) -> Line:
    """Return a line no one knew: it acts at once unless it makes records go.

    So does a ceiling that shortens, and a floor about records that may have had no end.
    """
    if line.kind not in (LineKind.FLOOR, LineKind.CEILING):
        return line
    rule = line.rule()
    before = [k for k in binding(known, today) if (k.kind, k.name) == (line.kind, line.name)]
    if line.kind is LineKind.FLOOR:
        same = any(_ends_by(old, today) and _alike(rule, old.rule()) for old in before)
        return line if same or rule.floor is None else waiting(line, today)
    if rule.ceiling is None or any(no_shorter(rule, old.rule()) for old in before):
        return line
    return replace(line, state=LineState.COMING)


def waiting(line: Line, today: date) -> Line:
    """Return a floor by which what has no end by others may go thirty days from a day."""
    first = replace(rule_of(line.body), acts_on=today + timedelta(days=DAYS))
    return replace(line, body=rule_body(first))


def _alike(one: Rule, other: Rule) -> bool:
    return _condition(one) == _condition(other)


def _ends_by(line: Line, today: date) -> bool:
    """Return whether what had no end may go by a floor, or may as soon as somebody signs it."""
    return not _waits(line, today) and (line.signed or "acts_on" not in line.body)


def _unruled(known: Iterable[Line], added: Iterable[Line], today: date) -> list[Line]:
    """Return what keeps records of a category that no rule spoke of: the end was open, so it stays.

    A new rule would end what nobody could end before: that is a shortening, like any other.
    """
    ruled = {
        line.body["category"]
        for line in binding(known, today)
        if _speaks(line) and not _waits(line, today)
    }
    new = {line.body["category"] for line in binding(added, today) if _speaks(line)}
    return [
        Line(
            LineKind.FLOOR,
            f"none/{category}",
            rule_body(Rule(f"none/{category}", "none", category, floor_unknown=True)),
            LineState.LEAVING,
            signed=True,
        )
        for category in sorted(new - ruled)
    ]


def _waits(line: Line, today: date) -> bool:
    """Return whether a floor ends nothing yet of what had no end."""
    return date.fromisoformat(line.body.get("acts_on", _EVER)) > today


_EVER = date.min.isoformat()


def _speaks(line: Line) -> bool:
    """Return whether a line has a floor or a ceiling, so that records are under a rule."""
    return bool({"floor", "floor_unknown", "ceiling"} & set(line.body))


def _later(
    line: Line, wanted: Mapping[tuple[str, str, str], Line], coming: set[str], today: date
) -> Line | None:
    """Return what a known line becomes, or None when it ends."""
    source = wanted.get(line.key)
    if line.state is LineState.COMING and line.acts(today):
        line = replace(line, state=LineState.LIVING, acts_on=None)
    if line.kind is LineKind.HOUSE:
        return None if line.state is LineState.LEAVING and line.acts(today) else line
    if source is not None:
        return _kept(line, source, today)
    if line.kind is LineKind.CEILING:
        stays = line.state is not LineState.COMING and line.name in coming
        return replace(line, state=LineState.LEAVING) if stays else None
    if line.state is LineState.LEAVING and line.acts(today):
        return None
    if any(covers(other, line) for other in wanted.values()):
        return None
    return replace(line, state=LineState.LEAVING)


def _kept(line: Line, source: Line, today: date) -> Line:
    """Return a line that its source still says; its text follows the newest one that is signed."""
    if source.signed or not line.signed:
        line = _following(line, source, today)
    if line.state is LineState.COMING:
        return line
    return replace(line, state=LineState.LIVING, acts_on=None)


def _following(line: Line, source: Line, today: date) -> Line:
    """Return a line in its source's words; the days it waits begin when somebody signs it."""
    said = {name: line.body[name] for name in ("acts_on",) if name in line.body}
    kept = replace(line, body={**source.body, **said}, signed=source.signed or line.signed)
    return waiting(kept, today) if said and kept.signed and not line.signed else kept


def settled(lines: Iterable[Line], category: str, today: date) -> bool:
    """Return whether a floor of the house ended already what nobody knew the end of.

    A first one makes records go that were kept; so does one that takes its place before its day.

    :param lines: the rulebook of one property.
    :param category: the category.
    :param today: the day.
    """
    return any(
        line.kind is LineKind.HOUSE
        and line.body["category"] == category
        and line.rule().floor is not None
        and not _waits(line, today)
        for line in binding(lines, today)
    )


def covers(new: Line, old: Line) -> bool:
    """Return whether a floor keeps every record at least as long as another of the same name."""
    if (new.kind, new.name) != (old.kind, old.name) or new.kind is LineKind.LABEL:
        return False
    one, two = new.rule(), old.rule()
    if _condition(one) != _condition(two) or (two.grade is Grade.C and one.grade is not Grade.C):
        return False
    if one.floor is None or two.floor is None:
        return one.floor is None and two.floor is None
    return _as_long(one.floor, two.floor)


def no_shorter(new: Rule, old: Rule) -> bool:
    """Return whether a ceiling lets every record stay at least as long as another."""
    sharper = (old.ceiling_kind is Kind.SOFT and new.ceiling_kind is Kind.HARD) or (
        old.grade is Grade.C and new.grade is not Grade.C
    )
    if sharper or _condition(new) != _condition(old) or new.ceiling is None or old.ceiling is None:
        return new.ceiling is None
    return _as_long(new.ceiling, old.ceiling)


def _as_long(new: Period, old: Period) -> bool:
    """Return whether a period is as long as another from every day it may start on."""
    months = 12 * (new.years - old.years) + new.months - old.months
    days = old.days - new.days
    return months >= 0 and days <= _SHORTEST_MONTH * months and new.working >= old.working


_SHORTEST_MONTH = 28


def binding(lines: Iterable[Line], today: date) -> list[Line]:
    """Return the lines that bind today; a day that people allowed acts before anybody reconciles.

    :param lines: the rulebook.
    :param today: the day.
    """
    return [line for line in lines if _binds(line, today)]


def _binds(line: Line, today: date) -> bool:
    if line.state is LineState.COMING:
        return line.acts(today)
    if line.state is LineState.LEAVING:
        return not line.acts(today)
    return line.state is LineState.LIVING


def rules(lines: Iterable[Line], today: date) -> tuple[Rule, ...]:
    """Return the rules that bind today; floor and ceiling of one text come as one rule.

    :param lines: the rulebook of one property.
    :param today: the day.
    """
    lower: list[Rule] = []
    upper: list[Rule] = []
    for line in binding(lines, today):
        if line.kind is not LineKind.LABEL:
            rule = line.rule()
            (lower if rule.floor is not None or rule.floor_unknown else upper).append(rule)
    made = []
    for rule in lower:
        for other in upper:
            whole = replace(rule, ceiling=other.ceiling, ceiling_kind=other.ceiling_kind)
            if whole == replace(
                other, floor=rule.floor, floor_unknown=rule.floor_unknown, acts_on=rule.acts_on
            ):
                upper.remove(other)
                rule = whole
                break
        made.append(rule)
    return tuple(sorted([*made, *upper], key=lambda rule: (rule.id, str(rule_body(rule)))))


def labels(lines: Iterable[Line], today: date) -> dict[tuple[str, str], tuple[str, ...]]:
    """Return (table, column) -> the categories that bind it, sorted.

    :param lines: the labels of the rulebook.
    :param today: the day.
    """
    found: dict[tuple[str, str], set[str]] = {}
    for line in binding(lines, today):
        if line.kind is LineKind.LABEL and "category" in line.body:
            place = (line.body["table"], line.body["column"])
            found.setdefault(place, set()).add(line.body["category"])
    return {place: tuple(sorted(categories)) for place, categories in found.items()}


def _text(value: Period | None) -> str:
    return "" if value is None else str(value)
