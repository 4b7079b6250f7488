"""The reasoned answer to a guest in plain sentences of their language, for letters and pages."""

from __future__ import annotations

import re
from dataclasses import dataclass

from ...core.answer import Answer, Staying
from ...core.plan import LEGAL_DUTY
from .cited import cited
from .language import N_, Language
from .lawwords import explained
from .words import told, word

MEMBERSHIP = N_("membership, points and wishes")
MESSAGES = N_("messages and notes")
PROFILE = N_("your profile: name and contacts")

TABLES: tuple[tuple[tuple[str, ...], str], ...] = (
    (("consent", "marketing", "newsletter"), N_("what you agreed to, advertising included")),
    (("loyal", "member", "preference", "point"), MEMBERSHIP),
    (("scan", "document", "photo", "passport"), N_("copies of documents")),
    (("invoice", "folio", "bill", "voucher", "ledger"), N_("invoices and bills")),
    (("payment", "card", "deposit"), N_("payments")),
    (("message", "mail", "letter", "note", "remark", "comment", "chat"), MESSAGES),
    (("regist", "police", "arrival"), N_("the hotel's register of guests")),
    (("companion", "booking", "reservation", "stay", "group", "room"), N_("bookings")),
    (("guest", "customer", "client", "profile", "person", "contact", "user", "account"),
     PROFILE),
)  # fmt: skip
"""How a word of a table's name begins -> what a guest calls it; the first that fits counts."""

OTHER = N_("other records of the hotel")

_HUMP = re.compile(r"([a-z])([A-Z])")
_WORD = re.compile(r"[^\W\d_]+")


@dataclass(frozen=True)
class Told:
    """An answer in sentences.

    :param went: what went, one line each.
    :param stays: what stays, why and until when, one line each.
    :param also: further sentences: other people's rows, the safety copy.
    :param recalled: what was reported and cannot be recalled; empty when nothing was.
    :param complain: how to complain, and where.
    :param why: what the article of a refusal says, or empty.
    """

    went: tuple[str, ...]
    stays: tuple[str, ...]
    also: tuple[str, ...]
    recalled: str
    complain: tuple[str, ...]
    why: str


def in_words(
    tongue: Language, answer: Answer, complaint: str = "", cannot_recall: str = ""
) -> Told:
    """Return an answer in the reader's language.

    :param tongue: the reader's language, in the hotel's zone.
    :param answer: the answer.
    :param complaint: how and where to complain, by the law at the hotel; or empty.
    :param cannot_recall: what stays with authorities, by the law at the hotel; or empty.
    """
    return Told(
        _went(tongue, answer),
        tuple(dict.fromkeys(_stays(tongue, item) for item in answer.stays)),
        _also(tongue, answer),
        _recalled(tongue, answer, cannot_recall),
        _complain(tongue, complaint),
        _why(tongue, answer),
    )


def what(tongue: Language, name: str) -> str:
    """Return what a guest calls the records of a table.

    :param tongue: the reader's language.
    :param name: name of the table.
    """
    return tongue.gettext(kind(name))


def kind(name: str) -> str:
    """Return what a guest calls the records of a table, as the message that says it.

    :param name: name of the table.
    """
    plain = _HUMP.sub(r"\1 \2", name.rpartition(".")[2]).casefold()
    parts = tuple(_WORD.findall(plain))
    for beginnings, text in TABLES:
        if any(part.startswith(beginnings) for part in parts):
            return text
    return OTHER


def _went(tongue: Language, answer: Answer) -> tuple[str, ...]:
    """Return a line for each kind of records; one that is still there only lost details."""
    kept = {kind(name) for name in answer.kept}
    there = kept | {kind(name) for name in answer.partly} - {PROFILE}
    return tuple(
        _details(tongue, text) if text in there else tongue.gettext(text)
        for text in dict.fromkeys(kind(name) for name in answer.went)
    )


def _details(tongue: Language, text: str) -> str:
    if text == PROFILE:
        return tongue.gettext(N_("details in your profile"))
    return tongue.gettext(N_("%(what)s: details about you in there"), what=tongue.gettext(text))


def _stays(tongue: Language, item: Staying) -> str:
    """Return one line; what any hold keeps has the shape of what any law keeps."""
    what = (
        tongue.gettext(N_("some of your data"))
        if item.what == LEGAL_DUTY
        else word(tongue, item.what)
    )
    basis = item.basis or (LEGAL_DUTY if item.what == LEGAL_DUTY else "")
    values = {"what": what, "basis": told(tongue, basis), "day": tongue.day(item.until)}
    if basis and item.until:
        return tongue.gettext(N_("%(what)s: kept because of %(basis)s, until %(day)s"), **values)
    if basis:
        return tongue.gettext(
            N_("%(what)s: kept because of %(basis)s, until it is known how long it must be"),
            **values,
        )
    if item.until:
        return tongue.gettext(N_("%(what)s: kept until %(day)s"), **values)
    return tongue.gettext(
        N_("%(what)s: kept until it is known how long it must be, or until it is settled"),
        **values,
    )


def _also(tongue: Language, answer: Answer) -> tuple[str, ...]:
    lines = []
    if answer.stays:
        lines.append(
            tongue.gettext(
                N_("What stays is used for nothing else, and goes by itself when its time is over.")
            )
        )
    if answer.shared:
        lines.append(
            tongue.gettext(
                N_(
                    "Where a record is another person's too, or of a stay that you booked since, "
                    "only the rest of it went."
                )
            )
        )
    if answer.copy_until:
        lines.append(
            tongue.gettext(
                N_(
                    "In case of a mistake there is a sealed safety copy until %(day)s. Then nobody "
                    "can open it any more."
                ),
                day=tongue.day(answer.copy_until),
            )
        )
    return tuple(lines)


def _recalled(tongue: Language, answer: Answer, cannot_recall: str) -> str:
    if not answer.reported:
        return ""
    return cannot_recall or tongue.gettext(
        N_(
            "Anything that was reported to the authorities, as the law asks, is with them; the "
            "hotel cannot call it back."
        )
    )


def _complain(tongue: Language, complaint: str) -> tuple[str, ...]:
    first = tongue.gettext(
        N_(
            "You may complain: write to the hotel first, and to the data protection authority at "
            "any time."
        )
    )
    return (first, complaint) if complaint else (first,)


def _why(tongue: Language, answer: Answer) -> str:
    article = cited(tongue, answer.article)
    return tongue.colon.join(filter(None, (article, explained(tongue, answer.explained or {}))))
