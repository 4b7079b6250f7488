"""Letters about a request: to the guest's contact on file, to the desk, to the privacy officer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from ...core.asking import Asker
from ..casework.cases import Case
from ..casework.contacts import contact_of
from ..casework.matching import Contact
from ..work import Work
from . import outbox, overtaken


@dataclass(frozen=True)
class Draft:
    """A letter before it is sent.

    :param lang: language tag of the guest.
    :param params: what the text needs.
    :param printed: whether nobody can be written to, so that it is printed at the desk.
    """

    lang: str
    params: Mapping[str, str]
    printed: bool


def write(
    work: Work, case: Case, template: str, params: Mapping[str, str], which: str = "",
    paper: bool = False,
) -> None:  # fmt: skip
    """Queue a message to the guest of a request, once, where there is a contact.

    It goes to the contact on file, whoever asked in the guest's place. Of a deceased guest it goes
    to nobody: the letter is printed at the desk.

    :param work: the open transaction.
    :param case: the request.
    :param template: name of the text.
    :param params: what the text needs.
    :param which: tells apart messages of one text that are both to be sent.
    :param paper: whether it is printed at the desk where there is no contact.
    :raises SealError: the contact cannot be read now; whoever is not told now never is.
    """
    dedupe = f"{template}:{case.number}{which}"
    dead = case.asked_by == Asker.RELATIVE
    contact = None if dead else contact_of(work, case.number, sure=True)
    if contact is not None:
        outbox.queue_message(work, case, contact, template, params, dedupe)
    elif dead or paper:
        outbox.queue_print(work, case, template, params, dedupe)
    overtaken.take_back(work, case.number, template)


def remind(work: Work, case: Case, to: str, params: Mapping[str, str], whom: str) -> None:
    """Queue a reminder to a person of the operator: number and days, nothing of the guest.

    :param work: the open transaction.
    :param case: the request.
    :param to: their address; they are written to in the property's language.
    :param params: what the text needs; the day at the property, "today", among it.
    :param whom: "officer" or "deputy"; each is reminded once a day at most.
    """
    dedupe = f"{outbox.OFFICER}:{case.number}:{whom}:{params['today']}"
    read = replace(case, lang=work.settings.home(case.property).lang, asked_by=None)
    outbox.queue_message(work, read, Contact("email", to), outbox.OFFICER, params, dedupe)


def remind_late(work: Work, case: Case, to: str, params: Mapping[str, str], which: str) -> bool:
    """Queue the word that recipients of a request are late; return whether it is a new one.

    :param work: the open transaction.
    :param case: the request.
    :param to: address of the officer, who is written to in the property's language.
    :param params: what the text needs.
    :param which: tells reminders apart that are both to be sent.
    """
    dedupe = f"{outbox.LATE}:{case.number}:{which}"
    if outbox.queued(work, dedupe):
        return False
    read = replace(case, lang=work.settings.home(case.property).lang, asked_by=None)
    outbox.queue_message(work, read, Contact("email", to), outbox.LATE, params, dedupe)
    return True
