"""What is wrong with a text that a person wrote, told by its line."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, order=True)
class Problem:
    """What is wrong with a pack, and where.

    :param line: number of the line, from 1.
    :param message: what is wrong and how it is cured.
    :param warning: the pack can be used all the same.
    """

    line: int
    message: str
    warning: bool = False

    def __str__(self) -> str:
        """Return it as one line for people."""
        return f"line {self.line}: {'warning: ' if self.warning else ''}{self.message}"
