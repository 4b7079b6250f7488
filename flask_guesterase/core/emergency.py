"""The emergency plan of a property: whom to call, where things lie, and by what it is known."""

from __future__ import annotations

import hashlib
from dataclasses import asdict, dataclass
from enum import StrEnum

from .log import canonical

EDITION = 4
"""Counted up when the instructions change, so that every plan asks to be printed again."""


class Role(StrEnum):
    """Who is called in an emergency."""

    OFFICER = "officer"
    DEPUTY = "deputy"
    CUSTODIAN = "custodian"
    IT = "it"
    VENDOR = "vendor"
    POLICE = "police"
    AUTHORITY = "authority"


class Lies(StrEnum):
    """What must be found in an emergency."""

    KEYS = "keys"
    REGISTER = "register"
    CHECKPOINT = "checkpoint"
    PAGES = "pages"


@dataclass(frozen=True)
class Call:
    """One person or office to call.

    :param role: one of `Role`.
    :param how: name, number or address, as the operator gave it.
    """

    role: str
    how: str


@dataclass(frozen=True)
class Where:
    """Where something lies; names, never a secret.

    :param what: one of `Lies`.
    :param place: folder or address.
    """

    what: str
    place: str


@dataclass(frozen=True)
class EmergencyPlan:
    """What is printed for one property.

    :param property: its code.
    :param name: its name.
    :param controller: who answers for the data.
    :param calls: whom to call, in the order of `Role`.
    :param places: where keys, register and checkpoints lie.
    :param packs: codes of the jurisdiction packs that count there, with the day of each text.
    """

    property: str
    name: str
    controller: str
    calls: tuple[Call, ...]
    places: tuple[Where, ...]
    packs: tuple[str, ...]

    def fingerprint(self) -> str:
        """Return by what a printed plan is compared with this one, 64 hex digits."""
        return hashlib.sha256(canonical({"edition": EDITION, **asdict(self)})).hexdigest()

    def missing(self) -> tuple[str, ...]:
        """Return the roles of which nobody said how to reach them."""
        there = {call.role for call in self.calls}
        return tuple(role.value for role in Role if role.value not in there)
