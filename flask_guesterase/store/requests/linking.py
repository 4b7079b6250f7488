"""The letter with the link by which a guest shows who they are."""

from __future__ import annotations

from ...core.lifecycle import State
from ...core.wish import Kind as Asked
from ..access import tokens
from ..access.tokens import Purpose
from ..casework import proving
from ..casework.cases import Case
from ..casework.contacts import contact_of
from ..casework.matching import Contact
from ..certificates import reply
from ..messages import outbox
from ..work import Work
from . import deadlines, lapsing

FORM = "form"


REPEATS = 3
"""How often a day a guest who asks again is written to again."""


def write_link(work: Work, case: Case, contact: Contact) -> None:
    """Send the link, or say that the request is with us already; a few times a day at most.

    The link's letter confirms receipt, so it says how one shows who one is and by when to expect
    an answer.

    Source: 11 CCR 7021(a).
    """
    copy, early = case.kind == Asked.COPY, case.state is State.RECEIVED
    template = outbox.PROOFS[copy] if early else "copyopen" if copy else "open"
    sent = outbox.queued_today(work, case.number, template)
    if sent < REPEATS:
        purpose = Purpose.COPY if copy else Purpose.CONFIRM
        params = {"case": reply.coded(case)}
        if early:
            params["token"] = tokens.link(work, case.number, purpose)
            proving.note(work, case, contact, params["token"])
            params["lapses"] = "yes" if lapsing.lapses(work, case) else ""
            params["due"] = "" if deadlines.stands(work, case) else case.due_on
        dedupe = f"{template}:{case.number}:{work.today}:{sent + 1}"
        outbox.queue_message(work, case, contact, template, params, dedupe)


def ask_who(work: Work, case: Case) -> None:
    """Send whoever asked through the form a new link, where they have not shown who they are.

    :param work: the open transaction.
    :param case: the request.
    """
    contact = contact_of(work, case.number)
    if case.state is State.RECEIVED and case.channel == FORM and contact is not None:
        write_link(work, case, contact)
