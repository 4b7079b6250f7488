"""Work comes in by a door: it is noted, and never kept from being done."""

from __future__ import annotations

from contextlib import suppress
from functools import partial

from sqlalchemy.exc import SQLAlchemyError

from ...core.errors import GuesteraseError
from ...store.sweeping import doors
from ...store.sweeping.doors import Door
from ..current import current


def enter(door: Door) -> None:
    """Note that work came in by a door; where that fails the work goes on.

    :param door: which one.
    """
    with suppress(GuesteraseError, SQLAlchemyError):
        current.run(partial(doors.enter, door))
