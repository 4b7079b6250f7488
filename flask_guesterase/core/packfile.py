"""Reading and checking the text of a jurisdiction pack."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from datetime import date
from typing import Any

from .complaining import Complaining
from .errors import PackError
from .pack import CONDITIONS, Answering, IdCopy, Level, Pack
from .packclocks import alarm, complaining
from .packtext import Section, Table, parsed, sections
from .period import Period
from .problem import Problem
from .rule import CATEGORIES, EVENTS, Grade, Kind, Rank, Rule, Start


def read_pack(text: str, name: str) -> Pack:
    """Read a pack from its text.

    :param text: TOML.
    :param name: what the text is called in the error, for example a file's name.
    :raises PackError: something is wrong with it; `problems` says what, by line.
    """
    pack, problems = _read(text)
    wrong = [problem for problem in problems if not problem.warning]
    if wrong:
        raise PackError(
            f"The pack {name} cannot be used; {wrong[0]}",
            f"Correct it; 'flask guesterase jurisdiction check {name}' shows every line.",
            wrong,
        )
    return pack


def check_pack(text: str) -> tuple[Problem, ...]:
    """Return everything that is wrong with a pack's text, warnings included, by line."""
    return tuple(_read(text)[1])


_HEAD = (
    "code", "name", "level", "country", "extends", "as_of", "review_by", "floor_ranks", "id_copy",
    "notes", "answering", "complaint", "cannot_recall", "unknown", "rule", "complaining", "alarm",
)  # fmt: skip
_ANSWERING = (
    "acknowledge", "answer", "extension", "pause_identity", "house", "article", "source", "grade",
    "as_of", "facts", "copy", "copy_extension",
)  # fmt: skip
_RULE = (
    "id", "category", "floor", "floor_unknown", "ceiling", "ceiling_kind", "clock", "start", "when",
    "article", "source", "grade", "as_of", "rank", "valid_from", "valid_to", "facts", "note",
)  # fmt: skip
_CODE = re.compile(r"[A-Z]{2}(-[A-Za-z0-9]+)*")
_COUNTRY = re.compile(r"[A-Z]{2}")
_LANG = re.compile(r"[a-z]{2,3}")
_STARTS = (*(date(2025, month, 1) for month in range(1, 13)), date(2028, 2, 29))


def _read(text: str) -> tuple[Pack, list[Problem]]:
    """Return as much of a pack as can be read, and everything that is wrong, by line."""
    problems: list[Problem] = []
    data = parsed(text, problems)
    mark = hashlib.sha256(text.encode()).hexdigest()
    if problems:
        return Pack("", "", Level.COUNTRY, mark), problems
    places = sections(text)
    head = Table(data, places[""][0], problems)
    head.only(_HEAD)
    code = head.say("code", lambda t: bool(_CODE.fullmatch(t)), "a code such as DE or CN-GD")
    level = head.choice("level", Level, Level.COUNTRY)
    ranks = head.words("floor_ranks", [rank.value for rank in Rank])
    tables = _tables(head, places, "rule")
    ids: set[str] = set()
    pack = Pack(
        code,
        head.text("name"),
        level,
        mark,
        _country(head, level),
        head.words("extends"),
        head.age(),
        head.day("review_by", needed=True),
        tuple(rank for rank in Rank if rank.value in ranks),
        tuple(_rule(table, code, ids) for table in tables),
        _answering(head, places),
        _texts(head, places, "complaint"),
        _texts(head, places, "cannot_recall"),
        tuple(_unknown(table) for table in _tables(head, places, "unknown")),
        head.choice("id_copy", IdCopy, IdCopy.NONE),
        head.words("notes"),
        _complaining(head, places),
        tuple(alarm(table, code) for table in _tables(head, places, "alarm")),
    )
    return pack.under(pack.floor_ranks), sorted(problems)


def _country(head: Table, level: Level) -> str:
    if level is Level.BLOC:
        return head.text("country", needed=False)
    return head.say("country", lambda t: bool(_COUNTRY.fullmatch(t)), "two capital letters")


def _tables(head: Table, places: Mapping[str, list[Section]], name: str) -> list[Table]:
    """Return the tables of a list, each with its place in the text."""
    values = head.values.get(name, [])
    if not isinstance(values, list) or not all(isinstance(value, dict) for value in values):
        head.wrong(name, f"Write each as a table of its own, [[{name}]].")
        return []
    at = places.get(name, [])
    if len(at) != len(values):
        at = [Section(head.section.keys.get(name, 1))] * len(values)
    return [Table(v, s, head.problems) for v, s in zip(values, at, strict=True)]


