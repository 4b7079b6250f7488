"""How a complaint is answered: by another person than who decided, in a letter that was read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime, timedelta

from ...core import complaining
from ...core.answer import Answer
from ...core.complaining import ANSWERED, OPEN, Outcome
from ...core.errors import TransitionError
from ...core.events import ComplaintAnswered, RefusalOverturned, RefusalUpheld
from ...core.lifecycle import State
from ...core.remembrance import Kind
from ..access.tokens import Purpose, end
from ..boxes import safe
from ..casework import cases, written
from ..casework.cases import Case
from ..casework.contacts import contact_of
from ..certificates import reply
from ..messages import outbox
from ..messages.post import Draft, write
from ..messages.unheard import COMPLAINT, TIMED
from ..remembrance import tracing
from ..requests import deadlines
from ..requests.linking import ask_who
from ..work import Work
from . import records
from .records import Complaint

IDENTITY = "identity"
"""What such a letter asks for, where it was never shown who asks."""


def draft(work: Work, number: str, by: str, outcome: str, words: str) -> Draft:
    """Return the letter that would be sent, changing nothing.

    :param work: the open transaction.
    :param number: number of the complaint.
    :param by: the host's id of the person.
    :param outcome: one of `core.complaining.Outcome` that fits.
    :param words: what is said to the guest besides, in the guest's language; may be empty.
    :raises ForbiddenError: they may not deal with complaints at its property.
    :raises FourEyesError: they decided what is complained about.
    :raises InputError: there is no such answer to this complaint.
    :raises TransitionError: it was answered.
    """
    row, actor = records.allowed(work, number, by)
    case = records.case_of(work, row)
    records.other(work, case, actor)
    return drafted(work, row, case, outcome, words)


def drafted(work: Work, row: Complaint, case: Case | None, outcome: str, words: str) -> Draft:
    """Return the letter that would be sent; who asks was looked at before.

    :raises InputError: there is no such answer to this complaint.
    :raises TransitionError: it was answered, or the request cannot be decided anew.
    """
    found = _fitting(work, row, case, outcome)
    params = _params(work, row, case, found, words)
    if case is not None:
        printed = contact_of(work, case.number) is None
        return Draft(row.lang, outbox.about(case, params, printed), printed)
    said = safe.peek(work, row.box) or {}
    return Draft(row.lang, params, not said.get("value"))


def decide(work: Work, number: str, by: str, outcome: str, words: str) -> None:
    """Answer a complaint, by another person than who decided what it is about.

    A refusal that is overturned goes back to be decided anew.

    :raises ForbiddenError: they may not deal with complaints at its property.
    :raises FourEyesError: they decided what is complained about.
    :raises InputError: there is no such answer to this complaint.
    :raises TransitionError: it was answered, or the request cannot be decided anew.
    """
    row, actor = records.allowed(work, number, by, lock=True)
    case = records.case_of(work, row, lock=True)
    records.other(work, case, actor)
    settle(work, row, case, actor, (outcome, words))


def settle(
    work: Work, row: Complaint, case: Case | None, actor: str, said: tuple[str, str]
) -> None:
    """Answer a complaint; who answers was looked at before.

    :param work: the open transaction, in which complaint and request are locked.
    :param row: the complaint.
    :param case: the request it is about, or None.
    :param actor: opaque number of who answers.
    :param said: outcome, and words to the guest.
    """
    outcome = _fitting(work, row, case, said[0])
    params = _params(work, row, case, outcome, said[1])
    box = written.seal(work, row.controller, records.PURPOSE, {"text": said[1].strip()})
    row = records.change(
        work, row, state=ANSWERED, outcome=outcome.value, decided_by=actor, answer_box=box,
        ended_at=work.stamp,
    )  # fmt: skip
    end(work, row.number, Purpose.REVIEW, Purpose.REVIEWER)
    records.tell(work, ComplaintAnswered, row, actor, (outcome.value,))
    if case is not None and records.contested(case):
        case = _moved(work, row, case, outcome, actor)
    _send(work, row, case, params)


def _fitting(work: Work, row: Complaint, case: Case | None, word: str) -> Outcome:
    if row.state != OPEN:
        raise TransitionError("This complaint was answered.", "Look at the answer.")
    found = complaining.outcome(word, records.contested(case))
    if found is Outcome.OVERTURNED and case is not None:
        if cases.keyless(work, case):
            raise cases.too_old()
        # A key that is only away is brought back first: without it nothing is decided anew.
        cases.secret(work, case)
    return found


def _params(
    work: Work, row: Complaint, case: Case | None, outcome: Outcome, words: str
) -> dict[str, str]:
    answer = reply.answer(work, case) if case is not None else None
    if outcome is Outcome.OVERTURNED or answer is None:
        # What the law says for the refusal is no answer to who was right.
        answer = Answer(outcome.value)
    return {
        "complaint": row.number,
        "about": row.about,
        "outcome": outcome.value,
        "words": words.replace("\0", "").strip()[: complaining.LONGEST_TEXT],
        "answer": answer.to_json(),
        "number": row.number if case is None else case.number,
        "property": row.property,
        "case": "" if case is None else reply.coded(case),
        "what": IDENTITY if outcome is Outcome.OVERTURNED and _unknown(case) else "",
        "due": _told(work, case) if outcome is Outcome.OVERTURNED and case else "",
    }


def _unknown(case: Case | None) -> bool:
    """Return whether the guest of a request never showed who they are."""
    return case is not None and case.verified_at is None


def _moved(work: Work, row: Complaint, case: Case, outcome: Outcome, actor: str) -> Case:
    if outcome is Outcome.UPHELD:
        cases.tell(work, RefusalUpheld, case, actor, grounds=(row.about,))
        return cases.step(work, case, State.REFUSED, ended_at=work.stamp)
    due, asked = _timed(work, case)
    work.remember.append(tracing.undone(case, Kind.OVERTURNED, "complaint"))
    cases.tell(work, RefusalOverturned, case, actor, grounds=(row.about,))
    case = cases.step(
        # Whoever never showed who they are does so first; a complaint is no proof of it.
        work, case, State.RECEIVED if _unknown(case) else State.REVIEW,
        ground=None, article=None, decided_by=None, decided_at=None, ended_at=None,
        due_on=due.isoformat(), reminded_on=None, acknowledged_at=asked,
    )  # fmt: skip
    ask_who(work, case)
    return case


def _timed(work: Work, case: Case) -> tuple[date, datetime | None]:
    """Return the last day of a request decided anew, and since when its guest is asked.

    A refusal that was wrong gave no answer: the day that counts from the receipt of the request
    stands, however late the complaint came.

    Source: GDPR Article 12(3).
    """
    due, asked = date.fromisoformat(case.due_on), case.acknowledged_at
    if _unknown(case) and asked is not None:
        # They are asked now; what was waited for them before moves the day as it did, once.
        asked, stood = deadlines.asked_anew(work, case)
        due -= timedelta(days=stood)
    return due, asked


def _told(work: Work, case: Case) -> str:
    """Return by when the guest has an answer; empty where the clock stands still or ran out.

    Word of a longer time that did not leave was taken back when the request was refused.
    """
    if _unknown(case) and deadlines.stands(work, replace(case, state=State.RECEIVED)):
        return ""
    due, _ = _timed(work, case)
    return due.isoformat() if due >= deadlines.today(work, case) else ""


def _send(work: Work, row: Complaint, case: Case | None, params: Mapping[str, str]) -> None:
    longer = case is not None and case.extended_at is not None and params["due"]
    which = f":{row.number}{TIMED if longer else ''}"
    if case is not None and contact_of(work, case.number) is not None:
        write(work, case, COMPLAINT, params, which)
        return
    mark = f"{COMPLAINT}:{row.request or ''}{which}"
    if case is not None:
        outbox.queue_print(work, case, COMPLAINT, params, mark)
        return
    said = safe.peek(work, row.box) or {}
    kind, value = said.get("kind", "email"), said.get("value", "")
    post = outbox.Post(row.controller, row.property, row.lang, kind, value)
    outbox.queue_post(work, post, COMPLAINT, params, mark)
