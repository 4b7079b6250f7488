"""How long the law wants a record kept, and by when it must be gone: pure functions of facts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

from .conditions import BIRTH, NATION, Named, age, applicable, each_of, foreign, named_by, several
from .period import Period, year_end
from .rule import Facts, Grade, Kind, Open, Rank, Rule, Start

HOUSE_PERIOD = "house-period"
"""Basis of what is kept by the word of two people alone, without any article of law."""


@dataclass(frozen=True)
class Claim:
    """What one rule says of one record.

    :param rule: the rule.
    :param until: last day of the floor as far as it is known, or None.
    :param open: why the end is not known, or None.
    """

    rule: Rule
    until: date | None = None
    open: Open | None = None


@dataclass(frozen=True)
class Verdict:
    """What all rules together say of one record's floor.

    :param until: last day on which it must still be there, or None when no floor is known.
    :param open: why the end is not known, sorted; as long as there is one, the record stays.
    :param claims: what each applicable rule says, the decisive one first.
    :param duty: the law's rule that wants it kept without a number, or without a sure one, where a
        period of the house gives it; else None.
    """

    until: date | None = None
    open: tuple[Open, ...] = ()
    claims: tuple[Claim, ...] = ()
    duty: Rule | None = None

    def kept(self, today: date) -> bool:
        """Return whether the record must still be there today."""
        return bool(self.open) or (self.until is not None and today <= self.until)

    @property
    def decisive(self) -> Rule | None:
        """Return the rule that keeps it longest, or that leaves the end open."""
        return self.claims[0].rule if self.claims else None

    @property
    def basis(self) -> str:
        """Return the article that asks for it; a word where the house alone does, or nothing.

        A period that two people set gives a number to a duty of law. The duty stays the reason.
        """
        rule = self.decisive
        if rule is None or rule.rank is not Rank.HOUSE:
            return rule.article if rule is not None else ""
        return self.duty.article if self.duty is not None else HOUSE_PERIOD

    @property
    def conflicts(self) -> tuple[str, ...]:
        """Return the rules that keep it though the general law may not recognise their rank."""
        return tuple(sorted({c.rule.id for c in self.claims if c.rule.weak}))


@dataclass(frozen=True)
class Due:
    """By when a record must be gone, or should be by the house's own word.

    :param day: last day on which it may still be there, or None when no ceiling is known.
    :param kind: whether that is a number in the law.
    :param rule: the rule that says so.
    :param draft: only rules nobody signed say so: it is no reason to erase.
    """

    day: date | None = None
    kind: Kind = Kind.SOFT
    rule: Rule | None = None
    draft: bool = False


def floor(rules: Iterable[Rule], category: str, facts: Facts) -> Verdict:
    """Return how long a record of a category must stay: the longest floor wins.

    A rule without a date, an answer, a number or a signature leaves the end open; a house period
    that two people set settles what is unknown or unsure about the numbers, never the others. Where
    no rule keeps it, or none but those of a later text, one that is unsure or not signed leaves the
    end open too.

    :param rules: the rules in force at the property, in any order.
    :param category: category of the record.
    :param facts: what the host says of it.
    """
    known = [rule for rule in rules if rule.category == category]
    speaking = [rule for rule in known if _has_floor(rule) or rule.ceiling is not None]
    if not speaking:
        return Verdict(open=(Open.NO_RULE,))
    if _ended([rule for rule in known if rule.acts_on is None], facts):
        known = [replace(rule, acts_on=None) if rule.acts_on else rule for rule in known]
    claims = sorted(_claims(known, facts), key=_weight)
    dates = [claim.until for claim in claims if claim.until is not None]
    reasons = {claim.open for claim in claims if claim.open is not None}
    if all(_later(claim.rule) for claim in claims):
        reasons |= _passed(speaking, facts)
    duty = _duty(known, facts) if claims and claims[0].rule.rank is Rank.HOUSE else None
    return Verdict(max(dates, default=None), tuple(sorted(reasons)), tuple(claims), duty)


def together(verdicts: Sequence[Verdict]) -> Verdict:
    """Return how long a record stays under several categories at once: the longest counts.

    :param verdicts: what is said of it under each.
    """
    days = [verdict.until for verdict in verdicts if verdict.until is not None]
    reasons = {reason for verdict in verdicts for reason in verdict.open}
    claims = tuple(sorted((claim for verdict in verdicts for claim in verdict.claims), key=_weight))
    # The duty behind what decides, and none of what another category asks for.
    duty = next((v.duty for v in verdicts if v.claims[:1] == claims[:1]), None)
    return Verdict(max(days, default=None), tuple(sorted(reasons)), claims, duty)


def _later(rule: Rule) -> bool:
    """Return whether a rule came with a later text, which ends nothing that was open before."""
    return rule.acts_on is not None and rule.rank is not Rank.HOUSE


def _passed(rules: Sequence[Rule], facts: Facts) -> set[Open]:
    """Return why rules that keep nothing of a record do not let it go: nobody relies on them."""
    valid = [rule for rule in rules if _valid(rule, facts)]
    # That a rule was not in force then lets go only where another was all along: nobody adds one.
    if any(rule.acts_on is None and _numbered(rule) for rule in valid):
        rules = valid
    found = {Open.DRAFT for rule in rules if not rule.signed}
    return found | {Open.UNSURE for rule in rules if rule.grade is Grade.C}


def _numbered(rule: Rule) -> bool:
    return rule.floor is not None or rule.ceiling is not None


def _duty(rules: Sequence[Rule], facts: Facts) -> Rule | None:
    """Return the law's rule to whose missing or unsure number a period of the house gives one."""
    named = named_by(rules)
    unsure = (
        rule
        for rule in rules
        if rule.rank is not Rank.HOUSE
        and rule.article
        and (rule.floor_unknown or (rule.floor is not None and rule.grade is Grade.C))
        and _valid(rule, facts)
        and applicable(rule, facts, start(rule, facts), named) is not False
    )
    return min(unsure, key=lambda rule: rule.id, default=None)


