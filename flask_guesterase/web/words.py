"""Words for what the program counts in: states, grounds, channels, outcomes."""

from __future__ import annotations

from ..core.lifecycle import Ground, State
from .language import N_, Language

STEPS = ("received", "identity", "deciding", "waiting", "done")
"""The five words a guest sees, in their order (see ``core.lifecycle.WORDS``)."""

GUEST_WORDS: dict[str, str] = {
    "received": N_("received"),
    "identity": N_("checking it is you"),
    "deciding": N_("being decided"),
    "waiting": N_("waiting"),
    "done": N_("done"),
}

STATES: dict[str, str] = {
    State.RECEIVED: N_("identity to be shown"),
    State.VERIFIED: N_("identity shown"),
    State.REVIEW: N_("to be decided"),
    State.APPROVED: N_("approved"),
    State.WAITING: N_("approved, waiting"),
    State.ERASING: N_("being erased"),
    State.CHECKING: N_("erased, being checked"),
    State.ERASED: N_("erased"),
    State.SEALED: N_("erased as far as the law allows"),
    State.PARTIAL: N_("not complete: something is left"),
    State.EXPIRED: N_("ended: identity not shown in time"),
    State.REFUSED: N_("refused"),
    State.COMPLAINT: N_("complaint"),
    State.WITHDRAWN: N_("withdrawn"),
    State.RESTORED: N_("restored"),
}

GROUNDS: dict[str, str] = {
    Ground.IDENTITY: N_("It was not shown who the person is."),
    Ground.LAW: N_("The law makes the hotel keep it."),
    Ground.CLAIM: N_("It is needed for a legal claim."),
    Ground.NOTHING: N_("The hotel holds nothing about this person."),
    Ground.FOREIGN: N_("It is another person's data."),
    Ground.UNFOUNDED: N_("The request is manifestly unfounded or excessive."),
}

CHANNELS: dict[str, str] = {
    "form": N_("form"),
    "desk": N_("at the desk"),
    "mail": N_("e-mail"),
    "phone": N_("phone call"),
    "letter": N_("letter"),
    "cli": N_("command"),
}

MESSAGE_CHANNELS: dict[str, str] = {
    "page": N_("shown on this page"),
    "print": N_("to be printed"),
    "smtp": N_("e-mail"),
    "sms": N_("text message"),
}

HOWS: dict[str, str] = {
    "desk": N_("The guest showed a document at the desk; no copy was made."),
    "callback": N_("I called back the number on file and the guest answered."),
    "slip": N_("The guest showed the code printed on the slip or invoice."),
    "known": N_("The guest is in house and known to me."),
    "link": N_("The guest opened the link sent to the contact on file."),
}

OUTCOMES: dict[str, str] = {
    "delete": N_("row deleted"),
    "overwrite": N_("overwritten"),
    "retain": N_("kept by law"),
    "share": N_("stays, also another person's"),
}

WHYS: dict[str, str] = {
    "referenced": N_("other rows still point here"),
    "gap": N_("the data map has a gap here"),
    "also-another-persons": N_("it is another person's too"),
    "open": N_("open"),
    "failed": N_("failed"),
    "sent": N_("sent"),
    "done": N_("done"),
}

CATEGORIES: dict[str, str] = {
    "profile": N_("profile"),
    "invoice": N_("invoices and bookkeeping"),
    "invoice_accounting": N_("invoices and bookkeeping"),
    "guest_register": N_("guest register"),
    "registration": N_("guest register"),
    "payment": N_("payments"),
    "contract": N_("contracts"),
}

_ALL: tuple[dict[str, str], ...] = (
    STATES, GROUNDS, CHANNELS, HOWS, OUTCOMES, WHYS, CATEGORIES,
)  # fmt: skip


def word(language: Language, value: object) -> str:
    """Return an enumerated value in the reader's words; a word nobody translated is shown plain.

    :param language: who reads.
    :param value: a state, ground, channel, way of showing identity, outcome, reason or category.
    """
    key = str(value or "")
    for words in _ALL:
        if key in words:
            return language.gettext(words[key])
    return key.replace("_", " ").replace("-", " ")
