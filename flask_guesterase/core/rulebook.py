"""The lines of the rulebook: what each holds, whether it binds, and the rules that bind today.

The rulebook remembers every line that ever bound a record; see `core.reconciling`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import MISSING, dataclass, fields, replace
from datetime import date
from enum import StrEnum
from typing import Any

from .log import canonical
from .period import Period, period
from .rule import Grade, Kind, Rank, Rule, Start


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
            said = [*map(str, condition(rule)), _limits(rule)]
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


def condition(rule: Rule) -> tuple[str, ...]:
    """Return on which records a rule acts and when its clock starts, in a form to compare."""
    when = canonical({name: _plain(value) for name, value in rule.when.items()}).decode()
    valid = f"{rule.valid_from}/{rule.valid_to}"
    said = rule.category, "|".join(sorted(rule.clock)), rule.start.value, when, valid
    fiscal = () if rule.fiscal in (None, _USUAL) else ("{}-{}".format(*rule.fiscal),)
    # A law that counts in its own country need not name it: so was every line marked before.
    home = () if rule.country in ("", rule.jurisdiction[:2]) else (rule.country,)
    return *said, *fiscal, *home


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
