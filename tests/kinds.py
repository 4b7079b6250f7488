"""Every kind of finding once: a host that provokes it, and the same host put right.

Test modules collect their cases in a `Cases`; a test over all modules then asserts that no kind
of `KINDS` is left without one.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, field

import pytest

from flask_guesterase.core.finding import Finding

Ask = Callable[..., Collection[Finding]]
"""Builds a host, wrong or right, and returns what is found in it."""


@dataclass(frozen=True)
class Case:
    """One kind of finding and the host that provokes it.

    :param id: the kind.
    :param ask: takes whether the host is wrong, and the engine where one is named.
    :param engine: engine the case needs, or an empty string where none is needed.
    """

    id: str
    ask: Ask
    engine: str = ""

    def check(self) -> None:
        """Assert that the wrong host reports the kind with its cure, and the right one does not."""
        given = [self.engine] if self.engine else []
        found = [f for f in self.ask(True, *given) if f.id == self.id]
        assert found, f"{self.id} was not reported"
        assert all(f.message.endswith(".") and f.hint for f in found), found
        left = [f for f in self.ask(False, *given) if f.id == self.id]
        assert not left, f"{self.id} was reported of a host that is right: {left}"


@dataclass
class Cases:
    """The cases of one test module."""

    all: list[Case] = field(default_factory=list)

    def of(self, id_: str, *engines: str) -> Callable[[Ask], Ask]:
        """Register a function as the case of a kind, once for each engine it is about."""

        def note(ask: Ask) -> Ask:
            self.all += [Case(id_, ask, engine) for engine in engines or ("",)]
            return ask

        return note

    def each(self) -> pytest.MarkDecorator:
        """Return the parametrisation that runs every case once."""
        return pytest.mark.parametrize(
            "case", self.all, ids=[f"{c.id}-{c.engine}".strip("-") for c in self.all]
        )
