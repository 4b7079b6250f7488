"""Who is meant: from what was given to subject rows, each with its standing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations, islice

from ...core.errors import MatchError
from ...core.identity import Kind, contradicts, kind_of, normal, same
from ...core.kinds import MAPPING, are_names, need
from ...core.kinds import Kind as Asked
from ...core.log import canonical
from ...core.plan import Person, by_table, key_text
from ...core.seal import fingerprint
from ...core.standing import MOST, Found, Judged, Standing, Why, doubted, judge
from ..erasing.carrying import Candidate, candidates, sharing
from ..settings import Property
from ..work import Work
from . import purview
from .recognising import births


@dataclass(frozen=True)
class Contact:
    """A way to write to somebody.

    :param kind: "email" or "phone".
    :param value: as it is on file.
    """

    kind: str
    value: str


@dataclass(frozen=True)
class Match:
    """What was found for what was given.

    :param judged: the rows with their standing.
    :param contact: a contact on file of the rows that are taken, or of those that perhaps are
        when none is, or None.
    :param mark: keyed mark by which the same match is known again.
    """

    judged: tuple[Judged, ...]
    contact: Contact | None
    mark: str

    @property
    def taken(self) -> tuple[Person, ...]:
        """Return the people whose rows are taken."""
        return tuple(j.found.person for j in self.judged if j.standing is Standing.TAKEN)

    @property
    def meant(self) -> tuple[Person, ...]:
        """Return the people whose rows are taken, or, where none is, perhaps are."""
        return self.taken or tuple(j.found.person for j in self.judged)


_GIVEN: Asked = (
    "a mapping of keys to texts",
    lambda given: MAPPING[1](given) and are_names(list(given.values())),
)


def by_contact(work: Work, given: Mapping[str, str], property_: Property) -> Match | None:
    """Return who is meant by what came through the form, or None for a stranger.

    Only a contact that is on file finds anybody, and only that contact is written to. The first
    of e-mail and phone that is on file is the one to prove; a row must carry it to be taken.

    :param work: the open transaction.
    :param given: kind -> value; malformed values find nobody.
    :param property_: where it was asked.
    """
    for kind in (Kind.EMAIL, Kind.PHONE):
        value = given.get(kind, "")
        try:
            hits = _hits(work, kind, value, property_)
        except MatchError:
            continue
        carriers = {p: c for p, c in hits.items() if _on_file(work, c, kind, value, property_)}
        if carriers:
            return _match(work, given, {kind: carriers}, frozenset({kind}), property_)
    return None


def by_clerk(work: Work, given: Mapping[str, str], property_: Property) -> Match:
    """Return who is meant by what a clerk gave: rows that carry all of it, and perhaps others.

    :param work: the open transaction.
    :param given: match key, or kind, -> value; "name" tells apart and finds nobody by itself
        unless the vendor declared it as a match key.
    :param property_: where it was asked.
    :raises MatchError: nothing was given by which anybody can be found, or a value could be
        anybody's.
    """
    if isinstance(given, Mapping):
        # What the host has of a guest may be NULL, which is as empty as a text may be.
        given = {key: value or "" for key, value in given.items()}
    need(given, _GIVEN, "match=...", MatchError)
    finding = {k: v for k, v in given.items() if k != Kind.NAME}
    if not finding and Kind.NAME in work.datamap.match_keys():
        finding = dict(given)
    if not finding:
        known = ", ".join(work.datamap.match_keys())
        raise MatchError("Nothing was given to find somebody by.", f"Use one of: {known}.")
    hits = {key: _hits(work, key, value, property_) for key, value in finding.items()}
    return _match(work, given, hits, frozenset(finding), property_)


def _hits(work: Work, key: str, value: str, property_: Property) -> dict[Person, Candidate]:
    """Return the rows that answer to one key, or to any key of its kind."""
    normal(kind_of(key), value, property_.country)
    found = _carrying(work, key, value, property_, everywhere=False)
    if not purview.foreign(work, property_.code):
        return found
    every = _carrying(work, key, value, property_, everywhere=True) | found
    # Whose profile lies at another controller's hotel is to ask there, but for what lies here.
    away = {
        (name, row)
        for name, keys in by_table(every).items()
        for row in purview.elsewhere(work, property_.code, work.datamap.declared(name), keys)
    }
    mine = (found.keys() - away) | purview.here(work, property_.code, away)
    return {person: every[person] for person in mine}


def _carrying(
    work: Work, key: str, value: str, property_: Property, everywhere: bool
) -> dict[Person, Candidate]:
    """Return the rows of the property, or of all of them, that answer to a key."""
    code, region = None if everywhere else property_.code, property_.country
    return {
        each.person: each
        for known in _keys(work, key)
        for each in candidates(work.conn, work.datamap, known, value, code, region)
    }


def _keys(work: Work, key: str) -> list[str]:
    known = work.datamap.match_keys()
    if key in known:
        return [key]
    alike = [k for k in known if kind_of(k) is not None and kind_of(k) == kind_of(key)]
    if not alike or key not in set(Kind):
        work.datamap.check_key(key)
    return alike


def _on_file(
    work: Work, candidate: Candidate, kind: str, value: str, property_: Property
) -> str | None:
    """Return the contact of this kind as the row writes it, when it is the one given."""
    kinds = work.datamap.subjects[candidate.person[0]].contact
    for column, text in candidate.contacts.items():
        if kinds[column] == kind and same(kind, text, value, property_.country):
            return text
    return None


def _match(
    work: Work,
    given: Mapping[str, str],
    hits: Mapping[str, Mapping[Person, Candidate]],
    needed: frozenset[str],
    property_: Property,
) -> Match:
    everyone = {p: c for found in hits.values() for p, c in found.items()}
    for key, value in given.items():
        if key not in hits and kind_of(key) in (Kind.DOCUMENT, Kind.BOOKING):
            hits = {**hits, key: _answering(work, key, value, property_)}
    found = [
        Found(
            person,
            candidate.name,
            frozenset(key for key, carriers in hits.items() if person in carriers),
            {k: (v,) for k, v in candidate.values.items()},
            frozenset(work.datamap.subjects[person[0]].match),
        )
        for person, candidate in sorted(everyone.items(), key=_order)
    ]
    judged = judge(given, found, needed, property_.country)
    if _born_apart(work, [j.found.person for j in judged if j.standing is Standing.TAKEN]):
        judged = doubted(judged, Why.BIRTHS)
    contact = _contact(work, judged, everyone, given, property_)
    return Match(tuple(judged), contact, _mark(work, judged, property_))


def _born_apart(work: Work, people: Sequence[Person]) -> bool:
    """Return whether people of one name and contact were born on several days: father and son."""
    born = births(work, people).values() if len(people) > 1 else ()
    return any(one.isdisjoint(other) for one, other in combinations(filter(None, born), 2))


def _answering(work: Work, key: str, value: str, property_: Property) -> Mapping[Person, Candidate]:
    try:
        return _hits(work, key, value, property_)
    except MatchError:
        return {}


def _contact(
    work: Work,
    judged: Iterable[Judged],
    everyone: Mapping[Person, Candidate],
    given: Mapping[str, str],
    property_: Property,
) -> Contact | None:
    """Return whom to write to: what was given where it is on file, else the first on file.

    Rows that only perhaps are theirs lend no other contact than the one that was given: it
    could be another person's. No row lends the hotel's own, or one that many people have on file.
    """
    rows = sorted(judged, key=lambda j: j.standing is not Standing.TAKEN)
    for j in rows:
        for kind in (Kind.EMAIL, Kind.PHONE):
            for key, value in given.items():
                if kind_of(key) is kind:
                    text = _on_file(work, everyone[j.found.person], kind, value, property_)
                    if text is not None:
                        return Contact(kind.value, text)
    passed = set[tuple[Kind, str, str]]()
    for j in rows:
        if j.standing is Standing.TAKEN:
            kinds = work.datamap.subjects[j.found.person[0]].contact
            for kind in (Kind.EMAIL, Kind.PHONE):
                for column, text in everyone[j.found.person].contacts.items():
                    one = kind, text, j.found.name
                    if kinds[column] != kind or one in passed:
                        continue
                    if is_theirs(work, one, property_):
                        return Contact(kind.value, text)
                    passed.add(one)
    return None


def is_theirs(work: Work, one: tuple[Kind, str, str], property_: Property) -> bool:
    """Return whether a contact can be written to, and is no travel desk's: of many other names.

    Who showed a document never wrote from there, and a link to their copy would open it there.

    :param work: the open transaction.
    :param one: kind, contact and name, as the row has them on file.
    :param property_: the hotel that would write.
    """
    kind, text, name = one
    try:
        whole = normal(kind, text, property_.country)
    except MatchError:
        return False
    if is_ours(work, kind, text, property_.country):
        return False
    # A number may be written as the country of another hotel does.
    places = work.settings.properties.values() if kind is Kind.PHONE else [property_]
    regions = {each.country for each in places}
    fellows = sharing(work.conn, work.datamap, kind, whole, regions)
    others = (each for each in fellows if contradicts(name, each.name))
    return len(list(islice(others, MOST))) < MOST


def is_ours(work: Work, kind: Kind, text: str, region: str) -> bool:
    """Return whether a contact is one of the hotels' own, which a desk may write for a guest's.

    :param work: the open transaction.
    :param kind: its kind.
    :param text: the contact as it is on file.
    :param region: ISO country code that gives national phone numbers a meaning.
    """
    return any(same(kind, text, ours, region) for ours in work.settings.ours())


def _mark(work: Work, judged: Iterable[Judged], property_: Property) -> str:
    """Return one mark for one question: the same rows taken, or the same that perhaps are.

    The name that was given is no part of it: whoever tries names makes no second request.
    """
    rows = list(judged)
    mine = [j for j in rows if j.standing is Standing.TAKEN]
    who = sorted(f"{j.found.person[0]}|{key_text(j.found.person[1])}" for j in mine or rows)
    text = canonical({"property": property_.code, "rows": who, "taken": bool(mine)}).decode()
    return fingerprint(work.custodian.pepper("subject"), "match", text)


def _order(item: tuple[Person, Candidate]) -> tuple[str, str]:
    return item[0][0], key_text(item[0][1])
