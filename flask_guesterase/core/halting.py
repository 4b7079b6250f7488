"""Why somebody may stop that things are erased because their day has come."""

from __future__ import annotations

from datetime import timedelta
from enum import StrEnum

CONFIRM = timedelta(hours=24)
"""How long the word of the first person who lets it go on waits for the second one's."""


class Stop(StrEnum):
    """Ground on which erasing by day is stopped for the whole house."""

    WRONG = "wrong-rows"
    INVESTIGATION = "investigation"
    ORDER = "authority-order"
    UPKEEP = "upkeep"