def _ended(rules: Sequence[Rule], facts: Facts) -> bool:
    """Return whether rules alone say when a record's floor ends."""
    claims = _claims(rules, facts)
    return bool(claims) and all(claim.open is None for claim in claims)


def _claims(rules: Sequence[Rule], facts: Facts) -> list[Claim]:
    settled = any(rule.rank is Rank.HOUSE and rule.floor is not None for rule in rules)
    named = named_by(rules)
    made = (_claim(rule, facts, settled, named) for rule in rules)
    return [claim for claim in made if claim is not None]


def _has_floor(rule: Rule) -> bool:
    return rule.floor is not None or rule.floor_unknown


def _weight(claim: Claim) -> tuple[bool, int, str]:
    """Sort what is open first, then the latest day, then by name so that order never matters."""
    day = claim.until.toordinal() if claim.until is not None else 0
    return claim.open is None, -day, claim.rule.id


def _claim(rule: Rule, facts: Facts, settled: bool, named: Named) -> Claim | None:
    if not _has_floor(rule):
        return None
    started = start(rule, facts)
    if not _valid(rule, facts):
        return None
    applies = applicable(rule, facts, started, named)
    if applies is False:
        return None
    until = _until(rule, started)
    if applies is None:
        return Claim(rule, until, Open.UNKNOWN_FACT)
    if rule.floor is None:
        return None if settled else Claim(rule, None, Open.UNKNOWN_FLOOR)
    if until is None:
        return Claim(rule, None, Open.NO_CLOCK)
    if rule.grade is Grade.C and not settled:
        return Claim(rule, until, Open.UNSURE)
    return Claim(rule, until, None if rule.signed else Open.DRAFT)


def _until(rule: Rule, started: date | None) -> date | None:
    """Return the last day of a rule's floor, and none before anything may go by it."""
    if rule.floor is None or started is None:
        return None
    until = last_day(rule.floor, rule.start, started)
    return until if rule.acts_on is None else max(until, rule.acts_on - timedelta(days=1))


def due(rules: Iterable[Rule], category: str, facts: Facts) -> Due:
    """Return by when a record of a category must be gone: the shortest ceiling that is known.

    A ceiling on grade C, or in a pack nobody signed, is no reason to erase; it is returned as a
    draft so that somebody can be warned. Ceilings bind records whose floor has ended.

    :param rules: the rules in force at the property, in any order.
    :param category: category of the record.
    :param facts: what the host says of it.
    """
    found = []
    known = [rule for rule in rules if rule.category == category]
    named = named_by(known)
    for rule in known:
        started = start(rule, facts)
        if rule.ceiling is None or started is None:
            continue
        if _valid(rule, facts) and applicable(rule, facts, started, named) is True:
            draft = rule.grade is Grade.C or not rule.signed
            day = last_day(rule.ceiling, rule.start, started)
            found.append(Due(day, rule.ceiling_kind, rule, draft))
    return min(found, key=_urgency, default=Due())


