"""Which rules are in force: adding one acts at once, shortening waits for two people and 30 days.

What the sources (packs, the data map) say today is reconciled with the lines that are known: a
floor that is gone from them lives on, and a ceiling that is new waits, until people have let the
change act.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

from .log import canonical
from .period import Period
from .rule import Grade, Kind, Rule
from .rulebook import Line, LineKind, LineState, binding, condition, rule_body, rule_of

DAYS = 30
"""Days between the second person's word and the day a shortening acts."""


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
    known: Sequence[Line],
    sources: Iterable[Line],
    today: date,
    first: bool = False,
    begins: date | None = None,
) -> Changes:
    """Return what becomes of the rulebook when the sources say this today.

    :param known: lines that have not ended, with their numbers.
    :param sources: what packs and data map say today.
    :param today: the day.
    :param first: the rulebook never held a line: everything is taken as it is.
    :param begins: day at the property with which thirty days begin; today if None.
    """
    begins = begins or today
    wanted: dict[tuple[str, str, str], Line] = {}
    for line in sources:
        # Of two that say the same of a record the one that counts does not hang on their order.
        wanted[line.key] = min(wanted.get(line.key, line), line, key=_precedence)
    if first:
        return Changes(added=tuple(wanted.values()))
    there = {line.key for line in known}
    added = [_new(line, known, today, begins) for key, line in wanted.items() if key not in there]
    added += _unruled(known, added, today)
    upper = [
        line for line in (*known, *added)
        if line.kind is LineKind.CEILING and line.state is LineState.COMING and line.key in wanted
    ]  # fmt: skip
    coming = {line.name for line in upper if not line.acts(today)}
    acting = {line.name for line in upper if line.acts(today)}
    after = [(line, _later(line, wanted, (coming, acting), (today, begins))) for line in known]
    return Changes(
        tuple(added),
        tuple(new for old, new in after if new is not None and new != old),
        tuple(old for old, new in after if new is None),
    )


def _precedence(line: Line) -> tuple[bool, bytes]:
    return not line.signed, canonical(line.body)


def adopted(
    own: Sequence[Line], former: Sequence[Line], today: date, begins: date | None = None
) -> Changes:
    """Return what becomes of the lines of a property and of its former codes under one code.

    Its rows were under the former lines: what would end them earlier waits, and nothing is twice.

    :param own: lines of the code it has now, with their numbers.
    :param former: lines of the codes it had, with their numbers; none where it had no other.
    :param today: the day.
    :param begins: day at the property with which thirty days begin; today if None.
    """
    if not former:
        return Changes()
    begins = begins or today
    living = [line for line in own if line.state is LineState.LIVING]
    # What leaves binds as well, and what people allowed will: none of it was about those rows.
    acting = {line.id: line for line in binding(own, today)}
    acting |= {line.id: line for line in own if line.state is LineState.COMING}
    new = {id: _new(line, former, today, begins) for id, line in acting.items()}
    waits = [line for id, line in new.items() if line != acting[id]]
    known = {line.key for line in former}
    ended = [line for line in waits if line.key in known]
    there = {line.key for line in living} - {line.key for line in waits}
    for line in former:
        if line.key in there:
            ended.append(line)
        elif line.state is LineState.LIVING:
            there.add(line.key)
    moved = [line for line in waits if line.key not in known]
    ended += _doubled([line for line in (*former, *own) if line not in (*ended, *waits)], there)
    return Changes(tuple(_unruled(former, own, today)), tuple(moved), tuple(ended))


def _doubled(lines: Iterable[Line], there: Collection[tuple[str, str, str]]) -> list[Line]:
    """Return which lines that leave, or come, another one says as well: of two the sooner one.

    :param lines: lines of several codes that came under one.
    :param there: keys of those that live.
    """
    # What nobody allowed waits; what was allowed at one code was about its rows alone.
    ordered = sorted(lines, key=lambda line: line.acts_on or date.max)
    moving = [line for line in ordered if line.state in (LineState.LEAVING, LineState.COMING)]
    last = {(line.state, line.key): line for line in moving}
    return [
        line for line in moving
        if line is not last[line.state, line.key]
        or (line.state is LineState.LEAVING and line.key in there)
    ]  # fmt: skip


def _new(line: Line, known: Iterable[Line], today: date, begins: date) -> Line:
    """Return a line no one knew: it acts at once unless it makes records go.

    So does a ceiling that shortens, and a floor about records that may have had no end.
    """
    if line.kind not in (LineKind.FLOOR, LineKind.CEILING):
        return line
    rule = line.rule()
    before = [k for k in binding(known, today) if (k.kind, k.name) == (line.kind, line.name)]
    if line.kind is LineKind.FLOOR:
        same = [k for k in before if _ends_by(k, today) and _alike(rule, k.rule())]
        if same or rule.floor is None:
            return _since(line, same)
        return waiting(line, begins)
    if rule.ceiling is None or any(no_shorter(rule, old.rule()) for old in before):
        return line
    return replace(line, state=LineState.COMING, acts_on=None)


