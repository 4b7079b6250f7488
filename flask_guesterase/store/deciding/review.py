"""What people decide about a request: identity, whose rows, yes or no, or taken back."""

from __future__ import annotations

from enum import StrEnum

from ...core import asking
from ...core.asking import Asker
from ...core.errors import InputError, TokenError, TransitionError
from ...core.events import (
    GUEST,
    SYSTEM,
    CaseCodeReplaced,
    DataCopyRefused,
    DataCopyWithdrawn,
    ErasureRefused,
    ErasureWithdrawn,
    IdentityVerified,
    RequestExpired,
    SubjectTaken,
)
from ...core.grounds import About, refusable
from ...core.lifecycle import Ground, State, move
from ...core.permissions import Permission
from ...core.remembrance import Kind
from ...core.standing import Standing
from ...core.wish import Kind as Asked
from .. import tables
from ..access import actors, tokens
from ..access.tokens import Purpose, Token
from ..casework import answering, proving
from ..casework.cases import Case, acknowledge, load, step, tell, where
from ..casework.contacts import contact_of, end_contact
from ..certificates import planning, reply
from ..copying import shelved
from ..erasing import people
from ..identity import objecting
from ..journaling import approvals
from ..messages import outbox
from ..messages.post import Draft, write
from ..noted import Refusal
from ..remembrance import tracing
from ..requests import deadlines, lapsing, meant, same
from ..work import Work


class Shown(StrEnum):
    """How somebody showed who they are: recorded is that and how, never a copy."""

    LINK = "link"
    DESK = "desk"
    CALLBACK = "callback"
    SLIP = "slip"
    KNOWN = "known"
    CLAIM = "claim"


_BY_THEMSELVES = (Shown.LINK, Shown.CLAIM)
"""Ways that no clerk records: the link, and the code that was printed for the guest."""


def confirm_link(
    work: Work, token: str, kind: Asked = Asked.ERASURE, code: str = ""
) -> str:
    """Take the proof that the guest reads the contact on file; return the case code.

    A link that was made for an erasure proves nothing for a copy, and the other way round.

    :param work: the open transaction.
    :param token: secret of the link.
    :param kind: what it must have been made for.
    :param code: the code to give; a random one where it is empty.
    :return: code that opens the status page, shown once.
    :raises TokenError: the link is unknown, used or expired, or the request has moved on.
    """
    number = _number(tokens.use(work, PROOF[kind], token))
    case = load(work, number, lock=True)
    if case.state is not State.RECEIVED or (case.kind == Asked.COPY) is not (kind is Asked.COPY):
        raise TokenError("This link was used before.", "Ask for a new one, or speak to reception.")
    proving.take(work, case, token)
    return _verified(work, case, GUEST, Shown.LINK, code=code)


PROOF = {Asked.ERASURE: Purpose.CONFIRM, Asked.COPY: Purpose.COPY}
"""What is asked for -> purpose of the link that proves a contact for it, and for nothing else."""


def confirm(
    work: Work, number: str, by: str, how: str, seen: str = "", code: str = ""
) -> str:
    """Record that somebody showed a clerk who they are, and how; return the case code.

    :param work: the open transaction.
    :param number: number of the request.
    :param by: the host's id of the clerk.
    :param how: one of `Shown`, except "link" and "claim".
    :param seen: which paper was seen, one of `core.asking.Seen`; may be empty for a guest.
    :param code: the code to give; a random one where it is empty.
    :return: code that opens the status page, for the guest's slip.
    :raises ForbiddenError: the clerk may not verify at this property.
    :raises InputError: there is no such way to show who one is, or the paper does not show that
        whoever asks may.
    :raises TransitionError: the request does not wait for this.
    """
    case = load(work, number, lock=True)
    actor = actors.allow(work, by, Permission.VERIFY, case.property)
    paper = _paper(work, case, by, (how, seen))
    proving.take(work, case, proving.SAID)
    return _verified(work, case, actor, Shown(how), paper, by, code)


def recode(
    work: Work, number: str, by: str, how: str, seen: str = "", code: str = ""
) -> str:
    """Give another case code to a guest who lost theirs, which ends; return it.

    The request stays where it is: nothing is proved anew, and nothing decided.

    :param work: the open transaction.
    :param number: number of the request.
    :param by: the host's id of the clerk who saw who it is.
    :param how: as of `confirm`.
    :param seen: as of `confirm`.
    :param code: the code to give; a random one where it is empty.
    :raises ForbiddenError: the clerk may not verify at this property.
    :raises InputError: there is no such way to show who one is, or the paper does not show that
        whoever asks may.
    :raises TransitionError: nobody showed who they are before, or nothing is left of the guest
        with which somebody could be compared.
    """
    case = load(work, number, lock=True)
    actor = actors.allow(work, by, Permission.VERIFY, case.property)
    if case.verified_at is None:
        raise TransitionError(
            "Nobody showed yet who they are.", "Record that they did; it gives a code."
        )
    if case.erased_at is not None:
        raise TransitionError(
            "Nothing is left with which to compare who asks.", "Print the certificate for them."
        )
    _paper(work, case, by, (how, seen))
    tell(work, CaseCodeReplaced, case, actor, grounds=(how,))
    return tokens.case_code(work, case.number, code)


