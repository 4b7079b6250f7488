"""Why what was approved is decided anew: as a person reads it, and as the journal holds it."""

from __future__ import annotations

from collections.abc import Iterable

from ...core.decided import ANOTHERS, REMAPPED
from ..comeback.stays import BOOKED
from ..requests.same import AWAY, GONE, NO_GUEST, OTHER

AHEAD = "it was approved by a clock that ran ahead"
UNKNOWN = "the journal knows of no such approval"
OBJECTED = "somebody at another contact objected"
UNSENT = "the notice outside could not leave"
LEFT_AHEAD = "the notice left by a clock that ran ahead"

UNDONE = "again-undone"
"""Word of what a restored database was told to have been taken back."""

TEXTS = {
    AHEAD: "again-clock", UNKNOWN: "again-unknown", OBJECTED: "again-objected",
    UNSENT: "again-unsent", LEFT_AHEAD: "again-clock", GONE: "again-gone",
    NO_GUEST: "again-no-guest", OTHER: "again-other", BOOKED: "again-booked", AWAY: "again-away",
    REMAPPED: "again-remapped", ANOTHERS: "again-anothers",
}  # fmt: skip
"""Why it is decided anew -> the word of the journal for it."""

DIFFERS = "again-differs"
"""Word of a decision about a table that nobody approved; which one is seen in the plan."""


def grounds(differences: Iterable[str]) -> tuple[str, ...]:
    """Return the words of the journal for why something is decided anew, each once."""
    return tuple(sorted({TEXTS.get(each, DIFFERS) for each in differences}))
