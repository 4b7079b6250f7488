"""Facts on file as a clerk may compare them with a guest, and nobody else can use them."""

from __future__ import annotations

from .identity import Kind, masked

ORDER = (Kind.DOCUMENT, Kind.NAME, Kind.PHONE, Kind.EMAIL, Kind.BOOKING)
"""Kinds of facts, the most telling one first."""

MOST = 2
"""How many facts are shown: enough to know somebody again."""

_SHOWN = 3


def hint(kind: str, value: str) -> str:
    """Return a value so that who has it before them knows it again.

    :param kind: one of `ORDER`.
    :param value: as it is on file.
    """
    if kind in (Kind.PHONE, Kind.EMAIL):
        return masked(kind, value)
    if kind == Kind.NAME:
        return " ".join(f"{part[:1]}…" for part in value.split())
    plain = "".join(c for c in value if c.isalnum())
    return f"…{plain[-_SHOWN:]}" if len(plain) > 2 * _SHOWN else f"…{plain[-1:]}"
