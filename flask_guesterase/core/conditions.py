"""Whether a rule of a pack applies to a record: what it asks, and what the host answers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from itertools import chain, product
from typing import Any

from .rule import Facts, Rule

Named = Mapping[str, frozenset[str]]
"""Condition -> the texts that answer it, in the form they are compared in."""


def applicable(
    rule: Rule, facts: Facts, day: date | None = None, named: Named | None = None
) -> bool | None:
    """Return whether a rule applies to a record; None when the host cannot tell.

    Conditions are ``foreign`` (true or false: nationality against the property's country),
    ``age_min`` and ``age_max`` (whole years on the day the clock starts), and any other name with
    the answer, or a list of answers, that is wanted. Case and outer blanks of a text do not count;
    an answer of another kind than the wanted one is none. A rule applies to a record of several
    people when it applies to one of them, and not when it does to none.

    :param rule: the rule.
    :param facts: what the host says.
    :param day: day on which an age counts.
    :param named: condition -> the only texts that answer it; any text does where it has none.
    """
    others = named or {}
    here = replace(facts, country=rule.country) if rule.country else facts
    about: dict[tuple[str, ...], dict[str, Any]] = {}
    for name, wanted in rule.when.items():
        about.setdefault(_ASKED.get(name, (name,)), {})[name] = wanted
    results = [
        {_all(when, one, day, others) for one in each_of(here, names)}
        for names, when in about.items()
    ]
    if {False} in results:
        return False
    # Where two answers are those of some alone, nobody knows whether one person gave both.
    some = [found for found in results if found != {True}]
    return True if not some or (len(some) == 1 and True in some[0]) else None


LESS = {"nationality": "foreign", "birth": "age"}
"""Answer -> the less telling form it is written down in, which counts where it says nothing."""

NATION, BIRTH = LESS.items()
"""What is asked together: an answer, and its less telling form."""

_ASKED = {"foreign": NATION, "age_min": BIRTH, "age_max": BIRTH}


def each_of(facts: Facts, names: Sequence[str]) -> Iterator[Facts]:
    """Yield facts with one of several answers at a time.

    :param facts: what the host says; a tuple of answers is that of several people.
    :param names: answers that are asked together.
    """
    found = {name: facts.answers[name] for name in names if name in facts.answers}
    if not any(isinstance(each, tuple) for each in found.values()):
        yield facts
        return
    for each in product(*map(apart, found.values())):
        yield replace(facts, answers={**facts.answers, **dict(zip(found, each, strict=True))})


def apart(said: Any) -> tuple[Any, ...]:
    """Return an answer as those of several people, of which there may be one."""
    return said if isinstance(said, tuple) else (said,)


def several(answers: Iterable[Any]) -> Any:
    """Return the one answer that all give, whatever its case and blanks; else a tuple, in order.

    None is the answer of those who say nothing.
    """
    found: dict[tuple[str, str], Any] = {}
    for each in answers:
        said = None if isinstance(each, str) and not each.strip() else each
        same = (type(said).__name__, _plain(said) if isinstance(said, str) else repr(said))
        # Of several ways to write the same the one that is read does not hang on their order.
        found[same] = max(found.get(same, said), said) if isinstance(said, str) else said
    ordered = tuple(found[same] for same in sorted(found))
    return ordered[0] if len(ordered) == 1 else ordered or None


def unsaid(answers: Mapping[str, Any], name: str) -> bool:
    """Return whether one of several people gave no answer, in either form of it."""
    told = (answers.get(each, ()) for each in (name, LESS.get(name, "")))
    return any(None in apart(said) for said in told)


def beside(old: Mapping[str, Any], name: str, now: Any, missing: bool) -> dict[str, Any]:
    """Return an answer of several people, with what was written down of those who are gone.

    :param old: what was written down, in the less telling form where there is one.
    :param name: the answer.
    :param now: what those say who are there.
    :param missing: whether somebody said nothing then, and says nothing now.
    """
    said, less = apart(now), LESS.get(name, "")
    silent = [None] if missing else []
    if name in old:
        # Of what is written down in another type the host's own counts.
        alike = {str(each) for each in (*said, None)}
        gone = (each for each in apart(old[name]) if str(each) not in alike)
        return {name: several((*said, *gone, *silent))}
    if less in old:
        known = [each for each in apart(old[less]) if each is not None]
        silent = silent or [None for each in said if each is None]
        # None lets the less telling form count, beside what those say who are there.
        return {name: several((*said, None)), less: several((*known, *silent))}
    return {name: several((*said, *silent))}


def _all(
    when: Mapping[str, Any], facts: Facts, day: date | None, named: Named
) -> bool | None:
    results = {
        _holds(name, wanted, facts, day, named.get(name, frozenset()))
        for name, wanted in when.items()
    }
    if False in results:
        return False
    return None if None in results else True


def named_by(rules: Iterable[Rule]) -> Named:
    """Return the possible answers, as far as rules that want different ones tell them.

    :param rules: the rules of one category.
    """
    found: dict[str, set[frozenset[str]]] = {}
    for rule in rules:
        for name, wanted in rule.when.items():
            texts = frozenset(_plain(each) for each in _choices(wanted) if isinstance(each, str))
            found.setdefault(name, set()).add(texts)
    return {
        name: frozenset(chain(*sets))
        for name, sets in found.items()
        if len(sets) > 1 and name not in _ANY_WORD
    }


_ANY_WORD = frozenset({"nationality", "outcome", "role"})
"""Conditions with more answers than rules name: countries, and what the host has words for."""


def _choices(wanted: Any) -> Sequence[Any]:
    return wanted if isinstance(wanted, list | tuple) else (wanted,)


def _plain(text: str) -> str:
    return text.strip().casefold()


def _holds(
    name: str, wanted: Any, facts: Facts, day: date | None, named: frozenset[str]
) -> bool | None:
    if name == "foreign":
        said = foreign(facts)
        return None if said is None else said is bool(wanted)
    if name in ("age_min", "age_max"):
        years = age(facts.answers.get("birth"), day)
        years = facts.answers.get("age") if years is None else years
        if not isinstance(years, int) or isinstance(years, bool):
            return None
        return years >= int(wanted) if name == "age_min" else years <= int(wanted)
    answer = facts.answers.get(name)
    found: set[bool | None] = {_agrees(each, answer) for each in _choices(wanted)}
    if True in found:
        return True
    strange = bool(named) and isinstance(answer, str) and _plain(answer) not in named
    return None if None in found or strange else False


def _agrees(wanted: Any, answer: Any) -> bool | None:
    """Return whether an answer is the wanted one; None when it is of another kind."""
    if isinstance(wanted, bool):
        said = _truth(answer)
        return None if said is None else said is wanted
    if isinstance(wanted, str):
        text = _plain(answer) if isinstance(answer, str) else ""
        return text == _plain(wanted) if text else None
    alike = isinstance(answer, _NUMBERS) and not isinstance(answer, bool)
    return bool(answer == wanted) if alike else None


_NUMBERS = (int, float, Decimal)


def _truth(answer: Any) -> bool | None:
    """Return an answer as true or false, which a database may write as 1 or 0."""
    return bool(answer) if isinstance(answer, _NUMBERS) and answer in (0, 1) else None


def foreign(facts: Facts) -> bool | None:
    """Return whether a guest is a foreigner at the property; None when the host cannot tell."""
    nationality = _plain(str(facts.answers.get("nationality") or ""))
    if not nationality or not facts.country:
        return _truth(facts.answers.get("foreign"))
    return nationality != _plain(facts.country)


def age(birth: Any, day: date | None) -> int | None:
    """Return somebody's age in whole years on a day, or None when that cannot be said."""
    if not isinstance(birth, date) or day is None:
        return None
    return day.year - birth.year - ((day.month, day.day) < (birth.month, birth.day))
