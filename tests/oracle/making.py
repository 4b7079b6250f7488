"""What is drawn from, and the host in the making."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from hypothesis import strategies as st

from flask_guesterase.core.policy import Equal, Policy
from flask_guesterase.core.treatment import Exempt

from .world import Relation, Spec

Item = TypeVar("Item")


@dataclass
class Dice:
    """Draws from hypothesis; everything shrinks towards the plain case."""

    draw: Callable[[Any], Any]

    def number(self, low: int, high: int) -> int:
        return int(self.draw(st.integers(low, high)))

    def pick(self, items: Sequence[Item]) -> Item:
        return items[self.number(0, len(items) - 1)]

    def chance(self, percent: int) -> bool:
        return self.number(0, 99) >= 100 - percent


@dataclass
class Making:
    """A world in the making."""

    dice: Dice
    specs: dict[str, Spec] = field(default_factory=dict)
    policies: dict[str, Policy | Exempt] = field(default_factory=dict)
    subjects: list[str] = field(default_factory=list)
    ways: dict[str, int] = field(default_factory=dict)
    relations: list[Relation] = field(default_factory=list)
    equals: dict[str, list[Equal]] = field(default_factory=dict)
    deleting: bool = False
    tenant: str = ""
    """Kind of the column that leads every composite key and all that point at one, if any does."""

    def owned(self) -> list[str]:
        """Tables whose rows have owners, so far."""
        return [name for name in self.specs if self.ways.get(name)]
