"""Reading what a pack says of complaints and of incidents."""

from __future__ import annotations

import re

from .complaining import Complaining
from .incidents import Alarm, Severity, Whom
from .packtext import Table
from .rule import Grade

_COMPLAINING = ("acknowledge", "answer", "article", "source", "grade", "as_of", "facts")
_ALARM = (
    "id", "whom", "within", "severity", "article", "source", "grade", "as_of", "facts", "note",
)  # fmt: skip
_WITHIN = re.compile(r"at-once|PT(\d{1,4})H|P(\d{1,3})D")
_ID = re.compile(r"[A-Za-z-]+/[a-z][a-z-]*")


def complaining(table: Table) -> Complaining:
    """Return how long a law gives for a complaint."""
    table.only(_COMPLAINING)
    return Complaining(
        table.period("answer", working=True),
        table.period("acknowledge", working=True),
        table.text("article"),
        table.text("source"),
        table.choice("grade", Grade, Grade.C, barred=[Grade.HOUSE]),
        table.age(),
        table.words("facts"),
    )


def alarm(table: Table, code: str) -> Alarm:
    """Return who must be told of an incident, and how fast.

    :param table: its lines in the pack.
    :param code: code of the pack.
    """
    table.only(_ALARM)
    within = table.say(
        "within", lambda t: bool(_WITHIN.fullmatch(t)), "at-once, PT72H or P30D"
    )
    return Alarm(
        table.say("id", lambda t: bool(_ID.fullmatch(t)) and t.startswith(f"{code}/"),
                  f"'{code}/' and a name in small letters"),
        table.choice("whom", Whom, Whom.AUTHORITY),
        _hours(within),
        table.choice("severity", Severity, Severity.UNLIKELY),
        table.text("article"),
        table.text("source"),
        table.choice("grade", Grade, Grade.C, barred=[Grade.HOUSE]),
        table.age(),
        table.words("facts"),
        table.text("note", needed=False),
    )


def _hours(within: str) -> int:
    found = _WITHIN.fullmatch(within)
    hours, days = found.groups() if found is not None else (None, None)
    return int(hours or 0) + 24 * int(days or 0)
