"""Erased values in raw files: read once from beginning to end, in pieces, memory bounded."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import ahocorasick

CHUNK = 1 << 20
"""Bytes that are read at once."""


class Grep:
    """Looks for many byte strings at once.

    :param pieces: what to look for; none is empty.
    """

    def __init__(self, pieces: Iterable[bytes]) -> None:
        # One character a byte, so that a matcher of text reads any file.
        words = {piece.decode("latin-1"): piece for piece in pieces}
        self._overlap = max(map(len, words), default=1) - 1
        self._automaton = ahocorasick.Automaton() if words else None
        if self._automaton is not None:
            for word, piece in words.items():
                self._automaton.add_word(word, piece)
            self._automaton.make_automaton()

    def found(self, path: Path) -> set[bytes]:
        """Return what a file holds of it; one that is not there holds nothing.

        :param path: the file.
        :raises OSError: it cannot be read.
        """
        met: set[bytes] = set()
        if self._automaton is None:
            return met
        try:
            with path.open("rb") as file:
                kept = b""
                while chunk := file.read(CHUNK):
                    text = kept + chunk
                    met.update(piece for _, piece in self._automaton.iter(text.decode("latin-1")))
                    kept = text[max(0, len(text) - self._overlap) :]
        except FileNotFoundError:
            pass
        return met
