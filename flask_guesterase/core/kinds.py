"""Whether what a vendor gives is of the kind that is asked for: said where it was written."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence, Set
from datetime import timedelta
from typing import Any

from .errors import GuesteraseError

Kind = tuple[str, Callable[[Any], bool]]
"""What is asked for, in words, and whether something is that."""


def are_names(given: Any) -> bool:
    """Return whether these are several names, which one text is not."""
    several = isinstance(given, Mapping | Sequence | Set) and not isinstance(given, str | bytes)
    return several and all(isinstance(name, str) for name in given)


def is_said(given: Any) -> bool:
    """Return whether this is a text that says something."""
    return isinstance(given, str) and bool(given.strip())


TEXT: Kind = "a text", lambda given: isinstance(given, str)
NAME: Kind = "a name", is_said
NAMES: Kind = "a list of names", are_names
MAPPING: Kind = (
    "a mapping whose keys are names",
    lambda given: isinstance(given, Mapping) and are_names(given),
)
CALLABLE: Kind = "a callable", callable
TIME: Kind = "a timedelta", lambda given: isinstance(given, timedelta)


def maybe(kind: Kind) -> Kind:
    """Return the kind that is also met by None.

    :param kind: what is asked for otherwise.
    """
    what, fits = kind
    return f"{what}, or None", lambda given: given is None or fits(given)


def either(one: Kind, other: Kind) -> Kind:
    """Return the kind that is met by one of two.

    :param one: the first.
    :param other: the second.
    """
    return f"{one[0]}, or {other[0]}", lambda given: one[1](given) or other[1](given)


def check(given: object, error: type[GuesteraseError], **kinds: Kind) -> None:
    """Refuse an object of which a part is of another kind than it must be.

    :param given: the object.
    :param error: what is raised, an error of this package.
    :param kinds: attribute -> what is asked for.
    """
    for name, kind in kinds.items():
        need(getattr(given, name), kind, f"{type(given).__name__}({name}=...)", error)


def need(given: Any, kind: Kind, where: str, error: type[GuesteraseError]) -> None:
    """Refuse what is of another kind than it must be.

    :param given: what somebody wrote.
    :param kind: what is asked for.
    :param where: how they wrote it, for the message.
    :param error: what is raised, an error of this package.
    """
    what, fits = kind
    if not fits(given):
        raise error(
            f"{where} needs {what}; it was given {_said(given)}.", "Correct it where it is called."
        )


def _said(given: Any) -> str:
    """Return of what kind something is, never what it says."""
    if given is None:
        return "None"
    if isinstance(given, str):
        return "another text" if given.strip() else "an empty text"
    return f"an object of the type {type(given).__name__}"