def undue(rules: Iterable[Rule], category: str, facts: Facts) -> frozenset[Open]:
    """Return why no ceiling makes a record of a category go; nothing when one does.

    :param rules: the rules in force at the property, in any order.
    :param category: category of the record.
    :param facts: what the host says of it.
    """
    known = [rule for rule in rules if rule.category == category]
    last, named = due(known, category, facts), named_by(known)
    if last.day is not None and not last.draft:
        return frozenset()
    ceilings = (rule for rule in known if rule.ceiling is not None and _valid(rule, facts))
    found = frozenset(filter(None, (_undue(rule, facts, named) for rule in ceilings)))
    return found or frozenset({Open.NO_RULE})


def _undue(rule: Rule, facts: Facts, named: Named) -> Open | None:
    """Return why the ceiling of a rule makes a record not go, or None: it is not about it."""
    started = start(rule, facts)
    applies = applicable(rule, facts, started, named)
    if applies is False:
        return None
    if applies is None:
        return Open.UNKNOWN_FACT
    if started is None:
        return Open.NO_CLOCK
    return Open.UNSURE if rule.grade is Grade.C else Open.DRAFT


def _urgency(item: Due) -> tuple[bool, int, bool, str]:
    day = item.day.toordinal() if item.day is not None else 0
    return item.draft, day, item.kind is Kind.SOFT, item.rule.id if item.rule else ""


def start(rule: Rule, facts: Facts) -> date | None:
    """Return the day a rule's period runs from, or None as long as no event of its clock is known.

    Of several events the latest counts; a rule without a clock never starts.
    """
    day = _happened(rule, facts)
    if day is None:
        return None
    if rule.start is Start.YEAR_END:
        return year_end(day)
    fiscal = rule.fiscal or facts.fiscal
    return year_end(day, *fiscal) if rule.start is Start.FISCAL_YEAR_END else day


def last_day(length: Period, start: Start, started: date) -> date:
    """Return the last day of a period that runs from a day: an event's, or the end of a year."""
    return length.after(started) if start is Start.EVENT else length.after_year(started)


def _happened(rule: Rule, facts: Facts) -> date | None:
    days = [facts.events[event] for event in rule.clock if event in facts.events]
    return max(days, default=None)


def _valid(rule: Rule, facts: Facts) -> bool:
    """Return whether a rule was in force when its event happened, be it counted from a year's end.

    A record without a date is under every rule.
    """
    day = _happened(rule, facts)
    if day is None:
        return True
    early = rule.valid_from is not None and day < rule.valid_from
    late = rule.valid_to is not None and day > rule.valid_to
    return not (early or late)


def pared(facts: Facts, rules: Iterable[Rule]) -> Facts:
    """Return facts with only what rules ask, in the least telling form: foreign or not, and an age.

    They are written down beside a sealed record, whose end may have to be found again when the
    row itself tells nothing any more.

    :param facts: what the host says.
    :param rules: the rules that may ask.
    """
    known = list(rules)
    asked = {name for rule in known for name in rule.when}
    answers: dict[str, Any] = {n: facts.answers[n] for n in asked if n in facts.answers}
    if "foreign" in asked:
        answers |= _foreign(facts, known)
    if asked & {"age_min", "age_max"}:
        answers["age"] = several(_age(one, known) for one in each_of(facts, BIRTH))
    kept = {name: said for name, said in answers.items() if said is not None}
    return Facts(facts.events, kept, facts.country, facts.fiscal)


def _age(facts: Facts, rules: Iterable[Rule]) -> Any:
    """Return somebody's age on the days on which rules ask for it; None where it differs."""
    if facts.answers.get("birth") is None:
        return facts.answers.get("age")
    asking = (rule for rule in rules if {"age_min", "age_max"} & set(rule.when))
    days = {day for rule in asking if (day := start(rule, facts)) is not None}
    ages = {age(facts.answers.get("birth"), day) for day in days}
    return ages.pop() if len(ages) == 1 else None


def _foreign(facts: Facts, rules: Iterable[Rule]) -> dict[str, Any]:
    """Return whether somebody is a foreigner; where laws of two countries differ, of which one."""
    homes = {rule.country or facts.country for rule in rules if "foreign" in rule.when}
    said: list[bool | None] = []
    for one in each_of(facts, NATION):
        mine = {foreign(replace(one, country=home)) for home in homes}
        if len(mine) > 1:
            return {"nationality": facts.answers.get("nationality")}
        said += mine
    return {"foreign": several(said)}
