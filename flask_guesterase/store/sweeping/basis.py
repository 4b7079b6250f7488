"""What decides what goes by its day, hashed, so that any change of it is seen."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import fields
from typing import Any

from ...core.log import canonical
from ...core.rule import Rule
from ..checking import labelled
from ..lawbook import rulebook
from ..retaining import law
from ..work import Work


def whole(work: Work) -> str:
    """Return a hash of everything that decides what goes anywhere, 64 hex digits."""
    return hashlib.sha256("".join(everywhere(work).values()).encode()).hexdigest()


def everywhere(work: Work) -> dict[str, str]:
    """Return property -> what `mark` returns of it, of all of them, in the order of their codes."""
    rulebook.read(work, *work.settings.properties)
    rules: dict[str, list[Rule]] = {code: [] for code in sorted(work.settings.properties)}
    for code, rule in law.rules_everywhere(work):
        rules[code].append(rule)
    return {code: _mark(work, code, mine) for code, mine in rules.items()}


def mark(work: Work, code: str) -> str:
    """Return a hash of everything that decides what goes at a property, 64 hex digits."""
    return _mark(work, code, rulebook.in_force(work, code))


def _mark(work: Work, code: str, rules: Sequence[Rule]) -> str:
    place = work.settings.property(code)
    rules = sorted(rules, key=lambda rule: rule.id)
    said = {
        "map": work.datamap.version,
        "place": [place.code, place.country, place.region, place.zone, *map(str, place.fiscal)],
        "rules": [{f.name: _told(getattr(rule, f.name)) for f in fields(rule)} for rule in rules],
        "labels": sorted([*k, *names] for k, names in rulebook.all_labels(work).items()),
    }
    if before := _former(work):
        said["before"] = before
    return hashlib.sha256(canonical(said)).hexdigest()


def _former(work: Work) -> list[list[str]]:
    """Return table, what is asked, and path of what binds though the data map says it no more."""
    now = {tuple(map(str, line.body.values())) for line in labelled.lines(work.datamap)}
    return sorted(
        [table, *asked, path]
        for table in work.datamap.tables
        for asked, told in rulebook.paths(work, table).items()
        for path in told
        if (table, *asked, path) not in now
    )


def _told(value: Any) -> str:
    return str(sorted(value.items())) if isinstance(value, Mapping) else str(value)
