"""Classes of which nothing is watched: nearly every flush of a host ends here, unlooked at."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any
from weakref import WeakKeyDictionary

from sqlalchemy.orm import Mapper

from ..statements.forms import Free

AtWork = Callable[[], object]
"""Returns the application at work, or `Nowhere`."""


class Nowhere:
    """Stands for the application at work where there is none."""


_Known = tuple[Free, WeakKeyDictionary[Any, dict[int, Mapper[Any]]]]


class Idle:
    """Mapped classes of which no installation watches anything, as far as they were met.

    They are known for each application, where alone it is certain who has a say. What is free is
    another object when a class was mapped or something registered since, and all is forgotten.
    """

    def __init__(self) -> None:
        self.at_work: AtWork = lambda: Nowhere
        self.forget()

    def forget(self) -> None:
        """Have every class looked at again."""
        self._known: _Known = ({}, WeakKeyDictionary())

    def holds(self, free: Free, app: object, mappers: Iterable[Mapper[Any]]) -> bool:
        """Return whether nothing is watched of any of these classes in an application."""
        held, known = self._known
        if held is not free:
            return False
        found = known.get(app, ())
        for mapper in mappers:
            if id(mapper) not in found:
                break
        else:
            return True
        return False

    def note(self, free: Free, app: object, mappers: Iterable[Mapper[Any]]) -> None:
        """Remember classes of which nothing is watched in an application."""
        held, known = self._known
        if held is not free:
            # In one step: what another thread notes of what was free before goes with that.
            known = WeakKeyDictionary()
            self._known = (free, known)
        known.setdefault(app, {}).update((id(mapper), mapper) for mapper in mappers)

    def classes(self) -> set[type[Any]]:
        """Return the classes that are known, of any application."""
        _, known = self._known
        return {mapper.class_ for each in known.values() for mapper in each.values()}
