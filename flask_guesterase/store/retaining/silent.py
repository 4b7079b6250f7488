"""Who of several people said nothing when a row was kept, so that it is known once they do."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from ...core.conditions import LESS, apart
from ...core.plan import Key
from ...core.retention import pared
from ...core.rule import Facts, Rule
from ..lawbook.clocks import Record, birth
from ..lawbook.said import Voice, voices
from ..mapping.declared import Declared
from ..mapping.ways import Ways
from . import vouching

if TYPE_CHECKING:
    from ..work import Work

Marks = dict[str, frozenset[str]]
"""Answer -> marks of people."""


def heard(
    work: Work, declared: Declared, known: Ways, told: Mapping[Key, Record]
) -> dict[Key, Marks]:
    """Return per row who says something now, of the answers that somebody did not give then.

    :param work: the open transaction.
    :param declared: table of the rows.
    :param known: how its rows are read.
    :param told: what was written down of rows that are kept.
    """
    found: dict[Key, Marks] = {key: {} for key in told}
    for name in sorted({name for record in told.values() for name in record.silent}):
        keys = [key for key, record in told.items() if name in record.silent]
        for key, said in _said(work, declared, known, name, keys):
            speaking = [each for each in said if each.value is not None]
            marks = {_mark(work, each) for each in speaking}
            marks |= {_alone(work, each) for each in speaking if each.sure or len(said) == 1}
            # Whoever was behind a pointer that was empty is who it leads to now.
            led = [who for each in speaking if each.sure for who in each.by]
            marks |= {vouching.mark(work, who) for each in led for who in (each, f"alone:{each}")}
            found[key][name] = frozenset(marks - {""})
    return found


def noted(
    work: Work, declared: Declared, known: Ways, records: Mapping[Key, Record],
    asking: Mapping[Key, Sequence[Rule]],
) -> dict[Key, Record]:
    """Return records with who of several people says nothing, where a rule asks for it.

    :param work: the open transaction.
    :param declared: table of the rows.
    :param known: how its rows are read.
    :param records: what the law may ask of its rows.
    :param asking: key -> the rules that may ask.
    """
    found = dict(records)
    for name in sorted(known.answers):
        keys = [
            key for key, record in records.items()
            if None in apart(record.facts.answers.get(name)) and _asked(asking[key], name)
        ]  # fmt: skip
        for key, said in _said(work, declared, known, name, keys):
            facts, before = records[key].facts, records[key].silent.get(name, frozenset())
            # Of one alone whatever their row says is theirs, also where they were erased.
            one = len(said) == 1 and before <= {_alone(work, said[0])}
            made = _alone if one else _mark
            marks = before.union(
                made(work, each) if one or each.value is None else ""
                for each in said
                if each.value is None or not is_clear(facts, name, each.value, asking[key])
            )
            if marks:
                found[key] = replace(found[key], silent={**found[key].silent, name: marks})
    return found


def _said(
    work: Work, declared: Declared, known: Ways, name: str, keys: Sequence[Key]
) -> Iterator[tuple[Key, list[Voice]]]:
    """Yield what people say, and who they are, where a way leads to several."""
    at = known.answers.get(name)
    if keys and at is not None and not at.to_one:
        yield from voices(work.conn, work.datamap, declared, at, keys).items()


def _mark(work: Work, voice: Voice) -> str:
    """Return the mark of somebody among others; empty where nobody can tell who it is."""
    return vouching.mark(work, voice.who if voice.sure else "")


def _alone(work: Work, voice: Voice) -> str:
    """Return the mark of somebody beside whom there is nobody else."""
    return vouching.mark(work, f"alone:{voice.who}")


def _asked(rules: Sequence[Rule], name: str) -> bool:
    asked = {condition for rule in rules for condition in rule.when}
    return bool(asked & {name, *_FORMS.get(name, ())})


_FORMS = {"nationality": ("foreign",), "birth": ("age_min", "age_max")}
"""Answer -> the conditions that ask for it in another form."""


def is_clear(facts: Facts, name: str, value: Any, rules: Sequence[Rule]) -> bool:
    """Return whether what somebody says is written down as an answer, and not as none.

    :param facts: the facts of the row.
    :param name: the answer.
    :param value: what they say.
    :param rules: the rules that may ask.
    """
    said = birth(value) if name == "birth" else value
    if said is None or not str(said).strip():
        return False
    answers = pared(replace(facts, answers={name: said}), rules).answers
    return any(answers.get(each) is not None for each in (name, LESS.get(name, "")))
