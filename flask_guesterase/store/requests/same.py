"""Whether the rows taken for a request are still those of whom it was approved about.

A row is known by its key alone, and a key says little: the host may delete a profile and give its
number to somebody else, or move everything of it to another one.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from sqlalchemy import select

from ...core.errors import TransitionError, UnknownError
from ...core.plan import Person, key_text
from ...core.standing import Standing
from .. import tables
from ..casework.cases import Case, secret
from ..erasing import people
from ..erasing.finder import filled_again
from ..erasing.people import Subject
from ..mapping.raw import reader
from ..remembrance import tracing
from ..statements.sql import MANY, chunks, one_of
from ..work import Work

GONE = "a row that was taken is not there any more"
NO_GUEST = "a row that was taken is not a guest's any more"
OTHER = "a row that was taken holds another name or contact"

Marks = Mapping[str, Mapping[str, str]]
"""Mark of a subject row -> what identifies who is in it -> mark of that."""

_Place = tuple[str, str]
"""Subject table and key of a row, as text."""


def marks(work: Work, case: Case, whose: Iterable[Person]) -> Marks:
    """Return who is in subject rows, by marks that die with the request's key.

    :param work: the open transaction.
    :param case: the request.
    :param whose: subject rows; those that are not there, or do not count, are left out.
    """
    return _marked(work, secret(work, case), whose)


def _marked(work: Work, key: bytes, whose: Iterable[Person]) -> Marks:
    known = [person for person in whose if person[0] in work.datamap.subjects]
    found = tracing.people(work, key, known)
    return {trace.row: dict(trace.values) for trace in found.values()}


def require(work: Work, case: Case) -> None:
    """Go on only when every row that is taken is there and a guest's, or was erased by us.

    :param work: the open transaction.
    :param case: the request, about to be approved.
    :raises TransitionError: one is not.
    """
    lost = _differing(work, case, people.subjects(work, case.number, Standing.TAKEN), None)
    if lost:
        raise TransitionError(
            f"{sorted(lost)[0].capitalize()}.",
            "Say of that row that it is not theirs; look for the guest again in a new request.",
        )


def moved(work: Work, case: Case, taken: Iterable[Subject]) -> tuple[str, ...]:
    """Return what is not as it was approved of the rows that are taken; empty when all is.

    What we ourselves erased since the request came in, and nobody filled again, is as it should
    be. Where the approval says nothing of who was in the rows, they must be there and count.

    :param work: the open transaction, in which the rows are locked.
    :param case: the request, approved.
    :param taken: its subject rows that are taken.
    """
    approved = (case.decisions or {}).get("rows")
    return tuple(sorted(_differing(work, case, taken, approved)))


def _differing(
    work: Work, case: Case, taken: Iterable[Subject], approved: Marks | None
) -> set[str]:
    """Return the words for taken rows that are not as they were."""
    named, places = _named(work, taken)
    key = secret(work, case)
    now = _marked(work, key, named.values())
    doubtful = set(places)
    for place, person in named.items():
        mark = tracing.row_mark(key, *person)
        if mark not in now or (approved is not None and approved.get(mark) != now[mark]):
            doubtful.add(place)
    doubtful -= _ours(work, case, doubtful, named)
    here = _there(work, [named[place] for place in doubtful if place in named])
    words = set()
    for place in doubtful:
        if place not in named or named[place] not in here:
            words.add(GONE)
        else:
            words.add(OTHER if tracing.row_mark(key, *named[place]) in now else NO_GUEST)
    return words


def _named(
    work: Work, taken: Iterable[Subject]
) -> tuple[dict[_Place, Person], set[_Place]]:
    """Return the taken rows by what names them, and those that no row can be named for."""
    named, lost = {}, set()
    for subject in taken:
        place = subject.table, subject.key
        try:
            named[place] = people.person(work, subject)
        except UnknownError:
            lost.add(place)
    return named, lost


def _ours(
    work: Work, case: Case, places: Collection[_Place], named: Mapping[_Place, Person]
) -> set[_Place]:
    """Return which rows we erased since the request came in, and nobody filled again."""
    table, found = tables.subject, set()
    for name in {name for name, _ in places}:
        texts = sorted(text for each, text in places if each == name)
        shells = {
            text
            for part in chunks(texts, MANY)
            for text in work.conn.execute(
                select(table.c.row_key).where(
                    table.c.table_name == name,
                    one_of(table.c.row_key, part),
                    table.c.erased_at >= case.received_at,
                )
            ).scalars()
        }
        persons = {text: named[name, text] for text in shells if (name, text) in named}
        full = filled_again(work.conn, work.datamap.tables.get(name), set(persons), persons)
        found |= {(name, text) for text in shells - full}
    return found


def _there(work: Work, whose: Iterable[Person]) -> set[Person]:
    """Return which rows are there, whether they count or not."""
    found: set[Person] = set()
    by_table: dict[str, list[Person]] = {}
    for person in whose:
        by_table.setdefault(person[0], []).append(person)
    for name, persons in by_table.items():
        reads = reader(work.conn, work.datamap.declared(name), None)
        keys = {key_text(key) for key in reads.read([key for _, key in persons], ())}
        found |= {person for person in persons if key_text(person[1]) in keys}
    return found
