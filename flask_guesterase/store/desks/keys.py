"""The keys: which sign, whether they are whole, and how others take their place."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ..journaling import signing
from ..keys.custodian import FolderCustodian
from ..upkeep import anew, renewal, soundness
from .desk import Desk


class Keys(Desk):
    """The keys: which sign, whether they are whole, and how others take their place."""

    def signing_keys(self) -> Sequence[Mapping[str, Any]]:
        """Return which key signed which part of each journal, the oldest first."""
        return signing.listed(self.work)

    def renew_signing(self, by: str, second: str) -> str:
        """Let two people put another signing key into force; return its public half.

        :param by: the host's id of the first person.
        :param second: that of the second.
        :raises ForbiddenError: one of them may not decide about the law at any property.
        :raises FourEyesError: they are the same person.
        :raises SealError: the key in force is not in the folder.
        :raises SetupError: nothing says which keys belong to this database.
        """
        return renewal.renew(self.work, by, second)

    def replace_lost(self, by: str) -> Sequence[str]:
        """Make keys anew that boxes lie under and the folder lacks; return their labels.

        So are those that the database calls ended before their day.

        :param by: the host's id of who says that nobody has a copy of them.
        :raises ForbiddenError: they may not decide about the law at any property.
        :raises KeyMissingError: the folder is not there, or holds no keys.
        """
        return anew.replace(self.work, by)

    def sound(
        self, sample: int | None = soundness.SAMPLE, copy: FolderCustodian | None = None
    ) -> soundness.Sound:
        """Return whether every key that is needed opens; nothing is written.

        :param sample: how many boxes to open; None for all.
        :param copy: another copy of the keys to try instead of those in use.
        """
        return soundness.whole(self.work, sample, copy)
