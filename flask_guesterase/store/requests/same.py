"""Whether the rows taken for a request are still those of whom it is about.

A row is known by its key alone, and a key says little: the host may delete a profile and give its
number to somebody else, or move everything of it to another one. So each entry by which rows are
somebody's from then on has marks of who is in them.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence

from sqlalchemy import ColumnElement, or_, select

from ...core.errors import TransitionError, UnknownError
from ...core.events import (
    DataCopyRequested,
    ErasureApproved,
    ErasureRequested,
    IdentityVerified,
    RequestReviewedAgain,
    SubjectTaken,
)
from ...core.log import canonical
from ...core.plan import Person, key_text
from ...core.seal import fingerprint
from ...core.standing import Standing
from .. import tables
from ..casework import purview
from ..casework.cases import Case, secret
from ..erasing import people
from ..erasing.finder import filled_again
from ..erasing.people import Subject
from ..journaling import approvals
from ..mapping.raw import reader
from ..remembrance import tracing
from ..statements.sql import MANY, chunks, one_of
from ..work import Work

GONE = "a row that was taken is not there any more"
NO_GUEST = "a row that was taken is not a guest's any more"
OTHER = "a row that was taken holds another name or contact"
AWAY = "a row that was taken lies at a hotel of another company by now"

# Nobody is found there by a new request, nor is a row another company's less when it is taken.
_HINTS = {AWAY: "Say of that row that it is not theirs; the guest asks the company where it lies."}

Marks = Mapping[str, Mapping[str, str]]
"""Mark of a subject row -> what identifies who is in it -> mark of that."""

_IN = "in"
"""Begins the marks of an entry of which one half says a row and the other half who is in it."""

_SAID = (
    ErasureRequested.name, DataCopyRequested.name, IdentityVerified.name, SubjectTaken.name,
    ErasureApproved.name, RequestReviewedAgain.name,
)  # fmt: skip

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


def noted(work: Work, case: Case, whose: Iterable[Person]) -> dict[str, str]:
    """Return the marks of an entry by which rows are, from then on, those of who is in them.

    :param work: the open transaction.
    :param case: the request.
    :param whose: the rows; of one that is not there it stays as it was said before.
    """
    key = secret(work, case)
    now = _marked(work, key, whose)
    return {
        f"{_IN}-{number}": row + _who(key, values)
        for number, (row, values) in enumerate(sorted(now.items()), 1)
    }


def unnoted(work: Work, case: Case) -> dict[str, str]:
    """Return the same for the rows that are taken and of which no entry says who is in them.

    :param work: the open transaction.
    :param case: the request, which may have been filed before there were such marks.
    """
    key, said = secret(work, case), _said(work, case)
    taken = people.taken(work, case.number)
    return noted(work, case, [p for p in taken if tracing.row_mark(key, *p) not in said])


def _who(key: bytes, values: Mapping[str, str]) -> str:
    return fingerprint(key, _IN, canonical(values).decode())


def _said(work: Work, case: Case) -> dict[str, str]:
    """Return mark of a row -> mark of who was in it when it was last said whose it is."""
    # What was said in this transaction is not in the journal yet.
    mine = [e.marks for e in work.events if e.number == case.number and e.name in _SAID]
    entries = [*(draft.marks for draft in approvals.entries(work, case, _SAID)), *mine]
    both = [m for e in entries for name, m in e.items() if name.startswith(f"{_IN}-")]
    # An approval of before there were such marks says it beside its plan alone.
    said = _approved(work, case)
    return said | {mark[: len(mark) // 2]: mark[len(mark) // 2 :] for mark in both}


def _approved(work: Work, case: Case) -> dict[str, str]:
    """Return mark of a row -> mark of who was in it when a request was approved last."""
    rows: Marks = (case.decisions or {}).get("rows") or {}
    key = secret(work, case)
    return {row: _who(key, values) for row, values in rows.items()}


def since(work: Work, case: Case, taken: Iterable[Subject]) -> tuple[str, ...]:
    """Return what is not as it was when it was said whose rows are meant; empty when all is.

    Of a row about which no entry says who was in it, it must be there and count.

    :param work: the open transaction.
    :param case: the request.
    :param taken: its subject rows that are taken.
    """
    return tuple(sorted(_differing(work, case, taken, _said(work, case), whole=False)))


def require(work: Work, case: Case) -> tuple[str, ...]:
    """Return what a person must have seen before a request is approved; mostly nothing.

    Every row that is taken must be there and a guest's, at a hotel of the company that was asked
    or with something of its guest's there, or erased by us. Whether another name or contact is a
    correction or somebody else only a person can tell.

    :param work: the open transaction.
    :param case: the request, about to be approved.
    :raises TransitionError: a row is not there, or not a guest's, or at another company's hotel
        and nothing of its guest's is left here.
    """
    lost = since(work, case, people.subjects(work, case.number, Standing.TAKEN))
    gone = [word for word in lost if word != OTHER]
    if gone:
        again = "Say of that row that it is not theirs; look for the guest again in a new request."
        raise TransitionError(f"{gone[0].capitalize()}.", _HINTS.get(gone[0], again))
    return lost


def looked(work: Work, case: Case, digest: str) -> str:
    """Return the digest of a plan as who read it with the names of who is in the rows names it.

    :param work: the open transaction.
    :param case: the request, of which a row holds another name or contact.
    :param digest: digest of its plan.
    """
    return fingerprint(secret(work, case), "looked", digest)


def theirs(work: Work, case: Case, erasure: str) -> None:
    """Go on only when nobody else is in a row of which a copy is read.

    What we erased of a row since, or before, is told from what the host wrote into it where the
    copy is gathered.

    :param work: the open transaction.
    :param case: the request, for a copy.
    :param erasure: number of the erasure after which it was asked for, or empty.
    :raises TransitionError: a row holds another name or contact, and nobody took it since; or it
        lies at another company's hotel.
    """
    lost = of_copy(work, case, people.subjects(work, case.number, Standing.TAKEN), erasure)
    if lost:
        look = "Look who is in it: take it once more where it is still theirs, leave it otherwise."
        raise TransitionError(f"{lost[0].capitalize()}.", _HINTS.get(lost[0], look))


def of_copy(
    work: Work, case: Case, taken: Sequence[Subject], erasure: str
) -> tuple[str, ...]:
    """Return `OTHER` where somebody else may be in a row of which a copy is read, and `AWAY`.

    :param work: the open transaction.
    :param case: the request, for a copy.
    :param taken: its subject rows that are taken.
    :param erasure: number of the erasure after which it was asked for, or empty.
    """
    table = tables.subject.c
    after = (table.request == erasure) & table.erased_at.is_not(None)
    over = or_(table.erased_at >= case.received_at, after)
    shells = _erased(work, [(each.table, each.key) for each in taken], over)
    lost = since(work, case, [s for s in taken if (s.table, s.key) not in shells])
    return tuple(word for word in lost if word in (OTHER, AWAY))


def moved(work: Work, case: Case, taken: Iterable[Subject]) -> tuple[str, ...]:
    """Return what is not as it was approved of the rows that are taken; empty when all is.

    What we ourselves erased since the request came in, and nobody filled again, is as it should
    be. Where the approval says nothing of who was in the rows, they must be there and count.

    :param work: the open transaction, in which the rows are locked.
    :param case: the request, approved.
    :param taken: its subject rows that are taken.
    """
    whole = (case.decisions or {}).get("rows") is not None
    return tuple(sorted(_differing(work, case, taken, _approved(work, case), whole)))


def _differing(
    work: Work, case: Case, taken: Iterable[Subject], before: Mapping[str, str], whole: bool
) -> set[str]:
    """Return the words for taken rows that are not as they were.

    :param before: mark of a row -> mark of who was in it.
    :param whole: of what is not in it nobody knows who was in it, which is a difference.
    """
    named, places = _named(work, taken)
    key = secret(work, case)
    now = _marked(work, key, named.values())
    away = _away(work, case, named)
    doubtful = {*places, *away}
    for place, person in named.items():
        mark = tracing.row_mark(key, *person)
        who = _who(key, now[mark]) if mark in now else None
        if who is None or before.get(mark, None if whole else who) != who:
            doubtful.add(place)
    if not doubtful:
        return set()
    doubtful -= _ours(work, case, doubtful, named)
    here = _there(work, [named[place] for place in doubtful if place in named])
    words = set()
    for place in doubtful:
        if place not in named or named[place] not in here:
            words.add(GONE)
        elif place in away:
            words.add(AWAY)
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


def _away(work: Work, case: Case, named: Mapping[_Place, Person]) -> set[_Place]:
    """Return which rows lie at a hotel for which another company answers by now.

    Of whom something lies here, that goes, and who approves reads that the profile stays there.
    """
    found: set[_Place] = set()
    for name in work.datamap.subjects.keys() & {name for name, _ in named.values()}:
        mine = {person[1]: place for place, person in named.items() if person[0] == name}
        declared = work.datamap.declared(name)
        there = purview.elsewhere(work, case.property, declared, list(mine))
        ours = purview.here(work, case.property, {(name, key) for key in there})
        found |= {mine[key] for key in there if (name, key) not in ours}
    return found


def _ours(
    work: Work, case: Case, places: Collection[_Place], named: Mapping[_Place, Person]
) -> set[_Place]:
    """Return which rows we erased since the request came in, and nobody filled again."""
    shells = _erased(work, places, tables.subject.c.erased_at >= case.received_at)
    found = set()
    for name in {name for name, _ in shells}:
        texts = {text for each, text in shells if each == name}
        persons = {text: named[name, text] for text in texts if (name, text) in named}
        full = filled_again(work.conn, work.datamap.tables.get(name), set(persons), persons)
        found |= {(name, text) for text in texts - full}
    return found


def _erased(
    work: Work, places: Collection[_Place], over: ColumnElement[bool]
) -> set[_Place]:
    """Return which rows have a tombstone of ours under a condition."""
    table = tables.subject
    return {
        (name, text)
        for name in {name for name, _ in places}
        for part in chunks(sorted(text for each, text in places if each == name), MANY)
        for text in work.conn.execute(
            select(table.c.row_key).where(
                table.c.table_name == name, one_of(table.c.row_key, part), over
            )
        ).scalars()
    }


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
