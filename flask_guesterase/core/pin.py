"""A personal PIN: what it may be, and how it is kept so that no copied database gives it away."""

from __future__ import annotations

import hashlib
import hmac
import secrets
import unicodedata
from itertools import pairwise

from .errors import InputError
from .kinds import TEXT, need

SHORTEST, LONGEST = 6, 12
"""Digits of a PIN."""

_COST, _BLOCK, _PARALLEL = 2**14, 8, 5
"""Cost of scrypt. Source: OWASP Password Storage Cheat Sheet, 16 MiB a guess."""

_MOST = 64 * 2**20
"""Bytes one guess may take: room for costs that are raised later."""


def plain(text: str) -> str:
    """Return a PIN as it is meant, whatever the keyboard made of its digits.

    :param text: as it was typed: full-width digits and blanks are understood.
    :raises InputError: it is no text: of a number the first zeros would be lost.
    """
    need(text, TEXT, "pin=...", InputError)
    return "".join(unicodedata.normalize("NFKC", text).split())


def chosen(text: str) -> str:
    """Return a PIN that somebody chose.

    :param text: as it was typed.
    :raises InputError: it is no row of digits, too short or long, or the first anybody would try.
    """
    pin = plain(text)
    if not (pin.isascii() and pin.isdigit() and SHORTEST <= len(pin) <= LONGEST):
        raise InputError(f"A PIN has {SHORTEST} to {LONGEST} digits.", "Choose another one.")
    steps = {(int(b) - int(a)) % 10 for a, b in pairwise(pin)}
    half = pin[: len(pin) // 2]
    if len(steps) == 1 or len(set(pin)) <= 2 or pin == half * 2:
        raise InputError("This PIN is the first anybody would try.", "Choose another one.")
    return pin


def keep(pin: str, pepper: bytes, whose: str) -> str:
    """Return what is kept of a PIN: a slow hash of a keyed one, with its salt and its cost.

    Six digits are few enough to try them all: without the key, which lies outside the database,
    nobody can begin.

    :param pin: the PIN, as `chosen` gives it.
    :param pepper: the installation's key for this.
    :param whose: opaque number of the person, so that nobody's hash serves another.
    """
    salt = secrets.token_bytes(16)
    cost = (_COST, _BLOCK, _PARALLEL)
    found = _slow(pin, pepper, whose, salt, cost)
    return "$".join(("scrypt", *map(str, cost), salt.hex(), found.hex()))


def fits(pin: str, kept: str, pepper: bytes, whose: str) -> bool:
    """Return whether a PIN is the one that was kept; it takes as long for nobody's.

    :param pin: as it was typed.
    :param kept: what `keep` returned; empty where there is none.
    :param pepper: the installation's key for this.
    :param whose: opaque number of the person.
    """
    _, n, r, p, salt, wanted = (kept or _nobodys()).split("$")
    cost = (int(n), int(r), int(p))
    found = _slow(plain(pin), pepper, whose, bytes.fromhex(salt), cost)
    same = hmac.compare_digest(found, bytes.fromhex(wanted))
    return same and bool(kept)


def _nobodys() -> str:
    return "$".join(("scrypt", *map(str, (_COST, _BLOCK, _PARALLEL)), "00" * 16, "00" * 32))


def _slow(pin: str, pepper: bytes, whose: str, salt: bytes, cost: tuple[int, int, int]) -> bytes:
    n, r, p = cost
    keyed = hmac.digest(pepper, f"pin\0{whose}\0{pin}".encode(), "sha256")
    return hashlib.scrypt(keyed, salt=salt, n=n, r=r, p=p, maxmem=_MOST, dklen=32)
