"""Whoever reads another contact of a guest is told that somebody asked, and can stop it.

A proof shows that somebody reads one contact, or has a slip. The other e-mail addresses on file
that are this person's alone get a notice without hotel, stay or name; an objection from there
keeps the request waiting until the privacy officer has looked. Telephone numbers are not told:
they are given to new people, who would learn something.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

from sqlalchemy import bindparam, insert, select, update

from ...core.asking import Asker
from ...core.canary import KIND as INVENTED
from ...core.errors import GapError, MatchError, MovedError, TransitionError, UnknownError
from ...core.events import GUEST, ObjectionSettled, RequestObjected
from ...core.identity import Kind, kind_of, normal, same
from ...core.lifecycle import COPIES, DONE, OPEN, State
from ...core.log import Draft
from ...core.permissions import Permission
from ...core.plan import Person
from .. import tables
from ..access import actors, tokens
from ..access.tokens import Purpose
from ..casework.cases import Case, load, step, tell
from ..casework.contacts import contact_of
from ..casework.matching import Contact, is_ours
from ..erasing import people
from ..erasing.carrying import candidates, carriers, known
from ..journaling import approvals
from ..messages import outbox
from ..work import Work

MOST = 5
"""Notices that one proof sends at most."""


def announce(work: Work, case: Case, by_contact: bool) -> None:
    """Tell the guest's other e-mail addresses that somebody proved a request, and how to object.

    :param work: the open transaction.
    :param case: the request that was just proved.
    :param by_contact: the contact the request knows is the one that was proved.
    """
    if case.kind == INVENTED or case.asked_by == Asker.RELATIVE:
        return
    if outbox.channel_for(work, Kind.EMAIL) in outbox.SHOWN:
        # A notice that a clerk would have to carry tells nobody.
        return
    taken = people.taken(work, case.number)
    proved = contact_of(work, case.number) if by_contact else None
    addresses = [a for a in _addresses(work, taken) if proved is None or not _is(proved, a)]
    for number, address in enumerate(addresses[:MOST], 1):
        if _alone(work, address, taken):
            params = {"token": tokens.objection(work, case.number)}
            dedupe = f"{outbox.OBJECTION}:{case.number}:{case.version}:{number}"
            contact = Contact(Kind.EMAIL.value, address)
            outbox.queue_message(work, case, contact, outbox.OBJECTION, params, dedupe)


def _is(contact: Contact, address: str) -> bool:
    return contact.kind == Kind.EMAIL and same(Kind.EMAIL, contact.value, address)


def _addresses(work: Work, taken: Iterable[Person]) -> list[str]:
    """Return the e-mail addresses on file of these people, each once."""
    found: dict[str, str] = {}
    for person, row in known(work.conn, work.datamap, taken).items():
        kinds = work.datamap.subjects[person[0]].contact
        for column, text in row.contacts.items():
            if kinds[column] == Kind.EMAIL:
                try:
                    found.setdefault(normal(Kind.EMAIL, text), text)
                except MatchError:
                    continue
    return [found[form] for form in sorted(found)]


def _alone(work: Work, address: str, taken: Iterable[Person]) -> bool:
    """Return whether no other profile, at any property, carries an address; unknown means no.

    One of the hotel's own is nobody's: whoever reads it there is not the guest.
    """
    if is_ours(work, Kind.EMAIL, address, ""):
        return False
    keys = [key for key in work.datamap.match_keys() if kind_of(key) is Kind.EMAIL]
    if any(work.datamap.tables[name].blurred for name in work.datamap.subjects):
        return False
    try:
        # Who is looked for by something else alone has a contact all the same.
        found = carriers(work.conn, work.datamap, Kind.EMAIL, address)
        for key in keys:
            by_key = candidates(work.conn, work.datamap, key, address, None)
            found |= {each.person for each in by_key}
    except (GapError, MatchError):
        return False
    return bool(found) and found <= set(taken)


def by_link(work: Work, token: str) -> None:
    """Make sure that a link objects to something, without using it.

    :raises TokenError: it is unknown, used or expired.
    """
    tokens.look(work, Purpose.OBJECT, token)


def receive(work: Work, token: str) -> bool:
    """Use such a link up: the request waits for the privacy officer, as far as it is not over.

    Where it was carried out before, whoever looks after what goes wrong is told: as long as there
    is a safety copy it can be taken back. So they are where it has ended otherwise, for somebody
    asked who may not have been the guest. A button that is pressed twice objects once.

    :param work: the open transaction.
    :param token: secret of the link.
    :return: False where it was carried out before.
    :raises TokenError: it is unknown, used longer ago or expired.
    """
    number, first = tokens.press(work, Purpose.OBJECT, token)
    if not first:
        return load(work, number).state not in CARRIED_OUT
    case = load(work, number, lock=True)
    early = case.state in STOPPABLE
    if early or case.state in CARRIED_OUT | ENDED:
        table = tables.objection
        values = {"objected_at": work.stamp, "settled_by": None, "settled_at": None}
        mine = table.c.request == case.number
        if not work.conn.execute(update(table).where(mine).values(values)).rowcount:
            work.conn.execute(insert(table).values(request=case.number, **values))
    # A copy that is open in somebody's browser closes; a new link is sent when it was settled.
    tokens.end(work, case.number, Purpose.TICKET)
    if case.state in (State.APPROVED, State.WAITING):
        # Whoever carries it out next sends it back to be decided.
        case = step(work, case, try_at=work.stamp)
    tell(work, RequestObjected, case, GUEST, grounds=(_PAUSED if early else "too-late",))
    return case.state not in CARRIED_OUT


STOPPABLE = OPEN | COPIES | {State.REFUSED}
"""States in which an objection lets a request wait; a refusal may be overturned by a complaint."""

CARRIED_OUT = frozenset({State.ERASING, State.CHECKING, *DONE})
"""States in which an objection comes too late to stop anything."""

ENDED = frozenset({State.WITHDRAWN, State.EXPIRED})
"""States in which there is nothing left to stop, though nobody has looked who it was that asked."""


def late(work: Work) -> Iterator[tuple[str, str, datetime]]:
    """Yield property, number and moment of objections to what nobody will look at again by itself.

    Before it is decided, whoever decides meets them, and who refuses it, or takes the erasure
    back, has answered; what was carried out or has ended, or a copy that lies ready or was fetched,
    no step leads to a person any more.
    """
    table, request = tables.objection, tables.request
    rows = work.conn.execute(
        select(request.c.property, request.c.number, table.c.objected_at)
        .join(table, table.c.request == request.c.number)
        .where(table.c.settled_at.is_(None))
        .where(request.c.state.in_([state.value for state in CARRIED_OUT | COPIES | ENDED]))
        .order_by(request.c.number)
    )
    yield from map(tuple, rows)


_OBJECTION = tables.objection.c
_OPEN = select(_OBJECTION.request).where(
    _OBJECTION.request == bindparam("wanted"), _OBJECTION.settled_at.is_(None)
)


OBJECTING = (RequestObjected.name, ObjectionSettled.name)
"""Names of the events by which `is_open` knows an objection."""


def is_open(work: Work, number: str, said: Sequence[Draft] | None = None) -> bool:
    """Return whether somebody objected to a request and nobody has settled it.

    A row can be written, and taken away, by whoever reaches the database: the journal is asked too.

    :param work: the open transaction.
    :param number: number of the request.
    :param said: what the journal says of it, `OBJECTING` and more, where that was read.
    """
    mine = work.conn.execute(_OPEN, {"wanted": number}).first()
    return mine is not None or _said(work, number, said)


def unanswered(work: Work, number: str) -> int:
    """Return how often somebody objected to a request, where nobody has settled that; else 0.

    :param work: the open transaction.
    :param number: number of the request.
    """
    said = approvals.entries_of(work, number, OBJECTING)
    if not is_open(work, number, said):
        return 0
    names = [*(each.action for each in said), *(e.name for e in work.events if e.number == number)]
    return max(1, names.count(RequestObjected.name))


_PAUSED = "paused"


def _said(work: Work, number: str, known: Sequence[Draft] | None = None) -> bool:
    """Return whether the newest that was said of objections is that one lets a request wait."""
    # What was said in this transaction is not in the journal yet.
    said = [(e.name, e.grounds) for e in work.events if e.number == number and e.name in OBJECTING]
    if not said:
        known = approvals.entries_of(work, number, OBJECTING) if known is None else known
        said = [(each.action, each.grounds) for each in known if each.action in OBJECTING]
    return bool(said) and said[-1][0] == RequestObjected.name and _PAUSED in said[-1][1]


def require(work: Work, case: Case) -> None:
    """Go on only when nobody objected, or the privacy officer let it go on.

    :raises TransitionError: it waits for the officer.
    """
    if is_open(work, case.number):
        raise TransitionError(
            "Somebody at another contact of this guest objected.",
            "The privacy officer looks at it first: the objection is settled, or it is refused.",
        )


def settle(work: Work, number: str, by: str, seen: int | None = None) -> None:
    """Note that somebody looked at an objection: a request that is open goes on.

    Refusing it is the other answer. Whether one that is refused goes on is not asked yet, and one
    that has ended stays so.

    :param work: the open transaction.
    :param number: number of the request.
    :param by: the host's id of the privacy officer.
    :param seen: how often somebody had objected when they looked, as `unanswered` tells; None for
        whatever is open now.
    :raises ForbiddenError: they are not the privacy officer of this property.
    :raises FourEyesError: they filed or verified the request.
    :raises MovedError: somebody objected since.
    :raises TransitionError: it is refused.
    :raises UnknownError: nobody objected, or it was settled.
    """
    case = load(work, number, lock=True)
    actor = actors.allow(work, by, Permission.LAW, case.property)
    approvals.second(work, case, by)
    if case.state is State.REFUSED:
        raise TransitionError(
            "This request is refused, so nothing goes on to which anybody could object.",
            "The objection is looked at once a complaint overturns the refusal.",
        )
    standing = unanswered(work, case.number)
    if not standing:
        raise UnknownError("Nobody objects to this request.", "Look at it again.")
    if seen not in (None, standing):
        raise MovedError(
            "Somebody objected again since you looked.",
            "Ask the guest once more, then look at the request again.",
        )
    table = tables.objection
    work.conn.execute(
        update(table)
        .where(table.c.request == case.number, table.c.settled_at.is_(None))
        .values(settled_by=actor, settled_at=work.stamp)
    )
    tell(work, ObjectionSettled, case, actor)
