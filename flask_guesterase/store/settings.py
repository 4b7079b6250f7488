"""What the operator set for this installation, read once from configuration and arguments."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from ..core.destination import Destination
from ..core.emergency import Role
from ..core.errors import SetupError, UnknownError
from ..core.kinds import TEXT, Kind, are_names, check

REMOVED = (
    "The settings do not name the hotel of this any more.",
    "Name it in properties= again until what waits there has ended.",
)
"""What is told of something whose hotel was taken out of the settings too early, and what to do."""

_CODE, _CONTROLLER = 40, 120
"""How long a property's code and its controller's name may be: our tables take no more."""


def _are_calls(given: Any) -> bool:
    pairs = list(given.items()) if isinstance(given, Mapping) else given
    return isinstance(pairs, list | tuple) and all(
        isinstance(pair, list | tuple) and len(pair) == 2 and are_names(pair) for pair in pairs
    )


_CALLS: Kind = "a mapping of roles to who is called", _are_calls


@dataclass(frozen=True)
class Property:
    """One hotel, and who answers for its data.

    :param code: short code, as the host's rows and users carry it.
    :param name: name that guests know.
    :param controller: legal person that answers for the data; one journal each.
    :param country: ISO 3166-1 alpha-2 code, in capitals or small letters.
    :param zone: IANA time zone.
    :param lang: language of letters when the guest's is unknown.
    :param contact: address a guest can write to, shown to guests and on certificates.
    :param address: postal address.
    :param region: code of a sub-national pack, for example ``CN-GD``; empty for the country's.
    :param fiscal: month and day on which the controller's fiscal year ends.
    :param officer: address that reminders about deadlines go to.
    :param deputy: address they go to when the officer does not act.
    :param overseer: address of somebody outside, where the property has nobody second: whoever
        decides alone what they filed themselves lets them know, and they have 72 hours to stop it.
    :param calls: who is called in an emergency, role (see `core.emergency.Role`) and how: name
        and number of the second custodian of the keys, of IT, the vendor, police, authority.
    :param own: other e-mail addresses and telephone numbers of the hotel itself, reception's for
        example: wherever they stand, they are no copy of a guest's data.
    :raises SetupError: one of these is none, a time zone for example.
    """

    code: str
    name: str
    controller: str
    country: str = ""
    zone: str = "UTC"
    lang: str = "en"
    contact: str = ""
    address: str = ""
    region: str = ""
    fiscal: tuple[int, int] = (12, 31)
    officer: str = ""
    deputy: str = ""
    overseer: str = ""
    calls: Mapping[str, str] | tuple[tuple[str, str], ...] = ()
    own: Sequence[str] = ()

    def __post_init__(self) -> None:
        texts = (field.name for field in fields(self) if field.type == "str")
        check(self, SetupError, **dict.fromkeys(texts, TEXT), calls=_CALLS)
        # Laws, telephone numbers and periods are looked up by it, in capitals.
        object.__setattr__(self, "country", self.country.strip().upper())
        if not are_names(self.own):
            raise SetupError(
                "Property(own=...) is no list of texts.",
                'Give a list, for example ["desk@hotel.example"].',
            )
        # A property is a key of caches, so what it holds cannot change.
        object.__setattr__(self, "own", tuple(self.own))
        object.__setattr__(self, "calls", tuple(dict(self.calls).items()))
        self._look()
        unknown = set(dict(self.calls)) - {role.value for role in Role}
        if unknown:
            raise SetupError(
                f"Property(calls=...) names a role that is none: {', '.join(sorted(unknown))}.",
                f"Roles are {', '.join(role.value for role in Role)}.",
            )

    def _look(self) -> None:
        """Refuse what would fail only when a guest asks, or at night."""
        if not 0 < len(self.code) <= _CODE or not 0 < len(self.controller) <= _CONTROLLER:
            raise SetupError(
                f"Property(code=..., controller=...) takes 1 to {_CODE} and 1 to {_CONTROLLER} "
                "characters.", "Shorten it, or name it.",
            )  # fmt: skip
        # A name of the house's own is none; a postal address may do without a number.
        if self.contact and not re.search(r"[@/.,，、号號\d]", self.contact):
            raise SetupError(
                "Property(contact=...) is no address.",
                "Give one a guest can write to, for example privacy@hotel.example.",
            )
        if not re.fullmatch("([A-Z]{2})?", self.country):
            raise SetupError(
                "Property(country=...) is no code of a country.",
                "Give the two letters of ISO 3166-1, for example DE.",
            )
        try:
            ZoneInfo(self.zone)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            raise SetupError(
                "Property(zone=...) is no time zone that is known here.",
                "Give an IANA name, for example Europe/Berlin; where the system has no time zones, "
                "install tzdata.",
            ) from None
        try:
            date(2024, *self.fiscal)
        except (TypeError, ValueError):
            raise SetupError(
                "Property(fiscal=...) is no day of a year.", "Give month and day, such as (12, 31)."
            ) from None


@dataclass(frozen=True)
class Settings:
    """Everything the office needs to know that is not in the data map.

    :param properties: code -> property.
    :param keys: folder of the key files.
    :param recovery_days: days an erased row can be restored; 0 means no recovery copy is made.
    :param grace_hours: hours between approval and erasure.
    :param mail: where messages go: "smtp://host:port", "smtps://…", "print" or "page".
    :param sender: address that messages come from.
    :param base_url: address of the guest pages, for links in messages.
    :param texts: whether the host has a channel of its own for telephone numbers.
    :param inline: whether the worker runs in the web process right after a request.
    :param packs: files of the operator's own jurisdiction packs.
    :param register: folder of the register of erasures; empty where none is kept.
    :param checkpoints: places outside that checkpoints of the journals go to.
    :param backup_days: days for which backups of the database are kept, None where nobody said.
    """

    properties: Mapping[str, Property] = field(default_factory=dict)
    keys: str = ""
    recovery_days: int = 7
    grace_hours: int = 0
    mail: str = "print"
    sender: str = ""
    base_url: str = ""
    texts: bool = False
    inline: bool = False
    packs: tuple[str, ...] = ()
    register: str = ""
    backup_days: int | None = None
    checkpoints: tuple[Destination, ...] = ()

    def ours(self) -> list[str]:
        """Return the addresses and numbers that are the hotels' own."""
        named = [self.sender]
        for one in self.properties.values():
            named += (one.contact, one.officer, one.deputy, *one.own)
        return named

    def property(self, code: str) -> Property:
        """Return the property with this code.

        :raises UnknownError: there is none.
        """
        try:
            return self.properties[code]
        except (KeyError, TypeError):
            known = ", ".join(sorted(self.properties))
            problem = UnknownError("There is no such property.", f"Known are: {known}.")
            problem.unnamed = True
            raise problem from None

    def home(self, code: str) -> Property:
        """Return the property of something that is there, a request for example.

        :raises UnknownError: it was taken out of the settings before that had ended.
        """
        if code in self.properties:
            return self.properties[code]
        problem = UnknownError(*REMOVED)
        problem.unnamed = True
        raise problem