def _paper(work: Work, case: Case, by: str, said: tuple[str, str]) -> asking.Seen | None:
    """Return which paper a clerk saw, where what they recorded shows that somebody may ask."""
    how, seen = said
    ways = sorted(way.value for way in Shown if way not in _BY_THEMSELVES)
    if how not in ways:
        raise InputError("There is no such way to show who one is.", f"Use {', '.join(ways)}.")
    who = Asker(case.asked_by or Asker.GUEST)
    try:
        return asking.seen(seen or (_SEEN.get(how, "") if who is Asker.GUEST else ""), who)
    except InputError:
        work.refused.append(Refusal(case.property, ("no-authority",), case.number, by))
        raise


_SEEN = {Shown.DESK.value: asking.Seen.DOCUMENT.value, Shown.KNOWN.value: asking.Seen.KNOWN.value}
"""What a guest showed in ways that say so themselves."""


def _verified(
    work: Work,
    case: Case,
    actor: str,
    how: Shown,
    paper: asking.Seen | None = None,
    by: str | None = None,
    code: str = "",
) -> str:
    word = None if paper is None else paper.value
    case = step(
        work, case, State.VERIFIED, State.REVIEW,
        verified_by=actor, verified_how=how.value, verified_at=work.stamp, seen=word,
        due_on=deadlines.due(work, case).isoformat(),
    )  # fmt: skip
    acknowledge(work, case.number)
    known = () if word is None or _SEEN.get(how.value) == word else (word,)
    marks = {**approvals.who(work, case, by), **same.unnoted(work, case)}
    tell(work, IdentityVerified, case, actor, grounds=(how.value, *known), marks=marks)
    objecting.announce(work, case, by_contact=how is Shown.LINK)
    return tokens.case_code(work, case.number, code)


def claimed(work: Work, case: Case, by: str, code: str = "") -> str:
    """Take the proof that the guest has the code a clerk printed for them; return the case code.

    Whoever printed it saw who the guest is, and is the one who verified; they do not approve.

    :param work: the open transaction.
    :param case: the request.
    :param by: the host's id of the clerk who printed the code.
    :param code: the case code to give; a random one where it is empty.
    """
    return _verified(work, case, actors.number(work, by), Shown.CLAIM, None, by, code)


def _number(token: Token) -> str:
    return str(token.request)


def choose(work: Work, number: str, id: int, by: str, standing: Standing) -> None:
    """Say of a row that it is, or is not, the same person's.

    Whoever takes a row has verified it, and does not approve the request. One that is taken is
    taken once more where it was somebody else's, or written otherwise, since it was found.

    :param work: the open transaction.
    :param number: number of the request.
    :param id: number of the row, as the preview gives it.
    :param by: the host's id of the clerk.
    :param standing: TAKEN or LEFT.
    :raises ForbiddenError: the clerk may not verify at this property.
    :raises TransitionError: it is decided already.
    """
    case = load(work, number, lock=True)
    actor = actors.allow(work, by, Permission.VERIFY, case.property)
    if case.state not in (State.RECEIVED, State.VERIFIED, State.REVIEW):
        raise TransitionError(
            "Whose rows are meant can only be said before it is decided.",
            "Withdraw the request and file a new one.",
        )
    meant.require(work, case)
    people.decide(work, case.number, id, standing, f"by:{actor}")
    case = step(work, case)
    marks = {**approvals.who(work, case, by), **meant.marks(work, case)}
    if standing is Standing.TAKEN:
        taken = people.subjects(work, case.number, standing)
        marks |= same.noted(work, case, people.named(work, [s for s in taken if s.id == id]))
    tell(work, SubjectTaken, case, actor, grounds=(standing.value,), marks=marks)


def refuse(work: Work, number: str, by: str, ground: str) -> None:
    """Refuse a request on a named ground; the guest is told, and how to complain.

    :param work: the open transaction.
    :param number: number of the request.
    :param by: the host's id of the person.
    :param ground: one of `Ground`.
    :raises ForbiddenError: they may not refuse at this property.
    :raises InputError: there is no such ground, the law at the property does not know it, or it
        is not true: nothing were held, or all of it kept by law, or somebody's where nobody is
        known, or nobody had shown who they are.
    :raises TransitionError: it is decided already, or its refusal is contested.
    """
    case = load(work, number, lock=True)
    actor = actors.allow(work, by, Permission.REFUSE, case.property)
    _uncontested(case)
    move(case.state, State.REFUSED)
    named = _ground(work, case, ground)
    case = step(
        work, case, State.REFUSED,
        decided_by=actor, decided_at=work.stamp, ground=named.value, ended_at=work.stamp,
        article=reply.named(work, case, named),
        # Nobody waits for the guest any more: what was waited until now is all there is.
        due_on=deadlines.due(work, case).isoformat(),
    )  # fmt: skip
    event = DataCopyRefused if case.kind == Asked.COPY else ErasureRefused
    tell(work, event, case, actor, grounds=(named.value,))
    # Decided anew after a complaint, it may be refused once more.
    write(work, case, "refused", reply.refused(work, case, named), f":{case.version}", paper=True)


