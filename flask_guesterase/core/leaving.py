"""A checkpoint on its way outside, as the place sees it that takes it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol


class Leaving(Protocol):
    """A checkpoint on its way outside, and what a place may want to see with it."""

    @property
    def controller(self) -> str:
        """Return the slug of the controller."""
        ...

    @property
    def epoch(self) -> int:
        """Return the number of the epoch."""
        ...

    @property
    def size(self) -> int:
        """Return the number of entries."""
        ...

    @property
    def root(self) -> bytes:
        """Return the root hash, 32 bytes."""
        ...

    @property
    def note(self) -> str:
        """Return the signed note."""
        ...

    @property
    def first(self) -> int:
        """Return the place of the first entry that was not taken out of this epoch."""
        ...

    def instead(self) -> str:
        """Return the line that stands instead of the entries that were taken out."""
        ...

    def entries(self, start: int) -> Iterator[str]:
        """Yield the entries the checkpoint covers, from a place on, each in canonical JSON."""
        ...

    def consistency(self, old: int) -> tuple[bytes, ...]:
        """Prove that the checkpoint continues one of an earlier size (RFC 9162 §2.1.4).

        :raises UnknownError: it is not that long.
        """
        ...

    def root_of(self, size: int) -> bytes | None:
        """Return the root of the journal at a size, or None when it never was that long."""
        ...

    def censuses(self) -> list[tuple[str, bytes]]:
        """Return name and content of the newest counts of the controller's guest register."""
        ...
