"""A place outside that takes checkpoints."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from ...core.destination import Way
from ...core.leaving import Leaving
from .folder import Folder

HOUR = timedelta(hours=1)

Take = Callable[[Leaving], str | None]
"""Brings a checkpoint to a place; may return the note with more signatures. Raises when it fails.

It may be called again with the same checkpoint after a crash.
"""


@dataclass(frozen=True)
class Place:
    """One place outside that takes checkpoints.

    :param name: the name under which it is known.
    :param way: how they get there.
    :param take: brings one there.
    :param every: how far apart they are at least, unless somebody asks.
    :param folder: the folder that it is, or None.
    """

    name: str
    way: Way
    take: Take
    every: timedelta = HOUR
    folder: Folder | None = None
