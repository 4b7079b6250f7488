"""Lines of the guest register as people read them: columns in words, times of the place."""

from __future__ import annotations

import re
from datetime import datetime
from zoneinfo import ZoneInfo

from .language import N_, Language
from .words import REGISTER

FURTHER: dict[str, str] = {
    "nationality": N_("Nationality"),
    "documenttype": N_("Kind of document"),
    "doctype": N_("Kind of document"),
    "idtype": N_("Kind of document"),
    "birthdate": N_("Date of birth"),
    "dateofbirth": N_("Date of birth"),
    "policeref": N_("Number of the report to the police"),
    "policereference": N_("Number of the report to the police"),
}
"""Name of a column of the host's, letters alone -> its title; what is not here stays as it is."""

DOCUMENTS: dict[str, str] = {
    "idcard": N_("identity card"),
    "identitycard": N_("identity card"),
    "passport": N_("passport"),
}
"""Kind of document as hosts write it, letters alone -> what people call it."""

AS_WRITTEN = frozenset({"room", "name", "document"})
"""Columns whose text is never read as a day or a time."""

_DAY = re.compile(r"\d{4}-\d\d-\d\d")
_MOMENT = re.compile(
    r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d{1,6})?)?(Z|[+-]\d\d:?\d\d)?"
)


def title(tongue: Language, name: str) -> str:
    """Return what a column of the register is called; the host's own name where there is no word.

    :param tongue: the reader's language.
    :param name: one of `store.register.ALWAYS`, or the host's name.
    """
    text = REGISTER.get(name) or FURTHER.get(_letters(name))
    return tongue.gettext(text) if text else name


def shown(tongue: Language, name: str, text: str, naive: str) -> str:
    """Return a value of the register as people read it; what is no day or time stays as it is.

    :param tongue: the reader's language, in the zone of the property.
    :param name: name of the column.
    :param text: the value as it is kept.
    :param naive: time zone of date-times that name none.
    """
    if name in AS_WRITTEN:
        return text
    if FURTHER.get(_letters(name)) == FURTHER["documenttype"]:
        return tongue.gettext(DOCUMENTS.get(_letters(text), "")) or text
    try:
        if _DAY.fullmatch(text):
            return tongue.day(text)
        if _MOMENT.fullmatch(text):
            return tongue.moment(_aware(datetime.fromisoformat(text), naive))
    except (ValueError, OverflowError):
        # Digits that no calendar knows, or an open end, which has no day in other zones.
        return text
    return text


def _aware(moment: datetime, naive: str) -> datetime:
    return moment if moment.tzinfo else moment.replace(tzinfo=ZoneInfo(naive))


def _letters(text: str) -> str:
    return "".join(c for c in text.casefold() if c.isalnum())
