"""What ends for good with an erasure, told before anybody confirms one.

It says what the vendor declared, never what one person has: who asks is not known yet, and must
learn nothing about anybody.
"""

from __future__ import annotations

from dataclasses import dataclass

from ..current import current
from . import answers
from .language import N_, Language
from .words import word

_INVOICES = N_(
    "Invoices: the hotel cannot write one in your name any more, nor send you a copy. Take yours "
    "first."
)
_LEFT_BEHIND = N_(
    "Things you left behind: without your name and contact nobody can send them to you. Ask for "
    "them first."
)
_STANDING = N_("Membership, points and wishes: they are gone, and nobody can give them back.")
_MESSAGES = N_("Messages and notes: what you arranged with the hotel in them is gone too.")

ENDS: dict[str, str] = {
    answers.MEMBERSHIP: _STANDING,
    answers.MESSAGES: _MESSAGES,
}
"""What a guest calls the records of a table -> what ends with them; beside what ends everywhere."""


@dataclass(frozen=True)
class Ends:
    """What is told before an erasure is confirmed.

    :param gone: what ends for good, one line each.
    :param kept: what the law keeps for a time, in words.
    :param days: days for which a sealed safety copy exists; 0 where there is none.
    """

    gone: tuple[str, ...]
    kept: tuple[str, ...]
    days: int


def told(tongue: Language) -> Ends:
    """Return what an erasure ends here, in the reader's language.

    :param tongue: the reader's language.
    """
    declared = current.datamap.tables
    kinds = {answers.kind(name) for name, each in declared.items() if each.erase or each.retain}
    lines = [_INVOICES, _LEFT_BEHIND, *(text for kind, text in ENDS.items() if kind in kinds)]
    return Ends(
        tuple(tongue.gettext(line) for line in lines),
        tuple(word(tongue, category) for category in _kept()),
        current.settings.recovery_days,
    )


def scans_stay() -> bool:
    """Return whether the law keeps copies of documents here, so that nobody says they go."""
    return "identity_document_copy" in _kept()


def _kept() -> list[str]:
    found = (each.retain.values() for each in current.datamap.tables.values())
    return sorted({category for some in found for category in some})
