"""The sentinel that stands where a value is hidden."""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum
from typing import Any

from sqlalchemy.orm import InstanceState
from sqlalchemy.orm.attributes import set_committed_value


class Withheld(str):
    """A text that stands where another is hidden: it can be shown, and counts as nothing there.

    Whatever a host asks of a text it answers; ``if guest.email:`` is false, so that nobody writes
    to it.
    """

    __slots__ = ()

    def __bool__(self) -> bool:
        """Return False: there is nothing here to be used."""
        return False


SENTINEL = Withheld("▒▒▒")


def hide(state: InstanceState[Any], keys: Iterable[str]) -> None:
    """Put the sentinel into attributes that are loaded and have no change waiting.

    :param state: the instance's state; it does not become dirty.
    :param keys: attributes; composites are dropped and made again of what is hidden.
    """
    instance = state.obj()
    if instance is None:
        return
    composites = {each.key for each in state.mapper.composites}
    for key in keys:
        value = state.dict.get(key)
        if key in composites:
            state.dict.pop(key, None)
        elif value is not None and key not in state.committed_state:
            set_committed_value(instance, key, _stand_in(value))


def _stand_in(value: Any) -> Any:
    if not isinstance(value, str) or isinstance(value, Enum):
        return None
    _handed.add(SENTINEL)
    return SENTINEL


_handed: set[Withheld] = set()


def handed_out() -> bool:
    """Return whether anybody in this process was ever shown the sentinel."""
    return bool(_handed)
