"""Journals of other houses that are witnessed here, and what another house is asked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ...core.cosignature import read_request
from ..journaling import cosigning
from ..journaling.cosigning import Verdict
from ..remembrance import heads, remembering
from .desk import Desk


class Witnesses(Desk):
    """Journals of other houses that are witnessed here, and what another house is asked."""

    def trust_journal(self, origin: str, key: str, by: str) -> None:
        """Vouch for the key of somebody else's journal; it is witnessed from here on.

        :param origin: first line of its checkpoints.
        :param key: its public key, 64 hex digits or a verifier key.
        :raises ForbiddenError: they may not decide about the law at any property.
        :raises InputError: origin or key are none, or the journal is this house's own.
        """
        cosigning.trust(self.work, origin, key, by)

    def cosign(self, note: str, old: int, proof: Sequence[bytes]) -> Verdict:
        """Check that somebody else's journal only grew, and cosign its checkpoint.

        :param note: the signed checkpoint.
        :param old: number of entries from which the proof leads.
        :param proof: consistency proof from there.
        :raises BlockedError: this database was restored and has not caught up: it does not know
            what it has cosigned since.
        """
        remembering.still(self.work)
        return cosigning.cosigning(self.work, note, old, proof)

    def witness_key(self) -> str:
        """Return the verifier key by which others know this house's cosignatures."""
        return cosigning.own_text(self.work)

    def witnessed(self) -> Sequence[Mapping[str, Any]]:
        """Return the journals that are witnessed here, and how far each was seen."""
        return cosigning.witnessed(self.work)

    def ask_witness(self, controller: str, old: int = 0) -> str:
        """Return what another house is asked to witness.

        :param controller: slug, or name, of the controller.
        :param old: number of entries that house has seen, 0 for none.
        :raises UnknownError: there is no journal yet, or it is shorter.
        :raises BlockedError: this database was restored and has not caught up.
        """
        remembering.still(self.work)
        asked = cosigning.asked(self.work, controller, old)
        _, _, note = read_request(asked)
        heads.shows(self.work, note)
        return asked
