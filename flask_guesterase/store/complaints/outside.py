"""A reviewer from outside: one link, one code, one case, one word, without a login."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from ...core import complaining
from ...core.answer import Answer
from ...core.complaining import OPEN, Mode, Outcome
from ...core.errors import FourEyesError, InputError, TokenError, TransitionError
from ...core.events import ReviewerAdvised, ReviewerInvited
from ..access import actors, tokens
from ..access.tokens import Purpose
from ..boxes import safe
from ..casework import written
from ..certificates import reply
from ..messages.post import Draft
from ..noted import Refusal
from ..work import Work
from . import deciding, records
from .records import Complaint

LINK_DAYS = 14

OUTSIDE = "outside"


@dataclass(frozen=True)
class Seen:
    """What a reviewer from outside reads: the decision, its letter, and the complaint.

    :param number: number of the complaint.
    :param property: code of the property.
    :param lang: language of the letter.
    :param about: what it is about.
    :param text: what the guest wrote; empty when its day is over.
    :param received_at: naive UTC.
    :param due_on: last day for the answer, ISO.
    :param state: where the request stands, or empty when there is none.
    :param ground: ground of the refusal, or empty.
    :param answer: the reasoned answer the guest got, or None.
    :param mode: recommend or decide.
    :param outcomes: what may be said.
    """

    number: str
    property: str
    lang: str
    about: str
    text: str
    received_at: datetime
    due_on: str
    state: str
    ground: str
    answer: Answer | None
    mode: str
    outcomes: tuple[Outcome, ...]


def invite(work: Work, number: str, by: str, mode: str) -> tuple[str, str]:
    """Return a link's secret and its code, shown once; earlier ones of the complaint end.

    :param work: the open transaction.
    :param number: number of the complaint.
    :param by: the host's id of the person.
    :param mode: recommend or decide.
    :raises ForbiddenError: they may not deal with complaints at its property.
    :raises FourEyesError: they decided what is complained about.
    :raises InputError: there is no such mode.
    :raises TransitionError: it was answered.
    """
    row, actor = records.allowed(work, number, by, lock=True)
    records.other(work, records.case_of(work, row), actor)
    if mode not in {each.value for each in Mode}:
        raise InputError("A reviewer can do nothing of this kind.", "Use recommend or decide.")
    _open(row)
    pair = tokens.invite(work, row.number, timedelta(days=LINK_DAYS))
    row = records.change(
        work, row, mode=mode, invited_by=actor, invited_at=work.stamp, advice=None,
        advice_box=None, advised_at=None,
    )  # fmt: skip
    records.tell(work, ReviewerInvited, row, actor, (mode,))
    return pair


def enter(work: Work, secret: str, code: str, by: str = "", chosen: str = "") -> str:
    """Use link and code up; return what the browser shows from then on.

    :param work: the open transaction.
    :param secret: secret of the link.
    :param code: the code that goes with it.
    :param by: the host's id of who is logged in where they were opened, or empty.
    :param chosen: what the browser shows; a random secret where it is empty.
    :raises TokenError: they do not go together, or one of them is used or expired.
    :raises FourEyesError: whoever is logged in works at the property.
    """
    kept, token = tokens.enter(work, secret, code, chosen)
    row = records.load(work, str(token.request))
    if row.state != OPEN:
        raise TokenError("This complaint was answered.", "There is nothing left to say.")
    _from_outside(work, row, by)
    return kept


def _from_outside(work: Work, row: Complaint, by: str) -> None:
    """Go on only when nobody of the house is logged in: whoever invites reads link and code.

    :raises FourEyesError: somebody is.
    """
    if by and (work.shared(by) or actors.works(work, by, row.property)):
        work.refused.append(Refusal(row.property, ("four-eyes",), row.number, by))
        raise FourEyesError(
            "Whoever works at this property is no reviewer from outside.",
            "Let the person who was invited open the link, where nobody of staff is logged in.",
        )


def view(work: Work, kept: str) -> Seen:
    """Return what the reviewer reads.

    :param kept: what `enter` returned.
    :raises TokenError: it is unknown, used or expired.
    """
    row = _row(work, kept)
    case = records.case_of(work, row)
    said = safe.peek(work, row.box) or {}
    return Seen(
        row.number, row.property, row.lang, row.about, said.get("text", ""), row.received_at,
        row.due_on, "" if case is None else case.state.value,
        "" if case is None else case.ground or "",
        None if case is None else reply.answer(work, case),
        str(row.mode), complaining.outcomes(records.contested(case)),
    )  # fmt: skip


def draft(work: Work, kept: str, outcome: str, words: str) -> Draft:
    """Return the letter that would be sent where the reviewer decides, changing nothing.

    :raises TokenError: it is unknown, used or expired.
    :raises InputError: there is no such answer to this complaint.
    """
    row = _row(work, kept)
    return deciding.drafted(work, row, records.case_of(work, row), outcome, words)


def advise(work: Work, kept: str, outcome: str, words: str, by: str = "") -> str:
    """Take what the reviewer says, once; return whether it decides: "recommend" or "decide".

    :param work: the open transaction.
    :param kept: what `enter` returned.
    :param outcome: one of `core.complaining.Outcome` that fits.
    :param words: what the reviewer says besides.
    :param by: the host's id of who is logged in in this browser, or empty.
    :raises FourEyesError: whoever is logged in works at the property.
    :raises TokenError: it is unknown, used or expired.
    :raises InputError: there is no such answer to this complaint.
    """
    token = tokens.use(work, Purpose.REVIEWER, kept)
    row = records.load(work, str(token.request), lock=True)
    _from_outside(work, row, by)
    case = records.case_of(work, row, lock=True)
    found = complaining.outcome(outcome, records.contested(case))
    _open(row)
    box = written.seal(work, row.controller, records.PURPOSE, {"text": words.strip()})
    row = records.change(
        work, row, advice=found.value, advice_box=box, advised_at=work.stamp
    )
    # Somebody outside has a number of their own, as everybody has who acts.
    actor = actors.number(work, f"{OUTSIDE}:{row.number}")
    records.tell(work, ReviewerAdvised, row, actor, (str(row.mode), found.value))
    if row.mode == Mode.DECIDE:
        deciding.settle(work, row, case, actor, (outcome, words))
    return str(row.mode)


def _row(work: Work, kept: str) -> Complaint:
    return records.load(work, str(tokens.look(work, Purpose.REVIEWER, kept).request))


def _open(row: Complaint) -> None:
    if row.state != OPEN:
        raise TransitionError("This complaint was answered.", "Look at the answer.")