def refusal(work: Work, number: str, by: str, ground: str) -> Draft:
    """Return the letter by which a request would be refused, changing nothing.

    :param work: the open transaction.
    :param number: number of the request.
    :param by: the host's id of the person.
    :param ground: one of `Ground`.
    :raises ForbiddenError: they may not refuse at this property.
    :raises InputError: there is no such ground, or the law at the property does not know it.
    :raises TransitionError: it is decided already, or its refusal is contested.
    """
    case = load(work, number)
    actors.require(work, by, Permission.REFUSE, case.property)
    _uncontested(case)
    move(case.state, State.REFUSED)
    params = reply.refused(work, case, _ground(work, case, ground))
    reached = case.asked_by != Asker.RELATIVE and contact_of(work, case.number) is not None
    return Draft(case.lang, outbox.about(case, params, not reached), not reached)


def _uncontested(case: Case) -> None:
    if case.state is State.COMPLAINT:
        # A refusal of its own would leave the complaint open with nothing to overturn.
        raise TransitionError(
            "A complaint about the refusal is open.",
            "Answer the complaint; uphold the refusal to let it stand.",
        )


def _ground(work: Work, case: Case, ground: str) -> Ground:
    hotel = work.settings.home(case.property)
    held = ground in (Ground.NOTHING, Ground.LAW) and _held(work, case)
    known = bool(people.subjects(work, case.number, Standing.TAKEN))
    law = answering.law(work.settings, hotel)
    relative = case.asked_by == Asker.RELATIVE
    # Who objects at another contact puts in doubt again what was recorded.
    shown = case.verified_at is not None and not objecting.unanswered(work, case.number)
    copy = case.kind == Asked.COPY
    return refusable(law, ground, About(held, copy, known, relative, shown))


def _held(work: Work, case: Case) -> bool:
    """Return whether there are rows of who is taken, or of whom nobody said whose they are."""
    unsaid = people.subjects(work, case.number, Standing.PERHAPS)
    if any(each.erased_at is None for each in unsaid):
        return True
    whose = people.taken(work, case.number)
    if not whose:
        return False
    plan = planning.plan(work, whose, case.property)
    return any(step.rows for step in plan.steps) or any(block.rows for block in plan.blocked)


def withdraw(work: Work, number: str, by: str | None, code: str | None) -> None:
    """Take a request back; the guest may until it is carried out.

    :param work: the open transaction.
    :param number: number of the request.
    :param by: the host's id of the clerk who does it for the guest, or None.
    :param code: the guest's case code, or None.
    :raises TokenError: the code is not this request's.
    :raises ForbiddenError: the clerk may not file at this property.
    :raises TransitionError: it is too late.
    """
    case = load(work, number, lock=True)
    actor = SYSTEM
    if code is not None:
        if _number(tokens.look(work, Purpose.CASE, tokens.plain(code))) != case.number:
            raise TokenError("This code is not the code of this request.", "Type it again.")
        actor = GUEST
    elif by is not None:
        actor = actors.allow(work, by, Permission.FILE, case.property)
    if case.decided_at is not None and case.kind != Asked.COPY:
        # A database restored to the day of the approval must not carry it out.
        work.remember.append(tracing.undone(case, Kind.OVERTURNED, "withdrawn"))
    case = step(work, case, State.WITHDRAWN, ended_at=work.stamp, try_at=None)
    copy = case.kind == Asked.COPY
    if copy:
        shelved.clear(work, case.number)
    tell(work, DataCopyWithdrawn if copy else ErasureWithdrawn, case, actor)
    write(work, case, "withdrawn", {})
    end_contact(work, case.number)


def expire(work: Work, most: int = 50) -> int:
    """End requests from the form that nobody confirmed in seven days; return how many.

    One that was asked for again, or read late, waits as long as its link is good. What reached the
    hotel otherwise is never ended by a clock: a person answers it.
    """
    old = tables.request.c.received_at <= work.stamp - lapsing.UNCONFIRMED
    due = where(work, lapsing.by_itself(), old, ~lapsing.linked(work), most=most)
    for case in due:
        case = step(work, case, State.EXPIRED, ended_at=work.stamp)
        tell(work, RequestExpired, case, SYSTEM)
        end_contact(work, case.number)
    return len(due)