def waiting(line: Line, begins: date) -> Line:
    """Return a floor by which what has no end by others may go thirty days from a day."""
    first = replace(rule_of(line.body), acts_on=begins + timedelta(days=DAYS))
    return replace(line, body=rule_body(first))


def _since(line: Line, same: Sequence[Line]) -> Line:
    """Return a floor that comes with a later text, as those do whose place it takes."""
    days = [old.body.get("acts_on", "") for old in same]
    if not days or "" in days or "acts_on" in line.body:
        return line
    return replace(line, body={**line.body, "acts_on": min(days)})


def _alike(one: Rule, other: Rule) -> bool:
    return condition(one) == condition(other)


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
    line: Line,
    wanted: Mapping[tuple[str, str, str], Line],
    changing: tuple[set[str], set[str]],
    days: tuple[date, date],
) -> Line | None:
    """Return what a known line becomes, or None when it ends.

    :param changing: names of the ceilings that wait, and of those that people let act by now.
    :param days: today, and the day with which thirty days begin.
    """
    today, begins = days
    source = wanted.get(line.key)
    if line.state is LineState.COMING and line.acts(today):
        line = replace(line, state=LineState.LIVING, acts_on=None)
    if line.kind is LineKind.HOUSE:
        return None if line.state is LineState.LEAVING and line.acts(today) else line
    if source is not None:
        return _kept(line, source, begins)
    if line.state is LineState.LEAVING and line.acts(today):
        return None
    if line.kind is LineKind.CEILING:
        ends = _over(line, wanted.values(), *changing)
    else:
        ends = any(covers(other, line) for other in wanted.values())
    return None if ends else replace(line, state=LineState.LEAVING)


def _over(line: Line, wanted: Iterable[Line], coming: set[str], acting: set[str]) -> bool:
    """Return whether a ceiling that its source says no more ends at once.

    By one that is unsure, or not signed, nothing goes, and what no rule keeps stays for it: that is
    a floor's work, and ends the way a floor does, unless another ceiling takes its place.
    """
    if line.state is LineState.COMING:
        return True
    if line.name in coming:
        return False
    if not keeps(line) or line.name in acting:
        return True
    rule, next_ = line.rule(), (each.rule() for each in wanted if _is_upper(each, line.name))
    return any(no_shorter(each, rule) for each in next_)


def _is_upper(line: Line, name: str) -> bool:
    return line.kind is LineKind.CEILING and line.name == name and "ceiling" in line.body


def keeps(line: Line) -> bool:
    """Return whether a line is a ceiling for which records stay, since nobody relies on it."""
    if line.kind is not LineKind.CEILING or "ceiling" not in line.body:
        return False
    return not line.signed or line.rule().grade is Grade.C


def _kept(line: Line, source: Line, begins: date) -> Line:
    """Return a line that its source still says; its text follows the newest one that is signed."""
    if source.signed or not line.signed:
        line = _following(line, source, begins)
    if line.state is LineState.COMING:
        return line
    return replace(line, state=LineState.LIVING, acts_on=None)


def _following(line: Line, source: Line, begins: date) -> Line:
    """Return a line in its source's words; the days it waits begin when somebody signs it."""
    said = {name: line.body[name] for name in ("acts_on",) if name in line.body}
    kept = replace(line, body={**source.body, **said}, signed=source.signed or line.signed)
    return waiting(kept, begins) if said and kept.signed and not line.signed else kept


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
    if condition(one) != condition(two) or (two.grade is Grade.C and one.grade is not Grade.C):
        return False
    if one.floor is None or two.floor is None:
        return one.floor is None and two.floor is None
    return _as_long(one.floor, two.floor)


def no_shorter(new: Rule, old: Rule) -> bool:
    """Return whether a ceiling lets every record stay at least as long as another."""
    sharper = (old.ceiling_kind is Kind.SOFT and new.ceiling_kind is Kind.HARD) or (
        old.grade is Grade.C and new.grade is not Grade.C
    )
    if sharper or condition(new) != condition(old) or new.ceiling is None or old.ceiling is None:
        return new.ceiling is None
    return _as_long(new.ceiling, old.ceiling)


def _as_long(new: Period, old: Period) -> bool:
    """Return whether a period is as long as another from every day it may start on."""
    months = 12 * (new.years - old.years) + new.months - old.months
    days = old.days - new.days
    return months >= 0 and days <= _SHORTEST_MONTH * months and new.working >= old.working


_SHORTEST_MONTH = 28
