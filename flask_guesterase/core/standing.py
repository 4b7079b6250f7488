"""Whose rows: which of the rows that were found are taken, and which only perhaps are theirs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum

from .identity import Kind, contradicts, kind_of, same
from .plan import Person

MOST = 10
"""More subject rows than this always need a person's look."""


class Standing(StrEnum):
    """What is thought of a subject row that was found."""

    TAKEN = "taken"
    PERHAPS = "perhaps"
    LEFT = "left"


class Why(StrEnum):
    """What speaks for or against a row."""

    ALL = "carries-all-given"
    SOME = "carries-not-all-given"
    NAME = "another-name"
    DOCUMENT = "another-document"
    BOOKING = "another-booking"
    NAMES = "several-names"
    BIRTHS = "several-births"
    MANY = "too-many-rows"


@dataclass(frozen=True)
class Found:
    """A subject row that carries at least one thing that was given.

    :param person: subject table and key.
    :param name: the name on file, or an empty string.
    :param carries: the given keys whose value the row carries.
    :param on_file: key -> values on file; keys that cannot be read are left out.
    :param knows: keys by which rows of its table can be found.
    """

    person: Person
    name: str
    carries: frozenset[str]
    on_file: Mapping[str, Sequence[str]] = field(default_factory=dict)
    knows: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Judged:
    """What is thought of one row, and why.

    :param found: the row.
    :param standing: TAKEN or PERHAPS.
    :param why: the reason, as staff read it.
    """

    found: Found
    standing: Standing
    why: Why


def judge(
    given: Mapping[str, str], found: Iterable[Found], needed: frozenset[str], region: str = ""
) -> list[Judged]:
    """Decide which rows are taken: silently never too many and never somebody else's.

    :param given: key -> value, as it was asked for; the key "name" holds the name.
    :param found: rows that carry at least one of the values.
    :param needed: the keys whose values a row must carry to be taken.
    :param region: ISO country code that gives national phone numbers a meaning.
    :return: one judgement per row, in the order of `found`.
    """
    rows = list(found)
    if len(rows) > MOST:
        return [Judged(row, Standing.PERHAPS, Why.MANY) for row in rows]
    judged = [_one(given, row, needed, region) for row in rows]
    taken = [j.found.name for j in judged if j.standing is Standing.TAKEN]
    if not given.get(Kind.NAME, "").strip() and _several(taken):
        return doubted(judged, Why.NAMES)
    return judged


def doubted(judged: Iterable[Judged], why: Why) -> list[Judged]:
    """Return rows of which none is taken: those that were are of several people.

    :param judged: what was thought of each row.
    :param why: what tells that they are.
    """
    return [
        replace(j, standing=Standing.PERHAPS, why=why) if j.standing is Standing.TAKEN else j
        for j in judged
    ]


def _one(given: Mapping[str, str], row: Found, needed: frozenset[str], region: str) -> Judged:
    if contradicts(given.get(Kind.NAME, ""), row.name):
        return Judged(row, Standing.PERHAPS, Why.NAME)
    for key, value in given.items():
        kind = kind_of(key)
        if kind in _AGAINST and _speaks_against(key, value, row, kind, region):
            return Judged(row, Standing.PERHAPS, _AGAINST[kind])
    if not needed <= row.carries:
        return Judged(row, Standing.PERHAPS, Why.SOME)
    return Judged(row, Standing.TAKEN, Why.ALL)


_AGAINST = {Kind.DOCUMENT: Why.DOCUMENT, Kind.BOOKING: Why.BOOKING}


def _speaks_against(key: str, value: str, row: Found, kind: Kind, region: str) -> bool:
    """Return whether a document or booking that was given is not the row's.

    Nothing on file says nothing; a key that can be asked but not read says "another" unless the
    row answered to it, since in doubt a person looks.
    """
    if key in row.carries:
        return False
    keys = {k for k in row.knows if kind_of(k) is kind}
    readable = [v for k in keys for v in row.on_file.get(k, ())]
    if any(same(kind, value, text, region) for text in readable):
        return False
    return any(text.strip() for text in readable) or bool(keys - set(row.on_file))


def _several(names: Sequence[str]) -> bool:
    return any(contradicts(one, other) for i, one in enumerate(names) for other in names[i + 1 :])
