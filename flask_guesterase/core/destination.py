"""Where checkpoints go: places outside, as the configuration names them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from .errors import SetupError

_LONGEST = 120


class Way(StrEnum):
    """How a checkpoint gets to a place."""

    FILE = "file"
    MAIL = "mailto"
    WITNESS = "witness"
    CALL = "callable"


@dataclass(frozen=True)
class Destination:
    """One place that takes checkpoints.

    :param way: how they get there.
    :param target: folder, address, address of a witness, or name of a callable.
    """

    way: Way
    target: str

    @property
    def name(self) -> str:
        """Return the name under which it is known that a place took a checkpoint."""
        name = f"{self.way.value}:{self.target}"
        if len(name) <= _LONGEST:
            return name
        return f"{self.way.value}:{hashlib.sha256(name.encode()).hexdigest()[:40]}"


def destinations(value: str | Iterable[str]) -> tuple[Destination, ...]:
    """Read the places that a configuration names.

    :param value: ``file:/folder``, ``mailto:address`` or ``witness:https://…#KEY`` with the
        verifier key of the witness; several with blanks between them, or a list.
    :raises SetupError: one of them is none of these.
    """
    if not isinstance(value, Iterable):
        raise SetupError("GUESTERASE_CHECKPOINTS names no places.", "Give a text, or a list.")
    texts = value.split() if isinstance(value, str) else [str(each).strip() for each in value]
    return tuple(dict.fromkeys(_read(text) for text in texts if text))


def _read(text: str) -> Destination:
    word, _, target = text.partition(":")
    fits = {
        Way.FILE: target.startswith("/"),
        Way.MAIL: "@" in target,
        Way.WITNESS: target.startswith(("https://", "http://")),
    }
    if not fits.get(next((way for way in fits if way == word), Way.CALL), False):
        raise SetupError(
            "A place for checkpoints is none that is known.",
            "GUESTERASE_CHECKPOINTS takes file:/folder, mailto:address and witness:https://…#KEY; "
            "give anything else as a callable to guesterase.destination(...).",
        )
    return Destination(Way(word), target)
