"""An invented guest, by whom one sees where a house keeps or brings back what was erased."""

from __future__ import annotations

import string
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, fields
from datetime import timedelta
from os import PathLike
from typing import Any

from .errors import PolicyError
from .kinds import CALLABLE, NAME, Kind, check, maybe
from .needle import Needle, needles

Random = Callable[[int], bytes]
"""Returns as many random bytes as it is asked for."""

KIND = "canary"
"""Kind of the requests of invented guests."""

_LETTERS = "bcdfghjkmnpqrstvwxz"
"""Consonants: what is made of them is nobody's name, and no word."""


@dataclass(frozen=True)
class Invented:
    """Who a canary says it is. Every value is made anew and cannot be guessed.

    :param name: a given name that says it, and a family name of consonants.
    :param email: a mailbox that no mail can reach (RFC 2606).
    :param phone: a number under the country code 999, which is nobody's (ITU-T E.164).
    :param document: a number of a document that no country issues.
    """

    name: str
    email: str
    phone: str
    document: str

    @property
    def family(self) -> str:
        """Return the family name."""
        return self.name.rpartition(" ")[2]

    def as_dict(self) -> dict[str, str]:
        """Return the values by their kind."""
        return {f.name: getattr(self, f.name) for f in fields(self)}

    def needles(self) -> tuple[Needle, ...]:
        """Return what to look for; the family name is looked for as a number is, anywhere."""
        wanted = [*self.as_dict().items(), ("document", self.family)]
        return tuple(dict.fromkeys(n for kind, value in wanted for n in needles(kind, value)))

    def pieces(self) -> frozenset[bytes]:
        """Return how the values may stand in a file."""
        texts = {self.name, self.family, self.email, self.phone, self.document}
        cased = {way for text in texts for way in (text, text.lower(), text.upper())}
        return frozenset(text.encode(how) for text in cased for how in ("utf-8", "utf-16-le"))

    def tokens(self) -> tuple[str, ...]:
        """Return what of the values is unguessable, in lower case, to be found within texts."""
        mailbox = self.email.partition("@")[0].rpartition(".")[2]
        return (mailbox, self.family.lower(), self.phone.lstrip("+"), self.document.lower())


def invent(random: Random) -> Invented:
    """Return a guest who was never there.

    :param random: source of randomness; about 50 bits go into each value.
    """

    def drawn(alphabet: str, length: int) -> str:
        return "".join(alphabet[byte % len(alphabet)] for byte in random(length))

    mixed = string.ascii_lowercase + string.digits
    return Invented(
        name=f"Canary {drawn(_LETTERS, 12).capitalize()}",
        email=f"canary.{drawn(mixed, 12)}@canary.invalid",
        phone=f"+999{drawn('123456789', 11)}",
        document=f"CANARY{drawn(string.digits, 12)}",
    )


Made = Any
"""What a host's callable returns: a subject row as its session knows it, or several."""


_TIME: Kind = "a time", lambda given: isinstance(given, timedelta) and given > timedelta()
_FILES: Kind = (
    "a list of files",
    lambda given: isinstance(given, Sequence)
    and not isinstance(given, str | bytes)
    and all(isinstance(each, str | PathLike) for each in given),
)


@dataclass(frozen=True)
class Canary:
    """How a house sends an invented guest through, so that it is seen where one comes back.

    :param make: callable taking a session of the host and an `Invented`; it books, lets stay and
        lets go, through the host's own code, adds rows only, and does not commit. It returns the
        subject row, or several. It must not reach authorities or the books: see the how-to.
    :param property: code of the property at which the guest stays.
    :param every: time from one canary to the next.
    :param backup: callable that makes a backup as the house does every night, or None; of an
        SQLite database a copy is made without it.
    :param restored: callable returning a context manager that gives the address, or the engine, of
        a scratch database into which that backup was restored, and drops it at the end; or None.
    :param logs: files in which nobody's name may stand: application log, slow query log.
    :raises PolicyError: a part of it is of another kind.
    """

    make: Callable[[Any, Invented], Made]
    property: str
    every: timedelta = timedelta(days=30)
    backup: Callable[[], object] | None = None
    restored: Callable[[], AbstractContextManager[Any]] | None = None
    logs: Sequence[str] = ()

    def __post_init__(self) -> None:
        check(
            self, PolicyError, make=CALLABLE, property=NAME, every=_TIME,
            backup=maybe(CALLABLE), restored=maybe(CALLABLE), logs=_FILES,
        )  # fmt: skip


@dataclass(frozen=True)
class Sighting:
    """Where an invented guest was seen after its erasure: labels and counts, nobody's data.

    :param live: table and column -> rows, of the live database.
    :param own: table and column of ours -> rows.
    :param files: file -> 1.
    :param left: what the request's own check found left.
    :param copied: table and column -> rows, of the restored copy before the replay.
    :param replayed: the same after the replay; None where there was no copy, or no replay.
    :param told: state of a notice -> recipients.
    :param unread: file, or place in the database, that could not be looked into -> 1; None where
        there was none.
    """

    live: Mapping[str, int]
    own: Mapping[str, int]
    files: Mapping[str, int]
    left: int = 0
    copied: Mapping[str, int] | None = None
    replayed: Mapping[str, int] | None = None
    told: Mapping[str, int] | None = None
    unread: Mapping[str, int] | None = None

    @property
    def back(self) -> bool:
        """Whether it was seen where it should not be."""
        return bool(self.live or self.own or self.files or self.left or self.replayed)

    def as_dict(self) -> dict[str, Any]:
        """Return it as plain values."""
        return {
            f.name: dict(value) if isinstance(value, Mapping) else value
            for f in fields(self)
            if (value := getattr(self, f.name)) is not None
        }
