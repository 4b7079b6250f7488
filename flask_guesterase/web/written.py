"""What somebody typed in a form that was not taken, for them to copy: never what is secret."""

from __future__ import annotations

import re

from flask import request

from ..core.errors import GuesteraseError
from .current import current
from .language import LANGUAGES, N_, Language
from .words import CHANNELS, word

TEXTS = ("text", "words", "checkpoint")
"""Names of the fields in which people write more than a line."""

LINES: dict[str, str] = {
    "about": N_("It is about this"),
    "asked_by": N_("Who asks"),
    "authority": N_("Authority"),
    "basis": N_("Basis"),
    "booking": N_("Booking number (if you have it)"),
    "cause": N_("What did it come from?"),
    "channel": N_("How it came"),
    "contact": N_("E-mail address or phone number"),
    "count": N_("How much"),
    "deputy": N_("Login of who stands in for you"),
    "document": N_("Document number"),
    "due": N_("Day by which it is done"),
    "email": N_("E-mail address"),
    "finding": N_("Finding"),
    "ground": N_("On which ground?"),
    "happened": N_("When it happened"),
    "house": N_("Who published it"),
    "how": N_("How"),
    "key": N_("Found by"),
    "kind": N_("What happened"),
    "lang": N_("Language of the guest"),
    "login": N_("Login of who takes part"),
    "measure": N_("Figure"),
    "mode": N_("They may"),
    "month": N_("Month"),
    "name": N_("Name"),
    "night": N_("Night"),
    "noticed": N_("When it was noticed"),
    "number": N_("Number of a request"),
    "officer": N_("Officer's number"),
    "on": N_("The day it was published"),
    "on-": N_("Look again on"),
    "outcome": N_("What do you find?"),
    "owner": N_("Login of who answers for it"),
    "person": N_("Their name at the hotel's system"),
    "phone": N_("Phone number"),
    "property": N_("Hotel"),
    "query": N_("Query"),
    "rating": N_("It went"),
    "reason": N_("Why"),
    "received": N_("Day of receipt"),
    "reference": N_("Reference"),
    "request": N_("Number of the request"),
    "review_on": N_("To be looked at on"),
    "room": N_("Room"),
    "scope": N_("What"),
    "seen": N_("What was seen"),
    "severity": N_("How grave is it?"),
    "silent": N_("Silent"),
    "since": N_("First day"),
    "source": N_("Where it stands"),
    "table": N_("Table"),
    "until": N_("Last day"),
    "value": N_("Value"),
    "what": N_("What is to be done"),
    "who": N_("Your name at the hotel's system"),
    "why": N_("Reason"),
    "format": N_("How it is handed over"),
    "wish": N_("What is asked for"),
}
"""Field of one line, or one choice -> what it is called; what is not here is never shown."""

OTHERWISE: dict[tuple[str, str], str] = {
    ("table", "key"): N_("Key of the row"),
    ("night", "until"): N_("To the night"),
    ("law", "law"): N_("2. Under which law does it stand?"),
    ("law", "foreign"): N_("3. Where do its guests come from?"),
    ("law", "officer"): N_("4. Who decides?"),
    ("law", "deputy"): N_("5. Who is second?"),
    ("law", "mail"): N_("6. How do messages to guests leave?"),
    ("law", "keys"): N_("7. Where do the keys lie?"),
    ("law", "register"): N_("8. Where does the register of erasures lie?"),
    ("law", "checkpoints"): N_("9. Where do checkpoints go?"),
    ("law", "backups"): N_("10. For how many days are backups of the database kept?"),
    ("severity", "column"): N_("Which data? (table.column of the data map)"),
}
"""Field of a form that has another field too -> what it is called there."""

_NUMBER = re.compile(r"-\d+\Z")

_CHOSEN = frozenset(
    (
        "about",
        "asked_by",
        "basis",
        "cause",
        "finding",
        "foreign",
        "ground",
        "how",
        "kind",
        "measure",
        "mode",
        "outcome",
        "reason",
        "scope",
        "seen",
        "severity",
        "silent",
        "why",
    )
)
"""Fields in which one word of ours is chosen."""

_PICKED = _CHOSEN | {"property", "lang", "channel", "format", "wish", "rating"}
"""Fields that are chosen anew as fast as they are copied, where nothing else was typed."""


def texts() -> list[str]:
    """Return the long texts of the form."""
    return [request.form[name] for name in TEXTS if request.form.get(name, "").strip()]


def lines(tongue: Language) -> list[tuple[str, str]]:
    """Return what is called how of the rest of the form, in its order.

    :param tongue: the reader's language.
    """
    given = [(name, text.strip()) for name, text in request.form.items(multi=True)]
    known = [(name, _called(name), text) for name, text in given if _called(name) and text]
    # A number that a page hides under this name is no person's to copy.
    known = [each for each in known if each[0] != "person" or not each[2].isdigit()]
    if not texts() and all(name in _PICKED for name, _, _ in known):
        return []
    return [(tongue.gettext(called), _said(tongue, name, text)) for name, called, text in known]


def _called(name: str) -> str:
    """Return what a field of the form is called; nothing where it is not for people."""
    there = (called for (beside, mine), called in OTHERWISE.items()
             if mine == name and beside in request.form)  # fmt: skip
    # One of a list of forms carries the number of its row.
    return next(there, LINES.get(_NUMBER.sub("-", name), ""))


def _said(tongue: Language, name: str, text: str) -> str:
    if name == "property":
        return _hotel(text)
    if name == "lang":
        return LANGUAGES.get(text, text)
    if name == "channel":
        return tongue.gettext(CHANNELS[text]) if text in CHANNELS else text
    if name == "wish":
        return word(tongue, f"wish-{text}")
    return word(tongue, text) if name in _CHOSEN else text


def _hotel(code: str) -> str:
    try:
        hotels = current.settings.properties
    except GuesteraseError:
        # The page may be about just that.
        return code
    return hotels[code].name if code in hotels else code
