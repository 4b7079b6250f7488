"""What the page of a request offers: what may be seen, said and done about it."""

from __future__ import annotations

from typing import Any

from ...core.asking import PAPERS, Asker, Seen
from ...core.grounds import About, exemption, grounds
from ...core.lifecycle import DONE, MOVES, OPEN, State
from ...core.permissions import Permission
from ...core.reasons import mapped
from ...core.wish import Kind
from ...store.casework import answering
from ...store.deciding.preview import Preview
from ...store.messages.outbox import OUTSIDE
from ...store.settings import Property
from ..current import current
from ..wording import lawwords
from ..wording.casewords import OTHERS_HOWS
from ..wording.cited import cited
from ..wording.language import Language
from ..wording.words import HOWS, word
from .desk import may


def papers(tongue: Language, case: dict[str, Any]) -> list[tuple[str, str]]:
    """Return what may be seen of who asks in a guest's place; a guest shows it by the way."""
    who = Asker(case["asked_by"])
    if who is Asker.GUEST:
        return []
    return [(paper.value, word(tongue, paper)) for paper in Seen if paper in PAPERS[who]]


def hows_of(case: dict[str, Any]) -> dict[str, str]:
    """Return the ways to show who one is, each saying who showed it: the guest or who asks."""
    return HOWS if case["asked_by"] == Asker.GUEST else HOWS | OTHERS_HOWS


def is_over(case: dict[str, Any], plan: Preview | None) -> bool:
    """Return whether the plan that is shown knows nothing any more of what a request waits for.

    Of the time in which it can be taken back or stopped no plan tells.
    """
    if plan is None or case["state"] != State.WAITING or case["waiting_for"] in ("grace", OUTSIDE):
        return False
    return case["waiting_for"] not in {line.reason for line in plan.blocked}


def grounds_of(
    tongue: Language, hotel: Property, case: dict[str, Any], plan: Preview | None, objected: int
) -> list[tuple[str, str]]:
    """Return the grounds the law at a hotel knows, each with its article where it has one.

    :param objected: how often somebody objected, where nobody has settled that.
    """
    law = answering.law(current.settings, hotel)
    about = About(
        held=plan is not None and plan.holds(),
        copy=case["kind"] == Kind.COPY,
        known=plan is None or bool(plan.people),
        relative=case["asked_by"] == Asker.RELATIVE,
        shown=case["verified_at"] is not None and not objected,
    )
    found = []
    for ground in grounds(law, about):
        item = exemption(law, ground)
        article = tongue.aside(cited(tongue, item.article)) if item is not None else ""
        found.append((ground.value, word(tongue, ground) + article))
    return found


def reason_of(tongue: Language, case: dict[str, Any], hotel: Property) -> str:
    """Return why the guest asks and what the law at the hotel makes of it."""
    if not case["reason"]:
        return ""
    said = mapped(answering.law(current.settings, hotel), case["reason"])
    explained = lawwords.explained(tongue, {"zh": said.zh, "en": said.en})
    return tongue.colon.join(filter(None, (cited(tongue, said.article), explained)))


def deeds_of(case: dict[str, Any]) -> dict[str, bool]:
    """Return what the reader may do to a request now; the office decides again when they do."""
    state, code = State(case["state"]), case["property"]
    early = state in (State.RECEIVED, State.VERIFIED, State.REVIEW)
    verify = may(Permission.VERIFY, code)
    approve = may(Permission.APPROVE, code)
    return {
        "names": verify or approve,
        "details": may(Permission.HOLD, code),
        "confirm_told": verify,
        "settle": verify,
        "objection": may(Permission.LAW, code),
        "confirm": state is State.RECEIVED and verify,
        "recode": case["verified_at"] is not None and case["erased_at"] is None and verify,
        "choose": early and verify,
        "approve": state is State.REVIEW and approve and case["kind"] != Kind.COPY,
        "refuse": State.REFUSED in MOVES[state]
        and state is not State.COMPLAINT
        and may(Permission.REFUSE, code),
        "hold": may(Permission.HOLD, code),
        "look_after": state in OPEN and (verify or approve),
        "restore": may(Permission.RESTORE, code),
        "hand_slip": verify or may(Permission.FILE, code),
        "withdraw": State.WITHDRAWN in MOVES[state] and may(Permission.FILE, code),
        "later": may(Permission.FILE, code),
        "copy_after": state in DONE and case["kind"] == Kind.ERASURE and may(Permission.FILE, code),
        "extend": case["extendable"] and approve,
        "erase": state in (State.APPROVED, State.WAITING)
        and case["waiting_for"] != OUTSIDE
        and may(Permission.ERASE, code),
    }
