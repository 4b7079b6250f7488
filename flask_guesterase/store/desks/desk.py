"""What every desk stands on: one open transaction."""

from __future__ import annotations

from ..work import Work


class Desk:
    """One part of what can be done, in a transaction that somebody else commits.

    :param work: the open transaction and what it may rely on.
    """

    def __init__(self, work: Work) -> None:
        self.work = work