def _table(head: Table, places: Mapping[str, list[Section]], name: str) -> Table | None:
    values = head.values.get(name)
    if values is None:
        return None
    if not isinstance(values, dict):
        head.wrong(name, f"Write it as a table of its own, [{name}].")
        return None
    at = places.get(name) or [Section(head.section.keys.get(name, 1))]
    return Table(values, at[0], head.problems)


def _texts(head: Table, places: Mapping[str, list[Section]], name: str) -> dict[str, str]:
    table = _table(head, places, name)
    if table is None:
        return {}
    for lang in table.values:
        if not _LANG.fullmatch(lang):
            table.wrong(lang, f"'{lang}' is no code of a language, such as en or zh.")
    return {lang: table.text(lang) for lang in table.values}


def _unknown(table: Table) -> tuple[str, str]:
    table.only(("category", "text"))
    return _category(table), table.text("text")


def _category(table: Table) -> str:
    known = ", ".join(sorted(CATEGORIES))
    return table.say("category", lambda t: t in CATEGORIES, f"one of: {known}")


def _answering(head: Table, places: Mapping[str, list[Section]]) -> Answering | None:
    table = _table(head, places, "answering")
    if table is None:
        return None
    table.only(_ANSWERING)
    answer = table.period("answer", needed=True, working=True) or Period(months=1)
    return Answering(
        answer,
        table.period("acknowledge", working=True),
        table.period("extension", working=True),
        table.flag("pause_identity"),
        table.flag("house"),
        table.text("article"),
        table.text("source"),
        table.choice("grade", Grade, Grade.C, barred=[Grade.HOUSE]),
        table.age(),
        table.words("facts"),
        table.period("copy", working=True),
        table.period("copy_extension", working=True),
    )


def _complaining(head: Table, places: Mapping[str, list[Section]]) -> Complaining | None:
    table = _table(head, places, "complaining")
    return None if table is None else complaining(table)


def _rule(table: Table, code: str, ids: set[str]) -> Rule:
    table.only(_RULE)
    name = table.say("id", lambda t: t.startswith(f"{code}/"), f"'{code}/' and a name")
    if name in ids:
        table.wrong("id", f"'{name}' is there twice.")
    ids.add(name)
    rule = Rule(
        name,
        code,
        _category(table),
        table.text("article"),
        table.text("source"),
        table.choice("grade", Grade, Grade.C, barred=[Grade.HOUSE]),
        table.age(),
        table.period("floor"),
        table.flag("floor_unknown"),
        table.period("ceiling"),
        _kind(table),
        table.words("clock", EVENTS),
        table.choice("start", Start, Start.EVENT) if "start" in table.values else Start.EVENT,
        _conditions(table),
        table.choice("rank", Rank, Rank.RULE, barred=[Rank.HOUSE]),
        signed=False,
        valid_from=table.day("valid_from"),
        valid_to=table.day("valid_to"),
        facts=table.words("facts"),
        note=table.text("note", needed=False),
    )
    _sense(table, rule)
    return rule


def _kind(table: Table) -> Kind:
    return table.choice("ceiling_kind", Kind, Kind.SOFT) if "ceiling" in table.values else Kind.SOFT


def _conditions(table: Table) -> dict[str, Any]:
    when = table.values.get("when", {})
    if not isinstance(when, dict):
        table.wrong("when", "'when' must be a table: { name = wanted answer }.")
        return {}
    for name, wanted in when.items():
        kinds = CONDITIONS.get(name)
        if kinds is None:
            known = ", ".join(sorted(CONDITIONS))
            table.wrong("when", f"'{name}' is no condition; known are: {known}.")
        elif type(wanted) not in kinds:
            forms = " or ".join(kind.__name__ for kind in kinds)
            table.wrong("when", f"The wanted answer of '{name}' must be {forms}.")
    return dict(when)


def _sense(table: Table, rule: Rule) -> None:
    """Note what each value allows but all of them together do not."""
    limits = ("floor", "floor_unknown", "ceiling")
    if not any(name in table.values for name in limits):
        table.wrong("id", "The rule has neither a floor nor a ceiling.")
    if rule.floor is not None and rule.floor_unknown:
        table.wrong("floor_unknown", "A floor is either known or unknown.")
    if (rule.floor is not None or rule.ceiling is not None) and not rule.clock:
        table.wrong("clock", "'clock' is missing: name the events that start it.")
    low, high = rule.floor, rule.ceiling
    if low and high and any(high.after(start) < low.after(start) for start in _STARTS):
        table.wrong("ceiling", "The ceiling is shorter than the floor.")
    if rule.valid_from and rule.valid_to and rule.valid_to < rule.valid_from:
        table.wrong("valid_to", "'valid_to' is before 'valid_from'.")
    if rule.ceiling is not None and rule.grade is Grade.C:
        table.wrong("ceiling", "A ceiling on grade C erases nothing; people are warned.", True)
