"""What was refused in a transaction, remembered until it is rolled back and can be journaled."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Refusal:
    """One thing that was refused.

    :param property: code of the property; empty when nobody knows which is meant.
    :param what: enumerated words: "not-permitted" and a permission, "four-eyes", "claim-code" ...
    :param number: number of the request, or empty.
    :param user: the host's id of who tried, or None for somebody at the guests' door.
    """

    property: str
    what: tuple[str, ...]
    number: str = ""
    user: str | None = None
